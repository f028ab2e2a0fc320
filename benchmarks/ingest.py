"""How fast payments are loaded from CSV, beside what DuckDB and Polars need to turn the same file into Parquet.

    .venv/bin/python benchmarks/ingest.py [--payments 10000000] [--rounds 3] [--folder build/ingest] [--out FILE]

Made once and kept: a book of LOANS loans, and a CSV of payments of them. A round measures, each in a fresh process: the
load (`arrears ingest`: mapped, checked, sorted, stored), and the bare CSV to Parquet of DuckDB and of Polars, typed, with
nothing checked and nothing sorted. Wall time from the start of the process to its end; peak memory as the system says.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from night import machine

LOANS = 1_000_000
_MAPPING = """
mapping: benchmark
sources:
  - source: loans
    files: [loans.csv]
    tables:
      loans:
        loan_id: loan_no
        borrower_id: customer_no
        product: {constant: quick}
        currency: {constant: CNY}
        principal_minor: {column: principal, unit: major}
        annual_rate_ppm: {constant: 144000}
        penalty_rate_ppm: {constant: 216000}
        day_count: {constant: 360}
        grace_days: {constant: 0}
        waterfall_scope: {constant: instalment}
        waterfall_order: {constant: "fee,penalty,interest,principal"}
        penalty_on_interest: {constant: "no"}
        disbursed_on: disbursed_on
        regime: {constant: cn_licensed}
      instalments:
        loan_id: loan_no
        number: {constant: 1}
        due_on: due_on
        principal_minor: {column: principal, unit: major}
        interest_minor: {constant: 0}
        fee_minor: {constant: 0}
  - source: payments
    files: [payments.csv]
    tables:
      payments:
        payment_id: receipt_no
        loan_id: loan_no
        paid_on: paid_on
        amount_minor: {column: amount, unit: major}
"""
_DUCKDB = """
import duckdb, sys
c = duckdb.connect(config={"memory_limit": "1500MB", "threads": 2, "preserve_insertion_order": False})
c.execute("COPY (SELECT * FROM read_csv(?, header=true, columns={'receipt_no':'VARCHAR','loan_no':'VARCHAR','paid_on':'DATE','amount':'DECIMAL(18,2)'})) "
          "TO '" + sys.argv[2] + "' (FORMAT parquet, COMPRESSION zstd)", [sys.argv[1]])
"""
_POLARS = """
import polars as pl, sys
pl.scan_csv(sys.argv[1], schema={"receipt_no": pl.String, "loan_no": pl.String, "paid_on": pl.Date, "amount": pl.Decimal(18, 2)}).sink_parquet(sys.argv[2], compression="zstd", compression_level=1)
"""


def main() -> None:
    """Makes the files, measures in rounds, prints medians and writes the results."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--payments", type=int, default=10_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path("build/ingest"))
    asked.add_argument("--out", type=Path, default=Path("benchmarks/results/ingest.json"))
    said = asked.parse_args()
    files = said.folder / str(said.payments)
    make_files(files, said.payments)
    load(files)  # compiles and keeps the loops
    found: dict[str, list[dict]] = {}
    for _ in range(said.rounds):
        for name, measure in (("ingest", load), ("duckdb", lambda f: bare(f, _DUCKDB)), ("polars", lambda f: bare(f, _POLARS))):
            found.setdefault(name, []).append(measure(files))
            print(name, found[name][-1], flush=True)
    result = {"measured_on": date.today().isoformat(), "machine": machine(), "payments": said.payments, "loans": LOANS, "csv_bytes": (files / "payments.csv").stat().st_size, "rounds": said.rounds, "measured": found}
    medians = {name: statistics.median(one["wall_s"] for one in ones) for name, ones in found.items()}
    result["rows_per_s"] = {name: round(said.payments / median) for name, median in medians.items()}
    said.out.parent.mkdir(parents=True, exist_ok=True)
    said.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({"medians_s": medians, "rows_per_s": result["rows_per_s"]}, indent=1))


def make_files(folder: Path, payments: int) -> None:
    """Loans and payments as CSV, in no order, and a book that holds the loans; made once."""
    if (folder / "book/loads/ledger.json").is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(_MAPPING, encoding="utf-8")
    dice = np.random.default_rng(7)
    number = pl.Series("n", np.arange(LOANS))
    loans = pl.DataFrame({"n": number}).select(
        loan_no=pl.format("JJ2025{}", pl.col("n").cast(pl.String).str.zfill(9)), customer_no=pl.format("C{}", pl.col("n") // 2),
        principal=pl.lit("12000.00"), disbursed_on=pl.lit("2024-01-05"), due_on=pl.lit("2026-12-05"))
    loans.write_csv(folder / "loans.csv")
    with (folder / "payments.csv").open("wb") as file:
        for first in range(0, payments, 1_000_000):
            count = min(1_000_000, payments - first)
            block = pl.DataFrame({
                "n": dice.permutation(np.arange(first, first + count)), "loan": dice.integers(0, LOANS, count),
                "day": dice.integers(0, 700, count), "fen": dice.integers(100, 500_000, count)})
            block.select(
                receipt_no=pl.format("SK{}", pl.col("n").cast(pl.String).str.zfill(12)),
                loan_no=pl.format("JJ2025{}", pl.col("loan").cast(pl.String).str.zfill(9)),
                paid_on=pl.date(2024, 1, 6) + pl.duration(days=pl.col("day")),
                amount=pl.format("{}.{}", pl.col("fen") // 100, (pl.col("fen") % 100).cast(pl.String).str.zfill(2)),
            ).write_csv(file, include_header=first == 0)
    run([sys.executable, "-c", "from arrears.cli import main; main()", "ingest", folder / "loans.csv", "--mapping", folder / "mapping.yaml", "--book", folder / "book"])


def load(folder: Path) -> dict:
    """The load, into a book that holds the loans; it is taken back afterwards by putting the book back."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folder / "book", work)
    found = run([sys.executable, "-c", "from arrears.cli import main; main()", "ingest", folder / "payments.csv",
                 "--mapping", folder / "mapping.yaml", "--book", work, "--lang", "en"])
    shutil.rmtree(work)
    return found


def bare(folder: Path, program: str) -> dict:
    """CSV to Parquet and nothing else."""
    out = folder / "bare.parquet"
    found = run([sys.executable, "-c", program, folder / "payments.csv", out])
    out.unlink()
    return found


def run(words: list) -> dict:
    """One process: its wall time in seconds and peak memory in megabytes; raises where it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, error = process.stdout.read(), process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if status != 0:
        raise RuntimeError((out + error).decode())
    return {"wall_s": round(wall, 2), "peak_mb": round(used.ru_maxrss / 1024), "cpu_s": round(used.ru_utime + used.ru_stime, 2)}


if __name__ == "__main__":
    main()
