"""The flow of a strategy as a drawing: late loans come in at the top, fall through the rows, and each row is joined to what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arrears.pages.amounts import count
from arrears.pages.pictures import INK, SOFT, WASH, short
from arrears.pages.strategy_shapes import (
    BODY,
    NAME,
    OWNER_FILLS,
    OWNER_INKS,
    SMALL,
    STRONG,
    TINY,
    Box,
    Ink,
    across,
    cards,
    down,
    lettered,
)
from arrears.pages.strategy_wording import said
from arrears.pages.strategy_words import conditions_in_words, ladder_steps, marks_of, row_in_words, value_in_words
from arrears.strategy.strategy import Row, Strategy, Treatment

WIDTH = 1120
_ROW_WIDE, _JOIN_WIDE, _BODY_AT, _GAP, _RIVER_AT = 500, 112, 44, 30, 120
_AFTER_WIDE = WIDTH - _ROW_WIDE - _JOIN_WIDE
_MOST_WIDE, _THIN = 44, 2.0
_GREEN = "#2c7a5b"


@dataclass(frozen=True)
class Placed:
    """A box at its place."""

    box: Box
    x: float
    y: float
    width: float
    height: float

    def drawn(self, x: float, y: float) -> str:
        return self.box.drawn(x + self.x, y + self.y, self.width, self.height)


def groups(strategy: Strategy, lang: str, y: float) -> tuple[list[str], float]:
    """The groups in order, and where they end."""
    if not strategy.segments:
        return [], y
    boxes = []
    for place, segment in enumerate(strategy.segments, start=1):
        who = conditions_in_words(segment.when, lang, strategy) if segment.when else said("everybody_else", lang)
        boxes.append(Box("segment", segment.name, [(f"{place} · {segment.name}", NAME), (getattr(segment, lang), STRONG), (who, BODY)]))
    drawn = [lettered(0, y + 12, said("segments", lang), SMALL)]
    parts, end = cards(boxes, y + 22, WIDTH, 3)
    return drawn + parts, end


def flow(strategy: Strategy, lang: str, y: float, loans: Mapping[str, int] | None) -> tuple[list[str], float]:
    """The rows as a column of boxes, each with what follows beside it, and where they end. With loans by row, the joins are as wide as the number."""
    total = None if loans is None else sum(loans.get(row.name, 0) for row in strategy.rows)
    texts = [(said("late", lang), STRONG)] + ([] if total is None else [(said("loans", lang, n=count(total)), BODY)])
    enter = Box("entrance", "", texts, fill=WASH, edge=SOFT)
    parts, tall = [enter.drawn(0, y, 240)], enter.height(240)
    y, left = y + tall, total
    for place, row in enumerate(strategy.rows, start=1):
        parts += _step_down(y, "" if place == 1 else said("else", lang), left, total, lang)
        y += _GAP
        box, after = _row_box(row, strategy, lang, place), _follows(row, strategy, lang)
        after_tall = after[0].height
        tall = max(box.height(_ROW_WIDE - _BODY_AT), after_tall, 52)
        parts.append(_row_drawn(box, row, place, y, tall))
        taken = None if loans is None else loans.get(row.name, 0)
        parts += _joined(y + tall / 2, taken, total, lang)
        parts += [placed.drawn(_ROW_WIDE + _JOIN_WIDE, y + (tall - after_tall) / 2) for placed in after]
        y, left = y + tall, None if left is None else left - taken
    return parts, y


def chip(treatment: Treatment, lang: str) -> Box:
    """A treatment in small: its words, its name, who does it and by which channel."""
    by = f"{value_in_words('owner', treatment.owner, lang)} · {value_in_words('channel', treatment.channel or 'none', lang)}"
    return Box("chip", treatment.name, [(getattr(treatment, lang), STRONG), (treatment.name, NAME), (by, TINY)], fill=OWNER_FILLS[treatment.owner],
               edge=OWNER_INKS[treatment.owner], bar=OWNER_INKS[treatment.owner], pad=6)


def _follows(row: Row, strategy: Strategy, lang: str) -> list[Placed]:
    """What follows a row, laid out from (0, 0): one chip; a frame around several among which limits choose; a frame around a ladder's steps."""
    by_name = {treatment.name: treatment for treatment in strategy.treatments}
    if row.ladder is not None:
        ladder = next(ladder for ladder in strategy.ladders if ladder.name == row.ladder)
        head = [(said("ladder", lang, name=getattr(ladder, lang)), STRONG), (ladder.name, NAME)]
        steps = zip(ladder.steps, ladder_steps(ladder, strategy, lang), strict=True)
        return _framed(row, head, [_step(by_name[name], days, words) for (_, name), (days, words) in steps], columns=1, shift=16)
    chips = [chip(by_name[name], lang) for name in row.treatments]
    if len(chips) > 1:
        return _framed(row, [(said("limits_choose", lang), SMALL)], chips, columns=2 if len(chips) in (2, 4) else 3, shift=0)
    return [Placed(box, 0, 0, _AFTER_WIDE, box.height(_AFTER_WIDE)) for box in chips]


