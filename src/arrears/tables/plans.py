"""Plans: agreed instalments for what is overdue (分期还款协议). Whether one is kept is told by payments."""

from arrears.tables.table import Table, date_of, money, recorded_at, text, whole

PLANS = Table(
    "plans",
    "one instalment of one agreed plan",
    ("plan_id", "number"),
    (
        text("plan_id", "the plan's name"),
        text("loan_id", "the loan it is about"),
        date_of("agreed_on", "when it was agreed"),
        whole("number", "count", "the instalment's number in the plan", least=1, most=1_000),
        date_of("due_on", "last day on which paying it is on time"),
        money("amount_minor", "what is to be paid", least=1),
        date_of("ended_on", "first day on which the plan no longer holds; null: it holds", nullable=True),
        recorded_at(),
    ),
    optional=True,
    replaced_by=("plan_id",),
)
