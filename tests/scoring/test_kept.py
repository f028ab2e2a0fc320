"""A model read back is the same to the last bit; a damaged or hostile one is refused, naming file and place."""

import copy
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.scoring.boosted import TreeSettings
from arrears.scoring.estimates import estimate
from arrears.scoring.fitting import fit_model
from arrears.scoring.kept import MODEL_FILE, TREES_FILE, from_files, to_files
from arrears.scoring.model import Trees
from scoring.credit_rows import FEATURES, credit_rows, folds_of

pytest.importorskip("optbinning")
pytest.importorskip("lightgbm")

FRAME, OUTCOME, TRUTH = credit_rows(1500, 31)


@pytest.fixture(scope="module", params=[("scorecard", False), ("boosted", False), ("scorecard", True), ("boosted", True)], ids=str)
def model(request):
    kind, is_share = request.param
    outcome = np.random.default_rng(1).beta(TRUTH, 1 - TRUTH) if is_share else OUTCOME
    tree_settings = TreeSettings(trees=12, leaves=6) if kind == "boosted" else None
    return fit_model("loss", "loss", kind, FRAME, outcome, FEATURES, 1, True, is_share, folds_of(1500, 2), tree_settings).model


@pytest.fixture(scope="module")
def boosted():
    return fit_model("loss", "loss", "boosted", FRAME, OUTCOME, FEATURES, 1, True, False, folds_of(1500, 2), TreeSettings(trees=12, leaves=6)).model


@pytest.fixture(scope="module")
def card():
    return fit_model("loss", "loss", "scorecard", FRAME, OUTCOME, FEATURES, 1, True, False, folds_of(1500, 2)).model


def test_what_is_read_back_is_the_same_model(model):
    files = to_files(model)
    again = from_files(files)
    assert to_files(again) == files
    assert set(files) == ({MODEL_FILE, TREES_FILE} if model.trees else {MODEL_FILE})
    np.testing.assert_array_equal(estimate(again, FRAME), estimate(model, FRAME))
    for name in Trees.__dataclass_fields__ if model.trees else ():
        own, read = getattr(model.trees, name), getattr(again.trees, name)
        assert own.dtype == read.dtype and np.array_equal(own, read)
    for name in set(model.__dataclass_fields__) - {"trees"}:
        assert getattr(again, name) == getattr(model, name), name


def changed(files, file, change):
    told = json.loads(files[file])
    change(told)
    return files | {file: json.dumps(told).encode()}


def set_at(path, value):
    def change(told):
        for step in path[:-1]:
            told = told[step]
        told[path[-1]] = value

    return change


@pytest.mark.parametrize("name", ["left", "right"])
@pytest.mark.parametrize("where", ["itself", "before", "beyond", "another tree", "twice"])
def test_nodes_that_are_no_trees_are_refused(boosted, name, where):
    files = to_files(boosted)
    told = json.loads(files[TREES_FILE])
    inner = [node for node, feature in enumerate(told["feature"]) if feature >= 0]
    node = inner[1] if where in ("before", "itself") else inner[0]
    other = "right" if name == "left" else "left"
    value = {"itself": node, "before": 0, "beyond": len(told["feature"]), "another tree": told["roots"][1] + 1, "twice": told[other][node]}[where]
    with pytest.raises(Refused, match=r"trees\.json: (left|right|node)"):
        from_files(changed(files, TREES_FILE, set_at((name, node), value)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("feature", 0), 99), (("feature", 0), 1.5), (("feature", 0), True), (("feature", 0), 2**40), (("threshold", 0), "0"),
        (("threshold", 0), 1e400), (("threshold", 0), None), (("value",), []), (("roots", 0), 1), (("roots",), []), (("roots",), None),
        (("missing_left", 0), 1), (("left", 0), -5), (("extra",), []), (("right",), {"0": 1}),
    ],
)  # fmt: skip
def test_columns_of_trees_that_do_not_fit_are_refused(boosted, path, value):
    with pytest.raises(Refused, match=r"trees\.json") as refused:
        from_files(changed(to_files(boosted), TREES_FILE, set_at(path, value)))
    assert "trees.json" in refused.value.zh


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("kind",), "boosted", "trees.json"), (("kind",), "other", "kind"), (("calibration", "slope"), 0, "calibration.slope"),
        (("calibration", "slope"), float("nan"), "model.json"), (("name",), 5, "name"), (("event_is_bad",), "yes", "event_is_bad"),
        (("features", 0, "monotone"), 7, r"features\[0\]"), (("features", 0, "typical"), "x", r"features\[0\]"),
        (("features", 0, "name"), "income", "features"), (("features", 0, "kind"), "date", r"features\[0\]"),
        (("scorecard",), None, "kind"), (("scorecard", "bins", 0, "feature"), "zzz", r"scorecard\.bins\[0\]\.feature"),
        (("scorecard", "bins", 0, "logits", 0), 1e309, "model.json"), (("scorecard", "bins", 0, "points", 0), 1.5, r"points\[0\]"),
        (("scorecard", "bins", 0, "splits"), [2.0, 1.0], r"bins\[0\]"), (("scorecard", "bins", 0, "logits"), [], r"bins\[0\]"),
        (("scorecard", "intercept"), True, "scorecard.intercept"), (("unknown",), 1, "unknown"), (("trees",), {}, "trees"),
        (("reference", "estimate", "shares"), [1.0], "reference.estimate.shares"), (("reference",), {}, "reference"),
        (("reference", "estimate"), None, "reference.estimate"), (("features",), {}, "features"), (("scorecard", "bins"), "x", "bins"),
    ],
)  # fmt: skip
def test_what_does_not_fit_in_a_model_is_refused_with_its_place(card, path, value, place):
    with pytest.raises(Refused, match=place):
        from_files(changed(to_files(card), MODEL_FILE, set_at(path, value)))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"name": NaN}', b"[" * 100_000, b'{"a": 1, "a": 2}', b"\x80\x04K\x01."])
def test_files_that_are_no_json_table_are_refused(card, text):
    with pytest.raises(Refused, match=r"model\.json"):
        from_files({MODEL_FILE: text})


def test_a_file_that_is_missing_is_named(boosted):
    with pytest.raises(Refused, match=r"trees\.json is not there"):
        from_files({MODEL_FILE: to_files(boosted)[MODEL_FILE]})
    with pytest.raises(Refused, match=r"model\.json is not there"):
        from_files({})


WRONG = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3), st.just([]), st.just({}))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_one_change_is_refused_or_gives_a_model_that_estimates(model, data):
    files = to_files(model)
    file = data.draw(st.sampled_from(sorted(files)))
    told = json.loads(files[file])
    place = told
    while True:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 9)) == 0:
            break
        place = place[key]
    place[key] = data.draw(WRONG)
    try:
        again = from_files(files | {file: json.dumps(told).encode()})
    except Refused as refused:
        assert file in refused.en or "features" in refused.en or MODEL_FILE in refused.en
        return
    frame = FRAME.head(20) if again.features == model.features else None
    if frame is not None:
        found = estimate(again, frame)
        assert ((found >= 0) & (found <= 1)).all()


def test_files_are_not_changed_by_reading(card):
    files = to_files(card)
    before = copy.deepcopy(files)
    from_files(files)
    assert files == before
