"""Giving cases, said slowly: who may have what, why a case comes back, and what a division costs, one case and one person at a time."""

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

import numpy as np
import polars as pl
from hypothesis import strategies as st

from arrears.allocation.alike import KINDS, tiers_of
from arrears.allocation.assign import CASES, HOLDINGS
from arrears.allocation.recall import Terms
from arrears.allocation.roster import Agency, Collector, Conflict, Freeze, Roster

AS_OF = date(2026, 10, 31)
WORKED = AS_OF + timedelta(days=1)
NO_CASES = pl.DataFrame(schema=CASES)
NO_HOLDINGS = pl.DataFrame(schema=HOLDINGS)


def person(name: str, **other) -> Collector:
    """Somebody who may have anything, with changes."""
    return Collector(**{"name": name, "team": "one", "owner": "collector", "works_from": date(2020, 1, 1), "left_on": None, "away": (), "cases_most": 100, "minutes": 420,
                        "languages": None, "stages": None, "products": None, "amount_most_minor": None, "regions": None, "skills": None, **other})


def agency(name: str, **other) -> Agency:
    return Agency(**{"name": name, "contract_from": date(2026, 1, 1), "contract_until": date(2027, 1, 1), "evaluated_on": date(2026, 1, 1), "inspected_on": None,
                     "share_ppm": None, "score": None, "cases_most": 1000, "languages": None, "stages": None, "products": None, "amount_most_minor": None,
                     "regions": None, "skills": None, **other})


def roster(*people, conflicts=(), frozen=(), teams=("one", "two")) -> Roster:
    return Roster(teams, tuple(one for one in people if one.owner != "agency"), tuple(one for one in people if one.owner == "agency"), tuple(conflicts), tuple(frozen))


def case(borrower_id: str, **other) -> dict:
    return {"borrower_id": borrower_id, "bucket": "M1", "product": "a", "claimable_minor": 1000, "expected_minor": 100, "difficulty": 0.5, "owner": "collector",
            "skill": None, "language": None, "region": None, "last_touched_on": AS_OF, **other}


def holding(borrower_id: str, held_by: str | None, **other) -> dict:
    return {"borrower_id": borrower_id, "held_by": held_by, "held_since": AS_OF - timedelta(days=40) if held_by else None, "last_held_by": None, "returned_on": None,
            "returned_why": None, **other}


def cases_of(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CASES)


def holdings_of(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=HOLDINGS)


_LISTS = {"stages": ("M1", "M2"), "products": ("a", "b"), "languages": ("zh", "yue"), "regions": ("north",), "skills": ("senior",)}


