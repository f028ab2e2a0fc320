"""What is known before an attempt to reach a person; the same function serves past attempts (to fit) and possible ones (to score).

An attempt is an outbound contact meant for the debtor: whoever was reached is the debtor, or somebody else by mistake (`other`). It
reached the right person where the debtor answered; by a channel that nobody answers (sms, email, im, push, letter) where it was
delivered, which says that the address holds, not that it was read. An outcome `unknown` teaches nothing either way.
Only contacts before the local day of the attempt begins, and within LOOK_BACK_DAYS of it, are read: that is what a night knows of
tomorrow, and a model is fitted on what it will know.
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.compiled import compiled
from arrears.days import moment_of, number_of
from arrears.scoring.payment_history import history
from arrears.scoring.person_features import SPOKEN
from arrears.tables.contacts import CHANNELS, OUTCOMES
from arrears.tables.facts import Facts
from arrears.tables.table import MOMENT
from arrears.zones import DAY, instants_at, offsets

LOOK_BACK_DAYS = 365
RECENT_DAYS = 30
AROUND_HOURS = 2
_HOUR = 3_600_000_000

# The columns of the loop over earlier contacts, one row per attempt.
(C_TRIES, C_LAST, C_KNOWN, C_REACHED, C_CHANNEL_KNOWN, C_CHANNEL_REACHED, C_HOUR_KNOWN, C_HOUR_REACHED, C_REACHED_AT, C_INBOUND) = range(10)
_COLUMNS = 10
NONE = -(2**62)


def attempts_of(facts: Facts) -> pl.DataFrame:
    """One row per attempt of the facts, by person, moment and channel: borrower_id, channel, at, reached (Boolean; null where unknown)."""
    if "attempted_at" not in facts.contacts.columns:
        return pl.DataFrame(schema=_ATTEMPTS)
    tried = facts.contacts.filter((pl.col("direction") == "outbound") & pl.col("relation").is_in(["debtor", "other"]))
    return tried.select("borrower_id", "channel", at="attempted_at", reached=_reached()).cast(_ATTEMPTS).sort(list(_ATTEMPTS))


def possible_attempts(people: pl.Series, channels: tuple[str, ...], hours: tuple[int, ...], day: date, zone: str) -> pl.DataFrame:
    """Each person by each channel at each full local hour of the day: borrower_id, channel, at; in that order."""
    at = pl.DataFrame({"at": [moment_of(instants_at(zone, number_of(day), 60 * hour)[0]) for hour in hours]}, schema={"at": MOMENT})
    ways = pl.DataFrame({"channel": list(channels)}, schema={"channel": pl.String})
    return pl.DataFrame({"borrower_id": people}).join(ways, how="cross", maintain_order="left_right").join(at, how="cross", maintain_order="left_right")


def contact_features(facts: Facts, attempts: pl.DataFrame, zone: str) -> pl.DataFrame:
    """One row per attempt (borrower_id, channel, at), in its order: the contact features of features.yaml, as known when the local
    day of `at` began.

    days_late is that of the person's loans at the end of the local day before, by the payments that these facts know.
    """
    past = _past(facts)
    people = pl.concat([past["borrower_id"], attempts["borrower_id"]]).unique().sort()
    of_past, of_attempt = (_place_in(people, rows["borrower_id"]) for rows in (past, attempts))
    at = attempts["at"].to_physical().to_numpy()
    past_at = past["attempted_at"].to_physical().to_numpy()
    shift = offsets(zone, at)
    local_day = (at + shift) // DAY
    begun_at = local_day * DAY - offsets(zone, local_day * DAY - shift)
    hour = ((at + shift) // _HOUR % 24).astype(np.int64)
    found = _look_back(
        np.searchsorted(of_past, of_attempt), begun_at, hour, _code(attempts["channel"], CHANNELS), of_attempt,
        of_past, past_at, ((past_at + offsets(zone, past_at)) // _HOUR % 24).astype(np.int64), _code(past["channel"], CHANNELS),
        _code(past["outcome"], OUTCOMES), past["reached"].fill_null(-1).to_numpy().astype(np.int64), past["is_inbound"].to_numpy(),
    )
    outcome = pl.Series(OUTCOMES, dtype=pl.String).gather(pl.Series(np.where(found[:, C_LAST] >= 0, found[:, C_LAST], 0)))
    since = np.where(found[:, C_REACHED_AT] != NONE, (begun_at - found[:, C_REACHED_AT]) // DAY, -1)
    return attempts.select("borrower_id", "channel").with_columns(
        local_hour=pl.Series(hour).cast(pl.Float64), weekday=pl.Series((local_day + 3) % 7 + 1).cast(pl.Float64),
        tries_before_30d=pl.Series(found[:, C_TRIES]).cast(pl.Float64),
        last_outcome=outcome.set(pl.Series(found[:, C_LAST] < 0), None),
        person_reached_share=_share(found, C_REACHED, C_KNOWN), channel_reached_share=_share(found, C_CHANNEL_REACHED, C_CHANNEL_KNOWN),
        hour_reached_share=_share(found, C_HOUR_REACHED, C_HOUR_KNOWN),
        days_since_reached=pl.Series(since).cast(pl.Float64).set(pl.Series(since < 0), None),
        got_in_touch_before=pl.Series(found[:, C_INBOUND] > 0), days_late=_days_late(facts, attempts["borrower_id"], local_day - 1),
        borrower_kind=_kinds(facts, attempts["borrower_id"]),
    )


_ATTEMPTS = {"borrower_id": pl.String, "at": MOMENT, "channel": pl.String, "reached": pl.Boolean}


def _reached() -> pl.Expr:
    outcome = pl.col("outcome")
    delivered = (outcome == "delivered") & ~pl.col("channel").is_in(list(SPOKEN))
    right = ((outcome == "answered") | delivered) & (pl.col("relation") == "debtor")
    return pl.when(outcome != "unknown").then(right)


def _past(facts: Facts) -> pl.DataFrame:
    """The contacts by or meant for debtors, by person and moment."""
    if "attempted_at" not in facts.contacts.columns:
        schema = {"borrower_id": pl.String, "attempted_at": MOMENT, "channel": pl.String, "outcome": pl.String, "reached": pl.Boolean, "is_inbound": pl.Boolean}
        return pl.DataFrame(schema=schema)
    is_inbound = pl.col("direction") == "inbound"
    meant = pl.col("relation").is_in(["debtor", "other"]) & (~is_inbound | (pl.col("relation") == "debtor"))
    rows = facts.contacts.filter(meant).select("borrower_id", "attempted_at", "channel", "outcome", reached=_reached(), is_inbound=is_inbound)
    return rows.sort(rows.columns)


def _place_in(people: pl.Series, named: pl.Series) -> np.ndarray:
    places = pl.DataFrame({"borrower_id": people}).with_row_index("place")
    return pl.DataFrame({"borrower_id": named}).join(places, on="borrower_id", how="left", maintain_order="left")["place"].to_numpy().astype(np.int64)


def _code(values: pl.Series, known: tuple[str, ...]) -> np.ndarray:
    return values.replace_strict(list(known), range(len(known)), return_dtype=pl.Int64).to_numpy()


def _share(found: np.ndarray, part: int, whole: int) -> pl.Series:
    below = found[:, whole]
    return pl.Series(np.where(below > 0, found[:, part] / np.maximum(below, 1), np.nan)).fill_nan(None)


@compiled
def _look_back(first, at, hour, channel, person, of_past, past_at, past_hour, past_channel, past_outcome, past_reached, is_inbound):
    """Of each attempt what the earlier contacts with its person come to."""
    out = np.zeros((len(at), _COLUMNS), np.int64)
    for row in range(len(at)):
        found = out[row]
        found[C_LAST], found[C_REACHED_AT] = -1, NONE
        place = first[row]
        while place < len(of_past) and of_past[place] == person[row] and past_at[place] < at[row]:
            age = at[row] - past_at[place]
            if age <= LOOK_BACK_DAYS * DAY:
                if is_inbound[place]:
                    found[C_INBOUND] += 1
                else:
                    _add(found, past_at[place], age, past_reached[place], past_channel[place] == channel[row], past_outcome[place],
                         abs(past_hour[place] - hour[row]))
            place += 1
    return out


@compiled
def _add(found, at, age, reached, same_channel, outcome, apart):
    """One earlier attempt more."""
    found[C_TRIES] += age <= RECENT_DAYS * DAY
    if same_channel:
        found[C_LAST] = outcome
    if reached < 0:
        return
    found[C_KNOWN] += 1
    found[C_REACHED] += reached
    if same_channel:
        found[C_CHANNEL_KNOWN] += 1
        found[C_CHANNEL_REACHED] += reached
    if min(apart, 24 - apart) <= AROUND_HOURS:
        found[C_HOUR_KNOWN] += 1
        found[C_HOUR_REACHED] += reached
    if reached == 1:
        found[C_REACHED_AT] = at


def _days_late(facts: Facts, people: pl.Series, days: np.ndarray) -> pl.Series:
    """Of each row how long the oldest unpaid instalment of its person is late at the end of the day; 0 where none is."""
    asked = pl.DataFrame({"borrower_id": people, "day": days}).unique()
    loans = facts.loans.select("borrower_id", loan=pl.int_range(pl.len()), disbursed=pl.col("disbursed_on").to_physical())
    pairs = asked.join(loans, on="borrower_id").filter(pl.col("disbursed") <= pl.col("day"))
    late = history(facts, pairs["loan"].to_numpy(), pairs["day"].to_numpy())["late_now"]
    worst = pairs.select("borrower_id", "day").with_columns(late).group_by("borrower_id", "day").agg(pl.col("late_now").max())
    each = pl.DataFrame({"borrower_id": people, "day": days}).join(worst, on=["borrower_id", "day"], how="left", maintain_order="left")
    return each["late_now"].fill_null(0).cast(pl.Float64)


def _kinds(facts: Facts, people: pl.Series) -> pl.Series:
    if "kind" not in facts.borrowers.columns:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(people))
    return pl.DataFrame({"borrower_id": people}).join(facts.borrowers, on="borrower_id", how="left", maintain_order="left")["kind"]
