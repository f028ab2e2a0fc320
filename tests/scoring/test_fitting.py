"""A fitted model: calibrated on rows it had not seen, honest about how far outcomes lie, and refused where there is too little."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.scoring.boosted import TreeSettings
from arrears.scoring.calibration import fitted_calibration, probability
from arrears.scoring.estimates import (
    binned_rows,
    binned_shares,
    estimate,
    interval,
    points,
    reference_shares,
    spread_of,
)
from arrears.scoring.fitting import fit_model
from arrears.scoring.kept import to_files
from arrears.scoring.model import CATEGORY, NUMBER, Feature
from scoring.credit_rows import FEATURES, credit_rows, folds_of, strange_rows

pytest.importorskip("optbinning")
pytest.importorskip("lightgbm")

SMALL = TreeSettings(trees=120)


def fitted(kind, rows=4000, seed=11, features=FEATURES, is_share=False, frame=None, outcome=None, bad=True):
    drawn, drawn_outcome, truth = credit_rows(rows, seed)
    frame = drawn if frame is None else frame
    if outcome is None:
        outcome = np.random.default_rng(seed).beta(truth * 3, (1 - truth) * 3) if is_share else drawn_outcome
    settings = SMALL if kind == "boosted" else None
    return fit_model("loss", "loss", kind, frame, outcome, features, 1, bad, is_share, folds_of(len(outcome)), settings)


@pytest.fixture(scope="module", params=["scorecard", "boosted"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def whole(kind):
    return fitted(kind)


def test_cross_fitted_estimates_are_calibrated_and_tell_events_from_the_rest(whole):
    _, outcome, truth = credit_rows(4000, 11)
    order = np.argsort(whole.cross_fitted)
    for band in np.array_split(order, 8):
        p = whole.cross_fitted[band].mean()
        assert abs(outcome[band].mean() - p) < 4 * np.sqrt(p * (1 - p) / len(band)), "4 standard errors"
    assert np.corrcoef(whole.cross_fitted, truth)[0, 1] > 0.85


def test_estimates_of_new_rows_are_calibrated_too(whole):
    frame, outcome, truth = credit_rows(20_000, 99)
    found = estimate(whole.model, frame)
    assert ((found > 0) & (found < 1)).all()
    assert abs(found.mean() - truth.mean()) < 0.025, "four standard errors of the fitting rows' mean"
    assert np.corrcoef(found, truth)[0, 1] > 0.85


def test_a_row_is_estimated_alike_alone_among_others_and_with_more_columns(whole):
    frame, _, _ = credit_rows(3000, 12)
    together = estimate(whole.model, frame)
    wider = frame.with_columns(unread=pl.lit("x")).select(sorted([*frame.columns, "unread"]))
    np.testing.assert_array_equal(estimate(whole.model, wider), together)
    for row in (0, 7, 2999):
        np.testing.assert_array_equal(estimate(whole.model, frame[row]), together[row : row + 1])
    assert np.isfinite(estimate(whole.model, strange_rows(frame))).all()
    assert len(estimate(whole.model, frame.head(0))) == 0


def test_the_model_reads_no_more_than_it_uses_and_says_what_it_left_out(kind):
    frame, outcome, _ = credit_rows(4000, 13)
    frame = frame.with_columns(same=pl.lit(3), empty=pl.lit(None, pl.Float64), rare=pl.Series(["r"] * 20 + ["s", "t"] * 1990))
    extra = (Feature("same", NUMBER, "相同", "always equal"), Feature("empty", NUMBER, "空", "empty one"), Feature("rare", CATEGORY, "稀有", "rare one"))
    told = fitted(kind, features=(*FEATURES, *extra), frame=frame, outcome=outcome)
    assert not {"same", "empty"} & {feature.name for feature in told.model.features}
    notes = "\n".join(en for _, en in told.notes)
    for sentence in ("Left out (1), the same in every row: always equal.", "Left out (1), empty in every row: empty one.", "rare one: categories of fewer than 30 rows count together, 20 rows"):
        assert sentence in notes
    assert f"share of the limit used: {int(frame['use'].is_infinite().sum())} rows are infinite" in notes
    read = frame.select([feature.name for feature in told.model.features])
    np.testing.assert_array_equal(estimate(told.model, read), estimate(told.model, frame))


def test_the_same_rows_give_the_same_bytes(kind, whole):
    assert to_files(fitted(kind).model) == to_files(whole.model)


def test_outcomes_of_a_fold_move_its_own_estimates_by_the_calibration_only():
    frame, outcome, _ = credit_rows(2000, 14)
    first = fitted("scorecard", frame=frame, outcome=outcome)
    turned = outcome.copy()
    own = np.flatnonzero(folds_of(2000) == 0)[:100]
    turned[own] = 1 - turned[own]
    second = fitted("scorecard", frame=frame, outcome=turned)
    others = np.flatnonzero(folds_of(2000) == 0)
    logit = [np.log(told.cross_fitted[others] / (1 - told.cross_fitted[others])) for told in (first, second)]
    assert np.corrcoef(*logit)[0, 1] == pytest.approx(1, abs=1e-12)
    rest = folds_of(2000) != 0
    logit = [np.log(told.cross_fitted[rest] / (1 - told.cross_fitted[rest])) for told in (first, second)]
    assert np.corrcoef(*logit)[0, 1] < 0.9999


def test_shares_lie_within_their_interval_nine_times_of_ten(kind):
    told = fitted(kind, is_share=True)
    frame, _, truth = credit_rows(10_000, 77)
    share = np.random.default_rng(77).beta(truth * 3, (1 - truth) * 3)
    found = estimate(told.model, frame)
    low, high = interval(told.model, found)
    assert ((low <= found) & (found <= high) & (low >= 0) & (high <= 1)).all()
    assert 0.87 < ((low <= share) & (share <= high)).mean() < 0.93
    assert abs(found.mean() - share.mean()) < 0.02


def test_yes_or_no_has_no_interval_and_trees_have_no_points(whole):
    with pytest.raises(Refused, match="no interval"):
        interval(whole.model, np.array([0.5]))
    frame, _, _ = credit_rows(100, 1)
    if whole.model.trees is not None:
        with pytest.raises(Refused, match="no points"):
            points(whole.model, frame)
    else:
        odds = 1 / estimate(whole.model, frame) - 1
        np.testing.assert_allclose(points(whole.model, frame), 600 + 20 * np.log2(odds / 50), atol=0.5 * (1 + len(whole.model.scorecard.bins)))


def test_the_reference_is_the_share_of_the_fitting_rows_in_each_bin(whole):
    frame, _, _ = credit_rows(4000, 11)
    found = binned_shares(whole.model, frame)
    assert found == reference_shares(whole.model)
    assert set(found) == {"estimate", *(feature.name for feature in whole.model.features)}
    for name, shares in found.items():
        assert sum(shares) == pytest.approx(1), name
    missing = frame["times_late"].null_count() / frame.height
    assert found["times_late"][-2] == pytest.approx(missing) and found["times_late"][-1] == 0


def test_rows_by_bin_add_up_over_parts_of_the_frame(whole):
    frame, _, _ = credit_rows(3000, 15)
    parts = [binned_rows(whole.model, frame[start : start + 1000]) for start in (0, 1000, 2000)]
    for name, rows in binned_rows(whole.model, frame).items():
        np.testing.assert_array_equal(rows, sum(part[name] for part in parts))
    strange = binned_rows(whole.model, strange_rows(frame))
    assert strange["income"][-2] == 4 and strange["trade"][-1] >= 3
    assert all(sum(shares) == 0 for shares in binned_shares(whole.model, frame.head(0)).values())


@pytest.mark.parametrize(
    ("outcome", "is_share", "said"),
    [
        (np.zeros(200), False, "same outcome"),
        (np.full(200, 0.4), True, "same outcome"),
        (np.r_[np.ones(49), np.zeros(151)], False, "49 events"),
        (np.r_[np.zeros(49), np.ones(151)], False, "49 others"),
        (np.r_[np.ones(100), np.zeros(99), np.nan], False, "1 of 200 outcomes are empty"),
        (np.r_[np.ones(100), np.zeros(99), 0.5], False, "an outcome is 0.5"),
        (np.r_[np.ones(100), np.zeros(99), 1.5], True, "an outcome is 1.5"),
        (np.ones(10), False, "10 outcomes for 200 rows"),
    ],
)
def test_too_little_or_wrong_outcomes_are_refused(kind, outcome, is_share, said):
    frame, _, _ = credit_rows(200, 16)
    with pytest.raises(Refused, match=said) as refused:
        fit_model("loss", "loss", kind, frame, outcome, FEATURES, 1, True, is_share, folds_of(200))
    assert any("一" <= letter <= "鿿" for letter in refused.value.zh)


def test_no_feature_no_folds_and_no_such_kind_are_refused(kind):
    frame, outcome, _ = credit_rows(400, 17)
    outcome[:60] = 1.0
    outcome[60:120] = 0.0
    flat = frame.with_columns(noise=pl.lit(1.0))
    with pytest.raises(Refused, match="no feature can be used"):
        fit_model("loss", "loss", kind, flat, outcome, (FEATURES[3],), 1, True, False, folds_of(400))
    with pytest.raises(Refused, match=r"1 fold\(s\)"):
        fit_model("loss", "loss", kind, frame, outcome, FEATURES, 1, True, False, np.zeros(400))
    for features in (FEATURES + FEATURES[:1], (*FEATURES, Feature("estimate", NUMBER, "", ""))):
        with pytest.raises(Refused, match="is taken"):
            fit_model("loss", "loss", kind, frame, outcome, features, 1, True, False, folds_of(400))
    with pytest.raises(Refused, match="no kind of model"):
        fit_model("loss", "loss", "oracle", frame, outcome, FEATURES, 1, True, False, folds_of(400))
    with pytest.raises(Refused, match="one fold"):
        fit_model("loss", "loss", kind, frame, outcome, FEATURES, 1, True, False, 1 - outcome)
    with pytest.raises(Refused, match="'times_late'"):
        fit_model("loss", "loss", kind, frame.drop("times_late"), outcome, FEATURES, 1, True, False, folds_of(400))


def test_sums_that_do_not_tell_events_from_the_rest_are_not_calibrated_and_it_is_said():
    dice = np.random.default_rng(18)
    assert fitted_calibration(dice.normal(size=500), np.full(500, 0.0)) is None
    assert fitted_calibration(np.zeros(500), (dice.random(500) < 0.5).astype(float)) is None
    raw = dice.normal(size=2000)
    assert fitted_calibration(raw, (dice.random(2000) < 1 / (1 + np.exp(raw))).astype(float)) is None


@pytest.mark.parametrize("seed", range(5))
def test_calibration_finds_the_true_slope_and_intercept(seed):
    dice = np.random.default_rng(seed)
    raw = dice.normal(-1, 1.5, 40_000)
    outcome = (dice.random(40_000) < 1 / (1 + np.exp(-(0.4 + 0.7 * raw)))).astype(float)
    found = fitted_calibration(raw, outcome)
    assert found.slope == pytest.approx(0.7, abs=0.05) and found.intercept == pytest.approx(0.4, abs=0.07), f"seed {seed}"
    p = probability(found, raw)
    assert (p - outcome).sum() == pytest.approx(0, abs=1e-3) and ((p - outcome) * raw).sum() == pytest.approx(0, abs=1e-3), "the likelihood is greatest"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_bands_cover_all_estimates_in_order(estimates):
    estimates = np.array(estimates)
    spread = spread_of(estimates, estimates)
    assert list(spread.edges) == sorted(set(spread.edges)) and spread.edges[0] == 0 and spread.edges[-1] == 1
    assert len(spread.low) == len(spread.high) == len(spread.edges) - 1
    assert all(low <= high for low, high in zip(spread.low, spread.high, strict=True))


def test_scoring_needs_no_training_library_and_fitting_without_one_says_what_to_do(tmp_path, whole):
    frame, _, _ = credit_rows(700, 19)
    frame.write_parquet(tmp_path / "rows.parquet")
    for name, text in to_files(whole.model).items():
        (tmp_path / name).write_bytes(text)
    np.save(tmp_path / "expected.npy", estimate(whole.model, frame))
    program = """
