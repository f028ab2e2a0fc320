"""A model fitted, measured and kept with its card: the one way by which a version comes about."""

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import polars as pl

from arrears import __version__, registry, store
from arrears.learning.assessment import assessment
from arrears.learning.drift import csi, psi, thresholds
from arrears.learning.fairness import as_rows, fairness, fairness_alerts
from arrears.learning.measures import auc
from arrears.learning.stress import scenarios, stressed
from arrears.locks import locked
from arrears.modelling.card_page import card_page
from arrears.modelling.sample import Sample, folds_of
from arrears.refusal import Refused
from arrears.scoring.estimates import ESTIMATE, binned_rows, estimate, interval, points, reference_shares
from arrears.scoring.fitting import Fitted, fit_model
from arrears.scoring.kept import to_files
from arrears.scoring.matrix import encoded, learned_features
from arrears.scoring.model import NUMBER, SCORECARD, Bins, Feature, Model
from arrears.scoring.protected import ATTRIBUTES
from arrears.scoring.scorecard import information_value
from arrears.store import Book

EVENTS_LEAST = 50
"""Fewer events, or fewer rows without one, among the fitting or the measuring rows say nothing one could rely on; our choice."""

TELLS_ALL = 0.95
"""A feature of a greater AUC by itself (or below 1 less this) is taken for one that was filled in after the event; our choice."""

_TRAINING = ("lightgbm", "optbinning", "scikit-learn")


def fit(sample: Sample, kind: str | None) -> tuple[Model, dict]:
    """The model that the sample's fitting rows make, and its card, whose figures come from the rows held out.

    kind: scorecard or boosted; None for what the target has by itself. Raises Refused where there are too few events, one class only, or nothing to learn from.
    """
    _demand_events(sample)
    train = sample.rows.filter(pl.Series(~sample.test))
    target = sample.target
    try:
        fitted = fit_model(
            target.name, target.family, kind or target.kind, train, train["outcome"].to_numpy(), sample.features, sample.seed, target.event_is_bad, _is_share(sample),
            folds_of(train["person"]))
    except Refused as problem:
        raise Refused(f"{target.name}: {problem.en}", f"{target.name}：{problem.zh}") from None
    return fitted.model, _card(sample, fitted, train)


def keep(book: Book, model: Model, card: dict) -> int:
    """The number of the version under which the model and its card are kept from now on."""
    files = to_files(model)
    for number in range(max(registry.versions_of(book, model.name), default=0) + 1, 10_000):
        card = {**card, "version": number}
        files[registry.CARD] = store.json_bytes(card)
        card["digest"] = registry.digest_of(files)
        page = card_page(card)
        with locked(book, "models", alone=True, patience_seconds=registry.PATIENCE_SECONDS):
            if number <= max(registry.versions_of(book, model.name), default=0):
                continue
            return registry.keep(book, model.name, {**files, registry.CARD_PAGE: page.encode()})
    raise AssertionError("ten thousand versions")


def _is_share(sample: Sample) -> bool:
    outcome = sample.rows["outcome"]
    return sample.target.is_share or bool(((outcome > 0) & (outcome < 1)).any())


def _demand_events(sample: Sample) -> None:
    outcome = sample.rows["outcome"].to_numpy()
    if _is_share(sample):
        if len(outcome) - int(sample.test.sum()) < 2 * EVENTS_LEAST or int(sample.test.sum()) < EVENTS_LEAST:
            raise Refused(f"{sample.target.name}: {len(outcome):,} rows are too few to fit and to measure a share; at least {3 * EVENTS_LEAST} are needed",
                          f"{sample.target.name}：{len(outcome):,} 行太少，无法拟合并检验比例；至少需要 {3 * EVENTS_LEAST} 行")
        return
    for part, zh, mask in (("fitting", "拟合", ~sample.test), ("held-out", "检验", sample.test)):
        events, others = int((outcome[mask] > 0.5).sum()), int((outcome[mask] <= 0.5).sum())
        least = EVENTS_LEAST if part == "fitting" else EVENTS_LEAST // 5
        if min(events, others) == 0:
            raise Refused(f"{sample.target.name}: all {int(mask.sum()):,} {part} rows end alike ({events:,} events); without both kinds nothing can be learnt or measured: take a longer history or another outcome",
                          f"{sample.target.name}：{int(mask.sum()):,} 条{zh}样本结果相同（事件 {events:,}）；只有一类时无法学习或检验：请延长历史或更换结果")
        if min(events, others) < least:
            raise Refused(f"{sample.target.name}: {events:,} events and {others:,} others among the {part} rows; at least {least} of each are needed for figures one may rely on, so no model was made",
                          f"{sample.target.name}：{zh}样本中事件 {events:,}、非事件 {others:,}；各至少需要 {least}，数字才可靠，因此未生成模型")


