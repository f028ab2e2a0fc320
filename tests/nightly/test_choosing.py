"""The step of the night that needs everybody: bounds from roster and capacity, what is told of the choice, and the cases it gives rise to."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from arrears.allocation.roster_reading import roster_from
from arrears.allot import WAITS, choice_of
from arrears.nightly.choosing import at_most, cases_of, choice_summary, chosen
from arrears.strategy.strategy import Expected, Giving, Limit, Row, Strategy, Treatment

AS_OF = date(2026, 6, 30)
TOMORROW = AS_OF + timedelta(days=1)
TREATMENTS = (
    Treatment("visit", "访", "visit", "visitor", "visit", cost_minor=900, minutes=90), Treatment("call", "电", "call", "collector", "call", cost_minor=50, minutes=6),
    Treatment("sms", "短", "sms", "bot", "sms", cost_minor=4), Treatment("leave_alone", "免", "leave alone", "nobody"),
    Treatment("senior", "资", "senior", "collector", "call", cost_minor=70, minutes=12, skill="senior"),
)
NAMES = [one.name for one in TREATMENTS]
ROSTER = f"""
teams: [one]
collectors:
  - {{name: ann, team: one, owner: collector, works_from: "2020-01-01", cases_most: "9", minutes: "100", languages: [zh], stages: [M1], products: any, amount_most: any, skills: [senior]}}
  - {{name: bob, team: one, owner: collector, works_from: "2020-01-01", cases_most: "9", minutes: "40", languages: [zh], stages: [M1], products: any, amount_most: any}}
  - {{name: cat, team: one, owner: collector, works_from: "2020-01-01", left_on: "{TOMORROW}", cases_most: "9", minutes: "7", languages: [zh], stages: [M1], products: any, amount_most: any}}
  - {{name: dan, team: one, owner: collector, works_from: "{TOMORROW + timedelta(days=1)}", cases_most: "9", minutes: "5", languages: [zh], stages: [M1], products: any, amount_most: any}}
  - {{name: eve, team: one, owner: collector, works_from: "2020-01-01", away: ["{AS_OF}..{TOMORROW + timedelta(days=1)}"], cases_most: "9", minutes: "3", languages: [zh], stages: [M1], products: any, amount_most: any}}
  - {{name: fay, team: one, owner: visitor, works_from: "2020-01-01", cases_most: "9", minutes: "400", languages: [zh], stages: [M1], products: any, amount_most: any, regions: any}}
agencies: []
conflicts: []
frozen: []
"""
SCHEMA = {"borrower_id": pl.String, "loan_id": pl.String, "currency": pl.String, "claimable_minor": pl.Int64, "expected_minor": pl.Int64, "bucket": pl.String, "days_past_due": pl.Int64, "rule": pl.String, "reason_zh": pl.String,
          "reason_en": pl.String, "limits": pl.UInt64, "saved": pl.String, "experiment": pl.String, "kind": pl.String, "segment": pl.String, "product": pl.String, "frequency": pl.String, "language": pl.String, "region": pl.String,
          "pay_probability": pl.Float64, "last_touched_on": pl.Date}
OPTIONS = {"entry": pl.UInt32, "treatment": pl.UInt8, "channel": pl.String, "verdict": pl.String, "rules": pl.String}
NO_CAPACITY = pl.DataFrame(schema={"channel": pl.String, "attempts_max": pl.Int64})


def strategy_of(*limits: Limit) -> Strategy:
    rows = (Row("quiet", (), ("leave_alone",), None, True, "因", "why"), Row("else", (), ("call",), None, False, "因", "why"))
    return Strategy("made", "1", (), TREATMENTS, (), rows, (), (), limits, Expected({"M1": 300_000, "M2": 100_000}, {"call": {"M1": 100_000}, "visit": {"M1": 900_000}}, {}, "assumed"), Giving(), "")


def limit(name: str, counts: str, of=(), **bounds) -> Limit:
    return Limit(name, "限", "limit", counts, of, (), **bounds)


def frames(*entries: tuple[str, dict, set[str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(borrower, what is otherwise than usual, what may be done) of each entry."""
    usual = {"currency": "CNY", "claimable_minor": 10_000, "bucket": "M1", "days_past_due": 3, "rule": "else", "reason_zh": "因", "reason_en": "why", "limits": 7, "product": "quick"}
    rows = [{"borrower_id": borrower, "loan_id": f"L{place}", **usual, **changed} for place, (borrower, changed, _) in enumerate(entries)]
    options = [(place, NAMES.index(name), None, None, "") for place, (*_, lawful) in enumerate(entries) for name in sorted(lawful, key=NAMES.index)]
    return pl.DataFrame(rows, schema=SCHEMA), pl.DataFrame(options, schema=OPTIONS, orient="row")


