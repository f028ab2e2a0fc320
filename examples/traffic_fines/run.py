"""Run the night of every 31 December over the book of fines, and reconcile log, book and positions to the cent.

    .venv/bin/python examples/traffic_fines/run.py [--log PATH] --book DIR

Each night knows only what was recorded by its own end, so the nights are those a city would have had. Exit status 0:
all add up. 2: the log or the book is absent or unreadable. 3: something does not add up. 4: the command refused.
"""

import argparse
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import traffic_log
from traffic_book import kept
from traffic_log import LogUnreadable, default_log, read_events
from traffic_reconciliation import (
    NotReconciled,
    euros,
    known_at,
    reconcile_book,
    reconcile_positions,
    year_ends,
)

BUCKETS = ("M0", "M1", "M2", "M3", "M4", "M5", "M6", "M6+")
TREATMENTS = ("hand_over", "letter", "leave_alone", "hold")
STRATEGY = Path(__file__).with_name("strategy.yaml")
ROSTER = Path(__file__).with_name("roster.yaml")

LINES = {
    "fine_minor": "fines created",
    "expense_minor": "+ expenses of sending",
    "penalty_minor": "+ penalties added",
    "dismissed_minor": "− dismissed",
    "lapsed_minor": "− lapsed, never notified",
    "owed_minor": "= owed in the book",
    "settled_minor": "of it settled by payments",
    "due_minor": "of it due and unpaid (positions)",
    "not_due_minor": "of it not yet due",
    "paid_minor": "payments in the log, the book and the positions",
    "unallocated_minor": "of them unallocated (positions)",
    "collected_minor": "payments of the year",
}
"""The lines of the reconciliation, by the name of their sum."""


