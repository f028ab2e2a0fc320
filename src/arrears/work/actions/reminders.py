"""Reminders, and when a case is looked at again: set by what people do, ticked off by people, or by themselves once the money came or the day is past."""

from datetime import datetime
from uuid import UUID

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import row_of
from arrears.work.models import Case, ContactPoint, Reminder


@action("reminder.done", on="case")
def tick_off(doing: Doing, case: Case, *, reminder: UUID) -> dict:
    """The reminder reminds no more. Raises Refused where it was done already."""
    found = row_of(Reminder, case, reminder, "reminder", "提醒", alone=True)
    if found.done_at is not None:
        raise Refused(f"reminder {reminder} was done at {found.done_at.isoformat()}; nothing was changed", f"提醒 {reminder} 已于 {found.done_at.isoformat()} 完成；未作任何更改")
    Reminder.objects.filter(pk=reminder).update(done_at=doing.now, done_by=doing.actor.account, done_why="done")
    return {"reminder": reminder}


def remind(doing: Doing, case: Case, kind: str, due_at: datetime, *, subject: UUID | None = None, contact_point: ContactPoint | None = None) -> UUID:
    """A reminder of the kind stands from now on. Of call backs a case has one: a new one takes the place of what was asked before."""
    if kind == "call_back":
        _done(doing, Reminder.objects.filter(case=case, kind=kind, done_at=None), "over")
    return Reminder.objects.create(lender=case.lender, case=case, kind=kind, due_at=due_at, subject=subject, contact_point=contact_point, made_at=doing.now, made_by_id=doing.actor.account).id


def forget(doing: Doing, case: Case, subject: UUID) -> int:
    """What reminded of the promise, plan, dispute or complaint reminds no more; how many."""
    return _done(doing, Reminder.objects.filter(case=case, subject=subject, done_at=None), "over")


def answered_by(doing: Doing, case: Case) -> int:
    """What was due in the case by now is done, since somebody has just talked with the debtor or tried to; how many. An answer that is due is not given by a talk."""
    return _done(doing, Reminder.objects.filter(case=case, done_at=None, due_at__lte=doing.now).exclude(kind="answer_due"), "done")


def wait(case: Case, ready_at: datetime | None, why: str | None) -> None:
    """Nobody is handed the case before that moment; None: at once, by its rank."""
    case.ready_at, case.ready_why = ready_at, why
    Case.objects.filter(pk=case.pk).update(ready_at=ready_at, ready_why=why)


def _done(doing: Doing, reminders, why: str) -> int:
    keys = list(reminders.values_list("id", flat=True))
    return Reminder.objects.filter(pk__in=keys).update(done_at=doing.now, done_by=doing.actor.account, done_why=why) if keys else 0
