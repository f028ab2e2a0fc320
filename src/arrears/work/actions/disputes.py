"""Disputes and complaints: put down at once, with a hold while they are open and the law's clock running from that day; given further days by two; answered by a letter."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.approvals import ask_for, use_approval
from arrears.work.actions.clocks import extension_terms, last_day
from arrears.work.actions.matter_rows import CameBy, RaisedBy, account_for, demand_undecided, link, matter_of
from arrears.work.actions.rows import LoanId, Words, demand_debt, sealed_words, words_of
from arrears.work.answer_letters import demand_sendable, keep_letter
from arrears.work.models import Account, Approval, Case, Collector, Complaint, Dispute, Hold, MatterEvidence, MatterTask
from arrears.work.models.dealings import RESTS_ON

ANSWERS = ("upheld", "partly_upheld", "rejected")
Weight = Literal["simple", "complex"]
TASKS_MOST = 20


class Task(BaseModel):
    """One thing to be put right: what, by when, by which account."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    what: words_of("what", MatterTask)
    due_on: date | None = None
    assigned_to: UUID | None = None


Tasks = Annotated[list[Task], Field(max_length=TASKS_MOST)]
RestsOn = Annotated[list[Literal[RESTS_ON]], Field(max_length=len(RESTS_ON))]


@action("dispute.raise", on="case", personal=("text",))
def raise_dispute(doing: Doing, case: Case, *, ground: words_of("ground", Dispute), text: Words | None = None, loan_id: LoanId | None = None, matter: Weight = "simple",
                  raised_by: RaisedBy = "debtor", came_by: CameBy = "other") -> dict:
    """The debtor says the debt is wrong: nobody is contacted about it until it is answered. loan_id: which debt; None: all. matter: as the law's clock tells them apart.

    Raises Refused where the law at hand names no days, which is no reason to go on: place a hold.
    """
    demand_debt(case, loan_id)
    dispute = Dispute(ground=ground, loan_id=loan_id, raised_by=raised_by, came_by=came_by, matter=matter)
    return raised(doing, case, dispute, text)


@action("complaint.raise", on="case", personal=("text",))
def raise_complaint(doing: Doing, case: Case, *, ground: words_of("ground", Complaint), text: Words | None = None, about: UUID | None = None, about_account: UUID | None = None,
                    matter: Weight = "simple", raised_by: RaisedBy = "debtor", came_by: CameBy = "other") -> dict:
    """The debtor complains about how they were treated: nobody contacts them until it is answered. about, about_account: which collector or account. matter: as the law's clock tells them apart.

    Raises Refused where the law at hand names no days, which is no reason to go on: place a hold.
    """
    if about is not None and not Collector.objects.filter(lender=case.lender, pk=about).exists():
        raise Refused(f"collector {about} is not of this lender", f"催收员 {about} 不属于本机构")
    if about_account is not None and not Account.objects.filter(lender=case.lender, pk=about_account).exists():
        raise Refused(f"account {about_account} is not of this lender", f"账号 {about_account} 不属于本机构")
    return raised(doing, case, Complaint(ground=ground, about_id=about, about_account_id=about_account, raised_by=raised_by, came_by=came_by, matter=matter), text)


def raised(doing: Doing, case: Case, row: Dispute | Complaint, text: str | None) -> dict:
    """The new row stands from now on with its hold, and its clock runs. Raises Refused where the law names no days."""
    kind, model = type(row).__name__.lower(), type(row)
    row.id, row.lender, row.case, row.raised_at, row.answer_by_on = uuid4(), case.lender, case, doing.now, last_day(case.lender, doing.today, row.matter)
    row.text_sealed = sealed_words(doing, case, model, "text_sealed", row.id, text)
    row.hold = Hold.objects.create(lender=case.lender, case=case, loan_id=getattr(row, "loan_id", None), kind=kind, placed_at=doing.now)
    row.save(force_insert=True)
    return {kind: row.id, "hold": row.hold_id, "answer_by_on": row.answer_by_on}


@action("dispute.extend", on="case", personal=("text",), needs_reason=True)
def extend_dispute(doing: Doing, case: Case, *, dispute: UUID, approval: UUID | None = None, text: Words | None = None) -> dict:
    """Without approval: somebody else is asked for the further days that the law gives a complex matter, once. With what they approved: the dispute has them, and text tells the borrower by letter.

    Raises Refused where it cannot have them, or somebody was asked already.
    """
    return _extended(doing, case, "dispute", dispute, approval, text)


@action("complaint.extend", on="case", personal=("text",), needs_reason=True)
def extend_complaint(doing: Doing, case: Case, *, complaint: UUID, approval: UUID | None = None, text: Words | None = None) -> dict:
    """As dispute.extend, of a complaint. Raises Forbidden where whoever it is about would do it."""
    return _extended(doing, case, "complaint", complaint, approval, text)