def _card(sample: Sample, fitted: Fitted, train: pl.DataFrame) -> dict:
    """Everything a reader must know of the model; figures come from the rows held out."""
    model, target = fitted.model, sample.target
    held_out = sample.rows.filter(pl.Series(sample.test))
    found = measured(model, held_out, sample.seed, len(train))
    in_sample = assessment(train["outcome"].to_numpy(), fitted.cross_fitted, sample.seed, is_share=model.is_share, event_is_bad=model.event_is_bad)
    event = sample.event or target.event
    return {
        "model": model.name, "family": model.family, "kind": model.kind, "is_share": model.is_share,
        "event": {"zh": event[0], "en": event[1], "is_bad": target.event_is_bad, "horizon_days": target.horizon_days, "who_zh": target.who[0], "who_en": target.who[1]},
        "as_of": sample.as_of and sample.as_of.isoformat(), "known_at": sample.known_at,
        "data": _data(sample, fitted, train), "validation": _validation(sample), "metrics": {"train": in_sample["metrics"], "test": found["metrics"]},
        **{key: found[key] for key in ("calibration", "bands", "roc", "gains", "distribution", "fairness")},
        "features": _features(sample, model, found["csi"]), "stability": {"psi": found["psi"] and found["psi"]["value"], "rows_then": len(train), "rows_now": len(held_out)},
        "stress": stressed(lambda frame: estimate(model, frame), held_out, [feature.name for feature in model.features], model.event_is_bad, found["cut"], scenarios(), model.is_share),
        "later": None, "challenger": None, "limits": [{"zh": zh, "en": en} for zh, en in (*target.limits, _OTHERS_LIMIT)],
        "formulas": sample.formulas, "definition": sample.definition, "versions": _versions(),
    }


def measured(model: Model, rows: pl.DataFrame, seed: int, fitting_rows: int | None = None) -> dict:
    """A model's figures on rows with their outcome: metrics, calibration, bands, curves; psi and csi against the fitting rows; fairness by sex, age
    band and region where the rows know them; `cut`, the estimate at which the worst tenth of these rows begins.
    """
    outcome, estimates, limits = rows["outcome"].to_numpy(), estimate(model, rows), thresholds()
    found = assessment(outcome, estimates, seed, is_share=model.is_share, event_is_bad=model.event_is_bad,
                       points=points(model, rows) if model.kind == SCORECARD else None, interval=interval(model, estimates) if model.is_share else None)
    reference, counts = reference_shares(model), binned_rows(model, rows, estimates)
    moved = csi({feature.name: reference[feature.name] for feature in model.features}, counts, limits["csi"], fitting_rows)
    cut = float(np.quantile(estimates, 0.9 if model.event_is_bad else 0.1))
    selected = estimates >= cut if model.event_is_bad else estimates <= cut
    groups = known_groups(rows)
    rates = fairness(rows.select(groups), estimates, selected, outcome, model.is_share) if groups else []
    unequal = fairness_alerts(model.name, rates, limits)
    drift = psi(reference[ESTIMATE], counts[ESTIMATE], limits["psi"], fitting_rows)
    return {**found, "psi": drift and asdict(drift), "csi": {name: asdict(one) for name, one in moved.items()}, "cut": cut,
            "fairness": as_rows(rates, unequal), "unequal": [{"zh": one.zh, "en": one.en} for one in unequal]}


def known_groups(rows: pl.DataFrame) -> list[str]:
    """The protected attributes that the rows know of somebody."""
    return [name for name in ATTRIBUTES if name in rows.columns and rows[name].null_count() < len(rows)]


_OTHERS_LIMIT = (
    "估计针对一群相似的人；对一个人而言只是参考，不是结论。仅凭自动决定作出有重大影响的处理时，本人有权要求说明并拒绝（个人信息保护法第二十四条）。",
    "An estimate speaks of many alike; of one person it is an indication, not a finding. Where a decision of great effect rests on it alone, the person may "
    "ask for reasons and refuse it (个人信息保护法 Art. 24).",
)


