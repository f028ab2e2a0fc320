"""What a loan and its person looked like at the end of a day: one row of features per loan, the same for night, fit and re-score.

Nothing dated after the day and nothing that was not recorded by the moment of the facts is read. A count of nothing is 0, whether or
not the book keeps such rows; a share of nothing, and the days since what never was, are null. Definitions: features.yaml.
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.days import number_of
from arrears.money import decimals_of
from arrears.scoring.firm_features import MONTHLY, firm_months, firm_projects, project_budgets
from arrears.scoring.payment_history import history
from arrears.scoring.person_features import contact_history, event_history, hold_state
from arrears.scoring.spring_festival import gap_days
from arrears.tables.facts import Facts
from arrears.tables.promises_kept import promises_on

SHANGHAI = "Asia/Shanghai"
PERCENT_PPM = 10_000
_DAYS_A_MONTH = 30.4375


def loan_features(
    facts: Facts, positions: pl.DataFrame, loans: pl.DataFrame, as_of: date, *, zone: str = SHANGHAI,
) -> pl.DataFrame:
    """One row per row of positions, in its order: loan_id, borrower_id and the loan features of features.yaml.

    positions, loans: what `assess` gave of these facts at as_of. Guarantors are judged by facts.standings (`standings_of` over the whole book); without
    it their state is null. zone: whose midnight ends the day for contacts and events. Any split of a book into whole people gives the same rows. Raises ValueError where the positions are those of other facts.
    """
    row = _rows_of(facts, positions)
    whole = pl.concat([positions, loans.drop("loan_id"), _terms(facts, row)], how="horizontal")
    whole = pl.concat([whole, history(facts, row, np.full(len(row), number_of(as_of)))], how="horizontal").with_columns(
        loan=pl.Series(row, dtype=pl.Int32))
    joined = {"on": "loan", "how": "left", "maintain_order": "left"}
    of_person = {"on": "borrower_id", "how": "left", "maintain_order": "left"}
    whole = whole.join(_people(whole), on=["borrower_id", "currency"], how="left", maintain_order="left")
    whole = whole.join(_guarantors(facts), **joined).join(_promises(facts, as_of), **joined)
    for part in (contact_history(facts, as_of, zone), event_history(facts, as_of, zone), hold_state(facts, as_of), firm_projects(facts, as_of)):
        whole = whole.join(part, **of_person)
    for part in (firm_months(facts, as_of), project_budgets(facts, as_of)):
        whole = whole.join(part, on=["borrower_id", "currency"], how="left", maintain_order="left")
    day = pl.lit(as_of, pl.Date)
    groups = (_paid(day), _position(day), _contract(whole["currency"]), _person(), _promised(day), _reached(), _firm())
    features = whole.select("loan_id", "borrower_id", *(expression for group in groups for expression in group))
    next_due = whole["next_due_on"]
    return features.with_columns(
        next_due_month=next_due.dt.month().cast(pl.Float64), spring_festival_gap_days=gap_days(next_due),
    )


def standings_of(positions: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """borrower_id, days_past_due: the worst of each person's loans; one row per person, for facts.standings."""
    frame = positions.select("days_past_due").with_columns(loans["borrower_id"])
    return frame.group_by("borrower_id").agg(pl.col("days_past_due").max()).sort("borrower_id")


def _rows_of(facts: Facts, positions: pl.DataFrame) -> np.ndarray:
    """The row of facts.loans of each position; both are in the order of loan_id."""
    row = np.flatnonzero(facts.loans["loan_id"].is_in(positions["loan_id"].implode()).to_numpy())
    if not facts.loans["loan_id"].gather(row).equals(positions["loan_id"]):
        raise ValueError("the positions are not those of these facts: their loans differ")
    return row


def _terms(facts: Facts, row: np.ndarray) -> pl.DataFrame:
    terms = facts.loans.select("annual_rate_ppm", "penalty_rate_ppm", "filed_on", "restructured_on", "borrower_id")[row]
    if "borrower_id" not in facts.borrowers.columns:
        return terms.drop("borrower_id").with_columns(borrower_kind=pl.lit(None, pl.String))
    kinds = facts.borrowers.select("borrower_id", pl.col("kind").alias("borrower_kind"))
    return terms.join(kinds, on="borrower_id", how="left", maintain_order="left").drop("borrower_id")


