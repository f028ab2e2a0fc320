"""Promises to pay, taken and withdrawn. Whether one is kept is told by payments alone (settlements.py)."""

from datetime import date
from typing import Literal
from uuid import UUID

from arrears.money import in_major_units
from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.reminders import forget, remind, wait
from arrears.work.actions.rows import LoanId, debt_of, demand_open, demand_state, row_of
from arrears.work.models import Case, Promise
from arrears.work.models.dealings import PAY_CHANNELS
from arrears.work.talk_outcomes import morning, reminded_on

DAYS_AHEAD_MOST = 92
"""The operator's own choice: what is promised for later than a quarter is a plan."""


@action("promise.take", on="case")
def take_promise(doing: Doing, case: Case, *, loan_id: LoanId, amount_minor: int, pay_by_on: date, pay_channel: Literal[PAY_CHANNELS] | None = None) -> dict:
    """The debtor promised to pay the amount of one debt by the day. A reminder is set, and until then nobody is handed the case.

    Raises Refused where the debt is not of the case, or the promise is of nothing, too much, the past or too far ahead.
    """
    demand_open(case)
    debt = debt_of(case, loan_id)
    if not 0 < amount_minor <= debt.claimable_minor:
        said, most = in_major_units(amount_minor, debt.currency), f"{in_major_units(debt.claimable_minor, debt.currency)} {debt.currency}"
        raise Refused(f"loan {loan_id}: {said} is promised, {most} may be asked; a promise is of something, and of no more than that",
                      f"贷款 {loan_id}：承诺 {said}，可主张 {most}；承诺金额应大于零且不超过可主张金额")
    ahead = (pay_by_on - doing.today).days
    if not 0 <= ahead <= DAYS_AHEAD_MOST:
        raise Refused(f"loan {loan_id}: {pay_by_on} is {'past' if ahead < 0 else f'more than {DAYS_AHEAD_MOST} days ahead'}; name a day from today on, or agree a plan",
                      f"贷款 {loan_id}：{pay_by_on} {'已过' if ahead < 0 else f'超过 {DAYS_AHEAD_MOST} 天'}；请选择今日及以后的日期，或订立分期计划")
    promise = Promise.objects.create(lender=case.lender, case=case, loan_id=loan_id, promised_on=doing.today, pay_by_on=pay_by_on, currency=debt.currency,
                                     amount_minor=amount_minor, taken_by_id=doing.actor.account, pay_channel=pay_channel)
    due_at = morning(reminded_on(pay_by_on, doing.today))
    remind(doing, case, "promise_due", due_at, subject=promise.id)
    waiting = case.ready_at is not None and case.ready_why == "promise_due" and case.ready_at > doing.now
    wait(case, min(case.ready_at, due_at) if waiting else due_at, "promise_due")
    return {"promise": promise.id}


@action("promise.withdraw", on="case")
def withdraw_promise(doing: Doing, case: Case, *, promise: UUID) -> dict:
    """The promise is taken as not given: it was put down wrongly, or the debtor took it back before its day. Raises Refused once payments or its day have spoken."""
    found = row_of(Promise, case, promise, "promise", "承诺", alone=True)
    demand_state(found, "promise", "承诺", "open")
    if found.pay_by_on < doing.today:
        raise Refused(f"promise {promise} was for {found.pay_by_on}, which is past; payments tell what became of it", f"承诺 {promise} 的日期 {found.pay_by_on} 已过；是否履约由还款决定")
    Promise.objects.filter(pk=promise).update(state="withdrawn")
    forget(doing, case, promise)
    if case.ready_why == "promise_due":
        wait(case, None, None)
    return {"promise": promise}
