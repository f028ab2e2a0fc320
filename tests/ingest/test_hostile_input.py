"""What lenders' files do to a loader, item by item: the good rows are in the book, of the others the user is told all.

Every test goes through the command line over real files. The values in the book are compared with values written down
in the cases by hand; what is said is compared in English and Chinese.
"""

import csv
import shutil
import zipfile
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlwt

from ingest.hostile_cases import CASES, GOOD, SOUND, Case, Told, paid, row
from ingest.lender_files import HEADERS, MAPPING, Lender, loan_row, payment_row, schedule_rows
from plain_books import Ran, arrears, files_of

ANY_FILE = MAPPING.replace('.csv"]', '"]')
"""The small lender's mapping for files of every kind: loans*, instalments*, payments*."""


@pytest.fixture(scope="module")
def three_loans(tmp_path_factory) -> Path:
    """A book of three loans without payments, to be copied: load 1."""
    folder = tmp_path_factory.mktemp("three")
    lender = Lender(folder, ANY_FILE)
    lender.write_loans(3)
    (lender.files / "payments.csv").unlink()
    assert lender.ingest().status == 0
    shutil.rmtree(lender.files)
    return folder


@pytest.fixture
def lender(three_loans, tmp_path) -> Lender:
    for name in ("book", "book.key"):
        (shutil.copytree if name == "book" else shutil.copy2)(three_loans / name, tmp_path / name)
    return Lender(tmp_path, ANY_FILE)


def loaded_payments(lender: Lender, load: int = 2) -> dict[str, tuple]:
    rows = lender.loaded(load)
    assert rows["payment_id"].is_unique().all()
    return {name: tuple(rest) for name, *rest in rows.select("payment_id", "loan_id", "paid_on", "amount_minor", "reverses").iter_rows()}


def assert_told(lender: Lender, told: tuple[Told, ...], load: int = 2) -> None:
    """The quarantine holds exactly these faults, and says each on the terminal with its place in both languages."""
    faults = lender.faults()
    found = [tuple(fault[name] for name in ("file", "line", "column", "value", "rule")) for fault in faults.to_dicts()]
    assert found == [(one.file, one.line, one.column, one.value, one.rule) for one in told]
    for language, place in (("en", "{0}, line {1}: "), ("zh", "{0} 第 {1} 行：")):
        ran = arrears("quarantine", "--book", lender.book, "--load", load, "--limit", 100, "--lang", language)
        for one, said in zip(told, ran.out.splitlines(), strict=False):
            assert place.format(one.file, one.line) in said and f"[{one.rule}]" in said, said
            assert (one.en if language == "en" else one.zh) in said, said


def assert_refused(lender: Lender, ran: Ran, en: str, zh: str, before: dict[str, bytes]) -> None:
    """The sentence in both languages, examples below it, exit status 2, and not a byte of the book changed."""
    assert ran.status == 2 and ran.out == "", ran
    said, second, *examples = ran.error.splitlines()
    assert all(line.startswith("  ") for line in examples), examples
    assert said.startswith("arrears: ") and en in said, said
    assert zh in second, second
    assert {name: content for name, content in files_of(lender.book).items() if not name.startswith("loads/refused/")} == before
    assert not (lender.book / "loads" / "0002").exists()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.item.replace(" ", "_"))
def test_good_rows_are_loaded_and_the_others_are_told(lender, case: Case):
    text = ANY_FILE
    for old, new in case.mapping:
        assert old in text
        text = text.replace(old, new)
    lender.mapping.write_text(text, encoding="utf-8")
    for name, rows in case.files.items():
        lender.write("payments", rows, name.removesuffix(".csv"))
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert loaded_payments(lender) == case.loaded
    assert_told(lender, case.told)
    taken_back = {reverses for *_, reverses in case.loaded.values() if reverses}
    for loan, received in lender.positions("2026-10-31").select("loan_id", "paid_minor").iter_rows():
        mine = [minor for name, (of, _, minor, reverses) in case.loaded.items() if of == loan and not reverses and name not in taken_back]
        assert received == sum(mine), loan


def test_more_bad_rows_than_the_threshold_load_nothing_and_can_be_looked_at(lender):
    before = files_of(lender.book)
    lender.write("payments", [GOOD, row("A", amount="x")])
    assert_refused(lender, lender.ingest(), "1 of 2 records (50.0 %) would go to quarantine, more than the 1 % allowed; nothing was loaded",
                   "2 条记录中有 1 条（50.0 %）应进入隔离区", before)
    refused = arrears("quarantine", "--book", lender.book, "--refused", "--rule", "not_a_number", "--lang", "zh")
    assert "payments.csv 第 3 行：列 金额：“x” 不是数字" in refused.out