def _data(sample: Sample, fitted: Fitted, train: pl.DataFrame) -> dict:
    outcome = sample.rows["outcome"]
    when = sample.rows["when"] if "when" in sample.rows.columns else None
    notes = [*_telling_too_much(sample.features, fitted.model, train), *sample.notes, *fitted.notes]
    return {
        "source": sample.source, "digest": sample.digest, "rows": len(outcome), "events": float(outcome.sum()), "base_rate": float(outcome.mean()),
        "from": when.min().isoformat() if when is not None else None, "to": when.max().isoformat() if when is not None else None,
        "notes": [{"zh": zh, "en": en} for zh, en in notes], "left_out": [{"column": column, "zh": words[0], "en": words[1]} for column, words in sample.left_out],
    }


def _telling_too_much(offered: tuple[Feature, ...], model: Model, train: pl.DataFrame) -> list[tuple[str, str]]:
    """A note for every feature offered that alone ranks the fitting rows almost as they ended: such a column was often filled in afterwards."""
    outcome = train["outcome"].to_numpy()
    ended = (outcome > np.median(outcome) if model.is_share else outcome > 0.5).astype(np.float64)
    features = learned_features(offered, train, outcome)
    matrix, found = encoded(features, train), []
    for place, feature in enumerate(features):
        if np.isnan(matrix[:, place]).all():
            continue
        ranked = auc(ended, np.nan_to_num(matrix[:, place], nan=np.nanmin(matrix[:, place]) - 1))
        if ranked and max(ranked.value, 1 - ranked.value) > TELLS_ALL:
            found.append((f"{feature.zh}：单独即可几乎完全区分结果；请确认它在预测时已经可知，否则去掉（--exclude）。",
                          f"{feature.en}: it alone tells the outcome almost entirely; make sure that it was known beforehand, or leave it out (--exclude)."))
    return found


def _validation(sample: Sample) -> dict:
    test = sample.rows.filter(pl.Series(sample.test))
    when = test["when"] if "when" in test.columns else None
    return {"how": sample.how, "train_rows": int((~sample.test).sum()), "test_rows": len(test), "test_events": float(test["outcome"].sum()),
            "from": when.min().isoformat() if when is not None else None, "to": when.max().isoformat() if when is not None else None, "seed": sample.seed}


def _features(sample: Sample, model: Model, moved: dict) -> list[dict]:
    """What the card says of each feature; a scorecard's bins with their points, trees' features by how often they part rows."""
    bins = {} if model.scorecard is None else {one.feature: one for one in model.scorecard.bins}
    parts = np.bincount(model.trees.feature[model.trees.feature >= 0], minlength=len(model.features)) if model.trees is not None else None
    told = []
    for place, feature in enumerate(model.features):
        strength = information_value(bins[feature.name]) if feature.name in bins else float(parts[place] / parts.sum())
        told.append({
            "name": feature.name, "zh": feature.zh, "en": feature.en, "unit": feature.unit, "formula": sample.formulas.get(feature.name, ""), "monotone": feature.monotone,
            "typical": feature.typical, "strength": strength, "missing_share": float(sample.rows[feature.name].is_null().mean()), "csi": moved.get(feature.name),
            "bins": _bins(bins[feature.name], feature.kind) if feature.name in bins else [],
        })
    return sorted(told, key=lambda one: -one["strength"])


def _bins(bins: Bins, kind: str) -> list[dict]:
    """A feature's bins as a card shows them: label, rows, events, rate, weight of evidence, points; missing and unseen where there were any."""
    if kind == NUMBER:
        edges = ["", *(f"{split:.10g}" for split in bins.splits), ""]
        labels = [f"< {high}" if not low else f"≥ {low}" if not high else f"{low} … < {high}" for low, high in zip(edges, edges[1:], strict=False)]
    else:
        labels = [", ".join(group) for group in bins.groups]
    labels = [label if label not in ("< ", "≥ ") else "*" for label in labels] + [("无记录", "missing"), ("未见过", "unseen")]
    rows = zip(labels, bins.rows, bins.events, bins.woe, bins.points, strict=True)
    return [{"label": label, "rows": count, "events": events, "rate": events / count if count else None, "woe": woe, "points": worth}
            for place, (label, count, events, woe, worth) in enumerate(rows) if count or place < len(labels) - 2]


def _versions() -> dict[str, str]:
    found = {"arrears": __version__, "numpy": version("numpy"), "polars": version("polars")}
    for name in _TRAINING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
