"""What one fresh process does to be measured: `measurements.py NAME BOOK AS_OF` prints one line of JSON.

The line says how long the thing itself took, without the start of Python and its libraries, and what else was found.
"""

import json
import sys
import time
from datetime import date
from pathlib import Path

PLAIN = ("loans", "instalments", "payments", "adjustments")
WALKED_PARTITIONS = 32
"""The walk is timed over at most that many partitions, spread evenly over the book."""


def start(book: Path, as_of: date) -> dict:
    """Nothing but what every run does first: Python, its libraries, the code of a night."""
    begun = time.perf_counter()
    import arrears.cli
    import arrears.nightly.night  # noqa: F401

    return {"inside_s": time.perf_counter() - begun}


def read_plain_polars(book: Path, as_of: date) -> dict:
    """Every column of the four plain files decoded into Polars frames, batch by batch; each batch is let go."""
    return _read_in_polars([book / f"{name}.parquet" for name in PLAIN])


def read_plain_duckdb(book: Path, as_of: date) -> dict:
    """Every column of the four plain files decoded by DuckDB into Arrow batches; each batch is let go."""
    import duckdb

    rows = 0
    begun = time.perf_counter()
    with duckdb.connect(config={"memory_limit": "4GB", "threads": 2}) as connection:
        for name in PLAIN:
            reader = connection.sql(f"from read_parquet('{book / name}.parquet')").to_arrow_reader(1 << 17)
            rows += sum(batch.num_rows for batch in reader)
    return {"inside_s": time.perf_counter() - begun, "rows": rows}


def read_store(book: Path, as_of: date) -> dict:
    """Every column of every file of the laid-out store decoded into Polars frames; each batch is let go."""
    files = sorted((book / "store").glob("*/*/*.parquet"))
    return {**_read_in_polars(files), "files": len(files), "stored_bytes": sum(path.stat().st_size for path in files)}


def _read_in_polars(files: list[Path]) -> dict:
    import polars as pl

    seen = []
    begun = time.perf_counter()
    for path in files:
        pl.scan_parquet(path, glob=False).sink_batches(lambda batch: seen.append(len(batch)))
    return {"inside_s": time.perf_counter() - begun, "rows": sum(seen)}


def lay_out(book: Path, as_of: date) -> dict:
    """The plain files checked and laid out as partitions, and nothing else."""
    from arrears import store
    from arrears.ingest.plain import bring_in

    begun = time.perf_counter()
    manifest = bring_in(store.book_at(book))
    return {"inside_s": time.perf_counter() - begun, "partitions": len(manifest.partitions)}


def walk(book: Path, as_of: date) -> dict:
    """The walk alone: events a second of one core, by the processor time of the one thread that walks.

    An event is an instalment, a payment that counts or an adjustment that the walk is given; those of the instalments
    that fall due after as_of are only read, so the rate of events by as_of is given as well. Warm: one partition was
    walked before, so that nothing is compiled; reading the rows and turning them into columns is not counted.
    """
    from arrears import store
    from arrears.days import number_of
    from arrears.delinquency import assess
    from arrears.delinquency import walk as waterfall
    from arrears.ingest.judge import facts_of
    from arrears.law.caps import read_law
    from arrears.tables.visible import LATEST_KNOWN

    home, law, day = store.book_at(book), read_law(), number_of(as_of)
    manifest = store.read_manifest(home)
    names = list(manifest.partitions)
    names = names[:: max(1, -(-len(names) // WALKED_PARTITIONS))]
    events = past = loans = 0
    seconds = 0.0
    for turn, name in enumerate([names[0], *names]):
        facts = facts_of(home, manifest, name, LATEST_KNOWN)
        caps = assess.caps_of(facts.loans, law, as_of)
        rows, columns = assess.loan_rows(facts.loans, caps), assess.event_columns(facts, as_of)
        begun = time.thread_time()
        waterfall.walk(rows, caps.steps, *columns, day, None)
        took = time.thread_time() - begun
        if turn == 0:
            continue
        seconds += took
        loans += len(rows)
        events += sum(len(column[1]) for column in columns)
        past += sum(int((column[1] <= day).sum()) for column in columns)
    return {
        "inside_s": seconds, "partitions": len(names), "of_partitions": len(manifest.partitions), "loans": loans,
        "events": events, "events_a_second": events / seconds, "events_by_as_of_a_second": past / seconds,
    }


def simplified_duckdb(book: Path, as_of: date) -> dict:
    """The simplified position in DuckDB, from the plain files to one Parquet file."""
    import simplified

    return _simplified(simplified.in_duckdb, book, as_of, "duckdb")


def simplified_polars(book: Path, as_of: date) -> dict:
    """The simplified position in Polars, from the plain files to one Parquet file."""
    import simplified

    return _simplified(simplified.in_polars, book, as_of, "polars")


def _simplified(compute, book: Path, as_of: date, engine: str) -> dict:
    import simplified

    out = book / f"simplified-{engine}.parquet"
    begun = time.perf_counter()
    compute(book, as_of, out)
    took = time.perf_counter() - begun
    return {"inside_s": took, "totals": simplified.totals_of(out)}


def agreement(book: Path, as_of: date) -> dict:
    """How far the simplified position agrees with the night's."""
    import simplified

    positions = book / "nights" / as_of.isoformat() / "positions"
    return simplified.agreement(book / "simplified-polars.parquet", positions)


NAMED = {
    function.__name__: function
    for function in (start, read_plain_polars, read_plain_duckdb, read_store, lay_out, walk, simplified_duckdb,
                     simplified_polars, agreement)
}


if __name__ == "__main__":
    name, book, as_of = sys.argv[1:]
    print(json.dumps(NAMED[name](Path(book), date.fromisoformat(as_of))))
