"""Who does the work, changed on the pages: what a collector may have and how much, when somebody leaves, an agency's contract, a team's end; and what was changed put into roster.yaml.

An entry is judged as roster.yaml's own are. It holds at once for everything the work plane does; the next night counts it once `arrears export --book` has written it into the file
beside the book. Until then a night that is taken in changes nothing of what people changed.
"""

from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID

import pydantic
from django.apps import apps

from arrears.refusal import Refused
from arrears.work.actions.action import Doing, action
from arrears.work.actions.rows import Code
from arrears.work.models import Collector, Lender, Team
from arrears.work.roster_file import Changed, collector_entry, demand_entry
from arrears.work.teams_seen import see_own_team

Words = Annotated[list[Code], pydantic.Field(max_length=200)] | None
"""Words that are permitted; None for any."""
Whole = Annotated[int, pydantic.Field(ge=0, le=10**9)]


@action("collector.change", on="lender")
def change_collector(doing: Doing, lender: Lender, *, collector: UUID, team: Code, works_from: date, cases_most: Whole, minutes_a_day: Annotated[int, pydantic.Field(ge=0, le=24 * 60)], languages: Words, stages: Words,
                     products: Words, owner: Literal["collector", "visitor", "legal"] = "collector", amount_most_minor: Annotated[int, pydantic.Field(ge=0, le=10**15)] | None = None, regions: Words = [],  # noqa: B006
                     skills: Words = []) -> dict:  # noqa: B006
    """The collector is of that team, whose cases their account sees from now on, and may have such cases and so many. Raises Refused where roster.yaml could not say so, or the team has ended, or is an agency."""
    found = _collector(lender, collector)
    of = Team.objects.filter(lender=lender.code, code=team).first()
    if of is None or of.kind != "own" or (of.ended_on is not None and of.ended_on <= doing.today):
        raise Refused(f"there is no team {team} of the lender's own that goes on; choose another, or create it", f"没有在用的自有团队 {team}；请另选或新建")
    demand_entry("collectors", found.roster_name, collector_entry(
        team=team, owner=owner, works_from=works_from, left_on=found.left_on, cases_most=cases_most, minutes=minutes_a_day, languages=languages, stages=stages, products=products,
        amount_most_minor=amount_most_minor, regions=regions, skills=skills))
    found.team, found.owner, found.works_from, found.cases_most, found.minutes_a_day = of, owner, works_from, cases_most, minutes_a_day
    found.languages, found.stages, found.products, found.regions, found.skills, found.amount_most_minor = languages, stages, products, regions, skills, amount_most_minor
    found.is_rostered, found.changed_at = True, doing.now
    found.save()
    see_own_team(lender.code)
    return {"collector": found.id}


@action("collector.end", on="lender", needs_reason=True)
def end_collector(doing: Doing, lender: Lender, *, collector: UUID, left_on: date | None = None) -> dict:
    """The collector works no more from that day on, or, with no day, goes on after all. What they hold stays with them until somebody moves it or the next night takes it back."""
    found = _collector(lender, collector)
    if found.works_from is not None and left_on is not None and left_on <= found.works_from:
        raise Refused(f"{left_on} is not after {found.works_from}, from when they work; mend one of them", f"{left_on} 不晚于其开始工作日 {found.works_from}；请更正")
    if found.left_on == left_on:
        raise Refused("that is so already; nothing was changed", "已是如此；未作任何更改")
    found.left_on, found.changed_at = left_on, doing.now
    found.save(update_fields=["left_on", "changed_at"])
    return {"collector": found.id, "left_on": left_on}


@action("team.end", on="lender", needs_reason=True)
def end_team(doing: Doing, lender: Lender, *, team: UUID, ended_on: date) -> dict:
    """The team or agency ends on that day. Raises Refused while somebody of it works on, or it has ended already."""
    found = _team(lender, team)
    if found.ended_on is not None and found.ended_on <= ended_on:
        raise Refused(f"the team {found.code} ends on {found.ended_on} already; nothing was changed", f"团队 {found.code} 已于 {found.ended_on} 结束；未作任何更改")
    staying = sorted(one.roster_name for one in Collector.objects.filter(lender=lender.code, team=found) if one.left_on is None or one.left_on > ended_on)
    if staying:
        raise Refused(f"{', '.join(staying[:5])} still work in {found.code} then; move them to another team or say when they leave", f"届时 {'、'.join(staying[:5])} 仍在 {found.code}；请先调组或登记离职")
    found.ended_on, found.changed_at = ended_on, doing.now
    if found.kind == "agency" and found.terms:
        found.terms = {**found.terms, "contract_until": min(found.terms["contract_until"], ended_on.isoformat())}
    found.save(update_fields=["ended_on", "changed_at", "terms"])
    return {"team": found.id}


