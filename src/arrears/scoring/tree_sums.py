"""The sum of a row's leaves, compiled: two ways that agree bit by bit.

Few rows walk down each tree. Many rows are taken in blocks: every value is first replaced by its rank among the model's
thresholds for that feature, a small whole number (so comparing ranks is comparing values), and every tree keeps a mask of the
leaves still possible for each row; a node a row passes on the right strikes out the leaves on its left; the first that remains
is the row's. No step depends on the one before, so the machine takes many rows at once.
Source: Lucchese et al., QuickScorer (2015), SIGIR, sections 3 and 4.
"""

from dataclasses import dataclass

import numpy as np

from arrears.compiled import compiled
from arrears.scoring.matrix import in_parts
from arrears.scoring.model import Trees

BLOCK, AT_ONCE = 512, 8
FEW = 512
"""Below so many rows, to walk is quicker than to prepare the masks."""
# The lowest set bit times this constant has a different number in its top bits for each bit: a perfect hash of the leaf.
HASH = {np.uint32: (np.uint32(0x077CB531), 27, 32), np.uint64: (np.uint64(0x03F79D71B4CB0A89), 58, 64)}


@dataclass(frozen=True)
class Masks:
    """Trees made ready for blocks of rows. features: the columns of the matrix that are read; offsets: where each one's thresholds
    start, ascending and padded with infinity to a multiple of AT_ONCE.

    starts: the first node of each tree; of a node, a tree's by feature: column (2 * place of its feature, 1 more where missing goes right), rank (passed
    on the right where the row's is higher), mask of the leaves that remain then. leaves: a tree's leaf values by the hash of their bit.
    """

    features: np.ndarray
    offsets: np.ndarray
    thresholds: np.ndarray
    starts: np.ndarray
    column: np.ndarray
    rank: np.ndarray
    mask: np.ndarray
    leaves: np.ndarray


def raw_of_trees(trees: Trees, matrix: np.ndarray) -> np.ndarray:
    """The sum of leaves for each row of the matrix, float64: LightGBM's raw score, tree by tree in the same order."""
    if len(trees.feature) and int(trees.feature.max()) >= matrix.shape[1]:
        raise ValueError(f"the trees read column {int(trees.feature.max())}; the matrix has {matrix.shape[1]}")
    matrix = np.asfortranarray(matrix, np.float64)
    out = np.zeros(len(matrix))
    masks = masks_of(trees) if len(matrix) >= FEW else None
    if masks is None:
        in_parts(len(matrix), lambda first, last: _walk(*columns_of(trees), matrix, first, last, out))
    else:
        parts = (
            masks.features, masks.offsets, masks.thresholds, masks.starts, masks.column, masks.rank, masks.mask, masks.leaves,
            *hash_of(masks),
        )  # fmt: skip
        in_parts(len(matrix), lambda first, last: _strike(*parts, matrix, first, last, out))
    return out


def masks_of(trees: Trees) -> Masks | None:
    """The trees made ready for blocks; None where a tree has more than 64 leaves, or no tree splits."""
    nodes = len(trees.feature)
    is_inner = trees.feature >= 0
    below, above, most = _leaves_of(trees.roots, trees.feature, trees.left, trees.right)
    if most > 64 or not is_inner.any():
        return None
    kind = np.uint32 if most <= 32 else np.uint64
    constant, shift, bits = HASH[kind]
    tree = np.searchsorted(trees.roots, np.arange(nodes), "right") - 1
    inner = np.flatnonzero(is_inner)
    inner = inner[np.lexsort((trees.feature[inner], tree[inner]))]
    starts = np.append(0, np.cumsum(np.bincount(tree[inner], minlength=len(trees.roots)))).astype(np.int64)

    features, place = np.unique(trees.feature[inner], return_inverse=True)
    tables = [np.unique(trees.threshold[inner][place == each]) for each in range(len(features))]
    rank = np.empty(len(place), np.int64)
    for each, table in enumerate(tables):
        rank[place == each] = np.searchsorted(table, trees.threshold[inner][place == each])
    padded = [np.append(table, np.full(-len(table) % AT_ONCE, np.inf)) for table in tables]
    ranks = np.uint8 if max(map(len, tables)) <= 255 else np.uint32

    first, behind = below[inner].astype(np.uint64), below[trees.right[inner]].astype(np.uint64)
    one = np.uint64(1)
    struck = ((one << behind) - one) ^ ((one << first) - one)
    leaves = np.zeros((len(trees.roots), bits))
    bit = (one << below[~is_inner].astype(np.uint64)).astype(kind)
    with np.errstate(over="ignore"):
        leaves[tree[~is_inner], (bit * constant) >> kind(shift)] = trees.value[~is_inner]
    return Masks(
        features.astype(np.int64), np.append(0, np.cumsum([len(table) for table in padded])), np.concatenate(padded), starts,
        2 * place + ~trees.missing_left[inner], rank.astype(ranks), (~struck).astype(kind), leaves,
    )  # fmt: skip


