"""Two realms that know nothing of each other: staff, and borrowers under /portal/. Each has its own cookie, its own backend, its own word in the session."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.utils.cache import patch_vary_headers

from arrears.days import moment_of
from arrears.work.queries.accounts import borrower_behind, whose

PORTAL = "/portal/"


def cookie_of(path: str) -> tuple[str, str]:
    """Name and path of the session's cookie for a page."""
    if path.startswith(PORTAL):
        return ("__Secure-arrears-portal" if settings.SESSION_COOKIE_SECURE else "arrears-portal"), PORTAL.rstrip("/")
    return settings.SESSION_COOKIE_NAME, "/"


class Sessions(SessionMiddleware):
    """Django's sessions in the database, each realm under its own cookie. A session that its owner's log-out or leaving has removed is not written again."""

    def process_request(self, request):
        """The session that the realm's cookie names."""
        request.session = self.SessionStore(request.COOKIES.get(cookie_of(request.path_info)[0]))

    def process_response(self, request, response):
        """The session saved where it changed, and its cookie set, or removed where it is empty."""
        name, path = cookie_of(request.path_info)
        patch_vary_headers(response, ("Cookie",))
        if name in request.COOKIES and request.session.is_empty():
            response.delete_cookie(name, path=path, samesite=settings.SESSION_COOKIE_SAMESITE)
            if settings.SESSION_COOKIE_SECURE:
                response.cookies[name]["secure"] = True
        elif request.session.modified and not request.session.is_empty() and response.status_code < 500:
            try:
                request.session.save()
            except UpdateError:
                raise SessionInterrupted("the session was ended while the request ran") from None
            response.set_cookie(name, request.session.session_key, path=path, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite=settings.SESSION_COOKIE_SAMESITE)
        return response


class Staff(BaseBackend):
    """An account of the staff by name and password; the second factor is asked for after it. request.candidate: id and lender of whose name it was."""

    def authenticate(self, request, username=None, password=None, **_):
        """The account, or None; a hash is computed in any case. Writes nothing: a hash of an older kind is renewed by account.sign_in."""
        if username is None or password is None or not hasattr(request, "now"):
            return None
        account, lender, right = whose(username, password, moment_of(request.now))
        request.candidate = (account, lender)
        return get_user_model().objects.get(pk=account) if right else None


class Borrowers(BaseBackend):
    """A borrower by lender, number and secret. It is not among AUTHENTICATION_BACKENDS: no staff log-in ever tries it, and the portal calls it by name."""

    def authenticate(self, request, lender=None, borrower_id=None, secret=None):
        """The id of the borrower's log-in, or None."""
        return borrower_behind(lender, borrower_id, secret) if lender and borrower_id and secret else None
