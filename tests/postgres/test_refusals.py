"""What is refused, with nothing changed: another's data directory, other permissions, lost or open passwords, stale files, a full disk."""

import json
import os
import pwd
import shutil
import stat
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from arrears import postgres
from arrears.postgres.binaries import binaries_found
from arrears.postgres.folders import MARKER
from arrears.refusal import DiskFull, Refused
from postgres.clusters import new_home, without_addresses

ROOT = os.geteuid() == 0


@pytest.fixture(autouse=True)
def _own_server():
    with without_addresses():
        yield


@pytest.fixture(scope="module")
def stopped():
    """A home whose server was made and stopped; each test leaves it as it was."""
    with without_addresses(), new_home() as home:
        postgres.ensure_running(home)
        postgres.stop(home)
        yield home


def data_of(home: Path) -> Path:
    return next((home / "postgres").glob("data-*"))


def seen(folder: Path) -> dict[str, tuple]:
    """Names, modes, owners and times of change of all that is in the folder."""
    return {str(path.relative_to(folder)): (found.st_mode, found.st_uid, found.st_mtime_ns, found.st_size) for path in sorted(folder.rglob("*")) for found in [path.lstat()]}


@contextmanager
def refused(home: Path, match: str):
    """Starting is refused with these words, in two languages, and no file of the data directory changes."""
    data = data_of(home)
    before = seen(data)
    with pytest.raises(Refused, match=match) as problem:
        postgres.ensure_running(home)
    assert problem.value.zh and problem.value.zh != problem.value.en
    assert seen(data) == before
    yield
    postgres.ensure_running(home)
    postgres.stop(home)


def test_a_data_directory_that_is_not_ours_is_refused_and_left_alone():
    with new_home() as home:
        (home / "postgres" / "data-15").mkdir(parents=True)
        (home / "postgres" / "data-15" / "PG_VERSION").write_text("15\n")
        before = seen(home / "postgres" / "data-15")
        with pytest.raises(Refused, match="another PostgreSQL"):
            postgres.ensure_running(home)
        assert seen(home / "postgres" / "data-15") == before
    with new_home() as home:
        (home / "postgres").mkdir(parents=True)
        (home / "postgres" / "PG_VERSION").write_text("15\n")
        with pytest.raises(Refused, match="another PostgreSQL"):
            postgres.ensure_running(home)
        assert not list((home / "postgres").glob("data-*"))


def test_a_data_directory_without_our_mark_or_with_anothers_or_of_another_version_is_refused(stopped):
    data = data_of(stopped)
    mark, version = (data / MARKER).read_text(), (data / "PG_VERSION").read_text()
    for content in ("", "{}", json.dumps({"cluster": "other"})):
        (data / MARKER).write_text(content)
        with refused(stopped, "not the data directory of this home|cannot be read as JSON"):
            (data / MARKER).write_text(mark)
    (data / MARKER).rename(stopped / "kept")
    with refused(stopped, "not the data directory of this home"):
        (stopped / "kept").rename(data / MARKER)
    (data / "PG_VERSION").write_text("14\n")
    with refused(stopped, "holds PostgreSQL 14"):
        (data / "PG_VERSION").write_text(version)


def test_a_data_directory_that_others_may_read_or_own_or_that_is_gone_is_refused(stopped):
    data = data_of(stopped)
    data.chmod(0o750)
    with refused(stopped, "permissions 0750 in place of 0700"):
        assert stat.S_IMODE(data.stat().st_mode) == 0o750, "it is not mended silently"
        data.chmod(0o700)
    if ROOT:
        owner = data.stat().st_uid
        os.chown(data, pwd.getpwnam("nobody").pw_uid, -1)
        with refused(stopped, "belongs to user number"):
            os.chown(data, owner, -1)
    data.rename(data.with_name("away"))
    with pytest.raises(Refused, match="data directory is gone"):
        postgres.ensure_running(stopped)
    assert not data.exists(), "no new one is made in its place"
    data.with_name("away").rename(data)


