"""What one simulated loan owes: its schedule, its penalty, and how money settles it.

A borrower who means to pay up has to know the exact sum, so the simulation keeps its own small account of one loan at
a time, by the rules of spec positions, sections 2 to 12 (no caps, no reversals). It is compiled, and holds whole
numbers only, so that it comes to the same on every machine. It shares no code with `arrears.delinquency`.
"""

from typing import NamedTuple

import numpy as np

from arrears.twin.dice import inner

FEE, PENALTY, INTEREST, PRINCIPAL = 0, 1, 2, 3
"""The parts of an instalment, in the order in which `arrears.tables` lists them."""

# Lines of Debt.lines: the four parts as they are still owed (penalty only where it is out of grace), the four parts as
# the contract has them (penalty stays 0), and three more.
SCHEDULED = 4
DUE_ON = 8
NUMERATOR = 9  # sum of base times rate over nights
SETTLED_PENALTY = 10  # penalty paid or waived so far
LINES = 11

# Slots of Debt.state.
FIRST = 0  # oldest instalment with anything unpaid, penalty included
FALLEN = 1  # instalments below this index have fallen due
COUNT = 2  # instalments in the schedule
SINCE = 3  # day up to which penalty has been counted
CREDIT = 4  # unallocated money
PAUSE_ON, PAUSE_UNTIL = 5, 6
RATE, DAY_COUNT, GRACE, ON_INTEREST, BY_COMPONENT = 7, 8, 9, 10, 11
ORDER = 12  # four slots: the waterfall
STATE_SLOTS = 16

_PPM = 1_000_000


class Debt(NamedTuple):
    """One loan's account; the arrays are used again for the next loan."""

    lines: np.ndarray
    """[line, instalment], by the lines above."""
    state: np.ndarray
    """By the slots above."""


def new_debt(instalments_max: int) -> Debt:
    """An empty account with room for `instalments_max` instalments."""
    return Debt(np.zeros((LINES, instalments_max), np.int64), np.zeros(STATE_SLOTS, np.int64))


@inner
def level_instalment(principal: int, rate_ppm: int, count: int) -> int:
    """The equal sum (等额本息) that repays `principal` in `count` months: `P r (1+r)^n / ((1+r)^n - 1)`, half up.

    Plain multiplications only, because powers and logarithms differ in the last bit between machines.
    """
    rate = rate_ppm / (12.0 * _PPM)
    growth = 1.0
    for _ in range(count):
        growth *= 1.0 + rate
    return np.int64(np.floor(principal * rate * growth / (growth - 1.0) + 0.5))


@inner
def write_schedule(debt: Debt, at: int, count: int, principal: int, rate_ppm: int, fee: int) -> None:
    """Instalments `at` to `at + count - 1` repay `principal` exactly: the last one takes the remainder."""
    level = level_instalment(principal, rate_ppm, count)
    left = principal
    for i in range(at, at + count):
        interest = (left * rate_ppm + 6 * _PPM) // (12 * _PPM)
        part = min(max(level - interest, 0), left)
        if i == at + count - 1:
            part = left
        left -= part
        debt.lines[SCHEDULED + FEE, i], debt.lines[SCHEDULED + PENALTY, i] = fee, 0
        debt.lines[SCHEDULED + INTEREST, i], debt.lines[SCHEDULED + PRINCIPAL, i] = interest, part
        for p in range(4):
            debt.lines[p, i] = debt.lines[SCHEDULED + p, i]
        debt.lines[NUMERATOR, i] = 0
        debt.lines[SETTLED_PENALTY, i] = 0
    debt.state[COUNT] = at + count


@inner
def _paused_nights(debt: Debt, start: int, end: int) -> int:
    return max(0, min(end, debt.state[PAUSE_UNTIL]) - max(start, debt.state[PAUSE_ON]))


@inner
def is_late(debt: Debt, i: int) -> bool:
    """Fee, interest or principal of the instalment is unpaid."""
    return debt.lines[FEE, i] + debt.lines[INTEREST, i] + debt.lines[PRINCIPAL, i] > 0


@inner
def _in_grace(debt: Debt, i: int, day: int) -> bool:
    due_on = debt.lines[DUE_ON, i]
    return day - due_on - _paused_nights(debt, due_on, day) <= debt.state[GRACE]


