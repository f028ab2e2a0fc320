"""What became of a snapshot, by hand: four instalments of 262,000 due on the tenth of February to May, three days of grace."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from pytest import approx

from arrears.delinquency.buckets import read_buckets
from arrears.refusal import Refused
from arrears.scoring.families import TARGETS
from arrears.scoring.outcomes import OUTCOMES, Seen, outcome_of
from arrears.tables.facts import of_people
from plain_books import EARLY, loan, payment, schedule
from scoring.scored_books import assessed, contact, known, promise

ON_TIME = [(date(2026, month, 10), 262_000) for month in (2, 3, 4, 5)]


def seen(paid: dict[str, list], as_of: date, last_day: date = date(2027, 12, 31), known_at: datetime | None = None, **tables) -> Seen:
    """Loans that paid (day, amount[, recorded_at]) each, seen at as_of and every ten days after; `known_at` is that of the snapshot."""
    book = {
        "loans": [loan(name, borrower_id=f"B-{name}", principal_minor=1_000_000) for name in paid],
        "instalments": [row for name in paid for row in schedule(name)],
        "payments": [payment(f"{name}-{place}", name, day, amount, recorded_at=(*when, EARLY)[0])
                     for name, rows in paid.items() for place, (day, amount, *when) in enumerate(rows)],
        **tables,
    }
    book["payments"] += tables.pop("more_payments", [])
    book.pop("more_payments", None)
    then, now = known(book, known_at), known(book)
    found = assessed(then, as_of)
    later = tuple((day, assessed(now, day).positions) for day in (as_of + timedelta(days=10 * step) for step in range(1, 37)) if day <= last_day)
    return Seen(as_of, found.positions, found.loans, then, later, now, last_day, read_buckets().names)


def outcomes(model: str, *arguments, **more) -> list[float | None]:
    """The outcome of each loan in order; None where it is not eligible."""
    frame = outcome_of(model, seen(*arguments, **more))
    assert frame["eligible"].to_list() == frame["outcome"].is_not_null().to_list()
    return frame["outcome"].to_list()


def test_a_due_date_is_missed_unless_it_is_covered_by_the_end_of_grace():
    paid = {"A": ON_TIME, "B": ON_TIME[:2], "C": [*ON_TIME[:2], (date(2026, 4, 13), 262_000)], "D": [*ON_TIME[:2], (date(2026, 4, 14), 262_000)],
            "E": [*ON_TIME[:2], (date(2026, 4, 12), 261_999)], "F": [*ON_TIME[:2], (date(2026, 3, 12), 262_000)], "G": ON_TIME[:1]}
    assert outcomes("behaviour_miss", paid, date(2026, 3, 20)) == [0, 1, 0, 1, 1, 0, None], "G is late already"
    assert outcomes("behaviour_miss", paid, date(2026, 3, 20), date(2026, 4, 12)) == [None] * 7, "grace ends on the 13th"
    assert outcomes("behaviour_miss", paid, date(2026, 5, 20)) == [None] * 7, "nothing falls due any more"


def test_what_is_due_and_still_in_grace_must_be_covered_too():
    paid = {"A": [*ON_TIME[:2], (date(2026, 5, 9), 262_000)], "B": [*ON_TIME[:2], (date(2026, 5, 9), 524_000)]}
    assert outcomes("behaviour_miss", paid, date(2026, 4, 11)) == [1, 0]


def test_a_payment_that_fails_later_in_the_days_of_grace_covers_nothing_and_one_recorded_late_covers():
    late = datetime(2026, 6, 1, tzinfo=UTC)
    paid = {"A": ON_TIME, "B": [*ON_TIME[:2], (date(2026, 3, 15), 262_000, late)], "C": ON_TIME}
    back = [payment("R1", "A", date(2026, 4, 12), 262_000, "A-2"), payment("R2", "C", date(2026, 4, 20), 262_000, "C-2")]
    found = outcomes("behaviour_miss", paid, date(2026, 3, 20), known_at=datetime(2026, 3, 21, tzinfo=UTC), more_payments=back)
    assert found == [1, 0, 0]


def test_a_loan_not_late_may_reach_thirty_days():
    paid = {"A": ON_TIME, "B": ON_TIME[:2], "C": [*ON_TIME[:2], (date(2026, 4, 25), 528_000)], "D": ON_TIME[:1], "E": [(date(2026, 2, 1), 1_048_000)]}
    assert outcomes("behaviour_late30", paid, date(2026, 3, 20)) == [0, 1, 0, None, 0]
    assert outcomes("behaviour_late30", paid, date(2026, 3, 20), date(2026, 6, 17)) == [None] * 5, "the 90th day is 18 June"
    assert outcomes("behaviour_late30", {"E": [(date(2026, 2, 1), 1_048_000)]}, date(2026, 5, 20)) == [None], "nothing is outstanding"


def test_a_late_loan_cures_when_some_sight_of_thirty_days_shows_it_current():
    paid = {"A": [(date(2026, 3, 1), 265_000)], "B": [], "C": [(date(2026, 4, 5), 600_000)], "D": ON_TIME}
    assert outcomes("collection_cure", paid, date(2026, 2, 20)) == [1, 0, 0, None], "A misses March, yet was current in between"
    assert outcomes("collection_cure", paid, date(2026, 2, 20), date(2026, 3, 21)) == [None] * 4, "the 30th day is 22 March"


def test_who_was_called_before_the_cure_is_no_self_cure():
    paid = {name: [(date(2026, 3, 1), 265_000)] for name in "ABCDE"} | {"F": [], "G": []}
    calls = [contact("1", "B-B", datetime(2026, 2, 25, 2, tzinfo=UTC), "no_answer"), contact("2", "B-C", datetime(2026, 3, 15, 2, tzinfo=UTC)),
             contact("3", "B-D", datetime(2026, 2, 20, 15, 59, tzinfo=UTC)), contact("4", "B-E", datetime(2026, 2, 20, 16, 0, tzinfo=UTC)),
             contact("5", "B-G", datetime(2026, 3, 20, 2, tzinfo=UTC), "busy")]
    found = outcomes("collection_self_cure", paid, date(2026, 2, 20), contacts=calls)
    assert found == [1, None, 1, 1, None, 0, None], "C was called after it had paid, D on the day of the snapshot, E just after its midnight"


def test_a_loan_rolls_when_its_bucket_is_a_later_one_thirty_days_on():
    paid = {"A": [], "B": [(date(2026, 3, 1), 265_000)], "C": [(date(2026, 3, 1), 270_000), (date(2026, 3, 9), 260_000)], "D": ON_TIME}
    assert outcomes("collection_roll", paid, date(2026, 2, 20)) == [1, 0, 0, None], "B is late for March: M1 again"
    assert outcomes("collection_roll", {"A": []}, date(2026, 12, 1)) == [None], "there is no bucket after the last"


def test_recovery_is_what_is_received_over_what_was_due():
    paid = {"A": [], "B": [(date(2026, 3, 1), 131_000)], "C": [(date(2026, 2, 15), 100_000), (date(2026, 3, 22), 1_000), (date(2026, 3, 23), 10**6)]}
    view = (paid, date(2026, 2, 20))
    due = seen(*view).positions["due_total_minor"].to_list()
    assert outcomes("collection_recovery_30", *view) == [0, approx(131_000 / due[1]), approx(1_000 / due[2])], "22 March is the 30th day"
    assert outcomes("collection_recovery_90", *view) == [0, approx(131_000 / due[1]), 1]
    assert outcomes("collection_recovery_360", *view, last_day=date(2027, 2, 14)) == [None] * 3
    assert outcomes("collection_recovery_360", *view, last_day=date(2027, 2, 15))[0] == 0


def test_what_is_taken_back_is_not_recovered():
    paid = {"A": [(date(2026, 3, 1), 100_000), (date(2026, 3, 2), 50_000)], "B": [(date(2026, 2, 15), 100_000)]}
    back = [payment("R1", "A", date(2026, 3, 10), 100_000, "A-0"), payment("R2", "B", date(2026, 3, 10), 100_000, "B-0")]
    due = seen(paid, date(2026, 2, 20), more_payments=back).positions["due_total_minor"].to_list()
    assert outcomes("collection_recovery_30", paid, date(2026, 2, 20), more_payments=back) == [approx(50_000 / due[0]), 0]


def test_a_promise_is_kept_by_payments_within_its_days():
    paid = {"A": [(date(2026, 3, 5), 262_000)], "B": [(date(2026, 3, 6), 262_000)], "C": [(date(2026, 2, 18), 100), (date(2026, 3, 5), 261_900)], "D": []}
    given = [promise(f"V{name}", name, date(2026, 2, 18), date(2026, 3, 5), 262_000) for name in "ABC"]
    assert outcomes("collection_promise", paid, date(2026, 2, 20), promises=given) == [1, 0, 1, None]
    assert outcomes("collection_promise", paid, date(2026, 2, 20), date(2026, 3, 4), promises=given) == [None] * 4


def test_a_promise_that_ends_beyond_the_horizon_teaches_nothing_since_its_days_are_those_a_model_is_measured_on():
    paid = {"A": ON_TIME}
    for days, expected in ((TARGETS["collection_promise"].horizon_days, [1]), (TARGETS["collection_promise"].horizon_days + 1, [None])):
        given = [promise("V1", "A", date(2026, 2, 18), date(2026, 2, 20) + timedelta(days=days), 262_000)]
        assert outcomes("collection_promise", paid, date(2026, 2, 20), promises=given) == expected


def test_of_two_open_promises_the_first_to_end_counts_and_ended_ones_do_not():
    paid = {"A": [(date(2026, 3, 5), 100_000)]}
    first, second = promise("V1", "A", date(2026, 2, 18), date(2026, 3, 5), 100_000), promise("V2", "A", date(2026, 2, 18), date(2026, 3, 9), 262_000)
    assert outcomes("collection_promise", paid, date(2026, 2, 20), promises=[first, second]) == [1]
    assert outcomes("collection_promise", paid, date(2026, 3, 5), promises=[first, second]) == [0]
    assert outcomes("collection_promise", paid, date(2026, 3, 9), promises=[first, second]) == [None]


def test_the_loss_is_what_does_not_come_back_of_a_long_late_debt():
    paid = {"A": [], "B": [(date(2026, 10, 1), 500_000)], "C": ON_TIME, "D": [(date(2027, 9, 1), 500_000)]}
    snapshot = seen(paid, date(2026, 9, 1))
    outstanding = snapshot.positions["outstanding_principal_minor"] + snapshot.positions["penalty_minor"] + snapshot.positions["due_interest_minor"]
    assert outcomes("loss", paid, date(2026, 9, 1)) == [1, approx(1 - 500_000 / outstanding[1]), None, 1], "the 360th day is 27 August 2027"
    assert outcomes("loss", paid, date(2026, 8, 9)) == [None] * 4, "180 days late, not more"


def test_a_loan_that_left_the_book_shows_nothing():
    snapshot = seen({"A": [], "B": []}, date(2026, 2, 20))
    gone = Seen(**{**snapshot.__dict__, "now": known({"loans": [loan("A", borrower_id="B-A")], "instalments": schedule("A"), "payments": []}),
                   "later": tuple((day, positions.filter(pl.col("loan_id") == "A")) for day, positions in snapshot.later)})
    for model in ("collection_cure", "collection_roll", "collection_recovery_30", "collection_self_cure"):
        assert outcome_of(model, gone)["eligible"].to_list() == [True, False], model


def test_no_snapshot_shows_the_outcome_of_an_application_or_of_a_contact():
    assert set(TARGETS) - set(OUTCOMES) == {"application", "contact"}
    with pytest.raises(Refused, match="no outcome of the model 'contact'"):
        outcome_of("contact", seen({"A": []}, date(2026, 2, 20)))


def test_a_snapshot_without_rows_has_outcomes_without_rows():
    snapshot = seen({"A": []}, date(2026, 2, 20))
    nobody = of_people(snapshot.now, [])
    empty = Seen(snapshot.as_of, snapshot.positions.clear(), snapshot.loans.clear(), nobody, (), nobody, snapshot.last_day, snapshot.buckets)
    for model in OUTCOMES:
        assert outcome_of(model, empty).schema == {"eligible": pl.Boolean, "outcome": pl.Float64} and outcome_of(model, empty).is_empty(), model


def test_without_later_sights_nothing_that_needs_them_is_eligible():
    snapshot = seen({"A": [], "B": ON_TIME}, date(2026, 2, 20))
    blind = Seen(**{**snapshot.__dict__, "later": snapshot.later[:1]})
    for model in ("behaviour_late30", "collection_cure", "collection_self_cure", "collection_roll"):
        assert not outcome_of(model, blind)["eligible"].any() and outcome_of(model, snapshot)["eligible"].any(), model
