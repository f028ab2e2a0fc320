"""One person's page: who it is, how much, may they be contacted, what next, what happened; uncovering with a reason, and dialling without seeing the number."""

from uuid import UUID

from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web.desk import case_parts
from arrears.web.desk.history import SHOWN_FIRST, groups, history, of_group
from arrears.web.desk.sums import action_of, debts_of, plans_of, scores_of, sums_of
from arrears.web.mishaps import in_language
from arrears.work.actions.action import ZONE, Forbidden, perform
from arrears.work.queries.cases import CaseSheet
from arrears.work.queries.lamps import Lamp, lamps
from arrears.work.queries.person_page import PersonPage, person_page
from arrears.work.residuals import could
from arrears.work.verbs import PURPOSES

FIELDS = ("name", "phone", "id_number", "address", "email", "account")
DOCUMENT_KINDS = (("document", "other_document"), ("document", "collection_record"), ("proof", "hardship_proof"), ("proof", "limitation_evidence"), ("proof", "complaint_file"), ("recording", "call_recording"),
                  ("recording", "visit_recording"), ("recording", "oral_plan_recording"))
"""Kind and kind of record, as the form for a document names them together."""


@require_safe
def case(request, case: UUID):
    """The person, masked; of the history what the address asks for (show, all)."""
    return shown(request, case)


@require_safe
def case_lamps(request, case: UUID):
    """The lamps of this moment as a piece of the page: asked again by itself while the page stands open. A page of its own where no script asked."""
    context = {"case": case, "may_dial": _may_dial(request.actor), **_lamps(lamps(request.actor, case, moment_of(request.now))), "now": moment_of(request.now)}
    return render(request, "lamps_piece.html" if request.headers.get("HX-Request") == "true" else "lamps.html", context)


@sensitive_variables("told")
@require_POST
def unmask(request, case: UUID):
    """One field of one person in clear, on this page alone: nothing of it is kept, and the page is in no cache."""
    said = request.POST
    try:
        told = perform(request.actor, "person.unmask", {"party": said.get("party", ""), "field": said.get("field", "")}, request.now, thing=case, reason=said.get("reason"), purpose=said.get("purpose"))
    except Refused as refused:
        return shown(request, case, refused=refused, opened="unmask", status=422)
    values = [one["value"] for one in told["values"]] if "values" in told else [told["value"]]
    return shown(request, case, uncovered=[value for value in values if value], uncovered_field=told["field"], is_uncovered=True, opened="unmask")


@sensitive_variables("told")
@require_POST
def notes(request, case: UUID):
    """What was noted of the talks of the case, in clear beside each line of the history, on this page alone: nothing of it is kept, and the page is in no cache."""
    said = request.POST
    if not said.get("reason", "").strip():
        return shown(request, case, refused=Refused("say why you read the notes: fill in the reason; nothing was shown", "请填写查看沟通记录的理由；未显示任何内容"), opened="notes", status=422)
    try:
        told = perform(request.actor, "matter.read", {"kind": "talks", "matter": case}, request.now, thing=case, reason=said.get("reason"), purpose=said.get("purpose"))
    except Refused as refused:
        return shown(request, case, refused=refused, opened="notes", status=422)
    return shown(request, case, notes={str(one["id"]): one["text"] for one in told["talks"]}, opened="notes")


@require_POST
def dial(request, case: UUID):
    """The telephone side gets a token for the number; the page shows none of it. What the gate forbids is refused, with the rule."""
    try:
        told = perform(request.actor, "person.dial", {"contact_point": request.POST.get("contact_point", "")}, request.now, thing=case, reason=request.POST.get("reason"))
    except Refused as refused:
        return shown(request, case, refused=refused, status=422)
    return shown(request, case, dialled=told["seconds"], token=told["token"])


