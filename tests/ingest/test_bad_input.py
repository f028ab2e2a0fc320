"""Whatever is wrong with a book is said in a sentence that names the place, and nothing is changed."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from ingest.bad_input_cases import CASES, LATER, Case
from plain_books import arrears

AS_OF = ("--as-of", "2026-04-30")
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return plain.write_rows(tmp_path / "book", plain.sound_book())


def outside_store(folder: Path) -> dict[str, bytes]:
    """The book's files but for the store, which only ever copies them; folders show by a trailing slash."""
    kept = {name: content for name, content in plain.files_of(folder).items() if not name.startswith("store/")}
    return kept | {f"{path.name}/": b"" for path in folder.iterdir() if path.is_dir() and path.name != "store"}


def assert_refused(ran: plain.Ran, words: tuple[str, ...]) -> None:
    assert ran.status == 2, ran
    assert ran.out == ""
    first, *rest = ran.error.splitlines()
    assert first.startswith("arrears: ")
    for word in words:
        assert word in first, (word, first)
    assert len(rest) == 1 and HAN.search(rest[0]), ran.error
    assert not HAN.search(first), first


def test_the_sound_book_is_taken(book):
    ran = arrears("night", "--book", book, *AS_OF)
    assert (ran.status, ran.error) == (0, "")
    assert "3 loans" in ran.out
    row = pl.read_parquet(book / "nights/2026-04-30/positions/p0000.parquet").row(0, named=True)
    assert (row["days_past_due"], row["penalty_minor"], row["claimable_minor"]) == (51, 7_022, 432_522)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_"))
def test_a_book_with_one_thing_wrong_is_refused_where_it_is_wrong(book, case: Case):
    case.breaks(book)
    before = outside_store(book)
    night = arrears("night", "--book", book, *AS_OF)
    assert_refused(night, case.words)
    assert outside_store(book) == before, "a refused night left something behind"
    out = book.parent / "out" / "positions.parquet"
    out.parent.mkdir()
    chinese = arrears("positions", "--book", book, *AS_OF, "--out", out, "--lang", "zh")
    assert list(out.parent.iterdir()) == [], "a refused run left something beside the file it was to write"
    first, second = night.error.removeprefix("arrears: ").splitlines()
    assert (chinese.status, chinese.error.splitlines()) == (2, [f"arrears: {second.strip()}", f"         {first}"])


def test_a_mended_book_is_taken_at_once_though_it_was_refused_before(book):
    """The refused run must not fix the moment up to which rows count: the mended row is recorded after it."""
    rows = plain.sound_book()
    rows["payments"][1]["amount_minor"] = 0
    plain.write_rows(book, rows)
    assert arrears("night", "--book", book, *AS_OF).status == 2
    rows["payments"].append(plain.payment("P2", "L1", date(2026, 3, 20), 100_000, recorded_at=datetime.now(UTC)))
    plain.write_rows(book, rows)
    ran = arrears("night", "--book", book, *AS_OF)
    assert ran.status == 0, ran.error


@pytest.mark.parametrize("table", ["loans", "instalments", "payments", "adjustments", "holds"])
def test_the_same_row_twice_is_one_row(book, tmp_path, table):
    once, twice = tmp_path / "once.parquet", tmp_path / "twice.parquet"
    assert arrears("positions", "--book", book, *AS_OF, "--out", once).status == 0
    rows = plain.sound_book()
    rows[table] += rows[table][:2]
    plain.write_rows(book, rows)
    assert arrears("positions", "--book", book, *AS_OF, "--out", twice).status == 0
    assert once.read_bytes() == twice.read_bytes()


