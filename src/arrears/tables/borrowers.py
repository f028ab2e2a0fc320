"""Borrowers: coarse attributes of a pseudonymous debtor; never a name, number or address."""

from arrears.tables.table import Table, recorded_at, text

BORROWER_KINDS = ("person", "sole_trader", "enterprise")
SEXES = ("female", "male")
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
PROTECTED = ("sex", "age_band")
"""Columns by which reports compare how people fare; no decision and no model reads them."""

BORROWERS = Table(
    "borrowers",
    "one debtor",
    ("borrower_id",),
    (
        text("borrower_id", "pseudonym of the debtor"),
        text("kind", "who borrows", one_of=BORROWER_KINDS),
        text("region", "province or state, no finer", nullable=True),
        text("industry", "what a trader or firm does, in a word", nullable=True),
        text("sex", "used for fairness reports only, never by a model", optional=True, nullable=True, one_of=SEXES),
        text("age_band", "years of age; used for fairness reports only, never by a model", optional=True, nullable=True, one_of=AGE_BANDS),
        text("language", "in which the person asked to be spoken to, such as zh, yue, en; null: the lender's own; for giving out cases only, never read by a model",
             optional=True, nullable=True),
        recorded_at(),
    ),
    optional=True,
)
