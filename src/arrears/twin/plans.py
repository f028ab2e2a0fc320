"""Made-up plans: agreed instalments for what was owed, after a few of the calls that the debtor answered; some kept, some given up when broken.

Whether one is kept is told by the simulated payments alone. Settings, not measurements.
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.tables.plans import PLANS
from arrears.twin.book import Made
from arrears.twin.columns import days, loan_names, moments, names
from arrears.twin.contacts import Contacted
from arrears.twin.late import Lateness
from arrears.twin.people import stream

AGREES = 0.06
"""Of the calls that reach a debtor who owes something, so many bring a plan; never a second one on the loan within OPEN_DAYS."""
OPEN_DAYS = 90
_STEP_DAYS, _GIVEN_UP = 15, 0.7
_GIVEN_UP_AFTER = 8
_MOST = 4
_DAY_US, _SHANGHAI_US = 86_400_000_000, 8 * 3_600_000_000


def plans_of(made: Made, late: Lateness, contacted: Contacted, seed: int, as_of: date) -> pl.DataFrame:
    """The rows of each plan as it was agreed, and again, all of them, where it was given up after its first instalment was missed.

    Who pays next within a month names that day and sum first, and the rest a month later; others 2 to 4 even parts, one each fortnight and a day.
    """
    attempts, reached = contacted.attempts, contacted.reached
    loan, at = attempts.loan[reached], attempts.at[reached]
    on = (at + _SHANGHAI_US) // _DAY_US
    owed = late.owed_on(loan, on)
    dice = stream(seed, made.block, "plans").random((len(loan), 4))
    agrees = _first_of_each(loan, on, (owed > 0) & (dice[:, 0] < AGREES))
    loan, on, at, owed, dice = (values[agrees] for values in (loan, on, at, owed, dice))
    end = int(np.datetime64(as_of, "D").astype(np.int64))
    due, amount = _parts(late, loan, on, owed, dice, end)
    due = np.where(amount > 0, due, end + 10_000)
    missed = late.paid_between(loan, on - 1, due[:, 0]) < amount[:, 0]
    ended = np.where(missed & (due[:, 0] + _GIVEN_UP_AFTER <= end) & (dice[:, 3] < _GIVEN_UP), due[:, 0] + _GIVEN_UP_AFTER, -1)
    plan, part = np.nonzero(amount > 0)
    again = ended[plan] >= 0
    plan, part, is_over = (np.concatenate([values, values[again]]) for values in (plan, part, np.zeros(len(plan), np.bool_)))
    is_over[len(again) :] = True
    recorded = np.where(is_over, ended[plan] * _DAY_US + 3_600_000_000, at[plan] + 300_000_000)
    return pl.DataFrame({
        "plan_id": names("N", plan + 1, 7, made.block, 4), "loan_id": loan_names(made.contracts.number[loan[plan]]), "agreed_on": days(on[plan]),
        "number": pl.Series(part + 1), "due_on": days(due[plan, part]), "amount_minor": pl.Series(amount[plan, part]),
        "ended_on": days(np.where(is_over, ended[plan], -1)), "recorded_at": moments(recorded),
    }, schema=PLANS.schema)


def _first_of_each(loan: np.ndarray, on: np.ndarray, agrees: np.ndarray) -> np.ndarray:
    """Places of the first call that agrees of each loan and span of OPEN_DAYS."""
    place = np.flatnonzero(agrees)
    order = place[np.lexsort((on[place], loan[place]))]
    span = loan[order] * 2**20 + on[order] // OPEN_DAYS
    near = np.diff(on[order], prepend=-OPEN_DAYS) < OPEN_DAYS
    same = np.diff(loan[order], prepend=-1) == 0
    return np.sort(order[(np.diff(span, prepend=-1) != 0) & ~(near & same)])


def _parts(late: Lateness, loan: np.ndarray, on: np.ndarray, owed: np.ndarray, dice: np.ndarray, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Due days and amounts of up to four instalments per plan; an amount of 0 is none, and the rest comes first."""
    next_on, next_amount = late.next_payment(loan, on)
    pays = next_on <= np.minimum(on + 30, end)
    count = 2 + (dice[:, 1] * (_MOST - 1)).astype(np.int64)
    number = np.arange(_MOST)[None, :]
    each = owed // count
    even = np.where(number < count[:, None], each[:, None], 0)
    even[:, 0] += owed - each * count
    due = on[:, None] + _STEP_DAYS * (number + 1)
    first = np.minimum(owed, next_amount)
    mine = np.zeros_like(even)
    mine[:, 0], mine[:, 1] = first, owed - first
    own = np.stack([np.where(pays, next_on, on) + (dice[:, 2] * 3).astype(np.int64), np.where(pays, next_on, on) + 31, on + 62, on + 93], axis=1)
    return np.where(pays[:, None], own, due), np.where(pays[:, None], mine, even)
