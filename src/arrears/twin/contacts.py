"""Made-up contacts with the late people of a made-up book: some near or at what law and policy allow, none beyond it.

The last 30 days have many, by which the gate is shown; the 150 days before have one call a week at most with whoever was late
then, from which one can learn who answers, and when. Whether a call is answered is drawn from `people.answer_probability`.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from arrears.tables.contacts import CONTACTS
from arrears.twin import diary
from arrears.twin.book import Made
from arrears.twin.columns import borrower_names, moments
from arrears.twin.late import NEVER, Lateness, late_on
from arrears.twin.people import answer_probability, stream

HISTORY_DAYS = 180
_UNTIL_DAYS = 30
_WEEKS = 21
_LATE_DAYS = 3
_SMS_DAYS, _SMS_A_DAY, _SMS_MOST = 7, 3, 10
_REST_DAYS = 7
_CALLED, _CALLED_LATER, _WRITTEN_TO, _VISITED = 0.80, 0.25, 0.40, 0.05
"""A week of being late: called within 60 days, and after; written to within 30 days; visited after 60 days, in one week of four."""
_OTHERS_ANSWER = 0.10
"""Of the calls that the debtor does not answer, so many are answered by somebody else, who is told nothing."""
_RETURNED = 0.03
_CALL, _SMS, _VISIT = range(3)
_CHANNELS = ("call", "sms", "visit")
_OUTCOMES = ("no_answer", "busy", "invalid_number", "refused", "unknown", "answered", "delivered")
_FAILING = np.cumsum((0.74, 0.10, 0.08, 0.05))
"""How often a call that nobody answers ends as each of the first outcomes; the fifth has the rest."""
_UNKNOWN, _ANSWERED, _DELIVERED = 4, 5, 6
_MINUTE = 60_000_000
_DAY = 1440 * _MINUTE
_SHANGHAI = 8 * 60 * _MINUTE


@dataclass(frozen=True)
class Attempts:
    """One entry per attempt in every array, in no order."""

    borrower: np.ndarray
    """Place of the borrower's first loan in the block."""
    loan: np.ndarray
    """The loan that was latest."""
    days_late: np.ndarray
    channel: np.ndarray
    at: np.ndarray
    """Microseconds, UTC."""


@dataclass(frozen=True)
class Contacted:
    """The attempts in the order of people and time with what came of each; the frame of the table has the same rows."""

    attempts: Attempts
    reached: np.ndarray
    """A call that the debtor answered."""
    returned: np.ndarray
    """A message that came back."""
    frame: pl.DataFrame


