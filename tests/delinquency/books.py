"""Hypothesis strategies of small books: at most a few loans, drawn so that days, ids and versions collide."""

from functools import cache

from hypothesis import strategies as st

from delinquency.drawing import draw_book


@cache
def _between(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


@st.composite
def books(draw, loans_max: int = 4) -> dict:
    """A valid book (see `drawing`): rows under the tables' names, and `as_of` and `known_at` (or None)."""

    def roll(least: int, most: int) -> int:
        return least if least == most else draw(_between(least, most))

    return draw_book(roll, roll(1, loans_max))
