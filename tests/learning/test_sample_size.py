"""People needed: textbook figures, and the power that simulated experiments of that size have."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from arrears.learning.always_valid import boundary, difference_over_looks
from arrears.learning.sample_size import People, days_needed, people_always_valid, people_for_one_look, shares_met
from arrears.refusal import Refused

SEED = 20261130


@pytest.mark.parametrize(("base", "other", "power", "people"), [
    (0.50, 0.75, 0.90, 77),  # R documentation of power.prop.test: n = 76.7
    (0.60, 0.70, 0.80, 356),  # by hand: (1.959964 sqrt(2 * .65 * .35) + 0.841621 sqrt(.24 + .21))^2 / .01 = (1.32207 + 0.56457)^2 * 100 = 355.9
    (0.10, 0.05, 0.80, 435),  # by hand: (1.959964 sqrt(2 * .075 * .925) + 0.841621 sqrt(.09 + .0475))^2 / .0025 = (0.73007 + 0.31208)^2 * 400 = 434.4
])
def test_one_look_needs_the_people_of_the_textbooks(base, other, power, people):
    assert people_for_one_look(base, other - base, power=power) == People(people, people)


def test_unequal_arms_need_the_people_computed_by_hand():
    # s = 0.1, k = 9, m = (.35 + 9 * .30) / 10 = .305: (1.959964 sqrt(.305 * .695 * 10 / 9) + 0.841621 sqrt(.2275 + .21 / 9))^2 / .0025
    # = (0.951202 + 0.421530)^2 * 400 = 753.8
    found = people_for_one_look(0.30, 0.05, second_share=0.1)
    assert found.second == 754 and found.first == pytest.approx(9 * 753.8, abs=5)


def told(base: float, effect: float, share: float, count: int, paths: int, seed: int) -> tuple[float, float]:
    """How many of simulated experiments leave out 0 at their last look, and at some look (every 25 people)."""
    random, last, ever = np.random.default_rng(seed), 0, 0
    looks = np.unique(np.append(np.arange(25, count, 25), count))
    for _ in range(paths):
        second = random.random(count) < share
        outcomes = (random.random(count) < base + effect * second).astype(np.float64)
        rows = difference_over_looks(outcomes, second, share, looks)
        apart = (rows[:, 1] > 0) | (rows[:, 2] < 0)
        last, ever = last + apart[-1], ever + apart.any()
    return last / paths, ever / paths


@pytest.mark.parametrize(("base", "effect", "share", "power"), [(0.5, 0.1, 0.5, 0.8), (0.3, -0.08, 0.2, 0.8), (0.6, 0.12, 0.1, 0.9)])
def test_simulated_experiments_of_that_size_have_the_power_and_smaller_ones_have_not(base, effect, share, power):
    people = people_always_valid(base, effect, share, power=power)
    last, ever = told(base, effect, share, people.both, 600, SEED)
    error = np.sqrt(power * (1 - power) / 600)
    assert abs(last - power) < 4 * error + 0.01 and ever >= last
    assert told(base, effect, share, people.both * 6 // 10, 600, SEED)[1] < power - 4 * error


def test_the_number_is_the_least_that_its_own_condition_holds_for():
    people = people_always_valid(0.4, 0.05)
    variance, z = (0.24 + 0.45 * 0.55) / 0.5, 0.8416212335729143

    def short(count: int) -> float:
        return 2 * boundary(np.array([count * variance / 4]))[0] / count + z * np.sqrt(variance / count) - 0.05

    assert short(people.both) <= 0 < short(people.both - 2)


@given(some.floats(0.05, 0.95), some.floats(0.01, 0.5), some.floats(0.05, 0.95), some.floats(0.5, 0.95))
def test_daily_looks_cost_people_and_smaller_effects_or_more_power_cost_more(base, effect, share, power):
    effect = min(effect, 0.99 - base) if base < 0.5 else -min(effect, base - 0.01)
    one, always = people_for_one_look(base, effect, share, power=power), people_always_valid(base, effect, share, power=power)
    assert always.both > one.both
    assert people_always_valid(base, effect / 2, share, power=power).both > always.both
    assert people_always_valid(base, effect, share, power=(1 + power) / 2).both > always.both
    assert abs(people_always_valid(1 - base, -effect, share, power=power).both - always.both) <= 2


def test_days_are_those_of_the_slower_arm_and_the_outcomes_horizon():
    assert days_needed(People(800, 100), 50, (0.8, 0.1)) == 20 + 30
    assert days_needed(People(800, 101), 50, (0.8, 0.1)) == 21 + 30
    assert days_needed(People(900, 100), 50, (0.8, 0.1), horizon_days=0) == 23


@pytest.mark.parametrize("figures", [(0.5, 0.0), (0.9, 0.2), (0.1, -0.2), (0.5, 0.1, 0.0), (0.5, 0.1, 0.5, 1.0), (0.5, 0.1, 0.5, 0.05, 0.0), (float("nan"), 0.1)])
def test_figures_that_are_none_are_refused(figures):
    for asked in (people_for_one_look, people_always_valid):
        with pytest.raises(Refused) as raised:
            asked(*figures)
        assert raised.value.zh
    with pytest.raises(Refused, match="an arm never fills"):
        days_needed(People(1, 1), 0, (0.5, 0.5))


def test_an_effect_too_small_for_any_book_is_refused():
    with pytest.raises(Refused, match="would need more than 1,000,000,000 people"):
        people_always_valid(0.5, 0.00001)


@given(some.lists(some.integers(0, 2), max_size=60))
def test_the_p_of_the_shares_is_that_of_bets_placed_one_person_after_another(arms):
    shares, counts, capital = (0.8, 0.15, 0.05), [0, 0, 0], 1.0
    for arm in arms:
        capital *= (200 * shares[arm] + counts[arm]) / (200 + sum(counts)) / shares[arm]
        counts[arm] += 1
    assert shares_met(counts, shares) == pytest.approx(min(1.0, 1 / capital))


def test_shares_that_are_met_are_seldom_doubted_over_all_looks_and_shares_that_are_not_are_found():
    random, shares = np.random.default_rng(SEED), (0.5, 0.5)

    def ever(share: float, level: float, people: int = 2_000, paths: int = 400) -> float:
        first = (random.random((paths, people)) < share).cumsum(axis=1)
        looks = range(19, people, 20)
        return float(np.mean([min(shares_met((int(path[n]), n + 1 - int(path[n])), shares) for n in looks) < level for path in first]))

    assert ever(0.5, 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert ever(0.6, 0.001) > 0.95


def test_shares_met_to_the_last_person_are_not_doubted_and_an_empty_arm_of_thousands_is():
    assert shares_met((800, 150, 50), (0.8, 0.15, 0.05)) == 1.0
    assert shares_met((0, 0), (0.5, 0.5)) == 1.0
    assert shares_met((2_000, 0), (0.95, 0.05)) < 1e-6
    with pytest.raises(Refused, match="are not above 0 with the sum 1"):
        shares_met((1, 1), (0.5, 0.6))
