"""The pages of whoever administers: runs asked for, watched and repeated; the roster, limits, calendar and roles changed; what was typed wrongly stays in its form."""

import re

import pytest

from arrears.work.actions.action import perform
from arrears.work.actor import system


@pytest.fixture
def keeper(staff):
    return staff("administrator")


def key() -> str:
    from uuid import uuid4

    return str(uuid4())


def text_of(answer) -> str:
    return answer.content.decode()


def test_a_run_is_asked_for_goes_on_and_ends_before_the_administrator_s_eyes(work, keeper, clock):
    page = text_of(keeper.browser.get("/runs?kind=backup"))
    assert "<h1" in page and 'name="kind" value="backup"' in page
    asked = keeper.browser.post("/runs/ask", {"kind": "backup", "key": key()})
    assert asked.status_code == 302 and asked.url.endswith("?done=run_asked")
    address = asked.url.partition("?")[0]
    assert 'hx-trigger="every 2s"' in text_of(keeper.browser.get(address))
    taken = perform(system(keeper.lender), "run.claim", {}, clock.now)
    perform(system(keeper.lender), "run.report", {"run": taken["run"], "fence": taken["fence"], "done": 1, "of": 4, "step": "cases", "lines": ["backing up <cases>"]}, clock.now)
    part = text_of(keeper.browser.get(address + "/state"))
    assert 'value="25"' in part and "backing up &lt;cases&gt;" in part and "<html" not in part
    perform(system(keeper.lender), "run.end", {"run": taken["run"], "fence": taken["fence"], "exit_status": 2, "told": "磁盘已满\nthe disk is full", "lines": ["arrears: the disk is full"]}, clock.now)
    over = text_of(keeper.browser.get(address))
    assert "the disk is full" in over and 'role="alert"' in over and "hx-trigger" not in over
    again = keeper.browser.post(address + "/again", {"key": key()})
    assert again.url.partition("?")[0] != address
    stopped = keeper.browser.post(again.url.partition("?")[0] + "/cancel", {"key": key()})
    assert stopped.url.endswith("?done=run_cancelled")
    assert text_of(keeper.browser.get("/runs")).count("<tr>") >= 3


def test_a_form_sent_twice_asks_for_one_run(keeper):
    once = key()
    first, second = (keeper.browser.post("/runs/ask", {"kind": "retention", "key": once}) for _ in range(2))
    assert first.url == second.url


@pytest.mark.parametrize("said", [{"kind": "night"}, {"kind": "night", "book": "nowhere", "as_of": "2026-10-31"}, {"kind": "ingest", "book": "../x", "files": ["../../etc/passwd"], "mapping": "x"}, {"kind": "reboot"}, {},
                                  {"kind": "night", "as_of": "31.10.2026", "book": "x"}], ids=str)
def test_what_cannot_be_run_is_said_in_the_form_and_nothing_waits(keeper, said):
    answer = keeper.browser.post("/runs/ask", {**said, "key": key()})
    assert answer.status_code == 422 and 'role="alert"' in text_of(answer)
    assert f'value="{said["as_of"]}"' in text_of(answer) if said.get("kind") == "night" and "as_of" in said else True
    assert not re.search(r'href="/runs/[\w-]{36}"', text_of(keeper.browser.get("/runs")))


def test_another_lender_s_run_is_not_shown(staff, work, keeper, clock):
    other = staff("administrator", lender=work.lender())
    run = keeper.browser.post("/runs/ask", {"kind": "backup", "key": key()}).url.partition("?")[0]
    assert other.browser.get(run).status_code == 403 and other.browser.post(run + "/cancel", {"key": key()}).status_code == 422


def test_a_collector_s_duties_are_changed_and_the_history_says_who_did_it(work, keeper):
    team = work.team(keeper.lender, "north")
    made = keeper.browser.post("/roster/new", {"what": "collector", "name": "li-9", "team": "north", "key": key()})
    address = made.url.partition("?")[0]
    form = {"team": "north", "owner": "collector", "works_from": "2026-01-01", "cases_most": "120", "minutes_a_day": "400", "languages": "zh、yue", "stages": "M1, M2", "products": "any", "regions": "", "skills": "senior", "amount_most": "50,000.5"}
    assert keeper.browser.post(address + "/change", {**form, "key": key()}).url.endswith("?done=roster_changed")
    page = text_of(keeper.browser.get(address))
    assert 'value="zh, yue"' in page and 'value="50000.50"' in page and keeper.name in page
    roster = text_of(keeper.browser.get("/roster"))
    assert "li-9" in roster and "zh, yue" in roster and str(team.id) in roster
    wrong = keeper.browser.post(address + "/change", {**form, "minutes_a_day": "5000", "languages": "wu", "key": key()})
    assert wrong.status_code == 422 and 'value="wu"' in text_of(wrong) and 'value="5000"' in text_of(wrong) and 'role="alert"' in text_of(wrong)
    wrong = keeper.browser.post(address + "/change", {**form, "amount_most": "many", "key": key()})
    assert wrong.status_code == 422 and 'value="many"' in text_of(wrong)
    unsaid = keeper.browser.post(address + "/end", {"left_on": "2026-12-01", "key": key()})
    assert unsaid.status_code == 422 and 'value="2026-12-01"' in text_of(unsaid)
    assert keeper.browser.post(address + "/end", {"left_on": "2026-12-01", "reason": "离职", "key": key()}).status_code == 302


