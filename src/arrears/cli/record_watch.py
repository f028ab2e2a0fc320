"""The record's job: integrate every second, ask the witnesses, look at everything again; by itself (`arrears record watch`) or beside the server (`arrears serve`).

It never ends by a fault: what goes wrong is said once, stands in the alerts where it is of the record, and is tried again. It ends cleanly by SIGTERM or Ctrl-C, and by itself
within seconds where the server beside which it runs has ended, however that ended.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arrears.cli import record_words, terms
from arrears.cli.record_keeping import demand_log, newest, stamped, witnessed
from arrears.record.append import Busy
from arrears.record.limits import Limits, read_limits
from arrears.record.monitor import Finding, Waiting, look, read_place
from arrears.record.monitor_words import halted_words
from arrears.record.places import places_of
from arrears.record.settings import RecordSettings, read_settings
from arrears.refusal import Refused

_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE = 300
_END_SECONDS = 20
_AGAIN_SECONDS = 5.0
_ROUNDS_BUSY = 30
"""So many rounds may another process have the log before that is said: somebody runs `arrears record integrate` now and then."""
_ARREARS = (sys.executable, "-c", "from arrears.cli import main; main()")


@dataclass
class _Job:
    """What the job remembers from round to round: the size each witness has cosigned, when each is asked again, what was said last of each kind of trouble; who is asked just now."""

    home: Path
    language: str
    shown: dict[str, int] = field(default_factory=dict)
    again_at: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    stamped_at: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    asking: threading.Thread | None = None

    def say(self, en: str, zh: str) -> None:
        print(zh if self.language == "zh" else en, file=sys.stderr, flush=True)

    def trouble(self, kind: str, en: str | None, zh: str = "") -> None:
        """Says it, unless it was said last of this kind; None: it is over."""
        if en is None:
            if self.said.pop(kind, None) is not None:
                self.say(f"arrears record: {kind}: goes on again", f"arrears record：{kind}：已恢复")
        elif self.said.get(kind) != en:
            self.said[kind] = en
            self.say(f"arrears record: {kind}: {en}", f"arrears record：{kind}：{zh}")


def run(home: Path, language: str, beside: int | None = None) -> None:
    """Works until it is told to stop, or until the process beside which it runs has ended. Raises Refused where there is no log, or another job of this home runs and it is not beside a server."""
    demand_log(home)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    job = _Job(home, language)
    with _alone(home, job, stopped, beside) as is_ours:
        if is_ours:
            if beside is None:
                job.say(f"watching the record of {home}; stop with Ctrl-C", f"正在维护 {home} 的存证；按 Ctrl-C 停止")
            while not stopped.is_set() and not _is_left(beside):
                step(job, terms.now())
                stopped.wait(_PAUSE_SECONDS)
    if beside is None:
        job.say("stopped", "已停止")


def step(job: _Job, now: int) -> None:
    """One round. What goes wrong in one part does not keep the others from being done; witnesses and authorities are asked beside, and nobody waits for their answers."""
    settings, limits = _guarded(job, "settings.yaml", lambda: (read_settings(job.home), read_limits(job.home))) or (RecordSettings(), Limits())
    _guarded(job, "integrate", lambda: _integrate(job, now))
    if job.asking is None or not job.asking.is_alive():
        job.asking = threading.Thread(target=_outside, args=(job, settings, limits, now), daemon=True)
        job.asking.start()
    _guarded(job, "monitor", lambda: _look(job, settings, limits, now))


def _outside(job: _Job, settings: RecordSettings, limits: Limits, now: int) -> None:
    """Those outside are asked for what is due."""
    _guarded(job, "witnesses", lambda: _ask(job, settings, now))
    _guarded(job, "stamps", lambda: _stamp(job, settings, limits, now))


@contextmanager
def beside_server(home: Path, language: str) -> Iterator[bool]:
    """The job runs beside the server while the block does, started anew where it was killed, and is over when the block is. False where the home keeps no record yet: the job begins when it does."""
    command = [*_ARREARS, "record", "watch", "--home", str(home), "--lang", language, "--beside", str(os.getpid())]
    over, turn = threading.Event(), threading.Lock()
    running: list[subprocess.Popen] = []
    places = places_of(home)

    def start() -> bool:
        """A log that was watched before is one, whatever file of it is gone: that is to be told."""
        with turn:
            if not over.is_set() and ((places.log / "checkpoint").exists() or read_place(places).vkey):
                running[:] = [_started(command)]
        return bool(running)

    def keep() -> None:
        while not over.is_set():
            if running:
                running[0].wait()
            if not over.wait(_AGAIN_SECONDS):
                start()

    is_recorded = start()
    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield is_recorded
    finally:
        with turn:
            over.set()
        for job in running:
            job.terminate()
            try:
                job.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                job.kill()
                job.wait()
        keeper.join(_END_SECONDS)


def _started(command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program


def _integrate(job: _Job, now: int) -> None:
    from arrears.work.recording import integrate

    integrate(job.home, now)


def _ask(job: _Job, settings: RecordSettings, now: int) -> None:
    """Witnesses that have something new to cosign, or failed some time ago; the pauses of one that fails grow to five minutes."""
    size = newest(job.home).size
    due = {one.name for one in settings.witnesses if one.url and size > job.shown.get(one.name, 0) and now >= job.again_at.get(one.name, 0)}
    for one in witnessed(job.home, now, due) if due else ():
        if one.is_done:
            job.shown[one.name] = size
            job.settled.append(f"fork:{one.name}")
            job.failures.pop(one.name, None)
            job.trouble(one.name, None)
        else:
            job.failures[one.name] = job.failures.get(one.name, 0) + 1
            job.again_at[one.name] = now + min(_LONGEST_PAUSE, 2 ** job.failures[one.name]) * 1_000_000
            job.trouble(one.name, one.en, one.zh)


def _stamp(job: _Job, settings: RecordSettings, limits: Limits, now: int) -> None:
    """A checkpoint that grew is stamped once in so many hours by every authority of the settings; one that failed is asked again after some minutes."""
    folder = places_of(job.home).log / "stamps"
    for place, one in enumerate(settings.stamps):
        name = f"stamp:{place}"
        last = max((path.stat().st_mtime_ns // 1000 for path in folder.glob("*.tsr")), default=0) if name not in job.stamped_at else job.stamped_at[name]
        size = newest(job.home).size
        if size and size > job.shown.get(name, 0) and now - last >= limits.stamp_hours * 3_600_000_000 and now >= job.again_at.get(name, 0):
            job.again_at[name] = now + _LONGEST_PAUSE * 1_000_000
            try:
                stamped(job.home, one.url, one.certificate, now)
            except Refused as problem:
                job.trouble(one.url, problem.en, problem.zh)
            else:
                job.stamped_at[name], job.shown[name] = now, size
                job.trouble(one.url, None)


def _look(job: _Job, settings: RecordSettings, limits: Limits, now: int) -> None:
    from arrears.work.recording import backlog

    waits, settled = backlog(), [job.settled.pop() for _ in range(len(job.settled))]
    reported = [Finding("integrate", "backlog", *halted_words(*job.refused["integrate"]))] if "integrate" in job.refused else []
    done = look(places_of(job.home), now, limits, Waiting(waits.waiting, waits.oldest_at), witnesses=settings.witnesses, settled=[*settled, "integrate"], reported=reported)
    said = [[one for one in several if one.key != "integrate"] for several in (done.raised, done.cleared)]
    for line in record_words.alert_lines(*said, job.language, job.home):
        print(line, file=sys.stderr, flush=True)


def _guarded(job: _Job, kind: str, does):
    """What it gives; where it fails that is said, once as long as it is the same, and None."""
    from django.db import Error, connection

    try:
        found = does()
    except Refused as problem:
        job.busy[kind] = job.busy.get(kind, 0) + 1
        if not isinstance(problem, Busy) or job.busy[kind] > _ROUNDS_BUSY:
            job.trouble(kind, problem.en, problem.zh)
            job.refused[kind] = (problem.en, problem.zh)
        return None
    except (Error, OSError) as problem:
        told = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
        job.trouble(kind, f"{told}; tried again", f"{told}；将重试")
        if isinstance(problem, Error):
            connection.close()
        return None
    except Exception:
        told = traceback.format_exc()
        job.trouble(kind, f"a defect of the program; the rest goes on\n{told}", f"程序缺陷；其余继续\n{told}")
        connection.close()
        return None
    job.busy.pop(kind, None)
    job.refused.pop(kind, None)
    job.trouble(kind, None)
    return found


@contextmanager
def _alone(home: Path, job: _Job, stopped: threading.Event, beside: int | None) -> Iterator[bool]:
    """Nobody else watches this home; beside a server one waits for that. False where it was stopped meanwhile. Raises Refused."""
    folder = places_of(home).alerts.parent
    handle = os.open(folder / "watch.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                job.trouble("watch", None)
                break
            except BlockingIOError:
                if beside is None:
                    raise Refused(f"{home}: another arrears record watch, or the one beside arrears serve, watches this record already", f"{home}：已有 arrears record watch 或 arrears serve 在维护该存证") from None
                job.trouble("watch", "another arrears record watch works on this record; this one waits", "已有另一进程在维护该存证；本进程等待")
                if stopped.wait(_PAUSE_SECONDS) or _is_left(beside):
                    yield False
                    return
        yield True
    finally:
        os.close(handle)


def _is_left(beside: int | None) -> bool:
    """Whether the server that started this has ended: whoever lost its parent has another."""
    return beside is not None and os.getppid() != beside
