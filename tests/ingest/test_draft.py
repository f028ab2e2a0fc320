"""`arrears map` recognises messy real columns, says how sure it is, asks the rest, and shows nothing personal."""

import os
import random
import re
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears import strict_yaml
from arrears.ingest.draft import answer, draft
from arrears.ingest.draft_content import look_at
from arrears.ingest.draft_names import fits, meanings, taken_apart
from arrears.ingest.draft_reading import header_of
from arrears.ingest.draft_text import scalar
from arrears.ingest.mapping import check_columns, parse_mapping
from arrears.ingest.sources import find_sources
from arrears.refusal import Refused
from ingest.draft_labels import FIRST, SECOND
from ingest.drafting import answered, asked, document, tables_of

SHARED = Path(os.environ.get("ARREARS_SHARED", Path(__file__).resolve().parents[3] / "shared"))
DATA = SHARED / "data"
HAN = re.compile("[\u4e00-\u9fff]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

with_data = pytest.mark.skipif(not DATA.exists(), reason=f"the public data sets are absent: {DATA}")


def id_number(dice: random.Random) -> str:
    body = f"{dice.choice((110101, 310104, 440305))}{dice.randint(1965, 2002)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}{dice.randint(0, 999):03}"
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def people(count: int) -> list[dict[str, str]]:
    dice = random.Random(7)
    return [
        {
            "name": dice.choice("王李张刘陈杨黄赵") + dice.choice(("伟", "敏", "建国", "秀英", "丽娟")),
            "card": id_number(dice), "mobile": f"1{dice.choice('3578')}{dice.randint(10**8, 10**9 - 1)}",
            "home": f"浙江省杭州市西湖区文三路{dice.randint(1, 999)}号",
        }
        for _ in range(count)
    ]


PEOPLE = people(60)
LOANS = [f"0{2024_0000_0000 + 7 * place}" for place in range(60)]
"""Loan numbers of 13 digits that begin with a zero."""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A Chinese ledger: two title rows, a header of two rows with merged cells, a row of sums."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "借据台账"
    sheet.append(["某某小额贷款有限公司 借据台账"])
    sheet.append(["截至 2024-06-30", None, None, "单位：元"])
    sheet.append(["借据号", "借款人", None, None, None, "放款", None, "年利率(%)", "日罚息率(‱)", "宽限期", "备注"])
    sheet.append([None, "姓名", "身份证号", "手机号", "住址", "日期", "金额（元）", None, None, None, None])
    sheet.merge_cells("B3:E3")
    sheet.merge_cells("F3:G3")
    for place, (loan, person) in enumerate(zip(LOANS, PEOPLE, strict=True)):
        day = date(2024, 1, 5) + timedelta(days=place)
        sheet.append([
            loan, person["name"], person["card"], person["mobile"], person["home"], f"{day.year}/{day.month}/{day.day}",
            f"{10_000 + 137.5 * place:,.2f}", "18.00", "5", 3, f"{person['name']}，电话{person['mobile']}",
        ])
    sheet.append(["合计", None, None, None, None, None, "843,375.00"])
    book.create_sheet("空表")
    path = tmp_path / "2024台账.xlsx"
    book.save(path)
    return path


@pytest.fixture
def receipts(tmp_path: Path) -> Path:
    """Payments in GB18030 whose loan numbers lost their zero to a spreadsheet."""
    lines = ["交易流水号,合同号,还款日期,实还金额,付款人,付款账号"]
    for place, (loan, person) in enumerate(zip(LOANS * 2, PEOPLE * 2, strict=True)):
        day = date(2024, 3, 1) + timedelta(days=place % 50)
        lines.append(f"P{place:06},{loan.lstrip('0')},{day:%Y%m%d},{500 + place}.50,{person['name']},6222021234{place:06}")
    path = tmp_path / "还款流水.csv"
    path.write_bytes("\r\n".join(lines).encode("gb18030"))
    return path


@pytest.fixture
def schedule(tmp_path: Path) -> Path:
    """An English schedule with a title line; its dates may be read either way."""
    lines = ["Repayment schedule as of June,,,,,", "Loan No,Inst No,Due Date,Principal Due,Interest Due,Fee Due"]
    lines += [f"{loan},{number},{place % 12 + 1}/{number}/2024,833.33,15.00,0.00" for place, loan in enumerate(LOANS) for number in (1, 2, 3)]
    path = tmp_path / "schedule.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def assert_nothing_personal(text: str) -> None:
    for person in PEOPLE:
        for value in (person["name"], person["card"], person["mobile"], person["home"]):
            assert value not in text, value


# ---- whole drafts ----


def test_a_chinese_ledger_with_titles_and_a_merged_header_is_recognised(ledger):
    drafted = draft([str(ledger)])
    source = document(drafted)["sources"][0]
    loans = source["tables"]["loans"]
    assert source["header"] == ["3", "4"]
    assert source["files"] == [ledger.name] and source["sheet"] == "借据台账"
    assert loans["loan_id"] == "借据号"
    assert loans["borrower_id"] == "借款人/身份证号"
    assert loans["principal_minor"] == {"column": "放款/金额（元）", "unit": "major"}
    assert loans["annual_rate_ppm"] == {"column": "年利率(%)", "unit": "percent"}
    assert loans["penalty_rate_ppm"] == {"column": "日罚息率(‱)", "unit": "permyriad_a_day"}
    assert loans["grace_days"] == "宽限期"
    assert loans["disbursed_on"] == "放款/日期"
    assert source["keep"] == {"column": "借据号", "is_not": ["合计"]}


def test_what_the_law_and_the_contract_say_is_asked_and_the_law_is_never_proposed(ledger):
    drafted = draft([str(ledger)])
    assert {"loans.regime", "loans.day_count", "loans.waterfall_scope", "loans.waterfall_order", "loans.penalty_on_interest"} <= asked(drafted)
    regime = next(question for question in drafted.questions if question.id.endswith("loans.regime"))
    assert regime.default is None and set(regime.choices) >= {"none", "cn_licensed", "cn_private", "cn_microloan"}
    assert tables_of(drafted)["loans"]["regime"] == "?"


def test_what_is_proposed_in_the_file_can_be_written_as_it_stands(ledger):
    drafted = draft([str(ledger)])
    assert "one of: {constant: none} | {constant: cn_licensed} | {constant: cn_private} | {constant: cn_microloan}" in drafted.text
    proposed = dict(re.findall(r"proposed: (.+)\n +(\w+): \"\?\"", drafted.text))
    assert "{constant: 360}" in proposed
    known = {look.name for look in drafted.seen[0].looks}
    for text in proposed:
        assert strict_yaml.parse(text, "answer")["constant"] if text.startswith("{") else text in known, text


def test_a_bare_number_is_a_constant_where_one_is_proposed(tmp_path):
    path = tmp_path / "loans.csv"
    path.write_text("借据号,放款金额,放款日期\nL1,100.50,2026-01-02\nL2,200.50,2026-01-03\n", encoding="utf-8")
    drafted = draft([str(path)])
    (grace,) = [question for question in drafted.questions if question.id.endswith("loans.grace_days")]
    assert tables_of(answer(drafted, {grace.id: "3"}))["loans"]["grace_days"] == {"constant": "3"}
    with pytest.raises(Refused, match="or = and a constant"):
        answer(drafted, {grace.id: "three"})


@pytest.mark.parametrize(("first", "is_told"), [("138{:08d}", True), ("LN{:08d}", False)])
def test_loan_numbers_that_look_like_mobile_numbers_are_hashed_and_the_draft_says_why(tmp_path, first, is_told):
    path = tmp_path / "loans.csv"
    rows = "".join(f"{first.format(n)},11010819870101{n:04d},{n}000.00,2025-01-{n:02d}\n" for n in range(10, 29))
    path.write_text(f"借据号,身份证号,放款金额,放款日期\n{rows}", encoding="utf-8")
    drafted = draft([str(path)])
    assert document(drafted)["personal"]["hashed"] == (["借据号", "身份证号"] if is_told else ["身份证号"])
    assert ("look like identity card or mobile numbers: 借据号; where" in drafted.text) == is_told == ("手机号：借据号；" in drafted.text)


def test_personal_columns_are_hashed_or_left_out_and_none_of_their_values_is_shown(ledger, receipts, schedule):
    drafted = draft([str(ledger), str(receipts), str(schedule)])
    personal = document(drafted)["personal"]
    assert personal["hashed"] == ["借款人/身份证号"]
    assert {"借款人/姓名", "借款人/手机号", "借款人/住址", "付款人", "付款账号"} <= set(personal["left_out"])
    shown = drafted.text + "\n".join(drafted.lines("en") + drafted.lines("zh")) + repr(drafted.questions)
    assert_nothing_personal(shown)
    assert_nothing_personal(answered(drafted).text)


def test_payments_in_gb18030_are_linked_to_the_ledger_and_lost_zeros_are_put_back(ledger, receipts):
    drafted = draft([str(ledger), str(receipts)])
    payments = tables_of(drafted)["payments"]
    assert payments["payment_id"] == "交易流水号"
    assert payments["loan_id"] == {"column": "合同号", "zero_fill": "13"}
    assert payments["paid_on"] == "还款日期"
    assert payments["amount_minor"] == {"column": "实还金额", "unit": "major"}
    assert drafted.warnings == ()


def test_files_that_do_not_belong_together_are_warned_of(ledger, tmp_path):
    path = tmp_path / "payments.csv"
    path.write_text("payment_id,loan_id,paid_on,amount\n" + "".join(f"p{n},X{n},2024-05-01,12.50\n" for n in range(40)), encoding="utf-8")
    drafted = draft([str(ledger), str(path)])
    (en, zh), = drafted.warnings
    assert "0%" in en and "orphans" in en and HAN.search(zh)
    assert any(line.startswith("# warning: ") for line in drafted.text.splitlines())


def test_an_english_schedule_below_a_title_asks_whether_day_or_month_stands_first(schedule):
    drafted = draft([str(schedule)])
    source = document(drafted)["sources"][0]
    assert source["header"] == ["2"]
    assert source["tables"]["instalments"] == {
        "loan_id": "Loan No", "number": "Inst No", "due_on": {"column": "Due Date", "format": "?"},
        "principal_minor": {"column": "Principal Due", "unit": "major"}, "interest_minor": {"column": "Interest Due", "unit": "major"},
        "fee_minor": {"column": "Fee Due", "unit": "major"},
    }
    assert asked(drafted) == {"instalments.due_on.format"}
    done = answered(drafted, format="D/M/YYYY")
    assert tables_of(done)["instalments"]["due_on"] == {"column": "Due Date", "format": ["D/M/YYYY"]}


def test_answering_every_question_makes_the_draft_a_mapping(ledger, receipts, schedule):
    drafted = draft([str(ledger), str(receipts), str(schedule)])
    with pytest.raises(Refused):
        parse_mapping(drafted.text, "draft.yaml")
    mapping = parse_mapping(answered(drafted).text, "draft.yaml")
    assert [table.table for source in mapping.sources for table in source.tables] == ["loans", "payments", "instalments"]


def test_files_of_the_same_columns_are_one_source(tmp_path):
    for month in (1, 2):
        path = tmp_path / f"pay{month}.csv"
        path.write_text(f"payment_id,loan_id,paid_on,amount\np{month},L1,2024-0{month}-01,5.25\n", encoding="utf-8")
    sources = document(draft([str(tmp_path)]))["sources"]
    assert [source["files"] for source in sources] == [["pay1.csv", "pay2.csv"]]


def test_records_without_a_payment_make_a_source_of_their_own(tmp_path):
    path = tmp_path / "plan.csv"
    rows = "".join(f"L{n},{k},2024-0{k}-01,100.00,5.00,0.00,{'2024-02-03' if k == 1 else ''},{'105.00' if k == 1 else ''}\n" for n in range(9) for k in (1, 2))
    path.write_text("借据号,期次,应还日期,应还本金,应还利息,应还费用,实还日期,实还金额\n" + rows, encoding="utf-8")
    drafted = draft([str(path)])
    first, second = document(drafted)["sources"]
    assert set(first["tables"]) == {"instalments"} and set(second["tables"]) == {"payments"}
    assert second["keep"] == {"column": "实还日期", "is_not": [""]}
    assert second["tables"]["payments"]["payment_id"] == {"key_of": ["借据号", "实还日期", "实还金额"]}


def test_comments_break_no_word_in_two(ledger):
    drafted = draft([str(ledger)])
    words = {word for question in drafted.questions for word in re.findall(r"[A-Za-z_]{3,}", question.zh + question.en)}
    said = {word for line in drafted.text.splitlines() if "#" in line for word in re.findall(r"[A-Za-z_]{3,}", line)}
    assert words <= said


def test_a_file_that_nothing_is_recognised_of_is_asked_about_and_taken_by_an_answer(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b,c\n1,2,3\n4,5,6\n", encoding="utf-8")
    drafted = draft([str(path)])
    assert [question.id for question in drafted.questions] == ["x.table"]
    assert strict_yaml.parse(drafted.text, "draft.yaml")["sources"] == []
    payments = answer(drafted, {"x.table": "payments"})
    assert {"payments.payment_id", "payments.loan_id", "payments.paid_on", "payments.amount_minor"} <= asked(payments)


def test_loans_without_a_schedule_may_fall_due_at_once_or_in_equal_parts(tmp_path):
    path = tmp_path / "loans.csv"
    rows = "".join(f"L{n},C{n},quick,{9_000 + n}.50,0.18,2024-01-0{n},2024-07-0{n},6\n" for n in range(1, 9))
    path.write_text("loan_id,customer_id,product,loan_amount,interest_rate,disbursement_date,maturity_date,term\n" + rows, encoding="utf-8")
    drafted = draft([str(path)])
    assert "schedule" in asked(drafted)
    assert tables_of(drafted)["instalments"] == "?", "a question has its place in the file too"
    assert "→ instalments: 0 columns drafted, 1 to be answered" in "\n".join(drafted.lines("en"))
    once = answered(drafted, schedule="one")
    assert tables_of(once)["instalments"]["due_on"] == "maturity_date"
    parts = answered(drafted, schedule="equal", interest_minor="=0")
    assert tables_of(parts)["instalments"]["repeat"] == {"times": "term"}
    assert tables_of(parts)["instalments"]["due_on"] == {"column": "disbursement_date", "plus_months": "1", "every": "month"}
    assert tables_of(parts)["loans"]["annual_rate_ppm"] == {"column": "interest_rate", "unit": "fraction"}
    for done in (once, parts):
        parse_mapping(done.text, "draft.yaml")


def test_words_of_contacts_are_proposed_and_the_unknown_ones_asked(tmp_path):
    path = tmp_path / "contacts.csv"
    rows = "".join(f"c{n},U{n % 5},2024-05-0{n % 9 + 1} 10:00:00,{('电话', '短信', '飞鸽')[n % 3]},呼出,本人,{('接通', '空号')[n % 2]}\n" for n in range(30))
    path.write_text("催收记录编号,客户号,联系时间,催收方式,呼叫方向,联系对象,联系结果\n" + rows, encoding="utf-8")
    drafted = draft([str(path)])
    contacts = tables_of(drafted)["contacts"]
    assert contacts["channel"]["values"] == {"电话": "call", "短信": "sms", "飞鸽": "?"}
    assert contacts["outcome"]["values"] == {"接通": "answered", "空号": "invalid_number"}
    assert asked(drafted) == {"contacts.channel.values.飞鸽"}
    parse_mapping(answered(drafted).text, "draft.yaml")


def test_an_answer_that_is_none_is_refused_with_the_near_ones(ledger):
    drafted = draft([str(ledger)])
    regime = next(question.id for question in drafted.questions if question.id.endswith("loans.regime"))
    with pytest.raises(Refused, match="cn_microloan") as refused:
        answer(drafted, {regime: "cn_microlaon"})
    assert HAN.search(refused.value.zh)
    with pytest.raises(Refused, match="no such question"):
        answer(drafted, {"nowhere": "x"})


def test_every_line_says_how_sure_it_is_and_both_languages_are_printed(ledger, receipts):
    drafted = draft([str(ledger), str(receipts)])
    assert re.search(r"loan_id: 借据号 +# 0\.\d\d by name and content", drafted.text)
    en, zh = drafted.lines("en"), drafted.lines("zh")
    assert len(en) == len(zh) and all(HAN.search(line) for line in zh)
    assert sum(line.startswith("? ") for line in en) == len(drafted.questions)


# ---- public data ----


@with_data
def test_the_500_loans_are_loans_with_one_due_date_and_payments_of_those_who_paid():
    drafted = draft([str(DATA / "loan_payments_500" / "loan_payments.parquet")])
    first, second = document(drafted)["sources"]
    assert first["tables"]["loans"]["loan_id"] == "Loan_ID"
    assert first["tables"]["loans"]["disbursed_on"] == {"column": "effective_date", "format": ["M/D/YYYY"]}
    assert first["tables"]["loans"]["principal_minor"] == {"column": "Principal", "unit": "?"}, "multiples of 100 may be fen or yuan"
    assert second["tables"]["payments"]["paid_on"] == {"column": "paid_off_time", "format": ["M/D/YYYY"]}
    assert {"loans.borrower_id", "loans.annual_rate_ppm", "loans.regime", "payments.amount_minor", "schedule"} <= asked(drafted)
    assert {"Gender", "age"} <= set(document(drafted)["personal"]["left_out"])
    done = answered(drafted, schedule="one", amount_minor="Principal", interest_minor="=0")
    mapping = parse_mapping(done.text, "draft.yaml")
    assert {table.table for source in mapping.sources for table in source.tables} == {"loans", "instalments", "payments"}


@with_data
def test_berka_is_loans_and_payments_and_the_draft_says_by_which_column_they_join():
    files = [str(DATA / "berka_pkdd99" / f"{name}.parquet") for name in ("loan", "order", "trans_to_19940330")]
    drafted = draft(files)
    tables = tables_of(drafted)
    assert tables["loans"]["loan_id"] == "loan_id" and tables["loans"]["disbursed_on"] == "date"
    assert (tables["payments"]["payment_id"], tables["payments"]["paid_on"]) == ("trans_id", "date")
    assert tables["payments"]["amount_minor"] == {"column": "amount", "unit": "major"}
    assert {"table", "payments.loan_id"} <= asked(drafted), "what an order is, and whose payment it is, the files do not say"
    assert any("'account_id'" in en for en, _ in drafted.warnings)
    parse_mapping(answered(drafted, loan_id="account_id", principal_minor="amount").text, "draft.yaml")


@with_data
def test_the_sba_firms_are_debts_without_a_schedule():
    drafted = draft([str(DATA / "sba_case_ca" / "sba_case.parquet")])
    tables = tables_of(drafted)
    assert set(tables) == {"unscheduled"}
    assert tables["unscheduled"]["disbursed_on"] == "DisbursementDate_iso", "the other column of that name holds no dates"
    assert tables["unscheduled"]["charged_off_on"] == "ChgOffDate_iso"
    assert tables["unscheduled"]["charged_off_minor"] == {"column": "ChgOffPrinGr", "unit": "?"}
    parse_mapping(answered(drafted).text, "draft.yaml")


# ---- names ----


def recognised(labels: dict[str, str | None]) -> tuple[float, float, list[tuple]]:
    """(precision, recall, what failed): a name counts as recognised from 0.5 on."""
    right = wrong = missed = 0
    failed = []
    for header, meant in labels.items():
        found = next(((meaning, fit) for meaning, fit in fits(header).items() if fit >= 0.5), (None, 0))[0]
        right += found == meant is not None
        wrong += found not in (meant, None)
        missed += meant is not None and found != meant
        failed += [(header, meant, found)] if found != meant else []
    return right / (right + wrong), right / (right + missed), failed


@pytest.mark.parametrize("labels", [FIRST, SECOND], ids=["first", "second"])
def test_most_names_of_real_columns_are_recognised_and_few_wrongly(labels):
    listed = {name.compact for names in meanings().values() for name in names}
    unlisted = {header: meant for header, meant in labels.items() if taken_apart(header).compact not in listed}
    assert len(labels) >= 60 and len(unlisted) >= 60, "most names must be ones that the list does not hold"
    for some, precision_least, recall_least in ((labels, 0.95, 0.9), (unlisted, 0.92, 0.88)):
        precision, recall, failed = recognised(some)
        assert precision >= precision_least and recall >= recall_least, (precision, recall, failed)


def test_no_name_of_the_list_stands_under_two_meanings():
    seen: dict[str, str] = {}
    for meaning, names in meanings().items():
        for name in names:
            assert seen.setdefault(name.compact, meaning) == meaning, f"{name.compact}: {seen[name.compact]} and {meaning}"


@pytest.mark.parametrize("header, unit", [
    ("金额(元)", "major"), ("放款金额（万元）", "ten_thousand"), ("金额[分]", "minor"), ("年利率(%)", "percent"), ("利率‰", "permille"),
    ("amount_minor", "minor"), ("Amount (USD)", "major"), ("rate_pct", "percent"), ("金额", None),
])
def test_the_unit_in_a_name_is_read(header, unit):
    assert taken_apart(header).unit == unit


# ---- content ----


@pytest.mark.parametrize("values, formats, unclear", [
    (["2024-01-31", "2024-2-1"], ("YYYY-M-D",), False),
    (["20240131", "20240201"], ("YYYYMMDD",), False),
    (["31/01/2024", "02/02/2024"], ("D/M/YYYY",), False),
    (["1/31/2024 10:05", "2/2/2024"], ("M/D/YYYY",), False),
    (["1/2/2024", "2/2/2024"], None, True),
    (["1/31/2024", "31/1/2024"], None, True),
    (["45321", "45322"], ("excel",), False),
    (["2024年1月3日", "２０２４-０１-０２"], None, False),
    (["a", "b"], (), False),
])
def test_dates_are_told_by_their_values(values, formats, unclear):
    look = look_at("x", pl.Series(values * 5))
    assert look.is_unclear == unclear
    assert formats is None or look.dates == formats


@pytest.mark.parametrize("values, kind", [
    ([person["card"] for person in PEOPLE], "id_number"), ([person["mobile"] for person in PEOPLE], "phone"),
    ([person["home"] for person in PEOPLE], "address"), ([person["name"] for person in PEOPLE], "person_name"),
    (["4111111111111111", "5500005555555559", "5105105105105100"], "bank_account"), (["a@b.cn", "c@d.com", "e@f.org"], "email"),
    ([f"{n:018}" for n in range(10**17, 10**17 + 50)], None), (["正常", "结清", "逾期"], None), (LOANS, None),
])
def test_personal_values_are_told_by_what_they_are_and_never_kept_to_be_shown(values, kind):
    look = look_at("x", pl.Series(values))
    assert look.personal == kind
    assert kind is None or (look.examples == () and look.words == ())


def test_rates_are_told_by_their_size():
    def unit(name: str, value: str) -> str | None:
        from arrears.ingest.draft_rates import rate_unit

        return rate_unit(look_at(name, pl.Series([value] * 4)))[0]

    assert unit("年利率", "0.18") == "fraction" and unit("年利率", "18") == "percent" and unit("年利率", "180000") == "ppm"
    assert unit("年利率", "18%") == "percent" and unit("月利率", "1.5") == "percent_a_month" and unit("月利率(‰)", "15") == "permille_a_month"
    assert unit("日利率", "0.05") == "percent_a_day" and unit("日利率", "5") == "permyriad_a_day" and unit("年利率", "1500") is None


def test_the_header_is_found_below_titles():
    rows = [(1, ["台账", "", ""]), (3, ["借据号", "放款日期", "放款金额"]), (4, ["J1", "2024-01-01", "5.00"])]
    assert header_of(rows) == (3,)
    assert header_of([(1, ["a", "b"]), (2, ["1", "2"])]) == (1,)


def test_an_empty_first_row_of_a_sheet_does_not_hide_the_sheet(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for place, row in enumerate([["payment_id", "loan_id", "paid_on", "amount"], ["p1", "L1", "2024-05-01", "12.50"]]):
        for column, cell in enumerate(row):
            sheet.cell(place + 3, column + 1, cell)
    path = tmp_path / "payments.xlsx"
    book.save(path)
    source = document(draft([str(path)]))["sources"][0]
    assert source["header"] == ["3"] and set(source["tables"]) == {"payments"}


def test_only_a_sample_of_a_large_file_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("arrears.ingest.draft_reading.SAMPLE", 1_000)
    path = tmp_path / "payments.csv"
    rows = "".join(f"p{n},L{n % 99},2024-05-01,12.50\n" for n in range(5_000))
    path.write_text("payment_id,loan_id,paid_on,amount\n" + rows + "合计,,,62500.00\n", encoding="utf-8")
    drafted = draft([str(path)])
    assert drafted.seen[0].records == 1_000 and not drafted.seen[0].is_whole
    assert "the first 1000 records" in drafted.text
    assert document(drafted)["sources"][0]["keep"] == {"column": "payment_id", "is_not": ["合计"]}, "seen at the file's end"


# ---- any text ----


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12), min_size=1, max_size=4))
def test_any_name_of_a_column_is_written_so_that_yaml_reads_it_back(names):
    text = "".join(f"- {scalar(name)}\n- [{scalar(name)}]\n" for name in names)
    assert strict_yaml.parse(text, "x") == [entry for name in names for entry in (name, [name])]
    for name in names:
        fits(name)
        look_at(name, pl.Series([name, None, "1"]))


