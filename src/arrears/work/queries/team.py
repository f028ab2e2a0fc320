"""Teams and collectors by the names the roster gives them, for whoever gives cases out, or makes teams."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count

from arrears.work.actions.action import Forbidden
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.models import Case, Collector, Team
from arrears.work.residuals import could
from arrears.work.tenancy import seen_by

_ASKED = (("case.move", "Case"), ("team.create", "Lender"), ("figures.view", "Lender"))


@dataclass(frozen=True)
class CollectorLine:
    """One collector; cases: how many open ones they hold, as far as the reader sees them."""

    id: UUID
    roster_name: str
    left_on: date | None
    cases: int


@dataclass(frozen=True)
class TeamLine:
    """One team, and who is in it."""

    id: UUID
    code: str
    kind: str
    ended_on: date | None
    collectors: tuple[CollectorLine, ...]


def teams(actor: Actor) -> list[TeamLine]:
    """The teams of the lender that the actor belongs to, or all for whoever belongs to every one. Raises Forbidden for whoever neither moves cases nor makes teams nor sees totals."""
    if not any(could(actor, verb, kind).allowed for verb, kind in _ASKED):
        raise Forbidden("teams are for whoever moves cases, makes teams or sees totals; your roles do none of these", "团队列表供转派案件、新建团队或查看汇总数字的人员使用；您的角色均不具备", ())
    with seen_by(actor):
        found = Team.objects.filter(lender=actor.lender).order_by("code")
        if actor.teams != ALL_TEAMS:
            found = found.filter(code__in=actor.teams)
        found = list(found)
        held: dict[UUID, list[CollectorLine]] = {}
        people = list(Collector.objects.filter(lender=actor.lender, team__in=found).order_by("roster_name"))
        theirs = Case.objects.filter(lender=actor.lender, state="open", held_by__in=[row.pk for row in people])
        seen = theirs if actor.teams == ALL_TEAMS or actor.broken_glass else theirs.filter(team__in=found)  # whoever sees some teams sees no other case; told so, an index alone answers
        cases = dict(seen.values_list("held_by").annotate(n=Count("*")).order_by())
        for row in people:
            held.setdefault(row.team_id, []).append(CollectorLine(row.pk, row.roster_name, row.left_on, cases.get(row.pk, 0)))
    return [TeamLine(row.pk, row.code, row.kind, row.ended_on, tuple(held.get(row.pk, ()))) for row in found]
