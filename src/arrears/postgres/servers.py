"""One server process over one data directory: started, found, stopped; nothing here chooses which."""

import os
import re
import shlex
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from arrears.postgres import accounts, server_settings
from arrears.postgres.accounts import Account
from arrears.postgres.binaries import Binaries, binaries_for, within_reach
from arrears.postgres.clusters import remove_data, reveal_failure
from arrears.postgres.folders import PORT, Cluster, Folders, away_from, disk_room, fits_a_socket, write_whole
from arrears.refusal import Refused

START_SECONDS = 300
"""How long recovery after a crash may take before a start is said to have failed."""
STOP_SECONDS = 60
GOING_SECONDS = 10
"""How long the processes of a killed server are waited for."""

NO_CORE = ("/bin/sh", "-c", 'ulimit -c 0; exec "$@"', "sh")
"""A server that crashes leaves no picture of its memory on the disk: rows of persons are in it."""


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says of a server that runs, or ran when the power went: its process, the folder of its socket, and whether it takes connections."""

    pid: int
    socket: str
    is_ready: bool


def postmaster_of(data: Path) -> Postmaster | None:
    """The server of the data directory whose process is alive; None where there is none. Source: PostgreSQL, src/include/utils/pidfile.h."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="ascii", errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if pid <= 0 or not _is_postgres_over(pid, data):
        return None
    return Postmaster(pid, lines[4] if len(lines) > 4 else "", len(lines) > 7 and lines[7].strip() == "ready")


def settled(data: Path) -> Postmaster | None:
    """The data directory's server once it takes connections, or None once there is none: what a killed start had begun is waited for. Raises Refused where it does not settle."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        found = postmaster_of(data)
        if found is None or found.is_ready:
            return found
        time.sleep(0.05)
    raise Refused(f"{data}: its server (process {found.pid}) has neither started nor stopped in {START_SECONDS} seconds; see its log", f"{data}：其服务器（进程 {found.pid}）{START_SECONDS} 秒内既未启动也未停止；请查看日志")


def listens(server: Postmaster, socket: Path) -> bool:
    """Whether the server's socket is in that folder and is still there."""
    return server.socket == str(socket) and (socket / f".s.PGSQL.{PORT}").is_socket()


def start_server(binaries: Binaries, account: Account, folders: Folders, data: Path, socket: Path) -> None:
    """A server over the data directory takes connections at the socket, and outlives us. Raises Refused or DiskFull, saying what the server said."""
    accounts.own_folder(folders.log, account)
    with disk_room(folders.hba):
        write_whole(folders.hba, server_settings.HBA.encode(), 0o644)
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in server_settings.settings(folders.hba, socket, folders.log).items())
    said = folders.log / "start.log"
    until = time.monotonic() + GOING_SECONDS
    while True:
        said.unlink(missing_ok=True)
        _forget_the_dead(data, socket)
        before = _sizes(folders.log)
        ran = accounts.run(account, [*NO_CORE, binaries.pg_ctl, "-D", data, "-w", "-t", START_SECONDS, "-l", said, "-o", f"{options} -p {PORT}", "start"], seconds=START_SECONDS + 30)
        server = None if ran.returncode == 0 else settled(data)  # a killed start's pg_ctl may have been a moment earlier
        if ran.returncode == 0 or (server is not None and listens(server, socket)):
            return
        if server is not None and time.monotonic() < until:
            stop_server(binaries, account, data)
            continue
        heard = _heard(folders.log, before) + ran.stderr
        passing = "pre-existing shared memory block" in heard or (_lock_named(heard) is not None and not _words_of(_pid_in(data / _lock_named(heard))))
        if not passing or time.monotonic() >= until:  # what was killed a moment ago may not be gone, nor its last sessions
            raise _start_failure(heard, data, socket)
        time.sleep(0.1)


def stop_server(binaries: Binaries, account: Account, data: Path, mode: str = "fast") -> bool:
    """No server runs over the data directory; True where one had to be stopped. Raises Refused where it does not end.

    One that does not end in the fast mode is ended as by a power cut, which loses nothing that was committed.
    """
    if postmaster_of(data) is None:
        return False
    for way in (mode, "immediate"):
        ran = accounts.run(account, [binaries.pg_ctl, "-D", data, "-m", way, "-w", "-t", STOP_SECONDS, "stop"], seconds=STOP_SECONDS + 30)
        if ran.returncode == 0 or postmaster_of(data) is None:
            return True
    raise reveal_failure(ran.stderr + ran.stdout, data, "pg_ctl stop")


