"""A book out of the police-fine log: one fine is one loan, and every event is a version recorded on its own day.

Amounts are euro cents. What the log does not say and this example had to assume is named in the constants below.
"""

from datetime import timedelta
from pathlib import Path

import polars as pl
import traffic_log as log

from arrears.tables import HOLDS, INSTALMENTS, LOANS, PAYMENTS

PAYMENT_TERM = timedelta(days=60)
"""Days to pay after notification. Source: Codice della Strada (d.lgs. 285/1992) art. 202 c. 1."""

LAPSE_TERM = timedelta(days=360)
"""Days after which a fine nobody was notified of is no longer owed, counted from its sending (or creation).

Source of the number: art. 201 c. 1, residents abroad, the longest term there is; c. 5 says that the debt ends. That it
holds for everybody, and from the sending, is this example's assumption: the log does not say who lives abroad.
"""

DISMISSED_BY_PREFECTURE = "#"
DISMISSED_BY_JUDGE = "G"
NOT_DISMISSED = "NIL"
"""The three codes whose meaning is known, from descriptions of the log; see the README."""

FINE, EXPENSES, PENALTY = 1, 2, 3
"""The instalments of a fine, by number."""

QUARANTINE = {"case_id": pl.String(), "reason": pl.String(), "asked_minor": pl.Int64(), "paid_minor": pl.Int64()}


def quarantine_of(events: pl.DataFrame) -> pl.DataFrame:
    """The cases that are no debt as they stand: one row per case, with the reason and the amounts left out with it."""
    created = pl.col("activity") == log.CREATED
    cases = events.group_by("case_id").agg(
        created.sum().alias("created"),
        pl.col("amount_minor").filter(created).sum().alias("fine_minor"),
        pl.col("amount_minor").filter(pl.col("activity") == log.PENALISED).min().alias("raised_minor"),
        pl.col("expense_minor").sum(),
        pl.col("paid_minor").sum(),
        pl.col("paid_minor").filter(pl.col("activity") == log.PAID).min().alias("least_paid_minor"),
    )
    reason = (
        pl.when(pl.col("created") != 1)
        .then(pl.lit("not exactly one Create Fine"))
        .when(pl.col("raised_minor") < pl.col("fine_minor"))
        .then(pl.lit("Add penalty lowers the amount"))
        .when(pl.col("least_paid_minor") <= 0)
        .then(pl.lit("a payment that is not positive"))
    )
    asked = pl.max_horizontal("fine_minor", "raised_minor") + pl.col("expense_minor")
    return (
        cases.with_columns(reason=reason, asked_minor=asked)
        .filter(pl.col("reason").is_not_null())
        .select(QUARANTINE.keys())
        .sort("case_id")
    )


def kept(events: pl.DataFrame) -> pl.DataFrame:
    """The events of the cases that are a debt."""
    return events.join(quarantine_of(events), on="case_id", how="anti").sort("sequence")


def case_days(events: pl.DataFrame) -> pl.DataFrame:
    """What was known of each case at the end of each day that may have changed it: one row per case and day.

    Sums (fine_minor, expense_minor, penalty_minor, paid_minor) run from the beginning; dates stay once they are known.
    The days on which a fine may lapse are days of their own.
    """
    created = pl.col("activity") == log.CREATED
    cases = events.group_by("case_id").agg(
        pl.col("amount_minor").filter(created).first().alias("fine_minor"),
        pl.col("happened_on").min().alias("created_on"),
        pl.col("article").drop_nulls().first(),
        pl.col("vehicle_class").drop_nulls().first(),
    )
    created_lapse = cases.select("case_id", day=pl.col("created_on") + LAPSE_TERM)
    sent_lapse = events.filter(pl.col("activity") == log.SENT).select(
        "case_id", day=pl.col("happened_on") + LAPSE_TERM
    )
    lapse_days = pl.concat([created_lapse, sent_lapse]).unique()
    return (
        events.sort("case_id", "sequence")
        .group_by("case_id", pl.col("happened_on").alias("day"), maintain_order=True)
        .agg(*_news_of_a_day())
        .join(lapse_days, on=["case_id", "day"], how="full", coalesce=True)
        .join(cases, on="case_id")
        .sort("case_id", "day")
        .with_columns(*_known_by_then())
    )


