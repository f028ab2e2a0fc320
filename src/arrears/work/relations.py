"""As what the law's rules see whoever stands in a case, where their role there is not a word of the rules."""

from arrears.tables.contacts import RELATIONS

_AS = {"heir": "other", "guardian": "other"}
"""No rule at hand speaks of heirs or guardians, and rules only forbid, so a word that they do not know would let everything pass: to the rules both are third persons.
So nobody asks them to pay or where the debtor is; they may be told, and answered."""


def relation_of(role: str) -> str:
    """The word of the rules (tables.contacts) for a party's role. Raises KeyError for a role that has none."""
    return role if role in RELATIONS else _AS[role]
