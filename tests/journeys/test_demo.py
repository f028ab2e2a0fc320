"""The demo as a newcomer runs it: both planes, killed in the midst and run again, and once more after what people did went into the book."""

import os
import signal
import subprocess
import sys
import time

from postgres.clusters import new_home, without_addresses

ARREARS = [sys.executable, "-c", "from arrears.cli import main; main()"]


def test_the_demo_survives_a_kill_and_what_people_did_since(tmp_path):
    book = tmp_path / "book"
    with without_addresses(), new_home() as home:
        demo = [*ARREARS, "demo", "--loans", "60", "--out", book, "--home", home, "--lang", "en"]
        first = subprocess.Popen(demo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        while first.poll() is None and not (home / "postgres").is_dir():
            time.sleep(0.02)
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        told = run(demo)
        assert "took in the night of 2026-10-31" in told and "Accounts, with passwords for one use" in told
        assert "  compliance-officer-2 " in told, "nobody approves an export that they asked for"
        assert "entries were taken in" in told and told.count("TRUE: ") == 2, "a stranger's program finds the record and one bundle true"
        run([*ARREARS, "export", "--home", home, "--out", tmp_path / "outcomes", "--book", book, "--lang", "en"])
        with_the_absences = run(demo)
        assert "took in the night of 2026-10-31" in with_the_absences and "opened" not in with_the_absences, "the roster that was written back says who is away"
        again = run(demo)
        assert "was taken in before; nothing was changed" in again and "Accounts" not in again and again.count("TRUE: ") == 2


def run(command: list) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout
