"""A broken plan is offered again without a person, within what the strategy offers and as often as the operator lets it; else the case is back in the queue as any other.

Nothing is agreed by it: an offer stands for some days, and the debtor says yes or it lapses. It waives nothing; what the broken plan would have waived was for keeping it.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Exists, OuterRef

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.models import Debt, Hold, Lender, Offer, Plan
from arrears.work.offer_limits import limits_of
from arrears.work.own_choices import whole_numbers
from arrears.work.plan_calculator import FIRST_DAYS_MOST, GAP_DAYS_MOST, Limits, days_of, shares


@dataclass(frozen=True)
class Policy:
    """How often and how a broken plan is offered again; no text gives a number: the operator's own choice, section plans of settings.yaml.

    reoffers_most: times a loan within a year; offer_days: so long the offer stands; first_days: from the offer to its first day.
    """

    reoffers_most: int = 2
    offer_days: int = 7
    first_days: int = 10


_YEAR_DAYS = 365


def read_policy(home: Path) -> Policy:
    """What home/settings.yaml says under `plans:`; the defaults where it says nothing. Raises Refused or BadYaml."""
    read = Policy(**whole_numbers(home, "plans", asdict(Policy()), 365))
    if not 1 <= read.offer_days or read.first_days < read.offer_days:
        raise Refused(f"{home / 'settings.yaml'}: plans: an offer stands a day at least, and its first day is no earlier than the offer ends (offer_days {read.offer_days}, first_days {read.first_days})",
                      f"{home / 'settings.yaml'}：plans：方案至少有效一天，且首期日不得早于方案失效日（offer_days {read.offer_days}，first_days {read.first_days}）")
    if read.first_days > FIRST_DAYS_MOST:
        raise Refused(f"{home / 'settings.yaml'}: plans: first_days is {read.first_days}; no plan may begin later than {FIRST_DAYS_MOST} days ahead, so the offer could never be taken",
                      f"{home / 'settings.yaml'}：plans：first_days 为 {read.first_days}；方案首期日不得晚于 {FIRST_DAYS_MOST} 天，否则该方案无法被接受")
    return read


@action("plan.reoffer", on="lender")
def reoffer_plans(doing: Doing, lender: Lender, *, as_of: date) -> dict:
    """Each broken plan that nothing followed yet has an offer in its place where the strategy offers instalments for its loan now, or its case is as any other again. Answers how many were offered again, and how many returned, by why.

    as_of: the day up to which plan.settle told. Looked at once: a plan that was offered again, or followed by another, is not again. Nobody under a hold is offered anything. Raises Refused for a day to come.
    """
    if as_of > doing.today:
        raise Refused(f"{as_of} is still to come; offer again for a day that has ended", f"{as_of} 尚未到来；请按已结束的营业日处理")
    policy = read_policy(settings.ARREARS[0])
    Lender.objects.select_for_update(no_key=True).get(code=lender.code)
    plans = _broken(lender.code, doing.today)
    if not plans:
        return {"offered_again": 0}
    debts = {(debt.case_id, debt.loan_id): debt for debt in Debt.objects.filter(lender=lender.code, case__in={plan.case_id for plan in plans}, loan_id__in={plan.loan_id for plan in plans})}
    held = set(Hold.objects.filter(case__in={plan.case_id for plan in plans}, lifted_at=None).values_list("case", flat=True))
    often = _offered_again(lender.code, {plan.loan_id for plan in plans}, doing.today)
    limits, _ = limits_of(debts.values(), lender.code, doing.now, doing.today)
    made, why = [], {}
    for plan in plans:
        debt = debts.get((plan.case_id, plan.loan_id))
        reason, parts = _parts(plan, debt, limits[debt.pk] if debt else Limits(None), policy, doing.today, plan.case_id in held, often.get(plan.loan_id, 0))
        if parts is None:
            why[reason] = why.get(reason, 0) + 1
            continue
        made.append(Offer(lender=lender.code, case_id=plan.case_id, loan_id=plan.loan_id, kind="instalments", terms={"instalments": parts}, made_on=doing.today,
                          expires_on=doing.today + timedelta(days=policy.offer_days), reoffers=plan))
    Offer.objects.bulk_create(made)
    return {"offered_again": len(made), **dict(sorted(why.items()))}


def _broken(lender: str, today: date) -> list[Plan]:
    """Plans that broke, were offered again by nobody yet, that no later plan of the loan followed, and whose case is open and processed."""
    later = Plan.objects.filter(case=OuterRef("case"), loan_id=OuterRef("loan_id"), state__in=("proposed", "agreed", "kept"), proposed_on__gte=OuterRef("agreed_on")).exclude(pk=OuterRef("pk"))
    rows = Plan.objects.filter(lender=lender, state="broken", case__state="open", case__frozen_at=None, agreed_on__gte=today - timedelta(days=_YEAR_DAYS))
    return list(rows.filter(~Exists(later), ~Exists(Offer.objects.filter(reoffers=OuterRef("pk")))).order_by("id"))


def _offered_again(lender: str, loans: set[str], today: date) -> dict[str, int]:
    found = Offer.objects.filter(lender=lender, loan_id__in=loans, reoffers__isnull=False, made_on__gt=today - timedelta(days=_YEAR_DAYS)).values_list("loan_id").annotate(times=Count("id"))
    return dict(found)


def _parts(plan: Plan, debt: Debt | None, limits: Limits, policy: Policy, today: date, is_held: bool, times: int) -> tuple[str, list[dict] | None]:
    """The parts of the new offer; or why there is none: on_hold, nothing_to_ask, often_enough, not_offered."""
    if is_held:
        return "on_hold", None
    if debt is None or debt.claimable_minor <= 0:
        return "nothing_to_ask", None
    if times >= policy.reoffers_most:
        return "often_enough", None
    left = sum(1 for one in plan.instalments if date.fromisoformat(one["due_on"]) >= today)
    number = min(max(2, left + 1), limits.instalments_most, debt.claimable_minor)
    if number < 2:
        return "not_offered", None
    days, _ = days_of(today + timedelta(days=policy.first_days), number, _rhythm(plan), False)
    return "", [{"due_on": day.isoformat(), "amount_minor": amount} for day, amount in zip(days, shares(debt.claimable_minor, number), strict=True)]


def _rhythm(plan: Plan) -> str:
    """The rhythm of the broken plan, by the days between its first two parts; monthly where it has one."""
    days = sorted(date.fromisoformat(one["due_on"]) for one in plan.instalments)[:2]
    gap = (days[1] - days[0]).days if len(days) == 2 else GAP_DAYS_MOST
    return "weekly" if gap <= 10 else "fortnightly" if gap <= 20 else "monthly"

