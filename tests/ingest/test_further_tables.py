"""Every table of the data dictionary can be loaded, lies in the store where its person or loan lies, and can be corrected."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from arrears import store
from arrears.ingest.loads import rows_in_force
from arrears.ingest.plain import bring_in
from arrears.tables import FACTS
from ingest.lender_files import Lender
from plain_books import arrears, loan, schedule

AT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
ROWS = {
    "loans": [loan("A"), loan("B", borrower_id="P-B")],
    "instalments": [*schedule("A"), *schedule("B")],
    "payments": [{"payment_id": "R1", "loan_id": "A", "paid_on": date(2026, 2, 12), "amount_minor": 1_000, "reverses": None}],
    "adjustments": [{"adjustment_id": "J1", "loan_id": "A", "effective_on": date(2026, 3, 1), "kind": "waive_penalty", "number": None,
                     "amount_minor": 5, "until_on": None}],
    "holds": [{"hold_id": "H1", "loan_id": "B", "kind": "dispute", "placed_on": date(2026, 3, 1), "lifted_on": None}],
    "borrowers": [{"borrower_id": "P-B", "kind": "enterprise", "region": "浙江", "industry": "retail", "sex": "female", "age_band": "35-44",
                   "language": "yue"}],
    "guarantors": [{"loan_id": "B", "guarantor_id": "P-C", "limit_minor": None}],
    "unscheduled": [{"loan_id": "U1", "borrower_id": "P-B", "product": "line", "currency": "CNY", "principal_minor": 7,
                     "disbursed_on": date(2020, 1, 1), "charged_off_minor": 3, "charged_off_on": date(2021, 1, 1), "recovered_minor": None}],
    "promises": [{"promise_id": "V1", "loan_id": "A", "promised_on": date(2026, 3, 1), "pay_by_on": date(2026, 3, 5), "amount_minor": 9}],
    "plans": [{"plan_id": "N1", "loan_id": "A", "agreed_on": date(2026, 3, 1), "number": number, "due_on": date(2026, 3 + number, 1),
               "amount_minor": 100, "ended_on": None} for number in (1, 2)],
    "contacts": [{"contact_id": "K1", "borrower_id": "P-B", "loan_id": None, "attempted_at": AT, "channel": "call", "direction": "outbound",
                  "relation": "debtor", "outcome": "answered"}],
    "consents": [{"consent_id": "E1", "borrower_id": "P-B", "kind": "electronic", "channel": "sms", "from_hour": None, "to_hour": None,
                  "given_at": AT, "revoked_at": None}],
    "projects": [{"project_id": "G1", "borrower_id": "P-B", "loan_id": "B", "industry": "building", "currency": "CNY", "budget_minor": 10,
                  "started_on": date(2026, 1, 1), "finish_by_on": date(2026, 9, 1), "finished_on": None}],
    "milestones": [{"project_id": "G1", "borrower_id": "P-B", "number": 1, "planned_on": date(2026, 2, 1), "reached_on": date(2026, 2, 9)}],
    "cash_flows": [{"borrower_id": "P-B", "month_on": date(2026, 2, 1), "currency": "CNY", "inflow_minor": 10, "outflow_minor": 8,
                    "debt_service_minor": 1, "tax_minor": None, "invoiced_minor": None, "largest_customer_ppm": 300_000}],
    "capacity": [{"works_on": date(2026, 3, 2), "team": "east", "channel": "call", "people": 4, "attempts_max": 400}],
    "events": [{"event_id": "T1", "borrower_id": "P-B", "loan_id": None, "kind": "failed_debit", "happened_at": AT}],
    "placements": [{"placement_id": "D1", "borrower_id": "P-B", "held_by": "east-07", "placed_on": date(2026, 2, 1), "returned_on": date(2026, 2, 20),
                    "returned_why": "idle"}],
}


@pytest.fixture
def lender(tmp_path) -> Lender:
    sources = "".join(f"  - source: {name}\n    files: [{name}*.parquet]\n    tables: {{{name}: as_is}}\n" for name in FACTS)
    lender = Lender(tmp_path, f"mapping: every table\nsources:\n{sources}")
    for name, rows in ROWS.items():
        schema = {column: dtype for column, dtype in FACTS[name].schema.items() if column != "recorded_at"}
        rows = [{column: row[column] for column in schema} for row in rows]
        pl.DataFrame(rows, schema=schema).write_parquet(lender.files / f"{name}.parquet")
    return lender


def test_the_rows_here_speak_of_every_table():
    assert set(ROWS) == set(FACTS)


def test_every_table_comes_in_as_it_is_and_is_laid_out(lender):
    ran = lender.ingest()
    assert ran.status == 0, ran.error
    frames = rows_in_force(store.book_at(lender.book))
    for name, rows in ROWS.items():
        said = frames[name].drop("recorded_at").sort(FACTS[name].key).collect()
        wanted = pl.DataFrame([{column: row[column] for column in said.columns} for row in rows], schema=said.schema)
        assert said.equals(wanted.sort(FACTS[name].key)), name
    assert len(lender.positions()) == 2
    manifest = bring_in(store.book_at(lender.book))
    assert manifest.orphans == {} and manifest.conflicts == []
    stored = {name for part in manifest.partitions.values() for name, about in part["tables"].items() if about["rows"]}
    assert stored == set(FACTS)


def test_a_plan_and_a_contact_are_corrected_each_in_its_own_way(lender):
    lender.ingest()
    plan = ROWS["plans"][0] | {"due_on": date(2026, 4, 8), "amount_minor": 200}
    moved = ROWS["contacts"][0] | {"borrower_id": "B-A", "outcome": "busy"}
    for name, rows in (("plans", [plan]), ("contacts", [moved])):
        schema = {column: dtype for column, dtype in FACTS[name].schema.items() if column != "recorded_at"}
        pl.DataFrame(rows, schema=schema).write_parquet(lender.files / f"{name}_2.parquet")
    ran = lender.ingest(lender.files / "plans_2.parquet", lender.files / "contacts_2.parquet", words=("--mode", "correction"))
    assert ran.status == 0, ran.error
    frames = rows_in_force(store.book_at(lender.book))
    assert frames["plans"].select("number", "amount_minor").collect().rows() == [(1, 200)], "a plan is replaced whole"
    assert frames["contacts"].select("borrower_id", "outcome").collect().rows() == [("B-A", "busy")]
    lender.positions()


def test_a_book_of_debts_without_schedules_says_that_nothing_can_be_positioned(lender):
    ran = lender.ingest(lender.files / "unscheduled.parquet", lender.files / "borrowers.parquet")
    assert ran.status == 0, ran.error
    refused = arrears("night", "--book", lender.book, "--as-of", "2026-04-30", "--lang", "en")
    assert refused.status == 2 and "nothing that can be positioned" in refused.error
    assert "unscheduled" in arrears("book", lender.book, "--lang", "en").out


def test_a_book_whose_loads_know_nothing_of_sex_age_band_and_language_takes_further_loads(lender):
    """As a version without these columns left it: its loads' files lack them."""
    assert lender.ingest().status == 0
    ledger = json.loads((book := store.book_at(lender.book)).ledger_path.read_text())
    (name,) = ledger["loads"][0]["tables"]["borrowers"]["files"]
    kept = book.load_folder(ledger["loads"][0]["id"]) / name
    pl.read_parquet(kept).drop("sex", "age_band", "language").write_parquet(kept)
    ledger["loads"][0]["tables"]["borrowers"]["files"][name] = store.digest_of_file(kept)
    book.ledger_path.write_text(json.dumps(ledger))
    told = pl.read_parquet(lender.files / "borrowers.parquet").with_columns(sex=pl.lit(None, pl.String), age_band=pl.lit(None, pl.String), language=pl.lit(None, pl.String))
    told.write_parquet(lender.files / "borrowers_2.parquet")
    ran = lender.ingest(lender.files / "borrowers_2.parquet")
    assert ran.status == 0, ran.error
    rows = rows_in_force(book)["borrowers"].collect()
    assert rows.drop("recorded_at").rows() == [("P-B", "enterprise", "浙江", "retail", None, None, None)], "the same row again, and no second one"


