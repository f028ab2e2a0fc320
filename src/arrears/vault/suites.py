"""How one text is sealed under one key: two suites, one format, and what the seal binds.

A sealed text is `suite (1 byte) | key number (4, big-endian) | nonce (12) | ciphertext and tag (16)`: 33 bytes more than
the text in UTF-8. Everything is authenticated: the first five bytes and the binding go into the associated data, so that a
sealed text opens only where it was sealed, under the key that it names.

Suite 1, AES-256-GCM-SIV (RFC 8452): a nonce that comes twice tells only whether two texts with the same binding are equal;
nonces are 12 random bytes. Suite 2, SM4-GCM (GM/T 0002, RFC 8998): a nonce that comes twice under one key would break it,
so a key must see far fewer than 2^32 texts (SP 800-38D, 8.3); a key per person sees a few hundred.

Source: RFC 8452; RFC 8998; NIST SP 800-38D.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 5
SEALED_BYTES_MORE = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
"""How many bytes longer a sealed text is than the text."""
INDEX_BYTES = 16
"""A blind index is this long: two of a hundred million texts meet by chance with a probability under 10^-22."""
AES_256_GCM_SIV, SM4_GCM = 1, 2


class SM4GCM:
    """SM4 in Galois/Counter mode with a 128-bit tag, with the methods of cryptography's own AEAD classes."""

    def __init__(self, key: bytes):
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, text: bytes, associated: bytes) -> bytes:
        """Ciphertext and tag."""
        encryptor = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated)
        return encryptor.update(text) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The text; raises InvalidTag."""
        if len(sealed) < TAG_BYTES:
            raise InvalidTag
        decryptor = Cipher(self._algorithm, modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
        decryptor.authenticate_additional_data(associated)
        return decryptor.update(sealed[:-TAG_BYTES]) + decryptor.finalize()


def _hmac_sha256(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _hmac_sm3(key: bytes, text: bytes) -> bytes:
    code = HMAC(key, SM3())
    code.update(text)
    return code.finalize()


@dataclass(frozen=True)
class Suite:
    """An authenticated cipher and a keyed hash that belong together."""

    number: int
    name: str
    key_bytes: int
    cipher: Callable[[bytes], AESGCMSIV | SM4GCM]
    keyed_hash: Callable[[bytes, bytes], bytes]


SUITES = {
    AES_256_GCM_SIV: Suite(AES_256_GCM_SIV, "aes-256-gcm-siv", 32, AESGCMSIV, _hmac_sha256),
    SM4_GCM: Suite(SM4_GCM, "sm4-gcm", 16, SM4GCM, _hmac_sm3),
}
SUITE_NUMBERS = {suite.name: number for number, suite in SUITES.items()}


def joined(*parts: str) -> bytes:
    """The parts, each behind its length in four bytes: two different lists of parts never give the same bytes.

    >>> joined("ab", "c") == joined("a", "bc")
    False
    """
    pieces = []
    for part in parts:
        raw = part.encode()
        pieces += (len(raw).to_bytes(4, "big"), raw)
    return b"".join(pieces)


def header(suite: int, number: int) -> bytes:
    """The first five bytes of what is sealed by the suite under the key of that number."""
    return bytes((suite,)) + number.to_bytes(4, "big")


def sealed(suite: int, number: int, cipher: AESGCMSIV | SM4GCM, text: bytes, binding: bytes, nonce: bytes | None = None) -> bytes:
    """The text as a sealed one; the nonce is drawn unless 12 random bytes are given."""
    first, nonce = header(suite, number), nonce or os.urandom(NONCE_BYTES)
    return first + nonce + cipher.encrypt(nonce, text, first + binding)


def opened(cipher: AESGCMSIV | SM4GCM, whole: bytes, binding: bytes) -> bytes:
    """The text of a sealed one; raises InvalidTag where key, binding or any bit is another."""
    nonce_end = HEADER_BYTES + NONCE_BYTES
    return cipher.decrypt(whole[HEADER_BYTES:nonce_end], whole[nonce_end:], whole[:HEADER_BYTES] + binding)


def named(whole: bytes) -> tuple[int, int] | None:
    """Suite and key number that a sealed text names; None where it is too short or names no suite."""
    if len(whole) < SEALED_BYTES_MORE or whole[0] not in SUITES:
        return None
    return whole[0], int.from_bytes(whole[1:HEADER_BYTES], "big")


def new_key(suite: int) -> bytes:
    """Random bytes, as many as a key of the suite has."""
    return os.urandom(SUITES[suite].key_bytes)
