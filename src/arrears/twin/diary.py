"""What a simulated loan leaves in the books: payments, reversals, corrections, adjustments, holds, new versions.

Nothing is dated or recorded after `as_of`; instalments alone reach beyond. The columns of every table stand in the
order in which `arrears.twin.book` reads them.
"""

from typing import NamedTuple

import numpy as np

from arrears.twin.debt import COUNT, DUE_ON, FEE, INTEREST, PRINCIPAL, SCHEDULED, Debt
from arrears.twin.dice import chance, inner, whole

# Slots of Life.counts: rows written, and names given out.
PAYMENTS, INSTALMENTS, EVENTS, PAYMENT_NUMBERS, HOLD_NUMBERS = range(5)
COUNTS_SLOTS = 5
# Tables of Life.events.
ADJUSTMENTS, HOLDS, VERSIONS = range(3)
NONE = -1
"""Stands for null in the rows."""

# Slots of Life.loan.
LOAN, AS_OF, MONTH, DAY, LAST_ON, RECENT, ANNUAL, FEE_EACH, FILED_ON, RESTRUCTURED_ON, FIRST_OF_YEAR = range(11)
LOAN_SLOTS = 11
ODDS_SLOTS = 4

_DAY_US = 86_400_000_000
_EVENING_US = 12 * 3_600_000_000
_BACK_DATED = 0.01
_CORRECTED = 0.0005


class Life(NamedTuple):
    """One loan at hand and what has been written so far; few arrays, because each makes compiling slower."""

    payments: np.ndarray
    """loan, number, paid_on, amount, number reversed, recorded_at."""
    instalments: np.ndarray
    """loan, number, due_on, principal, interest, fee, recorded_at."""
    events: np.ndarray
    """table, loan, recorded_at, then what the table has: see `adjust`, `hold` and `write_version`."""
    counts: np.ndarray
    debt: Debt
    dice: np.ndarray
    loan: np.ndarray
    odds: np.ndarray
    months: np.ndarray
    """Day number of the first of each month."""


@inner
def cycle_on(life: Life, cycle: int) -> int:
    """The due date of a month: the day of disbursement, or the month's last."""
    month = life.loan[MONTH] + cycle
    return min(life.months[month] + life.loan[DAY] - 1, life.months[month + 1] - 1)


@inner
def evening(life: Life, day: int) -> int:
    """A moment between 12:00 and 16:00 UTC: the evening of `day` in China."""
    return day * _DAY_US + _EVENING_US + whole(life.dice, 14_400_000) * 1_000


@inner
def _write_payment(life: Life, number: int, day: int, amount: int, reverses: int, recorded_at: int) -> None:
    row, table = life.counts[PAYMENTS], life.payments
    table[0, row], table[1, row], table[2, row] = life.loan[LOAN], number, day
    table[3, row], table[4, row], table[5, row] = amount, reverses, recorded_at
    life.counts[PAYMENTS] += 1


@inner
def _next_number(life: Life) -> int:
    life.counts[PAYMENT_NUMBERS] += 1
    return life.counts[PAYMENT_NUMBERS]


@inner
def receive(life: Life, day: int, amount: int) -> None:
    """Money came in; now and then it is recorded days later, or first with a wrong amount."""
    as_of = life.loan[AS_OF]
    life.loan[LAST_ON] = day
    if day > as_of or amount <= 0:
        return
    number, quirk, recorded_on = _next_number(life), chance(life.dice), day
    if quirk < _BACK_DATED:
        recorded_on = day + 2 + whole(life.dice, 8)
    elif quirk < _BACK_DATED + _CORRECTED:
        recorded_on = day + 1 + whole(life.dice, 3)
        if recorded_on <= as_of:
            mistaken = amount * 10 if chance(life.dice) < 0.3 else amount + 1 + whole(life.dice, 100_000)
            _write_payment(life, number, day, mistaken, NONE, evening(life, day))
    if recorded_on > as_of:
        recorded_on = day
    _write_payment(life, number, day, amount, NONE, evening(life, recorded_on))


@inner
def fail_debit(life: Life, day: int, amount: int) -> int:
    """A debit that is taken back 1 to 5 days later; returns the day on which it is."""
    back_on = day + 1 + whole(life.dice, 5)
    life.loan[LAST_ON] = day
    if day <= life.loan[AS_OF] and amount > 0:
        number = _next_number(life)
        _write_payment(life, number, day, amount, NONE, evening(life, day))
        if back_on <= life.loan[AS_OF]:
            _write_payment(life, _next_number(life), back_on, amount, number, evening(life, back_on))
    return back_on


@inner
def _write_event(life: Life, table: int, recorded_at: int, a: int, b: int, c: int, d: int, e: int) -> None:
    row, events = life.counts[EVENTS], life.events
    events[0, row], events[1, row], events[2, row] = table, life.loan[LOAN], recorded_at
    events[3, row], events[4, row], events[5, row], events[6, row], events[7, row] = a, b, c, d, e
    life.counts[EVENTS] += 1


@inner
def adjust(life: Life, kind: int, day: int, number: int, amount: int, until_on: int) -> None:
    """One adjustment of the loan, unless it lies after as_of."""
    if day > life.loan[AS_OF]:
        return
    _write_event(life, ADJUSTMENTS, evening(life, day), kind, day, number, amount, until_on)


@inner
def write_schedule(life: Life, recorded_at: int) -> None:
    """One complete version of the loan's schedule."""
    debt, table = life.debt, life.instalments
    row = life.counts[INSTALMENTS]
    for i in range(debt.state[COUNT]):
        table[0, row], table[1, row], table[2, row] = life.loan[LOAN], i + 1, debt.lines[DUE_ON, i]
        table[3, row], table[4, row] = debt.lines[SCHEDULED + PRINCIPAL, i], debt.lines[SCHEDULED + INTEREST, i]
        table[5, row], table[6, row] = debt.lines[SCHEDULED + FEE, i], recorded_at
        row += 1
    life.counts[INSTALMENTS] = row


@inner
def write_version(life: Life, recorded_at: int) -> None:
    """A later version of the loan row: suit filed, or loan restructured."""
    _write_event(life, VERSIONS, recorded_at, life.loan[FILED_ON], life.loan[RESTRUCTURED_ON], NONE, NONE, NONE)


@inner
def hold(life: Life, day: int) -> None:
    """Nobody may contact the borrower for a while; half of the holds are lifted within three months."""
    as_of = life.loan[AS_OF]
    kind, lifted_on = whole(life.dice, 6), day + 10 + whole(life.dice, 81)
    is_lifted = chance(life.dice) < 0.5
    life.counts[HOLD_NUMBERS] += 1
    for recorded_on in (day, lifted_on):
        if recorded_on <= as_of and (recorded_on == day or is_lifted):
            lifted = NONE if recorded_on == day else lifted_on
            _write_event(life, HOLDS, evening(life, recorded_on), life.counts[HOLD_NUMBERS], kind, day, lifted, NONE)
