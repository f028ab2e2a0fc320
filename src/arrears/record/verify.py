"""Checks a record from its files and a public key alone.

One file, readable and runnable alone: it needs Python 3.9 or newer and the package `cryptography`, imports nothing of arrears and shares no code with what writes the record.

    python verify.py log FOLDER --key VKEY_OR_FILE [--witness VKEY_OR_FILE]... [--tsa CERT.pem]... [--seen NOTE]... [--lang zh|en] [--json]
    python verify.py bundle FILE --key VKEY_OR_FILE [--witness ...]... [--tsa ...]... [--field NAME=FILE]...

Exit status: 0 everything checked is true; 1 something is false, and each thing is named; 2 nothing could be judged (could not be read, or asked wrongly).

Source: RFC 6962 section 2.1 and RFC 9162 section 2.1 (tree), C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature and tlog-proof, RFC 8785 (JSON), RFC 3161, RFC 5652, RFC 5035 and RFC 5816 (stamps).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import calendar
import hashlib
import json
import os
import re
import stat
import sys
import time
import unicodedata
import warnings
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
except ImportError:  # told by main(), with what to install
    ed25519 = None  # type: ignore[assignment]
try:
    from cryptography.hazmat.primitives.asymmetric import mldsa
except ImportError:  # told where an ML-DSA line is met
    mldsa = None  # type: ignore[assignment]

ENTRY_PREFIX, FIELD_PREFIX = b"arrears record v1\n", b"arrears field v1\n"
LOG_KEY, COSIGNER, COSIGNER_PQ = 1, 4, 6
KEY_BYTES = {LOG_KEY: 32, COSIGNER: 32, COSIGNER_PQ: 1312}
SIGNATURE_BYTES = {LOG_KEY: 64, COSIGNER: 72, COSIGNER_PQ: 2428}
WHOLE_MAX, SIZE_MAX = 2**53, 2**62
LINE_MAX, NOTE_LINES_MAX, SMALL_FILE_MAX, BUNDLE_MAX = 1 << 20, 64, 16 << 20, 64 << 20
FINDINGS_MAX, MISSING_MAX = 1000, 200
GREW = ("the log grew while it was read: judged is what its history held when it was read", "读取过程中日志有新增：只评判读取时历史所含的部分")
INSTALL = ("The Python package `cryptography` is missing or too old. Install it: python -m pip install --upgrade cryptography",
           "缺少 Python 软件包 cryptography，或版本过旧。请安装：python -m pip install --upgrade cryptography")


class Unfit(Exception):
    """What was read is not what its format says; en, zh: why."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


class NotCheckable(Exception):
    """The signature is ML-DSA, which the installed `cryptography` does not know: it is told, and nothing rests on it."""


class Unreadable(Unfit):
    """It could not be read at all, or the question was asked wrongly."""


class Untraced(Unfit):
    """A stamp that names a certificate which is not at hand: nothing can be said of it."""


@dataclass(frozen=True)
class Finding:
    """One thing that is false: in which file, and where it can be said, at which entry and byte; still: what remains provable all the same."""

    code: str
    file: str
    en: str
    zh: str
    entry: int | None = None
    offset: int | None = None
    still_en: str = ""
    still_zh: str = ""


@dataclass
class Report:
    """What was found false, told without being false, checked, proven and not proven; pairs are (English, Chinese)."""

    findings: list[Finding] = field(default_factory=list)
    false_count: int = 0
    told: list[tuple[str, str, str]] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    proves: list[tuple[str, str]] = field(default_factory=list)
    opened: list[tuple[str, str]] = field(default_factory=list)
    not_proven: list[tuple[str, str]] = field(default_factory=list)
    content: Any = None

    def false(self, code: str, file: str, en: str, zh: str, *, entry: int | None = None, offset: int | None = None, still: tuple[str, str] = ("", "")) -> None:
        self.false_count += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(code, file, en, zh, entry, offset, *still))

    def tell(self, file: str, en: str, zh: str) -> None:
        if len(self.told) < FINDINGS_MAX and (file, en, zh) not in self.told[-50:]:
            self.told.append((file, en, zh))

    def count(self, what: str, number: int = 1) -> None:
        self.checked[what] = self.checked.get(what, 0) + number


# ---- Reading files, base64, JSON -----------------------------------------------------------------------------------------------------------------------------


def _opened(path: str, limit: int | None) -> int:
    """A descriptor of a regular file, never a link, device or pipe; raises Unfit."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise Unfit("it is missing", "文件缺失") from None
    except (OSError, ValueError) as problem:
        why = "it is a symbolic link" if os.path.islink(path) else (getattr(problem, "strerror", None) or "bad name")
        raise Unfit(f"it cannot be read ({why})", f"无法读取（{why}）") from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise Unfit("it is not an ordinary file", "不是普通文件")
    if limit is not None and about.st_size > limit:
        os.close(descriptor)
        raise Unfit(f"it has {about.st_size} bytes, more than the {limit} it can have", f"有 {about.st_size} 字节，超过上限 {limit} 字节")
    return descriptor


def _read(path: str, limit: int) -> bytes:
    """The bytes of a regular file of at most limit bytes; raises Unfit."""
    with os.fdopen(_opened(path, limit), "rb") as file:
        try:
            content = file.read(limit + 1)
        except OSError as problem:
            raise Unfit(f"it cannot be read ({problem.strerror})", f"无法读取（{problem.strerror}）") from None
    if len(content) > limit:
        raise Unfit("it grew while it was read", "读取过程中文件变大")
    return content


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unfit(f"not UTF-8 at byte {problem.start}", f"第 {problem.start} 字节不是 UTF-8") from None


def _unbase64(text: str) -> bytes:
    """The bytes of canonical base64 (RFC 4648 section 4): encoding them again gives the same text."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Unfit("not base64", "不是 base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise Unfit("base64 written otherwise than the standard says", "base64 写法不规范")
    return raw


def _unhex(value: Any, size: int) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        raise Unfit(f"not {size} bytes as small hexadecimal digits", f"不是 {size} 字节的小写十六进制")
    return bytes.fromhex(value)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Unfit(f"the name {_shown(twice, 60)} stands twice in one object", f"同一对象中名称 {_shown(twice, 60)} 出现两次")
    return made


def _no_fraction(text: str) -> Any:
    raise Unfit(f"the number {text[:40]} is not whole", f"数字 {text[:40]} 不是整数")


def _whole(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= WHOLE_MAX:
        raise Unfit(f"the number {text[:40]} is beyond 2^53", f"数字 {text[:40]} 超出 2^53")
    return int(text)


def _json(text: str) -> Any:
    """JSON with whole numbers below 2^53 only, no name twice, no lone surrogate; raises Unfit."""
    try:
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_float=_no_fraction, parse_int=_whole, parse_constant=_no_fraction)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except UnicodeEncodeError:
        raise Unfit("half a character (lone surrogate) in a text", "文本中有不成对的代理字符") from None
    except RecursionError:
        raise Unfit("JSON nested too deep", "JSON 嵌套过深") from None
    except json.JSONDecodeError as problem:
        raise Unfit(f"not JSON at character {problem.pos}", f"第 {problem.pos} 个字符处不是 JSON") from None


def _canonical(value: Any, depth: int = 0) -> str:
    """The RFC 8785 form of a value of whole numbers, texts, lists and objects; raises Unfit where they are nested more than 64 deep."""
    if depth > 64:
        raise Unfit("JSON nested too deep", "JSON 嵌套过深")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(_canonical(item, depth + 1) for item in value) + "]"
    return "{" + ",".join(f"{_canonical(name)}:{_canonical(value[name], depth + 1)}" for name in sorted(value, key=lambda name: name.encode("utf-16-be"))) + "}"


def _shown(value: Any, limit: int = 300) -> str:
    """A text safe to print: no control, direction or private characters, never longer than limit."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= limit else text[:limit] + "…"
    return "".join(sign if unicodedata.category(sign)[0] != "C" else f"\\u{ord(sign):04x}" for sign in text)


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _json_line(raw: bytes) -> str:
    """The text that one line of `checkpoints`, `keys` or `witnesses` holds as a JSON string, written as json.dumps(text, ensure_ascii=False) writes it."""
    if not raw.endswith(b"\n"):
        raise Unfit("the line has no end: the file is cut off", "该行没有结尾：文件被截断")
    line = _text(raw[:-1])
    value = _json(line)
    if not isinstance(value, str):
        raise Unfit("not a JSON text", "不是 JSON 文本")
    if json.dumps(value, ensure_ascii=False) != line:
        raise Unfit("JSON written otherwise than json.dumps writes it", "JSON 写法不规范")
    return value


# ---- Keys, notes, signatures ---------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """A public key as a vkey says it; id: the first four bytes of SHA-256(name, newline, kind, public)."""

    name: str
    id: bytes
    kind: int
    public: bytes


@dataclass(frozen=True)
class Line:
    """One signature line of a note."""

    text: str
    name: str
    id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """body: the signed text with its last newline."""

    body: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Signed:
    """A checkpoint whose text was understood; is_sound: every line of it could be checked and is true; is_vouched: by the key you gave or one it handed over to."""

    text: str
    body: str
    size: int
    root: bytes
    is_sound: bool
    is_vouched: bool
    lines: frozenset[str]
    times: tuple[tuple[str, bool, int], ...]


def read_vkey(text: str) -> Key:
    """The key of a vkey (C2SP signed-note, verifier keys) whose id fits its name and bytes; raises Unfit."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not parts[0] or any(sign.isspace() or ord(sign) < 32 for sign in parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
        raise Unfit("not a vkey (name+id+base64)", "不是 vkey（name+id+base64）")
    raw = _unbase64(parts[2])
    if not raw or KEY_BYTES.get(raw[0]) != len(raw) - 1:
        raise Unfit("a vkey of an unknown kind or length", "vkey 的种类或长度未知")
    if hashlib.sha256(parts[0].encode() + b"\n" + raw).digest()[:4].hex() != parts[1]:
        raise Unfit("the id of the vkey does not fit its name and key: a byte was changed", "vkey 的编号与名称、公钥不符：有字节被改动")
    return Key(parts[0], bytes.fromhex(parts[1]), raw[0], raw[1:])


