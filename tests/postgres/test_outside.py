"""A server that the environment names: used where it is as it must be, else refused with what its administrator has to run; never started or stopped."""

import os
import socket
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears import postgres
from arrears.postgres.folders import folders_of
from arrears.postgres.places import SUPERUSER, VARIABLES, own_place
from arrears.refusal import Refused
from postgres.clusters import new_home, without_addresses


@pytest.fixture(scope="module")
def server():
    """Addresses of all roles and databases of a running server, and the place of its superuser."""
    with without_addresses(), new_home() as home:
        postgres.ensure_running(home)
        yield {key: address(postgres.place(home, *key)) for key in VARIABLES}, own_place(folders_of(home), SUPERUSER, "postgres")


def address(at: postgres.Place, **other: str) -> str:
    user, password, dbname = (other.get(key, getattr(at, key)) for key in ("user", "password", "dbname"))
    return f"postgresql://{quote(user, '')}:{quote(password, '')}@{quote(at.host, '')}:{at.port}/{quote(dbname, '')}"


@pytest.fixture
def named(server, monkeypatch):
    for key, url in server[0].items():
        monkeypatch.setenv(VARIABLES[key], url)
    return monkeypatch


@pytest.fixture
def superuser(server):
    with psycopg.connect(**server[1].psycopg(), autocommit=True) as connection:
        yield connection


def test_a_server_as_it_must_be_is_used_and_is_not_ours_to_stop(named, tmp_path, superuser):
    postgres.ensure_running(tmp_path / "home")
    at = postgres.place(tmp_path / "home", postgres.APP, postgres.KEYS)
    with psycopg.connect(**at.psycopg()) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == ("arrears_app", "arrears_keys")
    assert postgres.status(tmp_path / "home").is_outside
    with pytest.raises(Refused, match="not ours to stop"):
        postgres.stop(tmp_path / "home")
    assert not (tmp_path / "home").exists()
    assert at.password not in repr(at)


def test_a_backup_of_it_is_made_and_put_back_with_the_owners_role(named, tmp_path, superuser):
    home = tmp_path / "home"
    owner = postgres.place(home, postgres.OWNER, postgres.CASES)
    with psycopg.connect(**owner.psycopg(), autocommit=True) as connection:
        connection.execute("create table loan as select n from generate_series(1, 50) n")
        connection.execute("alter table loan enable row level security")
        connection.execute("alter table loan force row level security")
    with pytest.raises(Refused, match="BYPASSRLS"):
        postgres.backup(home, 1_800_000_000_000_000)
    assert not list(home.glob("backups/*/*.dump")), "a dump of the rows that a policy shows would be half a backup"
    superuser.execute("alter role arrears_owner bypassrls")
    try:
        made = postgres.backup(home, 1_800_000_000_000_000)[0]
        with psycopg.connect(**owner.psycopg(), autocommit=True) as connection:
            connection.execute("delete from loan where n > 7")
        with pytest.raises(Refused, match="CREATEDB"):
            postgres.restore(home, made.name, 1_800_000_001_000_000, replaces=True)
        superuser.execute("alter role arrears_owner createdb")
        superuser.execute("grant connect on database postgres to arrears_owner")
        postgres.restore(home, made.name, 1_800_000_002_000_000, replaces=True)
        with psycopg.connect(**owner.psycopg()) as connection:
            assert connection.execute("select count(*) from loan").fetchone() == (50,)
        postgres.ensure_running(home)
    finally:
        superuser.execute("alter role arrears_owner nobypassrls nocreatedb")
        superuser.execute("revoke connect on database postgres from arrears_owner")
        with psycopg.connect(**owner.psycopg(), autocommit=True) as connection:
            connection.execute("drop table loan")


@pytest.mark.parametrize("database", [postgres.CASES, postgres.KEYS])
def test_a_superuser_or_an_owner_as_the_apps_role_is_refused(server, named, tmp_path, database):
    at = postgres.place(tmp_path, postgres.APP, database)
    for other in ({"user": "postgres", "password": server[1].password}, {"user": "arrears_owner", "password": postgres.place(tmp_path, postgres.OWNER, database).password}):
        named.setenv(VARIABLES[postgres.APP, database], address(at, **other))
        with pytest.raises(Refused, match="must be neither owner nor superuser"):
            postgres.ensure_running(tmp_path)


