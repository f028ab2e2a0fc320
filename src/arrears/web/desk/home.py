"""The first page, by role: what is mine to do now."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.work.actions.action import ZONE
from arrears.work.actor import Actor
from arrears.work.queries.accounts import accounts, glasses
from arrears.work.queries.approvals import waiting_approvals
from arrears.work.queries.cases import list_cases
from arrears.work.queries.log import latest_entries
from arrears.work.queries.matters import open_matters
from arrears.work.queries.team import teams
from arrears.work.residuals import could

ORDERS = ("rank", "days_past_due", "claimable")


@require_safe
def home(request):
    """Cases, approvals, holds and complaints, alarms, the log or accounts, as far as the roles reach."""
    actor, shown = request.actor, {}
    if could(actor, "case.list", "Case").allowed:
        shown["page"], shown["order"] = _cases(request, actor)
        shown["orders"] = ORDERS
    if actor.roles & {"team_lead"}:
        shown["teams"] = teams(actor)
    if actor.roles & {"team_lead", "compliance_officer", "strategist", "data_officer"}:
        shown["approvals"] = waiting_approvals(actor, 10)
    if actor.roles & {"compliance_officer"}:
        shown["matters"] = open_matters(actor, moment_of(request.now).astimezone(ZONE).date())
        shown["glasses"] = glasses(actor, moment_of(request.now))
    if actor.roles & {"auditor"}:
        shown["entries"] = latest_entries(actor, size=15)
    if actor.roles & {"administrator"}:
        shown["accounts"] = accounts(actor)[:50]
    return render(request, "home.html", {**shown, "is_empty": not shown})


def _cases(request, actor: Actor):
    """The page of cases that the address asks for; the first where it asks for none there is."""
    order = request.GET.get("order") if request.GET.get("order") in ORDERS else "rank"
    number = request.GET.get("page", "1")
    try:
        return list_cases(actor, int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1, 25, order=order), order
    except Refused:
        return list_cases(actor, 1, 25, order=order), order
