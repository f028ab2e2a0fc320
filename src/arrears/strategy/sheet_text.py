"""The YAML text of a strategy with some of its tables rewritten: what means the same keeps its text, comments and all."""

import json
import re
from dataclasses import dataclass

import yaml

from arrears.refusal import Refused

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_+-]*")
_NO_PLAIN = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
_NOT_IN_TEXT = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_OWN_KEY = {"reason_zh", "reason_en", "when", "name"}


@dataclass(frozen=True)
class Rewritten:
    """The entries that a table has and those that it is to have, the last being `otherwise`; conditions in the order in which they are to be written."""

    own: list[dict]
    wanted: list[dict]


def rewritten(text: str, changes: dict[str, Rewritten], name: str) -> str:
    """The text with the wanted entries. Raises Refused where the whole file is written in brackets, so that no row has lines of its own."""
    changes = {table: change for table, change in changes.items() if change.own != change.wanted}
    if not changes:
        return text
    text = text if text.endswith("\n") else text + "\n"
    root = yaml.compose(text, Loader=yaml.BaseLoader)
    if root.flow_style:
        raise Refused(f"{name}: the file is written in brackets, so a row has no lines of its own to be replaced; write it as the shipped strategy is written",
                      f"{name}：文件整体写在括号内，无法逐行替换；请参照自带策略的写法")
    edits: list[tuple[int, int, str]] = []
    for table, change in changes.items():
        edits += _edits(text, root, table, change)
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    return text


def _edits(text: str, root, table: str, change: Rewritten) -> list[tuple[int, int, str]]:
    """What to put where: (from, until, new text)."""
    pair = _pair(root, table)
    if table == "rows":
        return [*_of_list(text, pair, table, change), *_of_otherwise(text, _pair(root, "otherwise"), table, change)]
    if pair is None:
        end = _line_end(text, _content_end(text, root))
        return [(end, end, _nested(table, change.wanted, root.start_mark.column))]
    key, value = pair
    if value.flow_style:
        begin = key.start_mark.index
        return [(begin, _line_end(text, _content_end(text, value)), _nested(table, change.wanted, key.start_mark.column).lstrip(" "))]
    return [*_of_list(text, _pair(value, "rows"), table, change), *_of_otherwise(text, _pair(value, "otherwise"), table, change)]


def _pair(mapping, name: str):
    return next(((key, value) for key, value in mapping.value if key.value == name), None)


def _of_list(text: str, pair, table: str, change: Rewritten) -> list[tuple[int, int, str]]:
    """The rows before the last: those that mean the same with their text, and everything between the previous row and them."""
    key, value = pair
    own, wanted = change.own[:-1], change.wanted[:-1]
    if own == wanted:
        return []
    if value.flow_style or not value.value:
        column = key.start_mark.column
        new = "rows:" + ("\n" + "".join(_row(entry, table, column + 2) for entry in wanted) if wanted else " []\n")
        return [(key.start_mark.index, _line_end(text, _content_end(text, value)), new)]
    begin, blocks = _line_end(text, key.end_mark.index), []
    end = begin
    for item in value.value:
        last = _line_end(text, _content_end(text, item))
        blocks.append(text[end:last])
        end = last
    kept = {entry["name"]: (entry, block) for entry, block in zip(own, blocks, strict=True)}
    column = value.start_mark.column
    new = ""
    for entry in wanted:
        before, block = kept.get(entry["name"], (None, ""))
        new += block if before == entry else _above(block) + _row(entry, table, column)
    if not wanted:
        return [(key.start_mark.index, end, "rows: []\n")]
    return [(begin, end, new)]


def _above(block: str) -> str:
    """The comments and blank lines before a row."""
    lines = block.splitlines(keepends=True)
    count = next((place for place, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    return "".join(lines[:count])


def _of_otherwise(text: str, pair, table: str, change: Rewritten) -> list[tuple[int, int, str]]:
    if change.own[-1:] == change.wanted[-1:]:
        return []
    key, value = pair
    return [(key.start_mark.index, _line_end(text, _content_end(text, value)), _otherwise(change.wanted[-1], table, key.start_mark.column).lstrip(" "))]


def _content_end(text: str, node) -> int:
    """Where the node's last character stands, one further; comments and blank lines behind it are not its own."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        end = node.end_mark.index
        return len(text[:end].rstrip()) if getattr(node, "style", None) in ("|", ">") else end
    last = node.value[-1]
    return max(_content_end(text, one) for one in last) if isinstance(last, tuple) else _content_end(text, last)


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _nested(table: str, wanted: list[dict], column: int) -> str:
    """A whole table with rows and otherwise."""
    inner = column + 2
    rows = "".join(_row(entry, table, inner + 2) for entry in wanted[:-1])
    return f"{' ' * column}{table}:\n{' ' * inner}rows:{chr(10) + rows if rows else ' []' + chr(10)}{_otherwise(wanted[-1], table, inner)}"


def _row(entry: dict, table: str, column: int) -> str:
    first, *others = _lines(entry, table, with_when=True)
    return "".join(f"{' ' * column}{line}\n" for line in (f"- {first}", *(f"  {line}" for line in others)))


def _otherwise(entry: dict, table: str, column: int) -> str:
    lines = ("otherwise:", *(f"  {line}" for line in _lines(entry, table, with_when=False)))
    return "".join(f"{' ' * column}{line}\n" for line in lines)


def _lines(entry: dict, table: str, *, with_when: bool) -> list[str]:
    """The keys of an entry, one a line."""
    lines = [f"name: {_cell(entry['name'])}"]
    if with_when:
        lines.append("when: {" + ", ".join(f"{field}: {_cell(cell)}" for field, cell in entry["when"].items()) + "}")
    lines += [f"{key}: {_cell(value)}" for key, value in entry.items() if key not in _OWN_KEY]
    if table != "segments":
        lines.append(f"reason: {{zh: {_quoted(entry['reason_zh'])}, en: {_quoted(entry['reason_en'])}}}")
    return lines


def _cell(value: str | list[str]) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_cell(one) for one in value) + "]"
    return value if _PLAIN.fullmatch(value) and value.lower() not in _NO_PLAIN else _quoted(value)


def _quoted(value: str) -> str:
    """In double quotes, as YAML reads it back to the letter."""
    return _NOT_IN_TEXT.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
