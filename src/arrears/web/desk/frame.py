"""What stands around every page: who is logged in, what they may open from here, the search, what was just done, the other language."""

from itertools import groupby
from operator import itemgetter

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop as _

from arrears.web.desk.words import WORDS
from arrears.web.draft_keys import draft_key
from arrears.work.roles import role_table

LINKS = (
    ("home", _("Work"), None, ""),
    ("queue", _("Queue"), {"collector", "team_lead", "agency_worker"}, ""),
    ("matters", _("Disputes and complaints"), {"collector", "team_lead", "compliance_officer", "auditor", "agency_worker"}, ""),
    ("approvals", _("Approvals"), {"collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "agency_worker"}, ""),
    ("team_me", _("My figures"), {"collector"}, ""),
    ("own_sheets", _("My scores"), {"collector", "agency_worker"}, ""),
    ("team", _("Team"), {"team_lead", "compliance_officer", "auditor"}, _("Staff")),
    ("coaching", _("Coaching"), {"team_lead"}, _("Staff")),
    ("absences", _("Absences"), {"team_lead"}, _("Staff")),
    ("roster", _("Roster"), {"administrator", "auditor", "compliance_officer", "team_lead"}, _("Staff")),
    ("calendar", _("Calendar"), {"administrator", "compliance_officer", "team_lead"}, _("Staff")),
    ("accounts", _("Accounts"), {"administrator", "compliance_officer", "auditor"}, _("Staff")),
    ("ledger", _("Contact ledger"), {"team_lead", "compliance_officer", "auditor"}, _("Oversight")),
    ("samples", _("Quality checks"), {"team_lead", "compliance_officer", "auditor"}, _("Oversight")),
    ("law", _("Law"), {"compliance_officer", "auditor", "strategist"}, _("Oversight")),
    ("exports", _("Exports"), {"team_lead", "compliance_officer", "data_officer", "auditor"}, _("Oversight")),
    ("entries", _("Log"), {"compliance_officer", "auditor"}, _("Oversight")),
    ("runs", _("Runs"), {"administrator", "auditor"}, _("Running")),
    ("limits", _("Limits"), {"administrator", "auditor", "compliance_officer"}, _("Running")),
    ("own_account", _("My account"), None, ""),
)
"""Name of the address, what it is called, whom it is for (what is for everybody has None), and the group it stands in, which opens once two of it are the reader's."""


KEYS = {"queue": "q"}
"""Which link of the frame a key presses."""
UNDER = {"account_create": "accounts", "own_password": "own_account", "case": "home", "move": "team", "team_list": "team"}
"""Under which link a page stands that is none itself."""


def around(request) -> dict:
    """The context of every template; on an error page too, where nobody may be logged in. done: what `?done=` says was done, where that is a code of ours.

    A page of several templates asks once for each; what was told once is told again, unless who acts or the language has changed meanwhile.
    """
    said_for = (getattr(request, "actor", None), getattr(request, "standing", None), getattr(request, "resolver_match", None), translation.get_language())
    kept = getattr(request, "_around", None)
    if kept is None or any(one is not other for one, other in zip(kept[0], said_for, strict=True)):
        kept = request._around = (said_for, _told(request))
    return kept[1]


def _told(request) -> dict:
    actor, standing = getattr(request, "actor", None), getattr(request, "standing", None)
    is_whole = actor is not None and actor.second_factor and not getattr(standing, "must_change", False)
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    links = _links(actor.roles, here) if is_whole else []
    done = WORDS.get(request.GET.get("done", ""))
    shown = {"actor": actor, "links": links, "is_whole": is_whole, "is_english": translation.get_language() == "en", "profile": settings.ARREARS_ACCESS, "roles": sorted(actor.roles) if actor else [],
             "now_here": getattr(request, "now", None), "may_search": is_whole and bool(actor.roles & _who_opens("search")), "done": translation.gettext(done) if done else ""}
    if is_whole and actor.account is not None and standing is not None:
        told = draft_key(actor.account, standing.epoch)
        shown |= {"draft_owner": told.owner, "draft_key": told.key}
    return shown


def _links(roles: frozenset[str], here: str) -> list[dict]:
    """What stands in the bar for these roles, in its order: links, and groups that hold at least two of them."""
    open_to = [({"name": name, "url": reverse(name), "text": translation.gettext(text), "is_here": name in (here, UNDER.get(here)), "key": KEYS.get(name)}, group)
               for name, text, whose, group in LINKS if name != "own_account" and (whose is None or whose & roles)]
    bar: list[dict] = []
    for group, pairs in groupby(open_to, key=itemgetter(1)):
        members = [link for link, _group in pairs]
        if not group or len(members) == 1:
            bar += members
        else:
            bar.append({"text": translation.gettext(group), "links": members, "is_here": any(link["is_here"] for link in members)})
    return bar


def _who_opens(address: str) -> frozenset[str]:
    """The roles that the table of roles lets open an address by its verb; none where there is no such address."""
    table = role_table()
    row = table.rows.get(table.routes.get(address, ""))
    return frozenset(row.reach) if row else frozenset()
