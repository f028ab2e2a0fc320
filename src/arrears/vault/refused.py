"""What the vault refuses, told apart by cause; no message and no repr holds plaintext, a key, or a ciphertext."""

from arrears.refusal import Refused


class VaultRefused(Refused):
    """Nothing was opened, nothing was sealed; the message names person, table, column and row, never their content."""


class WrongKey(VaultRefused):
    """A key does not open what it should have wrapped: another installation's file, another token, or a damaged row."""


class MissingKey(VaultRefused):
    """The key that a text is sealed under is not there: never made, deleted, or of a store restored from another time."""


class RetiredKey(VaultRefused):
    """The key was rotated away and then retired; only a copy from before opens what was left under it."""


class Damaged(VaultRefused):
    """A sealed text was changed, cut, or moved to another lender, person, table, column or row."""


class UnknownFormat(VaultRefused):
    """The first byte names no suite that this version knows, or the text is too short to be a sealed one."""


class Erased(VaultRefused):
    """The person was erased; their key is destroyed and no other is ever made."""
