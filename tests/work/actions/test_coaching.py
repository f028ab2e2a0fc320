"""Coaching notes and absences: sealed, read by those they are for, refused where they make no sense; and the queue gives nothing new to who is away."""

from dataclasses import replace
from datetime import date

import pytest

from arrears.refusal import Refused
from arrears.work.absences import away_on, spans_of
from arrears.work.actions.action import Forbidden
from arrears.work.models import Absence, CoachingNote, Entry
from arrears.work.queries.coaching import absences, coached, coaching_notes
from work.action_scenes import World


@pytest.fixture
def world(work) -> World:
    return World(work)


def own(world: World, collector=None):
    """The collector as somebody who logs in."""
    held = collector or world.collector
    return replace(world.work.actor(world.lender, "collector", "a"), collector=held.id)


def note(world: World, text: str = "开场先核实身份", **more) -> str:
    return world.do("coaching.write", {"text": text, **more}, thing=world.collector.id)["note"]


def test_a_note_is_sealed_and_no_entry_holds_its_words(world):
    key = note(world, case=str(world.case.id))
    row = world.seen(lambda: CoachingNote.objects.get(pk=key))
    assert "核实".encode() not in bytes(row.text_sealed) and row.case_id == world.case.id
    entry = world.seen(lambda: Entry.objects.get(verb="coaching.write"))
    assert "核实" not in str(entry.parameters) + str(entry.result)


def test_the_collector_reads_answers_once_and_the_lead_sees_it(world):
    me, key = own(world), note(world, follow_up_on="2026-11-02")
    assert [(line.text, line.may_read, line.may_follow_up) for line in coaching_notes(me, world.work.at)] == [("开场先核实身份", True, False)]
    world.do("coaching.read", {"note": key, "answer": "明白"}, actor=me, thing=world.collector.id)
    with pytest.raises(Refused, match="already"):
        world.do("coaching.read", {"note": key, "answer": "再说"}, actor=me, thing=world.collector.id)
    line = coaching_notes(world.lead, world.work.at)[0]
    assert line.answer == "明白" and line.read_at == world.work.at and line.is_due and line.may_follow_up
    world.do("coaching.follow_up", {"note": key, "again_on": "2026-12-01"}, thing=world.collector.id)
    assert coached(world.lead, world.work.at)[0].next_on == date(2026, 12, 1)
    world.do("coaching.follow_up", {"note": key}, thing=world.collector.id)
    with pytest.raises(Refused, match="nothing to follow up"):
        world.do("coaching.follow_up", {"note": key}, thing=world.collector.id)


def test_nobody_but_the_collector_the_teams_lead_and_compliance_reads_a_note(world):
    key, work, lender = note(world), world.work, world.lender
    colleague = own(world, work.collector(lender, "a"))
    for who, sees in ((own(world), 1), (colleague, 0), (work.actor(lender, "team_lead", "a"), 1), (work.actor(lender, "team_lead", "b"), 0), (world.compliance, 1)):
        assert len(coaching_notes(who, work.at)) == sees, who.roles
    for role in ("auditor", "administrator", "strategist", "data_officer", "agency_worker"):
        with pytest.raises(Forbidden):
            coaching_notes(work.actor(lender, role), work.at)
    for who in (colleague, world.lead, work.actor(lender, "team_lead", "b")):
        with pytest.raises(Forbidden):
            world.do("coaching.read", {"note": key}, actor=who, thing=world.collector.id)
    with pytest.raises(Refused, match="no coaching note"):
        world.do("coaching.read", {"note": key}, actor=colleague, thing=colleague.collector)
    with pytest.raises(Forbidden):
        world.do("coaching.write", {"text": "x"}, actor=work.actor(lender, "team_lead", "b"), thing=world.collector.id)


def test_the_database_itself_shows_a_note_and_an_absence_to_the_team_and_the_collector_alone(world):
    from arrears.work.tenancy import seen_by

    note(world)
    world.do("absence.put", {"kind": "sick", "from_on": "2026-11-02"}, thing=world.collector.id)
    for actor, shown in ((world.work.actor(world.lender, "team_lead", "b"), 0), (world.work.actor(world.lender, "team_lead", "a"), 1), (replace(own(world), teams=("b",)), 1)):
        with seen_by(actor):
            assert (CoachingNote.objects.count(), Absence.objects.count()) == (shown, shown)


@pytest.mark.parametrize("parameters", [{"text": " "}, {"text": "x", "follow_up_on": "2026-11-01"}, {"text": "x", "follow_up_on": "2099-01-01"}, {"text": "x", "case": "00000000-0000-0000-0000-000000000000"},
                                        {"text": "x", "contact": "00000000-0000-0000-0000-000000000000"}, {"text": "请回拨 19912345678"}, {"text": "请回拨 199-1234-5678"}, {"text": "请回拨 １９９１２３４５６７８"}, {"text": "x", "kind": "praise"}, {"text": "x\x00"}],
                         ids=["no words", "a day past", "a day too far", "no such case", "no such contact", "a number", "a number in groups", "a number in full-width signs", "no such kind", "control characters"])
def test_a_note_that_makes_no_sense_is_refused(world, parameters):
    with pytest.raises(Refused):
        world.do("coaching.write", parameters, thing=world.collector.id)
    assert world.seen(CoachingNote.objects.count) == 0


