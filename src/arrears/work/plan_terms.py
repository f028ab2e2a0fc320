"""What is agreed in a plan, exactly: the words whose digest an approval is of."""

import hashlib
import json
import re
from datetime import date
from typing import Any

from arrears.work.authority import Terms
from arrears.work.models import Plan

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROLES = {"collector": ("a collector", "催收员"), "agency_worker": ("an agency worker", "委外人员"), "team_lead": ("a team lead", "组长"), "compliance_officer": ("a compliance officer", "合规专员")}


def is_id(subject: str) -> bool:
    """Whether the subject of an approval can be the id of a plan or of a matter."""
    return bool(_ID.fullmatch(subject))


def waived_by(plan: Plan) -> dict[str, int]:
    """What the lender gives up once the plan is kept to the end, by part, in minor units."""
    return {"waived_penalty_minor": plan.waived_penalty_minor, "waived_interest_minor": plan.waived_interest_minor, "waived_fee_minor": plan.waived_fee_minor}


def terms_of(plan: Plan) -> dict[str, Any]:
    """Everything of the plan that is agreed."""
    return {"plan": str(plan.id), "loan_id": plan.loan_id, "kind": plan.kind, "currency": plan.currency, "instalments": plan.instalments, **waived_by(plan),
            "waived_principal_minor": plan.waived_principal_minor, "beyond": plan.beyond}


def authority_terms(plan: Plan) -> Terms:
    """What the authority matrix asks of the plan."""
    return Terms(plan.kind, plan.currency, sum(one["amount_minor"] for one in plan.instalments), sum(waived_by(plan).values()), plan.waived_principal_minor, tuple(plan.beyond))


def waived_of(waived: dict[str, int], principal: int) -> dict[str, int]:
    """What is waived by its short name: penalty, interest, fee, principal."""
    return {"penalty": waived["waived_penalty_minor"], "interest": waived["waived_interest_minor"], "fee": waived["waived_fee_minor"], "principal": principal}


def roles_in_words(roles: tuple[str, ...]) -> tuple[str, str]:
    """Those roles in a row, in English and in Chinese; nobody where there are none."""
    return (" or ".join(_ROLES[role][0] for role in roles) or "nobody", "或".join(_ROLES[role][1] for role in roles) or "任何人（无人有权）")


def day_of_text(text: str) -> date:
    return date.fromisoformat(text)


def digest_of(parameters: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the parameters as canonical JSON: names sorted, no blanks, UTF-8. Raises ValueError for what JSON has no words for."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()).hexdigest()