_FIRSTS = {
    log.SENT: "sent_on",
    log.NOTIFIED: "notified_on",
    log.PENALISED: "penalised_on",
    log.HANDED_OVER: "handed_over_on",
}


def _news_of_a_day() -> list[pl.Expr]:
    is_paid, is_raised = pl.col("activity") == log.PAID, pl.col("activity") == log.PENALISED
    return [
        pl.col("expense_minor").sum().alias("expense_of_day"),
        pl.col("paid_minor").filter(is_paid).sum().alias("paid_of_day"),
        pl.col("amount_minor").filter(is_raised).last().alias("raised_to_minor"),
        pl.col("dismissal").is_in([DISMISSED_BY_PREFECTURE, DISMISSED_BY_JUDGE]).any().alias("dismissed_of_day"),
        *(
            pl.col("happened_on").filter(pl.col("activity") == activity).first().alias(name)
            for activity, name in _FIRSTS.items()
        ),
    ]


def _known_by_then() -> list[pl.Expr]:
    raised = pl.col("raised_to_minor").forward_fill().over("case_id")
    return [
        pl.col("expense_of_day").fill_null(0).cum_sum().over("case_id").alias("expense_minor"),
        pl.col("paid_of_day").fill_null(0).cum_sum().over("case_id").alias("paid_minor"),
        (raised - pl.col("fine_minor")).fill_null(0).alias("penalty_minor"),
        pl.col("dismissed_of_day").fill_null(False).cum_max().over("case_id").alias("is_dismissed"),
        *(pl.col(name).forward_fill().over("case_id") for name in _FIRSTS.values()),
    ]


def owed(days: pl.DataFrame) -> pl.DataFrame:
    """What each case owes by each of its days, and when it falls due: `days` with three amounts and three dates.

    Dismissed: nothing, from the beginning. Lapsed: only what was paid anyway. Otherwise all that was asked so far.
    Due on the 60th day after notification; sooner where it was paid in full sooner; without a notification after the
    day on which it lapses, so never before somebody was notified. The penalty is due on the day it is added.
    """
    lapse_on = pl.coalesce("sent_on", "created_on") + LAPSE_TERM
    is_lapsed = (
        pl.coalesce("notified_on", "penalised_on").is_null() & (pl.col("day") >= lapse_on) & ~pl.col("is_dismissed")
    )
    fine_kept = pl.min_horizontal("fine_minor", "paid_minor")
    expenses_kept = pl.min_horizontal(pl.col("expense_minor"), pl.col("paid_minor") - fine_kept)
    is_paid = pl.col("paid_minor") >= pl.col("fine_minor") + pl.col("expense_minor")
    term_ends_on = pl.coalesce(
        pl.min_horizontal(pl.col("notified_on") + PAYMENT_TERM, "penalised_on"),
        pl.when("is_lapsed").then("lapse_on"),
        pl.col("lapse_on") + PAYMENT_TERM,
    )
    return (
        days.with_columns(lapse_on=lapse_on, is_lapsed=is_lapsed)
        .with_columns(
            _cut(fine_kept, pl.col("fine_minor")).alias("fine_owed_minor"),
            _cut(expenses_kept, pl.col("expense_minor")).alias("expenses_owed_minor"),
            _cut(pl.lit(0, pl.Int64), pl.col("penalty_minor")).alias("penalty_owed_minor"),
            _first_day(is_paid).alias("fine_paid_on"),
            _first_day(is_paid & pl.col("sent_on").is_not_null()).alias("expenses_paid_on"),
            term_ends_on=term_ends_on,
        )
        .with_columns(
            fine_due_on=pl.min_horizontal("term_ends_on", "fine_paid_on"),
            expenses_due_on=pl.min_horizontal("term_ends_on", "expenses_paid_on"),
            penalty_due_on=pl.col("penalised_on"),
        )
    )


