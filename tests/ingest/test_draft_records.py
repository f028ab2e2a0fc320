"""A drafted mapping leaves out rows of sums and failed debits, and no record else; sheets of one header are one source."""

import re
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from arrears.cli import app
from arrears.ingest.draft import draft
from arrears.ingest.mapping import parse_mapping
from arrears.refusal import Refused
from ingest.drafting import answered, asked, document, tables_of

HAN = re.compile("[\u4e00-\u9fff]")


def debits(tmp_path: Path, states: list[str], state: str = "交易状态", amounts: tuple[str, ...] = ("12.50",)) -> list[str]:
    rows = "".join(f"P{n},L{n % 9},2024-05-0{n % 9 + 1},{amounts[n % len(amounts)]},{states[n % len(states)]}\n" for n in range(36))
    path = tmp_path / "代扣流水.csv"
    path.write_text(f"交易流水号,合同编号,交易日期,交易金额,{state}\n{rows}", encoding="utf-8")
    return [str(path)]


@pytest.mark.parametrize(("states", "state"), [(["成功", "失败"], "交易状态"), (["Success", "Failed"], "status"), (["扣款成功", "扣款失败"], "扣款结果")])
def test_debits_that_failed_are_no_payments_and_the_draft_says_why(tmp_path, states, state):
    drafted = draft(debits(tmp_path, states, state))
    (source,) = document(drafted)["sources"]
    assert source["keep"] == {"column": state, "is": [states[0]]}
    assert f"{states[1]} is none (18 of 36 sampled records)" in drafted.text and asked(drafted) == set()
    assert any(states[1] in line and HAN.search(line) for line in drafted.lines("zh"))


def test_a_state_whose_words_are_not_clear_is_asked_word_by_word(tmp_path):
    drafted = draft(debits(tmp_path, ["成功", "失败", "冲正", "处理中", ""]))
    (source,) = document(drafted)["sources"]
    assert source["keep"] == {"column": "交易状态", "is": ["成功", "?"]}
    assert asked(drafted) == {"payments.keep.冲正", "payments.keep.处理中", "payments.keep.(empty)"}
    with pytest.raises(Refused, match="open"):
        parse_mapping(drafted.text, "draft.yaml")
    done = answered(drafted, **{"(empty)": "yes"})
    assert document(done)["sources"][0]["keep"]["is"] == ["", "成功"]
    coded = draft(debits(tmp_path, ["00", "51"]))
    assert asked(coded) == {"payments.keep.00", "payments.keep.51"}, "codes are asked, never taken all"


def test_the_state_of_a_loan_beside_payments_says_nothing_of_the_money(tmp_path):
    (source,) = document(draft(debits(tmp_path, ["正常", "逾期"], "贷款状态")))["sources"]
    assert "keep" not in source


def test_an_empty_amount_is_no_reason_to_leave_a_record_out(tmp_path):
    (source,) = document(draft(debits(tmp_path, ["柜台"], "渠道", ("12.50", "", "7.25"))))["sources"]
    assert "keep" not in source


def test_a_payment_without_its_date_is_told_where_records_without_one_are_left_out(tmp_path):
    path = tmp_path / "plan.csv"
    paid = {0: "2024-02-03,105.00", 1: ",105.00"}
    rows = "".join(f"L{n},{n % 3},2024-03-0{n + 1},100.00,5.00,0.00,{paid.get(n % 3, ',')}\n" for n in range(9))
    path.write_text("借据号,期次,应还日期,应还本金,应还利息,应还费用,实还日期,实还金额\n" + rows, encoding="utf-8")
    assert "BUT 3 sampled records without 实还日期 bear 实还金额" in draft([str(path)]).text


def test_a_last_row_of_numbers_without_a_word_is_told_and_not_left_out(tmp_path):
    (path,) = debits(tmp_path, ["柜台"], "渠道")
    Path(path).write_text(Path(path).read_text("utf-8") + ",,,450.00,\n", encoding="utf-8")
    drafted = draft([path])
    assert "bears no word to tell it by" in drafted.text and "keep" not in document(drafted)["sources"][0]


