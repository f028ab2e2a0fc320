"""In which order accounts wait, and which wait at all: read by the action that hands one out and by the page that lists them, so that both say the same.

Every query here runs along an index of its own (case_held, case_held_due, case_unheld, case_unheld_due): tests/work/queue/test_explain.py.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Case as Choice
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value, When

from arrears.work.absences import is_away
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.models import Case, Collector, Hold, Placement, Plan, Team
from arrears.work.talk_outcomes import FIRST, THEN

NOT_AGAIN_DAYS = 30
"""Operator policy: so long a case that somebody gave away is not handed to them again."""


def workable(actor: Actor, now: datetime) -> Q:
    """What may be handed out now: open, not frozen, ready, on nobody's screen, and not at rest."""
    ready = Q(ready_at=None) | Q(ready_at__lte=now)
    free = Q(reserved_until=None) | Q(reserved_until__lte=now)
    return Q(lender=actor.lender, state="open", frozen_at=None) & ready & free & ~at_rest()


def at_rest() -> Q:
    """With a hold, or with a plan that is kept."""
    return Q(Exists(Hold.objects.filter(case=OuterRef("pk"), lifted_at=None))) | Q(Exists(Plan.objects.filter(case=OuterRef("pk"), state="agreed")))


def in_turn(cases: QuerySet[Case]) -> Iterator[QuerySet[Case]]:
    """The cases in parts, each in its order: a call was asked for; then, reason by reason, what was agreed and is due or was broken; the rest by the night's rank.

    One reason at a time, as an index then gives the first of them by its time, however many wait for it.
    """
    for why in (*FIRST, *THEN):
        yield cases.filter(ready_why=why).order_by("ready_at")
    yield cases.filter(Q(ready_why=None) | ~Q(ready_why__in=(*FIRST, *THEN))).order_by(F("rank").asc(nulls_last=True), "id")


def in_turn_of_few(cases: QuerySet[Case]) -> Iterator[QuerySet[Case]]:
    """The same order in two parts, for cases of one collector, of whom so many wait for a reason that all may be read: turn is the place of the reason."""
    whys = (*FIRST, *THEN)
    turn = Choice(*(When(ready_why=why, then=Value(place)) for place, why in enumerate(whys)), default=Value(len(whys)))
    yield cases.filter(ready_why__in=whys).annotate(turn=turn).order_by("turn", "ready_at")
    yield cases.filter(Q(ready_why=None) | ~Q(ready_why__in=whys)).annotate(turn=turn).order_by(F("rank").asc(nulls_last=True), "id")


def own(actor: Actor, now: datetime) -> QuerySet[Case]:
    """Cases of the collector's own that may be handed out now."""
    return Case.objects.filter(workable(actor, now), held_by=actor.collector)


def unheld(actor: Actor, now: datetime, today: date, team: Team) -> QuerySet[Case]:
    """Cases of the team that nobody holds and that may be handed out now, but those that the collector gave away not long ago."""
    cases = Case.objects.filter(workable(actor, now), team=team, held_by=None)
    if actor.collector is None:
        return cases
    return cases.exclude(Exists(Placement.objects.filter(case=OuterRef("pk"), held_by=actor.collector, returned_on__gt=today - timedelta(days=NOT_AGAIN_DAYS))))


def no_new(actor: Actor, today: date) -> str | None:
    """Why nothing that nobody holds is handed to the collector now: away (today), or full (they hold as many open cases as the roster lets them, cases_most); None where it is.

    Whoever has no place in the roster holds nothing, and no number is full where the roster says none.
    """
    if actor.collector is None:
        return None
    if is_away(actor.collector, today):
        return "away"
    most = Collector.objects.filter(lender=actor.lender, pk=actor.collector).values_list("cases_most", flat=True).first()
    held = 0 if most is None else Case.objects.filter(lender=actor.lender, held_by=actor.collector, state="open", frozen_at=None).count()
    return "full" if most is not None and held >= most else None


def teams_of(actor: Actor, today: date) -> list[Team]:
    """The teams that go on and whose cases the actor works: of a collector the one they are in by the roster, also where they still see another; of the lender's own where somebody sees all."""
    teams = Team.objects.filter(Q(ended_on=None) | Q(ended_on__gt=today), lender=actor.lender).order_by("code")
    if actor.collector is not None:
        teams = teams.filter(pk__in=Collector.objects.filter(lender=actor.lender, pk=actor.collector).values("team"))
    return list(teams.filter(kind="own") if actor.teams == ALL_TEAMS else teams.filter(code__in=actor.teams))
