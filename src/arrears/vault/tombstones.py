"""home/keys/erased.jsonl: one line for each person who was erased, written and on the disk before their keys are deleted.

It outlives a restored backup of the KEYS database: `apply_tombstones` deletes again what the backup brought back. A line
holds the lender's code, the person's UUID and the moment, no personal data.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from arrears.days import moment_of
from arrears.vault.private_files import alone_in, cannot_write, private_folder, sync_folder
from arrears.vault.refused import VaultRefused


def tombstones_at(home: Path) -> Path:
    """Where the lines are."""
    return home / "keys" / "erased.jsonl"


def append_tombstone(home: Path, tenant: str, person: str, now: int) -> None:
    """The line is on the disk; raises DiskFull or VaultRefused, and then no part of a line stays."""
    folder, path = private_folder(home / "keys"), tombstones_at(home)
    line = json.dumps({"tenant": tenant, "person": person, "erased_at": moment_of(now).isoformat()}, ensure_ascii=False).encode() + b"\n"
    with alone_in(folder):
        try:
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                end = os.fstat(handle).st_size
                if end and os.pread(handle, 1, end - 1) != b"\n":
                    # What a killed run or a full disk left half-written: nothing was deleted for it, it is run again.
                    end = _end_of_whole_lines(handle, end)
                    os.ftruncate(handle, end)
                _append_whole(handle, line, end)
            finally:
                os.close(handle)
            sync_folder(folder)
        except OSError as problem:
            raise cannot_write(path, problem) from None


def read_tombstones(home: Path) -> list[tuple[str, str, str]]:
    """Lender, person and moment of each line, oldest first; a last line that was cut off counts not. Raises VaultRefused for any other damage."""
    path = tombstones_at(home)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise VaultRefused(f"{path}: cannot be read ({problem.strerror}); who was erased must be known: allow reading", f"{path}：无法读取（{problem.strerror}）；必须知道哪些人已删除：请开放读权限") from None
    found = []
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            said = json.loads(line)
            one = (said["tenant"], said["person"], said["erased_at"])
            if not all(isinstance(text, str) for text in one):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise VaultRefused(f"{path}, line {number}: not a line of an erased person; restore the file from its copy", f"{path} 第 {number} 行：不是删除记录；请从备份恢复该文件") from None
        found.append(one)
    return found


def _append_whole(handle: int, line: bytes, end: int) -> None:
    written = 0
    try:
        while written < len(line):
            written += os.write(handle, line[written:])
        os.fsync(handle)
    except OSError:
        with suppress(OSError):  # what stays of the line is cut off by the next one
            os.ftruncate(handle, end)
        raise


def _end_of_whole_lines(handle: int, end: int) -> int:
    content = os.pread(handle, end, 0)
    return content.rfind(b"\n") + 1
