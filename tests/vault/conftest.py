"""A real KEYS database for each test that wants one, made from a template on a throw-away PostgreSQL."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from arrears.vault import vault as vaults
from arrears.vault.key_schema import prepare
from arrears.vault.providers import sealed_file
from ingest import database_servers

NOW = 1_780_000_000_000_000
_COUNT = itertools.count(1)


@dataclass(frozen=True)
class Installation:
    """One home and its KEYS database."""

    home: Path
    owner: dict
    app: dict
    superuser: dict

    def init(self) -> vaults.Vault:
        return vaults.init_vault(self.home, NOW, owner=self.owner, app_role="arrears_app", connection=self.app)[0]

    def open(self, **more) -> vaults.Vault:
        return vaults.open_vault(self.home, self.app, **more)

    def sql(self, statement: str, values=()) -> list:
        with psycopg.connect(**self.superuser, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


FULL_DERIVATION = dict(sealed_file._DERIVATION)


@pytest.fixture(scope="session", autouse=True)
def cheap_derivation():
    """Argon2id with little memory: these tests are not about how long guessing takes. The file says by which numbers it was made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_file, "_DERIVATION", {**FULL_DERIVATION, "iterations": 1, "memory_kib": 64})
        yield


@pytest.fixture(scope="session")
def keys_server():
    """A server with the roles and a prepared template."""
    with database_servers.postgresql() as url:
        folder = url.split("host=")[1]
        place = {"host": folder, "user": "clerk", "password": "s3cret"}
        with psycopg.connect(**place, dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE ROLE arrears_owner LOGIN PASSWORD 'o'")
            connection.execute("CREATE ROLE arrears_app LOGIN PASSWORD 'a'")
            connection.execute("CREATE DATABASE prepared OWNER arrears_owner")
            connection.execute("CREATE DATABASE cases OWNER arrears_owner")
        prepare({"host": folder, "user": "arrears_owner", "password": "o", "dbname": "prepared"}, "arrears_app")
        yield folder


@pytest.fixture
def empty_installation(keys_server, tmp_path):
    """A home without keys and a KEYS database without tables."""
    yield from _installation(keys_server, tmp_path, "template1")


@pytest.fixture
def installation(keys_server, tmp_path):
    """A home and a prepared KEYS database; no key was made yet."""
    yield from _installation(keys_server, tmp_path, "prepared")


@pytest.fixture(scope="module")
def module_installation(keys_server, tmp_path_factory):
    """The same, shared by the tests of one file."""
    yield from _installation(keys_server, tmp_path_factory.mktemp("home"), "prepared")


@pytest.fixture
def vault(installation):
    """A vault on a database of its own."""
    opened = installation.init()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared_vault(module_installation):
    """A vault shared by the tests of one file."""
    opened = module_installation.init()
    yield opened
    opened.close()


def _installation(folder, path, template):
    name = f"keys_{next(_COUNT)}"
    superuser = {"host": folder, "user": "clerk", "password": "s3cret", "dbname": "postgres"}
    with psycopg.connect(**superuser, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER arrears_owner TEMPLATE {template} STRATEGY file_copy")
    owner = {"host": folder, "user": "arrears_owner", "password": "o", "dbname": name}
    app = {"host": folder, "user": "arrears_app", "password": "a", "dbname": name}
    yield Installation(path / "home", owner, app, {**superuser, "dbname": name})
    with psycopg.connect(**superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
