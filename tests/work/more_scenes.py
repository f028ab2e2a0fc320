"""Scenes of the verbs on accounts, emergencies, attachments, persons, retention and export; as in action_scenes.py."""

import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from web.staff import code_of
from work.action_scenes import Call, World, done, scene

CHANGES_NOTHING = {"account.enrol_second_factor", "account.remove_second_factor", "account.sign_in", "attachment.open", "dial.redeem", "outcome.export", "person.dial", "person.export", "person.find", "person.unmask", "retention.run"}
"""Verbs that tell something or try something: an Entry is all they leave in the work plane's tables, or all they must."""
ELSEWHERE = {
    "case.take_in": "tests/work/intake",
    "vault.rotate": "tests/work/rights/test_indexes.py",
}
"""What needs a night's files or new keys: performed in these tests."""
PASSWORD = "three quiet herons 7 Walk!"


def _of_account(world: World, role: str = "collector"):
    return world.work.account(world.lender, role, "a")


def _administrator(world: World):
    return world.work.actor(world.lender, "administrator")


def _own(world: World, verb: str, parameters: dict) -> Call:
    actor = world.work.actor(world.lender, "team_lead", "a")
    return world.call(verb, parameters, actor=actor, thing=actor.account)


@scene("account.create")
def _(world: World) -> Call:
    return world.call("account.create", {"name": f"n{world.case.id.hex[:20]}", "roles": ["team_lead"], "teams": ["a"]}, actor=_administrator(world), thing=None)


@scene("account.change")
def _(world: World) -> Call:
    return world.call("account.change", {"roles": ["team_lead"], "teams": ["a"]}, actor=_administrator(world), thing=_of_account(world).id)


@scene("account.leave")
def _(world: World) -> Call:
    return world.call("account.leave", {}, actor=_administrator(world), thing=_of_account(world).id)


@scene("account.reset")
def _(world: World) -> Call:
    return world.call("account.reset", {}, actor=_administrator(world), thing=_of_account(world).id)


@scene("account.sign_in")
def _(world: World) -> Call:
    return _own(world, "account.sign_in", {"step": "password", "outcome": "right"})


@scene("account.end_sessions")
def _(world: World) -> Call:
    return _own(world, "account.end_sessions", {})


@scene("account.change_password")
def _(world: World) -> Call:
    from django.contrib.auth.hashers import make_password

    from arrears.work.models import Account

    call = _own(world, "account.change_password", {"current": "once", "password": PASSWORD})
    with world.work.writing(world.lender):
        Account.objects.filter(pk=call.thing).update(password=make_password("once"))
    return call


SECRET = "JBSWY3DPEHPK3PXP"


@scene("account.enrol_second_factor")
def _(world: World) -> Call:
    return _own(world, "account.enrol_second_factor", {"kind": "totp", "secret": SECRET, "code": code_of(SECRET, world.work.now)})


@scene("account.remove_second_factor")
def _(world: World) -> Call:
    from arrears.work.factors import factors, keep_security_key

    call = _enrolled(world)
    with world.work.writing(world.lender):
        keep_security_key(call.thing, {}, "key", world.work.at)
    totp = next(one.id for one in factors(call.thing) if one.kind == "totp")
    return replace(call, verb="account.remove_second_factor", parameters={"factor": totp})


def _enrolled(world: World) -> Call:
    call = _own(world, "account.enrol_second_factor", {"kind": "totp", "secret": SECRET, "code": code_of(SECRET, world.work.now)})
    done(world.work, call)
    return call


@scene("access.break_glass")
def _(world: World) -> Call:
    return world.call("access.break_glass", {}, thing=None)


@scene("access.end_break_glass")
def _(world: World) -> Call:
    return world.call("access.end_break_glass", {"glass": world.do("access.break_glass", thing=None)["glass"]}, thing=None)


@scene("access.review_glass")
def _(world: World) -> Call:
    glass = world.do("access.break_glass", thing=None)["glass"]
    world.do("access.end_break_glass", {"glass": glass}, thing=None)
    return world.call("access.review_glass", {"glass": glass}, actor=world.compliance, thing=None)


def _attachment() -> dict:
    from arrears.work.actions.attachments import RECORD_KINDS

    return {"kind": "proof", "record_kind": next(iter(RECORD_KINDS["proof"])), "content": b"%PDF-1.7", "made_at": "2026-11-01T10:00:00+08:00", "title": "收据"}


@scene("attachment.add")
def _(world: World) -> Call:
    return world.call("attachment.add", _attachment())


@scene("attachment.open")
def _(world: World) -> Call:
    return world.call("attachment.open", {"attachment": world.do("attachment.add", _attachment())["attachment"]}, actor=world.compliance, purpose="dispute")


@scene("person.unmask")
def _(world: World) -> Call:
    return world.call("person.unmask", {"party": world.debtor.id, "field": "phone"}, purpose="collection")


@scene("person.dial")
def _(world: World) -> Call:
    return world.call("person.dial", {"contact_point": world.point.id})


@scene("dial.redeem")
def _(world: World) -> Call:
    dial, _, proof = world.do("person.dial", {"contact_point": world.point.id})["token"].partition(".")
    return world.call("dial.redeem", {"dial": UUID(dial), "proof": proof}, actor=world.system, reason=None)


@scene("person.find")
def _(world: World) -> Call:
    return world.call("person.find", {"phone": "19912345678"}, actor=world.compliance, thing=None)


def _officer(world: World):
    return world.work.actor(world.lender, "data_officer")


@scene("person.export")
def _(world: World) -> Call:
    return world.call("person.export", {"party": world.debtor.id, "identity_by": "in_person"}, actor=_officer(world))


@scene("person.correct")
def _(world: World) -> Call:
    return world.call("person.correct", {"party": world.debtor.id, "field": "name", "value": "王晓明", "identity_by": "in_person"}, actor=_officer(world))


@scene("person.freeze")
def _(world: World) -> Call:
    return world.call("person.freeze", {"party": world.debtor.id, "because": "asked_by_person"}, actor=_officer(world))


@scene("person.unfreeze")
def _(world: World) -> Call:
    world.do("person.freeze", {"party": world.debtor.id, "because": "asked_by_person"}, actor=_officer(world))
    return world.call("person.unfreeze", {"party": world.debtor.id, "because": "asked_by_person"}, actor=_officer(world))


@scene("person.erase")
def _(world: World) -> Call:
    from arrears.work.models import Case

    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.id).update(state="closed", opened_on="2000-01-01", closed_on="2001-01-01", closed_why="paid")
    return world.call("person.erase", {"party": world.debtor.id, "identity_by": "in_person"}, actor=_officer(world))


@scene("retention.run")
def _(world: World) -> Call:
    return world.call("retention.run", {"as_of": "2026-11-02"}, actor=world.system, thing=None, reason=None)


@scene("outcome.export")
def _(world: World) -> Call:
    out = Path(tempfile.mkdtemp(prefix="arrears-export-"))
    world.folders.append(out)
    return replace(world.call("outcome.export", {"out": out}, actor=world.system, thing=None), reason=None)


@scene("record.collect")
def _(world: World) -> Call:
    from arrears.record.happening import Happening

    return replace(world.call("record.collect", {"happenings": [Happening("night/2026-11-01", "night", world.work.now, {"decisions": 3})]}, actor=world.system, thing=None), reason=None)


@scene("record.resume")
def _(world: World) -> Call:
    from arrears.work.recording import backlog

    return world.call("record.resume", {"first": backlog().placed, "commitments": bytes(range(32)) + secrets.token_bytes(32)}, actor=_administrator(world), thing=None)
