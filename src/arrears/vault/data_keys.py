"""Data keys, one per person: wrapped under the lender's key in the store, unwrapped ones kept in a bounded cache.

No use of a key rests on the cache alone: every batch asks the store, in one query, for the lender's mark, which the database
itself changes with whatever deletes a data key; where it is another than when a key was read, the store is asked for that key.
So an erasure by another process holds from the moment it is committed.
"""

import os
import threading
import weakref
from collections import OrderedDict

import psycopg
from cryptography.exceptions import InvalidTag

from arrears.vault import suites
from arrears.vault.key_store import KeyStore, WrappedKey, erased_refusal
from arrears.vault.refused import MissingKey, RetiredKey, WrongKey
from arrears.vault.tenant_keys import TenantKeys

Known = tuple[int, object, str | None]
"""Suite, cipher, mark."""
CACHED_KEYS = 20_000
"""So many unwrapped keys are kept; each takes some 2.7 kB."""
_CACHES: "weakref.WeakSet[_Cache]" = weakref.WeakSet()


class _Cache:
    """The keys used last, by lender, person and number: suite, cipher, and the lender's mark under which the key was last known to be there."""

    def __init__(self, most: int):
        self._most = most
        self._held: OrderedDict[tuple[str, str, int], Known] = OrderedDict()
        self._newest: dict[tuple[str, str], tuple[int, str | None]] = {}
        self._lock = threading.Lock()
        _CACHES.add(self)

    def found(self, tenant: str, pairs) -> dict[tuple[str, int], "Known"]:
        """Those of the persons' numbered keys that are held."""
        found, held = {}, self._held
        with self._lock:
            for pair in pairs:
                key = (tenant, *pair)
                known = held.get(key)
                if known is not None:
                    held.move_to_end(key)
                    found[pair] = known
        return found

    def newest(self, tenant: str, persons: list[str]) -> dict[str, tuple[int, str | None]]:
        """Number and mark of each person's newest key as they were last known, where that key is held."""
        with self._lock:
            told = ((person, self._newest.get((tenant, person))) for person in persons)
            return {person: one for person, one in told if one is not None and (tenant, person, one[0]) in self._held}

    def keep(self, tenant: str, keys: dict[tuple[str, int], "Known"], *, are_newest: bool) -> None:
        """The keys are held; the longest unused go."""
        with self._lock:
            for (person, number), known in keys.items():
                self._held[tenant, person, number] = known
                if are_newest:
                    self._newest[tenant, person] = (number, known[2])
            while len(self._held) > self._most:
                (owner, person, number), _ = self._held.popitem(last=False)
                if self._newest.get((owner, person), (0,))[0] == number:
                    del self._newest[owner, person]

    def drop(self, tenant: str, persons: set[str]) -> None:
        """No key of these persons is held."""
        with self._lock:
            for key in [key for key in self._held if key[0] == tenant and key[1] in persons]:
                del self._held[key]
            for person in persons:
                self._newest.pop((tenant, person), None)

    def renew_lock(self) -> None:
        """In a forked child: another thread may have held the lock, and is not here to let go of it."""
        self._lock = threading.Lock()
        self._held, self._newest = OrderedDict(), {}


def _renew_locks() -> None:
    for cache in list(_CACHES):
        cache.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


