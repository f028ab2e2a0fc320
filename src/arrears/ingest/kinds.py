"""What kind of value a column of a table holds, and the units it may be written in."""

import polars as pl

from arrears.tables.table import Column

KINDS = ("text", "currency", "money", "rate", "share", "whole", "flag", "date", "moment")

MONEY_UNITS = {"minor": None, "major": 0, "thousand": 3, "ten_thousand": 4, "million": 6, "hundred_million": 8}
"""Each unit as the power of ten of the currency's major unit that it is; None: one minor unit."""
RATE_UNITS = {
    "ppm": 1, "fraction": 1_000_000, "percent": 10_000, "permyriad": 100, "fraction_a_month": 12_000_000, "percent_a_month": 120_000,
    "permille_a_month": 12_000, "fraction_a_day": 1_000_000, "percent_a_day": 10_000, "permyriad_a_day": 100,
}
"""Parts per million a year in one unit; for the units of a day, to be multiplied by the days a year."""
SHARE_UNITS = {"ppm": 1, "fraction": 1_000_000, "percent": 10_000}
"""Parts per million in one unit, where nothing is counted by the year."""


def kind_of(column: Column) -> str:
    """One of KINDS: by type, unit and name of the column."""
    if column.dtype == pl.String:
        return "currency" if column.name == "currency" else "text"
    if column.dtype == pl.Boolean:
        return "flag"
    if column.dtype == pl.Date:
        return "date"
    if column.dtype == pl.Datetime:
        return "moment"
    return {"minor units": "money", "parts per million a year": "rate", "parts per million": "share"}.get(column.unit, "whole")


def units_of(kind: str) -> tuple[str, ...]:
    """The units a value of this kind may be written in; none for kinds that have no unit."""
    return tuple({"money": MONEY_UNITS, "rate": RATE_UNITS, "share": SHARE_UNITS}.get(kind, ()))


def is_a_day(unit: str | None) -> bool:
    return unit is not None and unit.endswith("_a_day")
