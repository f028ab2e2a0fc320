"""One treatment for each entry under limits: held against every combination looked at, for small books."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.choose import NO_MOST, Chosen, choose, worth_of_one_more
from arrears.refusal import Refused

MANY, FEWER = settings(max_examples=150, deadline=None), settings(max_examples=40, deadline=None)


@st.composite
def books(draw, entries=5, treatments=3, limits=3, worth=60, counted=5) -> dict:
    """Few entries with small numbers, so that limits bind, tie and conflict."""
    n, t, amount = draw(st.integers(1, entries)), draw(st.integers(1, treatments)), draw(st.integers(0, limits))
    c = draw(st.integers(1, n))
    whole = lambda shape, low, high: np.array(draw(st.lists(st.integers(low, high), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), np.int64).reshape(shape)  # noqa: E731
    allowed = whole((n, t), 0, 2) > 0
    allowed[:, -1] = True
    return {
        "value": whole((n, t), -worth // 5, worth), "allowed": allowed, "kind": whole((n,), 0, c - 1).astype(np.int32), "usage": whole((amount, c, t), 0, counted),
        "most": np.array([draw(st.one_of(st.just(NO_MOST), st.integers(0, 3 * counted))) for _ in range(amount)], np.int64),
        "least": np.array([draw(st.one_of(st.just(0), st.integers(0, 2 * counted))) for _ in range(amount)], np.int64),
    }


def counted_in(book: dict, choice) -> list[int]:
    return [sum(int(book["usage"][limit, book["kind"][entry], treatment]) for entry, treatment in enumerate(choice)) for limit in range(len(book["most"]))]


def keeps(book: dict, choice) -> bool:
    """Allowed for each entry, and within all limits."""
    return all(book["allowed"][entry, treatment] for entry, treatment in enumerate(choice)) and all(
        least <= used <= most for used, most, least in zip(counted_in(book, choice), book["most"], book["least"], strict=True))


def worth(book: dict, choice) -> int:
    return sum(int(book["value"][entry, treatment]) for entry, treatment in enumerate(choice))


def best_worth(book: dict) -> int | None:
    """Of all combinations the greatest worth within the limits; None where there is none."""
    entries, treatments = book["value"].shape
    return max((worth(book, choice) for choice in product(range(treatments), repeat=entries) if keeps(book, choice)), default=None)


def bound_in_words(book: dict, prices) -> int:
    """bound(p) in thousandths, by its formula, in Python's whole numbers of any size."""
    total = 0
    for entry in range(len(book["value"])):
        total += max(
            1000 * int(book["value"][entry, treatment]) - sum(int(p) * int(book["usage"][limit, book["kind"][entry], treatment]) for limit, p in enumerate(prices))
            for treatment in range(book["value"].shape[1]) if book["allowed"][entry, treatment])
    return total + sum(int(p) * int(most if p > 0 else least) for p, most, least in zip(prices, book["most"], book["least"], strict=True) if p)


@MANY
@given(books())
def test_the_choice_keeps_every_limit_and_is_the_best_of_all_combinations(book):
    best = best_worth(book)
    if best is None:
        with pytest.raises(Refused):
            choose(**book)
        return
    chosen = choose(**book)
    assert keeps(book, chosen.choice)
    assert chosen.used.tolist() == counted_in(book, chosen.choice)
    assert chosen.reached_minor == worth(book, chosen.choice) == best == chosen.bound_minor <= chosen.priced_minor
    assert chosen.gap == 0


@FEWER
@given(books(entries=40, treatments=4, worth=5000, counted=30))
def test_the_bound_is_what_its_prices_say_and_prices_have_the_sign_of_what_binds(book):
    try:
        chosen = choose(**book)
    except Refused:
        return
    assert keeps(book, chosen.choice)
    assert chosen.reached_minor <= chosen.bound_minor <= chosen.priced_minor == bound_in_words(book, chosen.prices) // 1000
    assert all(price <= 0 for price, most in zip(chosen.prices, book["most"], strict=True) if most == NO_MOST)
    assert all(price >= 0 for price, least in zip(chosen.prices, book["least"], strict=True) if least == 0)


@MANY
@given(books(entries=4), st.integers(1, 6))
def test_a_price_bounds_what_more_of_a_limit_brings_and_what_less_of_it_costs(book, units):
    try:
        chosen = choose(**book)
    except Refused:
        return
    for limit in np.flatnonzero(chosen.prices):
        side = "most" if chosen.prices[limit] > 0 else "least"
        for change in (units, -units):
            best = best_worth({**book, side: book[side] + change * (np.arange(len(book[side])) == limit)})
            # One is rounded down and the other half up, so together they may be a minor unit too low.
            assert best is None or best <= chosen.priced_minor + worth_of_one_more(chosen, limit, change) + 1


@MANY
@given(books(), st.data())
def test_raising_a_maximum_or_lowering_a_minimum_never_lowers_the_bound(book, data):
    try:
        narrow = choose(**book)
    except Refused:
        return
    if not len(book["most"]):
        return
    limit = data.draw(st.integers(0, len(book["most"]) - 1))
    wider = {name: each.copy() for name, each in book.items()}
    if data.draw(st.booleans()) and wider["most"][limit] != NO_MOST:
        wider["most"][limit] += data.draw(st.integers(1, 8))
    else:
        wider["least"][limit] = max(0, wider["least"][limit] - data.draw(st.integers(1, 8)))
    assert choose(**wider).bound_minor >= narrow.bound_minor


