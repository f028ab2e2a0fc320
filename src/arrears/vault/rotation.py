"""Keys replaced while everybody works on: the provider's, a lender's, a person's, that of the blind indexes, that of handovers.

Every step may be killed at any moment and run again: it goes on from where it stopped. What was sealed or wrapped stays
readable throughout; a key is retired only once nothing is under it any more, and from then on says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from arrears.days import moment_of
from arrears.vault import handover_keys, suites, tenant_keys
from arrears.vault.data_keys import binding_of, unwrapped
from arrears.vault.key_store import WrappedKey, demand_living, insert_data_keys, lock, read_tenant_keys
from arrears.vault.refused import VaultRefused
from arrears.vault.tenant_keys import BLIND, EVERY_LENDER, WRAP
from arrears.vault.vault import Cell, Sealed, Vault

BATCH = 2_000
"""So many data keys are wrapped anew in one transaction."""
_MARKS_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Rotated:
    """What a rotation came to."""

    number: int
    """The key that is used from now on."""
    wrapped_anew: int
    """How many keys under it this run wrapped anew."""


def rotate_provider_key(vault: Vault, now: int) -> Rotated:
    """A new outermost key (KEK), and all lenders' and handover keys wrapped under it. Readers go on; the older one stays until it is retired."""

    def transaction(connection):
        lock(connection, EVERY_LENDER, alone=True)  # two at once would make two keys of one number on a token
        return vault.provider.rotate(now)

    vault.store.within(transaction)
    return rewrap_under_provider(vault)


def rewrap_under_provider(vault: Vault) -> Rotated:
    """All lenders' and handover keys are wrapped under the provider's newest key; ends a rotation that was killed."""

    def transaction(connection):
        lock(connection, EVERY_LENDER, alone=True)
        newest, count = vault.provider.newest(), 0
        for tenant, purpose, number, suite, kek_number, wrapped in connection.execute(
            "SELECT tenant, purpose, number, suite, kek_number, wrapped FROM vault.tenant_key WHERE kek_number <> %s AND wrapped IS NOT NULL", [newest], binary=True).fetchall():
            binding = tenant_keys.binding_of(tenant, purpose, number, suite)
            fresh = vault.provider.wrap(vault.provider.unwrap(kek_number, wrapped, binding), binding)
            connection.execute("UPDATE vault.tenant_key SET kek_number = %s, wrapped = %s WHERE tenant = %s AND purpose = %s AND number = %s", [*fresh, tenant, purpose, number])
            count += 1
        for number, public, kek_number, wrapped in connection.execute(
            "SELECT number, public, kek_number, wrapped FROM vault.handover_key WHERE kek_number <> %s AND wrapped IS NOT NULL", [newest], binary=True).fetchall():
            binding = handover_keys.binding_of(number, public)
            fresh = vault.provider.wrap(vault.provider.unwrap(kek_number, wrapped, binding), binding)
            connection.execute("UPDATE vault.handover_key SET kek_number = %s, wrapped = %s WHERE number = %s", [*fresh, number])
            count += 1
        return Rotated(newest, count)

    return vault.store.within(transaction)


def retire_provider_key(vault: Vault, number: int, now: int) -> None:
    """The outermost key of that number is destroyed; raises VaultRefused while anything is under it or one before it.

    Backups of the KEYS database from before the rotation open only with a copy of the key from before.
    """

    def transaction(connection):
        lock(connection, EVERY_LENDER, alone=True)
        left = connection.execute("SELECT (SELECT count(*) FROM vault.tenant_key WHERE kek_number <= %(n)s AND wrapped IS NOT NULL)"
                                  " + (SELECT count(*) FROM vault.handover_key WHERE kek_number <= %(n)s AND wrapped IS NOT NULL)", {"n": number}).fetchone()[0]
        if left:
            raise VaultRefused(f"{left} keys are still under the provider's key {number} or one before it; run arrears vault rotate provider first", f"仍有 {left} 个密钥由提供方密钥 {number} 或更早的密钥保护；请先运行 arrears vault rotate provider")
        vault.provider.retire(number, now)

    vault.store.within(transaction)


