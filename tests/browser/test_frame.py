"""What the frame adds to every page: keys, the line about the connection, dialogs and tabs, charts and wording under the strict policy, and pages that htmx fills."""

import json

import pytest

from browser.desk import LANGUAGES, faults, until

WORDS = {"zh": ("网络已断开", "网络已恢复"), "en": ("connection is lost", "connection is back")}


@pytest.fixture
def page(desk):
    """The first page of an administrator, which has a key of its own."""
    return desk.opened(desk.staff("administrator"))


def inserted(page, html: str) -> None:
    """A piece of a page, as a template would have it, made known to the desk's scripts as after htmx."""
    page.evaluate("(html) => { document.querySelector('main').insertAdjacentHTML('beforeend', html); document.dispatchEvent(new CustomEvent('htmx:after:swap')) }", html)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_question_mark_lists_the_keys_of_the_page_and_escape_closes_it(desk, lang):
    page = desk.opened(desk.staff("administrator"), lang)
    page.keyboard.press("?")
    dialog = page.locator("dialog#keys[open]")
    dialog.wait_for()
    told = dialog.locator("dl").inner_text()
    assert ("New account" if lang == "en" else "新建账号") in told and not faults(page)
    page.keyboard.press("Escape")
    assert page.locator("dialog#keys[open]").count() == 0
    page.locator("#show-keys").click()
    dialog.wait_for()
    dialog.get_by_role("button").click()
    assert page.locator("dialog#keys[open]").count() == 0


def test_a_letter_presses_what_it_stands_for_but_not_while_something_is_written_nor_when_turned_off(page):
    page.keyboard.press("?")
    page.locator("#letters").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert page.url.endswith("/")
    page.keyboard.press("?")
    page.locator("#letters").check()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    assert page.url.endswith("/")
    page.keyboard.press("a")
    page.wait_for_url("**/accounts/create")
    page.locator("#name").fill("")
    page.locator("#name").press("a")
    page.locator("#name").press("?")
    assert page.locator("#name").input_value() == "a?" and page.locator("dialog#keys[open]").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_a_key_struck_while_the_page_is_still_coming_is_pressed_once_it_is_there(page):
    waiting = []
    page.route("**/arrears/keys*.js", lambda route: waiting.append(route))
    page.goto(page.url, wait_until="commit")
    page.locator("[data-key=a]").first.wait_for()
    page.keyboard.press("a")
    while not waiting:
        page.wait_for_timeout(20)
    assert page.url.endswith("/")
    page.unroute("**/arrears/keys*.js")  # what was held goes on
    page.wait_for_url("**/accounts/create")


def test_wide_signs_and_input_methods_press_the_same_keys(page):
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '？', code: 'Slash', bubbles: true }))")
    page.locator("dialog#keys[open]").wait_for()
    page.keyboard.press("Escape")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Process', code: 'KeyA', bubbles: true }))")
    page.wait_for_url("**/accounts/create")


def test_a_key_reaches_into_what_is_folded_up_and_leaves_alone_what_is_hidden(page):
    inserted(page, "<details id='folded'><summary>x</summary><label for='deep'>deep</label><input id='deep' data-key='y'></details><button hidden data-key='z' id='gone'>z</button>")
    page.keyboard.press("y")
    assert page.evaluate("document.activeElement.id") == "deep" and page.evaluate("document.getElementById('folded').open")
    page.keyboard.type("y")
    assert page.locator("#deep").input_value() == "y"
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    assert page.evaluate("document.activeElement.id") != "gone"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lost_connection_is_said_and_its_return_too(desk, lang):
    page = desk.opened(desk.staff("auditor"), lang)
    page.context.set_offline(True)
    page.locator("#connection.lost").wait_for()
    assert WORDS[lang][0] in page.locator("#connection").inner_text() and not faults(page)
    page.context.set_offline(False)
    until(page, "document.getElementById('connection').classList.contains('back')")
    assert WORDS[lang][1] in page.locator("#connection").text_content()


