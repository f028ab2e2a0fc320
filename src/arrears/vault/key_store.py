"""The rows of the KEYS database: lenders' keys and data keys, all wrapped; many persons' in one round trip.

Connections are kept and lent to threads one at a time; a forked child opens its own. Making keys holds a lender's lock
shared, erasing and retiring hold it alone, so that no key appears for a person in the moment they are erased, nor under a
key that is just being retired.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from arrears.days import moment_of
from arrears.vault.key_schema import demand_layout, unreachable
from arrears.vault.refused import Erased

COPY_FROM = 500
"""From so many new keys on they come by COPY, below by INSERT."""
_IDLE_MOST = 8
# Data keys are looked up by their primary key, in a table of millions too, where the planner would rather read all of it.
_SETTINGS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c statement_timeout=120s -c lock_timeout=60s -c idle_in_transaction_session_timeout=300s"
_LEFT_TO_PARENT: list[psycopg.Connection] = []
_LOCK_CLASS = 0x76617574


@dataclass(frozen=True)
class WrappedKey:
    """One data key as it lies in the store."""

    person: str
    number: int
    suite: int
    tenant_key_number: int
    wrapped: bytes = field(repr=False)
    mark: str | None = None
    """The lender's mark at the moment the row was read: while it stands, the row does too."""


@dataclass(frozen=True)
class TenantKey:
    """One key of a lender as it lies in the store; `wrapped` is None where it was retired."""

    number: int
    suite: int
    kek_number: int
    wrapped: bytes | None = field(repr=False)
    retired_at: datetime | None


