"""Real PostgreSQL and MariaDB servers for the tests: started in a folder of their own, reached by socket only."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")) if Path("/usr/lib/postgresql").is_dir() else []
_WAIT_SECONDS = 60


def demand(found: bool, what: str) -> None:
    """Skips where the server's programs are absent; fails in CI, where they must be there."""
    if not found:
        said = f"{what} is not installed here, so reading it is not tried"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)


def _as(user: str) -> list[str]:
    """The words before a command that make it run as the user, since the servers refuse to run as root."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 else []


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    # Not pytest's own folder: a socket's path must be short, and the server's user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="arrears-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL's URL; user clerk with a password, database book."""
    pg_ctl = shutil.which("pg_ctl") or (str(_POSTGRESQL[-1]) if _POSTGRESQL else None)
    demand(pg_ctl is not None, "PostgreSQL")
    bin_folder = Path(pg_ctl).resolve().parent
    with _folder("postgres") as folder:
        run = {"cwd": folder, "check": True, "capture_output": True}
        password = folder / "password"
        password.write_text("s3cret")
        password.chmod(0o644)
        options = ["-D", folder / "data", "-U", "clerk", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"]
        subprocess.run([*_as("postgres"), bin_folder / "initdb", *options, "--locale=C", "--no-sync"], **run)
        flags = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        start = [*_as("postgres"), bin_folder / "pg_ctl", "-D", folder / "data", "-w"]
        # A file, not a pipe: the server keeps what it inherits open, and a pipe would never end.
        with (folder / "log").open("wb") as log:
            subprocess.run([*start, "-o", flags, "start"], cwd=folder, check=True, stdout=log, stderr=log)
        try:
            yield f"postgresql://clerk:s3cret@/postgres?host={folder}"
        finally:
            subprocess.run([*start, "-m", "immediate", "stop"], cwd=folder, check=False, capture_output=True)


@contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB's URL; user clerk with a password, database book."""
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    install, server = shutil.which("mariadb-install-db", path=path), shutil.which("mariadbd", path=path)
    demand(install is not None and server is not None, "MariaDB")
    import pymysql

    with _folder("mysql") as folder:
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        data, socket = folder / "data", folder / "s"
        made = [
            install,
            "--no-defaults",
            f"--datadir={data}",
            *user,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        subprocess.run(made, check=True, capture_output=True)
        with (folder / "log").open("wb") as log:
            flags = [
                f"--datadir={data}",
                f"--socket={socket}",
                "--skip-networking",
                f"--pid-file={folder / 'pid'}",
                *user,
            ]
            running = subprocess.Popen([server, "--no-defaults", *flags], stdout=log, stderr=log)
        try:
            root = _reached(lambda: pymysql.connect(user="root", unix_socket=str(socket)), running, folder / "log")
            with root.cursor() as cursor:
                cursor.execute("CREATE DATABASE book CHARACTER SET utf8mb4")
                cursor.execute("CREATE USER clerk@localhost IDENTIFIED BY 's3cret'")
                cursor.execute("GRANT ALL ON book.* TO clerk@localhost")
            root.close()
            yield f"mysql://clerk:s3cret@localhost/book?unix_socket={socket}"
        finally:
            running.kill()
            running.wait()


def _reached(connect, running: subprocess.Popen, log: Path):
    import pymysql

    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return connect()
        except pymysql.err.OperationalError:
            if running.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")[-2000:]) from None
            running_for_a_moment = 0.1
            time.sleep(running_for_a_moment)
