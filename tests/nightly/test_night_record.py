"""The record of a night: any loan's decision is proven by the definitions alone, what was changed is noticed, and who was forgotten stays closed."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import date
from hashlib import sha256
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
import rfc8785

import plain_books as plain
from arrears import store
from arrears.nightly import night_record
from arrears.nightly.earlier_nights import superseded_nights
from arrears.nightly.happenings import happenings
from arrears.nightly.night_record import read_night_record, row_opening, row_texts
from arrears.nightly.row_hashes import digests, leaves_of, root_of, spans_of
from arrears.nightly.row_secrets import folder_of, forget
from arrears.record import verify
from arrears.record.append import Log
from arrears.record.bundle import bundle
from arrears.record.signing_key import make_key
from arrears.refusal import Refused
from nightly import allotted_book as allotted
from nightly.allotted_book import AS_OF, NEXT
from plain_books import arrears

SEED = 20261130


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A book of several partitions with a roster and two nights; without lender.yaml, so that the gate speaks of most contacts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LOANS_A_PARTITION", 100)
        book = allotted.made(tmp_path_factory.mktemp("record") / "book", 700)
        (book / "lender.yaml").unlink()
        for day in (AS_OF, NEXT):
            allotted.night(book, day)
    return book


@pytest.fixture
def own(finished, tmp_path) -> store.Book:
    """A copy that a test may spoil."""
    return store.book_at(allotted.copied(finished, tmp_path / "own"))


def tree(entries: list[bytes]) -> bytes:
    """The Merkle tree hash by its definition: RFC 9162, 2.1.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return sha256(b"\x01" + tree(entries[:split]) + tree(entries[split:])).digest()


def path(at: int, entries: list[bytes]) -> list[bytes]:
    """The inclusion proof by its definition: RFC 9162, 2.1.3.1."""
    if len(entries) == 1:
        return []
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if at < split:
        return [*path(at, entries[:split]), tree(entries[split:])]
    return [*path(at - split, entries[split:]), tree(entries[:split])]


def commitments_of(book: store.Book, day: date = AS_OF) -> list[bytes]:
    content = (book.night(day) / "rows" / "commitments").read_bytes()
    return [content[at : at + 32] for at in range(0, len(content), 32)]


def rows_of(book: store.Book, name: str, day: date = AS_OF) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(one) for one in sorted((book.night(day) / name).glob("p*.parquet"))])


def as_told(value: object) -> object:
    """What a row says of a value, by another path: a fraction by the decimal digits of the value itself."""
    if isinstance(value, float):
        return f"{value:.9f}"
    return value.isoformat() if isinstance(value, date) else value


def plainly(row: dict) -> dict:
    return {name: as_told(value) for name, value in row.items()}


def refused(call) -> Refused:
    with pytest.raises(Refused) as problem:
        call()
    return problem.value


def test_every_loans_row_is_its_position_its_decision_and_what_the_gate_said_and_leads_to_the_one_root(finished):
    book = store.book_at(finished)
    record, commitments, positions = read_night_record(book.night(AS_OF)), commitments_of(book), rows_of(book, "positions")
    decided = {row["loan_id"]: row for row in rows_of(book, "decisions").iter_rows(named=True)}
    spoken: dict[str, list] = {}
    for row in pl.read_parquet(book.night(AS_OF) / "gate.parquet").sort("loan_id", "treatment").iter_rows(named=True):
        spoken.setdefault(row["loan_id"], []).append(row)
    assert len(record.partitions) == 8 and len(positions) == record.size == len(commitments) > 600
    assert b64decode(record.root) == tree(commitments)
    assert any(row["held_by"] for row in decided.values()) and len(spoken) > 10 and max(map(len, spoken.values())) > 1
    late = [at for at, loan in enumerate(positions["loan_id"]) if loan in decided or loan in spoken]
    asked = sorted({*Random(SEED).sample(range(record.size), 40), *late[:30], 0, record.size - 1})
    for at in asked:
        position = positions.row(at, named=True)
        loan = position["loan_id"]
        opened = row_opening(book, AS_OF, loan)
        content = {"kind": "decision", "as_of": AS_OF.isoformat(), "position": plainly(position), "decision": plainly(decided[loan]) if loan in decided else None,
                   "verdicts": [plainly(row) for row in spoken.get(loan, [])]}
        assert opened["content"].encode() == rfc8785.dumps(content)
        assert sha256(b"arrears record v1\n" + bytes.fromhex(opened["salt"]) + opened["content"].encode()).digest() == commitments[at]
        assert (opened["index"], opened["size"]) == (at, record.size)
        assert [b64decode(one) for one in opened["hashes"]] == path(at, commitments)


