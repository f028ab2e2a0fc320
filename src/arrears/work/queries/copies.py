"""What is held about one person, gathered for the person's own copy: from where, why, how long, who saw it, to whom it went. Source: 个人信息保护法 17, 45.

Only for the action person.export and what it allows: everything here is in clear.
"""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Model

from arrears.refusal import Refused
from arrears.vault.refused import VaultRefused
from arrears.vault.vault import Sealed
from arrears.work.actor import Actor
from arrears.work.attachments import content_of
from arrears.work.keeping import facts_of, kept_of, of_person, table_of
from arrears.work.models import (
    Attachment,
    Case,
    Complaint,
    Consent,
    Contact,
    ContactPoint,
    Debt,
    Dispute,
    Entry,
    Hardship,
    Hold,
    Lender,
    MatterNote,
    MatterTask,
    Offer,
    Party,
    Payment,
    Placement,
    Plan,
    Promise,
    Reminder,
    SampleItem,
    Sheet,
)
from arrears.work.models.row import SealedField
from arrears.work.sealing import debtor_of, opened, own_words_of, vault
from arrears.work.tenancy import seen_by

_OF_DEBTOR = (
    Debt, Payment, Promise, Offer, Plan, Dispute, Complaint, Hold,
    Reminder,
    Hardship, MatterNote, MatterTask,
)
_LEFT_OUT = {
    "id", "lender", "case", "party", "hold", "contact_point", "made_by", "taken_by", "proposed_by", "about", "content_sealed", "value_index", "id_number_index", "person", "digest",
    "done_by", "subject",
    "about_account", "assigned_to", "answered_by", "decided_by", "refused_by", "written_by", "approval", "follows", "letter", "dispute", "complaint", "hardship",
}


def copy_of(lender: str, places: list[Party], today: date, home: Path) -> dict[str, Any]:
    """The copy: who the person is, and per case what is held. Within the action's transaction; sealed texts are opened in one call."""
    cases = [party.case_id for party in places]
    table, facts = table_of(Lender.objects.get(code=lender), home), facts_of(cases)
    seen = _accesses(lender, cases)
    told = [{**_place(party), "held": _held(party), "records": [_record(one, table) for one in of_person(party, facts[party.case_id], kept_of(table, facts[party.case_id], today))],
             "seen_by": seen.get(party.case_id, []), "passed_to": _passed(party.case)} for party in places]
    _open_all(lender, told)
    return {"lender": lender, "as_of": today, "places": told}


def attachment_of(actor: Actor, export_entry: UUID, attachment: UUID) -> tuple[str, bytes]:
    """Kind and content of one attachment of the person whose copy was exported in that Entry by this actor. Raises Refused for any other."""
    with seen_by(actor):
        allowed = Entry.objects.filter(lender=actor.lender, id=export_entry, verb="person.export", actor=actor.account, is_refused=False).first()
        kept = Attachment.objects.filter(lender=actor.lender, id=attachment).select_related("party").first()
        asked = Party.objects.filter(lender=actor.lender, id=allowed.parameters.get("party")).first() if allowed else None
        whose = None if kept is None else kept.party.person if kept.party else debtor_of(kept.case_id)
        if asked is None or kept is None or asked.person != whose or kept.destroyed_at is not None:
            raise Refused("this attachment is not of the person whose copy was made", "该附件不属于本次导出副本的当事人")
        return kept.kind, content_of(kept, whose)


def _place(party: Party) -> dict[str, Any]:
    case = party.case
    return {"case": case.id, "party": party.id, "role": party.role, "borrower_id": case.borrower_id if party.role == "debtor" else None, "state": case.state, "opened_on": case.opened_on,
            "closed_on": case.closed_on, "frozen_at": party.frozen_at, "basis": {"debtor": "contract", "co_debtor": "contract", "guarantor": "contract", "reserved_contact": "consent", "heir": "law", "guardian": "law"}[party.role]}


