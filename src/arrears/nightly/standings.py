"""How late guarantors are who are borrowers themselves: they may lie in any partition, so the whole book is asked, but only for them."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from arrears import store
from arrears.delinquency.assess import CannotBePositioned, assess
from arrears.delinquency.buckets import Buckets
from arrears.ingest.judge import facts_of, fault_of_walk
from arrears.law.caps import Law
from arrears.nightly import local
from arrears.scoring.loan_features import standings_of
from arrears.scoring.model import Model
from arrears.store import Book, Manifest
from arrears.tables.facts import of_people

FEATURE = "guarantor_days_past_due"
_NOBODY = {"borrower_id": pl.String, "days_past_due": pl.Int32}


def are_read(models: Iterable[Model]) -> bool:
    """One of the models reads how late guarantors are."""
    return any(feature.name == FEATURE for model in models for feature in model.features)


def guarantors_in(book: Book, manifest: Manifest) -> pl.Series:
    """Everybody who answers for a loan of the book, by name; some are borrowers, others not."""
    names = [store.read_columns(store.partition_path(book, manifest, "guarantors", partition), ["guarantor_id"])["guarantor_id"]
             for partition, about in manifest.partitions.items() if "guarantors" in about["tables"]]
    return pl.concat(names).unique().sort() if names else pl.Series(dtype=pl.String)


def standings_on(book: Book, manifest: Manifest, days: dict[date, int], people: pl.Series, law: Law, buckets: Buckets) -> dict[date, pl.DataFrame]:
    """By day borrower_id and days_past_due of these people at its end, the worst of their loans; who borrows nothing is not there.

    days: each with the moment (microseconds) up to which records count. Raises Refused where a loan cannot be positioned.
    """
    found: dict[date, list[pl.DataFrame]] = {day: [pl.DataFrame(schema=_NOBODY)] for day in days}
    for _, frames in sorted(local.each(lambda name: _in_partition(book, manifest, name, days, people, law, buckets), manifest.partitions), key=lambda part: part[0]):
        for day, frame in frames.items():
            found[day].append(frame)
    return {day: pl.concat(frames).sort("borrower_id") for day, frames in found.items()}


def _in_partition(book, manifest, name, days, people, law, buckets) -> dict[date, pl.DataFrame]:
    borrowers = store.read_columns(store.partition_path(book, manifest, "loans", name), ["borrower_id"])["borrower_id"].unique().sort()
    here = borrowers.filter(borrowers.is_in(people.implode())).to_list()
    if not here:
        return {}
    found = {}
    for day, known_at in days.items():
        facts = of_people(facts_of(book, manifest, name, known_at, scored=False, decided=False), here)
        try:
            assessed = assess(facts, law, buckets, day)
        except CannotBePositioned as problem:
            raise fault_of_walk(book, facts, problem.loan_id, problem.fault) from None
        found[day] = standings_of(assessed.positions, assessed.loans)
    return found
