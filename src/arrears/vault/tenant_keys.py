"""A lender's own keys: one wraps the data keys, one makes the blind indexes; both wrapped by the provider's key.

They are made when first needed and unwrapped once a process; a number that was retired says so.
"""

import psycopg

from arrears.vault import suites
from arrears.vault.key_store import KeyStore, TenantKey, insert_tenant_key, lock, read_tenant_keys
from arrears.vault.providers import KeyProvider
from arrears.vault.refused import MissingKey, RetiredKey, VaultRefused

WRAP, BLIND = "wrap", "blind"
EVERY_LENDER = ""
"""The lock of this name is held shared while something is wrapped by the provider, alone while a provider's key is retired."""


def binding_of(tenant: str, purpose: str, number: int, suite: int) -> bytes:
    """What a lender's wrapped key is bound to."""
    return suites.joined("arrears tenant key 1", tenant, purpose, str(number), str(suite))


class TenantKeys:
    """Lenders' keys as one process holds them, unwrapped."""

    def __init__(self, provider: KeyProvider, store: KeyStore, suite: int):
        self._provider, self._store, self._suite = provider, store, suite
        self._plain: dict[tuple[str, str, int], bytes] = {}
        self._ciphers: dict[tuple[str, int], tuple[int, object]] = {}

    def __repr__(self) -> str:
        return "TenantKeys()"

    def wrapping(self, tenant: str, number: int) -> tuple[int, object]:
        """Suite and cipher of the wrapping key of that number; raises MissingKey or RetiredKey."""
        known = self._ciphers.get((tenant, number))
        if known is None:
            found = {one.number: one for one in self._store.tenant_keys(tenant, WRAP)}.get(number)
            known = self._opened_cipher(tenant, number, found)
        return known

    def to_wrap(self, connection: psycopg.Connection, tenant: str, now: int | None) -> tuple[int, int, object]:
        """Number, suite and cipher of the newest wrapping key, made where there is none; the lender's lock is held by the transaction."""
        living = [one for one in read_tenant_keys(connection, tenant, WRAP) if one.wrapped is not None]
        newest = living[-1] if living else self.add(connection, tenant, WRAP, now, first=True)
        return newest.number, *self._opened_cipher(tenant, newest.number, newest)

    def for_blinding(self, tenant: str, *, make: bool = True, now: int | None = None) -> list[tuple[int, int, bytes]]:
        """Number, suite and key for blind indexes, oldest first, of all that were not retired; a first one is made where there is none."""
        living = [one for one in self._store.tenant_keys(tenant, BLIND) if one.wrapped is not None]
        if not living and make:
            living = [self._store.within(lambda connection: self.add(connection, tenant, BLIND, now, first=True))]
        return [(one.number, one.suite, self._opened(tenant, BLIND, one)) for one in living]

    def add(self, connection: psycopg.Connection, tenant: str, purpose: str, now: int | None, *, first: bool = False) -> TenantKey:
        """The lender's newest key: a new one, or the one that another process made in the meantime (`first`: only where there is none yet)."""
        if not isinstance(tenant, str) or not tenant or "\x00" in tenant:
            raise VaultRefused("a lender's code is expected, not an empty text; without it nothing is sealed", "缺少机构代码；没有机构代码不能密封")
        lock(connection, EVERY_LENDER, alone=False)
        held = read_tenant_keys(connection, tenant, purpose)
        number = held[-1].number + 1 if held else 1
        if not (first and any(one.wrapped is not None for one in held)):
            plain = suites.new_key(self._suite)
            kek_number, wrapped = self._provider.wrap(plain, binding_of(tenant, purpose, number, self._suite))
            insert_tenant_key(connection, tenant, purpose, TenantKey(number, self._suite, kek_number, wrapped, None), now)
        return [one for one in read_tenant_keys(connection, tenant, purpose) if one.wrapped is not None][-1]

    def _opened(self, tenant: str, purpose: str, key: TenantKey) -> bytes:
        # No lock: two threads may unwrap the same key at once, and a forked child never waits for a thread that it has not.
        plain = self._plain.get((tenant, purpose, key.number))
        if plain is None:
            plain = self._provider.unwrap(key.kek_number, key.wrapped, binding_of(tenant, purpose, key.number, key.suite))
            self._plain[tenant, purpose, key.number] = plain
        return plain

    def _opened_cipher(self, tenant: str, number: int, key: TenantKey | None) -> tuple[int, object]:
        if key is None:
            raise MissingKey(f"lender {tenant}: the KEYS database has no wrapping key {number}, under which data keys lie; it was restored in part: restore all of it from one backup",
                             f"机构 {tenant}：KEYS 数据库没有数据密钥所需的包装密钥 {number}；恢复不完整：请从同一备份完整恢复")
        if key.wrapped is None:
            raise RetiredKey(f"lender {tenant}: wrapping key {number} was rotated away and retired on {key.retired_at:%Y-%m-%d}; a data key under it is of an older backup: restore the whole KEYS database from one backup",
                             f"机构 {tenant}：包装密钥 {number} 已轮换并于 {key.retired_at:%Y-%m-%d} 停用；其下的数据密钥来自更早的备份：请从同一备份完整恢复 KEYS 数据库")
        known = self._ciphers.get((tenant, number))
        if known is None:
            plain = self._opened(tenant, WRAP, key)
            known = self._ciphers[tenant, number] = (key.suite, suites.SUITES[key.suite].cipher(plain))
        return known
