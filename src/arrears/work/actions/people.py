"""Persons uncovered, dialled and found: each with purpose and reason, counted, and put down without what was shown."""

import hmac
from datetime import timedelta
from typing import Literal
from uuid import UUID

from arrears.days import microseconds_of
from arrears.refusal import Refused
from arrears.work import access
from arrears.work.actions.action import ZONE, Doing, action, perform
from arrears.work.actions.unmasking import demand_purpose, demand_within
from arrears.work.actor import system
from arrears.work.gate import Answer, own_reason, verdict
from arrears.work.models import Case, ContactPoint, Entry, Hold, Lender, Party
from arrears.work.queries.people import party_of
from arrears.work.sealing import opened, vault
from arrears.work.tenancy import seen_by

Field = Literal["name", "id_number", "phone", "email", "address", "account"]
DIAL_SECONDS = 120
"""So long a dial token may be redeemed; the operator's own choice."""
RELEASERS = {"team_lead", "compliance_officer"}
"""Who may release, with a reason, a call that the gate leaves to a person's judgement; the operator's own choice."""
FINDERS = ("case.view", "person.export")
"""Who may do one of these to a case is told that somebody found stands in it."""


@action("person.unmask", on="case", tells=True, needs_reason=True, context=("field",))
def unmask(doing: Doing, case: Case, *, party: UUID, field: Field) -> dict:
    """One field of one party in clear, which is one count: a text, or the list of contact points of that kind. Raises Refused for a frozen or erased party, Forbidden beyond the limits."""
    demand_purpose(doing)
    person = _open_to_processing(party_of(case, party))
    demand_within(doing)
    if field in ("name", "id_number"):
        return {"party": person.id, "field": field, "value": opened(case.lender, person.person, person, f"{field}_sealed")}
    points = ContactPoint.objects.filter(party=person, kind=field).order_by("ordinal")
    return {"party": person.id, "field": field, "values": [
        {"contact_point": point.id, "state": point.state, "value": opened(case.lender, person.person, point, "value_sealed")} for point in points]}


@action("person.dial", on="case", tells=True)
def dial(doing: Doing, case: Case, *, contact_point: UUID) -> dict:
    """A token with which the telephone side, and nobody else, gets the number once, within DIAL_SECONDS. The number itself is not in the answer.

    Raises Refused where the number may not be called: not usable, a party frozen or erased, a hold on the case, no account; and where the gate says so. What it only discourages needs a
    reason, what it leaves to a person's judgement a team lead's.
    """
    if doing.actor.account is None:
        raise Refused("a number is dialled for an account only; nothing was dialled", "仅可由具体账号拨号；未拨号")
    _demand_permitted(doing, case, _callable(case, contact_point))
    return {"token": f"{doing.entry}.{_proof(case.lender, doing.entry, contact_point, doing.actor.account, doing.now)}", "seconds": DIAL_SECONDS}


@action("dial.redeem", on="case", personal=("proof",), tells=True)
def redeem_dial(doing: Doing, case: Case, *, dial: UUID, proof: str) -> dict:
    """The number that a token stands for, once. The case is locked, so of two who come with one token the second is refused. Raises Refused."""
    begun = Entry.objects.filter(lender=case.lender, case=case.id, id=dial, verb="person.dial", is_refused=False).exclude(salt=b"").first()
    point = UUID(begun.parameters["contact_point"]) if begun else None
    if begun is None or not hmac.compare_digest(proof.encode(), _proof(case.lender, dial, point, begun.actor, begun.at).encode()):
        raise _void("it was not given out here", "并非由本系统签发")
    if not begun.at <= doing.now < begun.at + timedelta(seconds=DIAL_SECONDS):
        raise _void("its time is over, or the clock went backwards", "已过期，或系统时钟被回拨")
    if Entry.objects.filter(lender=case.lender, case=case.id, verb="dial.redeem", is_refused=False, parameters__dial=str(dial)).exists():
        raise _void("it was used before", "已使用过")
    found = _callable(case, point)
    if (said := verdict(case, found.party, "call", doing.now, point=found)).verdict == "deny":
        raise _refused(said)
    return {"number": opened(case.lender, found.party.person, found, "value_sealed"), "contact_point": point}


def redeem(lender: str, token: str, now: int) -> str:
    """The number to call, for the telephone side alone: never to be shown, logged or sent to a page. now: microseconds UTC. Raises Refused, and then nothing is to be dialled."""
    entry, _, proof = token.partition(".")
    try:
        dial = UUID(entry)
    except ValueError:
        raise _void("it is no token", "格式不正确") from None
    with seen_by(system(lender)):
        case = Entry.objects.filter(lender=lender, id=dial, verb="person.dial").values_list("case", flat=True).first()
    if case is None:
        raise _void("it was not given out here", "并非由本系统签发")
    return perform(system(lender), "dial.redeem", {"dial": dial, "proof": proof}, now, thing=case)["number"]


