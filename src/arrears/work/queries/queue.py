"""The collector's day: what waits and why, what was done today, what reminds; each in as many queries for one case as for a thousand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Case as When
from django.db.models import CharField, Count, DateTimeField, F, Q, QuerySet, Sum, Value
from django.db.models import When as If

from arrears.work.about_oneself import reminders_not_about
from arrears.work.access import allowed
from arrears.work.actor import Actor
from arrears.work.models import Case, Contact, Hold, Party, Promise, Reminder
from arrears.work.models.cases import READY_WHY
from arrears.work.queries.cases import CaseSheet
from arrears.work.queries.masking import Cell, masked_cells
from arrears.work.queue_order import at_rest, in_turn, in_turn_of_few, no_new, own, teams_of, unheld
from arrears.work.talk_outcomes import FIRST, THEN, ZONE
from arrears.work.tenancy import seen_by

__all__ = ["BUCKETS", "READY_WHY", "SHOWS", "Day", "QueueLine", "ReminderLine", "may_work", "my_day", "reminders", "reminders_of", "waiting"]
SHOWS = ("now", "later", "rest")
BUCKETS = ("M0", "M1", "M2", "M3", "M4", "M5", "M6", "M6+")
SIZE_MOST = 30
KEPT_DAYS = 30


@dataclass(frozen=True)
class QueueLine:
    """One account that waits. group: due, agreed, ranked, later or rest; amounts in minor units; promised: amount, currency, day of the promise that it waits for or that was broken.

    ready_at, ready_why: when it is looked at again, and why; holds: kinds that stand; is_planned: a plan is kept.
    """

    id: UUID
    borrower_id: str
    name: str
    currency: str
    claimable_minor: int
    days_past_due: int
    bucket: str
    treatment: str | None
    rank: int | None
    ready_at: datetime | None
    ready_why: str | None
    group: str
    promised: tuple[int, str, date] | None
    holds: tuple[str, ...]
    is_planned: bool
    is_unheld: bool
    worked_at: datetime | None


@dataclass(frozen=True)
class Day:
    """One person's numbers: contacts and talks today, promises taken today with their sums by currency, what became of those due in the last KEPT_DAYS days, and cases by group.

    no_new: why they get none that nobody holds now, away or full.
    """

    contacts: int
    talks: int
    promises: int
    promised: tuple[tuple[str, int], ...]
    kept: int
    part_kept: int
    broken: int
    due: int
    agreed: int
    ranked: int
    later: int
    rest: int
    has_cases: bool
    no_new: str | None = None


@dataclass(frozen=True)
class ReminderLine:
    """One reminder that stands. name: the debtor's, masked."""

    id: UUID
    case: UUID
    name: str
    kind: str
    due_at: datetime
    is_due: bool


def my_day(actor: Actor, now: datetime) -> Day:
    """The numbers of whoever acts."""
    today = now.astimezone(ZONE).date()
    midnight = datetime.combine(today, time(), ZONE)
    with seen_by(actor):
        made = Contact.objects.filter(lender=actor.lender, made_by=actor.account, attempted_at__gte=midnight).aggregate(all=Count("id"), talks=Count("id", filter=Q(outcome="answered")))
        taken = list(Promise.objects.filter(lender=actor.lender, taken_by=actor.account, promised_on=today).exclude(state="withdrawn").values_list("currency").annotate(Count("id"), Sum("amount_minor")).order_by("currency"))
        became = dict(Promise.objects.filter(lender=actor.lender, taken_by=actor.account, promised_on__gte=today - timedelta(days=KEPT_DAYS + 92), pay_by_on__gte=today - timedelta(days=KEPT_DAYS), pay_by_on__lt=today)
                      .values_list("state").annotate(Count("id")).order_by())
        why = no_new(actor, today)
        held = {} if actor.collector is None else dict(_held(actor).values_list(_group(now)).annotate(Count("id")).order_by())
    return Day(made["all"], made["talks"], sum(count for _, count, _ in taken), tuple((currency, total) for currency, _, total in taken), became.get("kept", 0), became.get("part_kept", 0),
               became.get("broken", 0), held.get("due", 0), held.get("agreed", 0), held.get("ranked", 0), held.get("later", 0), held.get("rest", 0), bool(held), why)


def waiting(actor: Actor, now: datetime, show: str = "now", *, bucket: str | None = None, why: str | None = None, size: int = SIZE_MOST) -> tuple[list[QueueLine], bool]:
    """Up to size accounts in the order in which they come, and whether there are more. show: one of SHOWS; bucket, why: only those in it, only those ready for that reason."""
    today = now.astimezone(ZONE).date()
    with seen_by(actor):
        only = Q(**({"bucket": bucket} if bucket else {}), **({"ready_why": why} if why else {}))
        found = next(filter(None, (_first_of(parts, only, size + 1) for parts in _parts(actor, now, today, show))), [])
        return _lines(actor, found[:size], show), len(found) > size


