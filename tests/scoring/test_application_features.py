"""What was known at approval, by hand."""

from datetime import date

from pytest import approx

from arrears.scoring.application_features import application_features
from arrears.scoring.features import features_for
from plain_books import loan, payment, schedule
from scoring.scored_books import known, rich_book, row_of


def again(**terms) -> dict:
    """The rich book with a second loan L7 of B1's, paid out on 20 March."""
    book = rich_book()
    book["loans"].append(loan("L7", borrower_id="B1", principal_minor=1_000_000, disbursed_on=date(2026, 3, 20), **terms))
    book["instalments"] += schedule("L7")
    return book


def test_earlier_loans_are_looked_at_on_the_day_before():
    """On 19 March: L1 paid February two days late (within grace), March is 9 days late; L2 has paid both, and 286 are to come of it."""
    row = row_of(application_features(known(again()), date(2026, 1, 1), date(2026, 12, 31)), "L7")
    assert (row["earlier_loans"], row["earlier_open_loans"], row["loans_90d"], row["days_since_last_loan"]) == (2, 2, 2, 69)
    assert (row["earlier_times_late_12m"], row["earlier_worst_delay_days"], row["earlier_late_share"]) == (1, 9, 1 / 4)
    assert row["earlier_unpaid_ratio"] == approx((3 * 262_000 + 2 * 262_000) / 1_000_000)
    assert (row["disbursed_month"], row["spring_festival_gap_days"]) == (3, 31)


def test_what_is_paid_on_the_day_itself_is_not_known_yet():
    book = again()
    book["payments"].append(payment("P9", "L1", date(2026, 3, 20), 162_000))
    whole = application_features(known(book), date(2026, 3, 20), date(2026, 3, 20))
    assert whole.equals(application_features(known(again()), date(2026, 3, 20), date(2026, 3, 20)))


def test_of_two_loans_of_one_day_neither_is_the_earlier_one():
    rows = application_features(known(again()), date(2026, 1, 10), date(2026, 1, 10))
    assert rows["loan_id"].to_list() == ["L1", "L2", "L3", "L4"]
    assert rows["earlier_loans"].to_list() == [0] * 4 and rows["earlier_worst_delay_days"].null_count() == 4


def test_terms_are_those_of_the_contract():
    rows = application_features(known(again(currency="JPY", annual_rate_ppm=36_500)), date(2026, 1, 1), date(2026, 12, 31))
    row, firm = row_of(rows, "L7"), row_of(rows, "L3")
    assert (row["principal"], row["annual_rate_percent"], row["term_instalments"], row["fee_share"]) == (1_000_000, 3.65, 4, 0)
    assert row["earlier_unpaid_ratio"] == 0, "amounts of another currency are not compared"
    assert (firm["principal"], firm["borrower_kind"], firm["industry"], firm["guarantors"]) == (10_000, "enterprise", "retail", 2)


def test_every_application_feature_is_there():
    rows = application_features(known(again()), date(2026, 1, 1), date(2026, 12, 31))
    assert {one.name for one in features_for("application")} == set(rows.columns) - {"loan_id", "borrower_id"}
