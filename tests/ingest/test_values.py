"""Messy text means one value or has exactly one flaw; the fast way and the careful way never disagree."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.ingest.flaw import Flaw
from arrears.ingest.kinds import KINDS
from arrears.ingest.mapped import ColumnMap
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.occurrences import Occurrences, digest_of
from arrears.ingest.reading import reader_of
from arrears.ingest.values import TYPES, read_column
from arrears.tables.table import AMOUNT_MAX_MINOR


def _mapping(more: str = ""):
    return parse_mapping(f"mapping: t\n{more}\nsources: [{{source: s, tables: {{payments: as_is}}}}]", "t.yaml")


MAPPING = _mapping()
SERIALS = _mapping("dates: [YYYY-M-D, excel]")


def read(kind, *texts, mapping=MAPPING, decimal=".", currency="CNY", days=360, **keys):
    column = ColumnMap("c", "column", ("c",), **keys)
    got = read_column(pl.Series("c", texts, pl.String), kind, column, mapping, decimal, currency, days)
    flaws = {row: Flaw(rule, detail) for row, rule, detail in got.flaws.iter_rows()}
    assert got.values.dtype == TYPES[kind] and len(got.flaws) == len(flaws)
    assert all(got.values[row] is None for row in flaws)
    return [flaws.get(row, value) for row, value in enumerate(got.values.to_list())]


def rules(*args, **keys):
    return [value.rule if isinstance(value, Flaw) else value for value in read(*args, **keys)]


WIDE = str.maketrans("0123456789.,-+()", "０１２３４５６７８９．，－＋（）")


@given(
    minor=st.integers(-AMOUNT_MAX_MINOR, AMOUNT_MAX_MINOR),
    sign=st.sampled_from(["", "¥", "￥", "RMB ", "CNY"]),
    after=st.sampled_from(["", "元", " 元"]),
    grouped=st.booleans(), wide=st.booleans(), brackets=st.booleans(), plus=st.booleans(),
    around=st.sampled_from(["", " ", "\u00a0", "\u3000", "\ufeff", "'"]), decimal=st.sampled_from([".", ","]),
    padded=st.integers(0, 3),
)
def test_an_amount_is_the_same_however_it_is_written(minor, sign, after, grouped, wide, brackets, plus, around, decimal, padded):
    body = f"{abs(Decimal(minor)) / 100:,.2f}" + "0" * padded
    body = body if grouped else body.replace(",", "")
    if decimal == ",":
        body = body.translate(str.maketrans(".,", ",."))
    before = "-" if minor < 0 and not brackets else "+" if plus and minor >= 0 else ""
    text = f"{before}{sign}{body}{'' if sign.isalpha() else after}"
    text = f"({text})" if brackets and minor < 0 else text
    text = around + (text.translate(WIDE) if wide else text) + around.replace("'", "")
    assert read("money", text, unit="major", decimal=decimal) == [minor], text


@given(st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,8})?", fullmatch=True), st.sampled_from(["minor", "major", "ten_thousand"]), st.booleans())
def test_an_amount_never_wraps_and_agrees_with_decimal_arithmetic(text, unit, rounds):
    exact = Decimal(text).scaleb({"minor": 0, "major": 2, "ten_thousand": 6}[unit])
    whole = exact.to_integral_value("ROUND_HALF_UP")
    (got,) = read("money", text, unit=unit, rounds=rounds)
    if exact != whole and not rounds:
        assert got.rule == "decimals"
    elif abs(whole) > AMOUNT_MAX_MINOR:
        assert got.rule == "beyond"
    else:
        assert got == int(whole)


@settings(max_examples=300)
@given(
    kind=st.sampled_from(KINDS),
    texts=st.lists(st.one_of(
        st.text(max_size=30),
        st.text(alphabet="0123456789.,-+eE()¥元%/: TZ'年月日#=\u3000０－", max_size=22),
        st.text(alphabet="0123456789-", max_size=12),
    ), max_size=8),
)
def test_any_text_is_a_value_or_one_flaw_and_the_fast_way_agrees_with_the_careful_one(kind, texts):
    unit = {"money": "major", "rate": "percent", "share": "percent"}.get(kind)
    for mapping in (MAPPING, SERIALS):
        column = ColumnMap("c", "column", ("c",), unit=unit)
        careful = reader_of(kind, column, mapping, ".", "CNY")
        assert read(kind, *texts, mapping=mapping, unit=unit) == [careful(text) for text in texts]


@given(st.lists(st.text(alphabet="0123456789ABCabcXYZ-_/＃０９Ａｚ客户 '", min_size=1, max_size=20)), st.sampled_from(["", " ", "\t", "\u00a0", "\u200b", "'"]))
def test_an_id_is_trimmed_and_its_full_width_digits_and_letters_are_ascii_and_nothing_else_changes(ids, around):
    for text, got in zip(ids, read("text", *(around + one + around.replace("'", "") for one in ids)), strict=True):
        if got is not None and not isinstance(got, Flaw):
            kept = text.strip(" \u200b\u00a0\t")
            kept = kept.removeprefix("'").strip() if around != "'" and len(kept) > 1 else kept
            assert got == "".join(chr(ord(sign) - 0xFEE0) if sign in "０９Ａｚ" else sign for sign in kept)


@pytest.mark.parametrize(("text", "rule"), [
    ("12.345", "decimals"), ("1.2.3", "not_a_number"), ("12a", "not_a_number"), ("1e5", "scientific"), ("1.23E+17", "scientific"),
    ("1,23", "thousands"), ("1,2345", "thousands"), ("12,34,567", "thousands"), ("1 23", "thousands"), ("=A1*2", "formula"),
    ("#REF!", "cell_error"), ("100000000000.01", "beyond"), ("9" * 19, "beyond"), ("9" * 40, "beyond"), ("9" * 5000, "beyond"),
    ("$12", "currency"), ("12 USD", "currency"), ("12 EUR", "currency"), ("12 abc", "not_a_number"), ("(12", "not_a_number"),
    ("-(12)", "not_a_number"), ("--12", "not_a_number"), ("12-", "not_a_number"), ("inf", "not_a_number"), (".", "not_a_number"),
    ("12万", "not_a_number"), ("0x10", "not_a_number"), ("１２．３４５", "decimals"), ("٣", "not_a_number"), ("¥", "not_a_number"),
])
def test_a_bad_amount_is_called_by_its_fault(text, rule):
    assert rules("money", text, unit="major") == [rule]


@pytest.mark.parametrize(("text", "minor"), [
    ("12", 1200), ("12.", 1200), (".5", 50), ("12.300", 1230), ("−5", -500), ("(5)", -500), ("（５）", -500), ("+5", 500), ("¥ 5元", 500),
    ("1'234.50", 123450), ("1 234.50", 123450), ("-0", 0), ("\u200b 7 ", 700), ("000000000000000000012", 1200), ("99999999999.99", 9999999999999),
    ("100000000000", AMOUNT_MAX_MINOR),
])
def test_a_messy_amount_is_read(text, minor):
    assert read("money", text, unit="major") == [minor]


def test_amounts_follow_unit_rounding_sign_and_the_currency_s_decimals():
    assert read("money", "12.5万元", "3万", unit="ten_thousand") == [12500000, 3000000]
    assert read("money", "1.005", "-1.005", "1.0049", unit="major", rounds=True) == [101, -101, 100]
    assert read("money", "-5", "(5)", "-1,234.5", unit="major", flips=True) == [500, 500, 123450]
    assert read("money", "12", "12.0", "12.00") == [12, 12, 12]
    assert rules("money", "12.5") == ["decimals"]
    assert read("money", "1.234", currency="KWD", unit="major") == [1234]
    assert rules("money", "1.5", "¥5", currency="JPY", unit="major") == ["decimals", 5]
    assert read("money", "$5", "5 USD", currency="USD", unit="major") == [500, 500]


@pytest.mark.parametrize("text", ["", " ", "-", "--", "nan", "NaN", "NULL", "null", "无", "N/A", "None", "\u3000", "'", "——", "－"])
@pytest.mark.parametrize("kind", ["text", "money", "date", "rate", "whole", "moment", "currency"])
def test_what_means_nothing_is_null_without_a_fault(kind, text):
    assert read(kind, text) == [None]


def test_a_mapping_says_itself_what_means_nothing():
    own = _mapping("empty: [missing]")
    assert read("text", "Missing", "", "NULL", mapping=own) == [None, None, "NULL"]


@pytest.mark.parametrize(("unit", "text", "days", "ppm"), [
    ("ppm", "180000", 360, 180_000), ("fraction", "0.18", 360, 180_000), ("percent", "18%", 360, 180_000), ("percent", "18", 360, 180_000),
    ("percent_a_month", "1.5", 360, 180_000), ("permille_a_month", "15‰", 360, 180_000), ("percent_a_day", "0.05", 360, 180_000),
    ("percent_a_day", "0.05%", 365, 182_500), ("permyriad_a_day", "5", 360, 180_000), ("permyriad_a_day", "5‱", 365, 182_500),
    ("fraction_a_day", "0.0005", 360, 180_000), ("fraction_a_month", "0.015", 360, 180_000), ("percent", "１８％", 360, 180_000),
])
def test_a_rate_is_exact_in_parts_per_million_a_year(unit, text, days, ppm):
    assert read("rate", text, unit=unit, days=days) == [ppm]


def test_a_bad_rate_is_called_by_its_fault():
    assert rules("rate", "18‰", "18.00001", "x", "1e-3", unit="percent") == ["not_a_number", "decimals", "not_a_number", "scientific"]
    assert read("rate", "18.00005", unit="percent", rounds=True) == [180_001]
    assert rules("rate", "9" * 30, unit="fraction") == ["beyond"]


def test_whole_numbers_and_flags():
    assert rules("whole", "12", "12.0", "１２", "12.5", "1,200", "x", "-3", "9" * 19, "1e3") == [
        12, 12, 12, "not_whole", 1200, "not_a_number", -3, "beyond", "scientific"]
    assert rules("flag", "是", "否", "有", "无", "Yes", "n", "1", "0", "TRUE", "maybe", "") == [
        True, False, True, False, True, False, True, False, True, "not_a_flag", None]
    assert rules("currency", "cny", "ＵＳＤ", "RMB", "XYZ") == ["CNY", "USD", "unknown_currency", "unknown_currency"]


@pytest.mark.parametrize(("text", "rule"), [
    ("1.23E+17", "scientific"), ("1.23E17", "scientific"), ("6.22E+18", "scientific"), ("a\nb", "control"), ("a\x00b", "control"), ("#N/A", "cell_error"), ("x" * 1001, "too_long"),
    ("a\ufffdb", "control"),
])
def test_a_bad_id_is_called_by_its_fault(text, rule):
    assert rules("text", text) == [rule]


def test_ids_that_only_look_odd_stay():
    assert read("text", "0012", "'0012", "12E3", "1E5", "A=1", "客户（甲）", "a b") == ["0012", "0012", "12E3", "1E5", "A=1", "客户（甲）", "a b"]


@given(st.dates(date(1969, 1, 1), date(2068, 12, 31)), st.sampled_from([
    "YYYY-MM-DD", "YYYY/M/D", "YYYYMMDD", "YYYY年M月D日", "D.M.YYYY", "M/D/YYYY", "DD-MMM-YYYY", "YYMMDD", "D MMM YY", "YYYY-MM-DD hh:mm:ss",
]), st.sampled_from(["", " 10:11", " 23:59:59", "T00:00:00.123", " 下午3:05"]))
def test_a_date_is_read_by_the_format_it_was_written_in_and_its_time_left_out(day, form, time):
    mapping = _mapping(f'dates: ["{form}"]')
    text = mapping.written.formats[0].write(day).replace("0:00:00", "00:00:00").replace(" 000:", " 00:")
    assert read("date", text if "hh" in form else text + time, mapping=mapping) == [day]


@pytest.mark.parametrize(("text", "rule"), [
    ("2023-02-29", "no_such_day"), ("2024-13-01", "no_such_day"), ("2024-01-01 25:00", "no_such_hour"), ("45321", "excel_serial"),
    ("03/04/2024", "ambiguous_date"), ("13/04/2024", "not_a_date"), ("2024", "not_a_date"), ("tomorrow", "not_a_date"),
    ("00000000", "no_such_day"), ("9999-12-31T23:00:00-08:00", "no_such_day"), ("12345", "not_a_date"),
])
def test_a_bad_date_is_called_by_its_fault(text, rule):
    assert rules("date", text) == [rule]


def test_excel_s_serials_offsets_and_zones():
    assert read("date", "45321", "45321.75", mapping=SERIALS) == [date(2024, 1, 30)] * 2
    assert read("moment", "45321.5", mapping=SERIALS) == [datetime(2024, 1, 30, 4, tzinfo=UTC)]
    assert read("date", "2024-01-05T20:00:00Z", "2024-01-05 20:00:00+0800", "２０２４－０１－０５") == [date(2024, 1, 6), date(2024, 1, 5), date(2024, 1, 5)]
    assert read("moment", "2024-01-05 10:00:00", "2024-01-05T10:00:00.5+01:00", "2024-01-05") == [
        datetime(2024, 1, 5, 2, tzinfo=UTC), datetime(2024, 1, 5, 9, 0, 0, 500_000, tzinfo=UTC), datetime(2024, 1, 4, 16, tzinfo=UTC)]


def test_an_hour_that_stands_twice_is_its_first_and_one_that_does_not_exist_is_a_fault():
    berlin = _mapping("timezone: Europe/Berlin")
    cells = ["2024-10-27 02:30:00", "2024-03-31 02:30:00", "2024-03-31 02:30"]
    expected = [datetime(2024, 10, 27, 0, 30, tzinfo=UTC), "no_such_hour", "no_such_hour"]
    assert rules("moment", *cells, mapping=berlin) == expected
    many = [f"2024-01-{1 + n // 1440 % 28:02} {n // 60 % 24:02}:{n % 60:02}:{n % 59:02}" for n in range(20_000)]
    assert rules("moment", *cells, *many, mapping=berlin)[:3] == expected  # the fast way, for many distinct texts


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(0, 40))
def test_equal_records_are_numbered_on_across_batches(cells, cut):
    digests = digest_of([pl.Series([None if cell == 0 else str(cell) for cell in cells], dtype=pl.String)])
    whole = Occurrences().numbered("t", "c", digests).to_list()
    apart = Occurrences()
    assert apart.numbered("t", "c", digests[:cut]).to_list() + apart.numbered("t", "c", digests[cut:]).to_list() == whole
    assert whole == [None if cell == 0 else cells[: place + 1].count(cell) for place, cell in enumerate(cells)]
