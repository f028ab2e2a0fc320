"""From the treatments that prices alone would give to a choice within the limits: cheapest moves first, then what the room left still allows.

Prices leave ties and steps, so what they choose may pass a limit by a little or leave a little of it unused. Moves are taken one by one in one order:
by the loss (in priced value) per unit of what is brought back within the limits; of equal ones by the digest of the entry, so that the order of rows
favours nobody; among entries that are the same in every number the earlier keeps the scarcer thing.
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.choose_options import Options, in_blocks, worth_and_used
from arrears.compiled import compiled

ROUNDS = 60


@dataclass(frozen=True)
class Within:
    """The limits as the search sees them: most, least, prices: int64 [L]; weight: float64 [L], which makes units of different limits comparable."""

    most: np.ndarray
    least: np.ndarray
    prices: np.ndarray
    weight: np.ndarray


def is_within(used: np.ndarray, limits: Within) -> bool:
    """Whether what is used keeps all limits."""
    return bool(np.all(used <= limits.most) and np.all(used >= limits.least))


def repaired(options: Options, limits: Within, choice: np.ndarray, order: np.ndarray, threads: int) -> np.ndarray | None:
    """The choice moved within the limits; None where no more single moves help (which proves nothing)."""
    choice, last_first = choice.copy(), order[::-1]
    _, used = worth_and_used(options, choice)
    for _ in range(ROUNDS):
        if is_within(used, limits):
            return choice
        to, score = np.empty(len(choice), np.int16), np.empty(len(choice))
        in_blocks(len(choice), threads, lambda first, last, to=to, score=score: _ways_back(
            options.value, options.allowed, options.kind, options.usage, limits.most, limits.least, limits.prices, limits.weight, choice, used, first, last, to, score))
        queue = _queue(to, score, last_first)
        if not _move_back(options.kind, options.usage, limits.most, limits.least, limits.weight, choice, used, queue, to):
            break
    return choice if is_within(used, limits) else None


def improved(options: Options, limits: Within, choice: np.ndarray, order: np.ndarray, threads: int) -> np.ndarray:
    """A choice within the limits, given one: no single entry could be given something of more value without passing a limit (or ROUNDS were not enough)."""
    choice = choice.copy()
    _, used = worth_and_used(options, choice)
    for _ in range(ROUNDS):
        to, score = np.empty(len(choice), np.int16), np.empty(len(choice))
        in_blocks(len(choice), threads, lambda first, last, to=to, score=score: _ways_up(
            options.value, options.allowed, options.kind, options.usage, limits.most, limits.least, limits.prices, choice, used, first, last, to, score))
        queue = _queue(to, score, order)
        if not len(queue):
            break
        _move_up(options.kind, options.usage, limits.most, limits.least, choice, used, queue, to)
    return choice


def _queue(to: np.ndarray, score: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The places that have a move, the lowest score first, equal ones as `order` has them."""
    movable = order[to[order] >= 0]
    return movable[np.argsort(score[movable], kind="stable")]


@compiled
def _outside(used, most, least, weight):
    return weight * max(used - most, least - used, 0)


@compiled
def worth_of(value, usage, prices, entry, its, treatment):
    """The priced value of a treatment for an entry, thousandths."""
    worth = 1000 * value[entry, treatment]
    for limit in range(len(prices)):
        worth -= prices[limit] * usage[limit, its, treatment]
    return worth


@compiled
def _nearer(usage, most, least, weight, used, its, now, then):
    """How much nearer to the limits the book comes when an entry of this class goes from `now` to `then`."""
    nearer = 0.0
    for limit in range(len(most)):
        change = usage[limit, its, then] - usage[limit, its, now]
        if change != 0:
            nearer += _outside(used[limit], most[limit], least[limit], weight[limit])
            nearer -= _outside(used[limit] + change, most[limit], least[limit], weight[limit])
    return nearer


@compiled
def _ways_back(value, allowed, kind, usage, most, least, prices, weight, choice, used, first, last, to, score):
    for entry in range(first, last):
        now, its = choice[entry], kind[entry]
        to[entry], score[entry] = -1, np.inf
        worth = worth_of(value, usage, prices, entry, its, now)
        for then in range(value.shape[1] - 1, -1, -1):
            if then != now and (allowed[entry] >> np.uint64(then)) & np.uint64(1):
                nearer = _nearer(usage, most, least, weight, used, its, now, then)
                if nearer > 0.0:
                    per_unit = (worth - worth_of(value, usage, prices, entry, its, then)) / nearer
                    if per_unit < score[entry]:
                        to[entry], score[entry] = then, per_unit


@compiled
def _move_back(kind, usage, most, least, weight, choice, used, queue, to):
    """Moves in the order of the queue for as long as each brings the book nearer; the number of moves."""
    moved, outside = 0, 0
    for limit in range(len(most)):
        outside += used[limit] > most[limit] or used[limit] < least[limit]
    for entry in queue:
        if outside == 0:
            break
        now, then, its = choice[entry], to[entry], kind[entry]
        if _nearer(usage, most, least, weight, used, its, now, then) > 0.0:
            choice[entry] = then
            moved += 1
            outside = 0
            for limit in range(len(most)):
                used[limit] += usage[limit, its, then] - usage[limit, its, now]
                outside += used[limit] > most[limit] or used[limit] < least[limit]
    return moved


@compiled
def _fits(usage, most, least, used, its, now, then):
    for limit in range(len(most)):
        change = usage[limit, its, then] - usage[limit, its, now]
        if used[limit] + change > most[limit] or used[limit] + change < least[limit]:
            return False
    return True


@compiled
def _ways_up(value, allowed, kind, usage, most, least, prices, choice, used, first, last, to, score):
    for entry in range(first, last):
        now, its = choice[entry], kind[entry]
        to[entry], score[entry] = -1, np.inf
        worth = worth_of(value, usage, prices, entry, its, now)
        for then in range(value.shape[1] - 1, -1, -1):
            if (allowed[entry] >> np.uint64(then)) & np.uint64(1) and value[entry, then] > value[entry, now]:
                if _fits(usage, most, least, used, its, now, then):
                    lost = float(worth - worth_of(value, usage, prices, entry, its, then))
                    if lost < score[entry]:
                        to[entry], score[entry] = then, lost


@compiled
def _move_up(kind, usage, most, least, choice, used, queue, to):
    for entry in queue:
        now, then, its = choice[entry], to[entry], kind[entry]
        if _fits(usage, most, least, used, its, now, then):
            choice[entry] = then
            for limit in range(len(most)):
                used[limit] += usage[limit, its, then] - usage[limit, its, now]
