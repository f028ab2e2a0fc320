"""One plan as those who may see its case do: its parts told by payments, who approved it, its paper; and a sample of the paper with the persons masked."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actor import Actor
from arrears.work.agreements.drawn import drawn
from arrears.work.authority import decided_by, matrix_of
from arrears.work.models import Approval, Case, Lender, Party, Plan
from arrears.work.offer_limits import counting_payments
from arrears.work.plan_progress import PartState, paid_since, parts_of
from arrears.work.plan_terms import authority_terms, waived_by
from arrears.work.queries.cases import CaseSheet
from arrears.work.queries.masking import Cell, masked_cells
from arrears.work.queries.plan_offers import Granting, granting_of, today_of
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by


@dataclass(frozen=True)
class ApprovalOfPlan:
    """One approval asked for the plan: who asked, who decided, when; row_zh, row_en: the line of the matrix by which the reader may decide it, empty where they may not."""

    id: UUID
    state: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    may_decide: bool
    row_zh: str
    row_en: str


@dataclass(frozen=True)
class PlanSheet:
    """One plan whole. parts: at the end of as_of, the last night's day; paid_minor: of the loan since it was agreed; next: the first part still to be paid; amounts in minor units."""

    plan: dict[str, Any]
    case: UUID
    as_of: date
    parts: list[PartState]
    whole_minor: int
    waived_minor: int
    paid_minor: int
    next: PartState | None
    granting: Granting
    approvals: list[ApprovalOfPlan]
    agreement: UUID | None

    @property
    def approved(self) -> UUID | None:
        """The approval by which the plan may be agreed."""
        return next((one.id for one in self.approvals if one.state == "approved"), None)

    @property
    def waits(self) -> bool:
        return any(one.state == "waiting" for one in self.approvals)


def one_plan(actor: Actor, case: UUID, plan: UUID) -> PlanSheet:
    """The plan. Raises Forbidden where the actor may see no such one."""
    with seen_by(actor):
        of, found = _found(actor, case, plan)
        paid = [(day, amount) for _, _, day, amount in counting_payments({case}, {found.loan_id})]
        asked = list(Approval.objects.filter(lender=actor.lender, case=case, kind__in=("waiver", "plan"), subject=str(plan)).select_related("asked_by", "decided_by").order_by("-asked_at", "id"))
        may = set(Approval.objects.filter(filter_for(actor, "approval.decide", Approval), pk__in=[one.pk for one in asked], state="waiting").values_list("pk", flat=True))
    terms = authority_terms(found)
    row = decided_by(matrix_of(settings.ARREARS[0], actor.lender), actor.roles, terms)
    approvals = [ApprovalOfPlan(one.pk, one.state, one.asked_by.name, one.asked_at, one.decided_by and one.decided_by.name, one.decided_at, one.pk in may and row is not None and found.proposed_by_id != actor.account,
                                row.zh if row else "", row.en if row else "") for one in asked]
    parts = parts_of(found.instalments, found.agreed_on, paid, of.as_of)
    whole = sum(part.amount_minor for part in parts)
    told = {field.attname: getattr(found, field.attname) for field in found._meta.concrete_fields if field.attname != "lender"}
    since = paid_since(found.agreed_on, paid, of.as_of) if found.agreed_on else 0
    return PlanSheet(told, case, of.as_of, parts, whole, sum(waived_by(found).values()) + found.waived_principal_minor, since, next((part for part in parts if part.state not in ("paid", "missed")), None),
                     granting_of(actor, terms), approvals, found.agreement_id)


@dataclass(frozen=True)
class PlanLine:
    """One plan of a case in a line: amounts in minor units; done: parts paid in time, of all; next as PlanSheet has it."""

    id: UUID
    loan_id: str
    kind: str
    state: str
    currency: str
    whole_minor: int
    waived_minor: int
    done: int
    count: int
    next: PartState | None


def case_plans(sheet: CaseSheet) -> list[PlanLine]:
    """The plans of a case that was read already, the latest first; told by its payments, with no further query."""
    taken_back = {one["reverses"] for one in sheet.parts["payments"] if one["reverses"]}
    counting = [one for one in sheet.parts["payments"] if not one["reverses"] and one["payment_id"] not in taken_back]
    lines = []
    for plan in sheet.parts["plans"]:
        paid = [(one["paid_on"], one["amount_minor"]) for one in counting if one["loan_id"] == plan["loan_id"]]
        parts = parts_of(plan["instalments"], plan["agreed_on"], paid, sheet.line.as_of)
        upcoming = next((part for part in parts if part.state not in ("paid", "missed")), None) if plan["state"] == "agreed" else None
        waived = plan["waived_penalty_minor"] + plan["waived_interest_minor"] + plan["waived_fee_minor"] + plan["waived_principal_minor"]
        lines.append(PlanLine(plan["id"], plan["loan_id"], plan["kind"], plan["state"], plan["currency"], sum(part.amount_minor for part in parts), waived,
                              sum(part.state == "paid" for part in parts), len(parts), upcoming))
    return lines


def agreement_sample(actor: Actor, case: UUID, plan: UUID, now: int, lang: str) -> bytes:
    """The agreement of the plan as PDF with its persons masked, marked as a sample; nothing is kept of it. Raises Forbidden, or Refused where the font lacks a character."""
    with seen_by(actor):
        _, found = _found(actor, case, plan)
        lender, debtor = Lender.objects.get(code=actor.lender), Party.objects.filter(case=case, role="debtor").first()
    name, id_number = masked_cells(actor.lender, [Cell(debtor, debtor, "name_sealed", "name"), Cell(debtor, debtor, "id_number_sealed", "id_number")]) if debtor else ("", "")
    return drawn(found, lender, name, id_number, today_of(now), lang, sample=True)


def _found(actor: Actor, case: UUID, plan: UUID) -> tuple[Case, Plan]:
    of = Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).first()
    found = of and Plan.objects.filter(lender=actor.lender, case=of, pk=plan).first()
    if found is None:
        raise Forbidden(f"there is no plan {plan} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有分期计划 {plan}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
    return of, found
