"""Pictures of a page: inline SVG made of plain shapes, with a title, a description and text in both languages.

Lengths are in the picture's own units; the page scales it. Shares and rates are 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from arrears.pages.amounts import rate
from arrears.pages.markup import anchor, both
from arrears.pages.wording import Pair

INK, SOFT, LINE, WASH = "#17212f", "#505c6b", "#d9dfe6", "#f0f3f6"
SETTLED_FILL, NOT_LATE_FILL = "#b9c4ce", "#8cb5a3"
LATE_FILLS = ("#ecc478", "#e5a557", "#d98442", "#c5623a", "#a84535", "#87302f", "#5e1f2b")
WORSE, SAME, BETTER, CURED = "#b5422f", "#7b8794", "#7fb39b", "#2c7a5b"
ACCENT = "#1d6285"
_INKS = ("#1b5e8c", "#c2571a", "#2f7d4f", "#7a4fa3", "#a8323e", "#0f7f86", "#7d6608", "#4d5763")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_STEPS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)


@dataclass(frozen=True)
class Strip:
    """One bar: how long it is beside its neighbours (0 to 1), what stands at its end, and its colour."""

    length: float
    text: Pair
    fill: str


@dataclass(frozen=True)
class Cell:
    """One field of a matrix: its share of the row, what stands in it, and the colour it grows towards."""

    share: float
    text: str
    small: str
    fill: str


@dataclass(frozen=True)
class Line:
    """One line of a chart: (x, rate) points in order of x; a point without a rate interrupts it."""

    name: Pair
    points: Sequence[tuple[int, float | None]] = field(default_factory=tuple)


def bars(name: str, title: Pair, desc: Pair, rows: Sequence[tuple[Pair, Sequence[Strip]]], label_width: int = 60) -> str:
    """Lying bars, one row per label with one or more strips, each with its text at the end."""
    width, tall, gap = 490, 20, 10
    room = width - label_width - 184
    parts, y = [], 2
    for label, strips in rows:
        middle = y + len(strips) * tall / 2
        parts.append(lettering(label_width - 8, middle + 4.5, label, anchor="end", weight="600"))
        for strip in strips:
            long = max(1.5, room * min(1.0, strip.length)) if strip.length > 0 else 0
            parts.append(box(label_width, y + 1, long, tall - 3, strip.fill))
            parts.append(lettering(label_width + long + 7, y + 14, strip.text, size=12.5))
            y += tall
        y += gap
    parts.append(f'<path d="M{label_width} 0V{short(y - gap + 4)}" stroke="{SOFT}"/>')
    return drawing(name, title, desc, width, y - gap + 6, parts)


def stacked(name: str, title: Pair, desc: Pair, rows: Sequence[tuple[Pair, Sequence[tuple[float, str]]]]) -> str:
    """Lying bars of full length cut into shares, one row per label; shares of 7 % and more carry their figure."""
    width, left, tall, pitch = 470, 104, 24, 32
    parts = []
    for number, (label, shares) in enumerate(rows):
        y, x = number * pitch + 2, float(left)
        parts.append(lettering(left - 8, y + 16.5, label, anchor="end", weight="600", size=12.5))
        for value, fill in shares:
            long = (width - left) * value
            parts.append(box(x, y, long, tall, fill))
            if value >= 0.07:
                parts.append(lettering(x + long / 2, y + 16.5, f"{value:.0%}", anchor="middle", fill=_readable(fill), size=12.5))
            x += long
    return drawing(name, title, desc, width, len(rows) * pitch, parts)


def matrix(name: str, title: Pair, desc: Pair, columns: Sequence[Pair], rows: Sequence[tuple[Pair, str, Sequence[Cell | None]]],
           corner: Pair) -> str:
    """A heat matrix: one row per (label, small label, cells); a field is the darker the greater its share of the row."""
    left, top, tall = 66, 40, 38
    wide = max(44, min(90, (620 - left) // max(1, len(columns))))
    parts = [lettering(left - 8, 14, corner, anchor="end", size=11, fill=SOFT)]
    for number, column in enumerate(columns):
        parts.append(lettering(left + (number + 0.5) * wide, 30, column, anchor="middle", weight="600", size=12.5))
    for index, (label, small, cells) in enumerate(rows):
        y = top + index * tall
        parts.append(lettering(left - 8, y + 16, label, anchor="end", weight="600", size=12.5))
        parts.append(lettering(left - 8, y + 30, small, anchor="end", size=10.5, fill=SOFT))
        for number, cell in enumerate(cells):
            x = left + number * wide
            fill = _blend(cell.fill, 0.10 + 0.80 * cell.share ** 0.5) if cell else WASH
            parts.append(box(x + 1, y + 1, wide - 2, tall - 2, fill))
            if cell:
                ink = _readable(fill)
                parts.append(lettering(x + wide / 2, y + 17, cell.text, anchor="middle", fill=ink, weight="600", size=12))
                parts.append(lettering(x + wide / 2, y + 30, cell.small, anchor="middle", fill=ink, size=10.5))
    return drawing(name, title, desc, left + wide * len(columns), top + tall * len(rows), parts)


def lines(name: str, title: Pair, desc: Pair, series: Sequence[Line], ticks: Sequence[tuple[int, str]], x_name: Pair,
          width: int = 520) -> str:
    """Lines over a common x axis, y from zero; colour, dash and marker tell them apart (see `lines_key`)."""
    height, left, right, top, bottom = 270, 50, 26, 10, 44
    values = [value for line in series for _, value in line.points if value is not None]
    step, high = scale(max(values, default=0.0))
    xs = [x for x, _ in ticks] + [x for line in series for x, _ in line.points]
    low_x, high_x = min(xs), max(max(xs), min(xs) + 1)

    def place(x: int, value: float) -> tuple[float, float]:
        return (left + 8 + (width - left - right - 16) * (x - low_x) / (high_x - low_x),
                top + (height - top - bottom) * (1 - value / high))

    parts = []
    for mark in range(round(high / step) + 1):
        y = place(low_x, mark * step)[1]
        parts.append(f'<path d="M{left} {short(y)}H{width - right}" stroke="{SOFT if mark == 0 else LINE}"/>')
        parts.append(lettering(left - 6, y + 4, rate(round(mark * step, 6)), anchor="end", size=11.5, fill=SOFT))
    for x, label in ticks:
        at = place(x, 0)
        parts.append(f'<path d="M{short(at[0])} {short(at[1])}v4" stroke="{SOFT}"/>')
        parts.append(lettering(at[0], at[1] + 17, label, anchor="middle", size=11.5, fill=SOFT))
    parts.append(lettering((left + width - right) / 2, height - 6, x_name, anchor="middle", size=11.5, fill=SOFT))
    for number, line in enumerate(series):
        parts.append(_drawn(line, number, place))
    return drawing(name, title, desc, width, height, parts)


def lines_key(series: Sequence[Line]) -> str:
    """The key to a chart of lines: how each is drawn, in the order given."""
    items = []
    for number, line in enumerate(series):
        ink, dash = _style(number)
        sample = (f'<svg viewBox="0 0 26 12" aria-hidden="true"><path d="M0 6H26" stroke="{ink}" stroke-width="2.2"{dash}/>'
                  f"{_marker(13, 6, number)}</svg>")
        items.append(f"<li>{sample}{both(line.name)}</li>")
    return f'<ul class="key">{"".join(items)}</ul>'


def fills_key(entries: Sequence[tuple[Pair, str]]) -> str:
    """The key to coloured areas: (name, colour), in the order given."""
    items = "".join(f'<li><svg viewBox="0 0 26 12" aria-hidden="true"><path d="M0 0H26V12H0Z" fill="{fill}"/></svg>{both(text)}</li>'
                    for text, fill in entries)
    return f'<ul class="key">{items}</ul>'


def spaced(labels: Sequence[str], most: int = 8) -> list[tuple[int, str]]:
    """At most `most` ticks, evenly spread and counted back from the last label, as (position, label).

    >>> spaced(["a", "b", "c", "d", "e"], most=3)
    [(0, 'a'), (2, 'c'), (4, 'e')]
    """
    every = -(-len(labels) // most) if labels else 1
    last = len(labels) - 1
    return [(position, label) for position, label in enumerate(labels) if (last - position) % every == 0]


def _drawn(line: Line, number: int, place) -> str:
    """One line: a path broken where a rate is missing, and a marker on every point."""
    ink, dash = _style(number)
    path, dots, pen = [], [], "M"
    for x, value in line.points:
        if value is None:
            pen = "M"
            continue
        at_x, at_y = place(x, value)
        path.append(f"{pen}{short(at_x)} {short(at_y)}")
        dots.append(_marker(at_x, at_y, number))
        pen = "L"
    stroke = f'<path d="{"".join(path)}" fill="none" stroke="{ink}" stroke-width="2" stroke-linejoin="round"{dash}/>' if path else ""
    return stroke + "".join(dots)


def _style(number: int) -> tuple[str, str]:
    dash = _DASHES[number // 2 % len(_DASHES)]
    return _INKS[number % len(_INKS)], f' stroke-dasharray="{dash}"' if dash else ""


def _marker(x: float, y: float, number: int) -> str:
    ink, shape = _INKS[number % len(_INKS)], number % 3
    if shape == 0:
        return f'<circle cx="{short(x)}" cy="{short(y)}" r="3" fill="{ink}"/>'
    if shape == 1:
        return box(x - 2.8, y - 2.8, 5.6, 5.6, ink)
    return f'<path d="M{short(x)} {short(y - 3.8)}l3.8 6.8h-7.6Z" fill="{ink}"/>'


def scale(highest: float) -> tuple[float, float]:
    """The step between marks and the top of the axis: at most five steps, never an empty axis."""
    step = next((step for step in _STEPS if highest <= 5 * step), 0.25)
    marks = max(1, -int(-highest / step // 1))
    return step, step * marks


def drawing(name: str, title: Pair, desc: Pair, width: float, height: float, parts: Sequence[str]) -> str:
    """The drawing with its accessible name: both languages, for one drawing serves both."""
    name = anchor(name)
    said = " / ".join(dict.fromkeys(title)), " / ".join(dict.fromkeys(desc))
    return (f'<svg viewBox="0 0 {short(width)} {short(height)}" role="img" aria-labelledby="{name}-title {name}-desc">'
            f'<title id="{name}-title">{both(said[0])}</title><desc id="{name}-desc">{both(said[1])}</desc>{"".join(parts)}</svg>')


def lettering(x: float, y: float, text: Pair | str, *, anchor: str = "start", size: float = 13, weight: str = "400", fill: str = INK) -> str:
    """Text in both languages at a place; x and y are of its base line."""
    pair = text if isinstance(text, tuple) else (text, text)
    style = f'x="{short(x)}" y="{short(y)}" font-size="{short(size)}" fill="{fill}"'
    style += f' text-anchor="{anchor}"' if anchor != "start" else ""
    style += f' font-weight="{weight}"' if weight != "400" else ""
    if pair[0] == pair[1]:
        return f"<text {style}>{both(pair)}</text>"
    return f'<text {style} lang="zh">{both(pair[0])}</text><text {style} lang="en">{both(pair[1])}</text>'


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle by its upper left corner."""
    return f'<rect x="{short(x)}" y="{short(y)}" width="{short(width)}" height="{short(height)}" fill="{fill}"/>'


def short(value: float) -> str:
    """A length with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def _blend(fill: str, strength: float) -> str:
    """The colour at a strength of 0 (white) to 1 (itself)."""
    return "#" + "".join(f"{round(255 - (255 - channel) * strength):02x}" for channel in _channels(fill))


def _readable(fill: str) -> str:
    """Ink or white, whichever has the greater contrast on the colour (WCAG 2.2 relative luminance)."""
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _channels(fill)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.064 else INK


def _channels(fill: str) -> tuple[int, int, int]:
    return int(fill[1:3], 16), int(fill[3:5], 16), int(fill[5:7], 16)
