"""Calibration and shares: perfect estimates pass, wrong ones do not, and the figures are those of scikit-learn and SciPy."""

import numpy as np
import pytest

from arrears.learning import reliability, share_measures
from arrears.learning.measures import wilson


def perfect(seed: int, rows: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    estimate = 1 / (1 + np.exp(1.5 - dice.normal(size=rows)))
    return (dice.random(rows) < estimate).astype(float), estimate


def test_perfect_estimates_are_told_from_perfect_ones_five_times_in_100():
    found = [reliability.against_perfect(*perfect(seed), seed, draws=400) for seed in range(200)]
    assert 3 <= sum(one.is_distinguishable for one in found) <= 20
    assert 3 <= sum(one.z_p < 0.05 for one in found) <= 20
    assert np.mean([one.ece for one in found]) == pytest.approx(np.mean([one.usual_ece for one in found]), rel=0.06)


def test_estimates_too_sure_of_themselves_are_told_from_perfect_ones():
    outcome, estimate = perfect(1, 5_000)
    sure = 1 / (1 + (1 / estimate - 1) ** 1.5)
    found = reliability.against_perfect(outcome, sure, 1)
    assert found.is_distinguishable and found.p < 0.01 and found.z_p < 0.01


def test_the_calibration_error_is_that_of_a_plain_loop():
    outcome, estimate = perfect(2, 1_000)
    order = np.argsort(estimate)
    expected = sum(abs(estimate[part].mean() - outcome[part].mean()) * part.size for part in np.split(order, 10)) / 1_000
    found = reliability.ece(outcome, estimate, 1)
    assert found.value == pytest.approx(expected) and 0 <= found.low <= found.high


def test_the_interval_of_the_calibration_error_holds_a_true_error():
    held = 0
    for seed in range(100):
        outcome, estimate = perfect(seed)
        # Estimates 0.05 too high everywhere: the true error is 0.05.
        found = reliability.ece(outcome, np.minimum(estimate + 0.05, 1), seed, draws=200)
        held += found.low <= 0.05 <= found.high
    assert 85 <= held <= 100, held


def test_bands_rise_have_about_equal_rows_and_wilsons_interval():
    outcome, estimate = perfect(3)
    bands = reliability.calibration(outcome, estimate)
    assert [band.rows for band in bands] == [200] * 10
    assert [band.predicted for band in bands] == sorted(band.predicted for band in bands)
    assert sum(band.observed * band.rows for band in bands) == pytest.approx(outcome.sum())
    assert (bands[0].low, bands[0].high) == (wilson(bands[0].observed * 200, 200).low, wilson(bands[0].observed * 200, 200).high)
    given = reliability.calibration(outcome, estimate, band=(estimate > 0.3) * 1)
    assert [band.band for band in given] == [0, 1] and sum(band.rows for band in given) == 2_000
    assert len(reliability.calibration(outcome, np.full(2_000, 0.2))) == 1


def test_nothing_is_said_of_no_rows():
    nobody = np.zeros(0)
    assert reliability.ece(nobody, nobody, 1) is reliability.against_perfect(nobody, nobody, 1) is None
    assert reliability.calibration(nobody, nobody) == []
    assert share_measures.r_squared(nobody, nobody, 1) is share_measures.mae(nobody, nobody) is share_measures.spearman(nobody, nobody) is None
    assert share_measures.mean_gap(nobody, nobody) is share_measures.coverage(nobody, nobody, nobody) is None


def shares(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    estimate = dice.beta(2, 3, rows)
    return np.clip(estimate + dice.normal(0, 0.1, rows), 0, 1).round(2), estimate


def test_r_squared_and_spearman_are_those_of_scikit_learn_and_scipy():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn comes with the extra train")
    stats = pytest.importorskip("scipy.stats", reason="SciPy comes with the extra train")
    outcome, estimate = shares(1, 5_000)
    assert share_measures.r_squared(outcome, estimate, 1).value == pytest.approx(metrics.r2_score(outcome, estimate))
    assert share_measures.mae(outcome, estimate).value == pytest.approx(metrics.mean_absolute_error(outcome, estimate))
    assert share_measures.spearman(outcome, estimate).value == pytest.approx(stats.spearmanr(outcome, estimate).statistic)


@pytest.mark.parametrize("rows", [300, 5_000])
def test_the_interval_of_r_squared_holds_that_of_very_many_rows(rows):
    truth = share_measures.r_squared(*shares(0, 1_000_000), 1, 2).value
    held = 0
    for seed in range(100):
        found = share_measures.r_squared(*shares(seed + 1, rows), seed, 200)
        held += found.low <= truth <= found.high
    assert 87 <= held <= 99, held


def test_coverage_and_the_gap_of_means_are_those_by_hand():
    outcome = np.array([0.1, 0.5, 0.9, 1.0])
    assert share_measures.coverage(outcome, outcome - 0.05, np.array([0.2, 0.4, 1, 1])).value == 0.75
    gap = share_measures.mean_gap(outcome, np.array([0.2, 0.6, 1.0, 1.0]))
    assert gap.value == pytest.approx(0.075) and gap.low < 0.075 < gap.high


def test_resampling_cells_of_estimates_spreads_as_resampling_rows_does():
    outcome, estimate = perfect(9, 5_000)
    said = np.minimum(estimate + 0.05, 1)
    dice = np.random.default_rng(10)
    band = np.empty(5_000, int)
    band[np.argsort(said)] = np.arange(5_000) // 500
    errors = []
    for _ in range(400):
        rows = dice.integers(0, 5_000, 5_000)
        gap = np.bincount(band[rows], (said - outcome)[rows], 10)
        errors.append(np.abs(gap).sum() / 5_000)
    found = reliability.ece(outcome, said, 1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.std(errors), rel=0.15)
