"""Files with damaged bytes end in a load that the file justifies or in a sentence; never in a trace, a hang or half a load.

Every case runs in a process that is watched, so that one which takes the interpreter with it is seen. ARREARS_LONG=1
runs thousands (a quarter of an hour), ARREARS_CASES says how many; ARREARS_SEED moves the seeds.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

import polars as pl
import pytest

from ingest import broken_bytes
from plain_books import arrears, frame_of, loan

LONG = os.environ.get("ARREARS_LONG") == "1"
FIRST = int(os.environ.get("ARREARS_SEED", "1"))
CASES = int(os.environ.get("ARREARS_CASES", "3000" if LONG else "180"))
SECONDS = 60
"""How long one case may take, the start of the process included."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A book of three loans."""
    folder = tmp_path_factory.mktemp("sound")
    frame_of("loans", [loan(f"L{number}", principal_minor=0) for number in (1, 2, 3)]).write_parquet(folder / "loans.parquet")
    (folder / "mapping.yaml").write_text("mapping: base\nsources: [{source: l, tables: {loans: as_is}}]\n")
    ran = arrears("ingest", folder / "loans.parquet", "--mapping", folder / "mapping.yaml", "--book", folder / "book")
    assert ran.status == 0, ran.error
    return folder / "book"


def outcomes(sound: Path, first: int, end: int) -> list[dict]:
    """What became of each case; a process that dies or hangs costs its case, and the next goes on."""
    told: list[dict] = []
    while first < end:
        process = subprocess.Popen([sys.executable, "-m", "ingest.broken_bytes", str(sound), str(first), str(end)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])})
        lines: Queue = Queue()
        threading.Thread(target=lambda process=process, lines=lines: [lines.put(line) for line in process.stdout], daemon=True).start()
        seed = first
        try:
            while first < end:
                said = json.loads(lines.get(timeout=SECONDS))
                seed = said.get("begins", seed)
                if "kind" in said:
                    told.append(said)
                    first = said["seed"] + 1
        except Empty:
            died = process.poll()
            told.append({"seed": seed, "kind": broken_bytes.case_of(seed)[0], "trace": f"exit status {died}" if died is not None else "hangs"})
            first = seed + 1
        finally:
            process.kill()
            process.communicate()
    return told


def fault_of(case: dict) -> str | None:
    """What is wrong with the outcome of a case; None where it is as it must be."""
    if "trace" in case:
        return case["trace"]
    if case["status"] not in (0, 2) or case["book"] != 0 or case["left"]:
        return f"exit status {case['status']}, arrears book {case['book']}, left behind: {case['left']}"
    if case["status"] == 2:
        if not case["same"]:
            return "refused, and the book has changed"
        lines = case["error"].splitlines()
        is_said = len(lines) == 2 and lines[0].startswith("arrears: ") and len(lines[0]) > 30 and any("一" <= one <= "鿿" for one in lines[1])
        return None if is_said else f"not a sentence in two languages: {case['error']!r}"
    return "\n".join(case["wrong"][:3]) or None


def test_damaged_bytes_load_what_the_file_says_or_are_refused(sound):
    halves = [(FIRST, FIRST + CASES // 2), (FIRST + CASES // 2, FIRST + CASES)]
    found: list[list[dict]] = [[], []]
    threads = [threading.Thread(target=lambda place=place, half=half: found[place].extend(outcomes(sound, *half))) for place, half in enumerate(halves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cases = [case for part in found for case in part]
    assert [case["seed"] for case in cases] == list(range(FIRST, FIRST + CASES))
    bad = [f"seed {case['seed']}, {case['kind']}: {fault}" for case in cases if (fault := fault_of(case))]
    loaded = {kind: sum(case.get("status") == 0 for case in cases if case["kind"] == kind) for kind in broken_bytes.KINDS}
    refused = {kind: sum(case.get("status") == 2 for case in cases if case["kind"] == kind) for kind in broken_bytes.KINDS}
    print(f"{len(cases)} cases; loaded {loaded}; refused {refused}; {len(bad)} wrong")
    assert not bad, "\n".join(bad[:20])
    assert sum(loaded.values()) > CASES // 10 and sum(refused.values()) > CASES // 10, (loaded, refused)


@pytest.mark.parametrize("kind", broken_bytes.KINDS)
def test_the_undamaged_file_loads_every_payment(sound, tmp_path, kind):
    """The check above would mean little if the sound files did not load, or if it justified anything."""
    suffix, make = broken_bytes.KINDS[kind]
    told = broken_bytes.run({"seed": 0, "kind": kind}, suffix, make(), tmp_path, sound)
    assert fault_of(told) is None, told
    rows = sorted((tmp_path / "book/loads/0002").glob("payments-*.parquet"))
    assert len(pl.read_parquet(rows)) == len(broken_bytes.PAYMENTS)
