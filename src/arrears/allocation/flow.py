"""How many cases of each class go to whom at the least cost: a min-cost flow, and a bound from its dual that no division can beat.

class → whoever has or last had it (cost 0) | its hub (continuity, where somebody had it) → everybody in its set | nobody (very dear)
person and tier → person → end, by convex pieces: the dearer, the more of an even share somebody has already; agencies by their shares.

Source: Ahuja, Magnanti & Orlin, Network Flows (1993), chapters 9 (duality, optimality by potentials) and 14 (convex costs by pieces).
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.alike import HELD, KINDS, NEW, QUIET, TIERS, Classes
from arrears.compiled import compiled
from arrears.refusal import Refused

STEPS = np.array([part / 16 for part in range(1, 33)] + [2.5, 3, 4, 6])
"""Pieces end where somebody has this many even shares; within one the price of a case more stays the same, after the last it is that of 8 shares."""
_BEYOND = 8
_MONEY_MOST = 10**8
"""From a million of major units on, what is expected of a case makes its being left no dearer."""


@dataclass(frozen=True)
class Hands:
    """Of everybody, by name: capacity left, weight of their even share, whether they are open (others have no price of unevenness), agency, and what they have fixed."""

    room: np.ndarray
    weight: np.ndarray
    open: np.ndarray
    is_agency: np.ndarray
    fixed: np.ndarray
    """One row per person, one column per owner and tier: frozen cases."""


@dataclass(frozen=True)
class Division:
    """kept, given, left: of every class how many stay with (return to) its last holder, go to its hub, go to nobody.

    hub: of every class the place of its hub, −1 without; given_hub, given_to, given_count: how many of each hub go to whom. cost: of the whole; bound: no
    division costs less.
    """

    kept: np.ndarray
    given: np.ndarray
    left: np.ndarray
    hub: np.ndarray
    hub_tier: np.ndarray
    given_hub: np.ndarray
    given_to: np.ndarray
    given_count: np.ndarray
    cost: int
    bound: int


@dataclass(frozen=True)
class Prices:
    """continuity: of a case leaving who has or last had it; uneven: of a case more at an even share; share: of one beyond an agency's share; lost: of one that goes to nobody, by rank and tier."""

    continuity: int
    uneven: int
    share: int
    lost: np.ndarray


def prices_of(continuity: int, uneven: int, people: int, mean_money: np.ndarray) -> Prices:
    """The prices. Passing an agency's share costs more than any one case can save elsewhere; leaving a case more than giving it can cost along any chain of people."""
    continuity = max(1, continuity)
    share = continuity + 2 * _BEYOND * uneven + 1
    chain = 2 * (people + 1) * (continuity + share + 2 * _BEYOND * uneven) + 1
    step = chain + _MONEY_MOST
    money = np.minimum(mean_money, _MONEY_MOST)
    return Prices(continuity, uneven, share, np.stack([money + chain + rank * step for rank in (QUIET, NEW, HELD)]))


def even_shares(classes: Classes, hands: Hands) -> np.ndarray:
    """One row per person, one column per owner and tier: what they would have if each class were divided among those who can have it by weight; fixed cases beside."""
    shares = hands.fixed.astype(np.float64)
    shared = np.zeros((len(classes.sets), len(KINDS) * TIERS), np.int64)
    asked = classes.group >= 0
    np.add.at(shared, (classes.group[asked], classes.tier[asked]), classes.size[asked])
    weights = classes.sets * hands.weight
    total = weights.sum(axis=1)
    open_ = total > 0
    shares += (weights[open_] / total[open_, None]).T @ shared[open_]
    quiet = (classes.rank == QUIET) & (classes.last >= 0)
    np.add.at(shares, (classes.last[quiet], classes.tier[quiet]), classes.size[quiet])
    return shares


def quotas(count: int, weight: np.ndarray, room: np.ndarray) -> np.ndarray:
    """The count divided by weight in whole numbers within the room: the largest remainders get one more; what has no room goes to the others, by weight."""
    given = np.zeros(len(weight), np.int64)
    while count > given.sum() and ((room > given) & (weight > 0)).any():
        asked = (room > given) & (weight > 0)
        part = np.where(asked, weight, 0) * int(count - given.sum())
        whole, rest = np.divmod(part, int(weight[asked].sum()))
        more = int(count - given.sum() - whole.sum())
        whole[np.argsort(-rest, kind="stable")[:more]] += 1
        given = np.minimum(given + whole, room)
    return given


