"""The leaves that transactions left behind, put into the record's log in one order, each once: the database gives the places, the files follow it.

`integrate` reads top to bottom: nobody else integrates; the log is this database's own and not ahead of it; what was placed before and the files lack is written (a run was killed, or the
log was lost: the same places give the same roots); then what waits is placed, written and published piece by piece. A leaf is placed by one statement, for good, before its commitment
is in any file: whatever a published checkpoint covers stands in the database.
Docs: docs/algorithms/record.md.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from arrears.days import microseconds_of
from arrears.record.append import Busy, Log
from arrears.record.key_change import open_log
from arrears.record.places import places_of
from arrears.refusal import Refused
from arrears.work.actions.action import perform
from arrears.work.actions.recording import RESUME
from arrears.work.actor import Actor

PIECE = 50_000
"""Leaves placed by one statement."""
PUBLISHED_EVERY = 1_000_000
"""Leaves after which a long run signs a checkpoint on its way."""
COMPARED = 1_024
"""Last entries of the log that are held against the database. A log that forked differs from the fork to its end, so one would do."""
COMMITMENT_BYTES = 32
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('arrears record integrate', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('arrears record integrate', 0))"


@dataclass(frozen=True)
class Integrated:
    """What a run did. placed: leaves that got their index; replayed: placed before, and not in the log's files; size: of the log now, all of it under a checkpoint; waited: microseconds the oldest had."""

    placed: int
    replayed: int
    size: int
    waited: int


@dataclass(frozen=True)
class Backlog:
    """waiting: leaves with no place yet; oldest_at: microseconds UTC at which the oldest of them was written, None where none waits; placed: leaves that have one."""

    waiting: int
    oldest_at: int | None
    placed: int


@dataclass(frozen=True)
class Resumed:
    """lost: entries of the log whose content is gone with the newer database; found: those whose leaf stands here all the same; and the run that followed."""

    lost: int
    found: int
    integrated: Integrated


def integrate(home: Path, now: int, report: Callable[[int], None] = lambda size: None) -> Integrated:
    """Every leaf committed before has its place, its commitment in the log of the home, and a signed checkpoint over it. now: microseconds UTC; report: told the size after each piece.

    Raises Refused where another integrator runs, the database is older than the log, or the log is another's; nothing is changed then.
    """
    with _alone(home), closing(_opened(home)) as log:
        return _integrated(home, log, now, report)


def resume(home: Path, actor: Actor, reason: str, now: int) -> Resumed:
    """After an older backup of the database was put back: the log's entries that it does not know keep their places, a leaf says which are lost, and integration goes on.

    Raises Refused where nothing is lost or the log is another's, Forbidden for who may not.
    """
    with _alone(home), closing(_opened(home)) as log:
        first = _placed()
        if log.size <= first:
            raise Refused(f"{home}: the log has {log.size} entries and the database has placed {first}: nothing is lost, so there is nothing to resume; run arrears record integrate",
                          f"{home}：存证日志有 {log.size} 条，数据库已排定 {first} 条：并无丢失，无需 resume；请运行 arrears record integrate")
        _demand_own(home, log, first)
        told = perform(actor, RESUME, {"first": first, "commitments": log.commitments(first, log.size)}, now, reason=reason)
        return Resumed(told["lost"], told["found"], _integrated(home, log, now, lambda size: None))


def backlog() -> Backlog:
    """How many leaves wait, since when, and how many are placed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), min(at) FROM work_waiting")
        waiting, oldest = cursor.fetchone()
    return Backlog(waiting, None if oldest is None else microseconds_of(oldest), _placed())


def placed_commitments(start: int, stop: int) -> bytes:
    """What the database placed from start to stop, 32 bytes each, none missing; for the log's files to be written from, by integration or anew. Raises Refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(commitment, ''::bytea ORDER BY index) FROM work_place WHERE index >= %s AND index < %s", [start, stop])
        found = bytes(cursor.fetchone()[0] or b"")
    if len(found) != COMMITMENT_BYTES * (stop - start):
        raise Refused(f"the database does not hold every place of the record from {start} to {stop}: somebody removed some; nothing was written: restore the database", f"数据库缺少存证第 {start} 至 {stop} 条中的部分位置：有人删除过；未写入任何内容：请恢复数据库")
    return found


