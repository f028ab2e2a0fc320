"""A log of ours, read by Go's own signed notes and tiled logs (golang.org/x/mod/sumdb/note and tlog), in a program that is compiled here and shares nothing with this project."""

import base64
import json
import os
import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from arrears.record import proofs
from arrears.record.append import Log
from arrears.record.bundle import bundle
from arrears.record.hashing import canonical, commitment, leaf_hash
from arrears.record.notes import COSIGNATURE, COSIGNATURE_MLDSA, VerifierKey, is_signed_by, read_note, read_vkey
from arrears.record.signing_key import make_key
from record.programs_beside import missing, needed

ORIGIN = "lender.example/record"
SIZES = (1, 2, 3, 7, 8, 40, 255, 256, 257, 300, 511, 512, 513, 700, 1024, 5000, 65_535, 65_536, 65_537, 66_000)
GOPATH = Path("/usr/share/gocode")
SOURCE = Path(proofs.__file__).parent


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

    def write(self, folder: Path, name: str, history: str, sizes: tuple[int, ...]) -> str:
        """A log that Go alone has made, with a checkpoint at each size, and its verifier key; one history's entries are not another's."""
        secret, public = self.new_key(name)
        self.write_with(folder, secret, public, history, sizes)
        return public

    def write_with(self, folder: Path, secret: str, public: str, history: str, sizes: tuple[int, ...]) -> None:
        folder.mkdir()
        entries = "".join(base64.b64encode(entry).decode() + "\n" for entry in entries_of(history, max(sizes)))
        subprocess.run([self.program, "write", folder, secret, *map(str, sizes)], input=entries, check=True, text=True)
        (folder / "keys").write_text(json.dumps(public) + "\n")

    def new_key(self, name: str) -> list[str]:
        """The private and the verifier key of a pair that Go made."""
        return subprocess.run([self.program, "key", name], check=True, capture_output=True, text=True).stdout.split()


def entries_of(history: str, size: int) -> list[bytes]:
    return [sha256(f"{history} {number}".encode()).digest() for number in range(size)]


def verifies(*arguments) -> tuple[int, str]:
    """The exit status of the self-contained verifier, run as an auditor runs it, and what it says."""
    ran = subprocess.run([sys.executable, SOURCE / "verify.py", *map(str, arguments), "--json"], capture_output=True, text=True, timeout=120)
    return ran.returncode, ran.stdout


def witness(state: Path, *arguments) -> subprocess.CompletedProcess:
    """The witness, run as a partner runs it."""
    return subprocess.run([sys.executable, SOURCE / "witness.py", arguments[0], "--state", state, "--lang", "en", *map(str, arguments[1:])], capture_output=True, text=True, timeout=120)


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


def test_a_log_that_go_wrote_is_read_by_us_and_true_to_the_verifier(reader, tmp_path):
    sizes = (0, 1, 255, 256, 300, 600, 65_537)
    public = reader.write(tmp_path / "log", ORIGIN, "one", sizes)
    assert reader("log", tmp_path / "log", public)[0]["checkpoints"] == len(sizes)
    log = Log.open(tmp_path / "log")
    assert (log.size, log.commitments(0, log.size)) == (65_537, b"".join(entries_of("one", 65_537)))
    assert verifies("log", tmp_path / "log", "--key", public)[0] == 0
    assert verifies("log", tmp_path / "log", "--key", reader.new_key(ORIGIN)[1])[0] != 0


def test_a_byte_changed_in_a_log_that_go_wrote_is_found_by_the_verifier(reader, tmp_path):
    public = reader.write(tmp_path / "log", ORIGIN, "one", (0, 3, 300, 600))
    draw = random.Random(37)
    for path in sorted(path for path in (tmp_path / "log").rglob("*") if path.is_file()):
        content, at = path.read_bytes(), draw.randrange(path.stat().st_size)
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
        status, said = verifies("log", tmp_path / "log", "--key", public)
        assert status == 1 and path.relative_to(tmp_path / "log").as_posix() in said, (path, at, said)
        path.write_bytes(content)
    assert verifies("log", tmp_path / "log", "--key", public)[0] == 0


