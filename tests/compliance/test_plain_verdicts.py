"""The oracle itself, held sentence by sentence against the specification of verdicts: `cn` 1 to 6."""

import pytest

from compliance.plain_verdicts import REFUSED
from compliance.quiet_contacts import cn, night_contact, past

S2 = ("should_not", "nifa-2024-collection")
GBT = ("should_not", "gbt-45251-2025")
CBA = ("prohibited", "cba-2026-collection")
PROHIBITED = ("prohibited", None)
TO_REFUSE = (REFUSED, None)
TO_JUDGE = ("needs_judgement", None)
TO_WARN = ("discouraged", None)
QUIET = {"verdict": "allow", "rules": set(), "retry_at": None, "coverage": "ok"}


def calls(number_of: int, outcome: str = "answered", day: str = "2026-03-03", **changes) -> list[dict]:
    return [past(f"{day}T09:0{minute}:00+08:00", outcome, **changes) for minute in range(number_of)]


def test_a_contact_that_nothing_forbids_is_allowed_without_a_rule():
    assert cn() == QUIET


@pytest.mark.parametrize(
    ("at", "rules"),
    [
        ("2026-03-01T21:59:59.999999+08:00", set()),
        ("2026-03-01T22:00:00+08:00", {GBT, CBA}),
        ("2026-03-02T00:00:00+08:00", {GBT, CBA}),
        ("2026-03-02T07:59:59.999999+08:00", {GBT, CBA}),
        ("2026-03-02T08:00:00+08:00", set()),
        ("2026-03-01T14:00:00Z", {GBT, CBA}),
        ("2026-03-01T09:00:00-05:00", {GBT, CBA}),
        ("2026-01-29T23:59:59.999999+08:00", {GBT}),
        ("2026-01-30T00:00:00+08:00", {GBT, CBA}),
        ("2025-02-28T00:00:00+08:00", {GBT}),
        ("2025-02-27T23:59:59.999999+08:00", {S2}),
        ("2024-05-15T00:00:00+08:00", {S2}),
        ("2024-05-14T23:59:59.999999+08:00", set()),
    ],
)
def test_cn_1_the_night_runs_from_22_to_8_by_the_guidelines_of_its_day(at, rules):
    assert cn(at=at)["rules"] == rules


def test_cn_1_is_judged_in_shanghai_whatever_the_party_s_zones_are():
    assert cn(at="2026-03-01T22:00:00+08:00", party__timezones=["America/New_York"])["rules"] == {GBT, CBA}
    assert cn(at="2026-03-01T12:00:00+08:00", party__timezones=["America/New_York"]) == QUIET


@pytest.mark.parametrize("channel", ["call", "voice_bot", "sms", "im", "push", "email", "visit"])
def test_cn_1_holds_for_every_channel_that_reaches_the_person_at_once(channel):
    assert {GBT, CBA} <= cn(at="2026-03-01T23:00:00+08:00", action__channel=channel)["rules"]


def test_cn_1_a_letter_has_no_hour():
    assert cn(at="2026-03-01T23:00:00+08:00", action__channel="letter") == QUIET


@pytest.mark.parametrize(("purpose", "rules"), [("reply", set()), ("notify", {GBT, CBA}), ("locate", {GBT, CBA})])
def test_cn_1_holds_for_every_purpose_but_reply(purpose, rules):
    assert cn(at="2026-03-01T23:00:00+08:00", action__purpose=purpose)["rules"] == rules


@pytest.mark.parametrize(
    ("licence", "rules"),
    [("bank", {GBT, CBA}), ("consumer_finance", {GBT, CBA}), ("microloan", {GBT}), ("agency", {GBT}), ("other", {GBT})],
)
def test_cn_1_the_banking_association_speaks_to_banks_and_consumer_finance_only(licence, rules):
    assert cn(at="2026-03-01T23:00:00+08:00", lender__licence=licence)["rules"] == rules


