"""Made-up contacts with the late people of a made-up book: some near or at what law and policy allow, none beyond it."""

from datetime import date

import numpy as np
import polars as pl

from arrears.tables.contacts import CONTACTS

_UNTIL_DAYS = 30
_SMS_DAYS, _SMS_A_DAY, _SMS_MOST = 7, 3, 10
_OUTCOMES = ("no_answer", "answered", "busy", "invalid_number", "refused", "unknown")
_SHARES = np.cumsum((0.52, 0.30, 0.07, 0.06, 0.03))
"""How often a call ends so; the last of the outcomes has the rest."""
_MINUTE = 60_000_000


def contacts_of(block: dict[str, pl.DataFrame], seed: int, number: int, as_of: date) -> pl.DataFrame:
    """One row per contact of the 30 days up to as_of, all between 10:00 and 20:00 in Shanghai, in the order of people and time.

    block: one block of a made-up book. People are taken for late by what fell due and what was paid, which the night knows better.
    """
    people = _late_people(block, as_of)
    dice = np.random.default_rng([seed, number, len("contacts")]).random((len(people), 4))
    days = np.minimum(people["days"].to_numpy(), _UNTIL_DAYS)
    sms = np.where(dice[:, 0] < 0.08, _SMS_MOST, (dice[:, 0] * 6).astype(np.int64))
    sms = np.minimum(sms, np.minimum(days, _SMS_DAYS) * _SMS_A_DAY)
    calls = np.minimum((dice[:, 1] * 5).astype(np.int64), days)
    visits = np.where((days == _UNTIL_DAYS) & (dice[:, 2] < 0.25), 1 + (dice[:, 2] < 0.12), 0)
    parts = [
        _spread(people, "sms", sms, lambda place: place // _SMS_A_DAY, as_of), _spread(people, "call", calls, lambda place: 2 * place, as_of),
        _spread(people, "visit", visits, lambda place: 5 + 9 * place, as_of),
    ]
    rows = pl.concat(parts).sort("borrower_id", "attempted_at", "channel")
    chance = np.random.default_rng([seed, number, len("outcome")]).random(len(rows))
    called = pl.Series(_OUTCOMES, dtype=pl.String).gather(np.searchsorted(_SHARES, chance, side="right"))
    outcome = pl.when(pl.col("channel") == "sms").then(pl.lit("delivered")).when(pl.col("channel") == "visit").then(pl.lit("answered")).otherwise(called)
    return rows.with_columns(
        contact_id=pl.format("C{}-{}", pl.lit(number), pl.int_range(pl.len())), loan_id=pl.lit(None, pl.String), direction=pl.lit("outbound"),
        relation=pl.lit("debtor"), outcome=outcome, recorded_at=pl.lit(None, pl.Datetime("us", "UTC")),
    ).select(CONTACTS.names()).cast(CONTACTS.schema)


def _late_people(block: dict[str, pl.DataFrame], as_of: date) -> pl.DataFrame:
    """borrower_id and for how many days the oldest due instalment that payments do not reach has been due."""
    latest = pl.col("recorded_at") == pl.col("recorded_at").max().over("loan_id")
    due = block["instalments"].filter(latest & (pl.col("due_on") <= as_of)).sort("loan_id", "due_on", "number").with_columns(
        reached=(pl.col("principal_minor") + pl.col("interest_minor") + pl.col("fee_minor")).cum_sum().over("loan_id"))
    paid = block["payments"].filter(pl.col("reverses").is_null()).group_by("loan_id").agg(pl.col("amount_minor").sum())
    unpaid = due.join(paid, on="loan_id", how="left").filter(pl.col("reached") > pl.col("amount_minor").fill_null(0))
    oldest = unpaid.group_by("loan_id").agg(pl.col("due_on").min())
    whose = block["loans"].select("loan_id", "borrower_id").unique("loan_id", keep="first", maintain_order=True)
    late = oldest.join(whose, on="loan_id").with_columns(days=(pl.lit(as_of) - pl.col("due_on")).dt.total_days())
    return late.filter(pl.col("days") > 3).group_by("borrower_id").agg(pl.col("days").max()).sort("borrower_id")


def _spread(people: pl.DataFrame, channel: str, counts: np.ndarray, days_ago, as_of: date) -> pl.DataFrame:
    """So many contacts by one channel with each, the last first; several of one day forty minutes apart."""
    whose = np.repeat(np.arange(len(people)), counts)
    place = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts)
    ten = np.datetime64(as_of, "us").astype(np.int64) + 2 * 60 * _MINUTE  # 10:00 in Shanghai, as a UTC instant
    at = ten - days_ago(place) * 1440 * _MINUTE + (place % 4) * 40 * _MINUTE
    return pl.DataFrame({"borrower_id": people["borrower_id"].gather(whose), "channel": pl.Series([channel], dtype=pl.String).new_from_index(0, len(whose)),
                         "attempted_at": pl.Series(at).cast(pl.Datetime("us", "UTC"))})
