"""The calculator of plans in a real browser: reckoned while one types, by keys and by the button alone, whole in both languages and sizes."""

import pytest

from arrears.strategy.reading import default_strategy_text
from browser.desk import LANGUAGES, SIZES, faults, overflow

POSITION = {"penalty_minor": 50_00, "due_interest_minor": 30_00, "due_fee_minor": 0, "due_principal_minor": 1920_00, "excess_minor": 0}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_plan_is_reckoned_while_typed_and_waits_for_an_approval_where_it_waives(desk, lang):
    from arrears.work.models import Debt

    lead = desk.staff("team_lead")
    case = desk.work.case(desk.lender(), "north", claimable_minor=2000_00)
    desk.work.strategy(desk.lender(), default_strategy_text())
    with desk.work.writing(desk.lender()):
        Debt.objects.filter(case=case).update(position=POSITION, bucket="M2", days_past_due=45)
    page = desk.opened(lead, lang)
    page.goto(f"/cases/{case.id}/plan")
    page.fill("#number", "6")
    page.locator("#preview", has_text="333.34").wait_for(timeout=20_000)
    assert page.locator("#preview caption").count() == 2 and page.url.endswith("/plan")
    page.check("input[name=kind][value=waiver]")
    page.locator("input[name=kind_before][value=waiver]").wait_for(state="attached", timeout=20_000)
    assert page.locator("#number, #rhythm, #first_part, #settled").count() == 0
    page.fill("#waived_penalty", "14.50")
    page.locator("#preview", has_text="1,985.50").wait_for(timeout=20_000)
    told = []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        told += [f"{size}: {fault}" for fault in faults(page)] + ([f"{size}: too wide"] if overflow(page) > 0 else [])
    page.fill("#reason", "long a customer")
    page.locator("button[value=propose]").click()
    page.wait_for_url("**/plans/**")
    assert page.locator("#done").count() == 1 and page.locator("form[action$='/agree']").count() == 0
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        told += [f"plan, {size}: {fault}" for fault in faults(page)] + ([f"plan, {size}: too wide"] if overflow(page) > 0 else [])
    assert not told, "\n".join(told)
