"""The hash that lays people into partitions is the same on every machine and in every version."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.stable_hash import hashes


def slowly(text: str) -> int:
    """FNV-1a over the UTF-8 bytes, finished by the first half of MurmurHash3's mixer, in Python integers."""
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    state ^= state >> 33
    state = state * 0xFF51AFD7ED558CCD % 2**64
    return state ^ (state >> 33)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20))
@settings(deadline=None)
def test_the_hash_equals_a_slow_one(texts):
    assert hashes(pl.Series(texts, dtype=pl.String)).tolist() == [slowly(text) for text in texts]


def test_these_values_never_change():
    """They were computed by the slow one; were they to change, every stored book would lie in other partitions."""
    assert hashes(pl.Series(["", "B1", "B2", "借款人"])).tolist() == [
        17058014651485797458, 10703173408528835667,
        8439128411219665719, 12999669108228467942,
    ]


def test_null_is_hashed_as_the_empty_text():
    assert hashes(pl.Series(["", None, "a"])).tolist() == [slowly(""), slowly(""), slowly("a")]


def test_a_slice_and_a_series_of_several_chunks_hash_as_their_rows():
    texts = [f"loan {number}" * (number % 7) for number in range(100)]
    parts = pl.concat([pl.Series(texts[:33]), pl.Series(texts[33:])], rechunk=False)
    assert hashes(parts).tolist() == [slowly(text) for text in texts]
    assert hashes(pl.Series(texts).slice(10, 50)).tolist() == [slowly(text) for text in texts[10:60]]
    assert hashes(pl.Series([], dtype=pl.String)).tolist() == []


def test_the_hash_fills_the_partitions_evenly():
    """Mean 1,000 a partition, standard deviation about 32; six of them is never seen by chance."""
    parts = (hashes(pl.Series([f"B{number}" for number in range(64_000)])) % 64).tolist()
    assert all(abs(parts.count(part) - 1_000) < 190 for part in range(64))
