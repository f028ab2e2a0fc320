"""Records become rows: where a value comes from, what is done to it, and which cell is blamed."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.ingest.expressions import kept, rows_of, told_apart
from arrears.ingest.mapping import parse_mapping
from arrears.ingest.occurrences import Occurrences
from arrears.refusal import Refused
from arrears.tables import FACTS


class Marked:
    """Stands in for the keyed hash: one can see that it was used."""

    def of(self, texts):
        return pl.Series([None if text is None else f"h({text})" for text in texts], dtype=pl.String)


def taken(table, lines, cells, top="", source="", seen=None, today=None):
    """The rows and faults of one table whose columns are `lines`, the table's other needed ones being constants."""
    fill = {
        "payments": {"payment_id": "P", "loan_id": "L", "paid_on": "2026-01-05", "amount_minor": "1"},
        "loans": {
            "loan_id": "L", "borrower_id": "B", "product": "p", "currency": "CNY", "principal_minor": "1", "annual_rate_ppm": "1",
            "penalty_rate_ppm": "1", "day_count": "360", "grace_days": "0", "waterfall_scope": "instalment",
            "waterfall_order": "fee,penalty,interest,principal", "penalty_on_interest": "no", "disbursed_on": "2026-01-01", "regime": "none",
        },
        "instalments": {"loan_id": "L", "number": "1", "due_on": "2026-01-01", "principal_minor": "1", "interest_minor": "1", "fee_minor": "0"},
        "adjustments": {"adjustment_id": "A", "loan_id": "L", "effective_on": "2026-01-05", "kind": "pause", "until_on": "2026-02-01"},
        "contacts": {"contact_id": "C", "borrower_id": "B", "attempted_at": "2026-01-05", "channel": "call", "direction": "outbound",
                     "relation": "debtor", "outcome": "answered"},
    }[table]
    written = [f'{name}: {{constant: "{value}"}}' for name, value in fill.items() if name not in lines]
    written += [f"{name}: {value}" for name, value in lines.items()]
    body = "\n".join(f"      {line}" for line in written)
    mapping = parse_mapping(f"mapping: t\n{top}\nsources:\n- source: s\n  {source}\n  tables:\n    {table}:\n{body}\n", "t.yaml")
    frame = pl.DataFrame(cells, schema={name: pl.String for name in cells})
    source_map = mapping.sources[0]
    made = {table: rows_of(source_map.tables[0], source_map, mapping, frame, Marked(), today=today)}
    return told_apart(made, source_map, seen or Occurrences())[table]


def column(table, name, line, cells, **more):
    typed = taken(table, {name: line, **more.pop("beside", {})}, cells, **more)
    return typed.rows[name].to_list(), [(record, source, rule) for record, source, rule in typed.faults.select("record", "column", "rule").iter_rows()]


def test_rows_have_the_tables_columns_and_types_and_recorded_at_only_where_it_is_mapped():
    for table in ("payments", "loans", "instalments", "adjustments", "contacts"):
        rows = taken(table, {}, {"x": ["1", "2"]}).rows
        schema = {"record": pl.UInt32(), **{name: dtype for name, dtype in FACTS[table].schema.items() if name != "recorded_at"}}
        assert dict(rows.schema) == schema and len(rows) == 2
    rows = taken("payments", {"recorded_at": "t"}, {"t": ["2026-01-05 10:00:00", None]}).rows
    assert rows["recorded_at"].to_list() == [datetime(2026, 1, 5, 2, tzinfo=UTC), None]


@pytest.mark.parametrize(("line", "cells", "values", "faults"), [
    ("{first_of: [a, b]}", {"a": ["x", " - ", None], "b": ["y", "z", "nan"]}, ["x", "z", None], [(2, "b", "empty")]),
    ("{join: [a, b]}", {"a": ["x", "x"], "b": ["y", ""]}, ["x-y", None], [(1, "a", "empty")]),
    ("{join: [a, b], with: /}", {"a": ["x"], "b": ["１"]}, ["x/1"], []),
    ("{column: a, part: [2, 3]}", {"a": ["abcd", "a", "客户号码"]}, ["bc", None, "户号"], [(1, "a", "empty")]),
    ("{column: a, zero_fill: 4}", {"a": ["12", "12345", "'012"]}, ["0012", "12345", "0012"], []),
    ("{column: a, zero_fill: 4, width: 4}", {"a": ["12", "12345"]}, ["0012", None], [(1, "a", "width")]),
    ("{column: a, values: {甲: x, Ｂ: y}}", {"a": ["甲 ", "B", "Ｂ", "c"]}, ["x", "y", "y", None], [(3, "a", "not_in_values")]),
    ("{column: a, values: {甲: x}, otherwise: z, default: d}", {"a": ["甲", "c", ""]}, ["x", "z", "d"], []),
    ("{column: a, values: {无: none, 有: some}}", {"a": ["无", "有"]}, ["none", "some"], []),
    ("{first_of: [a, b], values: {y: x}}", {"a": ["-", " "], "b": ["y", "q"]}, ["x", None], [(1, "b", "not_in_values")]),
    ("{column: a, values: {y: x, n: ''}, default: d}", {"a": ["y", "n"]}, ["x", "d"], []),
    ("{column: a, default: d}", {"a": ["1.23E+17", "NULL", "b"]}, [None, "d", "b"], [(0, "a", "scientific")]),
])
def test_a_text_is_put_together_and_translated(line, cells, values, faults):
    assert column("payments", "loan_id", line, cells) == (values, faults)


