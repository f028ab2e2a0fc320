"""Conditions: a cell means what it says, the first row that fits is found, and what is not known fits nothing."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.strategy.conditions import FIELDS, cell_of, demand_segments, first_fit, fits, read_when
from arrears.strict_yaml import BadYaml, parse
from arrears.tables.holds import HOLD_KINDS

OPEN = {"bucket": ["M0", "M1", "M2", "M6+"], "product": ["quick", "slow", "a product with a long name"], "segment": ["firms", "people"]}
TEXT = {name: OPEN.get(name) or list(field.values) for name, field in FIELDS.items() if field.kind == "text"}
NUMBERS = [name for name, field in FIELDS.items() if field.kind == "number" and field.unit != "per cent"]
SHARES = [name for name, field in FIELDS.items() if field.unit == "per cent"]
EDGES = st.integers(0, 12)


def ranges(write) -> st.SearchStrategy[str]:
    pairs = st.tuples(EDGES, st.integers(1, 6)).map(lambda pair: f"{write(pair[0])}..{write(pair[0] + pair[1])}")
    return EDGES.map(lambda edge: f"<{write(edge)}") | EDGES.map(lambda edge: f">={write(edge)}") | pairs


CELLS = {
    **{name: st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True) for name, values in TEXT.items()},
    **dict.fromkeys(NUMBERS, ranges(str)),
    **dict.fromkeys(SHARES, ranges(lambda edge: f"{edge * 5}.25%")),
}
FEW = st.lists(st.sampled_from(sorted(CELLS)), max_size=3, unique=True)
CONDITIONS = FEW.flatmap(lambda names: st.fixed_dictionaries({name: CELLS[name] for name in names}))
LOANS = st.fixed_dictionaries({
    **{name: st.sampled_from([*values, None, "not in any row"]) for name, values in TEXT.items()},
    **{name: st.integers(0, 13) | st.none() for name in NUMBERS},
    **{name: st.sampled_from([0.0, 0.0525, 0.0524, 0.1025, 0.5, 0.6025, 1.0, None, float("nan")]) for name in SHARES},
})
SCHEMA = {name: pl.String if name in TEXT else pl.Float64 if name in SHARES else pl.Int64 for name in FIELDS}


def number(text: str) -> float:
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else int(text)


def fits_slowly(when: dict, loan: dict) -> bool:
    """Whether the conditions hold, read from plain YAML and decided one value at a time."""
    for name, cell in when.items():
        value = loan[name]
        if value is None:
            return False
        if name in TEXT:
            held = value in (cell if isinstance(cell, list) else [cell])
        elif cell.startswith("<"):
            held = value < number(cell[1:])
        elif cell.startswith(">="):
            held = value >= number(cell[2:])
        else:
            low, high = cell.split("..")
            held = number(low) <= value < number(high)
        if not held:
            return False
    return True


def firsts_slowly(table: list[dict], loans: list[dict]) -> list[int]:
    return [next((place for place, when in enumerate(table) if fits_slowly(when, loan)), len(table)) for loan in loans]


def firsts(table: list[dict], loans: list[dict]) -> list[int]:
    return first_fit((*(read_when(when, "here") for when in table), ()), pl.DataFrame(loans, schema=SCHEMA)).tolist()


@given(st.lists(CONDITIONS, max_size=8), st.lists(LOANS, min_size=1, max_size=30))
@settings(deadline=None, max_examples=200)
def test_the_first_row_that_fits_is_that_of_a_slow_reading(table, loans):
    assert firsts(table, loans) == firsts_slowly(table, loans)


@given(st.lists(CONDITIONS, min_size=63, max_size=200), st.lists(LOANS, min_size=1, max_size=30))
@settings(deadline=None, max_examples=25)
def test_a_table_of_more_rows_than_a_word_has_bits_is_read_alike(table, loans):
    assert firsts(table, loans) == firsts_slowly(table, loans)


def test_a_row_beyond_the_first_word_of_bits_is_found():
    table = [{"claimable": f"{place}..{place + 1}"} for place in range(200)]
    loans = [dict.fromkeys(SCHEMA) | {"claimable": amount} for amount in (0, 63, 64, 127, 128, 199, 200, 10**13)]
    assert firsts(table, loans) == [0, 63, 64, 127, 128, 199, 200, 200]


def test_a_frame_of_many_slices_is_read_as_one():
    amounts = np.arange(70_001) * 7_919 % 1_000
    table = [{"claimable": "<10"}, {"claimable": "500..600"}]
    found = first_fit((*(read_when(when, "here") for when in table), ()), pl.DataFrame({"claimable": amounts}))
    assert np.array_equal(found, np.where(amounts < 10, 0, np.where((amounts >= 500) & (amounts < 600), 1, 2)))


def test_only_columns_that_are_asked_of_are_needed_whatever_kind_of_text_or_whole_number_they_are():
    whens = (read_when({"bucket": "M1", "days_past_due": ">=10"}, "here"), ())
    days = pl.Series([9, 10, 10, None], dtype=pl.Int32)
    for dtype in (pl.String, pl.Categorical, pl.Enum(["M0", "M1", "M9"])):
        frame = pl.DataFrame({"bucket": pl.Series(["M1", "M1", "M9", "M1"]).cast(dtype), "days_past_due": days})
        assert first_fit(whens, frame).tolist() == [1, 0, 1, 1]
    assert first_fit(((),), pl.DataFrame({"x": [1, 2]})).tolist() == [0, 0]
    assert first_fit(whens, pl.DataFrame(schema={"bucket": pl.String, "days_past_due": pl.Int64})).tolist() == []


def test_conditions_alone_say_which_rows_hold():
    frame = pl.DataFrame({"claimable": [1, None, 3]}, schema={"claimable": pl.Int64})
    assert fits(read_when({"claimable": "<3"}, "here"), frame).tolist() == [True, False, False]
    assert fits((), frame).tolist() == [True, True, True]


@given(CONDITIONS)
@settings(deadline=None)
def test_what_was_read_is_written_as_it_can_be_read_again(conditions):
    when = read_when(conditions, "here")
    assert read_when({name: cell_of(name, cell) for name, cell in when}, "here") == when


@pytest.mark.parametrize("cell,kept", [
    (">=85%", (850_000, None)), ("<0.0001%", (None, 1)), ("12.5%..100%", (125_000, 1_000_000)), (">=07.50%", (75_000, None)),
])
def test_predictions_are_read_in_per_cent_and_kept_as_parts_per_million(cell, kept):
    assert read_when({"self_cure": cell}, "here") == (("self_cure", kept),)


@pytest.mark.parametrize("when,said", [
    ({"claimable": "100"}, "s.yaml, row 2 (a1), claimable: '100' is no range; write <N, >=N or N..M in minor units"),
    ({"claimable": "100..100"}, "100..100 is empty"), ({"claimable": "200..100"}, "empty"), ({"claimable": "<=100"}, "no range"),
    ({"claimable": ">100"}, "no range"), ({"claimable": "<-5"}, "no range"), ({"claimable": "<1_000"}, "no range"), ({"claimable": ["<5"]}, "no range"),
    ({"claimable": "< 5"}, "no range"), ({"claimable": "<5\n"}, "no range"), ({"claimable": "<٥"}, "no range"), ({"claimable": "<5%"}, "no range"),
    ({"claimable": ">=10000000000001"}, "beyond 10,000,000,000,000"), ({"claimable": "<" + "9" * 30}, "no range"),
    ({"self_cure": ">=0.85"}, "write <N%, >=N% or N%..M% in per cent"), ({"self_cure": ">=100.0001%"}, "beyond 100 %"), ({"self_cure": ">=1.00001%"}, "no range"),
    ({"self_cure": "10..20%"}, "no range"), ({"days_past_due": "5"}, "in days"), ({"kept_plans": "1"}, "in plans"),
    ({"hold": "holiday"}, "holiday"), ({"cap": "maybe"}, "maybe"), ({"frequency": "daily"}, "once, weekly"), ({"kind": "dog"}, "sole_trader"),
    ({"colour": "red"}, "unknown field 'colour'; known are bucket, product, hold, cap, overpaid, claimable"),
    ({"bucket": ""}, "one value or a list"), ({"bucket": [["M1"]]}, "one value or a list"), ({"bucket": []}, "empty"), ({"bucket": ["M1", "M1"]}, "'M1' stands twice"),
    ("M1", "when must be a mapping"), ([], "when"), ("", "when"),
])
def test_a_cell_that_could_not_be_meant_is_refused_naming_row_and_field(when, said):
    with pytest.raises(BadYaml) as refusal:
        read_when(when, "s.yaml, row 2 (a1)")
    assert str(refusal.value).startswith("s.yaml, row 2 (a1)")
    assert said in str(refusal.value)


def test_an_unknown_field_of_a_file_is_refused_with_its_line():
    entry = parse("when:\n  bucket: M1\n  over: 'yes'\n", "s.yaml")
    with pytest.raises(BadYaml, match="row 1, line 3: unknown field 'over'"):
        read_when(entry["when"], "row 1")


def test_a_segment_that_there_is_not_is_refused():
    when = read_when({"segment": ["firms", "frims"]}, "here")
    demand_segments([("row a", when)], ("firms", "frims"))
    with pytest.raises(BadYaml, match="row a: no segment 'frims'; there are firms, people"):
        demand_segments([("row b", ()), ("row a", when)], ("firms", "people"))
    with pytest.raises(BadYaml, match="the strategy has none"):
        demand_segments([("row a", when)], ())


def test_every_field_has_words_in_both_languages_and_says_what_it_rests_on():
    for name, field in FIELDS.items():
        assert name == field.name and field.zh and field.en and field.rests_on in ("published", "state", "predicted", "derived")
        assert (field.unit is None) == (field.kind == "text")
    assert {name for name, field in FIELDS.items() if field.rests_on == "published"} == {"hardship", "bucket", "days_past_due", "claimable", "kept_plans"}
    assert FIELDS["hold"].values == ("none", *HOLD_KINDS)


def test_texts_of_any_length_are_told_apart_in_slices_and_pieces_of_a_frame():
    words = ["a" * 11, "a" * 12, "a" * 13, "a" * 14, "消费分期", "消费分期产", "aaaa", "b", "", None]
    whens = (*(read_when({"product": word}, "here") for word in words if word), ())
    frame = pl.concat([pl.DataFrame({"product": words * times}, schema={"product": pl.String}) for times in (1, 2_000, 3)], rechunk=False)
    expected = [place for word in frame["product"] for place in (words.index(word) if word else 8,)]
    assert first_fit(whens, frame).tolist() == expected
    assert first_fit(whens, frame[7:-2]).tolist() == expected[7:-2]
    whole = frame.rechunk()
    assert first_fit(whens, whole).tolist() == expected and first_fit(whens, whole[9:30]).tolist() == expected[9:30]
    only_short = (read_when({"product": ["aaaa", "b"]}, "here"), ())
    assert first_fit(only_short, frame).tolist() == [0 if word in ("aaaa", "b") else 1 for word in frame["product"]]


def test_what_is_not_a_number_fits_no_range():
    whens = (read_when({"self_cure": "<50%"}, "here"), read_when({"self_cure": ">=50%"}, "here"), ())
    assert first_fit(whens, pl.DataFrame({"self_cure": [0.2, float("nan"), 0.5, None, float("nan")]})).tolist() == [0, 2, 1, 2, 2]


def test_text_beneath_a_null_is_not_read():
    full = pa.array(["b", "b", "b"], pa.string_view())
    beneath = pl.from_arrow(pa.Array.from_buffers(pa.string_view(), 3, [pa.py_buffer(bytes([0b001])), full.buffers()[1]]))
    whens = (read_when({"product": ["b", "a product with a long name"]}, "here"), ())
    assert first_fit(whens, pl.DataFrame({"product": beneath})).tolist() == [0, 1, 1]
