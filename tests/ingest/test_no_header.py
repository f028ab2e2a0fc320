"""A file without a header: its first record is a person's, and is neither shown nor written as the names of columns."""

import openpyxl
import pytest

from ingest.lender_files import Lender
from plain_books import arrears

CARD, MOBILE = "110101199003072316", "13812345678"
RECORDS = {
    "with a card": [["张三", CARD, "L1", "10000.00", "2026-01-10"], ["李四", "11010119900307109X", "L2", "20000.00", "2026-01-11"]],
    "with a mobile": [["张三", MOBILE, "L1"], ["李四", "13987654321", "L2"]],
    "with days and amounts": [["张三", "L1", "10,000.00", "2026-01-10"], ["李四", "L2", "20,000.00", "2026/1/11"]],
    "with words that recur": [["张三", "北京市海淀区", "男"], ["李四", "上海市静安区", "男"], ["王五", "杭州市西湖区", "女"]],
    "with a first record that has gaps": [["张三", CARD, "L1", "10000.00", "2026-01-10"], ["李四", "", "L2", "", ""], ["王五", "", "L3", "", ""]],
}


def write(path, rows):
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        path.write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows), encoding="utf-8")
    return path


def shows_a_cell(text, rows) -> bool:
    return any(cell in text for row in rows for cell in row if len(cell) > 1)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("rows", RECORDS.values(), ids=RECORDS)
def test_no_mapping_is_drafted_of_a_file_without_a_header(tmp_path, rows, suffix):
    path, out = write(tmp_path / f"plain{suffix}", rows), tmp_path / "my.yaml"
    ran = arrears("map", path, "--out", out, "--lang", "en")
    assert ran.status == 2 and "plain" in ran.error and "seems to have no header" in ran.error and "没有表头" in ran.error, ran
    assert not shows_a_cell(ran.out + ran.error, rows) and not out.exists()


@pytest.mark.parametrize("rows", RECORDS.values(), ids=RECORDS)
def test_what_is_loaded_without_a_header_is_refused_without_showing_a_cell(tmp_path, rows):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    path = write(lender.files / "payments.csv", rows)
    ran = lender.ingest(path)
    assert ran.status == 2 and "payments.csv: this file seems to have no header" in ran.error
    assert not shows_a_cell(ran.out + ran.error, rows)
    assert not [path for path in lender.book.rglob("*") if path.is_file()]


def test_a_header_in_another_line_than_the_mapping_says_is_not_taken_for_names(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    lender.mapping.write_text(lender.mapping.read_text(encoding="utf-8").replace('files: ["loans*.csv"]', 'files: ["loans*.csv"]\n    header: 2'))
    ran = lender.ingest()
    assert ran.status == 2 and "under `header` in the mapping" in ran.error and "张三" not in ran.error and "10,000.00" not in ran.error


def test_columns_named_after_days_beside_known_names_are_a_header(tmp_path):
    rows = [["借据号", "2026-01-10", "2026-02-10"], ["L1", "100.00", "200.00"], ["L2", "100.00", "200.00"]]
    out = tmp_path / "my.yaml"
    assert arrears("map", write(tmp_path / "wide.csv", rows), "--out", out, "--lang", "en").status == 0
    assert "2026-01-10" in out.read_text(encoding="utf-8")


def test_names_nobody_knows_are_still_named_where_the_mapping_takes_one_of_them(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    (lender.files / "payments.csv").write_text("流水号,借据号,日子,数\nP1,L1,2026-02-12,1.00\n", encoding="utf-8")
    ran = lender.ingest()
    assert ran.status == 2 and "its columns are: 流水号, 借据号, 日子, 数" in ran.error


def test_names_nobody_knows_that_differ_in_their_case_alone_are_named(tmp_path):
    lender = Lender(tmp_path)
    lender.write_loans(1)
    text = lender.mapping.read_text(encoding="utf-8").replace("paid_on: 日期", "paid_on: rq").replace("payment_id: 流水号\n        loan_id: 借据号", "payment_id: lsh\n        loan_id: jjh")
    lender.mapping.write_text(text, encoding="utf-8")
    (lender.files / "payments.csv").write_text("LSH,JJH,RQ,JE\nP1,L1,2026-02-12,1.00\n", encoding="utf-8")
    ran = lender.ingest()
    assert ran.status == 2 and "its columns are: LSH, JJH, RQ, JE" in ran.error and "did you mean LSH?" in ran.error


def test_a_title_with_a_telephone_number_above_names_nobody_knows_is_no_record(tmp_path):
    rows = [[f"联系人 {MOBILE}", "", "", ""], ["JJH", "FKJE", "FKRQ", "NLL"], *([f"L{n}", f"{n}000.50", f"2026-01-0{n}", "14.4"] for n in range(1, 9))]
    for suffix in (".csv", ".xlsx"):
        out = tmp_path / f"my{suffix}.yaml"
        assert arrears("map", write(tmp_path / f"title{suffix}", rows), "--out", out, "--lang", "en").status == 0
        assert "JJH, FKJE, FKRQ, NLL" in out.read_text(encoding="utf-8") and MOBILE not in out.read_text(encoding="utf-8")
