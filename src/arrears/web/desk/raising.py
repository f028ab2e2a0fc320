"""A dispute, a complaint or hardship put down: one short form, and nobody is contacted from that moment on."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.forms import given, see_other, what_is_missing
from arrears.web.desk.matters import today_of
from arrears.work.actions.action import Forbidden, KeyReused, perform
from arrears.work.queries.cases import CaseSheet, one_case
from arrears.work.queries.matter_words import CAME_BY, GROUNDS, RAISED_BY
from arrears.work.queries.matters import matters_of_case
from arrears.work.queries.parties import may_in_case, protections
from arrears.work.queries.people_named import collectors_named, staff_named
from arrears.work.verbs import VERBS

KINDS = tuple(GROUNDS)
KEYS = {"dispute": "d", "complaint": "t", "hardship": "h"}
PURPOSES = {"dispute": _("The debtor says that the debt, or part of it, is wrong."), "complaint": _("Somebody complains about how they were treated."), "hardship": _("The debtor cannot pay, and says why.")}


@sensitive_post_parameters("text")
@require_http_methods(["GET", "HEAD", "POST"])
def matter_raise(request, case: UUID, kind: str):
    """The form, and what it sends put down; refused, it keeps what was written. Who puts down a complaint about themselves goes on to the case: the complaint is others' to see."""
    if kind not in KINDS:
        raise Http404
    sheet, verb = one_case(request.actor, case), f"{kind}.raise"
    if request.method != "POST":
        if verb not in may_in_case(request.actor, sheet):
            raise Forbidden(f"your roles may not {VERBS[verb].en} here", f"您的角色不可在此{VERBS[verb].zh}", ())
        return _form(request, sheet, kind)
    sent = request.POST
    told = {"text": given(sent.get("text")), "raised_by": sent.get("raised_by") or "debtor", "came_by": sent.get("came_by") or "other"}
    if kind == "hardship":
        told["reason"] = sent.get("ground", "")
    else:
        told |= {"ground": sent.get("ground", ""), "matter": sent.get("matter") or "simple"}
        told |= {"loan_id": given(sent.get("loan_id"))} if kind == "dispute" else _about(given(sent.get("about")))
    try:
        done = perform(request.actor, verb, told, request.now, thing=case, key=sent.get("key") or None)
    except (Forbidden, KeyReused):
        raise
    except Refused as refused:
        return _form(request, sheet, kind, wrong=what_is_missing(sent, "ground") or mishaps.in_language(refused), status=422)
    if kind == "complaint" and (told.get("about") or told.get("about_account")) in {str(request.actor.collector), str(request.actor.account)}:
        return see_other("case", case, done="matter_raised")
    return see_other("matter", done="matter_raised", kind=kind, matter=UUID(str(done[kind])))


def _about(whom: str | None) -> dict:
    """Whom a complaint is about: a collector, or, told by its prefix, an account."""
    return {"about_account": whom.removeprefix("account:")} if whom and whom.startswith("account:") else {"about": whom}


def _form(request, sheet: CaseSheet, kind: str, wrong: str | None = None, status: int = 200):
    sent = request.POST if request.method == "POST" else {"came_by": request.GET.get("came_by", "call"), "ground": request.GET.get("ground", "")}
    return render(request, "matter_raise.html", {"line": sheet.line, "debts": sheet.parts["debts"], "kind": kind, "purpose": gettext(PURPOSES[kind]), "grounds": GROUNDS[kind], "raised_by": RAISED_BY, "came_by": CAME_BY, "sent": sent, "wrong": wrong,
                                                 "collectors": collectors_named(request.actor) if kind == "complaint" else (), "staff": [(f"account:{key}", name) for key, name in staff_named(request.actor)] if kind == "complaint" else ()}, status=status)


def part(request, sheet: CaseSheet) -> dict:
    """For the page of a person: what is open about the case, who is protected and why, and the ways to put down more."""
    may = may_in_case(request.actor, sheet)
    protected = [{"party": party, "state": state} for party in sheet.parts["parties"] for state in party["protected"]]
    latest = {}
    for one in protections(sheet):
        if one.verb == "party.protect":
            latest.setdefault((one.party, one.state), one)
    return {"line": sheet.line, "matters": matters_of_case(request.actor, sheet, today_of(request)), "protected": [{**one, "marked": latest.get((one["party"]["id"], one["state"]))} for one in protected], "may_see_parties": bool(may),
            "raises": [{"kind": kind, "key": KEYS[kind]} for kind in KINDS if f"{kind}.raise" in may]}
