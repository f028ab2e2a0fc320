"""Which rows count at a moment, and which break a rule of their table."""

from datetime import date

import polars as pl
import pytest

from arrears.tables import ADJUSTMENTS, FACTS, HOLDS, INSTALMENTS, LOANS, PAYMENTS
from arrears.tables.visible import ALWAYS, FOREVER, broken_rules, is_visible


@pytest.mark.parametrize(
    ("known_at", "seen"),
    [(9, ["always"]), (10, ["always", "first"]), (19, ["always", "first"]), (20, ["always", "second"]), (FOREVER - 1, ["always", "second"])],
)
def test_a_row_is_seen_from_its_moment_until_the_next_of_its_key(known_at, seen):
    rows = pl.DataFrame({
        "row": ["always", "first", "second"], "recorded_at": [ALWAYS, 10, 20], "superseded_at": [FOREVER, 20, FOREVER],
    })
    assert rows.filter(is_visible(known_at))["row"].to_list() == seen


def _row(table, **values) -> pl.DataFrame:
    sound = {
        "loan_id": "L1", "borrower_id": "B1", "product": "p", "currency": "CNY", "principal_minor": 1, "annual_rate_ppm": 1,
        "penalty_rate_ppm": 1, "day_count": 360, "grace_days": 0, "waterfall_scope": "instalment",
        "waterfall_order": "fee,penalty,interest,principal", "penalty_on_interest": False, "disbursed_on": date(2026, 1, 1),
        "regime": "none", "number": 1, "due_on": date(2026, 2, 1), "interest_minor": 0, "fee_minor": 0, "payment_id": "P1",
        "paid_on": date(2026, 2, 1), "amount_minor": 1, "adjustment_id": "A1", "effective_on": date(2026, 2, 1), "kind": "pause",
        "until_on": date(2026, 2, 2), "hold_id": "H1", "placed_on": date(2026, 2, 1), "lifted_on": None,
    }
    if table is HOLDS:
        sound["kind"] = "dispute"
    schema = {name: dtype for name, dtype in table.schema.items() if name != "recorded_at"}
    return pl.DataFrame({name: [values.get(name, sound.get(name))] for name in schema}, schema=schema)


@pytest.mark.parametrize("table", [LOANS, INSTALMENTS, PAYMENTS, ADJUSTMENTS, HOLDS], ids=lambda table: table.name)
def test_a_sound_row_breaks_no_rule(table):
    assert broken_rules(table, _row(table)) == []


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (PAYMENTS, "amount_minor", 0), (PAYMENTS, "amount_minor", -1), (PAYMENTS, "amount_minor", 10**13 + 1),
        (INSTALMENTS, "interest_minor", -1), (INSTALMENTS, "due_on", date(1989, 12, 31)), (INSTALMENTS, "due_on", None),
        (LOANS, "day_count", 366), (LOANS, "regime", "us"), (LOANS, "waterfall_order", "fee,penalty,interest"),
        (LOANS, "penalty_rate_ppm", -1), (LOANS, "waterfall_scope", None), (LOANS, "grace_days", -1),
        (ADJUSTMENTS, "until_on", None), (ADJUSTMENTS, "until_on", date(2026, 2, 1)), (ADJUSTMENTS, "kind", "gift"),
        (HOLDS, "lifted_on", date(2026, 1, 31)),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_with_its_column(table, column, value):
    broken = broken_rules(table, _row(table, **{column: value}))
    assert [fault.column for fault, _ in broken] == [column]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [(PAYMENTS, "amount_minor", 10**13), (INSTALMENTS, "fee_minor", 0), (INSTALMENTS, "due_on", date(1990, 1, 1)),
     (ADJUSTMENTS, "amount_minor", None), (ADJUSTMENTS, "number", None), (LOANS, "filed_on", None), (HOLDS, "lifted_on", date(2026, 2, 1))],
)
def test_a_bound_itself_is_taken(table, column, value):
    assert broken_rules(table, _row(table, **{column: value})) == []


def test_a_book_is_read_in_an_order_in_which_what_is_named_comes_first():
    assert list(FACTS)[:3] == ["loans", "instalments", "payments"]
