"""The secret of the web: what cookies are signed with and second factors' secrets are sealed with. One file of the home, made at first use."""

import os
import secrets
from hashlib import sha256
from hmac import digest
from pathlib import Path

from arrears.refusal import Refused

_BYTES = 64


def key_file(home: Path) -> Path:
    """Where it lies: with the other keys, so that it is kept and restored with them."""
    return home / "keys" / "web.key"


def web_key(home: Path) -> bytes:
    """The 64 bytes of the home; made where there are none yet, by one of several processes at once. Raises Refused where others may read the file or it is damaged."""
    path = key_file(home)
    if not path.exists():
        _make(path)
    found = path.read_bytes()
    if path.stat().st_mode & 0o077:
        raise Refused(f"{path}: others than its owner may read it, and with it forge log-ins; run: chmod 600 {path}", f"{path}：所有者以外的人可以读取，并可据此伪造登录；请执行：chmod 600 {path}")
    if len(found) != _BYTES:
        raise Refused(f"{path}: damaged ({len(found)} bytes for {_BYTES}); restore it from its copy, or move it away: everybody then enrols a second factor anew",
                      f"{path}：已损坏（{len(found)} 字节，应为 {_BYTES}）；请从备份恢复，或移走该文件：此后人人须重新登记第二因素")
    return found


def derived(home: Path, purpose: str) -> bytes:
    """32 bytes for one purpose; those of another tell nothing of it (HMAC-SHA-256 as a key derivation, NIST SP 800-108)."""
    return digest(web_key(home), purpose.encode(), sha256)


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            return
    finally:
        unfinished.unlink(missing_ok=True)
