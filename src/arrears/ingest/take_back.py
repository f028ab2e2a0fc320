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
    """All that a file brings back, by load and mapping source, and how many of its records had come back before."""

    parts: dict[tuple[int, str], Corrected]
    again: int

    def resolved(self) -> pl.DataFrame:
        """What the new load keeps as resolved.parquet: load, record."""
        frames = [
            pl.DataFrame(
                {"load": pl.repeat(load, len(part.records), dtype=pl.Int64, eager=True), "record": part.records}
            )
            for (load, _), part in self.parts.items()
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema={"load": pl.Int64, "record": pl.Int64})


def corrected(path: Path, loads: Loads) -> TakenBack:
    """The records that came back, each with its corrected cells, changed or not; lines that were deleted are not
    among them.

    Raises Refused where a header was changed, a line bears no or an unknown record, or two lines bear the same one. A
    record that was taken back before is left out and counted, so that the same file twice changes nothing.
    """
    known = all_records(loads)
    done = resolved(loads).with_columns(done=True)
    came = [frame for sheet, header, rows in _sheets(path) if (frame := _frame(path, sheet, header, rows)) is not None]
    if not came:
        raise Refused(
            f"{path}: no record stands in it; it must be a file written by arrears quarantine --export",
            f"{path}：其中没有记录；请使用 arrears quarantine --export 写出的文件",
        )
    keys = pl.concat([frame.select(*_KEY, "sheet", "row") for frame, _ in came])
    _refuse_refused(path, keys)
    _refuse_twice(path, keys)
    _refuse_unknown(path, keys.join(known, on=_KEY, how="anti", maintain_order="left"))
    parts: dict[tuple[int, str], list[pl.DataFrame]] = {}
    again = 0
    for frame, columns in came:
        about = frame.join(known.drop("cells"), on=_KEY, how="left", maintain_order="left").join(
            done, on=_KEY, how="left", maintain_order="left"
        )
        again += int(about["done"].sum())
        _refuse_new_columns(path, about, columns, known)
        for (load, source), part in about.partition_by("load", "source", as_dict=True, maintain_order=True).items():
            wanted = columns_of(known.filter((pl.col("load") == load) & (pl.col("source") == source)))
            _refuse_missing_columns(path, part, columns, wanted)
            fresh = part.filter(pl.col("done").is_null())
            taken = fresh.select(
                "record", "file", "line", pl.struct(pl.nth(columns[name]).alias(name) for name in wanted).alias("cells")
            )
            if len(taken):
                parts.setdefault((load, source), []).append(taken)
    return TakenBack({key: _joined(frames) for key, frames in sorted(parts.items())}, again)


def _joined(frames: list[pl.DataFrame]) -> Corrected:
    rows = pl.concat(frames).sort("record")
    return Corrected(rows["cells"].struct.unnest(), rows["record"], rows["file"], rows["line"])


def _frame(path: Path, sheet: str, header: list, rows: list) -> tuple[pl.DataFrame, dict[str, int]] | None:
    """The lines of one sheet: cells by their place, then load, record, sheet and row; and where each column stands."""
    columns = _columns(path, sheet, header)
    width = len(header)
    kept = [(number, cells) for number, cells in rows if any(cell is not None for cell in cells)]
    if not kept:
        return None
    load, record = (_numbers(path, sheet, place, kept) for place in (0, 1))
    _refuse_nameless(path, sheet, header, kept)
    padded = [(cells + [None] * width)[:width] for _, cells in kept]
    frame = pl.DataFrame(padded, schema=[(f"c{place}", pl.String) for place in range(width)], orient="row")
    frame = frame.with_columns(
        pl.Series("load", load, pl.Int64),
        pl.Series("record", record, pl.Int64),
        pl.lit(sheet).alias("sheet"),
        pl.Series("row", [number for number, _ in kept], pl.Int64),
    )
    return frame, columns


def _columns(path: Path, sheet: str, header: list) -> dict[str, int]:
    own = [_plain(name) for name in header[: len(OWN)]]
    if own != list(OWN):
        raise Refused(
            f"{path}, sheet {sheet}: the first columns are {', '.join(map(str, own))}, not {', '.join(OWN)}; without "
            "them nobody "
            "knows which record a line is: put the header back as it was exported",
            f"{path} 的工作表 {sheet}：前几列是 {'、'.join(map(str, own))}，应为 {'、'.join(OWN)}；"
            "否则无法对应到记录，请恢复导出时的表头",
        )
    columns: dict[str, int] = {}
    for place, name in enumerate(header[len(OWN) :], start=len(OWN)):
        if name is None:
            continue
        if _plain(name) in columns:
            raise Refused(
                f"{path}, sheet {sheet}: the column {name} stands twice, and nobody knows which one counts; remove one",
                f"{path} 的工作表 {sheet}：列 {name} 出现两次，无法确定以哪列为准；请删除一列",
            )
        columns[_plain(name)] = place
    return columns


