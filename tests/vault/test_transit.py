"""The outermost key in a transit engine, over real HTTP to a small server that follows the documented interface; not a real Vault."""

from dataclasses import replace

import pytest

from arrears.strict_yaml import BadYaml
from arrears.vault import rotation
from arrears.vault.providers import create_provider, open_provider
from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused, WrongKey
from arrears.vault.settings import KeySettings, read_settings
from arrears.vault.vault import Cell, Sealed
from vault.conftest import NOW
from vault.transit_server import TOKEN, transit_server

WHO = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.delenv("ARREARS_KEY_TOKEN", raising=False)
    with transit_server() as running:
        yield running


@pytest.fixture
def transit_settings(server, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    return KeySettings("transit", url=server.url, key="arrears", token_file=str(token))


def test_the_server_wraps_and_unwraps_and_sees_no_binding(transit_settings, tmp_path, server):
    provider, told = create_provider(tmp_path, transit_settings, NOW)
    assert told == [] and provider.numbers() == {1: True} and create_provider(tmp_path, transit_settings, NOW)[0].newest() == 1
    number, wrapped = provider.wrap(b"k" * 32, b"lender and number")
    assert number == 1 and wrapped.startswith(b"vault:v1:") and open_provider(tmp_path, transit_settings).unwrap(number, wrapped, b"lender and number") == b"k" * 32
    assert not any("lender and number" in asked for asked in server.asked)


def test_another_binding_or_a_changed_ciphertext_is_a_wrong_key(transit_settings, tmp_path):
    provider, _ = create_provider(tmp_path, transit_settings, NOW)
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    for content, binding in ((wrapped, b"another"), (wrapped[:-8] + b"AAAAAAA=", b"place"), (b"vault:v1:", b"place"), (b"", b"place"), (b"\xff\xfe", b"place")):
        with pytest.raises(WrongKey):
            provider.unwrap(number, content, binding)


def test_versions_are_rotated_and_retired(transit_settings, tmp_path):
    provider, _ = create_provider(tmp_path, transit_settings, NOW)
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    assert provider.rotate(NOW) == 2 and provider.wrap(b"m" * 32, b"")[0] == 2 and provider.unwrap(number, wrapped, b"place") == b"k" * 32
    with pytest.raises(VaultRefused, match="latest"):
        provider.retire(2, NOW)
    provider.retire(1, NOW)
    assert provider.numbers() == {1: False, 2: True}
    with pytest.raises(RetiredKey):
        provider.unwrap(1, wrapped, b"place")
    with pytest.raises(MissingKey):
        provider.unwrap(7, wrapped.replace(b"v1", b"v7"), b"place")


def test_a_server_that_is_sealed_gone_odd_or_refuses_the_token_is_said_without_the_token(transit_settings, tmp_path, server, monkeypatch):
    provider, _ = create_provider(tmp_path, transit_settings, NOW)
    server.is_sealed = True
    with pytest.raises(VaultRefused, match="unseal") as sealed:
        provider.wrap(b"k", b"")
    server.is_sealed, server.is_odd = False, True
    with pytest.raises(VaultRefused, match="not that of a transit engine"):
        provider.wrap(b"k", b"")
    server.is_odd = False
    with pytest.raises(VaultRefused, match="does not answer") as gone:
        open_provider(tmp_path, replace(transit_settings, url="http://127.0.0.1:9")).newest()
    with pytest.raises(MissingKey, match="init"):
        open_provider(tmp_path, replace(transit_settings, key="other")).newest()
    with pytest.raises(VaultRefused, match="ARREARS_KEY_TOKEN_FILE"):
        open_provider(tmp_path, replace(transit_settings, token_file=""))
    monkeypatch.setenv("ARREARS_KEY_TOKEN", "s.another")
    with pytest.raises(WrongKey, match="token") as refused:
        open_provider(tmp_path, replace(transit_settings, token_file="")).newest()
    for one in (sealed, gone, refused):
        assert TOKEN not in str(one.value) and "s.another" not in str(one.value) and one.value.__suppress_context__
    assert TOKEN not in repr(provider)


def test_a_vault_stands_on_a_transit_engine(installation, transit_settings):
    installation.home.mkdir()
    (installation.home / "settings.yaml").write_text(f"keys:\n  provider: transit\n  url: {transit_settings.url}\n  key: arrears\n  token_file: {transit_settings.token_file}\n")
    vault = installation.init()
    [whole] = vault.seal("bank", [Cell(WHO, "party", "name", "r", "王小明")])
    rotation.rotate_provider_key(vault, NOW)
    rotation.retire_provider_key(vault, 1, NOW)
    assert installation.open().open("bank", [Sealed(WHO, "party", "name", "r", whole)]) == ["王小明"]


@pytest.mark.parametrize(("text", "said"), [
    ("keys: 5", "mapping"), ("keys:\n  provider: file", "not known"), ("keys:\n  suite: des", "not known"), ("keys:\n  module: x", "unknown key"), ("keys:\n  provider: pkcs11", "missing"),
    ("keys:\n  provider: transit\n  url: http://vault.bank.cn\n  key: k", "https"), ("keys:\n  provider: transit\n  url: http://localhost.bank.cn\n  key: k", "https"),
    ("keys:\n  provider: transit\n  url: 'https://name:word@vault.bank.cn'\n  key: k", "https"), ("keys:\n  provider: transit\n  url: https://v\n  key: ''", "not a text"),
    ("keys:\n  provider: sealed-file\n  provider: transit", "twice"), ("- keys", "mapping"),
])
def test_settings_that_cannot_be_taken_at_their_word_are_refused(tmp_path, text, said):
    (tmp_path / "settings.yaml").write_text(text)
    with pytest.raises((VaultRefused, BadYaml), match=said):
        read_settings(tmp_path)


def test_settings_without_keys_and_no_settings_are_the_sealed_file(tmp_path):
    assert read_settings(tmp_path) == KeySettings()
    (tmp_path / "settings.yaml").write_text("web:\n  port: 8000\n")
    assert read_settings(tmp_path) == KeySettings()
