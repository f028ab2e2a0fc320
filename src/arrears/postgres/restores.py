"""A backup put back: into a new database, checked, and swapped in by one transaction; killed at any moment it leaves the old one or the new one whole.

Keys are not put back unless that is asked for: an erased person's key must stay destroyed. Where it is asked for, everyone in HOME/keys/erased.jsonl is
erased from the restored keys before they are swapped in.
"""

import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path

from arrears.postgres import accounts, backups, clusters, connections, places, supervisor
from arrears.postgres.backups import STAMP, Backup, administering
from arrears.postgres.folders import Say
from arrears.postgres.outside import quoted
from arrears.postgres.places import APP, CASES, KEYS, OWNER, Place
from arrears.refusal import Refused

_SWAPS_TRIED = 20


def restore(home: Path, name: str, now: int, *, with_keys: bool = False, replaces: bool = False, say: Say = lambda en, zh: None) -> list[Backup]:
    """The database of cases is that of the backup, with `with_keys` that of keys too; what was put back. `now` stamps the backup that is made first where something is replaced.

    Raises Refused or DiskFull, and then the databases are as they were: no such backup, another digest than its JSON says, a database that is not empty without
    `replaces`, a newer PostgreSQL's dump, other counts of rows than when it was dumped, erasures that are lost or cannot be read.
    """
    supervisor.ensure_running(home, say)
    wanted = [_wanted(home, name, database) for database in ((CASES, KEYS) if with_keys else (CASES,))]
    erased = _erased(home, wanted) if with_keys else []
    filled = [database for database in (one.database for one in wanted) if _is_filled(home, database)]
    if filled and not replaces:
        raise Refused(f"{home}: the database of {' and '.join(filled)} is not empty; --replace puts the backup in its place, and backs it up first", f"{home}：{'、'.join('案件' if one == CASES else '密钥' for one in filled)}库非空；加 --replace 则先备份再替换")
    with connections.connected(administering(home, CASES), "restore") as connection:
        _demand_may(connection)
    _demand_idle(home, [one.database for one in wanted])
    if filled:
        for one in backups.backup(home, now, say=say, prunes=False):
            say(f"what is replaced was backed up: {one.path}", f"被替换的内容已备份：{one.path}")
    with backups.backing_up(home), connections.connected(administering(home, None), "restore") as connection:
        _clear(connection, home)
        for one in wanted:
            _fill(home, connection, one)
        if with_keys:
            gone = _erase_again(_at(home, KEYS, "_restoring"), erased)
            say(f"{gone} data keys of erased persons were in the backup and are destroyed again", f"备份中含有 {gone} 个已删除人员的数据密钥，已再次销毁")
        _swap(connection, [administering(home, one.database).dbname for one in wanted])
        _clear(connection, home)
    return wanted


def _wanted(home: Path, name: str, database: str) -> Backup:
    """The backup of that name, its bytes those that were written. Raises Refused."""
    known = {one.name: one for one in backups.backups_of(home, database)}
    if not STAMP.fullmatch(name) or name not in known:
        there = ", ".join(list(known)[-5:]) or "none"
        raise Refused(f"{name}: no backup of {database} of that name; there are (newest last): {there}", f"{name}：没有该名称的{'案件' if database == CASES else '密钥'}备份；现有（最新在后）：{there}")
    one = known[name]
    if one.about.get("format") != 1:
        raise Refused(f"{one.path}: its JSON file is missing or of another version, so it cannot be checked; put it back", f"{one.path}：其 JSON 文件缺失或版本不同，无法校验；请放回")
    with one.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != one.about["sha256"] or one.path.stat().st_size != one.about["bytes"]:
        raise Refused(f"{one.path}: was changed or damaged since it was made (its SHA-256 is another); nothing was changed, use another backup", f"{one.path}：备份后被改动或损坏（SHA-256 不符）；未作任何更改，请换用其他备份")
    with connections.connected(administering(home, None if not places.is_outside() else CASES), "restore") as connection:
        if connection.info.server_version // 10000 < one.about["server_version"] // 10000:
            raise Refused(f"{one.path}: was dumped from PostgreSQL {one.about['server_version'] // 10000}, newer than this server; run arrears db upgrade first", f"{one.path}：来自 PostgreSQL {one.about['server_version'] // 10000}，比本服务器新；请先运行 arrears db upgrade")
    return one


def _erased(home: Path, wanted: list[Backup]) -> list[tuple[str, str]]:
    """Lender and person of everyone who was erased. Raises Refused where a line cannot be read, or fewer are there than when the backup was made."""
    path, found = Path(home) / "keys" / "erased.jsonl", []
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line) if line.strip() else None
            pair = (said["tenant"], said["person"]) if said is not None else None
        except (ValueError, KeyError, TypeError):
            pair = ("", "")
        if pair is None:
            continue
        if not all(isinstance(one, str) and one for one in pair):
            raise Refused(f"{path}, line {number}: cannot be read, so keys are not restored: an erased person could come back; mend the line first", f"{path} 第 {number} 行：无法读取，故不恢复密钥，以免已删除的人员复现；请先修正")
        found.append(pair)
    then = max(int(one.about.get("erased") or 0) for one in wanted)
    if len(found) < then:
        raise Refused(f"{path}: names {len(found)} erased persons, {then} when the backup was made; keys are not restored: put the file back first", f"{path}：现有 {len(found)} 条删除记录，备份时为 {then} 条；不恢复密钥，请先放回该文件")
    return found


def _is_filled(home: Path, database: str) -> bool:
    with connections.connected(administering(home, database), database) as connection:
        return bool(connection.execute("select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_')").fetchone()[0])


