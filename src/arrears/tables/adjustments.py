"""Adjustments: waivers, pauses, acceleration. Source: spec positions, sections 6 to 8."""

from arrears.tables.table import WHOLE, Column, Table, date_of, money, recorded_at, text

KINDS = ("waive_fee", "waive_interest", "waive_penalty", "pause", "accelerate")

ADJUSTMENTS = Table(
    "adjustments",
    "one adjustment of a loan",
    ("adjustment_id",),
    (
        text("adjustment_id", "the adjustment's name; adjustments of a day run in its order"),
        text("loan_id", "the loan"),
        date_of("effective_on", "first day on which it holds"),
        text("kind", "what is done", one_of=KINDS),
        Column(
            "number", WHOLE, "count", "instalment waived; null: the due ones, oldest first",
            nullable=True, least=-(2**31) + 1, most=2**31 - 1,
        ),
        money("amount_minor", "the most that is waived; null: all of it", nullable=True),
        date_of("until_on", "first day on which a pause no longer holds", nullable=True),
        recorded_at(),
    ),
    optional=True,
)
