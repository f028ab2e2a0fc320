"""What became of promises and plans: the same, on the same payments, as the decision plane says and as a slow count by hand says."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from arrears.delinquency.conduct import plans_on
from arrears.refusal import Refused
from arrears.tables.promises_kept import promises_on
from arrears.work.models import Change, Debt, Entry, Offer, Payment, Plan, Promise
from plain_books import EARLY, loan, payment, schedule
from scoring.scored_books import known, promise
from work.action_scenes import World

FIRST = date(2026, 9, 1)
DAYS = st.integers(0, 12).map(lambda number: FIRST + timedelta(days=number))
AMOUNTS = st.sampled_from([50, 100, 150])
PAID = st.tuples(st.sampled_from(["L1", "L2", "L3"]), DAYS, AMOUNTS, st.none() | st.none() | st.none() | DAYS)
"""Loan, day, amount, and the day it was taken back."""
PROMISED = st.tuples(st.sampled_from(["L1", "L2", "L3"]), DAYS, st.integers(0, 6), st.integers(1, 8).map(lambda number: 50 * number))
PLANNED = st.tuples(DAYS, st.lists(st.tuples(st.integers(1, 4), AMOUNTS), min_size=1, max_size=3), st.none() | st.integers(1, 10))
THEIRS = {"kept": "kept", "open": "open", "broken": "broken", "part_kept": "broken"}
"""What the decision plane calls each state."""


def payments_of(paid: list[tuple]) -> list[dict]:
    """Rows of the table payments; a reversal is no earlier than what it takes back."""
    rows = []
    for number, (of, on, amount, back) in enumerate(paid):
        rows.append(payment(f"P{number:03}", of, on, amount))
        if back is not None:
            rows.append(payment(f"R{number:03}", of, max(on, back), amount, reverses=f"P{number:03}"))
    return rows


def counted(paid: list[tuple], of: str, first: date, last: date, as_of: date) -> int:
    """What counts of a loan's payments, by hand."""
    return sum(amount for whose, on, amount, back in paid if whose == of and first <= on <= min(last, as_of) and (back is None or max(on, back) > as_of))


def book(paid: list[tuple], promises: list[dict] = (), plans: list[dict] = ()) -> dict:
    loans = [loan("L1"), loan("L2", borrower_id="B-L1"), loan("L3")]
    return {"loans": loans, "instalments": [row for one in loans for row in schedule(one["loan_id"])], "payments": payments_of(paid), "promises": list(promises), "plans": list(plans)}


def lay_out(world: World, paid: list[tuple]) -> None:
    for row in payments_of(paid):
        Payment.objects.create(lender=world.lender, case=world.case, payment_id=row["payment_id"], loan_id=row["loan_id"], paid_on=row["paid_on"], currency="CNY", amount_minor=row["amount_minor"],
                               reverses=row.get("reverses"))


@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paid=st.lists(PAID, min_size=5, max_size=40), promised=st.lists(PROMISED, min_size=10, max_size=40), days=st.lists(DAYS, min_size=2, max_size=4))
def test_a_promise_is_what_the_decision_plane_says_it_is_on_the_same_payments_whatever_was_said_before(work, paid, promised, days):
    world = World(work)
    with work.writing(world.lender):
        lay_out(world, paid)
        keys = [Promise.objects.create(lender=world.lender, case=world.case, loan_id=of, promised_on=on, pay_by_on=on + timedelta(days=wait), currency="CNY", amount_minor=amount).id for of, on, wait, amount in promised]
    rows = [promise(f"M{number:03}", of, on, on + timedelta(days=wait), amount) for number, (of, on, wait, amount) in enumerate(promised)]
    facts = known(book(paid, rows))
    for as_of in days:
        world.do("promise.settle", {"as_of": as_of.isoformat()}, actor=world.system, thing=None)
        found = world.seen(lambda: dict(Promise.objects.values_list("id", "state")))
        for key, (of, on, wait, amount) in zip(keys, promised, strict=True):
            if on > as_of:
                continue
            sum_paid = counted(paid, of, on, on + timedelta(days=wait), as_of)
            expected = "kept" if sum_paid >= amount else "open" if on + timedelta(days=wait) > as_of else "part_kept" if sum_paid else "broken"
            assert found[key] == expected
        told = promises_on(facts, as_of)
        ours = sorted((of, on, on + timedelta(days=wait), amount, THEIRS[found[key]]) for key, (of, on, wait, amount) in zip(keys, promised, strict=True) if on <= as_of)
        names = facts.loans["loan_id"].to_list()
        assert sorted((names[row["loan"]], row["promised_on"], row["pay_by_on"], row["amount_minor"], row["state"]) for row in told.iter_rows(named=True)) == ours


