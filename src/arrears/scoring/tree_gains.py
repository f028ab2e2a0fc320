"""How much a sum of leaves changes where one feature alone takes its typical value, compiled; two ways that agree.

Few rows walk again, from the first node that asks for the feature. Many rows use the masks of `tree_sums`: what a tree's nodes
strike out is struck out feature by feature, so that the leaf with one feature moved is the first that remains of all others'
masks and of that feature's at its typical value, which is the same for all rows.
"""

import numpy as np

from arrears.compiled import compiled
from arrears.scoring.model import Trees
from arrears.scoring.tree_sums import Masks, columns_of, hash_of, ranks_of_block

BLOCK = 256


def gains_of_trees(trees: Trees, masks: Masks | None, matrix: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """sum of leaves - sum of leaves with the feature at its typical value, [row, feature]; exactly 0 where that moves no leaf.

    masks: those of the trees, or None to walk; typical: one value per column of the matrix, NaN where missing is typical.
    """
    gains = np.zeros((len(matrix), len(typical)))
    if masks is None:
        _walk(*columns_of(trees), matrix, typical, gains)
    else:
        _strike(
            masks.features, masks.offsets, masks.thresholds, masks.starts, masks.column, masks.rank, masks.mask, masks.leaves,
            *hash_of(masks), np.asfortranarray(matrix), np.asfortranarray(typical[None, :]), gains,
        )  # fmt: skip
    return gains


@compiled
def _walk(roots, feature, threshold, missing_left, left, right, value, matrix, typical, gains):
    """gains[row, f]: how much less the sum of leaves is with f at its typical value.

    A feature that is not on the way to a row's leaf changes nothing in that tree; one that is, nothing before its first node there.
    """
    features = len(typical)
    own = np.empty(features)
    is_typical = np.empty(features, np.bool_)
    gain = np.empty(features)
    met, met_at = np.empty(features, np.int64), np.empty(features, np.int64)
    last_met = np.full(features, -1, np.int64)
    children = np.stack((right, left), axis=1)
    walk_number = 0
    for row in range(len(gains)):
        for f in range(features):
            own[f] = matrix[row, f]
            is_typical[f] = own[f] == typical[f] or (np.isnan(own[f]) and np.isnan(typical[f]))
            gain[f] = 0.0
        for root in roots:
            walk_number += 1
            count, node = 0, root
            while feature[node] >= 0:
                f = feature[node]
                if last_met[f] != walk_number and not is_typical[f]:
                    last_met[f] = walk_number
                    met[count], met_at[count] = f, node
                    count += 1
                x = own[f]
                node = children[node, np.int64(x <= threshold[node]) | (np.int64(missing_left[node]) & np.int64(x != x))]
            leaf = value[node]
            for k in range(count):
                moved, node = met[k], met_at[k]
                kept = own[moved]
                own[moved] = typical[moved]
                while feature[node] >= 0:
                    f = feature[node]
                    x = own[f]
                    node = children[node, np.int64(x <= threshold[node]) | (np.int64(missing_left[node]) & np.int64(x != x))]
                own[moved] = kept
                gain[moved] += (leaf - value[node])
        for f in range(features):
            gains[row, f] = gain[f]


@compiled
def _strike(
    features, offsets, thresholds, starts, column, rank, mask, leaves, constant, shift, slots, all_leaves, most, matrix, typical, gains
):
    columns, groups_most = 2 * len(features), 64
    ranks = np.zeros((columns, BLOCK), rank.dtype)
    usual = np.zeros((columns, BLOCK), rank.dtype)
    places = np.empty(BLOCK, np.int64)
    own = np.empty((groups_most, BLOCK), mask.dtype)
    before = np.empty((groups_most + 1, BLOCK), mask.dtype)
    after = np.empty(BLOCK, mask.dtype)
    typical_mask = np.empty(groups_most, mask.dtype)
    feature_of = np.empty(groups_most, np.int64)
    leaf = np.empty(BLOCK)
    gain = np.empty((len(features), BLOCK))
    ranks_of_block(features, offsets, thresholds, most, typical, 0, 1, places, usual)
    for start in range(0, len(matrix), BLOCK):
        rows = min(BLOCK, len(matrix) - start)
        ranks_of_block(features, offsets, thresholds, most, matrix, start, rows, places, ranks)
        gain[:] = 0.0
        for tree in range(len(starts) - 1):
            groups = 0
            before[0] = all_leaves
            for node in range(starts[tree], starts[tree + 1]):
                c, limit, kept = column[node], rank[node], mask[node]
                if node == starts[tree] or c // 2 != column[node - 1] // 2:
                    own[groups] = all_leaves
                    typical_mask[groups] = all_leaves
                    feature_of[groups] = c // 2
                    groups += 1
                passed, struck = ranks[c], own[groups - 1]
                for i in range(BLOCK):
                    struck[i] &= kept if passed[i] > limit else all_leaves
                if usual[c, 0] > limit:
                    typical_mask[groups - 1] &= kept
            for g in range(groups):
                for i in range(BLOCK):
                    before[g + 1, i] = before[g, i] & own[g, i]
            for i in range(BLOCK):
                lowest = before[groups, i] & (~before[groups, i] + 1)
                leaf[i] = leaves[tree, ((lowest * constant) >> shift) & slots]
            after[:] = all_leaves
            for g in range(groups - 1, -1, -1):
                moved_mask, own_gain = typical_mask[g], gain[feature_of[g]]
                for i in range(BLOCK):
                    remain = before[g, i] & after[i] & moved_mask
                    lowest = remain & (~remain + 1)
                    own_gain[i] += leaf[i] - leaves[tree, ((lowest * constant) >> shift) & slots]
                    after[i] &= own[g, i]
        for place in range(len(features)):
            for i in range(rows):
                gains[start + i, features[place]] = gain[place, i]
