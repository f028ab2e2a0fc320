"""What a strict reader found once: each had lost, doubled or overwritten something."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import plain_books as plain
from arrears import store
from plain_books import AS_OF, arrears

LATER = datetime(2026, 5, 10, tzinfo=UTC)


def night(book: Path, *more: object, as_of: date = AS_OF) -> plain.Ran:
    return arrears("night", "--book", book, "--as-of", as_of, "--lang", "en", *more)


def test_what_another_run_left_unfinished_is_not_taken_for_this_one(tmp_path, monkeypatch):
    rows = plain.sound_book()
    book = plain.write_rows(tmp_path / "book", rows)
    with monkeypatch.context() as patch:
        patch.setattr(store, "publish_folder", stop)
        patch.setattr(store, "remove_folder", lambda path: None)
        with pytest.raises(KeyError):
            arrears("night", "--book", book, "--as-of", AS_OF, "--known-at", "2025-12-31T00:00:00+00:00")
    unfinished = book / "nights" / f".{AS_OF}.unfinished"
    assert (unfinished / "work" / "p0000.json").is_file()
    (unfinished / "run.json").unlink()
    assert night(book).status == 0
    paid = pl.read_parquet(book / "nights" / str(AS_OF) / "positions" / "p0000.parquet").filter(loan_id="L1")["paid_minor"][0]
    assert paid == 362_000


def stop(unfinished: Path, final: Path) -> None:
    if final.parent.name == "nights":
        raise KeyError("stopped before the night was published")
    unfinished.replace(final)


def test_a_hundred_mended_conflicts_do_not_hide_a_live_one(tmp_path):
    book = plain.sound_book()
    day = date(2026, 3, 21)
    for place in range(100):
        name = f"C{place:03d}"
        book["payments"] += [plain.payment(name, "L2", day, amount) for amount in (7, 8)]
        book["payments"].append(plain.payment(name, "L2", day, 9, recorded_at=LATER))
    book["payments"] += [plain.payment("C100", "L2", day, amount) for amount in (7, 8)]
    ran = night(plain.write_rows(tmp_path / "book", book))
    assert ran.status == 2 and "C100" in ran.error and "two different rows" in ran.error


@pytest.mark.parametrize("out", ["loans.parquet", "store/x.parquet", "nights/2026-04-30/positions/p0000.parquet"])
def test_positions_never_overwrite_the_book(tmp_path, out):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    assert night(book).status == 0
    before = plain.files_of(book)
    ran = arrears("positions", "--book", book, "--as-of", AS_OF, "--out", book / out)
    assert ran.status == 2 and "belongs to the book" in ran.error
    assert plain.files_of(book) == before


def test_a_hold_holds_the_person_also_when_a_loan_went_to_another_later(tmp_path, monkeypatch):
    """L1 and L2 are B1's and L2 is held; that L1 goes to B9 in May changes nothing of what was known in April."""
    monkeypatch.setattr(store, "LOANS_A_PARTITION", 1)
    rows = plain.sound_book()
    others = [plain.loan(f"L{number}", regime="none") for number in range(10, 20)]
    rows["loans"] = [plain.loan("L1", borrower_id="B1"), plain.loan("L2", borrower_id="B1", regime="none"),
                     plain.loan("L3", borrower_id="B1", regime="cn_private"), *others]
    rows["instalments"] += [row for loan in others for row in plain.schedule(loan["loan_id"])]
    rows["holds"] = [{"hold_id": "H1", "loan_id": "L2", "kind": "cease", "placed_on": date(2026, 2, 1), "lifted_on": None,
                      "recorded_at": None}]
    moved = {**rows, "loans": [*rows["loans"], plain.loan("L1", borrower_id="B9", recorded_at=LATER)]}
    entries = []
    for name, book in (("before", rows), ("after", moved)):
        folder = plain.write_rows(tmp_path / name, book)
        assert night(folder, "--known-at", "2026-05-01T00:00:00+00:00").status == 0
        worklist = pl.read_parquet(folder / "nights" / str(AS_OF) / "worklist.parquet")
        entries.append(worklist.drop("rank").sort("borrower_id"))
        assert worklist.filter(borrower_id="B1")["treatment"].to_list() == ["hold"]
    assert entries[0].equals(entries[1])


