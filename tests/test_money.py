"""Money: rounding equals that of exact fractions, and no sum ever wraps."""

from fractions import Fraction
from math import floor

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.money import INT64_MAX, exact_sum, half_up, in_major_units, total

AMOUNTS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=12)


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_half_up_is_the_nearest_whole_number_a_half_away_from_zero(numerator, denominator):
    exact = abs(Fraction(numerator, denominator))
    nearest = floor(exact + Fraction(1, 2))
    assert half_up(numerator, denominator) == (nearest if numerator >= 0 else -nearest)


@given(st.integers(0, 10**20), st.integers(1, 10**10))
def test_exact_halves_go_up(whole, denominator):
    assert half_up((2 * whole + 1) * denominator, 2 * denominator) == whole + 1


@pytest.mark.parametrize("denominator", [0, -1])
def test_half_up_refuses_a_denominator_that_is_not_positive(denominator):
    with pytest.raises(ValueError, match="denominator"):
        half_up(1, denominator)


def summed(amounts: list[int], groups: list[int] | None = None) -> list[int]:
    frame = pl.DataFrame({"g": groups or [0] * len(amounts), "a": pl.Series(amounts, dtype=pl.Int64)})
    return frame.group_by("g", maintain_order=True).agg(exact_sum("a"))["a"].to_list()


@given(AMOUNTS)
def test_a_sum_is_exact_or_raises_and_never_wraps(amounts):
    expected = sum(amounts)
    assert total(pl.Series(amounts, dtype=pl.Int64)) == expected
    frame = pl.DataFrame({"a": pl.Series(amounts, dtype=pl.Int64)})
    if -(2**63) <= expected <= INT64_MAX:
        assert frame.select(exact_sum("a")).item() == expected
    else:
        with pytest.raises(pl.exceptions.InvalidOperationError):
            frame.select(exact_sum("a"))


def test_the_largest_sum_that_fits_is_kept_and_one_more_raises():
    assert summed([INT64_MAX - 1, 1]) == [INT64_MAX]
    assert summed([INT64_MAX, 1, -1]) == [INT64_MAX], "on the way it may pass 64 bits"
    with pytest.raises(pl.exceptions.InvalidOperationError):
        summed([INT64_MAX, 1])
    with pytest.raises(pl.exceptions.InvalidOperationError):
        summed([1, INT64_MAX, 1], [0, 1, 1])
    assert pl.Series([INT64_MAX, 1]).sum() < 0, "Polars wraps; were it to stop, exact_sum could be plainer"


def test_a_sum_of_nothing_is_nothing():
    assert total(pl.Series([], dtype=pl.Int64)) == 0
    assert pl.DataFrame(schema={"a": pl.Int64}).select(exact_sum("a")).item() == 0
    assert total(pl.Series([None, 3], dtype=pl.Int64)) == 3


@given(st.integers(-(10**16), 10**16))
def test_the_written_amount_reads_back(minor):
    assert int(in_major_units(minor).replace(",", "").replace(".", "")) == minor
