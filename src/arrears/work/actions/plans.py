"""Plans: instalments, a later date, a waiver or a settlement agreed for what is overdue. A plan never changes days past due; whether it is kept is told by payments (settlements.py).

What may be agreed at all is the law's and the strategy's (offer_limits.py, plan_calculator.py); by whom, the authority matrix's (authority.py).
"""

from typing import Annotated
from uuid import UUID

from django.conf import settings
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
from arrears.work.actions.rows import LoanId, debt_of, demand_open, demand_state, row_of, words_of
from arrears.work.authority import Matrix, Terms, alone_by, deciders, matrix_of
from arrears.work.models import Case, Debt, Offer, Plan
from arrears.work.offer_limits import limits_of, owed_of, told_of
from arrears.work.plan_calculator import Limits, beyond_of
from arrears.work.plan_terms import authority_terms, day_of_text, roles_in_words, terms_of, waived_by, waived_of

_BEYOND = {
    "kind": ("this kind of plan", "此类方案"), "instalments": ("the number of parts", "期数"), "shift_days": ("the first day", "首期日"), "gap_days": ("the time between parts", "期间间隔"),
    "penalty": ("the penalty waived", "减免罚息"), "interest": ("the interest waived", "减免利息"), "fee": ("the fee waived", "减免费用"), "principal": ("the principal waived", "减免本金"),
}


@action("plan.propose", on="case")
def propose_plan(doing: Doing, case: Case, *, loan_id: LoanId, instalments: Annotated[list[Instalment], Field(min_length=1, max_length=INSTALMENTS_MOST)],
                 kind: words_of("kind", Plan) = "instalments", waived_penalty_minor: NotNegative = 0, waived_interest_minor: NotNegative = 0, waived_fee_minor: NotNegative = 0,
                 waived_principal_minor: NotNegative = 0, offer: UUID | None = None) -> dict:
    """The plan lies ready to be agreed; it is never changed after. offer: which offer it takes up. Answers whether this actor needs an approval to agree it, and which roles may give one.

    Raises Refused where days do not rise from today on, the instalments sum to more than may be asked less what is waived, or to less where anything is, more is waived than there is, principal but by a
    settlement, or it goes beyond the strategy's offers and nobody has the authority to grant that.
    """
    demand_open(case)
    debt = debt_of(case, loan_id)
    waived = dict(zip(PARTS, (waived_penalty_minor, waived_interest_minor, waived_fee_minor), strict=True))
    _demand_kind(debt, kind, instalments, waived, waived_principal_minor)
    demand_waived(debt, waived)
    demand_instalments(debt, instalments, {**waived, "waived_principal_minor": waived_principal_minor}, doing.today)
    limits, strategy = limits_of([debt], case.lender, doing.now, doing.today)
    row = limits[debt.pk]
    beyond = beyond_of(kind, [one["due_on"] for one in instalments], waived_of(waived, waived_principal_minor), row, doing.today)
    matrix = matrix_of(settings.ARREARS[0], case.lender)
    terms = Terms(kind, debt.currency, sum(one["amount_minor"] for one in instalments), sum(waived.values()), waived_principal_minor, beyond)
    _demand_grantable(matrix, terms, row)
    if offer is not None:
        standing_offer(doing, case, offer, loan_id)
        Offer.objects.filter(pk=offer).update(state="taken")
    numbered = [{"number": number, **plain(one)} for number, one in enumerate(instalments, start=1)]
    plan = Plan.objects.create(
        lender=case.lender, case=case, loan_id=loan_id, kind=kind, currency=debt.currency, instalments=numbered, **waived, waived_principal_minor=waived_principal_minor,
        owed=told_of(debt), offer_row=row.row, strategy=strategy, beyond=list(beyond), proposed_on=doing.today, proposed_by_id=doing.actor.account)
    alone = alone_by(matrix, doing.actor.roles, terms)
    return {"plan": plan.id, "needs_approval": alone is None, "deciders": [] if alone else list(deciders(matrix, terms))}


@action("plan.agree", on="case")
def agree_plan(doing: Doing, case: Case, *, plan: UUID, approval: UUID | None = None) -> dict:
    """The plan holds from today on. approval: of exactly its terms, by somebody else than who asked; it is used up.

    Raises Refused where it is not just proposed, its first day is past, more is now asked by it than may be, another plan of the loan holds, or it is beyond what the actor may agree alone
    and no such approval is named.
    """
    demand_open(case)
    found = row_of(Plan, case, plan, "plan", "分期计划", alone=True)
    demand_state(found, "plan", "分期计划", "proposed")
    _demand_possible(doing, debt_of(case, found.loan_id), found)
    if Plan.objects.filter(case=case, loan_id=found.loan_id, state="agreed").exists():
        raise Refused(f"loan {found.loan_id} has a plan that holds; end it before another is agreed", f"贷款 {found.loan_id} 已有生效的分期计划；请先终止再订立新计划")
    matrix, terms = matrix_of(settings.ARREARS[0], case.lender), authority_terms(found)
    if approval is None and alone_by(matrix, doing.actor.roles, terms) is None:
        raise _needs_approval(plan, terms, deciders(matrix, terms))
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


