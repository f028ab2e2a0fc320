"""Scenes of the verbs of oversight: samples drawn and scored, exports asked for, made and fetched; as in action_scenes.py."""

from uuid import UUID

from arrears.work.actor import Actor
from arrears.work.quality.form import read_form
from work.action_scenes import Call, World, scene

FRAME = {"from_on": "2026-10-20", "to_on": "2026-11-02"}


def contact_of(world: World, actor: Actor | None = None) -> UUID:
    """A contact noted in the world's case, by the actor where one is named."""
    told = world.do("contact.note", {"attempted_at": "2026-11-02T09:30:00+08:00", "channel": "call", "outcome": "answered", "contact_point": world.point.id}, **({"actor": actor} if actor else {}))
    return UUID(told["contact"])


def item_of(world: World, actor: Actor | None = None) -> UUID:
    """The one contact of a sample that was drawn in the world."""
    from arrears.work.models import SampleItem

    contact_of(world, actor)
    sample = world.do("sample.draw", {"filters": FRAME, "method": "random", "size": 5}, actor=world.compliance, thing=None)["sample"]
    return world.seen(lambda: SampleItem.objects.get(sample=sample).pk)


def all_yes(world: World) -> dict[str, str]:
    """Every item answered as well as can be."""
    return {item.id: "5" if item.kind == "scale" else "yes" for item in read_form(world.work.home).items}


@scene("sample.draw")
def _(world: World) -> Call:
    contact_of(world)
    return world.call("sample.draw", {"filters": FRAME, "method": "random", "size": 5, "seed": 7}, actor=world.compliance, thing=None)


@scene("sheet.fill")
def _(world: World) -> Call:
    return world.call("sheet.fill", {"item": item_of(world), "answers": all_yes(world), "comment": "用语规范"}, actor=world.compliance)


@scene("sheet.dispute")
def _(world: World) -> Call:
    mine = world.work.actor(world.lender, "collector", world.team, holds=True)
    from arrears.work.models import Case

    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(held_by=mine.collector)
    item = item_of(world, mine)
    world.do("sheet.fill", {"item": item, "answers": {**all_yes(world), "no_threat": "no"}}, actor=world.compliance)
    return world.call("sheet.dispute", {"item": item, "text": "录音中并无此言"}, actor=mine, thing=None)


@scene("export.ask")
def _(world: World) -> Call:
    return world.call("export.ask", {"what": "cases", "format": "csv", "filters": {"from_on": "2026-09-01", "to_on": "2026-11-02"}}, actor=world.compliance, thing=None)


@scene("export.make")
def _(world: World) -> Call:
    asked = world.do("export.ask", {"what": "cases", "format": "csv", "filters": {"from_on": "2026-09-01", "to_on": "2026-11-02"}}, actor=world.compliance, thing=None)
    return world.call("export.make", {"export": asked["export"]}, actor=world.compliance, thing=None)


@scene("export.fetch")
def _(world: World) -> Call:
    asked = world.do("export.ask", {"what": "cases", "format": "csv", "filters": {"from_on": "2026-09-01", "to_on": "2026-11-02"}}, actor=world.compliance, thing=None)
    world.do("export.make", {"export": asked["export"]}, actor=world.compliance, thing=None)
    return world.call("export.fetch", {"export": asked["export"]}, actor=world.compliance, thing=None)
