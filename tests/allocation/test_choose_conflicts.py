"""Limits that cannot be kept are refused by name, with by how much; what can be kept is not refused."""

import numpy as np
import pytest

from arrears.allocation.choose import NO_MOST, choose
from arrears.refusal import Refused

CALL, SMS, ALONE = 0, 1, 2


def asked(entries: int, limits: dict[str, tuple[list[int], int, int]], allowed=None):
    """limits: name to (what call, message and leaving alone count), most, least. A call is worth 50, a message 20."""
    return choose(
        np.tile(np.array([50, 20, 0], np.int64), (entries, 1)), np.ones((entries, 3), np.bool_) if allowed is None else allowed, np.zeros(entries, np.int32),
        np.array([counted for counted, _, _ in limits.values()], np.int64)[:, None, :], np.array([most for _, most, _ in limits.values()], np.int64),
        np.array([least for _, _, least in limits.values()], np.int64), tuple(limits))


def refused(*args, **named) -> Refused:
    with pytest.raises(Refused) as error:
        asked(*args, **named)
    return error.value


def test_a_minimum_above_the_maximum_of_the_same_limit():
    error = refused(100, {"calls": ([1, 0, 0], 30, 45)})
    assert "limit calls: it asks for at least 45 and at most 30; that is 15 too much" in error.en
    assert "限额 calls：最低 45 高于最高 30，相差 15" in error.zh


def test_a_minimum_above_the_people_who_may_lawfully_be_treated_so():
    allowed = np.ones((100, 3), np.bool_)
    allowed[40:, CALL] = False
    error = refused(100, {"calls": ([1, 0, 0], NO_MOST, 55)}, allowed=allowed)
    assert "at least 55" in error.en and "only 40" in error.en and "15 too few" in error.en
    assert "还差 15" in error.zh


def test_a_maximum_below_what_people_without_a_choice_take():
    allowed = np.zeros((10, 3), np.bool_)
    allowed[:, CALL] = True
    error = refused(10, {"minutes": ([6, 0, 0], 50, 0)}, allowed=allowed)
    assert "at most 50" in error.en and "count 60 already, 10 too many" in error.en
    assert "超出 10" in error.zh


@pytest.mark.parametrize("entries", [1_000, 30_000])
def test_a_minimum_service_above_what_capacity_allows_names_both_and_the_shortfall(entries):
    """6 minutes a call: 3,000 minutes give 500 calls, 700 are demanded."""
    error = refused(entries, {"spend": ([3, 1, 0], NO_MOST, 0), "minutes": ([6, 0, 0], 3_000, 0), "service": ([1, 0, 0], NO_MOST, 700)})
    assert "limits service and minutes conflict: service asks for at least 700, but within the others at most 500 can be had, 200 too few" in error.en
    assert "限额 service 与 minutes 冲突" in error.zh and "还差 200" in error.zh


def test_two_minima_that_want_the_same_people():
    error = refused(100, {"calls": ([1, 0, 0], NO_MOST, 60), "messages": ([0, 1, 0], NO_MOST, 50)})
    assert "limits messages and calls conflict" in error.en and "at most 40 can be had, 10 too few" in error.en


def test_a_maximum_that_the_other_maximum_pushes_over():
    """Nobody may be left alone: whoever is not called gets a message, and there is room for 95 of 100."""
    allowed = np.ones((100, 3), np.bool_)
    allowed[:, ALONE] = False
    error = refused(100, {"calls": ([1, 0, 0], 30, 0), "messages": ([0, 1, 0], 65, 0)}, allowed=allowed)
    assert "limits messages and calls conflict: messages allows at most 65" in error.en and "less than 70 of it, 5 too many" in error.en


def test_whole_treatments_that_cannot_fill_a_minimum_are_proven_so_for_few():
    """Calls count 6, and between 8 and 11 must be counted: one is too little, two too much, though one and a half would do."""
    error = refused(4, {"minutes": ([6, 0, 0], 11, 8)})
    assert "limit minutes: it asks for at least 8, but within its other side at most 6 can be had, 2 too few" in error.en
    assert "限额 minutes：要求至少 8，但在其另一侧限额内最多只能达到 6，还差 2" in error.zh


def test_a_minimum_that_just_fits_is_kept_and_not_refused():
    chosen = asked(1_000, {"minutes": ([6, 1, 0], 3_000, 0), "service": ([1, 0, 0], NO_MOST, 500)})
    assert chosen.used.tolist() == [3_000, 500]


def test_a_minimum_that_prices_alone_would_miss_is_still_met():
    """All values are nothing, so that no price tells anything."""
    entries = 500
    chosen = choose(np.zeros((entries, 2), np.int64), np.ones((entries, 2), np.bool_), np.zeros(entries, np.int32), np.array([[[3, 0]], [[1, 0]]], np.int64),
                    np.array([301, NO_MOST], np.int64), np.array([0, 100], np.int64))
    assert 100 <= chosen.used[1] and chosen.used[0] <= 301 and chosen.bound_minor == 0
