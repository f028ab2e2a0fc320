"""Estimates of an earlier night beside what came of them: as soon as their horizon is over, a model is measured on what it really said."""

import json
from dataclasses import asdict
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from arrears import registry, store
from arrears.days import microseconds_of
from arrears.ingest.judge import groups_of
from arrears.learning.challenger import as_row, compare
from arrears.learning.measures import mean, wilson
from arrears.learning.watch import Matured
from arrears.nightly.past import Past
from arrears.nightly.standings import are_read, guarantors_in, standings_on
from arrears.scoring.estimates import estimate
from arrears.scoring.families import TARGETS
from arrears.scoring.loan_features import loan_features
from arrears.scoring.model import Model
from arrears.scoring.outcomes import OUTCOMES, outcome_of
from arrears.scoring.protected import ATTRIBUTES
from arrears.store import Book, Manifest

SEED = 42
"""Of the bootstrap behind intervals; the same night gives the same bytes."""


def night_matured(book: Book, as_of: date, models: dict[str, dict], models_of) -> dict[str, str]:
    """By model the latest finished night that scored with the version in use and whose horizon is over by as_of (ISO date).

    models_of: what a night's folder says of the models it used.
    """
    found = {}
    used = {night: models_of(book.night(night)) for night in book.night_dates() if night < as_of}
    for name, entry in models.items():
        over = [night for night, then in used.items() if name in OUTCOMES and night + timedelta(days=TARGETS[name].horizon_days) <= as_of
                and then.get(name, {}).get("digest") == entry["digest"]]
        if over:
            found[name] = max(over).isoformat()
    return found


def matured_of(book: Book, manifest: Manifest, inputs, by, watched_in: list[str], name: str, model: Model) -> tuple[Matured | None, dict | None]:
    """What came of the estimates of the earlier night that the inputs name, in the partitions watched; and beside it the calibration by the bucket of that
    night, and a challenger (a later version that is kept but not released) on the same rows. None where no night's horizon is over.
    """
    if name not in inputs.matured:
        return None, None
    night = date.fromisoformat(inputs.matured[name])
    challenger = inputs.challengers.get(name)
    other = _challenger(book, name, challenger, night) if challenger else None
    standings, known_then = {}, min(inputs.known_at, _known_at(book, night))
    if other is not None and are_read([other]):
        standings = standings_on(book, manifest, {night: known_then}, guarantors_in(book, manifest), by.law, by.buckets)
    rows = pl.concat([_came(Past.of(book, manifest, partition, inputs.known_at, by.law, by.buckets, standings), inputs, name, night, known_then, other)
                      for partition in watched_in], how="diagonal").sort("loan_id")  # a sum of floats depends on the order
    if rows.is_empty():
        return None, None
    outcome, estimates = rows["outcome"].to_numpy(), rows["estimate"].to_numpy()
    cut = np.quantile(estimates, 0.9 if model.event_is_bad else 0.1)
    known = [one for one in ATTRIBUTES if one in rows.columns and rows[one].null_count() < len(rows)]
    release = inputs.models[name]
    matured = Matured(night.isoformat(), outcome, estimates, rows.select(known) if known else None, estimates >= cut if model.event_is_bad else estimates <= cut,
                      model.is_share, release["auc"])
    beside = None
    if other is not None:
        names = f"{name} {release['version']}", f"{name} {challenger['version']}"
        beside = as_row(compare(outcome, estimates, rows["challenger"].to_numpy(), names, model.is_share))
    return matured, {"by_bucket": _by_bucket(rows, model.is_share), "challenger": beside}


def _challenger(book: Book, name: str, entry: dict, night: date) -> Model | None:
    """The challenger's model; None where it was fitted on rows of that night or later, of which it would know the outcome."""
    kept = registry.read_version(book, name, entry["version"], entry["digest"])
    told = kept.card["validation"]
    return kept.model if told["how"] == "out_of_time" and told["from"] <= night.isoformat() else None


def _came(past: Past, inputs, name: str, night: date, known_then: int, other: Model | None) -> pl.DataFrame:
    """One row per loan of the partition that was scored that night and whose outcome can be seen: estimate, outcome, bucket then, groups, challenger."""
    facts, assessed = past.then(night, known_then)
    seen = past.seen(facts, assessed, night, inputs.as_of, TARGETS[name].horizon_days)
    came = pl.concat([assessed.positions.select("loan_id", "bucket"), assessed.loans.select("borrower_id"), outcome_of(name, seen)], how="horizontal")
    if other is not None:
        features = loan_features(facts, assessed.positions, assessed.loans, night)
        came = came.with_columns(challenger=pl.Series(estimate(other, features), dtype=pl.Float64))
    came = came.filter(pl.col("eligible") & pl.col("outcome").is_not_null()).drop("eligible")
    came = came.join(_said(past.book, night, past.partition, len(past.manifest.partitions), name), on="loan_id", how="inner", maintain_order="left")
    people = groups_of(past.book, past.manifest, past.partition, past.known_at)
    return came.join(people, on="borrower_id", how="left", maintain_order="left") if people.columns else came


def _known_at(book: Book, night: date) -> int:
    """Up to which moment (microseconds) the night's rows counted: not always the end of its day."""
    return microseconds_of(datetime.fromisoformat(json.loads((book.night(night) / "run.json").read_text(encoding="utf-8"))["known_at"]))


def _said(book: Book, night: date, partition: str, count: int, name: str) -> pl.DataFrame:
    """What the night said of the partition's loans; of all loans where the book had another number of partitions then."""
    files = sorted((book.night(night) / "scores").glob("p*.parquet"))
    chosen = [path for path in files if path.stem == partition] if len(files) == count else files
    return pl.concat([store.read_columns(path, ["loan_id", "model", "estimate"]) for path in chosen]).filter(pl.col("model") == name).drop("model")


def _by_bucket(rows: pl.DataFrame, is_share: bool) -> list[dict]:
    """Calibration by the bucket of that night: rows, mean estimate, mean outcome with its interval."""
    found = []
    for bucket in sorted(rows["bucket"].unique()):
        here = rows.filter(pl.col("bucket") == bucket)
        outcome = here["outcome"].to_numpy()
        observed = mean(outcome) if is_share else wilson(float(outcome.sum()), len(here))
        found.append({"bucket": bucket, "rows": len(here), "estimated": float(here["estimate"].mean()), "observed": observed and asdict(observed)})
    return found
