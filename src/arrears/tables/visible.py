"""Which rows count at a moment, and which of them break a rule of their own table."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from arrears.days import FIRST_DAY, LAST_DAY
from arrears.tables.table import Column, Table

ALWAYS = -(2**63)
"""recorded_at of a row that bears none: it always counts."""
WHEN_LOADED = 2**63 - 2
"""recorded_at, while a load is made, of a row that bears none: it counts from the load on, whose moment the ledger tells."""
FOREVER = 2**63 - 1
"""superseded_at of a row that no later one replaces."""

LATEST_KNOWN = FOREVER - 1


def is_visible(known_at: int) -> pl.Expr:
    """The row was recorded by known_at (microseconds) and not yet replaced then. Source: spec positions, Inputs."""
    return (pl.col("recorded_at") <= known_at) & (pl.col("superseded_at") > known_at)


@dataclass(frozen=True)
class Fault:
    """A rule of a table that a row breaks: which column, in words."""

    column: str
    en: str
    zh: str
    rule: str = "range"
    """The rule's short name, by which a fault of a load is worded and counted."""
    detail: str | None = None
    """What the rule's sentence names: the bound, or the values that may stand here."""


def faults_of(table: Table) -> Iterator[tuple[Fault, pl.Expr]]:
    """Each rule that a row of the table may break, with the expression that is true where it does."""
    for column in table.columns:
        if column.name == "recorded_at":
            continue
        value = pl.col(column.name)
        if not column.nullable and not column.optional:
            yield Fault(column.name, "is empty; every row needs it", "为空；每行都必须有值", "empty"), value.is_null()
        yield from range_faults(column)
    if table.name == "adjustments":
        is_pause, until = pl.col("kind") == "pause", pl.col("until_on")
        yield (
            Fault("until_on", "is not after effective_on; a pause needs the first day on which it no longer holds",
                  "不晚于 effective_on；暂停须写明失效日", "pause_dates"),
            is_pause & (until.is_null() | (until <= pl.col("effective_on"))),
        )
    if table.name == "holds":
        yield (
            Fault("lifted_on", "is before placed_on", "早于 placed_on", "lift_dates"),
            pl.col("lifted_on") < pl.col("placed_on"),
        )
    if table.name == "placements":
        yield (
            Fault("returned_on", "is before placed_on", "早于 placed_on", "return_dates"),
            pl.col("returned_on") < pl.col("placed_on"),
        )


def range_faults(column: Column) -> Iterator[tuple[Fault, pl.Expr]]:
    """The rules that a column sets to its value alone: bounds and the values it may take."""
    value, is_money = pl.col(column.name), column.unit == "minor units"
    if column.least == 1:
        words = ("is not positive", "小于 1")
        yield Fault(column.name, *words, "negative" if is_money else "range_low", "1"), value < (0 if is_money else 1)
        if is_money:
            yield Fault(column.name, *words, "zero", "1"), value == 0
    elif column.least is not None:
        words = (f"is below {column.least:,}", f"小于 {column.least:,}")
        rule = "negative" if is_money and column.least == 0 else "range_low"
        yield Fault(column.name, *words, rule, f"{column.least:,}"), value < column.least
    if column.most is not None:
        yield (
            Fault(column.name, f"is above {column.most:,}, the largest that is taken; check its unit",
                  f"超过上限 {column.most:,}；请检查单位", "beyond" if is_money else "range_high", f"{column.most:,}"),
            value > column.most,
        )
    if column.one_of is not None:
        known = [str(choice) for choice in column.one_of]
        listed = ", ".join(known) if len(known) < 10 else f"a permutation such as {known[0]}"
        yield (
            Fault(column.name, f"is not one of: {listed}", f"不在允许值之列：{listed}", "one_of", listed),
            ~value.is_in(list(column.one_of)),
        )
    if column.dtype == pl.Date:
        yield (
            Fault(column.name, f"is before {FIRST_DAY}; check the year", f"早于 {FIRST_DAY}；请检查年份", "date_early", f"{FIRST_DAY}"),
            value < FIRST_DAY,
        )
        yield (
            Fault(column.name, f"is after {LAST_DAY}; check the year", f"晚于 {LAST_DAY}；请检查年份", "date_late", f"{LAST_DAY}"),
            value > LAST_DAY,
        )


def broken_rules(table: Table, rows: pl.DataFrame) -> list[tuple[Fault, dict]]:
    """For each rule that some row breaks: the rule and the first such row. Empty where all rows are sound."""
    rules = list(faults_of(table))
    if rows.is_empty():
        return []
    as_text = pl.col(pl.Date).dt.to_string()  # a date past the year 9999 is no Python date
    broken = rows.select([broken.fill_null(False).any().alias(str(place)) for place, (_, broken) in enumerate(rules)])
    return [
        (fault, rows.filter(expression.fill_null(False)).head(1).with_columns(as_text).row(0, named=True))
        for place, (fault, expression) in enumerate(rules)
        if broken[str(place)][0]
    ]
