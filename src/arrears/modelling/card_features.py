"""The part of a model's card about its features: what each is, how much it counts, and the event rate, WoE and points of its bins."""

from arrears.modelling.card_words import Pair, words
from arrears.pages.amounts import count, figure, rate
from arrears.pages.markup import CODE, NUMBER, PROSE, TEXT, Cell, beside, both, empty, table
from arrears.pages.markup import figure as drawn
from arrears.pages.pictures import ACCENT, Strip, bars

_ARROWS = {1: "↑", -1: "↓"}
_LABEL_CHARACTERS = 18
_UNITS_ZH = {"count": "个数", "currency units": "货币单位", "day": "天", "days": "天", "hour": "时", "hours": "小时", "month": "月", "months": "个月", "percent a year": "年利率 %", "ratio": "比率",
             "share": "占比", "text": "类别", "times": "次", "yes or no": "是否"}
SHOWN_OPEN = 5
"""So many features, the strongest, show their bins at once; the others on a click."""


def features(card: dict) -> str:
    """All features, the strongest first, then the bins of each with the event rate as a bar."""
    found = sorted(card.get("features") or [], key=lambda one: (-(one.get("strength") or 0.0), one["name"]))
    if not found:
        return empty("card_features.none")
    return _overview(found) + "".join(_bins(one, number < SHOWN_OPEN) for number, one in enumerate(found) if one.get("bins"))


def _overview(found: list[dict]) -> str:
    has_csi = any(one.get("csi") is not None for one in found)
    columns = [(words("card.feature"), PROSE), (words("card.column"), CODE), (words("card.unit"), TEXT), (words("card.formula"), PROSE), (words("card.monotone"), TEXT),
               (words("card.typical"), NUMBER), (words("card.strength"), NUMBER), (words("card.missing"), NUMBER), *([(words("card.csi"), NUMBER)] if has_csi else [])]
    rows: list[list[Cell]] = []
    for one in found:
        formula = one.get("formula") or "–"
        row: list[Cell] = [_name(one), one["name"], _unit(one.get("unit")), tuple(formula) if isinstance(formula, list | tuple) else formula,
                           _ARROWS.get(one.get("monotone") or 0, ""), _value(one.get("typical")), figure(one.get("strength")), rate(one.get("missing_share"))]
        rows.append([*row, *([figure(_csi(one))] if has_csi else [])])
    return table("card-features", words("card_features.table"), columns, rows)


def _bins(one: dict, is_open: bool) -> str:
    name = one["name"]
    found = one["bins"]
    highest = max((entry.get("rate") or 0.0 for entry in found), default=0.0) or 1.0
    whole = sum(entry.get("rows") or 0 for entry in found) or 1
    keys = [key for key in ("woe", "points") if any(entry.get(key) is not None for entry in found)]
    columns = [(words("card.bin"), TEXT), (words("card.rows"), NUMBER), (words("card.share"), NUMBER), (words("card.rate"), NUMBER)]
    columns += [(words(f"card.{key}"), NUMBER) for key in keys]
    rows: list[list[Cell]] = []
    for entry in found:
        cells = {"woe": figure(entry.get("woe")), "points": figure(entry.get("points"), 0)}
        rows.append([_label(entry), count(entry.get("rows")), rate((entry.get("rows") or 0) / whole), rate(entry.get("rate")), *(cells[key] for key in keys)])
    strips = [(_clipped(_label(entry)), [Strip((entry.get("rate") or 0.0) / highest, (rate(entry.get("rate")),) * 2, ACCENT)]) for entry in found]
    title = words("card.rate")
    picture = drawn(bars(f"card-bins-{name}-bars", title, _name(one), strips, label_width=180), title)
    caption = words("card_features.bins", name=_name(one))
    return (f'<details{" open" if is_open else ""}><summary>{both(_name(one))}</summary>'
            f'{beside(picture, table(f"card-bins-{name}", caption, columns, rows))}</details>')


def _unit(unit: str | None) -> Pair:
    """A unit in both languages where it has words, else as it is."""
    if not unit:
        return "–", "–"
    return _UNITS_ZH.get(unit, unit), unit


def _name(one: dict) -> Pair:
    return one.get("zh") or one["name"], one.get("en") or one["name"]


def _label(entry: dict) -> Pair:
    """A bin's label is text, or a pair of Chinese and English."""
    label = entry["label"]
    return (label[0], label[1]) if isinstance(label, list | tuple) else (str(label), str(label))


def _clipped(label: Pair) -> Pair:
    return tuple(text if len(text) <= _LABEL_CHARACTERS else text[:_LABEL_CHARACTERS - 1] + "…" for text in label)


def _value(typical: float | str | None) -> str:
    if typical is None:
        return "–"
    return typical if isinstance(typical, str) else f"{typical:,.4g}" if abs(typical) < 10_000 else f"{typical:,.0f}"


def _csi(one: dict) -> float | None:
    return one["csi"].get("value") if isinstance(one.get("csi"), dict) else one.get("csi")