def test_an_agency_s_contract_is_changed_and_a_team_with_people_in_it_does_not_end(work, keeper):
    agency, north = work.team(keeper.lender, "river", "agency"), work.team(keeper.lender, "north")
    work.collector(keeper.lender, "north")
    form = {"contract_from": "2026-01-01", "contract_until": "2027-01-01", "evaluated_on": "2026-03-01", "cases_most": "500", "languages": "zh", "stages": "M4", "products": "any", "regions": "any", "score": "80"}
    assert keeper.browser.post(f"/roster/agencies/{agency.id}/change", {**form, "key": key()}).status_code == 302
    assert 'value="2027-01-01"' in text_of(keeper.browser.get(f"/roster/agencies/{agency.id}"))
    assert keeper.browser.post(f"/roster/agencies/{agency.id}/change", {**form, "contract_until": "2025-01-01", "key": key()}).status_code == 422
    assert keeper.browser.post(f"/roster/teams/{north.id}/end", {"ended_on": "2026-12-01", "reason": "撤销", "key": key()}).status_code == 422


def test_a_team_lead_sees_the_own_team_in_the_roster_and_changes_nothing(work, staff, keeper):
    lead = staff("team_lead")
    member = work.collector(keeper.lender, "south", "stranger")
    page = text_of(lead.browser.get("/roster"))
    assert "north" in page and "stranger" not in page
    assert lead.browser.get(f"/roster/collectors/{member.id}").status_code == 403
    assert lead.browser.post(f"/roster/collectors/{member.id}/end", {"left_on": "2026-12-01", "reason": "x", "key": key()}).status_code == 403


def test_limits_show_where_each_number_comes_from_and_keep_what_was_typed_wrongly(work, keeper, staff):
    work.lender()
    page = text_of(keeper.browser.get("/limits"))
    assert "unmasking.an_hour" in page and "access.idle_minutes" in page and 'name="value"' in page
    assert 'name="value"' not in text_of(staff("auditor").browser.get("/limits"))
    wrong = keeper.browser.post("/limits/set", {"section": "unmasking", "name": "an_hour", "value": "20", "reason": "收紧", "key": key()})
    assert wrong.status_code == 422 and 'value="收紧"' in text_of(wrong), "several lenders share this home"


def test_the_calendar_names_the_hours_of_the_law_with_their_text(keeper):
    page = text_of(keeper.browser.get("/calendar"))
    assert "22:00 – 08:00" in page and "2025-02-28" in page


def test_roles_are_changed_only_after_their_effect_was_shown(staff, keeper):
    other = staff("strategist")
    address = f"/accounts/{other.account}/change"
    shown = keeper.browser.post(address, {"roles": ["compliance_officer"]})
    assert shown.status_code == 200 and 'name="confirmed"' in text_of(shown) and other.browser.get("/entries").status_code == 403
    assert keeper.browser.post(address, {"roles": ["compliance_officer"], "confirmed": "1", "key": key()}).url == "/accounts?done=account_changed"
    assert other.browser.get("/entries").status_code == 200
    assert keeper.browser.get(f"/accounts/{keeper.account}/change").status_code == 403
    assert keeper.browser.post(address, {"roles": ["administrator", "strategist"], "confirmed": "1", "key": key()}).status_code == 403


def test_quarantine_without_a_book_and_without_a_reader_says_so(keeper):
    assert keeper.browser.get("/quarantine").status_code == 200
    assert keeper.browser.post("/quarantine/file", {"book": "nowhere"}).status_code == 422


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_running_comes_in_both_languages(keeper, work, language):
    keeper.browser.post("/language", {"language": language, "next": "/runs"})
    work.team(keeper.lender, "north")
    for address in ("/runs", "/runs?kind=ingest", "/quarantine", "/roster", "/roster/new", "/limits", "/calendar"):
        page = re.sub(r"<title>.*?</title>|中文|<code[^>]*>.*?</code>|<cite.*?</cite>", "", text_of(keeper.browser.get(address)), flags=re.DOTALL)
        main = page[page.index("<main"):page.index("</main>")]
        assert bool(re.search(r"[\u4e00-\u9fff]", main)) == (language == "zh"), address


def test_the_lists_ask_the_same_number_of_questions_for_one_as_for_many(work, keeper, clock):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert keeper.browser.get(address).status_code == 200
        return len(seen)

    work.collector(keeper.lender, "north")
    keeper.browser.post("/runs/ask", {"kind": "backup", "key": key()})
    before = [asked(address) for address in ("/runs", "/roster")]
    for number in range(20):
        work.collector(keeper.lender, f"team-{number % 5}")
        taken = perform(system(keeper.lender), "run.claim", {}, clock.now)
        perform(system(keeper.lender), "run.end", {"run": taken["run"], "fence": taken["fence"], "exit_status": 0}, clock.now)
        keeper.browser.post("/runs/ask", {"kind": "backup", "key": key()})
    assert [asked(address) for address in ("/runs", "/roster")] == before
