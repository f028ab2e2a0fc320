"""A made-up card for the tests of its page: plausible figures, the same every time, computed as a real card's are."""

from functools import cache

import numpy as np
import polars as pl

from arrears.learning import drift, stress
from arrears.learning.assessment import assessment
from arrears.learning.challenger import as_row, compare
from arrears.learning.fairness import as_rows, fairness, fairness_alerts


def rows(seed: int = 1, number: int = 4_000) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """People, outcomes and estimates: perfectly calibrated ones."""
    dice = np.random.default_rng(seed)
    cover = dice.normal(1.3, 0.5, number)
    estimate = 1 / (1 + np.exp(0.3 + 1.3 * cover))
    people = pl.DataFrame({"sex": dice.choice(["女", "男"], number), "age_band": dice.choice(["18-25", "26-40", "41-60", "61+"], number, p=[0.2, 0.5, 0.28, 0.02]),
                           "region": dice.choice(["北", "南", None], number, p=[0.6, 0.39, 0.01]), "dscr_3m": cover})
    return people, (dice.random(number) < estimate).astype(float), estimate


def _features() -> list[dict]:
    bins = [{"label": "< 0.8", "rows": 800, "events": 210, "rate": 0.2625, "woe": -0.71, "points": 31},
            {"label": "[0.8, 1.2)", "rows": 1100, "events": 160, "rate": 0.1455, "woe": 0.03, "points": 52},
            {"label": "≥ 1.2", "rows": 2000, "events": 130, "rate": 0.065, "woe": 0.92, "points": 78},
            {"label": ("缺失", "missing"), "rows": 100, "events": 12, "rate": 0.12, "woe": 0.2, "points": 57}]
    groups = [{"label": "retail, catering, transport", "rows": 2500, "events": 380, "rate": 0.152, "woe": -0.1, "points": 48},
              {"label": "other", "rows": 1500, "events": 132, "rate": 0.088, "woe": 0.5, "points": 66}]
    return [{"name": "industry", "zh": "行业", "en": "industry", "unit": "", "formula": ("登记的行业", "industry as registered"), "monotone": 0, "typical": "retail",
             "strength": 0.12, "missing_share": 0.0, "csi": 0.01, "bins": groups},
            {"name": "dscr_3m", "zh": "近 3 个月偿债覆盖率", "en": "cash-flow cover of debt service, 3 months", "unit": "ratio",
             "formula": "(inflow less outflow) over debt service, sums of the last 3 months", "monotone": -1, "typical": 1.31, "strength": 0.42,
             "missing_share": 0.025, "csi": 0.031, "bins": bins}]


@cache
def _assessed() -> tuple[dict, dict, list[dict], list[dict], dict]:
    people, outcome, estimate = rows()
    _, then, said = rows(2)
    groups = fairness(people.select("sex", "age_band", "region"), estimate, estimate > 0.25, outcome)
    shown = as_rows(groups, fairness_alerts("behaviour_miss", groups, drift.thresholds()))
    downturn = stress.stressed(lambda frame: 1 / (1 + np.exp(0.3 + 1.3 * frame["dscr_3m"].to_numpy())), people, ["dscr_3m"], True, 0.25, stress.scenarios())
    rival = as_row(compare(outcome, estimate, np.clip(estimate + np.random.default_rng(3).normal(0, 0.05, estimate.size), 0.01, 0.99), ("现任 v1", "挑战者 v2")))
    points = np.round(600 - 20 / np.log(2) * (np.log(estimate / (1 - estimate)) + np.log(50)))
    return assessment(outcome, estimate, 1, points=points), assessment(then, said, 1), shown, downturn, rival


def card() -> dict:
    """A card with every part filled."""
    test, train, groups, downturn, rival = _assessed()
    return {
        "model": "behaviour_miss", "family": "behaviour", "kind": "scorecard", "version": "3", "digest": "9f31c2a4" * 8,
        "event": {"zh": "当前未逾期的贷款错过下一个到期日", "en": "a loan that is not late misses its next due date", "is_bad": True, "horizon_days": 30},
        "as_of": "2026-10-31", "known_at": "2026-11-01T00:00Z",
        "data": {"source": "demo", "digest": "4be0" * 16, "rows": 8_000, "events": 1_050, "base_rate": 0.131, "from": "2025-01-31", "to": "2026-09-30",
                 "notes": [{"zh": "每月末一个快照。", "en": "One snapshot at each month end."}],
                 "left_out": [{"column": "promise_share", "zh": "全部缺失", "en": "all missing"}]},
        "validation": {"how": "out_of_time", "train_rows": 4_000, "test_rows": 4_000, "test_events": test["events"], "from": "2026-06-30", "to": "2026-09-30", "seed": 7},
        "metrics": {"train": train["metrics"], "test": test["metrics"]}, "calibration": test["calibration"], "bands": test["bands"], "roc": test["roc"],
        "distribution": test["distribution"], "features": _features(), "stability": {"psi": 0.0213, "level": "calm", "rows_then": 4_000, "rows_now": 4_000}, "fairness": groups,
        "stress": downturn, "later": [{"as_of": "2026-11-22", "band": 1, "rows": 120, "predicted": 0.31, "observed": 0.33, "low": 0.25, "high": 0.42}],
        "challenger": rival, "limits": [{"zh": "只有获批的申请有结果（拒绝推断未做）。", "en": "Only approved applications have outcomes (no reject inference)."}],
        "versions": {"arrears": "0.1.0", "optbinning": "0.20"}}


def bare_card() -> dict:
    """A card with nothing but what is demanded."""
    return {name: card()[name] for name in ("model", "family", "kind", "version", "event")}


def share_card() -> dict:
    """The card of a model of shares."""
    dice = np.random.default_rng(4)
    estimate = dice.beta(2, 3, 2_000)
    outcome = np.clip(estimate + dice.normal(0, 0.15, 2_000), 0, 1)
    found = assessment(outcome, estimate, 1, is_share=True, interval=(np.clip(estimate - 0.25, 0, 1), np.clip(estimate + 0.25, 0, 1)))
    event = {"zh": "核销后损失的比例", "en": "the share of the amount lost after write-off", "is_bad": True, "horizon_days": 360}
    return card() | {"model": "loss", "family": "loss", "kind": "boosted", "event": event, "metrics": {"train": found["metrics"], "test": found["metrics"]},
                     "calibration": found["calibration"], "bands": found["bands"], "roc": [], "distribution": None, "fairness": [], "challenger": None}
