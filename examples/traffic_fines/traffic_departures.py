"""Where the log departs from an orderly debt: each class with its cases, its amount and its explanation."""

from datetime import date

import polars as pl
import traffic_log as log
from traffic_book import (
    DISMISSED_BY_JUDGE,
    DISMISSED_BY_PREFECTURE,
    LAPSE_TERM,
    NOT_DISMISSED,
    PAYMENT_TERM,
    kept,
    quarantine_of,
)
from traffic_reconciliation import source_cases

DEPARTURES = {"departure": pl.String(), "cases": pl.Int64(), "amount_minor": pl.Int64(), "treatment": pl.String()}

_NOTIFICATION_DAYS = 150
"""Days in which a fine had to be notified. Source: art. 201 c. 1 as in force before law 120 of 2010."""


def departures(events: pl.DataFrame) -> pl.DataFrame:
    """One row per class of departure over the whole log, of `events` with the quarantined cases still in.

    Classes overlap: a case may be dismissed and overpaid. amount_minor is said in each treatment.
    """
    left_out, debts = quarantine_of(events), kept(events)
    cases = _facts(debts)
    rows = [
        ("left out: no debt as it stands", left_out.select("case_id", amount="asked_minor"), "quarantined; asked"),
        *_endings(cases),
        *_notices(cases),
        *_money(debts, cases),
        *_left_over(cases),
    ]
    return pl.DataFrame(
        [(name, found["case_id"].n_unique(), found["amount"].sum(), treatment) for name, found, treatment in rows],
        schema=DEPARTURES,
        orient="row",
    )


def _facts(events: pl.DataFrame) -> pl.DataFrame:
    """One row per case: the sums of the reconciliation at the log's end, and the first day of each activity."""
    last = events["happened_on"].max() or date.max
    activity, day = pl.col("activity"), pl.col("happened_on")
    firsts = events.group_by("case_id").agg(
        *(day.filter(activity == name).min().alias(name) for name in log.ACTIVITIES),
        day.filter(activity == log.PAID).max().alias("last_paid_on"),
        pl.col("dismissal").drop_nulls().implode().first().alias("codes"),
        pl.col("total_paid_minor").max(),
    )
    return source_cases(events, last + LAPSE_TERM).join(firsts, on="case_id").sort("case_id")


def _has(code: str) -> pl.Expr:
    return pl.col("codes").list.contains(code)


def _found(cases: pl.DataFrame, condition: pl.Expr, amount: pl.Expr) -> pl.DataFrame:
    return cases.filter(condition).select("case_id", amount=amount)


def _endings(cases: pl.DataFrame) -> list[tuple[str, pl.DataFrame, str]]:
    asked, to_judge = pl.col("asked_minor"), pl.col(log.APPEALED_TO_JUDGE).is_not_null()
    documented = [NOT_DISMISSED, DISMISSED_BY_PREFECTURE, DISMISSED_BY_JUDGE]
    is_unknown = pl.col("codes").list.set_difference(documented).list.len() > 0
    is_appealed = pl.any_horizontal(
        pl.col(name).is_not_null() for name in (log.APPEALED_TO_PREFECTURE, log.APPEAL_FORWARDED, log.APPEALED_TO_JUDGE)
    )
    has_result = pl.any_horizontal(
        pl.col(name).is_not_null() for name in (log.RESULT_RECEIVED, log.RESULT_NOTIFIED, log.HANDED_OVER)
    )
    is_open = is_appealed & ~pl.col("is_dismissed") & (~has_result | (to_judge & ~pl.col("is_handed_over")))
    return [
        (
            "dismissed by the prefecture (#)",
            _found(cases, _has(DISMISSED_BY_PREFECTURE), asked),
            "owed becomes 0; asked",
        ),
        ("dismissed by the judge (G)", _found(cases, _has(DISMISSED_BY_JUDGE), asked), "owed becomes 0; asked"),
        (
            "dismissed by the prefecture, yet appealed to the judge",
            _found(cases, _has(DISMISSED_BY_PREFECTURE) & to_judge, asked),
            "stays dismissed, held as a dispute; asked",
        ),
        (
            "dismissal code of unknown meaning",
            _found(cases, is_unknown, asked),
            "held (legal_stay), nothing waived; asked",
        ),
        ("appeal without a recorded end", _found(cases, is_open, asked), "held as a dispute to the end; asked"),
        (
            "result of an appeal nobody entered",
            _found(cases, ~is_appealed & pl.col(log.RESULT_RECEIVED).is_not_null(), asked),
            "no hold, its beginning is not known; asked",
        ),
        (
            "sent to credit collection",
            _found(cases, pl.col("is_handed_over"), asked - pl.col("paid_minor")),
            "product becomes fine_in_collection; left to pay",
        ),
    ]