def test_the_record_names_every_file_of_the_night_by_its_digest_and_what_it_was_done_on(finished):
    folder = store.book_at(finished).night(NEXT)
    record = read_night_record(folder)
    files = plain.files_of(folder)
    assert record.digest == sha256(files.pop("record.json")).hexdigest()
    assert record.files == {name: sha256(content).hexdigest() for name, content in files.items()} and "report.html" in files and "rows/slots" in files
    summary, run = json.loads(files["summary.json"]), json.loads(files["run.json"])
    assert {name: record.night[name] for name in ("law_digest", "strategy_digest", "snapshot", "version")} == {name: summary[name] for name in ("law_digest", "strategy_digest", "snapshot", "version")}
    assert record.night["law"] == {name: sha256(text.encode()).hexdigest() for name, text in run["law"].items()}
    assert record.night["earlier_runs"] == {AS_OF.isoformat(): sha256((folder.parent / str(AS_OF) / "run.json").read_bytes()).hexdigest()}


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 255, 256, 257, 300, 511, 513, 1025])
def test_the_compiled_tree_is_the_tree_of_the_definition(size):
    dice = Random(size)
    entries = [dice.randbytes(32) for _ in range(size)]
    nodes = spans_of(leaves_of(np.frombuffer(b"".join(entries), np.uint8).reshape(-1, 32)))
    assert root_of(nodes) == tree(entries) and len(nodes) == -(-size // 256)


def test_the_compiled_digests_are_those_of_openssl_at_every_length():
    dice = Random(SEED)
    texts = [dice.randbytes(size) for size in [*range(0, 200), 1000, 4096, 5, 0]]
    ends = np.cumsum([0, *map(len, texts)])
    content = np.frombuffer(b"".join(texts), np.uint8)
    for prefix, width in ((b"", 0), (b"\x00", 0), (b"arrears row salt v1\n", 64), (b"x" * 64, 32)):
        salts = np.frombuffer(dice.randbytes(width * len(texts)), np.uint8).reshape(len(texts), width)
        found = digests(prefix, salts, ends, content)
        assert [row.tobytes() for row in found] == [sha256(prefix + salt.tobytes() + text).digest() for salt, text in zip(salts, texts, strict=True)]


def test_a_rows_text_is_canonical_json_whatever_stands_in_it():
    signs = "".join(map(chr, [*range(0x20), 0x22, 0x5C, 0x7F, 0x80, 0x2028, 0xFFFD, 0x1F600])) + "\U00010000é/</script>"
    positions = pl.DataFrame({"loan_id": ["a", signs, "c", "d"], "due_minor": [2**53, -(2**53) + 1, 2**63 - 1, None], "is": [True, None, False, True],
                              "due_on": [date(2026, 1, 2), None, date(999, 1, 1), date(9999, 12, 31)], "days": pl.Series([1, -2, None, 3], dtype=pl.Int32)})
    decisions = pl.DataFrame({"loan_id": [signs, "a"], "arm": [signs, None], "propensity": [1 / 3, 0.0000000005], "share": [-0.25, -1e-12]})
    spoken = pl.DataFrame({"loan_id": [signs, signs, "d"], "treatment": ["visit", "call", "call"]})
    texts = row_texts(positions, decisions, spoken, AS_OF)
    told = [json.loads(text) for text in texts]
    assert [text.encode() for text in texts] == [rfc8785.dumps(row) for row in told]
    assert [row["position"]["due_minor"] for row in told] == ["9007199254740992", -9007199254740991, "9223372036854775807", None]
    assert [row["position"]["due_on"] for row in told] == ["2026-01-02", None, "0999-01-01", "9999-12-31"]
    assert told[1]["decision"] == {"loan_id": signs, "arm": signs, "propensity": "0.333333333", "share": "-0.250000000"}
    assert told[0]["decision"] == {"loan_id": "a", "arm": None, "propensity": "0.000000001", "share": "0.000000000"}
    assert [[one["treatment"] for one in row["verdicts"]] for row in told] == [[], ["call", "visit"], [], ["call"]] and told[2]["decision"] is None
    small = row_texts(positions.with_columns(pl.col("due_minor").clip(-5, 5)), decisions, spoken, AS_OF)
    assert [text.encode() for text in small] == [rfc8785.dumps(json.loads(text)) for text in small]
    for wrong in (float("nan"), float("inf"), 1e12):
        with pytest.raises(AssertionError, match="no rule"):
            row_texts(positions.with_columns(x=pl.lit(wrong)), decisions, spoken, AS_OF)


SPOILED = ("positions/p0003.parquet", "decisions/p0003.parquet", "gate.parquet", "rows/commitments", "rows/slots", "rows/spans", "run.json")


def spoil(file: Path) -> None:
    """A changed table that can still be read, or a flipped bit in every hundredth byte."""
    if file.suffix == ".parquet":
        rows = pl.read_parquet(file)
        rows.with_columns(pl.col("claimable_minor") + 1).write_parquet(file)
    elif file.name == "run.json":
        file.write_bytes(file.read_bytes() + b"\n")
    else:
        content = bytearray(file.read_bytes())
        content[::4] = bytes(one ^ 1 for one in content[::4])
        file.write_bytes(content)


def late_loan_in(book: store.Book, name: str) -> str:
    spoken = pl.read_parquet(book.night(AS_OF) / "gate.parquet")["loan_id"]
    return pl.read_parquet(book.night(AS_OF) / "decisions" / f"{name}.parquet").filter(pl.col("loan_id").is_in(spoken.implode()))["loan_id"][0]


@pytest.mark.parametrize("name", SPOILED)
def test_a_night_that_was_changed_proves_nothing_and_the_file_is_named_by_opening_and_by_replay(own, name):
    loan = late_loan_in(own, "p0003")
    row_opening(own, AS_OF, loan)
    spoil(own.night(AS_OF) / name)
    problem = refused(lambda: row_opening(own, AS_OF, loan))
    assert name in problem.en and name in problem.zh and "changed" in problem.en
    replayed = arrears("replay", "--book", own.root, "--as-of", AS_OF, "--lang", "en")
    assert replayed.status != 0 and name.split("/")[0] in replayed.out + replayed.error


def test_a_changed_root_a_missing_and_an_added_file_are_noticed(own):
    folder, loan = own.night(AS_OF), late_loan_in(own, "p0003")
    (folder / "notes.txt").write_text("x")
    assert [(name, en) for name, en, _ in night_record.faults_of(read_night_record(folder))] == [("notes.txt", "was not there when the night was done")]
    (folder / "notes.txt").unlink()
    (folder / "tables" / "buckets.parquet").unlink()
    assert [(name, en) for name, en, _ in night_record.faults_of(read_night_record(folder))] == [("tables/buckets.parquet", "is gone")]
    record = json.loads((folder / "record.json").read_bytes())
    digest = read_night_record(folder).digest
    record["rows"]["root"] = b64encode(bytes(32)).decode()
    (folder / "record.json").write_text(json.dumps(record))
    assert night_record.faults_of(read_night_record(folder))[-1][0] == "record.json"
    assert "was changed" in refused(lambda: row_opening(own, AS_OF, loan, record=digest)).en
    refused(lambda: row_opening(own, AS_OF, loan))
    (folder / "record.json").write_text("{")
    assert "not readable" in refused(lambda: row_opening(own, AS_OF, loan)).en


def test_what_cannot_be_opened_is_refused_with_the_reason(own):
    loan = late_loan_in(own, "p0003")
    assert "no loan L-none" in refused(lambda: row_opening(own, AS_OF, "L-none")).en
    assert "no night of 2020-01-01" in refused(lambda: row_opening(own, date(2020, 1, 1), loan)).en
    assert row_opening(own, AS_OF, loan, "CNY") == row_opening(own, AS_OF, loan)
    assert "not in XXX" in refused(lambda: row_opening(own, AS_OF, loan, "XXX")).en
    (own.night(AS_OF) / "record.json").unlink()
    assert "kept no rows" in refused(lambda: row_opening(own, AS_OF, loan)).en


def test_who_is_forgotten_is_closed_for_ever_while_everybody_else_stays_provable(own, finished):
    night, commitments, record = rows_of(own, "decisions"), commitments_of(own), read_night_record(own.night(AS_OF))
    gone, stays = night["borrower_id"][0], night.filter(pl.col("borrower_id") != night["borrower_id"][0])["borrower_id"][0]
    theirs, others = (night.filter(pl.col("borrower_id") == who)["loan_id"][0] for who in (gone, stays))
    before = {day: row_opening(own, day, others) for day in (AS_OF, NEXT)}
    secret = bytes.fromhex(row_opening(own, AS_OF, theirs)["salt"])
    files = plain.files_of(own.nights)
    assert forget(own, [gone, "nobody-of-this-name"]) == 1 and forget(own, [gone]) == 0 and forget(own, []) == 0
    assert plain.files_of(own.nights) == files, "a night is not touched"
    for day in (AS_OF, NEXT):
        problem = refused(lambda day=day: row_opening(own, day, theirs))
        assert "was forgotten" in problem.en and theirs in problem.zh
        assert row_opening(own, day, others) == before[day]
    assert (tree(commitments), record) == (b64decode(record.root), read_night_record(own.night(AS_OF)))
    kept = (folder_of(own) / "secrets").read_bytes()
    assert kept.count(bytes(32)) == 1 and len(kept) == len((folder_of(store.book_at(finished)) / "secrets").read_bytes()) and secret not in kept
    assert arrears("replay", "--book", own.root, "--as-of", AS_OF, "--lang", "en").status == 0, "a replay needs no secrets"
    allotted.night(own.root, NEXT, "--again")
    assert "was forgotten" in refused(lambda: row_opening(own, AS_OF, theirs)).en, "a new secret does not open what was before"
    assert row_opening(own, NEXT, theirs)["content"] and row_opening(own, AS_OF, others) == before[AS_OF]
    again = read_night_record(own.night(NEXT))
    superseded = read_night_record(superseded_nights(own)[0])
    assert again.digest != superseded.digest and again.files["run.json"] == superseded.files["run.json"]
    assert "was forgotten" in refused(lambda: row_opening(own, NEXT, theirs, record=superseded.digest)).en
    assert row_opening(own, NEXT, others, record=superseded.digest) == before[NEXT]


def test_a_stranger_checks_one_decision_with_the_self_contained_file_and_the_logs_key(finished, tmp_path, capsys):
    book = store.book_at(finished)
    told = {one.content["as_of"]: one for one in happenings(book) if one.kind == "night"}
    contents = [rfc8785.dumps({"kind": one.kind, "lender": "L1", "source": one.source, "at": "2026-07-02T00:00:00.000000Z", **one.content}).decode() for one in told.values()]
    salts = [bytes([number]) * 32 for number in range(len(contents))]
    key = make_key(tmp_path / "record.key", "record.example/L1", 0)
    with Log.create(tmp_path / "log", key) as log:
        log.extend(b"".join(sha256(b"arrears record v1\n" + salt + content.encode()).digest() for salt, content in zip(salts, contents, strict=True)))
        log.publish()
        number = list(told).index(AS_OF.isoformat())
        row = row_opening(book, AS_OF, late_loan_in(book, "p0003"), record=told[AS_OF.isoformat()].content["record_digest"])
        made = bundle(log, number, contents[number], salts[number], row=row)
    proof = tmp_path / "proof.json"

    def checked(content: dict) -> int:
        proof.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return verify.main(["bundle", str(proof), "--key", key.vkey])

    assert checked(made) == 0, capsys.readouterr()
    for spoiled in ({"content": row["content"].replace('"days_past_due":', '"days_past_due":1')}, {"index": row["index"] ^ 1}, {"hashes": row["hashes"][::-1]}, {"salt": bytes(32).hex()}):
        assert checked({**made, "row": {**row, **spoiled}}) == 1, (spoiled, capsys.readouterr())
    other = row_opening(book, NEXT, late_loan_in(book, "p0003"))
    assert checked({**made, "row": other}) == 1, "a row of another night is not of this one"


def test_secrets_are_one_per_borrower_for_their_owner_alone_and_a_damaged_file_is_refused(own):
    loans = pl.read_parquet(own.root / "loans.parquet")
    secrets = folder_of(own) / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600 and stat.S_IMODE(folder_of(own).stat().st_mode) == 0o700
    known = [json.loads(line) for line in (folder_of(own) / "borrowers").read_text("utf-8").splitlines()]
    assert len(known) == len(set(known)) == secrets.stat().st_size // 32 and set(known) <= set(loans["borrower_id"])
    night = ("night", "--book", own.root, "--as-of", NEXT, "--known-at", allotted.KNOWN_AT, "--again", "--lang", "en")
    secrets.chmod(0o644)
    assert "chmod 600" in arrears(*night).error
    secrets.chmod(0o600)
    os.truncate(secrets, 64)
    ran = arrears(*night)
    assert ran.status == 2 and "restore the folder" in ran.error
    shutil.rmtree(folder_of(own))
    allotted.night(own.root, NEXT, "--again")
    assert "restore the folder row_secrets" in refused(lambda: row_opening(own, AS_OF, late_loan_in(own, "p0003"))).en


def test_without_a_record_a_night_replays_as_before(own):
    shutil.rmtree(own.night(AS_OF) / "rows")
    (own.night(AS_OF) / "record.json").unlink()
    assert arrears("replay", "--book", own.root, "--as-of", AS_OF, "--lang", "en").status == 0


KILLED = """
import os, signal, sys
from pathlib import Path
from arrears import store
from arrears.nightly import night_record, row_secrets
store.LOANS_A_PARTITION = 100
where = int(sys.argv[1])
steps = 0
def told(event, args):
    global steps, where
    if event == "open" and isinstance(args[0], (str, Path)) and ("row_secrets" in str(args[0]) or "/rows/" in str(args[0]) or "record.json" in str(args[0])) or event == "os.rename" and "rows" in str(args[0]):
        steps += 1
    is_named = event == "os.rename" and str(args[0]).endswith("/record.json.unfinished")
    if is_named if where == 0 else steps == where:
        where = -1
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(told)
sys.argv = ["arrears", *sys.argv[2:]]
from arrears.cli import main
main()
"""


RECORD_NAMED = 0
"""In place of a step: the moment at which record.json is written whole and has not got its name."""


def test_killed_at_each_step_of_secrets_and_record_the_night_goes_on_and_every_row_is_proven(finished, tmp_path):
    book = store.book_at(allotted.copied(finished, tmp_path / "killed", "nights", "row_secrets"))
    words = ["night", "--book", str(book.root), "--as-of", str(AS_OF), "--known-at", allotted.KNOWN_AT, "--strategy", str(book.root.parent / "strategy.yaml")]
    kills, secrets = 0, b""
    for step in (2, 4, 7, RECORD_NAMED, 10**9):
        ran = subprocess.run([sys.executable, "-c", KILLED, str(step), *words], capture_output=True, text=True)
        assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
        if step == RECORD_NAMED:
            assert (book.unfinished_night(AS_OF) / "record.json.unfinished").is_file(), "the record was written and had not got its name"
        kills += ran.returncode != 0
        assert (ran.returncode == 0) == book.night(AS_OF).is_dir()
        now = (folder_of(book) / "secrets").read_bytes() if (folder_of(book) / "secrets").exists() else b""
        told = (folder_of(book) / "borrowers").read_bytes().count(b"\n") if (folder_of(book) / "borrowers").exists() else 0
        assert len(now) >= 32 * told, "no borrower stands without a secret"
        assert not secrets or now[: len(secrets)] == secrets, "a secret that was named is never another one"
        secrets = now[: 32 * told]
    assert kills == 4
    assert set(read_night_record(book.night(AS_OF)).files) == set(night_record.digests_of(book.night(AS_OF)))
    root = tree(commitments_of(book))
    assert b64decode(read_night_record(book.night(AS_OF)).root) == root
    peace = store.book_at(finished)
    bare = {name: content for name, content in plain.files_of(book.night(AS_OF)).items() if not night_record.is_of_the_record(Path(name))}
    assert bare == {name: content for name, content in plain.files_of(peace.night(AS_OF)).items() if not night_record.is_of_the_record(Path(name))}
    for at in (0, 17, 300):
        loan = rows_of(book, "positions")["loan_id"][at]
        opened = row_opening(book, AS_OF, loan)
        assert [b64decode(one) for one in opened["hashes"]] == path(at, commitments_of(book)) and opened["content"] == row_opening(peace, AS_OF, loan)["content"]
        assert opened["salt"] != row_opening(peace, AS_OF, loan)["salt"]
