"""Whether estimates mean what they say: of the rows estimated at 20 %, did 20 % become events?"""

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from arrears.learning.measures import CELLS, Measured, cells, checked, mean, resampled, wilson

BINS = 10


@dataclass(frozen=True)
class Band:
    """The rows of one band of estimates: how many, their mean estimate, and the share that became events with its interval."""

    band: int
    rows: int
    predicted: float
    observed: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Against:
    """The estimates set against a perfectly calibrated model that made the same ones.

    ece: expected calibration error; usual_ece: its mean were the estimates perfect, for chance alone makes it more than 0;
    p: how likely an error as great is then; z, z_p: Spiegelhalter's statistic and its two-sided p;
    is_distinguishable: p < 0.05, that is, the estimates are told from perfect ones at 95 %.
    """

    ece: float
    usual_ece: float
    p: float
    z: float
    z_p: float
    is_distinguishable: bool


def calibration(outcome: np.ndarray, estimate: np.ndarray, bins: int = BINS, is_share: bool = False,
                band: np.ndarray | None = None) -> list[Band]:
    """One band per row of the result, rising in estimate: bands of about equal rows, or `band`, a number per row, where given.

    Equal estimates share a band. Intervals: Wilson 1927; of shares, the mean's by the normal law. [] without rows.
    """
    outcome, estimate = checked(outcome, estimate, is_share=is_share)
    place = cells(estimate, bins) if band is None else np.asarray(band, np.int64)
    found = []
    for number in np.unique(place):
        there = outcome[place == number]
        observed = mean(there) if is_share else wilson(float(there.sum()), there.size)
        found.append(Band(int(number), there.size, float(estimate[place == number].mean()), observed.value, observed.low, observed.high))
    return found


def ece(outcome: np.ndarray, estimate: np.ndarray, seed: int, bins: int = BINS, draws: int = 500) -> Measured | None:
    """Expected calibration error: over bands of about equal rows, the mean of |mean estimate - mean outcome| weighted by rows.

    Interval: ECE - bias +- 1.96 times the standard deviation of the resampled values, bias their mean less ECE, held at 0 and up, for the
    plain figure lies too high (chance alone makes more than 0); stretched to hold the plain figure itself; in simulation it holds the true value at
    least 90 times in 100. None without rows. Source: Naeini, Cooper & Hauskrecht 2015 (ECE), with equal-count bins after Nixon et al. 2019; Davison & Hinkley 1997, ch. 5.
    """
    outcome, estimate = checked(outcome, estimate)
    if not outcome.size:
        return None
    table = _table(outcome, estimate, bins)
    value = float(_error(table.rows, table.said, table.events, table.starts))
    # A category is one cell with one outcome: resampling rows is drawing their counts.
    dice = np.random.default_rng(seed)
    counts = np.r_[table.rows - table.events, table.events]
    drawn = dice.multinomial(int(outcome.size), counts / outcome.size, draws)
    without, events = drawn[:, :table.rows.size], drawn[:, table.rows.size:]
    rows = without + events
    drawn = _error(rows, rows * (table.said / table.rows), events, table.starts)
    found = resampled(value, drawn)
    return Measured(value, min(found.low, value), max(found.high, value))


def against_perfect(outcome: np.ndarray, estimate: np.ndarray, seed: int, bins: int = BINS, draws: int = 2_000) -> Against | None:
    """Is the calibration error more than chance makes of perfect estimates? None without rows.

    Outcomes are drawn from the estimates themselves, `draws` times: p = (1 + draws with an ECE as great) / (1 + draws). Beside it
    Spiegelhalter's Z = sum (y - p)(1 - 2p) / sqrt(sum (1 - 2p)^2 p (1 - p)), which is standard normal for perfect estimates.
    The estimates must not have been fitted on these rows. Source: Spiegelhalter 1986, Statistics in Medicine 5:421; the draws: Broecker & Smith
    2007, Weather and Forecasting 22:651 (consistency resampling).
    """
    outcome, estimate = checked(outcome, estimate)
    if not outcome.size:
        return None
    table = _table(outcome, estimate, bins)
    value = float(_error(table.rows, table.said, table.events, table.starts))
    dice = np.random.default_rng(seed)
    chance = np.clip(table.said / table.rows, 0.0, 1.0)
    drawn = _error(table.rows, table.said, dice.binomial(table.rows.astype(np.int64), chance, (draws, chance.size)), table.starts)
    # Sums of the same rows in another order may differ in the last digits.
    p = (1 + int((drawn >= value - 1e-12).sum())) / (1 + draws)
    lean = 1 - 2 * estimate
    spread = float((lean ** 2 * estimate * (1 - estimate)).sum())
    z = float(((outcome - estimate) * lean).sum()) / sqrt(spread) if spread > 0 else 0.0
    return Against(value, float(drawn.mean()), p, z, erfc(abs(z) / sqrt(2)), p < 0.05)


@dataclass(frozen=True)
class _Cells:
    """Rows, the sum of estimates and events per cell, and the first cell of each band."""

    rows: np.ndarray
    said: np.ndarray
    events: np.ndarray
    starts: np.ndarray


def _table(outcome: np.ndarray, estimate: np.ndarray, bins: int) -> _Cells:
    """Cells within bands: each band of rows is cut into so many cells that all have neighbouring estimates."""
    band = cells(estimate, bins)
    fine = cells(estimate, CELLS)
    # A cell that straddles two bands is cut at their border.
    cell = np.unique(band * (int(fine.max()) + 1) + fine, return_inverse=True)[1]
    first = np.zeros(int(cell.max()) + 1, np.int64)
    first[cell] = band
    starts = np.flatnonzero(np.r_[True, first[1:] != first[:-1]])
    return _Cells(np.bincount(cell).astype(np.float64), np.bincount(cell, weights=estimate), np.bincount(cell, weights=outcome), starts)


def _error(rows: np.ndarray, said: np.ndarray, events: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """ECE along the last axis: the bands' |sum of estimates - events| over all rows."""
    gap = np.abs(np.add.reduceat(said, starts, axis=-1) - np.add.reduceat(events, starts, axis=-1))
    return gap.sum(axis=-1) / rows.sum(axis=-1)
