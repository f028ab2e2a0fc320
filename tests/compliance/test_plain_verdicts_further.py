"""The oracle itself, held sentence by sentence against the specification of verdicts: `cn` 7 to 12, and coverage."""

import pytest

from compliance.plain_verdicts import A_LAW, OWN, REFUSED
from compliance.quiet_contacts import cn, debt, night_contact, past

GBT = ("should_not", "gbt-45251-2025")
CBA = ("prohibited", "cba-2026-collection")
POLICY = ("should_not", OWN)
PROHIBITED = ("prohibited", None)
TO_REFUSE = (REFUSED, None)
TO_JUDGE = ("needs_judgement", None)
TO_WARN = ("discouraged", None)
QUIET = {"verdict": "allow", "rules": set(), "retry_at": None, "coverage": "ok"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"debtor__status": ["deceased"]}, {PROHIBITED}),
        ({"party__status": ["incapacitated"]}, {PROHIBITED}),
        ({"debtor__status": ["deceased"], "action__purpose": "notify"}, set()),
        ({"debtor__status": ["deceased"], "party__id": "P2", "party__relation": "guarantor"}, set()),
        ({"party__status": ["deceased"], "party__id": "P2", "party__relation": "guarantor"}, set()),
        ({"party__status": ["minor"], "action__purpose": "notify"}, {PROHIBITED}),
        ({"debtor__status": ["minor"], "action__purpose": "notify"}, {PROHIBITED}),
        ({"party__status": ["minor"], "action__purpose": "reply"}, set()),
        ({"debtor__status": ["minor"], "party__id": "P2", "party__relation": "guarantor"}, set()),
        ({"debtor__status": ["bankrupt"]}, {PROHIBITED}),
        ({"debtor__status": ["bankrupt"], "party__id": "P2", "party__relation": "guarantor"}, {PROHIBITED}),
        ({"party__status": ["bankrupt"], "party__id": "P2", "party__relation": "guarantor"}, set()),
        ({"debtor__status": ["bankrupt"], "action__purpose": "locate"}, set()),
        ({"holds": ["legal_stay"]}, {PROHIBITED}),
        ({"holds": ["legal_stay"], "action__purpose": "locate"}, set()),
        ({"debtor__status": ["represented"], "action__purpose": "notify"}, {TO_JUDGE}),
        ({"party__status": ["represented"], "party__id": "P2", "party__relation": "guarantor"}, {TO_JUDGE}),
        ({"debtor__status": ["represented"], "party__id": "P2", "party__relation": "guarantor"}, {TO_JUDGE}),
        ({"debtor__status": ["represented"], "action__purpose": "reply"}, set()),
    ],
)
def test_cn_7_statuses_stop_what_they_stop_and_no_more_also_for_business_loans(changes, rules):
    assert cn(**changes)["rules"] == rules
    assert cn(**changes, product="business_loan")["rules"] == rules


@pytest.mark.parametrize(
    ("hold", "product", "rule"),
    [
        ("cease", "consumer_loan", PROHIBITED),
        ("dispute", "credit_card", ("prohibited", A_LAW)),
        ("dispute", "consumer_loan", ("prohibited", OWN)),
        ("dispute", "business_loan", POLICY),
        ("complaint", "consumer_loan", TO_JUDGE),
        ("hardship_review", "credit_card", TO_JUDGE),
        ("vulnerable", "consumer_loan", TO_JUDGE),
        ("vulnerable", "business_loan", POLICY),
    ],
)
def test_cn_8_holds_stop_collect_and_locate_and_leave_reply_and_notify_free(hold, product, rule):
    for purpose, rules in (("collect", {rule}), ("locate", {rule}), ("reply", set()), ("notify", set())):
        found = cn(holds=[hold], product=product, action__purpose=purpose)
        assert (found["rules"], found["retry_at"]) == (rules, None)


SUIT = "否则我们将向人民法院起诉您"


