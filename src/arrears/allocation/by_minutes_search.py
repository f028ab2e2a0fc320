"""Cases shared out well by minutes: descent by shifts and swaps, broken open again and again by a chain of forced shifts.

Minutes beyond a person's day are allowed at a price per minute, which rises for those over their day and falls while nobody is, so that
the search walks along the border between what is cheap and what is possible. Whole numbers and a counted number of tries: the
same arguments give the same assignment.
Source: Yagiura, Ibaraki, Glover (2004), An ejection chain approach for the generalized assignment problem, INFORMS J. Computing 16(2):
the neighbourhoods and the adaptive penalty; without their path relinking.
"""

import numpy as np

from arrears.compiled import compiled

COST, OVER, BEST, DICE, LOGGED = range(5)
COUNTS = 5
"""Places of the running totals: cost and minutes over as held, the best possible cost met, the state of the dice, moves since the mark."""


@compiled
def searched(cost, minutes, within, fits, near, holder, charge, most, target, tries, seed):
    """(holder Int32[J], cost, minutes over, tries made): the cheapest that respects all minutes, else the last one met.

    cost, minutes: Int64[J, A]; fits: Bool[J, A]; near: Int32[J, K], the persons to think of for a case, the likeliest first, -1 where there are no more;
    holder: the assignment to begin with, every case with somebody it fits; charge: Int64[A], what a minute over is charged, changed as the search goes;
    most: what it is charged at most;
    target: a cost not above which the search ends.
    """
    state = _begun(cost, minutes, within, holder, charge)
    now, best_holder, dirty = state[0], state[1], state[7]
    dirty[:] = True
    now[DICE] = seed
    _keep_if_best(state)
    _descend(cost, minutes, within, fits, near, state)
    done = 0
    for done in range(1, tries + 1):
        if now[BEST] <= target:
            break
        now[LOGGED] = 0
        change = _shaken(cost, minutes, within, near, state, 1 + diced(now, 3))
        change += _descend(cost, minutes, within, fits, near, state)
        if change > 0:
            _taken_back(cost, minutes, within, state)
        if done % 50 == 0:
            _recharge(within, most, state)
    if now[BEST] < 2**62:
        return best_holder, now[BEST], np.int64(0), done
    return state[2], now[COST], now[OVER], done


@compiled
def _begun(cost, minutes, within, holder, charge):
    cases, people = cost.shape
    now = np.zeros(COUNTS, np.int64)
    now[BEST] = 2**62
    load = np.zeros(people, np.int64)
    members = np.empty((people, cases), np.int32)
    counts = np.zeros(people, np.int64)
    place = np.empty(cases, np.int32)
    for case in range(cases):
        person = holder[case]
        load[person] += minutes[case, person]
        now[COST] += cost[case, person]
        members[person, counts[person]] = case
        place[case] = counts[person]
        counts[person] += 1
    for person in range(people):
        now[OVER] += max(0, load[person] - within[person])
    log = np.empty((64 * cases + 4096, 2), np.int32)
    return now, holder.copy(), holder.copy(), load, (members, counts, place), charge, log, np.zeros(people, np.bool_)


@compiled
def diced(now, sides):
    """A whole number from 0, below `sides`; the dice go on from their state."""
    x = np.uint64(now[DICE])
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    now[DICE] = np.int64(x)
    return np.int64((x >> np.uint64(11)) % np.uint64(sides))


@compiled
def _over(load, within):
    return load - within if load > within else np.int64(0)


@compiled
def _move(cost, minutes, within, state, case, to):
    """Gives the case to another and notes it; a best possible assignment is kept."""
    now, _, holder, load, lists, _, log, dirty = state
    members, counts, place = lists
    person = holder[case]
    now[OVER] -= _over(load[person], within[person]) + _over(load[to], within[to])
    load[person] -= minutes[case, person]
    load[to] += minutes[case, to]
    now[OVER] += _over(load[person], within[person]) + _over(load[to], within[to])
    now[COST] += cost[case, to] - cost[case, person]
    last = members[person, counts[person] - 1]
    members[person, place[case]] = last
    place[last] = place[case]
    counts[person] -= 1
    members[to, counts[to]] = case
    place[case] = counts[to]
    counts[to] += 1
    holder[case] = to
    dirty[person] = True
    dirty[to] = True
    log[now[LOGGED], 0] = case
    log[now[LOGGED], 1] = person
    now[LOGGED] += 1


