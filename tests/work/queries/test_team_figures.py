"""A team's figures are what a hand count of the rows gives, their lists sum to them, borders hold, and a thousand rows take as many statements as one."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arrears.refusal import Refused
from arrears.work.actions.action import ZONE, Forbidden
from arrears.work.models import (
    Account,
    Case,
    Collector,
    Complaint,
    Contact,
    Dispute,
    Hold,
    Placement,
    Promise,
    Reminder,
)
from arrears.work.queries.team_figures import own_figures, team_figures
from arrears.work.queries.team_lists import NAMES, SIZE, Wanted, case_ids, own_list, team_list
from arrears.work.queries.team_sets import CASES, CONTACTS
from work.action_scenes import World

TODAY = date(2026, 11, 2)


class Team:
    """One team of two collectors, ann and ben, with everything that is counted; and another team, with the same in one case."""

    def __init__(self, work):
        self.world = World(work)
        self.lender, self.work = self.world.lender, work
        self.accounts, self.collectors = {}, {}
        for name, team in (("ann", "n"), ("ben", "n"), ("far", "s")):
            self.collectors[name] = work.collector(self.lender, team)
            self.accounts[name] = work.account(self.lender, "collector", team, self.collectors[name])
        self.lead, self.compliance = work.actor(self.lender, "team_lead", "n"), self.world.compliance

    def case(self, holder: str | None, team: str = "n", *, worked: int | None = None, placed: int = 60, **more) -> Case:
        """worked, placed: so many days ago; worked 0: at nine this morning."""
        case = self.work.case(self.lender, team, holder and self.collectors[holder].id, people=False)
        with self.work.writing(self.lender):
            at = None if worked is None else datetime(2026, 11, 2, 9, tzinfo=ZONE) - timedelta(days=worked)
            Case.objects.filter(pk=case.pk).update(worked_at=at, **more)
            Placement.objects.filter(case=case).update(placed_on=TODAY - timedelta(days=placed))
        return case

    def contact(self, case: Case, by: str, days: int = 0, **more) -> None:
        told = {"channel": "call", "direction": "outbound", "relation": "debtor", "outcome": "answered", **more}
        with self.work.writing(self.lender):
            Contact.objects.create(lender=self.lender, case=case, made_by=self.accounts[by], attempted_at=datetime(2026, 11, 2, 8, 30, tzinfo=ZONE) - timedelta(days=days), **told)

    def promise(self, case: Case, by: str, taken: int, due: int, state: str = "open", amount: int = 1000) -> None:
        """taken, due: days from today, the past negative."""
        with self.work.writing(self.lender):
            Promise.objects.create(lender=self.lender, case=case, loan_id="L", promised_on=TODAY + timedelta(days=taken), pay_by_on=TODAY + timedelta(days=due), currency="CNY", amount_minor=amount, state=state, taken_by=self.accounts[by])

    def matter(self, model, case: Case, days: int) -> None:
        with self.work.writing(self.lender):
            hold = Hold.objects.create(lender=self.lender, case=case, kind=model.__name__.lower(), placed_at=self.work.at)
            model.objects.create(lender=self.lender, case=case, raised_at=self.work.at, answer_by_on=TODAY + timedelta(days=days), ground="amount", hold=hold)

    def figures(self, actor=None, code=None):
        return team_figures(actor or self.lead, self.work.at, code)

    def listed(self, name: str, actor=None, code: str | None = None, **more):
        return team_list(actor or self.lead, self.work.at, code, Wanted(name, **more))


@pytest.fixture(scope="module")
def team(work) -> Team:
    """Everything once or twice, and beside each thing one that is just not counted."""
    made = Team(work)
    a = [made.case("ann", worked=0), made.case("ann", worked=13), made.case("ann", worked=14), made.case("ann", worked=None), made.case("ann", worked=20, placed=13)]
    b = [made.case("ben", worked=0, bucket="M2", currency="USD"), made.case(None, rank=None)]
    far = made.case("far", "s", worked=30)
    made.contact(a[0], "ann"), made.contact(a[0], "ann", outcome="no_answer"), made.contact(a[1], "ann", direction="inbound"), made.contact(a[1], "ann", channel="sms"), made.contact(a[2], "ann", days=1)
    made.contact(b[0], "ben", relation="guarantor"), made.contact(far, "far"), made.contact(far, "ben")
    made.promise(a[0], "ann", 0, 0), made.promise(a[1], "ann", 0, 6, amount=500), made.promise(a[1], "ann", 0, 7), made.promise(b[0], "ben", 0, 1, "withdrawn"), made.promise(a[0], "ann", -2, 5)
    made.promise(a[2], "ann", -10, -1, "kept"), made.promise(a[2], "ann", -10, -5, "broken"), made.promise(a[1], "ann", -20, -14, "part_kept"), made.promise(a[3], "ben", -20, -14, "broken", 700), made.promise(a[3], "ben", -50, -31, "kept")
    made.promise(far, "far", -10, -5, "broken")
    made.matter(Dispute, a[0], 3), made.matter(Dispute, a[1], 4), made.matter(Dispute, a[2], -1), made.matter(Complaint, b[0], 0), made.matter(Complaint, far, 0)
    with work.writing(made.lender):
        for case, minutes in ((a[0], -1), (a[0], 1), (far, -1)):
            Reminder.objects.create(lender=made.lender, case=case, kind="call_back", due_at=work.at + timedelta(minutes=minutes), made_at=work.at)
        for number, (why, days) in enumerate((("paid", 0), ("settled", 30), ("recalled", 3), ("paid", 31))):
            Case.objects.create(lender=made.lender, borrower_id=f"gone-{number}", team=b[1].team, state="closed", opened_on="2026-01-01", as_of="2026-10-31", closed_on=TODAY - timedelta(days=days), closed_why=why,
                                currency="CNY", claimable_minor=1, days_past_due=1, bucket="M1")
    return made


def test_who_holds_what_is_what_a_hand_count_gives(team):
    told = team.figures()
    assert (told.team, told.teams) == ("n", ("n",))
    assert told.cases == {"all": 7, "worked": 2, "to_work": 6, "idle": 2, "left": 0, "nobody": 1, "away": 0}
    assert told.money == {"CNY": 60000, "USD": 10000} and {bucket: (share.cases, share.money) for bucket, share in told.buckets.items()} == {"M1": (6, {"CNY": 60000}), "M2": (1, {"USD": 10000})}
    ann = next(line for line in told.people if line.id == team.collectors["ann"].id)
    assert ann.cases == {"all": 5, "worked": 1, "to_work": 5, "idle": 2} and ann.minutes == 5 * 6
    assert [line.id for line in told.people][-1] is None and told.people[-1].cases["all"] == 1


def test_idle_is_neither_worked_nor_newly_given_for_so_many_whole_days(team):
    """Worked 14 days ago and given 60 days ago: idle; worked 13 days ago, or given 13 days ago: not."""
    keys, count = case_ids(team.lead, team.work.at, "n", Wanted("idle"), 10)
    assert count == len(keys) == 2


def test_what_was_done_is_what_a_hand_count_gives(team):
    told = team.figures()
    ann = next(line for line in told.people if line.id == team.collectors["ann"].id)
    assert ann.did["today"] == {"attempts": 2, "reached_out": 1, "reached": 2, "contacts": 4, "cases": 2, "promises": 3}
    assert told.did["today"]["attempts"] == 4 and told.did["today"]["reached_out"] == 2 and told.did["today"]["cases"] == 4
    assert told.did["week"] == told.did["today"], "today is a Monday"
    assert told.kept == {"kept": 1, "broken": 2, "part_kept": 1} and told.kept_money == {"CNY": {"kept": 1000, "broken": 1700, "part_kept": 1000}}
    assert (told.expected["today"].cases, told.expected["week"].cases, told.expected["week"].money) == (1, 3, {"CNY": 2500})
    assert (told.near, told.reminders, told.closed, told.paid) == ({"dispute": 2, "complaint": 1}, 1, 3, 2)


def test_a_broken_promise_is_unfollowed_where_nobody_worked_the_case_after_its_day(team):
    """Broken on the 28th in a case last worked on the 19th; broken on the 19th in one never worked; but not where it was worked on the 20th, the day after."""
    assert (team.figures().unfollowed.cases, team.figures().unfollowed.money) == (2, {"CNY": 1700})


@pytest.mark.parametrize("name", NAMES)
def test_each_list_sums_to_its_figure(team, name):
    told = team.figures()
    figure = {**{one: told.cases.get(one) for one in CASES}, **{one: told.did["today"].get(one) for one in CONTACTS}, "contacts_cases": told.did["today"]["cases"], "promises": told.did["today"]["promises"], "told": sum(told.kept.values()),
              "expected": told.expected["today"].cases, "unfollowed": told.unfollowed.cases, "dispute": told.near["dispute"], "complaint": told.near["complaint"], "reminders": told.reminders, "closed": told.closed, "paid": told.paid, "due_away": 0}[name]
    shown = team.listed(name)
    assert shown.count == figure == len(shown.cases) + len(shown.deeds)


def test_lists_of_all_people_buckets_and_states_are_parts_that_sum_to_the_whole(team):
    told = team.figures()
    for name in ("all", "idle", "worked", "to_work"):
        assert [team.listed(name, of=str(line.id) if line.id else "nobody").count for line in told.people] == [line.cases[name] for line in told.people]
    assert {bucket: team.listed("all", bucket=bucket).money for bucket in told.buckets} == {bucket: share.money for bucket, share in told.buckets.items()}
    assert {state: team.listed("told", state=state).count for state in told.kept} == told.kept
    for line in (one for one in told.people if one.id):
        assert team.listed("attempts", of=str(line.id)).count == line.did["today"].get("attempts", 0)


def test_of_a_contact_in_a_case_of_another_team_only_that_it_was_is_told(team):
    deeds = team.listed("contacts", of=str(team.collectors["ben"].id)).deeds
    assert [(deed.case is None, deed.borrower_id == "") for deed in deeds].count((True, True)) == 1 and len(deeds) == 2


def test_a_lead_sees_their_own_team_compliance_and_audit_every_one_and_others_none(team):
    work, lender = team.work, team.lender
    assert team.figures(work.actor(lender, "team_lead", "s")).cases["all"] == 1
    for who in (team.compliance, work.actor(lender, "auditor")):
        assert team.figures(who, "s").cases["all"] == 1 and team.figures(who, "n").cases["all"] == 7
    for who, code in ((team.lead, "s"), (team.lead, "nowhere"), (work.actor(lender, "collector", "n", holds=True), "n"), (work.actor(lender, "strategist"), "n"), (work.actor(lender, "administrator"), "n"), (work.actor(work.lender(), "team_lead", "n"), "n")):
        with pytest.raises(Forbidden):
            team.figures(who, code)
        with pytest.raises(Forbidden):
            team.listed("all", who, code)


def test_a_collectors_own_figures_are_their_line_of_the_teams_and_the_lists_theirs_alone(team):
    me = replace(team.work.actor(team.lender, "collector", "n"), account=team.accounts["ann"].id, collector=team.collectors["ann"].id)
    told, line = own_figures(me, team.work.at), next(one for one in team.figures().people if one.id == team.collectors["ann"].id)
    assert told.cases["all"] == line.cases["all"] and told.did["today"] == line.did["today"] and told.kept == line.kept
    for name in ("all", "idle", "attempts", "promises", "told"):
        shown = own_list(me, team.work.at, Wanted(name, of=str(team.collectors["ben"].id)))
        assert shown.count == {**line.cases, **line.did["today"], "told": sum(line.kept.values())}[name]
    assert own_list(me, team.work.at, Wanted("expected")).count == told.expected["today"].cases == 1
    with pytest.raises(Forbidden):
        own_figures(team.lead, team.work.at)


@pytest.mark.parametrize("wanted", [Wanted("everything"), Wanted("all", of="x"), Wanted("attempts", period="year"), Wanted("attempts", of=str(UUID(int=1)))], ids=["no list", "no id", "no period", "nobody"])
def test_a_list_that_there_is_none_of_is_refused(team, wanted):
    with pytest.raises(Refused):
        team_list(team.lead, team.work.at, None, wanted)


def test_as_many_statements_for_many_rows_as_for_few(team):
    def counted(read) -> int:
        with CaptureQueriesContext(connection) as context:
            read()
        return len(context.captured_queries)

    few = [counted(team.figures), counted(lambda: team.listed("all")), counted(lambda: team.listed("contacts"))]
    case = team.case("ben", worked=1)
    for _ in range(12):
        team.contact(team.case("ben", worked=1), "ben", days=2)
        team.contact(case, "ben", days=3)
        team.promise(case, "ben", -3, 20)
    with team.work.writing(team.lender):
        Collector.objects.create(lender=team.lender, team=team.collectors["ben"].team, roster_name=f"new-{team.lender}")
    assert [counted(team.figures), counted(lambda: team.listed("all")), counted(lambda: team.listed("contacts"))] == few
    assert Account.objects.count() and SIZE == 50