def _demand_idle(home: Path, databases: list[str]) -> None:
    """Raises Refused while others have sessions in what would be replaced: what they still write would be in neither the backup nor the new database."""
    for database in databases:
        with connections.connected(administering(home, database), database) as connection:
            busy = connection.execute("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'").fetchone()[0]
        if busy:
            raise Refused(f"{home}: {busy} sessions are in the database of {database}; stop the application and what else works on it, then run again", f"{home}：{'案件' if database == CASES else '密钥'}库中有 {busy} 个会话；请停止应用及其他使用者后重试")


def _demand_may(connection) -> None:
    allowed = connection.execute("select rolsuper or rolcreatedb from pg_roles where rolname = current_user").fetchone()[0]
    if not allowed:
        user = connection.info.user
        raise Refused(f"restore: the role {user} may not make databases; an administrator may run ALTER ROLE {quoted(user)} CREATEDB for as long as the restore takes", f"恢复：角色 {user} 无权创建数据库；管理员可在恢复期间执行 ALTER ROLE {quoted(user)} CREATEDB")


def _at(home: Path, database: str, suffix: str) -> Place:
    at = administering(home, database)
    return Place(at.host, at.port, at.user, at.password, at.dbname + suffix, at.options)


def _clear(connection, home: Path) -> None:
    """No database is left of a restore: neither one at work nor one that was replaced (its successor is there)."""
    for database in (CASES, KEYS):
        for suffix in ("_restoring", "_replaced"):
            connection.execute(f"drop database if exists {quoted(_at(home, database, suffix).dbname)} with (force)")


def _fill(home: Path, connection, one: Backup) -> None:
    """A new database with what the backup holds, with the rights at its database that the present one gives, and as many rows in each table as were dumped."""
    present, at = administering(home, one.database), _at(home, one.database, "_restoring")
    owner = places.place(home, OWNER, one.database).user
    connection.execute(f"create database {quoted(at.dbname)} owner {quoted(owner)} template template0 encoding 'UTF8'")
    connection.execute(f"revoke all on database {quoted(at.dbname)} from public")
    with connections.connected(present, present.dbname) as old:
        rights = backups.rights_of(old)
    app = places.place(home, APP, one.database).user
    roles = {role for role, in connection.execute("select rolname from pg_roles")}
    for right, role in dict.fromkeys((right, role) for right, role in (*rights, *one.about.get("rights", []), ("CONNECT", app)) if role in roles):
        if right in ("CONNECT", "TEMPORARY"):
            connection.execute(f"grant {right} on database {quoted(at.dbname)} to {quoted(role)}")
    programs = backups.programs_for(home, connection.info.server_version)
    words = [programs.pg_restore, "--exit-on-error", "--no-password", *(["--no-owner"] if places.is_outside() else []), "--dbname", at.conninfo(), one.path]
    with tempfile.TemporaryFile() as said:
        ran = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, check=False, env=accounts.environment(**at.environment()))  # noqa: S603
        if ran.returncode != 0:
            said.seek(0)
            raise clusters.reveal_failure(said.read().decode(errors="replace"), one.path, "pg_restore")
    with connections.connected(at, at.dbname, autocommit=False) as filled:
        filled.execute("set local row_security = off")
        found = backups.rows_of(filled)
    if found != one.about["rows"]:
        differ = sorted(table for table in found.keys() | one.about["rows"].keys() if found.get(table) != one.about["rows"].get(table))
        raise Refused(f"{one.path}: restored, other counts of rows came out than were dumped ({', '.join(differ[:5])}); the database is as it was", f"{one.path}：恢复后的行数与备份时不符（{'、'.join(differ[:5])}）；数据库保持原样")


def _erase_again(at: Place, erased: list[tuple[str, str]]) -> int:
    """How many data keys of erased persons were destroyed in the restored keys. Raises Refused where there are erasures and no table that they hold for."""
    with connections.connected(at, at.dbname) as connection:
        tables = connection.execute("select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'data_key' and c.relkind in ('r', 'p')").fetchall()
        if erased and not tables:
            raise Refused("the backup of keys has no table data_key, so erasures cannot be applied to it; keys are not restored", "密钥备份中没有 data_key 表，无法重新执行删除；不恢复密钥")
        gone = 0
        for schema, table in tables:
            with connection.cursor() as cursor:
                cursor.execute(f"delete from {quoted(schema)}.{quoted(table)} k using unnest(%s::text[], %s::text[]) as e(tenant, person) where k.tenant::text = e.tenant and k.person::text = lower(e.person)",  # noqa: S608
                               ([tenant for tenant, _ in erased], [person for _, person in erased]))
                gone += cursor.rowcount
    return gone


def _swap(connection, names: list[str]) -> None:
    """In one transaction each restored database takes the name of the present one. Sessions in the present ones are ended; raises Refused where they do not go."""
    import psycopg

    for _ in range(_SWAPS_TRIED):
        try:
            with connection.transaction():
                for name in names:
                    connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s) and pid <> pg_backend_pid()", ([name, f"{name}_restoring"],))
                    connection.execute(f"alter database {quoted(name)} rename to {quoted(name + '_replaced')}")
                    connection.execute(f"alter database {quoted(name + '_restoring')} rename to {quoted(name)}")
            return
        except (psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege) as problem:
            last = problem
            time.sleep(0.2)
    raise Refused(f"restore: sessions in {', '.join(names)} do not end ({last.diag.message_primary}); stop the application and run again, the database is as it was", f"恢复：{'、'.join(names)} 中的会话未结束（{last.diag.message_primary}）；请停止应用后重试，数据库保持原样")
