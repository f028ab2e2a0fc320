"""Proofs of a Merkle tree: that an entry is in it, and that it continues an older one; made from any source of nodes, and checked without one.

A source of nodes is a function node(level, index): the hash over the 2^level leaves from index * 2^level on, all of which the tree has.
Hashes are 32 bytes; a path runs from beside the leaf up to below the root. Source: RFC 9162 sections 2.1.1, 2.1.3 and 2.1.4 (the same trees and paths as RFC 6962 section 2.1).
"""

from collections.abc import Callable

from arrears.record.hashing import EMPTY_ROOT, leaf_hashes, node_hash, nodes_above
from arrears.refusal import Refused

Node = Callable[[int, int], bytes]


def root(size: int, node: Node) -> bytes:
    """The root of the tree of the first size leaves."""
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """The path of one leaf in the tree of the first size leaves: at most ceil(log2(size)) hashes; raises Refused where the tree has no such leaf."""
    if not 0 <= index < size:
        raise Refused(f"entry {index} of a tree of {size}: there is none yet; ask for an entry below {size}, or integrate first", f"大小为 {size} 的日志中没有第 {index} 条；请指定小于 {size} 的序号，或先并入日志")
    path, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append((middle, stop))
            stop = middle
        else:
            path.append((start, middle))
            start = middle
    return [_range_root(begin, end, node) for begin, end in reversed(path)]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of the first new leaves continues that of the first old ones; empty where old is 0 or new. Raises Refused where old is larger than new."""
    if not 0 <= old <= new:
        raise Refused(f"from {old} entries to {new}: a log only grows; name the smaller size first", f"从 {old} 条到 {new} 条：日志只增不减；请先写较小的数")
    if old in (0, new):
        return []
    proof, start, stop, whole = [], 0, new, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append((middle, stop))
            stop = middle
        else:
            proof.append((start, middle))
            start, whole = middle, False
    if not whole:
        proof.append((start, stop))
    return [_range_root(begin, end, node) for begin, end in reversed(proof)]


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], expected: bytes) -> bool:
    """Whether the path leads from the leaf at the index to the root of a tree of that size. Source: RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(beside, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and found == expected


def is_consistent(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the proof shows that the tree of new leaves continues that of old ones. Source: RFC 9162 section 2.1.4.2."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(beside, first), node_hash(beside, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class Tree:
    """The whole tree over concatenated commitments, in memory (64 bytes a leaf): for a set that is proven row by row under one root, such as the decisions of a night."""

    def __init__(self, commitments: bytes):
        self._levels = [leaf_hashes(commitments)]
        while len(self._levels[-1]) > 32:
            self._levels.append(nodes_above(self._levels[-1]))
        self.size = len(commitments) // 32

    def node(self, level: int, index: int) -> bytes:
        return self._levels[level][32 * index:32 * index + 32]

    def root(self) -> bytes:
        return root(self.size, self.node)

    def inclusion(self, index: int) -> list[bytes]:
        return inclusion(index, self.size, self.node)


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_root(start: int, stop: int, node: Node) -> bytes:
    """The root over the leaves [start, stop), where start is a multiple of the largest power of two not above the length: folded from the right over complete trees."""
    parts, at = [], start
    while at < stop:
        level = (stop - at).bit_length() - 1
        parts.append(node(level, at >> level))
        at += 1 << level
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found
