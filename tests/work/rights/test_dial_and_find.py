"""A number is dialled without being seen, once and soon; a person is found by an exact number, in whatever spelling, without the number being kept."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from arrears.refusal import Refused
from work.rights.made_people import Person, account_made, case_made, collector_made, lender_made, writing
from work.rights.test_unmasking import ZHANG, entries

SECOND = 1_000_000


@pytest.fixture
def held(work):
    lender = lender_made(work)
    actor = collector_made(work, lender)
    return lender, actor, case_made(work, lender, Person("debtor", **ZHANG), held_by=actor.collector)


def dialled(work, actor, made, now=None):
    from arrears.work.actions.action import perform

    return perform(actor, "person.dial", {"contact_point": made.points[0]}, now or work.now, thing=made.case)["token"]


def redeem(lender, token, now):
    from arrears.work.actions.people import redeem

    return redeem(lender, token, now)


def test_the_telephone_side_gets_the_number_and_nothing_else_does(work, held):
    lender, actor, made = held
    token = dialled(work, actor, made)
    assert redeem(lender, token, work.now + 5 * SECOND) == ZHANG["phone"]
    kept = json.dumps([[one.parameters, one.result, one.reason] for one in entries(lender)], default=str)
    assert ZHANG["phone"] not in kept and token not in kept and token.partition(".")[2] not in kept
    assert [one.verb for one in entries(lender)][-2:] == ["person.dial", "dial.redeem"]


def test_a_token_is_redeemed_once_whoever_comes_at_the_same_time(work, held):
    from django.db import connection

    lender, actor, made = held
    token = dialled(work, actor, made)

    def one(_):
        try:
            return redeem(lender, token, work.now)
        except Refused:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as many:
        assert sorted(filter(None, many.map(one, range(8)))) == [ZHANG["phone"]]


@pytest.mark.parametrize("later", [120 * SECOND, 86_400 * SECOND, -1])
def test_a_token_is_void_after_its_time_and_before_it(work, held, later):
    lender, actor, made = held
    with pytest.raises(Refused, match="counts for nothing"):
        redeem(lender, dialled(work, actor, made), work.now + later)


def test_a_changed_token_or_one_of_another_lender_is_void(work, held):
    lender, actor, made = held
    token = dialled(work, actor, made)
    entry, _, proof = token.partition(".")
    other = dialled(work, actor, made)
    for wrong in (f"{entry}.{'0' * 32}", f"{entry}.", entry, "x", f"{entry}.{other.partition('.')[2]}", f"{made.case}.{proof}", f"{entry}.ｆ"):
        with pytest.raises(Refused, match="counts for nothing"):
            redeem(lender, wrong, work.now)
    with pytest.raises(Refused, match="counts for nothing"):
        redeem(lender_made(work), token, work.now)
    assert redeem(lender, token, work.now)


def test_a_hold_placed_after_the_token_was_given_stops_the_call(work, held):
    from arrears.days import moment_of
    from arrears.work.models import Hold

    lender, actor, made = held
    token = dialled(work, actor, made)
    with writing(work, lender):
        Hold.objects.create(lender=lender, case_id=made.case, kind="cease", placed_at=moment_of(work.now))
    with pytest.raises(Refused, match="hold"):
        redeem(lender, token, work.now)
    with pytest.raises(Refused, match="hold"):
        dialled(work, actor, made)


def test_a_stopped_number_is_not_dialled(work, held):
    from arrears.work.models import ContactPoint

    lender, actor, made = held
    with writing(work, lender):
        ContactPoint.objects.filter(id=made.points[0]).update(state="wrong_person")
    with pytest.raises(Refused):
        dialled(work, actor, made)


def find(work, actor, **by):
    from arrears.work.actions.action import perform

    return perform(actor, "person.find", by, work.now, reason="来电核实身份")


@pytest.mark.parametrize("by", [{"phone": "+86 139-1234-5678"}, {"phone": "１３９１２３４５６７８"}, {"id_number": "1101 0119 9003 0745 14"}])
def test_a_number_is_found_in_any_spelling_in_all_cases_of_the_lender_alone(work, held, by):
    lender, _, made = held
    second = case_made(work, lender, Person("debtor"), Person("guarantor", **ZHANG))
    case_made(work, lender_made(work), Person("debtor", **ZHANG))
    officer = account_made(work, lender, "data_officer")
    told = find(work, officer, **by)
    assert {(one["case"], one["role"]) for one in told["parties"]} == {(str(made.case), "debtor"), (str(second.case), "guarantor")}
    kept = entries(lender, verb="person.find")[-1]
    assert kept.parameters == {} and kept.result["hits"] == 2 and kept.result["field"] == next(iter(by))
    assert find(work, officer, phone="13900000000")["hits"] == 0


def test_only_roles_that_may_find_find(work, held):
    lender, collector, _ = held
    for actor in (collector, account_made(work, lender, "administrator"), account_made(work, lender, "auditor")):
        with pytest.raises(Refused):
            find(work, actor, phone=ZHANG["phone"])
    for by in ({}, {"phone": "1", "id_number": "2"}, {"phone": " "}, {"name": "张伟"}):
        with pytest.raises(Refused):
            find(work, account_made(work, lender, "data_officer"), **by)
