"""Downturns, challengers and the assessment of a model: by hand, and by what must hold."""

import numpy as np
import polars as pl
import pytest

from arrears.learning import assessment, stress
from arrears.learning.challenger import compare
from arrears.learning.measures import auc
from arrears.learning.reliability import calibration
from arrears.strict_yaml import BadYaml


def chance(frame: pl.DataFrame) -> np.ndarray:
    return 1 / (1 + np.exp(frame["dscr_3m"].fill_null(1.0).to_numpy()))


FRAME = pl.DataFrame({"dscr_3m": [0.5, 1.0, 2.0, None], "kind": ["a"] * 4})


def test_a_downturn_moves_the_features_and_the_odds_as_by_hand():
    harder = stress.Scenario("x", "一", "x", "", "", 2.0, (stress.Shift("dscr_3m", 0.5, 0.0), stress.Shift("kind", 1.0, 1.0), stress.Shift("gone", 1.0, 1.0)))
    now, then = stress.stressed(chance, FRAME, ["dscr_3m", "kind", "gone"], True, 0.5, [harder])
    assert now["mean_estimate"] == pytest.approx(chance(FRAME).mean()) and now["worst_share"] == 0
    odds = 2 * np.exp(-np.array([0.25, 0.5, 1.0, 1.0]))
    assert then["expected"] == pytest.approx((odds / (1 + odds)).sum()) and then["moved"] == ["dscr_3m"]
    assert then["worst_share"] == 0.5


def test_of_a_good_event_a_downturn_makes_less():
    plain = stress.Scenario("x", "一", "x", "", "", 2.0, ())
    now, then = stress.stressed(chance, FRAME, [], False, 0.2, [plain])
    odds = chance(FRAME) / (1 - chance(FRAME)) / 2
    assert then["mean_estimate"] == pytest.approx((odds / (1 + odds)).mean()) and then["mean_estimate"] < now["mean_estimate"]
    assert stress.stressed(chance, FRAME.clear(), [], True, 0.5, [plain]) == []


def test_the_severe_downturn_is_worse_than_the_mild_one():
    rows = stress.stressed(chance, FRAME, ["dscr_3m"], True, 0.4, stress.scenarios())
    assert [row["scenario"] for row in rows] == ["as_is", "mild", "severe"]
    assert rows[0]["mean_estimate"] < rows[1]["mean_estimate"] < rows[2]["mean_estimate"]
    assert all("assumptions of ours" in row["says_en"] and "假设" in row["says_zh"] for row in rows[1:])


@pytest.mark.parametrize(("odds", "shift", "said"), [
    ('"-1"', "[]", "odds must be above 0"), ('"much"', "[]", "numbers in quotes"), ('"2"', '[{feature: a, times: "1"}]', "each shift names its feature")])
def test_a_scenario_that_is_none_is_refused(tmp_path, odds, shift, said):
    (tmp_path / "own.yaml").write_text(f"- {{name: a, zh: b, en: c, says_zh: d, says_en: e, odds: {odds}, shifts: {shift}}}\n", encoding="utf-8")
    with pytest.raises(BadYaml, match=said):
        stress.scenarios(tmp_path / "own.yaml")


def rows(seed: int, number: int = 4_000):
    dice = np.random.default_rng(seed)
    told, hidden = dice.normal(size=number), dice.normal(size=number)
    outcome = (dice.random(number) < 1 / (1 + np.exp(1.5 - told - hidden))).astype(float)
    return outcome, 1 / (1 + np.exp(1.3 - 0.85 * told)), 1 / (1 + np.exp(1.5 - told - hidden))


def test_a_challenger_that_knows_more_is_better_and_the_other_way_round_worse():
    outcome, less, more = rows(1)
    better, worse = compare(outcome, less, more, ("old", "new")), compare(outcome, more, less)
    assert (better.verdict, worse.verdict) == ("better", "worse")
    assert "new is better than old" in better.en and "优于" in better.zh
    assert better.auc.value == pytest.approx(auc(outcome, more).value - auc(outcome, less).value) == pytest.approx(-worse.auc.value)
    gaps = (more - outcome) ** 2 - (less - outcome) ** 2
    assert (better.brier.value, better.brier.high - better.brier.low) == (pytest.approx(gaps.mean()), pytest.approx(2 * 1.959964 * gaps.std(ddof=1) / 4_000 ** 0.5))


def test_equals_are_not_told_apart_and_neither_are_few_rows():
    outcome, less, _ = rows(2)
    assert compare(outcome, less, less).verdict == "equal"
    assert compare(outcome[:1], less[:1], less[:1]).verdict == "too_few"
    sure = 1 / (1 + (1 / less - 1) ** 3)
    mixed = compare(outcome, less, sure)
    assert mixed.auc.value == 0 and mixed.verdict == "worse"


def test_the_bands_of_an_assessment_hold_all_rows_and_events_from_the_worst_to_the_best():
    outcome, _, estimate = rows(3)
    points = np.round(600 - 40 * np.log(estimate / (1 - estimate)))
    for found in (assessment.bands(outcome, estimate), assessment.bands(outcome, estimate, points, [560, 600, 640]),
                  assessment.bands(outcome, 1 - estimate, event_is_bad=False)):
        assert sum(band["rows"] for band in found) == 4_000 and sum(band["events"] for band in found) == outcome.sum()
        assert found[-1]["rows_so_far"] == pytest.approx(1) and found[-1]["events_so_far"] == pytest.approx(1)
        assert found[0]["rate"] > found[-1]["rate"]
    named = assessment.bands(outcome, estimate, points, [560, 600, 640])
    assert [band["band"] for band in named] == [1, 2, 3, 4] and named[0]["to_points"] < 560 <= named[1]["from_points"]


def test_an_assessment_says_the_same_as_its_measures_and_nothing_of_what_is_undefined():
    outcome, _, estimate = rows(4, 1_000)
    found = assessment.assessment(outcome, estimate, 1)
    assert found["metrics"]["auc"]["value"] == auc(outcome, estimate).value == (found["metrics"]["gini"]["value"] + 1) / 2
    assert [band["observed"] for band in found["calibration"]] == [band.observed for band in calibration(outcome, estimate)]
    assert sum(found["distribution"]["events"]) == outcome.sum() and len(found["distribution"]["edges"]) == 21
    assert found["metrics"]["is_distinguishable"] is False
    one_class = assessment.assessment(np.zeros(50), estimate[:50], 1)
    assert one_class["metrics"]["auc"] is one_class["metrics"]["ks"] is one_class["metrics"]["gini"] is None and one_class["roc"] == []
    nothing = assessment.assessment(np.zeros(0), np.zeros(0), 1)
    assert nothing["bands"] == [] and nothing["metrics"]["brier"] is nothing["metrics"]["calibration_p"] is None


def test_of_shares_an_assessment_says_how_far_and_how_well_covered():
    dice = np.random.default_rng(5)
    estimate = dice.beta(2, 3, 2_000)
    outcome = np.clip(estimate + dice.normal(0, 0.1, 2_000), 0, 1)
    found = assessment.assessment(outcome, estimate, 1, is_share=True, interval=(estimate - 0.1645, estimate + 0.1645))
    assert 0.88 < found["metrics"]["coverage"]["value"] < 0.93 and 0 < found["metrics"]["r2"]["value"] < 1
    assert found["roc"] == [] and found["distribution"] is None and len(found["calibration"]) == 10
