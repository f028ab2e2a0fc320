"""What payments and days do to reminders, and which accounts they bring back."""

from datetime import date
from uuid import uuid4

import pytest

from arrears.refusal import Refused
from arrears.work.models import Case, Payment, Plan, Promise, Reminder
from work.action_scenes import World, done

DAY = 24 * 3_600_000_000


@pytest.fixture
def world(work) -> World:
    return World(work)


def promised(world: World, amount: int = 5000) -> str:
    return world.do("talk.note", {"outcome": "promise", "loan_id": world.loan, "amount_minor": amount, "pay_by_on": "2026-11-06", "pay_channel": "app"})["promise"]


def paid(world: World, amount: int, on: str = "2026-11-04", reverses: str | None = None) -> str:
    key = f"P-{uuid4().hex[:8]}"
    with world.work.writing(world.lender):
        Payment.objects.create(lender=world.lender, case=world.case, payment_id=key, loan_id=world.loan, paid_on=on, currency="CNY", amount_minor=amount, reverses=reverses)
    return key


def settled(world: World, as_of: str, verb: str = "promise.settle") -> dict:
    return done(world.work, world.call(verb, {"as_of": as_of}, actor=world.system, thing=None, reason=None))


def standing(world: World) -> list[tuple[str, str | None]]:
    return world.seen(lambda: list(Reminder.objects.filter(case=world.case).order_by("made_at", "kind").values_list("kind", "done_why")))


def case_of(world: World) -> Case:
    return world.seen(lambda: Case.objects.get(pk=world.case.pk))


def test_a_promise_that_is_paid_reminds_nobody_any_more_and_its_account_comes_by_rank(world):
    promised(world)
    paid(world, 5000)
    world.work.now += 3 * DAY
    assert settled(world, "2026-11-04") == {"kept": 1}
    assert standing(world) == [("promise_due", "paid")] and case_of(world).ready_why is None


@pytest.mark.parametrize("amount, state", [(None, "broken"), (4999, "part_kept")])
def test_a_promise_that_is_not_kept_brings_its_account_back_with_the_reason(world, amount, state):
    promised(world)
    if amount:
        paid(world, amount)
    world.work.now += 5 * DAY
    assert settled(world, "2026-11-06") == {state: 1}
    assert standing(world) == [("promise_due", "over"), ("promise_broken", None)]
    assert (case_of(world).ready_at, case_of(world).ready_why) == (world.work.at, "promise_broken")
    assert settled(world, "2026-11-06") == {} and len(standing(world)) == 2


def test_money_that_comes_late_into_the_book_mends_a_broken_promise(world):
    promised(world)
    world.work.now += 5 * DAY
    settled(world, "2026-11-06")
    paid(world, 5000)
    assert settled(world, "2026-11-06") == {"kept": 1}
    assert standing(world) == [("promise_due", "over"), ("promise_broken", "paid")] and case_of(world).ready_why is None


def test_one_kept_promise_does_not_hide_another_that_waits(world):
    first, second = promised(world, 1000), promised(world, 9000)
    paid(world, 1000)
    world.work.now += 3 * DAY
    assert settled(world, "2026-11-04") == {"kept": 1}
    assert world.seen(lambda: Promise.objects.get(pk=first).state) == "kept" and world.seen(lambda: Promise.objects.get(pk=second).state) == "open"
    assert case_of(world).ready_why == "promise_due"


def test_a_broken_plan_brings_its_account_back_and_an_instalment_is_reminded_of_the_day_before(world):
    with world.work.writing(world.lender):
        Plan.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, currency="CNY", state="agreed", proposed_on="2026-10-02", agreed_on="2026-10-02",
                            instalments=[{"number": number, "due_on": on, "amount_minor": 100} for number, on in enumerate(["2026-11-03", "2026-12-03"], 1)])
    assert settled(world, "2026-11-01", "plan.settle") == settled(world, "2026-11-01", "plan.settle") == {}
    assert standing(world) == [("instalment_due", None)]
    assert world.seen(lambda: Reminder.objects.get(case=world.case).due_at.isoformat()) == "2026-11-02T01:00:00+00:00"
    world.work.now += 3 * DAY
    assert settled(world, "2026-11-03", "plan.settle") == {"broken": 1}
    assert sorted(standing(world)) == [("instalment_due", "over"), ("plan_broken", None)] and case_of(world).ready_why == "plan_broken"


def test_an_answer_is_reminded_of_before_its_last_day_and_no_more_once_it_is_given(world):
    dispute = world.do("dispute.raise", {"ground": "amount"})
    last = date.fromisoformat(dispute["answer_by_on"])
    settled(world, "2026-11-01", "plan.settle")
    assert standing(world) == []
    world.work.now += ((last - world.work.at.date()).days - 3) * DAY
    settled(world, "2026-11-01", "plan.settle")
    assert standing(world) == [("answer_due", None)]
    world.do("dispute.answer", {"dispute": dispute["dispute"], "outcome": "rejected", "text": "已核对", "rests_on": ["contacts"]})
    settled(world, "2026-11-01", "plan.settle")
    assert standing(world) == [("answer_due", "over")]


def test_a_reminder_is_ticked_off_once(world):
    promised(world)
    key = world.seen(lambda: Reminder.objects.get(case=world.case)).id
    world.do("reminder.done", {"reminder": key})
    with pytest.raises(Refused, match="done"):
        world.do("reminder.done", {"reminder": key})
    with pytest.raises(Refused, match="not of this case"):
        world.do("reminder.done", {"reminder": uuid4()})


def test_who_works_a_case_and_the_night_that_settles_it_never_wait_for_each_other_in_a_ring(world):
    """The night locks the case before the promise, as whoever withdraws one does."""
    import threading

    from django.db import connection

    keys, wrong = [promised(world, 100 + number) for number in range(12)], []
    world.work.now += 3 * DAY

    def run(act) -> None:
        try:
            act()
        except Exception as problem:
            wrong.append(problem)
        finally:
            connection.close()

    def withdraw() -> None:
        for key in keys:
            try:
                world.do("promise.withdraw", {"promise": key})
            except Refused:
                continue

    def night() -> None:
        for number in range(12):
            paid(world, 100 + number)
            settled(world, "2026-11-04")

    threads = [threading.Thread(target=run, args=(act,)) for act in (withdraw, night)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and not any(thread.is_alive() for thread in threads)
