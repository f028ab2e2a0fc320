"""Scenes of the actions on persons, attachments and retention, for tests/work/action_scenes.py: each a world in which the verb can be done, and what it is called with."""

from collections.abc import Callable
from uuid import UUID

ONLY_TELLS = frozenset({"person.unmask", "person.dial", "dial.redeem", "person.find", "person.export", "attachment.open"})
"""What leaves an Entry and changes no other table."""
REASON, PURPOSE = "本人来电", "identity_check"


def _officer(world):
    return world.work.actor(world.lender, "data_officer")


def _holder(world):
    """A collector who holds the world's case."""
    from arrears.work.models import Case

    actor = world.work.actor(world.lender, "collector", world.team, holds=True)
    with world.work.writing(world.lender):
        Case.objects.filter(id=world.case.id).update(held_by_id=actor.collector)
    return actor


def _right(verb: str, frozen: bool = False, **given) -> Callable:
    def prepare(world):
        officer, party = _officer(world), world.debtor.id
        if frozen:
            world.do("person.freeze", {"party": party, "because": "ordered"}, actor=officer, reason=REASON)
        return world.call(verb, {"party": party, **given}, actor=officer, reason=REASON)

    return prepare


def _closed_long_ago(world):
    """The world's case, so that no rule for a bank keeps it any longer."""
    from arrears.work.models import Case, Placement

    with world.work.writing(world.lender):
        Placement.objects.filter(case=world.case).update(placed_on="2018-01-01", returned_on="2019-01-01")
        Case.objects.filter(id=world.case.id).update(state="closed", opened_on="2018-01-01", closed_on="2019-01-01", closed_why="settled")


def _erase(world):
    _closed_long_ago(world)
    return _right("person.erase", identity_by="in_person")(world)


def _retention(world):
    _closed_long_ago(world)
    return world.call("retention.run", {"as_of": world.work.at.date()}, actor=world.system, thing=None, reason=None)


def _redeem(world):
    token = world.do("person.dial", {"contact_point": world.point.id}, actor=_holder(world))["token"]
    dial, _, proof = token.partition(".")
    return world.call("dial.redeem", {"dial": UUID(dial), "proof": proof}, actor=world.system, reason=None)


def _added(world, actor):
    return world.do("attachment.add", {"kind": "recording", "record_kind": "call_recording", "content": b"voice", "made_at": world.work.at}, actor=actor)["attachment"]


def _open(world):
    holder = _holder(world)
    return world.call("attachment.open", {"attachment": _added(world, holder)}, actor=holder, reason=REASON, purpose=PURPOSE)


SCENES: dict[str, Callable] = {
    "person.unmask": lambda world: world.call("person.unmask", {"party": world.debtor.id, "field": "phone"}, actor=_holder(world), reason=REASON, purpose=PURPOSE),
    "person.dial": lambda world: world.call("person.dial", {"contact_point": world.point.id}, actor=_holder(world)),
    "dial.redeem": _redeem,
    "person.find": lambda world: world.call("person.find", {"phone": "19912345678"}, actor=_officer(world), thing=None, reason=REASON),
    "person.export": _right("person.export", identity_by="in_person"),
    "person.correct": _right("person.correct", field="name", value="王晓明", identity_by="in_person"),
    "person.freeze": _right("person.freeze", because="asked_by_person"),
    "person.unfreeze": _right("person.unfreeze", frozen=True, because="ordered"),
    "person.erase": _erase,
    "attachment.add": lambda world: world.call("attachment.add", {"kind": "recording", "record_kind": "call_recording", "content": b"voice", "made_at": world.work.at}, actor=_holder(world)),
    "attachment.open": _open,
    "retention.run": _retention,
}
