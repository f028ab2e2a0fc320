"""The oracle itself, held sentence by sentence against the specification of verdicts: the `us` pack."""

import pytest

from compliance.plain_verdicts import REFUSED
from compliance.quiet_contacts import debt, electronic, night_contact, past, us

PROHIBITED = ("prohibited", None)
TO_REFUSE = (REFUSED, None)
TO_JUDGE = ("needs_judgement", None)
NO_CONSENT = ("prohibited", "tcpa")
QUIET = {"verdict": "allow", "rules": set(), "retry_at": None, "coverage": "ok"}
SUIT = "we will sue you"


def test_a_contact_that_nothing_forbids_is_allowed_without_a_rule():
    assert us() == QUIET


@pytest.mark.parametrize(
    ("at", "zones", "retry"),
    [
        ("2026-06-16T20:59:59.999999-04:00", ["America/New_York"], None),
        ("2026-06-16T21:00:00-04:00", ["America/New_York"], "2026-06-17T08:00:00-04:00"),
        ("2026-06-17T00:00:00-04:00", ["America/New_York"], "2026-06-17T08:00:00-04:00"),
        ("2026-06-17T07:59:59.999999-04:00", ["America/New_York"], "2026-06-17T08:00:00-04:00"),
        ("2026-06-17T08:00:00-04:00", ["America/New_York"], None),
        ("2026-06-17T10:59:59-04:00", ["America/New_York", "America/Los_Angeles"], "2026-06-17T11:00:00-04:00"),
        ("2026-06-17T10:59:59-04:00", ["America/Los_Angeles", "America/New_York"], "2026-06-17T08:00:00-07:00"),
        ("2026-06-17T11:00:00-04:00", ["America/New_York", "America/Los_Angeles"], None),
        ("2026-06-17T21:00:00-04:00", ["America/Los_Angeles", "America/New_York"], "2026-06-18T08:00:00-07:00"),
        # The clocks of New York go forward on 2026-03-08 and back on 2026-11-01: 8 o'clock has another offset.
        ("2026-03-07T21:00:00-05:00", ["America/New_York"], "2026-03-08T08:00:00-04:00"),
        ("2026-10-31T21:00:00-04:00", ["America/New_York"], "2026-11-01T08:00:00-05:00"),
        ("2026-11-01T07:30:00-04:00", ["America/New_York"], "2026-11-01T08:00:00-05:00"),
        ("2026-11-01T08:30:00-04:00", ["America/New_York"], "2026-11-01T08:00:00-05:00"),
        ("2026-11-01T08:30:00-05:00", ["America/New_York"], None),
        ("2026-06-17T07:59:00+05:45", ["Asia/Kathmandu"], "2026-06-17T08:00:00+05:45"),
        # Both may be called in the hour from 12:00 UTC (8:00 and 20:00) and in that from 0:00 UTC (20:00 and 8:00).
        ("2026-06-17T12:59:59Z", ["America/New_York", "Asia/Shanghai"], None),
        ("2026-06-17T13:00:00Z", ["America/New_York", "Asia/Shanghai"], "2026-06-17T20:00:00-04:00"),
    ],
)
def test_us_1_the_night_runs_from_21_to_8_in_every_zone(at, zones, retry):
    found = us(at=at, party__timezones=zones)
    assert (found["rules"], found["retry_at"]) == ({TO_REFUSE} if retry else set(), retry)


@pytest.mark.parametrize(
    ("channel", "rules"),
    [
        *((channel, {TO_REFUSE}) for channel in ("call", "voice_bot", "email", "im", "push", "visit")),
        ("sms", {TO_REFUSE, NO_CONSENT}),
        ("letter", set()),
    ],
)
def test_us_1_holds_for_every_channel_but_letters_and_leaves_replies_free(channel, rules):
    assert us(at="2026-06-16T21:00:00-04:00", action__channel=channel)["rules"] == rules
    assert us(at="2026-06-16T21:00:00-04:00", action__channel=channel, action__purpose="reply")["rules"] == rules - {TO_REFUSE}
    assert us(at="2026-06-16T21:00:00-04:00", action__channel=channel, action__purpose="notify")["rules"] == rules


