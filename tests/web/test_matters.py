"""A dispute, a complaint and hardship on the pages: put down, held, looked into, extended, answered, lifted; what was written is kept where something is refused."""

import re
from uuid import UUID

import pytest

from web.staff import DAY


@pytest.fixture
def desk(work, staff):
    """A collector who holds a case, their team lead, two compliance officers."""
    from arrears.work.models import Account

    collector = staff("collector")
    holder = Account.objects.get(pk=collector.account).collector_id
    case = work.case(collector.lender, "north", holder)
    return Desk(work, collector, staff("team_lead"), staff("compliance_officer"), staff("compliance_officer"), case, holder)


class Desk:
    def __init__(self, work, collector, lead, officer, second, case, holder):
        self.work, self.collector, self.lead, self.officer, self.second, self.case, self.holder = work, collector, lead, officer, second, case, holder

    def put_down(self, kind: str, who=None, **more) -> UUID:
        answer = (who or self.collector).browser.post(f"/cases/{self.case.id}/matters/{kind}", {"text": "张三说没有欠这么多", "came_by": "call", "raised_by": "debtor", **more})
        assert answer.status_code == 303, answer.content.decode()
        return UUID(re.search(r"/matters/\w+/([\w-]{36})", answer["Location"])[1])

    def rows(self, model: str):
        from arrears.work import models
        from arrears.work.actor import system
        from arrears.work.tenancy import seen_by

        with seen_by(system(self.collector.lender)):
            return list(getattr(models, model).objects.filter(lender=self.collector.lender).order_by("id"))


def text(answer) -> str:
    return answer.content.decode()


def test_a_dispute_from_the_collectors_form_to_the_lifted_hold(desk):
    dispute = desk.put_down("dispute", ground="amount", matter="complex")
    at = f"/matters/dispute/{dispute}"
    queue = text(desk.lead.browser.get("/matters"))
    assert at in queue and "还剩 30 天" in queue and "张三说没有欠这么多" not in queue
    dialled = desk.collector.browser.post(f"/cases/{desk.case.id}/dial", {"contact_point": str(desk.rows("ContactPoint")[0].id)})
    assert dialled.status_code in (403, 422)
    page = text(desk.lead.browser.get(at))
    assert "没有欠这么多" not in page and "停催中" in page and "银行业保险业消费投诉处理管理办法" in page
    empty = desk.lead.browser.post(f"{at}/read", {"purpose": "dispute", "reason": " "})
    assert empty.status_code == 422 and 'role="alert"' in text(empty)
    read = desk.lead.browser.post(f"{at}/read", {"purpose": "dispute", "reason": "核查异议"})
    assert "张三说没有欠这么多" in text(read) and read["Cache-Control"] == "no-store"
    assert desk.lead.browser.post(f"{at}/assign", {"to": "me"}).status_code == 303
    assert desk.lead.browser.post(f"{at}/note", {"text": "流水显示重复入账"}).status_code == 303
    assert desk.lead.browser.post(f"{at}/extend", {"reason": "须向支付机构调单"}).status_code == 303
    waiting = text(desk.lead.browser.get(at))
    assert "待他人审批" in waiting and "延期待审批" in text(desk.officer.browser.get("/matters"))
    approval = next(one for one in desk.rows("Approval") if one.kind == "extension")
    assert desk.lead.browser.post(f"/approvals/{approval.id}/decide", {"decision": "approve", "reason": "同意"}).status_code == 403
    assert desk.officer.browser.post(f"/approvals/{approval.id}/decide", {"decision": "approve", "reason": "同意"}).status_code == 302
    assert desk.lead.browser.post(f"{at}/extend", {"reason": "调单未回", "text": "{name}：延至 {until} 答复，原因是调单未回。"}).status_code == 303
    row = desk.rows("Dispute")[0]
    assert (row.answer_by_on - row.before_extension_on).days == 30 and row.letter is None
    threat = desk.lead.browser.post(f"{at}/answer", {"outcome": "upheld", "text": "再不还款就上门收拾你全家", "tasks": ["correct_book"]})
    assert threat.status_code == 422 and "上门收拾你全家" in text(threat)
    done = desk.lead.browser.post(f"{at}/answer", {"outcome": "upheld", "text": "{name}：您的异议成立，我们将更正账务。", "tasks": ["correct_book", "apologise"], "task_due": "2026-11-20"})
    assert done.status_code == 303 and done["Location"].endswith("done=matter_answered")
    row, task = desk.rows("Dispute")[0], desk.rows("MatterTask")[0]
    assert row.state == "upheld" and row.letter_id and {one.what for one in desk.rows("MatterTask")} == {"correct_book", "apologise"}
    assert desk.rows("Hold")[0].lifted_at is None
    for one in desk.rows("MatterTask"):
        assert desk.lead.browser.post(f"{at}/task/done", {"task": str(one.id), "reason": "已冲正"}).status_code == 303
    assert task.done_at is None and all(one.done_at for one in desk.rows("MatterTask"))
    assert desk.officer.browser.post(f"{at}/lift", {"reason": "账务已更正"}).status_code == 303
    assert desk.rows("Hold")[0].lifted_at is not None
    assert "已解除" in text(desk.officer.browser.get(at))
    assert desk.collector.browser.post(f"/cases/{desk.case.id}/dial", {"contact_point": str(desk.rows("ContactPoint")[0].id)}).status_code != 500


