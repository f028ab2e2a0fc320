"""Who holds a case: half-open days, one holder at a time, and an agency alone by its own verbs."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.models import Account, Case, Collector, Entry, Party, Placement, Team
from work.action_scenes import World

TODAY = date(2026, 11, 2)


@pytest.fixture
def world(work) -> World:
    return World(work)


def held(world: World) -> list[tuple]:
    """(team, collector, placed_on, returned_on, why) in the order of time."""
    return world.seen(lambda: [(row.team.code, row.held_by_id, row.placed_on, row.returned_on, row.returned_why)
                               for row in Placement.objects.filter(case=world.case).select_related("team").order_by("placed_on", "returned_on")])


def test_a_move_ends_one_holding_and_begins_another_on_the_same_day(world):
    world.do("case.move", {"collector": world.collector.id, "why": "idle"})
    assert held(world) == [("a", None, date(2026, 10, 1), TODAY, "idle"), ("a", world.collector.id, TODAY, None, None)]
    case = world.seen(lambda: Case.objects.get(pk=world.case.id))
    assert case.held_by_id == world.collector.id
    with pytest.raises(Refused, match="there already"):
        world.do("case.move", {"collector": world.collector.id})


def test_a_lead_may_give_a_case_to_a_team_they_do_not_see_and_then_sees_it_no_more(world):
    world.work.team(world.lender, "b")
    narrow = world.work.actor(world.lender, "team_lead", "a")
    world.do("case.move", {"team": "b"}, actor=narrow)
    assert held(world)[-1][:2] == ("b", None)
    with pytest.raises(Forbidden, match="no such case"):
        world.do("case.move", {"team": "a"}, actor=narrow)
    assert world.seen(lambda: list(Entry.objects.filter(actor=narrow.account).order_by("number").values_list("is_refused", flat=True))) == [False, True]


def test_nobody_who_has_left_no_team_that_ended_and_no_stranger_gets_a_case(world):
    other = World(world.work)
    elsewhere, leaver = world.work.collector(world.lender, "b"), world.collector
    for parameters in ({}, {"team": "nowhere"}, {"collector": other.collector.id}, {"team": "a", "collector": elsewhere.id}, {"team": world.agency}):
        with pytest.raises(Refused):
            world.do("case.move", parameters)
    with world.work.writing(world.lender):
        Collector.objects.filter(pk=leaver.id).update(left_on=TODAY)
        Team.objects.filter(pk=elsewhere.team_id).update(ended_on=TODAY)
    for parameters in ({"collector": leaver.id}, {"team": "b"}, {"collector": elsewhere.id}):
        with pytest.raises(Refused):
            world.do("case.move", parameters)
    assert held(world) == [("a", None, date(2026, 10, 1), None, None)]


def test_a_case_is_with_one_agency_at_a_time_and_comes_back_to_the_lenders_own(world):
    world.work.team(world.lender, "agency-2", "agency")
    world.do("placement.place", {"team": world.agency})
    for verb, parameters in (("placement.place", {"team": "agency-2"}), ("case.move", {"team": "a"}), ("placement.take_back", {"team": "agency-2"})):
        with pytest.raises(Refused):
            world.do(verb, parameters)
    world.do("placement.take_back", {"why": "term", "team": "a"})
    for verb, parameters in (("placement.take_back", {}), ("placement.place", {"team": "a"})):
        with pytest.raises(Refused):
            world.do(verb, parameters)
    assert sorted(held(world)[1:]) == sorted([(world.agency, None, TODAY, TODAY, "term"), ("a", None, TODAY, None, None)])


def test_what_is_taken_back_to_nobody_is_nobodys(world):
    world.do("placement.place", {"team": world.agency})
    assert world.do("placement.take_back")["placement"] is None
    assert world.seen(lambda: Case.objects.get(pk=world.case.id)).team_id is None and [row[3] for row in held(world)] == [TODAY, TODAY]


def test_the_database_takes_no_second_holder(world):
    with pytest.raises(IntegrityError, match="one_holder"), world.work.writing(world.lender):
        Placement.objects.create(lender=world.lender, case=world.case, placed_on=TODAY)


def test_a_case_is_closed_once_all_is_answered_and_then_nothing_new_is_agreed_in_it(world):
    dispute, plan = world.do("dispute.raise", {"ground": "paid"})["dispute"], world.plan()["plan"]
    world.do("plan.agree", {"plan": plan})
    for _ in range(2):
        with pytest.raises(Refused, match="before the case is closed"):
            world.do("case.close", {"why": "paid"})
        world.do("dispute.answer", {"dispute": dispute, "outcome": "rejected", "text": "x", "rests_on": ["contacts"]}) if _ == 0 else world.do("plan.end", {"plan": plan})
    world.do("case.close", {"why": "paid"})
    case = world.seen(lambda: Case.objects.get(pk=world.case.id))
    assert (case.state, case.closed_on, case.closed_why, case.held_by_id) == ("closed", TODAY, "paid", None) and held(world)[-1][3:] == (TODAY, "term")
    for verb, parameters in (("promise.take", {"loan_id": world.loan, "amount_minor": 1, "pay_by_on": "2026-11-20"}), ("case.move", {"team": "b"}), ("case.close", {"why": "paid"}),
                             ("plan.propose", {"loan_id": world.loan, "instalments": [{"due_on": "2026-12-01", "amount_minor": 1}]}), ("party.add", {"role": "guarantor", "name": "孙三"})):
        with pytest.raises(Refused, match="was closed"):
            world.do(verb, parameters)
    world.do("complaint.raise", {"ground": "hours"})


def test_teams_and_collectors_are_made_once(world):
    for verb, parameters in (("team.create", {"code": "z"}), ("collector.create", {"roster_name": "c-1", "team": "z"})):
        world.do(verb, parameters, actor=world.system, thing=None)
        with pytest.raises(Refused, match="already"):
            world.do(verb, parameters, actor=world.system, thing=None)
    for code in ("*", "a,b", " ", "x\x00"):
        with pytest.raises(Refused):
            world.do("team.create", {"code": code}, actor=world.system, thing=None)
    with pytest.raises(Refused, match="no team"):
        world.do("collector.create", {"roster_name": "c-2", "team": "nowhere"}, actor=world.system, thing=None)


def test_a_case_whose_processing_is_frozen_is_still_taken_back_from_its_agency_and_goes_to_no_other(world):
    world.work.team(world.lender, "agency-1", "agency")
    world.do("placement.place", {"team": "agency-1"})
    debtor = world.seen(lambda: Party.objects.get(case=world.case, role="debtor"))
    world.do("person.freeze", {"party": debtor.id, "because": "withdrew_consent"}, actor=world.work.actor(world.lender, "data_officer"), reason="asked in writing")
    with pytest.raises(Forbidden, match="frozen"):
        world.do("placement.place", {"team": "agency-1"})
    assert world.do("placement.take_back", actor=world.compliance)["team"] is None


def test_a_case_that_goes_to_others_or_is_closed_is_on_nobodys_screen_any_more(world):
    at = world.work.at
    world.work.team(world.lender, "b")
    for verb, parameters in (("case.move", {"team": "b"}), ("placement.place", {"team": world.agency}), ("placement.take_back", {"why": "term", "team": "a"}), ("case.close", {"why": "paid"})):
        with world.work.writing(world.lender):
            Case.objects.filter(pk=world.case.id).update(reserved_by=world.lead.account, reserved_until=at + timedelta(minutes=20))
        world.do(verb, parameters)
        found = world.seen(lambda: Case.objects.get(pk=world.case.id))
        assert (found.reserved_by_id, found.reserved_until) == (None, None)


def test_an_account_whose_roles_change_holds_cases_as_whom_it_did_before(world):
    held_as = world.work.actor(world.lender, "collector", "a", holds=True)
    administrator = world.work.actor(world.lender, "administrator")
    world.do("account.change", {"roles": ["collector", "team_lead"], "teams": ["a"]}, actor=administrator, thing=held_as.account)
    assert world.seen(lambda: Account.objects.get(pk=held_as.account).collector_id) == held_as.collector
    other = world.work.collector(world.lender, "a")
    world.do("account.change", {"roles": ["collector"], "teams": ["a"], "collector": other.roster_name}, actor=administrator, thing=held_as.account)
    assert world.seen(lambda: Account.objects.get(pk=held_as.account).collector_id) == other.id
