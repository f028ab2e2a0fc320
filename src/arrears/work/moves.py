"""Who would get which of some cases, and what that changes for everybody: the preview of a move, by the same function that gives cases out at night.

Nothing is written here. The cases are shared out by arrears.allocation.assign: an even number, and even money, among those who may have them (by stage, product,
amount, language, skill, limit of cases and absence, as far as the roster says them), and a case that one of them has already stays there unless evenness asks otherwise. Currencies are shared out one after the other, so no
sum mixes them. The same cases, people and day give the same moves; digest tells two previews apart.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import polars as pl
from django.db.models import Count, Sum

from arrears.allocation.assign import CASES, HOLDINGS, assign
from arrears.allocation.recall import Terms
from arrears.allocation.roster import Collector as Hand
from arrears.allocation.roster import Roster
from arrears.refusal import Refused
from arrears.work.absences import spans_of
from arrears.work.actions.action import ZONE
from arrears.work.models import Case, Collector, Debt, Team
from arrears.work.plan_terms import digest_of

WAYS = ("equal", "level")
"""equal: everybody gets the same number; level: who has less gets more, so that all have the same in the end."""
_TERMS = Terms(idle_days=100_000, not_back_days=0, continuity_minor=200_00, uneven_minor=1_000_00)
_LONG_AGO, _NEVER = date(2000, 1, 1), date(9999, 12, 31)
_WORDS = {"frozen": ("processing of this person's data is frozen", "该当事人的信息已停止处理"), "agency": ("the case is with an agency: take it back first", "案件已委外：请先收回"),
          "closed": ("the case is closed", "案件已结案"), "on_screen": ("it is on somebody's screen at this moment", "此刻正由人员办理"), "there": ("the case is there already", "案件已在该处")}


@dataclass(frozen=True)
class Move:
    """One case that changes hands; holders by id and roster name, None for nobody. amount in minor units."""

    case: UUID
    borrower_id: str
    from_team: str | None
    from_holder: UUID | None
    from_name: str | None
    to_team: str
    to_holder: UUID | None
    to_name: str | None
    currency: str
    claimable_minor: int
    why_en: str
    why_zh: str


@dataclass(frozen=True)
class Stays:
    """One case that was chosen and stays where it is, and why."""

    case: UUID
    borrower_id: str
    holder: str | None
    why_en: str
    why_zh: str


@dataclass(frozen=True)
class Person:
    """One collector before and after. money: by currency what may be claimed of the cases they have; most: how many they can have, None for no limit; listed_after: how many of them are of tonight's list; minutes_most: of their day, None where nobody said; is_away: today."""

    id: UUID
    name: str
    team: str
    before: int
    gets: int
    gives: int
    money_before: dict[str, int]
    money_after: dict[str, int]
    most: int | None
    is_away: bool
    listed_after: int = 0
    minutes_most: int | None = None

    @property
    def after(self) -> int:
        return self.before + self.gets - self.gives


@dataclass(frozen=True)
class Preview:
    """What a move would do. digest: SHA-256 over who gets what; another state gives another."""

    moves: tuple[Move, ...]
    stays: tuple[Stays, ...]
    people: tuple[Person, ...]
    digest: str


def preview(cases: list[Case], recipients: list[Collector], team: Team | None, way: str, now: datetime) -> Preview:
    """The cases shared out among the recipients, or, where there are none, given to the team without anybody by name. In a transaction that sees them, each case with its team and holder.

    Raises Refused where nobody is named, for somebody who has left, for an agency, and for a team that ended.
    """
    today = now.astimezone(ZONE).date()
    _demand_there(recipients, team, today)
    stays, able = [], []
    for case in cases:
        why = _why_not(case, now)
        stays.append(_stay(case, *_WORDS[why])) if why else able.append(case)
    moves: list[Move] = []
    if recipients:
        for case, holder, en, zh in _shared(able, recipients, way, today):
            if holder is None or holder.id == case.held_by_id:
                stays.append(_stay(case, en, zh))
            else:
                moves.append(_move(case, holder.team, holder, en, zh))
    else:
        for case in able:
            if (case.team_id, case.held_by_id) == (team.id, None):
                stays.append(_stay(case, *_WORDS["there"]))
            else:
                moves.append(_move(case, team, None, f"given to team {team.code}, to nobody by name", f"转至团队 {team.code}，暂不指定人员"))
    moves.sort(key=lambda one: (one.to_name or "", one.borrower_id, str(one.case)))
    told = [[str(one.case), one.from_team, str(one.from_holder or ""), one.to_team, str(one.to_holder or "")] for one in moves]
    return Preview(tuple(moves), tuple(stays), tuple(_people(moves, recipients, today)), digest_of({"day": today.isoformat(), "moves": told, "stay": sorted(str(one.case) for one in stays)}))