def test_a_complaint_is_hidden_from_whom_it_is_about_and_answered_by_compliance(desk):
    complaint = desk.put_down("complaint", who=desk.officer, ground="wording", about=str(desk.holder), came_by="hotline_12378", raised_by="regulator")
    at = f"/matters/complaint/{complaint}"
    assert at not in text(desk.collector.browser.get("/matters")) and desk.collector.browser.get(at).status_code == 403
    assert desk.collector.browser.post(f"{at}/note", {"text": "不是我"}).status_code == 403
    assert "12378" in text(desk.officer.browser.get("/matters"))
    assert desk.lead.browser.post(f"{at}/answer", {"outcome": "rejected", "text": "{name}：未发现。", "rests_on": ["contacts"]}).status_code == 403
    page = text(desk.officer.browser.get(f"{at}?outcome=upheld&lang=zh"))
    assert "认定投诉属实" in page and 'value="upheld" checked' in page
    unwritten = desk.officer.browser.post(f"{at}/answer", {"outcome": "upheld", "text": "整改措施：（请写明）。"})
    assert unwritten.status_code == 422 and "请填写或删去" in text(unwritten)
    assert desk.officer.browser.post(f"{at}/answer", {"outcome": "upheld", "text": "{name}：投诉属实，已辅导相关人员。", "tasks": ["coach"]}).status_code == 303
    assert desk.rows("Hold")[0].lifted_at is not None
    again = desk.officer.browser.post(f"{at}/reopen", {"text": "又打来电话"})
    assert again.status_code == 303 and str(complaint) not in again["Location"]
    assert [one.follows_id for one in desk.rows("Complaint") if one.follows_id] == [complaint]
    assert "已重新受理" in text(desk.officer.browser.get(at))


def test_who_puts_down_a_complaint_about_themselves_goes_on_to_the_case_and_meets_it_on_no_page(desk):
    at = f"/cases/{desk.case.id}"
    sent = desk.collector.browser.post(f"{at}/matters/complaint", {"text": "说我语气不好", "came_by": "call", "raised_by": "debtor", "ground": "wording", "about": str(desk.holder)})
    assert sent.status_code == 303 and sent["Location"] == f"{at}?done=matter_raised"
    page = desk.collector.browser.get(sent["Location"])
    (complaint,) = desk.rows("Complaint")
    assert page.status_code == 200 and "已登记" in text(page)
    for address in ("/", at, "/matters", f"{at}?history=matters", "/queue"):
        assert str(complaint.id) not in text(desk.collector.browser.get(address)), address
    assert f"/matters/complaint/{complaint.id}" in text(desk.officer.browser.get("/matters"))


def test_a_complaint_about_an_officer_is_not_on_their_first_page_nor_in_the_log_they_see(desk):
    complaint = desk.put_down("complaint", who=desk.officer, ground="privacy", about=f"account:{desk.second.account}", matter="complex")
    desk.officer.browser.post(f"/matters/complaint/{complaint}/extend", {"reason": "须调取录音"})
    for address in ("/", "/approvals", "/entries", "/matters", f"/cases/{desk.case.id}"):
        mine, theirs = text(desk.second.browser.get(address)), text(desk.officer.browser.get(address))
        assert str(complaint) not in mine and (address == "/approvals" or "complaint" in theirs or "投诉" in theirs), address


