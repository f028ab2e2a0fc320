"""Corrected records read back from the workbook or CSV file that quarantine was exported to."""

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import polars as pl

from arrears.ingest.corrections import EXPLANATION_SHEET, OWN, columns_of
from arrears.ingest.excel import texts_of
from arrears.ingest.quarantine import REFUSED_LOAD, Loads, all_records, resolved
from arrears.ingest.workbooks import Workbook, damage_refused
from arrears.refusal import Refused

_KEY = ["load", "record"]
_PROBLEMS_MAX = 20
_NUMBER = re.compile(r"'?([0-9]{1,15})(?:\.0+)?")


@dataclass(frozen=True)
class Corrected:
    """Records of one load and mapping source as they came back: their cells, and which records of which file they
    were."""

    cells: pl.DataFrame
    """Every column String, exactly the source's columns; null where a cell is empty."""
    records: pl.Series
    files: pl.Series
    lines: pl.Series


@dataclass(frozen=True)
class TakenBack:
    """All that a file brings back, by load and mapping source: records that wait, and those that came back before."""

    parts: dict[tuple[int, str], Corrected]
    before: dict[tuple[int, str], Corrected]

    @property
    def again(self) -> int:
        """How many of its records had come back before."""
        return sum(len(part.records) for part in self.before.values())


_Problem = tuple[str, str]
"""What stands in the way, in English and Chinese, beginning with the place in the file."""


def corrected(path: Path, loads: Loads) -> TakenBack:
    """The records that came back, each with its corrected cells, changed or not; lines that were deleted are not
    among them.

    Raises Refused, with all that stands in the way, where a header was changed, a line bears no or an unknown record, or two
    lines bear the same one. A record that was taken back before stands apart, so that the same file twice changes nothing.
    """
    known, done = all_records(loads), resolved(loads).with_columns(done=True)
    problems: list[_Problem] = []
    came = [frame for sheet, header, rows in _sheets(path) if (frame := _frame(sheet, header, rows, problems)) is not None]
    if not came and not problems:
        raise Refused(
            f"{path}: no record stands in it; it must be a file written by arrears quarantine --export",
            f"{path}：其中没有记录；请使用 arrears quarantine --export 写出的文件",
        )
    if came:
        keys = pl.concat([frame.select(*_KEY, "sheet", "row") for frame, _ in came])
        problems += _twice(keys) + _unknown(keys.join(known, on=_KEY, how="anti", maintain_order="left"))
    found: dict[bool, dict[tuple[int, str], list[pl.DataFrame]]] = {True: {}, False: {}}
    for frame, columns in came:
        about = frame.join(known.drop("cells"), on=_KEY, how="inner", maintain_order="left").join(
            done, on=_KEY, how="left", maintain_order="left").with_columns(pl.col("done").fill_null(False))
        new = _new_columns(about, columns, known)
        problems += [_new_column(about["sheet"][0], name) for name in new]
        for (load, source, is_done), part in about.partition_by("load", "source", "done", as_dict=True, maintain_order=True).items():
            wanted = columns_of(known.filter((pl.col("load") == load) & (pl.col("source") == source)))
            missing = _missing_columns(part, columns, wanted)
            problems += [problem for problem in missing if problem not in problems] + _astray(part, source, columns, {*wanted, *new})
            if not missing:
                cells = pl.struct(pl.nth(columns[_plain(name)]).alias(name) for name in wanted)
                found[is_done].setdefault((load, source), []).append(part.select("record", "file", "line", cells.alias("cells")))
    if problems:
        raise _refusal(path, problems)
    waiting, before = ({key: _joined(frames) for key, frames in sorted(found[is_done].items())} for is_done in (False, True))
    return TakenBack(waiting, before)


def _refusal(path: Path, problems: list[_Problem]) -> Refused:
    """All that stands in the way, so that a person mends it in one go; the first of them where there are very many."""
    if len(problems) == 1:
        return Refused(f"{path}, {problems[0][0]}", f"{path}：{problems[0][1]}")
    more = len(problems) - _PROBLEMS_MAX
    en = [f"{path}: nothing was taken back; in the way stand {len(problems):,} things:", *(f"  {en}" for en, _ in problems[:_PROBLEMS_MAX])]
    zh = [f"{path}：未收回任何记录；有 {len(problems):,} 处问题：", *(f"  {zh}" for _, zh in problems[:_PROBLEMS_MAX])]
    if more > 0:
        en, zh = [*en, f"  … and {more:,} more"], [*zh, f"  ……另有 {more:,} 处"]
    return Refused("\n".join(en), "\n".join(zh))


def _joined(frames: list[pl.DataFrame]) -> Corrected:
    rows = pl.concat(frames).sort("record")
    return Corrected(rows["cells"].struct.unnest(), rows["record"], rows["file"], rows["line"])