def _notices(cases: pl.DataFrame) -> list[tuple[str, pl.DataFrame, str]]:
    asked, lapsed = pl.col("asked_minor"), pl.col("lapsed_minor")
    created, sent, notified = pl.col(log.CREATED), pl.col(log.SENT), pl.col(log.NOTIFIED)
    took = (notified - created).dt.total_days()
    return [
        ("never notified: lapsed", _found(cases, lapsed > 0, lapsed), "owed becomes what was paid; lapsed"),
        (
            "never notified, paid in full all the same",
            _found(cases, pl.col("is_lapsed") & (lapsed == 0), pl.col("paid_minor")),
            "due on the day it was paid; paid",
        ),
        (
            "sent only after it had lapsed",
            _found(cases, sent > created + LAPSE_TERM, asked),
            "owed again from the sending, due if notified; asked",
        ),
        (
            f"notified later than {_NOTIFICATION_DAYS} days after creation",
            _found(cases, took > _NOTIFICATION_DAYS, asked),
            "owed as the log says, a lawyer would look; asked",
        ),
        (
            "penalised without a notification",
            _found(cases, notified.is_null() & pl.col(log.PENALISED).is_not_null(), asked),
            "due on the day of the penalty; asked",
        ),
    ]


def _money(events: pl.DataFrame, cases: pl.DataFrame) -> list[tuple[str, pl.DataFrame, str]]:
    paid = pl.col("paid_minor")
    payments = events.filter(pl.col("activity") == log.PAID).select("case_id", "happened_on", amount="paid_minor")
    dated = payments.join(cases.drop("paid_minor"), on="case_id")
    in_time = (
        dated.filter(pl.col("happened_on") <= pl.col(log.NOTIFIED) + PAYMENT_TERM)
        .group_by("case_id")
        .agg(pl.col("amount").sum().alias("in_time"))
        .join(cases, on="case_id")
        .filter((pl.col("in_time") >= pl.col("fine_minor") + pl.col("expense_minor")) & (pl.col("penalty_minor") > 0))
    )
    return [
        (
            "payment before the fine",
            dated.filter(pl.col("happened_on") < pl.col(log.CREATED)),
            "the loan begins on the first event; paid",
        ),
        (
            "payment after credit collection",
            dated.filter(pl.col("happened_on") > pl.col(log.HANDED_OVER)),
            "counts like any other; paid",
        ),
        (
            "paid more than was asked",
            _found(cases, paid > pl.col("asked_minor"), paid - pl.col("asked_minor")),
            "stays unallocated, to be paid back; overpaid",
        ),
        (
            "fine and expenses paid within 60 days, penalised all the same",
            in_time.select("case_id", amount="penalty_minor"),
            "owed as the log says, a person should look; penalty",
        ),
        (
            "the log's own total is not the sum of its payments",
            _found(cases, pl.col("total_paid_minor") != paid, pl.col("total_paid_minor") - paid),
            "the payments count; total less sum",
        ),
    ]


def _left_over(cases: pl.DataFrame) -> list[tuple[str, pl.DataFrame, str]]:
    left = pl.col("owed_minor") - pl.col("paid_minor")
    is_left = (left > 0) & ~pl.col("is_handed_over") & ~pl.col("is_lapsed")
    rejected = pl.col(log.RESULT_RECEIVED).is_not_null() & (pl.col("paid_minor") > 0)
    late = ~rejected & (pl.col("paid_minor") > 0)
    return [
        (
            "left to pay after a rejected appeal, not handed over",
            _found(cases, is_left & rejected, left),
            "claimable; mostly 2.00: double the fine was paid, the log's total is more; left to pay",
        ),
        (
            "left to pay after part payment, not handed over",
            _found(cases, is_left & late, left),
            "claimable; mostly the penalty alone is open; left to pay",
        ),
        (
            "nothing paid, not handed over",
            _found(cases, is_left & (pl.col("paid_minor") == 0), left),
            "claimable, mostly held by an open appeal; left to pay",
        ),
    ]
