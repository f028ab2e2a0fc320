"""Intervals that hold at all looks at once: by hand, by all sequences there are, and by simulation with known truth."""

from itertools import product
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from arrears.learning.always_valid import difference_always, difference_over_looks, mean_always, mean_over_looks
from arrears.refusal import Refused

PATHS, LOOKS, SEED = 2_000, 1_000, 20261130


def slow_ends(total: float, variance: float, count: int, reach: float = 1.0, alpha: float = 0.05) -> tuple[float, float]:
    """The means at which M, written out term by term, is 2 / alpha: found by halving, in plain Python."""
    bets = [0.75 / 2**k for k in range(11)]
    weights = [1 / (4 + (k - 4) ** 2) for k in range(11)]

    def capital(sign: int, mean: float) -> float:
        return sum(weight / sum(weights) * exp(min(700.0, bet * sign * (total - count * mean) / reach - (-log(1 - bet) - bet) * variance / reach**2))
                   for bet, weight in zip(bets, weights, strict=True))

    ends = []
    for sign in (1, -1):
        inside, outside = total / count, total / count - sign * 1_000 * reach
        for _ in range(200):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if capital(sign, middle) < 2 / alpha else (inside, middle)
        ends.append(inside)
    return ends[0], ends[1]


def slow_mean(outcomes: list[float], alpha: float = 0.05) -> tuple[float, float, float]:
    variance = sum((outcome - (0.5 + sum(outcomes[:place])) / (place + 1)) ** 2 for place, outcome in enumerate(outcomes))
    low, high = slow_ends(sum(outcomes), variance, len(outcomes), alpha=alpha)
    return sum(outcomes) / len(outcomes), max(0.0, low), min(1.0, high)


def slow_difference(outcomes: list[float], second: list[bool], share: float) -> tuple[float, float, float]:
    total = variance = 0.0
    for place, (outcome, is_second) in enumerate(zip(outcomes, second, strict=True)):
        q, p = ((0.5 + sum(before)) / (1 + len(before)) for before in (
            [x for x, arm in zip(outcomes[:place], second[:place], strict=True) if arm == which] for which in (True, False)))
        z = q - p + ((outcome - q) / share if is_second else -(outcome - p) / (1 - share))
        total, variance = total + z, variance + (z - (q - p)) ** 2
    low, high = slow_ends(total, variance, len(outcomes), 1 / min(share, 1 - share))
    return total / len(outcomes), max(-1.0, low), min(1.0, high)