def arrears(*arguments: str) -> str:
    """What the command printed; raises CalledProcessError where it refused."""
    command = Path(sys.executable).with_name("arrears")
    return subprocess.run([str(command), *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


def with_roster(book: Path) -> None:
    """Beside the book there is a roster.yaml: its own, else the example's."""
    if not (book / ROSTER.name).exists():
        shutil.copy(ROSTER, book)


def night_of(book: Path, as_of: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The night is finished under the book's folder; its positions, one row per loan, and its worklist."""
    arrears(
        "night", "--book", str(book), "--as-of", as_of.isoformat(), "--known-at", known_at(as_of).isoformat(),
        "--strategy", str(STRATEGY),
    )
    folder = book / "nights" / as_of.isoformat()
    return pl.read_parquet(folder / "positions" / "*.parquet"), pl.read_parquet(folder / "worklist.parquet")


def sums_of(events: pl.DataFrame, book: dict[str, pl.DataFrame], positions: pl.DataFrame, as_of: date) -> dict:
    """The reconciled sums of one night, with the number of loans and their due amounts by bucket."""
    counts = dict(positions.group_by("bucket").len().iter_rows())
    due = dict(positions.group_by("bucket").agg(pl.col("due_total_minor").sum()).iter_rows())
    return {
        "as_of": as_of,
        "loans": positions.height,
        "late": (positions["days_past_due"] > 0).sum(),
        "claimable_minor": positions["claimable_minor"].sum(),
        "buckets": {bucket: (counts.get(bucket, 0), due.get(bucket, 0)) for bucket in BUCKETS},
        **reconcile_book(events, book, as_of),
        **reconcile_positions(book, positions, as_of),
    }


def treated(events: pl.DataFrame, worklist: pl.DataFrame, as_of: date) -> dict:
    """How many loans the night gave each treatment, and how many of those to be handed over the city did hand over."""
    counts = dict(worklist.group_by("treatment").len().iter_rows())
    unwritten = worklist.filter((pl.col("rule") == "late") & (pl.col("treatment") == "leave_alone")).height
    later = events.filter((pl.col("activity") == traffic_log.HANDED_OVER) & (pl.col("happened_on") > as_of))
    listed = worklist.filter(pl.col("treatment") == "hand_over").join(
        later, left_on="loan_id", right_on="case_id", how="semi"
    )
    return {"treatments": {name: counts.get(name, 0) for name in TREATMENTS}, "unwritten": unwritten, "handed_over_later": listed.height}


def shared_out(book: Path, as_of: date) -> dict:
    """Of a finished night: people the gate lets be written to only once a person has looked, cases by who has them, what one more hour of a clerk would bring in."""
    folder = book / "nights" / as_of.isoformat()
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    cases = dict(pl.read_parquet(folder / "workload.parquet", columns=["name", "cases"]).iter_rows())
    hour = {limit["name"]: limit["hour_minor"] for limit in summary["choice"]["limits"]}.get("clerk_minutes", 0)
    return {"review": summary["gate"]["people"]["review"], "cases": cases, "hour_minor": hour}


def print_sums(nights: list[dict]) -> None:
    """Four tables: the reconciliation in euros, the loans by bucket, the worklist by treatment, the cases by who has them."""
    head = "".join(f" {night['as_of']} |" for night in nights)
    rule = "---:|" * len(nights)
    print(f"| EUR |{head}\n|---|{rule}")
    for name, words in LINES.items():
        print(f"| {words} |" + "".join(f" {euros(night[name])} |" for night in nights))
    print(f"\n| loans; EUR due |{head}\n|---|{rule}")
    print("| loans |" + "".join(f" {night['loans']:,} |" for night in nights))
    print("| late |" + "".join(f" {night['late']:,} |" for night in nights))
    for bucket in BUCKETS:
        cells = (night["buckets"][bucket] for night in nights)
        print(f"| {bucket} |" + "".join(f" {count:,}; {euros(due)} |" for count, due in cells))
    print("| claimable |" + "".join(f" {euros(night['claimable_minor'])} |" for night in nights))
    print(f"\n| treatment of the late |{head}\n|---|{rule}")
    for name in TREATMENTS:
        print(f"| {name} |" + "".join(f" {night['treatments'][name]:,} |" for night in nights))
    print("| of leave_alone: a letter was possible |" + "".join(f" {night['unwritten']:,} |" for night in nights))
    print("| of hand_over: handed over later |" + "".join(f" {night['handed_over_later']:,} |" for night in nights))
    print(f"\n| cases |{head}\n|---|{rule}")
    for name in sorted(set().union(*(night["cases"] for night in nights))):
        print(f"| {name} |" + "".join(f" {night['cases'].get(name, 0):,} |" for night in nights))
    print("| letters a person releases |" + "".join(f" {night['review']:,} |" for night in nights))
    print("| EUR one more clerk hour would bring |" + "".join(f" {euros(night['hour_minor'])} |" for night in nights))


def run_nights(log: Path, book: Path) -> list[dict]:
    """The reconciled sums of every year's end, with what was to be done about them and by whom."""
    with_roster(book)
    events = kept(read_events(log))
    tables = {name: pl.read_parquet(book / f"{name}.parquet") for name in ("loans", "instalments", "payments")}
    nights, paid_before = [], 0
    for as_of in year_ends(events):
        positions, worklist = night_of(book, as_of)
        sums = sums_of(events, tables, positions, as_of) | treated(events, worklist, as_of) | shared_out(book, as_of)
        nights.append(sums | {"collected_minor": sums["paid_minor"] - paid_before})
        paid_before = sums["paid_minor"]
    return nights


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run the year-end nights over the book of fines and reconcile them.")
    parser.add_argument("--log", type=Path, default=default_log(), help="the log the book was made from")
    parser.add_argument("--book", type=Path, required=True, help="the folder make_book.py wrote")
    options = parser.parse_args(arguments)
    if not (options.book / "loans.parquet").is_file():
        print(f"{options.book}: no book there; write one with make_book.py --out {options.book}", file=sys.stderr)
        return 2
    try:
        print_sums(run_nights(options.log, options.book))
    except LogUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    except NotReconciled as error:
        print(error, file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)}: exit status {error.returncode}", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
