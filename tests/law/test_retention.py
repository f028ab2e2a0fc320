"""How long records are kept: the fact sheet's table by hand, and what holds of every record."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.law.packs import shipped_texts
from arrears.law.retention import Record, retention_of, retention_rules
from arrears.strict_yaml import BadYaml

RULES = retention_rules(shipped_texts("cn"))
AS_OF = date(2026, 11, 23)
drawn = settings(deadline=None, derandomize=True)


def record(*kinds: str, **more) -> Record:
    return Record(kinds, **{"product": "consumer_loan", "licence": "bank", "made_on": date(2025, 3, 4), **more})


@pytest.mark.parametrize("kept,status,until,is_law", [
    # Regulation fact sheet, 5.1. Rows marked U there are the operator's choice and never called law.
    (record("call_recording", product="credit_card", licence="other"), "keep", date(2027, 3, 4), True),
    (record("collection_record", licence="consumer_finance"), "keep", date(2030, 3, 4), True),
    (record("collection_record", licence="consumer_finance", last_event_on=date(2026, 1, 2)), "keep", date(2031, 1, 2), True),
    (record("collection_record"), "keep", date(2028, 3, 4), False),
    (record("visit_recording", licence="microloan"), "keep", date(2028, 3, 4), False),
    (record("oral_plan_recording", product="credit_card"), "until_settled", None, True),
    (record("limitation_evidence", last_interrupting_on=date(2026, 5, 6)), "keep", date(2031, 5, 6), False),
    (record("impact_assessment"), "keep", date(2028, 3, 4), True),
    (record("sharing_record"), "keep", date(2028, 3, 4), True),
    (record("system_log"), "keep", date(2025, 9, 4), True),
    (record("complaint_file"), "keep", date(2028, 3, 4), False),
    (record("doodle"), "no_rule", None, False),
])
def test_the_table_of_the_fact_sheet(kept, status, until, is_law):
    found = retention_of(RULES, kept, AS_OF)
    assert (found.status, found.keep_until, found.is_law) == (status, until, is_law)


def test_the_longest_rule_holds_and_a_hold_holds_longer():
    # A bank's card call: two years by rule, three by choice; as proof of a demand five.
    call = record("call_recording", product="credit_card")
    assert retention_of(RULES, call, AS_OF).keep_until == date(2028, 3, 4)
    proof = replace(call, kinds=("call_recording", "limitation_evidence"))
    found = retention_of(RULES, proof, AS_OF)
    assert (found.keep_until, found.rules) == (date(2030, 3, 4), ("cn.retention.limitation_evidence",))
    assert retention_of(RULES, replace(proof, litigation_hold=True), date(2090, 1, 1)).status == "litigation_hold"


def test_an_oral_plan_is_kept_through_the_day_on_which_the_debt_is_settled():
    plan = record("oral_plan_recording", product="credit_card", settled_on=date(2026, 11, 24))
    assert retention_of(RULES, plan, AS_OF).status == "until_settled"
    settled = retention_of(RULES, plan, date(2026, 11, 24))
    assert (settled.status, settled.keep_until) == ("keep", date(2026, 11, 24))


def test_articles_are_cited_by_the_day():
    log = record("system_log")
    assert retention_of(RULES, log, date(2025, 12, 31)).rules == ("cn.retention.system_log_21",)
    assert retention_of(RULES, log, date(2026, 1, 1)).rules == ("cn.retention.system_log_23",)


KINDS = sorted({kind for rule in RULES for kind in rule.records})
RECORDS = st.builds(
    Record, st.lists(st.sampled_from(KINDS), max_size=3, unique=True).map(tuple), st.sampled_from(["credit_card", "consumer_loan"]),
    st.sampled_from(["bank", "consumer_finance", "microloan", "other"]), st.dates(date(2005, 1, 1), date(2026, 1, 1)),
    st.none() | st.dates(date(2005, 1, 1), date(2030, 1, 1)), st.none() | st.dates(date(2005, 1, 1), date(2030, 1, 1)),
    st.none() | st.dates(date(2005, 1, 1), date(2030, 1, 1)), st.booleans(),
)


@given(RECORDS, st.sampled_from(KINDS), st.dates(date(2005, 1, 1), date(2035, 1, 1)))
@drawn
def test_being_one_more_kind_of_record_never_shortens_the_keeping(kept, kind, as_of):
    less, more = retention_of(RULES, kept, as_of), retention_of(RULES, replace(kept, kinds=(*kept.kinds, kind)), as_of)
    rank = ["no_rule", "keep", "until_settled", "litigation_hold"]
    assert rank.index(more.status) >= rank.index(less.status)
    if more.status == "keep" and less.status == "keep":
        assert more.keep_until >= less.keep_until


@pytest.mark.parametrize("old,new,said", [
    ('keep: {years: "2"}', 'keep: {fortnights: "2"}', "keep is"), ("counted_from: made_on\n", "counted_from: payday\n", "counted_from"),
    ("evidence: T2", "evidence: U", "uncertain"), ("source: cbrc-2011-2", "source: hearsay", "hearsay"),
])
def test_rules_that_cannot_be_taken_at_their_word_are_refused(old, new, said):
    texts = shipped_texts("cn")
    assert old in texts["retention.yaml"]
    with pytest.raises(BadYaml, match=said):
        retention_rules({**texts, "retention.yaml": texts["retention.yaml"].replace(old, new, 1)})