@action("person.find", on="lender", personal=("phone", "id_number"), needs_reason=True)
def find(doing: Doing, lender: Lender, *, phone: str | None = None, id_number: str | None = None) -> dict:
    """The parties with exactly this number, in whatever spelling, in cases that the actor may see; the Entry holds which field and how many, never the number.

    Counted as uncovering is. Raises Refused unless exactly one number is given.
    """
    given = [(name, text) for name, text in (("phone", phone), ("id_number", id_number)) if text is not None]
    if len(given) != 1 or not given[0][1].strip():
        raise Refused("give a telephone number or an ID number, one of them; nothing was looked up", "请提供电话号码或证件号码之一；未查找")
    demand_within(doing)
    field, text = given[0]
    indexes = vault().blinds(lender.code, field, text)
    parties = Party.objects.filter(lender=lender.code).select_related("case", "case__team").order_by("case_id", "role", "ordinal").distinct()
    parties = parties.filter(contactpoint__kind="phone", contactpoint__value_index__in=indexes) if field == "phone" else parties.filter(id_number_index__in=indexes)
    seen = [party for party in parties if any(access.decide(doing.actor, verb, access.resource_of(party.case), {"reason": doing.reason}).allowed for verb in FINDERS)]
    return {"field": field, "hits": len(seen), "parties": [{"case": party.case_id, "party": party.id, "role": party.role} for party in seen]}


def _open_to_processing(party: Party) -> Party:
    if party.erased_at is not None:
        raise Refused("this person was erased: there is nothing to show", "该当事人的信息已删除：无可显示内容")
    if party.frozen_at is not None:
        raise Refused("the processing of this person's data is frozen (个人信息保护法 47): it is stored and not used", "该当事人的信息已停止处理（个人信息保护法第四十七条）：仅存储，不使用")
    return party


def _callable(case: Case, contact_point: UUID) -> ContactPoint:
    point = ContactPoint.objects.filter(case=case, id=contact_point, kind="phone").select_related("party").first()
    if point is None or point.state != "usable" or point.value_sealed is None:
        raise Refused("this case has no such telephone number in use; nothing was dialled", "本案件没有该可用号码；未拨号")
    _open_to_processing(point.party)
    if point.party.role in ("heir", "guardian"):
        raise Refused("an heir or guardian is not dialled to collect: no rule at hand permits it; write to them, or answer where they ask: nothing was dialled", "不得以催收为由拨打继承人或监护人：现有规则未予许可；可书面告知，或在其来询时答复：未拨号")
    if case.frozen_at is not None or Hold.objects.filter(case=case, lifted_at=None).exists():
        raise Refused("a hold stands on this case: nobody is called until it is lifted", "本案件处于停催状态：解除之前不得拨打")
    return point


def _demand_permitted(doing: Doing, case: Case, point: ContactPoint) -> None:
    """Raises Refused where the gate forbids the call at this moment, or asks for a reason or a release that is not there."""
    said = verdict(case, point.party, "call", doing.now, point=point)
    if said.verdict == "deny" or (said.verdict == "review" and not (doing.reason and doing.actor.roles & RELEASERS)) or (said.verdict == "warn" and not doing.reason):
        raise _refused(said)


def _refused(said: Answer) -> Refused:
    """The refusal, with the strictest rule, its source, and when to ask again."""
    first = said.reasons[0] if said.reasons else own_reason("own.rules_unknown", zh="规则无结论", en="the rules give no answer")
    again = "" if said.retry_at is None else said.retry_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    source = ("the lender's own policy", "机构自有政策") if first.is_own else (first.source_title, first.source_title)
    what = {"deny": ("this call may not be made now", "此刻不得拨打"), "review": ("a team lead releases this call, with a reason", "此通话须由组长写明理由放行"),
            "warn": ("this call needs a reason", "此通话须写明理由")}[said.verdict]
    return Refused(f"{what[0]}: {first.en} ({first.id}; {source[0]}{', art. ' + first.article if first.article else ''}); nothing was dialled{'; ask again from ' + again if again else ''}",
                   f"{what[1]}：{first.zh}（{first.id}；{source[1]}{'第 ' + first.article + ' 条' if first.article else ''}）；未拨号{'；' + again + ' 起可再试' if again else ''}")


def _proof(lender: str, entry: UUID, point: UUID, account: UUID, at) -> str:
    """What only this installation's vault can make for this Entry, contact point, account and moment."""
    return vault().blind(lender, "dial_token", [f"{entry} {point} {account} {microseconds_of(at)}"])[0].hex()


def _void(en: str, zh: str) -> Refused:
    return Refused(f"the dial token counts for nothing: {en}; nothing was dialled: ask for a new one", f"拨号凭证无效：{zh}；未拨号：请重新获取")