def _held(party: Party) -> dict[str, list[dict]]:
    """By table, the rows that hold something of the person. The debts of a case are the debtor's own; of others only what is theirs."""
    debtor = party.role == "debtor"
    of_case = {"case": party.case_id}
    found = {"party": _rows(Party.objects.filter(id=party.id), party.person), "contact_point": _rows(ContactPoint.objects.filter(party=party.id), party.person)}
    for model in _OF_DEBTOR if debtor else ():
        found[model._meta.model_name] = _rows(model.objects.filter(**of_case), party.person)
    mine = Contact.objects.filter(**of_case) if debtor else Contact.objects.filter(party=party.id)
    if debtor:
        found["entry"] = _reasons(party)
        found["sheet"] = _quality_notes(party)
    found["contact"] = _rows(mine, debtor_of(party.case_id))
    found["consent"] = _rows(Consent.objects.filter(party=party.id), party.person)
    own = Attachment.objects.filter(party=party.id) | (Attachment.objects.filter(party=None, **of_case) if debtor else Attachment.objects.none())
    found["attachment"] = [{"attachment": row.id, **one} for row, one in zip(own.order_by("id"), _rows(own, party.person), strict=True)]
    return {name: rows for name, rows in found.items() if rows}


def _rows(rows, person: UUID | None) -> list[dict]:
    return [{field.name.removesuffix("_sealed"): _cell(row, field, person) for field in row._meta.concrete_fields if field.name not in _LEFT_OUT} for row in rows.order_by("id")]


def _cell(row: Model, field, person: UUID | None):
    value = getattr(row, field.attname)
    if not isinstance(field, SealedField) or value is None:
        return value
    return Sealed(str(person), row._meta.db_table, field.column, str(row.pk), bytes(value))


def _quality_notes(party: Party) -> list[dict]:
    """What reviewers wrote when they checked contacts with the person, and what collectors answered; who wrote it is not told."""
    return [{"at": getattr(row, at), "comment": Sealed(str(party.person), row._meta.db_table, column, str(row.pk), bytes(getattr(row, column)))}
            for model, column, at in ((Sheet, "comment_sealed", "filled_at"), (SampleItem, "dispute_sealed", "disputed_at"))
            for row in model.objects.filter(case=party.case_id).exclude(**{column: None}).order_by(at, "id")]


def _reasons(party: Party) -> list[dict]:
    """Why staff did what they did in the case, in their words; those from before the case had this debtor are sealed under the lender's own key."""
    found = []
    for entry in Entry.objects.filter(lender=party.lender, case=party.case_id).exclude(reason_sealed=None).exclude(reason_sealed=b"").order_by("number"):
        try:
            reason = opened(party.lender, party.person, entry, "reason_sealed")
        except VaultRefused:
            reason = opened(party.lender, own_words_of(party.lender), entry, "reason_sealed")
        found.append({"at": entry.at, "verb": entry.verb, "reason": reason})
    return found


def _open_all(lender: str, told: list[dict]) -> None:
    """Every Sealed among the rows becomes its text."""
    rows = [row for place in told for rows in place["held"].values() for row in rows]
    cells = [(row, name) for row in rows for name, value in row.items() if isinstance(value, Sealed)]
    for (row, name), text in zip(cells, vault().open(lender, [row[name] for row, name in cells]), strict=True):
        row[name] = json.loads(text) if name == "sheet" and text else text


def _record(one, table) -> dict:
    return {"kind": one.kind, "status": one.status, "until": one.until, "rules": [{"id": rule, **table.cited[rule]} for rule in one.rules]}


def _accesses(lender: str, cases: list[UUID]) -> dict[UUID, list[dict]]:
    """Per case: which role did what, how often, first and last day; names of staff are not told."""
    counts: Counter = Counter()
    days: dict[tuple, list[date]] = {}
    for case, roles, verb, at in Entry.objects.filter(lender=lender, case__in=cases, is_refused=False).values_list("case", "roles", "verb", "at"):
        key = (case, "+".join(sorted(roles)), verb)
        counts[key] += 1
        days.setdefault(key, []).append(at.date())
    found: dict[UUID, list[dict]] = {}
    for key in sorted(counts, key=str):
        found.setdefault(key[0], []).append({"role": key[1], "verb": key[2], "times": counts[key], "first_on": min(days[key]), "last_on": max(days[key])})
    return found


def _passed(case: Case) -> list[dict]:
    """To which agencies the case went, from when until when."""
    return [{"agency": placement.team.code, "from": placement.placed_on, "until": placement.returned_on}
            for placement in Placement.objects.filter(case=case, team__kind="agency").select_related("team").order_by("placed_on")]
