"""The police-fine log as one table of events, whether it comes as XES, CSV or Parquet.

Source: Road Traffic Fine Management Process, 4TU.ResearchData, doi 10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5.
"""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import iterparse

import polars as pl

CREATED = "Create Fine"
SENT = "Send Fine"
NOTIFIED = "Insert Fine Notification"
PENALISED = "Add penalty"
PAID = "Payment"
HANDED_OVER = "Send for Credit Collection"
APPEALED_TO_PREFECTURE = "Insert Date Appeal to Prefecture"
APPEAL_FORWARDED = "Send Appeal to Prefecture"
RESULT_RECEIVED = "Receive Result Appeal from Prefecture"
RESULT_NOTIFIED = "Notify Result Appeal to Offender"
APPEALED_TO_JUDGE = "Appeal to Judge"

ACTIVITIES = (
    CREATED, SENT, NOTIFIED, PENALISED, PAID, HANDED_OVER, APPEALED_TO_PREFECTURE, APPEAL_FORWARDED,
    RESULT_RECEIVED, RESULT_NOTIFIED, APPEALED_TO_JUDGE,
)

EVENTS = {
    "case_id": pl.String(),
    "sequence": pl.Int64(),
    "activity": pl.String(),
    "happened_on": pl.Date(),
    "amount_minor": pl.Int64(),
    "expense_minor": pl.Int64(),
    "paid_minor": pl.Int64(),
    "total_paid_minor": pl.Int64(),
    "dismissal": pl.String(),
    "article": pl.Int64(),
    "vehicle_class": pl.String(),
}
"""One row per event, in the order of the log; amounts in euro cents, null where the event carries none."""

_TEXTS = {"case_id": "case_id", "activity": "activity", "dismissal": "dismissal", "vehicleclass": "vehicle_class"}
_AMOUNTS = {
    "amount": "amount_minor",
    "expense": "expense_minor",
    "payment_eur": "paid_minor",
    "totalpaymentamount": "total_paid_minor",
}
_SAME = {"timestamp": "date", "complete_timestamp": "date", "time:timestamp": "date", "paymentamount": "payment_eur"}
"""Names other editions of the log use for the same column."""

_NEEDED = ("case_id", "activity", "date", "amount", "expense", "payment_eur", "dismissal")


_ROOT = Path(__file__).resolve().parents[2]


class LogUnreadable(ValueError):
    """The log cannot be read; the message says what, where and what to do."""


def default_log() -> Path:
    """Where the sample is looked for: beside the repository, or under ARREARS_SHARED."""
    shared = Path(os.environ.get("ARREARS_SHARED", _ROOT.parent / "shared"))
    return shared / "data" / "traffic_fines_10k" / "traffic_fines.parquet"


def read_events(path: Path) -> pl.DataFrame:
    """The events of the log at `path`, as EVENTS describes them.

    Raises LogUnreadable for a missing file, an unknown ending, a missing column, an unknown activity, or an amount
    that is not a whole number of cents.
    """
    if not path.exists():
        raise LogUnreadable(
            f"{path}: no such file; fetch the log from doi 10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5 "
            "and give its path with --log"
        )
    name = path.name.lower()
    if name.endswith((".xes", ".xes.gz")):
        rows = pl.DataFrame(_xes_events(path), schema=_XES_COLUMNS)
    elif name.endswith(".parquet"):
        rows = pl.read_parquet(path)
    elif name.endswith((".csv", ".csv.gz")):
        rows = pl.read_csv(path, infer_schema=False, null_values=["", "NA"])
    else:
        raise LogUnreadable(f"{path}: unknown ending; give a file ending in .xes, .xes.gz, .csv or .parquet")
    return _normalise(rows, path)


def _normalise(rows: pl.DataFrame, path: Path) -> pl.DataFrame:
    rows = rows.rename({column: column.lower() for column in rows.columns})
    rows = rows.rename({old: new for old, new in _SAME.items() if old in rows.columns and new not in rows.columns})
    missing = [column for column in _NEEDED if column not in rows.columns]
    if missing:
        raise LogUnreadable(f"{path}: the log has no column {', '.join(missing)}; without it no debt can be told")
    absent = [column for column in ("totalpaymentamount", "article", "vehicleclass") if column not in rows.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(column) for column in absent)
    day = pl.col("date")
    events = rows.select(
        *(pl.col(old).cast(pl.String).alias(new) for old, new in _TEXTS.items()),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("sequence"),
        # The first ten characters are the local day; turning the zone into UTC would move it to the day before.
        day.cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d").alias("happened_on"),
        pl.col("article").cast(pl.Float64).cast(pl.Int64),
        *(_cents(old, path, rows).alias(new) for old, new in _AMOUNTS.items()),
    )
    unknown = sorted(set(events["activity"].unique()) - set(ACTIVITIES))
    if unknown:
        raise LogUnreadable(f"{path}: unknown activity {', '.join(unknown)}; say in traffic_log.py what it does")
    return events.select(EVENTS.keys()).cast(EVENTS)


def _cents(column: str, path: Path, rows: pl.DataFrame) -> pl.Series:
    hundredfold = rows[column].cast(pl.Float64) * 100
    cents = hundredfold.round()
    torn = ((hundredfold - cents).abs() > 1e-6).sum()
    if torn:
        raise LogUnreadable(f"{path}: {torn} values of {column} are no whole number of cents; money would be lost")
    return cents.cast(pl.Int64)


_XES_COLUMNS = {
    "case_id": pl.String(),
    "concept:name": pl.String(),
    "time:timestamp": pl.String(),
    "amount": pl.String(),
    "expense": pl.String(),
    "paymentAmount": pl.String(),
    "totalPaymentAmount": pl.String(),
    "dismissal": pl.String(),
    "article": pl.String(),
    "vehicleClass": pl.String(),
    "activity": pl.String(),
}


def _xes_events(path: Path) -> list[dict[str, str]]:
    rows = []
    for trace in _xes_traces(path):
        case_id = next((a.get("value") for a in trace if a.get("key") == "concept:name"), None)
        for event in (child for child in trace if _tag(child) == "event"):
            values = {attribute.get("key"): attribute.get("value") for attribute in event}
            row = {column: values.get(column) for column in _XES_COLUMNS}
            rows.append(row | {"case_id": case_id, "activity": values.get("concept:name")})
    return rows


def _xes_traces(path: Path) -> Iterator:
    """The traces of the file one by one; each is forgotten once it was read, so memory stays flat."""
    opened = gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    with opened as stream:
        steps = iterparse(stream, events=("start", "end"))
        _, root = next(steps)
        for step, element in steps:
            if step == "end" and _tag(element) == "trace":
                yield element
                root.clear()


def _tag(element) -> str:
    return element.tag.rpartition("}")[2]
