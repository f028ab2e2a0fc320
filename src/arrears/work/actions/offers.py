"""What is offered to a debtor, until it is taken, taken back, or over. An offer changes no debt."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

import pydantic
from pydantic import Field, JsonValue
from typing_extensions import TypedDict

from arrears.refusal import Refused
from arrears.tables.plans import PLANS
from arrears.work.actions.action import Doing, action, faults_of
from arrears.work.actions.rows import LoanId, debt_of, demand_open, demand_state, row_of
from arrears.work.models import Case, Debt, Offer

Minor = Annotated[int, Field(ge=1, le=2**62)]
NotNegative = Annotated[int, Field(ge=0, le=2**62)]
INSTALMENTS_MOST = next(int(column.most) for column in PLANS.columns if column.name == "number")
"""As many as the table plans takes."""
PARTS = {"waived_penalty_minor": "penalty_minor", "waived_interest_minor": "due_interest_minor", "waived_fee_minor": "due_fee_minor"}
"""What may be waived, and the column of the position that says how much of it there is."""


class Instalment(TypedDict):
    """One part of a plan: what is to be paid, and the last day on which paying it is on time."""

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    due_on: date
    amount_minor: Minor


class _InParts(TypedDict):
    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    instalments: Annotated[list[Instalment], Field(min_length=1, max_length=INSTALMENTS_MOST)]


class _Later(TypedDict):
    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    pay_by_on: date


class _Waived(TypedDict, total=False):
    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    waived_penalty_minor: NotNegative
    waived_interest_minor: NotNegative
    waived_fee_minor: NotNegative


class _Settled(TypedDict):
    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    amount_minor: Minor
    pay_by_on: date


@action("offer.make", on="case")
def make_offer(doing: Doing, case: Case, *, loan_id: LoanId, kind: Literal["instalments", "date_shift", "waiver", "settlement"], terms: dict[str, JsonValue], expires_on: date) -> dict:
    """The offer stands until expires_on, the first day on which it no longer does.

    terms, by kind: instalments [{due_on, amount_minor}]; date_shift pay_by_on; waiver waived_penalty_minor, waived_interest_minor, waived_fee_minor; settlement amount_minor, pay_by_on.
    Raises Refused where the terms are not of the kind, ask more than may be asked, waive more than there is, or speak of the past.
    """
    demand_open(case)
    debt = debt_of(case, loan_id)
    if expires_on <= doing.today:
        raise Refused(f"an offer that ends on {expires_on} never stands; name a later day", f"方案于 {expires_on} 失效，等于从未有效；请选择更晚的日期")
    read = _read(kind, terms)
    _CHECKS[kind](debt, read, doing.today)
    offer = Offer.objects.create(lender=case.lender, case=case, loan_id=loan_id, kind=kind, terms=plain(read), made_on=doing.today, expires_on=expires_on, made_by_id=doing.actor.account)
    return {"offer": offer.id}


@action("offer.withdraw", on="case")
def withdraw_offer(doing: Doing, case: Case, *, offer: UUID) -> dict:
    """The offer no longer stands. Raises Refused where it was taken, or is over already."""
    demand_state(row_of(Offer, case, offer, "offer", "方案", alone=True), "offer", "方案", "open")
    Offer.objects.filter(pk=offer).update(state="withdrawn")
    return {"offer": offer}


def standing_offer(doing: Doing, case: Case, offer: UUID, loan_id: str) -> Offer:
    """The offer of that loan, which stands today; raises Refused where it does not."""
    found = row_of(Offer, case, offer, "offer", "方案", alone=True)
    demand_state(found, "offer", "方案", "open")
    if found.loan_id != loan_id or found.expires_on <= doing.today:
        raise Refused(f"offer {offer} is of loan {found.loan_id} and stood until {found.expires_on}; make a new one", f"方案 {offer} 属于贷款 {found.loan_id}，有效至 {found.expires_on} 之前；请重新提出")
    return found


def plain(read: Any) -> Any:
    """The same as JSON has it: days as text."""
    if isinstance(read, dict):
        return {name: plain(value) for name, value in read.items()}
    return [plain(one) for one in read] if isinstance(read, list) else str(read) if isinstance(read, date) else read


def demand_instalments(debt: Debt, instalments: list[Instalment], waived: dict[str, int], today: date) -> None:
    """Raises Refused unless the parts are of days that rise from today on, and sum to no more than may be asked less what is waived."""
    days = [one["due_on"] for one in instalments]
    if days[0] < today or any(later <= earlier for earlier, later in zip(days, days[1:], strict=False)):
        raise Refused(f"loan {debt.loan_id}: the days of the instalments rise, each later than the one before, the first no earlier than {today}",
                      f"贷款 {debt.loan_id}：分期日期须逐期递增，首期不得早于 {today}")
    most, whole = debt.claimable_minor - sum(waived.values()), sum(one["amount_minor"] for one in instalments)
    if whole > most:
        raise Refused(f"loan {debt.loan_id}: the instalments sum to {whole}, but {debt.claimable_minor} may be asked and {sum(waived.values())} of it is waived: at most {most}",
                      f"贷款 {debt.loan_id}：分期合计 {whole}，可主张 {debt.claimable_minor}，其中减免 {sum(waived.values())}：至多 {most}")


def demand_waived(debt: Debt, waived: dict[str, int]) -> None:
    """Raises Refused where more of a part would be waived than the position has of it; a part that the position does not tell is none."""
    for name, column in PARTS.items():
        there = debt.position.get(column) or 0
        if not 0 <= waived[name] <= there:
            raise Refused(f"loan {debt.loan_id}: {name} is {waived[name]}, of which {there} is due; waive no more than there is",
                          f"贷款 {debt.loan_id}：{name} 为 {waived[name]}，而应收仅 {there}；减免不得超过应收")


def _check_parts(debt: Debt, read: dict, today: date) -> None:
    demand_instalments(debt, read["instalments"], {}, today)


def _check_day(debt: Debt, read: dict, today: date) -> None:
    if read["pay_by_on"] <= today:
        raise Refused(f"loan {debt.loan_id}: {read['pay_by_on']} is no later day", f"贷款 {debt.loan_id}：{read['pay_by_on']} 并非更晚的日期")


def _check_waiver(debt: Debt, read: dict, today: date) -> None:
    waived = {name: read.get(name, 0) for name in PARTS}
    demand_waived(debt, waived)
    if not sum(waived.values()):
        raise Refused(f"loan {debt.loan_id}: nothing is waived", f"贷款 {debt.loan_id}：没有减免任何金额")


def _check_settlement(debt: Debt, read: dict, today: date) -> None:
    _check_day(debt, read, today)
    if read["amount_minor"] > debt.claimable_minor:
        raise Refused(f"loan {debt.loan_id}: {read['amount_minor']} is offered, {debt.claimable_minor} may be asked; a settlement is of no more", f"贷款 {debt.loan_id}：提出 {read['amount_minor']}，可主张 {debt.claimable_minor}；和解金额不得超过可主张金额")


_TERMS = {"instalments": _InParts, "date_shift": _Later, "waiver": _Waived, "settlement": _Settled}
_CHECKS: dict[str, Callable[[Debt, dict, date], None]] = {"instalments": _check_parts, "date_shift": _check_day, "waiver": _check_waiver, "settlement": _check_settlement}


@cache
def _reader(kind: str) -> pydantic.TypeAdapter:
    return pydantic.TypeAdapter(_TERMS[kind])


def _read(kind: str, terms: dict) -> dict:
    try:
        return _reader(kind).validate_python(terms)
    except pydantic.ValidationError as wrong:
        faults = faults_of(wrong)
        raise Refused(f"offer.make: the terms of {kind} are not as they should be ({faults}); nothing was changed", f"offer.make：{kind} 的条款有误（{faults}）；未作任何更改") from None
