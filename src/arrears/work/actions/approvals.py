"""Four eyes: somebody asks, somebody else decides, and what was approved is used once, exactly as it was asked for."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from pydantic import JsonValue

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, Forbidden, action
from arrears.work.actions.clocks import extension_terms
from arrears.work.actions.matter_rows import demand_not_about
from arrears.work.actions.rows import Code, demand_open, demand_state, row_of, words_of
from arrears.work.authority import decided_by, deciders, matrix_of
from arrears.work.models import Approval, Case, Complaint, Dispute, Lender, Plan
from arrears.work.plan_terms import authority_terms, digest_of, is_id, roles_in_words, terms_of, waived_by

AUTHORITY = "authority-matrix"
"""What stands for a policy where the authority matrix refuses."""
OF_PLANS = ("waiver", "plan")
"""Kinds whose subject is a plan of the case: what is asked for is read from the plan, never typed."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,119}")
NUMBER_OF_SOMEBODY = re.compile(r"(?<![0-9A-Za-z])(1[3-9][0-9](?:[ -]?[0-9]{4}){2}|[0-9]{6}[ -]?[0-9]{8}[ -]?[0-9]{3}[0-9Xx]|[0-9]{15,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?)(?![0-9A-Za-z])")
"""A mainland mobile number, an ID card's, or what could be an account's (GB 11643: 18 characters; cards 15 to 19 digits), in one or in the groups in which people write them."""


@action("approval.ask", on="case_or_lender", personal=("parameters",))
def ask_approval(doing: Doing, found: Case | Lender, *, kind: words_of("kind", Approval), subject: Code, parameters: dict[str, JsonValue] | None = None) -> dict:
    """The approval waits for somebody else. subject: what it is about; parameters: what is asked for, exactly, with no personal data (of a waiver, plan or extension: its terms, so none are given).

    Raises Refused for one with no account, a plan that is not just proposed, parameters where none belong, or free words: an approval is kept in clear, so it says codes and numbers.
    """
    _account(doing)
    if any(not _CODE.fullmatch(text) or (kind not in (*OF_PLANS, "extension") and NUMBER_OF_SOMEBODY.search(text)) for text in _texts_of([subject, parameters])):
        raise Refused("an approval is kept in clear: subject and parameters are codes (letters, digits and _ . : / @ + -) and hold nobody's name or number; say why as the reason, which is sealed",
                      "审批以明文留存：subject 与 parameters 仅可为代码（字母、数字及 _ . : / @ + -），不得含姓名或号码；说明请写在理由中，理由加密保存")
    case = found if isinstance(found, Case) else None
    if kind in OF_PLANS:
        plan = _plan_of(case, subject, parameters)
        waived = sum(waived_by(plan).values()) + plan.waived_principal_minor
        parameters, amount, currency = terms_of(plan), waived or sum(one["amount_minor"] for one in plan.instalments), plan.currency
    else:
        amount = currency = None
    if kind == "extension":
        parameters = _extension_of(doing, case, subject, parameters)
    approval = ask_for(doing, case, kind, subject, parameters or {}, amount, currency)
    return {"approval": approval.id, "digest": approval.digest}


@action("approval.decide", on="approval", needs_reason=True)
def decide_approval(doing: Doing, approval: Approval, *, approve: bool) -> dict:
    """What was asked for is approved or refused, once. Raises Refused where it no longer waits, or the plan it is about is no longer proposed; Forbidden where the authority matrix gives the actor too little for it, they proposed the plan
    themselves, or the complaint whose days it is about is about them.
    """
    decider = _account(doing)
    demand_state(approval, "approval", "审批", "waiting")
    if approval.kind == "extension" and (of := Complaint.objects.filter(lender=approval.lender, pk=approval.subject).first()) is not None:
        demand_not_about(doing, of)
    if approve and approval.kind in OF_PLANS:
        _demand_authority(doing, approval)
    Approval.objects.filter(pk=approval.pk).update(state="approved" if approve else "refused", decided_by_id=decider, decided_at=doing.now, decided_in=doing.entry)
    return {"approval": approval.id, "state": "approved" if approve else "refused"}


@action("approval.withdraw", on="approval")
def withdraw_approval(doing: Doing, approval: Approval) -> dict:
    """Nothing is asked for any more. Raises Refused where somebody else asked, or it was decided."""
    if approval.asked_by_id != doing.actor.account:
        raise Refused(f"approval {approval.id} was asked for by somebody else; who decides may refuse it", f"审批 {approval.id} 由他人申请；审批人可予驳回")
    demand_state(approval, "approval", "审批", "waiting")
    Approval.objects.filter(pk=approval.pk).update(state="withdrawn")
    return {"approval": approval.id}


