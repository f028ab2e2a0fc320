"""Disputes, complaints and hardship: their queue, and one of them with all that is done about it."""

import json
from uuid import UUID

from django.http import Http404
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.forms import amount, given, see_other, what_is_missing
from arrears.work.actions.action import ZONE, Forbidden, KeyReused, perform
from arrears.work.actions.disputes import ANSWERS
from arrears.work.answer_letters import letter_texts
from arrears.work.queries.matter_words import ANSWER_RESTS_ON, EVIDENCE, TASKS
from arrears.work.queries.matters import DUES, KINDS, STATES, list_matters, tiles
from arrears.work.queries.one_matter import case_of_matter, one_matter
from arrears.work.residuals import could
from arrears.work.verbs import VERBS

OUTCOMES = {"dispute": ANSWERS, "complaint": ANSWERS, "hardship": ("plan", "paused", "refused", "withdrawn")}


def today_of(request):
    """The lender's business day at the request's moment."""
    return moment_of(request.now).astimezone(ZONE).date()


@require_safe
def matters(request):
    """The queue, with its filters and its counts."""
    if not could(request.actor, "case.view", "Case").allowed:
        raise Forbidden(f"your roles may not {VERBS['case.view'].en}", f"您的角色不可{VERBS['case.view'].zh}", ())
    asked, today = request.GET, today_of(request)
    kind = asked.get("kind") if asked.get("kind") in KINDS else None
    state = asked.get("state") if asked.get("state") in STATES else "open"
    due = asked.get("due") if asked.get("due") in DUES and state != "answered" else None
    whose = asked.get("whose") if asked.get("whose") in ("mine", "nobodys") else None
    number = int(asked["page"]) if asked.get("page", "").isascii() and asked.get("page", "").isdigit() and 0 < len(asked["page"]) < 5 and int(asked["page"]) else 1
    page = list_matters(request.actor, today, number, 50, kinds=(kind,) if kind else tuple(KINDS), state=state, due=due, whose=whose)
    return render(request, "matters.html", {"page": page, "tiles": tiles(request.actor, moment_of(request.now)), "kinds": tuple(KINDS), "kind": kind, "state": state, "due": due, "whose": whose, "states": STATES, "dues": DUES,
                                            "may_see_clocks": could(request.actor, "figures.view", "Lender").allowed})


@require_safe
def matter(request, kind: str, matter: UUID):
    """One of them, without its words."""
    return _page(request, kind, matter)


@sensitive_variables("told")
@require_POST
def read(request, kind: str, matter: UUID):
    """Its words in clear, on this page alone: nothing of them is kept, and the page is in no cache."""
    case, sent = _case(request, kind, matter), request.POST
    try:
        told = perform(request.actor, "matter.read", {"kind": kind, "matter": matter}, request.now, thing=case, reason=given(sent.get("reason")), purpose=sent.get("purpose") or None)
    except Forbidden:
        if given(sent.get("reason")):
            raise
        return _page(request, kind, matter, 422, form="read", wrong=what_is_missing(sent, "reason"))
    except Refused as refused:
        return _page(request, kind, matter, 422, form="read", wrong=what_is_missing(sent, "reason") or mishaps.in_language(refused))
    return _page(request, kind, matter, told=told)


@require_POST
def note(request, kind: str, matter: UUID):
    """What was found is noted."""
    return _acted(request, kind, matter, "matter.note", {"text": request.POST.get("text", "")}, "note", "noted", ("text",))


@require_POST
def assign(request, kind: str, matter: UUID):
    """It is given to somebody, or to the reader."""
    to = request.actor.account if request.POST.get("to") == "me" else given(request.POST.get("to"))
    return _acted(request, kind, matter, "matter.assign", {"to": to}, "assign", "assigned", ())


@require_POST
def weigh(request, kind: str, matter: UUID):
    """It counts as simple or complex."""
    return _acted(request, kind, matter, "matter.weigh", {"weight": request.POST.get("weight", "")}, "weigh", "weighed", ("reason",))


@require_POST
def attach(request, kind: str, matter: UUID):
    """A paper of the case is evidence; or one that is sent with the form, which is then of the case."""
    case, sent = _case(request, kind, matter), request.POST
    attachment = given(sent.get("attachment"))
    if (file := request.FILES.get("file")) is not None:
        added = {"kind": "proof", "record_kind": "hardship_proof" if kind == "hardship" else "complaint_file", "content": file.read(), "made_at": moment_of(request.now), "title": file.name[:120]}
        try:
            attachment = perform(request.actor, "attachment.add", added, request.now, thing=case, key=f"{sent['key']}.file" if sent.get("key") else None)["attachment"]
        except (Forbidden, KeyReused):
            raise
        except Refused as refused:
            return _page(request, kind, matter, 422, form="attach", wrong=mishaps.in_language(refused))
    return _acted(request, kind, matter, "matter.attach", {"attachment": attachment or ""}, "attach", "attached", () if attachment else ("attachment",))


