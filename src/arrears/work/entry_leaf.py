"""What the record commits to for one Entry: its content as canonical JSON, its salt, and the digests of the personal fields that the content does not hold.

    commitment = SHA-256("arrears record v1\\n" ‖ salt ‖ content)         made by the database when the leaf is written
    salt       = SHA-256("arrears record salt v1\\n" ‖ salt of the Entry)  so that whoever opens the leaf learns nothing of the digests of changes
    withheld   = {name: SHA-256("arrears field v1\\n" ‖ field salt ‖ value as canonical JSON)}
    field salt = SHA-256("arrears field salt v1\\n" ‖ secret ‖ name)

The secret (32 bytes) is sealed under the key that seals the Entry's reason: with a salt that lies in the same database everybody who reads it could find a number by trying them all.
Passwords, codes, paths and what a person was searched by are committed to by nothing.
Source: RFC 8785 (JSON Canonicalization Scheme). Docs: docs/algorithms/record.md.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785

EXACT_MOST = 2**53 - 1
"""The greatest whole number that every reader of JSON reads as it is written; a greater one, and one with a fraction, stands as text."""
UNSAID = ("person.erase",)
"""Verbs after which nothing of the person is kept: the reason is not committed to, and the leaf itself stays when others of the case go, since it says that they went."""


def salt_of(entry_salt: bytes) -> bytes:
    """The salt of an Entry's leaf, 32 bytes."""
    return sha256(b"arrears record salt v1\n" + entry_salt).digest()


def field_salt(secret: bytes, name: str) -> bytes:
    """The salt of one personal field's digest, 32 bytes."""
    return sha256(b"arrears field salt v1\n" + secret + name.encode()).digest()


def field_digest(secret: bytes, name: str, value: Any) -> str:
    """Hex digest of one personal field. value: as `field_value` has it."""
    return sha256(b"arrears field v1\n" + field_salt(secret, name) + rfc8785.dumps(value)).hexdigest()


def field_value(value: Any) -> Any:
    """A parameter as the digest takes it: JSON values; a file's bytes by their SHA-256, {"sha256": hex}."""
    if isinstance(value, bytes):
        return {"sha256": sha256(value).hexdigest()}
    return plain(json.loads(json.dumps(value, default=str)))


def plain(value: Any) -> Any:
    """A JSON value that every reader reads alike: whole numbers within EXACT_MOST, all other numbers as text."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float) or (type(value) is int and abs(value) > EXACT_MOST):
        return json.dumps(value)
    return value


def moment_text(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(content: dict[str, Any]) -> str:
    """The one text of a content. Raises rfc8785.CanonicalizationError for what is no JSON."""
    return rfc8785.dumps(plain(content)).decode()


def entry_content(*, lender: str, entry: UUID, number: int, case: UUID | None, at: datetime, actor: UUID | None, actor_name: str, roles: list[str], via: str, verb: str, purpose: str | None,
                  policies: list[str], parameters: dict | None = None, result: dict | None = None, refused: bool = False, key: str | None = None, reason: str | None = None,
                  changes: list[dict] | None = None, withheld: dict[str, str] | None = None) -> str:
    """The content of an Entry's leaf. changes: table, operation, rows, ids, before, after (hex or None) of each statement, in their order; reason: only where it stands in the Entry in clear."""
    told = {
        "kind": "entry", "lender": lender, "entry": str(entry), "number": number, "case": None if case is None else str(case), "at": moment_text(at), "actor": None if actor is None else str(actor),
        "actor_name": actor_name, "roles": sorted(roles), "via": via, "verb": verb, "purpose": purpose, "parameters": parameters or {}, "result": result or {}, "policies": list(policies),
        "refused": refused, "key": key, "changes": changes or [], "withheld": withheld or {},
    }
    return canonical(told if reason is None else {**told, "reason": reason})
