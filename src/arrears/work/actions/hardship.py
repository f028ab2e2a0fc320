"""Hardship: the debtor cannot pay and says why. Nobody is contacted while it is looked at; it ends in a plan, a pause until a day, or a refusal that two people stand for.

How many days that takes is the operator's own policy (matter_policy.py), no law.
"""

import json
from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from pydantic import Field

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, Forbidden, action
from arrears.work.actions.matter_rows import CameBy, RaisedBy, demand_undecided, matter_of
from arrears.work.actions.rows import Words, demand_open, sealed_words, words_of
from arrears.work.answer_letters import demand_sendable, keep_letter
from arrears.work.matter_policy import read_matter_policy
from arrears.work.models import Case, Hardship, Hold, Lender
from arrears.work.sealing import debtor_of, opened

MINOR_MOST = 10**15
"""No household has more in a month; sums stay far within 64 bits."""
Minor = Annotated[int, Field(ge=0, le=MINOR_MOST)]


@action("hardship.raise", on="case", personal=("text",))
def raise_hardship(doing: Doing, case: Case, *, reason: words_of("reason", Hardship), text: Words | None = None, raised_by: RaisedBy = "debtor", came_by: CameBy = "other") -> dict:
    """The debtor says they cannot pay: nobody is contacted until it is decided. Raises Refused while another review of the case is open."""
    demand_open(case)
    return begun(doing, case, Hardship(reason=reason, raised_by=raised_by, came_by=came_by), text)


def begun(doing: Doing, case: Case, row: Hardship, text: str | None) -> dict:
    """The review stands from now on with its hold. Raises Refused while another of the case is open."""
    if open_one := Hardship.objects.filter(case=case, state__in=("open", "refusing")).values_list("id", flat=True).first():
        raise Refused(f"review of hardship {open_one} of this case is open; go on there, nothing was changed", f"本案件已有办理中的困难审查 {open_one}；请在其中办理，未作任何更改")
    row.id, row.lender, row.case, row.raised_at = uuid4(), case.lender, case, doing.now
    row.decide_by_on = doing.today + timedelta(days=read_matter_policy(settings.ARREARS[0]).decide_days)
    row.text_sealed = sealed_words(doing, case, Hardship, "text_sealed", row.id, text)
    row.hold = Hold.objects.create(lender=case.lender, case=case, kind="hardship_review", placed_at=doing.now)
    row.save(force_insert=True)
    return {"hardship": row.id, "hold": row.hold_id, "decide_by_on": row.decide_by_on}


@action("hardship.examine", on="case", personal=("wanted", "income_minor", "living_minor", "other_debts_minor"))
def examine_hardship(doing: Doing, case: Case, *, hardship: UUID, evidence: words_of("evidence", Hardship) | None = None, wanted: Words | None = None,
                     income_minor: Minor | None = None, living_minor: Minor | None = None, other_debts_minor: Minor | None = None) -> dict:
    """Which papers were asked for or have come, and what a month leaves: income less living costs less other debts, in minor units of the case's currency, sealed.

    Of the three figures all are given or none. Raises Refused where it was decided, or nothing is said.
    """
    found = matter_of(doing, case, "hardship", hardship, alone=True)
    demand_undecided(found, "hardship")
    figures = {"income_minor": income_minor, "living_minor": living_minor, "other_debts_minor": other_debts_minor}
    given = [one for one in figures.values() if one is not None]
    if len(given) not in (0, len(figures)):
        raise Refused("income, living costs and other debts belong together: give all three, 0 where there is none; nothing was changed", "收入、生活支出与其他债务须一并填写，没有的填 0；未作任何更改")
    if not given and evidence is None and wanted is None:
        raise Refused("say which papers, or the figures of a month; nothing was changed", "请填写证明材料情况或月度收支；未作任何更改")
    changed: dict = {} if evidence is None else {"evidence": evidence}
    if wanted is not None:
        changed["wanted_sealed"] = sealed_words(doing, case, Hardship, "wanted_sealed", hardship, wanted)
    if given:
        sheet = {**figures, "left_minor": income_minor - living_minor - other_debts_minor, "currency": case.currency, "as_of": doing.today.isoformat()}
        changed["sheet_sealed"] = sealed_words(doing, case, Hardship, "sheet_sealed", hardship, json.dumps(sheet))
    Hardship.objects.filter(pk=hardship).update(**changed)
    return {"hardship": hardship, "evidence": evidence or found.evidence, "sheet": bool(given)}


