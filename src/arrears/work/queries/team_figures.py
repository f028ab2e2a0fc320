"""How the work of a team stands: who has what, what was done today and this week, what was promised, kept, left lying. As many statements for a thousand cases as for one. Of a large team they are counted once in some seconds (counted_lately).

Every figure is of a set of team_sets, and its list (team_lists) is of the same set, so that the list sums to the figure. Figures count what the team's collectors did also in cases that
are with another team by now; of such a case nothing is told but that.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings as of_django
from django.db import connection
from django.db.models import Count, Q, Sum

from arrears.work.absences import away_on
from arrears.work.actions.action import ZONE, Forbidden
from arrears.work.actions.rows import everywhere
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.models import Account, Collector, Complaint, Dispute, Team
from arrears.work.moves import cases_most
from arrears.work.queries import team_sets
from arrears.work.queries.counted_lately import counted_lately
from arrears.work.queries.team_sets import CASES, CONTACTS, PERIODS, Frame
from arrears.work.residuals import could, filter_for
from arrears.work.team_settings import team_settings
from arrears.work.tenancy import seen_by

COUNTED = ("worked", "to_work", "idle")
"""Sets of cases that are counted beside all, in the same statement."""


@dataclass(frozen=True)
class Share:
    """Some of the cases: how many, and what may be claimed by currency, minor units."""

    cases: int
    money: dict[str, int]


@dataclass(frozen=True)
class PersonLine:
    """One collector. cases by name of team_sets.CASES; did: by period and name of CONTACTS, and promises and cases worked; most: how many cases they can have, None for no limit.

    minutes: of today's list at minutes_a_case; minutes_most: of their day, None where nobody said. back_on: of who is away the first day back.
    """

    id: UUID | None
    name: str
    left_on: date | None
    is_away: bool
    back_on: date | None
    cases: dict[str, int]
    money: dict[str, int]
    did: dict[str, dict[str, int]]
    kept: dict[str, int]
    most: int | None
    minutes: int
    minutes_most: int | None

    @property
    def is_over_cases(self) -> bool:
        return self.most is not None and self.cases["all"] > self.most

    @property
    def is_over_minutes(self) -> bool:
        return self.minutes_most is not None and self.minutes > self.minutes_most


@dataclass(frozen=True)
class Figures:
    """Everything the page shows. people: who holds cases or is in the team, nobody by name last; as_of: the moment that it is of; buckets: by bucket; did: as of a person, of all; kept: promises by state, kept_money by state and currency."""

    teams: tuple[str, ...]
    team: str
    today: date
    as_of: datetime
    settings: object
    people: tuple[PersonLine, ...]
    buckets: dict[str, Share]
    cases: dict[str, int]
    money: dict[str, int]
    did: dict[str, dict[str, int]]
    kept: dict[str, int]
    kept_money: dict[str, dict[str, int]]
    expected: dict[str, Share]
    unfollowed: Share
    near: dict[str, int]
    reminders: int
    closed: int
    paid: int

    def rate(self, part: str, whole: str, period: str) -> tuple[int, int]:
        return self.did[period][part], self.did[period][whole]


def teams_seen(actor: Actor) -> list[Team]:
    """The teams whose figures the actor may see, by code. In a transaction."""
    rows = Team.objects.filter(lender=actor.lender).order_by("code")
    return list(rows if actor.teams == ALL_TEAMS else rows.filter(code__in=actor.teams))


@contextmanager
def framed(actor: Actor, now: datetime, code: str | None, of: UUID | None = None, verb: str = "team.view") -> Iterator[tuple[Frame, list[Team], list[Collector]]]:
    """One transaction with the frame of a team that the actor may see, the first of theirs where none is named; its teams; its collectors. Raises Forbidden."""
    _demand(actor, verb)
    today = now.astimezone(ZONE).date()
    with seen_by(actor):
        teams = teams_seen(actor)
        found = next((team for team in teams if code is None or team.code == code), None)
        if found is None:
            raise Forbidden(f"team {code} is none of yours" if code else "you have no team", f"团队 {code} 不在您的范围内" if code else "您没有团队", ())
        people = list(Collector.objects.filter(filter_for(actor, verb, Collector), lender=actor.lender, team=found).order_by("roster_name"))
        accounts = dict(Account.objects.filter(lender=actor.lender, collector__in=[one.id for one in people]).values_list("id", "collector"))
        away = {one: back for one, back in away_on(actor.lender, today).items() if one in {person.id for person in people}}
        yield Frame(actor.lender, found.id, today, team_settings(of_django.ARREARS[0]), accounts, away, of, actor), teams, people


def _demand(actor: Actor, verb: str) -> None:
    if not could(actor, verb, "Collector").allowed:
        raise Forbidden("the figures of a team are for its lead, compliance and audit", "团队工作情况供组长、合规与审计查看", ())


def team_figures(actor: Actor, now: datetime, code: str | None = None) -> Figures:
    """The figures of one team, of this moment or, where it has many cases, of some seconds ago; never of before the actor's own latest action. Raises Forbidden."""
    _demand(actor, "team.view")
    return counted_lately(actor, ("team", code, now.astimezone(ZONE).date()), now, lambda: _counted(actor, now, code), lambda told: told.cases["all"])


