"""Files that only their owner may read: written whole or not at all, and refused where others could read them."""

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from arrears.refusal import DiskFull, Refused
from arrears.vault.refused import VaultRefused

_MOST_BYTES = 1 << 20


def read_private(path: Path, what_en: str, what_zh: str) -> bytes:
    """The file's bytes; raises VaultRefused where it is missing, too large, no plain file, or others than its owner may read or write it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise VaultRefused(f"{path}: {what_en} is no plain file; name the right one", f"{path}：{what_zh}不是普通文件；请指明正确的文件")
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise VaultRefused(f"{path}: others than its owner may read {what_en}, and with it personal data; run: chmod 600 {path}",
                                   f"{path}：所有者以外的人可以读取{what_zh}，进而读取个人信息；请执行：chmod 600 {path}")
            if found.st_size > _MOST_BYTES:
                raise VaultRefused(f"{path}: {what_en} is larger than a megabyte, which it never is; name the right file", f"{path}：{what_zh}超过 1 MB，不合常理；请指明正确的文件")
            with os.fdopen(os.dup(handle), "rb") as file:
                return file.read()
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise VaultRefused(f"{path}: {what_en} is not there; restore it from its copy, or run arrears vault init for a new installation",
                           f"{path}：缺少{what_zh}；请从备份恢复；全新安装请运行 arrears vault init") from None
    except OSError as problem:
        raise VaultRefused(f"{path}: {what_en} cannot be read ({problem.strerror}); allow its owner to read it, or run as the owner",
                           f"{path}：无法读取{what_zh}（{problem.strerror}）；请以文件所有者身份运行或开放读权限") from None


def write_private(path: Path, content: bytes) -> None:
    """The file holds the content, readable by its owner alone, and the disk has it; raises DiskFull or Refused, the old file standing."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            written = 0
            while written < len(content):
                written += os.write(handle, content[written:])
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(unfinished, path)
        sync_folder(path.parent)
    except OSError as problem:
        with suppress(OSError):  # on a disk that can only be read there is nothing to clear, and that is not what is told
            unfinished.unlink(missing_ok=True)
        raise cannot_write(path, problem) from None


def cannot_write(path: Path, problem: OSError) -> Refused:
    """The refusal for a file that could not be written."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"{path}: no room to write it ({problem.strerror}); nothing was changed: free space and run again", f"{path}：磁盘空间不足，未作任何更改；请腾出空间后重试")
    return VaultRefused(f"{path}: cannot be written ({problem.strerror}); nothing was changed: allow writing there", f"{path}：无法写入（{problem.strerror}），未作任何更改；请开放写权限")


def private_folder(path: Path) -> Path:
    """The folder, made with 0700 where it is missing; raises VaultRefused where it is open to others."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as problem:
        raise cannot_write(path, problem) from None
    if mode & 0o022:
        raise VaultRefused(f"{path}: others than its owner may write into the folder of the keys; run: chmod 700 {path}",
                           f"{path}：所有者以外的人可写入密钥文件夹；请执行：chmod 700 {path}")
    return path


def sync_folder(folder: Path) -> None:
    """The disk has the names in the folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else changes the folder's files while the block runs; the system lets go of the lock however the process ends."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
