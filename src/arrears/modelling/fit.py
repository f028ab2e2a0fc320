"""A model fitted, measured and kept with its card: the one way by which a version comes about."""

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import polars as pl

from arrears import __version__, registry, store
from arrears.learning.assessment import assessment
from arrears.learning.drift import csi, psi
from arrears.learning.fairness import fairness
from arrears.learning.stress import stress
from arrears.modelling.card_page import card_page
from arrears.modelling.sample import Sample, folds_of
from arrears.refusal import Refused
from arrears.scoring.estimates import estimate, interval, points
from arrears.scoring.fitting import Fitted, binned_counts, fit_model
from arrears.scoring.kept import to_files
from arrears.scoring.model import Model
from arrears.store import Book

EVENTS_LEAST = 50
"""Fewer events, or fewer rows without one, among the fitting or the measuring rows say nothing one could rely on; our choice."""

_TRAINING = ("lightgbm", "optbinning", "scikit-learn")
_PROTECTED = ("sex", "age_band", "region")


def fit(sample: Sample, kind: str | None) -> tuple[Model, dict]:
    """The model that the sample's fitting rows make, and its card, whose figures come from the rows held out.

    kind: scorecard or boosted; None for what the target has by itself. Raises Refused where there are too few events, one class only, or nothing to learn from.
    """
    _demand_events(sample)
    train = sample.rows.filter(pl.Series(~sample.test))
    target = sample.target
    fitted = fit_model(
        target.name, target.family, kind or target.kind, train, train["outcome"].to_numpy(), sample.features, sample.seed, target.event_is_bad, _is_share(sample),
        folds_of(train["person"]))
    return fitted.model, _card(sample, fitted, train)


def keep(book: Book, model: Model, card: dict) -> int:
    """The number of the version under which the model and its card are kept from now on."""
    files = to_files(model)
    for number in range(max(registry.versions_of(book, model.name), default=0) + 1, 10_000):
        card = {**card, "version": number}
        files[registry.CARD] = store.json_bytes(card)
        card["digest"] = registry.digest_of(files)
        page = card_page(card)
        with store.locked(book, "models", alone=True):
            if number <= max(registry.versions_of(book, model.name), default=0):
                continue
            return registry.keep(book, model.name, {**files, registry.CARD_PAGE: page.encode()})
    raise AssertionError("ten thousand versions")


def card_of(book: Book, name: str, number: int | None) -> registry.Version:
    """The kept version, its card as JSON; raises Refused where there is none."""
    return registry.read_version(book, name, number)


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
    estimates, outcome = estimate(model, held_out), held_out["outcome"].to_numpy()
    low_high = interval(model, estimates)
    measured = assessment(outcome, estimates, is_share=model.is_share, points=points(model, held_out), interval=low_high, seed=sample.seed)
    in_sample = assessment(train["outcome"].to_numpy(), fitted.cross_fitted, is_share=model.is_share, points=None, interval=None, seed=sample.seed)
    counts = binned_counts(model, held_out)
    drift = {name: psi(model.reference[name], counts[name]) for name in counts}
    event = sample.event or target.event
    worst = _worst(model, estimates)
    return {
        "model": model.name, "family": model.family, "kind": model.kind, "is_share": model.is_share,
        "event": {"zh": event[0], "en": event[1], "is_bad": target.event_is_bad, "horizon_days": target.horizon_days, "who_zh": target.who[0], "who_en": target.who[1]},
        "as_of": sample.as_of and sample.as_of.isoformat(), "known_at": sample.known_at,
        "data": _data(sample, fitted), "validation": _validation(sample),
        "metrics": {"train": in_sample["metrics"], "test": measured["metrics"]},
        **{key: value for key, value in measured.items() if key != "metrics"},
        "features": _features(sample, model, drift),
        "stability": {"psi": drift.get("estimate"), "rows_then": len(train), "rows_now": len(held_out)},
        "fairness": fairness(held_out, estimates, worst, outcome if not model.is_share else None, _attributes(held_out)),
        "stress": stress(lambda frame: estimate(model, frame), held_out, model, worst.mean()),
        "later": None, "challenger": None,
        "limits": [{"zh": zh, "en": en} for zh, en in (*target.limits, _OTHERS_LIMIT)],
        "formulas": sample.formulas, "definition": sample.definition, "versions": _versions(),
    }


_OTHERS_LIMIT = (
    "估计针对一群相似的人；对一个人而言只是参考，不是结论。仅凭自动决定作出有重大影响的处理时，本人有权要求说明并拒绝（个人信息保护法第二十四条）。",
    "An estimate speaks of many alike; of one person it is an indication, not a finding. Where a decision of great effect rests on it alone, the person may "
    "ask for reasons and refuse it (个人信息保护法 Art. 24).",
)


def _worst(model: Model, estimates: np.ndarray) -> np.ndarray:
    """The tenth of the rows that the model holds for the worst for the lender: the ones a strategy would single out."""
    if not len(estimates):
        return np.zeros(0, np.bool_)
    cut = np.quantile(estimates, 0.9 if model.event_is_bad else 0.1)
    return estimates >= cut if model.event_is_bad else estimates <= cut


def _attributes(rows: pl.DataFrame) -> list[str]:
    return [name for name in _PROTECTED if name in rows.columns and rows[name].null_count() < len(rows)]


def _data(sample: Sample, fitted: Fitted) -> dict:
    outcome = sample.rows["outcome"]
    when = sample.rows["when"] if "when" in sample.rows.columns else None
    notes = [*sample.notes, *fitted.notes]
    return {
        "source": sample.source, "digest": sample.digest, "rows": len(outcome), "events": float(outcome.sum()), "base_rate": float(outcome.mean()),
        "from": when.min().isoformat() if when is not None else None, "to": when.max().isoformat() if when is not None else None,
        "notes": [{"zh": zh, "en": en} for zh, en in notes], "left_out": [{"column": column, "zh": words[0], "en": words[1]} for column, words in sample.left_out],
    }


def _validation(sample: Sample) -> dict:
    test = sample.rows.filter(pl.Series(sample.test))
    when = test["when"] if "when" in test.columns else None
    return {"how": sample.how, "train_rows": int((~sample.test).sum()), "test_rows": len(test), "test_events": float(test["outcome"].sum()),
            "from": when.min().isoformat() if when is not None else None, "to": when.max().isoformat() if when is not None else None, "seed": sample.seed}


def _features(sample: Sample, model: Model, drift: dict) -> list[dict]:
    from arrears.scoring.fitting import described

    told = {row["name"]: row for row in described(model)}
    return [{**told[feature.name], "formula": sample.formulas.get(feature.name, ""), "csi": drift.get(feature.name),
             "missing_share": sample.rows[feature.name].is_null().mean()} for feature in model.features]


def _versions() -> dict[str, str]:
    found = {"arrears": __version__, "numpy": version("numpy"), "polars": version("polars")}
    for name in _TRAINING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_card(path: Path) -> dict:
    """A card as it is kept."""
    return json.loads(path.read_text(encoding="utf-8"))
