"""Figures of discrimination: equal to slower twins and to scikit-learn and SciPy, and their intervals hold the truth as often as they say."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.learning.measures import auc, auc_difference, brier, cells, gains, ks, log_loss, midranks, roc, wilson
from arrears.refusal import Refused

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=40)


def columns(drawn) -> tuple[np.ndarray, np.ndarray]:
    return np.array([event for event, _ in drawn], float), np.array([score for _, score in drawn]) / 8


def drawn(seed: int, number: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(1.5 - slope * dice.normal(size=number)))
    return (dice.random(number) < chance).astype(float), chance


def wins(outcome, estimate) -> np.ndarray:
    """Of each pair of an event and another row: 1 where the event is higher, 1/2 at a tie."""
    events, others = estimate[outcome == 1][:, None], estimate[outcome == 0][None, :]
    return (events > others) + 0.5 * (events == others)


@given(rows)
def test_auc_and_its_variance_are_those_of_all_pairs(drawn):
    outcome, estimate = columns(drawn)
    found = auc(outcome, estimate)
    if len(set(outcome)) < 2:
        assert found is None
        return
    pairs = wins(outcome, estimate)
    assert found.value == pytest.approx(pairs.mean())
    if min(pairs.shape) > 1 and found.low is not None:
        error = np.sqrt(pairs.mean(axis=1).var(ddof=1) / pairs.shape[0] + pairs.mean(axis=0).var(ddof=1) / pairs.shape[1])
        assert found.low == pytest.approx(max(0, pairs.mean() - 1.959964 * error), abs=1e-6)
        assert found.high == pytest.approx(min(1, pairs.mean() + 1.959964 * error), abs=1e-6)


@given(rows, st.integers(0, 9))
def test_figures_do_not_depend_on_the_order_of_the_rows(drawn, seed):
    outcome, estimate = columns(drawn)
    order = np.random.default_rng(seed).permutation(outcome.size)
    for measure in (lambda y, p: ks(y, p, 1, 20), roc, gains):
        assert measure(outcome, estimate) == measure(outcome[order], estimate[order])
    here, there = auc(outcome, estimate), auc(outcome[order], estimate[order])
    assert here == there or astuple(here) == pytest.approx(astuple(there))


def test_auc_log_loss_and_brier_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn comes with the extra train")
    outcome, estimate = drawn(3, 5_000)
    rounded = estimate.round(2)
    assert auc(outcome, rounded).value == pytest.approx(metrics.roc_auc_score(outcome, rounded))
    assert log_loss(outcome, estimate).value == pytest.approx(metrics.log_loss(outcome, estimate))
    assert brier(outcome, estimate).value == pytest.approx(metrics.brier_score_loss(outcome, estimate))


def test_ks_and_midranks_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="SciPy comes with the extra train")
    outcome, estimate = drawn(4, 6_000)
    for held in (estimate, estimate.round(1)):
        assert ks(outcome, held, 1, 20).value == pytest.approx(stats.ks_2samp(held[outcome == 1], held[outcome == 0]).statistic)
        assert np.array_equal(midranks(held), stats.rankdata(held))


def test_wilsons_interval_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="SciPy comes with the extra train")
    for events, number in ((0, 5), (3, 40), (999, 1000), (7, 7)):
        expected = stats.binomtest(events, number).proportion_ci(0.95, "wilson")
        found = wilson(events, number)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_difference_of_two_aucs_has_the_covariance_of_all_pairs():
    outcome, first = drawn(5, 300)
    second = first + np.random.default_rng(6).normal(0, 0.1, 300)
    found = auc_difference(outcome, first, second)
    gap = wins(outcome, second) - wins(outcome, first)
    error = np.sqrt(gap.mean(axis=1).var(ddof=1) / gap.shape[0] + gap.mean(axis=0).var(ddof=1) / gap.shape[1])
    assert found.value == pytest.approx(gap.mean()) == pytest.approx(auc(outcome, second).value - auc(outcome, first).value)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * error, rel=1e-6)


def test_a_score_does_not_differ_from_one_of_the_same_order():
    outcome, estimate = drawn(7, 500)
    found = auc_difference(outcome, estimate, estimate ** 3)
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_intervals_hold_the_truth_about_95_times_in_100():
    many = drawn(1, 1_000_000)
    truth = {"auc": auc(*many).value, "ks": ks(*many, 1, 2).value}
    held = {"auc": 0, "ks": 0}
    for seed in range(200):
        sample = drawn(100 + seed, 1_000)
        for name, found in (("auc", auc(*sample)), ("ks", ks(*sample, seed, 200))):
            held[name] += found.low <= truth[name] <= found.high
    assert 183 <= held["auc"] <= 198, held  # 190 +- 2.3 standard deviations and a little
    assert 174 <= held["ks"] <= 198, held  # documented as 92 in 100


def test_equal_models_are_told_apart_five_times_in_100():
    alarms = 0
    for seed in range(300):
        outcome, estimate = drawn(900 + seed, 400)
        dice = np.random.default_rng(seed)
        alarms += auc_difference(outcome, estimate + dice.normal(0, 0.2, 400), estimate + dice.normal(0, 0.2, 400)).p < 0.05
    assert 4 <= alarms <= 27, alarms


def test_a_curve_is_thinned_and_keeps_its_ends_and_area():
    outcome, estimate = drawn(8, 20_000)
    curve = np.array(roc(outcome, estimate))
    assert len(curve) <= 100 and tuple(curve[0]) == (0, 0) and tuple(curve[-1]) == (1, 1)
    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(auc(outcome, estimate).value, abs=0.002)
    risen = np.array(gains(outcome, estimate))
    assert len(risen) <= 100 and (np.diff(risen, axis=0) >= 0).all() and tuple(risen[-1]) == (1, 1)


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 12))
def test_cells_keep_equal_estimates_together_and_rise_with_them(scores, most):
    estimate = np.array(scores, float)
    found = cells(estimate, most)
    assert len(set(found)) <= most
    assert sorted(set(found)) == list(range(len(set(found))))
    for one, cell in zip(scores, found, strict=True):
        for other, its in zip(scores, found, strict=True):
            assert cell == its if one == other else (cell <= its) == (one < other) or cell == its


def test_what_is_undefined_is_none_and_what_has_no_interval_says_so():
    nobody = np.zeros(0)
    assert auc(nobody, nobody) is ks(nobody, nobody, 1) is brier(nobody, nobody) is log_loss(nobody, nobody) is wilson(0, 0) is None
    ones = np.ones(5)
    assert auc(ones, ones) is ks(ones, ones, 1) is auc_difference(ones, ones, ones) is None and roc(ones, ones) == []
    parted = auc(np.array([0, 0, 1, 1.0]), np.array([0.1, 0.2, 0.8, 0.9]))
    assert (parted.value, parted.low, parted.high) == (1, None, None)
    assert auc(np.array([0, 0, 1.0]), np.array([0.1, 0.3, 0.2])).low is None


@pytest.mark.parametrize(("outcome", "estimate", "said"), [
    ([0, 1], [0.1], "2, 1 rows"), ([0, 1], [0.1, np.nan], "missing or infinite"), ([0, 2], [0.1, 0.2], "0 or 1"), ([0.5, 1], [0.1, 0.2], "0 or 1")])
def test_what_cannot_be_measured_is_refused(outcome, estimate, said):
    with pytest.raises(Refused, match=said) as refused:
        auc(np.array(outcome), np.array(estimate))
    assert refused.value.zh


def test_resampling_cells_spreads_as_resampling_rows_does():
    outcome, estimate = drawn(11, 6_000)
    dice = np.random.default_rng(12)
    order = np.argsort(estimate)
    events, others = np.flatnonzero(outcome[order] == 1), np.flatnonzero(outcome[order] == 0)
    gaps = []
    for _ in range(400):
        counts = [np.bincount(dice.choice(rows, rows.size), minlength=6_000).cumsum() / rows.size for rows in (events, others)]
        gaps.append(np.abs(counts[0] - counts[1]).max())
    found = ks(outcome, estimate, 1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.std(gaps), rel=0.15)
    assert (found.high + found.low) / 2 == pytest.approx(2 * found.value - np.mean(gaps), abs=0.004)
