"""Scenes of the verbs on runs, the roster and the operator's limits; as in action_scenes.py."""

from datetime import UTC, datetime

from work.action_scenes import Call, World, scene
from work.more_scenes import ELSEWHERE

ELSEWHERE |= {"limit.set": "tests/work/test_operator_limits.py", "quarantine.fetch": "tests/work/actions/test_runs.py"}


def _administrator(world: World):
    return world.work.actor(world.lender, "administrator")


def _asked(world: World, **parameters) -> str:
    return world.do("run.ask", {"kind": "backup", **parameters}, actor=_administrator(world), thing=None)["run"]


def _claimed(world: World) -> dict:
    _asked(world)
    return world.do("run.claim", {}, actor=world.system, thing=None)


def _member(world: World, team: str = "a"):
    return world.work.collector(world.lender, team)


DUTIES = {"team": "a", "works_from": "2026-01-01", "cases_most": 100, "minutes_a_day": 420, "languages": ["zh"], "stages": ["M1", "M2"], "products": None}
TERMS = {"contract_from": "2026-01-01", "contract_until": "2027-01-01", "evaluated_on": "2026-03-01", "cases_most": 2000, "languages": ["zh"], "stages": ["M4"], "products": None, "regions": None}


@scene("run.ask")
def _(world: World) -> Call:
    return world.call("run.ask", {"kind": "retention"}, actor=_administrator(world), thing=None)


@scene("run.cancel")
def _(world: World) -> Call:
    return world.call("run.cancel", {"run": _asked(world)}, actor=_administrator(world), thing=None)


@scene("run.claim")
def _(world: World) -> Call:
    _asked(world)
    return world.call("run.claim", {}, actor=world.system, thing=None)


@scene("run.report")
def _(world: World) -> Call:
    taken = _claimed(world)
    return world.call("run.report", {"run": taken["run"], "fence": taken["fence"], "done": 3, "of": 9, "step": "backing up", "lines": ["one"]}, actor=world.system, thing=None)


@scene("run.end")
def _(world: World) -> Call:
    taken = _claimed(world)
    return world.call("run.end", {"run": taken["run"], "fence": taken["fence"], "exit_status": 0, "lines": ["done"]}, actor=world.system, thing=None)


@scene("collector.change")
def _(world: World) -> Call:
    return world.call("collector.change", {"collector": _member(world).id, **DUTIES}, actor=_administrator(world), thing=None)


@scene("collector.end")
def _(world: World) -> Call:
    return world.call("collector.end", {"collector": _member(world).id, "left_on": "2026-12-01"}, actor=_administrator(world), thing=None, reason="离职")


@scene("team.end")
def _(world: World) -> Call:
    return world.call("team.end", {"team": world.work.team(world.lender, "empty").id, "ended_on": "2026-11-02"}, actor=_administrator(world), thing=None, reason="撤销")


@scene("agency.change")
def _(world: World) -> Call:
    return world.call("agency.change", {"team": world.work.team(world.lender, "river", "agency").id, **TERMS}, actor=_administrator(world), thing=None)


@scene("roster.write")
def _(world: World) -> Call:
    from arrears.work.models import Collector

    member = _member(world)
    with world.work.writing(world.lender):
        Collector.objects.filter(pk=member.id).update(changed_at=datetime(2026, 11, 1, tzinfo=UTC))
    return world.call("roster.write", {"digest": "0" * 64}, actor=world.system, thing=None)
