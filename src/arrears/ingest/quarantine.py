"""What waits in quarantine: the faults of all loads in force, less the records that a later load took back.

Loads are given as (id, folder), oldest first, only those in force: where the load that took a record back is
itself taken
back, the record waits again. A folder holds

    quarantine.parquet   one row per fault: record, file, line, table, column, value (masked), rule, en, zh
    records.parquet      one row per record in quarantine: record, source, file, line, cells (JSON), is_named
    resolved.parquet     which records of earlier loads need no further look since this load: load, record; and where they came
                         back with it, the record they became here and their cells as they came (JSON; see own_cells.as_json)
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from arrears.ingest.fault_words import shown
from arrears.refusal import Refused

Loads = list[tuple[int, Path]]
REFUSED_LOAD = 0
"""The id under which the last refused load is looked at; nothing of it is in the book, so nothing of it is taken
back."""

FAULT_COLUMNS = {
    "load": pl.Int64,
    "record": pl.Int64,
    "file": pl.String,
    "line": pl.Int64,
    "table": pl.String,
    "column": pl.String,
    "value": pl.String,
    "rule": pl.String,
    "en": pl.String,
    "zh": pl.String,
}
"""The columns of what waits. `record` is null where a record could not be split into cells."""
RECORD_COLUMNS = {
    "load": pl.Int64,
    "record": pl.Int64,
    "source": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "cells": pl.String,
    "is_named": pl.Boolean,
}
"""`is_named`: the cells hold the record's own ids, so a record of equal cells is the same one."""
RESOLVED_COLUMNS = {"load": pl.Int64, "record": pl.Int64, "became": pl.Int64, "cells": pl.String}


def open_faults(loads: Loads, *, rule: str | None = None, load: int | None = None) -> pl.DataFrame:
    """The faults that wait, one row each, in the order of loads and records; only those of a rule or load, where
    named."""
    _refuse_unknown_load(loads, load)
    waiting = _without_resolved(_all(loads, "quarantine.parquet", FAULT_COLUMNS, load), loads)
    if rule is not None:
        _refuse_unknown_rule(waiting, rule)
        waiting = waiting.filter(pl.col("rule") == rule)
    return each_once(waiting).sort("load", "file", "line", "record", maintain_order=True, nulls_last=True)


def each_once(faults: pl.DataFrame) -> pl.DataFrame:
    """A cell that feeds two tables is one thing to correct, not two."""
    names = [name for name in ("load", "record", "file", "line", "column", "value", "rule") if name in faults.columns]
    return faults.unique(names, keep="first", maintain_order=True)


def first_faults(faults: pl.DataFrame, *, zh: bool, most: int = 10) -> list[str]:
    """A line for each of the first faults of a load that is not kept, of every rule one as far as they fit; and how many more there are."""
    once = each_once(faults).with_row_index("place")
    chosen = once.sort(pl.int_range(pl.len()).over("rule"), "place").head(most).sort("place").with_columns(shown(pl.col("file")))
    lines = [f"{_place_of(row, zh)}{row['zh' if zh else 'en']} [{row['rule']}]" for row in chosen.iter_rows(named=True)]
    left = len(once) - len(chosen)
    return lines + ([f"……另有 {left:,} 处" if zh else f"… and {left:,} more"] if left else [])


