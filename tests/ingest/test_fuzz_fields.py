"""Any text in any cell of any table ends in a fault of that cell, or in the value that a slow reader of its own takes from it.

ARREARS_LONG=1 draws many more examples. Hypothesis prints the example that fails.
"""

import csv
import json
import os
import shutil
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arrears.ingest.expressions import rows_of
from arrears.ingest.kinds import kind_of
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.pseudonyms import Pseudonyms
from arrears.refusal import Refused
from arrears.tables import FACTS
from arrears.tables.table import Column
from ingest.slow_reading import Unreadable, is_lawful, value_of
from plain_books import arrears, frame_of, loan

LONG = os.environ.get("ARREARS_LONG") == "1"
UNITS = {"money": "major", "rate": "percent", "share": "percent"}
FIELDS = [(name, column.name) for name, table in FACTS.items() for column in table.columns]
RELATED = {"effective_on": {"until_on"}, "kind": {"until_on"}, "placed_on": {"lifted_on", "returned_on"}}
"""Which other column a rule of the row may blame when this one is altered."""
SETTINGS = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}

NASTY = [
    "", " ", "\u3000", "'", "''", "-", "—", "－", "nan", "NULL", "None", "N/A", "无", "空", "0", "-0", "+0", "00", "1", "01", "-1", "+1", "1.", ".5", ".",
    "1.0", "1.005", "0.01", "-0.01", "１２", "１２．５０", "1,234", "1,23", "1,234.5", "1.234,5", "1 234", "1'234", "1,2345", "12e3", "1E5", "1.23E+17", "1e-2",
    "9" * 13, "9" * 18, "9" * 19, "9223372036854775807", "9223372036854775808", "-9223372036854775808", "9" * 61, "9" * 400, "0." + "9" * 70,
    "1" + "0" * 30 + ".00", "100000000000.00", "100000000000.01", "¥5", "￥5", "5元", "$5", "5万", "5万元", "CNY5", "5 CNY", "5USD", "(5)", "(5", "5)", "5-",
    "--5", "+-5", "5%", "5％", "5‰", "18 %", "inf", "-inf", "Infinity", "1_000", "0x10", "१२", "²", "½", "Ⅷ", "五", "true", "FALSE", "Yes", "是", "否", "y", "√", "×",
    "2026-02-12", "2026-2-3", "2026-02-30", "2025-02-29", "2024-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "0001-01-01", "1989-12-31", "1990-01-01",
    "9999-12-31", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00", "10000-01-01", "2026/2/3", "2026.02.03", "20260203", "2026年2月3日", "２０２６－０２－０３", "26-02-03",
    "02/03/2026", "13/02/2026", "46065", "46065.5", "2026-02-12 10:11", "2026-02-12T10:11:12.123456789", "2026-02-12 24:00:00", "2026-02-12 23:59:60",
    "2026-02-12T20:00:00Z", "2026-02-12T20:00:00-11:30", "2026-02-12 20:00+0800", "2026-02-12 上午12:30", "2026-02-12 下午3:05", "2026-02-12 3:05 PM",
    "1990-04-15 00:30:00", "1991-09-15 00:30:00", "1990-09-16 00:30", "2026-02-12 25:00", "2099-01-01", "3026-02-12", "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1+1", "#REF!",
    "#N/A", "L\u200b1", "\ufeffL1", "L1\u00a0", "\u202eL1", "L\n1", "L\r\n1", "L\t1", "L\x001", "L\x1b[31m1", "\x7f", "\u0085", "\u2028", "\ufffd", "𝟙", "👨‍👩‍👧", "e\u0301", "é", "ﬁ", "İ", "ß",
    "x" * 1_000, "x" * 1_001, "长" * 400, '"', '""', "a,b", "a;b", "\\", "\\N", "/", "%s", "{}", "{value}", "<script>", "'; DROP TABLE loans; --", "#" + "ab" * 16,
    "fee,penalty,interest,principal", "Fee,Penalty,Interest,Principal", "instalment", "ＩＮＳＴＡＬＭＥＮＴ", "360", "360.0", "361", "３６５", "cny", "CNY", "ＣＮＹ", "人民币", "XXX",
    "call", "pause", "none", "NONE", "2147483647", "2147483648", "-2147483648", "1201",
]
digits = st.text("0123456789０１２３٣९,.' -+()%¥元eE", min_size=1, max_size=24)
pieces = st.sampled_from(["2026", "02", "12", "-", "/", ".", "年", "月", "日", " ", "T", "10:11", ":", "下午", "Z", "+08:00", "99", "1990", "0", "1", ",", "％", "\u3000", "—"])
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=12),
    digits,
    st.lists(pieces, max_size=9).map("".join),
    st.builds(lambda text, place, sign: text[:place] + sign + text[place:], st.sampled_from(NASTY), st.integers(0, 12),
              st.sampled_from(["\u200b", "\u00a0", " ", "'", "0", "1", "-", "\n", "\0", "，", "．", "\u202e", "e", "\ud7ff", "，", "٠"])),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**13), max_value=10**13).map("{:,}".format),
    st.datetimes(datetime(1985, 1, 1), datetime(2035, 1, 1)).map(str),
)