@inner
def accrue(debt: Debt, day: int) -> None:
    """Penalty is counted for every night before `day`, and shown where it is out of grace."""
    state = debt.state
    nights = day - state[SINCE] - _paused_nights(debt, state[SINCE], day)
    for i in range(state[FIRST], state[FALLEN]):
        base = debt.lines[PRINCIPAL, i]
        if state[ON_INTEREST] == 1:
            base += debt.lines[INTEREST, i]
        debt.lines[NUMERATOR, i] += base * state[RATE] * nights
        if not (_in_grace(debt, i, day) and is_late(debt, i)):
            whole = state[DAY_COUNT] * _PPM
            charged = (2 * debt.lines[NUMERATOR, i] + whole) // (2 * whole)
            debt.lines[PENALTY, i] = charged - debt.lines[SETTLED_PENALTY, i]
    state[SINCE] = day


@inner
def _settle_part(debt: Debt, i: int, part: int, money: int) -> int:
    taken = min(money, debt.lines[part, i])
    debt.lines[part, i] -= taken
    if part == PENALTY:
        debt.lines[SETTLED_PENALTY, i] += taken
    return money - taken


@inner
def close_settled(debt: Debt, day: int) -> None:
    """Penalty of what was settled in grace is wiped, and the account begins at what is still owed."""
    state = debt.state
    for i in range(state[FIRST], state[FALLEN]):
        if not is_late(debt, i) and debt.lines[PENALTY, i] == 0 and _in_grace(debt, i, day):
            debt.lines[NUMERATOR, i] = debt.lines[SETTLED_PENALTY, i] * state[DAY_COUNT] * _PPM
    while state[FIRST] < state[FALLEN] and not is_late(debt, state[FIRST]) and debt.lines[PENALTY, state[FIRST]] == 0:
        state[FIRST] += 1


@inner
def spread(debt: Debt, day: int, money: int) -> None:
    """Money goes through the waterfall over what has fallen due; the rest is credit. Call `accrue` first."""
    state = debt.state
    if state[BY_COMPONENT] == 1:
        for slot in range(ORDER, ORDER + 4):
            for i in range(state[FIRST], state[FALLEN]):
                money = _settle_part(debt, i, state[slot], money)
    else:
        for i in range(state[FIRST], state[FALLEN]):
            for slot in range(ORDER, ORDER + 4):
                money = _settle_part(debt, i, state[slot], money)
    state[CREDIT] = money
    close_settled(debt, day)


@inner
def fall_due(debt: Debt, day: int) -> None:
    """The next instalment has fallen due on `day`, and has taken what credit there was."""
    accrue(debt, day)
    debt.state[FALLEN] += 1
    if debt.state[CREDIT] > 0:
        spread(debt, day, debt.state[CREDIT])


@inner
def accelerate(debt: Debt, day: int) -> None:
    """Everything has fallen due on `day`, with its principal alone. Call `accrue` first."""
    state = debt.state
    for i in range(state[FALLEN], state[COUNT]):
        debt.lines[DUE_ON, i] = day
        debt.lines[FEE, i] = debt.lines[INTEREST, i] = 0
    state[FALLEN] = state[COUNT]
    if state[CREDIT] > 0:
        spread(debt, day, state[CREDIT])


@inner
def waive(debt: Debt, day: int, part: int, first: int, last: int, most: int) -> None:
    """Up to `most` is taken off one part of the instalments `first` to `last`, oldest first. Call `accrue` first."""
    for i in range(first, last + 1):
        most = _settle_part(debt, i, part, most)
    close_settled(debt, day)


@inner
def unpaid(debt: Debt, part: int) -> int:
    """What is unpaid of one part of the instalments that have fallen due."""
    total = 0
    for i in range(debt.state[FIRST], debt.state[FALLEN]):
        total += debt.lines[part, i]
    return total


@inner
def due_total(debt: Debt) -> int:
    """What would settle everything that has fallen due."""
    return unpaid(debt, FEE) + unpaid(debt, PENALTY) + unpaid(debt, INTEREST) + unpaid(debt, PRINCIPAL)


@inner
def oldest_late(debt: Debt) -> int:
    """Index of the oldest instalment with unpaid fee, interest or principal; the count of fallen ones if none."""
    for i in range(debt.state[FIRST], debt.state[FALLEN]):
        if is_late(debt, i):
            return i
    return debt.state[FALLEN]