def test_a_night_done_anew_makes_the_later_ones_other_nights(tmp_path):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    first = date(2026, 3, 31)
    assert night(book, as_of=first).status == 0 and night(book).status == 0
    assert night(book, "--again", "--known-at", "2026-02-15T00:00:00+00:00", as_of=first).status == 0
    ran = night(book)
    assert ran.status == 2 and "earlier_runs" in ran.error


@pytest.mark.parametrize("lost", ["positions", "positions/p0000.parquet", "positions/p0001.parquet"])
def test_a_night_whose_earlier_night_lost_positions_says_which_it_is(tmp_path, monkeypatch, lost):
    monkeypatch.setattr(store, "LOANS_A_PARTITION", 1)
    rows = plain.sound_book()
    others = [plain.loan(f"L{number}", borrower_id=f"B{number}") for number in range(10, 13)]
    rows["loans"] += others
    rows["instalments"] += [row for loan in others for row in plain.schedule(loan["loan_id"])]
    book = plain.write_rows(tmp_path / "book", rows)
    earlier = book / "nights" / "2026-03-31"
    assert night(book, as_of=date(2026, 3, 31)).status == 0
    assert len(list((earlier / "positions").iterdir())) >= 4
    shutil.rmtree(earlier / lost) if lost == "positions" else (earlier / lost).unlink()
    ran = night(book)
    assert ran.status == 2 and "2026-03-31: this earlier night" in ran.error, ran.error
    assert not (book / "nights" / str(AS_OF)).exists()


def test_a_replay_without_its_earlier_night_says_which_is_gone(tmp_path):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    assert night(book, as_of=date(2026, 3, 31)).status == 0 and night(book).status == 0
    shutil.rmtree(book / "nights" / "2026-03-31")
    ran = arrears("replay", "--book", book, "--as-of", AS_OF)
    assert ran.status == 2 and "2026-03-31" in ran.error


def test_a_copied_book_replays(tmp_path):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    assert night(book).status == 0
    shutil.copytree(book, tmp_path / "another_name")
    assert arrears("replay", "--book", tmp_path / "another_name", "--as-of", AS_OF).status == 0


def test_a_damaged_record_of_a_night_is_said_and_the_night_can_be_done_anew(tmp_path):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    assert night(book).status == 0
    record = book / "nights" / str(AS_OF) / "run.json"
    record.write_text("{", encoding="utf-8")
    for ran in (arrears("replay", "--book", book, "--as-of", AS_OF), night(book)):
        assert ran.status == 2 and "run.json" in ran.error
    assert night(book, "--again").status == 0
    assert json.loads(record.read_text(encoding="utf-8"))["as_of"] == str(AS_OF)


def test_a_sum_beyond_64_bits_is_refused_in_words(tmp_path):
    loans = [plain.loan(f"L{number}", principal_minor=10**13, penalty_rate_ppm=10**9, regime="none", borrower_id="B",
                        disbursed_on=date(1990, 1, 1)) for number in range(9)]
    instalments = [{"loan_id": loan["loan_id"], "number": 1, "due_on": date(1990, 1, 2), "principal_minor": 10**13,
                    "interest_minor": 0, "fee_minor": 0, "recorded_at": None} for loan in loans]
    book = plain.write_rows(tmp_path / "book", {"loans": loans, "instalments": instalments, "payments": []})
    ran = night(book, as_of=date(2160, 1, 1))
    assert ran.status == 2 and "64 bits" in ran.error
    assert not (book / "nights").exists()


@pytest.mark.parametrize(("table", "column"), [("loans", "disbursed_on"), ("instalments", "due_on"), ("payments", "paid_on")])
def test_a_date_that_no_calendar_writes_is_refused_where_it_stands(tmp_path, table, column):
    book = plain.write_rows(tmp_path / "book", plain.sound_book())
    path = book / f"{table}.parquet"
    frame = pl.read_parquet(path)
    far = pl.when(pl.int_range(pl.len()) == 0).then(3_000_000).otherwise(pl.col(column).to_physical())
    frame.with_columns(far.cast(pl.Int32).cast(pl.Date).alias(column)).write_parquet(path)
    ran = night(book)
    assert ran.status == 2, ran
    assert f"{table}.parquet, row 1" in ran.error and column in ran.error and "is after 9999-12-31" in ran.error
