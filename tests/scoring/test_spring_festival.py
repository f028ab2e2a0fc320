"""The first days of lunar years against the calendar of holidays, and the days between."""

from datetime import date, timedelta

import chinese_calendar
import polars as pl
import pytest

from arrears.scoring.spring_festival import FIRST_DAYS, gap_days


@pytest.mark.parametrize("first", [day for day in FIRST_DAYS if 2008 <= day.year <= 2025], ids=str)
def test_the_first_day_is_a_holiday_of_the_spring_festival(first):
    """The State Council's notices: the day itself and the two after are free under that name; two days before it, work or a weekend may be."""
    named = chinese_calendar.constants.Holiday.spring_festival.value
    assert all(chinese_calendar.get_holiday_detail(first + timedelta(days=after)) == (True, named) for after in range(3))


def test_lunar_years_are_twelve_or_thirteen_months_long():
    lengths = {(after - before).days for before, after in zip(FIRST_DAYS[:-1], FIRST_DAYS[1:], strict=True)}
    assert lengths <= {353, 354, 355, 383, 384, 385}
    assert all(date(day.year, 1, 20) < day < date(day.year, 2, 22) for day in FIRST_DAYS)


def test_days_are_counted_from_the_nearest_first_day_and_no_further_than_sixty():
    days = [date(2026, 2, 17), date(2026, 2, 10), date(2026, 3, 1), date(2026, 1, 1), date(2026, 8, 1), None, date(1980, 1, 1), date(2060, 1, 1)]
    assert gap_days(pl.Series(days, dtype=pl.Date)).to_list() == [0, -7, 12, -47, 60, None, None, None]
    assert gap_days(pl.Series([date(2026, 11, 1)])).to_list() == [-60]  # 98 days to 2027-02-06, 257 since 2026-02-17
