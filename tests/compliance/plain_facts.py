"""One line of facts, read as the specification of verdicts lists its fields, or the field that is wrong.

Every field is looked at by hand, one after another, and nothing is shared with the reader that the product has.
"""

import json
import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LAWS = ("cn", "us")
LICENCES = ("bank", "consumer_finance", "microloan", "agency", "other")
PRODUCTS = ("consumer_loan", "credit_card", "business_loan")
ACTOR_KINDS = ("own", "agency")
CHANNELS = ("call", "voice_bot", "sms", "email", "im", "push", "letter", "visit")
PURPOSES = ("collect", "locate", "notify", "reply")
RELATIONS = ("debtor", "co_debtor", "guarantor", "reserved_contact", "spouse", "other")
STATUSES = ("deceased", "incapacitated", "bankrupt", "represented", "minor")
HOLDS = ("dispute", "complaint", "cease", "legal_stay", "hardship_review", "vulnerable")
OUTCOMES = ("answered", "no_answer", "busy", "invalid_number", "refused", "delivered", "unknown")
DIRECTIONS = ("inbound", "outbound")
CONSENT_KINDS = ("night_contact", "electronic")
WITHOUT_NUMBER = ("letter", "visit", "email", "push", "im")

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class Malformed(ValueError):
    """What is wrong with a line, beginning with the field's path."""


def facts_of(line: str) -> dict:
    """The line's facts, with instants, days, hours and zones in place of their text; Malformed names the wrong field.

    Keys that the specification does not know are dropped. A nullable field that is absent is there as None.
    """
    if not line.strip():
        raise Malformed("line: blank")
    try:
        given = json.loads(line, object_pairs_hook=_without_duplicates, parse_constant=_NotANumber)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise Malformed(f"line: not JSON ({error})") from error
    if not isinstance(given, dict):
        raise Malformed("line: not a JSON object")
    action = _object(given, "action", "")
    debtor = _object(given, "debtor", "")
    party = _object(given, "party", "")
    lender = _object(given, "lender", "")
    actor = _object(given, "actor", "")
    channel = _one_of(action, "channel", "action.", CHANNELS)
    text = _text_or_none(given, "text", "")
    return {
        "at": _instant(given, "at", ""),
        "law": _one_of(given, "law", "", LAWS),
        "lender": {"id": _text(lender, "id", "lender."), "licence": _one_of(lender, "licence", "lender.", LICENCES)},
        "product": _one_of(given, "product", "", PRODUCTS),
        "actor": {"kind": _one_of(actor, "kind", "actor.", ACTOR_KINDS), "id": _text(actor, "id", "actor.")},
        "action": {
            "channel": channel,
            "purpose": _one_of(action, "purpose", "action.", PURPOSES),
            "number": _number(action, "action.", channel),
            "staff": _count(action, "staff", "action."),
            "recorded": _flag(action, "recorded", "action."),
        },
        "debtor": {
            "id": _text(debtor, "id", "debtor."),
            "status": _several_of(debtor, "status", "debtor.", STATUSES),
            "numbers": _texts(debtor, "numbers", "debtor."),
        },
        "party": {
            "id": _text(party, "id", "party."),
            "relation": _one_of(party, "relation", "party.", RELATIONS),
            "timezones": _zones(party),
            "status": _several_of(party, "status", "party.", STATUSES),
        },
        "debts": _debts(given),
        "holds": _several_of(given, "holds", "", HOLDS),
        "consents": [_consent(given, place) for place in range(len(_list(given, "consents", "")))],
        "history": [_contact(given, place) for place in range(len(_list(given, "history", "")))],
        "text": text if text is not None and text.strip() else None,
    }


class _NotANumber:
    """NaN and the infinities, which JSON does not have: refused where they stand."""

    def __init__(self, written: str) -> None:
        self.written = written


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict:
    seen: dict = {}
    for key, value in pairs:
        if key in seen:
            raise Malformed(f"{key}: given twice")
        if any(isinstance(each, _NotANumber) for each in (value if isinstance(value, list) else [value])):
            raise Malformed(f"{key}: NaN and infinity are not JSON")
        seen[key] = value
    return seen


def _debts(given: dict) -> list[dict]:
    debts = []
    for place, debt in enumerate(_list(given, "debts", "")):
        where = f"debts[{place}]."
        if not isinstance(debt, dict):
            raise Malformed(f"debts[{place}]: not an object")
        debts.append(
            {
                "id": _text(debt, "id", where),
                "days_past_due": _count(debt, "days_past_due", where),
                "limitation_expires_on": _day_or_none(debt, "limitation_expires_on", where),
                "claimable_minor": _count(debt, "claimable_minor", where),
            }
        )
    if not debts:
        raise Malformed("debts: empty")
    return debts


