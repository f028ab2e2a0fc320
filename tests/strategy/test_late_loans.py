"""The late loans of a night, and how people were contacted: held against counting day by day."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.strategy.late_loans import held_people, late_loans, touched
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.strategy import Expected, Giving, Strategy, Treatment
from arrears.tables.holds import HOLD_KINDS

AS_OF = date(2026, 11, 30)
BORROWERS = tuple(f"B{number}" for number in range(4))
OFFSETS = (8, 0, -5)
"""Hours by which the clock of the place is ahead of UTC."""


def midnight(offset: int) -> datetime:
    """The instant at which AS_OF is over where clocks are so many hours ahead."""
    return datetime(2026, 12, 1, tzinfo=UTC) - timedelta(hours=offset)


CONTACT = st.fixed_dictionaries({
    "borrower_id": st.sampled_from(BORROWERS), "channel": st.sampled_from(["call", "sms", "visit"]), "direction": st.sampled_from(["outbound"] * 4 + ["inbound"]),
    "relation": st.sampled_from(["debtor"] * 4 + ["spouse"]), "ago": st.integers(-5, 35 * 24 * 60) | st.integers(-2, 35).map(lambda days: days * 24 * 60),
})
CONTACTS_SCHEMA = {"borrower_id": pl.String, "channel": pl.String, "direction": pl.String, "relation": pl.String, "attempted_at": pl.Datetime("us", "UTC")}


def strategy_of(cool_offs: list[int]) -> Strategy:
    channels = ("call", "call", "sms", "visit", None)
    treatments = tuple(Treatment(f"t{place}", "t", "t", "nobody" if channel is None else "bot", channel, cool_off_days=days)
                       for place, (channel, days) in enumerate(zip(channels, (*cool_offs, 3), strict=True)))
    return Strategy("made", "1", (), treatments, (), (), (), (), (), Expected(), Giving(), "")


def contacts_frame(contacts: list[dict], offset: int) -> pl.DataFrame:
    rows = [{**{name: one[name] for name in CONTACTS_SCHEMA if name != "attempted_at"}, "attempted_at": midnight(offset) - timedelta(minutes=one["ago"])} for one in contacts]
    return pl.DataFrame(rows, schema=CONTACTS_SCHEMA)


def until(offset: int) -> int:
    return int(midnight(offset).timestamp()) * 1_000_000


@given(st.lists(CONTACT, max_size=25), st.lists(st.integers(0, 6), min_size=4, max_size=4), st.sampled_from(OFFSETS))
@settings(max_examples=150)
def test_contacts_and_cool_offs_are_those_of_counting_day_by_day(contacts, cool_offs, offset):
    strategy = strategy_of(cool_offs)
    found = {row.pop("borrower_id"): row for row in touched(contacts_frame(contacts, offset), strategy, until(offset), AS_OF).iter_rows(named=True)}
    ours = [{**one, "day": (midnight(offset) - timedelta(minutes=one["ago"]) + timedelta(hours=offset)).date()} for one in contacts
            if one["ago"] > 0 and one["direction"] == "outbound" and one["relation"] == "debtor"]
    assert list(found) == sorted({one["borrower_id"] for one in ours})
    for borrower, row in found.items():
        mine = [one for one in ours if one["borrower_id"] == borrower]
        assert row["last_contact_on"] == max(one["day"] for one in mine)
        assert row["contacts_30"] == sum(AS_OF - timedelta(days=30) < one["day"] for one in mine)
        cooling = {place for place, one in enumerate(strategy.treatments)
                   if any(contact["channel"] == one.channel and AS_OF + timedelta(days=1) < contact["day"] + timedelta(days=one.cool_off_days) for contact in mine)}
        assert {place for place in range(5) if row["cooling"] >> place & 1} == cooling


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("ago,cools", [(0, True), (1, True), (2, False), (3, False)])
def test_a_treatment_with_three_days_goes_out_again_on_the_third_day_after(offset, ago, cools):
    """Contacted at noon so many days before the night; what is proposed is for the day after it."""
    contact = {"borrower_id": "B0", "channel": "sms", "direction": "outbound", "relation": "debtor", "ago": 12 * 60 + ago * 24 * 60}
    (row,) = touched(contacts_frame([contact], offset), strategy_of([0, 0, 3, 0]), until(offset), AS_OF).iter_rows(named=True)
    assert (row["cooling"] == 1 << 2, row["last_contact_on"]) == (cools, AS_OF - timedelta(days=ago))


def test_a_book_without_contacts_touched_nobody():
    assert touched(contacts_frame([], 8), strategy_from(default_strategy_text()), until(8), AS_OF).is_empty()


HOLD = st.fixed_dictionaries({"loan": st.integers(0, 5), "kind": st.sampled_from(HOLD_KINDS), "placed": st.integers(-3, 400), "lasts": st.none() | st.integers(1, 300)})
LOAN = st.fixed_dictionaries({"borrower": st.integers(0, 3), "days_past_due": st.integers(0, 3), "cap": st.booleans(), "overpaid": st.integers(0, 1), "claimable": st.integers(0, 10**13)})


def frames_of(loans: list[dict], holds: list[dict]) -> tuple[pl.DataFrame, ...]:
    ids = [f"L{place}" for place in range(len(loans))]
    positions = pl.DataFrame({
        "loan_id": ids, "bucket": ["M1" if one["days_past_due"] else "M0" for one in loans], "days_past_due": [one["days_past_due"] for one in loans], "claimable_minor": [one["claimable"] for one in loans],
        "cap_is_known": [one["cap"] for one in loans], "overpaid_charges_minor": [one["overpaid"] for one in loans]})
    terms = pl.DataFrame({"loan_id": ids, "borrower_id": [BORROWERS[one["borrower"]] for one in loans], "product": ["quick"] * len(ids), "currency": ["CNY"] * len(ids)})
    conduct = pl.DataFrame({"loan_id": ids, **{name: [place for place in range(len(ids))] for name in ("kept_promises", "broken_promises", "kept_plans")}, "frequency": ["monthly"] * len(ids), "in_plan": [place % 2 == 1 for place in range(len(ids))]}).with_columns(
        last_paid_on=pl.lit(None, pl.Date), last_promised_on=pl.lit(AS_OF))
    schema = {"loan": pl.UInt32, "kind": pl.String, "placed_on": pl.Date, "lifted_on": pl.Date, "borrower_id": pl.String}
    rows = [(one["loan"] % len(loans), one["kind"], AS_OF - timedelta(days=one["placed"]), lifted(one), BORROWERS[loans[one["loan"] % len(loans)]["borrower"]]) for one in holds]
    return positions, terms, conduct, pl.DataFrame(rows, schema=schema, orient="row")


def lifted(hold: dict) -> date | None:
    return None if hold["lasts"] is None else AS_OF - timedelta(days=hold["placed"]) + timedelta(days=hold["lasts"])


def stands(hold: dict) -> bool:
    return hold["placed"] >= 0 and (hold["lasts"] is None or lifted(hold) > AS_OF)


@given(st.lists(LOAN, min_size=1, max_size=6), st.lists(HOLD, max_size=5))
@settings(max_examples=150)
def test_late_loans_are_those_past_due_each_with_what_is_known_of_its_person(loans, holds):
    positions, terms, conduct, of_loans = frames_of(loans, holds)
    people = pl.DataFrame({"borrower_id": BORROWERS[:2], "kind": ["person", "sole_trader"]})
    found = late_loans(positions, terms, conduct, people, of_loans, AS_OF)
    late = [place for place, one in enumerate(loans) if one["days_past_due"] > 0]
    assert found["loan_id"].to_list() == [f"L{place}" for place in late]
    for place, row in zip(late, found.iter_rows(named=True), strict=True):
        loan = loans[place]
        mine = [one for one in holds if loans[one["loan"] % len(loans)]["borrower"] == loan["borrower"]]
        standing = [one["kind"] for one in mine if stands(one)]
        looked_into = [one for one in mine if one["kind"] in ("hardship_review", "vulnerable") and (stands(one) or 0 <= one["placed"] < 180)]
        assert row["hold"] == min(standing, key=HOLD_KINDS.index, default="none")
        assert row["hardship"] == ("yes" if looked_into else "no")
        assert (row["cap"], row["overpaid"]) == ("known" if loan["cap"] else "unknown", "yes" if loan["overpaid"] else "no")
        assert row["kind"] == {0: "person", 1: "sole_trader"}.get(loan["borrower"])
        assert row["claimable"] == row["claimable_minor"] == loan["claimable"]
        assert (row["kept_plans"], row["in_plan"], row["frequency"], row["last_paid_on"], row["last_promised_on"]) == (place, place % 2 == 1, "monthly", None, AS_OF)


def test_people_of_whom_nothing_is_told_have_no_kind():
    frames = frames_of([{"borrower": 0, "days_past_due": 1, "cap": True, "overpaid": 0, "claimable": 5}], [])
    assert late_loans(*frames[:3], pl.DataFrame(), frames[3], AS_OF)["kind"].to_list() == [None]


def test_the_strictest_hold_of_a_person_is_told_whichever_loan_it_stands_on():
    holds = [{"loan": 0, "kind": "vulnerable", "placed": 3, "lasts": None}, {"loan": 1, "kind": "dispute", "placed": 1, "lasts": None}]
    frames = frames_of([{"borrower": 0, "days_past_due": 1, "cap": True, "overpaid": 0, "claimable": 5}] * 2, holds)
    assert held_people(frames[3], AS_OF).rows() == [("B0", "dispute")]
