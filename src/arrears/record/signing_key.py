"""The key that signs a log's checkpoints: an Ed25519 key in a file that only its owner may read, named after the log.

The file is one JSON object: format, origin, made_at (RFC 3339, UTC), algorithm, private (base64 of the 32 bytes), vkey. Whoever has it can sign in the log's name;
who loses it goes on with a new key only by hand (the log's folder holds no private key). Source: RFC 8032 (Ed25519), C2SP signed-note.
"""

import base64
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arrears.days import moment_of
from arrears.record.notes import LOG_KEY, VerifierKey, is_key_name, read_base64, signature_line
from arrears.refusal import Refused
from arrears.vault.private_files import alone_in, private_folder, read_private, sync_folder, write_private

_FORMAT = "arrears-record-key/1"
_WHAT = ("the record's signing key", "存证日志的签名私钥")


@dataclass(frozen=True)
class SigningKey:
    """A private key at hand; name: the log's origin. public: what auditors are given; sign: the signature line, without newline, over a note's text."""

    name: str
    public: VerifierKey
    sign: Callable[[str], str] = field(repr=False)

    @property
    def vkey(self) -> str:
        return self.public.vkey


def make_key(path: Path, origin: str, now: int) -> SigningKey:
    """A new key in a new file (0600); raises Refused where there is one already, or where the origin cannot name a key. now: microseconds UTC."""
    if not is_key_name(origin):
        raise Refused(f"{origin!r} cannot name a log: 1 to 255 bytes without spaces, plus signs and control characters, best a name of your own on the internet, such as lender.example/record",
                      f"“{origin}”不能用作日志名称：应为 1 至 255 字节，不含空格、加号和控制字符；最好使用自有域名，例如 lender.example/record")
    with alone_in(private_folder(path.parent)):
        return _made(path, origin, now)


def open_key(path: Path) -> SigningKey:
    """The key of the file; raises Refused where it is missing, readable by others, or not whole."""
    if not path.exists():
        raise missing_key(path)
    if path.stat().st_mode & 0o077:
        raise Refused(f"{path}: others than its owner may read the record's signing key, and could sign in its name; run: chmod 600 {shlex.quote(str(path))}, and rotate the key if somebody may have read it",
                      f"{path}：所有者以外的人可以读取存证日志的签名私钥，从而冒名签署；请执行：chmod 600 {shlex.quote(str(path))}；如可能已被他人读取，请轮换密钥")
    try:
        content = json.loads(read_private(path, *_WHAT))
        origin, private, vkey = content["origin"], read_base64(content["private"]), content["vkey"]
        if content["format"] != _FORMAT or private is None or not isinstance(origin, str) or not is_key_name(origin):
            raise ValueError("another format")
        key = _signing_key(origin, Ed25519PrivateKey.from_private_bytes(private))
    except (ValueError, KeyError, TypeError) as problem:
        if isinstance(problem, Refused):
            raise
        raise _damaged(path) from None
    if key.vkey != vkey:
        raise _damaged(path)
    return key


def missing_key(path: Path) -> Refused:
    """The refusal where a log's key is gone: back from its copy; else the log ends as it is, and another one is begun under another name."""
    return Refused(f"{path}: the record's signing key is not there; put it back from its copy: without it nothing new is signed. The log stays provable as it is. "
                   "Where there is no copy: move the home's folder record aside and keep it for auditors, then begin a log under another name: arrears record init --origin NEW-NAME",
                   f"{path}：缺少存证日志的签名私钥；请从备份恢复：没有它，无法签署新的内容。现有日志仍可照常证明。"
                   "确无备份时：请把 home 下的 record 文件夹移到别处并留给审计方，再以另一名称新建日志：arrears record init --origin 新名称")


def successor_path(path: Path) -> Path:
    """Where the key lies that shall take over from the key at the path, until it does."""
    return path.with_name(path.name + ".next")


def make_successor(path: Path, now: int) -> SigningKey:
    """The key that shall take over, made beside the one in force, or the one that an interrupted rotation left there."""
    beside = successor_path(path)
    return open_key(beside) if beside.exists() else make_key(beside, open_key(path).name, now)


def put_in_force(path: Path) -> SigningKey:
    """The successor lies at the path, the old private key is gone. To be called when the log has named the successor, and not before."""
    key = open_key(successor_path(path))
    successor_path(path).replace(path)
    sync_folder(path.parent)
    return key


def _made(path: Path, origin: str, now: int) -> SigningKey:
    if path.exists() or path.is_symlink():
        raise Refused(f"{path}: there is a signing key already; a second one would sign another history in the same name. Rotate it instead, or name another file",
                      f"{path}：已有签名私钥；再造一个会以同一名称签出另一份历史。请改用轮换，或指定其他文件")
    private = Ed25519PrivateKey.generate()
    key = _signing_key(origin, private)
    made_at = moment_of(now).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    content = {"format": _FORMAT, "origin": origin, "made_at": made_at, "algorithm": "Ed25519", "private": base64.b64encode(private.private_bytes_raw()).decode(), "vkey": key.vkey}
    write_private(path, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
    return key


def _signing_key(origin: str, private: Ed25519PrivateKey) -> SigningKey:
    public = VerifierKey(origin, LOG_KEY, private.public_key().public_bytes_raw())
    return SigningKey(origin, public, lambda text: signature_line(public, private.sign(text.encode("utf-8"))))


def _damaged(path: Path) -> Refused:
    return Refused(f"{path}: this is no signing key of a record, or it is damaged; restore it from its copy. Without it, checkpoints that exist stay provable and no new one can be signed",
                   f"{path}：不是存证日志的签名私钥，或文件已损坏；请从备份恢复。没有它，已有检查点仍可验证，但无法签署新的检查点")
