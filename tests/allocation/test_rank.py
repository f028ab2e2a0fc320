"""The worklist: one entry per late person and currency, in the stated order, whatever order the rows came in."""

from datetime import date
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.rank import WORKLIST, gather, rank
from arrears.nightly.choosing import gathered as every

TREATMENTS = ("look_first", "visit", "call", "leave_alone")
SCHEMA = {
    "loan_id": pl.String, "borrower_id": pl.String, "bucket": pl.String, "days_past_due": pl.Int32, "product": pl.String,
    "currency": pl.String, "claimable_minor": pl.Int64, "rule": pl.String, "reason_zh": pl.String, "reason_en": pl.String,
    "expected_minor": pl.Int64, "pay_probability": pl.Float64, "score_reasons": pl.String, "reach_channel": pl.String, "reach_hour": pl.Int32,
    "reach_probability": pl.Float64, "segment": pl.String, "kind": pl.String, "frequency": pl.String, "limits": pl.UInt64, "offer": pl.String,
    "experiment": pl.String, "arm": pl.String, "propensity": pl.Float64, "region": pl.String, "language": pl.String, "last_touched_on": pl.Date,
}
ASKED = {"loan_id": pl.String, "treatment": pl.String, "channel": pl.String, "verdict": pl.String, "rules": pl.String}


@st.composite
def proposals(draw) -> list[dict]:
    """Late loans of few people, so that people, amounts and days collide, each with the treatments that the gate leaves."""
    rows = draw(st.lists(st.fixed_dictionaries({
        "borrower_id": st.sampled_from(["B1", "B2", "B3", "B10"]), "currency": st.sampled_from(["CNY", "CNY", "USD"]),
        "days_past_due": st.integers(1, 3), "claimable_minor": st.integers(0, 3), "may": st.sets(st.sampled_from(TREATMENTS)),
        "expected_minor": st.one_of(st.none(), st.integers(0, 3)), "last_touched_on": st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 1, 9))),
        "saves": st.sampled_from([None, *TREATMENTS]),
    }), max_size=12))
    return [
        {**row, "loan_id": f"L{place}", "bucket": "M1", "product": "quick", "rule": f"r{place}", "reason_zh": "因", "reason_en": f"why {place}",
         "pay_probability": place / 16, "score_reasons": f"f{place}", "reach_channel": "call", "reach_hour": place, "reach_probability": 0.5, "segment": "people",
         "kind": "person", "frequency": "monthly", "limits": place, "offer": f"o{place}", "experiment": None, "arm": None, "propensity": 1.0, "region": "r", "language": None}
        for place, row in enumerate(rows)
    ]


def gathered(rows: list[dict]) -> tuple[pl.DataFrame, pl.DataFrame]:
    asked = [{"loan_id": row["loan_id"], "treatment": name, "channel": name, "verdict": "allow", "rules": f"cn.{row['loan_id']}"} for row in rows for name in TREATMENTS if name in row["may"]]
    saved = [{"loan_id": row["loan_id"], "treatment": row["saves"]} for row in rows if row["saves"]]
    proposed = pl.DataFrame([{name: row[name] for name in SCHEMA} for row in rows], schema=SCHEMA)
    return gather(proposed, pl.DataFrame(asked, schema=ASKED), pl.DataFrame(saved, schema={"loan_id": pl.String, "treatment": pl.String}), TREATMENTS)


def listed(rows: list[dict]) -> list[dict]:
    """The worklist where everybody gets the most pressing of what may be done."""
    return ranked(*gathered(rows)).to_dicts()


def ranked(entries: pl.DataFrame, options: pl.DataFrame) -> pl.DataFrame:
    first = options.unique("entry", keep="first", maintain_order=True)
    return rank(entries.with_columns(
        pl.Series("treatment", [TREATMENTS[place] for place in first["treatment"]], dtype=pl.String), first["channel"], first["verdict"], first["rules"],
        options=pl.lit("x"), chosen_by=pl.lit("row"), worth_minor=pl.lit(0, pl.Int64), held_by=pl.lit(None, pl.String)), TREATMENTS)


def _weight(entry: dict) -> int:
    """What an entry is ordered by: what a model expects of it, else what may be demanded."""
    return entry["claimable_minor"] if entry["expected_minor"] is None else entry["expected_minor"]


