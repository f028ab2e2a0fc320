"""The vault: personal texts sealed for one lender, person, table, column and row, opened only there, and gone with the person's key.

Guarantees, each with its tests in tests/vault: a sealed text opens only where it was sealed; a changed bit is refused; a
person who was erased can be neither opened nor sealed for, by any process, from the moment the erasure is committed; what
was sealed stays readable through every rotation. Docs: docs/algorithms/vault.md.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag

from arrears.vault import handover_keys, suites
from arrears.vault.data_keys import CACHED_KEYS, DataKeys
from arrears.vault.handover import HandoverPrivateKey, HandoverPublicKey
from arrears.vault.key_schema import prepare
from arrears.vault.key_store import KeyStore
from arrears.vault.normal_forms import normal_form
from arrears.vault.providers import KeyProvider, create_provider, open_provider
from arrears.vault.refused import Damaged, MissingKey, UnknownFormat, VaultRefused
from arrears.vault.settings import read_settings
from arrears.vault.tenant_keys import TenantKeys
from arrears.vault.tombstones import append_tombstone, read_tombstones

BATCH = 10_000
"""So many texts share one look at the store."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOMBSTONES_A_QUERY = 10_000
_CELL, _CONTENT = "arrears cell 1", "arrears content 1"


@dataclass(frozen=True, slots=True)
class Cell:
    """One personal text and its place; `person` and `row` are UUIDs as text, in lower case with hyphens. The text is not shown."""

    person: str
    table: str
    column: str
    row: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed text and its place."""

    person: str
    table: str
    column: str
    row: str
    sealed: bytes = field(repr=False)


class Vault:
    """One installation's vault; may be used by many threads, and by a forked child."""

    def __init__(self, home: Path, provider: KeyProvider, store: KeyStore, suite: int, cached: int = CACHED_KEYS):
        self.home, self.provider, self.store, self.suite = home, provider, store, suite
        self.tenant_keys = TenantKeys(provider, store, suite)
        self.data_keys = DataKeys(store, self.tenant_keys, suite, cached)

    def __repr__(self) -> str:
        return f"Vault({str(self.home)!r}, {self.provider!r})"

    def close(self) -> None:
        """The connections to the KEYS database are closed."""
        self.store.close()

    def seal(self, tenant: str, cells: list[Cell], now: int | None = None) -> list[bytes]:
        """The cells' texts sealed, in the same order; data keys are made for persons who have none. Raises Erased and VaultRefused.

        `now`, in microseconds, is noted at keys that are made.
        """
        return [one for start in range(0, len(cells), BATCH) for one in self._sealed(tenant, cells[start : start + BATCH], [_bytes_of(cell) for cell in cells[start : start + BATCH]], _CELL, now)]

    def open(self, tenant: str, sealed: list[Sealed]) -> list[str]:
        """The texts, in the same order; all or none. Makes no key.

        Raises Damaged (a bit, lender, person, table, column or row is another), UnknownFormat, MissingKey, Erased, RetiredKey, WrongKey.
        """
        return [one.decode() for start in range(0, len(sealed), BATCH) for one in self._opened(tenant, sealed[start : start + BATCH], _CELL)]

    def seal_content(self, tenant: str, person: str, table: str, column: str, row: str, content: bytes, now: int | None = None) -> bytes:
        """A file (a recording, a proof) sealed for one place, as `seal` does with a text; what is sealed as a file opens as no text, nor the other way."""
        return self._sealed(tenant, [Cell(person, table, column, row, "")], [content], _CONTENT, now)[0]

    def open_content(self, tenant: str, sealed: Sealed) -> bytes:
        """The file again; raises as `open` does."""
        return self._opened(tenant, [sealed], _CONTENT)[0]

    def blind(self, tenant: str, field: str, texts: list[str], *, number: int | None = None, now: int | None = None) -> list[bytes | None]:
        """The texts' blind indexes, 16 bytes each, by the lender's newest key (or the one of that number); None for a text of blanks.

        Equal normal forms of one lender and field give equal indexes, and nothing else does. `field`: phone, id_number, account, name, …
        """
        keys = self.tenant_keys.for_blinding(tenant, now=now)
        chosen = keys[-1:] if number is None else [key for key in keys if key[0] == number]
        if not chosen:
            raise MissingKey(f"lender {tenant}: has no key {number} for blind indexes, or it was retired; use the newest, and rebuild the index by it",
                             f"机构 {tenant}：没有编号 {number} 的盲索引密钥或已停用；请使用最新密钥并重建索引")
        return _indexes(chosen[0], field, texts)

    def blinds(self, tenant: str, field: str, text: str) -> list[bytes]:
        """All indexes under which the text may lie while an index is being rebuilt, the newest first; look up by any of them."""
        return [index for key in reversed(self.tenant_keys.for_blinding(tenant)) for index in _indexes(key, field, [text]) if index is not None]

    def has_key(self, tenant: str, person: str) -> bool:
        """Whether the store holds a data key of the person now."""
        _demand_uuids([person])
        return bool(self.store.newest(tenant, [person]))

    def is_erased(self, tenant: str, person: str) -> bool:
        """Whether the person is marked as erased in the KEYS database."""
        _demand_uuids([person])
        return bool(self.store.erased(tenant, [person]))

    def shred(self, tenant: str, person: str, now: int) -> int:
        """The person's data keys are destroyed, for good; how many there were. May be run again, and is to be after any refusal.

        First a line in erased.jsonl is on the disk, then the keys go. Killed in between, the next opening of the vault ends it.
        Raises DiskFull or VaultRefused, and then nothing was deleted yet.
        """
        _demand_uuids([person])
        if not self.store.erased(tenant, [person]):
            append_tombstone(self.home, tenant, person, now)
        gone = self.store.erase(tenant, person, now)
        self.data_keys.forget(tenant, {person})
        return gone

    def apply_tombstones(self, now: int | None = None) -> list[tuple[str, str]]:
        """Everybody in erased.jsonl is erased in the KEYS database too; lender and person of those who were not yet.

        For after a restore of an older backup, and after a killed erasure; opening the vault does it by itself.
        """
        persons: dict[str, dict[str, str]] = {}
        for tenant, person, erased_at in read_tombstones(self.home):
            _demand_uuids([person])
            persons.setdefault(tenant, {}).setdefault(person, erased_at)
        applied = []
        for tenant, said in persons.items():
            names = sorted(said)
            for start in range(0, len(names), _TOMBSTONES_A_QUERY):
                some = names[start : start + _TOMBSTONES_A_QUERY]
                for person in sorted(self.store.not_yet_erased(tenant, some)):
                    self.store.erase(tenant, person, _moment(said[person]) if now is None else now)
                    applied.append((tenant, person))
            self.data_keys.forget(tenant, {person for owner, person in applied if owner == tenant})
        return applied

    def handover_public_key(self, now: int | None = None) -> HandoverPublicKey:
        """The newest public key for handovers, made where there is none; hand it to whoever seals people."""
        return handover_keys.public_key(self.provider, self.store, now)

    def handover_private_key(self, public: bytes) -> HandoverPrivateKey:
        """The private key of a public one; raises MissingKey, RetiredKey or WrongKey. For handover.open_people."""
        return handover_keys.private_key(self.provider, self.store, public)

    def _sealed(self, tenant: str, cells: list[Cell], contents: list[bytes], what: str, now: int | None) -> list[bytes]:
        persons = list(dict.fromkeys([cell.person for cell in cells]))
        _demand_uuids(persons)
        keys = {person: (suites.header(suite, number), cipher.encrypt) for person, (number, suite, cipher) in self.data_keys.to_seal(tenant, persons, now).items()}
        nonces, at, result = os.urandom(suites.NONCE_BYTES * len(cells)), 0, []
        for cell, content, binding in zip(cells, contents, _bindings(what, tenant, cells), strict=True):
            first, encrypt = keys[cell.person]
            nonce = nonces[at : at + 12]
            at += 12
            result.append(first + nonce + encrypt(nonce, content, first + binding))
        return result

    def _opened(self, tenant: str, sealed: list[Sealed], what: str) -> list[bytes]:
        _demand_uuids(dict.fromkeys([one.person for one in sealed]))
        pairs, known = [], suites.SUITES
        for one in sealed:
            whole = one.sealed
            if len(whole) < suites.SEALED_BYTES_MORE or whole[0] not in known:
                raise UnknownFormat(f"{_place(tenant, one)}: not a sealed text that this version reads; use the version that wrote it, or restore the row",
                                    f"{_place(tenant, one)}：不是本版本可读的密文；请使用写入它的版本，或恢复该行")
            pairs.append((one.person, int.from_bytes(whole[1:5], "big")))
        keys = self.data_keys.to_open(tenant, set(pairs))
        contents = []
        for one, pair, binding in zip(sealed, pairs, _bindings(what, tenant, sealed), strict=True):
            suite, cipher, _ = keys[pair]
            whole = one.sealed
            try:
                if whole[0] != suite:
                    raise InvalidTag
                contents.append(cipher.decrypt(whole[5:17], whole[17:], whole[:5] + binding))
            except InvalidTag:
                raise Damaged(f"{_place(tenant, one)}: does not open: the text was changed, or moved here from another lender, person, table, column or row; nothing is shown: restore the row from a backup",
                              f"{_place(tenant, one)}：无法打开：密文被改动，或移自其他机构、人员、表、列或行；不予显示：请从备份恢复该行") from None
        return contents


