"""Many at once, on real connections: one write, one answer, no ring of those who wait."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection

from arrears.refusal import Refused
from arrears.work.actions.action import KeyReused
from arrears.work.models import Answer, Approval, Case, ContactPoint, Entry, Hold, Party, Placement, Plan, Promise
from work.action_scenes import ID_NUMBER, NAME, Call, World, done

ATTEMPTS = 5


@pytest.fixture
def world(work) -> World:
    return World(work)


def at_once(world: World, calls: list[Call]) -> list:
    """What each call answered, or the Refused it raised; all begin at the same moment, each on a connection of its own."""
    barrier = Barrier(len(calls))

    def one(call: Call):
        try:
            barrier.wait(30)
            return done(world.work, call)
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))


def refused(answers: list) -> list[Refused]:
    return [answer for answer in answers if isinstance(answer, Refused)]


def test_one_key_raced_by_sixteen_is_one_write_and_one_answer(world):
    promise = world.call("promise.take", {"loan_id": world.loan, "amount_minor": 100, "pay_by_on": "2026-11-20"}, key=uuid4().hex)
    answers = at_once(world, [promise] * 16)
    assert len({str(answer) for answer in answers}) == 1 and set(answers[0]) == {"promise"}
    assert world.seen(Promise.objects.count) == 1 and world.seen(lambda: Entry.objects.filter(key=promise.key).count()) == 1
    assert world.seen(lambda: Answer.objects.get(key=promise.key).answer) == answers[0]


def test_a_key_with_other_parameters_is_refused_whoever_was_first_and_another_actors_is_independent(world):
    key, other = uuid4().hex, world.work.actor(world.lender, "team_lead")
    calls = [world.call("promise.take", {"loan_id": world.loan, "amount_minor": amount, "pay_by_on": "2026-11-20"}, key=key) for amount in (100, 200)]
    answers = at_once(world, calls * 4)
    assert len(refused(answers)) == 4 and all(isinstance(one, KeyReused) for one in refused(answers)) and world.seen(Promise.objects.count) == 1
    for changed in ({"reason": "another reason"}, {"thing": world.new_case().id}, {"verb": "promise.withdraw", "parameters": {"promise": str(uuid4())}}):
        from dataclasses import replace

        winner = calls[0] if not isinstance(answers[0], Refused) else calls[1]
        with pytest.raises(KeyReused):
            done(world.work, replace(winner, **changed))
    assert done(world.work, replace(calls[0], actor=other)) not in answers
    assert world.seen(Promise.objects.count) == 2


def test_a_refused_call_leaves_its_key_free(world):
    key = uuid4().hex
    with pytest.raises(Refused):
        world.do("promise.take", {"loan_id": world.loan, "amount_minor": 0, "pay_by_on": "2026-11-20"}, key=key)
    assert world.do("promise.take", {"loan_id": world.loan, "amount_minor": 1, "pay_by_on": "2026-11-20"}, key=key)
    assert world.seen(Promise.objects.count) == 1


def test_the_digest_of_an_answer_is_keyed_so_that_nobody_finds_a_number_by_trying_them_all(world):
    """An attacker with the table would hash every call; what the table holds is none of the plain digests of what was called."""
    import hashlib
    import json

    world.do("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": "19987654321"}, key="a-key-to-look-at")
    kept = world.seen(lambda: Answer.objects.get(key="a-key-to-look-at").digest)
    given = {"kind": "phone", "party": str(world.debtor.id), "value": "19987654321"}
    told = json.dumps(["contact_point.add", str(world.case.id), given, "the debtor asked for it by phone", None], ensure_ascii=False).encode()
    assert kept not in {hashlib.new(name, told).hexdigest()[:length] for name in ("sha256", "sha512", "md5") for length in (32, 64)}


def test_two_who_agree_a_plan_of_one_loan_at_once_agree_one(world):
    for _ in range(ATTEMPTS):
        plans = [world.plan()["plan"] for _ in range(2)]
        answers = at_once(world, [world.call("plan.agree", {"plan": plan}) for plan in plans])
        assert len(refused(answers)) == 1
        (agreed,) = world.seen(lambda: list(Plan.objects.filter(state="agreed").values_list("id", flat=True)))
        world.do("plan.end", {"plan": agreed})


def test_one_approval_decided_twice_at_once_is_decided_once_and_used_once(world):
    another = world.work.actor(world.lender, "compliance_officer")
    for _ in range(ATTEMPTS):
        plan = world.plan(200)["plan"]
        asked = UUID(world.do("approval.ask", {"kind": "waiver", "subject": plan})["approval"])
        answers = at_once(world, [world.call("approval.decide", {"approve": approve}, actor=who, thing=asked) for approve, who in ((True, world.compliance), (False, another))])
        assert len(refused(answers)) == 1
        told = next(answer for answer in answers if not isinstance(answer, Refused))
        assert world.seen(lambda asked=asked: Approval.objects.get(pk=asked).state) == told["state"]
        agreed = at_once(world, [world.call("plan.agree", {"plan": plan, "approval": str(asked)})] * 2)
        assert len(refused(agreed)) == (1 if told["state"] == "approved" else 2)
        if told["state"] == "approved":
            world.do("plan.end", {"plan": plan})


def test_one_case_moved_by_two_at_once_has_one_holder_and_its_history_has_no_gap(world):
    holders = [world.work.collector(world.lender, "a") for _ in range(2)]
    for _ in range(ATTEMPTS):
        at_once(world, [world.call("case.move", {"collector": holder.id}) for holder in holders])
        rows = world.seen(lambda: list(Placement.objects.filter(case=world.case).values_list("held_by", "returned_on")))
        assert [held for held, until in rows if until is None] == [world.seen(lambda: Case.objects.get(pk=world.case.id).held_by_id)]


def test_one_number_closed_from_two_cases_at_once_waits_in_no_ring_and_none_slips_in(world):
    other = world.new_case()
    for number in range(ATTEMPTS):
        value = f"1990000000{number}"
        points = {}
        for case in (world.case, other):
            debtor = world.seen(lambda case=case: Party.objects.get(case=case, role="debtor"))
            points[case.id] = world.do("contact_point.add", {"party": debtor.id, "kind": "phone", "value": value}, thing=case.id)["contact_point"]
        third = world.new_case()
        debtor = world.seen(lambda third=third: Party.objects.get(case=third, role="debtor"))
        at_once(world, [*(world.call("contact.note", {"attempted_at": "2026-11-02T09:00:00+08:00", "channel": "call", "outcome": "answered", "contact_point": point, "closes": "stopped"}, thing=case)
                          for case, point in points.items()),
                        world.call("contact_point.add", {"party": debtor.id, "kind": "phone", "value": value}, thing=third.id)])
        usable = world.seen(lambda third=third: ContactPoint.objects.filter(lender=world.lender, state="usable", case__in=[world.case, other, third]).exclude(ordinal=0).count())
        assert usable == 0


def test_one_person_protected_and_added_from_several_cases_at_once_is_protected_in_all(world):
    cases = [world.case, world.new_case(), world.new_case(), world.new_case()]
    parties = [world.do("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER}, thing=case.id)["party"] for case in cases[:3]]
    answers = at_once(world, [*(world.call("party.protect", {"party": party, "state": state}, thing=case.id) for case, party, state in zip(cases, parties, ("minor", "bankrupt", "disaster"), strict=False)),
                              world.call("party.add", {"role": "guarantor", "name": NAME, "id_number": ID_NUMBER}, thing=cases[3].id)])
    assert not refused(answers)
    person = world.seen(lambda: Party.objects.get(pk=parties[0]).person)
    assert world.seen(lambda: list(Party.objects.filter(person=person).values_list("protected", flat=True))) == [["bankrupt", "disaster", "minor"]] * 4
    assert world.seen(lambda: Hold.objects.filter(lender=world.lender, lifted_at=None).count()) == 12
