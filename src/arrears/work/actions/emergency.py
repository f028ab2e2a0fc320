"""Emergency access (紧急访问): the glass broken, the alarm, its end by itself, and the look that another takes at it afterwards."""

import logging
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.models import BrokenGlass, Lender
from arrears.work.sealing import own_words_of, sealed

MINUTES = 60
MINUTES_MOST = 240
"""The operator's own choices: how long emergency access lasts where nothing is said, and at most."""

ALARM = logging.getLogger("arrears.alarm")


@action("access.break_glass", on="lender", needs_reason=True)
def break_glass(doing: Doing, lender: Lender, *, minutes: int = MINUTES) -> dict:
    """The actor sees what an emergency opens, until it ends by itself; an alarm is raised. Raises Refused where it runs already or is asked for too long."""
    if doing.actor.account is None:
        raise Refused("only an account of a person breaks the glass", "只有人员账号可以启用紧急访问")
    if not 1 <= minutes <= MINUTES_MOST:
        raise Refused(f"emergency access lasts 1 to {MINUTES_MOST} minutes, not {minutes}", f"紧急访问为 1 至 {MINUTES_MOST} 分钟，而不是 {minutes}")
    if BrokenGlass.objects.filter(lender=lender.code, account=doing.actor.account, ended_at=None, until_at__gt=doing.now).exists():
        raise Refused("your emergency access runs already; end it before you ask for another", "您的紧急访问正在进行；请先结束")
    row = uuid4()
    reason = sealed(lender.code, own_words_of(lender.code), "work_brokenglass", "reason_sealed", row, doing.reason)
    glass = BrokenGlass.objects.create(id=row, lender=lender.code, account_id=doing.actor.account, reason_sealed=reason, from_at=doing.now, until_at=doing.now + timedelta(minutes=minutes))
    _alarm(doing, "emergency access begun", glass)
    return {"glass": glass.id, "until": glass.until_at}


@action("access.end_break_glass", on="lender")
def end_break_glass(doing: Doing, lender: Lender, *, glass: UUID) -> dict:
    """The emergency access is over now. Raises Refused where there is none such, or it is over."""
    found = _found(lender, glass)
    if found.ended_at is not None or found.until_at <= doing.now:
        raise Refused("this emergency access is over already", "该紧急访问已结束")
    found.ended_at = doing.now
    found.save(update_fields=["ended_at"])
    _alarm(doing, "emergency access ended", found)
    return {"glass": found.id}


@action("access.review_glass", on="lender", needs_reason=True)
def review_glass(doing: Doing, lender: Lender, *, glass: UUID) -> dict:
    """Another than who broke it looked at what was done, and says so. Raises Refused where it was oneself, it still runs, or was reviewed."""
    found = _found(lender, glass)
    if found.account_id == doing.actor.account or doing.actor.account is None:
        raise Refused("who broke the glass does not review it; ask another", "启用紧急访问的人不得自行复核；请由他人复核")
    if found.ended_at is None and found.until_at > doing.now:
        raise Refused("it still runs; review it when it is over, or end it", "紧急访问仍在进行；请在结束后复核，或先结束它")
    if found.reviewed_by_id is not None:
        raise Refused("it was reviewed already", "已复核")
    found.reviewed_by_id = doing.actor.account
    found.save(update_fields=["reviewed_by"])
    _alarm(doing, "emergency access reviewed", found)
    return {"glass": found.id}


def _found(lender: Lender, glass: UUID) -> BrokenGlass:
    found = BrokenGlass.objects.select_for_update().filter(lender=lender.code, pk=glass).first()
    if found is None:
        raise Refused("there is no such emergency access", "没有此紧急访问")
    return found


def _alarm(doing: Doing, what: str, glass: BrokenGlass) -> None:
    """A line in the alarm log once the transaction stands; names the account and the Entry, never the reason, in which anything may stand."""
    transaction.on_commit(lambda: ALARM.warning("%s lender=%s by=%s glass=%s entry=%s until=%s", what, glass.lender, doing.actor.name, glass.id, doing.entry, glass.until_at.isoformat()))
