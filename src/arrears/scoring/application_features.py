"""What was known when a loan was approved: its terms, and how the person's earlier loans went by the day before it was paid out.

The business dates are those before disbursed_on. What was recorded late is known only to later facts, so exact figures of an old
approval need the facts as they were known then; those of a new applicant always are.
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.scoring.loan_features import PERCENT_PPM, by_constant, in_major_units
from arrears.scoring.payment_history import history
from arrears.scoring.spring_festival import gap_days
from arrears.tables.facts import Facts

RECENT_DAYS = 90


def application_features(facts: Facts, first: date, last: date) -> pl.DataFrame:
    """One row per loan of the facts disbursed on the days first to last, in the order of loan_id: loan_id, borrower_id, and the application
    features of features.yaml, Float64 or text.

    Of two loans paid out on one day neither is the earlier one.
    """
    loans = facts.loans.with_columns(loan=pl.int_range(pl.len(), dtype=pl.Int32))
    asked = loans.filter(pl.col("disbursed_on").is_between(first, last))
    terms = asked.join(_schedules(facts), on="loan", how="left", maintain_order="left")
    terms = terms.join(_earlier(facts, loans, asked), on="loan", how="left", maintain_order="left")
    terms = terms.join(_guarantors(facts), on="loan", how="left", maintain_order="left")
    terms = terms.join(_borrowers(facts), on="borrower_id", how="left", maintain_order="left")
    principal, day = pl.col("principal_minor").cast(pl.Float64), pl.col("disbursed_on")
    lent = pl.when(principal > 0).then(principal)
    counts = [pl.col(name).fill_null(0).cast(pl.Float64) for name in ("guarantors", "earlier_loans", "earlier_open_loans", "earlier_times_late_12m", "loans_90d")]
    return terms.select(
        "loan_id", "borrower_id", in_major_units("principal_minor", terms["currency"]).alias("principal"),
        by_constant(pl.col("annual_rate_ppm"), PERCENT_PPM).alias("annual_rate_percent"), by_constant(pl.col("penalty_rate_ppm"), PERCENT_PPM).alias("penalty_rate_percent"),
        pl.col("term_instalments").cast(pl.Float64), (pl.col("fees") / lent).alias("fee_share"), "product", "borrower_kind", "regime",
        *counts, pl.col("earlier_worst_delay_days").cast(pl.Float64), "earlier_late_share", (pl.col("earlier_unpaid") / lent).alias("earlier_unpaid_ratio"),
        pl.col("days_since_last_loan").cast(pl.Float64), day.dt.month().cast(pl.Float64).alias("disbursed_month"), "industry",
    ).with_columns(spring_festival_gap_days=gap_days(terms["disbursed_on"]))


def _schedules(facts: Facts) -> pl.DataFrame:
    return facts.instalments.group_by("loan").agg(term_instalments=pl.len(), fees=pl.col("fee_minor").cast(pl.Float64).sum())


def _earlier(facts: Facts, loans: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Of each loan asked for that has an earlier one of its person: what those had come to on the day before."""
    wanted = ["loan", "borrower_id", "currency", "disbursed_on"]
    pairs = asked.select(wanted).join(loans.select(wanted), on="borrower_id", suffix="_before")
    pairs = pairs.filter(pl.col("disbursed_on_before") < pl.col("disbursed_on")).sort("loan", "loan_before")
    days = pairs["disbursed_on"].to_physical().to_numpy().astype(np.int64) - 1
    pairs = pl.concat([pairs, history(facts, pairs["loan_before"].to_numpy(), days)], how="horizontal")
    left = (pl.col("scheduled") - pl.col("paid")).clip(0)
    since = (pl.col("disbursed_on") - pl.col("disbursed_on_before")).dt.total_days()
    fallen = pl.col("instalments_due").sum()
    return pairs.group_by("loan").agg(
        earlier_loans=pl.len(), earlier_open_loans=(left > 0).sum(), earlier_times_late_12m=pl.col("late_12m").sum(),
        earlier_worst_delay_days=pl.col("worst_delay_12m").max(), earlier_late_share=pl.when(fallen > 0).then(pl.col("late").sum() / fallen),
        earlier_unpaid=left.filter(pl.col("currency") == pl.col("currency_before")).cast(pl.Float64).sum(),
        days_since_last_loan=since.min(), loans_90d=(since <= RECENT_DAYS).sum(),
    )


def _guarantors(facts: Facts) -> pl.DataFrame:
    if "guarantor_id" not in facts.guarantors.columns:
        return pl.DataFrame(schema={"loan": pl.Int32, "guarantors": pl.UInt32})
    return facts.guarantors.group_by("loan").agg(guarantors=pl.len())


def _borrowers(facts: Facts) -> pl.DataFrame:
    if "industry" not in facts.borrowers.columns:
        return pl.DataFrame(schema={"borrower_id": pl.String, "borrower_kind": pl.String, "industry": pl.String})
    return facts.borrowers.select("borrower_id", pl.col("kind").alias("borrower_kind"), "industry")