def test_sheets_of_the_same_header_are_one_source_and_sheets_that_nobody_reads_are_named(tmp_path):
    book = openpyxl.Workbook()
    for month in (1, 2, 3):
        sheet = book.create_sheet(f"2026年{month:02}月")
        sheet.append(["交易流水号", "合同编号", "交易日期", "交易金额"])
        for n in range(4):
            sheet.append([f"P{month}{n}", f"L{n}", f"2026-{month:02}-0{n + 1}", 12.5])
    book.create_sheet("说明").append(["x", "y"])
    book["说明"].append(["1", "2"])
    book.save(tmp_path / "还款.xlsx")
    drafted = draft([str(tmp_path / "还款.xlsx")])
    (source,) = document(drafted)["sources"]
    assert source["files"] == ["还款.xlsx"] and source["sheet"] == ["2026年01月", "2026年02月", "2026年03月"]
    assert drafted.seen[0].records == 12
    (unread,) = [line for line in drafted.text.splitlines() if "no source reads" in line]
    assert "还款.xlsx[说明]" in unread and "还款.xlsx[Sheet] (empty 空)" in unread


@pytest.mark.parametrize("name", ["start", "begin", "开始日期", "起息日"])
def test_the_start_of_a_loan_is_proposed_for_its_disbursement(tmp_path, name):
    path = tmp_path / "loans.csv"
    path.write_text(f"loan_id,loan_amount,{name}\n" + "".join(f"L{n},{n}50.50,2024-01-0{n}\n" for n in range(1, 9)), encoding="utf-8")
    drafted = draft([str(path)])
    assert tables_of(drafted)["loans"]["disbursed_on"] == name
    sure = float(re.search(r"disbursed_on: .*# ([0-9.]+) by", drafted.text)[1])
    assert 0.6 <= sure <= (0.95 if name == "起息日" else 0.9)


def test_a_row_of_formulas_without_values_is_told(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["交易流水号", "合同编号", "交易日期", "交易金额"])
    for n in range(5):
        book.active.append([f"P{n}", f"L{n}", "2024-05-01", 12.5])
    book.active.append(["合计", None, None, "=SUM(D2:D6)"])
    path = tmp_path / "流水.xlsx"
    book.save(path)
    assert "1 records (line 7) cannot be looked at" in draft([str(path)]).text


def test_a_column_of_formulas_never_calculated_does_not_hide_the_records_beside_it(tmp_path):
    path = tmp_path / "流水.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["交易流水号", "合同编号", "交易日期", "交易金额", "手续费"])
    for n in range(1, 9):
        sheet.write_row(n, 0, [f"P{n}", f"L{n}", f"2024-05-0{n}", 12.5])
        sheet.write_formula(n, 4, f"=D{n + 1}*0")
    book.close()
    drafted = draft([str(path)])
    assert tables_of(drafted)["payments"]["amount_minor"] == {"column": "交易金额", "unit": "major"}
    assert "formulas never calculated stand under 手续费" in drafted.text and "手续费 中是从未计算过的公式" in drafted.text