def open_vault(home: Path, connection: dict | None = None, *, cached: int = CACHED_KEYS) -> Vault:
    """The vault of the home; erasures that a restored backup or a killed run left undone are done first.

    `connection` is what psycopg.connect takes for the app's role on the KEYS database; by default the place that
    arrears.postgres names. Raises VaultRefused: no key file, wrong passphrase, key rotated away, database not there.
    """
    settings = read_settings(home)
    vault = Vault(home, open_provider(home, settings), KeyStore(connection if connection is not None else _place_of_keys(home)), settings.suite, cached)
    vault.apply_tombstones()
    return vault


def init_vault(home: Path, now: int, *, owner: dict | None = None, app_role: str | None = None, connection: dict | None = None) -> tuple[Vault, list[tuple[str, str]]]:
    """The vault of the home, with everything made that is not there yet: a first outermost key, the tables, a pair for handovers.

    May be run again: nothing that is there is replaced. Returns also what the user must be told, in English and Chinese.
    `owner` and `connection` are what psycopg.connect takes for owner and app on the KEYS database. Raises VaultRefused, and
    where the database already knows keys and the provider has none it makes none: a new one could not open them.
    """
    settings = read_settings(home)
    at = connection if connection is not None else _place_of_keys(home)
    prepare(owner if owner is not None else _place_of_keys(home, is_owner=True), app_role or at["user"])
    store = KeyStore(at)
    if store.holds_keys():
        provider, told = open_provider(home, settings), []
    else:
        provider, told = create_provider(home, settings, now)
    vault = Vault(home, provider, store, settings.suite)
    vault.apply_tombstones()
    vault.handover_public_key(now)
    return vault, told


