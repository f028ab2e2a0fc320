"""The second step of log-in: a factor proven, or at the first log-in enrolled."""

import base64

from allauth.core.context import request_context
from django.contrib.auth import get_user_model
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from arrears.refusal import Refused
from arrears.web import factors, lockout, mishaps, sessions
from arrears.web.desk.openness import open_to
from arrears.work.actions.action import perform
from arrears.work.factors import new_totp_secret
from arrears.work.queries.accounts import own_factors


@open_to("half")
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request):
    """Asks for the code of the app, the security key or a recovery code; sends who has none yet to enrol one."""
    if request.actor.second_factor:
        return redirect("home")
    kinds = {one.kind for one in own_factors(request.actor)}
    if not kinds - {"recovery_codes"}:
        return redirect("enrol")
    if request.method != "POST":
        return _ask(request, kinds)
    if lockout.is_locked(request, request.actor.name):
        sessions.end(request)
        return mishaps.too_many(request)
    if _is_proven(request, _kind(request)):
        wanted = request.session.get("next", "/")
        lockout.succeeded(request, _account(request))
        sessions.open_whole(request, request.actor.account)
        return redirect(sessions.whereto(request, wanted))
    if lockout.failed(request, request.actor.name):
        perform(request.actor, "account.sign_in", {"step": _kind(request) or "totp", "outcome": "locked"}, request.now, thing=request.actor.account)
        sessions.end(request)
        return mishaps.too_many(request)
    return _ask(request, kinds, is_wrong=True)


@open_to("half")
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request):
    """An authenticator app or a security key becomes a second factor: the first at the first log-in, a further one from the own account. Recovery codes are shown this once."""
    if not request.actor.second_factor and any(one.kind != "recovery_codes" for one in own_factors(request.actor)):
        return redirect("second_factor")
    wrong = None
    if request.method == "POST":
        try:
            told = perform(request.actor, "account.enrol_second_factor", _enrolment(request), request.now, thing=request.actor.account)
        except Refused as refused:
            wrong = mishaps.in_language(refused)
        else:
            was_first = not request.actor.second_factor
            wanted = request.session.pop("next", "/") if was_first else "/account"
            if was_first:
                perform(request.actor, "account.sign_in", {"step": told["kind"], "outcome": "right"}, request.now, thing=request.actor.account)
                lockout.succeeded(request, _account(request))
            sessions.open_whole(request, request.actor.account)
            if not told["recovery_codes"]:
                return redirect("own_account")
            return render(request, "recovery_codes.html", {"codes": told["recovery_codes"], "onward": sessions.whereto(request, wanted)})
    return _offer(request, wrong)


def _ask(request, kinds: set[str], is_wrong: bool = False):
    question = ""
    if "security_key" in kinds:
        with request_context(request):
            question = factors.proof_question(_account(request))
    return render(request, "second_factor.html", {"kinds": kinds, "question": question, "is_wrong": is_wrong}, status=401 if is_wrong else 200)


def _kind(request) -> str:
    """Which factor the form brings; empty for none there is."""
    said = request.POST.get("kind", "")
    return said if said in ("totp", "recovery_code", "security_key") else ""


def _is_proven(request, kind: str) -> bool:
    given = {"step": kind, "code": request.POST.get("code", "")[:64]}
    if not kind:
        return False
    if kind == "security_key":
        try:
            with request_context(request):
                given["factor"], given["signature_count"] = factors.proven(_account(request), request.POST.get("credential", "")[:20_000])
        except Refused:
            given["outcome"] = "wrong"
    return perform(request.actor, "account.sign_in", given, request.now, thing=request.actor.account)["outcome"] == "right"


def _offer(request, wrong: str | None):
    """A new secret with its picture, the same until it is used or the session ends; and the question to a new key."""
    if "enrolling" not in request.session:
        request.session["enrolling"] = factors.sealed(new_totp_secret())
    secret = factors.unsealed(request.session["enrolling"])
    with request_context(request):
        account, adapter = _account(request), factors.Factors()
        picture = adapter.build_totp_svg(adapter.build_totp_url(account, secret))
        question = factors.registration_question(account)
    return render(request, "enrol.html", {"secret": " ".join(secret[at:at + 4] for at in range(0, len(secret), 4)), "picture": base64.b64encode(picture.encode()).decode(),
                                          "question": question, "wrong": wrong, "is_first": not request.actor.second_factor}, status=422 if wrong else 200)


def _enrolment(request) -> dict:
    """The parameters of account.enrol_second_factor as the form brings them. Raises Refused where a key's answer does not fit."""
    if request.POST.get("kind") == "security_key":
        with request_context(request):
            return {"kind": "security_key", "credential": factors.registered(request.POST.get("credential", "")[:20_000]), "label": request.POST.get("label", "")[:40]}
    if "enrolling" not in request.session:
        raise Refused("the page is too old; take the picture anew", "页面已过期；请重新扫描")
    return {"kind": "totp", "secret": factors.unsealed(request.session["enrolling"]), "code": request.POST.get("code", "")[:16]}


def _account(request):
    return get_user_model().objects.get(pk=request.actor.account)
