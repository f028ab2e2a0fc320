"""Records of CSV and TSV files, in blocks, so that memory does not grow with the file.

Encoding and delimiter are found out. A record that cannot be split into cells is delivered as a broken one with its
line, and the rest goes on. Lines are counted as an editor counts them: from 1, those inside quotations too.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from arrears.ingest import csv_scan
from arrears.ingest.batch import RECORDS_MAX, Batch, BrokenRecord, UnchangedFile, demand_columns, header_names
from arrears.ingest.open_ended import ends_open
from arrears.ingest.text_encodings import UTF_8, ToUtf8, guess
from arrears.refusal import Refused

BLOCK = 1 << 24
_HEAD = 1 << 22
_VIEW_BYTES_MAX = 1 << 26
_COLUMNS_MAX = 16_384
_DELIMITERS = ",;\t|"
_REPEATS = 4096
_ENDS = b'\n\r" \x1a'
_RULES = ("quote", "fields", "encoding", "encoding")
_SPOKEN = {UTF_8: "UTF-8", "gb18030": "GB18030", "utf-16-le": "UTF-16 (LE)", "utf-16-be": "UTF-16 (BE)"}


@dataclass
class Layout:
    """How the bytes of a text become records: the delimiter, and the cells of the header rows."""

    name: str
    columns: list[str]
    delimiter: str = ","
    fewest: int = 0
    """The place of the last column that has a name."""
    heads: list[list[str]] = field(default_factory=list)
    ends_open: bool = False
    """Each record ends with one delimiter more than the header did: the last of `columns` is blank in all of them."""
    may_stray: bool = True
    """A quotation mark may stand where none belongs: people and poor programs wrote the text, no database."""

    def header_bytes(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """The header cells one behind the other, and one row of the bounds of so many of them per header row."""
        cells = [[cell.encode() for cell in head[:columns]] + [b""] * (columns - len(head)) for head in self.heads]
        joined = b"".join(b"".join(row) for row in cells)
        bounds = np.zeros((len(cells), columns + 1), np.int64)
        at = 0
        for index, row in enumerate(cells):
            bounds[index] = at + np.concatenate([[0], np.cumsum([len(cell) for cell in row])])
            at = bounds[index, -1]
        return np.frombuffer(joined + b"\0", np.uint8), bounds


@dataclass
class Counts:
    """What was left out on the way."""

    repeated: list[int] = field(default_factory=list)
    empty: int = 0
    unended: int = 0
    """The last line, where no line break ends it and no quotation mark closes its last cell."""


def batches_of(
    read: Callable[[], tuple[bytes, bool]],
    layout: Layout,
    columns: list[str],
    counts: Counts,
    at: int = 0,
    line: int = 1,
) -> Generator[Batch, None, None]:
    """The records of a text of UTF-8, beginning `at` bytes behind its start on `line`; only `columns` of them.

    `read` gives the next bytes and whether they are the last.
    """
    places = {column: place for place, column in enumerate(layout.columns)}
    taken = np.array([places[column] for column in columns], np.int64)
    # What stands behind the last named column slipped there from the left, unless the mapping itself takes it.
    heads, bounds = layout.header_bytes(max([layout.fewest, *(place + 1 for place in taken.tolist())]))
    carried, final = b"", False
    while not final:
        more, final = read()
        end = len(carried) + len(more)
        block = np.frombuffer(bytearray().join((carried, more, bytes(16))), np.uint8)
        state = np.array([at, line, 0, 0, 0, 0], np.int64)
        while True:
            before = int(state[0])
            yield from _one_batch(block, end, final, layout, taken, heads, bounds, state, counts, columns)
            if state[0] == before or state[0] >= end:
                break
        at, line = 0, int(state[1])
        if final and end and block[end - 1] not in _ENDS:
            counts.unended = line
        carried = block[state[0] : end].tobytes()
        if len(carried) > 2 * BLOCK:
            raise Refused(
                f"{layout.name}: line {line} has no end within {2 * BLOCK >> 20} MB, so this is no table of records; "
                "export it again as CSV",
                f"{layout.name}：第{line}行在{2 * BLOCK >> 20} MB内没有行尾，不是按行的表；请重新导出为 CSV",
            )


def _one_batch(block, end, final, layout, taken, heads, bounds, state, counts, columns) -> Iterator[Batch]:
    rest = block[state[0] : end]
    ends = int(np.count_nonzero(rest == 10) + np.count_nonzero(rest == 13)) + 1
    room = min(RECORDS_MAX, ends, max(1024, _VIEW_BYTES_MAX // (16 * max(len(taken), 1))))
    views = np.empty((len(taken), room, 4), np.uint32)
    present = np.empty((len(taken), room), np.uint8)
    lines = np.empty(room, np.int64)
    broken = np.empty((room, 3), np.int64)
    repeats = np.empty(_REPEATS, np.int64)
    state[2:] = 0
    csv_scan.scan(
        block,
        end,
        final,
        ord(layout.delimiter),
        len(layout.columns) if layout.ends_open else layout.fewest,
        len(layout.columns),
        layout.may_stray and len(layout.columns) > 1,
        taken,
        heads,
        bounds,
        views,
        present,
        lines,
        repeats,
        broken,
        state,
    )
    rows, faults, repeated = int(state[2]), int(state[3]), int(state[4])
    counts.repeated += repeats[:repeated].tolist()[: max(0, _REPEATS - len(counts.repeated))]
    counts.empty += int(state[5])
    if rows == 0 and faults == 0:
        return
    text = pa.py_buffer(block)
    cells = {
        name: pl.from_arrow(
            pa.Array.from_buffers(
                pa.string_view(),
                rows,
                [
                    pa.py_buffer(np.packbits(present[index, :rows], bitorder="little")),
                    pa.py_buffer(views[index, :rows]),
                    text,
                ],
            )
        )
        for index, name in enumerate(columns)
    }
    yield Batch(
        pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String)),
        pl.Series("line", lines[:rows], dtype=pl.Int64),
        [_broken(*row, bounds.shape[1] - 1, layout) for row in broken[:faults].tolist()],
    )


def _broken(line: int, reason: int, cells: int, columns: int, layout: Layout) -> BrokenRecord:
    detail = ""
    if reason == csv_scan.BROKEN_FIELDS:
        columns = len(layout.columns) if layout.ends_open and cells != len(layout.columns) else columns
        detail = f"{cells} instead of {columns}"
    elif reason == csv_scan.BROKEN_NUL:
        detail = "NUL"
    return BrokenRecord(line, _RULES[reason], detail)


class DelimitedFile:
    """One CSV or TSV file."""

    is_read_once = False

    def __init__(
        self, path: Path, header: tuple[int, ...] = (1,), encoding: str | None = None, delimiter: str | None = None
    ):
        self.name = path.name
        self.notes: list[tuple[str, str]] = []
        self._file = UnchangedFile(path)
        with path.open("rb") as file:
            head = file.read(_HEAD)
        whole = len(head) == self._file.size
        self._encoding, self._mark = guess(head, whole, encoding, self.name)
        if self._encoding not in (None, UTF_8):
            self._note_encoding(self._encoding)
        text = ToUtf8(self._encoding, lambda found: None).of(head[self._mark :], whole)
        self._layout, self._at, self._line = self._read_header(text, whole, header, delimiter)
        self.columns = self._layout.columns

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, as hexadecimal digits."""
        return self._file.digest

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """The records, in the file's order; with `columns` only those. Raises Refused where the file changes."""
        asked = demand_columns(self.name, self.columns, columns)
        counts, delivered = Counts(), False
        text = ToUtf8(self._encoding, self._note_encoding)
        with self._file.path.open("rb") as file:
            file.seek(self._mark)

            def read() -> tuple[bytes, bool]:
                raw = file.read(BLOCK)
                final = file.tell() >= self._file.size
                return text.of(raw, final), final

            for batch in batches_of(read, self._layout, asked, counts, self._at, self._line):
                delivered = True
                yield batch
        self._file.demand()
        self._note_what_was_left_out(counts, delivered)

    def _note_encoding(self, encoding: str) -> None:
        if encoding == UTF_8:
            return
        spoken = _SPOKEN.get(encoding, encoding)
        self._note(f"read as {spoken}", f"按 {spoken} 编码读取")

    def _note(self, en: str, zh: str) -> None:
        if (en, zh) not in self.notes:
            self.notes.append((en, zh))

    def _note_what_was_left_out(self, counts: Counts, delivered: bool) -> None:
        if counts.repeated:
            some = [str(line) for line in counts.repeated[:5]]
            en, zh = ", ".join(some), "、".join(some)
            if len(counts.repeated) > len(some):
                en, zh = f"{en} and {len(counts.repeated) - len(some)} more", f"{zh}等{len(counts.repeated)}处"
            self._note(f"the header stands again on line {en}: left out", f"表头在第{zh}行又出现：已略去")
        if counts.empty:
            self._note(
                f"{counts.empty} records of nothing but empty cells: left out",
                f"{counts.empty}条记录的单元格全空：已略去",
            )
        if counts.unended and delivered:
            self._note(
                f"no line break ends the last line ({counts.unended}): if the file was cut, its last cell is cut too; check it",
                f"最后一行（第{counts.unended}行）末尾没有换行：若文件被截断，该行最后一格也不完整；请核对",
            )
        if not delivered:
            self._note("there is a header but no record", "只有表头，没有记录")

    def _read_header(
        self, text: bytes, whole: bool, header: tuple[int, ...], delimiter: str | None
    ) -> tuple[Layout, int, int]:
        start, line = 0, 1
        first = text[: csv_scan.first_line_end(np.frombuffer(bytearray(text), np.uint8), 0, len(text))]
        if delimiter is None and len(first.strip()) == 5 and first.lower().startswith(b"sep=") and first[4:5].isascii():
            start, line, delimiter = len(first), 2, first[4:5].decode()
            header = (2,) if header == (1,) else header
        if delimiter is None:
            delimiter = _found_delimiter(text, header)
        elif delimiter in ("\\t", "tab"):
            delimiter = "\t"
        if len(delimiter) != 1 or not delimiter.isascii():
            raise Refused(
                f"{self.name}: the delimiter {delimiter!r} is not one plain character; write one of , ; | or \\t",
                f"{self.name}：分隔符 {delimiter!r} 不是单个字符；请写 , ; | 或 \\t",
            )
        rows, at, line = self._header_rows(text, whole, header, ord(delimiter), start, line)
        rows[-1] += [""] * (max(map(len, rows)) - len(rows[-1]))
        is_open = ends_open(text, at, whole, ord(delimiter), rows[-1])
        if is_open:
            rows[-1].append("")
            self._note("each record ends with one delimiter more than the header", "每条记录末尾都比表头多一个分隔符")
        names, notes = header_names(rows)
        self.notes += notes
        named = max((place + 1 for row in rows for place, cell in enumerate(row) if cell.strip()), default=0)
        if named == 0:
            raise Refused(
                f"{self.name}: line {header[-1]} holds no column names; say in the mapping's `header` which line does",
                f"{self.name}：第{header[-1]}行没有列名；请在映射的 header 中写明表头所在的行",
            )
        return Layout(self.name, names, delimiter, named, rows, ends_open=is_open), at, line

    def _header_rows(
        self, text: bytes, whole: bool, header: tuple[int, ...], delimiter: int, at: int, line: int
    ) -> tuple[list[list[str]], int, int]:
        block = np.frombuffer(bytearray(text), np.uint8)
        starts, ends, doubled = (np.zeros(_COLUMNS_MAX, np.int64) for _ in range(3))
        found = np.zeros(11, np.int64)
        kinds = csv_scan.byte_kinds(delimiter)
        rows: list[list[str]] = []
        wanted = sorted(header)
        while at < len(block) and len(rows) < len(wanted):
            kind = csv_scan.record(block, at, len(block), whole, kinds, starts, ends, doubled, 0, 0, found)
            cells, of_first, of_last = int(found[0]), int(found[6]), int(found[7])
            if kind != csv_scan.COMPLETE or (found[8] > 0 and cells == of_first == of_last > 1):
                if line >= wanted[0]:
                    self._refuse_header(line)
                at, line = csv_scan.first_line_end(block, at, len(block)), line + 1
                continue
            if tuple(header) == (1,) and found[3] == 0 and found[0] == 1:
                # Nobody said where the header is, so blank lines above it count for nothing.
                wanted = [line + int(found[2])]
            elif line in wanted:
                if found[0] > _COLUMNS_MAX:
                    self._refuse_header(line)
                try:
                    rows.append(
                        [
                            text[starts[i] : ends[i]].decode().replace('""', '"' if doubled[i] else '""')
                            for i in range(found[0])
                        ]
                    )
                except UnicodeDecodeError:
                    self._refuse_header(line)
            at, line = int(found[4]), line + int(found[2])
        if len(rows) < len(wanted):
            if line > wanted[-1]:
                self._refuse_header(wanted[-1])
            raise Refused(
                f"{self.name}: it ends before line {wanted[-1]}, where the mapping says the header is",
                f"{self.name}：文件不到第{wanted[-1]}行就结束了，而映射说表头在那一行",
            )
        return rows, at, line

    def _refuse_header(self, line: int) -> None:
        raise Refused(
            f"{self.name}: the header on line {line} cannot be read as cells (an open quotation mark, bytes of another "
            "encoding, or a line inside another record); mend it, or say `header` and `encoding` in the mapping",
            f"{self.name}：第{line}行的表头无法拆成单元格（引号未闭合、编码不符，或这一行在另一条记录之内）；"
            "请修正，或在映射中写明 header 和 encoding",
        )


def _found_delimiter(text: bytes, header: tuple[int, ...]) -> str:
    """The delimiter whose count in the header is met by most of the lines below it, one more at a line's end aside."""
    lines = [line for line in text[: 1 << 20].replace(b"\r", b"\n").split(b"\n") if line.strip()]
    whole = text[: 1 << 20].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    head = whole[header[-1] - 1] if header[-1] <= len(whole) and whole[header[-1] - 1].strip() else (lines or [b""])[0]
    below = lines[lines.index(head) + 1 :][:50] if head in lines else []
    best, score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        count = _outside_quotes(head, delimiter)
        if count:
            counts = [_outside_quotes(line, delimiter) - count for line in below]
            alike = sum(more == 0 or (more == 1 and line.endswith(delimiter.encode())) for more, line in zip(counts, below, strict=True))
            alike /= max(len(below), 1)
            if (round(alike, 1), count) > score:
                best, score = delimiter, (round(alike, 1), count)
    return best


def _outside_quotes(line: bytes, delimiter: str) -> int:
    return sum(part.count(delimiter.encode()) for part in line.split(b'"')[0::2])
