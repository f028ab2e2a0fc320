"""The clocks of disputes and complaints as the law has them, further days by two, who keeps away, and hardship to its end."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from uuid import UUID

import pytest
import yaml

from arrears.days import microseconds_of
from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden
from arrears.work.models import Approval, Attachment, Complaint, Dispute, Hardship, Hold, MatterNote, Plan
from arrears.work.sealing import opened
from work.action_scenes import World
from work.scenes_matters import dispute, extended, hardship

EXAMPLES = [one for one in yaml.safe_load(files("arrears.law").joinpath("cn/complaints.yaml").read_text(encoding="utf-8"))["examples"] if one["answer_by"] != "unknown"]


@pytest.fixture
def world(work) -> World:
    return World(work)


def at_noon(world: World, day: date) -> None:
    world.work.now = microseconds_of(datetime(day.year, day.month, day.day, 4, tzinfo=UTC))


def the(world: World, model, key):
    return world.seen(lambda: model.objects.get(pk=key))


def approve(world: World, approval: str) -> None:
    world.do("approval.decide", {"approve": True}, actor=world.compliance, thing=UUID(approval))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one['received_on']} {one['matter']}{' approved' if one.get('approved') else ''}")
@pytest.mark.parametrize("kind", ["dispute", "complaint"])
def test_the_last_day_is_that_of_the_laws_own_examples_with_further_days_where_they_were_approved(world, kind, example):
    at_noon(world, date.fromisoformat(example["received_on"]))
    matter = world.do(f"{kind}.raise", {"ground": "amount", "matter": example["matter"]})[kind]
    if example.get("approved") == "true":
        asked = world.do(f"{kind}.extend", {kind: matter}, actor=world.compliance)["approval"]
        other = world.work.actor(world.lender, "compliance_officer")
        world.do("approval.decide", {"approve": True}, actor=other, thing=UUID(asked))
        world.do(f"{kind}.extend", {kind: matter, "approval": asked, "text": "{name}：延至 {until}。"}, actor=world.compliance)
    assert the(world, Dispute if kind == "dispute" else Complaint, matter).answer_by_on == date.fromisoformat(example["answer_by"])


def test_nobody_approves_their_own_further_days_and_they_are_had_once(world):
    matter = world.do("dispute.raise", {"ground": "amount", "matter": "complex"}, actor=world.compliance)["dispute"]
    asked = world.do("dispute.extend", {"dispute": matter}, actor=world.compliance)["approval"]
    with pytest.raises(Forbidden, match="nobody-decides-their-own"):
        approve(world, asked)
    with pytest.raises(Refused, match="asked for already"):
        world.do("dispute.extend", {"dispute": matter})
    with pytest.raises(Refused, match="is waiting"):
        world.do("dispute.extend", {"dispute": matter, "approval": asked, "text": "延期"})
    world.do("approval.decide", {"approve": True}, actor=world.work.actor(world.lender, "compliance_officer"), thing=UUID(asked))
    told = world.do("dispute.extend", {"dispute": matter, "approval": asked, "text": "{name}：延至 {until}。"})
    assert told["answer_by_on"] == "2027-01-01" and the(world, Approval, asked).state == "used"
    with pytest.raises(Refused, match="once"):
        world.do("dispute.extend", {"dispute": matter})


def test_a_simple_matter_has_no_further_days_until_it_is_weighed_and_one_past_its_day_has_none(world):
    matter = dispute(world)
    with pytest.raises(Refused, match="weigh it first"):
        world.do("dispute.extend", {"dispute": matter})
    assert world.do("matter.weigh", {"kind": "dispute", "matter": matter, "weight": "complex"})["answer_by_on"] == "2026-12-02"
    with pytest.raises(Refused, match="counts as complex"):
        world.do("matter.weigh", {"kind": "dispute", "matter": matter, "weight": "complex"})
    at_noon(world, date(2026, 12, 2))
    asked = world.do("dispute.extend", {"dispute": matter})["approval"]
    approve(world, asked)
    at_noon(world, date(2026, 12, 3))
    with pytest.raises(Refused, match="has run out"):
        world.do("dispute.extend", {"dispute": matter, "approval": asked, "text": "延期"})


def test_an_approval_of_one_matter_extends_no_other_and_not_one_that_was_weighed_meanwhile(world):
    first, asked = extended(world)
    second = world.do("dispute.raise", {"ground": "paid", "matter": "complex"})["dispute"]
    with pytest.raises(Refused, match="something else"):
        world.do("dispute.extend", {"dispute": second, "approval": asked, "text": "延期"})
    world.do("matter.weigh", {"kind": "dispute", "matter": first, "weight": "simple"})
    with pytest.raises(Refused, match="weigh it first"):
        world.do("dispute.extend", {"dispute": first, "approval": asked, "text": "延期"})


@pytest.mark.parametrize("kind", ["dispute", "complaint"])
def test_further_days_are_asked_for_and_taken_on_the_last_day_and_not_after_it(world, kind):
    other = world.work.actor(world.lender, "compliance_officer")
    first, second = (world.do(f"{kind}.raise", {"ground": "other", "matter": "complex"})[kind] for _ in range(2))
    at_noon(world, date(2026, 12, 2))
    asked = [world.do(f"{kind}.extend", {kind: key}, actor=world.compliance)["approval"] for key in (first, second)]
    for approval in asked:
        world.do("approval.decide", {"approve": True}, actor=other, thing=UUID(approval))
    taken = world.do(f"{kind}.extend", {kind: first, "approval": asked[0], "text": "{name}：延至 {until}。"}, actor=world.compliance)
    assert (taken["before"], taken["answer_by_on"]) == ("2026-12-02", "2027-01-01")
    at_noon(world, date(2026, 12, 3))
    with pytest.raises(Refused, match="has run out"):
        world.do(f"{kind}.extend", {kind: second, "approval": asked[1], "text": "{name}：延至 {until}。"}, actor=world.compliance)
    assert world.do(f"{kind}.answer", {kind: second, "outcome": "upheld", "text": "致歉"}, actor=world.compliance)["late"] is True
    at_noon(world, date(2027, 1, 1))
    assert world.do(f"{kind}.answer", {kind: first, "outcome": "upheld", "text": "致歉"}, actor=world.compliance)["late"] is False


def test_a_matter_whose_last_day_is_past_is_not_made_late_no_more_by_another_weight(world):
    key = world.do("dispute.raise", {"ground": "amount"}, reason=None)["dispute"]
    at_noon(world, date(2026, 11, 17))
    world.do("matter.weigh", {"kind": "dispute", "matter": key, "weight": "complex"})
    world.do("matter.weigh", {"kind": "dispute", "matter": key, "weight": "simple"})
    at_noon(world, date(2026, 11, 18))
    with pytest.raises(Refused, match="has run out") as refused:
        world.do("matter.weigh", {"kind": "dispute", "matter": key, "weight": "complex"})
    assert "不得" in refused.value.zh and the(world, Dispute, key).answer_by_on == date(2026, 11, 17)


def test_whoever_a_complaint_is_about_neither_reads_nor_notes_nor_takes_up_nor_extends_nor_answers_it(world):
    me = world.work.actor(world.lender, "collector", world.team, holds=True)
    officer = world.compliance
    world.do("case.move", {"collector": me.collector})
    by_desk = world.do("complaint.raise", {"ground": "wording", "about": me.collector, "matter": "complex"})["complaint"]
    by_account = world.do("complaint.raise", {"ground": "wording", "about_account": officer.account, "matter": "complex"})["complaint"]
    tried = [(me, by_desk, "matter.note", {"text": "x"}), (me, by_desk, "matter.reopen", {"text": "x"}), (me, by_desk, "matter.read", {}), (officer, by_account, "matter.note", {"text": "x"}), (officer, by_account, "matter.assign", {"to": None}),
             (officer, by_account, "matter.weigh", {"weight": "simple"}), (officer, by_account, "matter.task", {"what": "coach"})]
    for actor, matter, verb, more in tried:
        with pytest.raises(Forbidden, match="nobody-answers-their-own"):
            world.do(verb, {"kind": "complaint", "matter": matter, **more}, actor=actor, purpose="complaint")
    for verb, more in (("complaint.answer", {"outcome": "rejected", "text": "x", "rests_on": ["contacts"]}), ("complaint.extend", {})):
        with pytest.raises(Forbidden, match="nobody-answers-their-own"):
            world.do(verb, {"complaint": by_account, **more}, actor=officer)
    with pytest.raises(Refused, match="is about"):
        world.do("matter.assign", {"kind": "complaint", "matter": by_account, "to": officer.account}, actor=world.work.actor(world.lender, "compliance_officer"))


def test_a_matter_is_given_only_to_whoever_may_answer_it_and_sees_the_case(world):
    key = dispute(world)
    wrong = [world.work.account(world.lender, "collector", "a"), world.work.account(world.lender, "team_lead", "elsewhere"), world.work.account(world.work.lender(), "compliance_officer")]
    for account in wrong:
        with pytest.raises(Refused):
            world.do("matter.assign", {"kind": "dispute", "matter": key, "to": account.id})
    world.do("matter.assign", {"kind": "dispute", "matter": key, "to": world.compliance.account})
    with pytest.raises(Refused, match="theirs already"):
        world.do("matter.assign", {"kind": "dispute", "matter": key, "to": world.compliance.account})


def test_what_is_written_is_sealed_read_with_a_purpose_and_kept_in_no_answer(world):
    key = dispute(world)
    world.do("matter.note", {"kind": "dispute", "matter": key, "text": "发现重复入账"})
    with pytest.raises(Refused):
        world.do("matter.read", {"kind": "dispute", "matter": key}, actor=world.compliance, purpose=None)
    told = world.do("matter.read", {"kind": "dispute", "matter": key}, actor=world.compliance, purpose="dispute")
    assert told["text"] == "金额不对" and [one["text"] for one in told["notes"]] == ["发现重复入账"]
    assert "入账".encode() not in bytes(world.seen(lambda: MatterNote.objects.get()).text_sealed)
    from arrears.work.models import Entry

    entries = world.seen(lambda: list(Entry.objects.filter(lender=world.lender)))
    assert not any("入账" in str(one.parameters) + str(one.result) or "金额不对" in str(one.parameters) + str(one.result) for one in entries)


def test_a_letter_is_a_document_of_the_case_in_which_the_name_stands_and_no_red_line_is_crossed(world):
    key = dispute(world)
    for bad in ("再不还钱就抓你坐牢，让你全家不得安宁", "理由：（请写明）"):
        with pytest.raises(Refused):
            world.do("dispute.answer", {"dispute": key, "outcome": "rejected", "text": bad, "rests_on": ["contacts"], "letter": True})
    assert world.seen(Attachment.objects.count) == 0 and the(world, Dispute, key).state == "open"
    letter = world.do("dispute.answer", {"dispute": key, "outcome": "rejected", "text": "{name}：经核查记录无误（{day}）。", "rests_on": ["contacts"], "letter": True})["letter"]
    from arrears.work.attachments import content_of

    kept = the(world, Attachment, letter)
    assert (kept.kind, kept.record_kind) == ("document", "complaint_file") and "王小明：经核查记录无误（2026-11-02）。" in content_of(kept, world.debtor.person).decode()


def test_what_was_answered_is_taken_up_again_with_a_clock_and_hold_of_its_own_and_its_answer_stands(world):
    key = dispute(world)
    with pytest.raises(Refused, match="is open"):
        world.do("matter.reopen", {"kind": "dispute", "matter": key, "text": "x"})
    world.do("dispute.answer", {"dispute": key, "outcome": "rejected", "text": "已核对", "rests_on": ["contacts"]})
    at_noon(world, date(2026, 11, 12))
    told = world.do("matter.reopen", {"kind": "dispute", "matter": key, "text": "有转账凭证"})
    assert told["answer_by_on"] == "2026-11-27" and the(world, Hold, told["hold"]).lifted_at is None
    assert the(world, Dispute, key).state == "rejected" and the(world, Dispute, told["dispute"]).follows_id == UUID(key)
    read = world.do("matter.read", {"kind": "dispute", "matter": told["dispute"]}, actor=world.compliance, purpose="dispute")
    assert [(one["text"], one["answer"]) for one in read["before"]] == [("金额不对", "已核对")]
    with pytest.raises(Refused, match="already"):
        world.do("matter.reopen", {"kind": "dispute", "matter": key, "text": "x"})


def test_upheld_sets_tasks_and_each_is_done_once(world):
    key = dispute(world)
    with pytest.raises(Refused, match="leaves nothing"):
        world.do("dispute.answer", {"dispute": key, "outcome": "rejected", "text": "x", "rests_on": ["contacts"], "tasks": [{"what": "refund"}]})
    with pytest.raises(Refused, match="is past"):
        world.do("dispute.answer", {"dispute": key, "outcome": "upheld", "text": "x", "tasks": [{"what": "refund", "due_on": "2026-11-01"}]})
    world.do("dispute.answer", {"dispute": key, "outcome": "upheld", "text": "x", "tasks": [{"what": "refund", "due_on": "2026-11-09"}, {"what": "correct_book"}]})
    from arrears.work.models import MatterTask

    first, second = world.seen(lambda: list(MatterTask.objects.order_by("id")))
    assert world.do("matter.task_done", {"task": first.id})["left"] == 1
    with pytest.raises(Refused, match="was done"):
        world.do("matter.task_done", {"task": first.id})
    assert world.do("matter.task_done", {"task": second.id})["left"] == 0


@pytest.mark.parametrize("outcome", ["rejected", "partly_upheld"])
def test_who_does_not_agree_with_the_debtor_in_all_names_the_evidence_and_papers_only_where_there_are_some(world, outcome):
    key = world.do("dispute.raise", {"ground": "amount"})["dispute"]
    for rests_on, said in ((None, "name the evidence"), ([], "name the evidence"), (["papers"], "made evidence yet"), (["rumour"], "rests_on")):
        with pytest.raises(Refused, match=said):
            world.do("dispute.answer", {"dispute": key, "outcome": outcome, "text": "x", **({} if rests_on is None else {"rests_on": rests_on})})
    paper = world.do("attachment.add", {"kind": "proof", "record_kind": "complaint_file", "content": b"paper", "made_at": world.work.at.isoformat(), "title": "receipt"})["attachment"]
    world.do("matter.attach", {"kind": "dispute", "matter": key, "attachment": paper})
    world.do("dispute.answer", {"dispute": key, "outcome": outcome, "text": "x", "rests_on": ["papers", "payments"]})
    assert world.seen(lambda: Dispute.objects.get(pk=key).rests_on) == ["papers", "payments"]


def test_hardship_holds_at_once_by_our_own_days_and_there_is_one_review_at_a_time(world):
    told = world.do("hardship.raise", {"reason": "illness"})
    assert told["decide_by_on"] == "2026-11-12" and the(world, Hold, told["hold"]).kind == "hardship_review"
    with pytest.raises(Refused, match="is open"):
        world.do("hardship.raise", {"reason": "job_lost"})
    with pytest.raises(Refused, match="is open"):
        world.do("hold.lift", {"hold": told["hold"]}, actor=world.compliance)


def test_the_operators_days_for_hardship_come_from_the_settings(world):
    path = world.work.home / "settings.yaml"
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text((before or "") + "matters: {decide_days: '5'}\n", encoding="utf-8")
    try:
        assert world.do("hardship.raise", {"reason": "illness"})["decide_by_on"] == "2026-11-07"
    finally:
        path.write_text(before, encoding="utf-8") if before is not None else path.unlink()


def test_what_a_month_leaves_is_sealed_and_the_three_figures_belong_together(world):
    key = hardship(world)
    with pytest.raises(Refused, match="all three"):
        world.do("hardship.examine", {"hardship": key, "income_minor": 1})
    with pytest.raises(Refused):
        world.do("hardship.examine", {"hardship": key, "income_minor": -1, "living_minor": 0, "other_debts_minor": 0})
    world.do("hardship.examine", {"hardship": key, "income_minor": 300_000, "living_minor": 280_050, "other_debts_minor": 90_000})
    sheet = yaml.safe_load(opened(world.lender, world.debtor.person, the(world, Hardship, key), "sheet_sealed"))
    assert sheet["left_minor"] == -70_050 and sheet["currency"] == "CNY"


def test_a_refusal_stands_when_another_confirms_it_and_not_before(world):
    key = hardship(world)
    world.do("hardship.decide", {"hardship": key, "outcome": "refused", "text": "{name}：本次未能同意。"})
    row = the(world, Hardship, key)
    assert row.state == "refusing" and row.letter_id is None and the(world, Hold, row.hold_id).lifted_at is None
    with pytest.raises(Forbidden, match="four-eyes"):
        world.do("hardship.confirm", {"hardship": key, "agrees": True})
    with pytest.raises(Refused, match="refused by one already"):
        world.do("hardship.decide", {"hardship": key, "outcome": "refused", "text": "x"}, actor=world.compliance)
    world.do("hardship.confirm", {"hardship": key, "agrees": True}, actor=world.compliance)
    row = the(world, Hardship, key)
    assert row.state == "refused" and row.letter_id and the(world, Hold, row.hold_id).lifted_at == world.work.at


def test_a_refusal_that_another_does_not_confirm_leaves_the_review_open_with_its_hold_and_no_letter(world):
    key = hardship(world)
    world.do("hardship.decide", {"hardship": key, "outcome": "refused", "text": "{name}：本次未能同意。"})
    assert world.do("hardship.confirm", {"hardship": key, "agrees": False}, actor=world.compliance)["state"] == "open"
    row = the(world, Hardship, key)
    assert (row.state, row.refused_by_id, row.decided_by_id, row.answer_sealed, row.letter_id, the(world, Hold, row.hold_id).lifted_at) == ("open", None, None, None, None, None)
    with pytest.raises(Refused, match="no refusal to confirm"):
        world.do("hardship.confirm", {"hardship": key, "agrees": True}, actor=world.compliance)


def test_a_pause_lasts_at_most_the_operators_days_to_the_day(world):
    """180 days after the second of November: the first of May."""
    key = hardship(world)
    with pytest.raises(Refused, match="at most 180 days"):
        world.do("hardship.decide", {"hardship": key, "outcome": "paused", "until_on": "2027-05-02", "text": "{name}：暂缓至 {until}。"})
    assert world.do("hardship.decide", {"hardship": key, "outcome": "paused", "until_on": "2027-05-01", "text": "{name}：暂缓至 {until}。"})["until_on"] == "2027-05-01"


def test_a_dispute_of_one_debt_holds_that_debt_and_one_of_all_holds_all(world):
    one = world.do("dispute.raise", {"ground": "paid", "loan_id": world.loan})
    whole = world.do("dispute.raise", {"ground": "paid"})
    assert [the(world, Hold, told["hold"]).loan_id for told in (one, whole)] == [world.loan, None]


def test_a_pause_ends_on_its_day_by_the_program_and_a_plan_frees_once_it_is_agreed_or_its_days_are_over(world):
    key = hardship(world)
    for wrong in (None, "2026-11-02", "2030-01-01"):
        with pytest.raises(Refused, match="a pause lasts"):
            world.do("hardship.decide", {"hardship": key, "outcome": "paused", "text": "x", **({"until_on": wrong} if wrong else {})})
    world.do("hardship.decide", {"hardship": key, "outcome": "paused", "until_on": "2026-11-10", "text": "{name}：暂缓至 {until}。"})
    settle = lambda: world.do("hardship.settle", actor=world.system, thing=None, reason=None)["lifted"]  # noqa: E731
    at_noon(world, date(2026, 11, 9))
    assert settle() == 0
    at_noon(world, date(2026, 11, 10))
    assert settle() == 1 and settle() == 0
    second = hardship(world)
    world.do("hardship.decide", {"hardship": second, "outcome": "plan", "text": "{name}：请于 {until} 前协商。"})
    assert the(world, Hardship, second).until_on == date(2026, 11, 10) + timedelta(days=14) and settle() == 0
    with world.work.writing(world.lender):
        Plan.objects.create(lender=world.lender, case=world.case, loan_id=world.loan, currency="CNY", instalments=[{"number": 1, "due_on": "2026-12-01", "amount_minor": 1}], state="agreed", proposed_on="2026-11-10", agreed_on="2026-11-10")
    assert settle() == 1


def test_what_was_said_is_gone_with_the_person_and_in_their_copy_before(world):
    from django.conf import settings

    from arrears.work.erasure import clear
    from arrears.work.queries.copies import copy_of

    key = hardship(world)
    world.do("hardship.examine", {"hardship": key, "wanted": "住院证明", "income_minor": 1, "living_minor": 0, "other_debts_minor": 0})
    matter = dispute(world)
    world.do("matter.note", {"kind": "dispute", "matter": matter, "text": "发现重复入账"})
    world.do("matter.task", {"kind": "dispute", "matter": matter, "what": "refund", "text": "退还多收"})
    places = world.seen(lambda: list(__import__("arrears.work.models", fromlist=["Party"]).Party.objects.filter(case=world.case).select_related("case")))
    told = str(world.seen(lambda: copy_of(world.lender, places, date(2026, 11, 2), settings.ARREARS[0])))
    for words in ("住院治疗", "住院证明", "发现重复入账", "退还多收", "'left_minor': 1"):
        assert words in told
    with world.work.writing(world.lender):
        clear(places, world.work.at)
    row = the(world, Hardship, key)
    assert row.text_sealed is row.wanted_sealed is row.sheet_sealed is None and row.reason == "other" and world.seen(lambda: MatterNote.objects.exclude(text_sealed=None).count()) == 0
