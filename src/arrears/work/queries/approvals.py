"""What waits for somebody's decision, and whether the reader may be that somebody."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case as Choice
from django.db.models import Value, When

from arrears.work.about_oneself import approvals_not_about
from arrears.work.actor import Actor
from arrears.work.authority import decided_by, deciders, matrix_of
from arrears.work.models import Approval, Plan
from arrears.work.plan_terms import authority_terms, is_id
from arrears.work.residuals import filter_for
from arrears.work.roles import role_table
from arrears.work.tenancy import seen_by

SIZE_MOST = 500
OF_PLANS = ("waiver", "plan")
_NO_PLAN = UUID(int=0)
"""Asked for where none waits."""


@dataclass(frozen=True)
class ApprovalLine:
    """One thing asked for. parameters: exactly what is approved, of this digest; amount in minor units; may_decide: the reader may, which whoever asked never may.

    Of a waiver or plan: owed, what the debt was made of when it was proposed; row_zh, row_en: the line of the authority matrix by which the reader may decide, empty where there is none; deciders: roles that may.
    """

    id: UUID
    case: UUID | None
    kind: str
    subject: str
    parameters: dict[str, Any]
    digest: str
    amount_minor: int | None
    currency: str | None
    asked_by: str
    asked_at: datetime
    may_decide: bool
    owed: dict[str, Any] = field(default_factory=dict)
    row_zh: str = ""
    row_en: str = ""
    deciders: tuple[str, ...] = ()

    @property
    def paid_minor(self) -> int:
        """What is to be paid by the plan in all."""
        return sum(one["amount_minor"] for one in self.parameters.get("instalments", ()))

    @property
    def waived_minor(self) -> int:
        """What the plan gives up, of all parts."""
        return sum(value for name, value in self.parameters.items() if name.startswith("waived_"))


def waiting_approvals(actor: Actor, size: int = 100) -> list[ApprovalLine]:
    """Up to size approvals that wait and that the actor may see, the longest waiting first. As many statements whatever waits."""
    with seen_by(actor):
        waiting = approvals_not_about(Approval.objects.filter(lender=actor.lender, state="waiting"), actor)
        may = Choice(When(filter_for(actor, "approval.decide", Approval), then=Value(True)), default=Value(False))
        found = list(waiting.filter(filter_for(actor, "approval.list", Approval)).annotate(may=may).select_related("asked_by").order_by("asked_at", "id")[:min(max(size, 1), SIZE_MOST)])
        asked = [row.subject for row in found if row.kind in OF_PLANS and is_id(row.subject)]
        plans = {str(plan.pk): plan for plan in Plan.objects.filter(pk__in=asked or [_NO_PLAN])}
    return [_line(actor, row, row.may, plans.get(row.subject)) for row in found]


def deciding_roles(kind: str) -> tuple[str, ...]:
    """The roles that may decide an approval of that kind, by the table of roles; whoever asked for it never."""
    return tuple(role for role, reaches in role_table().rows["approval.decide"].reach.items() if any(not reach.kinds or kind in reach.kinds for reach in reaches))


def count_waiting(actor: Actor, kind: str) -> int:
    """How many approvals of the kind wait that the actor may see."""
    with seen_by(actor):
        return Approval.objects.filter(filter_for(actor, "approval.list", Approval), lender=actor.lender, state="waiting", kind=kind).count()


def _line(actor: Actor, row: Approval, may: bool, plan: Plan | None) -> ApprovalLine:
    line = ApprovalLine(row.pk, row.case_id, row.kind, row.subject, row.parameters, row.digest, row.amount_minor, row.currency, row.asked_by.name, row.asked_at, may)
    if plan is None:
        return replace(line, deciders=deciding_roles(row.kind))
    matrix, terms = matrix_of(settings.ARREARS[0], actor.lender), authority_terms(plan)
    by = decided_by(matrix, actor.roles, terms)
    return replace(line, may_decide=may and by is not None and plan.proposed_by_id != actor.account, owed=plan.owed, row_zh=by.zh if by else "", row_en=by.en if by else "", deciders=deciders(matrix, terms))
