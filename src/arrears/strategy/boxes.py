"""Conditions as boxes: each field is cut into finitely many cells within which no row of a table can tell two values apart.

A box permits of each field a set of its cells, as bits. What rows take and leave is then counted exactly, without trying values.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from arrears.money import PPM
from arrears.strategy.conditions import FIELDS, cell_of
from arrears.strategy.strategy import When
from arrears.tables.table import AMOUNT_MAX_MINOR

Box = tuple[int, ...]
"""Of each axis the cells that are permitted, as bits; none of them 0."""
OTHER, UNKNOWN = "*other", "*unknown"
"""The cells of values that no row names, and of a value that is not known."""
_FIRST_OF_ITS_FIELD = {"days_past_due": 1}


@dataclass(frozen=True)
class Axis:
    """A field and its cells: text values, OTHER, UNKNOWN, or of a number half-open ranges in order."""

    name: str
    cells: tuple

    @property
    def full(self) -> int:
        return (1 << len(self.cells)) - 1


class GaveUp(Exception):
    """More steps than were allowed."""


@dataclass
class Steps:
    """How many steps may still be taken."""

    left: int

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise GaveUp


def axes_of(whens: tuple[When, ...], known: dict[str, tuple[str, ...]]) -> tuple[Axis, ...]:
    """The axes of the fields that are named, in the order of FIELDS. known: the values of fields whose words are the book's or the strategy's own.

    A late loan is at least one day past due; amounts and counts are not negative; a share is at most the whole.
    """
    axes = []
    for name, field in FIELDS.items():
        asked = [cell for when in whens for other, cell in when if other == name]
        if not asked:
            continue
        if field.kind == "number":
            bottom, top = _FIRST_OF_ITS_FIELD.get(name, 0), (PPM if field.is_share else AMOUNT_MAX_MINOR) + 1
            cuts = sorted({bottom, top, *(edge for cell in asked for edge in cell if edge is not None and bottom < edge < top)})
            cells: tuple = tuple(zip(cuts, cuts[1:], strict=False))
        else:
            values = field.values or known.get(name)
            cells = values or (*dict.fromkeys(value for cell in asked for value in cell), OTHER)
        axes.append(Axis(name, (*cells, UNKNOWN) if field.may_be_null else cells))
    return tuple(axes)


def box_of(when: When, axes: tuple[Axis, ...]) -> Box | None:
    """What the conditions permit; None where that is nothing."""
    conditions, box = dict(when), []
    for axis in axes:
        permitted = axis.full if axis.name not in conditions else _permitted(axis, conditions[axis.name])
        if permitted == 0:
            return None
        box.append(permitted)
    return tuple(box)


def _permitted(axis: Axis, cell: tuple) -> int:
    if FIELDS[axis.name].kind == "text":
        return sum(1 << place for place, value in enumerate(axis.cells) if value in cell)
    low, high = cell
    return sum(1 << place for place, one in enumerate(axis.cells)
               if one != UNKNOWN and (low is None or low <= one[0]) and (high is None or one[1] <= high))


def meets(one: Box, other: Box) -> bool:
    """Some loan can be in both."""
    return all(left & right for left, right in zip(one, other, strict=True))


def within(inner: Box, outer: Box) -> bool:
    """Whatever is in the inner one is in the outer one too."""
    return all(left & ~right == 0 for left, right in zip(inner, outer, strict=True))


def minus(box: Box, taken: Box) -> Iterator[Box]:
    """What is left of the box, in disjoint boxes; they meet."""
    for place, (left, right) in enumerate(zip(box, taken, strict=True)):
        if left & ~right:
            yield *box[:place], left & ~right, *box[place + 1:]
        box = (*box[:place], left & right, *box[place + 1:])


def uncovered(box: Box, others: list[Box], steps: Steps) -> Iterator[Box]:
    """Disjoint boxes that together are what none of the others takes of this one. Raises GaveUp."""
    waiting = [(box, 0)]
    while waiting:
        left, begin = waiting.pop()
        for place in range(begin, len(others)):
            steps.take()
            if meets(left, others[place]):
                waiting.extend((piece, place + 1) for piece in minus(left, others[place]))
                break
        else:
            yield left


def widened(box: Box, others: list[Box], axes: tuple[Axis, ...]) -> Box:
    """The box made as wide as it can be, field by field, without meeting any of the others."""
    for place, axis in enumerate(axes):
        for bit in range(len(axis.cells)):
            wider = (*box[:place], box[place] | 1 << bit, *box[place + 1:])
            if not any(meets(wider, other) for other in others):
                box = wider
    return box


def size(box: Box) -> int:
    """The number of combinations of cells in it."""
    product = 1
    for permitted in box:
        product *= permitted.bit_count()
    return product


def words(box: Box, axes: tuple[Axis, ...]) -> tuple[str, str]:
    """What the box permits, in Chinese and English; fields of which it permits everything are left out."""
    told = [_axis_words(axis, permitted) for axis, permitted in zip(axes, box, strict=True) if permitted != axis.full]
    if not told:
        return "全部贷款", "every late loan"
    return "，".join(zh for zh, _ in told), ", ".join(en for _, en in told)


def _axis_words(axis: Axis, permitted: int) -> tuple[str, str]:
    field = FIELDS[axis.name]
    inside = [one for place, one in enumerate(axis.cells) if permitted >> place & 1]
    outside = [one for place, one in enumerate(axis.cells) if not permitted >> place & 1]
    ranges = spans([one for one in inside if isinstance(one, tuple)])
    if OTHER in inside and outside:
        return f"{field.zh}不是{_list_zh(outside)}", f"{field.name} not {_list_en(outside)}"
    values = [_edges(axis.name, one) for one in ranges] + [one for one in inside if not isinstance(one, tuple)]
    return f"{field.zh}{'' if ranges else '为'}{_list_zh(values)}", f"{field.name} {_list_en(values)}"


def spans(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers in as few ranges as can be; the ranges are in order."""
    joined: list[tuple[int, int]] = []
    for low, high in ranges:
        if joined and joined[-1][1] == low:
            joined[-1] = joined[-1][0], high
        else:
            joined.append((low, high))
    return joined


def _edges(name: str, span: tuple[int, int]) -> str:
    low, high = span
    is_top = high > (PPM if FIELDS[name].is_share else AMOUNT_MAX_MINOR)
    if is_top:
        return cell_of(name, (low, None))
    return cell_of(name, (None, high) if low == _FIRST_OF_ITS_FIELD.get(name, 0) else (low, high))


def _list_zh(values: list[str]) -> str:
    return "或".join({OTHER: "其他", UNKNOWN: "未知"}.get(value, value) for value in values)


def _list_en(values: list[str]) -> str:
    return " or ".join({OTHER: "any other", UNKNOWN: "unknown"}.get(value, value) for value in values)
