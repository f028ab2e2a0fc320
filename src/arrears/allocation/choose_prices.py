"""Prices of the limits that bring the bound down: found on a sample of the entries, then on more, then on all.

The bound is convex in the prices and piecewise linear, with the gradient (limit - used). It is brought down by Shor's r-algorithm: a step along the
gradient in a space that is stretched, step by step, along the differences of gradients, so that a narrow valley becomes a round one.
Source: Shor, Minimization Methods for Non-Differentiable Functions (1985), chapter 3; step sizes of Stetsyuk's ralgb5.
Any prices give a valid bound; the search only makes it tight. It has no dice: its sample is every k-th entry in the order of `order_of`.
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.choose_options import PRICED_MOST, Options, bound_of, in_blocks, priced
from arrears.compiled import compiled

SAMPLES = (1 << 13, 1 << 16, 1 << 19)
"""How many entries are looked at before all of them."""
STRETCH = 2.5
QUICKER, SLOWER = 1.2, 0.9
LOOKS, SMALLEST = 40, 1e-7
WIDTH = 8.0
"""How many times 1 / sqrt(entries seen) of itself a price found on a sample is taken to be off, at most."""
AROUND = 4


@dataclass(frozen=True)
class Scales:
    """Prices are searched in units of `scale` (float64 [L], thousandths: where the value at stake meets what is counted); none passes `cap`."""

    scale: np.ndarray
    cap: np.ndarray

    def whole(self, x: np.ndarray) -> np.ndarray:
        """The scaled prices as whole thousandths."""
        return np.clip(np.rint(x * self.scale), -self.cap, self.cap).astype(np.int64)


def find_prices(options: Options, most: np.ndarray, least: np.ndarray, spread: int, reach: np.ndarray, order: np.ndarray, threads: int) -> np.ndarray:
    """Prices, int64 [L], thousandths of a minor unit per unit counted, whose bound is low.

    most, least: int64 [L], no further apart than any choice can reach, so that the bound is finite at all prices; spread: sum of the spread of values;
    reach: float64 [L], of every limit the greatest less the least that a choice counts; 0 where nothing depends on it.
    """
    limits, entries = len(most), options.entries
    scale = np.where(reach > 0, 1000.0 * spread / np.maximum(reach, 1.0), 0.0)
    if not np.any(scale > 0):
        return np.zeros(limits, np.int64)
    cap = PRICED_MOST // max(1, limits) // np.maximum(1, options.usage.max(axis=(1, 2), initial=0))
    scales = Scales(scale, cap)
    stands, seen = np.zeros(limits), 0
    for size in [*(size for size in SAMPLES if 2 * size < entries), entries]:
        part, up, low = options, most, least
        if size < entries:
            part = options.some(order[((2 * np.arange(size) + 1) * entries) // (2 * size)])
            up, low = (np.rint(bounds * (size / entries)).astype(np.int64) for bounds in (most, least))
        stands = _near(part, up, low, scales, stands, seen, threads) if seen else _descend(part, up, low, scales, stands, np.full(limits, np.inf), 1.0, threads)
        seen = size
    return _without_idle(options, scales.whole(stands), most, least, threads)


def _near(options: Options, most: np.ndarray, least: np.ndarray, scales: Scales, stands: np.ndarray, seen: int, threads: int) -> np.ndarray:
    """Prices near those that a sample of `seen` entries gave. Entries whose treatment is the same wherever the prices may lie are set aside meanwhile."""
    for _ in range(AROUND):
        width = WIDTH / np.sqrt(seen) * (np.abs(stands) + max(0.05 * np.abs(stands).max(), 0.01))
        prices, in_doubt = scales.whole(stands), np.zeros(options.entries, np.bool_)
        used = _set_aside(options, prices, np.ceil(width * scales.scale), threads, in_doubt)
        places = np.flatnonzero(in_doubt)
        found = _descend(options.some(places), most - used, least - used, scales, stands, width, float(width.max()) / WIDTH, threads)
        is_inside = bool(np.all(np.abs(found - stands) < 0.99 * width))
        stands = found
        if is_inside:
            break
    return stands


def _set_aside(options: Options, prices: np.ndarray, width: np.ndarray, threads: int, in_doubt: np.ndarray) -> np.ndarray:
    """Marks the entries whose best treatment may change while no price changes by more than its width; what all others count, int64 [L]."""
    best = priced(options, prices, threads).choice

    def part(first: int, last: int) -> np.ndarray:
        used = np.zeros(len(prices), np.int64)
        _doubts(options.value, options.allowed, options.kind, options.usage, prices, width, best, first, last, in_doubt, used)
        return used

    return sum(in_blocks(options.entries, threads, part), np.zeros(len(prices), np.int64))


def _at(options: Options, prices: np.ndarray, most: np.ndarray, least: np.ndarray, scale: np.ndarray, threads: int) -> tuple[int, np.ndarray]:
    """The bound and its gradient in scaled prices; at price 0 the gradient that is nearest to none."""
    at = priced(options, prices, threads)
    over, short = (most - at.used).astype(np.float64), (least - at.used).astype(np.float64)
    slope = np.where(prices > 0, over, np.where(prices < 0, short, np.where(over < 0, over, np.where(short > 0, short, 0.0))))
    return bound_of(at, prices, most, least), slope * scale


def _descend(
    options: Options, most: np.ndarray, least: np.ndarray, scales: Scales, stands: np.ndarray, width: np.ndarray, first_step: float, threads: int,
) -> np.ndarray:
    """The scaled prices, within `width` of `stands`, with the lowest bound met in LOOKS looks for each limit, or until the steps are too small to matter."""
    low, high = stands - width, stands + width

    def at(x: np.ndarray) -> tuple[int, np.ndarray]:
        inside = np.clip(x, low, high)
        bound, slope = _at(options, scales.whole(inside), most, least, scales.scale, threads)
        return bound, np.where(x == inside, slope, np.sign(x - inside) * (np.abs(slope) + np.abs(slope).max()))

    x, space, step = stands.copy(), np.eye(len(stands)), first_step
    lowest, slope = at(x)
    best, looks = x.copy(), 1
    while looks < LOOKS * (2 + len(stands)):
        way = _way(space, slope)
        if step * np.abs(way).max() < SMALLEST * max(np.abs(best).max(), 1e-3):
            break
        steps, new = 0, slope
        while steps == 0 or (_dot(way, new) > 0 and steps < 60):
            x = x - step * way
            bound, new = at(x)
            looks, steps = looks + 1, steps + 1
            if bound < lowest:
                lowest, best = bound, np.clip(x, low, high)
            if steps % 3 == 0:
                step *= QUICKER
        if steps == 1:
            step *= SLOWER
        space = _stretched(space, new - slope, 1.0 / STRETCH - 1.0)
        slope = new
    return best


def _without_idle(options: Options, prices: np.ndarray, most: np.ndarray, least: np.ndarray, threads: int) -> np.ndarray:
    """The prices with those set to 0 that bring the bound no lower: a limit that does not bind has no price."""
    lowest = bound_of(priced(options, prices, threads), prices, most, least)
    for limit in np.flatnonzero(prices):
        tried = prices.copy()
        tried[limit] = 0
        bound = bound_of(priced(options, tried, threads), tried, most, least)
        if bound <= lowest:
            prices, lowest = tried, bound
    return prices


@compiled
def _doubts(value, allowed, kind, usage, prices, width, best, first, last, in_doubt, used):
    for entry in range(first, last):
        its, chosen = kind[entry], best[entry]
        for treatment in range(value.shape[1]):
            if treatment != chosen and (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                lost = 1000 * (value[entry, chosen] - value[entry, treatment])
                may_change = 0.0
                for limit in range(len(prices)):
                    more = usage[limit, its, chosen] - usage[limit, its, treatment]
                    lost -= prices[limit] * more
                    may_change += width[limit] * abs(more)
                if lost <= may_change:
                    in_doubt[entry] = True
                    break
        if not in_doubt[entry]:
            for limit in range(len(prices)):
                used[limit] += usage[limit, its, chosen]


@compiled
def _dot(left, right):
    total = 0.0
    for place in range(len(left)):
        total += left[place] * right[place]
    return total


@compiled
def _way(space, slope):
    """The direction down: space space' slope, of length one in the stretched space."""
    limits = len(slope)
    turned = np.zeros(limits)
    for column in range(limits):
        for row in range(limits):
            turned[column] += space[row, column] * slope[row]
    length = np.sqrt(_dot(turned, turned))
    out = np.zeros(limits)
    if length > 0:
        for row in range(limits):
            for column in range(limits):
                out[row] += space[row, column] * turned[column] / length
    return out


@compiled
def _stretched(space, difference, less):
    """The space shrunk along the difference of two gradients."""
    limits = len(difference)
    turned = np.zeros(limits)
    for column in range(limits):
        for row in range(limits):
            turned[column] += space[row, column] * difference[row]
    length = np.sqrt(_dot(turned, turned))
    out = space.copy()
    if length > 0:
        for row in range(limits):
            along = 0.0
            for column in range(limits):
                along += space[row, column] * turned[column] / length
            for column in range(limits):
                out[row, column] += less * along * turned[column] / length
    return out
