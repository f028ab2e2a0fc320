"""What must be known of an .xlsx before it is opened: whole, no zip bomb, and which cells are formulas or errors.

The size of what is packed is counted while it is unpacked; what the package says of itself is not believed.
"""

import re
import xml.etree.ElementTree as xml
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from arrears.refusal import Refused

_CHUNK = 1 << 20
_UNPACKED_MAX = 2 << 30
_RATIO_MAX, _RATIO_FROM = 300, 100 << 20
_AREA_MAX = 60_000_000
_FORMULA = re.compile(
    rb"<c ([^>]*[^/>])>\s*(?:<f[^>]*/>|<f(?:\s[^>]*)?>[^<]*</f>)\s*(<v\s*/>|<v(?:\s[^>]*)?>([^<]*)</v>)?"
)
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>.*?<v>([^<]*)</v>', re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_FAR = re.compile(rb' r="([A-Z]{2,3})[0-9]')
_ROW = re.compile(rb'<row [^>]*?\br="([0-9]{1,7})"')


@dataclass
class CellMarks:
    """Cells of a sheet by (row, column), both from 1: formulas without a stored value, and errors with their text."""

    formulas: int = 0
    unvalued: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def demand_sound(path: Path) -> None:
    """Raises Refused where the package is cut off, damaged, locked or unpacks to far more than a loan book."""
    total = 0
    try:
        with zipfile.ZipFile(path) as package:
            for entry in package.infolist():
                unpacked = 0
                with package.open(entry) as stream:
                    while chunk := stream.read(_CHUNK):
                        unpacked += len(chunk)
                        if total + unpacked > _UNPACKED_MAX or (
                            unpacked > _RATIO_FROM and unpacked > _RATIO_MAX * max(entry.compress_size, 1)
                        ):
                            _refuse_bomb(path.name, total + unpacked)
                total += unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(
            f"{path.name}: the workbook is cut off or damaged (its zip package cannot be unpacked to the end); "
            "copy or export it again",
            f"{path.name}：工作簿不完整或已损坏（压缩包无法完整解开）；请重新复制或导出",
        ) from error
    except (RuntimeError, NotImplementedError) as error:
        raise locked(path.name) from error


def locked(name: str) -> Refused:
    """The refusal of a workbook that has a password."""
    return Refused(
        f"{name}: the workbook has a password; open it in Excel, take the password off and save it again",
        f"{name}：工作簿有密码；请在 Excel 中打开，去掉密码后另存",
    )


def _refuse_bomb(name: str, size: int) -> None:
    raise Refused(
        f"{name}: it unpacks to more than {size >> 20} MB, far more than its size on disk allows for a workbook, so it was "
        "not opened; export the table as CSV if it is truly that large",
        f"{name}：解压后超过{size >> 20} MB，与文件大小不符，因此没有打开；如果数据确实这么多，请导出为 CSV",
    )


def marks_of(path: Path, sheet: str) -> CellMarks:
    """The formulas and errors of one sheet; raises Refused where it is spread too far to be held in memory."""
    marks = CellMarks()
    with zipfile.ZipFile(path) as package:
        entry = _entry_of(package, sheet)
        if entry is None:
            return marks
        rows, columns = 0, {b"Z"}
        carried = b""
        with package.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                carried += chunk
                cut = carried.rfind(b"<c ")
                part, carried = (carried[:cut], carried[cut:]) if cut > 0 else (b"", carried)
                rows = _read_part(part, marks, columns, rows)
            rows = _read_part(carried, marks, columns, rows)
    width = max(_number(column) for column in columns)
    if rows * width > _AREA_MAX:
        raise Refused(
            f"{path.name}[{sheet}]: its cells are spread over {rows} rows and {width} columns; delete what stands far "
            "below or beside the table, or export it as CSV",
            f"{path.name}[{sheet}]：单元格散布在{rows}行{width}列；请删除表格下方和右侧远处的内容，或导出为 CSV",
        )
    return marks


def _read_part(part: bytes, marks: CellMarks, columns: set[bytes], rows: int) -> int:
    columns.update(_FAR.findall(part))
    if found := _ROW.findall(part):
        rows = max(rows, int(found[-1]))
    if b"<f" in part:
        for cell in _FORMULA.finditer(part):
            marks.formulas += 1
            if not cell.group(3) and b't="str"' not in cell.group(1) and (place := _place(cell.group(1))):
                marks.unvalued.add(place)
    if b't="e"' in part:
        for cell in _ERROR.finditer(part):
            if place := _place(cell.group(1)):
                marks.errors[place] = cell.group(2).decode("utf-8", "replace")
    return rows


def _place(attributes: bytes) -> tuple[int, int] | None:
    found = _PLACE.search(b" " + attributes)
    return (int(found.group(2)), _number(found.group(1))) if found else None


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def letters(column: int) -> str:
    """The letters of a column, counted from 1.

    >>> letters(1), letters(28)
    ('A', 'AB')
    """
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _entry_of(package: zipfile.ZipFile, sheet: str) -> str | None:
    """The entry of the sheet of this name; the names are in workbook.xml, the places in its relationships."""
    names = set(package.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    try:
        book = xml.fromstring(package.read("xl/workbook.xml"))  # noqa: S314
        relations = xml.fromstring(package.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except xml.ParseError:
        return None
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for found in book.iter():
        if found.tag.endswith("}sheet") and found.get("name") == sheet:
            for key, value in found.attrib.items():
                if key.endswith("}id"):
                    target = targets.get(value, "")
                    entry = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                    return entry if entry in names else None
    return None