def _why_not(case: Case, now: datetime) -> str | None:
    """Why the case is not moved with others, of _WORDS; None where it can be."""
    if case.state != "open":
        return "closed"
    if case.frozen_at is not None:
        return "frozen"
    if case.team is not None and case.team.kind == "agency":
        return "agency"
    return "on_screen" if is_on_screen(case, now) else None


def is_on_screen(case: Case, now: datetime) -> bool:
    """Whether somebody has the case before them at this moment; it is not taken from under their hands."""
    return case.reserved_by_id is not None and case.reserved_until is not None and case.reserved_until > now


def _demand_there(recipients: list[Collector], team: Team | None, today: date) -> None:
    if not recipients and team is None:
        raise Refused("to whom? Choose collectors, or a team", "转派给谁？请选择催收员或团队")
    for one in recipients:
        if one.left_on is not None and one.left_on <= today:
            raise Refused(f"collector {one.roster_name} has left; choose somebody else", f"催收员 {one.roster_name} 已离职；请另选")
    for to in [*(one.team for one in recipients), *([team] if team else [])]:
        if to.kind == "agency" or (to.ended_on is not None and to.ended_on <= today):
            raise Refused(f"team {to.code} is an agency or has ended; an agency gets cases by placement.place", f"团队 {to.code} 为委外机构或已停用；委外请用委外办理")


def _shared(cases: list[Case], recipients: list[Collector], way: str, today: date) -> list[tuple[Case, Collector | None, str, str]]:
    """Of every case who gets it and why; None where nobody can."""
    others = _others_held(cases, recipients)
    got: Counter[UUID] = Counter()
    away = spans_of([one.id for one in recipients], today)
    there = [one for one in recipients if not any(begins <= today < (ends or _NEVER) for begins, ends in away.get(one.id, ()))]
    products = dict(Debt.objects.filter(case__in=[case.id for case in cases]).order_by("case_id", "-loan_id").values_list("case_id", "product"))
    found: list[tuple[Case, Collector | None, str, str]] = []
    by_currency: dict[str, list[Case]] = {}
    for case in cases:
        by_currency.setdefault(case.currency, []).append(case)
    for _, some in sorted(by_currency.items()):
        left = some
        rooms = _rooms(len(some), {one.id: others[one.id] + got[one.id] for one in there}, {one.id: cases_most(one) for one in there}, way)
        for whole in (False, True):
            if whole:
                rooms = {one.id: max(0, (cases_most(one) if cases_most(one) is not None else len(some) + others[one.id] + got[one.id]) - others[one.id] - got[one.id]) for one in there}
            told = _assigned(left, recipients, rooms, away, products, today)
            nobody = [case for case, holder, *_ in told if holder is None]
            keep = told if whole or not nobody else [one for one in told if one[1] is not None]
            found += keep
            got.update(holder.id for _, holder, *_ in keep if holder is not None)
            if not nobody:
                break
            left = nobody
    return found


def _assigned(cases: list[Case], recipients: list[Collector], rooms: dict[UUID, int], away: dict, products: dict[UUID, str], today: date) -> list[tuple[Case, Collector | None, str, str]]:
    """One sharing out of cases of one currency among people with so much room each."""
    by_id, by_name = {str(case.id): case for case in cases}, {one.roster_name: one for one in recipients}
    table = pl.DataFrame([{"borrower_id": str(case.id), "bucket": case.bucket, "product": products.get(case.id), "claimable_minor": case.claimable_minor, "expected_minor": None, "difficulty": None,
                           "owner": "collector", "skill": None, "language": case.language, "region": None, "last_touched_on": None} for case in cases], schema=CASES, orient="row")
    holders = {one.id: one.roster_name for one in recipients}
    held = pl.DataFrame([{"borrower_id": str(case.id), "held_by": holders[case.held_by_id], "held_since": today, "last_held_by": None, "returned_on": None, "returned_why": None}
                         for case in cases if case.held_by_id in holders], schema=HOLDINGS, orient="row")
    hands = tuple(Hand(one.roster_name, one.team.code, "collector", _LONG_AGO, None, tuple((begins, ends or _NEVER) for begins, ends in away.get(one.id, ())), rooms.get(one.id, 0), 0,
                       _words(one, "languages"), _words(one, "stages"), _words(one, "products"), getattr(one, "amount_most_minor", None), None, _words(one, "skills")) for one in recipients)
    rows = assign(table, Roster(tuple(sorted({one.team.code for one in recipients})), hands, (), (), ()), held, _TERMS, today - timedelta(days=1)).rows
    return [(by_id[row["borrower_id"]], by_name.get(row["held_by"]), row["why_en"], row["why_zh"]) for row in rows.iter_rows(named=True)]


