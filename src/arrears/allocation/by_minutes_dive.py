"""Cases shared out by their prices: again and again the surest choices are fixed, and the rest is priced anew.

The persons' own best choices under prices (by_minutes_bound.py) nearly are an assignment; averaged over the last rounds they say how surely
a case belongs to a person. A tenth of the cases left, the surest, are fixed at each step. The same is done to a part of a finished
assignment: the cases of a few persons are set free and shared out anew among them.
Source: the pure diving of Sadykov, Vanderbeck, Pessoa, Tahiri, Uchoa (2019), Primal heuristics for branch and price, INFORMS J. Computing
31(2), with the mean of subgradient rounds in the place of a linear program, after Barahona and Anbil (2000), The volume algorithm.
"""

import numpy as np

from arrears.allocation.by_minutes_bound import PRICE_MOST, kept_within, ordered, stepped
from arrears.allocation.by_minutes_search import diced
from arrears.compiled import compiled

ROUNDS = 25
"""Rounds of prices before each fixing; three times as many before the first."""
SHARE = 10
"""One of so many of the cases left is fixed at a step, at least one."""


@compiled
def dived(cost, minutes, fits, people, cases, room, prices, holder, known, sure, now):
    """How many of `cases` found no room, or -1 where it is `sure` that less than `known` is asked for, and the prices prove that they cannot cost less.

    cost, minutes, fits: [A, J]; people, cases: those among whom, and what, is shared out; room: Int64[A], minutes left to each, and prices: Int64[J],
    where to begin: both are used up; holder: Int32[J], takes who gets the cases, -1 where nobody has room; now: the state of the dice.
    """
    left = cases.copy()
    spent, first = np.int64(0), True
    while len(left):
        part = _part(cost, minutes, fits, people, left, room)
        mean, value = _mean_choice(part, people, left, room, prices, known - spent, first and sure, ROUNDS * (3 if first else 1))
        if first and sure and value >= known:
            return -1
        first = False
        fixed = _fixed(part, mean, people, left, room, holder, now)
        if fixed == 0:
            break
        rest = np.empty(len(left) - fixed, np.int64)
        at = 0
        for case in left:
            if holder[case] < 0:
                rest[at] = case
                at += 1
            else:
                spent += cost[holder[case], case]
        left = rest
    return len(left)


@compiled
def _part(cost, minutes, fits, people, left, room):
    shape = (len(people), len(left))
    part_cost, part_minutes, part_fits = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.bool_)
    for row in range(len(people)):
        person = people[row]
        for column in range(len(left)):
            case = left[column]
            part_cost[row, column] = cost[person, case]
            part_minutes[row, column] = minutes[person, case]
            part_fits[row, column] = fits[person, case] and minutes[person, case] <= room[person]
    return part_cost, part_minutes, part_fits


@compiled
def _mean_choice(part, people, left, room, prices, known, sure, rounds):
    """(share of the last rounds in which each person chose each case, the best bound of the part); `prices` moves on."""
    cost, minutes, fits = part
    shape = cost.shape
    mine, mean = np.zeros(shape, np.bool_), np.zeros(shape, np.float64)
    asked = prices[left]
    order = ordered(cost, minutes, fits, asked)
    direction, taken = np.zeros(shape[1], np.float64), np.zeros(shape[1], np.int64)
    scratch = (np.empty(shape[1], np.float64), np.empty(shape[1], np.int64), np.zeros(shape[1], np.bool_))
    worth = np.zeros(shape[0], np.float64)
    best = np.int64(-(2**62))
    for _ in range(rounds):
        taken[:] = 0
        value = asked.sum()
        for row in range(shape[0]):
            value -= kept_within(cost[row], minutes[row], room[people[row]], fits[row], asked, order[row], mine[row], scratch, worth, row)
            for column in range(shape[1]):
                taken[column] += mine[row, column]
                mean[row, column] += 0.1 * (mine[row, column] - mean[row, column])
        best = max(best, value)
        height = max(np.float64(known - value), abs(known) * 0.0003)
        if (best >= known and sure) or not stepped(asked, direction, taken, 0.3 * height, PRICE_MOST / (shape[0] * shape[1])):
            break
    for column in range(shape[1]):
        prices[left[column]] = asked[column]
    return mean, best


@compiled
def _fixed(part, mean, people, left, room, holder, now):
    """How many cases are fixed: the surest first, a little dice among the equally sure, each with somebody who has room."""
    _, minutes, fits = part
    sure = np.full(len(left), -1.0)
    whom = np.zeros(len(left), np.int64)
    for column in range(len(left)):
        for row in range(len(people)):
            if fits[row, column]:
                here = mean[row, column] + diced(now, 1 << 20) * (0.1 / (1 << 20))
                if here > sure[column]:
                    sure[column], whom[column] = here, row
    count = 0
    for column in np.argsort(-sure)[: max(1, len(left) // SHARE)]:
        person = people[whom[column]]
        if sure[column] >= 0.0 and minutes[whom[column], column] <= room[person]:
            holder[left[column]] = person
            room[person] -= minutes[whom[column], column]
            count += 1
    return count
