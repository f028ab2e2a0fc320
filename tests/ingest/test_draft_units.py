"""The unit and the currency of a draft are those the file says, or are asked; what a draft loads is what the lender meant."""

import json
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from arrears.cli import app
from arrears.ingest.draft import Draft, draft
from arrears.ingest.draft_rates import rate_unit
from arrears.ingest.draft_reading import header_of
from ingest.drafting import answered, asked, document, tables_of

SAID = {"schedule": "one", "interest_minor": "=0", "borrower_id": "借据号"}


def ledger(tmp_path: Path, amount: str, values: list[str], above: list[str] = (), below: list[str] = (), more: dict | None = None) -> Path:
    """Loans that fall due at once, with this column of amounts, lines above the header and a line below it."""
    more = more or {}
    rows = [f"L{n},{value},2026-01-02,2026-06-01" + "".join(f",{cells[n % len(cells)]}" for cells in more.values()) for n, value in enumerate(values)]
    path = tmp_path / "loans.csv"
    path.write_text("\n".join([*above, ",".join(["借据号", amount, "放款日期", "到期日", *more]), *below, *rows]) + "\n", encoding="utf-8")
    return path


def book_of(tmp_path: Path, path: Path, drafted: Draft) -> dict:
    """What the book holds once the draft, accepted as it stands, has loaded the file."""
    (tmp_path / "my.yaml").write_text(answered(drafted, **SAID).text, encoding="utf-8")
    run = CliRunner().invoke(app, ["ingest", str(path), "--mapping", str(tmp_path / "my.yaml"), "--book", str(tmp_path / "book"), "--lang", "en"])
    assert run.exit_code == 0 and "quarantined" not in run.output, run.output
    told = CliRunner().invoke(app, ["book", str(tmp_path / "book"), "--json"])
    return json.loads(told.output)["tables"]["loans"]["sums"]["principal_minor"]


IN_FEN = [
    ("放款金额(百万元)", ["1.5", "2"], 350_000_000), ("放款金额（千元）", ["15", "20"], 3_500_000), ("贷款本金_亿元", ["0.015", "0.02"], 350_000_000),
    ("贷款本金(万)", ["1.5", "2"], 3_500_000), ("放款金额万元", ["1.5", "2"], 3_500_000), ("放款金额/万元", ["1.5", "2"], 3_500_000),
    ("放款金额（分）", ["234.0", "100.0"], 334), ("放款金额(元)", ["1500", "2000"], 350_000), ("放款金额", ["1500.50", "2000"], 350_050),
]


@pytest.mark.parametrize(("name", "values", "fen"), IN_FEN, ids=[case[0] for case in IN_FEN])
def test_the_unit_in_a_name_is_the_unit_of_the_book(tmp_path, name, values, fen):
    path = ledger(tmp_path, name, values)
    drafted = draft([str(path)])
    assert not any(question.endswith("unit") for question in asked(drafted))
    assert book_of(tmp_path, path, drafted) == {"CNY": fen}


ABOVE = [
    ("单位：万元", 3_550_000), ("单位:元", 355), ("单位：人民币元", 355), ("金额单位：百万元", 355_000_000), ("（单位：人民币万元）", 3_550_000),
    ("贷款台账 单位：千元", 355_000), ("币种：人民币  单位：亿元", 35_500_000_000),
]


@pytest.mark.parametrize(("said", "fen", "is_workbook"), [(*case, False) for case in ABOVE] + [(*case, True) for case in ABOVE[:2]])
def test_the_unit_above_the_header_is_the_unit_of_the_book(tmp_path, said, fen, is_workbook):
    path = ledger(tmp_path, "放款金额", ["1.55", "2"], above=["某某公司借据台账", f",,,{said}"])
    if is_workbook:
        book = openpyxl.Workbook()
        for line in path.read_text("utf-8").splitlines():
            book.active.append([cell or None for cell in line.split(",")])
        path = path.with_suffix(".xlsx")
        book.save(path)
    assert book_of(tmp_path, path, draft([str(path)])) == {"CNY": fen}


def test_a_line_of_units_below_the_header_belongs_to_it_and_is_no_record(tmp_path):
    path = ledger(tmp_path, "放款金额", ["1.55", "2"], below=[",万元,,"])
    assert book_of(tmp_path, path, draft([str(path)])) == {"CNY": 3_550_000}
    assert header_of([(1, ["a", "b"]), (2, ["1000", ""])]) == (1,), "numbers are no units"


@pytest.mark.parametrize(("name", "values"), [
    ("放款金额(十万元)", ["1.5", "2"]), ("放款金额(角)", ["15", "20"]), ("放款金额", ["1.5", "3.25"]), ("放款金额", ["12.3456", "2000.5"]),
    ("放款金额", ["23456.0", "12000.0"]), ("放款金额", ["234", "120"]),
])
def test_a_unit_that_is_not_sure_is_asked(tmp_path, name, values):
    drafted = draft([str(ledger(tmp_path, name, values))])
    (question,) = [one for one in drafted.questions if one.id.endswith("unit")]
    assert question.default == ("major" if values in (["23456.0", "12000.0"], ["234", "120"]) else None), "no proposal where each may be wrong"


def test_one_mistyped_amount_raises_no_doubt(tmp_path):
    path = ledger(tmp_path, "放款金额", [f"15{n}0.50" for n in range(40)] + ["1500.005"])
    drafted = draft([str(path)])
    assert tables_of(drafted)["loans"]["principal_minor"]["unit"] == "major" and "more than 2 decimals" in drafted.text


