"""Log-in by name and password, log-out, and the choice of language."""

from django.conf import settings
from django.contrib.auth import authenticate
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from arrears.days import moment_of
from arrears.web import lockout, mishaps, sessions
from arrears.web.desk.openness import open_to
from arrears.web.middleware import LANGUAGE_COOKIE
from arrears.work.actions.action import Forbidden, perform
from arrears.work.actor import ALL_TEAMS, Actor
from arrears.work.queries.accounts import NOBODY, standing


@open_to("anybody")
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request):
    """The form; a right password opens half a session, a wrong one and a name nobody has get the same answer."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.method != "POST":
        return render(request, "log_in.html", {"next": wanted, "is_over": "over" in request.GET})
    name, password = request.POST.get("name", "").strip().lower()[:80], request.POST.get("password", "")
    lockout.timed(request)
    account = authenticate(request, username=name, password=password)
    if not hasattr(request, "candidate"):
        return mishaps.too_many(request)
    _note(request, name, password, "right" if account else "locked" if request.axes_locked_out else "wrong")
    if account is None:
        return mishaps.too_many(request) if request.axes_locked_out else render(request, "log_in.html", {"next": wanted, "is_wrong": True, "name": name}, status=401)
    found = standing(account.pk, account.lender, moment_of(request.now))
    if found is None:
        return render(request, "log_in.html", {"next": wanted, "is_wrong": True, "name": name}, status=401)
    sessions.open_half(request, account.pk, account.lender, found.epoch, found.language)
    request.session["next"] = sessions.whereto(request, wanted)
    return redirect("second_factor")


@open_to("anybody")
@require_POST
def log_out(request):
    """The session is over."""
    sessions.end(request)
    return redirect("log_in")


@open_to("anybody")
@require_POST
def choose_language(request):
    """The pages are in that language from now on, in this browser."""
    chosen = request.POST.get("language")
    answer = redirect(sessions.whereto(request, request.POST.get("next", "")))
    if chosen in ("zh", "en"):
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=365 * 86400, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax")
    return answer


def _note(request, name: str, password: str, outcome: str) -> None:
    """The Entry of a log-in's first step; of a name that nobody has too, under no lender, so that both take as long."""
    account, lender = request.candidate
    if account is None:
        try:
            perform(Actor(None, NOBODY, NOBODY, frozenset(), ALL_TEAMS), "account.sign_in", {"step": "password", "outcome": outcome}, request.now)
        except Forbidden:
            return
    found = standing(account, lender, moment_of(request.now))
    actor = found.actor if found else Actor(account, name, lender, frozenset(), ())
    perform(actor, "account.sign_in", {"step": "password", "outcome": outcome, "password": password if outcome == "right" else ""}, request.now, thing=account)
