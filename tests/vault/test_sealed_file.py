"""The sealed key file: who may read it, what opens it, and that a wrong, missing, retired or damaged key is told apart."""

import json
import os
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from arrears.vault import rotation
from arrears.vault.providers import sealed_file
from arrears.vault.providers.sealed_file import SealedFile, create
from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused, WrongKey
from arrears.vault.vault import Cell, Sealed
from vault.conftest import FULL_DERIVATION, NOW

WHO = "00000000-0000-0000-0000-000000000001"


def test_the_passphrase_is_stretched_as_rfc_9106_recommends_second(tmp_path, monkeypatch):
    # RFC 9106, section 4: Argon2id, t=3, p=4, m=2^16 KiB, a salt of 128 bits, 256 bits out.
    monkeypatch.setattr(sealed_file, "_DERIVATION", FULL_DERIVATION)
    create(tmp_path, 1, NOW)
    derivation = json.loads((tmp_path / "keys" / "sealed.json").read_text())["derivation"]
    assert {name: value for name, value in derivation.items() if name != "salt"} == {"algorithm": "argon2id", "iterations": 3, "memory_kib": 65536, "lanes": 4}
    assert len(bytes.fromhex(derivation["salt"])) == 16
    # Opened by another library: argon2-cffi derives the key, AES-GCM-SIV opens what lies under it.
    from argon2.low_level import Type, hash_secret_raw

    key = hash_secret_raw((tmp_path / "keys" / "passphrase").read_bytes().strip(), bytes.fromhex(derivation["salt"]), 3, 65536, 4, 32, Type.ID)
    sealed = bytes.fromhex(json.loads((tmp_path / "keys" / "sealed.json").read_text())["keys"][0]["sealed"])
    label = b"".join(len(part).to_bytes(4, "big") + part for part in (b"arrears sealed keys 1", b"1", b"1"))
    assert len(AESGCMSIV(key).decrypt(sealed[5:17], sealed[17:], sealed[:5] + label)) == 32


