"""What is read by bytes is what a pattern and Python's own arithmetic say, and nothing that they doubt."""

import re
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.ingest import clean_cells

numbers = st.one_of(
    st.none(), st.text("0123456789.,-+ e", max_size=18), st.from_regex(r"-?[0-9]{1,16}([.,][0-9]{1,5})?", fullmatch=True),
    st.sampled_from(["", "-", ".", "-.5", "5.", "00012.50", "１２", "12\u200b", "-0", "99999999999999", "9" * 40]),
)
written = st.one_of(
    st.none(), st.text("0123456789-/. T:", max_size=12), st.sampled_from(["", "0000-01-01", "2000-02-29", "1900-02-29", "2026-13-01", "２０２６-01-01", "2026-1-1 "]),
    st.builds(lambda day, sign, wide: f"{day.year:04}{sign}{day.month:0{wide}}{sign}{day.day:0{wide}}", st.dates(), st.sampled_from("-/."), st.sampled_from([1, 2])),
    st.builds("{:04}-{:02}-{:02}".format, st.integers(0, 9999), st.integers(0, 14), st.integers(0, 33)),
)


@given(texts=st.lists(numbers, max_size=12), power=st.integers(0, 6), point=st.sampled_from(".,"))
def test_amounts_are_those_of_decimal_arithmetic(texts, power, point):
    fraction = f"(?:{re.escape(point)}[0-9]{{1,{power}}})?" if power else ""
    clean = re.compile(f"-?[0-9]{{1,{14 - power}}}{fraction}", re.ASCII)
    expected = [int(Decimal(text.replace(point, ".")).scaleb(power)) if text is not None and clean.fullmatch(text) else None for text in texts]
    assert clean_cells.amounts(pl.Series("c", texts, dtype=pl.String), power, point).to_list() == expected


@given(texts=st.lists(written, max_size=12), least=st.dictionaries(st.sampled_from("-/."), st.sampled_from([1, 2])))
def test_days_are_those_of_the_calendar(texts, least):
    def read(text):
        found = re.fullmatch(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})", text or "", re.ASCII)
        if not found or found[2] not in least or min(len(found[3]), len(found[4])) < least[found[2]]:
            return None
        try:
            return date(int(found[1]), int(found[3]), int(found[4]))
        except ValueError:
            return None

    assert clean_cells.days(pl.Series("c", texts, dtype=pl.String), least).to_list() == [read(text) for text in texts]


@pytest.mark.parametrize("first", [date(1, 1, 1), date(1899, 12, 1), date(1999, 12, 1), date(9996, 1, 1)])
def test_every_day_of_four_years_is_read_as_itself(first):
    days = [first + timedelta(days=place) for place in range(1461) if first.toordinal() + place <= date.max.toordinal()]
    assert clean_cells.days(pl.Series([day.isoformat() for day in days]), {"-": 2}).to_list() == days


@given(texts=st.lists(st.one_of(st.none(), st.text("ABab09-_/:., '#+*\u3000é\x7f\n", max_size=6)), max_size=8), place=st.integers(0, 3))
def test_a_column_is_plain_where_no_text_of_it_holds_anything_odd(texts, place):
    odd = re.compile(r"[^!\"$-&()\-/0-9:-~]")
    part = pl.Series("c", texts, dtype=pl.String)[place:]
    assert clean_cells.is_plain(part) == (not any(odd.search(text or "") for text in texts[place:]))


def test_what_lies_behind_a_null_is_not_read():
    frame = pl.DataFrame({"c": ["2026-01-01T16:30:00-07:00", "2026-01-02"]})
    masked = frame.select(pl.when(pl.col("c") == "2026-01-02").then(pl.col("c").str.slice(0, 10))).to_series()
    assert clean_cells.days(masked, {"-": 2}).to_list() == [None, date(2026, 1, 2)]
    numbers = pl.DataFrame({"c": ["12", "13"]}).select(pl.when(pl.col("c") == "13").then("c")).to_series()
    assert clean_cells.amounts(numbers, 0).to_list() == [None, 13]


def test_a_column_may_have_any_name():
    assert clean_cells.amounts(pl.Series("a\0b", ["12"]), 0).to_list() == [12]
