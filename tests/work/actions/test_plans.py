"""Plans, offers and the approvals of what they waive: four eyes, of exactly this, used once."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.actions.approvals import use_approval
from arrears.work.models import Approval, Case, Debt, Offer, Plan
from arrears.work.plan_terms import digest_of
from arrears.work.queries.approvals import waiting_approvals
from arrears.work.queries.plans import one_plan
from work.action_scenes import World, parts

CLAIMABLE = 100_00


@pytest.fixture
def world(work) -> World:
    return World(work)


def plan_of(world: World, key: str) -> Plan:
    return world.seen(lambda: Plan.objects.get(pk=key))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.integers(1, 6000), min_size=1, max_size=4), penalty=st.just(0) | st.integers(0, 700), interest=st.just(0) | st.integers(0, 400), off=st.sampled_from([None, 0, 1, -1]))
def test_a_plan_asks_for_no_more_than_may_be_asked_less_what_is_waived_for_just_that_where_something_is_and_waives_no_more_than_there_is(world, amounts, penalty, interest, off):
    if off is not None:  # just what is left, or a fen beside it
        amounts = [amount for amount in (*amounts, CLAIMABLE - penalty - interest - sum(amounts) + off) if amount > 0]
    asked = {"loan_id": world.loan, "instalments": [{"due_on": f"2026-12-{day:02}", "amount_minor": amount} for day, amount in enumerate(amounts, start=1)],
             "waived_penalty_minor": penalty, "waived_interest_minor": interest}
    is_whole = sum(amounts) == CLAIMABLE - penalty - interest or (not penalty + interest and sum(amounts) <= CLAIMABLE)
    if is_whole and penalty <= 500 and interest <= 300:
        found = plan_of(world, world.do("plan.propose", asked)["plan"])
        assert [(one["number"], one["due_on"], one["amount_minor"]) for one in found.instalments] == [(number, f"2026-12-{number:02}", amount) for number, amount in enumerate(amounts, start=1)]
        assert (found.state, found.currency, found.waived_penalty_minor, found.waived_interest_minor) == ("proposed", "CNY", penalty, interest)
    else:
        with pytest.raises(Refused):
            world.do("plan.propose", asked)


@pytest.mark.parametrize("instalments", [
    [], [{"due_on": "2026-11-01", "amount_minor": 1}], [{"due_on": "2026-12-02", "amount_minor": 1}, {"due_on": "2026-12-02", "amount_minor": 1}],
    [{"due_on": "2026-12-02", "amount_minor": 1}, {"due_on": "2026-12-01", "amount_minor": 1}], [{"due_on": "2026-12-02", "amount_minor": 0}], [{"due_on": "2026-12-02", "amount_minor": -1}],
    [{"due_on": "2026-12-02"}], [{"due_on": "2026-12-02", "amount_minor": 1, "name": "x"}], [{"due_on": "2026-02-30", "amount_minor": 1}], "all",
])
def test_instalments_that_are_none_or_do_not_rise_from_today_on_are_refused(world, instalments):
    with pytest.raises(Refused):
        world.do("plan.propose", {"loan_id": world.loan, "instalments": instalments})
    assert world.seen(Plan.objects.count) == 0


def test_a_plan_changes_no_days_past_due_and_nothing_of_the_debt(world):
    def debts() -> list:
        return world.seen(lambda: [list(Case.objects.values_list("days_past_due", "bucket", "claimable_minor")), list(Debt.objects.values_list("days_past_due", "bucket", "due_total_minor", "claimable_minor"))])

    before, plan = debts(), world.plan()["plan"]
    world.do("plan.agree", {"plan": plan})
    assert debts() == before
    world.do("plan.end", {"plan": plan})
    assert debts() == before and plan_of(world, plan).ended_on == date(2026, 11, 2)


def test_one_plan_of_a_loan_holds_at_a_time_and_each_goes_its_way_once(world):
    one, two = world.plan()["plan"], world.plan()["plan"]
    world.do("plan.agree", {"plan": one})
    for key, why in ((two, "has a plan that holds"), (one, "not proposed")):
        with pytest.raises(Refused, match=why):
            world.do("plan.agree", {"plan": key})
    world.do("plan.end", {"plan": one})
    world.do("plan.agree", {"plan": two})
    with pytest.raises(Refused, match="not agreed"):
        world.do("plan.end", {"plan": one})
    assert [plan_of(world, key).state for key in (one, two)] == ["ended", "agreed"]


def test_what_waives_nothing_needs_no_approval_and_what_waives_something_needs_one_of_exactly_it(world):
    plain, waiving, other = world.plan()["plan"], world.plan(200)["plan"], world.plan(300)["plan"]
    with pytest.raises(Refused, match="needs an approval"):
        world.do("plan.agree", {"plan": waiving})
    approval = world.approved(other)
    with pytest.raises(Refused, match="something else"):
        world.do("plan.agree", {"plan": waiving, "approval": approval})
    waits = world.do("approval.ask", {"kind": "waiver", "subject": waiving})["approval"]
    with pytest.raises(Refused, match="not approved"):
        world.do("plan.agree", {"plan": waiving, "approval": waits})
    world.do("plan.agree", {"plan": other, "approval": approval})
    assert world.seen(lambda: Approval.objects.get(pk=approval).state) == "used"
    world.do("plan.end", {"plan": other})
    with pytest.raises(Refused, match="not approved"):
        world.do("plan.agree", {"plan": waiving, "approval": approval})
    world.do("plan.agree", {"plan": plain})


def test_a_plan_that_was_changed_behind_its_approval_is_not_agreed(world):
    plan = world.plan(200)["plan"]
    approval = world.approved(plan)
    with world.work.writing(world.lender):
        Plan.objects.filter(pk=plan).update(waived_penalty_minor=199)
    with pytest.raises(Refused, match="other terms"):
        world.do("plan.agree", {"plan": plan, "approval": approval})


def test_nobody_decides_what_they_asked_for_and_the_database_holds_it_too(world):
    officer = world.compliance
    asked = world.do("approval.ask", {"kind": "waiver", "subject": world.plan(200)["plan"]}, actor=officer)["approval"]
    with pytest.raises(Forbidden) as refused:
        world.do("approval.decide", {"approve": True}, actor=officer, thing=UUID(asked))
    assert refused.value.policies == ("nobody-decides-their-own",)
    with pytest.raises(IntegrityError, match="four_eyes"), world.work.writing(world.lender):
        Approval.objects.filter(pk=asked).update(state="approved", decided_by=officer.account)
    assert world.do("approval.decide", {"approve": False}, thing=UUID(asked))["state"] == "refused"
    for verb, who, parameters in (("approval.decide", world.work.actor(world.lender, "compliance_officer"), {"approve": True}), ("approval.withdraw", officer, {})):
        with pytest.raises(Refused, match="not waiting"):
            world.do(verb, parameters, actor=who, thing=UUID(asked))


@pytest.mark.parametrize(("change", "why"), [({"now": 30}, "no earlier than"), ({"claimable_minor": 2_999}, "at most 2999"), ({"claimable_minor": 3_000}, None), ({"now": 29}, None)])
def test_a_plan_is_agreed_only_while_its_first_day_is_to_come_and_no_more_is_asked_by_it_than_may_be(world, change, why):
    """Proposed on the second of November, for three thousand from the first of December on."""
    plan = world.plan()["plan"]
    if "now" in change:
        world.work.now += change["now"] * 86_400_000_000
    else:
        with world.work.writing(world.lender):
            Debt.objects.filter(case=world.case).update(**change)
    if why is None:
        world.do("plan.agree", {"plan": plan})
        return
    with pytest.raises(Refused, match=why):
        world.do("plan.agree", {"plan": plan})
    assert plan_of(world, plan).state == "proposed"


def test_who_proposed_a_plan_does_not_approve_it_whoever_asked(world):
    """A lead's own proposal, asked for by a collector, would else be the lead's own decision."""
    plan = world.plan(200)["plan"]
    collector = world.work.actor(world.lender, "collector", world.team, holds=True)
    world.do("case.move", {"collector": collector.collector})
    asked = world.do("approval.ask", {"kind": "waiver", "subject": plan}, actor=collector)["approval"]
    with pytest.raises(Forbidden, match="proposed by you"):
        world.do("approval.decide", {"approve": True}, thing=UUID(asked))
    assert not next(one for one in waiting_approvals(world.lead) if str(one.id) == asked).may_decide
    assert not next(one for one in one_plan(world.lead, world.case.id, UUID(plan)).approvals if str(one.id) == asked).may_decide
    world.do("approval.decide", {"approve": True}, actor=world.work.actor(world.lender, "team_lead", world.team), thing=UUID(asked))
    world.do("plan.agree", {"plan": plan, "approval": asked}, actor=collector)


def test_a_waiver_is_never_had_for_a_part_of_what_is_owed(world):
    """Two parts of a fen each, kept, would have waived all of the penalty."""
    with pytest.raises(Refused, match="leaves nothing over"):
        world.do("plan.propose", {"loan_id": world.loan, "instalments": parts(2, 1), "waived_penalty_minor": 500})


def test_an_approval_is_of_the_canonical_json_of_what_is_asked(world):
    """The digest by hand: names sorted, no blanks, UTF-8."""
    import hashlib

    parameters = {"字段": "电话", "b": [1, 2], "a": {"z": None, "y": True}}
    assert digest_of(parameters) == hashlib.sha256('{"a":{"y":true,"z":null},"b":[1,2],"字段":"电话"}'.encode()).hexdigest()
    parameters = {"field": "phone", "b": [1, 2], "a": {"z": None, "y": True}}
    asked = world.do("approval.ask", {"kind": "export", "subject": "october", "parameters": parameters}, actor=world.compliance, thing=None)
    row = world.seen(lambda: Approval.objects.get(pk=asked["approval"]))
    assert (row.digest, row.parameters, row.case_id, row.asked_by_id, row.state) == (digest_of(parameters), parameters, None, world.compliance.account, "waiting")


def test_what_was_approved_is_used_once_and_for_nothing_else(world):
    from arrears.days import moment_of
    from arrears.work.actions.action import Doing

    parameters = {"month": "2026-10"}
    asked = world.do("approval.ask", {"kind": "export", "subject": "october", "parameters": parameters}, actor=world.compliance, thing=None)["approval"]
    world.do("approval.decide", {"approve": True}, actor=world.work.actor(world.lender, "compliance_officer"), thing=UUID(asked))
    doing = Doing(world.compliance, moment_of(world.work.now), uuid4())
    for kinds, subject, given_ in ((("erasure",), "october", parameters), (("export",), "november", parameters), (("export",), "october", {"month": "2026-11"})):
        with pytest.raises(Refused, match="something else"), world.work.writing(world.lender):
            use_approval(doing, UUID(asked), kinds, subject, given_)
    with world.work.writing(world.lender):
        use_approval(doing, UUID(asked), ("export",), "october", parameters)
    with pytest.raises(Refused, match="is used"), world.work.writing(world.lender):
        use_approval(doing, UUID(asked), ("export",), "october", parameters)


def test_the_program_itself_neither_asks_nor_decides(world):
    with pytest.raises(Refused):
        world.do("approval.ask", {"kind": "export", "subject": "x"}, actor=world.system, thing=None)


@pytest.mark.parametrize(("kind", "terms", "sound"), [
    ("instalments", {"instalments": [{"due_on": "2026-12-01", "amount_minor": CLAIMABLE}]}, True), ("instalments", {"instalments": [{"due_on": "2026-12-01", "amount_minor": CLAIMABLE + 1}]}, False),
    ("instalments", {"instalments": []}, False), ("instalments", {"pay_by_on": "2026-12-01"}, False),
    ("date_shift", {"pay_by_on": "2026-11-03"}, True), ("date_shift", {"pay_by_on": "2026-11-02"}, False), ("date_shift", {"pay_by_on": "2026-11-03", "more": 1}, False),
    ("waiver", {"waived_penalty_minor": 500, "waived_interest_minor": 300}, True), ("waiver", {"waived_penalty_minor": 501}, False), ("waiver", {"waived_fee_minor": 1}, False), ("waiver", {}, False),
    ("settlement", {"amount_minor": CLAIMABLE, "pay_by_on": "2026-12-01"}, True), ("settlement", {"amount_minor": CLAIMABLE + 1, "pay_by_on": "2026-12-01"}, False), ("settlement", {"amount_minor": 1}, False),
])
def test_an_offer_is_of_terms_of_its_kind_within_what_may_be_asked_and_waived(world, kind, terms, sound):
    asked = {"loan_id": world.loan, "kind": kind, "terms": terms, "expires_on": "2026-11-20"}
    if not sound:
        with pytest.raises(Refused):
            world.do("offer.make", asked)
        return
    key = world.do("offer.make", asked)["offer"]
    assert world.seen(lambda: Offer.objects.get(pk=key)).terms == terms


def test_an_offer_is_taken_up_once_while_it_stands(world):
    asked = {"loan_id": world.loan, "kind": "instalments", "terms": {"instalments": parts(2)}, "expires_on": "2026-11-03"}
    with pytest.raises(Refused, match="never stands"):
        world.do("offer.make", {**asked, "expires_on": "2026-11-02"})
    late = world.do("offer.make", asked)["offer"]
    world.work.now += 86_400_000_000  # the first day on which it no longer stands
    with pytest.raises(Refused, match="stood until"):
        world.do("plan.propose", {"loan_id": world.loan, "instalments": parts(2), "offer": late})
    world.work.now -= 86_400_000_000
    offer = world.do("offer.make", asked)["offer"]
    world.do("plan.propose", {"loan_id": world.loan, "instalments": parts(2), "offer": offer})
    for verb, parameters in (("plan.propose", {"loan_id": world.loan, "instalments": parts(2), "offer": offer}), ("offer.withdraw", {"offer": offer})):
        with pytest.raises(Refused, match="is taken"):
            world.do(verb, parameters)


@pytest.mark.parametrize("given", [{"subject": "王小明的导出"}, {"subject": "13812345678"}, {"parameters": {"for": "王小明"}}, {"parameters": {"王小明": 1}},
                                   {"parameters": {"list": [{"id": "11010119900307123X"}]}}, {"parameters": {"a": "x 6222020200112233445"}}])
def test_an_approval_which_is_kept_in_clear_takes_no_free_words_and_nobodys_number(world, given):
    with pytest.raises(Refused, match="kept in clear"):
        world.do("approval.ask", {"kind": "export", "subject": "october", **given}, actor=world.compliance, thing=None)


@pytest.mark.parametrize("given", [{"plan": "王小明"}, {"王小明": 1}, {"plan": "13812345678"}])
def test_what_is_said_of_wrong_parameters_and_keys_repeats_none_of_it(world, given):
    with pytest.raises(Refused) as refused:
        world.do("plan.end", given, reason="asked for")
    assert not any(part in refused.value.en + refused.value.zh for part in ("王", "1381"))
    for key in ("王小明的电话是多少", "eight888 ", "a-key-with-\0"):
        with pytest.raises(Refused, match="key of idempotency"):
            world.do("hold.place", {"kind": "cease"}, key=key)