def test_a_file_of_which_no_record_can_be_read_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "流水.csv"
    path.write_text("交易流水号,合同编号,交易日期,交易金额\n" + "".join(f"P{n},L{n},2024-05-0{n},1,234.50\n" for n in range(1, 9)), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        draft([str(path)])
    assert "8 records (line 2, 3, 4, 5, 6 …)" in refused.value.en and "another number of cells than the header" in refused.value.en
    assert "单元格数与表头不符" in refused.value.zh and "no record" not in refused.value.en


def test_columns_of_lists_do_not_keep_a_draft_from_the_others(tmp_path):
    path = tmp_path / "流水.parquet"
    pl.DataFrame({"交易流水号": ["P1", "P2"], "合同编号": ["L1", "L2"], "交易日期": ["2024-05-01"] * 2, "交易金额": [12.5, 13.5], "标签": [["a"], []]}).write_parquet(path)
    drafted = draft([str(path)])
    assert "amount_minor" in tables_of(drafted)["payments"] and "the column 标签 holds" in drafted.text


def test_a_line_of_signatures_is_told_and_neither_its_names_are_shown_nor_a_column_is_spoilt_by_it(tmp_path):
    path = tmp_path / "loans.csv"
    rows = "".join(f"L{n},{n}000.50,2026-01-0{n},18%,0.05%\n" for n in range(1, 9))
    path.write_text(f"借据号,放款金额,放款日期,年利率,罚息日利率\n{rows}制表：李四,,,,审核：王五\n", encoding="utf-8")
    drafted = draft([str(path)])
    loans = tables_of(drafted)["loans"]
    assert loans["penalty_rate_ppm"] == {"column": "罚息日利率", "unit": "percent_a_day"} and loans["annual_rate_ppm"]["unit"] == "percent"
    assert "fills 2 of 5 cells" in drafted.text and any(HAN.search(line) and "签字" in line for line in drafted.text.splitlines())
    assert "李四" not in drafted.text and "王五" not in drafted.text


# ---- what cannot be read ----


LOANS = "借据号,放款金额,放款日期\n" + "".join(f"L{n},{n}000.50,2026-01-0{n}\n" for n in range(1, 9))
GARBAGE = {
    "empty.csv": b"", "report.csv": b"%PDF-1.4\n1 0 obj\n" * 9, "picture.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(300), "packed.csv": b"PK\x03\x04" + bytes(300),
    "picture.xlsx": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(300), "header.csv": "编号,备注\n".encode(), "blank.csv": b"\n\n\n", "mark.csv": b"\xef\xbb\xbf",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_in_both_languages_with_exit_status_2(tmp_path, name):
    (tmp_path / name).write_bytes(GARBAGE[name])
    run = CliRunner().invoke(app, ["map", str(tmp_path / name), "--out", str(tmp_path / "my.yaml")])
    assert run.exit_code == 2 and name in run.output and HAN.search(run.output) and not (tmp_path / "my.yaml").exists()
    assert "mapping says" not in run.output, "there is no mapping yet"


def test_files_of_a_folder_that_cannot_be_read_are_left_out_and_told(tmp_path):
    folder = tmp_path / "files"
    (folder / "folder.csv").mkdir(parents=True)
    for name, content in (GARBAGE | {"loans.csv": LOANS.encode()}).items():
        (folder / name).write_bytes(content)
    run = CliRunner().invoke(app, ["map", str(folder), "--out", str(tmp_path / "my.yaml"), "--lang", "en"])
    assert run.exit_code == 0, run.output
    text = (tmp_path / "my.yaml").read_text("utf-8")
    for name in GARBAGE:
        assert f"left out: {name}" in run.output and f"left out: {name}" in text
    assert f"arrears ingest {folder / 'loans.csv'} --mapping" in run.output, "ingest refuses a file that no source takes"
    (folder / "loans.csv").unlink()
    assert CliRunner().invoke(app, ["map", str(folder), "--out", str(tmp_path / "other.yaml")]).exit_code == 2, "nothing is left"


def test_a_sheet_without_records_is_told_and_the_others_are_drafted(tmp_path):
    book = openpyxl.Workbook()
    for line in LOANS.splitlines():
        book.active.append(line.split(","))
    book.create_sheet("模板").append(["交易流水号", "合同编号"])
    book.save(tmp_path / "台账.xlsx")
    drafted = draft([str(tmp_path / "台账.xlsx")])
    assert set(tables_of(drafted)) == {"loans"}
    assert any("台账.xlsx[模板]" in en and "no record" in en for en, _ in drafted.warnings)


# ---- a loan tape ----


def test_an_american_tape_is_loans_and_its_last_payment_date_is_no_payment(tmp_path):
    path = tmp_path / "tape.csv"
    rows = "".join(f'{1000 + n},{n}/{n + 12}/2025,"$1{n},000.50",15.25%,36,"$9{n}.25",{n},5/{n}/2026\n' for n in range(1, 10))
    path.write_text(f"Loan ID,Orig Date,Orig Amt,Rate,Term,Curr Bal,DPD,Last Pmt Dt\n{rows}Total,,\"$9,999.00\",,,,,\n", encoding="utf-8")
    drafted = draft([str(path)])
    assert set(tables_of(drafted)) == {"loans", "instalments"} and "schedule" in asked(drafted)
    assert document(drafted)["sources"][0]["keep"] == {"column": "Loan ID", "is_not": ["Total"]}
    assert document(drafted)["currency"] == "USD" and "loans.currency" in asked(drafted)
    done = answered(drafted, schedule="equal", interest_minor="=0", borrower_id="Loan ID")
    assert tables_of(done)["instalments"]["due_on"] == {"column": "Orig Date", "format": ["M/D/YYYY"], "plus_months": "1", "every": "month"}
    assert tables_of(done)["loans"]["annual_rate_ppm"] == {"column": "Rate", "unit": "percent"}


# ---- encodings ----


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("count", [9, 30_000])
def test_a_file_is_drafted_alike_in_any_encoding_and_its_row_of_sums_is_seen(tmp_path, encoding, count):
    rows = "".join(f"P{n},L{n},2024-05-0{n % 9 + 1},\"1,{n % 900 + 100}.50\",柜台\r\n" for n in range(count))
    text = f"交易流水号,合同编号,交易日期,交易金额,渠道\r\n{rows}合计,,,139.50,\r\n"
    drafts = []
    for name in ("utf-8", encoding):
        (tmp_path / name).mkdir(exist_ok=True)
        path = tmp_path / name / "流水.csv"
        path.write_bytes(text.encode(name))
        drafts.append(document(draft([str(path)])))
    assert drafts[0] == drafts[1] and drafts[0]["sources"][0]["keep"] == {"column": "交易流水号", "is_not": ["合计"]}


# ---- rows of sums ----


@pytest.mark.parametrize("word", ["合计", "总计", "小计", "合 计", "合　计：", "本月合计", "累计", "Total", "TOTAL:", "Grand Total", "Sub-total", "Total (9 loans)", "杭州支行小计", "Total for CA"])
def test_a_row_of_sums_makes_no_record_however_it_is_called(tmp_path, word):
    path = tmp_path / "流水.csv"
    rows = "".join(f"P{n},L{n},2024-05-0{n},1{n}.50,柜台\n" for n in range(1, 10))
    path.write_text(f"交易流水号,合同编号,交易日期,交易金额,渠道\n{rows}{word},,,139.50,\n", encoding="utf-8")
    drafted = draft([str(path)])
    (source,) = document(drafted)["sources"]
    assert source["keep"] == {"column": "交易流水号", "is_not": [word]} and drafted.seen[0].records == 9


def test_a_row_of_sums_whose_word_stands_among_the_names_of_people_is_drafted_as_ingest_takes_it(tmp_path):
    path = tmp_path / "台账.csv"
    rows = "".join(f"张三{n},L{n},2024-05-0{n},1{n}00.50,0.18,3\n" for n in range(1, 10))
    path.write_text(f"客户姓名,合同编号,放款日期,放款金额,年利率,期数\n{rows}合计,,,13950.00,,\n", encoding="utf-8")
    done = answered(draft([str(path)]), borrower_id="合同编号", interest_minor="=0")
    (source,) = document(done)["sources"]
    assert source["keep"] == {"column": "客户姓名", "is_not": ["合计"]}
    assert parse_mapping(done.text, "draft.yaml").sources[0].keep is not None


def test_a_remark_that_ends_like_a_row_of_sums_leaves_no_record_out(tmp_path):
    path = tmp_path / "流水.csv"
    rows = "".join(f"P{n},L{n},2024-05-0{n},1{n}.50,{'见本月小计' if n == 3 else '柜台'}\n" for n in range(1, 10))
    path.write_text("交易流水号,合同编号,交易日期,交易金额,备注\n" + rows, encoding="utf-8")
    drafted = draft([str(path)])
    assert "keep" not in document(drafted)["sources"][0] and drafted.seen[0].records == 9


def test_the_unit_of_a_share_is_told_or_asked(tmp_path):
    for cells, unit in ((["35%", "20%"], "percent"), (["0.35", "0.2"], "fraction"), (["35", "20"], "percent"), (["350000", "200000"], "ppm"), (["350", "200"], "?")):
        path = tmp_path / "流水.csv"
        path.write_text("客户号,月份,流入金额(元),最大客户占比\n" + "".join(f"C{n},2026-0{n}-01,{n}000,{cells[n % 2]}\n" for n in range(1, 9)), encoding="utf-8")
        assert tables_of(draft([str(path)]))["cash_flows"]["largest_customer_ppm"] == {"column": "最大客户占比", "unit": unit}
