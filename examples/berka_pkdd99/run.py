"""Lay the book of Berka's loans beside the data it came from, and list the loans whose payments are cut.

    .venv/bin/python examples/berka_pkdd99/run.py [--folder DIR] --book DIR

Exit status 0: all adds up. 2: the tables or the book are absent. 3: a sum differs. 4: the command refused.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import polars as pl
from berka_files import CUT_ON, LOAN_SYMBOL, FilesUnreadable, default_folder, read_tables


class NotReconciled(ValueError):
    """Two figures that must be equal are not."""


def arrears(*arguments: str) -> str:
    """What the command printed; raises CalledProcessError where it refused."""
    command = Path(sys.executable).with_name("arrears")
    return subprocess.run([str(command), *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout


def positions_on(book: Path, as_of: date) -> pl.DataFrame:
    """The positions of one night, through the command line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "positions.parquet"
        arrears("positions", "--book", str(book), "--as-of", as_of.isoformat(), "--out", str(out))
        return pl.read_parquet(out)


def minor(column: str) -> pl.Expr:
    """Crowns as hellers; every amount of the data has one decimal at most."""
    return (pl.col(column) * 100).round().cast(pl.Int64)


def figures_of(tables: dict[str, pl.DataFrame]) -> dict[str, int]:
    """What the data itself says, in rows and hellers, without the book."""
    loan = tables["loan"]
    order, paid = (tables[name].filter(pl.col("k_symbol") == LOAN_SYMBOL) for name in ("order", "trans_to_19940330"))
    ordered = order.join(loan, on="account_id")
    off = ordered.select((minor("amount") - minor("payments")).alias("off")).to_series()
    return {
        "loans": loan.height,
        "lent": loan.select(minor("amount").sum()).item(),
        "products": (loan["amount"] == loan["duration"] * loan["payments"]).sum(),
        "orders": order.height,
        "orders_of_no_loan": order.join(loan, on="account_id", how="anti").height,
        "orders_off": (off != 0).sum(),
        "off_most": off.abs().max(),
        "payments": paid.height,
        "paid": paid.select(minor("amount").sum()).item(),
    }


def reconcile(figures: dict[str, int], book: dict, positions: pl.DataFrame) -> None:
    """Raises NotReconciled unless data, book and positions say the same of loans, principal and payments."""
    tables = book["tables"]
    pairs = [
        ("loans of the data and of the book", figures["loans"], tables["loans"]["rows"]),
        ("amount of the data and of the book", figures["lent"], tables["loans"]["sums"]["principal_minor"]["CZK"]),
        ("amount and instalments", figures["lent"], tables["instalments"]["sums"]["principal_minor"]["CZK"]),
        ("transactions and payments, rows", figures["payments"], tables["payments"]["rows"]),
        ("transactions and payments", figures["paid"], tables["payments"]["sums"]["amount_minor"]["CZK"]),
        ("transactions and positions", figures["paid"], positions["paid_minor"].sum()),
    ]
    for what, left, right in pairs:
        if left != right:
            raise NotReconciled(f"{what}: {left} is not {right}")


def cut_loans(tables: dict[str, pl.DataFrame], positions: pl.DataFrame) -> pl.DataFrame:
    """One row per loan lent by the cut whose schedule runs beyond it: what was due and paid by then, what nobody sees."""
    paid = tables["trans_to_19940330"].filter(pl.col("k_symbol") == LOAN_SYMBOL)
    counts = paid.group_by("account_id").agg(pl.len().cast(pl.Int64).alias("paid"))
    due = (
        tables["loan"]
        .select("loan_id", "date", nth=pl.int_ranges(1, pl.col("duration") + 1))
        .explode("nth")
        .group_by("loan_id")
        .agg((pl.col("date").dt.offset_by(pl.format("{}mo", "nth")) <= CUT_ON).sum().cast(pl.Int64).alias("due"))
    )
    return (
        tables["loan"]
        .filter(pl.col("date") <= CUT_ON)
        .join(due, on="loan_id")
        .join(counts, on="account_id", how="left")
        .filter(pl.col("due") < pl.col("duration"))
        .with_columns(pl.col("loan_id").cast(pl.String), pl.col("paid").fill_null(0))
        .join(positions.select("loan_id", "days_past_due", "due_total_minor"), on="loan_id", how="left")
        .select("loan_id", "date", "duration", "due", "paid", "days_past_due", "due_total_minor", "status")
        .sort("date", "loan_id")
    )


def crowns(hellers: int) -> str:
    return f"{hellers // 100:,}.{hellers % 100:02d}"


def print_findings(figures: dict[str, int], cut: pl.DataFrame) -> None:
    late = cut.filter(pl.col("days_past_due") > 0)
    rounded = late.filter(pl.col("due_total_minor") <= figures["off_most"] * pl.col("due"))
    print(
        f"{figures['loans']} loans, lent {crowns(figures['lent'])}; amount = duration × payments in {figures['products']}"
    )
    print(
        f"{figures['orders']} orders of kind {LOAN_SYMBOL}: {figures['orders_of_no_loan']} of no loan; of the others "
        f"{figures['orders_off']} differ from loan.payments, by {crowns(figures['off_most'])} at most"
    )
    print(
        f"{figures['payments']} transactions of kind {LOAN_SYMBOL}: {crowns(figures['paid'])} in data, book and positions"
    )
    print(
        f"{cut.height} loans were lent by {CUT_ON} and run beyond it: their payments are cut. "
        f"{figures['loans'] - cut.height} were lent later: no payment of theirs is at hand"
    )
    print(f"{late.height} are late; {rounded.height} of them owe no more than the rounding of their order")
    print("\n| loan | lent on | instalments | due by the cut | paid by the cut | days late | due CZK | status |")
    print("|---|---|---:|---:|---:|---:|---:|---|")
    for row in cut.iter_rows(named=True):
        print(
            f"| {row['loan_id']} | {row['date']} | {row['duration']} | {row['due']} | {row['paid']} "
            f"| {row['days_past_due']} | {crowns(row['due_total_minor'])} | {row['status']} |"
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Lay the book of Berka's loans beside its data.")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where the tables are (.parquet)")
    parser.add_argument("--book", type=Path, required=True, help="the book that arrears ingest made")
    options = parser.parse_args(arguments)
    try:
        tables = read_tables(options.folder)
        book = json.loads(arrears("book", str(options.book), "--json"))
        positions = positions_on(options.book, CUT_ON)
        figures = figures_of(tables)
        reconcile(figures, book, positions)
    except FilesUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    except NotReconciled as error:
        print(error, file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)}: exit status {error.returncode}", file=sys.stderr)
        return 4
    print_findings(figures, cut_loans(tables, positions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
