"""Lines that hold no valid facts, each with the name of the field that the error has to contain."""

import copy
import json
from collections.abc import Iterator
from random import Random

from compliance.random_facts import random_facts

NIGHT = {"kind": "night_contact", "from": "22:00", "to": "23:00", "given_at": "2026-02-01T10:00:00+08:00", "evidence": "E1"}
ELECTRONIC = {"kind": "electronic", "channel": "sms", "given_at": "2026-02-01T10:00:00+08:00", "revoked_at": "2027-02-01T10:00:00Z"}
PAST = {
    "at": "2026-02-01T10:00:00+08:00",
    "channel": "call",
    "direction": "outbound",
    "actor": "A1",
    "party": "B1",
    "relation": "debtor",
    "debts": ["D1"],
    "number": "n1",
    "outcome": "answered",
}

_TEXT = (5, True, 1.5, [], {}, ["n1"])
_ONE_OF = ("nonsense", "CALL", "", " collect", *_TEXT)
_SEVERAL_OF = ("deceased", "dispute", {}, 5, True, ["nonsense"], [None], [5], [["dispute"]], [""])
_TEXTS = ("n1", {}, 5, False, [5], [None], [["n1"]])
_COUNT = ("1", 1.5, 1.0, -1, True, False, [], {}, [1])
_FLAG = ("true", 0, 1, [], {}, "")
_INSTANT = (
    "2026-03-01T22:00:00",
    "2026-03-01",
    "2026-02-30T22:00:00+08:00",
    "2026-03-01T25:00:00+08:00",
    "yesterday",
    "",
    1772373600,
    True,
    [],
    {},
)
_DAY = ("2028-13-01", "2027-02-29", "2028-05-01T00:00:00+08:00", "soon", "", 20280501, True, [], {})
_HOUR = ("25:00", "22:60", "noon", "", 22, True, [], {})
_OBJECT = ("L1", 5, True, [], [{}])
_LIST_OF_OBJECTS = ("D1", 5, True, {}, ["D1"], [5], [None], [[]])

WRONG: dict[tuple, tuple] = {
    ("at",): _INSTANT,
    ("law",): ("de", *_ONE_OF),
    ("lender",): _OBJECT,
    ("lender", "id"): _TEXT,
    ("lender", "licence"): _ONE_OF,
    ("product",): _ONE_OF,
    ("actor",): _OBJECT,
    ("actor", "kind"): _ONE_OF,
    ("actor", "id"): _TEXT,
    ("action",): _OBJECT,
    ("action", "channel"): _ONE_OF,
    ("action", "purpose"): _ONE_OF,
    ("action", "number"): _TEXT,
    ("action", "staff"): _COUNT,
    ("action", "recorded"): _FLAG,
    ("debtor",): _OBJECT,
    ("debtor", "id"): _TEXT,
    ("debtor", "status"): _SEVERAL_OF,
    ("debtor", "numbers"): _TEXTS,
    ("party",): _OBJECT,
    ("party", "id"): _TEXT,
    ("party", "relation"): _ONE_OF,
    ("party", "timezones"): ("Asia/Shanghai", [], {}, 5, ["Mars/Olympus"], [8], [None], ["+08:00"], ["Asia/Shanghai", "nowhere"]),
    ("party", "status"): _SEVERAL_OF,
    ("debts",): ([], *_LIST_OF_OBJECTS),
    ("debts", 0, "id"): _TEXT,
    ("debts", 0, "days_past_due"): _COUNT,
    ("debts", 0, "limitation_expires_on"): _DAY,
    ("debts", 0, "claimable_minor"): _COUNT,
    ("holds",): _SEVERAL_OF,
    ("consents",): _LIST_OF_OBJECTS,
    ("consents", 0, "kind"): _ONE_OF,
    ("consents", 0, "from"): _HOUR,
    ("consents", 0, "to"): _HOUR,
    ("consents", 0, "given_at"): _INSTANT,
    ("consents", 0, "evidence"): _TEXT,
    ("consents", 1, "channel"): _ONE_OF,
    ("consents", 1, "given_at"): _INSTANT,
    ("consents", 1, "revoked_at"): _INSTANT,
    ("history",): _LIST_OF_OBJECTS,
    ("history", 0, "at"): _INSTANT,
    ("history", 0, "channel"): _ONE_OF,
    ("history", 0, "direction"): _ONE_OF,
    ("history", 0, "actor"): _TEXT,
    ("history", 0, "party"): _TEXT,
    ("history", 0, "relation"): _ONE_OF,
    ("history", 0, "debts"): _TEXTS,
    ("history", 0, "number"): _TEXT,
    ("history", 0, "outcome"): _ONE_OF,
    ("text",): (5, True, [], {}, ["hello"]),
}
NULLABLE = {("text",), ("debts", 0, "limitation_expires_on"), ("consents", 1, "revoked_at")}
BROKEN = ("", " ", "\t", "null", "5", "true", '"at"', "[]", "[{}]", "{", "}", "{'at': 1}", "not JSON", "{} {}", "NaN")


def malformed_lines(random: Random) -> Iterator[tuple[str, str]]:
    """Every way in which each field can be wrong, once, in facts drawn anew: the line and the field's own name.

    The name is empty where the line as a whole is wrong and there is no field to name.
    """
    yield from ((line, "") for line in BROKEN)
    for path, values in WRONG.items():
        field = next(part for part in reversed(path) if isinstance(part, str))
        if path not in NULLABLE:
            yield json.dumps(_with(random, path, None)), field
            yield json.dumps(_without(random, path)), field
        for value in values:
            yield json.dumps(_with(random, path, value)), field
        # JSON has no NaN; Python's reader takes it unless it is told otherwise.
        yield json.dumps(_with(random, path, float("nan"))), field
        yield json.dumps(_with(random, path, float("-inf"))), field
        yield _twice(_full(random), path), field


def _full(random: Random) -> dict:
    """Random facts of a call, in which every field there is has a value."""
    facts = random_facts(random)
    facts["action"].update(channel="call", number="n1")
    facts["consents"] = [dict(NIGHT), dict(ELECTRONIC)]
    facts["history"].insert(0, copy.deepcopy(PAST))
    facts["text"] = "您好"
    facts["debts"][0]["limitation_expires_on"] = "2035-05-01"
    return facts


def _with(random: Random, path: tuple, value: object) -> dict:
    facts = _full(random)
    _inside(facts, path)[path[-1]] = value
    return facts


def _without(random: Random, path: tuple) -> dict:
    facts = _full(random)
    del _inside(facts, path)[path[-1]]
    return facts


def _inside(facts: dict, path: tuple) -> dict:
    for part in path[:-1]:
        facts = facts[part]
    return facts


def _twice(facts: dict, path: tuple) -> str:
    """The facts with the same key and value written two times in the object that holds it."""
    holder = _inside(facts, path)
    holder["given again"] = holder[path[-1]]
    return json.dumps(facts).replace('"given again"', json.dumps(path[-1]), 1)
