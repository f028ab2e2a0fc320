"""What became of promises to pay: kept, broken or still open, told by payments alone.

kept    payments dated [promised_on, pay_by_on], and no later than the day, reach the amount
broken  not kept and pay_by_on <= the day (it is looked at when the day has ended)
open    neither
"""

from datetime import date

import numpy as np
import polars as pl

from arrears.days import number_of
from arrears.tables.facts import Facts


def promises_on(facts: Facts, as_of: date) -> pl.DataFrame:
    """One row per promise given by as_of: loan, promised_on, pay_by_on, amount_minor, paid_minor (within its days, by as_of), state.

    A payment may keep two promises of one loan at once: each is judged as if the other had not been given.
    """
    if "promised_on" not in facts.promises.columns:
        return pl.DataFrame(schema=_SCHEMA)
    given = facts.promises.filter(pl.col("promised_on") <= as_of)
    until = given.select(pl.min_horizontal("pay_by_on", pl.lit(as_of, pl.Date))).to_series()
    paid = paid_between(facts, given["loan"], given["promised_on"], until, as_of)
    kept, over = pl.col("paid_minor") >= pl.col("amount_minor"), pl.col("pay_by_on") <= as_of
    state = pl.when(kept).then(pl.lit("kept")).when(over).then(pl.lit("broken")).otherwise(pl.lit("open"))
    return given.with_columns(paid).with_columns(state=state).select(list(_SCHEMA)).cast(_SCHEMA)


def paid_between(facts: Facts, loan: pl.Series, first: pl.Series, last: pl.Series, as_of: date) -> pl.Series:
    """paid_minor: what the loan (a row of facts.loans) paid on the days first to last, both included, as it counts at the end of as_of."""
    payments = facts.counting_payments(number_of(as_of))
    days = payments["paid_on"].to_physical().to_numpy().astype(np.int64)
    key = payments["loan"].to_numpy().astype(np.int64) * _FAR + days
    sums = np.concatenate([[0], np.cumsum(payments["amount_minor"].to_numpy())])
    of = loan.to_numpy().astype(np.int64) * _FAR
    lowest = np.searchsorted(key, of + first.to_physical().to_numpy(), side="left")
    highest = np.searchsorted(key, of + last.to_physical().to_numpy(), side="right")
    return pl.Series("paid_minor", np.where(highest > lowest, sums[highest] - sums[np.minimum(lowest, highest)], 0), dtype=pl.Int64)


_FAR = 2**32
_SCHEMA = {
    "loan": pl.Int32, "promised_on": pl.Date, "pay_by_on": pl.Date, "amount_minor": pl.Int64, "paid_minor": pl.Int64, "state": pl.String,
}