@settings(max_examples=30, deadline=None)
@given(some.lists(some.floats(0, 1) | some.sampled_from([0.0, 1.0]), min_size=1, max_size=60), some.sampled_from([0.05, 0.01, 0.5]))
def test_the_interval_of_a_mean_is_that_of_the_formula_written_out(outcomes, alpha):
    found = mean_always(np.array(outcomes), alpha)
    assert (found.value, found.low, found.high) == pytest.approx(slow_mean(outcomes, alpha), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(some.lists(some.tuples(some.floats(0, 1) | some.sampled_from([0.0, 1.0]), some.booleans()), min_size=1, max_size=60), some.sampled_from([0.5, 0.1, 0.8]))
def test_the_interval_of_a_difference_is_that_of_the_formula_written_out(people, share):
    outcomes, second = [outcome for outcome, _ in people], [is_second for _, is_second in people]
    found = difference_always(np.array(outcomes), np.array(second), share)
    assert (found.value, found.low, found.high) == pytest.approx(slow_difference(outcomes, second, share), abs=1e-9)


def test_of_thousands_of_outcomes_too_the_ends_are_those_of_the_formula():
    outcomes = np.random.default_rng(SEED).random(20_000) ** 2
    before = np.concatenate([[0.0], np.cumsum(outcomes)[:-1]])
    variance = float(((outcomes - (0.5 + before) / np.arange(1, 20_001)) ** 2).sum())
    found = mean_always(outcomes)
    assert (found.low, found.high) == pytest.approx(slow_ends(float(outcomes.sum()), variance, 20_000), abs=1e-9)


@pytest.mark.parametrize("probability", [0.02, 0.2, 0.5, 0.7])
@pytest.mark.parametrize("alpha", [0.3, 0.6])
def test_over_all_sequences_of_twelve_the_probability_of_ever_missing_is_at_most_alpha(probability, alpha):
    looks, ever = np.arange(1, 13), 0.0
    for sequence in product((0.0, 1.0), repeat=12):
        rows = mean_over_looks(np.array(sequence), looks, alpha)
        if ((rows[:, 1] > probability) | (rows[:, 2] < probability)).any():
            ever += probability ** sum(sequence) * (1 - probability) ** (12 - sum(sequence))
    assert ever <= alpha


def missed_ever(rows: list[np.ndarray], truth: np.ndarray | float) -> float:
    return float(np.mean([((path[:, 1] > truth) | (path[:, 2] < truth)).any() for path in rows]))


@pytest.mark.parametrize("probability", [0.03, 0.3, 0.5, 0.9])
def test_looked_at_a_thousand_times_it_misses_on_few_paths_where_a_fixed_interval_misses_on_many(probability):
    drawn = (np.random.default_rng(SEED).random((PATHS, LOOKS)) < probability).astype(np.float64)
    looks = np.arange(1, LOOKS + 1)
    assert missed_ever([mean_over_looks(path, looks) for path in drawn], probability) <= 0.05
    means = drawn.cumsum(axis=1)[:, 99:] / looks[99:]
    fixed = np.abs(means - probability) > 1.96 * np.sqrt(probability * (1 - probability) / looks[99:])
    assert fixed.any(axis=1).mean() > 0.2, "a fixed interval would do as well, so this test shows nothing"


def test_it_holds_the_mean_so_far_where_means_wander():
    truth = 0.4 + 0.3 * np.sin(np.arange(LOOKS) / 150)
    drawn = (np.random.default_rng(SEED + 1).random((PATHS, LOOKS)) < truth).astype(np.float64)
    looks = np.arange(1, LOOKS + 1)
    assert missed_ever([mean_over_looks(path, looks) for path in drawn], truth.cumsum() / looks) <= 0.05


@pytest.mark.parametrize(("share", "first", "effect"), [(0.5, 0.3, 0.0), (0.1, 0.6, 0.05), (0.11, 0.05, 0.0), (0.9, 0.9, -0.2)])
def test_a_difference_holds_the_effect_at_all_looks_while_both_arms_wander(share, first, effect):
    random = np.random.default_rng(SEED + 2)
    second = random.random((PATHS, LOOKS)) < share
    base = first + 0.04 * np.cos(np.arange(LOOKS) / 100)
    outcomes = (random.random((PATHS, LOOKS)) < base + effect * second).astype(np.float64)
    looks = np.arange(1, LOOKS + 1)
    assert missed_ever([difference_over_looks(*path, share, looks) for path in zip(outcomes, second, strict=True)], effect) <= 0.05
    counts = second.cumsum(axis=1)[:, 199:]
    of_second = (outcomes * second).cumsum(axis=1)[:, 199:] / counts
    of_first = (outcomes * ~second).cumsum(axis=1)[:, 199:] / (looks[199:] - counts)
    errors = np.sqrt(of_second * (1 - of_second) / counts + of_first * (1 - of_first) / (looks[199:] - counts))
    assert (np.abs(of_second - of_first - effect) > 1.96 * errors).any(axis=1).mean() > 0.12, "a fixed interval would do as well"


def test_the_difference_is_not_biased():
    random = np.random.default_rng(SEED + 3)
    second = random.random((PATHS, 400)) < 0.2
    outcomes = (random.random((PATHS, 400)) < 0.5 + 0.1 * second).astype(np.float64)
    found = np.array([difference_always(*path, 0.2).value for path in zip(outcomes, second, strict=True)])
    assert abs(found.mean() - 0.1) < 4 * found.std() / np.sqrt(PATHS)


def test_a_difference_is_told_that_two_separate_intervals_would_not_tell():
    random = np.random.default_rng(SEED + 4)
    second = random.random(6_000) < 0.5
    outcomes = (random.random(6_000) < 0.4 + 0.06 * second).astype(np.float64)
    found = difference_always(outcomes, second, 0.5)
    apart = mean_always(outcomes[second], 0.025).low - mean_always(outcomes[~second], 0.025).high
    assert apart < 0 < found.low


def test_it_narrows_with_more_outcomes_about_as_their_root():
    outcomes = (np.random.default_rng(SEED).random(64_000) < 0.5).astype(np.float64)
    rows = mean_over_looks(outcomes, np.array([1_000, 4_000, 16_000, 64_000]))
    half = (rows[:, 2] - rows[:, 1]) / 2
    assert ((half[:-1] / half[1:] > 1.8) & (half[:-1] / half[1:] < 2.2)).all()
    assert 3.2 < half[1] / np.sqrt(0.25 / 4_000) < 3.4


@given(some.lists(some.sampled_from([0.0, 0.3, 1.0]), min_size=2, max_size=30), some.data())
def test_a_look_knows_nothing_of_what_comes_later(outcomes, data):
    seen = data.draw(some.integers(1, len(outcomes)))
    early, alone = mean_over_looks(np.array(outcomes), np.array([seen])), mean_over_looks(np.array(outcomes[:seen]), np.array([seen]))
    assert early.tobytes() == alone.tobytes()


@given(some.lists(some.tuples(some.floats(0, 1), some.booleans()), min_size=1, max_size=30))
def test_arms_exchanged_give_the_difference_with_the_other_sign(people):
    outcomes, second = np.array([outcome for outcome, _ in people]), np.array([is_second for _, is_second in people])
    there, back = difference_always(outcomes, second, 0.25), difference_always(outcomes, ~second, 0.75)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


def test_nothing_seen_gives_nothing_and_what_is_no_outcome_is_refused():
    assert mean_always(np.array([])) is None and difference_always(np.array([]), np.array([], bool), 0.5) is None
    for outcomes in ([0.5, 1.5], [float("nan")], [-0.1]):
        with pytest.raises(Refused):
            mean_always(np.array(outcomes))
    with pytest.raises(Refused, match="a look counts 1 to 2"):
        mean_over_looks(np.array([0.0, 1.0]), np.array([3]))
    with pytest.raises(Refused, match="alpha 5 is not between"):
        mean_always(np.array([1.0]), alpha=5)
    with pytest.raises(Refused, match="share of 1 is not between"):
        difference_always(np.array([1.0]), np.array([True]), 1)
