"""How fast a night is: whole nights, the walk alone, mere reading, and a simplified position in two engines.

Everything is measured in a fresh process of its own, in rounds (A B C, A B C), on books of 12 instalments a loan. The
results go to a JSON file; page.py makes the page of documentation from it. See README.md for how to run.
"""

import argparse
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

# Nothing heavy is imported here: what this process holds when it starts a child counts as the child's own peak memory.

HERE = Path(__file__).parent
AS_OF = "2026-10-31"
SEED = 1
INSTALMENTS = 12
LIBRARIES = ("polars", "numba", "numpy", "pyarrow", "duckdb")


@dataclass(frozen=True)
class Measurement:
    """A command on a book, and what is removed from the book before it: parts the command has to make itself."""

    name: str
    command: Callable[[Path], list[str]]
    removed: tuple[str, ...] = ()


def _arrears(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("arrears")), *words]


def _night(book: Path) -> list[str]:
    return _arrears("night", "--book", str(book), "--as-of", AS_OF, "--lang", "en")


def _positions(book: Path) -> list[str]:
    return _arrears("positions", "--book", str(book), "--as-of", AS_OF, "--out", str(book / "positions.out"), "--lang", "en")


def _own(name: str) -> Callable[[Path], list[str]]:
    return lambda book: [sys.executable, str(HERE / "measurements.py"), name, str(book), AS_OF]


MEASUREMENTS = (
    Measurement("start", _own("start")),
    Measurement("read_plain_polars", _own("read_plain_polars")),
    Measurement("read_plain_duckdb", _own("read_plain_duckdb")),
    Measurement("lay_out", _own("lay_out"), ("store", "nights")),
    Measurement("first_night", _night, ("store", "nights")),
    Measurement("read_store", _own("read_store")),
    Measurement("night", _night, ("nights",)),
    Measurement("positions", _positions, ("positions.out",)),
    Measurement("walk", _own("walk")),
    Measurement("simplified_duckdb", _own("simplified_duckdb"), ("simplified-duckdb.parquet",)),
    Measurement("simplified_polars", _own("simplified_polars"), ("simplified-polars.parquet",)),
)


@dataclass
class Run:
    """What one process took: seconds on the wall and of the processor, its own peak memory, and what it found."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    found: dict = field(default_factory=dict)
    failed: str | None = None


def run(command: list[str], **environment: str) -> Run:
    """The command run to its end in a process of its own; a failure is a result, with its last words."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **environment})
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        lines = out.read().splitlines()
        found = json.loads(lines[-1]) if child.returncode == 0 and lines and lines[-1].startswith("{") else {}
        failed = None
        if child.returncode:
            last = (err.read().strip().splitlines() or ["no word"])[-1]
            print(f"  failed with {child.returncode}: {last}", file=sys.stderr)
            # The words may name folders of the machine, so the results keep the status alone.
            failed = f"ended with status {child.returncode}"
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, found, failed)


def book_of(folder: Path, loans: int) -> Path:
    """The book of that many loans, made up where it is not there yet; the same on every machine."""
    book = folder / f"loans-{loans}"
    if not (book / "loans.parquet").is_file():
        print(f"{loans:,} loans: making the book")
        made = run(_arrears("generate", "--loans", str(loans), "--seed", str(SEED), "--as-of", AS_OF, "--instalments",
                            str(INSTALMENTS), "--out", str(book)))
        if made.failed:
            sys.exit(f"the book of {loans:,} loans could not be made: {made.failed}")
    return book


