"""Drift and fairness: known figures, no alarm where nothing changed, and an alarm where something did."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.learning import drift
from arrears.learning.drift import ALERT, CALM, TOO_FEW, WATCH
from arrears.learning.fairness import as_rows, fairness, fairness_alerts
from arrears.learning.measures import Measured
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

LIMITS = drift.thresholds()
TENTHS = [0.1] * 10


def test_a_worked_index_is_that_by_hand():
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5) = 0.0182322 + 0.0223144
    assert drift.psi([0.5, 0.5], [600_000, 400_000], LIMITS["psi"]).value == pytest.approx(0.0405465, abs=1e-5)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=12), st.integers(0, 9))
def test_the_index_is_never_negative_and_does_not_depend_on_the_order_of_bins(rows, seed):
    reference = np.arange(1, len(rows) + 1) / sum(range(1, len(rows) + 1))
    order = np.random.default_rng(seed).permutation(len(rows))
    found = drift.psi(reference, rows, LIMITS["psi"])
    assert found.value >= 0
    assert found.value == pytest.approx(drift.psi(reference[order], np.array(rows)[order], LIMITS["psi"]).value)


def test_without_a_change_the_index_passes_the_bound_of_chance_about_once_in_a_hundred():
    dice = np.random.default_rng(4)
    draws = [drift.psi(dice.multinomial(3_000, TENTHS) / 3_000, dice.multinomial(400, TENTHS), LIMITS["psi"], 3_000) for _ in range(2_000)]
    passed = sum(one.value > one.chance for one in draws)
    assert 5 <= passed <= 40, passed
    assert np.mean([one.value for one in draws]) == pytest.approx(9 * (1 / 400 + 1 / 3_000), rel=0.06)


def test_the_bound_of_chance_is_the_99th_percentile_of_chi_squared():
    stats = pytest.importorskip("scipy.stats", reason="SciPy comes with the extra train")
    for bins in (3, 5, 10, 20):
        assert drift.psi([1 / bins] * bins, [50] * bins, LIMITS["psi"]).chance * 50 * bins == pytest.approx(stats.chi2.ppf(0.99, bins - 1), rel=0.01)


@pytest.mark.parametrize(("rows", "level"), [
    ([1000] * 10, CALM), ([600] * 5 + [1400] * 5, WATCH), ([200] * 5 + [1800] * 5, ALERT), ([2] * 5 + [18] * 4 + [17], TOO_FEW),
    ([20, 4, 20, 4, 20, 4, 20, 4, 8, 10], ALERT), ([7, 16, 9, 15, 5, 11, 12, 14, 6, 15], CALM)])
def test_levels_follow_the_thresholds_and_the_number_of_rows(rows, level):
    assert drift.psi(TENTHS, rows, LIMITS["psi"]).level == level


def test_an_empty_bin_is_far_but_not_infinitely_and_one_empty_on_both_sides_does_not_count():
    found = drift.psi([0.5, 0.5, 0.0], [500, 0, 0], LIMITS["psi"])
    assert np.isfinite(found.value) and found.level == ALERT
    assert found == drift.psi([0.5, 0.5], [500, 0], LIMITS["psi"])
    assert drift.psi([1.0], [0], LIMITS["psi"]) is None


def test_bins_that_do_not_match_are_refused():
    with pytest.raises(Refused, match="2 bins are compared with 3"):
        drift.psi([0.2, 0.3, 0.5], [4, 4], LIMITS["psi"])


def test_features_are_listed_the_farthest_first():
    found = drift.csi({"age": TENTHS, "income": TENTHS, "gone": TENTHS}, {"age": [100] * 10, "income": [10] * 5 + [190] * 5}, LIMITS["csi"])
    assert list(found) == ["income", "age"]


def test_every_threshold_says_where_it_comes_from_and_speaks_both_languages(tmp_path):
    assert all(limit.source and limit.zh and limit.en for limit in LIMITS.values())
    (tmp_path / "own.yaml").write_text('- {kind: psi, watch: "0.2", alert: "0.3", unit: a, zh: b, en: c, source: ours}\n', encoding="utf-8")
    with pytest.raises(BadYaml, match="no thresholds for auc_drop"):
        drift.thresholds(tmp_path / "own.yaml")
    (tmp_path / "own.yaml").write_text('- {kind: psi, watch: "low", alert: "0.3", unit: a, zh: b, en: c, source: ours}\n', encoding="utf-8")
    with pytest.raises(BadYaml, match="line 1: watch and alert are numbers"):
        drift.thresholds(tmp_path / "own.yaml")


def test_a_fall_of_the_auc_is_an_alert_only_where_it_is_more_than_chance():
    fallen, unsure = Measured(0.70, 0.68, 0.72), Measured(0.70, 0.60, 0.80)
    assert drift.auc_alert("m", 0.78, fallen, 5_000, LIMITS["auc_drop"]).level == ALERT
    assert drift.auc_alert("m", 0.735, fallen, 5_000, LIMITS["auc_drop"]).level == WATCH
    assert drift.auc_alert("m", 0.78, unsure, 150, LIMITS["auc_drop"]) is drift.auc_alert("m", 0.78, None, 0, LIMITS["auc_drop"]) is None
    assert drift.auc_alert("m", 0.78, fallen, 99, LIMITS["auc_drop"]) is None


def test_a_mean_estimate_off_the_outcome_is_an_alert_and_says_so_in_both_languages():
    found = drift.calibration_alert("behaviour_miss", 0.13, Measured(0.10, 0.09, 0.11), 3_000, LIMITS["calibration_gap"])
    assert (found.level, round(found.value, 3), found.limit) == (ALERT, 0.3, 0.25)
    assert "behaviour_miss" in found.zh and "警报" in found.zh and found.en.startswith("Alert: behaviour_miss")
    assert drift.calibration_alert("m", 0.11, Measured(0.10, 0.09, 0.12), 3_000, LIMITS["calibration_gap"]) is None


def test_alerts_come_before_what_is_to_be_watched():
    watch = drift.auc_alert("a", 0.735, Measured(0.70, 0.68, 0.72), 5_000, LIMITS["auc_drop"])
    alert = drift.auc_alert("b", 0.78, Measured(0.70, 0.68, 0.72), 5_000, LIMITS["auc_drop"])
    assert drift.most_pressing_first([watch, None, alert]) == [alert, watch]


def people(rows: int, seed: int = 1):
    dice = np.random.default_rng(seed)
    groups = pl.DataFrame({"sex": dice.choice(["f", "m"], rows), "region": dice.choice(["north", "south", "tiny"], rows, p=[0.5, 0.49, 0.01])})
    estimate = dice.beta(2, 6, rows)
    return groups, estimate, (dice.random(rows) < estimate).astype(float), groups["sex"].to_numpy() == "f"


def test_the_rates_of_groups_are_those_counted_by_hand():
    groups = pl.DataFrame({"sex": ["f", "f", "f", None, "m", "m"]})
    selected, outcome = np.array([1, 0, 1, 0, 0, 1], bool), np.array([1, 1, 0, 0, 1, 0.0])
    found = {one.group: one for one in fairness(groups, np.array([0.5, 0.2, 0.8, 0.1, 0.3, 0.9]), selected, outcome)}
    women = found["f"]
    assert (women.rows, women.selected.value, women.estimated, women.observed.value) == (3, pytest.approx(2 / 3), pytest.approx(0.5), pytest.approx(2 / 3))
    assert women.selection_ratio == pytest.approx((2 / 3) / (3 / 6))
    assert (women.true_positive.value, women.false_positive.value) == (0.5, 1.0)
    assert (women.true_positive_gap, women.false_positive_gap) == (pytest.approx(1 / 2 - 1 / 3), pytest.approx(1 - 2 / 3))
    assert found["?"].rows == 1 and not women.is_judged and found["?"].true_positive is None


def test_groups_treated_alike_raise_no_alert_and_a_group_selected_less_often_does():
    groups, estimate, outcome, is_woman = people(20_000)
    alike = fairness(groups, estimate, estimate > 0.4, outcome)
    assert fairness_alerts("m", alike, LIMITS) == []
    apart = fairness(groups, estimate, estimate > np.where(is_woman, 0.5, 0.3), outcome)
    alerts = fairness_alerts("m", apart, LIMITS)
    assert ("selection_ratio", "sex=f", ALERT) in {(one.kind, one.what, one.level) for one in alerts}
    shown = {(row["attribute"], row["group"]): row["level"] for row in as_rows(apart, alerts)}
    assert shown["sex", "f"] == ALERT and shown["region", "north"] == CALM


def test_an_estimate_too_low_for_one_group_is_an_alert_of_its_calibration():
    groups, estimate, outcome, is_woman = people(20_000)
    alerts = fairness_alerts("m", fairness(groups, np.where(is_woman, estimate * 0.6, estimate), estimate > 0.4, outcome), LIMITS)
    assert {(one.kind, one.what) for one in alerts} >= {("group_calibration_gap", "sex=f")}
    assert all(one.what != "region=north" or one.kind == "group_calibration_gap" for one in alerts)


def test_small_groups_are_shown_and_not_judged_and_outcomes_may_be_missing():
    groups, estimate, _, _ = people(2_000)
    found = fairness(groups, estimate, np.arange(2_000) < 1)
    assert fairness_alerts("m", found, LIMITS) == []
    tiny = next(row for row in as_rows(found) if row["group"] == "tiny")
    assert tiny["level"] == TOO_FEW and tiny["auc"] is None and tiny["observed"] is None and tiny["rows"] < 100