def test_mixed_encodings(lender):
    rows = {"payments_a": ("utf-8-sig", "还款甲"), "payments_b": ("gb18030", "还款乙"), "payments_c": ("utf-16", "还款丙")}
    for name, (encoding, payment) in rows.items():
        with (lender.files / f"{name}.csv").open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([HEADERS["payments"], row(payment)])
    stray = lender.files / "payments_d.csv"
    lender.write("payments", [row("还款丁"), row("坏"), row("还款戊")], "payments_d")
    stray.write_bytes(stray.read_bytes().replace("坏".encode(), "坏".encode("gb18030")))
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0 and "read as GB18030" in ran.out and "read as UTF-16 (LE)" in ran.out
    assert loaded_payments(lender) == {f"还款{name}": paid() for name in "甲乙丙丁戊"}
    assert_told(lender, (Told(3, None, None, "encoding", "the record is not text in the file's encoding", "该记录无法按文件编码解读", "payments_d.csv"),))


def test_leading_zeros_lost(tmp_path):
    """A spreadsheet made 17 of 0017: without a word in the mapping the rows belong to nothing; zero_fill brings them home."""
    lender = Lender(tmp_path, ANY_FILE)
    lender.write("loans", [loan_row(1, 借据号="0017")])
    lender.write("instalments", [["0017", *cells[1:]] for cells in schedule_rows(1)])
    assert lender.ingest().status == 0
    lender.write("payments", [row("A", "17"), row("B", "0017"), row("C", "00017")])
    ran = lender.ingest(lender.files / "payments.csv", words=("--threshold", "100%"))
    assert ran.status == 0 and loaded_payments(lender) == {"B": paid(loan="0017")}
    assert_told(lender, (Told(2, "借据号", "17", "orphan", 'the loan "17" is in no file', "贷款 “17” 既不在文件中"),
                         Told(4, "借据号", "00017", 'orphan', 'the loan "00017"', '贷款 “00017”')))
    arrears("take-back", 2, "--book", lender.book)
    with_zeros = ANY_FILE.replace("loan_id: 借据号\n        paid_on", "loan_id: {column: 借据号, zero_fill: 4, width: 4}\n        paid_on")
    lender.mapping.write_text(with_zeros, encoding="utf-8")
    assert lender.ingest(lender.files / "payments.csv", words=("--threshold", "100%")).status == 0
    assert loaded_payments(lender, 3) == {"A": paid(loan="0017"), "B": paid(loan="0017")}
    assert_told(lender, (Told(4, "借据号", "00017", "width", "leading zeros may be lost", "可能丢失了前导零"),), 3)


def test_scientific_notation_of_a_hashed_id_is_no_pseudonym(tmp_path):
    lender = Lender(tmp_path, ANY_FILE)
    lender.write("loans", [loan_row(1), loan_row(2, 身份证号="1.10101E+17")])
    lender.write("instalments", [*schedule_rows(1), *schedule_rows(2)])
    lender.write("payments", [payment_row("A", 1), payment_row("B", 2)])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    faults = lender.faults().filter(pl.col("rule") != "loan_quarantined").to_dicts()
    assert [(one["file"], one["line"], one["column"], one["value"], one["rule"]) for one in faults] == [
        ("loans.csv", 3, "身份证号", "1.1******17", "scientific")]
    assert "so digits may be lost" in faults[0]["en"] and "可能已丢失数位" in faults[0]["zh"]
    assert lender.positions()["loan_id"].to_list() == ["L1"] and loaded_payments(lender, 1) == {"A": paid(262_000)}
    waits = lender.faults().filter(pl.col("rule") == "loan_quarantined")
    assert waits.select("file", "line").rows() == [*(("instalments.csv", line) for line in (6, 7, 8, 9)), ("payments.csv", 3)]


def test_instalments_that_do_not_add_up(tmp_path):
    lender = Lender(tmp_path, ANY_FILE)
    lender.write("loans", [loan_row(1), loan_row(2), loan_row(3)])
    wrong = schedule_rows(2)
    wrong[3][3] = "2499.99"
    lender.write("instalments", [*schedule_rows(1), *wrong])
    lender.write("payments", [payment_row("A", 1)])
    assert lender.ingest(words=("--threshold", "100%")).status == 0
    assert lender.positions()["loan_id"].to_list() == ["L1"] and loaded_payments(lender, 1) == {"A": paid(262_000)}
    said = {(one["file"], one["line"], one["rule"]): one for one in lender.faults().to_dicts()}
    assert set(said) == {("loans.csv", 3, "schedule_sum"), ("loans.csv", 4, "no_schedule"),
                         *(("instalments.csv", line, "schedule_sum") for line in (6, 7, 8, 9))}
    assert "does not add up to what was lent (loan L2: 1000000 / 999999)" in said["instalments.csv", 6, "schedule_sum"]["en"]
    assert "各期本金之和不等于放款金额（贷款 L2: 1000000 / 999999）" in said["loans.csv", 3, "schedule_sum"]["zh"]
    assert "the loan has no instalments" in said["loans.csv", 4, "no_schedule"]["en"]
    assert "该贷款没有还款计划" in said["loans.csv", 4, "no_schedule"]["zh"]


