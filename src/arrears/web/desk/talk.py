"""The outcome of a talk: chosen by a key, then only what that outcome needs, a summary to edit, and on to the next step."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.forms import amount, given, see_other
from arrears.web.desk.talk_fields import HINTS, NAMES, choices, faults_in, fields_of, summary
from arrears.web.desk.words import said
from arrears.work.actions.action import ZONE, Forbidden, KeyReused, perform
from arrears.work.actions.queue import WHY_BACK
from arrears.work.queries.cases import CaseSheet, one_case
from arrears.work.queries.lamps import lamps
from arrears.work.queries.queue import may_work, reminders_of
from arrears.work.residuals import could
from arrears.work.talk_outcomes import OUTCOMES

DONE = "talk_"
"""With an outcome's code behind it: what a page says once it was noted."""


@sensitive_post_parameters("note")
@require_http_methods(["GET", "HEAD", "POST"])
def outcome(request, case: UUID) -> HttpResponse:
    """The form of one outcome; noted, the case goes on to its next step. A browser that swaps parts gets the part alone."""
    sheet = one_case(request.actor, case)
    if request.method != "POST":
        if not may_work(request.actor, sheet):
            raise Forbidden(f"you may not note talks in case {case}", f"您不能在案件 {case} 中记录沟通结果", ())
        return _page(request, sheet, request.GET, {})
    if "suggest" in request.POST or "again" in request.POST:
        return _page(request, sheet, request.POST, {})
    parameters = _parameters(request.POST)
    row = OUTCOMES.get(parameters.get("outcome", ""))
    faults = faults_in(row, request.POST, parameters) if row and may_work(request.actor, sheet) else {}
    if faults:
        return _page(request, sheet, request.POST, faults, status=422)
    try:
        told = perform(request.actor, "talk.note", parameters, request.now, thing=case, key=request.POST.get("key") or None)
    except (Forbidden, KeyReused):
        raise
    except Refused as refused:
        return _page(request, sheet, request.POST, {"whole": mishaps.in_language(refused)}, status=422)
    return see_other(_next_step(case, told), done=DONE + told["result"] + ("_all" if parameters.get("stops_all") and row.makes_do == "stops_all" else ""))


@require_POST
def put_back(request, case: UUID) -> HttpResponse:
    """The account goes back to the queue, with a reason."""
    perform(request.actor, "case.put_back", {"why": request.POST.get("why", "")}, request.now, thing=case, key=request.POST.get("key") or None)
    return see_other("queue", done="case_put_back")


@require_POST
def reminder_done(request, case: UUID) -> HttpResponse:
    """The reminder is ticked off."""
    perform(request.actor, "reminder.done", {"reminder": request.POST.get("reminder", "")}, request.now, thing=case)
    return see_other("queue", done="reminder_done") if "queue" in request.POST else see_other("case", case, done="reminder_done")


def part(request, sheet: CaseSheet) -> dict:
    """What the person's page shows of talks: the outcomes to choose from, what reminds, what became of promises, and the next account."""
    may = sheet.line.state == "open" and may_work(request.actor, sheet)
    return {"may": may, "may_next": could(request.actor, "case.next", "Lender").allowed, "line": sheet.line, "choices": choices() if may else [], "reminders": reminders_of(sheet),
            "promises": promises_with_payments(sheet.parts), "why_back": WHY_BACK, "used": used_point(request, sheet), "is_done": request.GET.get("done", "").startswith(DONE), "now": moment_of(request.now)}


def used_point(request, sheet: CaseSheet) -> str:
    """The number or address that was just dialled or named, so that the form begins with it; nothing where none was, or it is closed."""
    said = request.POST.get("contact_point") or request.GET.get("contact_point") or ""
    return said if said in {str(point["id"]) for point in sheet.parts["contact_points"] if point["state"] == "usable"} else ""


