"""The marks of one sheet of an .xlsx, by a real parse of its XML: it does not matter how the XML happens to be spelt.

A cell that is neither a formula nor an error costs one call; only into the others is looked. Where a cell bears no place of
its own, it is the one right of the last, as the reading library takes it.
"""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from arrears.ingest.cell_marks import CellMarks, is_just_before_midnight, number_of
from arrears.ingest.xlsx_package import BookParts, unreadable

_CHUNK = 1 << 20
_PLACE = re.compile(r"([A-Za-z]{1,7})([0-9]+)")
_NINES = re.compile(rb">[1-9][0-9]{4}\.99999999")
"""A number that may be a moment so shortly before midnight that it is read as the next day."""
_ZEROS = ("0", "0.0")
"""What programs that do not calculate write for a formula: xlsxwriter, Apache POI."""
_KINDS = frozenset(("c", "row", "f", "v"))


def marks_of(path: Path, sheet: str, parts: BookParts) -> CellMarks:
    """The marks of the sheet; raises Refused where its XML is not sound, or its cells are spread too far."""
    name = f"{path.name}[{sheet}]"
    if sheet not in parts.sheets:
        raise unreadable(name)
    try:
        with zipfile.ZipFile(path) as package:
            scan = _Scan(parts)
            if _fed(scan, package, parts.sheets[sheet]):
                scan = _Scan(parts, looks_into_every=True)
                _fed(scan, package, parts.sheets[sheet])
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise unreadable(name) from error
    scan.marks.demand_near(name)
    return scan.marks


def _fed(scan: "_Scan", package: zipfile.ZipFile, entry: str) -> bool:
    """The whole entry went through the scan; true where numbers just below a whole one may stand in it."""
    found, last = False, b""
    with package.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            found = found or _NINES.search(last + chunk) is not None
            last = chunk[-15:]
            scan.parser.Parse(chunk, False)
    scan.parser.Parse(b"", True)
    scan.finish()
    return found


class _Scan:
    """A sheet on its way through the parser; its state is the cell into which it looks, if any."""

    def __init__(self, parts: BookParts, looks_into_every: bool = False):
        self.marks = CellMarks()
        self.parser = expat.ParserCreate()
        self.parser.ordered_attributes = self.parser.buffer_text = True
        self.parser.StartElementHandler = _starter(self, parts.percents, looks_into_every)
        self._was_calculated, self._looks_into_every = parts.was_calculated, looks_into_every
        self._at, self._kind = (0, 0), "n"
        self.is_open = self._is_formula = self.is_value = False
        self._value: list[str] = []
        self._zeros: dict[int, list[int]] = {}
        self._calculated: set[int] = set()

    def look_into(self, row: int, column: int, given: list[str]) -> None:
        """From here to its end the cell is read: into every cell that matters, once or twice."""
        self._at, self._kind = (row, column), _named(given, "t") or "n"
        self.is_open, self._is_formula, self._value = True, False, []
        self.parser.EndElementHandler, self.parser.CharacterDataHandler = self._end, self._read

    def see_formula(self) -> None:
        """The cell is a formula."""
        self.marks.formulas += 1
        self._is_formula = True

    def _read(self, text: str) -> None:
        if self.is_value:
            self._value.append(text)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "v":
            self.is_value = False
        elif local == "c":
            self._judge("".join(self._value))
            self.is_open = self._is_formula = False
            self.parser.EndElementHandler = self.parser.CharacterDataHandler = None

    def _judge(self, value: str) -> None:
        row, column = self._at
        is_number = self._kind == "n"
        if self._kind == "e":
            self.marks.fail(row, column, value)
        elif self._is_formula and not value and self._kind != "str":
            self.marks.unvalued.add(self._at)
        elif self._is_formula and is_number and value.strip() in _ZEROS:
            self._zeros.setdefault(column, []).append(row)
        elif self._is_formula:
            self._calculated.add(column)
        if self._looks_into_every and is_number and value and is_just_before_midnight(float(value)):
            self.marks.early.add(self._at)

    def finish(self) -> None:
        """Zeros are placeholders where no spreadsheet calculated the workbook and no formula of their column has another value."""
        if not self._was_calculated:
            for column in self._zeros.keys() - self._calculated:
                self.marks.unvalued.update((row, column) for row in self._zeros[column])


def _starter(scan: _Scan, percents: frozenset[str], looks_into_every: bool) -> Callable[[str, list[str]], None]:
    """What is called at the start of every element: a cell that is like most is done with in a few steps, so no state of an object."""
    marks, kinds, numbers = scan.marks, {}, {}
    row, at_row, row_text, digits, column, given = 0, 0, "0", 1, 0, []

    def start(name: str, attributes: list[str]) -> None:
        nonlocal row, at_row, row_text, digits, column, given
        kind = kinds.get(name)
        if kind == "v":
            if scan.is_open:
                scan.is_value = True
        elif kind == "c":
            given = attributes
            place = given[1] if given and given[0] == "r" else _named(given, "r")
            at_row = row
            if not place:
                column += 1
            elif not place.endswith(row_text) or not (column := numbers.get(place[:-digits], 0)):
                at_row, letters = _parted(place)
                column = numbers[letters] = number_of(letters)
            if column > marks.columns or at_row > marks.rows:
                marks.reach(at_row, column)
            if percents and _named(given, "s") in percents:
                marks.show_percent(at_row, column)
            if "e" in given or looks_into_every:
                scan.look_into(at_row, column, given)
        elif kind == "row":
            said = _named(attributes, "r")
            row, column = int(said) if said else row + 1, 0
            row_text = str(row)
            digits = len(row_text)
        elif kind == "f":
            scan.look_into(at_row, column, given)
            scan.see_formula()
        elif kind is None:
            local = name.rpartition(":")[2]
            kinds[name] = local if local in _KINDS and (local != "f" or f"{name[:-1]}c" in kinds) else ""  # xm:f is no cell's
            start(name, attributes)

    return start


def _parted(place: str) -> tuple[int, str]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(place)
    return int(found[2]), found[1]


def _named(given: list[str], name: str) -> str | None:
    """The attribute of this name; names stand at the even places."""
    for place in range(0, len(given), 2):
        if given[place] == name:
            return given[place + 1]
    return None