def test_amounts_are_summed_and_subtracted_and_a_flaw_of_one_cell_is_its_own():
    cells = {"a": ["1.50", "", None, "x", "9"], "b": ["2", "3", "-", "1", "1e2"]}
    values, faults = column("payments", "amount_minor", "{sum_of: [a, b], unit: major}", cells)
    assert values == [350, 300, None, None, None]
    assert faults == [(2, "b", "empty"), (3, "a", "not_a_number"), (4, "b", "scientific")]
    values, faults = column("payments", "amount_minor", "{difference_of: [a, b], unit: major}", {"a": ["5", "1", "7"], "b": ["2", "2", ""]})
    assert values == [300, -100, 700] and faults == [(1, "a", "negative")]
    values, faults = column(
        "payments", "amount_minor", "{column: a, unit: major, negative: flip}", {"a": ["-5", "(5)", "0"]}, beside={"reverses": "b"})
    assert values == [500, 500, 0] and faults == [(2, "a", "zero")]


def test_a_default_and_a_constant_of_money_are_in_the_table_s_own_unit_unless_a_unit_is_given():
    assert column("instalments", "fee_minor", "{column: a, default: 5}", {"a": ["", "7"]})[0] == [5, 7]
    assert column("instalments", "fee_minor", "{constant: 1.5, unit: major}", {"a": [""]})[0] == [150]


def test_dates_move_by_days_and_months_and_the_month_s_end_stays_within_the_month():
    cells = {"a": ["2024-01-31", "2023-01-31", "2023-12-15"]}
    assert column("payments", "paid_on", "{column: a, plus_months: 1}", cells)[0] == [date(2024, 2, 29), date(2023, 2, 28), date(2024, 1, 15)]
    assert column("payments", "paid_on", "{column: a, plus_months: -1, plus_days: -1}", {"a": ["2024-03-31"]})[0] == [date(2024, 2, 28)]


def test_a_rate_by_the_day_takes_the_day_count_of_its_row():
    typed = taken("loans", {"penalty_rate_ppm": "{column: r, unit: permyriad_a_day}", "day_count": "d"},
                  {"r": ["5", "5", "5", "5.123456"], "d": ["360", "365", "366", "360"]})
    assert typed.rows["penalty_rate_ppm"].to_list()[:2] == [180_000, 182_500]
    assert typed.faults.select("record", "column", "rule").rows() == [(2, "d", "one_of"), (3, "r", "decimals")]


def test_money_is_read_by_the_currency_of_its_row_and_other_decimals_are_a_fault():
    typed = taken("loans", {"principal_minor": "{column: p, unit: major}", "currency": "c"},
                  {"p": ["¥1.50", "$1.50", "1", "$1", "1"], "c": ["CNY", "usd", "JPY", "CNY", "XXX"]})
    assert typed.rows["principal_minor"].to_list() == [150, 150, None, None, 100]
    assert typed.faults.select("record", "column", "rule").rows() == [(2, "p", "currency"), (3, "p", "currency"), (4, "c", "unknown_currency")]
    plain = taken("loans", {"principal_minor": "p", "currency": "c"}, {"p": ["1"], "c": ["JPY"]})
    assert plain.rows["principal_minor"].to_list() == [1] and plain.faults.is_empty()


def test_equal_records_are_named_apart_and_the_same_in_another_file_alike():
    lines, cells = {"payment_id": "{key_of: [a, b]}"}, {"a": ["1", "1", "2", None], "b": ["x", "x ", "x", None]}
    typed = taken("payments", lines, cells)
    first, second, other, nothing = typed.rows["payment_id"].to_list()
    assert second == f"{first}-2" and other not in (first, second) and len(first) == 32 and nothing is None
    assert typed.faults.select("record", "rule").rows() == [(3, "empty")]
    seen = Occurrences()
    ids = [taken("payments", lines, cells, seen=seen).rows["payment_id"].to_list() for _ in range(2)]
    assert ids[0][:2] == [first, second] and ids[1][:2] == [f"{first}-3", f"{first}-4"]
    assert taken("payments", {"payment_id": "{key_of: [a, b]}"}, {"a": ["1x"], "b": [None]}).rows["payment_id"][0] != first


