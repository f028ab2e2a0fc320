"""How many cases of each class go to whom at the least cost: a min-cost flow, and a bound from its dual that no division can beat.

class → whoever has or last had it (cost 0) | its hub (continuity, where somebody had it) → everybody in its set | nobody (very dear)
person and tier → person → end, by convex pieces: the dearer, the more of an even share somebody has already; agencies by their shares.

Source: Ahuja, Magnanti & Orlin, Network Flows (1993), chapters 9 (duality, optimality by potentials) and 14 (convex costs by pieces).
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.alike import KINDS, TIERS, Classes
from arrears.allocation.loads import Hands, Prices, even_shares, pieces, quotas_of
from arrears.compiled import compiled
from arrears.refusal import Refused


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
    given_hub: np.ndarray
    given_to: np.ndarray
    given_count: np.ndarray
    cost: int
    bound: int


@dataclass(frozen=True)
class Network:
    """Nodes and arcs. ends: where the arcs to last holders, to hubs, to nobody, and from hubs to people end, in this order; pieces follow.

    known: classes that somebody has or last had; hubbed: those that have a hub; of_hub, to: hub and person of the arcs from hubs to people.
    """

    tail: np.ndarray
    head: np.ndarray
    most: np.ndarray
    cost: np.ndarray
    supply: np.ndarray
    ends: np.ndarray
    known: np.ndarray
    hubbed: np.ndarray
    hub: np.ndarray
    of_hub: np.ndarray
    to: np.ndarray


def divide(classes: Classes, hands: Hands, prices: Prices) -> Division:
    """The division of least cost, with its certificate. Raises Refused where the numbers pass what the solver can hold."""
    from ortools.graph.python import min_cost_flow

    network = network_of(classes, hands, prices)
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
    ends, some = network.ends, flow[network.ends[2] : network.ends[3]] > 0
    return Division(
        _spread(network.known, flow[: ends[0]], 0), _spread(network.hubbed, flow[ends[0] : ends[1]], 0), flow[ends[1] : ends[2]], network.hub,
        network.of_hub[some], network.to[some], flow[ends[2] : ends[3]][some], cost, bound)


def network_of(classes: Classes, hands: Hands, prices: Prices) -> Network:
    """The network: its size depends on how many different sets of people, tiers and holders there are, not on how many cases."""
    count, columns = len(classes.size), len(KINDS) * TIERS
    known = classes.last >= 0
    hubbed = (classes.group >= 0) & classes.sets.any(axis=1)[classes.group]
    hubs, numbers = np.unique(classes.group[hubbed] * columns + classes.tier[hubbed], return_inverse=True)
    hub = _spread(hubbed, numbers.reshape(-1), -1)
    group, hub_tier = np.divmod(hubs, columns)
    of_hub, to = np.nonzero(classes.sets[group])
    cells, at = np.unique(np.concatenate([classes.last[known] * columns + classes.tier[known], to * columns + hub_tier[of_hub]]), return_inverse=True)
    at = at.reshape(-1)
    first_cell = count + len(hubs)
    first_person = first_cell + len(cells)
    end = first_person + len(hands.room)
    sizes = np.bincount(hub[hubbed], classes.size[hubbed], minlength=len(hubs)).astype(np.int64)
    every, having = np.arange(count), int(known.sum())
    arcs = [
        (every[known], first_cell + at[:having], classes.size[known], np.zeros(having, np.int64)),
        (every[hubbed], count + hub[hubbed], classes.size[hubbed], np.where(known[hubbed], prices.continuity, 0)),
        (every, np.full(count, end), classes.size, prices.lost[classes.rank, classes.tier]),
        (count + of_hub, first_cell + at[having:], sizes[of_hub], np.zeros(len(of_hub), np.int64)),
        *_pieces(classes, hands, prices, cells, first_cell, first_person, end),
    ]
    tail, head, most, cost = (np.concatenate([each[place] for each in arcs]).astype(np.int64) for place in range(4))
    supply = np.zeros(end + 1, np.int64)
    supply[:count] = classes.size
    supply[end] = -classes.size.sum()
    return Network(tail, head, most, cost, supply, np.cumsum([len(each[0]) for each in arcs[:4]]), known, hubbed, hub, of_hub, to)


def _spread(rows: np.ndarray, values: np.ndarray, otherwise: int) -> np.ndarray:
    found = np.full(len(rows), otherwise, np.int64)
    found[rows] = values
    return found


def _pieces(classes: Classes, hands: Hands, prices: Prices, cells: np.ndarray, first_cell: int, first_person: int, end: int) -> list[tuple]:
    """Arcs of each person and tier to the person, and of each person to the end."""
    even, quota = even_shares(classes, hands), quotas_of(classes, hands)
    whose, tier = np.divmod(cells, len(KINDS) * TIERS)
    arcs = []
    for number, (place, one) in enumerate(zip(whose.tolist(), tier.tolist(), strict=True)):
        arcs.append((first_cell + number, first_person + place, *_of_load(hands, prices, place, even[place, one], int(hands.fixed[place, one]), None)))
    for place in sorted(set(whose.tolist())):
        most = int(quota[place]) if hands.is_agency[place] else None
        arcs.append((first_person + place, end, *_of_load(hands, prices, place, even[place].sum(), int(hands.fixed[place].sum()), most)))
    return [(np.full(len(width), tail), np.full(len(width), head), width, price) for tail, head, width, price in arcs]


def _of_load(hands: Hands, prices: Prices, place: int, even: float, fixed: int, quota: int | None) -> tuple[np.ndarray, np.ndarray]:
    room = int(hands.room[place])
    return pieces(even, room, fixed, prices.uneven, quota, prices.share) if hands.open[place] else (np.array([room]), np.array([0]))


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


def bound_of(network: Network, reached: np.ndarray) -> int:
    """The value of the dual at these potentials: no flow costs less, whatever the potentials are. Exact."""
    reduced = network.cost + reached[network.tail] - reached[network.head]
    pushed = int(np.dot(network.supply, -reached))
    return pushed + int(np.dot(network.most, np.minimum(reduced, 0)))