def promises_with_payments(parts: dict[str, list[dict]]) -> list[dict]:
    """The promises, the latest first, each with what was paid of it within its days, as far as the lender's book has it. Whether one is kept is told by the night; this shows how far it is."""
    taken_back = {one["reverses"] for one in parts["payments"] if one["reverses"]}
    counting = [one for one in parts["payments"] if not one["reverses"] and one["payment_id"] not in taken_back]
    return [{**promise, "paid_minor": sum(one["amount_minor"] for one in counting if one["loan_id"] == promise["loan_id"] and one["currency"] == promise["currency"]
                                          and promise["promised_on"] <= one["paid_on"] <= promise["pay_by_on"])} for promise in parts["promises"][:10]]


def _page(request, sheet: CaseSheet, sent, faults: dict[str, str], status: int = 200) -> HttpResponse:
    row = OUTCOMES.get(sent.get("outcome", ""))
    shown = {**part(request, sheet), "row": row, "faults": faults}
    if row is not None:
        suggested = summary(row, sent, sheet)
        shown["warned"] = not_allowed_now(request, sheet, {"contact_point": shown["used"], **sent.dict()})
        fields, starts_at_note = fields_of(row, sheet, sent, faults), "suggest" in sent and not faults
        shown |= {"fields": [{**one, "is_first": one["is_first"] and not starts_at_note} for one in fields], "starts_at_note": starts_at_note, "suggested": suggested, "note": _note(sent, suggested), "label": gettext(NAMES[row.code]), "hint": gettext(HINTS[row.code])}
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, "parts/talk.html" if is_part else "talk.html", shown, status=status)


def not_allowed_now(request, sheet: CaseSheet, sent: dict) -> str:
    """What the lamp of the way and number that are chosen (a call to the debtor, by default) says against such a contact at this moment; nothing where it is allowed, or where they called. Noting what was done is not refused by it."""
    channel = sent.get("channel") or "call"
    if sent.get("direction") == "inbound":
        return ""
    mine = [lamp for lamp in lamps(request.actor, sheet.line.id, moment_of(request.now)) if lamp.channel == channel and lamp.has_way]
    of_points = {str(point): answer for lamp in mine for point, answer in lamp.by_point.items()}
    answer = of_points.get(sent.get("contact_point", ""), mine[0].answer if mine else None)
    if answer is None or not answer.reasons or answer.verdict == "allow":
        return ""
    is_english = get_language() == "en"
    rules = ("; " if is_english else "；").join((one.en if is_english else one.zh).rstrip(".。") for one in answer.reasons)
    text = _("At this moment no contact by %(channel)s is allowed: %(rules)s. What was done must still be noted as it was.") if answer.verdict == "deny" else _("At this moment a contact by %(channel)s needs a reason or a release: %(rules)s. What was done must still be noted as it was.")
    return gettext(text) % {"channel": said(channel), "rules": rules}


def _note(sent, suggested: str) -> str:
    """What stands in the field: what was written; the suggestion where it was asked for and nothing else was written than what was suggested before."""
    written, before = sent.get("note", ""), sent.get("suggested", "")
    return suggested if "suggest" in sent and written.strip() in ("", before.strip()) else written


def _parameters(sent) -> dict:
    """What talk.note is called with: amounts in minor units, moments with their zone, nothing where nothing was filled in."""
    plain = {name: given(sent.get(name)) for name in ("outcome", "channel", "direction", "contact_point", "concerns", "relation", "loan_id", "pay_by_on", "pay_channel", "hardship", "state", "ground_of_dispute",
                                                      "ground_of_complaint", "note")}
    plain |= {"amount_minor": amount(sent.get("amount")), "call_back_at": moment_sent(sent.get("call_back_at")), "attempted_at": moment_sent(sent.get("attempted_at")), "stops_all": "yes" if sent.get("stops_all") else None}
    return {name: value for name, value in plain.items() if value is not None}


def moment_sent(text: str | None) -> str | None:
    """A day and time as a browser sends them, with the lender's zone; the text itself where it is none, which an action then refuses."""
    written = given(text)
    if written is None:
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ZONE).isoformat()
    except ValueError:
        return written


def _next_step(case: UUID, told: dict) -> str:
    """The address of what comes next: that of the outcome where there is such a page, else the person's."""
    try:
        return reverse(told["leads_to"], args=[case])
    except NoReverseMatch:
        return reverse("case", args=[case])

