"""What the record adds to a night, how long one decision's proof takes to be found, and how long a year of nights to be told.

    .venv/bin/python benchmarks/night_record.py [--loans 1000000] [--rounds 3] [--folder build/benchmarks] [--out FILE]

Nights with and without the record take turns, each in a fresh process. The figure that counts is the difference; beside it stands what the record takes inside
the night, by its own clock. The first night makes every borrower's secret; later ones find them.
"""

import argparse
import json
import shutil
import statistics
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from night import HERE, SEED, _arrears, _remove, _spread, machine, run

AS_OF = date(2026, 10, 31)
KNOWN_AT = datetime(2026, 11, 1, tzinfo=UTC)
TARGETS = {"adds_s_per_million": 1.5, "opening_ms": 50.0}
NIGHTS_OF_A_YEAR = 365


def one_night(book: Path, recorded: bool) -> dict:
    """A night in this process: its seconds, and those of its record. Nothing is compiled any more, for a small night was done before."""
    from arrears import store
    from arrears.nightly import night

    spent = []

    def timed(*words):
        begun, used = time.perf_counter(), time.process_time()
        made(*words)
        spent.append((time.perf_counter() - begun, time.process_time() - used))

    made, night.write_night_record = night.write_night_record, timed if recorded else lambda *_: None
    begun, used = time.perf_counter(), time.process_time()
    night.run_night(store.book_at(book), AS_OF, int(KNOWN_AT.timestamp()) * 10**6, int(KNOWN_AT.timestamp()) * 10**6)
    whole = {"night_s": time.perf_counter() - begun, "night_cpu_s": time.process_time() - used}
    return whole | {"record_s": spent[0][0], "record_cpu_s": spent[0][1]} if recorded else whole


def openings(book: Path) -> dict:
    """Milliseconds for the openings of single loans, drawn from the whole night; the first pays for what is read once."""
    import polars as pl

    from arrears import store
    from arrears.nightly.night_record import row_opening

    there = store.book_at(book)
    loans = pl.concat([pl.read_parquet(path, columns=["loan_id"]) for path in sorted((there.night(AS_OF) / "positions").glob("p*.parquet"))])["loan_id"]
    took = []
    for place in Random(SEED).sample(range(len(loans)), 41):
        begun = time.perf_counter()
        row_opening(there, AS_OF, loans[place])
        took.append((time.perf_counter() - begun) * 1000)
    return {"first_ms": took[0], "median_ms": statistics.median(took[1:]), "most_ms": max(took[1:])}


def a_year(book: Path) -> dict:
    """Milliseconds to tell what happened in a year of nights: the small book's night, copied under 365 dates, each with a record of its own."""
    from arrears import store
    from arrears.nightly.happenings import happenings

    there = store.book_at(book)
    record = json.loads((there.night(AS_OF) / "record.json").read_bytes())
    for back in range(1, NIGHTS_OF_A_YEAR):
        day = AS_OF - timedelta(days=back)
        record["night"]["as_of"] = day.isoformat()
        store.write_bytes(there.night(day) / "record.json", store.json_bytes(record))
    begun = time.perf_counter()
    found = happenings(there)
    return {"happenings": len(found), "ms": (time.perf_counter() - begun) * 1000}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--loans", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    asked.add_argument("--out", type=Path, default=HERE / "results" / "night_record.json")
    asked.add_argument("--part", choices=("with", "without", "openings", "year"))
    asked.add_argument("--book", type=Path)
    said = asked.parse_args()
    if said.part:
        part = {"with": lambda: one_night(said.book, True), "without": lambda: one_night(said.book, False), "openings": lambda: openings(said.book), "year": lambda: a_year(said.book)}
        print(json.dumps(part[said.part]()))
        return
    said.folder.mkdir(parents=True, exist_ok=True)
    book, small = (_book(said.folder, loans) for loans in (said.loans, 2_000))
    _part("with", small)
    runs: dict[str, list[dict]] = {"first": [], "without": [], "with": []}
    for number in range(1, said.rounds + 1):
        for name in runs:
            _remove(book / "nights")
            if name == "first":
                _remove(book / "row_secrets")
            runs[name].append(_part("without" if name == "without" else "with", book))
            print(f"round {number}, {name}: {runs[name][-1]}", flush=True)
    _remove(small / "nights")
    _part("with", small)
    results = {
        "machine": machine(), "loans": said.loans, "targets": TARGETS,
        **{name: {key: _spread([one[key] for one in many]) for key in many[0]} for name, many in runs.items()},
        "bytes_of_rows": sum(path.stat().st_size for path in (book / "nights" / AS_OF.isoformat() / "rows").iterdir()),
        "bytes_of_secrets": sum(path.stat().st_size for path in (book / "row_secrets").iterdir()),
        "openings": _part("openings", book), "a_year": _part("year", small),
    }
    _remove(small)
    said.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


def _book(folder: Path, loans: int) -> Path:
    """The made-up book, laid out by a night that is not counted."""
    book = folder / f"recorded-{loans}"
    if not (book / "store" / "manifest.json").is_file():
        shutil.rmtree(book, ignore_errors=True)
        _done(run(_arrears("generate", "--loans", str(loans), "--seed", str(SEED), "--as-of", AS_OF.isoformat(), "--out", str(book))))
        _part("without", book)
        _remove(book / "nights")
    return book


def _part(name: str, book: Path) -> dict:
    return _done(run([sys.executable, str(HERE / "night_record.py"), "--part", name, "--book", str(book)])).found


def _done(one):
    if one.failed:
        sys.exit(f"it could not be measured: {one.failed}")
    return one


if __name__ == "__main__":
    main()