def test_the_witness_cosigns_a_log_that_go_wrote_and_go_opens_what_it_signed(reader, tmp_path):
    secret, public = reader.new_key(ORIGIN)
    keys = witness(tmp_path / "state", "init", "--name", "bank.example/witness").stdout.split()
    cosigner, = (key for key in keys if read_vkey(key).type == COSIGNATURE)
    assert witness(tmp_path / "state", "trust", "--log", public).returncode == 0
    for number, sizes in enumerate(((0, 1), (0, 1, 300), (0, 1, 300, 65_537))):
        folder = tmp_path / f"log {number}"
        reader.write_with(folder, secret, public, "one", sizes)
        ran = witness(tmp_path / "state", "cosign", "--log", folder)
        assert ran.returncode == 0, ran.stderr
        said = reader("check", questions=[{"kind": "cosigned", "key": cosigner, "text": ran.stdout}, {"kind": "signed", "key": public, "text": ran.stdout}])
        assert said == [1, (folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")[0] + "\n"]
        (folder / "checkpoint").write_text(ran.stdout, encoding="utf-8")
        assert reader("log", folder, public, cosigner)[0]["signed"] == [ORIGIN, "bank.example/witness"]
    reader.write_with(tmp_path / "forked", secret, public, "another", (0, 1, 300, 65_600))
    assert reader("log", tmp_path / "forked", public)[0]["size"] == 65_600
    assert witness(tmp_path / "state", "cosign", "--log", tmp_path / "forked").returncode != 0
    reader.write_with(tmp_path / "older", secret, public, "one", (0, 1))
    assert witness(tmp_path / "state", "cosign", "--log", tmp_path / "older").returncode != 0


def test_the_verifier_believes_a_cosignature_as_go_does(reader, written, tmp_path):
    folder, key, cosigner = written
    assert verifies("log", folder, "--key", key.vkey, "--witness", cosigner.vkey)[0] == 0
    status, said = verifies("log", folder, "--key", key.vkey, "--witness", Cosigner("witness.example/w1").vkey)
    assert status == 1 and "witness.example/w1" in said


def test_go_opens_our_bundles_from_content_and_salt_and_none_that_was_changed(reader, tmp_path):
    key, cosigner, draw = make_key(tmp_path / "key", ORIGIN, 0), Cosigner("witness.example/w1"), random.Random(41)
    opened = [(canonical({"kind": "entry", "number": number, "verb": "登记承诺", "note": "€ \u2028 \"quoted\" <b>"}), draw.randbytes(32)) for number in range(700)]
    with Log.create(tmp_path / "log", key) as log:
        log.add_witness(cosigner.vkey)
        log.extend(b"".join(commitment(salt, content) for content, salt in opened))
        log.add_signatures(700, [cosigner.line(log.publish().body, 1_790_000_000)])
        made = [bundle(log, index, *opened[index]) for index in (0, 1, 255, 256, 511, 512, 698, 699)]
    changed = []
    for one in made:
        other = bytes.fromhex(one["salt"])
        changed += [{**one, "content": one["content"].replace("entry", "Entry")}, {**one, "salt": (other[:-1] + bytes([other[-1] ^ 1])).hex()},
                    {**one, "proof": one["proof"].replace("\n700\n", "\n701\n")}, {**one, "proof": one["proof"].replace("index ", "index 1")}]
    said = reader("check", questions=[{"kind": "bundle", "key": key.vkey, "text": json.dumps(one)} for one in made + changed])
    assert said[:len(made)] == [[index, 700] for index in (0, 1, 255, 256, 511, 512, 698, 699)]
    assert all(isinstance(one, dict) and one["error"] for one in said[len(made):]) and len(said) == 5 * len(made)
