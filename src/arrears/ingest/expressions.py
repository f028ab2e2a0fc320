"""Records of text become typed rows of a table, with every fault named; nothing is dropped in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from arrears.ingest.kinds import kind_of
from arrears.ingest.mapped import ColumnMap, Mapping, SourceMap, TableMap
from arrears.ingest.occurrences import Numbers
from arrears.ingest.reading import plain_digits, trimmed
from arrears.ingest.taking import FAULTS, Hashes, Taking, months_later
from arrears.ingest.values import read_column
from arrears.tables import FACTS
from arrears.tables.table import Table
from arrears.tables.visible import faults_of

TIMES_MAX = 1200
"""The most rows that `repeat` makes of one record: a hundred years of months."""

_NOT_IN_THE_FUTURE = ("paid_on", "disbursed_on", "attempted_at", "happened_at", "promised_on", "agreed_on")
_TIMES = ColumnMap("repeat", "column")


@dataclass(frozen=True)
class Typed:
    """One table's rows made of one batch."""

    rows: pl.DataFrame
    """record UInt32 (the place in the batch), then the table's columns in their order; recorded_at only if mapped.

    The rows of a record that has a fault are among them, with null where a cell could not be read.
    """
    faults: pl.DataFrame
    """One row per fault: record, column (of the source, else of the table), target (of the table), value (the raw cell), rule, detail."""


def kept(source_map: SourceMap, cells: pl.DataFrame) -> pl.Series:
    """True for each record that the source's `keep` takes; an absent cell counts as the empty text."""
    keep = source_map.keep
    if keep is None:
        return pl.Series("kept", [True]).new_from_index(0, len(cells))
    distinct = cells[keep.column].unique()
    wanted = {plain_digits(trimmed(text)) for text in keep.texts}
    chosen = [(plain_digits(trimmed(text or "")) in wanted) == keep.wanted for text in distinct.to_list()]
    verdicts = pl.DataFrame({"text": distinct, "kept": pl.Series(chosen, dtype=pl.Boolean)})
    return cells.select(text=keep.column).join(verdicts, on="text", how="left", nulls_equal=True, maintain_order="left")["kept"]


def rows_of(
    table_map: TableMap,
    source_map: SourceMap,
    mapping: Mapping,
    cells: pl.DataFrame,
    pseudonyms: Hashes,
    *,
    today: date | None = None,
) -> Typed:
    """The rows that a batch of records makes in one table, and every fault that stops a record.

    With `today`, what happened cannot have happened later than the day after it. What `key_of` names is named by its cells
    alone: see `told_apart`.
    """
    table = FACTS[table_map.table]
    taking = Taking(table_map, source_map, mapping, cells, pseudonyms)
    taking.take_all()
    rows = _laid_out(taking, table)
    _judge(rows, taking, table, today)
    faults = pl.concat(taking.faults) if taking.faults else pl.DataFrame(schema=FAULTS)
    return Typed(rows, faults.unique(["record", "column", "target", "rule"], keep="first", maintain_order=True).sort("record", maintain_order=True))


def told_apart(made: dict[str, Typed], source_map: SourceMap, seen: Numbers) -> dict[str, Typed]:
    """The rows of a batch with the names of `key_of` numbered among equal records; `seen` counts on from batch to batch.

    Only sound records are counted: one that waits takes no number, and gets the next free one when it comes back (see
    occurrences.py). Otherwise a file whose faulty record is corrected would name its sound ones anew.
    """
    named = [(table, name) for table in source_map.tables for name, column in table.columns.items() if column.take == "key_of"]
    if not named:
        return made
    faulty = pl.concat([typed.faults["record"] for typed in made.values()]).unique()
    for table, name in named:
        typed = made[table.table]
        records = typed.rows.select("record", digest=name).unique("record", keep="first", maintain_order=True)
        sound = records.select("record", digest=pl.when(~pl.col("record").is_in(faulty.implode())).then("digest"))
        numbered = sound.select("record", nth=seen.numbered(table.table, name, sound["digest"])).filter(pl.col("nth") > 1)
        if len(numbered):
            text = pl.concat_str(name, pl.lit("-"), "nth")
            rows = typed.rows.join(numbered, on="record", how="left", maintain_order="left")
            rows = rows.with_columns(pl.when(pl.col("nth") > 1).then(text).otherwise(name).alias(name)).drop("nth")
            made = made | {table.table: Typed(rows, typed.faults)}
    return made


