"""One treatment for every entry, over the whole book, so that the sum of their values is the greatest the limits allow, with a proof of how near it is.

Prices of the limits (choose_prices) decide for every entry alone; what they leave unsettled is repaired (choose_repair); where few entries are in doubt a
search settles them for good (choose_exact); limits that cannot be kept are refused by name (choose_conflicts). The same entries and limits give the same
bytes, on any number of threads; docs/algorithms/treatments.md says what is proven and what is not.
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.choose_conflicts import refuse_alone, settled
from arrears.allocation.choose_exact import better, doubts, tied
from arrears.allocation.choose_exchange import exchanged
from arrears.allocation.choose_options import (
    TREATMENTS_MOST,
    VALUE_MOST,
    Options,
    bound_of,
    extremes,
    order_of,
    priced,
    threads_here,
    worth_and_used,
)
from arrears.allocation.choose_prices import find_prices
from arrears.allocation.choose_repair import Within, improved, repaired
from arrears.money import half_up
from arrears.refusal import Refused

NO_MOST = 2**63 - 1
"""In `most`: there is no maximum."""
NEAR = 1_000_000
"""Where the gap is below one part in so many, no exchanges are tried."""
TRIED = 4
"""How many of the choices found are worked on by exchanges."""
USED_MOST = 2 * 10**18
"""What all entries together may count towards a limit, at most."""


@dataclass(frozen=True)
class Chosen:
    """choice: int16 [N], index of the treatment; used: int64 [L], what the choice counts towards each limit.

    prices: int64 [L], thousandths of a minor unit per unit counted: above 0 where `most` binds, below 0 where `least` does. reached_minor: the exact sum
    of the chosen values. priced_minor: what these prices prove that no choice can pass, exact. bound_minor: the same, or reached_minor where a search has
    proven that nothing is better. gap: (bound_minor - reached_minor) as a share of bound_minor.
    """

    choice: np.ndarray
    prices: np.ndarray
    used: np.ndarray
    reached_minor: int
    priced_minor: int
    bound_minor: int

    @property
    def gap(self) -> float:
        return (self.bound_minor - self.reached_minor) / max(1, abs(self.bound_minor))


def choose(
    value: np.ndarray, allowed: np.ndarray, kind: np.ndarray, usage: np.ndarray, most: np.ndarray, least: np.ndarray, names: tuple[str, ...] = (), threads: int | None = None,
) -> Chosen:
    """One allowed treatment for each entry, within all limits, of nearly or exactly the greatest sum of values.

    value: int64 [N, T], minor units, at most 10^15 either way. allowed: bool [N, T], or uint64 [N] with bit t set; every entry has at least one. kind: int32 [N],
    the entry's class, below C. usage: int64 [L, C, T], what an entry of class c treated by t counts towards limit l, never negative; C may be N. most, least:
    int64 [L], what may and must be counted in all; NO_MOST and 0 where there is none. names: of the limits, for messages. threads: changes no result.
    Of equal worth the least pressing treatment (highest index) wins; of entries equal in every number the earlier keeps the scarcer thing.
    Raises Refused where limits cannot be kept, with their names and by how much, or where no choice within them was found; ValueError for arrays that do not fit.
    """
    options, most, least = _taken(value, allowed, kind, usage, most, least)
    names = tuple(names) or tuple(f"limit {place + 1}" for place in range(len(most)))
    threads = threads or threads_here()
    low, high, spread = extremes(options)
    refuse_alone(names, most, least, low, high)
    order = order_of(options)
    chosen = solved(options, np.minimum(most, high), np.maximum(least, low), (low, high, spread), order, threads, None)
    if chosen is None:
        known = settled(options, np.minimum(most, high), np.maximum(least, low), names, order, threads, solved)
        chosen = solved(options, np.minimum(most, high), np.maximum(least, low), (low, high, spread), order, threads, known)
    return chosen


def solved(
    options: Options, most: np.ndarray, least: np.ndarray, seen: tuple[np.ndarray, np.ndarray, int], order: np.ndarray, threads: int, known: np.ndarray | None,
) -> Chosen | None:
    """The choice, or None where none within the limits was found. seen: what `extremes` says; known: int16 [N], a choice within the limits, if there is one."""
    low, high, spread = seen
    reach = (high - low).astype(np.float64)
    prices = find_prices(options, most, least, spread, reach, order, threads)
    at = priced(options, prices, threads)
    bound = bound_of(at, prices, most, least)
    limits = Within(most, least, prices, np.where(reach > 0, max(1, options.entries) / np.maximum(reach, 1.0), 0.0))
    candidates = [choice for choice in (repaired(options, limits, at.choice, order, threads), known) if choice is not None]
    choice = max((improved(options, limits, choice, order, threads) for choice in candidates), key=lambda choice: worth_and_used(options, choice)[0], default=None)
    choice, is_proven = _searched(options, limits, bound, at.choice, choice, order)
    if not is_proven:
        choice = _worked_on(options, limits, bound, at.choice, choice, order, threads)
        choice, is_proven = _searched(options, limits, bound, at.choice, choice, order)
    if choice is None:
        return None
    reached, used = worth_and_used(options, choice)
    return Chosen(choice, prices, used, reached, bound // 1000, reached if is_proven else bound // 1000)


def _searched(options: Options, limits: Within, bound: int, best: np.ndarray, choice: np.ndarray | None, order: np.ndarray) -> tuple[np.ndarray | None, bool]:
    """A choice of no less worth, and whether it is proven that none is better."""
    if choice is None:
        return None, False
    found = better(options, limits, bound, worth_and_used(options, choice)[0], best, order)
    return choice if found.choice is None else found.choice, found.is_complete


def _worked_on(options: Options, limits: Within, bound: int, best: np.ndarray, choice: np.ndarray | None, order: np.ndarray, threads: int) -> np.ndarray | None:
    """A choice of no less worth: repaired anew with the nearest ties settled otherwise, and by exchanges among entries, where the gap is worth it."""
    candidates = [] if choice is None else [choice]
    if not candidates or _is_far(bound, worth_and_used(options, choice)[0]):
        repairs = (repaired(options, limits, start, order, threads) for start in tied(options, limits, best, order)[1:])
        candidates += [improved(options, limits, each, order, threads) for each in repairs if each is not None]
    candidates.sort(key=lambda each: -worth_and_used(options, each)[0])
    if not candidates:
        return None
    choice, reached = candidates[0], worth_and_used(options, candidates[0])[0]
    for candidate in candidates[:TRIED]:
        if _is_far(bound, reached):
            used = worth_and_used(options, candidate)[1]
            candidate = exchanged(options, limits, candidate, used, *doubts(options, limits, bound, reached, best, order))
            candidate = improved(options, limits, candidate, order, threads)
            worth = worth_and_used(options, candidate)[0]
            if worth > reached:
                choice, reached = candidate, worth
    return choice


def _is_far(bound: int, reached: int) -> bool:
    return (bound - 1000 * reached) * NEAR > abs(bound)


def worth_of_one_more(chosen: Chosen, limit: int, units: int = 1) -> int:
    """What `units` more of a limit would bring by its price, minor units, half up: of `most` the gain, of `least` (below 0) what it costs to demand more.

    Proven: with `units` more the best choice reaches at most this above priced_minor, and with as many less it falls at least as far below. It is no
    promise: one more unit brings nothing where no treatment is small enough for it, and the price holds for a few units, not for many.
    """
    return half_up(int(chosen.prices[limit]) * units, 1000)


def _taken(value, allowed, kind, usage, most, least) -> tuple[Options, np.ndarray, np.ndarray]:
    value, kind, usage = np.ascontiguousarray(value, np.int64), np.ascontiguousarray(kind, np.int32), np.ascontiguousarray(usage, np.int64)
    most, least = np.ascontiguousarray(most, np.int64), np.ascontiguousarray(least, np.int64)
    if value.ndim != 2 or usage.ndim != 3 or value.shape[1] != usage.shape[2] or len(kind) != len(value) or not len(most) == len(least) == len(usage):
        raise ValueError(f"choose: the arrays do not fit: value {value.shape}, kind {kind.shape}, usage {usage.shape}, most {most.shape}, least {least.shape}")
    if not 1 <= value.shape[1] <= TREATMENTS_MOST:
        raise ValueError(f"choose: {value.shape[1]} treatments; 1 to {TREATMENTS_MOST} can be chosen among")
    if value.size and max(-int(value.min()), int(value.max())) > VALUE_MOST:
        raise ValueError(f"choose: a value passes {VALUE_MOST:,} minor units; the sum could not be kept exact")
    if len(kind) and not 0 <= int(kind.min()) <= int(kind.max()) < usage.shape[1]:
        raise ValueError(f"choose: a class is outside 0 to {usage.shape[1] - 1}")
    if usage.size and (int(usage.min()) < 0 or int(usage.max()) * len(value) > USED_MOST):
        raise ValueError(f"choose: what is counted must be at least 0 and in all at most {USED_MOST:,}")
    mask = allowed_bits(np.asarray(allowed))
    if len(mask) != len(value) or (len(mask) and int(mask.max()) >> value.shape[1]):
        raise ValueError(f"choose: allowed {mask.shape} does not fit value {value.shape}")
    nothing = np.flatnonzero(mask == 0)
    if len(nothing):
        raise Refused(
            f"entry {int(nothing[0]) + 1} and {len(nothing) - 1:,} others have no treatment that is allowed; leaving alone must be among the treatments of everyone",
            f"第 {int(nothing[0]) + 1} 条（另有 {len(nothing) - 1:,} 条）没有任何允许的处置；每一条的可选处置都须包含“暂不打扰”")
    return Options(value, mask, kind, usage), most, np.maximum(least, 0)


def allowed_bits(allowed: np.ndarray) -> np.ndarray:
    """bool [N, T] as uint64 [N], bit t set where treatment t is allowed; what is uint64 already, as it is."""
    if allowed.ndim == 1:
        return np.ascontiguousarray(allowed, np.uint64)
    bits = np.zeros(len(allowed), np.uint64)
    for treatment in range(allowed.shape[1]):
        bits |= allowed[:, treatment].astype(np.uint64) << np.uint64(treatment)
    return bits
