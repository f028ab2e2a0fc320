"""The lender's sources: files, folders of files and databases, matched to the sources of a mapping.

What a file is, its first bytes say; its suffix counts only where they say nothing.
"""

import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zipfile import BadZipFile, ZipFile

from arrears.ingest import database
from arrears.ingest.batch import Batch, BrokenRecord, UnchangedFile
from arrears.ingest.delimited import DelimitedFile
from arrears.ingest.excel import ExcelSheet
from arrears.ingest.parquet_files import ParquetFile
from arrears.ingest.workbooks import Workbook
from arrears.ingest.workbooks import sheets_of as _sheets_of_workbook
from arrears.refusal import Refused

if TYPE_CHECKING:
    from arrears.ingest.mapped import Mapping, SourceMap

__all__ = ["Batch", "BrokenRecord", "Source", "find_sources", "open_file", "sheets_not_read", "sheets_of"]

_SUFFIXES = {".csv", ".tsv", ".txt", ".tab", ".psv", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".parquet", ".pq"}
_WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class Source(Protocol):
    """One file, sheet or query: its name for messages, its columns, and its records in batches."""

    name: str
    columns: list[str]
    notes: list[tuple[str, str]]
    is_read_once: bool
    """It may say something else when it is read again: a query."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes; of the rows delivered, where it is a query."""

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """The records in their order; with `columns` only those."""


def kind_of(path: Path) -> str:
    """ "parquet", "excel" or "delimited", by content; raises Refused where it is none of them."""
    UnchangedFile(path)
    with path.open("rb") as file:
        start = file.read(512)
    suffix = path.suffix.lower()
    if start.startswith(b"PAR1") or suffix in {".parquet", ".pq"}:
        return "parquet"
    if start.startswith(b"PK\x03\x04") or start.startswith(b"PK\x05\x06"):
        if suffix in _WORKBOOKS or _is_workbook(path):
            return "excel"
        raise _packed(path.name, "zip")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return "excel"
    if start.startswith(b"SQLite format 3\0"):
        raise Refused(
            f"{path.name}: this is an SQLite database; name it as sqlite:///{path.name} and write a `query` in the mapping",
            f"{path.name}：这是 SQLite 数据库；请写成 sqlite:///{path.name}，并在映射中写 query",
        )
    for magic, kind in _PACKED.items():
        if start.startswith(magic):
            raise _packed(path.name, kind)
    opening = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"%pdf", b"{\\rtf")):
        raise Refused(
            f"{path.name}: this is a web page, XML, PDF or document, whatever its name says; open it in Excel and save it "
            "as .xlsx or CSV",
            f"{path.name}：不论文件名如何，内容是网页、XML、PDF 或文档；请用 Excel 打开后另存为 .xlsx 或 CSV",
        )
    if suffix in _WORKBOOKS and b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "excel"
    return "delimited"


def _is_workbook(path: Path) -> bool:
    try:
        with ZipFile(path) as package:
            names = set(package.namelist())
    except (BadZipFile, OSError, ValueError):
        return False
    return "[Content_Types].xml" in names or "content.xml" in names


def _packed(name: str, kind: str) -> Refused:
    return Refused(
        f"{name}: this is a {kind} package, or a cut off one; unpack it and name the files in it",
        f"{name}：这是 {kind} 压缩包（可能不完整）；请解压后给出其中的文件",
    )


