"""Samples drawn again are the same, say nothing by their order, and hold each stratum and each weight as they should."""

import random
from collections import Counter
from math import sqrt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.work.quality.agreement import agreement
from arrears.work.quality.draw import Drawable, digest_of, drawn, shares

FRAME = [Drawable(UUID(int=number + 1), f"s{number % 7}", 1 + 4 * (number % 10 == 0)) for number in range(1000)]


@pytest.mark.parametrize("method", ["random", "stratified", "risk"])
def test_the_same_seed_draws_the_same_whatever_the_order_of_the_frame_and_another_seed_others(method):
    shuffled = FRAME[:]
    random.Random(5).shuffle(shuffled)
    first = drawn(FRAME, method, 50, 11)
    assert drawn(shuffled, method, 50, 11) == first
    assert {one.id for one in drawn(FRAME, method, 50, 12)} != {one.id for one in first}
    assert len({one.id for one in first}) == 50
    assert digest_of(shuffled) == digest_of(FRAME) != digest_of(FRAME[1:])


@pytest.mark.parametrize("method", ["random", "stratified", "risk"])
def test_a_larger_sample_than_the_frame_is_the_frame_and_an_empty_frame_gives_none(method):
    assert {one.id for one in drawn(FRAME[:20], method, 500, 1)} == {one.id for one in FRAME[:20]}
    assert drawn([], method, 5, 1) == []


def test_every_contact_is_drawn_as_often_as_every_other():
    small, seeds = FRAME[:50], 4000
    counts = Counter(one.id for seed in range(seeds) for one in drawn(small, "random", 10, seed))
    expected = seeds * 10 / 50
    statistic = sum((counts[one.id] - expected) ** 2 / (expected * (1 - 10 / 50)) for one in small)
    assert statistic < 49 + 5 * sqrt(2 * 49)


def test_a_weight_of_nine_is_first_nine_times_in_ten():
    pair = [Drawable(UUID(int=1), weight=9), Drawable(UUID(int=2))]
    seeds = 4000
    share = sum(drawn(pair, "risk", 1, seed)[0].weight == 9 for seed in range(seeds)) / seeds
    assert abs(share - 0.9) < 4 * sqrt(0.09 / seeds)


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(1, 500), min_size=1, max_size=12), st.integers(1, 800))
def test_strata_get_their_share_none_more_than_it_has_and_one_each_while_there_is_room(found, size):
    given_out = shares(found, size)
    whole = sum(found.values())
    assert sum(given_out.values()) == min(size, whole)
    assert all(0 <= given_out[name] <= found[name] for name in found)
    if size >= len(found):
        assert all(given_out.values())
    if size >= whole:
        assert given_out == found


def test_kappa_is_what_cohens_formula_gives_by_hand():
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = agreement(pairs)
    by_hand = (35 / 50 - (25 / 50 * 30 / 50 + 25 / 50 * 20 / 50)) / (1 - (25 / 50 * 30 / 50 + 25 / 50 * 20 / 50))
    assert found.kappa == pytest.approx(by_hand) and found.low < found.kappa < found.high and found.pairs == 50


def test_kappa_is_unknown_where_chance_alone_agrees_one_where_both_always_do_and_nothing_without_pairs():
    assert agreement([]) is None
    assert agreement([("y", "y")] * 5).kappa is None
    assert agreement([("y", "y"), ("n", "n")]).kappa == 1
    assert agreement([("y", "n"), ("n", "y")]).kappa == -1
