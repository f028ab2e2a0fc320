"""How well estimated shares of an amount (loss, recovery) meet the shares that came about: figures with 95 % intervals.

`outcome` and `estimate` hold one share in [0, 1] per row. Where a figure is undefined it is None.
"""

from math import atanh, sqrt, tanh

import numpy as np

from arrears.learning.measures import Z95, Difference, Measured, checked, difference, mean, midranks, wilson

GROUPS = 2_000


def r_squared(outcome: np.ndarray, estimate: np.ndarray, seed: int, draws: int = 500) -> Measured | None:
    """1 - sum (y - estimate)^2 / sum (y - mean y)^2; below 0 where the mean alone does better. None where all outcomes are equal.

    Interval: 2.5 % and 97.5 % of the figure over resampled rows; beyond 2,000 rows random groups of rows are resampled, which have the
    same spread. Source: Efron & Tibshirani 1993, ch. 13.
    """
    outcome, estimate = checked(outcome, estimate, is_share=True)
    if outcome.size < 2 or outcome.min() == outcome.max():
        return None
    sums = np.stack([np.ones(outcome.size), outcome, outcome ** 2, (outcome - estimate) ** 2])
    drawn = _explained(_resampled_sums(sums, seed, draws))
    drawn = drawn[np.isfinite(drawn)]
    value = float(_explained(sums.sum(axis=1)))
    return Measured(value, *map(float, np.quantile(drawn, [0.025, 0.975]))) if drawn.size else Measured(value)


def mae(outcome: np.ndarray, estimate: np.ndarray) -> Measured | None:
    """The mean of |estimate - outcome|; None without rows."""
    outcome, estimate = checked(outcome, estimate, is_share=True)
    return mean(np.abs(estimate - outcome))


def spearman(outcome: np.ndarray, estimate: np.ndarray) -> Measured | None:
    """Spearman's rank correlation, ties by midranks; None where either is constant; no interval with fewer than four rows.

    Interval: tanh(atanh r +- 1.96 sqrt((1 + r^2 / 2) / (n - 3))). Source: Bonett & Wright 2000, Psychometrika 65:23.
    """
    outcome, estimate = checked(outcome, estimate, is_share=True)
    if outcome.size < 2 or outcome.min() == outcome.max() or estimate.min() == estimate.max():
        return None
    value = float(np.clip(np.corrcoef(midranks(outcome), midranks(estimate))[0, 1], -1, 1))
    if outcome.size < 4 or abs(value) > 1 - 1e-12:
        return Measured(value)
    half = Z95 * sqrt((1 + value * value / 2) / (outcome.size - 3))
    return Measured(value, tanh(atanh(value) - half), tanh(atanh(value) + half))


def coverage(outcome: np.ndarray, low: np.ndarray, high: np.ndarray) -> Measured | None:
    """The share of outcomes within their row's interval [low, high], with Wilson's interval; None without rows."""
    outcome, low, high = checked(outcome, low, high, is_share=True)
    return wilson(float(((outcome >= low) & (outcome <= high)).sum()), outcome.size)


def mean_gap(outcome: np.ndarray, estimate: np.ndarray) -> Difference | None:
    """Mean estimate less mean outcome on the same rows, with interval and p; None with fewer than two rows."""
    outcome, estimate = checked(outcome, estimate, is_share=True)
    if outcome.size < 2:
        return None
    gap = estimate - outcome
    return difference(float(gap.mean()), float(gap.std(ddof=1)) / sqrt(gap.size))


def _explained(sums: np.ndarray) -> np.ndarray:
    rows, total, squares, left = sums
    around = squares - total ** 2 / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(around > 1e-12 * np.maximum(squares, 1e-300), 1 - left / around, np.nan)


def _resampled_sums(columns: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Sums of each column over rows resampled with replacement, [column, draw]."""
    dice = np.random.default_rng(seed)
    if columns.shape[1] > GROUPS:
        group = dice.permutation(columns.shape[1]) % GROUPS
        columns = np.stack([np.bincount(group, weights=column, minlength=GROUPS) for column in columns])
    number = columns.shape[1]
    return columns @ dice.multinomial(number, np.full(number, 1 / number), draws).T
