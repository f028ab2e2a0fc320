"""Attributes that no model may read, by the names their columns bear."""

import re
from functools import cache
from importlib.resources import files

import polars as pl

from arrears import strict_yaml

ATTRIBUTES = ("sex", "age_band", "region")
"""Those by which fairness is reported."""

AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")


@cache
def _names() -> dict[str, str]:
    entries = strict_yaml.parse(files("arrears.scoring").joinpath("protected.yaml").read_text(encoding="utf-8"), "protected.yaml")
    return {name: entry["attribute"] for entry in entries for name in entry["names"]}


def protected_as(column: str) -> str | None:
    """The protected attribute that a column of this name seems to hold; None where it seems to hold none.

    >>> protected_as("SEX"), protected_as("age_in_years"), protected_as("personal_status_and_sex"), protected_as("stage")
    ('sex', 'age_band', 'sex', None)
    """
    words = re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower())
    joined = "".join(words)
    names = _names()
    return next((names[word] for word in (joined, *words) if word in names), None)


def age_band(age: pl.Expr) -> pl.Expr:
    """The band of an age in years; null where it is null or below 18."""
    bands = pl.when(age < 18).then(None)
    for upper, band in zip((25, 35, 45, 55, 65), AGE_BANDS, strict=False):
        bands = bands.when(age < upper).then(pl.lit(band))
    return bands.when(age >= 65).then(pl.lit(AGE_BANDS[-1]))
