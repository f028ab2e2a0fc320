"""What a plan waives counts once it was kept to its end, and not before; then nothing of it is asked any more."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from arrears.work.models import Payment, Plan
from arrears.work.outcomes import outcomes
from plain_books import adjustment, loan, payment, schedule
from scoring.scored_books import known
from work.action_scenes import World

AGREED, FIRST, LAST = "2026-10-20", "2026-10-25", "2026-11-01"


@pytest.fixture
def world(work) -> World:
    found = World(work)
    with work.writing(found.lender):
        Plan.objects.create(lender=found.lender, case=found.case, loan_id=found.loan, currency="CNY", state="agreed", proposed_on=AGREED, agreed_on=AGREED, waived_penalty_minor=500, waived_interest_minor=300,
                            instalments=[{"number": 1, "due_on": FIRST, "amount_minor": 6_000}, {"number": 2, "due_on": LAST, "amount_minor": 3_200}])
    return found


def told(world: World) -> dict[str, tuple[date, int]]:
    """By kind from when and how much the book is told to waive."""
    rows = world.seen(lambda: outcomes(world.lender, None)["adjustments"])
    return {row["kind"]: (row["effective_on"], row["amount_minor"]) for row in rows.iter_rows(named=True)}


def pays(world: World, day: str, amount: int) -> str:
    key = f"p-{uuid4()}"
    with world.work.writing(world.lender):
        Payment.objects.create(lender=world.lender, case=world.case, payment_id=key, loan_id=world.loan, paid_on=day, currency="CNY", amount_minor=amount)
    return key


def settle(world: World, day: str) -> None:
    world.do("plan.settle", {"as_of": day}, actor=world.system, thing=None, reason=None)


def test_nothing_is_waived_while_the_plan_runs_and_all_of_it_once_the_last_part_is_paid_in_time(world):
    nothing, whole = {"waive_penalty": (date(2026, 10, 20), 0), "waive_interest": (date(2026, 10, 20), 0)}, {"waive_penalty": (date(2026, 10, 20), 500), "waive_interest": (date(2026, 10, 20), 300)}
    assert told(world) == nothing
    pays(world, FIRST, 6_000)
    settle(world, FIRST)
    assert told(world) == nothing
    last = pays(world, LAST, 3_200)
    settle(world, LAST)
    assert told(world) == whole
    with world.work.writing(world.lender):
        Payment.objects.create(lender=world.lender, case=world.case, payment_id=f"r-{uuid4()}", loan_id=world.loan, paid_on=LAST, currency="CNY", amount_minor=3_200, reverses=last)
    settle(world, LAST)
    assert told(world) == nothing


@pytest.mark.parametrize(("amount", "day"), [(3_199, LAST), (3_200, "2026-11-02")])
def test_a_fen_too_little_or_a_day_too_late_waives_nothing(world, amount, day):
    pays(world, FIRST, 6_000)
    pays(world, day, amount)
    settle(world, "2026-11-02")
    assert {kind: minor for kind, (_, minor) in told(world).items()} == {"waive_penalty": 0, "waive_interest": 0}


def test_every_row_is_one_the_book_takes(world):
    from arrears.tables import FACTS

    rows = world.seen(lambda: outcomes(world.lender, None)["adjustments"])
    assert rows.schema == FACTS["adjustments"].schema and rows["adjustment_id"].n_unique() == len(rows) == 2


def test_what_was_waived_from_the_day_it_was_agreed_leaves_just_what_ran_since():
    """A loan late by two parts; by a plan all is paid but 1,000 of penalty and interest, and no fen of that is asked afterwards; without the waiver it would be."""
    from arrears.delinquency.assess import assess
    from arrears.delinquency.buckets import read_buckets
    from arrears.law.caps import read_law

    agreed = date(2026, 3, 20)

    def claimable(as_of: date, payments: list[tuple[date, int]] = (), waived: tuple[int, int] | None = None) -> dict:
        rows = {"loans": [loan("L")], "instalments": schedule("L"), "payments": [payment(f"P{place}", "L", day, amount) for place, (day, amount) in enumerate(payments)],
                "adjustments": [] if waived is None else [adjustment("A1", "L", "waive_penalty", agreed, amount_minor=waived[0]), adjustment("A2", "L", "waive_interest", agreed, amount_minor=waived[1])]}
        return assess(known(rows), read_law(), read_buckets(), as_of).positions.row(0, named=True)

    before = claimable(agreed)
    waived = (min(before["penalty_minor"], 700), 300)
    paid = before["claimable_minor"] - sum(waived)
    assert waived[0] > 0 and before["days_past_due"] > 0
    with_it, without = (claimable(agreed, [(agreed, paid)], one) for one in (waived, None))
    assert with_it["claimable_minor"] == 0 and without["claimable_minor"] == sum(waived)
    later = claimable(agreed + timedelta(days=5), [(agreed, paid)], waived)
    assert later["claimable_minor"] == 0 and later["days_past_due"] == 0