@sensitive_variables("more")
def shown(request, case: UUID, *, refused: Refused | None = None, opened: str = "", status: int = 200, **more):
    """The person's page; refused: what was just refused stands above it, and what was typed stays in the part that is open. Raises what is Forbidden again: it has a page of its own."""
    if isinstance(refused, Forbidden):
        raise refused
    page = person_page(request.actor, case, moment_of(request.now))
    context = {**_context(request, page, more), "refused": None if refused is None else in_language(refused), "opened": opened, "typed": request.POST if refused is not None else {}, **more}
    return render(request, "case.html", context, status=status)


def _context(request, page: PersonPage, more: dict) -> dict:
    sheet, actor = page.sheet, request.actor
    parts, lang = sheet.parts, "en" if translation.get_language() == "en" else "zh"
    points: dict[UUID, list[dict]] = {}
    for point in parts["contact_points"]:
        points.setdefault(point["party_id"], []).append(point)
    people = sorted(({**party, "points": points.get(party["id"], [])} for party in parts["parties"]), key=lambda one: (one["role"] != "debtor", one["role"], one["ordinal"]))
    lines, chosen = history(parts), request.GET.get("show", "")
    mine, is_all = of_group(lines, chosen), "all" in request.GET or "notes" in more
    here = moment_of(request.now)
    return {
        "line": sheet.line, "case": sheet.line.id, "people": people, "parts": parts, "sums": sums_of(parts["debts"]), "debts": debts_of(parts), "plans": plans_of(parts, here.astimezone(ZONE).date()), "actions": action_of(sheet.proposals, page.score_words, lang, page.offer_words),
        "scores": scores_of(parts["debts"], page.score_words, lang), "history": mine if is_all else mine[:SHOWN_FIRST], "more": 0 if is_all else max(0, len(mine) - SHOWN_FIRST), "groups": groups(lines, chosen), "chosen": chosen,
        "purposes": PURPOSES, "fields": FIELDS, "may_unmask": could(actor, "person.unmask", "Case", {"purpose": PURPOSES[0], "reason": "?", "field": "name"}).allowed,
        "may_read": could(actor, "matter.read", "Case", {"purpose": PURPOSES[0], "reason": "?"}).allowed, "notes": {}, "may_dial": _may_dial(actor), "may_add": could(actor, "attachment.add", "Case").allowed, "may_open": could(actor, "attachment.open", "Case", {"purpose": PURPOSES[0], "reason": "?"}).allowed,
        "others": _others(request, sheet), "document_kinds": DOCUMENT_KINDS, "now": here, "typed_at": here.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"), **_lamps(page.lamps),
    }


def _others(request, sheet: CaseSheet) -> list[dict]:
    """What other subjects put on the page; beside what they say themselves each knows the case's line and rows."""
    known = {"line": sheet.line, "case": sheet.line.id, "parts": sheet.parts}
    return [{"name": name, "html": render_to_string(template, {**known, **part(request, sheet)}, request)} for name, template, part in case_parts.PARTS]


def _may_dial(actor) -> bool:
    return could(actor, "person.dial", "Case").allowed


def _lamps(found: tuple[Lamp, ...]) -> dict:
    """The lamps by party, why each is not green, a line for each rule and moment until which it holds, and the answer of each number, for the buttons beside it."""
    rows: list[dict] = []
    for lamp in found:
        if not rows or rows[-1]["party"] != lamp.party:
            rows.append({"party": lamp.party, "role": lamp.role, "lamps": [], "why": {}})
        rows[-1]["lamps"].append(lamp)
        if lamp.has_way:
            for reason in lamp.answer.reasons:
                rows[-1]["why"].setdefault((reason.id, lamp.answer.retry_at), {"reason": reason, "channels": [], "until": lamp.answer.retry_at})["channels"].append(lamp.channel)
    for row in rows:
        row["why"] = list(row["why"].values())
        row["known"] = [lamp for lamp in row["lamps"] if lamp.has_way]
        row["unknown"] = [lamp.channel for lamp in row["lamps"] if not lamp.has_way]
    calls = {point: answer for lamp in found if lamp.channel == "call" for point, answer in lamp.by_point.items()}
    return {"lamp_rows": rows, "calls": calls}
