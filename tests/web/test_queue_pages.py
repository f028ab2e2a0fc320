"""The collector's day in a browser: the queue, the next account, the outcome of a talk and its next step, reminders, search; without any script."""

import re

import pytest

from arrears.web.desk.forms import amount
from arrears.work.talk_outcomes import ZONE
from web.staff import HOUR


@pytest.fixture
def desk(work, staff):
    """A collector with one account of their own, and another that nobody holds."""
    from arrears.work.models import Account, Case

    class Desk:
        person = staff("collector")
        lender = person.lender
        collector = Account.objects.get(pk=person.account).collector_id
        mine = work.case(lender, "north", collector)
        free = work.case(lender, "north")

        def get(self, address: str, **more):
            return self.person.browser.get(address, **more)

        def post(self, address: str, **sent):
            return self.person.browser.post(address, sent)

        def page(self, address: str) -> str:
            answer = self.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            return answer.content.decode()

        def english(self) -> None:
            self.post("/language", language="en")

        def seen(self, read):
            with work.writing(self.lender):
                return read()

        def case(self, which=None) -> Case:
            return self.seen(lambda: Case.objects.get(pk=(which or self.mine).pk))

        def filled(self, outcome: str, **changed) -> dict:
            """The form of an outcome as a browser sends it: what stands in its fields, and what somebody wrote."""
            form = self.page(f"/cases/{self.mine.id}/outcome?outcome={outcome}").partition('class="talk"')[2].partition("</form>")[0]
            sent = {name: value for name, value in re.findall(r'<input[^>]*name="(\w+)" value="([^"]*)"', form)}
            for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
                chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(r'<option value="([^"]*)"', options)
                sent[name] = chosen[1]
            return {**sent, "note": "", **changed}

    return Desk()


def test_the_queue_says_what_waits_and_why_and_hands_out_ones_own_first(desk):
    page = desk.page("/queue")
    assert str(desk.mine.id) in page and str(desk.free.id) not in page and "逾期 12 天" in page and 'data-key="n"' in page
    answer = desk.post("/queue/next", key="form-key-0001")
    assert answer.status_code == 303 and answer.url == f"/cases/{desk.mine.id}"
    again = desk.post("/queue/next", key="form-key-0002")
    assert again.url == f"/cases/{desk.mine.id}?done=queue_again" and "请记录沟通结果" in desk.page(again.url)


def test_a_day_of_two_accounts_ends_with_an_empty_queue_that_says_what_comes(desk):
    for case in (desk.mine, desk.free):
        assert desk.post("/queue/next").url == f"/cases/{case.id}"
        answer = desk.post(f"/cases/{case.id}/outcome", outcome="voicemail", channel="call", direction="outbound")
        assert (answer.status_code, answer.url) == (303, f"/cases/{case.id}?done=talk_voicemail")
    answer = desk.post("/queue/next")
    assert answer.url == "/queue?done=queue_empty" and "当前没有待办案件" in desk.page(answer.url)
    later = desk.page("/queue?show=later")
    assert str(desk.mine.id) in later and str(desk.free.id) in later and "上次未能联系上" in later


def test_the_outcomes_have_keys_and_each_shows_the_fields_it_needs_and_no_others(desk):
    page = desk.page(f"/cases/{desk.mine.id}/outcome")
    for code, key in (("promise", "p"), ("wrong_person", "w"), ("no_answer", "a")):
        assert re.search(rf'\?outcome={code}"[^>]*data-key="{key}"', page), code
    promise, busy = (desk.page(f"/cases/{desk.mine.id}/outcome?outcome={one}") for one in ("promise", "busy"))
    assert 'name="amount"' in promise and 'name="pay_by_on"' in promise and 'name="hardship"' not in promise and 'name="amount"' not in busy
    assert "199****5678" in promise and "19912345678" not in promise


def test_a_promise_is_noted_and_the_next_account_is_one_key_away(desk, work):
    from arrears.work.models import Contact, Promise

    answer = desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("promise", amount="50.00", pay_by_on="2026-11-06", pay_channel="app", note="周五发薪"))
    assert answer.url == f"/cases/{desk.mine.id}?done=talk_promise"
    assert desk.seen(lambda: Promise.objects.get(case=desk.mine).amount_minor) == 5000 and desk.seen(lambda: Contact.objects.get(case=desk.mine).result) == "promise"
    page = desk.page(f"/cases/{desk.mine.id}/outcome")
    assert "50.00 CNY" in page and "2026-11-05 09:00" in page and 'data-key="n"' in page