def _framed(row: Row, head: Sequence[tuple[str, Ink]], boxes: Sequence[Box], columns: int, shift: float) -> list[Placed]:
    """The frame first, then the boxes within it in lines of so many; each line begins further to the right by the shift, but never beyond two fifths."""
    pad, gap = 8, 6
    frame = Box("follows", row.name, head, fill="#fbfcfd", edge=SOFT, dashed=True, pad=pad)
    inner, y, placed = _AFTER_WIDE - 2 * pad, frame.height(_AFTER_WIDE) - 2, []
    shift = min(shift, inner * 0.4 / max(1, len(boxes) - 1))
    wide = (inner - gap * (columns - 1)) / columns
    for start in range(0, len(boxes), columns):
        line, right = boxes[start:start + columns], shift * start
        tall = max(box.height(wide - right) for box in line)
        placed += [Placed(box, pad + right + number * (wide + gap), y, wide - right, tall) for number, box in enumerate(line)]
        y += tall + gap
    return [Placed(frame, 0, 0, _AFTER_WIDE, round(y - gap + pad, 1)), *placed]


def _step(treatment: Treatment, days: str, words: str) -> Box:
    ink = OWNER_INKS[treatment.owner]
    return Box("step", treatment.name, [(days, TINY), (words, STRONG)], fill=OWNER_FILLS[treatment.owner], edge=ink, bar=ink, pad=5)


def _row_box(row: Row, strategy: Strategy, lang: str, place: int) -> Box:
    texts = [(row.name, NAME), (row_in_words(row, strategy, lang), Ink(14, INK, "600")), (row.reason_zh if lang == "zh" else row.reason_en, SMALL)]
    texts[1:1] = [(f"◇ {mark}", Ink(11.5, _GREEN if row.restraint else SOFT, "600")) for mark in marks_of(row, lang)]
    is_last = place == len(strategy.rows) and not row.when
    return Box("row", row.name, texts, fill=WASH if is_last else "#ffffff", edge="", pad=8)


def _row_drawn(box: Box, row: Row, place: int, y: float, tall: float) -> str:
    edge = _GREEN if row.restraint else SOFT
    number = (f'<rect x="0" y="{short(y)}" width="{_BODY_AT}" height="{short(tall)}" fill="{WASH}"/>'
              + lettered(_BODY_AT / 2, y + tall / 2 + 6, str(place), Ink(16, SOFT, "600"), anchor="middle"))
    frame = f'<path d="M0 {short(y)}h{_ROW_WIDE}v{short(tall)}h-{_ROW_WIDE}Z" fill="none" stroke="{edge}" stroke-width="{2 if row.restraint else 1.2}"/>'
    return f'<g data-kind="number" data-name="{place}">{number}</g>{box.drawn(_BODY_AT, y, _ROW_WIDE - _BODY_AT, tall, middle=True)}{frame}'


def _step_down(y: float, text: str, left: int | None, total: int | None, lang: str) -> list[str]:
    wide = _THIN if not total else max(_THIN if left else 0.8, _MOST_WIDE * left / total)
    words = [text] if text else [said("first", lang)] if left is None else []
    words += [] if left is None else [said("loans", lang, n=count(left))]
    return [down(_RIVER_AT, y, _GAP, wide), lettered(_RIVER_AT + max(wide / 2, 6) + 12, y + 19, " · ".join(words), SMALL)]


def _joined(middle: float, taken: int | None, total: int | None, lang: str) -> list[str]:
    wide = _THIN if not total else max(_THIN if taken else 0.8, _MOST_WIDE * taken / total)
    parts = [across(_ROW_WIDE + 2, middle, _JOIN_WIDE - 4, wide)]
    if taken is not None:
        fill = INK if taken else SOFT
        parts.append(lettered(_ROW_WIDE + _JOIN_WIDE / 2 - 4, middle - max(wide / 2, 4) - 5, said("loans", lang, n=count(taken)), Ink(12, fill, "600"), anchor="middle"))
    return parts


def key(lang: str, y: float) -> tuple[list[str], float]:
    """Who the colours stand for, in words, and where the key ends."""
    parts, x = [lettered(0, y + 12, said("key", lang), SMALL)], 250.0
    for owner, ink in OWNER_INKS.items():
        parts.append(f'<rect x="{short(x)}" y="{short(y + 2)}" width="14" height="12" fill="{OWNER_FILLS[owner]}" stroke="{ink}"/>')
        parts.append(lettered(x + 20, y + 12, value_in_words("owner", owner, lang), SMALL))
        x += 120
    return parts, y + 20