@action("hardship.decide", on="case", personal=("text",), needs_reason=True)
def decide_hardship(doing: Doing, case: Case, *, hardship: UUID, outcome: Literal["plan", "paused", "refused", "withdrawn"], text: Words, until_on: date | None = None) -> dict:
    """Decided, and told the borrower by letter; the reason says why.

    plan: a plan is to be agreed, and the hold stands until it is, or the operator's days for it are over. paused: the hold stands until until_on. refused: nothing is sent and
    the hold stands until somebody else confirms it (hardship.confirm). withdrawn: the borrower took it back; the hold is lifted.
    Raises Refused for a pause without a day, of the past or longer than the operator's longest, and for words that may not be sent.
    """
    found = matter_of(doing, case, "hardship", hardship, alone=True)
    if found.state == "refusing" and outcome == "refused":
        raise Refused("it was refused by one already; another confirms it (hardship.confirm), or decides otherwise", "已有一人提出不予同意；须由他人复核（hardship.confirm），或另作决定")
    demand_undecided(found, "hardship")
    demand_sendable(case.lender, text, doing.today)
    until = _until(doing, outcome, until_on)
    answer = sealed_words(doing, case, Hardship, "answer_sealed", hardship, text)
    if outcome == "refused":
        Hardship.objects.filter(pk=hardship).update(state="refusing", refused_by_id=doing.actor.account, answer_sealed=answer)
        return {"hardship": hardship, "state": "refusing", "letter": None, "until_on": None}
    letter = keep_letter(case, text, "困难审查结果", "collection_record", doing.now, doing.today, until)
    Hardship.objects.filter(pk=hardship).update(state=outcome, decided_at=doing.now, decided_by_id=doing.actor.account, refused_by=None, answer_sealed=answer, until_on=until, letter=letter)
    Hold.objects.filter(pk=found.hold_id, lifted_at=None).update(**({"lifted_at": doing.now} if outcome == "withdrawn" else {"until_on": until}))
    return {"hardship": hardship, "state": outcome, "letter": letter, "until_on": until}


def _until(doing: Doing, outcome: str, until_on: date | None) -> date | None:
    policy = read_matter_policy(settings.ARREARS[0])
    if outcome != "paused":
        if until_on is not None:
            raise Refused("only a pause has a day until which it lasts; leave it out", "仅暂缓须填写截止日；请勿填写")
        return doing.today + timedelta(days=policy.plan_days) if outcome == "plan" else None
    if until_on is None or not doing.today < until_on <= doing.today + timedelta(days=policy.pause_most_days):
        raise Refused(f"a pause lasts until a day from tomorrow on, at most {policy.pause_most_days} days ahead (matters.pause_most_days, the operator's own policy)",
                      f"暂缓须写明截止日：自明日起，最长 {policy.pause_most_days} 天（matters.pause_most_days，机构自定政策）")
    return until_on


@action("hardship.confirm", on="case", needs_reason=True)
def confirm_hardship(doing: Doing, case: Case, *, hardship: UUID, agrees: bool) -> dict:
    """A refusal that another made stands, is told the borrower, and the hold is lifted; or it does not, and the review is open again. Raises Forbidden for whoever refused it."""
    found = matter_of(doing, case, "hardship", hardship, alone=True)
    if found.state != "refusing":
        raise Refused(f"review of hardship {hardship} is {found.state}; there is no refusal to confirm", f"困难审查 {hardship} 的状态为 {found.state}；没有待复核的不予同意意见")
    if found.refused_by_id is None or found.refused_by_id == doing.actor.account:
        raise Forbidden(f"you refused it; somebody else confirms (four-eyes) {hardship}", f"不予同意由您提出；须由他人复核（four-eyes）{hardship}", ("refusal-by-two",))
    if not agrees:
        Hardship.objects.filter(pk=hardship).update(state="open", refused_by=None, answer_sealed=None)
        return {"hardship": hardship, "state": "open", "letter": None}
    text = opened(case.lender, debtor_of(case.id), found, "answer_sealed")
    letter = keep_letter(case, text, "困难审查结果", "collection_record", doing.now, doing.today)
    Hardship.objects.filter(pk=hardship).update(state="refused", decided_at=doing.now, decided_by_id=doing.actor.account, letter=letter)
    Hold.objects.filter(pk=found.hold_id, lifted_at=None).update(lifted_at=doing.now)
    return {"hardship": hardship, "state": "refused", "letter": letter}


_OVER = """WITH over AS (SELECT h.id, h.hold_id FROM work_hardship h WHERE h.lender = %(lender)s AND (
    (h.state IN ('paused', 'plan') AND h.until_on <= %(today)s)
    OR (h.state = 'plan' AND EXISTS (SELECT 1 FROM work_plan p WHERE p.case_id = h.case_id AND p.state = 'agreed' AND p.agreed_on >= (h.raised_at AT TIME ZONE 'Asia/Shanghai')::date))))
UPDATE work_hold w SET lifted_at = %(now)s FROM over WHERE w.id = over.hold_id AND w.lifted_at IS NULL RETURNING w.case_id::text"""


@action("hardship.settle", on="lender")
def settle_hardship(doing: Doing, lender: Lender) -> dict:
    """The holds of pauses that are over, and of granted plans that were agreed or whose days are over, are lifted: their cases are ready again. lifted: how many."""
    Lender.objects.select_for_update(no_key=True).get(code=lender.code)
    with connection.cursor() as cursor:
        cursor.execute(_OVER, {"lender": lender.code, "today": doing.today, "now": doing.now})
        cases = [case for (case,) in cursor.fetchall()]
    return {"lifted": len(cases), "cases": sorted(set(cases))[:100]}