def read_note(text: str) -> Note:
    """A signed note's body and signature lines; raises Unfit. Source: C2SP signed-note, Format."""
    if re.search("[\\x00-\\x09\\x0b-\\x1f]", text):
        raise Unfit("a control character in a signed note", "签名文本中有控制字符")
    cut = text.rfind("\n\n")
    if cut < 0 or not text.endswith("\n"):
        raise Unfit("not a signed note (text, empty line, signatures)", "不是签名文本（正文、空行、签名）")
    lines = []
    for line in text[cut + 2 : -1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not parts[1] or "+" in parts[1] or any(sign.isspace() for sign in parts[1]):
            raise Unfit("a signature line is not “— name base64”", "签名行不是“— 名称 base64”")
        raw = _unbase64(parts[2])
        if len(raw) < 5:
            raise Unfit("a signature is too short", "签名过短")
        lines.append(Line(line, parts[1], raw[:4], raw[4:]))
    if len(lines) > NOTE_LINES_MAX or len({line.text for line in lines}) != len(lines):
        raise Unfit("too many signature lines, or one twice", "签名行过多或重复")
    return Note(text[: cut + 1], tuple(lines))


def read_body(body: str, origin: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint's body of exactly origin, size, root; raises Unfit."""
    parts = body.split("\n")
    if len(parts) != 4 or parts[3]:
        raise Unfit("a checkpoint is not exactly origin, size and root", "检查点不是恰好三行：来源、条数、根")
    if parts[0] != origin:
        raise Unfit(f"the checkpoint is of another log ({_shown(parts[0], 80)}, not {_shown(origin, 80)})", f"检查点属于另一日志（{_shown(parts[0], 80)}，不是 {_shown(origin, 80)}）")
    if not re.fullmatch("0|[1-9][0-9]{0,18}", parts[1]) or int(parts[1]) > SIZE_MAX:
        raise Unfit("the size of a checkpoint is not a number", "检查点的条数不是数字")
    root = _unbase64(parts[2])
    if len(root) != 32:
        raise Unfit("the root of a checkpoint has not 32 bytes", "检查点的根不是 32 字节")
    return int(parts[1]), root


def signature_time(key: Key, line: Line, body: str) -> int | None:
    """The time (seconds) a cosignature says, None for the log's own signature; raises Unfit where it is not the key's, NotCheckable where ML-DSA is missing here."""
    if len(line.signature) != SIGNATURE_BYTES[key.kind]:
        raise Unfit("the signature has a wrong length", "签名长度不对")
    when = int.from_bytes(line.signature[:8], "big")
    try:
        if key.kind == LOG_KEY:
            ed25519.Ed25519PublicKey.from_public_bytes(key.public).verify(line.signature, body.encode())
            return None
        if when >= 2**63:
            raise Unfit("the time of a cosignature is beyond 2^63", "见证签名的时间超出 2^63")
        if key.kind == COSIGNER:
            ed25519.Ed25519PublicKey.from_public_bytes(key.public).verify(line.signature[8:], f"cosignature/v1\ntime {when}\n{body}".encode())
            return when
        if mldsa is None:
            raise NotCheckable
        origin, size, root = body.split("\n")[:3]
        names = [bytes([len(name.encode())]) + name.encode() for name in (key.name, origin)]
        message = b"subtree/v1\n\0" + names[0] + line.signature[:8] + names[1] + bytes(8) + int(size).to_bytes(8, "big") + base64.b64decode(root)
        mldsa.MLDSA44PublicKey.from_public_bytes(key.public).verify(line.signature[8:], message)
        return when
    except UnsupportedAlgorithm:
        raise NotCheckable from None
    except (InvalidSignature, ValueError):
        raise Unfit("the signature is not of this key over this text", "签名不是该密钥对此文本所作") from None


@dataclass
class Reign:
    """A key of the log and the sizes of the checkpoints it may sign: first to last, both included (last None: on)."""

    key: Key
    first: int
    last: int | None
    is_vouched: bool


class Signers:
    """Whose signatures count: the log's keys, one after the other, and the witnesses; named: given by you, the others only by the log itself."""

    def __init__(self, trusted: Key, named: list[Key], report: Report) -> None:
        self.trusted, self.origin, self.report = trusted, trusted.name, report
        self.reigns: list[Reign] = []
        self.by_name: dict[tuple[str, bytes], Reign] = {}
        self.witnesses = {(key.name, key.id): (key, True) for key in named}
        self.are_keys_damaged = self.are_witnesses_known = False
        self.unknown: dict[str, int] = {}
        self.cosigned: dict[str, tuple[int, int]] = {}

    def follow(self, lines: list[tuple[int, str | Unfit]], file: str) -> None:
        """The chain of keys as the lines of `keys` say it, each hand-over signed by both keys; (offset, line) each."""
        for place, (offset, line) in enumerate(lines):
            try:
                if isinstance(line, Unfit):
                    raise line
                if place == 0:
                    self._add(self._log_key(line), 0, is_signed=True)
                else:
                    self._rotation(line)
            except Unfit as problem:
                self.are_keys_damaged = True
                self.report.false("keys", file, f"line {place + 1} is not a key of this log in force: {problem.en}", f"第 {place + 1} 行不是本日志的有效密钥：{problem.zh}", offset=offset)
                if not self.reigns:
                    self._add(self.trusted, 0, is_signed=True)
        if not any(reign.is_vouched for reign in self.reigns):
            if self.reigns and not self.are_keys_damaged:
                self.report.false("key", file, "the log's keys do not hold the key you gave: this is another log, its key was exchanged, or this is older than the key you gave; in that case check it with the log's first key, or ask for a newer one",
                                  "日志的密钥中没有您给出的密钥：这是另一个日志，或密钥被调换，或所核之物早于您给出的密钥；若是后者，请用日志的第一把公钥核对，或索取新的一份")
            self.reigns.append(Reign(self.trusted, 0, None, True))
            self.by_name.setdefault((self.trusted.name, self.trusted.id), self.reigns[-1])

    def _log_key(self, text: str) -> Key:
        key = read_vkey(text)
        if key.kind != LOG_KEY or key.name != self.origin:
            raise Unfit(f"it is of {_shown(key.name, 80)}, not of {_shown(self.origin, 80)}, or of another kind", f"名称是 {_shown(key.name, 80)}，不是 {_shown(self.origin, 80)}，或种类不对")
        return key

    def _add(self, key: Key, first: int, *, is_signed: bool) -> None:
        before = self.reigns[-1] if self.reigns else None
        if before is not None:
            before.last = first
        self.reigns.append(Reign(key, first, None, key == self.trusted or (before is not None and before.is_vouched and is_signed)))
        self.by_name.setdefault((key.name, key.id), self.reigns[-1])

    def _rotation(self, text: str) -> None:
        note = read_note(text)
        parts = note.body.split("\n")
        if len(parts) != 5 or parts[0] != "arrears record key" or parts[1] != self.origin or parts[4] or not re.fullmatch("0|[1-9][0-9]{0,18}", parts[2]):
            raise Unfit("not a hand-over of keys of this log", "不是本日志的密钥交接")
        old, new, first = self.reigns[-1].key, self._log_key(parts[3]), int(parts[2])
        if first < self.reigns[-1].first or (new.name, new.id) in self.by_name:
            raise Unfit("the hand-overs are out of order, or a key comes back", "密钥交接次序颠倒，或旧密钥重新出现")
        try:
            if sorted((line.name, line.id) for line in note.lines) != sorted((key.name, key.id) for key in (old, new)):
                raise Unfit("it is not signed by the old and the new key, and them alone", "不是恰由新旧两把密钥签名")
            for line in note.lines:
                signature_time(old if line.id == old.id else new, line, note.body)
        except Unfit:
            self._add(new, first, is_signed=False)
            raise
        self._add(new, first, is_signed=True)

    def introduce(self, lines: list[tuple[int, str | Unfit]], file: str) -> None:
        """The witnesses the log says it uses."""
        self.are_witnesses_known, seen = bool(lines), set()
        for place, (offset, line) in enumerate(lines):
            try:
                if isinstance(line, Unfit):
                    raise line
                key = read_vkey(line)
                if key.kind == LOG_KEY or key in seen:
                    raise Unfit("not a witness's key, or it stands there twice", "不是见证方的密钥，或重复出现")
                seen.add(key)
                self.witnesses.setdefault((key.name, key.id), (key, False))
            except Unfit as problem:
                self.are_witnesses_known = False
                self.report.false("witnesses", file, f"line {place + 1}: {problem.en}", f"第 {place + 1} 行：{problem.zh}", offset=offset)

    def checkpoint(self, text: str, file: str, where: tuple[str, str], offset: int | None = None) -> Signed | None:
        """The checkpoint of a note with every signature line checked; None where its text could not be understood. What is false is reported."""

        def false(en: str, zh: str) -> None:
            self.report.false("checkpoint", file, f"{where[0]}{en}", f"{where[1]}{zh}", offset=offset)

        try:
            note = read_note(text)
            size, root = read_body(note.body, self.origin)
        except Unfit as problem:
            false(problem.en, problem.zh)
            return None
        before, is_signed, is_vouched, times = self.report.false_count, False, False, []
        for line in note.lines:
            reign, witness = self.by_name.get((line.name, line.id)), self.witnesses.get((line.name, line.id))
            try:
                if reign is not None:
                    signature_time(reign.key, line, note.body)
                    if size < reign.first or (reign.last is not None and size > reign.last):
                        raise Unfit(f"the key signs sizes {reign.first} to {reign.last}, not {size}", f"该密钥只签条数 {reign.first} 至 {reign.last}，不签 {size}")
                    is_signed, is_vouched = True, is_vouched or reign.is_vouched
                elif witness is not None:
                    times.append((line.name, witness[1], signature_time(witness[0], line, note.body) or 0))
                    self.report.count("cosignatures")
                else:
                    self._stranger(line, false)
            except NotCheckable:
                self.report.count("ml_dsa_not_checked")
            except Unfit as problem:
                false(f"signature of {_shown(line.name, 80)}: {problem.en}", f"{_shown(line.name, 80)} 的签名：{problem.zh}")
        if not is_signed and self.report.false_count == before and "keys" not in self.unknown:
            false("no signature of the log's key in force", "没有日志现行密钥的签名")
        for name, is_named, when in times:
            if is_named and size >= self.cosigned.get(name, (-1, 0))[0]:
                self.cosigned[name] = (size, when)
        is_sound = is_signed and self.report.false_count == before
        return Signed(text, note.body, size, root, is_sound, is_vouched, frozenset(line.text for line in note.lines), tuple(times))

    def _stranger(self, line: Line, false: Any) -> None:
        """A line by nobody known: the fault of the list that should name its key where that list is damaged or missing, else of the line itself."""
        culprit = "keys" if line.name == self.origin and self.are_keys_damaged else "" if line.name == self.origin or self.are_witnesses_known else "witnesses"
        if not culprit:
            false(f"signature of {_shown(line.name, 80)} with a key ({line.id.hex()}) that nobody named: it cannot be checked", f"{_shown(line.name, 80)} 的签名所用密钥（{line.id.hex()}）无人说明：无法核对")
            return
        self.unknown[culprit] = self.unknown.get(culprit, 0) + 1

    def tell_unknown(self) -> None:
        """Signature lines that could not be checked because the list of keys is damaged or missing, once for each list."""
        for culprit, number in self.unknown.items():
            self.report.false("unknown-signer", culprit, f"{_many(number, 'signature line', 'signature lines')} cannot be checked, as the file that should name the keys is missing or damaged; name a witness with --witness",
                              f"有 {number} 行签名无法核对，因为说明其密钥的文件缺失或损坏；可用 --witness 给出见证方公钥")


def read_named_keys(text: str) -> list[Key]:
    """The key of a vkey, or every key of a file of them (a line each, plain or as `keys` and `witnesses` hold them); raises Unreadable."""
    try:
        if "\n" not in text and not os.path.lexists(text):
            if text.count("+") < 2:
                raise Unfit("it is neither a file nor a key (name+id+base64); check the path", "既不是文件，也不是公钥（name+id+base64）；请检查路径")
            return [read_vkey(text)]
        lines = [line.strip() for line in _text(_read(text, SMALL_FILE_MAX)).split("\n")]
        lines = [_json(line) if line.startswith('"') else line for line in lines]
        found = [line for line in lines if line.count("+") >= 2 and "\n" not in line]
        return list(dict.fromkeys(read_vkey(line) for line in found or lines[:1]))
    except Unfit as problem:
        raise Unreadable(f"key {_shown(text, 120)}: {problem.en}", f"公钥 {_shown(text, 120)}：{problem.zh}") from None


# ---- The tree and the folder ---------------------------------------------------------------------------------------------------------------------------------


def _leaf(commitment: bytes) -> bytes:
    return hashlib.sha256(b"\0" + commitment).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _joined(left: bytes | None, right: bytes | None) -> bytes | None:
    """A node, or None where a part of it is not known."""
    return None if left is None or right is None else _node(left, right)


def inclusion_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of a tree of that size in which the leaf stands at index, by the path; raises Unfit. Source: RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        raise Unfit(f"entry {index} is not among {size}", f"第 {index} 条不在 {size} 条之内")
    first, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Unfit("the proof is too long", "证明过长")
        if first & 1 or first == last:
            root = _node(sibling, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = _node(root, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise Unfit("the proof is too short", "证明过短")
    return root


def tile_path(level: int, number: int, width: int = 256) -> str:
    """Where a tile lies in the folder; level -1 for entry bundles. Source: C2SP tlog-tiles, Merkle Tree."""
    digits = f"{number % 1000:03d}"
    while number := number // 1000:
        digits = f"x{number % 1000:03d}/{digits}"
    return f"tile/{'entries' if level < 0 else level}/{digits}" + (f".p/{width}" if width < 256 else "")


def tile_of(path: str) -> tuple[int, int, int] | None:
    """Level (-1 for entries), number and width of a path inside the folder; None where no tile is written so."""
    found = re.fullmatch(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", path)
    if not found:
        return None
    level = -1 if found[1] == "entries" else int(found[1])
    made = level, int(found[2].replace("x", "").replace("/", "") + found[3]), int(found[4] or 256)
    return made if tile_path(*made) == path and level < 64 else None


class Walk:
    """One pass over all entries, with the hashes of the unfinished tile of every level in hand: memory does not grow with the log.

    sizes, roots: of every checkpoint ever signed, ascending, no size twice. Every tile file is read once and compared with what the entries give;
    every checkpoint's root is computed where the pass comes by its size. A hash that cannot be known any more is None, and so is what is above it.
    """

    def __init__(self, folder: str, sizes: array, roots: list[bytes], report: Report, is_history_damaged: bool) -> None:
        self.folder, self.sizes, self.roots, self.report = folder, sizes, roots, report
        self.size = sizes[-1] if sizes else 0
        self.is_history_damaged = is_history_damaged
        self.peaks: list[tuple[int, bytes | None]] = []
        self.pending: list[list[bytes | None]] = [[]]
        self.full_tiles: dict[int, int] = {}
        self._lost: list[tuple[str, Unfit]] = []
        self._unlinked: set[str] = set()
        self.next_checkpoint = self.missing_in_a_row = self.not_computable = 0
        self.wrong: list[int] = []
        self.last_right = -1

    def run(self) -> None:
        """Checks all entries and tiles and all roots; everything false is in the report."""
        self._check_roots(0, 0, [[]])
        number = 0
        while number * 256 < self.size:
            count = min(256, self.size - number * 256)
            layers: list[list[Any]] = [self._leaves(number, count)]
            while len(layers[-1]) > 1:
                below, join = layers[-1], _joined if None in layers[-1] else _node
                layers.append([join(below[place], below[place + 1]) for place in range(0, len(below) - 1, 2)])
            self._check_roots(number * 256, count, layers)
            if count == 256:
                root = layers[8][0]
                self._push(root if root is not None else self._above(number))
            if self.missing_in_a_row >= MISSING_MAX:
                self.report.false("missing", tile_path(-1, number), f"from entry {(number - MISSING_MAX + 1) * 256} on nothing is here, though the newest checkpoint says {self.size} entries",
                                  f"自第 {(number - MISSING_MAX + 1) * 256} 条起文件全部缺失，而最新检查点说有 {self.size} 条", entry=(number - MISSING_MAX + 1) * 256)
                return
            number += 1
        for level in range(1, len(self.pending)):
            if self.pending[level]:
                self._check_tile(level, self.size >> (8 * level + 8), self.pending[level])
        self._tell_wrong_roots()

    def _above(self, number: int) -> bytes | None:
        """The hash of a full tile as the level above says it; None where that is not readable."""
        full = self.size >> 16
        width = 256 if number >> 8 < full else (self.size >> 8) & 255
        try:
            return self._tile(1, number >> 8, width)[32 * (number & 255) :][:32]
        except Unfit:
            return None

    def _push(self, root: bytes | None) -> None:
        """A full tile of level 0 is done: its hash goes up as far as tiles are full."""
        height = 8
        self._append(1, root)
        while self.peaks and self.peaks[-1][0] == height:
            root, height = _joined(self.peaks.pop()[1], root), height + 1
            if height % 8 == 0:
                self._append(height // 8, root)
        self.peaks.append((height, root))

    def _append(self, level: int, root: bytes | None) -> None:
        if level == len(self.pending):
            self.pending.append([])
        hashes = self.pending[level]
        hashes.append(root)
        if len(hashes) == 256:
            self._check_tile(level, self.full_tiles.get(level, 0), hashes)
            self.full_tiles[level] = self.full_tiles.get(level, 0) + 1
            self.pending[level] = []

    def _root(self, width: int, layers: list[list[Any]]) -> bytes | None:
        """The root of all finished tiles and the first width leaves of this one."""
        root: bytes | None = None
        is_first = True
        for height in range(9):
            if width >> height & 1:
                peak = layers[height][(width >> height) - 1]
                root, is_first = (peak if is_first else _joined(peak, root)), False
        for _, peak in reversed(self.peaks):
            root, is_first = (peak if is_first else _joined(peak, root)), False
        return hashlib.sha256(b"").digest() if is_first else root

    def _check_roots(self, start: int, count: int, layers: list[list[Any]]) -> None:
        """Every checkpoint whose size falls in this tile has the root that the entries give."""
        while self.next_checkpoint < len(self.sizes) and self.sizes[self.next_checkpoint] <= start + count:
            root = self._root(self.sizes[self.next_checkpoint] - start, layers)
            if root is None:
                self.not_computable += 1
            elif root != self.roots[self.next_checkpoint]:
                self.wrong.append(self.next_checkpoint)
            else:
                self.last_right = self.next_checkpoint
                self.report.count("roots")
            self.next_checkpoint += 1

    def _tell_wrong_roots(self) -> None:
        if self.not_computable:
            self.report.tell("checkpoints", f"{self.not_computable} checkpoints could not be computed again, as hashes below them are lost (named above); those are not accused", f"有 {self.not_computable} 个检查点因其下的哈希缺失（见上）无法重算；并不说明它们有假")
        if not self.wrong:
            return
        first = self.wrong[0]
        before, size = (self.sizes[first - 1] if first else 0), self.sizes[first]
        self.report.findings = [replace(found, still_en="", still_zh="") if found.code == "tile" else found for found in self.report.findings]
        if self.last_right > first:
            self.report.false("fork", "checkpoints", f"the log's key signed {len(self.wrong)} checkpoints (the first of size {size}) whose roots are not those of the entries, while newer ones are: at that size another history was signed",
                              f"日志密钥签署的 {len(self.wrong)} 个检查点（首个为 {size} 条）的根与条目不符，而其后的检查点相符：曾对该条数签署过另一份历史", entry=before)
            return
        self.report.false("root", "checkpoint" if size == self.size else "checkpoints",
                          f"the log's key signed a root for {size} entries that the entries in this folder do not give ({len(self.wrong)} checkpoints from there on): entries {before} to {size - 1}, or one of them, were written anew after that signature, or the signed root was false",
                          f"日志密钥对 {size} 条签署的根，与本文件夹中的条目不符（自此共 {len(self.wrong)} 个检查点）：第 {before} 至 {size - 1} 条（或其中之一）在签名之后被改写，或所签的根本就是假的",
                          entry=before, still=(f"entries 0 to {before - 1} are as they were signed" if before else "", f"第 0 至 {before - 1} 条仍与当时签署的一致" if before else ""))

    # Tiles of level 0 and the entries: two copies of the same hashes, so that a damaged one is told from the other.

    def _tile(self, level: int, number: int, width: int) -> bytes:
        """The bytes of a tile of exactly that width; of the full one where a partial one is gone, as a writer removes it then; raises Unfit."""
        path, stride = os.path.join(self.folder, tile_path(level, number, width)), 34 if level < 0 else 32
        if width < 256 and not os.path.lexists(path) and os.path.lexists(os.path.join(self.folder, tile_path(level, number))):
            return self._tile(level, number, 256)[: stride * width]
        self._demand_no_link(os.path.dirname(path))
        raw = _read(path, stride * 256)
        if len(raw) != stride * width:
            raise Unfit(f"it has {len(raw)} bytes, not {stride * width}", f"有 {len(raw)} 字节，应为 {stride * width}")
        return raw

    def _demand_no_link(self, place: str) -> None:
        """Raises Unfit where the folder, or one above it in the log, is a link: else a few files could stand for a log without end."""
        if len(place) > len(self.folder) and place not in self._unlinked:
            if os.path.islink(place):
                raise Unfit("its folder is a symbolic link", "其所在文件夹是符号链接")
            self._demand_no_link(os.path.dirname(place))
            self._unlinked.add(place)

    def _hashes_of(self, level: int, number: int, width: int) -> list[bytes] | None:
        """The leaf hashes that a file of entries (-1) or of level 0 gives; None, and reported, where it is missing or of a wrong length."""
        path = tile_path(level, number, width)
        try:
            raw = self._tile(level, number, width)
        except Unfit as problem:
            self._lost.append((path, problem))
            return None
        self.report.count("files")
        if level == 0:
            return [raw[place : place + 32] for place in range(0, len(raw), 32)]
        if raw[0::34] != bytes(width) or raw[1::34] != b"\x20" * width:
            place = next(place for place in range(width) if raw[34 * place : 34 * place + 2] != b"\0\x20")
            self.report.false("entry", path, f"the length before entry {number * 256 + place} is not 32", f"第 {number * 256 + place} 条之前的长度不是 32",
                              entry=number * 256 + place, offset=34 * place, still=("the entry's own 32 bytes are checked apart", "该条本身的 32 字节另行核对"))
        sha256 = hashlib.sha256
        return [sha256(b"\0" + raw[place : place + 32]).digest() for place in range(2, len(raw), 34)]

    def _leaves(self, number: int, count: int) -> list[Any]:
        """The leaf hashes of one tile, by what agrees with the hashes above or a signed root; whichever file does not is reported."""
        self._lost = []
        entries, tile = self._hashes_of(-1, number, count), self._hashes_of(0, number, count)
        self.report.count("entries", count if entries is not None else 0)
        chosen: list[Any] | None
        if entries is not None and entries == tile:
            chosen, self.missing_in_a_row = entries, 0
        else:
            chosen = self._resolved(number, count, entries, tile)
            self.missing_in_a_row = self.missing_in_a_row + 1 if entries is None and tile is None else 0
        known = chosen if chosen is not None else [None] * count
        for level in (-1, 0):
            self._check_parts(level, number, known)
        return known

    def _resolved(self, number: int, count: int, entries: list[bytes] | None, tile: list[bytes] | None) -> list[Any] | None:
        start = number * 256
        copies = {-1: entries, 0: tile}
        judged = {level: self._agrees(number, count, copy) for level, copy in copies.items() if copy is not None}
        best = max(judged.values(), default=0)
        level = next((level for level, found in judged.items() if found == best), None) if best else None
        kept, is_sure = copies[level] if level is not None else None, best > 1 and list(judged.values()).count(best) == 1
        rest = (f"entries outside {start} to {start + count - 1} are not touched", f"第 {start} 至 {start + count - 1} 条之外不受影响")
        if kept is not None and level == 0:
            still = (f"the tile {tile_path(0, number, count)} still holds the hashes, so every entry remains provable by whoever has its content and salt", f"{tile_path(0, number, count)} 仍保有哈希，凡持有内容与盐的人仍可证明每一条")
        elif kept is not None:
            still = ("the entries give the same hashes again: everything remains provable", "由条目可重新算出这些哈希：一切仍可证明")
        else:
            still = (rest[0] + ", by the hash in the level above", rest[1] + "（凭上一层的哈希）") if self._above(number) is not None and count == 256 else (f"entries 0 to {start - 1} by older checkpoints" if start else "", f"第 0 至 {start - 1} 条可凭较早的检查点证明" if start else "")
        for path, problem in self._lost:
            self.report.false("tile", path, f"entries {start} to {start + count - 1}: {problem.en}", f"第 {start} 至 {start + count - 1} 条：{problem.zh}", entry=start, still=still)
        for other, copy in copies.items():
            if copy is None or copy is kept:
                continue
            reference = kept if kept is not None else copies[-1 - other]
            wrong = [place for place in range(count) if reference is None or copy[place] != reference[place]]
            place, path = wrong[0] if wrong else 0, tile_path(other, number, count)
            unsure = "" if is_sure or kept is None else " (which of the two copies is right cannot be said)"
            self.report.false("tile", path, f"{len(wrong)} of its {_many(count, 'entry', 'entries')} {'is' if len(wrong) == 1 else 'are'} not as signed, the first is entry {start + place}{unsure}", f"其 {count} 条中有 {len(wrong)} 条与所签不符，首条为第 {start + place} 条{'（无法断定两份中哪份为真）' if unsure else ''}",
                              entry=start + place, offset=place * (34 if other < 0 else 32), still=still)
        return kept

    def _agrees(self, number: int, count: int, leaves: list[bytes]) -> int:
        """How far the leaves are borne out: 3 by the hash in the level above, 2 by the root of the last checkpoint within the tile alone, 1 where neither can be asked, 0 by none."""
        layers: list[list[bytes]] = [leaves]
        while len(layers[-1]) > 1:
            below = layers[-1]
            layers.append([_node(below[place], below[place + 1]) for place in range(0, len(below) - 1, 2)])
        above = self._above(number) if count == 256 else None
        place = bisect_right(self.sizes, number * 256 + count) - 1
        root = self._root(self.sizes[place] - number * 256, layers) if place >= 0 and self.sizes[place] > number * 256 else None
        if above is not None and above == layers[8][0]:
            return 3
        return 2 if root is not None and root == self.roots[place] else 1 if above is None and root is None else 0

    def _widths(self, level: int, number: int) -> set[int]:
        """The widths that the partial tile had at some checkpoint."""
        shift, widths = 8 * max(level, 0), set()
        place, end = (bisect_left(self.sizes, at << (shift + 8)) for at in (number, number + 1))
        while place < end:
            width = (self.sizes[place] >> shift) & 255
            widths.add(width)
            place = bisect_left(self.sizes, ((number << 8) + width + 1) << shift)
        return widths - {0}

    def _check_tile(self, level: int, number: int, hashes: list[bytes | None]) -> None:
        """The full or newest partial tile of a level above the leaves, and its older partial ones, hold these hashes."""
        self._compare(level, number, len(hashes), hashes)
        self._check_parts(level, number, hashes)

    def _check_parts(self, level: int, number: int, hashes: list[Any]) -> None:
        """The partial tiles beside: each must be there while the full one is not, and begin as the newest does."""
        try:
            names = {int(name) for name in os.listdir(os.path.join(self.folder, tile_path(level, number, 1)[:-2])) if re.fullmatch("[1-9][0-9]{0,2}", name)}
        except OSError:
            names = set()
        for width in sorted(names | (set() if len(hashes) == 256 else self._widths(level, number))):
            if width < len(hashes):
                self._compare(level, number, width, hashes)

    def _compare(self, level: int, number: int, width: int, hashes: list[Any]) -> None:
        path, stride, span = tile_path(level, number, width), 34 if level < 0 else 32, 1 << 8 * max(level, 0)
        first = number * 256 * span
        untouched = ("the entries give the same hashes again: everything remains provable", "由条目可重新算出这些哈希：一切仍可证明")
        try:
            raw = self._tile(level, number, width)
        except Unfit as problem:
            self.report.false("tile", path, f"over entries {first} to {first + width * span - 1}: {problem.en}", f"第 {first} 至 {first + width * span - 1} 条之上：{problem.zh}", entry=first, still=untouched)
            return
        self.report.count("files")
        for place in range(width):
            piece = raw[stride * place : stride * place + stride]
            found = piece if level >= 0 else _leaf(piece[2:]) if piece[:2] == b"\0\x20" else b""
            if hashes[place] is not None and found != hashes[place]:
                self.report.false("tile", path, f"hash {place}, over entries {first + place * span} to {first + (place + 1) * span - 1}, is not what the entries give",
                                  f"第 {place} 个哈希（第 {first + place * span} 至 {first + (place + 1) * span - 1} 条之上）与条目不符", entry=first + place * span, offset=stride * place, still=untouched)
                return

    # What lies in the folder and is no part of the log.

    def strays(self) -> None:
        """Every file of the folder that is no part of the log is reported, links and devices too, and told where it lies beyond the newest checkpoint."""
        folders = [""]
        while folders:
            here = folders.pop()
            try:
                found = sorted(os.scandir(os.path.join(self.folder, here)), key=lambda item: item.name)
            except OSError as problem:
                self.report.false("unreadable", here, f"the folder cannot be read ({problem.strerror})", f"文件夹无法读取（{problem.strerror}）")
                continue
            for item in found:
                path = f"{here}/{item.name}" if here else item.name
                if item.is_dir(follow_symlinks=False) and _is_folder(path):
                    folders.append(path)
                elif item.is_file(follow_symlinks=False) and ".tmp-" in item.name:
                    self.report.tell(path, "left by a writer that was killed; no part of the log", "写入程序中途被终止留下的文件，不属于日志")
                elif not (item.is_file(follow_symlinks=False) and self._belongs(path)):
                    self.report.false("stray", path, "not part of the log", "不属于日志")

    def _belongs(self, path: str) -> bool:
        if path in ("checkpoint", "checkpoints", "keys", "witnesses") or re.fullmatch(r"(stamps|anchors)/[^/]+", path) or (path == "lock" and not os.path.getsize(os.path.join(self.folder, path))):
            return True
        tile = tile_of(path)
        if tile is None:
            return False
        level, number, width = tile
        shift = 8 * max(level, 0)
        full = self.size >> (shift + 8)
        if number < full and (width == 256 or width in self._widths(level, number)):
            return True
        covered = (self.size >> shift) & 255 if number == full else 0 if number > full else 256
        if width <= covered:
            if width in self._widths(level, number):
                return True
            if self.is_history_damaged:
                self.report.tell(path, "no checkpoint of this size in the history, which is damaged", "历史中没有此条数的检查点，而历史已损坏")
                return True
            self.report.false("history", path, "no checkpoint in the history has this size: a line of `checkpoints` was removed, or a killed writer left this file", "历史中没有此条数的检查点：`checkpoints` 的某行被删除，或写入程序中途被终止留下此文件")
            return True
        return self._is_beyond(path, level, number, width)

    def _is_beyond(self, path: str, level: int, number: int, width: int) -> bool:
        """A tile after the newest checkpoint, next to what is covered: a writer at work or killed leaves it, and so does who puts an old checkpoint back."""
        full, stride = self.size >> (8 * max(level, 0) + 8), 34 if level < 0 else 32
        try:
            raw = self._tile(level, number, width)
            below = [tile_path(level, number - 1)] if number > full else []
            below += [tile_path(level - 1, number * 256 + width - 1)] if level > 0 else []
            if not all(os.path.isfile(os.path.join(self.folder, name)) for name in below):
                return False
            covered = (self.size >> 8 * max(level, 0)) & 255 if number == full else 0
            if covered and self._tile(level, number, covered) != raw[: stride * covered]:
                return False
        except Unfit:
            return False
        self.report.tell(path, f"beyond the newest checkpoint ({self.size} entries): covered by no signature. A writer at work or killed leaves this, and so does whoever puts an old checkpoint back: ask for a newer checkpoint, or compare with one kept elsewhere (--seen)",
                         f"超出最新检查点（{self.size} 条）：没有签名覆盖。写入程序正在工作或被终止会留下此文件，把旧检查点放回去的人也会：请索取更新的检查点，或与别处保存的检查点比对（--seen）")
        return True


def _is_folder(path: str) -> bool:
    return path in ("tile", "stamps", "anchors") or bool(re.fullmatch(r"tile/(entries|[0-9]{1,2})(/x[0-9]{3}){0,6}(/[0-9]{3}\.p)?", path))


def _lines(path: str) -> Iterator[tuple[int, str | Unfit]]:
    """(byte offset, text) of every JSON line of a file, or why it is none; one line in memory at a time; raises Unfit where the file cannot be read."""
    with os.fdopen(_opened(path, None), "rb") as file:
        offset = 0
        while True:
            try:
                raw = file.readline(LINE_MAX)
            except OSError as problem:
                raise Unfit(f"it cannot be read ({problem.strerror})", f"无法读取（{problem.strerror}）") from None
            if not raw:
                return
            try:
                if len(raw) >= LINE_MAX:
                    raise Unfit("a line is longer than a million bytes; what follows is not read", "某行超过一百万字节；其后不再读取")
                yield offset, _json_line(raw)
            except Unfit as problem:
                yield offset, problem
                if len(raw) >= LINE_MAX:
                    return
            offset += len(raw)


def _list(folder: str, name: str, report: Report) -> list[tuple[int, str | Unfit]] | None:
    """The lines of a small list; None where it is missing, and reported where it cannot be read."""
    path = os.path.join(folder, name)
    if not os.path.lexists(path):
        return None
    try:
        os.close(_opened(path, SMALL_FILE_MAX))
        return list(_lines(path))
    except Unfit as problem:
        report.false("unreadable", name, problem.en, problem.zh)
        return []


@dataclass
class History:
    """Every checkpoint the log says it signed: sizes ascending without repetition, the roots beside; last: as the last line has it."""

    sizes: array = field(default_factory=lambda: array("Q"))
    roots: list[bytes] = field(default_factory=list)
    last: Signed | None = None
    is_damaged: bool = False

    def add(self, signed: Signed) -> None:
        if not self.sizes or signed.size > self.sizes[-1]:
            self.sizes.append(signed.size)
            self.roots.append(signed.root)

    def root(self, size: int) -> bytes | None:
        place = bisect_left(self.sizes, size)
        return self.roots[place] if place < len(self.sizes) and self.sizes[place] == size else None


def read_history(folder: str, signers: Signers, report: Report) -> History:
    """The lines of `checkpoints`, each checked: signatures, sizes that never fall, one root for a size; whatever is false is reported with its line and byte."""
    history, unvouched = History(), 0
    try:
        for place, (offset, line) in enumerate(_lines(os.path.join(folder, "checkpoints"))):
            where = f"line {place + 1}: ", f"第 {place + 1} 行："
            signed = None
            if isinstance(line, Unfit):
                report.false("history", "checkpoints", where[0] + line.en, where[1] + line.zh, offset=offset)
            else:
                signed = signers.checkpoint(line, "checkpoints", where, offset)
            report.count("checkpoints")
            if signed is None or not signed.is_sound:
                history.is_damaged = True
            elif _continues(history.last, signed, report, where, offset):
                unvouched += not signed.is_vouched
                history.add(signed)
                history.last = signed
            else:
                history.is_damaged = True
    except Unfit as problem:
        report.false("missing", "checkpoints", problem.en, problem.zh)
        history.is_damaged = True
    if unvouched:
        report.tell("checkpoints", f"{unvouched} checkpoints are signed by keys that the key you gave does not vouch for (keys before it): they are only checked against the log's own list of keys",
                    f"{unvouched} 个检查点由您所给密钥之前的密钥签署，您的密钥不为其担保：仅按日志自己的密钥表核对")
    return history


def _continues(last: Signed | None, signed: Signed, report: Report, where: tuple[str, str], offset: int) -> bool:
    """Whether a line of the history may follow the last one."""
    if last is None or signed.size > last.size:
        return True
    if signed.size < last.size:
        said = f"its size falls from {last.size} to {signed.size}: lines were put in another order", f"条数由 {last.size} 降为 {signed.size}：行序被改动"
    elif signed.root != last.root:
        said = (f"two different roots are signed for size {signed.size}: the log's key signed two histories, and these two lines prove it", f"对条数 {signed.size} 签署了两个不同的根：日志密钥签署过两份历史，这两行就是证据")
    elif not signed.lines > last.lines:
        said = "the same checkpoint again without a further signature: a line was doubled, or put in another order", "同一检查点再次出现而没有新的签名：行被重复或次序被改动"
    else:
        return True
    report.false("history", "checkpoints", where[0] + said[0], where[1] + said[1], offset=offset)
    return False


def _bytes_of_checkpoint(folder: str) -> bytes | None:
    try:
        return _read(os.path.join(folder, "checkpoint"), LINE_MAX)
    except Unfit:
        return None


def _newest(folder: str, signers: Signers, history: History, earlier: bytes | None, report: Report) -> None:
    """The file `checkpoint` is the last line of the history; earlier: what the file held before the history was read, as the log may be growing."""
    before, raw = report.false_count, _bytes_of_checkpoint(folder)
    try:
        text = _text(raw if raw is not None else _read(os.path.join(folder, "checkpoint"), LINE_MAX))
    except Unfit as problem:
        report.false("missing", "checkpoint", problem.en, problem.zh)
        return
    signed, last = signers.checkpoint(text, "checkpoint", ("", "")), history.last
    if signed is None or not signed.is_sound or report.false_count > before:
        return
    if last is None or signed.size > last.size or (signed.body == last.body and signed.lines > last.lines):
        if raw != earlier:
            report.tell("checkpoint", *GREW)
            return
        if not history.is_damaged:
            report.false("history", "checkpoints", f"the newest checkpoint (size {signed.size}) is not in the history: its last lines were removed", f"历史中没有最新检查点（{signed.size} 条）：末尾的行被删除")
        history.add(signed)
        history.last = signed
    elif signed.text != last.text and signed.size == last.size and signed.root != last.root:
        report.false("fork", "checkpoint", f"the log's key signed two different roots for size {signed.size}", f"日志密钥对条数 {signed.size} 签署了两个不同的根")
    elif signed.text != last.text and raw == earlier:
        for _ in range(15):  # a writer at work has put the newest in the history and is about to put it in place
            time.sleep(0.02)
            if _bytes_of_checkpoint(folder) != raw:
                return _newest(folder, signers, history, None, report)
        report.false("old-checkpoint", "checkpoint", f"it is not the newest: it says {signed.size} entries and {len(signed.lines)} signatures, the history ends with {last.size} and {len(last.lines)}. An old checkpoint was put back (or a writer was killed between two writes: it mends this when opened next)",
                     f"不是最新检查点：它说有 {signed.size} 条、{len(signed.lines)} 个签名，而历史末行为 {last.size} 条、{len(last.lines)} 个。旧检查点被放了回来（或写入程序恰在两次写入之间被终止，下次打开时会自行补正）")
    elif signed.text != last.text:
        report.tell("checkpoint", *GREW)
    if not (history.last and history.last.is_vouched) and not signers.are_keys_damaged:
        report.false("key", "checkpoint", "the newest checkpoint is not signed by the key you gave, nor by one it handed over to", "最新检查点不是由您给出的密钥（或其交接的后继密钥）签署")


# ---- Stamps (RFC 3161), read by a strict DER reader ----------------------------------------------------------------------------------------------------------

OID_SIGNED, OID_TST, OID_CONTENT_TYPE, OID_DIGEST = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
OID_CERTIFICATE, OID_CERTIFICATE_2, OID_RSA, OID_PSS = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47", "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
DIGESTS = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
RSA_SIGNATURES = {"1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
EC_SIGNATURES = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
OID_ED25519, OID_STAMPING, OID_CRITICAL_KNOWN = "1.3.101.112", "1.3.6.1.5.5.7.3.8", {"2.5.29.15", "2.5.29.19", "2.5.29.37"}


@dataclass(frozen=True)
class Der:
    """One value: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    whole: bytes


def _der_all(raw: bytes) -> list[Der]:
    """The values that follow one another in raw, to its last byte; definite, shortest lengths only; raises Unfit."""
    found, place = [], 0
    while place < len(raw):
        start, tag = place, raw[place]
        if tag & 31 == 31 or place + 2 > len(raw):
            raise Unfit("DER: a tag that does not occur here, or cut off", "DER：不应出现的标签，或被截断")
        length, place = raw[place + 1], place + 2
        if length & 128:
            size = length & 127
            length = int.from_bytes(raw[place : place + size], "big")
            if not 1 <= size <= 4 or place + size > len(raw) or length < 128 or length >> (8 * size - 8) == 0:
                raise Unfit("DER: a length not in its shortest form", "DER：长度不是最短写法")
            place += size
        if place + length > len(raw):
            raise Unfit("DER: cut off", "DER：被截断")
        found.append(Der(tag, raw[place : place + length], raw[start : place + length]))
        place += length
    return found


def _der_parts(value: Der, tag: int = 0x30) -> list[Der]:
    if value.tag != tag:
        raise Unfit(f"DER: tag {value.tag:#x} where {tag:#x} belongs", f"DER：此处标签应为 {tag:#x}，却是 {value.tag:#x}")
    return _der_all(value.content)


def _der_one(raw: bytes) -> Der:
    found = _der_all(raw)
    if len(found) != 1:
        raise Unfit("DER: bytes before or after the value", "DER：值之外还有字节")
    return found[0]


def _der_oid(value: Der) -> str:
    raw = value.content
    if value.tag != 6 or not raw or raw[-1] & 128 or len(raw) > 64:
        raise Unfit("DER: not an object identifier", "DER：不是对象标识符")
    numbers, number, is_new = [], 0, True
    for byte in raw:
        if is_new and byte == 128:
            raise Unfit("DER: not an object identifier", "DER：不是对象标识符")
        number, is_new = number << 7 | byte & 127, not byte & 128
        if is_new:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(part) for part in [first, numbers[0] - 40 * first, *numbers[1:]])


def _der_whole(value: Der, tag: int = 2) -> int:
    raw = value.content
    if value.tag != tag or not 1 <= len(raw) <= 64 or (len(raw) > 1 and raw[0] in (0, 255) and (raw[0] == 255) == (raw[1] > 127)):
        raise Unfit("DER: not a whole number in its shortest form", "DER：不是最短写法的整数")
    return int.from_bytes(raw, "big", signed=True)


def _der_algorithm(value: Der) -> tuple[str, bytes]:
    """The identifier and the bytes of the parameters, NULL as none."""
    parts = _der_parts(value)
    if not 1 <= len(parts) <= 2:
        raise Unfit("DER: not an algorithm", "DER：不是算法标识")
    return _der_oid(parts[0]), b"" if len(parts) == 1 or parts[1].whole == b"\5\0" else parts[1].whole


def _der_digest(value: Der) -> str:
    oid, parameters = _der_algorithm(value)
    if oid not in DIGESTS or parameters:
        raise Unfit(f"digest {oid} is not accepted (SHA-256, 384, 512 are)", f"不接受摘要算法 {oid}（仅接受 SHA-256、384、512）")
    return DIGESTS[oid]


@dataclass(frozen=True)
class Stamp:
    """at: seconds since 1970 at which the authority says it saw the checkpoint; accuracy: plus or minus seconds, rounded up; is_traced: to a certificate you gave."""

    at: int
    accuracy: int
    policy: str
    serial: int
    authority: str
    is_traced: bool


def _statement(raw: bytes, body: str) -> tuple[int, int, str, int]:
    """Time, accuracy, policy and serial of a TSTInfo over SHA-256 of a checkpoint's body; raises Unfit. Source: RFC 3161 section 2.4.2."""
    parts = _der_parts(_der_one(raw))
    if len(parts) < 5 or _der_whole(parts[0]) != 1:
        raise Unfit("not a time-stamp statement of version 1", "不是第 1 版时间戳声明")
    imprint = _der_parts(parts[2])
    if len(imprint) != 2 or _der_digest(imprint[0]) != "sha256" or imprint[1].tag != 4 or imprint[1].content != hashlib.sha256(body.encode()).digest():
        raise Unfit("the stamp is over another text than this checkpoint", "时间戳所盖的不是这个检查点")
    text = parts[4].content.decode("latin-1")
    if parts[4].tag != 24 or not re.fullmatch(r"[0-9]{14}(\.[0-9]{0,9}[1-9])?Z", text):
        raise Unfit("the time of the stamp is not written as it must be", "时间戳的时间写法不规范")
    try:
        at = calendar.timegm(time.strptime(text[:14], "%Y%m%d%H%M%S"))
    except ValueError:
        raise Unfit("the time of the stamp is no time", "时间戳的时间不存在") from None
    accuracy, order = 0, [0x30, 1, 2, 0xA0, 0xA1]
    tags = [part.tag for part in parts[5:]]
    if [tag for tag in order if tag in tags] != tags or any(part.tag == 1 and part.content != b"\xff" for part in parts[5:]):
        raise Unfit("the parts of the stamp are out of order", "时间戳各部分次序不对")
    if 0x30 in tags:
        pieces = {piece.tag: _der_whole(piece, piece.tag) for piece in _der_parts(parts[5])}
        if set(pieces) - {2, 0x80, 0x81} or any(number < 0 for number in pieces.values()):
            raise Unfit("the accuracy of the stamp is not one", "时间戳的精度不合格式")
        accuracy = pieces.get(2, 0) + (1 if pieces.get(0x80) or pieces.get(0x81) else 0)
    if 0xA1 in tags and any(piece.content == b"\xff" for extension in _der_all(parts[-1].content) for piece in _der_parts(extension) if piece.tag == 1):
        raise Unfit("the stamp has a critical extension nobody here knows", "时间戳带有未知的关键扩展")
    return at, accuracy, _der_oid(parts[1]), _der_whole(parts[3])


def _attributes(value: Der) -> dict[str, Der]:
    """The signed attributes by their identifier, each once and with one value."""
    found: dict[str, Der] = {}
    for attribute in _der_parts(value, 0xA0):
        parts = _der_parts(attribute)
        values = _der_parts(parts[1], 0x31) if len(parts) == 2 else []
        if len(values) != 1 or _der_oid(parts[0]) in found:
            raise Unfit("a signed attribute twice, or not with one value", "签名属性重复，或不是恰有一个值")
        found[_der_oid(parts[0])] = values[0]
    return found


def _bound(attributes: dict[str, Der], certificate: bytes) -> bool:
    """Whether signingCertificate or signingCertificateV2 names this certificate first. Source: RFC 5035 section 3, RFC 5816."""
    said = []
    for oid in (OID_CERTIFICATE, OID_CERTIFICATE_2):
        if oid in attributes:
            first = _der_parts(_der_parts(_der_parts(attributes[oid])[0])[0])
            name = "sha1" if oid == OID_CERTIFICATE else "sha256"
            if oid == OID_CERTIFICATE_2 and first[0].tag == 0x30:
                name = _der_digest(first.pop(0))
            said.append(first[0].tag == 4 and first[0].content == hashlib.new(name, certificate, usedforsecurity=False).digest())
    return bool(said) and all(said)


def _verify_signature(certificate: Any, algorithm: Der, digest: str, signature: bytes, signed: bytes) -> None:
    """The signature is the certificate's over the signed bytes; raises Unfit."""
    kinds = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    oid, parameters = _der_algorithm(algorithm)
    try:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and oid == OID_PSS:
            parts = {part.tag: _der_one(part.content) for part in _der_parts(_der_one(parameters))}
            mask = _der_parts(parts[0xA1])
            if _der_digest(parts[0xA0]) != digest or _der_oid(mask[0]) != "1.2.840.113549.1.1.8" or _der_digest(mask[1]) != digest:
                raise Unfit("RSA-PSS with different digests", "RSA-PSS 的摘要算法不一致")
            key.verify(signature, signed, padding.PSS(padding.MGF1(kinds[digest]), _der_whole(parts[0xA2])), kinds[digest])
        elif isinstance(key, rsa.RSAPublicKey) and not parameters and (oid == OID_RSA or RSA_SIGNATURES.get(oid) == digest):
            key.verify(signature, signed, padding.PKCS1v15(), kinds[digest])
        elif isinstance(key, ec.EllipticCurvePublicKey) and not parameters and EC_SIGNATURES.get(oid) == digest:
            key.verify(signature, signed, ec.ECDSA(kinds[digest]))
        elif isinstance(key, ed25519.Ed25519PublicKey) and not parameters and oid == OID_ED25519:
            key.verify(signature, signed)
        else:
            raise Unfit(f"a signature algorithm that is not accepted ({oid})", f"不接受的签名算法（{oid}）")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError, IndexError):
        raise Unfit("the signature of the stamp is not of its certificate", "时间戳的签名不是其证书所作") from None


def _may_stamp(certificate: Any, at: int) -> None:
    """The certificate is for stamping alone, critically, and in force at that second; raises Unfit. Source: RFC 3161 section 2.3."""
    extensions = {extension.oid.dotted_string: extension for extension in certificate.extensions}
    usage = extensions.get("2.5.29.37")
    if usage is None or not usage.critical or [purpose.dotted_string for purpose in usage.value] != [OID_STAMPING]:
        raise Unfit("its certificate is not one for time stamping alone (extended key usage, critical)", "其证书不是专用于时间戳（扩展密钥用途须为关键且仅此一项）")
    signs = extensions.get("2.5.29.15")
    if signs is not None and not (signs.value.digital_signature or signs.value.content_commitment):
        raise Unfit("its certificate may not sign", "其证书不得用于签名")
    _in_force(certificate, at)


def _in_force(certificate: Any, at: int) -> None:
    first, last = (calendar.timegm(when.utctimetuple()) for when in (certificate.not_valid_before_utc, certificate.not_valid_after_utc))
    if not first <= at <= last:
        raise Unfit("a certificate was not in force at the time of the stamp", "在时间戳所载时刻，证书不在有效期内")
    unknown = [extension.oid.dotted_string for extension in certificate.extensions if extension.critical and extension.oid.dotted_string not in OID_CRITICAL_KNOWN]
    if unknown:
        raise Unfit(f"a certificate has a critical extension that is not known here ({unknown[0]})", f"证书带有未知的关键扩展（{unknown[0]}）")


def _issues(issuer: Any, certificate: Any, depth: int) -> bool:
    """Whether the issuer may issue and did issue the certificate, which has depth authorities below itself."""
    try:
        extensions = {extension.oid.dotted_string: extension.value for extension in issuer.extensions}
        basic, usage = extensions.get("2.5.29.19"), extensions.get("2.5.29.15")
        if basic is None or not basic.ca or (basic.path_length is not None and basic.path_length < depth) or (usage is not None and not usage.key_cert_sign):
            return False
        certificate.verify_directly_issued_by(issuer)
        return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False


def _trace(certificate: Any, others: list[Any], trusted: list[Any], at: int) -> bool:
    """Whether a path leads from the certificate to a trusted one, every certificate on it in force at that second."""
    anchors = {other.public_bytes(serialization.Encoding.DER) for other in trusted}
    paths, tried = [[certificate]], 0
    while paths and tried < 200:
        path, tried = paths.pop(), tried + 1
        try:
            _in_force(path[-1], at)
        except (Unfit, ValueError):
            continue
        if path[-1].public_bytes(serialization.Encoding.DER) in anchors:
            return True
        if len(path) < 6:
            paths += [[*path, issuer] for issuer in others + trusted if issuer not in path and issuer.subject == path[-1].issuer and _issues(issuer, path[-1], len(path) - 1)]
    return False


def _certificates(value: Der | None) -> list[Any]:
    found = []
    for item in _der_all(value.content)[:20] if value is not None else []:
        try:
            found.append(x509.load_der_x509_certificate(item.whole))
        except Exception:
            raise Unfit("a certificate in the stamp cannot be read", "时间戳中的证书无法读取") from None
    return found


def read_stamp(raw: bytes, body: str, trusted: list[Any]) -> Stamp:
    """What a TimeStampResp says about a checkpoint's body, its signature checked; raises Unfit. Source: RFC 3161 section 2.4.2, RFC 5652 section 5."""
    try:
        return _stamp(raw, body, trusted)
    except Unfit:
        raise
    except Exception:  # whatever a library makes of hostile bytes (it has exceptions of many kinds): the stamp is not believed
        raise Unfit("the stamp is not formed as RFC 3161 says", "时间戳的结构不符合 RFC 3161") from None


def _stamp(raw: bytes, body: str, trusted: list[Any]) -> Stamp:
    answer = _der_parts(_der_one(raw))
    if len(answer) != 2 or _der_whole(_der_parts(answer[0])[0]) not in (0, 1):
        raise Unfit("the authority did not grant the stamp", "时间戳机构没有签发")
    wrapped = _der_parts(answer[1])
    if len(wrapped) != 2 or _der_oid(wrapped[0]) != OID_SIGNED:
        raise Unfit("not signed data", "不是签名数据")
    parts = _der_parts(_der_one(_der_all(wrapped[1].content)[0].whole if wrapped[1].tag == 0xA0 else b""))
    _der_one(wrapped[1].content)
    if _der_whole(parts[0]) != 3 or [part.tag for part in parts[3:]] not in ([0x31], [0xA0, 0x31], [0xA1, 0x31], [0xA0, 0xA1, 0x31]):
        raise Unfit("signed data of another form", "签名数据形式不对")
    content = _der_parts(parts[2])
    if len(content) != 2 or _der_oid(content[0]) != OID_TST or content[1].tag != 0xA0 or _der_one(content[1].content).tag != 4:
        raise Unfit("no time-stamp statement inside", "其中没有时间戳声明")
    statement = _der_one(content[1].content).content
    at, accuracy, policy, serial = _statement(statement, body)
    signers = _der_parts(parts[-1], 0x31)
    if len(signers) != 1:
        raise Unfit("not exactly one signer", "签名者不是恰好一个")
    signer = _der_parts(signers[0])
    if len(signer) not in (6, 7) or _der_whole(signer[0]) != (1 if signer[1].tag == 0x30 else 3) or signer[5].tag != 4 or (len(signer) == 7 and signer[6].tag != 0xA1):
        raise Unfit("the signer's part has another form", "签名者部分形式不对")
    digest, attributes = _der_digest(signer[2]), _attributes(signer[3])
    if OID_CONTENT_TYPE not in attributes or _der_oid(attributes[OID_CONTENT_TYPE]) != OID_TST:
        raise Unfit("the signed kind of content is not a time stamp", "所签内容类型不是时间戳")
    if OID_DIGEST not in attributes or attributes[OID_DIGEST].tag != 4 or attributes[OID_DIGEST].content != hashlib.new(digest, statement).digest():
        raise Unfit("the signed digest is not of the statement", "所签摘要与声明不符")
    inside = _certificates(parts[3] if parts[3].tag == 0xA0 else None)
    certificate = next((one for one in inside + trusted if _bound(attributes, one.public_bytes(serialization.Encoding.DER))), None)
    if certificate is None:
        raise (Unfit if inside else Untraced)("the certificate that signed is neither inside nor given with --tsa", "签名所用证书既不在其中，也未用 --tsa 给出")
    if signer[1].tag == 0x30:
        issuer, fields = _der_parts(signer[1]), _der_parts(_der_parts(_der_one(certificate.public_bytes(serialization.Encoding.DER)))[0])
        if issuer[0].whole not in [part.whole for part in fields[2:4]] or _der_whole(issuer[1]) != certificate.serial_number:
            raise Unfit("the signer named is not the certificate bound", "所称签名者与绑定的证书不符")
    _verify_signature(certificate, signer[4], digest, signer[5].content, b"\x31" + signer[3].whole[1:])
    _may_stamp(certificate, at)
    return Stamp(at, accuracy, policy, serial, certificate.subject.rfc4514_string(), _trace(certificate, inside, trusted, at))


def read_trusted(paths: list[str]) -> list[Any]:
    """The certificates of --tsa files, PEM or DER; raises Unreadable."""
    found = []
    for path in paths:
        try:
            raw = _read(path, SMALL_FILE_MAX)
            found += x509.load_pem_x509_certificates(raw) if b"-----BEGIN" in raw else [x509.load_der_x509_certificate(raw)]
        except Unfit as problem:
            raise Unreadable(f"{_shown(path)}: {problem.en}", f"{_shown(path)}：{problem.zh}") from None
        except Exception:
            raise Unreadable(f"{_shown(path)}: not a certificate", f"{_shown(path)}：不是证书") from None
    return found


def _moment(seconds: int) -> str:
    """RFC 3339 UTC; the bare number where no calendar reaches."""
    if not 0 <= seconds < 253402300800:
        return str(seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# ---- A whole log ---------------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What the verifier was given: the log's key, keys of witnesses, certificates of stamping authorities."""

    key: Key
    witnesses: list[Key]
    authorities: list[Any]


def _stamp_files(folder: str) -> list[str]:
    """The names of all stamps and anchors, as stamps/… and anchors/…; read before the history, which then holds whatever they are of."""
    found = []
    for place in ("stamps", "anchors"):
        path = os.path.join(folder, place)
        if os.path.isdir(path) and not os.path.islink(path):
            try:
                found += [f"{place}/{name}" for name in sorted(os.listdir(path)) if ".tmp-" not in name]
            except OSError:
                continue  # the walk over the folder names it
    return found


def _look_at_stamps(folder: str, files: list[str], history: History, asked: Asked, report: Report) -> dict[int, Stamp]:
    """Every stamp and anchor of the folder checked; the newest size that a traced stamp covers and that stamp."""
    best: dict[int, Stamp] = {}
    for file in files:
        place, name = file.split("/", 1)
        ending = "tsr" if place == "stamps" else "json"
        try:
            found = re.fullmatch(rf"(0|[1-9][0-9]{{0,18}})-([0-9a-f]{{16}})\.{ending}", name)
            if not found:
                raise Unfit("not part of the log", "不属于日志")
            raw = _read(os.path.join(folder, file), 1 << 20)
            if hashlib.sha256(raw).hexdigest()[:16] != found[2]:
                raise Unfit("its bytes are not those its name was made of: changed or cut off", "内容与文件名所载摘要不符：被改动或截断")
            size, root = int(found[1]), history.root(int(found[1]))
            if root is None:
                raise Unfit(f"it is of a checkpoint of size {size}, which `checkpoints` does not have: a line was removed or damaged there, or the file is not of this log", f"它属于 {size} 条的检查点，而 `checkpoints` 中没有：该行被删除或损坏，或此文件不属于本日志")
            report.count(place)
            if ending == "json":
                _look_at_anchor(_json(_text(raw)), file, asked.key.name, size, root, report)
                continue
            stamp = read_stamp(raw, f"{asked.key.name}\n{size}\n{base64.b64encode(root).decode()}\n", asked.authorities)
            if stamp.is_traced:
                best = {size: stamp} if not best or size >= next(iter(best)) else best
            else:
                _tell_untraced(file, stamp, asked, report)
        except Untraced as problem:
            report.tell(file, f"a stamp that was not checked: {problem.en}", f"未能核对的时间戳：{problem.zh}")
        except Unfit as problem:
            report.false("stamp" if ending == "tsr" else "anchor", file, problem.en, problem.zh)
    if asked.authorities and not best:
        report.false("stamp", "stamps", "no stamp leads to a certificate you gave with --tsa", "没有任何时间戳可追溯到您用 --tsa 给出的证书")
    return best


def _look_at_anchor(said: Any, file: str, origin: str, size: int, root: bytes, report: Report) -> None:
    """Whatever size or root the anchor's file says is that of the checkpoint; whether the chain holds it, must be looked up there."""
    roots = (root.hex(), "0x" + root.hex(), base64.b64encode(root).decode())
    if isinstance(said, dict) and (said.get("size", size) != size or said.get("root", roots[0]) not in roots or said.get("origin", origin) != origin):
        raise Unfit("the anchor says another log, size or root than the checkpoint", "锚定文件所载日志、条数或根与检查点不符")
    report.tell(file, f"an anchor of size {size}, unharmed; whether the chain it names really holds it must be looked up on that chain", f"{size} 条的锚定文件完好；所称链上是否确有此记录，须到该链上查证")


def _tell_untraced(file: str, stamp: Stamp, asked: Asked, report: Report) -> None:
    report.tell(file, f"a well-formed stamp of {_moment(stamp.at)} signed by “{_shown(stamp.authority, 120)}”, " + ("which does not lead to a certificate you gave" if asked.authorities else "not traced to any authority, as no --tsa was given") + ": it proves nothing yet",
                f"{_moment(stamp.at)} 的时间戳，结构完好，签署者自称“{_shown(stamp.authority, 120)}”，" + ("但不能追溯到您给出的证书" if asked.authorities else "因未给出 --tsa，没有追溯到任何机构") + "：尚不能证明什么")


def _look_at_seen(paths: list[str], signers: Signers, history: History, report: Report) -> None:
    """Checkpoints kept elsewhere from earlier are of this log's history: what their size has here is what they say; the roots are then computed with all others."""
    for path in paths:
        try:
            text = _text(_read(path, LINE_MAX))
        except Unfit as problem:
            raise Unreadable(f"{_shown(path)}: {problem.en}", f"{_shown(path)}：{problem.zh}") from None
        signed = signers.checkpoint(text, path, ("", ""))
        if signed is None or not signed.is_sound:
            continue
        if not history.sizes or signed.size > history.sizes[-1]:
            report.false("rolled-back", path, f"you kept a checkpoint of {signed.size} entries, the log here ends at {history.sizes[-1] if history.sizes else 0}: entries were taken away (an older copy was put back)", f"您保存的检查点有 {signed.size} 条，而此处日志止于 {history.sizes[-1] if history.sizes else 0} 条：条目被去掉（旧副本被放回）")
        elif (root := history.root(signed.size)) is None:
            place = bisect_left(history.sizes, signed.size)
            history.sizes.insert(place, signed.size)
            history.roots.insert(place, signed.root)
            report.false("history", "checkpoints", f"the checkpoint of size {signed.size} that you kept is not in the history: its line was removed", f"您保存的 {signed.size} 条的检查点不在历史中：该行被删除")
        elif root != signed.root:
            report.false("fork", path, f"you kept another root for size {signed.size} than this log shows: two histories were signed", f"您保存的 {signed.size} 条的根与此处日志不同：签署过两份历史")
        else:
            report.count("seen")


def check_log(folder: str, asked: Asked, seen: list[str]) -> Report:
    """Everything about a log's folder; raises Unreadable where it is none. Where something is false and the log grew meanwhile, it is read again, up to three times."""
    for _ in range(3):
        report, earlier = Report(), _bytes_of_checkpoint(folder)
        _check_log(folder, asked, seen, earlier, report)
        if not report.false_count or earlier == _bytes_of_checkpoint(folder):
            break
    return report


def _check_log(folder: str, asked: Asked, seen: list[str], earlier: bytes | None, report: Report) -> None:
    if not os.path.isdir(folder) or not any(os.path.lexists(os.path.join(folder, name)) for name in ("checkpoint", "checkpoints", "keys")):
        raise Unreadable(f"{_shown(folder)} is not the folder of a log", f"{_shown(folder)} 不是日志文件夹")
    signers = Signers(asked.key, asked.witnesses, report)
    keys, witnesses = _list(folder, "keys", report), _list(folder, "witnesses", report)
    if not keys:
        signers.are_keys_damaged = True
        report.false("missing", "keys", "the list of the log's keys is missing or empty", "日志的密钥表缺失或为空")
    signers.follow(keys or [], "keys")
    if witnesses is not None:
        signers.introduce(witnesses, "witnesses")
    stamp_files = _stamp_files(folder)
    history = read_history(folder, signers, report)
    _newest(folder, signers, history, earlier, report)
    _look_at_seen(seen, signers, history, report)
    stamps = _look_at_stamps(folder, stamp_files, history, asked, report)
    signers.tell_unknown()
    walk = Walk(folder, history.sizes, history.roots, report, history.is_damaged)
    walk.run()
    walk.strays()
    for key in asked.witnesses:
        if key.name not in signers.cosigned and not (key.kind == COSIGNER_PQ and mldsa is None):
            report.false("witness", "checkpoints", f"the witness you gave, {_shown(key.name, 80)}, has signed no checkpoint", f"您给出的见证方 {_shown(key.name, 80)} 没有签过任何检查点")
    _conclude_log(report, signers, history, stamps)


def _conclude_log(report: Report, signers: Signers, history: History, stamps: dict[int, Stamp]) -> None:
    size = history.sizes[-1] if history.sizes else 0
    _tell_ml_dsa(report)
    if not report.false_count:
        report.proves += [(f"{'The one entry' if size == 1 else f'All {size} entries'}, every tile and every checkpoint agree: each of the {len(history.sizes)} tree sizes ever signed is an unchanged beginning of the newest. Nothing was changed, removed or put in between after it was signed, unless the holder of the log's key made a whole new log.",
                           f"全部 {size} 条记录、每个哈希文件与每个检查点彼此相符：历次签署的 {len(history.sizes)} 个版本，都是最新版本原样不变的前段。除非日志密钥持有人另造了整本日志，否则签署之后没有任何内容被改动、删除或插入。")]
        report.proves += [_seen_by(name, covered, when) for name, (covered, when) in sorted(signers.cosigned.items())]
        report.proves += [_stamped_by(stamp, f"the first {_many(covered, 'entry', 'entries')}", f"前 {covered} 条") for covered, stamp in stamps.items()]
    covered = max([-1, *(found for found, _ in signers.cosigned.values()), *stamps])
    if 0 <= covered < size:
        report.not_proven.append((f"Anything about the entries from {covered} on beyond what the operator says: no witness or stamp that you named covers them yet.", f"自第 {covered} 条起的条目，除经营者自己的说法外没有证明：您指定的见证方与时间戳尚未覆盖。"))
    _not_proven(report, bool(signers.cosigned), bool(stamps))
    report.not_proven.append(("That this is the newest state, or that no line of an older checkpoint was left out of the history: keep a checkpoint of your own and give it with --seen next time.", "不能证明这是最新状态，也不能证明历史中没有略去较早的检查点行：请自行保存一份检查点，下次用 --seen 给出。"))


def _seen_by(name: str, covered: int, when: int) -> tuple[str, str]:
    """What a named witness's cosignature over a checkpoint of that size proves; when 0: it says no time."""
    at = (f" at {_moment(when)} at the latest", f"最迟在 {_moment(when)} ") if when else ("", "曾")
    return (f"The witness {_shown(name, 80)} that you named saw the first {_many(covered, 'entry', 'entries')}{at[0]}, and only ever a log that grew.", f"您指定的见证方 {_shown(name, 80)} {at[1]}见过前 {covered} 条，且只见过只增不改的日志。")


def _stamped_by(stamp: Stamp, what_en: str, what_zh: str) -> tuple[str, str]:
    when = _moment(stamp.at + stamp.accuracy)
    return (f"A stamp of “{_shown(stamp.authority, 120)}” (serial {stamp.serial}, policy {stamp.policy}) shows that {what_en} stood as they are at {when}. Whether its certificate was revoked is not looked up.",
            f"“{_shown(stamp.authority, 120)}”的时间戳（序号 {stamp.serial}，策略 {stamp.policy}）证明：{what_zh}在 {when} 时已是现状。其证书是否被吊销未查询。")


def _tell_ml_dsa(report: Report) -> None:
    if number := report.checked.get("ml_dsa_not_checked"):
        report.tell("", f"{_many(number, 'ML-DSA signature line was', 'ML-DSA signature lines were')} NOT checked, as the installed `cryptography` does not know ML-DSA: python -m pip install --upgrade cryptography", f"有 {number} 行 ML-DSA 签名未核对，因为所装 cryptography 不支持 ML-DSA：python -m pip install --upgrade cryptography")


def _not_proven(report: Report, is_witnessed: bool, is_stamped: bool) -> None:
    """What nobody may read into this."""
    if not is_witnessed and not is_stamped:
        report.not_proven.append(("Nothing against the log's own operator: without a witness or a stamp that you named, whoever holds the log's key could have made this whole log anew today.", "对日志经营者本人不构成任何证明：没有您指定的见证方或时间戳，持有日志密钥的人今天就能重造整本日志。"))
    elif not is_witnessed:
        report.not_proven.append(("That everybody was shown the same log: no witness that you named has signed, so the operator could show others another one.", "不能证明所有人看到的是同一本日志：没有您指定的见证方签名，经营者可能向他人出示另一本。"))
    report.not_proven += [("The times inside the entries: they are claims of who wrote them. Only a witness's or stamp's time says by when at the latest they were written.", "不能证明条目内所写时间：那只是书写者的说法；只有见证或时间戳的时间能说明最迟何时已写入。"),
                          ("That what is written is true, or that nothing was left out before it was written.", "不能证明所写内容属实，也不能证明写入之前没有遗漏。")]


# ---- A bundle: one entry opened ------------------------------------------------------------------------------------------------------------------------------

BUNDLE_FORMAT, BUNDLE_NAMES, BUNDLE_OPTIONAL = "arrears-record-bundle/1", {"format", "content", "salt", "proof", "stamps", "keys"}, {"row", "field_salts"}


def _listed(value: Any, kind: type, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most or not all(isinstance(item, kind) for item in value):
        raise Unfit("not the list that belongs here", "不是此处应有的列表")
    return value


def read_proof(text: str) -> tuple[int, list[bytes], str]:
    """Index, path and checkpoint of a C2SP tlog-proof without extra data; raises Unfit."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or len(lines) < 2 or lines[0] != "c2sp.org/tlog-proof@v1" or not re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1]):
        raise Unfit("not a tlog-proof", "不是 tlog-proof 证明文本")
    path = [_unbase64(line) for line in lines[2:]]
    if len(path) > 63 or any(len(item) != 32 for item in path):
        raise Unfit("a hash of the proof has not 32 bytes", "证明中的哈希不是 32 字节")
    return int(lines[1][6:]), path, note


def _content(text: Any) -> dict[str, Any]:
    """A content's object, where its text is the one RFC 8785 form."""
    if not isinstance(text, str):
        raise Unfit("not a text", "不是文本")
    value = _json(text)
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise Unfit("not an object with a kind", "不是带 kind 的对象")
    if _canonical(value) != text:
        raise Unfit("JSON, but not in the one form of RFC 8785 (order, blanks or escapes differ)", "是 JSON，但不是 RFC 8785 的唯一写法（次序、空白或转义不同）")
    return value


def _commitment(salt: bytes, content: str) -> bytes:
    return hashlib.sha256(ENTRY_PREFIX + salt + content.encode()).digest()


def check_bundle(path: str, asked: Asked, fields: list[tuple[str, str]]) -> Report:
    """Everything about one bundle; raises Unreadable where it is none."""
    report, file = Report(), os.path.basename(path)
    try:
        bundle = _json(_text(_read(path, BUNDLE_MAX)))
        if not isinstance(bundle, dict) or bundle.get("format") != BUNDLE_FORMAT:
            raise Unfit(f"it does not say it is “{BUNDLE_FORMAT}”", f"没有写明是“{BUNDLE_FORMAT}”")
    except Unfit as problem:
        raise Unreadable(f"{_shown(path)} is not a bundle: {problem.en}", f"{_shown(path)} 不是证明包：{problem.zh}") from None
    for name in sorted((set(bundle) - BUNDLE_OPTIONAL) ^ BUNDLE_NAMES):
        report.false("bundle", file, f"the part {_shown(name, 60)} is missing, or does not belong in a bundle", f"部分 {_shown(name, 60)} 缺失，或不属于证明包")
    signers = Signers(asked.key, asked.witnesses, report)
    signed, content, index = None, None, 0
    part = "keys"
    try:
        signers.follow([(0, line) for line in _listed(bundle.get("keys"), str, 10000)], f"{file}: keys")
        part = "proof"
        index, hashes_, note = read_proof(bundle.get("proof") if isinstance(bundle.get("proof"), str) else "")
        signed = _checkpoint_of_bundle(note, f"{file}: proof", signers)
        part = "salt"
        salt = _unhex(bundle.get("salt"), 32)
        part = "content"
        content = _content(bundle.get("content"))
        part = "proof"
        if signed is not None and inclusion_root(_leaf(_commitment(salt, bundle["content"])), index, signed.size, hashes_) != signed.root:
            raise Unfit("the opened content with its salt is not the entry under this checkpoint: content, salt, index or proof was changed", "所打开的内容与盐不是该检查点之下的条目：内容、盐、序号或证明被改动")
        part = "row"
        row = _row_of(bundle["row"], content, report) if "row" in bundle else None
        part = "field_salts"
        _look_at_fields(bundle.get("field_salts", {}), fields, row or content, report)
    except Unreadable:
        raise
    except Unfit as problem:
        report.false("bundle", f"{file}: {part}", problem.en, problem.zh, entry=index if signed else None)
        row = None
    stamps = _stamps_of_bundle(bundle.get("stamps", []), signed, asked, file, report)
    if signed is not None and content is not None:
        _conclude_bundle(report, signed, index, content, row, stamps)
    if report.false_count:
        report.proves.clear()
    return report


def _checkpoint_of_bundle(note: str, file: str, signers: Signers) -> Signed | None:
    """The checkpoint, every line of it checked; lines of witnesses that nobody named are told, as they cannot be checked and nothing rests on them."""
    signers.are_witnesses_known = False
    signed = signers.checkpoint(note, file, ("", ""))
    if strangers := signers.unknown.pop("witnesses", 0):
        signers.report.tell(file, f"{_many(strangers, 'signature line is of a witness whose key', 'signature lines are of witnesses whose keys')} you did not give (--witness): not checked, nothing rests on them", f"有 {strangers} 行签名的见证方公钥您未给出（--witness）：未核对，也未作依据")
    if signers.unknown.pop("keys", 0):
        signers.report.false("key", file, "it is signed with a key of the log that is not known, as the chain of keys is damaged", "签名所用日志密钥未知，因为密钥链已损坏")
    if signed is not None and signed.is_sound and not signed.is_vouched:
        signers.report.false("key", file, "the checkpoint is not signed by the key you gave, nor by one it handed over to", "检查点不是由您给出的密钥（或其交接的后继密钥）签署")
    for key in signers.witnesses.values() if signed is not None else []:
        if not any(name == key[0].name for name, _, _ in signed.times) and not (key[0].kind == COSIGNER_PQ and mldsa is None):
            signers.report.false("witness", file, f"the witness you gave, {_shown(key[0].name, 80)}, has not signed this checkpoint", f"您给出的见证方 {_shown(key[0].name, 80)} 没有签过此检查点")
    return signed


def _row_of(row: Any, content: dict[str, Any], report: Report) -> dict[str, Any]:
    """The opened row of the set whose root the content holds; told in the report."""
    rows = content.get("rows")
    if not isinstance(row, dict) or set(row) != {"content", "salt", "index", "size", "hashes"} or not isinstance(rows, dict) or not isinstance(rows.get("root"), str):
        raise Unfit("not a row of a set that the entry holds", "不是该条目所含集合中的一行")
    opened, salt = _content(row["content"]), _unhex(row["salt"], 32)
    path = [_unbase64(item) for item in _listed(row["hashes"], str, 63)]
    if any(isinstance(row[name], bool) or not isinstance(row[name], int) for name in ("index", "size")) or row["size"] != rows.get("size") or any(len(item) != 32 for item in path):
        raise Unfit("the row's place, or the size of its set, is not what the entry says", "该行的位置或集合的行数与条目所载不符")
    if inclusion_root(_leaf(_commitment(salt, row["content"])), row["index"], row["size"], path) != _unbase64(rows["root"]):
        raise Unfit("the opened row is not in the set whose root the entry holds", "所打开的行不在条目所载根对应的集合中")
    report.count("rows")
    report.proves.append((f"The opened row is, letter for letter, row {row['index']:,} of the {row['size']:,} {'row' if row['size'] == 1 else 'rows'} whose root stands in that content, counted from 0.", f"所打开的一行，逐字不差，就是该内容所载的根之下 {row['size']:,} 行中的第 {row['index']:,} 行（自 0 起算）。"))
    return opened


def _look_at_fields(salts: Any, fields: list[tuple[str, str]], content: dict[str, Any], report: Report) -> None:
    """Texts given with --field are those whose digests the content holds."""
    withheld = content.get("withheld") if isinstance(content.get("withheld"), dict) else {}
    if not isinstance(salts, dict):
        raise Unfit("not an object of salts", "不是盐的对象")
    for name, salt in salts.items():
        _unhex(salt, 32)
        if name not in withheld:
            raise Unfit(f"a salt for {_shown(name, 60)}, which the content does not hold", f"{_shown(name, 60)} 的盐，而内容中没有此字段")
        if name not in [given for given, _ in fields]:
            report.tell("field_salts", f"the field {_shown(name, 60)} can be opened: give its text with --field {_shown(name, 60)}=FILE; until then it is not checked", f"字段 {_shown(name, 60)} 可以打开：用 --field {_shown(name, 60)}=文件 给出其文字；在此之前未核对")
    for name, path in fields:
        if name not in salts:
            raise Unfit(f"the bundle has no salt to open the field {_shown(name, 60)}", f"证明包中没有打开字段 {_shown(name, 60)} 的盐")
        try:
            text = _text(_read(path, BUNDLE_MAX))
        except Unfit as problem:
            raise Unreadable(f"{_shown(path)}: {problem.en}", f"{_shown(path)}：{problem.zh}") from None
        forms = [json.dumps(text, ensure_ascii=False), json.dumps(text.removesuffix("\n").removesuffix("\r"), ensure_ascii=False)]
        try:
            forms.append(_canonical(_json(text)))
        except Unfit:
            forms = forms[:2]
        if withheld[name] not in [hashlib.sha256(FIELD_PREFIX + bytes.fromhex(salts[name]) + form.encode()).hexdigest() for form in forms]:
            raise Unfit(f"the text given for {_shown(name, 60)} is not the one that was recorded", f"所给 {_shown(name, 60)} 的文字不是当时记录的文字")
        report.count("fields")
        report.proves.append((f"The text in {_shown(path, 120)} is, word for word, the one recorded as “{_shown(name, 60)}”.", f"{_shown(path, 120)} 中的文字，与记录为“{_shown(name, 60)}”的文字逐字相同。"))


def _stamps_of_bundle(stamps: Any, signed: Signed | None, asked: Asked, file: str, report: Report) -> list[Stamp]:
    traced = []
    try:
        for place, text in enumerate(_listed(stamps, str, 100)):
            here = f"{file}: stamps, number {place + 1}"
            try:
                stamp = read_stamp(_unbase64(text), signed.body if signed else "", asked.authorities)
            except Untraced as problem:
                report.tell(here, f"a stamp that was not checked: {problem.en}", f"未能核对的时间戳：{problem.zh}")
                continue
            except Unfit as problem:
                report.false("stamp", here, problem.en, problem.zh)
                continue
            report.count("stamps")
            if stamp.is_traced:
                traced.append(stamp)
            else:
                _tell_untraced(here, stamp, asked, report)
    except Unfit as problem:
        report.false("stamp", f"{file}: stamps", problem.en, problem.zh)
    if asked.authorities and not traced:
        report.false("stamp", f"{file}: stamps", "no stamp leads to a certificate you gave with --tsa", "没有任何时间戳可追溯到您用 --tsa 给出的证书")
    return traced


def _conclude_bundle(report: Report, signed: Signed, index: int, content: dict[str, Any], row: dict[str, Any] | None, stamps: list[Stamp]) -> None:
    witnessed = list(dict.fromkeys((name, when) for name, is_named, when in signed.times if is_named))
    _tell_ml_dsa(report)
    report.count("entries")
    report.content = {"entry": content} if row is None else {"entry": content, "row": row}
    report.opened = words(content) + ([("The row of it that is opened:", "其中所打开的一行："), *words(row)] if row is not None else [])
    if not report.false_count:
        origin = signed.body.split("\n")[0]
        report.proves.insert(0, (f"This content, letter for letter, is entry {index} of the log “{_shown(origin, 80)}”, whose key you gave, under its checkpoint of {_many(signed.size, 'entry', 'entries')}. If one letter had been changed since, this check would fail.",
                                 f"这份内容，逐字不差，就是您所给公钥对应的日志“{_shown(origin, 80)}”的第 {index} 条（自 0 起算），列于其 {signed.size} 条的检查点之下。此后若改动一个字，本次核对就会失败。"))
        report.proves += [_seen_by(name, signed.size, when) for name, when in witnessed]
        report.proves += [_stamped_by(stamp, f"the first {_many(signed.size, 'entry', 'entries')}, this one among them,", f"前 {signed.size} 条（含本条）") for stamp in stamps]
        latest = [when for _, when in witnessed if when] + [stamp.at + stamp.accuracy for stamp in stamps]
        if latest:
            report.proves.append((f"So this entry was written at {_moment(min(latest))} at the latest.", f"因此，本条最迟在 {_moment(min(latest))} 已经写入。"))
    _not_proven(report, bool(witnessed), bool(stamps))


# ---- What an entry says, in words ----------------------------------------------------------------------------------------------------------------------------

KINDS = {"entry": ("An action in the work on cases", "案件作业中的一个动作"), "payment": ("A payment that was applied", "一笔入账的还款"), "night": ("A nightly run with its decisions", "一次夜间批处理及其决定"),
         "load": ("The loading of a file", "一次文件载入"), "release_model": ("The release of a model", "一次模型发布"), "release_strategy": ("The release of a strategy", "一次策略发布"),
         "law_pack": ("A law pack first used", "一个法规包首次启用"), "decision": ("The decision on one loan that night", "一笔贷款当夜的决定"),
         "gap": ("Entries lost by a restore from a backup, told by a person", "从备份恢复时丢失的条目，由人说明")}
SUBJECTS = {"access": ("access", "权限"), "account": ("account", "账户"), "approval": ("approval", "审批"), "attachment": ("attachment", "附件"), "case": ("case", "案件"), "collector": ("collector", "催收员"), "complaint": ("complaint", "投诉"),
            "consent": ("consent", "同意"), "contact": ("contact", "联系"), "contact_point": ("contact point", "联系方式"), "dial": ("dialling", "拨号"), "dispute": ("dispute", "异议"), "hold": ("hold", "暂停"), "lender": ("lender", "出借机构"),
            "offer": ("offer", "减免方案"), "party": ("party", "当事人"), "person": ("person", "个人信息"), "placement": ("placement", "委外"), "plan": ("repayment plan", "还款计划"), "promise": ("promise to pay", "还款承诺"),
            "retention": ("retention", "保存期限"), "team": ("team", "团队"), "vault": ("vault", "保险库"), "intake": ("intake", "接收")}
DEEDS = {"add": "新增", "agree": "达成", "answer": "答复", "ask": "提请", "change": "更改", "close": "关闭", "correct": "更正", "create": "新建", "decide": "决定", "dial": "拨打", "end": "终止", "erase": "删除", "export": "导出", "find": "查找",
         "freeze": "冻结", "give": "给予", "leave": "停用", "lift": "解除", "make": "提出", "move": "转移", "note": "记录", "open": "打开", "place": "设立", "propose": "提议", "protect": "保护", "raise": "提出", "redeem": "兑现", "release": "解除",
         "reset": "重置", "revoke": "撤回", "rotate": "更换密钥", "run": "执行", "settle": "结算", "sign_in": "登录", "take": "取得", "take_back": "收回", "unfreeze": "解冻", "unmask": "查看明文", "withdraw": "撤销"}
NAMES = {"lender": ("lender", "出借机构"), "case": ("case", "案件"), "number": ("number", "编号"), "entry": ("entry", "条目"), "at": ("time as its writer says it", "书写者所称时间"), "actor": ("actor's number", "行为人编号"),
         "actor_name": ("who", "何人"), "roles": ("roles", "角色"), "via": ("by way of", "途径"), "purpose": ("purpose", "目的"), "reason": ("reason", "理由"), "policies": ("policies that decided", "据以决定的规则"), "key": ("request key", "请求键"),
         "payment_id": ("payment", "还款编号"), "loan_id": ("loan", "借款编号"), "paid_on": ("paid on", "还款日"), "reverses": ("reverses", "冲正"), "source": ("source", "来源"),
         "as_of": ("business date", "业务日期"), "earlier_runs": ("earlier runs of that night", "该夜此前的运行"), "law_digest": ("digest of the law", "法规摘要"), "lender_digest": ("digest of lender.yaml", "lender.yaml 摘要"),
         "strategy_digest": ("digest of the strategy", "策略摘要"), "roster_digest": ("digest of the roster", "名册摘要"), "record_digest": ("digest of the night's record", "夜批记录摘要"), "rows": ("rows, one for each loan", "各笔贷款之行"),
         "files": ("files", "文件"), "decision": ("decision", "决定"), "position": ("the loan's position", "贷款状况"), "verdicts": ("what the rules said", "规则的裁决"), "loads": ("loads", "载入批次"),
         "models": ("models", "模型"), "snapshot": ("snapshot of the book", "账册快照"), "version": ("version", "版本"),
         "known_at": ("rows known by then count", "只计此刻前已记录的行"), "digest": ("digest", "摘要"), "entry_digest": ("digest of the register's entry", "登记条目摘要"), "mapping_digest": ("digest of the mapping", "映射文件摘要"), "action": ("action", "动作"),
         "load": ("load", "载入批次"), "mode": ("mode", "方式"), "sources": ("sources", "来源文件"), "tables": ("tables", "各表"), "records": ("records", "记录数"), "quarantined": ("set aside", "隔离的记录数"), "kept": ("files kept", "留存文件"),
         "pack": ("pack", "法规包"), "model": ("model", "模型"), "from_on": ("in force from", "生效日"), "sharing": ("sharing out of cases", "分案次序"), "moved": ("cases moved", "改派案件数"), "rests_on": ("rests on night and sharing", "所依据的夜批与分案")}
NO_MINOR, THREE_MINOR = {"JPY", "KRW", "VND", "CLP", "XAF", "XOF", "XPF", "UGX"}, {"BHD", "KWD", "OMR", "TND", "JOD", "IQD", "LYD"}


def _amount(minor: int, currency: str) -> str:
    places = 0 if currency in NO_MINOR else 3 if currency in THREE_MINOR else 2
    whole, rest = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole:,}" + (f".{rest:0{places}d}" if places else "") + (f" {_shown(currency, 12)}" if currency else "")


def _worded(name: str, value: Any, currency: str) -> str:
    if name.endswith("_minor") and isinstance(value, int) and not isinstance(value, bool) and currency:
        return f"{_amount(value, currency)} ({value} minor)"
    return _shown(value)


def words(content: dict[str, Any]) -> list[tuple[str, str]]:
    """What a content says, one sentence a line, in English and Chinese; nothing of it is left out but the digests of long lists."""
    kind, verb = content["kind"], content.get("verb")
    said = [KINDS.get(kind, (f"Something of kind {_shown(kind, 60)}", f"种类为 {_shown(kind, 60)} 的事项"))]
    currency = content.get("currency") if isinstance(content.get("currency"), str) else ""
    if isinstance(verb, str):
        subject, _, deed = verb.partition(".")
        english, chinese = SUBJECTS.get(subject, (subject, subject))
        said.append((f"What was done: {_shown(english, 60)}: {_shown(deed.replace('_', ' '), 60)} ({_shown(verb, 80)})", f"所做之事：{_shown(DEEDS.get(deed, deed), 60)}{_shown(chinese, 60)}（{_shown(verb, 80)}）"))
    if content.get("refused") is True:
        said.append(("The action was REFUSED; nothing was changed.", "该动作被拒绝，未作任何更改。"))
    for name, value in content.items():
        if name in ("kind", "verb", "refused", "currency", "changes", "withheld", "parameters", "result") or value is None or value == []:
            continue
        english, chinese = NAMES.get(name, (name.removesuffix("_minor").replace("_", " "), {"amount_minor": "金额"}.get(name, name)))
        shown = _worded(name, value, currency)
        said.append((f"{_shown(english, 60)}: {shown}", f"{_shown(chinese, 60)}：{shown}"))
    for name, title in (("parameters", ("with", "参数")), ("result", ("outcome", "结果"))):
        inner = content.get(name)
        if isinstance(inner, dict):
            money = inner.get("currency") if isinstance(inner.get("currency"), str) else currency
            said += [(f"{title[0]} {_shown(key, 60)}: {_worded(key, value, money)}", f"{title[1]} {_shown(key, 60)}：{_worded(key, value, money)}") for key, value in inner.items()]
    changes = content.get("changes") if isinstance(content.get("changes"), list) else []
    for change in [one for one in changes if isinstance(one, dict)]:
        table, operation, rows = (_shown(change.get(name), 60) for name in ("table", "operation", "rows"))
        said.append((f"change: {operation} of {rows} {'row' if rows == '1' else 'rows'} in {table}; digest before {_shown(change.get('before'), 64)}, after {_shown(change.get('after'), 64)}", f"更改：表 {table}，{operation}，{rows} 行；之前摘要 {_shown(change.get('before'), 64)}，之后 {_shown(change.get('after'), 64)}"))
    withheld = content.get("withheld")
    if isinstance(withheld, dict) and withheld:
        names = _shown(", ".join(withheld), 200)
        said.append((f"withheld, only a digest stands here: {names}", f"未公开、此处仅有摘要的字段：{names}"))
    return said


# ---- Asking and answering ------------------------------------------------------------------------------------------------------------------------------------


def _printed(report: Report, what: str, language: int) -> str:
    """The outcome as sentences; language 0 English, 1 Chinese."""
    titles = [("What this proves", "证明了什么"), ("What this does NOT prove", "没有证明什么"), ("To be known besides", "另须知悉"), ("What the entry says", "该条目的内容"), ("Found false", "发现不实之处")]
    title = [pair[language] for pair in titles]
    colon = ": " if language == 0 else "："
    names = {"entries": ("entry", "entries", "条记录"), "files": ("tile or entry file", "tile and entry files", "个哈希及条目文件"), "checkpoints": ("checkpoint line", "checkpoint lines", "行检查点"), "rows": ("row", "rows", "行"),
             "roots": ("root computed again", "roots computed again", "个根经重新计算"), "cosignatures": ("cosignature", "cosignatures", "个见证签名"), "stamps": ("stamp", "stamps", "个时间戳"), "anchors": ("anchor", "anchors", "个锚定"),
             "fields": ("withheld text", "withheld texts", "段未公开文字"), "seen": ("checkpoint you kept", "checkpoints you kept", "个您保存的检查点"), "ml_dsa_not_checked": ("ML-DSA line not checked", "ML-DSA lines not checked", "行 ML-DSA 未核对")}
    verdict = (f"TRUE: {what} holds.", f"属实：{what} 核对无误。") if not report.false_count else (f"FALSE: {_many(report.false_count, f'thing in {what} is not as it must be', f'things in {what} are not as they must be')}.", f"不实：{what} 中有 {report.false_count} 处不符。")
    out = [verdict[language], ("Checked: " if language == 0 else "已核对：") + (", " if language == 0 else "，").join(f"{number} {names[name][2]}" if language else _many(number, *names[name][:2]) for name, number in report.checked.items())]
    if report.findings:
        out += ["", (title[4] + colon).rstrip()]
        for found in report.findings:
            place = "".join([f", entry {found.entry}" if language == 0 else f"，第 {found.entry} 条"] if found.entry is not None else []) + ("" if found.offset is None else f", byte {found.offset}" if language == 0 else f"，第 {found.offset} 字节")
            still = (found.still_en, found.still_zh)[language]
            out.append(f"- {_shown(found.file)}{place}{colon}{(found.en, found.zh)[language]}" + ((". Still provable: " if language == 0 else "。仍可证明：") + still if still else ""))
        if report.false_count > len(report.findings):
            out.append(f"- … {report.false_count - len(report.findings)}")
    if report.opened:
        claimed = (" (claimed, not shown to be true: see above)", "（仅为其所称，未能证实，见上）")[language] if report.false_count else ""
        out += ["", (title[3] + claimed + colon).rstrip(), *[f"  {pair[language]}" for pair in report.opened], *[f"  {name} = {_shown(json.dumps(value, ensure_ascii=False, sort_keys=True), 100000)}" for name, value in report.content.items()]]
    for heading, pairs in ((title[0], [pair[language] for pair in report.proves]), (title[1], [pair[language] for pair in report.not_proven]),
                           (title[2], [(f"{_shown(item[0])}{colon}" if item[0] else "") + item[1 + language] for item in report.told])):
        if pairs:
            out += ["", (heading + colon).rstrip(), *[f"- {text}" for text in pairs]]
    return "\n".join(out) + "\n"


def _as_json(report: Report) -> str:
    pairs = {name: [{"en": en, "zh": zh} for en, zh in getattr(report, name)] for name in ("proves", "not_proven", "opened")}
    told = [{"file": file, "en": en, "zh": zh} for file, en, zh in report.told]
    return json.dumps({"true": not report.false_count, "false_count": report.false_count, "findings": [asdict(found) for found in report.findings], "told": told, "checked": report.checked, "content": report.content, **pairs}, ensure_ascii=True, indent=1) + "\n"


def _asked(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks a record from its files and a public key alone. 仅凭文件与公钥核对记录。")
    kinds = parser.add_subparsers(dest="what", required=True)
    for name, place, about in (("log", "folder", "a whole log folder 整个日志文件夹"), ("bundle", "file", "one opened entry 一个打开的条目")):
        one = kinds.add_parser(name, help=about, description=about)
        one.add_argument(place)
        one.add_argument("--key", required=True, metavar="VKEY_OR_FILE", help="the log's public key, from a source you trust 日志公钥，须来自可信途径")
        one.add_argument("--witness", action="append", default=[], metavar="VKEY_OR_FILE", help="a witness you trust 您信任的见证方公钥")
        one.add_argument("--tsa", action="append", default=[], metavar="CERT", help="a certificate of a stamping authority you trust 您信任的时间戳机构证书")
        one.add_argument("--lang", choices=("zh", "en"), default=None, help="else as LC_ALL or LANG says 语言，默认随系统")
        one.add_argument("--json", action="store_true", help="for machines 供程序读取")
    kinds.choices["log"].add_argument("--seen", action="append", default=[], metavar="NOTE", help="a checkpoint you kept earlier 您先前保存的检查点")
    kinds.choices["bundle"].add_argument("--field", action="append", default=[], metavar="NAME=FILE", help="the text of a withheld field 未公开字段的文字")
    return parser.parse_args(argv)


def _judged(asked: argparse.Namespace) -> Report:
    if ed25519 is None or not hasattr(x509.Certificate, "not_valid_before_utc"):
        raise Unreadable(*INSTALL)
    key, *more = read_named_keys(asked.key)
    if more:
        raise Unreadable(f"--key takes one key, but {_shown(asked.key, 120)} holds {1 + len(more)}: write the one that you trust, itself or alone in a file", f"--key 只接受一把公钥，而 {_shown(asked.key, 120)} 中有 {1 + len(more)} 把：请直接写出您信任的那一把，或单独存成文件")
    witnesses = list(dict.fromkeys(key for text in asked.witness for key in read_named_keys(text)))
    if key.kind != LOG_KEY or any(witness.kind == LOG_KEY for witness in witnesses):
        raise Unreadable("--key takes a log's key, --witness a witness's: one of them is of the other kind", "--key 须为日志公钥，--witness 须为见证方公钥：其中有种类不符的")
    given = Asked(key, witnesses, read_trusted(asked.tsa))
    if asked.what == "log":
        return check_log(asked.folder, given, asked.seen)
    if not all("=" in text for text in asked.field):
        raise Unreadable("--field takes NAME=FILE", "--field 的写法是 名称=文件")
    return check_bundle(asked.file, given, [tuple(text.split("=", 1)) for text in asked.field])  # type: ignore[misc]


def main(argv: list[str] | None = None) -> int:
    """Exit status of the check that the arguments ask for: 0 true, 1 something false, 2 nothing could be judged."""
    try:
        asked = _asked(sys.argv[1:] if argv is None else argv)
    except SystemExit as leaving:
        return 0 if leaving.code in (0, None) else 2
    spoken = asked.lang or ("zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).lower().startswith("zh") else "en")
    language = 0 if spoken == "en" else 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = _judged(asked)
        out, code = _as_json(report) if asked.json else _printed(report, _shown(asked.folder if asked.what == "log" else asked.file), language), int(report.false_count > 0)
    except Unreadable as problem:
        out, code = (json.dumps({"true": None, "error": {"en": problem.en, "zh": problem.zh}}) if asked.json else (problem.en, problem.zh)[language]) + "\n", 2
    stream = sys.stdout if code < 2 or asked.json else sys.stderr
    try:
        stream.write(out.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8"))
        stream.flush()
    except BrokenPipeError:  # the reader has seen enough; the judgement stands
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
