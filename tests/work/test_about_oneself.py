"""Nobody meets a complaint about themselves: in no list, count, figure, log, export, paper or approval; everybody else does."""

from datetime import timedelta
from uuid import UUID

import pytest

from arrears.work.actions.action import Forbidden
from arrears.work.actor import Actor
from arrears.work.models import Attachment, Reminder
from arrears.work.queries.approvals import waiting_approvals
from arrears.work.queries.cases import one_case
from arrears.work.queries.clocks import clocks
from arrears.work.queries.entries import entries_of
from arrears.work.queries.log import latest_entries
from arrears.work.queries.matters import list_matters, open_matters, tiles
from arrears.work.queries.one_matter import one_matter
from arrears.work.queries.queue import reminders_of
from arrears.work.queries.team_figures import team_figures
from arrears.work.queries.team_lists import Wanted, team_list
from work.action_scenes import World


@pytest.fixture
def world(work) -> World:
    return World(work)


class Met:
    """What an actor meets of complaints, list by list."""

    def __init__(self, world: World, actor: Actor):
        self.world, self.actor, self.now, self.today = world, actor, world.work.at, world.work.at.date()

    def everything(self) -> dict[str, int]:
        sheet, case = one_case(self.actor, self.world.case.id), self.world.case.id
        told = {
            "queue": sum(line.kind == "complaint" for line in list_matters(self.actor, self.today).lines),
            "tiles": tiles(self.actor, self.now).by_kind["complaint"],
            "home": sum(one.kind == "complaint" for one in open_matters(self.actor, self.today)),
            "sheet": len(sheet.parts["complaints"]),
            "papers": sum(one["record_kind"] == "complaint_file" for one in sheet.parts["attachments"]),
            "reminders": sum(one["kind"] == "answer_due" for one in reminders_of(sheet)),
            "figures": clocks(self.actor, self.now).by_kind["complaint"].raised,
            "approvals": sum(one.kind == "extension" for one in waiting_approvals(self.actor)),
        }
        return told | self._of_log(case) | self._of_team()

    def _of_log(self, case: UUID) -> dict[str, int]:
        named = [one for one in entries_of(self.actor, case) if "complaint" in one.result or "complaint" in one.parameters] if self._reads_the_log else []
        return {"entries": len(named), "log": sum("complaint" in one.verb for one in latest_entries(self.actor))} if self._reads_the_log else {}

    @property
    def _reads_the_log(self) -> bool:
        return bool(self.actor.roles & {"compliance_officer", "auditor"})

    def _of_team(self) -> dict[str, int]:
        if not self.actor.roles & {"team_lead", "compliance_officer"}:
            return {}
        told = team_figures(self.actor, self.now, self.world.team)
        return {"team": told.near["complaint"], "team_reminders": told.reminders, "team_list": team_list(self.actor, self.now, self.world.team, Wanted("complaint")).count}


def raised(world: World, **about) -> str:
    """A complex complaint, with further days asked for, a paper of it, a reminder of its answer, whose last day is near."""
    key = world.do("complaint.raise", {"ground": "wording", "matter": "complex", **about})["complaint"]
    asker = world.work.actor(world.lender, "compliance_officer")
    world.do("complaint.extend", {"complaint": key}, actor=asker)
    world.do("attachment.add", {"kind": "proof", "record_kind": "complaint_file", "content": b"a letter", "made_at": world.work.at})
    with world.work.writing(world.lender):
        Reminder.objects.create(lender=world.lender, case=world.case, kind="answer_due", subject=key, due_at=world.work.at - timedelta(hours=1), made_at=world.work.at)
        from arrears.work.models import Complaint

        Complaint.objects.filter(pk=key).update(answer_by_on=world.work.at.date())
    return key


