"""Which contacts of a frame are drawn: by their ids and a seed alone, so that whoever has both draws the same again.

Each contact gets a number u in (0, 1) from SHA-256 of seed and id. random: the smallest u. stratified: of each stratum as many as its share, by largest remainder and
at least one while there is room, then as random within it. risk: the smallest -ln(u) / weight, that is without replacement with chances by weight.
Source of the last: Efraimidis & Spirakis 2006, Information Processing Letters 97:181.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log
from uuid import UUID


@dataclass(frozen=True)
class Drawable:
    """One contact of the frame: which, of which stratum, and how risky it looks (1 as any other)."""

    id: UUID
    stratum: str = ""
    weight: int = 1


def drawn(frame: Sequence[Drawable], method: str, size: int, seed: int) -> list[Drawable]:
    """At most size contacts of the frame, in the order in which they were drawn; the order of the frame does not matter. method: random, stratified, risk."""
    if method == "stratified":
        strata: dict[str, list[Drawable]] = defaultdict(list)
        for one in frame:
            strata[one.stratum].append(one)
        counts = shares({name: len(rows) for name, rows in strata.items()}, size)
        chosen = [one for name in sorted(strata) for one in _first(strata[name], counts[name], seed, weighed=False)]
        return sorted(chosen, key=lambda one: _place(one, seed, weighed=False))
    return _first(frame, size, seed, weighed=method == "risk")


def shares(found: dict[str, int], size: int) -> dict[str, int]:
    """How many of each stratum: in proportion, by largest remainder; first one of each, the largest strata before the others where there is not room for all.

    >>> shares({"a": 90, "b": 9, "c": 1}, 10)
    {'a': 8, 'b': 1, 'c': 1}
    """
    size = min(size, sum(found.values()))
    given = dict.fromkeys(found, 0)
    for name in sorted(found, key=lambda name: (-found[name], name))[:size]:
        given[name] = 1
    whole = sum(found.values())
    for _ in range(size - sum(given.values())):
        name = max((name for name in found if given[name] < found[name]), key=lambda name: (size * found[name] - whole * given[name], name))
        given[name] += 1
    return given


def digest_of(frame: Sequence[Drawable]) -> str:
    """Names the frame: SHA-256 over its contacts' ids, strata and weights in the order of the ids."""
    return sha256("\n".join(f"{one.id} {one.weight} {one.stratum}" for one in sorted(frame, key=lambda one: one.id)).encode()).hexdigest()


def _first(frame: Sequence[Drawable], size: int, seed: int, *, weighed: bool) -> list[Drawable]:
    return sorted(frame, key=lambda one: _place(one, seed, weighed=weighed))[:size]


def _place(one: Drawable, seed: int, *, weighed: bool) -> tuple[float, UUID]:
    number = (int.from_bytes(sha256(f"{seed}|{one.id}".encode()).digest()[:7], "big") + 1) / ((1 << 56) + 1)
    return (-log(number) / max(one.weight, 1) if weighed else number), one.id
