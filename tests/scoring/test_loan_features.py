"""The worked example of spec positions and its neighbours, by hand."""

import math
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from pytest import approx

from arrears.scoring.features import definitions, features_for
from arrears.scoring.loan_features import loan_features, standings_of
from arrears.tables.facts import of_people
from plain_books import AS_OF
from scoring.scored_books import NIGHT, assessed, features_of, known, rich_book, row_of


@pytest.fixture(scope="module")
def rows():
    facts = known(rich_book(), NIGHT)
    found = assessed(facts)
    return loan_features(replace(facts, standings=standings_of(found.positions, found.loans)), found.positions, found.loans, AS_OF)


def test_the_worked_example_has_its_history(rows):
    """262,000 was paid two days late (grace is three), 100,000 towards March; March and April are unpaid, 51 and 20 days."""
    row = row_of(rows, "L1")
    assert (row["times_late_3m"], row["times_late_6m"], row["times_late_12m"]) == (2, 2, 2)
    assert row["worst_delay_days_12m"] == 51 and row["late_share"] == approx(2 / 3)
    assert row["on_time_streak"] == 0 and row["days_since_late"] == 20 and row["last_delay_days"] == 2
    assert row["days_since_payment"] == 41 and row["payments_90d"] == 2 and row["payments_reversed_90d"] == 0
    assert row["paid_to_due_30d"] == 0 and row["paid_to_due_90d"] == row["paid_to_due"] == approx(362_000 / 786_000)
    assert row["principal_paid_share"] == approx(0.3365) and row["instalments_left"] == 1
    assert row["months_on_book"] == approx(110 / 30.4375)


def test_the_worked_example_has_its_position(rows):
    row = row_of(rows, "L1")
    assert row["days_past_due"] == 51 and row["overdue_share"] == approx(413_500 / 663_500)
    assert row["due_in_instalments"] == approx(432_522 / 262_000) and row["penalty_share"] == approx(7_022 / 432_522)
    assert row["next_due_covered"] == 0 and row["days_to_next_due"] == 10 and row["next_due_month"] == 5
    assert row["spring_festival_gap_days"] == 60  # 2026-02-17 to 2026-05-10 are 82 days


def test_the_worked_example_has_its_terms(rows):
    row = row_of(rows, "L1")
    assert (row["principal"], row["annual_rate_percent"], row["penalty_rate_percent"]) == (10_000, approx(14.4), approx(21.6))
    assert (row["term_instalments"], row["fee_share"], row["product"], row["borrower_kind"], row["regime"]) == (4, 0, "quick", "person", "cn_licensed")
    assert not row["is_restructured"] and not row["is_filed"]


def test_a_person_is_judged_by_their_other_loans(rows):
    one, other = row_of(rows, "L1"), row_of(rows, "L2")
    assert (one["other_loans"], one["other_loan_late"], one["other_days_past_due"]) == (1, False, 0)
    assert (other["other_loans"], other["other_loan_late"], other["other_days_past_due"]) == (1, True, 51)
    assert one["person_outstanding_ratio"] == other["person_outstanding_ratio"] == approx((663_500 + 250_000) / 1_000_000)
    assert one["person_due_30d_ratio"] == approx(2 * 262_000 / ((362_000 + 3 * 262_000) / 3))
    alone = row_of(rows, "L4")
    assert (alone["other_loans"], alone["other_loan_late"], alone["other_days_past_due"]) == (0, None, None)
    assert alone["person_due_30d_ratio"] is None


def test_a_loan_paid_ahead_of_its_due_dates_looks_so(rows):
    row = row_of(rows, "L2")
    assert (row["times_late_12m"], row["on_time_streak"], row["last_delay_days"], row["days_since_late"]) == (0, 3, -1, None)
    assert row["paid_to_due_90d"] == 1 and row["overdue_share"] == 0 and row["penalty_share"] is None


def test_a_debit_that_failed_pays_nothing_and_is_counted(rows):
    row = row_of(rows, "L3")
    assert (row["payments_reversed_90d"], row["payments_90d"], row["days_since_payment"]) == (1, 0, None)
    assert row["times_late_12m"] == 3 and row["worst_delay_days_12m"] == 79


def test_guarantors_are_judged_by_what_an_earlier_night_left(rows):
    assert (row_of(rows, "L3")["guarantors"], row_of(rows, "L3")["guarantor_days_past_due"]) == (2, 51)
    assert (row_of(rows, "L1")["guarantors"], row_of(rows, "L1")["guarantor_days_past_due"]) == (0, None)
    without = row_of(features_of(known(rich_book(), NIGHT)), "L3")
    assert (without["guarantors"], without["guarantor_days_past_due"]) == (2, None)


