"""Giving cases: least cost by trying everything, nothing unlawful, nothing without a reason, whatever order the rows come in."""

from collections import Counter
from itertools import product
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.assign import assign
from arrears.allocation.assign_words import LEFT, STANDS
from arrears.allocation.recall import Terms
from plain_assignment import AS_OF, Problem, can, cases_of, holdings_of, is_frozen, is_there, standing, why_back, worlds

TERMS = st.builds(Terms, st.just(14), st.just(30), st.sampled_from([0, 30, 2000]), st.sampled_from([0, 7, 500]))


WORLDS = st.one_of(worlds(people_most=6, cases_most=14), worlds(people_most=6, cases_most=14, is_calm=True))


def given_to(rows, book, held, terms, seed=0):
    dice = Random(seed)
    return assign(cases_of(*dice.sample(rows, len(rows))), book, holdings_of(*dice.sample(held, len(held))), terms, AS_OF)


@given(st.one_of(worlds(people_most=3, cases_most=5), worlds(people_most=3, cases_most=5, is_calm=True)), TERMS)
@settings(deadline=None, max_examples=150)
def test_no_division_of_few_cases_costs_less_when_all_are_tried(world, terms):
    rows, book, held = world
    problem = Problem(rows, book, held, terms)
    tried = (problem.cost(list(each)) for each in product(*([*options, None] for options, _ in problem.options)))
    least = min(cost for cost in tried if cost is not None)
    found = given_to(rows, book, held, terms)
    holder = dict(found.rows.select("borrower_id", "held_by").iter_rows())
    assert (found.cost, found.bound, problem.cost([holder[one] for one in problem.ids])) == (least, least, least)


@given(WORLDS, TERMS)
@settings(deadline=None, max_examples=120)
def test_nobody_has_what_they_cannot_do_or_must_not_have_nor_more_than_they_can(world, terms):
    rows, book, held = world
    by_case, before = {row["borrower_id"]: row for row in rows}, {row["borrower_id"]: row for row in held}
    people = {one.name: one for one in book.people}
    loads, fixed = Counter(), Counter()
    for row in given_to(rows, book, held, terms).rows.iter_rows(named=True):
        one, name = row["borrower_id"], row["held_by"]
        if name is None:
            continue
        loads[name] += 1
        assert not any(each.who == name and each.borrower_id == one for each in book.conflicts)
        if row["why"] == "frozen":
            fixed[name] += 1
            assert name == before[one]["held_by"] and (is_frozen(people[name], book) or standing(book.frozen, "borrower", one))
            continue
        assert can(people[name], by_case[one], by_case[one]["owner"] or people[name].owner)
        if row["before"] != name:
            assert is_there(people[name]) and not is_frozen(people[name], book) and by_case[one]["owner"]
            if one in before and before[one]["last_held_by"] == name:
                assert before[one]["returned_why"] == "balance" or (AS_OF - before[one]["returned_on"]).days >= 30
    assert all(count <= max(people[name].cases_most, fixed[name]) for name, count in loads.items())


@given(WORLDS, TERMS)
@settings(deadline=None, max_examples=120)
def test_a_case_stays_unless_a_reason_holds_and_leaves_where_one_does(world, terms):
    rows, book, held = world
    by_case, before = {row["borrower_id"]: row for row in rows}, {row["borrower_id"]: row for row in held}
    found = given_to(rows, book, held, terms).rows
    assert found["borrower_id"].to_list() == sorted(found["borrower_id"].to_list())
    for row in found.iter_rows(named=True):
        one = row["borrower_id"]
        assert row["before"] == (before[one]["held_by"] if one in before else None)
        assert row["why_zh"].endswith("。") and "{" not in row["why_zh"] + row["why_en"]
        assert row["why"] in {*STANDS, *LEFT}
        reason = why_back(by_case.get(one), before[one], book, terms) if row["before"] else None
        if reason == "frozen":
            assert (row["held_by"], row["why"], row["left_why"], row["held_since"]) == (row["before"], "frozen", None, before[one]["held_since"])
        elif reason:
            assert row["left_why"] == reason and row["held_by"] != row["before"]
        elif row["before"] == row["held_by"] and row["before"]:
            assert (row["why"], row["left_why"], row["held_since"]) == ("kept", None, before[one]["held_since"])
        elif row["before"]:
            assert row["left_why"] in ("over_capacity", "agency_share", "balance")
        if row["held_by"] != row["before"]:
            assert row["held_since"] == (AS_OF if row["held_by"] else None)
    assert {row["borrower_id"] for row in held if row["held_by"]} | {row["borrower_id"] for row in rows if row["owner"]} <= set(found["borrower_id"])


@given(WORLDS, TERMS, st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_rows_changes_nothing(world, terms, seed):
    rows, book, held = world
    first, again = given_to(rows, book, held, terms), given_to(rows, book, held, terms, seed)
    assert first.rows.equals(again.rows) and (first.cost, first.bound) == (again.cost, again.bound)


@given(WORLDS, TERMS)
@settings(deadline=None, max_examples=40)
def test_what_was_given_tonight_stays_tomorrow_when_nothing_happens(world, terms):
    """The night after on the same facts, touched in between, moves nothing for any reason but evenness, shares or room, and nobody loses whom they kept."""
    rows, book, held = world
    touched = [{**row, "last_touched_on": AS_OF} for row in rows]
    first = given_to(touched, book, held, terms)
    again = assign(cases_of(*touched), book, first.rows, terms, AS_OF)
    for row in again.rows.filter(pl.col("left_why").is_not_null()).iter_rows(named=True):
        assert row["left_why"] in ("balance", "agency_share", "over_capacity")
    assert again.unassigned.height <= first.unassigned.height