def _counted(actor: Actor, now: datetime, code: str | None) -> Figures:
    with framed(actor, now, code) as (frame, teams, people), everywhere(actor):
        return _told(frame, teams, people, now)


def own_frame(actor: Actor, now: datetime):
    """As framed, of the actor alone, as a collector. Raises Forbidden for whoever is none."""
    _demand_own(actor)
    with seen_by(actor):
        code = Collector.objects.filter(lender=actor.lender, pk=actor.collector).values_list("team__code", flat=True).first()
    return framed(actor, now, code, actor.collector, "team.own")


def own_figures(actor: Actor, now: datetime) -> Figures:
    """The figures of the actor alone, as a collector; as team_figures. Raises Forbidden for whoever is none."""
    _demand_own(actor)
    return counted_lately(actor, ("own", now.astimezone(ZONE).date()), now, lambda: _counted_own(actor, now), lambda told: told.cases["all"])


def _counted_own(actor: Actor, now: datetime) -> Figures:
    with own_frame(actor, now) as (frame, teams, people), everywhere(actor):
        return _told(frame, teams, people, now)


def _demand_own(actor: Actor) -> None:
    if actor.collector is None:
        raise Forbidden("your account holds no cases as a collector, so it has no figures of its own", "您的账号未对应催收员，没有本人工作情况", ())
    _demand(actor, "team.own")


def _told(frame: Frame, teams: list[Team], people: list[Collector], now: datetime) -> Figures:
    held, money, buckets = _held(frame)
    did, kept, kept_money = _did(frame)
    lines = [_line(frame, one, held, money, did, kept) for one in people]
    strangers = held["all"].keys() - {one.id for one in people}
    names = {one.id: one for one in Collector.objects.filter(pk__in=[key for key in strangers if key is not None])}
    lines += [_line(frame, names[key], held, money, did, kept) for key in sorted(names, key=str)]
    if None in strangers:
        lines.append(_line(frame, None, held, money, did, kept))
    left = sum(line.cases["all"] for line in lines if line.left_on is not None and line.left_on <= frame.today)
    total = {name: sum(counts.values()) for name, counts in held.items()} | {"left": left, "nobody": held["all"][None], "away": sum(held["all"][one] for one in frame.away)}
    with whole_sets() if frame.of is None else nullcontext():
        expected, unfollowed, reminders = _expected(frame), _share(team_sets.promises_unfollowed(frame)), team_sets.reminders_past(frame, now).count()
    return Figures(
        tuple(team.code for team in teams), next(team.code for team in teams if team.id == frame.team), frame.today, now, frame.settings, tuple(lines), buckets, total,
        dict(sum((Counter(line.money) for line in lines), Counter())), {period: dict(sum(did[period].values(), Counter())) for period in PERIODS}, dict(sum(kept.values(), Counter())), kept_money,
        expected, unfollowed,
        {"dispute": team_sets.matters_near(frame, Dispute).count(), "complaint": team_sets.matters_near(frame, Complaint).count()}, reminders, *_closed(frame))


