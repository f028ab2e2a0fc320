"""Runs: asked for and cancelled by people; taken, reported and ended by whoever executes them, who holds a lease and a fence.

A run is taken by one alone (FOR UPDATE SKIP LOCKED, and a constraint of the table for its book). Whoever took it says every so often how far it is, which prolongs the lease. Nothing
heard until lease_until: it may be taken anew, with a higher fence, and whoever had it before can write nothing of it any more. After ATTEMPTS_MOST it is left as interrupted.
Docs: docs/guides/administration.md, Runs.
"""

import re
from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID

import pydantic
from django.conf import settings
from django.db.models import Max, Q

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.models import Account, Lender, Run
from arrears.work.run_places import book_named, mapping_files, places, waiting_files, within

LEASE = timedelta(seconds=60)
ATTEMPTS_MOST = 3
LINES_FIRST, LINES_LAST, LINE_MOST, TOLD_MOST = 100, 300, 400, 4_000
OF_A_BOOK = ("ingest", "night", "intake", "export", "take_back", "corrections")
"""Kinds that are of one book, and of which therefore one at a time goes on in it; an export may be of none."""
ENDED = ("done", "refused", "failed", "cancelled", "interrupted")
Name = Annotated[str, pydantic.Field(max_length=200)]
_SHARE = re.compile(r"(100|\d{1,2})(\.\d{1,4})?%")
_LONG_NUMBER = re.compile(r"\d{11,}[\dXx]?")
_BLOT = "•••"


@action("run.ask", on="lender")
def ask_run(doing: Doing, lender: Lender, *, kind: Literal["ingest", "night", "intake", "export", "retention", "backup", "take_back", "corrections"], book: Name | None = None, as_of: date | None = None,
            again: bool = False, files: list[Name] | None = None, mapping: Name | None = None, mode: Literal["delta", "correction", "snapshot"] = "delta", threshold: Name = "1%", apply: bool = False,
            load: Annotated[int, pydantic.Field(ge=1, le=10**6)] | None = None, repeats: UUID | None = None) -> dict:
    """The run waits to be executed. Raises Refused for a book, file or mapping that settings.yaml does not give this lender, a day that is needed and missing or not over, and for what waits already."""
    home = settings.ARREARS[0]
    said: dict = {}
    if kind in OF_A_BOOK and not (kind == "export" and not book):
        _demand(bool(book), "name the book", "请指明账册")
        book_named(home, lender.code, book)
    else:
        book = None
    if kind in ("night", "intake"):
        _demand(as_of is not None, "name the business day", "请指明业务日期")
        _demand(as_of <= doing.today, f"the day {as_of} is not over yet", f"{as_of} 尚未结束")
        said = {"as_of": as_of.isoformat(), **({"again": again} if kind == "night" else {})}
    if kind == "ingest":
        _demand(bool(files) and bool(mapping), "choose files to load and their mapping", "请选择要装载的文件及其映射")
        _demand(_SHARE.fullmatch(threshold) is not None, "the share that may go to quarantine is written as 1% or 0.5%, up to 100%", "隔离上限请写成 1% 或 0.5%，不超过 100%")
        for name in files:
            within(places(home).incoming, name, waiting_files(home))
        within(places(home).mappings, mapping, mapping_files(home))
        said = {"files": sorted(set(files)), "mapping": mapping, "mode": mode, "threshold": threshold}
    if kind == "corrections":
        _demand(bool(files) and len(files) == 1, "choose the file with the corrected records", "请选择已更正记录的文件")
        within(places(home).incoming, files[0], waiting_files(home))
        said = {"files": files}
    if kind == "retention":
        said = {"apply": apply}
    if kind == "take_back":
        _demand(load is not None, "name the load to take back", "请指明要撤回的装载编号")
        said = {"load": load}
    _alone(lender)
    if waiting := Run.objects.filter(lender=lender.code, kind=kind, book=book, parameters=said, state__in=("waiting", "running")).first():
        raise Refused(f"the same run was asked for already and has not ended ({waiting.id}); nothing was added", f"相同的任务已提交且尚未结束（{waiting.id}）；未重复提交")
    last = Run.objects.filter(lender=lender.code).aggregate(last=Max("asked_at"))["last"]
    asked_at = doing.now if last is None or last < doing.now else last + timedelta(microseconds=1)  # runs asked for at one moment keep their order
    asker = Account.objects.filter(pk=doing.actor.account).first()
    earlier = Run.objects.filter(lender=lender.code, pk=repeats).first() if repeats else None
    made = Run.objects.create(lender=lender.code, kind=kind, book=book, parameters=said, asked_by=asker, asked_at=asked_at, language=asker.language if asker else "zh", repeats=earlier)
    return {"run": made.id}


@action("run.cancel", on="lender")
def cancel_run(doing: Doing, lender: Lender, *, run: UUID) -> dict:
    """A run that waits, or of which nothing is heard any more, is cancelled; one that goes on is told to stop, and ends soon. Raises Refused where it has ended."""
    found = _run(lender, run)
    if found.state not in ("waiting", "running"):
        raise Refused("this run has ended already; nothing was changed", "该任务已经结束；未作任何更改")
    found.cancel_by_id = doing.actor.account
    if found.state == "waiting" or (found.lease_until is not None and found.lease_until <= doing.now):
        found.state, found.ended_at, found.lease_until = "cancelled", doing.now, None
    found.save(update_fields=["cancel_by", "state", "ended_at", "lease_until"])
    return {"state": found.state}


