<<<<<<< HEAD
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
=======
"""What home/settings.yaml says under `record:`: which witnesses cosign the log, and which authorities stamp it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from arrears import strict_yaml
from arrears.record.notes import COSIGNATURE, COSIGNATURE_MLDSA, VerifierKey, read_vkey
from arrears.refusal import Refused


@dataclass(frozen=True)
class Witness:
    """One witness: its keys (of one name, one for each kind of cosignature), the address before `/add-checkpoint` (empty for one that is asked by files), and the certificates trusted for it (None: the system's)."""

    keys: tuple[VerifierKey, ...]
    url: str = ""
    certificate: Path | None = None

    @property
    def name(self) -> str:
        return self.keys[0].name


@dataclass(frozen=True)
class StampAuthority:
    """One RFC 3161 authority: where it is asked, and the certificate by which its stamps are trusted."""

    url: str
    certificate: Path
>>>>>>> 19c627110e063e2e23d8f11460d26aa012ce8f59


@dataclass(frozen=True)
class RecordSettings:
<<<<<<< HEAD
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
=======
    """Who outside vouches for the log; nobody, unless the settings say so."""

    witnesses: tuple[Witness, ...] = ()
    stamps: tuple[StampAuthority, ...] = ()


def read_settings(home: Path) -> RecordSettings:
    """The settings of the home; nobody where there is no file or no `record:`. Raises Refused or BadYaml."""
>>>>>>> 19c627110e063e2e23d8f11460d26aa012ce8f59
    path = home / "settings.yaml"
    document = strict_yaml.read(path) if path.exists() else {}
    said = document.get("record", {}) if isinstance(document, dict) else None
    if not isinstance(said, dict):
<<<<<<< HEAD
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
=======
        raise Refused(f"{path}: expected a mapping with `record:` in it, itself a mapping; see the guide to the witness", f"{path}：应为映射，且 record: 也应为映射；见见证者指南")
    strict_yaml.expect_keys(said, set(), {"witnesses", "stamps"}, f"{path.name}: record")
    witnesses = tuple(_witness(entry, path, f"record.witnesses[{place}]") for place, entry in enumerate(_listed(said, "witnesses", path), 1))
    stamps = tuple(_stamp(entry, path, f"record.stamps[{place}]") for place, entry in enumerate(_listed(said, "stamps", path), 1))
    for what, names in (("record.witnesses", [one.name for one in witnesses]), ("record.stamps", [one.url for one in stamps])):
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice is not None:
            raise Refused(f"{path}: {what} says {twice} twice; write it once, with all its keys", f"{path}：{what} 中 {twice} 出现两次；请合并为一项")
    return RecordSettings(witnesses, stamps)


def _listed(said: dict, name: str, path: Path) -> list:
    entries = said.get(name, [])
    if not isinstance(entries, list):
        raise Refused(f"{path}: record.{name} is no list; begin each with `- `", f"{path}：record.{name} 应为列表；每项以“- ”开头")
    return entries


def _witness(entry: dict, path: Path, place: str) -> Witness:
    strict_yaml.expect_keys(entry, {"vkeys"}, {"name", "url", "certificate"}, f"{path.name}: {place}")
    vkeys = entry["vkeys"]
    if not isinstance(vkeys, list) or not vkeys or not all(isinstance(one, str) for one in vkeys):
        raise Refused(f"{path}: {place}.vkeys must list the witness's verifier keys, as `witness.py show` prints them", f"{path}：{place}.vkeys 应列出见证者的公钥（witness.py show 的输出）")
    keys = tuple(read_vkey(one) for one in vkeys)
    if any(key.type not in (COSIGNATURE, COSIGNATURE_MLDSA) for key in keys):
        raise Refused(f"{path}: {place}.vkeys holds a key that signs logs, not one of a witness; ask the witness for the output of `witness.py show`", f"{path}：{place}.vkeys 中有日志签名公钥而非见证者公钥；请向见证者索取 witness.py show 的输出")
    names = sorted({key.name for key in keys})
    if len(names) > 1 or entry.get("name", names[0]) != names[0] or len({key.type for key in keys}) < len(keys):
        raise Refused(f"{path}: {place}: one witness has one name and at most one key of each kind, and here stand {', '.join(names)}, {len(keys)} keys; write another entry for another witness",
                      f"{path}：{place}：一个见证者只有一个名称，每类公钥至多一把；此处为 {'、'.join(names)}，共 {len(keys)} 把；其他见证者请另写一项")
    url = _url(entry["url"], path, place) if "url" in entry else ""
    return Witness(keys, url, _file(entry["certificate"], path, place) if "certificate" in entry else None)


def _stamp(entry: dict, path: Path, place: str) -> StampAuthority:
    strict_yaml.expect_keys(entry, {"url", "certificate"}, set(), f"{path.name}: {place}")
    return StampAuthority(_url(entry["url"], path, place), _file(entry["certificate"], path, place))


def _url(text: object, path: Path, place: str) -> str:
    try:
        parts = urlsplit(text) if isinstance(text, str) and text.isascii() and not any(sign <= " " for sign in text) else None
        safe = parts is not None and bool(parts.hostname) and parts.port != 0 and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        safe = False
    if not safe or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))):
        raise Refused(f"{path}: {place}.url must be https:// and a host, without name, password or query (plain http only to this machine): over plain http anyone between could keep a refusal from you",
                      f"{path}：{place}.url 须为 https:// 加主机名，不含用户名、密码或查询串（仅本机可用 http）：明文传输时，中间人可隐瞒见证者的拒签")
    return str(text).rstrip("/")


def _file(text: object, path: Path, place: str) -> Path:
    found = path.parent / text if isinstance(text, str) and text and "\0" not in text else None
    if found is None or not found.is_file():
        raise Refused(f"{path}: {place}.certificate {text!r} is no file (seen from {path.parent}); put the certificate (PEM) there, or name the right file", f"{path}：{place}.certificate {text!r} 不是文件（相对于 {path.parent}）；请放入证书（PEM）或指明正确的文件")
>>>>>>> 19c627110e063e2e23d8f11460d26aa012ce8f59
    return found
