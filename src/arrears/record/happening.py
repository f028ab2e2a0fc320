"""Something the decision plane did that the record shall hold: a night, a load, a release."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Happening:
    """source: which happening it is, the same whenever the book is read, so that it is recorded once; kind: night, load, release_model, release_strategy or law_pack.

    at: microseconds UTC at which it was done, as the book says. content: what the record commits to, JSON values only (whole numbers, no fractions), nothing personal.
    """

    source: str
    kind: str
    at: int
    content: dict[str, Any] = field(default_factory=dict)
