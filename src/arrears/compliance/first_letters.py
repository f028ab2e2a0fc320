"""With which characters a match of a pattern may begin, so that a pattern is tried only where it can.

Python's own parser of patterns is asked. It is not part of the documented library, so whatever it says that is not known
here means "any character": slower, and never a match fewer.
"""

import re._constants as kinds
import re._parser as parser

_ZERO_WIDTH = (kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT)
_REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT)


def first_letters(pattern: str) -> frozenset[str] | None:
    """The characters a match may begin with, or None where it may be any."""
    letters, may_be_empty = _first(parser.parse(pattern))
    return None if may_be_empty or letters is None else frozenset(letters)


def _first(sequence) -> tuple[set[str] | None, bool]:
    """The first characters of a sequence (None: any), and whether it may match nothing."""
    found: set[str] = set()
    for kind, held in sequence:
        letters, may_be_empty = _of_one(kind, held)
        if letters is None:
            return None, may_be_empty
        found |= letters
        if not may_be_empty:
            return found, False
    return found, True


def _of_one(kind, held) -> tuple[set[str] | None, bool]:
    if kind in _ZERO_WIDTH:
        return set(), True
    if kind is kinds.LITERAL:
        return {chr(held)}, False
    if kind is kinds.SUBPATTERN:
        return _first(held[-1])
    if kind in _REPEATS:
        letters, may_be_empty = _first(held[2])
        return letters, may_be_empty or held[0] == 0
    if kind is kinds.BRANCH:
        parts = [_first(branch) for branch in held[1]]
        letters = None if any(part is None for part, _ in parts) else set().union(*(part for part, _ in parts))
        return letters, any(empty for _, empty in parts)
    if kind is kinds.IN and all(one is kinds.LITERAL or one is kinds.RANGE and other[1] - other[0] < 64 for one, other in held):
        return {chr(code) for one, other in held for code in ([other] if one is kinds.LITERAL else range(other[0], other[1] + 1))}, False
    return None, False
