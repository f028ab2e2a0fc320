"""A proven lower bound of sharing cases out by minutes, and the worth of a minute of each person.

Lagrangian relaxation of "each case goes to exactly one person": with a price u[j] per case, every person by themselves takes
what pays most within their minutes, which is a knapsack, solved exactly; for any prices

    sum_j u[j] - sum_a max { sum_j (u[j] - cost[a, j]) x[j] : sum_j minutes[a, j] x[j] <= within[a], x in {0, 1} }

is at most the cost of any assignment. Prices rise where a case is taken by nobody and fall where several take it (subgradient,
deflected). All in whole numbers, so that the bound is proven and the same on every machine.
Source: Fisher, Jaikumar, van Wassenhove (1986), A multiplier adjustment method for the generalized assignment problem; steps after
Held, Wolfe, Crowder (1974); fixing of knapsack items after Ingargiola and Korsh (1973).
"""

import numpy as np

from arrears.compiled import compiled

TABLE_MOST = 4_000_000
"""Cells of a knapsack's table; a larger one is bounded by its fractional solution instead, which is proven too, only weaker."""
ROUNDS_PER_STEP = 25
PRICE_MOST = 2.0**60
"""What all prices together are kept below, for each person once more, so that no sum overflows."""


@compiled
def priced(cost, minutes, within, fits, known, sure, rounds):
    """(bound, prices of cases Int64[J], worth of minutes Float64[A]): the best bound met, and the prices there.

    cost, minutes: Int64[A, J], cost >= 0; fits: whether the person may and can take the case; known: cost of an assignment, or of a guess, that steers
    the steps and is never taken for proof; sure: whether it is of an assignment. The search ends early where the bound reaches it.
    """
    people, cases = cost.shape
    prices = np.zeros(cases, np.int64)
    for case in range(cases):
        first, second = _two_cheapest(cost, fits, case)
        prices[case] = second if second >= 0 else first
    best_prices = prices.copy()
    direction = np.zeros(cases, np.float64)
    taken = np.zeros(cases, np.int64)
    mine = np.zeros((people, cases), np.bool_)
    order = ordered(cost, minutes, fits, prices)
    scratch = (np.empty(cases, np.float64), np.empty(cases, np.int64), np.zeros(cases, np.bool_))
    worth = np.zeros(people, np.float64)
    best_worth = np.zeros(people, np.float64)
    best = np.int64(-(2**62))
    factor, idle = 1.0, 0
    for _ in range(rounds):
        taken[:] = 0
        value = prices.sum()
        for person in range(people):
            value -= kept_within(cost[person], minutes[person], within[person], fits[person], prices, order[person], mine[person], scratch, worth, person)
            for case in range(cases):
                taken[case] += mine[person, case]
        if value > best:
            idle = idle if value < best + (known - best) // 2000 else 0
            best = value
            best_prices[:] = prices
            best_worth[:] = worth
        else:
            idle += 1
        if (sure and best >= known) or factor < 0.002:
            break
        if not sure:
            known = max(known, best + abs(best) // 64 + 64)
        if idle >= ROUNDS_PER_STEP:
            idle, factor = 0, factor / 1.6
            prices[:] = best_prices
            direction[:] = 0.0
            continue
        if not stepped(prices, direction, taken, factor * (known - value), PRICE_MOST / (people * cases)):
            break
    return best, best_prices, best_worth


@compiled
def ordered(cost, minutes, fits, prices):
    """Int64[A, J]: each person's cases, what pays most per minute first, as kept_within takes and keeps it."""
    order = np.empty(cost.shape, np.int64)
    rate = np.empty(cost.shape[1], np.float64)
    for person in range(cost.shape[0]):
        _rate(cost[person], minutes[person], fits[person], prices, rate)
        order[person] = np.argsort(-rate)
    return order


@compiled
def stepped(prices, direction, taken, height, most):
    """Moves the prices, none beyond `most`; false where every case is taken exactly once, so that the bound is reached."""
    length, wrong = 0.0, False
    for case in range(len(prices)):
        wrong = wrong or taken[case] != 1
        direction[case] = (1 - taken[case]) + 0.6 * direction[case]
        length += direction[case] * direction[case]
    if not wrong:
        return False
    if length < 1e-9:
        direction[:] = 0.0
        return True
    for case in range(len(prices)):
        moved = prices[case] + np.rint(height / length * direction[case])
        prices[case] = np.int64(min(max(moved, -most), most))
    return True


@compiled
def _two_cheapest(cost, fits, case):
    first, second = np.int64(-1), np.int64(-1)
    for person in range(cost.shape[0]):
        if fits[person, case]:
            at = cost[person, case]
            if first < 0 or at < first:
                first, second = at, first
            elif second < 0 or at < second:
                second = at
    return first, second


@compiled
def kept_within(cost, minutes, within, fits, prices, order, mine, scratch, worth, person):
    """What the person gains at most, never too little; notes in `mine` what they take and in `worth` what one more minute brings.

    order: the cases from the one that pays most per minute, as the last round left it; put in order here.
    """
    rate, _, inside = scratch
    _put_in_order(cost, minutes, fits, prices, order, rate)
    room, gain, at = within, np.int64(0), 0
    while at < len(order) and rate[order[at]] > 0.0 and minutes[order[at]] <= room:
        room -= minutes[order[at]]
        gain += prices[order[at]] - cost[order[at]]
        at += 1
    broken = at
    mine[:] = False
    for place in range(broken):
        mine[order[place]] = True
    worth[person] = 0.0
    if broken == len(order) or rate[order[broken]] <= 0.0:
        return gain
    slope = rate[order[broken]]
    worth[person] = slope
    # Greedy beyond the first case that does not fit, as a first solution.
    found, left = gain, room
    until = broken
    while until < len(order) and rate[order[until]] > 0.0:
        case = order[until]
        inside[case] = minutes[case] <= left
        if inside[case]:
            left -= minutes[case]
            found += prices[case] - cost[case]
        until += 1
    ceiling = gain + np.int64(np.floor(slope * room))
    # Far more than what the fractions may be wrong by: the ceiling stays one.
    ceiling += 4 + (ceiling >> 44)
    return _within_core(cost, minutes, prices, order, mine, scratch, broken, until, found, gain, room, ceiling, slope)


@compiled
def _rate(cost, minutes, fits, prices, rate):
    for case in range(len(rate)):
        gain = prices[case] - cost[case]
        if gain <= 0 or not fits[case]:
            rate[case] = 0.0
        elif minutes[case] == 0:
            rate[case] = 1e300
        else:
            rate[case] = gain / minutes[case]


@compiled
def _put_in_order(cost, minutes, fits, prices, order, rate):
    _rate(cost, minutes, fits, prices, rate)
    for at in range(1, len(order)):
        case = order[at]
        here = rate[case]
        back = at - 1
        while back >= 0 and rate[order[back]] < here:
            order[back + 1] = order[back]
            back -= 1
        order[back + 1] = case


@compiled
def _within_core(cost, minutes, prices, order, mine, scratch, broken, until, found, gain, room, ceiling, slope):
    """The best gain over the cases whose place is open: those for which the other choice could still beat `found`."""
    _, core, inside = scratch
    count, open_gain, open_room = 0, gain, room
    for place in range(until):
        case = order[place]
        if minutes[case] == 0:
            continue
        away = (prices[case] - cost[case]) - slope * minutes[case]
        if ceiling - abs(away) > found:
            core[count] = case
            count += 1
            if place < broken:
                open_gain -= prices[case] - cost[case]
                open_room += minutes[case]
    if count * (open_room + 1) > TABLE_MOST:
        _take_found(order, mine, inside, broken, until)
        return ceiling
    best = np.zeros(open_room + 1, np.int64)
    chosen = np.zeros((count, open_room + 1), np.bool_)
    for item in range(count):
        case = core[item]
        weight, profit = minutes[case], prices[case] - cost[case]
        row = chosen[item]
        for size in range(open_room, weight - 1, -1):
            other = best[size - weight] + profit
            if other > best[size]:
                best[size] = other
                row[size] = True
    if open_gain + best[open_room] <= found:
        _take_found(order, mine, inside, broken, until)
        return found
    size = open_room
    for item in range(count - 1, -1, -1):
        case = core[item]
        mine[case] = chosen[item, size]
        if chosen[item, size]:
            size -= minutes[case]
    return open_gain + best[open_room]


@compiled
def _take_found(order, mine, inside, broken, until):
    for place in range(broken, until):
        if inside[order[place]]:
            mine[order[place]] = True
