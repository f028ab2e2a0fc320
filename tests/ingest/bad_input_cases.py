"""One thing broken in a small sound book, and the words that the refusal must contain."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

import plain_books as plain
from arrears.tables import FACTS

LATER = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """What is broken (a sentence), how, and the words of the refusal."""

    name: str
    breaks: Callable[[Path], object]
    words: tuple[str, ...]


def on_rows(change: Callable[[dict[str, list[dict]]], object]) -> Callable[[Path], object]:
    """Breaks the rows of the sound book and writes it anew."""
    def breaks(folder: Path) -> None:
        book = plain.sound_book()
        change(book)
        plain.write_rows(folder, book)
    return breaks


def setting(table: str, row: int, **values) -> Callable[[Path], object]:
    """Sets values of one row, counted from 1 as in the messages."""
    return on_rows(lambda book: book[table][row - 1].update(values))


def adding(table: str, *rows: dict) -> Callable[[Path], object]:
    return on_rows(lambda book: book[table].extend(rows))


def on_frame(table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Path], object]:
    """Breaks one file of the sound book."""
    def breaks(folder: Path) -> None:
        frame = plain.frame_of(table, plain.sound_book()[table])
        change(frame).write_parquet(folder / f"{table}.parquet")
    return breaks


def casting(table: str, column: str, dtype) -> Callable[[Path], object]:
    return on_frame(table, lambda frame: frame.with_columns(pl.col(column).cast(dtype)))


def writing(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def truncating(name: str) -> Callable[[Path], object]:
    def breaks(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
    return breaks


def damaging(name: str) -> Callable[[Path], object]:
    """Leaves the footer whole, so that the damage shows only when rows are read."""
    def breaks(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[4:64] = b"\xff" * 60
        (folder / name).write_bytes(bytes(content))
    return breaks


def _instalments_of(book: dict, loan_id: str, keep: bool) -> None:
    book["instalments"] = [row for row in book["instalments"] if (row["loan_id"] == loan_id) == keep]


DAY = date(2026, 3, 1)

FILES = (
    *(Case(f"the file {name} is missing", lambda folder, name=name: (folder / f"{name}.parquet").unlink(),
           (f"{name}.parquet", "missing")) for name in ("loans", "instalments", "payments")),
    *(Case(f"{name} is cut off", truncating(f"{name}.parquet"), (f"{name}.parquet", "Parquet", "write it anew"))
      for name in ("loans", "payments", "adjustments", "holds")),
    *(Case(f"{name} is no Parquet file", writing(f"{name}.parquet", b"loan_id,amount\nL1,3\n"),
           (f"{name}.parquet", "Parquet", "write it anew")) for name in ("loans", "instalments", "payments")),
    *(Case(f"{name} is a file of no bytes", writing(f"{name}.parquet", b""), (f"{name}.parquet", "Parquet", "write it anew"))
      for name in ("loans", "instalments", "payments", "adjustments")),
    Case("the rows of payments are damaged under a sound footer", damaging("payments.parquet"),
         ("payments.parquet", "write it anew")),
    Case("the rows of loans are damaged under a sound footer", damaging("loans.parquet"), ("loans.parquet", "write it anew")),
)

COLUMNS = tuple(
    Case(f"{name}.{column.name} is missing", on_frame(name, lambda frame, column=column.name: frame.drop(column)),
         (f"{name}.parquet", f"the column {column.name} is missing"))
    for name in ("loans", "instalments", "payments", "adjustments", "holds")
    for column in FACTS[name].columns if not column.optional
)

TYPES = tuple(
    Case(f"{table}.{column} is {dtype}", casting(table, column, dtype), (f"{table}.parquet", column, word, "convert"))
    for table, column, dtype, word in (
        ("payments", "amount_minor", pl.Float64, "integer"),
        ("payments", "amount_minor", pl.String, "integer"),
        ("payments", "amount_minor", pl.Decimal(20, 2), "integer"),
        ("loans", "principal_minor", pl.Float32, "integer"),
        ("loans", "day_count", pl.Float64, "integer"),
        ("instalments", "number", pl.String, "integer"),
        ("instalments", "due_on", pl.String, "Date32"),
        ("instalments", "due_on", pl.Datetime("us"), "Date32"),
        ("payments", "paid_on", pl.Datetime("ms"), "Date32"),
        ("adjustments", "until_on", pl.String, "Date32"),
        ("loans", "penalty_on_interest", pl.Int8, "boolean"),
        ("loans", "penalty_on_interest", pl.String, "boolean"),
        ("payments", "recorded_at", pl.Date, "timestamp"),
        ("payments", "recorded_at", pl.String, "timestamp"),
        ("payments", "recorded_at", pl.Int64, "timestamp"),
        ("adjustments", "number", pl.Boolean, "integer"),
    )
) + (
    Case("loans.loan_id is a number", on_frame("loans", lambda f: f.with_columns(loan_id=pl.int_range(pl.len()))),
         ("loans.parquet", "loan_id", "text", "convert")),
)

KEYS = (
    Case("two loans of one name differ", adding("loans", plain.loan("L1", product="slow")),
         ("loans.parquet", "L1", "row 1 and 4", "keep one")),
    Case("two instalments of one number differ", on_rows(lambda book: book["instalments"].append(
        {**book["instalments"][1], "interest_minor": 7})), ("instalments.parquet", "L1", "2", "keep one")),
    Case("two instalments of one number fall due on different days", on_rows(lambda book: book["instalments"].append(
        {**book["instalments"][0], "due_on": date(2026, 4, 1)})), ("instalments.parquet", "L1", "1", "keep one")),
    Case("two payments of one name differ", adding("payments", plain.payment("P1", "L1", date(2026, 2, 12), 7)),
         ("payments.parquet", "P1", "row 1 and 5", "keep one")),
    Case("two payments of one name are of two loans", adding("payments", plain.payment("P1", "L3", date(2026, 2, 12), 7)),
         ("payments.parquet", "P1", "row 1 and 5", "keep one")),
    Case("two adjustments of one name differ", adding("adjustments", plain.adjustment("A1", "L1", "accelerate", DAY)),
         ("adjustments.parquet", "A1", "row 1 and 3", "keep one")),
    Case("two holds of one name differ", on_rows(lambda book: book["holds"].append({**book["holds"][0], "kind": "cease"})),
         ("holds.parquet", "H1", "row 1 and 2", "keep one")),
)

LOANS = (
    Case("a loan has no instalments", adding("loans", plain.loan("L9")), ("instalments.parquet", "L9", "no instalments", "add")),
    Case("the principal does not add up", setting("instalments", 3, principal_minor=249_999),
         ("instalments.parquet", "L1", "principal_minor", "add up", "mend")),
    Case("a payment is of an unknown loan", adding("payments", plain.payment("P9", "L9", DAY, 5)),
         ("payments.parquet", "row 5", "P9", "L9", "add the loan")),
    Case("an instalment is of an unknown loan", on_rows(lambda book: book["instalments"].extend(plain.schedule("L9"))),
         ("instalments.parquet", "row 13", "L9", "add the loan")),
    Case("an adjustment is of an unknown loan", adding("adjustments", plain.adjustment("A9", "L9", "accelerate", DAY)),
         ("adjustments.parquet", "row 3", "A9", "L9", "add the loan")),
    Case("a hold is of an unknown loan", setting("holds", 1, loan_id="L9"), ("holds.parquet", "row 1", "H1", "L9", "add the loan")),
    Case("a payment is before disbursement", setting("payments", 2, paid_on=date(2026, 1, 9)),
         ("payments.parquet", "row 2", "L1", "P2", "2026-01-09", "2026-01-10", "disburse")),
)

REVERSALS = (
    Case("a reversal names no payment", setting("payments", 4, reverses="P77"),
         ("payments.parquet", "row 4", "R3", "P77", "no such payment", "reverses")),
    Case("a reversal names another loan's payment", setting("payments", 4, reverses="P1"),
         ("payments.parquet", "row 4", "R3", "P1", "another loan", "reverses")),
    Case("a reversal names a reversal", adding("payments", plain.payment("R4", "L2", DAY, 5, "R3")),
         ("payments.parquet", "row 5", "R4", "R3", "reversal itself", "reverses")),
    Case("a reversal names itself", setting("payments", 4, reverses="R3"), ("payments.parquet", "row 4", "R3", "reversal itself")),
)

VALUES = tuple(
    Case(f"{table}.{column} is {value}", setting(table, row, **{column: value}), (f"{table}.parquet", f"row {row}", column, *words))
    for table, row, column, value, words in (
        ("payments", 2, "amount_minor", -1, ("P2", "L1", "positive", "correct")),
        ("payments", 2, "amount_minor", 0, ("P2", "L1", "positive", "correct")),
        ("payments", 2, "amount_minor", 10**13 + 1, ("P2", "10,000,000,000,000", "unit")),
        ("payments", 3, "paid_on", date(1989, 12, 31), ("P3", "1990-01-01", "year")),
        ("payments", 1, "payment_id", None, ("empty",)),
        ("payments", 1, "amount_minor", None, ("P1", "empty")),
        ("payments", 1, "paid_on", None, ("P1", "empty")),
        ("payments", 1, "loan_id", None, ("P1", "empty")),
        ("loans", 2, "principal_minor", -1, ("L2", "below 0")),
        ("loans", 2, "principal_minor", 10**13 + 1, ("L2", "unit")),
        ("loans", 2, "penalty_rate_ppm", -1, ("L2", "below 0")),
        ("loans", 2, "penalty_rate_ppm", 10**9 + 1, ("L2", "unit")),
        ("loans", 2, "annual_rate_ppm", None, ("L2", "empty")),
        ("loans", 2, "grace_days", -1, ("L2", "below 0")),
        ("loans", 2, "day_count", 366, ("L2", "360, 365")),
        ("loans", 2, "regime", "cn_pawn", ("L2", "cn_pawn", "cn_licensed")),
        ("loans", 2, "waterfall_scope", "loan", ("L2", "loan", "component")),
        ("loans", 2, "waterfall_order", "fee,interest,principal", ("L2", "permutation")),
        ("loans", 2, "waterfall_order", "fee, penalty, interest, principal", ("L2", "permutation")),
        ("loans", 2, "penalty_on_interest", None, ("L2", "empty")),
        ("loans", 2, "borrower_id", None, ("L2", "empty")),
        ("loans", 2, "currency", None, ("L2", "empty")),
        ("loans", 2, "disbursed_on", date(1989, 12, 31), ("L2", "1990-01-01")),
        ("loans", 2, "disbursed_on", None, ("L2", "empty")),
        ("loans", 2, "loan_id", None, ("empty",)),
        ("instalments", 5, "interest_minor", -1, ("L2", "below 0")),
        ("instalments", 5, "fee_minor", 10**13 + 1, ("L2", "unit")),
        ("instalments", 5, "principal_minor", None, ("L2", "empty")),
        ("instalments", 5, "due_on", date(1989, 12, 31), ("L2", "1990-01-01")),
        ("instalments", 5, "due_on", None, ("L2", "empty")),
        ("instalments", 5, "number", None, ("L2", "empty")),
        ("instalments", 5, "number", 2**31, ("L2", "above")),
        ("instalments", 5, "loan_id", None, ("empty",)),
        ("adjustments", 2, "kind", "forgive", ("A2", "L3", "forgive", "waive_fee")),
        ("adjustments", 2, "kind", None, ("A2", "empty")),
        ("adjustments", 2, "amount_minor", -1, ("A2", "below 0")),
        ("adjustments", 2, "amount_minor", 10**13 + 1, ("A2", "unit")),
        ("adjustments", 2, "effective_on", date(1989, 12, 31), ("A2", "1990-01-01")),
        ("adjustments", 2, "adjustment_id", None, ("empty",)),
        ("adjustments", 1, "until_on", None, ("A1", "pause")),
        ("adjustments", 1, "until_on", date(2026, 3, 1), ("A1", "not after effective_on")),
        ("adjustments", 1, "until_on", date(2026, 2, 28), ("A1", "not after effective_on")),
        ("adjustments", 2, "loan_id", None, ("A2", "empty")),
        ("holds", 1, "kind", "holiday", ("H1", "holiday", "dispute")),
        ("holds", 1, "lifted_on", date(2026, 3, 31), ("H1", "placed_on")),
        ("holds", 1, "placed_on", None, ("H1", "empty")),
    )
) + (
    Case("an amount passes Int64", on_frame("payments", lambda frame: frame.with_columns(
        amount_minor=pl.Series([1, 2**63, 3, 4], dtype=pl.UInt64))), ("payments.parquet", "row 2", "amount_minor", "unit")),
)

CASES = (*FILES, *COLUMNS, *TYPES, *KEYS, *LOANS, *REVERSALS, *VALUES)
