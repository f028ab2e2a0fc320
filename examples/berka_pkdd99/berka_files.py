"""Berka's tables, as the PKDD'99 challenge gave them, and what the joins need of them.

An account has at most one loan and exactly one owner, so that neither join can multiply a row.
"""

import os
from datetime import date
from pathlib import Path

import polars as pl

LOAN_SYMBOL = "UVER"
"""k_symbol of the standing orders and transactions that pay a loan."""

CUT_ON = date(1994, 3, 30)
"""The last day of the transactions that are at hand."""

TABLES = {
    "loan": ("loan_id", "account_id", "date", "amount", "duration", "payments", "status"),
    "order": ("order_id", "account_id", "amount", "k_symbol"),
    "trans_to_19940330": ("trans_id", "account_id", "date", "amount", "k_symbol"),
    "disp": ("client_id", "account_id", "type"),
    "client": ("client_id", "district_id"),
    "district": ("A1", "A3"),
}
"""The files that are read, and the columns of each."""

_ROOT = Path(__file__).resolve().parents[2]


class FilesUnreadable(ValueError):
    """The files cannot be read; the message says what, where and what to do."""


def default_folder() -> Path:
    """Where the files are looked for: beside the repository, or under ARREARS_SHARED."""
    return Path(os.environ.get("ARREARS_SHARED", _ROOT.parent / "shared")) / "data" / "berka_pkdd99"


def read_tables(folder: Path) -> dict[str, pl.DataFrame]:
    """The tables by name, with the columns named above. Raises FilesUnreadable for a missing file or column."""
    found = {}
    for name, columns in TABLES.items():
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise FilesUnreadable(f"{path}: no such file; say with --folder where the Berka tables are")
        rows = pl.read_parquet(path)
        if missing := [column for column in columns if column not in rows.columns]:
            raise FilesUnreadable(f"{path}: the file has no column {', '.join(missing)}")
        found[name] = rows.select(columns)
    return found
