"""The roster as the work plane has it: teams, collectors, agencies, what each may have, how much they hold, who is away, and what was changed when. As many queries for one as for a thousand.

How many open cases there are is counted once in some seconds (counted_lately); everything else is of the moment.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Count, Max, Q

from arrears.days import moment_of
from arrears.work.actions.action import NOT_VISIBLE, ZONE, Forbidden
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.models import Account, Case, Collector, Entry, Team
from arrears.work.operator_limits import Limit, limits
from arrears.work.queries.counted_lately import counted_lately
from arrears.work.residuals import could
from arrears.work.tenancy import seen_by

VERBS_OF_ROSTER = ("collector.create", "collector.change", "collector.end", "team.create", "team.end", "agency.change")


@dataclass(frozen=True)
class Member:
    """One collector. cases: open ones they hold; away_until: the first day back of who is away today; of the lists and of amount_most_minor None stands for any; is_waiting: roster.yaml does not say so yet."""

    id: UUID
    roster_name: str
    team: str
    owner: str
    works_from: date | None
    left_on: date | None
    cases_most: int | None
    minutes_a_day: int | None
    languages: list[str] | None
    stages: list[str] | None
    products: list[str] | None
    regions: list[str] | None
    skills: list[str] | None
    amount_most_minor: int | None
    is_rostered: bool
    is_waiting: bool
    cases: int
    account: str | None
    is_away: bool
    away_until: date | None


@dataclass(frozen=True)
class RosterTeam:
    """One team or agency. terms: of an agency, its entry in roster.yaml; cases: open ones of it."""

    id: UUID
    code: str
    kind: str
    ended_on: date | None
    terms: dict[str, Any] | None
    is_waiting: bool
    cases: int
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Roster:
    """The teams, agencies last. as_of: the moment at which their open cases were counted."""

    teams: tuple[RosterTeam, ...]
    as_of: datetime


@dataclass(frozen=True)
class OpenCases:
    """Open cases by team and by who holds them; None stands for no team, and for nobody."""

    by_team: dict[UUID | None, int]
    by_holder: dict[UUID | None, int]
    as_of: datetime


@dataclass(frozen=True)
class HistoryLine:
    """One change: who, when, what, and what was said of it."""

    at: datetime
    actor: str
    verb: str
    parameters: dict[str, Any]


def roster(actor: Actor, now: int) -> Roster:
    """The teams with their members. Raises Forbidden for whoever may not see the roster. Of a team lead's, the own teams alone."""
    _demand(actor, "roster.view")
    at, is_lead = moment_of(now), "team_lead" in actor.roles and actor.teams != ALL_TEAMS
    today = at.astimezone(ZONE).date()
    cases = counted_lately(actor, "roster", at, lambda: _of_teams(actor, at) if is_lead else _of_all(actor, at), lambda told: sum(told.by_team.values()))
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        found = Team.objects.filter(lender=actor.lender)
        if is_lead:
            found = found.filter(code__in=actor.teams)
        teams = list(found.order_by("-kind", "code"))
        accounts = dict(Account.objects.filter(lender=actor.lender, collector__isnull=False, is_active=True).values_list("collector", "name"))
        away = _away(actor.lender, today)
        members: dict[UUID, list[Member]] = {}
        for one in Collector.objects.filter(lender=actor.lender, team__in=teams).select_related("team").order_by("roster_name"):
            members.setdefault(one.team_id, []).append(_member(one, cases.by_holder.get(one.pk, 0), accounts.get(one.pk), away))
    return Roster(tuple(RosterTeam(row.pk, row.code, row.kind, row.ended_on, row.terms, row.changed_at is not None, cases.by_team.get(row.pk, 0), tuple(members.get(row.pk, ()))) for row in teams), cases.as_of)


def _of_teams(actor: Actor, now: datetime) -> OpenCases:
    """Of the actor's teams and their members alone, which an index answers."""
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        rows = Case.objects.filter(lender=actor.lender, state="open").order_by()
        teams = list(Team.objects.filter(lender=actor.lender, code__in=actor.teams).values_list("id", flat=True))
        people = list(Collector.objects.filter(lender=actor.lender, team__in=teams).values_list("id", flat=True))
        return OpenCases(dict(rows.filter(team__in=teams).values_list("team").annotate(n=Count("*"))), dict(rows.filter(held_by__in=people).values_list("held_by").annotate(n=Count("*"))), now)


def _of_all(actor: Actor, now: datetime) -> OpenCases:
    """Of the whole lender, in one reading."""
    told = OpenCases({}, {}, now)
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        for team, holder, count in Case.objects.filter(lender=actor.lender, state="open").order_by().values_list("team", "held_by").annotate(n=Count("id")):
            told.by_team[team] = told.by_team.get(team, 0) + count
            told.by_holder[holder] = told.by_holder.get(holder, 0) + count
    return told


