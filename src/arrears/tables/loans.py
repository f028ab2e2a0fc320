"""Loans: one row per contract. Source: spec positions, Inputs."""

from itertools import permutations

from arrears.tables.table import Table, date_of, flag, money, rate, recorded_at, text, whole

REGIMES = ("none", "cn_licensed", "cn_private", "cn_microloan")
SCOPES = ("instalment", "component")
PARTS = ("fee", "penalty", "interest", "principal")
ORDERS = tuple(",".join(order) for order in permutations(PARTS))
"""Every waterfall order that may be written, in a fixed sequence."""

LOANS = Table(
    "loans",
    "one loan contract",
    ("loan_id",),
    (
        text("loan_id", "the loan's name in the lender's books"),
        text("borrower_id", "pseudonym of the debtor; several loans may share it"),
        text("product", "the lender's product"),
        text("currency", "ISO 4217 code; sums never mix currencies"),
        money("principal_minor", "what was lent"),
        rate("annual_rate_ppm", "contract rate"),
        rate("penalty_rate_ppm", "penalty rate on what is overdue"),
        whole("day_count", "days a year", "days by which the penalty rate is divided", one_of=(360, 365)),
        whole("grace_days", "days", "late days that are forgiven when all is settled within them", least=0, most=36_500),
        text("waterfall_scope", "whether money settles instalment by instalment or part by part", one_of=SCOPES),
        text("waterfall_order", "in which order money settles the parts", one_of=ORDERS),
        flag("penalty_on_interest", "unpaid interest bears penalty too"),
        date_of("disbursed_on", "when the money was paid out"),
        text("regime", "which law caps the charges", one_of=REGIMES),
        date_of("filed_on", "when suit was filed", optional=True, nullable=True),
        date_of("restructured_on", "when the loan was last restructured", optional=True, nullable=True),
        recorded_at(optional=True),
    ),
)
