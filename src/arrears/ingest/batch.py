"""What every source delivers: batches of text cells, the records that could not be split, and names of columns.

A source is read once from front to back, and its file must be the same one at the end as at the start.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import polars as pl

from arrears.refusal import Refused

RECORDS_MAX = 262_144
"""Records of one batch at most; fewer where there are many columns."""
_NOTES_MAX = 20


@dataclass(frozen=True)
class BrokenRecord:
    """A record that could not be split into cells: where it begins, and which rule of fault_words it breaks."""

    line: int
    rule: str
    detail: str


@dataclass(frozen=True)
class Batch:
    """Some records one after the other: their cells as text (null where empty) and the line on which each begins."""

    cells: pl.DataFrame
    lines: pl.Series
    broken: list[BrokenRecord]


class UnchangedFile:
    """A file whose size, time and inode are those it had when it was opened; its digest is taken when asked for."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self._mark = _mark_of(path)
        except OSError as error:
            raise Refused(
                f"{path.name}: the file cannot be read ({error.strerror}); check its name and your right to read it",
                f"{path.name}：文件无法读取（{error.strerror}）；请检查文件名和读取权限",
            ) from error
        if not path.is_file():
            raise Refused(
                f"{path.name}: this is no file; name a file, a folder of files or a database",
                f"{path.name}：这不是文件；请给出文件、文件夹或数据库",
            )
        self.size = self._mark[0]
        self._digest: str | None = None
        if self.size == 0:
            raise Refused(
                f"{path.name}: the file is empty, so there is no header to read; export it again or leave it out",
                f"{path.name}：文件是空的，没有表头；请重新导出，或不要列入",
            )

    def demand(self) -> None:
        """Raises Refused where the file grew or was written again since it was opened."""
        try:
            same = _mark_of(self.path) == self._mark
        except OSError:
            same = False
        if not same:
            raise Refused(
                f"{self.path.name}: it changed while it was read, so what was read may be half of it; "
                "wait until it is written to the end and start again",
                f"{self.path.name}：读取期间文件被改动，读到的内容可能不完整；请等文件写完后重新开始",
            )

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, as hexadecimal digits."""
        if self._digest is None:
            with self.path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
            self.demand()
            self._digest = digest
        return self._digest


def _mark_of(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns, found.st_ino


def header_names(rows: list[list[str]], filled: bool = True) -> tuple[list[str], list[tuple[str, str]]]:
    """The names of the columns under one or several header rows, each name once, and notes on what was made up.

    Upper cells that are empty take the name on their left, since they stand for one cell over several columns.

    >>> header_names([["借据", "放款", ""], ["号", "日期", "金额"]])[0]
    ['借据/号', '放款/日期', '放款/金额']
    >>> header_names([["a", "", "a"]])[0]
    ['a', 'column 2', 'a (2)']
    """
    width = max(len(row) for row in rows)
    rows = [[_plain(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    for upper in rows[:-1] if filled else []:
        for place in range(1, width):
            upper[place] = upper[place] or upper[place - 1]
    names: list[str] = []
    notes: list[tuple[str, str]] = []
    taken: set[str] = set()
    times: Counter = Counter()
    for place in range(width):
        parts: list[str] = []
        if rows[-1][place] or len(rows) == 1 or not filled:
            parts = [row[place] for row in rows if row[place]]
        elif rows[-2][place] and (place == 0 or rows[-2][place] != rows[-2][place - 1]):
            parts = [row[place] for row in rows if row[place]]
        parts = [part for index, part in enumerate(parts) if index == 0 or part != parts[index - 1]]
        name = "/".join(parts) or f"column {place + 1}"
        if name in taken:
            again = max(2, times[name])
            while f"{name} ({again})" in taken:
                again += 1
            times[name] = again + 1
            notes.append(
                (
                    f"the column {name} stands more than once: number {again} of them is called {name} ({again})",
                    f"列“{name}”不止一个：其中第{again}个称为“{name} ({again})”",
                )
            )
            name = f"{name} ({again})"
        taken.add(name)
        names.append(name)
    if (more := len(notes) - _NOTES_MAX) > 0:
        notes[_NOTES_MAX:] = [(f"so do {more:,} more columns", f"另有 {more:,} 列也是如此")]
    return names, notes


def _plain(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split())


def demand_columns(name: str, present: list[str], asked: Iterable[str] | None) -> list[str]:
    """The columns asked for, all where none is named; raises Refused where one is not in the source."""
    if asked is None:
        return list(present)
    asked = list(dict.fromkeys(asked))
    known = set(present)
    missing = [column for column in asked if column not in known]
    if missing:
        raise Refused(
            f"{name}: there is no column {', '.join(missing)}; it has {', '.join(present[:30])}",
            f"{name}：没有列“{'、'.join(missing)}”；现有的列：{'、'.join(present[:30])}",
        )
    return asked
