"""The compiled walk and the plain twin give the same positions, through the files, for whatever book is drawn."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plain_books as plain
from arrears import store
from arrears.days import microseconds_of, number_of
from arrears.delinquency import walk as w
from arrears.delinquency.assess import caps_of, event_columns, loan_rows
from arrears.ingest.judge import facts_of
from arrears.ingest.plain import bring_in
from arrears.law.caps import cap_of, read_law
from arrears.nightly.positions import write_positions
from arrears.tables import POSITIONS
from arrears.tables.visible import LATEST_KNOWN
from arrears.twin.book import blocks
from delinquency import twin
from delinquency.books import books
from delinquency.random_books import random_book

LAW = read_law()
TABLES = ("loans", "instalments", "payments", "adjustments")
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where thousands of small files are kept; nothing here is about disks."""
drawn = settings(deadline=None, derandomize=True)


def cap_for(loan: dict):
    cap = cap_of(LAW, loan["regime"], loan["disbursed_on"], loan["filed_on"])
    return "none" if cap is None else cap.at


def known_at_of(book: dict) -> int:
    return LATEST_KNOWN if book["known_at"] is None else microseconds_of(book["known_at"])


def bytes_of(folder: Path, as_of, known_at: int) -> bytes:
    """The positions file of the plain files in the folder, and no store left of it."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as other:
        out = Path(other) / "positions.parquet"
        write_positions(folder, as_of, known_at, out)
        return out.read_bytes()


def positions_of(book: dict) -> list[dict]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        root = plain.write_rows(Path(folder) / "book", book)
        out = Path(folder) / "positions.parquet"
        write_positions(root, book["as_of"], known_at_of(book), out)
        frame = pl.read_parquet(out)
    assert dict(frame.schema) == POSITIONS.schema
    return frame.to_dicts()


def assert_equals_twin(book: dict, seed: int | None = None) -> None:
    found = positions_of(book)
    expected = twin.positions(book, cap_for, book["as_of"], book["known_at"])
    assert [row["loan_id"] for row in found] == [row["loan_id"] for row in expected], seed
    for row, other in zip(found, expected, strict=True):
        assert row == other, (seed, {name: (row[name], other[name]) for name in row if row[name] != other[name]})


@given(books())
@settings(drawn, max_examples=300)
def test_the_walk_equals_the_twin_on_every_drawn_book(book):
    assert_equals_twin(book)


@given(books(loans_max=2), st.integers(-40, 400))
@settings(drawn, max_examples=60)
def test_the_walk_equals_the_twin_on_other_days_than_the_book_was_drawn_for(book, apart):
    assert_equals_twin({**book, "as_of": book["as_of"] + timedelta(days=apart)})


@pytest.mark.parametrize("seed", range(101, 111))
def test_the_walk_equals_the_twin_on_ten_thousand_loans(seed):
    """A thousand loans from each of ten seeds; each book has its own business date and known_at."""
    book = random_book(1_000, seed)
    assert len({row["loan_id"] for row in book["loans"]}) == 1_000
    assert_equals_twin(book, seed)


@pytest.fixture(scope="module", params=[5, 6, 7])
def bulk(request) -> dict:
    return random_book(60, request.param)


def written(folder: Path, book: dict) -> Path:
    return plain.write_rows(folder / f"book{len(list(folder.iterdir()))}", book)


def test_the_order_of_rows_changes_no_byte(bulk, tmp_path):
    expected = bytes_of(written(tmp_path, bulk), bulk["as_of"], known_at_of(bulk))
    for seed in range(3):
        shuffled = {**bulk, **{name: Random(seed).sample(bulk[name], len(bulk[name])) for name in TABLES}}
        assert bytes_of(written(tmp_path, shuffled), bulk["as_of"], known_at_of(bulk)) == expected
    by_id = {**bulk, **{name: sorted(bulk[name], key=lambda row: str(sorted(row.items(), key=str))) for name in TABLES}}
    assert bytes_of(written(tmp_path, by_id), bulk["as_of"], known_at_of(bulk)) == expected


def test_a_row_said_twice_changes_no_byte(bulk, tmp_path):
    expected = bytes_of(written(tmp_path, bulk), bulk["as_of"], known_at_of(bulk))
    twice = {**bulk, **{name: [*bulk[name], *bulk[name]] for name in TABLES}}
    assert bytes_of(written(tmp_path, twice), bulk["as_of"], known_at_of(bulk)) == expected


@pytest.mark.parametrize("loans_a_partition", [1, 3, 16])
def test_the_number_of_partitions_changes_no_byte(bulk, tmp_path, monkeypatch, loans_a_partition):
    expected = bytes_of(written(tmp_path, bulk), bulk["as_of"], known_at_of(bulk))
    monkeypatch.setattr(store, "LOANS_A_PARTITION", loans_a_partition)
    book = written(tmp_path, bulk)
    assert bytes_of(book, bulk["as_of"], known_at_of(bulk)) == expected
    assert len(store.read_manifest(store.book_at(book)).partitions) > 1


def test_further_columns_change_no_byte(bulk, tmp_path):
    expected = bytes_of(written(tmp_path, bulk), bulk["as_of"], known_at_of(bulk))
    book = written(tmp_path, bulk)
    for name in TABLES:
        frame = plain.frame_of(name, bulk[name])
        further = {"superseded_at": 1, "part": 0, "loan": 7, "place": "x", "claimed": 1.5, "zz_index": [[1]]}
        extra = [pl.lit(value).alias(f"{column}") for column, value in further.items()]
        shuffled = Random(3).sample(frame.with_columns(extra).columns, len(frame.columns) + len(extra))
        frame.with_columns(extra).select(shuffled).write_parquet(book / f"{name}.parquet")
    assert bytes_of(book, bulk["as_of"], known_at_of(bulk)) == expected


def narrowed(frame: pl.DataFrame, types: tuple) -> pl.DataFrame:
    """Every integer column in the first of the types that holds all its values."""
    for name, dtype in frame.schema.items():
        if not dtype.is_integer() or frame[name].null_count() == len(frame):
            continue
        least, most = frame[name].min(), frame[name].max()
        fitting = next((t for t in types if t.min().to_physical() is not None and _holds(t, least, most)), None)
        if fitting is not None:
            frame = frame.with_columns(pl.col(name).cast(fitting))
    return frame


def _holds(dtype, least: int, most: int) -> bool:
    bits = int(str(dtype).lstrip("UIint"))
    low, high = (0, 2**bits - 1) if str(dtype).startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return low <= least and most <= high


WIDTHS = ((pl.Int8, pl.Int16, pl.Int32, pl.Int64), (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64), (pl.UInt64,), (pl.Int32,))


@pytest.mark.parametrize("types", WIDTHS, ids=str)
def test_the_width_of_integers_changes_no_byte(bulk, tmp_path, types):
    small = next(iter(blocks(300, 4, bulk["as_of"].replace(year=2026, day=1))))
    as_of = bulk["as_of"].replace(year=2026, day=1)
    for frames, day, known_at in (
        ({name: plain.frame_of(name, bulk[name]) for name in TABLES}, bulk["as_of"], known_at_of(bulk)),
        ({name: small[name] for name in TABLES}, as_of, LATEST_KNOWN),
    ):
        here = tmp_path / str(len(list(tmp_path.iterdir())))
        expected = bytes_of(plain.write_frames(here / "wide", frames), day, known_at)
        narrow = {name: narrowed(frame, types) for name, frame in frames.items()}
        assert any(dict(narrow[name].schema) != dict(frames[name].schema) for name in TABLES)
        assert bytes_of(plain.write_frames(here / "narrow", narrow), day, known_at) == expected


def arguments_of(book: dict, folder: Path):
    """What the walk is called with for a whole book in one partition, and its payments that count."""
    home = store.book_at(plain.write_rows(folder, book))
    manifest = bring_in(home)
    (name,) = manifest.partitions
    facts = facts_of(home, manifest, name, known_at_of(book))
    caps = caps_of(facts.loans, LAW, book["as_of"])
    return facts, (loan_rows(facts.loans, caps), caps.steps, *event_columns(facts, book["as_of"]), number_of(book["as_of"]))


def test_the_walk_that_takes_notes_gives_the_same_figures(bulk, tmp_path):
    """The walk without notes settles a whole instalment at once; the one that explains takes every part."""
    for seed in range(8):
        _, arguments = arguments_of(random_book(150, 900 + seed), tmp_path / str(seed))
        plainly = w.walk(*arguments, None)
        noted = w.walk(*arguments, np.full((50_000, w.NOTE_COLUMNS), -1, np.int64))
        assert (plainly == noted).all(), seed


@given(books(loans_max=3))
@settings(drawn, max_examples=60)
def test_every_fen_paid_settles_something_or_is_kept(book):
    """The notes say where each payment went; what they say adds up to the figures, loan by loan."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        facts, (loans, steps, instalments, payments, adjustments, as_of) = arguments_of(book, Path(folder) / "book")
    for row in range(len(facts.loans)):
        alone = tuple(cut(columns, row) for columns in (instalments, payments, adjustments))
        notes = np.full((20_000, w.NOTE_COLUMNS), -1, np.int64)
        (found,) = w.walk(loans[row : row + 1], steps, *alone, as_of, notes)
        steps_taken = notes[notes[:, 0] >= 0].tolist()
        taken = [note for note in steps_taken if note[0] == w.N_TAKEN]
        waived = [note for note in steps_taken if note[0] == w.N_WAIVED]
        settled = sum(note[4] for note in taken)
        assert found[w.R_PAID] == settled + found[w.R_UNALLOCATED]
        repaid = sum(note[4] for note in taken if note[3] == w.PART_PRINCIPAL)
        assert found[w.R_OUTSTANDING] == loans[row, w.L_PRINCIPAL] - repaid
        fallen = [note for note in steps_taken if note[0] == w.N_DUE]
        for part, place, figure in ((w.PART_INTEREST, 4, w.R_INTEREST), (w.PART_FEE, 5, w.R_FEE)):
            gone = sum(note[4] for note in taken + waived if note[3] == part)
            assert found[figure] == sum(note[place] for note in fallen) - gone