import sys
from pathlib import Path
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"optbinning", "sklearn", "lightgbm", "pandas", "scipy", "ortools"}:
            raise ModuleNotFoundError(name, name=name.split(".")[0])
sys.meta_path.insert(0, Absent())
import numpy as np, polars as pl
from arrears.refusal import Refused
from arrears.scoring.estimates import estimate
from arrears.scoring.fitting import fit_model
from arrears.scoring.kept import from_files
from arrears.scoring.reasons import reasons
here = Path(sys.argv[1])
frame = pl.read_parquet(here / "rows.parquet")
model = from_files({path.name: path.read_bytes() for path in here.glob("*.json")})
assert np.array_equal(estimate(model, frame), np.load(here / "expected.npy"))
assert reasons(model, frame).height == 700
try:
    fit_model("loss", "loss", model.kind, frame, np.arange(700) % 2, model.features, 1, True, False, np.arange(700) % 3)
except Refused as refused:
    assert "make train" in refused.en and "make train" in refused.zh
    print("all well")
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout.strip() == "all well", done.stderr


def test_a_cure_turns_the_points_but_not_the_estimate():
    bad, good = fitted("scorecard"), fitted("scorecard", bad=False)
    frame, _, _ = credit_rows(100, 20)
    np.testing.assert_array_equal(estimate(bad.model, frame), estimate(good.model, frame))
    assert np.corrcoef(points(bad.model, frame), points(good.model, frame))[0, 1] == pytest.approx(-1, abs=0.01)
    assert replace(bad.model, event_is_bad=False) != bad.model
