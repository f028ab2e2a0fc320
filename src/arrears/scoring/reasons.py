"""Why an estimate is no better: the features that, at the population's typical value, would make it better for the lender.

A reason is a feature that improves the estimate when it alone is moved to Feature.typical; the greatest improvement first, equal
ones in the order of the features. Better is lower where the event is bad (a miss, a loss), higher where it is good (a cure).
Source: 个人信息保护法 Art. 24 (a person may have an automated decision explained); 12 CFR 1002.9(b)(2): at most four reasons.
"""

from math import isnan

import numpy as np
import polars as pl

from arrears.compiled import compiled
from arrears.scoring.estimates import model_matrix
from arrears.scoring.matrix import in_parts, typical_code, unseen_as_missing
from arrears.scoring.model import CATEGORY, Feature, Model
from arrears.scoring.scorecard import bin_numbers
from arrears.scoring.tree_gains import gains_of_trees
from arrears.scoring.tree_sums import FEW, masks_of

MOST = 4
LEAST_GAIN = 1e-9
"""Log-odds: a smaller improvement is no reason."""
UNITS = {
    "day": ("天", "days"), "days": ("天", "days"), "month": ("月", ""), "months": ("个月", "months"), "years": ("年", "years"),
    "hour": ("时", "h"), "hours": ("小时", "hours"), "times": ("次", ""), "count": ("", ""), "ratio": ("", ""), "text": ("", ""),
    "percent": ("%", "%"),
}  # fmt: skip
"""How a unit is written behind its number, (zh, en). A share is written per cent, money in whole units, yes or no in words."""


def reasons(model: Model, frame: pl.DataFrame, most: int = MOST) -> pl.DataFrame:
    """The reasons of each row as feature names: columns reason_1 to reason_<most>, null where there are no more."""
    places = reason_places(model, model_matrix(model, frame), most)
    names = pl.Series([feature.name for feature in model.features], dtype=pl.String)
    columns = {}
    for rank in range(most):
        place = pl.Series(places[:, rank])
        columns[f"reason_{rank + 1}"] = names.gather(place.set(place < 0, None))
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def reason_places(model: Model, matrix: np.ndarray, most: int = MOST) -> np.ndarray:
    """The reasons of each row as places in model.features, shape [row, most], int32; -1 where there are no more."""
    matrix = np.asfortranarray(matrix, np.float64)
    typical = np.array([typical_code(feature) for feature in model.features])
    if model.scorecard is None:
        matrix = unseen_as_missing(model.features, matrix)
        typical[[feature.kind == CATEGORY and code < 0 for feature, code in zip(model.features, typical, strict=True)]] = np.nan
    places = np.full((len(matrix), most), -1, np.int32)
    sign = 1.0 if model.event_is_bad else -1.0

    masks = masks_of(model.trees) if model.trees is not None and len(matrix) >= FEW else None

    def part(first: int, last: int) -> None:
        if model.scorecard is not None:
            gains = _scorecard_gains(model, matrix[first:last], typical)
        else:
            gains = gains_of_trees(model.trees, masks, matrix[first:last], typical)
        gains *= sign
        _greatest(gains, places[first:last])

    in_parts(len(matrix), part)
    return places


def reason_sentences(model: Model, frame: pl.DataFrame, most: int = MOST) -> list[list[tuple[str, str]]]:
    """The reasons of each row in words, (zh, en), for the few rows a person asks about.

    "近 6 个月逾期次数：3 次（典型值：0 次）" and "times late in six months: 3 (typical: 0)".
    """
    places = reason_places(model, model_matrix(model, frame), most)
    rows = frame.select([feature.name for feature in model.features]).to_dicts()
    return [
        [reason_sentence(model.features[place], row[model.features[place].name]) for place in own if place >= 0]
        for own, row in zip(places, rows, strict=True)
    ]


def reason_sentence(feature: Feature, value: object) -> tuple[str, str]:
    """One feature of one person beside that of most, (zh, en)."""
    own_zh, own_en = _told(feature, value)
    typical_zh, typical_en = _told(feature, feature.typical)
    zh = f"{feature.zh or feature.name}：{own_zh}（典型值：{typical_zh}）"
    return zh, f"{feature.en or feature.name}: {own_en} (typical: {typical_en})"


def _told(feature: Feature, value: object) -> tuple[str, str]:
    """A value readably, (zh, en)."""
    if value is None or (isinstance(value, float) and (isnan(value) or value in (float("inf"), float("-inf")))):
        return "无记录", "no record"
    if feature.kind == CATEGORY:
        return str(value), str(value)
    number = float(value) + 0.0
    if feature.unit in ("yes or no", "yes_no") or isinstance(value, bool):
        return ("是", "yes") if number else ("否", "no")
    if feature.unit == "share":
        text = f"{_short(number * 100)}%"
        return text, text
    zh, en = UNITS.get(feature.unit, (feature.unit, feature.unit))
    if feature.unit == "minor":
        return f"{number / 100:,.2f} 元", f"{number / 100:,.2f}"
    text = _short(number)
    return f"{text} {zh}".strip(), f"{text} {en}".strip()


def _short(number: float) -> str:
    """Whole numbers in full, others with two decimals at most (three digits where small); thousands set apart."""
    if abs(number) >= 1 or number == 0:
        return f"{number:,.2f}".rstrip("0").rstrip(".") if number != round(number) else f"{number:,.0f}"
    return f"{number:.3g}"


def _scorecard_gains(model: Model, matrix: np.ndarray, typical: np.ndarray) -> np.ndarray:
    gains = np.zeros((len(matrix), len(typical)))
    places = {feature.name: place for place, feature in enumerate(model.features)}
    for bins in model.scorecard.bins:
        place = places[bins.feature]
        logits = np.array(bins.logits)
        own = bin_numbers(bins, matrix[:, place], model.features[place])
        usual = bin_numbers(bins, typical[place : place + 1], model.features[place])[0]
        gains[:, place] = (logits - logits[usual])[own]
    return gains


@compiled
def _greatest(gains, places):
    """places[row]: the features with the greatest gains, greatest first, equal ones in their order; only real gains."""
    most = places.shape[1]
    for row in range(len(gains)):
        for f in range(gains.shape[1]):
            gain = gains[row, f]
            if not gain > LEAST_GAIN:
                continue
            rank = most
            while rank > 0 and (places[row, rank - 1] < 0 or gains[row, places[row, rank - 1]] < gain):
                rank -= 1
            if rank < most:
                for later in range(most - 1, rank, -1):
                    places[row, later] = places[row, later - 1]
                places[row, rank] = f
