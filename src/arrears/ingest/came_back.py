"""Corrected records as a source, and which file each of them came from, through however many corrections."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from arrears.ingest.batch import Batch
from arrears.ingest.mapped import Mapping
from arrears.ingest.occurrences import FreeNumbers, short_of
from arrears.ingest.quarantine import Loads, came_back

NAMES = {"record": pl.Int64, "table": pl.String, "column": pl.String, "short": pl.UInt64, "nth": pl.Int64}
"""names.parquet of a load: the names that `key_of` gave to its records which count, known before or not. Written where
records of it wait, since those take the numbers that are free when they come back."""
_Record = tuple[int, int]


class CameBack:
    """The corrected records of one file, as a source."""

    is_read_once = False

    def __init__(self, name: str, cells: pl.DataFrame, lines: pl.Series, records: list[_Record], numbers: FreeNumbers):
        """`records` names each by the load and number under which it waited."""
        self.name, self.columns, self.notes = name, cells.columns, []
        self.cells, self.records, self.numbers = cells, records, numbers
        self._lines = lines
        self.digest = sha256(cells.write_csv().encode()).hexdigest()

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """All of them in one batch: they come from a workbook that a person edited."""
        yield Batch(self.cells.select(columns or self.columns), self._lines, [])


@dataclass(frozen=True)
class Origins:
    """Where the records of corrections were first read, and what names the records of each file bear."""

    loads: Loads
    """Those in force."""
    first: dict[_Record, _Record]
    """The load and number under which a record was first read, for those that came back and wait or count under another."""
    files: dict[int, list[int]]
    """Of each load the numbers with which its files begin."""

    def of(self, record: _Record) -> _Record:
        return self.first.get(record, record)

    def file_of(self, record: _Record) -> _Record:
        """The load that first read the record, and the number with which its file begins there."""
        load, number = self.of(record)
        begin = self.files.get(load, [0])
        return load, begin[max(bisect_right(begin, number) - 1, 0)]

    def numbers(self, file: _Record) -> FreeNumbers:
        """What numbers the records of a file that come back now."""
        return FreeNumbers(lambda table, column, shorts: self._borne(file, table, column, shorts))

    def _borne(self, file: _Record, table: str, column: str, shorts: pl.Series) -> pl.DataFrame:
        found = [pl.DataFrame(schema={"short": pl.UInt64, "nth": pl.Int64})]
        for number, folder in self.loads:
            if (folder / "names.parquet").exists():
                of_it = (pl.col("table") == table) & (pl.col("column") == column) & pl.col("short").is_in(shorts.implode())
                names = pl.scan_parquet(folder / "names.parquet", glob=False).filter(of_it).collect()
                mine = [self.file_of((number, record)) == file for record in names["record"]]
                found.append(names.filter(pl.Series(mine, dtype=pl.Boolean)).select("short", "nth"))
        return pl.concat(found)


def origins_of(every: Loads, in_force: Loads, entries: list[dict]) -> Origins:
    """`every` holds the loads that were taken back too: a record's way may lead through one of them."""
    first: dict[_Record, _Record] = {}
    for row in came_back(every).filter(pl.col("became").is_not_null()).sort("by").iter_rows(named=True):
        before = row["load"], row["record"]
        first[row["by"], row["became"]] = first.get(before, before)
    files = {load["id"]: sorted(source.get("first", 0) for source in load["sources"]) for load in entries}
    return Origins(in_force, first, files)


def write_names(path: Path, staged, mappings: list[Mapping], bad: pl.Series) -> None:
    """The names that `key_of` gave to records that count, from the rows that were set down; no file where it gave none."""
    named = {(table, column) for mapping in mappings for table, column in mapping.named_by_cells() if table in staged.rows_so_far}
    if not named:
        return
    out = pl.col("record").is_in(bad.implode())
    parts = [pl.LazyFrame(schema=NAMES)]
    for table, column in sorted(named):
        name = pl.col(column)
        parts.append(pl.scan_parquet(staged.rows(table), glob=False).filter(~out & name.str.contains("^[0-9a-f]{32}(-[0-9]+)?$")).select(
            "record", pl.lit(table).alias("table"), pl.lit(column).alias("column"),
            short_of(name).alias("short"), name.str.slice(33).str.to_integer(strict=False, dtype=pl.Int64).fill_null(1).alias("nth"),
        ))
    pl.concat(parts).sink_parquet(path)
