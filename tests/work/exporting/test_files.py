"""What stands in a file is text where it was text, whoever typed it: read back by programs of others."""

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from zipfile import ZipFile

import openpyxl
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from arrears.refusal import Refused
from arrears.work.exporting.cells import csv_text, is_formula_like, seen_text
from arrears.work.exporting.files import METADATA, SHEET_ROWS_MOST, Watermark, write
from arrears.work.exporting.subjects import Column, columns_of
from arrears.work.oversight_words import EXPORTED

HOSTILE = ["=1+1", "=cmd|' /C calc'!A0", "+SUM(A1)", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", " =1", "　=1", "|x", "%x", '"=1', "a,b;c\td", "line\nbreak", "\u202e=1", "\x00=1", "\ufeff=1",
           "https://bank.example", "mailto:x@bank.example", "{=1}", "正常文字", "", "'quoted", "0012", "1E5", "a" * 40_000, "_x0041_", "<b>&amp;", "\U0001f600"]
COLUMNS = (Column("name", "text", "名称", "name"), Column("amount_minor", "money", "金额", "amount"), Column("currency", "text", "币种", "currency"), Column("state", "code", "状态", "state"), Column("rules", "codes", "规则", "rules"),
           Column("on", "day", "日期", "day"), Column("at", "moment", "时间", "at"), Column("count", "number", "数", "count"), Column("score_ppm", "ppm", "得分", "score"), Column("is_passed", "flag", "合格", "passed"))
MARK = Watermark("contacts", "bank", "=wang", "2026-11-02 10:00:00", "e-1", "entry-1", "approval-1", {"from_on": "2026-11-01", "collector": "=cmd|' /C calc'!A0"}, "en")


def row(name, **changed):
    return {"name": name, "amount_minor": -12345, "currency": "CNY", "state": "open", "rules": ["cn.cease", "=x"], "on": date(2026, 11, 2), "at": datetime(2026, 11, 2, 2, 0, 1, tzinfo=UTC), "count": 7,
            "score_ppm": 912_345, "is_passed": True, **changed}


def written(tmp_path, kind, rows, mark=MARK, columns=COLUMNS):
    path = tmp_path / f"rows.{kind}"
    write(path, kind, columns, iter([rows[:20], rows[20:]]), mark, 1000, 1 << 24)
    return path


def test_csv_holds_every_text_as_text_and_bears_its_watermark_first(tmp_path):
    path = written(tmp_path, "csv", [row(text) for text in HOSTILE])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as read:
        mark, heads, *rows = list(csv.reader(read))
    assert mark[0].startswith("# arrears") and all(part in mark[0] for part in ("=wang", "entry-1", "approval-1", "2026-11-02 10:00:00")) and len(mark) == 1
    assert heads == ["name", "amount", "currency", "state", "rules", "day", "at", "count", "score", "passed"]
    assert len(rows) == len(HOSTILE)
    for text, cells in zip(HOSTILE, rows, strict=True):
        for place, cell in enumerate(cells):
            assert place == 1 or not is_formula_like(cell), (text, cell)
        assert cells[0].removeprefix("'") == seen_text(text).removeprefix("'")
        assert cells[1:] == ["-123.45", "CNY", "open", "cn.cease, =x", "2026-11-02", "2026-11-02 10:00:01", "7", "91.23", "yes"]


def test_excel_holds_no_formula_no_link_and_the_watermark_as_its_first_sheet(tmp_path):
    path = written(tmp_path, "xlsx", [row(text) for text in HOSTILE])
    book = openpyxl.load_workbook(path)
    about, rows = book.worksheets
    told = {label.value: value.value for label, value in about.iter_rows()}
    assert told["made by"] == "=wang" and told["entry in the log"] == "entry-1" and told["approval"] == "approval-1"
    assert "entry-1" in book.properties.description and "=wang" in rows.oddHeader.left.text
    assert rows.max_row == len(HOSTILE) + 1
    for sheet in book.worksheets:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type != "f" and cell.hyperlink is None, cell.coordinate
    for text, cells in zip(HOSTILE, rows.iter_rows(min_row=2), strict=True):
        assert unescape(cells[0].value or "") == seen_text(text), text
        if is_formula_like(seen_text(text)):
            assert cells[0].quotePrefix
        assert cells[1].value == -123.45 and cells[7].value == 7 and cells[5].value.date() == date(2026, 11, 2)
    with ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) or b"<f " in parts.read(name) for name in parts.namelist() if name.endswith(".xml"))