class KeyStore:
    """The KEYS database through the app's role; every method is one transaction, may be called from any thread, and raises VaultRefused."""

    def __init__(self, connection: dict):
        self._parameters = {"connect_timeout": 10, "tcp_user_timeout": 30_000, "options": _SETTINGS, **connection}
        self._idle: deque[tuple[int, psycopg.Connection]] = deque()
        self._closed = threading.Event()
        self._ask(demand_layout)

    def __repr__(self) -> str:
        return f"KeyStore(dbname={self._parameters.get('dbname')!r})"

    def close(self) -> None:
        """The kept connections of this process are closed."""
        self._closed.set()
        while self._idle:
            owner, connection = self._idle.pop()
            if owner == os.getpid():
                connection.close()
            else:
                _LEFT_TO_PARENT.append(connection)

    def mark(self, tenant: str) -> str | None:
        """The lender's mark: another one after each deletion of a data key and each newer data key of a person, and never the same again."""
        row = self._ask(lambda connection: connection.execute("SELECT mark::text FROM vault.change WHERE tenant = %s", [tenant]).fetchone())
        return row[0] if row else None

    def newest(self, tenant: str, persons: list[str]) -> list[WrappedKey]:
        """The newest data key of each person who has one."""
        return self._ask(lambda connection: _newest(connection, tenant, persons))

    def numbered(self, tenant: str, pairs: Iterable[tuple[str, int]]) -> list[WrappedKey]:
        """The data keys of these persons with these numbers, as far as they exist."""
        asked = list(pairs)
        return self._ask(lambda connection: [WrappedKey(*row) for row in connection.execute(
            "SELECT k.person::text, k.number, k.suite, k.tenant_key_number, k.wrapped, (SELECT mark::text FROM vault.change c WHERE c.tenant = k.tenant) FROM unnest(%s::uuid[], %s::bigint[]) AS asked (person, number)"
            " JOIN vault.data_key k ON k.tenant = %s AND k.person = asked.person AND k.number = asked.number",
            [*_arrays(asked), tenant], binary=True)])

    def gone(self, tenant: str, pairs: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of the persons' numbered keys that the store does not hold (any more)."""
        asked = list(pairs)
        return self._ask(lambda connection: set(connection.execute(
            "SELECT asked.person::text, asked.number FROM unnest(%s::uuid[], %s::bigint[]) AS asked (person, number)"
            " LEFT JOIN vault.data_key k ON k.tenant = %s AND k.person = asked.person AND k.number = asked.number WHERE k.person IS NULL",
            [*_arrays(asked), tenant], binary=True)))

    def outdated(self, tenant: str, pairs: Iterable[tuple[str, int]]) -> set[str]:
        """Those persons whose newest key is another than the one named, or who have none."""
        asked = list(pairs)
        return self._ask(lambda connection: {row[0] for row in connection.execute(
            "SELECT asked.person::text FROM unnest(%s::uuid[], %s::bigint[]) AS asked (person, number)"
            " LEFT JOIN vault.data_key k ON k.tenant = %s AND k.person = asked.person"
            " GROUP BY asked.person, asked.number HAVING max(k.number) IS DISTINCT FROM asked.number",
            [*_arrays(asked), tenant], binary=True)})

    def made(self, tenant: str, persons: list[str], make: Callable[[psycopg.Connection, list[str]], list[WrappedKey]], now: int | None) -> list[WrappedKey]:
        """The newest key of every person, made by `make` where there was none; two processes at once end with the same keys. Raises Erased."""

        def transaction(connection):
            lock(connection, tenant, alone=False)
            demand_living(connection, tenant, persons)
            held = {one.person: one for one in _newest(connection, tenant, persons)}
            missing = [person for person in persons if person not in held]
            if missing:
                fresh = make(connection, missing)
                _insert(connection, tenant, fresh, now)
                held |= {one.person: one for one in _newest(connection, tenant, missing)}
            return [held[person] for person in persons]

        return self._ask(transaction)

    def erase(self, tenant: str, person: str, now: int) -> int:
        """The person is marked as erased and their keys are gone; how many there were. May be run again."""

        def transaction(connection):
            lock(connection, tenant, alone=True)
            connection.execute("INSERT INTO vault.erased VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", [tenant, person, moment_of(now)])
            return connection.execute("DELETE FROM vault.data_key WHERE tenant = %s AND person = %s", [tenant, person]).rowcount

        return self._ask(transaction)

    def erased(self, tenant: str, persons: list[str]) -> set[str]:
        """Those of the persons who are marked as erased."""
        return self._ask(lambda connection: _erased(connection, tenant, persons))

    def not_yet_erased(self, tenant: str, persons: list[str]) -> set[str]:
        """Those of the persons who are not marked as erased, or who have a data key all the same."""
        return self._ask(lambda connection: {row[0] for row in connection.execute(
            "SELECT asked.person::text FROM unnest(%(persons)s::uuid[]) AS asked (person)"
            " WHERE NOT EXISTS (SELECT 1 FROM vault.erased e WHERE e.tenant = %(tenant)s AND e.person = asked.person)"
            " OR EXISTS (SELECT 1 FROM vault.data_key k WHERE k.tenant = %(tenant)s AND k.person = asked.person)", {"persons": _array(persons), "tenant": tenant}, binary=True)})

    def tenant_keys(self, tenant: str, purpose: str) -> list[TenantKey]:
        """The lender's keys for wrapping or for blind indexes, oldest first, the retired ones too."""
        return self._ask(lambda connection: read_tenant_keys(connection, tenant, purpose))

    def holds_keys(self) -> bool:
        """Whether there is any key in the database yet."""
        return self._ask(lambda connection: connection.execute(
            "SELECT EXISTS (SELECT 1 FROM vault.tenant_key) OR EXISTS (SELECT 1 FROM vault.handover_key)").fetchone()[0])

    def within(self, transaction: Callable[[psycopg.Connection], object]):
        """What the transaction returns; for rotation, which is told in rotation.py."""
        return self._ask(transaction)

    def _ask(self, transaction):
        """Runs it on a kept connection; where that turns out to be dead, once more on a new one (every transaction may be run again)."""
        connection = self._kept()
        if connection is not None:
            try:
                return self._run(connection, transaction)
            except (psycopg.OperationalError, psycopg.InterfaceError) as problem:
                if not connection.closed or isinstance(problem, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
                    raise unreachable(problem) from None
            except psycopg.Error as problem:
                raise unreachable(problem) from None
        try:
            return self._run(psycopg.connect(**self._parameters), transaction)
        except psycopg.Error as problem:
            raise unreachable(problem) from None

    def _run(self, connection, transaction):
        try:
            with connection.transaction():
                result = transaction(connection)
        except BaseException:
            if not connection.closed and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.close()
            self._keep(connection)
            raise
        self._keep(connection)
        return result

    def _kept(self) -> psycopg.Connection | None:
        with suppress(IndexError):
            while True:
                owner, connection = self._idle.pop()
                if owner != os.getpid():
                    _LEFT_TO_PARENT.append(connection)  # closing it here would end the parent's
                elif not connection.closed:
                    return connection
        return None

    def _keep(self, connection: psycopg.Connection) -> None:
        if connection.closed:
            return
        if self._closed.is_set() or len(self._idle) >= _IDLE_MOST:
            connection.close()
        else:
            self._idle.append((os.getpid(), connection))


def insert_data_keys(connection: psycopg.Connection, tenant: str, keys: list[WrappedKey], now: int | None) -> None:
    """The keys are kept, except those whose number another process took first; for a transaction that runs already."""
    _insert(connection, tenant, keys, now)


def lock(connection: psycopg.Connection, tenant: str, *, alone: bool) -> None:
    """Holds the lender's lock until the transaction ends: shared by those who make keys, alone by who erases or retires."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    connection.execute(f"SELECT {function}(%s, hashtext(%s))", [_LOCK_CLASS, tenant])


def demand_living(connection: psycopg.Connection, tenant: str, persons: list[str]) -> None:
    """Raises Erased where one of the persons was erased."""
    gone = _erased(connection, tenant, persons)
    if gone:
        raise erased_refusal(tenant, min(gone), len(gone))


def erased_refusal(tenant: str, person: str, count: int = 1) -> Erased:
    """The refusal that names the first of the erased persons."""
    more_en, more_zh = (f" (and {count - 1} more)", f"（另有 {count - 1} 人）") if count > 1 else ("", "")
    return Erased(f"lender {tenant}, person {person}{more_en}: was erased, the key is destroyed and none is made again; what is still kept of them must not be processed: a new relation needs a new person",
                  f"机构 {tenant}，人员 {person}{more_zh}：已删除，密钥已销毁且不再生成；遗留内容不得处理，新的业务关系须建立新的人员")


def read_tenant_keys(connection: psycopg.Connection, tenant: str, purpose: str) -> list[TenantKey]:
    """The same in a transaction that runs already."""
    return [TenantKey(*row) for row in connection.execute(
        "SELECT number, suite, kek_number, wrapped, retired_at FROM vault.tenant_key WHERE tenant = %s AND purpose = %s ORDER BY number", [tenant, purpose], binary=True)]


def insert_tenant_key(connection: psycopg.Connection, tenant: str, purpose: str, key: TenantKey, now: int | None) -> bool:
    """The key is kept; False where another process was faster with that number."""
    return connection.execute(
        "INSERT INTO vault.tenant_key (tenant, purpose, number, suite, kek_number, wrapped, created_at) VALUES (%s, %s, %s, %s, %s, %s, coalesce(%s, now()))"
        " ON CONFLICT DO NOTHING", [tenant, purpose, key.number, key.suite, key.kek_number, key.wrapped, None if now is None else moment_of(now)]).rowcount == 1


def _erased(connection: psycopg.Connection, tenant: str, persons: list[str]) -> set[str]:
    return {row[0] for row in connection.execute(
        "SELECT person::text FROM vault.erased WHERE tenant = %s AND person = ANY(%s::uuid[])", [tenant, _array(persons)], binary=True)}


def _array(values: Iterable[str]) -> str:
    """UUIDs or numbers as PostgreSQL writes an array; one text is sent much faster than a list."""
    return "{" + ",".join(values) + "}"


def _arrays(pairs: list[tuple[str, int]]) -> tuple[str, str]:
    return _array(person for person, _ in pairs), _array(str(number) for _, number in pairs)


def _newest(connection: psycopg.Connection, tenant: str, persons: list[str]) -> list[WrappedKey]:
    newest: dict[str, WrappedKey] = {}
    for row in connection.execute("SELECT person::text, number, suite, tenant_key_number, wrapped, (SELECT mark::text FROM vault.change c WHERE c.tenant = k.tenant)"
                                  " FROM vault.data_key k WHERE tenant = %s AND person = ANY(%s::uuid[])", [tenant, _array(persons)], binary=True):
        held = newest.get(row[0])
        if held is None or row[1] > held.number:
            newest[row[0]] = WrappedKey(*row)
    return list(newest.values())


def _insert(connection: psycopg.Connection, tenant: str, keys: list[WrappedKey], now: int | None) -> None:
    """The keys are kept, except those that another process made first; without a moment the database's own is noted."""
    made_at = None if now is None else moment_of(now)
    if len(keys) < COPY_FROM:
        connection.execute(
            "INSERT INTO vault.data_key (tenant, person, number, suite, tenant_key_number, wrapped, created_at)"
            " SELECT %s, k.person, k.number, k.suite, k.tenant_key_number, k.wrapped, coalesce(%s, now())"
            " FROM unnest(%s::uuid[], %s::int[], %s::smallint[], %s::int[], %s::bytea[]) AS k (person, number, suite, tenant_key_number, wrapped)"
            " ORDER BY k.person ON CONFLICT DO NOTHING",
            [tenant, made_at, *([getattr(one, name) for one in keys] for name in ("person", "number", "suite", "tenant_key_number", "wrapped"))])
        return
    connection.execute("CREATE TEMPORARY TABLE fresh_key (person uuid, number integer, suite smallint, tenant_key_number integer, wrapped bytea) ON COMMIT DROP")
    with connection.cursor().copy("COPY fresh_key FROM STDIN") as copy:
        copy.write("".join([f"{one.person}\t{one.number}\t{one.suite}\t{one.tenant_key_number}\t\\\\x{one.wrapped.hex()}\n" for one in keys]))
    connection.execute("INSERT INTO vault.data_key (tenant, person, number, suite, tenant_key_number, wrapped, created_at)"
                       " SELECT %s, person, number, suite, tenant_key_number, wrapped, coalesce(%s, now()) FROM fresh_key ORDER BY person ON CONFLICT DO NOTHING", [tenant, made_at])
