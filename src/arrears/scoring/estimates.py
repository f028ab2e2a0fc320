"""What a model says of rows: its estimate, its points, how far outcomes lie from it, and in which bins the rows fall."""

import numpy as np
import polars as pl

from arrears.refusal import Refused
from arrears.scoring.calibration import probability
from arrears.scoring.matrix import encoded, in_parts, unseen_as_missing
from arrears.scoring.model import CATEGORY, Bins, Feature, Model, Spread
from arrears.scoring.scorecard import bin_numbers, points_of, raw_of_scorecard
from arrears.scoring.tree_sums import raw_of_trees

ESTIMATE = "estimate"
"""The name of the estimate itself among the bins of a model's reference."""


def estimate(model: Model, frame: pl.DataFrame) -> np.ndarray:
    """The probability of the event (or the expected share), one float64 in [0, 1] per row of the frame.

    Raises Refused where a column the model reads is missing or of another type.
    """
    return estimate_of(model, model_matrix(model, frame))


def estimate_of(model: Model, matrix: np.ndarray) -> np.ndarray:
    """As `estimate`, from rows encoded by `model_matrix`."""
    raw = raw_of(model, matrix)
    out = np.empty(len(raw))

    def part(first: int, last: int) -> None:
        out[first:last] = probability(model.calibration, raw[first:last])

    in_parts(len(raw), part)
    return out


def model_matrix(model: Model, frame: pl.DataFrame) -> np.ndarray:
    """The model's features of each row, [row, feature], a category never seen as UNSEEN."""
    return encoded(model.features, frame)


def raw_of(model: Model, matrix: np.ndarray) -> np.ndarray:
    """The model's raw sum for each row of the matrix: log-odds before calibration."""
    if model.scorecard is not None:
        return raw_of_scorecard(model.scorecard, matrix, model.features)
    return raw_of_trees(model.trees, unseen_as_missing(model.features, matrix))


def points(model: Model, frame: pl.DataFrame) -> np.ndarray:
    """The points of a scorecard, one int32 per row; higher is better for the lender. Raises Refused for boosted trees."""
    if model.scorecard is None:
        raise Refused(f"{model.name} is made of trees and has no points", f"{model.name} 是树模型，没有分值表")
    return points_of(model.scorecard, model_matrix(model, frame), model.features)


def interval(model: Model, estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low and high for each estimate: nine of ten outcomes lie between, as they did for rows the model had not seen.

    The estimate itself is always within. Raises Refused for a model of yes or no, whose outcome has no spread to state.
    """
    if model.spread is None:
        raise Refused(
            f"{model.name} answers yes or no; its estimate is the probability and has no interval of outcomes",
            f"{model.name} 的结果只有是与否，估计值本身就是概率，没有结果区间",
        )
    band = np.clip(np.searchsorted(model.spread.edges, estimates, "right") - 1, 0, len(model.spread.low) - 1)
    low, high = np.array(model.spread.low)[band], np.array(model.spread.high)[band]
    return np.minimum(low, estimates), np.maximum(high, estimates)


def spread_of(estimates: np.ndarray, outcome: np.ndarray, bands: int = 10) -> Spread:
    """The 5th and 95th percentile of outcomes within bands of equally many estimates; fewer bands where estimates are equal."""
    inner = np.unique(np.quantile(estimates, np.linspace(0, 1, bands + 1)[1:-1], method="lower"))
    edges = np.concatenate([[0.0], inner[(inner > estimates.min()) & (inner < 1)], [1.0]])
    band = np.clip(np.searchsorted(edges, estimates, "right") - 1, 0, len(edges) - 2)
    within = [outcome[band == place] for place in range(len(edges) - 1)]
    return Spread(
        edges=tuple(float(edge) for edge in edges),
        low=tuple(float(np.quantile(own, 0.05, method="lower")) for own in within),
        high=tuple(float(np.quantile(own, 0.95, method="higher")) for own in within),
    )


def binned_shares(model: Model, frame: pl.DataFrame, estimates: np.ndarray | None = None) -> dict[str, list[float]]:
    """For each feature and for "estimate" the share of the frame's rows in each of the reference's bins, then missing, then unseen.

    The shares of a name sum to 1 (to nothing but zeros for an empty frame). estimates: those of the frame, where known.
    Compare with `reference_shares(model)`.
    """
    return {name: (rows / max(rows.sum(), 1)).tolist() for name, rows in binned_rows(model, frame, estimates).items()}


def binned_rows(model: Model, frame: pl.DataFrame, estimates: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """As `binned_shares`, but numbers of rows, int64."""
    matrix = model_matrix(model, frame)
    estimates = estimate_of(model, matrix) if estimates is None else estimates
    return rows_by_bin(model.reference, model.features, matrix, estimates)


def reference_shares(model: Model) -> dict[str, list[float]]:
    """For each feature and for "estimate" the share of the fitting rows in each bin, then missing, then unseen."""
    return {name: list(entry["shares"]) for name, entry in model.reference.items()}


def rows_by_bin(reference: dict, features: tuple[Feature, ...], matrix: np.ndarray, estimates: np.ndarray) -> dict[str, np.ndarray]:
    """Numbers of rows in the bins of a reference: {name: {"splits": [...]} or {"groups": [[...], ...]}}."""
    counted = {}
    for place, feature in enumerate((*features, Feature(ESTIMATE, "number", "", ""))):
        entry = reference[feature.name]
        column = estimates if feature.name == ESTIMATE else matrix[:, place]
        groups = tuple(tuple(group) for group in entry.get("groups", ()))
        bins = Bins(feature.name, tuple(entry.get("splits", ())), groups, (), (), (), (), ())
        count = (len(groups) if feature.kind == CATEGORY else len(bins.splits) + 1) + 2
        counted[feature.name] = np.bincount(bin_numbers(bins, column, feature), minlength=count)
    return counted


def reference_of(features: tuple[Feature, ...], card_bins: tuple[Bins, ...], matrix: np.ndarray, estimates: np.ndarray) -> dict:
    """The bins drift is measured in, and the shares of these rows there.

    A scorecard's own bins; else tenths of a number's values, and every category by itself; tenths of the estimate.
    """
    own = {bins.feature: bins for bins in card_bins}
    reference: dict = {}
    for place, feature in enumerate((*features, Feature(ESTIMATE, "number", "", ""))):
        if feature.kind == CATEGORY:
            groups = own[feature.name].groups if feature.name in own else tuple((value,) for value in feature.categories)
            reference[feature.name] = {"groups": [list(group) for group in groups]}
            continue
        column = estimates if feature.name == ESTIMATE else matrix[:, place]
        splits = own[feature.name].splits if feature.name in own else _tenths(column)
        reference[feature.name] = {"splits": list(splits)}
    for name, rows in rows_by_bin(reference, features, matrix, estimates).items():
        reference[name]["shares"] = (rows / max(rows.sum(), 1)).tolist()
    return reference


def _tenths(column: np.ndarray) -> tuple[float, ...]:
    present = column[~np.isnan(column)]
    if len(present) == 0:
        return ()
    splits = np.unique(np.quantile(present, np.linspace(0, 1, 11)[1:-1], method="lower"))
    return tuple(float(split) for split in splits[splits > present.min()])


def with_typical(model: Model, name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with one feature at its typical value in every row."""
    feature = next(each for each in model.features if each.name == name)
    kind = pl.String if feature.kind == CATEGORY else pl.Float64
    return frame.with_columns(pl.lit(feature.typical, kind).alias(name))
