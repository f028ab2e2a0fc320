"""The rows, segments and offers of a strategy as cells of a spreadsheet, one line per row, and such cells put back into its YAML text.

A table's first line names its columns: `name`, one for each field of a condition, and what follows. Its last line is `otherwise` and has no conditions. An
empty cell is no condition. Several values are separated by commas (、 and ， too); a value that has one in it stands in double quotes.
"""

import re
from dataclasses import dataclass

from arrears.refusal import Refused
from arrears.strategy.cells import percent, whole
from arrears.strategy.conditions import FIELDS, cell_of, number_of, read_when
from arrears.strategy.reading import strategy_from
from arrears.strategy.sheet_text import Rewritten, rewritten
from arrears.strategy.strategy import Strategy
from arrears.strict_yaml import BadYaml

Cells = dict[str, list[list[str]]]
"""Of each table its lines of cells, the first naming the columns."""
COLUMNS = {
    "rows": (("treatment", "choose", "ladder", "restraint", "fixed"), ("reason_zh", "reason_en")),
    "segments": ((), ("zh", "en")),
    "offers": (("instalments_most", "shift_days_most", "waive_penalty", "waive_interest"), ("reason_zh", "reason_en")),
}
"""Of each table the columns behind those of conditions: those that may be empty, and those in words, which may not."""
_FOLLOWS = ("treatment", "choose", "ladder")
_WHOLE = {"instalments_most": 360, "shift_days_most": 366}
_SHARES = ("waive_penalty", "waive_interest")
_SEPARATES = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",，、]*))\s*(?:[,，、]|$)')
_NEEDS_QUOTES = re.compile(r'[",，、\n]|^\s|\s$')


def rows_to_cells(strategy: Strategy) -> Cells:
    """The strategy's tables as cells: rows, and segments and offers where it has them; columns for the fields that are named, in the order of FIELDS."""
    cells = {}
    for table, entries in _entries(strategy).items():
        if not entries:
            continue
        fields = [name for name in FIELDS if any(name in entry["when"] for entry in entries)]
        columns = ["name", *fields, *COLUMNS[table][0], *COLUMNS[table][1]]
        cells[table] = [columns, *([_written(entry, name) for name in columns] for entry in entries)]
    return cells


def cells_to_yaml(text: str, cells: Cells, name: str = "strategy.yaml") -> str:
    """The text with these tables in place of its own; tables that the cells do not have stay as they are.

    A row that means the same as before keeps its text and the comments in it and above it, also where it moved. Lost are the comments in a row that changed,
    those above and in a row that is gone, and those within a table written in brackets of which anything changed. Raises Refused naming table, line and
    column where a cell cannot be meant, and BadYaml where the text, or what comes of it, is no strategy.
    """
    for table in cells:
        if table not in COLUMNS:
            raise Refused(f"there is no table {table!r} in a strategy's sheet; known are {', '.join(COLUMNS)}", f"策略表格中没有{table!r}；可用：{'、'.join(COLUMNS)}")
    strategy = strategy_from(text, name)
    known = _Known(strategy.names, tuple(ladder.name for ladder in strategy.ladders), None)
    own, wanted = _entries(strategy), {}
    for table in ("segments", "rows", "offers"):
        if table in cells:
            wanted[table] = _read(table, cells[table], known)
        entries = wanted.get(table, own[table])
        if table == "segments":
            known = _Known(known.treatments, known.ladders, tuple(entry["name"] for entry in entries))
    changes = {table: Rewritten(own[table], _in_own_order(own[table], entries)) for table, entries in wanted.items()}
    new = rewritten(text, changes, name)
    if {table: entries for table, entries in _entries(strategy_from(new, f"{name} with the rows of the sheet")).items() if table in wanted} != wanted:
        raise AssertionError("the text that was written does not say what the cells say")
    return new


@dataclass(frozen=True)
class _Known:
    """What cells may name."""

    treatments: tuple[str, ...]
    ladders: tuple[str, ...]
    segments: tuple[str, ...] | None


