"""Runs executed for real: by `arrears runs work` in a home of its own, on a small made-up book; killed, cancelled, refused."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postgres.clusters import new_home

ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]
TESTS = Path(__file__).parents[1]
CLERK = """
import json, sys
from pathlib import Path
from arrears import postgres, store
from arrears.law.lender import lender_from
from arrears.vault.vault import init_vault
from arrears.web.settings import configure
from arrears.web.upgrade import upgrade
from arrears.cli import terms
home, book = Path(sys.argv[1]), Path(sys.argv[2])
postgres.ensure_running(home)
upgrade(home)
init_vault(home, terms.now())[0].close()
(home / "settings.yaml").write_text(f"runs: {{books: {{small: {book}}}}}\\n")
configure(home)
import arrears.work.actions
from arrears.work.actions.action import perform
from arrears.work.actions.intake import open_lender
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.queries.installation import lenders
from arrears.work.queries.roster import roster, waiting_since
from arrears.work.queries.runs import one_run, runs
open_lender(lender_from(store.lender_text(store.book_at(book))), terms.now())
keeper = Actor(None, "operator", lenders()[0], frozenset({"administrator"}), ALL_TEAMS, via="cli")

def told():
    found, _ = runs(keeper, terms.now())
    return [{"id": str(one.id), "kind": one.kind, "state": one.state, "attempt": one.attempt, "told": one.told, "percent": one.percent, "log": one_run(keeper, one.id, terms.now()).log} for one in found]

def first(*, is_changed):
    one = next(member for team in roster(keeper, terms.now()).teams for member in team.members if member.is_rostered and member.left_on is None)
    if is_changed:
        perform(keeper, "collector.change", {"collector": one.id, "team": one.team, "owner": one.owner, "works_from": one.works_from, "cases_most": 77, "minutes_a_day": one.minutes_a_day, "languages": ["zh", "wuu"],
                "stages": one.stages, "products": one.products, "regions": one.regions, "skills": one.skills, "amount_most_minor": one.amount_most_minor}, terms.now())
    return [one.roster_name, one.cases_most, str(waiting_since(keeper))]

print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    calls, of_roster = json.loads(line)
    for verb, given in calls:
        perform(keeper, verb, given, terms.now())
    print(json.dumps(told() if of_roster is None else first(is_changed=of_roster), default=str), flush=True)
