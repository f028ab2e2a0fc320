"""Which case of a class goes where: the flow says how many, the larger stay and are given first, each to whoever's load is lightest."""

import numpy as np

from arrears.allocation.alike import Classes
from arrears.allocation.flow import Division
from arrears.compiled import compiled


def dealt(classes: Classes, division: Division, money: np.ndarray, difficulty: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of every case the place of who has it, −1 for nobody. Cases must stand in order of borrower_id, which decides among equals.

    Of a class the largest are kept, the next given, the smallest left; a hub's are given one by one, the largest first, to whoever among those with
    room in it has the least money and difficulty for their weight.
    """
    order = np.lexsort((-difficulty, -money, classes.of_case))
    starts = np.concatenate([[0], np.cumsum(classes.size)])[:-1]
    within = np.arange(len(order)) - np.repeat(starts, classes.size)
    of_class = classes.of_case[order]
    kept = within < division.kept[of_class]
    moved = ~kept & (within < (division.kept + division.given)[of_class])
    to = np.full(len(order), -1, np.int64)
    to[order[kept]] = classes.last[of_class[kept]]
    rows = order[moved]
    if not len(rows):
        return to
    hub = division.hub[classes.of_case[rows]]
    turn = np.lexsort((rows, -difficulty[rows], -money[rows], hub))
    rows, hub = rows[turn], hub[turn]
    hubs, first = np.unique(hub, return_index=True)
    by_money = np.argsort(-money[rows[first]], kind="stable")
    firsts, lasts = np.append(first, len(rows))[by_money], np.append(first, len(rows))[1:][by_money]
    given = np.lexsort((division.given_to, division.given_hub))
    given_hub = division.given_hub[given]
    begin, end = np.searchsorted(given_hub, hubs[by_money]), np.searchsorted(given_hub, hubs[by_money], side="right")
    load = np.zeros(len(weight))
    settled = to >= 0
    whole = np.stack([money / max(1, int(money.sum())), difficulty / max(difficulty.sum(), 1e-9)]).sum(axis=0)
    np.add.at(load, to[settled], whole[settled])
    _deal(rows, firsts, lasts, begin, end, division.given_to[given], division.given_count[given].copy(), whole, np.maximum(weight, 1).astype(np.float64), load, to)
    return to


@compiled
def _deal(rows, firsts, lasts, begin, end, given_to, room, whole, weight, load, to):
    for hub in range(len(firsts)):
        for place in range(firsts[hub], lasts[hub]):
            row = rows[place]
            best, least = -1, np.inf
            for option in range(begin[hub], end[hub]):
                if room[option] > 0:
                    would = (load[given_to[option]] + whole[row]) / weight[given_to[option]]
                    if would < least:
                        best, least = option, would
            room[best] -= 1
            to[row] = given_to[best]
            load[given_to[best]] += whole[row]
