"""Scenes of what is done about disputes, complaints and hardship."""

from uuid import UUID

from arrears.work.actor import Actor
from work.action_scenes import Call, World, scene
from work.more_scenes import CHANGES_NOTHING

CHANGES_NOTHING.add("matter.read")

READING = "please look at it again"


def second_lead(world: World) -> Actor:
    return world.work.actor(world.lender, "team_lead")


def extended(world: World, kind: str = "dispute", ground: str = "amount") -> tuple[str, str]:
    """A complex matter and an approval of its further days."""
    matter = world.do(f"{kind}.raise", {"ground": ground, "matter": "complex"})[kind]
    asked = world.do("approval.ask", {"kind": "extension", "subject": matter})["approval"]
    world.do("approval.decide", {"approve": True}, actor=world.compliance, thing=UUID(asked))
    return matter, asked


def hardship(world: World, **more) -> str:
    return world.do("hardship.raise", {"reason": "illness", "text": "住院治疗", **more})["hardship"]


def dispute(world: World) -> str:
    return world.do("dispute.raise", {"ground": "amount", "text": "金额不对"})["dispute"]


def attachment(world: World) -> str:
    return world.do("attachment.add", {"kind": "proof", "record_kind": "complaint_file", "content": b"x", "made_at": "2026-11-01T10:00:00+08:00"})["attachment"]


@scene("dispute.extend")
def _(world: World) -> Call:
    matter, asked = extended(world)
    return world.call("dispute.extend", {"dispute": matter, "approval": asked, "text": "{name}：延期至 {until}。"})


@scene("complaint.extend")
def _(world: World) -> Call:
    matter, asked = extended(world, "complaint", "hours")
    return world.call("complaint.extend", {"complaint": matter, "approval": asked, "text": "{name}：延期至 {until}。"}, actor=world.compliance)


@scene("hardship.raise")
def _(world: World) -> Call:
    return world.call("hardship.raise", {"reason": "job_lost", "text": "上月被裁员", "came_by": "call"})


@scene("hardship.examine")
def _(world: World) -> Call:
    return world.call("hardship.examine", {"hardship": hardship(world), "evidence": "received", "wanted": "住院证明", "income_minor": 500000, "living_minor": 300000, "other_debts_minor": 100000})


@scene("hardship.decide")
def _(world: World) -> Call:
    return world.call("hardship.decide", {"hardship": hardship(world), "outcome": "paused", "until_on": "2026-12-15", "text": "{name}：暂缓至 {until}。"})


@scene("hardship.confirm")
def _(world: World) -> Call:
    key = hardship(world)
    world.do("hardship.decide", {"hardship": key, "outcome": "refused", "text": "{name}：本次未能同意。"})
    return world.call("hardship.confirm", {"hardship": key, "agrees": True}, actor=world.compliance)


@scene("hardship.settle")
def _(world: World) -> Call:
    from arrears.work.models import Hardship

    key = hardship(world)
    world.do("hardship.decide", {"hardship": key, "outcome": "paused", "until_on": "2026-11-03", "text": "{name}：暂缓至 {until}。"})
    with world.work.writing(world.lender):
        Hardship.objects.filter(pk=key).update(until_on="2026-11-02")
    return world.call("hardship.settle", actor=world.system, thing=None)


@scene("matter.read")
def _(world: World) -> Call:
    return world.call("matter.read", {"kind": "dispute", "matter": dispute(world)}, purpose="dispute", reason=READING)


@scene("matter.note")
def _(world: World) -> Call:
    return world.call("matter.note", {"kind": "dispute", "matter": dispute(world), "text": "已调取流水"})


@scene("matter.assign")
def _(world: World) -> Call:
    return world.call("matter.assign", {"kind": "dispute", "matter": dispute(world), "to": world.compliance.account})


@scene("matter.weigh")
def _(world: World) -> Call:
    return world.call("matter.weigh", {"kind": "dispute", "matter": dispute(world), "weight": "complex"})


@scene("matter.attach")
def _(world: World) -> Call:
    return world.call("matter.attach", {"kind": "dispute", "matter": dispute(world), "attachment": attachment(world)})


@scene("matter.task")
def _(world: World) -> Call:
    return world.call("matter.task", {"kind": "dispute", "matter": dispute(world), "what": "correct_book", "due_on": "2026-11-10", "text": "冲回重复罚息"})


@scene("matter.task_done")
def _(world: World) -> Call:
    task = world.do("matter.task", {"kind": "dispute", "matter": dispute(world), "what": "correct_book"})["task"]
    return world.call("matter.task_done", {"task": task}, reason="已冲正")


@scene("matter.reopen")
def _(world: World) -> Call:
    key = dispute(world)
    world.do("dispute.answer", {"dispute": key, "outcome": "rejected", "text": "已核对", "rests_on": ["contacts"]})
    return world.call("matter.reopen", {"kind": "dispute", "matter": key, "text": "补充了转账凭证"})
