"""The rows behind a figure of a team, page by page: the same set that was counted, with its count and its sum, so that whoever doubts a figure can add it up."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from arrears.refusal import Refused
from arrears.work.actions.rows import everywhere
from arrears.work.actor import Actor
from arrears.work.models import Case, Complaint, Dispute
from arrears.work.queries import team_sets
from arrears.work.queries.cases import CaseLine, case_lines
from arrears.work.queries.team_figures import framed, own_frame
from arrears.work.queries.team_sets import CASES, CONTACTS, PERIODS, Frame
from arrears.work.residuals import filter_for

SIZE = 50
NOBODY = "nobody"
DEALINGS = ("contacts_cases", "promises", "told", "expected", "unfollowed", "dispute", "complaint", "reminders", "closed", "paid")
NAMES = (*CASES, *CONTACTS, *DEALINGS)
"""Of what there is a list."""


@dataclass(frozen=True)
class Wanted:
    """Which list: its name, the period where it has one, the collector (NOBODY for cases without), a bucket, a currency, a state of promises."""

    name: str
    period: str = "today"
    of: str | None = None
    bucket: str | None = None
    currency: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Deed:
    """One contact, promise or matter. case: None where it is with another team now, so that nothing is told of it; amount in minor units."""

    case: UUID | None
    borrower_id: str
    who: str
    at: datetime | date
    kind: str
    state: str
    due_on: date | None = None
    currency: str | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class TeamList:
    """One page of a list. cases or deeds hold its rows; count and money are of the whole list, and equal the figure."""

    wanted: Wanted
    team: str
    count: int
    money: dict[str, int]
    page: int
    more: bool
    cases: tuple[CaseLine, ...]
    deeds: tuple[Deed, ...]


def team_list(actor: Actor, now: datetime, code: str | None, wanted: Wanted, page: int = 1) -> TeamList:
    """The page of the list. Raises Forbidden as the figures do, Refused for a list, period, collector or page that there is none of."""
    holder = _sound(wanted, page)
    with framed(actor, now, code, holder) as (frame, teams, people):
        if holder is not None and holder not in {one.id for one in people} and wanted.name not in CASES:
            raise Refused("this collector is not of the team", "该催收员不属于此团队")
        name = next(team.code for team in teams if team.id == frame.team)
        return _cases(actor, frame, name, wanted, page) if wanted.name in (*CASES, "closed", "paid") else _deeds(actor, frame, name, wanted, page, {one.id: one.roster_name for one in people}, now)


def own_list(actor: Actor, now: datetime, wanted: Wanted, page: int = 1) -> TeamList:
    """As team_list, of the actor's own alone. Raises Forbidden for whoever is no collector."""
    _sound(wanted, page)
    with own_frame(actor, now) as (frame, teams, people):
        name, wanted = next(team.code for team in teams if team.id == frame.team), replace(wanted, of=str(frame.of))
        return _cases(actor, frame, name, wanted, page) if wanted.name in CASES else _deeds(actor, frame, name, wanted, page, {one.id: one.roster_name for one in people}, now)


def case_ids(actor: Actor, now: datetime, code: str | None, wanted: Wanted, most: int) -> tuple[list[UUID], int]:
    """The first `most` cases of a list of cases, the longest without work first, and how many there are in all. Raises as team_list."""
    holder = _sound(wanted, 1)
    if wanted.name not in CASES:
        raise Refused("only lists of cases can be moved", "只有案件列表可以转派")
    with framed(actor, now, code, holder) as (frame, _, _):
        rows = _of_cases(actor, frame, wanted)
        return list(rows.order_by("worked_at", "id").values_list("id", flat=True)[:most]), rows.count()


def _sound(wanted: Wanted, page: int) -> UUID | None:
    """The collector that is asked for. Raises Refused."""
    if wanted.name not in NAMES or wanted.period not in PERIODS or not 1 <= page <= 100_000:
        raise Refused("there is no such list; go back to the page of the team", "没有此列表；请返回团队页面")
    if wanted.of in (None, NOBODY):
        return None
    try:
        return UUID(wanted.of)
    except ValueError:
        raise Refused("there is no such collector", "没有此催收员") from None


def _of_cases(actor: Actor, frame: Frame, wanted: Wanted) -> QuerySet:
    if wanted.name in ("closed", "paid"):
        rows = team_sets.closed(frame, paid=wanted.name == "paid")
    else:
        rows = team_sets.cases(frame).filter(CASES[wanted.name](frame))
    if wanted.of == NOBODY:
        rows = rows.filter(held_by=None)
    for column in ("bucket", "currency"):
        if value := getattr(wanted, column):
            rows = rows.filter(**{column: value})
    return rows.filter(filter_for(actor, "case.list", Case))


