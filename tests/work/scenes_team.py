"""Scenes of the verbs of a team: moves of many cases, coaching, absences; as in action_scenes.py."""

from work.action_scenes import Call, World, scene


def _move(world: World) -> dict:
    """What a move of the world's case to its collector is called with."""
    from arrears.work.queries.moves import preview_of

    told = preview_of(world.lead, [world.case.id], [world.collector.id], None, "equal", world.work.at)
    return {"cases": [str(world.case.id)], "collectors": [str(world.collector.id)], "digest": told.digest}


@scene("case.move_many")
def _(world: World) -> Call:
    return world.call("case.move_many", _move(world), thing=None)


@scene("case.move_back")
def _(world: World) -> Call:
    world.do("case.move_many", _move(world), thing=None)
    return world.call("case.move_back", {"entry": str(_last(world))}, thing=None)


def _last(world: World):
    from arrears.work.models import Entry

    return world.seen(lambda: Entry.objects.filter(lender=world.lender, verb="case.move_many").order_by("-number").values_list("id", flat=True).first())


@scene("coaching.write")
def _(world: World) -> Call:
    return world.call("coaching.write", {"text": "开场先核实身份", "case": str(world.case.id), "follow_up_on": "2026-11-09"}, thing=world.collector.id)


@scene("coaching.read")
def _(world: World) -> Call:
    note = world.do("coaching.write", {"text": "开场先核实身份"}, thing=world.collector.id)["note"]
    own = world.work.actor(world.lender, "collector", world.team)
    from dataclasses import replace

    return world.call("coaching.read", {"note": note, "answer": "知道了"}, thing=world.collector.id, actor=replace(own, collector=world.collector.id))


@scene("coaching.follow_up")
def _(world: World) -> Call:
    note = world.do("coaching.write", {"text": "开场先核实身份", "follow_up_on": "2026-11-02"}, thing=world.collector.id)["note"]
    return world.call("coaching.follow_up", {"note": note}, thing=world.collector.id)


@scene("absence.put")
def _(world: World) -> Call:
    return world.call("absence.put", {"kind": "leave", "from_on": "2026-11-02", "until_on": "2026-11-06"}, thing=world.collector.id)


@scene("absence.end")
def _(world: World) -> Call:
    absence = world.do("absence.put", {"kind": "sick", "from_on": "2026-11-01"}, thing=world.collector.id)["absence"]
    return world.call("absence.end", {"absence": absence}, thing=world.collector.id)
