"""Loads: whole or not at all, once, in three modes, taken back; and what only other rows can tell."""

import json
import sqlite3
from datetime import date

import polars as pl
import pytest

from ingest.lender_files import MAPPING, Lender, loan_row, payment_row, schedule_rows
from plain_books import arrears


def test_a_load_can_be_walked_and_counts_each_row_once(lender):
    ran = lender.ingest()
    assert ran.status == 0, ran.error
    assert "loans: new 3" in ran.out and "instalments: new 12" in ran.out and "payments: new 3" in ran.out
    positions = lender.positions()
    assert positions["loan_id"].to_list() == ["L1", "L2", "L3"]
    assert positions["paid_minor"].to_list() == [262_000] * 3


def test_nothing_personal_is_in_any_file_of_the_book(lender):
    assert lender.ingest().status == 0
    lender.write("loans", [loan_row(9, 身份证号="1.23E+17"), loan_row(10, 金额="abc")], "loans_bad")
    lender.ingest(lender.files / "loans_bad.csv", words=("--threshold", "100%"))
    for path in lender.book.rglob("*"):
        if path.is_file():
            texts = [path.read_bytes()]
            if path.suffix == ".parquet":
                texts += [str(pl.read_parquet(path).to_dicts()).encode()]
            for text in texts:
                assert "张三".encode() not in text, path
                assert b"11010119900000" not in text, path


def test_borrowers_are_keyed_hashes_and_the_key_lies_beside_the_book(lender):
    ran = lender.ingest()
    key = lender.book.with_name("book.key")
    assert "the key of the pseudonyms lies at" in ran.out and key.stat().st_mode & 0o777 == 0o600
    assert "姓名 left out" in ran.out and "身份证号 became keyed hashes" in ran.out
    borrowers = pl.read_parquet(lender.book / "loads/0001/loans-0000.parquet")["borrower_id"]
    assert borrowers.n_unique() == 3 and borrowers.str.contains("^[0-9a-f]{32}$").all()
    key.rename(key.with_name("elsewhere.key"))
    lender.write("payments", [payment_row("P9", 1)], "payments_2")
    refused = lender.ingest(lender.files / "payments_2.csv")
    assert refused.status == 2 and "restore the key" in refused.error


def test_the_same_files_twice_change_nothing(lender):
    lender.ingest()
    before = {path: path.read_bytes() for path in (lender.book / "loads").rglob("*") if path.is_file()}
    again = lender.ingest()
    assert again.status == 0 and "nothing was changed" in again.out
    assert before == {path: path.read_bytes() for path in (lender.book / "loads").rglob("*") if path.is_file()}


def test_the_same_rows_in_another_file_are_there_already(lender):
    lender.ingest()
    lender.write("payments", [payment_row("P4", 2, "2026-03-01", "1.00"), payment_row("P1", 1)], "payments_2")
    ran = lender.ingest(lender.files / "payments_2.csv")
    assert ran.status == 0 and "payments: new 1, unchanged 1" in ran.out
    assert lender.positions()["paid_minor"].to_list() == [262_000, 262_100, 262_000]


def test_a_delta_does_not_overwrite_and_a_correction_does(lender):
    lender.ingest()
    changed = lender.write("payments", [payment_row("P1", 1, amount="99.00")], "payments_2")
    delta = lender.ingest(changed, words=("--threshold", "100%"))
    assert "key_stands 1" in delta.out
    assert lender.positions()["paid_minor"][0] == 262_000
    corrected = lender.ingest(changed, words=("--mode", "correction"))
    assert "payments: new 0, changed 1" in corrected.out
    assert lender.positions()["paid_minor"][0] == 9_900


def test_a_correction_of_what_is_not_there_waits_in_quarantine(lender):
    lender.ingest()
    unknown = lender.write("payments", [payment_row("P77", 1)], "payments_2")
    ran = lender.ingest(unknown, words=("--mode", "correction", "--threshold", "100%"))
    assert "nothing_to_correct 1" in ran.out
    assert lender.positions()["paid_minor"][0] == 262_000


