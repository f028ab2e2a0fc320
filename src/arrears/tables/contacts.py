"""Contacts: the history of what was tried to reach a person. Source: spec verdicts, Facts (history)."""

from arrears.tables.table import Table, moment, recorded_at, text

CHANNELS = ("call", "voice_bot", "sms", "email", "im", "push", "letter", "visit")
OUTCOMES = ("answered", "no_answer", "busy", "invalid_number", "refused", "delivered", "unknown")
RELATIONS = ("debtor", "co_debtor", "guarantor", "spouse", "reserved_contact", "other")
DIRECTIONS = ("outbound", "inbound")

CONTACTS = Table(
    "contacts",
    "one attempt to reach a person, or one that reached us",
    ("contact_id",),
    (
        text("contact_id", "the contact's name"),
        text("borrower_id", "the debtor it was about"),
        text("loan_id", "the loan it was about; null: all of the debtor's", nullable=True),
        moment("attempted_at", "when it was made"),
        text("channel", "by which way", one_of=CHANNELS),
        text("direction", "who reached whom", one_of=DIRECTIONS),
        text("relation", "who was reached", one_of=RELATIONS),
        text("outcome", "what came of it", one_of=OUTCOMES),
        recorded_at(),
    ),
    optional=True,
)
