"""A log of ours, read by Go's own signed notes and tiled logs (golang.org/x/mod/sumdb/note and tlog), in a program that is compiled here and shares nothing with this project."""

import base64
import json
import os
import random
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from arrears.record import proofs
from arrears.record.append import Log
from arrears.record.hashing import leaf_hash
from arrears.record.notes import COSIGNATURE, COSIGNATURE_MLDSA, VerifierKey, is_signed_by, read_note, read_vkey
from arrears.record.signing_key import make_key
from record.programs_beside import missing, needed

ORIGIN = "lender.example/record"
SIZES = (1, 2, 3, 7, 8, 40, 255, 256, 257, 300, 511, 512, 513, 700, 1024, 5000, 65_535, 65_536, 65_537, 66_000)
GOPATH = Path("/usr/share/gocode")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The program, compiled once for this file."""
    go = needed("go", "golang-go")
    if not (GOPATH / "src/golang.org/x/mod/sumdb").is_dir():
        missing("Go's x/mod is not installed, so no log was read from outside; on Debian: apt-get install golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    subprocess.run([go, "build", "-o", folder / "record_reader", Path(__file__).with_name("record_reader.go")], check=True,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache"), "GOFLAGS": "", "CGO_ENABLED": "0"})

    return Reader(folder / "record_reader")


class Reader:
    """The compiled program: what it said line by line, or the words with which it refused."""

    def __init__(self, program: Path):
        self.program = program

    def __call__(self, *arguments, questions=()) -> list | str:
        ran = subprocess.run([self.program, *map(str, arguments)], input="".join(json.dumps(one) + "\n" for one in questions), capture_output=True, text=True, timeout=120)
        return ran.stderr.strip() if ran.returncode else [json.loads(one) for one in ran.stdout.splitlines()]

    def new_key(self, name: str) -> list[str]:
        """The private and the verifier key of a pair that Go made."""
        return subprocess.run([self.program, "key", name], check=True, capture_output=True, text=True).stdout.split()


class Cosigner:
    """A witness made for this test from the specification's text alone: name, id, u64 time, signature over header, time and note."""

    def __init__(self, name: str):
        self.name, self.key = name, Ed25519PrivateKey.generate()
        public = b"\x04" + self.key.public_key().public_bytes_raw()
        self.id = sha256(f"{name}\n".encode() + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(public).decode()}"

    def line(self, body: str, at: int) -> str:
        signature = self.key.sign(f"cosignature/v1\ntime {at}\n{body}".encode())
        return f"— {self.name} {base64.b64encode(self.id + at.to_bytes(8, 'big') + signature).decode()}"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of 66,000 entries, twenty checkpoints, some of them cosigned: folder, key and cosigner."""
    folder = tmp_path_factory.mktemp("log")
    key, cosigner = make_key(folder / "key", ORIGIN, 0), Cosigner("witness.example/w1")
    draw = random.Random(7)
    with Log.create(folder / "log", key) as log:
        log.add_witness(cosigner.vkey)
        for number, size in enumerate(SIZES):
            log.extend(draw.randbytes(32 * (size - log.size)))
            found = log.publish()
            if number % 3 == 1:
                log.add_signatures(size, [cosigner.line(found.body, 1_790_000_000 + number)])
    return folder / "log", key, cosigner


@pytest.fixture
def copied(written, tmp_path):
    """A copy of the small beginning of a log of its own, to be damaged."""
    with Log.create(tmp_path / "log", key := make_key(tmp_path / "key", ORIGIN, 0)) as log:
        for size in (3, 300, 600):
            log.extend(random.Random(size).randbytes(32 * (size - log.size)))
            log.publish()
    return tmp_path / "log", key



def test_go_reads_the_whole_log_with_every_entry_and_every_checkpoint_ever_signed(reader, written):
    folder, key, cosigner = written
    summary, = reader("log", folder, key.vkey, cosigner.vkey)
    newest = Log.open(folder).checkpoint()
    assert summary == {"origin": ORIGIN, "size": 66_000, "root": base64.b64encode(newest.root).decode(), "signed": [ORIGIN, "witness.example/w1"], "unknown": 0, "checkpoints": 1 + 20 + 7}


def test_without_the_witness_s_key_its_line_is_one_go_does_not_know(reader, written):
    folder, key, _ = written
    summary, = reader("log", folder, key.vkey)
    assert (summary["signed"], summary["unknown"]) == ([ORIGIN], 1)


def test_go_s_own_roots_and_proofs_from_our_tiles_are_ours_byte_for_byte(reader, written):
    folder, key, _ = written
    log, draw = Log.open(folder), random.Random(11)
    records = [(draw.randrange(size), size) for size in [*SIZES, *(draw.randrange(1, 66_001) for _ in range(100))] for _ in range(3)]
    trees = [(old, new) for old in SIZES for new in SIZES if old <= new] + [tuple(sorted((draw.randrange(1, 66_001), draw.randrange(1, 66_001)))) for _ in range(100)]
    roots = [draw.randrange(1, 66_001) for _ in range(50)]
    asked = [{"kind": "record", "index": index, "size": size} for index, size in records] + [{"kind": "tree", "old": old, "size": new} for old, new in trees] + [{"kind": "root", "size": size} for size in roots]
    _, *said = reader("log", folder, key.vkey, questions=asked)
    ours = [log.inclusion(index, size) for index, size in records] + [log.consistency(old, new) for old, new in trees]
    assert [[base64.b64decode(one) for one in proof or []] for proof in said[:len(ours)]] == ours
    assert [base64.b64decode(one) for one in said[len(ours):]] == [log.root(size) for size in roots]


def test_go_accepts_our_proofs_at_every_size_up_to_sixty_four_and_none_that_was_changed(reader):
    draw = random.Random(13)
    entries = [draw.randbytes(32) for _ in range(64)]
    trees = {size: proofs.Tree(b"".join(entries[:size])) for size in range(1, 65)}
    good, bad = [], []
    for size, tree in trees.items():
        root = base64.b64encode(tree.root()).decode()
        for index in range(size):
            path = tree.inclusion(index)
            asked = {"kind": "record", "size": size, "root": root, "index": index, "entry": base64.b64encode(entries[index]).decode(), "hashes": [base64.b64encode(one).decode() for one in path]}
            good.append(asked)
            bad.append({**asked, "entry": base64.b64encode(entries[index][:-1] + bytes([entries[index][-1] ^ 1])).decode()})
            if path:
                bad += [{**asked, "hashes": asked["hashes"][:-1]}, {**asked, "hashes": [*asked["hashes"], root]}, {**asked, "index": index ^ 1}]
        for old in range(1, size + 1):
            proof = proofs.consistency(old, size, tree.node)
            asked = {"kind": "tree", "size": size, "root": root, "old": old, "old_root": base64.b64encode(trees[old].root()).decode(), "hashes": [base64.b64encode(one).decode() for one in proof]}
            good.append(asked)
            bad += [{**asked, "old_root": base64.b64encode(bytes(32)).decode()}, {**asked, "hashes": [*asked["hashes"], root]}]
    said = reader("check", questions=good + bad)
    assert said[:len(good)] == [True] * len(good) and len(good) == 2 * 64 * 65 // 2
    assert all(isinstance(one, dict) and one["error"] for one in said[len(good):]) and len(said) == len(good) + len(bad)


def test_our_checks_accept_go_s_proofs_and_none_that_was_changed(reader, written):
    folder, key, _ = written
    log, draw = Log.open(folder), random.Random(17)
    records = [(draw.randrange(size), size) for size in (draw.randrange(2, 66_001) for _ in range(60))]
    _, *said = reader("log", folder, key.vkey, questions=[{"kind": "record", "index": index, "size": size} for index, size in records])
    for (index, size), proof in zip(records, said, strict=True):
        path, leaf, root = [base64.b64decode(one) for one in proof], leaf_hash(log.commitments(index, index + 1)), log.root(size)
        assert proofs.is_included(leaf, index, size, path, root)
        at = draw.randrange(len(path))
        assert not proofs.is_included(leaf, index, size, [*path[:at], bytes(32), *path[at + 1:]], root)


def test_a_flipped_bit_in_any_tile_entry_or_checkpoint_is_refused_by_go(reader, copied):
    folder, key = copied
    assert reader("log", folder, key.vkey)[0]["size"] == 600
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in ("lock", "keys"))
    assert {path.relative_to(folder).as_posix() for path in files} == {"checkpoint", "checkpoints", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/1", "tile/1/000.p/2", "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"}
    draw = random.Random(19)
    for path in files:
        content = path.read_bytes()
        if path.name == "1":
            continue  # The partial tile of an older size: Go reads the newest, which holds the same hash.
        for at in {0, len(content) - 2, *(draw.randrange(len(content) - 1) for _ in range(3))}:
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
            assert isinstance(reader("log", folder, key.vkey), str), (path, at)
        path.write_bytes(content)
    assert reader("log", folder, key.vkey)[0]["size"] == 600


def test_a_missing_file_is_refused_by_go(reader, copied):
    folder, key = copied
    for name in ("checkpoint", "checkpoints", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"):
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        assert isinstance(reader("log", folder, key.vkey), str), name
        (folder / name).write_bytes(content)


def test_another_key_of_the_same_name_does_not_open_the_log(reader, written, tmp_path):
    assert "no verifiable signatures" in reader("log", written[0], make_key(tmp_path / "other", ORIGIN, 0).vkey)


def test_go_knows_our_verifier_keys_and_we_know_go_s(reader):
    secret, public = reader.new_key("lender.example/other")
    assert read_vkey(public).vkey == public
    text = "lender.example/other\n7\n" + base64.b64encode(bytes(32)).decode() + "\n"
    signed, = reader("sign", questions=[{"key": secret, "text": text}])
    assert signed.startswith(text + "\n— lender.example/other ")
    assert is_signed_by(read_note(signed), read_vkey(public))
    assert not is_signed_by(read_note(signed.replace("\n7\n", "\n8\n")), read_vkey(public))


def test_a_note_we_sign_is_opened_by_go_and_a_changed_one_is_not(reader, tmp_path):
    key = make_key(tmp_path / "key", "名称.example/记录", 0)
    texts = ["one line\n", "three\n\nlines, one empty\n", "汉字 — em dash\n", "— not a signature\n"]
    said = reader("check", questions=[{"kind": "signed", "key": key.vkey, "text": f"{text}\n{key.sign(text)}\n"} for text in texts]
                  + [{"kind": "signed", "key": key.vkey, "text": f"{text[:-1]}!\n\n{key.sign(text)}\n"} for text in texts])
    assert said[:4] == texts
    assert all("error" in one for one in said[4:])


def test_cosignatures_are_the_same_thing_to_go_and_to_us(reader, tmp_path):
    key, cosigner = make_key(tmp_path / "key", ORIGIN, 0), Cosigner("见证.example/w1")
    body = f"{ORIGIN}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    good = [f"{body}\n{key.sign(body)}\n{cosigner.line(body, at)}\n" for at in (0, 1, 1_679_315_147, 2**63 - 1)]
    line = cosigner.line(body, 1_679_315_147)
    blob = base64.b64decode(line.split()[2])
    changed = [blob[:4] + (1_679_315_148).to_bytes(8, "big") + blob[12:], blob[:-1] + bytes([blob[-1] ^ 1]), blob[:12] + blob[13:], blob + b"\0"]
    bad = [f"{body}\n{key.sign(body)}\n— {cosigner.name} {base64.b64encode(one).decode()}\n" for one in changed] + [good[2].replace("20852163", "20852164")]
    said = reader("check", questions=[{"kind": "cosigned", "key": cosigner.vkey, "text": text} for text in good + bad])
    assert said[:4] == [1] * 4 and all("error" in one for one in said[4:])
    assert [is_signed_by(read_note(text), read_vkey(cosigner.vkey)) for text in good + bad] == [True] * 4 + [False] * 5


def test_a_rotated_key_signs_what_go_opens_with_the_new_key_only(reader, tmp_path):
    old, new = make_key(tmp_path / "old", ORIGIN, 0), make_key(tmp_path / "new", ORIGIN, 0)
    with Log.create(tmp_path / "log", old) as log:
        log.extend(bytes(64))
        log.publish()
        log.rotate(new)
        log.extend(bytes(64))
        note = log.publish().note
        rotation = log.keys[1]
    said = reader("check", questions=[{"kind": "signed", "key": key.vkey, "text": text} for text in (note, rotation) for key in (new, old)])
    assert [isinstance(one, str) for one in said] == [True, False, True, True]


def test_the_specification_s_struct_is_what_we_take_a_mldsa_cosignature_over():
    """The bytes are laid out here by hand from C2SP tlog-cosignature; Go's library knows no ML-DSA."""
    private = MLDSA44PrivateKey.generate()
    key = VerifierKey("witness.example.com/w1", COSIGNATURE_MLDSA, private.public_key().public_bytes_raw())
    message = bytes.fromhex("737562747265652f76310a00" "16") + b"witness.example.com/w1" + bytes.fromhex("000000006553f100" "11") + b"example.com/log42" + bytes(8) + bytes.fromhex("0000000000000001" + "11" * 32)
    body = "example.com/log42\n1\n" + base64.b64encode(b"\x11" * 32).decode() + "\n"
    line = f"— witness.example.com/w1 {base64.b64encode(key.key_id + bytes.fromhex('000000006553f100') + private.sign(message)).decode()}\n"
    assert is_signed_by(read_note(f"{body}\n{line}"), key)
    assert not is_signed_by(read_note(f"{body.replace('log42', 'log43')}\n{line}"), key)
    assert read_vkey(key.vkey).type == COSIGNATURE_MLDSA != COSIGNATURE