def test_what_vanished_from_a_full_snapshot_is_reported_and_stays(lender):
    lender.ingest()
    snapshot = lender.write("payments", [payment_row("P1", 1), payment_row("P2", 2, amount="5.00"), payment_row("P8", 2, "2026-03-03", "7.00")], "payments_2")
    ran = lender.ingest(snapshot, words=("--mode", "snapshot"))
    assert ran.status == 0, ran.error
    assert "payments: new 1, changed 1, unchanged 1" in ran.out
    assert "no longer in the snapshot; they stay:\n    payments 1: P3\n" in ran.out
    assert pl.read_parquet(lender.book / "loads/0002/vanished.parquet").rows() == [("payments", "P3")]
    assert lender.positions()["paid_minor"].to_list() == [262_000, 1_200, 262_000]


def test_a_schedule_is_replaced_whole(lender):
    lender.ingest()
    longer = [*schedule_rows(1, "2000.00", (2, 3, 4, 5, 6))]
    path = lender.write("instalments", longer, "instalments_2")
    assert "schedule_stands" in lender.ingest(path, words=("--threshold", "100%")).out
    ran = lender.ingest(path, words=("--mode", "correction"))
    assert ran.status == 0 and "instalments: new 0, changed 5" in ran.out
    assert lender.positions("2026-02-10").filter(pl.col("loan_id") == "L1")["next_due_minor"][0] is not None
    part = lender.write("instalments", longer[:2], "instalments_3")
    assert "schedule_sum" in lender.ingest(part, words=("--mode", "correction", "--threshold", "100%")).out


def test_a_load_can_be_taken_back_unless_others_rest_on_it(lender):
    lender.ingest()
    second = lender.write("payments", [payment_row("P9", 1, amount="1.00")], "payments_2")
    lender.ingest(second)
    refused = arrears("take-back", 1, "--book", lender.book, "--lang", "en")
    assert refused.status == 2 and "take those loads back first" in refused.error
    assert arrears("take-back", 2, "--book", lender.book, "--lang", "en").status == 0
    assert lender.positions()["paid_minor"][0] == 262_000
    assert arrears("take-back", 2, "--book", lender.book).status == 2
    assert "payments: new 1" in lender.ingest(second).out, "a load that was taken back can be made again"


def test_a_corrected_value_comes_back_when_its_correction_is_taken_back(lender):
    lender.ingest()
    lender.ingest(lender.write("payments", [payment_row("P1", 1, amount="99.00")], "payments_2"), words=("--mode", "correction"))
    arrears("take-back", 2, "--book", lender.book)
    assert lender.positions()["paid_minor"][0] == 262_000


def test_too_much_quarantine_refuses_the_whole_load_and_can_be_looked_at(lender):
    lender.write("payments", [payment_row("P1", 1, amount="abc"), payment_row("P2", 2)])
    ran = lender.ingest()
    assert ran.status == 2 and "nothing was loaded" in ran.error and "not_a_number 1" in ran.error
    assert not (lender.book / "loads/ledger.json").exists()
    shown = arrears("quarantine", "--book", lender.book, "--refused", "--lang", "en")
    assert "payments.csv" in shown.out


def test_control_figures_are_checked(lender):
    for figure, agrees in (('records: "3"', True), ('records: "4"', False), ('sums: {金额: "7,860.00"}', True), ('sums: {金额: "7860.01"}', False)):
        lender.mapping.write_text(f"{MAPPING}    control: {{{figure}}}\n", encoding="utf-8")
        ran = lender.ingest(words=("--dry-run",))
        assert (ran.status == 0) is agrees, (figure, ran.error)
        assert agrees or "control figure" in ran.error