@pytest.mark.parametrize("of,minutes", [((), 540), ((("owner", ("collector",)),), 140), ((("owner", ("visitor",)),), 400), ((("owner", ("collector", "visitor")),), 540), ((("skill", ("senior",)),), 100), ((("owner", ("legal",)),), 0)])
def test_the_minutes_are_those_of_who_is_there_tomorrow_and_can_do_it(of, minutes):
    """Ann has 100 and is senior, Bob 40, Fay 400 for visits; Cat is gone tomorrow, Dan comes later, Eve is away."""
    strategy = strategy_of(limit("minutes", "minutes", of, most_from="roster"))
    assert at_most(strategy, roster_from(ROSTER, "roster.yaml"), NO_CAPACITY, AS_OF) == {"minutes": minutes}


def test_capacity_bounds_the_attempts_of_its_channels_and_what_the_book_has_not_bounds_nothing():
    strategy = strategy_of(limit("calls", "contacts", (("channel", ("call", "visit")),), most_from="capacity"), limit("all", "contacts", most_from="capacity"), limit("minutes", "minutes", most_from="roster"))
    rows = pl.DataFrame({"channel": ["call", "sms", "visit"], "attempts_max": [5, 100, 2]})
    assert at_most(strategy, None, rows, AS_OF) == {"calls": 7, "all": 107}
    assert at_most(strategy, None, None, AS_OF) == {}


def test_a_capacity_table_that_says_nothing_of_tomorrow_leaves_no_attempt():
    strategy = strategy_of(limit("calls", "contacts", (("channel", ("call",)),), most_from="capacity"), limit("all", "contacts", most_from="capacity"))
    assert at_most(strategy, None, NO_CAPACITY, AS_OF) == at_most(strategy, None, pl.DataFrame(), AS_OF) == {"calls": 0, "all": 0}
    assert at_most(strategy, None, pl.DataFrame({"channel": ["sms"], "attempts_max": [3]}), AS_OF) == {"calls": 0, "all": 3}
    entries, options = frames(*((f"B{place}", {"claimable_minor": 10**6}, {"call", "leave_alone"}) for place in range(3)))
    assert chosen(entries, options, strategy, None, NO_CAPACITY, AS_OF).entries["treatment"].to_list() == ["leave_alone"] * 3
    assert chosen(entries, options, strategy, None, None, AS_OF).entries["treatment"].to_list() == ["call"] * 3


AGENCIES = "agencies:\n" + "\n".join(
    f'  - {{name: {name}, contract_from: "2026-01-01", contract_until: "{until}", evaluated_on: "2026-05-01", inspected_on: "2026-05-01", cases_most: "{most}", languages: any, stages: any, '
    'products: any, amount_most: any, regions: any}' for name, until, most in (("near", "2027-01-01", 2), ("far", "2027-01-01", 30), ("gone", TOMORROW, 500)))


def test_a_limit_of_people_by_the_roster_is_the_room_of_agencies_that_may_have_cases():
    """Near has room for 2, far for 30 unless it is faulty; the contract of the third is over tomorrow. Of collectors Ann and Bob are there, 9 cases each."""
    agency = replace(TREATMENTS[0], name="agency", owner="agency", channel=None, minutes=0)
    strategy = replace(strategy_of(limit("agencies", "people", (("owner", ("agency",)),), most_from="roster"), limit("calls", "people", (("owner", ("collector",)),), most_from="roster")), treatments=(agency, *TREATMENTS[1:]))
    roster = roster_from(ROSTER.replace("agencies: []", AGENCIES), "roster.yaml")
    assert at_most(strategy, roster, None, AS_OF) == {"agencies": 32, "calls": 18}
    assert at_most(strategy, roster, None, AS_OF, {"far": ("en", "zh")}) == {"agencies": 2, "calls": 18}
    assert at_most(strategy, None, None, AS_OF) == {}
    entries, options = frames(*((f"B{place}", {"claimable_minor": 10**6}, {"visit"}) for place in range(5)))
    found = chosen(entries, options, strategy, roster, None, AS_OF, {"far": ("en", "zh")}).entries["treatment"].to_list()
    assert sorted(found) == ["agency"] * 2 + ["leave_alone"] * 3


def test_a_limit_tells_what_it_counts_and_its_price_is_what_one_more_would_bring():
    """Of three who may be called there is room for two; a third call would bring 10 % of 7,000 less its cost of 50."""
    strategy = strategy_of(limit("calls", "contacts", (("channel", ("call",)),), most=2), limit("people", "people", most_ppm=1_000_000))
    choice = choice_of(*frames(*((f"B{place}", {"claimable_minor": claim}, {"call", "leave_alone"}) for place, claim in enumerate((30_000, 20_000, 10_000)))), strategy, {})
    told = choice_summary(choice, strategy)
    calls, people = told["limits"]
    assert (calls["used"], calls["most"], calls["least"], calls["people"]) == (2, 2, None, 3) and (people["used"], people["most"], people["price_minor"]) == (2, 3, 0)
    assert 650 <= calls["price_minor"] <= 1_350 and calls["hour_minor"] is None and calls["currency"] == "CNY"
    assert (told["by_limits"], told["by_row"], told["waiting"], told["assumed"], told["source"]) == (3, 0, 0, True, "assumed")
    assert told["parts"] == [{"currency": "CNY", "entries": 3, "worth_minor": 2_050 + 1_350, "bound_minor": 3_400}]
    assert told["expected"] == {"CNY": {"alone": 18_000, "brought": 3_500, "cost": 100}}


