"""Join Berka's tables into the three files the mapping reads: loans, standing orders, transactions.

    .venv/bin/python examples/berka_pkdd99/prepare.py [--folder DIR] --out DIR

Joins only: every loan, order and transaction of the data is in its file, whatever it is for. Exit status 0: the files
are written. 2: the tables are absent or unreadable. 3: a join would lose or double a row.
"""

import argparse
import sys
from pathlib import Path

import polars as pl
from berka_files import FilesUnreadable, default_folder, read_tables
from polars.exceptions import ComputeError


class NotReconciled(ValueError):
    """A join lost a row, or made two of one."""


def joined(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The three files by name. Raises NotReconciled where an account has two loans or two owners, or a loan has none."""
    loan = tables["loan"]
    owners = (
        tables["disp"]
        .filter(pl.col("type") == "OWNER")
        .select("account_id", "client_id")
        .join(tables["client"], on="client_id", how="left")
        .join(tables["district"].rename({"A1": "district_id", "A3": "region"}), on="district_id", how="left")
        .drop("district_id")
    )
    contract = loan.select("account_id", "loan_id", "duration", "payments", loan_date="date")
    try:
        files = {
            "loans": loan.join(owners, on="account_id", how="left", validate="1:1"),
            "orders": tables["order"].join(contract, on="account_id", how="left", validate="m:1"),
            "transactions": tables["trans_to_19940330"].join(
                contract.select("account_id", "loan_id"), on="account_id", how="left", validate="m:1"
            ),
        }
    except ComputeError:
        raise NotReconciled("an account has two loans or two owners; its orders cannot be told apart") from None
    if owners_missing := files["loans"]["client_id"].null_count():
        raise NotReconciled(f"{owners_missing} loans are of an account without an owner")
    return files


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Join Berka's tables into the files the mapping reads.")
    parser.add_argument("--folder", type=Path, default=default_folder(), help="where the tables are (.parquet)")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the files into")
    options = parser.parse_args(arguments)
    try:
        files = joined(read_tables(options.folder))
    except FilesUnreadable as error:
        print(error, file=sys.stderr)
        return 2
    except NotReconciled as error:
        print(error, file=sys.stderr)
        return 3
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        rows.write_csv(options.out / f"{name}.csv")
    print(", ".join(f"{rows.height:,} {name}" for name, rows in files.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