@pytest.mark.parametrize(
    ("at", "consent", "opens"),
    [
        ("22:00:00", night_contact("22:00", "23:00"), True),
        ("22:59:59.999999", night_contact("22:00", "23:00"), True),
        ("23:00:00", night_contact("22:00", "23:00"), False),
        ("22:00:00", night_contact("22:01", "23:00"), False),
        ("23:30:00", night_contact("23:00", "01:00"), True),
        ("00:59:59", night_contact("23:00", "01:00"), True),
        ("01:00:00", night_contact("23:00", "01:00"), False),
        ("22:30:00", night_contact("22:30", "22:30"), False),
        ("22:30:00", night_contact("22:00", "23:00", given_at="2026-03-01T22:30:00+08:00"), True),
        ("22:30:00", night_contact("22:00", "23:00", given_at="2026-03-01T22:30:00.000001+08:00"), False),
        ("22:30:00", night_contact("22:00", "23:00", revoked_at="2026-03-01T22:30:00.000001+08:00"), True),
        ("22:30:00", night_contact("22:00", "23:00", revoked_at="2026-03-01T22:30:00+08:00"), False),
    ],
)
def test_cn_1_a_consent_opens_its_hours_from_given_at_until_revoked_at(at, consent, opens):
    assert cn(at=f"2026-03-01T{at}+08:00", consents=[consent])["rules"] == (set() if opens else {GBT, CBA})


@pytest.mark.parametrize(
    ("at", "consents", "retry"),
    [
        ("2026-03-01T22:00:00+08:00", [], "2026-03-02T08:00:00+08:00"),
        ("2026-03-02T07:59:59.999999+08:00", [], "2026-03-02T08:00:00+08:00"),
        ("2026-03-01T22:00:00+08:00", [night_contact("22:17", "23:00")], "2026-03-01T22:17:00+08:00"),
        ("2026-03-01T14:30:00Z", [night_contact("22:00", "23:00", "2026-03-01T22:45:00.5+08:00")], "2026-03-01T22:45:00.500000+08:00"),
        ("2026-03-01T22:30:00+08:00", [night_contact("22:40", "23:00", revoked_at="2026-03-01T22:40:00+08:00")], "2026-03-02T08:00:00+08:00"),
    ],
)
def test_cn_1_is_over_at_8_or_when_a_consent_opens_the_hour(at, consents, retry):
    assert cn(at=at, consents=consents)["retry_at"] == retry


@pytest.mark.parametrize(
    ("history", "rules"),
    [
        (calls(2), set()),
        (calls(3), {GBT}),
        (calls(3, "refused"), {GBT}),
        (calls(3, "unknown"), {GBT}),
        (calls(3, "delivered"), set()),
        (calls(3, "busy"), set()),
        (calls(3, number="n2", actor="A2"), {GBT}),
        (calls(2) + calls(1, channel="voice_bot"), {GBT}),
        (calls(2) + calls(1, channel="sms"), set()),
        (calls(2) + calls(1, direction="inbound"), set()),
        (calls(2) + calls(1, party="P2"), set()),
        (calls(2) + [past("2026-03-03T00:00:00+08:00", "answered")], {GBT}),
        (calls(2) + [past("2026-03-02T23:59:59.999999+08:00", "answered")], set()),
        (calls(2) + [past("2026-03-03T10:00:00+08:00", "answered")], {GBT}),
        (calls(2) + [past("2026-03-03T10:00:00.000001+08:00", "answered")], set()),
    ],
)
def test_cn_2_the_fourth_effective_call_of_a_day_is_refused(history, rules):
    assert cn(history=history)["rules"] == rules


def test_cn_2_holds_for_calls_to_the_debtor_for_every_purpose_but_reply_and_ends_at_midnight_or_8():
    refused = cn(history=calls(3))
    assert (refused["verdict"], refused["retry_at"]) == ("deny", "2026-03-04T08:00:00+08:00")
    assert cn(history=calls(3), action__purpose="notify")["rules"] == {GBT}
    assert cn(history=calls(3), action__channel="voice_bot")["rules"] == {GBT}
    assert cn(history=calls(3), action__purpose="reply") == QUIET
    assert cn(history=calls(3), action__channel="sms") == QUIET
    assert cn(history=calls(3, party="P2"), party__id="P2", party__relation="guarantor") == QUIET
    assert cn(history=calls(3), consents=[night_contact("00:00", "08:00")])["retry_at"] == "2026-03-04T00:00:00+08:00"


