"""Pictures: what is missing breaks a line, and a bar is as long as its share."""

import re

import pytest

from arrears.pages.amounts import rate, share
from arrears.pages.pictures import Line, Strip, bars, lines


def test_a_null_rate_is_a_dash_and_breaks_a_line():
    assert rate(None) == rate(float("nan")) == share(3, 0) == "–"
    broken = Line(("丙", "c"), [(0, 0.1), (1, None), (2, 0.2), (3, 0.3)])
    drawn = lines("x", ("甲", "a"), ("乙", "b"), [broken], [(0, "0")], ("月", "month"))
    path = re.search(r'<path d="(M[^"]*)" fill="none"', drawn)[1]
    assert path.count("M") == 2 and path.count("L") == 1


def test_the_longest_bar_is_as_long_as_its_share_of_the_others():
    rows = [(("r", "r"), [Strip(length, ("", ""), "#000000")]) for length in (1.0, 0.25)]
    drawn = bars("x", ("甲", "a"), ("乙", "b"), rows)
    whole, quarter = (float(width) for width in re.findall(r'width="([\d.]+)"', drawn))
    assert quarter == pytest.approx(whole / 4, abs=0.1)
