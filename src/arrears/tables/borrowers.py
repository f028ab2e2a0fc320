"""Borrowers: coarse attributes of a pseudonymous debtor; never a name, number or address."""

from arrears.tables.table import Table, recorded_at, text

BORROWER_KINDS = ("person", "sole_trader", "enterprise")

BORROWERS = Table(
    "borrowers",
    "one debtor",
    ("borrower_id",),
    (
        text("borrower_id", "pseudonym of the debtor"),
        text("kind", "who borrows", one_of=BORROWER_KINDS),
        text("region", "province or state, no finer", nullable=True),
        text("industry", "what a trader or firm does, in a word", nullable=True),
        recorded_at(),
    ),
    optional=True,
)
