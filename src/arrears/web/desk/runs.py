"""Runs: what was executed, what waits, one as it goes on; asked for, cancelled and repeated here; and the quarantine of the books."""

from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import ZONE, perform
from arrears.work.queries.runs import Choices, choices, one_run, runs
from arrears.work.residuals import could
from arrears.work.run_places import books_of
from arrears.work.verbs import VERBS

KINDS = ("night", "intake", "ingest", "export", "retention", "backup", "take_back", "corrections")
STATES = ("waiting", "running", "done", "refused", "failed", "cancelled", "interrupted")
FOR = {
    "night": _("Positions, treatments, worklist and report of one business day. A night that was begun goes on where it stopped."),
    "intake": _("Takes a finished night's worklist in as cases. Again changes nothing."),
    "ingest": _("Loads files that wait in the incoming folder into a book, all of it or nothing; bad records go to quarantine."),
    "export": _("Writes what people did for the next night, and what was changed of the roster into roster.yaml beside the book."),
    "retention": _("Walks the closed cases and says what would be destroyed; destroys it only where you say so."),
    "backup": _("Backs up cases and keys, each apart, and removes backups past their days."),
    "take_back": _("Takes one load back: its rows count no more."),
    "corrections": _("Brings corrected records of the quarantine back into the book."),
}
MODES = ("delta", "correction", "snapshot")


@require_safe
def run_list(request):
    """The runs, and a form for a new one of the kind that the address names."""
    return _listed(request)


@require_POST
def ask(request):
    """A run waits to be executed; then its page."""
    said = request.POST
    given = {"kind": said.get("kind", ""), "threshold": said.get("threshold", "").strip() or "1%", "mode": said.get("mode", "") or "delta", "again": "again" in said, "apply": "apply" in said}
    for name in ("book", "as_of", "mapping", "load"):
        if said.get(name, "").strip():
            given[name] = said[name].strip()
    if said.getlist("files"):
        given["files"] = said.getlist("files")
    try:
        told = perform(request.actor, "run.ask", given, request.now, key=said.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _listed(request, mishaps.in_language(refused))
    return redirect(reverse("run", args=[told["run"]]) + "?done=run_asked")


@require_safe
def run(request, run: UUID):
    """One run: what was asked, how far it is, what it said."""
    return render(request, "run.html", _shown(request, run))


@require_safe
def run_state(request, run: UUID):
    """The changing part of a run's page alone."""
    return render(request, "run_state.html", _shown(request, run))


@require_POST
def cancel(request, run: UUID):
    """The run is cancelled, or told to stop."""
    perform(request.actor, "run.cancel", {"run": str(run)}, request.now, key=request.POST.get("key") or None)
    return redirect(reverse("run", args=[run]) + "?done=run_cancelled")


@require_POST
def again(request, run: UUID):
    """The same run once more."""
    decision = could(request.actor, "run.ask", "Lender")
    if not decision.allowed:
        raise mishaps.Forbidden(f"your roles may not {VERBS['run.ask'].en}", f"您的角色不可{VERBS['run.ask'].zh}", decision.policies)
    found = one_run(request.actor, run, request.now)
    told = perform(request.actor, "run.ask", {"kind": found.kind, **({"book": found.book} if found.book else {}), **found.parameters, "repeats": str(run)}, request.now, key=request.POST.get("key") or None)
    return redirect(reverse("run", args=[told["run"]]) + "?done=run_asked")


@require_safe
def quarantine(request):
    """What waits in the quarantine of a book, by rule and one by one; the loads in force."""
    _demand(request, "quarantine.list")
    asked, wrong, found = request.GET, None, None
    books = books_of(settings.ARREARS[0], request.actor.lender)
    name = asked.get("book") if asked.get("book") in books else next(iter(books), None)
    if name is not None and settings.ARREARS_QUARANTINE is not None:
        try:
            found = settings.ARREARS_QUARANTINE.waiting(books[name], rule=asked.get("rule") or None, load=_whole(asked.get("load")), page=_whole(asked.get("page")) or 1, refused="refused" in asked)
        except Refused as refused:
            wrong = mishaps.in_language(refused)
    return render(request, "quarantine.html", {"books": list(books), "book": name, "found": found, "wrong": wrong, "rule": asked.get("rule"), "load": _whole(asked.get("load")), "number": _whole(asked.get("page")) or 1,
                                               "only_refused": "refused" in asked, "is_readable": settings.ARREARS_QUARANTINE is not None, "files": choices(request.actor).files}, status=422 if wrong else 200)


@require_POST
def quarantine_file(request):
    """The records in quarantine as a file to correct; that it was fetched stands in the log."""
    _demand(request, "quarantine.fetch")
    said, home = request.POST, settings.ARREARS[0]
    suffix = ".csv" if said.get("suffix") == ".csv" else ".xlsx"
    rule, load = said.get("rule") or None, _whole(said.get("load"))
    if settings.ARREARS_QUARANTINE is None:
        raise Refused("this server was not given the books to read; start it with arrears serve", "此服务未获授权读取账册；请用 arrears serve 启动")
    perform(request.actor, "quarantine.fetch", {"book": said.get("book", ""), **({"rule": rule} if rule else {}), **({"load": load} if load else {})}, request.now)
    content, _records = settings.ARREARS_QUARANTINE.file_of(books_of(home, request.actor.lender)[said["book"]], suffix, rule=rule, load=load)
    kind = "text/csv" if suffix == ".csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="quarantine{suffix}"', "Cache-Control": "no-store"})


def _listed(request, wrong: str | None = None):
    asked, said = request.GET, request.POST if request.method == "POST" else request.GET
    number = _whole(asked.get("page")) or 1
    state = asked.get("state") if asked.get("state") in STATES else None
    lines, more = runs(request.actor, request.now, number, state=state)
    chosen = said.get("kind") if said.get("kind") in KINDS else "night"
    try:
        there = choices(request.actor)
    except Refused as refused:
        wrong, there = wrong or mishaps.in_language(refused), Choices((), (), ())
    may_ask = could(request.actor, "run.ask", "Lender").allowed
    yesterday: date = moment_of(request.now).astimezone(ZONE).date() - timedelta(days=1)
    return render(request, "runs.html", {"runs": lines, "more": more, "number": number, "state": state, "states": STATES, "kinds": KINDS, "kind": chosen, "for_kind": FOR[chosen], "choices": there, "may_ask": may_ask, "wrong": wrong,
                                         "said": said, "chosen_files": said.getlist("files"), "as_of": said.get("as_of") or yesterday.isoformat(), "modes": MODES,
                                         "is_live": any(not one.is_over for one in lines)}, status=422 if wrong and request.method == "POST" else 200)


def _shown(request, run: UUID) -> dict:
    return {"run": one_run(request.actor, run, request.now), "may_ask": could(request.actor, "run.ask", "Lender").allowed}


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0 else None


def _demand(request, verb: str) -> None:
    """Raises Forbidden where the roles open no such page."""
    decision = could(request.actor, verb, "Lender")
    if not decision.allowed:
        raise mishaps.Forbidden(f"your roles may not {VERBS[verb].en}", f"您的角色不可{VERBS[verb].zh}", decision.policies)


