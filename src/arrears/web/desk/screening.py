"""Words about or to a person screened while they are typed: what they cross, by which rule and text. Nothing of them is logged or kept."""

from uuid import UUID

from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web.mishaps import in_language
from arrears.work.actions.action import ZONE
from arrears.work.queries.person_page import claimable_of
from arrears.work.queries.wording import screened


@sensitive_post_parameters()
@sensitive_variables("text")
@require_POST
def wording(request):
    """A piece of a page: each finding with its rule and source. Posted: text; case, where the text is about one, so that its sums are held against what may be demanded."""
    text = request.POST.get("text", request.POST.get("note", ""))
    try:
        found = screened(request.actor, text, moment_of(request.now).astimezone(ZONE).date(), _claimable(request))
    except Refused as refused:
        return render(request, "wording.html", {"refused": in_language(refused)}, status=422)
    return render(request, "wording.html", {"found": found})


def _claimable(request) -> dict[str, int] | None:
    try:
        case = UUID(request.POST.get("case", ""))
    except ValueError:
        return None
    most = claimable_of(request.actor, case, "CNY")
    return None if most is None else {"CNY": most}
