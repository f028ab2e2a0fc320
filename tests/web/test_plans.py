"""Plans on the web: reckoned as typed, proposed, approved by another, agreed, drawn up, ended; in both languages, without script."""

import re

import pytest

from arrears.strategy.reading import default_strategy_text
from arrears.work.models import Debt, Plan
from arrears.work.tenancy import seen_by

POSITION = {"penalty_minor": 50_00, "due_interest_minor": 30_00, "due_fee_minor": 0, "due_principal_minor": 1920_00, "excess_minor": 0}


@pytest.fixture
def lead(staff):
    return staff("team_lead", team="north")


@pytest.fixture
def case(work, lead):
    """Two thousand due for 45 days, of which 50 penalty and 30 interest: the default strategy's row `middle`, 12 parts and 30% of the penalty."""
    found = work.case(lead.lender, "north", claimable_minor=2000_00)
    work.strategy(lead.lender, default_strategy_text())
    with work.writing(lead.lender):
        Debt.objects.filter(case=found).update(position=POSITION, bucket="M2", days_past_due=45)
    return found


def said(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def form(**changed) -> dict:
    return {"kind": "instalments", "number": "3", "first_on": "2026-11-16", "rhythm": "monthly", "business_days": "yes", "key": "a-key-of-a-form-1", **changed}


def to_new(case) -> str:
    return f"/cases/{case.id}/plan"


def only_plan(lender) -> Plan:
    from arrears.work.actor import system

    with seen_by(system(lender)):
        return Plan.objects.get()


def test_the_calculator_says_what_may_be_offered_and_why_and_reckons_without_doing_anything(lead, case):
    page = lead.browser.get(to_new(case))
    assert page.status_code == 200 and "逾期一至三个月，可分期" in said(page) and "至多分期期数 12" in said(page) and "15.00" in said(page)
    page = lead.browser.post(to_new(case), form(do="calculate"))
    text = said(page)
    assert page.status_code == 200 and "666.67" in text and "666.66" in text and "2026-12-16" in text and "2027-01-18" in text
    assert "您分 3 期还清" in text and "方案本身不收任何手续费和利息" in text and "组长可独立达成" in text
    assert not _plans(lead.lender)


def _plans(lender) -> list:
    from arrears.work.actor import system

    with seen_by(system(lender)):
        return list(Plan.objects.all())


def test_in_english_too(lead, case):
    lead.browser.post("/language", {"language": "en", "next": "/"})
    text = said(lead.browser.post(to_new(case), form(do="calculate")))
    assert "You pay in 3 parts" in text and "one to three months late; instalments" in text and not re.search(r"[\u4e00-\u9fff]", text.replace("中文", "").replace("王**", ""))


@pytest.mark.parametrize(("changed", "why"), [
    ({"number": "13"}, "instalments"), ({"number": "x"}, "不是有效的整数"), ({"first_on": "2026-02-30"}, "不是有效的日期"), ({"first_on": "2026-11-01"}, "已过"), ({"waived_penalty": "1,5x"}, "不是有效的金额"),
    ({"waived_penalty": "50.01"}, "减免不得超过应收"), ({"first_part": "2000"}, "首期须小于合计"), ({"number": "<script>"}, "不是有效的整数"), ({"first_on": ""}, "未填写"),
])
def test_what_cannot_be_keeps_what_was_typed_and_says_why(lead, case, changed, why):
    answer = lead.browser.post(to_new(case), form(do="propose", **changed))
    assert answer.status_code == 422 and "<script>" not in answer.content.decode()
    assert 'role="alert"' in answer.content.decode() and (why in said(answer) or why == "instalments")
    assert not _plans(lead.lender)
    live = lead.browser.post(to_new(case), form(do="calculate", **changed), headers={"HX-Request": "true"})
    assert live.status_code == 200


def test_a_plan_within_ones_own_authority_is_proposed_once_however_often_sent_and_agreed(lead, case):
    for _ in range(2):
        answer = lead.browser.post(to_new(case), form(do="propose"))
        assert answer.status_code == 303
    found = only_plan(lead.lender)
    assert (found.kind, found.offer_row, len(found.instalments), found.state) == ("instalments", "middle", 3, "proposed") and found.owed["claimable_minor"] == 2000_00
    page = lead.browser.get(answer["Location"])
    assert page.status_code == 200 and "债务人同意" in said(page)
    agreed = lead.browser.post(f"/cases/{case.id}/plans/{found.pk}/agree", {"key": "a-key-of-a-form-2"})
    assert agreed.status_code == 303 and only_plan(lead.lender).state == "agreed"
    assert "方案自今日起生效" in said(lead.browser.get(agreed["Location"]))


def test_a_waiver_waits_for_somebody_with_the_authority_who_is_somebody_else(lead, case, staff):
    officer = staff("compliance_officer")
    answer = lead.browser.post(to_new(case), form(do="propose", kind="waiver", waived_penalty="15.00", reason="长期合作客户"))
    assert answer.status_code == 303 and "plan_approval_asked" in answer["Location"]
    found = only_plan(lead.lender)
    assert found.instalments == [{"number": 1, "due_on": "2026-11-16", "amount_minor": 1985_00}] and found.waived_penalty_minor == 15_00
    assert lead.browser.post(f"/cases/{case.id}/plans/{found.pk}/agree", {}).status_code == 422
    approvals = said(officer.browser.get("/approvals"))
    assert "2,000.00" in approvals and "1,985.00" in approvals and "合规专员可审批" in approvals
    sheet_of_officer = officer.browser.get(f"/cases/{case.id}/plans/{found.pk}")
    approval = re.search(r"/approvals/([0-9a-f-]{36})/decide", sheet_of_officer.content.decode())[1]
    assert officer.browser.post(f"/approvals/{approval}/decide", {"decision": "approve", "reason": "可以"}).status_code == 302
    page = lead.browser.get(f"/cases/{case.id}/plans/{found.pk}").content.decode()
    assert f'name="approval" value="{approval}"' in page
    assert lead.browser.post(f"/cases/{case.id}/plans/{found.pk}/agree", {"approval": approval}).status_code == 303
    assert only_plan(lead.lender).state == "agreed"


def test_the_agreement_comes_as_a_sample_masked_or_drawn_up_in_clear_with_a_reason(lead, case):
    lead.browser.post(to_new(case), form(do="propose"))
    found = only_plan(lead.lender)
    here = f"/cases/{case.id}/plans/{found.pk}"
    sample = lead.browser.get(f"{here}/agreement?language=en")
    assert sample.status_code == 200 and sample.content.startswith(b"%PDF-1.7") and sample["Cache-Control"] == "no-store"
    assert lead.browser.post(f"{here}/agreement/drawn", {"language": "zh"}).status_code in (403, 422)
    assert only_plan(lead.lender).agreement_id is None
    drawn = lead.browser.post(f"{here}/agreement/drawn", {"language": "zh", "reason": "债务人要求书面协议"})
    assert drawn.status_code == 200 and drawn["Content-Type"] == "application/pdf" and drawn.content.startswith(b"%PDF")
    kept = only_plan(lead.lender).agreement_id
    again = lead.browser.post(f"{here}/agreement/drawn", {"attachment": str(kept), "reason": "再次打印"})
    assert again.content == drawn.content and again.content != sample.content


def test_a_plan_is_ended_with_a_reason_and_its_page_says_so(lead, case, work):
    lead.browser.post(to_new(case), form(do="propose"))
    found = only_plan(lead.lender)
    here = f"/cases/{case.id}/plans/{found.pk}"
    assert lead.browser.post(f"{here}/end", {"reason": ""}).status_code == 422
    assert lead.browser.post(f"{here}/end", {"reason": "债务人改为一次还清"}).status_code == 303
    assert only_plan(lead.lender).state == "refused" and "出具正式协议" not in said(lead.browser.get(here))


@pytest.fixture
def early(lead, case, work):
    """The same case twenty days late: the default strategy's row of the first month, in which a later date is offered and no instalments."""
    with work.writing(lead.lender):
        Debt.objects.filter(case=case).update(bucket="M1", days_past_due=20)
    return case


def test_a_later_date_is_reckoned_and_proposed_for_a_loan_in_its_first_month_and_the_form_has_its_fields_alone(lead, early):
    page = lead.browser.get(to_new(early))
    shown = page.content.decode()
    assert 'value="date_shift" checked' in shown and 'name="first_on"' in shown and 'max="0"' not in shown
    assert not any(f'name="{name}"' in shown for name in ("number", "rhythm", "first_part", "waived_penalty", "settled"))
    sent = dict(re.findall(r'<input[^>]* name="([a-z_]+)" value="([^"]*)"', shown))
    sent = {name: value for name, value in sent.items() if name in ("first_on", "kind_before", "loan", "loan_before", "key")} | {"kind": "date_shift", "first_on": re.search(r'name="first_on" value="([^"]+)"', shown)[1]}
    assert lead.browser.post(to_new(early), {**sent, "do": "calculate"}).status_code == 200
    assert lead.browser.post(to_new(early), {**sent, "do": "propose"}).status_code == 303
    assert (only_plan(lead.lender).kind, len(only_plan(lead.lender).instalments)) == ("date_shift", 1)


def test_a_kind_that_is_not_offered_says_why(lead, early):
    text = said(lead.browser.get(to_new(early)))
    assert "分期 · 适用的策略行不提供（first_month：逾期首月可延后还款日）" in text
    lead.browser.post("/language", {"language": "en", "next": "/"})
    assert "instalments · the strategy offers none here (first_month: " in said(lead.browser.get(to_new(early)))


def test_where_another_kind_is_chosen_its_own_fields_come_and_nothing_is_proposed_unseen(lead, case):
    answer = lead.browser.post(to_new(case), form(do="propose", kind="waiver", kind_before="instalments"))
    shown = answer.content.decode()
    assert answer.status_code == 200 and not _plans(lead.lender) and 'name="waived_penalty" value="15.00"' in shown and 'name="number"' not in shown and 'name="settled"' not in shown
    shown = lead.browser.post(to_new(case), form(do="calculate", kind="settlement", kind_before="waiver")).content.decode()
    assert 'name="settled"' in shown and 'name="waived_penalty"' not in shown

def test_who_may_not_see_the_case_sees_no_plan_of_it(lead, case, staff):
    lead.browser.post(to_new(case), form(do="propose"))
    found, other = only_plan(lead.lender), staff("team_lead", team="south")
    for address in (to_new(case), f"/cases/{case.id}/plans/{found.pk}", f"/cases/{case.id}/plans/{found.pk}/agreement"):
        assert other.browser.get(address).status_code == 403
    assert other.browser.post(to_new(case), form(do="propose")).status_code == 403
    assert len(_plans(lead.lender)) == 1


def test_pages_have_as_many_queries_for_many_plans_and_loans_as_for_one(lead, case, work, django_queries):
    lead.browser.post(to_new(case), form(do="propose"))
    with django_queries() as few:
        lead.browser.get(to_new(case))
    with work.writing(lead.lender):
        for number in range(1, 9):
            Debt.objects.create(lender=lead.lender, case=case, loan_id=f"{case.borrower_id}-L{number}", product="consumer_loan", currency="CNY", as_of=case.as_of, days_past_due=45, bucket="M2",
                                due_total_minor=2000_00, claimable_minor=2000_00, outstanding_principal_minor=2000_00, position=POSITION)
    with django_queries() as many:
        lead.browser.get(to_new(case))
    assert len(many) == len(few)


def test_the_page_of_the_case_shows_its_plans_and_takes_up_what_the_program_offers_again(lead, case, work):
    from arrears.work.actions.after_night import settle_night
    from arrears.work.models import Offer

    with work.writing(lead.lender):
        Plan.objects.create(lender=lead.lender, case=case, loan_id=f"{case.borrower_id}-L0", currency="CNY", state="agreed", proposed_on="2026-10-20", agreed_on="2026-10-20",
                            instalments=[{"number": 1, "due_on": "2026-11-01", "amount_minor": 500_00}, {"number": 2, "due_on": "2026-12-01", "amount_minor": 500_00}])
    page = said(lead.browser.get(f"/cases/{case.id}"))
    assert "还款方案" in page and "0 / 2" in page and "2026-11-01" in page
    settle_night(lead.lender, work.at.date(), work.now)
    page = lead.browser.get(f"/cases/{case.id}")
    assert page.status_code == 200 and "系统重新提供 2 期方案" in said(page)
    from arrears.work.actor import system

    with seen_by(system(lead.lender)):
        offer = Offer.objects.get()
    for _ in range(2):
        answer = lead.browser.post(f"/cases/{case.id}/offers/{offer.pk}/taken", {"key": "a-key-of-an-offer"})
        assert answer.status_code == 303 and "plan_agreed" in answer["Location"]
    assert sorted(plan.state for plan in _plans(lead.lender)) == ["agreed", "broken"]