def one_member(actor: Actor, collector: UUID, now: int) -> Member:
    """One collector of the lender. Raises Forbidden."""
    _demand(actor, "roster.view")
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        found = Collector.objects.filter(lender=actor.lender, pk=collector).select_related("team").first()
        if found is None or ("team_lead" in actor.roles and actor.teams != ALL_TEAMS and found.team.code not in actor.teams):
            raise _nobody()
        cases = Case.objects.filter(lender=actor.lender, state="open", held_by=found).count()
        account = Account.objects.filter(lender=actor.lender, collector=found, is_active=True).values_list("name", flat=True).first()
        return _member(found, cases, account, _away(actor.lender, moment_of(now).astimezone(ZONE).date()))


def one_agency(actor: Actor, team: UUID) -> RosterTeam:
    """One team or agency of the lender, without its members. Raises Forbidden."""
    _demand(actor, "roster.view")
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        found = Team.objects.filter(lender=actor.lender, pk=team).first()
        if found is None or ("team_lead" in actor.roles and actor.teams != ALL_TEAMS and found.code not in actor.teams):
            raise _nobody()
        cases = Case.objects.filter(lender=actor.lender, state="open", team=found).count()
    return RosterTeam(found.pk, found.code, found.kind, found.ended_on, found.terms, found.changed_at is not None, cases, ())


def history(actor: Actor, of: UUID, size: int = 30) -> list[HistoryLine]:
    """What was done to a collector or team of the roster, the latest first. Raises Forbidden."""
    _demand(actor, "roster.view")
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        names = Q(parameters__collector=str(of)) | Q(parameters__team=str(of)) | Q(result__collector=str(of)) | Q(result__team=str(of))
        rows = Entry.objects.filter(names, lender=actor.lender, verb__in=VERBS_OF_ROSTER, is_refused=False).order_by("-number")[:size]
        return [HistoryLine(row.at, row.actor_name, row.verb, {name: value for name, value in row.parameters.items() if name not in ("collector",)}) for row in rows]


def waiting_since(actor: Actor) -> datetime | None:
    """Since when changes of people wait to be written into roster.yaml; None where nothing waits."""
    with seen_by(replace(actor, teams=ALL_TEAMS)):
        found = [model.objects.filter(lender=actor.lender, changed_at__isnull=False).aggregate(last=Max("changed_at"))["last"] for model in (Collector, Team)]
    return max((one for one in found if one), default=None)


def all_limits(actor: Actor) -> list[Limit]:
    """The operator's numbers. Raises Forbidden, and Refused where settings.yaml cannot be taken."""
    _demand(actor, "limit.view")
    return limits(settings.ARREARS[0])


def stages() -> tuple[str, ...]:
    """The names of the buckets, which are the stages of a roster."""
    from arrears.delinquency.buckets import Buckets, read_buckets

    found: Buckets = read_buckets()
    return tuple(found.names)


def _member(one: Collector, cases: int, account: str | None, away: dict[UUID, date | None]) -> Member:
    return Member(one.pk, one.roster_name, one.team.code, one.owner, one.works_from, one.left_on, one.cases_most, one.minutes_a_day, one.languages, one.stages, one.products, one.regions, one.skills,
                  one.amount_most_minor, one.is_rostered, one.changed_at is not None, cases, account, one.pk in away, away.get(one.pk))


def _away(lender: str, today: date) -> dict[UUID, date | None]:
    """Who is away today, and until when; nobody where no absences are kept."""
    try:
        kept = apps.get_model("work", "Absence")
    except LookupError:
        return {}
    rows = kept.objects.filter(Q(until_on=None) | Q(until_on__gt=today), lender=lender, from_on__lte=today).values_list("collector", "until_on")
    found: dict[UUID, date | None] = {}
    for collector, until in rows:
        found[collector] = None if until is None or (collector in found and found[collector] is None) else max(until, found.get(collector) or until)
    return found


def _demand(actor: Actor, verb: str) -> None:
    if not could(actor, verb, "Lender").allowed:
        raise Forbidden("the roster and its limits are for whoever administers, leads or oversees", "名册与限额供系统管理员、组长、合规专员与审计员查看", ())


def _nobody() -> Forbidden:
    return Forbidden(f"there is no such collector or team among those you may see ({NOT_VISIBLE})", f"在您可见的范围内没有该催收员或团队（{NOT_VISIBLE}）", (NOT_VISIBLE,))
