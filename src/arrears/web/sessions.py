"""A session of the staff: begun with a new key at each step of log-in, ended by idleness, by age, by its owner, or from one moment to the next for who left.

In the session stand the account, its lender, its epoch at the log-in, when it began and was last seen (microseconds), and whether the second factor was proven in it.
"""

from urllib.parse import quote, urlsplit
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from arrears.days import moment_of
from arrears.work.queries.accounts import Standing, standing

MINUTE = 60_000_000
SEEN_EVERY = MINUTE
"""How often the last sight is written down; a session may end that much earlier than its idle time, never later."""
BACKWARDS = 5 * MINUTE
"""How far the machine's clock may be set back before sessions end: the operator's own choice."""


def open_half(request, account: UUID, lender: str, epoch: int, language: str) -> None:
    """The password was right: a new session, in which nothing but the second factor is open."""
    request.session.flush()
    request.session.update({"account": str(account), "lender": lender, "epoch": epoch, "begun": request.now, "seen": request.now, "proven": False, "language": language})
    rotate_token(request)


def open_whole(request, account: UUID) -> None:
    """The second factor was proven: a new key, and the session's time begins."""
    request.session.cycle_key()
    request.session.update({"begun": request.now, "seen": request.now, "proven": True})
    request.session.pop("enrolling", None)
    rotate_token(request)
    _list(request, account)


def renew(request, account: UUID, epoch: int) -> None:
    """The session goes on under a new key and the account's new epoch, after all of the account's were ended."""
    request.session.cycle_key()
    request.session["epoch"] = epoch
    rotate_token(request)
    _list(request, account)


def under_way(request) -> UUID | None:
    """Whose session this is, if it is not over: neither idle nor too old, nor begun in a future that a clock set back has made."""
    said, profile, now = request.session, settings.ARREARS_ACCESS, request.now
    if not {"account", "lender", "epoch", "begun", "seen", "proven"} <= set(said.keys()):
        return None
    most = profile.session_hours * 60 if said["proven"] else profile.second_factor_minutes
    idle = now - said["seen"]
    if idle > profile.idle_minutes * MINUTE or now - said["begun"] > most * MINUTE or min(idle, now - said["begun"]) < -BACKWARDS:
        return None
    if idle > SEEN_EVERY:
        said["seen"] = now
    return UUID(said["account"])


def whose(request) -> Standing | None:
    """The account behind the session as it stands at this moment; None where the session is over, or the account's sessions were ended, or it was cut off."""
    account = under_way(request)
    found = standing(account, request.session["lender"], moment_of(request.now), second_factor=request.session["proven"]) if account else None
    return found if found is not None and found.epoch == request.session["epoch"] else None


def begin_again(request) -> HttpResponse:
    """To the log-in; after it comes what was asked for, or the page whose form was sent, where the browser still has what was written. A part of a page that htmx asks for sends the whole page there."""
    had_one = "account" in request.session
    end(request)
    is_part = "HX-Request" in request.headers
    wanted = request.get_full_path() if request.method == "GET" and not is_part else _page_before(request, request.headers.get("HX-Current-URL" if is_part else "Referer", ""))
    wanted = "" if wanted == "/" else wanted
    query = [f"next={quote(wanted)}"] if wanted else []
    log_in = reverse("log_in") + ("?" + "&".join([*query, *(["over=1"] if had_one else [])]) if query or had_one else "")
    return HttpResponse(status=401, headers={"HX-Redirect": log_in}) if is_part else redirect(log_in)


def end(request) -> None:
    """The session is over, here and in the table."""
    if request.session.session_key:
        UserSession.objects.filter(session_key=request.session.session_key).delete()
    request.session.flush()


def whereto(request, said: str) -> str:
    """The page asked for before log-in, if it is one of ours; else the first."""
    return said if said.startswith("/") and url_has_allowed_host_and_scheme(said, {request.get_host()}, request.is_secure()) else "/"


def _page_before(request, address: str) -> str:
    """Path and query of the page of ours that the browser says it came from; empty where it says none, or another's."""
    told = urlsplit(address)
    return told.path + (f"?{told.query}" if told.query else "") if told.netloc == request.get_host() and told.path.startswith("/") else ""


def _list(request, account: UUID) -> None:
    """The session stands in the account's list; expired ones are swept out, and lines whose session is gone."""
    from arrears.web.lockout import address

    request.session.clear_expired()
    kept = request.session.get_model_class().objects.all()
    UserSession.objects.filter(user=account).exclude(session_key__in=kept.values("session_key")).delete()
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    UserSession.objects.create(user_id=account, session_key=request.session.session_key, ip=address(request), user_agent=request.META.get("HTTP_USER_AGENT", "")[:200])
