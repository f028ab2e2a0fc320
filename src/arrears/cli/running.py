"""Runs asked for on the pages, executed: each as a process of its own of this very command line, beside the server (`arrears serve`) or by itself (`arrears runs work`).

Killed at any moment, the process of the run ends with it within seconds, and the run is taken anew by whoever works next, once its lease is over. Stopped in an orderly way, it puts
the run back, to be gone on with: a night goes on where it stopped, a load starts anew.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from arrears.cli import terms
from arrears.cli.terms import DEFAULT_HOME, HomeOption, LangOption
from arrears.refusal import Refused

runs = typer.Typer(no_args_is_help=True, help="Runs asked for on the pages: work. 网页提交的任务：执行。")
ARREARS = (sys.executable, "-c", "from arrears.cli import main; main()")
PAUSE_SECONDS = 1.0
_END_SECONDS = 25
_AGAIN_SECONDS = 5.0
_SAYS_AFTER = (1, 2, 4, 8)
_SAYS_EVERY = 15
"""Seconds after which a run tells how far it is: soon at first, then seldom, since each word is an entry of the log."""
_LINES_MOST = 20_000


@runs.command("work")
def work(home: HomeOption = DEFAULT_HOME, beside: Annotated[int, typer.Option(hidden=True)] = 0,
         once: Annotated[bool, typer.Option("--once", help="Do what waits, then end. 执行完现有任务后结束")] = False, lang: LangOption = None) -> None:
    """Execute runs that were asked for on the pages, one after another, until stopped. 执行网页提交的任务"""
    from arrears.cli.working import database

    with terms.refusals(lang), database(home):
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        worker = Worker(home.resolve(), terms.language(lang), stopped, beside or None)
        if not beside:
            worker.say(f"executing runs of {home}; stop with Ctrl-C", f"正在执行 {home} 的任务；按 Ctrl-C 停止")
        while not worker.is_over():
            did = worker.step()
            if once and not did:
                break
            if not did:
                stopped.wait(PAUSE_SECONDS)


@contextmanager
def runner_beside(home: Path, language: str) -> Iterator[None]:
    """A process that executes runs goes on beside the server while the block does, started anew where it was killed, and is over when the block is."""
    command = [*ARREARS, "runs", "work", "--home", str(home), "--lang", language, "--beside", str(os.getpid())]
    over, turn, running = threading.Event(), threading.Lock(), []

    def keep() -> None:
        while not over.is_set():
            with turn:
                if over.is_set():
                    return
                running[:] = [subprocess.Popen(command, stdin=subprocess.DEVNULL)]  # noqa: S603 - our own program
            running[0].wait()
            over.wait(_AGAIN_SECONDS)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        with turn:
            over.set()
        for job in running:
            job.terminate()
            try:
                job.wait(_END_SECONDS + 5)
            except subprocess.TimeoutExpired:
                job.kill()
                job.wait()
        keeper.join(_END_SECONDS)


@dataclass
class Worker:
    """Whoever executes runs of one home. beside: the process of the server that started this; where it has ended, so does this."""

    home: Path
    language: str
    stopped: threading.Event
    beside: int | None = None
    said: str = ""
    asked: set[str] = field(default_factory=set)

    def is_over(self) -> bool:
        return self.stopped.is_set() or (self.beside is not None and os.getppid() != self.beside)

    def say(self, en: str, zh: str) -> None:
        print(zh if self.language == "zh" else en, file=sys.stderr, flush=True)

    def step(self) -> bool:
        """One run is executed to its end, if any is due; whether there was one. A database that does not answer is said once, and asked again."""
        from django.db import Error, connection

        from arrears.work.actions.action import perform
        from arrears.work.actor import system
        from arrears.work.queries.runs import lenders_with_due_runs

        try:
            self.ask_daily()
            for lender in lenders_with_due_runs(terms.now()):
                taken = perform(system(lender), "run.claim", {}, terms.now())
                if taken["run"]:
                    Execution(self, lender, taken).run()
                    return True
            self.said = ""
        except (Error, Refused) as problem:
            told = problem.en if isinstance(problem, Refused) else type(problem).__name__
            if told != self.said:
                self.say(f"arrears runs: {told}; tried again", f"arrears runs：{problem.zh if isinstance(problem, Refused) else told}；将重试")
            self.said = told
            connection.close()
        return False


    def ask_daily(self) -> None:
        """What settings.yaml wants every day is asked for once its time of today is past: once a day, however many work and however often they begin anew. What is refused is said once."""
        from arrears.days import moment_of
        from arrears.work.actions.action import ZONE, perform
        from arrears.work.actor import system
        from arrears.work.queries.installation import lenders
        from arrears.work.run_places import books_of, places

        now = terms.now()
        local = moment_of(now).astimezone(ZONE)
        for one in places(self.home).daily:
            for lender in lenders():
                name = f"daily:{local:%Y%m%d}:{one.at}:{one.kind}:{one.book or '-'}:{lender}"[:120]
                if one.at > f"{local:%H:%M}" or name in self.asked or (one.book is not None and one.book not in books_of(self.home, lender)):
                    continue
                self.asked.add(name)
                given = {"kind": one.kind, **({"book": one.book} if one.book else {}), **({"as_of": (local.date() - timedelta(days=1)).isoformat()} if one.kind in ("night", "intake") else {})}
                try:
                    perform(system(lender), "run.ask", given, now, key=name)
                except Refused as refused:
                    self.say(f"arrears runs: daily {one.kind} of {one.at}: {refused.en}", f"arrears runs：每日任务 {one.at} {one.kind}：{refused.zh}")


@dataclass
class Execution:
    """One run under way."""

    worker: Worker
    lender: str
    taken: dict
    lines: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    progress: tuple[int, int, str] = (0, 0, "")
    lost: bool = False

    def run(self) -> None:
        """The command is started, listened to, and its end put down; where another took the run meanwhile, it is killed and nothing is written."""
        try:
            words = words_of(self.worker.home, self.lender, self.taken)
        except Refused as refused:
            self.lines, self.refusal = [refused.zh, refused.en], [refused.zh, refused.en]
            self._end(2)
            return
        environment = {**os.environ, "ARREARS_PROGRESS": "lines", "ARREARS_PARENT": str(os.getpid()), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen([*ARREARS, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", env=environment, start_new_session=True) as job:  # noqa: S603 - our own program
            readers = [threading.Thread(target=self._read, args=(stream, is_error), daemon=True) for stream, is_error in ((job.stdout, False), (job.stderr, True))]
            for reader in readers:
                reader.start()
            stopping = self._watch(job)
            for reader in readers:
                reader.join(_END_SECONDS)
        if not self.lost:
            self._end(job.returncode, is_stopped=stopping == "cancel", is_put_back=stopping == "over" and job.returncode != 0)

    def _watch(self, job: subprocess.Popen) -> str | None:
        """Waits for the end, telling how far it is; why it was stopped: cancel, over (the worker ends), lost; None where it ended by itself."""
        from arrears.work.queries.runs import wants_stopping

        begun, told, why = 0.0, 0, None
        while job.poll() is None:
            self.worker.stopped.wait(PAUSE_SECONDS) if not self.worker.stopped.is_set() else threading.Event().wait(0.2)
            begun += PAUSE_SECONDS
            if why is None and (told < len(_SAYS_AFTER) and begun >= _SAYS_AFTER[told] or begun >= _SAYS_AFTER[-1] + (told - len(_SAYS_AFTER) + 1) * _SAYS_EVERY):
                told += 1
                if self._report() is None:
                    why = "lost"
            if why is None:
                why = "over" if self.worker.is_over() else "cancel" if wants_stopping(self.lender, self.taken["run"]) else None
            if why is not None:
                self._stop(job, at_once=why == "lost")
                return why
        return why

    def _stop(self, job: subprocess.Popen, *, at_once: bool) -> None:
        """Asked to end as by Ctrl-C; killed where it does not."""
        os.killpg(job.pid, signal.SIGKILL if at_once else signal.SIGINT)
        try:
            job.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(job.pid, signal.SIGKILL)
            job.wait()

    def _read(self, stream, is_error: bool) -> None:
        for line in stream:
            line = line.rstrip("\n")
            if is_error and line.startswith(terms.PROGRESS):
                done, of, text = line.removeprefix(terms.PROGRESS).split("\t", 2)
                self.progress = (int(done), int(of), text)
            elif len(self.lines) < _LINES_MOST:
                self.lines.append(line)
                if is_error and (line.startswith("arrears: ") or (self.refusal and line.startswith("  "))):
                    self.refusal.append(line.removeprefix("arrears: ").strip())

    def _report(self) -> bool | None:
        """How far it is stands with the run; None where it is another's by now."""
        from arrears.work.actions.action import perform
        from arrears.work.actor import system

        done, of, step = self.progress
        try:
            perform(system(self.lender), "run.report", {"run": self.taken["run"], "fence": self.taken["fence"], "done": done, "of": of, "step": step, "lines": list(self.lines)}, terms.now())
        except Refused:
            self.lost = True
            return None
        return True

    def _end(self, exit_status: int, *, is_stopped: bool = False, is_put_back: bool = False) -> None:
        from arrears.work.actions.action import perform
        from arrears.work.actor import system

        told = {"run": self.taken["run"], "fence": self.taken["fence"], "exit_status": exit_status, "is_stopped": is_stopped, "is_put_back": is_put_back, "lines": list(self.lines), "told": "\n".join(self.refusal)}
        try:
            perform(system(self.lender), "run.end", told, terms.now())
        except Refused:
            self.lost = True