def _extended(doing: Doing, case: Case, kind: str, key: UUID, approval: UUID | None, text: str | None) -> dict:
    found = matter_of(doing, case, kind, key, alone=True)
    demand_undecided(found, kind)
    terms = extension_terms(doing, found)
    if approval is None:
        if Approval.objects.filter(lender=case.lender, kind="extension", subject=str(key), state__in=("waiting", "approved")).exists():
            raise Refused("further days were asked for already; wait for whoever decides, or use what they approved", "已申请延期；请等待审批，或使用已批准的延期")
        asked = ask_for(doing, case, "extension", str(key), terms)
        return {kind: key, "approval": asked.id, "answer_by_on": found.answer_by_on}
    if text is None:
        raise Refused("the borrower is told of it by letter; write it", "延期须致函告知借款人；请填写信函")
    demand_sendable(case.lender, text, doing.today)
    used = use_approval(doing, approval, ("extension",), str(key), terms, case)
    until = date.fromisoformat(terms["to"])
    letter = keep_letter(case, text, "延期告知", "complaint_file", doing.now, doing.today, until)
    type(found).objects.filter(pk=key).update(before_extension_on=found.answer_by_on, answer_by_on=until, approval=used)
    return {kind: key, "answer_by_on": until, "before": terms["from"], "letter": letter}


@action("dispute.answer", on="case", personal=("text",))
def answer_dispute(doing: Doing, case: Case, *, dispute: UUID, outcome: Literal[ANSWERS], text: Words, rests_on: RestsOn = (), tasks: Tasks = (), letter: bool = False) -> dict:
    """The dispute is answered. Its hold is lifted where it was rejected; where the debtor is right, all or in part, it stands until the book is put right and somebody lifts it.

    rests_on: the evidence, needed unless the debtor is right in all; papers where some were made evidence. tasks: what is to be put right; none where it was rejected.
    letter: the text is kept as the letter to the borrower too. Raises Refused where evidence is missing, and for words that may not be sent.
    """
    return _answer(doing, case, "dispute", dispute, outcome, text, rests_on, list(tasks), letter=letter, lifts=outcome == "rejected")


@action("complaint.answer", on="case", personal=("text",))
def answer_complaint(doing: Doing, case: Case, *, complaint: UUID, outcome: Literal[ANSWERS], text: Words, rests_on: RestsOn = (), tasks: Tasks = (), letter: bool = False) -> dict:
    """The complaint is answered, and its hold lifted; rests_on, tasks and letter as in dispute.answer. Raises Forbidden where whoever it is about would answer it."""
    return _answer(doing, case, "complaint", complaint, outcome, text, rests_on, list(tasks), letter=letter, lifts=True)


def _answer(doing: Doing, case: Case, kind: str, key: UUID, outcome: str, text: str, rests_on: Sequence[str], tasks: list[Task], *, letter: bool, lifts: bool) -> dict:
    found = matter_of(doing, case, kind, key, alone=True)
    demand_undecided(found, kind)
    if tasks and outcome == "rejected":
        raise Refused("what was rejected leaves nothing to be put right; take the tasks out, or uphold it; nothing was changed", "不成立的事项没有需要整改的内容；请去掉整改事项，或改为成立；未作任何更改")
    _demand_evidence(kind, found, outcome, rests_on)
    if letter:
        demand_sendable(case.lender, text, doing.today)
    sent = keep_letter(case, text, "答复函", "complaint_file", doing.now, doing.today) if letter else None
    model = type(found)
    model.objects.filter(pk=key).update(state=outcome, answered_at=doing.now, answered_by=doing.actor.account, letter=sent, rests_on=sorted(set(rests_on)), answer_sealed=sealed_words(doing, case, model, "answer_sealed", key, text))
    MatterTask.objects.bulk_create(set_task(doing, case, kind, found, one) for one in tasks)
    lifted = Hold.objects.filter(pk=found.hold_id, lifted_at=None).update(lifted_at=doing.now) if lifts else 0
    return {kind: key, "outcome": outcome, "late": doing.today > found.answer_by_on, "hold_lifted": bool(lifted), "letter": sent, "tasks": len(tasks)}


def _demand_evidence(kind: str, found: Dispute | Complaint, outcome: str, rests_on: Sequence[str]) -> None:
    """Raises Refused where the debtor is not right in all and nothing shows it, or papers are named and none is evidence."""
    if outcome != "upheld" and not rests_on:
        raise Refused("on what does the answer rest? Who does not agree with the debtor in all shows why: name the evidence; nothing was changed", "答复的依据是什么？未完全支持债务人的，须说明理由：请选择证据；未作任何更改")
    if "papers" in rests_on and not MatterEvidence.objects.filter(**link(kind, found)).exists():
        raise Refused("no paper or recording was made evidence yet; make one evidence, or rest the answer on something else; nothing was changed", "尚未将任何材料或录音列为证据；请先列为证据，或选择其他依据；未作任何更改")


def set_task(doing: Doing, case: Case, kind: str, row, task: Task) -> MatterTask:
    """The task, not yet written. Raises Refused for a day that is past or an account that does not deal with such."""
    if task.due_on is not None and task.due_on < doing.today:
        raise Refused(f"{task.due_on} is past; give a day from today on", f"{task.due_on} 已过；请填写今天或以后的日期")
    to = None if task.assigned_to is None else account_for(case, kind, row, task.assigned_to)
    return MatterTask(id=uuid4(), **link(kind, row), what=task.what, due_on=task.due_on, assigned_to=to, set_at=doing.now)
