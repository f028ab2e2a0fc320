"""Processes that use a home's database, to be raced and killed: each says `ready` once its imports are done, and begins."""

import os
import signal
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
START = "postgres.ensure_running(home)"
WRITE = """
with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg(), autocommit=True) as connection:
    for number in range(int(sys.argv[2]), 10**9):
        connection.execute("insert into written values (%s)", (number,))
        print(number, flush=True)
"""


def begin(home: Path, words: str, *more: object, **options) -> subprocess.Popen:
    """A Python that runs these words with `home`, `postgres`, `psycopg` and `sys`, from the moment this returns."""
    code = f"import sys, psycopg\nfrom pathlib import Path\nfrom arrears import postgres\nhome = Path(sys.argv[1])\nprint('ready', flush=True)\nsys.stdin.read(1)\n{words}"
    started = subprocess.Popen([sys.executable, "-c", code, str(home), *map(str, more)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(SOURCE)}, **options)
    assert started.stdout.readline() == "ready\n", started.stderr.read()
    started.stdin.write("\n")
    started.stdin.flush()
    return started


def kill(process: subprocess.Popen) -> None:
    """The process is gone as by kill -9, its output at an end."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def close(process: subprocess.Popen) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()