def test_a_contact_that_a_note_is_about_is_the_collectors_own(world):
    said = {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "answered", "party": str(world.debtor.id)}
    anothers = world.do("contact.note", said)["contact"]
    with pytest.raises(Refused, match="not made by the collector"):
        note(world, contact=anothers)


def test_erasing_the_debtor_empties_the_notes_about_their_case(world):
    from arrears.work.erasure import clear

    note(world, case=str(world.case.id))
    kept = note(world)
    from arrears.work.models import Party

    with world.work.writing(world.lender):
        clear(list(Party.objects.filter(case=world.case, role="debtor").select_related("case")), world.work.at)
    told = world.seen(lambda: {row.id: row.text_sealed is not None for row in CoachingNote.objects.all()})
    assert sorted(told.values()) == [False, True] and {str(key) for key, stands in told.items() if stands} == {kept}


@pytest.mark.parametrize(("spans", "day", "away"), [
    ([("2026-11-02", "2026-11-06")], "2026-11-05", True), ([("2026-11-02", "2026-11-06")], "2026-11-06", False), ([("2026-11-03", None)], "2026-11-02", False), ([("2026-11-03", None)], "2027-05-01", True)],
    ids=["the last day away", "the first day back", "the day before", "no end known"])
def test_away_is_from_the_first_day_until_the_first_day_back(world, spans, day, away):
    for begins, ends in spans:
        world.do("absence.put", {"kind": "leave", "from_on": begins, "until_on": ends}, thing=world.collector.id)
    assert (world.collector.id in world.seen(lambda: away_on(world.lender, date.fromisoformat(day)))) == away


@pytest.mark.parametrize("parameters", [
    {"kind": "leave", "from_on": "2026-11-09", "until_on": "2026-11-09"}, {"kind": "leave", "from_on": "2026-11-09", "until_on": "2026-11-05"}, {"kind": "leave", "from_on": "2026-10-01", "until_on": "2026-11-01"},
    {"kind": "leave", "from_on": "2066-11-09"}, {"kind": "strike", "from_on": "2026-11-09"}, {"kind": "leave"}, {"kind": "sick", "from_on": "2026-11-04"}, {"kind": "sick", "from_on": "2026-11-01"}],
    ids=["no day", "backwards", "over already", "wrong year", "no such kind", "no day said", "within another", "around another"])
def test_an_absence_that_makes_no_sense_is_refused(world, parameters):
    world.do("absence.put", {"kind": "leave", "from_on": "2026-11-03", "until_on": "2026-11-06"}, thing=world.collector.id)
    with pytest.raises(Refused):
        world.do("absence.put", parameters, thing=world.collector.id)
    assert world.seen(Absence.objects.count) == 1


def test_an_absence_ends_today_on_another_day_or_is_called_off_and_another_may_follow(world):
    running = world.do("absence.put", {"kind": "sick", "from_on": "2026-11-01"}, thing=world.collector.id)["absence"]
    assert world.do("absence.end", {"absence": running, "back_on": "2026-11-04"}, thing=world.collector.id)["until_on"] == "2026-11-04"
    with pytest.raises(Refused):
        world.do("absence.end", {"absence": running, "back_on": "2026-11-01"}, thing=world.collector.id)
    ahead = world.do("absence.put", {"kind": "leave", "from_on": "2026-11-04", "until_on": "2026-11-08"}, thing=world.collector.id)["absence"]
    assert world.seen(lambda: spans_of([world.collector.id], date(2026, 11, 2))) == {world.collector.id: ((date(2026, 11, 1), date(2026, 11, 8)),)}
    world.do("absence.end", {"absence": ahead}, thing=world.collector.id)
    assert world.seen(lambda: spans_of([world.collector.id], date(2026, 11, 2))) == {world.collector.id: ((date(2026, 11, 1), date(2026, 11, 4)),)}
    assert [line.is_off for line in absences(world.lead, world.work.at)] == [False, True]
    with pytest.raises(Refused):
        world.do("absence.end", {"absence": ahead}, thing=world.collector.id)


def test_an_absence_is_not_prolonged_into_another(world):
    running = world.do("absence.put", {"kind": "sick", "from_on": "2026-11-01", "until_on": "2026-11-04"}, thing=world.collector.id)["absence"]
    world.do("absence.put", {"kind": "leave", "from_on": "2026-11-06", "until_on": "2026-11-08"}, thing=world.collector.id)
    with pytest.raises(Refused, match="already"):
        world.do("absence.end", {"absence": running, "back_on": "2026-11-07"}, thing=world.collector.id)
    assert world.do("absence.end", {"absence": running, "back_on": "2026-11-06"}, thing=world.collector.id)["until_on"] == "2026-11-06"


def test_the_queue_hands_nobody_who_is_away_a_case_that_nobody_holds_but_their_own(world):
    me = own(world)
    world.do("absence.put", {"kind": "training", "from_on": "2026-11-02", "until_on": "2026-11-03"}, thing=world.collector.id)
    assert world.do("case.next", {}, actor=me, thing=None)["case"] is None
    mine = world.work.case(world.lender, "a", world.collector.id)
    assert world.do("case.next", {}, actor=me, thing=None)["case"] == str(mine.id)
