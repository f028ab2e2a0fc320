"""What turns a raw sum into a probability that holds: of those given 20 %, 20 % come true.

estimate = 1 / (1 + exp(-(intercept + slope * raw)))
Source: Platt, Probabilistic outputs for support vector machines (1999); fitted on sums of rows the model had not seen.
"""

import numpy as np

from arrears.scoring.model import Calibration

STEPS = 100


def probability(calibration: Calibration, raw: np.ndarray) -> np.ndarray:
    """The calibrated estimate in [0, 1] for each raw sum; a higher sum never gives a lower estimate."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-(calibration.intercept + calibration.slope * raw)))


def fitted_calibration(raw: np.ndarray, outcome: np.ndarray) -> Calibration | None:
    """The slope and intercept of greatest likelihood, by Newton's method; outcome: 0, 1 or a share in [0, 1].

    None where the best slope is not above zero or there is none to find: the sums then do not tell events from the rest.
    """
    x = np.column_stack([np.ones(len(raw)), raw])
    weights = np.zeros(2)
    rate = outcome.mean()
    if not 0 < rate < 1 or raw.std() == 0:
        return None
    weights[0] = np.log(rate / (1 - rate))
    loss = _loss(x @ weights, outcome)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(x @ weights)))
        gradient = x.T @ (p - outcome)
        curvature = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (nearer := _loss(x @ (weights - size * step), outcome)) > loss and size > 1e-6:
            size /= 2
        if nearer >= loss:
            break
        weights, gained, loss = weights - size * step, loss - nearer, nearer
        if gained < 1e-13 * len(raw):
            break
    if not np.isfinite(weights).all() or weights[1] <= 0:
        return None
    return Calibration(slope=float(weights[1]), intercept=float(weights[0]))


def _loss(logit: np.ndarray, outcome: np.ndarray) -> float:
    return float((np.logaddexp(0, logit) - outcome * logit).sum())