def contacts_of(made: Made, late: Lateness, seed: int, as_of: date) -> Contacted:
    """One row per contact of the 180 days up to as_of, all between 9:00 and 20:00 in Shanghai; the last 30 days first.

    Of those 30 days people count as late by what is unpaid at as_of.
    """
    day = int(np.datetime64(as_of, "D").astype(np.int64))
    recent = _ordered(_recent(made, late, seed, day))
    attempts = _joined([recent, _ordered(_earlier(made, late, seed, day))])
    dice = stream(seed, made.block, "outcomes").random((len(attempts.at), 2))
    local = attempts.at + _SHANGHAI
    likely = answer_probability(
        made.contracts.kind[attempts.borrower], made.people.reachability[attempts.borrower], local % _DAY // (60 * _MINUTE), attempts.days_late)
    is_call, is_sms = attempts.channel == _CALL, attempts.channel == _SMS
    reached = is_call & (dice[:, 0] < likely)
    by_other = is_call & ~reached & (dice[:, 1] < _OTHERS_ANSWER) & (np.arange(len(is_call)) >= len(recent.at))
    failed = np.searchsorted(_FAILING, (dice[:, 1] - _OTHERS_ANSWER) / (1 - _OTHERS_ANSWER), side="right")
    returned = is_sms & (dice[:, 0] < _RETURNED)
    outcome = np.where(is_call, np.where(reached | by_other, _ANSWERED, failed), np.where(is_sms, np.where(returned, _UNKNOWN, _DELIVERED), _ANSWERED))
    count = len(outcome)
    frame = pl.DataFrame({
        "contact_id": pl.select(pl.format("C{}-{}", pl.lit(made.block), pl.int_range(count))).to_series(),
        "borrower_id": borrower_names(made.contracts.number[attempts.borrower]), "loan_id": pl.Series([None], dtype=pl.String).new_from_index(0, count),
        "attempted_at": moments(attempts.at), "channel": pl.Series(_CHANNELS, dtype=pl.String).gather(attempts.channel),
        "direction": pl.Series(["outbound"]).new_from_index(0, count), "relation": pl.Series(["debtor", "other"]).gather(by_other.astype(np.int64)),
        "outcome": pl.Series(_OUTCOMES, dtype=pl.String).gather(outcome),
        "recorded_at": pl.Series([None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, count),
    }, schema=CONTACTS.schema)
    return Contacted(attempts, reached, returned, frame)


def _recent(made: Made, late: Lateness, seed: int, day: int) -> Attempts:
    """The contacts of the last 30 days with who has been late for more than three days at as_of."""
    unpaid = np.flatnonzero((late.settled_on == NEVER) & (late.due_on <= day))
    borrower, _, loan, days_late = late_on(late, unpaid, np.full(len(unpaid), day))
    is_late = days_late > _LATE_DAYS
    borrower, loan, days_late = borrower[is_late], loan[is_late], days_late[is_late]
    dice = np.random.default_rng([seed, made.block, len("contacts")]).random((len(borrower), 4))
    days = np.minimum(days_late, _UNTIL_DAYS)
    sms = np.where(dice[:, 0] < 0.08, _SMS_MOST, (dice[:, 0] * 6).astype(np.int64))
    sms = np.minimum(sms, np.minimum(days, _SMS_DAYS) * _SMS_A_DAY)
    calls = np.minimum((dice[:, 1] * 5).astype(np.int64), days)
    visits = np.where((days == _UNTIL_DAYS) & (dice[:, 2] < 0.25), 1 + (dice[:, 2] < 0.12), 0)
    # who was written to as often as policy allows has the last message today; the others' last contact lies some days back
    rest = np.where(sms == _SMS_MOST, 0, (dice[:, 3] * np.minimum(days_late, _REST_DAYS)).astype(np.int64))
    ten = day * _DAY + 10 * 60 * _MINUTE - _SHANGHAI
    parts = []
    for channel, counts, days_ago in ((_SMS, sms, lambda place: place // _SMS_A_DAY), (_CALL, calls, lambda place: 2 * place),
                                      (_VISIT, visits, lambda place: 5 + 9 * place)):
        whose = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts)
        ago = days_ago(place) + rest[whose]
        at = ten - ago * _DAY + (place % 4) * 40 * _MINUTE
        parts.append(Attempts(borrower[whose], loan[whose], np.maximum(days_late[whose] - ago, 0), np.full(len(whose), channel), at))
    return _joined(parts)


def _earlier(made: Made, late: Lateness, seed: int, day: int) -> Attempts:
    """The contacts of the weeks before, at most one call, message and visit a week, and none from a person's first hold on."""
    dice = stream(seed, made.block, "earlier contacts")
    offset = (dice.random((len(late.borrower), _WEEKS)) * 7).astype(np.int64)
    last = day - _UNTIL_DAYS - 1
    latest_week = np.minimum((last - late.due_on - 1) // 7, _WEEKS - 1)
    first_week = np.maximum((last - np.minimum(late.settled_on, day + 1) + 1) // 7, 0)
    weeks = np.maximum(latest_week - first_week + 1, 0)
    instalment = np.repeat(np.arange(len(weeks)), weeks)
    week = np.arange(len(instalment)) - np.repeat(np.cumsum(weeks) - weeks, weeks) + first_week[instalment]
    on = last - 7 * week - offset[late.borrower[late.loan[instalment]], week]
    borrower, on, loan, days_late = late_on(late, instalment, on)
    free = (days_late > _LATE_DAYS) & (on < _first_hold(made)[borrower])
    borrower, on, loan, days_late = borrower[free], on[free], loan[free], days_late[free]
    chance = dice.random((len(on), 6))
    parts = []
    for channel, does in ((_CALL, chance[:, 0] < np.where(days_late <= 60, _CALLED, _CALLED_LATER)), (_SMS, (chance[:, 1] < _WRITTEN_TO) & (days_late <= 30)),
                          (_VISIT, (chance[:, 2] < _VISITED) & (days_late > 60) & ((last - on) // 7 % 4 == 0))):
        minute = 9 * 60 + (chance[does, 3 + channel] * 11 * 60).astype(np.int64)
        parts.append(Attempts(borrower[does], loan[does], days_late[does], np.full(does.sum(), channel), on[does] * _DAY + minute * _MINUTE - _SHANGHAI))
    return _joined(parts)


def _first_hold(made: Made) -> np.ndarray:
    """Per loan the first day on which its borrower was held; NEVER where none was."""
    events = made.life.events[:, : made.life.counts[diary.EVENTS]]
    holds = events[:, events[0] == diary.HOLDS]
    first = np.full(len(made.contracts.number), NEVER)
    np.minimum.at(first, made.contracts.borrower[holds[1]], holds[5])
    return first[made.contracts.borrower]


def _joined(parts: list[Attempts]) -> Attempts:
    return Attempts(*(np.concatenate([getattr(part, name) for part in parts]) for name in Attempts.__dataclass_fields__))


def _ordered(attempts: Attempts) -> Attempts:
    """In the order of people, time and channel."""
    order = np.lexsort((attempts.channel, attempts.at, attempts.borrower))
    return Attempts(*(getattr(attempts, name)[order] for name in Attempts.__dataclass_fields__))
