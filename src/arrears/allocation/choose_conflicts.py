"""Which limits conflict, and by how much.

A limit that no choice can keep even alone is seen at once. For the others the limits are added one at a time, maxima first: how far can the new one be
driven, at most, within those before it? That is the same question as choosing (the value being what the limit counts), so its bound proves it when the answer
falls short, and its prices say which of the others stand in the way.
"""

from collections.abc import Callable

import numpy as np

from arrears.allocation.choose_exact import any_within
from arrears.allocation.choose_options import VALUE_MOST, Options, extremes, priced
from arrears.allocation.choose_repair import Within
from arrears.refusal import Refused

FINER = 1_000_000
"""What one unit of a limit is worth while it is driven, so that its price in thousandths is fine enough."""


def refuse_alone(names: tuple[str, ...], most: np.ndarray, least: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Raises Refused for the first limit that nothing can keep. low, high: int64 [L], the least and most that any choice counts."""
    for place, name in enumerate(names):
        up, down, can, must = int(most[place]), int(least[place]), int(high[place]), int(low[place])
        if down > up:
            raise Refused(f"limit {name}: it asks for at least {down:,} and at most {up:,}; that is {down - up:,} too much asked: lower the minimum or raise the maximum",
                          f"限额 {name}：最低 {down:,} 高于最高 {up:,}，相差 {down - up:,}；请降低下限或提高上限")
        if down > can:
            raise Refused(
                f"limit {name}: it asks for at least {down:,}, but with everyone who may be treated so only {can:,} can be counted, {down - can:,} too few: lower the minimum",
                f"限额 {name}：要求至少 {down:,}，但把依法可以这样处置的人全部算上也只有 {can:,}，还差 {down - can:,}；请降低下限")
        if must > up:
            raise Refused(
                f"limit {name}: it allows at most {up:,}, but entries without a lesser treatment count {must:,} already, {must - up:,} too many: "
                "raise the maximum, or allow them to be left alone",
                f"限额 {name}：最多允许 {up:,}，但没有更轻处置可选的条目已占 {must:,}，超出 {must - up:,}；请提高上限，或允许暂不打扰这些人")


def settled(options: Options, most: np.ndarray, least: np.ndarray, names: tuple[str, ...], order: np.ndarray, threads: int, solved: Callable) -> np.ndarray:
    """A choice within all limits, int16 [N]; raises Refused that names the limits in conflict and by how much, or says that none was found.

    most, least: no further apart than any choice can reach. solved: choose.solved; it is asked once for each side of a limit.
    """
    low, high, _ = extremes(options)
    up, down = high.copy(), low.copy()
    sides = [(place, True) for place in range(len(names)) if most[place] < high[place]] + [(place, False) for place in range(len(names)) if least[place] > low[place]]
    known = priced(options, np.zeros(len(names), np.int64), threads).choice
    for place, is_most in sides:
        wanted = int(most[place] if is_most else least[place])
        counted = options.usage[place][options.kind]
        factor = min(FINER, VALUE_MOST // max(1, int(counted.max(initial=0))))
        if factor == 0:
            raise _not_found(names, False)
        turned = Options(counted * (-factor if is_most else factor), options.allowed, options.kind, options.usage)
        best = solved(turned, up, down, extremes(turned), order, threads, known)
        used = int(best.used[place])
        reachable = -(best.bound_minor // factor) if is_most else best.bound_minor // factor
        if (reachable > wanted) if is_most else (reachable < wanted):
            others = np.flatnonzero(best.prices) if np.any(best.prices) else np.flatnonzero((up < high) | (down > low))
            raise _conflict(names[place], tuple(names[other] for other in others if other != place), wanted, reachable, is_most)
        (up if is_most else down)[place] = wanted
        known = best.choice if (used <= wanted if is_most else used >= wanted) else _any(options, up, down, names, order)
    return known


def _any(options: Options, up: np.ndarray, down: np.ndarray, names: tuple[str, ...], order: np.ndarray) -> np.ndarray:
    """For few entries: every choice looked at."""
    limits = Within(up, down, np.zeros(len(up), np.int64), np.zeros(len(up)))
    found = any_within(options, limits, np.zeros(options.entries, np.int16), order)
    if found.choice is None:
        raise _not_found(names, found.is_complete)
    return found.choice


def _conflict(name: str, others: tuple[str, ...], wanted: int, reachable: int, is_most: bool) -> Refused:
    en, zh = ", ".join(others), "、".join(others)
    who_en = f"limits {name} and {en} conflict: {name}" if others else f"limit {name}: it"
    who_zh = f"限额 {name} 与 {zh} 冲突：{name} " if others else f"限额 {name}："
    within_en, within_zh = ("the others", "其余限额") if others else ("its other side", "其另一侧限额")
    if is_most:
        return Refused(
            f"{who_en} allows at most {wanted:,}, but {within_en} cannot be kept with less than {reachable:,} of it, {reachable - wanted:,} too many: raise {name} or loosen {within_en}",
            f"{who_zh}最多允许 {wanted:,}，但要满足{within_zh}至少须用 {reachable:,}，超出 {reachable - wanted:,}；请提高 {name} 或放宽{within_zh}")
    return Refused(
        f"{who_en} asks for at least {wanted:,}, but within {within_en} at most {reachable:,} can be had, {wanted - reachable:,} too few: lower {name} or loosen {within_en}",
        f"{who_zh}要求至少 {wanted:,}，但在{within_zh}内最多只能达到 {reachable:,}，还差 {wanted - reachable:,}；请降低 {name} 或放宽{within_zh}")


def _not_found(names: tuple[str, ...], is_proven: bool) -> Refused:
    en, zh = ", ".join(names), "、".join(names)
    if is_proven:
        return Refused(f"limits {en}: no choice of whole treatments keeps them together (all were looked at): loosen one of them",
                       f"限额 {zh}：没有任何一种处置安排能同时满足（已逐一查验）；请放宽其中之一")
    return Refused(f"limits {en}: no choice that keeps them together was found, nor proven impossible: loosen one of them, a minimum first",
                   f"限额 {zh}：未找到能同时满足的处置安排，也未证明不可能；请放宽其中之一，先放宽下限")