def test_a_hashed_column_is_hashed_before_anything_else():
    top = "personal: {hashed: [身份证号]}"
    typed = taken("loans", {"borrower_id": "身份证号", "loan_id": "{join: [a, 身份证号]}"},
                  {"a": ["1", "2", "3"], "身份证号": ["'11010119900307123x", "1.1E+17", ""]}, top=top)
    assert typed.rows["borrower_id"].to_list() == ["h(11010119900307123x)", None, None]
    assert typed.rows["loan_id"].to_list() == ["1-h(11010119900307123x)", None, None]
    assert set(typed.faults.select("record", "column", "target", "rule").rows()) == {
        (1, "身份证号", "loan_id", "scientific"), (1, "身份证号", "borrower_id", "scientific"), (2, "身份证号", "borrower_id", "empty"), (2, "a", "loan_id", "empty")}


def test_what_holds_identity_cards_or_mobiles_is_refused_unless_it_is_hashed_or_said_not_to_be_personal():
    cells = {"客户": [f"138000000{n:02}" for n in range(20)]}
    with pytest.raises(Refused, match="'客户' holds mobile numbers.*personal.hashed") as refusal:
        taken("loans", {"borrower_id": "客户"}, cells)
    assert "手机号" in refusal.value.zh
    assert taken("loans", {"borrower_id": "客户"}, cells, top="personal: {not_personal: [客户]}").faults.is_empty()
    assert taken("loans", {"borrower_id": "客户"}, cells, top="personal: {hashed: [客户]}").faults.is_empty()


REPEAT = {"repeat": "{times: n}", "number": "{number: true}", "due_on": "{column: d, every: month}",
          "principal_minor": "{column: p, unit: major, share: equal}", "interest_minor": "{column: i, unit: major}"}


def test_one_record_becomes_many_rows_whose_parts_add_up():
    typed = taken("instalments", REPEAT, {"n": ["3", "2.0"], "d": ["2024-01-31", "2024-02-29"], "p": ["100.00", "0.01"], "i": ["1", "2"]})
    assert typed.faults.is_empty()
    assert typed.rows.select("record", "number", "due_on", "principal_minor", "interest_minor").rows() == [
        (0, 1, date(2024, 1, 31), 3333, 100), (0, 2, date(2024, 2, 29), 3333, 100), (0, 3, date(2024, 3, 31), 3334, 100),
        (1, 1, date(2024, 2, 29), 0, 200), (1, 2, date(2024, 3, 29), 1, 200)]
    weekly = taken("instalments", {**REPEAT, "due_on": "{column: d, every: week}"}, {"n": ["2"], "d": ["2024-01-31"], "p": ["1"], "i": ["1"]})
    assert weekly.rows["due_on"].to_list() == [date(2024, 1, 31), date(2024, 2, 7)]