def line_of(column: Column) -> str:
    """The mapping's line of a column that is taken from the source column of its name."""
    unit = UNITS.get(kind_of(column))
    return f"{column.name}: {{column: {column.name}, unit: {unit}}}" if unit else f"{column.name}: {column.name}"


@cache
def mapping_text(table: str) -> str:
    lines = "\n".join(f"      {line_of(column)}" for column in FACTS[table].columns)
    return f"mapping: fuzz\nsources:\n- source: s\n  files: ['s.csv']\n  tables:\n    {table}:\n{lines}\n"


@cache
def mapping_of(table: str):
    return parse_mapping(mapping_text(table), "fuzz.yaml")


def sound_cells(table: str, number: int) -> dict[str, str]:
    """A record without a flaw: its number is in its key, and the loan or project it is of stands in the book."""
    cells = {}
    for column in FACTS[table].columns:
        kind = kind_of(column)
        cells[column.name] = {
            "text": str(column.one_of[0]) if column.one_of else "word", "currency": "CNY", "money": "1.00", "rate": "18", "share": "5",
            "whole": str(column.one_of[0]) if column.one_of else "1", "flag": "yes", "date": "2026-02-12", "moment": "2026-02-12 10:00:00",
        }[kind]
        if kind == "text" and not column.one_of and column.name in FACTS[table].key:
            stands = {"loan_id": table not in ("loans", "unscheduled"), "project_id": table == "milestones"}.get(column.name, False)
            cells[column.name] = f"K{number}" if stands else f"N{number}"
        elif column.name == "loan_id":
            cells[column.name] = "K1"
    cells |= {name: "2026-03-01" for name in ("until_on", "lifted_on", "returned_on") if name in cells}
    cells |= {name: "1990-01-01" for name in ("effective_on", "placed_on") if name in cells and table != "loans"}
    cells |= {name: "" for name in ("reverses", "recorded_at") if name in cells}
    if table in ("loans", "instalments"):
        cells["principal_minor"] = "0"
    return cells


def unit_of(column: Column) -> str | None:
    return UNITS.get(kind_of(column))


def slowly(column: Column, text: str):
    """What may stand in the book for this text: a value, or Unreadable where nothing may."""
    try:
        value = value_of(column, text, unit_of(column))
    except Unreadable as problem:
        return problem
    return value if is_lawful(column, value) else Unreadable(text)


def assert_value(column: Column, text: str, value) -> None:
    expected = slowly(column, text)
    assert not isinstance(expected, Unreadable), f"{column.name}: {text!r} was taken as {value!r}, and can mean nothing lawful"
    assert type(value) is type(expected) and value == expected, f"{column.name}: {text!r} was taken as {value!r}, and means {expected!r}"


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=[f"{table}.{field}" for table, field in FIELDS])
@settings(max_examples=200 if LONG else 4, **SETTINGS)
@given(drawn=st.lists(texts, min_size=1, max_size=60))
def test_any_text_in_a_field_is_a_fault_of_it_or_the_value_it_says(table, field, drawn):
    mapping, about = mapping_of(table), FACTS[table]
    column = next(one for one in about.columns if one.name == field)
    records = [sound_cells(table, number) | {field: text} for number, text in enumerate(drawn)]
    cells = pl.DataFrame(records, schema=dict.fromkeys(about.names(), pl.String), orient="row")
    cells = cells.with_columns(pl.when(pl.all() != "").then(pl.all()))
    try:
        typed = rows_of(mapping.sources[0].tables[0], mapping.sources[0], mapping, cells, Pseudonyms(bytes(32)))
    except Refused as refused:
        assert "must not enter the book as they are" in refused.en  # five and more mobile or identity card numbers
        return
    allowed = {field} | RELATED.get(field, set())
    if field == "currency":
        allowed |= {one.name for one in about.columns if kind_of(one) == "money"}
    assert set(typed.faults["target"]) <= allowed, typed.faults
    assert typed.faults["rule"].null_count() == 0
    blamed = set(typed.faults.filter(pl.col("target") == field)["record"])
    assert typed.rows["record"].to_list() == list(range(len(drawn)))
    for number, value in enumerate(typed.rows[field].to_list()):
        if number not in blamed:
            assert_value(column, drawn[number], value)
    for fault in typed.faults.filter(pl.col("target") == field).iter_rows(named=True):
        assert fault["column"] == field and fault["value"] == (drawn[fault["record"]] or None), fault


