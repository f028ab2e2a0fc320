"""Cells of a strategy's file read into numbers; each raises BadYaml naming its place where it is not what it should be."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from arrears.money import PPM
from arrears.strict_yaml import BadYaml, line_of
from arrears.tables.table import AMOUNT_MAX_MINOR

_PERCENT = re.compile(r"^(\d{1,3})(?:\.(\d{1,4}))?%$")
_WINDOW = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")


def whole(cell: str, where: str, most: int) -> int:
    """A whole number from 0 to most."""
    if not isinstance(cell, str) or not re.fullmatch(r"\d{1,18}", cell) or int(cell) > most:
        raise BadYaml(f"{where}: {cell!r} is no whole number from 0 to {most:,}; write it in digits alone")
    return int(cell)


def amount(cell: str, where: str) -> int:
    """An amount in minor units."""
    return whole(cell, f"{where} (in minor units)", AMOUNT_MAX_MINOR)


def percent(cell: str, where: str) -> int:
    """A share in per cent with at most four decimals, as parts per million.

    >>> percent("12.5%", "here")
    125000
    """
    found = _PERCENT.match(cell) if isinstance(cell, str) else None
    ppm = int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0")) if found else PPM + 1
    if ppm > PPM:
        raise BadYaml(f"{where}: {cell!r} is no share; write 0% to 100%, with at most four decimals")
    return ppm


def clock_window(cell: str, where: str) -> tuple[int, int]:
    """A window of the day as minutes, its end excluded.

    >>> clock_window("09:00-20:00", "here")
    (540, 1200)
    """
    found = _WINDOW.match(cell) if isinstance(cell, str) else None
    if found is None:
        raise BadYaml(f"{where}, hours: {cell!r} is no window of the day; write for instance 09:00-20:00")
    first, last = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if first >= last or last > 1_440:
        raise BadYaml(f"{where}, hours: {cell} is empty or passes midnight; the first hour must be before the second")
    return first, last


def yes(cell: str, where: str) -> bool:
    """True for yes, False for no."""
    if cell not in ("yes", "no"):
        raise BadYaml(f"{where}: {cell!r} is neither yes nor no")
    return cell == "yes"


def days_of(entry: dict, key: str, otherwise: int, where: str) -> int:
    """A number of days from 1 to 3,660; `otherwise` where the key is missing."""
    days = whole(entry.get(key, str(otherwise)), f"{where}, {key}", 3_660)
    if days == 0:
        raise BadYaml(f"{where}, {key}: 0 days would give and take back in one night; write 1 or more")
    return days


def demand_words(entry: dict, where: str, *keys: str) -> None:
    """Raises BadYaml where one of these keys, or the name, is there and is no text, or the name is empty."""
    for key in ("name", *keys):
        if key in entry and (not isinstance(entry[key], str) or key == "name" and not entry[key].strip()):
            raise BadYaml(f"{where}{line_of(entry, key)}: {key} must be a word or a sentence, not {entry[key]!r}")


@contextmanager
def beginning_on(entry: object) -> Iterator[None]:
    """What is refused within names the line on which the entry begins, where it names none."""
    try:
        yield
    except BadYaml as problem:
        line = getattr(entry, "line", 0)
        if not line or re.search(r"\bline \d", str(problem)):
            raise
        raise BadYaml(f"{problem} (the entry begins on line {line})") from None


def demand_names(names: list[str], where: str) -> None:
    """Raises BadYaml where a name is empty, no text, or stands twice."""
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise BadYaml(f"{where}: entry {place + 1} has no name that is a word")
        if name in names[:place]:
            raise BadYaml(where if "share a name" in where else f"{where}: {name} stands twice; each needs its own name")
