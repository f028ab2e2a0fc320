"""Dates as day numbers, moments as microseconds, and how a user writes them."""

from datetime import UTC, date, datetime, timedelta

from arrears.refusal import Refused

EPOCH = date(1970, 1, 1)
LAST_DAY = date.max
"""No row may bear a later date: no calendar writes it in four digits."""
FIRST_DAY = date(1990, 1, 1)
"""No row may bear an earlier date: before it a date was mistaken for another."""


def number_of(day: date) -> int:
    """Days since 1970-01-01, as Parquet's Date32 counts them."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=int(number))


def microseconds_of(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z, exact."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def read_day(text: str, name: str = "--as-of") -> date:
    """The date written YYYY-MM-DD; raises Refused with a sentence."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Refused(
            f"{name} {text!r} is not a date; write it as YYYY-MM-DD, for example 2026-03-31",
            f"{name} {text!r} 不是日期；请写成 YYYY-MM-DD，例如 2026-03-31",
        )
    if day < FIRST_DAY:
        raise Refused(
            f"{name} {text} is before {FIRST_DAY}; no book reaches that far back, check the year",
            f"{name} {text} 早于 {FIRST_DAY}；没有账册早到此时，请检查年份",
        )
    return day


def read_moment(text: str, name: str = "--known-at") -> datetime:
    """The instant written in ISO 8601 with its offset, in UTC; raises Refused with a sentence."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"{name} {text!r} is not a time; write it as 2026-03-31T22:00:00+08:00",
            f"{name} {text!r} 不是时间；请写成 2026-03-31T22:00:00+08:00",
        ) from None
    if moment.utcoffset() is None:
        raise Refused(
            f"{name} {text} has no offset, so it names no instant; add one, for example 2026-03-31T22:00:00+08:00",
            f"{name} {text} 没有时区偏移，无法确定时刻；请补上，例如 2026-03-31T22:00:00+08:00",
        )
    return moment.astimezone(UTC)


def last_day_of_previous_month(day: date) -> date:
    return day.replace(day=1) - timedelta(days=1)
