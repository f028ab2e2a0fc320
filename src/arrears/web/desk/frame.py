"""What stands around every page: who is logged in, what they may open from here, the other language."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop as _

LINKS = (
    ("home", _("Work"), None),
    # front
    # person
    # queue
    # plans
    # matters
    # team
    # oversight
    # running
    ("runs", _("Runs"), {"administrator", "auditor"}),
    ("roster", _("Roster"), {"administrator", "auditor", "compliance_officer", "team_lead"}),
    ("limits", _("Limits"), {"administrator", "auditor", "compliance_officer"}),
    ("calendar", _("Calendar"), {"administrator", "compliance_officer", "team_lead"}),
    # end
    ("approvals", _("Approvals"), {"collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "agency_worker"}),
    ("entries", _("Log"), {"compliance_officer", "auditor"}),
    ("accounts", _("Accounts"), {"administrator", "compliance_officer", "auditor"}),
    ("own_account", _("My account"), None),
)


def around(request) -> dict:
    """The context of every template; on an error page too, where nobody may be logged in."""
    actor = getattr(request, "actor", None)
    is_whole = actor is not None and actor.second_factor and not getattr(getattr(request, "standing", None), "must_change", False)
    match = getattr(request, "resolver_match", None)
    links = [{"url": reverse(name), "text": translation.gettext(text), "is_here": bool(match and match.view_name == name)} for name, text, roles in LINKS
             if is_whole and (roles is None or roles & actor.roles)]
    return {"actor": actor, "links": links, "is_whole": is_whole, "is_english": translation.get_language() == "en", "profile": settings.ARREARS_ACCESS,
            "roles": sorted(actor.roles) if actor else [], "now_here": getattr(request, "now", None)}
