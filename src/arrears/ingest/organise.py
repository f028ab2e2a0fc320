"""One partition's rows, sorted, each with the span of moments in which it is visible."""

from collections.abc import Callable

import polars as pl

from arrears.tables import FACTS
from arrears.tables.visible import FOREVER, broken_rules

_ORDER = {
    "instalments": ["loan", "due_on", "number", "recorded_at"],
    "payments": ["loan", "paid_on", "payment_id", "recorded_at"],
    "adjustments": ["loan", "effective_on", "adjustment_id", "recorded_at"],
    "holds": ["loan", "placed_on", "hold_id", "recorded_at"],
    "guarantors": ["loan", "guarantor_id", "recorded_at"],
    "borrowers": ["borrower_id", "recorded_at"],
    "loans": ["loan", "recorded_at"],
}
# A moment at which something of these tables is replaced is a moment of the whole group, not of the one row.
_REPLACED_BY = {"loans": ["loan"], "instalments": ["loan"], "guarantors": ["loan", "guarantor_id"], "borrowers": ["borrower_id"]}
_KEY = {"loans": ["loan"], "instalments": ["loan", "number"], "guarantors": ["loan", "guarantor_id"], "borrowers": ["borrower_id"]}


def organise(raw: dict[str, pl.DataFrame | None], replaced: dict, write: Callable[[str, pl.DataFrame], None]) -> dict:
    """Writes each table of one partition and returns what is to be known of it before it is read.

    loans: how many loans; tables: rows, latest recorded_at, whether a row replaces another, whether a row breaks a
    rule of its table; conflicts: two different rows of one key and moment.
    """
    known: dict = {"loans": 0, "tables": {}, "conflicts": []}
    payments = None
    for name, rows in raw.items():
        if rows is None:
            continue
        table = FACTS[name]
        spanned, conflicts = _spanned(name, rows, replaced.get(name))
        known["conflicts"] += conflicts
        if name == "loans":
            known["loans"] = spanned["loan"].n_unique()
        else:
            spanned = spanned.drop([c for c in ("loan_id",) if "loan" in spanned.columns])
        write(name, spanned)
        recorded = spanned["recorded_at"]
        known["tables"][name] = {
            "rows": len(spanned),
            "recorded_last": recorded.max(),
            "replaces": bool((spanned["superseded_at"] < FOREVER).any()),
            "suspect": bool(broken_rules(table, spanned.with_columns(loan_id=pl.lit("")) if name != "loans" else spanned)),
        }
        if name == "payments":
            payments = spanned
    if payments is not None:
        reversals = _reversals(payments)
        if not reversals.is_empty():
            write("reversals", reversals)
            known["tables"]["reversals"] = {"rows": len(reversals)}
    return known


def _spanned(name: str, rows: pl.DataFrame, replaced) -> tuple[pl.DataFrame, list[dict]]:
    """The rows in order, each with recorded_at and superseded_at as microseconds; and the conflicts among them."""
    conflicts: list[dict] = []
    forever = pl.lit(FOREVER, pl.Int64).alias("superseded_at")
    group = _REPLACED_BY.get(name)
    if group is None:
        if replaced is None:
            spanned = rows.with_columns(forever)
        else:
            key = FACTS[name].key[0]
            spanned = rows.unique().join(replaced[0], on=[key, "recorded_at"], how="left").with_columns(
                pl.col("superseded_at").fill_null(FOREVER)
            )
        return spanned.sort(_ORDER[name]), conflicts
    keys = _KEY[name]
    spanned = rows.sort(_ORDER[name])
    if _one_moment_each(spanned, group, keys):
        return spanned.with_columns(forever), conflicts
    spanned = spanned.unique(maintain_order=True)
    moments = spanned.select(*group, "recorded_at").unique().sort(*group, "recorded_at").with_columns(
        superseded_at=pl.col("recorded_at").shift(-1).over(group).fill_null(FOREVER)
    )
    spanned = spanned.join(moments, on=[*group, "recorded_at"], how="left", maintain_order="left")
    both = spanned.filter(pl.len().over([*keys, "recorded_at"]) > 1)
    for row in both.unique([*keys, "recorded_at"], maintain_order=True).head(100).iter_rows(named=True):
        conflicts.append({
            "table": name, "key": "/".join(str(row[column]) for column in FACTS[name].key),
            "recorded_at": row["recorded_at"], "superseded_at": row["superseded_at"],
        })
    return spanned, conflicts


def _one_moment_each(rows: pl.DataFrame, group: list[str], keys: list[str]) -> bool:
    """Every group bears one moment and every key stands once: the common case, seen in one pass."""
    if rows.is_empty():
        return True
    if keys == group:
        return rows.select(pl.struct(keys).n_unique() if len(keys) > 1 else pl.col(keys[0]).n_unique()).item() == len(rows)
    same = (pl.col("loan") == pl.col("loan").shift(1)) & (pl.col("recorded_at") != pl.col("recorded_at").shift(1))
    if rows.select(same.fill_null(False).any()).item():
        return False
    # Sorted by loan, due_on: a number that does not grow is looked at again, exactly.
    grows = (pl.col("loan") != pl.col("loan").shift(1)) | (pl.col("number") > pl.col("number").shift(1))
    if rows.select(grows.fill_null(True).all()).item():
        return True
    return rows.select(pl.struct(keys).n_unique()).item() == len(rows)


def _reversals(payments: pl.DataFrame) -> pl.DataFrame:
    """Each reversal's row number and that of each version of the payment it names; -1 where the partition has none."""
    numbered = payments.with_row_index("row").with_columns(pl.col("row").cast(pl.Int32))
    back = numbered.filter(pl.col("reverses").is_not_null()).select("row", "reverses")
    named = numbered.select(pl.col("row").alias("target"), "payment_id")
    named = named.filter(pl.col("payment_id").is_in(back["reverses"].implode()))
    return back.join(named, left_on="reverses", right_on="payment_id", how="left").select(
        "row", pl.col("target").fill_null(-1)
    ).sort("row", "target")


