"""One team's cases by minutes, beside every way there is; and a team shared out, beside the rest of the book."""

from datetime import date, timedelta
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.assign import ASSIGNED, CASES, assign, assign_team
from arrears.allocation.recall import Terms
from arrears.allocation.roster import Collector, Conflict, Roster
from arrears.nightly.sharing_by_minutes import shared_by_minutes
from arrears.refusal import Refused

AS_OF = date(2026, 10, 31)
TERMS = Terms(idle_days=14, not_back_days=30, continuity_minor=2000, uneven_minor=500)
NAMES = ("a", "b", "c")


def collector(name: str, minutes: int, left_on: date | None = None, team: str = "early") -> Collector:
    return Collector(name, team, "collector", date(2024, 1, 1), left_on, (), 50, minutes, None, None, None, None)


@st.composite
def teams(draw):
    """Three people with few minutes, one of whom may have left, and up to six cases that somebody has; some conflicts."""
    minutes = draw(st.lists(st.integers(0, 40), min_size=3, max_size=3))
    left = draw(st.sampled_from([None, "a", "c"]))
    people = tuple(collector(name, most, AS_OF if name == left else None) for name, most in zip(NAMES, minutes, strict=True))
    cases = draw(st.lists(st.tuples(st.integers(1, 20), st.sampled_from(NAMES), st.booleans()), min_size=1, max_size=6))
    conflicts = tuple(Conflict(who, f"B{at}", "kin") for at, who in draw(st.sets(st.tuples(st.integers(0, 5), st.sampled_from(NAMES)), max_size=4)) if at < len(cases))
    return Roster(("early",), people, (), conflicts, ()), cases


