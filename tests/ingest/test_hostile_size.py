"""Files too large, too wide, or not yet finished: a file's size is no reason to lose a row, nor the machine's memory.

ARREARS_LONG=1 adds the file of 10 GB on 2 GB of memory; it is made on the fly and removed.
"""

import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from arrears.ingest import delimited
from ingest.lender_files import HEADERS, Lender, loan_row, schedule_rows
from plain_books import arrears, files_of

LONG = os.environ.get("ARREARS_LONG") == "1"
MEASURED = """
import resource, sys
from arrears.cli import app
try:
    app(sys.argv[1:], standalone_mode=False)
finally:
    print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""
"""The command line in a process of its own, which tells its highest resident memory in MB."""


@pytest.fixture
def lender(tmp_path) -> Lender:
    lender = Lender(tmp_path)
    lender.write("loans", [loan_row(1), loan_row(2)])
    lender.write("instalments", [*schedule_rows(1), *schedule_rows(2)])
    assert lender.ingest().status == 0
    return lender


def payments_file(path: Path, rows: int, filling: str = "", changed: dict[int, str] | None = None, loans: int = 1) -> None:
    """So many payments of one yuan to L1, or to the first loans, with a last column of filling that nothing takes.

    The rows of `changed` are as they are given.
    """
    changed, block = changed or {}, 100_000
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join([*HEADERS["payments"], "备注"]) + "\n")
        for first in range(1, rows + 1, block):
            lines = [f"P{number:09d},L{number % loans + 1},2026-02-12,1,,{filling}\n" for number in range(first, min(first + block, rows + 1))]
            for number in changed.keys() & set(range(first, first + len(lines))):
                lines[number - first] = changed[number] + "\n"
            file.writelines(lines)


def measured(lender: Lender, path: Path) -> tuple[int, subprocess.CompletedProcess]:
    """The peak of resident memory in MB, and what the command said."""
    words = ["ingest", path, "--mapping", lender.mapping, "--book", lender.book, "--lang", "en"]
    ran = subprocess.run([sys.executable, "-c", MEASURED, *map(str, words)], capture_output=True, text=True, check=False)
    peaks = [line for line in ran.stderr.splitlines() if line.startswith("PEAK ")]
    assert ran.returncode == 0 and peaks, ran.stderr[-2000:]
    return int(peaks[-1].split()[1]), ran


def test_memory_does_not_grow_with_the_file(lender):
    """A file, and one four times as large: 60 MB and 240 MB, of which the larger may not take 60 MB more."""
    small, large = lender.files / "payments_small.csv", lender.files / "payments_large.csv"
    payments_file(small, 50_000, "备" * 400)
    payments_file(large, 200_000, "备" * 400)
    assert large.stat().st_size > 240_000_000
    first, _ = measured(lender, small)
    arrears("take-back", 2, "--book", lender.book)
    second, ran = measured(lender, large)
    assert "payments: new 200,000" in ran.stdout
    assert second < first + 60, (first, second)
    rows = lender.loaded(3)
    assert len(rows) == rows["payment_id"].n_unique() == 200_000 and rows["amount_minor"].sum() == 20_000_000
    assert lender.positions()["paid_minor"].to_list() == [20_000_000, 0]


@pytest.mark.skipif(not LONG, reason="ARREARS_LONG=1 makes a file of 10 GB")
def test_ten_gigabytes_are_read_on_two_gigabytes_of_memory(lender):
    lender.write("loans", [loan_row(number) for number in range(3, 5_001)], "loans_2")
    lender.write("instalments", [row for number in range(3, 5_001) for row in schedule_rows(number)], "instalments_2")
    assert lender.ingest(lender.files / "loans_2.csv", lender.files / "instalments_2.csv").status == 0
    path = lender.files / "payments.csv"
    try:
        payments_file(path, 8_000_000, "备" * 410, loans=5_000)
        assert path.stat().st_size > 10_000_000_000
        peak, ran = measured(lender, path)
    finally:
        path.unlink()
    assert "payments: new 8,000,000" in ran.stdout
    assert peak < 2_000, peak
    assert lender.positions()["paid_minor"].to_list() == [160_000] * 5_000


def test_a_column_that_changes_its_type_in_row_900_000(lender):
    """Whole numbers and days to begin with; then fen, another way of writing days, an id of digits, a word, a letter."""
    path = lender.files / "payments.csv"
    changed = {900_000: "900000,L2,2026/3/1,12.34,,", 900_001: '900001,L2,2026年3月2日,"1,000.50",,', 900_002: "X1,L2,2026-03-01,金额,,",
               900_003: "X2,L2,soon,1,,"}
    payments_file(path, 900_010, changed=changed)
    ran = lender.ingest(path)
    assert ran.status == 0 and "payments: new 900,008, quarantined 2" in ran.out, (ran.out, ran.error)
    rows = lender.loaded(2)
    assert rows.filter(pl.col("loan_id") == "L2").select("payment_id", "paid_on", "amount_minor").rows() == [
        ("900000", date(2026, 3, 1), 1_234), ("900001", date(2026, 3, 2), 100_050)]
    ones = rows.filter(pl.col("loan_id") == "L1")
    assert len(ones) == ones["payment_id"].n_unique() == 900_006 and ones["amount_minor"].unique().to_list() == [100]
    faults = lender.faults().select("file", "line", "column", "value", "rule").rows()
    assert faults == [("payments.csv", 900_003, "金额", "金额", "not_a_number"), ("payments.csv", 900_004, "日期", "soon", "not_a_date")]
    assert lender.positions()["paid_minor"].to_list() == [90_000_600, 101_284]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_two_thousand_columns(lender, kind):
    lender.mapping.write_text(lender.mapping.read_text(encoding="utf-8").replace('.csv"]', '"]'), encoding="utf-8")
    header = [*(f"字段{number}" for number in range(1_000)), *HEADERS["payments"], *(f"字段{number}" for number in range(1_000, 1_995))]
    rows = [[*["x"] * 1_000, f"P{number}", "L1", "2026-02-12", "1.00", None, *["9"] * 995] for number in range(50)]
    rows[7][1_003] = "zwei"
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    path = lender.files / f"payments.{kind}"
    {"csv": frame.write_csv, "xlsx": frame.write_excel, "parquet": frame.write_parquet}[kind](path)
    ran = lender.ingest(path, words=("--threshold", "2%"))
    assert ran.status == 0 and "payments: new 49, quarantined 1" in ran.out, (ran.out, ran.error)
    assert lender.positions()["paid_minor"].to_list() == [4_900, 0]
    fault = lender.faults().to_dicts()
    assert [(one["line"], one["column"], one["value"], one["rule"]) for one in fault] == [(9 if kind != "parquet" else 8, "金额", "zwei", "not_a_number")]


def test_a_file_that_grows_while_it_is_read_is_refused_and_nothing_of_it_counts(lender, monkeypatch):
    """A writer appends without end while the file is read; when it has ended, the file is taken."""
    monkeypatch.setattr(delimited, "BLOCK", 1 << 16)
    path = lender.files / "payments.csv"
    payments_file(path, 20_000)
    before, finished = files_of(lender.book), threading.Event()

    def write_on() -> None:
        number = 20_001
        with path.open("a", encoding="utf-8") as file:
            while not finished.is_set():
                file.write(f"P{number:09d},L1,2026-02-12,1,,\n")
                file.flush()
                number += 1
                finished.wait(0.001)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        said = [arrears("ingest", path, "--mapping", lender.mapping, "--book", lender.book, "--lang", language) for language in ("en", "zh")]
    finally:
        finished.set()
        writer.join()
    for ran, words in zip(said, ("payments.csv: it changed while it was read, so what was read may be half of it; wait until it is written",
                                 "payments.csv：读取期间文件被改动，读到的内容可能不完整；请等文件写完后重新开始"), strict=True):
        assert ran.status == 2 and ran.error.startswith(f"arrears: {words}"), ran
    assert files_of(lender.book) == before
    written = len(path.read_text(encoding="utf-8").splitlines()) - 1
    assert lender.ingest(path).status == 0
    assert lender.positions()["paid_minor"].to_list() == [100 * written, 0]


def test_a_file_that_is_replaced_or_removed_while_it_is_read_is_refused(lender, monkeypatch):
    path = lender.files / "payments.csv"
    payments_file(path, 1_000)
    before, real = files_of(lender.book), delimited.batches_of

    for change in (path.unlink, lambda: payments_file(path, 999)):
        payments_file(path, 1_000)

        def changed(*words, change=change, **more):
            for place, batch in enumerate(real(*words, **more)):
                if place == 0:
                    change()
                yield batch

        monkeypatch.setattr(delimited, "batches_of", changed)
        ran = lender.ingest(path)
        assert ran.status == 2 and "payments.csv: it changed while it was read" in ran.error, ran
        assert files_of(lender.book) == before
