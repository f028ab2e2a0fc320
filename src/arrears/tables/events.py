"""Events: what happened between two nights and bears on how a debtor stands (失败扣款、登录、退回的短信)."""

from arrears.tables.table import Table, moment, recorded_at, text

EVENT_KINDS = ("failed_debit", "log_in", "message_returned")

EVENTS = Table(
    "events",
    "one thing that happened to a debtor's account",
    ("event_id",),
    (
        text("event_id", "the event's name"),
        text("borrower_id", "whose it is"),
        text("loan_id", "the loan it is about; null: all of the debtor's", nullable=True),
        text("kind", "what happened", one_of=EVENT_KINDS),
        moment("happened_at", "when it happened"),
        recorded_at(),
    ),
    optional=True,
)
