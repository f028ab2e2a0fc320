"""A small book with a row in every table that features read, and its facts as they were known at a moment."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from arrears import store
from arrears.days import microseconds_of
from arrears.delinquency.assess import Assessed, assess
from arrears.delinquency.buckets import read_buckets
from arrears.ingest.judge import facts_of
from arrears.ingest.plain import bring_in
from arrears.law.caps import read_law
from arrears.scoring.loan_features import loan_features
from arrears.tables.facts import Facts
from arrears.tables.visible import LATEST_KNOWN
from plain_books import AS_OF, EARLY, loan, payment, schedule, write_rows

NIGHT = datetime(2026, 4, 30, 16, tzinfo=UTC)
"""Midnight in Shanghai at the end of AS_OF."""
LATER = datetime(2026, 6, 1, tzinfo=UTC)


def contact(contact_id: str, borrower_id: str, at: datetime, outcome: str = "answered", channel: str = "call", **more) -> dict:
    return {"contact_id": contact_id, "borrower_id": borrower_id, "loan_id": None, "attempted_at": at, "channel": channel,
            "direction": "outbound", "relation": "debtor", "outcome": outcome, "recorded_at": at, **more}


def event(event_id: str, borrower_id: str, kind: str, at: datetime, **more) -> dict:
    return {"event_id": event_id, "borrower_id": borrower_id, "loan_id": None, "kind": kind, "happened_at": at, "recorded_at": at, **more}


def promise(promise_id: str, loan_id: str, promised_on: date, pay_by_on: date, amount_minor: int, **more) -> dict:
    return {"promise_id": promise_id, "loan_id": loan_id, "promised_on": promised_on, "pay_by_on": pay_by_on,
            "amount_minor": amount_minor, "recorded_at": EARLY, **more}


def month(borrower_id: str, month_on: date, inflow: int | None, outflow: int | None = 0, service: int | None = 100, **more) -> dict:
    return {"borrower_id": borrower_id, "month_on": month_on, "currency": "CNY", "inflow_minor": inflow, "outflow_minor": outflow,
            "debt_service_minor": service, "tax_minor": None, "invoiced_minor": inflow, "largest_customer_ppm": 500_000,
            "recorded_at": EARLY, **more}


def milestone(project_id: str, borrower_id: str, number: int, planned_on: date, reached_on: date | None = None, **more) -> dict:
    return {"project_id": project_id, "borrower_id": borrower_id, "number": number, "planned_on": planned_on, "reached_on": reached_on,
            "recorded_at": EARLY, **more}


def project(project_id: str, borrower_id: str, finish_by_on: date, finished_on: date | None = None, **more) -> dict:
    return {"project_id": project_id, "borrower_id": borrower_id, "loan_id": None, "industry": None, "currency": "CNY",
            "budget_minor": 2_000_000, "started_on": date(2026, 1, 1), "finish_by_on": finish_by_on, "finished_on": finished_on,
            "recorded_at": EARLY, **more}


def hold(hold_id: str, loan_id: str, kind: str, placed_on: date, **more) -> dict:
    return {"hold_id": hold_id, "loan_id": loan_id, "kind": kind, "placed_on": placed_on, "lifted_on": None, "recorded_at": EARLY, **more}


def rich_book() -> dict[str, list[dict]]:
    """Three people: B1 with the worked example L1 and L2, which is on time; the firm B2 with L3, guaranteed by B1; B3, who paid nothing."""
    loans = [loan("L1", borrower_id="B1"), loan("L2", borrower_id="B1"), loan("L3", borrower_id="B2"), loan("L4", borrower_id="B3")]
    return {
        "loans": loans, "instalments": [row for one in loans for row in schedule(one["loan_id"])],
        "payments": [
            payment("P1", "L1", date(2026, 2, 12), 262_000), payment("P2", "L1", date(2026, 3, 20), 100_000),
            *(payment(f"Q{number}", "L2", date(2026, number, 9), 262_000) for number in (2, 3, 4)),
            payment("P3", "L3", date(2026, 2, 10), 262_000), payment("R3", "L3", date(2026, 2, 14), 262_000, "P3"),
        ],
        "adjustments": [{"adjustment_id": "A1", "loan_id": "L3", "effective_on": date(2026, 4, 1), "kind": "waive_penalty", "number": None,
                         "amount_minor": 100, "until_on": None, "recorded_at": EARLY}],
        "holds": [hold("H1", "L4", "dispute", date(2026, 4, 1)), hold("H2", "L2", "vulnerable", date(2026, 4, 1))],
        "borrowers": [
            {"borrower_id": name, "kind": kind, "region": "华东", "industry": industry, "recorded_at": EARLY}
            for name, kind, industry in (("B1", "person", None), ("B2", "enterprise", "retail"), ("B3", "person", None))],
        "guarantors": [{"loan_id": "L3", "guarantor_id": name, "limit_minor": None, "recorded_at": EARLY} for name in ("B1", "G9")],
        "promises": [
            promise("V1", "L1", date(2026, 3, 15), date(2026, 3, 20), 100_000), promise("V2", "L1", date(2026, 4, 1), date(2026, 4, 10), 50_000),
            promise("V3", "L1", date(2026, 4, 28), date(2026, 5, 4), 43_252)],
        "contacts": [
            contact("C1", "B1", datetime(2026, 4, 1, 2, tzinfo=UTC), "no_answer"), contact("C2", "B1", datetime(2026, 4, 20, 2, tzinfo=UTC)),
            contact("C3", "B1", datetime(2026, 4, 21, 2, tzinfo=UTC), "delivered", "sms"),
            contact("C4", "B1", datetime(2026, 4, 22, 2, tzinfo=UTC), direction="inbound"),
            contact("C5", "B3", datetime(2026, 4, 22, 2, tzinfo=UTC), "invalid_number")],
        "events": [event("E1", "B1", "failed_debit", datetime(2026, 4, 10, 1, tzinfo=UTC)), event("E2", "B1", "log_in", datetime(2026, 4, 25, 1, tzinfo=UTC)),
                   event("E3", "B3", "message_returned", datetime(2026, 2, 20, 1, tzinfo=UTC))],
        "cash_flows": [month("B2", date(2026, number, 1), 1_000 * number, 400) for number in (1, 2, 3)],
        "projects": [project("J1", "B2", date(2026, 4, 20))],
        "milestones": [milestone("J1", "B2", 1, date(2026, 2, 1), date(2026, 2, 11)), milestone("J1", "B2", 2, date(2026, 4, 1))],
    }


def known(book: dict, at: datetime | None = None) -> Facts:
    """The facts of the whole book as they were known at the moment, through the store."""
    with tempfile.TemporaryDirectory() as folder:
        home = store.book_at(write_rows(Path(folder) / "book", book))
        manifest = bring_in(home)
        (name,) = manifest.partitions
        return facts_of(home, manifest, name, LATEST_KNOWN if at is None else microseconds_of(at))


def assessed(facts: Facts, as_of: date = AS_OF) -> Assessed:
    return assess(facts, read_law(), read_buckets(), as_of)


def features_of(facts: Facts, as_of: date = AS_OF, **more) -> pl.DataFrame:
    found = assessed(facts, as_of)
    return loan_features(facts, found.positions, found.loans, as_of, **more)


def row_of(frame: pl.DataFrame, loan_id: str) -> dict:
    return frame.row(by_predicate=pl.col("loan_id") == loan_id, named=True)
