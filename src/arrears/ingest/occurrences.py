"""Names for records that bear none: a digest of their cells, and equal records numbered in the order of the file.

Of a file, the sound records of one digest bear 1, 2, 3 …. A record that comes back from quarantine takes the smallest number
that no record of its own file bears, whatever other files or the book hold: so the equal ones of a file are as many in the
book as there are, and a file that brings the same records anew finds each of them there.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Protocol, TypeVar

import numpy as np
import polars as pl

_Texts = TypeVar("_Texts", pl.Series, pl.Expr)


class Numbers(Protocol):
    """What numbers the records of one file among their equals."""

    def numbered(self, table: str, column: str, digests: pl.Series) -> pl.Series:
        """A number from 1 for each row, in the order of the rows; null where there is no digest."""


class FreeNumbers:
    """The numbers that records of one file take which come back corrected: the smallest that none of the file bears."""

    def __init__(self, borne: Callable[[str, str, pl.Series], pl.DataFrame]):
        """`borne(table, column, shorts)` gives short and nth of the names that records of the file bear already."""
        self._borne = borne
        self._given: set[tuple[str, str, int, int]] = set()

    def numbered(self, table: str, column: str, digests: pl.Series) -> pl.Series:
        shorts = short_of(digests)
        self._given.update((table, column, *row) for row in self._borne(table, column, shorts.drop_nulls().unique()).iter_rows())
        return pl.Series("nth", [None if short is None else self._next(table, column, short) for short in shorts], pl.Int64)

    def _next(self, table: str, column: str, short: int) -> int:
        nth = 1
        while (table, column, short, nth) in self._given:
            nth += 1
        self._given.add((table, column, short, nth))
        return nth


class Occurrences:
    """How often each digest was met so far in one file; one of these serves every batch of the file, and no other file.

    It keeps eight bytes of each digest and a count, in sorted runs that are merged as they grow: 16 bytes a record.
    """

    def __init__(self):
        self._runs: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}

    def numbered(self, table: str, column: str, digests: pl.Series) -> pl.Series:
        """1 for the first record of a digest, 2 for the second, …, in the order of the rows; null where there is none."""
        runs = self._runs.setdefault((table, column), [])
        known = digests.is_not_null()
        short = short_of(digests.filter(known))
        order = np.argsort(short.to_numpy(), kind="stable")
        keys, starts, new = np.unique(short.to_numpy()[order], return_index=True, return_counts=True)
        before = np.zeros(len(keys), np.int64)
        for run_keys, run_counts in runs:
            at = np.minimum(np.searchsorted(run_keys, keys), len(run_keys) - 1)
            before += np.where(run_keys[at] == keys, run_counts[at], 0)
        nth = np.empty(len(order), np.int64)
        nth[order] = np.arange(1, len(order) + 1) - np.repeat(starts - before, new)
        if len(keys):
            runs.append((keys, new))
            _merge(runs)
        if known.all():
            return pl.Series("nth", nth)
        return pl.Series("nth", [None], pl.Int64).new_from_index(0, len(digests)).scatter(known.arg_true(), pl.Series(nth))


def _merge(runs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Runs of like size become one, so that there are few of them and none is written often."""
    while len(runs) > 1 and len(runs[-2][0]) <= 2 * len(runs[-1][0]):
        (last_keys, last_counts), (keys, counts) = runs.pop(), runs.pop()
        merged = np.concatenate([keys, last_keys])
        order = np.argsort(merged, kind="stable")  # two sorted runs: a single pass
        merged, total = merged[order], np.concatenate([counts, last_counts])[order]
        starts = np.flatnonzero(np.concatenate([[True], merged[1:] != merged[:-1]]))
        runs.append((merged[starts], np.add.reduceat(total, starts)))


def short_of(names: _Texts) -> _Texts:
    """The first 64 bits of each digest."""
    return names.str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64)


def digest_of(cells: list[pl.Series]) -> pl.Series:
    """SHA-256 of the cells of each row, the first 128 bits as 32 hexadecimal digits.

    Each cell is written as its length in characters, a colon and the cell, an empty one as a dash, so that no two rows
    of different cells are written alike. Null where every cell is empty.
    """
    frame = pl.DataFrame([cell.rename(str(place)) for place, cell in enumerate(cells)])
    written = [
        pl.when(pl.col(name).is_null()).then(pl.lit("-")).otherwise(pl.concat_str(pl.col(name).str.len_chars(), pl.lit(":"), pl.col(name)))
        for name in frame.columns
    ]
    something = pl.any_horizontal(pl.all().is_not_null())
    rows = frame.select(pl.when(something).then(pl.concat_str(written))).to_series().to_list()
    return pl.Series("digest", [None if row is None else sha256(row.encode()).hexdigest()[:32] for row in rows], pl.String)
