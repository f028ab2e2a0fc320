"""What a case more costs: prices, even shares, agencies' quotas, and the convex pieces by which somebody's load gets dearer."""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.alike import HELD, KINDS, NEW, QUIET, TIERS, Classes

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
class Prices:
    """continuity: of a case leaving who has or last had it; uneven: of a case more at an even share; share: of one beyond an agency's share; lost: of one that goes to nobody, by rank and tier."""

    continuity: int
    uneven: int
    share: int
    lost: np.ndarray


def prices_of(continuity: int, uneven: int, people: int, mean_money: np.ndarray) -> Prices:
    """The prices. Passing an agency's share costs more than any one case can save elsewhere; leaving a case more than giving it can cost along any chain of people."""
    continuity, uneven = max(1, continuity), max(1, uneven)
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


def quotas_of(classes: Classes, hands: Hands) -> np.ndarray:
    """Of every open agency its share, in whole cases, of those that agencies can have; 0 for everybody else."""
    agency = hands.is_agency & hands.open
    asked = (classes.group >= 0) & (classes.sets[:, agency].any(axis=1)[classes.group])
    asked |= (classes.last >= 0) & np.append(agency, False)[classes.last]
    return quotas(int(classes.size[asked].sum()), np.where(agency, hands.weight, 0), hands.room)


def pieces(even: float, most: int, held: int, uneven: int, quota: int | None, share: int) -> tuple[np.ndarray, np.ndarray]:
    """Widths and prices, never falling, of the pieces of a person's load beyond what they hold fixed; quota None where there is none."""
    even = max(round(float(even), 6), 1.0)
    ends = np.unique(np.concatenate([np.ceil(STEPS * even).astype(np.int64), [held, held + most], [] if quota is None else [held + quota]]).astype(np.int64))
    ends = ends[(ends >= held) & (ends <= held + most)]
    begins = ends[:-1]
    ends = ends[1:]
    ratio = np.where(begins >= np.ceil(STEPS[-1] * even), _BEYOND, np.minimum((begins + ends) / 2 / even, _BEYOND))
    price = np.floor(uneven * ratio + 0.5).astype(np.int64)
    if quota is not None:
        price += np.where(begins >= held + quota, share, 0)
    return ends - begins, price
