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
from arrears.ingest.draft_names import knows, says_unit, taken_apart
from arrears.ingest.draft_scales import ODD, said_above
from arrears.ingest.excel import ExcelSheet
from arrears.ingest.fault_words import sentence
from arrears.ingest.headless import has_known_names, no_header, seems_a_record, stands_below
from arrears.ingest.kinds import MONEY_UNITS
from arrears.ingest.text_encodings import UTF_8, guess
from arrears.ingest.workbooks import Workbook
from arrears.refusal import Refused

SAMPLE = 100_000
CELLS_MAX = 20_000_000
"""Records of a sample, and cells: a file of 2,000 columns is sampled more thinly."""
HEADER_WITHIN = 12
_HEAD_BYTES = 65_536
_SUM_ROW = r"(?i)^(?:本[页月年])?(?:[合总小共]\s*计|(?:grand |page |sub-?)?totals?)\s*[:：]?(?:\s*[（(].*)?$"
_SUM_OF = r"(?i)(?:[合总小累]\s*计|汇\s*总)\s*[:：]?$|^sum$|\b(?:sub-?)?total\b"
"""杭州支行小计, Total for CA: a row of sums only where it is thin besides, since a remark may end so."""
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
    said: tuple[str | None, str | None, str]
    """Unit and currency of its amounts as lines above the header or the name of file or sheet say them, and the words."""
    sum_rows: tuple[tuple[str, tuple[str, ...]], ...]
    """For each column in which words such as 合计 stand: the column and the words as written."""
    notes: tuple[tuple[str, str], ...]
    cells: pl.DataFrame = field(repr=False, compare=False)
    """The sample itself, without the rows of sums."""

    def named(self, column: str) -> Look:
        return next(look for look in self.looks if look.name == column)


@dataclass(frozen=True)
class Found:
    """What was seen of all that was given, and what was not: sheets that are empty, and what could not be read, with the reason."""

    seen: tuple[Seen, ...]
    empty_sheets: tuple[str, ...] = ()
    """As book.xlsx[sheet]."""
    left_out: tuple[tuple[str, str], ...] = ()


def see(given: list[str]) -> Found:
    """One Seen for each file, sheet or database table; files of the same columns are one.

    A file of a folder, or a sheet beside others, that cannot be read or holds no record is left out. Raises Refused where
    nothing is left, and where a file that was named cannot be read.
    """
    found: dict[tuple, list[tuple]] = {}
    empty: list[str] = []
    problems: dict[str, Refused] = {}
    for text in given:
        if database.is_database(text):
            for table, query, columns, cells, whole in _tables_at(text):
                found["query", table] = [(table, table, None, (1,), query, columns, cells, whole, [], [], (None, None, ""))]
            continue
        paths, said = sources.paths_of(text)
        for path in paths:
            try:
                entries = _entries_of(path, empty, problems)
            except Refused as problem:
                if path == Path(text):
                    raise
                problems[path.name] = problem
                continue
            for entry in entries:
                entry[8].extend(said)
                said = []
                found.setdefault((tuple(entry[5]), entry[2] if entry[2] is None else "sheet", entry[3], entry[10][:2]), []).append(entry)
    for key, entries in list(found.items()):
        if not any(len(entry[6]) for entry in entries):
            del found[key]
            for entry in entries:
                name = entry[1] if entry[2] is None else f"{entry[1]}[{entry[2]}]"
                problems[name] = Refused(f"{name}: it holds a header and no record, so nothing can be told of it; draft from one that holds some",
                                         f"{name}：只有表头，没有记录，无从判断；请用有记录的文件起草")
    if not found and problems:
        raise next(iter(problems.values()))
    names: set[str] = set()
    left_out = [(f"left out: {problem.en}", f"未取用：{problem.zh}") for problem in problems.values()]
    return Found(tuple(_seen(entries, names) for entries in found.values()), tuple(empty), tuple(left_out))


