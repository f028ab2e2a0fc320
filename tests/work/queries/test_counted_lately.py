"""What is counted once in some seconds: shown for whom it was counted, of the moment it says, never of before the reader's own action; and equal to a plain count."""

from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from django.db import connection

from arrears.days import microseconds_of
from arrears.refusal import Refused
from arrears.work.models import Case, Dispute, Hold
from arrears.work.queries.clocks import clocks
from arrears.work.queries.counted_lately import FRESH, KEPT_FROM, SHOWN, _place, counted_lately
from arrears.work.queries.matters import tiles
from arrears.work.queries.roster import roster
from arrears.work.queries.team_figures import own_figures, team_figures
from work.action_scenes import World

LATER = FRESH + timedelta(seconds=1)


class Counting:
    """Counts how often it was asked; rows: how many it says to have counted."""

    def __init__(self, rows: int = KEPT_FROM):
        self.rows, self.times, self.wrong = rows, 0, None

    def __call__(self) -> int:
        self.times += 1
        if self.wrong:
            raise self.wrong
        return self.times


@pytest.fixture
def lead(work):
    world = World(work)
    return work.actor(world.lender, "team_lead", "a")


def looked(actor, key, now, count: Counting) -> int:
    return counted_lately(actor, key, now, count, lambda _: count.rows)


def brought_up_to_date(actor, key) -> None:
    """Waits for the count that runs meanwhile, if one does."""
    from django.conf import settings

    with _place((settings.ARREARS[0], actor, key)).lock:
        pass


def test_it_is_counted_once_while_it_is_fresh_and_meanwhile_while_it_may_be_shown(work, lead):
    count = Counting()
    assert [looked(lead, "one", work.at + timedelta(seconds=s), count) for s in (0, 1, 9)] == [1, 1, 1]
    assert looked(lead, "one", work.at + LATER, count) == 1
    brought_up_to_date(lead, "one")
    assert looked(lead, "one", work.at + LATER, count) == 2 == count.times
    assert looked(lead, "one", work.at + LATER + SHOWN, count) == 3


def test_few_rows_are_counted_at_each_look(work, lead):
    count = Counting(KEPT_FROM - 1)
    assert [looked(lead, "few", work.at, count) for _ in range(3)] == [1, 2, 3]


def test_nobody_is_shown_what_was_counted_for_others_or_for_themselves_with_other_rights(work, lead):
    from dataclasses import replace

    count, other = Counting(), work.actor(lead.lender, "team_lead", "a")
    asked = [lead, other, replace(lead, teams=("a", "b")), replace(lead, roles=frozenset({"auditor"})), replace(lead, broken_glass=True)]
    assert [looked(one, "whose", work.at, count) for one in asked] == [1, 2, 3, 4, 5]
    assert looked(lead, "whose", work.at, count) == 1


def test_after_an_action_of_ones_own_nothing_of_before_is_shown(work):
    world, count = World(work), Counting()
    mine, other = work.actor(world.lender, "collector", "a", holds=True), work.actor(world.lender, "collector", "a", holds=True)
    assert [looked(one, "own", work.at, count) for one in (mine, other, mine)] == [1, 2, 1]
    world.do("case.next", actor=mine, thing=None)
    assert [looked(one, "own", work.at, count) for one in (mine, other, mine)] == [3, 2, 3]


