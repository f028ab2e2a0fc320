"""Compliance's day on its pages: the ledger looked through, a sample drawn, scored and disputed, the law read and compared, an export asked for and fetched; and what goes wrong said on the spot."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

PAGES = {"ledger": "/ledger", "samples": "/samples", "law": "/law", "exports": "/exports"}


@pytest.fixture
def bank(work, staff):
    """A compliance officer of a lender with one case and a contact of a collector's, denied by a rule."""
    officer, collector = staff("compliance_officer"), staff("collector")
    return officer, collector, put_contact(work, officer.lender, collector.account)


def put_contact(work, lender, maker=None, **more):
    """One contact, as an action would leave it, in a case of its own."""
    from arrears.work.models import Account, Contact

    holder = Account.objects.get(pk=maker).collector_id if maker else None
    case = work.case(lender, "north", holder)
    with work.writing(lender):
        return Contact.objects.create(**{"lender": lender, "case": case, "attempted_at": work.at - timedelta(hours=1), "channel": "call", "direction": "outbound", "relation": "debtor", "outcome": "answered",
                                         "verdict": "deny", "rules": ["cn.calls_per_day"], "made_by_id": maker, **more})


def page(person, address, status=200) -> str:
    answer = person.browser.get(address)
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return answer.content.decode()


def main_of(told: str) -> str:
    return told[told.index("<main"):told.index("</main>")]


def english(person):
    person.browser.post("/language", {"language": "en"})
    return person


@pytest.mark.parametrize("address", PAGES.values())
def test_every_page_is_whole_in_both_languages_empty_too(staff, address):
    officer = staff("compliance_officer")
    zh = page(officer, address)
    en = page(english(officer), address)
    assert zh.count("<h1") == en.count("<h1") == 1 and re.search(r"<h1[^>]*>\s*[\u4e00-\u9fff]", zh)
    plain = re.sub(r"<(datalist|select|code|table)\b.*?</\1>|<[^>]*>|中文", " ", en, flags=re.DOTALL)
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"中国内地", "", plain)), re.findall(r".{20}[\u4e00-\u9fff]+", plain)[:5]
    for control in re.findall(r"<(?:input|select|textarea)\b[^>]*\bid=\"([^\"]+)\"", main_of(zh)):
        assert f'for="{control}"' in zh, control
    assert 'style="' not in zh and " onclick" not in zh


@pytest.mark.parametrize("role, opens, closed", [
    ("compliance_officer", ["/ledger", "/samples", "/law", "/exports"], ["/scores"]), ("auditor", ["/ledger", "/samples", "/law", "/exports"], ["/scores"]), ("team_lead", ["/ledger", "/samples", "/law", "/exports"], ["/scores"]),
    ("collector", ["/scores", "/law"], ["/ledger", "/samples", "/exports"]), ("data_officer", ["/exports", "/law"], ["/ledger", "/samples"]), ("strategist", ["/law"], ["/ledger", "/exports"]), ("administrator", [], ["/ledger", "/law", "/exports", "/samples"]),
])
def test_who_may_not_look_is_told_so(staff, role, opens, closed):
    person = staff(role)
    for address in opens:
        page(person, address)
    for address in closed:
        page(person, address, 403)


def test_a_forbidden_contact_stands_out_and_says_by_which_rule_and_text(work, bank):
    officer, _, contact = bank
    told = page(officer, "/ledger")
    assert 'class="table-danger"' in told and "有效通话每日至多三次" in told and "贷后催收风控指引" in told and f"/cases/{contact.case_id}" in told
    assert contact.case.borrower_id in page(officer, "/ledger?rule=cn.calls_per_day&verdict=deny")
    assert contact.case.borrower_id not in page(officer, "/ledger?channel=sms")


