"""Samples from a book: what was known on days of the past, and what came of it. Nothing a model learns from lies after what it is measured on."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from arrears.days import moment_of
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import groups_of, judge_book
from arrears.law.caps import read_law
from arrears.modelling.sample import OUT_OF_TIME, RANDOM, Sample, held_out_people, once_each
from arrears.nightly import local
from arrears.nightly.past import Past, end_of
from arrears.nightly.positions import opened
from arrears.nightly.standings import guarantors_in, standings_on
from arrears.refusal import Refused
from arrears.scoring.application_features import application_features
from arrears.scoring.contact_features import attempts_of, contact_features
from arrears.scoring.features import definitions, features_for
from arrears.scoring.loan_features import SHANGHAI, loan_features
from arrears.scoring.outcomes import OUTCOMES, SIGHTS_EVERY_DAYS, outcome_of
from arrears.scoring.person_features import SPOKEN
from arrears.scoring.target import Target
from arrears.store import Book, Manifest
from arrears.tables.facts import Facts

SNAPSHOT_DAYS = 30
TEST_SNAPSHOTS = 3
"""The latest snapshots whose outcome is known are kept for measuring."""
_TEST_SHARE = 0.25
_LATE_DAYS = 30


@dataclass(frozen=True)
class Plan:
    """The days of which a book's past is looked at for one model: first those kept for measuring, then those to learn from."""

    target: Target
    test: tuple[date, ...]
    fitting: tuple[date, ...]

    @property
    def days(self) -> tuple[date, ...]:
        return (*self.test, *self.fitting)


def plan_of(target: Target, as_of: date, snapshots: int) -> Plan:
    """Snapshots SNAPSHOT_DAYS apart: the latest whose horizon is over by as_of are for measuring; those to learn from end so much earlier that
    their outcomes were known before the first of these.
    """
    horizon = max(1, math.ceil(target.horizon_days / SNAPSHOT_DAYS))
    test = [as_of - timedelta(days=SNAPSHOT_DAYS * (horizon + back)) for back in range(TEST_SNAPSHOTS)]
    first = TEST_SNAPSHOTS - 1 + 2 * horizon
    return Plan(target, tuple(test), tuple(as_of - timedelta(days=SNAPSHOT_DAYS * (first + back)) for back in range(snapshots)))


def book_samples(book: Book, targets: tuple[Target, ...], as_of: date, known_at: int, snapshots: int, loans_most: int, seed: int,
                 report: Callable = lambda *_: None) -> list[Sample | Refused]:
    """One sample per model, or the refusal that says why there is none. Nothing dated after as_of or recorded after known_at is looked at.

    loans_most: whole partitions are taken, which hold people by a stable hash, until they hold so many loans.
    """
    law, buckets = read_law(), read_buckets()
    plans = [plan_of(target, as_of, snapshots) for target in targets]
    with opened(book.root, as_of, known_at, report) as (laid_out, manifest):
        judge_book(laid_out, manifest, known_at)
        chosen = _partitions(manifest, loans_most)
        days = {day: min(known_at, end_of(day)) for plan in plans if plan.target.name in OUTCOMES for day in plan.days}
        report("looking at guarantors", 0, 0)
        standings = standings_on(laid_out, manifest, days, guarantors_in(laid_out, manifest), law, buckets)

        def work(name: str) -> dict[str, pl.DataFrame]:
            return _of_partition(Past.of(laid_out, manifest, name, known_at, law, buckets, standings), plans, as_of)

        parts = []
        for done, found in enumerate(local.each(work, chosen), start=1):
            parts.append(found)
            report("looking back", done, len(chosen))
        digest, name = manifest.snapshot, book.name
        used = sum(manifest.partitions[partition]["loans"] for partition in chosen)
        share = (used, manifest.loans)
    ordered = [found for _, found in sorted(parts, key=lambda part: part[0])]
    return [_sample(plan, ordered, name, digest, as_of, known_at, seed, share) for plan in plans]


def _partitions(manifest: Manifest, loans_most: int) -> list[str]:
    chosen, loans = [], 0
    for name, about in manifest.partitions.items():
        if chosen and loans + about["loans"] > loans_most:
            break
        chosen.append(name)
        loans += about["loans"]
    return chosen