def spellings(column: Column, draw) -> tuple[object, str]:
    """A value that the column may hold, and one of the ways in which people write it."""
    kind = kind_of(column)
    if column.one_of:
        value = draw(st.sampled_from(column.one_of))
        return value, draw(st.sampled_from([str(value), f" {value} ", f"'{value}", wide(str(value), only_letters=True)]))
    if kind in ("money", "rate", "share"):
        scale = 2 if kind == "money" else 4
        value = draw(st.integers(column.least or 0, column.most))
        whole, part = divmod(value, 10**scale)
        plain = f"{whole}.{part:0{scale}}"
        ways = [plain, f"{whole:,}.{part:0{scale}}", f" {plain}", wide(plain), f"'{plain}", plain.rstrip("0").rstrip("."), f"{plain}0"]
        ways += [f"¥{plain}", f"{whole:,}.{part:02}元", f"CNY {plain}"] if kind == "money" else [f"{plain}%", wide(f"{plain}%")]
        return value, draw(st.sampled_from(ways))
    if kind == "whole":
        value = draw(st.integers(-(2**31) + 1 if column.least is None else column.least, min(column.most or 10**9, 10**9)))
        return value, draw(st.sampled_from([str(value), f"{value:,}", wide(str(value)), f"{value}.0", f" {value}\t"]))
    if kind == "flag":
        value = draw(st.booleans())
        return value, draw(st.sampled_from(["yes", "TRUE", "1", "是", "１", "Y"] if value else ["no", "False", "0", "否", "无", "N"]))
    if kind == "date":
        value = draw(st.dates(date(1990, 1, 1), date(2026, 1, 1)))
        forms = [f"{value}", f"{value.year}/{value.month}/{value.day}", f"{value.year}.{value.month:02}.{value.day}", f"{value:%Y%m%d}",
                 f"{value.year}年{value.month}月{value.day}日", wide(f"{value}"), f"{value} 23:59:59", f"{value}T00:00:00", f"{value}T16:30:00-07:00"]
        place = draw(st.integers(0, len(forms) - 1))
        return (value.fromordinal(value.toordinal() + 1) if place == 8 else value), forms[place]
    if kind == "moment":
        value = draw(st.datetimes(datetime(1992, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC)))
        local = value.astimezone(ZoneInfo("Asia/Shanghai"))
        return value, draw(st.sampled_from([value.isoformat(), local.isoformat(), local.replace(tzinfo=None).isoformat(), str(local.replace(tzinfo=None))]))
    if kind == "currency":
        value = draw(st.sampled_from(["CNY", "USD", "EUR"]))
        return value, draw(st.sampled_from([value, value.lower(), f" {value}", wide(value)]))
    value = draw(st.from_regex(r"[A-Z][A-Za-z0-9_.:-]{3,20}", fullmatch=True))
    return value, draw(st.sampled_from([value, f"\u3000{value} ", f"'{value}", wide(value, only_letters=True)]))


def wide(text: str, *, only_letters: bool = False) -> str:
    """In full-width signs; of words and ids only letters and digits, for nothing else of them is altered in reading."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" and (one.isalnum() or not only_letters) else one for one in text)


@pytest.mark.parametrize(("table", "field"), FIELDS, ids=[f"{table}.{field}" for table, field in FIELDS])
@settings(max_examples=300 if LONG else 5, **SETTINGS)
@given(data=st.data())
def test_a_value_in_any_common_spelling_is_read_back(table, field, data):
    mapping, about = mapping_of(table), FACTS[table]
    column = next(one for one in about.columns if one.name == field)
    said = [spellings(column, data.draw) for _ in range(data.draw(st.integers(1, 8)))]
    records = [sound_cells(table, number) | {field: text} for number, (_, text) in enumerate(said)]
    cells = pl.DataFrame(records, schema=dict.fromkeys(about.names(), pl.String), orient="row").with_columns(pl.when(pl.all() != "").then(pl.all()))
    typed = rows_of(mapping.sources[0].tables[0], mapping.sources[0], mapping, cells, Pseudonyms(bytes(32)))
    faults = typed.faults.filter(pl.col("target") == field)
    assert faults.is_empty(), faults.to_dicts()
    assert typed.rows[field].to_list() == [value for value, _ in said], said


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A book of loans of nothing (K0, K1, …) and projects, that rows of every table may be of: load 1."""
    folder = tmp_path_factory.mktemp("base")
    mapping = folder / "mapping.yaml"
    mapping.write_text("mapping: base\nsources:\n- {source: l, files: [loans.*], tables: {loans: as_is}}\n- {source: p, files: [projects.*], tables: {projects: as_is}}\n")
    frame_of("loans", [loan(f"K{number}", principal_minor=0) for number in range(4_000)]).write_parquet(folder / "loans.parquet")
    project = {"borrower_id": "B", "loan_id": None, "industry": None, "currency": "CNY", "budget_minor": None, "started_on": date(2026, 1, 1),
               "finish_by_on": date(2026, 1, 1), "finished_on": None, "recorded_at": None}
    frame_of("projects", [{"project_id": f"K{number}", **project} for number in range(4_000)]).write_parquet(folder / "projects.parquet")
    ran = arrears("ingest", folder / "loans.parquet", folder / "projects.parquet", "--mapping", mapping, "--book", folder / "book")
    assert ran.status == 0, ran.error
    return folder / "book"


