"""The first day of the lunar year, around which incomes and payments in China move."""

from datetime import date

import numpy as np
import polars as pl

from arrears.days import number_of

_FIRST_DAYS = (
    "1990-01-27 1991-02-15 1992-02-04 1993-01-23 1994-02-10 1995-01-31 1996-02-19 1997-02-07 1998-01-28 1999-02-16 "
    "2000-02-05 2001-01-24 2002-02-12 2003-02-01 2004-01-22 2005-02-09 2006-01-29 2007-02-18 2008-02-07 2009-01-26 "
    "2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 "
    "2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 "
    "2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24 "
    "2040-02-12"
)
"""Lunar new year by year. Source: GB/T 33661-2017 (编算和颁行农历); the past ones as the State Council's holiday notices."""
FIRST_DAYS = tuple(date.fromisoformat(day) for day in _FIRST_DAYS.split())
FAR_DAYS = 60


def gap_days(day: pl.Series) -> pl.Series:
    """Days from the nearest first day of a lunar year to each day (before it: negative), at most FAR_DAYS either way; Float64.

    Null where the day is null or more than a year beyond the dates that are known here.
    """
    known = np.array([number_of(first) for first in FIRST_DAYS])
    days = day.to_physical().cast(pl.Float64).to_numpy()
    filled = np.nan_to_num(days, nan=0.0)
    place = np.clip(np.searchsorted(known, filled), 1, len(known) - 1)
    after, before = filled - known[place], filled - known[place - 1]
    nearest = np.where(np.abs(after) < np.abs(before), after, before)
    is_known = ~np.isnan(days) & (filled > known[0] - 365) & (filled < known[-1] + 300)
    return pl.Series(np.where(is_known, np.clip(nearest, -FAR_DAYS, FAR_DAYS), np.nan)).fill_nan(None)
