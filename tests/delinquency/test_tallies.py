"""Tallies are sums: how the book was cut into partitions never shows, and no sum wraps."""

from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.delinquency.buckets import read_buckets
from arrears.delinquency.tallies import KEYS, THEN_COLUMNS, add_up, rolls, tally
from arrears.tables import POSITIONS

AS_OF = date(2026, 6, 30)
NIGHTS = (date(2026, 5, 31), date(2026, 6, 29))
BUCKETS = read_buckets()
BESIDE = {
    "loan_id": pl.String, "borrower_id": pl.String, "product": pl.String, "currency": pl.String, "disbursed_on": pl.Date,
    "disbursed_minor": pl.Int64, "regime": pl.String, "first_due_on": pl.Date, "first_late_days": pl.Int32, "why_unknown": pl.String,
}


def bucket(days: int) -> str:
    return next((name for name, last in zip(BUCKETS.names, BUCKETS.last_days, strict=False) if days <= last), BUCKETS.names[-1])


def position(dice: Random, loan_id: str, day: date) -> dict:
    days = dice.choice([0, 0, 1, 29, 30, 31, 60, 61, 90, 120, 150, 180, 181, 400])
    money = {name: dice.choice([0, dice.randint(0, 10**13)]) for name, dtype in POSITIONS.schema.items() if dtype == pl.Int64}
    return {
        **money, "loan_id": loan_id, "as_of": day, "days_past_due": days, "bucket": bucket(days), "oldest_due_on": None,
        "cap_is_known": dice.random() < 0.8, "next_due_on": dice.choice([None, day]), "asset_class": dice.choice(["正常", "关注"]),
    }


def contract(dice: Random, loan_id: str) -> dict:
    disbursed_on = AS_OF - timedelta(days=dice.randint(0, 200))
    return {
        "loan_id": loan_id, "borrower_id": f"B{dice.randint(1, 9)}", "product": dice.choice("pq"), "currency": dice.choice(["CNY", "USD"]),
        "disbursed_on": disbursed_on, "disbursed_minor": dice.randint(0, 10**13), "regime": dice.choice(["cn_private", "cn_licensed"]),
        "first_due_on": dice.choice([None, disbursed_on + timedelta(days=30)]), "first_late_days": dice.choice([None, 0, 1, 2, 8, 31]),
        "why_unknown": dice.choice(["stale", "not_filed"]),
    }


def drawn(loans: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, dict[date, pl.DataFrame]]:
    dice = Random(seed)
    ids = [f"L{number}" for number in range(loans)]
    now = pl.DataFrame([position(dice, loan_id, AS_OF) for loan_id in ids], schema=POSITIONS.schema)
    loans_ = pl.DataFrame([contract(dice, loan_id) for loan_id in ids], schema=BESIDE)
    earlier = {}
    for night in NIGHTS:
        known = [loan_id for loan_id in ids if dice.random() < 0.8]
        earlier[night] = pl.DataFrame([position(dice, loan_id, night) for loan_id in known], schema=POSITIONS.schema).select(THEN_COLUMNS)
    return now, loans_, earlier


def tallied(now, loans, earlier, parts: list[list[int]]) -> dict[str, pl.DataFrame]:
    made = []
    for part in parts:
        mine = now[part]
        then = {night: rows.filter(pl.col("loan_id").is_in(mine["loan_id"].implode())) for night, rows in earlier.items()}
        made.append(tally(mine, loans[part], then, AS_OF))
    return {name: add_up(name, [part[name] for part in made]) for name in KEYS}


@given(st.integers(1, 60), st.integers(0, 10**6), st.integers(1, 7))
@settings(deadline=None, max_examples=40, derandomize=True)
def test_how_the_book_is_cut_never_shows(loans, seed, count):
    book = drawn(loans, seed)
    whole = tallied(*book, [list(range(loans))])
    places = Random(seed).sample(range(loans), loans)
    cut = tallied(*book, [places[start::count] for start in range(count)])
    for name in KEYS:
        assert cut[name].equals(whole[name]), name
        assert cut[name].schema == whole[name].schema, name
    made = rolls(whole["movements"], BUCKETS)
    assert (made["loans"] == made["worsened_loans"] + made["held_loans"] + made["improved_loans"] + made["cured_loans"]).all()


def test_every_loan_is_counted_once_in_every_table_that_counts_all():
    now, loans, earlier = drawn(200, 4)
    tables = tallied(now, loans, earlier, [list(range(200))])
    assert tables["buckets"]["loans"].sum() == tables["totals"]["loans"].sum() == tables["vintage"]["loans"].sum() == 200
    assert tables["movements"].group_by("from_as_of").agg(pl.col("loans").sum())["loans"].to_list() == [200, 200]
    for currency, sums in ((row["currency"], row) for row in tables["totals"].iter_rows(named=True)):
        mine = now.filter(loans["currency"] == currency)
        for name in ("outstanding_principal_minor", "due_total_minor", "claimable_minor", "paid_minor"):
            assert sums[name] == sum(mine[name].to_list())


def test_a_new_loan_moves_from_new_and_a_settled_one_is_settled():
    now, loans, earlier = drawn(50, 9)
    tables = tallied(now, loans, earlier, [list(range(50))])
    new = {str(night): 50 - len(rows) for night, rows in earlier.items()}
    found = tables["movements"].filter(pl.col("from_state") == "new").group_by("from_as_of").agg(pl.col("loans").sum())
    assert dict(found.iter_rows()) == new


@pytest.mark.parametrize("cut", [[[0, 1]], [[0], [1]]])
def test_a_sum_that_passes_64_bits_raises_within_a_partition_and_across(cut):
    now, loans, earlier = drawn(2, 1)
    loans = loans.with_columns(currency=pl.lit("CNY"), product=pl.lit("p"))
    now = now.with_columns(outstanding_principal_minor=pl.lit(2**62, pl.Int64), bucket=pl.lit("M0"), days_past_due=pl.lit(0, pl.Int32))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        tallied(now, loans, earlier, cut)
