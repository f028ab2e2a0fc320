"""Nothing of later is read, and nobody's rows depend on who else is in the partition."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import arrears
from arrears.scoring.application_features import application_features
from arrears.scoring.contact_features import attempts_of, contact_features, possible_attempts
from arrears.scoring.loan_features import loan_features, standings_of
from arrears.tables.facts import of_people
from plain_books import AS_OF, loan, payment, schedule
from scoring.scored_books import (
    LATER,
    NIGHT,
    assessed,
    contact,
    event,
    features_of,
    hold,
    known,
    milestone,
    month,
    project,
    promise,
    rich_book,
)

ZONE = "Asia/Shanghai"


def everything(facts) -> list[pl.DataFrame]:
    """All that is computed of the facts at AS_OF."""
    found = assessed(facts)
    standings = standings_of(found.positions, found.loans)
    people = found.loans["borrower_id"].unique().sort()
    ways = possible_attempts(people, ("call", "sms"), (9, 19), AS_OF + timedelta(days=1), ZONE)
    return [
        loan_features(replace(facts, standings=standings), found.positions, found.loans, AS_OF),
        application_features(facts, date(2025, 1, 1), AS_OF),
        contact_features(facts, ways, ZONE),
        contact_features(facts, attempts_of(facts).filter(pl.col("at") < NIGHT), ZONE),
    ]


@pytest.fixture(scope="module")
def before() -> list[pl.DataFrame]:
    return everything(known(rich_book(), NIGHT))


def days(first: date, last: date) -> st.SearchStrategy[date]:
    return st.dates(first, last)


@st.composite
def rows_of_later(draw) -> tuple[str, dict]:
    """A row that nobody knew at NIGHT: dated later, or recorded later however it is dated."""
    is_dated = draw(st.booleans())
    day = draw(days(date(2026, 5, 1), date(2026, 7, 1)) if is_dated else days(date(2026, 1, 15), date(2026, 4, 30)))
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    moment = {"recorded_at": datetime(2026, 4, 1, tzinfo=UTC) if is_dated else LATER}
    name, loan_id, who = f"Z{draw(st.integers(0, 99))}", draw(st.sampled_from(["L1", "L2", "L3", "L4"])), draw(st.sampled_from(["B1", "B2", "B3"]))
    amount = draw(st.integers(1, 500_000))
    table, row = draw(st.sampled_from([
        ("payments", payment(name, loan_id, day, amount)), ("promises", promise(name, loan_id, day, day + timedelta(days=5), amount)),
        ("payments", payment(name, "L2", day, 262_000, "Q3")), ("holds", hold(name, loan_id, "complaint", day)),
        ("contacts", contact(name, who, at, draw(st.sampled_from(["answered", "invalid_number"])))),
        ("contacts", contact(name, who, at, direction="inbound")), ("events", event(name, who, "failed_debit", at)),
        ("events", event(name, who, "log_in", at)), ("milestones", milestone("J9", who, 1, day)),
        ("projects", project(name, who, day + timedelta(days=9), started_on=day)),
        ("cash_flows", month(who, day.replace(day=1), amount)),
        ("adjustments", {"adjustment_id": name, "loan_id": loan_id, "effective_on": day, "kind": "accelerate", "number": None, "amount_minor": None, "until_on": None}),
    ]))
    if table == "milestones":  # what is planned for later may be known today
        moment = {"recorded_at": LATER}
    return table, {**row, **moment}


UNDATED = [
    ("guarantors", {"loan_id": "L1", "guarantor_id": "B3", "limit_minor": None, "recorded_at": LATER}),
    ("borrowers", {"borrower_id": "B1", "kind": "enterprise", "region": None, "industry": "retail", "recorded_at": LATER}),
    ("milestones", milestone("J1", "B2", 2, date(2026, 4, 1), date(2026, 4, 2), recorded_at=LATER)),
    ("milestones", milestone("J1", "B2", 2, date(2026, 4, 1), date(2026, 5, 2))),
    ("projects", project("J1", "B2", date(2026, 4, 20), date(2026, 4, 22), recorded_at=LATER)),
    ("cash_flows", month("B2", date(2026, 3, 1), 9_999, recorded_at=LATER)),
    ("holds", hold("H1", "L4", "dispute", date(2026, 4, 1), lifted_on=date(2026, 4, 2), recorded_at=LATER)),
    ("loans", loan("L1", borrower_id="B1", restructured_on=date(2026, 4, 2), annual_rate_ppm=1, recorded_at=LATER)),
]


@given(st.lists(rows_of_later(), min_size=1, max_size=6, unique_by=lambda made: (made[0], tuple(made[1].items())[0])))
@settings(max_examples=25)
def test_a_row_that_nobody_knew_then_changes_no_feature(before, later):
    book = rich_book()
    for table, row in later:
        book[table] = [*book[table], row]
    for expected, found in zip(before, everything(known(book, NIGHT)), strict=True):
        assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("table, row", UNDATED, ids=[table for table, _ in UNDATED])
def test_a_later_version_of_a_row_changes_no_feature(before, table, row):
    book = rich_book()
    if row["recorded_at"] != LATER:
        book[table] = [kept for kept in book[table] if (kept["project_id"], kept["number"]) != ("J1", 2)]
    book[table] = [*book[table], row]
    for expected, found in zip(before, everything(known(book, NIGHT)), strict=True):
        assert_frame_equal(found, expected, check_exact=True)


def test_a_new_loan_and_a_new_schedule_of_later_change_no_feature(before):
    book = rich_book()
    book["loans"] += [loan("L9", borrower_id="B1", recorded_at=LATER), loan("L8", borrower_id="B3", disbursed_on=date(2026, 5, 2))]
    book["instalments"] += [*schedule("L9", LATER), *schedule("L8")]
    book["instalments"] += [{**row, "due_on": row["due_on"] + timedelta(days=90), "recorded_at": LATER} for row in schedule("L1")]
    for place, (expected, found) in enumerate(zip(before, everything(known(book, NIGHT)), strict=True)):
        if place != 1:
            assert_frame_equal(found, expected, check_exact=True)


def test_the_properties_can_fail():
    """The same rows, recorded in time, do change features."""
    whole = features_of(known(rich_book(), NIGHT))
    for table, row in UNDATED[:6]:
        book = rich_book()
        book[table] = [*book[table], {**row, "recorded_at": datetime(2026, 4, 1, tzinfo=UTC)}]
        changed = not features_of(known(book, NIGHT)).equals(whole)
        assert changed == (row.get("reached_on") != date(2026, 5, 2)), (table, row)


def test_each_person_alone_has_the_rows_of_the_whole_partition():
    facts = known(rich_book(), NIGHT)
    found = assessed(facts)
    standings = standings_of(found.positions, found.loans)
    whole = loan_features(replace(facts, standings=standings), found.positions, found.loans, AS_OF)
    approved = application_features(facts, date(2025, 1, 1), AS_OF)
    tried = contact_features(facts, attempts_of(facts), ZONE)
    for person in ("B1", "B2", "B3"):
        alone = of_people(facts, [person])
        mine = pl.col("borrower_id") == person
        assert_frame_equal(features_of(replace(alone, standings=standings)), whole.filter(mine), check_exact=True)
        assert_frame_equal(application_features(alone, date(2025, 1, 1), AS_OF), approved.filter(mine), check_exact=True)
        assert_frame_equal(contact_features(alone, attempts_of(alone), ZONE), tried.filter(mine), check_exact=True)


def test_a_book_of_one_person_and_rows_in_any_order_give_the_same():
    whole = features_of(known(rich_book(), NIGHT))
    backwards = {table: rows[::-1] for table, rows in rich_book().items()}
    assert_frame_equal(features_of(known(backwards, NIGHT)), whole, check_exact=True)
    book, theirs = rich_book(), {"B1": {"L1", "L2"}, "B2": {"L3"}, "B3": {"L4"}}
    for person, loans in theirs.items():
        alone = {table: [row for row in rows if (row["borrower_id"] == person if "borrower_id" in row else row["loan_id"] in loans)]
                 for table, rows in book.items()}
        alone = {table: rows for table, rows in alone.items() if rows or table == "payments"}
        assert_frame_equal(features_of(known(alone, NIGHT)), whole.filter(pl.col("borrower_id") == person), check_exact=True)


def test_where_people_live_and_what_they_speak_change_no_feature_and_no_module_that_scores_or_proposes_reads_it(before):
    book = rich_book()
    for row in book["borrowers"]:
        row |= {"region": "西藏", "language": "bo"}
    book["placements"] = [{"placement_id": "D1", "borrower_id": "B1", "held_by": "east-07", "placed_on": date(2026, 4, 1), "returned_on": None,
                           "returned_why": None, "recorded_at": None}]
    facts = known(book, NIGHT)
    assert facts.whereabouts["language"].to_list() == ["bo"] * 3
    for one, other in zip(before, everything(facts), strict=True):
        assert_frame_equal(one, other)
    source = Path(arrears.__file__).parent
    readers = {path.relative_to(source).parts[0] for path in source.rglob("*.py") if "whereabouts" in path.read_text(encoding="utf-8")}
    assert not readers & {"scoring", "strategy", "delinquency", "learning", "modelling", "compliance"} and {"tables", "ingest"} <= readers
