"""Proposals: what is proposed for each late loan is what a slow reading of the file says of it alone."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.strategy.propose import COOLING_EN, COOLING_ZH, candidates, propose
from arrears.strategy.reading import default_strategy_text, strategy_from
from plain_strategy import (
    AS_OF,
    BOOKS,
    REASON,
    TREATMENTS,
    arm_slowly,
    late_frame,
    proposed_slowly,
    text_of,
    touched_frame,
)

SAME = ("rule", "segment", "experiment", "arm", "propensity", "offer", "last_touched_on")


def names_of(bits: int, names=TREATMENTS) -> set[str]:
    return {name for place, name in enumerate(names) if bits >> place & 1}


def proposed(content: dict, loans: list[dict], touches: dict, as_of=AS_OF) -> pl.DataFrame:
    return propose(late_frame(loans), touched_frame(touches), strategy_from(text_of(content)), as_of)


@given(BOOKS)
@settings(max_examples=120)
def test_what_is_proposed_for_each_loan_is_what_a_slow_reading_says_of_it_alone(book):
    content, loans, touches = book
    limits = [one["name"] for one in content["limits"]]
    for loan, found in zip(loans, proposed(*book).iter_rows(named=True), strict=True):
        expected = proposed_slowly(content, loan, touches.get(loan["borrower_id"]), AS_OF)
        assert {name: found[name] for name in SAME} == {name: expected[name] for name in SAME}
        assert (names_of(found["options"]), names_of(found["instead"])) == (expected["options"], expected["instead"])
        assert names_of(found["limits"], limits) == expected["limits"]
        reason = next(row["reason"] for row in (*content["rows"], content["otherwise"]) if row["name"] == expected["rule"])
        assert (found["reason_zh"], found["reason_en"]) == (reason["zh"] + COOLING_ZH * expected["waits"], reason["en"] + COOLING_EN * expected["waits"])


@given(BOOKS, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_what_is_proposed_for_a_loan_does_not_depend_on_the_others_or_their_order(book, dice):
    content, loans, touches = book
    whole = proposed(*book).drop("loan_id")
    order = list(range(len(loans)))
    dice.shuffle(order)
    assert proposed(content, [loans[place] for place in order], touches).drop("loan_id").equals(whole[order])
    alone = proposed(content, loans[:1], {name: touch for name, touch in touches.items() if name == loans[0]["borrower_id"]})
    assert alone.drop("loan_id").equals(whole[:1])


@given(BOOKS, st.sampled_from(["options", "instead"]))
@settings(max_examples=40)
def test_each_option_is_one_candidate_most_pressing_first(book, column):
    strategy = strategy_from(text_of(book[0]))
    rows = proposed(*book)
    rows = rows.filter(pl.col(column) > 0)
    found = candidates(rows, strategy, column)
    expected = [(loan, name) for loan, bits in rows.select("loan_id", column).iter_rows() for name in TREATMENTS if name in names_of(bits)]
    assert list(found.select("loan_id", "treatment").iter_rows()) == expected


def content_of(**changed) -> dict:
    done = {"call": {"channel": "call"}, "call_senior": {"channel": "call"}, "visit": {"channel": "visit"}, "sms": {"channel": "sms", "owner": "bot"}, "agency": {"owner": "agency"}, "legal": {"owner": "legal"}}
    treatments = [{"name": name, "zh": name, "en": name, **done.get(name, {"owner": "nobody"})} for name in TREATMENTS]
    return {"id": "made", "version": "1", "treatments": treatments, "rows": [], "otherwise": {"name": "else", "treatment": "call", "reason": REASON}, **changed}


def loan_of(number: int = 1, **values) -> dict:
    return {"bucket": "M1", "product": "quick", "hold": "none", "cap": "known", "overpaid": "no", "claimable": 10, "hardship": "no", "kind": None, "frequency": None,
            "kept_plans": 0, "kept_promises": 0, "broken_promises": 0, "days_past_due": 1, "pay_probability": None, "self_cure": None, "last_paid_on": None,
            "last_promised_on": None, "currency": "CNY", "borrower_id": f"B{number:05}", **values}


@pytest.mark.parametrize("day,treatment", [(1, "leave_alone"), (2, "leave_alone"), (3, "sms"), (9, "sms"), (10, "call"), (400, "call")])
def test_a_ladder_gives_the_last_step_whose_day_is_reached(day, treatment):
    steps = [{"from_day": "1", "treatment": "leave_alone"}, {"from_day": "3", "treatment": "sms"}, {"from_day": "10", "treatment": "call"}]
    content = content_of(ladders=[{"name": "a", "zh": "a", "en": "a", "steps": steps}], otherwise={"name": "else", "ladder": "a", "reason": REASON})
    assert names_of(proposed(content, [loan_of(days_past_due=day)], {})["options"][0]) == {treatment}


def experiment(arms: list[dict], **changed) -> dict:
    return {"name": "test", "zh": "t", "en": "t", "from": str(AS_OF), "until": str(AS_OF + timedelta(days=3)), "when": {"bucket": "M1"}, "outcome": "paid_30", "arms": arms, **changed}


ARMS = [{"name": "as_it_is", "share": "70%"}, {"name": "by_sms", "share": "20%", "treatment": "sms"}, {"name": "called_too", "share": "10%", "treatment": "call"}]


def test_arms_that_give_the_same_share_one_propensity_and_shares_come_out_near_the_plan():
    rows = proposed(content_of(experiments=[experiment(ARMS)]), [loan_of(number) for number in range(4_000)], {})
    by_arm = {arm: mine for (arm,), mine in rows.group_by("arm")}
    assert {arm: set(mine["propensity"]) for arm, mine in by_arm.items()} == {"as_it_is": {0.8}, "called_too": {0.8}, "by_sms": {0.2}}
    for arm, share in (("as_it_is", 0.7), ("by_sms", 0.2), ("called_too", 0.1)):
        assert abs(len(by_arm[arm]) / 4_000 - share) < 4.5 * (share * (1 - share) / 4_000) ** 0.5
    # by Horvitz and Thompson, weights of one over the chance count everybody once for each of the two things that may be done
    weights = rows.group_by("options").agg((1 / pl.col("propensity")).sum().alias("people"))
    assert all(abs(weight / 4_000 - 1) < 0.1 for weight in weights["people"])


def test_people_outside_its_days_and_conditions_are_in_no_experiment():
    content = content_of(experiments=[experiment(ARMS)])
    for days, inside in ((-1, False), (0, True), (2, True), (3, False)):
        rows = proposed(content, [loan_of(number, bucket=bucket) for number in range(30) for bucket in ("M1", "M2")], {}, AS_OF + timedelta(days=days))
        assert set(rows.filter(pl.col("experiment").is_not_null())["bucket"]) == ({"M1"} if inside else set())
        assert set(rows.filter(pl.col("experiment").is_null())["propensity"]) == {1.0}


def test_no_arm_changes_what_a_fixed_row_gives():
    row = {"name": "held", "when": {"hold": "dispute"}, "treatment": "hold", "fixed": "yes", "reason": REASON}
    content = content_of(rows=[row], experiments=[experiment([{"name": "a", "share": "50%", "treatment": "sms"}, {"name": "b", "share": "50%", "treatment": "call"}])])
    rows = proposed(content, [loan_of(number, hold="dispute") for number in range(40)], {})
    assert set(rows["options"]) == {1 << TREATMENTS.index("hold")} and rows["experiment"].null_count() == 40 and set(rows["propensity"]) == {1.0}


EVERYTHING = [name for name in TREATMENTS if name != "leave_alone"]


@pytest.mark.parametrize("hold", ["dispute", "complaint", "cease", "legal_stay", "hardship_review", "vulnerable"])
def test_a_held_person_goes_to_no_agency_or_court_and_is_not_visited_whatever_row_or_arm_says_so(hold):
    arms = [{"name": "a", "share": "50%", "treatment": "agency"}, {"name": "b", "share": "50%", "treatment": "visit"}]
    loans = [loan_of(number, hold=hold) for number in range(20)]
    for follows, left in (({"choose": EVERYTHING}, {"call_senior", "call", "sms", "hold"}), *(({"treatment": name}, {"leave_alone"}) for name in ("visit", "agency", "legal"))):
        content = content_of(experiments=[experiment(arms)], otherwise={"name": "else", "reason": REASON, **follows})
        rows = proposed(content, loans, {})
        assert [names_of(bits) for bits in rows["options"]] == [left] * 20 and rows["experiment"].null_count() == 20 and set(rows["propensity"]) == {1.0}
        row = {"name": "fixed", "when": {}, "reason": REASON, "fixed": "yes", **follows}
        assert [names_of(bits) for bits in proposed({**content, "rows": [row]}, loans, {})["options"]] == [left] * 20


@pytest.mark.parametrize("claimable,left", [(0, {"hold"}), (1, {"visit", "agency", "legal", "call_senior", "call", "sms", "hold"})])
def test_of_whom_nothing_may_be_asked_nobody_is_contacted_by_row_or_arm(claimable, left):
    loans = [loan_of(number, claimable=claimable) for number in range(20)]
    assert {frozenset(names_of(bits)) for bits in proposed(content_of(otherwise={"name": "else", "choose": EVERYTHING, "reason": REASON}), loans, {})["options"]} == {frozenset(left)}
    arms = [{"name": "a", "share": "50%", "choose": ["call", "agency"]}, {"name": "b", "share": "50%", "choose": ["sms", "legal"]}]
    rows = proposed(content_of(experiments=[experiment(arms)]), loans, {})
    quiet = {("a", frozenset({"leave_alone"}), 1.0), ("b", frozenset({"leave_alone"}), 1.0)}
    treated = {("a", frozenset({"call", "agency"}), 0.5), ("b", frozenset({"sms", "legal"}), 0.5)}
    assert {(row["arm"], frozenset(names_of(row["options"])), row["propensity"]) for row in rows.iter_rows(named=True)} == (treated if claimable else quiet)


def test_arms_that_cooling_off_makes_alike_share_one_propensity():
    """Who was called today is left alone in either arm, so there is no chance about it."""
    arms = [{"name": "call", "share": "50%", "treatment": "call"}, {"name": "quiet", "share": "50%", "treatment": "leave_alone"}]
    borrower = next(number for number in range(50) if arm_slowly({"name": "test", "arms": arms}, f"B{number:05}") == 0)
    touches = {f"B{borrower:05}": {"contacts_30": 1, "cooling": 1 << TREATMENTS.index("call"), "last_contact_on": AS_OF}}
    (row,) = proposed(content_of(experiments=[experiment(arms)]), [loan_of(borrower)], touches).iter_rows(named=True)
    assert (row["arm"], names_of(row["options"]), row["propensity"]) == ("call", {"leave_alone"}, 1.0)


@pytest.mark.parametrize("field", ["kind", "frequency", "pay_probability", "self_cure"])
def test_what_is_not_known_fits_no_row_segment_offer_or_limit(field):
    strategy = strategy_from(default_strategy_text())
    every = {"kind": ("person", "sole_trader"), "frequency": ("weekly", "monthly"), "pay_probability": (0, None), "self_cure": (0, None)}[field]
    rows = tuple(replace(row, when=((field, every),)) for row in strategy.rows[:1]) + strategy.rows[-1:]
    limits = tuple(replace(limit, when=((field, every),)) for limit in strategy.limits)
    found = propose(late_frame([loan_of()]), touched_frame({}), replace(strategy, rows=rows, limits=limits), AS_OF)
    assert (found["rule"][0], found["limits"][0]) == ("otherwise", 0)


def test_a_book_without_late_loans_has_no_proposals():
    found = propose(late_frame([]), touched_frame({}), strategy_from(default_strategy_text()), AS_OF)
    assert len(found) == 0 and {"options", "instead", "propensity", "limits"} <= set(found.columns)
