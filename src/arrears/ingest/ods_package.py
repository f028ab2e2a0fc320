"""The marks of the sheets of an .ods, taken before it is opened: one entry may stand for a million repeated cells.

Source: OpenDocument 1.3, part 3, 9.1 (tables); calcext:value-type is LibreOffice's word for what a formula gives.
"""

import re
import zipfile
from pathlib import Path
from xml.parsers import expat

from arrears.ingest.cell_marks import CellMarks
from arrears.ingest.xlsx_package import entries_of, unreadable
from arrears.refusal import Refused

_CHUNK = 1 << 20
_AREA_MAX = 12_000_000
"""Fewer cells than of an .xlsx: the reading library holds all sheets at once, and each repeated text anew."""
_ERROR = re.compile(r"#[A-Z/0!?]+|Err:[0-9]+", re.IGNORECASE)
_KINDS = {"table": "table", "table-row": "row", "table-cell": "cell", "covered-table-cell": "cell", "p": "text"}


def is_spreadsheet(path: Path) -> bool:
    """It is a package whose cells stand in content.xml."""
    with zipfile.ZipFile(path) as package:
        return "content.xml" in entries_of(package)


def marks_of(path: Path) -> dict[str, CellMarks]:
    """The marks of every sheet by its name; raises Refused where the XML is not sound or its cells reach too far."""
    scan = _Scan(path.name)
    try:
        with zipfile.ZipFile(path) as package, package.open(entries_of(package)["content.xml"]) as stream:
            while chunk := stream.read(_CHUNK):
                scan.parser.Parse(chunk, False)
        scan.parser.Parse(b"", True)
    except Refused:
        raise
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise unreadable(path.name) from error
    return scan.sheets


class _Scan:
    """The content on its way through the parser; its state is the sheet, row and cell at which it stands."""

    def __init__(self, name: str):
        self.sheets: dict[str, CellMarks] = {}
        self._name = name
        self._kinds: dict[str, str | None] = {}
        self._open: list[tuple[str, int]] = []
        self._left = _AREA_MAX
        self._times = self._column = 0
        self._cell: dict[str, str] = {}
        self._text: list[str] | None = None
        self._row: list[tuple[str, bool, int, int, str]] = []
        self.parser = expat.ParserCreate(None, " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._read

    def _kind(self, name: str) -> str | None:
        if name not in self._kinds:
            self._kinds[name] = _KINDS.get(name.rpartition(" ")[2])
        return self._kinds[name]

    def _start(self, name: str, given: dict[str, str]) -> None:
        kind = self._kind(name)
        if kind == "table":
            said = _by_local_name(given)
            self._open.append((said.get("name", ""), 0))
            self.sheets[self._open[-1][0]] = CellMarks()
        elif kind == "row":
            self._times, self._column, self._row = int(_by_local_name(given).get("number-rows-repeated", 1)), 0, []
        elif kind == "cell":
            self._cell, self._text = _by_local_name(given), []

    def _read(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, name: str) -> None:
        kind = self._kind(name)
        if kind == "cell":
            self._end_cell()
        elif kind == "row" and self._open:
            self._end_row()
        elif kind == "table":
            self._left -= self._marks.rows * self._marks.columns
            self._open.pop()

    @property
    def _marks(self) -> CellMarks:
        return self.sheets[self._open[-1][0]]

    def _end_cell(self) -> None:
        said, text = self._cell, "".join(self._text or [])
        self._text = None
        first = self._column + 1
        self._column += int(said.get("number-columns-repeated", 1))
        is_formula, kind = "formula" in said, said.get("value-type", "")
        if not (is_formula or kind or text):
            return
        if kind == "error" or (is_formula and kind == "string" and _ERROR.fullmatch(text.strip())):
            mark = "error"
        elif is_formula and not kind:
            mark = "unvalued"
        else:
            mark = "percent" if kind == "percentage" else ""
        self._row.append((mark, is_formula, first, self._column, text))

    def _end_row(self) -> None:
        place, done = self._open[-1]
        self._open[-1] = (place, done + self._times)
        if not self._row:
            return
        marks = self._marks
        marks.reach(done + self._times, self._row[-1][3])
        marks.demand_near(f"{self._name}[{place}]", self._left)
        for mark, is_formula, first, last, text in self._row:
            marks.formulas += is_formula * (last - first + 1) * self._times
            for row in range(done + 1, done + self._times + 1) if mark else ():
                for column in range(first, last + 1):
                    if mark == "error":
                        marks.fail(row, column, text)
                    elif mark == "unvalued":
                        marks.unvalued.add((row, column))
                    elif mark == "percent":
                        marks.show_percent(row, column)


def _by_local_name(given: dict[str, str]) -> dict[str, str]:
    """The attributes without their name spaces; where two have one name, an error is the one that counts."""
    said: dict[str, str] = {}
    for key, value in given.items():
        local = key.rpartition(" ")[2]
        if said.get(local) != "error":
            said[local] = value
    return said
