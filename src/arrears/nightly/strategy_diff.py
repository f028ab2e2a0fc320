"""What another strategy would do to a book: every late loan decided under both, chosen and counted; nothing of the book is changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from arrears import store
from arrears.allot import Choice, expected
from arrears.decide import Decisions, decide
from arrears.delinquency.assess import CannotBePositioned
from arrears.ingest.judge import capacity_on, facts_of, fault_of_walk, judge_book
from arrears.money import exact_sum
from arrears.nightly import local
from arrears.nightly.allotting import agency_faults
from arrears.nightly.choosing import chosen, gathered
from arrears.nightly.impact import sorted_by_name
from arrears.nightly.inputs import Deciders, inputs_of
from arrears.nightly.positions import opened
from arrears.nightly.standings import are_read, guarantors_in, standings_on
from arrears.strategy.strategy import Strategy

_OF_LOAN = ("loan_id", "borrower_id", "currency", "bucket", "days_past_due", "claimable_minor", "rule", "offer")


@dataclass(frozen=True)
class Side:
    """One strategy's night: the choice, and of each late loan the row that fits it and the offer it meets."""

    strategy: Strategy
    choice: Choice
    loans: pl.DataFrame


@dataclass(frozen=True)
class Difference:
    """before, after: the two nights. loans: one row per late loan whose treatment, row or offer is another, with both. moved: people by treatment before and
    after, by currency, with what may be asked of them.
    """

    as_of: date
    late_loans: int
    before: Side
    after: Side
    loans: pl.DataFrame
    moved: pl.DataFrame


def diff_of(root: Path, before: str, after: str, as_of: date, known_at: int, report: Callable = lambda *_: None) -> Difference:
    """The difference between two strategies (their texts) at the end of as_of, on this book, with its law, models, roster and capacity.

    Raises Refused or BadYaml where the book or a strategy is not as it should be.
    """
    with opened(root, as_of, known_at, report) as (book, manifest):
        judge_book(book, manifest, known_at)
        both = tuple(Deciders.of(inputs_of(store.book_at(root), manifest, as_of, known_at, text), store.book_at(root)) for text in (before, after))
        standings = None
        if are_read(both[0].models.values()):
            standings = standings_on(book, manifest, {as_of: known_at}, guarantors_in(book, manifest), both[0].law, both[0].buckets)[as_of]

        def work(name: str) -> tuple[Decisions, Decisions]:
            facts = replace(facts_of(book, manifest, name, known_at, scored=bool(both[0].models)), standings=standings)
            try:
                return tuple(decide(facts, by.law, by.gate, by.lender, by.strategy, by.models, by.buckets, as_of) for by in both)
            except CannotBePositioned as problem:
                raise fault_of_walk(book, facts, problem.loan_id, problem.fault) from None

        parts = []
        for done, part in enumerate(local.each(work, manifest.partitions), start=1):
            parts.append((part[0], tuple(_kept(decisions) for decisions in part[1])))
            report("deciding twice", done, len(manifest.partitions))
        capacity = capacity_on(book, manifest, known_at, as_of + timedelta(days=1))
    kept = [sides for _, sides in sorted_by_name(parts)]
    sides = tuple(_side(by, [one[place] for one in kept], capacity, as_of) for place, by in enumerate(both))
    return Difference(as_of, len(sides[0].loans), *sides, _changed(*sides), _moved(*sides))


def _kept(decisions: Decisions) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return decisions.entries, decisions.options, decisions.proposals.select(_OF_LOAN)


def _side(by: Deciders, parts: list[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]], capacity: pl.DataFrame | None, as_of: date) -> Side:
    entries, options = gathered([(entries, options) for entries, options, _ in parts])
    choice = chosen(entries, options, by.strategy, by.roster, capacity, as_of, agency_faults(by, as_of))
    given = choice.entries.select("borrower_id", "currency", "treatment", "chosen_by")
    loans = pl.concat([loans for *_, loans in parts]).join(given, on=["borrower_id", "currency"], how="left", maintain_order="left")
    return Side(by.strategy, choice, loans.sort("loan_id"))


def _changed(before: Side, after: Side) -> pl.DataFrame:
    columns = ("treatment", "chosen_by", "rule", "offer")
    then = before.loans.rename({name: f"{name}_before" for name in columns})
    now = after.loans.select("loan_id", *(pl.col(name).alias(f"{name}_after") for name in columns))
    both = then.join(now, on="loan_id", how="left", maintain_order="left")
    return both.filter(pl.any_horizontal(pl.col(f"{name}_before").ne_missing(pl.col(f"{name}_after")) for name in ("treatment", "rule", "offer")))


def _moved(before: Side, after: Side) -> pl.DataFrame:
    """One row per treatment before and after (null: nothing, the gate refuses it) and currency: people, and what may be asked of them."""
    then, now = (one.choice.entries.select("borrower_id", "currency", "claimable_minor", "treatment") for one in (before, after))
    both = then.join(now, on=["borrower_id", "currency"], how="full", coalesce=True, suffix="_after")
    both = both.with_columns(claimable_minor=pl.coalesce("claimable_minor", "claimable_minor_after"))
    return both.group_by("currency", pl.col("treatment").alias("before"), pl.col("treatment_after").alias("after")).agg(
        pl.len().cast(pl.Int64).alias("people"), exact_sum("claimable_minor")).sort("currency", "people", "before", "after", descending=[False, True, False, False])


def sums(side: Side) -> dict[str, int | dict]:
    """Contacts, minutes of people, cost in minor units and complaints to be expected (a million times) of one side; and by currency what is expected."""
    of = {one.name: one for one in side.strategy.treatments}
    counts = dict(side.choice.entries["treatment"].value_counts().iter_rows())
    complaints = side.strategy.expected.complaints_per_million

    def total(worth: Callable) -> int:
        return sum(worth(of[name]) * count for name, count in counts.items())

    return {
        "contacts": total(lambda one: int(one.channel is not None)), "minutes": total(lambda one: one.minutes), "cost_minor": total(lambda one: one.cost_minor),
        "complaints_millionths": total(lambda one: complaints.get(one.name, 0)), "expected": expected(side.choice, side.strategy),
    }


def write_loans(difference: Difference, folder: Path) -> Path:
    """The file of the loans that change, in this folder: changed_loans.parquet. Raises Refused where the folder cannot be made."""
    path = folder / "changed_loans.parquet"
    store.write_parquet(path, difference.loans)
    return path
