"""roster.yaml read and checked: what is not written is not permitted, and what cannot be meant is refused with file, entry and line.

```yaml
teams: [early, field]
collectors:
  - name: zhang
    team: early
    owner: collector               # collector, visitor or legal
    works_from: "2024-03-01"
    left_on: "2027-01-01"          # optional: the first day no longer there
    away: ["2026-10-01..2026-10-08"]   # optional: back on the 8th
    cases_most: "150"
    minutes: "420"                 # a day
    languages: [zh]                # or any
    stages: [M1, M2]               # or any
    products: any
    amount_most: "5000000"         # minor units, or any
    skills: [senior]               # optional: none
    regions: ["5101"]              # optional: none; asked of visits
agencies:
  - name: river
    contract_from: "2026-01-01"
    contract_until: "2027-01-01"   # the first day without a contract
    evaluated_on: "2026-03-01"
    inspected_on: "2026-09-01"     # optional
    share: "100%"                  # of all agencies or of none; they sum to 100%
    score: "80"                    # optional, 0 to 100
    cases_most: "2000"
    languages: [zh]
    stages: [M4, M5]
    products: any
    amount_most: any
    regions: any
conflicts: [{who: zhang, borrower: B17, why: relative}]      # optional
frozen: [{team: field, from: "2026-11-01", until: "2026-11-08", by: li, why: inquiry}]   # optional; team, collector, agency or borrower
```
"""

import re
from datetime import date
from fractions import Fraction
from itertools import pairwise

from arrears import strict_yaml
from arrears.allocation.roster import (
    AGENCY,
    OWNERS,
    ROSTER_FILE,
    Agency,
    Collector,
    Conflict,
    Freeze,
    Roster,
    Span,
    Words,
)
from arrears.money import PPM
from arrears.strict_yaml import BadYaml

_COLLECTOR = {"name", "team", "owner", "works_from", "cases_most", "minutes", "languages", "stages", "products", "amount_most"}
_AGENCY = {"name", "contract_from", "contract_until", "evaluated_on", "cases_most", "stages", "products", "amount_most", "languages", "regions"}
_FROZEN = ("team", "collector", AGENCY, "borrower")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_MOST = 10**9
"""No count of cases or minutes is greater."""
_AMOUNT_MOST = 10**15
_DAY_MINUTES = 24 * 60


def roster_from(text: str, name: str = ROSTER_FILE) -> Roster:
    """The roster of this text; an empty one gives nobody. Raises BadYaml naming file, entry and line."""
    if not text:
        return Roster((), (), (), (), ())
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(content, {"teams", "collectors"}, {"agencies", "conflicts", "frozen"}, name)
    teams = _words(content, "teams", name, may_be_any=False) or ()
    if len(set(teams)) < len(teams):
        raise BadYaml(f"{name}{strict_yaml.line_of(content, 'teams')}: a team stands twice; write each once")
    collectors = tuple(_collector(entry, teams, where) for entry, where in _entries(content, "collectors", name))
    agencies = tuple(_agency(entry, where) for entry, where in _entries(content, "agencies", name))
    _demand_apart(content, name)
    _demand_shares(agencies, content, name)
    known = {one.name for one in (*collectors, *agencies)}
    conflicts = tuple(_conflict(entry, known, where) for entry, where in _entries(content, "conflicts", name))
    among = {"team": set(teams), "collector": {one.name for one in collectors}, AGENCY: {one.name for one in agencies}}
    frozen = tuple(_freeze(entry, among, where) for entry, where in _entries(content, "frozen", name))
    return Roster(teams, collectors, agencies, conflicts, frozen, text)


def demand_stages(roster: Roster, names: tuple[str, ...]) -> None:
    """Raises BadYaml where somebody's stages name a bucket that there is not: nothing of it would ever come."""
    for one in roster.people:
        unknown = [stage for stage in one.stages or () if stage not in names]
        if unknown:
            raise BadYaml(f"{ROSTER_FILE}, {one.name}: no bucket {unknown[0]!r}; there are {', '.join(names)}")


