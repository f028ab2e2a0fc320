"""What of a partition features are given, and what is kept from them."""

from dataclasses import fields
from datetime import UTC, date, datetime

import polars as pl
import pytest

from arrears import store
from arrears.days import microseconds_of
from arrears.ingest.judge import facts_of, groups_of
from arrears.ingest.plain import bring_in
from arrears.refusal import Refused
from arrears.tables.facts import Facts, of_people
from arrears.tables.visible import LATEST_KNOWN
from plain_books import EARLY, loan, schedule, write_rows
from scoring.scored_books import LATER, NIGHT, known, month, promise, rich_book

ONLY_FEATURES = ("guarantors", "cash_flows", "projects", "milestones", "events")
DECIDED_BY = ("borrowers", "promises", "plans", "placements", "whereabouts")


def book_with_all() -> dict:
    """The rich book with a plan, placements, and what people speak."""
    book = rich_book()
    for row, language in zip(book["borrowers"], ("zh", None, "yue"), strict=True):
        row |= {"language": language, "sex": "female"}
    book["plans"] = [{"plan_id": "N1", "loan_id": "L3", "agreed_on": date(2026, 4, 1), "number": number, "due_on": date(2026, 4 + number, 1), "amount_minor": 100,
                      "ended_on": None, "recorded_at": EARLY} for number in (2, 1)]
    book["placements"] = [{"placement_id": name, "borrower_id": who, "held_by": "east-07", "placed_on": date(2026, 4, 1), "returned_on": None,
                           "returned_why": None, "recorded_at": at} for name, who, at in (("D1", "B1", EARLY), ("D2", "B3", LATER))]
    return book


def brought_in(folder, book):
    home = store.book_at(write_rows(folder / "book", book))
    return home, bring_in(home)


def test_the_rows_that_only_features_read_are_there_and_name_loans_by_their_row(tmp_path):
    facts = known(rich_book(), NIGHT)
    assert all(len(getattr(facts, table)) == len(rich_book()[table]) for table in (*ONLY_FEATURES, "borrowers", "promises"))
    named = facts.loans["loan_id"].gather(facts.promises["loan"])
    assert named.to_list() == ["L1"] * 3 and facts.promises["promised_on"].is_sorted()
    assert facts.loans["loan_id"].gather(facts.guarantors["loan"]).to_list() == ["L3", "L3"]


def test_a_book_without_them_has_no_columns_there():
    facts = known({table: rows for table, rows in rich_book().items() if table in ("loans", "instalments", "payments")})
    assert all(getattr(facts, table).columns == [] for table in (*ONLY_FEATURES, *DECIDED_BY))


def test_who_asks_for_no_features_is_given_what_decisions_read_and_who_asks_for_neither_is_given_neither(tmp_path):
    home, manifest = brought_in(tmp_path, book_with_all())
    facts = facts_of(home, manifest, "p0000", LATEST_KNOWN, scored=False)
    assert all(getattr(facts, table).columns == [] for table in ONLY_FEATURES)
    assert len(facts.contacts) == 5 and len(facts.payments) == 7
    assert {table: len(getattr(facts, table)) for table in DECIDED_BY} == {"borrowers": 3, "promises": 3, "plans": 2, "placements": 2, "whereabouts": 3}
    bare = facts_of(home, manifest, "p0000", LATEST_KNOWN, scored=False, decided=False)
    assert all(getattr(bare, table).columns == [] for table in (*ONLY_FEATURES, *DECIDED_BY))
    fitted = facts_of(home, manifest, "p0000", LATEST_KNOWN, decided=False)
    assert fitted.whereabouts.columns == [] and len(fitted.borrowers) == 3 and len(fitted.events) == 3


def test_plans_name_loans_by_their_row_in_order_and_placements_are_those_known_then():
    facts = known(book_with_all(), NIGHT)
    assert facts.loans["loan_id"].gather(facts.plans["loan"]).to_list() == ["L3", "L3"] and facts.plans["number"].to_list() == [1, 2]
    assert facts.plans.columns == ["loan", "plan_id", "agreed_on", "number", "due_on", "amount_minor", "ended_on"]
    assert facts.placements.rows() == [("B1", "east-07", date(2026, 4, 1), None, None)]
    assert facts.whereabouts.sort("borrower_id").rows() == [("B1", "华东", "zh"), ("B2", "华东", None), ("B3", "华东", "yue")]


