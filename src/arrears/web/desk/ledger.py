"""The ledger of contacts: who was reached, by which way, when, with what outcome, and what the gate said of it; looked through by day, channel, verdict, rule and who made it."""

from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from arrears.days import moment_of
from arrears.law.rules import VERDICTS
from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS
from arrears.web import mishaps
from arrears.web.desk.law_words import known_rules
from arrears.web.desk.oversight import _demand as demand
from arrears.work.actions.action import ZONE
from arrears.work.ledger_frame import UNASKED, Frame, frame_of
from arrears.work.queries.law_in_force import law_in_force
from arrears.work.queries.ledger import ledger, makers
from arrears.work.residuals import could


@require_safe
def show(request):
    """The contacts of the days chosen, fifty a page; what cannot be chosen is said beside the form, and the last days are shown."""
    demand(request, "ledger.view", "Case")
    asked, today, wrong = request.GET, moment_of(request.now).astimezone(ZONE).date(), None
    try:
        frame = frame_of(asked.dict(), today)
        page = ledger(request.actor, frame, asked.get("after") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        wrong, frame = mishaps.in_language(refused), frame_of({}, today)
        page = ledger(request.actor, frame)
    rules = known_rules(law_in_force(request.actor).pack)
    said = {**frame.plain(), **({name: asked[name] for name in Frame.__dataclass_fields__ if asked.get(name)} if wrong else {})}
    shown = {"page": page, "lines": [(line, _titles(line.rules, rules)) for line in page.lines], "said": said, "wrong": wrong, "rules": rules, "rule": rules.get(frame.rule or ""), "kept": urlencode({name: value for name, value in frame.plain().items()}), "is_later": bool(asked.get("after")) and not wrong,
             "channels": CHANNELS, "verdicts": (*reversed(VERDICTS), UNASKED),
             "may_export": could(request.actor, "export.ask", "Lender").allowed, "may_draw": could(request.actor, "sample.draw", "Lender").allowed}
    shown["collectors"], shown["teams"] = makers(request.actor)
    return render(request, "ledger.html", shown, status=422 if wrong else 200)


def _titles(named, rules: dict) -> list[dict[str, str]]:
    """The rules by what they are called, each title once; the link goes to the first of that title."""
    told: dict[str, dict[str, str]] = {}
    for rule in named:
        one = _told(rule, rules)
        told.setdefault(one["title"], one)
    return list(told.values())


def _told(rule: str, rules: dict) -> dict[str, str]:
    """What a rule is called, and its text; one that the pack no longer has by its id alone."""
    known = rules.get(rule)
    return {"id": rule, "title": known.title, "cited": known.cited} if known else {"id": rule, "title": rule, "cited": ""}