def words_of(home: Path, lender: str, taken: dict) -> list[str]:
    """The words of the command line for a run. Raises Refused where a book or file that was there when it was asked for is not there any more."""
    from arrears.work.run_places import book_named, mapping_files, places, waiting_files, within

    kind, said, lang = taken["kind"], taken["parameters"], ["--lang", taken["language"]]
    book = str(book_named(home, lender, taken["book"]).root) if taken["book"] else None
    of_book, of_home = ["--book", book], ["--home", str(home)]
    if kind == "ingest":
        found = places(home)
        files = [str(within(found.incoming, name, waiting_files(home))) for name in said["files"]]
        mapping = str(within(found.mappings, said["mapping"], mapping_files(home)))
        return ["ingest", "--mapping", mapping, *of_book, "--mode", said["mode"], "--threshold", said["threshold"], *lang, "--", *files]
    if kind == "corrections":
        return ["quarantine", *of_book, "--take-back", str(within(places(home).incoming, said["files"][0], waiting_files(home))), *lang]
    if kind == "take_back":
        return ["take-back", *of_book, *lang, "--", str(said["load"])]
    if kind == "night":
        return ["night", *of_book, "--as-of", said["as_of"], *(["--again"] if said.get("again") else []), *lang]
    if kind == "intake":
        return ["intake", *of_book, "--as-of", said["as_of"], "--lender", lender, *of_home, *lang]
    if kind == "export":
        return ["export", "--out", str(home / "outcomes" / taken["run"]), "--lender", lender, *(of_book if book else []), *of_home, *lang]
    if kind == "retention":
        return ["retention", "run", "--lender", lender, *(["--apply"] if said.get("apply") else []), *of_home, *lang]
    return ["db", "backup", *of_home, *lang]