def test_a_wrong_form_says_so_and_the_reader_begins_there(page):
    page.goto("/accounts/create")
    page.fill("#name", "abc")
    page.locator("main form button").click()
    page.locator("main [role=alert]").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert" and page.locator("#name").input_value() == "abc"


@pytest.mark.parametrize("typed, is_in_address", [("B-10023-L1", True), ("1381 2345 678", False), ("99010119900101123X", False)])
def test_the_search_keeps_what_may_be_somebodys_number_out_of_the_address(desk, typed, is_in_address):
    from django.urls import NoReverseMatch, reverse

    try:
        reverse("search", urlconf="arrears.web.urls")
    except NoReverseMatch:
        pytest.skip("there is no search")
    page = desk.opened(desk.staff("team_lead"))
    page.keyboard.press("/")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search**")
    assert ("q=" in page.url) is is_in_address and "csrf" not in page.url and (typed.split()[0] in page.url) is is_in_address
    assert page.locator("main input[name=q]").input_value() == typed


@pytest.mark.parametrize("kind", ["bar", "line", "pie", "heatmap"])
def test_charts_are_drawn_under_the_policy_from_numbers_of_the_page(page, kind):
    option = {
        "bar": {"xAxis": {"type": "category", "data": ["一", "二"]}, "yAxis": {"axisLabel": {"formatter": "money"}}, "tooltip": {"valueFormatter": "money"}, "series": [{"type": "bar", "name": "应还", "data": [120000, 200050]}, {"type": "bar", "name": "实还", "data": [100000, 150000]}]},
        "line": {"dataset": {"source": [["day", "rate"], ["11-01", 0.3], ["11-02", 0.4]]}, "xAxis": {"type": "category"}, "yAxis": {"axisLabel": {"formatter": "percent"}}, "series": [{"type": "line"}]},
        "pie": {"series": [{"type": "pie", "data": [{"name": "履约", "value": 3}, {"name": "失约", "value": 1}]}]},
        "heatmap": {"xAxis": {"type": "category", "data": ["9", "10"]}, "yAxis": {"type": "category", "data": ["Mon"]}, "visualMap": {"min": 0, "max": 5, "show": False}, "series": [{"type": "heatmap", "data": [[0, 0, 5], [1, 0, 2]]}]},
    }[kind]
    inserted(page, f"<script type='application/json' id='numbers'>{json.dumps(option)}</script><div class='chart' id='drawn' data-chart='numbers' role='img' aria-label='图'></div>")
    page.locator("#drawn canvas").first.wait_for()
    until(page, "[...document.querySelector('#drawn canvas').getContext('2d').getImageData(0, 0, 600, 240).data].some((one) => one)")
    assert page.locator("#drawn").get_attribute("aria-label") == "图"
    page.locator("#drawn").hover()
    assert page.locator("#drawn div[style*='pointer-events']").count() == 0, "a tooltip of HTML would break the policy"
    page.evaluate("document.querySelector('main').style.width = '400px'")
    until(page, "document.querySelector('#drawn canvas').clientWidth < 400")


def test_wording_is_screened_while_it_is_typed_and_told_aloud(page):
    posted = []

    def answer(route):
        posted.append((route.request.post_data, route.request.headers.get("x-csrftoken", "")))
        bad = "坐牢" in route.request.post_data
        route.fulfill(json={"verdict": "deny", "messages": ["「坐牢」：不得威胁。"]} if bad else {"verdict": "allow", "messages": []})

    page.route("**/wording-of-a-test", answer)
    inserted(page, "<form><label for='note'>备注</label><textarea id='note' name='note' data-screen='/wording-of-a-test'></textarea></form>")
    page.locator("#note").click()
    page.keyboard.type("客户答应周五")
    line = page.locator("#note-screened")
    until(page, "document.getElementById('note-screened').textContent.includes('未发现问题')")
    page.keyboard.type("，不还要坐牢")
    until(page, "document.getElementById('note-screened').textContent.includes('不得威胁')")
    assert line.get_attribute("role") == "status" and page.locator("#note").get_attribute("aria-invalid") == "true" and "note-screened" in page.locator("#note").get_attribute("aria-describedby")
    assert len(posted) < 6 and all(token for _, token in posted), "asked after a pause, not at every key, and with the form's token"
    assert not faults(page)


