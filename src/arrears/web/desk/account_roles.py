"""The roles and teams of an account changed: what it will be able to do and what no more is shown before it is done."""

from uuid import UUID

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import perform
from arrears.work.actor import ROLES
from arrears.work.queries.accounts import accounts, team_codes
from arrears.work.residuals import could
from arrears.work.roles import role_table
from arrears.work.verbs import VERBS


@require_http_methods(["GET", "HEAD", "POST"])
def change(request, account: UUID):
    """A form; then what would change; then, confirmed, it is so."""
    decision = could(request.actor, "account.change", "Account", {"roles": ["collector"]})
    if not decision.allowed or account == request.actor.account:
        raise mishaps.Forbidden("your roles may not change this account", "您的角色不可变更该账号", decision.policies)
    said, wrong = request.POST, None
    if request.method == "POST" and "confirmed" in said:
        given = {"roles": said.getlist("roles"), "teams": said.getlist("teams"), "collector": said.get("collector", "").strip() or None}
        try:
            perform(request.actor, "account.change", given, request.now, thing=account, key=said.get("key") or None)
        except mishaps.Forbidden:
            raise
        except Refused as refused:
            wrong = mishaps.in_language(refused)
        else:
            return redirect(reverse("accounts") + "?done=account_changed")
    found = next(iter(accounts(request.actor, account=account)), None)
    if found is None:
        raise mishaps.Forbidden("there is no such account of this lender", "本机构没有该账号", ())
    roles, teams = (said.getlist("roles"), said.getlist("teams")) if request.method == "POST" else (list(found.roles), list(found.teams))
    effect = _effect(set(found.roles), set(roles)) if request.method == "POST" and not wrong else None
    return render(request, "account_change.html", {"account": found, "roles_now": roles, "teams_now": teams, "collector": said.get("collector", ""), "wrong": wrong, "effect": effect,
                                                   "all_roles": [role for role in ROLES if role != "system"], "team_codes": team_codes(request.actor)}, status=422 if wrong else 200)


def _effect(before: set[str], after: set[str]) -> dict[str, list[str]]:
    """The verbs that the account gains and loses, by the table of roles; policies decide each one."""
    def may(roles: set[str]) -> set[str]:
        return {verb for verb, row in role_table().rows.items() if roles & set(row.reach)}

    gained, lost = may(after) - may(before), may(before) - may(after)
    return {"gained": [verb for verb in VERBS if verb in gained], "lost": [verb for verb in VERBS if verb in lost]}
