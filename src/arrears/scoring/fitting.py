"""A model fitted, calibrated on rows it had not seen, and told in tables.

Every fold of persons is estimated by a model fitted to the other folds; those cross-fitted sums calibrate the model that is
fitted to all rows, choose the number of trees, and say how far outcomes lie from estimates.
Source: Chernozhukov et al. (2018), Econometrics Journal 21, section 3.1 (cross-fitting).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import cpu_count

import numpy as np
import polars as pl

from arrears.refusal import Refused
from arrears.scoring.boosted import TreeSettings, fit_booster, fit_trees, missing_as_typical, trees_of_booster
from arrears.scoring.calibration import fitted_calibration, probability
from arrears.scoring.estimates import ESTIMATE, reference_of, spread_of
from arrears.scoring.matrix import FEW_ROWS, encoded, learned_features, unseen_as_missing
from arrears.scoring.model import BOOSTED, CATEGORY, SCORECARD, UNSEEN, Calibration, Feature, Model, Scorecard, Trees
from arrears.scoring.scorecard import CardSettings, fit_bins, raw_of_scorecard, with_points
from arrears.scoring.tree_sums import raw_of_trees

EVENTS_LEAST = 50
Note = tuple[str, str]


@dataclass(frozen=True)
class Fitted:
    """A model, the calibrated estimate of each fitting row by a model that had not seen it, and what fell back, (zh, en)."""

    model: Model
    cross_fitted: np.ndarray
    notes: tuple[Note, ...]


def fit_model(
    name: str,
    family: str,
    kind: str,
    frame: pl.DataFrame,
    outcome: np.ndarray,
    features: tuple[Feature, ...],
    seed: int,
    event_is_bad: bool,
    is_share: bool,
    folds: np.ndarray,
    settings: CardSettings | TreeSettings | None = None,
) -> Fitted:
    """The model fitted to all rows and calibrated by folds; the same for the same rows, folds and seed.

    outcome: one per row of the frame, 0 or 1, or a share in [0, 1] where is_share; folds: a fold number per row, at least two,
    rows of one person in one fold. Raises Refused where outcomes are missing or outside their range, of one class only, with fewer
    than 50 events or non-events, or where no feature can be used.
    """
    if kind not in (SCORECARD, BOOSTED):
        raise Refused(f"{kind!r} is no kind of model: {SCORECARD} or {BOOSTED}", f"没有 {kind!r} 这种模型，只有 {SCORECARD} 与 {BOOSTED}")
    outcome = _outcome(outcome, frame.height, is_share)
    folds = np.asarray(folds)
    numbers = np.unique(folds)
    if len(folds) != frame.height or len(numbers) < 2:
        raise Refused(
            f"{len(numbers)} fold(s) for {frame.height} rows: give each row a fold number, two folds at least",
            f"{frame.height} 行数据只有 {len(numbers)} 个折：请给每行一个折号，至少两折",
        )
    usable, notes = _usable(frame, features)
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        parts = list(pool.map(lambda number: _part(kind, frame, outcome, usable, seed, event_is_bad, settings, folds != number), numbers))
    trees = _trees_to_keep(parts, [int((folds == number).sum()) for number in numbers])
    raw = np.empty(frame.height)
    for number, part in zip(numbers, parts, strict=True):
        raw[folds == number] = part.raw(trees)

    learned, matrix, card, grown = _whole(kind, frame, outcome, usable, seed, event_is_bad, settings, trees)
    calibration = fitted_calibration(raw, outcome)
    if calibration is None:
        calibration = Calibration()
        notes.append(
            (
                "交叉估计不能区分事件是否发生，未能校准：估计值可能偏离实际比率，不宜用于决策。",
                "Cross-fitted estimates do not tell events from the rest, so nothing was calibrated: not fit for decisions.",
            )
        )
    card = card and with_points(card, calibration, event_is_bad)
    whole = raw_of_scorecard(card, matrix, learned) if card else raw_of_trees(grown, unseen_as_missing(learned, matrix))
    estimates, cross_fitted = probability(calibration, whole), probability(calibration, raw)
    used = {feature.name for feature in learned}
    unsteady = [feature for feature in usable if feature.name not in used]
    model = Model(
        name=name,
        family=family,
        kind=kind,
        event_is_bad=event_is_bad,
        is_share=is_share,
        features=learned,
        calibration=calibration,
        scorecard=card,
        trees=grown,
        spread=spread_of(cross_fitted, outcome) if is_share else None,
        reference=reference_of(learned, card.bins if card else (), matrix, estimates),
    )
    return Fitted(model, cross_fitted, (*notes, *_left_out(unsteady, "在已入模特征之外未再增加稳定的信息", "adding nothing steady beyond the features kept")))


@dataclass(frozen=True)
class _Part:
    """The model of all folds but one, and the rows of that one; gaps: a row with NaN where a feature was missing in any fitting row."""

    card_raw: np.ndarray | None
    booster: object
    matrix: np.ndarray
    gaps: np.ndarray
    features: tuple[Feature, ...]
    held_out_loss: np.ndarray | None

    def raw(self, trees: int | None) -> np.ndarray:
        if self.card_raw is not None:
            return self.card_raw
        grown = missing_as_typical(trees_of_booster(self.booster, trees), self.gaps, self.features)
        return raw_of_trees(grown, self.matrix)


def _part(kind, frame, outcome, features, seed, event_is_bad, settings, inside) -> _Part:
    within, without = frame.filter(pl.Series(inside)), frame.filter(pl.Series(~inside))
    if outcome[inside].min() == outcome[inside].max():
        raise Refused(
            "all rows outside one fold have the same outcome: spread the events over the folds",
            "某一折以外的所有行结果都相同：请让事件分布在各折中",
        )
    learned = learned_features(features, within, outcome[inside])
    matrix, held_out = encoded(learned, within), encoded(learned, without)
    if kind == SCORECARD:
        card = fit_bins(matrix, outcome[inside], learned, seed, event_is_bad, settings)
        return _Part(raw_of_scorecard(card, held_out, learned), None, held_out, matrix[:0], learned, None)
    matrix, held_out = unseen_as_missing(learned, matrix), unseen_as_missing(learned, held_out)
    booster = fit_booster(matrix, outcome[inside], learned, seed, settings or TreeSettings(), (held_out, outcome[~inside]))
    gaps = np.where(np.isnan(matrix).any(axis=0), np.nan, 0.0)[None, :]
    return _Part(None, booster, held_out, gaps, learned, booster.held_out_loss)


def _trees_to_keep(parts: list[_Part], rows: list[int]) -> int | None:
    """The number of trees with the least loss over all held-out rows; None for a scorecard."""
    if parts[0].held_out_loss is None:
        return None
    length = min(len(part.held_out_loss) for part in parts)
    loss = sum(part.held_out_loss[:length] * count for part, count in zip(parts, rows, strict=True))
    return int(np.argmin(loss)) + 1


def _whole(
    kind, frame, outcome, features, seed, event_is_bad, settings, trees
) -> tuple[tuple[Feature, ...], np.ndarray, Scorecard | None, Trees | None]:
    """The model of all rows, reading only the features it uses: features, matrix, and scorecard or trees."""
    learned = learned_features(features, frame, outcome)
    matrix = encoded(learned, frame)
    if kind == SCORECARD:
        card = fit_bins(matrix, outcome, learned, seed, event_is_bad, settings)
        names = {bins.feature for bins in card.bins}
        used = [place for place, feature in enumerate(learned) if feature.name in names]
        grown = None
    else:
        settings = replace(settings or TreeSettings(), trees=trees)
        grown = fit_trees(unseen_as_missing(learned, matrix), outcome, learned, seed, settings)
        used = np.unique(grown.feature[grown.feature >= 0]).tolist()
        card = None
        renumbered = np.searchsorted(used, grown.feature).astype(np.int32)
        grown = replace(grown, feature=np.where(grown.feature >= 0, renumbered, np.int32(-1)))
    if not used:
        raise Refused(
            "no feature tells the event from the rest: give the model other features or more rows",
            "没有任何特征能区分事件是否发生：请换用其他特征或提供更多数据",
        )
    return tuple(learned[place] for place in used), np.asfortranarray(matrix[:, used]), card, grown


def _outcome(outcome: np.ndarray, rows: int, is_share: bool) -> np.ndarray:
    outcome = np.asarray(outcome, np.float64)
    if outcome.shape != (rows,):
        raise Refused(f"{outcome.size} outcomes for {rows} rows", f"{rows} 行数据却有 {outcome.size} 个结果")
    empty = int((~np.isfinite(outcome)).sum())
    if empty:
        raise Refused(
            f"{empty} of {rows} outcomes are empty: leave out the rows whose outcome is not yet known",
            f"{rows} 个结果中有 {empty} 个为空：请去掉结果尚未可知的行",
        )
    wrong = ((outcome < 0) | (outcome > 1)) if is_share else ((outcome != 0) & (outcome != 1))
    if wrong.any():
        first = float(outcome[wrong][0])
        expected_en, expected_zh = ("a share from 0 to 1", "0 到 1 之间的比例") if is_share else ("0 or 1", "0 或 1")
        raise Refused(f"an outcome is {first:g}; it must be {expected_en}", f"有结果为 {first:g}；结果必须是 {expected_zh}")
    if rows == 0 or outcome.min() == outcome.max():
        raise Refused(
            "all rows have the same outcome: there is nothing to tell apart; take a longer window or more loans",
            "所有行的结果都相同，没有可区分的对象：请放长观察期或增加贷款",
        )
    events, others = float(outcome.sum()), float(rows - outcome.sum())
    if min(events, others) < EVENTS_LEAST and is_share:
        raise Refused(
            f"the shares of {rows:,} rows add up to {events:,.0f}, too near one end: {EVENTS_LEAST} from either end are needed; take a longer window or more loans",
            f"{rows:,} 行的比例之和为 {events:,.0f}，过于接近一端：距两端各至少需要 {EVENTS_LEAST}；请放长观察期或增加贷款")
    if min(events, others) < EVENTS_LEAST:
        raise Refused(
            f"{events:g} events and {others:g} others; {EVENTS_LEAST} of each are needed: take a longer window or more loans",
            f"事件 {events:g} 个，非事件 {others:g} 个；各至少需要 {EVENTS_LEAST} 个：请放长观察期或增加贷款",
        )
    return outcome


def _usable(frame: pl.DataFrame, features: tuple[Feature, ...]) -> tuple[tuple[Feature, ...], list[Note]]:
    """The features that are not everywhere the same, and a note for every one left out, made up or joined."""
    names = [feature.name for feature in features]
    for name in {name for name in names if names.count(name) > 1 or name == ESTIMATE}:
        raise Refused(f"the feature name {name!r} is taken: give each feature a name of its own", f"特征名 {name!r} 已被占用：请为每个特征另起名字")
    usable, notes, empty, same = [], [], [], []
    for feature in features:
        known = learned_features((feature,), frame, np.zeros(frame.height))
        column = encoded(known, frame)[:, 0]
        present = ~np.isnan(column)
        zh, en = feature.zh or feature.name, feature.en or feature.name
        if feature.kind != CATEGORY and frame[feature.name].dtype.is_float():
            infinite = int(frame[feature.name].is_infinite().sum())
            if infinite:
                notes.append((f"{zh}：{infinite} 行为无穷大，按缺失处理。", f"{en}: {infinite} rows are infinite and count as missing."))
        if feature.kind == CATEGORY and (few := int((column == UNSEEN).sum())):
            notes.append(
                (f"{zh}：不足 {FEW_ROWS} 行的类别合并处理，共 {few} 行。", f"{en}: categories of fewer than {FEW_ROWS} rows count together, {few} rows.")
            )
        if not present.any():
            empty.append(feature)
        elif present.all() and column.min() == column.max():
            same.append(feature)
        else:
            usable.append(feature)
    notes += _left_out(empty, "全部为空", "empty in every row") + _left_out(same, "所有行都相同", "the same in every row")
    if not usable:
        raise Refused(
            "no feature can be used: each is empty or the same in every row",
            "没有可用的特征：每个特征都为空或在所有行中相同",
        )
    return tuple(usable), notes


def _left_out(features: list[Feature], zh: str, en: str) -> list[Note]:
    """One note for all features left out for one reason."""
    if not features:
        return []
    named_zh, named_en = "、".join(each.zh or each.name for each in features), ", ".join(each.en or each.name for each in features)
    return [(f"{len(features)} 个特征{zh}，未使用：{named_zh}。", f"Left out ({len(features)}), {en}: {named_en}.")]
