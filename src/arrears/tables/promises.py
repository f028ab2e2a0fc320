"""Promises: what a person said they would pay, and by when (承诺还款)."""

from arrears.tables.table import Table, date_of, money, recorded_at, text

PROMISES = Table(
    "promises",
    "one promise to pay",
    ("promise_id",),
    (
        text("promise_id", "the promise's name"),
        text("loan_id", "the loan it is about"),
        date_of("promised_on", "when it was given"),
        date_of("pay_by_on", "last day on which paying keeps it"),
        money("amount_minor", "what was promised", least=1),
        recorded_at(),
    ),
    optional=True,
)
