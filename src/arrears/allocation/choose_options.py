"""What each entry may be given, what that is worth and uses up, and what the whole book is worth at given prices: the exact bound.

Symbols: v[i, t] the value of treatment t for entry i, minor units; u[l, c, t] what an entry of class c treated so counts towards limit l; p[l] the price of
limit l in thousandths of a minor unit per unit counted. At prices p an entry is worth 1000 v[i, t] - sum over l of p[l] u[l, c(i), t] thousandths, and

    bound(p) = sum over i of max over t of that + sum over l of p[l] * (most[l] where p[l] > 0, least[l] where p[l] < 0)

is never below 1000 times the worth of any choice within the limits, whatever p. Source: Geoffrion, Lagrangean relaxation for integer programming (1974).
All of it is added in whole numbers, so it depends neither on the order of rows nor on the number of threads.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from arrears.compiled import compiled

VALUE_MOST = 10**15
"""No value may pass it, so that differences of priced values fit 64 bits."""
PRICED_MOST = 3 * 10**18
"""What all limits together may take off a value, in thousandths."""
TREATMENTS_MOST = 64
BLOCK = 1 << 16
"""Entries that one thread takes at a time."""


@dataclass(frozen=True)
class Options:
    """One row per entry. value: int64 [N, T]; allowed: uint64 [N], bit t set where treatment t is; kind: int32 [N]; usage: int64 [L, C, T]."""

    value: np.ndarray
    allowed: np.ndarray
    kind: np.ndarray
    usage: np.ndarray

    @property
    def entries(self) -> int:
        return self.value.shape[0]

    @property
    def individual(self) -> bool:
        """Whether there are so many classes that pricing entry by entry costs no more than pricing classes first."""
        return 2 * self.usage.shape[1] >= self.entries

    def some(self, places: np.ndarray) -> "Options":
        """The options of the entries at these places."""
        if self.usage.shape[1] <= len(places):
            return Options(self.value[places], self.allowed[places], self.kind[places], self.usage)
        kinds = np.arange(len(places), dtype=np.int32)
        return Options(self.value[places], self.allowed[places], kinds, np.ascontiguousarray(self.usage[:, self.kind[places], :]))


@dataclass(frozen=True)
class Priced:
    """The book at given prices. worth: the sum over entries of the greatest priced value, thousandths; used: int64 [L]; choice: int16 [N]."""

    worth: int
    used: np.ndarray
    choice: np.ndarray


def priced(options: Options, prices: np.ndarray, threads: int) -> Priced:
    """What every entry would be given at these prices: the treatment of greatest priced value, of equal ones the least pressing (highest index)."""
    penalty = _penalties(options.usage, prices) if not options.individual else np.empty((0, 0), np.int64)
    choice = np.empty(options.entries, np.int16)

    def part(first: int, last: int) -> tuple[int, int, np.ndarray, np.ndarray]:
        used, times = np.zeros(len(prices), np.int64), np.zeros(penalty.shape, np.int64)
        high, low = _priced(options.value, options.allowed, options.kind, options.usage, prices, penalty, options.individual, first, last, choice, used, times)
        return high, low, used, times

    found = in_blocks(options.entries, threads, part)
    worth = sum((int(high) << 32) + int(low) for high, low, _, _ in found)
    used = sum((used for _, _, used, _ in found), np.zeros(len(prices), np.int64))
    if not options.individual:
        used = _counted(options.usage, sum((times for *_, times in found), np.zeros(penalty.shape, np.int64)))
    return Priced(worth, used, choice)


def bound_of(at: Priced, prices: np.ndarray, most: np.ndarray, least: np.ndarray) -> int:
    """bound(p) in thousandths of a minor unit, exact: no choice within the limits is worth more."""
    return at.worth + sum(int(p) * int(high if p > 0 else low) for p, high, low in zip(prices, most, least, strict=True) if p)


def worth_and_used(options: Options, choice: np.ndarray) -> tuple[int, np.ndarray]:
    """The exact sum of the chosen values, minor units, and what the choice counts towards each limit, int64 [L]."""
    used = np.zeros(options.usage.shape[0], np.int64)
    high, low = _summed(options.value, options.kind, options.usage, choice, used)
    return (int(high) << 32) + int(low), used


def in_blocks(entries: int, threads: int, part: Callable) -> list:
    """part(first, last) of every block of entries, in order; on several threads where there are several blocks."""
    spans = [(first, min(first + BLOCK, entries)) for first in range(0, entries, BLOCK)]
    if len(spans) < 2 or threads < 2:
        return [part(first, last) for first, last in spans]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda span: part(*span), spans))


def threads_here() -> int:
    """How many threads may work at once; no result depends on it."""
    return os.cpu_count() or 1


def extremes(options: Options) -> tuple[np.ndarray, np.ndarray, int]:
    """Of every limit the least and the greatest that any choice counts, int64 [L]; and the sum over entries of the spread of values, capped at 2^62."""
    low, high = np.zeros(options.usage.shape[0], np.int64), np.zeros(options.usage.shape[0], np.int64)
    spread = _extremes(options.value, options.allowed, options.kind, options.usage, low, high)
    return low, high, int(min(spread, 2.0**62))


def order_of(options: Options) -> np.ndarray:
    """All places, ordered by a digest of the entry's own numbers, then by place: the same order of entries however the rows are ordered."""
    return np.argsort(_digests(options.value, options.allowed, options.kind, options.usage), kind="stable")