def test_without_a_named_passphrase_one_is_made_for_the_owner_alone_and_that_is_told(tmp_path):
    provider, told = create(tmp_path, 1, NOW)
    passphrase = tmp_path / "keys" / "passphrase"
    assert passphrase.stat().st_mode & 0o777 == (tmp_path / "keys" / "sealed.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert len(passphrase.read_text().strip()) == 64 and "in production move it" in told[0][0] and "生产环境" in told[0][1]
    assert passphrase.read_text().strip() not in repr(provider) + repr(told)
    before = (tmp_path / "keys" / "sealed.json").read_bytes()
    again, told = create(tmp_path, 1, NOW)
    assert told == [] and (tmp_path / "keys" / "sealed.json").read_bytes() == before and again.newest() == 1


@pytest.mark.parametrize("suite", [1, 2])
def test_what_one_process_wrapped_another_unwraps_and_only_with_the_same_binding(tmp_path, suite):
    first, _ = create(tmp_path, suite, NOW)
    number, wrapped = first.wrap(b"k" * 32, b"place")
    assert wrapped[0] == suite and SealedFile(tmp_path).unwrap(number, wrapped, b"place") == b"k" * 32
    for changed, binding in ((wrapped, b"another"), (wrapped[:-1] + bytes((wrapped[-1] ^ 1,)), b"place"), (wrapped[:20], b"place")):
        with pytest.raises(WrongKey):
            first.unwrap(number, changed, binding)


@pytest.mark.parametrize("source", ["file", "variable"])
def test_a_named_passphrase_is_used_and_none_is_made(tmp_path, monkeypatch, source):
    secret = tmp_path / "secret"
    secret.write_text("correct horse battery\n")
    secret.chmod(0o600)
    monkeypatch.setenv(*(("ARREARS_KEY_PASSPHRASE_FILE", str(secret)) if source == "file" else ("ARREARS_KEY_PASSPHRASE", "correct horse battery")))
    _, told = create(tmp_path / "home", 1, NOW)
    assert told == [] and not (tmp_path / "home" / "keys" / "passphrase").exists()
    monkeypatch.delenv("ARREARS_KEY_PASSPHRASE_FILE", raising=False)
    monkeypatch.setenv("ARREARS_KEY_PASSPHRASE", "another passphrase")
    with pytest.raises(WrongKey) as refusal:
        SealedFile(tmp_path / "home")
    assert "passphrase" in str(refusal.value) and "another passphrase" not in str(refusal.value) + str(refusal.value.__cause__)


@pytest.mark.parametrize("bad", ["", "short"])
def test_a_passphrase_that_is_empty_or_short_is_refused(tmp_path, monkeypatch, bad):
    monkeypatch.setenv("ARREARS_KEY_PASSPHRASE", bad)
    with pytest.raises(VaultRefused):
        create(tmp_path, 1, NOW)
    assert not (tmp_path / "keys" / "sealed.json").exists()


@pytest.mark.parametrize("name", ["sealed.json", "passphrase"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_is_refused_with_the_command_that_mends_it(tmp_path, name, mode):
    create(tmp_path, 1, NOW)
    (tmp_path / "keys" / name).chmod(mode)
    with pytest.raises(VaultRefused, match="chmod 600"):
        SealedFile(tmp_path)


def test_a_folder_that_others_may_write_to_is_refused(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(VaultRefused, match="chmod 700"):
        create(tmp_path, 1, NOW)


@pytest.mark.parametrize("name", ["sealed.json", "passphrase"])
def test_a_file_that_is_missing_a_folder_or_a_pipe_is_told(tmp_path, name):
    create(tmp_path, 1, NOW)
    path = tmp_path / "keys" / name
    path.unlink()
    with pytest.raises(VaultRefused, match="restore"):
        SealedFile(tmp_path)
    path.mkdir()
    with pytest.raises(VaultRefused):
        SealedFile(tmp_path)
    path.rmdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(VaultRefused):
        SealedFile(tmp_path)


def test_a_file_of_another_shape_or_that_asks_for_too_much_memory_is_refused(tmp_path):
    create(tmp_path, 1, NOW)
    path = tmp_path / "keys" / "sealed.json"
    good = json.loads(path.read_text())
    wrong = [None, [], {}, {**good, "format": "2"}, {**good, "keys": []}, {**good, "keys": [{**good["keys"][0], "number": 0}]}, {**good, "keys": [{**good["keys"][0], "sealed": "zz"}]},
             {**good, "keys": good["keys"] * 2}, {**good, "keys": [{**good["keys"][0], "suite": 9}]}]
    wrong += [{**good, "derivation": {**good["derivation"], **change}} for change in ({"memory_kib": 1 << 40}, {"iterations": 0}, {"lanes": True}, {"salt": ""}, {"algorithm": "md5"}, {"more": 1})]
    for content in wrong:
        path.write_text(json.dumps(content))
        with pytest.raises(VaultRefused, match="restore"):
            SealedFile(tmp_path)
    path.write_bytes(b"\xff{")
    with pytest.raises(VaultRefused, match="restore"):
        SealedFile(tmp_path)


def test_a_bit_that_flips_in_a_sealed_key_is_a_wrong_key(tmp_path):
    create(tmp_path, 1, NOW)
    path = tmp_path / "keys" / "sealed.json"
    held = json.loads(path.read_text())
    sealed = bytearray.fromhex(held["keys"][0]["sealed"])
    sealed[-1] ^= 1
    held["keys"][0]["sealed"] = sealed.hex()
    path.write_text(json.dumps(held))
    with pytest.raises(WrongKey):
        SealedFile(tmp_path)


def test_a_rotation_by_one_process_is_seen_by_another_and_a_retired_key_says_so(tmp_path):
    here, _ = create(tmp_path, 1, NOW)
    there = SealedFile(tmp_path)
    number, wrapped = there.wrap(b"k" * 32, b"place")
    assert here.rotate(NOW) == 2 and there.newest() == 2
    assert there.unwrap(*there.wrap(b"m" * 32, b"place"), b"place") == b"m" * 32 and here.unwrap(number, wrapped, b"place") == b"k" * 32
    with pytest.raises(VaultRefused, match="newest"):
        here.retire(2, NOW)
    here.retire(1, NOW)
    assert here.numbers() == {1: False, 2: True}
    for one in (here, SealedFile(tmp_path)):
        with pytest.raises(RetiredKey):
            one.unwrap(1, wrapped, b"place")
        with pytest.raises(MissingKey):
            one.unwrap(9, wrapped, b"place")
    with pytest.raises(MissingKey):
        here.retire(9, NOW)


def test_the_passphrase_is_changed_and_a_running_process_goes_on(tmp_path):
    here, _ = create(tmp_path, 1, NOW)
    there = SealedFile(tmp_path)
    here.rotate(NOW)
    number, wrapped = here.wrap(b"k" * 32, b"place")
    before = (tmp_path / "keys" / "passphrase").read_text()
    assert here.change_passphrase()
    assert (tmp_path / "keys" / "passphrase").read_text() != before and not (tmp_path / "keys" / "passphrase.new").exists()
    assert there.unwrap(number, wrapped, b"place") == SealedFile(tmp_path).unwrap(number, wrapped, b"place") == b"k" * 32
    (tmp_path / "keys" / "passphrase").write_text(before)
    with pytest.raises(WrongKey):
        SealedFile(tmp_path)


def test_a_named_new_passphrase_takes_the_place_of_a_named_one_and_none_is_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv("ARREARS_KEY_PASSPHRASE", "the first passphrase")
    provider, _ = create(tmp_path, 1, NOW)
    with pytest.raises(VaultRefused, match="ARREARS_KEY_NEW_PASSPHRASE_FILE"):
        provider.change_passphrase()
    monkeypatch.setenv("ARREARS_KEY_NEW_PASSPHRASE", "the second passphrase")
    told = provider.change_passphrase()
    assert "ARREARS_KEY_PASSPHRASE_FILE" in told[0][0] and not (tmp_path / "keys" / "passphrase").exists()
    with pytest.raises(WrongKey):
        SealedFile(tmp_path)
    monkeypatch.setenv("ARREARS_KEY_PASSPHRASE", "the second passphrase")
    assert SealedFile(tmp_path).newest() == 1


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_change_of_passphrase_that_is_killed_leaves_a_file_that_opens(tmp_path, done):
    provider, _ = create(tmp_path, 1, NOW)
    number, wrapped = provider.wrap(b"k" * 32, b"place")
    # Ends the process by kill -9 after so many of its renames (the new passphrase, the sealed file, the passphrase's own).
    script = f"""
import os, signal
from pathlib import Path
from arrears.vault.providers import sealed_file
sealed_file._DERIVATION = {{**sealed_file._DERIVATION, "iterations": 1, "memory_kib": 64}}
rename, count = os.replace, 0
def replace(*names):
    global count
    if count == {done}:
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1
    rename(*names)
os.replace = replace
sealed_file.SealedFile(Path({str(tmp_path)!r})).change_passphrase()
"""
    ended = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, capture_output=True, timeout=60)
    assert ended.returncode == -9, ended.stderr
    assert SealedFile(tmp_path).unwrap(number, wrapped, b"place") == b"k" * 32
    SealedFile(tmp_path).change_passphrase()
    assert SealedFile(tmp_path).unwrap(number, wrapped, b"place") == b"k" * 32


def test_where_there_is_no_room_the_key_file_stays_as_it_was(tmp_path):
    create(tmp_path, 1, NOW)
    before = (tmp_path / "keys" / "sealed.json").read_bytes()
    # A limit of the system on the size of files stands in for the full disk: the write ends short, then fails.
    script = f"""
import resource, signal
from pathlib import Path
from arrears.refusal import DiskFull
from arrears.vault.providers.sealed_file import SealedFile
provider = SealedFile(Path({str(tmp_path)!r}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    provider.rotate({NOW})
except DiskFull as problem:
    print(problem.zh)
"""
    ended = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, capture_output=True, text=True, timeout=60)
    assert "磁盘空间不足" in ended.stdout, ended.stderr
    assert (tmp_path / "keys" / "sealed.json").read_bytes() == before and sorted(os.listdir(tmp_path / "keys")) == ["passphrase", "sealed.json"]


def test_the_key_file_of_another_installation_is_a_wrong_key_and_one_that_is_gone_is_not_made_anew(installation, tmp_path):
    vault = installation.init()
    cell = Cell(WHO, "party", "name", "r", "王小明")
    [whole] = vault.seal("bank", [cell])
    create(tmp_path / "other", 1, NOW)
    for name in ("sealed.json", "passphrase"):
        (installation.home / "keys" / name).rename(tmp_path / name)
    with pytest.raises(VaultRefused, match="not there"):
        installation.open()
    with pytest.raises(VaultRefused, match="not there"):
        installation.init()
    for name in ("sealed.json", "passphrase"):
        (tmp_path / "other" / "keys" / name).rename(installation.home / "keys" / name)
    with pytest.raises(WrongKey, match="two installations"):
        installation.open().open("bank", [Sealed(WHO, "party", "name", "r", whole)])
    for name in ("sealed.json", "passphrase"):
        (tmp_path / name).rename(installation.home / "keys" / name)
    assert installation.open().open("bank", [Sealed(WHO, "party", "name", "r", whole)]) == ["王小明"]


def test_after_rotation_and_retirement_an_older_copy_of_the_key_file_says_what_it_lacks(installation, tmp_path):
    vault = installation.init()
    [whole] = vault.seal("bank", [Cell(WHO, "party", "name", "r", "王小明")])
    older = (installation.home / "keys" / "sealed.json").read_bytes()
    rotation.rotate_provider_key(vault, NOW)
    rotation.retire_provider_key(vault, 1, NOW)
    (installation.home / "keys" / "sealed.json").write_bytes(older)
    with pytest.raises(MissingKey, match="older than the database"):
        installation.open().open("bank", [Sealed(WHO, "party", "name", "r", whole)])
