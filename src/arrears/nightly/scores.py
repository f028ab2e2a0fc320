"""What the released models said in a night: counts by partition, and for the whole book drift and fairness, with alerts."""

from dataclasses import asdict

import numpy as np
import polars as pl

from arrears import store
from arrears.ingest.judge import groups_of
from arrears.learning.drift import Alert, most_pressing_first, thresholds
from arrears.learning.fairness import as_rows, fairness, fairness_alerts
from arrears.learning.watch import watched
from arrears.money import PPM
from arrears.nightly.matured import SEED, matured_of
from arrears.scoring.estimates import ESTIMATE, reference_shares
from arrears.scoring.families import TARGETS
from arrears.scoring.model import Model
from arrears.scoring.protected import ATTRIBUTES
from arrears.scoring.score import EXPECTED, Scores
from arrears.store import Book, Manifest

WATCHED_LOANS = 100_000
"""Fairness and matured outcomes are looked at in partitions that hold about so many loans at most; people lie in partitions by a hash, so they stand for all."""


SEASONAL = ("next_due_month", "spring_festival_gap_days")
"""Features that move with the calendar: their change is shown, but it is no alert."""


def counted(scores: Scores) -> dict:
    """Of each model in one partition: rows, the sum of the estimates in millionths, and rows by bin of each feature and of the estimate."""
    sums = scores.loans.group_by("model").agg(
        pl.len().alias("rows"), (pl.col("estimate") * PPM).round().cast(pl.Int64).sum().alias("sum_ppm")).sort("model")
    return {row["model"]: {"rows": row["rows"], "sum_ppm": row["sum_ppm"], "bins": scores.counts[row["model"]]} for row in sums.iter_rows(named=True)}


def scores_summary(book: Book, manifest: Manifest, inputs, by, folder, parts: list[dict], loans: dict[str, int]) -> dict:
    """What the summary and the report say of the models; parts: `counted` of each partition; loans: how many each partition shows that night.
    inputs, by: the night's, as write_night has them.

    Without a released model it says so, and that the worklist is in the stated rule order.
    """
    chosen = watched_partitions(loans)
    told, alerts = [], []
    for name, model in sorted(by.models.items()):
        entry, found = _model(book, manifest, inputs, by, folder, chosen, name, model, [part[name] for part in parts if name in part])
        told.append(entry)
        alerts += found
    return {"models": told, "alerts": [asdict(one) for one in most_pressing_first(alerts)], "ordered_by": "expected" if EXPECTED in by.models else "rules",
            "unused": inputs.models_unused, "watched_loans": sum(loans[name] for name in chosen)}


def watched_partitions(loans: dict[str, int]) -> list[str]:
    """Every 2nd, 4th, 8th … partition, so that about WATCHED_LOANS of the loans are watched at most: the same people also where the book has grown into
    more partitions since, each of which holds a part of those of one.
    """
    names, step = list(loans), 1
    while step < len(names) and sum(loans.values()) > step * WATCHED_LOANS:
        step *= 2
    return names[::step]


def _model(book, manifest, inputs, by, folder, watched_in, name: str, model: Model, parts: list[dict]) -> tuple[dict, list[Alert]]:
    """The model's entry for the summary, and its alerts."""
    target, release, rows = TARGETS[name], inputs.models[name], sum(part["rows"] for part in parts)
    reference = reference_shares(model)
    counts = {feature: np.sum([part["bins"][feature] for part in parts], axis=0) if rows else np.zeros(len(shares)) for feature, shares in reference.items()}
    mean_estimate = sum(part["sum_ppm"] for part in parts) / PPM / rows if rows else None
    names = {feature.name: (feature.zh, feature.en) for feature in model.features}
    matured, beside = matured_of(book, manifest, inputs, by, watched_in, name, model)
    entry, alerts = watched(name, reference, counts, mean_estimate, names, thresholds(), SEED, release["fitting_rows"], matured)
    alerts = [one for one in alerts if one.kind != "csi" or one.what not in SEASONAL]
    groups, unequal = _fairness(book, manifest, inputs, folder, watched_in, name, model)
    if entry["matured"]:
        entry["matured"] |= {"by_bucket": beside["by_bucket"]}
    entry |= {
        "version": release["version"], "digest": release["digest"], "card_digest": release["digest"], "released_on": release["at"][:10], "released_by": release["by"],
        "zh": target.event[0], "en": target.event[1], "who_zh": target.who[0], "who_en": target.who[1], "kind": model.kind, "event_is_bad": model.event_is_bad,
        "splits": list(model.reference[ESTIMATE]["splits"]), "fairness": groups, "challenger": beside and beside["challenger"],
        "reason_words": {feature: {"zh": zh, "en": en} for feature, (zh, en) in names.items()},
    }
    return entry, [*alerts, *unequal]


def _fairness(book, manifest, inputs, folder, watched_in, name: str, model: Model) -> tuple[list[dict], list[Alert]]:
    """Who is in the worst tenth of the people watched, by sex, age band and region; and what of it is worth an alert."""
    frames = []
    for partition in watched_in:
        people = groups_of(book, manifest, partition, inputs.known_at)
        if people.columns:
            scores = store.read_columns(folder / "scores" / f"{partition}.parquet", ["loan_id", "borrower_id", "model", "estimate"]).filter(pl.col("model") == name)
            frames.append(scores.join(people, on="borrower_id", how="left", maintain_order="left"))
    # in one order, however many partitions there are: a sum of floats depends on it
    rows = pl.concat(frames, how="diagonal").sort("loan_id") if frames else pl.DataFrame()
    known = [one for one in ATTRIBUTES if one in rows.columns and rows[one].null_count() < len(rows)]
    if rows.is_empty() or not known:
        return [], []
    estimates = rows["estimate"].to_numpy()
    cut = np.quantile(estimates, 0.9 if model.event_is_bad else 0.1)
    rates = fairness(rows.select(known), estimates, estimates >= cut if model.event_is_bad else estimates <= cut, None, model.is_share)
    alerts = fairness_alerts(name, rates, thresholds())
    return as_rows(rates, alerts), alerts
