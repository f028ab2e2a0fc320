"""How late guarantors are who are borrowers themselves: as the positions of the whole book say, in every sample alike."""

from datetime import date

import polars as pl

from arrears import store
from arrears.delinquency.buckets import read_buckets
from arrears.law.caps import read_law
from arrears.modelling.history import book_samples
from arrears.nightly.inputs import kept_inputs
from arrears.nightly.positions import opened
from arrears.nightly.standings import FEATURE, guarantors_in, standings_on
from arrears.scoring.families import TARGETS
from scored_book import NIGHT, scored_book


def test_guarantors_stand_as_the_positions_of_the_night_say():
    book = scored_book()
    known_at = kept_inputs(book.night()).known_at
    with opened(book.root, NIGHT, known_at) as (laid_out, manifest):
        people = guarantors_in(laid_out, manifest)
        found = standings_on(laid_out, manifest, {NIGHT: known_at}, people, read_law(), read_buckets())[NIGHT]
    loans = pl.read_parquet(book.root / "loans.parquet").select("loan_id", "borrower_id").unique()
    positions = pl.concat([pl.read_parquet(path) for path in sorted((book.night() / "positions").glob("*.parquet"))])
    worst = positions.join(loans, on="loan_id").filter(pl.col("borrower_id").is_in(people.implode())).group_by("borrower_id").agg(pl.col("days_past_due").max())
    assert len(found) > 20
    assert found.sort("borrower_id").equals(worst.sort("borrower_id"))


def test_a_sample_from_a_book_knows_how_late_guarantors_are():
    book = scored_book()
    known_at = kept_inputs(book.night()).known_at
    found = book_samples(store.book_at(book.root), (TARGETS["behaviour_miss"],), date(2026, 9, 30), known_at, 3, 100_000, 42)[0]
    assert found.rows[FEATURE].drop_nulls().len() > 20