def test_us_1_a_consent_opens_its_hours_in_the_zone_of_the_person():
    consents = [night_contact("21:00", "22:00")]
    assert us(at="2026-06-16T21:59:59.999999-04:00", consents=consents) == QUIET
    assert us(at="2026-06-16T22:00:00-04:00", consents=consents)["rules"] == {TO_REFUSE}
    both = ["America/New_York", "America/Denver"]
    assert us(at="2026-06-16T21:30:00-04:00", consents=consents, party__timezones=both) == QUIET
    assert us(at="2026-06-16T23:30:00-04:00", consents=consents, party__timezones=both)["rules"] == {TO_REFUSE}


def test_us_1_names_no_retry_where_it_is_night_in_some_zone_at_every_hour():
    # The nights in UTC: New York 1 to 12, Shanghai 13 to 24, London 20 to 7, Kiritimati 7 to 18.
    everywhere = ["America/New_York", "Asia/Shanghai", "Europe/London", "Pacific/Kiritimati"]
    found = us(party__timezones=everywhere)
    assert (found["rules"], found["retry_at"]) == ({TO_REFUSE}, None)


def test_us_1_a_retry_may_come_while_the_clock_repeats_an_hour():
    # 01:30 comes twice on 2026-11-01; at the end of the first 01:59 the window opens again.
    consents = [night_contact("01:00", "01:30")]
    found = us(at="2026-11-01T01:30:00-04:00", consents=consents)
    assert found["retry_at"] == "2026-11-01T01:00:00-05:00"


def calls(*days: int, outcome: str = "no_answer", **changes) -> list[dict]:
    return [past(f"2026-06-{day:02}T12:00:00-04:00", outcome, **changes) for day in days]


WEEK = calls(10, 11, 12, 13, 14, 15, 15)