@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paid=st.lists(PAID, min_size=12, max_size=40), planned=st.lists(PLANNED, min_size=24, max_size=24), days=st.lists(DAYS, min_size=2, max_size=4))
def test_a_plan_is_kept_where_the_decision_plane_says_it_is_on_the_same_payments_whatever_was_said_before(work, paid, planned, days):
    world = World(work)
    rows, keys, dues_of = [], {}, {}
    cases = [work.case(world.lender, people=False) for _ in range(8)]
    with work.writing(world.lender):
        lay_out(world, paid)
        for turn, (agreed_on, parts, ended) in enumerate(planned):
            of = f"L{turn % 3 + 1}"
            dues, day = [], agreed_on
            for wait, amount in parts:
                day += timedelta(days=wait)
                dues.append((day, amount))
            ended_on = None if ended is None else agreed_on + timedelta(days=ended)
            plan = Plan.objects.create(lender=world.lender, case=cases[turn // 3], loan_id=of, currency="CNY", state="agreed" if ended is None else "ended", proposed_on=agreed_on, agreed_on=agreed_on, ended_on=ended_on,
                                       instalments=[{"number": number, "due_on": on.isoformat(), "amount_minor": amount} for number, (on, amount) in enumerate(dues, start=1)])
            keys[str(plan.id)], dues_of[str(plan.id)] = plan, dues
            rows += [{"plan_id": str(plan.id), "loan_id": of, "agreed_on": agreed_on, "number": number, "due_on": on, "amount_minor": amount, "ended_on": ended_on, "recorded_at": EARLY}
                     for number, (on, amount) in enumerate(dues, start=1)]
    facts = known(book(paid, plans=rows))
    for as_of in days:
        world.do("plan.settle", {"as_of": as_of.isoformat()}, actor=world.system, thing=None)
        found = world.seen(lambda: {str(key): state for key, state in Plan.objects.values_list("id", "state")})
        theirs = {row["plan_id"]: row["is_kept"] for row in plans_on(facts, as_of).iter_rows(named=True)}
        for key, plan in keys.items():
            if plan.agreed_on > as_of or (plan.ended_on is not None and plan.ended_on > as_of):
                continue
            dues = dues_of[key]
            if plan.ended_on is None:
                late = any(counted(paid, plan.loan_id, plan.agreed_on, on, as_of) < sum(amount for _, amount in dues[:place]) for place, (on, _) in enumerate(dues, start=1) if on <= as_of)
                assert found[key] == ("broken" if late else "kept" if dues[-1][0] <= as_of else "agreed")
                assert theirs[key] == (found[key] in ("kept", "agreed") and dues[0][0] <= as_of)
            else:
                assert (found[key] == "kept") == theirs[key] and found[key] in ("kept", "ended")


@pytest.fixture
def world(work) -> World:
    return World(work)


def test_settling_again_changes_nothing_and_what_was_withdrawn_stays_so(world):
    with world.work.writing(world.lender):
        for state in ("open", "withdrawn"):
            Promise.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, promised_on="2026-10-02", pay_by_on="2026-10-20", currency="CNY", amount_minor=100, state=state)
    assert world.do("promise.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None) == {"broken": 1}
    assert world.do("promise.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None) == {}
    entry = world.seen(lambda: Entry.objects.order_by("-number").first())
    assert entry.verb == "promise.settle" and world.seen(lambda: Change.objects.filter(entry=entry).count()) == 0
    with pytest.raises(Refused, match="still to come"):
        world.do("promise.settle", {"as_of": "2026-11-03"}, actor=world.system, thing=None)


def test_a_thousand_promises_are_settled_by_as_many_statements_as_one(world, django_queries):
    def settled(count: int) -> list[str]:
        with world.work.writing(world.lender):
            Promise.objects.bulk_create(Promise(id=uuid4(), lender=world.lender, case=world.case, loan_id=f"many-{count}-{number}", promised_on="2026-10-02", pay_by_on="2026-10-20", currency="CNY",
                                                amount_minor=100) for number in range(count))
        with django_queries() as sent:
            assert world.do("promise.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None) == {"broken": count}
        return sent

    assert len(settled(1000)) == len(settled(1))


def test_a_broken_plan_holds_again_when_a_late_payment_comes_in_but_not_beside_a_later_one(world):
    def plan(agreed_on: str, state: str = "agreed") -> Plan:
        return Plan.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, currency="CNY", state=state, proposed_on=agreed_on, agreed_on=agreed_on,
                                   instalments=[{"number": 1, "due_on": "2026-10-20", "amount_minor": 100}, {"number": 2, "due_on": "2026-12-20", "amount_minor": 100}])

    def states() -> list[str]:
        world.do("plan.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None)
        return world.seen(lambda: list(Plan.objects.order_by("agreed_on").values_list("state", flat=True)))

    with world.work.writing(world.lender):
        plan("2026-10-01")
    assert states() == ["broken"]
    with world.work.writing(world.lender):
        Payment.objects.create(lender=world.lender, case=world.case, payment_id="late", loan_id=world.loan, paid_on="2026-10-19", currency="CNY", amount_minor=100)
    assert states() == ["agreed"]
    with world.work.writing(world.lender):
        Plan.objects.update(state="broken")
        plan("2026-10-02")
    assert states() == ["broken", "agreed"]


def test_offers_whose_days_are_over_have_lapsed_and_an_offer_of_today_stands(world):
    with world.work.writing(world.lender):
        for day in ("2026-11-01", "2026-11-02", "2026-11-03"):
            Offer.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, kind="waiver", terms={"waived_penalty_minor": 1}, made_on="2026-10-01", expires_on=day)
    assert world.do("plan.settle", {"as_of": "2026-11-01"}, actor=world.system, thing=None) == {"lapsed": 2}
    assert world.seen(lambda: Debt.objects.get(case=world.case).days_past_due) == 12