@compiled
def _penalties(usage, prices):
    out = np.zeros(usage.shape[1:], np.int64)
    for limit in range(len(prices)):
        if prices[limit] != 0:
            for kind in range(usage.shape[1]):
                for treatment in range(usage.shape[2]):
                    out[kind, treatment] += prices[limit] * usage[limit, kind, treatment]
    return out


@compiled
def _priced(value, allowed, kind, usage, prices, penalty, individual, first, last, choice, used, times):
    """Of a block: its worth in two parts; fills its choice, and what it uses (individual) or how often each class gets each treatment (times)."""
    treatments = value.shape[1]
    row = np.zeros(treatments, np.int64)
    high, low = np.int64(0), np.int64(0)
    for entry in range(first, last):
        its = kind[entry]
        if individual:
            row[:] = 0
            for limit in range(len(prices)):
                price = prices[limit]
                if price != 0:
                    for treatment in range(treatments):
                        row[treatment] += price * usage[limit, its, treatment]
        else:
            row[:] = penalty[its]
        greatest, chosen = np.int64(-(2**63 - 1)), 0
        for treatment in range(treatments):
            if (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                worth = 1000 * value[entry, treatment] - row[treatment]
                if worth >= greatest:
                    greatest, chosen = worth, treatment
        choice[entry] = chosen
        high += greatest >> 32
        low += greatest & np.int64(0xFFFFFFFF)
        if individual:
            for limit in range(len(prices)):
                used[limit] += usage[limit, its, chosen]
        else:
            times[its, chosen] += 1
    return high, low


@compiled
def _counted(usage, times):
    used = np.zeros(usage.shape[0], np.int64)
    for limit in range(usage.shape[0]):
        for kind in range(usage.shape[1]):
            for treatment in range(usage.shape[2]):
                used[limit] += usage[limit, kind, treatment] * times[kind, treatment]
    return used


@compiled
def _summed(value, kind, usage, choice, used):
    high, low = np.int64(0), np.int64(0)
    for entry in range(len(choice)):
        worth = value[entry, choice[entry]]
        high += worth >> 32
        low += worth & np.int64(0xFFFFFFFF)
        for limit in range(len(used)):
            used[limit] += usage[limit, kind[entry], choice[entry]]
    return high, low


@compiled
def _extremes(value, allowed, kind, usage, low, high):
    spread = 0.0
    for entry in range(len(allowed)):
        least, most = np.int64(2**62), np.int64(-(2**62))
        for treatment in range(value.shape[1]):
            if (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                least, most = min(least, value[entry, treatment]), max(most, value[entry, treatment])
        spread += most - least
        for limit in range(len(low)):
            least, most = np.int64(2**62), np.int64(0)
            for treatment in range(value.shape[1]):
                if (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                    counted = usage[limit, kind[entry], treatment]
                    least, most = min(least, counted), max(most, counted)
            low[limit] += least
            high[limit] += most
    return spread


@compiled
def _mixed(state, number):
    state = (state ^ np.uint64(number)) * np.uint64(0x9E3779B97F4A7C15)
    return state ^ (state >> np.uint64(29))


@compiled
def _digests(value, allowed, kind, usage):
    """Mixes only what may be chosen, so that what cannot be given decides nothing."""
    out = np.empty(len(allowed), np.uint64)
    for entry in range(len(allowed)):
        state = _mixed(np.uint64(0xCBF29CE484222325), allowed[entry])
        for treatment in range(value.shape[1]):
            if (allowed[entry] >> np.uint64(treatment)) & np.uint64(1):
                state = _mixed(state, value[entry, treatment])
                for limit in range(usage.shape[0]):
                    state = _mixed(state, usage[limit, kind[entry], treatment])
        out[entry] = state
    return out
