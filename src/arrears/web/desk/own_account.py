"""One's own account: the password, second factors, recovery codes, sessions, and emergency access."""

from django.conf import settings
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import lockout, mishaps, sessions
from arrears.web.desk.openness import open_to
from arrears.work.actions.accounts import WrongPassword
from arrears.work.actions.action import perform
from arrears.work.actions.emergency import MINUTES, MINUTES_MOST
from arrears.work.profiles import PASSWORD_MOST
from arrears.work.queries.accounts import glasses, own_factors, own_sessions


@require_safe
def own_account(request):
    """What there is of it."""
    now = moment_of(request.now)
    listed = [{"since": one.since, "user_agent": one.user_agent, "is_this": one.key == request.session.session_key} for one in own_sessions(request.actor)]
    return render(request, "own_account.html", {"factors": own_factors(request.actor), "sessions": listed, "glass": next((one for one in glasses(request.actor, now, own=True) if one.runs), None),
                                                "may_break_glass": bool(request.actor.roles & {"compliance_officer", "team_lead", "data_officer"}), "minutes": MINUTES, "minutes_most": MINUTES_MOST})


@open_to("changing")
@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def own_password(request):
    """The password changed, with the current one; all other sessions end."""
    wrong, actor = None, request.actor
    if request.method == "POST":
        current, password = request.POST.get("current", ""), request.POST.get("password", "")
        if lockout.is_locked(request, actor.name):
            return mishaps.too_many(request)
        try:
            if password != request.POST.get("again", ""):
                raise Refused("the new password was not written the same twice", "两次输入的新密码不一致")
            told = perform(actor, "account.change_password", {"current": current, "password": password}, request.now, thing=actor.account)
        except Refused as refused:
            wrong = mishaps.in_language(refused)
            if isinstance(refused, WrongPassword) and lockout.failed(request, actor.name):
                return mishaps.too_many(request)
        else:
            sessions.renew(request, actor.account, told["session_epoch"])
            return redirect("own_account")
    return render(request, "own_password.html", {"wrong": wrong, "must_change": request.standing.must_change, "least": settings.ARREARS_ACCESS.password_least, "most": PASSWORD_MOST},
                  status=422 if wrong else 200)


@require_POST
def remove_factor(request, factor: int):
    """One of the own second factors is gone."""
    perform(request.actor, "account.remove_second_factor", {"factor": factor}, request.now, thing=request.actor.account)
    return redirect("own_account")


@require_POST
def new_recovery_codes(request):
    """New recovery codes in place of the old, shown this once."""
    told = perform(request.actor, "account.enrol_second_factor", {"kind": "recovery_codes"}, request.now, thing=request.actor.account)
    return render(request, "recovery_codes.html", {"codes": told["recovery_codes"], "onward": "/account"})


@require_POST
def end_sessions(request):
    """All other sessions of the account are over."""
    told = perform(request.actor, "account.end_sessions", {}, request.now, thing=request.actor.account)
    sessions.renew(request, request.actor.account, told["session_epoch"])
    return redirect("own_account")