def test_sent_twice_it_is_noted_once_and_with_other_words_it_is_refused(desk):
    from arrears.work.models import Contact

    sent = desk.filled("refuses", note="不还")
    assert desk.post(f"/cases/{desk.mine.id}/outcome", **sent).url == desk.post(f"/cases/{desk.mine.id}/outcome", **sent).url
    assert desk.seen(Contact.objects.filter(case=desk.mine).count) == 1
    assert desk.post(f"/cases/{desk.mine.id}/outcome", **{**sent, "note": "改口"}).status_code == 409


@pytest.mark.parametrize("changed, fault", [({"amount": ""}, "请填写此项"), ({"amount": "12.345"}, "金额格式有误"), ({"pay_by_on": "6.11."}, "日期或时间格式有误"), ({"amount": "999999"}, "承诺 999,999.00，可主张 100.00 CNY"), ({"pay_by_on": "2026-10-01"}, "已过")])
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk, changed, fault):
    from arrears.work.models import Contact

    answer = desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("promise", **{"amount": "50.00", "pay_by_on": "2026-11-06", "pay_channel": "app", "note": "周五<发薪>", **changed}))
    page = answer.content.decode()
    assert answer.status_code == 422 and 'role="alert"' in page and fault in page and "周五&lt;发薪&gt;" in page
    assert f'value="{changed.get("amount", "50.00")}"' in page and desk.seen(Contact.objects.count) == 0


@pytest.mark.parametrize(("written", "minor"), [("50", 5000), ("50.5", 5050), (" 1,200.50 ", 120050), ("１２．５０", 1250), ("1，200", 120000), ("0.01", 1), ("0", 0), ("", None), ("   ", None)])
def test_an_amount_is_read_as_people_write_it(written, minor):
    assert amount(written) == minor


@pytest.mark.parametrize("written", ["1200,50", "12,34", "1,20,000", "-5", "1e3", "0x10", "1.234", "٥٠", "五十", "50元", "99999999999999", "1 200", "+5", ".5", "5."])
def test_what_could_be_read_in_two_ways_is_no_amount(written):
    assert not isinstance(amount(written), int)


def test_the_history_says_what_each_talk_came_to(desk):
    desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("cannot_pay", hardship="job_lost"))
    page = desk.page(f"/cases/{desk.mine.id}").partition('id="history"')[2]
    assert re.search(r"无力还款 · [^<]*失业", page)


def test_the_notes_of_talks_are_read_on_the_page_with_purpose_and_reason_and_counted(desk):
    from arrears.work.models import Entry

    desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("refuses", note="他说<没有>钱"))
    page = desk.page(f"/cases/{desk.mine.id}")
    assert f'action="/cases/{desk.mine.id}/notes' in page and "他说" not in page
    refused = desk.post(f"/cases/{desk.mine.id}/notes", purpose="collection", reason=" ")
    assert refused.status_code == 422 and "请填写查看沟通记录的理由" in refused.content.decode() and "他说" not in refused.content.decode()
    read = desk.post(f"/cases/{desk.mine.id}/notes", purpose="collection", reason="接手案件，了解此前沟通")
    assert read.status_code == 200 and "他说&lt;没有&gt;钱" in read.content.decode() and "no-store" in read.headers["Cache-Control"]
    entry = desk.seen(lambda: Entry.objects.filter(lender=desk.lender, verb="matter.read", is_refused=False).get())
    assert "他说" not in str(entry.parameters) + str(entry.result)
    assert desk.post(f"/cases/{desk.free.id}/notes", purpose="collection", reason="x").status_code == 403


