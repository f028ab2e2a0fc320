"""A model's night: calm where nothing changed, and each kind of change raises its own alert."""

import json
from dataclasses import replace

import numpy as np
import polars as pl

from arrears.learning.drift import thresholds
from arrears.learning.watch import Matured, watched

REFERENCE = {"estimate": [0.25] * 4, "income": [0.5, 0.4, 0.1]}
SAME = {"estimate": [250, 251, 249, 250], "income": [500, 398, 102]}
NAMES = {"income": ("收入", "income")}


def matured(seed: int = 1, rows: int = 3_000) -> Matured:
    dice = np.random.default_rng(seed)
    estimate = dice.beta(2, 5, rows)
    groups = pl.DataFrame({"sex": dice.choice(["f", "m"], rows)})
    return Matured("2026-10-23", (dice.random(rows) < estimate).astype(float), estimate, groups, estimate > 0.4, card_auc=0.70)


def night(found=SAME, became: Matured | None = None):
    return watched("m", REFERENCE, found, 0.2, NAMES, thresholds(), 1, 10_000, became)


def test_a_night_like_the_fitting_rows_with_outcomes_as_estimated_is_calm():
    entry, alerts = night(became=matured())
    assert alerts == []
    assert entry["psi"]["level"] == entry["csi"][0]["level"] == "calm" and entry["csi"][0]["en"] == "income"
    assert entry["bands"] == [0.25, 0.251, 0.249, 0.25] and entry["rows"] == 1_000
    assert entry["matured"]["rows"] == 3_000 and len(entry["matured"]["calibration"]) == 10 and len(entry["matured"]["fairness"]) == 2
    assert json.loads(json.dumps(entry)) == entry


def test_bands_empty_then_and_now_are_not_shown():
    entry, _ = watched("m", {"estimate": [0.5, 0.5, 0.0, 0.0]}, {"estimate": np.array([80, 120, 0, 0])}, 0.2, {}, thresholds(), 1)
    assert (entry["bands"], entry["reference"]) == ([0.4, 0.6], [0.5, 0.5])


def test_each_kind_of_change_raises_its_own_alert_the_pressing_first():
    moved = {"estimate": [100, 200, 300, 400], "income": [100, 400, 500]}
    noise = np.random.default_rng(3).random(3_000)
    _, alerts = night(moved, replace(matured(), estimate=noise, selected=noise > 0.5))
    kinds = {one.kind: one.level for one in alerts}
    assert kinds["csi"] == kinds["auc_drop"] == kinds["calibration_gap"] == "alert" and kinds["psi"] == "watch"
    assert [one.level for one in alerts] == sorted(one.level for one in alerts)
    assert "收入" in next(one.zh for one in alerts if one.kind == "csi")


def test_shares_have_no_auc_and_no_rows_nothing_at_all():
    became = matured()
    entry, _ = night(became=replace(became, outcome=became.estimate, is_share=True))
    assert entry["matured"]["auc"] is entry["matured"]["ks"] is None
    empty, alerts = night({"estimate": [0] * 4, "income": [0] * 3})
    assert empty["psi"] is None and empty["csi"] == empty["bands"] == alerts == []
