"""Each reason, moved alone to the typical value, improves the estimate; nothing that does not is a reason."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.scoring.boosted import TreeSettings
from arrears.scoring.estimates import estimate, with_typical
from arrears.scoring.fitting import fit_model
from arrears.scoring.model import CATEGORY, NUMBER, Feature
from arrears.scoring.reasons import reason_sentence, reason_sentences, reasons
from scoring.credit_rows import FEATURES, credit_rows, folds_of, strange_rows

pytest.importorskip("optbinning")
pytest.importorskip("lightgbm")


@pytest.fixture(scope="module", params=["scorecard", "boosted"])
def model(request):
    frame, outcome, _ = credit_rows(4000, 21)
    settings = TreeSettings(trees=80) if request.param == "boosted" else None
    return fit_model("loss", "loss", request.param, frame, outcome, FEATURES, 1, True, False, folds_of(4000), settings).model


def gains_one_by_one(model, frame):
    """The plain twin: the estimate again with each feature moved, [row, feature], in log-odds; above 0 is better for the lender."""
    logit = lambda rows: np.log(p := estimate(model, rows)) - np.log1p(-p)  # noqa: E731
    sign = 1 if model.event_is_bad else -1
    moved = [sign * (logit(frame) - logit(with_typical(model, feature.name, frame))) for feature in model.features]
    return np.column_stack(moved)


@pytest.mark.parametrize("event_is_bad", [True, False])
def test_reasons_are_the_features_that_improve_most_and_no_other(model, event_is_bad):
    model = replace(model, event_is_bad=event_is_bad)
    frame, _, _ = credit_rows(800, 22)
    frame = pl.concat([frame, strange_rows(frame).cast(dict(frame.schema), strict=False)])
    gains = gains_one_by_one(model, frame)
    names = [feature.name for feature in model.features]
    found = reasons(model, frame)
    assert found.columns == ["reason_1", "reason_2", "reason_3", "reason_4"] and found.height == frame.height
    for own, gain in zip(found.rows(), gains, strict=True):
        told = [gain[names.index(name)] for name in own if name]
        assert all(one > 0 for one in told), "each improves"
        assert len(told) == min(4, (gain > 1e-8).sum()) or abs(len(told) - (gain > 1e-8).sum()) <= (np.abs(gain) < 1e-7).sum(), "none is kept back"
        assert all(one >= later - 1e-9 for one, later in zip(told, told[1:], strict=False)), "the greatest first"
        rest = np.delete(gain, [names.index(name) for name in own if name])
        assert len(told) < 4 or rest.max(initial=-1) <= told[-1] + 1e-9
        assert None not in own[: len(told)]


def test_the_estimate_itself_gets_strictly_better(model):
    frame, _, _ = credit_rows(400, 23)
    before = estimate(model, frame)
    found = reasons(model, frame)
    met = 0
    for rank in found.columns:
        for name in found[rank].drop_nulls().unique():
            own = (found[rank] == name).fill_null(False).to_numpy()
            assert (estimate(model, with_typical(model, name, frame))[own] < before[own]).all(), name
            met += own.sum()
    assert met > 400


def test_a_typical_person_has_no_reasons(model):
    frame, _, _ = credit_rows(3, 24)
    for feature in model.features:
        frame = with_typical(model, feature.name, frame)
    assert reasons(model, frame).null_count().row(0) == (3, 3, 3, 3)


def test_reasons_of_many_rows_are_those_of_each_row_alone(model):
    frame, _, _ = credit_rows(600, 25)
    together = reasons(model, frame)
    assert together.head(50).equals(pl.concat([reasons(model, frame[row]) for row in range(50)]))
    assert reasons(model, frame.head(0)).height == 0
    assert reasons(model, frame, most=2).equals(together.select("reason_1", "reason_2"))


def test_reasons_in_words_name_the_same_features(model):
    frame, _, _ = credit_rows(30, 26)
    by_name = {feature.name: feature for feature in model.features}
    for told, own in zip(reason_sentences(model, frame), reasons(model, frame).rows(), strict=True):
        assert [en.split(":")[0] for _, en in told] == [by_name[name].en for name in own if name]
        assert [zh.split("：")[0] for zh, _ in told] == [by_name[name].zh for name in own if name]


@pytest.mark.parametrize(
    ("unit", "value", "typical", "zh", "en"),
    [
        ("times", 3, 0.0, "逾期：3 次（典型值：0 次）", "late: 3 (typical: 0)"),
        ("days", 12.0, None, "逾期：12 天（典型值：无记录）", "late: 12 days (typical: no record)"),
        ("share", 0.8734, 0.5, "逾期：87.34%（典型值：50%）", "late: 87.34% (typical: 50%)"),
        ("yes or no", True, 0.0, "逾期：是（典型值：否）", "late: yes (typical: no)"),
        ("minor", 1234567, 50.0, "逾期：12,345.67 元（典型值：0.50 元）", "late: 12,345.67 (typical: 0.50)"),
        ("", 1234567.891, 0.012345, "逾期：1,234,567.89（典型值：0.0123）", "late: 1,234,567.89 (typical: 0.0123)"),
        ("", float("inf"), -0.0, "逾期：无记录（典型值：0）", "late: no record (typical: 0)"),
        ("percent", 12.5, -3.0, "逾期：12.5 %（典型值：-3 %）", "late: 12.5 % (typical: -3 %)"),
        ("furlongs", 5, 1.0, "逾期：5 furlongs（典型值：1 furlongs）", "late: 5 furlongs (typical: 1 furlongs)"),
    ],
)
def test_numbers_are_written_to_be_read(unit, value, typical, zh, en):
    assert reason_sentence(Feature("late", NUMBER, "逾期", "late", unit, typical=typical), value) == (zh, en)


def test_a_category_is_written_as_it_is():
    trade = Feature("trade", CATEGORY, "行业", "trade", typical="retail", categories=("retail",))
    assert reason_sentence(trade, None) == ("行业：无记录（典型值：retail）", "trade: no record (typical: retail)")


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_can_be_told(value):
    zh, en = reason_sentence(Feature("x", NUMBER, "", "", typical=1.0), value)
    assert zh.startswith("x：") and en.startswith("x: ")