def _numbers(path: Path, sheet: str, place: int, rows: list) -> list[int]:
    found = []
    for number, cells in rows:
        fit = _NUMBER.fullmatch(cells[place] or "") if place < len(cells) else None
        if fit is None:
            raise Refused(
                f"{path}, sheet {sheet}, row {number}: {OWN[place]} does not hold a number, so nobody knows which "
                "record this is; "
                "remove the line: new records come in by arrears ingest",
                f"{path} 的工作表 {sheet} 第 {number} 行：{OWN[place]} 不是数字，无法对应到记录；"
                "请删除该行，新记录应通过 arrears ingest 装载",
            )
        found.append(int(fit[1]))
    return found


def _refuse_nameless(path: Path, sheet: str, header: list, rows: list) -> None:
    for number, cells in rows:
        for place, cell in enumerate(cells):
            if cell is not None and (place >= len(header) or header[place] is None):
                raise Refused(
                    f"{path}, sheet {sheet}, row {number}: column {place + 1} holds a cell but has no name, so it "
                    "would be lost; "
                    "move it under its column or remove it",
                    f"{path} 的工作表 {sheet} 第 {number} 行：第 {place + 1} 列有内容但没有列名，内容会丢失；请移到相应列或删除",
                )


def _refuse_refused(path: Path, keys: pl.DataFrame) -> None:
    if (keys["load"] == REFUSED_LOAD).any():
        raise Refused(
            f"{path}: its records are of a load that was refused (exported with --refused, to look at): nothing of that load is in the "
            "book, so there is nothing these could be taken back into; mend the lender's files or the mapping and run arrears "
            "ingest again",
            f"{path}：其中是被拒绝的装载的记录（用 --refused 导出，仅供查看）：该次装载没有装入任何内容，因此无法收回；"
            "请更正来源文件或映射，再运行 arrears ingest",
        )


def _refuse_twice(path: Path, keys: pl.DataFrame) -> None:
    twice = keys.filter(pl.struct(_KEY).is_duplicated())
    if len(twice):
        row = twice.row(0, named=True)
        places = twice.filter((pl.col("load") == row["load"]) & (pl.col("record") == row["record"]))
        where = ", ".join(f"{sheet} {number}" for sheet, number in places.select("sheet", "row").iter_rows())
        raise Refused(
            f"{path}: record {row['record']} of load {row['load']} stands in several rows ({where}), and nobody knows "
            "which one is "
            "right; keep one of them",
            f"{path}：装载 {row['load']} 的记录 {row['record']} 出现在多行（{where}），无法判断以哪行为准；请只保留一行",
        )


def _refuse_unknown(path: Path, keys: pl.DataFrame) -> None:
    if len(keys):
        row = keys.row(0, named=True)
        raise Refused(
            f"{path}, sheet {row['sheet']}, row {row['row']}: record {row['record']} of load {row['load']} is not in "
            "the quarantine of "
            f"this book ({len(keys):,} such rows); the load may have been taken back, or the file is of another book: "
            f"export anew",
            f"{path} 的工作表 {row['sheet']} 第 {row['row']} 行：装载 {row['load']} 的记录 {row['record']} 不在该账册的隔离区"
            f"（共 {len(keys):,} 行）；该次装载可能已撤回，或文件属于另一账册，请重新导出",
        )


def _refuse_new_columns(path: Path, about: pl.DataFrame, columns: dict[str, int], known: pl.DataFrame) -> None:
    ours = known.join(about.select("load", "source").unique(), on=["load", "source"], how="semi")
    new = sorted(set(columns) - {_plain(name) for name in columns_of(ours)})
    if new:
        raise Refused(
            f"{path}, sheet {about['sheet'][0]}: the column {new[0]} is in no source of these records; give it back "
            "the name it "
            "was exported by, or remove it",
            f"{path} 的工作表 {about['sheet'][0]}：列 {new[0]} 不属于这些记录的来源；请恢复导出时的列名，或删除该列",
        )


def _refuse_missing_columns(path: Path, part: pl.DataFrame, columns: dict[str, int], wanted: list[str]) -> None:
    missing = [name for name in wanted if _plain(name) not in columns]
    if missing:
        raise Refused(
            f"{path}, sheet {part['sheet'][0]}: the column {missing[0]} is missing; its cells would be empty in the "
            "book: put it back "
            "as it was exported",
            f"{path} 的工作表 {part['sheet'][0]}：缺少列 {missing[0]}，账册中会变为空值；请按导出时的样子恢复",
        )
    columns.update({name: columns[_plain(name)] for name in wanted})


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