def _integrated(home: Path, log: Log, now: int, report: Callable[[int], None]) -> Integrated:
    before, waits = _placed(), backlog()
    if log.size > before:
        raise Refused(
            f"{home}: the log has {log.size} entries, and the database knows {before}: it is older than the log (was a backup put back?). The content of {log.size - before} entries, "
            f"from number {before} on, is lost unless the newer database is found; nothing was changed: put the newer one back, or say arrears record resume, which puts down what is lost and goes on",
            f"{home}：存证日志有 {log.size} 条，而数据库仅知 {before} 条：数据库比日志旧（是否恢复了旧备份？）。除非找到较新的数据库，自第 {before} 条起的 {log.size - before} 条内容已丢失；未作任何更改："
            "请恢复较新的数据库，或运行 arrears record resume，记下所丢失的内容后继续")
    _demand_own(home, log, log.size)
    replayed, size, past, published = before - log.size, before, 0, log.size
    _written(log, before)
    placed = PIECE
    while placed == PIECE:  # a piece that is not full holds all that waited; what comes meanwhile is the next run's, so that a checkpoint is never far
        placed, past = _place(size, past)
        size += placed
        _written(log, size)
        report(size)
        if size - published >= PUBLISHED_EVERY:
            published = log.publish().size
    if published < size:
        log.publish()
    return Integrated(size - before, replayed, size, 0 if waits.oldest_at is None else max(0, now - waits.oldest_at))


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Nobody else gives places meanwhile; the lock is the connection's, so it ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if cursor.fetchone() != (True,):
            raise Busy(f"{home}: another process integrates the record at this moment; let it finish, then run again", f"{home}：另一进程正在写入存证日志；请待其完成后重试")
        try:
            yield
        finally:
            cursor.execute(_UNLOCK)


def _opened(home: Path) -> Log:
    places = places_of(home)
    return open_log(places.log, places.key)


def _placed() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM work_place")
        return cursor.fetchone()[0]


def _place(base: int, past: int) -> tuple[int, int]:
    """How many of the leaves that wait, those of numbers after `past` first, got the indexes from base on; and the last one's number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT placed, last FROM arrears_place(%s, %s, %s)", [base, PIECE, past])
        placed, last = cursor.fetchone()
    return placed, past if last is None else last


def _written(log: Log, size: int) -> None:
    """The log has all that is placed up to the size, not yet published."""
    while log.size < size:
        log.extend(placed_commitments(log.size, min(size, log.size + PIECE)))


def _demand_own(home: Path, log: Log, size: int) -> None:
    """Raises Refused unless the log's entries before `size`, the last of them, are what the database placed there."""
    start = max(0, size - COMPARED)
    ours, theirs = (placed_commitments(start, size), log.commitments(start, size)) if size else (b"", b"")
    if ours != theirs:
        wrong = start + next(at for at in range(size - start) if ours[at * COMMITMENT_BYTES:(at + 1) * COMMITMENT_BYTES] != theirs[at * COMMITMENT_BYTES:(at + 1) * COMMITMENT_BYTES])
        raise Refused(
            f"{home}: entry {wrong} of the log is not what this database placed there: the log is another database's, or one of the two was put back and went on alone. "
            "Nothing was changed; the log is not to be written over: find the pair that belongs together, and ask the witness which of them it saw",
            f"{home}：日志第 {wrong} 条与本数据库所排定的不同：该日志属于另一数据库，或其中之一被恢复后各自继续。未作任何更改；不得覆盖日志：请找出相配的一对，并向见证方查询其所见为哪一份")
