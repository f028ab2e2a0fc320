"""How each loan's debtor has kept to what was agreed, and how often the loan is to be paid: what strategies and offers may ask for.

Kept or broken is told by payments alone (tables/promises_kept.py); a plan (分期方案) is

kept   for each instalment due by as_of, and before the plan ended: payments dated [agreed_on, due_on] reach the sum of the instalments up to it;
       and at least one is due, or, of a plan that ended by its last due date, its whole sum was paid before it ended

A plan that still runs is kept as long as it has been. Each plan and promise is judged as if no other had been given.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.days import number_of
from arrears.tables.facts import Facts
from arrears.tables.promises_kept import paid_between, promises_on

FREQUENCIES = ("once", "weekly", "fortnightly", "monthly", "longer")
"""Of a schedule: one due date at most; else by the days between due dates, up to GAPS_MOST of each but the last."""
GAPS_MOST = (10, 20, 45)
LOOKED_BACK_DAYS = 365
"""Promises given within so many days up to as_of count."""


def conduct(facts: Facts, as_of: date) -> pl.DataFrame:
    """One row per loan, in the order of facts.loans: kept_promises, broken_promises, kept_plans (Int32), in_plan (a plan holds), frequency (a word of FREQUENCIES); with loan_id,
    last_paid_on and last_promised_on (null where there was none by as_of).

    Promises: those given in the 365 days up to as_of; one that can still be kept is neither. Plans: all agreed by as_of. frequency: see `frequency_of`.
    """
    count = len(facts.loans)
    promises = promises_on(facts, as_of).filter(pl.col("promised_on") > as_of - timedelta(days=LOOKED_BACK_DAYS))

    def counted(loans: pl.Series) -> pl.Series:
        return pl.Series(np.bincount(loans.to_numpy(), minlength=count).astype(np.int32))

    plans = plans_on(facts, as_of)
    return pl.DataFrame({
        "loan_id": facts.loans["loan_id"],
        "kept_promises": counted(promises.filter(pl.col("state") == "kept")["loan"]),
        "broken_promises": counted(promises.filter(pl.col("state") == "broken")["loan"]),
        "kept_plans": counted(plans.filter("is_kept")["loan"]),
        "in_plan": counted(plans.filter("holds")["loan"]) > 0,
        "frequency": frequency_of(facts.instalments, count),
        "last_paid_on": _last(facts.counting_payments(number_of(as_of)).filter(pl.col("paid_on") <= as_of), "paid_on", count),
        "last_promised_on": _last(promises, "promised_on", count),
    })


def _last(rows: pl.DataFrame, day: str, count: int) -> pl.Series:
    """Per loan the latest of these days; null where it has none."""
    latest = np.full(count, _NEVER, np.int64)
    np.maximum.at(latest, rows["loan"].to_numpy(), rows[day].to_physical().to_numpy())
    return pl.Series(day, latest).set(pl.Series(latest == _NEVER), None).cast(pl.Int32).cast(pl.Date)


_NEVER = np.iinfo(np.int64).min


def plans_on(facts: Facts, as_of: date) -> pl.DataFrame:
    """One row per plan agreed by as_of: loan, plan_id, is_kept; holds: it was not ended, was kept so far, and its last day is still to come."""
    if "plan_id" not in facts.plans.columns:
        return pl.DataFrame(schema={"loan": pl.Int32, "plan_id": pl.String, "is_kept": pl.Boolean, "holds": pl.Boolean})
    plan, day = ["loan", "plan_id"], pl.lit(as_of, pl.Date)
    rows = facts.plans.filter(pl.col("agreed_on") <= as_of).sort(*plan, "due_on", "number")
    is_early = ((pl.col("ended_on") <= day) & (pl.col("ended_on") <= pl.col("due_on").max().over(plan))).fill_null(False)
    rows = rows.with_columns(
        is_early=is_early, until=pl.when(is_early).then(pl.col("ended_on") - pl.duration(days=1)).otherwise(day),
        owed_minor=pl.col("amount_minor").cum_sum().over(plan), whole_minor=pl.col("amount_minor").sum().over(plan))
    paid = paid_between(facts, rows["loan"], rows["agreed_on"], rows.select(pl.min_horizontal("due_on", "until")).to_series(), as_of)
    rows = rows.with_columns(paid_minor=paid, paid_in_all=paid_between(facts, rows["loan"], rows["agreed_on"], rows["until"], as_of))
    is_due = pl.col("due_on") <= pl.col("until")
    in_time = (~is_due | (pl.col("paid_minor") >= pl.col("owed_minor"))).all()
    enough = pl.when(pl.col("is_early").first()).then((pl.col("paid_in_all") >= pl.col("whole_minor")).first()).otherwise(is_due.any())
    runs = ((pl.col("ended_on").first() > day).fill_null(True)) & (pl.col("due_on").max() > day)
    return rows.group_by(plan, maintain_order=True).agg(is_kept=in_time & enough, holds=in_time & runs)


def restructured_on(facts: Facts, as_of: date) -> pl.Series:
    """Per loan, in the order of facts.loans, the last day by as_of on which its terms were changed: the book's own restructured_on, or the day a plan was agreed for it; null where none.

    That a plan counts, kept or not, is this project's own, stricter choice: the text on what a restructuring is was not read (law/cn/risk_classes.yaml). A later restructured_on of the book stays.
    """
    told = facts.loans["restructured_on"]
    if "plan_id" not in facts.plans.columns or facts.plans.is_empty():
        return told
    agreed = _last(facts.plans.filter(pl.col("agreed_on") <= as_of), "agreed_on", len(facts.loans))
    return pl.select(pl.max_horizontal(told, agreed)).to_series().alias("restructured_on")


def frequency_of(instalments: pl.DataFrame, loans: int) -> pl.Series:
    """A word of FREQUENCIES per loan: the first whose days hold at least half of the gaps between its due dates; `once` for one due date at most.

    instalments: loan (a row number below `loans`), due_on, in that order. A gap between two instalments of one day is none.
    """
    loan, due_on = instalments["loan"].to_numpy(), instalments["due_on"].to_physical().to_numpy()
    is_gap = np.zeros(len(loan), np.bool_)
    is_gap[1:] = (loan[1:] == loan[:-1]) & (due_on[1:] > due_on[:-1])
    gaps, of = np.diff(due_on, prepend=0)[is_gap], loan[is_gap]
    every = np.bincount(of, minlength=loans)
    place = np.full(loans, len(GAPS_MOST) + 1, np.int8)
    for at, most in reversed(list(enumerate(GAPS_MOST, start=1))):
        place[2 * np.bincount(of[gaps <= most], minlength=loans) >= every] = at
    place[every == 0] = 0
    return pl.Series("frequency", FREQUENCIES, dtype=pl.String).gather(place)
