"""What each loan's debtor kept to, against a slow count by hand, and how often loans are paid."""

from datetime import date, timedelta
from statistics import median_low

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.delinquency.conduct import FREQUENCIES, conduct, frequency_of, plans_on
from plain_books import EARLY, loan, payment, schedule
from scoring.scored_books import known, promise

AS_OF = date(2026, 4, 30)
START = date(2026, 1, 10)


def plan(plan_id: str, loan_id: str, agreed_on: date, dues: list[tuple[date, int]], ended_on: date | None = None) -> list[dict]:
    return [{"plan_id": plan_id, "loan_id": loan_id, "agreed_on": agreed_on, "number": number, "due_on": due_on, "amount_minor": amount,
             "ended_on": ended_on, "recorded_at": EARLY} for number, (due_on, amount) in enumerate(dues, start=1)]


def book(payments: list[tuple[date, int]], plans: list[dict] = (), promises: list[dict] = ()) -> dict:
    loans = [loan("L1"), loan("L2", borrower_id="B-L1"), loan("L3")]
    return {
        "loans": loans, "instalments": [row for one in loans for row in schedule(one["loan_id"])],
        "payments": [payment(f"P{place}", "L2", on, amount) for place, (on, amount) in enumerate(payments)],
        "plans": list(plans), "promises": list(promises),
    }


def kept(payments, dues, agreed_on=date(2026, 2, 1), ended_on=None) -> bool:
    """Whether the one plan of the loan L2 is kept at AS_OF, as `conduct` counts it."""
    found = conduct(known(book(payments, plan("N1", "L2", agreed_on, dues, ended_on))), AS_OF)
    assert found["kept_plans"].to_list() in ([0, 0, 0], [0, 1, 0])
    return found["kept_plans"][1] == 1


def test_each_loan_has_a_row_in_the_order_of_the_facts_also_where_the_book_knows_of_no_promises_and_plans():
    bare = {table: rows for table, rows in book([]).items() if table not in ("plans", "promises")}
    found = conduct(known(bare), AS_OF)
    assert found["loan_id"].to_list() == ["L1", "L2", "L3"] and found.drop("loan_id").rows() == [(0, 0, 0, False, "monthly", None, None)] * 3
    assert found.schema == {"loan_id": pl.String, "kept_promises": pl.Int32, "broken_promises": pl.Int32, "kept_plans": pl.Int32, "in_plan": pl.Boolean, "frequency": pl.String,
                            "last_paid_on": pl.Date, "last_promised_on": pl.Date}


D = date(2026, 2, 1)
TWO = [(date(2026, 3, 1), 100), (date(2026, 4, 1), 200)]


@pytest.mark.parametrize(("payments", "ended_on", "is_kept"), [
    ([(date(2026, 3, 1), 100), (date(2026, 4, 1), 200)], None, True),
    ([(date(2026, 2, 1), 300)], None, True),  # all on the day it was agreed
    ([(date(2026, 1, 31), 300)], None, False),  # the day before
    ([(date(2026, 3, 2), 300)], None, False),  # the first one a day late, though all is paid
    ([(date(2026, 3, 1), 99), (date(2026, 4, 1), 201)], None, False),
    ([(date(2026, 3, 1), 100), (date(2026, 4, 1), 199)], None, False),
    ([(date(2026, 3, 1), 100), (date(2026, 4, 2), 200)], None, False),
    ([(date(2026, 3, 1), 100), (date(2026, 4, 1), 200)], date(2026, 4, 2), True),  # ended when all was over
    ([(date(2026, 3, 1), 100), (date(2026, 4, 1), 200)], date(2026, 4, 1), False),  # ended on the last day, on which it was not yet paid
    ([(date(2026, 3, 1), 100), (date(2026, 3, 31), 200)], date(2026, 4, 1), True),  # ended early with all of it paid
    ([(date(2026, 3, 1), 100)], date(2026, 3, 15), False),  # given up though kept so far
    ([(date(2026, 2, 20), 300)], date(2026, 2, 25), True),  # paid whole before anything was due
    ([(date(2026, 3, 2), 300)], date(2026, 3, 9), False),  # paid whole before it ended, but the first one late
])
def test_a_plan_is_kept_where_each_of_its_days_was_met_and_it_was_not_given_up(payments, ended_on, is_kept):
    assert kept(payments, TWO, ended_on=ended_on) is is_kept


