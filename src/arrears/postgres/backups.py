"""Backups of cases and of keys, each in its own folder with its own retention; whole or not at all.

    HOME/backups/cases/20261130T101045.123Z.dump   pg_dump's custom format; it takes its name last, so what has the name is whole
    HOME/backups/cases/20261130T101045.123Z.json   size, SHA-256, versions, rows of each table in the moment of the dump
    HOME/backups/keys/…                            the same for the data keys, kept much shorter: an erased person's key must be gone from here too

Cases are dumped first: every row in them then finds its key in the dump of keys, but for those who were erased between.
"""

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from arrears import strict_yaml
from arrears.days import moment_of
from arrears.postgres import accounts, clusters, connections, places, supervisor
from arrears.postgres.binaries import Binaries, binaries_found
from arrears.postgres.folders import Say, disk_room, folders_of, locked, read_cluster, read_json, sync, write_whole
from arrears.postgres.outside import quoted
from arrears.postgres.places import CASES, DATABASE_NAMES, KEYS, OWNER, SUPERUSER, Place
from arrears.refusal import Refused

STAMP = re.compile(r"\d{8}T\d{6}\.\d{3}Z")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Retention:
    """How many days a backup is kept, cases and keys apart: the operator's own choice, not a number of law. Keys shorter, since erasure is real only once they are gone from backups too."""

    cases_days: int = 35
    keys_days: int = 7


@dataclass(frozen=True)
class Backup:
    """One dump under its final name: `name` is its UTC stamp, `about` what stands in its JSON file."""

    name: str
    database: str
    path: Path
    about: dict


def backup(home: Path, now: int, retention: Retention | None = None, say: Say = lambda en, zh: None, *, prunes: bool = True) -> list[Backup]:
    """A whole backup of cases and one of keys, under the stamp of `now` (microseconds UTC); backups past their retention are gone, a line said for each.

    Raises Refused or DiskFull, and then no file of this stamp has a final name that was not whole, and what was there before is there.
    """
    supervisor.ensure_running(home, say)
    kept = retention or retention_of(home)
    name = stamp_of(now)
    with backing_up(home):
        folders = {database: _folder(home, database) for database in (CASES, KEYS)}
        for database, folder in folders.items():
            _clear(folder)
            if (folder / f"{name}.dump").exists():
                raise Refused(f"{folder / name}.dump: stands already; a backup is not written over, run again", f"{folder / name}.dump：已存在；备份不会被覆盖，请重试")
            newest = max((one.name for one in backups_of(home, database)), default="")
            if newest > name:
                say(f"the newest backup is of {newest}, after this moment: has the clock gone backwards? it is kept", f"最新备份为 {newest}，晚于当前时刻：时钟是否倒退？该备份保留")
        made = [_dumped(home, database, folder, name) for database, folder in folders.items()]
        if prunes:
            _prune(home, now, kept, say)
    return made


def prune(home: Path, now: int, retention: Retention | None = None, say: Say = lambda en, zh: None) -> None:
    """No backup is left that is older than its retention, a line said for each; for a schedule of its own, since keys must go though no new backup is made."""
    with backing_up(home):
        _prune(home, now, retention or retention_of(home), say)


def backups_of(home: Path, database: str) -> list[Backup]:
    """The whole backups of cases or of keys, oldest first."""
    folder = Path(home).resolve() / "backups" / database
    names = sorted(path.stem for path in folder.glob("*.dump") if STAMP.fullmatch(path.stem)) if folder.is_dir() else []
    return [Backup(name, database, folder / f"{name}.dump", _about(folder / f"{name}.json")) for name in names]


def retention_of(home: Path) -> Retention:
    """What HOME/settings.yaml says under `backup`, else 35 days for cases and 7 for keys. Raises Refused or BadYaml."""
    path = Path(home) / "settings.yaml"
    found = strict_yaml.read(path) if path.exists() else None
    said = found.get("backup") if isinstance(found, dict) else None
    if said is None:
        return Retention()
    strict_yaml.expect_keys(said, set(), {"cases_days", "keys_days"}, f"{path.name}, backup")
    return Retention(**{key: days(value, f"{path.name}, backup: {key}") for key, value in said.items()})


def days(text: object, where: str) -> int:
    """A number of days, at least one; raises Refused."""
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and 1 <= int(text) <= 36500):
        raise Refused(f"{where} {text!r} is no number of days; write a whole number from 1 on", f"{where} {text!r} 不是天数；请写不小于 1 的整数")
    return int(text)


def stamp_of(now: int) -> str:
    """20261130T101045.123Z of a moment in microseconds."""
    return moment_of(now).strftime("%Y%m%dT%H%M%S.") + f"{now // 1000 % 1000:03d}Z"


@contextmanager
def backing_up(home: Path) -> Iterator[int]:
    """Holds the lock under which backups are made and restored."""
    root = Path(home).resolve() / "backups"
    with disk_room(root):
        _own(root)
    with locked(root / ".lock", ("another backup or restore is running", "另一备份或恢复正在进行"), 5) as lock:
        yield lock


def administering(home: Path, database: str | None) -> Place:
    """Where the role that may read and swap whole databases connects: our superuser, or an outside server's owner; database None for the one named postgres."""
    if places.is_outside():
        at = places.place(home, OWNER, database or CASES)
        return at if database else Place(at.host, at.port, at.user, at.password, "postgres", at.options)
    return places.own_place(folders_of(home), SUPERUSER, DATABASE_NAMES[database] if database else "postgres")


