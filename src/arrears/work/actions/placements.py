"""Who holds a case: moved, placed with an agency, taken back, closed. Days are half-open: the day it leaves is the first that it no longer is theirs."""

from typing import Literal
from uuid import UUID

from arrears.refusal import Refused
from arrears.tables.placements import RETURNED_WHY
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import Code, demand_open, everywhere
from arrears.work.models import Case, Collector, Complaint, Dispute, Hardship, Placement, Plan, Team

CLOSED_WHY = ("paid", "settled", "recalled", "sold", "written_off", "not_owed", "other")


@action("case.move", on="case")
def move_case(doing: Doing, case: Case, *, team: Code | None = None, collector: UUID | None = None, why: Literal[RETURNED_WHY] = "other") -> dict:
    """The case is the team's, or the collector's, from today on; who held it no longer does. team: by its code; None: the collector's own.

    Raises Refused for an agency (placement.place), one who has left, a collector of another team, and where nothing would change.
    """
    demand_open(case)
    to, holder = _destination(doing, case, team, collector)
    if to.kind == "agency" or _is_with_agency(case):
        raise Refused("a case goes to an agency by placement.place and comes back by placement.take_back", "委外案件须用 placement.place 委出，用 placement.take_back 收回")
    return hand_over(doing, case, to, holder, why)


@action("placement.place", on="case")
def place_case(doing: Doing, case: Case, *, team: Code, collector: UUID | None = None) -> dict:
    """The case is with the agency from today on, and with no other. Raises Refused for a team of the lender's own, and while an agency has it."""
    demand_open(case)
    to, holder = _destination(doing, case, team, collector)
    if to.kind != "agency":
        raise Refused(f"team {to.code} is the lender's own: case.move", f"团队 {to.code} 为本机构团队：请用 case.move")
    if _is_with_agency(case):
        raise Refused("the case is with an agency; one debt is with one agency at a time: take it back first", "本案件已委外；同一债务同一时间只委托一家机构：请先收回")
    return hand_over(doing, case, to, holder, "other")


@action("placement.take_back", on="case")
def take_back_case(doing: Doing, case: Case, *, why: Literal[RETURNED_WHY] = "agency", team: Code | None = None) -> dict:
    """The case is no longer with the agency, from today on; it is the named team's, or nobody's yet. Raises Refused where it is with none."""
    if not _is_with_agency(case):
        raise Refused("the case is with no agency; nothing was changed", "本案件未委外；未作任何更改")
    if team is None:
        return hand_over(doing, case, None, None, why)
    to, _ = _destination(doing, case, team, None)
    if to.kind == "agency":
        raise Refused(f"team {to.code} is an agency; take the case back to a team of the lender's own", f"团队 {to.code} 为委外机构；请收回至本机构团队")
    return hand_over(doing, case, to, None, why)


@action("case.close", on="case")
def close_case(doing: Doing, case: Case, *, why: Literal[CLOSED_WHY]) -> dict:
    """The case is closed and nobody holds it, from today on. Raises Refused while a dispute, complaint or review of hardship waits for its answer, or a plan holds."""
    demand_open(case)
    for model, en, zh, state in ((Dispute, "dispute", "异议", "open"), (Complaint, "complaint", "投诉", "open"), (Hardship, "review of hardship", "困难审查", "open"), (Hardship, "review of hardship", "困难审查", "refusing"),
                                   (Plan, "plan", "分期计划", "agreed")):
        if waiting := model.objects.filter(case=case, state=state).values_list("id", flat=True).first():
            raise Refused(f"{en} {waiting} is {state}; {'end' if model is Plan else 'answer'} it before the case is closed", f"{zh} {waiting} 尚未了结；请先{'终止' if model is Plan else '答复'}再结案")
    Placement.objects.filter(case=case, returned_on=None).update(returned_on=doing.today, returned_why="term")
    Case.objects.filter(pk=case.pk).update(state="closed", closed_on=doing.today, closed_why=why, held_by=None, reserved_by=None, reserved_until=None)
    return {"case": case.id, "closed_on": doing.today}


def _destination(doing: Doing, case: Case, team: str | None, collector: UUID | None) -> tuple[Team, Collector | None]:
    holder = None if collector is None else Collector.objects.select_related("team").filter(lender=case.lender, pk=collector).first()
    if collector is not None and (holder is None or holder.left_on is not None and holder.left_on <= doing.today):
        raise Refused(f"collector {collector} is not of this lender, or has left", f"催收员 {collector} 不属于本机构或已离职")
    if team is None and holder is None:
        raise Refused("to whom? Name a team or a collector", "转派给谁？请选择团队或催收员")
    to = holder.team if team is None else Team.objects.filter(lender=case.lender, code=team).first()
    if to is None or to.ended_on is not None and to.ended_on <= doing.today:
        raise Refused(f"there is no team {team if to is None else to.code} of this lender that goes on", f"本机构没有在用的团队 {team if to is None else to.code}")
    if holder is not None and holder.team_id != to.id:
        raise Refused(f"collector {collector} is not in team {to.code}", f"催收员 {collector} 不在团队 {to.code} 中")
    return to, holder


def _is_with_agency(case: Case) -> bool:
    return case.team_id is not None and Team.objects.filter(pk=case.team_id, kind="agency").exists()


def hand_over(doing: Doing, case: Case, team: Team | None, holder: Collector | None, why: str) -> dict:
    """The case is the team's and the holder's from today on, and nobody else's, nor on anybody's screen; None: nobody's. Raises Refused where it is there already."""
    if (case.team_id, case.held_by_id) == (getattr(team, "id", None), getattr(holder, "id", None)):
        raise Refused("the case is there already; nothing was changed", "案件已在该处；未作任何更改")
    with everywhere(doing.actor):
        Placement.objects.filter(case=case, returned_on=None).update(returned_on=doing.today, returned_why=why)
        placement = None if team is None else Placement.objects.create(lender=case.lender, case=case, team=team, held_by=holder, placed_on=doing.today)
        Case.objects.filter(pk=case.pk).update(team=team, held_by=holder, reserved_by=None, reserved_until=None)
    return {"case": case.id, "placement": getattr(placement, "id", None), "team": getattr(team, "code", None), "collector": getattr(holder, "id", None)}
