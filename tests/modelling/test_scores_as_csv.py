"""Scores written for a spreadsheet."""

import csv

import polars as pl

from arrears.modelling.applications import _guarded


def test_a_text_that_a_spreadsheet_would_run_is_written_as_text(tmp_path):
    frame = pl.DataFrame({"=x": ["=1+2", "@SUM(A1)", "-5+3", "+1", "\tx", "plain", None], "number": [-1.5, 2, 3, 4, 5, 6, 7]})
    path = tmp_path / "scores.csv"
    _guarded(frame).write_csv(path)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["'=x", "number"]
    assert [row[0] for row in rows] == ["'=1+2", "'@SUM(A1)", "'-5+3", "'+1", "'\tx", "plain", ""]
    assert rows[0][1] == "-1.5"


def test_several_columns_of_text_are_each_guarded():
    frame = pl.DataFrame({"id": ["A1", "=1+1"], "note": ["-x", None], "amount": [1, -2]})
    assert _guarded(frame).to_dicts() == [{"id": "A1", "note": "'-x", "amount": 1}, {"id": "'=1+1", "note": None, "amount": -2}]
