"""A scorecard adds up as the libraries do, bends the way the trade expects, and its points mean what they say."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.scoring.joint_bins import joint_logits
from arrears.scoring.matrix import FEW_ROWS, encoded, learned_features
from arrears.scoring.model import CATEGORY, NUMBER, Bins, Calibration, Feature, Scorecard
from arrears.scoring.scorecard import (
    CardSettings,
    bin_numbers,
    fit_scorecard,
    information_value,
    points_of,
    raw_of_scorecard,
    with_points,
)
from scoring.credit_rows import FEATURES, credit_rows, strange_rows

optbinning = pytest.importorskip("optbinning")
linear_model = pytest.importorskip("sklearn.linear_model")


@pytest.fixture(scope="module")
def fitted():
    frame, outcome, truth = credit_rows(6000, 1)
    features = learned_features(FEATURES, frame, outcome)
    return frame, outcome, truth, features, fit_scorecard(frame, outcome, features, seed=1)


def library_woe(bins, feature, fitting, outcome, asked):
    """The WoE that optbinning itself gives the asked values for these bins: `fitting` and `asked` as the trade holds them."""
    if feature.kind == CATEGORY:
        rare = "(rare)"
        label = lambda column: np.array([v if v is None or v in feature.categories else rare for v in column.to_list()], dtype=object)  # noqa: E731
        groups = [list(group) for group in bins.groups]
        groups += [[rare]] if (~fitting.drop_nulls().is_in(feature.categories)).any() else []
        splits = np.empty(len(groups), dtype=object)
        splits[:] = [np.array(group, dtype=object) for group in groups]
        binning = optbinning.OptimalBinning(dtype="categorical", user_splits=splits, user_splits_fixed=[True] * len(splits), cat_unknown=0.0)
        fitting, asked = label(fitting), label(asked)
    else:
        plain = lambda column: np.where(np.isfinite(v := column.cast(pl.Float64).to_numpy()), v, np.nan)  # noqa: E731
        splits = np.array(bins.splits)
        binning = optbinning.OptimalBinning(user_splits=splits, user_splits_fixed=[True] * len(splits))
        fitting, asked = plain(fitting), plain(asked)
    binning.fit(fitting, outcome.astype(int), check_input=False)
    return binning.transform(asked, metric="woe", metric_missing="empirical", check_input=False)


def test_by_coefficients_the_table_adds_up_to_what_optbinning_and_scikit_learn_say(fitted):
    frame, outcome, _, features, _ = fitted
    card = fit_scorecard(frame, outcome, features, 1, settings=CardSettings(joint_penalty=None))
    by_name = {feature.name: feature for feature in features}
    used = [bins.feature for bins in card.bins]
    assert {"times_late", "income", "use", "trade"} <= set(used)
    on_splits = pl.concat([frame.head(len(bins.splits)).with_columns(pl.Series(bins.feature, bins.splits)) for bins in card.bins if bins.feature == "use"])
    on_splits = on_splits.vstack(frame.tail(500))
    columns = lambda rows: np.column_stack([library_woe(b, by_name[b.feature], frame[b.feature], outcome, rows[b.feature]) for b in card.bins])  # noqa: E731
    regression = linear_model.LogisticRegression(C=0.2, solver="newton-cholesky", tol=1e-8, max_iter=200).fit(columns(frame), outcome)
    for rows in (frame, on_splits):
        expected = regression.predict_proba(columns(rows))[:, 1]
        found = 1 / (1 + np.exp(-raw_of_scorecard(card, encoded(features, rows), features)))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_the_joint_points_of_each_feature_keep_the_order_of_its_weight_of_evidence(fitted):
    for bins in fitted[4].bins:
        order = np.argsort(bins.woe, kind="stable")
        assert (np.diff(np.array(bins.logits)[order]) <= 1e-9).all(), bins.feature


def test_features_of_two_bins_each_get_the_logits_of_a_logistic_regression_on_their_steps():
    rng = np.random.default_rng(5)
    numbers = [(rng.random(4_000) < share).astype(np.int64) for share in (0.3, 0.5, 0.7)]
    outcome = (rng.random(4_000) < 1 / (1 + np.exp(1.5 - 0.8 * numbers[0] - 0.5 * numbers[1] + 0.0 * numbers[2]))).astype(np.float64)
    woes = []
    for number in numbers:
        events = np.array([outcome[number == place].sum() for place in (0, 1)])
        others = np.bincount(number) - events
        woes.append(np.log(others / others.sum() / (events / events.sum())))
    logits, intercept = joint_logits(numbers, woes, outcome, 50.0)
    steps = np.column_stack([-np.sqrt(np.ptp(woe)) * (woe[number] == woe.max()) for number, woe in zip(numbers, woes, strict=True)])
    plain = linear_model.LogisticRegression(C=1 / 50, tol=1e-10, max_iter=500).fit(steps, outcome)
    assert (plain.coef_ > 0).all()
    expected = plain.decision_function(steps)
    found = intercept + sum(logit[number] for logit, number in zip(logits, numbers, strict=True))
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_values_never_met_get_a_bin_too(fitted):
    frame, _, _, features, card = fitted
    strange = strange_rows(frame)
    raw = raw_of_scorecard(card, encoded(features, strange), features)
    assert np.isfinite(raw).all()
    trade = next(bins for bins in card.bins if bins.feature == "trade")
    feature = features[[each.name for each in features].index("trade")]
    column = encoded((feature,), strange)[:, 0]
    count = len(trade.groups)
    expected = [count + 1, count + 1, count, next(i for i, group in enumerate(trade.groups) if "opera" in group) if "opera" in feature.categories else count + 1]
    assert bin_numbers(trade, column, feature)[:4].tolist() == expected


@given(st.lists(st.floats(-10, 10), unique=True, max_size=6), st.lists(st.one_of(st.just(float("nan")), st.floats()), max_size=40))
def test_a_bin_holds_what_lies_from_its_lower_split_to_below_its_upper_one(splits, values):
    splits = sorted(splits)
    bins = Bins("x", tuple(splits), (), (), (), (), (), ())
    found = bin_numbers(bins, np.array(values, np.float64), Feature("x", NUMBER, "", ""))
    for value, number in zip(values, found, strict=True):
        if np.isnan(value):
            assert number == len(splits) + 1
        else:
            assert (number == 0 or splits[number - 1] <= value) and (number == len(splits) or value < splits[number])


@given(st.integers(0, 2**32 - 1), st.integers(0, 5000))
def test_the_sum_is_the_sum_of_the_bins_whatever_the_number_of_rows(seed, rows):
    dice = np.random.default_rng(seed)
    features = (Feature("a", NUMBER, "", ""), Feature("b", CATEGORY, "", "", categories=("x", "y", "z")), Feature("c", NUMBER, "", ""))
    a = Bins("a", (0.0, 1.0), (), (), tuple(dice.normal(size=5)), tuple(dice.integers(-90, 90, 5).tolist()), (), ())
    b = Bins("b", (), (("z", "x"), ("y",)), (), tuple(dice.normal(size=4)), tuple(dice.integers(-90, 90, 4).tolist()), (), ())
    card = Scorecard(0.25, 533, (b, a))
    matrix = np.column_stack([dice.normal(size=rows), dice.integers(-1, 3, rows).astype(float), np.full(rows, np.nan)])
    matrix[dice.random((rows, 3)) < 0.1] = np.nan
    place_a = np.where(np.isnan(matrix[:, 0]), 3, np.digitize(matrix[:, 0], [0.0, 1.0]))
    place_b = np.array([2 if np.isnan(code) else {0: 0, 1: 1, 2: 0, -1: 3}[int(code)] for code in matrix[:, 1]], int)
    np.testing.assert_allclose(
        raw_of_scorecard(card, matrix, features), 0.25 + np.array(b.logits)[place_b] + np.array(a.logits)[place_a], rtol=0, atol=1e-14
    )
    np.testing.assert_array_equal(points_of(card, matrix, features), 533 + np.array(b.points)[place_b] + np.array(a.points)[place_a])


def test_rates_bend_the_way_the_trade_expects(fitted):
    card = fitted[4]
    for bins in card.bins:
        monotone = {feature.name: feature.monotone for feature in FEATURES}[bins.feature]
        inner = np.diff(bins.logits[:-2])
        assert monotone == 0 or (inner * monotone > 0).all(), bins.feature


def test_a_feature_against_the_trade_and_noise_are_left_out():
    frame, outcome, _ = credit_rows(6000, 2)
    wrong = Feature("times_late", NUMBER, "", "", monotone=-1)
    features = learned_features((wrong, *FEATURES[1:]), frame, outcome)
    used = {bins.feature for bins in fit_scorecard(frame, outcome, features, seed=1).bins}
    card = fit_scorecard(frame, outcome, features, seed=1)
    assert "noise" not in used
    for bins in card.bins:
        if bins.feature == "times_late":
            assert (np.diff(bins.logits[:-2]) < 0).all(), "a rise against the trade"


def test_estimates_come_near_the_truth(fitted):
    frame, _, truth, features, card = fitted
    found = 1 / (1 + np.exp(-raw_of_scorecard(card, encoded(features, frame), features)))
    assert np.corrcoef(found, truth)[0, 1] > 0.93
    assert abs(found.mean() - truth.mean()) < 0.02


def test_counts_are_those_of_the_rows_and_the_information_value_is_the_sum_of_its_definition(fitted):
    frame, outcome, _, features, card = fitted
    for bins in card.bins:
        assert sum(bins.rows) == frame.height and sum(bins.events) == outcome.sum()
        good, bad = np.array(bins.rows) - np.array(bins.events), np.array(bins.events)
        terms = [(g / good.sum() - b / bad.sum()) * np.log((g / good.sum()) / (b / bad.sum())) for g, b in zip(good, bad, strict=True) if g and b and g + b >= FEW_ROWS]
        assert information_value(bins) == pytest.approx(sum(terms), abs=1e-9)


@pytest.mark.parametrize("event_is_bad", [True, False])
def test_600_points_are_50_to_1_and_20_more_double_the_odds(event_is_bad):
    better = -1 if event_is_bad else 1
    logits = tuple(better * np.log(odds) for odds in (50, 100, 200, 25))
    bins = Bins("x", (1.0,), (), (), logits, (), (), ())
    card = with_points(Scorecard(0.0, 0, (bins,)), Calibration(), event_is_bad)
    assert [card.base_points + points for points in card.bins[0].points] == [600, 620, 640, 580]
    doubled = with_points(Scorecard(0.0, 0, (bins,)), Calibration(slope=2.0, intercept=0.0), event_is_bad)
    expected = 600 + 20 / np.log(2) * (2 * np.log(50) - np.log(50))
    assert doubled.base_points + doubled.bins[0].points[0] == pytest.approx(expected, abs=1)


def test_shares_are_fitted_as_weights():
    frame, _, truth = credit_rows(6000, 3)
    share = np.random.default_rng(3).beta(truth * 4, (1 - truth) * 4)
    features = learned_features(FEATURES, frame, share)
    found = 1 / (1 + np.exp(-raw_of_scorecard(fit_scorecard(frame, share, features, 1), encoded(features, frame), features)))
    assert found.mean() == pytest.approx(share.mean(), abs=1e-6)
    assert np.corrcoef(found, truth)[0, 1] > 0.93


def test_the_same_rows_give_the_same_card(fitted):
    frame, outcome, _, features, card = fitted
    assert fit_scorecard(frame, outcome, features, seed=1) == card


def test_nothing_to_tell_is_refused():
    frame, outcome, _ = credit_rows(2000, 4)
    with pytest.raises(Refused, match="no feature tells"):
        fit_scorecard(frame, outcome, (FEATURES[3],), 1, settings=CardSettings(iv_least=0.2))


def test_missing_values_that_never_end_in_an_event_count_for_the_lender_and_not_as_average():
    dice = np.random.default_rng(7)
    x = dice.normal(size=6_000)
    outcome = (dice.random(6_000) < 1 / (1 + np.exp(2 - x))).astype(np.float64)
    x[:800], outcome[:800] = np.nan, 0.0
    card = fit_scorecard(pl.DataFrame({"x": x}).fill_nan(None), outcome, (Feature("x", NUMBER, "x", "x"),), 1)
    bins = card.bins[0]
    assert bins.rows[-2] == 800 and bins.events[-2] == 0
    assert bins.woe[-2] == max(bins.woe) > 3 and bins.logits[-2] == min(bins.logits) and bins.points[-2] == max(bins.points)
