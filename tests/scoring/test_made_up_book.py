"""Features of a made-up book: each person alone, and the book in parts, have the rows of the whole, to the last bit."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from arrears import store
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import facts_of
from arrears.ingest.plain import bring_in
from arrears.scoring.application_features import application_features
from arrears.scoring.contact_features import attempts_of, contact_features
from arrears.scoring.loan_features import loan_features, standings_of
from arrears.scoring.outcomes import OUTCOMES, Seen, outcome_of
from arrears.tables.facts import of_people
from arrears.tables.visible import LATEST_KNOWN
from arrears.twin.plain_files import write_book
from scoring.scored_books import assessed, features_of

DAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made up") / "book"
    write_book(folder, 6_000, 7, DAY, None)
    home = store.book_at(folder)
    manifest = bring_in(home)
    return facts_of(home, manifest, next(iter(manifest.partitions)), LATEST_KNOWN)


def test_any_split_into_people_gives_the_rows_of_the_whole(book):
    found = assessed(book, DAY)
    standings = standings_of(found.positions, found.loans)
    whole = loan_features(replace(book, standings=standings), found.positions, found.loans, DAY)
    people = book.loans["borrower_id"].unique().sort().to_list()
    assert len(people) > 1_000 and whole["guarantor_days_past_due"].max() > 0
    parts = [of_people(book, people[start::3]) for start in range(3)]
    again = pl.concat([features_of(replace(part, standings=standings), DAY) for part in parts]).sort("loan_id")
    assert_frame_equal(again, whole, check_exact=True)
    approved = application_features(book, date(2020, 1, 1), DAY)
    assert_frame_equal(pl.concat([application_features(part, date(2020, 1, 1), DAY) for part in parts]).sort("loan_id"), approved, check_exact=True)
    tried = contact_features(book, attempts_of(book), "Asia/Shanghai")
    for person in people[::400]:
        mine, alone = pl.col("borrower_id") == person, of_people(book, [person])
        assert_frame_equal(features_of(replace(alone, standings=standings), DAY), whole.filter(mine), check_exact=True)
        assert_frame_equal(application_features(alone, date(2020, 1, 1), DAY), approved.filter(mine), check_exact=True)
        assert_frame_equal(contact_features(alone, attempts_of(alone), "Asia/Shanghai"), tried.filter(mine), check_exact=True)


def test_outcomes_are_shares_as_frequent_as_the_twin_says(book):
    """The twin is calibrated to rolls that lenders published (twin/behaviour.py): M0 to M1 3 to 10 %, of M1 30.6 % cure and 61.8 % worsen."""
    as_of = DAY - timedelta(days=120)
    found = assessed(book, as_of)
    features = loan_features(book, found.positions, found.loans, as_of)
    later = tuple((day, assessed(book, day).positions) for day in (as_of + timedelta(days=10 * step) for step in range(1, 13)))
    seen = Seen(as_of, found.positions, found.loans, book, later, book, DAY, read_buckets().names)
    for model in OUTCOMES:
        found = outcome_of(model, seen)
        assert len(found) == len(features) and found["outcome"].drop_nulls().is_between(0, 1).all(), model
        eligible = found["eligible"].sum()
        assert (eligible > 0) == (model not in ("collection_recovery_360", "loss")), (model, eligible)
    shares = {model: outcome_of(model, seen)["outcome"].drop_nulls() for model in ("behaviour_miss", "collection_cure", "collection_roll")}
    assert all(len(share) > 150 for share in shares.values())
    assert 0.03 < shares["behaviour_miss"].mean() < 0.12 and 0.2 < shares["collection_cure"].mean() < 0.4 and 0.5 < shares["collection_roll"].mean() < 0.75
