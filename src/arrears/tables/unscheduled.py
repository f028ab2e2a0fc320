"""Unscheduled: debts whose schedule nobody knows. They are kept and learnt from; they have no position."""

from arrears.tables.table import Table, date_of, money, recorded_at, text

UNSCHEDULED = Table(
    "unscheduled",
    "one debt without a schedule; it cannot be positioned",
    ("loan_id",),
    (
        text("loan_id", "the debt's name in the lender's books; not a loan of the table loans"),
        text("borrower_id", "pseudonym of the debtor"),
        text("product", "the lender's product"),
        text("currency", "ISO 4217 code"),
        money("principal_minor", "what was lent"),
        date_of("disbursed_on", "when the money was paid out"),
        money("charged_off_minor", "principal written off; null: nothing known", nullable=True),
        date_of("charged_off_on", "when it was written off", nullable=True),
        money("recovered_minor", "received since it was written off", nullable=True),
        recorded_at(),
    ),
    optional=True,
)