def _entries(strategy: Strategy) -> dict[str, list[dict]]:
    """Each table as plain mappings of text, as they would be written; what says nothing is left out."""
    rows = [_without_blanks({
        "name": row.name, "when": _when(row.when), "treatment": row.treatments[0] if len(row.treatments) == 1 else "",
        "choose": list(row.treatments) if len(row.treatments) > 1 else "", "ladder": row.ladder or "", "restraint": "yes" if row.restraint else "",
        "fixed": "yes" if row.fixed else "", "reason_zh": row.reason_zh, "reason_en": row.reason_en}) for row in strategy.rows]
    segments = [_without_blanks({"name": one.name, "when": _when(one.when), "zh": one.zh, "en": one.en}) for one in strategy.segments]
    offers = [_without_blanks({
        "name": one.name, "when": _when(one.when), "instalments_most": str(one.instalments_most or ""), "shift_days_most": str(one.shift_days_most or ""),
        "waive_penalty": _share(one.waive_penalty_ppm), "waive_interest": _share(one.waive_interest_ppm), "reason_zh": one.reason_zh, "reason_en": one.reason_en,
    }) for one in strategy.offers]
    return {"rows": rows, "segments": segments, "offers": offers}


def _when(when) -> dict[str, str | list[str]]:
    return {name: cell_of(name, cell) for name, cell in when}


def _share(ppm: int) -> str:
    return number_of("self_cure", ppm) if ppm else ""


def _without_blanks(entry: dict) -> dict:
    return {key: _plain(value) if isinstance(value, str) else value for key, value in entry.items() if value != ""}


def _plain(text: str) -> str:
    """Without blanks around it and with one kind of line end, as a sheet keeps it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _written(entry: dict, column: str) -> str:
    """One cell: several values separated by commas, those in quotes that need them."""
    value = entry["when"].get(column, "") if column in FIELDS else entry.get(column, "")
    if isinstance(value, str) and column in FIELDS and FIELDS[column].kind == "text" and value:
        value = [value]
    if isinstance(value, str):
        return value
    return ", ".join('"' + one.replace('"', '""') + '"' if _NEEDS_QUOTES.search(one) else one for one in value)


def _in_own_order(own: list[dict], entries: list[dict]) -> list[dict]:
    """Conditions of a row that the strategy has already, in the order in which it has them; further ones behind."""
    before = {entry["name"]: list(entry["when"]) for entry in own}
    found = []
    for entry in entries:
        order = [*(name for name in before.get(entry["name"], ()) if name in entry["when"]), *entry["when"]]
        found.append({**entry, "when": {name: entry["when"][name] for name in dict.fromkeys(order)}})
    return found


def _read(table: str, lines: list[list[str]], known: _Known) -> list[dict]:
    """The entries of a table's cells; the last is `otherwise`."""
    columns = _columns(table, lines)
    filled = [(number, cells) for number, cells in enumerate(lines[1:], start=2) if any(cell and cell.strip() for cell in cells)]
    if not filled:
        raise _refused(table, 2, None, "there is no row; the last line must be the one that takes what no other row takes, without conditions",
                       "没有任何行；最后一行必须是无条件的兜底行")
    entries: list[dict] = []
    for number, cells in filled:
        entry = _entry(table, number, columns, cells, known)
        twice = next((before for before, other in zip(filled, entries, strict=False) if other["name"] == entry["name"]), None)
        if twice:
            raise _refused(table, number, "name", f"{entry['name']!r} stands in line {twice[0]} already; each row needs its own name", f"{entry['name']!r}与第{twice[0]}行重名；每行须有自己的名称")
        entries.append(entry)
    last, number = entries[-1], filled[-1][0]
    for key in (*last["when"], *(key for key in ("restraint", "fixed") if key in last)):
        raise _refused(table, number, key, "the last line takes what no other row takes, so it has no conditions; empty the cell, or add such a line below",
                       "最后一行是兜底行，不能有条件；请清空该单元格，或在其下补一行")
    return entries


def _columns(table: str, lines: list[list[str]]) -> list[str]:
    known = ("name", *FIELDS, *COLUMNS[table][0], *COLUMNS[table][1])
    columns = [_plain(cell or "") for cell in lines[0]] if lines else []
    for place, column in enumerate(columns):
        if column and column not in known:
            raise _refused(table, 1, None, f"unknown column {column!r}; known are {', '.join(known)}", f"未知的列{column!r}；可用：{'、'.join(known)}")
        if column and column in columns[:place]:
            raise _refused(table, 1, None, f"the column {column} stands twice; remove one", f"列{column}出现两次；请删除一列")
    missing = [column for column in ("name", *COLUMNS[table][1]) if column not in columns]
    if missing:
        raise _refused(table, 1, None, f"the column {missing[0]} is missing; put it back", f"缺少列{missing[0]}；请补回")
    return columns


