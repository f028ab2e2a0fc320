"""How disputes, complaints and hardship are answered: in time or late, how long it takes, by ground, team and collector."""

from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe

from arrears.days import moment_of
from arrears.web.desk.matters import today_of
from arrears.web.desk.words import said
from arrears.work.actions.action import Forbidden
from arrears.work.queries.clocks import SPANS, Clocks, Figure, clocks
from arrears.work.queries.matters import list_matters
from arrears.work.residuals import could
from arrears.work.verbs import VERBS

DAYS = (30, 90, 365)


@require_safe
def matter_clocks(request):
    """The figures of a time, a picture of how long answers took, and what must be answered next."""
    decision = could(request.actor, "figures.view", "Lender")
    if not decision.allowed:
        raise Forbidden(f"your roles may not {VERBS['figures.view'].en}", f"您的角色不可{VERBS['figures.view'].zh}", decision.policies)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in DAYS} else 90
    told, today = clocks(request.actor, moment_of(request.now), days), today_of(request)
    spans = [f"{first}–{last}" if last is not None else gettext(_("over %(days)s")) % {"days": first - 1} for first, last in SPANS]
    next_due = list_matters(request.actor, today, size=10).lines if could(request.actor, "case.view", "Case").allowed else ()
    return render(request, "matter_clocks.html", {
        "since": told.since, "as_of": told.as_of, "days": days, "all_days": DAYS, "spans": spans, "rows": [(kind, figure.in_spans) for kind, figure in told.by_kind.items()], "kinds": list(told.by_kind.items()), "next_due": next_due,
        "grounds": _sorted({f"{said(kind)} · {said(ground)}": figure for (kind, ground), figure in told.by_ground.items()}), "teams": _sorted(told.by_team), "collectors": _sorted(told.by_collector), "picture": _picture(told, spans),
        "is_empty": not any(figure.raised for figure in told.by_kind.values())})


def _sorted(figures: dict[str, Figure]) -> list[tuple[str, Figure]]:
    """The most late first, then the most."""
    return sorted(figures.items(), key=lambda one: (-(one[1].late + one[1].answered_late), -one[1].raised, one[0]))[:100]


def _picture(told: Clocks, spans: list[str]) -> dict:
    """What draws the picture: one column a span of days, stacked by kind."""
    return {"tooltip": {"trigger": "axis"}, "xAxis": {"type": "category", "data": spans, "name": gettext(_("days"))},
            "yAxis": {"type": "value", "minInterval": 1}, "series": [{"type": "bar", "stack": "all", "name": said(kind), "data": figure.in_spans} for kind, figure in told.by_kind.items()]}
