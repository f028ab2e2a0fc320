"""Heirs and guardians at the gate: third persons, whom nobody asks to pay; and a dispute, complaint or hardship closes the gate from its raising to its end."""

import pytest

import arrears.work.actions  # noqa: F401 - before the gate, which they use
from arrears.tables.contacts import RELATIONS
from arrears.work.gate import verdict
from arrears.work.models import Contact, ContactPoint, Party
from arrears.work.relations import relation_of
from work.action_scenes import World


@pytest.fixture
def world(work) -> World:
    return World(work)


def test_every_role_of_a_party_is_a_word_of_the_rules_or_stands_for_a_third_person():
    for role, _ in Party._meta.get_field("role").choices:
        assert relation_of(role) in RELATIONS
    assert relation_of("heir") == relation_of("guardian") == "other"


@pytest.mark.parametrize("role", ["heir", "guardian"])
def test_an_heir_or_guardian_is_not_contacted_of_our_own_accord_and_may_be_answered(world, role):
    key = world.do("party.add", {"role": role, "name": "王小红"})["party"]
    world.do("contact_point.add", {"party": key, "kind": "phone", "value": "19900001111"})
    party = world.seen(lambda: Party.objects.get(pk=key))
    point = world.seen(lambda: ContactPoint.objects.get(party=party))
    asked = world.seen(lambda: verdict(world.case, party, "call", world.work.at, point=point))
    assert asked.verdict == "deny" and any(rule.startswith("cn.locate_through_strangers") for rule in asked.rules)
    assert world.seen(lambda: verdict(world.case, party, "call", world.work.at, point=point, is_reply=True)).verdict != "deny"
    told = world.do("contact.note", {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "direction": "inbound", "outcome": "answered", "party": key})
    assert world.seen(lambda: Contact.objects.get(pk=told["contact"])).relation == "other"


@pytest.mark.parametrize(("verb", "parameters", "end"), [
    ("dispute.raise", {"ground": "paid"}, lambda key: ("dispute.answer", {"dispute": key, "outcome": "rejected", "text": "已核对", "rests_on": ["contacts"]})),
    ("complaint.raise", {"ground": "hours"}, lambda key: ("complaint.answer", {"complaint": key, "outcome": "upheld", "text": "致歉"})),
    ("hardship.raise", {"reason": "illness"}, lambda key: ("hardship.decide", {"hardship": key, "outcome": "withdrawn", "text": "{name}：已撤回。"})),
], ids=["dispute", "complaint", "hardship"])
def test_the_gate_is_closed_from_the_raising_to_the_end(world, verb, parameters, end):
    debtor, point = world.debtor, world.point
    at_the_gate = lambda: world.seen(lambda: verdict(world.case, debtor, "call", world.work.at, point=point)).verdict  # noqa: E731
    before = at_the_gate()
    key = world.do(verb, parameters)[verb.partition(".")[0]]
    assert before in ("allow", "warn") and at_the_gate() in ("deny", "review")
    ended, told = end(key)
    world.do(ended, told, actor=world.compliance)
    assert at_the_gate() == before
