"""A folder for a try that shall leave nothing: gone when the run ends; where the run was killed, when the next one begins."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NEW, _HELD = "arrears-new-", "arrears-try-"
"""A folder bears the second name only while it is locked: one that is not was left by a run that was killed."""


@contextmanager
def passing_folder() -> Iterator[Path]:
    """An empty folder in the system's place for passing files that nobody else may read."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_NEW))
    handle = _locked(folder)
    held = folder.with_name(folder.name.replace(_NEW, _HELD, 1))
    try:
        folder.rename(held)
        yield held
    finally:
        shutil.rmtree(held, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_HELD}*"):
        handle = _locked(folder)
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _locked(folder: Path) -> int | None:
    """The handle that holds the folder; None where another run holds it, or it is not ours. The system lets go when a run ends."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(handle).st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
    except OSError:
        pass
    os.close(handle)
    return None
