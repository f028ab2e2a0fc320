"""Signed notes: what others published is read and verified as they meant it, and everything that is not exactly a note, a checkpoint or a key is refused."""

import base64
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from arrears.record import notes
from arrears.refusal import Refused
from record import published_notes as published

ROOT = base64.b64encode(bytes(32)).decode()


def test_the_published_example_of_signed_note_is_read_and_verified():
    note, key = notes.read_note(published.EXAMPLE), notes.read_vkey(published.EXAMPLE_VKEY)
    assert (note.text, note.whole(), key.type, key.key_id.hex()) == ("This is an example message.\n", published.EXAMPLE, notes.LOG_KEY, "530d903a")
    assert key.public.hex() == "e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4" and key.vkey == published.EXAMPLE_VKEY
    assert notes.is_signed_by(note, key)
    assert not notes.is_signed_by(notes.read_note(published.EXAMPLE.replace("example message", "Example message")), key)
    assert not notes.is_signed_by(note, notes.read_vkey(published.GO_VKEY))


def test_gos_published_key_signs_gos_published_note_with_the_same_bytes():
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(published.GO_PRIVATE)[1:])
    key = notes.read_vkey(published.GO_VKEY)
    assert notes.signature_line(key, private.sign(published.GO_TEXT.encode())) == published.GO_LINE
    assert notes.is_signed_by(notes.read_note(f"{published.GO_TEXT}\n{published.GO_LINE}\n"), key)


