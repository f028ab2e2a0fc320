"""What differs between two versions of a pack, entry by entry: rules, numbers, dates, words."""

import json
from dataclasses import dataclass

from arrears import strict_yaml

_SAME_AS_FILE = ("examples", "example")
"""What says how a rule is tested, not what it says."""


@dataclass(frozen=True)
class Difference:
    """One value that is there, or reads, otherwise. was is None where it is new, is_now where it is gone."""

    file: str
    entry: str
    field: str
    was: str | None
    is_now: str | None


def differences(old: dict[str, str], new: dict[str, str]) -> list[Difference]:
    """Every value that differs between two packs' files, by file, entry (its id) and field, in order. Raises BadYaml.

    An entry that is new or gone is told once, by its id, with what it says in one line.
    """
    found = []
    for file in sorted(old.keys() | new.keys()):
        was, is_now = _entries(old.get(file), file), _entries(new.get(file), file)
        for entry in [*was, *(entry for entry in is_now if entry not in was)]:
            before, after = was.get(entry), is_now.get(entry)
            if before is None or after is None:
                found.append(Difference(file, entry, "", _in_a_line(before), _in_a_line(after)))
                continue
            for field in [*before, *(field for field in after if field not in before)]:
                if before.get(field) != after.get(field):
                    found.append(Difference(file, entry, field, before.get(field), after.get(field)))
    return found


def told(found: list[Difference], lang: str, *, as_json: bool = False) -> list[str]:
    """The differences as lines; one that says that there are none."""
    if as_json:
        return [json.dumps([difference.__dict__ for difference in found], ensure_ascii=False, indent=1)]
    if not found:
        return ["两个版本没有差异" if lang == "zh" else "The two versions say the same."]
    new, gone = ("新增", "删除") if lang == "zh" else ("new", "gone")
    lines = []
    for one in found:
        place = f"{one.file}: {one.entry}" + (f", {one.field}" if one.field else "")
        if one.was is None:
            lines.append(f"{place}: {new}: {one.is_now}")
        elif one.is_now is None:
            lines.append(f"{place}: {gone}: {one.was}")
        else:
            lines.append(f"{place}: {one.was} -> {one.is_now}")
    return lines


def _entries(text: str | None, file: str) -> dict[str, dict[str, str]]:
    """The entries of a file by id (the file itself where it is one entry), each flat: field to value."""
    if text is None:
        return {}
    content = strict_yaml.parse(text, file)
    listed = content if isinstance(content, list) else [content]
    named = {}
    for place, entry in enumerate(listed, start=1):
        name = entry.get("id", f"entry {place}") if isinstance(entry, dict) else f"entry {place}"
        flat: dict[str, str] = {}
        _flatten({"": entry} if not isinstance(entry, dict) else entry, "", flat)
        named[name] = flat
    return named


def _flatten(value, path: str, flat: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            if not (path == "" and key in _SAME_AS_FILE):
                _flatten(one, f"{path}.{key}" if path else key, flat)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for place, one in enumerate(value, start=1):
            name = one["id"] if isinstance(one, dict) and "id" in one else str(place)
            _flatten(one, f"{path}.{name}" if path else name, flat)
    else:
        flat[path] = ", ".join(value) if isinstance(value, list) else str(value)


def _in_a_line(entry: dict[str, str] | None) -> str | None:
    if entry is None:
        return None
    words = "; ".join(f"{field} {value}" for field, value in entry.items() if field != "id")
    return words if len(words) <= 200 else words[:199] + "…"
