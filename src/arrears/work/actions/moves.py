"""Many cases given to others at once, exactly as a preview showed it, and that taken back on the same day. One Entry; the cases stand in its changes, who had and who has them in its answer."""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from pydantic import Field

from arrears.refusal import Refused
from arrears.tables.placements import RETURNED_WHY
from arrears.work.actions.action import NOT_VISIBLE, ZONE, Doing, Forbidden, action
from arrears.work.actions.rows import Code, everywhere
from arrears.work.models import Case, Collector, Entry, Lender, Placement, Team
from arrears.work.moves import WAYS, Preview, is_on_screen, preview
from arrears.work.residuals import filter_for
from arrears.work.team_settings import MOVE_MOST, team_settings

Cases = Annotated[list[UUID], Field(min_length=1, max_length=MOVE_MOST)]


class Changed(Refused):
    """The preview that was looked at is no longer what would be done."""


@action("case.move_many", on="lender", needs_reason=True)
def move_many(doing: Doing, lender: Lender, *, cases: Cases, digest: Annotated[str, Field(pattern=r"[0-9a-f]{64}")], collectors: Annotated[list[UUID], Field(max_length=200)] | None = None,
              team: Code | None = None, way: Literal[WAYS] = "equal", why: Literal[RETURNED_WHY] = "other") -> dict:
    """Every case of the preview of that digest has the holder that it showed, from today on. Raises Changed where the cases would now go otherwise, Forbidden where one is not the actor's to move."""
    keys, most = sorted(set(cases)), team_settings(settings.ARREARS[0]).move_most
    if len(keys) > most:
        raise Refused(f"{len(keys)} cases at once, at most {most} (team.move_most): move them in parts", f"一次转派 {len(keys)} 件，最多 {most} 件（team.move_most）：请分批转派")
    found = movable(doing, keys)
    told = preview(found, recipients_of(doing, collectors or []), _team_of(lender, team), way, doing.now)
    if told.digest != digest:
        raise Changed("cases, people or absences changed since the preview, so the cases would go otherwise now; nothing was moved: look at the new preview", "预览之后案件、人员或缺勤情况有变，分派结果已不同；未作任何转派：请查看新的预览")
    if not told.moves:
        raise Refused("no case would change hands; nothing was moved", "没有案件会变更持有人；未作任何转派")
    return _moved(doing, lender, told, why)


@action("case.move_back", on="lender", needs_reason=True)
def move_back(doing: Doing, lender: Lender, *, entry: UUID) -> dict:
    """The cases of a move of today, of the actor's own, that are still where it put them have their earlier holder again; stayed: those that are elsewhere by now, or on somebody's screen.

    Raises Refused for a move of another day or person, one taken back already, and where an earlier holder has left; Forbidden where one of the cases would not be the actor's to move any more.
    """
    moved = Entry.objects.filter(lender=lender.code, pk=entry, verb="case.move_many", is_refused=False, actor=doing.actor.account).first()
    if moved is None or doing.actor.account is None:
        raise Refused("there is no such move of your own; ask who made it", "没有您本人作出的该次转派；请联系转派人")
    if moved.at.astimezone(ZONE).date() != doing.today:
        raise Refused("a move is taken back on the day it was made; move the cases anew", "转派仅可在当日撤销；请重新转派")
    if Entry.objects.filter(lender=lender.code, verb="case.move_back", is_refused=False, parameters__entry=str(entry)).exists():
        raise Refused("this move was taken back already", "该次转派已撤销")
    lines = {UUID(one["case"]): one for one in moved.result["moved"]}
    with everywhere(doing.actor):
        standing = [case for case in _locked(lender.code, sorted(lines)) if case.state == "open" and case.frozen_at is None and not is_on_screen(case, doing.now)
                    and (str(case.team_id), str(case.held_by_id or "")) == (lines[case.id]["to_team"], lines[case.id]["to_holder"])]
        leavers = Collector.objects.filter(lender=lender.code, pk__in={lines[case.id]["from_holder"] for case in standing} - {""}, left_on__lte=doing.today)
        if left := leavers.values_list("roster_name", flat=True).first():
            raise Refused(f"{left} has left, so nothing can go back to them; move the cases anew", f"{left} 已离职，案件不能退回；请重新转派")
        to: dict[tuple[str, str], list[Case]] = {}
        for case in standing:
            to.setdefault((lines[case.id]["from_team"], lines[case.id]["from_holder"]), []).append(case)
        for (team, holder), some in sorted(to.items()):
            _hand_over(doing, lender.code, some, UUID(team) if team else None, UUID(holder) if holder else None, "other")
        movable(doing, [case.id for case in standing])
    if not standing:
        raise Refused("none of the cases is where the move put it, or all are on somebody's screen at this moment; nothing was taken back", "案件均已不在该次转派的位置，或此刻正由人员办理；未作任何撤销")
    return {"entry": entry, "returned": len(standing), "stayed": sorted(str(key) for key in lines.keys() - {case.id for case in standing})}


