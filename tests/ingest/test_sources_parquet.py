"""Parquet files: typed columns become exact text, and a damaged file a sentence."""

import datetime
import uuid
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arrears.ingest.dates import DEFAULT_DATES, dates_of
from arrears.ingest.flaw import Flaw
from arrears.ingest.reading import amount_of
from arrears.ingest.sources import open_file
from arrears.refusal import Refused


def _written(tmp_path, frame):
    path = tmp_path / "loans.parquet"
    frame.write_parquet(path)
    return path


def test_every_type_becomes_exact_text(tmp_path):
    frame = pl.DataFrame(
        {
            "whole": [9007199254740993, None],
            "exact": [Decimal("12345678901234567.80"), None],
            "float": [0.00005, 1e15],
            "short": pl.Series([0.1, None], dtype=pl.Float32),
            "flag": [True, None],
            "day": [datetime.date(2024, 1, 30), None],
            "local": [datetime.datetime(2024, 1, 30, 1, 2, 3, 500000), None],
            "moment": pl.Series([datetime.datetime(2024, 1, 30, 1, 2, 3), None]).dt.replace_time_zone("Asia/Shanghai"),
            "kind": pl.Series(["快贷", ""], dtype=pl.Categorical),
        }
    )
    (batch,) = open_file(_written(tmp_path, frame)).batches()
    assert batch.cells.rows() == [
        (
            "9007199254740993",
            "12345678901234567.80",
            "0.00005",
            "0.1",
            "true",
            "2024-01-30",
            "2024-01-30T01:02:03.500",
            "2024-01-30T01:02:03+08:00",
            "快贷",
        ),
        (None, None, "1E+15", None, None, None, None, None, None),
    ]
    assert set(batch.cells.dtypes) == {pl.String}
    assert batch.lines.to_list() == [1, 2]


def test_a_nested_column_is_refused_only_where_it_is_taken(tmp_path):
    path = _written(tmp_path, pl.DataFrame({"id": ["L1"], "parts": [[1, 2]]}))
    assert next(open_file(path).batches(["id"])).cells.rows() == [("L1",)]
    with pytest.raises(Refused, match="loans.parquet: the column parts holds .*, not one value per record"):
        list(open_file(path).batches(["parts"]))
    source = open_file(path)
    assert next(source.batches()).cells.rows() == [("L1", None)]
    assert [note[0].partition(", not")[0] for note in source.notes] == ["loans.parquet: the column parts holds large_list<element: int64>"]


def test_records_are_numbered_through_over_batches(tmp_path):
    path = _written(tmp_path, pl.DataFrame({"id": range(600_000)}))
    batches = list(open_file(path).batches())
    assert len(batches) > 2 and max(len(batch.cells) for batch in batches) <= 262_144
    lines = pl.concat([batch.lines for batch in batches])
    assert lines.to_list() == list(range(1, 600_001))
    assert batches[-1].cells["id"][-1] == "599999"


@pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
def test_a_file_cut_off_says_so(tmp_path, part):
    path = _written(tmp_path, pl.DataFrame({"id": range(10_000)}))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(Refused) as refused:
        open_file(path)
    assert refused.value.en == "loans.parquet: the Parquet file is cut off or damaged; copy or export it again"
    assert refused.value.zh == "loans.parquet：Parquet 文件不完整或已损坏；请重新复制或导出"