def test_a_bad_row_refuses_only_while_it_is_visible(book, tmp_path):
    """Not yet recorded, or replaced by a later row: it is none of this run's business."""
    rows = plain.sound_book()
    bad = plain.payment("P9", "L1", date(2026, 3, 1), -5, recorded_at=LATER)
    rows["payments"] += [bad, {**bad, "amount_minor": 5, "recorded_at": datetime(2026, 3, 1, tzinfo=UTC)}]
    plain.write_rows(book, rows)
    run = ("positions", "--book", book, *AS_OF, "--out", tmp_path / "out.parquet", "--known-at")
    assert arrears(*run, "2026-01-31T23:59:59+00:00").status == 0
    assert_refused(arrears(*run, "2026-02-01T00:00:00+00:00"), ("payments.parquet", "P9", "positive"))
    assert_refused(arrears(*run, "2026-03-01T07:59:59+08:00"), ("payments.parquet", "P9", "positive"))
    assert arrears(*run, "2026-03-01T08:00:00+08:00").status == 0


@pytest.mark.parametrize("table,row", [
    ("payments", plain.payment("P9", "L9", date(2026, 3, 1), 5, recorded_at=LATER)),
    ("adjustments", plain.adjustment("A9", "L9", "accelerate", date(2026, 3, 1), recorded_at=LATER)),
    ("instalments", plain.schedule("L9", LATER)[0]),
    ("holds", {**plain.sound_book()["holds"][0], "hold_id": "H9", "loan_id": "L9", "recorded_at": LATER}),
])
def test_a_row_of_an_unknown_loan_refuses_only_while_it_is_visible(book, tmp_path, table, row):
    rows = plain.sound_book()
    rows[table].append(row)
    plain.write_rows(book, rows)
    run = ("positions", "--book", book, *AS_OF, "--out", tmp_path / "out.parquet", "--known-at")
    assert arrears(*run, "2026-01-31T23:59:59+00:00").status == 0
    assert_refused(arrears(*run, "2026-02-01T00:00:00+00:00"), (f"{table}.parquet", "L9", "add the loan"))


def test_a_payment_of_a_loan_that_is_recorded_later_is_a_payment_of_an_unknown_loan_until_then(book, tmp_path):
    rows = plain.sound_book()
    rows["loans"].append(plain.loan("L9", recorded_at=LATER))
    rows["instalments"] += plain.schedule("L9", LATER)
    rows["payments"].append(plain.payment("P9", "L9", date(2026, 3, 1), 5))
    plain.write_rows(book, rows)
    run = ("positions", "--book", book, *AS_OF, "--out", tmp_path / "out.parquet", "--known-at")
    assert_refused(arrears(*run, "2026-01-31T23:59:59+00:00"), ("payments.parquet", "row 5", "P9", "L9"))
    assert arrears(*run, "2026-02-01T00:00:00+00:00").status == 0


def test_a_conflict_refuses_only_while_it_is_visible(book, tmp_path):
    rows = plain.sound_book()
    rows["payments"] += [plain.payment("P1", "L1", date(2026, 2, 12), amount, recorded_at=LATER) for amount in (7, 8)]
    rows["payments"].append(plain.payment("P1", "L1", date(2026, 2, 12), 9, recorded_at=datetime(2026, 3, 1, tzinfo=UTC)))
    plain.write_rows(book, rows)
    run = ("positions", "--book", book, *AS_OF, "--out", tmp_path / "out.parquet", "--known-at")
    assert arrears(*run, "2026-01-31T00:00:00+00:00").status == 0
    assert_refused(arrears(*run, "2026-02-02T00:00:00+00:00"), ("payments.parquet", "P1", "keep one"))
    assert arrears(*run, "2026-03-01T00:00:00+00:00").status == 0


