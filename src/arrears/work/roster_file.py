"""roster.yaml beside a book, and what people changed of it on the pages: the one merged into the other, so that the next night gives cases out by it.

The file holds for everything that nobody changed: conflicts, frozen, and whoever is in it only. A collector, agency or team that was changed is written as it now is; absences that were
put down are added to the days away. A merged text is read as a night reads it before it replaces the file. Comments of the file are not kept, but for its first lines.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from arrears import strict_yaml
from arrears.allocation.roster import ROSTER_FILE, Agency, Collector, Roster
from arrears.allocation.roster_reading import roster_from
from arrears.delinquency.buckets import read_buckets
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml

NO_END = date(2099, 12, 31)
"""Until when somebody is away of whom nobody knows when they come back: a roster's span has an end."""
Span = tuple[date, date | None]


@dataclass(frozen=True)
class Changed:
    """What people changed since the file was written. collectors, agencies: entries by name, without it; teams: all that go on; ended: names of teams that have ended; away: spans by collector."""

    collectors: dict[str, dict]
    agencies: dict[str, dict]
    teams: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    away: dict[str, tuple[Span, ...]] | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.collectors or self.agencies or self.teams or self.ended or self.away)


def merged(text: str, changed: Changed) -> str:
    """The text of roster.yaml with the changes in it; the same text where nothing differs. Raises Refused where a night could not read what came of it."""
    try:
        found = strict_yaml.parse(text, ROSTER_FILE) if text.strip() else {"teams": [], "collectors": []}
        before = roster_from(text)
        entries = {key: {one["name"]: dict(one) for one in found.get(key, [])} for key in ("collectors", "agencies")}
        for name, entry in changed.collectors.items():
            kept = {"away": entries["collectors"][name]["away"]} if "away" in entries["collectors"].get(name, {}) else {}
            entries["collectors"][name] = {"name": name, **kept, **entry}
        for name, entry in changed.agencies.items():
            entries["agencies"][name] = {"name": name, **entry}
        for name, spans in (changed.away or {}).items():
            if name in entries["collectors"] and spans:
                entries["collectors"][name]["away"] = _away(entries["collectors"][name].get("away", []), spans)
        worked_in = {one["team"] for one in entries["collectors"].values()}
        teams = [one for one in [*found["teams"], *(new for new in sorted({*changed.teams, *worked_in}) if new not in found["teams"])] if one not in changed.ended or one in worked_in]
        written = _written(text, teams, entries, found)
        after = roster_from(written)
    except BadYaml as problem:
        raise Refused(f"{ROSTER_FILE}: {problem}; it was not written", f"{ROSTER_FILE}：{problem}；未写入") from None
    return text if _meaning(after) == _meaning(before) and text.strip() else written


def demand_entry(kind: str, name: str, entry: dict) -> None:
    """A night could read this entry of a collector or an agency. Raises Refused, in the words of whoever reads roster.yaml, where it could not."""
    one = {"name": name, **entry}
    text = json.dumps({"teams": [entry["team"]] if kind == "collectors" else [], "collectors": [], kind: [one]}, ensure_ascii=False)
    buckets = tuple(read_buckets().names)
    if unknown := [stage for stage in entry["stages"] if stage not in buckets] if isinstance(entry.get("stages"), list) else []:
        raise Refused(f"there is no bucket {unknown[0]}; stages are any, or of {', '.join(buckets)}; nothing was changed", f"没有逾期档 {unknown[0]}；阶段可填 any（不限）或 {'、'.join(buckets)}；未作任何更改")
    try:
        roster_from(text)
    except BadYaml as problem:
        raise Refused(f"{problem}; nothing was changed", f"名册条目有误：{problem}；未作任何更改") from None


def collector_entry(*, team: str, owner: str, works_from: date, left_on: date | None, cases_most: int, minutes: int, languages, stages, products, amount_most_minor: int | None, regions, skills) -> dict:
    """A collector's entry as roster.yaml has it; None of a list stands for any."""
    return {"team": team, "owner": owner, "works_from": works_from.isoformat(), **({"left_on": left_on.isoformat()} if left_on else {}), "cases_most": str(cases_most), "minutes": str(minutes),
            "languages": _words(languages), "stages": _words(stages), "products": _words(products), "amount_most": "any" if amount_most_minor is None else str(amount_most_minor),
            **({"skills": _words(skills)} if skills != [] else {}), **({"regions": _words(regions)} if regions != [] else {})}


def entry_of_collector(one: Collector) -> dict:
    """The entry of a collector that a roster knows."""
    return collector_entry(team=one.team, owner=one.owner, works_from=one.works_from, left_on=one.left_on, cases_most=one.cases_most, minutes=one.minutes, languages=_listed(one.languages),
                           stages=_listed(one.stages), products=_listed(one.products), amount_most_minor=one.amount_most_minor, regions=_listed(one.regions), skills=_listed(one.skills))


def entry_of_agency(one: Agency) -> dict:
    """The entry of an agency that a roster knows, without its name."""
    return {"contract_from": one.contract_from.isoformat(), "contract_until": one.contract_until.isoformat(), "evaluated_on": one.evaluated_on.isoformat(),
            **({"inspected_on": one.inspected_on.isoformat()} if one.inspected_on else {}), **({"share": f"{one.share_ppm / 10_000:g}%"} if one.share_ppm is not None else {}),
            **({"score": str(one.score)} if one.score is not None else {}), "cases_most": str(one.cases_most), "languages": _words(_listed(one.languages)), "stages": _words(_listed(one.stages)),
            "products": _words(_listed(one.products)), "amount_most": "any" if one.amount_most_minor is None else str(one.amount_most_minor), "regions": _words(_listed(one.regions)),
            **({"skills": list(one.skills)} if one.skills else {})}


def _listed(words: Iterable[str] | None) -> list[str] | None:
    return None if words is None else list(words)


def _words(words: list[str] | None) -> list[str] | str:
    return "any" if words is None else list(words)


def _away(there: list[str], spans: tuple[Span, ...]) -> list[str]:
    """The spans of both, those that touch as one."""
    read = [tuple(date.fromisoformat(part) for part in text.split("..")) for text in there]
    read = sorted({*read, *((begins, ends or NO_END) for begins, ends in spans)})
    joined: list[list[date]] = []
    for begins, ends in read:
        if joined and begins <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], ends)
        else:
            joined.append([begins, ends])
    return [f"{begins}..{ends}" for begins, ends in joined]


def _written(text: str, teams: list[str], entries: dict, found: dict) -> str:
    head = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        head.append(line)
    said = lambda value: json.dumps(value, ensure_ascii=False)  # noqa: E731 - JSON is YAML, and quotes every word
    lines = [*head, f"teams: {said(teams)}", "collectors:" if entries["collectors"] else "collectors: []", *(f"  - {said(one)}" for one in entries["collectors"].values())]
    if entries["agencies"]:
        lines += ["agencies:", *(f"  - {said(one)}" for one in entries["agencies"].values())]
    for key in ("conflicts", "frozen"):
        if found.get(key):
            lines += [f"{key}:", *(f"  - {said(dict(one))}" for one in found[key])]
    return "\n".join(lines) + "\n"


def _meaning(roster: Roster) -> tuple:
    return (set(roster.teams), sorted(roster.collectors, key=lambda one: one.name), sorted(roster.agencies, key=lambda one: one.name), roster.conflicts, roster.frozen)
