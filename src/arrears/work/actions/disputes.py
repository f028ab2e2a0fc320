"""Disputes and complaints: put down at once, with a hold while they are open and the law's clock running from that day."""

from datetime import date
from functools import cache
from typing import Literal
from uuid import UUID, uuid4

from arrears.law.complaints import FILE, ComplaintRules, answer_by, complaint_rules
from arrears.law.packs import SHIPPED, shipped_texts
from arrears.refusal import Refused
from arrears.work.actions.action import Doing, Forbidden, action
from arrears.work.actions.rows import LoanId, Words, demand_debt, demand_state, row_of, sealed_words, words_of
from arrears.work.models import Case, Collector, Complaint, Dispute, Hold, Lender

ANSWERS = ("upheld", "partly_upheld", "rejected")
Matter = Literal["simple", "complex"]


@action("dispute.raise", on="case", personal=("text",))
def raise_dispute(doing: Doing, case: Case, *, ground: words_of("ground", Dispute), text: Words | None = None, loan_id: LoanId | None = None, matter: Matter = "simple") -> dict:
    """The debtor says the debt is wrong: nobody is contacted about it until it is answered. loan_id: which debt; None: all. matter: as the law's clock tells them apart.

    Raises Refused where the law at hand names no days, which is no reason to go on: place a hold.
    """
    demand_debt(case, loan_id)
    dispute = Dispute(id=uuid4(), lender=case.lender, case=case, loan_id=loan_id, raised_at=doing.now, answer_by_on=_answer_by(case, doing.today, matter), ground=ground)
    dispute.text_sealed = sealed_words(doing, case, Dispute, "text_sealed", dispute.id, text)
    dispute.hold = Hold.objects.create(lender=case.lender, case=case, loan_id=loan_id, kind="dispute", placed_at=doing.now)
    dispute.save(force_insert=True)
    return {"dispute": dispute.id, "hold": dispute.hold_id, "answer_by_on": dispute.answer_by_on}


@action("dispute.answer", on="case", personal=("text",))
def answer_dispute(doing: Doing, case: Case, *, dispute: UUID, outcome: Literal[ANSWERS], text: Words) -> dict:
    """The dispute is answered. Its hold is lifted where it was rejected; where the debtor is right, all or in part, it stands until the book is put right and somebody lifts it."""
    found = row_of(Dispute, case, dispute, "dispute", "异议", alone=True)
    return {"dispute": dispute, **_answer(doing, case, found, "dispute", "异议", outcome, text, lifts=outcome == "rejected")}


@action("complaint.raise", on="case", personal=("text",))
def raise_complaint(doing: Doing, case: Case, *, ground: words_of("ground", Complaint), text: Words | None = None, about: UUID | None = None, matter: Matter = "simple") -> dict:
    """The debtor complains about how they were treated: nobody contacts them until it is answered. about: which collector. matter: as the law's clock tells them apart.

    Raises Refused where the law at hand names no days, which is no reason to go on: place a hold.
    """
    if about is not None and not Collector.objects.filter(lender=case.lender, pk=about).exists():
        raise Refused(f"collector {about} is not of this lender", f"催收员 {about} 不属于本机构")
    complaint = Complaint(id=uuid4(), lender=case.lender, case=case, raised_at=doing.now, answer_by_on=_answer_by(case, doing.today, matter), ground=ground, about_id=about)
    complaint.text_sealed = sealed_words(doing, case, Complaint, "text_sealed", complaint.id, text)
    complaint.hold = Hold.objects.create(lender=case.lender, case=case, kind="complaint", placed_at=doing.now)
    complaint.save(force_insert=True)
    return {"complaint": complaint.id, "hold": complaint.hold_id, "answer_by_on": complaint.answer_by_on}


@action("complaint.answer", on="case", personal=("text",))
def answer_complaint(doing: Doing, case: Case, *, complaint: UUID, outcome: Literal[ANSWERS], text: Words) -> dict:
    """The complaint is answered, and its hold lifted. Raises Forbidden where whoever it is about would answer it."""
    found = row_of(Complaint, case, complaint, "complaint", "投诉", alone=True)
    if found.about_id is not None and found.about_id == doing.actor.collector:
        raise Forbidden(f"complaint {complaint} is about you; somebody else answers it (nobody-answers-their-own)", f"投诉 {complaint} 针对您本人；须由他人答复（nobody-answers-their-own）", ("nobody-answers-their-own",))
    return {"complaint": complaint, **_answer(doing, case, found, "complaint", "投诉", outcome, text, lifts=True)}


def _answer(doing: Doing, case: Case, found: Dispute | Complaint, en: str, zh: str, outcome: str, text: str, *, lifts: bool) -> dict:
    demand_state(found, en, zh, "open")
    model = type(found)
    model.objects.filter(pk=found.pk).update(state=outcome, answered_at=doing.now, answer_sealed=sealed_words(doing, case, model, "answer_sealed", found.pk, text))
    lifted = Hold.objects.filter(pk=found.hold_id, lifted_at=None).update(lifted_at=doing.now) if lifts else 0
    return {"outcome": outcome, "late": doing.today > found.answer_by_on, "hold_lifted": bool(lifted)}


def _answer_by(case: Case, today: date, matter: str) -> date:
    """The last day to answer, by the law of the lender. Raises Refused where that names none."""
    law = Lender.objects.values_list("law", flat=True).get(code=case.lender)
    rules = clock_of(law)
    last = None if rules is None else answer_by(rules, today, matter)
    if last is None:
        raise Refused(f"the law {law} at hand names no days to answer in on {today}, so no clock can be set; place a hold (hold.place) and put the law's days into the pack",
                      f"现有法规包 {law} 未载明 {today} 的答复期限，无法计算时限；请先暂缓催收（hold.place），并在法规包中补充期限")
    return last


@cache
def clock_of(law: str) -> ComplaintRules | None:
    """The law's days to answer; None where its pack has none."""
    texts = shipped_texts(law) if law in SHIPPED else {}
    return complaint_rules(texts) if FILE in texts else None
