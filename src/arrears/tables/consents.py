"""Consents: what a person agreed to, and until when. Source: spec verdicts, Facts (consents)."""

from arrears.tables.contacts import CHANNELS
from arrears.tables.table import Table, moment, recorded_at, text

CONSENT_KINDS = ("night_contact", "electronic")

CONSENTS = Table(
    "consents",
    "one consent of one person",
    ("consent_id",),
    (
        text("consent_id", "the consent's name"),
        text("borrower_id", "who gave it"),
        text("kind", "what was agreed to", one_of=CONSENT_KINDS),
        text("channel", "the channel an electronic consent opens", one_of=CHANNELS, nullable=True),
        text("from_hour", "HH:MM, first minute a night consent opens", nullable=True),
        text("to_hour", "HH:MM, first minute it no longer opens", nullable=True),
        moment("given_at", "from when it counts"),
        moment("revoked_at", "from when it no longer counts; null: it stands", nullable=True),
        recorded_at(),
    ),
    optional=True,
)
