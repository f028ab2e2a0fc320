"""Proposals: what we want to do about each late loan."""

from datetime import date

import polars as pl

from arrears.strategy.decision_table import Strategy, chosen_row
from arrears.tables.holds import HOLD_KINDS, stands_on


def propose(positions: pl.DataFrame, loans: pl.DataFrame, holds: pl.DataFrame, strategy: Strategy, as_of: date) -> pl.DataFrame:
    """One row per late loan (days_past_due > 0), in the order of loan_id, with its treatment and the row that gave it.

    positions and loans have one row per loan, in the same order. A hold on any loan of a person holds them all.
    """
    late = pl.concat([positions, loans.drop("loan_id")], how="horizontal").filter(pl.col("days_past_due") > 0)
    late = late.join(held_people(holds, as_of), on="borrower_id", how="left", maintain_order="left")
    late = late.with_columns(
        pl.col("hold").fill_null("none"),
        cap=pl.when(pl.col("cap_is_known")).then(pl.lit("known")).otherwise(pl.lit("unknown")),
        overpaid=pl.when(pl.col("overpaid_charges_minor") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")),
        claimable=pl.col("claimable_minor"),
    ).with_columns(chosen_row(strategy))
    rows = pl.DataFrame({
        "row": pl.Series(range(len(strategy.rows)), dtype=pl.UInt16),
        "treatment": [row.treatment for row in strategy.rows],
        "rule": [row.name for row in strategy.rows],
        "reason_zh": [row.reason_zh for row in strategy.rows],
        "reason_en": [row.reason_en for row in strategy.rows],
    })
    return late.join(rows, on="row", how="left", maintain_order="left").select(
        "loan_id", "borrower_id", "bucket", "days_past_due", "product", "currency", "claimable_minor", "hold",
        "treatment", "rule", "reason_zh", "reason_en",
    )


def held_people(holds: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """borrower_id and the strictest kind of hold on any of their loans on the day; strictest by HOLD_KINDS.

    holds: one row per hold, with borrower_id.
    """
    standing = holds.filter(stands_on(as_of))
    rank = pl.col("kind").replace_strict(list(HOLD_KINDS), range(len(HOLD_KINDS)), return_dtype=pl.Int8)
    return (
        standing.sort(rank, "borrower_id").unique("borrower_id", keep="first", maintain_order=True)
        .select("borrower_id", pl.col("kind").alias("hold"))
    )
