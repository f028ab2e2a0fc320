"""Pages of what went wrong. They name the kind of mishap and what to do; of what was sent, nothing."""

import logging
import secrets
import traceback

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from arrears.refusal import Refused
from arrears.work.actions.action import Forbidden, KeyReused

REQUESTS = logging.getLogger("arrears.requests")


def page(request, status: int, **told) -> HttpResponse:
    """The page of one status. told: sentence (of a refusal), policies (that refused), is_noted (an action was refused: it has an Entry; a refused look has none), incident (a number in the log)."""
    return HttpResponse(render_to_string(f"mishaps/{status}.html", told, request), status=status)


def page_of(request, problem: Exception) -> HttpResponse | None:
    """The page of an exception; None where Django's own answer comes to one of those below.

    Of a refusal: 409 for a key that came before, 422 for what was sent, 503 where nothing was sent, as when the vault does not open.
    """
    if isinstance(problem, Forbidden):
        return page(request, 403, sentence=in_language(problem), policies=problem.policies, is_noted=request.method == "POST")
    if isinstance(problem, Refused):
        asked_only = 503 if request.method in ("GET", "HEAD") else 422
        return page(request, 409 if isinstance(problem, KeyReused) else asked_only, sentence=in_language(problem))
    if isinstance(problem, Http404 | PermissionDenied | SuspiciousOperation | BadRequest):
        return None
    incident = secrets.token_hex(4)
    REQUESTS.error("incident %s: %s at %s", incident, type(problem).__name__, " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(traceback.extract_tb(problem.__traceback__)[-6:])))
    return page(request, 500, incident=incident)


def in_language(problem: Refused) -> str:
    """The sentence of a refusal in the reader's language."""
    return problem.en if translation.get_language() == "en" else problem.zh


def bad_request(request, exception=None) -> HttpResponse:
    """400."""
    return page(request, 400)


def denied(request, exception=None) -> HttpResponse:
    """403 without a policy of ours."""
    return page(request, 403)


def forged(request, reason="") -> HttpResponse:
    """403 for a form whose token does not fit: an old page, or another site's."""
    return page(request, 403, is_forged=True)


def missing(request, exception=None) -> HttpResponse:
    """404; with the links of who is logged in, whom no view has let in yet."""
    from arrears.web import sessions

    if getattr(request, "actor", None) is None and hasattr(request, "session") and hasattr(request, "now") and (found := sessions.whose(request)):
        request.actor, request.standing = found.actor, found
    return page(request, 404)


def broken(request) -> HttpResponse:
    """500 where it went wrong outside a view."""
    return page(request, 500, incident="-")


def too_many(request) -> HttpResponse:
    """429: the same page whoever's name it was, and whether there is such an account."""
    from django.conf import settings

    return page(request, 429, minutes=settings.ARREARS_ACCESS.lock_minutes)