@action("agency.change", on="lender")
def change_agency(doing: Doing, lender: Lender, *, team: UUID, contract_from: date, contract_until: date, evaluated_on: date, cases_most: Whole, languages: Words, stages: Words, products: Words, regions: Words,
                  inspected_on: date | None = None, amount_most_minor: Annotated[int, pydantic.Field(ge=0, le=10**15)] | None = None, score: Annotated[int, pydantic.Field(ge=0, le=100)] | None = None,
                  skills: Words = []) -> dict:  # noqa: B006
    """The agency's contract, evaluation and what it may have are those. Its share stays as roster.yaml has it, since the shares of all sum to the whole. Raises Refused where roster.yaml could not say so."""
    found = _team(lender, team)
    if found.kind != "agency":
        raise Refused(f"{found.code} is a team of the lender's own, no agency", f"{found.code} 是自有团队，不是委外机构")
    words = {name: "any" if value is None else value for name, value in (("languages", languages), ("stages", stages), ("products", products), ("regions", regions))}
    terms = {"contract_from": contract_from.isoformat(), "contract_until": contract_until.isoformat(), "evaluated_on": evaluated_on.isoformat(), "cases_most": str(cases_most), **words,
             "amount_most": "any" if amount_most_minor is None else str(amount_most_minor), **({"inspected_on": inspected_on.isoformat()} if inspected_on else {}),
             **({"score": str(score)} if score is not None else {}), **({"skills": skills} if skills else {})}
    demand_entry("agencies", found.code, terms)
    found.terms = terms | ({"share": found.terms["share"]} if found.terms and "share" in found.terms else {})
    found.changed_at = doing.now
    found.ended_on = contract_until if contract_until <= doing.today else None
    found.save(update_fields=["terms", "changed_at", "ended_on"])
    return {"team": found.id}


@action("roster.write", on="lender")
def write_roster(doing: Doing, lender: Lender, *, digest: Annotated[str, pydantic.Field(pattern="[0-9a-f]{64}")]) -> dict:
    """roster.yaml, which has that SHA-256, says what people changed up to now, so nothing of it waits any more."""
    collectors = Collector.objects.filter(lender=lender.code, changed_at__lte=doing.now).update(changed_at=None)
    return {"collectors": collectors, "teams": Team.objects.filter(lender=lender.code, changed_at__lte=doing.now).update(changed_at=None)}


def changed_since_written(lender: str, today: date) -> Changed:
    """What people changed that roster.yaml does not say yet, and the absences that were put down. In a transaction of the lender's."""
    collectors = {}
    for one in Collector.objects.filter(lender=lender, changed_at__isnull=False, is_rostered=True).select_related("team"):
        collectors[one.roster_name] = collector_entry(
            team=one.team.code, owner=one.owner, works_from=one.works_from, left_on=one.left_on, cases_most=one.cases_most, minutes=one.minutes_a_day, languages=one.languages, stages=one.stages,
            products=one.products, amount_most_minor=one.amount_most_minor, regions=one.regions, skills=one.skills)
    changed = list(Team.objects.filter(lender=lender, changed_at__isnull=False))
    agencies = {one.code: one.terms for one in changed if one.kind == "agency" and one.terms}
    ended = tuple(one.code for one in changed if one.kind == "own" and one.ended_on is not None and one.ended_on <= today)
    return Changed(collectors, agencies, (), ended, _away(lender, today))


def _away(lender: str, today: date) -> dict[str, tuple]:
    """By roster name the spans of absence that are not over for long; none where no such table is kept."""
    try:
        kept = apps.get_model("work", "Absence")
    except LookupError:
        return {}
    found: dict[str, list] = {}
    for name, begins, ends in kept.objects.filter(lender=lender).order_by("from_on").values_list("collector__roster_name", "from_on", "until_on"):
        if ends != begins and (ends is None or ends > today - timedelta(days=60)):
            found.setdefault(name, []).append((begins, ends))
    return {name: tuple(spans) for name, spans in found.items()}


def _collector(lender: Lender, collector: UUID) -> Collector:
    found = Collector.objects.select_for_update(of=("self",)).filter(lender=lender.code, pk=collector).first()
    if found is None:
        raise Refused("there is no such collector of this lender", "本机构没有该催收员")
    return found


def _team(lender: Lender, team: UUID) -> Team:
    found = Team.objects.select_for_update().filter(lender=lender.code, pk=team).first()
    if found is None:
        raise Refused("there is no such team of this lender", "本机构没有该团队")
    return found
