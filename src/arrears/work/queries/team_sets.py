"""What the figures of a team are of: each a set of rows under one name, so that a figure and the list behind it are the same condition.

Cases are those of the team that are open now. Contacts and promises are those that the team's collectors made, whoever has the case by now. Days are the lender's own; a week begins on Monday.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Exists, ExpressionWrapper, F, Func, OuterRef, Q, QuerySet
from django.db.models.fields import DateField, DateTimeField

from arrears.work.about_oneself import not_about, reminders_not_about
from arrears.work.actions.action import ZONE
from arrears.work.actor import Actor
from arrears.work.models import Absence, Case, Complaint, Contact, Dispute, Placement, Promise, Reminder
from arrears.work.team_settings import TeamSettings

PERIODS = ("today", "week")
SPOKEN = ("call", "visit", "voice_bot", "im")
"""Channels by which somebody can be reached at once; letters, SMS and push are sent."""


@dataclass(frozen=True)
class Frame:
    """Whose figures and of when. accounts: by account the collector of the team who works by it; away: who is away today; of: only this collector's; reader: who asks, and is told nothing of complaints about themselves."""

    lender: str
    team: UUID
    today: date
    settings: TeamSettings
    accounts: dict[UUID, UUID]
    away: dict[UUID, date | None]
    of: UUID | None = None
    reader: Actor | None = None

    @property
    def monday(self) -> date:
        return self.today - timedelta(days=self.today.weekday())

    def begin(self, period: str) -> date:
        return {"today": self.today, "week": self.monday, "kept": self.today - timedelta(days=self.settings.kept_days)}[period]

    @property
    def own_accounts(self) -> list[UUID]:
        return [account for account, collector in self.accounts.items() if self.of is None or collector == self.of]


def midnight(day: date) -> datetime:
    """The moment at which the lender's day begins."""
    return datetime.combine(day, time(), ZONE)


class _DayAfter(Func):
    """The moment at which the day after a date begins."""

    template = f"((%(expressions)s + 1)::timestamp AT TIME ZONE '{ZONE.key}')"
    output_field = DateTimeField()


class _DayOf(Func):
    """The lender's day of a moment."""

    template = f"((%(expressions)s AT TIME ZONE '{ZONE.key}')::date)"
    output_field = DateField()


def cases(frame: Frame) -> QuerySet:
    """The open cases of the team, or of one collector of it."""
    rows = Case.objects.filter(lender=frame.lender, team=frame.team, state="open")
    return rows if frame.of is None else rows.filter(held_by=frame.of)


def _idle(frame: Frame) -> Q:
    """Held, and for idle_days neither worked nor newly given. Days on which the holder was away count here: somebody else may have to work the case."""
    since = frame.today - timedelta(days=frame.settings.idle_days)
    lately = Placement.objects.filter(team=frame.team, returned_on=None, placed_on__gt=since).values("case")
    return Q(held_by__isnull=False) & (Q(worked_at=None) | Q(worked_at__lt=midnight(since + timedelta(days=1)))) & ~Q(pk__in=lately)


def due_while_away(today: date) -> Q:
    """Open cases whose holder is away, or going to be, when an open promise in them is to be paid or a call back was asked for."""
    away = Absence.objects.filter(Q(until_on=None) | Q(until_on__gt=today))
    meanwhile = away.filter(collector=OuterRef("case__held_by"), from_on__lte=OuterRef("day")).filter(Q(until_on=None) | Q(until_on__gt=OuterRef("day")))
    promises = Promise.objects.filter(case=OuterRef("pk"), state="open", pay_by_on__gte=today).annotate(day=F("pay_by_on")).filter(Exists(meanwhile))
    calls = Reminder.objects.filter(case=OuterRef("pk"), kind="call_back", done_at=None).annotate(day=_DayOf(F("due_at"))).filter(Exists(meanwhile))
    return Q(held_by__in=away.values("collector")) & (Exists(promises) | Exists(calls))


CASES: dict[str, Callable[[Frame], Q]] = {
    "all": lambda frame: Q(),
    "nobody": lambda frame: Q(held_by=None),
    "worked": lambda frame: Q(worked_at__gte=midnight(frame.today)),
    "to_work": lambda frame: Q(rank__isnull=False),
    "idle": _idle,
    "left": lambda frame: Q(held_by__left_on__lte=frame.today),
    "due_away": lambda frame: due_while_away(frame.today),
    "away": lambda frame: Q(held_by__in=list(frame.away)),
}
"""By name which open cases of the team: all; held by nobody; worked today; with a treatment from the night; idle; held by somebody who has left; with something due while the holder is away; held by somebody away today."""


