"""Formulas of a definition: computed from one row, whatever arithmetic they use."""

import polars as pl
import pytest

from arrears.modelling.definition import expression
from arrears.refusal import Refused

FRAME = pl.DataFrame({"a": [1, 5, 2, 9], "b": [3.0, 0.0, 7.0, 1.5], "c": ["x", "y", "x", None]})


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("0.5 * a + 2 * b", [6.5, 2.5, 15.0, 7.5]),
        ("a + a - a", [1, 5, 2, 9]),
        ("(a + b) / 2", [2.0, 2.5, 4.5, 5.25]),
        ("CASE WHEN b > 0 THEN LEAST(a / b, 1) END", [1 / 3, None, 2 / 7, 1.0]),
        ("CONCAT(c, '-', LEAST(a, 3))", ["x-1", "y-3", "x-2", "-3"]),
        ("CAST(a > 1 AS INT) + CAST(b > 1 AS INT)", [1, 1, 2, 2]),
    ],
)
def test_a_formula_of_one_row_is_taken_also_where_it_has_numbers_in_it(formula, expected):
    assert FRAME.select(x=expression(formula, FRAME, "feature x"))["x"].to_list() == pytest.approx(expected)


@pytest.mark.parametrize("formula", ["SUM(a)", "a / SUM(a)", "2 * a - MAX(a)", "0.5 * a - AVG(b)"])
def test_a_formula_that_looks_at_other_rows_is_refused(formula):
    with pytest.raises(Refused, match="looks at other rows"):
        expression(formula, FRAME, "feature x")


@pytest.mark.parametrize("formula", ['"^S.X$"', 'a + 0 * "^S.X$"', "COLUMNS('^SEX$')", "a + COLUMNS('SEX')", "COLUMNS('.*')", "*"])
def test_a_pattern_cannot_smuggle_a_protected_column_into_a_model(formula):
    frame = FRAME.with_columns(SEX=pl.Series([1, 2, 1, 2]))
    with pytest.raises(Refused):
        expression(formula, frame, "feature x")


def test_a_column_whose_own_name_is_a_pattern_is_refused_since_it_would_be_read_as_one():
    with pytest.raises(Refused):
        expression("^S.X$", pl.DataFrame({"^S.X$": [1, 2], "SEX": [3, 4]}), "feature x")


@pytest.mark.parametrize("formula", ["NOW()", "CURRENT_DATE", "a - YEAR(CURRENT_DATE)", "(SELECT 1)", "a + (SELECT 1)", "1", "NULL", "COUNT(*)", "ROW_NUMBER() OVER ()",
                                     "RPAD(c, 1000000000, 'x')", "a" + "+a" * 20_000])
def test_a_formula_that_knows_more_than_its_row_or_takes_the_machine_down_is_refused(formula):
    with pytest.raises(Refused):
        expression(formula, FRAME, "feature x")


def test_such_words_may_stand_in_texts_and_in_names_of_columns():
    frame = FRAME.with_columns(pl.lit(1).alias("pay over"), now=pl.lit("over"))
    assert frame.select(x=expression("CASE WHEN now = 'over' THEN a ELSE \"pay over\" END", frame, "feature x"))["x"].to_list() == [1, 5, 2, 9]