def test_parquet_holds_every_value_as_it_is_and_bears_its_watermark(tmp_path):
    path = written(tmp_path, "parquet", [row(text) for text in HOSTILE])
    rows = pl.read_parquet(path)
    assert rows["name"].to_list() == HOSTILE and rows.schema["amount_minor"] == pl.Int64 and rows["amount_minor"].unique().to_list() == [-12345]
    told = json.loads(pq.read_schema(path).metadata[METADATA.encode()])
    assert (told["by"], told["entry"], told["approval"], told["personal_data"]) == ("=wang", "entry-1", "approval-1", "masked")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_missing_values_are_empty_in_every_format(tmp_path, kind):
    path = written(tmp_path, kind, [dict.fromkeys(column.name for column in COLUMNS)])
    if kind == "parquet":
        assert pl.read_parquet(path).row(0) == (None,) * len(COLUMNS)
    elif kind == "csv":
        assert list(csv.reader(path.open(encoding="utf-8-sig", newline="")))[2] == [""] * len(COLUMNS)
    else:
        assert openpyxl.load_workbook(path).worksheets[1].max_row in (1, 2)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_more_rows_or_bytes_than_may_be_are_refused_and_no_whole_file_is_left_to_use(tmp_path, kind):
    many = [row("x")] * 30
    with pytest.raises(Refused, match="more than 25 rows"):
        write(tmp_path / "a", kind, COLUMNS, iter([many]), MARK, 25, 1 << 24)
    with pytest.raises(Refused, match="bytes"):
        write(tmp_path / "b", kind, COLUMNS, iter([many, many]), MARK, 1000, 100)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_text_at_all_becomes_a_formula_in_csv(text):
    cell = csv_text(text)
    assert not is_formula_like(cell)
    assert not any(ord(letter) < 32 and letter not in "\t\n\r" for letter in cell)


def test_currencies_keep_their_own_decimals(tmp_path):
    path = written(tmp_path, "csv", [row("a", currency="JPY"), row("b", currency="KWD")])
    assert [cells[1] for cells in list(csv.reader(path.open(encoding="utf-8-sig", newline="")))[2:]] == ["-12345", "-12.345"]


@pytest.mark.parametrize("what", EXPORTED)
def test_every_subject_says_its_heads_in_both_languages_and_no_column_is_sealed(what):
    for column in columns_of(what):
        assert column.zh and column.en and not column.name.endswith(("_sealed", "_index"))


def test_what_a_sheet_of_excel_cannot_hold_is_refused_not_left_out_in_silence(tmp_path):
    with pytest.raises(Refused, match=str(SHEET_ROWS_MOST)):
        write(tmp_path / "a.xlsx", "xlsx", COLUMNS, iter([[row("x")] * (SHEET_ROWS_MOST + 1)]), MARK, 2_000_000, 1 << 30)


def test_a_long_name_with_an_ampersand_begins_no_command_in_the_printed_header(tmp_path):
    path = written(tmp_path, "xlsx", [row("x")], replace(MARK, by="a" * 90 + "&" * 40))
    header = unescape(ZipFile(path).read("xl/worksheets/sheet2.xml").decode().split("<oddHeader>")[1].split("</oddHeader>")[0]).replace("&amp;", "&")
    assert header.startswith("&L") and header[2:].count("&") % 2 == 0 and len(header) <= 255