def test_cn_2_begins_on_the_first_day_of_the_standard():
    assert cn(at="2025-02-28T10:00:00+08:00", history=calls(3, day="2025-02-28"))["rules"] == {GBT}
    assert cn(at="2025-02-27T10:00:00+08:00", history=calls(3, day="2025-02-27")) == QUIET


@pytest.mark.parametrize(
    ("history", "rules"),
    [
        (calls(5, "no_answer"), set()),
        (calls(6, "no_answer"), {TO_WARN}),
        (calls(6, "busy"), {TO_WARN}),
        (calls(6, "invalid_number"), set()),
        (calls(5, "no_answer") + calls(1, "no_answer", number="n2"), set()),
        (calls(5, "no_answer") + calls(1, "no_answer", party="P2"), set()),
        (calls(5, "no_answer") + calls(1, "no_answer", direction="inbound"), set()),
        (calls(5, "no_answer") + calls(1, "no_answer", day="2026-03-02"), set()),
        (calls(5, "no_answer") + calls(1, "busy", channel="voice_bot"), {TO_WARN}),
    ],
)
def test_cn_3_the_seventh_dial_in_vain_to_a_number_on_a_day_warns(history, rules):
    assert cn(history=history)["rules"] == rules


def test_cn_3_warns_banks_and_consumer_finance_from_its_first_day_for_every_purpose_and_names_no_retry():
    six = calls(6, "no_answer")
    assert cn(history=six) == {"verdict": "warn", "rules": {TO_WARN}, "retry_at": None, "coverage": "ok"}
    assert cn(history=six, action__purpose="reply")["rules"] == {TO_WARN}
    assert cn(history=six, lender__licence="consumer_finance")["rules"] == {TO_WARN}
    assert cn(history=six, lender__licence="microloan") == QUIET
    assert cn(at="2026-01-30T10:00:00+08:00", history=calls(6, "busy", day="2026-01-30"))["rules"] == {TO_WARN}
    assert cn(at="2026-01-29T10:00:00+08:00", history=calls(6, "busy", day="2026-01-29")) == QUIET


@pytest.mark.parametrize(
    ("relation", "purpose", "rules"),
    [
        ("co_debtor", "collect", set()),
        ("guarantor", "collect", set()),
        ("spouse", "collect", {TO_JUDGE}),
        ("spouse", "locate", set()),
        ("spouse", "notify", set()),
        ("other", "collect", {PROHIBITED}),
        ("other", "locate", {PROHIBITED}),
        ("other", "notify", set()),
        ("other", "reply", set()),
        ("reserved_contact", "collect", {PROHIBITED}),
        ("reserved_contact", "locate", {TO_REFUSE}),
        ("reserved_contact", "notify", set()),
    ],
)
def test_cn_4_says_towards_whom_each_purpose_is_open(relation, purpose, rules):
    found = cn(party__id="P2", party__relation=relation, action__purpose=purpose)
    assert (found["rules"], found["retry_at"]) == (rules, None)
    assert found["verdict"] == ("allow" if not rules else "review" if rules == {TO_JUDGE} else "deny")


def locating(**changes) -> dict:
    return cn(**{"party__id": "P2", "party__relation": "reserved_contact", "action__purpose": "locate", **changes})


INVALID = past("2026-03-03T09:00:00+08:00", "invalid_number")


@pytest.mark.parametrize(
    ("numbers", "history", "open_"),
    [
        (["n1"], [INVALID], True),
        (["n1", "n2"], [INVALID], False),
        (["n1", "n2"], [INVALID, {**INVALID, "number": "n2", "channel": "sms"}], True),
        ([], [INVALID], False),
        (["n1"], [INVALID, past("2026-03-03T09:00:01+08:00", "busy")], False),
        (["n1"], [INVALID, past("2026-03-03T09:00:00+08:00", "busy")], False),
        (["n1"], [INVALID, past("2026-03-03T08:59:59+08:00", "answered")], True),
        (["n1"], [INVALID, past("2026-03-03T10:00:00.000001+08:00", "answered")], True),
        (["n1"], [INVALID, past("2026-03-03T09:30:00+08:00", "answered", direction="inbound")], True),
        (["n1"], [{**INVALID, "party": "P2"}], False),
        (["n1"], [{**INVALID, "channel": "email"}], False),
    ],
)
def test_cn_5_opens_once_the_latest_try_of_every_number_found_it_invalid(numbers, history, open_):
    assert locating(debtor__numbers=numbers, history=history)["rules"] == (set() if open_ else {TO_REFUSE})


