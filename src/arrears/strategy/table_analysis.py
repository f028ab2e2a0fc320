"""What a table of rows leaves out, takes twice, or never reaches: found exactly, over all combinations of cells, before any loan is decided.

A row that can never decide is a fault; everything else is a remark, for the first row that fits decides and `otherwise` takes what is left.
Fields count as independent of each other: of a combination that no loan can have (a bucket beside days past due outside it, a segment beside a product that
it excludes) a remark may speak all the same, and a row may be shadowed within what can occur without being told. A fault is never told in error.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from arrears.strategy.boxes import (
    Axis,
    Box,
    GaveUp,
    Steps,
    axes_of,
    box_of,
    meets,
    minus,
    size,
    spans,
    uncovered,
    widened,
    within,
    words,
)
from arrears.strategy.conditions import FIELDS, cell_of
from arrears.strategy.strategy import Strategy, When
from arrears.strict_yaml import BadYaml

FAULTS = ("shadowed", "impossible")
"""Kinds of findings for which a strategy is refused."""
STEPS_MOST = 300_000
"""How many comparisons of boxes one table is given, about a second; what was not decided by then is told as such."""
GAPS_MOST = 5
_PIECES_MOST = 500
_TRIED_MOST = 50


@dataclass(frozen=True)
class Entry:
    """A row of any table: its name, its conditions, and what follows, which is compared and never read."""

    name: str
    when: When
    follows: object


@dataclass(frozen=True)
class Finding:
    """One thing to know of a table (rows, segments or offers). rows: the names of those concerned, the one it is about first."""

    kind: str
    table: str
    rows: tuple[str, ...]
    zh: str
    en: str

    @property
    def is_fault(self) -> bool:
        return self.kind in FAULTS


def analyse(strategy: Strategy, buckets: tuple[str, ...]) -> tuple[Finding, ...]:
    """What there is to know of the strategy's rows, segments and offers, faults first within each. buckets: those a late loan may be in."""
    known = {"bucket": buckets, "segment": tuple(one.name for one in strategy.segments)}
    tables = {
        "rows": [Entry(row.name, row.when, (row.treatments, row.ladder)) for row in strategy.rows],
        "segments": [Entry(one.name, one.when, one.name) for one in strategy.segments],
        "offers": [Entry(one.name, one.when, (one.instalments_most, one.shift_days_most, one.waive_penalty_ppm, one.waive_interest_ppm)) for one in strategy.offers],
    }
    return tuple(finding for table, entries in tables.items() if entries for finding in analyse_table(table, tuple(entries), known))


def demand_reachable(findings: tuple[Finding, ...], name: str) -> None:
    """Raises BadYaml with the sentence of the first fault."""
    for finding in findings:
        if finding.is_fault:
            raise BadYaml(f"{name}, {finding.table}: {finding.en}")


def analyse_table(table: str, entries: tuple[Entry, ...], known: dict[str, tuple[str, ...]], steps_most: int = STEPS_MOST) -> list[Finding]:
    """The findings of one table whose last entry has no conditions. known: the values of text fields that are not the program's own."""
    axes = axes_of(tuple(entry.when for entry in entries), known)
    boxes = [box_of(entry.when, axes) for entry in entries[:-1]]
    steps = Steps(steps_most)
    never = list(_never_reached(table, entries, boxes, steps))
    dead = {finding.rows[0] for finding in never if finding.is_fault}
    # An overlap is told of rows that can decide something; what takes all of a row is told already.
    alive = [None if entry.name in dead else box for entry, box in zip(entries, boxes, strict=False)]
    found = [*never, *_overlaps(table, entries, alive), *_ranges(table, entries, alive, axes, steps), *_otherwise(table, entries, boxes, axes, steps)]
    return sorted(found, key=lambda finding: not finding.is_fault)


def _told(entries: tuple[Entry, ...], places: list[int], zh: bool) -> str:
    return ("、" if zh else ", ").join(f"{entries[place].name}（第{place + 1}行）" if zh else f"{entries[place].name} (row {place + 1})" for place in places)


def _finding(kind: str, table: str, entries: tuple[Entry, ...], places: list[int], zh: str, en: str) -> Finding:
    return Finding(kind, table, tuple(entries[place].name for place in places), zh, en)


