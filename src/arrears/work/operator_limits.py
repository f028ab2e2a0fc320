"""The operator's own numbers, all of them together: what holds, what would hold by default, and home/settings.yaml changed by one of them without losing the rest of the file.

Each section is read by the module that goes by it, so what is shown is what holds, and a value that its reader refuses is refused here in the reader's words.
"""

import importlib
import json
import re
import tempfile
from dataclasses import asdict, dataclass, is_dataclass
from importlib.util import find_spec
from pathlib import Path

from arrears import store, strict_yaml
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

READERS = {
    "unmasking": ("arrears.work.actions.unmasking", "read_limits"),
    "exports": ("arrears.work.exporting.limits", "own_choices"),
    "team": ("arrears.work.team_settings", "team_settings"),
    "plans": ("arrears.work.actions.reoffers", "read_policy"),
    "matters": ("arrears.work.matter_policy", "read_matter_policy"),
    "quality": ("arrears.work.quality.frame_rows", "own_choices"),
    "attachments": ("arrears.work.own_choices", "read_size_most"),
    "backup": ("arrears.postgres.backups", "retention_of"),
    "access": ("arrears.work.profiles", "read_profile"),
}
"""By section of settings.yaml who reads it; those of parts that this installation does not have are passed over."""
AT_NEXT_START = frozenset({"access"})
"""Sections that the server reads as it starts; all others are read anew each time."""
_NOT_A_NUMBER = {"name", "is_complex", "second_factor_minutes"}


@dataclass(frozen=True)
class Limit:
    """One number. own: what settings.yaml says, None where the default holds; default is None where there is no limit of the kind unless somebody sets one."""

    section: str
    name: str
    value: int | None
    default: int | None
    own: int | None
    is_at_once: bool


def limits(home: Path) -> list[Limit]:
    """All of them, by section. Raises Refused or BadYaml where settings.yaml cannot be taken."""
    document = read_document(home)
    found = []
    with tempfile.TemporaryDirectory() as empty:
        for section in READERS:
            if (reader := _reader(section)) is None:
                continue
            held, default = _numbers(section, reader(home)), _numbers(section, reader(_as_default(Path(empty), section, document)))
            said = document.get(section) or {}
            found += [Limit(section, name, held[name], default[name], held[name] if name in said else None, section not in AT_NEXT_START) for name in held]
    return found


def with_limit(home: Path, section: str, name: str, value: int | None) -> str:
    """The text of settings.yaml with that number, or, with None, without it: every other line as it was. Raises Refused for an unknown number, and in its reader's words for one that cannot be."""
    if not any((one.section, one.name) == (section, name) for one in limits(home)):
        raise Refused(f"there is no limit {section}.{name}; nothing was changed", f"没有限额 {section}.{name}；未作任何更改")
    path = home / "settings.yaml"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    expected = json.loads(json.dumps(read_document(home)))
    expected.setdefault(section, {})
    expected[section] = {**expected[section], name: str(value)} if value is not None else {key: one for key, one in expected[section].items() if key != name}
    if not expected[section]:
        del expected[section]
    text = _edited(before, section, name, value, expected)
    if (strict_yaml.parse(text, "settings.yaml") or {}) != expected:
        raise Refused(f"{path}: is written in a way that cannot be changed line by line; nothing was changed: change {section}.{name} in the file", f"{path}：书写方式无法逐行修改；未作任何更改：请直接修改文件中的 {section}.{name}")
    with tempfile.TemporaryDirectory() as folder:
        if text.strip():
            (Path(folder) / "settings.yaml").write_text(text, encoding="utf-8")
        try:
            _reader(section)(Path(folder))
        except (Refused, BadYaml) as problem:
            en, zh = (problem.en, problem.zh) if isinstance(problem, Refused) else (str(problem), str(problem))
            raise Refused(f"{en.replace(folder + '/', '')}; nothing was changed", f"{zh.replace(folder + '/', '')}；未作任何更改") from None
    return text


def write_settings(home: Path, text: str) -> None:
    """settings.yaml is that text, whole or as before; whoever could read it still can, and nobody else."""
    path = home / "settings.yaml"
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    store.write_bytes(path, text.encode())
    path.chmod(mode)


def read_document(home: Path) -> dict:
    """The whole of settings.yaml; empty where there is none. Raises Refused or BadYaml."""
    path = home / "settings.yaml"
    document = (strict_yaml.read(path) if path.exists() else None) or {}
    if not isinstance(document, dict) or not all(isinstance(document.get(section, {}), dict) for section in READERS):
        raise Refused(f"{path}: expected a mapping of sections, each of names to values", f"{path}：应为“节: 名称: 取值”的映射")
    return document


def _as_default(folder: Path, section: str, document: dict) -> Path:
    """A home in which only the profile of log-in is chosen, since its numbers are the defaults then."""
    profile = (document.get("access") or {}).get("profile") if section == "access" else None
    (folder / "settings.yaml").unlink(missing_ok=True)
    if profile:
        (folder / "settings.yaml").write_text(f'access: {{profile: "{profile}"}}\n', encoding="utf-8")
    return folder


def _reader(section: str):
    name, function = READERS[section]
    try:
        if find_spec(name) is None:
            return None
    except ModuleNotFoundError:
        return None
    return getattr(importlib.import_module(name), function)


def _numbers(section: str, told) -> dict[str, int | None]:
    if isinstance(told, int):
        return {"size_most_bytes": told}
    found = asdict(told) if is_dataclass(told) else dict(told)
    return {name: value for name, value in found.items() if name not in _NOT_A_NUMBER and (value is None or type(value) is int)}


def _edited(text: str, section: str, name: str, value: int | None, expected: dict) -> str:
    """The text with one line put, replaced or taken out; a section that is written on one line is written anew, as lines."""
    lines = text.splitlines()
    at = next((place for place, line in enumerate(lines) if re.match(rf"{re.escape(section)}\s*:", line)), None)
    block = [f"{section}:", *(f"  {key}: {json.dumps(one, ensure_ascii=False)}" for key, one in expected.get(section, {}).items())]
    if at is None:
        return "\n".join([*lines, *block]) + "\n" if section in expected else text
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t"):
        end += 1
    if section not in expected or not re.fullmatch(rf"{re.escape(section)}\s*:\s*(#.*)?", lines[at]):
        return "\n".join([*lines[:at], *(block if section in expected else []), *lines[end:]]) + "\n"
    within = lines[at + 1:end]
    place = next((number for number, line in enumerate(within) if re.match(rf"\s+{re.escape(name)}\s*:", line)), None)
    indent = re.match(r"\s*", next((line for line in within if line.strip()), "  "))[0]
    new = [] if value is None else [f'{indent}{name}: "{value}"']
    within = [*within[:place], *new, *within[place + 1:]] if place is not None else [*new, *within]
    return "\n".join([*lines[:at + 1], *within, *lines[end:]]) + "\n"
