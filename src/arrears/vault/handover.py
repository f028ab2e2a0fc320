"""People's rows on their way to the vault: sealed to its public key by who may not open them, opened by intake alone.

A handover is `magic (8) | public key (32) | sealed stream key (80) | blocks`, a block `length (4) | ciphertext and tag`.
The stream key is 32 random bytes sealed by HPKE (RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM) with the public key
and the lender in its info; each block is up to 1,000 rows as JSON under AES-256-GCM-SIV, its nonce the block's ordinal and
whether it is the last, the header its associated data. So a block that is changed, moved, repeated, left out or taken from
another handover is refused, and so is a file that ends early. Whoever has the public key can make a handover: where it came
from is for its place and its digest to say, not for this seal.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from arrears.vault.refused import Damaged, VaultRefused, WrongKey
from arrears.vault.suites import joined

ROWS_A_BLOCK = 1000
RELATIONS = ("debtor", "co_debtor", "guarantor", "reserved_contact", "heir", "guardian")
_TEXTS = ("name", "id_number", "email", "address", "account")
_MAGIC = b"ARRPPL\x00\x01"
_KEY_WORD = "arrears-people-1"
_SEALED_KEY_BYTES = 32 + 32 + 16
_BLOCK_BYTES_MOST = 64 << 20
_LENGTH_BYTES = 4


@dataclass(frozen=True)
class HandoverPublicKey:
    """What one may seal people to; it opens nothing."""

    public: bytes

    def __str__(self) -> str:
        return f"{_KEY_WORD}:{base64.b64encode(self.public).decode()}"

    @property
    def mark(self) -> str:
        """Sixteen hexadecimal digits by which two people compare keys."""
        return mark_of(self.public)


@dataclass(frozen=True)
class HandoverPrivateKey:
    """What opens handovers; its bytes are not shown."""

    public: bytes
    private: bytes = field(repr=False)


def new_private_key() -> HandoverPrivateKey:
    """A random pair of keys."""
    private = X25519PrivateKey.generate()
    return HandoverPrivateKey(private.public_key().public_bytes_raw(), private.private_bytes_raw())


def mark_of(public: bytes) -> str:
    """The mark of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def read_public_key(text: str) -> HandoverPublicKey:
    """The key as `arrears vault public-key` prints it; raises VaultRefused."""
    word, _, encoded = text.strip().partition(":")
    try:
        raw = base64.b64decode(encoded, validate=True)
        X25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raw = b""
    if word != _KEY_WORD or len(raw) != 32:
        raise VaultRefused(f"not a public key for handovers: expected one line {_KEY_WORD}:… as arrears vault public-key prints it", f"不是交接公钥：应为 arrears vault public-key 打印的一行 {_KEY_WORD}:…")
    return HandoverPublicKey(raw)


def seal_people(public_key: HandoverPublicKey, rows: list[dict], lender: str = "") -> bytes:
    """The rows as one handover that only the vault's private key opens; raises VaultRefused for a row of another shape."""
    return b"".join(seal_stream(public_key, rows, lender))


def seal_stream(public_key: HandoverPublicKey, rows: Iterable[dict], lender: str = "") -> Iterator[bytes]:
    """The same piece by piece, for rows that are not held all at once."""
    stream_key = os.urandom(32)
    start = _MAGIC + public_key.public
    sealed_key = _hpke().encrypt(stream_key, X25519PublicKey.from_public_bytes(public_key.public), info=_about(start, lender))
    head = start + sealed_key
    yield head
    cipher, bound, source, ordinal = AESGCMSIV(stream_key), hashlib.sha256(head).digest(), iter(rows), 0
    block = list(islice(source, ROWS_A_BLOCK))
    while True:
        following = list(islice(source, ROWS_A_BLOCK))
        number_of_first = ordinal * ROWS_A_BLOCK + 1
        text = json.dumps([_checked(row, number_of_first + turn) for turn, row in enumerate(block)], ensure_ascii=True, separators=(",", ":")).encode()
        sealed = cipher.encrypt(_nonce(ordinal, last=not following), text, bound)
        yield len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed
        if not following:
            return
        block, ordinal = following, ordinal + 1


def open_people(private_key_of: Callable[[bytes], HandoverPrivateKey], content: bytes, lender: str = "") -> list[dict]:
    """All rows of a handover; raises WrongKey, Damaged or VaultRefused, and then gives none.

    `private_key_of` gives the private key of a public one (Vault.handover_private_key does), or raises.
    """
    return list(open_stream(private_key_of, iter_of(content), lender))


