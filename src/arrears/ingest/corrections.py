"""Quarantine as a workbook or CSV file that people correct, one line per record with its load and number."""

import csv
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import polars as pl
import xlsxwriter

from arrears.ingest.pseudonyms import MARKER
from arrears.ingest.quarantine import REFUSED_LOAD, Loads, open_faults, open_records
from arrears.refusal import Refused
from arrears.store import room_for, settle

OWN = ("#load", "#record", "#file", "#line", "#说明", "#explanation")
"""The first columns of every sheet; the source's columns follow."""
EXPLANATION_SHEET = "说明 READ ME"

_LINES_MAX = 1_048_575  # a sheet has one line more, and that is the header
_COLUMNS_MAX = 16_384
_CELL_MAX = 32_767
_COMMENTS_MAX = 1_000  # a comment is a drawing: thousands of them make a workbook slow to open
_ALTERED_ON_OPENING = re.compile(r"[=+\-@\t\r']|0[0-9]|[0-9]{12}|[0-9]+[eE][0-9]|[0-9]{1,4}[-/][0-9]")
_SPOILT = ("scientific", "lost_digits", "cell_error", "formula", "control", "too_long", "width", "not_in_values")
"""Faults that leave no id worth hashing: its pseudonym is not shown, for unchanged it would come back as a good one."""
_EXPLANATION = (
    "隔离区记录：请逐表更正后用 arrears quarantine --take-back 收回。",
    "1. 每行是一条来源记录。“#说明”写明问题；有问题的单元格标成橙色，部分带批注。",
    "2. 直接改正单元格。单元格都是文本格式：编号的前导零和长号码不会变。",
    "3. 不想收回的行可以删除，它们留在隔离区。不要改动表头和“#”开头的列，不要新增行。",
    "4. “#”加 32 位十六进制数是个人标识的假名；不改动即保持原人，需更正时填写真实号码，装载时会再转为假名。",
    "5. 收回的每一行会重新检查；仍有问题的会再次进入隔离区。",
    "6. 送入保险库的列（姓名、电话等）在此为空；若应随记录一起送入，请填写真实内容。",
    "",
    "Records in quarantine: correct them sheet by sheet, then bring them back by arrears quarantine --take-back.",
    "1. Each line is one record of a source. #explanation says what is wrong; the cells at fault are orange, some "
    "with a comment.",
    "2. Correct the cells in place. All cells are text: leading zeros and long numbers stay as they are.",
    "3. Lines you delete stay in quarantine. Leave the header and the columns that begin with # alone, and add no "
    "lines.",
    "4. # and 32 hexadecimal digits stand for a person: leave them and it is the same person; to correct one, write "
    "the real "
    "number, which is hashed as it is loaded.",
    "5. Every line that comes back is judged again; one that is still wrong goes to quarantine again.",
    "6. Columns that go to the vault (names, phones, …) are empty here: fill them in where they should go there with the record.",
    "",
)


_EXPLANATION_REFUSED = (
    "被拒绝的装载的记录，仅供查看：账册中没有该次装载的任何内容，因此无法收回。请更正映射或来源文件，再运行 arrears ingest。",
    "每行是一条来源记录；“#说明”写明问题，有问题的单元格标成橙色。",
    "",
    "Records of a load that was refused, to look at: nothing of it is in the book, so they cannot be taken back. Mend the mapping or the "
    "lender's files and run arrears ingest again.",
    "Each line is one record of a source; #explanation says what is wrong, and the cells at fault are orange.",
    "",
)


@dataclass(frozen=True)
class Exported:
    """What an export holds: records per mapping source, and how many waiting records it had to leave out."""

    sources: dict[str, int]
    left_out: int
    """Records that could not be split into cells, or whose cells are longer than a workbook takes: see the source
    file."""


