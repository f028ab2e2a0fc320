"""Intervals that hold at all looks at once: whoever looks every day and stops when pleased is wrong no oftener than alpha.

Outcomes x_1, x_2, … in [0, 1] come in an order fixed beforehand. With p_i a forecast of x_i from those before it, e_i = x_i - p_i, V_t = sum e_i^2:

    M_t = sum_k w_k exp(l_k sum_{i<=t} (x_i - m_i) - f(l_k) V_t),   f(l) = -log(1 - l) - l,   m_i the mean of x_i given the past

starts at 1 and does not grow in the mean (exp(l e - f(l) e^2) <= 1 + l e for e >= -1, 0 <= l < 1: Fan, Grama & Liu 2015), so it ever reaches 2 / alpha
with probability alpha / 2 at most (Ville 1939), and so does its twin of 1 - x. Solving M_t = 2 / alpha for the sum gives the boundary u(V_t), and

    x_1 + … + x_t over t, +- u(V_t) / t      holds the mean of m_1 … m_t for all t at once with probability 1 - alpha at least.

It needs no law of the outcomes, no large numbers and no equal means. l_k = 0.75 / 2^k, k = 0 … 10, w_k ~ 1 / (4 + (k - 4)^2): narrowest at V of
about 300 to 30,000, where u(V) is about 3.3 sqrt(V) at alpha 5 % (a fixed interval, valid for one look only: 1.96 sqrt(V)).

Source: Howard, Ramdas, McAuliffe & Sekhon 2021, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of Statistics 49:1055, theorem 4
(empirical Bernstein), with its numerical bounds by discrete mixtures; the forecasts as in Waudby-Smith & Ramdas 2023, JRSS B 86:1, section 3.2.
"""

from math import log

import numpy as np

from arrears.compiled import compiled
from arrears.learning.measures import Measured, checked
from arrears.refusal import Refused

ALPHA = 0.05
_BETS = 0.75 / 2.0 ** np.arange(11)
_PRICES = -np.log1p(-_BETS) - _BETS
_WEIGHTS = 1 / (4 + (np.arange(11) - 4.0) ** 2)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())


def mean_always(outcomes: np.ndarray, alpha: float = ALPHA) -> Measured | None:
    """The mean of all outcomes with the ends of its always valid interval, within [0, 1]; None without outcomes. Raises Refused as mean_over_looks."""
    if np.size(outcomes) == 0:
        return None
    return _one(mean_over_looks(outcomes, np.array([np.size(outcomes)]), alpha))