def clear_unfinished(folders: Folders, account: Account) -> None:
    """What killed starts and upgrades left unfinished is gone, their servers with it."""
    for left in (*folders.site.glob("data-*.unfinished-*"), *folders.site.glob("programs-*.unfinished-*"), *folders.postgres.glob("secrets.unfinished-*")):
        server = postmaster_of(left)
        if server is not None:
            major = int(left.name.split("-")[1].split(".")[0])
            stop_server(within_reach(binaries_for(major, str(left)), account, folders.site, lambda en, zh: None), account, left, "immediate")
        if left.name.startswith("data-"):
            remove_data(left)
        else:
            shutil.rmtree(left)


def socket_folder(folders: Folders, cluster: Cluster, account: Account) -> Path:
    """The private folder of the socket, there and short enough: the site's, else one recorded before, else a new short one.

    Raises Refused where somebody else made a folder of that name.
    """
    folder = folders.site / "socket"
    if not fits_a_socket(folder):
        folder = Path(cluster.socket) if cluster.socket else _short_folder(folders)
        if not fits_a_socket(folder):
            raise Refused(f"{folder}: is too long a path for a Unix socket; set TMPDIR to a shorter one, or use a home with a shorter path", f"{folder}：路径过长，无法放置 Unix 套接字；请将 TMPDIR 设为较短路径，或使用路径较短的 home")
    accounts.own_folder(folder, account)
    return folder


def as_recorded(folders: Folders, socket: Path) -> str | None:
    """How the record names that folder: not at all where it is the site's own."""
    return None if socket == folders.site / "socket" else str(socket)


def _short_folder(folders: Folders) -> Path:
    name = f"arrears-{os.geteuid()}-{away_from(folders.home).name}"
    return (Path("/run") if os.geteuid() == 0 and os.access("/run", os.W_OK) else Path(tempfile.gettempdir())) / name


def _is_postgres_over(pid: int, data: Path) -> bool:
    """Whether the process is alive and a server over that data directory; where the system does not tell what it runs, being alive counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    words = _words_of(pid)
    return words == ["?"] or any(os.path.realpath(word) == os.path.realpath(data) for word in words)


def _forget_the_dead(data: Path, socket: Path) -> None:
    """No lock file names a process that has ended and only waits to be reaped (in a container perhaps for ever), which PostgreSQL would take for a living server.

    Sessions such a server may have left are still found by PostgreSQL itself, from the shared memory they hold.
    """
    for lock in (data / "postmaster.pid", socket / f".s.PGSQL.{PORT}.lock"):
        with suppress(OSError):
            if Path(f"/proc/{_pid_in(lock)}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                lock.unlink()


def _start_failure(heard: str, data: Path, socket: Path) -> Refused:
    """The refusal for a server that did not start; where a lock file says that another runs, with what to look at before it is removed."""
    found = _lock_named(heard)
    if found is None:
        return reveal_failure(heard, data, "PostgreSQL's start")
    lock = data / found
    number = _pid_in(lock) or "?"
    what = ("the data directory", "数据目录") if lock.parent == data else ("the socket", "套接字")
    return Refused(f"{lock}: names process {number}, which is there: another server has {what[0]}, or the file is stale and its number went to another program, or to one that has ended and that nobody reaps; look with `ps -p {number}`, and only where that is no PostgreSQL: rm {lock}",
                   f"{lock}：所记进程 {number} 存在：可能另有服务器占用{what[1]}；也可能文件已过时，编号归于其他程序或已结束而未被回收的进程；请用 ps -p {number} 查看，仅当其不是 PostgreSQL 时执行 rm {lock}")


def _lock_named(heard: str) -> str | None:
    """The lock file that the server said stands in its way."""
    found = re.search(r'lock file "([^"]+)" already exists', heard)
    return found[1] if found else None


def _pid_in(lock: Path) -> int:
    """The process that a lock file names; 0 where none can be read."""
    try:
        return abs(int(lock.read_text(encoding="ascii").split()[0]))
    except (OSError, ValueError, IndexError):
        return 0


def _words_of(pid: int) -> list[str]:
    """The words by which a process was started; none where it is gone, or has ended and is not reaped. Where the system does not tell, one."""
    try:
        return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    except OSError:
        return [] if Path("/proc/self").exists() else ["?"]


def _sizes(log: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in log.glob("server-*.log")}


def _heard(log: Path, before: dict[str, int]) -> str:
    """What the server that did not start has said since, at its start and in its log, which another process writes: its last word is waited for a moment."""
    until = time.monotonic() + 2
    while True:
        said = _written(log, before)
        if "FATAL" in said or "PANIC" in said or time.monotonic() >= until:
            return said
        time.sleep(0.05)


def _written(log: Path, before: dict[str, int]) -> str:
    texts = []
    for path in (log / "start.log", *sorted(log.glob("server-*.log"))):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        with os.fdopen(handle, "rb") as file:
            file.seek(before.get(path.name, 0))
            texts.append(file.read(1 << 16).decode(errors="replace"))
    return "\n".join(texts)
