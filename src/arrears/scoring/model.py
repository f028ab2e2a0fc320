"""A model as tables: what it reads, how it adds up, what its number means. Loading one runs no code.

raw     = the scorecard's sum of logits, or the trees' sum of leaves (log-odds)
estimate = 1 / (1 + exp(-(intercept + slope * raw)))      calibrated after fitting
"""

from dataclasses import dataclass

import numpy as np

NUMBER, CATEGORY = "number", "category"
SCORECARD, BOOSTED = "scorecard", "boosted"
MISSING = np.nan
UNSEEN = -1.0
"""The code of a category that was not there when the model was fitted."""


@dataclass(frozen=True)
class Feature:
    """What a model reads: its words, its typical value, and the direction the trade expects.

    monotone: +1 where a higher value makes the event likelier, -1 less likely, 0 where nothing is expected.
    typical: the population's middle value when fitted (median, or the commonest category); None where that is missing.
    categories: of a category, its values; the code of a value is its place here.
    """

    name: str
    kind: str
    zh: str
    en: str
    unit: str = ""
    monotone: int = 0
    typical: float | str | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bins:
    """One feature of a scorecard: bin i of a number holds splits[i-1] <= x < splits[i]; of a category, the values groups[i].

    logits, points, rows, events: one entry per bin, then one for missing, then one for a category that was never seen.
    """

    feature: str
    splits: tuple[float, ...]
    groups: tuple[tuple[str, ...], ...]
    woe: tuple[float, ...]
    logits: tuple[float, ...]
    points: tuple[int, ...]
    rows: tuple[int, ...]
    events: tuple[int, ...]


@dataclass(frozen=True)
class Scorecard:
    """raw = intercept + the sum over features of their bin's logit; points = base_points + the sum of their bin's points."""

    intercept: float
    base_points: int
    bins: tuple[Bins, ...]


@dataclass(frozen=True)
class Trees:
    """Trees as one table of nodes: raw = the sum over trees of the leaf reached from roots[t].

    A node goes left where x <= threshold (missing: where missing_left); feature is -1 at a leaf, whose value counts.
    """

    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """What makes log-odds out of a raw sum: intercept + slope * raw, slope > 0."""

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class Spread:
    """How far outcomes lie from the estimate: band i holds estimates edges[i] <= e < edges[i+1]; 5th and 95th percentile of outcomes there."""

    edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Model:
    """A fitted model. event_is_bad: a higher estimate is worse for the lender (miss, roll, loss); else better (cure, paid, reached).

    is_share: the outcome is a share of an amount in [0, 1], not yes or no; `spread` says how wide. features: those the model reads.
    reference: for each feature and for "estimate" {"splits" or "groups": bins as in Bins, "shares": of the fitting rows by bin, then
    missing, then unseen}, against which drift is measured (estimates.binned_shares).
    """

    name: str
    family: str
    kind: str
    event_is_bad: bool
    is_share: bool
    features: tuple[Feature, ...]
    calibration: Calibration
    scorecard: Scorecard | None
    trees: Trees | None
    spread: Spread | None
    reference: dict
