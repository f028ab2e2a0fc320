"""The tables of the KEYS database, made by its owner; the app's role may do to them what sealing, rotation and erasure need, and no more.

It may not take back an erasure (no UPDATE or DELETE on `erased`), and the database itself refuses a data key for a person
who is erased. Whatever deletes a data key, or makes a newer one for a person, changes the lender's random mark in `change` in
the same transaction: who holds keys in memory compares one mark instead of asking for each key.
"""

import psycopg
from psycopg import sql

from arrears.vault.refused import VaultRefused

VERSION = 1
"""The layout of the tables that this version of the program reads and writes."""
_TABLES = """
CREATE SCHEMA vault;
CREATE TABLE vault.layout (version integer NOT NULL);
CREATE TABLE vault.tenant_key (
    tenant text NOT NULL, purpose text NOT NULL CHECK (purpose IN ('wrap', 'blind')), number integer NOT NULL CHECK (number > 0),
    suite smallint NOT NULL, kek_number bigint NOT NULL, wrapped bytea, created_at timestamptz NOT NULL, retired_at timestamptz,
    PRIMARY KEY (tenant, purpose, number), CHECK ((wrapped IS NULL) = (retired_at IS NOT NULL))
);
CREATE TABLE vault.data_key (
    tenant text NOT NULL, person uuid NOT NULL, number integer NOT NULL CHECK (number > 0), suite smallint NOT NULL,
    tenant_key_number integer NOT NULL, wrapped bytea NOT NULL, created_at timestamptz NOT NULL, PRIMARY KEY (tenant, person, number)
);
CREATE TABLE vault.erased (tenant text NOT NULL, person uuid NOT NULL, erased_at timestamptz NOT NULL, PRIMARY KEY (tenant, person));
CREATE TABLE vault.handover_key (
    number integer PRIMARY KEY CHECK (number > 0), public bytea NOT NULL UNIQUE, kek_number bigint NOT NULL, wrapped bytea, created_at timestamptz NOT NULL,
    retired_at timestamptz, CHECK ((wrapped IS NULL) = (retired_at IS NOT NULL))
);
CREATE TABLE vault.change (tenant text PRIMARY KEY, mark uuid NOT NULL);
CREATE FUNCTION vault.note_gone() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO vault.change SELECT tenant, gen_random_uuid() FROM (SELECT DISTINCT tenant FROM gone ORDER BY tenant) AS tenants
        ON CONFLICT (tenant) DO UPDATE SET mark = EXCLUDED.mark;
    RETURN NULL;
END $$;
CREATE FUNCTION vault.note_newer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO vault.change SELECT tenant, gen_random_uuid() FROM (SELECT DISTINCT tenant FROM fresh WHERE number > 1 ORDER BY tenant) AS tenants
        ON CONFLICT (tenant) DO UPDATE SET mark = EXCLUDED.mark;
    RETURN NULL;
END $$;
CREATE FUNCTION vault.note_emptied() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE vault.change SET mark = gen_random_uuid();
    INSERT INTO vault.change SELECT tenant, gen_random_uuid() FROM vault.tenant_key ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER note_gone AFTER DELETE ON vault.data_key REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION vault.note_gone();
CREATE TRIGGER note_newer AFTER INSERT ON vault.data_key REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION vault.note_newer();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON vault.data_key FOR EACH STATEMENT EXECUTE FUNCTION vault.note_emptied();
CREATE FUNCTION vault.refuse_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh JOIN vault.erased USING (tenant, person)) THEN
        RAISE EXCEPTION 'a data key for an erased person is refused' USING ERRCODE = 'check_violation', CONSTRAINT = 'not_erased';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER not_erased AFTER INSERT ON vault.data_key REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse_erased();
"""
_GRANTS = """
GRANT USAGE ON SCHEMA vault TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA vault TO {role};
GRANT INSERT ON vault.tenant_key, vault.data_key, vault.erased, vault.handover_key TO {role};
GRANT UPDATE (kek_number, wrapped, retired_at) ON vault.tenant_key, vault.handover_key TO {role};
GRANT UPDATE (tenant_key_number, wrapped) ON vault.data_key TO {role};
GRANT DELETE ON vault.data_key TO {role};
GRANT TEMPORARY ON DATABASE {database} TO {role};
"""


def prepare(owner: dict, app_role: str) -> None:
    """The tables are there, in this program's layout, and the app's role has its rights; may be run again and by two at once.

    `owner` is what psycopg.connect takes for the owner of the KEYS database. Raises VaultRefused where the database cannot be
    reached or is of a newer layout.
    """
    try:
        with psycopg.connect(**{"connect_timeout": 10, **owner}) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('arrears.vault.layout'))")
            if connection.execute("SELECT to_regclass('vault.layout')").fetchone()[0] is None:
                connection.execute(_TABLES)
                connection.execute("INSERT INTO vault.layout VALUES (%s)", [VERSION])
            demand_layout(connection)
            connection.execute(sql.SQL(_GRANTS).format(role=sql.Identifier(app_role), database=sql.Identifier(connection.info.dbname)))
    except psycopg.Error as problem:
        raise unreachable(problem) from None


def demand_layout(connection: psycopg.Connection) -> None:
    """Raises VaultRefused unless the tables are there in this program's layout."""
    try:
        found = connection.execute("SELECT version FROM vault.layout").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        found = None
    if found is None:
        raise VaultRefused("the KEYS database has no tables of the vault yet; run arrears vault init", "KEYS 数据库尚无保险库的表；请运行 arrears vault init")
    if found[0] != VERSION:
        raise VaultRefused(f"the KEYS database has layout {found[0]}, this version of arrears reads {VERSION}; use the version that wrote it, or run arrears vault init to bring an older one up",
                           f"KEYS 数据库的结构版本为 {found[0]}，本版本可读 {VERSION}；请使用写入它的版本，旧版可运行 arrears vault init 升级")


def unreachable(problem: psycopg.Error) -> VaultRefused:
    """The refusal for a database that does not answer; what it said of rows is left out."""
    kind = type(problem).__name__
    if isinstance(problem, psycopg.errors.DiskFull):
        return VaultRefused("the KEYS database has no room left; nothing was changed: free space and run again", "KEYS 数据库磁盘空间不足，未作任何更改；请腾出空间后重试")
    if isinstance(problem, psycopg.errors.InsufficientPrivilege):
        return VaultRefused("the role may not do this in the KEYS database; run arrears vault init as its owner", "该角色无权在 KEYS 数据库执行此操作；请以所有者身份运行 arrears vault init")
    return VaultRefused(f"the KEYS database does not answer as it should ({kind}); nothing was opened, and what was not confirmed was not changed: start it, then run again",
                        f"KEYS 数据库无法正常应答（{kind}）；未打开任何内容，未确认的更改均未生效：请启动后重试")