def _entries_of(path: Path, empty: list[str], problems: dict[str, Refused]) -> list[tuple]:
    """What was seen of each sheet of a file, or of the file; a sheet that is empty or cannot be read goes to `empty` or `problems`."""
    kind = sources.kind_of(path)
    if kind == "parquet":
        return [_entry(path, None, (1,), sources.open_file(path), [], [])]
    if kind == "delimited":
        rows, tail = _ends_of(path)
        if path.stat().st_size and not any(cell.strip("\ufeff \0") for _, row in rows for cell in row):
            raise Refused(f"{path.name}: its first {len(rows)} lines are blank, so there are no names of columns; export it again or leave it out",
                          f"{path.name}：前 {len(rows)} 行都是空行，没有列名；请重新导出，或不要列入")
        header = header_of(rows)
        _demand_names(path.name, header, rows)
        return [_entry(path, None, header, sources.open_file(path, header=header), _titles(rows, header), tail)]
    book = Workbook(path)
    entries, faults = [], []
    for sheet in book.sheets:
        try:
            rows = _rows_of_sheet(path, sheet)
            header = header_of(rows)
            _demand_names(path.name if len(book.sheets) == 1 else f"{path.name}[{sheet}]", header, rows)
            entries.append(_entry(path, sheet if len(book.sheets) > 1 else None, header, sources.open_file(path, sheet=sheet, header=header), _titles(rows, header), []))
        except Refused as problem:
            faults.append((sheet, problem))
    if not entries and faults:
        raise faults[0][1]
    empty += [f"{path.name}[{sheet}]" for sheet, _ in faults if book.loaded(sheet).end is None]
    problems.update({f"{path.name}[{sheet}]": problem for sheet, problem in faults if book.loaded(sheet).end is not None})
    return entries


def _entry(path: Path, sheet: str | None, header: tuple[int, ...], source, titles: list[str], tail: list[list[str]]) -> tuple:
    """What was seen of one source. Raises Refused where a record stands in the place of its header, and where none can be read."""
    cells, whole, broken = _sample(source)
    if broken and not len(cells):
        raise Refused(f"{source.name}: " + "; ".join(en for en, _ in broken), f"{source.name}：" + "；".join(zh for _, zh in broken))
    if seems_a_record(source.columns) or stands_below(source.columns, cells):
        raise no_header(source.name)
    return (path.stem, path.name, sheet, header, None, source.columns, cells, whole, [*source.notes, *broken], tail, _said(titles, path.stem, sheet))


def _titles(rows: list[tuple[int, list[str]]], header: tuple[int, ...]) -> list[str]:
    return [cell for line, row in rows if line < header[0] for cell in row if cell.strip()]


def _said(titles: list[str], stem: str, sheet: str | None) -> tuple[str | None, str | None, str]:
    """Unit, currency and words of the titles and of the names of file and sheet; ODD where they contradict each other."""
    found = [said_above(titles)]
    for name in (stem, sheet or ""):
        unit, currency = taken_apart(name).unit, taken_apart(name).currency
        unit = unit if unit == ODD or unit in MONEY_UNITS and (unit != "major" or "元" in name) else None
        found += [(unit, currency, name)] if unit or currency else []
    units = {unit for unit, _, _ in found if unit}
    words = "; ".join(words for _, _, words in found if words)
    return units.pop() if len(units) == 1 else ODD if units else None, next((code for _, code, _ in found if code), None), words


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
        file.seek(max(0, size - 4096) & ~1)  # UTF-16 has two bytes a character
        end = file.read()
    encoding, mark = guess(head, len(head) == size, None, path.name)
    encoding = encoding or UTF_8
    text = head[mark:].decode(encoding, errors="replace")
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
    tail = csv.reader(io.StringIO(end.decode(encoding, errors="replace"), newline=""), delimiter=delimiter)
    return rows, list(tail)[-5:]


def _demand_names(name: str, header: tuple[int, ...], rows: list[tuple[int, list[str]]]) -> None:
    """Raises Refused where a record stands above or in the line taken for the header, and that line holds no known name.

    A line of a title, with a telephone number perhaps, fills less than half of the cells.
    """
    read = [cell for line, row in rows if line in header for cell in row]
    least = sum(1 for cell in read if cell.strip()) / len(header) / 2
    above = [row for line, row in rows if line in header or (line < header[0] and sum(1 for cell in row if cell.strip()) >= least)]
    if not has_known_names(read) and any(map(seems_a_record, above)):
        raise no_header(name)


def header_of(rows: list[tuple[int, list[str]]]) -> tuple[int, ...]:
    """The line or two lines that read most like names of columns: known names count, numbers and dates speak against.

    A line that holds units and nothing else (万元, %, 天) belongs to the names above it.
    """
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
    units = next((row for line, row in filled if line == found[-1] + 1), [])
    if len(found) == 1 and any(cell.strip() for cell in units) and all(says_unit(cell) for cell in units if cell.strip()):
        return (*found, found[0] + 1)
    return found


def _likeness(header: list[list[str]]) -> float:
    names, _ = header_names(header)
    cells = [cell.strip() for row in header for cell in row if cell.strip()]
    values = sum(1 for cell in cells if _NUMBER_OR_DATE.match(cell))
    made_up = sum(1 for name in names if re.fullmatch(r"column \d+", name))
    texts = len(set(cells)) / len(header)
    return sum(knows(name) for name in names[:200]) + 0.2 * texts - 1.5 * values - 0.3 * made_up


