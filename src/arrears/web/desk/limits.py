"""The operator's own numbers, and the calendar: what holds, where it comes from, and a number changed with a reason."""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import ZONE, perform
from arrears.work.queries.quiet_hours import days_off, quiet_hours
from arrears.work.queries.roster import all_limits
from arrears.work.residuals import could

HOLIDAYS = {"New Year's Day": _("New Year"), "Spring Festival": _("Spring Festival"), "Tomb-sweeping Day": _("Tomb-sweeping Day"), "Labour Day": _("Labour Day"), "Dragon Boat Festival": _("Dragon Boat Festival"),
            "National Day": _("National Day"), "Mid-autumn Festival": _("Mid-autumn Festival")}
SECTIONS = {
    "unmasking": _("Uncovering personal data, per account"), "exports": _("Exports"), "team": _("Teams"), "plans": _("Plans offered again"), "matters": _("Disputes, complaints and hardship"), "quality": _("Quality checks"),
    "attachments": _("Attachments"), "backup": _("How long backups are kept"), "access": _("Log-in (only stricter than the profile)"),
}
NAMES = {
    "an_hour": _("times an hour"), "a_day": _("times in 24 hours"), "rows_team_lead": _("rows an export, team lead"), "rows_compliance_officer": _("rows an export, compliance officer"),
    "rows_without_approval": _("rows without approval, per person in 24 hours"), "size_most_bytes": _("bytes at most"), "keep_hours": _("hours an export is kept"), "idle_days": _("days untouched until a held case counts as idle"),
    "clock_days": _("days before its last day a matter is shown as near"), "broken_days": _("days back broken promises are looked for"), "kept_days": _("days over which kept promises are counted"),
    "minutes_a_case": _("minutes a case is taken to last"), "move_most": _("cases in one move"), "decide_days": _("days to decide about hardship"), "plan_days": _("days to agree a plan after it"),
    "pause_most_days": _("days of the longest pause"), "warn_days": _("days before the last day a matter counts as due soon"), "complaint_days": _("days after a contact in which a complaint counts for it"),
    "new_staff_days": _("days somebody counts as new"), "long_recording_bytes": _("bytes from which a recording counts as long"), "dispute_days": _("days after a result in which the collector may dispute it"), "size_most": _("contacts a sample"),
    "cases_days": _("days a backup of cases is kept"), "keys_days": _("days a backup of keys is kept"), "password_least": _("characters of a password at least"), "password_days": _("days a password lasts"),
    "failures_account": _("failures until an account is locked"), "failures_address": _("failures until an address is locked"), "lock_minutes": _("minutes of a lock-out"), "idle_minutes": _("idle minutes until a session ends"),
    "session_hours": _("hours a session lasts at most"), "reoffers_most": _("times a broken plan is offered again in a year"), "offer_days": _("days such an offer stands"), "first_days": _("days from the offer to its first day"),
}


@require_safe
def show(request):
    """Every number with its source."""
    return _page(request)


@require_POST
def set_one(request):
    """One number is another from now on, or its default again."""
    said, value = request.POST, request.POST.get("value", "").strip()
    try:
        perform(request.actor, "limit.set", {"section": said.get("section", ""), "name": said.get("name", ""), **({"value": value} if value and "default" not in said else {})}, request.now,
                reason=said.get("reason"), key=said.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _page(request, mishaps.in_language(refused), said)
    return redirect(reverse("limits") + "?done=limit_set")


@require_safe
def calendar(request):
    """When nobody may be contacted, by which text; how days are counted."""
    at = moment_of(request.now).astimezone(ZONE)
    days, unknown = days_off(at.date())
    return render(request, "calendar.html", {"hours": quiet_hours(request.actor, at.date(), "en" if get_language() == "en" else "zh"), "today": at.date(), "at": at, "days": [{"day": one, "name": HOLIDAYS.get(one.name, one.name)} for one in days], "unknown": unknown})


def _page(request, wrong: str | None = None, said=None):
    found: dict[str, list[dict]] = {}
    try:
        for one in all_limits(request.actor):
            is_said = said is not None and (said.get("section"), said.get("name")) == (one.section, one.name)
            found.setdefault(one.section, []).append({"limit": one, "text": NAMES.get(one.name, one.name), "typed": said.get("value", "") if is_said else one.value, "reason": said.get("reason", "") if is_said else "", "is_open": is_said})
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        wrong = wrong or mishaps.in_language(refused)
    return render(request, "limits.html", {"sections": [(SECTIONS[name], name, lines) for name, lines in found.items()], "wrong": wrong, "may_set": could(request.actor, "limit.set", "Lender", {"reason": "?"}).allowed},
                  status=422 if wrong else 200)
