"""The teaching file of 500 short loans: dates as text, "nan" for nothing, negative days for early payers.

Source: Kaggle, zhijinzhai/loandata. The file names no currency, country, interest, fee or amount paid.
"""

import os
from datetime import date
from pathlib import Path

import polars as pl

PAID_OFF = "PAIDOFF"
IN_COLLECTION = "COLLECTION"
PAID_IN_COLLECTION = "COLLECTION_PAIDOFF"
STATUSES = (PAID_OFF, IN_COLLECTION, PAID_IN_COLLECTION)

NOTHING = ("", "nan", "null", "none", "na", "n/a")
"""What stands for an empty cell, in lower case."""

DATES = ("%m/%d/%Y", "%Y-%m-%d")
MOMENTS = ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
"""How the file writes days and times; months and days may lack their zero. Months come first: 9/14/2016."""

CONTRACTS = {
    "loan_id": pl.String(),
    "status": pl.String(),
    "principal_minor": pl.Int64(),
    "term_days": pl.Int64(),
    "began_on": pl.Date(),
    "due_on": pl.Date(),
    "paid_at": pl.Datetime("us", "UTC"),
    "past_due_days": pl.Int64(),
}
"""One row per loan of the file; past_due_days as the file says it, negative for days early, null where it says nan."""

_COLUMNS = (
    "loan_id", "loan_status", "principal", "terms", "effective_date", "due_date", "paid_off_time", "past_due_days",
)


_ROOT = Path(__file__).resolve().parents[2]


class FileUnreadable(ValueError):
    """The file cannot be read; the message says what, where and what to do."""


def default_file() -> Path:
    """Where the file is looked for: beside the repository, or under ARREARS_SHARED."""
    shared = Path(os.environ.get("ARREARS_SHARED", _ROOT.parent / "shared"))
    return shared / "data" / "loan_payments_500" / "loan_payments.parquet"


def read_contracts(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The loans of the file (as CONTRACTS) and the rows that cannot be one, with the reason.

    Raises FileUnreadable for a missing file or column. Age, education and gender are left in the file: nothing here
    needs them.
    """
    rows = _rows(path)
    missing = [column for column in _COLUMNS if column not in rows.columns]
    if missing:
        raise FileUnreadable(f"{path}: the file has no column {', '.join(missing)}; a loan cannot be told without it")
    written = rows.select(_written(column).alias(column) for column in _COLUMNS)
    read = written.select(
        "loan_id",
        status="loan_status",
        principal_minor=_whole("principal") * 100,
        term_days=_whole("terms"),
        began_on=_day("effective_date"),
        due_on=_day("due_date"),
        paid_at=_moment("paid_off_time"),
        past_due_days=_whole("past_due_days"),
    ).cast(CONTRACTS)
    judged = read.with_columns(reason=_reason(written))
    return (
        judged.filter(pl.col("reason").is_null()).drop("reason").sort("loan_id"),
        judged.filter(pl.col("reason").is_not_null()).sort("loan_id", "reason"),
    )


def totals_of(path: Path) -> tuple[int, int]:
    """How many rows the file has, and its Principal in cents, summed without reading anything else of it."""
    rows = _rows(path)
    return rows.height, round(sum(float(amount) for amount in rows["principal"]) * 100)


def implied_as_of(contracts: pl.DataFrame) -> date:
    """The one day on which the file counted the loans still in collection: due date plus past-due days.

    Raises FileUnreadable where the rows do not name one and the same day.
    """
    days = (
        contracts.filter((pl.col("status") == IN_COLLECTION) & pl.col("past_due_days").is_not_null())
        .select(pl.col("due_on") + pl.duration(days=pl.col("past_due_days")))
        .to_series()
        .unique()
        .sort()
    )
    if len(days) != 1:
        raise FileUnreadable(f"the loans in collection imply {len(days)} different days, not one; choose with --as-of")
    return days[0]


def _rows(path: Path) -> pl.DataFrame:
    if not path.exists():
        raise FileUnreadable(f"{path}: no such file; give the loan file's path with --file (.parquet or .csv)")
    rows = pl.read_csv(path, infer_schema=False) if path.suffix.lower() == ".csv" else pl.read_parquet(path)
    return rows.rename({column: column.strip().lower() for column in rows.columns})


def _written(column: str) -> pl.Expr:
    """The cell as text, null where nothing is written."""
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(~text.str.to_lowercase().is_in(list(NOTHING))).then(text)


def _whole(column: str) -> pl.Expr:
    number = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when(number == number.round()).then(number).cast(pl.Int64)


def _day(column: str) -> pl.Expr:
    return pl.coalesce(pl.col(column).str.to_date(form, strict=False) for form in DATES)


def _moment(column: str) -> pl.Expr:
    """The clock time of the file, read as UTC: the file names no zone."""
    timed = [pl.col(column).str.to_datetime(form, strict=False, time_unit="us") for form in MOMENTS]
    return pl.coalesce(*timed, _day(column).cast(pl.Datetime("us"))).dt.replace_time_zone("UTC")


def _reason(written: pl.DataFrame) -> pl.Expr:
    """Why a row is no loan; null where it is one. Only past_due_days may be empty or unreadable."""
    is_settled = pl.col("status").is_in([PAID_OFF, PAID_IN_COLLECTION])
    is_unread = pl.col("paid_at").is_null() & written["paid_off_time"].is_not_null()
    cases = [
        (pl.col("loan_id").is_null(), "no Loan_ID"),
        (pl.col("loan_id").is_duplicated(), "a Loan_ID more than once"),
        (pl.col("status").is_null() | ~pl.col("status").is_in(list(STATUSES)), "an unknown loan_status"),
        (pl.col("principal_minor").is_null() | (pl.col("principal_minor") <= 0), "no positive Principal"),
        (pl.col("began_on").is_null(), "effective_date is no date"),
        (pl.col("due_on").is_null(), "due_date is no date"),
        (pl.col("due_on") < pl.col("began_on"), "due before it began"),
        (is_unread, "paid_off_time is no time"),
        (is_settled & pl.col("paid_at").is_null(), "paid off, but no paid_off_time"),
        (~is_settled & pl.col("paid_at").is_not_null(), "in collection, but with a paid_off_time"),
        (pl.col("paid_at").dt.date() < pl.col("began_on"), "paid off before it began"),
    ]
    reason = pl.lit(None, pl.String)
    for condition, words in reversed(cases):
        reason = pl.when(condition.fill_null(False)).then(pl.lit(words)).otherwise(reason)
    return reason
