"""Locks of a book: who may write what of it at a time. The system lets go of a lock when its process ends, however it ends."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from arrears.refusal import Refused
from arrears.store import Book


@contextmanager
def locked(book: Book, name: str, *, alone: bool, patience_seconds: float = 0.0) -> Iterator[None]:
    """Holds the book's lock of that name, shared or alone, for as long as the block runs.

    The system lets go of it when the process ends, however it ends. Raises Refused where another holds it for longer than patience_seconds.
    """
    handle, kind = _opened_lock(book, name), (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB
    try:
        try:
            for _ in range(round(patience_seconds * 20)):
                with suppress(BlockingIOError):
                    fcntl.flock(handle, kind)
                    break
                time.sleep(0.05)
            fcntl.flock(handle, kind)
        except BlockingIOError:
            doing = {"night": "a night is running", "loads": "another load is running"}.get(name, "another run is using it")
            raise Refused(f"{book.root}: {doing} on this book; nothing was changed, wait until it has ended and run again",
                          f"{book.root}：该账册正被另一次运行占用；未作任何更改，请待其结束后重试") from None
        yield
    finally:
        os.close(handle)


def _opened_lock(book: Book, name: str) -> int:
    """The folder that is locked: the book's own for a night, which nobody removes while it runs, else its store."""
    try:
        kept = {"loads": book.loads, "models": book.models, "strategies": book.strategies}.get(name, book.store)
        kept.mkdir(parents=True, exist_ok=True)
        if not os.access(kept, os.W_OK):
            raise PermissionError(errno.EACCES, "read-only")
        return os.open(book.root if name == "night" else kept, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as problem:
        if problem.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        if kept != book.store:
            raise Refused(f"{kept}: cannot be written to ({problem.strerror}); {name} are kept in the book's folder: allow writing there",
                          f"{kept}：无法写入；装载、模型与策略保存在账册文件夹内，请开放写权限") from None
        raise Refused(f"{book.store}: cannot be written to ({problem.strerror}); a night is kept in the book's folder: allow writing, or use arrears positions, which only reads",
                      f"{book.store}：无法写入；夜批须写入账册文件夹，请开放写权限，或改用只读的 arrears positions") from None
