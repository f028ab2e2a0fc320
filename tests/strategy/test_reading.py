"""A strategy: the first row that fits decides, and whatever could not be meant is refused naming its row."""

import json
import re

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.delinquency.buckets import read_buckets
from arrears.strategy.conditions import first_fit
from arrears.strategy.reading import default_strategy_text, demand_buckets, strategy_from
from arrears.strict_yaml import BadYaml
from arrears.tables.holds import HOLD_KINDS

BUCKETS = read_buckets().names
VALUES = {
    "bucket": list(BUCKETS), "product": ["flash_personal", "flash_trader", "flash_enterprise", "quick"],
    "hold": ["none", *HOLD_KINDS], "cap": ["known", "unknown"], "overpaid": ["yes", "no"], "segment": ["firms", "people"],
    "frequency": ["once", "weekly", "fortnightly", "monthly", "longer"],
}
AMOUNTS = st.one_of(st.integers(0, 3_000_000), st.sampled_from([0, 999, 1_000, 49_999, 50_000, 500_000, 1_999_999, 2_000_000]))
CHANCES = st.one_of(st.none(), st.sampled_from([0.0, 0.7999, 0.8, 0.8001, 1.0]))
LATE_LOANS = st.lists(st.fixed_dictionaries({**{k: st.sampled_from(v) for k, v in VALUES.items()}, "claimable": AMOUNTS, "self_cure": CHANCES}), min_size=1, max_size=40)


def frame_of(rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={**dict.fromkeys(VALUES, pl.String), "claimable": pl.Int64, "self_cure": pl.Float64})


def chosen(text: str, rows: list[dict]) -> list[str]:
    strategy = strategy_from(text)
    return [strategy.rows[place].name for place in first_fit(tuple(row.when for row in strategy.rows), frame_of(rows))]


def fits_slowly(when: dict, row: dict) -> bool:
    """Whether a row's conditions hold, read from plain YAML and decided one value at a time."""
    for field, cell in when.items():
        if row[field] is None:
            return False
        if field in ("claimable", "self_cure"):
            def number(text):
                return float(text.removesuffix("%")) / 100 if text.endswith("%") else int(text)

            if cell.startswith("<"):
                held = row[field] < number(cell[1:])
            elif cell.startswith(">="):
                held = row[field] >= number(cell[2:])
            else:
                low, high = cell.split("..")
                held = number(low) <= row[field] < number(high)
        else:
            held = row[field] in (cell if isinstance(cell, list) else [cell])
        if not held:
            return False
    return True


def chosen_slowly(text: str, rows: list[dict]) -> list[str]:
    content = yaml.load(text, Loader=yaml.BaseLoader)
    names = []
    for row in rows:
        fitting = [entry["name"] for entry in content["rows"] if fits_slowly(entry["when"], row)]
        names.append((fitting or [content["otherwise"]["name"]])[0])
    return names


CELLS = {
    **{field: st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True) for field, values in VALUES.items() if field != "segment"},
    "claimable": st.integers(0, 3_000_000).map("<{}".format) | st.integers(0, 3_000_000).map(">={}".format)
    | st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)).map(lambda pair: f"{pair[0]}..{pair[0] + pair[1]}"),
}
TABLES = st.lists(st.fixed_dictionaries({}, optional=CELLS), max_size=6)


