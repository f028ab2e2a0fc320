"""Definitions of models of files: malformed ones name the place, formulas look at one row alone, protected columns and the outcome are never read."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.modelling.definition import Definition, Derived, computed, definition_from, definition_kept, expression
from arrears.modelling.plain_table import sample_of
from arrears.refusal import Refused
from arrears.scoring.families import TARGETS
from arrears.strict_yaml import BadYaml
from modelling.made_up_rows import applicants

SOUND = "target: y\nfeatures:\n  - {name: debt, formula: debt}\n"
FRAME = pl.DataFrame({"a": [1.0, 1.0, 1.0, 1.0], "b": [3.0, 3.0, 3.0, 3.0], "k": ["x", "y", "z", "w"], "t": ["1", "2", "3", "x"]})


@pytest.mark.parametrize(("text", "place"), [
    ("features: [{name: a, formula: a}]", "missing target"),
    ("target: y", "missing features"),
    ("target: [y]\nfeatures: [{name: a, formula: a}]", "line 1: target must be a plain text"),
    ("target: ''\nfeatures: [{name: a, formula: a}]", "line 1: target is empty"),
    ("target: y\nfeatures: []", "features: a list of at least one feature"),
    ("target: y\nfeatures: {name: a, formula: a}", "features: a list of at least one feature"),
    ("target: y\nfeatures: [a]", "feature 1: expected a mapping"),
    ("target: y\nfeatures: [{name: a}]", "feature 1, line 2: missing formula"),
    ("target: y\nfeatures: [{name: a, formula: a}, {name: b, formula: ' '}]", "feature 2, line 2: formula is empty"),
    ("target: y\nfeatures: [{name: [a], formula: a}]", "feature 1, line 2: name must be a plain text"),
    ("target: y\nfeatures: [{name: a, formula: {a: b}}]", "feature 1, line 2: formula must be a plain text"),
    ("target: y\nfeatures:\n  - {name: a, formula: a}\n  - {name: a, formula: b}", "features: a stands twice"),
    ("target: y\nfeatures:\n  - {name: a, formula: a, monotone: upwards}", "feature 1, line 3: monotone is 'upwards'; write up, down or none"),
    ("target: y\nfeatures:\n  - {name: a, formula: a, trend: up}", "feature 1, line 3: unknown key trend"),
    ("target: y\nfeatures:\n  - {name: outcome, formula: a}", "feature 1, line 3: the name outcome is taken"),
    ("target: y\nfeatures:\n  - {name: when, formula: a}", "the name when is taken"),
    (SOUND + "colour: red", "line 4: unknown key colour"),
    (SOUND + "event: [1, 2]", "line 4: event must be a plain text"),
    (SOUND + "time: {a: b}", "line 4: time must be a plain text"),
    (SOUND + "protected: {income: x}", "protected, line 4: unknown key income"),
    (SOUND + "protected: {sex: [x]}", "protected, line 4: sex must be a plain text"),
    (SOUND + "protected: [sex]", "protected: expected a mapping"),
    (SOUND + "split: {test_share: 1}", "split: test_share is '1'"),
    (SOUND + "split: {test_share: nan}", "split: test_share is 'nan'"),
    (SOUND + "split: {test_share: a quarter}", "split: test_share is 'a quarter'"),
    (SOUND + "split: {seed: -1}", "split: seed is '-1'"),
    (SOUND + "split: {seed: 4294967296}", "split: seed is '4294967296'"),
    (SOUND + "split: {seed: [1]}", "split, line 4: seed must be a plain text"),
    (SOUND + "target: z", "the key 'target' stands twice"),
    ("target: y\n\tfeatures: [a]", "not valid YAML: line 2"),
    ("- target", "expected a mapping"),
    ("", "expected a mapping"),
])
def test_a_malformed_definition_is_refused_and_the_place_is_named(text, place):
    with pytest.raises(BadYaml) as problem:
        definition_from(text, "it.yaml")
    assert str(problem.value).startswith("it.yaml") and place in str(problem.value)


def test_a_definition_is_kept_on_a_card_and_read_back_as_it_was():
    text = SOUND + "model: loss\nevent: '1'\nzh: 坏\nen: bad\ntime: d\ngroup: g\nprotected: {sex: s, age_band: ~}\nsplit: {test_share: 0.3, seed: 7}\n"
    said = definition_from(text, "it.yaml")
    assert said == Definition("y", "1", (Derived("debt", "debt", "", "debt", "debt"),), ("坏", "bad"), "d", "g", (("sex", "s"),), 0.3, 7, "loss")
    assert definition_kept(said.kept()) == said


@pytest.mark.parametrize("formula", [
    "SUM(a) OVER (PARTITION BY k)", "FIRST_VALUE(a) OVER (PARTITION BY k)", "ROW_NUMBER() OVER (ORDER BY a)", "LAG(a) OVER (ORDER BY a)", "a - AVG(a)", "MAX(a)",
    "a - MEDIAN(b)", "a / COUNT(*)", "RANK() OVER (ORDER BY b) * a", "CASE WHEN a > AVG(a) THEN 1 END", "FIRST(a)", "STDDEV(a) + b",
])
def test_a_formula_over_other_rows_is_refused_even_where_these_rows_would_not_show_it(formula):
    """All values of a and b are alike, and k tells every row apart, so sums over k or a mean of a are what one row alone gives."""
    with pytest.raises(Refused, match="feature x: .*other rows"):
        expression(formula, FRAME, "feature x")


@pytest.mark.parametrize("formula", ["LEAST(a, b)", "LENGTH(k)", "CASE WHEN k = 'a.sum()' THEN 1 ELSE a END", "CONCAT(k, '.over(')", "COALESCE(a, 0)", "ROUND(a / b, 2)",
                                     "k IN ('x', 'y')", "a BETWEEN 0 AND b", "k LIKE '%x%'", "CAST(a AS INT)", "POW(a, 2)", "LN(b)", "GREATEST(a, b) - a"])
def test_a_formula_of_its_own_row_is_taken(formula):
    assert len(computed(formula, FRAME, "feature x")) == len(FRAME)


@pytest.mark.parametrize(("formula", "said"), [
    ("aa", "there is no column aa"), ("a / bb", "there is no column bb"), ("a b c (", "neither a column nor an SQL expression"), ("", "neither a column nor an SQL expression"),
    ("*", "neither a column nor an SQL expression"), ("1", "reads no column"), ("'x'", "reads no column"), ("COUNT(*)", "reads no column"), ("a; DROP TABLE a", "neither"),
    ("a IN (SELECT a FROM b)", "neither"), ("nosuch(a)", "neither"), ("CAST(t AS INT)", "cannot be computed"), ("k * 2", "cannot be computed"),
])
def test_a_formula_that_cannot_be_taken_is_refused_with_its_place(formula, said):
    with pytest.raises(Refused) as problem:
        computed(formula, FRAME, "feature x")
    assert problem.value.en.startswith("feature x: ") and said in problem.value.en and problem.value.zh


@given(st.text(max_size=30))
def test_any_text_is_a_column_of_values_or_a_refusal(text):
    try:
        assert len(computed(text, FRAME, "feature x")) == len(FRAME)
    except Refused as problem:
        assert problem.en.startswith("feature x: ") and problem.zh


@given(st.lists(st.sampled_from(["a", "b", "k", "t", "+", "-", "*", "/", "(", ")", ",", "1", "'x'", "CASE", "WHEN", "THEN", "END", "SUM(", "OVER", "AND", "NULLIF(", "CAST(", "AS INT)", "DATE", "::"]),
                max_size=8).map(" ".join))
def test_any_sequence_of_words_of_sql_is_a_column_of_values_or_a_refusal(text):
    try:
        assert len(computed(text, FRAME, "feature x")) == len(FRAME)
    except Refused as problem:
        assert problem.en.startswith("feature x: ") and problem.zh


@pytest.mark.parametrize(("formula", "said"), [
    ("y", "it reads y, which is the outcome"), ("debt * (y + 1)", "it reads y, which is the outcome"), ("SEX", "a protected attribute"), ("age_in_years + debt", "a protected attribute"),
    ("CASE WHEN g = 'm' THEN debt END", "a protected attribute"),
])
def test_neither_the_outcome_nor_a_protected_column_is_a_feature(tmp_path, formula, said):
    frame = applicants(50).with_columns(SEX=pl.lit("m"), g=pl.lit("m"), age_in_years=pl.lit(30))
    definition = Definition("y", "1", (Derived("debt", "debt"), Derived("x", formula)), protected=(("sex", "g"),))
    with pytest.raises(Refused, match=said):
        sample_of(tmp_path / "t.csv", frame, TARGETS["application"], definition, [], None, "digest")


def test_a_missing_column_comes_with_the_nearest_name_that_is_there():
    for near, meant in (("incom", "income"), ("INCOME", "income"), ("depts", "debt")):
        with pytest.raises(Refused, match=f"there is no column {near}; did you mean {meant}?"):
            computed(near, applicants(3), "feature x")

