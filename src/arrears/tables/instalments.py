"""Instalments: what falls due when. Source: spec positions, Inputs."""

from arrears.tables.table import Table, date_of, money, recorded_at, text, whole

INSTALMENTS = Table(
    "instalments",
    "one instalment of one version of a loan's schedule",
    ("loan_id", "number"),
    (
        text("loan_id", "the loan"),
        whole("number", "count", "the instalment's number in the schedule", least=-(2**31) + 1, most=2**31 - 1),
        date_of("due_on", "last day on which paying is on time"),
        money("principal_minor", "principal due"),
        money("interest_minor", "interest due"),
        money("fee_minor", "fees due"),
        recorded_at(optional=True),
    ),
    replaced_by=("loan_id",),
)
