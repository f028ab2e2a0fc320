"""Berka's loans through ingest: every order and transaction is accounted for, and the cut is said loan by loan."""

import importlib.util
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from plain_books import arrears

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "berka_pkdd99"
SHARED = Path(os.environ.get("ARREARS_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "data" / "berka_pkdd99"

sys.path.insert(0, str(EXAMPLE))

import berka_files  # noqa: E402

with_data = pytest.mark.skipif(not (FOLDER / "loan.parquet").exists(), reason=f"Berka's tables are absent: {FOLDER}")


def loaded(name: str):
    """A script of the example under a name of its own, since the examples have scripts called the same."""
    spec = importlib.util.spec_from_file_location(f"berka_pkdd99_{name}", EXAMPLE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def raw(name: str) -> pl.DataFrame:
    return pl.read_parquet(FOLDER / f"{name}.parquet")


def ingest(files: Path, book: Path, *words: str):
    return arrears("ingest", files, "--mapping", EXAMPLE / "mapping.yaml", "--book", book, "--lang", "en", *words)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("berka") / "files"
    assert loaded("prepare").main(["--folder", str(FOLDER), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def book(files) -> Path:
    book = files.parent / "book"
    ran = ingest(files, book, "--threshold", "3%")
    assert ran.status == 0, ran.error
    summary = "\n".join(line for line in ran.out.splitlines() if not line.startswith(("See and", "What the")))
    assert summary in (EXAMPLE / "README.md").read_text(encoding="utf-8")
    return book


@with_data
def test_orders_of_no_loan_are_more_than_a_load_may_have_by_itself(files, tmp_path):
    ran = ingest(files, tmp_path / "book")
    loans, orders = raw("loan"), raw("order").filter(pl.col("k_symbol") == "UVER")
    paid = raw("trans_to_19940330").filter(pl.col("k_symbol") == "UVER")
    stray = orders.filter(~pl.col("account_id").is_in(loans["account_id"].implode())).height
    assert ran.status == 2
    assert f"{stray} of {loans.height + orders.height + paid.height:,} records (2.3 %)" in ran.error


@with_data
def test_loans_schedules_and_payments_add_up_to_the_file(book):
    loans, paid = raw("loan"), raw("trans_to_19940330").filter(pl.col("k_symbol") == "UVER")
    assert (loans["amount"] == loans["duration"] * loans["payments"]).all()
    tables = json.loads(arrears("book", book, "--json").out)["tables"]
    hellers = sum(int(amount) * 100 for amount in loans["amount"])
    assert tables["loans"]["rows"] == loans.height == 682
    assert tables["loans"]["sums"]["principal_minor"] == tables["instalments"]["sums"]["principal_minor"] == {"CZK": hellers}
    assert tables["instalments"]["rows"] == loans["duration"].sum()
    assert tables["payments"]["rows"] == paid.height == 123
    assert tables["payments"]["sums"]["amount_minor"] == {"CZK": round(paid["amount"].sum() * 100)}
    assert tables["payments"]["dates"]["paid_on"] == ["1993-07-12", "1994-03-12"]


@with_data
def test_every_order_of_no_loan_waits_in_quarantine_and_nothing_else(book):
    faults = [json.loads(line) for line in arrears("quarantine", "--book", book, "--json").out.splitlines()]
    orders = raw("order")
    stray = orders.join(raw("loan"), on="account_id", how="anti").filter(pl.col("k_symbol") == "UVER")
    lines = {place + 2 for place, order in enumerate(orders["order_id"]) if order in set(stray["order_id"])}
    assert {fault["line"] for fault in faults} == lines and len(lines) == 35
    assert {(fault["file"], fault["rule"]) for fault in faults} == {("orders.csv", "empty")}


@with_data
def test_the_readme_prints_what_comes_out(book, capsys):
    run = loaded("run")
    assert run.main(["--folder", str(FOLDER), "--book", str(book)]) == 0
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    findings, _, table = capsys.readouterr().out.partition("\n\n")
    assert findings.strip() in readme and table.strip() in readme


@with_data
def test_lateness_is_that_of_the_dates_counted_by_hand(book):
    """Money settles the oldest instalment first; the rest is arithmetic on whole hellers."""
    positions = loaded("run").positions_on(book, berka_files.CUT_ON)
    paid = raw("trans_to_19940330").filter(pl.col("k_symbol") == "UVER")
    told = {}
    for loan in raw("loan").filter(pl.col("date") <= berka_files.CUT_ON).iter_rows(named=True):
        money = sum(round(amount * 100) for amount in paid.filter(pl.col("account_id") == loan["account_id"])["amount"])
        step, lent, days, owed = round(loan["payments"] * 100), loan["date"], 0, 0
        for nth in range(1, loan["duration"] + 1):
            months = lent.year * 12 + lent.month - 1 + nth
            first = date(months // 12, months % 12 + 1, 1)
            last_day = (date((months + 1) // 12, (months + 1) % 12 + 1, 1) - first).days
            due_on = first.replace(day=min(lent.day, last_day))
            if due_on > berka_files.CUT_ON:
                break
            short = max(0, step - money)
            money = max(0, money - step)
            days = days or ((berka_files.CUT_ON - due_on).days if short else 0)
            owed += short
        told[str(loan["loan_id"])] = (days, owed)
    found = {row[0]: row[1:] for row in positions.select("loan_id", "days_past_due", "due_total_minor").iter_rows()}
    assert found == told and len(told) == 37
    assert positions["paid_minor"].sum() == round(paid["amount"].sum() * 100) == 48_356_580


@with_data
def test_a_book_that_is_a_heller_off_is_refused(book):
    run = loaded("run")
    figures = run.figures_of(berka_files.read_tables(FOLDER))
    told = json.loads(arrears("book", book, "--json").out)
    positions = run.positions_on(book, berka_files.CUT_ON)
    run.reconcile(figures, told, positions)
    with pytest.raises(run.NotReconciled, match="transactions and payments"):
        run.reconcile(figures | {"paid": figures["paid"] + 1}, told, positions)


def test_an_account_of_two_loans_is_refused():
    prepare = loaded("prepare")
    loan = {"loan_id": [1, 2], "account_id": [7, 7], "date": [date(1993, 1, 1)] * 2, "amount": [12, 12], "duration": [12, 12],
            "payments": [1.0, 1.0], "status": ["A", "A"]}
    tables = {
        "loan": pl.DataFrame(loan), "order": pl.DataFrame({"order_id": [1], "account_id": [7], "amount": [1.0], "k_symbol": ["UVER"]}),
        "trans_to_19940330": pl.DataFrame({"trans_id": [1], "account_id": [7], "date": [date(1993, 2, 1)], "amount": [1.0], "k_symbol": ["UVER"]}),
        "disp": pl.DataFrame({"client_id": [3], "account_id": [7], "type": ["OWNER"]}),
        "client": pl.DataFrame({"client_id": [3], "district_id": [5]}), "district": pl.DataFrame({"A1": [5], "A3": ["Prague"]}),
    }
    with pytest.raises(prepare.NotReconciled, match="two loans"):
        prepare.joined(tables)
    one = prepare.joined(tables | {"loan": tables["loan"].head(1)})
    assert one["loans"]["region"].to_list() == ["Prague"] and one["transactions"]["loan_id"].to_list() == [1]


def test_absent_tables_end_with_status_2(tmp_path):
    command = [sys.executable, str(EXAMPLE / "prepare.py"), "--folder", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 2 and "no such file" in done.stderr
