"""Giving cases by example: shares of agencies, evenness, idle cases, freezes, one team anew, nobody at all, and an optimum by another solver."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.assign import assign, assign_team
from arrears.allocation.recall import Terms
from arrears.allocation.roster import Conflict, Freeze
from arrears.refusal import Refused
from plain_assignment import (
    AS_OF,
    NO_CASES,
    NO_HOLDINGS,
    Problem,
    agency,
    case,
    cases_of,
    holding,
    holdings_of,
    person,
    roster,
)

TERMS = Terms(idle_days=14, not_back_days=30, continuity_minor=2000, uneven_minor=500)


def held_by(found) -> dict[str, str | None]:
    return dict(found.rows.select("borrower_id", "held_by").iter_rows())


def why(found) -> dict[str, str]:
    return dict(found.rows.select("borrower_id", "why").iter_rows())


def counts(found) -> dict[str, int]:
    return dict(found.rows.filter(pl.col("held_by").is_not_null()).group_by("held_by").len().iter_rows())


def many(number: int, **other) -> pl.DataFrame:
    return cases_of(*(case(f"B{place:03}", **other) for place in range(number)))


def test_new_cases_go_evenly_by_what_each_can_have():
    found = assign(many(30), roster(person("half", cases_most=20), person("whole", cases_most=40)), NO_HOLDINGS, TERMS, AS_OF)
    assert counts(found) == {"half": 10, "whole": 20}
    assert set(why(found).values()) == {"new"}


def test_large_and_hard_cases_are_even_too():
    rows = [case(f"B{place:03}", expected_minor=10_000 if place < 4 else 100, difficulty=0.9 if place % 2 else 0.1) for place in range(40)]
    found = assign(cases_of(*rows), roster(person("one"), person("two")), NO_HOLDINGS, TERMS, AS_OF)
    both = found.rows.join(cases_of(*rows), on="borrower_id").group_by("held_by").agg(pl.col("expected_minor").sum(), pl.col("difficulty").sum().round(6)).sort("held_by")
    assert both["expected_minor"].to_list() == [21_800, 21_800] and both["difficulty"].to_list() == [10, 10]


def test_who_has_a_case_keeps_it_though_somebody_has_less_and_gives_it_up_where_evenness_is_dear():
    held = holdings_of(*(holding(f"B{place:03}", "one") for place in range(12)))
    both = roster(person("one"), person("two"))
    assert counts(assign(many(12), both, held, TERMS, AS_OF)) == {"one": 12}
    found = assign(many(12), both, held, replace(TERMS, uneven_minor=50_000), AS_OF)
    assert counts(found) == {"one": 6, "two": 6}
    assert found.moves["left_why"].to_list() == ["balance"] * 6


def test_a_case_that_was_given_back_for_another_reason_than_idling_returns_to_who_had_it():
    held = holdings_of(holding("B000", None, last_held_by="two", returned_on=AS_OF - timedelta(days=3), returned_why="not_needed"))
    found = assign(many(1), roster(person("one"), person("two")), held, TERMS, AS_OF)
    assert (held_by(found), why(found)) == ({"B000": "two"}, {"B000": "resumed"})


def test_an_idle_case_goes_to_another_and_not_back_for_thirty_days_even_by_way_of_a_third():
    idle = many(1, last_touched_on=AS_OF - timedelta(days=14))
    both = roster(person("one"), person("two"))
    first = assign(idle, both, holdings_of(holding("B000", "one")), TERMS, AS_OF)
    assert first.rows.select("held_by", "before", "why", "left_why", "last_held_by", "returned_on", "returned_why").row(0) == (
        "two", "one", "idle", "idle", "one", AS_OF, "idle")
    assert "防养案" in first.rows["why_zh"][0] and "now with two" in first.rows["why_en"][0]
    gone = roster(person("one"), person("two", left_on=AS_OF))
    for days, holder in ((29, None), (30, "one")):
        then = AS_OF + timedelta(days=days)
        later = assign(many(1, last_touched_on=then), gone, first.rows, TERMS, then)
        assert held_by(later) == {"B000": holder}
        assert later.rows.select("last_held_by", "returned_why").row(0) == (("one", "idle") if holder is None else ("two", "left"))
    assert why(assign(many(1), gone, first.rows, TERMS, AS_OF + timedelta(days=5))) == {"B000": "all_barred"}


def test_a_case_touched_thirteen_days_ago_is_not_idle_and_days_away_do_not_count():
    for touched, away, stays in ((13, (), True), (14, (), False), (14, ((AS_OF - timedelta(days=2), AS_OF - timedelta(days=1)),), True)):
        found = assign(many(1, last_touched_on=AS_OF - timedelta(days=touched)), roster(person("one", away=away), person("two")),
                       holdings_of(holding("B000", "one")), TERMS, AS_OF)
        assert (held_by(found)["B000"] == "one") == stays


def test_a_case_that_needs_nobody_tonight_stays_until_it_was_untouched_so_long():
    held = holdings_of(holding("B000", "one"))
    assert why(assign(many(1, owner=None), roster(person("one")), held, TERMS, AS_OF)) == {"B000": "kept"}
    assert why(assign(many(1, owner=None, last_touched_on=None), roster(person("one")), held, TERMS, AS_OF)) == {"B000": "not_needed"}
    settled = assign(NO_CASES, roster(person("one")), held, TERMS, AS_OF)
    assert (held_by(settled), why(settled), settled.unassigned.height) == ({"B000": None}, {"B000": "not_needed"}, 0)


def test_room_for_what_needs_somebody_is_made_by_what_does_not():
    rows = cases_of(case("B1", owner=None), case("B2"))
    found = assign(rows, roster(person("one", cases_most=1)), holdings_of(holding("B1", "one")), TERMS, AS_OF)
    assert (held_by(found), why(found)) == ({"B1": None, "B2": "one"}, {"B1": "over_capacity", "B2": "new"})


def test_held_cases_come_before_new_ones_and_among_new_ones_the_larger():
    rows = cases_of(case("B1", expected_minor=1), case("B2", expected_minor=10**6), case("B3", expected_minor=10**5))
    found = assign(rows, roster(person("one", cases_most=2)), holdings_of(holding("B1", "one")), TERMS, AS_OF)
    assert (held_by(found), why(found)["B3"]) == ({"B1": "one", "B2": "one", "B3": None}, "no_capacity")


@pytest.mark.parametrize(("people", "changes", "reason"), [
    ([], {}, "no_owner"), ([person("one")], {"owner": "visitor"}, "no_owner"), ([person("one", stages=("M2",))], {}, "no_bucket"),
    ([person("one", products=("b",))], {}, "no_product"), ([person("one", amount_most_minor=999)], {}, "no_amount"),
    ([person("one", languages=("zh",))], {"language": "yue"}, "no_language"), ([person("one", languages=("yue",))], {}, "no_language"),
    ([person("one", owner="visitor", regions=("north",))], {"owner": "visitor", "region": "south"}, "no_region"),
    ([person("one", owner="visitor", regions=("north",))], {"owner": "visitor"}, "no_region"), ([agency("firm", regions=())], {"owner": "agency"}, "no_region"),
    ([person("one", skills=())], {"skill": "senior"}, "no_skill"), ([person("one", cases_most=0)], {}, "no_capacity"),
    ([person("one", left_on=AS_OF)], {}, "nobody_there"), ([person("one", works_from=AS_OF + timedelta(days=2))], {}, "nobody_there"),
    ([person("one", away=((AS_OF, AS_OF + timedelta(days=2)),))], {}, "nobody_there"), ([agency("firm", contract_until=AS_OF)], {"owner": "agency"}, "nobody_there"),
])
def test_why_nobody_has_a_case_is_the_reason_that_binds(people, changes, reason):
    found = assign(many(1, **changes), roster(*people), NO_HOLDINGS, TERMS, AS_OF)
    assert found.unassigned["why"].to_list() == [reason]


def test_what_meets_every_limit_exactly_is_given():
    one = person("one", owner="visitor", stages=("M1",), products=("a",), amount_most_minor=1000, languages=("zh",), regions=("north",), skills=("senior",))
    found = assign(many(1, owner="visitor", region="north", skill="senior"), roster(one), NO_HOLDINGS, TERMS, AS_OF)
    assert held_by(found) == {"B000": "one"}


def test_everybody_in_conflict_is_said_and_a_conflict_takes_a_case_away_even_from_the_frozen():
    kin = [Conflict("one", "B000", "kin")]
    assert why(assign(many(1), roster(person("one"), conflicts=kin), NO_HOLDINGS, TERMS, AS_OF)) == {"B000": "all_in_conflict"}
    still = roster(person("one"), person("two"), conflicts=kin, frozen=[Freeze("collector", "one", date(2026, 10, 1), None, "li", "inquiry")])
    found = assign(many(1), still, holdings_of(holding("B000", "one")), TERMS, AS_OF)
    assert (held_by(found), why(found)) == ({"B000": "two"}, {"B000": "conflict"})


def test_a_frozen_team_keeps_what_it_has_idle_or_not_and_gets_nothing():
    team = [Freeze("team", "two", AS_OF, None, "li", "inquiry")]
    people = roster(person("one"), person("two", team="two"), frozen=team)
    found = assign(many(3, last_touched_on=None), people, holdings_of(holding("B000", "two")), TERMS, AS_OF)
    assert (held_by(found), why(found)["B000"]) == ({"B000": "two", "B001": "one", "B002": "one"}, "frozen")


def test_an_agency_with_a_fault_loses_its_cases_and_the_sentence_says_which():
    faults = {"east": ("its yearly evaluation is overdue since 2026-09-01", "年度评估自 2026-09-01 起逾期")}
    found = assign(many(2, owner="agency"), roster(agency("east"), agency("west")), holdings_of(holding("B000", "east")), TERMS, AS_OF, faults)
    assert held_by(found) == {"B000": "west", "B001": "west"}
    assert found.rows["why_en"][0] == "east may have no cases now: its yearly evaluation is overdue since 2026-09-01; now with west."
    assert found.rows["why_zh"][0] == "east 现不得委托：年度评估自 2026-09-01 起逾期；现由 west 负责。"


def test_shares_are_multiplied_by_scorecards():
    firms = roster(agency("east", share_ppm=500_000, score=90), agency("west", share_ppm=500_000, score=30))
    assert counts(assign(many(8, owner="agency"), firms, NO_HOLDINGS, TERMS, AS_OF)) == {"east": 6, "west": 2}


@given(st.lists(st.integers(1, 100), min_size=1, max_size=5), st.integers(0, 60), st.lists(st.integers(0, 4), min_size=60, max_size=60))
@settings(deadline=None, max_examples=60)
def test_every_agency_has_its_share_within_one_case_whoever_had_the_cases_before(scores, number, holders):
    firms = [agency(f"g{place}", score=score) for place, score in enumerate(scores)]
    held = [holding(f"B{place:03}", f"g{holders[place]}") for place in range(number) if holders[place] < len(scores)]
    found = counts(assign(many(number, owner="agency"), roster(*firms), holdings_of(*held), TERMS, AS_OF))
    for place, score in enumerate(scores):
        assert abs(found.get(f"g{place}", 0) - number * score / sum(scores)) < 1


def test_one_team_given_anew_changes_only_its_own():
    people = roster(person("a1"), person("a2"), person("b1", team="two"))
    held = holdings_of(*(holding(f"B{place:03}", "a1" if place < 6 else "b1") for place in range(8)))
    found = assign_team("one", many(9), people, held, replace(TERMS, continuity_minor=0, uneven_minor=10_000), AS_OF)
    assert found.rows["borrower_id"].to_list() == [f"B{place:03}" for place in range(6)] and counts(found) == {"a1": 3, "a2": 3}
    with pytest.raises(Refused, match="no team 'three'"):
        assign_team("three", many(1), people, NO_HOLDINGS, TERMS, AS_OF)


def test_a_team_given_anew_knows_conflicts_of_others_and_bars_that_name_them():
    people = roster(person("a1"), person("b1", team="two"), conflicts=[Conflict("b1", "B000", "kin"), Conflict("firm", "B000", "kin")])
    held = holdings_of(holding("B000", "a1", last_held_by="b1", returned_on=AS_OF, returned_why="idle"))
    assert held_by(assign_team("one", many(1), people, held, TERMS, AS_OF)) == {"B000": "a1"}


def test_an_empty_night_gives_no_rows():
    found = assign(NO_CASES, roster(person("one")), NO_HOLDINGS, TERMS, AS_OF)
    assert (found.rows.height, found.cost, found.bound) == (0, 0, 0)
    assert assign(NO_CASES, roster(), NO_HOLDINGS, TERMS, AS_OF).rows.schema == found.rows.schema


@pytest.mark.parametrize(("cases", "held", "words"), [
    (cases_of(case("B1"), case("B1")), NO_HOLDINGS, "borrower B1 stands twice"), (NO_CASES, holdings_of(holding("B1", "one"), holding("B1", "two")), "one holder"),
    (NO_CASES.drop("skill"), NO_HOLDINGS, "no column skill"), (cases_of(case("B1", owner="bot")), NO_HOLDINGS, "owner 'bot' of borrower B1"),
    (NO_CASES, holdings_of(holding("B1", "one", held_since=None)), "held without held_since"),
])
def test_tables_that_cannot_be_meant_are_refused(cases, held, words):
    with pytest.raises(Refused, match=words):
        assign(cases, roster(person("one")), held, TERMS, AS_OF)


@pytest.mark.parametrize("seed", range(4))
def test_a_linear_programme_over_single_cases_finds_the_same_cost(seed):
    """By HiGHS, a variable per case and person: nothing is aggregated, and its optimum is no fraction cheaper."""
    highspy = pytest.importorskip("highspy")
    dice = np.random.default_rng(seed)
    people = [person(f"p{place:02}", stages=(("M1",), ("M1", "M2"), ("M2", "M3"))[place % 3], products=("a",) if place % 2 else None, cases_most=int(dice.integers(8, 20)))
              for place in range(12)] + [agency(f"g{place}", cases_most=25, score=50 + 10 * place) for place in range(3)]
    rows = [case(f"B{place:03}", bucket=dice.choice(["M1", "M2", "M3"]), product=dice.choice(["a", "b"]), expected_minor=int(np.exp(dice.normal(8, 1.5))), difficulty=float(dice.random()),
                 owner=dice.choice(["collector", "collector", "agency"]), last_touched_on=AS_OF - timedelta(days=int(dice.integers(0, 16)))) for place in range(260)]
    held = [holding(f"B{place:03}", dice.choice([one.name for one in people])) for place in range(0, 260, 2)]
    terms = replace(TERMS, continuity_minor=600)
    book = roster(*people)
    problem = Problem(rows, book, held, terms)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    loads: dict = {}
    objective = []
    for one, (options, _), last, rank in zip(problem.ids, problem.options, problem.last, problem.rank, strict=True):
        goes = {name: solver.addVariable(0, 1) for name in options}
        nobody = solver.addVariable(0, 1)
        solver.addConstr(sum(goes.values(), nobody) == 1)
        objective.append(problem.lost[rank, problem.tier[one]] * nobody)
        for name, variable in goes.items():
            objective.append((600 if last not in (None, name) else 0) * variable)
            loads.setdefault((name, problem.tier[one]), []).append(variable)
            loads.setdefault((name, None), []).append(variable)
    for (name, tier), variables in loads.items():
        prices = problem.prices_of_load(name, tier)
        assert all(less <= more for less, more in pairwise(prices))
        units = [(price, solver.addVariable(0, 1)) for price in prices]
        solver.addConstr(sum(variables) == sum((unit for _, unit in units), 0 * variables[0]))
        objective += [price * unit for price, unit in units]
    solver.minimize(sum(objective))
    found = assign(cases_of(*rows), book, holdings_of(*held), terms, AS_OF)
    assert found.cost == found.bound
    assert solver.getObjectiveValue() == pytest.approx(found.cost, rel=1e-9)
    assert {"new", "kept"} < set(why(found).values())