def test_rows_of_loans_that_are_not_yet_known_are_refused_as_elsewhere(tmp_path):
    """A loan that is known later shifts the row numbers of the others; a promise about it then speaks of no loan."""
    book = rich_book()
    book["loans"].append(loan("L0", borrower_id="B1", recorded_at=LATER))
    book["instalments"] += schedule("L0", LATER)
    assert known(book, NIGHT).loans["loan_id"].gather(known(book, NIGHT).promises["loan"]).to_list() == ["L1"] * 3
    book["promises"].append(promise("V9", "L0", date(2026, 4, 1), date(2026, 4, 9), 1))
    with pytest.raises(Refused, match="promise_id V9 belongs to the loan L0"):
        known(book, NIGHT)


def test_of_two_versions_of_a_month_the_one_known_then_counts():
    book = rich_book()
    book["cash_flows"].append(month("B2", date(2026, 3, 1), 9_999, recorded_at=LATER))
    then, now = known(book, NIGHT), known(book)
    assert then.cash_flows["inflow_minor"].to_list() == [1_000, 2_000, 3_000] and now.cash_flows["inflow_minor"].max() == 9_999


def test_sex_and_age_are_no_facts_of_a_decision_and_region_stands_where_cases_are_given_out_alone(tmp_path):
    book = rich_book()
    for row, sex in zip(book["borrowers"], ("female", "male", None), strict=True):
        row |= {"sex": sex, "age_band": "25-34"}
    home, manifest = brought_in(tmp_path, book)
    facts = facts_of(home, manifest, "p0000", LATEST_KNOWN)
    held = {(part.name, column) for part in fields(Facts) if isinstance(getattr(facts, part.name), pl.DataFrame) for column in getattr(facts, part.name).columns}
    told = {(name, column) for name, column in held if column in ("sex", "age_band", "region", "language")}
    assert ("borrowers", "industry") in held and told == {("whereabouts", "region"), ("whereabouts", "language")}
    groups = groups_of(home, manifest, "p0000", LATEST_KNOWN).sort("borrower_id")
    assert groups.rows() == [("B1", "female", "25-34", "华东"), ("B2", "male", "25-34", "华东"), ("B3", None, "25-34", "华东")]
    assert groups_of(home, manifest, "p0000", microseconds_of(datetime(2025, 12, 1, tzinfo=UTC))).is_empty()


def test_a_book_that_says_nothing_of_groups_has_them_null(tmp_path):
    folder = write_rows(tmp_path / "book", rich_book())
    pl.read_parquet(folder / "borrowers.parquet").drop("sex", "age_band", "language").write_parquet(folder / "borrowers.parquet")
    home = store.book_at(folder)
    manifest = bring_in(home)
    assert groups_of(home, manifest, "p0000", LATEST_KNOWN)["sex"].null_count() == 3
    assert facts_of(home, manifest, "p0000", LATEST_KNOWN).whereabouts["language"].null_count() == 3
    stored = store.partition_path(home, manifest, "borrowers", "p0000")
    pl.read_parquet(stored).drop("language").write_parquet(stored)
    assert facts_of(home, manifest, "p0000", LATEST_KNOWN).whereabouts.columns == ["borrower_id", "region"], "as a version before languages stored it"
    bare = {table: rows for table, rows in rich_book().items() if table != "borrowers"}
    home, manifest = brought_in(tmp_path / "bare", bare)
    assert groups_of(home, manifest, "p0000", LATEST_KNOWN).columns == []


@pytest.mark.parametrize("people", [["B1"], ["B2"], ["B3"], ["B1", "B3"], ["B2", "B3"]])
def test_the_facts_of_some_people_are_those_of_a_book_that_holds_only_them(people):
    book, loans = book_with_all(), {"B1": {"L1", "L2"}, "B2": {"L3"}, "B3": {"L4"}}
    theirs = set().union(*(loans.get(person, set()) for person in people))
    alone = {table: [row for row in rows if (row["borrower_id"] in people if "borrower_id" in row else row["loan_id"] in theirs)] for table, rows in book.items()}
    some, only = of_people(known(book), people), known(alone)
    for part in fields(Facts):
        one, other = getattr(some, part.name), getattr(only, part.name)
        if isinstance(one, pl.DataFrame) and other.columns:
            assert one.sort(one.columns).rows() == other.select(one.columns).sort(one.columns).rows(), part.name
        elif isinstance(one, pl.DataFrame):
            assert one.is_empty(), part.name
    assert some.void_from().tolist() == only.void_from().tolist()


def test_the_facts_of_nobody_are_empty():
    nobody = of_people(known(rich_book()), ["B9"])
    assert len(nobody.loans) == len(nobody.payments) == len(nobody.reversals) == len(nobody.contacts) == 0
