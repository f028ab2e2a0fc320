#!/usr/bin/env python3
"""A witness of a record, one file to copy and run: it cosigns a checkpoint of a log only where that continues what it saw before, and keeps the evidence where it does not.

Needs Python 3.11 and `cryptography` alone; own key, own state, nothing of the log's own code. Whoever trusts this witness need not trust the log's operator: two histories of one log never both bear its name.
Source: C2SP tlog-witness (add-checkpoint), tlog-cosignature (Ed25519 and ML-DSA-44), tlog-checkpoint, signed-note, tlog-tiles; RFC 6962 and RFC 9162 2.1.4.2 (consistency).
"""

import argparse
import base64
import binascii
import fcntl
import hashlib
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from bisect import bisect_left
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

LOG_ED25519, COSIGNATURE_ED25519, COSIGNATURE_MLDSA = 1, 4, 6
MOST_BYTES, MOST_BODY, MOST_SIGNATURES, MOST_PROOF = 256 << 10, 16 << 10, 100, 63
MOST_CONNECTIONS, MOST_SECONDS, MOST_REPORTS = 64, 30.0, 1000
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_ROTATION = "arrears record key"


class Wrong(Exception):
    """Refused; nothing was signed. status: that of HTTP; en, zh: what, why and what to do; kind and words: the answer's body where the protocol prescribes one."""

    def __init__(self, status: int, en: str, zh: str, size: int | None = None):
        super().__init__(en)
        self.status, self.en, self.zh = status, en, zh
        self.kind, self.words = ("text/plain; charset=utf-8", f"{en}\n{zh}\n") if size is None else ("text/x.tlog.size", f"{size}\n")


@dataclass(frozen=True)
class VerifierKey:
    """A public key as signed notes name it: text is the vkey, identity its four bytes, kind its type byte."""

    name: str
    identity: bytes
    kind: int
    public: bytes
    text: str


@dataclass(frozen=True)
class Note:
    """A signed note: body with its last newline; signatures: (name, identity, signature, line without newline) each."""

    body: str
    signatures: tuple[tuple[str, bytes, bytes, str], ...]


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its first `size` entries have this root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    note: Note


@dataclass(frozen=True)
class Seen:
    """The newest checkpoint that was cosigned, or was about to be: time in seconds, note as text with the log's signature."""

    time: int
    size: int
    root: bytes
    note: str


def clock() -> int:
    """This second, POSIX; the one place that asks the clock."""
    return int(time.time())


