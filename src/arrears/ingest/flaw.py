"""What is wrong with one cell: the rule it breaks, and the little that the rule's sentence needs to know."""

from typing import NamedTuple


class Flaw(NamedTuple):
    """The rule is a key of fault_words.FAULTS; the detail never holds a whole cell, which may be personal."""

    rule: str
    detail: str | None = None
