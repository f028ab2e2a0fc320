"""The log-odds of all bins of a scorecard found together, each feature's bins kept in the order of their WoE.

Bins are found feature by feature; where features overlap, one coefficient per feature stretches all of its bins alike. Here every step from
one bin to the next better one is its own number u >= 0, the log-odds falling by sqrt(gap of WoE) * u, with the penalty on the sum of u squared: points
never run against the feature's own event rates. Source: isotonic additive models, Bacchetti 1989, JASA 84:289; the ridge is our choice.
"""

import numpy as np


def joint_logits(numbers: list[np.ndarray], woes: list[np.ndarray], outcome: np.ndarray, penalty: float) -> tuple[list[np.ndarray], float]:
    """The log-odds of each feature's bins, falling as WoE rises and 0 on average over the rows, and the intercept.

    numbers: of each feature the bin of every row; woes: of each feature the WoE by bin; outcome: 0, 1 or a share in [0, 1]. A bin without rows lies between
    its neighbours in WoE.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    steps, places, levels = [], [], []
    for number, woe in zip(numbers, woes, strict=True):
        there = np.unique(number)
        level, place_of = np.unique(np.round(woe[there], 9), return_inverse=True)
        place = np.zeros(len(woe), np.int64)
        place[there] = place_of
        levels.append(level)
        steps.append(np.sqrt(np.diff(level)))
        places.append(place[number])
    borders = np.cumsum([0] + [len(step) for step in steps])

    def falls(u: np.ndarray) -> list[np.ndarray]:
        return [-np.concatenate([[0.0], np.cumsum(step * u[a:b])]) for step, a, b in zip(steps, borders[:-1], borders[1:], strict=True)]

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        z = np.full(len(outcome), x[-1])
        for fall, place in zip(falls(x), places, strict=True):
            z += fall[place]
        residual = expit(z) - outcome
        slope = np.empty_like(x)
        for step, place, level, a, b in zip(steps, places, levels, borders[:-1], borders[1:], strict=True):
            by_level = np.bincount(place, weights=residual, minlength=len(level))
            slope[a:b] = -step * np.cumsum(by_level[::-1])[::-1][1:] + penalty * x[a:b]
        slope[-1] = residual.sum()
        return float(np.logaddexp(0, z).sum() - outcome @ z + penalty / 2 * (x[:-1] @ x[:-1])), slope

    rate = outcome.mean()
    start = np.append(np.zeros(borders[-1]), np.log(rate / (1 - rate)))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * borders[-1] + [(None, None)], options={"maxiter": 500, "maxfun": 600})
    logits, intercept = [], float(found.x[-1])
    for fall, place, level, woe in zip(falls(found.x), places, levels, woes, strict=True):
        mean = float(fall[place].mean())
        intercept += mean
        logits.append(np.interp(woe, level, fall - mean))
    return logits, intercept