@st.composite
def worlds(draw, people_most: int = 4, cases_most: int = 8, is_calm: bool = False) -> tuple[list[dict], Roster, list[dict]]:
    """Few people and cases, so that skills, absences, conflicts, freezes and full hands collide; calm: people are alike and there, so that evenness decides."""
    if is_calm:
        return draw(_calm_worlds(people_most, cases_most))
    limits = st.sampled_from([None, 100, 1000])

    def lists(names):
        return {name: draw(st.one_of(st.none(), st.just(_LISTS[name]), st.just(_LISTS[name][:1]), st.just(()))) if draw(st.integers(0, 3)) == 0 else None for name in names}

    hands = []
    for number in range(draw(st.integers(0, people_most))):
        absent = draw(st.sampled_from(["there"] * 5 + ["left", "later", "away", "long"]))
        hands.append(person(
            f"p{number}", team=draw(st.sampled_from(["one", "two"])), owner=draw(st.sampled_from(["collector", "collector", "collector", "visitor"])),
            cases_most=draw(st.integers(0, 4)), amount_most_minor=draw(limits), left_on=WORKED if absent == "left" else None,
            works_from=WORKED + timedelta(days=1) if absent == "later" else date(2020, 1, 1),
            away={"away": ((AS_OF - timedelta(days=4), WORKED + timedelta(days=2)),), "long": ((WORKED, WORKED + timedelta(days=14)),)}.get(absent, ()), **lists(_LISTS)))
    for number in range(draw(st.integers(0, 2))):
        hands.append(agency(f"g{number}", cases_most=draw(st.integers(0, 5)), score=draw(st.sampled_from([None, 50, 100])),
                            contract_until=draw(st.sampled_from([date(2027, 1, 1), WORKED])), **lists(_LISTS)))
    names, ids = [one.name for one in hands], [f"B{number}" for number in range(draw(st.integers(0, cases_most)))]
    rows = [case(
        one, bucket=draw(st.sampled_from(["M1", "M1", "M2", None])), product=draw(st.sampled_from("aab")), claimable_minor=draw(st.sampled_from([50, 500, 5000])),
        expected_minor=draw(st.sampled_from([None, 1, 10, 300])), difficulty=draw(st.sampled_from([None, 0.1, 0.5, 0.9])),
        owner=draw(st.sampled_from(["collector", "collector", "collector", "visitor", "agency", None])), skill=draw(st.sampled_from([None, None, "senior"])),
        language=draw(st.sampled_from([None, None, "yue"])), region=draw(st.sampled_from([None, "north"])),
        last_touched_on=draw(st.sampled_from([None, AS_OF, AS_OF - timedelta(days=15)]))) for one in ids if draw(st.integers(0, 5))]
    held = [holding(
        one, by, held_since=draw(st.sampled_from([AS_OF - timedelta(days=40), AS_OF - timedelta(days=16), AS_OF])) if by else None,
        last_held_by=last, returned_on=AS_OF - timedelta(days=draw(st.sampled_from([5, 29, 30]))) if last else None,
        returned_why=draw(st.sampled_from([None, "idle", "balance"])) if last else None)
        for one in ids for by, last in [(draw(st.sampled_from([*names, "gone", None, None])), draw(st.sampled_from([*names, None, None])))] if by or last]
    conflicts = [Conflict(who, draw(st.sampled_from(ids)), "kin") for who in names if ids and draw(st.integers(0, 3)) == 0]
    frozen = []
    if draw(st.integers(0, 2)) == 0 and ids:
        frozen.append(Freeze("borrower", draw(st.sampled_from(ids)), AS_OF, None, "li", "inquiry"))
    if draw(st.integers(0, 4)) == 0 and names:
        one = draw(st.sampled_from(hands))
        frozen.append(Freeze("agency" if one.owner == "agency" else "collector", one.name, AS_OF, WORKED + timedelta(days=1), "li", "inquiry"))
    if draw(st.integers(0, 6)) == 0:
        frozen.append(Freeze("team", "two", WORKED, None, "li", "inquiry"))
    return rows, roster(*hands, conflicts=conflicts, frozen=frozen), held


@st.composite
def _calm_worlds(draw, people_most: int, cases_most: int) -> tuple[list[dict], Roster, list[dict]]:
    firms = draw(st.booleans())
    names = [f"p{number}" for number in range(draw(st.integers(1, people_most)))]
    stages = {name: draw(st.sampled_from([None, None, ("M1",)])) for name in names}
    hands = [agency(name, stages=stages[name], cases_most=draw(st.integers(1, 6)), score=draw(st.sampled_from([None, 50, 100]))) if firms else
             person(name, stages=stages[name], cases_most=draw(st.integers(1, 6))) for name in names]
    ids = [f"B{number}" for number in range(draw(st.integers(1, cases_most)))]
    owner = "agency" if firms else "collector"
    rows = [case(one, bucket=draw(st.sampled_from(["M1", "M1", "M2"])), expected_minor=draw(st.sampled_from([1, 10, 300])), difficulty=draw(st.sampled_from([0.1, 0.9])),
                 owner=draw(st.sampled_from([owner] * 5 + [None]))) for one in ids]
    favoured = st.sampled_from([names[0], names[0], *names, None])
    held = [holding(one, by, last_held_by=last, returned_on=AS_OF - timedelta(days=40) if last else None, returned_why="idle" if last else None)
            for one in ids for by, last in [(draw(favoured), draw(st.sampled_from([*names, None])))] if by or last]
    return rows, roster(*hands), held


def can(one, row: dict, owner: str | None) -> bool:
    """Whether the person can do the case, by its every field."""
    for permitted, value in ((one.stages, row["bucket"]), (one.products, row["product"]), (one.languages, row["language"] or "zh")):
        if permitted is not None and value not in permitted:
            return False
    if one.amount_most_minor is not None and row["claimable_minor"] > one.amount_most_minor:
        return False
    if owner in ("visitor", "agency") and one.regions is not None and row["region"] not in one.regions:
        return False
    return one.owner == owner and (row["skill"] is None or one.skills is None or row["skill"] in one.skills)


def standing(frozen, kind: str, name: str) -> bool:
    return any(each.kind == kind and each.name == name and each.from_on <= WORKED and (each.until_on is None or WORKED < each.until_on) for each in frozen)


