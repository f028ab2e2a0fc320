"""Made-up people who work the late cases of a made-up book, and the agencies beside them; the text is roster.yaml.

Sized to the book: about one collector per 200 late cases. Every figure is a plausible setting, not a measurement.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from arrears.twin.contracts import REGIONS
from arrears.twin.people import stream

ROSTER_FILE = "roster.yaml"
CASES_EACH, CASES_MOST, MINUTES = 200, 350, 420
TEAMS = ("early", "middle", "late", "visits", "legal")
LATE_PER_MILLION = (16_000, 24_000, 56_000)
"""People late for more than three days, by team of their stage, of a million loans of a made-up book: up to 30 days, up to 90, more."""
STAGES = (("M1", "M2"), ("M2", "M3"), ("M3", "M4", "M5", "M6", "M6+"))
AGENCIES = (("river", 50), ("harbour", 30), ("summit", 20))
"""Names and percent of what agencies have."""
AGENCIES_PPM = 600_000
"""Of the cases of the team `late`, so many are with agencies."""
LEFT_DAYS_AGO, CONTRACT_DAYS_AGO = 20, 300
_NEW_DAYS_AGO, _LONG_AGO_DAYS = 45, 1_200


@dataclass(frozen=True)
class Member:
    """One collector of the roster. products, amount_most_minor, regions: None for any; regions are asked of visits alone."""

    name: str
    team: str
    owner: str
    works_from: date
    left_on: date | None
    away: tuple[date, date] | None
    languages: tuple[str, ...]
    stages: tuple[str, ...] | None
    products: tuple[str, ...] | None
    amount_most_minor: int | None
    regions: tuple[str, ...] | None
    is_senior: bool


def members_of(loans: int, seed: int, as_of: date) -> tuple[Member, ...]:
    """The collectors of a book of that many loans, team by team; of `middle` the last left LEFT_DAYS_AGO before as_of."""
    dice = stream(seed, 0, "roster")
    found: list[Member] = []
    for team, per_million, stages in zip(TEAMS, LATE_PER_MILLION, STAGES, strict=False):
        cases = loans * per_million // 10**6 * (10**6 - AGENCIES_PPM if team == "late" else 10**6) // 10**6
        count = max(3, -(-cases // CASES_EACH))
        since = [as_of - timedelta(days=_LONG_AGO_DAYS + int(days)) for days in dice.random(count + 1) * 1_500]
        found += [_collector(team, place, count, since[place - 1], stages, as_of) for place in range(1, count + 1)]
        if team == "middle":
            found.append(Member(f"middle-{count + 1:03}", team, "collector", since[count], as_of - timedelta(days=LEFT_DAYS_AGO), None, ("zh",), stages, None, None, (), False))
    workers = len([one for one in found if one.team == "late"])
    for team, owner, count in (("visits", "visitor", -(-workers // 10)), ("legal", "legal", -(-workers // 12))):
        for place in range(1, count + 1):
            regions = (None if count == 1 else tuple(REGIONS[place - 1 :: count])) if owner == "visitor" else ()
            found.append(Member(f"{team}-{place:03}", team, owner, as_of - timedelta(days=_LONG_AGO_DAYS), None, None, ("zh", "yue") if place % 3 == 1 else ("zh",),
                                None if owner == "visitor" else STAGES[2], None, None, regions, owner == "legal"))
    return tuple(found)


def _collector(team: str, place: int, count: int, since: date, stages: tuple[str, ...], as_of: date) -> Member:
    """The place-th of a team: the first is senior, and so is every fifth after, of the late team every second; the last of a larger team is new and has small
    personal loans alone.
    """
    is_new = place == count and count > 3
    languages = ("zh", *(("yue",) if place % 4 == 1 else ()), *(("en",) if place % 6 == 1 else ()))
    away = (as_of - timedelta(days=2), as_of + timedelta(days=5)) if place == 3 and team == "early" else None
    return Member(
        f"{team}-{place:03}", team, "collector", as_of - timedelta(days=_NEW_DAYS_AGO) if is_new else since, None, away, languages, stages,
        ("flash_personal",) if is_new else None, 1_000_000 if is_new else None if place % 5 else 5_000_000, (), place % (2 if team == "late" else 5) == 1)


def roster_text(loans: int, seed: int, as_of: date, late: tuple[str, ...] = ()) -> str:
    """roster.yaml for a book of that many loans at as_of; the same arguments, the same text.

    late: borrowers who are late, of whom the first is kin of a collector and the second is frozen while a complaint is looked into; none of either without them.
    """
    members = members_of(loans, seed, as_of)
    lines = ["# Who works the late cases of this made-up book. docs/guides/cases.md says more.", f"teams: [{', '.join(TEAMS)}]", "collectors:"]
    lines += [f"  - {_flow(_said(one))}" for one in members]
    lines += ["agencies:", *(f"  - {_flow(_agency(place, loans, as_of))}" for place in range(len(AGENCIES)))]
    kin = [{"who": "late-001", "borrower": late[0], "why": "relative"}] if late else []
    frozen = [{"collector": "middle-002", "from": _day(as_of, -3), "until": _day(as_of, 4), "by": "head of collections", "why": "handover of cases is being checked"}]
    frozen += [{"borrower": late[1], "from": _day(as_of, -10), "by": "compliance", "why": "a complaint is looked into"}] if len(late) > 1 else []
    lines += ["conflicts:" if kin else "conflicts: []", *(f"  - {_flow(entry)}" for entry in kin), "frozen:", *(f"  - {_flow(entry)}" for entry in frozen)]
    return "\n".join(lines) + "\n"


def _said(one: Member) -> dict:
    return {
        "name": one.name, "team": one.team, "owner": one.owner, "works_from": f'"{one.works_from}"',
        **({"left_on": f'"{one.left_on}"'} if one.left_on else {}), **({"away": f'["{one.away[0]}..{one.away[1]}"]'} if one.away else {}),
        "cases_most": f'"{CASES_MOST}"', "minutes": f'"{MINUTES}"', "languages": one.languages, "stages": one.stages or "any", "products": one.products or "any",
        "amount_most": "any" if one.amount_most_minor is None else f'"{one.amount_most_minor}"',
        **({"skills": ("senior",)} if one.is_senior else {}), **({} if one.regions == () else {"regions": one.regions or "any"}),
    }


def _agency(place: int, loans: int, as_of: date) -> dict:
    name, percent = AGENCIES[place]
    cases = loans * LATE_PER_MILLION[2] // 10**6 * AGENCIES_PPM // 10**6 * percent // 100
    return {
        "name": name, "contract_from": _day(as_of, -CONTRACT_DAYS_AGO), "contract_until": _day(as_of, 150 + 60 * place), "evaluated_on": _day(as_of, -90 - 30 * place),
        "inspected_on": _day(as_of, -40 - 50 * place), "share": f"{percent}%", "score": f'"{(86, 74, 61)[place]}"', "cases_most": f'"{max(20, cases * 13 // 10)}"',
        "stages": STAGES[2][1:], "products": "any", "amount_most": "any" if place == 0 else '"20000000"', "languages": ("zh", "yue") if place == 0 else ("zh",),
        "regions": "any",
    }


def _day(as_of: date, days: int) -> str:
    return f'"{as_of + timedelta(days=days)}"'


def _flow(entry: dict) -> str:
    """One line of YAML; a tuple is a list of words."""
    said = {key: f"[{', '.join(value)}]" if isinstance(value, tuple) else value for key, value in entry.items()}
    return "{" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"
