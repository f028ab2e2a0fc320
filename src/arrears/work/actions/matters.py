"""What is done about a dispute, a complaint or a review of hardship between its raising and its end: read, given to somebody, weighed, noted, proved, put right, taken up again."""

from datetime import date
from typing import Literal
from uuid import UUID, uuid4

from arrears.refusal import Refused
from arrears.vault.refused import VaultRefused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.clocks import last_day, received_on
from arrears.work.actions.disputes import Task, Weight, raised, set_task
from arrears.work.actions.hardship import begun
from arrears.work.actions.matter_rows import KINDS, OPEN, Kind, account_for, demand_undecided, link, matter_of
from arrears.work.actions.rows import Words, row_of, sealed_words, words_of
from arrears.work.actions.unmasking import demand_purpose, demand_within
from arrears.work.models import (
    Attachment,
    Case,
    Complaint,
    Contact,
    Dispute,
    Entry,
    Hardship,
    MatterEvidence,
    MatterNote,
    MatterTask,
    Party,
)
from arrears.work.sealing import opened, own_words_of

WORDS_OF = ("text", "answer", "wanted", "sheet")


@action("matter.read", on="case", tells=True, needs_reason=True)
def read_matter(doing: Doing, case: Case, *, kind: Literal["dispute", "complaint", "hardship", "protection", "talks"], matter: UUID) -> dict:
    """What was said, found, asked for and answered, in clear, and of those before it that it takes up again: one count. Of a protection: why, by its party; of talks: every note of the case, by the case.

    Raises Refused for an erased debtor, Forbidden beyond the limits, and for whoever the complaint is about.
    """
    demand_purpose(doing)
    debtor = Party.objects.filter(case=case, role="debtor").first()
    if debtor is None or debtor.erased_at is not None:
        raise Refused("the debtor's data was erased, or the case has none: there is nothing to show", "债务人信息已删除或本案件无债务人：无可显示内容")
    if kind == "talks" and matter != case.id:
        raise Refused(f"{matter} is not this case; the notes of talks are read of a whole case: name it", f"{matter} 不是本案件；沟通记录按整个案件查看：请填写本案件编号")
    found = None if kind in ("protection", "talks") else matter_of(doing, case, kind, matter)
    demand_within(doing)
    if found is None:
        return {"protection": _reasons(case, debtor, matter)} if kind == "protection" else {"talks": _notes(case, debtor)}
    told = {name: opened(case.lender, debtor.person, found, f"{name}_sealed") for name in WORDS_OF if hasattr(found, f"{name}_sealed")}
    before, one = [], found
    while one.follows_id is not None and len(before) < 10:
        one = KINDS[kind][0].objects.get(pk=one.follows_id)
        before.append({"id": one.id, "raised_at": one.raised_at, "state": one.state, **{name: opened(case.lender, debtor.person, one, f"{name}_sealed") for name in ("text", "answer")}})
    of = {f"{kind}_id": found.id}
    notes = [{"id": note.id, "text": opened(case.lender, debtor.person, note, "text_sealed")} for note in MatterNote.objects.filter(**of).order_by("at", "id")]
    tasks = [{"id": task.id, "text": opened(case.lender, debtor.person, task, "text_sealed")} for task in MatterTask.objects.filter(**of).exclude(text_sealed=None).order_by("id")]
    return {kind: found.id, **told, "notes": notes, "tasks": tasks, "before": before}


def _notes(case: Case, debtor: Party) -> list[dict]:
    rows = Contact.objects.filter(case=case).exclude(note_sealed=None).order_by("attempted_at", "id")
    return [{"id": row.id, "text": opened(case.lender, debtor.person, row, "note_sealed")} for row in rows]


def _reasons(case: Case, debtor: Party, party: UUID) -> list[dict]:
    rows = Entry.objects.filter(lender=case.lender, case=case.id, verb__in=("party.protect", "party.release"), is_refused=False, parameters__party=str(party)).exclude(reason_sealed=None).order_by("number")
    return [{"at": row.at, "verb": row.verb, "state": row.parameters.get("state"), "reason": _reason(case, debtor, row)} for row in rows]


def _reason(case: Case, debtor: Party, entry: Entry) -> str | None:
    try:
        return opened(case.lender, debtor.person, entry, "reason_sealed") if entry.reason_sealed else None
    except VaultRefused:  # of before the case had this debtor
        return opened(case.lender, own_words_of(case.lender), entry, "reason_sealed")


@action("matter.note", on="case", personal=("text",))
def note_matter(doing: Doing, case: Case, *, kind: Kind, matter: UUID, text: Words) -> dict:
    """What somebody found stands with it, sealed. Raises Forbidden for whoever the complaint is about."""
    found = matter_of(doing, case, kind, matter)
    note = MatterNote(id=uuid4(), **link(kind, found), at=doing.now, written_by_id=doing.actor.account)
    note.text_sealed = sealed_words(doing, case, MatterNote, "text_sealed", note.id, text)
    note.save(force_insert=True)
    return {kind: matter, "note": note.id}


@action("matter.assign", on="case")
def assign_matter(doing: Doing, case: Case, *, kind: Kind, matter: UUID, to: UUID | None = None) -> dict:
    """It is that account's to deal with; None: nobody's. Raises Refused where it was answered, or the account may not answer it."""
    found = matter_of(doing, case, kind, matter, alone=True)
    demand_undecided(found, kind)
    whose = None if to is None else account_for(case, kind, found, to)
    if found.assigned_to_id == (whose and whose.id):
        raise Refused("it is theirs already; nothing was changed", "已由该人员办理；未作任何更改")
    KINDS[kind][0].objects.filter(pk=matter).update(assigned_to=whose)
    return {kind: matter, "to": to}


