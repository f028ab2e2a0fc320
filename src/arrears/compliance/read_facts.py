"""Facts of one contact as a line of JSON, checked field by field. Null never permits: what is missing or odd is an error.

Source: spec verdicts, Facts.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches

from arrears.compliance.asked import NEVER, NOT_EXPIRING, STATUSES, bits
from arrears.days import microseconds_of, number_of
from arrears.law.entries import minute_of
from arrears.law.packs import SHIPPED
from arrears.law.rules import ACTORS, CHANNELS, LICENCES, PRODUCTS, PURPOSES, RELATIONS
from arrears.strict_yaml import BadYaml
from arrears.tables.consents import CONSENT_KINDS
from arrears.tables.contacts import DIRECTIONS, OUTCOMES
from arrears.tables.holds import HOLD_KINDS
from arrears.zones import zone_names

WITHOUT_NUMBER = ("letter", "visit", "email", "push", "im")
"""Channels of which no number need be known."""
_MAY_BE_ABSENT = ("text", "number", "limitation_expires_on", "revoked_at", "evidence")
_CLAIM_MAX = 2**53
_SUM_MAX = 2**62
"""What all debts of a line may come to; more is written as that, so that the sum has room in a column."""
_NO_TEXT = re.compile("[\ud800-\udfff]")
"""Halves of signs: what is left of bytes that are no UTF-8."""
_INVISIBLE = re.compile("[\\s\u200b-\u200f\u2060\ufeff\u00ad]+")


class BadFacts(ValueError):
    """A line that cannot be judged; the message names the field and what is wrong with it."""


@dataclass(frozen=True)
class Facts:
    """One contact that is asked about, as read: codes and instants (microseconds), and lists for what there is several of."""

    law: str
    row: dict[str, int]
    zones: tuple[str, ...]
    party: str
    debtor: str
    debts: tuple[str, ...]
    numbers: tuple[str, ...]
    consents: list[tuple]
    history: list[tuple]
    number: str | None
    text: str | None


def facts_from(line: str) -> Facts:
    """The facts of one line; raises BadFacts naming the field."""
    if not line.strip():
        raise BadFacts("the line is blank; each line holds the facts of one contact as a JSON object")
    if _NO_TEXT.search(line):
        raise BadFacts("the line is not UTF-8; save the file as UTF-8")
    no_values: list[str] = []
    try:
        content = json.loads(line, object_pairs_hook=_once, parse_constant=lambda name: no_values.append(name) or _NoValue(name))
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, BadFacts):
            raise
        raise BadFacts(f"not readable as JSON: {problem}") from None
    if not isinstance(content, dict):
        raise BadFacts("the line is no JSON object; each line holds the facts of one contact as {\"at\": …}")
    facts = _facts(_Fields(content, ""))
    if no_values:
        raise BadFacts(f"{no_values[0]} is no value of JSON; write null, or the value itself")
    return facts


def _facts(said: "_Fields") -> Facts:
    at, law = said.moment("at"), said.one_of("law", SHIPPED)
    lender, actor, action = said.part("lender"), said.part("actor"), said.part("action")
    debtor, party = said.part("debtor"), said.part("party")
    lender.text("id")
    actor.text("id")
    channel = action.one_of("channel", CHANNELS)
    number = action.text_or_none("number") if CHANNELS[channel] in WITHOUT_NUMBER else action.text("number")
    debtor_status, party_status = (part.set_of("status", STATUSES) for part in (debtor, party))
    relation = party.one_of("relation", RELATIONS)
    if RELATIONS[relation] == "debtor":
        debtor_status = party_status = debtor_status | party_status
    debts = _debts(said)
    text = said.text_or_none("text", empty=True)
    row = {
        "at": at, "licence": lender.one_of("licence", LICENCES), "product": said.one_of("product", PRODUCTS),
        "actor": actor.one_of("kind", ACTORS), "channel": channel, "purpose": action.one_of("purpose", PURPOSES), "relation": relation,
        "staff": action.whole("staff", 2**31 - 1), "recorded": action.flag("recorded"), "debtor_status": debtor_status,
        "party_status": party_status, "holds": said.set_of("holds", HOLD_KINDS), "claimable": min(sum(debt[1] for debt in debts), _SUM_MAX),
        "limitation_on": min(debt[2] for debt in debts),
    }
    facts = Facts(
        SHIPPED[law], row, tuple(party.zones("timezones")), party.text("id"), debtor.text("id"), tuple(debt[0] for debt in debts),
        tuple(debtor.texts("numbers")), [_consent(one) for one in said.parts("consents")],
        [_contact(one) for one in said.parts("history")], number, None if text is None or not _INVISIBLE.sub("", text) else text,
    )
    for part in (said, lender, actor, action, debtor, party):
        part.demand_no_misspelling()
    return facts


def _debts(said: "_Fields") -> list[tuple[str, int, int]]:
    """The debts the contact is about; raises where one stands twice, since its claim would count twice."""
    debts: dict[str, tuple[str, int, int]] = {}
    for place, debt in enumerate(map(_debt, said.parts("debts", least=1))):
        if debt[0] in debts:
            raise said.bad(f"debts[{place}].id", f"{debt[0]!r} stands twice; name each debt once")
        debts[debt[0]] = debt
    return list(debts.values())


def _debt(said: "_Fields") -> tuple[str, int, int]:
    debt = said.text("id"), said.whole("claimable_minor", _CLAIM_MAX), said.day_or("limitation_expires_on", NOT_EXPIRING)
    said.whole("days_past_due", 2**31 - 1)
    said.demand_no_misspelling()
    return debt


def _consent(said: "_Fields") -> tuple[int, int, int, int, int, int]:
    """kind, channel (-1: none), from and to minute, given and revoked at."""
    kind = said.one_of("kind", CONSENT_KINDS)
    channel, begin, end = -1, 0, 0
    if CONSENT_KINDS[kind] == "night_contact":
        begin, end = said.minute("from"), said.minute("to")
        said.text("evidence")
    else:
        channel = said.one_of("channel", CHANNELS)
    consent = kind, channel, begin, end, said.moment("given_at"), said.moment_or("revoked_at", NEVER)
    said.demand_no_misspelling()
    return consent


def _contact(said: "_Fields") -> tuple[int, int, int, int, str, str | None, tuple[str, ...]]:
    """at, channel, direction, outcome, party, number, debts."""
    channel = said.one_of("channel", CHANNELS)
    number = said.text_or_none("number") if CHANNELS[channel] in WITHOUT_NUMBER else said.text("number")
    said.text("actor")
    said.one_of("relation", RELATIONS)
    contact = (said.moment("at"), channel, said.one_of("direction", DIRECTIONS), said.one_of("outcome", OUTCOMES), said.text("party"),
               number, tuple(said.texts("debts", least=1)))
    said.demand_no_misspelling()
    return contact


@dataclass(frozen=True)
class _NoValue:
    """NaN or Infinity: no text, number, object or list, so the field that bears it is refused by name."""

    name: str

    def __repr__(self) -> str:
        return self.name


class _Fields:
    """The fields of one object of the line, each asked for by its name; where it stands is part of every error."""

    def __init__(self, content: dict, where: str):
        self._content, self._where, self._asked = content, where, set()

    def bad(self, name: str, what: str) -> BadFacts:
        return BadFacts(f"{self._where}{_readable(name)}: {what}")

    def value(self, name: str):
        self._asked.add(name)
        if name not in self._content:
            raise self.bad(name, "missing; a contact is judged on whole facts")
        if self._content[name] is None:
            raise self.bad(name, "null; write its value, null never permits")
        return self._content[name]

    def part(self, name: str) -> "_Fields":
        found = self.value(name)
        if not isinstance(found, dict):
            raise self.bad(name, "must be an object")
        return _Fields(found, f"{self._where}{name}.")

    def parts(self, name: str, least: int = 0) -> "list[_Fields]":
        found = self._list(name, least)
        for place, one in enumerate(found):
            if not isinstance(one, dict):
                raise self.bad(f"{name}[{place}]", "must be an object")
        return [_Fields(one, f"{self._where}{name}[{place}].") for place, one in enumerate(found)]

    def _list(self, name: str, least: int = 0) -> list:
        found = self.value(name)
        if not isinstance(found, list):
            raise self.bad(name, "must be a list")
        if len(found) < least:
            raise self.bad(name, "empty; at least one is needed")
        return found

    def text(self, name: str) -> str:
        found = self.value(name)
        if not isinstance(found, str) or not found.strip():
            raise self.bad(name, f"{_shown(found)} is no text")
        return found

    def text_or_none(self, name: str, *, empty: bool = False) -> str | None:
        self._asked.add(name)
        found = self._content.get(name)
        if found is not None and not (isinstance(found, str) and (empty or found.strip())):
            raise self.bad(name, f"{_shown(found)} is no text; leave it out or write null where there is none")
        return found

    def texts(self, name: str, least: int = 0) -> list[str]:
        found = self._list(name, least)
        for place, one in enumerate(found):
            if not isinstance(one, str) or not one.strip():
                raise self.bad(f"{name}[{place}]", f"{_shown(one)} is no text")
        return found

    def one_of(self, name: str, known: tuple[str, ...]) -> int:
        found = self.value(name)
        if not isinstance(found, str) or found not in known:
            raise self.bad(name, f"{_shown(found)} is not known; known are {', '.join(known)}")
        return known.index(found)

    def set_of(self, name: str, known: tuple[str, ...]) -> int:
        for place, one in enumerate(found := self._list(name)):
            if not isinstance(one, str) or one not in known:
                raise self.bad(f"{name}[{place}]", f"{_shown(one)} is not known; known are {', '.join(known)}")
        return bits(known, found)

    def whole(self, name: str, most: int) -> int:
        found = self.value(name)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= most:
            raise self.bad(name, f"{_shown(found)} is no whole number from 0 to {most}")
        return found

    def flag(self, name: str) -> bool:
        found = self.value(name)
        if not isinstance(found, bool):
            raise self.bad(name, f"{_shown(found)} is neither true nor false")
        return found

    def zones(self, name: str) -> list[str]:
        for place, one in enumerate(found := self._list(name, 1)):
            if not isinstance(one, str) or one not in zone_names():
                raise self.bad(f"{name}[{place}]", f"{_shown(one)} is no zone of the IANA database, such as Asia/Shanghai")
        return found

    def minute(self, name: str) -> int:
        try:
            return minute_of(self.value(name), f"{self._where}{name}")
        except BadYaml as problem:
            raise BadFacts(str(problem)) from None

    def moment(self, name: str) -> int:
        found = self.value(name)
        try:
            at = datetime.fromisoformat(found)
        except (TypeError, ValueError):
            raise self.bad(name, f"{_shown(found)} is no time; write it as 2026-03-01T22:00:00+08:00") from None
        if at.utcoffset() is None:
            raise self.bad(name, f"{_shown(found)} has no offset, so it names no instant; write it as 2026-03-01T22:00:00+08:00")
        instant = microseconds_of(at)
        if not _FIRST_MOMENT <= instant <= _LAST_MOMENT:
            raise self.bad(name, f"{_shown(found)} lies outside the years 1990 to 2199")
        return instant

    def moment_or(self, name: str, absent: int) -> int:
        self._asked.add(name)
        return absent if self._content.get(name) is None else self.moment(name)

    def day_or(self, name: str, absent: int) -> int:
        self._asked.add(name)
        found = self._content.get(name)
        if found is None:
            return absent
        try:
            day = date.fromisoformat(found)
        except (TypeError, ValueError):
            day = None
        if day is None or day.isoformat() != found:
            raise self.bad(name, f"{_shown(found)} is no date; write it as 2028-05-01")
        return number_of(day)

    def demand_no_misspelling(self) -> None:
        """Raises where an unknown key is all but one that may be absent: taken for absent, it would permit what it forbids."""
        for name in self._content.keys() - self._asked:
            meant = get_close_matches(name.lower().replace("-", "_"), self._asked & set(_MAY_BE_ABSENT) - self._content.keys(), 1, 0.8)
            if meant:
                raise self.bad(name, f"not a field; {meant[0]} is meant?")


def _shown(value: object) -> str:
    """The value as an error shows it: short, since it may be somebody's words."""
    written = repr(value)
    return written if len(written) <= 60 else f"{written[:59]}…"


_FIRST_MOMENT, _LAST_MOMENT = (microseconds_of(datetime.fromisoformat(f"{day}T00:00:00+00:00")) for day in ("1990-01-01", "2199-12-30"))


def _once(pairs: list[tuple]) -> dict:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise BadFacts(f"{_readable(next(name for name in names if names.count(name) > 1))}: the field stands twice; remove one")
    return content


def _readable(name: str) -> str:
    """The name of a field with halves of signs spelled out: JSON may hold them, and no output can."""
    return _NO_TEXT.sub(lambda half: f"\\u{ord(half[0]):04x}", name)
