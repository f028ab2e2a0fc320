"""Periods of law counted by the calendar: first day excluded, month ends kept, holidays at the end stepped over.

Source: 民法典 arts. 201 to 203. Holidays are those of the pinned library chinesecalendar, which reads the State
Council's yearly arrangements; a year that it does not cover gives no extension, and the result says so.
"""

from calendar import monthrange
from datetime import date, timedelta

import chinese_calendar


def months_after(day: date, months: int) -> date:
    """The last day of a period of whole months (also negative) that begins with the day, which does not count itself.

    The corresponding day of the month, or the month's last where there is none (201, 202).

    >>> months_after(date(2020, 2, 29), 36), months_after(date(2023, 8, 31), -6)
    (datetime.date(2023, 2, 28), datetime.date(2023, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def after_holidays(day: date, weekends_too: bool) -> tuple[date, bool]:
    """The last day of a period that would end on the day, and whether the calendar of holidays is not known there.

    A day of an announced holiday moves it to the day after that holiday (203). A plain weekend does so only where
    `weekends_too`; a Saturday or Sunday made a working day never.

    >>> after_holidays(date(2026, 2, 17), False)
    (datetime.date(2026, 2, 24), False)
    """
    last = day
    while True:
        try:
            is_free, name = chinese_calendar.get_holiday_detail(last)
        except NotImplementedError:
            return last, True
        if not is_free or (name is None and not weekends_too):
            return last, False
        last += timedelta(days=1)


def announced(year: int) -> list[tuple[str, date, date, bool]] | None:
    """What the State Council announced for the year, in order: name (in English), first day, last day, and whether one works on it (a make-up day); None for a year that is not covered.

    >>> [one for one in announced(2026) if one[0] == "Spring Festival" and not one[3]]
    [('Spring Festival', datetime.date(2026, 2, 15), datetime.date(2026, 2, 23), False)]
    """
    found: list[tuple[str, date, date, bool]] = []
    day = date(year, 1, 1)
    while day.year == year:
        try:
            is_free, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            return None
        if name is not None:
            is_worked = not is_free
            if found and found[-1][0] == name and found[-1][3] == is_worked and found[-1][2] == day - timedelta(days=1):
                found[-1] = (name, found[-1][1], day, is_worked)
            else:
                found.append((str(name), day, day, is_worked))
        day += timedelta(days=1)
    return found
