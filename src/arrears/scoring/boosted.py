"""Boosted trees: fitted by LightGBM, kept as one table of nodes, added up by a compiled loop of ours.

raw = the sum over trees, in their order and in float64, of the leaf a row falls into: what the library itself returns with
raw_score=True. Source: Ke et al., LightGBM (2017); the leaf by bit masks: Lucchese et al., QuickScorer (2015), SIGIR.
"""

from dataclasses import dataclass, replace

import numpy as np

from arrears.refusal import Refused
from arrears.scoring.matrix import typical_code
from arrears.scoring.model import CATEGORY, Feature, Trees


@dataclass(frozen=True)
class TreeSettings:
    """What the fit may do; chosen once for credit data of a thousand to a million rows, not per data set.

    trees: at most so many; rows_in_leaf: at least so many, fewer where there are fewer than 40 times as many rows;
    rows_share, features_share: the share drawn for each tree; penalty: weight of the squared leaf values.
    """

    trees: int = 600
    learning_rate: float = 0.02
    leaves: int = 15
    rows_in_leaf: int = 80
    rows_share: float = 0.7
    features_share: float = 0.5
    penalty: float = 10.0


def fit_trees(
    matrix: np.ndarray,
    outcome: np.ndarray,
    features: tuple[Feature, ...],
    seed: int,
    settings: TreeSettings | None = None,
) -> Trees:
    """The trees fitted to the rows: the same for the same rows and seed, monotone where the features say so.

    matrix: [row, feature], unseen categories as NaN; outcome: 0, 1 or a share in [0, 1]. A feature that was never missing in
    these rows, and is missing later, counts as its typical value. Raises Refused where LightGBM is not installed.
    """
    booster = fit_booster(matrix, outcome, features, seed, settings or TreeSettings())
    return missing_as_typical(trees_of_booster(booster), matrix, features)


def fit_booster(
    matrix: np.ndarray,
    outcome: np.ndarray,
    features: tuple[Feature, ...],
    seed: int,
    settings: TreeSettings,
    held_out: tuple[np.ndarray, np.ndarray] | None = None,
):
    """LightGBM's own booster; with held-out rows (matrix, outcome) it carries `held_out_loss`, the mean log loss after each tree."""
    try:
        import lightgbm
    except ImportError as missing:
        raise Refused(
            "fitting boosted trees needs lightgbm, which is not installed: run `make train`",
            "拟合提升树需要 lightgbm，但它没有安装：请运行 `make train`",
        ) from missing
    outcome = np.asarray(outcome, np.float64)
    is_share = bool(((outcome != 0) & (outcome != 1)).any())
    directions = [0 if feature.kind == CATEGORY else feature.monotone for feature in features]
    options = {
        "objective": "cross_entropy" if is_share else "binary",
        "metric": "cross_entropy",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": max(5, min(settings.rows_in_leaf, len(outcome) // 40)),
        "bagging_fraction": settings.rows_share,
        "bagging_freq": 1,
        "feature_fraction": settings.features_share,
        "lambda_l2": settings.penalty,
        "monotone_constraints": directions if any(directions) else None,
        "monotone_constraints_method": "intermediate",
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # the same trees as with more; beside other work its threads wait for one another, 100 times as long
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(matrix, outcome, params={"verbosity": -1})
    if held_out is None:
        return lightgbm.train(options, rows, settings.trees)
    losses: dict = {}
    booster = lightgbm.train(
        options,
        rows,
        settings.trees,
        valid_sets=[lightgbm.Dataset(held_out[0], np.asarray(held_out[1], np.float64), reference=rows, params={"verbosity": -1})],
        valid_names=["held_out"],
        callbacks=[lightgbm.record_evaluation(losses)],
    )
    booster.held_out_loss = np.array(losses["held_out"]["cross_entropy"])
    return booster


def trees_of_booster(booster, trees: int | None = None) -> Trees:
    """The first trees of a booster as one table of nodes, each tree's nodes together, children after their parents.

    The table adds up to `booster.predict(matrix, raw_score=True)` for every value, missing and infinite ones too.
    """
    dumped = booster.dump_model(num_iteration=-1 if trees is None else trees)["tree_info"]
    roots: list[int] = []
    nodes: list[tuple] = []
    for tree in dumped:
        roots.append(len(nodes))
        waiting = [(tree["tree_structure"], -1, False)]
        while waiting:
            node, parent, is_right = waiting.pop()
            here = len(nodes)
            if parent >= 0:
                nodes[parent][5 if is_right else 4] = here
            if "leaf_value" in node:
                nodes.append([-1, 0.0, False, node["leaf_value"], here, here])
                continue
            if node["decision_type"] != "<=":
                raise ValueError(f"the trees split by {node['decision_type']}, the table by <= only")
            threshold = float(node["threshold"])
            missing_left = {"NaN": node["default_left"], "None": threshold >= 0}[node["missing_type"]]
            nodes.append([int(node["split_feature"]), threshold, bool(missing_left), 0.0, here, here])
            waiting += [(node["right_child"], here, True), (node["left_child"], here, False)]
    columns = list(zip(*nodes, strict=True)) if nodes else [()] * 6
    return Trees(
        roots=np.array(roots, np.int32),
        feature=np.array(columns[0], np.int32),
        threshold=np.array(columns[1], np.float64),
        missing_left=np.array(columns[2], np.bool_),
        left=np.array(columns[4], np.int32),
        right=np.array(columns[5], np.int32),
        value=np.array(columns[3], np.float64),
    )


def missing_as_typical(trees: Trees, matrix: np.ndarray, features: tuple[Feature, ...]) -> Trees:
    """The same trees, but a feature that is nowhere missing in the matrix goes, where missing later, as its typical value would."""
    missing_left = trees.missing_left.copy()
    for place, feature in enumerate(features):
        typical = typical_code(feature)
        if not np.isnan(typical) and not np.isnan(matrix[:, place]).any():
            own = trees.feature == place
            missing_left[own] = typical <= trees.threshold[own]
    return replace(trees, missing_left=missing_left)
