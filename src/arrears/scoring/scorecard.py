"""A scorecard: each feature in a few bins, each bin worth a fixed number of points.

raw    = intercept + the sum over features of logit(bin), the log-odds of the event
logit  = one number per bin, falling as WoE rises (joint_bins.py); or coefficient * WoE where CardSettings says so;  WoE(bin) = ln(share of non-events in the bin / share of events in the bin)
points = base_points + the sum over features of points(bin)

Points: 600 stand for odds of 50 good to 1 bad, 20 points more double the odds. Higher is better for the lender: where the
event is bad the odds are non-event : event, where it is good (a cure, a payment) event : non-event.
Source: Siddiqi, Credit Risk Scorecards (2006), ch. 6; bins: Navas-Palencia, Optimal binning (2020), arXiv:2001.08025.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import log
from os import cpu_count
from warnings import catch_warnings, simplefilter

import numpy as np
import polars as pl

from arrears.compiled import compiled
from arrears.refusal import Refused
from arrears.scoring.joint_bins import joint_logits
from arrears.scoring.matrix import FEW_ROWS, encoded, in_parts
from arrears.scoring.model import CATEGORY, UNSEEN, Bins, Calibration, Feature, Scorecard

POINTS_AT_BASE_ODDS, BASE_ODDS, POINTS_TO_DOUBLE = 600, 50, 20
BLOCK = 2048
LEVELS = 512
"""Bins are sought between so many groups of a feature's values."""


@dataclass(frozen=True)
class CardSettings:
    """prebins: at most so many before the optimum is sought; bin_share: the least share of rows in a bin; iv_least: a feature
    whose information value is smaller is left out; penalty: weight of the squared coefficients
    against the log-likelihood; joint_penalty: of the squared steps from bin to bin, when all bins are found together; None leaves
    each bin at coefficient * WoE."""

    prebins: int = 20
    bin_share: float = 0.05
    iv_least: float = 0.01
    penalty: float = 5.0
    joint_penalty: float | None = 50.0


def fit_scorecard(
    frame: pl.DataFrame,
    outcome: np.ndarray,
    features: tuple[Feature, ...],
    seed: int,
    event_is_bad: bool = True,
    settings: CardSettings | None = None,
) -> Scorecard:
    """The scorecard fitted to the rows: bins monotone in the event's direction, every coefficient of the right sign.

    frame: one row per row of outcome; outcome: 0, 1 or a share in [0, 1]; features: as `learned_features` gives them.
    A feature whose bins say too little, or whose coefficient has the wrong sign, is left out. Raises Refused where none is left
    or a training library is not installed.
    """
    card = fit_bins(encoded(features, frame), np.asarray(outcome, np.float64), features, seed, event_is_bad, settings)
    if not card.bins:
        raise Refused(
            "no feature tells the event from the rest: give the model other features or more rows",
            "没有任何特征能区分事件是否发生：请换用其他特征或提供更多数据",
        )
    return card


def fit_bins(
    matrix: np.ndarray, outcome: np.ndarray, features: tuple[Feature, ...], seed: int, event_is_bad: bool, settings: CardSettings | None
) -> Scorecard:
    """As `fit_scorecard`, from encoded rows; a scorecard without bins where no feature says anything."""
    settings = settings or CardSettings()
    _training_libraries()
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        tasks = [pool.submit(_binned, matrix[:, place], outcome, feature, seed, settings) for place, feature in enumerate(features)]
        found = [task.result() for task in tasks]
    kept = [(bins, numbers) for bins, numbers in found if information_value(bins) >= settings.iv_least]
    while kept:
        woe = np.column_stack([np.array(bins.woe)[numbers] for bins, numbers in kept])
        coefficients, intercept = _logistic(woe, outcome, settings.penalty)
        worst = int(np.argmax(coefficients))
        if coefficients[worst] < 0:
            woes = [np.array(bins.woe) for bins, _ in kept]
            logits = [coefficient * woe for coefficient, woe in zip(coefficients, woes, strict=True)]
            if settings.joint_penalty is not None:
                logits, intercept = joint_logits([numbers for _, numbers in kept], woes, outcome, settings.joint_penalty)
            weighed = tuple(replace(bins, logits=tuple(each.tolist())) for (bins, _), each in zip(kept, logits, strict=True) if np.ptp(each) > 0)
            return with_points(Scorecard(intercept, 0, weighed), Calibration(), event_is_bad)
        del kept[worst]
    rate = float(outcome.mean())
    return with_points(Scorecard(log(rate / (1 - rate)), 0, ()), Calibration(), event_is_bad)


def with_points(card: Scorecard, calibration: Calibration, event_is_bad: bool) -> Scorecard:
    """The same scorecard with the points of its calibrated log-odds, rounded to whole points bin by bin."""
    factor = POINTS_TO_DOUBLE / log(2) * (-1 if event_is_bad else 1)
    base = POINTS_AT_BASE_ODDS - POINTS_TO_DOUBLE / log(2) * log(BASE_ODDS)
    base += factor * (calibration.intercept + calibration.slope * card.intercept)
    bins = tuple(
        replace(each, points=tuple(round(factor * calibration.slope * logit) for logit in each.logits)) for each in card.bins
    )
    return replace(card, base_points=round(base), bins=bins)