def test_a_complaint_about_somebody_who_is_no_collector_is_hidden_from_them_too(desk):
    form = text(desk.officer.browser.get(f"/cases/{desk.case.id}/matters/complaint"))
    assert f'value="account:{desk.second.account}"' in form and desk.second.name not in text(desk.collector.browser.get(f"/cases/{desk.case.id}/matters/complaint"))
    complaint = desk.put_down("complaint", who=desk.officer, ground="wording", about=f"account:{desk.second.account}")
    assert str(complaint) not in text(desk.second.browser.get("/matters")) and desk.second.browser.get(f"/matters/complaint/{complaint}").status_code == 403
    assert str(complaint) in text(desk.officer.browser.get("/matters"))


def test_a_form_that_is_refused_keeps_what_was_written(desk):
    answer = desk.collector.browser.post(f"/cases/{desk.case.id}/matters/dispute", {"text": "很长的一段话", "came_by": "letter", "raised_by": "other_person"})
    page = text(answer)
    assert answer.status_code == 422 and 'role="alert"' in page and "请填写" in page and "很长的一段话" in page and '<option value="letter" selected>' in page and '<option value="other_person" selected>' in page
    assert desk.rows("Dispute") == [] and desk.rows("Hold") == []


@pytest.mark.parametrize(("written", "told", "untold"), [("再不还钱就抓你坐牢", "（夸大后果，中华人民共和国民法典）", "exaggerated_consequence"), ("理由：（请写明合同、还款记录等）。", "（请写明合同、还款记录等）", "（请写明；"),
                                                         ("理由：（请写明", "（请写明……）", "（请写明；")], ids=["red line", "left open", "never closed"])
def test_why_a_letter_is_not_sent_is_said_in_words(work, desk, written, told, untold):
    from arrears.refusal import Refused
    from arrears.work.actor import system
    from arrears.work.answer_letters import demand_sendable
    from arrears.work.tenancy import seen_by

    with seen_by(system(desk.collector.lender)), pytest.raises(Refused) as caught:
        demand_sendable(desk.collector.lender, written, work.at.date())
    assert told in caught.value.zh and untold not in caught.value.zh and "_" not in str(caught.value)


def test_a_form_that_is_sent_twice_puts_down_one(desk):
    for _ in range(2):
        desk.put_down("dispute", ground="paid", key="same-key-0001")
    assert len(desk.rows("Dispute")) == len(desk.rows("Hold")) == 1


def test_hardship_is_examined_refused_by_two_and_paused(desk):
    hardship = desk.put_down("hardship", ground="illness")
    at, base = f"/matters/hardship/{hardship}", f"/matters/hardship/{hardship}"
    assert "机构自定" in text(desk.lead.browser.get("/matters"))
    wrong = desk.lead.browser.post(f"{base}/examine", {"income": "5,000.00", "living": "lots", "other_debts": "0"})
    assert wrong.status_code == 422 and 'value="5,000.00"' in text(wrong)
    assert desk.lead.browser.post(f"{base}/examine", {"evidence": "wanted", "wanted": "住院证明", "income": "5,000.00", "living": "3200.50", "other_debts": "900"}).status_code == 303
    shown = text(desk.lead.browser.post(f"{at}/read", {"purpose": "collection", "reason": "审查困难"}))
    assert "899.50" in shown and "住院证明" in shown
    assert desk.lead.browser.post(f"{base}/decide", {"outcome": "refused", "text": "{name}：本次未能同意。", "reason": "收入足以偿还"}).status_code == 303
    assert desk.rows("Hardship")[0].state == "refusing" and desk.rows("Hold")[0].lifted_at is None
    assert desk.lead.browser.post(f"{base}/confirm", {"decision": "approve", "reason": "同意"}).status_code == 403
    assert "待他人复核" in text(desk.officer.browser.get("/matters"))
    assert desk.officer.browser.post(f"{base}/confirm", {"decision": "refuse", "reason": "支出偏高"}).status_code == 303
    late = desk.officer.browser.post(f"{base}/decide", {"outcome": "paused", "text": "{name}：暂缓至 {until}。", "reason": "住院", "until_on": "2020-01-01"})
    assert late.status_code == 422 and "暂缓须写明截止日" in text(late)
    assert desk.officer.browser.post(f"{base}/decide", {"outcome": "paused", "text": "{name}：暂缓至 {until}。", "reason": "住院", "until_on": "2026-12-01"}).status_code == 303
    row, hold = desk.rows("Hardship")[0], desk.rows("Hold")[0]
    assert row.state == "paused" and hold.until_on == row.until_on and hold.lifted_at is None and row.letter_id


