"""Scenes of the queue, of talks and of reminders; as in action_scenes.py."""

from arrears.work.models import Reminder
from work.action_scenes import Call, World, scene


def promise_of(world: World, **changed) -> dict:
    """What a promise of the world's debtor is noted with."""
    return {"outcome": "promise", "contact_point": world.point.id, "loan_id": world.loan, "amount_minor": 5000, "pay_by_on": "2026-11-06", "pay_channel": "app", "note": "周五发薪后还款", **changed}


@scene("case.next")
def _(world: World) -> Call:
    return world.call("case.next", actor=world.work.actor(world.lender, "collector", "a", holds=True), thing=None)


@scene("case.put_back")
def _(world: World) -> Call:
    collector = world.work.actor(world.lender, "collector", "a", holds=True)
    world.do("case.next", actor=collector, thing=None)
    return world.call("case.put_back", {"why": "language"}, actor=collector)


@scene("talk.note")
def _(world: World) -> Call:
    return world.call("talk.note", promise_of(world))


@scene("reminder.done")
def _(world: World) -> Call:
    world.do("talk.note", promise_of(world))
    return world.call("reminder.done", {"reminder": world.seen(lambda: Reminder.objects.get(case=world.case)).id})