def test_a_price_of_minutes_is_told_an_hour():
    strategy = strategy_of(limit("minutes", "minutes", (("owner", ("collector",)),), most=6))
    choice = choice_of(*frames(*((f"B{place}", {"claimable_minor": claim}, {"call", "leave_alone"}) for place, claim in enumerate((30_000, 20_000)))), strategy, {})
    (told,) = choice_summary(choice, strategy)["limits"]
    assert told["used"] == 6 and told["hour_minor"] == pytest.approx(60 * int(choice.parts[0].prices[0]) / 1_000, abs=1) and told["hour_minor"] > 0


def test_restraint_counts_those_left_alone_by_it_and_nobody_of_an_experiment():
    choice = choice_of(*frames(
        ("B0", {"rule": "quiet", "saved": "call", "claimable_minor": 500}, {"leave_alone"}), ("B1", {"rule": "quiet", "saved": "visit"}, {"leave_alone"}), ("B2", {"rule": "quiet", "saved": None}, {"leave_alone"}),
        ("B3", {"rule": "quiet", "saved": "call", "experiment": "test"}, {"call"}), ("B5", {"rule": "quiet", "saved": "call", "experiment": "test"}, {"leave_alone"}), ("B4", {"saved": None}, {"leave_alone"})), strategy_of(), {})
    assert choice_summary(choice, strategy_of())["saved"] == {
        "people": 3, "contacts": 2, "by_treatment": {"call": 1, "visit": 1}, "minutes": 96, "cost_minor": 950, "claimable_minor": {"CNY": 20_500}}


def test_a_case_is_one_person_led_by_the_most_pressing_treatment_and_who_waits_needs_nobody():
    strategy = strategy_of(limit("visits", "contacts", (("channel", ("visit",)),), most=0))
    entries, options = frames(("B0", {"currency": "CNY", "bucket": "M2"}, {"sms"}), ("B0", {"currency": "USD", "claimable_minor": 77, "expected_minor": 7, "pay_probability": 0.25}, {"call"}),
                              ("B1", {}, {"visit"}), ("B2", {"language": "yue"}, {"sms"}))
    choice = choice_of(entries, options, strategy, {})
    refused = pl.DataFrame([{"borrower_id": "B3", "loan_id": "L9", "bucket": "M2", "product": "slow", "claimable_minor": 1_000_000, "days_past_due": 50}, {"borrower_id": "B3", "loan_id": "L8", "bucket": "M1", "product": "quick",
                             "claimable_minor": 5, "days_past_due": 2}], schema={name: SCHEMA[name] for name in SCHEMA})
    cases = cases_of(choice, pl.concat([entries.select(refused.columns), refused]), strategy)
    rows = {row.pop("borrower_id"): row for row in cases.iter_rows(named=True)}
    assert list(rows) == ["B0", "B1", "B2", "B3"]
    assert (rows["B0"]["owner"], rows["B0"]["minutes"], rows["B0"]["claimable_minor"], rows["B0"]["expected_minor"], rows["B0"]["difficulty"]) == ("collector", 6, 77, 7, 0.75)
    assert (rows["B1"]["owner"], rows["B1"]["minutes"], rows["B1"]["expected_minor"], rows["B1"]["difficulty"]) == (None, 0, 3_000, 0.7)
    assert (rows["B2"]["owner"], rows["B2"]["minutes"], rows["B2"]["language"]) == (None, 0, "yue")
    assert (rows["B3"]["owner"], rows["B3"]["bucket"], rows["B3"]["product"], rows["B3"]["expected_minor"]) == (None, "M2", "quick; slow", 100_000)
    assert choice.entries["chosen_by"].to_list()[2] == WAITS


def test_the_choice_of_a_night_is_bounded_by_its_roster():
    strategy = strategy_of(limit("minutes", "minutes", (("owner", ("visitor",)),), most_from="roster"))
    entries, options = frames(*((f"B{place}", {"claimable_minor": 10**6}, {"visit"}) for place in range(6)))
    choice = chosen(entries, options, strategy, roster_from(ROSTER, "roster.yaml"), NO_CAPACITY, AS_OF)
    assert (choice.entries["treatment"] == "visit").sum() == 4 and choice.used.tolist() == [360]
    assert (chosen(entries, options, strategy, None, NO_CAPACITY, AS_OF).entries["treatment"] == "visit").all()