def test_control_figures_are_of_the_records_that_are_taken_with_their_currency_signs(lender):
    lender.write("payments", [payment_row("P1", 1, amount="¥2,620.00"), payment_row("P2", 2), payment_row("合计", 3, amount="5,240.00")])
    kept = MAPPING.replace('files: ["payments*.csv"]', 'files: ["payments*.csv"]\n    keep: {column: 流水号, is_not: [合计]}')
    for figures, agrees in (('{records: "2", sums: {金额: "5240.00"}}', True), ('{records: "3"}', False), ('{sums: {金额: "2620"}}', False)):
        lender.mapping.write_text(f"{kept}    control: {figures}\n", encoding="utf-8")
        ran = lender.ingest(words=("--dry-run",))
        assert (ran.status == 0) is agrees, (figures, ran.error)


def test_a_query_is_loaded_once(lender):
    lender.write_loans(2)
    assert lender.ingest().status == 0
    with sqlite3.connect(lender.files.parent / "core.db") as database:
        database.execute("CREATE TABLE receipts (id TEXT, loan TEXT, paid_at TEXT, amount TEXT)")
        database.execute("INSERT INTO receipts VALUES ('Q1', 'L1', '2026-03-10', '100.00')")
    lender.mapping.write_text("""
mapping: receipts of the core system
sources:
  - source: receipts
    query: SELECT id, loan, paid_at, amount FROM receipts
    tables: {payments: {payment_id: id, loan_id: loan, paid_on: paid_at, amount_minor: {column: amount, unit: major}}}
""", encoding="utf-8")
    url = f"sqlite:///{lender.files.parent / 'core.db'}"
    ran = lender.ingest(url)
    assert ran.status == 0 and "payments: new 1" in ran.out, ran.error
    assert "nothing was changed" in lender.ingest(url).out


def test_a_dry_run_writes_nothing(lender):
    ran = lender.ingest(words=("--dry-run",))
    assert ran.status == 0 and "nothing was written" in ran.out and "loans: new 3" in ran.out
    assert not lender.book.exists() and not lender.book.with_name("book.key").exists()
    lender.book.mkdir()
    lender.ingest(words=("--dry-run",))
    assert not list(lender.book.iterdir())
    assert {path.name for path in lender.book.parent.iterdir()} == {"book", "files", "mapping.yaml"}


@pytest.mark.parametrize(("table", "rows", "rule"), [
    ("payments", [payment_row("P1", 1), payment_row("P1", 1, amount="7.00")], "key_twice"),
    ("payments", [payment_row("P1", 99)], "orphan"),
    ("payments", [payment_row("P1", 1, "2026-01-09")], "before_disbursement"),
    ("payments", [payment_row("P1", 1), payment_row("R1", 1, reverses="P7")], "reverses_unknown"),
    ("payments", [payment_row("P1", 1), payment_row("R1", 2, reverses="P1")], "reverses_other_loan"),
    ("payments", [payment_row("P1", 1), payment_row("R1", 1, reverses="P1"), payment_row("R2", 1, reverses="R1")], "reverses_reversal"),
    ("loans", [loan_row(1), loan_row(1, 金额="1.00"), loan_row(2), loan_row(3)], "key_twice"),
    ("loans", [loan_row(1, 金额="10,000.01"), loan_row(2), loan_row(3)], "schedule_sum"),
    ("loans", [loan_row(number) for number in range(1, 5)], "no_schedule"),
    ("instalments", [*schedule_rows(1), *schedule_rows(2)[:3], *schedule_rows(3)], "schedule_sum"),
    ("instalments", [*schedule_rows(1), *schedule_rows(2), *schedule_rows(3), *schedule_rows(4)], "orphan"),
])
def test_what_other_rows_tell_is_found_and_the_rest_can_be_walked(lender, table, rows, rule):
    lender.write(table, rows)
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    faults = lender.faults()
    assert rule in faults["rule"].to_list()
    of_rule = faults.filter(pl.col("rule") == rule)
    assert of_rule["line"].min() >= 2 and of_rule["file"].str.ends_with(".csv").all()
    assert of_rule["en"].str.len_chars().min() > 20 and of_rule["zh"].str.len_chars().min() > 10
    lender.positions()


