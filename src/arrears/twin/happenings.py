"""Made-up events: debits that failed, messages that came back, and log-ins, some of them before a payment."""

from datetime import date

import numpy as np
import polars as pl

from arrears.tables.events import EVENT_KINDS, EVENTS
from arrears.twin import diary
from arrears.twin.book import Made
from arrears.twin.columns import borrower_names, loan_names, moments, names, words
from arrears.twin.contacts import Contacted
from arrears.twin.people import stream

LOG_INS_DAYS = 90
LOG_INS_MOST = 2
"""Log-ins are told of the last 90 days: up to two of each borrower on any day, more of who is easily reached."""
BEFORE_PAYMENT = 0.25
"""Of the payments of these days so many follow a log-in of that or the day before."""
_FAILED_DEBIT, _LOG_IN, _MESSAGE_RETURNED = (EVENT_KINDS.index(kind) for kind in ("failed_debit", "log_in", "message_returned"))
_DAY_US, _SECOND_US = 86_400_000_000, 1_000_000


def events_of(made: Made, contacted: Contacted, seed: int, as_of: date) -> pl.DataFrame:
    """One row per event, in the order of borrowers and time; known within ten minutes of happening.

    A failed debit happens on the day of its reversal, before the reversal is booked in the evening.
    """
    dice = stream(seed, made.block, "events")
    day = int(np.datetime64(as_of, "D").astype(np.int64))
    parts = [_failed_debits(made, dice), _returned(contacted, dice), _log_ins(made, day, dice), _before_payments(made, day, dice)]
    kind, borrower, loan, at = (np.concatenate(column) for column in zip(*parts, strict=True))
    known = at + (dice.random(len(at)) * 600).astype(np.int64) * _SECOND_US
    happened = known < (day + 1) * _DAY_US
    kind, borrower, loan, at, known = (values[happened] for values in (kind, borrower, loan, at, known))
    order = np.lexsort((loan, kind, at, borrower))
    kind, borrower, loan, at, known = (values[order] for values in (kind, borrower, loan, at, known))
    number = made.contracts.number
    return pl.DataFrame({
        "event_id": names("T", np.arange(1, len(at) + 1), 7, made.block, 4), "borrower_id": borrower_names(number[borrower]),
        "loan_id": loan_names(np.where(loan < 0, -1, number[loan])), "kind": words(EVENT_KINDS, kind), "happened_at": moments(at),
        "recorded_at": moments(known),
    }, schema=EVENTS.schema)


Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""kind, borrower, loan (-1: none), moment."""


def _payments(made: Made) -> np.ndarray:
    return made.life.payments[:, : made.life.counts[diary.PAYMENTS]]


def _failed_debits(made: Made, dice: np.random.Generator) -> Rows:
    rows = _payments(made)
    loan, on = rows[0][rows[4] >= 0], rows[2][rows[4] >= 0]
    at = on * _DAY_US + (dice.random(len(on)) * 8 * 3_600).astype(np.int64) * _SECOND_US
    return np.full(len(loan), _FAILED_DEBIT), made.contracts.borrower[loan], loan, at


def _returned(contacted: Contacted, dice: np.random.Generator) -> Rows:
    sent = contacted.attempts.at[contacted.returned]
    borrower = contacted.attempts.borrower[contacted.returned]
    at = sent + (1 + (dice.random(len(sent)) * 3_600).astype(np.int64)) * _SECOND_US
    return np.full(len(at), _MESSAGE_RETURNED), borrower, np.full(len(at), -1), at


def _log_ins(made: Made, day: int, dice: np.random.Generator) -> Rows:
    first = np.flatnonzero(made.contracts.borrower == np.arange(len(made.contracts.borrower)))
    chance = dice.random((len(first), LOG_INS_MOST, 2))
    does = chance[:, :, 0] < 0.5 * made.people.reachability[first][:, None]
    since = (day - LOG_INS_DAYS + 1) * _DAY_US
    at = since + (chance[:, :, 1] * LOG_INS_DAYS * 86_400).astype(np.int64) * _SECOND_US
    borrower = np.broadcast_to(first[:, None], does.shape)[does]
    begun = at[does] > made.contracts.recorded_at[borrower]
    borrower, at = borrower[begun], at[does][begun]
    return np.full(len(at), _LOG_IN), borrower, np.full(len(at), -1), at


def _before_payments(made: Made, day: int, dice: np.random.Generator) -> Rows:
    rows = _payments(made)
    rows = rows[:, (rows[4] < 0) & (rows[2] > day - LOG_INS_DAYS + 1)]
    chance = dice.random((rows.shape[1], 2))
    does = chance[:, 0] < BEFORE_PAYMENT
    loan, on = rows[0][does], rows[2][does]
    borrower = made.contracts.borrower[loan]
    at = on * _DAY_US + ((chance[does, 1] - 0.75) * 86_400).astype(np.int64) * _SECOND_US
    begun = at > made.contracts.recorded_at[loan]
    return np.full(begun.sum(), _LOG_IN), borrower[begun], np.full(begun.sum(), -1), at[begun]