def test_a_lost_an_open_or_a_wrong_password_is_refused(stopped):
    secrets = stopped / "postgres" / "secrets"
    password = (secrets / "app").read_text()
    (secrets / "app").chmod(0o644)
    with refused(stopped, "others may read it"):
        (secrets / "app").chmod(0o600)
    (secrets / "app").rename(stopped / "kept")
    with refused(stopped, "is not there"):
        (stopped / "kept").rename(secrets / "app")
    postgres.ensure_running(stopped)
    (secrets / "app").write_text("wrong\n")
    with pytest.raises(Refused, match="refuses the password"):
        postgres.ensure_running(stopped)
    (secrets / "app").write_text(password)
    postgres.ensure_running(stopped)
    postgres.stop(stopped)


@pytest.mark.skipif(psycopg.pq.version() < 160000, reason="this libpq cannot demand a way of logging in")
def test_a_server_that_trusts_everyone_is_refused(stopped):
    postgres.ensure_running(stopped)
    hba = stopped / "postgres" / "hba.conf"
    hba.write_text("local all all trust\n")
    os.kill(postgres.status(stopped).pid, 1)
    with pytest.raises(Refused, match="did not ask for the password"):
        for _ in range(200):  # until the server has read it again
            postgres.ensure_running(stopped)
            time.sleep(0.02)
    with pytest.raises(psycopg.OperationalError, match="authentication"):
        psycopg.connect(**postgres.place(stopped, postgres.APP, postgres.CASES).psycopg())
    postgres.stop(stopped)
    postgres.ensure_running(stopped)
    assert "trust" not in hba.read_text()
    postgres.stop(stopped)


@pytest.mark.skipif(not ROOT, reason="only root chooses the server's user")
@pytest.mark.parametrize(("user", "said"), [("root", "does not run as root"), ("no-such-user", "no system user"), ("nobody", "belongs to the system user")])
def test_a_user_that_will_not_do_is_refused(stopped, monkeypatch, user, said):
    monkeypatch.setenv("ARREARS_DATABASE_USER", user)
    with pytest.raises(Refused, match=said):
        postgres.ensure_running(stopped)


