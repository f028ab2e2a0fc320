"""The threshold is a share of the records a mapping takes, not of those its `keep` leaves out."""

import json

import pytest

from ingest.lender_files import MAPPING, Lender, payment_row
from plain_books import arrears

KEEP = MAPPING.replace('files: ["payments*.csv"]', 'files: ["payments*.csv"]\n    keep: {column: 冲销, is: [""]}')


@pytest.fixture
def lender(tmp_path) -> Lender:
    """Ten payments are taken, one of them bad; a thousand are left out."""
    lender = Lender(tmp_path, KEEP)
    lender.write_loans(1)
    good = [payment_row(f"P{number}", 1, amount="1.00") for number in range(9)]
    left_out = [payment_row(f"X{number}", 1, reverses="other") for number in range(1000)]
    lender.write("payments", [*good, payment_row("P9", 1, amount="abc"), *left_out])
    return lender


def test_records_left_out_by_keep_do_not_dilute_the_share_in_quarantine(lender):
    ran = lender.ingest()
    assert ran.status == 2 and "1 of 15 records (6.7 %) would go to quarantine" in ran.error


def test_the_summary_says_the_same_share(lender):
    ran = lender.ingest(words=("--threshold", "7%"))
    assert ran.status == 0 and "quarantine: 1 records (6.67 %)" in ran.out, ran.out + ran.error


def test_a_refused_dry_run_says_how_its_quarantine_can_be_seen(lender):
    ran = lender.ingest(words=("--dry-run",))
    assert ran.status == 2 and "--refused" in ran.error and "without --dry-run" in ran.error
    assert not [path for path in lender.book.rglob("*") if path.is_file()]
    assert "without --dry-run" not in lender.ingest().error
    assert lender.faults().is_empty()
    assert "payments.csv" in arrears("quarantine", "--book", lender.book, "--refused", "--lang", "en").out


SAID = 'payments.csv, line 11: column 金额: "abc" is not a number; write digits only, such as 1234.56 [not_a_number]'


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_refusal_shows_the_first_faults_in_the_users_language(lender, words):
    error = lender.ingest(words=words).error
    assert SAID in error and error.count("not_a_number") == 3
    zh = arrears("ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book, "--lang", "zh", *words).error
    assert "payments.csv 第 11 行：列 金额：“abc” 不是数字" in zh and SAID not in zh


def test_a_dry_run_shows_the_first_faults_and_how_to_list_each_of_them(lender):
    ran = lender.ingest(words=("--dry-run", "--threshold", "7%"))
    assert ran.status == 0 and SAID in ran.out and "the same command with --json" in ran.out
    (fault,) = json.loads(lender.ingest(words=("--dry-run", "--threshold", "7%", "--json")).out)["faults"]
    assert (fault["file"], fault["line"], fault["column"], fault["value"], fault["rule"]) == ("payments.csv", 11, "金额", "abc", "not_a_number")


def test_ten_faults_are_shown_and_of_every_rule_one(lender):
    many = [payment_row(f"N{number}", 1, amount="x") for number in range(30)]
    lender.write("payments", [*many, payment_row("D", 1, day="2026-02-30"), payment_row("O", 99)])
    error = lender.ingest().error
    lines = [line for line in error.splitlines() if line.startswith("  payments.csv")]
    assert len(lines) == 10 and lines == sorted(lines, key=lambda line: int(line.split("line ")[1].split(":")[0]))
    assert [line.rsplit("[")[-1] for line in lines[-2:]] == ["no_such_day]", "orphan]"] and "… and 22 more" in error


def test_what_was_refused_is_shown_as_that_and_not_taken_back(lender, tmp_path):
    assert "There is no refused load" in _quarantine(lender, "--refused").out
    lender.ingest()
    shown = _quarantine(lender, "--refused").out
    assert shown.startswith("The refused load: 1 records") and "--take-back" not in shown and "run arrears ingest again" in shown
    out = tmp_path / "refused.xlsx"
    assert "to look at only" in _quarantine(lender, "--refused", "--export", out).out
    ran = _quarantine(lender, "--take-back", out)
    assert ran.status == 2 and "of a load that was refused" in ran.error and "被拒绝的装载" in ran.error


def _quarantine(lender: Lender, *words: object):
    lender.book.mkdir(exist_ok=True)
    return arrears("quarantine", "--book", lender.book, "--lang", "en", *words)
