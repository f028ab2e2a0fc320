"""How late the loans of one made-up block were, day by day, by what fell due and what was paid; the night knows better.

Penalty, waivers and acceleration are left aside, and a debit that was taken back counts as paid: who looks at these rows
is a caller with a list, not the ledger.
"""

from dataclasses import dataclass

import numpy as np

from arrears.twin import diary
from arrears.twin.contracts import Contracts
from arrears.twin.diary import Life

NEVER = np.iinfo(np.int64).max
_MONEY, _DAY = 1 << 40, 1 << 20
"""Factors that make one sorted key of a loan's place and an amount or a day."""


@dataclass(frozen=True)
class Lateness:
    """The instalments of every loan's last schedule, and the payments, in the order of loans and days."""

    borrower: np.ndarray
    """Per loan: place of the borrower's first loan."""
    loan: np.ndarray
    due_on: np.ndarray
    reached: np.ndarray
    """What had fallen due of the loan by this instalment, in minor units."""
    settled_on: np.ndarray
    """The day on which all that was paid reached it; NEVER where it did not."""
    paying: np.ndarray
    """The loan of each payment."""
    paid_on: np.ndarray
    amount: np.ndarray
    paid: np.ndarray
    """What had been paid of the loan by this payment."""

    def owed_on(self, loan: np.ndarray, day: np.ndarray) -> np.ndarray:
        """What had fallen due of each loan by the end of each day and was not paid by then, at least 0."""
        return np.maximum(_last(self.loan, self.due_on, self.reached, loan, day) - _last(self.paying, self.paid_on, self.paid, loan, day), 0)

    def next_payment(self, loan: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The day and amount of each loan's first payment after each day; NEVER and 0 where there is none."""
        if len(self.paying) == 0:
            return np.full(len(loan), NEVER), np.zeros(len(loan), np.int64)
        at = np.searchsorted(self.paying * _DAY + self.paid_on, loan * _DAY + day, side="right")
        place = np.minimum(at, len(self.paying) - 1)
        found = (at < len(self.paying)) & (self.paying[place] == loan)
        return np.where(found, self.paid_on[place], NEVER), np.where(found, self.amount[place], 0)

    def paid_between(self, loan: np.ndarray, after: np.ndarray, until: np.ndarray) -> np.ndarray:
        """What was paid of each loan after the one day and by the end of the other."""
        return _last(self.paying, self.paid_on, self.paid, loan, until) - _last(self.paying, self.paid_on, self.paid, loan, after)


def lateness_of(contracts: Contracts, life: Life) -> Lateness:
    """The block's lateness."""
    rows = life.instalments[:, : life.counts[diary.INSTALMENTS]]
    starts = np.flatnonzero(np.diff(rows[0], prepend=-1))
    latest = np.repeat(np.maximum.reduceat(rows[6], starts), np.diff(starts, append=rows.shape[1]))
    rows = rows[:, rows[6] == latest]
    money = life.payments[:, : life.counts[diary.PAYMENTS]]
    money = money[:, money[4] == diary.NONE]
    money = money[:, np.argsort(money[0] * _DAY + money[2], kind="stable")]
    reached, paid = _running(rows[0], rows[3] + rows[4] + rows[5]), _running(money[0], money[3])
    at = np.searchsorted(money[0] * _MONEY + paid, rows[0] * _MONEY + reached, side="left")
    place = np.minimum(at, max(money.shape[1] - 1, 0))
    settled_on = np.full(rows.shape[1], NEVER)
    if money.shape[1]:
        settled_on = np.where((at < money.shape[1]) & (money[0][place] == rows[0]), money[2][place], NEVER)
    return Lateness(contracts.borrower, rows[0], rows[2], reached, settled_on, money[0], money[2], money[3], paid)


def late_on(late: Lateness, instalment: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each borrower and day the oldest instalment that was due before it and not settled by its end: borrower, day, loan, days late.

    instalment, day: pairs to be looked at, in any order; the result is in the order of borrowers and days.
    """
    counts = (late.due_on[instalment] < day) & (late.settled_on[instalment] > day)
    instalment, day = instalment[counts], day[counts]
    loan = late.loan[instalment]
    borrower, days = late.borrower[loan], day - late.due_on[instalment]
    order = np.lexsort((loan, -days, day, borrower))
    key = (borrower * _DAY + day)[order]
    first = order[np.diff(key, prepend=-1) != 0]
    return borrower[first], day[first], loan[first], days[first]


def _running(loan: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """The sum so far within each loan."""
    total = np.cumsum(amount)
    starts = np.flatnonzero(np.diff(loan, prepend=-1))
    before = np.concatenate([[0], total])[starts]
    return total - np.repeat(before, np.diff(starts, append=len(loan)))


def _last(loans: np.ndarray, days: np.ndarray, values: np.ndarray, loan: np.ndarray, day: np.ndarray) -> np.ndarray:
    """The value of the last row of each loan by the end of each day; 0 where there is none."""
    if len(loans) == 0:
        return np.zeros(len(loan), np.int64)
    place = np.searchsorted(loans * _DAY + days, loan * _DAY + day, side="right") - 1
    found = (place >= 0) & (loans[place] == loan)
    return np.where(found, values[place], 0)