def movable(doing: Doing, keys: list[UUID]) -> list[Case]:
    """The cases, locked, with team and holder. Raises Forbidden where the actor may move one of them not; processing that is frozen is said by the preview."""
    found = _locked(doing.actor.lender, keys)
    seen = set(Case.objects.filter(filter_for(doing.actor, "case.list", Case), pk__in=keys).values_list("id", flat=True))
    allowed = set(Case.objects.filter(filter_for(doing.actor, "case.move", Case), pk__in=keys).values_list("id", flat=True))
    if missing := [key for key in keys if key not in allowed and not any(case.id == key and key in seen and case.frozen_at is not None for case in found)]:
        raise Forbidden(f"case {missing[0]} is not among those you may move; nothing was moved ({NOT_VISIBLE})", f"案件 {missing[0]} 不在您可转派的范围内；未作任何转派（{NOT_VISIBLE}）", (NOT_VISIBLE,))
    return found


def recipients_of(doing: Doing, keys: Iterable[UUID]) -> list[Collector]:
    """The collectors, each one whose work the actor looks after: whose load they see, and so can weigh. Raises Refused where one is not."""
    wanted = sorted(set(keys))
    found = list(Collector.objects.filter(filter_for(doing.actor, "team.view", Collector), lender=doing.actor.lender, pk__in=wanted).select_related("team").order_by("roster_name"))
    if len(found) != len(wanted):
        raise Refused("somebody among them is no collector of your teams; choose from the list, or give the cases to the other team and let its lead share them out",
                      "所选人员中有不属于您团队的催收员；请从列表中选择，或将案件转给其团队由该组组长分派")
    return found


def _moved(doing: Doing, lender: Lender, told: Preview, why: str) -> dict:
    teams = dict(Team.objects.filter(lender=lender.code).values_list("code", "id"))
    cases = {case.id: case for case in Case.objects.filter(pk__in=[one.case for one in told.moves])}
    lines = [{"case": str(one.case), "from_team": str(cases[one.case].team_id or ""), "from_holder": str(one.from_holder or ""), "to_team": str(teams[one.to_team]), "to_holder": str(one.to_holder or "")} for one in told.moves]
    to: dict[tuple[str, UUID | None], list[Case]] = {}
    for one in told.moves:
        to.setdefault((one.to_team, one.to_holder), []).append(cases[one.case])
    with everywhere(doing.actor):
        for (team, holder), some in to.items():
            _hand_over(doing, lender.code, some, teams[team], holder, why)
    return {"moved": lines, "count": len(lines), "stay": len(told.stays)}


def _hand_over(doing: Doing, lender: str, cases: list[Case], team: UUID | None, holder: UUID | None, why: str) -> None:
    """The cases are the team's and the holder's from today on; who held them no longer does."""
    keys = [case.id for case in cases]
    Placement.objects.filter(case__in=keys, returned_on=None).update(returned_on=doing.today, returned_why=why)
    if team is not None:
        Placement.objects.bulk_create(Placement(lender=lender, case_id=key, team_id=team, held_by_id=holder, placed_on=doing.today) for key in keys)
    Case.objects.filter(pk__in=keys).update(team=team, held_by=holder, reserved_by=None, reserved_until=None)


def _locked(lender: str, keys: list[UUID]) -> list[Case]:
    """In one order, so nobody waits in a ring."""
    return list(Case.objects.select_for_update(no_key=True, of=("self",)).filter(lender=lender, pk__in=keys).select_related("team", "held_by").order_by("id"))


def _team_of(lender: Lender, code: str | None) -> Team | None:
    found = None if code is None else Team.objects.filter(lender=lender.code, code=code).first()
    if code is not None and found is None:
        raise Refused(f"there is no team {code} of this lender", f"本机构没有团队 {code}")
    return found

