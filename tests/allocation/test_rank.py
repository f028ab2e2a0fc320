"""The worklist: one entry per late person and currency, in the stated order, whatever order the rows came in."""

from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.rank import WORKLIST, gather, rank

TREATMENTS = ("look_first", "visit", "call", "leave_alone")
SCHEMA = {
    "loan_id": pl.String, "borrower_id": pl.String, "bucket": pl.String, "days_past_due": pl.Int32, "product": pl.String,
    "currency": pl.String, "claimable_minor": pl.Int64, "hold": pl.String, "treatment": pl.String, "rule": pl.String,
    "reason_zh": pl.String, "reason_en": pl.String, "channel": pl.String, "verdict": pl.String, "rules": pl.String,
    "expected_minor": pl.Int64, "pay_probability": pl.Float64, "score_reasons": pl.String, "reach_channel": pl.String, "reach_hour": pl.Int32,
    "reach_probability": pl.Float64,
}


@st.composite
def proposals(draw) -> list[dict]:
    """Late loans of few people, so that people, amounts and days collide."""
    rows = draw(st.lists(st.fixed_dictionaries({
        "borrower_id": st.sampled_from(["B1", "B2", "B3", "B10"]), "currency": st.sampled_from(["CNY", "CNY", "USD"]),
        "days_past_due": st.integers(1, 3), "claimable_minor": st.integers(0, 3), "treatment": st.sampled_from(TREATMENTS),
        "expected_minor": st.one_of(st.none(), st.integers(0, 3)),
    }), max_size=12))
    return [
        {**row, "loan_id": f"L{place}", "bucket": "M1", "product": "quick", "hold": "none", "rule": f"r{place}",
         "reason_zh": "因", "reason_en": f"why {place}", "channel": "call", "verdict": "allow", "rules": f"cn.rule{place}",
         "pay_probability": place / 16, "score_reasons": f"f{place}", "reach_channel": "call", "reach_hour": place, "reach_probability": 0.5}
        for place, row in enumerate(rows)
    ]


def listed(rows: list[dict]) -> list[dict]:
    return rank(gather(pl.DataFrame(rows, schema=SCHEMA), TREATMENTS), TREATMENTS).to_dicts()


def _weight(entry: dict) -> int:
    """What an entry is ordered by: what a model expects of it, else what may be demanded."""
    return entry["claimable_minor"] if entry["expected_minor"] is None else entry["expected_minor"]


def slowly(rows: list[dict]) -> list[dict]:
    people: dict = {}
    for row in rows:
        people.setdefault((row["borrower_id"], row["currency"]), []).append(row)
    entries = []
    for mine in people.values():
        lead = min(mine, key=lambda row: (TREATMENTS.index(row["treatment"]), -row["days_past_due"], -row["claimable_minor"], row["loan_id"]))
        expected = [row["expected_minor"] for row in mine]
        entries.append({**lead, "late_loans": len(mine), "claimable_minor": sum(row["claimable_minor"] for row in mine),
                        "expected_minor": None if None in expected else sum(expected)})
    entries.sort(key=lambda e: (TREATMENTS.index(e["treatment"]), -_weight(e), -e["days_past_due"], e["borrower_id"], e["currency"]))
    return [{name: {**entry, "rank": place}[name] for name in WORKLIST} for place, entry in enumerate(entries, start=1)]


@given(proposals(), st.integers(0, 9))
@settings(deadline=None, max_examples=200)
def test_the_worklist_equals_a_slow_one_whatever_order_the_rows_come_in(rows, seed):
    expected = slowly(rows)
    assert listed(rows) == expected
    assert listed(Random(seed).sample(rows, len(rows))) == expected


@given(proposals())
@settings(deadline=None, max_examples=60)
def test_gathering_people_by_parts_of_the_book_gives_the_same_list(rows):
    """A partition holds whole people, so entries may be gathered part by part."""
    parts = [[row for row in rows if row["borrower_id"] in people] for people in ({"B1", "B10"}, {"B2"}, {"B3"})]
    entries = [gather(pl.DataFrame(part, schema=SCHEMA), TREATMENTS) for part in parts]
    assert rank(pl.concat(entries), TREATMENTS).to_dicts() == listed(rows)


def test_a_sum_of_claims_that_passes_64_bits_raises():
    rows = [{**{name: "" if dtype == pl.String else None for name, dtype in SCHEMA.items()}, "loan_id": f"L{place}", "days_past_due": 1, "treatment": "call",
             "claimable_minor": 2**62}
            for place in range(2)]
    with pytest.raises(pl.exceptions.InvalidOperationError):
        listed(rows)


def test_a_treatment_that_the_strategy_does_not_list_raises():
    row = {**dict.fromkeys(SCHEMA, ""), "days_past_due": 1, "treatment": "fly", "claimable_minor": 1}
    with pytest.raises(pl.exceptions.PolarsError):
        listed([row])
