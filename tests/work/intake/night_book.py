"""A finished night written by hand, as small as a test needs it: no step of the decision runs, so what is taken in can be told by heart."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from arrears import store
from arrears.days import microseconds_of
from arrears.store import Book, Manifest
from arrears.tables import POSITIONS
from arrears.tables.visible import ALWAYS, FOREVER

AS_OF = date(2026, 10, 31)
ANY = 'languages: any, stages: any, products: any, amount_most: any'
ROSTER = f"""teams: [early, late]
collectors:
  - {{name: zhang, team: early, owner: collector, works_from: "2024-03-01", cases_most: "60", minutes: "420", {ANY}}}
  - {{name: li, team: early, owner: collector, works_from: "2024-03-01", cases_most: "60", minutes: "420", {ANY}}}
  - {{name: zhou, team: late, owner: collector, works_from: "2024-03-01", cases_most: "60", minutes: "420", {ANY}}}
agencies:
  - {{name: river, contract_from: "2026-01-01", contract_until: "2027-01-01", evaluated_on: "2026-03-01", cases_most: "50", {ANY}, regions: any}}
"""


@dataclass(frozen=True)
class Loan:
    """One loan with its position; owed: due and claimable; outstanding: principal left."""

    loan_id: str
    owed: int = 100_00
    outstanding: int = 900_00
    days: int = 12
    currency: str = "CNY"

    @property
    def bucket(self) -> str:
        return "M1" if self.days else "M0"


@dataclass(frozen=True)
class Debtor:
    """One borrower on a night. listed: on the worklist, with one entry per currency. held_by, before: who has the case since, and who had it."""

    borrower_id: str
    loans: tuple[Loan, ...]
    listed: bool = True
    held_by: str | None = None
    before: str | None = None
    held_since: date = AS_OF
    left_why: str | None = None
    guarantors: tuple[str, ...] = ()
    payments: tuple[tuple[str, str, date, int, str | None], ...] = ()
    """payment_id, loan_id, paid_on, amount, reverses."""

    def but(self, **changed) -> "Debtor":
        return replace(self, **changed)


def debtor(name: str, *loans: Loan, **rest) -> Debtor:
    return Debtor(name, loans or (Loan(f"{name}-L1"),), **rest)


@dataclass
class NightBook:
    """A book's folder in which nights are written."""

    root: Path
    lender: str
    name: str = "样例银行"
    roster: str | None = ROSTER
    runs: int = field(default=0)

    def book(self) -> Book:
        return Book(self.root, self.root / "store")

    @property
    def lender_text(self) -> str:
        return f"id: {self.lender}\nname: {self.name}\nlaw: cn\nlicence: bank\nproducts: {{quick: consumer_loan}}\nother_product: consumer_loan\n"

    def night(self, debtors: list[Debtor], as_of: date = AS_OF) -> Book:
        """The night of the date over these debtors, and the store that it was done on; an earlier night of the same date is replaced."""
        self.runs += 1
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "lender.yaml").write_text(self.lender_text, encoding="utf-8")
        if self.roster is not None:
            (self.root / "roster.yaml").write_text(self.roster, encoding="utf-8")
        book, folder = self.book(), self.book().night(as_of)
        known_at = microseconds_of(datetime(as_of.year, as_of.month, as_of.day, 16, tzinfo=UTC))
        self._store(book, debtors)
        entries = self._entries(debtors)
        store.write_parquet(folder / "worklist.parquet", entries)
        store.write_parquet(folder / "decisions" / "p0000.parquet", self._decisions(debtors))
        store.write_parquet(folder / "positions" / "p0000.parquet", self._positions(debtors, as_of))
        store.write_parquet(folder / "cases.parquet", pl.DataFrame({"borrower_id": [one.borrower_id for one in debtors if one.listed], "language": [None for one in debtors if one.listed]},
                                                                   schema={"borrower_id": pl.String, "language": pl.String}))
        if self.roster is not None:
            store.write_parquet(folder / "assigned.parquet", self._assigned(debtors))
        store.write_bytes(folder / "summary.json", store.json_bytes({"worklist_rows": len(entries)}))
        run = {"as_of": as_of.isoformat(), "known_at": datetime.fromtimestamp(known_at / 1e6, UTC).isoformat(), "lender": self.lender_text, "roster": self.roster or "", "run": self.runs}
        store.write_bytes(folder / "run.json", json.dumps(run, ensure_ascii=False).encode())
        return book

    def _entries(self, debtors: list[Debtor]) -> pl.DataFrame:
        rows = []
        for one in debtors:
            for currency in sorted({loan.currency for loan in one.loans if loan.owed}) if one.listed else ():
                late = sorted((loan for loan in one.loans if loan.currency == currency and loan.owed), key=lambda loan: (-loan.days, loan.loan_id))
                rows.append({"rank": len(rows) + 1, "borrower_id": one.borrower_id, "loan_id": late[0].loan_id, "late_loans": len(late), "bucket": late[0].bucket, "days_past_due": late[0].days,
                             "product": "quick", "currency": currency, "claimable_minor": sum(loan.owed for loan in late), "treatment": "call", "reason_en": "late", "channel": "call",
                             "pay_probability": 0.25, "held_by": one.held_by})
        return pl.DataFrame(rows, schema={"rank": pl.Int64, "borrower_id": pl.String, "loan_id": pl.String, "late_loans": pl.Int64, "bucket": pl.String, "days_past_due": pl.Int32, "product": pl.String,
                                          "currency": pl.String, "claimable_minor": pl.Int64, "treatment": pl.String, "reason_en": pl.String, "channel": pl.String, "pay_probability": pl.Float64,
                                          "held_by": pl.String}, orient="row")

    def _decisions(self, debtors: list[Debtor]) -> pl.DataFrame:
        rows = [(loan.loan_id, one.borrower_id, loan.currency, loan.bucket, loan.days, loan.owed, "call", one.held_by) for one in debtors if one.listed for loan in one.loans if loan.owed]
        return pl.DataFrame(rows, schema={"loan_id": pl.String, "borrower_id": pl.String, "currency": pl.String, "bucket": pl.String, "days_past_due": pl.Int32, "claimable_minor": pl.Int64,
                                          "treatment": pl.String, "held_by": pl.String}, orient="row")

    def _positions(self, debtors: list[Debtor], as_of: date) -> pl.DataFrame:
        zero = {column.name: 0 for column in POSITIONS.columns if column.unit == "minor units"}
        rows = [{**zero, "loan_id": loan.loan_id, "as_of": as_of, "days_past_due": loan.days, "bucket": loan.bucket, "oldest_due_on": as_of if loan.days else None, "due_total_minor": loan.owed,
                 "claimable_minor": loan.owed, "outstanding_principal_minor": loan.outstanding, "cap_is_known": True, "next_due_on": None, "asset_class": "正常"} for one in debtors for loan in one.loans]
        return pl.DataFrame(rows, schema=POSITIONS.schema, orient="row").sort("loan_id")

    def _assigned(self, debtors: list[Debtor]) -> pl.DataFrame:
        rows = [(one.borrower_id, one.held_by, one.held_since if one.held_by else None, one.before, one.left_why) for one in debtors if one.held_by or one.before]
        return pl.DataFrame(rows, schema={"borrower_id": pl.String, "held_by": pl.String, "held_since": pl.Date, "before": pl.String, "left_why": pl.String}, orient="row")

    def _store(self, book: Book, debtors: list[Debtor]) -> None:
        span = {"recorded_at": ALWAYS, "superseded_at": FOREVER}
        loans = sorted(((loan, one) for one in debtors for loan in one.loans), key=lambda pair: pair[0].loan_id)
        place = {loan.loan_id: number for number, (loan, _) in enumerate(loans)}
        spans = {"recorded_at": pl.Int64, "superseded_at": pl.Int64}
        tables = {
            "loans": pl.DataFrame([{"loan_id": loan.loan_id, "borrower_id": one.borrower_id, "product": "quick", "currency": loan.currency, "loan": place[loan.loan_id], **span} for loan, one in loans],
                                  schema={"loan_id": pl.String, "borrower_id": pl.String, "product": pl.String, "currency": pl.String, "loan": pl.Int32, **spans}, orient="row"),
            "payments": pl.DataFrame([{"payment_id": key, "paid_on": day, "amount_minor": amount, "reverses": reverses, "loan": place[loan], **span} for one in debtors for key, loan, day, amount, reverses in one.payments],
                                     schema={"payment_id": pl.String, "paid_on": pl.Date, "amount_minor": pl.Int64, "reverses": pl.String, "loan": pl.Int32, **spans}, orient="row"),
            "guarantors": pl.DataFrame([{"guarantor_id": who, "loan": place[one.loans[0].loan_id], **span} for one in debtors for who in one.guarantors],
                                       schema={"guarantor_id": pl.String, "loan": pl.Int32, **spans}, orient="row"),
        }
        tables = {name: rows for name, rows in tables.items() if not rows.is_empty()}  # as the real store: what has no row has no file
        for name, rows in tables.items():
            store.write_parquet(book.store / "hand" / name / "p0000.parquet", rows)
        store.write_manifest(book, Manifest("hand", {"p0000": {"loans": len(loans), "tables": {name: {} for name in tables}}}, {}, [], {}))
