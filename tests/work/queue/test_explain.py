"""How the database finds the next account: along the indexes made for it, never by reading all cases."""

import json

import pytest
from django.db import connection

from arrears.work.actions.action import Doing
from arrears.work.actions.queue import candidates
from arrears.work.models import Case
from arrears.work.tenancy import seen_by
from work.action_scenes import World

COUNT = 20_000


@pytest.fixture(scope="module")
def many(work):
    """A lender with many cases: of two teams, most of nobody's, some of the collector's own, of whoever is due and of nobody."""
    world = World(work)
    actor = work.actor(world.lender, "collector", "a", holds=True)
    team, other = work.team(world.lender, "a"), work.team(world.lender, "b")
    with work.writing(world.lender), connection.cursor() as cursor:
        cursor.execute("""INSERT INTO work_case (id, lender, borrower_id, state, team_id, held_by_id, opened_on, as_of, rank, currency, claimable_minor, days_past_due, bucket, proposals, ready_at, ready_why)
            SELECT gen_random_uuid(), %(lender)s, 'many-' || n, 'open', CASE WHEN n %% 3 = 0 THEN %(other)s ELSE %(team)s END::uuid, CASE WHEN n %% 50 = 1 THEN %(me)s END::uuid, '2026-10-01', '2026-10-31', n, 'CNY', 1, 1,
                   'M1', '[]', CASE WHEN n %% 40 = 0 THEN %(at)s END::timestamptz, CASE WHEN n %% 40 = 0 THEN 'call_back' END FROM generate_series(1, %(count)s) n""",
                       {"lender": world.lender, "team": team.id, "other": other.id, "me": actor.collector, "at": work.at, "count": COUNT})
    with work_owner(work) as owner:
        owner.execute("ANALYZE work_case")
    return world, actor


def work_owner(work):
    """A connection of whoever owns the tables."""
    import psycopg

    from arrears.postgres import CASES, OWNER, place

    where = place(work.home, OWNER, CASES)
    return psycopg.connect(dbname=where.dbname, user=where.user, password=where.password, host=where.host, port=where.port, autocommit=True)


def nodes(plan: dict):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def test_no_step_of_looking_for_the_next_account_reads_all_cases(many):
    world, actor = many
    with seen_by(actor):
        steps = [(own, cases.select_for_update(skip_locked=True, no_key=True, of=("self",))[:1]) for own, cases in candidates(Doing(actor, world.work.at, world.case.id))]
        assert [own for own, _ in steps] == ["again", *["own"] * 6, *["unheld"] * 6]
        for own, cases in steps:
            plan = json.loads(cases.explain(format="json"))[0]["Plan"]
            used = [(node["Node Type"], node.get("Index Name")) for node in nodes(plan) if node.get("Relation Name") == "work_case"]
            assert used and not [kind for kind, _ in used if kind == "Seq Scan"], (own, used)


def test_looking_for_it_takes_as_many_statements_for_many_cases_as_for_one(many, django_queries):
    world, actor = many
    small = World(world.work)
    counts = []
    for one, who in ((small, small.work.actor(small.lender, "collector", "a", holds=True)), (world, actor)):
        with one.work.writing(one.lender):
            Case.objects.filter(lender=one.lender, held_by=who.collector).update(state="closed")
            Case.objects.filter(lender=one.lender, team__code="a").update(ready_at=None, ready_why=None)
        with django_queries() as sent:
            assert one.do("case.next", actor=who, thing=None)["case"]
        counts.append(len(sent))
    assert counts[0] == counts[1]
