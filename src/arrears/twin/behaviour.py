"""How a simulated borrower pays: a month-by-month process of falling behind and catching up.

The settings are calibrated to what lenders published (rolls M0 to M1 3-10 %; of M1 at a month end 30.6 % cure, 6.4 %
hold, 61.8 % worsen; M2 worsen 72 %, M3 worsen 77 %), seen at month ends. Two published figures cannot hold at once
with those: 4.8 % late on day 1 with 86.3 % collected in 30 days would give an M0 to M1 roll of about 1 %. The rolls
won: here 9 % are late on day 1, and 76 % of them are collected in 30 days. The book has no write-off, so bad
loans leave it by compensation (代偿): a guarantee company or insurer pays the whole claim some time after day 90.

Everything is compiled, takes its dice from the loan's own stream, and uses no function whose last bit differs
between machines.
"""

import numpy as np

from arrears.compiled import compiled
from arrears.twin import debt as ledger
from arrears.twin.debt import (
    COUNT,
    CREDIT,
    DUE_ON,
    FALLEN,
    FEE,
    FIRST,
    INTEREST,
    PENALTY,
    PRINCIPAL,
    SCHEDULED,
    SETTLED_PENALTY,
)
from arrears.twin.diary import (
    ANNUAL,
    AS_OF,
    DAY,
    EVENTS,
    FEE_EACH,
    FILED_ON,
    FIRST_OF_YEAR,
    INSTALMENTS,
    LAST_ON,
    LOAN,
    MONTH,
    NONE,
    ODDS_SLOTS,
    PAYMENTS,
    RECENT,
    RESTRUCTURED_ON,
    Life,
    adjust,
    cycle_on,
    evening,
    fail_debit,
    hold,
    receive,
    write_schedule,
    write_version,
)
from arrears.twin.dice import chance, inner, whole

# Slots of Life.odds.
LATE, ROLL, CURE, PUNCTUAL = range(ODDS_SLOTS)

EARLY_DAYS_MAX = 5

# Rows of the terms that `simulate` reads; from T_STATE on they fill Debt.state from RATE on.
(
    T_TERM, T_PRINCIPAL, T_ANNUAL, T_FEE, T_DISBURSED_ON, T_RECORDED_AT, T_MONTH, T_DAY, T_FIRST_OF_YEAR, T_STATE,
) = range(10)

_LATE_BY_KIND = np.array([0.086, 0.094, 0.070])
_ROLLS_ON = 0.32
_FAILED_DEBIT = 0.005
_OVERPAID = 0.002
_SETTLED_EARLY = 0.007
_PART_OF_ROLLERS = 0.12
_ROUNDED_UP = 0.15
# A month, of those who are late for more than a week.
_WAIVED, _HELD, _PAUSED, _RESCHEDULED = 0.009, 0.003, 0.0015, 0.0024
_ACCELERATED_AT_FIRST, _ACCELERATED_LATER = 0.08, 0.01
_FILED = 0.03
RESCHEDULED_BY = 6

_BEHIND_MAX = 8
# A month, by months behind (0 and 1 are not used): pays all, pays the oldest instalment, pays a part, is compensated.
_PAYS_ALL = np.array([0, 0, 0.25, 0.06, 0.03, 0.03, 0.02, 0.02, 0.01])
_PAYS_ONE = np.array([0, 0, 0.095, 0.035, 0.02, 0.02, 0.02, 0.02, 0.01])
_PAYS_PART = np.array([0, 0, 0.08, 0.08, 0.08, 0.08, 0.07, 0.06, 0.05])
_COMPENSATED = np.array([0, 0, 0, 0, 0.29, 0.42, 0.46, 0.40, 0.28])
_SEASON = np.array([1.05, 1.15, 1.00, 0.97, 0.97, 0.98, 0.98, 0.97, 0.98, 1.00, 0.97, 0.98])
"""Months of the year against the average: around the spring festival more are late."""


