"""Half-written forms: kept sealed for who wrote them, brought back after whatever happened, gone when the server took them, and never done twice."""

import json
import re
from uuid import UUID

import pytest

from browser.desk import LANGUAGES, until
from web.staff import MINUTE

WRITTEN = "已核对条款，风险可控 – checked"
ITEMS = "Object.keys(localStorage).filter((name) => name.startsWith('arrears-draft:'))"


@pytest.fixture
def officer(desk):
    return desk.staff("compliance_officer")


@pytest.fixture
def approval(desk, officer):
    """What waits for the officer: another's strategy."""
    return asked(desk)


def asked(desk, subject="strategy:7") -> UUID:
    return UUID(desk.done(desk.staff("strategist"), "approval.ask", {"kind": "strategy", "subject": subject}, reason="quarterly")["approval"])


def decisions(desk, approval) -> int:
    """How often something was decided, by the log."""
    from arrears.work.actor import system
    from arrears.work.models import Entry
    from arrears.work.tenancy import seen_by

    with seen_by(system(desk.lender())):
        return Entry.objects.filter(lender=desk.lender(), verb="approval.decide", is_refused=False).count()


def write(page, text=WRITTEN):
    """Types a reason and waits until it is kept."""
    page.locator("form[data-draft] input[name=reason]").first.click()
    page.keyboard.type(text)
    until(page, f"{ITEMS}.length === 1")
    page.evaluate("new Promise((done) => setTimeout(done, 400))")


def reason(page) -> str:
    return page.locator("form[data-draft] input[name=reason]").first.input_value()


def key(page) -> str:
    return page.locator("form[data-draft] input[name=key]").first.input_value()


def approve(page):
    page.locator("form[data-draft] button[value=approve]").first.click()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_was_written_comes_back_after_a_closed_tab_and_is_gone_when_the_server_took_it(desk, officer, approval, lang):
    page = desk.opened(officer, lang, path="/approvals")
    write(page)
    before = key(page)
    kept = page.evaluate(f"JSON.stringify({ITEMS}.map((name) => [name, localStorage.getItem(name)]))")
    assert WRITTEN not in kept and "核对" not in kept and before not in kept
    context = page.context
    page.close()
    page = context.new_page()
    page.goto("/approvals")
    note = page.locator(".draft-note")
    note.wait_for()
    assert ("Restored" if lang == "en" else "已恢复") in note.inner_text() and re.search(r"20\d\d", note.inner_text())
    assert (reason(page), key(page)) == (WRITTEN, before)
    approve(page)
    page.wait_for_url("**/approvals?done=approved")
    assert ("approved" if lang == "en" else "已批准") in page.locator("#done").inner_text()
    assert page.evaluate(ITEMS) == [] and decisions(desk, approval) == 1


def test_a_form_that_comes_back_from_the_server_is_not_written_over_by_what_was_kept_before(desk):
    collector = desk.staff("collector")
    case = desk.work.case(desk.lender(), "north", desk.holder(collector))
    page = desk.opened(collector, path=f"/cases/{case.id}/outcome?outcome=promise")
    page.locator("#talk-amount").click()
    page.keyboard.type("10")
    until(page, f"{ITEMS}.length === 1")
    before = page.locator("form.talk input[name=key]").input_value()
    page.keyboard.type("0")
    page.locator("button[name=suggest]").click()
    until(page, "document.getElementById('note').value !== ''")
    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    written = page.locator("#note").input_value()
    assert "100.00" in written and page.locator(".draft-note").count() == 0, "the summary that was asked for stays"
    assert (page.locator("#talk-amount").input_value(), page.locator("form.talk input[name=key]").input_value()) == ("100", before)
    page.reload()
    page.locator(".draft-note").wait_for()
    assert page.locator("#note").input_value() == written


