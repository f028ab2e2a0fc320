"""Contacts made elsewhere, and numbers closed everywhere at once."""

import pytest

from arrears.refusal import Refused
from arrears.work.models import Case, Change, Contact, ContactPoint, Entry, Party
from arrears.work.sealing import opened
from work.action_scenes import PHONE, World

NOTED = {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "answered"}


@pytest.fixture
def world(work) -> World:
    return World(work)


def states(world: World, **which) -> list[str]:
    return world.seen(lambda: sorted(ContactPoint.objects.filter(lender=world.lender, **which).values_list("state", flat=True)))


def test_a_note_is_sealed_and_only_the_debtors_key_with_its_place_opens_it(world):
    done = world.do("contact.note", {**NOTED, "contact_point": world.point.id, "note": "他说周五还"})
    contact = world.seen(lambda: Contact.objects.get(pk=done["contact"]))
    assert "周五" not in repr(bytes(contact.note_sealed)) and opened(world.lender, world.debtor.person, contact, "note_sealed") == "他说周五还"
    assert (contact.relation, contact.direction, contact.made_by_id, contact.party_id) == ("debtor", "outbound", world.lead.account, world.debtor.id)
    entry = world.seen(lambda: Entry.objects.order_by("-number").first())
    assert "note" not in entry.parameters and entry.reason is None and opened(world.lender, world.debtor.person, entry, "reason_sealed") == "the debtor asked for it by phone"


def test_the_case_was_worked_at_the_latest_contact_whatever_the_order_they_are_put_down_in(world):
    for hour in (9, 8, 10, 7):
        world.do("contact.note", {**NOTED, "attempted_at": f"2026-11-01T{hour:02}:00:00+08:00", "relation": "debtor"})
    assert world.seen(lambda: Case.objects.get(pk=world.case.id).worked_at).isoformat() == "2026-11-01T02:00:00+00:00"


@pytest.mark.parametrize("changed", [
    {"attempted_at": "2026-11-02T10:00:01+08:00"}, {"attempted_at": "2026-11-01T10:00:00"}, {"outcome": "shouted"}, {"channel": "fax"}, {"relation": None}, {"closes": "stopped"}, {"loan_id": "of-another"},
    {"note": "a\x00b"}, {"note": "x" * 2001}, {"party": "00000000-0000-0000-0000-000000000000"}, {"unknown": 1},
])
def test_a_contact_that_cannot_have_been_is_refused_and_nothing_is_put_down(world, changed):
    before = world.seen(Entry.objects.count)
    with pytest.raises(Refused) as refused:
        world.do("contact.note", {**NOTED, "relation": "debtor", **changed})
    assert refused.value.zh and refused.value.en and "a\x00b" not in str(refused.value)
    assert world.seen(Contact.objects.count) == 0 and world.seen(Entry.objects.count) == before


@pytest.mark.parametrize(("told", "state"), [({"closes": "wrong_person"}, "wrong_person"), ({"closes": "stopped"}, "stopped"), ({"outcome": "invalid_number"}, "invalid")])
def test_a_number_is_closed_at_once_wherever_it_stands_also_in_cases_that_the_actor_does_not_see(world, told, state):
    narrow = world.work.actor(world.lender, "team_lead", "a")
    elsewhere, other_lender = world.new_case("b"), World(world.work)
    other = world.seen(lambda: ContactPoint.objects.get(case=elsewhere))
    done = world.do("contact.note", {**NOTED, **told, "contact_point": world.point.id}, actor=narrow)
    assert done["closed"] == 2 and states(world) == [state, state]
    assert states(other_lender) == ["usable"], "another lender's is not touched"
    change = world.seen(lambda: Change.objects.filter(table="work_contactpoint").order_by("-id").first())
    assert set(change.ids) == {world.point.id, other.id}


