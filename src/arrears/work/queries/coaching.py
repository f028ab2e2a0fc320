"""Coaching notes as those read them who may: the lead of the collector's team, the collector, compliance. And who is away, for the lead."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from arrears.vault.vault import Sealed
from arrears.work.absences import away_on
from arrears.work.actions.action import ZONE, Forbidden
from arrears.work.actor import Actor
from arrears.work.models import Absence, Case, CoachingNote, Collector
from arrears.work.queries.team_sets import due_while_away
from arrears.work.residuals import could, filter_for
from arrears.work.sealing import own_words_of, vault
from arrears.work.tenancy import seen_by

SIZE_MOST = 200


@dataclass(frozen=True)
class NoteLine:
    """One note in clear, for who may read it. case: None where it is about none, or one that the reader does not see. is_due: its day of follow-up is today or past. may_*: what the reader may do."""

    id: UUID
    collector: UUID
    name: str
    kind: str
    by: str
    at: datetime
    case: UUID | None
    text: str
    answer: str | None
    read_at: datetime | None
    follow_up_on: date | None
    is_followed_up: bool
    is_due: bool
    may_read: bool
    may_follow_up: bool


@dataclass(frozen=True)
class Coached:
    """One collector in the list of talks. last_talk: of the last 1:1; next_on: the next follow-up; waiting: notes they have not taken note of."""

    id: UUID
    name: str
    left_on: date | None
    notes: int
    last_talk: date | None
    next_on: date | None
    waiting: int


@dataclass(frozen=True)
class AbsenceLine:
    """One absence. cases: in how many of their cases something is due while they are away, now or later, which may be handed over; is_running: today; is_off: it was called off; may_end: it can still be changed."""

    id: UUID
    collector: UUID
    name: str
    kind: str
    from_on: date
    until_on: date | None
    team: str
    is_running: bool
    is_off: bool
    may_end: bool
    cases: int


def coaching_notes(actor: Actor, now: datetime, of: UUID | None = None, size: int = 50) -> list[NoteLine]:
    """Up to size notes that the actor may read, what is to be followed up first, then the latest. Raises Forbidden."""
    _demand(actor, "coaching.list")
    today = now.astimezone(ZONE).date()
    with seen_by(actor):
        rows = CoachingNote.objects.filter(lender=actor.lender, collector__in=_people(actor, "coaching.list"))
        rows = rows if of is None else rows.filter(collector=of)
        found = list(rows.select_related("collector", "written_by").order_by("-written_at", "id")[:min(max(size, 1), SIZE_MOST)])
        seen = set(Case.objects.filter(filter_for(actor, "case.list", Case), pk__in=[row.case_id for row in found if row.case_id]).values_list("id", flat=True))
        readers, leads = ({one.id for one in _people(actor, verb)} for verb in ("coaching.read", "coaching.follow_up"))
        cells = [(row, column) for row in found for column in ("text_sealed", "answer_sealed") if getattr(row, column) is not None]
        whose = str(own_words_of(actor.lender))
        texts = dict(zip(((row.id, column) for row, column in cells), vault().open(actor.lender, [Sealed(whose, "work_coachingnote", column, str(row.id), bytes(getattr(row, column))) for row, column in cells]) if cells else [], strict=True))
    lines = [NoteLine(row.id, row.collector_id, row.collector.roster_name, row.kind, row.written_by.name, row.written_at, row.case_id if row.case_id in seen else None, texts.get((row.id, "text_sealed"), ""),
                      texts.get((row.id, "answer_sealed")), row.read_at, row.follow_up_on, row.followed_up_at is not None, row.followed_up_at is None and row.follow_up_on is not None and row.follow_up_on <= today,
                      row.collector_id in readers and (row.read_at is None or row.answer_sealed is None), row.collector_id in leads and row.follow_up_on is not None and row.followed_up_at is None) for row in found]
    return sorted(lines, key=lambda line: not line.is_due)


def coached(actor: Actor, now: datetime) -> list[Coached]:
    """The collectors whom the actor coaches, or sees coached; who was talked to longest ago first."""
    _demand(actor, "coaching.list")
    today = now.astimezone(ZONE).date()
    with seen_by(actor):
        people = list(_people(actor, "coaching.list").order_by("roster_name"))
        found: dict[UUID, dict] = {one.id: {"notes": 0, "last_talk": None, "next_on": None, "waiting": 0} for one in people}
        rows = CoachingNote.objects.filter(lender=actor.lender, collector__in=[one.id for one in people]).values_list("collector", "kind", "written_at", "follow_up_on", "followed_up_at", "read_at")
        for collector, kind, at, follow_on, followed_at, read_at in rows:
            told, day = found[collector], at.astimezone(ZONE).date()
            told["notes"] += 1
            told["waiting"] += read_at is None
            if kind == "one_to_one":
                told["last_talk"] = max(day, told["last_talk"] or day)
            if follow_on is not None and followed_at is None:
                told["next_on"] = min(follow_on, told["next_on"] or follow_on)
    gone = [one for one in people if one.left_on is None or one.left_on > today]
    return sorted((Coached(one.id, one.roster_name, one.left_on, **found[one.id]) for one in gone), key=lambda one: (one.last_talk or date.min, one.name))


def absences(actor: Actor, now: datetime, days: int = 60) -> list[AbsenceLine]:
    """Absences of the actor's people that run, lie ahead, or ended in the last days; with what falls due in their cases meanwhile. Raises Forbidden."""
    _demand(actor, "absence.list")
    today = now.astimezone(ZONE).date()
    with seen_by(actor):
        people = {one.id: one for one in _people(actor, "absence.list").select_related("team")}
        rows = list(Absence.objects.filter(Q(until_on=None) | Q(until_on__gt=today - timedelta(days=days)), lender=actor.lender, collector__in=list(people)).order_by("from_on", "id"))
        whose = {row.collector_id for row in rows}
        due = dict(Case.objects.filter(due_while_away(today), lender=actor.lender, state="open", held_by__in=whose).values_list("held_by").annotate(Count("pk")).order_by()) if whose else {}
    lines = []
    for row in rows:
        over, off = row.until_on is not None and row.until_on <= today, row.until_on == row.from_on
        lines.append(AbsenceLine(row.id, row.collector_id, people[row.collector_id].roster_name, row.kind, row.from_on, row.until_on, people[row.collector_id].team.code,
                                 row.from_on <= today and not over, off, not over and not off, 0 if over or off else due.get(row.collector_id, 0)))
    return sorted(lines, key=lambda one: (not one.is_running, one.from_on))


def away_today(actor: Actor, now: datetime) -> bool:
    """Whether the actor is away today as a collector."""
    if actor.collector is None:
        return False
    with seen_by(actor):
        return actor.collector in away_on(actor.lender, now.astimezone(ZONE).date())


def people_of(actor: Actor, verb: str) -> list[tuple[UUID, str, str]]:
    """Id, roster name and team of the collectors to whom the actor may do this, by name, without those who have left."""
    with seen_by(actor):
        return list(_people(actor, verb).filter(left_on=None).order_by("roster_name").values_list("id", "roster_name", "team__code"))


def _people(actor: Actor, verb: str):
    return Collector.objects.filter(filter_for(actor, verb, Collector), lender=actor.lender)


def _demand(actor: Actor, verb: str) -> None:
    decision = could(actor, verb, "Collector")
    if not decision.allowed:
        from arrears.work.verbs import VERBS

        raise Forbidden(f"your roles may not {VERBS[verb].en}", f"您的角色不可{VERBS[verb].zh}", decision.policies)
