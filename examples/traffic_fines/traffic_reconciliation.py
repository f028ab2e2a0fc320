"""Does it add up: the log against the book, and the book against the positions, to the cent and case by case.

The source side reads only the events; the book side only the tables as they were visible that night; neither reads
what the other computed. A difference raises NotReconciled, it is never rounded away.
"""

from datetime import UTC, date, datetime, time

import polars as pl
import traffic_log as log
from traffic_book import DISMISSED_BY_JUDGE, DISMISSED_BY_PREFECTURE, LAPSE_TERM


class NotReconciled(ValueError):
    """Two sums that must be equal are not; the message says which, by how much and in which cases."""


def known_at(as_of: date) -> datetime:
    """The last second of the business date, in UTC: what was in the books by then is what that night may know."""
    return datetime.combine(as_of, time(23, 59, 59), UTC)


def year_ends(events: pl.DataFrame) -> list[date]:
    """31 December of every year the log touches."""
    years = events["happened_on"].dt.year()
    return [date(year, 12, 31) for year in range(years.min(), years.max() + 1)]


def euros(cents: int) -> str:
    """An amount as it is printed: 1,351.80."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def visible(table: pl.DataFrame, key: list[str], moment: datetime) -> pl.DataFrame:
    """The rows of the latest version of each key that was recorded by `moment`."""
    seen = table.filter(pl.col("recorded_at") <= moment)
    return seen.filter(pl.col("recorded_at") == pl.col("recorded_at").max().over(key))


def source_cases(events: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What the log says of each case by `as_of`: one row per case created by then, amounts in cents.

    lapsed_minor is what nobody was notified of in time, less what was paid on it all the same.
    """
    seen = events.filter(pl.col("happened_on") <= as_of)
    activity = pl.col("activity")

    def days(name: str) -> pl.Expr:
        return pl.col("happened_on").filter(activity == name)

    cases = seen.group_by("case_id").agg(
        pl.col("amount_minor").filter(activity == log.CREATED).sum().alias("fine_minor"),
        pl.col("expense_minor").sum().alias("expense_minor"),
        pl.col("amount_minor").filter(activity == log.PENALISED).last().alias("raised_to_minor"),
        pl.col("paid_minor").sum().alias("paid_minor"),
        pl.col("dismissal").is_in([DISMISSED_BY_PREFECTURE, DISMISSED_BY_JUDGE]).any().alias("is_dismissed"),
        (activity.is_in([log.NOTIFIED, log.PENALISED])).any().alias("is_notified"),
        (activity == log.HANDED_OVER).any().alias("is_handed_over"),
        (pl.coalesce(days(log.SENT).max(), pl.col("happened_on").min()) + LAPSE_TERM).alias("lapse_on"),
    )
    penalty = pl.coalesce(pl.col("raised_to_minor") - pl.col("fine_minor"), 0)
    asked = pl.col("fine_minor") + pl.col("expense_minor") + penalty
    is_lapsed = ~pl.col("is_dismissed") & ~pl.col("is_notified") & (pl.col("lapse_on") <= as_of)
    return (
        cases.with_columns(penalty_minor=penalty, asked_minor=asked, is_lapsed=is_lapsed)
        .with_columns(
            dismissed_minor=pl.when("is_dismissed").then("asked_minor").otherwise(0),
            lapsed_minor=pl.when("is_lapsed")
            .then(pl.max_horizontal(pl.col("asked_minor") - pl.col("paid_minor"), 0))
            .otherwise(0),
        )
        .with_columns(owed_minor=pl.col("asked_minor") - pl.col("dismissed_minor") - pl.col("lapsed_minor"))
        .sort("case_id")
    )


def book_cases(book: dict[str, pl.DataFrame], as_of: date) -> pl.DataFrame:
    """What the book held of each loan that night: one row per loan, out of the versions visible then."""
    moment = known_at(as_of)
    loans = visible(book["loans"], ["loan_id"], moment).select("loan_id", "principal_minor", "product")
    parts = pl.col("principal_minor") + pl.col("interest_minor") + pl.col("fee_minor")
    schedules = visible(book["instalments"], ["loan_id"], moment).group_by("loan_id").agg(
        parts.sum().alias("owed_minor"),
        parts.filter(pl.col("due_on") <= as_of).sum().alias("fallen_due_minor"),
        pl.col("principal_minor").sum().alias("scheduled_principal_minor"),
    )
    payments = visible(book["payments"], ["payment_id"], moment).group_by("loan_id").agg(
        pl.col("amount_minor").sum().alias("paid_minor")
    )
    return (
        loans.join(schedules, on="loan_id", how="left")
        .join(payments, on="loan_id", how="left")
        .with_columns(pl.col("paid_minor").fill_null(0))
        .sort("loan_id")
    )