def test_what_nobody_holds_is_listed_once_nothing_of_ones_own_waits_and_the_page_says_why_none_comes(desk):
    from arrears.work.models import Collector

    desk.post(f"/cases/{desk.mine.id}/outcome", outcome="voicemail", channel="call", direction="outbound")
    page = desk.page("/queue")
    assert desk.free.borrower_id in page and str(desk.free.id) not in page
    desk.seen(lambda: Collector.objects.filter(pk=desk.collector).update(cases_most=1))
    assert desk.post("/queue/next").url == "/queue?done=queue_full"
    page = desk.page("/queue?done=queue_full")
    assert page.count("已达上限") == 2 and desk.free.borrower_id not in page


def test_whom_it_concerns_is_asked_where_more_than_one_owes_and_an_address_can_be_closed(desk, work):
    from arrears.work.actions.action import perform
    from arrears.work.models import Party

    lead = work.actor(desk.lender, "team_lead")
    assert 'name="concerns"' not in desk.page(f"/cases/{desk.mine.id}/outcome?outcome=deceased")
    guarantor = perform(lead, "party.add", {"role": "guarantor", "name": "钱二"}, work.now, thing=desk.mine.id)["party"]
    perform(lead, "contact_point.add", {"party": guarantor, "kind": "address", "value": "样例市样例路 1 号"}, work.now, thing=desk.mine.id)
    sent = desk.filled("deceased")
    assert sent["concerns"] == str(desk.seen(lambda: Party.objects.get(case=desk.mine, role="debtor")).id)
    suggested = desk.post(f"/cases/{desk.mine.id}/outcome", **{**sent, "concerns": guarantor, "suggest": "yes"}).content.decode()
    assert "涉及何人：担保人" in suggested and guarantor not in re.search(r"<textarea[^>]*>([^<]*)</textarea>", suggested)[1]
    form = desk.page(f"/cases/{desk.mine.id}/outcome?outcome=wrong_person")
    assert re.search(r"<option[^>]*>地址 [^<]*担保人", form)
    assert desk.post(f"/cases/{desk.mine.id}/outcome", **{**sent, "concerns": guarantor}).status_code == 303
    assert desk.seen(lambda: Party.objects.get(pk=guarantor)).protected == ["deceased"]


def test_of_several_numbers_the_one_that_was_dialled_is_chosen_and_none_where_nobody_knows_which_was(desk, work):
    from arrears.work.actions.action import perform
    from arrears.work.models import Party

    lead, debtor = work.actor(desk.lender, "team_lead"), desk.seen(lambda: Party.objects.get(case=desk.mine, role="debtor").id)
    assert desk.filled("wrong_person")["contact_point"]
    second = perform(lead, "contact_point.add", {"party": debtor, "kind": "phone", "value": "19955554444"}, work.now, thing=desk.mine.id)["contact_point"]
    for outcome in ("wrong_person", "no_answer"):
        form = desk.page(f"/cases/{desk.mine.id}/outcome?outcome={outcome}")
        assert '<option value="" selected>' in form.partition('name="contact_point"')[2].partition("</select>")[0]
    dialled = desk.post(f"/cases/{desk.mine.id}/dial", contact_point=second).content.decode()
    address = re.search(r'href="([^"]*outcome=wrong_person[^"]*)"', dialled)[1].replace("&amp;", "&")
    assert address.endswith(f"&contact_point={second}") and f'<option value="{second}" selected>' in desk.page(address)
    assert "contact_point" not in desk.page(f"/cases/{desk.mine.id}?contact_point=<b>").partition('id="talk"')[2].partition("</section>")[0]


def test_a_talk_that_is_noted_later_is_judged_for_the_moment_at_which_it_was_had(desk, clock, work):
    from arrears.work.models import Contact

    clock.now = work.now + 12 * HOUR + HOUR // 10
    desk.person.log_in()
    desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("refuses", attempted_at="2026-11-02T21:50"))
    desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("refuses"))
    told = desk.seen(lambda: [(one.attempted_at.astimezone(ZONE).strftime("%H:%M"), one.verdict, one.rules) for one in Contact.objects.filter(case=desk.mine).order_by("attempted_at")])
    assert [(at, verdict) for at, verdict, _ in told] == [("21:50", "allow"), (told[1][0], "deny")] and told[1][0] > "22:05" and "cn.quiet_hours" in told[1][2]
    assert desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("refuses", attempted_at="2026-11-02T22:50")).status_code == 422