def _laid_out(taking: Taking, table: Table) -> pl.DataFrame:
    """One row per record, or as many as `repeat` says; every column of the table, recorded_at only if mapped."""
    columns, count = taking.table_map.columns, len(taking.cells)
    record = pl.int_range(count, dtype=pl.UInt32, eager=True).alias("record")
    rows = pl.DataFrame([record, *taking.typed.values()])
    if taking.table_map.times is not None:
        rows = _repeated(rows, taking)
    absent = [column for column in table.columns if column.name not in columns and column.name != "recorded_at"]
    rows = rows.with_columns(pl.lit(None, column.dtype).alias(column.name) for column in absent)
    names = [name for name in table.names() if name in rows.columns]
    return rows.select("record", *(pl.col(name).cast(table.schema[name]) for name in names))


def _repeated(rows: pl.DataFrame, taking: Taking) -> pl.DataFrame:
    columns, source = taking.table_map.columns, taking.table_map.times
    read = read_column(taking.cells[source], "whole", _TIMES, taking.mapping, taking.source_map.decimal, taking.mapping.currency)
    target = next((name for name, column in columns.items() if column.take == "number"), "repeat")
    taking.blame(target, [source], read.flaws["row"], read.flaws["rule"], read.flaws["detail"])
    unfit = pl.Series([False]).new_from_index(0, len(rows)).scatter(read.flaws["row"], True)
    taking.blame(target, [source], (read.values.is_null() & ~unfit).arg_true(), "empty")
    sound = read.values.is_between(1, TIMES_MAX)
    taking.blame(target, [source], (read.values < 1).fill_null(False).arg_true(), "range_low", "1")
    taking.blame(target, [source], (read.values > TIMES_MAX).fill_null(False).arg_true(), "range_high", f"{TIMES_MAX:,}")
    # A record whose number is unfit keeps one row, so that its other faults are told at once and not one load later.
    rows = rows.with_columns(pl.select(pl.when(sound).then(read.values).otherwise(1).alias(" times")).to_series())
    rows = rows.with_columns(pl.int_ranges(1, pl.col(" times") + 1).alias(" nth")).explode(" nth")
    times, nth = pl.col(" times"), pl.col(" nth")
    changed = []
    for name, column in columns.items():
        if column.take == "number":
            changed.append(nth.alias(name))
        elif column.shares:
            part = pl.col(name) // times
            changed.append(pl.when(nth == times).then(pl.col(name) - part * (times - 1)).otherwise(part).alias(name))
        elif column.every == "month":
            changed.append(months_later(pl.col(name), nth - 1).alias(name))
        elif column.every is not None:
            changed.append((pl.col(name) + pl.duration(days=(nth - 1) * (7 if column.every == "week" else 1))).alias(name))
    return rows.with_columns(changed)


def _judge(rows: pl.DataFrame, taking: Taking, table: Table, today: date | None) -> None:
    """Blames the cells of every row that breaks a rule of its table; a cell that could not be read is blamed once."""
    rules = [(fault.column, fault.rule, fault.detail, breaks) for fault, breaks in faults_of(table)]
    rules += _future_rules(table, taking.mapping.timezone, today)
    if rows.is_empty() or not rules:
        return
    broken = rows.select(breaks.fill_null(False).any().alias(str(place)) for place, (*_, breaks) in enumerate(rules)).row(0)
    blamed = pl.concat(taking.faults).select("record", "target").unique() if taking.faults else None
    for is_broken, (target, rule, detail, breaks) in zip(broken, rules, strict=True):
        if not is_broken:
            continue
        records = rows.filter(breaks.fill_null(False))["record"].unique(maintain_order=True)
        if blamed is not None:
            records = records.filter(~records.is_in(blamed.filter(pl.col("target") == target)["record"].implode()))
        taking.blame(target, _sources(taking.table_map, target), records, rule, detail)


def _sources(table_map: TableMap, target: str) -> Sequence[str]:
    column = table_map.columns.get(target)
    return column.sources if column is not None else ()


def _future_rules(table: Table, zone: str, today: date | None) -> list[tuple[str, str, str, pl.Expr]]:
    """Files of one evening may bear the next day's date elsewhere on earth; anything later has not happened yet."""
    if today is None:
        return []
    last, rules = today + timedelta(days=1), []
    for column in table.columns:
        if column.name in _NOT_IN_THE_FUTURE:
            value = pl.col(column.name)
            day = value.dt.convert_time_zone(zone).dt.date() if kind_of(column) == "moment" else value
            rules.append((column.name, "future", today.isoformat(), day > last))
    return rules