def export(
    loads: Loads, path: Path, *, rule: str | None = None, load: int | None = None, lines_max: int = _LINES_MAX
) -> Exported:
    """Writes the records that wait as an .xlsx or .csv file that appears whole.

    Raises Refused where such a file cannot hold them, where nothing waits, and where the file stands already: it may hold
    somebody's corrections.
    """
    _refuse_place(path)
    records, faults = open_records(loads, rule=rule, load=load)
    if path.suffix.lower() == ".xlsx":
        records = _that_fit(records)
    if records.is_empty():
        raise Refused(
            f"{path}: nothing was written: no record waits in quarantine that can be corrected in a file",
            f"{path}：未写出文件：隔离区中没有可在文件中更正的记录",
        )
    sources = {
        source: part for (source,), part in records.partition_by("source", as_dict=True, maintain_order=True).items()
    }
    named = open_faults(loads, rule=rule, load=load)
    left_out = named["record"].null_count() + faults.select("load", "record").n_unique() - len(records)
    with room_for(path), tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / path.name
        if path.suffix.lower() == ".csv":
            _write_csv(unfinished, records, faults)
        else:
            _write_workbook(unfinished, sources, faults, left_out, lines_max, path)
        settle(unfinished, path)
    return Exported({source: len(part) for source, part in sources.items()}, left_out)


def columns_of(records: pl.DataFrame) -> list[str]:
    """The source columns of the records, each once, in the order in which they are met."""
    found: dict[str, None] = {}
    for cells in records["cells"]:
        found.update(dict.fromkeys(json.loads(cells)))
    return list(found)


def _that_fit(records: pl.DataFrame) -> pl.DataFrame:
    """The records none of whose cells is longer than a workbook's cell can be."""
    long = records["cells"].str.len_chars() > _CELL_MAX
    if not long.any():
        return records
    fit = [
        not is_long or max(len(cell or "") for cell in json.loads(cells).values()) <= _CELL_MAX
        for cells, is_long in zip(records["cells"], long, strict=True)
    ]
    return records.filter(pl.Series(fit))


