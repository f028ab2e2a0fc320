"""What is agreed in a plan, exactly: the words whose digest an approval is of."""

import hashlib
import json
from datetime import date
from typing import Any

from arrears.work.models import Plan


def waived_by(plan: Plan) -> dict[str, int]:
    """What the lender gives up once the plan is kept to the end, by part, in minor units."""
    return {"waived_penalty_minor": plan.waived_penalty_minor, "waived_interest_minor": plan.waived_interest_minor, "waived_fee_minor": plan.waived_fee_minor}


def terms_of(plan: Plan) -> dict[str, Any]:
    """Everything of the plan that is agreed."""
    return {"plan": str(plan.id), "loan_id": plan.loan_id, "currency": plan.currency, "instalments": plan.instalments, **waived_by(plan)}


def day_of_text(text: str) -> date:
    return date.fromisoformat(text)


def digest_of(parameters: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the parameters as canonical JSON: names sorted, no blanks, UTF-8. Raises ValueError for what JSON has no words for."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()).hexdigest()
