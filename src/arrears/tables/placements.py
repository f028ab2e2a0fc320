"""Placements: who held which debtor's case, from when until when, and why it came back (派案、退案)."""

from arrears.tables.table import Table, date_of, recorded_at, text

RETURNED_WHY = ("idle", "left", "agency", "term", "other")
"""Nothing was done about it; whoever held it left; the agency's own doing, or the end of its contract; the term was over; anything else."""

PLACEMENTS = Table(
    "placements",
    "one debtor's case in the hands of one collector or agency",
    ("placement_id",),
    (
        text("placement_id", "the placement's name"),
        text("borrower_id", "whose debts they are; one person's go together"),
        text("held_by", "the collector or agency, as the roster calls them; never a person's own name"),
        date_of("placed_on", "first day on which it was theirs"),
        date_of("returned_on", "first day on which it no longer was; null: it still is", nullable=True),
        text("returned_why", "why it came back", nullable=True, one_of=RETURNED_WHY),
        recorded_at(),
    ),
    optional=True,
)
