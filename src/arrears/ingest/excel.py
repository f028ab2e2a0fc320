"""Records of workbooks: xlsx, xls, xlsb and ods. A cell's text is what its stored value says, exactly.

A spreadsheet number has 15 digits: it is written with so many at most, never with an exponent below 1e15, and with
one from there on, since further digits of it are lost. Dates are ISO. The line of a record is its row.
"""

import datetime
import math
from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from arrears.ingest.batch import Batch, BrokenRecord, demand_columns, header_names
from arrears.ingest.cell_marks import CellMarks, letters
from arrears.ingest.workbooks import Workbook, damage_refused
from arrears.refusal import Refused

_ROWS = 50_000


def text_of(value: object) -> str | None:
    """A cell as text, null where it is empty.

    >>> text_of(12.0), text_of(0.1 + 0.2), text_of(0.0000001), text_of(123456789012345678.0)
    ('12', '0.3', '0.0000001', '1.23456789012346E+17')
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value)
    if isinstance(value, datetime.datetime):
        if value.time() == datetime.time(0):
            return value.date().isoformat()
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        minutes, seconds = divmod(abs(seconds), 60)
        sign = "-" if value < datetime.timedelta(0) else ""
        return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _number_text(value: float) -> str:
    if not math.isfinite(value):
        return "nan"
    if isinstance(value, int) and abs(value) < 10**15:
        return str(value)
    if abs(value) >= 1e15:
        mantissa, exponent = f"{value:.14E}".split("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    if value == int(value):
        return str(int(value))
    return format(Decimal(f"{value:.15g}"), "f")


def texts_of(values: list, number: int, left: int, marks: CellMarks) -> list[str | None]:
    """The cells of a row as text, from the first column on, where the first value stands right of `left` empty ones."""
    if marks.percents or marks.early:
        values = [_as_shown(value, number, place, marks) for place, value in enumerate(values, left + 1)]
    cells = [None] * left + [text_of(value) for value in values]
    return [marks.errors.get((number, place), cell) for place, cell in enumerate(cells, 1)] if marks.errors else cells


def _as_shown(value: object, row: int, column: int, marks: CellMarks) -> object:
    """The value with its percent sign, and on its own day."""
    if isinstance(value, datetime.datetime) and (row, column) in marks.early:
        return value - datetime.timedelta(milliseconds=1)
    if isinstance(value, int | float) and not isinstance(value, bool) and marks.is_percent(row, column):
        return f"{format(Decimal(_number_text(value)).scaleb(2), 'f')}%"
    return value


class ExcelSheet:
    """One sheet of a workbook: the one named, or its only one that is not empty."""

    is_read_once = False

    def __init__(self, workbook: Workbook, sheet: str | None = None, header: tuple[int, ...] = (1,)):
        if sheet is None:
            (sheet,), self.notes = workbook.only()
        else:
            workbook.demand(sheet)
            self.notes: list[tuple[str, str]] = []
        self.workbook, self.sheet = workbook, sheet
        self.name = f"{workbook.name}[{sheet}]"
        self._file = workbook.file
        self._marks = workbook.marks(sheet)
        self._sheet = workbook.loaded(sheet)
        if self._sheet.end is None:
            raise Refused(
                f"{self.name}: the sheet is empty, so there is no header to read; name another sheet or leave it out",
                f"{self.name}：工作表是空的，没有表头；请指定别的工作表，或不要列入",
            )
        self._left = self._sheet.start[1]
        self._last_header = max(header)
        self._heads = self._header_cells(sorted(header))
        self.columns, notes = header_names(self._heads, filled=len(header) > 1 and not self._merged())
        self.notes += notes
        self._note_cells()

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, as hexadecimal digits."""
        return self._file.digest

    def _merged(self) -> list[tuple[int, int, int, int]]:
        """The merged ranges as first row, first column, last row, last column, from 1."""
        with damage_refused(self.name):
            ranges = self._sheet.merged_cell_ranges or []
        return [(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in ranges]

    def _header_cells(self, header: list[int]) -> list[list[str]]:
        width = self._sheet.end[1] + 1
        rows = []
        if header[-1] <= self._sheet.end[0] + 1:
            with damage_refused(self.name):
                every = self._sheet.to_python(skip_empty_area=True, nrows=header[-1])
            first = self._sheet.start[0] + 1
            for row in header:
                cells = every[row - first] if first <= row < first + len(every) else []
                rows.append([cell or "" for cell in texts_of(cells, row, self._left, self._marks)])
                rows[-1] += [""] * (width - len(rows[-1]))
        for top, left, bottom, right in self._merged() if rows else ():
            for row in header:
                if top <= row <= bottom and top in header:
                    for column in range(left, min(right, width) + 1):  # a title is often merged beyond the last column
                        rows[header.index(row)][column - 1] = rows[header.index(top)][left - 1]
        if not any(cell.strip() for row in rows for cell in row):
            raise Refused(
                f"{self.name}: row {header[-1]} holds no column names; say in the mapping's `header` which row does",
                f"{self.name}：第{header[-1]}行没有列名；请在映射的 header 中写明表头所在的行",
            )
        return rows

    def _note_cells(self) -> None:
        valued = self._marks.formulas - len(self._marks.unvalued)
        if valued:
            self.notes.append(
                (
                    f"{valued} cells are formulas; their stored values were taken",
                    f"{valued}个单元格是公式，取其保存的值",
                )
            )
        merged = [area for area in self._merged() if area[0] > self._last_header]
        if merged:
            top, left, bottom, right = merged[0]
            area = f"{letters(left)}{top}:{letters(right)}{bottom}"
            self.notes.append(
                (
                    f"{len(merged)} groups of cells are merged below the header (the first: {area}); only the first cell of "
                    "each holds a value, the others are read as empty; unmerge and fill them if it stands for all",
                    f"表头以下有{len(merged)}处合并单元格（第一处：{area}）；只有左上角有值，其余按空读取；如果该值对全部有效，请取消合并并填满",
                )
            )

    def unvalued_columns(self) -> list[str]:
        """The columns in which formulas stand that were never calculated."""
        places = {place for _, place in self._marks.unvalued}
        return [name for place, name in enumerate(self.columns, 1) if place in places]

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """The records, in the sheet's order; with `columns` only those. Raises Refused where the file changes."""
        asked = demand_columns(self.name, self.columns, columns)
        places = [self.columns.index(column) for column in asked]
        heads = [[cell or None for cell in row] for row in self._heads]
        rows: list[list[str | None]] = []
        lines: list[int] = []
        broken: list[BrokenRecord] = []
        repeated: list[int] = []
        delivered = False
        for number, values in enumerate(self._rows(), 1):
            if number <= self._last_header:
                continue
            cells = texts_of(values, number, self._left, self._marks)
            cells += [None] * (len(self.columns) - len(cells))
            if cells in heads:
                repeated.append(number)
            elif fault := self._unvalued(number, places):
                broken.append(fault)
            elif any(cell is not None for cell in cells):
                rows.append([cells[place] for place in places])
                lines.append(number)
            if len(rows) + len(broken) >= _ROWS:
                delivered = True
                yield _batch(rows, lines, broken, asked)
                rows, lines, broken = [], [], []
        if rows or broken:
            delivered = True
            yield _batch(rows, lines, broken, asked)
        self._note_what_was_left_out(repeated, delivered)
        self._file.demand()

    def _rows(self) -> Iterator[list]:
        with damage_refused(self.name):
            yield from self._sheet.iter_rows()

    def _unvalued(self, number: int, places: list[int]) -> BrokenRecord | None:
        if not self._marks.unvalued:
            return None
        found = [
            f"{letters(p + 1)}{number}" for p in sorted(places) if (number, p + 1) in self._marks.unvalued
        ]
        return BrokenRecord(number, "formula", ", ".join(found)) if found else None

    def _note_what_was_left_out(self, repeated: list[int], delivered: bool) -> None:
        notes = []
        if repeated:
            some = [str(row) for row in repeated[:5]]
            more = f" and {len(repeated) - 5} more" if len(repeated) > 5 else ""
            notes.append(
                (
                    f"the header stands again in row {', '.join(some)}{more}: left out",
                    f"表头在第{'、'.join(some)}行{'等' if more else ''}又出现：已略去",
                )
            )
        if not delivered:
            notes.append(("there is a header but no record", "只有表头，没有记录"))
        self.notes += [note for note in notes if note not in self.notes]


def _batch(rows: list[list[str | None]], lines: list[int], broken: list[BrokenRecord], columns: list[str]) -> Batch:
    cells = {name: [row[index] for row in rows] for index, name in enumerate(columns)}
    return Batch(
        pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String)), pl.Series("line", lines, dtype=pl.Int64), broken
    )
