"""Money: integer minor units, rounding by name, sums that never wrap."""

from decimal import Decimal

import polars as pl

INT64_MAX = 2**63 - 1
PPM = 1_000_000


def half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest whole, a half away from zero.

    >>> half_up(5, 2), half_up(-5, 2), half_up(7, 3)
    (3, -3, 2)
    """
    if denominator <= 0:
        raise ValueError(f"half_up: the denominator must be positive, not {denominator}")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def exact_sum(column: str) -> pl.Expr:
    """The sum of an Int64 column, added in 128 bits; casting it back raises where it does not fit.

    Polars wraps silently when it sums Int64, so no sum of money is written without this.
    """
    return pl.col(column).cast(pl.Int128).sum().cast(pl.Int64, strict=True).alias(column)


def total(amounts: pl.Series) -> int:
    """The exact sum as a Python integer, of any size."""
    return int(amounts.cast(pl.Int128).sum() or 0) if len(amounts) else 0


# ISO 4217 currencies whose minor unit is not a hundredth; every other currency has two decimals.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def decimals_of(currency: str) -> int:
    """How many decimals the currency's major unit has. Source: ISO 4217."""
    return _DECIMALS.get(currency, 2)


def in_major_units(minor: int, currency: str = "CNY") -> str:
    """Minor units written in the currency's major unit, exact, with its own number of decimals.

    >>> in_major_units(123456), in_major_units(-5), in_major_units(1234, "KWD"), in_major_units(1234, "JPY")
    ('1,234.56', '-0.05', '1.234', '1,234')
    """
    decimals = decimals_of(currency)
    return f"{Decimal(minor).scaleb(-decimals):,.{decimals}f}"
