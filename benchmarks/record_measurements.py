"""What one fresh process does with the record to be measured: `record_measurements.py NAME FOLDER [NUMBER …]` prints one line of JSON.

The commitments are SHA-256 of the numbers from 0 in eight bytes: what is measured does not depend on what they stand for, and another program's root can be held against ours.
"""

import hashlib
import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from arrears.record.append import Log
from arrears.record.signing_key import make_key, open_key

ORIGIN = "bank-a.example/record"
VERIFY = Path(__file__).parents[1] / "src/arrears/record/verify.py"
WITNESS = Path(__file__).parents[1] / "src/arrears/record/witness.py"


def commitments(start: int, stop: int) -> bytes:
    """The made-up commitments of [start, stop), one after another."""
    return b"".join(hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(start, stop))


def opened(folder: Path) -> Log:
    """The log in the folder, made where there is none, with the key to sign."""
    key = folder / "record.key"
    if key.exists():
        return Log.open(folder / "log", open_key(key))
    folder.mkdir(parents=True, exist_ok=True)
    return Log.create(folder / "log", make_key(key, ORIGIN, time.time_ns() // 1_000))


def grow(folder: Path, size: int, batch: int, small: int, rounds: int, large: int = 0) -> dict:
    """The log brought to so many entries, a checkpoint after each batch; then what an append costs at that size: `rounds` times `small` entries more, and five times `large`, each time with a checkpoint."""
    log = opened(folder)
    before, made, bulk = log.size, 0.0, 0.0
    for start in range(before, size, batch):
        begun = time.perf_counter()
        more = commitments(start, min(start + batch, size))
        made += time.perf_counter() - begun
        begun = time.perf_counter()
        log.extend(more)
        log.publish()
        bulk += time.perf_counter() - begun
    took, took_large = _appended(log, small, rounds), _appended(log, large, 5) if large else [0.0]
    log.close()
    return {"size": size, "appended": size - before, "bulk_s": bulk, "bulk_a_second": (size - before) / bulk if size > before else None,
            "small": small, "small_median_ms": took[len(took) // 2] * 1e3, "small_p95_ms": took[int(len(took) * 0.95)] * 1e3, "small_us_an_append": took[len(took) // 2] * 1e6 / small, "large": large, "large_us_an_append": took_large[len(took_large) // 2] * 1e6 / max(large, 1),
            "peak_bytes": _peak("self")}


def _appended(log: Log, count: int, rounds: int) -> list[float]:
    """Seconds of each round in which so many entries are appended and signed, the least first."""
    took = []
    for _ in range(rounds):
        more = commitments(log.size, log.size + count)
        begun = time.perf_counter()
        log.extend(more)
        log.publish()
        took.append(time.perf_counter() - begun)
    return sorted(took)


def proofs(folder: Path, count: int) -> dict:
    """Inclusion proofs of entries drawn at random, each against the newest checkpoint, each recomputed to its root by plain hashing outside of the time."""
    log = Log.open(folder / "log")
    size, chance, took = log.checkpoint().size, random.Random(7), []
    root = log.checkpoint().root
    for _ in range(count):
        index = chance.randrange(size)
        begun = time.perf_counter()
        path = log.inclusion(index, size)
        took.append(time.perf_counter() - begun)
        if _root_of(index, size, hashlib.sha256(b"\0" + commitments(index, index + 1)).digest(), path) != root:
            raise SystemExit(f"the proof of entry {index} leads to another root")
    took.sort()
    return {"size": size, "proofs": count, "median_ms": took[count // 2] * 1e3, "p99_ms": took[int(count * 0.99)] * 1e3, "most_ms": took[-1] * 1e3}


def _root_of(index: int, size: int, node: bytes, path: list[bytes]) -> bytes:
    """The root to which a leaf and its path lead. Source: RFC 9162, 2.1.3.2."""
    first, last = index, size - 1
    for other in path:
        if first & 1 or first == last:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        first, last = first >> 1, last >> 1
    return node


def root(folder: Path, count: int) -> dict:
    """The root of the first so many made-up commitments, and how long it takes to append them in one batch with a checkpoint; and one by one, each with its checkpoint, a tenth of a thousandth of them."""
    log = opened(folder)
    more = commitments(0, count)
    begun = time.perf_counter()
    log.extend(more)
    found = log.publish().root.hex()
    bulk = time.perf_counter() - begun
    log.close()
    return {"count": count, "bulk_s": bulk, "root": found}


def one_by_one(folder: Path, count: int) -> dict:
    """So many entries appended, each with a checkpoint of its own on the disk."""
    log = opened(folder)
    each = [commitments(number, number + 1) for number in range(count)]
    begun = time.perf_counter()
    for one in each:
        log.extend(one)
        log.publish()
    took = time.perf_counter() - begun
    log.close()
    return {"count": count, "s": took}


def verified(folder: Path, *_: int) -> dict:
    """The whole log checked by verify.py in a process of its own, as an auditor does it."""
    vkey = folder / "vkey"
    vkey.write_text(open_key(folder / "record.key").vkey + "\n")
    begun = time.perf_counter()
    peak = 0
    with subprocess.Popen([sys.executable, VERIFY, "log", folder / "log", "--key", vkey, "--lang", "en"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ran:
        while ran.poll() is None:
            peak = max(peak, _peak(str(ran.pid)))
            time.sleep(0.02)
        took = time.perf_counter() - begun
        said = ran.stdout.read()
    size = Log.open(folder / "log").size
    if ran.returncode or f"{size} entries" not in said:
        raise SystemExit(said[-1000:])
    lines = sum(1 for _ in (folder / "log/checkpoints").open())
    return {"size": size, "checkpoints": lines, "s": took, "peak_bytes": peak}


def _peak(process: str) -> int:
    """The most memory that a process has had, in bytes, as the system says; what it had of its parent before it began is not in it. 0 of one that is just gone."""
    try:
        said = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in said.splitlines() if line.startswith("VmHWM")), 0)


def cosigned(folder: Path, count: int) -> dict:
    """Checkpoints handed one after another over one HTTP connection to a witness that puts each on the disk before it answers."""
    log = opened(folder)
    requests = list(_submissions(log, count))
    log.close()
    state = folder / "witness"
    ask = [sys.executable, WITNESS]
    subprocess.run([*ask, "init", "--name", "witness.example", "--state", state], check=True, capture_output=True)
    subprocess.run([*ask, "trust", "--log", open_key(folder / "record.key").vkey, "--state", state], check=True, capture_output=True)
    port = _free_port()
    serving = subprocess.Popen([*ask, "serve", "--listen", f"127.0.0.1:{port}", "--state", state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        line = _connected(port)
        took = []
        for body in requests:
            begun = time.perf_counter()
            line.request("POST", "/add-checkpoint", body)
            answer = line.getresponse()
            said = answer.read()
            took.append(time.perf_counter() - begun)
            if answer.status != 200:
                raise SystemExit(f"the witness said {answer.status}: {said[:200]!r}")
    finally:
        serving.terminate()
        serving.wait(timeout=10)
    took.sort()
    return {"checkpoints": count, "a_second": count / sum(took), "median_ms": took[count // 2] * 1e3, "p99_ms": took[int(count * 0.99)] * 1e3}


def _submissions(log: Log, count: int) -> Iterator[bytes]:
    """Bodies of add-checkpoint, each from the checkpoint before it to the next. Source: C2SP tlog-witness."""
    from base64 import b64encode

    old = 0
    for turn in range(count):
        log.extend(commitments(turn * 10, turn * 10 + 10))
        new = log.publish()
        proof = [] if old == 0 else log.consistency(old, new.size)
        yield "\n".join([f"old {old}", *(b64encode(one).decode() for one in proof), "", new.note]).encode()
        old = new.size


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _connected(port: int) -> http.client.HTTPConnection:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(200):
        try:
            line.connect()
            return line
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the witness did not begin to listen")


NAMED = {function.__name__: function for function in (grow, proofs, root, one_by_one, verified, cosigned)}


if __name__ == "__main__":
    name, place, *numbers = sys.argv[1:]
    print(json.dumps(NAMED[name](Path(place), *map(int, numbers))))
