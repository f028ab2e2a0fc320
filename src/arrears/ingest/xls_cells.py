"""The marks of the sheets of an .xls, taken from its records: the reading library gives an error as an empty cell.

Sources: [MS-CFB] 2 (the container), [MS-XLS] 2.4 (records), 2.5.10 and 2.5.133 (errors and results of formulas).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from arrears.ingest.cell_marks import AREA_MAX, CellMarks, is_just_before_midnight
from arrears.ingest.xls_container import stream_of
from arrears.ingest.xlsx_package import is_percent_format, unreadable
from arrears.refusal import Refused

ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_FORMULA, _ERROR_OR_FLAG, _NUMBER, _SMALL_NUMBER, _SMALL_NUMBERS = 0x0006, 0x0205, 0x0203, 0x027E, 0x00BD
_CELLS = {_FORMULA, _ERROR_OR_FLAG, _NUMBER, _SMALL_NUMBER, _SMALL_NUMBERS, 0x0204, 0x00FD, 0x00D6}
_BEGIN, _END, _SHEET, _LOCKED, _SINCE_1904, _CALCULATED, _STYLE, _FORMAT = 0x0809, 0x000A, 0x0085, 0x002F, 0x0022, 0x01C1, 0x00E0, 0x041E
_RESULT = 6
"""Where the value of a number or formula begins in its record, after row, column and style."""


@dataclass
class OldBook:
    """What the records of an .xls say of all its sheets, in the workbook's order; no sheet where it has a password."""

    counts_from_1904: bool = False
    was_calculated: bool = False
    """A spreadsheet calculated it; else its formulas are calculated when it is opened, and have no value yet."""
    sheets: list[CellMarks] = field(default_factory=list)


def book_of(path: Path) -> OldBook:
    """What the records say; raises Refused where they cannot be followed, or where the cells are spread too far."""
    try:
        content = stream_of(path)
        book, styles = OldBook(), _Styles()
        places = _read_globals(content, book, styles)
        for number, place in enumerate(places, 1):
            marks = _sheet(content, place, book, styles.percents())
            marks.demand_near(f"{path.name}[{number}]", AREA_MAX - sum(sheet.rows * sheet.columns for sheet in book.sheets))
            book.sheets.append(marks)
    except Refused:
        raise
    except (struct.error, IndexError, ValueError) as error:
        raise unreadable(path.name) from error
    return book


@dataclass
class _Styles:
    formats: set[int] = field(default_factory=lambda: {9, 10})
    used: list[int] = field(default_factory=list)

    def percents(self) -> frozenset[int]:
        return frozenset(style for style, number in enumerate(self.used) if number in self.formats)


def _records(content: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record from there to the end of its part; parts within it (charts) are passed over."""
    depth = 0
    if struct.unpack_from("<H", content, place)[0] != _BEGIN:
        raise IndexError(place)
    while place + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, place)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 1:
            yield kind, place + 4, length
        if depth <= 0:
            return
        place += 4 + length


def _read_globals(content: bytes, book: OldBook, styles: _Styles) -> list[int]:
    places: list[int] = []
    for kind, at, length in _records(content, 0):
        if kind == _LOCKED:
            return []
        if kind == _SHEET:
            places.append(struct.unpack_from("<I", content, at)[0])
        elif kind == _SINCE_1904:
            book.counts_from_1904 = content[at] != 0
        elif kind == _CALCULATED:
            book.was_calculated = True
        elif kind == _STYLE:
            styles.used.append(struct.unpack_from("<H", content, at + 2)[0])
        elif kind == _FORMAT and is_percent_format(content[at + 2 : at + length].replace(b"\0", b"").decode("latin-1")):
            styles.formats.add(struct.unpack_from("<H", content, at)[0])
    return places


def _sheet(content: bytes, place: int, book: OldBook, percents: frozenset[int]) -> CellMarks:
    marks = CellMarks()
    for kind, at, length in _records(content, place):
        if kind not in _CELLS:
            continue
        row, column, style = struct.unpack_from("<HHH", content, at)
        row, column = row + 1, column + 1
        if kind == _SMALL_NUMBERS:
            styles = [struct.unpack_from("<H", content, at + 4 + 6 * n)[0] for n in range((length - 6) // 6)] if percents else []
            for n, each in enumerate(styles):
                if each in percents:
                    marks.show_percent(row, column + n)
            marks.reach(row, column + (length - 6) // 6 - 1)
            continue
        marks.reach(row, column)
        if kind == _FORMULA:
            marks.formulas += 1
            _judge_formula(marks, (row, column), content[at + _RESULT : at + _RESULT + 8], book.was_calculated)
        elif kind == _ERROR_OR_FLAG and content[at + _RESULT + 1]:
            marks.fail(row, column, ERRORS.get(content[at + _RESULT], ""))
        elif kind == _NUMBER and is_just_before_midnight(struct.unpack_from("<d", content, at + _RESULT)[0]):
            marks.early.add((row, column))
        if style in percents and kind in (_FORMULA, _NUMBER, _SMALL_NUMBER):
            marks.show_percent(row, column)
    return marks


def _judge_formula(marks: CellMarks, place: tuple[int, int], result: bytes, was_calculated: bool) -> None:
    """The last two bytes are FFFF where the result is no number; the first then says what it is."""
    if result[6:] != b"\xff\xff":
        if is_just_before_midnight(struct.unpack("<d", result)[0]):
            marks.early.add(place)
    elif result[0] == 2:
        marks.fail(*place, ERRORS.get(result[2], ""))
    elif result[0] == 3 and not was_calculated:
        marks.unvalued.add(place)