@pytest.mark.parametrize(
    ("history", "rules", "retry"),
    [
        (WEEK[:6], set(), None),
        (WEEK, {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        ([*WEEK[1:], *calls(9)], set(), None),
        ([*WEEK[1:], past("2026-06-10T00:00:00-04:00")], {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        ([*WEEK[1:], past("2026-06-09T23:59:59.999999-04:00")], set(), None),
        ([*WEEK[1:], *calls(10, outcome="busy")], set(), None),
        ([*WEEK[1:], *calls(10, outcome="invalid_number")], set(), None),
        ([*WEEK[1:], *calls(10, outcome="unknown", actor="L1")], {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        ([*WEEK[1:], *calls(10, channel="voice_bot", number="n2")], {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        ([*WEEK[1:], *calls(10, channel="sms")], set(), None),
        ([*WEEK[1:], *calls(10, direction="inbound")], set(), None),
        ([*WEEK[1:], *calls(10, party="P2")], set(), None),
        ([*WEEK[1:], *calls(10, debts=["D2"])], set(), None),
        ([*WEEK[1:], *calls(10, debts=["D2", "D1"])], {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        (calls(*[16] * 8), {TO_REFUSE}, "2026-06-23T08:00:00-04:00"),
    ],
)
def test_us_2_the_eighth_call_about_a_debt_in_seven_days_is_refused(history, rules, retry):
    found = us(history=history)
    assert (found["rules"], found["retry_at"]) == (rules, retry)


def test_us_2_counts_replies_and_bots_and_no_other_channel():
    assert us(history=WEEK, action__purpose="reply")["rules"] == {TO_REFUSE}
    assert us(history=WEEK, action__channel="voice_bot")["rules"] == {TO_REFUSE}
    assert us(history=WEEK, action__channel="email") == QUIET


def test_us_2_one_debt_of_several_is_enough():
    assert us(history=WEEK, debts=[debt("D2"), debt("D1")])["rules"] == {TO_REFUSE}
    assert us(history=WEEK, debts=[debt("D2")]) == QUIET


def test_us_2_days_are_those_of_the_strictest_zone():
    # At 01:00 of the 10th in New York it was still the 9th in Los Angeles, a day before the seven.
    edge = [*WEEK[1:], past("2026-06-10T01:00:00-04:00")]
    assert us(history=edge, party__timezones=["America/Los_Angeles"]) == QUIET
    assert us(history=edge, party__timezones=["America/Los_Angeles", "America/New_York"])["rules"] == {TO_REFUSE}


@pytest.mark.parametrize(
    ("talk", "rules", "retry"),
    [
        (calls(16, outcome="answered"), {TO_REFUSE}, "2026-06-23T08:00:00-04:00"),
        (calls(10, outcome="answered"), {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        (calls(9, outcome="answered"), set(), None),
        ([past("2026-06-10T00:00:00-04:00", "refused")], {TO_REFUSE}, "2026-06-17T08:00:00-04:00"),
        ([past("2026-06-09T23:59:59.999999-04:00", "refused")], set(), None),
        (calls(15, outcome="answered", direction="inbound"), {TO_REFUSE}, "2026-06-22T08:00:00-04:00"),
        (calls(15, outcome="answered", channel="voice_bot"), {TO_REFUSE}, "2026-06-22T08:00:00-04:00"),
        (calls(15, outcome="answered", channel="sms"), set(), None),
        (calls(15, outcome="unknown"), set(), None),
        (calls(15, outcome="answered", party="P2"), set(), None),
        (calls(15, outcome="answered", debts=["D2"]), set(), None),
        ([past("2026-06-16T12:00:00.000001-04:00", "answered")], set(), None),
    ],
)
def test_us_2_after_a_conversation_calls_about_the_debt_rest_through_day_7(talk, rules, retry):
    found = us(history=talk)
    assert (found["rules"], found["retry_at"]) == (rules, retry)
    assert us(history=talk, action__purpose="reply") == QUIET
    assert us(history=talk, action__channel="push") == QUIET


NOON = "2026-06-16T12:00:00-04:00"
A_MOMENT_LATER = "2026-06-16T12:00:00.000001-04:00"


@pytest.mark.parametrize(
    ("consents", "may"),
    [
        ([], False),
        ([electronic("sms")], True),
        ([electronic("email")], False),
        ([electronic("sms", given_at=NOON)], True),
        ([electronic("sms", given_at=A_MOMENT_LATER)], False),
        ([electronic("sms", revoked_at=NOON)], False),
        ([electronic("sms", revoked_at=A_MOMENT_LATER)], True),
        ([electronic("sms", revoked_at=NOON), electronic("sms")], True),
        ([night_contact("00:00", "23:59")], False),
    ],
)
def test_us_3_sms_needs_a_consent_in_force(consents, may):
    for purpose in ("collect", "reply", "notify"):
        found = us(action__channel="sms", action__purpose=purpose, consents=consents)
        assert (found["rules"], found["retry_at"]) == (set() if may else {NO_CONSENT}, None)


@pytest.mark.parametrize("channel", ["email", "im"])
def test_us_3_email_and_im_are_free_until_revoked(channel):
    assert us(action__channel=channel) == QUIET
    assert us(action__channel=channel, consents=[electronic(channel, revoked_at=A_MOMENT_LATER)]) == QUIET
    assert us(action__channel=channel, consents=[electronic(channel, revoked_at=NOON)])["rules"] == {TO_REFUSE}
    assert us(action__channel=channel, consents=[electronic(channel, revoked_at=NOON), electronic(channel)]) == QUIET
    assert us(action__channel=channel, consents=[electronic("push", revoked_at=NOON)]) == QUIET
    assert us(action__channel="push", consents=[electronic("push", revoked_at=NOON)]) == QUIET


def test_us_3_a_retry_has_the_consent_of_its_own_instant():
    night = {"at": "2026-06-16T22:00:00-04:00", "action__channel": "sms"}
    assert us(**night, consents=[electronic("sms", revoked_at="2026-06-17T08:00:00-04:00")])["retry_at"] is None
    twice = [electronic("sms", revoked_at="2026-06-17T08:00:00-04:00"), electronic("sms", given_at="2026-06-17T09:30:15-04:00")]
    assert us(**night, consents=twice)["retry_at"] == "2026-06-17T09:30:15-04:00"


@pytest.mark.parametrize(
    ("changes", "free"),
    [({"holds": ["cease"]}, ("notify", "reply")), ({"debtor__status": ["represented"]}, ()), ({"party__status": ["represented"]}, ())],
)
def test_us_4_cease_stops_all_but_notices_and_replies_and_a_lawyer_stops_all(changes, free):
    rule = TO_REFUSE if "holds" in changes else PROHIBITED
    for purpose in ("collect", "locate", "notify", "reply"):
        assert us(**changes, action__purpose=purpose)["rules"] == (set() if purpose in free else {rule})


def test_us_4_asks_for_the_debtor_s_lawyer_only():
    guarantor = {"party__id": "P2", "party__relation": "guarantor"}
    assert us(**guarantor, party__status=["represented"]) == QUIET
    assert us(**guarantor, debtor__status=["represented"])["rules"] == {PROHIBITED}
    assert us(holds=["dispute", "complaint", "vulnerable", "legal_stay"], debtor__status=["bankrupt", "minor"]) == QUIET


@pytest.mark.parametrize("relation", ["debtor", "co_debtor", "spouse", "guarantor", "reserved_contact", "other"])
def test_us_5_anyone_outside_the_debt_is_asked_only_where_the_debtor_is(relation):
    third = relation in ("reserved_contact", "other")
    for purpose in ("collect", "locate", "notify", "reply"):
        rules = {TO_REFUSE} if third and purpose != "locate" else set()
        assert us(party__id="P2", party__relation=relation, action__purpose=purpose)["rules"] == rules


def test_us_6_suit_is_not_threatened_once_limitation_has_expired_in_any_zone():
    last_day = [debt(expires_on="2026-06-16"), debt("D2")]
    assert us(text=SUIT, debts=last_day) == QUIET
    assert us(text=SUIT, debts=last_day, at="2026-06-17T12:00:00-04:00")["rules"] == {TO_REFUSE}
    assert us(text="Hello", debts=last_day, at="2026-06-17T12:00:00-04:00") == QUIET
    # At noon of the 16th in New York it is 0:00 of the 17th in Shanghai, and so night there as well.
    later = us(text=SUIT, debts=last_day, party__timezones=["America/New_York", "Asia/Shanghai"], action__channel="letter")
    assert later["rules"] == {TO_REFUSE}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("This is the police department", {TO_REFUSE}),
        ("we will hurt you and your family", {TO_REFUSE}),
        (SUIT, set()),
        ("the balance is $1234.00", set()),
        ("the balance is $1234.01", {TO_REFUSE}),
    ],
)
def test_us_7_threats_posing_as_an_authority_and_amounts_above_the_claim_are_refused(text, rules):
    assert us(text=text)["rules"] == rules


@pytest.mark.parametrize("channel", ["email", "im", "push", "letter", "voice_bot", "call", "visit"])
def test_us_7_unscreened_wording_does_not_go_out_in_writing_or_by_machine(channel):
    found = us(text=None, action__channel=channel)
    assert found["rules"] == (set() if channel in ("call", "visit") else {TO_JUDGE})


@pytest.mark.parametrize(
    ("at", "zones", "coverage", "rules"),
    [
        ("2021-11-30T00:00:00-05:00", ["America/New_York"], "ok", {TO_REFUSE}),
        ("2021-11-29T23:59:59.999999-05:00", ["America/New_York"], "unknown", set()),
        ("2021-11-30T00:00:00-05:00", ["America/New_York", "America/Los_Angeles"], "unknown", {TO_REFUSE}),
        ("2021-11-30T00:00:00-08:00", ["America/New_York", "America/Los_Angeles"], "ok", {TO_REFUSE}),
    ],
)
def test_the_pack_covers_a_contact_from_its_first_day_in_every_zone(at, zones, coverage, rules):
    found = us(at=at, party__timezones=zones)
    assert (found["coverage"].split(": ")[0], found["rules"]) == (coverage, rules)


def test_the_pack_covers_agencies_of_whatever_licence_and_product_and_its_rules_speak_to_all():
    assert us(lender__licence="other", product="business_loan") == QUIET
    own = us(actor__kind="own")
    assert (own["verdict"], own["rules"], own["coverage"].split(": ")[0]) == ("review", set(), "unknown")
    assert us(actor__kind="own", holds=["cease"])["verdict"] == "deny"