def test_an_empty_file(lender):
    before = files_of(lender.book)
    (lender.files / "payments.csv").write_bytes(b"")
    assert_refused(lender, lender.ingest(), "payments.csv: the file is empty, so there is no header to read; export it again or leave it out",
                   "payments.csv：文件是空的，没有表头", before)
    lender.write("payments", [])
    ran = lender.ingest(lender.files / "payments.csv")
    assert ran.status == 0 and "there is a header but no record" in ran.out, "a day without payments is no failure"
    lender.write("payments", [GOOD], "payments_2")
    ran = lender.ingest()
    assert ran.status == 0 and "there is a header but no record" in ran.out and loaded_payments(lender, 3) == SOUND


def test_headers_twice(lender):
    lender.write("payments", [GOOD, tuple(HEADERS["payments"]), row("A"), tuple(HEADERS["payments"])])
    ran = lender.ingest()
    assert ran.status == 0 and "the header stands again on line 3, 5: left out" in ran.out
    assert "表头在第3、5行又出现：已略去" in arrears("ingest", lender.files, "--mapping", lender.mapping, "--book", lender.book.with_name("b2"),
                                           "--lang", "zh", "--threshold", "100%", "--dry-run", "--key", lender.book.with_name("book.key")).out
    assert loaded_payments(lender) == SOUND | {"A": paid()} and lender.faults().is_empty()


def workbook(path: Path, rows: list, change=lambda sheet: None) -> Path:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    change(book.active)
    book.save(path)
    return path


def test_merged_header_cells(lender):
    def merged(sheet) -> None:
        for area in ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3"):
            sheet.merge_cells(area)

    serial = (date(2026, 2, 12) - date(1899, 12, 30)) // timedelta(days=1)
    rows = [["还款台账"], ["流水号", "借据号", "还款", None, "冲销"], [None, None, "日期", "金额"], ["P0", "L2", date(2026, 2, 12), 2620, None],
            ["A", "L1", "2026-02-12", "10.00", None], ["B", "L1", serial, 10, None]]
    workbook(lender.files / "payments.xlsx", rows, merged)
    flat, text = 'files: ["payments*"]', ANY_FILE
    at = text.index("- source: payments")
    text = text[:at] + text[at:].replace(flat, f"{flat}\n    header: [2, 3]").replace("日期", "还款/日期").replace("金额", "还款/金额")
    lender.mapping.write_text(text, encoding="utf-8")
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0, ran.error
    assert loaded_payments(lender) == SOUND | {"A": paid()}
    assert_told(lender, (Told(6, "还款/日期", str(serial), "excel_serial", "(2026-02-12)", "（2026-02-12）", "payments.xlsx[Sheet]"),))


def test_a_header_that_the_mapping_did_not_mean_is_said_with_the_columns_there_are(lender):
    before = files_of(lender.book)
    workbook(lender.files / "payments.xlsx", [["还款台账"], HEADERS["payments"], list(GOOD)])
    assert_refused(lender, lender.ingest(), "payments.xlsx[Sheet] lacks columns that the mapping's source payments takes: '流水号'",
                   "若列名在别的行，请修改 `header`", before)


def test_formulas_in_cells_of_a_workbook(lender):
    rows = [HEADERS["payments"], ["P0", "L2", "2026-02-12", 2620, None], ["A", "L1", "2026-02-12", "=5*2", None], ["B", "L1", "2026-02-12", 10, None]]
    workbook(lender.files / "payments.xlsx", rows)
    ran = lender.ingest(words=("--threshold", "100%"))
    assert ran.status == 0 and loaded_payments(lender) == SOUND | {"B": paid()}
    assert_told(lender, (Told(3, None, None, "formula", "the cell is a formula whose value was not saved (D3)",
                              "单元格是公式，且没有保存结果（D3）", "payments.xlsx[Sheet]"),))


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "xls"])
@pytest.mark.parametrize("part", [0.999, 0.5, 0.01])
def test_a_truncated_file(lender, kind, part):
    before = files_of(lender.book)
    path = lender.files / f"payments.{kind}"
    rows = [payment_row(f"P{number}", 1) for number in range(200)]
    if kind == "parquet":
        pl.DataFrame(rows, schema=HEADERS["payments"], orient="row").write_parquet(path)
    elif kind == "xlsx":
        workbook(path, [HEADERS["payments"], *rows])
    else:
        book = xlwt.Workbook()
        sheet = book.add_sheet("还款")
        for place, cells in enumerate([HEADERS["payments"], *rows]):
            for column, cell in enumerate(cells):
                sheet.write(place, column, cell)
        book.save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    words = {"parquet": ("payments.parquet: the Parquet file is cut off or damaged; copy or export it again", "payments.parquet：Parquet 文件不完整或已损坏"),
             "xlsx": ("payments.xlsx: the workbook is cut off or damaged", "payments.xlsx：工作簿不完整或已损坏"),
             "xls": ("payments.xls: the workbook is ", "payments.xls：工作簿")}[kind]
    assert_refused(lender, lender.ingest(), *words, before)


def test_a_zip_bomb(lender):
    before = files_of(lender.book)
    path = workbook(lender.files / "payments.xlsx", [HEADERS["payments"], list(GOOD)])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package, package.open("xl/bomb.xml", "w") as entry:
        for _ in range(120):
            entry.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    assert_refused(lender, lender.ingest(), "payments.xlsx: it unpacks to more than 10", "与文件大小不符，因此没有打开", before)
