"""Turn the police-fine log into a book, after checking that the book says to the cent what the log says.

    .venv/bin/python examples/traffic_fines/make_book.py [--log PATH] --out DIR

Exit status 0: the book is written and reconciled. 2: the log is absent or unreadable. 3: it does not add up.
"""

import argparse
import sys
from pathlib import Path

import polars as pl
from traffic_book import book_of, kept, quarantine_of, write_book
from traffic_departures import departures
from traffic_log import LogUnreadable, default_log, read_events
from traffic_reconciliation import NotReconciled, euros, reconcile_book, year_ends


def print_departures(events: pl.DataFrame) -> None:
    print("\n| departure | cases | EUR | treatment; what the amount is |\n|---|---:|---:|---|")
    for row in departures(events).iter_rows(named=True):
        print(f"| {row['departure']} | {row['cases']:,} | {euros(row['amount_minor'])} | {row['treatment']} |")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Turn the police-fine log into a book.")
    parser.add_argument("--log", type=Path, default=default_log(), help=".xes, .xes.gz, .csv or .parquet")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the book into")
    options = parser.parse_args(arguments)
    try:
        events = read_events(options.log)
        usable = kept(events)
        book = book_of(usable)
        for as_of in year_ends(usable):
            reconcile_book(usable, book, as_of)
    except LogUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    except NotReconciled as error:
        print(error, file=sys.stderr)
        return 3
    write_book(book, options.out)
    left_out = quarantine_of(events)
    if left_out.height:
        left_out.write_parquet(options.out / "left_out.parquet")
    rows = ", ".join(f"{table.height:,} {name}" for name, table in book.items())
    print(f"{events['case_id'].n_unique():,} cases, {events.height:,} events: {rows}; log and book agree to the cent")
    print_departures(events)
    return 0


if __name__ == "__main__":
    sys.exit(main())
