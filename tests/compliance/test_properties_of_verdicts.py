"""What must hold of verdicts whatever the facts: rules only forbid, and nothing counts but what the facts say."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.compliance.may import answers
from arrears.compliance.screen import prepare
from arrears.law.packs import shipped_pack
from arrears.law.rules import LICENCES, PURPOSES, VERDICTS, rule_from
from compliance.random_facts import random_facts, random_line

PACKS = {name: shipped_pack(name) for name in ("cn", "us")}
GATES = {name: prepare(pack) for name, pack in PACKS.items()}
SEEDS = st.integers(0, 10**9)


def judged(*facts: dict, gates=GATES) -> list[dict]:
    return list(answers([json.dumps(one) for one in facts], gates.get))


def level(given: dict) -> int:
    return VERDICTS.index(given["verdict"])


@given(SEEDS, st.sampled_from(["should_not", "needs_judgement", "discouraged", "info", "prohibited"]), st.sampled_from(LICENCES), st.sampled_from(PURPOSES))
@settings(deadline=None, max_examples=30)
def test_one_rule_more_never_permits_more(seed, modality, licence, purpose):
    random = Random(seed)
    own = rule_from(f"""
id: own.rule
title: {{zh: 自有, en: own}}
message: {{zh: 自有, en: own}}
applies_to: {{licence: [{licence}], purpose: [{purpose}]}}
when: {{contacts_already: {{at_least: "1", in_days: "2", same: party}}}}
grounds: [{{id: own.rule, source: operator_policy, article: null, evidence: own, modality: {modality}, from: "2020-01-01"}}]
""", "own.yaml", set())
    more = {name: prepare(replace(pack, rules=(*pack.rules, own))) for name, pack in PACKS.items()}
    facts = [random_facts(random) for _ in range(20)]
    for before, after in zip(judged(*facts), judged(*facts, gates=more), strict=True):
        assert level(after) >= level(before)
        assert [rule for rule in after["rules"] if rule["id"] != "own.rule"] == before["rules"]


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_one_rule_less_never_forbids_more(seed):
    random = Random(seed)
    facts = [random_facts(random) for _ in range(20)]
    fewer = {}
    for name, pack in PACKS.items():
        gone = random.choice(pack.rules)
        fewer[name] = prepare(replace(pack, rules=tuple(rule for rule in pack.rules if rule is not gone)))
    for before, after in zip(judged(*facts), judged(*facts, gates=fewer), strict=True):
        assert level(after) <= level(before)


@given(SEEDS)
@settings(deadline=None, max_examples=150)
def test_the_order_of_what_is_listed_changes_nothing(seed):
    random = Random(seed)
    facts = random_facts(random)
    shuffled = json.loads(json.dumps(facts))
    for name in ("history", "consents", "debts", "holds"):
        random.shuffle(shuffled[name])
    for part in (shuffled["debtor"], shuffled["party"]):
        random.shuffle(part["status"])
    one, other = judged(facts, shuffled)
    assert one == other


@given(SEEDS, st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"]))
@settings(deadline=None, max_examples=150)
def test_the_offset_in_which_an_instant_is_written_changes_nothing(seed, zone):
    facts = random_facts(Random(seed))

    def rewritten(value):
        if isinstance(value, dict):
            return {key: rewritten(one) for key, one in value.items()}
        if isinstance(value, list):
            return [rewritten(one) for one in value]
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return value
        return at.astimezone(ZoneInfo(zone)).isoformat() if at.tzinfo and at.utcoffset() is not None else value

    one, other = judged(facts, rewritten(facts))
    assert one == other


@given(SEEDS)
@settings(deadline=None, max_examples=150)
def test_contacts_with_unrelated_people_and_contacts_to_come_change_nothing(seed):
    random = Random(seed)
    facts = random_facts(random)
    crowded = json.loads(json.dumps(facts))
    for contact in list(facts["history"])[:5]:
        crowded["history"].append({**contact, "party": "somebody else"})
        crowded["history"].append({**contact, "at": "2199-01-01T00:00:00+00:00"})
    random.shuffle(crowded["history"])
    one, other = judged(facts, crowded)
    assert one == other


@given(SEEDS)
@settings(deadline=None, max_examples=150)
def test_a_line_is_answered_alike_alone_and_among_others(seed):
    random = Random(seed)
    lines = [random_line(random) for _ in range(8)]
    together = list(answers(lines, GATES.get))
    assert together == [next(answers([line], GATES.get)) for line in lines]


@given(SEEDS)
@settings(deadline=None, max_examples=100)
def test_where_only_time_stands_in_the_way_the_contact_is_no_longer_denied_at_retry_at_and_is_denied_a_microsecond_before(seed):
    random = Random(seed)
    facts = random_facts(random)
    (now,) = judged(facts)
    if now["retry_at"] is None:
        return
    asked, later = datetime.fromisoformat(facts["at"]), datetime.fromisoformat(now["retry_at"])
    past = [contact for contact in facts["history"] if datetime.fromisoformat(contact["at"]) <= asked]
    just_before = later - timedelta(microseconds=1)
    still, free = judged(*({**facts, "history": past, "at": at.isoformat()} for at in (just_before, later)))
    assert later > asked and still["verdict"] == "deny" and free["verdict"] != "deny"


@pytest.mark.parametrize("law", ["cn", "us"])
def test_no_null_and_no_missing_field_ever_permits(law):
    """Every field of sound facts in turn is null, then gone: an error, or (text alone) no milder verdict."""
    drawn = (random_facts(Random(seed)) for seed in range(1_000))
    facts = next(one for one in drawn if one["law"] == law and judged(one)[0]["verdict"] == "allow")
    for path in list(_paths(facts, ())):
        for change in ("null", "gone"):
            broken = json.loads(json.dumps(facts))
            inside = broken
            for name in path[:-1]:
                inside = inside[name]
            if change == "null":
                inside[path[-1]] = None
            elif isinstance(inside, dict):
                del inside[path[-1]]
            else:
                continue
            (given,) = judged(broken)
            may_be_null = path[-1] in ("text", "number", "limitation_expires_on", "revoked_at", "remark", "evidence")
            assert "error" in given or may_be_null, f"{path} {change}: {given}"


def _paths(value, path):
    if isinstance(value, dict):
        for key, one in value.items():
            yield (*path, key)
            yield from _paths(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield (*path, place)
            yield from _paths(one, (*path, place))
