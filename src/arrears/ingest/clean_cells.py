"""Clean cells of a column, read by one compiled pass over its bytes. What is not beyond doubt is left to reading.py.

A pattern asked of each text costs more than the text: here a column is one run of bytes with the place where each text
begins, and every byte is looked at once.
"""

import numpy as np
import polars as pl

from arrears.compiled import compiled

_ZERO, _NINE, _MINUS, _DOT = 48, 57, 45, 46
_FIRST_OF_MONTH = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)
_EPOCH = 719_528
"""Days from 0000-01-01 to 1970-01-01 in the proleptic Gregorian calendar."""
_ODD = np.array([byte <= 32 or byte >= 127 or byte in b"'#+*.," for byte in range(256)])


def is_plain(texts: pl.Series) -> bool:
    """No text of the column holds anything but ASCII, and nothing of that but what may stand in any id or word.

    >>> is_plain(pl.Series(["JJ-0012", None])), is_plain(pl.Series(["JJ 0012"])), is_plain(pl.Series(["Ｊ"]))
    (True, False, False)
    """
    data, starts = _bytes_of(texts)
    return not _any_of(data, starts[0], starts[-1], _ODD)


def amounts(texts: pl.Series, power: int, point: str = ".") -> pl.Series:
    """Whole numbers of the unit's 10^power parts; null unless the text is digits with at most `power` behind the point.

    A minus in front is read; at most 14 - power digits stand before the point, so that nothing wraps.

    >>> amounts(pl.Series(["12", "-0.50", "1.005", "1,000", "", None]), 2).to_list()
    [1200, -50, None, None, None, None]
    """
    data, starts = _bytes_of(texts)
    values, known = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    _read_amounts(data, starts, power, ord(point), values, known)
    return _where(known, texts, pl.Series(texts.name, values))


def days(texts: pl.Series, least_digits: dict[str, int]) -> pl.Series:
    """Dates written as a year of four digits, month and day, with one of these separators between them; else null.

    `least_digits` says for each separator whether month and day need one or two digits.

    >>> days(pl.Series(["2026-02-28", "2026/2/3", "2026-2-3", "2026-02-29", "2026-02-28 10:00"]), {"-": 2, "/": 1}).to_list()
    [datetime.date(2026, 2, 28), datetime.date(2026, 2, 3), None, None, None]
    """
    data, starts = _bytes_of(texts)
    least = np.zeros(256, np.int64)
    for separator, digits in least_digits.items():
        least[ord(separator)] = digits
    values, known = np.zeros(len(texts), np.int32), np.zeros(len(texts), np.bool_)
    _read_days(data, starts, least, _FIRST_OF_MONTH, values, known)
    return _where(known, texts, pl.Series(texts.name, values).cast(pl.Date))


def _bytes_of(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """The texts one behind the other in UTF-8, and where each begins."""
    array = texts.rename("").rechunk().to_arrow()  # Arrow knows no name with a NUL in it
    _, starts, data = array.buffers()
    starts = np.frombuffer(starts, np.int64)[array.offset : array.offset + len(array) + 1] if len(array) else np.zeros(1, np.int64)
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8), starts


def _where(known: np.ndarray, texts: pl.Series, values: pl.Series) -> pl.Series:
    """The values that are known, of texts that are not null: behind a null one the bytes it once had may still lie."""
    sure = pl.Series(known) & texts.is_not_null() if texts.has_nulls() else pl.Series(known)
    return values if sure.all() else pl.select(pl.when(sure).then(values).alias(values.name)).to_series()


@compiled
def _any_of(data, first, end, wanted):
    found = False
    for at in range(first, end):
        found |= wanted[data[at]]
    return found


@compiled
def _read_amounts(data, starts, power, point, values, known):
    for row in range(len(values)):
        at, end = starts[row], starts[row + 1]
        is_below = at < end and data[at] == _MINUS
        if is_below:
            at += 1
        first, value = at, 0
        while at < end and _ZERO <= data[at] <= _NINE and at - first <= 14 - power:
            value = value * 10 + (data[at] - _ZERO)
            at += 1
        if not 1 <= at - first <= 14 - power:
            continue
        left = power
        if at < end and data[at] == point and power:
            at += 1
            while at < end and left and _ZERO <= data[at] <= _NINE:
                value = value * 10 + (data[at] - _ZERO)
                at += 1
                left -= 1
            if left == power:
                continue
        if at == end:
            value *= 10**left
            values[row] = -value if is_below else value
            known[row] = True


@compiled
def _number(data, at, end, most, found):
    """The place behind the digits at `at`, at most so many; the number itself in found[0]."""
    value, first = 0, at
    while at < end and at - first < most and _ZERO <= data[at] <= _NINE:
        value = value * 10 + (data[at] - _ZERO)
        at += 1
    found[0] = value
    return at


@compiled
def _read_days(data, starts, least, first_of_month, values, known):
    found = np.zeros(1, np.int64)
    for row in range(len(values)):
        at, end = starts[row], starts[row + 1]
        if not 8 <= end - at <= 10:
            continue
        place = _number(data, at, end, 4, found)
        year = found[0]
        separator = data[place] if place < end else 0
        digits = least[separator]
        if place - at != 4 or not digits or year == 0:
            continue
        at = place + 1
        place = _number(data, at, end, 2, found)
        month = found[0]
        if place - at < digits or place >= end or data[place] != separator:
            continue
        at = place + 1
        place = _number(data, at, end, 2, found)
        day = found[0]
        if place - at < digits or place != end or not 1 <= month <= 12:
            continue
        is_leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        length = 31 if month == 12 else first_of_month[month] - first_of_month[month - 1]
        if day < 1 or day > length + (1 if is_leap and month == 2 else 0):
            continue
        before = year - 1
        leaps = before // 4 - before // 100 + before // 400 + 1  # the year 0 is one
        values[row] = year * 365 + leaps + first_of_month[month - 1] + (1 if is_leap and month > 2 else 0) + day - 1 - _EPOCH
        known[row] = True
