"""The best choice itself where few entries are in doubt: a search that proves it.

At prices p a choice is worth bound(p) less what its entries lose against their best priced treatment (r[i, t] thousandths) and less the price of what it
leaves of priced limits. So in a choice worth more than one already known, no entry loses more than the gap between that and the bound; most entries then
have one treatment left. The others are tried one after another, the hardest first, and a branch ends where its losses pass the gap or nothing that
follows can keep the limits. Source: Ingargiola & Korsh, Reduction algorithm for zero-one single knapsack problems (1973), for the reduction.
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.choose_options import Options
from arrears.allocation.choose_repair import Within, worth_of
from arrears.compiled import compiled

DOUBTFUL_MOST, LOOKED_AT_MOST = 400, 2000
"""With more entries in doubt no search for a better choice is tried; with more entries in all, none for any choice at all."""
STEPS_MOST = 5_000_000
"""Steps after which a search gives up; a count, so that it is the same on every machine."""
GAP_MOST = 2**60
TIES_MOST, TIED_ENTRIES = 7, 400_000
"""How many ties are settled both ways, and over how many entries in all."""


@dataclass(frozen=True)
class Searched:
    """choice: int16 [N], the best found, None where none was; is_complete: whether all others are proven to be no better, or not within the limits."""

    choice: np.ndarray | None
    is_complete: bool


def doubts(
    options: Options, limits: Within, bound: int, reached: int, best: np.ndarray, order: np.ndarray, enough: int = GAP_MOST,
) -> tuple[np.ndarray, np.ndarray]:
    """The entries, hardest first, for which a choice worth more than `reached` (minor units) may have more than one treatment, and what each treatment
    loses, int64 [len, T], thousandths, -1 where it loses too much. bound: bound(p), thousandths; best: each entry's treatment of greatest priced value.
    enough: with more entries than that only the first so many are given, and one more, in no order.
    """
    gap = min(bound - 1000 * reached - 1000, GAP_MOST)
    in_doubt = np.zeros(options.entries, np.bool_)
    _mark(options.value, options.allowed, options.kind, options.usage, limits.prices, best, gap, in_doubt)
    doubtful = order[in_doubt[order]][: enough + 1]
    part = options.some(doubtful)
    lost = _losses(part.value, part.allowed, part.kind, part.usage, limits.prices, best[doubtful], gap)
    second = np.sort(np.where(lost < 0, gap + 1, lost), axis=1)[:, 1] if len(doubtful) else np.zeros(0, np.int64)
    hardest = np.argsort(-second, kind="stable")
    return doubtful[hardest], lost[hardest]


def better(options: Options, limits: Within, bound: int, reached: int, best: np.ndarray, order: np.ndarray) -> Searched:
    """The best of the choices worth more than `reached` (minor units). bound, best: as of `doubts`."""
    gap = bound - 1000 * reached - 1000
    if gap < 0:
        return Searched(None, True)
    if gap > GAP_MOST:
        return Searched(None, False)
    places, lost = doubts(options, limits, bound, reached, best, order, DOUBTFUL_MOST)
    if len(places) > DOUBTFUL_MOST:
        return Searched(None, False)
    return _searched(options, limits, places, lost, best, gap, False)


def tied(options: Options, limits: Within, best: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    """Choices that the prices tell apart least: the best one, and it with its nearest ties settled the other way, in every combination; the fewer the more entries."""
    ties = min(TIES_MOST, options.entries, (TIED_ENTRIES // max(1, options.entries)).bit_length() - 1)
    if ties < 1 or options.value.shape[1] < 2:
        return [best]
    lost = _losses(options.value, options.allowed, options.kind, options.usage, limits.prices, best, GAP_MOST)
    lost[lost < 0] = GAP_MOST
    lost[np.arange(len(best)), best] = GAP_MOST
    least = lost.min(axis=1)
    nearest = order[np.argsort(least[order], kind="stable")][:ties]
    nearest = nearest[least[nearest] < GAP_MOST]
    choices = []
    for combination in range(1 << len(nearest)):
        other = nearest[[bool(combination >> place & 1) for place in range(len(nearest))]]
        choice = best.copy()
        choice[other] = lost[other].argmin(axis=1)
        choices.append(choice)
    return choices


def any_within(options: Options, limits: Within, best: np.ndarray, order: np.ndarray) -> Searched:
    """Any choice within the limits; complete without one: there is none."""
    if options.entries > LOOKED_AT_MOST:
        return Searched(None, False)
    bits = (options.allowed[order, None] >> np.arange(options.value.shape[1], dtype=np.uint64)) & np.uint64(1)
    return _searched(options, limits, order, np.where(bits == 1, 0, -1).astype(np.int64), best, 0, True)


def _searched(options: Options, limits: Within, places: np.ndarray, lost: np.ndarray, best: np.ndarray, gap: int, is_first_enough: bool) -> Searched:
    fixed = np.ones(options.entries, np.bool_)
    fixed[places] = False
    used = np.zeros(len(limits.most), np.int64)
    for limit in range(len(used)):
        used[limit] = options.usage[limit, options.kind[fixed], best[fixed]].sum()
    part = options.some(places)
    prices = np.zeros_like(limits.prices) if is_first_enough else limits.prices
    found = np.empty(len(places), np.int16)
    is_found, steps = _search(lost, part.kind, part.usage, used, limits.most, limits.least, prices, gap, is_first_enough, STEPS_MOST, found)
    choice = None
    if is_found:
        choice = best.copy()
        choice[places] = found
    return Searched(choice, steps < STEPS_MOST)


@compiled
def _mark(value, allowed, kind, usage, prices, best, gap, in_doubt):
    for entry in range(len(best)):
        greatest = worth_of(value, usage, prices, entry, kind[entry], best[entry])
        for treatment in range(value.shape[1]):
            if treatment != best[entry] and (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                if greatest - worth_of(value, usage, prices, entry, kind[entry], treatment) <= gap:
                    in_doubt[entry] = True


@compiled
def _losses(value, allowed, kind, usage, prices, best, gap):
    """What each treatment loses against the best, thousandths; -1 where it is not allowed or loses more than the gap."""
    out = np.full(value.shape, -1, np.int64)
    for entry in range(len(best)):
        greatest = worth_of(value, usage, prices, entry, kind[entry], best[entry])
        for treatment in range(value.shape[1]):
            if (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                lost = greatest - worth_of(value, usage, prices, entry, kind[entry], treatment)
                if lost <= gap:
                    out[entry, treatment] = lost
    return out


@compiled
def _rest(lost, kind, usage, later_low, later_high):
    """Of every limit the least and the most that the entries from a place on can count."""
    for place in range(len(lost) - 1, -1, -1):
        for limit in range(usage.shape[0]):
            low, high = np.int64(2**62), np.int64(0)
            for treatment in range(lost.shape[1]):
                if lost[place, treatment] >= 0:
                    counted = usage[limit, kind[place], treatment]
                    low, high = min(low, counted), max(high, counted)
            later_low[place, limit] = later_low[place + 1, limit] + low
            later_high[place, limit] = later_high[place + 1, limit] + high


@compiled
def _left_over(used, low, high, most, least, prices, gap):
    """The price of what must be left of the limits when between low and high is still to come; -1 where they cannot be kept or it passes the gap."""
    total = np.int64(0)
    for limit in range(len(most)):
        if used[limit] + low[limit] > most[limit] or used[limit] + high[limit] < least[limit]:
            return np.int64(-1)
        price, left = prices[limit], np.int64(0)
        if price > 0:
            left = max(np.int64(0), most[limit] - used[limit] - high[limit])
        elif price < 0:
            left, price = max(np.int64(0), used[limit] + low[limit] - least[limit]), -price
        if float(price) * float(left) > float(gap) + 1.0:
            return np.int64(-1)
        total += price * left
        if total > gap:
            return np.int64(-1)
    return total


@compiled
def _search(lost, kind, usage, start, most, least, prices, gap, is_first_enough, steps_most, found):
    """Depth first, least loss first; `gap` falls below every choice found. Returns whether one was found, and the steps taken."""
    places, limits = len(lost), len(most)
    later_low, later_high = np.zeros((places + 1, limits), np.int64), np.zeros((places + 1, limits), np.int64)
    _rest(lost, kind, usage, later_low, later_high)
    turns = np.empty(lost.shape, np.int16)
    for place in range(places):
        keys = np.where(lost[place, ::-1] < 0, np.int64(2**62), lost[place, ::-1])
        turns[place] = lost.shape[1] - 1 - np.argsort(keys, kind="mergesort")
    used, sums = np.zeros((places + 1, limits), np.int64), np.zeros(places + 1, np.int64)
    used[0] = start
    turn, at, steps, is_found = np.zeros(places + 1, np.int64), 0, 0, False
    while at >= 0 and steps < steps_most:
        steps += 1
        left = _left_over(used[at], later_low[at], later_high[at], most, least, prices, gap) if turn[at] == 0 else np.int64(0)
        if left < 0 or sums[at] + left > gap:
            at -= 1
            continue
        if at == places:
            is_found = True
            for place in range(places):
                found[place] = turns[place, turn[place] - 1]
            gap = sums[at] + left - 1000
            if is_first_enough or gap < 0:
                break
            at -= 1
            continue
        if turn[at] == lost.shape[1] or lost[at, turns[at, turn[at]]] < 0 or sums[at] + lost[at, turns[at, turn[at]]] > gap:
            turn[at] = 0
            at -= 1
            continue
        treatment = turns[at, turn[at]]
        turn[at] += 1
        sums[at + 1] = sums[at] + lost[at, treatment]
        for limit in range(limits):
            used[at + 1, limit] = used[at, limit] + usage[limit, kind[at], treatment]
        at += 1
        turn[at] = 0
    return is_found, steps
