"""Two flat tables from the log for the models: one row per notified fine, and one per fine and month after its notification.

    .venv/bin/python examples/traffic_fines/tables.py [--log PATH] --out DIR

Everything in a row but its outcome was known on its day (`notified_on`; the first day of the month). Exit status 0: the tables are
written. 2: the log is absent or unreadable.
"""

import argparse
import sys
from pathlib import Path

import polars as pl
from traffic_log import (
    APPEALED_TO_JUDGE,
    APPEALED_TO_PREFECTURE,
    CREATED,
    HANDED_OVER,
    NOTIFIED,
    PAID,
    PENALISED,
    SENT,
    LogUnreadable,
    default_log,
    read_events,
)

FOLLOWED_DAYS = 730
"""A fine counts for the first table if the log goes on so long after its notification: all had the same time to pay."""
MONTH_DAYS, MONTHS_MOST = 30, 24


def fines_of(events: pl.DataFrame) -> pl.DataFrame:
    """One row per notified fine that was not paid in full before: what was known on that day, and whether it was paid before hand-over.

    `paid_before_hand_over` is 1 where a payment followed within FOLLOWED_DAYS and before a hand-over; null where the fine was appealed
    against or dismissed first (nobody could ask for it), or where the log ends earlier.
    """
    fines = _fines(events)
    until = pl.col("notified_on") + pl.duration(days=FOLLOWED_DAYS)
    paid = pl.col("paid_on").is_not_null() & (pl.col("paid_on") < until) & _before("paid_on", "handed_over_on")
    stopped = pl.col("stopped_on").is_not_null() & ~(paid & _before("paid_on", "stopped_on"))
    known = ~stopped & (until <= pl.lit(events["happened_on"].max()))
    return fines.select(
        *_KNOWN, paid_before_hand_over=pl.when(known).then(paid.cast(pl.Int64))
    ).sort("notified_on", "fine")


def months_of(events: pl.DataFrame) -> pl.DataFrame:
    """One row per notified fine and month of 30 days in which it was still open when the month began: `paid` says whether it was paid then.

    A fine leaves with its payment, its hand-over or its appeal, after MONTHS_MOST months, or where the log ends before the month does:
    months that nobody saw whole are not in the table (censoring), unless the payment was seen in them.
    """
    last = events["happened_on"].max()
    months = _fines(events).with_columns(month=pl.int_ranges(0, MONTHS_MOST)).explode("month", empty_as_null=True, keep_nulls=True)
    starts = pl.col("notified_on") + pl.duration(days=MONTH_DAYS * pl.col("month"))
    months = months.with_columns(month_from=starts, month_to=starts + pl.duration(days=MONTH_DAYS))
    out = pl.min_horizontal("paid_on", "handed_over_on", "stopped_on")
    paid = pl.col("paid_on").is_not_null() & (pl.col("paid_on") < pl.col("month_to")) & (pl.col("paid_on") == out)
    left = pl.min_horizontal("handed_over_on", "stopped_on").fill_null(last) < pl.col("month_to")
    seen = paid | (~left & (pl.col("month_to") <= last))
    penalised = pl.col("penalised_on").is_not_null() & (pl.col("penalised_on") <= pl.col("month_from"))
    owed = pl.when(penalised).then("penalised_minor").otherwise("fine_minor") + pl.col("expense_minor") - pl.col("paid_before_minor")
    open_then = out.is_null() | (out >= pl.col("month_from"))
    return months.filter(open_then & seen).select(
        *_KNOWN, "month", "month_from", penalised=penalised.cast(pl.Int64), owed_minor=owed, paid=paid.cast(pl.Int64)
    ).sort("month_from", "fine")


_KNOWN = (
    "fine", "notified_on", "created_on", "fine_minor", "expense_minor", "paid_before_minor", "article", "vehicle_class",
    "days_to_sending", "days_to_notification", "weekday", "created_month",
)


def _before(first: str, second: str) -> pl.Expr:
    return pl.col(second).is_null() | (pl.col(first) <= pl.col(second))


def _fines(events: pl.DataFrame) -> pl.DataFrame:
    """One row per fine that was notified: its days, its amounts, and the first payment after the notification."""
    def on(*activities: str) -> pl.Expr:
        return pl.col("happened_on").filter(pl.col("activity").is_in(activities)).min()

    def amount(column: str, activity: str) -> pl.Expr:
        return pl.col(column).filter(pl.col("activity") == activity).first()

    notified = events.filter(pl.col("activity") == NOTIFIED).group_by("case_id").agg(notified_on=pl.col("happened_on").min())
    payments = events.filter(pl.col("activity") == PAID).join(notified, on="case_id")
    earlier = pl.col("happened_on") < pl.col("notified_on")
    payments = payments.group_by("case_id").agg(
        paid_on=pl.col("happened_on").filter(~earlier).min(), paid_before_minor=pl.col("paid_minor").filter(earlier).sum()
    )
    fines = events.group_by("case_id").agg(
        created_on=on(CREATED), sent_on=on(SENT), penalised_on=on(PENALISED), handed_over_on=on(HANDED_OVER),
        stopped_on=on(APPEALED_TO_PREFECTURE, APPEALED_TO_JUDGE), fine_minor=amount("amount_minor", CREATED),
        penalised_minor=amount("amount_minor", PENALISED), expense_minor=amount("expense_minor", SENT),
        article=amount("article", CREATED).cast(pl.String), vehicle_class=amount("vehicle_class", CREATED),
    )
    fines = fines.join(notified, on="case_id").join(payments, on="case_id", how="left").rename({"case_id": "fine"})
    fines = fines.with_columns(pl.col("paid_before_minor").fill_null(0), pl.col("expense_minor").fill_null(0)).with_columns(
        days_to_sending=(pl.col("sent_on") - pl.col("created_on")).dt.total_days(),
        days_to_notification=(pl.col("notified_on") - pl.col("sent_on")).dt.total_days(),
        weekday=pl.col("created_on").dt.weekday().cast(pl.String), created_month=pl.col("created_on").dt.month().cast(pl.String),
    )
    return fines.filter(pl.col("paid_before_minor") < pl.col("fine_minor") + pl.col("expense_minor"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, default=default_log())
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        events = read_events(asked.log)
    except LogUnreadable as problem:
        print(problem, file=sys.stderr)
        return 2
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, table in (("fines", fines_of(events)), ("months", months_of(events))):
        table.write_parquet(asked.out / f"{name}.parquet")
        print(f"{asked.out / name}.parquet: {table.height:,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