@compiled
def _keep_if_best(state):
    now, best_holder, holder = state[0], state[1], state[2]
    if now[OVER] == 0 and now[COST] < now[BEST]:
        now[BEST] = now[COST]
        best_holder[:] = holder


@compiled
def _taken_back(cost, minutes, within, state):
    now, log, dirty = state[0], state[6], state[7]
    for at in range(now[LOGGED] - 1, -1, -1):
        _move(cost, minutes, within, state, log[at, 0], log[at, 1])
        now[LOGGED] = at
    dirty[:] = False


@compiled
def _shift_change(cost, minutes, within, load, charge, case, person, to):
    change = cost[case, to] - cost[case, person]
    change += charge[to] * (_over(load[to] + minutes[case, to], within[to]) - _over(load[to], within[to]))
    return change + charge[person] * (_over(load[person] - minutes[case, person], within[person]) - _over(load[person], within[person]))


@compiled
def _shaken(cost, minutes, within, near, state, moves):
    now, _, holder, load, _, charge, _, _ = state
    change = np.int64(0)
    for _ in range(moves):
        case = diced(now, len(holder))
        to = near[case, diced(now, near.shape[1])]
        if to < 0 or to == holder[case]:
            continue
        change += _shift_change(cost, minutes, within, load, charge, case, holder[case], to)
        _move(cost, minutes, within, state, case, to)
    return change


@compiled
def _descend(cost, minutes, within, fits, near, state):
    """What the descent changes of cost and charge together, at most 0; afterwards no shift or swap near by is better."""
    now, log, dirty = state[0], state[6], state[7]
    total = np.int64(0)
    again = True
    while again:
        again = False
        for person in range(len(within)):
            while dirty[person] and now[LOGGED] + 2 < len(log):
                dirty[person] = False
                change, case, to, other = _best_move(cost, minutes, within, fits, near, state, person)
                if change < 0:
                    total += change
                    giver = state[2][case]
                    _move(cost, minutes, within, state, case, to)
                    if other >= 0:
                        _move(cost, minutes, within, state, other, giver)
                    _keep_if_best(state)
                    again = True
    return total


@compiled
def _best_move(cost, minutes, within, fits, near, state, person):
    """(change, case, to, other): the best shift out of or into the person's cases, or swap with another's; other is -1 for a shift."""
    _, _, holder, load, lists, charge, _, _ = state
    members, counts, _ = lists
    best, best_case, best_to, best_other = np.int64(0), -1, -1, -1
    mine = load[person]
    held = charge[person] * _over(mine, within[person])
    for at in range(counts[person]):
        case = members[person, at]
        lighter = mine - minutes[case, person]
        without = charge[person] * _over(lighter, within[person]) - held - cost[case, person]
        for kth in range(near.shape[1]):
            to = near[case, kth]
            if to < 0:
                break
            if to == person:
                continue
            theirs = load[to] + minutes[case, to]
            gone = without + cost[case, to] - charge[to] * _over(load[to], within[to])
            change = gone + charge[to] * _over(theirs, within[to])
            if change < best:
                best, best_case, best_to, best_other = change, case, to, -1
            base = gone - (charge[person] * _over(lighter, within[person]))
            for place in range(counts[to]):
                other = members[to, place]
                if not fits[other, person]:
                    continue
                change = base + cost[other, person] - cost[other, to]
                if change >= best:
                    continue
                change += charge[to] * _over(theirs - minutes[other, to], within[to])
                change += charge[person] * _over(lighter + minutes[other, person], within[person])
                if change < best:
                    best, best_case, best_to, best_other = change, case, to, other
    for case in range(len(holder)):
        giver = holder[case]
        if giver != person and fits[case, person]:
            change = _shift_change(cost, minutes, within, load, charge, case, giver, person)
            if change < best:
                best, best_case, best_to, best_other = change, case, person, -1
    return best, best_case, best_to, best_other


@compiled
def _recharge(within, most, state):
    """Minutes over become dearer for whoever is over, fast while nothing possible was met; cheaper for all while nobody is."""
    now, load, charge = state[0], state[3], state[5]
    for person in range(len(within)):
        if now[OVER] == 0:
            charge[person] -= charge[person] // 16
        elif load[person] > within[person]:
            charge[person] = min(most, charge[person] + charge[person] // (8 if now[BEST] < 2**62 else 2) + 1)