@pytest.mark.parametrize(
    ("at", "expires_on", "text", "rules"),
    [
        ("2026-03-03T23:59:59+08:00", "2026-03-03", SUIT, {GBT, CBA}),
        ("2026-03-04T00:00:00+08:00", "2026-03-03", SUIT, {GBT, CBA, TO_REFUSE}),
        ("2026-03-04T10:00:00+08:00", "2026-03-03", SUIT, {TO_REFUSE}),
        ("2026-03-03T16:00:00Z", "2026-03-03", SUIT, {GBT, CBA, TO_REFUSE}),
        ("2026-03-04T10:00:00+08:00", "2026-03-03", "请您还款", set()),
        ("2026-03-04T10:00:00+08:00", "2026-03-03", None, set()),
        ("2026-03-04T10:00:00+08:00", "2026-03-04", SUIT, set()),
        ("2026-03-04T10:00:00+08:00", None, SUIT, set()),
    ],
)
def test_cn_9_text_threatens_suit_only_until_limitation_expires(at, expires_on, text, rules):
    assert cn(at=at, debts=[debt("D2"), debt(expires_on=expires_on)], text=text)["rules"] == rules


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("我是公安局的民警", {TO_REFUSE}),
        ("不还钱就打断你的腿", {TO_REFUSE}),
        ("你这个不要脸的老赖", {TO_REFUSE}),
        ("已将您列入我司的全国失信黑名单", {TO_REFUSE}),
        ("不还款您就会被判刑坐牢", {TO_REFUSE}),
        ("我们会把您欠款的事告诉您的同事和邻居", {TO_REFUSE}),
        ("您还须另付催收手续费", {TO_REFUSE}),
        ("应还1234.00元", set()),
        ("应还1234.01元", {TO_REFUSE}),
        ("本金1000.00元，共1234.01元", {TO_REFUSE}),
        (SUIT, set()),
    ],
)
def test_cn_10_words_across_a_red_line_and_amounts_above_the_claim_are_refused(text, rules):
    for purpose in ("collect", "reply"):
        found = cn(text=text, action__purpose=purpose)
        assert (found["rules"], found["retry_at"]) == (rules, None)


def test_cn_10_the_claim_is_the_sum_over_all_debts():
    two = [debt(claimable_minor=100_000), debt("D2", claimable_minor=23_400)]
    assert cn(text="应还1234.00元", debts=two) == QUIET
    assert cn(text="应还1234.01元", debts=two)["rules"] == {TO_REFUSE}


@pytest.mark.parametrize("channel", ["sms", "email", "im", "push", "letter", "voice_bot", "call", "visit"])
@pytest.mark.parametrize("text", [None, "", " \n\t　"])
def test_cn_10_unscreened_wording_does_not_go_out_in_writing_or_by_machine(channel, text):
    rules = set() if channel in ("call", "visit") else {TO_JUDGE}
    assert cn(text=text, action__channel=channel)["rules"] == rules
    assert cn(text=text, action__channel=channel, action__purpose="reply", product="business_loan")["rules"] == rules


def messages(days: list[int], **changes) -> list[dict]:
    sms = {"channel": "sms", **changes}
    return [past(f"2026-03-{day:02}T09:0{minute % 10}:00+08:00", "delivered", **sms) for minute, day in enumerate(days)]


@pytest.mark.parametrize(
    ("days", "rules", "retry"),
    [
        ([10, 10], set(), None),
        ([10, 10, 10], {POLICY}, "2026-03-11T08:00:00+08:00"),
        ([4, 4, 4, 5, 5, 6, 7, 8, 9], set(), None),
        ([4, 4, 4, 5, 5, 6, 7, 8, 9, 9], {POLICY}, "2026-03-11T08:00:00+08:00"),
        ([3, 4, 4, 5, 5, 6, 7, 8, 9, 9], set(), None),
        ([8] * 10, {POLICY}, "2026-03-15T08:00:00+08:00"),
    ],
)
def test_cn_11_messages_are_at_most_3_a_day_and_10_in_7_days(days, rules, retry):
    found = cn(at="2026-03-10T10:00:00+08:00", action__channel="sms", history=messages(days))
    assert (found["rules"], found["retry_at"]) == (rules, retry)
    assert cn(at="2026-03-10T10:00:00+08:00", history=messages(days)) == QUIET


