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
MADE = """
import sys
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
from arrears.work.actions.intake import open_lender
open_lender(lender_from(store.lender_text(store.book_at(book))), terms.now())
"""
ASK = """
import json, sys
from pathlib import Path
from arrears import store
from arrears.cli import terms
from arrears.web.settings import configure
home = Path(sys.argv[1])
configure(home)
import arrears.work.actions
from arrears.work.actions.action import perform
from arrears.work.actor import ALL_TEAMS, Actor, system
from arrears.work.queries.installation import lenders
from arrears.work.queries.runs import runs
code = lenders()[0]
keeper = Actor(None, "operator", code, frozenset({"administrator"}), ALL_TEAMS, via="cli")
for verb, given in json.loads(sys.argv[2]):
    perform(keeper, verb, given, terms.now())
found, _ = runs(keeper, terms.now())
from arrears.work.queries.runs import one_run
print(json.dumps([{"id": str(one.id), "kind": one.kind, "state": one.state, "attempt": one.attempt, "told": one.told, "percent": one.percent, "log": one_run(keeper, one.id, terms.now()).log} for one in found]))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A home with a lender, whose settings.yaml names a book of 300 loans."""
    book = tmp_path_factory.mktemp("books") / "small"
    arrears("generate", "--loans", "300", "--as-of", "2026-10-31", "--out", str(book), "--lang", "en")
    with new_home() as home:
        python(MADE, str(home), str(book))
        yield home, book


def python(program: str, *words: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False, cwd=TESTS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def arrears(*words: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run([*ARREARS, *words], capture_output=True, text=True, check=False, **more)


def asked(home: Path, *calls) -> list[dict]:
    return json.loads(python(ASK, str(home), json.dumps(calls)))


def work(home: Path) -> None:
    done = arrears("runs", "work", "--home", str(home), "--once", "--lang", "en")
    assert done.returncode == 0, done.stderr


def test_a_night_its_intake_and_an_export_are_executed_in_their_order_and_say_what_they_did(house):
    home, book = house
    for kind in ("night", "intake"):
        asked(home, ("run.ask", {"kind": kind, "book": "small", "as_of": "2026-10-31"}))
    asked(home, ("run.ask", {"kind": "export", "book": "small"}))
    work(home)
    found = {one["kind"]: one for one in asked(home)}
    assert {kind: one["state"] for kind, one in found.items()} == {"night": "done", "intake": "done", "export": "done"}, found
    assert any("300" in line for line in found["night"]["log"]) and found["night"]["percent"] in (100, None)
    assert (book / "nights" / "2026-10-31" / "summary.json").is_file()


CHANGE = """
import sys
from pathlib import Path
from arrears.cli import terms
from arrears.web.settings import configure
configure(Path(sys.argv[1]))
import arrears.work.actions
from arrears.work.actions.action import perform
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.queries.installation import lenders
from arrears.work.queries.roster import roster, waiting_since
keeper = Actor(None, "operator", lenders()[0], frozenset({"administrator"}), ALL_TEAMS, via="cli")
one = next(member for team in roster(keeper, terms.now()) for member in team.members if member.is_rostered and member.left_on is None)
if len(sys.argv) > 2:
    perform(keeper, "collector.change", {"collector": one.id, "team": one.team, "owner": one.owner, "works_from": one.works_from, "cases_most": 77, "minutes_a_day": one.minutes_a_day, "languages": ["zh", "wuu"],
            "stages": one.stages, "products": one.products, "regions": one.regions, "skills": one.skills, "amount_most_minor": one.amount_most_minor}, terms.now())
print(one.roster_name, one.cases_most, waiting_since(keeper))
"""


def test_what_people_change_of_the_roster_outlives_an_intake_and_reaches_the_next_night_by_an_export(house):
    from arrears.allocation.roster_reading import roster_from

    home, book = house
    name = python(CHANGE, str(home), "change").split()[0]
    arrears("night", "--book", str(book), "--as-of", "2026-11-01", "--lang", "en")
    asked(home, ("run.ask", {"kind": "intake", "book": "small", "as_of": "2026-11-01"}))
    work(home)
    assert asked(home)[0]["state"] == "done"
    kept = python(CHANGE, str(home)).split(maxsplit=2)
    assert kept[:2] == [name, "77"] and "None" not in kept[2], "the night's own roster did not take it back"
    before = roster_from((book / "roster.yaml").read_text(encoding="utf-8"))
    asked(home, ("run.ask", {"kind": "export", "book": "small"}))
    work(home)
    after = roster_from((book / "roster.yaml").read_text(encoding="utf-8"))
    changed = next(one for one in after.collectors if one.name == name)
    assert (changed.cases_most, changed.languages) == (77, ("zh", "wuu"))
    assert [one for one in after.collectors if one.name != name] == [one for one in before.collectors if one.name != name] and after.agencies == before.agencies and after.frozen == before.frozen
    assert python(CHANGE, str(home)).split()[2] == "None"
    assert arrears("night", "--book", str(book), "--as-of", "2026-11-02", "--lang", "en").returncode == 0


def test_a_refused_run_says_why_in_both_languages(house):
    home, _ = house
    asked(home, ("run.ask", {"kind": "intake", "book": "small", "as_of": "2026-09-30"}))
    work(home)
    last = asked(home)[0]
    assert last["state"] == "refused" and len(last["told"]) == 2 and "2026-09-30" in last["told"][0] and any("\u4e00" <= sign <= "\u9fff" for sign in "".join(last["told"]))


def test_whoever_executes_is_killed_and_the_command_dies_with_it_and_the_run_is_taken_anew(house):
    home, _ = house
    asked(home, ("run.ask", {"kind": "backup"}))
    worker = subprocess.Popen([*ARREARS, "runs", "work", "--home", str(home), "--lang", "en"], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        until(lambda: next(one for one in asked(home) if one["kind"] == "backup")["state"] in ("running", "done"))
        children = child_pids(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
    until(lambda: not any(alive(pid) for pid in children))
    after = next(one for one in asked(home) if one["kind"] == "backup")
    assert after["state"] in ("running", "done"), "it stands as running until its lease is over"


def test_a_worker_that_is_told_to_stop_ends_in_an_orderly_way(house):
    home, _ = house
    worker = subprocess.Popen([*ARREARS, "runs", "work", "--home", str(home), "--lang", "en"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
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
