"""Holds (停催): placed by whoever works the case, lifted by who may."""

from uuid import UUID, uuid4

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, Forbidden, action
from arrears.work.actions.parties import protects
from arrears.work.actions.rows import LoanId, Words, demand_debt, row_of, sealed_words, words_of
from arrears.work.models import Case, Complaint, Dispute, Hardship, Hold

OF_LAW = ("dispute", "complaint", "cease", "legal_stay", "litigation", "vulnerable")
"""Kinds that stand by law or for somebody's protection: no collector lifts them."""
WORKS_CASES = frozenset({"collector", "agency_worker"})


@action("hold.place", on="case", personal=("text",))
def place_hold(doing: Doing, case: Case, *, kind: words_of("kind", Hold), loan_id: LoanId | None = None, text: Words | None = None) -> dict:
    """Nobody is contacted about the loan, or with None about any of the debtor's, from this moment on. Raises Refused for a loan of another case."""
    demand_debt(case, loan_id)
    hold = Hold(id=uuid4(), lender=case.lender, case=case, loan_id=loan_id, kind=kind, placed_at=doing.now)
    hold.reason_sealed = sealed_words(doing, case, Hold, "reason_sealed", hold.id, text)
    hold.save(force_insert=True)
    return {"hold": hold.id}


@action("hold.lift", on="case", needs_reason=True)
def lift_hold(doing: Doing, case: Case, *, hold: UUID) -> dict:
    """The hold stands no more, from this moment on.

    Raises Refused where it does not stand, while the dispute, complaint or review of hardship it stands for is open, and while somebody is protected by it; Forbidden where one who only works cases would lift what stands by law.
    """
    found = row_of(Hold, case, hold, "hold", "停催", alone=True)
    if found.lifted_at is not None:
        raise Refused(f"hold {hold} was lifted at {found.lifted_at.isoformat()}; nothing was changed", f"停催 {hold} 已于 {found.lifted_at.isoformat()} 解除；未作任何更改")
    if found.kind in OF_LAW and doing.actor.roles <= WORKS_CASES:
        raise Forbidden(f"hold {hold} ({found.kind}) stands by law or for somebody's protection: a team lead or compliance officer lifts it (holds-of-law); nothing was changed",
                        f"停催 {hold}（{found.kind}）系依法或为保护当事人而设：须由组长或合规专员解除（holds-of-law）；未作任何更改", ("holds-of-law",))
    for model, en, zh in ((Dispute, "dispute", "异议"), (Complaint, "complaint", "投诉"), (Hardship, "review of hardship", "困难审查")):
        if open_one := model.objects.filter(hold=found, state__in=("open", "refusing")).values_list("id", flat=True).first():
            raise Refused(f"{en} {open_one} is open, and its hold stands until it is answered: answer it", f"{zh} {open_one} 尚未答复，其停催须持续至答复为止：请先答复")
    if state := protects(found):
        raise Refused(f"hold {hold} protects a person ({state}); release the person (party.release), which lifts it", f"停催 {hold} 系为保护当事人（{state}）；请解除其保护（party.release），停催随之解除")
    Hold.objects.filter(pk=hold).update(lifted_at=doing.now)
    return {"hold": hold}