@pytest.mark.parametrize("table", FACTS)
@settings(max_examples=40 if LONG else 1, **SETTINGS)
@given(drawn=st.lists(texts, min_size=10, max_size=25), seed=st.integers(0, 10**6))
def test_a_file_with_any_text_in_any_field_loads_whole_records_or_quarantines_them(base, table, drawn, seed):
    about = FACTS[table]
    spread = [NASTY[(seed + 7 * place) % len(NASTY)] for place in range(12)]
    plan = [(field, text) for field in about.names() for text in (*drawn, *spread)]
    records = [sound_cells(table, number) | {field: text} for number, (field, text) in enumerate(plan)]
    with TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(base, folder / "book")
        (folder / "mapping.yaml").write_text(mapping_text(table), encoding="utf-8")
        with (folder / "s.csv").open("w", encoding="utf-8", newline="", errors="surrogatepass") as file:
            lines = csv.writer(file)
            lines.writerow(about.names())
            lines.writerows(record.values() for record in records)
        ran = arrears("ingest", folder / "s.csv", "--mapping", folder / "mapping.yaml", "--book", folder / "book", "--threshold", "100%", "--json")
        if ran.status == 2:
            assert "must not enter the book as they are" in ran.error, ran.error
            assert not (folder / "book/loads/0002").exists()
            return
        assert ran.status == 0, ran
        assert_whole(table, plan, records, json.loads(ran.out), folder / "book/loads/0002")
        assert arrears("book", folder / "book").status == 0
        assert arrears("quarantine", "--book", folder / "book", "--load", 2, "--limit", 5).status == 0


def assert_whole(table: str, plan: list, records: list[dict], load: dict, folder: Path) -> None:
    """Each record is in the book with every value it says, or in quarantine with its fault; none is both or neither."""
    about = FACTS[table]
    key = next(one.name for one in about.columns if one.name in about.key and kind_of(one) == "text" and not one.one_of)
    paths = sorted(folder.glob(f"{table}-*.parquet"))
    rows = pl.concat([pl.read_parquet(path) for path in paths]) if paths else about.empty()
    rows = rows.with_columns(pl.col(name).dt.replace_time_zone("UTC") for name, dtype in rows.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone is None)
    counts = load["tables"][table]
    assert counts["rows"] == len(rows) and load["records"] == len(records)
    assert counts["read"] == counts["rows"] + counts["unchanged"] + counts["quarantined"]
    by_key = {cells[key]: number for number, cells in enumerate(records) if plan[number][0] != key}
    loaded = set()
    for row in rows.iter_rows(named=True):
        number = by_key.get(row[key])
        if number is None:  # a record whose key itself was altered
            said = [cells for (field, _), cells in zip(plan, records, strict=True) if field == key and slowly(about.columns[about.names().index(key)], cells[key]) == row[key]]
            assert said, row
            continue
        loaded.add(number)
        for column in about.columns:
            if column.name == "recorded_at" and not records[number]["recorded_at"]:
                continue
            assert_value(column, records[number][column.name], row[column.name])
    waiting = pl.read_parquet(folder / "records.parquet")
    waits = {by_key[cell] for cells in waiting["cells"] if (cell := json.loads(cells)[key]) in by_key}
    faults = pl.read_parquet(folder / "quarantine.parquet")
    assert set(waiting["record"]) == set(faults["record"].drop_nulls())
    assert not loaded & waits, [plan[number] for number in loaded & waits]
    broken = len(faults.filter(pl.col("record").is_null()))
    missing = set(by_key.values()) - loaded - waits
    assert len(missing) <= broken + counts["unchanged"], [plan[number] for number in missing]
