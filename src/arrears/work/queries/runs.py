"""Runs for whoever administers or audits: a list, one whole, and for whoever executes them, whether anything is due. As many queries for one as for a thousand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from arrears.days import moment_of
from arrears.work.actions.action import NOT_VISIBLE, Forbidden
from arrears.work.actor import Actor, system
from arrears.work.models import Lender, Run
from arrears.work.residuals import could
from arrears.work.run_places import Daily, books_of, mapping_files, places, waiting_files
from arrears.work.tenancy import seen_by

SIZE = 30


@dataclass(frozen=True)
class RunLine:
    """One run. percent: how far it is, None where nobody knows; seconds: how long it took, or has taken; is_silent: its lease is over and nobody took it yet."""

    id: UUID
    kind: str
    book: str | None
    parameters: dict[str, Any]
    state: str
    asked_by: str | None
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempt: int
    percent: int | None
    step: str
    seconds: int | None
    is_silent: bool
    is_stopping: bool
    log: tuple[str, ...]
    told: tuple[str, ...]
    repeats: UUID | None

    @property
    def took(self) -> str:
        """The seconds as hours, minutes and seconds, as far as there are any."""
        minutes, seconds = divmod(self.seconds or 0, 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"

    @property
    def is_over(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.ended_at is not None


@dataclass(frozen=True)
class Choices:
    """What a run may be asked of: names of books, of files that wait to be loaded, of mappings; and what the program asks for every day."""

    books: tuple[str, ...]
    files: tuple[str, ...]
    mappings: tuple[str, ...]
    daily: tuple[Daily, ...] = ()


def runs(actor: Actor, now: int, page: int = 1, *, kind: str | None = None, state: str | None = None) -> tuple[list[RunLine], bool]:
    """The runs of the lender, those asked for latest first, without their logs, and whether more follow. Raises Forbidden."""
    _demand(actor)
    first = (max(page, 1) - 1) * SIZE
    with seen_by(actor):
        rows = Run.objects.filter(lender=actor.lender, **({"kind": kind} if kind else {}), **({"state": state} if state else {}))
        found = list(rows.select_related("asked_by").defer("log").order_by("-asked_at", "id")[first:first + SIZE + 1])
    return [_line(row, now, ()) for row in found[:SIZE]], len(found) > SIZE


def one_run(actor: Actor, run: UUID, now: int) -> RunLine:
    """The run with its log. Raises Forbidden where the actor may see none, or the lender has none such."""
    _demand(actor)
    with seen_by(actor):
        found = Run.objects.filter(lender=actor.lender, pk=run).select_related("asked_by").first()
    if found is None:
        raise Forbidden(f"there is no run {run} ({NOT_VISIBLE})", f"没有任务 {run}（{NOT_VISIBLE}）", (NOT_VISIBLE,))
    return _line(found, now, tuple(found.log))


def choices(actor: Actor) -> Choices:
    """What the actor's lender may have run. Raises Forbidden, and Refused where settings.yaml cannot be read."""
    _demand(actor)
    home = settings.ARREARS[0]
    books = books_of(home, actor.lender)
    return Choices(tuple(books), tuple(waiting_files(home)), tuple(mapping_files(home)), tuple(one for one in places(home).daily if one.book is None or one.book in books))


def lenders_with_due_runs(now: int) -> list[str]:
    """The lenders of whom something waits to be executed, or was begun and is not heard of any more."""
    at, found = moment_of(now), []
    for code in sorted(Lender.objects.values_list("code", flat=True)):
        with seen_by(system(code)):
            if Run.objects.filter(Q(state="waiting") | Q(state="running", lease_until__lte=at), lender=code).exists():
                found.append(code)
    return found


def wants_stopping(lender: str, run: UUID) -> bool:
    """Whether somebody wants the run stopped."""
    with seen_by(system(lender)):
        return Run.objects.filter(lender=lender, pk=run, cancel_by__isnull=False).exists()


def _line(row: Run, now: int, log: tuple[str, ...]) -> RunLine:
    at = moment_of(now)
    ended = row.ended_at or at
    return RunLine(
        row.pk, row.kind, row.book, row.parameters, row.state, row.asked_by.name if row.asked_by else None, row.asked_at, row.started_at, row.ended_at, row.fence,
        100 * min(row.done, row.of) // row.of if row.of else None, row.step, max(int((ended - row.started_at).total_seconds()), 0) if row.started_at else None,
        row.state == "running" and row.lease_until is not None and row.lease_until <= at, row.state == "running" and row.cancel_by_id is not None, log, tuple(row.told.splitlines()), row.repeats_id)


def _demand(actor: Actor) -> None:
    if not could(actor, "run.list", "Lender").allowed:
        raise Forbidden("runs are for administrators and auditors", "任务仅供系统管理员与审计员查看", ())
