"""A contact that no rule speaks about, in each law, to be changed in one place by a test."""

import copy
import json

from compliance.plain_verdicts import answer
from compliance.random_facts import largest_amount_of, red_lines_of

CN = {
    "at": "2026-03-03T10:00:00+08:00",
    "law": "cn",
    "lender": {"id": "L1", "licence": "bank"},
    "product": "consumer_loan",
    "actor": {"kind": "own", "id": "L1"},
    "action": {"channel": "call", "purpose": "collect", "number": "n1", "staff": 2, "recorded": True},
    "debtor": {"id": "B1", "status": [], "numbers": ["n1"]},
    "party": {"id": "B1", "relation": "debtor", "timezones": ["Asia/Shanghai"], "status": []},
    "debts": [{"id": "D1", "days_past_due": 40, "limitation_expires_on": "2028-05-01", "claimable_minor": 123400}],
    "holds": [],
    "consents": [],
    "history": [],
    "text": "您好",
}
US = {
    **CN,
    "at": "2026-06-16T12:00:00-04:00",
    "law": "us",
    "actor": {"kind": "agency", "id": "A1"},
    "party": {**CN["party"], "timezones": ["America/New_York"]},
    "text": "Hello",
}


def changed(facts: dict, **changes) -> dict:
    """The facts with some fields given anew; `action__channel` is the channel of the action."""
    facts = copy.deepcopy(facts)
    for name, value in changes.items():
        *path, last = name.split("__")
        inside = facts
        for part in path:
            inside = inside[part]
        inside[last] = value
    return facts


def cn(**changes) -> dict:
    """The oracle's answer to the quiet contact of `cn` with these changes."""
    return _asked(changed(CN, **changes))


def us(**changes) -> dict:
    """The oracle's answer to the quiet contact of `us` with these changes."""
    return _asked(changed(US, **changes))


def past(at: str, outcome: str = "no_answer", **changes) -> dict:
    """An outbound call to the debtor at that time, with these changes."""
    contact = {"at": at, "channel": "call", "direction": "outbound", "actor": "A1", "party": "B1", "relation": "debtor"}
    return {**contact, "debts": ["D1"], "number": "n1", "outcome": outcome, **changes}


def debt(name: str = "D1", expires_on: str | None = "2028-05-01", claimable_minor: int = 123400) -> dict:
    """A debt 40 days past due."""
    return {"id": name, "days_past_due": 40, "limitation_expires_on": expires_on, "claimable_minor": claimable_minor}


def night_contact(start: str, end: str, given_at: str = "2026-01-01T00:00:00Z", revoked_at: str | None = None) -> dict:
    """A consent to contact in [start, end)."""
    return {"kind": "night_contact", "from": start, "to": end, "given_at": given_at, "revoked_at": revoked_at, "evidence": "E"}


def electronic(channel: str, given_at: str = "2026-01-01T00:00:00Z", revoked_at: str | None = None) -> dict:
    """A consent to messages by that channel."""
    return {"kind": "electronic", "channel": channel, "given_at": given_at, "revoked_at": revoked_at}


def _asked(facts: dict) -> dict:
    found = answer(json.dumps(facts), red_lines_of, largest_amount_of)
    assert "error" not in found, found
    return found
