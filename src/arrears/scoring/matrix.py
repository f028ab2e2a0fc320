"""The numbers a model reads: one row per row of the frame, one column per feature, float64, missing as NaN."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from difflib import get_close_matches
from os import cpu_count

import numpy as np
import polars as pl

from arrears.refusal import Refused
from arrears.scoring.model import CATEGORY, NUMBER, UNSEEN, Feature

FEW_ROWS = 30
"""A category (or missing) seen in fewer rows says nothing by itself: such categories count together as unseen."""
ROWS_PER_PART = 1 << 17


def encoded(features: tuple[Feature, ...], frame: pl.DataFrame) -> np.ndarray:
    """Every feature of every row as float64, shape [row, feature], columns contiguous.

    Null, NaN and the infinities are NaN; yes and no are 1 and 0; a category is its place in Feature.categories, one that is
    not there UNSEEN. Raises Refused where a column is missing or of another type.
    """
    matrix = np.empty((frame.height, len(features)), order="F")
    columns = [_column(feature, frame) for feature in features]

    def part(first: int, last: int) -> None:
        for place, (feature, column) in enumerate(zip(features, columns, strict=True)):
            matrix[first:last, place] = _codes(feature, column[first:last])

    in_parts(frame.height, part)
    return matrix


def unseen_as_missing(features: tuple[Feature, ...], matrix: np.ndarray) -> np.ndarray:
    """The matrix as trees read it: a category never seen is missing, for its code would stand beside the lowest event rate."""
    places = [place for place, feature in enumerate(features) if feature.kind == CATEGORY]
    if not places:
        return matrix
    matrix = matrix.copy(order="F")
    for place in places:
        matrix[matrix[:, place] == UNSEEN, place] = np.nan
    return matrix


def learned_features(features: tuple[Feature, ...], frame: pl.DataFrame, outcome: np.ndarray) -> tuple[Feature, ...]:
    """The features with what the fitting rows say of them: `typical`, and `categories` from the lowest event rate to the highest.

    outcome: 0, 1 or a share, one per row. Equal rates are ordered by name; a category of fewer than FEW_ROWS rows is left
    out, so that it counts as unseen. Raises Refused where a column is missing or of another type.
    """
    learned = []
    for feature in features:
        column = _column(feature, frame)
        if feature.kind == CATEGORY:
            rates = (
                pl.DataFrame({"value": column, "outcome": np.asarray(outcome, np.float64)})
                .group_by("value")
                .agg(pl.len().alias("rows"), pl.col("outcome").mean().alias("rate"))
                .sort("rate", "value", nulls_last=True)
            )
            known = rates.filter(pl.col("value").is_not_null() & (pl.col("rows") >= FEW_ROWS))["value"].to_list()
            commonest = rates.sort("rows", "value", descending=[True, False], nulls_last=True)["value"]
            typical = commonest[0] if len(commonest) else None
            learned.append(replace(feature, categories=tuple(known), typical=typical))
        else:
            values = _codes(feature, column)
            present = values[~np.isnan(values)]
            common = 2 * len(present) > len(values)
            typical = float(np.percentile(present, 50, method="lower")) if common else None
            learned.append(replace(feature, typical=typical))
    return tuple(learned)


def in_parts(rows: int, work: Callable[[int, int], None]) -> None:
    """work(start, stop) is called for parts that cover the rows once, on as many threads as the machine has cores."""
    starts = range(0, rows, ROWS_PER_PART)
    if len(starts) < 2:
        work(0, rows)
        return
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        for done in [pool.submit(work, start, min(start + ROWS_PER_PART, rows)) for start in starts]:
            done.result()


def typical_code(feature: Feature) -> float:
    """The typical value as the matrix holds it: NaN where missing is typical."""
    if feature.typical is None:
        return float("nan")
    if feature.kind == CATEGORY:
        return float(feature.categories.index(feature.typical)) if feature.typical in feature.categories else UNSEEN
    return float(feature.typical)


def _column(feature: Feature, frame: pl.DataFrame) -> pl.Series:
    """The column as Float64 or String; Refused where it is missing or of another type."""
    if feature.name not in frame.columns:
        near = get_close_matches(feature.name, frame.columns, n=1, cutoff=0.6)
        raise Refused(
            f"the model reads the column {feature.name!r}, which is not there"
            + (f"; the nearest name is {near[0]!r}: rename it" if near else ": add it, empty where nothing is known"),
            f"模型要读取列 {feature.name!r}，但数据中没有这一列"
            + (f"；最接近的列名是 {near[0]!r}，请改名" if near else "；请补上这一列，不知道的值留空"),
        )
    column = frame[feature.name]
    kind = column.dtype
    if feature.kind == NUMBER and (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
        return column.cast(pl.Float64)
    if feature.kind == CATEGORY and (kind.is_integer() or kind in (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Null)):
        return column.cast(pl.String)
    expected_en, expected_zh = ("numbers", "数字") if feature.kind == NUMBER else ("categories (text)", "类别（文字）")
    raise Refused(
        f"column {feature.name!r} holds {kind}; the model reads {expected_en} there: convert the column",
        f"列 {feature.name!r} 的类型是 {kind}；模型在这里要读取{expected_zh}，请转换该列",
    )


def _codes(feature: Feature, column: pl.Series) -> np.ndarray:
    if feature.kind == NUMBER:
        values = column.to_numpy()
        return np.where(np.isfinite(values), values, np.nan)
    codes = column.cast(pl.Enum(list(feature.categories)), strict=False).to_physical().cast(pl.Float64)
    return codes.fill_null(UNSEEN).set(column.is_null(), float("nan")).to_numpy()