@MANY
@given(books(entries=12, treatments=4, worth=900, counted=9), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_neither_worth_nor_bound_nor_prices(book, dice):
    places = list(range(len(book["value"])))
    dice.shuffle(places)
    turned = {**book, **{name: book[name][places] for name in ("value", "allowed", "kind")}}
    try:
        chosen = choose(**book)
    except Refused as refused:
        with pytest.raises(Refused) as again:
            choose(**turned)
        assert str(again.value) == str(refused)
        return
    other = choose(**turned)
    assert (other.reached_minor, other.bound_minor, other.prices.tolist(), other.used.tolist()) == (
        chosen.reached_minor, chosen.bound_minor, chosen.prices.tolist(), chosen.used.tolist())


@MANY
@given(books(limits=2, worth=10**15, counted=10**9))
def test_the_greatest_amounts_do_not_overflow(book):
    best = best_worth(book)
    if best is None:
        return
    chosen = choose(**book)
    assert chosen.reached_minor == worth(book, chosen.choice) <= best <= chosen.bound_minor <= chosen.priced_minor == bound_in_words(book, chosen.prices) // 1000


@MANY
@given(books())
def test_classes_bits_and_individual_numbers_say_the_same(book):
    bits = np.array([sum(1 << treatment for treatment in range(len(row)) if row[treatment]) for row in book["allowed"]], np.uint64)
    each = {**book, "allowed": bits, "usage": book["usage"][:, book["kind"], :], "kind": np.arange(len(bits), dtype=np.int32)}
    try:
        chosen = choose(**book)
    except Refused as refused:
        with pytest.raises(Refused) as again:
            choose(**each)
        assert again.value.zh == refused.zh
        return
    other = choose(**each)
    assert other.choice.tobytes() == chosen.choice.tobytes()
    assert other.prices.tobytes() == chosen.prices.tobytes()


def alike(entries: int, value, counted, most, least) -> Chosen:
    """Entries that are all the same."""
    return choose(np.tile(np.array(value, np.int64), (entries, 1)), np.ones((entries, len(value)), np.bool_), np.zeros(entries, np.int32),
                  np.array(counted, np.int64).reshape(len(most), 1, len(value)), np.array(most, np.int64), np.array(least, np.int64), tuple(f"L{place}" for place in range(len(most))))


def test_of_equal_entries_the_earlier_keep_the_scarce_thing():
    assert alike(7, [50, 0], [[10, 0]], [39], [0]).choice.tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_of_equal_worth_the_least_pressing_treatment_wins():
    assert alike(3, [5, 5, 5, 1], [], [], []).choice.tolist() == [2, 2, 2]


def test_without_limits_everyone_gets_what_is_worth_most():
    chosen = alike(4, [3, 9, 0], [], [], [])
    assert (chosen.choice.tolist(), chosen.reached_minor, chosen.bound_minor, chosen.gap, chosen.prices.tolist()) == ([1, 1, 1, 1], 36, 36, 0, [])


def test_without_entries_there_is_nothing_to_choose():
    chosen = choose(np.zeros((0, 3), np.int64), np.zeros((0, 3), np.bool_), np.zeros(0, np.int32), np.zeros((2, 0, 3), np.int64), np.array([5, NO_MOST]), np.zeros(2, np.int64))
    assert (len(chosen.choice), chosen.reached_minor, chosen.bound_minor, chosen.used.tolist()) == (0, 0, 0, [0, 0])


def test_with_no_capacity_at_all_everyone_is_left_alone():
    chosen = alike(1000, [90, 40, 0], [[6, 0, 0], [0, 1, 0]], [0, 0], [0, 0])
    assert (set(chosen.choice.tolist()), chosen.reached_minor, chosen.bound_minor) == ({2}, 0, 0)


def test_the_price_of_a_minute_is_what_a_minute_brings():
    """A call of 6 minutes brings 300: 50 a minute, whatever the exact capacity within the book."""
    chosen = alike(100, [300, 0], [[6, 0]], [360], [0])
    assert chosen.reached_minor == 60 * 300
    assert worth_of_one_more(chosen, 0, 60) == 3000


def test_a_minimum_costs_what_its_price_says():
    """A visit loses 70 each; ten are demanded."""
    chosen = alike(100, [-70, 0], [[1, 0]], [NO_MOST], [10])
    assert (chosen.reached_minor, chosen.bound_minor, worth_of_one_more(chosen, 0)) == (-700, -700, -70)


def test_an_entry_that_may_not_be_treated_at_all_is_refused():
    with pytest.raises(Refused, match="entry 2 and 0 others have no treatment"):
        choose(np.zeros((2, 2), np.int64), np.array([[True, False], [False, False]]), np.zeros(2, np.int32), np.zeros((0, 1, 2), np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))


@pytest.mark.parametrize(("changed", "said"), [
    ({"value": np.full((2, 2), 10**15 + 1)}, "passes"), ({"kind": np.array([0, 1])}, "a class is outside"), ({"usage": np.full((1, 1, 2), -1)}, "at least 0"),
    ({"most": np.zeros(2, np.int64)}, "do not fit"), ({"allowed": np.array([1, 4], np.uint64)}, "does not fit"),
])
def test_arrays_that_do_not_fit_raise(changed, said):
    book = {"value": np.zeros((2, 2), np.int64), "allowed": np.ones((2, 2), np.bool_), "kind": np.zeros(2, np.int32), "usage": np.zeros((1, 1, 2), np.int64),
            "most": np.zeros(1, np.int64), "least": np.zeros(1, np.int64)}
    with pytest.raises(ValueError, match=said):
        choose(**{**book, **changed})
