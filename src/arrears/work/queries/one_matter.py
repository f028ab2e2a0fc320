"""One dispute, complaint or review of hardship with everything it is judged by: the debts, payments, contacts and recordings of its time, earlier ones, notes, evidence, what is to be put right. None of its words."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from arrears.law.entries import in_force, parsed
from arrears.law.packs import SHIPPED, shipped_pack
from arrears.work import access
from arrears.work.about_oneself import not_about
from arrears.work.actions.action import NOT_VISIBLE, ZONE, Forbidden
from arrears.work.actions.clocks import clock_of, received_on
from arrears.work.actions.matter_rows import ANSWERS_IT
from arrears.work.actor import Actor
from arrears.work.matter_policy import read_matter_policy
from arrears.work.models import Account, Approval, Attachment, Lender, MatterEvidence, MatterNote, MatterTask
from arrears.work.queries.cases import CaseSheet, one_case
from arrears.work.queries.matters import KINDS, MatterLine, _lines, account_names
from arrears.work.residuals import filter_for
from arrears.work.resources import Resource
from arrears.work.tenancy import seen_by

VERBS = ("dispute.answer", "dispute.extend", "complaint.answer", "complaint.extend", "hardship.examine", "hardship.decide", "hardship.confirm", "hold.lift", "attachment.add", "attachment.open",
         "matter.read", "matter.note", "matter.assign", "matter.weigh", "matter.attach", "matter.task", "matter.task_done", "matter.reopen")
"""What a page offers on a matter."""
PERIOD_DAYS = 90
"""So many days before it was raised its contacts, payments and recordings are laid out; our own choice."""
_PLAIN = ("loan_id", "raised_by", "came_by", "before_extension_on", "answered_at", "decided_at", "answered_by_id", "decided_by_id", "refused_by_id", "letter_id", "follows_id", "about_id", "about_account_id", "evidence",
          "until_on", "hold_id", "rests_on")


@dataclass(frozen=True)
class MatterSheet:
    """One matter. row: its plain columns; case: its case, masked; the rest are rows of the named tables, as mappings; law: days and source of its clock, None of hardship.

    may: which of VERBS the actor may do here. about: the collector it is about. further_on: the last day if further days were approved, None where it can have none. letters: None or the attachment of its letter. first_on: the first day of the period laid out.
    """

    line: MatterLine
    row: dict[str, Any]
    case: CaseSheet
    first_on: date
    contacts: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    others: list[MatterLine]
    approvals: list[dict[str, Any]]
    assignees: list[tuple[UUID, str]]
    names: dict[UUID, str]
    law: dict[str, Any] | None
    further_on: date | None
    follow_up: UUID | None
    hold_stands: bool
    may: frozenset[str]
    about: str | None


def case_of_matter(actor: Actor, kind: str, key: UUID) -> UUID:
    """The case of the matter. Raises Forbidden where the actor may see none such, or it is about them."""
    with seen_by(actor):
        return _found(actor, kind, key).case_id


def _found(actor: Actor, kind: str, key: UUID):
    model = KINDS[kind][0]
    rows = model.objects.filter(filter_for(actor, "case.view", model), lender=actor.lender, pk=key).select_related("case__team", "case__held_by", "assigned_to", "hold", *(("about",) if kind == "complaint" else ()))
    found = (not_about(rows, actor) if kind == "complaint" else rows).first()
    if found is None:
        raise Forbidden(f"there is no {kind} {key} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有该事项 {key}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
    return found


def one_matter(actor: Actor, kind: str, key: UUID, today: date) -> MatterSheet:
    """The whole matter; as many queries whatever is in it. Raises Forbidden where the actor may see none such, or it is about them."""
    warn = read_matter_policy(settings.ARREARS[0]).warn_days
    with seen_by(actor):
        found = _found(actor, kind, key)
        line = _lines(actor, [(kind, found)], today, warn)[0]
        row = {name: getattr(found, name) for name in _PLAIN if hasattr(found, name)}
        follow_up = type(found).objects.filter(follows=found).values_list("id", flat=True).first()
        of = {f"{kind}_id": found.id}
        notes = list(MatterNote.objects.filter(**of).order_by("-at", "id").values("id", "at", "written_by_id"))
        tasks = list(MatterTask.objects.filter(**of).order_by("done_at", "due_on", "id").values("id", "what", "due_on", "assigned_to_id", "set_at", "done_at", "done_by_id"))
        evidence = list(MatterEvidence.objects.filter(**of).order_by("at", "id").values("id", "attachment_id", "at", "added_by_id", "attachment__kind", "attachment__record_kind", "attachment__made_at"))
        attachments = list(Attachment.objects.filter(case=found.case_id, destroyed_at=None).order_by("-made_at", "id").values("id", "kind", "record_kind", "made_at", "size_bytes")[:200])
        approvals = list(Approval.objects.filter(lender=actor.lender, kind="extension", subject=str(found.id)).order_by("-asked_at").values("id", "state", "parameters", "asked_at", "asked_by__name", "decided_by__name", "decided_at"))
        others = [one for other, (model, *_) in KINDS.items() for one in _others(actor, other, model, found, today, warn)]
        assignees = _assignees(actor, kind, found)
        names = account_names(actor.lender, [*(one["written_by_id"] for one in notes), *(one[name] for one in tasks for name in ("assigned_to_id", "done_by_id")), *(row.get(f"{name}_id") for name in ("answered_by", "decided_by", "refused_by", "about_account"))])
        law = None if kind == "hardship" else _law(actor.lender, found)
        held = found.hold.lifted_at is None
        may = may_do(actor, access.resource_of(found.case))
        about = found.about.roster_name if kind == "complaint" and found.about_id else None
    case = one_case(actor, found.case_id)
    shown = {one["id"] for one in case.parts["attachments"]}
    attachments, evidence = [one for one in attachments if one["id"] in shown], [one for one in evidence if one["attachment_id"] in shown]
    first = found.raised_at.astimezone(ZONE).date() - timedelta(days=PERIOD_DAYS)
    contacts = [one for one in case.parts["contacts"] if one["attempted_at"].astimezone(ZONE).date() >= first]
    payments = [one for one in case.parts["payments"] if one["paid_on"] >= first]
    further = law.pop("further_on") if law else None
    return MatterSheet(line, row, case, first, contacts, payments, [one for one in attachments if one["made_at"].astimezone(ZONE).date() >= first or one["kind"] == "document"], evidence, notes, tasks, others, approvals,
                       assignees, names, law, further, follow_up, held, may, about)


def may_do(actor: Actor, case: Resource, verbs: tuple[str, ...] = VERBS) -> frozenset[str]:
    """Which of the verbs policies allow the actor on this case, with a purpose and a reason: for showing a form, never for doing it."""
    return access.allowed(actor, verbs, case, {"purpose": "dispute", "reason": "?"})


def _others(actor: Actor, kind: str, model, found, today: date, warn: int) -> list[MatterLine]:
    rows = model.objects.filter(filter_for(actor, "case.view", model), lender=actor.lender, case=found.case_id).exclude(pk=found.id).select_related("case__team", "case__held_by", "assigned_to").order_by("-raised_at")[:20]
    return _lines(actor, [(kind, row) for row in (not_about(rows.model.objects.filter(pk__in=[one.pk for one in rows]).select_related("case__team", "case__held_by", "assigned_to"), actor) if kind == "complaint" else rows)], today, warn)


def _assignees(actor: Actor, kind: str, found) -> list[tuple[UUID, str]]:
    """Who may be given it: accounts whose roles answer such, that see the case, and whom it is not about."""
    team = found.case.team.code if found.case.team else None
    rows = Account.objects.filter(lender=actor.lender, left_at=None, roles__overlap=sorted(ANSWERS_IT[kind])).order_by("name")[:300]
    return [(row.pk, row.name) for row in rows if ("compliance_officer" in row.roles or "*" in row.teams or team in row.teams)
            and row.pk != getattr(found, "about_account_id", None) and (row.collector_id is None or row.collector_id != getattr(found, "about_id", None))]


def _law(lender: str, found) -> dict[str, Any] | None:
    """By which text the clock runs, how many days it gives, and until when at most."""
    law = Lender.objects.values_list("law", flat=True).get(code=lender)
    rules = clock_of(law)
    limits = None if rules is None else in_force(rules, received_on(found))
    if limits is None or law not in SHIPPED:
        return None
    pack = shipped_pack(law)
    entry = next(one for one in parsed(pack.texts, "complaints.yaml")["limits"] if one["id"] == limits.id)
    can_have = found.matter == limits.extended and found.before_extension_on is None and found.state == "open"
    further = received_on(found) + timedelta(days=limits.days[limits.extended] + limits.extension_days) if can_have else None
    return {"id": limits.id, "title": pack.sources[entry["source"]]["title"], "evidence": entry["evidence"], "from": entry["from"], "days": limits.days, "extension_days": limits.extension_days, "extended": limits.extended, "further_on": further}