def test_a_paper_is_sent_and_is_evidence_and_one_too_large_is_not_kept(desk, monkeypatch):
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import override_settings

    dispute = desk.put_down("dispute", ground="paid")
    at = f"/matters/dispute/{dispute}/attach"
    assert desk.officer.browser.post(at, {"file": SimpleUploadedFile("转账凭证.png", b"x" * 3000)}).status_code == 303
    assert len(desk.rows("MatterEvidence")) == 1 and "证据" in text(desk.officer.browser.get(f"/matters/dispute/{dispute}"))
    assert desk.officer.browser.post(at, {}).status_code == 422
    with override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=1000):
        assert desk.officer.browser.post(at, {"file": SimpleUploadedFile("b.png", b"x" * 3000)}).status_code == 422
    assert len(desk.rows("Attachment")) == 1


def test_filters_and_counts_of_the_queue_and_what_is_late(desk, clock):
    desk.put_down("dispute", ground="paid")
    clock.on(13 * DAY)
    for person in (desk.officer,):
        person.log_in()
    page = text(desk.officer.browser.get("/matters?due=soon"))
    assert "还剩 2 天" in page
    clock.on(5 * DAY)
    desk.officer.log_in()
    assert "已超期 3 天" in text(desk.officer.browser.get("/matters?due=late&kind=dispute&whose=nobodys"))
    for bad in ("?due=never&kind=x&page=0", "?page=99999", "?page=-1", "?state=%00"):
        assert desk.officer.browser.get(f"/matters{bad}").status_code in (200, 400)
    assert "没有符合条件的事项" in text(desk.officer.browser.get("/matters?state=answered"))


def test_the_clocks_page_counts_by_kind_and_tells_the_same_in_the_picture_and_the_table(desk, clock):
    assert "该期间没有提出任何事项" in text(desk.officer.browser.get("/matters/clocks"))
    first = desk.put_down("dispute", ground="paid")
    desk.put_down("complaint", who=desk.officer, ground="hours")
    clock.on(16 * DAY)
    desk.lead.log_in()
    assert desk.lead.browser.post(f"/matters/dispute/{first}/answer", {"outcome": "rejected", "text": "{name}：已核对。", "rests_on": ["contacts"]}).status_code == 303
    desk.officer.log_in()
    page = text(desk.officer.browser.get("/matters/clocks?days=30"))
    assert "超期答复" in page and 'data-chart="clocks-picture"' in page and '"data": [0, 0, 0, 1, 0, 0, 0]' in page
    assert desk.collector.browser.get("/matters/clocks").status_code in (302, 403)


def test_heirs_and_guardians_stand_in_a_case_and_nobody_dials_them(desk):
    base = f"/cases/{desk.case.id}/parties"
    missing = desk.collector.browser.post(f"{base}/add", {"role": "heir", "name": " "})
    assert missing.status_code == 422 and "请填写" in text(missing)
    assert desk.collector.browser.post(f"{base}/add", {"role": "heir", "name": "王小红"}).status_code == 303
    heir = next(one for one in desk.rows("Party") if one.role == "heir")
    assert desk.collector.browser.post(f"{base}/reach", {"party": str(heir.id), "kind": "phone", "value": "19900001111"}).status_code == 303
    point = next(one for one in desk.rows("ContactPoint") if one.party_id == heir.id)
    assert desk.collector.browser.post(f"/cases/{desk.case.id}/dial", {"contact_point": str(point.id)}).status_code == 422
    page = text(desk.collector.browser.get(base))
    assert "继承人" in page and "第一千一百六十一条" in page and "王小红" not in page


