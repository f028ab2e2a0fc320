"""The vault's own pairs of keys for handovers, the private one wrapped by the provider in the KEYS database."""

import psycopg

from arrears.days import moment_of
from arrears.vault import suites
from arrears.vault.handover import HandoverPrivateKey, HandoverPublicKey, mark_of, new_private_key
from arrears.vault.key_store import KeyStore, lock
from arrears.vault.providers import KeyProvider
from arrears.vault.refused import MissingKey, RetiredKey, WrongKey
from arrears.vault.tenant_keys import EVERY_LENDER


def binding_of(number: int, public: bytes) -> bytes:
    """What a wrapped private key is bound to."""
    return suites.joined("arrears handover key 1", str(number), public.hex())


def public_key(provider: KeyProvider, store: KeyStore, now: int | None) -> HandoverPublicKey:
    """The newest public key, made where there is none."""

    def transaction(connection):
        found = _newest(connection)
        if found is not None:
            return found
        return add(connection, provider, now, first=True)

    return HandoverPublicKey(store.within(transaction))


def private_key(provider: KeyProvider, store: KeyStore, public: bytes) -> HandoverPrivateKey:
    """The private key of a public one; raises MissingKey, RetiredKey or WrongKey."""
    row = store.within(lambda connection: connection.execute(
        "SELECT number, kek_number, wrapped FROM vault.handover_key WHERE public = %s", [public], binary=True).fetchone())
    if row is None:
        raise MissingKey(f"the handover is sealed to the public key {mark_of(public)}, which is none of this vault's; have it made anew with the key of arrears vault public-key",
                         f"交接文件以公钥 {mark_of(public)} 密封，不属于本保险库；请用 arrears vault public-key 的公钥重新生成")
    number, kek_number, wrapped = row
    if wrapped is None:
        raise RetiredKey(f"the handover is sealed to the public key {mark_of(public)}, which was rotated away and retired; have it made anew with the key of arrears vault public-key",
                         f"交接文件以公钥 {mark_of(public)} 密封，该密钥已轮换并停用；请用 arrears vault public-key 的公钥重新生成")
    private = HandoverPrivateKey(public, provider.unwrap(kek_number, wrapped, binding_of(number, public)))
    if not _belong(private):
        raise WrongKey(f"the private key kept for {mark_of(public)} is another's; restore the KEYS database", f"为公钥 {mark_of(public)} 保存的私钥不匹配；请恢复 KEYS 数据库")
    return private


def add(connection: psycopg.Connection, provider: KeyProvider, now: int | None, *, first: bool = False) -> bytes:
    """The newest public key: a new one, or with `first` the one that another process made in the meantime."""
    lock(connection, EVERY_LENDER, alone=False)
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('arrears.vault.handover'))")
    found = _newest(connection)
    if first and found is not None:
        return found
    number = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM vault.handover_key").fetchone()[0]
    pair = new_private_key()
    kek_number, wrapped = provider.wrap(pair.private, binding_of(number, pair.public))
    connection.execute("INSERT INTO vault.handover_key (number, public, kek_number, wrapped, created_at) VALUES (%s, %s, %s, %s, coalesce(%s, now()))",
                       [number, pair.public, kek_number, wrapped, None if now is None else moment_of(now)])
    return pair.public


def _newest(connection: psycopg.Connection) -> bytes | None:
    row = connection.execute("SELECT public FROM vault.handover_key WHERE wrapped IS NOT NULL ORDER BY number DESC LIMIT 1", binary=True).fetchone()
    return row[0] if row else None


def _belong(pair: HandoverPrivateKey) -> bool:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return len(pair.private) == 32 and X25519PrivateKey.from_private_bytes(pair.private).public_key().public_bytes_raw() == pair.public
