"""What a treatment is worth: held against the same sums in Python's whole numbers, for amounts of any size."""

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.strategy import Expected, Giving, Strategy, Treatment
from arrears.strategy.worth import alone_minor, worth_minor

BUCKETS = ("M1", "M2", "M6+")
NAMES = ("visit", "call", "leave_alone")
PPM = st.integers(0, 1_000_000)
BY_BUCKET = st.dictionaries(st.sampled_from(BUCKETS), PPM)
AMOUNTS = st.integers(0, 10**13) | st.integers(0, 3_000_000) | st.sampled_from([0, 1, 999_999, 1_000_000, 1_000_001])
ENTRIES = st.lists(st.tuples(st.sampled_from(BUCKETS), AMOUNTS, st.none() | AMOUNTS), max_size=20)
EXPECTED = st.builds(Expected, BY_BUCKET, st.dictionaries(st.sampled_from(NAMES[:2]), BY_BUCKET))


def strategy_of(expected: Expected, costs: tuple[int, int]) -> Strategy:
    treatments = tuple(Treatment(name, name, name, "nobody" if name == "leave_alone" else "bot", cost_minor=cost) for name, cost in zip(NAMES, (*costs, 0), strict=True))
    return Strategy("made", "1", (), treatments, (), (), (), (), (), expected, Giving(), "")


def frame_of(entries: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(entries, schema={"bucket": pl.String, "claimable_minor": pl.Int64, "expected_minor": pl.Int64}, orient="row")


@given(ENTRIES, EXPECTED, st.tuples(AMOUNTS, AMOUNTS))
@settings(max_examples=150)
@example([("M1", 10**13, None), ("M1", 5, 9)], Expected({"M1": 1}, {"visit": {"M1": 1_000_000}}), (10**13, 0))
def test_worth_is_what_is_left_times_the_effect_less_the_cost(entries, expected, costs):
    strategy = strategy_of(expected, costs)
    alone, worth = alone_minor(frame_of(entries), strategy), worth_minor(frame_of(entries), strategy)
    assert (alone.dtype, worth.dtype, worth.shape) == (np.int64, np.int64, (len(entries), 3))
    for (bucket, claimable, modelled), by_itself, of_entry in zip(entries, alone.tolist(), worth.tolist(), strict=True):
        assert by_itself == (claimable * expected.recovery_ppm.get(bucket, 0) // 10**6 if modelled is None else modelled)
        left = max(claimable - by_itself, 0)
        effects = [expected.effect_ppm.get(name, {}).get(bucket, 0) for name in NAMES]
        assert of_entry == [left * effect // 10**6 - cost for effect, cost in zip(effects, (*costs, 0), strict=True)]
        assert of_entry[2] == 0


def test_a_book_without_entries_has_no_worth():
    strategy = strategy_of(Expected({"M1": 5}, {}), (1, 2))
    assert alone_minor(frame_of([]), strategy).tolist() == [] and worth_minor(frame_of([]), strategy).shape == (0, 3)


def test_what_a_model_says_takes_the_place_of_what_is_assumed():
    """10,000.00 late, 12 % assumed of M2: 1,200.00 come by themselves; a call brings 7 % of the other 8,800.00 and costs 5.50."""
    strategy = strategy_from(default_strategy_text())
    call = strategy.names.index("call")
    found = frame_of([("M2", 1_000_000, None), ("M2", 1_000_000, 200_000), ("M2", 1_000_000, 1_200_000)])
    assert alone_minor(found, strategy).tolist() == [120_000, 200_000, 1_200_000]
    assert worth_minor(found, strategy)[:, call].tolist() == [61_600 - 550, 56_000 - 550, -550]
