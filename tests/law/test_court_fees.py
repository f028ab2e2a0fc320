"""Court fees: the fact sheet's vectors, another way to compute a scale, and rounding that must be named."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.law.court_fees import court_fee, fee_rules, rounded
from arrears.law.packs import shipped_texts
from arrears.strict_yaml import BadYaml

RULES = fee_rules(shipped_texts("cn"))
ON = date(2026, 3, 2)
drawn = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize("yuan,case,half,order,enforcement,preservation", [
    # Regulation fact sheet, 3.2, in yuan; a payment order to the fen.
    (8_000, 50, 25, "16.67", 50, 100), (10_000, 50, 25, "16.67", 50, 120), (30_000, 550, 275, "183.33", 350, 320),
    (50_000, 1_050, 525, "350.00", 650, 520), (100_000, 2_300, 1_150, "766.67", 1_400, 1_020),
    (200_000, 4_300, 2_150, "1433.33", 2_900, 1_520), (500_000, 8_800, 4_400, "2933.33", 7_400, 3_020),
    (1_000_000, 13_800, 6_900, "4600.00", 12_400, 5_000),
])
def test_the_vectors_of_the_fact_sheet(yuan, case, half, order, enforcement, preservation):
    fees = {fee: court_fee(RULES, fee, yuan * 100, ON) for fee in (
        "ordinary", "simplified", "mediated_or_withdrawn", "payment_order", "enforcement", "preservation",
        "judicial_confirmation")}
    assert fees["ordinary"] == case * 100
    assert fees["simplified"] == fees["mediated_or_withdrawn"] == half * 100
    assert fees["payment_order"] == Fraction(case * 100, 3)
    assert f"{rounded(fees['payment_order'], 'half_up') / 100:.2f}" == order
    assert (fees["enforcement"], fees["preservation"], fees["judicial_confirmation"]) == (enforcement * 100, preservation * 100, 0)


SLICES = ((10_000, 0), (90_000, 25), (100_000, 20), (300_000, 15), (500_000, 10), (1_000_000, 9), (3_000_000, 8), (5_000_000, 7),
          (10_000_000, 6), (10**12, 5))


@given(st.integers(0, 10**13))
@drawn
def test_a_claim_of_any_fen_is_charged_slice_by_slice(fen):
    """By widths of slices and rates in thousandths, which is not how the file is written."""
    expected, left = Fraction(5_000), fen
    for width, thousandths in SLICES:
        part = min(left, width * 100)
        expected, left = expected + Fraction(part * thousandths, 1_000), left - part
    assert court_fee(RULES, "ordinary", fen, ON) == expected


@given(st.integers(0, 10**12), st.integers(0, 10**9))
@drawn
def test_a_larger_claim_never_costs_less(fen, more):
    for fee in ("ordinary", "payment_order", "enforcement", "preservation"):
        assert court_fee(RULES, fee, fen, ON) <= court_fee(RULES, fee, fen + more, ON)
    assert court_fee(RULES, "preservation", fen, ON) <= 500_000


def test_before_the_schedule_the_fee_is_unknown():
    assert court_fee(RULES, "ordinary", 100, date(2007, 3, 31)) is None
    assert court_fee(RULES, "ordinary", 100, date(2007, 4, 1)) == 5_000


def test_rounding_is_named_or_refused():
    third = court_fee(RULES, "payment_order", 3_000_000, ON)
    assert [rounded(third, name) for name in ("half_up", "down", "up")] == [18_333, 18_333, 18_334]
    assert rounded(Fraction(1, 2), "half_up") == 1
    with pytest.raises(ValueError, match="choose the court's"):
        rounded(third, "")


def test_a_negative_claim_and_an_unknown_fee_are_refused():
    with pytest.raises(ValueError, match="negative"):
        court_fee(RULES, "ordinary", -1, ON)
    with pytest.raises(ValueError, match="bribe"):
        court_fee(RULES, "bribe", 1, ON)


@pytest.mark.parametrize("old,new,said", [
    ('{up_to: "100000", rate: "0.025"}', '{up_to: "100000"}', "either a flat sum or a rate"),
    ('{up_to: "100000", rate: "0.025"}', '{up_to: "9000", rate: "0.025"}', "end above the one before"),
    ('rate: "0.025"', 'rate: "2.5 %"', "not a number"),
    ("scale: case, ", "scale: court, ", "needs one of the scales"),
    ("    evidence: T1", "    evidence: U", "uncertain"),
    ('    until: null', '    until: "2007-04-01"', "not after it begins"),
])
def test_a_schedule_that_cannot_be_taken_at_its_word_is_refused(old, new, said):
    texts = shipped_texts("cn")
    assert old in texts["court_fees.yaml"]
    with pytest.raises(BadYaml, match=said):
        fee_rules({**texts, "court_fees.yaml": texts["court_fees.yaml"].replace(old, new, 1)})


def test_two_schedules_may_follow_each_other_but_not_hold_at_once():
    texts = shipped_texts("cn")
    document = texts["court_fees.yaml"]
    first, examples = document.split("examples:\n")
    second = "schedules:\n" + first.split("schedules:\n")[1]
    later = second.removeprefix("schedules:\n").replace("2007-04-01", "2030-01-01").replace('flat: "50"', 'flat: "60"').replace("cn.court_fees.2007", "cn.court_fees.later")
    ended = first.replace("    until: null", '    until: "2030-01-01"', 1)
    rules = fee_rules({**texts, "court_fees.yaml": ended + later})
    assert [court_fee(rules, "ordinary", 100, day) for day in (date(2029, 12, 31), date(2030, 1, 1))] == [5_000, 6_000]
    with pytest.raises(BadYaml, match="at once"):
        fee_rules({**texts, "court_fees.yaml": first + later})
