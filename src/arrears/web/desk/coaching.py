"""Coaching notes, written and read; and who is away."""

from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import ZONE, KeyReused, perform
from arrears.work.queries.coaching import absences as absences_of
from arrears.work.queries.coaching import coached, coaching_notes, people_of
from arrears.work.residuals import could

KINDS = ("note", "one_to_one")
ABSENCES = ("leave", "sick", "training", "other")


@require_safe
def coaching(request: HttpRequest):
    """The notes that the reader may read, and whom they coach."""
    return render(request, "coaching.html", _notes(request))


@require_POST
def write(request: HttpRequest, collector: UUID):
    """A note to one collector."""
    said = request.POST
    given = {"text": said.get("text", ""), "kind": said.get("kind", "note"), "case": said.get("case", "").strip() or None, "contact": said.get("contact", "").strip() or None, "follow_up_on": said.get("follow_up_on") or None}
    return _done(request, "coaching.write", given, collector, "coaching", "team_noted", _notes)


@require_POST
def read(request: HttpRequest, collector: UUID):
    """The collector took note, with an answer where they gave one."""
    given = {"note": request.POST.get("note", ""), "answer": request.POST.get("answer", "").strip() or None}
    return _done(request, "coaching.read", given, collector, "team_me" if request.POST.get("from") == "me" else "coaching", "team_read", _notes)


@require_POST
def follow_up(request: HttpRequest, collector: UUID):
    """A note was looked at again."""
    given = {"note": request.POST.get("note", ""), "again_on": request.POST.get("again_on") or None}
    return _done(request, "coaching.follow_up", given, collector, "coaching", "team_followed_up", _notes)


@require_safe
def absences(request: HttpRequest):
    """Who is away, and what falls due in their cases meanwhile."""
    return render(request, "absences.html", _absences(request))


@require_POST
def put(request: HttpRequest, collector: UUID):
    """Somebody is away from a day until another."""
    said = request.POST
    given = {"kind": said.get("kind", ""), "from_on": said.get("from_on", ""), "until_on": said.get("until_on") or None}
    return _done(request, "absence.put", given, collector, "absences", "team_away", _absences)


@require_POST
def end(request: HttpRequest, collector: UUID):
    """Somebody is back, or will not be away."""
    given = {"absence": request.POST.get("absence", ""), "back_on": request.POST.get("back_on") or None}
    return _done(request, "absence.end", given, collector, "absences", "team_back", _absences)


def _done(request: HttpRequest, verb: str, given: dict, collector: UUID, to: str, code: str, shown):
    """The action is done and the reader is where it shows; refused, the page stands again with what was typed."""
    try:
        perform(request.actor, verb, given, request.now, thing=collector, key=request.POST.get("key") or None)
    except (mishaps.Forbidden, KeyReused):
        raise
    except Refused as refused:
        return render(request, "absences.html" if shown is _absences else "coaching.html", {**shown(request, str(collector)), "wrong": mishaps.in_language(refused), "said": request.POST, "said_verb": verb}, status=422)
    return redirect(f"{reverse(to)}?done={code}")


def _notes(request: HttpRequest, of: str | None = None) -> dict:
    actor, now, wanted = request.actor, moment_of(request.now), _one(of or request.GET.get("of", ""))
    may_write = could(actor, "coaching.write", "Collector").allowed
    return {"notes": coaching_notes(actor, now, wanted), "coached": coached(actor, now), "may_write": may_write, "kinds": KINDS, "of": str(wanted or ""), "about": request.GET.get("case", "")[:36],
            "people": [{"id": str(key), "name": name} for key, name, _ in people_of(actor, "coaching.write")] if may_write else [], "said": {}}


def _one(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _absences(request: HttpRequest, of: str | None = None) -> dict:
    actor = request.actor
    return {"of": str(_one(of or request.GET.get("of", "")) or ""), "today": moment_of(request.now).astimezone(ZONE).date(), "absences": absences_of(actor, moment_of(request.now)), "kinds": ABSENCES, "people": [{"id": str(key), "name": name} for key, name, _ in people_of(actor, "absence.put")], "said": {}}
