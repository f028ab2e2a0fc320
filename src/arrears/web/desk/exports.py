"""Exports of the desk: asked for, made and fetched; what is large waits for somebody else's approval, and every fetch is an entry of its own."""

from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.law.rules import VERDICTS
from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS
from arrears.web import mishaps
from arrears.web.desk.forms import see_other
from arrears.web.desk.law_words import known_rules, language
from arrears.web.desk.oversight import _demand as demand
from arrears.work.actions.action import ZONE, perform
from arrears.work.exporting.files import ENDINGS
from arrears.work.exporting.limits import own_choices, rows_most
from arrears.work.exporting.subjects import DAYS, STATES
from arrears.work.ledger_frame import UNASKED, frame_of
from arrears.work.oversight_words import EXPORTED, FORMATS
from arrears.work.queries.desk_exports import exports, one_export, pieces
from arrears.work.queries.law_in_force import law_in_force
from arrears.work.queries.ledger import makers
from arrears.work.residuals import could

FILTERS = ("from_on", "to_on", "state", "team", "borrower_id", "channel", "verdict", "rule", "collector", "is_agency")


@require_safe
def list_exports(request):
    """The exports the reader may see, and the form to ask for another."""
    demand(request, "export.view", "Lender")
    return _list_page(request, request.GET)


@require_safe
def export(request, export: UUID):
    """One export: what it holds, whether it is approved and made, and every fetch of it."""
    demand(request, "export.view", "Lender")
    line, fetched = one_export(request.actor, export, moment_of(request.now))
    return render(request, "export.html", {"line": line, "fetched": fetched})


@require_POST
def ask(request):
    """Asked for, and, where no approval is needed, made at once; its page follows. What is refused is said beside the form, with what was typed."""
    said = request.POST
    given = {"what": said.get("what", ""), "format": said.get("format", ""), "filters": {name: said[name] for name in FILTERS if said.get(name)}, "language": language(), "is_once": "is_once" in said}
    try:
        told = perform(request.actor, "export.ask", given, request.now, key=said.get("key") or None, reason=said.get("reason", "").strip() or None)
        if told["approval"] is None:
            perform(request.actor, "export.make", {"export": told["export"]}, request.now, key=f"{said['key']}.made" if said.get("key") else None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _list_page(request, said, mishaps.in_language(refused))
    return see_other("export", told["export"], done="export_asked" if told["approval"] else "export_made")


@require_POST
def make(request, export: UUID):
    """The file is made, once it is approved."""
    perform(request.actor, "export.make", {"export": str(export)}, request.now, key=request.POST.get("key") or None)
    return see_other("export", export, done="export_made")


@require_POST
def fetch(request, export: UUID):
    """The file, piece by piece; no cache keeps it."""
    told = perform(request.actor, "export.fetch", {"export": str(export)}, request.now)
    answer = StreamingHttpResponse(pieces(request.actor, export, UUID(told["entry"]), moment_of(request.now)), content_type=ENDINGS[told["name"].rpartition(".")[2]])
    answer["Content-Disposition"] = content_disposition_header(True, told["name"])
    answer["Content-Length"] = str(told["size_bytes"])
    answer["Cache-Control"] = "no-store"
    return answer


def _list_page(request, said, wrong: str | None = None):
    now, own = moment_of(request.now), own_choices(settings.ARREARS[0])
    days = frame_of({}, now.astimezone(ZONE).date(), DAYS)
    may_ask = could(request.actor, "export.ask", "Lender").allowed
    shown = {"exports": exports(request.actor, now), "said": {"from_on": days.from_on.isoformat(), "to_on": days.to_on.isoformat(), "what": "contacts", "format": "xlsx", **{name: said[name] for name in said}}, "wrong": wrong,
             "subjects": EXPORTED, "formats": FORMATS, "states": sorted({state for states in STATES.values() for state in states}), "channels": CHANNELS, "verdicts": (*reversed(VERDICTS), UNASKED),
             "rules": known_rules(law_in_force(request.actor).pack), "may_ask": may_ask, "most": rows_most(settings.ARREARS[0], request.actor.roles), "without_approval": own["rows_without_approval"], "hours": own["keep_hours"]}
    shown["collectors"], shown["teams"] = makers(request.actor) if may_ask else ([], [])
    return render(request, "exports.html", shown, status=422 if wrong else 200)