def test_cn_11_counts_outbound_messages_to_the_same_party_for_every_purpose():
    asked = {"at": "2026-03-10T10:00:00+08:00", "action__channel": "sms", "action__purpose": "reply"}
    assert cn(**asked, history=messages([10, 10, 10]))["rules"] == {POLICY}
    assert cn(**asked, history=messages([10, 10, 10], party="P2")) == QUIET
    assert cn(**asked, history=messages([10, 10, 10], direction="inbound")) == QUIET
    assert cn(**asked, history=messages([10, 10, 10], channel="im")) == QUIET


@pytest.mark.parametrize(
    ("days", "rules", "retry"),
    [
        ([], set(), None),
        (["2026-03-31"], {POLICY}, "2026-04-01T09:00:00+08:00"),
        (["2026-03-30"], set(), None),
        (["2026-03-02", "2026-03-30"], {POLICY}, "2026-04-01T09:00:00+08:00"),
        (["2026-03-01", "2026-03-30"], set(), None),
        (["2026-03-30", "2026-03-31"], {POLICY}, "2026-04-29T09:00:00+08:00"),
    ],
)
def test_cn_11_visits_are_at_most_1_a_day_and_2_in_30_days(days, rules, retry):
    visits = [past(f"{day}T09:30:00+08:00", "no_answer", channel="visit", number=None) for day in days]
    found = cn(at="2026-03-31T10:00:00+08:00", action__channel="visit", history=visits)
    assert (found["rules"], found["retry_at"]) == (rules, retry)


@pytest.mark.parametrize(
    ("hour", "rules"),
    [
        ("08:59:59.999999", {POLICY}),
        ("09:00:00", set()),
        ("19:59:59.999999", set()),
        ("20:00:00", {POLICY}),
        ("22:00:00", {POLICY, GBT, CBA}),
    ],
)
def test_cn_11_visits_are_made_from_9_to_20(hour, rules):
    found = cn(at=f"2026-03-31T{hour}+08:00", action__channel="visit")
    day = "2026-03-31" if hour < "09" else "2026-04-01"
    assert (found["rules"], found["retry_at"]) == (rules, f"{day}T09:00:00+08:00" if rules else None)


def six_in_vain(day: str) -> list[dict]:
    return [past(f"{day}T09:0{minute}:00+08:00", "busy") for minute in range(6)]


@pytest.mark.parametrize(
    ("changes", "retry"),
    [
        ({"at": "2026-03-01T23:00:00+08:00"}, "2026-03-02T08:00:00+08:00"),
        ({"at": "2024-05-15T23:00:00+08:00"}, "2024-05-16T08:00:00+08:00"),
        ({"history": [past(f"2026-03-03T09:0{m}:00+08:00", "answered") for m in range(3)]}, "2026-03-04T08:00:00+08:00"),
        ({"history": six_in_vain("2026-03-03")}, "2026-03-04T08:00:00+08:00"),
        ({"party__id": "P2", "party__relation": "spouse"}, None),
        ({"party__id": "P2", "party__relation": "other"}, None),
        ({"party__id": "P2", "party__relation": "reserved_contact", "action__purpose": "locate"}, None),
        ({"action__recorded": False}, None),
        ({"action__channel": "visit", "action__staff": 1}, None),
        ({"holds": ["cease"]}, None),
        ({"holds": ["complaint"]}, None),
        ({"holds": ["cease", "dispute", "vulnerable"]}, None),
    ],
)
def test_cn_12_the_consumer_rules_stand_for_business_loans_as_the_lender_s_own_policy(changes, retry):
    found = cn(product="business_loan", **changes)
    assert found == {"verdict": "deny", "rules": {POLICY}, "retry_at": retry, "coverage": "ok"}


def test_cn_12_keeps_the_consents_licences_and_dates_of_the_rules_it_takes_over():
    assert cn(product="business_loan") == QUIET
    night = {"at": "2026-03-01T22:30:00+08:00", "product": "business_loan"}
    assert cn(**night, consents=[night_contact("22:00", "23:00")]) == QUIET
    assert cn(product="business_loan", lender__licence="microloan", history=six_in_vain("2026-03-03")) == QUIET
    assert cn(product="business_loan", at="2026-01-29T10:00:00+08:00", action__recorded=False) == QUIET


