"""What pages say: in whose language, where work is done that is not on them, why the night proposes what it does, and of the log nothing that is not so."""

import pytest
from django.test import override_settings
from django.utils import translation

from web.staff import browser


@pytest.mark.parametrize("preferred, word", [("zh-CN,zh;q=0.9,en;q=0.8", "登录"), ("EN-gb, zh;q=0.5", "Log in"), ("zh;q=0.1, en;q=0.7", "Log in"), ("fr, zh-TW;q=0.3", "登录"), ("fr, *;q=0.5", None), ("zh;q=0, ;;;", None)])
@pytest.mark.parametrize("server", ["zh-hans", "en"])
def test_without_a_choice_the_browsers_language_decides_and_else_the_servers(work, clock, preferred, word, server):
    with override_settings(LANGUAGE_CODE=server):
        page = browser(headers={"accept-language": preferred}).get("/login").content.decode()
    assert f"<h1>{word or {'zh-hans': '登录', 'en': 'Log in'}[server]}" in page


def test_the_readers_own_choice_and_the_accounts_language_go_before_the_browsers(staff):
    person = staff("auditor")
    english = {"headers": {"accept-language": "en"}}
    assert "我的账号" in person.browser.get("/account", **english).content.decode()
    person.browser.post("/language", {"language": "en"})
    assert "My account" in person.browser.get("/account", headers={"accept-language": "zh"}).content.decode()


@pytest.mark.parametrize("role, zh, command", [("strategist", "策略的编写", "arrears strategy diff"), ("data_officer", "个人信息权利请求", "arrears person find")])
def test_whose_work_is_at_the_command_line_is_told_where_on_the_first_page(staff, role, zh, command):
    page = staff(role).browser.get("/").content.decode()
    assert "<h1>" in page and zh in page and command in page


def test_a_refused_look_does_not_claim_to_be_logged_and_a_refused_action_is(work, staff):
    from arrears.work.models import Entry

    person = staff("strategist")
    looked, acted = person.browser.get("/entries"), person.browser.post("/emergency/break", {"reason": "no", "minutes": "5"})
    assert looked.status_code == acted.status_code == 403
    assert "已记入日志" not in looked.content.decode() and "已记入日志" in acted.content.decode()
    with work.writing(person.lender):
        assert list(Entry.objects.filter(lender=person.lender, is_refused=True).values_list("verb", flat=True)) == ["access.break_glass"]


def test_a_case_says_why_the_night_proposes_its_treatment_in_the_readers_language(work, staff):
    from arrears.work.models import Account, Case

    person = staff("collector")
    case = work.case(person.lender, "north", Account.objects.get(pk=person.account).collector_id)
    with work.writing(person.lender):
        Case.objects.filter(pk=case.pk).update(proposals=[{"currency": "CNY", "reason_zh": "逾期三十天 <b>", "reason_en": "thirty days late"}, {"currency": "USD", "reason_zh": None}])
    zh = person.browser.get(f"/cases/{case.pk}").content.decode()
    person.browser.post("/language", {"language": "en"})
    assert "逾期三十天 &lt;b&gt;" in zh and "thirty days late" in person.browser.get(f"/cases/{case.pk}").content.decode()


def test_what_may_be_offered_is_said_in_the_strategys_words_and_its_code_is_not(work, staff):
    from arrears.work.models import Account, Case

    person = staff("collector")
    case = work.case(person.lender, "north", Account.objects.get(pk=person.account).collector_id)
    with work.writing(person.lender):
        Case.objects.filter(pk=case.pk).update(proposals=[{"currency": "CNY", "offer": "everything"}, {"currency": "USD", "offer": "of_another_strategy"}])
    told = person.browser.get(f"/cases/{case.pk}").content.decode()
    assert "<dd>全部</dd>" in told and "everything" not in told and "of_another_strategy" not in told


def test_words_of_runs_and_of_the_roster_are_no_codes():
    from django.utils import translation

    from arrears.web.desk.words import details

    with translation.override("zh-hans"):
        told = details({"again": False, "stages": ["M1"], "cases_most": "90", "threshold": "1%"})
    assert [name for name, _ in told] == ["重新运行", "逾期档", "件数上限", "隔离上限"] and told[0][1] == "否"


def test_the_log_says_actions_in_words_and_moments_in_the_lenders_zone(staff):
    from arrears.web.desk.words import detail, details, verb_said

    page = staff("auditor").browser.get("/entries").content.decode()
    assert "新建账号" in page and "登录" in page and '<option value="person.unmask">查看明文' in page
    assert verb_said("no.such") == "no.such"
    assert detail("2026-11-30 20:53:27.391997+00:00") == "2026-12-01 04:53" and detail("2026-11-30T20:53:27Z") == "2026-12-01 04:53"
    assert detail(None) == detail([]) == "–" and detail({"other_things": 0}) == "other_things 0" and detail(["a", "b"]) == "a, b" and detail("2026-11-30") == "2026-11-30"
    with translation.override("zh-hans"):
        assert details({"step": "totp", "name": "waiting", "teams": ["open"], "is_new": True, "field": "phone"}) == [("步骤", "验证器应用"), ("名称", "waiting"), ("团队", "open"), ("is_new", "是"), ("字段", "电话")]