def _of_partition(past: Past, plans: list[Plan], as_of: date) -> dict[str, pl.DataFrame]:
    """The rows of each model from one partition: its features, outcome, person and when."""
    rows: dict[str, list[pl.DataFrame]] = {plan.target.name: [] for plan in plans}
    asked = [plan for plan in plans if plan.target.name in OUTCOMES]
    for day in sorted({day for plan in asked for day in plan.days}):
        here = [plan for plan in asked if day in plan.days]
        facts, assessed = past.then(day)
        if assessed.positions.is_empty():
            continue
        features = loan_features(facts, assessed.positions, assessed.loans, day)
        for plan in here:
            outcome = outcome_of(plan.target.name, past.seen(facts, assessed, day, as_of, plan.target.horizon_days))
            found = pl.concat([features, outcome], how="horizontal").filter(pl.col("eligible") & pl.col("outcome").is_not_null())
            rows[plan.target.name].append(found.drop("eligible").with_columns(when=pl.lit(day, pl.Date)))
        past.forget([seen for seen in past.walked if seen <= day])
    for plan in plans:
        if plan.target.family == "application":
            rows[plan.target.name].append(_applications(past, as_of, plan.target.horizon_days))
        elif plan.target.family == "contact":
            rows[plan.target.name].append(_attempts(past, as_of))
    people = groups_of(past.book, past.manifest, past.partition, past.known_at)
    return {name: _with_groups(pl.concat(parts), people) for name, parts in rows.items() if parts}


def _applications(past: Past, as_of: date, horizon_days: int) -> pl.DataFrame:
    """One row per loan whose horizon is over: what was known at approval, and whether it was 30 days late on some sight within the horizon.

    Sights are SIGHTS_EVERY_DAYS apart, the first after the book's first disbursement.
    """
    loans = past.now.loans.filter(pl.col("disbursed_on") <= as_of - timedelta(days=horizon_days))
    if loans.is_empty():
        return pl.DataFrame(schema={"person": pl.String, "when": pl.Date, "outcome": pl.Float64})
    first, last = loans["disbursed_on"].min(), loans["disbursed_on"].max()
    features = _at_approval(past, loans["loan_id"], first, last, as_of)
    late = []
    day = first + timedelta(days=SIGHTS_EVERY_DAYS)
    while day <= as_of:
        seen = past.sight(day)
        age = seen.loans.select((pl.lit(day, pl.Date) - pl.col("disbursed_on")).dt.total_days()).to_series()
        here = seen.positions.select("loan_id", "days_past_due").filter((pl.col("days_past_due") >= _LATE_DAYS) & (age <= horizon_days))
        late.append(here["loan_id"])
        past.forget([day])
        day += timedelta(days=SIGHTS_EVERY_DAYS)
    bad = pl.concat(late).unique()
    whole = features.join(loans.select("loan_id", "disbursed_on"), on="loan_id", how="inner", maintain_order="left")
    return whole.with_columns(outcome=pl.col("loan_id").is_in(bad.implode()).cast(pl.Float64), when="disbursed_on").drop("disbursed_on")


def _attempts(past: Past, as_of: date) -> pl.DataFrame:
    """One row per attempt to reach a person up to as_of by a channel on which somebody answers: what was known just before, and whether it reached them.

    What was recorded more than SNAPSHOT_DAYS after an attempt is not looked at.
    """
    attempts = attempts_of(past.now).filter(
        pl.col("channel").is_in(list(SPOKEN)) & pl.col("reached").is_not_null() & (pl.col("at").dt.date() <= as_of))
    if attempts.is_empty():
        return _reached(past.now, attempts)
    on = attempts["at"].dt.date()
    return pl.concat([_reached(past.known(until), attempts.filter((on > after) & (on <= until))) for after, until in _spans(on.min(), on.max(), as_of)])


def _reached(facts: Facts, attempts: pl.DataFrame) -> pl.DataFrame:
    features = contact_features(facts, attempts.drop("reached"), SHANGHAI)
    return features.with_columns(outcome=attempts["reached"].cast(pl.Float64), when=attempts["at"].dt.date())


def _at_approval(past: Past, loans: pl.Series, first: date, last: date, as_of: date) -> pl.DataFrame:
    """The application features of these loans, each as known within SNAPSHOT_DAYS of being paid out, or when the book first knew the loan.

    Facts of today would tell the outcome: a loan that was restructured has a longer schedule than the one approved.
    """
    rows, wanted = [], loans
    for day in [*(until for _, until in _spans(first, last, as_of)), as_of]:
        facts = past.known(day)
        waits = facts.loans.filter(pl.col("loan_id").is_in(wanted.implode()) & (pl.col("disbursed_on") <= day))["loan_id"]
        if len(waits):
            rows.append(application_features(facts, first, day).filter(pl.col("loan_id").is_in(waits.implode())))
            wanted = wanted.filter(~wanted.is_in(waits.implode()))
        if wanted.is_empty():
            break
    return pl.concat([*rows, application_features(past.now, first, last).filter(pl.col("loan_id").is_in(wanted.implode()))]).sort("loan_id")


