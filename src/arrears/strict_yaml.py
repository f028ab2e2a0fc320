"""YAML without surprises: every scalar is text, no key twice, no tags, no aliases."""

from pathlib import Path
from typing import Any

import yaml


class BadYaml(ValueError):
    """A file that cannot be taken at its word; the message names file and line."""


class Entry(dict):
    """A mapping of a file that remembers the line on which it begins, and of each key the line on which it stands."""

    line: int = 0
    lines: dict[str, int] = {}


class _Strict(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
    """PyYAML's BaseLoader (the compiled one where it is there, ten times as fast) leaves `no`, `on`, `21:00` and `012` as the text they are."""

    def construct_mapping(self, node, deep=False):
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise BadYaml(f"line {key_node.start_mark.line + 1}: a key must be plain text")
            if key in seen:
                raise BadYaml(f"line {key_node.start_mark.line + 1}: the key {key!r} stands twice; remove one")
            seen.add(key)
        entry = Entry(super().construct_mapping(node, deep=True))
        entry.line = node.start_mark.line + 1
        entry.lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
        return entry


_Strict.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, lambda loader, node: loader.construct_mapping(node)
)


def read(path: Path) -> Any:
    """The document of one file: dicts, lists and text; raises BadYaml naming file and line."""
    return parse(read_text(path), path.name)


def read_text(path: Path) -> str:
    """The text of a file; raises BadYaml where it is not written in UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise BadYaml(f"{path.name}: not UTF-8 from byte {problem.start + 1} on; save it as UTF-8") from None


def parse(text: str, name: str) -> Any:
    try:
        if "*" in text:
            _demand_no_alias(text)
        return yaml.load(text, Loader=_Strict)  # noqa: S506 - a BaseLoader: text, lists and dicts only
    except BadYaml as problem:
        raise BadYaml(f"{name}: {problem}") from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        raise BadYaml(f"{name}: not valid YAML: line {mark.line + 1}, column {mark.column + 1}: {problem.problem}") from None
    except yaml.YAMLError as problem:
        raise BadYaml(f"{name}: not valid YAML: {problem}") from None


def _demand_no_alias(text: str) -> None:
    """Raises BadYaml at an alias, by which one line would say what another means."""
    for event in yaml.parse(text, Loader=_Strict):
        if isinstance(event, yaml.AliasEvent):
            raise BadYaml(f"line {event.start_mark.line + 1}: aliases are not read; write the value out")


def line_of(entry: dict, key: str | None = None) -> str:
    """", line 12" of an entry, or of one of its keys; empty where it did not come from a file."""
    line = getattr(entry, "lines", {}).get(key) or getattr(entry, "line", 0)
    return f", line {line}" if line else ""


def expect_keys(entry: dict, required: set[str], optional: set[str], where: str) -> None:
    """Raises BadYaml unless the entry has every required key and no unknown one."""
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: expected a mapping with the keys {', '.join(sorted(required))}")
    missing, unknown = required - entry.keys(), entry.keys() - required - optional
    if missing:
        raise BadYaml(f"{where}{line_of(entry)}: missing {', '.join(sorted(missing))}")
    if unknown:
        first = min(unknown, key=list(entry).index)
        raise BadYaml(f"{where}{line_of(entry, first)}: unknown key {', '.join(sorted(unknown))}; known are "
                      f"{', '.join(sorted(required | optional))}")
