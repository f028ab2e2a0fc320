"""Cases given to people within their minutes, where a case takes each person another time: the generalised assignment.

Used where one team is shared out anew by minutes, and for the day's work of visitors. How it is found: docs/algorithms/by_minutes.md.
"""

from dataclasses import dataclass

import numpy as np

from arrears.allocation.by_minutes_bound import priced
from arrears.allocation.by_minutes_dive import dived
from arrears.allocation.by_minutes_lack import refuse_lacking, refuse_misfits
from arrears.allocation.by_minutes_search import COUNTS, DICE, diced, searched
from arrears.refusal import Refused

NOT_PERMITTED = np.iinfo(np.int64).max
"""The cost of a case with somebody who must not have it."""
EFFORT = 60
UNIT_MOST = 1024
"""Prices are whole numbers of this part of a unit of cost; a smaller part where the figures are large."""
PRICE_ROUNDS = 1000
TRIES_FIRST, TRIES = 500, 200
NEAR = 4
"""So many persons are thought of first for a case, the cheapest at the prices of minutes."""
ANEW_EVERY = 8
"""Every so many rounds everything is shared out from the start; in the others a few persons' cases are."""
COST_MOST, MINUTES_MOST = 2**60, 2**32
"""Larger costs, or minutes in all, are refused."""
TOGETHER_MOST = 8
"""So many persons at most share their cases out anew among themselves."""


@dataclass(frozen=True)
class GivenByMinutes:
    """Every case is with one person who may have it, and nobody's minutes are exceeded.

    holder: Int32, one per case, the person's row. cost: the sum of the costs of what was given. bound: no assignment costs less, proven; where it
    equals cost, none is cheaper. rounds: of the effort, how many were used.
    """

    holder: np.ndarray
    cost: int
    bound: int
    rounds: int


@dataclass(frozen=True)
class _Question:
    """cost, minutes, fits by person, and the same by case; cost above the cheapest of its case, times unit; likeliest persons of each case."""

    by_person: tuple[np.ndarray, np.ndarray, np.ndarray]
    by_case: tuple[np.ndarray, np.ndarray, np.ndarray]
    within: np.ndarray
    unit: int
    most: int
    """What a minute over is charged at most."""