@pytest.mark.skipif(not ROOT, reason="only root chooses the server's user")
def test_the_server_runs_as_the_user_that_is_named(monkeypatch):
    monkeypatch.setenv("ARREARS_DATABASE_USER", "nobody")
    with new_home() as home:
        postgres.ensure_running(home)
        assert postgres.status(home).user == "nobody" and Path(f"/proc/{postgres.status(home).pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
        monkeypatch.delenv("ARREARS_DATABASE_USER")
        postgres.stop(home)
        postgres.ensure_running(home)
        assert postgres.status(home).user == "nobody"


def test_a_folder_that_lacks_a_program_is_refused_and_said_to(stopped, tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    for name in ("postgres", "pg_ctl", "pg_dump", "pg_restore"):
        (tmp_path / name).symlink_to(getattr(binaries_found()[0], name))
    monkeypatch.setenv("ARREARS_DATABASE_BINARIES", str(tmp_path))
    with pytest.raises(Refused, match="lacks initdb"):
        postgres.ensure_running(stopped)


def sleeper(data: Path) -> subprocess.Popen:
    """A process of the server's user that is no server."""
    owner = data.stat()
    return subprocess.Popen(["sleep", "600"], **({"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if ROOT else {}))


def write_as(path: Path, text: str, owner: os.stat_result) -> None:
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, owner.st_uid, owner.st_gid)


def test_a_stale_postmaster_file_of_a_dead_process_does_not_hinder_and_one_of_a_living_program_is_refused_and_named(stopped):
    data = data_of(stopped)
    other = sleeper(data)
    lines = f"{{}}\n{data}\n1700000000\n5432\n{stopped}/postgres/socket\n\n  1 1\nready   \n"
    write_as(data / "postmaster.pid", lines.format(other.pid), data.stat())
    try:
        with pytest.raises(Refused, match=rf"names process {other.pid}"):
            postgres.ensure_running(stopped)
        assert (data / "postmaster.pid").read_text().startswith(str(other.pid))
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        postgres.ensure_running(stopped)  # ended, and nobody reaps it
        postgres.stop(stopped)
    finally:
        other.kill()
        other.wait()
    write_as(data / "postmaster.pid", lines.format(other.pid), data.stat())
    (stopped / "postgres" / "lock").touch()
    postgres.ensure_running(stopped)
    postgres.stop(stopped)


def test_a_socket_that_a_living_process_has_is_refused_and_named(stopped):
    data, socket = data_of(stopped), stopped / "postgres" / "socket"
    other = sleeper(data)
    lock = socket / ".s.PGSQL.5432.lock"
    try:
        write_as(lock, f"{other.pid}\n/elsewhere\n1700000000\n5432\n{socket}\n", data.stat())
        with pytest.raises(Refused, match=rf"\.lock: names process {other.pid}.*the socket"):
            postgres.ensure_running(stopped)
    finally:
        other.kill()
        other.wait()
        lock.unlink(missing_ok=True)
    postgres.ensure_running(stopped)
    postgres.stop(stopped)


def test_a_record_that_is_torn_or_of_another_version_is_refused(stopped):
    record = stopped / "postgres" / "cluster.json"
    text = record.read_text()
    for content in ("", text[:20], "[]", text.replace('"format": 1', '"format": 2'), text.replace('"user"', '"uzer"')):
        record.write_text(content)
        with refused(stopped, "cluster.json"):
            record.write_text(text)


@contextmanager
def small_disk(megabytes: int):
    """A folder on a disk of its own with that much room."""
    with new_home() as home:
        disk = home.parent / "disk"
        disk.mkdir()
        mounted = ROOT and shutil.which("mount") and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(disk)], check=False, capture_output=True).returncode == 0
        if not mounted:
            pytest.skip("no small disk can be mounted here, so a full one is not tried")
        try:
            yield disk / "home"
        finally:
            with without_addresses():
                for _ in range(2):
                    if (disk / "home" / "postgres" / "cluster.json").exists():
                        postgres.stop(disk / "home")
            subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_too_small_for_a_cluster_is_said_and_nothing_half_is_kept():
    with small_disk(24) as home:
        with pytest.raises(DiskFull, match="no room"):
            postgres.ensure_running(home)
        assert not (home / "postgres" / "cluster.json").exists()
        assert not [path.name for path in (home / "postgres").iterdir() if path.name.startswith("data-")]


def test_a_disk_that_fills_up_stops_a_backup_and_a_start_with_a_word_and_all_goes_on_once_there_is_room():
    with small_disk(220) as home:
        postgres.ensure_running(home)
        with psycopg.connect(**postgres.place(home, postgres.OWNER, postgres.CASES).psycopg(), autocommit=True) as connection:
            connection.execute("create table random as select md5(n::text) || md5((-n)::text) as said from generate_series(1, 60000) n")
        first = postgres.backup(home, 1_800_000_000_000_000)
        filler = home.parent / "filler"
        free = os.statvfs(home)
        filler.write_bytes(bytes(free.f_bavail * free.f_frsize - (1 << 19)))
        kept = {path: path.read_bytes() for path in (home / "backups").rglob("*.*") if path.is_file()}
        with pytest.raises(DiskFull, match="no room"):
            postgres.backup(home, 1_800_000_001_000_000)
        assert {path: path.read_bytes() for path in (home / "backups").rglob("*.*") if path.is_file()} == kept
        with filler.open("ab") as file:
            free = os.statvfs(home)
            file.write(bytes(free.f_bavail * free.f_frsize))
        postgres.stop(home)
        with pytest.raises(DiskFull, match="no room"):
            postgres.ensure_running(home)
        filler.unlink()
        postgres.ensure_running(home)
        assert postgres.backup(home, 1_800_000_002_000_000)[0].about["rows"] == first[0].about["rows"] == {"public.random": 60000}
