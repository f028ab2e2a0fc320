"""Contacts made elsewhere, and the numbers they went to. A number that is somebody else's, or whose owner asks to be left alone, is closed at once in every case of the lender."""

import re
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from django.db.models import F, Max, Q
from pydantic import AwareDatetime, StringConstraints

from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS, DIRECTIONS, OUTCOMES, RELATIONS
from arrears.vault.normal_forms import normal_form
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import (
    LoanId,
    Words,
    alone_with,
    demand_debt,
    demand_open,
    demand_processed,
    everywhere,
    row_of,
    sealed_for,
    sealed_words,
    words_of,
)
from arrears.work.gate import verdict
from arrears.work.models import Case, Contact, ContactPoint, Party
from arrears.work.relations import relation_of
from arrears.work.sealing import opened, vault

STRONGER = {"invalid": ("usable",), "wrong_person": ("usable", "invalid"), "stopped": ("usable", "invalid", "wrong_person")}
"""Which states each way of closing a number takes the place of; a wish to be left alone is never written over."""

STOPPED_BY_FREEZING = Q(state="stopped", state_since=F("party__frozen_at"))
"""A number that stands still because the person's processing is frozen, and is usable again after (work/erasure.py): nobody asked that it be closed."""


DAYS_BACK_MOST = 1096
"""Operator policy: what is longer ago than three years is put down by nobody; a day typed wrongly is."""


@action("contact.note", on="case", personal=("note",))
def note_contact(doing: Doing, case: Case, *, attempted_at: AwareDatetime, channel: Literal[CHANNELS], outcome: Literal[OUTCOMES], direction: Literal[DIRECTIONS] = "outbound",
                 party: UUID | None = None, contact_point: UUID | None = None, relation: Literal[RELATIONS] | None = None, loan_id: LoanId | None = None,
                 closes: Literal["wrong_person", "stopped"] | None = None, note: Words | None = None) -> dict:
    """A contact that was made elsewhere, as by a collector's own telephone, is put down. closes: who answered is somebody else, or asks to stop: the number is closed everywhere at once.

    relation: who was reached; by default the party. An invalid number is closed too. What the gate says of the contact for the moment at which it was made is kept with it, whatever it says.
    Raises Refused for a contact of the future, of longer ago than DAYS_BACK_MOST, of nobody, or of a number or loan of another case.
    """
    if attempted_at > doing.now:
        raise Refused(f"a contact at {attempted_at.isoformat()} is still to come; put it down once it was made", f"联系时间 {attempted_at.isoformat()} 尚未到来；请在联系之后记录")
    if doing.now - attempted_at > timedelta(days=DAYS_BACK_MOST):
        raise Refused(f"a contact of {attempted_at.date().isoformat()} is more than {DAYS_BACK_MOST} days ago; nothing was changed: check the day", f"联系日期 {attempted_at.date().isoformat()} 距今超过 {DAYS_BACK_MOST} 天；未作任何更改：请核对日期")
    demand_debt(case, loan_id)
    point = None if contact_point is None else row_of(ContactPoint, case, contact_point, "contact point", "联系方式")
    person = _reached(case, point, party)
    if person is None and relation is None:
        raise Refused("a contact without a party says whom it reached: name the party, or the relation", "联系记录须写明联系到的人：请选择当事人或填写与债务人的关系")
    if closes is not None and point is None:
        raise Refused(f"which number is to be closed ({closes})? Name the contact point", f"须停用哪个联系方式（{closes}）？请选择联系方式")
    contact = Contact(id=uuid4(), lender=case.lender, case=case, party=person, contact_point=point, loan_id=loan_id, attempted_at=attempted_at, channel=channel, direction=direction,
                      relation=relation or relation_of(person.role), outcome=outcome, made_by_id=doing.actor.account)
    said = verdict(case, person, channel, attempted_at, point=point, relation=relation, is_reply=direction == "inbound")
    contact.verdict, contact.rules = said.verdict, said.rules
    contact.note_sealed = sealed_words(doing, case, Contact, "note_sealed", contact.id, note)
    contact.save(force_insert=True)
    if case.worked_at is None or case.worked_at < attempted_at:
        Case.objects.filter(pk=case.pk).update(worked_at=attempted_at)
    state = closes or ("invalid" if outcome == "invalid_number" else None)
    return {"contact": contact.id, "verdict": said.verdict, "rules": said.rules, "closed": close_number(doing, point, state) if point is not None and state is not None else 0}


