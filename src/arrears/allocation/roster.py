"""Who does the work: people of the lender's own, agencies, what each may have, and who must never have whom.

It is said in roster.yaml beside the book (roster_reading.py). Amounts are minor units, shares parts per million; spans of days hold their first day and
not their last. None where a list is expected stands for `any`.
"""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

ROSTER_FILE = "roster.yaml"
AGENCY = "agency"
OWNERS = ("collector", "visitor", "legal")
"""What a person of the lender's own does; the cases of an agency are its fourth kind."""

Span = tuple[date, date | None]
Words = tuple[str, ...] | None
"""The values that are permitted; None where any is."""


@dataclass(frozen=True)
class Collector:
    """A person of the lender's own. A case comes to them only where its stage, product, amount, language, region (of a visit) and skill are among theirs."""

    name: str
    team: str
    owner: str
    works_from: date
    left_on: date | None
    """The first day they no longer work."""
    away: tuple[Span, ...]
    cases_most: int
    minutes: int
    """What they work in a day."""
    languages: Words
    stages: Words
    products: Words
    amount_most_minor: int | None
    """The most that may be claimed of a person whose case they have; None for any amount."""
    regions: Words = ()
    skills: Words = ()

    @property
    def term(self) -> Span:
        return (self.works_from, self.left_on)


@dataclass(frozen=True)
class Agency:
    """A firm that collects for the lender, for the time of its contract. share_ppm: of the cases of agencies; score: of its scorecard, 0 to 100."""

    name: str
    contract_from: date
    contract_until: date
    """The first day without a contract."""
    evaluated_on: date
    inspected_on: date | None
    share_ppm: int | None
    score: int | None
    cases_most: int
    languages: Words
    stages: Words
    products: Words
    amount_most_minor: int | None
    regions: Words
    skills: Words = ()
    owner: str = AGENCY
    away: tuple[Span, ...] = ()
    team: str | None = None
    minutes: int = 0

    @property
    def term(self) -> Span:
        return (self.contract_from, self.contract_until)


@dataclass(frozen=True)
class Conflict:
    """Somebody who must never have this borrower's case."""

    who: str
    borrower_id: str
    why: str


@dataclass(frozen=True)
class Freeze:
    """A team, person, agency or borrower whose cases stay exactly as they are from from_on until the day before until_on, and who said so."""

    kind: str
    """team, collector, agency or borrower."""
    name: str
    from_on: date
    until_on: date | None
    by: str
    why: str


@dataclass(frozen=True)
class Roster:
    """Everybody who can have cases. text: roster.yaml as it was read."""

    teams: tuple[str, ...]
    collectors: tuple[Collector, ...]
    agencies: tuple[Agency, ...]
    conflicts: tuple[Conflict, ...]
    frozen: tuple[Freeze, ...]
    text: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def people(self) -> tuple[Collector | Agency, ...]:
        """Collectors and agencies together, by name."""
        return tuple(sorted((*self.collectors, *self.agencies), key=lambda one: one.name))


def holds_on(span: Span, day: date) -> bool:
    """Whether the day lies in the span.

    >>> holds_on((date(2026, 10, 1), date(2026, 10, 8)), date(2026, 10, 8)), holds_on((date(2026, 10, 1), None), date(2026, 10, 8))
    (False, True)
    """
    return span[0] <= day and (span[1] is None or day < span[1])


def is_away(one: Collector | Agency, day: date) -> bool:
    return any(holds_on(span, day) for span in one.away)


def frozen_people(roster: Roster, day: date) -> dict[str, Freeze]:
    """Of everybody whose cases stay as they are on the day the freeze that says so: the person's own before the team's."""
    standing = [freeze for freeze in roster.frozen if holds_on((freeze.from_on, freeze.until_on), day)]
    of_teams = {freeze.name: freeze for freeze in reversed(standing) if freeze.kind == "team"}
    found = {one.name: of_teams[one.team] for one in roster.people if one.team in of_teams}
    return found | {freeze.name: freeze for freeze in reversed(standing) if freeze.kind in ("collector", AGENCY)}


def frozen_borrowers(roster: Roster, day: date) -> dict[str, Freeze]:
    """Of every borrower whose case stays where it is on the day the freeze that says so."""
    return {freeze.name: freeze for freeze in reversed(roster.frozen) if freeze.kind == "borrower" and holds_on((freeze.from_on, freeze.until_on), day)}


def minutes_on(roster: Roster, day: date, owners: tuple[str, ...] | None = None, skills: tuple[str, ...] | None = None) -> int:
    """Minutes of work on the day of the people who are there, of these owners and with one of these skills; None for any. Agencies have no minutes."""
    return sum(one.minutes for one in roster.collectors
               if holds_on(one.term, day) and not is_away(one, day) and (owners is None or one.owner in owners)
               and (skills is None or one.skills is None or bool(set(skills) & set(one.skills))))
