"""Disputes, complaints and reviews of hardship as rows: which one is meant, who keeps away from it, and what belongs to it."""

from typing import Literal
from uuid import UUID

from arrears.refusal import Refused
from arrears.work.about_oneself import is_about
from arrears.work.actions.action import Doing, Forbidden
from arrears.work.actions.rows import row_of
from arrears.work.models import Account, Case, Complaint, Dispute, Hardship

KINDS = {"dispute": (Dispute, "dispute", "异议"), "complaint": (Complaint, "complaint", "投诉"), "hardship": (Hardship, "review of hardship", "困难审查")}
Kind = Literal["dispute", "complaint", "hardship"]
RaisedBy = Literal["debtor", "other_person", "regulator", "internal"]
CameBy = Literal["call", "counter", "letter", "online", "hotline_12378", "regulator", "court", "other"]
OPEN = ("open", "refusing")
"""States in which something is still to be done."""
ANSWERS_IT = {"dispute": {"team_lead", "compliance_officer"}, "complaint": {"compliance_officer"}, "hardship": {"team_lead", "compliance_officer"}}
"""Whose roles answer which kind, as the policies have it: only to one of them is it assigned."""


def matter_of(doing: Doing, case: Case, kind: str, key: UUID, *, alone: bool = False) -> Dispute | Complaint | Hardship:
    """The dispute, complaint or review of that id in the case; alone: locked. Raises Refused where the case has none, Forbidden for whoever it is about."""
    model, en, zh = KINDS[kind]
    found = row_of(model, case, key, en, zh, alone=alone)
    demand_not_about(doing, found)
    return found


def demand_not_about(doing: Doing, row: Dispute | Complaint | Hardship) -> None:
    """Raises Forbidden where the actor is whom the complaint is about: nobody reads, weighs or answers what is about themselves."""
    if not isinstance(row, Complaint):
        return
    if is_about(doing.actor, row.about_id, row.about_account_id):
        raise Forbidden(f"complaint {row.id} is about you; somebody else deals with it (nobody-answers-their-own)", f"投诉 {row.id} 针对您本人；须由他人处理（nobody-answers-their-own）", ("nobody-answers-their-own",))


def demand_undecided(row: Dispute | Complaint | Hardship, kind: str) -> None:
    """Raises Refused where it was answered or decided."""
    if row.state not in OPEN:
        _, en, zh = KINDS[kind]
        raise Refused(f"{en} {row.id} is {row.state}, not open; nothing was changed: take it up again where something new was said", f"{zh} {row.id} 已答复（{row.state}）；未作任何更改：如有新情况，请重新受理")


def account_for(case: Case, kind: str, row, key: UUID) -> Account:
    """The account to which the matter may be given. Raises Refused where it left, its role does not answer such, it does not see the case's team, or the matter is about it."""
    found = Account.objects.filter(lender=case.lender, pk=key, left_at=None).first()
    if found is None:
        raise Refused("there is no such account of this lender, or it was closed; choose another", "本机构没有该账号或已停用；请另选他人")
    if not ANSWERS_IT[kind] & set(found.roles):
        raise Refused(f"{found.name} has no role that answers this; choose one of {', '.join(sorted(ANSWERS_IT[kind]))}", f"{found.name} 的角色无权答复此类事项；请选择有权限的人员")
    if "compliance_officer" not in found.roles and "*" not in found.teams and (case.team is None or case.team.code not in found.teams):
        raise Refused(f"{found.name} does not see cases of this team; choose somebody who does", f"{found.name} 看不到本组案件；请另选他人")
    if isinstance(row, Complaint) and (row.about_account_id == found.id or (row.about_id is not None and row.about_id == found.collector_id)):
        raise Refused(f"the complaint is about {found.name}; choose somebody else", f"该投诉针对 {found.name} 本人；请另选他人")
    return found


def link(kind: str, row) -> dict:
    """What makes a note, a task or a piece of evidence belong to it."""
    return {"lender": row.lender, "case_id": row.case_id, f"{kind}_id": row.id}
