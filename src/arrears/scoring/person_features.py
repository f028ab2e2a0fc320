"""What contacts, events and holds say of a person by the end of a day; one row per person who has any."""

from datetime import date, timedelta

import polars as pl

from arrears.days import moment_of, number_of
from arrears.tables.facts import Facts
from arrears.tables.holds import stands_on
from arrears.tables.table import MOMENT
from arrears.zones import instants_at

SPOKEN = ("call", "voice_bot", "visit")
"""Channels by which a person can answer; by the others a message is delivered at most."""
CONTESTED = ("dispute", "complaint", "cease", "legal_stay")
"""Holds that contest the debt. Hardship and vulnerability are no inputs of a model: they are reasons to spare, not to score."""


def end_of(day: date, zone: str) -> pl.Expr:
    """The first instant after the day by the zone's clock."""
    return pl.lit(moment_of(instants_at(zone, number_of(day) + 1, 0)[0]), MOMENT)


def contact_history(facts: Facts, as_of: date, zone: str) -> pl.DataFrame:
    """borrower_id, attempts_30d, answered_share_180d, days_since_answered, number_invalid, inbound_90d; Float64 but the flag.

    An attempt is outbound; it is answered where the debtor answered a call, voice bot or visit. number_invalid: the latest call or
    voice bot of the last 180 days met an invalid number.
    """
    if "attempted_at" not in facts.contacts.columns:
        return pl.DataFrame(schema=_CONTACT_SCHEMA)
    end, at = end_of(as_of, zone), pl.col("attempted_at")
    own = facts.contacts.filter((at < end) & (pl.col("relation") == "debtor"))
    out, spoken = pl.col("direction") == "outbound", pl.col("channel").is_in(list(SPOKEN))
    tried = out & spoken & _within(end, 180)
    dialled = out & pl.col("channel").is_in(["call", "voice_bot"]) & _within(end, 180)
    answered = pl.col("outcome") == "answered"
    invalid_at = at.filter(dialled & (pl.col("outcome") == "invalid_number")).max()
    valid_at = at.filter(dialled & (pl.col("outcome") != "invalid_number")).max()
    return own.group_by("borrower_id").agg(
        attempts_30d=(out & _within(end, 30)).sum().cast(pl.Float64),
        answered_share_180d=pl.when(tried.any()).then((tried & answered).sum() / tried.sum()),
        days_since_answered=_days_since(end, at.filter(out & spoken & answered).max()),
        number_invalid=(invalid_at.is_not_null() & (valid_at.is_null() | (invalid_at > valid_at))),
        inbound_90d=(~out & _within(end, 90)).sum().cast(pl.Float64),
    )


def event_history(facts: Facts, as_of: date, zone: str) -> pl.DataFrame:
    """borrower_id, failed_debits_30d, days_since_log_in, messages_returned_90d; Float64."""
    if "happened_at" not in facts.events.columns:
        return pl.DataFrame(schema=_EVENT_SCHEMA)
    end, kind = end_of(as_of, zone), pl.col("kind")
    past = facts.events.filter(pl.col("happened_at") < end)
    return past.group_by("borrower_id").agg(
        failed_debits_30d=((kind == "failed_debit") & _within(end, 30, "happened_at")).sum().cast(pl.Float64),
        days_since_log_in=_days_since(end, pl.col("happened_at").filter(kind == "log_in").max()),
        messages_returned_90d=((kind == "message_returned") & _within(end, 90, "happened_at")).sum().cast(pl.Float64),
    )


def hold_state(facts: Facts, as_of: date) -> pl.DataFrame:
    """borrower_id, is_disputed: some loan of the person is under a hold that contests the debt."""
    standing = facts.holds.filter(stands_on(as_of) & pl.col("kind").is_in(list(CONTESTED)))
    people = facts.loans["borrower_id"].gather(standing["loan"]).unique()
    return pl.DataFrame({"borrower_id": people}, schema={"borrower_id": pl.String}).with_columns(is_disputed=pl.lit(True))


def _within(end: pl.Expr, days: int, column: str = "attempted_at") -> pl.Expr:
    return pl.col(column) >= end - timedelta(days=days)


def _days_since(end: pl.Expr, latest: pl.Expr) -> pl.Expr:
    """Whole days from the instant to the end of the day; 0 within the last 24 hours."""
    return (end - latest).dt.total_days().cast(pl.Float64)


_CONTACT_SCHEMA = {
    "borrower_id": pl.String, "attempts_30d": pl.Float64, "answered_share_180d": pl.Float64, "days_since_answered": pl.Float64,
    "number_invalid": pl.Boolean, "inbound_90d": pl.Float64,
}
_EVENT_SCHEMA = {
    "borrower_id": pl.String, "failed_debits_30d": pl.Float64, "days_since_log_in": pl.Float64, "messages_returned_90d": pl.Float64,
}