def _entry(table: str, number: int, columns: list[str], cells: list[str], known: _Known) -> dict:
    given = {}
    for place, cell in enumerate(cells):
        column = columns[place] if place < len(columns) else ""
        if cell and cell.strip():
            if not column:
                raise _refused(table, number, None, f"cell {place + 1} stands under no column, so it would be lost; move or empty it",
                               f"第{place + 1}个单元格没有列名，内容会丢失；请移动或清空")
            given[column] = _plain(cell)
    for column in ("name", *COLUMNS[table][1]):
        if column not in given:
            raise _refused(table, number, column, "the cell is empty; write something", "单元格为空；请填写")
    entry = {"name": given["name"], "when": {}}
    for column in columns:
        if column in given and column in FIELDS:
            entry["when"][column] = _condition(table, number, column, given[column], known)
    for column in (*COLUMNS[table][0], *COLUMNS[table][1]):
        if column in given:
            entry[column] = _value(table, number, column, given[column], known)
    if table == "rows":
        follows = [column for column in _FOLLOWS if column in entry]
        if len(follows) != 1:
            raise _refused(table, number, follows[1] if follows else "treatment", f"give one of {', '.join(_FOLLOWS)}; the line has {' and '.join(follows) or 'none'}",
                           f"treatment、choose、ladder 三列须且只须填一列；此行填了{'、'.join(follows) or '零列'}")
    return {key: value for key, value in entry.items() if value != ""}


def _condition(table: str, number: int, column: str, cell: str, known: _Known) -> str | list[str]:
    values: str | list[str] = cell
    if FIELDS[column].kind == "text":
        values = _split(table, number, column, cell)
    try:
        ((_, read),) = read_when({column: values}, "")
    except BadYaml as problem:
        said = str(problem).removeprefix(f", {column}: ")
        raise _refused(table, number, column, said, f"该单元格无法读取（{said}）") from None
    if column == "segment" and known.segments is not None:
        _demand_known(table, number, column, list(read), known.segments)
    return cell_of(column, read)


def _value(table: str, number: int, column: str, cell: str, known: _Known) -> str | list[str]:
    """The cell as it would be written in YAML; empty where it says nothing."""
    if column == "choose":
        chosen = _split(table, number, column, cell)
        _demand_known(table, number, column, chosen, known.treatments)
        if len(chosen) < 2 or len(set(chosen)) < len(chosen):
            raise _refused(table, number, column, "expected two or more treatments, none twice; for one use the column treatment", "须有两个以上处置且不重复；只有一个请填 treatment 列")
        return sorted(chosen, key=known.treatments.index)
    if column in ("treatment", "ladder"):
        _demand_known(table, number, column, [cell], known.treatments if column == "treatment" else known.ladders)
    elif column in ("restraint", "fixed"):
        if cell not in ("yes", "no"):
            raise _refused(table, number, column, f"{cell!r} is neither yes nor no", f"{cell!r}既不是 yes 也不是 no")
        return cell if cell == "yes" else ""
    elif column in _WHOLE or column in _SHARES:
        try:
            return _share(percent(cell, "")) if column in _SHARES else str(whole(cell, "", _WHOLE[column]) or "")
        except BadYaml as problem:
            said = str(problem).removeprefix(": ")
            raise _refused(table, number, column, said, f"该单元格无法读取（{said}）") from None
    return cell


def _demand_known(table: str, number: int, column: str, values: list[str], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            raise _refused(table, number, column, f"{value!r} is not in the strategy; it has {', '.join(known) or 'none'}", f"策略中没有{value!r}；现有：{'、'.join(known) or '无'}")


def _split(table: str, number: int, column: str, cell: str) -> list[str]:
    """The values of a cell, in their order."""
    values, at = [], 0
    while at < len(cell):
        found = _SEPARATES.match(cell, at)
        if found is None or found.end() == at:
            raise _refused(table, number, column, f"{cell!r} cannot be split into values; separate them by commas, and put one that has a comma or a quote in it in "
                           'double quotes ("" for a quote)', f"{cell!r}无法拆分；请用逗号分隔，含逗号或引号的值请放在双引号内（引号写两次）")
        values.append(found[1].replace('""', '"') if found[1] is not None else found[2].strip())
        at = found.end()
    return values + ([""] if cell.rstrip()[-1:] in (",", "，", "、") else [])


def _refused(table: str, number: int, column: str | None, en: str, zh: str) -> Refused:
    where = f", column {column}" if column else ""
    return Refused(f"sheet {table}, line {number}{where}: {en}", f"工作表{table}第{number}行{f'{column}列' if column else ''}：{zh}")