FAILED = [past(f"2026-03-02T1{hour}:00:00+08:00", outcome) for hour, outcome in enumerate(("no_answer", "busy", "invalid_number"))]


@pytest.mark.parametrize(
    ("history", "open_", "retry"),
    [
        (FAILED, True, None),
        (FAILED[:2], False, None),
        (FAILED[:2] + [past("2026-03-03T09:00:00+08:00")], False, "2026-03-04T08:00:00+08:00"),
        ([past("2026-03-02T09:00:00+08:00", "answered"), *FAILED], True, None),
        ([*FAILED, past("2026-03-02T23:00:00+08:00", "answered")], False, None),
        ([past("2026-03-02T12:00:00+08:00", "answered"), *FAILED], False, None),
        ([*FAILED, past("2026-03-03T09:00:00+08:00", "busy")], False, "2026-03-04T08:00:00+08:00"),
        (FAILED[:2] + [past("2026-03-02T23:59:59.999999+08:00")], True, None),
        (FAILED[:2] + [past("2026-03-03T00:00:00+08:00")], False, "2026-03-04T08:00:00+08:00"),
        (FAILED[:2] + [past("2026-03-02T12:00:00+08:00", channel="sms")], False, None),
        (FAILED[:2] + [past("2026-03-02T12:00:00+08:00", channel="voice_bot", number="n9")], True, None),
    ],
)
def test_cn_5_opens_on_the_day_after_the_third_failure_in_a_row(history, open_, retry):
    found = locating(debtor__numbers=["n7"], history=history)
    assert (found["rules"], found["retry_at"]) == (set() if open_ else {TO_REFUSE}, retry)


@pytest.mark.parametrize(("status", "open_"), [("deceased", True), ("incapacitated", True), ("bankrupt", False), ("minor", False)])
def test_cn_5_opens_where_the_debtor_is_deceased_or_incapacitated(status, open_):
    assert locating(debtor__status=[status])["rules"] == (set() if open_ else {TO_REFUSE})


def test_cn_5_a_contact_who_once_refused_is_left_in_peace_for_good_but_for_replies():
    refused = [INVALID, past("2024-06-01T09:00:00+08:00", "refused", party="P2", number="n5")]
    assert locating(history=refused)["rules"] == {PROHIBITED}
    assert locating(history=refused)["retry_at"] is None
    assert locating(history=refused, action__purpose="notify")["rules"] == {PROHIBITED}
    assert locating(history=refused, action__purpose="reply") == QUIET
    assert locating(history=[INVALID, {**refused[1], "party": "P3"}]) == QUIET


@pytest.mark.parametrize(
    ("channel", "staff", "recorded", "rules"),
    [
        ("visit", 2, True, set()),
        ("visit", 1, True, {PROHIBITED}),
        ("visit", 2, False, {PROHIBITED}),
        ("call", 0, True, set()),
        ("call", 2, False, {PROHIBITED}),
        ("voice_bot", 0, False, {PROHIBITED}),
        ("sms", 0, False, set()),
    ],
)
def test_cn_6_visits_have_two_staff_and_visits_and_calls_are_recorded(channel, staff, recorded, rules):
    asked = {"action__channel": channel, "action__staff": staff, "action__recorded": recorded}
    assert cn(**asked)["rules"] == rules
    assert cn(**asked, action__purpose="reply")["rules"] == rules
    assert cn(**asked, at="2026-01-30T10:00:00+08:00")["rules"] == rules
    assert cn(**asked, at="2026-01-29T10:00:00+08:00") == QUIET
    assert cn(**asked, lender__licence="microloan") == QUIET
    assert cn(**asked)["retry_at"] is None