def _entries(content: dict, key: str, name: str) -> list[tuple[dict, str]]:
    """The entries of a list, each with the words that say where it stands."""
    found = content.get(key, [])
    if not isinstance(found, list):
        raise BadYaml(f"{name}{strict_yaml.line_of(content, key)}: {key} must be a list of entries; write [] where there is none")
    return [(entry, f"{name}, {key} {place}{_called(entry)}") for place, entry in enumerate(found, start=1)]


def _called(entry: object) -> str:
    return f" ({entry['name']})" if isinstance(entry, dict) and isinstance(entry.get("name"), str) else ""


def _collector(entry: dict, teams: tuple[str, ...], where: str) -> Collector:
    strict_yaml.expect_keys(entry, _COLLECTOR, {"left_on", "away", "regions", "skills"}, where)
    team, owner = _word(entry, "team", where), _word(entry, "owner", where)
    if team not in teams:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'team')}: no team {team!r}; known are {', '.join(teams) or 'none'}: mend the name, or add it to teams")
    if owner not in OWNERS:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'owner')}: owner {owner!r} is not known; known are {', '.join(OWNERS)}")
    works_from, left_on = _day(entry, "works_from", where), _day(entry, "left_on", where) if "left_on" in entry else None
    if left_on is not None and left_on <= works_from:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'left_on')}: left_on {left_on} is not after works_from {works_from}; mend one of them")
    return Collector(
        _word(entry, "name", where), team, owner, works_from, left_on, _away(entry, where), _whole(entry, "cases_most", where, _MOST),
        _whole(entry, "minutes", where, _DAY_MINUTES), *_permitted(entry, where), _words(entry, "regions", where) if "regions" in entry else (),
        _words(entry, "skills", where) if "skills" in entry else ())


def _agency(entry: dict, where: str) -> Agency:
    strict_yaml.expect_keys(entry, _AGENCY, {"inspected_on", "share", "score", "skills"}, where)
    begins, ends = _day(entry, "contract_from", where), _day(entry, "contract_until", where)
    if ends <= begins:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'contract_until')}: contract_until {ends} is not after contract_from {begins}; "
                      "it is the first day without a contract: mend one of them")
    return Agency(
        _word(entry, "name", where), begins, ends, _day(entry, "evaluated_on", where), _day(entry, "inspected_on", where) if "inspected_on" in entry else None,
        _share(entry, where) if "share" in entry else None, _whole(entry, "score", where, 100) if "score" in entry else None,
        _whole(entry, "cases_most", where, _MOST), *_permitted(entry, where), _words(entry, "regions", where),
        _words(entry, "skills", where) if "skills" in entry else ())


def _permitted(entry: dict, where: str) -> tuple[Words, Words, Words, int | None]:
    """Languages, stages, products and the greatest amount."""
    most = None if entry["amount_most"] == "any" else _whole(entry, "amount_most", where, _AMOUNT_MOST)
    return _words(entry, "languages", where), _words(entry, "stages", where), _words(entry, "products", where), most


def _conflict(entry: dict, known: set[str], where: str) -> Conflict:
    strict_yaml.expect_keys(entry, {"who", "borrower", "why"}, set(), where)
    who = _word(entry, "who", where)
    if who not in known:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'who')}: {who!r} is no collector and no agency of this file; mend the name, or remove the conflict")
    return Conflict(who, _word(entry, "borrower", where), _word(entry, "why", where))


def _freeze(entry: dict, among: dict[str, set[str]], where: str) -> Freeze:
    strict_yaml.expect_keys(entry, {"from", "by", "why"}, {*_FROZEN, "until"}, where)
    kinds = [kind for kind in _FROZEN if kind in entry]
    if len(kinds) != 1:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry)}: names {' and '.join(kinds) or 'nobody'}; write exactly one of {', '.join(_FROZEN)}")
    kind, called = kinds[0], _word(entry, kinds[0], where)
    if kind in among and called not in among[kind]:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, kind)}: no {kind} {called!r} in this file; known are {', '.join(sorted(among[kind])) or 'none'}")
    begins, ends = _day(entry, "from", where), _day(entry, "until", where) if "until" in entry else None
    if ends is not None and ends <= begins:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'until')}: until {ends} is not after from {begins}; it is the first day that is free again")
    return Freeze(kind, called, begins, ends, _word(entry, "by", where), _word(entry, "why", where))