def mean_over_looks(outcomes: np.ndarray, looks: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """One row per look (a number of outcomes seen, 1 and up): mean, low, high of the first so many outcomes. All rows hold at once with 1 - alpha at least.

    Forecast p_i = (1/2 + x_1 + … + x_{i-1}) / i. Raises Refused at an outcome outside [0, 1], a look that is none, an alpha outside (0, 1).
    """
    (outcomes,) = checked(outcomes, is_share=True)
    looks = _checked_looks(looks, outcomes.size, alpha)
    sums, variances = _sums(outcomes)
    return _around(sums[looks - 1] / looks, boundary(variances[looks - 1], alpha) / looks, 0.0, 1.0)


def difference_always(outcomes: np.ndarray, is_second: np.ndarray, second_share: float, alpha: float = ALPHA) -> Measured | None:
    """The mean difference of all people with the ends of its always valid interval; None without people. As difference_over_looks."""
    if np.size(outcomes) == 0:
        return None
    return _one(difference_over_looks(outcomes, is_second, second_share, np.array([np.size(outcomes)]), alpha))


def difference_over_looks(outcomes: np.ndarray, is_second: np.ndarray, second_share: float, looks: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """One row per look: what the second arm adds to the mean outcome, low, high, within [-1, 1]. All rows hold at once with 1 - alpha at least.

    outcomes, is_second: one per person of the two arms, in an order that does not depend on the arms. second_share: s, the probability with which a person
    of the two is in the second. With q_i and p_i forecasts of the second and the first arm from the people before (as for one mean):

        z_i = q_i - p_i + (x_i - q_i) / s                in the second arm
        z_i = q_i - p_i - (x_i - p_i) / (1 - s)          in the first

    has the effect as its mean whatever the forecasts, and z / R lies within 1 of its forecast, R = 1 / min(s, 1 - s): one interval of one mean. Two intervals of the
    arms' own means at alpha / 2 each, subtracted, would be valid too, but 1.3 to 1.6 times as wide, since half-widths would add.
    The middle is not to the last digit the difference of the arms' means: it counts each outcome by its share as planned. It means the mean effect over the people seen,
    where that changes. Raises Refused as mean_over_looks, and at a share outside (0, 1).
    Source: Robins, Rotnitzky & Zhao 1994, JASA 89:846 (augmented inverse probability); always valid: Howard et al. 2021 (average treatment effect);
    Waudby-Smith, Wu, Ramdas, Karampatziakis & Mineiro 2024, Anytime-valid off-policy inference for contextual bandits, ACM/IMS J. Data Science 1:3.
    """
    outcomes, second = checked(outcomes, np.asarray(is_second, np.float64), is_share=True)
    looks = _checked_looks(looks, outcomes.size, alpha)
    if not 0 < second_share < 1:
        raise Refused(f"a share of {second_share:g} is not between 0 and 1; give the second arm's share among the two", f"比例 {second_share:g} 不在 0 与 1 之间；请给出第二组在两组中的比例")
    sums, variances = _differences(outcomes, second == 1, second_share)
    reach = 1 / min(second_share, 1 - second_share)
    half = reach * boundary(variances[looks - 1] / reach**2, alpha) / looks
    return _around(sums[looks - 1] / looks, half, -1.0, 1.0)


def boundary(variances: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """u(V) of each V: how far the sum of outcomes less their means ever goes to one side, with probability alpha / 2 at most."""
    return _boundary(np.asarray(variances, np.float64), log(2 / alpha), _BETS, _PRICES, _LOG_WEIGHTS)


@compiled
def _sums(outcomes):
    sums, variances = np.empty(outcomes.size), np.empty(outcomes.size)
    total = variance = 0.0
    for place in range(outcomes.size):
        forecast = (0.5 + total) / (1.0 + place)
        variance += (outcomes[place] - forecast) ** 2
        total += outcomes[place]
        sums[place], variances[place] = total, variance
    return sums, variances


@compiled
def _differences(outcomes, is_second, share):
    sums, variances = np.empty(outcomes.size), np.empty(outcomes.size)
    total = variance = of_first = of_second = 0.0
    first = second = 0
    for place in range(outcomes.size):
        expected_first, expected_second = (0.5 + of_first) / (1.0 + first), (0.5 + of_second) / (1.0 + second)
        if is_second[place]:
            surprise = (outcomes[place] - expected_second) / share
            of_second += outcomes[place]
            second += 1
        else:
            surprise = -(outcomes[place] - expected_first) / (1.0 - share)
            of_first += outcomes[place]
            first += 1
        total += expected_second - expected_first + surprise
        variance += surprise * surprise
        sums[place], variances[place] = total, variance
    return sums, variances


@compiled
def _boundary(variances, limit, bets, prices, log_weights):
    """Newton's steps from the right: the logarithm of M is convex and rising in the sum, so they fall towards the boundary and never below it."""
    found = np.empty(variances.size)
    for place in range(variances.size):
        least = np.inf  # where one term alone reaches the limit
        for k in range(bets.size):
            least = min(least, (limit - log_weights[k] + prices[k] * variances[place]) / bets[k])
        for _ in range(50):
            greatest = -np.inf
            for k in range(bets.size):
                greatest = max(greatest, log_weights[k] + bets[k] * least - prices[k] * variances[place])
            reached = slope = 0.0
            for k in range(bets.size):
                term = np.exp(log_weights[k] + bets[k] * least - prices[k] * variances[place] - greatest)
                reached += term
                slope += bets[k] * term
            step = (greatest + np.log(reached) - limit) * reached / slope
            least -= max(step, 0.0)
            if step <= 1e-13 * least:
                break
        found[place] = least
    return found


def _checked_looks(looks: np.ndarray, count: int, alpha: float) -> np.ndarray:
    looks = np.asarray(looks, np.int64)
    if looks.size and not (1 <= looks.min() and looks.max() <= count):
        raise Refused(f"a look counts 1 to {count} outcomes, as there are; {looks.min()} to {looks.max()} were asked for", f"每次查看的人数须为 1 至 {count}；现为 {looks.min()} 至 {looks.max()}")
    if not 0 < alpha < 1:
        raise Refused(f"alpha {alpha:g} is not between 0 and 1; write 0.05 for intervals that hold 95 times in 100", f"alpha {alpha:g} 不在 0 与 1 之间；95% 区间请写 0.05")
    return looks


def _around(middle: np.ndarray, half: np.ndarray, least: float, most: float) -> np.ndarray:
    return np.stack([middle, np.clip(middle - half, least, most), np.clip(middle + half, least, most)], axis=1)


def _one(rows: np.ndarray) -> Measured:
    return Measured(*rows[0].tolist())