@pytest.mark.parametrize(("role", "by"), [("collector", "about"), ("collector", "about_account"), ("team_lead", "about"), ("team_lead", "about_account"), ("compliance_officer", "about_account")])
def test_whom_a_complaint_is_about_meets_it_in_no_list_and_their_equals_do_in_all(world, role, by):
    me, equal = (world.work.actor(world.lender, role, *(() if role == "compliance_officer" else (world.team,)), holds=role != "compliance_officer") for _ in range(2))
    with world.work.writing(world.lender):
        type(world.case).objects.filter(pk=world.case.pk).update(held_by=me.collector)
    raised(world, **{by: str(me.collector if by == "about" else me.account)})
    mine = Met(world, me).everything()
    assert mine == dict.fromkeys(mine, 0)
    if role != "collector":
        theirs = Met(world, equal).everything()
        assert {name for name, count in theirs.items() if not count} <= ({"approvals"} if role == "team_lead" else set()), theirs


def test_nobody_decides_or_asks_for_the_days_of_a_complaint_about_themselves_and_opens_no_paper_of_it(world):
    me, asker = world.compliance, world.work.actor(world.lender, "compliance_officer")
    key = world.do("complaint.raise", {"ground": "wording", "matter": "complex", "about_account": str(me.account)})["complaint"]
    with pytest.raises(Forbidden, match="nobody-answers-their-own"):
        world.do("approval.ask", {"kind": "extension", "subject": key}, actor=me)
    asked = world.do("complaint.extend", {"complaint": key}, actor=asker)["approval"]
    for approve in (True, False):
        with pytest.raises(Forbidden, match="nobody-answers-their-own"):
            world.do("approval.decide", {"approve": approve}, actor=me, thing=UUID(asked))
    paper = world.do("attachment.add", {"kind": "proof", "record_kind": "complaint_file", "content": b"a letter", "made_at": world.work.at})["attachment"]
    with pytest.raises(Forbidden, match="nobody-answers-their-own"):
        world.do("attachment.open", {"attachment": paper}, actor=me, purpose="complaint")
    assert world.do("attachment.open", {"attachment": paper}, actor=asker, purpose="complaint")["attachment"] == paper


def test_what_was_filed_before_the_complaint_stays_and_of_another_matter_its_papers_are_kept_back(world):
    me = world.compliance
    before = world.do("attachment.add", {"kind": "proof", "record_kind": "complaint_file", "content": b"of before", "made_at": world.work.at - timedelta(days=9)})["attachment"]
    dispute = world.do("dispute.raise", {"ground": "amount"})["dispute"]
    raised(world, about_account=str(me.account))
    later = world.seen(lambda: Attachment.objects.get(made_at=world.work.at)).id
    world.do("matter.attach", {"kind": "dispute", "matter": dispute, "attachment": str(later)})
    assert [str(one["id"]) for one in one_case(me, world.case.id).parts["attachments"]] == [before]
    sheet = one_matter(me, "dispute", UUID(dispute), world.work.at.date())
    assert ([str(one["id"]) for one in sheet.attachments], sheet.evidence, [one.kind for one in sheet.others]) == ([before], [], [])


def test_an_export_of_matters_leaves_out_what_is_about_who_asks_for_it(world):
    from arrears.work.exporting.subjects import rows_of
    from arrears.work.tenancy import seen_by

    me, other = world.compliance, world.work.actor(world.lender, "compliance_officer")
    raised(world, about_account=str(me.account))
    days = {"from_on": (world.work.at.date() - timedelta(days=2)).isoformat(), "to_on": (world.work.at.date() + timedelta(days=1)).isoformat()}

    def kinds(actor: Actor) -> list[str]:
        with seen_by(actor):
            return [row["kind"] for some in rows_of(actor, "matters", days) for row in some]

    assert (kinds(me), kinds(other)) == ([], ["complaint"])


def test_the_hold_of_a_complaint_about_oneself_is_seen_since_everybody_keeps_away(world):
    me = world.work.actor(world.lender, "team_lead", world.team, holds=True)
    raised(world, about=str(me.collector))
    assert [one["kind"] for one in one_case(me, world.case.id).parts["holds"]] == ["complaint"]
