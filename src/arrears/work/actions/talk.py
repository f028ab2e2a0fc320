"""The outcome of a talk with everything it entails: one action, one transaction, one Entry, made of the functions behind the actions it stands for.

What each outcome entails stands in work/talk_outcomes.py and nowhere else.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS, DIRECTIONS, RELATIONS
from arrears.work.actions.action import Doing, action
from arrears.work.actions.contacts import note_contact
from arrears.work.actions.disputes import raise_complaint, raise_dispute
from arrears.work.actions.hardship import raise_hardship
from arrears.work.actions.holds import place_hold
from arrears.work.actions.parties import protect_party
from arrears.work.actions.promises import take_promise
from arrears.work.actions.queue import demand_not_anothers, release
from arrears.work.actions.reminders import answered_by, remind, wait
from arrears.work.actions.rows import OWING, LoanId, Words, debt_of, demand_open, row_of, words_of
from arrears.work.gate import BY_KIND
from arrears.work.models import Case, Complaint, Contact, ContactPoint, Dispute, Hardship, Hold, Party, Reminder
from arrears.work.models.dealings import HARDSHIPS, PAY_CHANNELS, RESULTS
from arrears.work.talk_outcomes import OUTCOMES, VULNERABLE, TalkOutcome, in_hours, ready_after

CALL_BACK_DAYS_MOST = 31
"""Operator policy: who asks to be called later than a month from now has given no time to call."""
CAME_BY = {"call": "call", "voice_bot": "call", "letter": "letter", "visit": "counter", "im": "online", "push": "online", "email": "letter"}
"""How what a debtor says came to us, by the channel of the talk."""
Minor = Annotated[int, Field(ge=1, le=2**62)]


@action("talk.note", on="case", personal=("note",))
def note_talk(doing: Doing, case: Case, *, outcome: Literal[RESULTS], channel: Literal[CHANNELS] = "call", direction: Literal[DIRECTIONS] = "outbound", attempted_at: AwareDatetime | None = None,
              contact_point: UUID | None = None, party: UUID | None = None, relation: Literal[RELATIONS] | None = None, loan_id: LoanId | None = None, amount_minor: Minor | None = None,
              pay_by_on: date | None = None, pay_channel: Literal[PAY_CHANNELS] | None = None, call_back_at: AwareDatetime | None = None, hardship: Literal[HARDSHIPS] | None = None,
              state: Literal[VULNERABLE] | None = None, ground_of_dispute: words_of("ground", Dispute) | None = None, ground_of_complaint: words_of("ground", Complaint) | None = None,
              about: UUID | None = None, concerns: UUID | None = None, stops_all: bool = False, note: Words | None = None) -> dict:
    """The contact stands with its result, and all that the result entails: promise, hold, protection, dispute or complaint with its clock, closed number, reminder, and when the case is next.

    party: who was spoken with, the debtor where nobody is named; concerns: who died, is in prison, bankrupt or vulnerable, the debtor where nobody is named. leads_to: the address of the next step; goes_on: the case stays on the screen, another number is left.
    Raises Refused where something that the outcome needs is missing, and whatever the actions it is made of raise; then nothing of it is done.
    """
    demand_open(case)
    demand_not_anothers(doing, case)
    row = OUTCOMES[outcome]
    given = {"loan_id": loan_id, "amount_minor": amount_minor, "pay_by_on": pay_by_on, "pay_channel": pay_channel, "call_back_at": call_back_at, "hardship": hardship, "state": state,
             "ground_of_dispute": ground_of_dispute, "ground_of_complaint": ground_of_complaint, "contact_point": contact_point}
    _demand_whole(row, {**given, "stops_all": stops_all or None})
    point = None if contact_point is None else row_of(ContactPoint, case, contact_point, "contact point", "联系方式")
    _demand_carries(channel, point)
    party = party or (None if point or relation else _debtor(case).id)
    told = note_contact(doing, case, attempted_at=attempted_at or doing.now, channel=channel, outcome=row.contact, direction=direction, party=party, contact_point=contact_point,
                        relation=relation or ("other" if outcome == "wrong_person" else None), loan_id=loan_id, closes=row.closes if point else None, note=note)
    Contact.objects.filter(pk=told["contact"]).update(result=outcome, hardship=hardship if outcome == "cannot_pay" else None)
    told = {**told, "result": outcome, "reminders_done": answered_by(doing, case)}
    told |= _agreed(doing, case, row, given, point)
    told |= _objected(doing, case, row, {**given, "about": about, "came_by": CAME_BY.get(channel, "other"), "stops_all": stops_all}, note)
    told |= _protected(doing, case, row, state, concerns, point.party_id if point else party)
    return told | _afterwards(doing, case, row)


def _demand_whole(row: TalkOutcome, given: dict[str, Any]) -> None:
    """Raises Refused where the outcome lacks what it needs."""
    if row.makes_do is not None and given[row.makes_do] is not None:
        return
    if missing := [name for name in row.asks if given[name] is None]:
        raise Refused(f"talk.note: {row.code} needs {', '.join(missing)}; nothing was changed: fill it in", f"talk.note：结果 {row.code} 须填写 {'、'.join(missing)}；未作任何更改：请补充")


def _demand_carries(channel: str, point: ContactPoint | None) -> None:
    """Raises Refused where the number or address is none by which the channel goes: it would be closed, or counted, in the place of the one that was meant."""
    if point is not None and BY_KIND.get(channel, point.kind) != point.kind:
        raise Refused(f"a {channel} does not go to a contact point of the kind {point.kind}; nothing was changed: choose the number or address that was used, or another channel",
                      f"{channel} 不能使用类型为 {point.kind} 的联系方式；未作任何更改：请选择实际使用的号码或地址，或更改联系渠道")


def _agreed(doing: Doing, case: Case, row: TalkOutcome, given: dict[str, Any], point: ContactPoint | None) -> dict:
    """The promise, or the reminder of a call back."""
    if row.why == "promise_due":
        if row.code == "part_promise" and given["amount_minor"] >= debt_of(case, given["loan_id"]).claimable_minor:
            raise Refused("this is all that may be asked, so it is no part: note a promise; nothing was changed", "该金额为全部可主张金额，并非部分还款：请选择“承诺还款”；未作任何更改")
        return take_promise(doing, case, loan_id=given["loan_id"], amount_minor=given["amount_minor"], pay_by_on=given["pay_by_on"], pay_channel=given["pay_channel"])
    if row.why == "call_back":
        at = given["call_back_at"]
        if not doing.now < at or (at - doing.now).days >= CALL_BACK_DAYS_MOST:
            raise Refused(f"a call back is for a moment from now on, within {CALL_BACK_DAYS_MOST} days; nothing was changed: ask for another time",
                          f"约定回电时间应晚于现在，且在 {CALL_BACK_DAYS_MOST} 天之内；未作任何更改：请另约时间")
        told = {"reminder": remind(doing, case, "call_back", at, contact_point=point), "ready_at": at}
        wait(case, at, "call_back")
        return told
    return {}


def _objected(doing: Doing, case: Case, row: TalkOutcome, given: dict[str, Any], note: str | None) -> dict:
    """The dispute, the complaint, the review of hardship, each with its clock and its hold at once; one review that is open already takes it up."""
    if row.raises == "dispute":
        return raise_dispute(doing, case, ground=given["ground_of_dispute"], text=note, loan_id=given["loan_id"], came_by=given["came_by"])
    if row.raises == "complaint":
        return raise_complaint(doing, case, ground=given["ground_of_complaint"], text=note, about=given["about"], came_by=given["came_by"])
    if row.raises == "hardship":
        standing = Hardship.objects.filter(case=case, state__in=("open", "refusing")).values_list("id", flat=True).first()
        return {"hardship": standing} if standing else raise_hardship(doing, case, reason=given["hardship"], text=note, came_by=given["came_by"])
    if row.code == "asks_stop" and given["stops_all"]:
        return place_hold(doing, case, kind="cease", text=note)
    return {}


def _protected(doing: Doing, case: Case, row: TalkOutcome, state: str | None, concerns: UUID | None, reached: UUID | None) -> dict:
    """Whom it concerns is protected everywhere; who is already stays so. Raises Refused where a co-debtor or guarantor was reached and nobody said whether it concerns them or the debtor."""
    if row.protects is None:
        return {}
    wanted = state if row.protects == "asked" else row.protects
    if concerns is None and Party.objects.filter(case=case, pk=reached, role__in=OWING).exclude(role="debtor").exists():
        raise Refused(f"talk.note: whom does {row.code} concern, the debtor or the person who was reached? Nothing was changed: name them (concerns)", f"talk.note：{row.code} 涉及债务人还是所联系的人？未作任何更改：请选择涉及何人（concerns）")
    found = _debtor(case) if concerns is None else row_of(Party, case, concerns, "party", "当事人")
    if found.role not in OWING:
        raise Refused(f"party {found.id} owes nothing here, so protecting them stops nothing; nothing was changed: name who owes", f"当事人 {found.id} 在本案件中不负债务，标记其状态不会停止催收；未作任何更改：请选择债务人、共同债务人或担保人")
    if wanted in found.protected:
        return {"protected": wanted, "hold": None}
    told = protect_party(doing, case, party=found.id, state=wanted)
    return {"protected": wanted, "hold": told["hold"], "cases": told["cases"]}


def _afterwards(doing: Doing, case: Case, row: TalkOutcome) -> dict:
    """When the case is looked at again, whose screen it is on until then, and what comes next. What was agreed before, a promise or a call back, is waited for."""
    left = ContactPoint.objects.filter(case=case, kind="phone", state="usable").count()
    goes_on = row.goes_on and (row.code == "asks_plan" or left > 0) and not Hold.objects.filter(case=case, lifted_at=None).exists()
    if row.after is not None:
        at, why = (in_hours(doing.now) if goes_on and row.code != "asks_plan" else ready_after(row, doing.now)), row.why
        agreed = None if goes_on else Reminder.objects.filter(case=case, kind__in=("call_back", "promise_due"), done_at=None, due_at__gt=doing.now).order_by("due_at").first()
        wait(case, *((at, why) if agreed is None else (agreed.due_at, agreed.kind)))
    if not goes_on:
        release(case)
    return {"numbers_left": left, "goes_on": goes_on, "leads_to": row.leads_to, "ready_at": case.ready_at, "ready_why": case.ready_why}


def _debtor(case: Case) -> Party:
    debtor = Party.objects.filter(case=case, role="debtor").first()
    if debtor is None:
        raise Refused(f"case {case.id} has no debtor yet; add the debtor first (party.add), or name whom you spoke with", f"案件 {case.id} 尚无债务人；请先新增债务人（party.add），或指明通话对象")
    return debtor
