"""A workbook opened once for all that is read of it: which of its sheets a mapping means, and which nobody reads."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from arrears.ingest import ods_package, xls_cells, xls_container, xlsb_package, xlsx_package, xlsx_sheet
from arrears.ingest.batch import UnchangedFile
from arrears.ingest.cell_marks import CellMarks
from arrears.refusal import Refused

Notes = list[tuple[str, str]]
_SUFFIXES_OF = {".xlsx": (".xlsx", ".xlsm")}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Workbook:
    """One workbook; its state is what was opened of it, so that several sheets, or one taken twice, cost one opening."""

    def __init__(self, path: Path):
        self.name = path.name
        self.file = UnchangedFile(path)
        self._path = path
        with path.open("rb") as file:
            start = file.read(8)
        self._marks_of: Callable[[str], CellMarks] = lambda _: CellMarks()
        self._marks: dict[str, CellMarks] = {}
        self.counts_from_1904 = False
        if start.startswith(b"PK"):
            self._open_package()
        elif start == _OLE:
            self._open_old()
        else:
            self._book = _opened(path, path.suffix)
        sheets = [sheet for sheet in self._book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        self.sheets = [sheet.name for sheet in sheets]
        self._seen = {sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible}
        self._loaded: dict[str, CalamineSheet] = {}

    def _open_package(self) -> None:
        xlsx_package.demand_sound(self._path)
        if parts := xlsx_package.parts_of(self._path):
            suffix, self._marks_of = ".xlsx", partial(xlsx_sheet.marks_of, self._path, parts=parts)
        elif parts := xlsb_package.parts_of(self._path):
            suffix, self._marks_of = ".xlsb", partial(xlsb_package.marks_of, self._path, parts=parts)
        elif ods_package.is_spreadsheet(self._path):
            suffix, self._marks_of = ".ods", ods_package.marks_of(self._path).__getitem__
        else:
            raise xlsx_package.unreadable(self.name)
        self.counts_from_1904 = parts is not None and parts.counts_from_1904
        self._book = _opened(self._path, suffix)

    def _open_old(self) -> None:
        if "EncryptedPackage".encode("utf-16-le") in self._path.read_bytes():
            raise xlsx_package.locked(self.name)
        xls_container.demand_whole(self._path)
        old = xls_cells.book_of(self._path)
        self.counts_from_1904 = old.counts_from_1904
        self._book = _opened(self._path, ".xls")
        if len(old.sheets) != len(self._book.sheets_metadata):
            raise xlsx_package.unreadable(self.name)
        names = [about.name for about in self._book.sheets_metadata]
        self._marks_of = dict(zip(names, old.sheets, strict=True)).__getitem__

    def marks(self, sheet: str) -> CellMarks:
        """What stands in the sheet beside values; raises Refused where it is spread too far to be held in memory."""
        if sheet not in self._marks:
            try:
                self._marks[sheet] = self._marks_of(sheet)
            except KeyError as error:  # the two readers do not agree on what the sheets are called
                raise xlsx_package.unreadable(f"{self.name}[{sheet}]") from error
        return self._marks[sheet]

    def loaded(self, sheet: str) -> CalamineSheet:
        """The cells of a sheet; raises Refused where it is damaged, or spread too far to be held in memory."""
        if sheet not in self._loaded:
            self.marks(sheet)
            with damage_refused(f"{self.name}[{sheet}]"):
                self._loaded[sheet] = self._book.get_sheet_by_name(sheet)
        return self._loaded[sheet]

    def demand(self, sheet: str) -> None:
        """Raises Refused where there is no such sheet."""
        if sheet not in self.sheets:
            self._refuse_unknown([sheet])

    def only(self) -> tuple[list[str], Notes]:
        """Its only sheet that is not empty; of several, the only one that is to be seen."""
        if len(self.sheets) == 1:
            return list(self.sheets), []
        filled = [sheet for sheet in self.sheets if self.loaded(sheet).end is not None]
        seen = [sheet for sheet in filled if sheet in self._seen]
        if len(seen) == 1:
            return seen, _passed_over("hidden", [sheet for sheet in filled if sheet not in seen])
        if not filled:
            raise Refused(
                f"{self.name}: all its sheets are empty; export it again or leave it out",
                f"{self.name}：所有工作表都是空的；请重新导出，或不要列入",
            )
        raise Refused(
            f"{self.name}: several sheets are not empty ({', '.join(filled)}); say which in the mapping's `sheet`: a name, a "
            'list of names, or a pattern such as "*月"; sheets with other columns need a source of their own',
            f"{self.name}：有多个非空的工作表（{'、'.join(filled)}）；请在映射的 sheet 中写明：名称、名称列表，或“*月”这样的模式；"
            "列不同的工作表须另写来源",
        )

    def chosen(self, texts: tuple[str, ...]) -> tuple[list[str], Notes]:
        """The sheets that are called by one of the texts or fit one, in the workbook's order, with notes on what is not read.

        A text that is a sheet's name is no pattern. Sheets that only fit a pattern are read where they are to be seen and not
        empty. Raises Refused where none is left.
        """
        names = {_plain(sheet): sheet for sheet in self.sheets}
        called = {names[_plain(text)] for text in texts if _plain(text) in names}
        patterns = [_pattern(text) for text in texts if _plain(text) not in names]
        fitting = {sheet for sheet in self.sheets if any(pattern.fullmatch(_plain(sheet)) for pattern in patterns)} - called
        hidden = [sheet for sheet in self.sheets if sheet in fitting - self._seen]
        empty = [sheet for sheet in self.sheets if sheet in fitting & self._seen and not self._holds_cells(sheet)]
        found = [sheet for sheet in self.sheets if sheet in called | (fitting - set(hidden) - set(empty))]
        notes = _passed_over("hidden", hidden) + _passed_over("empty", empty)
        if not found and notes:
            raise Refused(
                f"{self.name}: no sheet to be read fits {', '.join(texts)} ({'; '.join(en for en, _ in notes)}); write the name of "
                "the sheet that is meant in the mapping's `sheet`",
                f"{self.name}：没有可读取的工作表符合“{'、'.join(texts)}”（{'；'.join(zh for _, zh in notes)}）；请在映射的 sheet 中写明工作表的名称",
            )
        if not found:
            self._refuse_unknown(texts)
        missing = [text for text in texts if _plain(text) not in names and not any(_pattern(text).fullmatch(_plain(s)) for s in self.sheets)]
        if missing:
            notes.append((f"it has no sheet {', '.join(missing)}", f"其中没有工作表“{'、'.join(missing)}”"))
        return found, notes

    def not_read(self, read: set[str]) -> list[str]:
        """The sheets that are to be seen, hold something, and are not among those read."""
        return [sheet for sheet in self.sheets if sheet in self._seen and sheet not in read and self._holds_cells(sheet)]

    def _holds_cells(self, sheet: str) -> bool:
        try:
            self.marks(sheet)
            return self.loaded(sheet).end is not None
        except Refused:  # spread too far or damaged, so it is not empty
            return True

    def _refuse_unknown(self, texts) -> None:
        raise Refused(
            f"{self.name}: there is no sheet {', '.join(texts)}; it has {', '.join(self.sheets)}",
            f"{self.name}：没有工作表“{'、'.join(texts)}”；现有：{'、'.join(self.sheets)}",
        )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _pattern(text: str) -> re.Pattern:
    """Only * and ? stand for others; brackets are letters like any."""
    return re.compile(re.escape(_plain(text)).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _passed_over(why: str, sheets: list[str]) -> Notes:
    zh = {"hidden": "隐藏", "empty": "空"}[why]
    return [(f"{why} sheets are not read: {', '.join(sheets)}", f"{zh}的工作表没有读取：{'、'.join(sheets)}")] if sheets else []


def _opened(path: Path, suffix: str) -> CalamineWorkbook:
    """The workbook; the reading library goes by the suffix, unless it is given the content alone."""
    with damage_refused(path.name):
        if path.suffix.lower() in _SUFFIXES_OF.get(suffix, (suffix,)):
            return CalamineWorkbook.from_path(path)
        with path.open("rb") as file:
            return CalamineWorkbook.from_filelike(file)


@contextmanager
def damage_refused(name: str) -> Iterator[None]:
    """Whatever the reading library meets in a damaged workbook ends as Refused, a panic of its own included."""
    try:
        yield
    except Refused:
        raise
    except PasswordError as error:
        raise xlsx_package.locked(name) from error
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise xlsx_package.unreadable(name) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # it is no Exception, and its class can be imported from nowhere
            raise
        raise xlsx_package.unreadable(name) from error