def _write_workbook(
    unfinished: Path, sources: dict, faults: pl.DataFrame, left_out: int, lines_max: int, path: Path
) -> None:
    settings = {
        "constant_memory": True,
        "tmpdir": str(unfinished.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    for source, part in sources.items():
        if len(part) > lines_max:
            raise Refused(
                f"{path}: {source} has {len(part):,} records, a sheet holds {lines_max:,}; export a part with --rule "
                "or --load, "
                "or all of it as .csv",
                f"{path}：{source} 有 {len(part):,} 条记录，一张工作表最多 {lines_max:,} 行；请用 --rule 或 --load 分批导出，"
                "或导出为 .csv",
            )
    with xlsxwriter.Workbook(unfinished, settings) as workbook:
        # the same quarantine gives the same bytes
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001
        styles = {
            "text": workbook.add_format({"num_format": "@"}),
            "own": workbook.add_format({"num_format": "@", "font_color": "#666666"}),
            "head": workbook.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7", "bottom": 1}),
            "fault": workbook.add_format({"num_format": "@", "bg_color": "#F8CBAD"}),
        }
        _write_explanation(workbook, sources, left_out)
        names = _sheet_names(list(sources))
        for source, part in sources.items():
            columns = columns_of(part)
            if len(OWN) + len(columns) > _COLUMNS_MAX:
                raise Refused(
                    f"{path}: {source} has {len(columns):,} columns, more than a sheet holds; export it as .csv",
                    f"{path}：{source} 有 {len(columns):,} 列，超过工作表上限；请导出为 .csv",
                )
            _write_sheet(workbook.add_worksheet(names[source]), columns, part, faults, styles)


def _write_explanation(workbook, sources: dict, left_out: int) -> None:
    sheet = workbook.add_worksheet(EXPLANATION_SHEET)
    sheet.set_column(0, 0, 110)
    refused = all((part["load"] == REFUSED_LOAD).all() for part in sources.values())
    lines = [*(_EXPLANATION_REFUSED if refused else _EXPLANATION), *(f"{source}: {len(part):,}" for source, part in sources.items())]
    if left_out:
        lines += [
            f"另有 {left_out:,} 条不在本文件中：无法拆分成单元格，或单元格过长。请在来源文件中更正后重新装载。",
            f"{left_out:,} more are not in this file: they could not be split into cells, or are too long for one. "
            "Correct them in "
            "their source file and load it again.",
        ]
    for place, line in enumerate(lines):
        sheet.write_string(place, 0, line)


def _write_sheet(sheet, columns: list[str], records: pl.DataFrame, faults: pl.DataFrame, styles: dict) -> None:
    sheet.set_column(0, 3, 12, styles["own"])
    sheet.set_column(4, 5, 60, styles["own"])
    if columns:
        sheet.set_column(len(OWN), len(OWN) + len(columns) - 1, 18, styles["text"])
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(records), len(OWN) + len(columns) - 1)
    for place, name in enumerate([*OWN, *columns]):
        sheet.write_string(0, place, name, styles["head"])
    place_of = {name: len(OWN) + place for place, name in enumerate(columns)}
    comments = 0
    for row, (own, cells, wrong) in enumerate(_with_faults(records, faults), start=1):
        for place, text in enumerate(own):
            sheet.write_string(row, place, text[:_CELL_MAX], styles["own"])
        for name, place in place_of.items():
            text, style = cells.get(name), styles["fault"] if name in wrong else styles["text"]
            if text or name in wrong:
                sheet.write_string(row, place, text or "", style)
            if name in wrong and comments < _COMMENTS_MAX:
                sheet.write_comment(row, place, wrong[name], {"x_scale": 3, "y_scale": 1.5})
                comments += 1


def _with_faults(records: pl.DataFrame, faults: pl.DataFrame) -> Iterator[tuple[list[str], dict, dict[str, str]]]:
    """Each record's own columns, its cells, and for each column at fault what is wrong with it; both in the order
    of keys."""
    keys = ["load", "record"]
    with_cells = faults.join(records.select(keys), on=keys, how="semi").sort(keys, maintain_order=True)
    rows = with_cells.select(*keys, "column", "en", "zh", "rule").iter_rows()
    for record, (_, group) in zip(
        records.sort(keys).iter_rows(named=True), groupby(rows, lambda row: row[:2]), strict=True
    ):
        said, wrong, unread = [], {}, []
        for _, _, column, en, zh, rule in group:
            said.append((en, zh))
            if rule in _SPOILT and re.fullmatch(MARKER, json.loads(record["cells"]).get(column) or ""):
                unread.append(column)
            wrong[column] = f"{wrong[column]}\n{zh}\n{en}" if column in wrong else f"{zh}\n{en}"
        line = "" if record["line"] is None else str(record["line"])
        own = [str(record["load"]), str(record["record"]), record["file"] or "", line]
        own += ["\n".join(dict.fromkeys(zh for _, zh in said)), "\n".join(dict.fromkeys(en for en, _ in said))]
        yield own, json.loads(record["cells"]) | dict.fromkeys(unread), wrong


def _write_csv(path: Path, records: pl.DataFrame, faults: pl.DataFrame) -> None:
    """One file for all sources. A cell that a spreadsheet would run or rewrite bears an apostrophe in front."""
    columns = columns_of(records)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(_guarded([*OWN, *columns]))
        for own, cells, _ in _with_faults(records, faults):
            lines.writerow(_guarded([*own, *(cells.get(name) for name in columns)]))


def _guarded(cells: Iterable[str | None]) -> list[str]:
    """Formulas would be run, leading zeros and long numbers lost and dates rewritten, when a spreadsheet opens the
    file."""
    return [("'" + cell if _ALTERED_ON_OPENING.match(cell) else cell) if cell else "" for cell in cells]


def _sheet_names(sources: list[str]) -> dict[str, str]:
    """A sheet's name has at most 31 characters, not all of them, and no two are alike whatever their case."""
    taken = {EXPLANATION_SHEET.lower(), "history"}
    names = {}
    for source in sources:
        clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", source).strip("' ") or "source"
        name, number = _cut(clean, 31), 1
        while name.lower() in taken:
            number += 1
            name = f"{_cut(clean, 31 - len(str(number)) - 1)}~{number}"
        taken.add(name.lower())
        names[source] = name
    return names


def _cut(text: str, units: int) -> str:
    """Excel counts in UTF-16 units: a rare character or an emoji is two."""
    while len(text.encode("utf-16-le")) > 2 * units:
        text = text[:-1]
    return text.strip("' ")


def _refuse_place(path: Path) -> None:
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise Refused(f"{path}: the file's name must end in .xlsx or .csv", f"{path}：文件名须以 .xlsx 或 .csv 结尾")
    if path.exists():
        raise Refused(
            f"{path}: stands already and may hold corrections; name another file, or remove this one",
            f"{path}：文件已存在，其中可能有更正内容；请换一个文件名，或先删除它",
        )
    if not path.absolute().parent.is_dir():
        raise Refused(f"{path}: there is no such folder; make it first", f"{path}：文件夹不存在；请先建立")
