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