def open_file(
    path: Path,
    *,
    sheet: str | None = None,
    header: tuple[int, ...] = (1,),
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Source:
    """The file as a source of text cells. Raises Refused with a sentence where it cannot be read."""
    path = Path(path)
    kind = kind_of(path)
    if kind == "parquet":
        return ParquetFile(path)
    if kind == "excel":
        return ExcelSheet(Workbook(path), sheet, header)
    return DelimitedFile(path, header, encoding, delimiter)


def sheets_of(path: Path) -> list[str]:
    """The names of a workbook's sheets; none where the file is no workbook."""
    return _sheets_of_workbook(path) if kind_of(path) == "excel" else []


def find_sources(given: list[str], mapping: "Mapping") -> "list[tuple[SourceMap, Source]]":
    """What was given, for each source of the mapping in its order, files in the order of their names, sheets in the workbook's.

    A day's delta may feed some sources only. Raises Refused where something given feeds no source.
    """
    urls = [one for one in dict.fromkeys(given) if database.is_database(one)]
    files, said = _files([one for one in given if not database.is_database(one)])
    named = {path for path in files for source in mapping.sources if source.files and _fits(path, source.files)}
    pairs: list = []
    used: set = set()
    for source in mapping.sources:
        if source.query:
            found = list(urls)
        elif source.files:
            found = [path for path in files if _fits(path, source.files)]
        else:
            found = [path for path in files if path not in named]
        used.update(found)
        pairs += [(source, one) for one in found]
    idle = [one for one in (*files, *urls) if one not in used]
    if idle:
        _refuse_idle(mapping, idle[0])
    names, workbooks, opened = _names(files), {}, []
    for source, one in pairs:
        found = _opened(source, one, names, workbooks)
        found[0].notes += said.pop(one, [])
        opened += [(source, each) for each in found]
    return opened


def sheets_not_read(pairs: "list[tuple[SourceMap, Source]]") -> dict[str, list[str]]:
    """Of each workbook the sheets with something to be seen that no source reads; only workbooks that have some."""
    read: dict[str, tuple[Workbook, set[str]]] = {}
    for _, source in pairs:
        if isinstance(source, ExcelSheet):
            name = source.name.removesuffix(f"[{source.sheet}]")
            read.setdefault(name, (source.workbook, set()))[1].add(source.sheet)
    left = {name: workbook.not_read(sheets) for name, (workbook, sheets) in read.items()}
    return {name: sheets for name, sheets in left.items() if sheets}


def _opened(source: "SourceMap", one: Path | str, names: dict[Path, str], workbooks: dict[Path, Workbook]) -> list[Source]:
    if isinstance(one, str):
        return [database.open_query(one, source.query)]
    header = tuple(source.header)
    if kind_of(one) == "excel":
        if one not in workbooks:
            workbooks[one] = Workbook(one)
        found = _sheets(workbooks[one], source.sheets, header)
    else:
        found = [open_file(one, header=header, encoding=source.encoding, delimiter=source.delimiter)]
    for each in found:
        each.name = names[one] + each.name.removeprefix(one.name)
    return found


def _sheets(workbook: Workbook, texts: tuple[str, ...], header: tuple[int, ...]) -> list[Source]:
    """The sheets a source reads of a workbook; what is said of the choice is said at the first."""
    chosen, notes = workbook.chosen(texts) if texts else workbook.only()
    found = [ExcelSheet(workbook, sheet, header) for sheet in chosen]
    found[0].notes[:0] = notes
    return found


def _names(files: list[Path]) -> dict[Path, str]:
    """A name for each file without its folder; files of one name are numbered."""
    names: dict[Path, str] = {}
    for path in files:
        name, again = path.name, 2
        while name in names.values():
            name, again = f"{path.name} ({again})", again + 1
        names[path] = name
    return names


def _fits(path: Path, patterns: tuple[str, ...]) -> bool:
    name = unicodedata.normalize("NFC", path.name)
    return any(fnmatchcase(name, unicodedata.normalize("NFC", pattern)) for pattern in patterns)


def _files(given: list[str]) -> tuple[list[Path], dict[Path | str, list[tuple[str, str]]]]:
    """Every file given, once, by name; and what is to be said of some of them."""
    found: dict[Path, Path] = {}
    said: dict[Path | str, list[tuple[str, str]]] = {}
    for one in given:
        paths, notes = paths_of(one)
        paths = [found.setdefault(inner.resolve(), inner) for inner in paths]
        said[paths[0]] = list(dict.fromkeys([*said.get(paths[0], []), *notes]))
    return sorted(found.values(), key=lambda path: (path.name, str(path))), said


def paths_of(given: str) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files that one SOURCE names: of a folder those whose suffix tells a table, and a note on the others.

    Raises Refused where there is none.
    """
    path = Path(given)
    if not given.strip() or not (path.exists() or has_magic(given)):
        raise Refused(
            f"{path.name}: there is no such file or folder; check the name and the folder it is looked for in",
            f"{path.name}：没有这个文件或文件夹；请检查名称和所在位置",
        )
    paths, notes = [path], []
    if path.is_dir():
        inside = sorted(inner for inner in path.iterdir() if not inner.name.startswith((".", "~$")))
        paths = [inner for inner in inside if inner.is_file() and inner.suffix.lower() in _SUFFIXES]
        if left := [inner for inner in inside if inner not in set(paths)]:
            notes.append(_passed_over(path, left))
    elif not path.exists():
        paths = sorted(Path(inner) for inner in glob(given) if Path(inner).is_file())
    if not paths:
        raise Refused(
            f"{path.name}: there is no file in it that could be a table (CSV, Excel, Parquet); check the folder",
            f"{path.name}：里面没有可以当作表的文件（CSV、Excel、Parquet）；请检查文件夹",
        )
    return paths, notes


def _passed_over(folder: Path, left: list[Path]) -> tuple[str, str]:
    names = [inner.name + "/" * inner.is_dir() for inner in left[:5]]
    names = ["".join(sign if sign.isprintable() else "?" for sign in name) for name in names]
    more = len(left) - len(names)
    en, zh = (f" and {more:,} more", f"等 {len(left):,} 个") if more else ("", "")
    return (
        f"in the folder {folder.resolve().name}, not read: {', '.join(names)}{en}; name each of them that holds records",
        f"文件夹“{folder.resolve().name}”中没有读取：{'、'.join(names)}{zh}；其中若有记录，请逐个列出",
    )


def _refuse_idle(mapping: "Mapping", one: Path | str) -> None:
    if isinstance(one, str):
        name = database.spoken_name(one)
        raise Refused(
            f"{name}: no source of the mapping {mapping.name} takes it; write a `query` for it in the mapping",
            f"{name}：映射“{mapping.name}”中没有来源使用它；请在映射中为它写 query",
        )
    raise Refused(
        f"{one.name}: no source of the mapping {mapping.name} takes it; say which one does in `files`, or do not give it",
        f"{one.name}：映射“{mapping.name}”中没有来源使用它；请在 files 中写明哪个来源使用它，或不要给出",
    )