def reminders(actor: Actor, now: datetime, size: int = 20) -> list[ReminderLine]:
    """What reminds the collector of cases of their own until the end of tomorrow, the oldest first."""
    if actor.collector is None:
        return []
    end = datetime.combine(now.astimezone(ZONE).date() + timedelta(days=2), time(), ZONE)
    with seen_by(actor):
        rows = list(reminders_not_about(Reminder.objects.filter(lender=actor.lender, case__held_by=actor.collector, done_at=None, due_at__lt=end), actor).order_by("due_at", "id")[:size])
        names = _names(actor, [row.case_id for row in rows])
    return [ReminderLine(row.id, row.case_id, names.get(row.case_id, ""), row.kind, row.due_at, row.due_at <= now) for row in rows]


def may_work(actor: Actor, sheet: CaseSheet, verb: str = "talk.note") -> bool:
    """Whether the actor may do that to the case, which they see."""
    return bool(allowed(actor, (verb,), sheet.resource))


def reminders_of(sheet: CaseSheet) -> list[dict]:
    """The reminders of a case that stand, the first due first."""
    return [one for one in sheet.parts["reminders"] if one["done_at"] is None]


def _parts(actor: Actor, now: datetime, today: date, show: str) -> Iterator[Iterable[QuerySet[Case]]]:
    """What comes, in order; the second only where the first is empty: ones own, then what nobody holds, where that is handed to them."""
    if show == "now":
        if actor.collector is not None:
            yield in_turn_of_few(own(actor, now))
        if no_new(actor, today) is None:
            yield (part for team in teams_of(actor, today) for part in in_turn(unheld(actor, now, today, team)))
    elif actor.collector is not None:
        yield [_held(actor).filter(~at_rest(), ready_at__gt=now).order_by("ready_at", "id")] if show == "later" else [_held(actor).filter(at_rest()).order_by(F("rank").asc(nulls_last=True), "id")]


def _first_of(parts: Iterable[QuerySet[Case]], only: Q, size: int) -> list[Case]:
    """The first cases of the parts, one part after the other: one statement, in which each part is read along its own index no further than that.

    turn: the place of the reason; due: when a case of a part that is in the order of ready_at is due, of the others, which are in the order of rank, nothing.
    """
    several = [part.filter(only).annotate(part=Value(number), **({} if "turn" in part.query.annotations else {"turn": Value(0)}), due=F("ready_at") if "ready_at" in part.query.order_by else Value(None, DateTimeField()))[:size]
               for number, part in enumerate(parts)]
    if len(several) < 2:
        return list(several[0]) if several else []
    return list(several[0].union(*several[1:], all=True).order_by("part", "turn", "due", F("rank").asc(nulls_last=True), "id")[:size])


def _held(actor: Actor) -> QuerySet[Case]:
    return Case.objects.filter(lender=actor.lender, held_by=actor.collector, state="open", frozen_at=None)


def _group(now: datetime) -> When:
    return When(If(at_rest(), then=Value("rest")), If(ready_at__gt=now, then=Value("later")), If(ready_why__in=FIRST, then=Value("due")), If(ready_why__in=THEN, then=Value("agreed")),
                default=Value("ranked"), output_field=CharField())


def _lines(actor: Actor, cases: list[Case], show: str) -> list[QueueLine]:
    keys = [case.pk for case in cases]
    names = _names(actor, keys)
    promised = {case: (amount, currency, day) for case, amount, currency, day in Promise.objects.filter(case__in=keys, state__in=("open", "broken", "part_kept"))
                .order_by("pay_by_on", "id").values_list("case", "amount_minor", "currency", "pay_by_on")}
    holds: dict[UUID, set[str]] = {}
    for key, kind in Hold.objects.filter(case__in=keys, lifted_at=None).values_list("case", "kind"):
        holds.setdefault(key, set()).add(kind)
    return [QueueLine(case.pk, case.borrower_id, names.get(case.pk, ""), case.currency, case.claimable_minor, case.days_past_due, case.bucket, case.treatment, case.rank, case.ready_at, case.ready_why,
                      show if show != "now" else "due" if case.ready_why in FIRST else "agreed" if case.ready_why in THEN else "ranked", promised.get(case.pk), tuple(sorted(holds.get(case.pk, ()))),
                      show == "rest" and case.pk not in holds, case.held_by_id is None, case.worked_at) for case in cases]


def _names(actor: Actor, cases: list[UUID]) -> dict[UUID, str]:
    debtors = list(Party.objects.filter(case__in=cases, role="debtor"))
    return dict(zip((one.case_id for one in debtors), masked_cells(actor.lender, [Cell(one, one, "name_sealed", "name") for one in debtors]), strict=True))
