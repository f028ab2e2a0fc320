"""How a team's work stands, live; the lists behind each figure; and a collector's own page of figures."""

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.web.desk.team_words import FORMULAS, TITLES, figure_cards, rates, waiting_terms
from arrears.work.queries.approvals import SIZE_MOST, waiting_approvals
from arrears.work.queries.coaching import absences, coaching_notes
from arrears.work.queries.moves import moves_of_today
from arrears.work.queries.team_figures import Figures, own_figures, team_figures
from arrears.work.queries.team_lists import CASES, Wanted, own_list, team_list
from arrears.work.residuals import could

ASKED = ("name", "period", "of", "bucket", "currency", "state")
"""Which words of an address say of what a list is."""
MOVABLE = tuple(CASES)


@require_safe
def team(request: HttpRequest):
    """What waits for the lead, and the figures of one team."""
    actor, now = request.actor, moment_of(request.now)
    shown = _live(request)
    if could(actor, "approval.decide", "Approval", {"reason": "?"}).allowed:
        shown["approvals"] = [{"line": one, "terms": waiting_terms(one)} for one in [one for one in waiting_approvals(actor, SIZE_MOST) if one.may_decide][:20]]
    if could(actor, "absence.list", "Collector").allowed:
        shown["absences"] = [one for one in absences(actor, now) if one.may_end][:12]
    if could(actor, "coaching.follow_up", "Collector").allowed:
        shown["notes_due"] = [one for one in coaching_notes(actor, now, size=200) if one.is_due][:10]
    if shown["may_move"]:
        shown["moves"] = moves_of_today(actor, now)
    return render(request, "team.html", shown)


@require_safe
def figures(request: HttpRequest):
    """The part of the page that is fetched anew while it is looked at."""
    return render(request, "team_figures.html", _live(request))


@require_safe
def rows(request: HttpRequest):
    """The rows behind one figure, with their count and sum."""
    return _list(request, own=False)


@require_safe
def me(request: HttpRequest):
    """One's own figures and the coaching notes addressed to oneself; with a name in the address, the rows behind a figure."""
    if "name" in request.GET:
        return _list(request, own=True)
    actor, now = request.actor, moment_of(request.now)
    told = own_figures(actor, now)
    return render(request, "team_me.html", {"figures": told, "cards": figure_cards(told, _link("team_me", None)), "rates": rates(told, _link("team_me", None)), "person": told.people[0] if told.people else None,
                                            "chart": _buckets_chart(told), "buckets": _buckets(told, _link("team_me", None)), "formulas": FORMULAS, "notes": coaching_notes(actor, now, actor.collector)})


def _live(request: HttpRequest) -> dict:
    actor, now = request.actor, moment_of(request.now)
    told = team_figures(actor, now, request.GET.get("team") or None)
    link = _link("team_list", told.team)
    return {"figures": told, "team": told.team, "cards": figure_cards(told, link), "rates": rates(told, link), "people": [_person(one, told, link) for one in told.people],
            "buckets": _buckets(told, link), "chart": _buckets_chart(told), "load_chart": _load_chart(told), "attention": _attention(told, link),
            "may_move": could(actor, "case.move_many", "Lender", {"reason": "?"}).allowed, "may_coach": could(actor, "coaching.write", "Collector").allowed,
            "idle_move": _link("move", told.team)(name="idle")}


def _link(to: str, code: str | None):
    """Makes the address of a list: what is asked for, in one team."""
    base = reverse(to)

    def address(**wanted: str | None) -> str:
        asked = {"team": code, **wanted}
        return f"{base}?{urlencode({name: value for name, value in asked.items() if value})}"

    return address


