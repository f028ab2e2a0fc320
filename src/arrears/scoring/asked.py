"""Which loans a model is asked about on a night: those of which its outcome could be seen later (scoring/outcomes.py)."""

from datetime import date, timedelta

import polars as pl

from arrears.scoring.outcomes import NEXT_DUE_WITHIN_DAYS, PROMISE_WITHIN_DAYS, WRITTEN_OFF_DAYS

PROMISE_DAYS = "promise_days_left"


def asked(name: str, positions: pl.DataFrame, features: pl.DataFrame, as_of: date, last_bucket: str) -> pl.Series:
    """Per position whether the model is asked about it. positions, features: one row per loan, in the same order.

    A model that no snapshot shows (application, contact) is asked about none.
    """
    late, current = positions["days_past_due"] > 0, positions["days_past_due"] == 0
    if name == "behaviour_miss":
        found = current & (positions["next_due_on"] <= as_of + timedelta(days=NEXT_DUE_WITHIN_DAYS))
    elif name == "behaviour_late30":
        found = current & (positions["outstanding_principal_minor"] > 0)
    elif name == "collection_roll":
        found = late & (positions["bucket"] != last_bucket)
    elif name == "collection_promise":
        found = features[PROMISE_DAYS] <= PROMISE_WITHIN_DAYS
    elif name.startswith("collection_"):
        found = late
    elif name == "loss":
        found = positions["days_past_due"] > WRITTEN_OFF_DAYS
    else:
        found = pl.Series([False]).new_from_index(0, len(positions))
    return found.fill_null(False)