def _frame(sheet: str, header: list, rows: list, problems: list[_Problem]) -> tuple[pl.DataFrame, dict[str, int]] | None:
    """The lines of one sheet: cells by their place, then load, record, sheet and row; and where each column stands."""
    columns = _columns(sheet, header, problems)
    width = len(header)
    kept = [(number, cells) for number, cells in rows if any(cell is not None for cell in cells)]
    if not kept or columns is None:
        return None
    problems += _nameless(sheet, header, kept)
    load, record = (_numbers(sheet, place, kept, problems) for place in (0, 1))
    padded = [(cells + [None] * width)[:width] for _, cells in kept]
    frame = pl.DataFrame(padded, schema=[(f"c{place}", pl.String) for place in range(width)], orient="row")
    frame = frame.with_columns(
        pl.Series("load", load, pl.Int64),
        pl.Series("record", record, pl.Int64),
        pl.lit(sheet).alias("sheet"),
        pl.Series("row", [number for number, _ in kept], pl.Int64),
    )
    return frame.drop_nulls(_KEY), columns


def _columns(sheet: str, header: list, problems: list[_Problem]) -> dict[str, int] | None:
    own = [_plain(name) for name in header[: len(OWN)]]
    if own != list(OWN):
        problems.append((
            f"sheet {sheet}: the first columns are {', '.join(map(str, own))}, not {', '.join(OWN)}; without "
            "them nobody "
            "knows which record a line is: put the header back as it was exported",
            f"工作表 {sheet}：前几列是 {'、'.join(map(str, own))}，应为 {'、'.join(OWN)}；"
            "否则无法对应到记录，请恢复导出时的表头",
        ))
        return None
    columns: dict[str, int] = {}
    for place, name in enumerate(header[len(OWN) :], start=len(OWN)):
        if name is None:
            continue
        if _plain(name) in columns:
            problems.append((
                f"sheet {sheet}: the column {name} stands twice, and nobody knows which one counts; remove one",
                f"工作表 {sheet}：列 {name} 出现两次，无法确定以哪列为准；请删除一列",
            ))
        columns[_plain(name)] = place
    return columns


def _numbers(sheet: str, place: int, rows: list, problems: list[_Problem]) -> list[int | None]:
    found: list[int | None] = []
    for number, cells in rows:
        fit = _NUMBER.fullmatch(cells[place] or "") if place < len(cells) else None
        if fit is None:
            problems.append((
                f"sheet {sheet}, row {number}: {OWN[place]} does not hold a number, so nobody knows which "
                "record this is; "
                "remove the line: new records come in by arrears ingest",
                f"工作表 {sheet} 第 {number} 行：{OWN[place]} 不是数字，无法对应到记录；"
                "请删除该行，新记录应通过 arrears ingest 装载",
            ))
        found.append(None if fit is None else int(fit[1]))
    return found


def _nameless(sheet: str, header: list, rows: list) -> list[_Problem]:
    return [
        (
            f"sheet {sheet}, row {number}: column {place + 1} holds a cell but has no name, so it "
            "would be lost; "
            "move it under its column or remove it",
            f"工作表 {sheet} 第 {number} 行：第 {place + 1} 列有内容但没有列名，内容会丢失；请移到相应列或删除",
        )
        for number, cells in rows for place, cell in enumerate(cells)
        if cell is not None and (place >= len(header) or header[place] is None)
    ]


def _twice(keys: pl.DataFrame) -> list[_Problem]:
    problems = []
    for (load, record), rows in keys.filter(pl.struct(_KEY).is_duplicated()).partition_by(_KEY, as_dict=True, maintain_order=True).items():
        where = ", ".join(f"{sheet} {number}" for sheet, number in rows.select("sheet", "row").iter_rows())
        problems.append((
            f"sheet {rows['sheet'][0]}: record {record} of load {load} stands in several rows ({where}), and nobody knows "
            "which one is "
            "right; keep one of them",
            f"工作表 {rows['sheet'][0]}：装载 {load} 的记录 {record} 出现在多行（{where}），无法判断以哪行为准；请只保留一行",
        ))
    return problems


def _unknown(keys: pl.DataFrame) -> list[_Problem]:
    return [
        (
            f"sheet {row['sheet']}, row {row['row']}: record {row['record']} of load {row['load']} is not in "
            "the quarantine of this book; the load may have been taken back, or the file is of another book: export anew",
            f"工作表 {row['sheet']} 第 {row['row']} 行：装载 {row['load']} 的记录 {row['record']} 不在该账册的隔离区；"
            "该次装载可能已撤回，或文件属于另一账册，请重新导出",
        )
        if row["load"] != REFUSED_LOAD else
        (
            f"sheet {row['sheet']}, row {row['row']}: the record is of a load that was refused, so nothing of it is in the book and it cannot "
            "be taken back; mend the lender's files or the mapping and run arrears ingest again",
            f"工作表 {row['sheet']} 第 {row['row']} 行：该记录属于被拒绝的装载，账册中没有其内容，无法收回；请更正来源文件或映射后重新运行 arrears ingest",
        )
        for row in keys.iter_rows(named=True)
    ]


