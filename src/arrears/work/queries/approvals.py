"""What waits for somebody's decision, and whether the reader may be that somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from arrears.work.actor import Actor
from arrears.work.models import Approval
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

SIZE_MOST = 500


@dataclass(frozen=True)
class ApprovalLine:
    """One thing asked for. parameters: exactly what is approved, of this digest; amount in minor units; may_decide: the reader may, which whoever asked never may."""

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


def waiting_approvals(actor: Actor, size: int = 100) -> list[ApprovalLine]:
    """Up to size approvals that wait and that the actor may see, the longest waiting first."""
    with seen_by(actor):
        waiting = Approval.objects.filter(lender=actor.lender, state="waiting")
        found = list(waiting.filter(filter_for(actor, "approval.list", Approval)).select_related("asked_by").order_by("asked_at", "id")[:min(max(size, 1), SIZE_MOST)])
        decides = set(waiting.filter(filter_for(actor, "approval.decide", Approval), pk__in=[row.pk for row in found]).values_list("pk", flat=True))
    return [ApprovalLine(row.pk, row.case_id, row.kind, row.subject, row.parameters, row.digest, row.amount_minor, row.currency, row.asked_by.name, row.asked_at, row.pk in decides) for row in found]