def test_a_plan_counts_once_one_of_its_instalments_is_due_and_not_before():
    paid, later = [(date(2026, 4, 20), 10**6)], date(2026, 5, 1)
    assert not kept(paid, [(later, 100)], date(2026, 4, 10))
    assert kept(paid, [(AS_OF, 100), (later, 10**7)], date(2026, 4, 10))
    assert kept(paid, [(AS_OF, 100), (later, 10**7)], date(2026, 4, 10), ended_on=later), "an end that is yet to come ends nothing"
    assert not kept(paid, [(AS_OF, 100)], later), "agreed after as_of"


def test_a_payment_taken_back_keeps_no_plan_and_no_promise():
    plans, promises = plan("N1", "L2", D, [(date(2026, 3, 1), 100)]), [promise("V1", "L2", D, date(2026, 3, 1), 100)]
    rows = book([(date(2026, 2, 20), 100)], plans, promises)
    assert conduct(known(rows), AS_OF).row(1)[:4] == ("L2", 1, 0, 1)
    rows["payments"].append(payment("R1", "L2", date(2026, 2, 24), 100, "P0"))
    assert conduct(known(rows), AS_OF).row(1)[:4] == ("L2", 0, 1, 0)


def test_promises_count_for_a_year_from_the_day_they_were_given_and_an_open_one_is_neither_kept_nor_broken():
    year = timedelta(days=365)
    promises = [
        promise("V1", "L1", AS_OF - year, AS_OF - timedelta(days=300), 5), promise("V2", "L1", AS_OF - year + timedelta(days=1), AS_OF - timedelta(days=300), 5),
        promise("V3", "L2", date(2026, 3, 1), date(2026, 3, 9), 70), promise("V4", "L2", date(2026, 3, 1), date(2026, 3, 9), 71),
        promise("V5", "L2", date(2026, 4, 20), AS_OF, 1), promise("V6", "L2", date(2026, 4, 20), AS_OF + timedelta(days=1), 1)]
    found = conduct(known(book([(date(2026, 3, 4), 70)], promises=promises)), AS_OF)
    assert found.select("kept_promises", "broken_promises").rows() == [(0, 1), (1, 2), (0, 0)]


days = st.dates(date(2026, 1, 11), date(2026, 5, 20))


@settings(max_examples=60, deadline=None)
@given(payments=st.lists(st.tuples(days.filter(lambda day: day <= AS_OF), st.integers(1, 400)), max_size=6),
       plans=st.lists(st.tuples(days, st.lists(st.tuples(days, st.integers(1, 300)), min_size=1, max_size=4), st.none() | days), max_size=3))
def test_any_plans_are_kept_or_not_as_a_count_by_hand_says(payments, plans):
    rows = [row for place, (agreed_on, dues, ended_on) in enumerate(plans) for row in plan(f"N{place}", "L2", agreed_on, dues, ended_on)]
    found = dict(plans_on(known(book(payments, rows)), AS_OF).select("plan_id", "is_kept").iter_rows())

    def paid(first: date, last: date) -> int:
        return sum(amount for on, amount in payments if first <= on <= last)

    def is_kept(agreed_on: date, dues: list, ended_on: date | None) -> bool:
        gave_up = ended_on is not None and ended_on <= AS_OF and ended_on <= max(on for on, _ in dues)
        last = ended_on - timedelta(days=1) if gave_up else AS_OF
        due = sorted(on for on, _ in dues if on <= last)
        if not all(paid(agreed_on, on) >= sum(amount for when, amount in dues if when <= on) for on in due):
            return False
        return paid(agreed_on, last) >= sum(amount for _, amount in dues) if gave_up else bool(due)

    assert found == {f"N{place}": is_kept(*one) for place, one in enumerate(plans) if one[0] <= AS_OF}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 60), max_size=9), max_size=6))
def test_how_often_a_loan_is_paid_is_told_by_the_lower_median_of_its_gaps(schedules):
    """Gaps that begin each schedule on one day; a gap of no day is none."""
    rows, expected = [], []
    for place, gaps in enumerate(schedules):
        on = START
        rows += [(place, on)] if gaps else []
        for gap in gaps:
            on += timedelta(days=gap)
            rows.append((place, on))
        real = [gap for gap in gaps if gap]
        middle = median_low(real) if real else 0
        expected.append("once" if not real else next((name for most, name in ((10, "weekly"), (20, "fortnightly"), (45, "monthly")) if middle <= most), "longer"))
    frame = pl.DataFrame(rows, schema={"loan": pl.Int32, "due_on": pl.Date}, orient="row")
    found = frequency_of(frame, len(schedules)).to_list()
    assert found == expected and set(found) <= set(FREQUENCIES)