def _cases(actor: Actor, frame: Frame, team: str, wanted: Wanted, page: int) -> TeamList:
    rows, first = _of_cases(actor, frame, wanted), (page - 1) * SIZE
    with everywhere(actor):  # the set is the team's as the figure's, and policy's; what is shown of it is read again as the actor sees it
        told = list(rows.values_list("currency").annotate(Count("pk"), Sum("claimable_minor")).order_by())
        keys = list(rows.order_by("-days_past_due", "id").values_list("pk", flat=True)[first:first + SIZE + 1])  # along an index that holds all of this, so that only the page's rows are read whole
    found = sorted(Case.objects.filter(pk__in=keys).select_related("team", "held_by"), key=lambda one: keys.index(one.pk))
    return TeamList(wanted, team, sum(number for _, number, _ in told), {currency: amount for currency, _, amount in told}, page, len(found) > SIZE, tuple(case_lines(actor, found[:SIZE])), ())


def _deeds(actor: Actor, frame: Frame, team: str, wanted: Wanted, page: int, names: dict[UUID, str], now: datetime) -> TeamList:
    rows, told = _rows_of(frame, wanted, now)
    first = (page - 1) * SIZE
    with everywhere(actor):
        if wanted.name == "contacts_cases":
            count, money = rows.values("made_by", "case").distinct().count(), {}
        elif told.amount:
            sums = list(rows.values_list("currency").annotate(Count("pk"), Sum(told.amount)).order_by())
            count, money = sum(number for _, number, _ in sums), {currency: amount for currency, _, amount in sums}
        else:
            count, money = rows.count(), {}
        columns = ("case", "case__borrower_id", told.by, told.at, told.kind, told.state, told.due, told.currency, told.amount)
        listed = rows.order_by(told.order, "id").values_list(*(column or "pk" for column in columns))
        if wanted.name == "contacts_cases":
            listed = rows.order_by("made_by", "case", "-attempted_at").distinct("made_by", "case").values_list(*(column or "pk" for column in columns))
        found = list(listed[first:first + SIZE + 1])
    seen = set(Case.objects.filter(filter_for(actor, "case.list", Case), lender=frame.lender, pk__in=[row[0] for row in found]).values_list("id", flat=True))
    deeds = []
    for row in found[:SIZE]:
        case, borrower, by, at, kind, state, due, currency, amount = (value if column else None for value, column in zip(row, columns, strict=True))
        is_seen = case in seen
        deeds.append(Deed(case if is_seen else None, borrower if is_seen else "", names.get(frame.accounts.get(by), ""), at, kind if told.kind else "promise", state, due, currency, amount))
    return TeamList(wanted, team, count, money, page, len(found) > SIZE, (), tuple(deeds))


@dataclass(frozen=True)
class _Columns:
    """Where a kind of deed has its columns; order: which of them the list is in."""

    order: str
    at: str
    kind: str | None
    state: str
    by: str | None = None
    due: str | None = None
    currency: str | None = None
    amount: str | None = None


_OF_CONTACT = _Columns("-attempted_at", "attempted_at", "channel", "outcome", "made_by")
_OF_PROMISE = _Columns("pay_by_on", "promised_on", None, "state", "taken_by", "pay_by_on", "currency", "amount_minor")
_OF_REMINDER = _Columns("due_at", "due_at", "kind", "kind", None, None)
_OF_MATTER = _Columns("answer_by_on", "raised_at", "ground", "state", None, "answer_by_on")


def _rows_of(frame: Frame, wanted: Wanted, now: datetime) -> tuple[QuerySet, _Columns]:
    if wanted.name in CONTACTS or wanted.name == "contacts_cases":
        return team_sets.contacts(frame, wanted.period).filter(CONTACTS.get(wanted.name, Q())), _OF_CONTACT
    if wanted.name == "reminders":
        return team_sets.reminders_past(frame, now), _OF_REMINDER
    if wanted.name in ("dispute", "complaint"):
        return team_sets.matters_near(frame, Dispute if wanted.name == "dispute" else Complaint), _OF_MATTER
    rows = {"promises": lambda: team_sets.promises_taken(frame, wanted.period), "told": lambda: team_sets.promises_told(frame), "expected": lambda: team_sets.promises_expected(frame, wanted.period),
            "unfollowed": lambda: team_sets.promises_unfollowed(frame)}[wanted.name]()
    for column in ("state", "currency"):
        if value := getattr(wanted, column):
            rows = rows.filter(**{column: value})
    return rows, _OF_PROMISE