def reconcile_book(events: pl.DataFrame, book: dict[str, pl.DataFrame], as_of: date) -> dict[str, int]:
    """The sums of that night, log equal to book in each case; raises NotReconciled otherwise."""
    source, held = source_cases(events, as_of), book_cases(book, as_of)
    both = source.join(held, left_on="case_id", right_on="loan_id", how="full", coalesce=True, suffix="_book")
    _equal(both, "owed_minor", "owed_minor_book", as_of, "owed: log less dismissed less lapsed, and the schedules")
    _equal(both, "paid_minor", "paid_minor_book", as_of, "payments of the log and of the book")
    _equal(both, "principal_minor", "scheduled_principal_minor", as_of, "principal of the loans and of the schedules")
    asked = source["fine_minor"].sum() + source["expense_minor"].sum() + source["penalty_minor"].sum()
    dismissed, lapsed, owed = (source[name].sum() for name in ("dismissed_minor", "lapsed_minor", "owed_minor"))
    if asked - dismissed - lapsed != held["owed_minor"].sum():
        raise NotReconciled(f"{as_of}: {asked} asked - {dismissed} dismissed - {lapsed} lapsed is not {owed} owed")
    return {
        "fines": source.height,
        "fine_minor": source["fine_minor"].sum(),
        "expense_minor": source["expense_minor"].sum(),
        "penalty_minor": source["penalty_minor"].sum(),
        "dismissed_minor": dismissed,
        "lapsed_minor": lapsed,
        "owed_minor": owed,
        "paid_minor": source["paid_minor"].sum(),
    }


def reconcile_positions(book: dict[str, pl.DataFrame], positions: pl.DataFrame, as_of: date) -> dict[str, int]:
    """The sums of the positions, equal to the book in each case; raises NotReconciled otherwise.

    A fine bears no interest and no penalty by the day, so what is due is plain arithmetic: what has fallen due less
    what was paid, never below zero, and what was paid beyond it is not allocated.
    """
    held = book_cases(book, as_of)
    both = held.join(positions, on="loan_id", how="full", coalesce=True, suffix="_position").with_columns(
        due_minor=pl.max_horizontal(pl.col("fallen_due_minor") - pl.col("paid_minor"), 0),
        beyond_minor=pl.max_horizontal(pl.col("paid_minor") - pl.col("fallen_due_minor"), 0),
    )
    _equal(both, "paid_minor", "paid_minor_position", as_of, "payments of the book and of the positions")
    _equal(both, "due_minor", "due_total_minor", as_of, "fallen due less paid, and due_total_minor")
    _equal(both, "beyond_minor", "unallocated_minor", as_of, "paid beyond what fell due, and unallocated_minor")
    _equal(both, "due_total_minor", "claimable_minor", as_of, "due and claimable without a cap")
    due, unallocated = positions["due_total_minor"].sum(), positions["unallocated_minor"].sum()
    not_due = held["owed_minor"].sum() - held["fallen_due_minor"].sum()
    settled = held["paid_minor"].sum() - unallocated
    if settled + due + not_due != held["owed_minor"].sum():
        raise NotReconciled(f"{as_of}: {settled} settled + {due} due + {not_due} not due is not what is owed")
    return {"settled_minor": settled, "due_minor": due, "not_due_minor": not_due, "unallocated_minor": unallocated}


def _equal(rows: pl.DataFrame, left: str, right: str, as_of: date, what: str) -> None:
    apart = rows.filter(~pl.col(left).eq_missing(pl.col(right)))
    if apart.height:
        names = rows.columns[0]
        cases = ", ".join(apart[names].head(5))
        by = (apart[left].sum() or 0) - (apart[right].sum() or 0)
        raise NotReconciled(
            f"{as_of}: {what} differ in {apart.height} cases ({cases} …), by {by} cents together; "
            "nothing may be demanded from this book before it is explained"
        )