def test_rules_of_one_title_are_told_once_in_a_cell(work, bank):
    from arrears.web.desk.ledger import _titles

    officer, _, _ = bank
    contact = put_contact(work, officer.lender, rules=["cn.quiet_hours", "cn.quiet_hours.bank"])
    row = next(one for one in page(officer, "/ledger").split("<tr") if f"/cases/{contact.case_id}" in one)
    assert row.count("rule=cn.quiet_hours") == len({re.search(r">([^<]*)</a>", one)[1] for one in re.findall(r"rule=cn.quiet_hours[^>]*>[^<]*</a>", row)})
    assert [one["id"] for one in _titles(["a", "b", "a"], {})] == ["a", "b"]


def test_no_code_and_no_word_twice_stands_on_the_page_of_the_law(bank):
    officer, _, _ = bank
    told = main_of(page(officer, "/law"))
    assert "not law)" not in told and "机构自有政策" in told and not re.search(r"禁止</span>\s*<span class=\"small\">禁止", told)


def test_who_draws_no_samples_is_told_who_does(staff):
    told = page(staff("team_lead"), "/samples")
    assert "合规专员抽取" in told and "请在上方选择" not in told


@pytest.mark.parametrize("query", ["from_on=yesterday", "channel=pigeon", "after=x", "verdict=maybe", "rule=" + "x" * 200, "from_on=2026-11-02&to_on=2026-11-01",
                                   "to_on=0001-01-01", "from_on=9999-12-30&to_on=9999-12-31", "from_on=0001-01-01&to_on=0001-01-02"])
def test_what_cannot_be_looked_for_is_said_and_the_last_days_are_shown(bank, query):
    officer, _, contact = bank
    told = page(officer, f"/ledger?{query}", 422)
    assert 'role="alert"' in told and contact.case.borrower_id in told


def test_hostile_words_in_the_address_are_shown_as_words(bank):
    officer, _, _ = bank
    told = page(officer, "/ledger?rule=%3Cscript%3Ealert(1)%3C/script%3E&borrower_id=%22%3E%3Cimg%20src=x%3E")
    assert "<script>alert" not in told and "<img src" not in told and "&lt;script&gt;" in told


def test_as_many_queries_for_a_page_of_one_as_of_forty(work, bank):
    officer, collector, _ = bank
    counts = []
    for many in (0, 39):
        for _ in range(many):
            put_contact(work, officer.lender, collector.account)
        for address in PAGES.values():
            page(officer, address)
            with CaptureQueriesContext(connection) as caught:
                page(officer, address)
            counts.append(len(caught))
    assert counts[:4] == counts[4:]


def test_a_sample_is_drawn_scored_disputed_and_settled(work, bank, staff):
    officer, collector, _ = bank
    sent = {"method": "random", "size": "10", "double_percent": "0", "key": "draw-0001", "from_on": "2026-10-27", "to_on": "2026-11-02"}
    drawn = officer.browser.post("/samples/draw", sent)
    assert drawn.status_code == 303 and "done=sample_drawn" in drawn.url
    assert officer.browser.post("/samples/draw", sent).url == drawn.url, "sent twice, drawn once"
    sample = page(officer, drawn.url)
    sheet = re.search(r'href="(/samples/contacts/[0-9a-f-]+)"', sample)[1]
    form = page(officer, sheet)
    answers = {name: ("5" if '"5"' in form.split(f'name="{name}"')[-1][:60] or f'name="{name}" value="0"' in form else "yes") for name in re.findall(r'name="(answer\.\w+)"', form)}
    item = sheet.rpartition("/")[2]
    action = re.search(r'action="(/cases/[0-9a-f-]+/sheet)"', form)[1]
    half = officer.browser.post(action, {"item": item, "comment": "语气平和", **dict(list(answers.items())[:3])})
    assert half.status_code == 422 and "语气平和" in half.content.decode() and 'role="alert"' in half.content.decode() and main_of(half.content.decode()).count(" checked") == 3
    filled = officer.browser.post(action, {"item": item, "comment": "语气平和", **answers, "answer.no_threat": "no", "key": "fill-0001"})
    assert filled.status_code == 303 and filled.url.startswith("/samples/") and "done=sheet_filled" in filled.url
    own = page(collector, "/scores")
    assert "语气平和" in own and "不合格" in own and "红线" in own
    assert collector.browser.post(f"/samples/contacts/{item}/dispute", {"text": ""}).status_code == 422
    assert "done=sheet_disputed" in collector.browser.post(f"/samples/contacts/{item}/dispute", {"text": "录音中并无此言", "key": "disp-0001"}).url
    second = staff("compliance_officer", lender=officer.lender)
    assert "录音中并无此言" in page(second, sheet)
    assert second.browser.post(action, {"item": item, **answers}).status_code == 303
    assert "合格" in page(collector, "/scores") and "已复核" in page(collector, "/scores")
    scores = page(officer, drawn.url)
    assert "100.0 %" in scores and "95 %" in scores