def is_frozen(one, book: Roster) -> bool:
    return standing(book.frozen, "agency" if one.owner == "agency" else "collector", one.name) or (one.team is not None and standing(book.frozen, "team", one.team))


def is_there(one) -> bool:
    begins, ends = one.term
    return begins <= WORKED and (ends is None or WORKED < ends) and not any(first <= WORKED < last for first, last in one.away)


def why_back(row: dict | None, held: dict, book: Roster, terms: Terms, faults=()) -> str | None:
    """The first reason by which a held case does not stay; "frozen" where it stays whatever else holds."""
    one = next((each for each in book.people if each.name == held["held_by"]), None)
    if any(each.who == held["held_by"] and each.borrower_id == held["borrower_id"] for each in book.conflicts):
        return "conflict"
    if one is None:
        return "not_in_roster"
    begins, ends = one.term
    if ends is not None and ends <= WORKED:
        return "contract_ended" if one.owner == "agency" else "left"
    if begins > WORKED:
        return "not_there_yet"
    if one.name in faults:
        return "agency_fault"
    if is_frozen(one, book) or standing(book.frozen, "borrower", held["borrower_id"]):
        return "frozen"
    since = max(day for day in (held["held_since"], (row or {}).get("last_touched_on")) if day)
    days = [since + timedelta(days=number) for number in range((AS_OF - since).days)]
    is_idle = sum(not any(first <= day < last for first, last in one.away) for day in days) >= terms.idle_days
    if row is None or (row["owner"] is None and is_idle):
        return "not_needed"
    if row["owner"] is not None and row["owner"] != one.owner:
        return "other_owner"
    if not can(one, row, row["owner"] or one.owner):
        return "skill"
    if any(first <= WORKED < last and (last - WORKED).days >= terms.idle_days for first, last in one.away):
        return "away_long"
    return "idle" if row["owner"] is not None and is_idle else None


