"""A mapping is taken at its word, or refused with a sentence that names the place and what to do."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.ingest.mapping import check_columns, parse_mapping, read_mapping
from arrears.refusal import Refused

PAYMENTS = "{payment_id: 流水号, loan_id: 借据号, paid_on: 还款日, amount_minor: {column: 金额, unit: major}}"


def mapping(table="payments", columns=PAYMENTS, top="", source=""):
    return parse_mapping(f"mapping: t\n{top}\nsources:\n- source: s\n  {source}\n  tables:\n    {table}: {columns}\n", "my.yaml")


def payments(**changed):
    lines = {"payment_id": "流水号", "loan_id": "借据号", "paid_on": "还款日", "amount_minor": "{column: 金额, unit: major}", **changed}
    return "{" + ", ".join(f"{name}: {line}" for name, line in lines.items() if line) + "}"


def test_a_mapping_says_what_is_taken_from_where():
    read = mapping(top="personal: {left_out: 姓名}", source="files: [a*.csv]\n  header: [2, 3]\n  encoding: GBK\n  delimiter: tab\n"
                   "  keep: {column: 状态, is: 正常}\n  control: {records: 1200, sums: {金额: '12.50'}}")
    (source,) = read.sources
    assert source.taken() == ["状态", "流水号", "借据号", "还款日", "金额"]
    assert (source.files, source.header, source.encoding, source.delimiter) == (("a*.csv",), (2, 3), "gb18030", "\t")
    assert (source.control_records, source.control_sums) == (1200, {"金额": "12.50"})
    assert (read.currency, read.timezone, read.left_out, len(read.digest)) == ("CNY", "Asia/Shanghai", {"姓名"}, 64)
    assert source.tables[0].columns["amount_minor"].unit == "major"
    check_columns(source, ["状态", "流水号", "借据号", "还款日", "金额", "别的"], "a.csv")


@pytest.mark.parametrize(("text", "said"), [
    (dict(table="payment"), "table payment: there is no table 'payment'|source s: there is no table 'payment'; did you mean payments"),
    (dict(columns=payments(ammount_minor="x")), "there is no column 'ammount_minor'; did you mean amount_minor"),
    (dict(columns=payments(paid_on="")), "every row needs paid_on \\(value date; date\\); say where each comes from"),
    (dict(columns=payments(paid_on="", amount_minor="")), "paid_on .*; amount_minor \\(amount received; minor units\\)"),
    (dict(columns=payments(paid_on="{column: a, colum: b}")), "column paid_on: there is no key 'colum'; did you mean column"),
    (dict(columns=payments(paid_on="{column: a, constant: b}")), "say exactly one of .*, not column, constant together"),
    (dict(columns=payments(paid_on="{default: a}")), "say exactly one of"),
    (dict(columns=payments(amount_minor="{column: a, unit: mayor}")), "no unit 'mayor'; did you mean major"),
    (dict(columns=payments(amount_minor="{column: a, unit: percent}")), "no unit 'percent'; known are: minor, major, thousand, ten_thousand, million, hundred_million"),
    (dict(columns=payments(paid_on="{column: a, unit: major}")), "`unit` is for amounts, rates, shares; this column holds dates"),
    (dict(columns=payments(paid_on="{constant: 2026-02-30}")), "`constant` '2026-02-30' cannot stand here \\(no_such_day\\)"),
    (dict(columns=payments(amount_minor="{constant: 0}")), "`constant` '0' cannot stand here \\(zero"),
    (dict(columns=payments(amount_minor="{column: a, default: 1.5}")), "`default` '1.5' cannot stand here \\(decimals"),
    (dict(columns=payments(amount_minor="{column: a, values: {x: y}}")), "`values.x` 'y' cannot stand here \\(not_a_number\\)"),
    (dict(columns=payments(amount_minor="{column: a, otherwise: 1}")), "`otherwise` needs `values`"),
    (dict(columns=payments(payment_id="{number: true}")), "`number` is for whole numbers"),
    (dict(columns=payments(amount_minor="{column: a, share: equal}")), "`share` has a meaning only within `repeat`"),
    (dict(columns=payments(amount_minor="{difference_of: [a]}")), "takes two columns"),
    (dict(columns=payments(payment_id="{join: [a, a]}")), "must name source columns, each once"),
    (dict(columns=payments(payment_id="{constant: a, part: [1, 2]}")), "`constant` cannot go with part"),
    (dict(columns=payments(payment_id="{column: a, part: [2, 1]}")), "`part` must be the first and the last character"),
    (dict(columns=payments(payment_id="{column: a, width: x}")), "'width' must be a whole number from 1 to 1,000, not 'x'"),
    (dict(columns=payments(payment_id="[a]")), "expected keys such as column"),
    (dict(columns="all"), "table payments: write `as_is`"),
    (dict(columns=payments(paid_on="{column: a, format: [D/M/YYYY, M/D/YYYY]}")), "D/M/YYYY and M/D/YYYY read '2/1/1998' as 1998-01-02 and as 1998-02-01"),
    (dict(top="dates: [DD.MM.YY, YY.MM.DD]"), "read .* as .* and as .*; keep one"),
    (dict(top="dates: [YYYY-MM]"), "must hold the day"),
    (dict(top="dates: [YYYYMD]"), "run together"),
    (dict(top="dates: []"), "the list of date formats is empty"),
    (dict(top="currency: RMB"), "there is no currency 'RMB'"),
    (dict(top="timezone: Asia/Shangai"), "there is no time zone 'Asia/Shangai'"),
    (dict(top="currency: RMB"), "there is no currency 'RMB'; did you mean CNY"),
    (dict(top="currency: 人民币"), "did you mean CNY"),
    (dict(top="currency: usd"), "did you mean USD"),
    (dict(top="curency: CNY"), "there is no key 'curency'; did you mean currency"),
    (dict(source="encoding: latin-1"), "there is no encoding 'latin-1'"),
    (dict(source="header: [3, 2]"), "rising order"),
    (dict(source="delimiter: abc"), "must be one character"),
    (dict(source="decimal: ';'"), "decimal"),
    (dict(source="keep: {column: a}"), "`keep` needs either `is` or `is_not`"),
    (dict(source="query: SELECT 1\n  sheet: x"), "a query has no sheet"),
    (dict(source="control: {records: many}"), "control.records"),
    (dict(top="personal: {left_out: [借据号]}"), "'借据号' is taken, but stands under personal.left_out"),
    (dict(top="personal: {left_out: [a], hashed: [a]}"), "a stands under personal.hashed and under personal.left_out"),
    (dict(columns=payments(payment_id="{key_of: [客户姓名, 金额]}")), "'客户姓名' looks personal: name it under personal.hashed"),
    (dict(columns=payments(loan_id="customer_phone")), "'customer_phone' looks personal"),
])
def test_a_mapping_that_cannot_be_meant_so_is_refused_in_words(text, said):
    with pytest.raises(Refused, match=said) as refusal:
        mapping(**text)
    assert str(refusal.value).startswith("my.yaml")
    assert refusal.value.zh.startswith("my.yaml") and "：" in refusal.value.zh and not refusal.value.zh.endswith("。")


def test_every_open_question_is_named():
    with pytest.raises(Refused, match=r"my.yaml: 2 questions are still open \(\?\): currency, sources\[s\].tables.payments.paid_on.column;") as refusal:
        mapping(columns=payments(paid_on="{column: '?'}"), top="currency: '?'")
    assert "还有 2 个问题" in refusal.value.zh


@pytest.mark.parametrize("words", ["hashed: [客户姓名]", "not_personal: [客户姓名]"])
def test_a_personal_name_is_taken_as_a_hash_or_where_it_is_said_not_to_be_personal(words):
    assert mapping(columns=payments(loan_id="客户姓名"), top=f"personal: {{{words}}}").sources[0].taken()[1] == "客户姓名"


def test_yaml_that_is_none_and_files_that_are_missing_are_refused(tmp_path):
    with pytest.raises(Refused, match="stands twice") as refusal:
        parse_mapping("mapping: a\nmapping: b", "my.yaml")
    assert "写法有误" in refusal.value.zh
    with pytest.raises(Refused, match="none.yaml cannot be read .*arrears map"):
        read_mapping(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("mapping: é".encode("latin-1"))
    with pytest.raises(Refused, match="not UTF-8") as refusal:
        read_mapping(tmp_path / "latin.yaml")
    assert refusal.value.zh == "映射文件 latin.yaml 不是 UTF-8 编码；请用文本编辑器另存为 UTF-8"


def test_recorded_at_is_mapped_for_every_table_or_for_none():
    both = "\n    instalments: {loan_id: a, number: b, due_on: c, principal_minor: d, interest_minor: e, fee_minor: f}"
    with pytest.raises(Refused, match="table instalments: recorded_at is mapped for payments, but not here"):
        mapping(columns=payments(recorded_at="t") + both)
    mapping(columns=payments() + both)


def test_other_decimals_than_the_mapping_s_currency_are_refused():
    loans = ("{loan_id: a, borrower_id: b, product: c, currency: {constant: KWD}, principal_minor: {column: d, unit: major}, annual_rate_ppm: e,"
             " penalty_rate_ppm: {column: f, unit: percent_a_day}, day_count: g, grace_days: h, waterfall_scope: i, waterfall_order: j,"
             " penalty_on_interest: k, disbursed_on: l, regime: {constant: none}}")
    with pytest.raises(Refused, match="KWD has other decimals than the mapping's currency CNY.*write `currency: KWD`"):
        mapping("loans", loans)
    assert mapping("loans", loans, top="currency: KWD").currency == "KWD"


def test_a_negative_payment_is_not_taken_for_money_received():
    columns = "{payment_id: a, loan_id: b, paid_on: c, amount_minor: {column: d, negative: flip}%s}"
    with pytest.raises(Refused, match="would count money that was given back as money received; map `reverses`"):
        mapping("payments", columns % "")
    assert mapping("payments", columns % ", reverses: e").sources[0].tables[0].columns["amount_minor"].flips


def test_a_source_that_lacks_a_taken_column_is_refused_with_near_names():
    source = mapping().sources[0]
    with pytest.raises(Refused, match=r"a.csv lacks columns that the mapping's source s takes: '还款日' \(did you mean 还款日期\?\); '金额'") as refusal:
        check_columns(source, ["流水号", "借据号", "还款日期", "amt"], "a.csv")
    assert "是不是 还款日期？" in refusal.value.zh
    as_is = mapping(columns="as_is", top="personal: {hashed: [id_card], left_out: [x]}").sources[0]
    check_columns(as_is, ["payment_id", "loan_id", "paid_on", "amount_minor"], "a.csv")
    with pytest.raises(Refused, match="lacks a column .*'paid_on'"):
        check_columns(as_is, ["payment_id", "loan_id", "amount_minor"], "a.csv")


def test_the_mapping_page_s_example_is_a_mapping():
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
    first = page.split("```yaml\n")[1].split("```")[0]
    read = parse_mapping(first, "page.yaml")
    assert {table.table for source in read.sources for table in source.tables} == {"loans", "instalments", "payments"}


@settings(max_examples=200, deadline=None)
@given(st.recursive(
    st.sampled_from(["payments", "a", "1", "?", "", "as_is", "minor", "true", "YYYY-M-D", "x" * 5]),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([
        "mapping", "sources", "source", "tables", "payments", "payment_id", "amount_minor", "paid_on", "column", "constant", "join", "repeat",
        "times", "values", "default", "dates", "personal", "hashed", "keep", "is", "control", "sums", "records", "header", "empty", "format", "part",
    ]), inner, max_size=4)), max_leaves=12), st.sampled_from(["document", "source", "tables", "table", "column", "personal"]))
def test_whatever_a_mapping_holds_it_is_read_or_refused(thing, where):
    import json

    payment = {"payment_id": "a", "loan_id": "b", "paid_on": "c", "amount_minor": "d"}
    document = {
        "document": thing, "source": {"mapping": "t", "sources": [thing]}, "tables": {"mapping": "t", "sources": [{"source": "s", "tables": thing}]},
        "table": {"mapping": "t", "sources": [{"source": "s", "tables": {"payments": thing}}]},
        "column": {"mapping": "t", "sources": [{"source": "s", "tables": {"payments": {**payment, "amount_minor": thing}}}]},
        "personal": {"mapping": "t", "personal": thing, "sources": [{"source": "s", "keep": thing, "control": thing, "tables": {"payments": payment}}]},
    }[where]
    try:
        parse_mapping(json.dumps(document), "t.yaml")
    except Refused as refusal:
        assert refusal.en and refusal.zh


def test_a_bare_number_where_a_column_s_name_is_expected_is_hinted_to_be_a_constant():
    (source,) = mapping(columns=payments(amount_minor="{column: 365, unit: major}")).sources
    with pytest.raises(Refused, match=r"'365' \(did you mean \{constant: 365\}") as refusal:
        check_columns(source, ["流水号", "借据号", "还款日", "金额"], "a.csv")
    assert "是不是 {constant: 365}" in refusal.value.zh
