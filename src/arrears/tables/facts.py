"""Facts: what was known at a moment of one partition of the book, ready to be walked."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Facts:
    """The visible rows of one partition.

    `loans` has one row per loan in the order of loan_id; the other tables name a loan by its row number in
    `loan` (Int32) and are sorted by it. `instalments` are further sorted by due_on, number; `payments` by
    paid_on, payment_id; `adjustments` by effective_on, adjustment_id. `counts` says which payments count: one
    that a reversal takes back by the business date does not, nor does the reversal.
    """

    partition: str
    loans: pl.DataFrame
    instalments: pl.DataFrame
    payments: pl.DataFrame
    adjustments: pl.DataFrame
    holds: pl.DataFrame
    reversals: pl.DataFrame
    contacts: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Past contacts in any order: borrower_id, loan_id, attempted_at, channel, direction, relation, outcome; no columns where the book has none."""
    consents: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Consents in any order: borrower_id, kind, channel, from_hour, to_hour, given_at, revoked_at; no columns where the book has none."""

    def counting_payments(self, as_of: int) -> pl.DataFrame:
        """The payments that count by the end of as_of (a day number). Source: spec positions, section 4."""
        if self.reversals.is_empty():
            return self.payments
        counts = np.ones(len(self.payments), np.bool_)
        taken_back = self.reversals.filter(pl.col("paid_on").to_physical() <= as_of)
        counts[self.reversals["row"].to_numpy()] = False
        counts[taken_back["target"].to_numpy()] = False
        return self.payments.filter(pl.Series(counts))
