"""People in a case: one person is one key wherever they stand, and whoever is protected is protected everywhere at once."""

import pytest

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.actions.parties import HOLD_FOR
from arrears.work.models import ContactPoint, Hold, Party
from arrears.work.sealing import opened
from work.action_scenes import ID_NUMBER, NAME, World


@pytest.fixture
def world(work) -> World:
    return World(work)


def standing(world: World, **which) -> list[str]:
    return world.seen(lambda: sorted(Hold.objects.filter(lender=world.lender, lifted_at=None, **which).values_list("kind", flat=True)))


def test_whoever_has_the_same_id_number_is_the_same_person_in_every_case_of_the_lender(world):
    other = world.new_case("b")
    narrow = world.work.actor(world.lender, "team_lead", "a")
    one = world.do("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER}, actor=narrow)["party"]
    two = world.do("party.add", {"role": "co_debtor", "name": NAME, "id_number": ID_NUMBER.lower()}, thing=other.id)["party"]
    stranger = world.do("party.add", {"role": "guarantor", "name": NAME})["party"]
    rows = world.seen(lambda: {str(row.id): row for row in Party.objects.filter(lender=world.lender)})
    assert rows[one].person == rows[two].person != rows[stranger].person
    assert opened(world.lender, rows[one].person, rows[one], "name_sealed") == NAME and opened(world.lender, rows[two].person, rows[two], "id_number_sealed") == ID_NUMBER.lower()
    assert (rows[one].ordinal, rows[stranger].ordinal) == (0, 1)
    with pytest.raises(Refused, match="stands in the case already"):
        world.do("party.add", {"role": "reserved_contact", "name": NAME, "id_number": ID_NUMBER})
    with pytest.raises(Refused, match="has its debtor"):
        world.do("party.add", {"role": "debtor", "name": NAME})


def test_whose_processing_is_frozen_is_added_to_no_further_case(world):
    other = world.new_case("b")
    guarantor = world.do("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER})["party"]
    officer = world.work.actor(world.lender, "data_officer")
    world.do("person.freeze", {"party": guarantor, "because": "asked_by_person"}, actor=officer, reason="asked in writing")
    with pytest.raises(Refused, match="frozen"):
        world.do("party.add", {"role": "co_debtor", "name": NAME, "id_number": ID_NUMBER}, thing=other.id)
    world.do("person.unfreeze", {"party": guarantor, "because": "frozen_in_error"}, actor=officer, reason="it was another")
    assert world.do("party.add", {"role": "co_debtor", "name": NAME, "id_number": ID_NUMBER}, thing=other.id)["party"]


@pytest.mark.parametrize("state", sorted(HOLD_FOR))
def test_a_hold_of_the_right_kind_stands_at_once_in_every_case_in_which_the_person_owes(world, state):
    other = world.new_case("b")
    world.do("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER})
    world.do("party.add", {"role": "reserved_contact", "name": NAME, "id_number": ID_NUMBER}, thing=other.id)
    guarantor = world.seen(lambda: Party.objects.get(case=world.case, role="guarantor"))
    done = world.do("party.protect", {"party": guarantor.id, "state": state}, actor=world.work.actor(world.lender, "team_lead", "a"))
    assert done["cases"] == 2 and done["hold"] and standing(world, case=world.case) == [HOLD_FOR[state]] and standing(world, case=other) == []
    assert world.seen(lambda: list(Party.objects.filter(person=guarantor.person).values_list("protected", flat=True))) == [[state], [state]]
    with pytest.raises(Refused, match="already"):
        world.do("party.protect", {"party": guarantor.id, "state": state})


def test_a_release_lifts_what_protecting_placed_and_no_hold_that_somebody_placed_by_hand(world):
    world.do("hold.place", {"kind": "vulnerable"})
    for state in ("minor", "in_prison"):
        world.do("party.protect", {"party": world.debtor.id, "state": state})
    assert standing(world) == ["vulnerable"] * 3
    released = world.do("party.release", {"party": world.debtor.id, "state": "minor"}, actor=world.compliance)
    assert released["lifted"] == 1 and standing(world) == ["vulnerable"] * 2 and world.debtor.protected == ["in_prison"]
    with pytest.raises(Refused, match="is not protected"):
        world.do("party.release", {"party": world.debtor.id, "state": "minor"}, actor=world.compliance)


def test_a_release_needs_a_role_that_may_and_a_reason(world):
    world.do("party.protect", {"party": world.debtor.id, "state": "minor"})
    with pytest.raises(Forbidden):
        world.do("party.release", {"party": world.debtor.id, "state": "minor"}, actor=world.lead)
    with pytest.raises(Refused, match="reason"):
        world.do("party.release", {"party": world.debtor.id, "state": "minor"}, actor=world.compliance, reason="  ")
    assert standing(world) == ["vulnerable"]


def test_a_hold_that_protects_somebody_is_lifted_by_their_release_alone(world):
    hold = world.do("party.protect", {"party": world.debtor.id, "state": "disaster"})["hold"]
    with pytest.raises(Refused, match=r"party\.release"):
        world.do("hold.lift", {"hold": hold}, actor=world.compliance)
    world.do("party.release", {"party": world.debtor.id, "state": "disaster"}, actor=world.compliance)
    assert standing(world) == []


def test_whoever_is_protected_elsewhere_is_protected_where_they_are_added(world):
    other = world.new_case()
    world.do("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER}, thing=other.id)
    guarantor = world.seen(lambda: Party.objects.get(case=other, role="guarantor"))
    world.do("party.protect", {"party": guarantor.id, "state": "bankrupt"}, thing=other.id)
    added = world.do("party.add", {"role": "co_debtor", "name": NAME, "id_number": ID_NUMBER})
    assert len(added["holds"]) == 1 and standing(world, case=world.case) == ["legal_stay"]
    assert world.do("party.release", {"party": added["party"], "state": "bankrupt"}, actor=world.compliance)["lifted"] == 2


def test_no_name_and_no_id_number_stands_in_any_column_in_plain(world):
    from django.apps import apps
    from django.db import connection

    from arrears.work.tenancy import seen_by

    added = world.do("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER}, key="plain-text-anywhere")
    world.do("contact_point.add", {"party": added["party"], "kind": "email", "value": "zhao.yi@example.cn"}, key="plain-text-anywhere-2")
    with seen_by(world.system), connection.cursor() as cursor:
        for model in apps.get_app_config("work").get_models():
            cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" t WHERE strpos(t::text, %s) + strpos(t::text, %s) + strpos(t::text, %s) > 0', [NAME, ID_NUMBER, "zhao.yi"])
            assert cursor.fetchone() == (0,), model._meta.db_table
    assert world.seen(lambda: ContactPoint.objects.filter(kind="email").count()) == 1
