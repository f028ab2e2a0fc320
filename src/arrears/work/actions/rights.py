"""What a person may ask for: a copy of what is held, a correction, that processing stops, that all is erased. Source: 个人信息保护法 44 to 50.

Each acts on a case and names a party of it; it reaches every case of the lender in which the same person stands, since one key seals them all, and so needs an
account that sees every team.
"""

import hashlib
import json
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings

from arrears.refusal import Refused
from arrears.vault.normal_forms import normal_form
from arrears.work import erasure
from arrears.work.actions.action import Doing, action, perform
from arrears.work.actor import Actor
from arrears.work.attachments import seal_content
from arrears.work.keeping import table_of
from arrears.work.models import Attachment, Case, ContactPoint, Lender, Party
from arrears.work.queries.copies import copy_of
from arrears.work.queries.people import demand_sees_all, party_of, places_of
from arrears.work.sealing import opened, sealed, vault

Field = Literal["name", "id_number", "phone", "email", "address", "account"]
Way = Literal["in_person", "second_factor", "call_back_to_known_number", "notarised", "court_or_authority"]
"""How it was made sure that who asks is the person, or may ask for them."""
LONGEST = 500
"""Characters of a corrected text; the operator's own choice."""


@action("person.export", on="case", tells=True, needs_reason=True)
def export(doing: Doing, case: Case, *, party: UUID, identity_by: Way) -> dict:
    """All that is held about the person, in clear, for the person alone. Attachments come without their content: `copies.attachment_of` opens them for this Entry."""
    demand_sees_all(doing.actor)
    places = _present(doing, case, party)
    return {"entry": doing.entry, "person": places[0].person, **copy_of(doing.actor.lender, places, doing.today, settings.ARREARS[0])}


@action("person.correct", on="case", personal=("value",), needs_reason=True)
def correct(doing: Doing, case: Case, *, party: UUID, field: Field, value: str, identity_by: Way, contact_point: UUID | None = None) -> dict:
    """The field has the new value in every case of the lender where the person stands; what it was before is kept, sealed, as a document of the case.

    A contact point is named where the field is one; every place of the person with the same value is corrected, and is usable again. Raises Refused where nothing would change.
    """
    demand_sees_all(doing.actor)
    text = value.strip()
    if not 0 < len(text) <= LONGEST or not text.isprintable():
        raise Refused(f"the new value has 1 to {LONGEST} characters in one line; nothing was changed", f"新值应为一行 1 至 {LONGEST} 个字符；未作任何更改")
    if field == "phone" and sum(character.isdecimal() for character in text) < 5:
        raise Refused("a telephone number has five digits at least; nothing was changed", "电话号码至少应有五位数字；未作任何更改")
    places = _present(doing, case, party)
    rows = _rows_to_correct(case, places, field, contact_point)
    column = f"{field}_sealed" if contact_point is None else "value_sealed"
    before = opened(case.lender, places[0].person, rows[0], column)
    if before == text:
        raise Refused("this is what stands there already; nothing was changed", "与现有内容相同；未作任何更改")
    for row in rows:
        _put(row, column, field, text, case.lender, places[0].person, doing)
    _keep_both(doing, case, next(one for one in places if one.id == party), field, before, text)
    return {"field": field, "corrected": [{"case": one, "rows": sum(row.case_id == one for row in rows)} for one in sorted({row.case_id for row in rows}, key=str)]}


@action("person.freeze", on="case", needs_reason=True)
def freeze(doing: Doing, case: Case, *, party: UUID, because: Literal["withdrew_consent", "asked_by_person", "accuracy_disputed", "ordered", "purpose_reached"]) -> dict:
    """Processing of the person's data stops in every case of the lender but for storage and what its security needs. Source: 个人信息保护法 47."""
    demand_sees_all(doing.actor)
    places = _present(doing, case, party)
    if not erasure.freeze(places, doing.now):
        raise Refused("the processing of this person's data is frozen already; nothing was changed", "该当事人的信息已停止处理；未作任何更改")
    return {"person": places[0].person, "cases": sorted({str(one.case_id) for one in places})}


@action("person.unfreeze", on="case", needs_reason=True)
def unfreeze(doing: Doing, case: Case, *, party: UUID, because: Literal["asked_by_person", "ordered", "frozen_in_error"]) -> dict:
    """What freezing stopped goes on; other holds and stopped numbers stay."""
    demand_sees_all(doing.actor)
    places = _present(doing, case, party)
    if not erasure.unfreeze(places, doing.now):
        raise Refused("the processing of this person's data is not frozen; nothing was changed", "该当事人的信息未停止处理；未作任何更改")
    return {"person": places[0].person, "cases": sorted({str(one.case_id) for one in places})}


