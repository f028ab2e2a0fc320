"""Models fitted on a made-up book, beside the hidden truth by which it was made. Seed SEED; bounds say how far estimates may lie from it."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from arrears.days import microseconds_of
from arrears.learning.fairness import ROWS_LEAST
from arrears.modelling.fit import fit
from arrears.modelling.history import book_samples
from arrears.scoring.estimates import estimate
from arrears.scoring.families import TARGETS
from arrears.store import book_at
from arrears.twin.people import answer_probability
from arrears.twin.plain_files import write_book
from arrears.twin.truth import truth

AS_OF, SEED, LOANS = date(2026, 10, 31), 1, 6_000
NOW = microseconds_of(datetime(2026, 11, 30, tzinfo=UTC))


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("truth") / "book"
    write_book(folder, LOANS, SEED, AS_OF, None, lambda *_: None)
    found = book_samples(book_at(folder), (TARGETS["behaviour_miss"], TARGETS["contact"]), AS_OF, NOW, 4, 10**6, 1)
    return {sample.target.name: sample for sample in found}


@pytest.fixture(scope="module")
def missed(samples) -> pl.DataFrame:
    """The rows held out, with their estimate and the truth: how likely an instalment of this loan is late."""
    sample = samples["behaviour_miss"]
    model, _ = fit(sample, None)
    rows = sample.rows.filter(pl.Series(sample.test))
    return rows.with_columns(estimate=pl.Series(estimate(model, rows))).join(truth(LOANS, SEED, AS_OF).select("loan_id", "late_odds"), on="loan_id", how="inner")


def tenths(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    place = (pl.col(by).rank("ordinal") * 10 / (pl.len() + 1)).floor()
    return rows.group_by(place.alias("tenth")).agg(pl.len(), pl.col("estimate", "late_odds", "outcome").mean()).sort("tenth")


def test_who_is_likelier_to_be_late_in_truth_is_so_by_the_model(missed):
    """A ranking without skill would correlate by less than 4 / sqrt(rows) = 0.05; the history of a few months tells only a part of the truth."""
    ranks = missed.select(pl.corr("estimate", "late_odds", method="spearman")).item()
    assert ranks > 0.45, f"seed {SEED}: {ranks:.3f}"
    by_truth = tenths(missed, "late_odds")
    assert by_truth.select(pl.corr("estimate", "late_odds", method="spearman")).item() > 0.95


def test_the_estimates_are_near_the_true_probabilities_in_every_tenth(missed):
    """late_odds leaves season and having been late of late aside (up to 15 and 100 %), and grace the other way: within 2 points, and in
    the worst tenth, where those lie who were late of late, up to twice the truth."""
    by_estimate = tenths(missed, "estimate")
    apart = (by_estimate["estimate"] - by_estimate["late_odds"]).abs()
    assert apart[:9].max() < 0.02, f"seed {SEED}: {apart.to_list()}"
    said, truly = by_estimate["estimate"][9], by_estimate["late_odds"][9]
    assert 0.8 * truly < said < 2 * truly, f"seed {SEED}: {said:.3f} beside {truly:.3f}"
    assert by_estimate["late_odds"].is_sorted()


def test_the_estimates_are_near_what_came_of_them_in_every_tenth(missed):
    """Within four standard errors of the outcome and the season's 15 %."""
    for row in tenths(missed, "estimate").iter_rows(named=True):
        error = (row["estimate"] * (1 - row["estimate"]) / row["len"]) ** 0.5
        assert row["outcome"] == pytest.approx(row["estimate"], abs=4 * error + 0.15 * row["estimate"]), f"seed {SEED}: {row}"


@pytest.mark.parametrize("attribute", ["sex", "age_band"])
def test_sex_and_age_which_touch_nothing_in_truth_show_no_gap_beyond_chance(missed, attribute):
    """One mean per person; the groups' means lie within four standard errors of one another, and so do the shares of the worst tenth."""
    worst = pl.col("estimate") >= pl.col("estimate").quantile(0.9)
    people = missed.with_columns(worst=worst).drop_nulls(attribute).group_by("person", attribute).agg(pl.col("estimate", "late_odds").mean(), pl.col("worst").cast(float).mean())
    groups = [rows for _, rows in people.group_by(attribute, maintain_order=True) if len(rows) >= ROWS_LEAST]
    assert len(groups) >= 2
    for figure in ("estimate", "worst"):
        for one in groups:
            for other in groups:
                error = (one[figure].var() / len(one) + other[figure].var() / len(other)) ** 0.5
                assert abs(one[figure].mean() - other[figure].mean()) <= 4 * error, f"seed {SEED}: {figure} of {attribute}"


def test_the_contact_model_prefers_the_hours_at_which_people_answer_in_truth(samples):
    """Of persons late up to 30 days, by the hour of a call: the truth says the evening first, then noon, then the afternoon, the morning last."""
    sample = samples["contact"]
    model, card = fit(sample, "boosted")
    calls = sample.rows.filter((pl.col("borrower_kind") == "person") & (pl.col("channel") == "call"))
    hours = list(range(8, 21))
    at_hour = [float(estimate(model, calls.with_columns(local_hour=pl.lit(hour, calls.schema["local_hour"]))).mean()) for hour in hours]
    truly = answer_probability(np.zeros(len(hours), np.int64), np.full(len(hours), 0.5), np.array(hours), np.full(len(hours), 10))
    best = hours[int(np.argmax(at_hour))]
    assert truly[hours.index(best)] == truly.max(), f"seed {SEED}: {best} of {at_hour}"
    evening, morning = (float(np.mean([said for hour, said in zip(hours, at_hour, strict=True) if place(hour)])) for place in (lambda hour: hour >= 18, lambda hour: hour < 12))
    assert evening > 1.3 * morning, f"seed {SEED}: in truth twice as likely; {at_hour}"
    assert card["metrics"]["test"]["auc"]["low"] > 0.5
