"""The law in force for the lender: its rules with their texts, what is uncertain or stale, what differs between two versions or two days, and the last preview of a change."""

from datetime import date

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe

from arrears.compliance.lint import open_points
from arrears.days import moment_of
from arrears.law.differences import differences
from arrears.law.rules import LEVEL, OPERATOR_POLICY, VERDICTS, Pack
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml
from arrears.web import mishaps
from arrears.web.desk.law_words import EVIDENCE, RuleLine, in_force, language, rule_lines
from arrears.web.desk.oversight import _demand as demand
from arrears.work.actions.action import ZONE
from arrears.work.queries.law_in_force import Care, InForce, care_of, latest_impact, law_in_force, versions
from arrears.work.residuals import could

DIFFERENCES_MOST = 500
KINDS = {"stale": _("to be confirmed again"), "uncertain": _("uncertain"), "verify": _("to be checked against the primary text"), "untested": _("without an example")}
"""What lint calls each point, in words."""


@require_safe
def show(request):
    """The rules that fit what is searched, the texts they rest on, what is open, and a comparison where one is asked for; the last preview of a change for whoever sees the lender's totals."""
    demand(request, "law.view", "Lender")
    asked, today = request.GET, moment_of(request.now).astimezone(ZONE).date()
    found, care = law_in_force(request.actor), care_of(settings.ARREARS[0])
    lines = list(rule_lines(found.pack).values())
    day, wrong = _day(asked.get("on"), today)
    may_see_impact = could(request.actor, "figures.view", "Lender").allowed
    shown = [line for line in lines if _fits(line, asked, day)]
    points = [{"kind": KINDS[point.kind], "about": point.about, "text": point.en if language() == "en" else point.zh, "is_stale": point.kind == "stale"} for point in open_points(found.pack, today)]
    told = {"pack": found.pack, "title": found.pack.title[language()], "as_of": found.as_of, "day": day, "today": today, "rules": shown, "all": len(lines), "wrong": wrong, "said": asked,
            "sources": _sources(found.pack, today, care), "points": points, "care": _cared(care, today), "modalities": sorted(LEVEL, key=lambda one: (-LEVEL[one], one)), "verdicts": VERDICTS,
            "evidence": [(code, gettext(words)) for code, words in EVIDENCE.items()], "may_see_impact": may_see_impact, "impact": latest_impact(found.book) if may_see_impact else None, **_compared(asked, found, care, lines)}
    return render(request, "law.html", told, status=422 if wrong or told["wrong_versions"] else 200)


def _fits(line: RuleLine, asked, day: date) -> bool:
    """Whether the rule is one of those asked for: words anywhere in it, its text, how strict, by which evidence, in force on the day."""
    words = asked.get("q", "").strip().lower()[:100].split()
    text = f"{line.id} {line.rule} {line.title} {line.message} {line.source} {line.source_title} {line.article or ''} {line.file}".lower()
    return (all(word in text for word in words) and asked.get("source", "") in ("", line.source) and asked.get("modality", "") in ("", line.modality)
            and asked.get("evidence", "") in ("", line.evidence) and ("all" in asked or in_force(line, day)))


def _day(text: str | None, today: date) -> tuple[date, str | None]:
    if not text:
        return today, None
    try:
        return date.fromisoformat(text), None
    except ValueError:
        return today, gettext(_("There is no such day; write it as 2026-11-02."))


def _sources(pack: Pack, today: date, care: Care) -> list[dict]:
    """The texts that rules rest on, with how sure each is and how long ago somebody looked; the least sure first."""
    told = []
    for key, source in pack.sources.items():
        grounds = [ground for ground in pack.grounds if ground.source == key]
        looked = source.get("verified_on")
        age = None if looked in (None, "null") else (today - date.fromisoformat(looked)).days
        told.append({"id": key, **{name: None if value == "null" else value for name, value in source.items() if name != "id"}, **({"title": gettext(_("the lender's own policy"))} if key == OPERATOR_POLICY else {}), "words": gettext(EVIDENCE.get(source["evidence"], source["evidence"])),
                     "grounds": len(grounds), "age": age, "is_old": age is None or age > care.source_days_most})
    return sorted(told, key=lambda one: (not one["is_old"], -one["grounds"], one["id"]))


def _cared(care: Care, today: date) -> dict:
    """Whether the last look for new law is too long ago, by the operator's own choice."""
    age = None if care.checked_on is None else (today - care.checked_on).days
    return {"checked_on": care.checked_on, "age": age, "every": care.check_every_days, "is_late": age is None or age > care.check_every_days, "source_days": care.source_days_most}


def _compared(asked, found: InForce, care: Care, lines: list[RuleLine]) -> dict:
    """What differs between two versions, or between what holds on two days; nothing where neither is asked for."""
    told = {"versions": [], "differing": None, "is_cut": False, "wrong_versions": None, "begun": None, "over": None}
    try:
        there = versions(found, care)
    except mishaps.Forbidden:
        raise
    except Refused as refused:
        return {**told, "wrong_versions": mishaps.in_language(refused)}
    told["versions"] = list(there)
    old, new = asked.get("old", ""), asked.get("new", "")
    if old in there and new in there:
        try:
            differing = differences(there[old], there[new])
        except BadYaml as problem:
            return {**told, "wrong_versions": str(problem)}
        told |= {"differing": differing[:DIFFERENCES_MOST], "is_cut": len(differing) > DIFFERENCES_MOST, "differ": len(differing)}
    first, last = asked.get("from_day"), asked.get("to_day")
    if first and last:
        try:
            days = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError:
            return {**told, "wrong_versions": gettext(_("There is no such day; write it as 2026-11-02."))}
        told |= {"begun": [line for line in lines if in_force(line, days[1]) and not in_force(line, days[0])], "over": [line for line in lines if in_force(line, days[0]) and not in_force(line, days[1])]}
    return told
