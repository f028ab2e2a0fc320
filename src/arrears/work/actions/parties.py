"""People in a case: added, protected at once, and released by somebody who may and says why."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from django.db.models import Max
from pydantic import StringConstraints

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import OWING, alone_with, demand_open, everywhere, row_of, sealed_for, words_of
from arrears.work.models import Case, Hold, Party
from arrears.work.sealing import vault

HOLD_FOR = {"deceased": "vulnerable", "minor": "vulnerable", "bankrupt": "legal_stay", "in_prison": "vulnerable", "incapacitated": "vulnerable", "seriously_ill": "hardship_review", "disaster": "hardship_review",
            "vulnerable": "vulnerable"}
"""Which hold each protected state puts on the case. The operator's own choice but for bankruptcy, which stays enforcement; no source at hand gives a number or a list (regulation, chapter 3)."""


@action("party.add", on="case", personal=("name", "id_number"))
def add_party(doing: Doing, case: Case, *, role: words_of("role", Party), name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)],
              id_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=40)] | None = None) -> dict:
    """The person is in the case. Whoever is known to the lender by the same ID number is the same person, with one key, and protected here as elsewhere.

    Raises Refused for a second debtor, for a person who stands in the case already, and for one whose processing is frozen in another.
    """
    demand_open(case)
    mine = Party.objects.filter(case=case)
    if role == "debtor" and mine.filter(role="debtor").exists():
        raise Refused("the case has its debtor; somebody who owes beside them is a co_debtor", "本案件已有债务人；与其共同负债的人请登记为共同债务人（co_debtor）")
    indexes = [] if id_number is None else vault().blinds(case.lender, "id_number", id_number)
    same = _known(doing, case.lender, indexes) if indexes else []
    if any(one.case_id == case.id for one in same):
        raise Refused("this person stands in the case already", "此人已在本案件中")
    if any(one.frozen_at is not None for one in same):
        raise Refused("the processing of this person's data is frozen (个人信息保护法 47): they are added to no case until a data officer lets it go on; nothing was changed",
                      "此人的个人信息已停止处理（个人信息保护法第四十七条）：恢复处理之前不得加入任何案件；未作任何更改")
    last = mine.filter(role=role).aggregate(last=Max("ordinal"))["last"]
    party = Party(id=uuid4(), lender=case.lender, case=case, role=role, ordinal=0 if last is None else last + 1, person=same[0].person if same else uuid4(),
                  id_number_index=indexes[0] if indexes else None, protected=sorted({state for one in same for state in one.protected}))
    party.name_sealed = sealed_for(doing, party, Party, "name_sealed", party.id, name)
    if id_number is not None:
        party.id_number_sealed = sealed_for(doing, party, Party, "id_number_sealed", party.id, id_number)
    party.save(force_insert=True)
    return {"party": party.id, "holds": _placed([(party, state) for state in party.protected], doing.now)}


@action("party.protect", on="case")
def protect_party(doing: Doing, case: Case, *, party: UUID, state: Literal[tuple(HOLD_FOR)]) -> dict:
    """The person is protected in every case of the lender, and a hold stands at once on each in which they owe. hold: that of this case. Raises Refused where they are already."""
    found = row_of(Party, case, party, "party", "当事人")
    with everywhere(doing.actor):
        new = [one for one in _rows_of(found) if state not in one.protected]
        if not new:
            raise Refused(f"party {party} is protected as {state} already", f"当事人 {party} 已标记为 {state}")
        for one in new:
            Party.objects.filter(pk=one.pk).update(protected=sorted({*one.protected, state}))
        holds = _placed([(one, state) for one in new], doing.now)
    return {"party": party, "state": state, "cases": len({one.case_id for one in new}), "hold": next((key for key in holds if key == protection_of(case.id, found.person, state, doing.now)), None)}


@action("party.release", on="case", needs_reason=True)
def release_party(doing: Doing, case: Case, *, party: UUID, state: Literal[tuple(HOLD_FOR)]) -> dict:
    """The person is no longer protected so, in any case of the lender, and the holds that this put there are lifted; no other hold is. Raises Refused where they are not."""
    found = row_of(Party, case, party, "party", "当事人")
    with everywhere(doing.actor):
        old = [one for one in _rows_of(found) if state in one.protected]
        if not old:
            raise Refused(f"party {party} is not protected as {state}; nothing was changed", f"当事人 {party} 未标记为 {state}；未作任何更改")
        for one in old:
            Party.objects.filter(pk=one.pk).update(protected=[word for word in one.protected if word != state])
        standing = Hold.objects.filter(lender=case.lender, case_id__in=[one.case_id for one in old], kind=HOLD_FOR[state], lifted_at=None).order_by("id").select_for_update(no_key=True)
        ours = [hold.id for hold in standing if hold.id == protection_of(hold.case_id, found.person, state, hold.placed_at)]
        if ours:
            Hold.objects.filter(pk__in=ours).update(lifted_at=doing.now)
    return {"party": party, "state": state, "lifted": len(ours)}


def protection_of(case: UUID, person: UUID, state: str, placed_at: datetime) -> UUID:
    """The id of the hold that protecting the person in that state put on the case at that moment: so a release finds it, and lifts no hold that somebody placed by hand."""
    return uuid5(NAMESPACE_OID, f"{case}/{person}/{state}/{placed_at.timestamp():.6f}")


def protects(hold: Hold) -> str | None:
    """The state that the hold was put there for and that somebody of the case still is in; None where it is none of those."""
    for person, states in Party.objects.filter(case_id=hold.case_id).values_list("person", "protected"):
        for state in states:
            if state in HOLD_FOR and hold.id == protection_of(hold.case_id, person, state, hold.placed_at):
                return state
    return None


def _placed(protections: list[tuple[Party, str]], now: datetime) -> list[UUID]:
    """The ids of the holds that stand from now on, one for each case, person and state; none where the person owes nothing."""
    holds = {}
    for party, state in protections:
        if party.role in OWING and state in HOLD_FOR:
            key = protection_of(party.case_id, party.person, state, now)
            holds[key] = Hold(id=key, lender=party.lender, case_id=party.case_id, kind=HOLD_FOR[state], placed_at=now)
    if holds:
        Hold.objects.bulk_create(holds.values())
    return list(holds)


def _rows_of(party: Party) -> list[Party]:
    """The person in every case. Nobody else adds, protects or releases them meanwhile."""
    alone_with(party.lender, "person", party.person.bytes)
    return list(Party.objects.filter(lender=party.lender, person=party.person).order_by("id"))


def _known(doing: Doing, lender: str, indexes: list[bytes]) -> list[Party]:
    """The rows of whoever the lender knows by the ID number."""
    alone_with(lender, "id_number", indexes[0])
    with everywhere(doing.actor):
        first = Party.objects.filter(lender=lender, id_number_index__in=indexes, erased_at=None).order_by("id").first()
        return [] if first is None else _rows_of(first)
