"""A value by date: each step holds from its day, nothing is known before the first or after the last confirmed day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.timeline import Timeline, constant

DAYS = st.dates(date(2015, 1, 1), date(2015, 2, 15))
VALUES = st.none() | st.integers(0, 9)
TIMELINES = st.dictionaries(DAYS, VALUES, max_size=8).map(lambda steps: Timeline(tuple(sorted(steps.items()))))


def slowly(timeline: Timeline, day: date) -> int | None:
    found = None
    for first, value in timeline.steps:
        if first <= day:
            found = value
    return found


@given(TIMELINES, DAYS)
def test_the_value_of_a_day_is_that_of_the_last_step_by_then(timeline, day):
    assert timeline.at(day) == slowly(timeline, day)


@given(TIMELINES, TIMELINES, DAYS)
def test_until_is_the_one_before_the_day_and_the_other_from_it_on(one, other, turn):
    joined = one.until(turn, other)
    for apart in range(-50, 51):
        day = turn + timedelta(days=apart)
        assert joined.at(day) == (one if day < turn else other).at(day)


def test_both_sides_of_a_step():
    steps = Timeline(((date(2024, 2, 29), 1), (date(2024, 3, 1), None), (date(2024, 3, 2), 0)))
    days = [date(2024, 2, 28) + timedelta(days=number) for number in range(5)]
    assert [steps.at(day) for day in days] == [None, 1, None, 0, 0]


def test_a_constant_is_unknown_before_its_first_day():
    assert [constant(date(2020, 8, 20), 7).at(date(2020, 8, day)) for day in (19, 20, 21)] == [None, 7, 7]


@pytest.mark.parametrize("days", [(2, 1), (1, 1), (1, 3, 2)])
def test_steps_that_are_out_of_order_or_stand_twice_are_refused(days):
    with pytest.raises(ValueError, match="in order of date, each day once"):
        Timeline(tuple((date(2024, 1, day), 0) for day in days))
