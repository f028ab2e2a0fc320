"""Search: accounts by the number of a borrower or loan; by telephone or ID number, where somebody may, with a reason; never by name, since names are sealed."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import Forbidden, perform
from arrears.work.queries.search import find_by_number, found_cases, kind_of
from arrears.work.residuals import could

PERSONAL = ("phone", "id_number")


@sensitive_post_parameters("q", "reason")
@require_http_methods(["GET", "HEAD", "POST"])
def search(request) -> HttpResponse:
    """The form, and what was found. A telephone or ID number is looked up only where it was sent in a form, not in an address, with a reason. Raises Forbidden for who lists no cases."""
    if not could(request.actor, "case.list", "Case").allowed:
        raise Forbidden("you may list no accounts", "您无权查看案件", ())
    sent = request.POST if request.method == "POST" else request.GET
    text = sent.get("q", "").strip()[:120]
    kind = kind_of(text) if text else ""
    shown = {"q": text, "kind": kind, "reason": sent.get("reason", ""), "hits": None, "needs_reason": kind in PERSONAL}
    if kind == "name":
        shown["hits"] = []
    elif kind == "number":
        shown["hits"] = find_by_number(request.actor, text)
    elif kind in PERSONAL:
        return _by_person(request, text, kind, shown)
    return render(request, "search.html", shown)


def _by_person(request, text: str, kind: str, shown: dict) -> HttpResponse:
    """By a person's own number. Borrowers and loans may be called by digits too, so those are looked at first."""
    if hits := find_by_number(request.actor, text):
        return render(request, "search.html", {**shown, "hits": hits, "needs_reason": False})
    if not could(request.actor, "person.find", "Lender", {"reason": "?"}).allowed:
        return render(request, "search.html", {**shown, "hits": [], "needs_reason": False, "is_closed": True})
    if request.method != "POST" or not shown["reason"].strip():
        sentence = gettext(_("A telephone or ID number is looked up with a reason: write why, and search again."))
        return render(request, "search.html", {**shown, "sentence": sentence}, status=422 if request.method == "POST" else 200)
    try:
        told = perform(request.actor, "person.find", {kind: text}, request.now, reason=shown["reason"])
    except Refused as refused:
        if isinstance(refused, Forbidden):
            raise
        return render(request, "search.html", {**shown, "sentence": mishaps.in_language(refused)}, status=422)
    return render(request, "search.html", {**shown, "hits": found_cases(request.actor, told["parties"], kind)})