def test_the_form_says_when_a_contact_is_not_allowed_at_this_moment_and_still_notes_it(desk, clock, work):
    here = f"/cases/{desk.mine.id}/outcome"
    assert "此刻" not in desk.page(f"{here}?outcome=refuses")
    clock.now = work.now + 12 * HOUR + HOUR // 10
    desk.person.log_in()
    assert "此刻不得联系（电话）：" in desk.page(f"{here}?outcome=refuses") and "已发生的联系仍须如实记录" in desk.page(f"{here}?outcome=refuses")
    assert "此刻" not in desk.page(f"{here}?outcome=refuses&direction=inbound")
    assert desk.post(here, **desk.filled("refuses")).status_code == 303


def test_after_an_outcome_the_button_for_the_next_account_has_the_focus_without_scrolling(desk):
    shown = desk.page(f"/cases/{desk.mine.id}?done=talk_refuses")
    button = re.search(r'<button[^>]*data-key="n"[^>]*>', shown)[0]
    assert "data-starts" in button and "autofocus" not in button

def test_who_wants_no_contact_at_all_is_noted_without_a_number(desk):
    from arrears.work.models import Hold

    shown = desk.page(f"/cases/{desk.mine.id}/outcome?outcome=asks_stop")
    assert "required" not in re.search(r'<select[^>]*name="contact_point"[^>]*>', shown)[0]
    refused = desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("asks_stop", contact_point="", stops_all=""))
    assert refused.status_code == 422 and "请勾选下方该项，无需选择号码" in refused.content.decode()
    answer = desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("asks_stop", contact_point="", stops_all="yes"))
    assert answer.url == f"/cases/{desk.mine.id}?done=talk_asks_stop_all" and "全面停催" in desk.page(answer.url)
    assert desk.seen(lambda: Hold.objects.get(case=desk.mine)).kind == "cease"


def test_a_summary_is_suggested_in_the_readers_language_and_what_was_written_is_never_replaced(desk):
    sent = desk.filled("cannot_pay", hardship="job_lost", suggest="yes")
    page = desk.post(f"/cases/{desk.mine.id}/outcome", **sent).content.decode()
    assert "无力还款" in re.search(r"<textarea[^>]*>([^<]*)</textarea>", page)[1]
    written = desk.post(f"/cases/{desk.mine.id}/outcome", **{**sent, "note": "我自己写的"}).content.decode()
    assert "我自己写的</textarea>" in written
    desk.english()
    english = desk.post(f"/cases/{desk.mine.id}/outcome", **sent).content.decode()
    assert "Cannot pay; Why they cannot pay: " in re.search(r"<textarea[^>]*>([^<]*)</textarea>", english)[1]


def test_a_browser_that_swaps_parts_gets_the_part_alone(desk):
    part = desk.get(f"/cases/{desk.mine.id}/outcome?outcome=promise", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section") and "<html" not in part and 'name="csrfmiddlewaretoken"' in part


@pytest.mark.parametrize("outcome, changed, done", [
    ("disputes", {"ground_of_dispute": "amount"}, "异议已登记"), ("complains", {"ground_of_complaint": "hours"}, "投诉已登记"), ("cannot_pay", {"hardship": "illness"}, "困难审查"),
    ("deceased", {}, "全部停止"), ("wrong_person", {}, "停用"), ("call_back", {"call_back_at": "2026-11-02T16:00"}, "首先派给您"), ("asks_plan", {}, "分期计划")])
def test_each_outcome_leads_on_and_says_what_was_done(desk, outcome, changed, done):
    answer = desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled(outcome, **changed))
    assert answer.status_code == 303 and f"done=talk_{outcome}" in answer.url
    page = desk.page(answer.url)
    assert done in page


def test_a_call_that_was_asked_for_stands_first_with_its_reason_when_it_is_due(desk, work, clock):
    desk.post(f"/cases/{desk.mine.id}/outcome", **desk.filled("call_back", call_back_at="2026-11-02T16:00"))
    assert str(desk.mine.id) in desk.page("/queue?show=later")
    clock.now = work.now + 6 * HOUR
    desk.person.log_in()
    page = desk.page("/queue")
    assert "约定 2026-11-02 16:00 回电" in page and "reminders" in page
    key = re.search(r'name="reminder" value="([\w-]{36})"', page)[1]
    assert desk.post(f"/cases/{desk.mine.id}/reminders/done", reminder=key, queue="yes").url == "/queue?done=reminder_done"
    assert f'value="{key}"' not in desk.page("/queue")