def _consent(given: dict, place: int) -> dict:
    consent, where = given["consents"][place], f"consents[{place}]."
    if not isinstance(consent, dict):
        raise Malformed(f"consents[{place}]: not an object")
    kind = _one_of(consent, "kind", where, CONSENT_KINDS)
    read = {"kind": kind, "given_at": _instant(consent, "given_at", where), "revoked_at": None}
    if consent.get("revoked_at") is not None:
        read["revoked_at"] = _instant(consent, "revoked_at", where)
    if kind == "electronic":
        return {**read, "channel": _one_of(consent, "channel", where, CHANNELS)}
    evidence = _text(consent, "evidence", where)
    return {**read, "from": _hour(consent, "from", where), "to": _hour(consent, "to", where), "evidence": evidence}


def _contact(given: dict, place: int) -> dict:
    contact, where = given["history"][place], f"history[{place}]."
    if not isinstance(contact, dict):
        raise Malformed(f"history[{place}]: not an object")
    channel = _one_of(contact, "channel", where, CHANNELS)
    debts = _texts(contact, "debts", where)
    if not debts:
        raise Malformed(f"{where}debts: empty")
    return {
        "at": _instant(contact, "at", where),
        "channel": channel,
        "direction": _one_of(contact, "direction", where, DIRECTIONS),
        "actor": _text(contact, "actor", where),
        "party": _text(contact, "party", where),
        "relation": _one_of(contact, "relation", where, RELATIONS),
        "debts": debts,
        "number": _number(contact, where, channel),
        "outcome": _one_of(contact, "outcome", where, OUTCOMES),
    }


def _present(given: dict, key: str, where: str) -> object:
    if given.get(key) is None:
        raise Malformed(f"{where}{key}: missing or null")
    return given[key]


def _object(given: dict, key: str, where: str) -> dict:
    value = _present(given, key, where)
    if not isinstance(value, dict):
        raise Malformed(f"{where}{key}: not an object")
    return value


def _list(given: dict, key: str, where: str) -> list:
    value = _present(given, key, where)
    if not isinstance(value, list):
        raise Malformed(f"{where}{key}: not a list")
    return value


def _text(given: dict, key: str, where: str) -> str:
    value = _present(given, key, where)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{where}{key}: not a text")
    return value


def _text_or_none(given: dict, key: str, where: str) -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"{where}{key}: not a text")
    return value


def _texts(given: dict, key: str, where: str) -> list[str]:
    values = _list(given, key, where)
    if not all(isinstance(value, str) and value for value in values):
        raise Malformed(f"{where}{key}: holds something that is not a text")
    return values


def _one_of(given: dict, key: str, where: str, allowed: tuple[str, ...]) -> str:
    value = _text(given, key, where)
    if value not in allowed:
        raise Malformed(f"{where}{key}: {value!r} is none of {', '.join(allowed)}")
    return value


def _several_of(given: dict, key: str, where: str, allowed: tuple[str, ...]) -> list[str]:
    values = _texts(given, key, where)
    for value in values:
        if value not in allowed:
            raise Malformed(f"{where}{key}: {value!r} is none of {', '.join(allowed)}")
    return values


def _number(given: dict, where: str, channel: str) -> str | None:
    if given.get("number") is None and channel in WITHOUT_NUMBER:
        return None
    return _text(given, "number", where)


def _count(given: dict, key: str, where: str) -> int:
    value = _present(given, key, where)
    if type(value) is not int or value < 0:
        raise Malformed(f"{where}{key}: not an integer of at least 0")
    return value


def _flag(given: dict, key: str, where: str) -> bool:
    value = _present(given, key, where)
    if type(value) is not bool:
        raise Malformed(f"{where}{key}: neither true nor false")
    return value


def _instant(given: dict, key: str, where: str) -> datetime:
    value = _text(given, key, where)
    try:
        if _INSTANT.fullmatch(value):
            return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Malformed(f"{where}{key}: {value!r} is not a time with an offset")


def _day_or_none(given: dict, key: str, where: str) -> date | None:
    value = _text_or_none(given, key, where)
    try:
        if value is None or _DAY.fullmatch(value):
            return None if value is None else date.fromisoformat(value)
    except ValueError:
        pass
    raise Malformed(f"{where}{key}: {value!r} is not a day")


def _hour(given: dict, key: str, where: str) -> time:
    value = _text(given, key, where)
    if not _HOUR.fullmatch(value):
        raise Malformed(f"{where}{key}: {value!r} is not an hour and minute")
    return time.fromisoformat(value)


def _zones(party: dict) -> list[ZoneInfo]:
    zones = []
    for name in _texts(party, "timezones", "party."):
        try:
            zones.append(ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise Malformed(f"party.timezones: no zone is called {name!r}") from error
    if not zones:
        raise Malformed("party.timezones: empty")
    return zones
