"""Entries of a pack taken at their word or refused: dates, whole numbers, fractions, and where each number comes from."""

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction

from arrears import strict_yaml
from arrears.strict_yaml import BadYaml

CITED = {"id", "source", "article", "evidence"}
"""What every entry of the law bears beside its numbers."""
EVIDENCE = ("T1", "T2", "K")
"""How sure a number in force may be; what is uncertain (U) is never one."""


def parsed(texts: dict[str, str], name: str):
    """The document of one file of the pack; raises BadYaml where the pack has no such file."""
    if name not in texts:
        raise BadYaml(f"{name}: the pack has no such file; add it, or take the one that travels with this version")
    document = strict_yaml.parse(texts[name], name)
    if not isinstance(document, dict | list):
        raise BadYaml(f"{name}: holds no entries; take the file that travels with this version as the model")
    return document


def listed(entries: object, name: str) -> list[dict]:
    """The entries of a list, each a mapping with an id of its own; raises BadYaml."""
    if not isinstance(entries, list) or not entries:
        raise BadYaml(f"{name}: expected a list of entries, each beginning with - id")
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise BadYaml(f"{name}: {str(entry)[:80]} is not an entry; each is a mapping with an id")
    seen: set[str] = set()
    for entry in entries:
        if entry["id"] in seen:
            raise BadYaml(f"{name}{strict_yaml.line_of(entry)}: the id {entry['id']!r} stands twice; each entry needs its own")
        seen.add(entry["id"])
    return entries


def mapped(entry: object, where: str) -> dict:
    """The mapping; raises BadYaml where it is none."""
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: {str(entry)[:80]!r} stands where a mapping of names to values is expected")
    return entry


def words(entry: dict, key: str, where: str) -> tuple[str, ...]:
    """The list of words under the key, empty where it is left out; raises BadYaml."""
    found = entry.get(key, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise BadYaml(f"{where}: {key} must be a list of words, such as [bank, microloan]")
    return tuple(found)


def known_words(entry: dict, key: str, known: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The list of words under the key, empty where it is left out; raises BadYaml where one of them is not known."""
    found = words(entry, key, where)
    for one in found:
        if one not in known:
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} has {one!r}; known are {', '.join(known)}")
    return found


def flag(entry: dict, key: str, where: str) -> bool:
    """Whether true is written under the key, false where it is left out; raises BadYaml for anything but true and false."""
    if entry.get(key, "false") not in ("true", "false"):
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} is {entry[key]!r}; write true or false")
    return entry.get(key) == "true"


def word(entry: dict, key: str, where: str) -> str:
    """The word under the key; raises BadYaml where it is left out or none."""
    if not isinstance(entry.get(key), str):
        raise BadYaml(f"{where}: {key} must be a word")
    return entry[key]


def source_ids(texts: dict[str, str]) -> frozenset[str]:
    """The ids of the legal texts that the pack knows."""
    return frozenset(entry["id"] for entry in listed(parsed(texts, "sources.yaml"), "sources.yaml"))


def demand_citation(entry: dict, sources: frozenset[str], where: str) -> None:
    """Raises BadYaml unless the entry names a known source and is sure enough to be in force."""
    if not isinstance(entry["source"], str) or entry["source"] not in sources:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'source')}: the source {entry['source']!r} is not in sources.yaml; add the text there first")
    if entry["evidence"] not in EVIDENCE:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'evidence')}: evidence {entry['evidence']!r}; an uncertain number is never in force")


def day_of_text(text: str, where: str) -> date:
    """The day written YYYY-MM-DD; raises BadYaml."""
    try:
        day = date.fromisoformat(text)
    except (ValueError, TypeError):
        day = None
    if day is None or day.isoformat() != text:
        raise BadYaml(f"{where}: {text!r} is not a date; write it as \"2026-03-31\"")
    return day


def minute_of(text: object, where: str) -> int:
    """The minute of the day written HH:MM; raises BadYaml."""
    if isinstance(text, str) and len(text) == 5 and text[2] == ":" and (text[:2] + text[3:]).isdecimal() and text.isascii():
        hour, minute = int(text[:2]), int(text[3:])
        if hour < 24 and minute < 60:
            return hour * 60 + minute
    raise BadYaml(f"{where}: {text!r} is no time of day; write it as \"22:00\", from 00:00 to 23:59")


def day_or_none(entry: dict, key: str, where: str) -> date | None:
    """The day under the key; None where it is left out or written `null`."""
    text = entry.get(key, "null")
    return None if text == "null" else day_of_text(text, f"{where}, {key}")


def whole_of_text(text: str, where: str) -> int:
    """The whole number, not negative, in at most twelve plain digits; raises BadYaml."""
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise BadYaml(f"{where}: {text!r} is not a whole number; write plain digits in quotes, twelve at most")
    return int(text)


def fraction_of_text(text: str, where: str) -> Fraction:
    """The number exactly, from `0.5`, `1/3` or `12`; raises BadYaml where it is none or negative."""
    try:
        number = Fraction(text)
    except (ValueError, TypeError, ZeroDivisionError):
        number = None
    if number is None or number < 0 or not isinstance(text, str) or "e" in text.lower():
        raise BadYaml(f"{where}: {text!r} is not a number; write it as \"0.5\" or \"1/3\"")
    return number


def held(check: Callable[[], Iterator[str]]) -> list[str]:
    """What the check says of examples that do not hold; a file that cannot be read, or an example that cannot be asked of it,
    is such a word too.
    """
    try:
        return list(check())
    except ValueError as problem:
        return [str(problem)]


def days_in_order(entry: dict, begin: str, end: str, where: str) -> tuple[date | None, date | None]:
    """The days under the two keys, None where one is left out; raises BadYaml where the end is not after the beginning."""
    first, until = day_or_none(entry, begin, where), day_or_none(entry, end, where)
    if first is not None and until is not None and until <= first:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, end)}: {end} ends it {until}, not after it begins, {begin} {first}")
    return first, until


def spans(entries: object, read: Callable[[dict, str], object], name: str) -> tuple[tuple[date | None, date | None, object], ...]:
    """(first day or None, first day no longer or None, what was read) of entries with `from` and `until`, in order.

    Raises BadYaml where one begins before the one before it ends; a gap may be, and no rule is known in it.
    """
    found = []
    for entry in listed(entries, name):
        where = f"{name}, {entry['id']}"
        value = read(entry, where)
        first, until = days_in_order(entry, "from", "until", where)
        if found and (first is None or found[-1][1] is None or first < found[-1][1]):
            raise BadYaml(f"{where}: begins {first}, before the entry above it ends; two rules would hold at once")
        found.append((first, until, value))
    return tuple(found)


def in_force(dated: tuple[tuple[date | None, date | None, object], ...], day: date):
    """What holds on the day, or None where nothing is known to."""
    return next(
        (value for first, until, value in dated if (first is None or first <= day) and (until is None or day < until)), None
    )
