"""What several loads make of a book, one after the other; each case was once wrong, in silence."""

import polars as pl
import pytest

from arrears import store
from ingest.lender_files import MAPPING, Lender, loan_row, payment_row, schedule_rows
from plain_books import arrears


@pytest.fixture
def lender(lender) -> Lender:
    assert lender.ingest().status == 0
    return lender


def correct(lender: Lender, name: str, *rows: list[str], mode: str = "correction"):
    path = lender.write("payments", list(rows), name)
    ran = lender.ingest(path, words=("--mode", mode, "--threshold", "100%"))
    assert ran.status == 0, ran.error
    return ran


def paid(lender: Lender) -> list[int]:
    return lender.positions()["paid_minor"].to_list()


def test_nothing_is_decided_on_a_book_whose_loads_are_all_taken_back(lender):
    lender.positions()
    arrears("take-back", 1, "--book", lender.book)
    for words in (["night"], ["positions", "--out", lender.book.parent / "p.parquet"]):
        refused = arrears(*words, "--book", lender.book, "--as-of", "2026-04-30", "--lang", "en")
        assert refused.status == 2 and "none of the loads in force brought loans" in refused.error


@pytest.mark.parametrize("mode", ["correction", "snapshot"])
def test_the_same_file_after_another_one_counts_again(lender, mode):
    first, second = payment_row("P1", 1, amount="99.00"), payment_row("P1", 1, amount="50.00")
    others = [payment_row("P2", 2), payment_row("P3", 3)]
    correct(lender, "payments_a", first, *others, mode=mode)
    correct(lender, "payments_b", second, *others, mode=mode)
    correct(lender, "payments_a", first, *others, mode=mode)
    assert paid(lender)[0] == 9_900


def test_a_load_whose_rows_a_later_one_found_there_is_not_taken_back_before_it(lender):
    correct(lender, "payments_2", payment_row("P4", 1, amount="1.00"), mode="delta")
    correct(lender, "payments_3", payment_row("P4", 1, amount="1.00"), payment_row("P5", 2, amount="2.00"), mode="delta")
    refused = arrears("take-back", 2, "--book", lender.book, "--lang", "en")
    assert refused.status == 2 and "take load 3 back first" in refused.error
    assert paid(lender) == [262_100, 262_200, 262_000]
    assert [arrears("take-back", number, "--book", lender.book).status for number in (3, 2)] == [0, 0]
    correct(lender, "payments_3", payment_row("P4", 1, amount="1.00"), payment_row("P5", 2, amount="2.00"), mode="delta")
    assert paid(lender) == [262_100, 262_200, 262_000]


