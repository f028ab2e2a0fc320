"""Approvals to decide, the log to read, accounts to keep, and emergency access from its beginning to its review."""

from uuid import UUID

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.forms import see_other
from arrears.web.desk.record_line import record_line
from arrears.work.actions.action import perform
from arrears.work.actor import ROLES
from arrears.work.queries.accounts import accounts, team_codes
from arrears.work.queries.approvals import waiting_approvals
from arrears.work.queries.log import latest_entries
from arrears.work.residuals import could
from arrears.work.verbs import VERBS

ACCOUNTS_A_PAGE = 50


@require_safe
def approvals(request):
    """What waits for a decision, the longest waiting first."""
    _demand(request, "approval.list", "Approval")
    return render(request, "approvals.html", {"approvals": waiting_approvals(request.actor, 100)})


@require_POST
def decide(request, approval: UUID):
    """Approved or refused, with a reason."""
    told = perform(request.actor, "approval.decide", {"approve": request.POST.get("decision") == "approve"}, request.now, thing=approval, reason=request.POST.get("reason"), key=request.POST.get("key") or None)
    return redirect(f"{reverse('team')}?done=team_decided" if request.POST.get("next") == "team" else f"{reverse('approvals')}?done={told['state']}")


@require_safe
def entries(request):
    """The log, the latest first, fifty a page."""
    _demand(request, "entry.list", "Entry")
    asked = request.GET
    before = int(asked["before"]) if asked.get("before", "").isascii() and asked.get("before", "").isdigit() and len(asked["before"]) < 19 else None
    verb, name = asked.get("verb") if asked.get("verb") in VERBS else None, asked.get("name", "").strip()[:80]
    found = latest_entries(request.actor, before=before, verb=verb, name=name, only_refused="refused" in asked)
    return render(request, "entries.html", {"entries": found, "verb": verb, "name": name, "only_refused": "refused" in asked, "older": found[-1].number if len(found) == 50 else None, "verbs": sorted(VERBS), "before": before, "record": record_line(request)})


@require_safe
def list_accounts(request):
    """The lender's accounts by name, ACCOUNTS_A_PAGE a page."""
    _demand(request, "account.list", "Account")
    return render(request, "accounts.html", {**_accounts_shown(request), "record": record_line(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def create_account(request):
    """A new account; its password for one use is shown on this page alone."""
    said, wrong = request.POST, None
    if request.method != "POST":
        _demand(request, "account.create", "Lender", {"roles": ["collector"]})
    else:
        name = said.get("name", "").strip().lower()
        given = {"name": name, "roles": said.getlist("roles"), "teams": said.getlist("teams"), "collector": said.get("collector", "").strip() or None, "language": said.get("language", "zh")}
        try:
            told = perform(request.actor, "account.create", given, request.now)
        except mishaps.Forbidden:
            raise
        except Refused as refused:
            wrong = mishaps.in_language(refused)
        else:
            return render(request, "one_time_password.html", {"name": name, "password": told["one_time_password"]})
    return render(request, "account_create.html", {"wrong": wrong, "said": said, "chosen": said.getlist("roles"), "chosen_teams": said.getlist("teams"), "all_roles": [role for role in ROLES if role != "system"],
                                                   "team_codes": team_codes(request.actor)}, status=422 if wrong else 200)


@require_POST
def leave(request, account: UUID):
    """Nothing is open to the account any more, from this moment on."""
    perform(request.actor, "account.leave", {}, request.now, thing=account, reason=request.POST.get("reason"))
    return see_other("accounts", done="account_left")


@require_POST
def reset(request, account: UUID):
    """A password for one use in place of what was lost; shown on this page alone."""
    told = perform(request.actor, "account.reset", {}, request.now, thing=account, reason=request.POST.get("reason"))
    return render(request, "one_time_password.html", {"name": "", "password": told["one_time_password"]})


@require_POST
def break_glass(request):
    """Emergency access begins."""
    minutes = request.POST.get("minutes", "")
    perform(request.actor, "access.break_glass", {"minutes": minutes} if minutes else {}, request.now, reason=request.POST.get("reason"), key=request.POST.get("key") or None)
    return redirect("home")


@require_POST
def end_glass(request, glass: UUID):
    """Emergency access is over."""
    perform(request.actor, "access.end_break_glass", {"glass": str(glass)}, request.now)
    return redirect("home")


@require_POST
def review_glass(request, glass: UUID):
    """Another person looked at what was done."""
    perform(request.actor, "access.review_glass", {"glass": str(glass)}, request.now, reason=request.POST.get("reason"))
    return redirect("home")


def _accounts_shown(request) -> dict:
    asked = request.GET.get("page", "1")
    page = int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 6 and int(asked) else 1
    found = accounts(request.actor, (page - 1) * ACCOUNTS_A_PAGE, ACCOUNTS_A_PAGE + 1)
    return {"accounts": found[:ACCOUNTS_A_PAGE], "previous": page - 1 or None, "next": page + 1 if len(found) > ACCOUNTS_A_PAGE else None, "may_change": could(request.actor, "account.leave", "Account").allowed}


def _demand(request, verb: str, kind: str, context: dict | None = None) -> None:
    """Raises Forbidden where the roles open no such page at all; what is on it is filtered row by row all the same."""
    decision = could(request.actor, verb, kind, context)
    if not decision.allowed:
        raise mishaps.Forbidden(f"your roles may not {VERBS[verb].en}", f"您的角色不可{VERBS[verb].zh}", decision.policies)
