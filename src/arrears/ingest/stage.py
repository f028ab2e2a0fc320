"""A load's records on their way into the book: read, mapped, judged one by one, and set down as typed rows.

What is judged here needs one record alone. What needs other rows (keys, loans, sums) is judged on what was set down, in
set_rules.py. A record counts whole or not at all: a fault in one table keeps it out of every table it feeds.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl

from arrears.ingest.batch import Batch
from arrears.ingest.came_back import CameBack
from arrears.ingest.expressions import Typed, rows_of, told_apart
from arrears.ingest.handed_over import WaitingPeople
from arrears.ingest.mapped import ColumnMap, Mapping, SourceMap
from arrears.ingest.occurrences import Occurrences
from arrears.ingest.own_cells import OwnCells, as_shown, kept_of
from arrears.ingest.values import read_column
from arrears.ingest.vaulted import absent_in, only_vaulted, people_in, vaulted_in, whose
from arrears.money import decimals_of
from arrears.tables import FACTS

FAULTS = {
    "record": pl.Int64, "source": pl.String, "file": pl.String, "line": pl.Int64, "table": pl.String, "column": pl.String,
    "value": pl.String, "rule": pl.String, "detail": pl.String,
}
"""One row per fault of a load; `record` is null where a record could not be split into cells."""

HOPELESS_RECORDS, HOPELESS_TIMES = 100_000, 20
"""Reading stops where more records than this, and this many times the allowed share, are at fault."""



@dataclass
class Staged:
    """What was set down so far, under a folder: rows/<table>/*.parquet with `record` and `row`."""

    folder: Path
    cells: OwnCells
    people: WaitingPeople
    recorded_at: int
    """What rows are set down with that bear no recorded_at: ALWAYS, or WHEN_LOADED."""
    today: date
    records: int = 0
    """Read so far, those that could not be split into cells among them."""
    numbered: int = 0
    """Record numbers given so far: every record that was split and kept has one."""
    tables: set[str] = field(default_factory=set)
    bearing: set[str] = field(default_factory=set)
    """The tables whose rows say themselves when they were recorded."""
    rows_so_far: dict[str, int] = field(default_factory=dict)
    sources: list[dict] = field(default_factory=list)
    faults: list[pl.DataFrame] = field(default_factory=list)
    broken: int = 0
    bad: list[pl.Series] = field(default_factory=list)
    threshold: Decimal = Decimal(1)
    """The share of records in quarantine above which the load is refused."""

    @property
    def is_hopeless(self) -> bool:
        """So much is at fault that the mapping is wrong; there is no use in reading, and remembering, the rest.

        More than HOPELESS_RECORDS, and more than HOPELESS_TIMES the share that is allowed.
        """
        bad = sum(len(one) for one in self.bad) + self.broken
        return bad > HOPELESS_RECORDS and bad > HOPELESS_TIMES * self.threshold * self.records

    def rows(self, table: str) -> list[Path]:
        return sorted((self.folder / "rows" / table).glob("*.parquet"))

    def bad_records(self) -> pl.Series:
        """The records that have a fault of their own, each once."""
        return pl.concat(self.bad).unique() if self.bad else pl.Series([], dtype=pl.Int64)

    def all_faults(self) -> pl.DataFrame:
        return pl.concat([pl.DataFrame(schema=FAULTS), *self.faults])


@dataclass(frozen=True)
class _Made:
    """A batch with its kept cells, their lines, and the rows they make in each table."""

    batch: Batch
    cells: pl.DataFrame
    lines: pl.Series
    typed: dict[str, Typed]
    people: tuple[list, dict]
    """What goes to the vault: see `people_in`."""


def stage(staged: Staged, source_map: SourceMap, source, mapping: Mapping, pseudonyms, report=lambda done: None) -> None:
    """Reads one source to its end and sets its rows down.

    Raises Refused where the source lacks a column, cannot be read, or changes meanwhile.
    """
    place = len(staged.sources)
    about = {"source": source_map.name, "name": source.name, "first": staged.numbered, "records": 0, "left_out": 0, "rows": {}, "sums": {}, "unread": {}}
    staged.sources.append(about)
    staged.tables |= {table_map.table for table_map in source_map.tables}  # one without a record, too: a snapshot says that all is gone
    seen, first = source.numbers if isinstance(source, CameBack) else Occurrences(), staged.numbered
    wanted = [column for column in source_map.taken() if column in source.columns]
    vaulted = vaulted_in(source_map, mapping, source.columns)
    wanted += only_vaulted(source_map, mapping, source.columns)
    unread = {one.column for one in mapping.vaulted} - set(wanted)  # nobody could say whose they are
    about["personal"] = {"hashed": sorted(mapping.hashed & set(wanted)), "left_out": sorted((mapping.left_out | unread) & set(source.columns)),
                         "vaulted": sorted({one.column for one in vaulted}), "absent": absent_in(source_map, mapping, source.columns)}

    def make(batch: Batch) -> _Made:
        cells, lines = kept_of(source_map, batch)
        typed = {table.table: rows_of(table, source_map, mapping, cells, pseudonyms, today=staged.today)
                 for table in source_map.tables} if len(cells) else {}
        typed = told_apart(typed, source_map, seen) if typed else typed
        people = people_in(cells, typed[whose(source_map).table].rows.select("record", "borrower_id"), vaulted, mapping) if vaulted and typed else ([], {})
        return _Made(batch, cells, lines, typed, people)

    # Records that are numbered among their equals, or hashed by a key with a memory, are taken one batch after the other.
    in_order = bool(mapping.hashed) or any(column.take == "key_of" for table in source_map.tables for column in table.columns.values())
    for number, made in enumerate(_at_work(make, _ahead(source.batches(wanted)), 1 if in_order else 2)):
        about["records"] += len(made.batch.cells) + len(made.batch.broken)
        staged.records += len(made.batch.cells) + len(made.batch.broken)
        _set_aside_broken(staged, about, made.batch)
        _add_controls(about, source_map, mapping, made.cells)
        about["left_out"] += len(made.batch.cells) - len(made.cells)
        if len(made.cells):
            _set_down(staged, about, made, f"{place:04d}-{number:06d}", source_map, mapping, source.is_read_once)
        report(staged.records)
        if staged.is_hopeless:
            break
    staged.cells.may_read_again(first, staged.numbered, source_map, source, mapping)
    about["digest"] = None if staged.is_hopeless else source.digest
    about["notes"] = list(source.notes)
    about["sums"] = {column: str(total) for column, total in about["sums"].items()}


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches, the next one being read while one is at work."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _at_work(make: Callable[[Batch], _Made], batches: Iterator[Batch], workers: int) -> Iterator[_Made]:
    """What is made of each batch, in order, so many of them being at work at a time."""
    with ThreadPoolExecutor(workers) as pool:
        coming: deque = deque()
        for batch in batches:
            coming.append(pool.submit(make, batch))
            if len(coming) > workers:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _set_aside_broken(staged: Staged, about: dict, batch: Batch) -> None:
    if not batch.broken:
        return
    staged.broken += len(batch.broken)
    rows = [
        {"source": about["source"], "file": about["name"], "line": one.line, "rule": one.rule, "detail": one.detail}
        for one in batch.broken
    ]
    staged.faults.append(pl.DataFrame(rows).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in FAULTS.items() if name not in rows[0]).select(list(FAULTS)).cast(FAULTS))


def _add_controls(about: dict, source_map: SourceMap, mapping: Mapping, cells: pl.DataFrame) -> None:
    """Adds the cells of the columns whose sum the lender gave, as exact decimals of the source's own unit."""
    for column in source_map.control_sums:
        plain = ColumnMap("control", "column", (column,), unit="major", flips=False)
        finest = read_column(cells[column], "money", plain, mapping, source_map.decimal, _FINEST).values.cast(pl.Int128)
        signed = read_column(cells[column], "money", plain, mapping, source_map.decimal, mapping.currency).values.cast(pl.Int128)
        minor = int(finest.sum() or 0) + int(signed.filter(finest.is_null()).sum() or 0) * 10 ** (3 - decimals_of(mapping.currency))
        about["sums"][column] = about["sums"].get(column, Decimal(0)) + Decimal(minor).scaleb(-3)
        unread = int((finest.is_null() & signed.is_null() & cells[column].is_not_null()).sum())
        about["unread"][column] = about["unread"].get(column, 0) + unread


_FINEST = "KWD"
"""A currency of three decimals, the most there are: control sums are kept in its minor units. An amount that bears the
sign of the mapping's own currency (¥) is none of this one, and is read as that."""


def _set_down(staged: Staged, about: dict, made: _Made, name: str, source_map, mapping, read_once: bool) -> None:
    cells, lines, first = made.cells, made.lines, staged.numbered
    staged.numbered += len(cells)
    staged.people.keep(first, *made.people)
    record = pl.int_range(first, first + len(cells), dtype=pl.Int64, eager=True).alias("record")
    faults = _set_aside_faulty(staged, about, made.typed, record, lines, mapping)
    for table_map in source_map.tables:
        table, rows = table_map.table, made.typed[table_map.table].rows
        about["rows"][table] = about["rows"].get(table, 0) + len(rows)
        said = table_map.columns.get("recorded_at")
        if said is not None and not set(said.sources) <= set(cells.columns):  # taken as it is from a source without it
            rows = rows.drop("recorded_at")
        _write_rows(staged, table, rows, first, name)
    chosen = pl.Series([True]).new_from_index(0, len(record)) if read_once else record.is_in(faults["record"].implode())
    staged.cells.keep(record.filter(chosen), lines.filter(chosen), about["source"], about["name"], cells.filter(chosen), faults, mapping)


def _set_aside_faulty(staged: Staged, about: dict, made: dict[str, Typed], record, lines, mapping) -> pl.DataFrame:
    """Keeps the batch's faults, and which records have one. Their rows are set down too: they tell whose loan they were."""
    found = [pl.DataFrame(schema=FAULTS)]
    for table, typed in made.items():
        # a cell at fault may have slipped from the column beside it, so every one is looked at, whatever its column holds
        shown = [own.with_columns(as_shown(own["value"], name, about["source"], mapping))
                 for (name,), own in typed.faults.partition_by("column", as_dict=True, maintain_order=True).items()]
        own = pl.concat([typed.faults.clear(), *shown])
        at = own["record"]
        found.append(own.select(
            record.gather(at).alias("record"), pl.lit(about["source"]).alias("source"), pl.lit(about["name"]).alias("file"),
            lines.gather(at).alias("line").cast(pl.Int64), pl.lit(table).alias("table"), "column",
            "value", "rule", "detail",
        ).cast(FAULTS))
    faults = pl.concat(found)
    if len(faults):
        staged.faults.append(faults)
        staged.bad.append(faults["record"].unique())
    return faults


def _write_rows(staged: Staged, table: str, rows: pl.DataFrame, first: int, name: str) -> None:
    if rows.is_empty():
        return
    before = staged.rows_so_far.get(table, 0)
    staged.rows_so_far[table] = before + len(rows)
    columns = [pl.col("record").cast(pl.Int64) + first, pl.int_range(before, before + len(rows), dtype=pl.Int64).alias("row")]
    for column in FACTS[table].columns:
        if column.name == "recorded_at":
            continue
        value = pl.col(column.name)
        columns.append(value.dt.replace_time_zone(None) if isinstance(column.dtype, pl.Datetime) else value)
    if "recorded_at" in rows.columns:
        staged.bearing.add(table)
        columns.append(pl.col("recorded_at").dt.epoch("us").fill_null(staged.recorded_at).alias("recorded_at"))
    else:
        columns.append(pl.lit(staged.recorded_at, pl.Int64).alias("recorded_at"))
    path = staged.folder / "rows" / table / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.select(columns).write_parquet(path, compression="lz4", statistics=False)
