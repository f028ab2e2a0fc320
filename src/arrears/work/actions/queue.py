"""The queue: the next account handed out at once, to one person only; and given back, with a reason.

In this order: cases of the collector's own, then those of their teams that nobody holds, which become theirs; of each first where somebody asked for a call that is due, then
where something that was agreed is due or was broken, then by the night's rank. Not those with a hold, with a plan that is kept, of whoever is frozen, or before they are ready.
Who comes at the same moment skips what another has just locked, so nobody waits and no case goes to two: docs/algorithms/queue.md.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.placements import hand_over
from arrears.work.actions.reminders import wait
from arrears.work.models import Case, Collector, Lender
from arrears.work.queue_order import at_rest, in_turn, no_new, own, teams_of, unheld
from arrears.work.talk_outcomes import FIRST, THEN, ZONE, in_hours

RESERVED_MINUTES = 30
"""Operator policy: so long a case stays on the screen of whom it was handed to, and is handed to nobody else."""
PUT_BACK_HOURS = 2
"""Operator policy: so long nobody is handed what was put back."""
WHY_BACK = ("no_time", "language", "skill", "conflict", "needs_lead", "other")
FOR_ANOTHER = ("language", "skill", "conflict", "needs_lead")
"""Reasons for which somebody else is to work the case: it is nobody's again."""


@action("case.next", on="lender")
def next_case(doing: Doing, lender: Lender) -> dict:
    """The account to work now, reserved for whoever asked, and theirs where nobody held it. case: None where none waits; again: it was handed to them before and nothing was noted since.

    no_new: why nothing of nobody's is handed to them, away or full. Who asks twice at one moment, as from two tabs, gets one account. until: through when it is reserved. Raises Refused for whoever has no account, or has left by the roster.
    """
    if doing.actor.account is None:
        raise Refused("an account is handed to somebody who is logged in; nothing was changed", "仅可向已登录的账号派发案件；未作任何更改")
    if doing.actor.collector is not None:
        _demand_stays(doing, Collector.objects.select_for_update(no_key=True).get(lender=lender.code, pk=doing.actor.collector))
    for where, cases in candidates(doing):
        passed: list[UUID] = []
        while (case := cases.exclude(pk__in=passed).select_for_update(skip_locked=True, no_key=True, of=("self",)).first()) is not None:
            if not Case.objects.filter(at_rest(), pk=case.pk).exists():  # a hold or plan that came while the case was being locked
                return _handed(doing, case, where)
            passed.append(case.pk)
    return {"case": None, "no_new": no_new(doing.actor, doing.today)}


def _handed(doing: Doing, case: Case, where: str) -> dict:
    taken_over = where == "unheld" and doing.actor.collector is not None
    if taken_over:
        _take_over(doing, case)
    until = doing.now + timedelta(minutes=RESERVED_MINUTES)
    Case.objects.filter(pk=case.pk).update(reserved_by=doing.actor.account, reserved_until=until)
    return {"case": case.id, "why": case.ready_why, "taken_over": taken_over, "again": where == "again", "until": until}


@action("case.put_back", on="case")
def put_back(doing: Doing, case: Case, *, why: Literal[WHY_BACK]) -> dict:
    """The case is on nobody's screen, and waits a while. Where somebody else is to work it, nobody holds it, and it is not handed to the same person again for NOT_AGAIN_DAYS.

    Raises Refused where it is reserved by somebody else.
    """
    demand_not_anothers(doing, case)
    given_up = why in FOR_ANOTHER and case.held_by_id is not None and case.held_by_id == doing.actor.collector
    if given_up:
        hand_over(doing, case, case.team, None, "other")
    release(case)
    ready_at = in_hours(doing.now + timedelta(hours=PUT_BACK_HOURS))
    waits = case.ready_at is not None and case.ready_at > ready_at
    if not waits and case.ready_why not in (*FIRST, *THEN):
        wait(case, ready_at, "put_back")
    elif not waits:
        wait(case, ready_at, case.ready_why)
    return {"case": case.id, "given_up": given_up, "ready_at": case.ready_at}


def demand_not_anothers(doing: Doing, case: Case) -> None:
    """Raises Refused where the case is on somebody else's screen."""
    if case.reserved_by_id not in (None, doing.actor.account) and case.reserved_until > doing.now:
        until = case.reserved_until.astimezone(ZONE).strftime("%H:%M")
        raise Refused(f"case {case.id} is on somebody else's screen until {until}; nothing was changed: take the next one, or come back then", f"案件 {case.id} 正由他人办理（至 {until}）；未作任何更改：请办理下一件，或届时再试")


def release(case: Case) -> None:
    """The case is on nobody's screen."""
    if case.reserved_by_id is not None:
        Case.objects.filter(pk=case.pk).update(reserved_by=None, reserved_until=None)


def candidates(doing: Doing) -> Iterator[tuple[str, QuerySet[Case]]]:
    """Where the next account is looked for, in order: again (still reserved), own, unheld (not for who is away today or has as many as they may), and the cases of each in theirs."""
    me = doing.actor
    again = Case.objects.filter(~at_rest(), reserved_by=me.account, reserved_until__gt=doing.now, lender=me.lender, state="open", frozen_at=None)
    yield "again", (again if me.collector is None else again.filter(held_by=me.collector)).order_by("reserved_until", "id")
    if me.collector is not None:
        for cases in in_turn(own(me, doing.now)):
            yield "own", cases
        if no_new(me, doing.today) is not None:
            return
    for team in teams_of(me, doing.today):
        for cases in in_turn(unheld(me, doing.now, doing.today, team)):
            yield "unheld", cases


def _take_over(doing: Doing, case: Case) -> None:
    hand_over(doing, case, case.team, Collector.objects.select_related("team").get(lender=case.lender, pk=doing.actor.collector), "other")


def _demand_stays(doing: Doing, one: Collector) -> None:
    """Raises Refused where the roster says that they have left, though their account is open still."""
    if one.left_on is not None and one.left_on <= doing.today:
        raise Refused(f"by the roster {one.roster_name} left on {one.left_on}, so no account is handed out; nothing was changed: where that is wrong, ask an administrator to mend the roster",
                      f"名册显示 {one.roster_name} 已于 {one.left_on} 离职，不再派发案件；未作任何更改：如有误，请联系系统管理员更正名册")