def pieces(even: float, most: int, held: int, uneven: int, quota: int | None, share: int) -> tuple[np.ndarray, np.ndarray]:
    """Widths and prices, never falling, of the pieces of a person's load beyond what they hold fixed; quota None where there is none."""
    even = max(even, 1.0)
    ends = np.unique(np.concatenate([np.ceil(STEPS * even).astype(np.int64), [held, held + most], [] if quota is None else [held + quota]]).astype(np.int64))
    ends = ends[(ends >= held) & (ends <= held + most)]
    begins = ends[:-1]
    ends = ends[1:]
    ratio = np.where(begins >= np.ceil(STEPS[-1] * even), _BEYOND, np.minimum((begins + ends) / 2 / even, _BEYOND))
    price = np.floor(uneven * ratio + 0.5).astype(np.int64)
    if quota is not None:
        price += np.where(begins >= held + quota, share, 0)
    return ends - begins, price


def divide(classes: Classes, hands: Hands, prices: Prices) -> Division:
    """The division of least cost, with its certificate. Raises Refused where the numbers pass what the solver can hold."""
    from ortools.graph.python import min_cost_flow

    network = _Network(classes, hands, prices)
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(network.tail, network.head, network.most, network.cost)
    solver.set_nodes_supplies(np.arange(len(network.supply)), network.supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise Refused(f"the cases could not be divided: the solver ended with {status.name}; amounts or numbers of cases pass what it can hold, check them",
                      f"案件无法分配：求解器以 {status.name} 结束；金额或案件数超出其范围，请检查")
    flow = solver.flows(arcs).astype(np.int64)
    cost = int(flow @ network.cost)
    potential = potentials(network.tail, network.head, network.cost, network.most, flow, len(network.supply))
    bound = bound_of(network, potential)
    return network.division(flow, cost, bound)


class _Network:
    """Nodes and arcs of the flow; kept, given and left arcs stand first, in the order of classes."""

    def __init__(self, classes: Classes, hands: Hands, prices: Prices):
        count, people = len(classes.size), len(hands.room)
        open_groups = (classes.group >= 0) & classes.sets.any(axis=1)[classes.group]
        keys = np.where(open_groups, classes.group * (len(KINDS) * TIERS) + classes.tier, -1)
        hubs, self.hub = np.unique(keys[open_groups], return_inverse=True)
        self.hub = self._spread(open_groups, self.hub.reshape(-1))
        group, self.hub_tier = np.divmod(hubs, len(KINDS) * TIERS)
        of_hub, to = np.nonzero(classes.sets[group]) if len(hubs) else (np.zeros(0, np.int64), np.zeros(0, np.int64))
        known = classes.last >= 0
        cell = np.concatenate([classes.last[known] * (len(KINDS) * TIERS) + classes.tier[known], to * (len(KINDS) * TIERS) + self.hub_tier[of_hub]])
        cells, at = np.unique(cell, return_inverse=True)
        at = at.reshape(-1)
        self.first_hub, self.first_cell = count, count + len(hubs)
        first_person = self.first_cell + len(cells)
        self.end = first_person + people
        sizes = np.zeros(len(hubs), np.int64)
        np.add.at(sizes, self.hub[open_groups], classes.size[open_groups])
        numbers = np.arange(count)
        self._arcs: list[tuple] = []
        self._add(numbers[known], self.first_cell + at[: known.sum()], classes.size[known], 0)
        self._add(numbers[open_groups], self.first_hub + self.hub[open_groups], classes.size[open_groups], np.where(known[open_groups], prices.continuity, 0))
        self._add(numbers, np.full(count, self.end), classes.size, prices.lost[classes.rank, classes.tier])
        self._add(self.first_hub + of_hub, self.first_cell + at[known.sum():], sizes[of_hub], 0)
        self.known, self.open_groups, self.of_hub, self.to = known, open_groups, of_hub, to
        self._pieces(classes, hands, prices, cells, first_person)
        self.tail, self.head, self.most, self.cost = (np.concatenate([each[place] for each in self._arcs]).astype(np.int64) for place in range(4))
        self.supply = np.zeros(self.end + 1, np.int64)
        self.supply[:count] = classes.size
        self.supply[self.end] = -classes.size.sum()

    @staticmethod
    def _spread(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        found = np.full(len(rows), -1, np.int64)
        found[rows] = values
        return found

    def _add(self, tail, head, most, cost) -> None:
        self._arcs.append((tail, head, most, np.broadcast_to(np.asarray(cost, np.int64), len(tail))))

    def _pieces(self, classes: Classes, hands: Hands, prices: Prices, cells: np.ndarray, first_person: int) -> None:
        """Arcs of each person and tier to the person, and of the person to the end."""
        even = even_shares(classes, hands)
        share = self._quotas(classes, hands)
        whose, tier = np.divmod(cells, len(KINDS) * TIERS)
        tails, heads, widths, costs = [], [], [], []

        def pieced(tail: int, head: int, even: float, held: int, place: int, quota: int | None) -> None:
            most = int(hands.room[place])
            width, price = pieces(even, most, held, prices.uneven, quota, prices.share) if hands.open[place] else (np.array([most]), np.array([0]))
            tails.append(np.full(len(width), tail))
            heads.append(np.full(len(width), head))
            widths.append(width)
            costs.append(price)

        for number, (place, one) in enumerate(zip(whose.tolist(), tier.tolist(), strict=True)):
            pieced(self.first_cell + number, first_person + place, even[place, one], int(hands.fixed[place, one]), place, None)
        for place in sorted(set(whose.tolist())):
            quota = int(share[place]) if hands.is_agency[place] else None
            pieced(first_person + place, self.end, even[place].sum(), int(hands.fixed[place].sum()), place, quota)
        if tails:
            self._arcs.append(tuple(np.concatenate(each) for each in (tails, heads, widths, costs)))

    def _quotas(self, classes: Classes, hands: Hands) -> np.ndarray:
        """Of every open agency its share of the cases that agencies can have, in whole cases."""
        agency = hands.is_agency & hands.open
        asked = (classes.group >= 0) & (classes.sets[:, agency].any(axis=1)[classes.group])
        asked |= (classes.last >= 0) & np.append(agency, False)[classes.last]
        return quotas(int(classes.size[asked].sum()), np.where(agency, hands.weight, 0), hands.room)

    def division(self, flow: np.ndarray, cost: int, bound: int) -> Division:
        ends = np.cumsum([len(each[0]) for each in self._arcs])
        kept = self._spread(self.known, flow[: ends[0]]).clip(0)
        given = self._spread(self.open_groups, flow[ends[0] : ends[1]]).clip(0)
        sent = flow[ends[2] : ends[3]]
        some = sent > 0
        return Division(kept, given, flow[ends[1] : ends[2]], self.hub, self.hub_tier, self.of_hub[some], self.to[some], sent[some], cost, bound)


@compiled
def potentials(tail, head, cost, most, flow, nodes):
    """Shortest ways in what is left of the network; with an optimal flow no arc that has room left costs less than the difference of its ends."""
    reached = np.zeros(nodes, np.int64)
    for _ in range(nodes):
        changed = False
        for arc in range(len(tail)):
            if flow[arc] < most[arc] and reached[tail[arc]] + cost[arc] < reached[head[arc]]:
                reached[head[arc]] = reached[tail[arc]] + cost[arc]
                changed = True
            if flow[arc] > 0 and reached[head[arc]] - cost[arc] < reached[tail[arc]]:
                reached[tail[arc]] = reached[head[arc]] - cost[arc]
                changed = True
        if not changed:
            break
    return reached


def bound_of(network, reached: np.ndarray) -> int:
    """The value of the dual at these potentials: no flow costs less, whatever the potentials are. Exact."""
    reduced = network.cost + reached[network.tail] - reached[network.head]
    pushed = int(np.dot(network.supply, -reached))
    return pushed + int(np.dot(network.most, np.minimum(reduced, 0)))
