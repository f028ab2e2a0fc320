"""The table of trees adds up to what LightGBM says, by both ways of adding, and bends the way the trade expects."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.scoring import tree_sums
from arrears.scoring.boosted import TreeSettings, fit_booster, fit_trees, missing_as_typical, trees_of_booster
from arrears.scoring.matrix import encoded, learned_features, unseen_as_missing
from arrears.scoring.model import NUMBER, Feature, Trees
from arrears.scoring.tree_gains import gains_of_trees
from arrears.scoring.tree_sums import masks_of, raw_of_trees
from scoring.credit_rows import FEATURES, credit_rows, strange_rows

pytest.importorskip("lightgbm")


def rows_of(count, seed):
    frame, outcome, _ = credit_rows(count, seed)
    features = learned_features(FEATURES, frame, outcome)
    return frame, unseen_as_missing(features, encoded(features, frame)), outcome, features


@pytest.mark.parametrize("leaves", [2, 15, 31, 60, 90])
@pytest.mark.parametrize("is_share", [False, True])
def test_the_sum_of_leaves_is_the_librarys_own_on_gaps_infinities_thresholds_and_unseen_values(leaves, is_share):
    frame, matrix, outcome, features = rows_of(6000, 5)
    if is_share:
        outcome = outcome * np.random.default_rng(5).random(len(outcome))
    booster = fit_booster(matrix, outcome, features, 1, TreeSettings(trees=60, leaves=leaves, rows_in_leaf=10))
    trees = trees_of_booster(booster)
    assert (masks_of(trees) is None) == (leaves == 90)
    at_thresholds = np.tile(matrix[:1], (len(trees.feature), 1))
    inner = np.flatnonzero(trees.feature >= 0)
    at_thresholds[inner, trees.feature[inner]] = trees.threshold[inner]
    just_above = at_thresholds.copy()
    just_above[inner, trees.feature[inner]] = np.nextafter(trees.threshold[inner], np.inf)
    odd = np.array([np.inf, -np.inf, np.nan, -1.0, 0.0, -0.0, 1e308, -1e308, 5e-324])
    strangest = np.stack(np.meshgrid(*[odd] * 6, indexing="ij"), -1).reshape(-1, 6)[::37]
    everything = np.concatenate([matrix, at_thresholds, just_above, unseen_as_missing(features, encoded(features, strange_rows(frame))), encoded(features, strange_rows(frame)), strangest])
    expected = booster.predict(everything, raw_score=True)
    np.testing.assert_array_equal(raw_of_trees(trees, everything), expected)
    few = np.concatenate([raw_of_trees(trees, everything[start : start + 100]) for start in range(0, len(everything), 100)])
    np.testing.assert_array_equal(few, expected)


def forest(draw_seed, trees, most_leaves):
    """Random trees: thresholds from a few values so that many fall together, some trees a single leaf."""
    dice = np.random.default_rng(draw_seed)
    nodes, roots = [], []

    def grow(leaves):
        here = len(nodes)
        nodes.append([-1, 0.0, False, here, here, float(dice.normal())])
        if leaves > 1:
            nodes[here][:3] = [int(dice.integers(3)), float(dice.integers(-2, 3)), bool(dice.random() < 0.5)]
            on_left = int(dice.integers(1, leaves))
            nodes[here][3] = grow(on_left)
            nodes[here][4] = grow(leaves - on_left)
        return here

    for _ in range(trees):
        roots.append(grow(int(dice.integers(1, most_leaves + 1))))
    feature, threshold, missing_left, left, right, value = zip(*nodes, strict=True)
    as_numbers = lambda column: np.array(column, np.int32)  # noqa: E731
    return Trees(as_numbers(roots), as_numbers(feature), np.array(threshold), np.array(missing_left), as_numbers(left), as_numbers(right), np.array(value))


def walked(trees, row):
    """The plain twin: one row, one tree after the other."""
    total = 0.0
    for root in trees.roots:
        node = root
        while trees.feature[node] >= 0:
            x = row[trees.feature[node]]
            left = trees.missing_left[node] if x != x else x <= trees.threshold[node]
            node = trees.left[node] if left else trees.right[node]
        total += trees.value[node]
    return total


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([1, 2, 32, 33, 64, 65]))
def test_masks_and_walks_agree_with_a_plain_walk_bit_by_bit(seed, count, most_leaves):
    trees = forest(seed, count, most_leaves)
    matrix = np.random.default_rng(seed).integers(-3, 4, (700, 3)).astype(float)
    matrix[np.random.default_rng(seed).random(matrix.shape) < 0.2] = np.nan
    expected = np.array([walked(trees, row) for row in matrix[:40]])
    np.testing.assert_array_equal(raw_of_trees(trees, matrix)[:40], expected)
    np.testing.assert_array_equal(raw_of_trees(trees, matrix[:40]), expected)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([2, 32, 64, 65]))
def test_gains_are_the_difference_of_two_plain_walks_by_masks_and_by_walking_again(seed, count, most_leaves):
    trees = forest(seed, count, most_leaves)
    dice = np.random.default_rng(seed)
    matrix = dice.integers(-3, 4, (700, 3)).astype(float)
    matrix[dice.random(matrix.shape) < 0.2] = np.nan
    typical = np.array([dice.integers(-3, 4), np.nan, 0.5])
    walking = gains_of_trees(trees, None, matrix, typical)
    np.testing.assert_array_equal(gains_of_trees(trees, masks_of(trees), matrix, typical), walking)
    for row in range(20):
        for place in range(3):
            moved = matrix[row].copy()
            moved[place] = typical[place]
            assert walking[row, place] == pytest.approx(walked(trees, matrix[row]) - walked(trees, moved), abs=1e-12)


def test_more_thresholds_than_a_byte_counts_are_told_apart():
    dice = np.random.default_rng(3)
    cuts = dice.normal(size=900)
    nodes = np.arange(2700)
    feature = np.where(nodes % 3 == 0, 0, -1).astype(np.int32)
    trees = Trees(
        roots=np.arange(0, 2700, 3, dtype=np.int32), feature=feature, threshold=np.where(nodes % 3 == 0, cuts[nodes // 3], 0.0),
        missing_left=nodes % 2 == 0, left=np.where(nodes % 3 == 0, nodes + 1, nodes).astype(np.int32),
        right=np.where(nodes % 3 == 0, nodes + 2, nodes).astype(np.int32), value=(nodes % 3 == 2).astype(float),
    )  # fmt: skip
    x = np.concatenate([cuts, dice.normal(size=1000)])
    np.testing.assert_array_equal(raw_of_trees(trees, x[:, None]), (x[:, None] > cuts).sum(axis=1))


def test_the_order_of_rows_and_the_layout_of_the_matrix_change_nothing():
    _, matrix, outcome, features = rows_of(3000, 6)
    trees = fit_trees(matrix, outcome, features, 1, TreeSettings(trees=30))
    order = np.random.default_rng(1).permutation(3000)
    raw = raw_of_trees(trees, matrix)
    np.testing.assert_array_equal(raw_of_trees(trees, matrix[order]), raw[order])
    np.testing.assert_array_equal(raw_of_trees(trees, np.ascontiguousarray(matrix)), raw)
    assert len(raw_of_trees(trees, matrix[:0])) == 0


def test_the_same_rows_and_seed_give_the_same_trees():
    _, matrix, outcome, features = rows_of(3000, 7)
    one, same, other = (fit_trees(matrix, outcome, features, seed, TreeSettings(trees=20)) for seed in (1, 1, 2))
    assert all(np.array_equal(getattr(one, name), getattr(same, name)) for name in Trees.__dataclass_fields__)
    assert not np.array_equal(one.value, other.value)


def test_estimates_move_only_the_way_the_trade_expects():
    _, matrix, outcome, features = rows_of(4000, 8)
    trees = fit_trees(matrix, outcome, features, 1, TreeSettings(trees=80))
    for place, values in ((0, np.arange(0.0, 9.0)), (1, np.quantile(matrix[:, 1], np.linspace(0, 1, 40)))):
        moved = np.repeat(matrix[:200], len(values), axis=0)
        moved[:, place] = np.tile(values, 200)
        steps = np.diff(raw_of_trees(trees, moved).reshape(200, -1), axis=1)
        assert (steps * features[place].monotone >= 0).all() and (steps != 0).any(), features[place].name


def test_what_was_never_missing_counts_as_typical_when_it_is():
    _, matrix, outcome, features = rows_of(3000, 9)
    trees = fit_trees(matrix, outcome, features, 1, TreeSettings(trees=40))
    place = [feature.name for feature in features].index("income")
    gone, usual = matrix.copy(), matrix.copy()
    gone[:, place], usual[:, place] = np.nan, features[place].typical
    np.testing.assert_array_equal(raw_of_trees(trees, gone), raw_of_trees(trees, usual))
    assert (raw_of_trees(trees, gone) != raw_of_trees(trees, matrix)).any()
    with_gaps = missing_as_typical(trees, np.full((1, len(features)), np.nan), features)
    np.testing.assert_array_equal(with_gaps.missing_left, trees.missing_left)


def test_a_matrix_too_narrow_is_an_error_and_no_read_beside_it():
    trees = forest(1, 3, 8)
    with pytest.raises(ValueError, match="the matrix has 1"):
        raw_of_trees(trees, np.zeros((3, 1)))


def test_the_smallest_rows_for_masks_is_where_both_ways_are_tested():
    assert 100 < tree_sums.FEW <= 700


def test_a_monotone_feature_that_tells_nothing_is_not_used():
    dice = np.random.default_rng(2)
    matrix, outcome = np.column_stack([np.zeros(500), dice.normal(size=500)]), (dice.random(500) < 0.3).astype(float)
    features = (Feature("nothing", NUMBER, "", "", monotone=1), Feature("x", NUMBER, "", ""))
    assert 0 not in fit_trees(matrix, outcome, features, 1, TreeSettings(trees=5, rows_in_leaf=5)).feature
