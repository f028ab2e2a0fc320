"""One case: its people and numbers masked, its debts, what happened; uncovering with a reason, and dialling without seeing the number."""

from uuid import UUID

from django.shortcuts import render
from django.utils import translation
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import perform
from arrears.work.queries.cases import CaseSheet, one_case
from arrears.work.residuals import could
from arrears.work.verbs import PURPOSES

FIELDS = ("name", "phone", "id_number", "address", "email", "account")


@require_safe
def case(request, case: UUID):
    """The case, masked."""
    return render(request, "case.html", _shown(request, one_case(request.actor, case)))


@sensitive_variables("told")
@require_POST
def unmask(request, case: UUID):
    """One field of one person in clear, on this page alone: nothing of it is kept, and the page is in no cache."""
    said = request.POST
    try:
        told = perform(request.actor, "person.unmask", {"party": said.get("party", ""), "field": said.get("field", "")}, request.now, thing=case, reason=said.get("reason"), purpose=said.get("purpose"))
    except Refused as refused:
        return mishaps.page_of(request, refused)
    values = [one["value"] for one in told["values"]] if "values" in told else [told["value"]]
    return render(request, "case.html", {**_shown(request, one_case(request.actor, case)), "uncovered": [value for value in values if value], "uncovered_field": told["field"], "is_uncovered": True})


@require_POST
def dial(request, case: UUID):
    """The telephone side gets a token for the number; the page shows none of it."""
    told = perform(request.actor, "person.dial", {"contact_point": request.POST.get("contact_point", "")}, request.now, thing=case)
    return render(request, "case.html", {**_shown(request, one_case(request.actor, case)), "dialled": told["seconds"], "token": told["token"]})


def _shown(request, sheet: CaseSheet) -> dict:
    parts, actor = sheet.parts, request.actor
    points: dict[UUID, list[dict]] = {}
    for point in parts["contact_points"]:
        points.setdefault(point["party_id"], []).append(point)
    people = [{**party, "points": points.get(party["id"], [])} for party in parts["parties"]]
    return {"line": sheet.line, "people": people, "parts": parts, "reasons": _reasons(sheet.proposals), "history": _history(parts), "purposes": PURPOSES, "fields": FIELDS, "may_unmask": could(actor, "person.unmask", "Case", {"purpose": PURPOSES[0], "reason": "?", "field": "name"}).allowed,
            "may_dial": could(actor, "person.dial", "Case").allowed}


def _reasons(proposals: list[dict]) -> list[dict]:
    """Why the night proposes its treatment, in the reader's language: one per currency, as far as it says so."""
    said = f"reason_{'en' if translation.get_language() == 'en' else 'zh'}"
    return [{"currency": one.get("currency"), "reason": one[said]} for one in proposals if one.get(said)]


def _history(parts: dict[str, list[dict]]) -> list[dict]:
    """Everything that happened, the latest first, one line each."""
    lines = [{"at": one["attempted_at"], "what": "contact", "kind": one["channel"], "state": one["outcome"]} for one in parts["contacts"]]
    lines += [{"at": one["promised_on"], "what": "promise", "kind": one["loan_id"], "state": one["state"], "amount": one["amount_minor"], "currency": one["currency"]} for one in parts["promises"]]
    lines += [{"at": one["made_on"], "what": "offer", "kind": one["kind"], "state": one["state"]} for one in parts["offers"]]
    lines += [{"at": one["proposed_on"], "what": "plan", "kind": one["loan_id"], "state": one["state"]} for one in parts["plans"]]
    lines += [{"at": one["raised_at"], "what": "dispute", "kind": one["ground"], "state": one["state"]} for one in parts["disputes"]]
    lines += [{"at": one["raised_at"], "what": "complaint", "kind": one["ground"], "state": one["state"]} for one in parts["complaints"]]
    lines += [{"at": one["paid_on"], "what": "payment", "kind": one["loan_id"], "state": "", "amount": one["amount_minor"], "currency": one["currency"]} for one in parts["payments"]]
    lines += [{"at": one["placed_at"], "what": "hold", "kind": one["kind"], "state": "ended" if one["lifted_at"] else "open"} for one in parts["holds"]]
    return sorted(lines, key=lambda line: str(line["at"])[:19].replace(" ", "T"), reverse=True)[:100]
