"""However often and whenever its processes are killed, and however many share one state: a witness never cosigns two roots for one size, and never goes back."""

import http.client
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from record.small_log import SmallLog, leaves, tree_hash
from record.witness_process import SOURCE, WitnessProcess, verified

KILLS = 3000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 300
_SPAWNER = """
import importlib.util, os, signal, sys
from pathlib import Path
specification = importlib.util.spec_from_file_location("witness", sys.argv[1])
witness = sys.modules["witness"] = importlib.util.module_from_spec(specification)
specification.loader.exec_module(witness)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    deadly = int(line)
    child = os.fork()
    if child == 0:
        sys.stdin.close()
        steps = iter(range(1, 1 << 30))
        def counted(true):
            def step(*arguments, **named):
                if deadly and next(steps) == deadly:
                    os.kill(os.getpid(), signal.SIGKILL)
                done = true(*arguments, **named)
                if deadly and next(steps) == deadly:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done
            return step
        if deadly:
            os.fsync, os.replace, os.open = counted(os.fsync), counted(os.replace), counted(os.open)
        server = witness.Server("127.0.0.1", 0, witness.Witness(Path(sys.argv[2])))
        print(os.getpid(), server.server_address[1], flush=True)
        server.serve_forever(poll_interval=0.5)
"""


class Spawner:
    """Serves one state by real processes that are forked from one which has read witness.py already, so that hundreds can be started and killed."""

    def __init__(self, made: WitnessProcess):
        self._process = subprocess.Popen([sys.executable, "-I", "-c", _SPAWNER, str(SOURCE), str(made.state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.alive: dict[int, int] = {}

    def start(self, deadly_step: int = 0) -> tuple[int, int]:
        """Pid and port; with a deadly step the process kills itself before or after that call to the disk."""
        self._process.stdin.write(f"{deadly_step}\n")
        self._process.stdin.flush()
        pid, port = map(int, self._process.stdout.readline().split())
        self.alive[pid] = os.pidfd_open(pid)
        return pid, port

    def kill(self, pid: int) -> None:
        """SIGKILL, and it is gone."""
        handle = self.alive.pop(pid)
        try:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], 20)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def close(self) -> None:
        """Nothing is left running."""
        for pid in list(self.alive):
            self.kill(pid)
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture
def made(tmp_path):
    """On a disk in memory where there is one: a killed process loses nothing of either, and hundreds of syncs are no part of this question."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield WitnessProcess(Path(folder) / "witness")


@pytest.fixture
def spawner(made):
    one = Spawner(made)
    yield one
    one.close()


class Answers:
    """Every cosignature that was ever received, verified; two roots for one size, or an earlier size after a later one was known to be out, end the test."""

    def __init__(self, made: WitnessProcess):
        self.made, self.roots, self.out, self.time, self._guard = made, {}, 0, 0, threading.Lock()

    def ask(self, port: int, log: SmallLog, old: int, size: int | None = None) -> tuple[int, str] | None:
        """Status and text; None where the process was killed meanwhile."""
        out, earliest = self.out, self.time
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/add-checkpoint", log.request(old, size))
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if status == 200:
            size = len(log.entries) if size is None else size
            root = tree_hash(log.entries[:size])
            seconds = verified(text.splitlines()[0], self.made.vkeys[0], log.checkpoint(size))
            with self._guard:
                assert self.roots.setdefault(size, root) == root, f"two roots for size {size}"
                assert size >= out and seconds >= earliest, f"size {size} after {out} was out"
                self.out, self.time = max(self.out, size), max(self.time, seconds)
        return status, text


def settled(answers: Answers, port: int, log: SmallLog, offered: list[SmallLog]) -> SmallLog:
    """The history that the witness holds now: the log, or the one offer that was written down before the kill."""
    status, text = answers.ask(port, log, 0)
    size = int(text)
    assert status == 409 and answers.out <= size <= len(log.entries) + 1
    if size == len(log.entries):
        return log
    holds = [one for one in offered if answers.ask(port, one, size)[0] == 200]
    assert len(holds) == 1, "one history is held, and only one"
    return holds[0]


def rivals(log: SmallLog, count: int = 3) -> list[SmallLog]:
    """Logs with one key that continue one history, each otherwise."""
    return [SmallLog([*log.entries, os.urandom(32)], log.key, log.origin) for _ in range(count)]


def begun(made: WitnessProcess, spawner: Spawner, origin: str) -> tuple[SmallLog, Answers]:
    """A log of which the witness has cosigned one entry."""
    log = SmallLog(leaves(1), origin=origin)
    answers = Answers(made.trust(log))
    pid, port = spawner.start()
    assert answers.ask(port, log, 0)[0] == 200
    spawner.kill(pid)
    return log, answers


def test_killed_at_random_moments_under_load_it_never_cosigns_two_roots_for_a_size_and_never_goes_back(made, spawner):
    seed = random.SystemRandom().randrange(1 << 30)
    dice, unheard = random.Random(seed), 0
    pid, port = spawner.start()
    for turn in range(KILLS):
        if turn % 60 == 0:
            log, answers = begun(made, spawner, f"lender.example/{turn}")
        offered, failed = rivals(log), []
        threads = [threading.Thread(target=caught, args=(failed, answers.ask, port, one, len(log.entries))) for one in offered]
        for thread in threads:
            thread.start()
        threading.Event().wait(dice.uniform(0.001, 0.02))
        spawner.kill(pid)
        for thread in threads:
            thread.join()
        heard = answers.out
        pid, port = spawner.start()
        log = settled(answers, port, log, offered)
        unheard += len(log.entries) > heard and log in offered
        assert not failed, (seed, failed)
    print(f"seed {seed}: {KILLS} kills, {unheard} times it had written what nobody heard")


def caught(failed: list[BaseException], ask, *arguments) -> None:
    try:
        ask(*arguments)
    except BaseException as problem:
        failed.append(problem)


def test_killed_before_and_after_every_single_call_to_the_disk_it_keeps_its_word(made, spawner):
    log, answers = begun(made, spawner, "lender.example/record")
    died = 0
    for step in range(1, 200):
        pid, port = spawner.start(step)
        offered = rivals(log, 2)
        first = answers.ask(port, offered[0], len(log.entries))
        spawner.kill(pid)
        died += first is None
        pid, port = spawner.start()
        assert answers.ask(port, offered[1], len(log.entries))[0] in (200, 409)
        log = settled(answers, port, log, offered)
        spawner.kill(pid)
        if first is not None:
            break
    assert first[0] == 200 and died >= 10, "every step was deadly once, until the last one was past"


def test_two_processes_on_one_state_hold_one_history(made, spawner):
    log, answers = begun(made, spawner, "lender.example/record")
    ports, failed = [spawner.start()[1] for _ in range(2)], []
    for _ in range(25):
        offered = rivals(log, 4)
        threads = [threading.Thread(target=caught, args=(failed, answers.ask, ports[place % 2], one, len(log.entries))) for place, one in enumerate(offered)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        log = settled(answers, ports[1], log, offered)
        assert len(log.entries) == len(answers.roots)
    assert made.run("status").returncode == 1 and len(made.evidence()) == 25 * 3, "each rival was kept as evidence"
