"""Disputes, complaints and reviews of hardship as a queue: what must be answered first stands first, and how much of it there is; without any of their words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from arrears.refusal import Refused
from arrears.work.about_oneself import not_about
from arrears.work.actions.action import ZONE
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.matter_policy import read_matter_policy
from arrears.work.models import Account, Approval, Complaint, Dispute, Hardship, Hold, Party
from arrears.work.queries.cases import CaseSheet
from arrears.work.queries.counted_lately import counted_lately
from arrears.work.queries.masking import Cell, masked_cells
from arrears.work.residuals import filter_for
from arrears.work.tenancy import seen_by

SIZE_MOST = 100
KINDS = {"dispute": (Dispute, "answer_by_on", "ground", "answered_at"), "complaint": (Complaint, "answer_by_on", "ground", "answered_at"), "hardship": (Hardship, "decide_by_on", "reason", "decided_at")}
"""By kind: its rows, and where they keep the last day, what it is about, and when it ended."""
OPEN = ("open", "refusing")
_OPEN_OF = {"dispute": ("open",), "complaint": ("open",), "hardship": OPEN}
"""By kind the words of OPEN that it has: of one word alone an index gives the first to be answered without reading all."""
STATES = ("open", "answered", "all")
_SHOWN = ("raised_at", "state", "raised_by", "came_by", "case__team__code", "case__held_by__roster_name", "assigned_to__name")
"""What a line of the queue shows of any kind: nothing else of the rows that stand beside it is read."""
DUES = ("late", "soon", "later")
_LOOKED_AT = 10
"""So many matters of the lender are looked at, about, for each that whoever sees some teams alone may see."""


@dataclass(frozen=True)
class Matter:
    """One complaint, dispute or hold. answer_by_on: the last day for the answer, None for a hold; is_late: that day is past."""

    kind: str
    ground: str
    case: UUID
    since: datetime
    answer_by_on: date | None
    is_late: bool


@dataclass(frozen=True)
class MatterLine:
    """One line of the queue. name: the debtor's, masked. due_on: the last day, by law but of hardship, which the operator set. days_left: below 0 where it is late; None once it has ended.

    waits: what it waits for, if for anybody else: approval (of further days), approved (to be used), second (another's confirmation).
    """

    kind: str
    id: UUID
    case: UUID
    name: str
    ground: str
    state: str
    weight: str | None
    raised_by: str
    came_by: str
    since: datetime
    due_on: date
    days_left: int | None
    is_soon: bool
    ended_at: datetime | None
    team: str | None
    held_by: str | None
    assigned_to: UUID | None
    assigned_name: str | None
    is_by_law: bool
    waits: str | None

    @property
    def state_word(self) -> str:
        """The code by which a page says the state: a plan or refusal of hardship is called otherwise than one of anything else."""
        return f"hardship_{self.state}" if self.kind == "hardship" and self.state not in OPEN else self.state

    @property
    def days_late(self) -> int:
        """How many days it is past its last day; 0 where it is not."""
        return max(0, -(self.days_left or 0))


@dataclass(frozen=True)
class MatterPage:
    """Some lines of the queue; number counts from 1; more: another page follows."""

    lines: tuple[MatterLine, ...]
    number: int
    more: bool


@dataclass(frozen=True)
class Tiles:
    """How many are open, late, due soon, the actor's own, and nobody's; by kind. as_of: the moment at which they were counted."""

    open: int
    late: int
    soon: int
    mine: int
    nobodys: int
    by_kind: dict[str, int]
    as_of: datetime


def list_matters(actor: Actor, today: date, page: int = 1, size: int = 50, *, kinds: Iterable[str] = tuple(KINDS), state: str = "open", due: str | None = None, whose: str | None = None) -> MatterPage:
    """The page of the matters that the actor may see: of open ones what must be answered first, of others the latest answered first. whose: mine, nobodys or None for everybody's.

    Nobody is shown a complaint about themselves. Raises Refused for a page, size, kind, state or filter that there is none of.
    """
    kinds = tuple(kinds)
    if not 1 <= page <= 10_000 or not 1 <= size <= SIZE_MOST or not set(kinds) <= set(KINDS) or state not in STATES or due not in (None, *DUES) or whose not in (None, "mine", "nobodys"):
        raise Refused(f"matters: pages count from 1 and have 1 to {SIZE_MOST} lines; kinds {', '.join(KINDS)}; states {', '.join(STATES)}; due {', '.join(DUES)}; whose: mine, nobodys",
                      f"异议与投诉列表：页码从 1 开始，每页 1 至 {SIZE_MOST} 条；类型 {'、'.join(KINDS)}；状态 {'、'.join(STATES)}；期限 {'、'.join(DUES)}；办理人 mine、nobodys")
    last = page * size + 1
    warn = read_matter_policy(settings.ARREARS[0]).warn_days
    with seen_by(actor):
        found: list[tuple[str, object]] = []
        for kind in kinds:
            model, day, _, ended = KINDS[kind]
            rows = _filtered(actor, kind, today, warn, state, due, whose)
            order = (day, "raised_at", "id") if state == "open" else (f"-{ended}", "-raised_at", "id") if state == "answered" else ("-raised_at", "id")
            found += [(kind, row) for row in rows.select_related("case__team", "case__held_by", "assigned_to").only(*_SHOWN, *(("decided_at", "decide_by_on", "reason") if kind == "hardship" else ("answered_at", "answer_by_on", "ground", "matter"))).order_by(*order)[:last]]
        found.sort(key=lambda one: _place(*one, state))
        shown = found[(page - 1) * size:page * size]
        lines = _lines(actor, shown, today, warn)
    return MatterPage(tuple(lines), page, len(found) > page * size)


def matters_of_case(actor: Actor, sheet: CaseSheet, today: date, size: int = 20) -> list[MatterLine]:
    """Those of a case that was read already, the latest raised first; two queries more where there are any."""
    found = [(kind, SimpleNamespace(**row)) for kind, rows in (("dispute", "disputes"), ("complaint", "complaints"), ("hardship", "hardships")) for row in sheet.parts[rows]]
    if not found:
        return []
    found = sorted(found, key=lambda one: _place(*one, "all"))[:size]
    line, warn = sheet.line, read_matter_policy(settings.ARREARS[0]).warn_days
    case = SimpleNamespace(team=line.team and SimpleNamespace(code=line.team), held_by=line.held_by and SimpleNamespace(roster_name=line.held_by))
    with seen_by(actor):
        waits, names = _asked(actor, found), account_names(actor.lender, [row.assigned_to_id for _, row in found])
    for _, row in found:
        row.case, row.assigned_to = case, row.assigned_to_id and SimpleNamespace(name=names.get(row.assigned_to_id))
    return [_line(kind, row, line.name, waits.get(str(row.id)), today, warn) for kind, row in found]


def _asked(actor: Actor, found: list) -> dict[str, str]:
    """By matter in what state the latest request for further days is that waits or was approved."""
    return dict(Approval.objects.filter(lender=actor.lender, kind="extension", state__in=("waiting", "approved"), subject__in=[str(row.id) for _, row in found]).order_by("asked_at").values_list("subject", "state"))


def tiles(actor: Actor, now: datetime) -> Tiles:
    """The counts above the queue, of what the actor may see; one query a kind. Where there are very many they are counted once in some seconds, and after each action of the actor's own."""
    return counted_lately(actor, ("matters", now.astimezone(ZONE).date()), now, lambda: _counted(actor, now), lambda told: told.open if actor.teams == ALL_TEAMS else told.open * _LOOKED_AT)


def _counted(actor: Actor, now: datetime) -> Tiles:
    today = now.astimezone(ZONE).date()
    warn, sums, by_kind = read_matter_policy(settings.ARREARS[0]).warn_days, dict.fromkeys(("open", "late", "soon", "mine", "nobodys"), 0), {}
    with seen_by(actor):
        for kind, (_, day, _, _) in KINDS.items():
            told = _filtered(actor, kind, today, warn, "open", None, None).aggregate(
                open=Count("id"), late=Count("id", filter=Q(**{f"{day}__lt": today})), soon=Count("id", filter=Q(**{f"{day}__gte": today, f"{day}__lte": today + timedelta(days=warn)})),
                mine=Count("id", filter=Q(assigned_to=actor.account)) if actor.account else Count("id", filter=Q(pk__in=[])), nobodys=Count("id", filter=Q(assigned_to=None)))
            by_kind[kind] = told["open"]
            sums = {name: count + (told[name] or 0) for name, count in sums.items()}
    return Tiles(**sums, by_kind=by_kind, as_of=now)


def open_matters(actor: Actor, today: date, size: int = 30) -> list[Matter]:
    """Up to size of them that the actor may see and that are not about them: what must be answered first, then holds that belong to none of them, the oldest first."""
    size = min(max(size, 1), SIZE_MOST)
    found: list[Matter] = []
    with seen_by(actor):
        for kind, (_, day, about, _) in KINDS.items():
            rows = _filtered(actor, kind, today, 0, "open", None, None).order_by(day, "id")[:size]
            found += [Matter(kind, getattr(row, about), row.case_id, row.raised_at, getattr(row, day), getattr(row, day) < today) for row in rows]
        holds = Hold.objects.filter(filter_for(actor, "case.view", Hold), lender=actor.lender, lifted_at=None).exclude(_of_matter()).order_by("placed_at", "id")[:size]
        found += [Matter("hold", row.kind, row.case_id, row.placed_at, None, False) for row in holds]
    return sorted(found, key=lambda one: (one.answer_by_on or date.max, one.since))[:size]


def _of_matter() -> Q:
    """A hold that a dispute, a complaint or a review of hardship has put."""
    return Q(Exists(Complaint.objects.filter(hold=OuterRef("pk")))) | Q(Exists(Dispute.objects.filter(hold=OuterRef("pk")))) | Q(Exists(Hardship.objects.filter(hold=OuterRef("pk"))))


def _filtered(actor: Actor, kind: str, today: date, warn: int, state: str, due: str | None, whose: str | None) -> QuerySet:
    model, day, _, _ = KINDS[kind]
    rows = model.objects.filter(filter_for(actor, "case.view", model), lender=actor.lender)
    rows = rows.filter(state__in=_OPEN_OF[kind]) if state == "open" else rows.exclude(state__in=OPEN) if state == "answered" else rows
    if due is not None:
        soon = today + timedelta(days=warn)
        rows = rows.filter(state__in=OPEN, **{"late": {f"{day}__lt": today}, "soon": {f"{day}__gte": today, f"{day}__lte": soon}, "later": {f"{day}__gt": soon}}[due])
    if whose is not None:
        rows = rows.filter(assigned_to=actor.account if whose == "mine" else None) if whose == "nobodys" or actor.account else rows.none()
    return not_about(rows, actor) if kind == "complaint" else rows


def _place(kind: str, row, state: str) -> tuple:
    _, day, _, ended = KINDS[kind]
    if state == "open":
        return (getattr(row, day).toordinal(), row.raised_at.timestamp(), str(row.id))
    at = getattr(row, ended) if state == "answered" else row.raised_at
    return (-(at or row.raised_at).timestamp(), 0.0, str(row.id))


def _lines(actor: Actor, found: list, today: date, warn: int) -> list[MatterLine]:
    debtors = {party.case_id: party for party in Party.objects.filter(case__in={row.case_id for _, row in found}, role="debtor")}
    names = dict(zip(debtors, masked_cells(actor.lender, [Cell(party, party, "name_sealed", "name") for party in debtors.values()]), strict=True))
    asked = _asked(actor, found)
    return [_line(kind, row, names.get(row.case_id, ""), asked.get(str(row.id)), today, warn) for kind, row in found]


def _line(kind: str, row, name: str, approval: str | None, today: date, warn: int) -> MatterLine:
    _, day, about, ended = KINDS[kind]
    due, is_open = getattr(row, day), row.state in OPEN
    left = (due - today).days if is_open else None
    waits = "second" if row.state == "refusing" else {"waiting": "approval", "approved": "approved"}.get(approval or "") if is_open else None
    return MatterLine(kind, row.id, row.case_id, name, getattr(row, about), row.state, getattr(row, "matter", None), row.raised_by, row.came_by, row.raised_at, due, left, left is not None and 0 <= left <= warn,
                      getattr(row, ended), row.case.team and row.case.team.code, row.case.held_by and row.case.held_by.roster_name, row.assigned_to_id, row.assigned_to and row.assigned_to.name, kind != "hardship", waits)


def account_names(lender: str, keys: Iterable[UUID | None]) -> dict[UUID, str]:
    """What these accounts of the lender are called."""
    wanted = {key for key in keys if key is not None}
    return dict(Account.objects.filter(lender=lender, pk__in=wanted).values_list("pk", "name")) if wanted else {}
