"""Two or three entries changed together where no single change helps: what one gives back, others take.

Only the changes that lose least at the prices are tried, lowest first, so the work has a limit however large the book is.
"""

import numpy as np

from arrears.allocation.choose_options import Options
from arrears.allocation.choose_repair import Within
from arrears.compiled import compiled

PAIRS_AMONG, TRIPLES_AMONG = 1500, 250
"""Among how many changes two, and three, are tried together."""
PASSES = 12


def exchanged(options: Options, limits: Within, choice: np.ndarray, used: np.ndarray, places: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """A choice within the limits worth no less than the one given.

    places: the entries in doubt, in their order; lost: int64 [len(places), T], what each treatment loses at the prices, -1 where it is out of the question.
    """
    choice, used, part = choice.copy(), used.copy(), options.some(places)
    now = choice[places]
    for _ in range(PASSES):
        is_change = lost >= 0
        is_change[np.arange(len(now)), now] = False
        flat = np.flatnonzero(is_change)
        flat = flat[np.argsort(lost.ravel()[flat], kind="stable")][:PAIRS_AMONG]
        entry, then = flat // lost.shape[1], flat % lost.shape[1]
        if not _exchange(part.value, part.kind, part.usage, limits.most, limits.least, now, used, entry, then, TRIPLES_AMONG):
            break
    choice[places] = now
    return choice


@compiled
def _change(value, kind, usage, now, used, entry, then, sign):
    """Takes one change into (sign 1) or out of (-1) what is used; returns what it is worth."""
    for limit in range(len(used)):
        used[limit] += sign * (usage[limit, kind[entry], then] - usage[limit, kind[entry], now[entry]])
    return sign * (value[entry, then] - value[entry, now[entry]])


@compiled
def _fits(most, least, used):
    for limit in range(len(used)):
        if used[limit] > most[limit] or used[limit] < least[limit]:
            return False
    return True


@compiled
def _fits_with(usage, most, least, used, its, was, then):
    for limit in range(len(used)):
        total = used[limit] + usage[limit, its, then] - usage[limit, its, was]
        if total > most[limit] or total < least[limit]:
            return False
    return True


@compiled
def _exchange(value, kind, usage, most, least, now, used, entry, then, triples_among):
    """One pass; whether anything was exchanged."""
    is_better = False
    for first in range(len(entry)):
        one = entry[first]
        if then[first] == now[one]:
            continue
        gained = _change(value, kind, usage, now, used, one, then[first], 1)
        if gained > 0 and _fits(most, least, used):
            now[one] = then[first]
            is_better = True
            continue
        is_taken = False
        for second in range(first + 1, len(entry)):
            two = entry[second]
            if two == one or then[second] == now[two]:
                continue
            both = gained + value[two, then[second]] - value[two, now[two]]
            if both > 0 and _fits_with(usage, most, least, used, kind[two], now[two], then[second]):
                _change(value, kind, usage, now, used, two, then[second], 1)
                now[one], now[two] = then[first], then[second]
                is_taken = True
                break
            if second >= triples_among:
                continue
            _change(value, kind, usage, now, used, two, then[second], 1)
            for third in range(second + 1, min(triples_among, len(entry))):
                three = entry[third]
                if three != one and three != two and both + value[three, then[third]] - value[three, now[three]] > 0:
                    if _fits_with(usage, most, least, used, kind[three], now[three], then[third]):
                        _change(value, kind, usage, now, used, three, then[third], 1)
                        now[one], now[two], now[three] = then[first], then[second], then[third]
                        is_taken = True
                        break
            if is_taken:
                break
            _change(value, kind, usage, now, used, two, then[second], -1)
        if is_taken:
            is_better = True
        else:
            _change(value, kind, usage, now, used, one, then[first], -1)
    return is_better
