"""Plans within what the strategy of the night offers, and approvals within the authority of who decides."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from arrears.refusal import Refused
from arrears.strategy.reading import default_strategy_text
from arrears.work.actions.action import Forbidden
from arrears.work.models import Approval, Debt, Entry, Hold, NightStrategy, Plan
from arrears.work.offer_limits import limits_of
from work.action_scenes import World, parts, whole

CLAIMABLE = 2_000_00
POSITION = {"penalty_minor": 50_00, "due_interest_minor": 30_00, "due_fee_minor": 0, "due_principal_minor": 1_920_00, "excess_minor": 0}
NOW_DAY = "2026-11-16"


@pytest.fixture
def world(work) -> World:
    """A loan in M2 under the shipped strategy."""
    found = World(work)
    work.strategy(found.lender, default_strategy_text())
    put(found)
    return found


def put(world: World, **changed) -> None:
    with world.work.writing(world.lender):
        Debt.objects.filter(case=world.case).update(**{"position": POSITION, "bucket": "M2", "days_past_due": 45, "claimable_minor": CLAIMABLE, **changed})


def row(world: World):
    def read():
        debt = Debt.objects.get(case=world.case)
        return limits_of([debt], world.lender, world.work.at, world.work.at.date())[0][debt.pk]

    return world.seen(read)


@pytest.mark.parametrize(("changed", "name", "bounds"), [
    ({}, "middle", (12, 0, 15_00, 0)), ({"claimable_minor": 499_99}, "none", (0, 0, 0, 0)), ({"bucket": "M1"}, "first_month", (0, 15, 0, 0)), ({"bucket": "M4"}, "late", (18, 0, 50_00, 9_00)), ({"bucket": "M0"}, "none", (0, 0, 0, 0)),
])
def test_the_row_that_fits_is_that_of_the_shipped_strategy_by_published_criteria(world, changed, name, bounds):
    put(world, **changed)
    found = row(world)
    assert (found.row, (found.instalments_most, found.shift_days_most, found.penalty_most_minor, found.interest_most_minor)) == (name, bounds) and found.reason_zh and found.reason_en


def test_a_hardship_counts_from_the_moment_it_was_raised_and_for_180_days_after_it_was_lifted(world):
    def placed(days: int, kind: str = "hardship_review", lifted: bool = True) -> str:
        with world.work.writing(world.lender):
            Hold.objects.filter(case=world.case).delete()
            at = world.work.at - timedelta(days=days)
            Hold.objects.create(lender=world.lender, case=world.case, kind=kind, placed_at=at, lifted_at=at + timedelta(hours=1) if lifted else None)
        return row(world).row

    assert (placed(0), placed(179), placed(180), placed(400, lifted=False), placed(0, "vulnerable"), placed(0, "dispute")) == ("hardship", "hardship", "middle", "hardship", "hardship", "middle")


def test_a_plan_that_was_kept_counts_and_payments_tell_it(world):
    from arrears.work.models import Payment

    with world.work.writing(world.lender):
        Plan.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, currency="CNY", instalments=[{"number": 1, "due_on": "2026-10-20", "amount_minor": 100}], state="kept", proposed_on="2026-10-02", agreed_on="2026-10-02")
    assert row(world).row == "middle"
    with world.work.writing(world.lender):
        Payment.objects.create(lender=world.lender, case=world.case, payment_id=f"p-{uuid4()}", loan_id=world.loan, paid_on="2026-10-20", currency="CNY", amount_minor=100)
    assert row(world).row == "kept_a_plan"


def test_beyond_the_row_nobody_may_grant_and_without_a_strategy_nothing_may_be_offered(world):
    for asked in ({"instalments": whole(CLAIMABLE - 15_01, 2), "waived_penalty_minor": 15_01}, {"instalments": whole(CLAIMABLE - 1, 2), "waived_interest_minor": 1},
                  {"kind": "date_shift", "instalments": [{"due_on": NOW_DAY, "amount_minor": CLAIMABLE}]}, {"instalments": [{"due_on": "2026-12-04", "amount_minor": 1}, {"due_on": "2026-12-30", "amount_minor": 1}]},
                  {"instalments": [{"due_on": "2026-11-16", "amount_minor": 1}, {"due_on": "2027-01-01", "amount_minor": 1}]}):
        with pytest.raises(Refused, match="beyond what the strategy offers"):
            world.do("plan.propose", {"loan_id": world.loan, **asked})
    with world.work.writing(world.lender):
        NightStrategy.objects.filter(lender=world.lender).delete()
    with pytest.raises(Refused, match="no strategy of a night"):
        world.do("plan.propose", {"loan_id": world.loan, "instalments": parts(2)})
    assert world.seen(Plan.objects.count) == 0


@pytest.mark.parametrize(("asked", "why"), [
    ({"kind": "waiver", "instalments": [{"due_on": NOW_DAY, "amount_minor": 1_985_00}], "waived_penalty_minor": 15_00}, None),
    ({"kind": "waiver", "instalments": [{"due_on": NOW_DAY, "amount_minor": 1_984_99}], "waived_penalty_minor": 15_00}, "leaves nothing over"),
    ({"kind": "settlement", "instalments": [{"due_on": NOW_DAY, "amount_minor": 1_990_00}], "waived_penalty_minor": 10_00}, None),
    ({"kind": "settlement", "instalments": parts(2), "waived_penalty_minor": 10_00}, "one day and one sum"),
    ({"kind": "settlement", "instalments": [{"due_on": NOW_DAY, "amount_minor": 1_900_00}], "waived_principal_minor": 100_00}, "beyond what the strategy offers"),
    ({"kind": "instalments", "instalments": parts(2), "waived_principal_minor": 1}, "by a settlement alone"),
    ({"kind": "waiver", "instalments": [{"due_on": NOW_DAY, "amount_minor": CLAIMABLE}]}, "nothing is waived|beyond"),
    ({"kind": "gift", "instalments": parts(2)}, "kind"),
])
def test_each_kind_keeps_to_its_own_form(world, asked, why):
    if why is None:
        told = world.do("plan.propose", {"loan_id": world.loan, **asked})
        assert told["needs_approval"] and told["deciders"] == ["team_lead", "compliance_officer"]
        return
    with pytest.raises(Refused, match=why):
        world.do("plan.propose", {"loan_id": world.loan, **asked})


def test_a_plan_too_large_for_a_collector_is_agreed_with_a_leads_approval_of_exactly_it(world):
    put(world, claimable_minor=60_000_00, position={**POSITION, "due_principal_minor": 59_920_00})
    collector = world.work.actor(world.lender, "collector", world.team, holds=True)
    with world.work.writing(world.lender):
        type(world.case).objects.filter(pk=world.case.pk).update(held_by=collector.collector)
    told = world.do("plan.propose", {"loan_id": world.loan, "instalments": parts(2, 30_000_00)}, actor=collector)
    assert told["needs_approval"] and told["deciders"] == ["team_lead", "compliance_officer"]
    with pytest.raises(Refused, match="approval by a team lead or a compliance officer"):
        world.do("plan.agree", {"plan": told["plan"]}, actor=collector)
    asked = world.do("approval.ask", {"kind": "plan", "subject": told["plan"]}, actor=collector)["approval"]
    assert world.seen(lambda: Approval.objects.get(pk=asked)).amount_minor == 60_000_00
    world.do("approval.decide", {"approve": True}, thing=UUID(asked))
    world.do("plan.agree", {"plan": told["plan"], "approval": asked}, actor=collector)
    assert world.seen(lambda: Plan.objects.get(pk=told["plan"])).state == "agreed"


def test_who_has_not_the_authority_is_told_who_has_and_may_still_refuse_and_the_refusal_is_put_down(world):
    put(world, bucket="M4", claimable_minor=200_000_00, position={**POSITION, "penalty_minor": 6_000_00, "due_principal_minor": 193_970_00})
    asker = world.work.actor(world.lender, "team_lead", world.team)
    told = world.do("plan.propose", {"loan_id": world.loan, "kind": "waiver", "instalments": [{"due_on": NOW_DAY, "amount_minor": 194_999_99}], "waived_penalty_minor": 5_000_01}, actor=asker)
    assert told["deciders"] == ["compliance_officer"]
    approval = UUID(world.do("approval.ask", {"kind": "waiver", "subject": told["plan"]}, actor=asker)["approval"])
    with pytest.raises(Forbidden, match="a compliance officer may decide it") as refused:
        world.do("approval.decide", {"approve": True}, thing=approval)
    assert refused.value.policies == ("authority-matrix",) and "合规专员" in refused.value.zh
    entry = world.seen(lambda: Entry.objects.filter(lender=world.lender).order_by("-number").first())
    assert (entry.verb, entry.is_refused, entry.policies) == ("approval.decide", True, ["authority-matrix"])
    world.do("approval.decide", {"approve": True}, actor=world.compliance, thing=approval)


def test_the_lenders_own_matrix_may_let_a_settlement_touch_principal_with_two_people(world):
    own = world.work.home / "authority" / f"{world.lender}.yaml"
    own.parent.mkdir(exist_ok=True)
    own.write_text('id: ours\nsource: 授信审批委员会\ncurrency: CNY\nrows:\n  - {name: c, role: compliance_officer, kinds: [settlement], decide: {put_off: any, waived: any, principal: "10000"}, beyond: "yes", zh: 合规, en: compliance}\n', encoding="utf-8")
    try:
        told = world.do("plan.propose", {"loan_id": world.loan, "kind": "settlement", "instalments": [{"due_on": NOW_DAY, "amount_minor": 1_900_00}], "waived_principal_minor": 100_00})
        assert told["needs_approval"] and told["deciders"] == ["compliance_officer"]
        world.do("plan.agree", {"plan": told["plan"], "approval": world.approved(told["plan"])})
        found = world.seen(lambda: Plan.objects.get(pk=told["plan"]))
        assert (found.state, found.waived_principal_minor, found.beyond) == ("agreed", 100_00, ["kind", "principal"]) or found.beyond == ["principal"]
        with pytest.raises(Refused):
            world.do("plan.propose", {"loan_id": world.loan, "kind": "settlement", "instalments": [{"due_on": NOW_DAY, "amount_minor": 1_899_99}], "waived_principal_minor": 100_01})
    finally:
        own.unlink()
