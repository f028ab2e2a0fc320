"""The first page, by role: what is mine to do now."""

from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web.desk.oversight_tiles import tiles
from arrears.web.desk.record_line import record_line
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


GUIDES = {
    "strategist": (_("Strategies"), _("Strategies are written, tried, submitted and compared at the command line. What somebody asked to have approved waits under Approvals; whoever asked does not decide."), (
        ("arrears strategy check", _("find what is wrong in a strategy")), ("arrears strategy show", _("a whole strategy in words")),
        ("arrears strategy submit", _("keep it as the next version; nothing is in force by it")), ("arrears strategy approve", _("another's version holds from a night on")),
        ("arrears strategy diff", _("which loans change treatment under two strategies, and what that costs")), ("arrears strategy results", _("what became of the experiments")))),
    "data_officer": (_("Personal data"), _("The rights of persons are served at the command line, under your own account. Exports, unmasking and erasures that were asked for stand under Approvals; others decide them."), (
        ("arrears person find", _("by a telephone or ID number, exactly")), ("arrears person export", _("a person's copy of their data")), ("arrears person correct", _("what is wrong is put right")),
        ("arrears person freeze", _("processing stops, storage goes on")), ("arrears person erase", _("their data can be read no more")), ("arrears retention report", _("what a run would destroy, and what stays until when")))),
}
"""What those do whose work is not on these pages: heading, sentence, commands and what each is for."""


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
        shown["accounts"], shown["may_change"] = accounts(actor, most=50), could(actor, "account.leave", "Account").allowed
    if watched := tiles(request):
        shown["tiles"] = watched
    if record := record_line(request):
        shown["record"] = record
    shown["guides"] = [_guide(*GUIDES[role]) for role in sorted(actor.roles & set(GUIDES))]
    return render(request, "home.html", {**shown, "is_empty": not any(value is not None and value != [] for value in shown.values()), "may_next": could(actor, "case.next", "Lender").allowed})


def _cases(request, actor: Actor):
    """The page of cases that the address asks for; the first where it asks for none there is."""
    order = request.GET.get("order") if request.GET.get("order") in ORDERS else "rank"
    number = request.GET.get("page", "1")
    try:
        return list_cases(actor, int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1, 25, order=order), order
    except Refused:
        return list_cases(actor, 1, 25, order=order), order


def _guide(heading: str, sentence: str, commands: tuple[tuple[str, str], ...]) -> dict:
    """One of GUIDES in the reader's language."""
    return {"heading": gettext(heading), "sentence": gettext(sentence), "commands": [(command, gettext(use)) for command, use in commands]}