@pytest.mark.parametrize("words,said", [
    (("night", "--as-of", "2026-04-30", "--known-at", "2026-04-30T22:00:00"), ("--known-at", "offset", "+08:00")),
    (("night", "--as-of", "2026-04-30", "--known-at", "yesterday"), ("--known-at", "yesterday")),
    (("night", "--as-of", "30.4.2026"), ("--as-of", "YYYY-MM-DD")),
    (("night", "--as-of", "2026-02-30"), ("--as-of", "YYYY-MM-DD")),
    (("night", "--as-of", "20260430"), ("--as-of", "YYYY-MM-DD")),
    (("night", "--as-of", "1989-12-31"), ("--as-of", "1990-01-01")),
    (("positions", "--out", "out.parquet", "--as-of", "1989-12-31"), ("--as-of", "1990-01-01")),
    (("explain", "L1", "--as-of", "soon"), ("--as-of", "YYYY-MM-DD")),
    (("explain", "L77", "--as-of", "2026-04-30"), ("L77", "check the id")),
    (("explain", "L1", "--as-of", "2026-04-30", "--known-at", "2026-04-30"), ("--known-at", "offset")),
    (("replay", "--as-of", "2026-04-30"), ("2026-04-30", "no finished night", "none")),
    (("night", "--as-of", "2026-04-30", "--strategy", "no/such.yaml"), ("no/such.yaml", "cannot be read")),
    (("night", "--as-of", "2026-04-30", "--lang", "fr"), ("--lang", "fr", "zh or en")),
])
def test_a_word_that_makes_no_sense_is_refused(book, monkeypatch, words, said):
    monkeypatch.chdir(book.parent)
    before = outside_store(book)
    assert_refused(arrears(*words, "--book", book), said)
    assert outside_store(book) == before


@pytest.mark.parametrize("words", [
    ("night", *AS_OF), ("positions", *AS_OF, "--out", "out.parquet"), ("explain", "L1", *AS_OF), ("replay", *AS_OF),
])
def test_a_folder_that_is_not_there_is_refused(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert_refused(arrears(*words, "--book", tmp_path / "none"), ("none", "no such folder", "--book"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_files_is_refused(tmp_path):
    (tmp_path / "book").mkdir()
    assert_refused(arrears("night", "--book", tmp_path / "book", *AS_OF), ("loans.parquet", "missing"))
    assert outside_store(tmp_path / "book") == {}


def test_a_book_without_loans_is_refused(tmp_path):
    book = plain.write_rows(tmp_path / "book", {table: [] for table in plain.sound_book()})
    assert_refused(arrears("night", "--book", book, *AS_OF), ("loans.parquet", "empty", "no rows"))
    out = tmp_path / "out.parquet"
    assert_refused(arrears("positions", "--book", book, *AS_OF, "--out", out), ("loans.parquet", "empty"))
    assert not out.exists() and not (book / "nights").exists()


def test_a_book_in_which_no_loan_is_known_yet_has_no_loans(tmp_path):
    rows = plain.sound_book()
    later = {"recorded_at": LATER}
    book = plain.write_rows(tmp_path / "book", {table: [row | later for row in rows[table]] for table in rows})
    known_at = ("--known-at", "2026-01-31T00:00:00+00:00")
    ran = arrears("night", "--book", book, *AS_OF, *known_at)
    assert ran.status == 0 and "0 loans" in ran.out, ran
    out = tmp_path / "out.parquet"
    ran = arrears("positions", "--book", book, *AS_OF, "--out", out, *known_at)
    assert ran.status == 0 and "0 loans" in ran.out
    assert pl.read_parquet(out).is_empty()
    assert arrears("replay", "--book", book, *AS_OF).status == 0


def test_a_book_without_payments_is_taken(tmp_path):
    book = plain.write_rows(tmp_path / "book", {**plain.sound_book(), "payments": [], "adjustments": [], "holds": []})
    ran = arrears("night", "--book", book, *AS_OF)
    assert ran.status == 0 and "3 loans" in ran.out, ran


def test_a_book_of_the_three_files_alone_is_taken(tmp_path):
    rows = plain.sound_book()
    book = plain.write_rows(tmp_path / "book", {name: rows[name] for name in ("loans", "instalments", "payments")})
    assert arrears("night", "--book", book, *AS_OF).status == 0


def test_a_loan_disbursed_after_the_day_has_no_position(book, tmp_path):
    out = tmp_path / "out.parquet"
    ran = arrears("positions", "--book", book, "--as-of", "2026-01-09", "--out", out)
    assert ran.status == 0 and "0 loans" in ran.out
    assert arrears("positions", "--book", book, "--as-of", "2026-01-10", "--out", out).status == 0
    assert pl.read_parquet(out)["loan_id"].to_list() == ["L1", "L2", "L3"]
