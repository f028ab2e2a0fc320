"""The source's own cells of the records in quarantine, so that a person can correct them.

The cells of a record that has a fault of its own are kept when it is read. A record that only others prove wrong is known
later: a file is read once more for it, a query's cells are all kept until then, since it may answer otherwise next time.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from arrears.ingest.batch import Batch
from arrears.ingest.expressions import kept
from arrears.ingest.mapped import Mapping, SourceMap
from arrears.ingest.personal import concealed
from arrears.ingest.pseudonyms import masked
from arrears.ingest.vaulted import only_vaulted
from arrears.tables import FACTS

CELLS = {"record": pl.Int64, "source": pl.String, "file": pl.String, "line": pl.Int64, "cells": pl.String, "is_named": pl.Boolean}
"""One row per record; `cells` is a JSON object of its taken columns, a hashed one as "#" and its pseudonym, one that goes to the vault always empty. Where another holds an
identity card or mobile number (cells that slipped into the next column, say), that number stands with stars: see `as_shown`. `is_named`: the cells hold the record's own ids (see `_are_named`)."""


class OwnCells:
    """What was kept so far, and which files can be read once more. Its state is a folder of passing files."""

    def __init__(self, folder: Path, pseudonyms):
        self._folder, self.pseudonyms = folder, pseudonyms
        self._again: list[tuple[int, int, SourceMap, object, Mapping]] = []
        self._files = 0

    def may_read_again(self, first: int, end: int, source_map: SourceMap, source, mapping: Mapping) -> None:
        """Records first to end (not included) came from this source, which gives the same when it is read again."""
        if not source.is_read_once:
            self._again.append((first, end, source_map, source, mapping))

    def keep(self, records: pl.Series, lines: pl.Series, source: str, file: str, cells: pl.DataFrame, spoilt: pl.DataFrame | None,
             mapping: Mapping) -> None:
        """Keeps these records' cells. `spoilt` (record, column) names cells at fault: the hash of such an id names nobody."""
        if len(records):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._files += 1
            told = self._told(records, lines, source, file, cells, spoilt, mapping)
            told.write_parquet(self._folder / f"{self._files:06d}.parquet", compression="lz4")

    def of(self, wanted: pl.Series) -> pl.DataFrame:
        """One row per wanted record in their order, as CELLS says. Raises Refused where a file changed meanwhile."""
        found = [pl.DataFrame(schema=CELLS)]
        for path in sorted(self._folder.glob("*.parquet")):
            found.append(pl.scan_parquet(path).filter(pl.col("record").is_in(wanted.implode())).collect())
        left = wanted.filter(~wanted.is_in(pl.concat(found)["record"].implode()))
        for first, end, source_map, source, mapping in self._again if len(left) else ():
            mine = left.filter(left.is_between(first, end - 1))
            if len(mine):
                found += self._read_again(first, source_map, source, mine, mapping)
        return pl.concat(found).unique("record", keep="first").sort("record")

    def _read_again(self, first: int, source_map: SourceMap, source, wanted: pl.Series, mapping: Mapping) -> Iterator[pl.DataFrame]:
        columns = [column for column in source_map.taken() if column in source.columns]
        for batch in source.batches(columns):
            cells, lines = kept_of(source_map, batch)
            cells = cells.with_columns(pl.lit(None, pl.String).alias(name) for name in only_vaulted(source_map, mapping, source.columns))
            records = pl.int_range(first, first + len(cells), dtype=pl.Int64, eager=True)
            first += len(cells)
            is_wanted = records.is_in(wanted.implode())
            if is_wanted.any():
                yield self._told(records.filter(is_wanted), lines.filter(is_wanted), source_map.name, source.name, cells.filter(is_wanted), None, mapping)

    def _told(self, records, lines, source: str, file: str, cells: pl.DataFrame, spoilt: pl.DataFrame | None, mapping: Mapping) -> pl.DataFrame:
        at_fault = {} if spoilt is None else {
            column: records.is_in(spoilt.filter(pl.col("column") == column)["record"].implode()) for column in mapping.hashed}
        json = as_json(cells, source, mapping, self.pseudonyms, at_fault)
        return pl.DataFrame({"record": records, "source": [source] * len(records), "file": [file] * len(records), "line": lines, "cells": json,
                             "is_named": _are_named(cells, next(one for one in mapping.sources if one.name == source))}, schema=CELLS)


def as_json(cells: pl.DataFrame, source: str, mapping: Mapping, pseudonyms, at_fault: dict[str, pl.Series] | None = None) -> pl.Series:
    """The records' cells as they may be kept, a JSON object each: see CELLS. `at_fault` marks spoilt cells of hashed columns."""
    columns, vaulted = [], {one.column for one in mapping.vaulted}
    for column in cells.columns:
        values = cells[column]
        if column in vaulted and column not in mapping.hashed:
            values = values.clear(len(values))
        elif column in mapping.hashed:
            values = "#" + pseudonyms.of(values)
            if at_fault:
                values = values.set(at_fault[column], None)
        else:
            values = as_shown(values, column, source, mapping)
        columns.append(values.alias(column))
    return pl.DataFrame(columns).select(pl.struct(pl.all()).struct.json_encode()).to_series()


def as_shown(texts: pl.Series, column: str, source: str, mapping: Mapping) -> pl.Series:
    """The cells of one source column as people may see them who must not see whose they are.

    A hashed column is masked whole. In any other an identity card number of 18 digits with its check letter is, and a mobile
    number or card of 15 digits, but these two not in columns that feed an id (loan_id, payment_id, reverses …), whose own numbers
    may look so and are needed to correct the record. A column under personal.not_personal is shown as it is. A starred number
    that comes back is a fault (taking.py), never a value.
    """
    if column in mapping.hashed:
        return masked(texts)
    if column in mapping.not_personal:
        return texts
    return concealed(texts, ids=column in _ids(next(one for one in mapping.sources if one.name == source)))


def _are_named(cells: pl.DataFrame, source_map: SourceMap) -> pl.Series:
    """Whether each record's own cells name the rows it feeds: then a record of equal cells is the same one, not its equal.

    Not where a key is made of the cells (`key_of`), nor where a cell that a key is taken from is empty.
    """
    keys = [table.columns[name] for table in source_map.tables for name in FACTS[table.table].key if name in table.columns]
    if any(column.take == "key_of" for column in keys):
        return pl.Series([False]).new_from_index(0, len(cells))
    taken = [source for column in keys for source in column.sources if source in cells.columns]
    return cells.select(pl.all_horizontal(pl.lit(True), *(pl.col(name).is_not_null() for name in dict.fromkeys(taken)))).to_series() if taken else (
        pl.Series([False]).new_from_index(0, len(cells)))


def _ids(source_map: SourceMap) -> set[str]:
    """The source columns whose cells name a row; and one that `keep` compares with texts of the mapping, which show it anyway."""
    found = {source_map.keep.column} if source_map.keep and source_map.keep.wanted else set()
    for table in source_map.tables:
        key = {column.name for column in FACTS[table.table].columns if column.name.endswith("_id")} | {"reverses"}
        for column in table.columns.values():
            if column.name in key and column.take in ("column", "first_of", "join"):
                found.update(column.sources)
    return found


def kept_of(source_map: SourceMap, batch: Batch) -> tuple[pl.DataFrame, pl.Series]:
    """The cells and lines of the batch's records that the source's `keep` takes."""
    if source_map.keep is None:
        return batch.cells, batch.lines
    chosen = kept(source_map, batch.cells)
    return batch.cells.filter(chosen), batch.lines.filter(chosen)
