"""Payments: money received, and rows that take a payment back. Source: spec positions, Inputs."""

from arrears.tables.table import Table, date_of, money, recorded_at, text

PAYMENTS = Table(
    "payments",
    "one payment, or the reversal of one",
    ("payment_id",),
    (
        text("payment_id", "the payment's name"),
        text("loan_id", "the loan it pays"),
        date_of("paid_on", "value date"),
        money("amount_minor", "amount received", least=1),
        text("reverses", "the payment this row takes back; null for a payment", nullable=True),
        recorded_at(),
    ),
)
