"""Local time by zone, for columns of instants: offsets, local days, and the instants at which a clock shows an hour.

Instants are microseconds since 1970-01-01T00:00Z, days are numbers since 1970-01-01. Source: IANA time zone database, as the
system or the package tzdata holds it.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from arrears.days import day_of, microseconds_of, moment_of

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
_WEEK = timedelta(days=7)


@cache
def zone_names() -> frozenset[str]:
    """The names that may stand for a zone; names of one machine's own setting are none of them."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def offsets(zone: str, instants: np.ndarray) -> np.ndarray:
    """What is to be added to each instant for the local clock's reading, in microseconds."""
    if len(instants) == 0:
        return np.zeros(0, np.int64)
    starts, values = _steps_between(zone, _year(instants.min()), _year(instants.max()))
    if len(set(values)) == 1:
        return np.full(len(instants), values[0], np.int64)
    return np.array(values, np.int64)[np.searchsorted(np.array(starts, np.int64), instants, side="right") - 1]


def changes(zone: str, since: int, until: int) -> list[int]:
    """The instants in (since, until] at which the zone's clock is put forward or back."""
    starts, values = _steps_between(zone, _year(since), _year(until))
    steps = zip(starts[1:], values[:-1], values[1:], strict=True)
    return [start for start, before, after in steps if before != after and since < start <= until]


def instants_at(zone: str, day: int, minute: int) -> tuple[int, ...]:
    """The instants at which the zone's clock shows that minute of that day: one, or two where the hour comes twice.

    An hour that is left out gives the instant to which the clock jumps over it.

    >>> [moment_of(at).isoformat() for at in instants_at("Asia/Shanghai", 20_513, 8 * 60)]
    ['2026-03-01T00:00:00+00:00']
    """
    local = datetime.combine(day_of(day), datetime.min.time(), ZoneInfo(zone)) + timedelta(minutes=minute)
    return tuple(sorted({microseconds_of(local.replace(fold=fold).astimezone(UTC)) for fold in (0, 1)}))


def instants_showing(zone: str, days: np.ndarray, minutes: np.ndarray, since: int, until: int) -> np.ndarray:
    """The instants in [since, until] at which the zone's clock shows one of the minutes of one of the days, in no order.

    An hour that is left out gives none; the clock then jumps over it, and `changes` tells when.
    """
    local = (days[:, None] * DAY + minutes[None, :] * MINUTE).ravel()
    _, values = _steps_between(zone, _year(since) - 1, _year(until) + 1)
    found = []
    for value in sorted(set(values)):
        instants = local - value
        instants = instants[(instants >= since) & (instants <= until)]
        found.append(instants[offsets(zone, instants) == value])
    return np.concatenate(found)


def written(instant: int, zone: str) -> str:
    """The instant in ISO 8601 with the zone's offset."""
    return moment_of(instant).astimezone(ZoneInfo(zone)).isoformat()


def _year(instant: int) -> int:
    return moment_of(int(instant)).year


def _steps_between(zone: str, first: int, last: int) -> tuple[list[int], list[int]]:
    starts, values = [], []
    for year in range(first, last + 1):
        of_year = _steps_of(zone, year)
        starts += of_year[0]
        values += of_year[1]
    return starts, values


@cache
def _steps_of(zone: str, year: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """From which instants of the (UTC) year on which offset holds; the first is the year's beginning."""
    clock = ZoneInfo(zone)

    def offset(at: datetime) -> int:
        return at.astimezone(clock).utcoffset() // timedelta(microseconds=1)

    at = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    starts, values = [microseconds_of(at)], [offset(at)]
    while at < end:
        until = min(at + _WEEK, end)
        low, high = at, until
        if offset(high) != values[-1]:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds() // 2))
                low, high = (middle, high) if offset(middle) == values[-1] else (low, middle)
            starts.append(microseconds_of(high))
            values.append(offset(high))
            at = high
        else:
            at = until
    return tuple(starts), tuple(values)
