"""Which required parts a template or a letter lacks. A report for its author; no verdict reads it.

Source: the entries of law/<where>/required_parts.yaml, each with its own.
"""

import re
from dataclasses import dataclass
from datetime import date

from arrears import strict_yaml
from arrears.compliance.disguise import plain_character
from arrears.compliance.lexicon import day_or_none, known_basis, text_or_none
from arrears.strict_yaml import BadYaml

FOR = ("message", "letter")


@dataclass(frozen=True)
class RequiredPart:
    """A part that a message or a letter is to contain, with the text it rests on and the days [from_on, until_on) it holds."""

    id: str
    part_of: str
    zh: str
    en: str
    source: str
    article: str | None
    evidence: str
    from_on: date
    until_on: date | None
    patterns: tuple[re.Pattern, ...]


def read_required_parts(text: str, sources: set[str], name: str = "required_parts.yaml") -> tuple[RequiredPart, ...]:
    """The parts of a pack; raises BadYaml naming file and entry where one is not as it should be."""
    held = strict_yaml.parse(text, name)
    if not isinstance(held, list) or not held:
        raise BadYaml(f"{name}: expected a list of parts")
    parts = [_part(one, f"{name}: {one.get('id', number) if isinstance(one, dict) else number}", sources) for number, one in enumerate(held, 1)]
    for number, part in enumerate(parts):
        if any(part.id == other.id for other in parts[:number]):
            raise BadYaml(f"{name}: {part.id}: the id stands twice")
    return tuple(parts)


def _part(written: dict, where: str, sources: set[str]) -> RequiredPart:
    strict_yaml.expect_keys(written, {"id", "for", "part", "source", "article", "evidence", "from", "until", "patterns"}, {"examples"}, where)
    strict_yaml.expect_keys(written["part"], {"zh", "en"}, set(), f"{where}: part")
    if written["for"] not in FOR:
        raise BadYaml(f"{where}: for is {written['for']!r}; write one of {', '.join(FOR)}")
    known_basis(written, (), sources, where)
    try:
        patterns = tuple(re.compile(pattern) for pattern in written["patterns"] if pattern)
    except re.error as problem:
        raise BadYaml(f"{where}: a pattern does not compile: {problem}") from None
    if not patterns or any(pattern.search("") for pattern in patterns):
        raise BadYaml(f"{where}: patterns must be a list, and none may fit everything")
    if day_or_none(written["from"], where) is None:
        raise BadYaml(f"{where}: from must be a day")
    return RequiredPart(written["id"], written["for"], written["part"]["zh"], written["part"]["en"], written["source"], text_or_none(written["article"]),
                        written["evidence"], day_or_none(written["from"], where), day_or_none(written["until"], where), patterns)


def parts_of(parts: tuple[RequiredPart, ...], part_of: str, on: date) -> tuple[RequiredPart, ...]:
    """The parts required of a message or of a letter on a day, in the order of the pack."""
    return tuple(part for part in parts if part.part_of == part_of and part.from_on <= on and (part.until_on is None or on < part.until_on))


def missing_parts(text: str, parts: tuple[RequiredPart, ...]) -> tuple[RequiredPart, ...]:
    """The parts that the text has no words for, in the order given."""
    plain = "".join(one if one == "\n" else plain_character(one)[0] for one in text)
    return tuple(part for part in parts if not any(pattern.search(plain) for pattern in part.patterns))
