"""Promises to pay, taken and withdrawn. Whether one is kept is told by payments alone."""

from datetime import date

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.models import Case, Debt, Promise

DAYS_AHEAD_MOST = 92
"""The operator's own choice: what is promised for later than a quarter is a plan."""


@action("promise.take", on="case")
def take_promise(doing: Doing, case: Case, *, loan_id: str, amount_minor: int, pay_by_on: date) -> dict:
    """The debtor promised to pay the amount of one debt by the day. Raises Refused where the debt is not of the case, or the promise is of nothing, too much, the past or too far ahead."""
    debt = debt_of(case, loan_id)
    if not 0 < amount_minor <= debt.claimable_minor:
        raise Refused(f"loan {loan_id}: {amount_minor} is promised, {debt.claimable_minor} may be asked; a promise is of something, and of no more than that",
                      f"贷款 {loan_id}：承诺 {amount_minor}，可主张 {debt.claimable_minor}；承诺金额应大于零且不超过可主张金额")
    ahead = (pay_by_on - doing.today).days
    if not 0 <= ahead <= DAYS_AHEAD_MOST:
        raise Refused(f"loan {loan_id}: {pay_by_on} is {'past' if ahead < 0 else f'more than {DAYS_AHEAD_MOST} days ahead'}; name a day from today on, or agree a plan",
                      f"贷款 {loan_id}：{pay_by_on} {'已过' if ahead < 0 else f'超过 {DAYS_AHEAD_MOST} 天'}；请选择今日及以后的日期，或订立分期计划")
    promise = Promise.objects.create(lender=case.lender, case=case, loan_id=loan_id, promised_on=doing.today, pay_by_on=pay_by_on, currency=debt.currency,
                                     amount_minor=amount_minor, taken_by_id=doing.actor.account)
    return {"promise": promise.id}


def debt_of(case: Case, loan_id: str) -> Debt:
    """The debt of the case with that loan; raises Refused where the case has none."""
    debt = Debt.objects.filter(case=case, loan_id=loan_id).first()
    if debt is None:
        raise Refused(f"loan {loan_id} is not of this case; choose one of its debts", f"贷款 {loan_id} 不属于本案件；请从其债务中选择")
    return debt
