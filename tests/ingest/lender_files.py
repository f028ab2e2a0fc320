"""A small lender's files as CSV, the mapping that reads them, and the command line over them."""

import csv
import json
from pathlib import Path

import polars as pl

from arrears.tables import FACTS
from plain_books import Ran, arrears

MAPPING = """
mapping: a small lender
personal: {hashed: [身份证号], left_out: [姓名]}
sources:
  - source: loans
    files: ["loans*.csv"]
    tables:
      loans:
        loan_id: 借据号
        borrower_id: 身份证号
        product: {constant: quick}
        currency: {constant: CNY}
        principal_minor: {column: 金额, unit: major}
        annual_rate_ppm: {column: 年利率, unit: percent}
        penalty_rate_ppm: {column: 罚息率, unit: percent}
        day_count: {constant: 360}
        grace_days: {constant: 3}
        waterfall_scope: {constant: instalment}
        waterfall_order: {constant: "fee,penalty,interest,principal"}
        penalty_on_interest: {constant: "no"}
        disbursed_on: 放款日
        regime: {constant: cn_licensed}
  - source: instalments
    files: ["instalments*.csv"]
    tables:
      instalments:
        loan_id: 借据号
        number: 期数
        due_on: 到期日
        principal_minor: {column: 本金, unit: major}
        interest_minor: {column: 利息, unit: major}
        fee_minor: {constant: 0}
  - source: payments
    files: ["payments*.csv"]
    tables:
      payments:
        payment_id: 流水号
        loan_id: 借据号
        paid_on: 日期
        amount_minor: {column: 金额, unit: major}
        reverses: 冲销
"""
HEADERS = {
    "loans": ["借据号", "姓名", "身份证号", "金额", "年利率", "罚息率", "放款日"],
    "instalments": ["借据号", "期数", "到期日", "本金", "利息"],
    "payments": ["流水号", "借据号", "日期", "金额", "冲销"],
}


def loan_row(number: int, **changes) -> list[str]:
    row = {"借据号": f"L{number}", "姓名": f"张三{number}", "身份证号": f"1101011990{number:07d}X", "金额": "10,000.00", "年利率": "14.4",
           "罚息率": "21.6", "放款日": "2026-01-10", **changes}
    return [row[name] for name in HEADERS["loans"]]


def schedule_rows(number: int, principal: str = "2500.00", months=(2, 3, 4, 5)) -> list[list[str]]:
    return [[f"L{number}", str(place), f"2026-{month:02d}-10", principal, "120.00"] for place, month in enumerate(months, 1)]


def payment_row(name: str, loan: int, day: str = "2026-02-12", amount: str = "2620.00", reverses: str = "") -> list[str]:
    return [name, f"L{loan}", day, amount, reverses]


def write_csv(path: Path, table: str, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS[table])
        writer.writerows(rows)
    return path


class Lender:
    """A folder with the lender's files and mapping, and the book beside it."""

    def __init__(self, folder: Path, mapping: str = MAPPING):
        self.files, self.book = folder / "files", folder / "book"
        self.files.mkdir(parents=True)
        self.mapping = folder / "mapping.yaml"
        self.mapping.write_text(mapping, encoding="utf-8")

    def write(self, table: str, rows: list[list[str]], name: str | None = None) -> Path:
        return write_csv(self.files / f"{name or table}.csv", table, rows)

    def write_loans(self, count: int) -> None:
        """Loans 1 to count with schedules, and one payment each."""
        self.write("loans", [loan_row(number) for number in range(1, count + 1)])
        self.write("instalments", [row for number in range(1, count + 1) for row in schedule_rows(number)])
        self.write("payments", [payment_row(f"P{number}", number) for number in range(1, count + 1)])

    def ingest(self, *sources: object, words: tuple = ()) -> Ran:
        return arrears("ingest", *(sources or [self.files]), "--mapping", self.mapping, "--book", self.book, "--lang", "en", *words)

    def positions(self, as_of: str = "2026-04-30") -> pl.DataFrame:
        out = self.book.parent / "positions.parquet"
        ran = arrears("positions", "--book", self.book, "--as-of", as_of, "--out", out, "--lang", "en")
        assert ran.status == 0, ran.error
        return pl.read_parquet(out)

    def loaded(self, load: int, table: str = "payments") -> pl.DataFrame:
        """The rows that one load brought to a table."""
        paths = sorted((self.book / "loads" / f"{load:04d}").glob(f"{table}-*.parquet"))
        return pl.concat([pl.read_parquet(path) for path in paths]) if paths else FACTS[table].empty()

    def faults(self) -> pl.DataFrame:
        """What waits in quarantine, one row per fault."""
        lines = arrears("quarantine", "--book", self.book, "--json").out.splitlines()
        return pl.from_dicts([json.loads(line) for line in lines]) if lines else pl.DataFrame()