@action("matter.weigh", on="case", needs_reason=True)
def weigh_matter(doing: Doing, case: Case, *, kind: Literal["dispute", "complaint"], matter: UUID, weight: Weight) -> dict:
    """It counts as simple or complex, and its last day is the law's for such, counted from the day it was received. Raises Refused where it was answered, has had further days, counts so already, or its last day is past and would be a later one."""
    found = matter_of(doing, case, kind, matter, alone=True)
    demand_undecided(found, kind)
    if found.before_extension_on is not None or found.matter == weight:
        raise Refused(f"{kind} {matter} counts as {found.matter}{' and has had further days' if found.before_extension_on else ''}; nothing was changed",
                      f"本事项已登记为“{'简单' if found.matter == 'simple' else '复杂'}”{'且已延期' if found.before_extension_on else ''}；未作任何更改")
    until = last_day(case.lender, received_on(found), weight)
    if until > found.answer_by_on and doing.today > found.answer_by_on:
        raise Refused(f"the last day of {kind} {matter} was {found.answer_by_on}: what has run out is not made later by another weight; answer it now, nothing was changed",
                      f"本事项应于 {found.answer_by_on} 前答复：已过期限不得通过改变情况认定而顺延；请立即答复，未作任何更改")
    KINDS[kind][0].objects.filter(pk=matter).update(matter=weight, answer_by_on=until)
    return {kind: matter, "matter": weight, "answer_by_on": until}


@action("matter.attach", on="case")
def attach_evidence(doing: Doing, case: Case, *, kind: Kind, matter: UUID, attachment: UUID) -> dict:
    """A recording, proof or document of the case is evidence in it. Raises Refused where it is not of the case, was destroyed, or is evidence already."""
    found = matter_of(doing, case, kind, matter, alone=True)
    kept = row_of(Attachment, case, attachment, "attachment", "附件")
    if kept.destroyed_at is not None or MatterEvidence.objects.filter(**{f"{kind}_id": found.id}, attachment=kept).exists():
        raise Refused("this was destroyed, or is evidence in it already; nothing was changed", "该附件已销毁，或已列为证据；未作任何更改")
    row = MatterEvidence.objects.create(id=uuid4(), **link(kind, found), attachment=kept, at=doing.now, added_by_id=doing.actor.account)
    return {kind: matter, "evidence": row.id, "attachment": attachment}


@action("matter.task", on="case", personal=("text",))
def task_matter(doing: Doing, case: Case, *, kind: Kind, matter: UUID, what: words_of("what", MatterTask), due_on: date | None = None, assigned_to: UUID | None = None, text: Words | None = None) -> dict:
    """Something more is to be put right. Raises Refused for a day that is past, or an account that does not deal with such."""
    found = matter_of(doing, case, kind, matter)
    task = set_task(doing, case, kind, found, Task(what=what, due_on=due_on, assigned_to=assigned_to))
    task.text_sealed = sealed_words(doing, case, MatterTask, "text_sealed", task.id, text)
    task.save(force_insert=True)
    return {kind: matter, "task": task.id}


@action("matter.task_done", on="case", needs_reason=True)
def task_done(doing: Doing, case: Case, *, task: UUID) -> dict:
    """It is put right; the reason says how. left: how many tasks of the same matter are not. Raises Refused where it was done before, Forbidden for whoever the complaint is about."""
    found = row_of(MatterTask, case, task, "task", "整改事项", alone=True)
    kind, key = next((kind, getattr(found, f"{kind}_id")) for kind in KINDS if getattr(found, f"{kind}_id") is not None)
    matter_of(doing, case, kind, key)
    if found.done_at is not None:
        raise Refused(f"task {task} was done at {found.done_at.isoformat()}; nothing was changed", f"该整改事项已于 {found.done_at.isoformat()} 完成；未作任何更改")
    MatterTask.objects.filter(pk=task).update(done_at=doing.now, done_by_id=doing.actor.account)
    return {"task": task, kind: key, "left": MatterTask.objects.filter(**{f"{kind}_id": key}, done_at=None).count()}


@action("matter.reopen", on="case", personal=("text",))
def reopen_matter(doing: Doing, case: Case, *, kind: Kind, matter: UUID, text: Words) -> dict:
    """What was answered is taken up again as a new one that follows it, with a hold and a clock of its own from today; the answer that was given stands as it was. Raises Refused while it is open, or taken up already."""
    found = matter_of(doing, case, kind, matter)
    model, en, zh = KINDS[kind]
    if found.state in OPEN:
        raise Refused(f"{en} {matter} is open; there is nothing to take up again", f"{zh} {matter} 尚未答复，无需重新受理")
    if model.objects.filter(follows=found).exists():
        raise Refused(f"{en} {matter} was taken up again already; go on there", f"{zh} {matter} 已重新受理；请在新的事项中办理")
    if kind == "hardship":
        return begun(doing, case, Hardship(reason=found.reason, raised_by=found.raised_by, came_by=found.came_by, follows=found), text)
    again = {"raised_by": found.raised_by, "came_by": found.came_by, "matter": found.matter, "ground": found.ground, "follows": found}
    new = Dispute(loan_id=found.loan_id, **again) if kind == "dispute" else Complaint(about_id=found.about_id, about_account_id=found.about_account_id, **again)
    return raised(doing, case, new, text)