"""
"""Makes the home, then asks for runs and tells of them, a line a question: one process for all questions, since each would take seconds to begin."""


class House:
    """A home with a lender, whose settings.yaml names a book of 300 loans, and the clerk who asks there."""

    def __init__(self, home: Path, book: Path):
        self.home, self.book = home, book
        self.clerk = subprocess.Popen([sys.executable, "-c", CLERK, str(home), str(book)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TESTS)
        assert self._answer() == "ready"

    def asked(self, *calls) -> list[dict]:
        """What is asked for is; then all runs, those asked for last first."""
        return self._ask(calls, None)

    def first_collector(self, *, is_changed: bool = False) -> list:
        """Name, limit of cases and since when changes wait, of one collector; the limit is made another where it is to be changed."""
        return self._ask([], is_changed)

    def work(self) -> None:
        """Everything that waits is executed."""
        done = arrears("runs", "work", "--home", str(self.home), "--once", "--lang", "en")
        assert done.returncode == 0, done.stderr

    def _ask(self, calls, of_roster):
        self.clerk.stdin.write(json.dumps([calls, of_roster]) + "\n")
        self.clerk.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.clerk.stdout.readline()
        assert line, f"the clerk ended with {self.clerk.wait()}"
        return json.loads(line)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    book = tmp_path_factory.mktemp("books") / "small"
    arrears("generate", "--loans", "300", "--as-of", "2026-10-31", "--out", str(book), "--lang", "en")
    with new_home() as home:
        made = House(home, book)
        try:
            yield made
        finally:
            made.clerk.stdin.close()
            made.clerk.wait()


@pytest.fixture(scope="module")
def first_day(house) -> dict[str, dict]:
    """A night, its intake and an export asked for, and an intake of a day of which there is no night; executed. The runs by kind, the refused one under its state."""
    for kind in ("night", "intake"):
        house.asked(("run.ask", {"kind": kind, "book": "small", "as_of": "2026-10-31"}))
    house.asked(("run.ask", {"kind": "export", "book": "small"}), ("run.ask", {"kind": "intake", "book": "small", "as_of": "2026-09-30"}))
    house.work()
    last, *others = house.asked()
    return {"last": last, **{one["kind"]: one for one in others}}


def arrears(*words: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run([*ARREARS, *words], capture_output=True, text=True, check=False, **more)


def test_a_night_its_intake_and_an_export_are_executed_in_their_order_and_say_what_they_did(house, first_day):
    found = {kind: one for kind, one in first_day.items() if kind != "last"}
    assert {kind: one["state"] for kind, one in found.items()} == {"night": "done", "intake": "done", "export": "done"}, found
    assert any("300" in line for line in found["night"]["log"]) and found["night"]["percent"] in (100, None)
    assert (house.book / "nights" / "2026-10-31" / "summary.json").is_file()


def test_a_refused_run_says_why_in_both_languages(first_day):
    last = first_day["last"]
    assert last["state"] == "refused" and len(last["told"]) == 2 and "2026-09-30" in last["told"][0] and any("\u4e00" <= sign <= "\u9fff" for sign in "".join(last["told"]))


def test_what_people_change_of_the_roster_outlives_an_intake_and_reaches_the_next_night_by_an_export(house, first_day):
    from arrears.allocation.roster_reading import roster_from

    file = house.book / "roster.yaml"
    name, *_ = house.first_collector(is_changed=True)
    arrears("night", "--book", str(house.book), "--as-of", "2026-11-01", "--lang", "en")
    house.asked(("run.ask", {"kind": "intake", "book": "small", "as_of": "2026-11-01"}))
    house.work()
    assert house.asked()[0]["state"] == "done"
    kept = house.first_collector()
    assert kept[:2] == [name, 77] and kept[2] != "None", "the night's own roster did not take it back"
    before = roster_from(file.read_text(encoding="utf-8"))
    house.asked(("run.ask", {"kind": "export", "book": "small"}))
    house.work()
    after = roster_from(file.read_text(encoding="utf-8"))
    changed = next(one for one in after.collectors if one.name == name)
    assert (changed.cases_most, changed.languages) == (77, ("zh", "wuu"))
    assert [one for one in after.collectors if one.name != name] == [one for one in before.collectors if one.name != name] and after.agencies == before.agencies and after.frozen == before.frozen
    assert house.first_collector()[2] == "None"
    assert arrears("night", "--book", str(house.book), "--as-of", "2026-11-02", "--lang", "en").returncode == 0


def test_whoever_executes_is_killed_and_the_command_dies_with_it_and_the_run_is_taken_anew(house):
    house.asked(("run.ask", {"kind": "backup"}))
    worker = subprocess.Popen([*ARREARS, "runs", "work", "--home", str(house.home), "--lang", "en"], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        until(lambda: next(one for one in house.asked() if one["kind"] == "backup")["state"] in ("running", "done"))
        children = child_pids(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
    until(lambda: not any(alive(pid) for pid in children))
    after = next(one for one in house.asked() if one["kind"] == "backup")
    assert after["state"] in ("running", "done"), "it stands as running until its lease is over"


def test_a_worker_that_is_told_to_stop_ends_in_an_orderly_way(house):
    worker = subprocess.Popen([*ARREARS, "runs", "work", "--home", str(house.home), "--lang", "en"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert "executing runs" in worker.stderr.readline()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0


def test_a_command_ends_by_itself_where_whoever_runs_it_has_ended():
    program = "import subprocess, sys, os, time\np = subprocess.Popen([sys.executable, '-c', 'import sys; sys.argv=[\"arrears\", \"runs\", \"work\", \"--home\", \"/nowhere\"]; import arrears.cli as c; c.app = lambda: __import__(\"time\").sleep(60); c.main()'], env={**os.environ, 'ARREARS_PARENT': str(os.getpid())})\nprint(p.pid, flush=True)\ntime.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    until(lambda: not alive(child))


def until(holds, seconds: float = 120) -> None:
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds
        time.sleep(0.2)


def child_pids(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[1]) == pid:
            found.append(int(path.parent.name))
    return found


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