def cut(columns: tuple, row: int) -> tuple:
    """One loan's rows of a table, with offsets of its own."""
    start, end = columns[0][row], columns[0][row + 1]
    return (np.array([0, end - start]), *(column[start:end] for column in columns[1:]))


@given(books(loans_max=2), st.integers(1, 10**6))
@settings(drawn, max_examples=50)
def test_a_payment_made_in_two_parts_on_one_day_settles_the_same(book, first):
    reversed_ids = {row["reverses"] for row in book["payments"]}
    rows = []
    for row in book["payments"]:
        part = min(first, row["amount_minor"] - 1)
        if row["reverses"] is None and row["payment_id"] not in reversed_ids and part > 0:
            rows.append({**row, "amount_minor": part})
            rows.append({**row, "payment_id": row["payment_id"] + ".2", "amount_minor": row["amount_minor"] - part})
        else:
            rows.append(row)
    assert positions_of({**book, "payments": rows}) == positions_of(book)


@given(books(loans_max=2))
@settings(drawn, max_examples=40)
def test_what_lies_after_the_day_changes_nothing_but_what_falls_due_next(book):
    """Payments and adjustments of later days, reversals included, are not looked at."""
    as_of = book["as_of"]
    past = {
        **book,
        "payments": [row for row in book["payments"] if not _only_later(book, "payments", "payment_id", "paid_on", row)],
        "adjustments": [
            row for row in book["adjustments"] if not _only_later(book, "adjustments", "adjustment_id", "effective_on", row)
        ],
    }
    assert positions_of({**past, "as_of": as_of}) == positions_of(book)


def _only_later(book: dict, table: str, key: str, day: str, row: dict) -> bool:
    """No version of the row's key, and of what takes it back, lies on the business date or before."""
    mine = [other for other in book[table] if row[key] in (other[key], other.get("reverses"))]
    return all(other[day] > book["as_of"] for other in mine)