def _first(row: dict) -> int:
    return min(TREATMENTS.index(name) for name in row["may"])


def longest_late(rows: list[dict], lead: dict) -> dict:
    """Of all late loans of the person in this currency the longest late, then the largest, whatever may be done about it."""
    mine = [row for row in rows if (row["borrower_id"], row["currency"]) == (lead["borrower_id"], lead["currency"])]
    return min(mine, key=lambda row: (-row["days_past_due"], -row["claimable_minor"], row["loan_id"]))


def slowly(rows: list[dict]) -> list[dict]:
    people: dict = {}
    for row in rows:
        if row["may"]:
            people.setdefault((row["borrower_id"], row["currency"]), []).append(row)
    entries = []
    for mine in people.values():
        lead = min(mine, key=lambda row: (_first(row), -row["days_past_due"], -row["claimable_minor"], row["loan_id"]))
        expected = [row["expected_minor"] for row in mine]
        longest = longest_late(rows, lead)
        treatment = TREATMENTS[_first(lead)]
        entries.append({**lead, "offer": longest["offer"], "late_loans": len(mine), "claimable_minor": sum(row["claimable_minor"] for row in mine), "treatment": treatment, "channel": treatment,
                        "verdict": "allow", "rules": f"cn.{lead['loan_id']}", "expected_minor": None if None in expected else sum(expected), "options": "x",
                        "chosen_by": "row", "worth_minor": 0, "held_by": None})
    entries.sort(key=lambda e: (TREATMENTS.index(e["treatment"]), -_weight(e), -e["days_past_due"], e["borrower_id"], e["currency"]))
    return [{name: {**entry, "rank": place}[name] for name in WORKLIST} for place, entry in enumerate(entries, start=1)]


@given(proposals(), st.lists(st.sets(st.sampled_from(TREATMENTS)), min_size=12, max_size=12))
@settings(deadline=None, max_examples=60)
def test_neither_cooling_off_nor_arm_nor_verdict_nor_a_prediction_moves_an_offer(rows, may):
    """These change what may be done about each loan, and with it which loan leads; whoever is on the list either way is offered the same."""
    other = [{**row, "may": left, "expected_minor": 3, "experiment": "test", "arm": "a"} for row, left in zip(rows, may, strict=False)]
    one, two = ({(row["borrower_id"], row["currency"]): row["offer"] for row in listed(each)} for each in (rows, other))
    assert {name: one[name] for name in one.keys() & two} == {name: two[name] for name in one.keys() & two}


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
    parts = [gathered([row for row in rows if row["borrower_id"] in people]) for people in ({"B1", "B10"}, {"B2"}, {"B3"})]
    assert ranked(*every(parts)).to_dicts() == listed(rows)


@given(proposals())
@settings(deadline=None, max_examples=60)
def test_the_options_of_an_entry_are_what_its_leading_loan_may_get_and_the_last_touch_is_that_of_any_of_its_loans(rows):
    entries, options = gathered(rows)
    by_loan = {row["loan_id"]: row for row in rows}
    for place, entry in enumerate(entries.to_dicts()):
        lead = by_loan[entry["loan_id"]]
        assert [TREATMENTS[one] for one in options.filter(pl.col("entry") == place)["treatment"]] == [name for name in TREATMENTS if name in lead["may"]]
        touched = [row["last_touched_on"] for row in rows if row["may"] and (row["borrower_id"], row["currency"]) == (entry["borrower_id"], entry["currency"])]
        assert entry["last_touched_on"] == max((day for day in touched if day), default=None) and entry["saved"] == lead["saves"]


def test_a_sum_of_claims_that_passes_64_bits_raises():
    rows = [{**{name: "" if dtype == pl.String else None for name, dtype in SCHEMA.items()}, "loan_id": f"L{place}", "days_past_due": 1, "may": {"call"}, "saves": None,
             "claimable_minor": 2**62} for place in range(2)]
    with pytest.raises(pl.exceptions.InvalidOperationError):
        gathered(rows)


def test_a_treatment_that_the_strategy_does_not_list_raises():
    asked = pl.DataFrame([{"loan_id": "L1", "treatment": "fly", "channel": None, "verdict": None, "rules": None}], schema=ASKED)
    with pytest.raises(pl.exceptions.PolarsError):
        gather(pl.DataFrame(schema=SCHEMA), asked, asked.clear(), TREATMENTS)
