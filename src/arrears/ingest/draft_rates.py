"""In which unit a rate of a draft is written: by the sign in its cells, by its name, by the size of its values; else asked.

Whatever the unit is told by, the rate it makes must be one that lenders charge: else a name or a sign is wrong, as where Excel
shows 18% under 年利率(%) and stores 0.18.
"""

from arrears.ingest.draft_content import Look
from arrears.ingest.draft_names import taken_apart
from arrears.ingest.kinds import RATE_UNITS, is_a_day

_BY_SIZE = {
    "": ((0.005, 0.4, "fraction"), (2.0, 100.0, "percent"), (10_000.0, 1e9, "ppm")),
    "_a_month": ((0.001, 0.03, "fraction_a_month"), (0.2, 2.0, "percent_a_month"), (4.0, 30.0, "permille_a_month")),
    "_a_day": ((0.0001, 0.002, "fraction_a_day"), (0.02, 0.2, "percent_a_day"), (1.0, 20.0, "permyriad_a_day")),
}
"""Least and most value of a unit, for the time that is meant; between them two units are possible (2.9 a month: % or ‰)."""
_PERCENT_LEAST, _PERCENT_LEAST_UNTIMED, _PERCENT_MOST = 1.0, 3.0, 40.0
"""Per cent a year that a rate lies between; below the second a rate whose name says no time is as likely by the month."""
_SPAN_MOST = 50.0
"""The largest value by the smallest: beyond it a column may hold two units, 0.18 beside 18."""


def rate_unit(look: Look) -> tuple[str | None, str]:
    """The unit and what it was told by; None: ask, and say what its values are like."""
    name, middle = taken_apart(look.name), look.middle or 0.0
    time = {"year": "", "month": "_a_month", "day": "_a_day", None: ""}[name.a_time]
    least, most = look.span
    seen = f"values from {least:g} to {most:g}, as if in two units" if least and most / least > _SPAN_MOST else f"values around {middle:g}"
    marked, named = look.mark, name.unit if name.unit in ("ppm", "percent", "permille", "permyriad") else None
    if marked and named and marked != named:
        return None, f"its name says {named}, its cells {marked}"
    if said := marked or named:
        unit = said if said == "ppm" else f"{said}{time}"
        why = f"unit by {'its sign' if marked else 'name'}"
    else:
        unit = next((unit for at_least, at_most, unit in _BY_SIZE[time] if at_least <= middle <= at_most), None)
        why = seen
    if unit not in RATE_UNITS:
        return None, seen
    if said and not most:
        return unit, why  # nothing but zeros
    percent = middle * RATE_UNITS[unit] * (360 if is_a_day(unit) else 1) / 10_000
    is_likely = (_PERCENT_LEAST if name.a_time else _PERCENT_LEAST_UNTIMED) <= percent <= _PERCENT_MOST
    if not is_likely or seen.endswith("two units"):
        return None, f"{seen}{f'; as {unit} they would be {percent:g} % a year' if not is_likely else ''}"
    return unit, why


def share_unit(look: Look) -> tuple[str | None, str]:
    """The unit of a share of a whole, which no time belongs to: by its sign, its name or its size; None: ask."""
    named, (_, most) = taken_apart(look.name).unit, look.span
    if look.mark == "percent":
        return "percent", "unit by its sign"
    seen = f"values up to {most:g}"
    if named == "percent":
        return ("percent", "unit by name") if most > 1 else (None, seen)
    if look.mark is None and most <= 1:
        return "fraction", seen
    return (None, seen) if look.mark or 100 < most < 10_000 else ("percent" if most <= 100 else "ppm", seen)