def test_a_wish_to_be_left_alone_is_never_written_over_and_the_number_never_comes_back(world):
    world.do("contact_point.close", {"contact_point": world.point.id, "state": "invalid"})
    world.do("contact_point.close", {"contact_point": world.point.id, "state": "stopped"})
    for weaker in ("invalid", "wrong_person", "stopped"):
        with pytest.raises(Refused, match="already"):
            world.do("contact_point.close", {"contact_point": world.point.id, "state": weaker})
    guarantor = world.do("party.add", {"role": "guarantor", "name": "钱二"})["party"]
    for spelt in ("19912345678", "+86 199-1234-5678", "８６１９９１２３４５６７８"):
        with pytest.raises(Refused, match="asked not to be contacted") as refused:
            world.do("contact_point.add", {"party": guarantor, "kind": "phone", "value": spelt})
        assert "199" not in str(refused.value)
    assert states(world) == ["stopped"]


def test_a_number_that_is_not_this_persons_may_still_be_anothers(world):
    world.do("contact_point.close", {"contact_point": world.point.id, "state": "wrong_person"})
    with pytest.raises(Refused, match="somebody else's"):
        world.do("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": "19912345678"})
    guarantor = world.do("party.add", {"role": "guarantor", "name": "钱二"})["party"]
    world.do("contact_point.add", {"party": guarantor, "kind": "phone", "value": "19912345678"})
    assert states(world) == ["usable", "wrong_person"]


@pytest.mark.parametrize(("kind", "value"), [("phone", "call me"), ("phone", "12"), ("email", "nobody"), ("account", "1"), ("address", " x ")])
def test_what_is_no_number_or_address_is_refused_and_not_repeated(world, kind, value):
    with pytest.raises(Refused) as refused:
        world.do("contact_point.add", {"party": world.debtor.id, "kind": kind, "value": value})
    assert value.strip() not in refused.value.en.replace(kind, "")


def test_the_same_number_stands_once_at_a_party_however_it_is_spelt(world):
    world.do("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": PHONE})
    with pytest.raises(Refused, match="already"):
        world.do("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": f"+86 {PHONE}"})
    assert world.seen(lambda: sorted(ContactPoint.objects.filter(case=world.case).values_list("ordinal", flat=True))) == [0, 1]


def test_nothing_is_sealed_for_an_erased_person_and_the_refusal_says_why(world):
    with world.work.writing(world.lender):
        Party.objects.filter(case=world.case).update(erased_at=world.work.at)
    for verb, parameters in (("contact.note", {**NOTED, "relation": "debtor", "note": "x"}), ("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": PHONE}),
                             ("hold.place", {"kind": "cease", "text": "x"}), ("dispute.raise", {"ground": "paid", "text": "x"})):
        with pytest.raises(Refused, match="was erased"):
            world.do(verb, parameters)
    world.do("hold.place", {"kind": "cease"})
    world.do("contact.note", {**NOTED, "relation": "debtor"}, reason=None)


def test_words_about_a_case_without_a_debtor_are_refused_and_not_kept_in_plain(world):
    with world.work.writing(world.lender):
        ContactPoint.objects.filter(case=world.case).delete()
        Party.objects.filter(case=world.case).delete()
    with pytest.raises(Refused, match="no debtor"):
        world.do("contact.note", {**NOTED, "relation": "other", "note": "x"})


def test_a_number_that_stands_still_by_freezing_is_closed_for_good_where_its_owner_asks_and_is_no_wish_where_nobody_did(world):
    """Freezing a guarantor stops their numbers until it is lifted (work/erasure.py); what was closed meanwhile must not come back with them."""
    officer = world.work.actor(world.lender, "data_officer")
    guarantor = world.do("party.add", {"role": "guarantor", "name": "钱二"})["party"]
    wished, silent = (world.do("contact_point.add", {"party": guarantor, "kind": "phone", "value": f"1990000000{number}"})["contact_point"] for number in (1, 2))
    world.do("person.freeze", {"party": guarantor, "because": "asked_by_person"}, actor=officer)
    for verb, parameters in (("contact_point.add", {"party": guarantor, "kind": "phone", "value": PHONE}), ("consent.give", {"party": guarantor, "kind": "electronic", "channel": "sms"})):
        with pytest.raises(Refused, match="frozen"):
            world.do(verb, parameters)
    world.do("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": "19900000002"})
    world.work.now += 1_000_000
    world.do("contact.note", {**NOTED, "contact_point": wished, "closes": "stopped"})
    world.do("person.unfreeze", {"party": guarantor, "because": "asked_by_person"}, actor=officer)
    assert [states(world, pk=key) for key in (wished, silent)] == [["stopped"], ["usable"]]