def _demand_kind(debt: Debt, kind: str, instalments: list[Instalment], waived: dict[str, int], principal: int) -> None:
    """Raises Refused where the parts or what is waived are not of the kind, or principal would be touched."""
    owed, whole, given = owed_of(debt), sum(one["amount_minor"] for one in instalments), sum(waived.values())
    if principal and kind != "settlement":
        raise Refused(f"loan {debt.loan_id}: principal is waived by a settlement alone, not by {kind}", f"贷款 {debt.loan_id}：仅和解可涉及本金减免，{kind} 不可减免本金")
    if given > owed.charges_minor:
        raise Refused(f"loan {debt.loan_id}: {given} would be waived, but of what may be asked only {owed.charges_minor} is interest, penalty or fee; waive no more: principal stays owed",
                      f"贷款 {debt.loan_id}：拟减免 {given}，而可主张金额中息费仅 {owed.charges_minor}；请勿超出：本金不予减免")
    if kind == "instalments" and not given:
        return
    if kind != "instalments" and len(instalments) != 1:
        raise Refused(f"loan {debt.loan_id}: a plan of kind {kind} has one day and one sum, not {len(instalments)}", f"贷款 {debt.loan_id}：{kind} 方案仅有一个日期与一笔金额，而非 {len(instalments)} 笔")
    if whole + given + principal != debt.claimable_minor:
        raise Refused(f"loan {debt.loan_id}: {whole} is paid and {given + principal} waived of {debt.claimable_minor} that may be asked; a plan of kind {kind}{', which waives something,' if kind == 'instalments' else ''} leaves nothing over: correct the sum",
                      f"贷款 {debt.loan_id}：应还 {whole}、减免 {given + principal}，与可主张金额 {debt.claimable_minor} 不符；{'含减免的' if kind == 'instalments' else ''}{kind} 方案须合计相符：请更正金额")
    if kind == "waiver" and not given:
        raise Refused(f"loan {debt.loan_id}: nothing is waived", f"贷款 {debt.loan_id}：没有减免任何金额")


def _demand_grantable(matrix: Matrix, terms: Terms, row: Limits) -> None:
    """Raises Refused where nobody may grant what goes beyond the strategy's offers, naming what does and how far the row goes."""
    if not terms.beyond or deciders(matrix, terms):
        return
    en, zh = (sep.join(_BEYOND[name][place] for name in terms.beyond) for place, sep in ((0, ", "), (1, "、")))
    if row.row is None:
        raise Refused(f"no strategy of a night is known here yet, so nothing can be offered ({en}); take in a night first (arrears cases)", f"尚未接收含策略的夜批，无法提供方案（{zh}）；请先接收夜批")
    raise Refused(
        f"{en}: beyond what the strategy offers here (row {row.row}: at most {row.instalments_most} parts, {row.shift_days_most} days later, {row.penalty_most_minor} of penalty, {row.interest_most_minor} of "
        "interest), and nobody may grant more; the same is offered to everyone who meets the criteria: choose terms within it",
        f"{zh}：超出策略可提供的范围（适用行 {row.row}：至多 {row.instalments_most} 期、延后 {row.shift_days_most} 天、减免罚息 {row.penalty_most_minor}、减免利息 {row.interest_most_minor}，最小货币单位），且无人有权批准；"
        "符合同等条件者适用同等方案：请在范围内调整")


def _needs_approval(plan: UUID, terms: Terms, who: tuple[str, ...]) -> Refused:
    kind = "waiver" if terms.waived_minor or terms.principal_minor else "plan"
    by_en, by_zh = roles_in_words(who)
    return Refused(f"plan {plan} ({terms.kind}, {terms.put_off_minor} to pay, {terms.waived_minor + terms.principal_minor} waived) is beyond what you may agree alone; it needs an approval by {by_en}: "
                   f"approval.ask, kind {kind}, subject {plan}",
                   f"分期计划 {plan}（{terms.kind}，应还 {terms.put_off_minor}，减免 {terms.waived_minor + terms.principal_minor}）超出您可独立决定的权限；须由{by_zh}审批：approval.ask，kind 为 {kind}，subject 为 {plan}")


def _demand_possible(doing: Doing, debt: Debt, plan: Plan) -> None:
    """Raises Refused where the plan could no longer be proposed as it stands: less may be asked now, or its first day is past."""
    waived, days = waived_by(plan), [{"due_on": day_of_text(one["due_on"]), "amount_minor": one["amount_minor"]} for one in plan.instalments]
    demand_waived(debt, waived)
    demand_instalments(debt, days, {**waived, "waived_principal_minor": plan.waived_principal_minor}, doing.today)