def moment(seconds: int) -> str:
    """UTC as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def unbase64(text: str) -> bytes:
    """The bytes of canonical base64; raises ValueError where another text says the same."""
    content = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("not canonical")
    return content


def key_of(text: str) -> VerifierKey:
    """The key of a vkey `name+id+base64`; raises Wrong."""
    try:
        name, identity, rest = text.strip().split("+", 2)
        content = unbase64(rest)
        key = VerifierKey(name, bytes.fromhex(identity), content[0], content[1:], text.strip())
        if not re.fullmatch(r"[0-9a-f]{8}", identity) or not _is_name(name) or key.identity != _identity(name, key.kind, key.public):
            raise ValueError("its id is not that of its key")
        if len(key.public) != {LOG_ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_MLDSA: 1312}.get(key.kind):
            raise ValueError("kind or length of the key is not known")
        return key
    except (ValueError, IndexError) as problem:
        raise Wrong(400, f"{text.strip()[:80]!r} is no verifier key (name+8 hex digits+base64): {problem}; copy it whole", f"“{text.strip()[:80]}”不是验证公钥（名称+8 位十六进制+base64）；请完整复制") from None


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def _identity(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def note_of(text: str) -> Note:
    """The signed note of a text; raises Wrong 400 with the reason."""
    body, gap, rest = text.rpartition("\n\n")
    if not gap or not body or not rest.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise Wrong(400, "this is no signed note: text, an empty line, signature lines, each ended by a newline, no control characters", "不是签名文书：应为正文、空行、签名行，每行以换行结尾，且无控制字符")
    lines, signatures = rest[:-1].split("\n"), []
    if len(lines) > MOST_SIGNATURES or len(body.encode()) > MOST_BODY:
        raise Wrong(400, f"more than {MOST_SIGNATURES} signatures or {MOST_BODY} bytes of text; no checkpoint needs that", "签名或正文过多，检查点不需要这么多")
    for line in lines:
        mark, _, rest = line.partition(" ")
        name, _, signature = rest.partition(" ")
        try:
            content = unbase64(signature)
        except (ValueError, binascii.Error):
            content = b""
        if mark != "—" or not _is_name(name) or len(content) < 5:
            raise Wrong(400, f"not a signature line: {line[:60]!r}", f"不是签名行：{line[:60]}")
        signatures.append((name, content[:4], content[4:], line))
    return Note(body + "\n", tuple(signatures))


def checkpoint_of(text: str) -> Checkpoint:
    """The checkpoint of a signed note; raises Wrong 400 with the reason."""
    note = note_of(text)
    lines = note.body[:-1].split("\n")
    try:
        root = unbase64(lines[2])
    except (ValueError, IndexError, binascii.Error):
        root = b""
    if len(lines) < 3 or not all(lines) or len(lines[0].encode()) > 255 or not _SIZE.fullmatch(lines[1]) or len(root) != 32:
        raise Wrong(400, "the text is no checkpoint: origin, size without leading zeros, base64 of 32 bytes", "正文不是检查点：应为来源、无前导零的大小、32 字节的 base64")
    return Checkpoint(lines[0], int(lines[1]), root, note)


def message_of(kind: int, name: str, seconds: int, checkpoint: Checkpoint) -> bytes:
    """The bytes a cosignature of this kind signs (tlog-cosignature)."""
    if kind == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {seconds}\n{checkpoint.note.body}".encode()
    who, log = name.encode(), checkpoint.origin.encode()
    return b"subtree/v1\n\0" + bytes([len(who)]) + who + struct.pack(">Q", seconds) + bytes([len(log)]) + log + struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root


def is_signed(note: Note, key: VerifierKey) -> bool:
    """Whether the key signed the note; raises Wrong 403 where a line of this very key is false."""
    found = False
    for name, identity, signature, _ in note.signatures:
        if (name, identity) != (key.name, key.identity):
            continue
        try:
            if key.kind == LOG_ED25519:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, note.body.encode())
            else:
                scheme = Ed25519PublicKey if key.kind == COSIGNATURE_ED25519 else MLDSA44PublicKey
                checkpoint = checkpoint_of(text_of(note))
                scheme.from_public_bytes(key.public).verify(signature[8:], message_of(key.kind, name, int.from_bytes(signature[:8], "big"), checkpoint))
        except (InvalidSignature, ValueError):
            raise Wrong(403, f"the signature of {name} is false; nothing was signed", f"{name} 的签名不成立；未签署") from None
        found = True
    return found


def text_of(note: Note) -> str:
    """The note as text again."""
    return note.body + "\n" + "".join(line + "\n" for *_, line in note.signatures)


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (RFC 6962)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots_of(old: int, new: int, proof: list[bytes], old_root: bytes) -> tuple[bytes, bytes] | None:
    """The roots at both sizes (0 < old < new) to which a consistency proof leads; None where its length is wrong. Source: RFC 9162 2.1.4.2."""
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    first, second = old - 1, new - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    if not path:
        return None
    low = high = path[0]
    for one in path[1:]:
        if second == 0:
            return None
        if first & 1 or first == second:
            low, high = node(one, low), node(one, high)
            while not first & 1 and first:
                first, second = first >> 1, second >> 1
        else:
            high = node(high, one)
        first, second = first >> 1, second >> 1
    return (low, high) if second == 0 else None


class LogFiles:
    """The tiles of a log's folder, whose hashes are believed only as far as a proof made of them leads to signed roots. Raises Wrong where a file is missing or cut."""

    def __init__(self, folder: Path, size: int):
        self.folder, self.size, self.kept = folder, size, {}

    def proof(self, old: int) -> list[bytes]:
        """The consistency proof from the old size to the log's. Source: RFC 6962 2.1.2."""
        return self._part(old, 0, self.size, True) if 0 < old < self.size else []

    def _part(self, old: int, start: int, stop: int, whole: bool) -> list[bytes]:
        if old == stop - start:
            return [] if whole else [self._root(start, stop)]
        half = 1 << (stop - start - 1).bit_length() - 1
        if old <= half:
            return [*self._part(old, start, start + half, whole), self._root(start + half, stop)]
        return [*self._part(old - half, start + half, stop, False), self._root(start, start + half)]

    def _root(self, start: int, stop: int) -> bytes:
        """The hash over the entries start to stop, a subtree of the log's tree."""
        width = stop - start
        if width & (width - 1):
            half = 1 << (width - 1).bit_length() - 1
            return node(self._root(start, start + half), self._root(start + half, stop))
        level, height = divmod(width.bit_length() - 1, 8)
        index = start >> 8 * level
        hashes = self._tile(level, index // 256)[index % 256 :][: 1 << height]
        if len(hashes) != 1 << height:
            raise Wrong(400, f"{self.folder}: tile {level}/{index // 256} ends too early; copy the log's folder anew", f"{self.folder}：瓦片 {level}/{index // 256} 不完整；请重新复制日志文件夹")
        while len(hashes) > 1:
            hashes = [node(a, b) for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self.kept:
            digits = f"{number:0{-(-len(str(number)) // 3) * 3}d}"
            parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
            whole = self.folder / "tile" / str(level) / "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
            width = min(256, (self.size >> 8 * level) - 256 * number)
            found = next((path for path in (whole.with_name(f"{whole.name}.p") / str(width), whole) if path.is_file()), whole)
            try:
                content = found.read_bytes()
            except OSError as problem:
                raise Wrong(400, f"{found}: cannot be read ({problem.strerror}); copy the log's folder anew", f"{found}：无法读取（{problem.strerror}）；请重新复制日志文件夹") from None
            self.kept[level, number] = [content[i : i + 32] for i in range(0, min(len(content) // 32, width) * 32, 32)]
        return self.kept[level, number]


def write_durably(path: Path, content: str) -> None:
    """The file holds the content and the disk has it, or the old file stands."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The disk has the names in the folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Ledger:
    """What is known of one log, in a folder of its own: trust.json (its keys), history (a line for each size cosigned), seen.json (the newest). Change it only while it is held."""

    def __init__(self, state: Path, origin: str):
        self.origin, self.folder = origin, state / "logs" / hashlib.sha256(origin.encode()).hexdigest()

    @contextmanager
    def held(self):
        """Nobody else changes this log's state while the block runs, no thread and no other process."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def keys(self) -> list[dict]:
        """The log's keys, each with the sizes it may sign: from, until (None: no end). Empty where the log is not trusted."""
        try:
            return json.loads((self.folder / "trust.json").read_text(encoding="utf-8"))["keys"]
        except FileNotFoundError:
            return []

    def write_keys(self, keys: list[dict]) -> None:
        """The keys are these from now on."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(self.folder / "trust.json", json.dumps({"origin": self.origin, "keys": keys}, ensure_ascii=False, indent=1) + "\n")
        sync_folder(self.folder.parent)

    def signers(self, checkpoint: Checkpoint) -> list[str]:
        """The lines of the log's keys on the checkpoint, which may sign its size; raises Wrong 403 where there is none or one is false."""
        lines = []
        for said in self.keys():
            key = key_of(said["vkey"])
            if is_signed(checkpoint.note, key) and said["from"] <= checkpoint.size and (said["until"] is None or checkpoint.size <= said["until"]):
                lines += [line for name, identity, _, line in checkpoint.note.signatures if (name, identity) == (key.name, key.identity)]
        if not lines:
            raise Wrong(403, f"no key that is trusted for {self.origin!r} at size {checkpoint.size} signed this; where the key was changed, run: witness.py trust --rotation FILE",
                        f"没有受信任的密钥为“{self.origin}”签署此大小（{checkpoint.size}）；如已换钥，请运行 witness.py trust --rotation 文件")
        return lines

    def seen(self) -> Seen | None:
        """The newest checkpoint that may have been cosigned; None where none was. Raises Wrong 503 where the state was damaged."""
        try:
            newest = _seen((self.folder / "seen.json").read_text(encoding="utf-8")) if (self.folder / "seen.json").exists() else None
            last = self._last()
            if newest is None or (last is not None and last.size > newest.size):
                return last  # killed between both files: told to nobody yet, and still it counts
            if last is None or (last.size, last.root) != (newest.size, newest.root):
                raise ValueError("history and seen.json differ")
            return newest
        except (ValueError, KeyError, TypeError, IndexError) as problem:
            raise Wrong(503, f"the state of this witness for {self.origin!r} is damaged ({problem}); nothing is signed until it is mended: see the guide, or begin a new witness",
                        f"见证方关于“{self.origin}”的状态已损坏，修复前不再签署；见指南，或另建见证方") from None

    def _last(self) -> Seen | None:
        path = self.folder / "history"
        whole = _tail(path).rpartition(b"\n")[0] if path.exists() else b""  # what follows the last newline was never finished
        return _seen(whole.rpartition(b"\n")[2].decode()) if whole else None

    def at(self, size: int) -> Seen | None:
        """The checkpoint of just this size, had it been cosigned; sizes only grow in the history, so halving finds it."""
        with (self.folder / "history").open("rb") as file:
            place = bisect_left(range(file.seek(0, os.SEEK_END)), size, key=lambda place: _size_from(file, place))
            line = _line_from(file, place)
        return _seen(line.decode()) if line.endswith(b"\n") and json.loads(line)[1] == size else None

    def write(self, seen: Seen, lines: str) -> None:
        """The disk has it: history first, then seen.json with the witness's own lines."""
        last, path = self._last(), self.folder / "history"
        if last is None or last.size < seen.size:
            unfinished = len(_tail(path).rpartition(b"\n")[2]) if path.exists() else 0
            with path.open("ab") as file:
                file.truncate(file.seek(0, os.SEEK_END) - unfinished)
                file.write(_line(seen).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        write_durably(self.folder / "seen.json", _line(Seen(seen.time, seen.size, seen.root, seen.note + lines)) + "\n")


def _tail(path: Path) -> bytes:
    """The end of the history, longer than any line of it."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - (MOST_BODY << 3)))
        return file.read()


def _line_from(file, place: int) -> bytes:
    """The first line that begins at the place or behind it."""
    file.seek(max(0, place - 1))
    if place:
        file.readline()
    return file.readline()


def _size_from(file, place: int) -> int:
    line = _line_from(file, place)
    return json.loads(line)[1] if line.endswith(b"\n") else 1 << 63


def _seen(line: str) -> Seen:
    seconds, size, root, note = json.loads(line)
    return Seen(int(seconds), int(size), unbase64(root), note)


def _line(seen: Seen) -> str:
    return json.dumps([seen.time, seen.size, base64.b64encode(seen.root).decode(), seen.note], ensure_ascii=False)


class Witness:
    """One witness: its name, its two keys and all it saw, in one folder. Any number of threads and processes may use the folder at once."""

    def __init__(self, state: Path):
        self.state = state
        try:
            if (state / "key").stat().st_mode & 0o077:
                raise Wrong(503, f"{state / 'key'}: others than its owner may read the signing key; run: chmod 600 {state / 'key'}", f"{state / 'key'}：其他用户可读取签名密钥；请执行 chmod 600 {state / 'key'}")
            kept = json.loads((state / "key").read_text(encoding="utf-8"))
            self.name: str = kept["name"]
            self._ed25519 = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept["ed25519"]))
            self._mldsa = MLDSA44PrivateKey.from_seed_bytes(bytes.fromhex(kept["ml-dsa-44"]))
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise Wrong(503, f"{state / 'key'}: cannot be read ({problem}); name the witness's folder with --state, or make one: witness.py init --name NAME --state DIR",
                        f"{state / 'key'}：无法读取；请用 --state 指明文件夹，或运行 witness.py init --name 名称 --state 文件夹") from None
        self.keys = tuple(_verifier_key(self.name, kind, one.public_key().public_bytes_raw()) for kind, one in ((COSIGNATURE_ED25519, self._ed25519), (COSIGNATURE_MLDSA, self._mldsa)))

    def sign(self, checkpoint: Checkpoint, seconds: int) -> str:
        """Both cosignature lines."""
        lines = ""
        for key, private in zip(self.keys, (self._ed25519, self._mldsa), strict=True):
            signature = private.sign(message_of(key.kind, self.name, seconds, checkpoint))
            lines += f"— {self.name} {base64.b64encode(key.identity + struct.pack('>Q', seconds) + signature).decode()}\n"
        return lines

    def offer(self, checkpoint: Checkpoint, old: int, proof: list[bytes], now: int) -> str:
        """The cosignature lines for a checkpoint that continues what was seen; on disk before they are returned. Raises Wrong with the status the protocol prescribes; evidence is kept."""
        ledger = Ledger(self.state, checkpoint.origin)
        if not ledger.keys():
            raise Wrong(404, f"the log {checkpoint.origin!r} is not known here; its key must be trusted first: witness.py trust --log VKEY", f"此处不认识日志“{checkpoint.origin}”；须先运行 witness.py trust --log 公钥")
        lines = ledger.signers(checkpoint)
        if old > checkpoint.size:
            raise Wrong(400, f"old size {old} is larger than the checkpoint's {checkpoint.size}", f"旧大小 {old} 大于检查点的大小 {checkpoint.size}")
        note = checkpoint.note.body + "\n" + "".join(line + "\n" for line in lines)
        with ledger.held():
            seen = ledger.seen()
            self._demand_clock(seen, now)
            self._demand_newest_state(checkpoint, seen)
            before = ledger.at(checkpoint.size) if seen is not None and checkpoint.size <= seen.size else None
            if before is not None and before.root != checkpoint.root:
                self._report(checkpoint, note, before, [], "two roots for one size", "同一大小有两个根", now)
            size = 0 if seen is None else seen.size
            if checkpoint.size < size:
                print(f"WITNESS {self.name}: an older checkpoint of {checkpoint.origin} was shown, {checkpoint.size} after {size}: a stale copy, or an older backup of the log was put back. 出示了较旧的检查点：陈旧副本，或日志恢复了较旧的备份", file=sys.stderr, flush=True)
            if old != size or (before is not None and before.root != checkpoint.root):
                raise Wrong(409, f"this witness has seen {size} entries of {checkpoint.origin!r}, other ones or more than this log shows", f"见证方已见“{checkpoint.origin}”的 {size} 条，与此日志不同或更多", size)
            self._demand_consistency(checkpoint, note, seen, proof, now)
            cosigned = self.sign(checkpoint, now)
            ledger.write(Seen(now, checkpoint.size, checkpoint.root, note), cosigned)
            self._settle(checkpoint)
        return cosigned

    def _demand_clock(self, seen: Seen | None, now: int) -> None:
        if seen is not None and now < seen.time:
            raise Wrong(503, f"the clock says {moment(now)}, but the last cosignature is of {moment(seen.time)}; nothing is signed until the clock of this machine is right", "本机时钟早于上次签署的时刻；校正时钟前不再签署")

    def _demand_newest_state(self, checkpoint: Checkpoint, seen: Seen | None) -> None:
        mine = any(is_signed(checkpoint.note, key) for key in self.keys)
        if mine and (seen is None or checkpoint.size > seen.size):
            raise Wrong(503, f"this checkpoint of size {checkpoint.size} bears my own signature, but my state knows of {0 if seen is None else seen.size} entries: an old backup of the state was put back. "
                        "Nothing is signed: put the newest state back, or begin a new witness under another name", "该检查点已有本见证方的签名，而本机状态更旧：状态是从旧备份恢复的。不再签署；请恢复最新状态，或以新名称另建见证方")

    def _demand_consistency(self, checkpoint: Checkpoint, note: str, seen: Seen | None, proof: list[bytes], now: int) -> None:
        size = 0 if seen is None else seen.size
        if checkpoint.size == 0 and checkpoint.root != hashlib.sha256().digest():
            raise Wrong(422, "an empty log has the hash of nothing as its root, and this one has not", "空日志的根应为空串的哈希")
        if size in (0, checkpoint.size):
            if proof:
                raise Wrong(422, "the proof must be empty where the old size is zero or that of the checkpoint", "旧大小为零或等于检查点大小时，证明应为空")
            return
        roots = roots_of(size, checkpoint.size, proof, seen.root)
        if roots == (seen.root, checkpoint.root):
            return
        if roots is not None and roots[1] == checkpoint.root:
            self._report(checkpoint, note, seen, proof, "rewritten", "历史被改写", now)
        else:
            self._report(checkpoint, note, seen, proof, "not shown to continue", "未能证明延续", now)
        raise Wrong(422, f"it is not shown that {checkpoint.origin!r} at size {checkpoint.size} continues what this witness saw at size {size}; nothing was signed, and both checkpoints are kept",
                    f"未能证明“{checkpoint.origin}”在 {checkpoint.size} 时延续了见证方在 {size} 时所见；未签署，两份检查点均已留存")

    def _report(self, checkpoint: Checkpoint, note: str, seen: Seen, proof: list[bytes], en: str, zh: str, now: int) -> None:
        """Both signed notes, and the proof, are kept in evidence/ (each once) and it is said aloud."""
        folder, digest = self.state / "evidence", hashlib.sha256(checkpoint.note.body.encode()).hexdigest()[:16]
        folder.mkdir(exist_ok=True, mode=0o700)
        name = f"{moment(now).replace(':', '')}-{re.sub(r'[^A-Za-z0-9.-]', '_', checkpoint.origin)[:80]}-{digest}.txt"
        there, most = list(folder.glob("*.txt")), MOST_REPORTS * (1 if en == "not shown to continue" else 2)  # nonsense leaves room for proofs
        if len(there) < most and not any(path.name.endswith(f"-{digest}.txt") and _kind_in(path) == en for path in there):
            parts = [f"arrears witness evidence/1\n{en}\n{zh}\nlog: {checkpoint.origin}\nkept by: {self.name}, {moment(now)}\n"]
            for title, text in ((f"seen at {moment(seen.time)}", seen.note), (f"offered at {moment(now)}", note), ("consistency proof", "".join(base64.b64encode(one).decode() + "\n" for one in proof))):
                parts.append(f"--- {title}, {text.count(chr(10))} lines:\n{text}")
            write_durably(folder / name, "".join(parts))
        print(f"WITNESS {self.name}: {en}: {checkpoint.origin} at {checkpoint.size}, seen at {seen.size}; refused. {zh}，已拒签。evidence/*-{digest}.txt", file=sys.stderr, flush=True)

    def _settle(self, checkpoint: Checkpoint) -> None:
        """A checkpoint that was not shown to continue and now is shown is no longer reported."""
        digest = hashlib.sha256(checkpoint.note.body.encode()).hexdigest()[:16]
        for path in (self.state / "evidence").glob(f"*-{digest}.txt"):
            if _kind_in(path) == "not shown to continue":
                os.replace(path, path.with_suffix(".settled"))

    def logs(self) -> list[Ledger]:
        """Every log that is trusted."""
        return [Ledger(self.state, json.loads(path.read_text(encoding="utf-8"))["origin"]) for path in sorted(self.state.glob("logs/*/trust.json"))]

    def health(self, now: int) -> str:
        """`ok` where the next checkpoint could be cosigned; raises Wrong 503."""
        for ledger in self.logs():
            self._demand_clock(ledger.seen(), now)
        return "ok\n"

    def reports(self) -> list[tuple[str, Path]]:
        """What stands in evidence/: kind and file, oldest first."""
        return [(_kind_in(path), path) for path in sorted((self.state / "evidence").glob("*.txt"))]

    def sentences(self) -> list[tuple[str, str]]:
        """What this witness saw and what it holds against a log, English and Chinese."""
        said = [(f"Witness {self.name}.", f"见证方 {self.name}。")]
        for ledger in self.logs():
            seen = ledger.seen()
            if seen is None:
                said.append((f"Of the log {ledger.origin} nothing was seen yet.", f"日志 {ledger.origin}：尚未见到任何检查点。"))
            else:
                said.append((f"Of the log {ledger.origin} it has seen {seen.size:,} entries, each checkpoint continuing the one before; last cosigned {moment(seen.time)} (UTC).",
                             f"日志 {ledger.origin}：已见 {seen.size:,} 条，每个检查点都延续前一个；最近签署于 {moment(seen.time)}（UTC）。"))
        reports = self.reports()
        if not reports:
            said.append(("Nothing is held against any log.", "未发现任何日志有异常。"))
        for kind, path in reports:
            sure = kind != "not shown to continue"
            said.append((f"{'EVIDENCE' if sure else 'NOT SHOWN'}: a log {'signed two histories' if sure else 'did not show that a checkpoint continues what was seen'} ({kind}): {path.name}",
                         f"{'证据：日志签署了两种历史' if sure else '未证明：日志未能证明某检查点延续了所见'}：{path.name}"))
        return said


def _verifier_key(name: str, kind: int, public: bytes) -> VerifierKey:
    identity = _identity(name, kind, public)
    return VerifierKey(name, identity, kind, public, f"{name}+{identity.hex()}+{base64.b64encode(bytes([kind]) + public).decode()}")


def _kind_in(path: Path) -> str:
    return (path.read_text(encoding="utf-8").split("\n", 2) + [""])[1]


def request_of(content: bytes) -> tuple[Checkpoint, int, list[bytes]]:
    """Checkpoint, old size and proof of the body of add-checkpoint; raises Wrong 400."""
    try:
        head, gap, note = content.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as problem:
        raise Wrong(400, f"not UTF-8 from byte {problem.start} on", f"自第 {problem.start} 字节起不是 UTF-8") from None
    first, *rest = head.split("\n")
    try:
        if not gap or not first.startswith("old ") or not _SIZE.fullmatch(first[4:]) or len(rest) > MOST_PROOF:
            raise ValueError(first)
        proof = [unbase64(line) for line in rest]
        if any(len(one) != 32 for one in proof):
            raise ValueError(rest)
    except ValueError:
        raise Wrong(400, f"expected: `old SIZE` without leading zeros, at most {MOST_PROOF} lines of base64 of 32 bytes, an empty line, a checkpoint", f"应为：old 大小（无前导零）、至多 {MOST_PROOF} 行 32 字节的 base64、空行、检查点") from None
    return checkpoint_of(note), int(first[4:]), proof


class _Request(BaseHTTPRequestHandler):
    """One connection; requests follow each other on it."""

    protocol_version, server_version, sys_version = "HTTP/1.1", "arrears-witness", ""
    error_message_format, error_content_type = "%(code)d %(message)s\n", "text/plain; charset=utf-8"
    timeout, disable_nagle_algorithm, wbufsize = MOST_SECONDS, True, 1 << 16

    def do_POST(self) -> None:
        """add-checkpoint: the lines, or the reason."""
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length) or "Transfer-Encoding" in self.headers or int(length) > MOST_BYTES:
            self.close_connection = True
            return self._answer(413 if length.isascii() and length.isdigit() else 411, f"a Content-Length of at most {MOST_BYTES} is needed\n")
        self.wfile.flush()  # "100 Continue", where the client waits for it
        content = self.rfile.read(int(length))
        if len(content) < int(length):
            self.close_connection = True
            return self._answer(400, "the request ended too early\n")
        if self.path.partition("?")[0].rstrip("/").rpartition("/")[2] != "add-checkpoint":
            return self._answer(404, "POST .../add-checkpoint is all that is taken here\n")
        return self._tell(lambda: self._cosigned(*request_of(content), clock()))

    def _cosigned(self, checkpoint: Checkpoint, old: int, proof: list[bytes], now: int) -> str:
        lines = self.server.witness.offer(checkpoint, old, proof, now)
        with suppress(OSError):  # nobody reads the error output; the signature stands
            print(f"cosigned 已联署: {checkpoint.origin}, {checkpoint.size} entries 条, {moment(now)}", file=sys.stderr, flush=True)
        return lines

    def do_GET(self) -> None:
        """health, seen/<SHA-256 of the origin>, or in sentences what was seen."""
        name = self.path.partition("?")[0]
        if name == "/health":
            return self._tell(lambda: self.server.witness.health(clock()))
        if re.fullmatch(r"/seen/[0-9a-f]{64}", name):
            newest = self.server.witness.state / "logs" / name[6:] / "seen.json"
            return self._tell(lambda: _seen(newest.read_text(encoding="utf-8")).note) if newest.is_file() else self._answer(404, "nothing seen of such a log\n")
        if name == "/":
            return self._tell(lambda: "".join(f"{en}\n{zh}\n" for en, zh in self.server.witness.sentences()) + "".join(key.text + "\n" for key in self.server.witness.keys))
        return self._answer(404, "there is /, /health, /seen/<SHA-256 of a log's origin> and POST /add-checkpoint\n")

    def _tell(self, ask) -> None:
        try:
            status, words, kind = 200, ask(), "text/plain; charset=utf-8"
        except Wrong as wrong:
            status, words, kind = wrong.status, wrong.words, wrong.kind
        except (OSError, ValueError, LookupError, TypeError) as problem:
            print(f"WITNESS: {type(problem).__name__}: {problem}; nothing was signed. 未签署。", file=sys.stderr, flush=True)
            status, words, kind = 503, "the state of this witness cannot be read or written; nothing was signed\n状态无法读写，未签署\n", "text/plain; charset=utf-8"
        self._answer(status, words, kind)

    def _answer(self, status: int, words: str, kind: str = "text/plain; charset=utf-8") -> None:
        content = words.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        self.server.began(self.connection)

    def log_message(self, format: str, *arguments) -> None:
        """Nothing: what matters is said by the report."""


class Server(ThreadingHTTPServer):
    """A thread for each of at most MOST_CONNECTIONS connections, each cut where one request takes longer than MOST_SECONDS."""

    daemon_threads, request_queue_size = True, 128

    def __init__(self, host: str, port: int, witness: Witness):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.witness, self._begun, self._guard = witness, {}, threading.Lock()
        super().__init__((host, port), _Request)

    def server_bind(self) -> None:
        """Bound without asking a name server who this machine is."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def began(self, connection: socket.socket) -> None:
        """From now on the connection's next request has its time."""
        with self._guard:
            self._begun[connection] = time.monotonic()

    def verify_request(self, request, client_address) -> bool:
        """Whether there is room for one more."""
        if len(self._begun) >= MOST_CONNECTIONS:
            return False
        self.began(request)
        return True

    def shutdown_request(self, request) -> None:
        """The connection is closed and forgotten."""
        with self._guard:
            self._begun.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Cuts whoever is slow."""
        with self._guard:
            slow = [connection for connection, begun in self._begun.items() if time.monotonic() - begun > MOST_SECONDS]
        for connection in slow:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        """A connection that broke off is nobody's fault; all else is told."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def init(state: Path, name: str) -> Witness:
    """A new witness: two keys under one name, in a folder of its own that held none before."""
    if not _is_name(name) or len(name.encode()) > 255:
        raise Wrong(400, f"{name!r} can be no name: at most 255 bytes, no space, no plus; best an address of yours without https://, such as bank.example/witness1", f"“{name}”不能作名称：至多 255 字节，无空格与加号；宜用贵方网址，如 bank.example/witness1")
    if (state / "key").exists():
        raise Wrong(400, f"{state} holds a witness already; a second one needs its own folder and its own name", f"{state} 已有见证方；另建须用另一文件夹与另一名称")
    (state / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
    state.chmod(0o700)
    write_durably(state / "key", json.dumps({"name": name, "ed25519": Ed25519PrivateKey.generate().private_bytes_raw().hex(), "ml-dsa-44": MLDSA44PrivateKey.generate().private_bytes_raw().hex()}) + "\n")
    return Witness(state)


def trust(state: Path, vkey: str) -> str:
    """The log of this key (its origin is the key's name) is cosigned from now on; a further key of the same log stands beside the first."""
    key = key_of(vkey)
    ledger = Ledger(state, key.name)
    ledger.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ledger.held():
        keys = ledger.keys()
        if all(one["vkey"] != key.text for one in keys):
            ledger.write_keys([*keys, {"vkey": key.text, "from": 0, "until": None}])
    return key.name


def rotate(state: Path, text: str) -> int:
    """The newest key of the chain (the log's `keys` file, or one signed rotation) is trusted, each vouched for by the trusted key before it; how many are new. Raises Wrong."""
    notes = [said for line in text.splitlines() if (said := str(json.loads(line))).startswith(_ROTATION)] if text.startswith('"') else [text]
    count, problem = 0, None
    for said in notes:
        try:
            count, problem = count + _rotate_once(state, note_of(said)), None
        except Wrong as wrong:
            problem = wrong  # of no weight where a later link holds
    if problem is not None:
        raise problem
    return count


def _rotate_once(state: Path, note: Note) -> bool:
    lines = note.body[:-1].split("\n")
    if len(lines) != 4 or lines[0] != _ROTATION or not _SIZE.fullmatch(lines[2]):
        raise Wrong(400, "not a rotation: expected four lines, `arrears record key`, origin, size, new key", "不是换钥文书：应为四行——arrears record key、来源、大小、新公钥")
    ledger, size, new = Ledger(state, lines[1]), int(lines[2]), key_of(lines[3])
    if not ledger.keys():
        raise Wrong(404, f"the log {lines[1]!r} is not known here; trust its key first", f"此处不认识日志“{lines[1]}”；请先信任其公钥")
    with ledger.held():
        keys, seen = ledger.keys(), ledger.seen()
        if any(one["vkey"] == new.text for one in keys):
            return False
        old = [one for one in keys if is_signed(note, key_of(one["vkey"]))]
        if not old or not is_signed(note, new):
            raise Wrong(403, f"the rotation of {lines[1]!r} at {size} is not signed by a trusted key and by the new one", f"“{lines[1]}”在 {size} 处的换钥未同时由受信任的旧钥与新钥签署")
        if any(one["until"] is not None for one in old) or (seen is not None and seen.size > size):
            raise Wrong(409, f"the key of {lines[1]!r} was replaced before by another, or signed more than {size} entries; ask the log's operator, and trust a key only when sure", f"“{lines[1]}”的旧钥此前已换为另一把，或已签署超过 {size} 条；请向日志运营方核实")
        ledger.write_keys([{**one, "until": size} if one in old else one for one in keys] + [{"vkey": new.text, "from": size, "until": None}])
    return True


def cosign(witness: Witness, folder: Path, now: int) -> str:
    """The newest checkpoint in the log's folder with the cosignature lines behind the log's own; the proof is made of its tiles. Raises Wrong as offer does."""
    try:
        checkpoint = checkpoint_of((folder / "checkpoint").read_text(encoding="utf-8"))
        with suppress(Wrong, FileNotFoundError):  # a key that is not vouched for stays unknown, and is refused below
            rotate(witness.state, (folder / "keys").read_text(encoding="utf-8"))
        ledger = Ledger(witness.state, checkpoint.origin)
        seen = ledger.seen()
        size = 0 if seen is None else seen.size
        if (folder / "checkpoints").exists():
            with (folder / "checkpoints").open(encoding="utf-8") as history:
                for one in (checkpoint_of(json.loads(line)) for line in history if f"— {witness.name} " in line):
                    if one.size > size and any(is_signed(one.note, key) for key in witness.keys):
                        checkpoint = one  # offered for what it shows: that the state is older than its own signature
    except (OSError, ValueError) as problem:
        raise Wrong(400, f"{folder}: not a log's folder, or cut: {problem}; copy it anew", f"{folder}：不是日志文件夹或不完整；请重新复制") from None
    proof = LogFiles(folder, checkpoint.size).proof(size)
    lines = witness.offer(checkpoint, min(size, checkpoint.size), proof, now)
    return checkpoint.note.body + "\n" + "".join(line + "\n" for line in ledger.signers(checkpoint)) + lines


def judged(text: str, vkeys: list[str]) -> bool:
    """Whether a file of evidence proves by itself that the log signed two histories: both notes signed by its keys, and two roots for one size, stated or computed by the proof."""
    parts, lines = [], text[text.find("\n--- ") + 1 :].split("\n")[:-1]
    while lines and (head := re.fullmatch(r"--- .*, ([0-9]+) lines:", lines[0])):
        count = 1 + int(head[1])
        parts.append("".join(line + "\n" for line in lines[1:count]))
        lines = lines[count:]
    if lines or len(parts) != 3:
        raise Wrong(400, "this is no whole file of evidence, as a witness writes it", "不是见证方写出的完整证据文件")
    one, two = (checkpoint_of(part) for part in parts[:2])
    keys = [key for key in map(key_of, vkeys) if key.name == one.origin == two.origin]
    try:
        if not all(any(is_signed(each.note, key) for key in keys) for each in (one, two)):
            return False
    except Wrong:
        return False
    if one.size == two.size:
        return one.root != two.root
    roots = roots_of(one.size, two.size, [unbase64(line) for line in parts[2].split()], one.root) if 0 < one.size < two.size else None
    return roots is not None and roots[1] == two.root and roots[0] != one.root


def serve(witness: Witness, listen: str) -> None:
    """Answers until it is stopped; a kill at any moment loses nothing that was told."""
    host, _, port = listen.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535 or not host:
        raise Wrong(400, f"{listen!r} is no address to listen at; write HOST:PORT, such as 127.0.0.1:8741", f"“{listen}”不是监听地址；请写 主机:端口，如 127.0.0.1:8741")
    server = Server(host.strip("[]"), int(port), witness)
    print(f"listening on {host}:{server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.5)


def _key_text(said: str) -> str:
    """A verifier key as it was written, or as the file holds it."""
    return said if said.count("+") >= 2 else Path(said).read_text(encoding="utf-8")


def _spoken(arguments: argparse.Namespace) -> int:
    """Does what was asked and says it; the exit status."""
    state, zh = Path(arguments.state), arguments.lang == "zh"
    if arguments.command == "evidence":
        proven = judged(Path(arguments.file).read_text(encoding="utf-8"), [_key_text(said) for said in arguments.log])
        print(("此文件本身证明：该日志签署了两种历史" if proven else "此文件本身不能证明日志签署了两种历史") if zh else f"this file {'proves' if proven else 'does not prove'} by itself that the log signed two histories")
        return 0 if proven else 1
    if arguments.command == "init":
        init(state, arguments.name)
    witness = Witness(state)
    if arguments.command in ("init", "show"):
        print("\n".join(key.text for key in witness.keys))
    elif arguments.command == "trust":
        if not arguments.log and not arguments.rotation:
            raise Wrong(400, "nothing was named; give --log VKEY or --rotation FILE", "未指明；请给出 --log 公钥 或 --rotation 文件")
        for said in arguments.log or []:
            print(trust(state, _key_text(said)))
        for said in arguments.rotation or []:
            count = rotate(state, Path(said).read_text(encoding="utf-8"))
            print(f"新信任 {count} 把密钥" if zh else f"{count} new keys are trusted")
    elif arguments.command == "serve":
        serve(witness, arguments.listen)
    elif arguments.command == "cosign":
        cosigned = cosign(witness, Path(arguments.folder), clock())
        if arguments.out:
            write_durably(Path(arguments.out), cosigned)
            origin, size = cosigned.split("\n")[:2]
            print(f"{arguments.out}：已联署 {origin} 的 {size} 条；请把此文件交回贷款机构" if zh else f"{arguments.out}: {size} entries of {origin} cosigned; give this file to the lender")
        else:
            print(cosigned, end="")
    elif arguments.command == "status":
        for en, words in witness.sentences():
            print(words if zh else en)
        return 1 if witness.reports() else 0
    return 0


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused to sign or something is reported, 2 asked wrongly."""
    parser = argparse.ArgumentParser(prog="witness.py", description="A witness of a record. 记录的见证方")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--state", default=os.environ.get("WITNESS_STATE", "witness"), help="folder of its key and of what it saw 状态文件夹")
    shared.add_argument("--lang", choices=("zh", "en"), default="zh" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).lower().startswith("zh") else "en")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init", parents=[shared], help="make its keys 生成密钥").add_argument("--name", required=True)
    trusted = commands.add_parser("trust", parents=[shared], help="trust a log's key 信任日志公钥")
    trusted.add_argument("--log", action="append", metavar="VKEY", help="verifier key, or a file with it 公钥或其文件")
    trusted.add_argument("--rotation", action="append", metavar="FILE", help="the log's `keys` file, or one signed rotation 换钥文件")
    commands.add_parser("serve", parents=[shared], help="answer over HTTP 提供服务").add_argument("--listen", default="127.0.0.1:8741", metavar="HOST:PORT")
    signing = commands.add_parser("cosign", parents=[shared], help="cosign from a log's files 依据文件签署")
    signing.add_argument("--log", dest="folder", required=True, metavar="FOLDER")
    signing.add_argument("--out", metavar="FILE")
    commands.add_parser("show", parents=[shared], help="its public keys 显示公钥")
    commands.add_parser("status", parents=[shared], help="what it saw, and what it reports 状态与报告")
    evidence = commands.add_parser("evidence", parents=[shared], help="whether a file of STATE/evidence proves by itself that a log signed two histories; needs no state 检验证据文件是否自证分叉",
                                   description="Exit status: 0 the file proves it, 1 it does not, 2 it is no such file. 退出状态：0 足以证明，1 不足，2 不是证据文件")
    evidence.add_argument("file", help="of the folder `evidence` in a witness's state 见证方状态文件夹 evidence 中的文件")
    evidence.add_argument("--log", action="append", required=True, metavar="VKEY", help="the log's key, or a file with it 日志公钥或其文件")
    arguments, status = parser.parse_args(argv), 1
    try:
        status = _spoken(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return status
    except Wrong as wrong:
        print("\n".join((wrong.zh, wrong.en) if arguments.lang == "zh" else (wrong.en, wrong.zh)), file=sys.stderr)
        return 1 if arguments.command == "cosign" and wrong.status in (403, 409, 422, 503) else 2
    except (OSError, ValueError, LookupError, TypeError) as problem:
        print(f"witness.py: {problem}; nothing was signed. 未签署", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