def text_of(conditions: list[dict], **changed) -> str:
    """A strategy of these conditions, its rows named a0, a1, …; JSON is YAML too."""
    reason = {"zh": "因", "en": "why"}
    content = {
        "id": "made", "version": "1",
        "treatments": [{"name": name, "zh": name, "en": name} for name in ("call", "leave_alone")],
        "rows": [{"name": f"a{place}", "when": when, "treatment": "call", "reason": reason} for place, when in enumerate(conditions)],
        "otherwise": {"name": "else", "treatment": "leave_alone", "reason": reason}, **changed,
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


@given(LATE_LOANS)
@settings(deadline=None, max_examples=100)
def test_the_shipped_strategy_equals_a_slow_reading_of_its_text(rows):
    assert chosen(default_strategy_text(), rows) == chosen_slowly(default_strategy_text(), rows)


@given(TABLES, LATE_LOANS)
@settings(deadline=None, max_examples=150)
def test_any_strategy_equals_a_slow_reading_of_its_text(table, rows):
    assert chosen(text_of(table), rows) == chosen_slowly(text_of(table), rows)


def loan(**values) -> dict:
    return {"bucket": "M1", "product": "quick", "hold": "none", "cap": "known", "overpaid": "no", "claimable": 100_000, "segment": "people", "frequency": "monthly", "self_cure": None, **values}


def test_the_first_row_that_fits_wins():
    table = [{"bucket": "M2"}, {"claimable": ">=0"}, {"bucket": "M1"}]
    assert chosen(text_of(table), [loan(), loan(bucket="M2")]) == ["a1", "a0"]


def test_what_no_row_fits_is_otherwise():
    assert chosen(text_of([{"bucket": "M2"}]), [loan()]) == ["else"]
    assert chosen(text_of([]), [loan(), loan()]) == ["else", "else"]


def test_a_row_without_conditions_fits_everything():
    assert chosen(text_of([{}]), [loan(), loan(bucket="M6+")]) == ["a0", "a0"]


@pytest.mark.parametrize("cell,fitting", [("<100", [99]), (">=100", [100, 101, 199, 200, 201]), ("100..200", [100, 101, 199])])
def test_ranges_hold_their_first_number_and_not_their_last(cell, fitting):
    amounts = [99, 100, 101, 199, 200, 201]
    names = chosen(text_of([{"claimable": cell}]), [loan(claimable=amount) for amount in amounts])
    assert [amount for amount, name in zip(amounts, names, strict=True) if name == "a0"] == fitting


@pytest.mark.parametrize("bucket", BUCKETS[1:])
@pytest.mark.parametrize("claimable", [1_000, 50_000, 500_000, 2_000_000, 10**13])
@pytest.mark.parametrize("product", ["quick", "flash_trader", "flash_enterprise"])
def test_the_shipped_strategy_has_a_row_for_every_bucket_and_amount(bucket, claimable, product):
    (name,) = chosen(default_strategy_text(), [loan(bucket=bucket, claimable=claimable, product=product)])
    assert name != "otherwise"


def test_the_shipped_strategy_leaves_the_held_alone_and_looks_first_at_the_overpaid():
    strategy = strategy_from(default_strategy_text())
    treatment = {row.name: row.treatments[0] for row in strategy.rows if row.treatments}
    for kind in HOLD_KINDS:
        (name,) = chosen(default_strategy_text(), [loan(hold=kind, overpaid="yes", bucket="M6+")])
        assert treatment[name] == "hold"
    (name,) = chosen(default_strategy_text(), [loan(overpaid="yes", claimable=0)])
    assert treatment[name] == "look_first"
    demand_buckets(strategy, BUCKETS)
    assert set(strategy.wording) == set(strategy.names) >= {name for row in strategy.rows for name in row.treatments}


@pytest.mark.parametrize("when,said", [
    ({"claimable": "100"}, "no range"), ({"claimable": "100..100"}, "empty"), ({"claimable": "200..100"}, "empty"),
    ({"claimable": "<=100"}, "no range"), ({"claimable": ">100"}, "no range"), ({"claimable": "<-5"}, "no range"),
    ({"claimable": "<1_000"}, "no range"), ({"claimable": ["<5"]}, "no range"), ({"claimable": "< 5"}, "no range"),
    ({"hold": "holiday"}, "holiday"), ({"cap": "maybe"}, "maybe"), ({"overpaid": "true"}, "true"),
    ({"colour": "red"}, "unknown field 'colour'"), ({"bucket": ""}, "one value or a list"), ({"bucket": [["M1"]]}, "one value or a list"),
    ("M1", "when"), ([], "when"), ("", "when"),
])
def test_a_condition_that_could_not_be_meant_is_refused_naming_its_row(when, said):
    with pytest.raises(BadYaml) as refusal:
        strategy_from(text_of([{"bucket": "M1"}, when]), "mine.yaml")
    assert str(refusal.value).startswith("mine.yaml, row 2 (a1)"), refusal.value
    assert said in str(refusal.value)


def test_a_bucket_that_there_is_not_is_refused_naming_its_row():
    with pytest.raises(BadYaml, match="a1.*'M9'.*M6"):
        demand_buckets(strategy_from(text_of([{"bucket": "M1"}, {"bucket": ["M1", "M9"]}])), BUCKETS)


@pytest.mark.parametrize("changed,said", [
    ({"otherwise": {"name": "else", "treatment": "leave_alone"}}, "otherwise, line 29: missing reason"),
    ({"otherwise": {"name": "else", "treatment": "fly", "reason": {"zh": "因", "en": "why"}}}, "otherwise: the treatment 'fly'"),
    ({"otherwise": {"name": "a0", "treatment": "leave_alone", "reason": {"zh": "因", "en": "why"}}}, "share a name"),
    ({"treatments": "call"}, "treatments"), ({"treatments": [{"name": "call", "zh": "x"}]}, "missing en"),
    ({"treatments": [{"name": name, "zh": "x", "en": "x"} for name in ("call", "leave_alone", "call")]}, "treatments"),
    ({"rows": "all"}, "row"), ({"rows": [{"name": "a0"}]}, "row 1 (a0)"), ({"colour": "red"}, "unknown key colour"),
])
def test_a_strategy_of_another_shape_is_refused(changed, said):
    with pytest.raises(BadYaml) as refusal:
        strategy_from(text_of([{"bucket": "M1"}], **changed), "mine.yaml")
    assert said in str(refusal.value)


def test_a_strategy_without_otherwise_or_with_a_one_sided_reason_is_refused():
    with pytest.raises(BadYaml, match="missing otherwise"):
        strategy_from(default_strategy_text().split("otherwise:\n")[0])
    one_sided = default_strategy_text().replace('{zh: "无适用规则", en: ', "{en: ", 1)
    line = 1 + next(place for place, text in enumerate(one_sided.split("\n")) if text.startswith("  reason: {en: "))
    with pytest.raises(BadYaml, match=f"otherwise, reason, line {line}: missing zh"):
        strategy_from(one_sided)


def test_the_digest_names_the_text():
    assert strategy_from(default_strategy_text()).digest != strategy_from(default_strategy_text() + "\n").digest


@pytest.mark.parametrize("cost,is_read", [("1000000000", True), ("1000000001", False), ("9" * 18, False), ("9" * 40, False)])
def test_a_cost_beyond_any_treatment_of_one_person_is_refused(cost, is_read):
    text = re.sub(r"(?m)^    cost: .*$", f'    cost: "{cost}"', default_strategy_text(), count=1)
    assert cost in text
    if is_read:
        assert any(one.cost_minor == int(cost) for one in strategy_from(text).treatments)
    else:
        with pytest.raises(BadYaml, match=r"cost \(in minor units\): .* is no whole number from 0 to 1,000,000,000"):
            strategy_from(text)
