"""Quality checks (质检): samples drawn, sheets filled by the sample's own form, results, disputes and how far reviewers agree."""

from uuid import UUID

from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.law.rules import VERDICTS
from arrears.refusal import Refused
from arrears.tables.contacts import CHANNELS
from arrears.web import mishaps
from arrears.web.desk.forms import see_other
from arrears.web.desk.law_words import EVIDENCE, known_rules, language
from arrears.web.desk.oversight import _demand as demand
from arrears.work.actions.action import ZONE, perform
from arrears.work.ledger_frame import UNASKED, frame_of
from arrears.work.oversight_words import METHODS, STRATA
from arrears.work.quality.form import Form
from arrears.work.queries.law_in_force import law_in_force
from arrears.work.queries.ledger import makers
from arrears.work.queries.samples import ItemLine, dispute_until, one_item, one_sample, own_items, samples
from arrears.work.residuals import could

FILTERS = ("from_on", "to_on", "channel", "verdict", "rule", "collector", "team", "is_agency")


@require_safe
def list_samples(request):
    """The samples of the lender, and the form by which another is drawn."""
    demand(request, "sample.view", "Lender")
    return _samples_page(request, request.GET)


@require_POST
def draw(request):
    """A sample is drawn; its page follows. What is refused is said beside the form, with what was typed."""
    said = request.POST
    given = {"filters": {name: said[name] for name in FILTERS if said.get(name)}, "method": said.get("method", ""), "by": (said.get("by") or None) if said.get("method") == "stratified" else None, "size": said.get("size", ""),
             "double_percent": said.get("double_percent") or 0, "seed": said.get("seed") or None}
    try:
        told = perform(request.actor, "sample.draw", given, request.now, key=said.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _samples_page(request, said, mishaps.in_language(refused))
    return see_other("sample", told["sample"], done="sample_drawn")


@require_safe
def sample(request, sample: UUID):
    """One sample: its contacts with their results, what they say of collectors and teams, and how far reviewers agree."""
    demand(request, "sample.view", "Lender")
    found = one_sample(request.actor, sample)
    wanted = request.GET.get("state") if request.GET.get("state") in ("unscored", "scored", "disputed", "settled", "failed") else None
    items = [item for item in found.items if wanted is None or item.state == wanted or (wanted == "failed" and item.result is not None and not item.result.is_passed)]
    following = next((item for item in found.items if _waits_for(item, request.actor.account)), None)
    return render(request, "sample.html", {"sheet": found, "line": found.line, "items": items, "wanted": wanted, "title": found.form.title[language()], "frame": [(name, "yes" if value is True else value) for name, value in found.line.frame.items() if name not in ("from_on", "to_on", "digest")], "following": following,
                                           "may_fill": could(request.actor, "sheet.fill", "Case").allowed, "may_coach": could(request.actor, "coaching.list", "Collector").allowed, "chart": _chart(found)})


@require_safe
def sheet(request, item: UUID):
    """One contact of a sample: what is known of it, its recording, the sheets that were filled, and the one that waits for the reader."""
    demand(request, "sample.view", "Lender")
    return _sheet_page(request, item, {})


@require_POST
def fill(request, case: UUID):
    """The sheet is kept; the next contact of the sample that waits for this reviewer follows, else the sample."""
    said = request.POST
    answers = {name.removeprefix("answer."): value for name, value in said.items() if name.startswith("answer.") and value}
    try:
        told = perform(request.actor, "sheet.fill", {"item": said.get("item", ""), "answers": answers, "comment": said.get("comment", "").strip() or None}, request.now, thing=case, key=said.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        try:
            return _sheet_page(request, UUID(said.get("item", "")), said, mishaps.in_language(refused))
        except ValueError:
            raise refused from None
    found, _, _ = one_item(request.actor, UUID(told["item"]))
    following = next((item for item in one_sample(request.actor, found.sample).items if _waits_for(item, request.actor.account)), None)
    return see_other("sheet", following.id, done="sheet_filled") if following else see_other("sample", found.sample, done="sheet_filled")


@require_safe
def own(request):
    """The scored contacts that the reader made, and a form to dispute each."""
    demand(request, "sheet.view", "Lender")
    return _own_page(request)


@require_POST
def dispute(request, item: UUID):
    """The result is disputed; another reviewer looks at it."""
    try:
        perform(request.actor, "sheet.dispute", {"item": str(item), "text": request.POST.get("text", "")}, request.now, key=request.POST.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _own_page(request, {"item": item, "text": request.POST.get("text", ""), "wrong": mishaps.in_language(refused)})
    return see_other("own_sheets", done="sheet_disputed")


def _samples_page(request, said, wrong: str | None = None):
    today = moment_of(request.now).astimezone(ZONE).date()
    days = frame_of({}, today)
    shown = {"samples": samples(request.actor), "said": {"from_on": days.from_on.isoformat(), "to_on": days.to_on.isoformat(), "method": "random", "size": "30", "double_percent": "10", **{name: said[name] for name in said}},
             "wrong": wrong, "methods": METHODS, "strata": STRATA, "channels": CHANNELS, "verdicts": (*reversed(VERDICTS), UNASKED), "rules": known_rules(law_in_force(request.actor).pack),
             "may_draw": could(request.actor, "sample.draw", "Lender").allowed}
    shown["collectors"], shown["teams"] = makers(request.actor)
    return render(request, "samples.html", shown, status=422 if wrong else 200)


def _sheet_page(request, item: UUID, said, wrong: str | None = None):
    found, form, recording = one_item(request.actor, item)
    pack = law_in_force(request.actor).pack
    lang, rules = language(), known_rules(pack)
    told = [{"item": one, "title": one.title[lang], "source": pack.sources[one.source]["title"] if one.source in pack.sources and one.source != "operator_policy" else "", "evidence": gettext(EVIDENCE[one.evidence]),
             "said": said.get(f"answer.{one.id}", ""), "answers": [(sheet.part, sheet.answers.get(one.id, "")) for sheet in found.sheets]} for one in form.items]
    may_fill = could(request.actor, "sheet.fill", "Case").allowed and _waits_for(found, request.actor.account)
    sheets = () if may_fill and found.state != "disputed" else found.sheets  # who scores a second time does so without knowing the first score: else they would agree by it
    shown = {"item": found, "sheets": sheets, "form": form, "title": form.title[lang], "questions": told, "said": said, "wrong": wrong, "recording": recording, "may_fill": may_fill, "is_look": found.state == "disputed", "may_coach": could(request.actor, "coaching.list", "Collector").allowed,
             "rules": [rules[rule] if rule in rules else {"id": rule, "title": rule} for rule in found.contact.rules], "red_titles": {one.id: one.title[lang] for one in form.items}}
    return render(request, "sheet.html", shown, status=422 if wrong else 200)


def _own_page(request, tried: dict | None = None):
    now, lang = moment_of(request.now), language()
    told = []
    for item, form in own_items(request.actor):
        until = dispute_until(item)
        told.append({"item": item, "form": form.title[lang], "questions": _answered(item, form, lang), "until": until, "may_dispute": until is not None and now <= until, "tried": tried if tried and tried["item"] == item.id else None})
    return render(request, "own_sheets.html", {"told": told, "wrong": tried["wrong"] if tried else None}, status=422 if tried else 200)


def _answered(item: ItemLine, form: Form, lang: str) -> list[tuple[str, str, bool]]:
    """Of the result that counts: each question, its answer, and whether a red line was crossed by it."""
    return [] if item.result is None else [(one.title[lang], item.result.answers.get(one.id, ""), one.id in item.result.red_lines) for one in form.items]


def _waits_for(item: ItemLine, account: UUID | None) -> bool:
    """Whether a sheet of the item is this reviewer's to fill."""
    parts = {sheet.part for sheet in item.sheets}
    if any(sheet.reviewer_id == account for sheet in item.sheets):
        return False
    return item.state in ("unscored", "disputed") or (item.is_double and "second" not in parts and item.state == "scored")


def _chart(found) -> dict:
    """The share that passed by collector, for the picture; the same stands in the table."""
    return {"xAxis": {"type": "value", "max": 1, "axisLabel": {"formatter": "percent"}}, "yAxis": {"type": "category", "inverse": True, "data": [one.name for one in found.collectors[:20]]},
            "tooltip": {"valueFormatter": "percent"}, "series": [{"type": "bar", "barMaxWidth": 18, "data": [round(one.passed.value, 4) for one in found.collectors[:20]]}]}
