"""The outcome of a talk: everything it entails is done in one action with one Entry, or nothing of it is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from arrears.refusal import Refused
from arrears.work.models import (
    Case,
    Complaint,
    Contact,
    ContactPoint,
    Dispute,
    Entry,
    Hardship,
    Hold,
    Party,
    Promise,
    Reminder,
)
from arrears.work.models.dealings import HARDSHIPS, RESULTS
from arrears.work.queries.lamps import lamps
from arrears.work.talk_outcomes import OUTCOMES, TalkOutcome, in_hours, morning, ready_after, reminded_on
from work.action_scenes import World, done
from work.scenes_queue import promise_of

HOUR = timedelta(hours=1)
TODAY_AT_TEN = datetime(2026, 11, 2, 2, tzinfo=UTC)
TOMORROW_AT_NINE = datetime(2026, 11, 3, 1, tzinfo=UTC)
NEEDED = {"loan_id": lambda world: world.loan, "amount_minor": lambda world: 5000, "pay_by_on": lambda world: "2026-11-06", "pay_channel": lambda world: "app", "contact_point": lambda world: world.point.id,
          "call_back_at": lambda world: "2026-11-02T15:00:00+08:00", "hardship": lambda world: "illness", "state": lambda world: "seriously_ill", "ground_of_dispute": lambda world: "amount",
          "ground_of_complaint": lambda world: "hours"}
HELD_BY = {"cannot_pay": "hardship_review", "disputes": "dispute", "complains": "complaint", "deceased": "vulnerable", "in_prison": "vulnerable", "bankrupt": "legal_stay", "vulnerable": "hardship_review"}
CLOSED = {"wrong_person": "wrong_person", "asks_stop": "stopped", "not_in_use": "invalid"}
"""By hand: which hold stands, which number is closed, after each outcome."""


@pytest.fixture
def world(work) -> World:
    return World(work)


def note(world: World, outcome: str, **more) -> dict:
    return world.do("talk.note", {"outcome": outcome, **{name: NEEDED[name](world) for name in OUTCOMES[outcome].asks}, **more}, reason=None)


def case_of(world: World) -> Case:
    return world.seen(lambda: Case.objects.get(pk=world.case.pk))


def test_every_result_of_a_contact_has_one_line_and_a_key_of_its_own():
    assert set(OUTCOMES) == set(RESULTS)
    assert len({one.key for one in OUTCOMES.values()}) == len(OUTCOMES) and not {one.key for one in OUTCOMES.values()} & set("ncldthqsjkz?/")
    assert len(HARDSHIPS) == len(set(HARDSHIPS))


@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
def test_each_outcome_is_one_entry_with_its_contact_hold_closed_number_and_when_the_case_is_next(world, outcome):
    before = world.seen(Entry.objects.count)
    told = note(world, outcome, note="当事人所述")
    assert world.seen(Entry.objects.count) == before + 1
    contact = world.seen(lambda: Contact.objects.get(case=world.case))
    assert (str(contact.id), contact.result, contact.made_by_id) == (told["contact"], outcome, world.lead.account)
    assert contact.outcome == {"no_answer": "no_answer", "voicemail": "no_answer", "busy": "busy", "not_in_use": "invalid_number"}.get(outcome, "answered")
    assert contact.hardship == ("illness" if outcome == "cannot_pay" else None) and contact.note_sealed is not None
    assert world.seen(lambda: list(Hold.objects.filter(case=world.case).values_list("kind", flat=True))) == ([HELD_BY[outcome]] if outcome in HELD_BY else [])
    assert world.seen(lambda: ContactPoint.objects.get(case=world.case).state) == CLOSED.get(outcome, "usable")
    assert world.seen(Promise.objects.count) == (outcome in ("promise", "part_promise"))
    assert (world.seen(Dispute.objects.count), world.seen(Complaint.objects.count), world.seen(Hardship.objects.count)) == (outcome == "disputes", outcome == "complains", outcome == "cannot_pay")
    assert case_of(world).ready_at > work_at(world) and case_of(world).ready_why == OUTCOMES[outcome].why
    assert told["leads_to"] == ("plan_new" if outcome == "asks_plan" else "case")


def work_at(world: World) -> datetime:
    return world.work.at


@pytest.mark.parametrize("outcome", sorted(code for code, row in OUTCOMES.items() if row.asks))
def test_what_an_outcome_needs_is_demanded_and_nothing_of_it_is_done_without(world, outcome):
    for left in OUTCOMES[outcome].asks:
        with pytest.raises(Refused, match=left):
            note(world, outcome, **{left: None})
    assert world.seen(Contact.objects.count) == world.seen(Promise.objects.count) == world.seen(Hold.objects.count) == 0


@pytest.mark.parametrize("changed", [{"amount_minor": 0}, {"amount_minor": 10**9}, {"pay_by_on": "2026-11-01"}, {"pay_by_on": "2027-11-01"}, {"loan_id": "nobody's"}, {"pay_channel": "cash"}, {"outcome": "other"},
                                     {"attempted_at": "2026-11-02T12:00:00+08:00"}, {"attempted_at": "0001-01-01T00:00:00+08:00"}, {"attempted_at": "2023-11-01T10:00:00+08:00"}, {"pay_by_on": "9999-12-31"}, {"pay_by_on": "0001-01-01"}, {"contact_point": "00000000-0000-0000-0000-000000000001"}, {"note": "\x00"}])
def test_what_cannot_be_is_refused_and_leaves_no_contact_behind(world, changed):
    with pytest.raises(Refused):
        world.do("talk.note", promise_of(world, **changed))
    assert world.seen(Contact.objects.count) == 0 and case_of(world).worked_at is None


def test_a_part_is_less_than_all(world):
    with pytest.raises(Refused, match="no part"):
        note(world, "part_promise", amount_minor=10_000)


def test_a_number_of_somebody_else_is_closed_in_every_account_at_once(world):
    other = world.new_case("b")
    assert note(world, "wrong_person")["closed"] == 2
    assert world.seen(lambda: ContactPoint.objects.get(case=other).state) == "wrong_person"


@pytest.mark.parametrize("outcome", ["wrong_person", "asks_stop", "not_in_use"])
def test_the_number_is_closed_at_once_at_everybody_who_has_it_in_every_team_and_agency_however_it_is_written(world, outcome):
    elsewhere = [world.new_case("b"), world.new_case(world.agency), world.new_case()]
    for role, value in (("guarantor", "+86 199-1234-5678"), ("reserved_contact", "１９９１２３４５６７８")):
        party = world.do("party.add", {"role": role, "name": "钱二"}, thing=elsewhere[2].id)["party"]
        world.do("contact_point.add", {"party": UUID(party), "kind": "phone", "value": value}, thing=elsewhere[2].id)
    assert note(world, outcome)["closed"] == 6
    state, rule = CLOSED[outcome], f"own.number_{CLOSED[outcome]}"
    assert world.seen(lambda: set(ContactPoint.objects.filter(lender=world.lender).values_list("state", flat=True))) == {state}
    for case in [world.case, *elsewhere]:
        shown = {(one.role, one.channel): one for one in lamps(world.lead, case.id, world.work.at) if one.channel in ("call", "sms", "voice_bot")}
        assert shown and all(one.answer.verdict == "deny" and rule in one.answer.rules for one in shown.values()), case
        point = world.seen(lambda case=case: ContactPoint.objects.filter(case=case).order_by("id").first())
        with pytest.raises(Refused):
            world.do("person.dial", {"contact_point": point.id}, thing=case.id)


def test_who_wants_no_contact_at_all_need_not_be_reached_at_a_number_that_is_known(world):
    told = note(world, "asks_stop", contact_point=None, stops_all=True, direction="inbound")
    assert told["closed"] == 0 and not told["goes_on"] and world.seen(lambda: Hold.objects.get(case=world.case).kind) == "cease"
    assert all(one.colour in ("red", "grey") for one in lamps(world.lead, world.case.id, world.work.at))


def test_an_address_that_is_somebody_elses_is_closed_by_a_visit_and_a_number_is_not(world):
    phone = world.point.id
    address = UUID(world.do("contact_point.add", {"party": world.debtor.id, "kind": "address", "value": "样例市样例路 1 号"})["contact_point"])
    with pytest.raises(Refused, match="does not go to"):
        note(world, "wrong_person", channel="visit", contact_point=phone)
    note(world, "wrong_person", channel="visit", contact_point=address)
    assert dict(world.seen(lambda: list(ContactPoint.objects.filter(case=world.case).values_list("kind", "state")))) == {"phone": "usable", "address": "wrong_person"}


def test_a_guarantor_who_says_that_the_debtor_died_is_not_taken_for_the_one_who_died(world):
    party = UUID(world.do("party.add", {"role": "guarantor", "name": "钱二"})["party"])
    point = UUID(world.do("contact_point.add", {"party": party, "kind": "phone", "value": "19955554444"})["contact_point"])
    with pytest.raises(Refused, match="whom does deceased concern"):
        note(world, "deceased", contact_point=point)
    assert world.seen(Contact.objects.count) == 0
    note(world, "deceased", contact_point=point, concerns=world.debtor.id)
    assert world.seen(lambda: Party.objects.get(pk=party).protected) == [] and world.debtor.protected == ["deceased"]
    note(world, "in_prison", contact_point=point, concerns=party)
    assert world.seen(lambda: Party.objects.get(pk=party).protected) == ["in_prison"] and world.debtor.protected == ["deceased"]


def test_whoever_owes_nothing_is_not_protected_in_the_place_of_who_does(world):
    party = UUID(world.do("party.add", {"role": "reserved_contact", "name": "钱二"})["party"])
    with pytest.raises(Refused, match="owes nothing"):
        note(world, "deceased", concerns=party)
    point = UUID(world.do("contact_point.add", {"party": party, "kind": "phone", "value": "19955554444"})["contact_point"])
    note(world, "deceased", contact_point=point)
    assert world.debtor.protected == ["deceased"]


@pytest.mark.parametrize(("outcome", "state"), [("deceased", "deceased"), ("in_prison", "in_prison"), ("bankrupt", "bankrupt"), ("vulnerable", "seriously_ill")])
def test_who_is_protected_is_so_everywhere_nobody_may_contact_them_and_only_compliance_lets_it_go_on(world, outcome, state):
    other, person = world.new_case("b"), world.debtor.person
    with world.work.writing(world.lender):
        Party.objects.filter(case=other).update(person=person)
    note(world, outcome)
    for case in (world.case, other):
        assert all(one.answer.verdict == "deny" and (not one.has_way or "own.held" in one.answer.rules) for one in lamps(world.lead, case.id, world.work.at))
        point = world.seen(lambda case=case: ContactPoint.objects.get(case=case, kind="phone").id)
        with pytest.raises(Refused, match="hold stands"):
            world.do("person.dial", {"contact_point": point}, thing=case.id)
        assert world.seen(lambda case=case: Hold.objects.filter(case=case, lifted_at=None).count()) == 1
    collector = world.work.actor(world.lender, "collector", "a", holds=True)
    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(held_by=collector.collector)
    hold = world.seen(lambda: Hold.objects.get(case=world.case))
    for actor, verb, parameters in ((collector, "hold.lift", {"hold": hold.id}), (collector, "party.release", {"party": world.debtor.id, "state": state}), (world.compliance, "hold.lift", {"hold": hold.id})):
        with pytest.raises(Refused):
            world.do(verb, parameters, actor=actor)
    assert world.do("party.release", {"party": world.debtor.id, "state": state}, actor=world.compliance)["lifted"] == 2
    assert world.do("case.next", thing=None, actor=collector, reason=None)["case"] is None, "the talk said that it is looked at again tomorrow"


def test_while_another_number_is_left_the_account_stays_on_the_screen(world):
    world.do("contact_point.add", {"party": world.debtor.id, "kind": "phone", "value": "19955554444"})
    first = world.seen(lambda: ContactPoint.objects.filter(case=world.case).order_by("ordinal").first())
    told = note(world, "not_in_use", contact_point=first.id)
    assert (told["goes_on"], told["numbers_left"]) == (True, 1) and case_of(world).ready_at <= world.work.at
    assert note(world, "wrong_person", contact_point=world.seen(lambda: ContactPoint.objects.get(case=world.case, state="usable")).id)["goes_on"] is False


def test_who_wants_no_contact_at_all_gets_a_hold_beside_the_closed_number(world):
    note(world, "asks_stop", stops_all=True)
    assert world.seen(lambda: Hold.objects.get(case=world.case).kind) == "cease"


def test_a_co_debtor_who_died_is_protected_and_the_debtor_is_not(world):
    party = world.do("party.add", {"role": "co_debtor", "name": "钱二", "id_number": "990101198808081239"})["party"]
    note(world, "deceased", party=UUID(party), concerns=UUID(party))
    assert world.seen(lambda: Party.objects.get(pk=party).protected) == ["deceased"] and world.debtor.protected == []


def test_a_hardship_that_is_looked_at_already_is_not_raised_again(world):
    note(world, "cannot_pay")
    assert note(world, "cannot_pay", hardship="job_lost")["hardship"] and world.seen(Hardship.objects.count) == 1


def test_a_call_back_is_reminded_of_and_a_new_one_takes_its_place(world):
    note(world, "call_back")
    note(world, "call_back", call_back_at="2026-11-02T16:30:00+08:00")
    rows = world.seen(lambda: list(Reminder.objects.filter(case=world.case).order_by("due_at").values_list("kind", "due_at", "done_why")))
    assert rows == [("call_back", TODAY_AT_TEN + 5 * HOUR, "over"), ("call_back", TODAY_AT_TEN + 6.5 * HOUR, None)]
    assert (case_of(world).ready_at, case_of(world).ready_why) == (TODAY_AT_TEN + 6.5 * HOUR, "call_back")


@pytest.mark.parametrize("at", ["2026-11-02T10:00:00+08:00", "2026-11-01T10:00:00+08:00", "2026-12-04T10:00:00+08:00"])
def test_a_call_back_is_for_a_moment_to_come_and_not_far_away(world, at):
    with pytest.raises(Refused, match="call back"):
        note(world, "call_back", call_back_at=at)


def test_a_promise_waits_for_its_day_and_a_try_in_vain_does_not_bring_it_back_before(world):
    note(world, "promise")
    due = datetime(2026, 11, 5, 1, tzinfo=UTC)
    assert (case_of(world).ready_at, case_of(world).ready_why) == (due, "promise_due")
    note(world, "no_answer")
    assert (case_of(world).ready_at, case_of(world).ready_why) == (due, "promise_due")


def test_a_talk_does_away_with_what_was_due_and_with_nothing_else(world):
    note(world, "call_back")
    note(world, "promise")
    world.work.now += 6 * 3_600_000_000
    assert note(world, "refuses")["reminders_done"] == 1
    assert world.seen(lambda: list(Reminder.objects.filter(done_at=None).values_list("kind", flat=True))) == ["promise_due"]


def test_the_same_key_notes_a_talk_once(world):
    call = world.call("talk.note", promise_of(world), key="key-of-a-form")
    assert done(world.work, call) == done(world.work, call) and world.seen(Contact.objects.count) == world.seen(Promise.objects.count) == 1


def test_a_withdrawn_promise_reminds_nobody_and_the_account_is_ready(world):
    told = note(world, "promise")
    world.do("promise.withdraw", {"promise": told["promise"]})
    assert case_of(world).ready_at is None and world.seen(lambda: Reminder.objects.get(case=world.case).done_why) == "over"


def test_the_note_is_in_no_entry_and_opens_for_the_debtor_alone(world):
    from arrears.work.sealing import opened

    note(world, "refuses", note="他说没有钱")
    entry = world.seen(lambda: Entry.objects.get(verb="talk.note"))
    assert "note" not in entry.parameters and "没有钱" not in str(entry.parameters) + str(entry.result)
    assert opened(world.lender, world.debtor.person, world.seen(lambda: Contact.objects.get(case=world.case)), "note_sealed") == "他说没有钱"


@pytest.mark.parametrize("at, expected", [(datetime(2026, 11, 2, 2, tzinfo=UTC), datetime(2026, 11, 2, 2, tzinfo=UTC)), (datetime(2026, 11, 2, 11, 59, tzinfo=UTC), datetime(2026, 11, 2, 11, 59, tzinfo=UTC)),
                                          (datetime(2026, 11, 2, 12, tzinfo=UTC), TOMORROW_AT_NINE), (datetime(2026, 11, 2, 18, tzinfo=UTC), TOMORROW_AT_NINE), (datetime(2026, 11, 2, 0, 59, tzinfo=UTC), datetime(2026, 11, 2, 1, tzinfo=UTC))])
def test_an_account_becomes_ready_between_nine_and_eight_in_the_evening_in_the_lenders_zone(at, expected):
    assert in_hours(at) == expected


def test_after_some_minutes_is_from_now_and_after_some_days_is_in_the_morning():
    assert ready_after(TalkOutcome("x", "y", "z", after=(30, "minutes")), TODAY_AT_TEN) == TODAY_AT_TEN + HOUR / 2
    assert ready_after(TalkOutcome("x", "y", "z", after=(1, "days")), TODAY_AT_TEN) == TOMORROW_AT_NINE


def test_a_promise_is_looked_at_the_day_before_the_day_itself_or_the_day_after():
    today = TODAY_AT_TEN.date()
    assert [(reminded_on(today + timedelta(days=ahead), today) - today).days for ahead in (0, 1, 2, 7)] == [1, 1, 1, 6]
    assert morning(today) == datetime(2026, 11, 2, 1, tzinfo=UTC)