def measure(book: Path, loans: int, rounds: int) -> dict:
    """All measurements of one book, in rounds, and how far the simplified position agrees with ours."""
    runs: dict[str, list[Run]] = {each.name: [] for each in MEASUREMENTS}
    for number in range(1, rounds + 1):
        for each in MEASUREMENTS:
            for name in each.removed:
                _remove(book / name)
            done = run(each.command(book))
            runs[each.name].append(done)
            print(f"{loans:>10,} loans, round {number}: {each.name:<18} {done.wall_s:8.2f} s wall "
                  f"{done.cpu_s:8.2f} s cpu {done.peak_bytes / 1e9:6.2f} GB", flush=True)
    measured = {name: _summed(every) for name, every in runs.items()}
    _demand_equal_totals(measured)
    return {
        "loans": loans,
        "plain_bytes": sum((book / f"{name}.parquet").stat().st_size
                           for name in ("loans", "instalments", "payments", "adjustments")),
        "measured": measured, "ratios": _ratios(measured), "agreement": run(_own("agreement")(book)).found,
    }


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _summed(runs: list[Run]) -> dict:
    """Least, median and most of the rounds; the highest peak; what was found, from the round of the median."""
    good = [each for each in runs if each.failed is None]
    if not good:
        return {"failed": runs[0].failed, "rounds": len(runs)}
    middle = sorted(good, key=lambda each: each.wall_s)[(len(good) - 1) // 2]
    summed = {
        "rounds": len(runs), "failed_rounds": len(runs) - len(good),
        "wall_s": _spread([each.wall_s for each in good]), "cpu_s": _spread([each.cpu_s for each in good]),
        "peak_bytes": max(each.peak_bytes for each in good),
    }
    found = dict(middle.found)
    for name in ("inside_s", "events_a_second", "events_by_as_of_a_second"):
        if name in found:
            summed[name] = _spread([each.found[name] for each in good])
            del found[name]
    return {**summed, **({"found": found} if found else {})}


def _spread(values: list[float]) -> dict:
    return {"min": _short(min(values)), "median": _short(statistics.median(values)), "max": _short(max(values))}


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _demand_equal_totals(measured: dict) -> None:
    one, other = measured["simplified_duckdb"], measured["simplified_polars"]
    if "found" in one and "found" in other:
        assert one["found"]["totals"] == other["found"]["totals"], (
            f"the two engines differ: DuckDB {one['found']['totals']}, Polars {other['found']['totals']}")


READINGS = ("read_plain_polars", "read_plain_duckdb", "read_store")
COMPARED = ("night", "first_night", "lay_out", "positions", "simplified_duckdb", "simplified_polars")


def _ratios(measured: dict) -> dict:
    """Medians over the median of mere reading, in two ways.

    whole: one process from its start to its end over the other. less_start: both without the start of Python and its
    libraries; where nothing is said of the inside of a command, what every run takes to start is taken off.
    """
    ratios: dict[str, dict] = {}
    for name in COMPARED:
        for read in READINGS:
            inside = less_start(measured, name)
            if inside is not None and "wall_s" in measured[read]:
                ratios.setdefault(name, {})[read] = {
                    "whole": _short(measured[name]["wall_s"]["median"] / measured[read]["wall_s"]["median"]),
                    "less_start": _short(inside / measured[read]["inside_s"]["median"]),
                }
    return ratios


def less_start(measured: dict, name: str) -> float | None:
    """The median seconds of a command without what every run takes to start (the least that was seen).

    None where it failed, or where it took no longer than a start, so that nothing can be said.
    """
    found = measured[name]
    if "inside_s" in found:
        return found["inside_s"]["median"]
    if "wall_s" not in found or "wall_s" not in measured["start"]:
        return None
    seconds = found["wall_s"]["median"] - measured["start"]["wall_s"]["min"]
    return seconds if seconds > 0 else None


def growth(sizes: list[dict]) -> dict:
    """The exponent b of seconds = a * loans^b, by least squares over the logarithms of all sizes, and between neighbours.

    What every run takes to start is taken off first: it is the same at every size and would make growth look slower.
    """
    grown = {}
    for name in (*READINGS, *COMPARED):
        seconds = [(size["loans"], less_start(size["measured"], name)) for size in sizes]
        points = [(math.log(loans), math.log(took)) for loans, took in seconds if took is not None]
        if len(points) > 1:
            steps = [_short((b[1] - a[1]) / (b[0] - a[0])) for a, b in zip(points, points[1:], strict=False)]
            grown[name] = {"all": _short(statistics.linear_regression(*zip(*points, strict=True)).slope), "between": steps}
    return grown


def compile_time(book: Path) -> dict:
    """One first night without kept loops, one with them: the difference is what a fresh installation pays once."""
    with tempfile.TemporaryDirectory() as kept:
        walls = []
        for _ in range(2):
            _remove(book / "store")
            _remove(book / "nights")
            walls.append(run(_night(book), NUMBA_CACHE_DIR=kept).wall_s)
    return {"without_kept_loops_s": _short(walls[0]), "with_kept_loops_s": _short(walls[1]),
            "compile_s": _short(walls[0] - walls[1])}


def machine() -> dict:
    """What the figures depend on; no names of hosts or folders."""
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {
        "processor": model, "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "system": platform.system(),
        "python": platform.python_version(), "arrears": version("arrears"), **{name: version(name) for name in LIBRARIES},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loans", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000], help="sizes of books")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"), help="where the books are made and kept")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "night.json", help="the JSON file to write")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    books = {loans: book_of(asked.folder, loans) for loans in sorted(asked.loans)}
    results = {
        "measured_on": date.today().isoformat(), "as_of": AS_OF, "seed": SEED, "instalments": INSTALMENTS,
        "load_before": _short(os.getloadavg()[0]), "machine": machine(), "sizes": [],
    }
    results["compile"] = compile_time(books[min(books)])
    for loans, book in books.items():
        results["sizes"].append(measure(book, loans, asked.rounds))
        results["growth"] = growth(results["sizes"])
        # After every size, so that a run that is stopped keeps what it has.
        asked.out.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
