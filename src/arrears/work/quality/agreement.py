"""How far two reviewers agree: Cohen's kappa. Source: Cohen 1960, Educational and Psychological Measurement 20:37."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from arrears.learning.measures import Z95


@dataclass(frozen=True)
class Agreement:
    """pairs: how many were scored twice; share: on how many of them both said the same; kappa: agreement beyond chance, with the ends of its 95 % interval; None where chance alone would agree on all."""

    pairs: int
    share: float
    kappa: float | None
    low: float | None
    high: float | None


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement | None:
    """Of what two reviewers said of the same things; None without any. kappa = (po - pe) / (1 - pe); interval: kappa +- 1.96 sqrt(po (1 - po) / n) / (1 - pe), within [-1, 1].

    >>> found = agreement([("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15)
    >>> found.share, round(found.kappa, 4)
    (0.7, 0.4)
    """
    count = len(pairs)
    if not count:
        return None
    same = sum(one == other for one, other in pairs) / count
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(first[word] * second[word] for word in first) / count**2
    if by_chance >= 1:
        return Agreement(count, same, None, None, None)
    kappa, half = (same - by_chance) / (1 - by_chance), Z95 * sqrt(same * (1 - same) / count) / (1 - by_chance)
    return Agreement(count, same, kappa, max(-1.0, kappa - half), min(1.0, kappa + half))
