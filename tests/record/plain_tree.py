"""The tree of RFC 6962 by its definitions, slow and plain: what the record's proofs are held against."""

from hashlib import sha256


def root(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) of section 2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = half(len(leaves))
    return sha256(b"\x01" + root(leaves[:middle]) + root(leaves[middle:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of section 2.1.1."""
    if len(leaves) == 1:
        return []
    middle = half(len(leaves))
    if index < middle:
        return [*path(index, leaves[:middle]), root(leaves[middle:])]
    return [*path(index - middle, leaves[middle:]), root(leaves[:middle])]


def proof(old: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n]) of section 2.1.2."""
    return _proof(old, leaves, True)


def _proof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    middle = half(len(leaves))
    if old <= middle:
        return [*_proof(old, leaves[:middle], whole), root(leaves[middle:])]
    return [*_proof(old - middle, leaves[middle:], False), root(leaves[:middle])]


def half(size: int) -> int:
    """The largest power of two smaller than the size."""
    power = 1
    while 2 * power < size:
        power *= 2
    return power


def climbed(leaf: bytes, index: int, size: int, beside: list[bytes]) -> bytes | None:
    """The root that a path leads to, taken apart from the top; None where the path has another length than such a leaf's."""
    if size == 1:
        return None if beside else leaf
    if not beside:
        return None
    middle = half(size)
    below = climbed(leaf, index, middle, beside[:-1]) if index < middle else climbed(leaf, index - middle, size - middle, beside[:-1])
    if below is None:
        return None
    return sha256(b"\x01" + below + beside[-1]).digest() if index < middle else sha256(b"\x01" + beside[-1] + below).digest()


class Peaks:
    """The root of a growing tree from its complete subtrees alone, one leaf after another."""

    def __init__(self) -> None:
        self.size, self._peaks = 0, []

    def add(self, leaf: bytes) -> None:
        self._peaks.append(leaf)
        self.size += 1
        at = self.size
        while at % 2 == 0:
            right = self._peaks.pop()
            self._peaks[-1] = sha256(b"\x01" + self._peaks[-1] + right).digest()
            at //= 2

    def root(self) -> bytes:
        if not self._peaks:
            return sha256(b"").digest()
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = sha256(b"\x01" + peak + found).digest()
        return found
