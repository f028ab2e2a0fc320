"""The files of an export: written some rows at a time, text always as text, and each bearing who had it made, when, in which entry and by which approval.

csv      UTF-8 with a mark, the first line is the watermark behind a #, the second the heads; every cell quoted; amounts in major units
xlsx     the sheet of the watermark first, then the rows; footers bear it too, and the document's properties
parquet  columns by their names, codes as they are, amounts in minor units; the watermark stands in the file's metadata under `arrears.export`. No program takes its cells for formulas
"""

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from arrears.refusal import Refused
from arrears.work.exporting.cells import csv_text, day_text, is_formula_like, major, moment_text, seen_text
from arrears.work.exporting.subjects import Column
from arrears.work.exporting.words import flag, said

ENDINGS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "parquet": "application/vnd.apache.parquet"}
"""By format the media type as which it is sent."""
METADATA = "arrears.export"
SHEET_ROWS_MOST = 1_048_575
"""Rows that a sheet of Excel holds beside its heads; what goes beyond would be left out without a word."""
_TYPES = {"text": pa.string(), "code": pa.string(), "codes": pa.list_(pa.string()), "day": pa.date32(), "moment": pa.timestamp("us", "UTC"), "number": pa.int64(), "money": pa.int64(), "ppm": pa.int64(), "flag": pa.bool_()}
_LABELS = {"zh": {"title": "导出说明", "what": "内容", "lender": "机构", "by": "导出人", "at": "导出时间", "export": "导出编号", "entry": "操作日志编号", "approval": "审批编号", "filters": "筛选条件", "masked": "个人信息",
                  "note": "已脱敏；仅限本次批准用途使用，不得转发或用于其他目的", "none": "无须审批", "rows_sheet": "数据"},
           "en": {"title": "About this export", "what": "what", "lender": "lender", "by": "made by", "at": "made at", "export": "export", "entry": "entry in the log", "approval": "approval", "filters": "filters", "masked": "personal data",
                  "note": "masked; for the purpose it was made for, not to be passed on", "none": "none was needed", "rows_sheet": "rows"}}


@dataclass(frozen=True)
class Watermark:
    """What every file of an export bears: texts, none of them personal data of a debtor."""

    what: str
    lender: str
    by: str
    at: str
    export: str
    entry: str
    approval: str | None
    filters: dict[str, Any]
    lang: str

    def lines(self) -> list[tuple[str, str]]:
        """Label and value, in the language of the export."""
        words = _LABELS[self.lang]
        filters = "; ".join(f"{said(name, self.lang)}: {said(str(value), self.lang)}" for name, value in self.filters.items())
        told = (("what", said(self.what, self.lang)), ("lender", self.lender), ("by", self.by), ("at", self.at), ("export", self.export), ("entry", self.entry),
                ("approval", self.approval or words["none"]), ("filters", filters), ("masked", words["note"]))
        return [(words[name], value) for name, value in told]

    def line(self) -> str:
        """All of it in one line."""
        return "# arrears · " + " · ".join(f"{label}: {seen_text(value)}" for label, value in self.lines())


def write(path: Path, kind: str, columns: tuple[Column, ...], rows: Iterator[list[dict[str, Any]]], mark: Watermark, most_rows: int, most_bytes: int) -> int:
    """The rows lie in the file; how many. Raises Refused where there are more rows, or more bytes, than may be; the file is then of no use."""
    count, most_rows = 0, min(most_rows, SHEET_ROWS_MOST) if kind == "xlsx" else most_rows

    def counted() -> Iterator[list[dict[str, Any]]]:
        nonlocal count
        for some in rows:
            count += len(some)
            if count > most_rows:
                raise Refused(f"there are more than {most_rows} rows by now; nothing was exported: choose fewer days, or ask anew", f"数据已超过 {most_rows} 行；未导出任何内容：请缩短日期或重新申请")
            yield some
            if path.exists() and path.stat().st_size > most_bytes:
                raise _too_large(most_bytes)

    _WRITERS[kind](path, columns, counted(), mark)
    if path.stat().st_size > most_bytes:
        raise _too_large(most_bytes)
    return count


def _too_large(most: int) -> Refused:
    return Refused(f"the file has more than {most} bytes (exports.size_most_bytes, the operator's own choice); nothing was exported: choose fewer days",
                   f"文件超过 {most} 字节（exports.size_most_bytes，由机构自行设定）；未导出任何内容：请缩短日期")