def test_cn_12_leaves_limitation_and_wording_as_they_are():
    asked = {"product": "business_loan", "debts": [debt(expires_on="2026-03-02")]}
    assert cn(**asked, text=SUIT)["rules"] == {TO_REFUSE}
    assert cn(**asked, text="应还1234.01元")["rules"] == {TO_REFUSE}


@pytest.mark.parametrize(
    ("changes", "coverage"),
    [
        ({}, "ok"),
        ({"lender__licence": "consumer_finance", "product": "credit_card"}, "ok"),
        ({"lender__licence": "microloan", "product": "business_loan"}, "ok"),
        ({"lender__licence": "agency"}, "unknown"),
        ({"lender__licence": "other"}, "unknown"),
        ({"actor__kind": "agency"}, "ok"),
        ({"at": "2024-05-15T00:00:00+08:00", "action__channel": "letter"}, "ok"),
        ({"at": "2024-05-14T23:59:59.999999+08:00", "action__channel": "letter"}, "unknown"),
    ],
)
def test_coverage_is_unknown_for_a_licence_or_a_day_the_pack_has_not_and_then_a_person_decides(changes, coverage):
    found = cn(**changes)
    assert found["coverage"].split(": ")[0] == coverage
    assert found["verdict"] == ("allow" if coverage == "ok" else "review")
    assert (found["rules"], found["retry_at"]) == (set(), None)


def test_a_denying_rule_stands_where_coverage_is_unknown():
    found = cn(lender__licence="other", at="2026-03-01T23:00:00+08:00")
    assert (found["verdict"], found["retry_at"]) == ("deny", "2026-03-02T08:00:00+08:00")
    assert found["coverage"].startswith("unknown: ")


def test_before_the_first_day_of_the_pack_no_rule_speaks_at_all():
    found = cn(at="2024-05-14T23:00:00+08:00", holds=["cease"], party__status=["minor"], text=SUIT)
    assert (found["verdict"], found["rules"]) == ("review", set())


def test_the_strictest_verdict_wins_and_every_rule_is_named():
    found = cn(history=six_in_vain("2026-03-03"), holds=["vulnerable"])
    assert (found["verdict"], found["rules"]) == ("review", {TO_WARN, TO_JUDGE})
    found = cn(history=six_in_vain("2026-03-03"), holds=["vulnerable", "cease"])
    assert (found["verdict"], found["rules"]) == ("deny", {TO_WARN, TO_JUDGE, PROHIBITED})


def test_a_retry_is_named_only_where_nothing_but_time_stands_in_the_way():
    assert cn(at="2026-03-01T23:00:00+08:00", holds=["cease"])["retry_at"] is None
    assert cn(at="2026-03-01T23:00:00+08:00", holds=["vulnerable"])["retry_at"] == "2026-03-02T08:00:00+08:00"
    assert cn(at="2026-03-01T23:00:00+08:00", action__recorded=False)["retry_at"] is None


def test_a_retry_meets_the_rules_of_its_own_day():
    # From 2026-01-30 an unrecorded call is prohibited, so the night of the 29th never ends for it.
    assert cn(at="2026-01-29T23:00:00+08:00", action__recorded=False)["retry_at"] is None
    assert cn(at="2026-01-28T23:00:00+08:00", action__recorded=False)["retry_at"] == "2026-01-29T08:00:00+08:00"
    # On the last day of limitation suit may be named, on the next it may not.
    last_day = {"text": SUIT, "debts": [debt(expires_on="2026-03-01")]}
    assert cn(at="2026-03-01T23:00:00+08:00", **last_day)["retry_at"] is None
    assert cn(at="2026-03-01T07:00:00+08:00", **last_day)["retry_at"] == "2026-03-01T08:00:00+08:00"


def test_a_retry_counts_no_contact_that_the_planned_one_could_not_know():
    later = [past("2026-03-02T09:00:00+08:00", "answered")] * 3
    assert cn(at="2026-03-01T23:00:00+08:00", history=later)["retry_at"] == "2026-03-02T08:00:00+08:00"