def test_rows_of_a_loan_in_quarantine_follow_it(lender):
    lender.write("loans", [loan_row(1, 放款日="昨天"), loan_row(2), loan_row(3)])
    lender.ingest(words=("--threshold", "100%"))
    rules = lender.faults().group_by("file", "rule").len().sort("file", "rule").rows()
    assert rules == [("instalments.csv", "loan_quarantined", 4), ("loans.csv", "not_a_date", 1), ("payments.csv", "loan_quarantined", 1)]
    assert lender.positions()["loan_id"].to_list() == ["L2", "L3"]


def test_equal_rows_of_one_key_count_once(lender):
    lender.write("payments", [payment_row("P1", 1)] * 3)
    ran = lender.ingest()
    assert "payments: new 1, given twice 2" in ran.out
    assert lender.positions()["paid_minor"][0] == 262_000


def test_corrected_rows_come_back_and_leave_the_quarantine(lender, tmp_path):
    from openpyxl import load_workbook

    lender.write("payments", [payment_row("P1", 1, amount="12O.00"), payment_row("P2", 2, "2026-02-30"), payment_row("P3", 3)])
    lender.ingest(words=("--threshold", "100%"))
    sheet_path = tmp_path / "waiting.xlsx"
    assert arrears("quarantine", "--book", lender.book, "--export", sheet_path, "--lang", "en").status == 0
    workbook = load_workbook(sheet_path)
    sheet = workbook["payments"]
    header = [cell.value for cell in next(row for row in sheet.iter_rows() if "流水号" in [cell.value for cell in row])]
    for row in sheet.iter_rows():
        cells = dict(zip(header, row, strict=False))
        if cells["流水号"].value == "P1":
            cells["金额"].value = "120.00"
    workbook.save(sheet_path)
    ran = arrears("quarantine", "--book", lender.book, "--take-back", sheet_path, "--lang", "en")
    assert ran.status == 0, ran.error
    assert "payments: new 1, quarantined 1" in ran.out
    assert lender.positions()["paid_minor"].to_list() == [12_000, 0, 262_000]
    assert lender.faults().select("line", "rule").rows() == [(3, "no_such_day")]
    again = arrears("quarantine", "--book", lender.book, "--take-back", sheet_path, "--lang", "en")
    assert again.status == 0 and "had come back before" in again.out


def test_a_book_of_plain_files_is_not_mixed_with_loads(lender):
    lender.book.mkdir()
    pl.DataFrame({"loan_id": ["A"]}).write_parquet(lender.book / "loans.parquet")
    refused = lender.ingest()
    assert refused.status == 2 and "plain file" in refused.error


def test_a_damaged_ledger_is_refused_not_forgotten(lender):
    lender.ingest()
    (lender.book / "loads/ledger.json").write_text("{", encoding="utf-8")
    for ran in (lender.ingest(), arrears("book", lender.book, "--lang", "en")):
        assert ran.status == 2 and "restore the file" in ran.error


def test_the_ledger_says_what_was_read_and_how(lender):
    lender.ingest()
    (load,) = json.loads((lender.book / "loads/ledger.json").read_text(encoding="utf-8"))["loads"]
    assert [source["records"] for source in load["sources"]] == [3, 12, 3]
    assert all(len(source["digest"]) == 64 for source in load["sources"]) and len(load["mapping_digest"]) == 64
    assert (lender.book / "loads/0001/mapping.yaml").read_text(encoding="utf-8") == lender.mapping.read_text(encoding="utf-8")