@inner
def _waive(life: Life, day: int) -> None:
    """Penalty, seldom interest or a fee, is let off; all of it or half, seldom of one instalment only."""
    debt, draw = life.debt, chance(life.dice)
    part, kind = (PENALTY, 2) if draw < 0.75 else ((INTEREST, 1) if draw < 0.92 else (FEE, 0))
    first, last, number = debt.state[FIRST], debt.state[FALLEN] - 1, NONE
    if chance(life.dice) < 0.2:
        last, number = first, first + 1
    ledger.accrue(debt, day)
    most = ledger.unpaid(debt, part)
    if chance(life.dice) < 0.5 and part != INTEREST:
        adjust(life, kind, day, number, NONE, NONE)
    elif most >= 2:
        most //= 2
        adjust(life, kind, day, number, most, NONE)
    else:
        return
    ledger.waive(debt, day, part, first, last, most)


@inner
def _relieve(life: Life, cycle_day: int, day: int) -> None:
    """What may happen beside payment to a loan late for more than a week: a hold, a pause, a waiver on `day`."""
    draw, state = chance(life.dice), life.debt.state
    if draw < _HELD:
        hold(life, cycle_day + 1 + whole(life.dice, 25))
    elif draw < _HELD + _PAUSED and state[ledger.PAUSE_ON] == 0:
        state[ledger.PAUSE_ON] = cycle_day + 1 + whole(life.dice, 10)
        state[ledger.PAUSE_UNTIL] = state[ledger.PAUSE_ON] + 30 + whole(life.dice, 61)
        adjust(life, 3, state[ledger.PAUSE_ON], NONE, NONE, state[ledger.PAUSE_UNTIL])
    elif draw < _HELD + _PAUSED + _WAIVED:
        _waive(life, day)


@inner
def _pay_all(life: Life, day: int, next_on: int) -> None:
    """Everything due is paid to the last fen, unless the debit fails too near the next due date."""
    if chance(life.dice) < _FAILED_DEBIT:
        ledger.accrue(life.debt, day)
        day = fail_debit(life, day, ledger.due_total(life.debt)) + whole(life.dice, 3)
        if day >= next_on:
            return
    ledger.accrue(life.debt, day)
    amount = ledger.due_total(life.debt)
    if chance(life.dice) < _ROUNDED_UP and amount > 100_000:
        amount = (amount + 9_999) // 10_000 * 10_000
    receive(life, day, amount)
    ledger.spread(life.debt, day, amount)


