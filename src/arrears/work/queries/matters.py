"""What stands open about cases and runs against a clock: complaints, disputes, holds; without any of their words."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from arrears.work.actor import Actor
from arrears.work.models import Complaint, Dispute, Hold
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

SIZE_MOST = 100


@dataclass(frozen=True)
class Matter:
    """One complaint, dispute or hold. answer_by_on: the last day for the answer, None for a hold; is_late: that day is past."""

    kind: str
    ground: str
    case: UUID
    since: datetime
    answer_by_on: date | None
    is_late: bool


def open_matters(actor: Actor, today: date, size: int = 30) -> list[Matter]:
    """Up to size of them that the actor may see: what must be answered first, then holds that belong to no complaint or dispute, the oldest first."""
    size = min(max(size, 1), SIZE_MOST)
    found: list[Matter] = []
    with seen_by(actor):
        for kind, model in (("complaint", Complaint), ("dispute", Dispute)):
            rows = model.objects.filter(filter_for(actor, "case.view", model), lender=actor.lender, state="open").order_by("answer_by_on", "id")[:size]
            found += [Matter(kind, row.ground, row.case_id, row.raised_at, row.answer_by_on, row.answer_by_on < today) for row in rows]
        holds = Hold.objects.filter(filter_for(actor, "case.view", Hold), lender=actor.lender, lifted_at=None, complaint=None, dispute=None).order_by("placed_at", "id")[:size]
        found += [Matter("hold", row.kind, row.case_id, row.placed_at, None, False) for row in holds]
    return sorted(found, key=lambda one: (one.answer_by_on or date.max, one.since))[:size]