def test_the_same_bad_record_of_two_files_waits_once_and_is_answered_once(lender, tmp_path):
    bad, good = payment_row("P1", 1, amount="12O.00"), payment_row("P2", 2)
    lender.write("payments", [bad, good])
    lender.ingest(words=("--threshold", "100%"))
    lender.write("payments", [good, payment_row("P3", 3), bad], "payments_2")
    lender.ingest(lender.files / "payments_2.csv", words=("--threshold", "100%"))
    assert lender.faults().select("load", "file").rows() == [(2, "payments_2.csv")]
    sheet = tmp_path / "waiting.csv"
    arrears("quarantine", "--book", lender.book, "--export", sheet)
    sheet.write_text(sheet.read_text(encoding="utf-8-sig").replace("12O.00", "120.00"), encoding="utf-8-sig")
    assert arrears("quarantine", "--book", lender.book, "--take-back", sheet).status == 0
    assert lender.faults().is_empty() and lender.positions()["paid_minor"][0] == 12_000
    lender.write("payments", [bad, good, payment_row("P4", 3, amount="1.00")], "payments_3")
    lender.ingest(lender.files / "payments_3.csv", words=("--threshold", "100%"))
    assert lender.faults().is_empty(), "it was answered before"


def test_loads_without_a_ledger_are_refused_and_not_swept_away(lender):
    assert lender.ingest().status == 0
    ledger = lender.book / "loads/ledger.json"
    kept = ledger.read_bytes()
    ledger.unlink()
    for words in (("--dry-run",), ()):
        ran = lender.ingest(words=words)
        assert ran.status == 2 and "restore the ledger from a backup" in ran.error, ran
        assert (lender.book / "loads/0001/load.json").is_file()
    ledger.write_bytes(kept)
    assert "nothing was changed" in lender.ingest().out


def test_what_a_killed_load_left_is_not_counted_by_a_dry_run(lender):
    assert lender.ingest().status == 0
    lender.write("payments", [payment_row("Q1", 1)])
    left = lender.book / "loads/.unfinished/rows/payments/0009-000000.parquet"
    left.parent.mkdir(parents=True)
    pl.DataFrame({"record": [7], "row": [7], "payment_id": ["P9"], "loan_id": ["L1"], "paid_on": [date(2026, 2, 12)], "amount_minor": [5],
                  "reverses": [None], "recorded_at": [0]}, schema_overrides={"reverses": pl.String}).write_parquet(left)
    assert "payments: new 1" in lender.ingest(words=("--dry-run",)).out
    assert "payments: new 1" in lender.ingest().out


@pytest.mark.parametrize("older", ["the one before", "emptied"])
def test_loads_that_an_older_ledger_does_not_name_are_refused_and_not_swept_away(lender, older):
    assert lender.ingest().status == 0
    ledger = lender.book / "loads/ledger.json"
    first = ledger.read_bytes()
    for number in (1, 2):
        lender.write("payments", [payment_row(f"Q{number}", 1)])
        assert lender.ingest().status == 0
    ledger.write_bytes(first if older == "the one before" else b'{"format": 1, "key": null, "loads": []}')
    lender.write("payments", [payment_row("Q3", 1)])
    ran = lender.ingest()
    assert ran.status == 2 and "0003" in ran.error and "restore" in ran.error, ran
    assert sorted(path.name for path in (lender.book / "loads").iterdir() if path.name.isdecimal()) == ["0001", "0002", "0003"]


@pytest.mark.parametrize("folder", ["product=slow", "record=7", "recorded_at=1", "loan_id=L9"])
def test_a_folder_whose_name_looks_like_a_column_is_a_folder(tmp_path, folder):
    (tmp_path / folder).mkdir()
    lender = Lender(tmp_path / folder)
    lender.write_loans(2)
    assert lender.ingest().status == 0
    lender.write("payments", [payment_row("P1", 1), payment_row("Q1", 1, amount="1.00")])
    ran = lender.ingest()
    assert ran.status == 0 and "payments: new 1" in ran.out and "quarantine" not in ran.out.replace("arrears quarantine", ""), ran
    assert lender.positions()["paid_minor"].to_list() == [262_100, 262_000]
