"""What a load says of itself: sums by currency, doubts about units, what vanished, and the tables' names in Chinese."""

import json
from datetime import date, timedelta

import pytest

from arrears.tables import FACTS
from arrears.tables.names import TABLES_ZH
from ingest.lender_files import MAPPING, Lender, loan_row, payment_row, schedule_rows
from plain_books import arrears

LOOK = "check the unit"


def loaded_with(lender: Lender, *changes: tuple[str, str], loans: dict | None = None):
    """The first load under a mapping with other units, and what `arrears book` then says."""
    text = MAPPING
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    lender.mapping.write_text(text, encoding="utf-8")
    if loans:
        lender.write("loans", [loan_row(number, **loans) for number in (1, 2, 3)])
    ran = lender.ingest()
    assert ran.status == 0, ran.error
    return ran.out, arrears("book", lender.book, "--lang", "en").out


def test_the_summary_sums_each_amount_and_says_what_was_received_and_taken_back(lender):
    lender.write("payments", [payment_row("P1", 1), payment_row("P2", 2, amount="80.50"), payment_row("R2", 2, amount="80.50", reverses="P2"),
                              payment_row("P3", 3, amount="oops")])
    tried = lender.ingest(words=("--dry-run", "--threshold", "10%"))
    ran = lender.ingest(words=("--threshold", "10%"))
    for out in (tried.out, ran.out):
        lines = out.splitlines()
        at = next(place for place, line in enumerate(lines) if line.startswith("  payments: new 3"))
        assert lines[at + 1 : at + 3] == ["    amount: CNY 2,700.50", "    taken_back: CNY 80.50"], out
        assert "    principal: CNY 30,000.00" in lines and "    interest: CNY 1,440.00" in lines
    kept = json.loads((lender.book / "loads/0001/load.json").read_text())["tables"]["payments"]["sums"]
    assert kept == {"amount_minor": {"CNY": 270_050}, "taken_back_minor": {"CNY": 8_050}}


def test_amounts_are_summed_by_the_currency_of_their_loan_in_the_load_or_in_the_book(lender):
    lender.mapping.write_text(MAPPING.replace("currency: {constant: CNY}", "currency: {column: 借据号, values: {L1: USD}, otherwise: CNY}"), encoding="utf-8")
    first = lender.ingest()
    assert "    amount: CNY 5,240.00; USD 2,620.00" in first.out and "    principal: CNY 20,000.00; USD 10,000.00" in first.out
    later = lender.write("payments", [payment_row("P7", 1, amount="1.00"), payment_row("P8", 2, amount="3.00")], "payments_2")
    assert "    amount: CNY 3.00; USD 1.00" in lender.ingest(later).out


@pytest.mark.parametrize(("changes", "loans", "column", "said"), [
    ([("{column: 年利率, unit: percent}", "{column: 年利率, unit: fraction}")], None, "年利率", "3 of 3 rates are above 100 % a year"),
    ([("{column: 罚息率, unit: percent}", "{column: 罚息率, unit: percent}")], {"罚息率": "0.05"}, "罚息率", "3 of 3 rates are below 0.1 % a year"),
    ([("{column: 利息, unit: major}", "{column: 利息, unit: ten_thousand}")], None, "利息", "its sum in CNY is 480 times the principal"),
    ([("        amount_minor: {column: 金额, unit: major}", "        amount_minor: {column: 金额, unit: ten_thousand}")], None, "金额",
     "a payment is of CNY 26,200,000.00 on average, an instalment of CNY 2,620.00"),
])
def test_a_unit_that_is_likely_mistaken_is_told_with_the_lenders_own_column(lender, changes, loans, column, said):
    out, book = loaded_with(lender, *changes, loans=loans)
    (line,) = [line for line in out.splitlines() if LOOK in line]
    assert f"of {column}: {said}" in line
    assert book.count(LOOK) == 1 and said in book
    assert "请检查" in arrears("book", lender.book, "--lang", "zh").out


def test_a_rate_without_any_interest_in_the_schedules_is_told(lender):
    out, book = loaded_with(lender, ("{column: 利息, unit: major}", "{constant: 0}"))
    assert "Look: 3 of the loans bear 年利率, but no instalment any interest: what is owed may be too little" in out
    assert "Look: 3 of the loans bear loans.annual_rate_ppm, but no instalment any interest" in book
    assert "没有一期有利息" in arrears("book", lender.book, "--lang", "zh").out


