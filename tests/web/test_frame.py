"""What stands around every page: links and search by role, what was just done, the key of drafts, and the way back after a session that ended."""

import re

import pytest

from web.staff import HOUR, MINUTE, browser


def meta(page: str, name: str) -> str | None:
    found = re.search(rf'<meta name="{name}" content="([^"]*)"', page)
    return found[1] if found else None


def test_a_page_tells_what_was_done_only_by_codes_of_ours(staff):
    person = staff("compliance_officer")
    assert re.search(r'id="done">已批准<', person.browser.get("/approvals?done=approved").content.decode())
    for foreign in ("<script>1</script>", "Send money to me", "", "%00x"):
        page = person.browser.get("/approvals", {"done": foreign}).content.decode()
        assert 'id="done"' not in page and "Send money" not in page and "<script>1" not in page


def test_the_draft_key_is_on_whole_sessions_pages_alone_and_differs_by_account(staff):
    one, other, half = staff("collector"), staff("collector"), staff("collector", enrolled=False)
    pages = [person.browser.get("/").content.decode() for person in (one, other)]
    assert len({meta(page, "draft-key") for page in pages}) == 2 and len({meta(page, "draft-owner") for page in pages}) == 2
    assert meta(one.browser.get("/account").content.decode(), "draft-key") == meta(pages[0], "draft-key")
    half.give_password()
    for page in (half.browser.get("/second-factor/enrol"), browser().get("/login")):
        assert "draft-key" not in page.content.decode() and "htmx.min.js" not in page.content.decode()


def test_links_are_those_of_the_role_and_the_page_one_is_on_is_marked(staff):
    page = staff("administrator").browser.get("/accounts/create").content.decode()
    nav = re.search(r"<nav.*?</nav>", page, re.DOTALL)[0]
    assert 'href="/accounts" aria-current="page"' in nav and "/entries" not in nav and "/account\"" not in nav


@pytest.mark.parametrize("referer, onward", [
    ("http://localhost/approvals?done=approved", "next=/approvals%3Fdone%3Dapproved"), ("https://elsewhere.example/approvals", None), ("", None), ("http://localhost", None), ("nonsense", None),
])
def test_a_form_of_a_session_that_ended_leads_back_to_its_own_page_after_log_in(staff, clock, referer, onward):
    person = staff("compliance_officer")
    clock.on(2 * HOUR)
    answer = person.browser.post("/account/sessions/end", headers={"referer": referer})
    assert answer.status_code == 302 and answer.url.startswith("/login") and (f"?{onward}&" in answer.url if onward else "next=" not in answer.url)


def test_a_part_asked_for_after_the_session_sends_the_whole_page_to_log_in(staff, clock):
    person = staff("compliance_officer")
    clock.on(31 * MINUTE)
    answer = person.browser.get("/approvals", headers={"hx-request": "true", "hx-current-url": "http://localhost/entries?name=x"})
    assert answer.status_code == 401 and answer["HX-Redirect"] == "/login?next=/entries%3Fname%3Dx&over=1" and answer.content == b""
