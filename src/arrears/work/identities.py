"""Ids that every machine works out alike: UUIDs of version 5 under the lender, from what the lender's book calls a thing.

So a night that is taken in again, or on another machine, speaks of the same rows, and a person is the same in every case of the lender. Source: RFC 9562, section 5.5.
"""

from hashlib import sha1
from uuid import UUID

LENDERS = UUID("6f0d6a0e-0f6c-5d0b-9a52-1c6a3b6e7c11")
"""The namespace of all lenders."""
_APART = "\x1f"
"""Stands between the parts of a name; no id of a book holds a control sign."""


def identity(under: UUID, *parts: str) -> str:
    """The UUID of version 5 of these parts under a namespace, as text.

    >>> from uuid import uuid5
    >>> identity(LENDERS, "L1") == str(uuid5(LENDERS, "L1"))
    True
    """
    taken = bytearray(sha1(under.bytes + _APART.join(parts).encode(), usedforsecurity=False).digest()[:16])
    taken[6], taken[8] = taken[6] & 0x0F | 0x50, taken[8] & 0x3F | 0x80
    digits = taken.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def of_lender(code: str) -> UUID:
    """The namespace of one lender."""
    return UUID(identity(LENDERS, code))


def person_of(lender: UUID, borrower_id: str, relation: str = "debtor", ordinal: int = 0) -> str:
    """A person of a lender: of a pseudonym their own, else known only as somebody's co-debtor, guarantor or reserved contact of that number."""
    return identity(lender, "person", borrower_id) if relation == "debtor" else identity(lender, "person", borrower_id, relation, str(ordinal))
