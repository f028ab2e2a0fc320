"""When an agency must be evaluated and inspected, by hand: a year from the last time, from the contract, or from the text, and once before the contract ends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears.law.agencies import agencies_from, duties_of, faults_of
from arrears.law.packs import shipped_texts
from arrears.strict_yaml import BadYaml

RULES = agencies_from(shipped_texts("cn"))
EVALUATION, BEFORE_END, INSPECTION = "cn.agency.evaluation", "cn.agency.evaluation_before_end", "cn.agency.inspection"


def faults(evaluated_on, inspected_on, as_of, contract_from="2026-01-01", contract_until="2029-01-01", licence="bank", rules=RULES) -> list[str]:
    evaluated, inspected, begins, ends, day = (date.fromisoformat(text) if text else None for text in (evaluated_on, inspected_on, contract_from, contract_until, as_of))
    return [fault for fault, _, _ in faults_of(rules, evaluated, inspected, begins, ends, licence, day)]


@pytest.mark.parametrize(("evaluated_on", "inspected_on", "as_of", "found"), [
    ("2027-02-28", "2027-02-28", "2028-02-28", []), ("2027-02-28", "2027-02-28", "2028-02-29", [EVALUATION, INSPECTION]),
    ("2028-02-29", "2028-02-29", "2029-02-28", []), (None, None, "2027-01-01", []),
    (None, None, "2027-01-02", [EVALUATION]),  # the guide is of 2026-01-30
    (None, None, "2027-01-31", [EVALUATION, INSPECTION]), ("2026-06-01", None, "2027-01-31", [INSPECTION]), (None, "2026-06-01", "2027-01-31", [EVALUATION]),
])
def test_a_year_counts_from_the_last_time_or_the_contract_or_the_text(evaluated_on, inspected_on, as_of, found):
    assert faults(evaluated_on, inspected_on, as_of, contract_until="2035-01-01") == found


def test_the_guide_of_the_banks_does_not_reach_other_lenders_and_the_standard_reaches_all():
    assert {licence: faults(None, None, "2028-06-01", licence=licence) for licence in ("bank", "consumer_finance", "microloan", "other")} == {
        "bank": [EVALUATION, INSPECTION], "consumer_finance": [EVALUATION, INSPECTION], "microloan": [EVALUATION], "other": [EVALUATION]}


def test_an_evaluation_before_the_contract_does_not_stand_for_one_within_it_and_a_contract_without_an_end_has_no_last_day():
    assert faults("2025-12-31", "2026-06-01", "2026-09-30", contract_until="2026-10-01") == [BEFORE_END]
    assert faults("2026-01-01", "2026-06-01", "2026-09-30", contract_until="2026-10-01") == []
    assert faults("2025-12-31", "2026-06-01", "2026-09-30", contract_until=None) == []


def test_the_sentences_name_the_text_the_last_time_and_the_day():
    found = faults_of(RULES, date(2025, 11, 20), None, date(2025, 1, 1), date(2027, 7, 1), "bank", date(2027, 2, 1))
    assert found == [
        (EVALUATION, "GB/T 45251-2025: an agency is evaluated at least once a year; it was last evaluated on 2025-11-20, so the next was due by 2026-11-20",
         "国家标准 GB/T 45251—2025：对受托催收机构每年至少评估一次；上次评估为 2025-11-20，应不迟于 2026-11-20 再次评估"),
        (INSPECTION, "The banking association's guide of 2026: an agency is inspected, on site or off, at least once a year; it was never inspected, so the first was "
         "due by 2027-01-30", "银行业协会指引（2026）：对受托催收机构每年至少检查一次；从未检查，应不迟于 2027-01-30 完成首次检查")]
    ((_, en, zh),) = faults_of(RULES, None, None, date(2026, 1, 1), date(2026, 7, 1), "bank", date(2026, 6, 30))
    assert en.endswith("that of 2026-01-01 to 2026-06-30 has no day on which it was evaluated") and zh.endswith("2026-01-01 至 2026-06-30 的合同期内没有评估")


def test_what_no_date_tells_is_said_as_a_duty_and_is_the_lenders_own_choice():
    assert [duty for duty, _, _ in duties_of(RULES, "bank", date(2026, 1, 1))] == ["cn.agency.one_at_a_time", "cn.agency.no_subcontracting"]
    assert {rule.id: rule.is_law for rule in RULES} == {
        EVALUATION: True, BEFORE_END: True, INSPECTION: True, "cn.agency.one_at_a_time": False, "cn.agency.no_subcontracting": False}


days = st.dates(date(2024, 1, 1), date(2030, 1, 1))


@given(evaluated=st.none() | days, inspected=st.none() | days, begins=days, length=st.integers(1, 1500), as_of=days, later=st.integers(0, 900))
def test_time_that_passes_mends_nothing_and_a_later_look_at_the_agency_makes_nothing_worse(evaluated, inspected, begins, length, as_of, later):
    """Dates of evaluations up to as_of; within the contract."""
    evaluated, inspected = (None if one is None or one > as_of else one for one in (evaluated, inspected))
    ends, after = begins + timedelta(days=length), as_of + timedelta(days=later)

    def found(day: date, evaluated_on: date | None = evaluated, inspected_on: date | None = inspected) -> set[str]:
        return {fault for fault, _, _ in faults_of(RULES, evaluated_on, inspected_on, begins, ends, "bank", day)}

    assert found(as_of) <= found(after)
    if begins <= as_of < ends:
        assert found(as_of, as_of, as_of) == set()
        assert found(after, as_of, inspected) <= found(after)


@pytest.mark.parametrize("old,new,said", [
    ('every: {years: "1"}', 'every: {years: "0"}', "at least 1"), ('every: {years: "1"}', 'every: {months: "12"}', "missing years"),
    ('before_end: "true"', 'before_end: "yes"', "write true or false"), ('before_end: "true"\n', 'before_end: "true"\n    every: {years: "1"}\n', "a duty has neither"),
    ("asks: duty", "asks: luck", "known are evaluation, inspection, duty"), ("evidence: T2", "evidence: U", "uncertain"),
    ("licences: [bank, consumer_finance]", "licences: [banks]", "licences has 'banks'"), ("asks: duty", "asks: inspection", "a duty has neither"),
    ("      zh: 同一债务不同时委托多家机构\n", "", "missing zh"),
])
def test_rules_that_cannot_be_taken_at_their_word_are_refused(old, new, said):
    texts = shipped_texts("cn")
    assert old in texts["agencies.yaml"]
    with pytest.raises(BadYaml, match=said):
        agencies_from({**texts, "agencies.yaml": texts["agencies.yaml"].replace(old, new, 1)})
