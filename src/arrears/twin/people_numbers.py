"""Numbers of made-up people, drawn from a seed and a person's id: right in form, and nobody's. Why: people_in_full.py."""

from datetime import date

import numpy as np
import polars as pl

from arrears import stable_hash
from arrears.twin.people import AGE_SHARES

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int64)
_LETTERS = np.frombuffer(b"10X98765432", np.uint8)
_SIGNS = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
_SIGN_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], np.int64)
_YOUNGEST = np.array([18, 25, 35, 45, 55, 65])
_ELDEST = np.array([24, 34, 44, 54, 64, 84])
"""Years of age by place in AGE_BANDS; the last band has no end, and people are made up to 84."""
_YEAR_DAYS = 365.25
_ZERO = np.uint8(48)


def drawn(persons: pl.Series, seed: int, purpose: str) -> np.ndarray:
    """One number in [0, 1) per person, by the seed, the purpose and the person's id alone."""
    texts = persons.to_frame("id").select(pl.format("{}|{}|{}", pl.lit(purpose), pl.lit(str(seed)), "id")).to_series()
    return (stable_hash.hashes(texts) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def citizen_numbers(persons: pl.Series, seed: int, is_female: np.ndarray, band: np.ndarray, as_of: date) -> pl.Series:
    """Identity card numbers of 18 signs of a place that begins with 0; odd before the last for men, even for women.

    `band` is a place in AGE_BANDS, -1 where nothing is known. Source: GB 11643-1999; ISO 7064, MOD 11-2.
    """
    unknown = np.searchsorted(np.cumsum(AGE_SHARES)[:-1], drawn(persons, seed, "age band"), side="right")
    band = np.where(band < 0, unknown, band)
    least = np.ceil(_YOUNGEST[band] * _YEAR_DAYS) + 1
    most = np.floor((_ELDEST[band] + 1) * _YEAR_DAYS) - 1
    days = (least + drawn(persons, seed, "born") * (most - least)).astype(np.int64)
    born = np.datetime64(as_of, "D") - days
    month = born.astype("datetime64[M]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    born_digits = year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100 + (born - month.astype("datetime64[D]")).astype(np.int64) + 1
    turn = (drawn(persons, seed, "turn") * 499).astype(np.int64) * 2 + np.where(is_female, 2, 1)
    digits = np.hstack([_digits((drawn(persons, seed, "place") * 100_000).astype(np.int64), 6), _digits(born_digits, 8), _digits(turn, 3)])
    check = _LETTERS[(digits.astype(np.int64) * _WEIGHTS).sum(axis=1) % 11]
    return _texts(np.hstack([digits + _ZERO, check[:, None]]))


def credit_codes(persons: pl.Series, seed: int) -> pl.Series:
    """Unified social credit codes of enterprises (91) of a place that begins with 0. Source: GB 32100-2015, C.2 (modulus 31, weights of 3)."""
    place = _digits((drawn(persons, seed, "place") * 100_000).astype(np.int64), 6)
    body = np.stack([(drawn(persons, seed, f"sign {at}") * 31).astype(np.int64) for at in range(9)], axis=1)
    signs = np.hstack([np.tile([9, 1], (len(persons), 1)), place, body])
    check = (31 - (signs * _SIGN_WEIGHTS).sum(axis=1) % 31) % 31
    return _texts(_SIGNS[np.hstack([signs, check[:, None]])])


def phone_numbers(persons: pl.Series, seed: int, purpose: str) -> pl.Series:
    """Eleven digits from 1110 to 1117."""
    number = (drawn(persons, seed, purpose) * 80_000_000).astype(np.int64)
    return _texts(np.hstack([np.tile(np.uint8(49), (len(persons), 3)), _digits(number, 8) + _ZERO]))


def account_numbers(persons: pl.Series, seed: int) -> pl.Series:
    """Nineteen digits from 0 on, the last of which is not the one that ISO/IEC 7812-1 asks for."""
    digits = np.hstack([_digits((drawn(persons, seed, f"account {part}") * 1e9).astype(np.int64), 9) for part in (1, 2)])
    digits[:, 0] = 0
    doubled = digits.astype(np.int64)
    doubled[:, 1::2] *= 2  # every second one from the right, the check digit being the first
    asked = -(doubled // 10 + doubled % 10).sum(axis=1) % 10
    wrong = (asked + 1 + (drawn(persons, seed, "account check") * 9).astype(np.int64)) % 10
    return _texts(np.hstack([digits, wrong[:, None].astype(np.uint8)]) + _ZERO)


def _digits(numbers: np.ndarray, width: int) -> np.ndarray:
    """Each number's decimal digits, the highest first, as bytes from 0 to 9."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10).astype(np.uint8)


def _texts(signs: np.ndarray) -> pl.Series:
    """Each row of ASCII signs as a text."""
    rows = np.ascontiguousarray(signs, np.uint8)
    return pl.Series(rows.view(f"S{rows.shape[1]}").ravel().astype(str), dtype=pl.String)