def _cut(lapsed: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when("is_dismissed").then(0).when("is_lapsed").then(lapsed).otherwise(whole).cast(pl.Int64)


def _first_day(condition: pl.Expr) -> pl.Expr:
    """The first day of the case, up to this one, on which the condition held; null before."""
    return pl.when(condition).then("day").forward_fill().over("case_id").cum_min().over("case_id")


def _changes(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Only the days on which one of the columns is not what it was on the case's day before."""
    changed = [~pl.col(column).eq_missing(pl.col(column).shift().over("case_id")) for column in columns]
    is_first = pl.col("case_id").is_first_distinct()
    return rows.filter(is_first | pl.any_horizontal(changed))


def _recorded(day: str) -> pl.Expr:
    return pl.col(day).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("recorded_at")


def loans_of(owing: pl.DataFrame) -> pl.DataFrame:
    """The loans table: a version per day on which the fine's amount or its stage changed.

    The hand-over to credit collection shows as the product `fine_in_collection`: the debt and its age stay as they are,
    somebody else asks for it.
    """
    product = pl.when(pl.col("handed_over_on").is_null()).then(pl.lit("fine")).otherwise(pl.lit("fine_in_collection"))
    versions = _changes(owing.with_columns(product=product), ["fine_owed_minor", "product"])
    return versions.select(
        loan_id="case_id",
        borrower_id=pl.lit("debtor-") + pl.col("case_id"),
        product="product",
        currency=pl.lit("EUR"),
        principal_minor="fine_owed_minor",
        annual_rate_ppm=pl.lit(0, pl.Int64),
        penalty_rate_ppm=pl.lit(0, pl.Int64),
        day_count=pl.lit(365, pl.Int64),
        grace_days=pl.lit(0, pl.Int64),
        waterfall_scope=pl.lit("instalment"),
        waterfall_order=pl.lit("fee,penalty,interest,principal"),
        penalty_on_interest=pl.lit(False),
        disbursed_on="created_on",
        regime=pl.lit("none"),
        filed_on=pl.lit(None, pl.Date),
        restructured_on=pl.lit(None, pl.Date),
        recorded_at=_recorded("day"),
        article="article",
        vehicle_class="vehicle_class",
    ).cast(LOANS.schema | {"article": pl.Int64(), "vehicle_class": pl.String()})


def instalments_of(owing: pl.DataFrame) -> pl.DataFrame:
    """The instalments table: whole schedules, one per day on which an amount or a due date changed.

    Number 1 is the fine (principal), 2 the expenses (fee, once sent), 3 the penalty (fee, once added).
    """
    parts = ("fine", "expenses", "penalty")
    columns = [f"{part}_{what}" for part in parts for what in ("owed_minor", "due_on")]
    columns += ["sent_on", "penalised_on"]
    versions = _changes(owing, columns)

    def part(name: str, number: int, rows: pl.DataFrame) -> pl.DataFrame:
        owed_minor, nothing = pl.col(f"{name}_owed_minor"), pl.lit(0, pl.Int64)
        return rows.select(
            loan_id="case_id",
            number=pl.lit(number, pl.Int64),
            due_on=f"{name}_due_on",
            principal_minor=owed_minor if number == FINE else nothing,
            interest_minor=nothing,
            fee_minor=nothing if number == FINE else owed_minor,
            recorded_at=_recorded("day"),
        )

    return (
        pl.concat(
            [
                part("fine", FINE, versions),
                part("expenses", EXPENSES, versions.filter(pl.col("sent_on").is_not_null())),
                part("penalty", PENALTY, versions.filter(pl.col("penalised_on").is_not_null())),
            ]
        )
        .sort("loan_id", "recorded_at", "number")
        .cast(INSTALMENTS.schema)
    )


def payments_of(events: pl.DataFrame) -> pl.DataFrame:
    """The payments table: one row per payment of the log."""
    return (
        events.filter(pl.col("activity") == log.PAID)
        .select(
            payment_id=pl.col("case_id") + "-" + pl.col("sequence").cast(pl.String).str.zfill(9),
            loan_id="case_id",
            paid_on="happened_on",
            amount_minor="paid_minor",
            reverses=pl.lit(None, pl.String),
            recorded_at=_recorded("happened_on"),
        )
        .sort("payment_id")
        .cast(PAYMENTS.schema)
    )


def holds_of(events: pl.DataFrame) -> pl.DataFrame:
    """The holds table: appeals as disputes, and unknown dismissal codes as a stay until somebody has looked.

    A dispute is lifted by the result's notification (else its receipt), by a dismissal or by the hand-over to credit
    collection, whichever the log shows first on or after the appeal; without any of them it is still held.
    """
    prefecture = _disputes(
        events,
        "prefecture",
        placed_by=[log.APPEALED_TO_PREFECTURE, log.APPEAL_FORWARDED],
        lifted_by=[log.RESULT_NOTIFIED, log.RESULT_RECEIVED, log.HANDED_OVER],
        dismissed=[DISMISSED_BY_PREFECTURE, DISMISSED_BY_JUDGE],
    )
    judge = _disputes(
        events,
        "judge",
        placed_by=[log.APPEALED_TO_JUDGE],
        lifted_by=[log.HANDED_OVER],
        dismissed=[DISMISSED_BY_JUDGE],
    )
    documented = [NOT_DISMISSED, DISMISSED_BY_PREFECTURE, DISMISSED_BY_JUDGE]
    unknown = (
        events.filter(pl.col("dismissal").is_not_null() & ~pl.col("dismissal").is_in(documented))
        .group_by("case_id")
        .agg(placed_on=pl.col("happened_on").min())
        .select(
            "case_id", "placed_on", lifted_on=pl.lit(None, pl.Date), kind=pl.lit("legal_stay"), about=pl.lit("code")
        )
    )
    # A dispute decided on the day it was placed never kept anybody from asking.
    is_empty = (pl.col("lifted_on") == pl.col("placed_on")).fill_null(False)
    holds = pl.concat([prefecture, judge, unknown]).filter(~is_empty)
    placed = holds.with_columns(_recorded("placed_on"), lifted_on=pl.lit(None, pl.Date))
    lifted = holds.filter(pl.col("lifted_on").is_not_null()).with_columns(_recorded("lifted_on"))
    return (
        pl.concat([placed, lifted])
        .select(
            hold_id=pl.col("case_id") + "-" + pl.col("about"),
            loan_id="case_id",
            kind="kind",
            placed_on="placed_on",
            lifted_on="lifted_on",
            recorded_at="recorded_at",
        )
        .sort("hold_id", "recorded_at")
        .cast(HOLDS.schema)
    )


def _disputes(
    events: pl.DataFrame, about: str, placed_by: list[str], lifted_by: list[str], dismissed: list[str]
) -> pl.DataFrame:
    placed = (
        events.filter(pl.col("activity").is_in(placed_by)).group_by("case_id").agg(placed_on=pl.col("happened_on").min())
    )
    # A receipt ends the dispute only where no notification follows it, so each case lists its own best ending.
    has_notice = (pl.col("activity") == log.RESULT_NOTIFIED).any().over("case_id")
    is_superseded = (pl.col("activity") == log.RESULT_RECEIVED) & has_notice
    ends = events.filter(
        (pl.col("activity").is_in(lifted_by) & ~is_superseded) | pl.col("dismissal").is_in(dismissed)
    ).select("case_id", ended_on="happened_on")
    lifted = (
        placed.join(ends, on="case_id")
        .filter(pl.col("ended_on") >= pl.col("placed_on"))
        .group_by("case_id")
        .agg(lifted_on=pl.col("ended_on").min())
    )
    return placed.join(lifted, on="case_id", how="left").select(
        "case_id", "placed_on", "lifted_on", kind=pl.lit("dispute"), about=pl.lit(about)
    )


def book_of(events: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The book's tables by name, out of events without quarantined cases."""
    owing = owed(case_days(events))
    return {
        "loans": loans_of(owing),
        "instalments": instalments_of(owing),
        "payments": payments_of(events),
        "holds": holds_of(events),
    }


def write_book(book: dict[str, pl.DataFrame], folder: Path) -> None:
    """`folder` holds one Parquet file per table of the book."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in book.items():
        table.write_parquet(folder / f"{name}.parquet")