def test_a_bad_number_of_repetitions_is_one_fault_beside_the_record_s_others_and_a_bad_cell_one_fault_for_all_its_rows():
    typed = taken("instalments", REPEAT, {"n": ["x", "", "0", "1201", "2.5", "2"], "d": ["2024-01-31", None] + ["2024-01-31"] * 4, "p": ["1"] * 6,
                                          "i": ["1"] * 5 + ["-1"]})
    assert typed.faults.select("record", "column", "target", "rule").rows() == [
        (0, "n", "number", "not_a_number"), (1, "n", "number", "empty"), (1, "d", "due_on", "empty"), (2, "n", "number", "range_low"),
        (3, "n", "number", "range_high"), (4, "n", "number", "not_whole"), (5, "i", "interest_minor", "negative")]
    assert typed.rows["record"].to_list() == [0, 1, 2, 3, 4, 5, 5]


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(1, 60), st.dates(date(1990, 1, 1), date(2100, 1, 1))), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_shares_add_up_and_stay_within_one_unit_but_for_the_last_and_due_dates_rise(records):
    amounts, times, days = ([str(record[place]) for record in records] for place in range(3))
    rows = taken("instalments", {**REPEAT, "principal_minor": "{column: p, share: equal}"}, {"n": times, "d": days, "p": amounts, "i": ["1"] * len(records)}).rows
    for record, (amount, count, day) in enumerate(records):
        mine = rows.filter(pl.col("record") == record)
        assert mine["principal_minor"].sum() == amount and len(mine) == count
        assert set(mine["principal_minor"][:-1]) <= {amount // count}
        due = mine["due_on"].to_list()
        assert due == sorted(set(due)) and due[0] == day
        assert all((one.year * 12 + one.month) - (day.year * 12 + day.month) == nth and one.day <= day.day for nth, one in enumerate(due))


def test_a_cell_that_cannot_be_read_is_blamed_once_and_rules_of_the_row_name_the_source_s_cell():
    typed = taken("adjustments", {"until_on": "u", "effective_on": "e"}, {
        "u": ["2026-02-30", "2026-01-01", ""], "e": ["2026-01-05", "2026-01-05", "1989-12-31"]})
    assert typed.faults.select("record", "column", "target", "value", "rule").rows() == [
        (0, "u", "until_on", "2026-02-30", "no_such_day"), (1, "u", "until_on", "2026-01-01", "pause_dates"),
        (2, "e", "effective_on", "1989-12-31", "date_early"), (2, "u", "until_on", "", "pause_dates")]
    assert taken("payments", {"paid_on": "a"}, {"a": ["2026-02-30", ""]}).faults.select("record", "rule", "value").rows() == [
        (0, "no_such_day", "2026-02-30"), (1, "empty", "")]


def test_what_has_not_happened_yet_is_a_fault_but_a_due_date_is_not():
    today = date(2026, 1, 5)
    cells = {"d": ["2026-01-06", "2026-01-07"]}
    assert column("payments", "paid_on", "d", cells, today=today)[1] == [(1, "d", "future")]
    assert column("instalments", "due_on", "d", cells, today=today)[1] == []
    assert column("contacts", "attempted_at", "d", {"d": ["2026-01-06 23:59:59", "2026-01-07 00:00:00"]}, today=today)[1] == [(1, "d", "future")]
    assert column("payments", "paid_on", "d", cells)[1] == []


def test_only_records_that_keep_names_are_kept():
    def chosen(clause):
        source = parse_mapping(f"mapping: t\nsources: [{{source: s, keep: {clause}, tables: {{payments: as_is}}}}]", "t.yaml").sources[0]
        return kept(source, pl.DataFrame({"状态": ["正常", " 正常　", "作废", None, "ＯＫ"]})).to_list()

    assert chosen("{column: 状态, is: [正常, OK]}") == [True, True, False, False, True]
    assert chosen("{column: 状态, is_not: [作废, '']}") == [True, True, False, False, True]
    assert chosen("{column: 状态, is_not: 作废}") == [True, True, False, True, True]


def test_a_table_taken_as_it_is_does_without_columns_that_may_be_absent():
    mapping = parse_mapping("mapping: t\nsources: [{source: s, tables: {payments: as_is}}]", "t.yaml")
    cells = pl.DataFrame({"payment_id": ["P1"], "loan_id": ["L1"], "paid_on": ["2026-01-01"], "amount_minor": ["5"]})
    rows = rows_of(mapping.sources[0].tables[0], mapping.sources[0], mapping, cells, Marked()).rows
    assert rows.select("payment_id", "amount_minor", "reverses", "recorded_at").rows() == [("P1", 5, None, None)]


def test_a_batch_without_records_makes_no_rows():
    typed = taken("payments", {"amount_minor": "{column: a, unit: major}", "payment_id": "{key_of: [a]}", "loan_id": "{first_of: [a, b]}"}, {"a": [], "b": []})
    assert typed.rows.is_empty() and typed.faults.is_empty()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["2024-01-31", "12.50", "3", "CNY", "1", "nan"])), min_size=5, max_size=5), max_size=6))
def test_whatever_stands_in_the_cells_every_record_has_its_rows_or_a_fault(records):
    cells = {name: [record[place] for record in records] for place, name in enumerate("abcde")}
    lines = {"loan_id": "{join: [a, b]}", "borrower_id": "{key_of: [a, c]}", "principal_minor": "{sum_of: [c, d], unit: major}",
             "currency": "b", "day_count": "{column: d, default: 365}", "annual_rate_ppm": "{column: e, unit: percent_a_day}",
             "disbursed_on": "{column: e, plus_months: 1}", "penalty_on_interest": "{column: d, values: {3: 'yes'}, otherwise: 'no'}",
             "regime": "{column: a, part: [1, 2], values: {x: none}, otherwise: cn_private}"}
    typed = taken("loans", lines, cells, today=date(2026, 1, 1))
    assert len(typed.rows) == len(records)
    bad = set(typed.faults["record"])
    needed = [column.name for column in FACTS["loans"].columns if not column.nullable and not column.optional]
    for row in typed.rows.iter_rows(named=True):
        assert row["record"] in bad or all(row[name] is not None for name in needed)
    assert not typed.faults.select("record", "column", "target", "rule").is_duplicated().any()
