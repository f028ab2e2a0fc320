"""The people of a case: who they are to it, what they are protected for and by whom, and what may be asked of heirs and guardians."""

from uuid import UUID

from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.forms import given, see_other, what_is_missing
from arrears.work.actions.action import Forbidden, KeyReused, perform
from arrears.work.actions.parties import HOLD_FOR
from arrears.work.queries.cases import one_case
from arrears.work.queries.matter_words import POINTS, ROLES
from arrears.work.queries.parties import may_in_case, protections

_NEW_ROLES = tuple(role for role in ROLES if role != "debtor")


@require_safe
def parties(request, case: UUID):
    """Everybody in the case, masked, with the forms the reader may use."""
    return _page(request, case)


@sensitive_post_parameters("name", "id_number", "value")
@require_POST
def add(request, case: UUID):
    """Somebody more is in the case."""
    sent = request.POST
    told = {"role": sent.get("role", ""), "name": sent.get("name", ""), "id_number": given(sent.get("id_number"))}
    return _acted(request, case, "party.add", told, "add", "added", ("role", "name"))


@sensitive_post_parameters("value")
@require_POST
def add_point(request, case: UUID):
    """A way to reach one of them."""
    sent = request.POST
    return _acted(request, case, "contact_point.add", {"party": sent.get("party", ""), "kind": sent.get("kind", ""), "value": sent.get("value", "")}, "point", "point_added", ("value",))


@require_POST
def close_point(request, case: UUID):
    """Nobody is contacted there any more."""
    sent = request.POST
    return _acted(request, case, "contact_point.close", {"contact_point": sent.get("contact_point", ""), "state": sent.get("state", "")}, "close", "point_closed", ())


@require_POST
def protect(request, case: UUID):
    """One of them is protected from now on, in every case."""
    sent = request.POST
    return _acted(request, case, "party.protect", {"party": sent.get("party", ""), "state": sent.get("state", "")}, "protect", "protected", ("state", "reason"))


@require_POST
def release(request, case: UUID):
    """One of them is protected so no more."""
    sent = request.POST
    return _acted(request, case, "party.release", {"party": sent.get("party", ""), "state": sent.get("state", "")}, "release", "released", ("reason",))


@sensitive_variables("told")
@require_POST
def read_reasons(request, case: UUID):
    """Why somebody is protected, in clear, on this page alone."""
    sent = request.POST
    try:
        told = perform(request.actor, "matter.read", {"kind": "protection", "matter": sent.get("party", "")}, request.now, thing=case, reason=given(sent.get("reason")), purpose=sent.get("purpose") or None)
    except Forbidden:
        if given(sent.get("reason")):
            raise
        return _page(request, case, 422, form="read", wrong=what_is_missing(sent, "reason"))
    except Refused as refused:
        return _page(request, case, 422, form="read", wrong=mishaps.in_language(refused))
    return _page(request, case, told=told["protection"])


def _acted(request, case: UUID, verb: str, told: dict, form: str, done: str, needed: tuple[str, ...]):
    sent = request.POST
    missing = what_is_missing(sent, *needed)
    try:
        perform(request.actor, verb, told, request.now, thing=case, key=sent.get("key") or None, reason=given(sent.get("reason")))
    except KeyReused:
        raise
    except Forbidden:
        if missing is None or "reason" not in needed or given(sent.get("reason")):
            raise
        return _page(request, case, 422, form=form, wrong=missing)
    except Refused as refused:
        return _page(request, case, 422, form=form, wrong=missing or mishaps.in_language(refused))
    return see_other("parties", done=f"party_{done}", case=case)


def _page(request, case: UUID, status: int = 200, **more):
    sheet = one_case(request.actor, case)
    may = may_in_case(request.actor, sheet)
    points: dict[UUID, list[dict]] = {}
    for point in sheet.parts["contact_points"]:
        points.setdefault(point["party_id"], []).append(point)
    people = [{**party, "points": points.get(party["id"], [])} for party in sheet.parts["parties"]]
    sent = request.POST if more.get("wrong") else {}
    return render(request, "parties.html", {
        "line": sheet.line, "people": people, "history": protections(sheet), "may_add": "party.add" in may, "may_point": "contact_point.add" in may, "may_close": "contact_point.close" in may, "may_protect": "party.protect" in may,
        "may_release": "party.release" in may, "may_read": "matter.read" in may, "new_roles": _NEW_ROLES, "points": POINTS, "states": tuple(HOLD_FOR), "sent": sent, "holds_for": HOLD_FOR, **more}, status=status)
