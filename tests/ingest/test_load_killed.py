"""A load that is killed: the book says what it said, or all of the load, and the next load finds nothing in its way.

Killed twice over: at every single step at which something is put on the disk or takes a name, and at moments drawn from a
seed (ARREARS_KILLS says how many) spread over the load's own duration.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import polars as pl
import pytest

from arrears import store
from arrears.ingest.loads import rows_in_force
from arrears.locks import locked
from ingest.lender_files import Lender, payment_row
from plain_books import arrears

KILLS = int(os.environ.get("ARREARS_KILLS", "12"))
SEED = 20261123
MAIN = """
import os, signal, sys
import arrears.cli, arrears.ingest.loads, arrears.ingest.sources, arrears.ingest.set_rules
steps, fatal = 0, int(os.environ.get("KILL_AT_STEP", "0"))
def counted(real):
    def step(*words, **more):
        global steps
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    return step
os.replace, os.fsync, os.rename, os.rmdir = map(counted, (os.replace, os.fsync, os.rename, os.rmdir))
print("ready", flush=True)
sys.stdin.readline()
try:
    arrears.cli.app(standalone_mode=False)
finally:
    print(steps, file=sys.stderr)
"""


@pytest.fixture
def lender(tmp_path) -> Lender:
    lender = Lender(tmp_path)
    lender.write_loans(40)
    lender.ingest()
    rows = [payment_row(f"Q{number}", number % 40 + 1, amount="1.00") for number in range(200)]
    lender.write("payments", [*rows, payment_row("bad", 1, amount="x")], "payments_2")
    return lender


def launched(lender: Lender, fatal: int = 0, words: tuple = ()) -> subprocess.Popen:
    words = words or ("ingest", lender.files / "payments_2.csv", "--mapping", lender.mapping, "--book", lender.book)
    process = subprocess.Popen([sys.executable, "-c", MAIN, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, "KILL_AT_STEP": str(fatal)})
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    process.stdin.write("begin\n")
    process.stdin.flush()
    return process


def payments_of(book: Path) -> int:
    """How many payments the book says, read as every command reads it."""
    return rows_in_force(store.book_at(book))["payments"].select(pl.len()).collect().item()


def test_a_load_killed_at_any_step_is_there_whole_or_not_at_all(lender):
    process = launched(lender)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    steps = int(error.split()[-1])
    assert steps > 8
    assert arrears("take-back", 2, "--book", lender.book).status == 0
    seen, number = set(), 2
    for fatal in range(1, steps + 1):
        process = launched(lender, fatal)
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, fatal
        ledger = store.read_ledger(store.book_at(lender.book))
        found = payments_of(lender.book)
        whole = len(ledger.in_force()) == 2
        assert found == (240 if whole else 40), f"step {fatal}"
        assert len(arrears("quarantine", "--book", lender.book, "--json").out.splitlines()) == int(whole)
        seen.add(whole)
        if whole:
            number = ledger.loads[-1]["id"]
            assert arrears("take-back", number, "--book", lender.book).status == 0
    assert False in seen
    assert "payments: new 200" in lender.ingest(lender.files / "payments_2.csv").out
    assert payments_of(lender.book) == 240
    left = {path.name for path in (lender.book / "loads").iterdir()}
    known = {f"{load['id']:04d}" for load in store.read_ledger(store.book_at(lender.book)).loads}
    assert left == known | {"ledger.json"}


def test_a_load_killed_at_any_moment_is_there_whole_or_not_at_all(lender):
    process = launched(lender)
    ready = time.monotonic()
    process.communicate(timeout=120)
    duration = max(0.2, time.monotonic() - ready)
    assert arrears("take-back", 2, "--book", lender.book).status == 0
    dice, killed = Random(SEED), 0
    while killed < KILLS:
        process = launched(lender)
        try:
            process.wait(timeout=dice.uniform(0, duration))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
        ledger = store.read_ledger(store.book_at(lender.book))
        whole = len(ledger.in_force()) == 2
        assert payments_of(lender.book) == (240 if whole else 40), f"seed {SEED}, kill {killed}"
        if whole:
            assert arrears("take-back", ledger.loads[-1]["id"], "--book", lender.book).status == 0
    assert "payments: new 200" in lender.ingest(lender.files / "payments_2.csv").out


@pytest.mark.parametrize("what", ["corrections", "a load"])
def test_taking_back_killed_at_any_moment_leaves_the_book_as_before_or_as_after_and_ends_when_run_again(lender, what):
    lender.ingest(lender.files / "payments_2.csv")
    sheet = lender.book.parent / "waits.csv"
    arrears("quarantine", "--book", lender.book, "--export", sheet)
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace(",x,", ",3.00,"), encoding="utf-8-sig")
    words = ("quarantine", "--book", lender.book, "--take-back", sheet) if what == "corrections" else ("take-back", 2, "--book", lender.book)
    kept = lender.book.parent / "kept"
    shutil.copytree(lender.book, kept)
    before, after = (240, 1), (241, 0) if what == "corrections" else (40, 0)

    def state() -> tuple[int, int]:
        return payments_of(lender.book), len(arrears("quarantine", "--book", lender.book, "--json").out.splitlines())

    def restored() -> None:
        shutil.rmtree(lender.book)
        shutil.copytree(kept, lender.book)

    assert state() == before
    process = launched(lender, words=words)
    ready = time.monotonic()
    _, error = process.communicate(timeout=120)
    duration = max(0.2, time.monotonic() - ready)
    assert process.returncode == 0 and state() == after, error
    steps, dice, seen = int(error.split()[-1]), Random(SEED), set()
    moments = [*(("step", step) for step in sorted({1, *range(max(1, steps - 2), steps + 1)})),
               *(("second", dice.uniform(0, duration)) for _ in range(4))]
    for kind, moment in moments:
        restored()
        process = launched(lender, moment if kind == "step" else 0, words)
        try:
            process.wait(timeout=moment if kind == "second" else 120)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        assert kind == "second" or process.returncode == -signal.SIGKILL, moment
        found = state()
        assert found in (before, after), (kind, moment)
        seen.add(found)
        again = arrears(*words)
        assert again.status == (2 if what == "a load" and found == after else 0), again.error
        assert state() == after
    assert before in seen
    left = {path.name for path in (lender.book / "loads").iterdir()}
    assert left == {f"{load['id']:04d}" for load in store.read_ledger(store.book_at(lender.book)).loads} | {"ledger.json"}


def test_two_loads_at_once_do_not_mix(lender):
    held = locked(store.book_at(lender.book), "loads", alone=True)
    with held:
        refused = lender.ingest(lender.files / "payments_2.csv")
    assert refused.status == 2 and "another load is running" in refused.error
    assert payments_of(lender.book) == 40
