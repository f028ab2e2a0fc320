"""What a model reads of a frame: numbers, gaps, codes; and what is refused."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.refusal import Refused
from arrears.scoring.matrix import FEW_ROWS, encoded, in_parts, learned_features, unseen_as_missing
from arrears.scoring.model import CATEGORY, NUMBER, UNSEEN, Feature

AGE = Feature("age", NUMBER, "年龄", "age")
CITY = Feature("city", CATEGORY, "城市", "city", categories=("Xi'an", "Lanzhou"))


def test_gaps_and_infinities_are_missing_and_yes_is_one():
    frame = pl.DataFrame({"age": [1.5, None, float("nan"), float("inf"), float("-inf")]})
    np.testing.assert_array_equal(encoded((AGE,), frame)[:, 0], [1.5, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(encoded((AGE,), pl.DataFrame({"age": [True, False, None]}))[:, 0], [1, 0, np.nan])


def test_a_category_is_its_place_and_one_never_seen_is_told_from_a_missing_one():
    frame = pl.DataFrame({"city": ["Lanzhou", "Xi'an", None, "Atlantis", ""]})
    np.testing.assert_array_equal(encoded((CITY,), frame)[:, 0], [1, 0, np.nan, UNSEEN, UNSEEN])
    np.testing.assert_array_equal(unseen_as_missing((CITY,), encoded((CITY,), frame))[:, 0], [1, 0, np.nan, np.nan, np.nan])


@given(st.lists(st.one_of(st.none(), st.floats(width=64)), max_size=30))
def test_every_finite_number_arrives_unchanged_and_nothing_else_does(values):
    column = encoded((AGE,), pl.DataFrame({"age": values}, schema={"age": pl.Float64}))[:, 0]
    expected = [float("nan") if value is None or not np.isfinite(value) else value for value in values]
    np.testing.assert_array_equal(column, np.array(expected, np.float64))


@pytest.mark.parametrize("column", [pl.Series([1, 2]), pl.Series([True, None]), pl.Series(["1", "2"], dtype=pl.Categorical)])
def test_whole_numbers_and_yes_or_no_may_be_categories(column):
    known = learned_features((CITY,), pl.DataFrame({"city": pl.concat([column] * FEW_ROWS)}), np.zeros(2 * FEW_ROWS))
    assert set(known[0].categories) == {str(value).lower() for value in column.drop_nulls().to_list()}


def test_a_column_that_is_missing_is_refused_with_the_nearest_name():
    with pytest.raises(Refused, match="'age'.*'agee': rename it") as refused:
        encoded((AGE,), pl.DataFrame({"agee": [1], "other": [2]}))
    assert "agee" in refused.value.zh
    with pytest.raises(Refused, match="add it"):
        encoded((AGE,), pl.DataFrame({"zzzzzz": [1]}))


@pytest.mark.parametrize("column", [["1", "2"], [date(2026, 1, 1)], [[1]]])
def test_a_number_of_another_type_is_refused(column):
    with pytest.raises(Refused, match="column 'age' holds"):
        encoded((AGE,), pl.DataFrame({"age": column}))


@pytest.mark.parametrize("column", [[1.5], [date(2026, 1, 1)]])
def test_a_category_of_another_type_is_refused(column):
    with pytest.raises(Refused, match="column 'city' holds"):
        encoded((CITY,), pl.DataFrame({"city": column}))


def test_categories_stand_by_event_rate_rare_ones_are_left_out_and_the_typical_value_is_the_middle():
    city = ["bad"] * 60 + ["good"] * 100 + ["rare"] * (FEW_ROWS - 1)
    outcome = np.array([1.0] * 50 + [0.0] * 10 + [0.0] * 90 + [1.0] * 10 + [1.0] * (FEW_ROWS - 1))
    frame = pl.DataFrame({"city": city, "age": [1.0] * 100 + [7.0] * 50 + [None] * (len(city) - 150)})
    learned = learned_features((CITY, AGE), frame, outcome)
    assert learned[0].categories == ("good", "bad") and learned[0].typical == "good" and learned[1].typical == 1.0


def test_what_is_mostly_missing_is_typically_missing():
    frame = pl.DataFrame({"age": [1.0, None, None], "city": [None, None, "a"]})
    assert [feature.typical for feature in learned_features((AGE, CITY), frame, np.zeros(3))] == [None, None]


@pytest.mark.parametrize("rows", [0, 1, 1 << 17, (1 << 17) + 1, 400_000])
def test_parts_cover_every_row_once_and_a_mistake_in_one_is_told(rows):
    met = np.zeros(rows, np.int64)

    def work(first, last):
        met[first:last] += 1

    in_parts(rows, work)
    assert (met == 1).all()
    with pytest.raises(ZeroDivisionError):
        in_parts(rows, lambda first, last: 1 / 0)
