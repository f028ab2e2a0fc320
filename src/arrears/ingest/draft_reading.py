"""A sample of each file or sheet for a draft: where its header stands, its cells, its sum rows; never the whole file."""

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from arrears.ingest import database, sources
from arrears.ingest.batch import header_names
from arrears.ingest.draft_content import DATE_PATTERNS, Look, look_at
from arrears.ingest.draft_names import knows
from arrears.ingest.fault_words import sentence
from arrears.refusal import Refused

SAMPLE = 100_000
CELLS_MAX = 20_000_000
"""Records of a sample, and cells: a file of 2,000 columns is sampled more thinly."""
HEADER_WITHIN = 12
_HEAD_BYTES = 65_536
_SUM_ROW = r"(?i)^(?:本页合计|合计|总计|小计|共计|grand total|sub-?total|totals?)\s*[:：]?(?:\s*[（(].*)?$"
_NUMBER_OR_DATE = re.compile(r"^[-+¥￥$]?[\d,]+(?:\.\d+)?%?$|^(?:" + "|".join(DATE_PATTERNS.values()) + ")")


@dataclass(frozen=True)
class Seen:
    """What was seen of one file, sheet or table of a database, or of several files of the same columns."""

    source: str
    """Its name in the mapping, each once."""
    files: tuple[str, ...]
    place: str
    """The names of file and sheet, which may hint at what it holds."""
    sheets: tuple[str, ...]
    """The sheets of the same columns, each once; empty where its file has but one."""
    header: tuple[int, ...]
    query: str | None
    looks: tuple[Look, ...]
    records: int
    is_whole: bool
    """All its records were read."""
    sum_rows: tuple[tuple[str, tuple[str, ...]], ...]
    """For each column in which words such as 合计 stand: the column and the words as written."""
    notes: tuple[tuple[str, str], ...]
    empty_sheets: tuple[str, ...]
    """Sheets of its first file that hold nothing, as book.xlsx[sheet]."""
    cells: pl.DataFrame = field(repr=False, compare=False)
    """The sample itself, without the rows of sums."""

    def named(self, column: str) -> Look:
        return next(look for look in self.looks if look.name == column)


def see(given: list[str]) -> list[Seen]:
    """One entry for each file, sheet or database table; files of the same columns are one. Raises Refused as the readers do."""
    found: dict[tuple, list[tuple]] = {}
    empty: list[tuple[str, str]] = []
    for text in given:
        if database.is_database(text):
            for table, query, columns, cells, whole in _tables_at(text):
                found["query", table] = [(table, table, None, (1,), query, columns, cells, whole, [], [])]
            continue
        paths, said = sources.paths_of(text)
        for path in paths:
            for sheet, header, source, tail in _openings(path, empty):
                cells, whole, broken = _sample(source)
                broken, said = [*broken, *said], []
                key = (tuple(source.columns), sheet if sheet is None else "sheet", header)
                entry = (path.stem, path.name, sheet, header, None, source.columns, cells, whole, [*source.notes, *broken], tail)
                found.setdefault(key, []).append(entry)
    names: set[str] = set()
    return [_seen(entries, names, empty) for entries in found.values()]


def _openings(path: Path, empty: list[tuple[str, str]]):
    """Each (sheet, header, source, rows at the end) of a file; sheets that are empty go to `empty`."""
    kind = sources.kind_of(path)
    if kind == "parquet":
        yield None, (1,), sources.open_file(path), []
    elif kind == "delimited":
        rows, tail = _ends_of(path)
        header = header_of(rows)
        yield None, header, sources.open_file(path, header=header), tail
    else:
        sheets = sources.sheets_of(path)
        for sheet in sheets:
            try:
                rows = _rows_of_sheet(path, sheet)
            except Refused:
                if len(sheets) > 1:  # an empty sheet beside a filled one
                    empty.append((path.name, sheet))
                    continue
                raise
            header = header_of(rows)
            yield sheet if len(sheets) > 1 else None, header, sources.open_file(path, sheet=sheet, header=header), []