def open_records(
    loads: Loads, *, rule: str | None = None, load: int | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records that wait, with their cells, and all faults of them: a record shows all its faults, whichever
    rule was named."""
    named = open_faults(loads, rule=rule, load=load).select("load", "record").drop_nulls().unique()
    keys = ["load", "record"]
    faults = open_faults(loads, load=load).join(named, on=keys, how="semi", maintain_order="left")
    records = _all(loads, "records.parquet", RECORD_COLUMNS, load).join(named, on=keys, how="semi")
    return records.sort(keys), faults


def all_records(loads: Loads) -> pl.DataFrame:
    """Every record that ever went to quarantine in a load in force: load, record, source, file, line, cells."""
    return _all(loads, "records.parquet", RECORD_COLUMNS, None)


def resolved(loads: Loads) -> pl.DataFrame:
    """The records that later loads in force took back: load, record."""
    return came_back(loads).select("load", "record").unique()


def came_back(loads: Loads) -> pl.DataFrame:
    """The records that loads took back: load, record, became, cells, and `by`, the load that took them back."""
    parts = [pl.DataFrame(schema=RESOLVED_COLUMNS | {"by": pl.Int64})]
    for number, folder in loads:
        if (folder / "resolved.parquet").exists():
            parts.append(_read(folder / "resolved.parquet", RESOLVED_COLUMNS).with_columns(by=pl.lit(number, pl.Int64)))
    return pl.concat(parts)


def counts_by_rule(faults: pl.DataFrame) -> pl.DataFrame:
    """One row per rule: faults, records, and its first fault as an example; the most frequent first."""
    place = pl.struct("load", pl.coalesce("record", -pl.col("line")), "file")
    first = [pl.col(name).first() for name in ("load", "file", "line", "en", "zh")]
    return (
        faults.group_by("rule", maintain_order=True)
        .agg(pl.len().alias("faults"), place.n_unique().alias("records"), *first)
        .sort("faults", "rule", descending=[True, False])
    )


def records_by_rule(faults: pl.DataFrame) -> dict[str, int]:
    """Of one load: how many records each rule stops, however many of their cells break it; the most frequent first."""
    counts = faults.group_by("rule").agg(pl.struct(pl.coalesce("record", -pl.col("line")), "file").n_unique().alias("records"))
    return dict(counts.sort("records", "rule", descending=[True, False]).iter_rows())


def listed(faults: pl.DataFrame, language: str, *, each: bool, limit: int | None = 20, refused: bool = False) -> list[str]:
    """What waits, or what a refused load would have put there, as lines for a terminal: by rule with an example, or each fault
    where one rule or load was asked for."""
    zh = language == "zh"
    if faults.is_empty() and refused:
        return ["没有被拒绝的装载可供查看" if zh else "There is no refused load to look at."]
    if faults.is_empty():
        return ["隔离区为空：没有等待更正的记录" if zh else "Nothing waits in quarantine."]
    return _each_fault(faults, zh, limit) if each else _by_rule(faults, zh, refused)


def json_lines(faults: pl.DataFrame, limit: int | None = None) -> Iterator[str]:
    """What waits, one JSON object per fault."""
    rows = faults if limit is None else faults.head(limit)
    for part in rows.iter_slices(50_000):
        yield from part.write_ndjson().splitlines()


def _by_rule(faults: pl.DataFrame, zh: bool, refused: bool) -> list[str]:
    counts = counts_by_rule(faults)
    loads, refused = faults["load"].n_unique(), (faults["load"] == REFUSED_LOAD).all()
    whole = faults.select(pl.struct("load", pl.coalesce("record", -pl.col("line")), "file").n_unique()).item()
    if refused:
        lines = [f"被拒绝的装载：{whole:,} 条记录，{len(faults):,} 处问题；未装入任何内容" if zh else
                 f"The refused load: {whole:,} records with {len(faults):,} faults; nothing of it was loaded"]
    else:
        lines = [f"隔离区：{whole:,} 条记录，{len(faults):,} 处问题，来自 {loads:,} 次装载" if zh else
                 f"In quarantine: {whole:,} records with {len(faults):,} faults, of {loads:,} loads"]
    for row in counts.with_columns(shown(pl.col("file"))).iter_rows(named=True):
        said = row["zh"] if zh else row["en"]
        head = f"{row['faults']:>9,}  {row['rule']}" + (
            f"（{row['records']:,} 条记录）" if zh else f" ({row['records']:,} records)"
        )
        lines += [head, f"{'':11}{_place_of(row, zh)}{said}"]
    if refused:
        lines.append("其中没有可收回的：请更正文件或映射，再运行 arrears ingest。逐条查看：--refused --rule 规则；用 Excel 查看：--refused --export 文件.xlsx" if zh else
                     "None of it can be taken back: mend the files or the mapping, then run arrears ingest again. Each one: --refused --rule RULE. "
                     "To look at them in Excel: --refused --export FILE.xlsx")
    else:
        lines.append("逐条查看：--rule 规则 或 --load 装载号；导出更正：--export 文件.xlsx，改好后 --take-back 文件.xlsx" if zh else
                     "Each one: --rule RULE or --load LOAD. To correct them: --export FILE.xlsx, then --take-back FILE.xlsx")
    return lines


def _each_fault(faults: pl.DataFrame, zh: bool, limit: int | None) -> list[str]:
    rows = (faults if limit is None else faults.head(limit)).with_columns(shown(pl.col("file")))
    lines = [
        f"{_load_of(row['load'], zh)} · {_place_of(row, zh)}{row['zh' if zh else 'en']} [{row['rule']}]"
        for row in rows.iter_rows(named=True)
    ]
    if len(rows) < len(faults):
        left = len(faults) - len(rows)
        lines.append(f"……另有 {left:,} 处；用 --limit 多看" if zh else f"… and {left:,} more; see more with --limit")
    return lines


def _load_of(load: int, zh: bool) -> str:
    if load == REFUSED_LOAD:
        return "被拒绝的装载" if zh else "refused load"
    return f"装载 {load}" if zh else f"load {load}"


def _place_of(row: dict, zh: bool) -> str:
    line = "" if row["line"] is None else f" 第 {row['line']:,} 行" if zh else f", line {row['line']:,}"
    return f"{row['file'] or '?'}{line}{'：' if zh else ': '}"


def _without_resolved(rows: pl.DataFrame, loads: Loads) -> pl.DataFrame:
    keys = ["load", "record"]
    return rows.join(resolved(loads), on=keys, how="anti", maintain_order="left").join(
        _settled(loads), on=keys, how="anti", maintain_order="left")


def _settled(loads: Loads) -> pl.DataFrame:
    """Records that need no further look, since the lender's files bring the same ones again and again: load, record.

    Of equal records (one source, the same cells) only the latest waits. Where one of them came back with other cells, the
    equal ones are answered too, those of later files as well. Records whose cells do not hold their ids each wait for
    themselves: two of them may be two payments.
    """
    every, alike = all_records(loads).filter("is_named").select("load", "record", "source", "cells"), ["source", "cells"]
    older = every.filter(pl.col("load") < pl.col("load").max().over(alike))
    answered = [every.clear().select(alike)]
    for number, folder in loads:
        came = every.join(_read(folder / "resolved.parquet", RESOLVED_COLUMNS), on=["load", "record"], how="semi")
        answered.append(came.join(every.filter(pl.col("load") == number), on=alike, how="anti").select(alike))
    answers = every.join(pl.concat(answered).unique(), on=alike, how="semi")
    return pl.concat([older, answers]).select("load", "record").unique()


def _all(loads: Loads, name: str, columns: dict, load: int | None) -> pl.DataFrame:
    parts = [
        _read(folder / name, {column: dtype for column, dtype in columns.items() if column != "load"}).select(
            pl.lit(number, pl.Int64).alias("load"), *[column for column in columns if column != "load"]
        )
        for number, folder in loads
        if load in (None, number)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=columns)


def _read(path: Path, columns: dict) -> pl.DataFrame:
    """The columns of a load's file; no rows where the load wrote none."""
    if not path.exists():
        return pl.DataFrame(schema=columns)
    try:
        frame = pl.read_parquet(path, glob=False)
        may_be_absent = ("became", "cells") if columns is RESOLVED_COLUMNS else ("is_named",)  # in a book from before they were kept
        frame = frame.with_columns(pl.lit(None).alias(name) for name in may_be_absent if name in columns and name not in frame.columns)
        return frame.select(pl.col(name).cast(dtype) for name, dtype in columns.items())
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise Refused(
            f"{path}: cannot be read ({str(problem).splitlines()[0]}), so what waits in quarantine is not known; "
            f"restore the "
            "file from a backup of the book, or take its load back and load the sources again",
            f"{path}：无法读取，因此不知道哪些记录在隔离区；请从账册备份中恢复，或撤回该次装载后重新装载",
        ) from None


def _refuse_unknown_load(loads: Loads, load: int | None) -> None:
    known = [number for number, _ in loads]
    if load is not None and load not in known:
        few = ", ".join(map(str, known[-5:])) or "–"
        raise Refused(
            f"--load {load}: no such load is in force; the last ones are: {few}",
            f"--load {load}：没有这次有效的装载；最近的有：{few}",
        )


def _refuse_unknown_rule(faults: pl.DataFrame, rule: str) -> None:
    known = faults["rule"].unique().sort().to_list()
    if rule not in known:
        few = ", ".join(known) or "–"
        raise Refused(
            f"--rule {rule}: no record waits because of this rule; records wait because of: {few}",
            f"--rule {rule}：没有记录因该规则被隔离；现有规则：{few}",
        )
