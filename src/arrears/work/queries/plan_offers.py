"""What may be offered in a case at this moment, loan by loan, with the reason; and who may grant a plan before anybody asks for one."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings

from arrears.days import moment_of
from arrears.work.actions.action import NOT_VISIBLE, ZONE, Forbidden
from arrears.work.actor import Actor
from arrears.work.authority import Terms, alone_by, deciders, matrix_of
from arrears.work.models import Case, Debt, Offer, Plan
from arrears.work.offer_limits import limits_of, owed_of
from arrears.work.plan_calculator import Limits, Owed, Sheet
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by


@dataclass(frozen=True)
class LoanOffer:
    """One loan: what may be asked of it as of a night, what may be offered for it now, and the plan and the re-offer that stand, where there are any."""

    loan_id: str
    product: str
    as_of: date
    days_past_due: int
    bucket: str
    owed: Owed
    limits: Limits
    holding: UUID | None
    proposed: UUID | None
    offered_again: UUID | None


@dataclass(frozen=True)
class Granting:
    """Who may grant a plan. alone: the reader may agree it without anybody; row_zh, row_en: the line of the matrix that says so; deciders: roles that may approve it otherwise."""

    alone: bool
    row_zh: str
    row_en: str
    deciders: tuple[str, ...]
    source: str


def today_of(now: int) -> date:
    """The lender's business day at that moment, in microseconds."""
    return moment_of(now).astimezone(ZONE).date()


def plan_offers(actor: Actor, case: UUID, now: int) -> list[LoanOffer]:
    """Every loan of the case, by loan id. As many queries for one as for many. Raises Forbidden where the actor may see no such case."""
    at, today = moment_of(now), today_of(now)
    with seen_by(actor):
        if not Case.objects.filter(filter_for(actor, "case.view", Case), lender=actor.lender, pk=case).exists():
            raise Forbidden(f"there is no case {case} among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有案件 {case}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
        debts = list(Debt.objects.filter(case=case).order_by("loan_id"))
        limits, _ = limits_of(debts, actor.lender, at, today)
        plans = {(loan, state): key for key, loan, state in Plan.objects.filter(case=case, state__in=("agreed", "proposed")).order_by("proposed_on", "id").values_list("id", "loan_id", "state")}
        again = dict(Offer.objects.filter(case=case, state="open", expires_on__gt=today, reoffers__isnull=False).order_by("made_on", "id").values_list("loan_id", "id"))
    return [LoanOffer(debt.loan_id, debt.product, debt.as_of, debt.days_past_due, debt.bucket, owed_of(debt), limits[debt.pk], plans.get((debt.loan_id, "agreed")), plans.get((debt.loan_id, "proposed")),
                      again.get(debt.loan_id)) for debt in debts]


def granting_of(actor: Actor, terms: Terms) -> Granting:
    """Who may grant a plan of these terms, by the lender's matrix. Raises BadYaml where the lender's own file is wrong."""
    matrix = matrix_of(settings.ARREARS[0], actor.lender)
    row = alone_by(matrix, actor.roles, terms)
    return Granting(row is not None, row.zh if row else "", row.en if row else "", deciders(matrix, terms), matrix.source)


def terms_of_sheet(sheet: Sheet) -> Terms:
    """What authority asks of a plan that was only reckoned."""
    return Terms(sheet.kind, sheet.currency, sheet.paid_minor, sheet.waived_penalty_minor + sheet.waived_interest_minor + sheet.waived_fee_minor, sheet.waived_principal_minor, sheet.beyond)
