"""What may be offered for a debt now: the strategy of the last night that was taken in, asked with what the work plane knows at this moment.

The same row fits as would at night, by the same function: on published criteria alone (strategy/fair_offers.py), so two people equal in these are offered the same.

bucket, days_past_due, claimable   of the debt, as the last night found it
hardship                           yes where a hardship review or the mark of a vulnerable person stands on the case, or was placed within HARDSHIP_DAYS   strategy/late_loans.py
kept_plans                         plans of the loan that were kept so far, told by payments                                                       plan_progress.py
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

import polars as pl

from arrears.strategy.conditions import FIELDS, first_fit
from arrears.strategy.late_loans import HARDSHIP_DAYS
from arrears.strategy.reading import strategy_from
from arrears.strategy.strategy import Strategy
from arrears.work.models import Debt, Hold, NightStrategy, Payment, Plan
from arrears.work.plan_calculator import Limits, Owed, most_of
from arrears.work.plan_progress import is_kept

HARDSHIP_KINDS = ("hardship_review", "vulnerable")


@lru_cache(maxsize=32)
def _read(digest: str, text: str) -> Strategy:
    return strategy_from(text, f"strategy {digest[:8]}")


def strategy_now(lender: str) -> tuple[str, Strategy] | None:
    """Digest and strategy of the last night that was taken in; None where no night brought one."""
    kept = NightStrategy.objects.filter(lender=lender).order_by("-as_of", "-first_as_of").values_list("digest", "text").first()
    return None if kept is None else (kept[0], _read(*kept))


def owed_of(debt: Debt) -> Owed:
    """What may be asked of the debt, and its parts; a part that the position does not tell is none, and what is told of no part is principal."""
    told = {name: debt.position.get(name) or 0 for name in ("penalty_minor", "due_interest_minor", "due_fee_minor")}
    principal = debt.position.get("due_principal_minor")
    if principal is None:
        principal = max(0, debt.claimable_minor - sum(told.values()))
    return Owed(debt.currency, debt.claimable_minor, told["penalty_minor"], told["due_interest_minor"], told["due_fee_minor"], min(principal, debt.claimable_minor))


def told_of(debt: Debt) -> dict[str, int | str]:
    """Of what the debt is made, as a plan keeps it: amounts in minor units by part, days past due, and the night they are of."""
    owed = owed_of(debt)
    return {"as_of": debt.as_of.isoformat(), "days_past_due": debt.days_past_due, "product": debt.product, "claimable_minor": owed.claimable_minor, "principal_minor": owed.principal_minor,
            "interest_minor": owed.interest_minor, "fee_minor": owed.fee_minor, "penalty_minor": owed.penalty_minor, "excess_minor": debt.position.get("excess_minor") or 0}


def limits_of(debts: Iterable[Debt], lender: str, now: datetime, today: date) -> tuple[dict[UUID, Limits], str | None]:
    """By debt what may be offered for it, and the digest of the strategy that says so. As many queries for one debt as for many. To be called where the lender is seen."""
    debts = list(debts)
    found = strategy_now(lender)
    if found is None or not found[1].offers or not debts:
        return {debt.pk: Limits(None) for debt in debts}, found and found[0]
    digest, strategy = found
    offers = first_fit(tuple(one.when for one in strategy.offers), _facts(debts, strategy, now, today))
    limits = {}
    for debt, place in zip(debts, offers, strict=True):
        row, owed = strategy.offers[int(place)], owed_of(debt)
        limits[debt.pk] = Limits(row.name, row.instalments_most, row.shift_days_most, min(most_of(row.waive_penalty_ppm, owed.penalty_minor), owed.charges_minor),
                                 min(most_of(row.waive_interest_ppm, owed.interest_minor), owed.charges_minor), row.reason_zh, row.reason_en)
    return limits, digest


def _facts(debts: list[Debt], strategy: Strategy, now: datetime, today: date) -> pl.DataFrame:
    """One row a debt with every field of a condition: those that an offer may rest on as they are now, all others unknown, which fit nothing."""
    hard = _in_hardship({debt.case_id for debt in debts}, now)
    kept = kept_plans(debts, today)
    told = {"bucket": [debt.bucket for debt in debts], "days_past_due": [debt.days_past_due for debt in debts], "claimable": [debt.claimable_minor for debt in debts],
            "hardship": ["yes" if debt.case_id in hard else "no" for debt in debts], "kept_plans": [kept[debt.pk] for debt in debts]}
    columns = {name: pl.Series(name, told.get(name, [None] * len(debts)), dtype=pl.String if field.kind == "text" else pl.Float64 if field.is_share else pl.Int64)
               for name, field in FIELDS.items() if name != "segment"}
    frame = pl.DataFrame(list(columns.values()))
    if not strategy.segments:
        return frame.with_columns(segment=pl.lit(None, pl.String))
    places = first_fit(tuple(one.when for one in strategy.segments), frame)
    return frame.with_columns(segment=pl.Series([strategy.segments[int(place)].name for place in places], dtype=pl.String))


def _in_hardship(cases: set[UUID], now: datetime) -> set[UUID]:
    placed = Hold.objects.filter(case__in=cases, kind__in=HARDSHIP_KINDS).values_list("case", "placed_at", "lifted_at")
    return {case for case, placed_at, lifted_at in placed if lifted_at is None or placed_at > now - timedelta(days=HARDSHIP_DAYS)}


def kept_plans(debts: list[Debt], today: date) -> dict[UUID, int]:
    """By debt how many of its loan's plans were kept so far, as the decision plane counts them on the same payments. Plans of before the work plane are not known here."""
    loans = {debt.loan_id for debt in debts}
    cases = {debt.case_id for debt in debts}
    plans = list(Plan.objects.filter(case__in=cases, loan_id__in=loans, agreed_on__lte=today).exclude(state="refused"))
    paid: dict[tuple[UUID, str], list[tuple[date, int]]] = {}
    if plans:
        for case, loan, paid_on, amount in counting_payments(cases, loans):
            paid.setdefault((case, loan), []).append((paid_on, amount))
    counts = {debt.pk: 0 for debt in debts}
    by_place = {(debt.case_id, debt.loan_id): debt.pk for debt in debts}
    for plan in plans:
        place = (plan.case_id, plan.loan_id)
        if place in by_place and is_kept(plan.instalments, plan.agreed_on, plan.ended_on, paid.get(place, []), today):
            counts[by_place[place]] += 1
    return counts


def counting_payments(cases: set[UUID], loans: set[str]) -> list[tuple[UUID, str, date, int]]:
    """Case, loan, day and amount of the payments that count: no reversal, and taken back by none. Source: tables/facts.py, counting_payments."""
    rows = list(Payment.objects.filter(case__in=cases, loan_id__in=loans).values_list("case", "loan_id", "paid_on", "amount_minor", "payment_id", "reverses"))
    taken_back = {reverses for *_, reverses in rows if reverses}
    return [(case, loan, paid_on, amount) for case, loan, paid_on, amount, key, reverses in rows if not reverses and key not in taken_back]
