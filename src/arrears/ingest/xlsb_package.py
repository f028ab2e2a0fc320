"""The marks of the sheets of an .xlsb, taken from its records.

Source: [MS-XLSB] 2.1.4 (records: a number and a length in groups of seven bits) and 2.4 (what each of them holds).
"""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from arrears.ingest.cell_marks import CellMarks, is_just_before_midnight
from arrears.ingest.xls_cells import ERRORS
from arrears.ingest.xlsx_package import BookParts, entries_of, is_percent_format, targets_of, unreadable

_ROW, _SMALL_NUMBER, _ERROR, _NUMBER, _TEXT_OF_FORMULA, _NUMBER_OF_FORMULA, _ERROR_OF_FORMULA = 0, 2, 3, 5, 8, 9, 11
_SHEET, _BOOK, _FORMAT, _STYLE, _STYLES_OF_CELLS, _CELLS_END = 156, 153, 44, 47, 617, 146
_HEAD = 8
"""A cell begins with its column and, in three bytes of four, its style."""


def parts_of(path: Path) -> BookParts | None:
    """Where the sheets of an .xlsb lie; None of a package of another kind. Raises Refused where its records cannot be followed."""
    with zipfile.ZipFile(path) as package:
        entries = entries_of(package)
        if "xl/workbook.bin" not in entries:
            return None
        book = package.read(entries["xl/workbook.bin"])
        styles = package.read(entries["xl/styles.bin"]) if "xl/styles.bin" in entries else b""
        targets = targets_of(path.name, package, "xl/_rels/workbook.bin.rels")
    sheets, counts_from_1904 = {}, False
    try:
        for kind, at, _ in _records(book):
            if kind == _SHEET:
                key, behind = _text(book, at + 8)
                name, _ = _text(book, behind)
                if key in targets:
                    sheets[name] = targets[key]
            elif kind == _BOOK:
                counts_from_1904 = bool(book[at] & 1)
        return BookParts(sheets, counts_from_1904, True, _percents(styles))
    except (struct.error, IndexError) as error:
        raise unreadable(path.name) from error


def marks_of(path: Path, sheet: str, parts: BookParts) -> CellMarks:
    """The marks of the sheet; raises Refused where its records cannot be followed, or its cells are spread too far."""
    name = f"{path.name}[{sheet}]"
    if sheet not in parts.sheets:
        raise unreadable(name)
    with zipfile.ZipFile(path) as package:
        content = package.read(parts.sheets[sheet])
    marks, percents, row = CellMarks(), {int(style) for style in parts.percents}, 0
    try:
        for kind, at, _ in _records(content):
            if kind == _ROW:
                row = struct.unpack_from("<I", content, at)[0] + 1
            elif kind <= _ERROR_OF_FORMULA:
                column, style = struct.unpack_from("<II", content, at)
                column += 1
                marks.reach(row, column)
                _judge(marks, kind, (row, column), content, at + _HEAD)
                if percents and style & 0xFFFFFF in percents and kind in (_SMALL_NUMBER, _NUMBER, _NUMBER_OF_FORMULA):
                    marks.show_percent(row, column)
            elif kind == _CELLS_END:
                break
    except (struct.error, IndexError) as error:
        raise unreadable(name) from error
    marks.demand_near(name)
    return marks


def _judge(marks: CellMarks, kind: int, place: tuple[int, int], content: bytes, at: int) -> None:
    marks.formulas += kind >= _TEXT_OF_FORMULA
    if kind in (_ERROR, _ERROR_OF_FORMULA):
        marks.fail(*place, ERRORS.get(content[at], ""))
    elif kind in (_NUMBER, _NUMBER_OF_FORMULA) and is_just_before_midnight(struct.unpack_from("<d", content, at)[0]):
        marks.early.add(place)


def _records(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of each record."""
    at = 0
    while at < len(content):
        kind, at = content[at], at + 1
        if kind & 0x80:
            kind, at = kind & 0x7F | (content[at] & 0x7F) << 7, at + 1
        length = shift = 0
        more = True
        while more and shift < 28:
            length |= (content[at] & 0x7F) << shift
            more, at, shift = content[at] & 0x80, at + 1, shift + 7
        yield kind, at, length
        at += length


def _text(content: bytes, at: int) -> tuple[str, int]:
    """A text and the place behind it."""
    behind = at + 4 + 2 * struct.unpack_from("<I", content, at)[0]
    return content[at + 4 : behind].decode("utf-16-le", "replace"), behind


def _percents(styles: bytes) -> frozenset[str]:
    formats, used, is_of_cells = {9, 10}, [], False
    for kind, at, _ in _records(styles):
        if kind == _FORMAT and is_percent_format(_text(styles, at + 2)[0]):
            formats.add(struct.unpack_from("<H", styles, at)[0])
        elif kind in (_STYLES_OF_CELLS, _STYLES_OF_CELLS + 1):
            is_of_cells = kind == _STYLES_OF_CELLS
        elif kind == _STYLE and is_of_cells:
            used.append(struct.unpack_from("<H", styles, at + 2)[0])
    return frozenset(str(number) for number, each in enumerate(used) if each in formats)
