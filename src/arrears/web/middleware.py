"""What happens to every request, outermost first: errors and the log, the moment, the language, and who is let in to what."""

import logging
import time

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from arrears.web import clock, mishaps, sessions
from arrears.web.settings import LANGUAGES

REQUESTS = logging.getLogger("arrears.requests")
LANGUAGE_COOKIE = "arrears-language"


def quiet(get_response):
    """One line a request: method, route, status, milliseconds. Neither path nor query stands in it, since anything may be typed there. No page is kept by a cache."""

    def answer(request):
        begun = time.monotonic()
        response = get_response(request)
        match = getattr(request, "resolver_match", None)
        if not request.path_info.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
            REQUESTS.info("%s %s %s %.0fms", request.method if request.method in ("GET", "HEAD", "POST") else "other", match.view_name if match else "-", response.status_code, (time.monotonic() - begun) * 1000)
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self), publickey-credentials-create=(self)"
        return response

    return answer


def moment(get_response):
    """request.now: microseconds, the one moment of the request."""

    def answer(request):
        request.now = clock.now()
        request.actor = None
        return get_response(request)

    return answer


def language(get_response):
    """The language that the reader chose, else the account's, else what the browser prefers of those there are, else the server's."""

    def answer(request):
        chosen = (LANGUAGES.get(code) for code in (request.COOKIES.get(LANGUAGE_COOKIE), request.session.get("language")))
        translation.activate(next(filter(None, chosen), None) or _of_browser(request.headers.get("Accept-Language", "")) or settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()
        try:
            response = get_response(request)
        finally:
            translation.deactivate()
        response.headers["Content-Language"] = "en" if request.LANGUAGE_CODE == "en" else "zh-CN"
        return response

    return answer


def _of_browser(preferred: str) -> str | None:
    """The first language of an Accept-Language header (RFC 9110, 12.5.4) that pages are written in; None where it names none of them."""
    named = (LANGUAGES.get(tag.split("-")[0]) for tag, _ in parse_accept_lang_header(preferred.lower()))
    return next(filter(None, named), None)


class admit:
    """request.actor: who acts, fresh from the database. Nobody passes who did not prove a second factor in this session, except to what views say of themselves (open_to)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        """None where the view may run; else where to go first. Raises SuspiciousOperation for a value with a NUL in it, which no browser sends and no column takes."""
        if any("\0" in value for asked in (request.GET, request.POST) for _, values in asked.lists() for value in values):
            raise SuspiciousOperation("NUL")
        open_to = getattr(view, "open_to", "proven")
        if open_to == "anybody":
            return None
        found = sessions.whose(request)
        if found is None:
            return sessions.begin_again(request)
        request.actor, request.standing = found.actor, found
        if open_to != "half" and not found.actor.second_factor:
            return redirect("second_factor")
        if found.must_change and open_to == "proven":
            return redirect("own_password")
        return None

    def process_exception(self, request, problem):
        """The page of an error, which tells no value."""
        return mishaps.page_of(request, problem)
