"""Attributes that no model may read, by the names their columns bear."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from arrears import strict_yaml

ATTRIBUTES = ("sex", "age_band", "region")
"""Those by which fairness is reported."""

AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")


_FILLERS = ("customer", "client", "borrower", "applicant", "debtor", "cust", "user", "code", "type", "flag", "desc", "name", "group", "band", "year", "month", "date", "number", "cd", "dt", "no")
"""What is written before or behind an attribute's name without a mark between: custage, sexcode, birthyear."""
_WHOLE = frozenset({"省", "市", "县", "区"})


@dataclass(frozen=True)
class _Attribute:
    """How columns of one attribute are called; as protected.yaml says."""

    attribute: str
    names: frozenset[str]
    within: tuple[str, ...]
    unless: frozenset[str]


@cache
def _attributes() -> tuple[_Attribute, ...]:
    entries = strict_yaml.parse(files("arrears.scoring").joinpath("protected.yaml").read_text(encoding="utf-8"), "protected.yaml")
    return tuple(_Attribute(entry["attribute"], frozenset(entry["names"]), tuple(entry["within"]), frozenset(entry["unless"])) for entry in entries)


def protected_as(column: str) -> str | None:
    """The protected attribute that a column of this name seems to hold; None where it seems to hold none.

    >>> protected_as("SEX"), protected_as("age_in_years"), protected_as("personal_status_and_sex"), protected_as("custAge"), protected_as("性别代码")
    ('sex', 'age_band', 'sex', 'age_band', 'sex')
    >>> protected_as("stage"), protected_as("loan_age"), protected_as("age_of_debt"), protected_as("email_address")
    (None, None, None, None)
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", "_", column)
    words = [word for word in re.split(r"[\W\d_]+", apart.lower()) if word]
    return next((one.attribute for one in _attributes() if _is_called(one, column, words)), None)


def _is_called(one: _Attribute, column: str, words: list[str]) -> bool:
    if any(part in column for part in one.within) or (one.attribute == "region" and column in _WHOLE):
        return True
    for length in (1, 2, 3):
        for first in range(len(words) - length + 1):
            said = "".join(words[first : first + length])
            before, behind = words[first - 1] if first else "", words[first + length : first + length + 2]
            of_a_thing = before in one.unless or (behind[:1] == ["of"] and behind[-1] in one.unless)
            if not of_a_thing and (said in one.names or any(_without(said, filler) in one.names for filler in _FILLERS)):
                return True
    return False


def _without(said: str, filler: str) -> str:
    return said.removeprefix(filler) if said.startswith(filler) else said.removesuffix(filler)


_SEXES = frozenset({"m", "f", "male", "female", "man", "woman", "男", "女", "男性", "女性"})
_PROVINCES = ("北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川",
              "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆", "台湾", "香港", "澳门")


def protected_by_values(values: pl.Series) -> str | None:
    """The protected attribute that a column's texts themselves tell, whatever it is called: sexes, or provinces of China; None where they tell none.

    >>> protected_by_values(pl.Series(["M", "F", None])), protected_by_values(pl.Series(["广东省", "北京市"])), protected_by_values(pl.Series(["F"]))
    ('sex', 'region', None)
    """
    if values.dtype != pl.String:
        return None
    said = values.drop_nulls().unique().head(1_000).str.strip_chars().str.to_lowercase()
    said = said.filter(said != "").unique()
    if len(said) < 2:
        return None
    if said.is_in(list(_SEXES)).all():
        return "sex"
    return "region" if said.str.contains(f"^({'|'.join(_PROVINCES)})").all() else None


def age_band(age: pl.Expr) -> pl.Expr:
    """The band of an age in years; null where it is null or below 18."""
    bands = pl.when(age < 18).then(None)
    for upper, band in zip((25, 35, 45, 55, 65), AGE_BANDS, strict=False):
        bands = bands.when(age < upper).then(pl.lit(band))
    return bands.when(age >= 65).then(pl.lit(AGE_BANDS[-1]))
