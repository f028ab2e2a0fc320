"""Local time in columns equals the standard library's, one instant at a time, also where clocks are put forward or back."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.days import microseconds_of, moment_of, number_of
from arrears.zones import DAY, MINUTE, changes, instants_at, instants_showing, offsets, written, zone_names

ZONES = ("Asia/Shanghai", "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
         "Pacific/Apia", "America/St_Johns", "Europe/Dublin", "America/Phoenix")
INSTANTS = st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 29)).map(lambda at: microseconds_of(at.replace(tzinfo=UTC)))


@given(st.sampled_from(ZONES), st.lists(INSTANTS, max_size=20))
@settings(deadline=None, max_examples=150)
def test_offsets_are_the_library_s(zone, instants):
    found = offsets(zone, np.array(instants, np.int64))
    expected = [moment_of(at).astimezone(ZoneInfo(zone)).utcoffset() // timedelta(microseconds=1) for at in instants]
    assert found.tolist() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_the_library_s_a_second_before_and_at_every_change_of_thirty_years(zone):
    since, until = (microseconds_of(datetime(year, 1, 1, tzinfo=UTC)) for year in (2005, 2035))
    turns = np.array(changes(zone, since, until), np.int64)
    beside = np.concatenate([turns, turns - 1, turns - 1_000_000])
    expected = [moment_of(int(at)).astimezone(ZoneInfo(zone)).utcoffset() // timedelta(microseconds=1) for at in beside]
    assert offsets(zone, beside).tolist() == expected
    assert all(before != after for before, after in zip(offsets(zone, turns - 1), offsets(zone, turns), strict=True))


@given(st.sampled_from(ZONES), st.dates(date(2020, 1, 3), date(2030, 12, 1)), st.integers(0, 1439))
@settings(deadline=None, max_examples=150)
def test_the_instants_at_which_a_clock_shows_a_minute_show_it(zone, day, minute):
    since, until = (microseconds_of(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=step)) for step in (-3, 3))
    found = instants_showing(zone, np.array([number_of(day)], np.int64), np.array([minute], np.int64), since, until)
    shown = datetime(day.year, day.month, day.day, minute // 60, minute % 60)
    every = {microseconds_of(shown.replace(tzinfo=UTC)) - step * 15 * MINUTE for step in range(-60, 61)}
    expected = {at for at in every if moment_of(at).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown}
    assert set(found.tolist()) == expected
    assert expected <= set(instants_at(zone, number_of(day), minute))


def test_an_hour_that_comes_twice_gives_two_instants_and_one_that_is_left_out_the_jump():
    """New York: 2026-11-01 01:30 comes twice, 2026-03-08 02:30 not at all."""
    twice = instants_at("America/New_York", number_of(date(2026, 11, 1)), 90)
    assert [written(at, "America/New_York") for at in twice] == ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"]
    day = np.array([number_of(date(2026, 3, 8))], np.int64)
    since = microseconds_of(datetime(2026, 3, 7, tzinfo=UTC))
    assert instants_showing("America/New_York", day, np.array([150], np.int64), since, since + 3 * DAY).tolist() == []
    (jump,) = changes("America/New_York", since, since + 3 * DAY)
    assert written(jump, "America/New_York") == "2026-03-08T03:00:00-04:00"


def test_names_of_one_machine_s_setting_are_no_zones():
    assert {"Asia/Shanghai", "UTC", "America/New_York"} <= zone_names()
    assert not {"localtime", "posixrules", "Factory", "", "Mars/Olympus"} & zone_names()
