"""What home/settings.yaml says under `record:`: which witnesses are asked, when the monitor is alarmed, whose stamps are taken."""

from dataclasses import dataclass
from pathlib import Path

from arrears import strict_yaml
from arrears.refusal import Refused

_NUMBERS = {"backlog_minutes": 10, "witness_hours": 24, "tiles_a_round": 64, "stamp_hours": 24}
_MOST = 1_000_000


@dataclass(frozen=True)
class WitnessSetting:
    """A witness that the log is shown to. key: its vkey; url: where it answers, empty where the log is brought to it as files."""

    key: str
    url: str = ""

    @property
    def name(self) -> str:
        """What the witness is called in its key."""
        return self.key.partition("+")[0]


@dataclass(frozen=True)
class RecordSettings:
    """The numbers are our own choice. backlog_minutes: how old what waits for the log may grow; witness_hours: how long a witness may be silent; tiles_a_round: how many tiles the monitor reads again a round.

    stamp_url: a time-stamping authority's address (RFC 3161), stamp_certificate: the certificate that is trusted for it, stamp_hours: how far apart its stamps are taken.
    """

    witnesses: tuple[WitnessSetting, ...] = ()
    backlog_minutes: int = _NUMBERS["backlog_minutes"]
    witness_hours: int = _NUMBERS["witness_hours"]
    tiles_a_round: int = _NUMBERS["tiles_a_round"]
    stamp_hours: int = _NUMBERS["stamp_hours"]
    stamp_url: str = ""
    stamp_certificate: str = ""


def read_record_settings(home: Path) -> RecordSettings:
    """The settings of the home, the defaults where nothing is said. Raises Refused or BadYaml naming file and field."""
    path = home / "settings.yaml"
    document = strict_yaml.read(path) if path.exists() else {}
    said = document.get("record", {}) if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise Refused(f"{path}: record must be a mapping of names to values", f"{path}：record 应为名称到取值的映射")
    strict_yaml.expect_keys(said, set(), {*_NUMBERS, "witnesses", "stamp_url", "stamp_certificate"}, f"{path.name}: record")
    numbers = {name: _number(path, name, said[name]) for name in _NUMBERS if name in said}
    texts = {name: _text(path, name, said[name]) for name in ("stamp_url", "stamp_certificate") if name in said}
    return RecordSettings(_witnesses(path, said.get("witnesses", [])), **numbers, **texts)


def _number(path: Path, name: str, text: object) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or not 1 <= int(text[:12]) <= _MOST:
        raise Refused(f"{path}: record.{name} is {text!r}, not a whole number from 1 to {_MOST:,}", f"{path}：record.{name} 为 {text!r}，不是 1 至 {_MOST:,} 的整数")
    return int(text)


def _text(path: Path, name: str, text: object) -> str:
    if not isinstance(text, str) or not text:
        raise Refused(f"{path}: record.{name} is not a text; write one value", f"{path}：record.{name} 不是文本；请写一个值")
    return text


def _witnesses(path: Path, said: object) -> tuple[WitnessSetting, ...]:
    if not isinstance(said, list) or not all(isinstance(one, dict) and set(one) <= {"key", "url"} and isinstance(one.get("key"), str) and isinstance(one.get("url", ""), str) for one in said):
        raise Refused(f"{path}: record.witnesses is a list, of each its key (the line that `arrears record witness show` prints) and its url",
                      f"{path}：record.witnesses 应为列表，每项含 key（arrears record witness show 所示）与 url")
    found = tuple(WitnessSetting(one["key"], one.get("url", "")) for one in said)
    for one in found:
        if one.key.count("+") < 2 or not one.name:
            raise Refused(f"{path}: record.witnesses: {one.key!r} is no witness's key; it reads NAME+8 hexadecimal digits+base64, as its keeper gave it",
                          f"{path}：record.witnesses：{one.key!r} 不是见证方公钥；格式为 名称+8 位十六进制+base64，以见证方提供的为准")
        if one.url and not one.url.startswith(("https://", "http://")):
            raise Refused(f"{path}: record.witnesses: {one.url!r} is no address; it begins with https:// or http://", f"{path}：record.witnesses：{one.url!r} 不是网址；须以 https:// 或 http:// 开头")
    if len({one.name for one in found}) < len(found):
        raise Refused(f"{path}: record.witnesses names a witness twice", f"{path}：record.witnesses 重复列出同一见证方")
    return found
