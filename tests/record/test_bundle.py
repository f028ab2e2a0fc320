"""A bundle opens its one entry: what is in it leads, by the definitions alone, to a checkpoint that the log's key signed."""

import base64
import json
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arrears.record import notes
from arrears.record.bundle import best_checkpoint, bundle, row_of, set_tree
from arrears.record.hashing import canonical, commitment, field_digest, field_salt
from arrears.record.key_change import change_key
from arrears.refusal import Refused
from record import logs, plain_tree

SALT, FIELD_SALT = b"s" * 32, field_salt(b"e" * 32, "note")
CONTENT = canonical({"kind": "entry", "number": 7, "withheld": {"note": field_digest(FIELD_SALT, "他说下周还")}})
INDEX = 277


@pytest.fixture
def log(tmp_path):
    """A log of 300 entries, the one at INDEX being CONTENT, with a checkpoint of each of three sizes."""
    log, _ = logs.grown(tmp_path, 40, INDEX)
    log.extend(commitment(SALT, CONTENT) + logs.entries(INDEX + 1, 300))
    log.publish()
    yield log
    log.close()


def followed(made: dict, public: notes.VerifierKey) -> notes.Checkpoint:
    """The checkpoint of a bundle, after its entry was hashed and climbed to the root as the specifications say, and the log's signature was verified."""
    head, *rest = made["proof"].split("\n\n", 1)
    first, second, *hashes = head.split("\n")
    assert first == "c2sp.org/tlog-proof@v1" and second.startswith("index ")
    checkpoint = notes.read_checkpoint(rest[0])
    leaf = sha256(b"\x00" + sha256(b"arrears record v1\n" + bytes.fromhex(made["salt"]) + made["content"].encode()).digest()).digest()
    assert plain_tree.climbed(leaf, int(second.removeprefix("index ")), checkpoint.size, [base64.b64decode(text) for text in hashes]) == checkpoint.root
    assert notes.is_signed_by(notes.read_note(checkpoint.note), public)
    return checkpoint


def public_of(log) -> notes.VerifierKey:
    return notes.read_vkey(json.loads((log.folder / "keys").read_text().splitlines()[0]))


def test_a_bundle_leads_from_its_content_to_the_signed_root_and_is_json(log):
    made = bundle(log, INDEX, CONTENT, SALT)
    assert json.loads(json.dumps(made, ensure_ascii=False)) == made
    assert made.keys() == {"format", "content", "salt", "proof", "stamps", "keys"} and made["format"] == "arrears-record-bundle/1"
    assert followed(made, public_of(log)) == log.checkpoint()
    assert made["keys"] == [public_of(log).vkey] and made["stamps"] == []


@pytest.mark.parametrize("content, salt, index", [(CONTENT.replace("7", "8"), SALT, INDEX), (CONTENT, b"t" * 32, INDEX), (CONTENT, SALT, INDEX - 1), (CONTENT + " ", SALT, INDEX)])
def test_what_the_log_did_not_commit_to_there_is_refused(log, content, salt, index):
    with pytest.raises(Refused) as refusal:
        bundle(log, index, content, salt)
    assert "not what the log holds" in refusal.value.en and "不符" in refusal.value.zh


def test_an_entry_without_a_checkpoint_yet_is_refused(log):
    log.extend(commitment(SALT, "{}"))
    for index in (300, 301):
        with pytest.raises(Refused, match="arrears record integrate"):
            bundle(log, index, "{}", SALT)


def test_a_content_that_is_no_canonical_object_is_refused(tmp_path):
    log, _ = logs.new_log(tmp_path)
    texts = ['{"b":1,"a":2}', '{"a": 1}', "[1]", "7", "text", '{"a":1.0}']
    log.extend(b"".join(commitment(SALT, text) for text in texts))
    log.publish()
    for index, text in enumerate(texts):
        with pytest.raises(Refused):
            bundle(log, index, text, SALT)


def test_withheld_fields_are_opened_by_their_own_salts_alone(log):
    made = bundle(log, INDEX, CONTENT, SALT, field_salts={"note": FIELD_SALT})
    assert made["field_salts"] == {"note": FIELD_SALT.hex()}
    expected = sha256(b"arrears field v1\n" + bytes.fromhex(made["field_salts"]["note"]) + '"他说下周还"'.encode()).hexdigest()
    assert json.loads(made["content"])["withheld"]["note"] == expected
    with pytest.raises(Refused) as refusal:
        bundle(log, INDEX, CONTENT, SALT, field_salts={"wording": FIELD_SALT})
    assert "wording" in refusal.value.en and "note" in refusal.value.zh


