"""What is in a book, against figures counted by hand."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from arrears.ingest.contents import contents_lines, contents_of
from arrears.ingest.quarantine import FAULT_COLUMNS
from arrears.tables import FACTS

TODAY = date(2026, 3, 31)
NO_FAULTS = pl.DataFrame(schema=FAULT_COLUMNS)
HUGE = 10**13


def rows_of(table: str, rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in FACTS[table].names()} for row in rows], schema=FACTS[table].schema)


def loan(name, borrower, currency, minor, on, regime="cn_licensed"):
    return {"loan_id": name, "borrower_id": borrower, "currency": currency, "principal_minor": minor, "disbursed_on": on, "regime": regime}


def payment(name, loan_id, on, minor, reverses=None):
    return {"payment_id": name, "loan_id": loan_id, "paid_on": on, "amount_minor": minor, "reverses": reverses}


BOOK = {
    "loans": [
        loan("A", "x", "CNY", 100_00, date(2025, 1, 5)), loan("B", "x", "CNY", HUGE, date(2025, 2, 5), "none"),
        loan("C", "y", "JPY", 500, date(2025, 3, 5)),
    ],
    "instalments": [
        {"loan_id": "A", "number": 1, "due_on": date(2025, 2, 5), "principal_minor": 100_00, "interest_minor": 1_50, "fee_minor": 0},
        {"loan_id": "C", "number": 1, "due_on": date(2025, 4, 5), "principal_minor": 500, "interest_minor": 5, "fee_minor": 0},
    ],
    "payments": [
        payment("1", "A", date(2025, 2, 5), 50_00), payment("2", "A", date(2025, 2, 6), 50_00), payment("3", "A", date(2025, 2, 7), 50_00, "2"),
        payment("4", "C", date(2025, 6, 30), 505), payment("5", "Z", date(2025, 7, 1), 7),
    ],
    "borrowers": [{"borrower_id": "x", "kind": "person"}],
    "unscheduled": [
        {"loan_id": "U", "borrower_id": "u", "product": "p", "currency": "USD", "principal_minor": 123, "disbursed_on": date(2020, 1, 1)}
    ],
    "contacts": [{"contact_id": "c", "borrower_id": "x", "attempted_at": datetime(2025, 5, 1, 8, tzinfo=UTC)}],
    "holds": [],
}
LOADS = [
    {"id": 1, "at": "2026-03-01T00:00:00Z", "mode": "snapshot", "mapping": "m", "taken_back_at": "2026-03-02T00:00:00Z",
     "sources": [{"name": "loans.csv", "digest": "ab" * 32, "records": 3}], "tables": {"loans": {"rows": 3, "quarantined": 1}}},
    {"id": 2, "at": "2026-03-03T00:00:00Z", "mode": "delta", "mapping": "m", "taken_back_at": None,
     "sources": [{"name": "pay\x1b.csv", "digest": "cd" * 32, "records": 5}], "tables": {"payments": {"rows": 5, "quarantined": 0}}},
]
FAULTS = pl.DataFrame(
    [{"load": 2, "record": 7, "file": "pay.csv", "line": 8, "rule": rule, "en": "e", "zh": "z"} for rule in ("zero", "empty")],
    schema=FAULT_COLUMNS,
)


@pytest.fixture(params=["memory", "parquet"])
def frames(request, tmp_path):
    made = {name: rows_of(name, rows) for name, rows in BOOK.items()}
    if request.param == "memory":
        return {name: frame.lazy() for name, frame in made.items()}
    for name, frame in made.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    return {name: pl.scan_parquet(tmp_path / f"{name}.parquet") for name in made}


def contents(frames, **other):
    given = {"loads": LOADS, "open_faults": FAULTS, "nights": [date(2026, 3, 30), date(2026, 2, 28)]} | other
    return contents_of("demo", frames, today=TODAY, **given)


def test_rows_sums_and_spans_are_those_counted_by_hand(frames):
    tables = contents(frames)["tables"]
    assert tables["loans"] == {
        "rows": 3, "loans": 3, "borrowers": 2, "sums": {"principal_minor": {"CNY": HUGE + 100_00, "JPY": 500}},
        "dates": {"disbursed_on": ["2025-01-05", "2025-03-05"]},
    }
    assert tables["payments"]["sums"] == {
        "amount_minor": {"?": 7, "CNY": 100_00, "JPY": 505}, "taken_back_minor": {"?": 0, "CNY": 50_00, "JPY": 0}}
    assert (tables["payments"]["rows"], tables["payments"]["loans"]) == (5, 3)
    assert tables["instalments"]["sums"]["interest_minor"] == {"CNY": 1_50, "JPY": 5}
    assert tables["contacts"]["dates"] == {"attempted_at": ["2025-05-01", "2025-05-01"]} and tables["contacts"]["sums"] == {}
    assert tables["unscheduled"]["sums"]["principal_minor"] == {"USD": 123}


def test_an_amount_nobody_knows_is_not_told_as_zero(frames):
    assert contents(frames)["tables"]["unscheduled"]["sums"] == {"principal_minor": {"USD": 123}}
    known = {**BOOK["unscheduled"][0], "recovered_minor": 0}
    told = contents({"unscheduled": rows_of("unscheduled", [known, {**BOOK["unscheduled"][0], "loan_id": "V", "currency": "EUR"}]).lazy()})
    assert told["tables"]["unscheduled"]["sums"] == {"principal_minor": {"EUR": 123, "USD": 123}, "recovered_minor": {"USD": 0}}


def test_gaps_are_named(frames):
    found = contents(frames)
    assert found["gaps"] == {
        "loans_without_a_cap": 1, "loans_without_instalments": 1, "loans_without_payments": 1, "borrowers_of_loans_unknown": 1,
        "rows_without_their_loan": {"payments": 1}, "debts_without_schedule": 1, "months_without_payments": ["2025-03", "2025-04", "2025-05"],
        "last_payment_on": "2025-07-01", "days_since_last_payment": 273,
    }
    assert "holds" in found["absent"] and "plans" in found["absent"] and "loans" not in found["absent"]


def test_loads_quarantine_and_nights_are_told_with_short_digests(frames):
    found = contents(frames)
    assert found["loads"][0]["sources"] == [{"name": "loans.csv", "digest": "ab" * 6, "records": 3}]
    assert (found["loads"][0]["quarantined"], found["loads"][1]["rows"]) == (1, {"payments": 5})
    assert found["quarantine"] == {"records": 1, "faults": 2, "rules": {
        "empty": {"faults": 1, "records": 1}, "zero": {"faults": 1, "records": 1}}}
    assert found["nights"] == {"count": 2, "first": "2026-02-28", "last": "2026-03-30"}
    assert json.loads(json.dumps(found)) == found


def test_the_lines_say_it_in_both_languages_with_exact_amounts(frames):
    english, chinese = ("\n".join(contents_lines(contents(frames), language)) for language in ("en", "zh"))
    for text in ("loans: 3 rows of 3 loans, 2 borrowers", "principal: CNY 100,000,000,100.00; JPY 500", "disbursed_on: 2025-01-05 to 2025-03-05",
                 "3 months without payments: 2025-03, 2025-04, 2025-05", "2025-07-01, 273 days ago", "Loads: 2, of which 1",
                 "1 rows of payments belong to a loan", "Quarantine: 1 records wait: empty 1, zero 1", "taken back 2026-03-02", "cd" * 6):
        assert text in english, text
    for text in ("贷款", "距今 273 天", "隔离区：1 条记录", "夜批：2 次，2026-02-28 至 2026-03-30", "没有数据的表：",
                 "00:00:00Z  增量  ", "00:00:00Z  全量快照  "):
        assert text in chinese, text
    assert "\x1b" not in english + chinese


def test_an_empty_book_and_one_of_a_single_table_have_contents_too():
    found = contents_of("empty", {}, [], NO_FAULTS, [], TODAY)
    assert found["tables"] == {} and found["gaps"] == {} and found["absent"] == list(FACTS)
    assert any("arrears ingest" in line for line in contents_lines(found, "en")) and contents_lines(found, "zh")
    alone = contents_of("p", {"payments": rows_of("payments", BOOK["payments"]).lazy()}, [], NO_FAULTS, [], TODAY)
    assert alone["tables"]["payments"]["sums"]["amount_minor"] == {"?": 100_00 + 505 + 7}
    assert "minor units of unknown currency" in "\n".join(contents_lines(alone, "en"))


def test_sums_beyond_64_bits_are_exact():
    rows = rows_of("payments", [payment("p", "A", date(2026, 1, 1), HUGE)]).lazy()
    many = pl.concat([rows] * 10).collect().lazy()
    million = pl.concat([many.collect()] * 100_000).lazy()
    found = contents_of("b", {"payments": million}, [], NO_FAULTS, [], date(2025, 12, 31))
    assert found["tables"]["payments"]["sums"]["amount_minor"] == {"?": HUGE * 10**6} and HUGE * 10**6 > 2**63
    assert "after today" in "\n".join(contents_lines(found, "en")) and "在今天之后" in "\n".join(contents_lines(found, "zh"))


def test_a_book_whose_frames_lack_optional_columns_is_read(frames):
    bare = frames | {"loans": frames["loans"].drop("filed_on", "restructured_on", "recorded_at")}
    assert contents(bare)["tables"]["loans"] == contents(frames)["tables"]["loans"]
