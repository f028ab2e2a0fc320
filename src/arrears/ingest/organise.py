"""One partition's rows, sorted, each with the span of moments in which it is visible."""

from collections.abc import Callable

import numpy as np
import polars as pl

from arrears.tables import FACTS, Table
from arrears.tables.visible import FOREVER, broken_rules

_ORDER = {
    "instalments": ["loan", "due_on", "number", "recorded_at"],
    "payments": ["loan", "paid_on", "payment_id", "recorded_at"],
    "adjustments": ["loan", "effective_on", "adjustment_id", "recorded_at"],
    "holds": ["loan", "placed_on", "hold_id", "recorded_at"],
}
"""How the tables that are walked lie; any other lies by what replaces its rows, then by its key."""


def is_keyed_across(table: Table) -> bool:
    """A later row of the table may replace one that lies elsewhere, since its key does not name where it lies."""
    return table.name != "loans" and table.lies_by is not None and table.replaced_by[0] != table.lies_by


def _within(table: Table, columns: tuple[str, ...]) -> list[str]:
    """The columns as a partition names them: a loan by its row number."""
    by_loan = table.name == "loans" or table.lies_by == "loan_id"
    return ["loan" if by_loan and column == "loan_id" else column for column in columns]


def _order_of(table: Table) -> list[str]:
    group, key = _within(table, table.replaced_by), _within(table, table.key)
    return _ORDER.get(table.name) or [*group, *(column for column in key if column not in group), "recorded_at"]


def organise(raw: dict[str, pl.DataFrame | None], replaced: dict, write: Callable[[str, pl.DataFrame], None]) -> dict:
    """Writes each table of one partition and returns what is to be known of it before it is read.

    loans: how many loans; tables: rows, latest recorded_at, whether a row replaces another, whether a row breaks a
    rule of its table; conflicts: two different rows of one key and moment.
    """
    known: dict = {"loans": 0, "tables": {}, "conflicts": []}
    payments = None
    for name, rows in raw.items():
        if rows is None and name == "loans":
            rows = _no_loans()
        if rows is None:
            continue
        table = FACTS[name]
        spanned, conflicts = _spanned(name, rows, replaced.get(name))
        if name == "loans":
            loan_ids = spanned.unique("loan", maintain_order=True)["loan_id"]
            known["loans"] = len(loan_ids)
        elif table.lies_by == "loan_id":
            spanned = spanned.drop("loan_id")
        known["conflicts"] += [_named(name, conflict, loan_ids) for conflict in conflicts]
        write(name, spanned)
        recorded = spanned["recorded_at"]
        known["tables"][name] = {
            "rows": len(spanned),
            "recorded_last": recorded.max(),
            "replaces": bool((spanned["superseded_at"] < FOREVER).any()),
            "suspect": bool(broken_rules(table, spanned if "loan_id" in spanned.columns else spanned.with_columns(loan_id=pl.lit("")))),
        }
        if name == "payments":
            payments = spanned
    if payments is not None:
        reversals = _reversals(payments)
        if not reversals.is_empty():
            write("reversals", reversals)
            known["tables"]["reversals"] = {"rows": len(reversals)}
    return known


def _no_loans() -> pl.DataFrame:
    """The loans of a partition that no borrower's hash names; a book without rows has one such."""
    return FACTS["loans"].empty().with_columns(loan=pl.lit(0, pl.Int32), recorded_at=pl.lit(0, pl.Int64)).clear()


def _spanned(name: str, rows: pl.DataFrame, replaced) -> tuple[pl.DataFrame, list[dict]]:
    """The rows in order, each with recorded_at and superseded_at as microseconds; and the conflicts among them."""
    table = FACTS[name]
    ordered, group = rows.sort(_order_of(table)), _within(table, table.replaced_by)
    again = _rows_of_many_moments(ordered.with_row_index("place"), group, table, replaced)
    superseded_at = np.full(len(ordered), FOREVER, np.int64)
    if again.is_empty():
        return ordered.with_columns(superseded_at=pl.Series(superseded_at)), []
    if again.drop("place").is_duplicated().any():
        return _spanned(name, rows.unique(), replaced)
    on = [*group, "recorded_at"]
    moments = again.select(on).unique().sort(on).with_columns(
        superseded_at=pl.col("recorded_at").shift(-1).over(group).fill_null(FOREVER)
    ) if replaced is None else replaced[0]
    again = again.join(moments, on=on, how="left").with_columns(pl.col("superseded_at").fill_null(FOREVER))
    superseded_at[again["place"].to_numpy()] = again["superseded_at"].to_numpy()
    conflicts = [] if is_keyed_across(table) else _conflicts(again, [*_within(table, table.key), "recorded_at"])
    return ordered.with_columns(superseded_at=pl.Series(superseded_at)), conflicts


def _rows_of_many_moments(ordered: pl.DataFrame, group: list[str], table: Table, replaced) -> pl.DataFrame:
    """The rows of the groups that bear more than one moment, or a key more than once; most partitions have few.

    Where a key does not name its loan, the whole table was looked through before (`replaced`). Else the rows are in
    order, so neighbours tell: within a group of several rows a second moment, or a number that does not grow, is looked
    at; in a table whose key is the group, any second row is.
    """
    if is_keyed_across(table):
        if replaced is None:
            return ordered.clear()
        return ordered.join(replaced[0].select(group).unique(), on=group, how="semi")
    same = pl.all_horizontal(pl.col(column) == pl.col(column).shift(1) for column in group)
    if table.name == "instalments":
        grows = pl.col("number") > pl.col("number").shift(1)
        same = same & ((pl.col("recorded_at") != pl.col("recorded_at").shift(1)) | ~grows)
    seen = ordered.filter(same.fill_null(False)).select(group).unique()
    return ordered.join(seen, on=group, how="semi", maintain_order="left") if len(seen) else ordered.clear()


def _conflicts(again: pl.DataFrame, key: list[str]) -> list[dict]:
    """The first of each two different rows of one key and moment."""
    return again.filter(pl.len().over(key) > 1).unique(key, keep="first", maintain_order=True).to_dicts()


def _named(name: str, row: dict, loan_ids: pl.Series) -> dict:
    """A conflict as the manifest keeps it: the table, the key in the lender's words, and when it is visible."""
    of_loan = {**row, "loan_id": loan_ids[row["loan"]]} if "loan" in row else row
    return {
        "table": name, "key": "/".join(str(of_loan[column]) for column in FACTS[name].key),
        "recorded_at": row["recorded_at"], "superseded_at": row["superseded_at"],
    }


def _reversals(payments: pl.DataFrame) -> pl.DataFrame:
    """Each reversal's row number and that of each version of the payment it names; -1 where the partition has none."""
    numbered = payments.with_row_index("row").with_columns(pl.col("row").cast(pl.Int32))
    back = numbered.filter(pl.col("reverses").is_not_null()).select("row", "reverses")
    named = numbered.select(pl.col("row").alias("target"), "payment_id")
    named = named.filter(pl.col("payment_id").is_in(back["reverses"].implode()))
    return back.join(named, left_on="reverses", right_on="payment_id", how="left").select(
        "row", pl.col("target").fill_null(-1)
    ).sort("row", "target")