def _new_columns(about: pl.DataFrame, columns: dict[str, int], known: pl.DataFrame) -> list[str]:
    if about.is_empty():
        return []
    ours = known.join(about.select("load", "source").unique(), on=["load", "source"], how="semi")
    new = set(columns) - {_plain(name) for name in columns_of(ours)}
    if new:  # a CSV file bears the columns of all sources, also of those whose lines were all deleted
        new -= {_plain(name) for name in columns_of(known)}
    return sorted(new)


def _new_column(sheet: str, name: str) -> _Problem:
    return (
        f"sheet {sheet}: the column {name} is in no source of these records; give it back the name it was exported by, or remove it",
        f"工作表 {sheet}：列 {name} 不属于这些记录的来源；请恢复导出时的列名，或删除该列",
    )


def _astray(part: pl.DataFrame, source: str, columns: dict[str, int], known: set[str]) -> list[_Problem]:
    """Cells under columns of other sources: nobody would read them."""
    others = {name: place for name, place in columns.items() if name not in {_plain(name) for name in known}}
    return [
        (
            f"sheet {sheet}, row {row}: the column {name} holds a cell, but the records of {source} have no such column, so it would be lost; "
            "move it under its column or remove it",
            f"工作表 {sheet} 第 {row} 行：列 {name} 有内容，但来源 {source} 的记录没有该列，内容会丢失；请移到相应列或删除",
        )
        for name, place in sorted(others.items())
        for sheet, row in part.filter(pl.nth(place).is_not_null()).select("sheet", "row").iter_rows()
    ]


def _missing_columns(part: pl.DataFrame, columns: dict[str, int], wanted: list[str]) -> list[_Problem]:
    return [
        (
            f"sheet {part['sheet'][0]}: the column {name} is missing; its cells would be empty in the "
            "book: put it back "
            "as it was exported",
            f"工作表 {part['sheet'][0]}：缺少列 {name}，账册中会变为空值；请按导出时的样子恢复",
        )
        for name in wanted if _plain(name) not in columns
    ]


def _plain(name: str | None) -> str | None:
    return None if name is None else name.replace("\r\n", "\n").replace("\r", "\n")


def _sheets(path: Path) -> Iterator[tuple[str, list, list]]:
    """Each sheet's name, header and numbered rows; cells are texts, None where empty."""
    if not path.is_file():
        raise Refused(f"{path}: no such file", f"{path}：没有此文件")
    if path.suffix.lower() == ".csv":
        rows = _csv_rows(path)
        yield path.name, rows[0][1] if rows else [], rows[1:]
        return
    workbook = Workbook(path)
    for name in workbook.sheets:
        if name != EXPLANATION_SHEET:
            marks, sheet = workbook.marks(name), workbook.loaded(name)
            marks.errors.update(dict.fromkeys(marks.unvalued, "#VALUE!"))  # neither has a value
            with damage_refused(f"{path.name}[{name}]"):
                rows = [texts_of(row, number, 0, marks) for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1)]
            if rows:
                yield name, _without_tail(rows[0]), list(enumerate(rows[1:], start=2))


def _without_tail(header: list) -> list:
    """Cells to the right of the last name are no columns."""
    while header and header[-1] is None:
        header = header[:-1]
    return header


def _csv_rows(path: Path) -> list[tuple[int, list]]:
    text = _decoded(path)
    first = text.split("\n", 1)[0]
    delimiter = next(
        (mark for mark in (",", ";", "\t") if first.strip('"').startswith((f"{OWN[0]}{mark}", f'{OWN[0]}"{mark}'))), ","
    )
    csv.field_size_limit(sys.maxsize)
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(lines.line_num, [cell.removeprefix("'") or None for cell in cells]) for cells in lines]
    except csv.Error as problem:
        raise Refused(
            f"{path}, line {lines.line_num}: cannot be split into cells ({problem}); save it anew from the spreadsheet",
            f"{path} 第 {lines.line_num} 行：无法拆分成单元格；请从表格软件重新保存",
        ) from None


def _decoded(path: Path) -> str:
    """A spreadsheet saves CSV as UTF-8, as UTF-16 or, in China, as GB18030."""
    content = path.read_bytes()
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(
        f"{path}: neither UTF-8 nor GB18030; save it as CSV UTF-8",
        f"{path}：既不是 UTF-8 也不是 GB18030；请存为 CSV UTF-8",
    )
