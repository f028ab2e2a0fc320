"""Firms without schedules through ingest: what is known is in the book, and nobody is called late."""

import json
import os
import shlex
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from plain_books import arrears

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "sba_case_ca"
SHARED = Path(os.environ.get("ARREARS_SHARED", ROOT.parent / "shared"))
FILE = SHARED / "data" / "sba_case_ca" / "sba_case.parquet"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
FIRST_DAY = date(1990, 1, 1)

pytestmark = pytest.mark.skipif(not FILE.exists(), reason=f"the file of SBA loans is absent: {FILE}")


def ingest(book: Path, *words: str):
    return arrears("ingest", FILE, "--mapping", EXAMPLE / "mapping.yaml", "--book", book, "--lang", "en", *words)


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    book = tmp_path_factory.mktemp("sba") / "sba"
    ran = ingest(book)
    assert ran.status == 0, ran.error
    assert ran.out.strip().replace(str(book), "build/sba") in README
    return book


@pytest.fixture(scope="module")
def sound() -> pl.DataFrame:
    """The file's rows that a book may hold."""
    return pl.read_parquet(FILE).filter(pl.col("DisbursementDate_iso") >= FIRST_DAY)


def test_every_firm_and_every_dollar_is_in_the_book_as_the_file_says(book, sound):
    told = json.loads(arrears("book", book, "--json").out)
    debts = told["tables"]["unscheduled"]
    assert debts["rows"] == told["tables"]["borrowers"]["rows"] == told["gaps"]["debts_without_schedule"] == sound.height == 2_087
    assert debts["sums"] == {
        "principal_minor": {"USD": sum(sound["DisbursementGross"]) * 100}, "charged_off_minor": {"USD": sum(sound["ChgOffPrinGr"]) * 100},
    }
    spans = {"disbursed_on": "DisbursementDate_iso", "charged_off_on": "ChgOffDate_iso"}
    assert debts["dates"] == {
        name: [sound[column].min().isoformat(), sound[column].max().isoformat()] for name, column in spans.items()
    }
    assert set(told["tables"]) == {"borrowers", "unscheduled"}


def test_each_row_is_the_firm_s_own(book, sound):
    (path,) = (book / "loads/0001").glob("unscheduled*.parquet")
    found = pl.read_parquet(path).select("loan_id", "principal_minor", "disbursed_on", "charged_off_minor", "charged_off_on", "recovered_minor")
    wanted = sound.select(
        pl.col("LoanNr_ChkDgt").cast(pl.String), pl.col("DisbursementGross") * 100, "DisbursementDate_iso", pl.col("ChgOffPrinGr") * 100,
        "ChgOffDate_iso", pl.lit(None, pl.Int64),
    )
    assert sorted(found.rows()) == sorted(wanted.rows())
    (path,) = (book / "loads/0001").glob("borrowers*.parquet")
    firms = pl.read_parquet(path).select("borrower_id", "kind", "region", "industry").cast(pl.String)
    assert sorted(firms.rows()) == sorted(
        (str(number), "enterprise", state, str(naics)) for number, state, naics in sound.select("LoanNr_ChkDgt", "State", "NAICS").rows())


def test_what_is_too_old_or_has_no_date_waits_in_quarantine(book):
    rows = pl.read_parquet(FILE)
    wanted = {place + 1: "empty" if day is None else "date_early" for place, day in enumerate(rows["DisbursementDate_iso"])
              if day is None or day < FIRST_DAY}
    faults = [json.loads(line) for line in arrears("quarantine", "--book", book, "--json").out.splitlines()]
    assert {fault["line"]: fault["rule"] for fault in faults} == wanted and len(faults) == 14
    assert arrears("quarantine", "--book", book, "--lang", "en").out.strip() in README


def test_the_threshold_is_one_a_stricter_lender_would_not_pass(tmp_path):
    ran = ingest(tmp_path / "book", "--threshold", "0.5%")
    assert ran.status == 2 and "14 of 2,101 records (0.7 %)" in ran.error


def test_a_night_is_refused_with_the_sentence_of_the_page(book):
    for command in ("night", "positions"):
        words = shlex.split(f"--as-of 2014-12-31{' --out p.parquet' if command == 'positions' else ''} --lang en")
        ran = arrears(command, "--book", book, *words)
        assert ran.status == 2
        assert ran.error.strip().replace(str(book), "build/sba") in README
    assert not (book / "nights").exists()


def test_firms_paid_in_full_with_an_amount_written_off_are_counted(sound):
    odd = sound.filter((pl.col("MIS_Status") == "P I F") & (pl.col("ChgOffPrinGr") > 0))
    written_off = sound.filter(pl.col("ChgOffDate_iso").is_not_null())
    assert (odd.height, written_off.height) == (11, 697)
    assert "11 firms" in README and "697 debts" in README