@pytest.mark.parametrize(("given", "taken", "said"), [
    ("grant arrears_owner to arrears_app", "revoke arrears_owner from arrears_app", "owns"),
    ("alter role arrears_app bypassrls", "alter role arrears_app nobypassrls", "pass by row-level security"),
    ("alter role arrears_app createrole", "alter role arrears_app nocreaterole", "make roles"),
    ("create role passer bypassrls; grant passer to arrears_app", "drop role passer", "pass by row-level security"),
    ("grant pg_read_server_files to arrears_app", "revoke pg_read_server_files from arrears_app", "server's files"),
    ("grant create on database arrears to arrears_app", "revoke create on database arrears from arrears_app", "create schemas"),
    ("alter role arrears_owner superuser", "alter role arrears_owner nosuperuser", "is a superuser"),
    ("alter database arrears owner to postgres", "alter database arrears owner to arrears_owner", "does not own|permission denied"),
])
def test_a_role_that_may_too_much_or_too_little_is_refused(named, tmp_path, superuser, given, taken, said):
    superuser.execute(given)
    try:
        with pytest.raises(Refused, match=said):
            postgres.ensure_running(tmp_path)
    finally:
        superuser.execute(taken)
    postgres.ensure_running(tmp_path)


def test_what_is_missing_is_refused_with_the_statements_an_administrator_runs(named, tmp_path, superuser):
    at = postgres.place(tmp_path, postgres.APP, postgres.CASES)
    for role in (postgres.APP, postgres.OWNER):
        named.setenv(VARIABLES[role, postgres.CASES], address(postgres.place(tmp_path, role, postgres.CASES), dbname="absent"))
    superuser.execute("drop database if exists absent")
    with pytest.raises(Refused, match="no such database") as problem:
        postgres.ensure_running(tmp_path)
    assert 'CREATE DATABASE "absent" OWNER "arrears_owner"' in problem.value.en and at.password not in problem.value.en
    statements = [line for line in problem.value.en.split("\n") if '"absent"' in line and line.startswith(("CREATE", "REVOKE", "GRANT"))]
    assert len(statements) == 3
    try:
        for statement in statements:
            superuser.execute(statement)
        postgres.ensure_running(tmp_path)
    finally:
        superuser.execute("drop database if exists absent with (force)")


def test_a_wrong_password_is_refused_and_not_shown(named, tmp_path):
    at = postgres.place(tmp_path, postgres.APP, postgres.CASES)
    named.setenv("DATABASE_URL", address(at, password="wr0ng-secret"))
    with pytest.raises(Refused, match="DATABASE_URL: the server refuses the password") as problem:
        postgres.ensure_running(tmp_path)
    assert "wr0ng-secret" not in problem.value.en + problem.value.zh


def test_an_address_that_never_answers_is_given_up_and_one_where_nobody_is_at_once(named, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        named.setenv("DATABASE_URL", f"postgresql://app:s3cret@127.0.0.1:{silent.getsockname()[1]}/arrears")
        with pytest.raises(Refused, match="no answer within five seconds"):
            postgres.ensure_running(tmp_path)
        port = silent.getsockname()[1]
    named.setenv("DATABASE_URL", f"postgresql://app:s3cret@127.0.0.1:{port}/arrears")
    with pytest.raises(Refused, match="cannot be reached"):
        postgres.ensure_running(tmp_path)


def test_addresses_that_are_incomplete_no_addresses_or_the_same_for_cases_and_keys_are_refused(named, tmp_path):
    whole = {name: os.environ[name] for name in VARIABLES.values()}
    for name in whole:
        named.delenv(name)
        with pytest.raises(Refused, match=f"{name} is not set"):
            postgres.ensure_running(tmp_path)
        named.setenv(name, whole[name])
    for text in ("mysql://app:pw@host/arrears", "postgresql://", "postgresql://app:s3cret@host:port/arrears", "arrears", "postgresql://host/"):
        named.setenv("DATABASE_URL", text)
        with pytest.raises(Refused, match="no address of a database") as problem:
            postgres.ensure_running(tmp_path)
        assert "s3cret" not in problem.value.en
    named.setenv("DATABASE_URL", whole["KEYS_DATABASE_URL"])
    with pytest.raises(Refused, match="two databases|one database"):
        postgres.ensure_running(tmp_path)


@given(password=st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=20))
def test_whatever_stands_in_a_password_is_read_from_an_address_as_it_was_written(password):
    at = postgres.Place("/run/somewhere", 5433, "app", password, "arrears")
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES.values():
            patch.setenv(name, address(at) + "?sslmode=disable")
        found = postgres.place(Path(), postgres.APP, postgres.CASES)
    assert (found.host, found.port, found.user, found.password, found.dbname) == ("/run/somewhere", 5433, "app", password, "arrears")
    assert found.psycopg()["sslmode"] == "disable"


def test_no_password_stands_on_a_command_line(named, tmp_path):
    at = postgres.place(tmp_path, postgres.OWNER, postgres.CASES)
    assert at.password not in at.conninfo() and psycopg.conninfo.conninfo_to_dict(at.conninfo())["user"] == "arrears_owner"
    assert at.environment()["PGPASSWORD"] == at.password
