"""The next account: in which order, to whom, and what is never handed out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection

from arrears.refusal import Refused
from arrears.work.models import Case, Collector, Hold, Placement, Plan
from arrears.work.queries.queue import my_day, waiting
from work.action_scenes import World, done
from work.scenes_running import DUTIES

HOUR = timedelta(hours=1)


class Desk:
    """A team of a lender, and its cases by name."""

    def __init__(self, work):
        self.world = World(work)
        with work.writing(self.world.lender):
            Case.objects.filter(pk=self.world.case.pk).update(state="closed")
        self.work, self.lender, self.names = self.world.work, self.world.lender, {}
        self.me, self.other = (self.work.actor(self.lender, "collector", "a", holds=True) for _ in range(2))

    def case(self, name: str, held_by=None, team: str | None = "a", **changed) -> Case:
        case = self.work.case(self.lender, team, held_by)
        self.names[str(case.id)] = name
        with self.work.writing(self.lender):
            Case.objects.filter(pk=case.pk).update(**changed)
        return case

    def next(self, actor=None) -> str | None:
        told = done(self.work, self.world.call("case.next", actor=actor or self.me, thing=None, reason=None))
        return told["case"] and self.names[told["case"]]

    def order(self, actor=None) -> list[str]:
        """The accounts as they come, each noted as tried."""
        found = []
        while (name := self.next(actor)) is not None:
            found.append(name)
            key = next(UUID(key) for key, known in self.names.items() if known == name)
            done(self.work, self.world.call("talk.note", {"outcome": "voicemail"}, actor=actor or self.me, thing=key, reason=None))
        return found

    def seen(self, case: Case) -> Case:
        return self.world.seen(lambda: Case.objects.get(pk=case.pk))


@pytest.fixture
def desk(work) -> Desk:
    return Desk(work)


def test_ones_own_come_first_then_nobodys_and_of_each_what_is_due_then_what_was_agreed_then_the_nights_rank(desk):
    at, me = desk.work.at, desk.me.collector
    for name, rank, held, why, since in (("own third", 3, me, None, None), ("own first", 1, me, None, None), ("own unranked", None, me, None, None), ("own broken", 9, me, "promise_broken", -20),
                                         ("own called later", 9, me, "call_back", -1), ("own called", 9, me, "call_back", -2), ("nobody's", 1, None, None, None), ("nobody's broken", 8, None, "promise_broken", -1)):
        desk.case(name, held, rank=rank, ready_why=why, ready_at=since and at + since * HOUR)
    assert desk.order() == ["own called", "own called later", "own broken", "own first", "own third", "own unranked", "nobody's broken", "nobody's"]


def test_what_rests_is_not_ready_is_frozen_or_is_anothers_is_handed_to_nobody(desk):
    at, me = desk.work.at, desk.me.collector
    held, planned = desk.case("held", me), desk.case("planned", me)
    desk.case("later", me, ready_at=at + HOUR, ready_why="tried")
    desk.case("frozen", me, frozen_at=at)
    desk.case("closed", me, state="closed")
    desk.case("another's", desk.other.collector)
    desk.case("another team's", None, "b")
    desk.case("without a team", None, None)
    desk.case("reserved", me, reserved_by=desk.other.account, reserved_until=at + HOUR)
    with desk.work.writing(desk.lender):
        Hold.objects.create(lender=desk.lender, case=held, kind="cease", placed_at=at)
        Plan.objects.create(lender=desk.lender, case=planned, loan_id="x", currency="CNY", instalments=[], state="agreed", proposed_on="2026-10-01", agreed_on="2026-10-01")
    assert desk.next() is None
    with desk.work.writing(desk.lender):
        Hold.objects.update(lifted_at=at)
        Plan.objects.update(state="broken")
        Case.objects.filter(reserved_by=desk.other.account).update(reserved_until=at)
    assert sorted(desk.order()) == ["held", "planned", "reserved"]


def test_the_moment_at_which_a_case_is_ready_is_the_first_at_which_it_is_handed_out(desk):
    desk.case("at the hour", desk.me.collector, ready_at=desk.work.at + HOUR, ready_why="call_back")
    later = replace(desk.work, now=desk.work.now + 3_600_000_000 - 1)
    assert done(later, desk.world.call("case.next", actor=desk.me, thing=None))["case"] is None
    later.now += 1
    assert done(later, desk.world.call("case.next", actor=desk.me, thing=None))["case"]


def test_a_case_of_nobodys_becomes_the_collectors_with_its_placement_and_stays_on_their_screen(desk):
    case = desk.case("nobody's")
    told = done(desk.work, desk.world.call("case.next", actor=desk.me, thing=None))
    assert (told["taken_over"], told["again"]) == (True, False)
    found = desk.seen(case)
    assert (found.held_by_id, found.reserved_by_id) == (desk.me.collector, desk.me.account) and found.reserved_until == desk.work.at + HOUR / 2
    standing = desk.world.seen(lambda: list(Placement.objects.filter(case=case).order_by("placed_on", "returned_on").values_list("held_by", "returned_on")))
    assert (desk.me.collector, None) in standing and len(standing) == 2
    again = done(desk.work, desk.world.call("case.next", actor=desk.me, thing=None))
    assert (again["case"], again["again"]) == (str(case.id), True)
    assert desk.next(desk.other) is None


def test_a_team_lead_without_a_name_in_the_roster_gets_cases_on_the_screen_and_holds_none(desk):
    case = desk.case("nobody's")
    lead = desk.work.actor(desk.lender, "team_lead", "a")
    assert desk.next(lead) == "nobody's" and desk.seen(case).held_by_id is None and desk.next(desk.me) is None


def test_an_agencys_worker_gets_what_the_agency_was_given_and_no_other(desk):
    desk.case("own team's")
    agency = desk.work.team(desk.lender, "agency", "agency").code
    desk.case("placed", None, agency)
    worker = desk.work.actor(desk.lender, "agency_worker", agency)
    assert desk.order(worker) == ["placed"]


def test_whoever_gives_a_case_up_for_another_is_not_handed_it_again_and_another_is(desk):
    case = desk.case("in Cantonese", desk.me.collector)
    desk.next()
    told = done(desk.work, desk.world.call("case.put_back", {"why": "language"}, actor=desk.me, thing=case.id))
    assert told["given_up"] and desk.seen(case).held_by_id is None and desk.seen(case).ready_why == "put_back"
    assert desk.next() is None and desk.next(desk.other) is None
    later = replace(desk.work, now=desk.work.now + 2 * 3_600_000_000)
    assert done(later, desk.world.call("case.next", actor=desk.me, thing=None))["case"] is None
    assert done(later, desk.world.call("case.next", actor=desk.other, thing=None))["case"] == str(case.id)


def test_what_is_put_back_for_lack_of_time_stays_ones_own_and_keeps_why_it_was_due(desk):
    case = desk.case("called", desk.me.collector, ready_at=desk.work.at - HOUR, ready_why="call_back")
    desk.next()
    told = done(desk.work, desk.world.call("case.put_back", {"why": "no_time"}, actor=desk.me, thing=case.id))
    found = desk.seen(case)
    assert not told["given_up"] and (found.held_by_id, found.ready_why, found.reserved_by_id) == (desk.me.collector, "call_back", None) and found.ready_at == desk.work.at + 2 * HOUR


def test_nobody_puts_back_or_notes_what_is_on_anothers_screen(desk):
    case = desk.case("reserved", None, reserved_by=desk.other.account, reserved_until=desk.work.at + HOUR)
    for verb, parameters in (("case.put_back", {"why": "no_time"}), ("talk.note", {"outcome": "busy"})):
        with pytest.raises(Refused, match="somebody else's screen"):
            done(desk.work, desk.world.call(verb, parameters, thing=case.id))


def limit(desk, most: int | None) -> None:
    with desk.work.writing(desk.lender):
        Collector.objects.filter(pk=desk.me.collector).update(cases_most=most)


def test_who_holds_as_many_as_the_roster_lets_them_gets_their_own_and_no_new_one(desk):
    now = desk.work.at
    desk.case("own", desk.me.collector)
    desk.case("own later", desk.me.collector, ready_at=now + HOUR)
    desk.case("own closed", desk.me.collector, state="closed")
    desk.case("nobody's")
    limit(desk, 2)
    assert desk.next() == "own"
    done(desk.work, desk.world.call("talk.note", {"outcome": "voicemail"}, actor=desk.me, thing=next(UUID(key) for key, name in desk.names.items() if name == "own"), reason=None))
    told = done(desk.work, desk.world.call("case.next", actor=desk.me, thing=None, reason=None))
    assert told == {"case": None, "no_new": "full"}
    assert waiting(desk.me, now) == ([], False) and my_day(desk.me, now).no_new == "full"
    for most in (3, None):
        limit(desk, most)
        assert [line.is_unheld for line in waiting(desk.me, now)[0]] == [True] and my_day(desk.me, now).no_new is None
    assert desk.next() == "nobody's"


def test_who_may_have_one_more_gets_one_more_however_many_tabs_ask_at_once(desk):
    for name in "abcd":
        desk.case(name)
    limit(desk, 1)
    barrier = Barrier(4)

    def ask(_: int) -> str | None:
        try:
            barrier.wait(30)
            return done(desk.work, desk.world.call("case.next", actor=desk.me, thing=None, reason=None))["case"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        told = set(pool.map(ask, range(4)))
    assert len(told) == 1 and None not in told
    assert desk.world.seen(lambda: Case.objects.filter(held_by=desk.me.collector).count()) == 1


def test_the_program_is_handed_no_account(desk):
    with pytest.raises(Refused):
        done(desk.work, desk.world.call("case.next", actor=desk.world.system, thing=None))


def test_the_same_key_gives_the_same_account_and_no_second_one(desk):
    desk.case("one", rank=1), desk.case("two", rank=2)
    first, second = (done(desk.work, desk.world.call("case.next", actor=desk.me, thing=None, key="key-of-a-form")) for _ in range(2))
    assert first == second


def test_who_has_left_by_the_roster_is_handed_nothing_though_their_account_is_open(desk):
    desk.case("own", desk.me.collector)
    with desk.work.writing(desk.lender):
        Collector.objects.filter(pk=desk.me.collector).update(left_on=desk.work.at.date())
    with pytest.raises(Refused, match="left on"):
        desk.next()
    with desk.work.writing(desk.lender):
        Collector.objects.filter(pk=desk.me.collector).update(left_on=desk.work.at.date() + timedelta(days=1))
    assert desk.next() == "own"


def test_who_is_put_into_another_team_sees_it_and_is_handed_its_accounts_alone(desk):
    from arrears.work.models import Account, Team

    desk.case("of a"), desk.case("of b", team="b"), desk.case("own of a", held_by=desk.me.collector)
    with desk.work.writing(desk.lender):
        Account.objects.filter(pk=desk.me.account).update(collector=desk.me.collector)
        Team.objects.filter(lender=desk.lender, code="b").update(kind="own")
    done(desk.work, desk.world.call("collector.change", {"collector": desk.me.collector, **DUTIES, "team": "b"}, actor=desk.work.actor(desk.lender, "administrator"), thing=None))
    teams = desk.world.seen(lambda: Account.objects.get(pk=desk.me.account).teams)
    assert teams == ["a", "b"]
    assert desk.order(replace(desk.me, teams=tuple(teams))) == ["own of a", "of b"]


def test_a_hold_that_came_while_the_account_was_being_locked_keeps_it_back(desk, monkeypatch):
    from arrears.work.actions import queue

    held, free = desk.case("held", held_by=desk.me.collector, rank=1), desk.case("free", held_by=desk.me.collector, rank=2)
    with desk.work.writing(desk.lender):
        Hold.objects.create(lender=desk.lender, case=held, kind="dispute", placed_at=desk.work.at)
    monkeypatch.setattr(queue, "candidates", lambda doing: looked_for_before_the_hold(held, free))
    assert desk.next() == "free"


def looked_for_before_the_hold(held: Case, free: Case):
    """What a statement whose sight was taken before the hold was placed would find."""
    yield "own", Case.objects.filter(pk=held.pk)
    yield "own", Case.objects.filter(pk=free.pk)