def assign_by_minutes(cost: np.ndarray, minutes: np.ndarray, within: np.ndarray, effort: int = EFFORT) -> GivenByMinutes:
    """The cheapest assignment found that keeps to everybody's minutes, and a proven bound below which there is none.

    cost, minutes: Int64[A, J], one row per person, one column per case; NOT_PERMITTED in cost forbids a pair; costs may be negative (a gain).
    within: Int64[A], each person's minutes. effort: rounds of search at most; they end where the bound is reached. Same arguments, same result, on any
    number of threads. Raises Refused where a case fits nobody, where minutes are lacking (proven), where nothing was found (not proven),
    and where figures are negative or too large to be counted exactly.
    """
    cost, minutes, within = (np.ascontiguousarray(each, np.int64) for each in (cost, minutes, within))
    if cost.ndim != 2 or cost.shape != minutes.shape or within.shape != cost.shape[:1]:
        raise ValueError(f"cost {cost.shape} and minutes {minutes.shape} have one row per person and one column per case, within {within.shape} one per person")
    if (minutes < 0).any() or (within < 0).any():
        raise Refused("minutes must not be negative; mend the minutes of the cases and of the people", "分钟数不得为负；请改正案件和人员的分钟数")
    permitted = cost != NOT_PERMITTED
    refuse_misfits(permitted, minutes, within)
    if cost.shape[1] == 0:
        return GivenByMinutes(np.empty(0, np.int32), 0, 0, 0)
    fits = permitted & (minutes <= within[:, None])
    cheapest = np.where(fits, cost, NOT_PERMITTED).min(axis=0)
    question = _asked(cost, cheapest, minutes, within, fits)
    refuse_lacking(permitted, minutes, within, fits)
    holder, found, bound, rounds = _found(question, effort)
    return GivenByMinutes(holder, _whole(cheapest) + found // question.unit, _whole(cheapest) - (-bound // question.unit), rounds)


def _whole(numbers: np.ndarray) -> int:
    return sum(int(each) for each in numbers)


def _asked(cost: np.ndarray, cheapest: np.ndarray, minutes: np.ndarray, within: np.ndarray, fits: np.ndarray) -> _Question:
    """The question in exact numbers; raises where they are too large for them."""
    # A case and person that do not fit are never looked at; their figures are made harmless.
    largest = max(int(cost[fits].max()), -int(cost[fits].min()))
    above = np.where(fits, np.where(fits, cost, 0) - cheapest, 0) if largest < COST_MOST else np.where(fits, cost, 0)
    spread = int(above.max()) + 1
    total = _whole(np.where(fits, minutes, 0).max(axis=0)) + cost.shape[1] + cost.shape[0]
    unit = UNIT_MOST
    while unit and (16 * spread * unit * total >= 2**62 or total > MINUTES_MOST):
        unit //= 2
    if not unit or largest >= COST_MOST:
        raise Refused(
            f"costs up to {largest} that differ by up to {spread - 1} for one case, and {total} minutes in all, are too large to be counted exactly; use a larger unit of cost",
            f"费用最大 {largest}、同一案件费用相差最大 {spread - 1}、共 {total} 分钟，数值过大，无法精确计算；请改用更大的费用单位")
    above *= unit
    taken = np.where(fits, minutes, 0)
    by_case = tuple(np.ascontiguousarray(each.T) for each in (above, taken, fits))
    return _Question((above, taken, fits), by_case, np.minimum(within, total), unit, 4 * spread * unit)


def _near(question: _Question, worth: np.ndarray) -> np.ndarray:
    """Int32[J, K]: the persons to think of first for each case, the cheapest at these prices of minutes, -1 where there are no more."""
    cost, minutes, fits = question.by_case
    at = np.where(fits, cost + minutes * worth, np.inf)
    order = np.argsort(at, axis=1, kind="stable")[:, :NEAR]
    return np.where(np.take_along_axis(fits, order, axis=1), order, -1).astype(np.int32)


def _found(question: _Question, effort: int) -> tuple[np.ndarray, int, int, int]:
    """(holder, cost, bound, rounds), cost and bound in parts of the unit; raises where no assignment is found."""
    cost, minutes, fits = question.by_person
    now = np.zeros(COUNTS, np.int64)
    now[DICE] = 88172645463325252
    worth = np.full(len(question.within), 1.0 + cost.sum() / (1 + minutes.sum()))
    near = _near(question, worth)
    holder, found, over = _searched(question, near, near[:, 0], worth, 0, TRIES_FIRST, now)
    bound, prices, worth = priced(cost, minutes, question.within, fits, found + int(over * worth.max()), over == 0, PRICE_ROUNDS)
    bound = max(bound, 0)
    near = _near(question, worth)
    target = -(-bound // question.unit) * question.unit
    rounds = 0
    while rounds < effort and (over or found > target):
        tried = _shared_anew(question, holder, found, over, rounds, prices, now)
        rounds += 1
        if tried is None:
            continue
        tried, cheaper, beyond = _searched(question, near, np.where(tried < 0, near[:, 0], tried), worth, target, TRIES, now)
        if (beyond, cheaper) <= (over, found):
            holder, found, over = tried, cheaper, beyond
    if over:
        raise Refused(
            f"no way was found to give the {len(holder)} cases within the minutes; the best one exceeds them by {over}. That none exists is not proven: "
            "try more effort, or add minutes",
            f"未找到在分钟数内分配 {len(holder)} 件案件的办法；最好的一种超出 {over} 分钟。这并不证明不存在：可增加搜索轮数，或增加时间")
    return holder, found, bound, rounds


def _searched(question: _Question, near, holder, worth, target: int, tries: int, now) -> tuple[np.ndarray, int, int]:
    charge = np.minimum((worth * 1.5).astype(np.int64) + 1, question.most)
    diced(now, 2)
    holder, found, over, _ = searched(*question.by_case[:2], question.within, question.by_case[2], near, holder.astype(np.int32), charge, question.most, target, tries, now[DICE])
    return holder, int(found), int(over)


def _shared_anew(question: _Question, holder: np.ndarray, found: int, over: int, rounds: int, prices: np.ndarray, now: np.ndarray) -> np.ndarray | None:
    """The holders after all cases, or those of a few persons drawn by dice, were shared out anew; None where that cannot be cheaper."""
    cost, minutes, fits = question.by_person
    everybody = len(cost)
    people = np.arange(everybody)
    if rounds % ANEW_EVERY and everybody > 2:
        for at in range(everybody - 1, 0, -1):
            other = diced(now, at + 1)
            people[at], people[other] = people[other], people[at]
        people = np.sort(people[: min(everybody, 3 + diced(now, min(everybody, TOGETHER_MOST) - 2))])
    free = np.flatnonzero(np.isin(holder, people))
    kept = np.flatnonzero(~np.isin(holder, people))
    room = question.within - np.bincount(holder[kept], minutes[holder[kept], kept], everybody).astype(np.int64)
    anew = holder.copy()
    anew[free] = -1
    # Beaten only by a whole unit of cost; while minutes are exceeded, anything within them will do.
    spent = int(cost[holder[free], free].sum())
    known = spent - question.unit + 1 if not over else 2 * spent + question.most
    if not len(free) or dived(cost, minutes, fits, people, free, room, prices.copy(), anew, known, not over, now) < 0:
        return None
    return anew
