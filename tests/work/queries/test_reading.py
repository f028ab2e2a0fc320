"""What the reads show: only what policies leave, only masked, by as many statements for many rows as for one."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arrears.refusal import Refused
from arrears.vault.refused import Damaged
from arrears.work.actions.action import Forbidden
from arrears.work.models import Approval, Case, Party
from arrears.work.queries.approvals import waiting_approvals
from arrears.work.queries.cases import SIZE_MOST, list_cases, one_case
from arrears.work.queries.entries import entries_of
from arrears.work.queries.team import teams
from work.action_scenes import World

NAME, PHONE, ID_NUMBER = "王小明", "19912345678", "990101199001011234"
"""As the factory gives them to every debtor."""


@pytest.fixture(scope="module")
def world(work) -> World:
    """A lender with two cases of team a, one of team b, and one of a with a note, a promise, a dispute, a plan and an approval that waits."""
    world = World(work)
    world.other, world.elsewhere = world.new_case("a"), world.new_case("b")
    world.do("contact.note", {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "answered", "contact_point": world.point.id, "note": "请勿再拨"})
    world.do("promise.take", {"loan_id": world.loan, "amount_minor": 100, "pay_by_on": "2026-11-20"})
    world.do("dispute.raise", {"ground": "amount", "text": "金额不对"})
    world.waiting = world.do("approval.ask", {"kind": "waiver", "subject": world.plan(200)["plan"]})["approval"]
    return world


@contextmanager
def statements():
    """The statements to the cases and, beside them, every look at the store of keys."""
    from arrears.vault.key_store import KeyStore

    looks, plain = [], KeyStore._ask

    def counted(self, *given, **more):
        looks.append(1)
        return plain(self, *given, **more)

    with CaptureQueriesContext(connection) as context:
        found: list[str] = []
        KeyStore._ask = counted
        try:
            yield found
        finally:
            KeyStore._ask = plain
    found += [query["sql"] for query in context.captured_queries] + ["keys"] * len(looks)


def test_a_list_shows_what_policies_leave_to_the_reader_and_no_more(world):
    work, lender = world.work, world.lender
    seen = {"team_lead a": {world.case.id, world.other.id}, "team_lead b": {world.elsewhere.id}, "compliance_officer *": {world.case.id, world.other.id, world.elsewhere.id},
            "auditor *": {world.case.id, world.other.id, world.elsewhere.id}, "administrator *": set(), "strategist *": set(), "data_officer *": set(), "agency_worker a": set(), "collector a": set()}
    for who, expected in seen.items():
        role, team = who.split()
        actor = work.actor(lender, role, None if team == "*" else team)
        assert {line.id for line in list_cases(actor).lines} == expected, who
        for case in (world.case, world.elsewhere):
            if case.id in expected:
                assert one_case(actor, case.id).line.id == case.id
            else:
                with pytest.raises(Forbidden):
                    one_case(actor, case.id)
    assert not list_cases(World(work).lead).lines[1:], "another lender's are not there"


def test_names_and_numbers_are_masked_and_nothing_sealed_and_no_note_is_shown(world):
    line = list_cases(world.lead, order="rank").lines[0]
    assert line.name == "王**"
    sheet = one_case(world.lead, world.case.id)
    (party,), (point,) = sheet.parts["parties"], sheet.parts["contact_points"]
    assert (party["name"], party["id_number"], point["value"]) == ("王**", "9****************4", "199****5678")
    told = repr(sheet) + repr(list_cases(world.lead))
    for plain in (NAME, PHONE, ID_NUMBER, "请勿再拨", "金额不对", "_sealed", "_index", str(world.debtor.person)):
        assert plain not in told
    assert {name: len(rows) for name, rows in sheet.parts.items() if rows} == {"debts": 1, "placements": 1, "holds": 1, "contacts": 1, "promises": 1, "plans": 1, "disputes": 1, "reminders": 1, "parties": 1, "contact_points": 1}
    assert sheet.line.holds == ("dispute",)


def test_a_page_of_many_costs_as_many_statements_as_a_page_of_one(world):
    crowd = World(world.work)
    list_cases(crowd.lead), one_case(crowd.lead, crowd.case.id)
    with statements() as one:
        assert len(list_cases(crowd.lead).lines) == 1
    with statements() as sheet_of_one:
        one_case(crowd.lead, crowd.case.id)
    for _ in range(12):
        crowd.new_case()
    for number in range(12):
        crowd.do("party.add", {"role": "guarantor", "name": f"周{number}"})
        crowd.do("hold.place", {"kind": "cease"})
    with statements() as many:
        assert len(list_cases(crowd.lead).lines) == 13
    with statements() as sheet_of_many:
        assert len(one_case(crowd.lead, crowd.case.id).parts["parties"]) == 13
    assert len(many) == len(one) and len(sheet_of_many) == len(sheet_of_one) and len(one) <= 8 and len(sheet_of_one) <= 6, "every table of the case comes in one statement, or the page waits once for each"


def test_pages_follow_each_other_and_leave_nothing_out(world):
    crowd = World(world.work)
    keys = [crowd.case.id, *(crowd.new_case().id for _ in range(4))]
    with crowd.work.writing(crowd.lender):
        for rank, key in enumerate(keys):
            Case.objects.filter(pk=key).update(rank=rank if rank else None, days_past_due=rank)
    pages = [list_cases(crowd.lead, number, 2) for number in (1, 2, 3, 4)]
    assert [line.id for page in pages for line in page.lines] == keys[1:] + keys[:1], "an unranked case comes last"
    assert [page.more for page in pages] == [True, True, False, False]
    assert [line.id for line in list_cases(crowd.lead, order="days_past_due").lines] == keys[::-1]
    for wrong in ({"page": 0}, {"size": 0}, {"size": SIZE_MOST + 1}, {"order": "name"}):
        with pytest.raises(Refused):
            list_cases(crowd.lead, **wrong)


def test_the_log_of_a_case_is_for_those_who_read_the_log_and_says_what_was_done_without_the_words(world):
    assert entries_of(world.lead, world.case.id) == []
    lines = entries_of(world.compliance, world.case.id)
    assert [line.verb for line in lines[:4]] == ["approval.ask", "plan.propose", "dispute.raise", "promise.take"] and all(line.has_reason for line in lines[:4])
    assert lines[2].changes == (("work_hold", "INSERT", 1), ("work_dispute", "INSERT", 1)) and "金额不对" not in repr(lines) and "asked for it" not in repr(lines)
    assert [line.number for line in entries_of(world.compliance, world.case.id, before=lines[1].number)] == [line.number for line in lines[2:]]
    with statements() as few:
        entries_of(world.compliance, world.case.id, size=1)
    with statements() as many:
        entries_of(world.compliance, world.case.id)
    assert len(few) == len(many)


def test_what_waits_says_who_may_decide_it_and_whoever_asked_never_may(world):
    another = world.work.actor(world.lender, "team_lead", "a")
    told = {who: [(str(line.id), line.may_decide, line.amount_minor) for line in waiting_approvals(actor)]
            for who, actor in {"asker": world.lead, "lead": another, "officer": world.compliance, "stranger": world.work.actor(world.lender, "team_lead", "b"), "auditor": world.work.actor(world.lender, "auditor")}.items()}
    assert told == {"asker": [(world.waiting, False, 200)], "lead": [(world.waiting, True, 200)], "officer": [(world.waiting, True, 200)], "stranger": [], "auditor": [(world.waiting, False, 200)]}


def test_teams_are_shown_to_whoever_gives_cases_out_with_how_many_each_holds(world):
    mover = World(world.work)
    mover.do("case.move", {"collector": mover.collector.id})
    assert mover.agency == "agency"
    shown = {team.code: [(one.id, one.cases) for one in team.collectors] for team in teams(mover.lead)}
    assert shown == {"a": [(mover.collector.id, 1)], mover.agency: []}
    assert [team.code for team in teams(mover.work.actor(mover.lender, "team_lead", "a"))] == ["a"]
    with pytest.raises(Forbidden):
        teams(mover.work.actor(mover.lender, "collector", "a"))


def test_an_erased_person_has_no_name_and_a_flipped_bit_is_an_error_not_a_name(world):
    wreck = World(world.work)
    other = wreck.new_case()
    with wreck.work.writing(wreck.lender):
        Party.objects.filter(case=other).update(erased_at=wreck.work.at)
    assert sorted(line.name for line in list_cases(wreck.lead).lines) == ["", "王**"]
    sealed = bytes(wreck.debtor.name_sealed)
    with wreck.work.writing(wreck.lender):
        Party.objects.filter(case=wreck.case).update(name_sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(Damaged, match=str(wreck.debtor.id)):
        list_cases(wreck.lead)


def test_reading_leaves_nothing_open_for_whoever_comes_next_on_the_connection(world):
    list_cases(world.lead)
    assert not Case.objects.filter(pk=world.case.id).exists()


def test_what_waits_for_approval_takes_as_many_statements_where_much_waits_as_where_nothing_does(work, django_queries):
    from uuid import uuid4

    world, counts = World(work), []
    lead, asker = work.actor(world.lender, "team_lead", "a"), work.account(world.lender, "collector", "a")
    for number in (0, 1, 5):
        with work.writing(world.lender):
            for _ in range(number):
                Approval.objects.create(lender=world.lender, case=world.case, kind="plan", subject=str(uuid4()), digest="0" * 64, asked_by=asker, asked_at=work.at, asked_in=uuid4())
        with django_queries() as sent:
            found = waiting_approvals(lead)
        counts.append((len(found), len(sent)))
    assert [found for found, _ in counts] == [0, 1, 6] and len({sent for _, sent in counts}) == 1
