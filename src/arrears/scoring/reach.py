"""At which hour and by which channel a late person is likeliest reached, by the released contact model."""

from datetime import date, timedelta

import polars as pl

from arrears.scoring.contact_features import contact_features, possible_attempts
from arrears.scoring.estimates import estimate
from arrears.scoring.loan_features import SHANGHAI
from arrears.scoring.model import Model
from arrears.scoring.person_features import SPOKEN
from arrears.tables.facts import Facts

HOURS = tuple(range(8, 21))
"""Full hours of the day that are looked at; whether a contact may be made then is the gate's to say."""


def reached_by(model: Model, facts: Facts, positions: pl.DataFrame, loans: pl.DataFrame, as_of: date, zone: str = SHANGHAI) -> pl.DataFrame:
    """One row per late person, by borrower_id: reach_channel, reach_hour, reach_probability of the likeliest attempt of the next day.

    Of the channels on which somebody answers, those the model was fitted on; a call where it knows none. Of equal ones the earliest hour counts.
    """
    people = loans["borrower_id"].filter(positions["days_past_due"] > 0).unique().sort()
    known = next((feature.categories for feature in model.features if feature.name == "channel"), ())
    channels = tuple(channel for channel in SPOKEN if channel in known) or SPOKEN[:1]
    attempts = possible_attempts(people, channels, HOURS, as_of + timedelta(days=1), zone)
    rows = contact_features(facts, attempts, zone)
    tried = attempts.select("borrower_id", reach_channel="channel", reach_hour=rows["local_hour"].cast(pl.Int32)).with_columns(
        reach_probability=pl.Series(estimate(model, rows), dtype=pl.Float64))
    best = tried.sort("borrower_id", -pl.col("reach_probability"), "reach_hour", "reach_channel", maintain_order=True)
    return best.unique("borrower_id", keep="first", maintain_order=True)
