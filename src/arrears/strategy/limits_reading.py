"""Limits read from a strategy's file: what is counted, of which treatments, among whom, and how much of it at most or at least."""

import re

from arrears import strict_yaml
from arrears.strategy.cells import beginning_on, demand_names, demand_words, percent, whole
from arrears.strategy.conditions import read_when
from arrears.strategy.strategy import COUNTED, OWNERS, Limit
from arrears.strict_yaml import BadYaml, line_of
from arrears.tables.contacts import CHANNELS

LIMITS_MOST = 60
"""As many limits as the bits of a whole number hold."""
BY_FIELDS = ("bucket", "product", "segment", "kind", "frequency")
"""Fields by whose values a limit may be split; none of them is a protected attribute."""
SOURCES = {"roster": ("minutes", "people"), "capacity": ("contacts",)}
_OF = {"owner": OWNERS, "channel": CHANNELS, "skill": None, "treatment": None}
_MOST = 10**12


def read_limits(entries: list, treatments: tuple[str, ...], where: str) -> tuple[Limit, ...]:
    """The limits in their order; raises BadYaml naming the limit."""
    found = []
    for entry in entries:
        with beginning_on(entry):
            found.append(_limit(entry, treatments, where))
    demand_names([one.name for one in found], where)
    if len(found) > LIMITS_MOST:
        raise BadYaml(f"{where}: {len(found)} of them; there may be {LIMITS_MOST} at most")
    return tuple(found)


def _limit(entry: dict, treatments: tuple[str, ...], where: str) -> Limit:
    strict_yaml.expect_keys(entry, {"name", "zh", "en", "counts"}, {"of", "when", "by", "most", "least"}, where)
    demand_words(entry, where, "zh", "en")
    here = f"{where}, {entry['name']}"
    counts = entry["counts"]
    if counts not in COUNTED:
        raise BadYaml(f"{here}{line_of(entry, 'counts')}: {counts!r} cannot be counted; known are {', '.join(COUNTED)}")
    if "most" not in entry and "least" not in entry:
        raise BadYaml(f"{here}{line_of(entry)}: give most or least, or both; else it limits nothing")
    by = entry.get("by")
    if by is not None and by not in BY_FIELDS:
        raise BadYaml(f"{here}{line_of(entry, 'by')}: {by!r} is no field a limit can be split by; known are {', '.join(BY_FIELDS)}")
    most, most_ppm, most_from = _bound(entry, "most", here)
    least, least_ppm, least_from = _bound(entry, "least", here)
    if least_from is not None:
        raise BadYaml(f"{here}, least: {least_from} says what can be done at most; write a number or a share")
    if most_from is not None and (counts not in SOURCES[most_from] or by is not None):
        raise BadYaml(f"{here}, most: {most_from} bounds {' or '.join(SOURCES[most_from])}, not {counts}{' by ' + by if by else ''}; write counts: {SOURCES[most_from][0]}, without by")
    if (most_ppm is not None or least_ppm is not None) and counts not in ("people", "contacts", "complaints"):
        raise BadYaml(f"{here}: a share is one of the people, so it bounds people, contacts or complaints, not {counts}; write a number")
    if most is not None and least is not None and least > most:
        raise BadYaml(f"{here}: at least {least:,} and at most {most:,} cannot both be, by {least - most:,}; raise most or lower least")
    if most_ppm is not None and least_ppm is not None and least_ppm > most_ppm:
        raise BadYaml(f"{here}: at least {entry['least']} and at most {entry['most']} cannot both be; raise most or lower least")
    return Limit(entry["name"], entry["zh"], entry["en"], counts, _of(entry.get("of", {}), treatments, here), read_when(entry.get("when", {}), here),
                 by, most, least, most_ppm, least_ppm, most_from)


def _bound(entry: dict, key: str, here: str) -> tuple[int | None, int | None, str | None]:
    """A number, a share in parts per million, or where the number comes from; all None where the bound is not given."""
    cell = entry.get(key)
    if cell is None:
        return None, None, None
    if isinstance(cell, str) and cell in SOURCES:
        return None, None, cell
    if isinstance(cell, str) and cell.endswith("%"):
        return None, percent(cell, f"{here}, {key}{line_of(entry, key)}"), None
    if not isinstance(cell, str) or not re.fullmatch(r"\d+", cell):
        raise BadYaml(f"{here}, {key}{line_of(entry, key)}: {cell!r} is no bound; write a whole number, a share such as 60%, roster (minutes) or capacity (contacts)")
    return whole(cell, f"{here}, {key}", _MOST), None, None


def _of(entry: dict, treatments: tuple[str, ...], here: str) -> tuple[tuple[str, tuple], ...]:
    """Conditions on treatments: field to its values."""
    strict_yaml.expect_keys(entry, set(), set(_OF), f"{here}, of")
    found = []
    for field, cell in entry.items():
        values = tuple(cell) if isinstance(cell, list) else (cell,)
        known = treatments if field == "treatment" else _OF[field]
        if not values:
            raise BadYaml(f"{here}, of, {field}{line_of(entry, field)}: the list is empty, so nothing would be counted; name what is, or leave {field} out")
        for value in values:
            if not isinstance(value, str) or not value or (known is not None and value not in known):
                raise BadYaml(f"{here}, of, {field}{line_of(entry, field)}: {value!r} is not known; known are {', '.join(known or ())}")
        found.append((field, values))
    return tuple(found)