def _bindings(what: str, tenant: str, cells: list[Cell] | list[Sealed]) -> list[bytes]:
    """What each cell is bound to: what it is, lender, table, column and row, each behind its length, and the person (36 characters)."""
    known: dict[tuple[str, str], bytes] = {}
    found = []
    for cell in cells:
        place = (cell.table, cell.column)
        start = known.get(place)
        if start is None:
            start = known[place] = suites.joined(what, tenant, *place)
        row = cell.row.encode()
        found.append(b"%b%b%b%b" % (start, len(row).to_bytes(4, "big"), row, cell.person.encode()))
    return found


def _indexes(key: tuple[int, int, bytes], field: str, texts: list[str]) -> list[bytes | None]:
    _, suite, plain = key
    keyed_hash = suites.SUITES[suite].keyed_hash
    of_field = keyed_hash(plain, suites.joined("arrears blind index 1", field))
    forms = [normal_form(field, text) for text in texts]
    try:
        return [keyed_hash(of_field, form.encode())[: suites.INDEX_BYTES] if form else None for form in forms]
    except UnicodeEncodeError:
        pass
    raise VaultRefused(f"a text of the field {field} is not valid Unicode; clean it first", f"字段 {field} 的文本不是有效的 Unicode；请先清洗")


def _demand_uuids(persons) -> None:
    for person in persons:
        if not isinstance(person, str) or not _UUID.fullmatch(person):
            raise VaultRefused("a person is named by a UUID in lower case with hyphens; what was given is none, and is not repeated here as it may be personal", "人员须以小写带连字符的 UUID 指明；给出的不是，且可能含个人信息，故不在此显示")


def _bytes_of(cell: Cell) -> bytes:
    try:
        return cell.text.encode()
    except (UnicodeEncodeError, AttributeError):
        pass  # raised outside, so that the refusal does not carry the error, which carries the text
    raise VaultRefused(f"{_place('', cell)}: what is to be sealed is no text, or not valid Unicode; clean it first", f"{_place('', cell)}：待密封内容不是文本或不是有效的 Unicode；请先清洗")


def _place(tenant: str, cell: Cell | Sealed) -> str:
    return f"{f'lender {tenant}, ' if tenant else ''}person {cell.person}, {cell.table}.{cell.column}, row {cell.row}"


def _moment(text: str) -> int:
    from arrears.days import microseconds_of, read_moment

    return microseconds_of(read_moment(text, "erased.jsonl"))


def _place_of_keys(home: Path, *, is_owner: bool = False) -> dict:
    from arrears import postgres

    return postgres.place(home, postgres.OWNER if is_owner else postgres.APP, postgres.KEYS).psycopg()
