"""Identity card numbers of 18 digits within texts, found by one compiled pass over a column's bytes.

Source: GB 11643-1999: six digits of the place, eight of the birth date, three more, and a check digit (X for ten) that makes
the weighted sum of all eighteen 1 modulo 11.
"""

import numpy as np
import polars as pl

from arrears.compiled import compiled
from arrears.ingest.clean_cells import bytes_of

PROVINCES = frozenset({
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91,
})
"""The first two digits of a place."""
BORN = range(1900, 2020)
"""Receipt numbers often hold the day of a loan, which is later than the birth of whoever may borrow."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1)

_IS_PROVINCE = np.isin(np.arange(100), list(PROVINCES))
_WEIGHTS = np.array(WEIGHTS, np.int64)
_FIRST, _LAST = BORN[0], BORN[-1]
_ZERO, _NINE, _BLANK, _X, _SMALL_X = 48, 57, 32, 88, 120


def holds_card(texts: pl.Series) -> pl.Series:
    """True for each text in which a card number stands whose place, birth date and check digit are sound.

    A blank may stand before the birth date and behind it; no further digit may touch the number. Null is False.

    >>> holds_card(pl.Series(["110101199003072316", "张三 110101 19900307 2316", "110101199003072317", "2026", None])).to_list()
    [True, True, False, False, False]
    """
    found = np.zeros(len(texts), np.bool_)
    if (texts.str.len_bytes().max() or 0) >= len(WEIGHTS):
        data, starts = bytes_of(texts.fill_null(""))
        _find(data, starts, _IS_PROVINCE, _WEIGHTS, found)
    return pl.Series(texts.name, found)


@compiled
def _is_digit(byte):
    return _ZERO <= byte <= _NINE


@compiled
def _days_of(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@compiled
def _is_card_at(data, at, end, provinces, weights):
    total, province, born = 0, 0, 0
    for place in range(18):
        if place in (6, 14) and at < end and data[at] == _BLANK:
            at += 1
        if at >= end:
            return False
        if _is_digit(data[at]):
            digit = data[at] - _ZERO
        elif place == 17 and data[at] in (_X, _SMALL_X):
            digit = 10
        else:
            return False
        if place < 2:
            province = 10 * province + digit
        elif 6 <= place < 14:
            born = 10 * born + digit
        total += weights[place] * digit
        at += 1
    year, month, day = born // 10_000, born // 100 % 100, born % 100
    if total % 11 != 1 or not provinces[province] or (at < end and _is_digit(data[at])):
        return False
    return _FIRST <= year <= _LAST and 1 <= month <= 12 and 1 <= day <= _days_of(year, month)


@compiled
def _has_a_run(data, first, end):
    """Whether eight digits stand together, as in every card number: one of any eight bytes in a row is looked at."""
    at = first + 7
    while at < end:
        if _is_digit(data[at]):
            left, right = at, at + 1
            while left > first and _is_digit(data[left - 1]):
                left -= 1
            while right < end and right - left < 8 and _is_digit(data[right]):
                right += 1
            if right - left >= 8:
                return True
        at += 8
    return False


@compiled
def _find(data, starts, provinces, weights, found):
    for row in range(len(found)):
        first, end = starts[row], starts[row + 1]
        if end - first < 18 or not _has_a_run(data, first, end):
            continue
        for at in range(first, end - 17):
            if _is_digit(data[at]) and (at == first or not _is_digit(data[at - 1])) and _is_card_at(data, at, end, provinces, weights):
                found[row] = True
                break