def frames(cases: list[tuple[int, str, bool]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cases and who has them, each for ten days; those that need nobody tonight take no minutes."""
    rows = [{"borrower_id": f"B{at}", "bucket": "M1", "product": "quick", "claimable_minor": 1000 + at, "expected_minor": 100, "difficulty": 0.5, "owner": "collector" if needed else None,
             "skill": None, "language": None, "region": None, "last_touched_on": AS_OF, "minutes": minutes if needed else 0} for at, (minutes, _, needed) in enumerate(cases)]
    held = [{"borrower_id": f"B{at}", "held_by": who, "held_since": AS_OF - timedelta(days=10), "last_held_by": None, "returned_on": None, "returned_why": None} for at, (_, who, _) in enumerate(cases)]
    return (pl.DataFrame(rows, schema={**CASES, "minutes": pl.Int64}),
            pl.DataFrame(held, schema={"borrower_id": pl.String, "held_by": pl.String, "held_since": pl.Date, "last_held_by": pl.String, "returned_on": pl.Date, "returned_why": pl.String}))


def least_moves(roster: Roster, cases: list[tuple[int, str, bool]]) -> int | None:
    """Of all ways to give the cases that need somebody and whom somebody may have: the fewest moves within the minutes; None where no way is."""
    there = {one.name: one.minutes for one in roster.collectors if one.left_on is None}
    kin = {(one.who, one.borrower_id) for one in roster.conflicts}
    may = [[who for who in there if (who, f"B{at}") not in kin] for at, (_, _, needed) in enumerate(cases) if needed]
    asked = [case for case in cases if case[2]]
    asked, may = [one for one, who in zip(asked, may, strict=True) if who], [who for who in may if who]
    found = [sum(who != case[1] for who, case in zip(way, asked, strict=True)) for way in product(*may)
             if all(sum(case[0] for who, case in zip(way, asked, strict=True) if who == name) <= most for name, most in there.items())]
    return min(found) if found else None


@settings(max_examples=60)
@given(teams())
def test_by_minutes_as_few_cases_move_as_in_the_best_of_all_ways_and_nobody_exceeds_their_minutes(made):
    roster, cases = made
    rows, holdings = frames(cases)
    found = assign_team("early", rows, roster, holdings, TERMS, AS_OF)
    least = least_moves(roster, cases)
    try:
        given_out = shared_by_minutes("early", found, rows, roster, holdings, TERMS)
    except Refused:
        assert least is None
        return
    assert least is not None
    assert given_out.columns == list(ASSIGNED) and given_out["borrower_id"].to_list() == [f"B{at}" for at in range(len(cases))]
    now = dict(given_out.select("borrower_id", "held_by").iter_rows())
    placed = [(at, case) for at, case in enumerate(cases) if case[2] and now[f"B{at}"] is not None]
    assert sum(now[f"B{at}"] != case[1] for at, case in placed) == least
    for one in roster.collectors:
        assert sum(case[0] for at, case in placed if now[f"B{at}"] == one.name) <= one.minutes
        assert one.left_on is None or one.name not in now.values()
    for one in roster.conflicts:
        assert now[one.borrower_id] != one.who
    for row in given_out.iter_rows(named=True):
        moved = row["held_by"] != row["before"]
        assert (row["left_why"] is not None) == moved and (row["held_since"] == AS_OF) == (moved and row["held_by"] is not None)
        assert row["why_en"] and row["why_zh"] and (not moved or row["before"] in row["why_en"]) and (row["last_held_by"] == row["before"]) == moved


def test_the_reason_of_a_move_is_why_it_had_to_or_that_minutes_asked_for_it():
    roster = Roster(("early",), (collector("a", 40, AS_OF), collector("b", 20), collector("c", 60)), (), (), ())
    rows, holdings = frames([(10, "a", True), (15, "b", True), (15, "b", True)])
    found = shared_by_minutes("early", assign_team("early", rows, roster, holdings, TERMS, AS_OF), rows, roster, holdings, TERMS)
    said = dict(found.select("borrower_id", "why").iter_rows())
    assert said["B0"] == "left" and sorted([said["B1"], said["B2"]]) == ["by_minutes", "kept"]
    moved = found.filter(why="by_minutes").row(0, named=True)
    assert moved["why_en"] == "shared out by minutes; b gives it up; now with c." and moved["why_zh"] == "按工时重新分配，b 交出；现由 c 负责。" and moved["returned_why"] == "by_minutes"


@pytest.mark.parametrize(("minutes", "each"), [((0, 420, 420), [0, 4, 4]), ((0, 210, 420), [0, 3, 5])])
def test_what_must_move_is_spread_by_what_each_works_where_that_moves_no_more(minutes, each):
    roster = Roster(("early",), tuple(collector(name, most, AS_OF if name == "a" else None) for name, most in zip(NAMES, minutes, strict=True)), (), (), ())
    rows, holdings = frames([(10, "a", True)] * 8)
    found = shared_by_minutes("early", assign_team("early", rows, roster, holdings, TERMS, AS_OF), rows, roster, holdings, TERMS)
    count = [found.filter(held_by=name).height for name in NAMES]
    assert sum(count) == 8 and all(abs(one - about) <= 1 for one, about in zip(count, each, strict=True)), count


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]])
def test_rows_in_another_order_are_shared_out_the_same(order):
    roster = Roster(("early",), (collector("a", 30), collector("b", 30), collector("c", 30)), (), (), ())
    rows, holdings = frames([(12, "a", True), (9, "a", True), (11, "a", True), (5, "b", True), (14, "c", True), (0, "c", False)])
    found = shared_by_minutes("early", assign_team("early", rows, roster, holdings, TERMS, AS_OF), rows, roster, holdings, TERMS)
    other = shared_by_minutes("early", assign_team("early", rows[order], roster, holdings[order], TERMS, AS_OF), rows[order], roster, holdings[order], TERMS)
    assert found.equals(other)


def test_what_a_sharing_out_leaves_is_shared_out_again_without_a_move():
    roster = Roster(("early",), tuple(collector(name, 400) for name in NAMES), (), (), ())
    rows, holdings = frames([(10, "a", True)] * 9 + [(10, "b", True)])
    first = assign(rows, roster, holdings, TERMS, AS_OF)
    assert assign(rows, roster, first.rows, TERMS, AS_OF).moves.is_empty()
