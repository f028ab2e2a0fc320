"""A broken plan is offered again by the program: within the strategy, as often as the operator lets it, and never agreed for anybody."""

from datetime import timedelta

import pytest

from arrears.refusal import Refused
from arrears.strategy.reading import default_strategy_text
from arrears.work.actions.after_night import settle_night
from arrears.work.models import Debt, Hold, Offer, Plan
from work.action_scenes import World, parts
from work.plans.test_plans_within import CLAIMABLE, put


@pytest.fixture
def world(work) -> World:
    """A plan of four parts, agreed, of which the first is missed on the eighth of November."""
    found = World(work)
    work.strategy(found.lender, default_strategy_text())
    put(found)
    with work.writing(found.lender):
        Plan.objects.create(lender=found.lender, case=found.case, loan_id=found.loan, currency="CNY", state="agreed", proposed_on="2026-10-20", agreed_on="2026-10-20",
                            instalments=[{"number": number, "due_on": f"2026-11-{day:02}", "amount_minor": 500_00} for number, day in enumerate((1, 8, 15, 22), start=1)])
    return found


def offers(world: World) -> list[Offer]:
    return world.seen(lambda: list(Offer.objects.order_by("made_on", "id")))


def night(world: World) -> dict:
    return settle_night(world.lender, world.work.at.date(), world.work.now)


def test_a_broken_plan_is_offered_again_once_in_its_own_rhythm_for_all_that_may_be_asked(world):
    told = night(world)
    assert told["plan.settle"] == {"broken": 1} and told["plan.reoffer"] == {"offered_again": 1}
    (offer,) = offers(world)
    assert (offer.kind, offer.state, offer.made_by_id, str(offer.expires_on)) == ("instalments", "open", None, "2026-11-09")
    days = [one["due_on"] for one in offer.terms["instalments"]]
    assert days == ["2026-11-12", "2026-11-19", "2026-11-26", "2026-12-03"] and sum(one["amount_minor"] for one in offer.terms["instalments"]) == CLAIMABLE
    assert world.seen(lambda: Plan.objects.get().state) == "broken" and night(world)["plan.reoffer"] == {"offered_again": 0} and len(offers(world)) == 1


def test_the_debtors_yes_makes_it_a_plan_and_a_later_break_is_offered_again_until_the_operators_bound(world):
    for time in range(3):
        told = night(world)["plan.reoffer"]
        if time == 2:
            assert told == {"offered_again": 0, "often_enough": 1}
            return
        assert told == {"offered_again": 1}
        offer = offers(world)[-1]
        plan = world.do("plan.propose", {"loan_id": world.loan, "instalments": offer.terms["instalments"], "offer": str(offer.pk)})
        assert not plan["needs_approval"]
        world.do("plan.agree", {"plan": plan["plan"]})
        assert night(world)["plan.reoffer"] == {"offered_again": 0}
        world.work.now += int(timedelta(days=40).total_seconds() * 1_000_000)


def test_who_is_frozen_and_whose_case_is_closed_is_offered_nothing(world):
    from arrears.work.models import Case

    for changed in ({"frozen_at": world.work.at}, {"frozen_at": None, "state": "closed"}):
        with world.work.writing(world.lender):
            Case.objects.filter(pk=world.case.pk).update(**changed)
        assert night(world)["plan.reoffer"] == {"offered_again": 0} and offers(world) == []
    with world.work.writing(world.lender):
        Case.objects.filter(pk=world.case.pk).update(state="open")
    assert night(world)["plan.reoffer"] == {"offered_again": 1}


@pytest.mark.parametrize(("change", "why"), [("hold", "on_hold"), ("paid", "nothing_to_ask"), ("first_month", "not_offered"), ("later", None)])
def test_where_it_is_not_offered_again_the_answer_says_why(world, change, why):
    if change == "hold":
        with world.work.writing(world.lender):
            Hold.objects.create(lender=world.lender, case=world.case, kind="complaint", placed_at=world.work.at)
    elif change == "paid":
        put(world, claimable_minor=0)
    elif change == "first_month":
        put(world, bucket="M1")
    else:
        night_before = night(world)
        assert night_before["plan.reoffer"] == {"offered_again": 1}
        with world.work.writing(world.lender):
            Offer.objects.all().delete()
        world.do("plan.agree", {"plan": world.do("plan.propose", {"loan_id": world.loan, "instalments": parts(2)})["plan"]})
    told = night(world)["plan.reoffer"]
    assert told == ({"offered_again": 0, why: 1} if why else {"offered_again": 0}) and offers(world) == []


def test_the_operators_numbers_are_read_from_the_settings_and_a_wrong_one_is_refused(world):
    settings = world.work.home / "settings.yaml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else None
    try:
        settings.write_text((before or "") + "plans: {reoffers_most: 0}\n", encoding="utf-8")
        assert night(world)["plan.reoffer"] == {"offered_again": 0, "often_enough": 1}
        for wrong, why in ((3, "first_days 3"), (32, "first_days is 32")):
            settings.write_text((before or "") + f"plans: {{first_days: {wrong}}}\n", encoding="utf-8")
            with pytest.raises(Refused, match=why):
                world.do("plan.reoffer", {"as_of": "2026-11-02"}, actor=world.system, thing=None)
    finally:
        settings.unlink() if before is None else settings.write_text(before, encoding="utf-8")


def test_a_day_to_come_is_refused(world):
    with pytest.raises(Refused, match="still to come"):
        world.do("plan.reoffer", {"as_of": "2026-11-03"}, actor=world.system, thing=None)
    assert world.seen(Debt.objects.count) == 1
