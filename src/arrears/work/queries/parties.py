"""Who stands in a case and for what they are protected: since when, by whom, and whether why was said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from arrears.work.actor import Actor
from arrears.work.queries.cases import CaseSheet
from arrears.work.queries.one_matter import may_do

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


def protections(sheet: CaseSheet) -> list[Protection]:
    """What was marked and released in this case, the latest first. Protections that came with a person from another case of theirs have no line here."""
    return [Protection(UUID(row["parameters"]["party"]), row["parameters"].get("state", ""), row["verb"], row["at"], row["actor_name"], row["has_reason"]) for row in sheet.parts["marks"] if row["parameters"].get("party")]


def may_in_case(actor: Actor, sheet: CaseSheet) -> frozenset[str]:
    """Which of VERBS the actor may do in the case, which they see."""
    return may_do(actor, sheet.resource, VERBS)
