"""The paper of one plan: what its row says, and the two texts of the debtor that the caller may show."""

from datetime import date

from arrears.work.agreements.paper import pdf_of
from arrears.work.agreements.words import Paper, content_of
from arrears.work.models import Lender, Plan

LANGUAGES = ("zh", "en")


def drawn(plan: Plan, lender: Lender, name: str, id_number: str, drawn_on: date, lang: str, *, sample: bool) -> bytes:
    """The PDF. name, id_number: in clear, or of a sample as they are masked. Raises Refused where the font lacks a character."""
    owed = plan.owed
    parts = tuple((one["number"], date.fromisoformat(one["due_on"]), one["amount_minor"]) for one in plan.instalments)
    paid = sum(amount for *_, amount in parts)
    waived = plan.waived_penalty_minor + plan.waived_interest_minor + plan.waived_fee_minor + plan.waived_principal_minor
    paper = Paper(
        str(plan.pk), plan.kind, lender.name_zh, lender.name_en, name, id_number, plan.loan_id, owed.get("product", "—"), plan.currency,
        date.fromisoformat(owed["as_of"]) if "as_of" in owed else plan.proposed_on, owed.get("days_past_due", 0), owed.get("claimable_minor", paid + waived), owed.get("principal_minor", 0),
        owed.get("interest_minor", 0), owed.get("fee_minor", 0), owed.get("penalty_minor", 0), owed.get("excess_minor", 0), parts, plan.waived_penalty_minor, plan.waived_interest_minor,
        plan.waived_fee_minor, plan.waived_principal_minor, plan.agreed_on, drawn_on, sample)
    return pdf_of(content_of(paper, lang))