def programs_for(home: Path, server_version: int) -> Binaries:
    """pg_dump and pg_restore that can work with that server: the cluster's own, or any as new as an outside server. Raises Refused."""
    if not places.is_outside():
        folders = folders_of(home)
        cluster = read_cluster(folders)
        return supervisor.own_binaries(folders, cluster, accounts.account_for(cluster, lambda en, zh: None))
    found = next((one for one in sorted(binaries_found(), key=lambda one: one.major) if one.major >= server_version // 10000), None)
    if found is None:
        raise Refused(f"the server is PostgreSQL {server_version // 10000} and no pg_dump as new is here; install it, or let the server's administrator back up", f"服务器为 PostgreSQL {server_version // 10000}，此处没有同样新的 pg_dump；请安装，或由服务器管理员备份")
    return found


def rows_of(connection) -> dict[str, int]:
    """How many rows each table has, by schema.table, as the connection's snapshot sees them."""
    names = connection.execute("""select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                  where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_' order by 1, 2""").fetchall()
    return {f"{schema}.{table}": connection.execute(f"select count(*) from {quoted(schema)}.{quoted(table)}").fetchone()[0] for schema, table in names}  # noqa: S608 - names from the catalogue, quoted


def rights_of(connection) -> list[list[str]]:
    """Who may connect to the connection's database or make temporary tables in it, beside its owner: [right, role], which no dump tells."""
    found = connection.execute("""select a.privilege_type, r.rolname from pg_database d, aclexplode(d.datacl) a join pg_roles r on r.oid = a.grantee
                                  where d.datname = current_database() and a.grantee <> d.datdba and a.privilege_type in ('CONNECT', 'TEMPORARY') order by 1, 2""").fetchall()
    return [list(row) for row in found]


def erased_count(home: Path) -> int:
    """How many persons HOME/keys/erased.jsonl names, whatever it says of them."""
    path = Path(home) / "keys" / "erased.jsonl"
    return sum(1 for line in path.read_bytes().splitlines() if line.strip()) if path.exists() else 0


def _dumped(home: Path, database: str, folder: Path, name: str) -> Backup:
    """The dump, its size, digest and rows those of one snapshot; it has its name once all of it is on the disk."""
    import psycopg

    at, where = administering(home, database), f"backup of {database}"
    final, unfinished = folder / f"{name}.dump", folder / f"{name}.unfinished"
    with connections.connected(at, where) as connection, disk_room(final):
        connection.execute("begin isolation level repeatable read, read only")
        connection.execute("set local row_security = off")
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        version = connection.info.server_version
        try:
            rows = rows_of(connection)
        except psycopg.errors.InsufficientPrivilege as problem:
            raise Refused(f"{where}: the role {at.user} may not read all rows ({problem.diag.message_primary}); an administrator may run ALTER ROLE {quoted(at.user)} BYPASSRLS, or back up by the server's own means",
                          f"{where}：角色 {at.user} 无法读取全部行（{problem.diag.message_primary}）；管理员可执行 ALTER ROLE {quoted(at.user)} BYPASSRLS，或用服务器自身的方式备份") from None
        snapshot = connection.execute("select pg_export_snapshot()").fetchone()[0]
        migrations = connection.execute("select name from public.django_migrations order by id desc limit 1").fetchone() if "public.django_migrations" in rows else None
        programs = programs_for(home, version)
        try:
            size, digest = _written(programs, at, snapshot, unfinished)
            about = {"format": 1, "database": database, "made_at": name, "bytes": size, "sha256": digest, "server_version": version, "pg_dump": programs.version,
                     "rows": rows, "last_migration": migrations[0] if migrations else None, "entries": rows.get("public.work_entry"), "rights": rights_of(connection), "erased": erased_count(home)}
            write_whole(folder / f"{name}.json", json.dumps(about, indent=1, sort_keys=True).encode() + b"\n", 0o600)
            os.replace(unfinished, final)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync(folder)
    return Backup(name, database, final, about)


def _written(programs: Binaries, at: Place, snapshot: str, unfinished: Path) -> tuple[int, str]:
    """Size and SHA-256 of the dump, which is on the disk. Through a pipe: pg_dump ends when we are killed."""
    words = [programs.pg_dump, "--format=custom", "--no-password", f"--snapshot={snapshot}", "--dbname", at.conninfo()]
    size, digest = 0, hashlib.sha256()
    with tempfile.TemporaryFile() as said, open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=accounts.environment(**at.environment())) as dumping:  # noqa: S603
            try:
                while chunk := dumping.stdout.read(_CHUNK_BYTES):
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                dumping.kill()
                raise
        if dumping.returncode != 0 or size == 0:
            said.seek(0)
            raise clusters.reveal_failure(said.read().decode(errors="replace"), unfinished, "pg_dump")
    return size, digest.hexdigest()


def _prune(home: Path, now: int, kept: Retention, say: Say) -> None:
    for database, kept_days in ((CASES, kept.cases_days), (KEYS, kept.keys_days)):
        for one in backups_of(home, database):
            made = datetime.strptime(one.name, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
            if made < moment_of(now) - timedelta(days=kept_days):
                one.path.unlink()
                one.path.with_suffix(".json").unlink(missing_ok=True)
                say(f"backup of {database} {one.name} was older than {kept_days} days and is removed", f"{'案件' if database == CASES else '密钥'}备份 {one.name} 已超过 {kept_days} 天，已删除")


def _clear(folder: Path) -> None:
    """What a killed backup left unfinished is gone."""
    for path in folder.glob("*.unfinished"):
        path.unlink()
    for path in folder.glob("*.json"):
        if not path.with_suffix(".dump").exists():
            path.unlink()


def _folder(home: Path, database: str) -> Path:
    folder = Path(home).resolve() / "backups" / database
    with disk_room(folder):
        _own(folder)
    return folder


def _own(folder: Path) -> None:
    """The folder is there; made by us, nobody else reads it."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        return
    folder.chmod(0o700)


def _about(path: Path) -> dict:
    return read_json(path) or {}