def information_value(bins: Bins) -> float:
    """Sum over the bins, missing and unseen of (share of non-events - share of events) * WoE; 0.02 is weak, 0.3 strong."""
    events = np.array(bins.events, np.float64)
    others = np.array(bins.rows, np.float64) - events
    if events.sum() <= 0 or others.sum() <= 0:
        return 0.0
    return float(((others / others.sum() - events / events.sum()) * np.array(bins.woe)).sum())


def raw_of_scorecard(card: Scorecard, matrix: np.ndarray, features: tuple[Feature, ...]) -> np.ndarray:
    """The log-odds of the event by the scorecard, one per row of the matrix; features name the matrix's columns."""
    values = [value for bins in card.bins for value in _by_number(bins, bins.logits, _feature(bins, features))]
    return _summed(card, matrix, features, np.array(values, np.float64), card.intercept)


def points_of(card: Scorecard, matrix: np.ndarray, features: tuple[Feature, ...]) -> np.ndarray:
    """The points, one int32 per row of the matrix: base points and the points of each bin; higher is better for the lender."""
    values = [value for bins in card.bins for value in _by_number(bins, bins.points, _feature(bins, features))]
    return _summed(card, matrix, features, np.array(values, np.float64), float(card.base_points)).astype(np.int32)


def bin_numbers(bins: Bins, column: np.ndarray, feature: Feature) -> np.ndarray:
    """The bin of each value of one column of the matrix, int32: then the next number for missing, and the next for unseen."""
    numbers = np.empty(len(column), np.int32)
    _numbers_of(np.ascontiguousarray(column), np.array(bins.splits), feature.kind == CATEGORY, len(feature.categories), numbers)
    return numbers if feature.kind != CATEGORY else _places(bins, feature)[numbers]


def _feature(bins: Bins, features: tuple[Feature, ...]) -> Feature:
    return next(feature for feature in features if feature.name == bins.feature)


def _places(bins: Bins, feature: Feature) -> np.ndarray:
    """For every code of a category, then missing, then unseen: its place among the bins' entries."""
    count = len(bins.groups)
    where = {value: place for place, group in enumerate(bins.groups) for value in group}
    return np.array([where.get(value, count + 1) for value in feature.categories] + [count, count + 1], np.int32)


def _by_number(bins: Bins, entries: tuple, feature: Feature) -> list:
    """The bins' entries in the order of `_numbers_of`: of a category one per code."""
    return list(entries) if feature.kind != CATEGORY else [entries[place] for place in _places(bins, feature)]


def _summed(card: Scorecard, matrix: np.ndarray, features: tuple[Feature, ...], values: np.ndarray, start: float) -> np.ndarray:
    columns = {feature.name: place for place, feature in enumerate(features)}
    of_bins = [features[columns[bins.feature]] for bins in card.bins]
    splits = np.array([split for bins in card.bins for split in bins.splits], np.float64)
    counts = np.array([len(bins.splits) for bins in card.bins], np.int64)
    categories = np.array([len(feature.categories) if feature.kind == CATEGORY else -1 for feature in of_bins], np.int64)
    places = np.array([columns[bins.feature] for bins in card.bins], np.int64)
    matrix = np.asfortranarray(matrix, np.float64)
    out = np.full(len(matrix), start)
    in_parts(len(matrix), lambda first, last: _sum(matrix, first, last, places, categories, counts, splits, values, out))
    return out


@compiled
def _numbers_of(column, splits, is_category, categories, numbers):
    """numbers[i]: how many splits lie at or below column[i]; of a category its code; then missing, then unseen."""
    if is_category:
        for i in range(len(column)):
            x = column[i]
            numbers[i] = categories if np.isnan(x) else (categories + 1 if x < 0 else np.int32(x))
        return
    missing = len(splits) + 1
    numbers[:] = 0
    for split in splits:
        for i in range(len(column)):
            numbers[i] += np.int32(column[i] >= split)
    for i in range(len(column)):
        if np.isnan(column[i]):
            numbers[i] = missing


@compiled
def _sum(matrix, first, last, places, categories, counts, splits, values, out):
    numbers = np.empty(BLOCK, np.int32)
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        split_from, value_from = 0, 0
        for j in range(len(places)):
            own = splits[split_from : split_from + counts[j]]
            is_category = categories[j] >= 0
            _numbers_of(matrix[start:stop, places[j]], own, is_category, categories[j], numbers[: stop - start])
            entries = values[value_from:]
            for i in range(stop - start):
                out[start + i] += entries[numbers[i]]
            split_from += counts[j]
            value_from += categories[j] + 2 if is_category else counts[j] + 3


