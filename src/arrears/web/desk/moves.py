"""Cases given to others: chosen by a list or one by one, looked at before it is done, done as it was looked at, and taken back on the same day."""

from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from arrears.days import moment_of
from arrears.refusal import Refused
from arrears.tables.placements import RETURNED_WHY
from arrears.web import mishaps
from arrears.web.desk.team_words import TITLES
from arrears.work.actions.action import KeyReused, perform
from arrears.work.moves import Person
from arrears.work.queries.coaching import people_of
from arrears.work.queries.moves import moves_of_today, preview_of, teams_to
from arrears.work.queries.team_lists import CASES, Wanted, case_ids
from arrears.work.residuals import could
from arrears.work.team_settings import team_settings

ASKED = ("name", "of", "bucket", "currency")
WAYS = ("equal", "level")


@require_safe
def move(request: HttpRequest):
    """Whom the chosen cases could go to; with people chosen, who would get what."""
    decision = could(request.actor, "case.move_many", "Lender", {"reason": "?"})
    if not decision.allowed:
        raise mishaps.Forbidden("your roles move no cases", "您的角色不可转派案件", decision.policies)
    try:
        return render(request, "move.html", _shown(request, request.GET))
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return render(request, "move.html", {**_chosen(request, request.GET, []), "wrong": mishaps.in_language(refused)}, status=422)


@require_POST
def do(request: HttpRequest):
    """The move is made as the preview showed it; where the state changed since, the new preview is shown, and nothing was moved."""
    said = request.POST
    try:
        perform(request.actor, "case.move_many", {
            "cases": _ids(said.get("cases", "")), "collectors": said.getlist("to"), "team": said.get("to_team") or None, "way": said.get("way", "equal"), "why": said.get("why", "other"), "digest": said.get("digest", "")},
            request.now, reason=said.get("reason"), key=said.get("key") or None)
    except (mishaps.Forbidden, KeyReused):
        raise
    except Refused as refused:
        wrong = mishaps.in_language(refused)
        try:
            shown = _shown(request, said)
        except mishaps.Forbidden:
            raise
        except Refused:
            shown = _chosen(request, said, [])
        return render(request, "move.html", {**shown, "wrong": wrong}, status=422)
    return redirect(f"{_team_page(said)}done=team_moved")


@require_POST
def back(request: HttpRequest, entry: UUID):
    """A move of today is taken back, as far as its cases are where it put them."""
    perform(request.actor, "case.move_back", {"entry": str(entry)}, request.now, reason=request.POST.get("reason"), key=request.POST.get("key") or None)
    return redirect(f"{_team_page(request.POST)}done=team_taken_back")


def _team_page(said) -> str:
    return f"{reverse('team')}?{'team=' + quote(said['team']) + '&' if said.get('team') else ''}"


def _ids(text: str) -> list[str]:
    return [one for one in text.split(",") if one][:1000]


def _shown(request: HttpRequest, said) -> dict:
    """The form with what was chosen, and the preview once people or a team are."""
    actor, now, most = request.actor, moment_of(request.now), team_settings(settings.ARREARS[0]).move_most
    chosen, total = _ids(said.get("cases", "")) or said.getlist("case")[:most + 1], 0
    if chosen:
        try:
            keys, total = [UUID(one) for one in chosen], len(chosen)
        except ValueError:
            raise Refused("a case is named by its id; choose the cases in a list", "案件以编号指定；请在列表中选择") from None
    elif said.get("name"):
        if said["name"] not in CASES:
            raise Refused("only lists of cases can be moved", "只有案件列表可以转派")
        keys, total = case_ids(actor, now, said.get("team") or None, Wanted(**{name: said[name][:80] for name in ASKED if said.get(name)}), most)
    else:
        keys = []
    shown = {**_chosen(request, said, keys), "total": total}
    people, team = _people(said), said.get("to_team") or None
    if keys and (people or team):
        told = preview_of(actor, keys, people, team, said.get("way") if said.get("way") in WAYS else "equal", now)
        shown |= {"preview": told, "preview_people": [_person(one) for one in told.people]}
    return shown


def _person(one: Person) -> dict:
    """One collector of a preview: the amounts by currency, the minutes of the day afterwards, and whether cases or minutes are over."""
    minutes = one.listed_after * team_settings(settings.ARREARS[0]).minutes_a_case
    return {"person": one, "before": sorted(one.money_before.items()), "after": sorted(one.money_after.items()), "minutes": minutes,
            "is_over_cases": one.most is not None and one.after > one.most, "is_over_minutes": one.minutes_most is not None and minutes > one.minutes_most}


def _people(said) -> list[UUID]:
    try:
        return [UUID(one) for one in said.getlist("to")[:200]]
    except ValueError:
        raise Refused("choose people from the list", "请从列表中选择人员") from None


def _chosen(request: HttpRequest, said, keys: list[UUID]) -> dict:
    actor = request.actor
    return {"keys": ",".join(str(key) for key in keys), "count": len(keys), "total": len(keys), "people": [{"id": str(key), "name": name, "team": team} for key, name, team in people_of(actor, "team.view")],
            "teams": teams_to(actor), "chosen": said.getlist("to"), "chosen_team": said.get("to_team", ""), "way": said.get("way", "equal"), "why": said.get("why", "other"), "reason": said.get("reason", ""),
            "ways": WAYS, "whys": RETURNED_WHY, "team": said.get("team", ""), "asked": {name: said.get(name, "") for name in ASKED if said.get(name)}, "moves": moves_of_today(actor, moment_of(request.now)),
            "lists": [(name, gettext(TITLES[name])) for name in CASES]}
