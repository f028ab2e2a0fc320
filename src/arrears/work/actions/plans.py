"""Plans: instalments agreed for what is overdue. A plan never changes days past due; whether it is kept is told by payments (settlements.py)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.approvals import use_approval
from arrears.work.actions.offers import (
    INSTALMENTS_MOST,
    PARTS,
    Instalment,
    NotNegative,
    demand_instalments,
    demand_waived,
    plain,
    standing_offer,
)
from arrears.work.actions.rows import LoanId, debt_of, demand_open, demand_state, row_of
from arrears.work.models import Case, Debt, Offer, Plan
from arrears.work.plan_terms import day_of_text, terms_of, waived_by


@action("plan.propose", on="case")
def propose_plan(doing: Doing, case: Case, *, loan_id: LoanId, instalments: Annotated[list[Instalment], Field(min_length=1, max_length=INSTALMENTS_MOST)],
                 waived_penalty_minor: NotNegative = 0, waived_interest_minor: NotNegative = 0, waived_fee_minor: NotNegative = 0, offer: UUID | None = None) -> dict:
    """The plan lies ready to be agreed; it is never changed after. offer: which offer it takes up.

    Raises Refused where days do not rise from today on, the instalments sum to more than may be asked less what is waived, or more is waived than there is.
    """
    demand_open(case)
    debt = debt_of(case, loan_id)
    waived = dict(zip(PARTS, (waived_penalty_minor, waived_interest_minor, waived_fee_minor), strict=True))
    demand_waived(debt, waived)
    demand_instalments(debt, instalments, waived, doing.today)
    if offer is not None:
        standing_offer(doing, case, offer, loan_id)
        Offer.objects.filter(pk=offer).update(state="taken")
    numbered = [{"number": number, **plain(one)} for number, one in enumerate(instalments, start=1)]
    plan = Plan.objects.create(lender=case.lender, case=case, loan_id=loan_id, currency=debt.currency, instalments=numbered, **waived, proposed_on=doing.today, proposed_by_id=doing.actor.account)
    return {"plan": plan.id, "needs_approval": sum(waived.values()) > 0}


@action("plan.agree", on="case")
def agree_plan(doing: Doing, case: Case, *, plan: UUID, approval: UUID | None = None) -> dict:
    """The plan holds from today on. approval: of what it waives, by somebody else than who asked; it is used up.

    Raises Refused where it is not just proposed, its first day is past, more is now asked by it than may be, another plan of the loan holds, or it waives something without an approval of exactly it.
    """
    demand_open(case)
    found = row_of(Plan, case, plan, "plan", "分期计划", alone=True)
    demand_state(found, "plan", "分期计划", "proposed")
    _demand_possible(doing, debt_of(case, found.loan_id), found)
    if Plan.objects.filter(case=case, loan_id=found.loan_id, state="agreed").exists():
        raise Refused(f"loan {found.loan_id} has a plan that holds; end it before another is agreed", f"贷款 {found.loan_id} 已有生效的分期计划；请先终止再订立新计划")
    if sum(waived_by(found).values()) and approval is None:
        raise Refused(f"plan {plan} waives {sum(waived_by(found).values())}; that needs an approval: approval.ask, kind waiver, subject {plan}",
                      f"分期计划 {plan} 减免 {sum(waived_by(found).values())}；须经审批：approval.ask，kind 为 waiver，subject 为 {plan}")
    if approval is not None:
        use_approval(doing, approval, ("waiver", "plan"), str(plan), terms_of(found), case)
    Plan.objects.filter(pk=plan).update(state="agreed", agreed_on=doing.today)
    return {"plan": plan, "agreed_on": doing.today}


@action("plan.end", on="case", needs_reason=True)
def end_plan(doing: Doing, case: Case, *, plan: UUID) -> dict:
    """A plan that held no longer does, from today on; one that was only proposed is refused. Raises Refused where it is over already."""
    found = row_of(Plan, case, plan, "plan", "分期计划", alone=True)
    demand_state(found, "plan", "分期计划", "agreed", "proposed", "broken")
    if found.state == "proposed":
        Plan.objects.filter(pk=plan).update(state="refused", ended_on=doing.today)
    else:
        Plan.objects.filter(pk=plan).update(state="ended", ended_on=doing.today)
    return {"plan": plan, "ended_on": doing.today}


def _demand_possible(doing: Doing, debt: Debt, plan: Plan) -> None:
    """Raises Refused where the plan could no longer be proposed as it stands."""
    demand_waived(debt, waived_by(plan))
    demand_instalments(debt, [{"due_on": day_of_text(one["due_on"]), "amount_minor": one["amount_minor"]} for one in plan.instalments], waived_by(plan), doing.today)
