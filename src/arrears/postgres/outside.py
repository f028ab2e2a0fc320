"""A server that DATABASE_URL names: reached, its roles and databases as they must be, else what its administrator has to run."""

from pathlib import Path

from arrears.postgres import connections, places
from arrears.postgres.binaries import LEAST_MAJOR
from arrears.postgres.places import APP, CASES, KEYS, OWNER, VARIABLES
from arrears.refusal import Refused


def demand_usable() -> None:
    """Raises Refused unless all four addresses answer, the app's role may no more than it must, the owner owns, and cases and keys are two databases in UTF-8."""
    found = {}
    for (role, database), variable in VARIABLES.items():
        at = places.place(Path(), role, database)
        try:
            with connections.connected(at, variable) as connection:
                found[role, database] = connections.standing_of(connection)
        except connections.Unreachable:
            raise
        except Refused as problem:
            raise Refused(f"{problem.en}; an administrator may run:\n{needed_sql()}", f"{problem.zh}；管理员可执行：\n{needed_sql()}") from None
    for (role, database), standing in found.items():
        variable = VARIABLES[role, database]
        if standing.version < LEAST_MAJOR * 10000:
            raise Refused(f"{variable}: the server is PostgreSQL {standing.version // 10000}; {LEAST_MAJOR} or newer is needed", f"{variable}：服务器为 PostgreSQL {standing.version // 10000}；需要 {LEAST_MAJOR} 或更高版本")
        if standing.encoding != "UTF8":
            raise Refused(f"{variable}: the database's encoding is {standing.encoding}; make it with UTF8", f"{variable}：数据库编码为 {standing.encoding}；请以 UTF8 创建")
        if role == APP:
            connections.demand_app_role(standing, variable)
        elif standing.is_superuser or not standing.owns:
            raise Refused(f"{variable}: the role {standing.role} {'is a superuser' if standing.is_superuser else 'does not own the database'}; it must own the database and be no superuser: an administrator may run:\n{needed_sql()}",
                          f"{variable}：角色 {standing.role} {'是超级用户' if standing.is_superuser else '不是数据库属主'}；它须为数据库属主且非超级用户，管理员可执行：\n{needed_sql()}")
    _demand_apart()


def needed_sql() -> str:
    """What an administrator of the server runs as its superuser, in the names that the addresses have; passwords are theirs to choose."""
    at = {key: places.place(Path(), *key) for key in VARIABLES}
    lines = []
    for role in (OWNER, APP):
        for name in dict.fromkeys(at[role, database].user for database in (CASES, KEYS)):
            lines.append(f"CREATE ROLE {quoted(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD '...';")
    for database in (CASES, KEYS):
        name, owner, app = quoted(at[OWNER, database].dbname), quoted(at[OWNER, database].user), quoted(at[APP, database].user)
        lines += [f"CREATE DATABASE {name} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0;", f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;", f"GRANT CONNECT ON DATABASE {name} TO {app};",
                  f"-- in {name}:", "REVOKE ALL ON SCHEMA public FROM PUBLIC;", f"GRANT USAGE ON SCHEMA public TO {app};"]
    return "\n".join(lines)


def quoted(name: str) -> str:
    """A name of SQL in its quotes."""
    return '"' + name.replace('"', '""') + '"'


def _demand_apart() -> None:
    at = {key: places.place(Path(), *key) for key in VARIABLES}
    for role in (OWNER, APP):
        cases, keys = at[role, CASES], at[role, KEYS]
        if (cases.host, cases.port, cases.dbname) == (keys.host, keys.port, keys.dbname):
            raise Refused(f"{VARIABLES[role, CASES]} and {VARIABLES[role, KEYS]} name one database; keys must lie in another, so that a dump of cases never holds a key",
                          f"{VARIABLES[role, CASES]} 与 {VARIABLES[role, KEYS]} 指向同一数据库；密钥须另置一库，使案件备份不含密钥")
    for database in (CASES, KEYS):
        owner, app = at[OWNER, database], at[APP, database]
        if (owner.host, owner.port, owner.dbname) != (app.host, app.port, app.dbname):
            raise Refused(f"{VARIABLES[OWNER, database]} and {VARIABLES[APP, database]} name two databases; they must name the same one, as two roles",
                          f"{VARIABLES[OWNER, database]} 与 {VARIABLES[APP, database]} 指向不同的数据库；两者须以不同角色指向同一库")