def test_a_schedule_is_stored_whole_or_not_at_all(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    rows = [["L1", "1", "2026-02-10", "0", "120"], ["L1", "2", "2026-03-10", "0", "12O"], ["L1", "3", "2026-04-10", "10000", "120"]]
    lender.write("instalments", [*rows, *schedule_rows(2)])
    lender.ingest(words=("--threshold", "100%"))
    rules = lender.faults().filter(pl.col("file") == "instalments.csv").select("line", "rule").sort("line").rows()
    assert rules == [(2, "schedule_quarantined"), (3, "not_a_number"), (4, "schedule_quarantined")]
    assert lender.positions()["loan_id"].to_list() == ["L2"]


def test_of_equal_rows_the_one_counts_whose_record_is_sound(tmp_path):
    mapping = MAPPING.replace("        reverses: 冲销\n", "        reverses: 冲销\n      borrowers:\n        borrower_id: 客户\n        kind: {constant: person}\n")
    lender = Lender(tmp_path, mapping)
    lender.write_loans(2)
    (lender.files / "payments.csv").write_text("流水号,借据号,日期,金额,冲销,客户\nP1,L9,2026-02-12,1.00,,C1\nP2,L2,2026-02-12,1.00,,C1\n", encoding="utf-8")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert "borrowers: new 1" in ran.out, ran.out
    assert pl.read_parquet(lender.book / "loads/0001/borrowers-0000.parquet")["borrower_id"].to_list() == ["C1"]


def test_a_table_that_bears_its_own_moments_does_not_speak_for_another(tmp_path):
    sources = "".join(f"  - source: {name}\n    files: [{name}*.parquet]\n    tables: {{{name}: as_is}}\n" for name in ("loans", "instalments", "payments"))
    lender = Lender(tmp_path, f"mapping: as it is\nsources:\n{sources}")
    from arrears.tables import FACTS
    from ingest.test_further_tables import ROWS

    for name in ("loans", "instalments", "payments"):
        schema = {column: dtype for column, dtype in FACTS[name].schema.items() if column != "recorded_at" or name == "payments"}
        rows = [{**{"recorded_at": None}, **row} for row in ROWS[name]]
        pl.DataFrame([{column: row[column] for column in schema} for row in rows], schema=schema).write_parquet(lender.files / f"{name}.parquet")
    assert lender.ingest().status == 0
    changed = pl.read_parquet(lender.files / "loans.parquet").with_columns(grace_days=pl.lit(99, pl.Int64))
    changed.write_parquet(lender.files / "loans_2.parquet")
    ran = lender.ingest(lender.files / "loans_2.parquet", lender.files / "payments.parquet", words=("--threshold", "100%"))
    assert "key_stands 2" in ran.out and "loans: new 0, quarantined 2" in ran.out


def test_a_load_of_a_wrong_clock_can_be_taken_back_and_leaves_no_trace(lender, monkeypatch):
    import arrears.cli.terms as cli

    real = cli.now
    path = lender.write("payments", [payment_row("P8", 1, amount="1.00")], "payments_8")
    monkeypatch.setattr(cli, "now", lambda: real() + 70 * 365 * 86_400_000_000)
    lender.ingest(path)
    monkeypatch.setattr(cli, "now", real)
    later = lender.write("payments", [payment_row("P9", 1, amount="2.00")], "payments_9")
    refused = lender.ingest(later)
    assert refused.status == 2 and "set this machine's clock" in refused.error
    arrears("take-back", 2, "--book", lender.book)
    assert lender.ingest(later).status == 0
    assert paid(lender)[0] == 262_200


def test_a_loan_and_its_payment_are_corrected_together(lender):
    loan = lender.write("loans", [loan_row(1, 放款日="2026-02-08")], "loans_2")
    payment = lender.write("payments", [payment_row("P1", 1, "2026-02-11")], "payments_2")
    lender.write("payments", [payment_row("P1", 1, "2026-02-07")], "payments_3")
    ran = lender.ingest(loan, payment, words=("--mode", "correction"))
    assert ran.status == 0 and "loans: new 0, changed 1" in ran.out, ran.out + ran.error
    refused = lender.ingest(lender.files / "payments_3.csv", words=("--mode", "correction", "--threshold", "100%"))
    assert "before_disbursement 1" in refused.out


def test_a_payment_is_taken_back_once(lender):
    ran = correct(lender, "payments_2", payment_row("R1", 1, "2026-03-01", reverses="P1"), payment_row("R2", 1, "2026-03-02", reverses="P1"), mode="delta")
    assert "reverses_twice 1" in ran.out and "payments: new 1" in ran.out
    again = correct(lender, "payments_3", payment_row("R3", 1, "2026-03-03", reverses="P1"), mode="delta")
    assert "reverses_twice 1" in again.out


def test_the_counts_of_a_load_are_those_after_all_rules(lender):
    ran = correct(lender, "payments_2", payment_row("P1", 1, "2026-01-01"), payment_row("P2", 2, amount="7.00"), payment_row("P3", 3),
                  payment_row("P4", 1, amount="1.00"), mode="snapshot")
    assert "payments: new 1, changed 1, unchanged 1, quarantined 1" in ran.out


def test_a_load_that_brought_nothing_is_not_the_first(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    lender.ingest(lender.files / "payments.csv", words=("--threshold", "100%"))
    lender.ingest()
    assert pl.read_parquet(lender.book / "loads/0002/loans-0000.parquet")["recorded_at"].to_list() == [None]


def test_a_quiet_day_is_no_failure(lender):
    ran = lender.ingest(lender.write("payments", [], "payments_2"))
    assert ran.status == 0, ran.error
    assert paid(lender) == [262_000] * 3


@pytest.mark.parametrize("name", ["book [1]", "书 册*", "it's"])
def test_the_folder_of_a_book_may_be_named_oddly(tmp_path, name):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    lender.book = tmp_path / name
    assert lender.ingest().status == 0
    lender.ingest(lender.write("payments", [payment_row("P9", 1, amount="1.00")], "payments_2"))
    assert store.read_ledger(store.book_at(lender.book)).loads[-1]["tables"]["payments"]["new"] == 1
    assert paid(lender) == [262_100, 262_000]


def test_a_wrong_mapping_stops_the_reading_before_it_fills_the_memory(lender, monkeypatch):
    from arrears.ingest import batch, stage

    monkeypatch.setattr(stage, "HOPELESS_RECORDS", 50)
    monkeypatch.setattr(batch, "RECORDS_MAX", 100)
    path = lender.write("payments", [payment_row(f"Q{number}", 1, "31.12.2026") for number in range(5_000)], "payments_2")
    refused = lender.ingest(path)
    assert refused.status == 2 and "reading was stopped there" in refused.error
    assert "not_a_date" in arrears("quarantine", "--book", lender.book, "--refused").out
    assert paid(lender) == [262_000] * 3


def test_records_that_need_each_other_come_back_together(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(2)
    for name in ("loans", "instalments"):
        lender.ingest(lender.files / f"{name}.csv", words=("--threshold", "100%"))
    assert set(lender.faults()["rule"]) == {"no_schedule", "orphan"}
    sheet = tmp_path / "waiting.xlsx"
    arrears("quarantine", "--book", lender.book, "--export", sheet)
    ran = arrears("quarantine", "--book", lender.book, "--take-back", sheet, "--lang", "en")
    assert "loans: new 2" in ran.out and "instalments: new 8" in ran.out and "corrected records of load 1, 2" in ran.out, ran.out
    assert lender.faults().is_empty() and len(lender.positions()) == 2


def test_the_folder_of_the_files_is_not_made_a_book(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    lender.book = lender.files
    refused = lender.ingest()
    assert refused.status == 2 and "the folder of the files themselves" in refused.error and not (lender.files / "loads").exists()