def test_many_who_look_at_once_have_it_counted_once(work, lead):
    count, told, ready = Counting(), [], Barrier(4)

    def look() -> None:
        ready.wait()
        told.append(looked(lead, "at once", work.at, count))
        connection.close()

    threads = [Thread(target=look) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told == [1, 1, 1, 1]


def test_whoever_looks_while_it_is_counted_anew_is_shown_the_last(work, lead):
    going_on, count = Event(), Counting()
    looked(lead, "slow", work.at, count)

    def slowly() -> int:
        going_on.wait(20)
        return 7

    told = [counted_lately(lead, "slow", work.at + LATER, slowly, lambda _: KEPT_FROM) for _ in range(3)]
    going_on.set()
    brought_up_to_date(lead, "slow")
    assert (told, looked(lead, "slow", work.at + LATER, count)) == ([1, 1, 1], 7)


def test_a_count_that_fails_meanwhile_is_told_to_whoever_looks_next(work, lead):
    count = Counting()
    looked(lead, "wrong", work.at, count)
    count.wrong = Refused("what cannot be counted", "无法统计")
    assert looked(lead, "wrong", work.at + LATER, count) == 1
    brought_up_to_date(lead, "wrong")
    with pytest.raises(Refused):
        looked(lead, "wrong", work.at + LATER, count)


@pytest.fixture
def large(work):
    """A lender with so many cases that counts are kept: 300 of team a, of which the collector holds 210; a dispute in each that is held."""
    world = World(work)
    me = work.actor(world.lender, "collector", "a", holds=True)
    team = work.team(world.lender, "a")
    with work.writing(world.lender), connection.cursor() as cursor:
        cursor.execute("""INSERT INTO work_case (id, lender, borrower_id, state, team_id, held_by_id, opened_on, as_of, rank, currency, claimable_minor, days_past_due, bucket, proposals)
            SELECT gen_random_uuid(), %(lender)s, 'large-' || n, 'open', %(team)s, CASE WHEN n <= 210 THEN %(me)s END::uuid, '2026-10-01', '2026-10-31', n, 'CNY', n, 1, 'M1', '[]' FROM generate_series(1, 300) n""",
                       {"lender": world.lender, "team": team.id, "me": me.collector})
        for case in Case.objects.filter(lender=world.lender, held_by=me.collector):
            hold = Hold.objects.create(lender=world.lender, case=case, kind="dispute", placed_at=work.at)
            Dispute.objects.create(lender=world.lender, case=case, hold=hold, ground="amount", raised_at=work.at, answer_by_on=work.at.date() + timedelta(days=2))
    return world, me


def test_the_figures_that_are_kept_are_those_of_a_plain_count_at_the_moment_they_say(large):
    world, me = large
    now, lender = world.work.at, world.lender
    lead, officer = world.work.actor(lender, "team_lead", "a"), world.work.actor(lender, "compliance_officer")
    looks = {
        "team": lambda at: (told := team_figures(lead, at), told.cases["all"]), "own": lambda at: (told := own_figures(me, at), told.cases["all"]), "tiles": lambda at: (told := tiles(officer, at), told.open),
        "clocks": lambda at: (told := clocks(officer, at), told.by_kind["dispute"].raised), "roster": lambda at: (told := roster(officer, microseconds_of(at)), sum(one.cases for one in told.teams)),
        "own roster": lambda at: (told := roster(lead, microseconds_of(at)), sum(one.cases for one in told.teams)),
    }
    with world.work.writing(lender):
        cases = list(Case.objects.filter(lender=lender, state="open").values_list("team__code", "held_by"))
        disputes = Dispute.objects.filter(lender=lender).count()
    in_a, mine = sum(team == "a" for team, _ in cases), sum(holder == me.collector for _, holder in cases)
    plain = {"team": in_a, "own": mine, "tiles": disputes, "clocks": disputes, "roster": len(cases), "own roster": in_a}
    assert {name: look(now)[1] for name, look in looks.items()} == plain
    with world.work.writing(lender):
        Case.objects.filter(pk=Case.objects.filter(lender=lender, held_by=me.collector).values("pk")[:1]).update(state="closed", closed_on=now.date(), closed_why="paid")
    kept, later = {name: look(now + timedelta(seconds=1)) for name, look in looks.items()}, {name: look(now + SHOWN + timedelta(seconds=2)) for name, look in looks.items()}
    assert {name: (told.as_of, number) for name, (told, number) in kept.items()} == {name: (now, number) for name, number in plain.items()}
    assert {name: number for name, (_, number) in later.items()} == plain | {"team": in_a - 1, "own": mine - 1, "roster": len(cases) - 1, "own roster": in_a - 1}
    assert {told.as_of for told, _ in later.values()} == {now + SHOWN + timedelta(seconds=2)}
