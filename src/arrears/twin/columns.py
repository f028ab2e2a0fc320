"""Columns of made-up tables from arrays of numbers: names, words, amounts, days and moments."""

import numpy as np
import polars as pl
import pyarrow as pa

from arrears.compiled import compiled


@compiled
def _write_names(out: np.ndarray, letter: int, block: int, block_digits: int, numbers: np.ndarray, digits: int) -> None:
    """Each row of `out` is an Arrow string view: a length of four bytes and the text itself."""
    for i in range(len(numbers)):
        number = numbers[i]
        if number < 0:
            continue
        out[i, 0] = 1 + block_digits + digits
        out[i, 4] = letter
        for at in range(4 + block_digits + digits, 4 + block_digits, -1):
            out[i, at] = 48 + number % 10
            number //= 10
        number = block
        for at in range(4 + block_digits, 4, -1):
            out[i, at] = 48 + number % 10
            number //= 10


def names(letter: str, numbers: np.ndarray, digits: int, block: int = 0, block_digits: int = 0) -> pl.Series:
    """Names such as L000000001: a letter, the block if it is given digits, and the number; null where it is negative.

    Twelve bytes are the most that an Arrow string view holds in place, which is why no text is ever built.
    """
    views = np.zeros((len(numbers), 16), np.uint8)
    _write_names(views, ord(letter), block, block_digits, numbers, digits)
    is_null = numbers < 0
    valid = pa.py_buffer(np.packbits(~is_null, bitorder="little")) if is_null.any() else None
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.string_view(), len(numbers), [valid, pa.py_buffer(views)])))


def borrower_names(numbers: np.ndarray) -> pl.Series:
    """B and nine digits: the number of the borrower's first loan."""
    return names("B", numbers, 9)


def loan_names(numbers: np.ndarray) -> pl.Series:
    """L and nine digits."""
    return names("L", numbers, 9)


def words(among: tuple[str, ...], codes: np.ndarray) -> pl.Series:
    """The words at these places."""
    return pl.Series(among, dtype=pl.String).gather(codes)


def words_or_null(among: tuple[str, ...], codes: np.ndarray) -> pl.Series:
    """Words by their place, null where it is negative."""
    return words(among, np.maximum(codes, 0)).set(pl.Series(codes < 0), None)


def or_null(values: np.ndarray) -> pl.Series:
    """Whole numbers, null where negative."""
    series = pl.Series(values)
    return series.set(series < 0, None) if (values < 0).any() else series


def moments(values: np.ndarray) -> pl.Series:
    """Microseconds as UTC instants."""
    return pl.Series(values).cast(pl.Datetime("us", "UTC"))


def days(values: np.ndarray) -> pl.Series:
    """Day numbers as dates, null where negative."""
    return or_null(values.astype(np.int32)).cast(pl.Date)
