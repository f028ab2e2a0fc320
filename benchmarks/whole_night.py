"""How fast a whole night is with everything on: law, released models, strategy, limits, cases to people.

    .venv/bin/python benchmarks/whole_night.py [--loans 1000000] [--rounds 3] [--folder build/benchmarks] [--out FILE]

The book is made up to 2026-10-31. Nobody pays after that day in it, so a night some days later has more late loans: the first day on which at least 8 % are
late, and a day on which all that are not settled are. The models are fitted on a smaller made-up book and released in both. Each night runs in a fresh process.
"""

import argparse
import json
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from night import HERE, SEED, _arrears, _remove, _short, _spread, machine, run

MADE_ON, FITTED_LOANS = date(2026, 10, 31), 20_000
MODELS = ("collection_cure", "collection_self_cure", "collection_recovery_30")
LATE_SHARE, ALL_LATE_DAYS = 0.08, 40
TARGETS = {"some_late": 30.0, "all_late": 120.0, "peak_gb": 6.0}


def made(folder: Path, loans: int) -> Path:
    """The book of that many loans with the models released, made where it is not there yet."""
    book, small = folder / f"whole-{loans}", folder / f"whole-fitted-{FITTED_LOANS}"
    for path, count in ((small, FITTED_LOANS), (book, loans)):
        if not (path / "loans.parquet").is_file():
            _done(run(_arrears("generate", "--loans", str(count), "--seed", str(SEED), "--as-of", MADE_ON.isoformat(), "--out", str(path))))
    if not (small / "models" / "releases.json").is_file():
        for name in MODELS:
            _done(run(_arrears("score", "fit", name, "--book", str(small), "--as-of", MADE_ON.isoformat())))
            _done(run(_arrears("score", "release", name, "--book", str(small), "--by", "benchmark", "--assessment", "benchmarks/README.md", "--why", "a benchmark")))
    if not (book / "models").is_dir():
        shutil.copytree(small / "models", book / "models")
    return book


def _done(one) -> None:
    if one.failed:
        sys.exit(f"the book could not be made: {one.failed}")


def late_on(book: Path, day: date, out: Path) -> float:
    """The share of loans that are late at the end of the day."""
    _done(run(_arrears("positions", "--book", str(book), "--as-of", day.isoformat(), "--out", str(out))))
    return pl.scan_parquet(out).select((pl.col("days_past_due") > 0).mean()).collect().item()


def night(book: Path, day: date, rounds: int) -> dict:
    """Wall and processor seconds, peak memory, and what the night says of itself."""
    runs = []
    for number in range(1, rounds + 1):
        _remove(book / "nights")
        runs.append(run(_arrears("night", "--book", str(book), "--as-of", day.isoformat(), "--json")))
        _done(runs[-1])
        print(f"{day}, round {number}: {runs[-1].wall_s:.1f} s wall, {runs[-1].cpu_s:.1f} s cpu, {runs[-1].peak_bytes / 1e9:.2f} GB", flush=True)
    summary = json.loads((book / "nights" / day.isoformat() / "summary.json").read_text(encoding="utf-8"))
    return {
        "as_of": day.isoformat(), "rounds": rounds, "wall_s": _spread([one.wall_s for one in runs]), "cpu_s": _spread([one.cpu_s for one in runs]),
        "peak_bytes": max(one.peak_bytes for one in runs), "loans": summary["loans"], "late_loans": summary["late_loans"], "entries": summary["worklist_rows"],
        "models": [one["model"] for one in summary["scores"]["models"]], "held": summary["allocation"]["held"], "waiting": summary["choice"]["waiting"],
        "parts": summary["choice"]["parts"], "bytes_of_night": sum(path.stat().st_size for path in (book / "nights" / day.isoformat()).rglob("*") if path.is_file()),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--loans", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    asked.add_argument("--out", type=Path, default=HERE / "results" / "whole_night.json")
    said = asked.parse_args()
    said.folder.mkdir(parents=True, exist_ok=True)
    book = made(said.folder, said.loans)
    positions = said.folder / "whole-positions.parquet"
    day, share = MADE_ON, late_on(book, MADE_ON, positions)
    while share < LATE_SHARE:
        day += timedelta(days=1)
        share = late_on(book, day, positions)
    some, every = night(book, day, said.rounds), night(book, MADE_ON + timedelta(days=ALL_LATE_DAYS), said.rounds)
    results = {"machine": machine(), "loans": said.loans, "targets": TARGETS, "late_share": _short(share), "some_late": some, "all_late": every}
    said.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{said.out}: some late {some['wall_s']['median']} s, all late {every['wall_s']['median']} s")


if __name__ == "__main__":
    main()