@action("contact_point.add", on="case", personal=("value",))
def add_contact_point(doing: Doing, case: Case, *, party: UUID, kind: words_of("kind", ContactPoint),
                      value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]) -> dict:
    """The party can be reached there, or has that account. Raises Refused where its owner asked to stop, where it was found to be somebody else's, where it stands already, or is no such thing."""
    demand_open(case)
    person = row_of(Party, case, party, "party", "当事人")
    demand_processed(person)
    _demand_sound(kind, value)
    indexes = vault().blinds(case.lender, kind, value)
    alone_with(case.lender, kind, indexes[0])
    with everywhere(doing.actor):
        known = list(ContactPoint.objects.filter(lender=case.lender, kind=kind, value_index__in=indexes).exclude(STOPPED_BY_FREEZING).values_list("state", "party__person", "party"))
    if any(state == "stopped" for state, _, _ in known):
        raise Refused("whoever has this number or address asked not to be contacted there; it cannot be added again", "该号码或地址的使用人已要求停止联系；不得再次新增")
    if any(state == "wrong_person" and whose == person.person for state, whose, _ in known):
        raise Refused("this number or address was found to be somebody else's; it cannot be added again for the same person", "该号码或地址已确认不属于此人；不得为同一人再次新增")
    if any(state == "usable" and of == person.id for state, _, of in known):
        raise Refused("this number or address stands at the party already", "该当事人已有此号码或地址")
    point = ContactPoint(id=uuid4(), lender=case.lender, case=case, party=person, kind=kind, ordinal=_next(ContactPoint.objects.filter(party=person, kind=kind)), value_index=indexes[0])
    point.value_sealed = sealed_for(doing, person, ContactPoint, "value_sealed", point.id, value)
    point.save(force_insert=True)
    return {"contact_point": point.id}


@action("contact_point.close", on="case")
def close_contact_point(doing: Doing, case: Case, *, contact_point: UUID, state: Literal["wrong_person", "stopped", "invalid"]) -> dict:
    """Nobody is contacted there any more, in any case of the lender. closed: at how many places it stood."""
    point = row_of(ContactPoint, case, contact_point, "contact point", "联系方式")
    closed = close_number(doing, point, state)
    if not closed:
        raise Refused(f"contact point {contact_point} is {point.state} already; nothing was changed", f"联系方式 {contact_point} 的状态已为 {point.state}；未作任何更改")
    return {"contact_point": contact_point, "closed": closed}


def close_number(doing: Doing, point: ContactPoint, state: str) -> int:
    """Everywhere in the lender's cases where the number or address stands it is in that state from now on, unless in a stronger one. Returns at how many places it was changed."""
    indexes = _indexes(point)
    if indexes:
        alone_with(point.lender, point.kind, indexes[0])
    with everywhere(doing.actor):
        same = ContactPoint.objects.filter(lender=point.lender, kind=point.kind, value_index__in=indexes) | ContactPoint.objects.filter(pk=point.pk)
        weaker = same.filter(Q(state__in=STRONGER[state]) | STOPPED_BY_FREEZING)
        keys = list(weaker.select_for_update(no_key=True, of=("self",)).order_by("id").values_list("id", flat=True))
        return ContactPoint.objects.filter(pk__in=keys).update(state=state, state_since=doing.now) if keys else 0


def _indexes(point: ContactPoint) -> list[bytes]:
    """Every blind index under which the same number may lie; while an index is rebuilt that is more than one."""
    if point.value_index is None:
        return []
    person = Party.objects.filter(pk=point.party_id, erased_at=None).values_list("person", flat=True).first()
    text = None if person is None else opened(point.lender, person, point, "value_sealed")
    return [bytes(point.value_index)] if text is None else vault().blinds(point.lender, point.kind, text)


def _reached(case: Case, point: ContactPoint | None, party: UUID | None) -> Party | None:
    if point is not None and party not in (None, point.party_id):
        raise Refused(f"contact point {point.id} is not of party {party}; leave the party out, or name theirs", f"联系方式 {point.id} 不属于当事人 {party}；请勿填写当事人，或选择其本人的联系方式")
    key = point.party_id if point is not None else party
    return None if key is None else row_of(Party, case, key, "party", "当事人")


def _demand_sound(kind: str, value: str) -> None:
    sound = {"phone": lambda form: re.fullmatch(r"\+?[0-9]{5,15}", form), "email": lambda form: re.fullmatch(r"[^@\s]+@[^@\s]+", form), "account": lambda form: len(form) >= 4,
             "address": lambda form: len(form) >= 4}
    if not sound[kind](normal_form(kind, value)):
        raise Refused(f"what was given is no {kind}; it is not repeated here: check it", f"所填内容不是有效的 {kind}；此处不再显示：请检查")


def _next(rows) -> int:
    return (rows.aggregate(last=Max("ordinal"))["last"] or 0) + 1 if rows.exists() else 0
