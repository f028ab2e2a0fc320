"""Where to connect, as which role, to which of the two databases: a server named by the environment, else the home's own.

Roles: `postgres` (bootstrap superuser, the supervisor's alone), `arrears_owner` (owns both databases, runs migrations), `arrears_app` (neither owner nor superuser).
Databases: `arrears` (cases) and `arrears_keys` (wrapped data keys), so that a dump of cases never holds a key.
"""

import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from arrears.postgres.folders import PORT, Folders, folders_of, read_cluster, socket_of, sync, write_whole
from arrears.refusal import Refused

OWNER, APP, SUPERUSER = "owner", "app", "postgres"
CASES, KEYS = "cases", "keys"
ROLE_NAMES = {OWNER: "arrears_owner", APP: "arrears_app", SUPERUSER: "postgres"}
DATABASE_NAMES = {CASES: "arrears", KEYS: "arrears_keys"}
VARIABLES = {(APP, CASES): "DATABASE_URL", (OWNER, CASES): "DATABASE_OWNER_URL", (APP, KEYS): "KEYS_DATABASE_URL", (OWNER, KEYS): "KEYS_DATABASE_OWNER_URL"}
CONNECT_SECONDS = 5
"""How long an answer is waited for when connecting."""
ONLY_SCRAM = (("require_auth", "scram-sha-256"),)
"""A server of our own that asks for no password is not ours, and one that does not know the password cannot pass for it."""


@dataclass(frozen=True)
class Place:
    """Where and as whom to connect; `host` is the socket's folder or a host's name, `options` further words of libpq such as sslmode."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str
    options: tuple[tuple[str, str], ...] = ()

    def psycopg(self) -> dict:
        """The keyword arguments of psycopg.connect; an answer is waited for five seconds at most."""
        found = {"host": self.host, "port": self.port, "user": self.user, "password": self.password, "dbname": self.dbname}
        return {"connect_timeout": CONNECT_SECONDS, **dict(self.options), **{key: value for key, value in found.items() if value != ""}}

    def conninfo(self) -> str:
        """The same as one text for PostgreSQL's own programs, without the password, which a command line would show to everyone."""
        from psycopg.conninfo import make_conninfo

        return make_conninfo(**{key: value for key, value in self.psycopg().items() if key not in ("password", "require_auth")})

    def environment(self) -> dict[str, str]:
        """What is not in that text, as variables for those programs; older ones do not know all of them and pass over them."""
        asked = dict(self.options).get("require_auth")
        return {"PGPASSWORD": self.password, **({"PGREQUIREAUTH": asked} if asked else {})}


def is_outside() -> bool:
    """Whether the environment names a server that is not ours to start or stop. Raises Refused where it names only a part of one."""
    named = {name for name in VARIABLES.values() if os.environ.get(name)}
    missing = sorted(set(VARIABLES.values()) - named)
    if named and missing:
        raise Refused(f"{', '.join(sorted(named))} names a database server, but {', '.join(missing)} is not set; set all four (app and owner, cases and keys), or none to use our own server",
                      f"已设置 {'、'.join(sorted(named))}，但缺少 {'、'.join(missing)}；请四个全部设置（应用与属主、案件与密钥），或全部不设以使用自带服务器")
    return bool(named)


def place(home: Path, role: str, database: str) -> Place:
    """Where that role (OWNER or APP) finds that database (CASES or KEYS); files and environment are read, nothing is started.

    Raises Refused where no database was made in this home yet, or its passwords are lost or open to others.
    """
    if is_outside():
        return _outside(VARIABLES[role, database])
    return own_place(folders_of(home), role, DATABASE_NAMES[database])


def own_place(folders: Folders, role: str, dbname: str, socket: Path | None = None) -> Place:
    """The same for our own server, the bootstrap superuser and any database's name included; `socket` where it listens in another folder than the record says."""
    cluster = read_cluster(folders)
    if socket is None and cluster is None:
        raise Refused(f"{folders.home}: has no database yet; run arrears db start --home {folders.home}", f"{folders.home}：尚无数据库；请运行 arrears db start --home {folders.home}")
    host = socket_of(folders, cluster) if socket is None else socket
    return Place(str(host), PORT, ROLE_NAMES[role], read_secret(folders, role), dbname, ONLY_SCRAM if _knows_require_auth() else ())


def read_secret(folders: Folders, name: str) -> str:
    """One line of the secrets: a role's password, or the cluster's id. Raises Refused where it is lost, or where others may read it."""
    path = folders.secrets / name
    try:
        found = path.stat()
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Refused(f"{path}: is not there; without it nobody gets into the database: put it back from your own copy", f"{path}：不存在；没有它无法进入数据库，请从备份中放回") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(f"{path}: cannot be read ({problem}); run as the user it belongs to", f"{path}：无法读取（{problem}）；请以其所属用户运行") from None
    if found.st_mode & 0o077:
        raise Refused(f"{path}: others may read it ({found.st_mode & 0o777:04o}); find out who did, then: chmod 0600 {path}", f"{path}：他人可读（{found.st_mode & 0o777:04o}）；请查明后执行 chmod 0600 {path}")
    if not text:
        raise Refused(f"{path}: is empty; put it back from your own copy", f"{path}：为空；请从备份中放回")
    return text


def make_secrets(folders: Folders) -> None:
    """A new cluster's id and a random password for each role (256 bits) are there, made whole; those that are there stay."""
    if folders.secrets.is_dir():
        return
    unfinished = folders.postgres / f"secrets.unfinished-{secrets.token_hex(4)}"
    unfinished.mkdir(mode=0o700)
    try:
        for name in ("id", *ROLE_NAMES):
            write_whole(unfinished / name, (secrets.token_hex(16) if name == "id" else secrets.token_urlsafe(32)).encode() + b"\n", 0o600)
        unfinished.rename(folders.secrets)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync(folders.postgres)


def _outside(variable: str) -> Place:
    """The place that a URL names; raises Refused, without showing a password, where it is no URL of PostgreSQL."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    url = os.environ[variable]
    try:
        found = conninfo_to_dict(url) if url.startswith(("postgres://", "postgresql://")) else {}
        port = int(found.pop("port", PORT))
    except (ProgrammingError, ValueError):
        found = {}
    if not found.get("dbname") or not found.get("user"):
        raise Refused(f"{variable}: is no address of a database; write it as postgresql://user:password@host:5432/database", f"{variable}：不是数据库地址；请写成 postgresql://user:password@host:5432/database")
    known = [str(found.pop(key, "")) for key in ("host", "user", "password", "dbname")]
    return Place(known[0], port, *known[1:], tuple(sorted((key, str(value)) for key, value in found.items())))


def _knows_require_auth() -> bool:
    from psycopg import pq

    return pq.version() >= 160000
