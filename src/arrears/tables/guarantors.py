"""Guarantors: who answers for a loan beside its borrower."""

from arrears.tables.table import Table, money, recorded_at, text

GUARANTORS = Table(
    "guarantors",
    "one guarantor of one loan",
    ("loan_id", "guarantor_id"),
    (
        text("loan_id", "the loan"),
        text("guarantor_id", "pseudonym of the guarantor; may be a borrower too"),
        money("limit_minor", "the most the guarantor answers for; null: all of it", nullable=True),
        recorded_at(),
    ),
    optional=True,
)
