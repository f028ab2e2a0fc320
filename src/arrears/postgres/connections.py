"""Connecting, and saying in plain words why it did not come about or why the role will not do."""

from contextlib import contextmanager
from dataclasses import dataclass

from arrears.postgres.places import Place
from arrears.refusal import DiskFull, Refused

_REACH_BEYOND = ("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files", "pg_write_all_data")
"""Roles of PostgreSQL's own whose members reach the server's files and programs, or write what nobody granted."""


class Unreachable(Refused):
    """Nothing answers there as a server of PostgreSQL; it may be started."""


class StartingUp(Unreachable):
    """A server is there and takes no connections yet, or no more."""


@dataclass(frozen=True)
class Standing:
    """What a role is in the database it is connected to."""

    role: str
    dbname: str
    version: int
    is_superuser: bool
    is_powerful: bool
    """May make roles or databases, replicate, pass by row-level security, or reach the server's files and programs; as itself or as a member of a role that may."""
    owns: bool
    """Owns the database or anything in it, or is a member of a role that does or of the superuser."""
    creates: bool
    """May make schemas in the database, or tables in a schema of it."""
    encoding: str


@contextmanager
def connected(place: Place, where: str, **settings):
    """A connection that commits each statement, closed at the end; `where` names it to the user. Raises Refused, a kind of it where nothing answers or the server goes away meanwhile."""
    import psycopg

    try:
        connection = psycopg.connect(**{**place.psycopg(), "autocommit": True, "application_name": "arrears", **settings})
    except psycopg.Error as problem:
        raise _why(str(problem).strip(), where) from None
    try:
        with connection:
            yield connection
    except psycopg.OperationalError as problem:
        raise _why(str(problem).strip() or "connection lost", where) from None


def standing_of(connection) -> Standing:
    """What the connected role is; memberships count, inherited or not."""
    row = connection.execute("""
        select current_user, current_database(), current_setting('server_version_num')::int, r.rolsuper or exists
                 (select from pg_roles s where s.rolsuper and pg_has_role(r.oid, s.oid, 'member')),
               exists (select from pg_roles s where (s.rolcreaterole or s.rolcreatedb or s.rolreplication or s.rolbypassrls or s.rolname = any(%s)) and not s.rolsuper
                       and pg_has_role(r.oid, s.oid, 'member')),
               pg_has_role(r.oid, d.datdba, 'member') or exists (select from pg_class c where pg_has_role(r.oid, c.relowner, 'member'))
                 or exists (select from pg_namespace n where pg_has_role(r.oid, n.nspowner, 'member')),
               has_database_privilege(d.oid, 'create') or exists
                 (select from pg_namespace n where n.nspname not like 'pg\\_%%' and has_schema_privilege(n.oid, 'create')),
               pg_encoding_to_char(d.encoding)
        from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()""", (list(_REACH_BEYOND),)).fetchone()
    return Standing(*row)


def demand_app_role(standing: Standing, where: str) -> None:
    """Raises Refused unless the role may do no more than the app's may: policies do not hold an owner or a superuser back."""
    faults = [(fault, words) for fault, words in (
        (standing.is_superuser, ("is a superuser", "是超级用户")),
        (standing.owns, ("owns the database or something in it", "是数据库或其中对象的属主")),
        (standing.is_powerful, ("may, itself or as a member, make roles or databases, replicate, pass by row-level security or reach the server's files", "本身或作为成员可创建角色或数据库、复制、绕过行级安全，或访问服务器文件")),
        (standing.creates, ("may create schemas or tables", "可创建模式或表")),
    ) if fault]
    if faults:
        raise Refused(f"{where}: the app's role {standing.role} {', '.join(words[0] for _, words in faults)}; the app's role must be neither owner nor superuser and create nothing: name another role",
                      f"{where}：应用角色 {standing.role} {'、'.join(words[1] for _, words in faults)}；应用角色不得是属主或超级用户，也不得创建对象：请另用角色")


def _why(said: str, where: str) -> Refused:
    """The refusal for what the server or the network said."""
    if "starting up" in said or "shutting down" in said or "not yet accepting connections" in said or "in recovery mode" in said or "closed the connection unexpectedly" in said:
        return StartingUp(f"{where}: the server is starting up or shutting down; try again in a moment", f"{where}：服务器正在启动或关闭；请稍后重试")
    if "No space left on device" in said or "could not write init file" in said:
        return DiskFull(f"{where}: no room is left on the server's disk; make room and run again, what was committed is kept", f"{where}：服务器磁盘空间不足；请腾出空间后重试，已提交的内容均保留")
    if "password authentication failed" in said:
        return Refused(f"{where}: the server refuses the password; see who changed it, on the server or here", f"{where}：服务器拒绝了密码；请查明是服务器端还是此处被改动")
    if "no password supplied" in said:
        return Refused(f"{where}: the server wants a password and none was given", f"{where}：服务器要求密码，但未提供")
    if "authentication method requirement" in said:
        return Refused(f"{where}: the server did not ask for the password as ours does (scram-sha-256), so it is not ours or was opened to everyone; see its hba.conf", f"{where}：该服务器未按 scram-sha-256 要求密码，可能不是本系统的服务器，或已对所有人开放；请检查其 hba.conf")
    if "does not exist" in said and "database" in said:
        return Refused(f"{where}: the server has no such database ({said.splitlines()[-1]})", f"{where}：服务器上没有该数据库")
    if "timeout" in said.lower() or "timed out" in said.lower():
        return Unreachable(f"{where}: no answer within five seconds; see whether the server runs and the way to it is open", f"{where}：五秒内无应答；请检查服务器是否运行、网络是否可达")
    if "FATAL" in said:
        return Refused(f"{where}: the server refuses: {said.split('FATAL:')[-1].strip()}", f"{where}：服务器拒绝：{said.split('FATAL:')[-1].strip()}")
    return Unreachable(f"{where}: cannot be reached ({said.splitlines()[-1].strip()})", f"{where}：无法连接（{said.splitlines()[-1].strip()}）")
