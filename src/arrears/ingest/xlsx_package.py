"""What must be known of an .xlsx (and of packages like it) before it is opened: whole, no zip bomb, where its sheets lie, and how their cells are meant.

The size of what is packed is counted while it is unpacked; what the package says of itself is not believed. Names of
entries are taken as the reading library takes them: in any case, with either slash.
"""

import re
import xml.etree.ElementTree as xml
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath

from arrears.refusal import Refused

_CHUNK = 1 << 20
_UNPACKED_MAX = 2 << 30
_RATIO_MAX, _RATIO_FROM = 300, 100 << 20
_PERCENT_FORMATS = {"9", "10"}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^]]*\]')


@dataclass(frozen=True)
class BookParts:
    """The entries of a workbook's sheets by name, and what holds for all of them."""

    sheets: dict[str, str]
    counts_from_1904: bool
    was_calculated: bool
    """A spreadsheet calculated it; else it is calculated when it is opened, and stored values may be mere placeholders."""
    percents: frozenset[str]
    """The numbers of the styles that show a cell as a percentage."""


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


def unreadable(name: str) -> Refused:
    """The refusal of a workbook that is not written as its format says."""
    return Refused(
        f"{name}: the workbook is damaged or of a kind that is not known; open it in Excel and save it again as .xlsx",
        f"{name}：工作簿已损坏或格式不认识；请用 Excel 打开后另存为 .xlsx",
    )


def entries_of(package: zipfile.ZipFile) -> dict[str, str]:
    """The names in the package by what they mean: small letters, slashes that lean forward."""
    return {name.replace("\\", "/").lstrip("/").lower(): name for name in package.namelist()}


def parts_of(path: Path) -> BookParts | None:
    """Where the sheets of an .xlsx lie; None of a package of another kind. Raises Refused where its own list is not XML."""
    with zipfile.ZipFile(path) as package:
        entries = entries_of(package)
        if "xl/workbook.xml" not in entries:
            return None
        book, styles = (_root(path.name, package, entries.get(f"xl/{name}.xml")) for name in ("workbook", "styles"))
        targets = targets_of(path.name, package, "xl/_rels/workbook.xml.rels")
    ids = {found.get("name", ""): [value for key, value in found.attrib.items() if key.endswith("}id")] for found in _named(book, "sheet")}
    return BookParts(
        {name: targets[key] for name, keys in ids.items() for key in keys if key in targets},
        any(_is_true(found.get("date1904")) for found in _named(book, "workbookPr")),
        any(not _is_true(found.get("fullCalcOnLoad")) for found in _named(book, "calcPr")),
        _percents(styles),
    )


def targets_of(name: str, package: zipfile.ZipFile, relations: str) -> dict[str, str]:
    """The entries that the workbook's relations name and that are there, by id; raises Refused where they are no XML."""
    entries, found = entries_of(package), {}
    for relation in _root(name, package, entries.get(relations)).iter():
        target = relation.get("Target", "").replace("\\", "/")
        place = normpath(target if target.startswith(("/", "xl/")) else f"xl/{target}").lstrip("/").lower()
        if place in entries:
            found[relation.get("Id", "")] = entries[place]
    return found


def _root(name: str, package: zipfile.ZipFile, entry: str | None) -> xml.Element:
    try:
        return xml.Element("none") if entry is None else xml.fromstring(package.read(entry))  # noqa: S314
    except (xml.ParseError, ValueError, LookupError) as error:  # the latter two of an encoding nobody knows
        raise unreadable(name) from error


def _named(root: xml.Element, name: str) -> list[xml.Element]:
    return [found for found in root.iter() if str(found.tag).rpartition("}")[2] == name]


def _is_true(text: str | None) -> bool:
    return text is not None and text.strip().lower() in ("1", "true", "on")


def _percents(styles: xml.Element) -> frozenset[str]:
    formats = _PERCENT_FORMATS | {
        found.get("numFmtId", "") for found in _named(styles, "numFmt") if is_percent_format(found.get("formatCode", ""))
    }
    cells = [style for group in _named(styles, "cellXfs") for style in group]
    return frozenset(str(number) for number, style in enumerate(cells) if style.get("numFmtId") in formats)


def is_percent_format(code: str) -> bool:
    """A format that shows a number a hundred times as large, with the sign behind it.

    >>> is_percent_format("0.00%"), is_percent_format('0" %"'), is_percent_format("0")
    (True, False, False)
    """
    return "%" in _LITERAL.sub("", code)
