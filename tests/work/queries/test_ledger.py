"""The ledger shows every contact of the frame once, to whom policy shows it, by an index, in as many queries for one as for many."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arrears.refusal import Refused
from arrears.work.ledger_frame import Frame, frame_of
from arrears.work.queries.ledger import COUNTED_OF_SOME, count_of, ledger, makers, place_of
from arrears.work.tenancy import seen_by

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 2)
WEEK = Frame(date(2026, 10, 27), TODAY)


def contact(work, lender, case, at: datetime, **more) -> UUID:
    """One contact of the case, as an action would leave it."""
    from arrears.work.models import Contact

    with work.writing(lender):
        return Contact.objects.create(**{"lender": lender, "case": case, "attempted_at": at, "channel": "call", "direction": "outbound", "relation": "debtor", "outcome": "answered", "verdict": "allow", **more}).pk


@pytest.fixture
def bank(work):
    lender = work.lender()
    return lender, work.actor(lender, "compliance_officer"), work.case(lender, "a", people=False)


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 10, day, hour - 8, tzinfo=UTC) if day > 20 else datetime(2026, 11, day, hour - 8, tzinfo=UTC)


def test_days_are_the_lenders_and_both_ends_belong_to_them(work, bank):
    lender, officer, case = bank
    inside = [contact(work, lender, case, datetime(2026, 10, 26, 16, tzinfo=UTC)), contact(work, lender, case, datetime(2026, 11, 2, 15, 59, 59, tzinfo=UTC))]
    contact(work, lender, case, datetime(2026, 10, 26, 15, 59, 59, tzinfo=UTC))
    contact(work, lender, case, datetime(2026, 11, 2, 16, tzinfo=UTC))
    assert {line.id for line in ledger(officer, WEEK).lines} == set(inside)


def test_each_filter_shows_what_it_says_and_no_other(work, bank):
    lender, officer, case = bank
    agency = work.actor(lender, "agency_worker", work.team(lender, "agency", "agency").code)
    mine = work.actor(lender, "collector", "a", holds=True)
    other = work.case(lender, "a", people=False)
    by = {
        "sms": contact(work, lender, case, at(30), channel="sms"), "denied": contact(work, lender, case, at(30), verdict="deny", rules=["cn.quiet_hours", "cn.calls_per_day"]),
        "unasked": contact(work, lender, case, at(30), verdict=None), "mine": contact(work, lender, case, at(30), made_by_id=mine.account), "agency": contact(work, lender, case, at(30), made_by_id=agency.account),
        "other": contact(work, lender, other, at(30)),
    }
    roster = next(line.collector for line in ledger(officer, WEEK).lines if line.id == by["mine"])

    def found(**said):
        return {name for line in ledger(officer, frame_of({"from_on": "2026-10-27", "to_on": "2026-11-02", **said}, TODAY)).lines for name, key in by.items() if key == line.id}

    assert found() == set(by)
    assert found(channel="sms") == {"sms"} and found(verdict="deny") == {"denied"} and found(verdict="unasked") == {"unasked"}
    assert found(rule="cn.quiet_hours") == {"denied"} and found(rule="cn.calls_per_day", verdict="deny") == {"denied"} and found(rule="cn.cease") == set()
    assert found(collector=roster) == {"mine"} and found(team="a") == {"mine"} and found(team="agency") == {"agency"} and found(is_agency="1") == {"agency"}
    assert found(borrower_id=other.borrower_id) == {"other"} and found(borrower_id="nobody") == set()


@pytest.mark.parametrize("rule", [None, "cn.cease"])
def test_pages_follow_one_another_without_gap_or_repeat_where_many_have_the_same_moment(work, bank, rule):
    lender, officer, case = bank
    keys = [contact(work, lender, case, at(30) + timedelta(minutes=number // 4), rules=["cn.cease"]) for number in range(23)]
    frame = Frame(WEEK.from_on, WEEK.to_on, rule=rule)
    shown, after, pages = [], None, 0
    while True:
        page = ledger(officer, frame, after, 5)
        shown += page.lines
        pages += 1
        if page.after is None:
            break
        after = page.after
    assert pages == 5 and {line.id for line in shown} == set(keys) and len(shown) == 23 and page.found == 23 and not page.is_estimate
    assert [(line.at, line.id) for line in shown] == sorted(((line.at, line.id) for line in shown), reverse=True)


def test_a_lead_sees_their_teams_an_auditor_all_a_collector_none_and_no_lender_anothers(work, bank):
    lender, officer, case = bank
    there = work.case(lender, "b", people=False)
    elsewhere = work.lender()
    keys = {name: contact(work, whose, of, at(30), verdict="deny", rules=["cn.cease"]) for name, whose, of in (("a", lender, case), ("b", lender, there), ("c", elsewhere, work.case(elsewhere, "a", people=False)))}
    for frame in (WEEK, Frame(WEEK.from_on, WEEK.to_on, rule="cn.cease"), Frame(WEEK.from_on, WEEK.to_on, verdict="deny")):
        seen = {role: {name for line in ledger(work.actor(lender, role, team), frame).lines for name, key in keys.items() if key == line.id}
                for role, team in (("compliance_officer", None), ("auditor", None), ("team_lead", "a"), ("collector", "a"), ("agency_worker", "b"), ("strategist", None), ("administrator", None))}
        assert seen == {"compliance_officer": {"a", "b"}, "auditor": {"a", "b"}, "team_lead": {"a"}, "collector": set(), "agency_worker": set(), "strategist": set(), "administrator": set()}
    assert count_of(work.actor(lender, "team_lead", "a"), WEEK) == 1


@pytest.mark.parametrize("rule", [None, "cn.cease"])
def test_a_lead_is_shown_all_of_theirs_though_each_page_looks_through_a_few_of_all_teams(work, bank, monkeypatch, rule):
    """Of 60 contacts each seventh is the lead's, eight at the same moment; a page looks through ten."""
    lender, _, case = bank
    there, lead = work.case(lender, "b", people=False), work.actor(lender, "team_lead", "a")
    keys = [contact(work, lender, there if number % 7 else case, at(30) + timedelta(minutes=number // 8), rules=["cn.cease"]) for number in range(60)]
    frame, mine = Frame(WEEK.from_on, WEEK.to_on, rule=rule), set(keys[::7])
    whole = ledger(lead, frame)
    assert {line.id for line in whole.lines} == mine and (whole.found, whole.is_more, whole.after, whole.looked_until) == (len(mine), False, None, None)
    monkeypatch.setattr("arrears.work.queries.ledger.LOOKED_MOST", 10)
    shown, after, pages = [], None, 0
    while True:
        page = ledger(lead, frame, after, 5)
        assert (page.looked_until is None) == (page.after is None) and page.is_more and page.found <= 10
        shown += [line.id for line in page.lines]
        pages += 1
        if page.after is None:
            break
        after = page.after
    assert pages == 6 + 1 and len(shown) == len(mine) and set(shown) == mine


def test_the_database_itself_keeps_the_rules_of_a_contact_beside_it(work, bank):
    from arrears.work.models import Contact, ContactRule

    lender, officer, case = bank
    key = contact(work, lender, case, at(30), rules=["cn.cease", "cn.cease", "cn.minor"])

    def told():
        with seen_by(officer):
            return sorted(ContactRule.objects.filter(contact=key).values_list("rule", "attempted_at"))

    assert told() == [("cn.cease", at(30)), ("cn.minor", at(30))]
    with work.writing(lender):
        Contact.objects.filter(pk=key).update(rules=["cn.deceased"], attempted_at=at(31))
    assert told() == [("cn.deceased", at(31))]
    with work.writing(lender):
        Contact.objects.filter(pk=key).update(outcome="busy")
    assert told() == [("cn.deceased", at(31))]


def test_as_many_queries_for_one_contact_as_for_sixty(work, bank):
    lender, officer, case = bank
    mine = work.actor(lender, "collector", "a", holds=True)
    counts = []
    for many in (1, 59):
        for _ in range(many):
            contact(work, lender, case, at(30), made_by_id=mine.account, rules=["cn.cease"], verdict="deny")
        for frame in (WEEK, Frame(WEEK.from_on, WEEK.to_on, rule="cn.cease", team="a")):
            with CaptureQueriesContext(connection) as caught:
                ledger(officer, frame)
            counts.append(len(caught))
    assert counts[:2] == counts[2:] and max(counts) <= 7


@pytest.mark.parametrize("said", [{"from_on": "yesterday"}, {"from_on": "2026-13-01"}, {"from_on": "2026-11-03", "to_on": "2026-11-02"}, {"from_on": "1900-01-01"}, {"channel": "pigeon"}, {"verdict": "maybe"},
                                  {"rule": "x" * 121}, {"collector": "a\x00b"}, {"borrower_id": "\n"*3 + "a\nb"}])
def test_what_cannot_be_chosen_is_refused(said):
    with pytest.raises(Refused):
        frame_of(said, TODAY)


@pytest.mark.parametrize("text", ["", "~", "2026-11-02~x", "2026-11-02T10:00:00~" + str(UUID(int=7)), "x~" + str(UUID(int=7)), "2026-11-02T10:00:00+00:00"])
def test_a_place_that_no_page_told_is_refused(text):
    with pytest.raises(Refused):
        place_of(text)


def test_teams_to_choose_among_are_ones_own(work, bank):
    lender, officer, _ = bank
    work.collector(lender, "b", "c-b")
    assert ("b", False) in makers(officer)[1] and "c-b" in makers(officer)[0]
    assert makers(work.actor(lender, "team_lead", "a")) == ([], [("a", False)])


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """What large_ledger.py found in a home of its own."""
    out = tmp_path_factory.mktemp("large") / "told.json"
    subprocess.run([sys.executable, str(Path(__file__).with_name("large_ledger.py")), str(out)], check=True, env=ENVIRONMENT, timeout=600)
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.parametrize("frame, index", [("whole", "contact_ledger"), ("denied", "contact_verdicts"), ("letters", "contact_channels"), ("rule", "contact_rule_ledger")])
@pytest.mark.parametrize("role", ["compliance_officer", "auditor", "team_lead"])
def test_a_page_of_a_large_ledger_is_read_from_an_index_in_its_own_order(large, role, frame, index):
    plan = large["plans"][f"{role} {frame}"]
    assert f'"Index Name": "{index}"' in plan and '"Node Type": "Sort"' not in plan, plan


def test_many_are_counted_by_a_share_of_the_table_and_few_one_by_one(large):
    days = (datetime(2026, 11, 2, 10, tzinfo=UTC) - datetime(2025, 10, 31, 16, tzinfo=UTC)) / timedelta(minutes=14)
    whole, rule, lead = (large["pages"][name] for name in ("compliance_officer whole", "compliance_officer rule", "team_lead whole"))
    assert whole["is_estimate"] and not whole["is_more"] and abs(whole["found"] - days) < 0.1 * days
    assert rule["found"] == int(days) // 100 and not rule["is_estimate"]
    assert (lead["found"], lead["is_more"], lead["is_estimate"], lead["lines"]) == (COUNTED_OF_SOME, True, False, 50)