def _people(whole: pl.DataFrame) -> pl.DataFrame:
    """Per person and currency what all their loans come to, and of the person in any currency how late they are."""
    by = ["borrower_id", "currency"]
    sums = whole.group_by(by).agg(
        person_outstanding=pl.col("outstanding_principal_minor").cast(pl.Float64).sum(),
        person_due_30d=pl.col("due_next_30d").cast(pl.Float64).sum(), person_paid_90d=pl.col("paid_90d").cast(pl.Float64).sum())
    late = whole.sort("days_past_due", descending=True).group_by("borrower_id").agg(
        person_loans=pl.len(), worst=pl.col("days_past_due").first(), second=pl.col("days_past_due").slice(1, 1).first(),
        open_loans=(pl.col("outstanding_principal_minor") > 0).sum())
    return sums.join(late, on="borrower_id", how="left")


def _guarantors(facts: Facts) -> pl.DataFrame:
    if "guarantor_id" not in facts.guarantors.columns:
        return pl.DataFrame(schema={"loan": pl.Int32, "guarantors": pl.Float64, "guarantor_days_past_due": pl.Float64})
    standings = facts.standings
    if standings is None:
        standings = pl.DataFrame(schema={"borrower_id": pl.String, "days_past_due": pl.Int32})
    worst = standings.group_by("borrower_id").agg(pl.col("days_past_due").max())
    known = facts.guarantors.join(worst, left_on="guarantor_id", right_on="borrower_id", how="left")
    return known.group_by("loan").agg(
        guarantors=pl.len().cast(pl.Float64), guarantor_days_past_due=pl.col("days_past_due").max().cast(pl.Float64))


def _promises(facts: Facts, as_of: date) -> pl.DataFrame:
    state = pl.col("state")
    is_open = state == "open"
    return promises_on(facts, as_of).group_by("loan").agg(
        promises_open=is_open.sum(), promises_kept=(state == "kept").sum(), promises_broken=(state == "broken").sum(),
        promised_minor=(pl.col("amount_minor") - pl.col("paid_minor")).filter(is_open).sum(),
        first_pay_by_on=pl.col("pay_by_on").filter(is_open).min())


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64)


def _count(name: str) -> pl.Expr:
    return pl.col(name).fill_null(0).cast(pl.Float64)


def _share(part: str | pl.Expr, whole: str | pl.Expr) -> pl.Expr:
    """part / whole; null where the whole is nothing."""
    top, below = (pl.col(one) if isinstance(one, str) else one for one in (part, whole))
    return pl.when(below > 0).then(top.cast(pl.Float64) / below.cast(pl.Float64))


def _since(day: pl.Expr, name: str) -> pl.Expr:
    """Days from a day number to as_of."""
    return (day.to_physical() - pl.col(name)).cast(pl.Float64)


def _paid(day: pl.Expr) -> tuple[pl.Expr, ...]:
    """From the history of instalments and payments."""
    return (
        _number("late_3m").alias("times_late_3m"), _number("late_6m").alias("times_late_6m"), _number("late_12m").alias("times_late_12m"),
        _number("worst_delay_12m").alias("worst_delay_days_12m"), _share("late", "instalments_due").alias("late_share"),
        _number("on_time_streak"), _since(day, "last_late_on").alias("days_since_late"), _number("last_delay").alias("last_delay_days"),
        _since(day, "last_paid_on").alias("days_since_payment"), _number("payments_90d"),
        _share("paid_30d", "due_30d").alias("paid_to_due_30d"), _share("paid_90d", "due_90d").alias("paid_to_due_90d"),
        _share("paid", "due_so_far").alias("paid_to_due"), _number("reversed_90d").alias("payments_reversed_90d"),
        (1 - _share("outstanding_principal_minor", "disbursed_minor")).alias("principal_paid_share"),
        by_constant((day - pl.col("disbursed_on")).dt.total_days(), _DAYS_A_MONTH).alias("months_on_book"),
        (pl.col("instalments") - pl.col("instalments_due")).cast(pl.Float64).alias("instalments_left"),
        _number("first_late_days").alias("first_instalment_late_days"),
    )


