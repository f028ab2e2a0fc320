"""The file's past-due days against ours: one row per loan, each in the class that explains it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
from loan_file import IN_COLLECTION

EARLY = "paid before the due date"
ON_TIME = "paid on the due date"
LATE = "paid after the due date"
WAITING = "in collection"
UNSAID = "in collection, the file says nan"
TORN = "the file's days are not its own dates' difference"

CLASSES = {
    EARLY: "the file counts the days early as negative; ours are never below 0",
    ON_TIME: "a payment on the due date is on time",
    LATE: "the file counts to the pay-off day; so do we, as known before the payment was booked that day",
    WAITING: "the file counts to one and the same day for all, and so do we",
    UNSAID: "we count it like its neighbours",
    TORN: "we follow the dates",
}
"""The classes, in the order of the table, and why the two numbers are what they are."""

PositionsOn = Callable[[date, datetime | None], pl.DataFrame]
"""The positions of a night, as known at a moment, or as known now."""


def eve_of(day: date) -> datetime:
    """The last second before the day: a payment of that day is not in the books yet."""
    return datetime.combine(day - timedelta(days=1), time(23, 59, 59), UTC)


def compare(contracts: pl.DataFrame, as_of: date, positions_on: PositionsOn) -> pl.DataFrame:
    """One row per loan: kind (its class), file_days, our_days, the night that decides it, expected_days, is_explained.

    A loan paid late is looked at on the night of its pay-off as known on the eve, when it was as late as the file says;
    with the payment it owes nothing and has no late days. All others are looked at on `as_of`. is_explained: our days
    are what the file's own dates say, with days early counted as 0.
    """
    paid_on = pl.col("paid_at").dt.date()
    is_late = (paid_on > pl.col("due_on")).fill_null(False)
    is_waiting = pl.col("status") == IN_COLLECTION
    named = contracts.with_columns(
        by_dates=(pl.coalesce(paid_on, pl.lit(as_of)) - pl.col("due_on")).dt.total_days(),
        night=pl.when(is_late).then(paid_on).otherwise(pl.lit(as_of)),
        is_on_the_eve=is_late,
    ).with_columns(_class_of(is_waiting).alias("kind"))
    nights = named.select("night", "is_on_the_eve").unique().sort("night", "is_on_the_eve")
    found = pl.concat(
        positions_on(night, eve_of(night) if on_the_eve else None).select(
            "loan_id",
            night=pl.lit(night),
            is_on_the_eve=pl.lit(on_the_eve),
            our_days=pl.col("days_past_due").cast(pl.Int64),
        )
        for night, on_the_eve in nights.iter_rows()
    )
    is_paid_by_then = ~is_waiting & ~pl.col("is_on_the_eve")
    expected = pl.when(is_paid_by_then).then(0).otherwise(pl.max_horizontal("by_dates", 0))
    return (
        named.join(found, on=["loan_id", "night", "is_on_the_eve"], how="left")
        .with_columns(expected_days=expected, file_days="past_due_days")
        .with_columns(is_explained=pl.col("our_days").eq_missing(pl.col("expected_days")))
        .select("loan_id", "status", "kind", "due_on", "paid_at", "night", "file_days", "our_days", "expected_days",
                "is_explained")
        .sort("loan_id")
    )


def _class_of(is_waiting: pl.Expr) -> pl.Expr:
    return (
        pl.when(is_waiting & pl.col("past_due_days").is_null())
        .then(pl.lit(UNSAID))
        .when(~pl.col("past_due_days").eq_missing(pl.col("by_dates")))
        .then(pl.lit(TORN))
        .when(is_waiting)
        .then(pl.lit(WAITING))
        .when(pl.col("by_dates") < 0)
        .then(pl.lit(EARLY))
        .when(pl.col("by_dates") == 0)
        .then(pl.lit(ON_TIME))
        .otherwise(pl.lit(LATE))
    )


def summary_of(compared: pl.DataFrame) -> pl.DataFrame:
    """One row per class: loans, how many have equal numbers, how many are explained, the span of both numbers."""
    counted = compared.group_by("kind").agg(
        pl.len().alias("loans"),
        (pl.col("file_days") == pl.col("our_days")).sum().alias("equal"),
        pl.col("is_explained").sum().alias("explained"),
        pl.col("file_days").min().alias("file_least"),
        pl.col("file_days").max().alias("file_most"),
        pl.col("our_days").min().alias("our_least"),
        pl.col("our_days").max().alias("our_most"),
    )
    order = pl.DataFrame({"kind": list(CLASSES), "why": list(CLASSES.values())})
    return order.join(counted, on="kind", how="inner", maintain_order="left")
