"""Offers rest on published criteria alone, and none is beyond what can be meant."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.strategy.conditions import FIELDS, first_fit, read_when
from arrears.strategy.fair_offers import PUBLISHED, check_offers, offers_of, rests_on
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.strategy import Offer, Segment
from arrears.strict_yaml import BadYaml

SHIPPED = strategy_from(default_strategy_text())
EVERYBODY = Offer("none", (), 0, 0, 0, 0, "无", "nothing")


def cell_for(name: str) -> str:
    field = FIELDS[name]
    return {"bucket": "M1", "product": "quick"}.get(name) or (field.values[0] if field.values else ">=50%" if field.is_share else ">=1")


def offer(when: dict, **changed) -> Offer:
    return replace(Offer("deal", read_when(when, "here"), 12, 30, 500_000, 0, "因", "why"), **changed)


def with_offers(*offers: Offer, segments: tuple[Segment, ...] = ()):
    return replace(SHIPPED, offers=(*offers, EVERYBODY), segments=segments or SHIPPED.segments)


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_offer_may_rest_on_each_published_criterion(name):
    check_offers(with_offers(offer({name: cell_for(name)})), "s.yaml")


@pytest.mark.parametrize("name", sorted(set(FIELDS) - set(PUBLISHED) - {"segment"}))
def test_an_offer_that_rests_on_anything_else_is_refused_naming_row_field_and_law(name):
    with pytest.raises(BadYaml) as refusal:
        check_offers(with_offers(offer({"bucket": "M1"}, name="fair"), offer({"bucket": "M1", name: cell_for(name)})), "s.yaml")
    assert str(refusal.value).startswith(f"s.yaml, offers, row 2 (deal), {name}: ")
    assert "个人信息保护法 Art. 24" in str(refusal.value) and "hardship" in str(refusal.value)


def test_the_published_criteria_are_those_of_the_trade():
    assert set(PUBLISHED) == {"hardship", "bucket", "days_past_due", "claimable", "kept_plans"}


SEGMENTS = (
    Segment("likely", read_when({"bucket": "M1", "pay_probability": ">=80%"}, "here"), "甲", "likely"),
    Segment("large", read_when({"claimable": ">=100"}, "here"), "乙", "large"), Segment("rest", (), "丙", "rest"),
)


@pytest.mark.parametrize("segment", ["likely", "large", "rest"])
def test_an_offer_is_refused_that_rests_on_a_prediction_by_way_of_a_segment_or_of_those_before_it(segment):
    with pytest.raises(BadYaml, match=f"row 1 .deal., segment: through the segment {segment} it rests on pay_probability, which is a prediction"):
        check_offers(with_offers(offer({"segment": segment}), segments=SEGMENTS), "s.yaml")


def test_a_segment_of_published_criteria_before_any_other_may_carry_an_offer():
    segments = (SEGMENTS[1], SEGMENTS[0], SEGMENTS[2])
    check_offers(with_offers(offer({"segment": "large"}), segments=segments), "s.yaml")
    assert rests_on(read_when({"segment": "large", "bucket": "M1"}, "here"), segments) == {"claimable": ("segment", "large"), "bucket": None}
    with pytest.raises(BadYaml, match="rests on bucket|rests on pay_probability"):
        check_offers(with_offers(offer({"segment": ["large", "likely"]}), segments=segments), "s.yaml")


def test_an_offer_of_a_segment_that_there_is_not_is_refused():
    with pytest.raises(BadYaml, match="offers, row 1 .deal.: no segment 'nobody'"):
        check_offers(with_offers(offer({"segment": "nobody"})), "s.yaml")


@pytest.mark.parametrize("change,said", [
    ({"instalments_most": 1}, "no plan of instalments"), ({"instalments_most": -1}, "no plan"), ({"shift_days_most": 366}, "this project's bound"),
    ({"waive_penalty_ppm": 1_000_001}, "waive_penalty"), ({"waive_interest_ppm": -1}, "waive_interest"),
])
def test_an_offer_that_is_none_or_too_large_is_refused(change, said):
    with pytest.raises(BadYaml, match=said):
        check_offers(with_offers(offer({"bucket": "M1"}, **change)), "s.yaml")


def test_the_largest_offer_that_can_be_meant_passes():
    check_offers(with_offers(offer({"bucket": "M1"}, instalments_most=2, shift_days_most=365, waive_penalty_ppm=1_000_000, waive_interest_ppm=1_000_000)), "s.yaml")


@pytest.mark.parametrize("text,refused", [
    ("今日还款减免30%罚息", True), ("罚息打8折", True), ("还款后可享优惠100元", True), ("30% off if you pay today", True), ("利息三折", True), ("还清即免息", True),
    ("应还{amount}元。如有困难可申请减免，请致电95588", False), ("您好，应还{amount}元。", False), ("please call us to turn off reminders", False), (None, False),
])
def test_a_treatment_cannot_carry_a_price_by_its_text(text, refused):
    treatments = tuple(replace(one, text=text) if one.name == "remind_sms" else one for one in SHIPPED.treatments)
    strategy = replace(SHIPPED, treatments=treatments)
    if refused:
        with pytest.raises(BadYaml, match="treatments, remind_sms, text: .*promises a price"):
            check_offers(strategy, "s.yaml")
    else:
        check_offers(strategy, "s.yaml")


@pytest.mark.parametrize("key", ["waive_principal", "offer", "price"])
def test_neither_an_offer_nor_an_arm_has_another_key_by_which_to_give_something(key):
    text = default_strategy_text()
    in_offer = text.replace('instalments_most: "24"', f'instalments_most: "24"\n      {key}: 10%', 1)
    in_arm = text.replace("limits:\n", "experiments:\n  - {name: e, zh: x, en: x, from: 2026-12-01, until: 2027-03-01, when: {bucket: M1}, outcome: paid_30, arms: "
                          f"[{{name: champion, share: 50%}}, {{name: b, share: 50%, treatment: call, {key}: 10%}}]}}\nlimits:\n", 1)
    for changed in (in_offer, in_arm):
        assert changed != text
        with pytest.raises(BadYaml, match=f"unknown key {key}"):
            strategy_from(changed)


PUBLIC = {"bucket": st.sampled_from(["M1", "M2", "M4", "M6+"]), "hardship": st.sampled_from(["yes", "no"]), "claimable": st.integers(0, 100_000),
          "days_past_due": st.integers(1, 400), "kept_plans": st.integers(0, 2)}
OTHERS = {
    "product": st.sampled_from(["quick", "slow"]), "hold": st.sampled_from(["none", "dispute"]), "cap": st.sampled_from(["known", "unknown"]),
    "kind": st.sampled_from(["person", "enterprise"]), "frequency": st.sampled_from(["weekly", "monthly"]), "overpaid": st.sampled_from(["yes", "no"]),
    "contacts_30": st.integers(0, 9), "broken_promises": st.integers(0, 9), "kept_promises": st.integers(0, 9),
    "pay_probability": st.floats(0, 1), "self_cure": st.floats(0, 1),
}
TABLES = st.lists(st.fixed_dictionaries({}, optional={
    "bucket": st.sampled_from(["M1", "M2"]), "hardship": st.just("yes"), "claimable": st.sampled_from(["<50000", ">=20000"]), "kept_plans": st.just(">=1"),
    "segment": st.sampled_from(["firms", "people"]),
    "product": st.just("quick"), "self_cure": st.just(">=50%"), "hold": st.just("none"), "contacts_30": st.just("<5"),
}), min_size=1, max_size=4)
SPLITS = st.sampled_from([SHIPPED.segments, (SEGMENTS[1], Segment("firms", (), "丁", "firms")), (Segment("firms", read_when({"kept_plans": ">=1"}, "x"), "甲", "f"),
                          Segment("people", (), "乙", "p"))])


@given(TABLES, SPLITS, st.fixed_dictionaries(PUBLIC), st.fixed_dictionaries(OTHERS), st.fixed_dictionaries(OTHERS))
@settings(deadline=None, max_examples=300)
def test_people_equal_in_the_published_criteria_are_offered_the_same_whatever_else_differs(table, segments, public, one, other):
    """Over any table: it is refused, or it does not tell the two apart."""
    strategy = with_offers(*(offer(when) for when in table), segments=segments)
    try:
        check_offers(strategy, "s.yaml")
    except BadYaml:
        return
    frame = pl.DataFrame([public | one, public | other])
    names = pl.Series([segment.name for segment in segments]).gather(first_fit(tuple(segment.when for segment in segments), frame).tolist())
    first, second = offers_of(strategy.offers, frame.with_columns(segment=names)).tolist()
    assert first == second


def test_the_shipped_offers_are_given_by_stage_and_hardship():
    frame = pl.DataFrame({"bucket": ["M1", "M1", "M2", "M2", "M6+"], "hardship": ["no", "yes", "no", "no", "no"], "kept_plans": [0, 0, 0, 2, 0],
                          "claimable": [10, 10, 49_999, 10, 50_000]})
    assert [SHIPPED.offers[place].name for place in offers_of(SHIPPED.offers, frame)] == ["first_month", "hardship", "none", "kept_a_plan", "late"]