def _rooms(count: int, held: dict[UUID, int], most: dict[UUID, int | None], way: str) -> dict[UUID, int]:
    """How many of the cases each may get. equal: up to their limit; level: up to the lowest common height at which all cases find room, nobody above their limit."""
    room = {one: count if most[one] is None else max(0, min(count, most[one] - held[one])) for one in held}
    if way == "equal" or sum(room.values()) <= count:
        return room
    low, high = min(held.values()), max(held.values()) + count
    while low < high:
        height = (low + high) // 2
        if sum(min(room[one], max(0, height - held[one])) for one in held) >= count:
            high = height
        else:
            low = height + 1
    return {one: min(room[one], max(0, low - held[one])) for one in held}


def _others_held(cases: list[Case], recipients: list[Collector]) -> Counter[UUID]:
    """How many open cases each recipient has beside the chosen ones."""
    held = Counter(dict(Case.objects.filter(held_by__in=[one.id for one in recipients], state="open").values_list("held_by").annotate(Count("id"))))
    held.subtract(case.held_by_id for case in cases if case.held_by_id in held)
    return held


def _people(moves: list[Move], recipients: list[Collector], today: date) -> list[Person]:
    """Everybody who gets or gives a case, or could have got one, by name."""
    keys = {one.id for one in recipients} | {one.from_holder for one in moves if one.from_holder is not None}
    people = Collector.objects.filter(pk__in=keys).select_related("team").order_by("roster_name")
    money: dict[UUID, Counter] = {key: Counter() for key in keys}
    counts: Counter[UUID] = Counter()
    for holder, currency, number, amount in Case.objects.filter(held_by__in=keys, state="open").values_list("held_by", "currency").annotate(Count("id"), Sum("claimable_minor")).order_by():
        counts[holder] += number
        money[holder][currency] += amount
    after = {key: Counter(told) for key, told in money.items()}
    gets, gives = Counter(one.to_holder for one in moves), Counter(one.from_holder for one in moves)
    for one in moves:
        if one.to_holder is not None:
            after[one.to_holder][one.currency] += one.claimable_minor
        if one.from_holder is not None:
            after[one.from_holder][one.currency] -= one.claimable_minor
    listed = Counter(dict(Case.objects.filter(held_by__in=keys, state="open", rank__isnull=False).values_list("held_by").annotate(Count("id")).order_by()))
    ranked = set(Case.objects.filter(pk__in=[one.case for one in moves], rank__isnull=False).values_list("pk", flat=True))
    listed.update(one.to_holder for one in moves if one.case in ranked)
    listed.subtract(one.from_holder for one in moves if one.case in ranked)
    away = spans_of(list(keys), today)
    return [Person(one.id, one.roster_name, one.team.code, counts[one.id], gets[one.id], gives[one.id], dict(money[one.id]), dict(after[one.id]), cases_most(one),
                   any(begins <= today < (ends or _NEVER) for begins, ends in away.get(one.id, ())), listed[one.id], getattr(one, "minutes_a_day", None)) for one in people]


def cases_most(one: Collector) -> int | None:
    """How many cases the collector can have at most; None where nobody said."""
    return getattr(one, "cases_most", None)


def _words(one: Collector, column: str) -> tuple[str, ...] | None:
    """What the collector's list permits; None, which permits any, where it says any or nobody has said."""
    said = getattr(one, column, None) if getattr(one, "is_rostered", False) else None
    return None if said is None else tuple(said)


def _stay(case: Case, en: str, zh: str) -> Stays:
    return Stays(case.id, case.borrower_id, case.held_by and case.held_by.roster_name, en, zh)


def _move(case: Case, team: Team, holder: Collector | None, en: str, zh: str) -> Move:
    return Move(case.id, case.borrower_id, case.team and case.team.code, case.held_by_id, case.held_by and case.held_by.roster_name, team.code, holder and holder.id, holder and holder.roster_name,
                case.currency, case.claimable_minor, en, zh)