def ask_for(doing: Doing, case: Case | None, kind: str, subject: str, parameters: dict[str, Any], amount: int | None = None, currency: str | None = None) -> Approval:
    """The approval waits for somebody else; for use within an action, which answers for its parameters. Raises Refused for one with no account."""
    return Approval.objects.create(lender=doing.actor.lender, case=case, kind=kind, subject=subject, parameters=parameters, digest=digest_of(parameters), amount_minor=amount, currency=currency,
                                   asked_by_id=_account(doing), asked_at=doing.now, asked_in=doing.entry)


def use_approval(doing: Doing, key: UUID, kinds: tuple[str, ...], subject: str, parameters: dict[str, Any], case: Case | None = None) -> Approval:
    """The approval is used up for exactly this. Raises Refused unless it is approved, of one of the kinds, of that subject and case, and its digest is that of the parameters."""
    found = Approval.objects.select_for_update(no_key=True, of=("self",)).filter(lender=doing.actor.lender, pk=key, case=case).first()
    if found is None:
        raise Refused(f"approval {key} is not of this {'lender' if case is None else 'case'}", f"审批 {key} 不属于此{'机构' if case is None else '案件'}")
    demand_state(found, "approval", "审批", "approved")
    if found.kind not in kinds or found.subject != subject or found.digest != digest_of(parameters):
        raise Refused(f"approval {key} is of something else, or of other terms; ask for a new one of exactly this", f"审批 {key} 针对其他事项或其他条款；请就此事项重新申请")
    Approval.objects.filter(pk=key).update(state="used")
    return found


def _demand_authority(doing: Doing, approval: Approval) -> None:
    """Raises Refused where the plan no longer is proposed; Forbidden, which leaves an Entry, where its terms are beyond what the actor's roles may approve: says who may."""
    plan = Plan.objects.filter(lender=approval.lender, pk=approval.subject, state="proposed").first()
    if plan is None:
        raise Refused(f"plan {approval.subject} is no longer proposed, so there is nothing to approve; refuse it, or leave it to who asked", f"分期计划 {approval.subject} 已非待定状态，无可审批；请驳回，或由申请人撤回")
    if plan.proposed_by_id is not None and plan.proposed_by_id == doing.actor.account:
        raise Forbidden(f"plan {plan.id} was proposed by you; somebody else approves it (four-eyes), whoever asked: nothing was changed", "该方案由您提出；无论由谁申请，均须由他人审批（four-eyes）；未作任何更改", ("nobody-decides-their-own",))
    matrix, terms = matrix_of(settings.ARREARS[0], approval.lender), authority_terms(plan)
    if decided_by(matrix, doing.actor.roles, terms) is None:
        en, zh = roles_in_words(deciders(matrix, terms))
        waived = terms.waived_minor + terms.principal_minor
        raise Forbidden(f"approval {approval.id}: {terms.kind} of {terms.put_off_minor} with {waived} waived is beyond your authority ({matrix.id}, {matrix.source}); nothing was changed: {en} may decide it",
                        f"审批 {approval.id}：{terms.kind}，应还 {terms.put_off_minor}，减免 {waived}，超出您的审批权限（{matrix.id}，{matrix.source}）；未作任何更改：可由{zh}审批", (AUTHORITY,))


def _texts_of(value: Any) -> Iterator[str]:
    """All texts in it, names of parameters among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from (name, *_texts_of(one))
    elif isinstance(value, list):
        for one in value:
            yield from _texts_of(one)


def _plan_of(case: Case | None, subject: str, parameters: dict | None) -> Plan:
    if parameters:
        raise Refused("the terms of a plan are read from the plan; give no parameters", "分期计划的条款取自计划本身；请勿填写参数")
    if case is None:
        raise Refused("a waiver or plan is of a case: ask on the case", "减免与分期须就案件申请：请在案件上提出")
    demand_open(case)
    try:
        key = UUID(subject)
    except ValueError:
        raise Refused("subject is the id of the plan", "subject 应为分期计划的编号") from None
    plan = row_of(Plan, case, key, "plan", "分期计划")
    demand_state(plan, "plan", "分期计划", "proposed")
    return plan


def _extension_of(doing: Doing, case: Case | None, subject: str, parameters: dict | None) -> dict[str, str]:
    """Until when, of which matter, as the law has it: read from the matter, never typed."""
    found = None if case is None or parameters or not is_id(subject) else next(
        (row for model in (Dispute, Complaint) if (row := model.objects.filter(lender=case.lender, case=case, pk=subject, state="open").first())), None)
    if found is None:
        raise Refused("subject is the id of an open dispute or complaint of the case, and its days are read from it; give no parameters", "subject 应为本案件未答复的异议或投诉编号，期限由系统读取；请勿填写参数")
    demand_not_about(doing, found)
    return extension_terms(doing, found)


def _account(doing: Doing) -> UUID:
    if doing.actor.account is None:
        raise Refused("an approval is between people: who asks or decides has an account; the program itself has none", "审批发生在人与人之间：申请人与审批人须有账号；系统本身没有账号")
    return doing.actor.account
