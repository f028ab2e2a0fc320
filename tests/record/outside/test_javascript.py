"""What the record publishes, read by sigstore's JavaScript (checkpoints, inclusion proofs, stamps) and by the RFC 8785 author's (canonical JSON), on Node."""

import base64
import json
import random
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from arrears.record.append import Log
from arrears.record.hashing import canonical
from arrears.record.signing_key import make_key
from arrears.record.stamps import stamp
from record.programs_beside import missing, needed
from record.time_authority import TimeAuthority

ROOT = Path(__file__).resolve().parents[3]
MODULES = ROOT / ".venv" / "outside" / "node_modules"
ORIGIN = "lender.example/record"
SIZES = (1, 2, 3, 5, 8, 100, 255, 256, 257, 300, 700)


@pytest.fixture(scope="module")
def ask():
    """Asks the program: its answers, one a question."""
    node = needed("node", "nodejs npm")
    if not (MODULES / "@sigstore" / "verify").is_dir():
        missing(f"{MODULES}: sigstore's JavaScript is not installed, so it read nothing; run: make setup test, with npm on the machine")

    def ask(questions: list[dict]) -> list:
        ran = subprocess.run([node, Path(__file__).with_name("record_reader.cjs"), MODULES], input="".join(json.dumps(one) + "\n" for one in questions), capture_output=True, text=True, check=True, timeout=120)
        return [json.loads(line) for line in ran.stdout.split("\n")[:-1]]

    return ask


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of 700 entries and eleven checkpoints, with its key."""
    folder = tmp_path_factory.mktemp("log")
    key, draw = make_key(folder / "key", ORIGIN, 0), random.Random(23)
    with Log.create(folder / "log", key) as log:
        for size in SIZES:
            log.extend(draw.randbytes(32 * (size - log.size)))
            log.publish()
    return Log.open(folder / "log"), key


def asked_of(note: str, key) -> dict:
    public = Ed25519PublicKey.from_public_bytes(key.public.public).public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"kind": "checkpoint", "text": note, "name": key.name, "id": key.public.key_id.hex(), "key": base64.b64encode(public).decode()}


def test_sigstore_reads_every_checkpoint_ever_signed_and_none_that_was_changed(ask, written, tmp_path):
    log, key = written
    notes = list(log.checkpoints())
    said = ask([asked_of(note, key) for note in notes])
    assert said == [{"origin": ORIGIN, "size": size, "root": base64.b64encode(log.root(size)).decode()} for size in (0, *SIZES)]
    other = make_key(tmp_path / "other", ORIGIN, 0)
    bad = ask([asked_of(notes[-1].replace("\n700\n", "\n701\n"), key), asked_of(notes[-1], other), asked_of(notes[-1].partition("\n\n")[0] + "\n\n", key)])
    assert all("error" in one for one in bad)


def test_sigstore_accepts_our_inclusion_proofs_and_none_that_was_changed(ask, written):
    log, _ = written
    draw, good, bad = random.Random(29), [], []
    for size in SIZES:
        for index in {0, size - 1, size // 2, *(draw.randrange(size) for _ in range(20))}:
            path, entry = [base64.b64encode(one).decode() for one in log.inclusion(index, size)], log.commitments(index, index + 1)
            asked = {"kind": "record", "index": index, "size": size, "root": base64.b64encode(log.root(size)).decode(), "entry": base64.b64encode(entry).decode(), "hashes": path}
            good.append(asked)
            bad += [{**asked, "entry": base64.b64encode(bytes(32)).decode()}, {**asked, "hashes": [*path, asked["root"]]}, {**asked, "index": size}]
    said = ask(good + bad)
    assert said[:len(good)] == [True] * len(good) and len(good) >= 140
    assert all(isinstance(one, dict) and "error" in one for one in said[len(good):])


def test_sigstore_reads_our_stamps_and_none_over_another_text(ask, written, tmp_path):
    needed("openssl", "openssl")
    log, _ = written
    authority = TimeAuthority(tmp_path / "authority", elliptic=True)
    before = time.time_ns() // 1000
    with authority.listening() as url:
        path = stamp(log, url, authority.root, before)
    try:
        public = x509.load_pem_x509_certificate(authority.own.read_bytes()).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        asked = {"kind": "stamp", "stamp": base64.b64encode(path.read_bytes()).decode(), "text": log.checkpoint().body, "key": public}
        good, other = ask([asked, {**asked, "text": asked["text"].replace("700", "701")}])
        assert good["status"] == 0 and abs(good["at"] * 1000 - before) < 2_000_000
        assert "error" in other
    finally:
        path.unlink()


LETTERS = ["a", "B", "1", "10", "é", "ß", "汉", "€", "\u0000", "\n", "\"", "\\", "/", "\u007f", "\u0080", "\u2028", "\ufb33", "\ufeff", "\uffff", "😀", "𠮷", "__proto__", ""]


def value_of(draw: random.Random, depth: int):
    """Anything the record may hold: whole numbers, text, truth, nothing, lists and objects of them."""
    kind = draw.randrange(7 if depth else 5)
    if kind == 0:
        return draw.choice([None, True, False])
    if kind in (1, 2):
        return draw.choice([0, 1, -1, 2**53 - 1, 1 - 2**53, draw.randrange(1 - 2**53, 2**53)])
    if kind in (3, 4):
        return text_of(draw)
    if kind == 5:
        return [value_of(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {text_of(draw): value_of(draw, depth - 1) for _ in range(draw.randrange(6))}


def text_of(draw: random.Random) -> str:
    return "".join(draw.choice(LETTERS) for _ in range(draw.randrange(4)))


def test_canonical_json_is_the_same_text_in_javascript(ask):
    draw = random.Random(31)
    values = [{text_of(draw): value_of(draw, 3) for _ in range(5)} for _ in range(1000)]
    said = ask([{"kind": "json", "text": json.dumps(value)} for value in values])
    assert [one[0] for one in said] == [canonical(value) for value in values]
    assert [json.loads(one[1]) for one in said] == values
