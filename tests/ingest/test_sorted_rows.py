"""Rows come out sorted as text, whatever shorter way the sorting takes; and in several files as in one."""

from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.ingest import sorted_rows
from arrears.tables import FACTS
from arrears.tables.visible import ALWAYS

ids = st.one_of(
    st.integers(0, 10**6).map("L{:09d}".format), st.integers(0, 120).map("L{}".format), st.integers(-50, 50).map("L{:+03d}".format),
    st.sampled_from(["", "L", "L-1", "L+1", "L 1", "L１", "借据0001", "借据0002", "L0001é", "l0001"]), st.integers(0, 10**18).map("{:019d}".format),
)
NONE = pl.Series([], dtype=pl.Int64)


@given(made=st.lists(st.tuples(ids, ids, st.integers(-(2**62), 2**62)), max_size=40))
@settings(deadline=None, max_examples=300)
def test_the_order_is_that_of_text_and_then_of_numbers(made):
    rows = pl.DataFrame(made, schema={"loan_id": pl.String, "payment_id": pl.String, "recorded_at": pl.Int64}, orient="row")
    order = sorted_rows.in_order(rows, ["loan_id", "payment_id", "recorded_at"])
    assert rows[order].rows() == sorted(made, key=lambda row: (row[0].encode(), row[1].encode(), row[2]))


@given(names=st.lists(ids, min_size=1, max_size=30, unique=True))
@settings(deadline=None, max_examples=300)
def test_a_sort_key_sorts_as_the_text_does(names):
    values = pl.Series(names)
    by_key = [name for _, name in sorted(zip(sorted_rows.sort_key(values), names, strict=True))]
    assert by_key == sorted(names, key=str.encode)


def staged(folder: Path, count: int) -> list[Path]:
    """Payments in no order in three staged files, as stage.py sets them down; every seventh loan has many."""
    made = pl.DataFrame({"n": range(count)}).select(
        record=pl.col("n"), row=pl.col("n"), payment_id=pl.format("P{}", (pl.col("n") * 7919) % count), loan_id=pl.format("L{}", (pl.col("n") * 31) % 97),
        paid_on=pl.lit("2026-02-12").str.to_date(), amount_minor=pl.col("n") + 1, reverses=pl.lit(None, pl.String), recorded_at=pl.lit(ALWAYS, pl.Int64))
    paths = []
    for place in range(3):
        paths.append(folder / f"{place}.parquet")
        made[place::3].write_parquet(paths[-1])
    return paths


def test_rows_in_several_files_are_those_of_one_and_each_loan_lies_in_one(tmp_path, monkeypatch):
    paths, bad, dropped = staged(tmp_path, 5_000), pl.Series([3, 4, 5]), pl.Series([10, 11])
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    assert list(sorted_rows.write_rows(FACTS["payments"], paths, bad, dropped, 4_995, tmp_path / "one")) == ["payments-0000.parquet"]
    monkeypatch.setattr(sorted_rows, "ROWS_A_FILE", 700)
    names = sorted_rows.write_rows(FACTS["payments"], paths, bad, dropped, 4_995, tmp_path / "many")
    assert len(names) == 8 and sorted(path.name for path in (tmp_path / "many").iterdir()) == sorted(names)
    one = pl.read_parquet(tmp_path / "one/payments-0000.parquet")
    many = [pl.read_parquet(tmp_path / "many" / name) for name in names]
    assert len(one) == 4_995 and one["recorded_at"].null_count() == 4_995
    assert all(part.equals(part.sort("loan_id", "payment_id")) for part in [one, *many])
    assert pl.concat(many).sort("loan_id", "payment_id").equals(one)
    assert sum(part["loan_id"].n_unique() for part in many) == one["loan_id"].n_unique()
    again = tmp_path / "again"
    again.mkdir()
    assert sorted_rows.write_rows(FACTS["payments"], paths, bad, dropped, 4_995, again) == names


def test_files_that_get_no_rows_are_written_empty(tmp_path, monkeypatch):
    paths = staged(tmp_path, 5_000)
    monkeypatch.setattr(sorted_rows, "ROWS_A_FILE", 10)
    (tmp_path / "out").mkdir()
    names = sorted_rows.write_rows(FACTS["payments"], paths, NONE, NONE, 5_000, tmp_path / "out")
    found = [pl.read_parquet(tmp_path / "out" / name) for name in names]
    assert len(names) == 500 and sum(map(len, found)) == 5_000 and any(part.is_empty() for part in found)
    assert len({tuple(part.schema.items()) for part in found}) == 1
