"""Plans from the calculator to the paper: what may be offered, the plan reckoned while it is typed, proposed, approved, agreed, drawn up, ended."""

import base64
from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.forms import see_other
from arrears.web.desk.plan_form import Form, first_form, is_other_kind, read_form
from arrears.web.desk.plan_words import offer_lines, read_aloud, why_not
from arrears.work.actions.action import perform
from arrears.work.plan_calculator import KINDS, RHYTHMS, Sheet, last_first_day, reckon
from arrears.work.queries.cases import CaseSheet, one_case
from arrears.work.queries.parties import may_in_case
from arrears.work.queries.plan_offers import (
    LoanOffer,
    granting_of,
    plan_offers,
    terms_of_sheet,
    today_of,
)
from arrears.work.queries.plans import agreement_sample, case_plans, one_plan
from arrears.work.residuals import could
from arrears.work.verbs import VERBS

PURPOSE = "collection"
"""What an agreement is drawn up and opened for."""


@require_http_methods(["GET", "HEAD", "POST"])
def plan_new(request, case: UUID):
    """The calculator. What is typed is reckoned without anything being done, until it is sent to be proposed."""
    sheet, offers, today = one_case(request.actor, case), plan_offers(request.actor, case, request.now), today_of(request.now)
    if "plan.propose" not in may_in_case(request.actor, sheet):
        raise mishaps.Forbidden(f"your roles may not {VERBS['plan.propose'].en} here", f"您的角色不可在此{VERBS['plan.propose'].zh}", ())
    here = {"line": sheet.line, "offers": offers, "rhythms": list(RHYTHMS), "today": today}
    chosen = _chosen(offers, request.POST.get("loan") or request.GET.get("loan"))
    if chosen is None:
        return render(request, "plan_new.html", {**here, "nothing_to_plan": True})
    form = read_form(request.POST, chosen, today) if request.method == "POST" else first_form(chosen, today)
    is_other_loan = request.POST.get("loan") != request.POST.get("loan_before", request.POST.get("loan"))
    if is_other_loan:
        form = first_form(chosen, today)
    found, wrong = _reckoned(form, chosen, today)
    if wrong is None and request.method == "POST" and request.POST.get("do") == "propose" and not is_other_loan and not is_other_kind(request.POST):
        try:
            return _proposed(request, case, chosen, found)
        except mishaps.Forbidden:
            raise
        except Refused as refused:
            wrong = mishaps.in_language(refused)
    is_live = request.headers.get("HX-Request") == "true"
    return render(request, "plan_new.html", {**here, "chosen": chosen, "kinds": [(kind, why_not(kind, chosen)) for kind in KINDS], "form": form, "wrong": wrong, "offer_lines": offer_lines(chosen), "until": last_first_day(form.kind, chosen.limits, today),
                                             **_preview(request, found, chosen)}, status=422 if wrong and request.method == "POST" and not is_live else 200)


@require_safe
def plan(request, case: UUID, plan: UUID):
    """One plan: its parts as payments tell, its next step, its paper."""
    return _plan_page(request, case, plan)


@require_POST
def plan_agree(request, case: UUID, plan: UUID):
    """The debtor has said yes: the plan holds from today on."""
    given = {"plan": str(plan)} | ({"approval": request.POST["approval"]} if request.POST.get("approval") else {})
    return _done(request, case, plan, "plan.agree", given, "plan_agreed")


@require_POST
def plan_ask(request, case: UUID, plan: UUID):
    """Somebody else is asked to approve the plan."""
    return _done(request, case, plan, "approval.ask", {"kind": "waiver" if request.POST.get("kind") == "waiver" else "plan", "subject": str(plan)}, "plan_approval_asked")


@require_POST
def plan_end(request, case: UUID, plan: UUID):
    """The plan no longer holds, or is not proposed any more."""
    return _done(request, case, plan, "plan.end", {"plan": str(plan)}, "plan_ended")


@require_POST
def offer_taken(request, case: UUID, offer: UUID):
    """The debtor takes what the program offered in place of a broken plan: it is proposed, and agreed at once where the reader may agree it alone."""
    found = next((one for one in one_case(request.actor, case).parts["offers"] if one["id"] == offer), None)
    if found is None or found["kind"] != "instalments":
        raise Refused("there is no such offer in this case; look at the case again", "本案件没有该方案；请刷新案件页面")
    key = _key(request)
    told = perform(request.actor, "plan.propose", {"loan_id": found["loan_id"], "instalments": found["terms"]["instalments"], "offer": str(offer)}, request.now, thing=case, key=key)
    if told["needs_approval"]:
        return see_other("plan", case, told["plan"], done="plan_proposed")
    perform(request.actor, "plan.agree", {"plan": told["plan"]}, request.now, thing=case, key=key and f"{key}.agree")
    return see_other("plan", case, told["plan"], done="plan_agreed")