def test_the_checkpoint_of_the_specification_is_read():
    found = notes.read_checkpoint(published.SPEC_CHECKPOINT)
    assert (found.origin, found.size, base64.b64encode(found.root).decode()) == ("example.com/behind-the-sofa", 20852163, "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert found.body + "\n" == published.SPEC_CHECKPOINT[:len(found.body) + 1] and found.note == published.SPEC_CHECKPOINT
    witness = notes.read_note(found.note).signatures[1]
    assert (witness.name, int.from_bytes(witness.signature[:8], "big"), len(witness.signature)) == ("witness.example.com/w1", 1679315147, 72)


@pytest.mark.parametrize("whole, vkey", [(published.COSIGNED, published.LOG_VKEY), (published.COSIGNED, published.WITNESS_VKEY), (published.MLDSA_COSIGNED, published.MLDSA_VKEY)], ids=["log", "witness", "ml-dsa witness"])
def test_checkpoints_of_real_logs_carry_the_true_signatures_of_their_logs_and_witnesses_and_of_nobody_after_a_change(whole, vkey):
    key, note = notes.read_vkey(vkey), notes.read_note(whole)
    assert key.vkey == vkey and notes.is_signed_by(note, key)
    size = str(notes.read_checkpoint(whole).size)
    assert not notes.is_signed_by(notes.read_note(whole.replace(size, size[:-1] + "9")), key)
    own = next(signature for signature in note.signatures if notes.is_of(signature, key))
    for at in (0, 8, 40, len(own.signature) - 1):
        changed = bytearray(own.signature)
        changed[at] ^= 1
        assert not notes.is_true(note.text, notes.read_signature(notes.signature_line(key, bytes(changed))), key)
    assert not notes.is_true(note.text, notes.read_signature(notes.signature_line(key, own.signature[:-1])), key)


def test_one_false_signature_of_a_known_key_refuses_the_note_though_a_true_one_stands_beside_it():
    key = notes.read_vkey(published.EXAMPLE_VKEY)
    false = notes.signature_line(key, bytes(64))
    assert notes.is_signed_by(notes.read_note(published.EXAMPLE), key)
    assert not notes.is_signed_by(notes.read_note(f"{published.EXAMPLE}{false}\n"), key)


def test_a_cosignature_from_after_the_end_of_time_is_none():
    private = Ed25519PrivateKey.generate()
    key = notes.VerifierKey("w", notes.COSIGNATURE, private.public_key().public_bytes_raw())
    text = f"log\n1\n{ROOT}\n"
    for time, is_true in ((0, True), (1679315147, True), ((1 << 63) - 1, True), (1 << 63, False)):
        made = time.to_bytes(8, "big") + private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        assert notes.is_true(text, notes.read_signature(notes.signature_line(key, made)), key) == is_true


def test_an_ml_dsa_cosignature_is_for_its_own_witness_origin_size_and_root_alone():
    private = MLDSA44PrivateKey.generate()
    key = notes.VerifierKey("w.example", notes.COSIGNATURE_MLDSA, private.public_key().public_bytes_raw())
    stamp = (5).to_bytes(8, "big")
    made = stamp + private.sign(b"subtree/v1\n\x00" + b"\x09w.example" + stamp + b"\x03log" + bytes(8) + (1).to_bytes(8, "big") + bytes(32))
    line = notes.read_signature(notes.signature_line(key, made))
    assert notes.is_true(f"log\n1\n{ROOT}\n", line, key)
    assert len(notes.read_vkey(key.vkey).public) == 1312
    for text in (f"log\n2\n{ROOT}\n", f"lag\n1\n{ROOT}\n", f"log\n1\n{base64.b64encode(b'x' * 32).decode()}\n", "log\n", "no checkpoint at all\n", f"\n1\n{ROOT}\n", f"{'l' * 256}\n1\n{ROOT}\n", f"log\n01\n{ROOT}\n"):
        assert not notes.is_true(text, line, key)
    other = notes.VerifierKey("v.example", notes.COSIGNATURE_MLDSA, key.public)
    assert not notes.is_true(f"log\n1\n{ROOT}\n", notes.read_signature(notes.signature_line(other, made)), other)


def test_no_part_of_a_key_and_no_changed_key_is_a_key():
    for vkey in (published.GO_VKEY, published.WITNESS_VKEY):
        pieces = {vkey[start:stop] for start in range(len(vkey)) for stop in range(start + 1, len(vkey) + 1)} - {vkey}
        changed = {vkey[:at] + sign + vkey[at + 1:] for at in range(len(vkey)) for sign in "A+ \n!0" if vkey[at] != sign}
        for text in pieces | changed | {vkey + "\n", vkey + "=", " " + vkey, ""}:
            with pytest.raises(Refused):
                notes.read_vkey(text)


NO_NOTES = {
    "empty": "", "only text": "text\n", "no signatures": "text\n\n", "no text": "\n— a AAAAAAA=\n", "cut": "text\n\n— a AAAAAAA=", "no blank line": "text\n— a AAAAAAA=\n", "a line between": "text\n\n— a AAAAAAA=\nmore\n",
    "hyphen": "text\n\n- a AAAAAAA=\n", "name with plus": "text\n\n— a+b AAAAAAA=\n", "name with wide space": "text\n\n— a\u3000b AAAAAAA=\n", "no name": "text\n\n—  AAAAAAA=\n", "two spaces": "text\n\n— a  AAAAAAA=\n",
    "only an id": "text\n\n— a AAAAAA==\n", "no base64": "text\n\n— a AAAA*AA=\n", "base64 not as it is written": "text\n\n— a AAAAAAB=\n", "unpadded": "text\n\n— a AAAAAAA\n", "url base64": "text\n\n— a AAAAA_-=\n",
    "tab": "te\txt\n\n— a AAAAAAA=\n", "carriage return": "text\r\n\n— a AAAAAAA=\n", "zero": "text\x00\n\n— a AAAAAAA=\n", "escape in a signature": "text\n\n— a\x1b AAAAAAA=\n", "half a character": "\ud800\n\n— a AAAAAAA=\n",
    "too long": "t" * (1 << 20) + "\n\n— a AAAAAAA=\n", "too many": "text\n\n" + "— a AAAAAAA=\n" * 65, "blank line after": "text\n\n— a AAAAAAA=\n\n",
}


@pytest.mark.parametrize("whole", NO_NOTES.values(), ids=NO_NOTES.keys())
def test_what_is_not_exactly_a_note_is_refused_in_both_languages(whole):
    with pytest.raises(Refused) as refusal:
        notes.read_note(whole)
    assert "signed note" in refusal.value.en and "签名文本" in refusal.value.zh


def test_a_note_ends_at_its_last_blank_line_and_may_have_as_many_signatures_as_the_specification_demands():
    whole = "a\n\nb\n\n— not a signature of this\n\n" + "".join(f"— k{number} AAAAAAA=\n" for number in range(16))
    note = notes.read_note(whole)
    assert note.text == "a\n\nb\n\n— not a signature of this\n" and len(note.signatures) == 16 and note.whole() == whole
    assert len(notes.read_note("t\n\n" + "— a AAAAAAA=\n" * 64).signatures) == 64


NO_CHECKPOINTS = {
    "two lines": "log\n1\n", "four lines": f"log\n1\n{ROOT}\nmore\n", "leading zero": f"log\n01\n{ROOT}\n", "plus": f"log\n+1\n{ROOT}\n", "minus": f"log\n-1\n{ROOT}\n", "no size": f"log\n\n{ROOT}\n", "other digits": f"log\n１\n{ROOT}\n",
    "too large": f"log\n{1 << 63}\n{ROOT}\n", "short root": "log\n1\nAAAA\n", "root not as it is written": f"log\n1\n{ROOT[:-2]}B=\n", "no origin": f"\n1\n{ROOT}\n", "space": f"log\n 1\n{ROOT}\n",
}


@pytest.mark.parametrize("text", NO_CHECKPOINTS.values(), ids=NO_CHECKPOINTS.keys())
def test_what_is_not_exactly_a_checkpoint_is_refused(text):
    with pytest.raises(Refused):
        notes.read_checkpoint(f"{text}\n— a AAAAAAA=\n")


def test_the_largest_and_the_empty_checkpoint_are_read_back():
    for size in (0, 1, (1 << 63) - 1):
        text = notes.checkpoint_text("lender.example/记录", size, bytes(range(32)))
        found = notes.read_checkpoint(f"{text}\n— a AAAAAAA=\n")
        assert (found.origin, found.size, found.root, found.body) == ("lender.example/记录", size, bytes(range(32)), text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\nb", "a\u00a0b", "a\u2003b", "a\u2028b", "a\x7f", "x" * 256, "钱" * 86, "\ud800"])
def test_what_cannot_name_a_key_does_not(name):
    assert not notes.is_key_name(name)


def test_what_can_name_a_key_does():
    assert all(notes.is_key_name(name) for name in ("a", "bank.example/record", "银行/记录", "x" * 255, "钱" * 85, "oid/1.2.3"))


def test_a_proof_that_stands_alone_has_the_published_form():
    path = [bytes([number]) * 32 for number in (1, 2)]
    text = notes.proof_text(7, path, published.SPEC_CHECKPOINT)
    lines = text.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 7"] and [base64.b64decode(line) for line in lines[2:4]] == path and lines[4] == ""
    assert text.endswith("\n\n" + published.SPEC_CHECKPOINT)
    assert notes.proof_text(0, [], published.SPEC_CHECKPOINT) == f"c2sp.org/tlog-proof@v1\nindex 0\n\n{published.SPEC_CHECKPOINT}"
    assert all(a or b for a, b in pairwise(lines[:5]))