def test_an_account_is_put_back_with_a_reason_and_without_one_it_is_not(desk):
    desk.post("/queue/next")
    assert desk.post(f"/cases/{desk.mine.id}/put-back", why="bored").status_code == 422
    assert desk.post(f"/cases/{desk.mine.id}/put-back", why="no_time").url == "/queue?done=case_put_back"
    assert desk.case().reserved_by_id is None and desk.case().ready_at is not None


def test_filters_keep_to_what_there_is_and_odd_ones_are_passed_over(desk):
    assert str(desk.mine.id) in desk.page("/queue?show=now&bucket=M1") and str(desk.mine.id) not in desk.page("/queue?bucket=M3") and str(desk.mine.id) in desk.page("/queue?show=x&bucket=<b>&why=x")


def test_whoever_may_not_note_talks_is_told_so_and_sees_no_form(desk, staff):
    for role in ("compliance_officer", "auditor"):
        other = staff(role, lender=desk.lender)
        assert other.browser.get(f"/cases/{desk.mine.id}/outcome").status_code == 403 and other.browser.get("/queue").status_code == 403
        assert other.browser.post(f"/cases/{desk.mine.id}/outcome", {"outcome": "busy"}).status_code == 403
    assert desk.get(f"/cases/{desk.free.id}/outcome").status_code == 403


def test_accounts_are_found_by_the_exact_number_of_borrower_or_loan_and_by_no_part_of_it(desk):
    for number in (desk.mine.borrower_id, f"{desk.mine.borrower_id}-L0", f" {desk.mine.borrower_id} "):
        assert str(desk.mine.id) in desk.post("/search", q=number).content.decode()
    for number in (desk.mine.borrower_id[:-1], desk.free.borrower_id, "%", "b-%"):
        page = desk.post("/search", q=number)
        assert page.status_code == 200 and "/cases/" not in page.content.decode().partition("<main")[2], number
    assert str(desk.mine.id) in desk.page(f"/search?q={desk.mine.borrower_id}")


def test_nobody_is_found_by_name_and_the_page_says_why(desk):
    page = desk.post("/search", q="王小明").content.decode()
    assert "姓名加密保存" in page and str(desk.mine.id) not in page


def test_a_telephone_number_is_looked_up_by_who_may_with_a_reason_and_by_nobody_else(desk, staff):
    page = desk.post("/search", q="19912345678", reason="来电").content.decode()
    assert "仅合规专员" in page and str(desk.mine.id) not in page
    officer = staff("compliance_officer", lender=desk.lender)
    asked = officer.browser.post("/search", {"q": "199 1234 5678"}).content.decode()
    assert 'name="reason"' in asked and "required" in asked and str(desk.mine.id) not in asked
    by_address = officer.browser.get("/search", {"q": "19912345678", "reason": "x"}).content.decode()
    assert str(desk.mine.id) not in by_address
    found = officer.browser.post("/search", {"q": "199 1234 5678", "reason": "来电核对"}).content.decode()
    assert str(desk.mine.id) in found and "199****5678" in found


@pytest.mark.parametrize("address", ["/queue", "/queue?show=later", "/queue?show=rest", "/search", "outcome", "outcome?outcome=promise", "outcome?outcome=vulnerable"])
def test_each_page_is_whole_in_english(desk, address):
    desk.english()
    page = desk.page(address if address.startswith("/") else f"/cases/{desk.mine.id}/{address}")
    assert not re.search(r"[\u4e00-\u9fff]", page.partition("<main")[2].partition("</main>")[0].replace("王", "").replace("明", "").replace("小", ""))


def test_the_pages_take_as_many_statements_for_many_accounts_as_for_one(desk, work):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as sent:
            desk.page("/queue")
        counts.append(len(sent))
        for _ in range(60):
            work.case(desk.lender, "north", desk.collector)
    assert counts[0] == counts[1]
