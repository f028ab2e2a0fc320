"""Money: integer minor units, rounding by name, sums that never wrap."""

import polars as pl

INT64_MAX = 2**63 - 1
PPM = 1_000_000


class AmountTooLarge(ArithmeticError):
    """A sum passed what 64 bits hold; nothing was computed with it."""


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


def in_major_units(minor: int) -> str:
    """Minor units written in yuan (or the like) with two decimals.

    >>> in_major_units(123456), in_major_units(-5)
    ('1,234.56', '-0.05')
    """
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"
