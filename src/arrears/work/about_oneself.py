"""Who keeps away from a complaint: nobody is shown, reads or decides what is about themselves, in whatever list it would stand.

A complaint is about a collector or about an account. The hold that it put on its case is seen by everybody, since everybody has to keep away from the debtor.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from arrears.work.actor import Actor
from arrears.work.models import Approval, Complaint, Entry, Reminder

COMPLAINT_FILE = "complaint_file"
"""What kind of record the letters and papers of a complaint are."""


def is_about(actor: Actor, about: UUID | None, about_account: UUID | None) -> bool:
    """Whether a complaint about that collector or account is about the actor."""
    return (about is not None and about == actor.collector) or (about_account is not None and about_account == actor.account)


def not_about(complaints: QuerySet, actor: Actor) -> QuerySet:
    """The complaints that are not about the actor."""
    rows = complaints.exclude(about=actor.collector) if actor.collector else complaints
    return rows.exclude(about_account=actor.account) if actor.account else rows


def complaints_about(actor: Actor) -> QuerySet[Complaint]:
    """The complaints about the actor; within a transaction that says who asks."""
    whose = Q(pk__in=[])
    if actor.collector:
        whose |= Q(about=actor.collector)
    if actor.account:
        whose |= Q(about_account=actor.account)
    return Complaint.objects.filter(whose, lender=actor.lender)


def reminders_not_about(reminders: QuerySet[Reminder], actor: Actor) -> QuerySet[Reminder]:
    """The reminders but those of the answer to a complaint about the actor."""
    return reminders.exclude(kind="answer_due", subject__in=complaints_about(actor).values("id"))


def approvals_not_about(approvals: QuerySet[Approval], actor: Actor) -> QuerySet[Approval]:
    """The approvals but those of further days for a complaint about the actor."""
    about = [str(key) for key in complaints_about(actor).values_list("id", flat=True)]
    return approvals.exclude(kind="extension", subject__in=about) if about else approvals


def entries_not_about(entries: QuerySet[Entry], actor: Actor) -> QuerySet[Entry]:
    """The entries of the log but those that name a complaint about the actor."""
    about = list(complaints_about(actor).values_list("id", "case"))
    if not about:
        return entries
    names = [str(key) for key, _ in about]
    found = Q(parameters__complaint__in=names) | Q(result__complaint__in=names) | Q(parameters__matter__in=names) | Q(parameters__subject__in=names)
    asked = Approval.objects.filter(lender=actor.lender, kind="extension", subject__in=names)
    decided = list(asked.exclude(decided_in=None).values_list("decided_in", flat=True))
    return entries.exclude(pk__in=Entry.objects.filter(found, lender=actor.lender, case__in={case for _, case in about}).values("pk")).exclude(pk__in=decided)


def papers_not_about(actor: Actor, attachments: list[dict[str, Any]], complaints: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The attachments of a case, as mappings, but what was filed of complaints since the first complaint about the actor was raised. complaints: all of the case."""
    since = _since(one["raised_at"] for one in complaints if is_about(actor, one["about_id"], one["about_account_id"]))
    return attachments if since is None else [one for one in attachments if one["record_kind"] != COMPLAINT_FILE or one["made_at"] < since]


def is_paper_about(actor: Actor, case: UUID, record_kind: str, made_at: datetime) -> bool:
    """Whether what was filed in the case then may be of a complaint about the actor."""
    return record_kind == COMPLAINT_FILE and complaints_about(actor).filter(case=case, raised_at__lte=made_at).exists()


def _since(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)