def _spans(first: date, last: date, as_of: date) -> list[tuple[date, date]]:
    """Spans (after, until] of SNAPSHOT_DAYS that cover the days first to last; the last ends at as_of at the latest."""
    count, before = (last - first).days // SNAPSHOT_DAYS + 1, first - timedelta(days=1)
    ends = [before + timedelta(days=SNAPSHOT_DAYS * step) for step in range(count + 1)]
    return [(after, min(until, as_of)) for after, until in zip(ends[:-1], ends[1:], strict=True)]


def _with_groups(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The rows with the person, and sex, age band and region where the book knows them: for fairness alone."""
    if "borrower_id" not in rows.columns:
        return rows
    if people.columns:
        rows = rows.join(people, on="borrower_id", how="left", maintain_order="left")
    return rows.rename({"borrower_id": "person"})


def _sample(plan: Plan, parts: list[dict[str, pl.DataFrame]], name: str, digest: str, as_of: date, known_at: int, seed: int,
            share: tuple[int, int]) -> Sample | Refused:
    target = plan.target
    found = [part[target.name] for part in parts if target.name in part and len(part[target.name])]
    if not found:
        return Refused(f"{target.name}: the book has no row whose outcome is known by {as_of} ({target.who[1]}; {target.horizon_days} days); load a longer history, or take a later --as-of",
                       f"{target.name}：截至 {as_of} 账册中没有结果已知的行（{target.who[0]}；{target.horizon_days} 天）；请装入更长的历史或用更晚的 --as-of")
    rows = pl.concat(found, how="diagonal")
    test, kept, how, notes = _parted(plan, rows, seed)
    rows, test = rows.filter(pl.Series(kept)), test[kept]
    if share[0] < share[1]:
        notes.append((f"取自账册 {share[1]:,} 笔贷款中的 {share[0]:,} 笔（按借款人稳定哈希整区选取）", f"from {share[0]:,} of the book's {share[1]:,} loans, whole partitions by a stable hash of the borrower"))
    formulas = {one.name: one.formula for one in definitions()}
    features = tuple(feature for feature in features_for(target.name) if feature.name in rows.columns)
    return Sample(target, rows, features, test, how, name, digest, as_of, moment_of(known_at).isoformat(), None,
                  {feature.name: formulas[feature.name] for feature in features}, None, tuple(notes), (), seed)


def _parted(plan: Plan, rows: pl.DataFrame, seed: int) -> tuple[np.ndarray, np.ndarray, str, list]:
    """Which rows measure, which are used at all, how they were parted, and what is to be said of it."""
    when = rows["when"].to_physical().to_numpy()
    if plan.target.name in OUTCOMES:
        days = np.array([day.toordinal() - date(1970, 1, 1).toordinal() for day in plan.test])
        test = _measuring(rows, np.isin(when, days))
        kept = test | np.isin(when, [day.toordinal() - date(1970, 1, 1).toordinal() for day in plan.fitting])
    else:
        first = np.quantile(when, 1 - _TEST_SHARE, method="higher")
        test = _measuring(rows, when >= first)
        kept = test | (when + plan.target.horizon_days <= first)
    outcome = rows["outcome"].to_numpy()
    if _enough(outcome[test]) and _enough(outcome[kept & ~test]):
        return test, kept, OUT_OF_TIME, []
    held_out = held_out_people(rows["person"])
    test = _measuring(rows, held_out)
    note = ("历史太短或某一时段的结果太少，无法跨时间检验：改为按人随机留出四分之一，未来的变化未经检验", "the history is too short, or has too few of either outcome, to measure out of time: a quarter of the people was held out at random instead, so change over time is not tested")
    return test, test | ~held_out, RANDOM, [note]


def _measuring(rows: pl.DataFrame, held_out: np.ndarray) -> np.ndarray:
    """Of the rows held out those to measure on: everybody on one day."""
    test = held_out.copy()
    test[held_out] = once_each(rows.filter(pl.Series(held_out)))
    return test


def _enough(outcome: np.ndarray) -> bool:
    """Some ten events and some ten others, or as many rows where the outcome is a share."""
    return len(outcome) > 0 and min(outcome.sum(), len(outcome) - outcome.sum()) >= 10