@require_POST
def task(request, kind: str, matter: UUID):
    """Something is to be put right."""
    sent = request.POST
    return _acted(request, kind, matter, "matter.task", {"what": sent.get("what", ""), "due_on": given(sent.get("due_on")), "assigned_to": given(sent.get("assigned_to")), "text": given(sent.get("text"))}, "task", "tasked", ("what",))


@require_POST
def task_done(request, kind: str, matter: UUID):
    """Something is put right."""
    return _acted(request, kind, matter, "matter.task_done", {"task": request.POST.get("task", "")}, "task_done", "put_right", ("reason",), of_matter=False)


@require_POST
def extend(request, kind: str, matter: UUID):
    """Further days: asked for, or, once somebody else approved them, taken, with the letter that says so."""
    if kind not in ("dispute", "complaint"):
        raise Http404
    sent, verb = request.POST, f"{kind}.extend"
    sheet = one_matter(request.actor, kind, matter, today_of(request))
    approved = next((one["id"] for one in sheet.approvals if one["state"] == "approved"), None)
    if approved is None:
        return _acted(request, kind, matter, verb, {kind: matter}, "extend", "asked", ("reason",), of_matter=False)
    return _acted(request, kind, matter, verb, {kind: matter, "approval": approved, "text": sent.get("text", "")}, "extend", "extended", ("reason", "text"), of_matter=False)


@sensitive_post_parameters("text")
@require_POST
def answer(request, kind: str, matter: UUID):
    """It is answered by a letter, with what is to be put right."""
    if kind not in ("dispute", "complaint"):
        raise Http404
    sent = request.POST
    due = given(sent.get("task_due"))
    tasks = [{"what": what, "due_on": due} for what in sent.getlist("tasks")]
    told = {kind: matter, "outcome": sent.get("outcome", ""), "text": sent.get("text", ""), "rests_on": sent.getlist("rests_on"), "tasks": tasks, "letter": True}
    return _acted(request, kind, matter, f"{kind}.answer", told, "answer", "answered", ("outcome", "text"), of_matter=False)


@require_POST
def reopen(request, kind: str, matter: UUID):
    """It is taken up again, and the page goes on to the new one."""
    case, sent = _case(request, kind, matter), request.POST
    try:
        told = perform(request.actor, "matter.reopen", {"kind": kind, "matter": matter, "text": sent.get("text", "")}, request.now, thing=case, key=sent.get("key") or None)
    except (Forbidden, KeyReused):
        raise
    except Refused as refused:
        return _page(request, kind, matter, 422, form="reopen", wrong=what_is_missing(sent, "text") or mishaps.in_language(refused))
    return see_other("matter", done="matter_reopened", kind=kind, matter=UUID(str(told[kind])))


@require_POST
def lift(request, kind: str, matter: UUID):
    """Its hold is lifted, once what was wrong is put right."""
    _case(request, kind, matter)
    sheet = one_matter(request.actor, kind, matter, today_of(request))
    return _acted(request, kind, matter, "hold.lift", {"hold": sheet.row["hold_id"]}, "lift", "lifted", ("reason",), of_matter=False)


@require_POST
def examine(request, hardship: UUID):
    """Papers, and what a month leaves."""
    sent = request.POST
    told = {"hardship": hardship, "evidence": given(sent.get("evidence")), "wanted": given(sent.get("wanted")), "income_minor": amount(sent.get("income")), "living_minor": amount(sent.get("living")), "other_debts_minor": amount(sent.get("other_debts"))}
    some = any(given(sent.get(name)) for name in ("income", "living", "other_debts"))
    return _acted(request, "hardship", hardship, "hardship.examine", told, "examine", "examined", ("income", "living", "other_debts") if some else (), of_matter=False)


@sensitive_post_parameters("text")
@require_POST
def decide(request, hardship: UUID):
    """A plan, a pause, a refusal that another confirms, or withdrawn; a plan goes on to the calculator where there is one."""
    sent = request.POST
    told = {"hardship": hardship, "outcome": sent.get("outcome", ""), "text": sent.get("text", ""), "until_on": given(sent.get("until_on"))}
    return _acted(request, "hardship", hardship, "hardship.decide", told, "answer", "refusing" if sent.get("outcome") == "refused" else "decided", ("outcome", "text", "reason"), of_matter=False)


