"""How fast the record takes things up, proves them and is checked: durable appends, integration, files alone, proofs, verify.py, a witness; beside pymerkle's SQLite back end, in one run.

    .venv/bin/python benchmarks/record.py [--quick] [--sizes 10000 100000 1000000 10000000] [--pymerkle build/pymerkle/bin/python] [--folder build/record] [--out FILE]
    .venv/bin/python benchmarks/record.py --page      prints the section of docs/benchmarks.md from the results

Everything is on the disk of --folder, with fsync on: the PostgreSQL too. Each part runs in a process of its own, so that its peak memory is its own. --quick does everything at a tenth or less, in about two minutes; a whole run takes some ten.
pymerkle is GPL-3: it runs as a program of its own in an environment of its own (benchmarks/README.md), and is left out where there is none.
"""

import argparse
import json
import os
import shutil
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import record_database
from night import HERE, _short, machine, run
from record_page import page

WANTED = {"durable": 3_000, "bulk": 100_000, "proof_ms": 1.0, "verify_s": 60.0}
"""The targets: durable appends a second, leaves integrated a second, the median proof at the largest size, verifying a million entries."""


def main() -> None:
    """Measures, writes the JSON after every part, and says what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", help="entries at which appends are measured; the last one also for proofs")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 32, 64], help="connections that append at once")
    parser.add_argument("--quick", action="store_true", help="a tenth or less of everything")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS), help="what to measure")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of durable appends and of integration")
    parser.add_argument("--pymerkle", type=Path, default=Path("build/pymerkle/bin/python"), help="the Python of the environment that has pymerkle")
    parser.add_argument("--folder", type=Path, default=Path("build/record"), help="where everything is made, and removed; on the disk that is to be measured")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "record.json", help="the JSON file to write")
    parser.add_argument("--page", action="store_true", help="measure nothing; print the section of docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.page:
        print(page(json.loads(asked.out.read_text(encoding="utf-8")), WANTED))
        return
    asked.sizes = asked.sizes or ([10_000, 100_000, 1_000_000] if asked.quick else [10_000, 100_000, 1_000_000, 10_000_000])
    results = {"measured_on": date.today().isoformat(), "machine": {**machine(), **{name: version(name) for name in ("cryptography", "psycopg")}}, "quick": asked.quick, "load_before": _short(os.getloadavg()[0])}
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    try:
        results["fsync_ms"] = _fsync_ms(asked.folder)
        for part in asked.parts:
            begun = time.perf_counter()
            results[part] = PARTS[part](asked)
            results[part + "_took_s"] = _short(time.perf_counter() - begun)
            asked.out.write_text(json.dumps(_rounded(results), indent=1) + "\n", encoding="utf-8")
            print(f"{part}: {json.dumps(_rounded(results[part]))}", flush=True)
    finally:
        shutil.rmtree(asked.folder, ignore_errors=True)
    results["load_after"] = _short(os.getloadavg()[0])
    asked.out.write_text(json.dumps(_rounded(results), indent=1) + "\n", encoding="utf-8")


def measured(name: str, folder: Path, *numbers: int) -> dict:
    """What a fresh process found; its failure ends the run."""
    ran = run([sys.executable, str(HERE / "record_measurements.py"), name, str(folder), *map(str, numbers)])
    if ran.failed:
        raise SystemExit(f"{name}: {ran.failed}")
    return ran.found


def files(asked: argparse.Namespace) -> dict:
    """One log that grows from size to size: what an append costs at each, in bulk and in small checkpoints; then proofs at the largest."""
    place = asked.folder / "files"
    grown = [measured("grow", place, size, 50_000, 256, 100, 2_000) for size in asked.sizes]
    return {"sizes": grown, "proofs": measured("proofs", place, 500 if asked.quick else 3_000)}


def verifying(asked: argparse.Namespace) -> dict:
    """A log of a million entries with two thousand checkpoints, checked whole by verify.py."""
    place, size = asked.folder / "verifying", 100_000 if asked.quick else 1_000_000
    measured("grow", place, size, size // (200 if asked.quick else 2_000), 1, 1)
    return {"log": measured("verified", place)}


def witnessing(asked: argparse.Namespace) -> dict:
    """A witness that is handed checkpoint after checkpoint."""
    return measured("cosigned", asked.folder / "witnessing", 100 if asked.quick else 1_000)


def database(asked: argparse.Namespace) -> dict:
    """Leaves committed one by one through PostgreSQL by many at once, and a backlog integrated into the files."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    import work_home
    from arrears import postgres
    from arrears.vault.vault import init_vault
    from arrears.web.settings import configure
    from arrears.web.upgrade import upgrade

    root = asked.folder.resolve() / "database"
    root.mkdir()
    root.chmod(0o755)
    home = root / "home"
    try:
        postgres.ensure_running(home)
        upgrade(home)
        init_vault(home, _now())[0].close()
        configure(home)
        work_home.Work(home).lender(record_database.LENDER)
        found = {"server": record_database.server(home), "durable": record_database.durable(home, asked.connections, 2 if asked.quick else 8, 1 if asked.quick else asked.rounds)}
        return {**found, "integrated": record_database.integrated(home, [10_000, 100_000] if asked.quick else [10_000, 100_000, 1_000_000], _now())}
    finally:
        postgres.stop(home)


def pymerkle(asked: argparse.Namespace) -> dict:
    """pymerkle beside ours on the same commitments, one by one, in bulk, root and proofs; both must name one root, or the run ends."""
    if not asked.pymerkle.exists():
        return {"left_out": "no environment with pymerkle was named"}
    one, bulk, proofs = (200, 20_000, 100) if asked.quick else (2_000, 1_000_000, 300)
    place = asked.folder / "pymerkle"
    place.mkdir()
    ran = run([str(asked.pymerkle), str(HERE / "record_pymerkle.py"), str(place), str(one), str(bulk), str(proofs)])
    if ran.failed:
        raise SystemExit(f"pymerkle: {ran.failed}")
    ours = measured("root", asked.folder / "beside", one + bulk)
    if ours["root"] != ran.found["root"]:
        raise SystemExit("pymerkle and the log have different roots")
    return {"theirs": ran.found, "ours": {**ours, "one_by_one": measured("one_by_one", asked.folder / "beside_one", one), "proofs": measured("proofs", asked.folder / "beside", proofs)}}


PARTS = {"database": database, "files": files, "verifying": verifying, "witnessing": witnessing, "pymerkle": pymerkle}


def _fsync_ms(folder: Path) -> float:
    """The median of 200 times writing 4 KiB and waiting for the disk: what every durable thing costs at least."""
    took = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append((time.perf_counter() - begun) * 1e3)
    return sorted(took)[100]


def _rounded(found: object) -> object:
    """The same with five digits to each fraction."""
    if isinstance(found, dict):
        return {name: _rounded(one) for name, one in found.items()}
    if isinstance(found, list):
        return [_rounded(one) for one in found]
    return _short(found) if isinstance(found, float) else found


def _now() -> int:
    return time.time_ns() // 1_000


if __name__ == "__main__":
    main()