def test_discarding_brings_back_what_the_server_gave_and_forgets_the_rest(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    page.reload()
    page.locator("[data-discard]").click()
    assert reason(page) == "" and page.locator(".draft-note").count() == 0 and page.evaluate(ITEMS) == []
    page.reload()
    assert reason(page) == "" and page.locator(".draft-note").count() == 0


def test_a_network_lost_in_mid_form_loses_nothing_and_the_second_press_does_it_once(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page, "first half, ")
    page.context.set_offline(True)
    page.locator("#connection:not([hidden])").wait_for()
    page.keyboard.type("second half")
    before = key(page)
    approve(page)
    until(page, "document.getElementById('connection').textContent.includes('再按一次')")
    assert page.url.endswith("/approvals") and reason(page) == "first half, second half" and key(page) == before and decisions(desk, approval) == 0
    page.context.set_offline(False)
    until(page, "document.getElementById('connection').classList.contains('back')")
    approve(page)
    page.wait_for_url("**/approvals?done=approved")
    assert decisions(desk, approval) == 1 and page.evaluate(ITEMS) == []


def test_a_form_pressed_twice_quickly_is_sent_once(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.locator("form[data-draft] button[value=approve]").first.dblclick(no_wait_after=True)
    page.wait_for_url("**/approvals?done=approved")
    assert len(sent) == 1 and decisions(desk, approval) == 1


def test_an_answer_lost_on_its_way_back_is_not_done_again(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    stale = page.context.new_page()
    stale.goto("/approvals")
    form = page.evaluate("Object.fromEntries(new FormData(document.querySelector('form[data-draft]')))")
    address = page.locator("form[data-draft]").get_attribute("action")
    first = page.request.post(address, form={**form, "decision": "approve"}, max_redirects=0, headers={"Referer": desk.address})
    assert first.status == 302
    approve(stale)
    stale.wait_for_url("**/approvals?done=approved")
    assert decisions(desk, approval) == 1


def test_a_session_that_ended_in_between_leads_back_to_the_form_as_it_was(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    desk.moments.on(31 * MINUTE)
    approve(page)
    page.wait_for_url("**/login?**")
    assert "浏览器" in page.locator("main [role=status]").first.inner_text()
    page.fill("#name", officer.name)
    page.fill("#password", officer.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/second-factor")
    page.fill("#code", officer.code())
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals")
    page.locator(".draft-note").wait_for()
    assert reason(page) == WRITTEN and decisions(desk, approval) == 0
    approve(page)
    page.wait_for_url("**/approvals?done=approved")


def test_nobody_else_reads_a_draft_and_the_log_out_of_another_account_wipes_it(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    name = page.evaluate(ITEMS)[0]
    second = desk.staff("compliance_officer")
    desk.log_in(page.context, second)
    page.goto("/approvals")
    assert reason(page) == "" and page.locator(".draft-note").count() == 0
    assert page.evaluate(ITEMS) == [name], "the other's stays sealed until this one leaves"
    page.locator("[data-logs-out] button").click()
    page.wait_for_url("**/login")
    assert page.evaluate(ITEMS) == []


def test_ones_own_log_out_keeps_ones_own_draft_and_ended_sessions_make_it_unreadable(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    page.locator("[data-logs-out] button").click()
    page.wait_for_url("**/login")
    desk.log_in(page.context, officer)
    page.goto("/approvals")
    page.locator(".draft-note").wait_for()
    desk.done(officer, "account.end_sessions", {}, officer.account)
    desk.log_in(page.context, officer)
    page.goto("/approvals")
    until(page, f"{ITEMS}.length === 0")
    assert reason(page) == "" and page.locator(".draft-note").count() == 0


def test_the_second_tab_with_the_same_form_is_told_and_shares_its_key(desk, officer, approval):
    first = desk.opened(officer, path="/approvals")
    second = first.context.new_page()
    second.goto("/approvals")
    second.locator(".draft-note[role=alert]").wait_for()
    assert key(second) == key(first) and first.locator(".draft-note").count() == 0
    second.locator("[data-take-over]").click()
    first.locator(".draft-note[role=alert]").wait_for()
    write(second)
    approve(second)
    second.wait_for_url("**/approvals?done=approved")
    until(first, "document.querySelector('.draft-note').textContent.includes('已在另一个标签页中提交')")
    first.locator("form[data-draft] input[name=reason]").first.fill("again")
    approve(first)
    first.locator("h1").wait_for()
    first.wait_for_url("**/decide")
    assert "409" in first.content() and decisions(desk, approval) == 1


def test_a_draft_lasts_seven_days(desk, officer, approval):
    page = desk.opened(officer, path="/approvals")
    write(page)
    name = page.evaluate(ITEMS)[0]
    item = json.loads(page.evaluate("(name) => localStorage.getItem(name)", name))
    for days, is_there in ((6, True), (8, False)):
        page.evaluate("([name, item, days]) => localStorage.setItem(name, JSON.stringify({ ...item, at: Date.now() - days * 86400000 }))", [name, item, days])
        page.reload()
        page.wait_for_load_state("load")
        until(page, f"{ITEMS}.length === {int(is_there)}")
        assert page.locator(".draft-note").count() == int(is_there) and bool(reason(page)) is is_there


def test_the_key_is_the_accounts_and_its_epochs_and_tells_nothing_of_another(work):
    from uuid import uuid4

    from arrears.web.draft_keys import draft_key

    one, other = uuid4(), uuid4()
    told = [draft_key(one, 1), draft_key(one, 2), draft_key(other, 1), draft_key(other, 2)]
    assert len({each.key for each in told}) == 4 and [each.owner for each in told] == [told[0].owner] * 2 + [told[2].owner] * 2 and told[0].owner != told[2].owner
    assert draft_key(one, 1) == told[0] and all(len(each.owner) == 16 and len(each.key) == 44 for each in told)


def test_a_page_before_log_in_carries_no_key(desk):
    page = desk.context().new_page()
    page.goto("/login")
    assert page.locator("meta[name=draft-key]").count() == 0
