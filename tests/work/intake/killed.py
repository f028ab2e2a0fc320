"""Intakes and exports in processes of their own, killed with SIGKILL after a while.

They are forked from a process that has imported everything and done nothing: so each costs only what it does, and no thread pool of Polars, which does not outlive a fork, was begun before.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

POINTS = 3000 if os.environ.get("ARREARS_LONG_FAULTS") == "1" else 300
DONE, REFUSED = 0, 3
_TESTS = Path(__file__).resolve().parents[2]


class Runs:
    """The process that forks. begin: starts one run and gives its process id; end: waits for it and gives its exit code, negative where it was killed."""

    def __init__(self, home: Path):
        source = os.pathsep.join([str(_TESTS.parent / "src"), str(_TESTS)])
        self._process = subprocess.Popen([sys.executable, "-m", "work.intake.killed", str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": source})
        assert self._process.stdout.readline() == "ready\n"

    def __enter__(self) -> "Runs":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def _ask(self, **words: object) -> int:
        self._process.stdin.write(json.dumps(words, default=str) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def begin(self, **words: object) -> int:
        return self._ask(**words)

    def end(self, child: int) -> int:
        return self._ask(end=child)

    def whole(self, **words: object) -> float:
        """Done to its end; the seconds that it took."""
        begun = time.monotonic()
        assert self.end(self.begin(**words)) == DONE
        return time.monotonic() - begun

    def killed(self, after: float, **words: object) -> bool:
        """Whether it was killed before it ended."""
        child = self.begin(**words)
        time.sleep(after)
        os.kill(child, signal.SIGKILL)  # it is a zombie of the forking process until that waits for it, so the number is still its own
        code = self.end(child)
        assert code in (DONE, -signal.SIGKILL), code
        return code == -signal.SIGKILL


def moments(seconds: float, seed: int) -> list[float]:
    """So many moments at which to kill, spread over the time that the thing takes and a little more."""
    dice = random.Random(seed)
    return [dice.uniform(0, seconds * 1.1) for _ in range(POINTS)]


def _serve(home: Path) -> None:
    from arrears.web.settings import configure

    configure(home)
    import arrears.work.actions.export
    import arrears.work.actions.intake  # noqa: F401

    print("ready", flush=True)
    for line in sys.stdin:
        words = json.loads(line)
        if "end" in words:
            print(os.waitstatus_to_exitcode(os.waitpid(words["end"], 0)[1]), flush=True)
            continue
        child = os.fork()
        if not child:
            _do(words)
        print(child, flush=True)


def _do(words: dict) -> None:
    """One run, in the child; never returns."""
    from datetime import date

    from arrears import store
    from arrears.refusal import Refused
    from arrears.work.actions.export import export
    from arrears.work.actions.intake import open_lender, take_night
    from arrears.work.night_files import night_of

    try:
        if "limit_bytes" in words:
            import resource

            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (words["limit_bytes"],) * 2)
        if "out" in words:
            export(words["lender"], Path(words["out"]), None, words["now"])
        else:
            night = night_of(store.book_at(Path(words["book"])), date.fromisoformat(words["as_of"]))
            open_lender(night.lender, words["now"])
            is_new = take_night(night, night.lender.id, words["now"])[1]
            if "tell" in words:
                (Path(words["tell"]) / str(os.getpid())).write_text(str(is_new))
        os._exit(DONE)
    except Refused as refused:
        with suppress(OSError):  # what is printed may lie on the full disk too
            print(refused.en, file=sys.stderr, flush=True)
        os._exit(REFUSED)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
