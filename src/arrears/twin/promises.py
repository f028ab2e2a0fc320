"""Made-up promises: after some of the calls that the debtor answered, likelier of who will pay soon.

Settings: 20 to 45 % of the calls that reach the debtor bring a promise, and 45 to 70 % of promises are kept; whether one is kept
is told by the simulated payments alone. Source: general knowledge of the trade, with that range.
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.tables.promises import PROMISES
from arrears.twin.book import Made
from arrears.twin.columns import days, loan_names, moments, names
from arrears.twin.contacts import Contacted
from arrears.twin.late import Lateness
from arrears.twin.people import stream

SOON_DAYS = 14
PROMISES_ANYWAY, PROMISES_IF_SOON = 0.09, 0.85
"""How likely a reached debtor promises who does not, and who does pay within SOON_DAYS."""
_SOON_UNSEEN = 0.35
"""Of those whose next days lie after as_of, so many are taken for soon to pay; what they promise is still open at as_of."""
_NAMES_THE_DAY, _NAMES_THE_SUM = 0.93, 0.93
_PROMISES_ALL = 0.70
_DAY_US, _SHANGHAI_US = 86_400_000_000, 8 * 3_600_000_000


def promises_of(made: Made, late: Lateness, contacted: Contacted, seed: int, as_of: date) -> pl.DataFrame:
    """One row per promise, on the loan that was latest; of what was owed of it, or of half."""
    attempts, reached = contacted.attempts, contacted.reached
    loan, at = attempts.loan[reached], attempts.at[reached]
    on = (at + _SHANGHAI_US) // _DAY_US
    owed = late.owed_on(loan, on)
    next_on, next_amount = late.next_payment(loan, on)
    dice = stream(seed, made.block, "promises").random((len(loan), 6))
    end = int(np.datetime64(as_of, "D").astype(np.int64))
    is_seen = on + SOON_DAYS <= end
    pays = next_on <= on + SOON_DAYS
    soon = np.where(is_seen, pays, pays | (dice[:, 0] < _SOON_UNSEEN))
    is_promise = (owed > 0) & (dice[:, 1] < np.where(soon, PROMISES_IF_SOON, PROMISES_ANYWAY))
    later = on + 1 + (dice[:, 2] * 7).astype(np.int64)
    pay_by = np.where(pays & (dice[:, 3] < _NAMES_THE_DAY), np.minimum(next_on, on + SOON_DAYS) + (dice[:, 2] * 3).astype(np.int64), later)
    pay_by = np.where(is_seen, pay_by, np.maximum(pay_by, end + 1 + (dice[:, 3] * 5).astype(np.int64)))
    part = np.where(dice[:, 4] < _PROMISES_ALL, owed, (owed + 1) // 2)
    amount = np.where(pays & (dice[:, 5] < _NAMES_THE_SUM), np.minimum(owed, next_amount), part)
    amount = np.maximum(amount, 1)
    loan, on, pay_by, amount, at = (values[is_promise] for values in (loan, on, pay_by, amount, at))
    return pl.DataFrame({
        "promise_id": names("V", np.arange(1, len(loan) + 1), 7, made.block, 4), "loan_id": loan_names(made.contracts.number[loan]),
        "promised_on": days(on), "pay_by_on": days(pay_by), "amount_minor": pl.Series(amount),
        "recorded_at": moments(at + 300_000_000),
    }, schema=PROMISES.schema)
