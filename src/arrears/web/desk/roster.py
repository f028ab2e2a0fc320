"""The roster: who works in which team, what each may have and how much, agencies and their contracts; changed here, and what was changed before."""

from datetime import date
from uuid import UUID

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from arrears.refusal import Refused
from arrears.web import mishaps
from arrears.work.actions.action import perform
from arrears.work.queries.roster import history, one_agency, one_member, roster, stages, waiting_since
from arrears.work.residuals import could
from arrears.work.verbs import VERBS

LISTS = ("languages", "stages", "products", "regions", "skills")
OWNERS = ("collector", "visitor", "legal")
_DONE = "?done=roster_changed"


@require_safe
def show(request):
    """All teams, collectors and agencies."""
    told = roster(request.actor, request.now)
    return render(request, "roster.html", {"own": [one for one in told.teams if one.kind == "own"], "agencies": [one for one in told.teams if one.kind == "agency"], "as_of": told.as_of, "may_change": _may(request), "waiting_since": waiting_since(request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request):
    """A team, an agency or a collector that was not there."""
    said, wrong = request.POST, None
    _demand(request, "collector.change")
    if request.method == "POST":
        try:
            if said.get("what") == "collector":
                told = perform(request.actor, "collector.create", {"roster_name": said.get("name", ""), "team": said.get("team", "")}, request.now, key=said.get("key") or None)
                return redirect(reverse("roster_collector", args=[told["collector"]]) + _DONE)
            told = perform(request.actor, "team.create", {"code": said.get("name", ""), "kind": "agency" if said.get("what") == "agency" else "own"}, request.now, key=said.get("key") or None)
            return redirect((reverse("roster_agency", args=[told["team"]]) if said.get("what") == "agency" else reverse("roster")) + _DONE)
        except mishaps.Forbidden:
            raise
        except Refused as refused:
            wrong = mishaps.in_language(refused)
    teams = [one.code for one in roster(request.actor, request.now).teams if one.kind == "own" and one.ended_on is None]
    return render(request, "roster_new.html", {"wrong": wrong, "said": said, "teams": teams}, status=422 if wrong else 200)


@require_safe
def collector(request, member: UUID):
    """One collector: what they may have, and what was changed before."""
    return _collector_page(request, member)


@require_POST
def change(request, member: UUID):
    """What the collector may have, and how much, is as the form says."""
    said = request.POST
    given = {"collector": str(member), **{name: said.get(name, "").strip() for name in ("team", "owner", "works_from", "cases_most", "minutes_a_day")}, **{name: _words(said, name) for name in LISTS}}
    try:
        most = _minor(said.get("amount_most", ""))
        perform(request.actor, "collector.change", {**given, **({"amount_most_minor": most} if most is not None else {})}, request.now, key=said.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _collector_page(request, member, mishaps.in_language(refused), said)
    return redirect(reverse("roster_collector", args=[member]) + _DONE)


@require_POST
def end(request, member: UUID):
    """The collector leaves on a day, or stays after all where none is given."""
    day = request.POST.get("left_on", "").strip()
    try:
        perform(request.actor, "collector.end", {"collector": str(member), **({"left_on": day} if day else {})}, request.now, reason=request.POST.get("reason"), key=request.POST.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _collector_page(request, member, mishaps.in_language(refused), request.POST)
    return redirect(reverse("roster_collector", args=[member]) + _DONE)


@require_safe
def agency(request, team: UUID):
    """One agency, or team: its contract, what it may have, and what was changed before."""
    return _agency_page(request, team)


@require_POST
def change_agency(request, team: UUID):
    """The agency's contract and what it may have are as the form says."""
    said = request.POST
    given = {"team": str(team), **{name: said.get(name, "").strip() for name in ("contract_from", "contract_until", "evaluated_on", "cases_most")}, **{name: _words(said, name) for name in LISTS}}
    for name in ("inspected_on", "score"):
        if said.get(name, "").strip():
            given[name] = said[name].strip()
    try:
        most = _minor(said.get("amount_most", ""))
        perform(request.actor, "agency.change", {**given, **({"amount_most_minor": most} if most is not None else {})}, request.now, key=said.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _agency_page(request, team, mishaps.in_language(refused), said)
    return redirect(reverse("roster_agency", args=[team]) + _DONE)


@require_POST
def end_team(request, team: UUID):
    """The team or agency ends on a day."""
    try:
        perform(request.actor, "team.end", {"team": str(team), "ended_on": request.POST.get("ended_on", "")}, request.now, reason=request.POST.get("reason"), key=request.POST.get("key") or None)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return _agency_page(request, team, mishaps.in_language(refused), request.POST)
    return redirect(reverse("roster_agency", args=[team]) + _DONE)


def _collector_page(request, collector: UUID, wrong: str | None = None, said=None):
    found = one_member(request.actor, collector, request.now)
    shown = {name: "any" if getattr(found, name) is None else ", ".join(getattr(found, name)) for name in LISTS}
    shown |= {"team": found.team, "owner": found.owner, "works_from": _day(found.works_from), "cases_most": found.cases_most, "minutes_a_day": found.minutes_a_day, "amount_most": _major(found.amount_most_minor, found.is_rostered)}
    if said is not None:
        shown |= {name: said[name] for name in shown if name in said}
    return render(request, "roster_collector.html", {"one": found, "shown": shown, "wrong": wrong, "may_change": _may(request), "owners": OWNERS, "stages": stages(), "history": history(request.actor, collector),
                                                     "left_on": (said or {}).get("left_on", _day(found.left_on)), "reason": (said or {}).get("reason", ""),
                                                     "teams": [one.code for one in roster(request.actor, request.now).teams if one.kind == "own" and one.ended_on is None]}, status=422 if wrong else 200)


def _agency_page(request, team: UUID, wrong: str | None = None, said=None):
    found = one_agency(request.actor, team)
    terms = found.terms or {}
    shown = {name: terms.get(name, "any" if name == "regions" else "") for name in ("contract_from", "contract_until", "evaluated_on", "inspected_on", "cases_most", "score", "share")}
    shown |= {name: ", ".join(terms[name]) if isinstance(terms.get(name), list) else terms.get(name, "") for name in LISTS}
    shown["amount_most"] = terms.get("amount_most", "any") if terms.get("amount_most", "any") == "any" else _major(int(terms["amount_most"]), True)
    if said is not None:
        shown |= {name: said[name] for name in shown if name in said}
    return render(request, "roster_agency.html", {"one": found, "shown": shown, "wrong": wrong, "may_change": _may(request), "stages": stages(), "history": history(request.actor, team), "reason": (said or {}).get("reason", ""),
                                                  "ended_on": (said or {}).get("ended_on", _day(found.ended_on))}, status=422 if wrong else 200)


def _words(said, name: str) -> list[str] | None:
    """The words of a field, by commas; None where it says any."""
    text = said.get(name, "").replace("，", ",").replace("、", ",").strip()
    return None if text == "any" else [word.strip() for word in text.split(",") if word.strip()]


def _minor(text: str) -> int | None:
    """An amount with at most two places in minor units; None for any. Raises Refused."""
    text = text.replace(",", "").strip()
    if text in ("", "any"):
        return None
    whole, _, part = text.partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 13 or len(part) > 2 or (part and not (part.isascii() and part.isdigit())):
        raise Refused(f"the greatest amount {text[:20]!r} is no amount with at most two places, such as 50000 or 50000.00; or write any", f"最高金额 {text[:20]!r} 不是至多两位小数的金额，例如 50000 或 50000.00；不限请写 any")
    return int(whole) * 100 + int((part + "00")[:2])


def _major(minor: int | None, is_said: bool) -> str:
    return ("any" if is_said else "") if minor is None else f"{minor // 100}.{minor % 100:02}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _may(request) -> bool:
    return could(request.actor, "collector.change", "Lender").allowed


def _demand(request, verb: str) -> None:
    decision = could(request.actor, verb, "Lender")
    if not decision.allowed:
        raise mishaps.Forbidden(f"your roles may not {VERBS[verb].en}", f"您的角色不可{VERBS[verb].zh}", decision.policies)