def _csv(path: Path, columns: tuple[Column, ...], rows: Iterator[list[dict]], mark: Watermark) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        table.writerow([mark.line()])
        table.writerow([column.zh if mark.lang == "zh" else column.en for column in columns])
        for some in rows:
            table.writerows([[_csv_cell(column, row, mark.lang) for column in columns] for row in some])


def _csv_cell(column: Column, row: dict[str, Any], lang: str) -> str:
    value = row[column.name]
    if value is None:
        return ""
    if column.kind == "money":
        return f"{major(value, row['currency']):f}"
    if column.kind in ("number", "ppm"):
        return str(value) if column.kind == "number" else f"{value / 10_000:.2f}"
    return csv_text(_words(column, value, lang))


def _words(column: Column, value: Any, lang: str) -> str:
    if column.kind == "code":
        return said(value, lang)
    if column.kind == "codes":
        return ", ".join(said(one, lang) for one in value)
    return {"day": day_text, "moment": moment_text, "flag": lambda told: flag(told, lang)}.get(column.kind, str)(value)


def _xlsx(path: Path, columns: tuple[Column, ...], rows: Iterator[list[dict]], mark: Watermark) -> None:
    words = _LABELS[mark.lang]
    with tempfile.TemporaryDirectory(prefix="arrears-export-") as passing:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": passing, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"})
        book.set_properties({"title": words["title"], "author": mark.by, "comments": mark.line(), "company": mark.lender})
        styles = _styles(book)
        about = book.add_worksheet(words["title"])
        about.set_column(0, 0, 18)
        about.set_column(1, 1, 90)
        for place, (label, value) in enumerate(mark.lines()):
            about.write_string(place, 0, label, styles["head"])
            about.write_string(place, 1, seen_text(value), styles["as_text"])
        sheet = book.add_worksheet(words["rows_sheet"])
        sheet.set_header("&L" + _printed(f"{said(mark.what, mark.lang)} · {mark.by} · {mark.at}"))
        sheet.set_footer("&L" + _printed(f"{mark.export}") + "&R&P / &N")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, {"moment": 20, "text": 20, "codes": 32}.get(column.kind, 14))
            sheet.write_string(0, place, column.zh if mark.lang == "zh" else column.en, styles["head"])
        at = 0
        for some in rows:
            for row in some:
                at += 1
                for place, column in enumerate(columns):
                    _xlsx_cell(sheet, at, place, column, row, mark.lang, styles)
        if at:
            sheet.autofilter(0, 0, at, len(columns) - 1)
        book.close()


def _printed(text: str) -> str:
    """For a printed header: an ampersand there begins a command."""
    return seen_text(text)[:120].replace("&", "&&")


def _styles(book: xlsxwriter.Workbook) -> dict[str, Any]:
    as_text = book.add_format({"num_format": "@"})
    as_text.set_quote_prefix()
    return {"head": book.add_format({"bold": True, "bg_color": "#E9EEF5", "num_format": "@"}), "text": book.add_format({"num_format": "@"}), "as_text": as_text,
            "day": book.add_format({"num_format": "yyyy-mm-dd"}), "money": book.add_format({"num_format": "#,##0.00"}), "share": book.add_format({"num_format": "0.00"})}


def _xlsx_cell(sheet, at: int, place: int, column: Column, row: dict[str, Any], lang: str, styles: dict) -> None:
    value = row[column.name]
    if value is None:
        return
    if column.kind == "money":
        sheet.write_number(at, place, float(major(value, row["currency"])), styles["money"])
    elif column.kind == "number":
        sheet.write_number(at, place, value)
    elif column.kind == "ppm":
        sheet.write_number(at, place, value / 10_000, styles["share"])
    elif column.kind == "day":
        sheet.write_datetime(at, place, value, styles["day"])
    else:
        text = seen_text(_words(column, value, lang))
        sheet.write_string(at, place, text, styles["as_text" if is_formula_like(text) else "text"])


def _parquet(path: Path, columns: tuple[Column, ...], rows: Iterator[list[dict]], mark: Watermark) -> None:
    told = {**{name: getattr(mark, name) for name in ("what", "lender", "by", "at", "export", "entry", "approval", "filters")}, "personal_data": "masked"}
    schema = pa.schema([pa.field(column.name, _TYPES[column.kind]) for column in columns], metadata={METADATA: json.dumps(told, ensure_ascii=False)})
    with pq.ParquetWriter(path, schema, compression="zstd") as out:
        for some in rows:
            out.write_table(pa.Table.from_pylist(some, schema=schema))


_WRITERS: dict[str, Callable] = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