def _demand_apart(content: dict, name: str) -> None:
    """Raises BadYaml where two collectors or agencies share a name: a case is held by a name."""
    seen: set[str] = set()
    for key in ("collectors", "agencies"):
        for entry, where in _entries(content, key, name):
            if entry["name"] in seen:
                raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'name')}: the name {entry['name']!r} stands twice; cases are held by name, so each needs its own")
            seen.add(entry["name"])


def _demand_shares(agencies: tuple[Agency, ...], content: dict, name: str) -> None:
    shares = [agency.share_ppm for agency in agencies if agency.share_ppm is not None]
    if not shares:
        return
    at = f"{name}{strict_yaml.line_of(content, 'agencies')}: agencies"
    without = [agency.name for agency in agencies if agency.share_ppm is None]
    if without:
        raise BadYaml(f"{at}: {without[0]} has no share where others have; write one for every agency, 0% for none, or for no agency")
    if sum(shares) != PPM:
        raise BadYaml(f"{at}: the shares sum to {_percent(sum(shares))}, not 100%; change one by {_percent(abs(PPM - sum(shares)))}")


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:g}%"


def _word(entry: dict, key: str, where: str) -> str:
    if not isinstance(entry[key], str) or not entry[key].strip():
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} must be a text")
    return entry[key]


def _words(entry: dict, key: str, where: str, may_be_any: bool = True) -> Words:
    found = entry[key]
    if found == "any" and may_be_any:
        return None
    if not isinstance(found, list) or any(not isinstance(word, str) or not word.strip() for word in found):
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} must be a list of words{', or any' if may_be_any else ''}")
    if "any" in found and may_be_any:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} lists any beside others; write any alone, without brackets")
    return tuple(found)


def _whole(entry: dict, key: str, where: str, most: int) -> int:
    text = entry[key]
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > most:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, key)}: {key} {text!r} is not a whole number from 0 to {most}")
    return int(text)


def _share(entry: dict, where: str) -> int:
    found = _SHARE.fullmatch(entry["share"]) if isinstance(entry["share"], str) else None
    ppm = Fraction(found[1]) * 10_000 if found else None
    if ppm is None or ppm > PPM or ppm.denominator != 1:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'share')}: share {entry['share']!r} is not a percentage from 0% to 100% with at most four decimals, such as 30%")
    return int(ppm)


def _day(entry: dict, key: str, where: str) -> date:
    return _day_of(entry[key], f"{where}{strict_yaml.line_of(entry, key)}: {key}")


def _day_of(text: object, where: str) -> date:
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise BadYaml(f"{where} {text!r} is not a date; write it as YYYY-MM-DD, and one that the calendar has")
    return day


def _away(entry: dict, where: str) -> tuple[Span, ...]:
    at = f"{where}{strict_yaml.line_of(entry, 'away')}: away"
    found = entry.get("away", [])
    if not isinstance(found, list):
        raise BadYaml(f"{at} must be a list of spans, such as [\"2026-10-01..2026-10-08\"]")
    spans = []
    for text in found:
        parts = text.split("..") if isinstance(text, str) else []
        if len(parts) != 2:
            raise BadYaml(f"{at} {text!r} is no span of days; write the first day away and the first day back, such as 2026-10-01..2026-10-08")
        begins, ends = (_day_of(part, at) for part in parts)
        if ends <= begins:
            raise BadYaml(f"{at} {text!r} ends before it begins; the second is the first day back, so it is later")
        spans.append((begins, ends))
    spans.sort()
    for (_, ends), (begins, _) in pairwise(spans):
        if begins < ends:
            raise BadYaml(f"{at}: a span from {begins} begins before the one before it ends on {ends}; write them as one, days away are counted once")
    return tuple(spans)
