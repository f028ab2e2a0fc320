"""The workload: everybody's sums, what came and went, and how even it is, beside the same figures by hand."""

from collections import Counter
from statistics import mean, median, pstdev

import polars as pl
import pytest
from hypothesis import given, settings

from arrears.allocation.assign import assign
from arrears.allocation.recall import Terms
from arrears.allocation.workload import workload
from plain_assignment import AS_OF, WORKED, case, cases_of, holding, holdings_of, person, roster, worlds

TERMS = Terms(14, 30, 2000, 500)


@given(worlds(people_most=6, cases_most=14))
@settings(deadline=None, max_examples=60)
def test_everybodys_figures_are_the_sums_of_their_cases(world):
    rows, book, held = world
    found = assign(cases_of(*rows), book, holdings_of(*held), TERMS, AS_OF)
    load = workload(found, cases_of(*rows).with_columns(minutes=pl.lit(6)), book)
    by_case = {row["borrower_id"]: row for row in rows}
    has = {one.name: [row for row in found.rows.iter_rows(named=True) if row["held_by"] == one.name] for one in book.people}
    assert load.rows["name"].to_list() == [one.name for one in book.people]
    gone = Counter((row["before"], row["left_why"]) for row in found.rows.iter_rows(named=True) if row["left_why"])
    assert dict(((name, reason), count) for name, reason, count in load.moved_away.iter_rows()) == gone
    of_agencies = sum(len(has[one.name]) for one in book.agencies)
    for row in load.rows.iter_rows(named=True):
        mine = has[row["name"]]
        debts = [by_case[each["borrower_id"]] for each in mine if each["borrower_id"] in by_case]
        assert (row["cases"], row["minutes"]) == (len(mine), 6 * len(debts))
        assert (row["expected_minor"], row["claimable_minor"]) == (sum(each["expected_minor"] or 0 for each in debts), sum(each["claimable_minor"] for each in debts))
        assert row["cases"] == row["kept"] + row["new"] + row["taken_over"]
        assert row["kept"] == sum(each["before"] == row["name"] for each in mine)
        assert row["moved_away"] == sum(count for (name, _), count in gone.items() if name == row["name"])
        assert (row["mean_difficulty"] is None) == (not mine)
        assert row["share_ppm"] == (row["cases"] * 1_000_000 // of_agencies if row["owner"] == "agency" and of_agencies else None)


def test_the_spread_is_told_among_people_who_can_do_the_same_and_are_there():
    people = roster(person("a", stages=("M1", "M2"), cases_most=10), person("b", stages=("M2", "M1"), cases_most=20), person("c", stages=("M1",)),
                    person("gone", stages=("M1", "M2"), left_on=WORKED), person("d", stages=("M2", "M1"), cases_most=5))
    rows = [case(f"B{place}", expected_minor=100 * place, difficulty=place / 10) for place in range(6)]
    held = holdings_of(*(holding(f"B{place}", name) for place, name in enumerate(["a", "a", "b", "d", "c", "c"])))
    load = workload(assign(cases_of(*rows), people, held, TERMS, AS_OF), cases_of(*rows), people)
    assert load.rows["cases"].to_list() == [2, 1, 2, 1, 0] and load.rows["minutes"].to_list() == [None] * 5
    spread = {row["measure"]: row for row in load.spread.iter_rows(named=True)}
    for measure, loads in (("cases", [2 / 10, 1 / 20, 1 / 5]), ("expected_minor", [100 / 10, 200 / 20, 300 / 5]), ("difficulty", [0.1 / 10, 0.2 / 20, 0.3 / 5])):
        row = spread.pop(measure)
        assert (row["group"], row["owner"], row["people"]) == ("a", "collector", 3)
        assert [row[name] for name in ("mean", "median", "cv", "most_by_median")] == pytest.approx(
            [mean(loads), median(loads), pstdev(loads) / mean(loads), max(loads) / median(loads)])
    assert not spread


def test_nothing_given_has_no_spread_rather_than_an_infinite_one():
    people = roster(person("a"), person("b"))
    load = workload(assign(cases_of(), people, holdings_of(), TERMS, AS_OF), cases_of(), people)
    assert load.spread.select("mean", "cv", "most_by_median").unique().rows() == [(0.0, None, None)]
    assert load.rows["mean_difficulty"].to_list() == [None, None]
