"""Projects of firms and traders: what the money is for, how far it is, and the firm's money month by month."""

from arrears.money import PPM
from arrears.tables.table import WHOLE, Column, Table, date_of, money, recorded_at, text, whole

PROJECTS = Table(
    "projects",
    "one project that a firm or trader finances",
    ("project_id",),
    (
        text("project_id", "the project's name"),
        text("borrower_id", "whose it is"),
        text("loan_id", "the loan that finances it; null: several or none", nullable=True),
        text("industry", "what it is, in a word", nullable=True),
        text("currency", "ISO 4217 code of its budget"),
        money("budget_minor", "what it was to cost", nullable=True),
        date_of("started_on", "when work began"),
        date_of("finish_by_on", "when it was to be finished"),
        date_of("finished_on", "when it was; null: not yet", nullable=True),
        recorded_at(),
    ),
    optional=True,
)

MILESTONES = Table(
    "milestones",
    "one milestone of one project",
    ("project_id", "number"),
    (
        text("project_id", "the project"),
        text("borrower_id", "whose project it is"),
        whole("number", "count", "the milestone's number in the project", least=1, most=10_000),
        date_of("planned_on", "when it was to be reached"),
        date_of("reached_on", "when it was; null: not yet", nullable=True),
        recorded_at(),
    ),
    optional=True,
)

CASH_FLOWS = Table(
    "cash_flows",
    "one month of one firm's or trader's money",
    ("borrower_id", "month_on", "currency"),
    (
        text("borrower_id", "whose money it is"),
        date_of("month_on", "first day of the month"),
        text("currency", "ISO 4217 code"),
        money("inflow_minor", "money received", nullable=True),
        money("outflow_minor", "money paid out, debt service left aside", nullable=True),
        money("debt_service_minor", "interest and principal paid to all lenders", nullable=True),
        money("tax_minor", "tax paid", nullable=True),
        money("invoiced_minor", "invoices written", nullable=True),
        Column("largest_customer_ppm", WHOLE, "parts per million", "share of the largest customer in what was invoiced",
               least=0, most=PPM, nullable=True),
        recorded_at(),
    ),
    optional=True,
)
