"""Moves looked at before they are made, and those of today, which can be taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from arrears.work.actions.action import ZONE, Doing, Forbidden
from arrears.work.actions.moves import movable, recipients_of
from arrears.work.actor import Actor
from arrears.work.models import Entry, Team
from arrears.work.moves import Preview, preview
from arrears.work.queries.team_sets import midnight
from arrears.work.residuals import could
from arrears.work.tenancy import seen_by


@dataclass(frozen=True)
class MoveLine:
    """One move of many cases made today by the reader. is_back: it was taken back."""

    entry: UUID
    at: datetime
    count: int
    is_back: bool


def preview_of(actor: Actor, cases: list[UUID], collectors: list[UUID], team: str | None, way: str, now: datetime) -> Preview:
    """What case.move_many would do now with the same cases and people. Raises what it raises."""
    if not could(actor, "case.move_many", "Lender", {"reason": "?"}).allowed:
        raise Forbidden("your roles move no cases", "您的角色不可转派案件", ())
    doing = Doing(actor, now, uuid4())
    with seen_by(actor):
        to = None if team is None else Team.objects.filter(lender=actor.lender, code=team).first()
        return preview(movable(doing, sorted(set(cases))), recipients_of(doing, collectors), to, way, now)


def moves_of_today(actor: Actor, now: datetime) -> list[MoveLine]:
    """The reader's own moves of today, the latest first."""
    if actor.account is None:
        return []
    today = now.astimezone(ZONE).date()
    with seen_by(actor):
        rows = list(Entry.objects.filter(lender=actor.lender, actor=actor.account, verb__in=("case.move_many", "case.move_back"), is_refused=False, at__gte=midnight(today), at__lt=midnight(today + timedelta(days=1))).order_by("-number"))
    back = {row.parameters["entry"] for row in rows if row.verb == "case.move_back"}
    return [MoveLine(row.id, row.at, row.result["count"], str(row.id) in back) for row in rows if row.verb == "case.move_many"]


def teams_to(actor: Actor) -> list[str]:
    """The codes of the lender's own teams that go on: to any of them a case may be given, though its lead sees it no more."""
    with seen_by(actor):
        return list(Team.objects.filter(lender=actor.lender, kind="own", ended_on=None).order_by("code").values_list("code", flat=True))
