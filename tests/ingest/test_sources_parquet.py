"""Parquet files: typed columns become exact text, and a damaged file a sentence."""

import datetime
from decimal import Decimal

import polars as pl
import pytest

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
        list(open_file(path).batches())


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