@contextmanager
def whole_sets() -> Iterator[None]:
    """In the block, joins read both sides whole, each along its index. Row-level security looks twenty times more selective to the planner than it is for who reads a whole team,
    so it would look up each promise's case by itself: with a million cases a second instead of some hundredths."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
        yield
        cursor.execute("SELECT set_config('enable_nestloop', 'on', true)")


def _held(frame: Frame) -> tuple[dict[str, Counter], dict[UUID | None, Counter], dict[str, Share]]:
    """By set and holder how many cases, by holder what may be claimed, and by bucket both: one statement."""
    rows = team_sets.cases(frame).values_list("held_by", "currency", "bucket").annotate(
        number=Count("*"), amount=Sum("claimable_minor"), **{name: Count("currency", filter=CASES[name](frame)) for name in COUNTED}).order_by()
    held: dict[str, Counter] = {name: Counter() for name in ("all", *COUNTED)}
    money: dict[UUID | None, Counter] = {}
    counts, amounts = Counter(), {}
    for holder, currency, bucket, number, amount, *parts in rows:
        for name, count in zip(held, (number, *parts), strict=True):
            held[name][holder] += count
        money.setdefault(holder, Counter())[currency] += amount
        counts[bucket] += number
        amounts.setdefault(bucket, Counter())[currency] += amount
    return held, money, {bucket: Share(counts[bucket], dict(amounts[bucket])) for bucket in sorted(counts, key=lambda one: (len(one), one))}


def _did(frame: Frame) -> tuple[dict[str, dict[UUID, Counter]], dict[UUID, Counter], dict[str, dict[str, int]]]:
    """What each collector did by period, and what became of promises made to them."""
    did: dict[str, dict[UUID, Counter]] = {period: {} for period in PERIODS}
    within = {"today": Q(attempted_at__gte=team_sets.midnight(frame.today)), "week": Q()}  # one look at the week tells of today too
    sums = {f"{period}_{name}": Count("pk", filter=since & condition) for period, since in within.items() for name, condition in CONTACTS.items()}
    sums |= {f"{period}_cases": Count("case", distinct=True, filter=since) for period, since in within.items()}
    for row in team_sets.contacts(frame, "week").values("made_by").annotate(**sums).order_by():
        for period in PERIODS:
            did[period].setdefault(frame.accounts[row["made_by"]], Counter()).update({name: row[f"{period}_{name}"] for name in (*CONTACTS, "cases")})
    for account, week, today in team_sets.promises_taken(frame, "week").values_list("taken_by").annotate(week=Count("*"), today=Count("taken_by", filter=Q(promised_on=frame.today))).order_by():
        for period, number in (("week", week), ("today", today)):
            did[period].setdefault(frame.accounts[account], Counter())["promises"] += number
    kept: dict[UUID, Counter] = {}
    kept_money: dict[str, dict[str, int]] = {}
    for account, state, currency, number, amount in team_sets.promises_told(frame).values_list("taken_by", "state", "currency").annotate(number=Count("*"), amount=Sum("amount_minor")).order_by():
        kept.setdefault(frame.accounts[account], Counter())[state] += number
        of = kept_money.setdefault(currency, {})
        of[state] = of.get(state, 0) + amount
    return did, kept, kept_money


def _line(frame: Frame, one: Collector | None, held: dict[str, Counter], money: dict, did: dict, kept: dict) -> PersonLine:
    key = one and one.id
    cases = {name: counts[key] for name, counts in held.items()}
    return PersonLine(key, one.roster_name if one else "", one and one.left_on, key in frame.away, frame.away.get(key), cases, dict(money.get(key, {})),
                      {period: dict(did[period].get(key, {})) for period in PERIODS}, dict(kept.get(key, {})), cases_most(one) if one else None,
                      cases["to_work"] * frame.settings.minutes_a_case, getattr(one, "minutes_a_day", None))


def _expected(frame: Frame) -> dict[str, Share]:
    """Promises to be paid today and until Sunday: of today are those of the week whose day is today."""
    rows = list(team_sets.promises_expected(frame, "week").values_list("currency", "pay_by_on").annotate(number=Count("*"), amount=Sum("amount_minor")).order_by())
    told = {}
    for period in PERIODS:
        some, money = [row for row in rows if period == "week" or row[1] == frame.today], Counter()
        for currency, _, _, amount in some:
            money[currency] += amount
        told[period] = Share(sum(number for _, _, number, _ in some), dict(money))
    return told


def _share(promises) -> Share:
    found = list(promises.values_list("currency").annotate(number=Count("*"), amount=Sum("amount_minor")).order_by())
    return Share(sum(number for _, number, _ in found), {currency: amount for currency, _, amount in found})


def _closed(frame: Frame) -> tuple[int, int]:
    """Closed in all, and of these paid or settled; of a team, as a closed case has no holder."""
    if frame.of is not None:
        return 0, 0
    told = team_sets.closed(frame, paid=False).aggregate(all=Count("*"), paid=Count("closed_on", filter=Q(closed_why__in=("paid", "settled"))))
    return told["all"], told["paid"]