def _rows_of_sheet(path: Path, sheet: str | None) -> list[tuple[int, list[str]]]:
    """The first rows of a sheet with their numbers, the one taken for the header by default included."""
    first = 1
    while True:  # a row that is empty cannot be a header, so the reader refuses it
        try:
            source = sources.open_file(path, sheet=sheet, header=(first,))
            break
        except Refused:
            if first == HEADER_WITHIN:
                raise
            first += 1
    made_up = re.compile(r"column \d+")
    rows = [(first, ["" if made_up.fullmatch(name) else re.sub(r" \(\d+\)$", "", name) for name in source.columns])]
    for batch in source.batches():
        cells = batch.cells.head(HEADER_WITHIN + 3)
        rows += [(line, [cell or "" for cell in row]) for line, row in zip(batch.lines, cells.iter_rows(), strict=False)]
        break
    return rows


def _ends_of(path: Path) -> tuple[list[tuple[int, list[str]]], list[list[str]]]:
    """The first rows of a delimited file with their lines, and the rows at its end."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        size = file.seek(0, 2)
        file.seek(max(0, size - 4096))
        end = file.read()
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        head[: head.rfind(b"\n") + 1 or None].decode(encoding)
    except UnicodeDecodeError:
        encoding = "gb18030"
    text = head.decode(encoding, errors="replace")
    first = "\n".join(text.splitlines()[:HEADER_WITHIN])
    delimiter = max(",\t;|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    for row in reader:
        rows.append((line, row))
        line = reader.line_num + 1
        if len(rows) > HEADER_WITHIN:
            break
    tail = [] if encoding == "utf-16" else list(csv.reader(io.StringIO(end.decode(encoding, errors="replace"), newline=""), delimiter=delimiter))[-5:]
    return rows, tail


def header_of(rows: list[tuple[int, list[str]]]) -> tuple[int, ...]:
    """The line or two lines that read most like names of columns: known names count, numbers and dates speak against."""
    best, found = 0.0, (1,)
    filled = [(line, row) for line, row in rows if any(cell.strip() for cell in row)]
    for at, (line, row) in enumerate(filled[:HEADER_WITHIN]):
        candidates = [((line,), [row])]
        if at + 1 < len(filled) and filled[at + 1][0] == line + 1 and sum(1 for cell in row if not cell.strip()):
            candidates.append(((line, line + 1), [row, filled[at + 1][1]]))
        for lines, header in candidates:
            score = _likeness(header)
            if score > best + 0.05:
                best, found = score, lines
    return found


def _likeness(header: list[list[str]]) -> float:
    names, _ = header_names(header)
    cells = [cell.strip() for row in header for cell in row if cell.strip()]
    values = sum(1 for cell in cells if _NUMBER_OR_DATE.match(cell))
    made_up = sum(1 for name in names if re.fullmatch(r"column \d+", name))
    texts = len(set(cells)) / len(header)
    return sum(knows(name) for name in names[:200]) + 0.2 * texts - 1.5 * values - 0.3 * made_up


def _sample(source) -> tuple[pl.DataFrame, bool, list[tuple[str, str]]]:
    """The first records, whether they are all, and what to say of those that could not be read."""
    most = max(1_000, min(SAMPLE, CELLS_MAX // max(1, len(source.columns))))
    frames, rows, broken = [], 0, []
    for batch in source.batches():
        broken += batch.broken
        frames.append(batch.cells.head(most - rows))
        rows += len(batch.cells)
        if rows >= most:
            return pl.concat(frames), rows == most, _said_of_broken(broken)
    return (pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(source.columns, pl.String))), True, _said_of_broken(broken)


def _said_of_broken(broken: list) -> list[tuple[str, str]]:
    """One sentence for each rule that records break before their cells are known: `keep` cannot see them."""
    said = []
    for rule in dict.fromkeys(record.rule for record in broken):
        lines = [str(record.line) for record in broken if record.rule == rule]
        en, zh = sentence(rule)
        shown = ", ".join(lines[:5]) + (" …" if len(lines) > 5 else "")
        said.append((
            f"{len(lines)} records (line {shown}) cannot be looked at, and go to quarantine whatever `keep` says: {en.removeprefix('column ?: ')}",
            f"{len(lines)} 条记录（第 {shown} 行）无法查看，无论 `keep` 怎样写都会进隔离区：{zh.removeprefix('列 ?：')}",
        ))
    return said


def _seen(entries: list[tuple], names: set[str], empty: list[tuple[str, str]]) -> Seen:
    """One Seen of the files of the same columns; its name is theirs as far as they agree."""
    stem, _, sheet, header, query, columns, *_ = entries[0]
    cells = pl.concat([entry[6] for entry in entries]).head(SAMPLE)
    notes = [tuple(note) for entry in entries for note in entry[8]] + _wordless_sums(cells)
    sum_rows, cells = _without_sum_rows(cells, [(columns, entry[9]) for entry in entries])
    place = " ".join([*(entry[0] for entry in entries[:1]), sheet or ""]).strip()
    sheets = tuple(dict.fromkeys(entry[2] for entry in entries if entry[2] is not None))
    bare = [pair for pair in empty if pair[0] == entries[0][1]]
    empty[:] = [pair for pair in empty if pair not in bare]
    return Seen(
        source=_name_of(stem if len(sheets) > 1 else sheet or stem, names),
        files=tuple(dict.fromkeys(entry[1] for entry in entries)) if query is None else (), place=place,
        sheets=sheets, empty_sheets=tuple(f"{name}[{sheet}]" for name, sheet in bare), header=header, query=query, looks=tuple(look_at(name, cells[name]) for name in columns), records=len(cells),
        is_whole=all(entry[7] for entry in entries), sum_rows=sum_rows,
        notes=tuple(dict.fromkeys(notes)), cells=cells,
    )


def _wordless_sums(cells: pl.DataFrame) -> list[tuple[str, str]]:
    """What to say of a last record that has a number or two and nothing else: it may be a row of sums without its word."""
    if len(cells) < 3:
        return []
    filled = [cell.strip() for cell in cells.row(-1) if cell and cell.strip()]
    before = [cell for cell in cells.row(-2) if cell and cell.strip()]
    if not filled or (cells.row(-1)[0] or "").strip() or 2 * len(filled) > len(before) or not all(map(_NUMBER_OR_DATE.match, filled)):
        return []
    return [(
        "the last record looked at holds hardly more than numbers: if it is a row of sums, it bears no word to tell it by, and goes to quarantine",
        "最后一条记录几乎只有数字：若是合计行，因没有“合计”字样无法识别，会进隔离区",
    )]


def _name_of(stem: str, names: set[str]) -> str:
    name = re.sub(r"[^\w\u3400-\u9fff]+", "_", stem).strip("_").lower() or "source"
    numbered, again = name, 1
    while numbered in names:
        again += 1
        numbered = f"{name}_{again}"
    names.add(numbered)
    return numbered


def _without_sum_rows(cells: pl.DataFrame, ends: list) -> tuple[tuple, pl.DataFrame]:
    """The columns and words of rows such as 合计, and the cells without those rows."""
    found: dict[str, set[str]] = {}
    is_sum = pl.repeat(False, len(cells), eager=True)
    for name in cells.columns[:40]:
        hit = cells[name].str.strip_chars().str.contains(_SUM_ROW).fill_null(False)
        if hit.any() and hit.sum() < max(3, 0.2 * len(cells)):
            found.setdefault(name, set()).update(cells[name].filter(hit).unique().to_list())
            is_sum |= hit
    for columns, tail in ends:
        for row in tail:
            for name, cell in zip(columns, row, strict=False):
                if re.match(_SUM_ROW, cell.strip()):
                    found.setdefault(name, set()).add(cell)
    return tuple((name, tuple(sorted(words))) for name, words in found.items()), cells.filter(~is_sum)


_TABLES_OF = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name",
    "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() ORDER BY table_name",
}


def _tables_at(url: str):
    """(table, its query, columns, sample, whether that is all) of each table of a database."""
    scheme = url.split(":", 1)[0].split("+", 1)[0].lower()
    listing = _TABLES_OF.get({"postgres": "postgresql", "mariadb": "mysql"}.get(scheme, scheme))
    found = database.open_query(url, listing or "SELECT 1")
    names = [name for batch in found.batches() for name in batch.cells.to_series(0)] if listing else []
    quote = "`" if scheme in ("mysql", "mariadb") else '"'
    for name in names:
        spoken = name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else quote + name.replace(quote, 2 * quote) + quote
        query = f"SELECT * FROM {spoken}"  # noqa: S608 (a name the database itself gave, quoted)
        source = database.open_query(url, f"{query} LIMIT {SAMPLE + 1}")
        cells, whole, _ = _sample(source)
        yield name, query, source.columns, cells, whole
