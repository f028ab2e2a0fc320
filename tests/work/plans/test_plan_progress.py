"""How a plan goes by payments: held against the decision plane's own count on the same payments."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.delinquency.conduct import plans_on
from arrears.work.plan_progress import is_kept, parts_of
from delinquency.test_conduct import book, plan
from scoring.scored_books import known

AGREED, AS_OF = date(2026, 2, 1), date(2026, 4, 30)
DAYS = st.integers(0, 120).map(lambda days: AGREED + timedelta(days=days))
DUES = st.lists(st.tuples(DAYS, st.integers(1, 300)), min_size=1, max_size=4, unique_by=lambda due: due[0]).map(sorted)
PAID = st.lists(st.tuples(st.integers(-5, 95).map(lambda days: AGREED + timedelta(days=days)), st.integers(1, 400)), max_size=5)


def told(dues) -> list[dict]:
    return [{"number": number, "due_on": due_on.isoformat(), "amount_minor": amount} for number, (due_on, amount) in enumerate(dues, start=1)]


@settings(max_examples=300, deadline=None)
@given(dues=DUES, paid=PAID, ended_on=st.none() | DAYS)
def test_kept_is_what_the_decision_plane_calls_kept(dues, paid, ended_on):
    paid = [(day, amount) for day, amount in paid if day <= AS_OF]
    rows = plans_on(known(book(paid, plan("N1", "L2", AGREED, dues, ended_on))), AS_OF)
    assert is_kept(told(dues), AGREED, ended_on, paid, AS_OF) == rows["is_kept"][0]


@given(dues=DUES, paid=PAID)
def test_parts_are_covered_in_their_order_by_money_in_time_and_never_beyond_what_was_paid(dues, paid):
    parts = parts_of(told(dues), AGREED, paid, AS_OF)
    in_all = sum(amount for day, amount in paid if AGREED <= day <= AS_OF)
    assert [part.number for part in parts] == list(range(1, len(dues) + 1)) and sum(part.paid_minor for part in parts) <= in_all
    assert all(0 <= part.paid_minor <= part.amount_minor for part in parts)
    for part in parts:
        owed = sum(other.amount_minor for other in parts if other.number <= part.number)
        in_time = sum(amount for day, amount in paid if AGREED <= day <= min(part.due_on, AS_OF))
        assert (part.state == "paid") == (in_time >= owed) and (part.state == "missed") == (in_time < owed and part.due_on < AS_OF)


def test_of_a_plan_that_nobody_agreed_nothing_is_paid():
    assert [part.state for part in parts_of(told([(date(2026, 3, 1), 5), (date(2026, 4, 30), 5), (date(2026, 6, 1), 5)]), None, [(date(2026, 2, 2), 100)], AS_OF)] == ["missed", "due_today", "to_come"]
