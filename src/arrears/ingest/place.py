"""Where in a mapping something is wrong, and the refusal that says so in both languages."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from arrears.refusal import Refused


@dataclass(frozen=True)
class Place:
    """A place in a mapping file: the file, then source, table and column as far as they are known."""

    file: str
    source: str | None = None
    table: str | None = None
    column: str | None = None

    def within(self, **parts: str) -> "Place":
        return replace(self, **parts)

    def refused(self, en: str, zh: str) -> Refused:
        """The refusal, with this place in front of both sentences."""
        words = (("source", "来源", self.source), ("table", "表", self.table), ("column", "列", self.column))
        place_en = ", ".join([self.file, *(f"{word} {name}" for word, _, name in words if name is not None)])
        place_zh = "，".join([self.file, *(f"{word} {name}" for _, word, name in words if name is not None)])
        return Refused(f"{place_en}: {en}", f"{place_zh}：{zh}")

    def unknown(self, kind: tuple[str, str], name: str, known: Iterable[str]) -> Refused:
        """The refusal of a name that nobody knows, with the nearest known ones, else with all of them."""
        known = list(known)
        near_en, near_zh = near_words(name, known)
        listed = ", ".join(known)
        return self.refused(
            f"there is no {kind[0]} {name!r}; {near_en or f'known are: {listed}'}",
            f"没有名为 {name!r} 的{kind[1]}；{near_zh or f'可用的有：{listed}'}",
        )

    def keys(self, entry: Any, required: tuple[str, ...], optional: tuple[str, ...]) -> dict:
        """The entry, if it is a YAML mapping with every required key and no unknown one."""
        if not isinstance(entry, dict):
            listed = ", ".join(required or optional)
            raise self.refused(f"expected keys such as {listed}, not {short(entry)}", f"此处应为键值（如 {listed}），而不是 {short(entry)}")
        for key in entry:
            if key not in required and key not in optional:
                raise self.unknown(("key", "键"), key, (*required, *optional))
        for key in required:
            if key not in entry:
                raise self.refused(f"the key {key!r} is missing; add it", f"缺少键 {key!r}；请补上")
        return entry

    def text(self, entry: Any, key: str) -> str:
        if not isinstance(entry, str):
            raise self.refused(f"{key!r} must be one text, not {short(entry)}", f"{key!r} 必须是一个文本，而不是 {short(entry)}")
        return entry

    def texts(self, entry: Any, key: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        entries = [entry] if isinstance(entry, str) else entry
        if not isinstance(entries, list) or not all(isinstance(text, str) for text in entries):
            raise self.refused(f"{key!r} must be a list of texts, not {short(entry)}", f"{key!r} 必须是文本列表，而不是 {short(entry)}")
        return tuple(entries)

    def whole(self, entry: Any, key: str, least: int, most: int) -> int:
        """A whole number between least and most, both included."""
        text = self.text(entry, key)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and least <= int(text) <= most):
            raise self.refused(
                f"{key!r} must be a whole number from {least:,} to {most:,}, not {short(entry)}",
                f"{key!r} 必须是 {least:,} 到 {most:,} 的整数，而不是 {short(entry)}",
            )
        return int(text)

    def choice(self, entry: Any, key: str, choices: Iterable[str]) -> str:
        text = self.text(entry, key)
        if text not in (choices := list(choices)):
            raise self.unknown((key, f" {key}"), text, choices)
        return text


def near_words(name: str, known: Iterable[str]) -> tuple[str, str]:
    """"did you mean …?" in both languages; empty where nothing is near."""
    lowered = {text.lower(): text for text in known}
    near = [lowered[found] for found in difflib.get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.6)]
    if not near:
        return "", ""
    listed = ", ".join(near)
    return f"did you mean {listed}?", f"是不是 {listed}？"


def short(entry: Any) -> str:
    """The entry as it is shown in a message: 60 characters at most."""
    text = repr(entry)
    return text if len(text) <= 60 else text[:57] + "…"