def _never_reached(table: str, entries, boxes: list[Box | None], steps: Steps) -> Iterator[Finding]:
    """Rows that no value can fit, or all of which earlier rows take."""
    for place, box in enumerate(boxes):
        zh, en = _told(entries, [place], True), _told(entries, [place], False)
        if box is None:
            yield _finding("impossible", table, entries, [place], f"{zh}永远不会命中：没有任何取值满足其条件；请更正条件",
                           f"{en} can never fit: there is no value that meets its conditions; mend them")
            continue
        before = [earlier for earlier in range(place) if boxes[earlier] is not None and meets(boxes[earlier], box)]
        try:
            if next(uncovered(box, _largest_first([boxes[earlier] for earlier in before]), steps), None) is not None:
                continue
            by = _fewest(box, boxes, before, steps)
        except GaveUp:
            yield _finding("undecided", table, entries, [place], f"{zh}：组合过多，未能判定其是否被前面的行完全遮住",
                           f"{en}: too many combinations to say whether earlier rows take all of it")
            continue
        yield _finding("shadowed", table, entries, [place, *by], f"{zh}永远不会命中：其全部情形已先由{_told(entries, by, True)}决定；请上移、收窄前者或删除",
                       f"{en} can never decide: all of it is taken before by {_told(entries, by, False)}; move it up, narrow those, or delete it")


def _fewest(box: Box, boxes, before: list[int], steps: Steps) -> list[int]:
    """Of the rows that cover the box some of which none can be left out."""
    alone = next((place for place in before if within(box, boxes[place])), None)
    if alone is not None:
        return [alone]
    for place in list(before):
        fewer = [other for other in before if other != place]
        if next(uncovered(box, [boxes[other] for other in fewer], steps), None) is None:
            before = fewer
    return before


def _overlaps(table: str, entries, boxes) -> Iterator[Finding]:
    """For each row the earlier ones that take a part of it and lead elsewhere: usual, since the first decides, but worth a look."""
    for place, box in enumerate(boxes):
        before = [earlier for earlier in range(place) if box is not None and boxes[earlier] is not None and meets(boxes[earlier], box)
                  and entries[earlier].follows != entries[place].follows]
        if before:
            yield _finding("overlap", table, entries, [place, *before], f"{_told(entries, [place], True)}的一部分也符合{_told(entries, before, True)}，结果不同；以在前者为准",
                           f"part of {_told(entries, [place], False)} fits {_told(entries, before, False)} too, which {'leads' if len(before) == 1 else 'lead'} elsewhere; the first decides")


def _ranges(table: str, entries, boxes, axes: tuple[Axis, ...], steps: Steps) -> Iterator[Finding]:
    """Among rows that differ in the range of one field alone: what is missing between two neighbours, and where two overlap."""
    groups: dict[tuple, list[int]] = {}
    for place, entry in enumerate(entries[:-1]):
        for name, _ in entry.when:
            if FIELDS[name].kind == "number" and boxes[place] is not None:
                others = tuple(permitted for axis, permitted in zip(axes, boxes[place], strict=True) if axis.name != name)
                groups.setdefault((name, others), []).append(place)
    for (name, _), places in groups.items():
        axis = next(place for place, one in enumerate(axes) if one.name == name)
        lows = {place: _span(axes[axis], boxes[place][axis]) for place in places}
        rising = sorted(places, key=lambda place: (lows[place], place))
        for one, other in _pairs_that_overlap(rising, lows):
            zh, en = _cell_words(name, (lows[other][0], lows[one][1]))
            if entries[one].follows != entries[other].follows:
                places_told = sorted((one, other))
                yield _finding("ranges_overlap", table, entries, places_told, f"{_told(entries, places_told, True)}的{zh}重叠；以在前者为准",
                               f"{_told(entries, places_told, False)} overlap in {en}; the first decides")
        reached, last = lows[rising[0]][1], rising[0]
        for place in rising[1:]:
            if lows[place][0] > reached:
                yield _missing(table, entries, boxes, axes, axis, (last, place), (reached, lows[place][0]), steps)
            if lows[place][1] > reached:
                reached, last = lows[place][1], place