def test_who_scores_a_second_time_sees_nothing_of_the_first_sheet_and_is_led_to_the_recording_where_it_is_opened_with_a_reason(work, bank, staff):
    from arrears.work.models import Attachment, Contact

    officer, _, contact = bank
    second = staff("compliance_officer", lender=officer.lender)
    with work.writing(officer.lender):
        Attachment.objects.create(lender=officer.lender, case=contact.case, kind="recording", record_kind="call_recording", made_at=Contact.objects.get(pk=contact.pk).attempted_at, content_sealed=b"x", size_bytes=1, digest="0" * 64)
    drawn = officer.browser.post("/samples/draw", {"method": "random", "size": "10", "double_percent": "100", "key": "draw-0002", "from_on": "2026-10-27", "to_on": "2026-11-02"})
    sheet = re.search(r'href="(/samples/contacts/[0-9a-f-]+)"', page(officer, drawn.url))[1]
    form = page(officer, sheet)
    assert f'href="/cases/{contact.case_id}#documents"' in form and 'id="documents"' in page(officer, f"/cases/{contact.case_id}")
    answers = {name: ("5" if f'name="{name}" value="0"' in form else "yes") for name in re.findall(r'name="(answer\.\w+)"', form)}
    action, item = re.search(r'action="(/cases/[0-9a-f-]+/sheet)"', form)[1], sheet.rpartition("/")[2]
    assert officer.browser.post(action, {"item": item, "comment": "录音第二分钟", **answers}).status_code == 303
    for one, is_shown in ((second, False), (officer, True)):
        told = main_of(page(one, sheet))
        assert ('id="sheet-first"' in told, "录音第二分钟" in told) == (is_shown, is_shown)
    assert second.browser.post(action, {"item": item, "comment": "同意", **answers}).status_code == 303
    assert 'id="sheet-first"' in page(second, sheet) and 'id="sheet-second"' in page(second, sheet)


@pytest.mark.parametrize("more", [{"size": "many"}, {"size": "-1"}, {"size": "999999"}, {"method": "stratified", "by": ""}, {"seed": "x"}, {"double_percent": "200"}, {"from_on": "x"}, {"rule": "none.such"}])
def test_a_draw_that_cannot_be_keeps_what_was_typed(bank, more):
    officer, _, _ = bank
    answer = officer.browser.post("/samples/draw", {"method": "random", "size": "17", "from_on": "2026-10-27", "to_on": "2026-11-02", **more})
    told = answer.content.decode()
    assert answer.status_code == 422 and 'role="alert"' in told and (f'value="{more.get("size", "17")}"' in told)


def test_the_law_is_searched_and_compared_by_days_and_says_what_is_uncertain(staff):
    officer = staff("compliance_officer")
    told = page(officer, "/law")
    assert "cn.calls_per_day" in told and "不确定" in told and "每周" in told and "待次" not in told
    found = page(officer, "/law?q=calls_per_day")
    rules = found[found.index('id="rules"'):found.index('id="open"')]
    assert "cn.calls_per_day" in rules and "cn.cease" not in rules
    assert "没有符合条件的规则" in page(officer, "/law?q=nothing-of-the-kind")
    days = page(officer, "/law?from_day=2024-06-01&to_day=2026-03-01")
    assert "cn.calls_per_day" in days[days.index('id="compare"'):]
    versions = re.findall(r"<option>(cn [^<]+)</option>", told)
    same = officer.browser.get("/law", {"old": versions[0], "new": versions[0]}).content.decode()
    assert "两个版本没有差异" in same
    for wrong in ("on=x", "from_day=x&to_day=y"):
        assert 'role="alert"' in page(officer, f"/law?{wrong}", 422)


