"""Teams and collectors, made known to the work plane under the names that the roster gives them."""

from typing import Literal

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import Code
from arrears.work.models import Collector, Lender, Team


@action("team.create", on="lender")
def create_team(doing: Doing, lender: Lender, *, code: Code, kind: Literal["own", "agency"] = "own") -> dict:
    """The lender has a team, or an agency, of that code. Raises Refused where it has already, and for a code that could not be told from a list of codes."""
    if "," in code or code == "*":
        raise Refused(f"{code!r} cannot be a team's code: no comma, and not the star that stands for all", f"{code!r} 不能作为团队代码：不得含逗号，也不得为代表全部的星号")
    _alone(lender)
    if Team.objects.filter(lender=lender.code, code=code).exists():
        raise Refused(f"there is a team {code} already", f"团队 {code} 已存在")
    return {"team": Team.objects.create(lender=lender.code, code=code, kind=kind).id}


@action("collector.create", on="lender")
def create_collector(doing: Doing, lender: Lender, *, roster_name: Code, team: Code) -> dict:
    """The roster's collector can hold cases, in that team. Raises Refused where they can already, or there is no such team that goes on."""
    _alone(lender)
    of = Team.objects.filter(lender=lender.code, code=team).first()
    if of is None or of.ended_on is not None and of.ended_on <= doing.today:
        raise Refused(f"there is no team {team} that goes on; create it first", f"没有在用的团队 {team}；请先新建")
    if Collector.objects.filter(lender=lender.code, roster_name=roster_name).exists():
        raise Refused(f"there is a collector {roster_name} already", f"催收员 {roster_name} 已存在")
    return {"collector": Collector.objects.create(lender=lender.code, roster_name=roster_name, team=of).id}


def _alone(lender: Lender) -> None:
    """Nobody else makes a team or collector of the lender meanwhile."""
    Lender.objects.select_for_update(no_key=True).get(code=lender.code)