@action("run.claim", on="lender")
def claim_run(doing: Doing, lender: Lender) -> dict:
    """The run that waited longest is the caller's, with a lease and a new fence; of a book in which another goes on none is. The answer's run is null where nothing is to be done."""
    _alone(lender)
    due = Run.objects.select_for_update(skip_locked=True, of=("self",)).filter(Q(state="waiting") | Q(state="running", lease_until__lte=doing.now), lender=lender.code)
    for run in due.order_by("asked_at", "id")[:50]:
        if run.state == "running" and (run.fence >= ATTEMPTS_MOST or run.cancel_by_id):
            run.state, run.ended_at, run.lease_until = ("cancelled" if run.cancel_by_id else "interrupted"), doing.now, None
            run.save(update_fields=["state", "ended_at", "lease_until"])
            continue
        if run.book and Run.objects.filter(lender=lender.code, book=run.book, state="running").exclude(pk=run.pk).exists():
            continue
        run.state, run.fence, run.lease_until, run.started_at = "running", run.fence + 1, doing.now + LEASE, doing.now
        run.done, run.of, run.step, run.log, run.told = 0, 0, "", [], ""
        run.save(update_fields=["state", "fence", "lease_until", "started_at", "done", "of", "step", "log", "told"])
        return {"run": run.id, "fence": run.fence, "kind": run.kind, "book": run.book, "parameters": run.parameters, "language": run.language}
    return {"run": None}


@action("run.report", on="lender", personal=("step", "lines"))
def report_run(doing: Doing, lender: Lender, *, run: UUID, fence: int, done: int = 0, of: int = 0, step: str = "", lines: list[str] | None = None) -> dict:
    """How far the run is stands with it, and its lease begins anew; the answer says whether somebody wants it stopped. Raises Refused where another has taken it, or it has ended."""
    found = _held(lender, run, fence)
    found.done, found.of, found.step, found.lease_until = max(done, 0), max(of, 0), clean(step)[:200], doing.now + LEASE
    found.log = kept_lines(lines or [])
    found.save(update_fields=["done", "of", "step", "log", "lease_until"])
    return {"is_to_stop": found.cancel_by_id is not None}


@action("run.end", on="lender", personal=("lines", "told"))
def end_run(doing: Doing, lender: Lender, *, run: UUID, fence: int, exit_status: int, is_stopped: bool = False, is_put_back: bool = False, lines: list[str] | None = None, told: str = "") -> dict:
    """The run has ended: done (0), refused (2), failed, or cancelled where somebody wanted that; put back, it waits to be taken anew. Raises Refused where another has taken it."""
    found = _held(lender, run, fence)
    found.log, found.told, found.exit_status, found.lease_until = kept_lines(lines or []), clean(told)[:TOLD_MOST], exit_status, None
    if is_put_back and not found.cancel_by_id:
        found.state, found.fence = "waiting", found.fence - 1
    else:
        found.state = "cancelled" if (is_stopped or found.cancel_by_id) and exit_status != 0 else {0: "done", 2: "refused"}.get(exit_status, "failed")
        found.ended_at = doing.now
        found.done = found.of if found.state == "done" else found.done
    found.save(update_fields=["log", "told", "exit_status", "lease_until", "state", "ended_at", "done", "fence"])
    return {"state": found.state}


@action("quarantine.fetch", on="lender")
def fetch_quarantine(doing: Doing, lender: Lender, *, book: Name, rule: Name | None = None, load: Annotated[int, pydantic.Field(ge=1, le=10**6)] | None = None) -> dict:
    """It stands that the records in quarantine were fetched for correction; the file itself is made by whoever calls this. Raises Refused for a book that is not the lender's."""
    book_named(settings.ARREARS[0], lender.code, book)
    return {}


def clean(text: str) -> str:
    """The text without control signs, and without any number as long as a telephone's, a card's or an ID's."""
    return _LONG_NUMBER.sub(_BLOT, "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text))


def kept_lines(lines: list[str]) -> list[str]:
    """The first and the last lines, cleaned and cut, with a word on how many are left out between them."""
    if len(lines) > LINES_FIRST + LINES_LAST:
        lines = [*lines[:LINES_FIRST], f"… {len(lines) - LINES_FIRST - LINES_LAST:,} …", *lines[-LINES_LAST:]]
    return [clean(line)[:LINE_MOST] for line in lines]


def _demand(holds: bool, en: str, zh: str) -> None:
    if not holds:
        raise Refused(f"{en}; nothing was asked for", f"{zh}；未提交任务")


def _run(lender: Lender, run: UUID) -> Run:
    found = Run.objects.select_for_update(of=("self",)).filter(lender=lender.code, pk=run).first()
    if found is None:
        raise Refused("there is no such run of this lender", "本机构没有该任务")
    return found


def _held(lender: Lender, run: UUID, fence: int) -> Run:
    found = _run(lender, run)
    if found.state != "running" or found.fence != fence:
        raise Refused(f"run {run}: it has ended, or another has taken it; nothing was changed", f"任务 {run}：已结束或已由他人接手；未作任何更改")
    return found


def _alone(lender: Lender) -> None:
    """Nobody else asks for or takes a run of the lender meanwhile."""
    Lender.objects.select_for_update(no_key=True).get(code=lender.code)
