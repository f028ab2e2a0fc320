"""Nobody is measured twice: overlapping outcomes of one loan are not independent rows."""

from datetime import date

import numpy as np
import polars as pl

from arrears.learning.measures import auc
from arrears.learning.reliability import against_perfect
from arrears.modelling.sample import once_each

DAYS = [date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 30)]


def rows(people: int) -> pl.DataFrame:
    """Person i is in one, two or three snapshots, with two loans in each."""
    return pl.DataFrame([{"person": f"P{one}", "when": day} for one in range(people) for day in DAYS[: 1 + one % 3] for _ in range(2)])


def test_everybody_is_measured_on_one_day_whatever_the_order_of_rows():
    given = rows(300)
    chosen = given.filter(pl.Series(once_each(given)))
    assert chosen["person"].n_unique() == 300 and len(chosen) == 600
    assert (chosen.group_by("person").agg(pl.col("when").n_unique())["when"] == 1).all()
    assert chosen["when"].value_counts()["count"].min() > 60, "the days share the people"
    back = given.reverse()
    assert back.filter(pl.Series(once_each(back))).sort("person", "when").equals(chosen.sort("person", "when"))


def test_figures_of_perfect_estimates_over_overlapping_snapshots_hold_what_they_promise():
    dice, people, runs = np.random.default_rng(5), 1_500, 200
    covered = refused = 0
    frame = pl.DataFrame({"person": [f"P{one}" for one in range(people)] * 3, "when": [day for day in DAYS for _ in range(people)]})
    chosen = once_each(frame)
    many = 1 / (1 + np.exp(2.5 - dice.normal(size=400_000)))
    truth = auc((dice.random(many.size) < many).astype(float), many).value
    for _ in range(runs):
        chance = 1 / (1 + np.exp(2.5 - dice.normal(size=people)))
        months = dice.random((people, 5)) < (1 - (1 - chance) ** (1 / 3))[:, None]
        outcome = np.concatenate([months[:, first : first + 3].any(axis=1) for first in range(3)]).astype(float)[chosen]
        estimate = np.tile(chance, 3)[chosen]
        found = auc(outcome, estimate)
        covered += found.low <= truth <= found.high
        refused += against_perfect(outcome, estimate, 1, draws=200).is_distinguishable
    assert covered / runs > 0.9 and refused / runs < 0.1, (covered / runs, refused / runs, "seed 5")
