"""Fairness where nothing protected is known of anybody."""

import numpy as np
import polars as pl
import pytest

from arrears.learning.fairness import fairness
from arrears.refusal import Refused


def test_rows_without_any_protected_attribute_have_no_groups_and_are_not_refused():
    assert fairness(pl.DataFrame(), np.array([0.2, 0.4]), np.array([True, False]), np.array([0.0, 1.0])) == []


def test_groups_of_other_rows_are_refused():
    with pytest.raises(Refused):
        fairness(pl.DataFrame({"sex": ["female"]}), np.array([0.2, 0.4]), np.array([True, False]))


def test_people_whose_attribute_is_unknown_are_shown_but_not_judged():
    groups = pl.DataFrame({"sex": ["female"] * 500 + [None] * 500})
    estimate = np.concatenate([np.full(500, 0.9), np.full(500, 0.1)])
    known, unknown = sorted(fairness(groups, estimate, estimate > 0.5), key=lambda one: one.group, reverse=True)
    assert known.is_judged and not unknown.is_judged and unknown.rows == 500