def _sample(source) -> tuple[pl.DataFrame, bool, list[tuple[str, str]]]:
    """The first records, whether they are all, and what to say of those that could not be read.

    Where formulas never calculated leave no record, the columns that hold them are left empty: the mapping may do without them.
    """
    cells, whole, said = _sample_of(source)
    if len(cells) or not isinstance(source, ExcelSheet) or not (unvalued := source.unvalued_columns()):
        return cells, whole, said
    cells, whole, said = _sample_of(source, [name for name in source.columns if name not in unvalued])
    en, zh = ", ".join(unvalued), "、".join(unvalued)
    said.append((
        f"formulas never calculated stand under {en}, taken for empty here: open the workbook in a spreadsheet program, save it and draft again",
        f"列 {zh} 中是从未计算过的公式，此处按空处理：请用表格软件打开并保存该工作簿，再重新起草",
    ))
    return cells.select(pl.col(name) if name in cells.columns else pl.lit(None, pl.String).alias(name) for name in source.columns), whole, said


def _sample_of(source, columns: list[str] | None = None) -> tuple[pl.DataFrame, bool, list[tuple[str, str]]]:
    most = max(1_000, min(SAMPLE, CELLS_MAX // max(1, len(source.columns))))
    frames, rows, broken = [], 0, []
    for batch in source.batches(columns):
        broken += batch.broken
        frames.append(batch.cells.head(most - rows))
        rows += len(batch.cells)
        if rows >= most:
            return pl.concat(frames), rows == most, _said_of_broken(broken)
    return (pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(columns or source.columns, pl.String))), True, _said_of_broken(broken)


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


def _seen(entries: list[tuple], names: set[str]) -> Seen:
    """One Seen of the files of the same columns; its name is theirs as far as they agree."""
    stem, _, sheet, header, query, columns, *_ = entries[0]
    cells = pl.concat([entry[6] for entry in entries]).head(SAMPLE)
    sum_rows, cells = _without_sum_rows(cells, [(columns, entry[9]) for entry in entries])
    notes = [tuple(note) for entry in entries for note in entry[8]] + _odd_ends(cells)
    place = " ".join([*(entry[0] for entry in entries[:1]), sheet or ""]).strip()
    sheets = tuple(dict.fromkeys(entry[2] for entry in entries if entry[2] is not None))
    return Seen(
        source=_name_of(stem if len(sheets) > 1 else sheet or stem, names),
        files=tuple(dict.fromkeys(entry[1] for entry in entries)) if query is None else (), place=place,
        sheets=sheets, header=header, query=query, looks=tuple(look_at(name, cells[name]) for name in columns), records=len(cells),
        said=entries[0][10], is_whole=all(entry[7] for entry in entries), sum_rows=sum_rows,
        notes=tuple(dict.fromkeys(notes)), cells=cells,
    )


def _odd_ends(cells: pl.DataFrame) -> list[tuple[str, str]]:
    """What to say of a last record that is hardly filled: a row of sums without its word, or signatures (制表：, 审核：)."""
    if len(cells) < 3:
        return []
    filled = [cell.strip() for cell in cells.row(-1) if cell and cell.strip()]
    before = [cell for cell in cells.row(-2) if cell and cell.strip()]
    if not filled or 2 * len(filled) > len(before):
        return []
    if not (cells.row(-1)[0] or "").strip() and all(map(_NUMBER_OR_DATE.match, filled)):
        return [(
            "the last record looked at holds hardly more than numbers: if it is a row of sums, it bears no word to tell it by, and goes to quarantine",
            "最后一条记录几乎只有数字：若是合计行，因没有“合计”字样无法识别，会进隔离区",
        )]
    return [(
        f"the last record looked at fills {len(filled)} of {len(cells.columns)} cells: if it is a line of signatures or notes, delete it in the file; else it goes to quarantine",
        f"最后一条记录只填了 {len(cells.columns)} 格中的 {len(filled)} 格：若是签字或说明行，请在文件中删除；否则会进隔离区",
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
    filled = pl.select(pl.sum_horizontal(*((column.str.strip_chars().fill_null("") != "").cast(pl.Int32) for column in cells.iter_columns()))).to_series() if len(cells) else pl.Series([0])
    is_thin = 2 * filled <= (filled.median() or 0)
    for name in cells.columns[:40]:
        text = cells[name].str.strip_chars()
        hit = (text.str.contains(_SUM_ROW) | (text.str.contains(_SUM_OF) & is_thin)).fill_null(False)
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
