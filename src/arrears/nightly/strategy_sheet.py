"""A strategy's rows, segments and offers written to a workbook or CSV file, and the cells read back from one that people changed."""

import csv
import re
import tempfile
from datetime import datetime
from io import StringIO
from pathlib import Path

import xlsxwriter

from arrears.ingest.cell_marks import letters
from arrears.ingest.excel import texts_of
from arrears.ingest.workbooks import Workbook, damage_refused
from arrears.refusal import Refused
from arrears.store import room_for, settle
from arrears.strategy.conditions import FIELDS
from arrears.strategy.sheet import COLUMNS, Cells, rows_to_cells
from arrears.strategy.strategy import Strategy

EXPLANATION_SHEET = "说明 READ ME"
_CELL_MAX = 32_767
_NOT_IN_CELLS = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_ALTERED_ON_OPENING = re.compile(r"[=+\-@\t\r']|0[0-9]|[0-9]{12}|[0-9]+[eE][0-9]|[0-9]{1,4}[-/][0-9]")
_WIDTHS = {"name": 20, "reason_zh": 40, "reason_en": 50, "choose": 30, "zh": 24, "en": 30}
_EXPLANATION = (
    "策略表：改好后用 arrears strategy 读回。每行一条规则，自上而下，第一条符合的行决定；最后一行是兜底行，没有条件。",
    "条件列：空白表示不限；多个值用逗号分隔；数字写 <N、>=N 或 N..M（不含末值），金额单位为分，预测写百分数，如 >=85%。",
    "treatment、choose、ladder 三列须且只须填一列。可以增删行、调整顺序，或加一列（列名用下列字段名）。",
    "The strategy's tables: change them and read them back with arrears strategy. One row a line; the first from the top that fits decides; the last takes what is left.",
    "Conditions: an empty cell asks nothing; several values are separated by commas; numbers are <N, >=N or N..M (the end excluded), amounts in minor units,",
    "predictions in per cent, such as >=85%. Fill one of treatment, choose and ladder. Rows may be added, removed and moved, and columns added by these names:",
)


def write_sheet(strategy: Strategy, path: Path, table: str = "rows") -> None:
    """Writes the tables as an .xlsx workbook, one sheet each, or one of them as .csv; the file appears whole, the same strategy gives the same bytes.

    Every cell is text: one that begins with = + - @ is no formula (in CSV it bears an apostrophe in front, since a spreadsheet would run it). Raises Refused
    where the file stands already, its name ends otherwise, there is no such table, or a cell cannot be held.
    """
    cells = rows_to_cells(strategy)
    _demand_place(path)
    if table not in cells:
        raise Refused(f"the strategy {strategy.id} has no {table}; it has {', '.join(cells)}", f"策略 {strategy.id} 没有 {table}；现有：{'、'.join(cells)}")
    _demand_cells(cells, path)
    with room_for(path), tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / path.name
        if path.suffix.lower() == ".csv":
            with unfinished.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows([_guarded(cell) for cell in line] for line in cells[table])
        else:
            _write_workbook(cells, unfinished)
        settle(unfinished, path)


def read_cells(path: Path) -> Cells:
    """The tables of a workbook, by their sheets' names, or the one of a CSV file, by its columns; each cell as text, empty where there is nothing.

    Of a formula the value that was stored is taken. Raises Refused naming sheet, line and column where a cell is an error or a formula without a value, and
    where a sheet is no table.
    """
    if not path.is_file():
        raise Refused(f"{path}: no such file", f"{path}：没有此文件")
    if path.suffix.lower() == ".csv":
        lines = _csv_lines(path)
        return {_table_of(lines, path): lines}
    workbook = Workbook(path)
    cells = {name: _sheet_lines(workbook, name) for name in workbook.sheets if name in COLUMNS}
    for name in workbook.not_read({*COLUMNS, EXPLANATION_SHEET}):
        raise Refused(f"{path.name}: the sheet {name} is no table of a strategy; name it one of {', '.join(COLUMNS)}, or delete it",
                      f"{path.name}：工作表{name}不是策略的表；请改名为 {'、'.join(COLUMNS)} 之一，或删除它")
    if not cells:
        raise Refused(f"{path.name}: there is no sheet that is called {', '.join(COLUMNS)}; it must be a workbook written by arrears strategy",
                      f"{path.name}：没有名为 {'、'.join(COLUMNS)} 的工作表；请使用 arrears strategy 写出的工作簿")
    return cells