def columns_of(trees: Trees) -> tuple:
    """The columns of the table of nodes as a compiled loop takes them."""
    return trees.roots, trees.feature, trees.threshold, trees.missing_left, trees.left, trees.right, trees.value


def hash_of(masks: Masks) -> tuple:
    """The constant, shift and places of the hash, a mask with all leaves, and a rank above all others, in the masks' own types."""
    kind, ranks = masks.mask.dtype.type, masks.rank.dtype.type
    constant, shift, bits = HASH[kind]
    return constant, kind(shift), kind(bits - 1), ~kind(0), ranks(np.iinfo(ranks).max)


@compiled
def _leaves_of(roots, feature, left, right):
    """For each node the leaves of its tree to the left of its own; for each node those up to its own; the most leaves of a tree."""
    below = np.zeros(len(feature), np.int64)
    own = np.zeros(len(feature), np.int64)
    for node in range(len(feature) - 1, -1, -1):
        own[node] = 1 if feature[node] < 0 else own[left[node]] + own[right[node]]
    most = 0
    for root in roots:
        most = max(most, own[root])
    for node in range(len(feature)):
        if feature[node] >= 0:
            below[left[node]] = below[node]
            below[right[node]] = below[node] + own[left[node]]
    return below, below + own, most


@compiled
def _walk(roots, feature, threshold, missing_left, left, right, value, matrix, first, last, out):
    for row in range(first, last):
        total = 0.0
        for node in roots:
            while feature[node] >= 0:
                x = matrix[row, feature[node]]
                goes_left = missing_left[node] if np.isnan(x) else x <= threshold[node]
                node = left[node] if goes_left else right[node]
            total += value[node]
        out[row] = total


@compiled
def _rank(column, thresholds, places):
    """places[i]: how many thresholds lie below column[i], none where it is missing; the thresholds come in eights."""
    rows = len(column)
    places[:rows] = 0
    for k in range(0, len(thresholds), 8):
        a, b, c, d = thresholds[k], thresholds[k + 1], thresholds[k + 2], thresholds[k + 3]
        e, f, g, h = thresholds[k + 4], thresholds[k + 5], thresholds[k + 6], thresholds[k + 7]
        for i in range(rows):
            x = column[i]
            places[i] += (
                np.int64(a < x) + np.int64(b < x) + np.int64(c < x) + np.int64(d < x)
                + np.int64(e < x) + np.int64(f < x) + np.int64(g < x) + np.int64(h < x)
            )  # fmt: skip


@compiled
def ranks_of_block(features, offsets, thresholds, most, matrix, start, rows, places, ranks):
    """ranks[2 f, i]: the rank of feature f in row start + i, 0 where missing; ranks[2 f + 1, i]: the same, `most` where missing."""
    for place in range(len(features)):
        values = matrix[start : start + rows, features[place]]
        _rank(values, thresholds[offsets[place] : offsets[place + 1]], places)
        for i in range(rows):
            ranks[2 * place, i] = places[i]
            ranks[2 * place + 1, i] = most if np.isnan(values[i]) else places[i]


@compiled
def _strike(
    features, offsets, thresholds, starts, column, rank, mask, leaves, constant, shift, slots, all_leaves, most, matrix, first, last, out
):
    ranks = np.zeros((2 * len(features), BLOCK), rank.dtype)
    places = np.empty(BLOCK, np.int64)
    remain = np.empty(BLOCK, mask.dtype)
    for start in range(first, last, BLOCK):
        rows = min(BLOCK, last - start)
        ranks_of_block(features, offsets, thresholds, most, matrix, start, rows, places, ranks)
        for tree in range(len(starts) - 1):
            remain[:] = all_leaves
            for node in range(starts[tree], starts[tree + 1]):
                passed, limit, kept = ranks[column[node]], rank[node], mask[node]
                for i in range(BLOCK):
                    remain[i] &= kept if passed[i] > limit else all_leaves
            for i in range(rows):
                lowest = remain[i] & (~remain[i] + 1)
                out[start + i] += leaves[tree, ((lowest * constant) >> shift) & slots]
