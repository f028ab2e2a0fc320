"""Who stands in a case and for what they are protected: since when, by whom, and whether why was said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arrears.work.actor import Actor
from arrears.work.models import Case, Entry
from arrears.work.queries.one_matter import may_do
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

VERBS = ("party.add", "party.protect", "party.release", "contact_point.add", "contact_point.close", "matter.read", "hardship.raise", "dispute.raise", "complaint.raise", "matter.reopen", "plan.propose")


@dataclass(frozen=True)
class Protection:
    """One marking or release of a party: which state, when, by whom; has_reason: words say why, sealed."""

    party: UUID
    state: str
    verb: str
    at: datetime
    by: str
    has_reason: bool


def protections(actor: Actor, case: UUID) -> list[Protection]:
    """What was marked and released in this case, the latest first. Protections that came with a person from another case of theirs have no line here."""
    with seen_by(actor):
        if not Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).exists():
            return []
        rows = Entry.objects.filter(lender=actor.lender, case=case, verb__in=("party.protect", "party.release"), is_refused=False).order_by("-number")[:200]
        return [Protection(UUID(row.parameters["party"]), row.parameters.get("state", ""), row.verb, row.at, row.actor_name, row.reason_sealed is not None) for row in rows if row.parameters.get("party")]


def may_in_case(actor: Actor, case: UUID) -> frozenset[str]:
    """Which of VERBS the actor may do in the case; none where they may not see it."""
    with seen_by(actor):
        found = Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).select_related("team").first()
        return frozenset() if found is None else may_do(actor, found, VERBS)