@require_safe
def agreement(request, case: UUID, plan: UUID):
    """A sample of the agreement, persons masked."""
    language = "en" if request.GET.get("language") == "en" else "zh"
    return _pdf(agreement_sample(request.actor, case, plan, request.now, language), f"sample-{str(plan)[:8]}.pdf")


@sensitive_variables("told")
@require_POST
def agreement_drawn(request, case: UUID, plan: UUID):
    """The agreement in clear, drawn up anew or as it lies in the case, to be saved: counted, with its reason, and in no cache."""
    said = request.POST
    try:
        kept = said.get("attachment")
        if not kept:
            kept = perform(request.actor, "plan.draw_up", {"plan": str(plan), "language": "en" if said.get("language") == "en" else "zh"}, request.now, thing=case, key=_key(request), reason=said.get("reason"), purpose=PURPOSE)["attachment"]
        told = perform(request.actor, "attachment.open", {"attachment": kept}, request.now, thing=case, reason=said.get("reason"), purpose=PURPOSE)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _plan_page(request, case, plan, mishaps.in_language(refused))
    return _pdf(base64.b64decode(told["content_base64"]), f"agreement-{str(plan)[:8]}.pdf")


def plans_part(request, sheet: CaseSheet) -> dict:
    """The part of a person's page: every plan with how far it is kept, offers that the program made, and the way to a new one."""
    actor, today = request.actor, today_of(request.now)
    again = [one for one in sheet.parts["offers"] if one["reoffers_id"] and one["state"] == "open" and one["expires_on"] > today]
    return {"case_plans": case_plans(sheet), "offered_again": again, "may_propose": sheet.line.state == "open" and could(actor, "plan.propose", "Case").allowed, "case_id": sheet.line.id}


def _chosen(offers: list[LoanOffer], loan: str | None) -> LoanOffer | None:
    """The loan meant; without a word the first of which something may be asked."""
    asked = [one for one in offers if one.owed.claimable_minor > 0]
    return next((one for one in asked if one.loan_id == loan), asked[0] if asked else None)


def _reckoned(form: Form, chosen: LoanOffer, today: date) -> tuple[Sheet | None, str | None]:
    """The plan, or what is wrong with it in the reader's language."""
    try:
        if form.wrong is not None:
            raise form.wrong
        return reckon(form.asked, chosen.owed, chosen.limits, today), None
    except Refused as refused:
        return None, mishaps.in_language(refused)


def _preview(request, found: Sheet | None, chosen: LoanOffer) -> dict:
    if found is None:
        return {}
    return {"found": found, "granting": granting_of(request.actor, terms_of_sheet(found)), "aloud": read_aloud(found, chosen), "left_after": _left_after(found)}


def _left_after(found: Sheet) -> list[tuple[int, date, int, int]]:
    """Each part with what is left after it."""
    left, rows = found.paid_minor, []
    for number, part in enumerate(found.parts, start=1):
        left -= part.amount_minor
        rows.append((number, part.due_on, part.amount_minor, left))
    return rows


def _proposed(request, case: UUID, chosen: LoanOffer, found: Sheet) -> HttpResponse:
    """The plan proposed, and asked to be approved where it must be and a reason is given; on to its page."""
    given = {"loan_id": chosen.loan_id, "kind": found.kind, "instalments": [{"due_on": part.due_on.isoformat(), "amount_minor": part.amount_minor} for part in found.parts],
             **{name: getattr(found, name) for name in ("waived_penalty_minor", "waived_interest_minor", "waived_fee_minor", "waived_principal_minor")}}
    key = _key(request)
    told = perform(request.actor, "plan.propose", given, request.now, thing=case, key=key)
    reason = (request.POST.get("reason") or "").strip()
    if not told["needs_approval"] or not reason:
        return see_other("plan", case, told["plan"], done="plan_proposed")
    perform(request.actor, "approval.ask", {"kind": "waiver" if found.waived_minor else "plan", "subject": told["plan"]}, request.now, thing=case, key=key and f"{key}.ask", reason=reason)
    return see_other("plan", case, told["plan"], done="plan_approval_asked")


def _done(request, case: UUID, plan: UUID, verb: str, given: dict, code: str) -> HttpResponse:
    """The action is done, and its page says so; or says what is in its way, with what was typed."""
    try:
        perform(request.actor, verb, given, request.now, thing=case, key=_key(request), reason=request.POST.get("reason"))
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _plan_page(request, case, plan, mishaps.in_language(refused))
    return see_other("plan", case, plan, done=code)


def _plan_page(request, case: UUID, plan: UUID, wrong: str | None = None) -> HttpResponse:
    actor = request.actor
    may = {name: could(actor, verb, "Case", {"purpose": PURPOSE, "reason": "?"}).allowed for name, verb in (("agree", "plan.agree"), ("end", "plan.end"), ("ask", "approval.ask"), ("draw_up", "plan.draw_up"))}
    return render(request, "plan.html", {"sheet": one_plan(actor, case, plan), "case_id": case, "may": may, "wrong": wrong, "said": request.POST}, status=422 if wrong else 200)


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _key(request) -> str | None:
    return request.POST.get("key") or None