def rotate_tenant_key(vault: Vault, tenant: str, now: int, report: Callable[[int], None] = lambda done: None) -> Rotated:
    """A new wrapping key of the lender, every data key wrapped under it, the older ones retired; goes on with one that was killed.

    `report` is told how many data keys are done, after each batch.
    """
    number = vault.store.within(lambda connection: _begun(vault, connection, tenant, now))
    done = 0
    while True:
        after = (_MARKS_NOBODY, 0)
        while after is not None:
            count, after = vault.store.within(lambda connection, after=after: _wrapped_batch(vault, connection, tenant, number, after))
            done += count
            report(done)
        if vault.store.within(lambda connection: _retired_wrapping(connection, tenant, number, now)):
            return Rotated(number, done)


def rotate_data_keys(vault: Vault, tenant: str, persons: list[str], now: int) -> None:
    """Each person has a newer data key, of the suite that is set now; texts under the older ones stay readable until forget_older_keys."""
    people = sorted(set(persons))

    def transaction(connection):
        lock(connection, tenant, alone=False)
        demand_living(connection, tenant, people)
        numbers = dict(connection.execute("SELECT person::text, max(number) + 1 FROM vault.data_key WHERE tenant = %s AND person = ANY(%s::uuid[]) GROUP BY person", [tenant, people]).fetchall())
        wanted = {person: numbers.get(person, 1) for person in people}
        insert_data_keys(connection, tenant, vault.data_keys.fresh(connection, tenant, wanted, now), now)

    vault.store.within(transaction)


def old_ones(vault: Vault, tenant: str, sealed: list[Sealed]) -> list[bool]:
    """Of each sealed text whether it is under another key than its person's newest."""
    newest = {one.person: one.number for one in vault.store.newest(tenant, sorted({one.person for one in sealed}))}
    named = [suites.named(one.sealed) for one in sealed]
    return [which is None or newest.get(one.person) != which[1] for one, which in zip(sealed, named, strict=True)]


def reseal(vault: Vault, tenant: str, sealed: list[Sealed], now: int | None = None) -> list[bytes | None]:
    """Each text that is under an older key sealed under its person's newest, None for the others; the caller writes them back."""
    are_old = old_ones(vault, tenant, sealed)
    old = [one for one, is_old in zip(sealed, are_old, strict=True) if is_old]
    texts = vault.open(tenant, old)
    cells = [Cell(one.person, one.table, one.column, one.row, text) for one, text in zip(old, texts, strict=True)]
    fresh = iter(vault.seal(tenant, cells, now))
    return [next(fresh) if is_old else None for is_old in are_old]


def forget_older_keys(vault: Vault, tenant: str, persons: list[str]) -> int:
    """All but each person's newest data key are destroyed; how many. Only for when none of their texts is under an older one any more."""
    gone = vault.store.within(lambda connection: _older_deleted(connection, tenant, sorted(set(persons))))
    vault.data_keys.forget(tenant, set(persons))
    return gone


def rotate_blind_key(vault: Vault, tenant: str, now: int) -> int:
    """The number of the lender's new key for blind indexes; until the older one is retired, Vault.blinds looks up under both."""
    return vault.store.within(lambda connection: vault.tenant_keys.add(connection, tenant, BLIND, now)).number


def retire_blind_keys(vault: Vault, tenant: str, now: int) -> int:
    """All but the newest key for blind indexes are destroyed; how many. For when every index has been rebuilt."""

    def transaction(connection):
        lock(connection, tenant, alone=True)
        return connection.execute(
            "UPDATE vault.tenant_key SET wrapped = NULL, retired_at = %(at)s WHERE tenant = %(tenant)s AND purpose = 'blind' AND wrapped IS NOT NULL AND number <"
            " (SELECT max(number) FROM vault.tenant_key WHERE tenant = %(tenant)s AND purpose = 'blind')", {"at": moment_of(now), "tenant": tenant}).rowcount

    return vault.store.within(transaction)


def rotate_handover_key(vault: Vault, now: int) -> None:
    """A new pair of keys for handovers; files sealed to the older ones still open."""
    vault.store.within(lambda connection: handover_keys.add(connection, vault.provider, now))