def _demand_place(path: Path) -> None:
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise Refused(f"{path}: the file's name must end in .xlsx or .csv", f"{path}：文件名须以 .xlsx 或 .csv 结尾")
    if path.exists():
        raise Refused(f"{path}: stands already and may hold changes; name another file, or remove this one", f"{path}：文件已存在，其中可能有改动；请换一个文件名，或先删除它")
    if not path.absolute().parent.is_dir():
        raise Refused(f"{path}: there is no such folder; make it first", f"{path}：文件夹不存在；请先建立")


def _demand_cells(cells: Cells, path: Path) -> None:
    for table, lines in cells.items():
        for number, line in enumerate(lines, start=1):
            for column, cell in zip(lines[0], line, strict=True):
                if len(cell) > _CELL_MAX or _NOT_IN_CELLS.search(cell):
                    raise Refused(f"{path}: {table}, line {number}, column {column}: the text is longer than a cell takes, or has a control character; shorten it in the YAML file",
                                  f"{path}：{table}第{number}行{column}列：文字超过单元格上限或含控制字符；请先在 YAML 文件中修改")


def _guarded(cell: str) -> str:
    return "'" + cell if _ALTERED_ON_OPENING.match(cell) else cell


def _write_workbook(cells: Cells, path: Path) -> None:
    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, settings) as workbook:
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - the same strategy gives the same bytes
        text = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        head = workbook.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7", "bottom": 1})
        for table, lines in cells.items():
            sheet = workbook.add_worksheet(table)
            for place, column in enumerate(lines[0]):
                sheet.set_column(place, place, _WIDTHS.get(column, 16), text)
            sheet.freeze_panes(1, 1)
            for row, line in enumerate(lines):
                for place, cell in enumerate(line):
                    if cell:
                        sheet.write_string(row, place, cell, text if row else head)
        sheet = workbook.add_worksheet(EXPLANATION_SHEET)
        sheet.set_column(0, 0, 110)
        fields = [f"{name}: {field.zh} / {field.en}" + (f" ({', '.join(field.values)})" if field.values else f" ({field.unit})" if field.unit else "")
                  for name, field in FIELDS.items()]
        for row, line in enumerate((*_EXPLANATION, *fields)):
            sheet.write_string(row, 0, line)


def _sheet_lines(workbook: Workbook, name: str) -> list[list[str]]:
    marks, sheet = workbook.marks(name), workbook.loaded(name)
    with damage_refused(f"{workbook.name}[{name}]"):
        lines = [texts_of(row, number, 0, marks) for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1)]
    wrong = {place: "a formula without a value" for place in marks.unvalued} | {place: f"the error {text}" for place, text in marks.errors.items()}
    for row, column in sorted(wrong):
        raise Refused(f"{workbook.name}: sheet {name}, line {row}, column {_head(lines, column)}: {wrong[row, column]}; write the text itself",
                      f"{workbook.name}：工作表{name}第{row}行{_head(lines, column)}列是公式错误或没有值的公式；请直接填写内容")
    return [[cell or "" for cell in line] for line in lines]


def _head(lines: list[list[str | None]], column: int) -> str:
    """What a column is called, or its letters where it has no name."""
    heads = lines[0] if lines else []
    return (heads[column - 1] if column <= len(heads) else None) or letters(column)


def _csv_lines(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    text = None
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None:
        raise Refused(f"{path}: neither UTF-8 nor GB18030; save it as CSV UTF-8", f"{path}：既不是 UTF-8 也不是 GB18030；请存为 CSV UTF-8")
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [[cell.removeprefix("'") for cell in line] for line in lines]
    except csv.Error as problem:
        raise Refused(f"{path}, line {lines.line_num}: cannot be split into cells ({problem}); save it anew from the spreadsheet",
                      f"{path} 第 {lines.line_num} 行：无法拆分成单元格；请从表格软件重新保存") from None


def _table_of(lines: list[list[str]], path: Path) -> str:
    """Which table it is, by the columns that the others do not have."""
    heads = {cell.strip() for cell in lines[0]} if lines else set()
    for table, telling in (("rows", {"treatment", "choose", "ladder"}), ("offers", {"instalments_most", "shift_days_most", "waive_penalty", "waive_interest"}), ("segments", {"zh", "en"})):
        if heads & telling:
            return table
    raise Refused(f"{path.name}: line 1 does not name the columns of a table of a strategy, such as name, treatment, reason_zh; write the file anew by arrears strategy",
                  f"{path.name}：第1行不是策略表的列名（如 name、treatment、reason_zh）；请用 arrears strategy 重新写出")
