"""Plots of a page: estimates against outcomes, curves within the unit square, and two distributions over one axis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arrears.pages.amounts import rate
from arrears.pages.pictures import ACCENT, LINE, SOFT, WORSE, box, drawing, lettering, scale, short
from arrears.pages.wording import Pair

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 470, 350, 52, 28, 26, 46
OTHERS_FILL = "#8fa9bb"


@dataclass(frozen=True)
class Dot:
    """What was estimated and what was observed, with the ends of the observed rate's interval where there are any."""

    estimated: float
    observed: float
    low: float | None = None
    high: float | None = None


def against_diagonal(name: str, title: Pair, desc: Pair, dots: Sequence[Dot], x_name: Pair, y_name: Pair) -> str:
    """Dots with their intervals over the line on which observed equals estimated; both axes from 0 to the same end."""
    highest = max((value for dot in dots for value in (dot.estimated, dot.observed, dot.high or 0.0)), default=1.0)
    step, top = scale(min(1.0, highest))
    place = _axes(top)
    parts = _grid(place, step, top, step, top, x_name, y_name)
    start, end = place(0, 0), place(top, top)
    parts.append(f'<path d="M{short(start[0])} {short(start[1])}L{short(end[0])} {short(end[1])}" stroke="{SOFT}" stroke-dasharray="5 4"/>')
    for dot in dots:
        x, y = place(dot.estimated, dot.observed)
        if dot.low is not None and dot.high is not None:
            low, high = place(0, dot.low)[1], place(0, dot.high)[1]
            parts.append(f'<path d="M{short(x)} {short(low)}V{short(high)}M{short(x - 4)} {short(low)}h8M{short(x - 4)} {short(high)}h8" '
                         f'stroke="{ACCENT}" stroke-width="1.4"/>')
        parts.append(f'<circle cx="{short(x)}" cy="{short(y)}" r="4" fill="{ACCENT}"/>')
    return drawing(name, title, desc, _WIDTH, _HEIGHT, parts)


def curve(name: str, title: Pair, desc: Pair, points: Sequence[Sequence[float]], x_name: Pair, y_name: Pair) -> str:
    """A curve of (x, y) within the unit square, over the diagonal of a guess."""
    place = _axes(1.0)
    parts = _grid(place, 0.2, 1.0, 0.2, 1.0, x_name, y_name)
    start, end = place(0, 0), place(1, 1)
    parts.append(f'<path d="M{short(start[0])} {short(start[1])}L{short(end[0])} {short(end[1])}" stroke="{SOFT}" stroke-dasharray="5 4"/>')
    path = "L".join(f"{short(x)} {short(y)}" for x, y in (place(*point) for point in points))
    parts.append(f'<path d="M{path}" fill="none" stroke="{ACCENT}" stroke-width="2.2" stroke-linejoin="round"/>')
    return drawing(name, title, desc, _WIDTH, _HEIGHT, parts)


def two_distributions(name: str, title: Pair, desc: Pair, edges: Sequence[float], events: Sequence[int], others: Sequence[int],
                      x_name: Pair, y_name: Pair) -> str:
    """Side by side in each cell between two edges: the share of all events and the share of all others that lie there."""
    sides = [[rows / (sum(counts) or 1) for rows in counts] for counts in (events, others)]
    step, top = scale(max(max(side, default=0.0) for side in sides))
    low, span = edges[0], (edges[-1] - edges[0]) or 1.0
    place = _axes(1.0, top)
    parts = _grid(place, None, 1.0, step, top, x_name, y_name)
    ground = place(0, 0)[1]
    for number in range(len(edges) - 1):
        left, right = (place((edges[number + end] - low) / span, 0)[0] for end in (0, 1))
        for order, (side, fill) in enumerate(zip(sides, (WORSE, OTHERS_FILL), strict=True)):
            y = place(0, side[number])[1]
            if side[number] > 0:
                parts.append(box(left + 0.5 + order * (right - left) / 2, y, (right - left) / 2 - 0.5, ground - y, fill))
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = place(share, 0)[0]
        parts.append(lettering(x, ground + 17, rate(round(low + span * share, 4)), anchor="middle", size=11.5, fill=SOFT))
    return drawing(name, title, desc, _WIDTH, _HEIGHT, parts)


def _axes(x_top: float, y_top: float | None = None) -> Callable[[float, float], tuple[float, float]]:
    y_end = x_top if y_top is None else y_top

    def place(x: float, y: float) -> tuple[float, float]:
        return (_LEFT + (_WIDTH - _LEFT - _RIGHT) * x / x_top, _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - y / y_end))

    return place


def _grid(place, x_step: float | None, x_top: float, y_step: float, y_top: float, x_name: Pair, y_name: Pair) -> list[str]:
    """Lines and figures of both axes, and their names; the x axis bears no figures where x_step is None."""
    parts = []
    for mark in range(round(y_top / y_step) + 1):
        x, y = place(0, mark * y_step)
        parts.append(f'<path d="M{short(x)} {short(y)}H{_WIDTH - _RIGHT}" stroke="{SOFT if mark == 0 else LINE}"/>')
        parts.append(lettering(x - 6, y + 4, rate(round(mark * y_step, 6)), anchor="end", size=11.5, fill=SOFT))
    for mark in range(round(x_top / x_step) + 1 if x_step else 0):
        x, y = place(mark * x_step, 0)
        parts.append(f'<path d="M{short(x)} {short(y)}v4" stroke="{SOFT}"/>')
        parts.append(lettering(x, y + 17, rate(round(mark * x_step, 6)), anchor="middle", size=11.5, fill=SOFT))
    parts.append(lettering((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, x_name, anchor="middle", size=11.5, fill=SOFT))
    parts.append(lettering(2, 12, y_name, size=11.5, fill=SOFT))
    return parts
