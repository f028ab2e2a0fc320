"""Days and moments: counted from 1970, and read only where what was written names exactly one of them."""

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.days import (
    day_of,
    last_day_of_previous_month,
    microseconds_of,
    moment_of,
    number_of,
    read_day,
    read_moment,
)
from arrears.refusal import Refused


@given(st.dates())
def test_day_numbers_are_those_of_date32_and_lead_back(day):
    assert pl.Series([day]).to_physical().item() == number_of(day)
    assert day_of(number_of(day)) == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_are_exact_and_lead_back(moment):
    assert moment_of(microseconds_of(moment)) == moment
    assert pl.Series([moment], dtype=pl.Datetime("us", "UTC")).to_physical().item() == microseconds_of(moment)


def test_a_moment_is_the_same_in_every_zone():
    there = datetime(2026, 3, 31, 22, tzinfo=timezone(timedelta(hours=8)))
    assert read_moment("2026-03-31T22:00:00+08:00") == there == datetime(2026, 3, 31, 14, tzinfo=UTC)
    assert read_moment("2026-03-31T14:00:00Z") == there
    assert microseconds_of(there) == 1_774_965_600_000_000


def test_a_day_is_written_one_way():
    assert read_day("2026-03-31") == date(2026, 3, 31)
    assert read_day("2024-02-29") == date(2024, 2, 29)
    assert read_day("1990-01-01") == date(1990, 1, 1)


@pytest.mark.parametrize("text", ["", "20260331", "2026-3-31", "2026-02-29", "31.03.2026", "2026-W14-2", "2026-03-31T00:00", "today"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(Refused, match="YYYY-MM-DD") as refusal:
        read_day(text)
    assert "YYYY-MM-DD" in refusal.value.zh


def test_a_day_before_the_first_is_refused():
    with pytest.raises(Refused, match="1989-12-31 is before 1990-01-01"):
        read_day("1989-12-31")


@pytest.mark.parametrize("text,said", [
    ("2026-03-31T22:00:00", "has no offset"), ("2026-03-31", "has no offset"), ("now", "is not a time"),
    ("2026-03-31T25:00:00+08:00", "is not a time"), ("2026-03-31T22:00:00+25:00", "is not a time"),
])
def test_what_names_no_instant_is_refused(text, said):
    with pytest.raises(Refused, match=said) as refusal:
        read_moment(text)
    assert "+08:00" in str(refusal.value) and "+08:00" in refusal.value.zh


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_last_day_of_the_previous_month_is_the_day_before_this_month(day):
    last = last_day_of_previous_month(day)
    assert (last + timedelta(days=1)) == day.replace(day=1)
    assert (last.year, last.month) != (day.year, day.month)
