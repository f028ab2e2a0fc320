"""How many people an experiment needs before it begins: for one look at its end, and for intervals that may be looked at every day;
and whether those who came lie in the arms by the shares planned.

Two arms with the probabilities p (first) and q = p + effect; of the people of the two the share s is in the second. Of shares of money in [0, 1] with these means
the variance is p (1 - p) at most, so the numbers are enough for them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, lgamma, log, sqrt
from statistics import NormalDist

import numpy as np

from arrears.learning.always_valid import ALPHA, boundary
from arrears.refusal import Refused

POWER = 0.8
PEOPLE_MOST = 10**9
_TRUST = 200.0
"""How many people the planned shares weigh as much as, in the test of whether they are met."""


@dataclass(frozen=True)
class People:
    """People needed in the first and in the second arm."""

    first: int
    second: int

    @property
    def both(self) -> int:
        return self.first + self.second


def people_for_one_look(base: float, effect: float, second_share: float = 0.5, alpha: float = ALPHA, power: float = POWER) -> People:
    """People per arm so that one test at the end, two-sided at alpha, tells the effect from none with the power asked.

    With k = (1 - s) / s people of the first arm to one of the second and m = (q + k p) / (1 + k):

        n = (z_(1 - alpha / 2) sqrt(m (1 - m) (1 + 1 / k)) + z_power sqrt(q (1 - q) + p (1 - p) / k))^2 / effect^2   in the second, k n in the first

    rounded up. Whoever looks before all are in and stops at a difference is wrong oftener than alpha. Raises Refused where a figure is none.
    Source: Fleiss, Tytun & Ury 1980, Biometrics 36:343, without the correction for continuity; Fleiss 1981, Statistical Methods for Rates and Proportions, 3.2.
    """
    _check(base, effect, second_share, alpha, power)
    ratio, other = (1 - second_share) / second_share, base + effect
    middle = (other + ratio * base) / (1 + ratio)
    together = NormalDist().inv_cdf(1 - alpha / 2) * sqrt(middle * (1 - middle) * (1 + 1 / ratio))
    apart = NormalDist().inv_cdf(power) * sqrt(other * (1 - other) + base * (1 - base) / ratio)
    second = (together + apart) ** 2 / effect**2
    return People(_up(ratio * second), _up(second))


def people_always_valid(base: float, effect: float, second_share: float = 0.5, alpha: float = ALPHA, power: float = POWER) -> People:
    """People per arm so that the always valid interval of the difference leaves out 0 with the power asked by the time that all are in.

    With R = 1 / min(s, 1 - s) and v = p (1 - p) / (1 - s) + q (1 - q) / s, a person's share of V, the middle of the interval after n people of the two arms
    is nearly normal around the effect with variance v / n, and its half-width is R u(n v / R^2) / n. n is the least for which

        |effect| >= R u(n v / R^2) / n + z_power sqrt(v / n)

    The power is met at that look alone; earlier looks add to it. Raises Refused where a figure is none, or where no number up to 10^9 is enough.
    Source: of the interval always_valid.py.
    """
    _check(base, effect, second_share, alpha, power)
    other, reach = base + effect, 1 / min(second_share, 1 - second_share)
    variance = base * (1 - base) / (1 - second_share) + other * (1 - other) / second_share
    z = NormalDist().inv_cdf(power)

    def is_enough(count: int) -> bool:
        half = reach * float(boundary(np.array([count * variance / reach**2]), alpha)[0]) / count
        return abs(effect) >= half + max(z, 0.0) * sqrt(variance / count)

    most = 2
    while not is_enough(most):
        most *= 2
        if most > PEOPLE_MOST:
            raise Refused(f"an effect of {effect:g} would need more than {PEOPLE_MOST:,} people; look for a larger one", f"要发现 {effect:g} 的效果需要超过 {PEOPLE_MOST:,} 人；请改为更大的效果")
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if is_enough(middle) else (middle, most)
    return People(_up(most * (1 - second_share)), _up(most * second_share))


def days_needed(people: People, people_a_day: float, shares: tuple[float, float], horizon_days: int = 30) -> int:
    """Days from the first night until every outcome is known: the days to take the people in, and the horizon of the last of them.

    people_a_day: who newly fit the experiment's conditions, of all arms. shares: of the two arms among all. Raises Refused where nobody comes in.
    """
    if not people_a_day > 0 or min(shares) <= 0:
        raise Refused(f"with {people_a_day:g} people a day and shares of {shares[0]:g} and {shares[1]:g} an arm never fills; give numbers above 0",
                      f"每天 {people_a_day:g} 人、比例 {shares[0]:g} 与 {shares[1]:g} 时，有的组永远凑不满；请给出大于 0 的数")
    return max(_up(needed / (people_a_day * share)) for needed, share in zip((people.first, people.second), shares, strict=True)) + horizon_days


def shares_met(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely people lie so far from the planned shares at this look or any earlier one, if they came by them: p in (0, 1].

    p = min(1, 1 / E), with n_j people in arm j, n in all, a_j = 200 share_j:  E = prod_j (a_j (a_j + 1) … (a_j + n_j - 1) / share_j^n_j) / (200 · 201 … (199 + n)).
    Where the shares are met E does not grow in the mean, so p is ever below a level with a probability of that level at most, however often one looks; a
    chi-squared test looked at every night would be wrong oftener. A small p says that something puts people in, or leaves them out, by arm: then
    differences mean nothing. Raises Refused where shares do not sum to one. Source: Lindon & Malek 2022, Anytime-valid inference for multinomial count data, NeurIPS 35;
    Fabijan et al. 2019, Diagnosing sample ratio mismatch in online controlled experiments, KDD.
    """
    if len(counts) != len(shares) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise Refused(f"the shares {', '.join(f'{share:g}' for share in shares)} of {len(counts)} arms are not above 0 with the sum 1", "各组比例须大于 0 且合计为 1")
    logarithm = lgamma(_TRUST) - lgamma(_TRUST + sum(counts))
    for count, share in zip(counts, shares, strict=True):
        logarithm += lgamma(_TRUST * share + count) - lgamma(_TRUST * share) - count * log(share)
    return exp(-max(0.0, logarithm))


def _check(base: float, effect: float, second_share: float, alpha: float, power: float) -> None:
    if not (0 <= base <= 1 and 0 <= base + effect <= 1):
        raise Refused(f"a mean of {base:g} that an effect of {effect:g} takes to {base + effect:g} is not within 0 and 1; choose a smaller effect",
                      f"均值 {base:g} 加上效果 {effect:g} 得 {base + effect:g}，不在 0 与 1 之间；请选更小的效果")
    if not abs(effect) >= 1e-6:
        raise Refused("no number of people tells an effect of 0 from none; say which effect is the smallest worth finding", "效果为 0 时多少人都无法区分；请给出值得发现的最小效果")
    for name, zh, value in (("the second arm's share", "第二组比例", second_share), ("alpha", "alpha", alpha), ("the power", "检验功效", power)):
        if not 0 < value < 1:
            raise Refused(f"{name} is {value:g}; it must lie between 0 and 1", f"{zh}为 {value:g}；须在 0 与 1 之间")


def _up(number: float) -> int:
    """The next whole number, where the rounding of floats does not count."""
    return ceil(number - 1e-9 * max(1.0, number))
