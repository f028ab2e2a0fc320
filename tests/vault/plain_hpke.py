"""HPKE's receiver in base mode, written out from RFC 9180 by hand: X25519, HKDF-SHA256, AES-GCM; to hold the library against."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def _extract(salt: bytes, keying: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), keying, hashlib.sha256)


def _expand(key: bytes, about: bytes, length: int) -> bytes:
    output, block, turn = b"", b"", 1
    while len(output) < length:
        block = hmac.digest(key, block + about + bytes((turn,)), hashlib.sha256)
        output, turn = output + block, turn + 1
    return output[:length]


def _labelled_extract(suite, salt, label, keying):
    return _extract(salt, b"HPKE-v1" + suite + label + keying)


def _labelled_expand(suite, key, label, about, length):
    return _expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + about, length)


def opened(private: bytes, encapsulated: bytes, sealed: bytes, info: bytes, associated: bytes, *, aead: int) -> bytes:
    """The text of the first message; `aead` 1 is AES-128-GCM, 2 AES-256-GCM. Sections 4.1, 5.1, 5.2."""
    own = X25519PrivateKey.from_private_bytes(private)
    shared = own.exchange(X25519PublicKey.from_public_bytes(encapsulated))
    kem = b"KEM" + (0x20).to_bytes(2, "big")
    secret = _labelled_expand(kem, _labelled_extract(kem, b"", b"eae_prk", shared), b"shared_secret", encapsulated + own.public_key().public_bytes_raw(), 32)
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x20, 1, aead))
    context = b"\x00" + _labelled_extract(suite, b"", b"psk_id_hash", b"") + _labelled_extract(suite, b"", b"info_hash", info)
    key_secret = _labelled_extract(suite, secret, b"secret", b"")
    key = _labelled_expand(suite, key_secret, b"key", context, {1: 16, 2: 32}[aead])
    return AESGCM(key).decrypt(_labelled_expand(suite, key_secret, b"base_nonce", context, 12), sealed, associated)