def _pairs_that_overlap(rising: list[int], spans_of: dict[int, tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Pairs of which neither holds the other: the first begins and ends first."""
    for at, one in enumerate(rising):
        for other in rising[at + 1:]:
            if spans_of[one][0] < spans_of[other][0] < spans_of[one][1] < spans_of[other][1]:
                yield one, other


def _span(axis: Axis, permitted: int) -> tuple[int, int]:
    return spans([cell for place, cell in enumerate(axis.cells) if permitted >> place & 1])[0]


def _cell_words(name: str, span: tuple[int, int]) -> tuple[str, str]:
    text = cell_of(name, span)
    return f"{FIELDS[name].zh} {text}", f"{name} {text}"


def _missing(table: str, entries, boxes, axes, axis: int, around: tuple[int, int], hole: tuple[int, int], steps: Steps) -> Finding:
    """What stands between two rows, and which rows take it instead."""
    cells = sum(1 << place for place, cell in enumerate(axes[axis].cells) if isinstance(cell, tuple) and hole[0] <= cell[0] and cell[1] <= hole[1])
    box = (*boxes[around[0]][:axis], cells, *boxes[around[0]][axis + 1:])
    takers = [place for place, other in enumerate(boxes) if other is not None and meets(box, other)]
    try:
        if next(uncovered(box, _largest_first([boxes[place] for place in takers]), steps), None) is not None:
            takers.append(len(entries) - 1)
    except GaveUp:
        takers.append(len(entries) - 1)
    zh, en = _cell_words(axes[axis].name, hole)
    places = sorted(around)
    return _finding("range_missing", table, entries, places, f"{_told(entries, places, True)}之间缺{zh}；该区间由{_told(entries, takers, True)}决定",
                    f"between {_told(entries, places, False)} {en} is missing; there {_told(entries, takers, False)} {'decides' if len(takers) == 1 else 'decide'}")


def _otherwise(table: str, entries, boxes, axes: tuple[Axis, ...], steps: Steps) -> Iterator[Finding]:
    """What no row but the last takes, widest first, or that there is nothing."""
    last = [len(entries) - 1]
    name = entries[-1].name
    shown, whole = gaps(boxes, axes, steps)
    if not shown:
        if whole:
            yield _finding("otherwise_unreached", table, entries, last, f"{name}永远不会用到：各行已覆盖全部情形", f"{name} is never reached: the rows take everything")
        else:
            yield _finding("undecided", table, entries, last, f"{name}：组合过多，未能判定是否有各行都不符合的情形",
                           f"{name}: too many combinations to say whether there is anything that no row takes")
        return
    for box in shown:
        zh, en = words(box, axes)
        yield _finding("gap", table, entries, last, f"只有{name}适用：{zh}", f"only {name} takes: {en}")
    if not whole:
        yield _finding("gap", table, entries, last, f"只有{name}适用的情形可能不止以上{len(shown)}种", f"there may be more that only {name} takes than what is named here ({len(shown)})")


def gaps(boxes: list[Box | None], axes: tuple[Axis, ...], steps: Steps) -> tuple[list[Box], bool]:
    """At most GAPS_MOST boxes, each as wide as can be, that no row takes; and whether they are all there is. They may overlap."""
    rows = _largest_first([box for box in boxes if box is not None])
    left: list[Box] = []
    whole = True
    try:
        for piece in islice(uncovered(tuple(axis.full for axis in axes), rows, steps), _PIECES_MOST + 1):
            left.append(piece)
    except GaveUp:
        whole = False
    whole = whole and len(left) <= _PIECES_MOST
    shown: list[Box] = []
    while left and len(shown) < GAPS_MOST:
        shown.append(max((widened(piece, rows, axes) for piece in left[:_TRIED_MOST]), key=lambda box: (size(box), box)))
        left = [rest for piece in left for rest in (minus(piece, shown[-1]) if meets(piece, shown[-1]) else [piece])]
    return shown, whole and not left


def _largest_first(boxes: list[Box]) -> list[Box]:
    return sorted(set(boxes), key=lambda box: (-size(box), box))