def contacts(frame: Frame, period: str) -> QuerySet:
    """What the team's collectors did to reach people since the period began."""
    return Contact.objects.filter(lender=frame.lender, made_by__in=frame.own_accounts, attempted_at__gte=midnight(frame.begin(period)), attempted_at__lt=midnight(frame.today + timedelta(days=1)))


CONTACTS: dict[str, Q] = {
    "attempts": Q(direction="outbound", channel__in=SPOKEN),
    "reached_out": Q(direction="outbound", channel__in=SPOKEN, outcome="answered", relation="debtor"),
    "reached": Q(channel__in=SPOKEN, outcome="answered", relation="debtor"),
    "contacts": Q(),
}
"""attempts: tried to reach somebody by a spoken channel; reached_out: of these the debtor answered; reached: talked with the debtor, whoever began; contacts: all."""


def promises_taken(frame: Frame, period: str) -> QuerySet:
    """What was promised to the team's collectors since the period began; a promise that was withdrawn was none."""
    return Promise.objects.filter(lender=frame.lender, taken_by__in=frame.own_accounts, promised_on__gte=frame.begin(period), promised_on__lte=frame.today).exclude(state="withdrawn")


def promises_told(frame: Frame) -> QuerySet:
    """Promises to the team's collectors whose day lay in the last kept_days and of which payments have told."""
    return Promise.objects.filter(lender=frame.lender, taken_by__in=frame.own_accounts, pay_by_on__gte=frame.begin("kept"), pay_by_on__lt=frame.today, state__in=("kept", "part_kept", "broken"))


def promises_expected(frame: Frame, period: str) -> QuerySet:
    """Open promises in cases of the team that are to be paid today, or from today until Sunday."""
    until = frame.today if period == "today" else frame.monday + timedelta(days=6)
    return _in_cases(frame, Promise.objects.filter(lender=frame.lender, state="open", pay_by_on__gte=frame.today, pay_by_on__lte=until))


def promises_unfollowed(frame: Frame) -> QuerySet:
    """Promises in cases of the team that were broken, or kept in part, in the last broken_days, and after whose day nobody worked the case."""
    since = frame.today - timedelta(days=frame.settings.broken_days)
    rows = Promise.objects.filter(lender=frame.lender, state__in=("broken", "part_kept"), pay_by_on__gte=since, pay_by_on__lt=frame.today)
    return _in_cases(frame, rows).filter(Q(case__worked_at=None) | Q(case__worked_at__lt=ExpressionWrapper(_DayAfter(F("pay_by_on")), output_field=DateTimeField())))


def matters_near(frame: Frame, model: type[Dispute | Complaint]) -> QuerySet:
    """Disputes or complaints in cases of the team that are open and whose last day for the answer is past, or at most clock_days ahead."""
    rows = model.objects.filter(lender=frame.lender, state="open", answer_by_on__lte=frame.today + timedelta(days=frame.settings.clock_days))
    return _in_cases(frame, not_about(rows, frame.reader) if model is Complaint and frame.reader else rows)


def reminders_past(frame: Frame, now: datetime) -> QuerySet:
    """Reminders in cases of the team that were due before this moment and that nobody has done."""
    rows = Reminder.objects.filter(lender=frame.lender, done_at=None, due_at__lt=now)
    return _in_cases(frame, reminders_not_about(rows, frame.reader) if frame.reader else rows)


def closed(frame: Frame, *, paid: bool) -> QuerySet:
    """The team's cases that were closed in the last kept_days, those that were paid or settled alone where paid is asked for."""
    rows = Case.objects.filter(lender=frame.lender, team=frame.team, state="closed", closed_on__gte=frame.begin("kept"))
    return rows.filter(closed_why__in=("paid", "settled")) if paid else rows


def _in_cases(frame: Frame, rows: QuerySet) -> QuerySet:
    rows = rows.filter(case__team=frame.team, case__state="open")
    return rows if frame.of is None else rows.filter(case__held_by=frame.of)