def _position(day: pl.Expr) -> tuple[pl.Expr, ...]:
    instalment = _share("scheduled", "instalments")
    return (
        _number("days_past_due"), _share("due_principal_minor", "outstanding_principal_minor").alias("overdue_share"),
        _share("due_total_minor", instalment).alias("due_in_instalments"), _share("penalty_minor", "due_total_minor").alias("penalty_share"),
        _share("unallocated_minor", "next_due_minor").alias("next_due_covered"),
        (pl.col("next_due_on") - day).dt.total_days().cast(pl.Float64).alias("days_to_next_due"),
    )


def _contract(currencies: pl.Series) -> tuple[pl.Expr, ...]:
    return (
        in_major_units("disbursed_minor", currencies).alias("principal"), by_constant(pl.col("annual_rate_ppm"), PERCENT_PPM).alias("annual_rate_percent"),
        by_constant(pl.col("penalty_rate_ppm"), PERCENT_PPM).alias("penalty_rate_percent"), _number("instalments").alias("term_instalments"),
        _share("fees", "disbursed_minor").alias("fee_share"), "product", "borrower_kind", "regime",
        (pl.col("restructured_on") <= pl.col("as_of")).fill_null(False).alias("is_restructured"),
        (pl.col("filed_on") <= pl.col("as_of")).fill_null(False).alias("is_filed"),
    )


def in_major_units(column: str, currencies: pl.Series) -> pl.Expr:
    """An amount as a feature, in units of the row's own `currency` (all of which are among currencies); Float64, never money again."""
    scale = {name: 10.0 ** decimals_of(name) for name in currencies.unique().sort()}
    return by_constant(pl.col(column), pl.col("currency").replace_strict(scale or {"": 1.0}, return_dtype=pl.Float64))


def by_constant(value: pl.Expr, divisor: float | pl.Expr) -> pl.Expr:
    """value / divisor, divided row by row: by a scalar Polars multiplies with the reciprocal, but not in a frame of one row, and the last bit differs."""
    value = value.cast(pl.Float64)
    return value / (value * 0 + divisor)


def _person() -> tuple[pl.Expr, ...]:
    """From the person's other loans, guarantors and holds."""
    other = pl.when(pl.col("days_past_due") == pl.col("worst")).then(pl.col("second")).otherwise(pl.col("worst")).cast(pl.Float64)
    return (
        (pl.col("person_loans") - 1).cast(pl.Float64).alias("other_loans"), (other > 0).alias("other_loan_late"),
        other.alias("other_days_past_due"), _share("person_outstanding", "disbursed_minor").alias("person_outstanding_ratio"),
        _share(3 * pl.col("person_due_30d"), "person_paid_90d").alias("person_due_30d_ratio"),
        _count("guarantors"), _number("guarantor_days_past_due"), pl.col("is_disputed").fill_null(False),
    )


def _promised(day: pl.Expr) -> tuple[pl.Expr, ...]:
    return (
        _count("promises_open"), _count("promises_kept"), _count("promises_broken"),
        (pl.col("first_pay_by_on") - day).dt.total_days().cast(pl.Float64).alias("promise_days_left"),
        pl.when(pl.col("promises_open") > 0).then(_share("promised_minor", "due_total_minor")).alias("promise_share"),
    )


def _reached() -> tuple[pl.Expr, ...]:
    """From contacts and events."""
    return (
        _count("attempts_30d"), _number("answered_share_180d"), _number("days_since_answered"), pl.col("number_invalid").fill_null(False),
        _count("inbound_90d"), _count("failed_debits_30d"), _number("days_since_log_in"), _count("messages_returned_90d"),
    )


def _firm() -> tuple[pl.Expr, ...]:
    """From the firm's months, milestones and projects."""
    return (
        *MONTHLY, "milestones_late", "milestone_worst_days", "project_overdue_days",
        _share("project_budget", "person_outstanding").alias("project_budget_ratio"),
    )