def test_a_column_beside_one_in_ten_thousands_is_asked(tmp_path):
    path = tmp_path / "plan.csv"
    path.write_text("借据号,期次,应还日期,应还本金(万元),应还利息\n" + "".join(f"L{n},1,2026-02-02,5.5,0.25\n" for n in range(9)), encoding="utf-8")
    assert asked(draft([str(path)])) >= {"instalments.interest_minor.unit"}


def test_files_of_the_same_columns_in_two_units_are_two_sources(tmp_path):
    for name, unit in (("a", "元"), ("b", "万元")):
        (tmp_path / name).mkdir()
        ledger(tmp_path / name, "放款金额", ["15", "20"], above=[f"单位：{unit}"]).rename(tmp_path / f"{name}.csv")
    sources = document(draft([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]))["sources"]
    assert [source["tables"]["loans"]["principal_minor"]["unit"] for source in sources] == ["major", "ten_thousand"]


CURRENCIES = [
    ("loan_amount_usd", ["1500.50", "2000"], "USD", 350_050), ("放款金额(美元)", ["1500.50", "2000"], "USD", 350_050), ("Loan Amount", ["€1500.50", "€2000"], "EUR", 350_050),
    ("loan_amount_jpy", ["150000", "200000"], "JPY", 350_000), ("贷款金额(日元)", ["150000", "200000"], "JPY", 350_000), ("Loan Amount (KWD)", ["1500.505", "2000"], "KWD", 3_500_505),
    ("放款金额(万美元)", ["1.5", "2"], "USD", 3_500_000),
]


@pytest.mark.parametrize(("name", "values", "code", "minor"), CURRENCIES, ids=[case[0] for case in CURRENCIES])
def test_another_currency_than_yuan_is_told_by_names_and_signs(tmp_path, name, values, code, minor):
    path = ledger(tmp_path, name, values)
    drafted = draft([str(path)])
    assert not any(question.endswith("currency") for question in asked(drafted))
    assert book_of(tmp_path, path, drafted) == {code: minor}


def test_a_column_of_currencies_says_the_decimals_of_the_amounts(tmp_path):
    path = ledger(tmp_path, "放款金额", ["150000", "200000"], more={"币种": ["JPY"]})
    assert book_of(tmp_path, path, draft([str(path)])) == {"JPY": 350_000}


@pytest.mark.parametrize(("names", "values", "proposed"), [
    ("loan_id,Loan Amount ($),loan_date", ["1500", "2000"], "USD"), ("loan_id,loan_amount,loan_date", ["$1,500.00", "$2000"], "USD"),
    ("loan_id,loan_amount,loan_date", ["1500.50", "2000"], "CNY"), ("借据号,放款金额(元),贷款余额(美元),放款日期", ["1500", "2000"], "CNY"),
])
def test_a_currency_that_nothing_names_is_asked(tmp_path, names, values, proposed):
    path = tmp_path / "loans.csv"
    between = ",99" if names.count(",") > 2 else ""
    path.write_text(names + "\n" + "".join(f'L{n},"{value}"{between},2026-01-02\n' for n, value in enumerate(values)), encoding="utf-8")
    drafted = draft([str(path)])
    (question,) = [one for one in drafted.questions if one.id.endswith("currency")]
    assert question.default == proposed
    assert tables_of(drafted)["loans"]["currency"] == "?"
    assert document(answered(drafted, currency="JPY"))["currency"] == "JPY", "the decimals of every amount"


# ---- rates ----


@pytest.mark.parametrize(("name", "values", "unit"), [
    ("年利率", ["18%", "15.4%"], "percent"), ("年利率", ["0.18", "0.154"], "fraction"), ("利率", ["18", "15.4"], "percent"), ("利率(bp)", ["1800"], "permyriad"),
    ("日利率", ["0.0005"], "fraction_a_day"), ("日利率", ["5‱"], "permyriad_a_day"), ("日利率(万分之)", ["5"], "permyriad_a_day"), ("月利率", ["9.6‰"], "permille_a_month"),
    ("月利率", ["1.5"], "percent_a_month"), ("月利率", ["15"], "permille_a_month"), ("罚息日利率", ["0.05%"], "percent_a_day"), ("年利率(%)", ["0", "0"], "percent"),
    ("年利率(%)", ["0.18", "0.154"], None), ("年利率", ["1800"], None), ("利率", ["1.5%"], None), ("利率", ["0.015"], None), ("罚息利率", ["0.05%"], None),
    ("罚息利率", ["50%"], None), ("月利率", ["2.9"], None), ("年利率", ["0.18", "18", "15"], None), ("利率(%)", ["9.6‰"], None),
], ids=str)
def test_a_rate_that_no_lender_charges_is_asked_whatever_its_name_says(name, values, unit):
    from polars import Series

    from arrears.ingest.draft_content import look_at

    assert rate_unit(look_at(name, Series(values * 4)))[0] == unit


@pytest.mark.parametrize("name", ["年利率", "年利率(%)"])
def test_a_cell_that_excel_shows_in_percent_is_the_rate_it_shows(tmp_path, name):
    book = openpyxl.Workbook()
    book.active.append(["借据号", "放款金额(元)", "放款日期", "到期日", name])
    for n in range(4):
        book.active.append([f"L{n}", 1000, "2026-01-02", "2026-06-01", 0.18])
        book.active.cell(n + 2, 5).number_format = "0%"
    path = tmp_path / "loans.xlsx"
    book.save(path)
    drafted = draft([str(path)])
    assert tables_of(drafted)["loans"]["annual_rate_ppm"] == {"column": name, "unit": "percent"}
    book_of(tmp_path, path, drafted)
    loaded = pl.read_parquet(tmp_path / "book/loads/0001/loans-0000.parquet")
    assert loaded["annual_rate_ppm"].to_list() == [180_000] * 4
