"""How counts, money, shares and measured figures are written on a page: exact in tables, short in pictures."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from arrears.money import decimals_of, in_major_units
from arrears.pages.wording import Pair

NONE = "–"
# From which amount on a name is used, and what it stands for.
_SHORT_ZH = ((10**8, 10**8, "亿"), (10**4, 10**4, "万"))
_SHORT_EN = ((10**9, 10**9, "bn"), (10**6, 10**6, "m"), (10**4, 10**3, "k"))
_UNITS_ZH = {"CNY": "元", "HKD": "港元", "USD": "美元", "EUR": "欧元", "JPY": "日元"}


def count(number: int | None) -> str:
    """A whole number with thousands separators; a dash where there is none.

    >>> count(1234567)
    '1,234,567'
    """
    return NONE if number is None else f"{number:,}"


def money(amount_minor: int | None, currency: str) -> str:
    """The exact amount in major units, without the currency, which the column or caption names.

    >>> money(-123456789, "CNY"), money(500, "JPY")
    ('-1,234,567.89', '500')
    """
    if amount_minor is None:
        return NONE
    return in_major_units(amount_minor, currency)


def short_money(amount_minor: int | None, currency: str) -> Pair:
    """The amount with its currency, in 万 and 亿 or in k, m and bn, to two decimals half up.

    >>> short_money(123456789012, "CNY")
    ('12.35 亿元', 'CNY 1.23 bn')
    >>> short_money(1234567, "CNY"), short_money(99, "USD")
    (('1.23 万元', 'CNY 12.35 k'), ('0.99 美元', 'USD 0.99'))
    """
    if amount_minor is None:
        return NONE, NONE
    major = Decimal(amount_minor).scaleb(-decimals_of(currency))
    unit = _UNITS_ZH.get(currency, f" {currency}")
    chinese = _shortened(major, _SHORT_ZH) or money(amount_minor, currency) + " "
    english = _shortened(major, _SHORT_EN) or money(amount_minor, currency)
    return (chinese + unit).replace("  ", " "), f"{currency} {english}"


def share(part: int | None, whole: int | None) -> str:
    """Part over whole in per cent; a dash where the whole is nothing.

    >>> share(1, 8), share(0, 0)
    ('12.5%', '–')
    """
    return rate(part / whole) if part is not None and whole else NONE


def rate(value: float | None) -> str:
    """A rate of 0 to 1 in per cent, with two decimals below one per cent; a dash where there is none.

    >>> rate(0.4321), rate(0.0042), rate(0.0), rate(None)
    ('43.2%', '0.42%', '0%', '–')
    """
    if value is None or value != value:
        return NONE
    if value in (0, 1):
        return f"{value:.0%}"
    return f"{value:.2%}" if abs(value) < 0.01 else f"{value:.1%}"


def figure(value: float | None, decimals: int = 3) -> str:
    """A plain figure to so many decimals; a dash where there is none.

    >>> figure(0.78123), figure(None), figure(12.5, 1)
    ('0.781', '–', '12.5')
    """
    return NONE if value is None or value != value else f"{value:.{decimals}f}"


def with_interval(measured: Mapping | None, decimals: int = 3) -> str:
    """A measured figure (value, low, high) with its interval, which is left out where there is none; a dash where there is no figure.

    >>> with_interval({"value": 0.78, "low": 0.77, "high": 0.79}, 2), with_interval({"value": 1.0, "low": None, "high": None}, 2)
    ('0.78 [0.77, 0.79]', '1.00')
    """
    if measured is None:
        return NONE
    ends = measured.get("low"), measured.get("high")
    interval = "" if None in ends else f" [{figure(ends[0], decimals)}, {figure(ends[1], decimals)}]"
    return figure(measured["value"], decimals) + interval


def chance(p: float | None) -> str:
    """A p-value to three decimals; a dash where there is none.

    >>> chance(0.0421), chance(0.00002)
    ('0.042', '< 0.001')
    """
    return "< 0.001" if p is not None and p < 0.001 else figure(p)


def rate_with_interval(measured: Mapping | None) -> str:
    """A measured rate in per cent with its interval, as `with_interval`.

    >>> rate_with_interval({"value": 0.123, "low": 0.1, "high": 0.15})
    '12.3% [10.0%, 15.0%]'
    """
    if measured is None:
        return NONE
    ends = measured.get("low"), measured.get("high")
    return rate(measured["value"]) + ("" if None in ends else f" [{rate(ends[0])}, {rate(ends[1])}]")


def _shortened(major: Decimal, steps: tuple[tuple[int, int, str], ...]) -> str | None:
    for least, size, name in steps:
        if abs(major) >= least:
            return f"{(major / size).quantize(Decimal('0.01'), ROUND_HALF_UP):,} {name}"
    return None