def test_a_file_damaged_in_its_middle_says_so(tmp_path):
    path = _written(tmp_path, pl.DataFrame({"id": [f"L{n}" for n in range(50_000)]}))
    content = bytearray(path.read_bytes())
    content[10 : len(content) // 2] = bytes(len(content) // 2 - 10)
    path.write_bytes(content)
    with pytest.raises(Refused, match="cut off or damaged"):
        list(open_file(path).batches())


def test_a_file_without_records_says_so(tmp_path):
    source = open_file(_written(tmp_path, pl.DataFrame({"id": []}, schema={"id": pl.String})))
    assert list(source.batches()) == []
    assert source.notes == [("there are columns but no record", "只有列，没有记录")]


def _amounts(tmp_path, column, **more):
    pq.write_table(pa.table({"amount": column}), tmp_path / "loans.parquet", **more)
    return [cell for batch in open_file(tmp_path / "loans.parquet").batches(["amount"]) for cell in batch.cells["amount"]]


def _read_as_yuan(text):
    return amount_of(text, power=2, currency="CNY")


def test_a_short_float_says_its_amount_or_is_none(tmp_path):
    fen = [1, 10, 12345, 1234567, 9999999, 13107199, 10000000]
    read = _amounts(tmp_path, pa.array([one / 100 for one in fen], pa.float32()))
    for one, text in zip(fen, read, strict=True):
        assert _read_as_yuan(text) in (one, Flaw("scientific", None)), (one, text)
    assert [_read_as_yuan(text) for text in read[:5]] == fen[:5]
    assert _read_as_yuan(read[6]) == 10_000_000
    lost = _amounts(tmp_path, pa.array([16777217.0, 131072.03, 1048576.04, 123456.78, 0.12345679], pa.float32()))
    assert {_read_as_yuan(text) for text in lost} == {Flaw("scientific", None)}


def test_two_amounts_that_are_one_short_float_are_both_none(tmp_path):
    fen = range(100, 40_000_000, 4999)
    numbers = np.array([[one, one + 1] for one in fen]) / 100
    same = numbers[numbers[:, 0].astype(np.float32) == numbers[:, 1].astype(np.float32)]
    assert len(same) > 1000
    read = _amounts(tmp_path, pa.array(same.ravel(), pa.float32()))
    assert {_read_as_yuan(cell) for cell in read} == {Flaw("scientific", None)}


def test_odd_types_are_read_rightly(tmp_path):
    known = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    assert _amounts(tmp_path, pa.ExtensionArray.from_storage(pa.uuid(), pa.array([known.bytes, None], pa.binary(16)))) == [str(known), None]
    assert _amounts(tmp_path, pa.array([Decimal("1.23"), Decimal("0.00"), None], pa.decimal256(60, 2))) == ["1.23", "0.00", None]
    for zone in ("+08:15", "-05:30", "Mars/Base"):
        moment = pa.array([datetime.datetime(2026, 2, 12, 16, 30)], pa.timestamp("us", zone))
        assert _amounts(tmp_path, moment) == ["2026-02-12T16:30:00+00:00"]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("ms"), pa.timestamp("us", "UTC")])
def test_a_day_that_no_calendar_has_is_no_date_and_ends_nothing(tmp_path, kind):
    size = 2**31 - 1 if kind == pa.date32() else 2**62
    cells = _amounts(tmp_path, pa.array([size, -size, 0], pa.int32() if kind == pa.date32() else pa.int64()).cast(kind))
    assert cells[:2] == [f"day {size}", f"day {-size}"] and cells[2].startswith("1970-01-01")
    assert dates_of(DEFAULT_DATES, "Asia/Shanghai").date(cells[0]) == Flaw("not_a_date", None)


@pytest.mark.parametrize("kind", [pa.binary(2), pa.binary(), pa.large_binary(), pa.binary_view(), pa.float16()])
def test_a_column_of_bytes_or_of_half_floats_is_refused(tmp_path, kind):
    with pytest.raises(Refused, match="the column amount holds .*, not one value per record that is a text, number or date"):
        _amounts(tmp_path, pa.array([b"\xff\xfe"] if kind != pa.float16() else np.array([1.5], np.float16), kind))


def test_text_that_is_no_utf_8_is_refused(tmp_path):
    _amounts(tmp_path, pa.array(["plain text"]), compression="none", use_dictionary=False)
    path = tmp_path / "loans.parquet"
    path.write_bytes(path.read_bytes().replace(b"plain text", b"pl\xbfin text"))
    with pytest.raises(Refused, match="cut off or damaged"):
        list(open_file(path).batches())


def test_a_flipped_bit_is_found_where_the_writer_left_checksums(tmp_path):
    _amounts(tmp_path, pa.array([12345678] * 10), compression="none", use_dictionary=False, write_page_checksum=True)
    path = tmp_path / "loans.parquet"
    content = path.read_bytes()
    mark = (12345678).to_bytes(8, "little") * 3
    assert mark in content
    path.write_bytes(content.replace(mark, (12345679).to_bytes(8, "little") + mark[8:], 1))
    with pytest.raises(Refused, match="cut off or damaged"):
        list(open_file(path).batches())
