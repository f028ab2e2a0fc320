"""Write the fines as a city's own files would be: semicolons, decimal commas, days first; the mapping reads them.

    .venv/bin/python examples/traffic_fines/prepare.py [--log PATH] --out DIR

One row per version of a fine, of a demand (fine, expenses, penalty) and of a stop, and one per payment: what an event
log says only by its order. Exit status 0: the files are written. 2: the log is absent or unreadable.
"""

import argparse
import sys
from pathlib import Path

import polars as pl
from traffic_book import book_of, kept, quarantine_of
from traffic_log import LogUnreadable, default_log, read_events


def files_of(book: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The four files by name, every cell a text."""
    known = _day(pl.col("recorded_at").dt.date()).alias("known_on")
    return {
        "fines": book["loans"].select(
            fine="loan_id",
            debtor="borrower_id",
            amount=_euros("principal_minor"),
            created=_day(pl.col("disbursed_on")),
            stage=pl.col("product").replace_strict({"fine": "open", "fine_in_collection": "with the collector"}),
            known_on=known,
        ),
        "demands": book["instalments"].select(
            fine="loan_id",
            part="number",
            due=_day(pl.col("due_on")),
            fine_part=_euros("principal_minor"),
            costs=_euros("fee_minor"),
            known_on=known,
        ),
        "payments": book["payments"].select(
            receipt="payment_id", fine="loan_id", paid=_day(pl.col("paid_on")), amount=_euros("amount_minor")
        ),
        "stops": book["holds"].select(
            stop="hold_id",
            fine="loan_id",
            why=pl.col("kind").replace_strict({"dispute": "appeal", "legal_stay": "unknown code"}),
            from_day=_day(pl.col("placed_on")),
            to_day=_day(pl.col("lifted_on")),
            known_on=known,
        ),
    }


def _day(day: pl.Expr) -> pl.Expr:
    return day.dt.strftime("%d/%m/%Y")


def _euros(column: str) -> pl.Expr:
    cents = pl.col(column)
    return pl.format("{},{}", cents // 100, (cents % 100).cast(pl.String).str.zfill(2))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the police-fine log as a city's own files.")
    parser.add_argument("--log", type=Path, default=default_log(), help=".xes, .xes.gz, .csv or .parquet")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the files into")
    options = parser.parse_args(arguments)
    try:
        events = read_events(options.log)
    except LogUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    files = files_of(book_of(kept(events)))
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        rows.write_csv(options.out / f"{name}.csv", separator=";")
    print(", ".join(f"{rows.height:,} {name}" for name, rows in files.items()))
    print(f"{quarantine_of(events).height} cases left out: no debt as they stand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