def test_promises_are_kept_broken_or_open_by_the_payments_within_their_days(rows):
    row = row_of(rows, "L1")
    assert (row["promises_kept"], row["promises_broken"], row["promises_open"]) == (1, 1, 1)
    assert row["promise_days_left"] == 4 and row["promise_share"] == approx(43_252 / 432_522)
    other = row_of(rows, "L2")
    assert (other["promises_open"], other["promise_days_left"], other["promise_share"]) == (0, None, None)


def test_contacts_and_events_are_those_of_the_person(rows):
    for loan_id in ("L1", "L2"):
        row = row_of(rows, loan_id)
        assert row["attempts_30d"] == 3  # the one of the first of April is 29.6 days old
        assert (row["answered_share_180d"], row["days_since_answered"], row["inbound_90d"]) == (0.5, 10, 1)
        assert (row["failed_debits_30d"], row["days_since_log_in"], row["messages_returned_90d"]) == (1, 5, 0)
        assert not row["number_invalid"]
    third = row_of(rows, "L4")
    assert third["number_invalid"] and third["messages_returned_90d"] == 1 and third["answered_share_180d"] == 0
    firm = row_of(rows, "L3")
    assert (firm["attempts_30d"], firm["answered_share_180d"], firm["days_since_answered"], firm["days_since_log_in"]) == (0, None, None, None)


def test_a_hold_that_contests_the_debt_counts_and_one_that_spares_the_person_is_not_read(rows):
    assert [row_of(rows, loan_id)["is_disputed"] for loan_id in ("L1", "L2", "L3", "L4")] == [False, False, False, True]


def test_a_book_without_the_optional_tables_has_every_feature_all_the_same(rows):
    bare = {table: book for table, book in rich_book().items() if table in ("loans", "instalments", "payments")}
    found = features_of(known(bare, NIGHT))
    assert found.schema == rows.schema
    same = ["times_late_12m", "days_past_due", "principal_paid_share", "other_days_past_due"]
    assert found.select(same).equals(rows.select(same))


@pytest.mark.parametrize("model", ["behaviour_miss", "behaviour_late30", "collection_cure", "collection_recovery_360", "loss"])
def test_every_feature_of_a_loan_model_is_a_column_of_its_kind(rows, model):
    for feature in features_for(model):
        dtype = str(rows.schema[feature.name])
        assert dtype in (("String",) if feature.kind == "category" else ("Float64", "Boolean")), feature.name


def test_every_column_is_defined(rows):
    assert set(rows.columns) - {"loan_id", "borrower_id"} <= {one.name for one in definitions()}


def test_a_day_before_the_first_loan_has_no_rows_but_every_column(rows):
    facts = known(rich_book(), NIGHT)
    nothing = features_of(facts, date(2025, 12, 1))
    assert nothing.schema == rows.schema and nothing.is_empty()
    nobody = of_people(facts, [])
    assert features_of(nobody).schema == rows.schema and features_of(nobody).is_empty()


def test_a_guarantor_whom_two_parts_of_the_book_name_is_still_one(rows):
    facts = known(rich_book(), NIGHT)
    twice = pl.DataFrame({"borrower_id": ["B1", "B1"], "days_past_due": [3, 51]}, schema_overrides={"days_past_due": pl.Int32})
    row = row_of(features_of(replace(facts, standings=twice)), "L3")
    assert (row["guarantors"], row["guarantor_days_past_due"]) == (2, 51)


def test_positions_of_other_facts_are_refused():
    facts = known(rich_book(), NIGHT)
    found = assessed(facts)
    with pytest.raises(ValueError, match="not those of these facts"):
        loan_features(of_people(facts, ["B1"]), found.positions, found.loans, AS_OF)


@pytest.mark.parametrize("terms", [
    {"principal_minor": 0}, {"currency": "JPY"}, {"currency": "KWD"}, {"product": ""}, {"annual_rate_ppm": 0}])
def test_odd_terms_give_numbers_or_nothing_but_no_infinity(terms):
    book = rich_book()
    book["loans"][3] |= terms
    if "principal_minor" in terms:
        book["instalments"] = [{**row, "principal_minor": 0} if row["loan_id"] == "L4" else row for row in book["instalments"]]
    row = row_of(features_of(known(book, NIGHT)), "L4")
    assert all(value is None or isinstance(value, str | bool) or math.isfinite(value) for value in row.values())
    scale = {"JPY": 1, "KWD": 1_000}.get(terms.get("currency"), 100)
    assert row["principal"] == terms.get("principal_minor", 1_000_000) / scale