def _person(one, told: Figures, link) -> dict:
    of = str(one.id) if one.id else "nobody"
    count = lambda name: {"value": one.cases.get(name, 0), "url": link(name=name, of=of)}  # noqa: E731
    did = lambda name, period, listed=None: {"value": one.did[period].get(name, 0), "url": link(name=listed or name, period=period, of=of)}  # noqa: E731
    return {"line": one, "all": count("all"), "worked": count("worked"), "idle": count("idle"), "to_work": count("to_work"), "attempts": did("attempts", "today"), "reached": did("reached", "today"),
            "promises": did("promises", "today"), "promises_week": did("promises", "week"), "money": sorted(one.money.items()), "is_gone": one.left_on is not None and one.left_on <= told.today,
            "move": _link("move", told.team)(name="all", of=of)}


def _buckets(told: Figures, link) -> list[dict]:
    return [{"bucket": bucket, "cases": share.cases, "money": sorted(share.money.items()), "url": link(name="all", bucket=bucket)} for bucket, share in told.buckets.items()]


def _buckets_chart(told: Figures) -> dict:
    return {"xAxis": {"type": "category", "data": list(told.buckets)}, "yAxis": {"type": "value", "minInterval": 1, "axisLabel": {"formatter": "count"}},
            "series": [{"type": "bar", "name": gettext(_("Open cases")), "data": [share.cases for share in told.buckets.values()]}]}


def _load_chart(told: Figures) -> dict:
    people = [one for one in told.people if one.id is not None][:30]
    return {"xAxis": {"type": "category", "data": [one.name for one in people], "axisLabel": {"rotate": 30 if len(people) > 8 else 0}}, "yAxis": {"type": "value", "minInterval": 1, "axisLabel": {"formatter": "count"}},
            "series": [{"type": "bar", "stack": "load", "name": gettext(_("worked today")), "data": [one.cases["worked"] for one in people]},
                       {"type": "bar", "stack": "load", "name": gettext(_("not worked today")), "data": [one.cases["all"] - one.cases["worked"] - min(one.cases["idle"], one.cases["all"] - one.cases["worked"]) for one in people]},
                       {"type": "bar", "stack": "load", "name": gettext(_("Idle")), "data": [min(one.cases["idle"], one.cases["all"] - one.cases["worked"]) for one in people]}]}


def _attention(told: Figures, link) -> list[dict]:
    """What is overdue or lies about, each with its list; what is none is left out."""
    listed = [("unfollowed", told.unfollowed.cases, {}), ("reminders", told.reminders, {}), ("dispute", told.near["dispute"], {}), ("complaint", told.near["complaint"], {}), ("idle", told.cases.get("idle", 0), {}),
              ("left", told.cases.get("left", 0), {}), ("away", told.cases.get("away", 0), {}), ("nobody", told.cases.get("nobody", 0), {"of": "nobody"})]
    return [{"title": gettext(TITLES[name]), "value": value, "url": link(name=name, **more), "move": _link("move", told.team)(name=name) if name in MOVABLE else None} for name, value, more in listed if value]


def _list(request: HttpRequest, *, own: bool):
    actor, now = request.actor, moment_of(request.now)
    asked = {name: request.GET[name][:80] for name in ASKED if request.GET.get(name)}
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    try:
        wanted = Wanted(**{"name": "", **asked})
        told = own_list(actor, now, wanted, page) if own else team_list(actor, now, request.GET.get("team") or None, wanted, page)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return mishaps.page(request, 422, sentence=mishaps.in_language(refused))
    back = reverse("team_me") if own else _link("team", told.team)()
    here = _link("team_me" if own else "team_list", None if own else told.team)
    return render(request, "team_list.html", {
        "list": told, "title": gettext(TITLES.get(wanted.name, _("Cases"))), "back": back, "previous": here(**asked, page=str(page - 1)) if page > 1 else None, "next": here(**asked, page=str(page + 1)) if told.more else None,
        "money": sorted(told.money.items()), "may_move": not own and wanted.name in MOVABLE and could(actor, "case.move_many", "Lender", {"reason": "?"}).allowed,
        "move": _link("move", told.team)(**asked), "is_own": own})


def at(request: HttpRequest) -> datetime:
    """The moment of the request."""
    return moment_of(request.now)