def retire_handover_keys(vault: Vault, now: int) -> int:
    """All but the newest pair for handovers are destroyed; how many. Files sealed to them must be made anew."""

    def transaction(connection):
        lock(connection, EVERY_LENDER, alone=True)
        return connection.execute("UPDATE vault.handover_key SET wrapped = NULL, retired_at = %s WHERE wrapped IS NOT NULL AND number < (SELECT max(number) FROM vault.handover_key)",
                                  [moment_of(now)]).rowcount

    return vault.store.within(transaction)


def tenants(vault: Vault) -> list[str]:
    """Codes of all lenders that have keys."""
    return [row[0] for row in vault.store.within(lambda connection: connection.execute("SELECT DISTINCT tenant FROM vault.tenant_key ORDER BY tenant").fetchall())]


def _begun(vault: Vault, connection: psycopg.Connection, tenant: str, now: int) -> int:
    """The number that data keys go to: of a rotation that was begun and not ended, else a new one's."""
    lock(connection, tenant, alone=True)
    living = [one for one in read_tenant_keys(connection, tenant, WRAP) if one.wrapped is not None]
    if len(living) > 1:
        return living[-1].number
    return vault.tenant_keys.add(connection, tenant, WRAP, now).number


def _wrapped_batch(vault: Vault, connection: psycopg.Connection, tenant: str, number: int, after: tuple[str, int]) -> tuple[int, tuple[str, int] | None]:
    """The next batch of data keys wrapped under the key of that number: how many, and where to go on (None at the end)."""
    rows = [WrappedKey(*row) for row in connection.execute(
        "SELECT person::text, number, suite, tenant_key_number, wrapped FROM vault.data_key WHERE tenant = %s AND (person, number) > (%s::uuid, %s)"
        " AND tenant_key_number < %s ORDER BY person, number LIMIT %s FOR UPDATE", [tenant, *after, number, BATCH], binary=True)]
    if not rows:
        return 0, None
    suite, cipher = vault.tenant_keys.wrapping(tenant, number)
    older: dict[int, AESGCMSIV | suites.SM4GCM] = {one.tenant_key_number: vault.tenant_keys.wrapping(tenant, one.tenant_key_number)[1] for one in rows}
    fresh = [suites.sealed(suite, number, cipher, unwrapped(older[one.tenant_key_number], tenant, one), binding_of(tenant, one.person, one.number, one.suite)) for one in rows]
    connection.execute(
        "UPDATE vault.data_key k SET tenant_key_number = %s, wrapped = fresh.wrapped FROM unnest(%s::uuid[], %s::int[], %s::bytea[]) AS fresh (person, number, wrapped)"
        " WHERE k.tenant = %s AND k.person = fresh.person AND k.number = fresh.number",
        [number, [one.person for one in rows], [one.number for one in rows], fresh, tenant])
    return len(rows), (rows[-1].person, rows[-1].number)


def _retired_wrapping(connection: psycopg.Connection, tenant: str, number: int, now: int) -> bool:
    """Whether the older wrapping keys could be retired: nothing is under them, and nobody is making keys."""
    lock(connection, tenant, alone=True)
    if connection.execute("SELECT EXISTS (SELECT 1 FROM vault.data_key WHERE tenant = %s AND tenant_key_number < %s)", [tenant, number]).fetchone()[0]:
        return False
    connection.execute("UPDATE vault.tenant_key SET wrapped = NULL, retired_at = %s WHERE tenant = %s AND purpose = 'wrap' AND number < %s AND wrapped IS NOT NULL", [moment_of(now), tenant, number])
    return True


def _older_deleted(connection: psycopg.Connection, tenant: str, persons: list[str]) -> int:
    lock(connection, tenant, alone=True)
    return connection.execute(
        "DELETE FROM vault.data_key k WHERE tenant = %s AND person = ANY(%s::uuid[]) AND number < (SELECT max(n.number) FROM vault.data_key n WHERE n.tenant = k.tenant AND n.person = k.person)",
        [tenant, persons]).rowcount
