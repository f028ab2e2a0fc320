"""Numbers that no text gives and the operator sets: one section each of home/settings.yaml, strict, with defaults that are our own choice."""

from pathlib import Path

from arrears import strict_yaml
from arrears.refusal import Refused

SIZE_MOST_BYTES = 20 * 1024 * 1024
"""How large an attachment may be; settings.yaml may say another, up to MOST_OF_ALL_BYTES: sealing holds the whole in memory."""
MOST_OF_ALL_BYTES = 256 * 1024 * 1024


def read_size_most(home: Path) -> int:
    """What home/settings.yaml says as attachments.size_most_bytes, else SIZE_MOST_BYTES. Raises Refused or BadYaml."""
    return whole_numbers(home, "attachments", {"size_most_bytes": SIZE_MOST_BYTES}, MOST_OF_ALL_BYTES)["size_most_bytes"]


def section(home: Path, name: str) -> dict:
    """The section of home/settings.yaml, empty where nothing is said. Raises Refused or BadYaml."""
    path = home / "settings.yaml"
    document = strict_yaml.read(path) if path.exists() else {}
    said = document.get(name, {}) if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise Refused(f"{path}: {name} must be a mapping of names to values", f"{path}：{name} 应为名称到取值的映射")
    return said


def whole_numbers(home: Path, name: str, defaults: dict[str, int], most: int) -> dict[str, int]:
    """The section's whole numbers, 0 to most, the defaults where none is said. Raises Refused or BadYaml naming file and field."""
    said = section(home, name)
    strict_yaml.expect_keys(said, set(), set(defaults), f"settings.yaml: {name}")
    for key, text in said.items():
        if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 12 or int(text) > most:
            raise Refused(f"{home / 'settings.yaml'}: {name}.{key} is {text!r}, not a whole number from 0 to {most}", f"{home / 'settings.yaml'}：{name}.{key} 为 {text!r}，不是 0 至 {most} 的整数")
    return {**defaults, **{key: int(text) for key, text in said.items()}}
