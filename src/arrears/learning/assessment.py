"""A model's estimates set against outcomes: the parts of its card that come from two arrays alone."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from arrears.learning import share_measures as of_shares
from arrears.learning.measures import Difference, Measured, auc, brier, checked, gains, ks, log_loss, roc
from arrears.learning.reliability import BINS, against_perfect, calibration, ece

CELLS_DRAWN = 20


def assessment(outcome: np.ndarray, estimate: np.ndarray, seed: int, *, is_share: bool = False, interval: tuple[np.ndarray, np.ndarray] | None = None,
               points: np.ndarray | None = None, edges: Sequence[float] | None = None, event_is_bad: bool = True) -> dict:
    """metrics, calibration, bands, roc, gains and distribution of a card, for one set of rows; all plain numbers, lists and None.

    interval: low and high per row, of shares (gives metrics.coverage). points: a scorecard's points per row; edges: the inner borders of
    the bands, in points where those are given, else in estimates; without edges the bands have about equal rows. Bands go from the worst
    for the lender to the best. A figure that is undefined is None. Raises Refused as measures do.
    """
    outcome, estimate = checked(outcome, estimate, is_share=is_share)
    found = {"rows": int(outcome.size), "events": float(outcome.sum()), "metrics": _shares(outcome, estimate, seed, interval) if is_share
             else _metrics(outcome, estimate, seed),
             "calibration": [asdict(band) for band in calibration(outcome, estimate, is_share=is_share)],
             "bands": bands(outcome, estimate, points, edges, event_is_bad)}
    if is_share:
        return found | {"roc": [], "gains": [], "distribution": None}
    return found | {"roc": roc(outcome, estimate), "gains": gains(outcome, estimate), "distribution": distribution(outcome, estimate)}


def bands(outcome: np.ndarray, estimate: np.ndarray, points: np.ndarray | None = None, edges: Sequence[float] | None = None,
          event_is_bad: bool = True) -> list[dict]:
    """The bands from the worst for the lender to the best: rows, events, rate, share of all rows, and the shares of rows and events so far.

    Borders: from_points and to_points are the least and greatest there are in the band; likewise from_estimate and to_estimate.
    """
    if not outcome.size:
        return []
    scale = estimate if points is None else np.asarray(points, np.float64)
    inner = np.unique(np.quantile(scale, np.arange(1, BINS) / BINS)) if edges is None else np.asarray(edges, np.float64)
    place = np.searchsorted(inner, scale, side="right")
    means = {number: float(estimate[place == number].mean()) for number in np.unique(place)}
    rows_so_far = events_so_far = 0.0
    found = []
    for order, number in enumerate(sorted(means, key=means.get, reverse=event_is_bad), 1):
        there = place == number
        rows, events = int(there.sum()), float(outcome[there].sum())
        rows_so_far, events_so_far = rows_so_far + rows, events_so_far + events
        held = None if points is None else scale[there]
        found.append({"band": order, "from_points": None if held is None else float(held.min()), "to_points": None if held is None else float(held.max()),
                      "from_estimate": float(estimate[there].min()), "to_estimate": float(estimate[there].max()), "rows": rows, "events": events,
                      "rate": events / rows, "share": rows / outcome.size, "rows_so_far": rows_so_far / outcome.size,
                      "events_so_far": events_so_far / float(outcome.sum()) if outcome.any() else None})
    return found


def distribution(outcome: np.ndarray, estimate: np.ndarray, cells: int = CELLS_DRAWN) -> dict | None:
    """Rows by estimate: edges (one more than cells, evenly spread over what the estimates span), events and others per cell; None without rows."""
    if not outcome.size:
        return None
    low, high = float(estimate.min()), float(estimate.max())
    edges = np.linspace(low, high if high > low else low + 1e-9, cells + 1)
    counted = [np.histogram(estimate[outcome == value], edges)[0].tolist() for value in (1, 0)]
    return {"edges": edges.tolist(), "events": counted[0], "others": counted[1]}


def _metrics(outcome: np.ndarray, estimate: np.ndarray, seed: int) -> dict:
    ranked, against = auc(outcome, estimate), against_perfect(outcome, estimate, seed)
    gini = Measured(*(None if end is None else 2 * end - 1 for end in (ranked.value, ranked.low, ranked.high))) if ranked else None
    figures = {"auc": ranked, "gini": gini, "ks": ks(outcome, estimate, seed), "brier": brier(outcome, estimate), "log_loss": log_loss(outcome, estimate),
               "ece": ece(outcome, estimate, seed)}
    plain = {name: asdict(figure) if figure else None for name, figure in figures.items()}
    return plain | {"ece_when_perfect": against.usual_ece if against else None, "calibration_p": against.p if against else None,
                    "spiegelhalter_z": against.z if against else None, "spiegelhalter_p": against.z_p if against else None,
                    "is_distinguishable": against.is_distinguishable if against else None}


def _shares(outcome: np.ndarray, estimate: np.ndarray, seed: int, interval: tuple[np.ndarray, np.ndarray] | None) -> dict:
    figures: dict[str, Measured | Difference | None] = {
        "r2": of_shares.r_squared(outcome, estimate, seed), "mae": of_shares.mae(outcome, estimate), "spearman": of_shares.spearman(outcome, estimate),
        "coverage": of_shares.coverage(outcome, *interval) if interval else None, "mean_gap": of_shares.mean_gap(outcome, estimate)}
    plain = {name: asdict(figure) if figure else None for name, figure in figures.items()}
    means = {"mean_estimate": float(estimate.mean()), "mean_outcome": float(outcome.mean())} if outcome.size else {}
    return plain | means
