"""The step of the night: what each released model says of the loans it is asked about, with reasons."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from arrears.scoring.asked import asked
from arrears.scoring.estimates import ESTIMATE, binned_rows, estimate, interval, points
from arrears.scoring.families import TARGETS
from arrears.scoring.loan_features import loan_features
from arrears.scoring.model import SCORECARD, Model
from arrears.scoring.reach import reached_by
from arrears.scoring.reasons import reasons
from arrears.tables.facts import Facts

SCORES = {
    "loan_id": pl.String, "borrower_id": pl.String, "model": pl.String, "estimate": pl.Float64, "low": pl.Float64, "high": pl.Float64,
    "points": pl.Int32, "reasons": pl.String,
}
REACH = {"borrower_id": pl.String, "reach_channel": pl.String, "reach_hour": pl.Int32, "reach_probability": pl.Float64}
CURE, SELF_CURE, EXPECTED = "collection_cure", "collection_self_cure", "collection_recovery_30"
"""The models that a strategy reads and by which the worklist is ordered, where they are released."""

_AT_NIGHT = tuple(name for name, target in TARGETS.items() if target.family in ("behaviour", "collection", "loss"))


@dataclass(frozen=True)
class Scores:
    """loans: one row per loan and model asked of it, in the order of the models' names and the loans. reach: one row per late person: the channel
    and hour at which they are likeliest reached. counts: of each model and feature, rows by bin, for drift.
    """

    loans: pl.DataFrame
    reach: pl.DataFrame
    counts: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def no_scores() -> Scores:
    """What there is without a released model."""
    return Scores(pl.DataFrame(schema=SCORES), pl.DataFrame(schema=REACH))


def score(positions: pl.DataFrame, loans: pl.DataFrame, facts: Facts, models: dict[str, Model], as_of: date, last_bucket: str) -> Scores:
    """What each model says at the end of as_of; nothing later is read. positions, loans: what `assess` gave of these facts.

    Every loan of an early warning or a collection model has an estimate. Reasons stand with late loans, and with the tenth of the others that is
    worst by the rows the model was fitted on: at most four names of features, the weightiest first, between semicolons.
    """
    if not models:
        return no_scores()
    features = loan_features(facts, positions, loans, as_of)
    parts, counts = [pl.DataFrame(schema=SCORES)], {}
    for name in sorted(models.keys() & set(_AT_NIGHT)):
        rows = features.filter(asked(name, positions, features, as_of, last_bucket))
        parts.append(scored(models[name], rows))
        binned = binned_rows(models[name], rows, parts[-1]["estimate"].to_numpy())
        counts[name] = {feature: counted.tolist() for feature, counted in binned.items()}
    reach = reached_by(models["contact"], facts, positions, loans, as_of) if "contact" in models else pl.DataFrame(schema=REACH)
    return Scores(pl.concat(parts), reach, counts)


def scored(model: Model, rows: pl.DataFrame) -> pl.DataFrame:
    """One row per row of features, as SCORES."""
    estimates = estimate(model, rows)
    low, high = interval(model, estimates) if model.is_share else (None, None)
    frame = rows.select("loan_id", "borrower_id").with_columns(
        model=pl.lit(model.name), estimate=pl.Series(estimates, dtype=pl.Float64), low=_column(low, len(rows)), high=_column(high, len(rows)),
        points=_column(points(model, rows) if model.kind == SCORECARD else None, len(rows), pl.Int32))
    told = _told_of(model, estimates)
    found = reasons(model, rows.filter(pl.Series(told))).select(pl.concat_str(pl.all(), separator="; ", ignore_nulls=True)).to_series()
    place = pl.Series(np.where(told, np.cumsum(told) - 1, 0))
    why = found.gather(place).set(pl.Series(~told), None) if len(found) else _column(None, len(rows), pl.String)
    return frame.with_columns(reasons=why).select(*SCORES)


def _told_of(model: Model, estimates: np.ndarray) -> np.ndarray:
    """Of whom reasons are given: everybody late, and of the others the worst tenth by the rows the model was fitted on."""
    if model.family != "behaviour":
        return np.ones(len(estimates), np.bool_)
    tenths = model.reference[ESTIMATE]["splits"]
    return estimates >= tenths[-1] if tenths else np.ones(len(estimates), np.bool_)


def _column(values: np.ndarray | None, count: int, dtype: type = pl.Float64) -> pl.Series:
    return pl.Series(values, dtype=dtype) if values is not None else pl.Series([None], dtype=dtype).new_from_index(0, count)


def beside(late: pl.DataFrame, scores: Scores) -> pl.DataFrame:
    """The late loans with what the models say of them: pay_probability, self_cure, expected_minor (of what may be demanded, within 30 days), score_reasons, and
    the channel and hour at which the person is likeliest reached; null where no model speaks.
    """
    def of(name: str, *columns: pl.Expr) -> pl.DataFrame:
        return scores.loans.filter(pl.col("model") == name).select("loan_id", *columns)

    joined = {"how": "left", "maintain_order": "left"}
    late = late.join(of(CURE, pl.col("estimate").alias("pay_probability"), pl.col("reasons").alias("score_reasons")), on="loan_id", **joined)
    late = late.join(of(SELF_CURE, pl.col("estimate").alias("self_cure")), on="loan_id", **joined)
    late = late.join(of(EXPECTED, _ppm(pl.col("estimate")).alias("share_ppm")), on="loan_id", **joined)
    expected = (pl.col("claimable_minor").cast(pl.Int128) * pl.col("share_ppm") // 1_000_000).cast(pl.Int64, strict=True)
    return late.with_columns(expected_minor=expected).drop("share_ppm").join(scores.reach, on="borrower_id", **joined)


def _ppm(share: pl.Expr) -> pl.Expr:
    return (share * 1_000_000).round().cast(pl.Int64)