class Problem:
    """What may go where, and what it costs: of every case that moves or could the people it may go to, its rank, tier, and who has or last had it."""

    def __init__(self, rows: list[dict], book: Roster, held: list[dict], terms: Terms):
        self.book, self.terms = book, terms
        by_case, by_held = {row["borrower_id"]: row for row in rows}, {row["borrower_id"]: row for row in held}
        self.ids, self.options, self.last, self.rank, self.fixed = [], [], [], [], {}
        owners = []
        self.people = {one.name: one for one in book.people}
        self.open = {one.name for one in book.people if is_there(one) and not is_frozen(one, book) and not (one.owner == "agency" and self.weight(one) == 0)}
        for one in sorted({*by_case, *by_held}):
            row, have = by_case.get(one), by_held.get(one)
            holder = have["held_by"] if have else None
            back = why_back(row, have, book, terms) if holder else None
            if holder and back == "frozen":
                self.fixed[one] = holder
                continue
            stays, needed = bool(holder) and back is None, row is not None and row["owner"] is not None
            if not stays and (not needed or standing(book.frozen, "borrower", one)):
                continue
            barred = {each.who for each in book.conflicts if each.borrower_id == one} | ({holder} if back == "idle" else set())
            if have and have["last_held_by"] and have["returned_why"] in (None, "idle") and (AS_OF - have["returned_on"]).days < terms.not_back_days:
                barred.add(have["last_held_by"])
            new = {each.name for each in book.people if needed and can(each, row, row["owner"]) and each.name in self.open and each.name not in barred}
            last = holder if stays else have["last_held_by"] if have and have["last_held_by"] in new else None
            self.ids.append(one)
            self.options.append((sorted(new | ({holder} if stays else set())), new))
            self.last.append(last)
            self.rank.append((2 if needed else 0) if stays else 1)
            owners.append(row["owner"] or self.people[holder].owner)
        every = self.ids + sorted(self.fixed)
        owners += [(by_case.get(one) or {}).get("owner") or self.people[self.fixed[one]].owner for one in sorted(self.fixed)]
        shown = [by_case.get(one) or {"expected_minor": None, "claimable_minor": 0, "difficulty": None} for one in every]
        money = [row["claimable_minor"] if row["expected_minor"] is None else row["expected_minor"] for row in shown]
        tiers = tiers_of(np.array([KINDS.index(one) for one in owners], np.int64), np.array(money, np.int64),
                         np.array([0.5 if row["difficulty"] is None else row["difficulty"] for row in shown]))
        self.tier = dict(zip(every, tiers.tolist(), strict=True))
        self.money = dict(zip(every, money, strict=True))
        self.prices()

    def weight(self, one) -> int:
        if one.owner != "agency":
            return one.cases_most
        scores = [each.score for each in self.book.agencies if each.score is not None]
        mean = sum(scores) // len(scores) if scores else 1
        return (1_000_000 if one.share_ppm is None else one.share_ppm) * (mean if one.score is None else one.score)

    def prices(self) -> None:
        continuity, uneven = max(1, self.terms.continuity_minor), max(1, self.terms.uneven_minor)
        self.share = continuity + 16 * uneven + 1
        chain = 2 * (len(self.people) + 1) * (continuity + self.share + 16 * uneven) + 1
        of_tier = {tier: [self.money[one] for one in self.ids if self.tier[one] == tier] for tier in self.tier.values()}
        self.lost = {(rank, tier): (sum(money) // len(money) if money else 0) + chain + rank * (chain + 10**8) for rank in range(3) for tier, money in of_tier.items()}
        even: Counter = Counter()
        for one, (_, new), last, rank in zip(self.ids, self.options, self.last, self.rank, strict=True):
            total = sum(self.weight(self.people[name]) for name in new)
            for name in new:
                even[name, self.tier[one]] += Fraction(self.weight(self.people[name]), total) if total else 0
            if rank == 0:
                even[last, self.tier[one]] += 1
        for one, name in self.fixed.items():
            even[name, self.tier[one]] += 1
        self.even = even
        agencies = [name for name in self.open if self.people[name].owner == "agency"]
        asked = sum(bool(set(agencies) & {*new, *([last] if last else [])}) for (_, new), last in zip(self.options, self.last, strict=True))
        self.quota = quotas(asked, {name: self.weight(self.people[name]) for name in sorted(agencies)}, {name: self.room(name) for name in agencies})

    def room(self, name: str) -> int:
        return max(0, self.people[name].cases_most - sum(each == name for each in self.fixed.values()))

    def prices_of_load(self, name: str, tier: int | None) -> list[int]:
        """What the first, the second, … case more costs somebody: of one tier, or of all."""
        if name not in self.open:
            return [0] * self.room(name)
        even = max(1.0, round(float(sum(share for (whose, of), share in self.even.items() if whose == name and tier in (None, of))), 6))
        fixed = sum(whose == name and tier in (None, self.tier[one]) for one, whose in self.fixed.items())
        quota = self.quota.get(name) if tier is None and self.people[name].owner == "agency" else None
        marks = sorted({fixed, fixed + self.room(name), *(ceil(step * even) for step in [*(part / 16 for part in range(1, 33)), 2.5, 3, 4, 6]),
                        *([] if quota is None else [fixed + quota])})
        found = []
        for begin, end in zip(marks, marks[1:], strict=False):
            if begin < fixed or end > fixed + self.room(name):
                continue
            ratio = 8 if begin >= ceil(6 * even) else min(8, (begin + end) / 2 / even)
            found += [int(max(1, self.terms.uneven_minor) * ratio + 0.5) + (self.share if quota is not None and begin >= fixed + quota else 0)] * (end - begin)
        return found

    def cost(self, given: list[str | None]) -> int | None:
        """What the division costs; None where somebody has more than they can."""
        total = 0
        loads, tiers = Counter(), Counter()
        for one, to, last, rank in zip(self.ids, given, self.last, self.rank, strict=True):
            if to is None:
                total += self.lost[rank, self.tier[one]]
                continue
            total += max(1, self.terms.continuity_minor) if last not in (None, to) else 0
            loads[to] += 1
            tiers[to, self.tier[one]] += 1
        for name, count in loads.items():
            if count > self.room(name):
                return None
            total += sum(self.prices_of_load(name, None)[:count])
        return total + sum(sum(self.prices_of_load(name, tier)[:count]) for (name, tier), count in tiers.items())


def quotas(count: int, weight: dict[str, int], room: dict[str, int]) -> dict[str, int]:
    """Largest remainders, by name among equals; what has no room is divided again among the others."""
    given = dict.fromkeys(weight, 0)
    while (left := count - sum(given.values())) and (names := [name for name in weight if room[name] > given[name] and weight[name]]):
        total = sum(weight[name] for name in names)
        exact = {name: Fraction(left * weight[name], total) for name in names}
        whole = {name: int(part) for name, part in exact.items()}
        for name in sorted(names, key=lambda each: (whole[each] - exact[each], each))[: left - sum(whole.values())]:
            whole[name] += 1
        for name in names:
            given[name] = min(room[name], given[name] + whole[name])
    return given