class DataKeys:
    """The data keys of all persons, as suites and ciphers."""

    def __init__(self, store: KeyStore, tenant_keys: TenantKeys, suite: int, cached: int = CACHED_KEYS):
        self._store, self._tenant_keys, self._suite = store, tenant_keys, suite
        self._cache = _Cache(cached)

    def __repr__(self) -> str:
        return "DataKeys()"

    def to_seal(self, tenant: str, persons: list[str], now: int | None) -> dict[str, tuple[int, int, object]]:
        """Number, suite and cipher of each person's newest key, made where there is none. Raises Erased."""
        cached = self._cache.newest(tenant, persons)
        numbers = {person: number for person, (number, _) in cached.items()}
        if cached:
            mark = self._store.mark(tenant)
            unsure = {person: number for person, (number, known) in cached.items() if known != mark}
            outdated = self._store.outdated(tenant, unsure.items()) if unsure else set()
            self._cache.drop(tenant, outdated)
            numbers = {person: number for person, number in numbers.items() if person not in outdated}
        held = self._cache.found(tenant, numbers.items())
        if cached and unsure:
            # The mark was read before the keys were looked at: what went in between is under yet another one.
            self._cache.keep(tenant, {pair: (known[0], known[1], mark) for pair, known in held.items() if pair[0] in unsure}, are_newest=True)
        found = {person: (number, known[0], known[1]) for (person, number), known in held.items()}
        rest = [person for person in persons if person not in found]
        if rest:
            found |= {person: (number, known[0], known[1]) for (person, number), known in self._read_newest(tenant, rest, now).items()}
        return found

    def to_open(self, tenant: str, pairs: set[tuple[str, int]]) -> dict[tuple[str, int], Known]:
        """Suite and cipher of each of the persons' numbered keys; raises Erased or MissingKey where the store holds one no longer."""
        held, gone = self._cache.found(tenant, pairs), set()
        if held:
            mark = self._store.mark(tenant)
            unsure = [pair for pair, known in held.items() if known[2] != mark]
            if unsure:
                gone = self._store.gone(tenant, unsure)
                self._cache.keep(tenant, {pair: (*held[pair][:2], mark) for pair in unsure if pair not in gone}, are_newest=False)
        rest = [pair for pair in pairs if pair not in held]
        if rest:
            fresh = self._unwrapped(tenant, lambda: self._store.numbered(tenant, rest))
            self._cache.keep(tenant, fresh, are_newest=False)
            held |= fresh
            gone |= {pair for pair in rest if pair not in fresh}
        if gone:
            raise self._absent(tenant, gone)
        return held

    def fresh(self, connection: psycopg.Connection, tenant: str, numbers: dict[str, int], now: int | None) -> list[WrappedKey]:
        """A new data key for each person with that number, wrapped; the transaction holds the lender's lock."""
        tenant_number, tenant_suite, cipher = self._tenant_keys.to_wrap(connection, tenant, now)
        wrapped, nonces = [], os.urandom(suites.NONCE_BYTES * len(numbers))
        for turn, (person, number) in enumerate(numbers.items()):
            nonce = nonces[turn * suites.NONCE_BYTES : (turn + 1) * suites.NONCE_BYTES]
            binding = binding_of(tenant, person, number, self._suite)
            wrapped.append(WrappedKey(person, number, self._suite, tenant_number, suites.sealed(tenant_suite, tenant_number, cipher, suites.new_key(self._suite), binding, nonce)))
        return wrapped

    def forget(self, tenant: str, persons: set[str]) -> None:
        """No key of these persons is kept unwrapped in this process."""
        self._cache.drop(tenant, persons)

    def _read_newest(self, tenant: str, persons: list[str], now: int | None) -> dict[tuple[str, int], Known]:
        found = self._unwrapped(tenant, lambda: self._store.newest(tenant, persons))
        there = {person for person, _ in found}
        missing = [person for person in persons if person not in there]
        if missing:
            def make(connection, missing):
                return self.fresh(connection, tenant, dict.fromkeys(missing, 1), now)

            found |= self._unwrapped(tenant, lambda: self._store.made(tenant, missing, make, now))
        self._cache.keep(tenant, found, are_newest=True)
        return found

    def _unwrapped(self, tenant: str, read) -> dict[tuple[str, int], Known]:
        """The keys that are read, unwrapped; read once more where the lender's key was rotated between the two readings."""
        try:
            return self._opened(tenant, read())
        except RetiredKey:
            return self._opened(tenant, read())

    def _opened(self, tenant: str, keys: list[WrappedKey]) -> dict[tuple[str, int], Known]:
        ciphers: dict[int, object] = {}
        found = {}
        for one in keys:
            if one.tenant_key_number not in ciphers:
                ciphers[one.tenant_key_number] = self._tenant_keys.wrapping(tenant, one.tenant_key_number)[1]
            plain = unwrapped(ciphers[one.tenant_key_number], tenant, one)
            found[one.person, one.number] = (one.suite, suites.SUITES[one.suite].cipher(plain), one.mark)
        return found

    def _absent(self, tenant: str, gone: set[tuple[str, int]]):
        persons = {person for person, _ in gone}
        self._cache.drop(tenant, persons)
        erased = self._store.erased(tenant, sorted(persons))
        if erased:
            return erased_refusal(tenant, min(erased), len(erased))
        person, number = min(gone)
        return MissingKey(f"lender {tenant}, person {person}: has no data key {number}, under which the text is sealed; the KEYS database is older than the cases or of another installation: restore it from the backup of the same time",
                          f"机构 {tenant}，人员 {person}：没有密封所用的数据密钥 {number}；KEYS 数据库早于案件数据或属于另一安装：请从同一时间的备份恢复")


def binding_of(tenant: str, person: str, number: int, suite: int) -> bytes:
    """What a person's wrapped data key is bound to."""
    return suites.joined("arrears data key 1", tenant, person, str(number), str(suite))


def unwrapped(cipher, tenant: str, key: WrappedKey) -> bytes:
    """The data key's bytes; raises WrongKey, also for a row that was moved to another person or lender, or of an unknown suite."""
    try:
        named = suites.named(key.wrapped)
        if key.suite not in suites.SUITES or named is None or named[1] != key.tenant_key_number:
            raise InvalidTag
        return suites.opened(cipher, key.wrapped, binding_of(tenant, key.person, key.number, key.suite))
    except InvalidTag:
        raise WrongKey(f"lender {tenant}, person {key.person}: data key {key.number} does not open under the lender's key {key.tenant_key_number}; the row was changed, or moved from another person: restore the KEYS database",
                       f"机构 {tenant}，人员 {key.person}：数据密钥 {key.number} 无法用机构密钥 {key.tenant_key_number} 解开；记录被改动或移自他人：请恢复 KEYS 数据库") from None
