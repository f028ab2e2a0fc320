"""The threshold is a share of the records a mapping takes, not of those its `keep` leaves out."""

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
