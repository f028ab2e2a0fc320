"""Throw-away homes with a real server each, for tests: in memory or the system's temporary folder, reachable by the server's user, stopped and removed at the end, however it ends.

Use `database_home` (one server for the whole session; leave no objects behind) or `new_home()` (a folder of one's own; nothing is started in it).
"""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from arrears import postgres
from arrears.postgres.folders import away_from
from arrears.postgres.places import VARIABLES
from arrears.refusal import Refused

GUARD = 'cat >/dev/null; for file in "$1"/*/postgres/data-*/postmaster.pid; do [ -f "$file" ] && kill -QUIT "$(head -n 1 "$file")"; done; [ -d "$1" ] && sleep 1; rm -rf -- "$1"'
"""Waits until the process that tests is gone, be it by kill -9, then ends the server and removes the folder."""


@contextmanager
def new_home(name: str = "home") -> Iterator[Path]:
    """A path for a home in a folder of its own; whatever server runs there at the end is stopped, and the folder is gone."""
    root = Path(tempfile.mkdtemp(prefix="arrears-pg-", dir=_memory()))
    root.chmod(0o755)  # pytest's own folders are 0700, and the server's user could not reach them
    home = root / name
    end = partial(discard, root, home)
    atexit.register(end)
    with subprocess.Popen(["/bin/sh", "-c", GUARD, "sh", root], stdin=subprocess.PIPE, start_new_session=True):
        try:
            yield home
        finally:
            end()
            atexit.unregister(end)


def _memory() -> str | None:
    """A file system in memory where there is room in one: a test kills processes, not the power, and need not wait for disks. Else the system's temporary folder."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK):
        return None
    found = os.statvfs(memory)
    return memory if found.f_bavail * found.f_frsize > 2 << 30 else None


def discard(root: Path, home: Path) -> None:
    """No server runs in the home any more, and nothing of it is left."""
    if not root.exists():
        return
    with without_addresses(), suppress(Refused):
        postgres.stop(home)
    shutil.rmtree(root, ignore_errors=True)
    if os.geteuid() == 0:
        shutil.rmtree(away_from(home), ignore_errors=True)


@contextmanager
def without_addresses() -> Iterator[None]:
    """The environment names no server of someone else's."""
    kept = {name: os.environ.pop(name) for name in VARIABLES.values() if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@pytest.fixture(scope="session")
def database_home() -> Iterator[Path]:
    """A home whose server runs for the whole session."""
    with without_addresses(), new_home() as home:
        postgres.ensure_running(home)
        yield home
