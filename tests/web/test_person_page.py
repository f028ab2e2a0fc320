"""A person's page: who, how much, may I, what next; what happened; a number that the rules keep shut; documents; words screened as they are typed."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arrears.web.desk.sums import plans_of
from arrears.work.models import (
    Attachment,
    Case,
    Contact,
    ContactPoint,
    Debt,
    Hold,
    Party,
    Payment,
    Plan,
    Promise,
    Rulebook,
)
from arrears.work.sealing import sealed
from work_home import Work

HOUR = 3_600_000_000


@pytest.fixture
def page(work: Work, staff):
    """A team lead and a case of theirs whose debt has all its parts, with scores and a proposal."""
    person = staff("team_lead")
    made = work.case(person.lender, "north", claimable_minor=123_456)
    with work.writing(person.lender):
        Case.objects.filter(pk=made.pk).update(proposals=[{"currency": "CNY", "treatment": "call", "channel": "call", "rule": "m1_call", "reason_zh": "逾期一月内，电话提醒", "reason_en": "in the first month, a call",
                                                           "pay_probability": 0.42, "expected_minor": 5_000, "score_reasons": "times_late", "reach_channel": "call", "reach_hour": 19, "reach_probability": 0.6}])
        Debt.objects.filter(case=made).update(position={"due_principal_minor": 100_000, "due_interest_minor": 20_000, "due_fee_minor": 1_000, "penalty_minor": 4_000, "excess_minor": 1_544},
                                              scores={"collection_cure": {"estimate": 0.42, "low": 0.3, "high": 0.55, "points": 611, "reasons": ["times_late", "unknown_feature"]}})
        Rulebook.objects.filter(lender=person.lender).update(score_words={"collection_cure": {"version": 3, "zh": "三十天内恢复正常", "en": "is cured within thirty days", "reason_words": {"times_late": {"zh": "近六月逾期次数", "en": "times late in six months"}}}})
    return person, made


def read(person, made, **asked) -> str:
    return person.browser.get(f"/cases/{made.id}", asked).content.decode()


def english(person) -> None:
    person.browser.post("/language", {"language": "en", "next": "/"})


def test_it_says_how_much_with_every_part_what_next_with_its_reason_and_scores_in_words(page):
    person, made = page
    text = read(person, made)
    for figure in ("1,234.56", "1,000.00", "200.00", "10.00", "40.00", "15.44", "42%", "m1_call", "逾期一月内，电话提醒", "近六月逾期次数", "19:00", "611", "三十天内恢复正常", "unknown_feature"):
        assert figure in text, figure
    english(person)
    assert "in the first month, a call" in read(person, made) and "times late in six months" in read(person, made)


def test_sums_of_several_currencies_stand_apart(work, page):
    person, made = page
    with work.writing(person.lender):
        Debt.objects.create(lender=person.lender, case=made, loan_id="usd/1", product="consumer_loan", currency="USD", as_of=made.as_of, days_past_due=3, bucket="M1", due_total_minor=700, claimable_minor=700,
                            outstanding_principal_minor=700)
    text = read(person, made)
    assert "1,234.56" in text and "7.00" in text and "1,241.56" not in text and f"/cases/{made.id}/debts/usd/1/fen" in text


def test_a_red_lamp_names_its_rule_source_and_until_when_and_a_dial_is_refused_with_them(work, page, clock):
    person, made = page
    with work.writing(person.lender):
        point = ContactPoint.objects.get(case=made)
    clock.on(12 * HOUR)
    person.log_in()
    text = read(person, made)
    assert "cn.quiet_hours" in text and "2026-11-03 08:00" in text and "贷后催收风控指引" in text and 'name="contact_point"' not in text
    refused = person.browser.post(f"/cases/{made.id}/dial", {"contact_point": str(point.id)})
    said = refused.content.decode()
    assert refused.status_code == 422 and 'role="alert"' in said and "cn.quiet_hours" in said and "19912345678" not in said
    piece = person.browser.get(f"/cases/{made.id}/lamps", headers={"HX-Request": "true"}).content.decode()
    assert "cn.quiet_hours" in piece and "<html" not in piece and "<html" in person.browser.get(f"/cases/{made.id}/lamps").content.decode()


def test_each_way_says_from_when_on_it_is_open_again_by_itself(work, page, clock):
    person, made = page
    with work.writing(person.lender):
        point = ContactPoint.objects.get(case=made)
        home = ContactPoint(lender=person.lender, case=made, party=point.party, kind="address", id=uuid4(), value_index=b"0" * 32)
        home.value_sealed = sealed(person.lender, point.party.person, "work_contactpoint", "value_sealed", home.id, "上海市")
        home.save(force_insert=True)
    clock.on(12 * HOUR)
    person.log_in()
    whys = re.findall(r'<p class="why[^"]*"><strong>(.*?)</strong>.*?<strong>(.*?)</strong>.*?<code>cn.quiet_hours</code>', read(person, made))
    assert {("上门" in ways, "08:00" in until) for ways, until in whys} == {(True, False), (False, True)} and any("09:00" in until for _, until in whys)

def test_the_history_is_one_line_after_the_other_the_latest_first_and_by_group(work, page):
    person, made = page
    with work.writing(person.lender):
        party = Party.objects.get(case=made)
        for days in range(30):
            Contact.objects.create(lender=person.lender, case=made, party=party, attempted_at=work.at - timedelta(days=days), channel="call", direction="outbound", relation="debtor", outcome="no_answer",
                                   verdict="deny" if days == 3 else "allow", rules=["cn.calls_per_day"] if days == 3 else [])
        Promise.objects.create(lender=person.lender, case=made, loan_id="L", promised_on="2026-10-20", pay_by_on="2026-10-25", currency="CNY", amount_minor=4_200, state="broken")
        Payment.objects.create(lender=person.lender, case=made, payment_id=f"p-{uuid4()}", loan_id="L", paid_on="2026-10-30", currency="CNY", amount_minor=7_700)
        Plan.objects.create(lender=person.lender, case=made, loan_id="L", currency="CNY", state="ended", proposed_on="2026-09-01", instalments=[{"number": 1, "due_on": "2026-09-20", "amount_minor": 300}])
        Hold.objects.create(lender=person.lender, case=made, kind="dispute", placed_at=work.at - timedelta(days=60), lifted_at=work.at - timedelta(days=50))
    text = read(person, made)
    assert text.index("2026-11-02 10:00") < text.index("2026-11-01 10:00") and "77.00" in text and "cn.calls_per_day" in text and "2026-09-01" not in text
    agreed = read(person, made, show="agreed")
    assert "42.00" in agreed and "2026-09-01" in agreed and "77.00" not in agreed.split('id="history"')[1]
    assert read(person, made, all="1").count("2026-10-0") > text.count("2026-10-0") and read(person, made, show="no such group").count("<tr>") == text.count("<tr>")


def test_the_page_takes_as_many_queries_for_five_hundred_contacts_as_for_none(work, page):
    person, made = page

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert person.browser.get(f"/cases/{made.id}").status_code == 200
        return len(seen)

    count()
    few = count()
    with work.writing(person.lender):
        point = ContactPoint.objects.get(case=made)
        Contact.objects.bulk_create([Contact(lender=person.lender, case=made, party_id=point.party_id, contact_point=point, attempted_at=work.at - timedelta(hours=5 * n), channel="call", direction="outbound",
                                             relation="debtor", outcome="no_answer") for n in range(500)])
        for number in range(3):
            Party.objects.create(lender=person.lender, case=made, role="guarantor", ordinal=number, person=uuid4())
    assert count() == few


@pytest.mark.parametrize("told", ["parts", "refused", "none"])
def test_every_fen_is_the_nights_own_explanation_or_a_sentence_that_says_why_not(work, page, settings, told):
    from arrears.refusal import Refused

    person, made = page
    loan = f"{made.borrower_id}-L0"
    asked = []

    def explained(book, loan_id, as_of, lang):
        asked.append((str(book), loan_id, as_of, lang))
        if told == "refused":
            raise Refused("the book is not here", "账册不在本机")
        return [("contract", "合同", [("", "年利率 15.4 %")]), ("days", "逐日经过", [("2026-10-02", "第 1 期到期"), ("", "  罚息 1.23")])]

    settings.ARREARS_EXPLAINED = None if told == "none" else explained
    address = f"/cases/{made.id}/debts/{loan}/fen"
    text = person.browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert {"parts": "罚息 1.23", "refused": "账册不在本机", "none": "未接入账册"}[told] in text and "<html" not in text
    assert "<html" in person.browser.get(address).content.decode()
    if told == "parts":
        assert asked == [("/nowhere/book", loan, date(2026, 10, 31), "zh")], "asked once, kept after"
    assert person.browser.get(f"/cases/{made.id}/debts/another/fen").status_code == 404


def test_a_document_is_sent_kept_once_opened_for_a_reason_and_never_shown_as_a_page(work, page):
    person, made = page
    body = b"\x00 <script>alert(1)</script>" + bytes(range(200))

    def send(key: str, **changed):
        return person.browser.post(f"/cases/{made.id}/documents", {"kind": "proof/hardship_proof", "title": "诊断", "made_at": "2026-11-01T08:30", "key": key, "content": SimpleUploadedFile("../x.html", body), **changed})

    key = str(uuid4())
    for _ in range(2):
        sent = send(key)
        assert sent.status_code == 302 and sent.url.endswith("?done=document_added#documents")
    with work.writing(person.lender):
        kept = Attachment.objects.get(case=made)
    assert "困难证明" in read(person, made) and body not in bytes(kept.content_sealed)
    refused = person.browser.post(f"/cases/{made.id}/documents/{kept.id}", {"purpose": "collection", "reason": ""})
    assert refused.status_code in (403, 422)
    opened = person.browser.post(f"/cases/{made.id}/documents/{kept.id}", {"purpose": "collection", "reason": "核对困难证明"})
    assert opened.content == body and opened["Content-Type"] == "application/octet-stream" and opened["Content-Disposition"].startswith("attachment") and opened["Cache-Control"] == "no-store"
    for changed in ({"kind": "proof/nonsense"}, {"kind": ""}, {"made_at": "yesterday"}, {"made_at": "2027-01-01T00:00"}, {"content": ""}, {"party": "x"}):
        answer = send(str(uuid4()), **changed)
        assert answer.status_code == 422 and "诊断" in answer.content.decode() and 'role="alert"' in answer.content.decode(), changed


def test_a_document_larger_than_is_taken_is_refused_and_touches_no_disk(work, page, settings):
    person, made = page
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = person.browser.post(f"/cases/{made.id}/documents", {"kind": "proof/hardship_proof", "made_at": "2026-11-01T08:30", "content": SimpleUploadedFile("x", b"x" * 5_000)})
    assert answer.status_code == 422 and settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]


@pytest.mark.parametrize(("text", "verdict", "said"), [
    ("您好，请您安排还款，有困难请告诉我们。", "allow", "未触碰红线"), ("再不还钱就派人上门抓你", "deny", "威胁恐吓"), ("", "allow", ""), ("请立即还款99999元", "deny", "超出可主张"), ("逾期不还我们将依法起诉", "warn", "诉讼"),
])
def test_words_are_screened_with_the_rule_and_its_source_while_they_are_typed(page, text, verdict, said):
    person, made = page
    answer = person.browser.post("/wording", {"text": text, "case": str(made.id)})
    assert answer.status_code == 200 and f'data-verdict="{verdict}"' in answer.content.decode() and said in answer.content.decode() and "<html" not in answer.content.decode()


def test_screening_takes_odd_input_and_logs_none_of_it(work, page, caplog):
    person, made = page
    for form, status in (({"text": "x" * 5_000}, 422), ({"text": "好", "case": "nonsense"}, 200), ({}, 200), ({"text": "好", "case": str(uuid4())}, 200)):
        assert person.browser.post("/wording", form).status_code == status
    person.browser.post("/wording", {"text": "planted-13800138000 你这个骗子"})
    assert "planted" not in caplog.text and person.browser.get("/wording").status_code == 405
    with work.writing(person.lender):
        Rulebook.objects.filter(lender=person.lender).delete()
    answer = person.browser.post("/wording", {"text": "好"})
    assert answer.status_code == 422 and "未经审查" in answer.content.decode()


def test_an_unmasking_that_is_refused_keeps_what_was_typed_and_says_why(page):
    person, made = page
    answer = person.browser.post(f"/cases/{made.id}/unmask", {"party": str(uuid4()), "field": "phone", "purpose": "collection", "reason": "核对号码一"})
    assert answer.status_code == 422 and "核对号码一" in answer.content.decode() and 'role="alert"' in answer.content.decode()


def test_a_case_without_people_debts_or_history_says_so(work, staff):
    person = staff("team_lead")
    with work.writing(person.lender):
        made = Case.objects.create(lender=person.lender, borrower_id="b-empty", team=work_team(person.lender), opened_on="2026-10-01", as_of="2026-10-31", currency="CNY", claimable_minor=0, days_past_due=0, bucket="M0")
    text = read(person, made)
    assert all(said in text for said in ("没有未结债务", "尚无记录", "本案件没有保存当事人"))


def work_team(lender: str):
    from arrears.work.models import Team

    return Team.objects.get(lender=lender, code="north")


def test_the_parts_of_other_subjects_stand_on_the_page(page, monkeypatch):
    from arrears.web.desk import case_parts

    monkeypatch.setattr(case_parts, "PARTS", (("outcome", "wording.html", lambda request, sheet: {"refused": f"outcome of {sheet.line.borrower_id}"}), ("plans", "wording.html", lambda request, sheet: {"refused": "the plans"})))
    person, made = page
    text = read(person, made)
    assert text.index(f"outcome of {made.borrower_id}") < text.index("the plans") and re.search(r'id="outcome"', text)


@pytest.fixture
def settings():
    from django.conf import settings

    names = ("ARREARS_EXPLAINED", "FILE_UPLOAD_MAX_MEMORY_SIZE")
    before = {name: getattr(settings, name) for name in names}
    yield settings
    for name in names:
        setattr(settings, name, before[name])


def test_the_next_instalment_of_a_plan_is_the_first_from_today_on_and_none_once_all_are_past():
    plan = {"state": "agreed", "agreed_on": date(2026, 9, 1), "instalments": [{"due_on": day, "amount_minor": 100} for day in ("2026-11-20", "2026-10-20", "2026-09-20")]}
    for today, expected in ((date(2026, 9, 20), "2026-09-20"), (date(2026, 9, 21), "2026-10-20"), (date(2026, 11, 20), "2026-11-20")):
        assert plans_of({"plans": [plan]}, today)[0]["next"]["due_on"] == expected
    assert plans_of({"plans": [plan]}, date(2026, 11, 21))[0]["next"] is None
