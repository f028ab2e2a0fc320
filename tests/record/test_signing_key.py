"""The signing key's file: private, whole, never overwritten, and its signatures true for another program."""

import base64
import json
import os
import shutil
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arrears.record import notes
from arrears.record.signing_key import make_key, make_successor, open_key, put_in_force, successor_path
from arrears.refusal import Refused

NOW = 1_793_325_600_123_456
OPENSSL = shutil.which("openssl")


def test_a_new_key_is_read_back_from_a_file_that_its_owner_alone_may_read(tmp_path):
    made = make_key(tmp_path / "keys" / "record.key", "bank.example/record", NOW)
    found = open_key(tmp_path / "keys" / "record.key")
    assert (found.name, found.vkey, found.sign("x\n")) == (made.name, made.vkey, made.sign("x\n"))
    assert stat.S_IMODE((tmp_path / "keys" / "record.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    content = json.loads((tmp_path / "keys" / "record.key").read_text())
    assert content["made_at"] == "2026-10-30T02:00:00.123456Z" and content["origin"] == "bank.example/record"
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["record.key"]


def test_the_vkey_is_that_of_the_private_key_and_neither_repr_nor_str_shows_it(tmp_path):
    key = make_key(tmp_path / "k", "bank.example/record", NOW)
    private = json.loads((tmp_path / "k").read_text())["private"]
    public = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private)).public_key().public_bytes_raw()
    assert notes.read_vkey(key.vkey).public == public
    assert private not in repr(key) + str(key) and base64.b64decode(private).hex() not in repr(key)


@pytest.mark.skipif(OPENSSL is None and os.environ.get("CI") != "true", reason="NOT CHECKED: there is no openssl here, so a signature was not verified by another program")
def test_openssl_verifies_a_line_signed_with_the_key_and_refuses_it_over_another_text(tmp_path):
    key = make_key(tmp_path / "k", "bank.example/record", NOW)
    blob = base64.b64decode(key.sign("some text\n").split(" ")[2])
    (tmp_path / "public.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + notes.read_vkey(key.vkey).public)
    (tmp_path / "signature").write_bytes(blob[4:])
    for text, status in (("some text\n", 0), ("same text\n", 1)):
        (tmp_path / "text").write_text(text)
        done = subprocess.run([OPENSSL or "openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "public.der", "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"], capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr


def refused(act, *words: str) -> None:
    with pytest.raises(Refused) as refusal:
        act()
    for word in words:
        assert word in refusal.value.en
    assert any("\u4e00" <= sign <= "\u9fff" for sign in refusal.value.zh)


def test_a_key_is_never_made_over_another(tmp_path):
    first = make_key(tmp_path / "k", "a", NOW)
    refused(lambda: make_key(tmp_path / "k", "a", NOW), "already", "k")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    refused(lambda: make_key(tmp_path / "link", "a", NOW), "already")
    assert open_key(tmp_path / "k").vkey == first.vkey


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "x" * 256])
def test_an_origin_that_cannot_name_a_log_is_refused_and_no_file_is_made(tmp_path, origin):
    refused(lambda: make_key(tmp_path / "k", origin, NOW), "cannot name a log")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_may_read_is_refused(tmp_path):
    make_key(tmp_path / "k", "a", NOW)
    for mode in (0o640, 0o604, 0o620, 0o644):
        (tmp_path / "k").chmod(mode)
        refused(lambda: open_key(tmp_path / "k"), "others", "chmod 600")


def test_a_missing_key_says_what_to_do(tmp_path):
    refused(lambda: open_key(tmp_path / "k"), "not there", "arrears record init")


def test_a_key_file_that_is_not_whole_is_refused(tmp_path):
    make_key(tmp_path / "k", "a", NOW)
    whole = (tmp_path / "k").read_text()
    content = json.loads(whole)
    other = json.loads(whole) | {"private": base64.b64encode(bytes(32)).decode()}
    for text in ("", whole[:40], "[]", "7", "null", json.dumps(other), *(json.dumps({name: value for name, value in content.items() if name != left}) for left in ("private", "vkey", "origin", "format")),
                 json.dumps(content | {"private": "AAAA"}), json.dumps(content | {"private": 5}), json.dumps(content | {"origin": "b"}), json.dumps(content | {"origin": 7}), json.dumps(content | {"format": "x"}), "\udcff"):
        (tmp_path / "k").write_bytes(text.encode("utf-8", "surrogateescape"))
        refused(lambda: open_key(tmp_path / "k"), "damaged")


def test_a_successor_is_kept_until_it_is_put_in_force_and_then_the_old_private_key_is_gone(tmp_path):
    old = make_key(tmp_path / "k", "a", NOW)
    new = make_successor(tmp_path / "k", NOW)
    assert make_successor(tmp_path / "k", NOW).vkey == new.vkey != old.vkey, "an interrupted rotation goes on with the key it made"
    assert open_key(tmp_path / "k").vkey == old.vkey
    assert put_in_force(tmp_path / "k").vkey == open_key(tmp_path / "k").vkey == new.vkey
    assert not successor_path(tmp_path / "k").exists() and [path.name for path in tmp_path.iterdir()] == ["k"]
