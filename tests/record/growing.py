"""A server that starts real processes quickly: it has imported the log once, and forks for each order on its input; and what those processes do.

    python growing.py FOLDER KEY       then lines: "grow SEED", or "step NUMBER MODE" to die at the NUMBER-th call that changes the disk (MODE: before it, or with half of it written)

For each order it prints the process id, then what the process said, line by line, and "ended STATUS". A process says "published SIZE ROOT" when publish has returned.
"""

import os
import random
import signal
import sys
from hashlib import sha256
from pathlib import Path


def grow(folder: Path, key: Path, seed: int, say) -> None:
    """Extends and publishes without end, in pieces of all sizes; also cosigns and rotates now and then."""
    from arrears.record.key_change import change_key, open_log

    dice = random.Random(seed)
    with open_log(folder, key) as log:
        while True:
            stop = log.size + dice.choice([1, 3, 20, 90, 256, 300])
            log.extend(b"".join(sha256(str(number).encode()).digest() for number in range(log.size, stop)))
            if dice.random() < 0.8:
                signed = log.publish()
                say(f"published {signed.size} {signed.root.hex()}")
                if dice.random() < 0.1:
                    change_key(log, key, 1_793_325_600_000_000)


def step(folder: Path, key: Path, number: int, mode: str, say) -> None:
    """Opens, extends across whole tiles, publishes and rotates the key, and kills itself at the number-th change of the disk, before it; or at the number-th writing, half-way."""
    from arrears.record.key_change import change_key, open_log

    left = [number]

    def fatal(call):
        def called(*given, **named):
            left[0] -= 1
            if left[0] == 0 and mode == "half":
                call(given[0], bytes(given[1])[:max(1, len(given[1]) // 2)])
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **named)
        return called

    for name in ("write",) if mode == "half" else ("write", "rename", "replace", "fsync", "ftruncate", "unlink", "rmdir", "mkdir"):
        setattr(os, name, fatal(getattr(os, name)))
    with open_log(folder, key) as log:
        log.extend(b"".join(sha256(str(one).encode()).digest() for one in range(log.size, log.size + 230)))
        signed = log.publish()
        say(f"published {signed.size} {signed.root.hex()}")
        change_key(log, key, 1_793_325_600_000_000)
        log.extend(b"".join(sha256(str(one).encode()).digest() for one in range(log.size, log.size + 40)))
        signed = log.publish()
        say(f"published {signed.size} {signed.root.hex()}")


def serve(folder: Path, key: Path) -> None:
    """Forks for each order, and says how the process ended."""
    import arrears.record.key_change  # noqa: F401

    for line in sys.stdin:
        order, *given = line.split()
        wait, go = os.pipe()
        process = os.fork()
        if process == 0:
            os.setsid()
            os.close(go)
            os.read(wait, 1)  # until the order's number was said, so that the lines come in this order
            try:
                if order == "grow":
                    grow(folder, key, int(given[0]), _say)
                else:
                    step(folder, key, int(given[0]), given[1], _say)
            except BaseException as problem:
                _say(f"failed {type(problem).__name__} {problem}".replace("\n", " "))
                os._exit(3)
            os._exit(0)
        os.close(wait)
        _say(f"process {process}")
        os.close(go)
        _, status = os.waitpid(process, 0)
        _say(f"ended {os.waitstatus_to_exitcode(status)}")


_OUT = os.dup(1)
_WRITE = os.write


def _say(text: str) -> None:
    _WRITE(_OUT, f"{text}\n".encode())


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