def iter_of(content: bytes) -> Callable[[int], bytes]:
    """Reads the bytes piece by piece, as a file's `read` does."""
    view, place = memoryview(content), 0

    def read(size: int) -> bytes:
        nonlocal place
        piece = bytes(view[place : place + size])
        place += len(piece)
        return piece

    return read


def open_stream(private_key_of: Callable[[bytes], HandoverPrivateKey], read: Callable[[int], bytes], lender: str = "") -> Iterator[dict]:
    """Row by row from a file's `read`. A cut is noticed only at the end: whoever acts on rows before that must be able to take it back."""
    head = read(len(_MAGIC) + 32 + _SEALED_KEY_BYTES)
    start = head[: len(_MAGIC) + 32]
    if len(head) < len(_MAGIC) + 32 + _SEALED_KEY_BYTES or not head.startswith(_MAGIC):
        raise VaultRefused("not a handover of people that this version reads; name the right file, or use the version that wrote it", "不是本版本可读的人员交接文件；请指明正确的文件，或使用写入它的版本")
    key = private_key_of(start[len(_MAGIC) :])
    try:
        stream_key = _hpke().decrypt(head[len(start) :], X25519PrivateKey.from_private_bytes(key.private), info=_about(start, lender))
    except (InvalidTag, ValueError):
        raise WrongKey("the handover of people does not open: it was changed, or is of another lender; have it made anew", "人员交接文件无法打开：被改动或属于其他机构；请重新生成") from None
    cipher, bound = AESGCMSIV(stream_key), hashlib.sha256(head).digest()
    ordinal, is_last = 0, False
    piece = read(_LENGTH_BYTES)
    while piece:
        length = int.from_bytes(piece, "big")
        sealed = read(length) if length <= _BLOCK_BYTES_MOST else b""
        following = read(_LENGTH_BYTES)
        is_last = not following
        if len(piece) < _LENGTH_BYTES or len(sealed) < max(length, 16):
            raise _broken(ordinal)
        try:
            text = cipher.decrypt(_nonce(ordinal, last=is_last), sealed, bound)
        except InvalidTag:
            raise _broken(ordinal) from None
        yield from _rows_of(text, ordinal)
        piece, ordinal = following, ordinal + 1
    if not is_last:
        raise _broken(ordinal)


def _hpke() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _about(start: bytes, lender: str) -> bytes:
    return joined("arrears handover 1", lender) + start


def _nonce(ordinal: int, *, last: bool) -> bytes:
    return ordinal.to_bytes(11, "big") + bytes((last,))


def _broken(ordinal: int) -> Damaged:
    return Damaged(f"the handover of people is cut or changed at block {ordinal + 1}; none of it may be used: have it made anew", f"人员交接文件在第 {ordinal + 1} 块被截断或改动；全部不得使用：请重新生成")


def _rows_of(text: bytes, ordinal: int) -> list[dict]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        raise VaultRefused(f"block {ordinal + 1} of the handover of people is no list of rows; the sender made another format", f"人员交接文件第 {ordinal + 1} 块不是行的列表；发送方格式不符")
    return [_checked(row, ordinal * ROWS_A_BLOCK + 1 + turn) for turn, row in enumerate(rows)]


def _checked(row: dict, number: int) -> dict:
    """The row, when it has the shape of one; the refusal names row and key, never what stands there."""
    wrong = "the row" if not isinstance(row, dict) else next((name for name, fits in _fits(row) if not fits), None)
    if wrong:
        raise VaultRefused(f"row {number} of the handover of people: {wrong} is not as it should be (borrower_id, relation, ordinal; name, id_number, email, address, account: texts; phone: list of texts)",
                           f"人员交接第 {number} 行：{wrong} 不符合要求（borrower_id、relation、ordinal；name、id_number、email、address、account 为文本；phone 为文本列表）")
    return row


def _fits(row: dict) -> Iterator[tuple[str, bool]]:
    yield "one of the keys", set(row) <= {"borrower_id", "relation", "ordinal", "phone", *_TEXTS}
    yield "borrower_id", _is_text(row.get("borrower_id"))
    yield "relation", row.get("relation") in RELATIONS
    yield "ordinal", type(row.get("ordinal")) is int and 0 <= row["ordinal"] < 1 << 31
    for name in _TEXTS:
        yield name, name not in row or _is_text(row[name])
    yield "phone", "phone" not in row or (isinstance(row["phone"], list) and bool(row["phone"]) and all(_is_text(one) for one in row["phone"]))


def _is_text(value) -> bool:
    """A text of at least one character, all of them Unicode that may be written down (no lone surrogates)."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False
