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
