"""The shapes a strategy is drawn with: boxes that hold their lines, bands as wide as a number, tables. Lengths are the drawing's own units."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from arrears.pages.pictures import INK, LINE, SOFT, WASH, short
from arrears.pages.strategy_lettering import drawable, width_of, wrapped

PAPER, RIVER, JOIN = "#ffffff", "#a9c1d2", "#bccfdb"
OWNER_INKS = {"nobody": "#66727f", "bot": "#0f7f86", "collector": "#1d6285", "agency": "#a3590f", "visitor": "#7a4fa3", "legal": "#a8323e"}
OWNER_FILLS = {"nobody": "#f0f2f4", "bot": "#e4f3f3", "collector": "#e5eff5", "agency": "#faefe2", "visitor": "#f2ecf7", "legal": "#f9e9ea"}
_MONO = "ui-monospace, 'Cascadia Mono', Consolas, monospace"


@dataclass(frozen=True)
class Ink:
    """How lines of text are set."""

    size: float = 13
    fill: str = INK
    weight: str = "400"
    mono: bool = False

    @property
    def pitch(self) -> float:
        """From one base line to the next."""
        return round(self.size * 1.38, 1)


NAME, STRONG, BODY, SMALL, TINY = Ink(11.5, SOFT, mono=True), Ink(13.5, weight="600"), Ink(13), Ink(11.5, SOFT), Ink(11, SOFT)
HEADING, TITLE = Ink(17, weight="600"), Ink(24, weight="600")


@dataclass(frozen=True)
class Box:
    """A box that holds lines one under the other: (text, how it is set), wrapped to its width. `bar`: the colour of its left edge."""

    kind: str
    name: str
    texts: Sequence[tuple[str, Ink]]
    fill: str = PAPER
    edge: str = LINE
    bar: str | None = None
    dashed: bool = False
    pad: float = 9

    def lines(self, width: float) -> list[tuple[str, Ink]]:
        """The lines as they stand in a box of this width."""
        room = width - 2 * self.pad - (5 if self.bar else 0)
        return [(line, ink) for text, ink in self.texts if text for line in wrapped(text, room, ink.size, ink.weight, ink.mono)]

    def height(self, width: float) -> float:
        """The least height in which all lines have their place."""
        return round(sum(ink.pitch for _, ink in self.lines(width)) + 2 * self.pad, 1)

    def drawn(self, x: float, y: float, width: float, height: float | None = None, middle: bool = False) -> str:
        """The box at a place; `middle` sets the lines in the middle of its height."""
        least = self.height(width)
        height = least if height is None else height
        dash = ' stroke-dasharray="5 3"' if self.dashed else ""
        stroke = f' stroke="{self.edge}"{dash}' if self.edge else ""
        shape = (f'<rect x="{short(x)}" y="{short(y)}" width="{short(width)}" height="{short(height)}" rx="4" fill="{self.fill}"{stroke}/>')
        if self.bar:
            shape += f'<path d="M{short(x)} {short(y)}h5v{short(height)}h-5Z" fill="{self.bar}"/>'
        left, base = x + self.pad + (5 if self.bar else 0), y + self.pad + ((height - least) / 2 if middle else 0)
        letters = []
        for line, ink in self.lines(width):
            letters.append(lettered(left, base + ink.size * 1.02, line, ink))
            base += ink.pitch
        return f'<g data-kind="{self.kind}" data-name="{escape(drawable(self.name))}">{shape}{"".join(letters)}</g>'


def lettered(x: float, y: float, text: str, ink: Ink, anchor: str = "start") -> str:
    """One line of text at a place; y is of its base line."""
    style = f'x="{short(x)}" y="{short(y)}" font-size="{short(ink.size)}" fill="{ink.fill}"'
    style += f' font-weight="{ink.weight}"' if ink.weight != "400" else ""
    style += f' text-anchor="{anchor}"' if anchor != "start" else ""
    style += f' font-family="{_MONO}"' if ink.mono else ""
    return f"<text {style}>{escape(drawable(text))}</text>"


def down(x: float, y: float, length: float, wide: float) -> str:
    """An arrow down around the middle x, as wide as told."""
    head, half = min(9.0, length / 2), wide / 2
    return (f'<path d="M{short(x - half)} {short(y)}h{short(wide)}V{short(y + length - head)}h4.5L{short(x)} {short(y + length)}'
            f'L{short(x - half - 4.5)} {short(y + length - head)}h4.5Z" fill="{RIVER}"/>')


def across(x: float, y: float, length: float, wide: float) -> str:
    """An arrow to the right around the middle y, as wide as told."""
    head, half = 9.0, wide / 2
    return (f'<path d="M{short(x)} {short(y - half)}H{short(x + length - head)}v-4.5L{short(x + length)} {short(y)}'
            f'L{short(x + length - head)} {short(y + half + 4.5)}v-4.5H{short(x)}Z" fill="{JOIN}"/>')


def heading(text: str, y: float, width: float, note: str = "") -> tuple[list[str], float]:
    """The heading of a part over a line, with a note under it, and where the part begins."""
    parts = [f'<path d="M0 {short(y + 8)}H{short(width)}" stroke="{LINE}"/>']
    base = y + 34
    for line in wrapped(text, width, HEADING.size, HEADING.weight):
        parts.append(lettered(0, base, line, HEADING))
        base += HEADING.pitch
    for line in wrapped(note, width, SMALL.size) if note else []:
        parts.append(lettered(0, base - 2, line, SMALL))
        base += SMALL.pitch
    return parts, base - HEADING.pitch + 16


def cards(boxes: Sequence[Box], y: float, width: float, columns: int, gap: float = 14) -> tuple[list[str], float]:
    """Boxes side by side, those of one line equally high, and where they end."""
    wide = (width - gap * (columns - 1)) / columns
    parts = []
    for start in range(0, len(boxes), columns):
        line = boxes[start:start + columns]
        tall = max(box.height(wide) for box in line)
        parts += [box.drawn(number * (wide + gap), y, wide, tall) for number, box in enumerate(line)]
        y += tall + gap
    return parts, y - (gap if boxes else 0)


def grid(kind: str, columns: Sequence[tuple[str, float]], rows: Sequence[tuple[str, Sequence[str]]], y: float, first: Ink = NAME) -> tuple[list[str], float]:
    """A table of (header, width) columns and (name, cells) rows whose cells wrap, and where it ends; the first cell of a row is set as told."""
    parts, heads = [], [Box("head", text, [(text, SMALL)], fill=WASH, edge="", pad=6) for text, _ in columns]
    tall = max(box.height(width) for box, (_, width) in zip(heads, columns, strict=True))
    left = 0.0
    for box, (_, width) in zip(heads, columns, strict=True):
        parts.append(box.drawn(left, y, width, tall))
        left += width
    y += tall
    for name, cells in rows:
        boxes = [Box("cell", name, [(text, first if number == 0 else BODY)], edge="", pad=6) for number, text in enumerate(cells)]
        tall = max(box.height(width) for box, (_, width) in zip(boxes, columns, strict=True))
        left = 0.0
        cells_drawn = []
        for box, (_, width) in zip(boxes, columns, strict=True):
            cells_drawn.append(box.drawn(left, y, width, tall))
            left += width
        parts.append(f'<g data-kind="{kind}" data-name="{escape(drawable(name))}">{"".join(cells_drawn)}</g>')
        y += tall
        parts.append(f'<path d="M0 {short(y)}H{short(left)}" stroke="{LINE}"/>')
    return parts, y


def fits_in(text: str, width: float, ink: Ink) -> bool:
    """The text needs no more than this width on one line."""
    return width_of(text, ink.size, ink.weight, ink.mono) <= width


def svg(name: str, title: str, desc: str, lang: str, width: float, height: float, parts: Sequence[str]) -> str:
    """One drawing that stands alone: on white, with its own fonts, title and description. `name` and the language make its ids."""
    tag = f"{name}-{lang}"
    said = (escape(drawable(text)) for text in (title, desc))
    fonts = "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
    margin = 14
    whole = width + 2 * margin, height + 2 * margin
    return (f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{lang}" lang="{lang}" width="{short(whole[0])}" height="{short(whole[1])}" '
            f'viewBox="-{margin} -{margin} {short(whole[0])} {short(whole[1])}" role="img" aria-labelledby="{tag}-title {tag}-desc" font-family="{fonts}">'
            '<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>'.format(tag, *said)
            + f'<rect x="-{margin}" y="-{margin}" width="{short(whole[0])}" height="{short(whole[1])}" fill="{PAPER}"/>{"".join(parts)}</svg>')