def test_records_are_counted_by_rule_however_many_of_their_cells_break_it(lender):
    lender.write("loans", [loan_row(1), loan_row(2), loan_row(3), loan_row(4, 金额="", 年利率="", 放款日="")])
    refused = lender.ingest()
    assert refused.status == 2 and "Most frequent: empty 1. " in refused.error, refused.error
    ran = lender.ingest(words=("--threshold", "10%"))
    assert "quarantine: 1 records (5.26 %): empty 1\n" in ran.out, ran.out + ran.error
    assert "Quarantine: 1 records wait: empty 1;" in arrears("book", lender.book, "--lang", "en").out


def test_payments_a_hundred_times_too_small_are_told(lender):
    lender.write("payments", [payment_row(f"P{number}", number, amount="26.20") for number in (1, 2, 3)])
    out, book = loaded_with(lender)
    assert "a payment is of CNY 26.20 on average, an instalment of CNY 2,620.00" in out and LOOK in book


@pytest.mark.parametrize(("amount", "unit", "parts"), [("50", "minor", ["50"]), ("40000", "ten_thousand", ["10000"] * 4)])
def test_loans_of_no_lenders_size_are_told(lender, amount, unit, parts):
    lender.write("instalments", [[f"L{number}", str(place), f"2026-0{place + 1}-10", part, "0"] for number in (1, 2, 3) for place, part in enumerate(parts, 1)])
    lender.write("payments", [])
    out, book = loaded_with(lender, ("principal_minor: {column: 金额, unit: major}\n        annual", f"principal_minor: {{column: 金额, unit: {unit}}}\n        annual"),
                            ("{column: 本金, unit: major}", f"{{column: 本金, unit: {unit}}}"), loans={"金额": amount})
    assert out.count(LOOK) == 1 and "of 金额: the median loan is of CNY" in out and book.count(LOOK) == 1


@pytest.mark.parametrize("loans", [{}, {"年利率": "0", "罚息率": "0"}, {"年利率": "100", "罚息率": "0.1"}])
def test_sound_files_raise_no_doubt(lender, loans):
    out, book = loaded_with(lender, loans=loans)
    assert LOOK not in out + book


def test_loans_settled_at_once_raise_no_doubt(tmp_path):
    lender = Lender(tmp_path)
    lender.write("loans", [loan_row(1, 金额="36000.00")])
    days = [date(2026, 1, 10) + timedelta(days=30 * number) for number in range(1, 37)]
    lender.write("instalments", [["L1", str(place), day.isoformat(), "1000.00", "5.00"] for place, day in enumerate(days, 1)])
    lender.write("payments", [payment_row("P1", 1, amount="36005.00")])
    out, book = loaded_with(lender)
    assert LOOK not in out + book


def test_the_made_up_book_raises_no_doubt(tmp_path):
    arrears("generate", "--loans", 300, "--as-of", "2026-04-30", "--out", tmp_path / "book")
    told = json.loads(arrears("book", tmp_path / "book", "--json").out)
    assert told["tables"]["loans"]["rows"] == 300 and told["doubts"] == []


def test_what_vanished_is_named_and_where_the_whole_list_is(lender):
    lender.write("payments", [payment_row(f"P{number}", 1, amount="1.00") for number in range(10)])
    lender.ingest()
    snapshot = lender.write("payments", [payment_row("P1", 1, amount="1.00")], "payments_2")
    tried = lender.ingest(snapshot, words=("--mode", "snapshot", "--dry-run"))
    assert "    payments 9: P0, P2, P3, P4, P5 …" in tried.out and "vanished.parquet" not in tried.out and "without --dry-run" in tried.out
    ran = lender.ingest(snapshot, words=("--mode", "snapshot"))
    path = next(line.removeprefix("    all of them: ") for line in ran.out.splitlines() if "all of them" in line)
    assert path == str(lender.book / "loads/0002/vanished.parquet") and (lender.book / "loads/0002/vanished.parquet").is_file()
    assert "if the export was cut" in ran.out


def test_a_schedule_that_vanished_is_named_by_its_loan(lender):
    lender.ingest()
    snapshot = lender.write("instalments", [row for number in (1, 3) for row in schedule_rows(number)], "instalments_2")
    assert "    instalments of 1 loans: L2\n" in lender.ingest(snapshot, words=("--mode", "snapshot")).out


def test_tables_bear_their_chinese_names_in_chinese(lender):
    assert set(TABLES_ZH) == set(FACTS)
    words = ("--mapping", lender.mapping, "--book", lender.book, "--lang", "zh")
    assert "  payments（还款）：新增 3" in arrears("ingest", lender.files, *words).out
    said = arrears("book", lender.book, "--lang", "zh").out
    assert "  loans（贷款）：3 行" in said and "holds（停催）" in said and "本金" in said
    drafted = arrears("map", lender.files, "--out", lender.book.parent / "my.yaml", "--lang", "zh")
    assert "payments → payments（还款）：" in drafted.out, drafted.error
