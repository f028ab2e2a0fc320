"""Turn the file of 500 short loans into a book, after checking that no loan and no cent was lost on the way.

    .venv/bin/python examples/loan_payments_500/make_book.py [--file PATH] --out DIR

Exit status 0: the book is written. 2: the file is absent or unreadable. 3: it does not add up.
"""

import argparse
import sys
from pathlib import Path

import polars as pl
from loan_file import FileUnreadable, default_file, read_contracts, totals_of

from arrears.tables import BORROWERS, INSTALMENTS, LOANS, PAYMENTS

CURRENCY = "USD"
"""The file names no currency; that its amounts are dollars is this example's assumption."""


class NotReconciled(ValueError):
    """Two sums that must be equal are not."""


def book_of(contracts: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The book's tables by name: one loan of one instalment each, and a payment where it was paid off.

    No interest, fee or penalty: the file tells of none. A loan paid off was paid its principal, since the file tells
    no amount. Regime `none`, because the file names no country whose law could cap anything.
    """
    begun = pl.col("began_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("recorded_at")
    nothing = pl.lit(0, pl.Int64)
    return {
        "loans": contracts.select(
            loan_id="loan_id",
            borrower_id=pl.lit("borrower-") + pl.col("loan_id"),
            product=pl.lit("single_") + pl.col("term_days").cast(pl.String) + pl.lit("_days"),
            currency=pl.lit(CURRENCY),
            principal_minor="principal_minor",
            annual_rate_ppm=nothing,
            penalty_rate_ppm=nothing,
            day_count=pl.lit(365, pl.Int64),
            grace_days=nothing,
            waterfall_scope=pl.lit("instalment"),
            waterfall_order=pl.lit("fee,penalty,interest,principal"),
            penalty_on_interest=pl.lit(False),
            disbursed_on="began_on",
            regime=pl.lit("none"),
            filed_on=pl.lit(None, pl.Date),
            restructured_on=pl.lit(None, pl.Date),
            recorded_at=begun,
        ).cast(LOANS.schema),
        "instalments": contracts.select(
            loan_id="loan_id",
            number=pl.lit(1, pl.Int64),
            due_on="due_on",
            principal_minor="principal_minor",
            interest_minor=nothing,
            fee_minor=nothing,
            recorded_at=begun,
        ).cast(INSTALMENTS.schema),
        "payments": contracts.filter(pl.col("paid_at").is_not_null())
        .select(
            payment_id=pl.col("loan_id") + "-paid-off",
            loan_id="loan_id",
            paid_on=pl.col("paid_at").dt.date(),
            amount_minor="principal_minor",
            reverses=pl.lit(None, pl.String),
            recorded_at="paid_at",
        )
        .cast(PAYMENTS.schema),
        "borrowers": contracts.select(
            borrower_id=pl.lit("borrower-") + pl.col("loan_id"),
            kind=pl.lit("person"),
            region=pl.lit(None, pl.String),
            industry=pl.lit(None, pl.String),
            sex=pl.lit(None, pl.String),
            age_band=pl.lit(None, pl.String),
            language=pl.lit(None, pl.String),
            recorded_at=begun,
        ).select(BORROWERS.names()).cast(BORROWERS.schema),
    }


def reconcile(
    totals: tuple[int, int], contracts: pl.DataFrame, left_out: pl.DataFrame, book: dict[str, pl.DataFrame]
) -> None:
    """Raises NotReconciled unless every row of the file is a loan or left out, and every cent is where it belongs.

    `totals` are the file's own rows and cents (loan_file.totals_of).
    """
    rows, principal = totals
    lent, kept_out = book["loans"]["principal_minor"].sum(), left_out["principal_minor"].sum()
    paid = contracts.filter(pl.col("paid_at").is_not_null())["principal_minor"].sum()
    sums = [
        ("rows of the file, and loans with rows left out", rows, book["loans"].height + left_out.height),
        ("Principal of the file, and loans with rows left out", principal, lent + kept_out),
        ("principal of the loans and of the instalments", lent, book["instalments"]["principal_minor"].sum()),
        ("principal of the loans paid off, and payments", paid, book["payments"]["amount_minor"].sum()),
    ]
    for what, left, right in sums:
        if left != right:
            raise NotReconciled(f"{what}: {left} is not {right}; the book is not written")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Turn the file of 500 short loans into a book.")
    parser.add_argument("--file", type=Path, default=default_file(), help=".parquet or .csv")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the book into")
    options = parser.parse_args(arguments)
    try:
        contracts, left_out = read_contracts(options.file)
        book = book_of(contracts)
        reconcile(totals_of(options.file), contracts, left_out, book)
    except FileUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    except NotReconciled as error:
        print(error, file=sys.stderr)
        return 3
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in book.items():
        table.write_parquet(options.out / f"{name}.parquet")
    if left_out.height:
        left_out.write_parquet(options.out / "left_out.parquet")
    rows = ", ".join(f"{table.height:,} {name}" for name, table in book.items())
    print(f"{contracts.height + left_out.height:,} rows of the file: {rows}; {left_out.height} left out")
    for reason, count in left_out.group_by("reason").len().sort("reason").iter_rows():
        print(f"  left out, {reason}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
