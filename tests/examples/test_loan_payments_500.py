"""The worked example on a messy file: every row is a loan or has a reason, and every day late is explained."""

import importlib.util
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "loan_payments_500"
SHARED = Path(os.environ.get("ARREARS_SHARED", ROOT.parent / "shared"))
FILE = SHARED / "data" / "loan_payments_500" / "loan_payments.parquet"

sys.path.insert(0, str(EXAMPLE))

import comparison  # noqa: E402
import loan_file  # noqa: E402

from plain_books import arrears  # noqa: E402

with_file = pytest.mark.skipif(not FILE.exists(), reason=f"the file of 500 short loans is absent: {FILE}")

HEAD = "Loan_ID,loan_status,Principal,terms,effective_date,due_date,paid_off_time,past_due_days,age\n"


def loaded(name: str):
    """A script of the example under a name of its own, since both examples have scripts called the same."""
    spec = importlib.util.spec_from_file_location(f"loan_payments_500_{name}", EXAMPLE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(tmp_path: Path, *lines: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    (tmp_path / "loans.csv").write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return loan_file.read_contracts(tmp_path / "loans.csv")


def twin_positions(contracts: pl.DataFrame):
    """Positions of loans of one instalment, told loan by loan in plain Python."""

    def on(night: date, known_at: datetime | None) -> pl.DataFrame:
        known = known_at or datetime(2100, 1, 1, tzinfo=UTC)
        rows = []
        for loan in contracts.iter_rows(named=True):
            paid = loan["paid_at"] is not None and loan["paid_at"] <= known and loan["paid_at"].date() <= night
            rows.append((loan["loan_id"], 0 if paid else max(0, (night - loan["due_on"]).days)))
        return pl.DataFrame(rows, schema={"loan_id": pl.String, "days_past_due": pl.Int32}, orient="row")

    return on


def test_dates_and_times_are_read_in_each_way_the_file_writes_them(tmp_path):
    contracts, left_out = read(
        tmp_path,
        "a,PAIDOFF,1000,30,9/8/2016,10/7/2016,9/14/2016 19:31,-23.0,45",
        "b,PAIDOFF,1000,30,2016-09-08,10/07/2016,10/7/2016 9:00,0,45",
        "c,COLLECTION,1000,15,9/8/2016,9/22/2016,nan,NaN,45",
    )
    assert left_out.is_empty()
    assert contracts["began_on"].to_list() == [date(2016, 9, 8)] * 3
    assert contracts["due_on"].to_list() == [date(2016, 10, 7), date(2016, 10, 7), date(2016, 9, 22)]
    assert contracts["paid_at"].to_list() == [
        datetime(2016, 9, 14, 19, 31, tzinfo=UTC), datetime(2016, 10, 7, 9, 0, tzinfo=UTC), None,
    ]
    assert contracts["past_due_days"].to_list() == [-23, 0, None]
    assert contracts["principal_minor"].to_list() == [100_000] * 3


@pytest.mark.parametrize(
    "line,reason",
    [
        ("a,PAIDOFF,1000,30,9/8/2016,10/7/2016,nan,0,45", "paid off, but no paid_off_time"),
        ("a,PAIDOFF,1000,30,9/8/2016,10/7/2016,soon,0,45", "paid_off_time is no time"),
        ("a,COLLECTION,1000,30,9/8/2016,10/7/2016,10/8/2016 9:00,1,45", "in collection, but with a paid_off_time"),
        ("a,COLLECTION,nan,30,9/8/2016,10/7/2016,,1,45", "no positive Principal"),
        ("a,COLLECTION,-5,30,9/8/2016,10/7/2016,,1,45", "no positive Principal"),
        ("a,LOST,1000,30,9/8/2016,10/7/2016,,1,45", "an unknown loan_status"),
        ("a,COLLECTION,1000,30,13/13/2016,10/7/2016,,1,45", "effective_date is no date"),
        ("a,COLLECTION,1000,30,9/8/2016,,,1,45", "due_date is no date"),
        ("a,COLLECTION,1000,30,9/8/2016,9/7/2016,,1,45", "due before it began"),
        ("a,PAIDOFF,1000,30,9/8/2016,10/7/2016,9/7/2016 9:00,0,45", "paid off before it began"),
        (",COLLECTION,1000,30,9/8/2016,10/7/2016,,1,45", "no Loan_ID"),
    ],
)
def test_a_row_that_is_no_loan_is_left_out_with_its_reason(tmp_path, line, reason):
    contracts, left_out = read(tmp_path, line, "z,COLLECTION,800,30,9/8/2016,10/7/2016,nan,62,45")
    assert contracts["loan_id"].to_list() == ["z"]
    assert left_out["reason"].to_list() == [reason]


def test_a_loan_named_twice_is_left_out_both_times(tmp_path):
    line = "a,COLLECTION,800,30,9/8/2016,10/7/2016,nan,62,45"
    contracts, left_out = read(tmp_path, line, line)
    assert contracts.is_empty()
    assert left_out["reason"].to_list() == ["a Loan_ID more than once"] * 2


def test_loans_in_collection_that_imply_different_days_have_no_common_day(tmp_path):
    contracts, _ = read(
        tmp_path,
        "a,COLLECTION,800,30,9/8/2016,10/7/2016,nan,62,45",
        "b,COLLECTION,800,30,9/8/2016,10/7/2016,nan,61,45",
    )
    with pytest.raises(loan_file.FileUnreadable, match="2 different days"):
        loan_file.implied_as_of(contracts)


@with_file
def test_no_loan_and_no_cent_is_lost_between_file_and_book():
    make_book = loaded("make_book")
    contracts, left_out = loan_file.read_contracts(FILE)
    book = make_book.book_of(contracts)
    make_book.reconcile(loan_file.totals_of(FILE), contracts, left_out, book)
    assert (contracts.height, left_out.height) == (500, 0)
    principal = sum(pl.read_parquet(FILE)["Principal"].to_list())
    assert book["loans"]["principal_minor"].sum() == principal * 100 == 47_160_000
    assert book["payments"].height == 400
    with pytest.raises(make_book.NotReconciled, match="payments"):
        short = book | {"payments": book["payments"].tail(-1)}
        make_book.reconcile(loan_file.totals_of(FILE), contracts, left_out, short)
    with pytest.raises(make_book.NotReconciled, match="rows of the file"):
        make_book.reconcile((501, principal * 100), contracts, left_out, book)


@with_file
def test_all_loans_in_collection_imply_one_and_the_same_day():
    contracts, _ = loan_file.read_contracts(FILE)
    assert loan_file.implied_as_of(contracts) == date(2016, 12, 8)


@with_file
def test_every_loan_falls_into_a_class_that_explains_its_days():
    contracts, _ = loan_file.read_contracts(FILE)
    compared = comparison.compare(contracts, date(2016, 12, 8), twin_positions(contracts))
    assert compared.height == 500
    assert compared["is_explained"].all()
    counts = dict(comparison.summary_of(compared).select("kind", "loans").iter_rows())
    assert counts == {
        comparison.EARLY: 161, comparison.ON_TIME: 138, comparison.LATE: 100, comparison.WAITING: 99,
        comparison.UNSAID: 1, comparison.TORN: 1,
    }
    equal = compared.filter(pl.col("file_days") == pl.col("our_days"))
    assert set(equal["kind"]) == {comparison.ON_TIME, comparison.LATE, comparison.WAITING}
    assert equal.height == 337
    assert compared.filter(pl.col("kind") == comparison.TORN)["loan_id"].to_list() == ["xqd20160428"]


@with_file
def test_the_readme_prints_what_comes_out(capsys):
    contracts, _ = loan_file.read_contracts(FILE)
    loaded("run").print_comparison(comparison.compare(contracts, date(2016, 12, 8), twin_positions(contracts)))
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out.strip() in readme
    terms = contracts.select(pl.col("term_days") - (pl.col("due_on") - pl.col("began_on")).dt.total_days()).to_series()
    assert (terms == 1).sum() == 458


@with_file
def test_a_day_that_is_not_ours_is_not_explained():
    contracts, _ = loan_file.read_contracts(FILE)
    right = twin_positions(contracts)

    def wrong(night: date, known_at: datetime | None) -> pl.DataFrame:
        return right(night, known_at).with_columns(days_past_due=pl.col("days_past_due") + 1)

    assert comparison.compare(contracts, date(2016, 12, 8), wrong)["is_explained"].sum() == 0


@with_file
def test_the_positions_of_the_command_are_those_of_the_dates(tmp_path):
    make_book, run = loaded("make_book"), loaded("run")
    assert make_book.main(["--file", str(FILE), "--out", str(tmp_path)]) == 0
    contracts, _ = loan_file.read_contracts(FILE)
    told = twin_positions(contracts)
    eve = comparison.eve_of(date(2016, 10, 12))
    for night, known_at in ((date(2016, 12, 8), None), (date(2016, 10, 12), eve), (date(2016, 10, 12), None)):
        found = run.positions_on(tmp_path, night, known_at).select("loan_id", "days_past_due")
        assert found.sort("loan_id").equals(told(night, known_at).sort("loan_id"))


@pytest.fixture(scope="module")
def ingested(tmp_path_factory) -> Path:
    """The book that the mapping alone makes of the file."""
    book = tmp_path_factory.mktemp("short_loans") / "book"
    ran = arrears("ingest", FILE, "--mapping", EXAMPLE / "mapping.yaml", "--book", book, "--lang", "en")
    assert ran.status == 0, ran.error
    assert ran.out.partition("What the book holds")[0].strip() in (EXAMPLE / "README.md").read_text(encoding="utf-8")
    return book


@with_file
def test_the_mapping_alone_gives_the_same_positions_as_the_script(ingested, tmp_path):
    run = loaded("run")
    assert loaded("make_book").main(["--file", str(FILE), "--out", str(tmp_path)]) == 0
    eve = comparison.eve_of(date(2016, 10, 12))
    for night, known_at in ((date(2016, 12, 8), None), (date(2016, 10, 12), eve), (date(2016, 10, 12), None)):
        found = run.positions_on(ingested, night, known_at)
        assert found.equals(run.positions_on(tmp_path, night, known_at)) and found.height == 500


@with_file
def test_the_ingested_book_holds_what_the_file_says(ingested):
    rows, tables = pl.read_parquet(FILE), json.loads(arrears("book", ingested, "--json").out)["tables"]
    paid = rows.filter(pl.col("paid_off_time").is_not_null() & (pl.col("paid_off_time") != "nan"))
    days = [tuple(map(int, text.split()[0].split("/"))) for text in paid["paid_off_time"]]
    spans = sorted(date(year, month, day).isoformat() for month, day, year in days)
    assert tables["loans"]["rows"] == tables["instalments"]["rows"] == tables["borrowers"]["rows"] == rows.height
    assert tables["loans"]["sums"] == {"principal_minor": {"USD": rows["Principal"].sum() * 100}}
    assert tables["payments"]["rows"] == paid.height == 400
    assert tables["payments"]["sums"]["amount_minor"] == {"USD": paid["Principal"].sum() * 100}
    assert tables["payments"]["dates"]["paid_on"] == [spans[0], spans[-1]]
    assert arrears("quarantine", "--book", ingested, "--json").out == ""


def test_an_absent_file_ends_with_status_2(tmp_path):
    script, absent = EXAMPLE / "make_book.py", tmp_path / "no.csv"
    command = [sys.executable, str(script), "--file", str(absent), "--out", str(tmp_path)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "no such file" in done.stderr