def test_two_versions_and_an_impact_that_the_operator_keeps_are_shown(work, staff, tmp_path):
    from arrears.law.packs import shipped_texts
    from arrears.work.models import Rulebook

    officer = staff("compliance_officer")
    folder = tmp_path / "versions" / "next"
    for name, text in shipped_texts("cn").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace('at_least: "3", in_days: "1"', 'at_least: "2", in_days: "1"'), encoding="utf-8")
    book = tmp_path / "book"
    (book / "impact" / "2026-11-01").mkdir(parents=True)
    told = {"as_of": "2026-11-01", "before": {"version": "1"}, "after": {"version": "2", "hypothetical": True}, "contacts": {"refused": 77, "released": 1, "otherwise": 0}, "loans_changed": 5, "people_changed": 4,
            "treatments_changed": 3, "by_rule": [{"becomes": "refused", "rule": "cn.x", "source": "s", "title_zh": "某规则", "title_en": "some rule", "loans": 77}]}
    (book / "impact" / "2026-11-01" / "summary.json").write_text(json.dumps(told), encoding="utf-8")
    with work.writing(officer.lender):
        Rulebook.objects.filter(lender=officer.lender).update(book=str(book))
    settings = work.home / "settings.yaml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else None
    settings.write_text((before or "") + f'law:\n  versions: {folder.parent}\n  checked_on: "2026-10-30"\n', encoding="utf-8")
    try:
        shown = page(officer, "/law")
        assert "77" in shown[shown.index('id="impact"'):] and "某规则" in shown and "假设，不是法律" in shown and "尚未登记" not in shown
        for role, team in (("collector", "north"), ("agency_worker", "outside")):  # the preview counts the whole lender's contacts, people and loans
            other = staff(role, lender=officer.lender, team=team)
            assert 'id="impact"' not in (told := page(other, "/law")) and "77" not in main_of(told)
        old, new = re.findall(r"<option>(cn [^<]+)</option>", shown)[0], next(one for one in re.findall(r"<option>(cn [^<]+)</option>", shown) if "next" in one)
        differing = officer.browser.get("/law", {"old": old, "new": new}).content.decode()
        assert "cn.calls_per_day" in differing[differing.index('id="compare"'):]
        settings.write_text((before or "") + 'law:\n  checked_on: "soon"\n', encoding="utf-8")
        assert officer.browser.get("/law").status_code == 503
    finally:
        settings.unlink() if before is None else settings.write_text(before, encoding="utf-8")


def test_an_export_is_asked_for_made_and_fetched_with_its_name_and_kept_by_no_cache(bank):
    officer, _, contact = bank
    asked = officer.browser.post("/exports/ask", {"what": "contacts", "format": "csv", "from_on": "2026-10-27", "to_on": "2026-11-02", "key": "export-001"})
    assert asked.status_code == 303 and "done=export_made" in asked.url
    assert officer.browser.post("/exports/ask", {"what": "contacts", "format": "csv", "from_on": "2026-10-27", "to_on": "2026-11-02", "key": "export-001"}).url == asked.url
    told = page(officer, asked.url)
    fetched = officer.browser.post(re.search(r'action="(/exports/[0-9a-f-]+/fetch)"', told)[1])
    whole = b"".join(fetched.streaming_content)
    mark, heads, line = csv.reader(io.StringIO(whole.decode("utf-8-sig"), newline=""))
    assert officer.name in mark[0] and "合规结论" in heads and line[heads.index("合规结论")] == "禁止" and contact.case.borrower_id in line
    assert fetched["Cache-Control"] == "no-store" and "arrears-contacts-20261102T10" in fetched["Content-Disposition"] and int(fetched["Content-Length"]) == len(whole)
    again = page(officer, asked.url)
    assert officer.name in again[again.index('id="fetches"'):] and "已下载" in again