def test_wording_that_cannot_be_screened_is_said_and_stops_nobody(page):
    page.route("**/wording-of-a-test", lambda route: route.fulfill(status=404, body="gone"))
    inserted(page, "<label for='note'>备注</label><textarea id='note' data-screen='/wording-of-a-test'></textarea>")
    page.locator("#note").fill("一句话")
    until(page, "document.getElementById('note-screened').textContent.includes('暂时无法检查')")


def test_tabs_dialogs_and_foldings_move_by_keyboard_without_styles(page):
    inserted(page, """<div role='tablist' aria-label='x'><button role='tab' id='t1' aria-controls='p1' aria-selected='true'>甲</button><button role='tab' id='t2' aria-controls='p2'>乙</button></div>
      <div role='tabpanel' id='p1' aria-labelledby='t1'>一</div><div role='tabpanel' id='p2' aria-labelledby='t2'>二</div>
      <button data-opens='d1' id='opens'>开</button><dialog id='d1' aria-label='x'><button data-closes>关</button></dialog>
      <button data-toggles='f1' id='folds'>折</button><p id='f1' hidden>折叠的</p>""")
    assert page.locator("#p1").is_visible() and page.locator("#p2").is_hidden()
    page.locator("#t1").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#p2").is_visible() and page.locator("#p1").is_hidden() and page.evaluate("document.activeElement.id") == "t2"
    page.locator("#opens").click()
    page.locator("#d1[open] [data-closes]").click()
    assert page.locator("#d1[open]").count() == 0
    page.locator("#folds").click()
    assert page.locator("#f1").is_visible() and page.locator("#folds").get_attribute("aria-expanded") == "true"
    assert page.locator("main [style]").count() == 0


def test_htmx_loads_a_part_with_the_forms_token_shows_errors_in_place_and_leads_to_log_in_when_the_session_is_over(desk, page):
    from web.staff import HOUR

    inserted(page, "<div id='part' hx-get='/accounts' hx-trigger='click' hx-select='h1' hx-swap='innerHTML'>…</div><button id='refused' hx-post='/approvals' hx-target='#part' hx-select='h1'>x</button>")
    page.evaluate("htmx.process(document.querySelector('main'))")
    page.locator("#part").click()
    until(page, "document.querySelector('#part h1')?.textContent === '账号'")
    sent = []
    page.on("request", lambda request: sent.append(request.headers.get("x-csrftoken")) if request.method == "POST" else None)
    page.locator("#refused").click()
    until(page, "document.querySelector('#part').getAttribute('aria-busy') === null && document.querySelector('#part h1')?.textContent !== '账号'")
    assert sent and sent[0]
    desk.moments.on(13 * HOUR)
    page.evaluate("document.getElementById('part').click()")
    page.wait_for_url("**/login?**")
    assert "next=" in page.url or "over=1" in page.url


def test_alpine_runs_in_its_build_for_strict_policies(page):
    page.evaluate("""() => { Alpine.data('counter', () => ({ n: 0, more() { this.n++ } })); document.querySelector('main').insertAdjacentHTML('beforeend', "<div x-data='counter'><button id='more' x-on:click='more'>+</button><output id='n' x-text='n'></output></div>") }""")
    page.locator("#n").wait_for()
    page.locator("#more").click()
    until(page, "document.getElementById('n').textContent === '1'")


def test_without_javascript_the_pages_work_all_the_same(desk):
    person = desk.staff("administrator")
    context = desk.chromium.new_context(java_script_enabled=False, base_url=desk.address, locale="zh-CN")
    desk.contexts.append(context)
    desk.log_in(context, person)
    page = context.new_page()
    page.goto("/accounts/create")
    page.fill("#name", f"plain-{desk.lender()[-6:]}")
    page.locator("input[value=strategist]").check()
    page.locator("main form button").click()
    assert page.locator("main code").first.inner_text().strip()
