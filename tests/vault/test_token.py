"""The outermost key on a PKCS#11 token: a real SoftHSM, its key never extracted, and what the token refuses said clearly."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from arrears.vault import rotation
from arrears.vault.providers import create_provider, open_provider
from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused, WrongKey
from arrears.vault.settings import KeySettings
from arrears.vault.vault import Cell, Sealed
from vault.conftest import NOW

_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
MODULE = next((path for path in _MODULES if Path(path).exists()), None)
WHO = "00000000-0000-0000-0000-000000000001"
if (MODULE is None or shutil.which("softhsm2-util") is None) and os.environ.get("CI") != "true":
    pytest.skip("SoftHSM is not installed here (apt-get install softhsm2), so keys on a token are not tried", allow_module_level=True)


@pytest.fixture(scope="module")
def soft_token(tmp_path_factory):
    """A module's SoftHSM with one token; a process reads its place once, so all tests of the file share it."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "arrears", "--pin", "13579", "--so-pin", "24680"], check=True, capture_output=True)
    pin = folder / "pin"
    pin.write_text("13579\n")
    pin.chmod(0o600)
    yield pin
    os.environ.pop("SOFTHSM2_CONF")
    if before is not None:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def token_settings(soft_token, request):
    """Settings with a key name of the test's own."""
    return KeySettings("pkcs11", module=MODULE, token="arrears", key=f"key {abs(hash(request.node.name)) % 10**8}", pin_file=str(soft_token))


def test_the_token_wraps_and_unwraps_and_its_key_never_leaves_it(token_settings, tmp_path):
    import pkcs11

    provider, told = create_provider(tmp_path, token_settings, NOW)
    assert told == [] and provider.newest() == 1 and create_provider(tmp_path, token_settings, NOW)[0].numbers() == {1: True}
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    assert b"k" * 32 not in wrapped and open_provider(tmp_path, token_settings).unwrap(number, wrapped, b"place") == b"k" * 32
    key = provider._key(1)
    assert key[pkcs11.Attribute.EXTRACTABLE] is False and key[pkcs11.Attribute.SENSITIVE] is True
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]


def test_another_binding_or_a_changed_bit_is_a_wrong_key(token_settings, tmp_path):
    provider, _ = create_provider(tmp_path, token_settings, NOW)
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    tampered = [(wrapped, b"another"), (wrapped[:-1] + bytes((wrapped[-1] ^ 1,)), b"place"), (bytes((wrapped[0] ^ 1,)) + wrapped[1:], b"place"), (wrapped[:20], b"place"), (b"", b"place")]
    for content, binding in tampered:
        with pytest.raises(WrongKey):
            provider.unwrap(number, content, binding)
    assert provider.unwrap(number, wrapped, b"place") == b"k" * 32


def test_keys_are_rotated_and_retired_on_the_token(token_settings, tmp_path):
    provider, _ = create_provider(tmp_path, token_settings, NOW)
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    assert provider.rotate(NOW) == 2 and provider.wrap(b"m" * 32, b"")[0] == 2 and provider.unwrap(number, wrapped, b"place") == b"k" * 32
    with pytest.raises(VaultRefused, match="newest"):
        provider.retire(2, NOW)
    provider.retire(1, NOW)
    assert provider.numbers() == {1: False, 2: True}
    with pytest.raises(RetiredKey):
        provider.unwrap(1, wrapped, b"place")
    with pytest.raises(MissingKey):
        provider.unwrap(7, wrapped, b"place")
    assert provider.rotate(NOW) == 3


def test_a_token_or_module_that_is_not_there_and_a_missing_key_are_told_apart(token_settings, tmp_path):
    from dataclasses import replace

    with pytest.raises(MissingKey, match="not found"):
        open_provider(tmp_path, replace(token_settings, token="another"))
    with pytest.raises(VaultRefused, match="module"):
        open_provider(tmp_path, replace(token_settings, module=str(tmp_path / "none.so")))
    with pytest.raises(VaultRefused, match="ARREARS_KEY_PIN_FILE"):
        open_provider(tmp_path, replace(token_settings, pin_file=""))
    with pytest.raises(MissingKey, match="init"):
        open_provider(tmp_path, replace(token_settings, key="never made")).wrap(b"k", b"")


def test_a_wrong_pin_is_a_wrong_key_and_is_not_repeated(token_settings, tmp_path):
    # In a process of its own: a login holds for all sessions of a process.
    script = f"""
from pathlib import Path
from arrears.vault.providers import open_provider
from arrears.vault.refused import WrongKey
from arrears.vault.settings import KeySettings
try:
    open_provider(Path("."), KeySettings("pkcs11", module={MODULE!r}, token="arrears", key="k"))
except WrongKey as refusal:
    print(refusal.en, refusal.zh)
"""
    ran = subprocess.run([sys.executable, "-c", script], env={**os.environ, "ARREARS_KEY_PIN": "99999", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, capture_output=True, text=True, timeout=60)
    assert "the PIN is refused" in ran.stdout and "99999" not in ran.stdout + ran.stderr, ran.stderr


def _unwraps(provider, number, wrapped, found):
    found.put(provider.unwrap(number, wrapped, b"place"))


def test_a_forked_child_opens_a_session_of_its_own(token_settings, tmp_path):
    provider, _ = create_provider(tmp_path, token_settings, NOW)
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    fork = multiprocessing.get_context("fork")
    found = fork.Queue()
    child = fork.Process(target=_unwraps, args=(provider, number, wrapped, found))
    child.start()
    assert found.get(timeout=30) == b"k" * 32
    child.join(30)
    assert child.exitcode == 0 and provider.unwrap(number, wrapped, b"place") == b"k" * 32


def test_a_vault_stands_on_a_token(installation, token_settings):
    installation.home.mkdir()
    (installation.home / "settings.yaml").write_text(
        f"keys:\n  provider: pkcs11\n  module: {MODULE}\n  token: arrears\n  key: {token_settings.key}\n  pin_file: {token_settings.pin_file}\n")
    vault = installation.init()
    [whole] = vault.seal("bank", [Cell(WHO, "party", "name", "r", "王小明")])
    assert not (installation.home / "keys" / "sealed.json").exists()
    rotation.rotate_provider_key(vault, NOW)
    rotation.retire_provider_key(vault, 1, NOW)
    assert installation.open().open("bank", [Sealed(WHO, "party", "name", "r", whole)]) == ["王小明"]