def test_a_large_export_waits_for_another_and_a_wrong_one_keeps_what_was_typed(work, bank, staff):
    officer, _, _ = bank
    settings = work.home / "settings.yaml"
    before = settings.read_text(encoding="utf-8") if settings.exists() else None
    settings.write_text((before or "") + 'exports:\n  rows_without_approval: "0"\n', encoding="utf-8")
    try:
        asked = officer.browser.post("/exports/ask", {"what": "cases", "format": "xlsx", "from_on": "2026-09-01", "to_on": "2026-11-02", "reason": "季度检查"})
        assert "done=export_asked" in asked.url and "待他人审批" in page(officer, asked.url)
        assert "export_fetch" not in page(officer, asked.url) and "/fetch" not in page(officer, asked.url)
        second = staff("compliance_officer", lender=officer.lender)
        listed = main_of(page(second, "/approvals"))
        assert "案件" in listed and "2026-09-01 – 2026-11-02" in listed and "Excel" in listed and "from_on" not in listed and "{" not in listed and re.search(r"\d+ 行", listed)
        assert "可审批： 合规专员" in listed and "可审批： 合规专员（申请人本人除外）" in page(officer, asked.url) and "可审批： 合规专员" in page(officer, "/exports")
        approval = re.search(r"/approvals/([0-9a-f-]+)/decide", listed)[1]
        assert second.browser.post(f"/approvals/{approval}/decide", {"decision": "approve", "reason": "范围合理"}).status_code == 302
        made = officer.browser.post(re.search(r'action="(/exports/[0-9a-f-]+/make)"', page(officer, asked.url))[1])
        assert made.status_code == 303 and "/fetch" in page(officer, made.url)
    finally:
        settings.unlink() if before is None else settings.write_text(before, encoding="utf-8")
    wrong = officer.browser.post("/exports/ask", {"what": "cases", "format": "csv", "from_on": "2020-01-01", "to_on": "2020-01-02", "reason": "季度检查"})
    assert "立案" in wrong.content.decode()
    assert wrong.status_code == 422 and "季度检查" in wrong.content.decode() and 'value="2020-01-01"' in wrong.content.decode()


@pytest.mark.parametrize("role", ["compliance_officer", "auditor"])
def test_the_first_page_leads_to_everything_and_says_what_asks_for_somebody(work, staff, role):
    person = staff(role)
    put_contact(work, person.lender)
    told = page(person, "/")
    part = told[told.index('id="oversight"'):]
    for address in ("/ledger?verdict=deny", "/samples", "/matters", "/law", "/exports"):
        assert f'href="{address}"' in part
    assert "请处理" in part
    assert 'id="oversight"' in told and 'id="oversight"' not in page(staff("team_lead", lender=person.lender), "/")


def test_an_account_cut_off_is_said_to_be(staff):
    keeper = staff("administrator")
    other = staff("collector", lender=keeper.lender)
    answer = keeper.browser.post(f"/accounts/{other.account}/leave", {"reason": "离职"})
    assert answer.status_code == 303 and "账号已停用" in page(keeper, answer.url)


def test_accounts_come_fifty_a_page_and_none_is_left_out(work, staff):
    administrator = staff("administrator")
    names = {work.account(administrator.lender, "auditor").name for _ in range(60)}
    first, second = (page(administrator, f"/accounts?page={number}") for number in (1, 2))
    shown = [{name for name in names if f"<td>{name}" in told} for told in (first, second)]
    assert len(shown[0]) <= 50 and not shown[0] & shown[1] and shown[0] | shown[1] == names
    assert 'href="?page=2"' in first and 'href="?page=1"' in second and 'href="?page=3"' not in second
    assert page(administrator, "/accounts?page=0") and page(administrator, "/accounts?page=x") and page(administrator, "/accounts?page=9")