@inner
def _pay_some(life: Life, day: int, is_part: bool) -> None:
    """The oldest late instalment is paid with its penalty, or 20 to 90 % of it."""
    debt = life.debt
    ledger.accrue(debt, day)
    i = ledger.oldest_late(debt)
    if i == debt.state[FALLEN]:
        return
    amount = debt.lines[FEE, i] + debt.lines[PENALTY, i] + debt.lines[INTEREST, i] + debt.lines[PRINCIPAL, i]
    if is_part:
        amount = max(1, amount * (20 + whole(life.dice, 71)) // 100)
    receive(life, day, amount)
    ledger.spread(debt, day, amount + debt.state[CREDIT])


@inner
def _reschedule(life: Life, cycle: int, day: int) -> None:
    """What is left is spread over six months more, unpaid interest and fees included; nothing, if anything was paid."""
    debt, state, lo = life.debt, life.debt.state, life.debt.state[FIRST]
    if day > life.loan[AS_OF] or state[CREDIT] > 0 or state[ledger.PAUSE_ON] > 0 or state[FALLEN] == state[COUNT]:
        return
    for i in range(lo, state[FALLEN]):
        for part in (FEE, INTEREST, PRINCIPAL):
            if debt.lines[part, i] != debt.lines[SCHEDULED + part, i] or debt.lines[SETTLED_PENALTY, i] > 0:
                return
    charges = ledger.unpaid(debt, INTEREST) + ledger.unpaid(debt, FEE)
    principal = 0
    for i in range(lo, state[COUNT]):
        principal += debt.lines[SCHEDULED + PRINCIPAL, i]
    count = state[COUNT] - lo + RESCHEDULED_BY
    ledger.write_schedule(debt, lo, count, principal, life.loan[ANNUAL], life.loan[FEE_EACH])
    debt.lines[SCHEDULED + INTEREST, lo] += charges
    debt.lines[INTEREST, lo] += charges
    for i in range(count):
        debt.lines[DUE_ON, lo + i] = cycle_on(life, cycle + 1 + i)
    state[FALLEN] = lo
    life.loan[RESTRUCTURED_ON] = day
    recorded_at = evening(life, day)
    write_schedule(life, recorded_at)
    write_version(life, recorded_at)


@inner
def _accelerate(life: Life, day: int) -> None:
    if life.debt.state[FALLEN] < life.debt.state[COUNT]:
        ledger.accrue(life.debt, day)
        adjust(life, 4, day, NONE, NONE, NONE)
        ledger.accelerate(life.debt, day)


@inner
def pay_on_time(life: Life, cycle: int, due_on: int) -> int:
    """0 if the instalment falling due is paid by then; else the days it will be late, NONE if that is open."""
    debt, loan, dice, state = life.debt, life.loan, life.dice, life.debt.state
    odds = life.odds[LATE] * _SEASON[(loan[FIRST_OF_YEAR] + loan[MONTH] + cycle) % 12]
    if chance(dice) < odds * (1.0 + 0.25 * loan[RECENT]):
        return NONE
    i = state[FALLEN]
    amount = debt.lines[SCHEDULED + FEE, i] + debt.lines[SCHEDULED + INTEREST, i] + debt.lines[SCHEDULED + PRINCIPAL, i]
    day = due_on
    if chance(dice) >= life.odds[PUNCTUAL]:
        day = max(due_on - whole(dice, EARLY_DAYS_MAX + 1), loan[LAST_ON])
    draw = chance(dice)
    if draw < _FAILED_DEBIT:
        day = fail_debit(life, day, amount - state[CREDIT]) + whole(dice, 4)
        if day > due_on:
            return day - due_on
    elif draw > 1.0 - _SETTLED_EARLY and i + 1 < state[COUNT]:
        ledger.fall_due(debt, due_on)
        _accelerate(life, due_on)
        receive(life, due_on, ledger.due_total(debt))
        ledger.spread(debt, due_on, ledger.due_total(debt))
        return 0
    money = max(0, amount - state[CREDIT])
    if draw > 1.0 - _SETTLED_EARLY - _OVERPAID:
        money = (money + 9_999) // 10_000 * 10_000
    receive(life, day, money)
    state[CREDIT] += money - amount
    state[FALLEN] = i + 1
    state[FIRST] = i + 1
    for part in range(4):
        debt.lines[part, i] = 0
    loan[RECENT] = max(0, loan[RECENT] - 1)
    return 0


@inner
def _delay(life: Life, days: int) -> int:
    """Days from the due date to payment of one who pays within the month: most pay in the first few."""
    draw = chance(life.dice)
    if draw < 0.52:
        return 1 + whole(life.dice, 3)
    if draw < 0.80:
        return 4 + whole(life.dice, 7)
    return 11 + whole(life.dice, days - 11)


@inner
def fall_late(life: Life, due_on: int, next_on: int, delay: int) -> None:
    """The first month behind: paid after `delay` days, after some days of its own, or not before the next due date."""
    life.loan[RECENT] = 4
    if delay == NONE:
        delay = next_on - due_on if chance(life.dice) < life.odds[ROLL] else _delay(life, next_on - due_on)
    day = due_on + delay
    if day < next_on:
        if delay > 7:
            _relieve(life, due_on, day)
        _pay_all(life, day, next_on)
        return
    day = due_on + 8 + whole(life.dice, 20)
    _relieve(life, due_on, day)
    if chance(life.dice) < _PART_OF_ROLLERS:
        _pay_some(life, day, True)


@inner
def stay_behind(life: Life, cycle: int, start: int, next_on: int) -> None:
    """A further month behind, or more; what happens in it depends on how many."""
    debt, state, dice, cure = life.debt, life.debt.state, life.dice, life.odds[CURE]
    lo = ledger.oldest_late(debt)
    behind = 1 if lo == state[FALLEN] else 2 + (start - debt.lines[DUE_ON, lo] - 17) // 30
    behind = min(max(behind, 2), _BEHIND_MAX)
    earliest = start + 1
    odds = _ACCELERATED_AT_FIRST if behind == 5 else _ACCELERATED_LATER
    if behind >= 5 and chance(dice) < odds:
        earliest = start + 4 + whole(dice, 5)
        _accelerate(life, earliest)
    day = earliest + whole(dice, next_on - earliest)
    if behind >= 7 and life.loan[FILED_ON] == NONE and chance(dice) < _FILED and day <= life.loan[AS_OF]:
        life.loan[FILED_ON] = day
        write_version(life, evening(life, day))
    if behind <= 5 and life.loan[RESTRUCTURED_ON] == NONE and chance(dice) < _RESCHEDULED:
        _reschedule(life, cycle, day)
        if life.loan[RESTRUCTURED_ON] != NONE:
            return
    _relieve(life, start, day)
    draw = chance(dice)
    everything = cure * _PAYS_ALL[behind]
    one = everything + cure * _PAYS_ONE[behind]
    part = one + cure * _PAYS_PART[behind]
    if draw < everything:
        _pay_all(life, day, next_on)
    elif draw < one:
        _pay_some(life, day, False)
    elif draw < part:
        _pay_some(life, day, True)
    elif draw > 1.0 - _COMPENSATED[behind]:
        _accelerate(life, day)
        _pay_all(life, day, next_on)


@inner
def live(life: Life) -> None:
    """The loan's whole life from the first due date to `as_of`, or until it is repaid."""
    loan, state, cycle = life.loan, life.debt.state, 0
    while state[FIRST] < state[COUNT]:
        due_on, next_on = cycle_on(life, cycle), cycle_on(life, cycle + 1)
        if due_on - EARLY_DAYS_MAX > loan[AS_OF]:
            return
        falls_due = state[FALLEN] < state[COUNT]
        if falls_due and state[FIRST] == state[FALLEN]:
            delay = pay_on_time(life, cycle, due_on)
            if delay != 0:
                ledger.fall_due(life.debt, due_on)
                if state[FIRST] < state[FALLEN]:
                    fall_late(life, due_on, next_on, delay)
        else:
            if falls_due:
                ledger.fall_due(life.debt, due_on)
            stay_behind(life, cycle, due_on, next_on)
        cycle += 1


def odds_of(kind: np.ndarray, risk: np.ndarray) -> np.ndarray:
    """[slot, loan]: how likely a loan is late, rolls on, and catches up; the worst are late six times as often."""
    odds = np.empty((ODDS_SLOTS, len(kind)))
    odds[LATE] = _LATE_BY_KIND[kind] * (0.37 + 1.89 * risk * risk)
    odds[ROLL] = _ROLLS_ON * (0.9 + 0.2 * risk)
    odds[CURE] = 1.2 - 0.3 * risk
    odds[PUNCTUAL] = 0.6
    return odds


@compiled
def simulate(terms: np.ndarray, odds: np.ndarray, dice: np.ndarray, as_of: int, life: Life) -> int:
    """Every loan's life is in `life`; returns how many loans had room there.

    terms: [slot of the tuple below, loan]; dice: each loan's stream.
    """
    loan, debt, counts = life.loan, life.debt, life.counts
    for i in range(len(dice)):
        count = terms[T_TERM, i]
        elapsed = (as_of - terms[T_DISBURSED_ON, i]) // 28 + 3
        if counts[INSTALMENTS] + 2 * count + RESCHEDULED_BY > life.instalments.shape[1]:
            return i
        if max(counts[PAYMENTS], counts[EVENTS]) + 6 * elapsed > min(life.payments.shape[1], life.events.shape[1]):
            return i
        life.dice[0] = dice[i]
        for slot in range(ODDS_SLOTS):
            life.odds[slot] = odds[slot, i]
        loan[LOAN], loan[AS_OF], loan[MONTH], loan[DAY] = i, as_of, terms[T_MONTH, i], terms[T_DAY, i]
        loan[LAST_ON], loan[ANNUAL], loan[FEE_EACH] = terms[T_DISBURSED_ON, i], terms[T_ANNUAL, i], terms[T_FEE, i]
        loan[FILED_ON] = loan[RESTRUCTURED_ON] = NONE
        loan[FIRST_OF_YEAR], loan[RECENT] = terms[T_FIRST_OF_YEAR, i], 0
        for slot in range(ledger.STATE_SLOTS):
            debt.state[slot] = 0 if slot < ledger.RATE else terms[T_STATE + slot - ledger.RATE, i]
        ledger.write_schedule(debt, 0, count, terms[T_PRINCIPAL, i], loan[ANNUAL], loan[FEE_EACH])
        for k in range(count):
            debt.lines[DUE_ON, k] = cycle_on(life, k)
        write_schedule(life, terms[T_RECORDED_AT, i])
        live(life)
    return len(dice)