def test_a_protected_person_is_released_by_compliance_alone_and_why_is_read_with_a_reason(desk):
    debtor = next(one for one in desk.rows("Party") if one.role == "debtor")
    base = f"/cases/{desk.case.id}/parties"
    told = {"party": str(debtor.id), "state": "incapacitated"}
    assert desk.collector.browser.post(f"{base}/protect", {**told, "reason": "家属出示鉴定意见"}).status_code == 303
    page = text(desk.officer.browser.get(base))
    assert desk.collector.name in page and "丧失行为能力" in page and "家属出示" not in page
    assert "家属出示鉴定意见" in text(desk.officer.browser.post(f"{base}/reasons", {"party": str(debtor.id), "purpose": "person_right", "reason": "复核"}))
    assert desk.lead.browser.post(f"{base}/release", {**told, "reason": "恢复"}).status_code == 403
    assert desk.officer.browser.post(f"{base}/release", {**told, "reason": ""}).status_code == 422
    assert desk.officer.browser.post(f"{base}/release", {**told, "reason": "法院撤销认定"}).status_code == 303
    assert all(one.lifted_at for one in desk.rows("Hold"))


def test_nothing_is_told_of_a_matter_of_another_lender_or_of_no_kind(work, desk, staff):
    from arrears.work.models import Dispute, Hold

    other = work.lender()
    case = work.case(other, "a")
    with work.writing(other):
        hold = Hold.objects.create(lender=other, case=case, kind="dispute", placed_at=work.at)
        strange = Dispute.objects.create(lender=other, case=case, raised_at=work.at, answer_by_on="2026-11-20", ground="paid", hold=hold)
    assert desk.officer.browser.get(f"/matters/dispute/{strange.id}").status_code == 403
    assert desk.officer.browser.get(f"/matters/hold/{strange.id}").status_code == 404
    assert desk.officer.browser.post(f"/matters/hardship/{strange.id}/answer", {}).status_code == 404


def test_in_english_no_chinese_is_left_on_the_pages(desk):
    dispute = desk.put_down("dispute", ground="amount", matter="complex", text="more than I owe")
    hardship = desk.put_down("hardship", ground="job_lost", text="no work")
    desk.officer.browser.post("/language", {"language": "en"})
    for address in ("/matters", f"/matters/dispute/{dispute}", f"/matters/dispute/{dispute}?outcome=rejected&lang=en", f"/matters/hardship/{hardship}", "/matters/clocks", f"/cases/{desk.case.id}/parties", f"/cases/{desk.case.id}/matters/complaint"):
        page = text(desk.officer.browser.get(address)).replace("中文", "")
        left = set(re.findall(r"[\u4e00-\u9fff]+", page))
        assert left <= {"银行业保险业消费投诉处理管理办法", "王", "小明"} or all(len(one) < 3 for one in left), (address, left)


def test_the_page_of_a_person_shows_what_is_open_who_is_protected_and_the_keys_to_put_down_more(desk):
    dispute = desk.put_down("dispute", ground="amount")
    debtor = next(one for one in desk.rows("Party") if one.role == "debtor")
    desk.collector.browser.post(f"/cases/{desk.case.id}/parties/protect", {"party": str(debtor.id), "state": "disaster", "reason": "洪灾"})
    page = text(desk.collector.browser.get(f"/cases/{desk.case.id}"))
    assert f"/matters/dispute/{dispute}" in page and "受灾" in page and desk.collector.name in page
    for kind, key in (("dispute", "d"), ("complaint", "t"), ("hardship", "h")):
        assert re.search(rf'data-key="{key}" href="/cases/{desk.case.id}/matters/{kind}"', page), kind


def test_a_queue_and_a_matter_ask_as_many_questions_for_one_row_as_for_thirty(work, desk):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from arrears.work.models import Dispute, Hold, MatterNote

    first = desk.put_down("dispute", ground="amount")

    def counted(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert desk.officer.browser.get(address).status_code == 200
        return len(seen)

    desk.put_down("dispute", ground="paid")
    assert desk.officer.browser.post(f"/matters/dispute/{first}/note", {"text": "流水"}).status_code == 303
    addresses = ("/matters", f"/matters/dispute/{first}", "/matters/clocks")
    for address in addresses:
        counted(address)
    before = [counted(address) for address in addresses]
    lender = desk.collector.lender
    for _ in range(30):
        case = work.case(lender, "north")
        with work.writing(lender):
            for of in (case, desk.case):
                hold = Hold.objects.create(lender=lender, case=of, kind="dispute", placed_at=work.at)
                Dispute.objects.create(lender=lender, case=of, raised_at=work.at, answer_by_on="2026-11-20", ground="paid", hold=hold)
            MatterNote.objects.create(lender=lender, case=desk.case, dispute_id=first, at=work.at, written_by_id=desk.officer.account)
    assert [counted(address) for address in addresses] == before
