"""How money is written: exactly in tables, shortly in pictures."""

import pytest

from arrears.pages.amounts import money, short_money


@pytest.mark.parametrize(("minor", "currency", "exact", "short"), [
    (0, "CNY", "0.00", ("0.00 元", "CNY 0.00")),
    (-5, "CNY", "-0.05", ("-0.05 元", "CNY -0.05")),
    (999_999, "CNY", "9,999.99", ("9,999.99 元", "CNY 9,999.99")),
    (1_234_567, "CNY", "12,345.67", ("1.23 万元", "CNY 12.35 k")),
    (95_251_695, "CNY", "952,516.95", ("95.25 万元", "CNY 952.52 k")),
    (123_456_789_012, "USD", "1,234,567,890.12", ("12.35 亿美元", "USD 1.23 bn")),
    (12_345, "JPY", "12,345", ("1.23 万日元", "JPY 12.35 k")),
    (12_345, "THB", "123.45", ("123.45 THB", "THB 123.45"))])
def test_money_is_written_exactly_and_shortly(minor, currency, exact, short):
    assert money(minor, currency) == exact
    assert short_money(minor, currency) == short
