"""The hidden truth: of every loan of the book, monotone in risk, and borne out by what was paid."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.twin.truth import truth
from twin.made_blocks import AS_OF, whole_block


@pytest.fixture(scope="module")
def book():
    return whole_block(30_000, 9)[1], truth(30_000, 9, AS_OF)


def test_it_has_one_row_for_each_loan_with_its_borrower(book):
    tables, hidden = book
    known = tables["loans"].unique("loan_id").join(tables["borrowers"], on="borrower_id").select("loan_id", "borrower_id", "kind").sort("loan_id")
    assert hidden.select("loan_id", "borrower_id", "kind").sort("loan_id").equals(known)
    assert hidden["risk"].is_between(0, 1, closed="left").all() and hidden["reachability"].is_between(0, 1, closed="left").all()
    assert hidden.group_by("borrower_id").agg(pl.col("risk", "reachability").n_unique()).select(pl.col("risk", "reachability").max()).row(0) == (1, 1)


def test_the_odds_of_being_late_grow_with_risk_and_are_borne_out(book):
    """Of first instalments that fell due at least a day ago: how many were not paid on their day, by fifths of risk."""
    tables, hidden = book
    for kind in ("person", "sole_trader", "enterprise"):
        assert hidden.filter(pl.col("kind") == kind).sort("risk")["late_odds"].diff().drop_nulls().min() >= 0
    once = tables["instalments"].filter((pl.col("number") == 1) & (pl.col("recorded_at").n_unique().over("loan_id") == 1) & (pl.col("due_on") < AS_OF))
    once = once.with_columns(owed=pl.sum_horizontal("principal_minor", "interest_minor", "fee_minor"))
    paid = tables["payments"].filter(pl.col("reverses").is_null()).select("loan_id", "paid_on", "amount_minor")
    got = once.join(paid, on="loan_id", how="left").group_by("loan_id").agg(
        (pl.col("amount_minor").filter(pl.col("paid_on") <= pl.col("due_on")).sum() < pl.col("owed").first()).alias("is_late"))
    rows = got.join(hidden, on="loan_id").group_by((pl.col("risk") * 5).floor()).agg(pl.col("is_late").mean(), pl.col("late_odds").mean()).sort("risk")
    assert len(rows) == 5
    for is_late, odds in rows.select("is_late", "late_odds").iter_rows():
        assert is_late == pytest.approx(odds, abs=0.02)


def test_sex_age_and_reachability_say_nothing_of_risk(book):
    """The means differ by less than four standard errors; 1/12 is the variance of a number drawn evenly from [0, 1)."""
    tables, hidden = book
    people = hidden.unique("borrower_id").join(tables["borrowers"], on="borrower_id").drop_nulls("sex")
    for group in ("sex", "age_band"):
        for mean, count in people.group_by(group).agg(pl.col("risk").mean(), pl.len()).select("risk", "len").iter_rows():
            assert mean == pytest.approx(0.5, abs=4 * (1 / 12 / count) ** 0.5 + 4 * (1 / 12 / len(people)) ** 0.5)
    assert abs(people.select(pl.corr("risk", "reachability")).item()) < 4 / len(people) ** 0.5
    assert people["sex"].eq("female").mean() == pytest.approx(0.46, abs=0.02)
    shares = dict(people["age_band"].value_counts(normalize=True).iter_rows())
    assert shares["25-34"] == pytest.approx(0.34, abs=0.02) and shares["65+"] == pytest.approx(0.02, abs=0.005)
    assert tables["borrowers"].filter(pl.col("kind") == "enterprise").select(pl.col("sex", "age_band", "language").is_null().all()).row(0) == (True, True, True)


def test_few_people_asked_for_a_language_cantonese_where_it_is_spoken_alone(book):
    people = book[0]["borrowers"].filter(pl.col("kind") != "enterprise")
    asked = {language: people["language"].eq_missing(language).mean() for language in ("zh", "en")}
    assert asked["zh"] == pytest.approx(0.02, abs=0.005) and asked["en"] == pytest.approx(0.005, abs=0.002)
    where = people.group_by(pl.col("region").is_in(["CN-GD", "CN-GX"]).alias("south")).agg(pl.col("language").eq_missing("yue").mean()).sort("south")
    assert where["language"][0] == 0 and where["language"][1] == pytest.approx(0.15, abs=0.02)


@settings(max_examples=15, deadline=None)
@given(loans=st.integers(1, 300), seed=st.integers(0, 2**64 - 1), as_of=st.dates(date(1994, 1, 1), date(2100, 12, 31)),
       instalments=st.none() | st.integers(1, 60))
def test_any_book_has_its_further_tables_and_none_of_their_rows_lies_after_as_of(loans, seed, as_of, instalments):
    _, tables = whole_block(loans, seed, as_of, instalments)
    _, again = whole_block(loans, seed, as_of, instalments)
    assert all(tables[name].equals(again[name]) for name in tables)
    for name in ("promises", "events", "cash_flows", "projects", "milestones", "plans", "placements"):
        assert (tables[name]["recorded_at"].dt.date() <= as_of).all(), name
    assert (tables["contacts"]["attempted_at"].dt.date() <= as_of).all()
    assert (tables["contacts"]["attempted_at"].dt.date() >= as_of - timedelta(days=180)).all()
    assert len(truth(loans, seed, as_of, instalments)) == loans