def test_one_row_of_a_set_is_proven_under_the_root_that_the_entry_holds(tmp_path):
    contents = [canonical({"case": number, "decision": "call"}) for number in range(11)]
    salts = [sha256(bytes([number])).digest() for number in range(11)]
    leaves = [sha256(b"\x00" + sha256(b"arrears record v1\n" + salt + content.encode()).digest()).digest() for content, salt in zip(contents, salts, strict=True)]
    tree = set_tree(contents, salts)
    assert tree.root() == plain_tree.root(leaves)
    content = canonical({"kind": "night", "rows": {"root": base64.b64encode(tree.root()).decode(), "size": 11}})
    log, _ = logs.new_log(tmp_path)
    log.extend(commitment(SALT, content))
    log.publish()
    for index in range(11):
        row = bundle(log, 0, content, SALT, row=row_of(contents, salts, index))["row"]
        assert row.keys() == {"content", "salt", "index", "size", "hashes"} and row["content"] == contents[index]
        assert plain_tree.climbed(leaves[index], row["index"], row["size"], [base64.b64decode(text) for text in row["hashes"]]) == tree.root()
    good = row_of(contents, salts, 3)
    for change in ({"content": contents[4]}, {"salt": salts[4].hex()}, {"index": 4}, {"size": 12}, {"hashes": good["hashes"][:-1]}, {"hashes": ["!"]}, {"salt": "zz"}, {"salt": None}):
        with pytest.raises(Refused, match="not of the set"):
            bundle(log, 0, content, SALT, row=good | change)
    log.extend(commitment(SALT, CONTENT))
    log.publish()
    with pytest.raises(Refused, match="not of the set"):
        bundle(log, 1, CONTENT, SALT, row=good)


def test_the_newest_checkpoint_that_somebody_else_signed_is_taken_before_a_newer_one_that_nobody_did(log, tmp_path):
    assert best_checkpoint(log, INDEX) == log.checkpoint(), "nobody has cosigned yet"
    private = Ed25519PrivateKey.generate()
    witness = notes.VerifierKey("w.example", notes.COSIGNATURE, private.public_key().public_bytes_raw())
    log.add_witness(witness.vkey)
    body = log.checkpoint().body
    cosigned = log.add_signatures(300, [notes.signature_line(witness, (9).to_bytes(8, "big") + private.sign(f"cosignature/v1\ntime 9\n{body}".encode()))])
    log.extend(logs.entries(300, 900))
    log.publish()
    made = bundle(log, INDEX, CONTENT, SALT)
    assert followed(made, public_of(log)) == cosigned and made["proof"].endswith(cosigned.note)
    assert best_checkpoint(log, 500) == log.checkpoint(), "the cosigned one does not cover it"
    change_key(log, tmp_path / "key", logs.NOW)
    assert best_checkpoint(log, INDEX) == cosigned, "the log's own second signature is nobody else's"
    assert followed(bundle(log, INDEX, CONTENT, SALT, checkpoint=log.checkpoint()), public_of(log)).size == 900


def test_stamps_of_the_checkpoint_that_is_shown_come_along_and_no_others(log):
    (log.folder / "stamps").mkdir()
    (log.folder / "stamps" / "300-0123456789abcdef.tsr").write_bytes(b"stamp of 300")
    (log.folder / "stamps" / "40-0123456789abcdef.tsr").write_bytes(b"stamp of 40")
    assert bundle(log, INDEX, CONTENT, SALT)["stamps"] == [base64.b64encode(b"stamp of 300").decode()]
    assert bundle(log, INDEX, CONTENT, SALT, stamps=[b"x"])["stamps"] == [base64.b64encode(b"x").decode()]


def test_after_a_rotation_the_bundle_carries_the_whole_chain_of_keys(log, tmp_path):
    old = public_of(log)
    new = change_key(log, tmp_path / "key", logs.NOW)
    log.extend(logs.entries(300, 301))
    log.publish()
    made = bundle(log, INDEX, CONTENT, SALT)
    assert followed(made, notes.read_vkey(new)).size == 301
    assert made["keys"][0] == old.vkey and notes.is_signed_by(notes.read_note(made["keys"][1]), old) and made["keys"] == list(log.keys)
