"""What lies where in a home's database, which lock guards it, and how a file of it appears whole.

    HOME/postgres/secrets/{id,postgres,owner,app}   who this cluster is, and the passwords of its roles; 0600, made once and whole
    HOME/postgres/cluster.json                      which data directory holds, made by which PostgreSQL, owned by whom; swapped atomically
    HOME/postgres/elsewhere.json                    only where the server's user cannot reach HOME: the folder that is used in place of HOME/postgres for
    SITE/data-15/                                   the data directory of PostgreSQL 15, with arrears_cluster.json, which names the cluster
    SITE/hba.conf  SITE/socket/  SITE/log/          who may log in; the private socket; the server's log
    SITE/data-15.unfinished-…/                      a cluster at work, or one that was killed; removed at the next start
"""

import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from arrears.refusal import DiskFull, Refused

FORMAT = 1
PORT = 5432
"""The number in the name of the socket; no TCP port is opened."""
MARKER = "arrears_cluster.json"
SOCKET_PATH_MOST_BYTES = 107
"""A Unix socket's whole path; Source: sockaddr_un in unix(7), 108 bytes with the closing zero."""
PATIENCE_SECONDS = 120.0
Say = Callable[[str, str], None]
"""Told what is done that a user should know, in English and Chinese."""


@dataclass(frozen=True)
class Folders:
    """Where one home's database lies: `postgres` in the home itself, `site` where the server's files are (the same, mostly)."""

    home: Path
    postgres: Path
    site: Path

    @property
    def record(self) -> Path:
        return self.postgres / "cluster.json"

    @property
    def secrets(self) -> Path:
        return self.postgres / "secrets"

    @property
    def elsewhere(self) -> Path:
        return self.postgres / "elsewhere.json"

    @property
    def hba(self) -> Path:
        return self.site / "hba.conf"

    @property
    def log(self) -> Path:
        return self.site / "log"


@dataclass(frozen=True)
class Cluster:
    """What cluster.json says: the cluster's id, its data directory within the site, its PostgreSQL's major version, and the system user it belongs to."""

    id: str
    folder: str
    major: int
    user: str
    socket: str | None = None
    """The socket's folder, where that is not SITE/socket."""
    coming: str | None = None
    """A data directory that an upgrade is about to put in place of this one; it never held."""


def folders_of(home: Path) -> Folders:
    """Where the database of this home lies, made or not; raises Refused where the pointer to its place cannot be read."""
    home = Path(home).resolve()
    postgres = home / "postgres"
    found = read_json(postgres / "elsewhere.json")
    return Folders(home, postgres, postgres if found is None else Path(_text(found, "folder", postgres / "elsewhere.json")))


def away_from(home: Path) -> Path:
    """The folder that stands in for HOME/postgres where the server's user cannot reach the home: one for each path."""
    return Path("/var/lib/arrears") / sha256(os.fsencode(Path(home).resolve())).hexdigest()[:16]


def read_cluster(folders: Folders) -> Cluster | None:
    """The record of the cluster that holds; None before the first start. Raises Refused where it cannot be read."""
    found = read_json(folders.record)
    if found is None:
        return None
    if found.get("format") != FORMAT or not isinstance(found.get("major"), int):
        raise Refused(f"{folders.record}: written by another version of arrears (format {found.get('format')}); use that one",
                      f"{folders.record}：由其他版本的 arrears 写成；请使用该版本")
    return Cluster(*(_text(found, key, folders.record) for key in ("id", "folder")), found["major"], _text(found, "user", folders.record), found.get("socket"), found.get("coming"))


def write_cluster(folders: Folders, cluster: Cluster) -> None:
    """The record is swapped as a whole: from now on this data directory holds."""
    write_whole(folders.record, json.dumps({"format": FORMAT, **asdict(cluster)}, indent=1, sort_keys=True).encode() + b"\n", 0o644)


def socket_of(folders: Folders, cluster: Cluster) -> Path:
    """The folder of the private socket."""
    return folders.site / "socket" if cluster.socket is None else Path(cluster.socket)


def fits_a_socket(folder: Path) -> bool:
    """Whether the path of a socket in that folder, or in one beside it with -old or -new behind its name, is within what the system takes."""
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) + len("-old") <= SOCKET_PATH_MOST_BYTES


def read_json(path: Path) -> dict | None:
    """The mapping in a file; None where there is no such file. Raises Refused where it is not one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise Refused(f"{path.parent}: is no folder; name another home with --home", f"{path.parent}：不是文件夹；请用 --home 另指定") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(f"{path}: cannot be read as JSON; put back the file as it was, nothing was changed", f"{path}：不是有效的 JSON；请恢复原文件，未作任何更改")
    return found


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """The content as one file with that mode; it appears whole and lasts through a power cut. Raises DiskFull."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with disk_room(path):
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync(path.parent)


def sync(folder: Path) -> None:
    """What was made or renamed in the folder lasts through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_room(path: Path) -> Iterator[None]:
    """Raises DiskFull where the block finds no room on the disk."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise disk_full(path) from None


def disk_full(path: Path) -> DiskFull:
    """The refusal for want of room; to be raised."""
    return DiskFull(f"{path}: no room is left on the disk; make room and run again, what was there before is kept",
                    f"{path}：磁盘空间不足；请腾出空间后重试，原有内容均保留")


@contextmanager
def locked(path: Path, doing: tuple[str, str], patience_seconds: float = PATIENCE_SECONDS) -> Iterator[int]:
    """Holds the lock of that file alone; gives its descriptor, which a child may hold on to.

    The system lets go of it when the process and those children end, however they end; a file that is left behind locks nothing. Raises Refused where another
    holds it for longer than patience_seconds.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        until = time.monotonic() + patience_seconds
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() >= until:
                raise Refused(f"{path}: {doing[0]} for longer than {patience_seconds:.0f} seconds; see what it does, nothing was changed",
                              f"{path}：{doing[1]}已超过 {patience_seconds:.0f} 秒；请查明原因，未作任何更改")
            time.sleep(0.02)
        yield handle
    finally:
        os.close(handle)


def _text(found: dict, key: str, path: Path) -> str:
    if not isinstance(found.get(key), str):
        raise Refused(f"{path}: says no {key}; put back the file as it was", f"{path}：缺少 {key}；请恢复原文件")
    return found[key]
