"""Positions of a whole book as one file, ordered by loan_id, without a night."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from arrears import store
from arrears.delinquency.assess import CannotBePositioned, assess
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import facts_of, fault_of_walk, judge_book
from arrears.ingest.known_then import loads_to_restore
from arrears.ingest.plain import brought_in
from arrears.law.caps import read_law
from arrears.nightly import local
from arrears.nightly.inputs import kept_inputs
from arrears.refusal import Refused
from arrears.store import Book, Manifest
from arrears.tables import FACTS, POSITIONS

ROWS_A_GROUP = 500_000


def write_positions(root: Path, as_of: date, known_at: int, out: Path, report: Callable = lambda *_: None) -> int:
    """The number of loans positioned; `out` appears whole. Raises Refused, and writes nothing, on bad input."""
    _demand_own_file(root, out)
    law, buckets = read_law(), read_buckets()
    with opened(root, as_of, known_at, report) as (book, manifest), store.passing_folder(_folder_of(out), ".positions-") as folder:
        judge_book(book, manifest, known_at)

        def work(name: str) -> None:
            facts = facts_of(book, manifest, name, known_at, scored=False, decided=False)
            try:
                positions = assess(facts, law, buckets, as_of).positions
            except CannotBePositioned as problem:
                raise fault_of_walk(book, facts, problem.loan_id, problem.fault) from None
            store.write_parquet(folder / f"{name}.parquet", positions)

        for done, _ in enumerate(local.each(work, manifest.partitions), start=1):
            report("walking", done, len(manifest.partitions))
        return _gather(sorted(folder.glob("p*.parquet")), folder / "all", out)


@contextmanager
def opened(root: Path, as_of: date, known_at: int, report: Callable = lambda *_: None) -> Iterator[tuple[Book, Manifest]]:
    """The book brought in and held open; one whose folder may not be written to is stored in a passing place.

    Where a finished night of that date knew as much as is asked for, the book is the one that the night saw.
    """
    book = store.book_at(root)
    night = kept_inputs(book.night(as_of))
    restored = None if night is None or night.known_at != known_at else loads_to_restore(book, night.loads, known_at)
    with tempfile.TemporaryDirectory(prefix="arrears-") as passing:
        if restored is not None or not os.access(book.store if book.store.exists() else root, os.W_OK):
            book = store.book_at(root, Path(passing))
        with brought_in(book, lambda text: report(text, 0, 0), restored) as manifest:
            yield book, manifest


def _demand_own_file(root: Path, out: Path) -> None:
    """Raises Refused where `out` is a folder, or a file of the book itself."""
    if out.is_dir():
        raise Refused(f"{out}: it is a folder; --out names the file to write", f"{out}：这是文件夹；--out 应为要写出的文件")
    book, place = store.book_at(root), out.resolve()
    of_the_book = {book.plain(table).resolve() for table in FACTS}
    if place in of_the_book or any(folder.resolve() in place.parents for folder in (book.store, book.nights, book.loads)):
        raise Refused(
            f"{out}: it belongs to the book and would be overwritten; name another file with --out",
            f"{out}：这是账册自己的文件，会被覆盖；请用 --out 另指定文件",
        )


def _folder_of(out: Path) -> Path:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Refused(f"{out}: its folder cannot be made ({problem.strerror})", f"{out}：无法创建所在文件夹") from None
    return out.parent


def _gather(parts: list[Path], unfinished: Path, out: Path) -> int:
    """The parts, each sorted by loan_id, as one sorted file, some hundred thousand rows at a time."""
    ids = pl.scan_parquet(parts, glob=False).select("loan_id").collect(engine="streaming")["loan_id"].sort()
    cuts = [ids[at] for at in range(0, len(ids), ROWS_A_GROUP)]
    schema = POSITIONS.empty().to_arrow().schema
    with store.room_for(out):
        with pq.ParquetWriter(unfinished, schema, compression="zstd", compression_level=1) as writer:
            for place, low in enumerate(cuts):
                rows = pl.scan_parquet(parts, glob=False).filter(pl.col("loan_id") >= low)
                if place + 1 < len(cuts):
                    rows = rows.filter(pl.col("loan_id") < cuts[place + 1])
                writer.write_table(rows.sort("loan_id").collect(engine="streaming").to_arrow().cast(schema))
            if not cuts:
                writer.write_table(POSITIONS.empty().to_arrow().cast(schema))
        store.settle(unfinished, out)
    return len(ids)