def _training_libraries() -> None:
    try:
        import optbinning  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as missing:
        raise Refused(
            f"fitting a scorecard needs {missing.name}, which is not installed: run `make train`",
            f"拟合评分卡需要 {missing.name}，但它没有安装：请运行 `make train`",
        ) from missing


def _is_share(outcome: np.ndarray) -> bool:
    return bool(((outcome != 0) & (outcome != 1)).any())


def _twice(x: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """x, yes-or-no, weights: a row with a share counts twice, as an event with its share and as none with the rest."""
    if not _is_share(outcome):
        return x, outcome.astype(np.int64), None
    weights = np.concatenate([outcome, 1 - outcome])
    events = np.repeat(np.array([1, 0]), len(outcome))
    return np.concatenate([x, x])[weights > 0], events[weights > 0], weights[weights > 0]


def _binned(column: np.ndarray, outcome: np.ndarray, feature: Feature, seed: int, settings: CardSettings) -> tuple[Bins, np.ndarray]:
    """The optimal bins of one feature with their WoE, and the bin of every row."""
    splits, groups = _optimal(column, outcome, feature, seed, settings)
    bins = Bins(feature.name, splits, groups, (), (), (), (), ())
    numbers = bin_numbers(bins, column, feature)
    count = (len(groups) if feature.kind == CATEGORY else len(splits) + 1) + 2
    rows = np.bincount(numbers, minlength=count)
    events = np.bincount(numbers, weights=outcome, minlength=count)
    woe = np.zeros(count)
    said = (rows > 0) & ((np.arange(count) < count - 2) | (rows >= FEW_ROWS))
    # a bin without an event, or with nothing else, counts half a row of what it lacks: it says much, not nothing
    rate = np.clip(events[said], 0.5, rows[said] - 0.5) / rows[said]
    woe[said] = np.log((1 / rate - 1) * (events.sum() / (rows - events).sum()))
    if feature.kind == CATEGORY and rows[-1] < FEW_ROWS:
        woe[-1] = 0.0
    told = tuple(float(value) for value in woe)
    return replace(bins, woe=told, rows=tuple(rows.tolist()), events=tuple(round(value) for value in events)), numbers


def _optimal(column: np.ndarray, outcome: np.ndarray, feature: Feature, seed: int, settings: CardSettings) -> tuple[tuple, tuple]:
    """Splits and groups that maximise the information value (optbinning), rates monotone in the feature where it says so.

    The library sees one row per level and outcome, weighted: the same optimum as from all rows, in a hundredth of the time.
    """
    from optbinning import OptimalBinning

    is_category = feature.kind == CATEGORY
    present = ~np.isnan(column) & ((column != UNSEEN) | (not is_category))
    column, outcome = column[present], outcome[present]
    lowest, highest, level = _levels(column)
    if len(lowest) < 2 or outcome.min() == outcome.max():
        return (), ((feature.categories,) if is_category else ())
    events = np.bincount(level, weights=outcome)
    weights = np.concatenate([events, np.bincount(level) - events])
    said = weights > 0
    trend = {1: "ascending", -1: "descending", 0: "auto_heuristic"}[feature.monotone]
    binning = OptimalBinning(
        dtype="categorical" if is_category else "numerical",
        monotonic_trend=None if is_category else trend,
        max_n_prebins=settings.prebins,
        min_prebin_size=settings.bin_share,
        random_state=seed,
    )
    with catch_warnings():
        simplefilter("ignore")
        which = np.repeat(np.array([1, 0]), len(lowest))
        binning.fit(np.tile(np.arange(len(lowest)), 2)[said], which[said], sample_weight=weights[said])
    if not is_category:
        after = [int(np.ceil(split)) for split in binning.splits]
        return tuple(_roundest(float(highest[i - 1]), float(lowest[i])) for i in after), ()
    return (), tuple(tuple(feature.categories[int(lowest[int(i)])] for i in sorted(group)) for group in binning.splits)


def _levels(column: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest value of each level, and each row's level: the distinct values, or LEVELS groups of about equal size."""
    values, level, rows = np.unique(column, return_inverse=True, return_counts=True)
    if len(values) <= LEVELS:
        return values, values, level
    group = (np.cumsum(rows) - rows) * LEVELS // len(column)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:] - 1, len(values) - 1)
    return values[first], values[last], (np.cumsum(np.diff(group, prepend=-1) > 0) - 1)[level]


def _roundest(below: float, above: float) -> float:
    """The number with the fewest digits in (below, above], so that a card reads well."""
    for digits in range(-15, 17):
        power = 10.0 ** abs(digits)
        rounded = np.floor(above * power) / power if digits >= 0 else np.floor(above / power) * power
        if below < rounded <= above:
            return float(rounded)
    return above


def _logistic(woe: np.ndarray, outcome: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    x, events, weights = _twice(woe, outcome)
    regression = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-8, max_iter=200)
    with threadpool_limits(1):  # beside other work the linear algebra's threads wait for one another
        regression.fit(x, events, sample_weight=weights)
    return regression.coef_[0], float(regression.intercept_[0])