@action("person.erase", on="case", needs_reason=True)
def erase(doing: Doing, case: Case, *, party: UUID, identity_by: Way | None = None) -> dict:
    """What the law leaves to be done is done: all cleared and marked as erased, or frozen, or refused; the answer says which, until when, by which rules.

    The key is destroyed by `erase_person` once this has been committed. On a person marked before, the clearing is done again. Raises Refused for a party of another case.
    """
    demand_sees_all(doing.actor)
    places = places_of(case.lender, party_of(case, party).person)
    lender = Lender.objects.get(code=case.lender)
    table = table_of(lender, settings.ARREARS[0])
    decision = erasure.Decided(erasure.ERASED, None, ()) if any(one.erased_at for one in places) else erasure.decided(table, places, doing.today)
    counts = {}
    if decision.outcome == erasure.ERASED:
        counts = erasure.clear(places, doing.now)
    elif decision.outcome == erasure.FROZEN:
        erasure.freeze(places, doing.now)
    return {"person": places[0].person, "cases": sorted({str(one.case_id) for one in places}), "cleared": counts, **erasure.told(decision, table)}


def erase_person(actor: Actor, case: UUID, party: UUID, now: int, reason: str, identity_by: str | None = None) -> dict:
    """The action person.erase, and then, where it came out as erased, the end of the person's key. Killed anywhere it is ended by running it again, or by retention.

    Order: the Entry with the marks and the clearing, committed; the line in erased.jsonl, on the disk; the key. now: microseconds UTC.
    """
    done = perform(actor, "person.erase", {"party": party, "identity_by": identity_by}, now, thing=case, reason=reason)
    if done["outcome"] == erasure.ERASED:
        erasure.shred(actor.lender, [UUID(done["person"])], now)
    return done


def _present(doing: Doing, case: Case, party: UUID) -> list[Party]:
    places = places_of(case.lender, party_of(case, party).person)
    if any(one.erased_at for one in places):
        raise Refused("this person was erased: nothing is held that could be shown, corrected or frozen", "该当事人的信息已删除：没有可显示、更正或停止处理的内容")
    return places


def _rows_to_correct(case: Case, places: list[Party], field: str, contact_point: UUID | None) -> list:
    if field in ("name", "id_number"):
        if contact_point is not None:
            raise Refused(f"{field} belongs to the person, not to a contact point; leave the contact point out", f"{field} 属于当事人本身；请勿指定联系方式")
        return places
    mine = list(ContactPoint.objects.select_for_update().filter(party__in=[one.id for one in places], kind=field).exclude(value_sealed=None).order_by("id"))
    named = next((one for one in mine if one.id == contact_point), None)
    if named is None:
        raise Refused(f"name the contact point ({field}) of this person that is wrong; nothing was changed", f"请指明该当事人有误的联系方式（{field}）；未作任何更改")
    person = places[0].person
    wrong = normal_form(field, opened(case.lender, person, named, "value_sealed"))
    return [named, *(one for one in mine if one.id != named.id and normal_form(field, opened(case.lender, person, one, "value_sealed")) == wrong)]


def _put(row, column: str, field: str, text: str, lender: str, person: UUID, doing: Doing) -> None:
    changed = {column: sealed(lender, person, row._meta.db_table, column, row.pk, text)}
    if field != "name":
        changed["value_index" if column == "value_sealed" else "id_number_index"] = vault().blind(lender, field, [text])[0]
    if column == "value_sealed" and row.state in ("wrong_person", "invalid"):
        changed |= {"state": "usable", "state_since": doing.now}
    type(row).objects.filter(pk=row.pk).update(**changed)


def _keep_both(doing: Doing, case: Case, party: Party, field: str, before: str | None, after: str) -> None:
    """The correction as a sealed document of the case: field, before, after, and the Entry it was made in."""
    content = json.dumps({"field": field, "before": before, "after": after, "entry": str(doing.entry), "on": doing.today.isoformat()}, ensure_ascii=False).encode()
    row = uuid4()
    kept = seal_content(case.lender, party.person, row, content)
    Attachment.objects.create(id=row, lender=case.lender, case=case, party=party, kind="document", record_kind="collection_record", made_at=doing.now, content_sealed=kept,
                              size_bytes=len(content), digest=hashlib.sha256(kept).hexdigest())
