"""Buckets and asset classes: days past due put into names. The buckets are data (buckets.yaml), the classes the law's."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from arrears import strict_yaml
from arrears.law.risk_classes import RiskClasses

SETTLED = "settled"
"""The state of a loan on which nothing is outstanding; its bucket is M0."""


@dataclass(frozen=True)
class Buckets:
    """Names and last days, in order; the last bucket has no last day."""

    names: tuple[str, ...]
    last_days: tuple[int, ...]

    @property
    def states(self) -> tuple[str, ...]:
        return (SETTLED, *self.names)


@cache
def read_buckets() -> Buckets:
    """The buckets that travel with this version; raises BadYaml unless each ends later than the one before."""
    entries = strict_yaml.parse(
        files("arrears.delinquency").joinpath("buckets.yaml").read_text(encoding="utf-8"), "buckets.yaml"
    )
    last_days = tuple(int(entry["to"]) for entry in entries[:-1])
    if list(last_days) != sorted(set(last_days)) or "to" in entries[-1]:
        raise strict_yaml.BadYaml("buckets.yaml: each bucket must end later than the one before, the last never")
    return Buckets(tuple(entry["name"] for entry in entries), last_days)


def bucket_of(buckets: Buckets) -> pl.Expr:
    """The bucket of days_past_due."""
    chosen = pl.when(pl.col("days_past_due") <= buckets.last_days[0]).then(pl.lit(buckets.names[0]))
    for name, last in zip(buckets.names[1:-1], buckets.last_days[1:], strict=True):
        chosen = chosen.when(pl.col("days_past_due") <= last).then(pl.lit(name))
    return chosen.otherwise(pl.lit(buckets.names[-1])).alias("bucket")


def asset_class(as_of: pl.Expr, classes: RiskClasses) -> pl.Expr:
    """The risk class by days past due, at least that of a restructured loan while it is observed (law/risk_classes.py).

    Source: spec positions, Output.
    """
    names = [classes.otherwise, *(name for name, _ in classes.classes)]
    days = pl.col("days_past_due")
    grade = pl.sum_horizontal(*((days > above).cast(pl.Int32) for _, above in classes.classes))
    watched = ((as_of - pl.col("restructured_on")).dt.total_days() <= classes.restructured_days).fill_null(False)
    least = pl.when(watched).then(names.index(classes.restructured_class)).otherwise(0)
    return pl.max_horizontal(grade, least).replace_strict(
        list(range(len(names))), names, return_dtype=pl.String).alias("asset_class")


def state() -> pl.Expr:
    """The bucket, or `settled` where nothing is outstanding and nothing is due."""
    done = (pl.col("outstanding_principal_minor") == 0) & (pl.col("due_total_minor") == 0)
    done = done & pl.col("next_due_on").is_null()
    return pl.when(done).then(pl.lit(SETTLED)).otherwise(pl.col("bucket")).alias("state")