def test_each_table_of_a_database_becomes_a_query(tmp_path):
    path = tmp_path / "book.db"
    with sqlite3.connect(path) as database:
        database.execute('CREATE TABLE "Receipts" (payment_id TEXT, loan_id TEXT, paid_on TEXT, amount TEXT)')
        database.executemany('INSERT INTO "Receipts" VALUES (?, ?, ?, ?)', [(f"p{n}", f"L{n}", "2024-05-01", "12.50") for n in range(9)])
    source, = document(draft([f"sqlite:///{path}"]))["sources"]
    assert source["query"] == 'SELECT * FROM "Receipts"' and source["tables"]["payments"]["paid_on"] == "paid_on"


def test_the_drafted_mapping_takes_the_files_it_was_drafted_from(ledger, receipts, schedule):
    files = [str(ledger), str(receipts), str(schedule)]
    mapping = parse_mapping(answered(draft(files)).text, "draft.yaml")
    found = find_sources(files, mapping)
    assert len(found) == 3
    for source_map, source in found:
        check_columns(source_map, source.columns, source.name)


def test_debits_that_failed_are_left_out_and_an_empty_amount_is_not(tmp_path):
    rows = ["流水号,借据号,还款日期,还款金额,交易状态"] + [
        f"P{number:03d},L{number:03d},2026-02-{number % 27 + 1:02d},{'' if number == 7 else f'{number + 1}.50'},{'失败' if number % 5 == 0 else '成功'}"
        for number in range(60)]
    path = tmp_path / "还款流水.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    drafted = draft([str(path)])
    assert "keep: {column: 交易状态, is: [成功]}" in drafted.text
    assert "失败 is none (12 of 60 sampled records), and is left out" in drafted.text
    assert 'is_not: [""]' not in drafted.text