@pytest.mark.parametrize(("column", "value"), [("sex", "f"), ("age_band", "17")])
def test_a_sex_or_an_age_band_of_another_name_waits_in_quarantine(lender, column, value):
    pl.read_parquet(lender.files / "borrowers.parquet").with_columns(pl.lit(value).alias(column)).write_parquet(lender.files / "borrowers.parquet")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert lender.faults().select("column", "rule").rows() == [(column, "one_of")]


@pytest.mark.parametrize(("column", "value", "rule"), [("returned_on", date(2026, 1, 31), "return_dates"), ("returned_why", "tired", "one_of"), ("held_by", None, "empty")])
def test_a_case_that_came_back_before_it_was_placed_for_no_known_reason_or_from_nobody_waits_in_quarantine(lender, column, value, rule):
    kept = pl.read_parquet(lender.files / "placements.parquet")
    kept.with_columns(pl.lit(value, kept.schema[column]).alias(column)).write_parquet(lender.files / "placements.parquet")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert lender.faults().select("column", "rule").rows() == [(column, rule)]


def test_a_milestone_without_its_project_and_a_debt_in_both_tables_wait_in_quarantine(lender):
    pl.read_parquet(lender.files / "milestones.parquet").with_columns(project_id=pl.lit("G9")).write_parquet(lender.files / "milestones.parquet")
    pl.read_parquet(lender.files / "unscheduled.parquet").with_columns(loan_id=pl.lit("A")).write_parquet(lender.files / "unscheduled.parquet")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert sorted(lender.faults()["rule"]) == ["loan_in_both", "orphan_project"]
