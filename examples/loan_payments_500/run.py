"""Run one night over the book of 500 short loans and lay the file's past-due days beside ours.

    .venv/bin/python examples/loan_payments_500/run.py [--file PATH] --book DIR [--as-of DATE]

Exit status 0: every loan is explained. 2: the file or the book is absent. 3: a loan is not explained. 4: the command
refused.
"""

import argparse
import subprocess
import sys
import tempfile
from datetime import date, datetime
from functools import partial
from pathlib import Path

import polars as pl
from comparison import compare, summary_of
from loan_file import FileUnreadable, default_file, implied_as_of, read_contracts


def arrears(*arguments: str) -> str:
    """What the command printed; raises CalledProcessError where it refused."""
    command = Path(sys.executable).with_name("arrears")
    return subprocess.run([str(command), *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


def positions_on(book: Path, as_of: date, known_at: datetime | None) -> pl.DataFrame:
    """The positions of one night, through the command line."""
    known = [] if known_at is None else ["--known-at", known_at.isoformat()]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "positions.parquet"
        arrears("positions", "--book", str(book), "--as-of", as_of.isoformat(), *known, "--out", str(out))
        return pl.read_parquet(out)


def print_comparison(compared: pl.DataFrame) -> None:
    print("| class | loans | file's days | our days | equal | explained | why |\n|---|---:|---:|---:|---:|---:|---|")
    for row in summary_of(compared).iter_rows(named=True):
        print(
            f"| {row['kind']} | {row['loans']} | {_span(row, 'file')} | {_span(row, 'our')} "
            f"| {row['equal']} | {row['explained']} | {row['why']} |"
        )
    total = compared.height, (compared["file_days"] == compared["our_days"]).sum(), compared["is_explained"].sum()
    print(f"| all | {total[0]} | | | {total[1]} | {total[2]} | |")


def _span(row: dict, whose: str) -> str:
    least, most = row[f"{whose}_least"], row[f"{whose}_most"]
    return "nan" if least is None else f"{least}" if least == most else f"{least} to {most}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run a night over the book and compare its days with the file's.")
    parser.add_argument("--file", type=Path, default=default_file())
    parser.add_argument("--book", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, help="default: the day the file itself counted to")
    options = parser.parse_args(arguments)
    if not any((options.book / name).is_file() for name in ("loans.parquet", "loads/ledger.json")):
        print(f"{options.book}: no book there; ingest the file with mapping.yaml, or run make_book.py", file=sys.stderr)
        return 2
    try:
        contracts, _ = read_contracts(options.file)
        as_of = options.as_of or implied_as_of(contracts)
        print(arrears("night", "--book", str(options.book), "--as-of", as_of.isoformat()))
        compared = compare(contracts, as_of, partial(positions_on, options.book))
    except FileUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)}: exit status {error.returncode}", file=sys.stderr)
        return 4
    print_comparison(compared)
    unexplained = compared.filter(~pl.col("is_explained"))
    if unexplained.height:
        some = ", ".join(unexplained["loan_id"].head(5))
        print(f"{unexplained.height} loans are not explained: {some}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
