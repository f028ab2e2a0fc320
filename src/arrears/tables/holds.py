"""Holds: why nobody may be contacted about a loan for now (停催)."""

from datetime import date

import polars as pl

from arrears.tables.table import Table, date_of, recorded_at, text

HOLD_KINDS = ("dispute", "complaint", "cease", "legal_stay", "hardship_review", "vulnerable")

HOLDS = Table(
    "holds",
    "one hold on a loan",
    ("hold_id",),
    (
        text("hold_id", "the hold's name"),
        text("loan_id", "the loan"),
        text("kind", "why it is held", one_of=HOLD_KINDS),
        date_of("placed_on", "first day on which it holds"),
        date_of("lifted_on", "first day on which it no longer holds; null: still held", nullable=True),
        recorded_at(),
    ),
    optional=True,
)


def stands_on(day: date) -> pl.Expr:
    """The hold was placed by the day and not lifted by then."""
    return (pl.col("placed_on") <= day) & (pl.col("lifted_on").is_null() | (pl.col("lifted_on") > day))