@require_POST
def confirm(request, hardship: UUID):
    """Another's refusal is confirmed, or not."""
    agrees = request.POST.get("decision") == "approve"
    return _acted(request, "hardship", hardship, "hardship.confirm", {"hardship": hardship, "agrees": agrees}, "confirm", "decided" if agrees else "open", ("reason",), of_matter=False)


def _case(request, kind: str, matter: UUID) -> UUID:
    if kind not in KINDS:
        raise Http404
    return case_of_matter(request.actor, kind, matter)


def _acted(request, kind: str, matter: UUID, verb: str, parameters: dict, form: str, done: str, needed: tuple[str, ...], *, of_matter: bool = True):
    """The action is done and the page goes on to the matter; or the page says why it was not, with what was written. form: which one; needed: what must be filled in."""
    case, sent = _case(request, kind, matter), request.POST
    told = {"kind": kind, "matter": matter, **parameters} if of_matter else parameters
    missing = what_is_missing(sent, *needed)
    try:
        perform(request.actor, verb, told, request.now, thing=case, key=sent.get("key") or None, reason=given(sent.get("reason")))
    except KeyReused:
        raise
    except Forbidden:
        if missing is None or given(sent.get("reason")) or "reason" not in needed:
            raise
        return _page(request, kind, matter, 422, form=form, wrong=missing)
    except Refused as refused:
        return _page(request, kind, matter, 422, form=form, wrong=missing or mishaps.in_language(refused))
    return see_other("matter", done=f"matter_{done}", kind=kind, matter=matter)


def _page(request, kind: str, matter: UUID, status: int = 200, **more):
    """The page of one matter. more: told (its words), form and wrong (which form was refused and why)."""
    if kind not in KINDS:
        raise Http404
    sheet = one_matter(request.actor, kind, matter, today_of(request))
    chosen = request.POST.get("outcome") if more.get("form") == "answer" else request.GET.get("outcome")
    lang = request.GET.get("lang") if request.GET.get("lang") in ("zh", "en") else "en" if get_language() == "en" else "zh"
    begun = letter_texts()[kind].get(chosen, {}).get(lang, "") if chosen in OUTCOMES[kind] and more.get("form") != "answer" else ""
    extension = letter_texts()[kind].get("extended", {}).get(lang, "")
    sent = request.POST if more.get("wrong") else {}
    figures = _figures(more.get("told"))
    notes = {one["id"]: one["text"] for one in (more.get("told") or {}).get("notes", ())}
    evidence, names, row = {one["attachment_id"] for one in sheet.evidence}, sheet.names, sheet.row
    return render(request, "matter.html", {
        "sheet": sheet, "line": sheet.line, "kind": kind, "is_open": sheet.line.state in ("open", "refusing"), "outcomes": [(one, f"hardship_{one}" if kind == "hardship" else one) for one in OUTCOMES[kind]], "chosen": chosen, "lang": lang, "letter": sent.get("text") if more.get("form") == "answer" else begun,
        "extension": extension, "sent": sent, "chosen_tasks": sent.getlist("tasks") if sent else (), "all_grounds": [(one, f"rests_{one}") for one in ANSWER_RESTS_ON], "chosen_grounds": sent.getlist("rests_on") if sent else (), "rests_on": [f"rests_{one}" for one in row.get("rests_on") or ()], "all_tasks": TASKS, "all_evidence": EVIDENCE, "figures": figures, "notes": [{**one, "who": names.get(one["written_by_id"]), "text": notes.get(one["id"])} for one in sheet.notes],
        "tasks": [{**one, "whose": names.get(one["assigned_to_id"]), "who": names.get(one["done_by_id"]), "is_late": one["done_at"] is None and one["due_on"] is not None and one["due_on"] < today_of(request)} for one in sheet.tasks],
        "tasks_left": sum(one["done_at"] is None for one in sheet.tasks), "papers": [{**one, "is_evidence": one["id"] in evidence} for one in sheet.attachments], "refused_by": names.get(row.get("refused_by_id"), "–"),
        "is_own_refusal": row.get("refused_by_id") is not None and row.get("refused_by_id") == request.actor.account, "answered_by": names.get(row.get("answered_by_id") or row.get("decided_by_id")), "about": sheet.about or names.get(row.get("about_account_id")),
       
        "may_answer": ("hardship.decide" if kind == "hardship" else f"{kind}.answer") in sheet.may, "may_extend": f"{kind}.extend" in sheet.may, "waiting": next((one for one in sheet.approvals if one["state"] == "waiting"), None),
        "approved": next((one for one in sheet.approvals if one["state"] == "approved"), None), "purposes": ("dispute", "complaint", "collection", "person_right", "legal_proceedings"), **more}, status=status)


def _figures(told: dict | None) -> dict | None:
    """The figures of a household, once its words are shown."""

    return json.loads(told["sheet"]) if told and told.get("sheet") else None
