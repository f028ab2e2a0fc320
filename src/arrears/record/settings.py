"""What home/settings.yaml says under `record:`: which witnesses cosign the log, and which authorities stamp it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from arrears import strict_yaml
from arrears.record.notes import COSIGNATURE, COSIGNATURE_MLDSA, VerifierKey, read_vkey
from arrears.refusal import Refused

SECTIONS = frozenset({"access", "attachments", "backup", "exports", "keys", "law", "matters", "plans", "quality", "record", "record_watch", "retention", "runs", "serve", "team", "unmasking"})
"""Every name that some part of the program reads at the top of home/settings.yaml."""


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


@dataclass(frozen=True)
class RecordSettings:
    """Who outside vouches for the log; nobody, unless the settings say so."""

    witnesses: tuple[Witness, ...] = ()
    stamps: tuple[StampAuthority, ...] = ()


def demand_known(document: dict, path: Path) -> None:
    """Every section is one that is read. Raises Refused: a misspelt one would be passed over, and its defaults hold."""
    unknown = sorted(str(name) for name in document if name not in SECTIONS)
    if unknown:
        raise Refused(f"{path}: {unknown[0]} is no section that anything reads; known are {', '.join(sorted(SECTIONS))}: correct it, or remove it", f"{path}：没有名为 {unknown[0]} 的设置；可用：{'、'.join(sorted(SECTIONS))}：请更正或删除")


def section_of(path: Path, name: str, known: set[str]) -> dict:
    """What the file says under the name; nothing where there is no file or no such section. Raises Refused or BadYaml where it is no mapping, or says what nothing reads."""
    document = strict_yaml.read(path) if path.exists() else {}
    said = document.get(name, {}) if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise Refused(f"{path}: expected a mapping with `{name}:` in it, itself a mapping; see the guide to the record", f"{path}：应为映射，且 {name}: 也应为映射；见存证日志指南")
    demand_known(document, path)
    strict_yaml.expect_keys(said, set(), known, f"{path.name}: {name}")
    return said


def read_settings(home: Path) -> RecordSettings:
    """The settings of the home; nobody where there is no file or no `record:`. Raises Refused or BadYaml."""
    path = home / "settings.yaml"
    said = section_of(path, "record", {"witnesses", "stamps"})
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
        raise Refused(f"{path}: {place}.vkeys must list the witness's verifier keys, as `witness.py show` prints them", f"{path}：{place}.vkeys 应列出见证方的公钥（witness.py show 的输出）")
    keys = tuple(read_vkey(one) for one in vkeys)
    if any(key.type not in (COSIGNATURE, COSIGNATURE_MLDSA) for key in keys):
        raise Refused(f"{path}: {place}.vkeys holds a key that signs logs, not one of a witness; ask the witness for the output of `witness.py show`", f"{path}：{place}.vkeys 中有日志签名公钥而非见证方公钥；请向见证方索取 witness.py show 的输出")
    names = sorted({key.name for key in keys})
    if len(names) > 1 or entry.get("name", names[0]) != names[0] or len({key.type for key in keys}) < len(keys):
        raise Refused(f"{path}: {place}: one witness has one name and at most one key of each kind, and here stand {', '.join(names)}, {len(keys)} keys; write another entry for another witness",
                      f"{path}：{place}：一个见证方只有一个名称，每类公钥至多一把；此处为 {'、'.join(names)}，共 {len(keys)} 把；其他见证方请另写一项")
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
                      f"{path}：{place}.url 须为 https:// 加主机名，不含用户名、密码或查询串（仅本机可用 http）：明文传输时，中间人可隐瞒见证方的拒签")
    return str(text).rstrip("/")


def _file(text: object, path: Path, place: str) -> Path:
    found = path.parent / text if isinstance(text, str) and text and "\0" not in text else None
    if found is None or not found.is_file():
        raise Refused(f"{path}: {place}.certificate {text!r} is no file (seen from {path.parent}); put the certificate (PEM) there, or name the right file", f"{path}：{place}.certificate {text!r} 不是文件（相对于 {path.parent}）；请放入证书（PEM）或指明正确的文件")
    return found
