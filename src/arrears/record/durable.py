"""Files that are there whole or not at all, and that the disk has when we say so.

A file is written beside its place under a name with ".tmp-", renamed into it, and only `settle` makes it last through a power cut: many files with one request to the system.
Refusals (no room, no right to write) name the file.
"""

import ctypes
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from arrears.vault.private_files import cannot_write

UNFINISHED = ".tmp-new"
_FEW = 32


def put(path: Path, content: bytes) -> None:
    """The file holds the content for every reader; the disk may not have it yet. Folders are made. Raises DiskFull or Refused, an older file standing."""
    unfinished = f"{path}{UNFINISHED}"
    try:
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            write_all(handle, content)
        finally:
            os.close(handle)
        os.rename(unfinished, path)
    except OSError as problem:
        _discard(unfinished)
        raise cannot_write(path, problem) from None


def put_and_settle(path: Path, content: bytes) -> None:
    """The file holds the content and the disk has it, in one step: after a power cut there is the old file or the new one. Raises DiskFull or Refused, the old file standing."""
    unfinished = f"{path}{UNFINISHED}"
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            write_all(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.rename(unfinished, path)
        _sync(path.parent)
    except OSError as problem:
        _discard(unfinished)
        raise cannot_write(path, problem) from None


def append_and_settle(path: Path, end: int, content: bytes) -> int:
    """The file, which is there, is its first end bytes and then the content, and the disk has it; its new length. What lay beyond end is gone. Raises DiskFull or Refused, those bytes standing."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            if os.fstat(handle).st_size > end:
                os.ftruncate(handle, end)
            os.lseek(handle, end, os.SEEK_SET)
            try:
                write_all(handle, content)
            except OSError:
                os.ftruncate(handle, end)
                raise
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as problem:
        raise cannot_write(path, problem) from None
    return end + len(content)


def settle(root: Path, paths: Collection[Path], settled: set[Path]) -> None:
    """The disk has those files and their names. settled: folders below the root whose names it has from before, and then those of these files too.

    A few files are asked for one by one, many at once with the whole file system (syncfs) where the system knows how. Raises DiskFull or Refused.
    """
    try:
        if len(paths) > _FEW and _sync_file_system(root):
            return
        folders, fresh = set(), set()
        for path in paths:
            _sync(path)
            folder = path.parent
            folders.add(folder)
            while folder != root and folder not in settled:
                fresh.add(folder)
                folder = folder.parent
                folders.add(folder)
        for folder in sorted(folders):
            _sync(folder)
        settled |= fresh
    except OSError as problem:
        raise cannot_write(Path(problem.filename or root), problem) from None


def write_all(handle: int, content: bytes) -> None:
    """All of the content was given to the system."""
    written = 0
    while written < len(content):
        written += os.write(handle, memoryview(content)[written:])


def _discard(unfinished: str) -> None:
    """The unfinished file is gone if the disk lets go of it; if not, the next writing takes its place, and what is told is why this one failed."""
    with suppress(OSError):
        os.unlink(unfinished)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file_system(root: Path) -> bool:
    """Everything written to the root's file system is on the disk; False where the system has no such request."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(root))
    finally:
        os.close(handle)
    return True
