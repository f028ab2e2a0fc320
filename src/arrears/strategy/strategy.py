"""What a strategy says: groups, treatments, ladders, the rows that propose, offers, experiments, limits, and how cases are given.

A strategy is read from one YAML file (strategy/reading.py). Amounts are minor units, shares parts per million, hours minutes of the day.
"""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

OWNERS = ("nobody", "bot", "collector", "agency", "visitor", "legal")
"""Who carries a treatment out; `nobody` stands for leaving alone and for a hold, `bot` for a machine."""
PEOPLE = ("collector", "agency", "visitor", "legal")
"""Owners whose cases are given to somebody by name."""
TONES = ("friendly", "plain", "firm")
COUNTED = ("people", "contacts", "minutes", "cost", "complaints")
"""What a limit counts of a treatment given to one person: 1; 1 where it is a contact; its minutes; its cost; its complaints per million."""
OUTCOMES = ("paid_30", "recovered_30")
"""What an experiment looks at, 30 days after a person came in: whether all that was late is paid; the share paid of what could be asked."""

When = tuple[tuple[str, tuple], ...]
"""Conditions that must all hold: field to its allowed values, or to a half-open range (low, high), None where it is open."""


@dataclass(frozen=True)
class Treatment:
    """One way to treat a person. channel None: it is no contact. hours: the window in which it may go out, minutes of the day, half-open."""

    name: str
    zh: str
    en: str
    owner: str
    channel: str | None = None
    hours: tuple[int, int] | None = None
    tone: str | None = None
    text: str | None = None
    cost_minor: int = 0
    minutes: int = 0
    cool_off_days: int = 0
    skill: str | None = None
    """What whoever does it must be able to do beside stage, product and amount: a value of the roster's skill list."""


@dataclass(frozen=True)
class Ladder:
    """Steps by days past due: the last whose first day is reached gives the treatment; the first begins on day 1."""

    name: str
    zh: str
    en: str
    steps: tuple[tuple[int, str], ...]
    """(first day past due, treatment), days rising."""


@dataclass(frozen=True)
class Row:
    """One row: what must hold, and what follows: one or more treatments among which the limits decide, or a ladder.

    restraint: the row leaves alone who will pay without being asked; what the next row would have done is counted as saved.
    fixed: no experiment changes what this row gives.
    """

    name: str
    when: When
    treatments: tuple[str, ...]
    ladder: str | None
    restraint: bool
    reason_zh: str
    reason_en: str
    fixed: bool = False


@dataclass(frozen=True)
class Segment:
    """A named group of people, by rows of conditions; the last has none and takes everybody else."""

    name: str
    when: When
    zh: str
    en: str


@dataclass(frozen=True)
class Offer:
    """What may be offered at most to everyone who meets the row's published criteria; nothing where all are 0. Shares are of the sum that is due of its kind."""

    name: str
    when: When
    instalments_most: int
    shift_days_most: int
    waive_penalty_ppm: int
    waive_interest_ppm: int
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class Arm:
    """One arm: its share of the people, and what replaces the row's choice for them; nothing where the rows hold as they stand (the champion)."""

    name: str
    share_ppm: int
    treatments: tuple[str, ...]
    ladder: str | None


@dataclass(frozen=True)
class Experiment:
    """Arms among the people who fit `when` on a night from from_on until the day before until_on, drawn by a stable hash of the borrower."""

    name: str
    zh: str
    en: str
    from_on: date
    until_on: date
    when: When
    arms: tuple[Arm, ...]
    outcome: str


@dataclass(frozen=True)
class Limit:
    """A limit on what a night may choose in sum. of: conditions on treatments (owner, channel, skill, treatment); when: on people.

    most, least: a whole number of what is counted, or a share of the people (most_ppm, least_ppm). most_from: "roster" (minutes of those in roster.yaml who can
    do it) or "capacity" (attempts of tomorrow in the table capacity). by: one limit for each value of this field (fairness).
    """

    name: str
    zh: str
    en: str
    counts: str
    of: When
    when: When
    by: str | None = None
    most: int | None = None
    least: int | None = None
    most_ppm: int | None = None
    least_ppm: int | None = None
    most_from: str | None = None


@dataclass(frozen=True)
class Expected:
    """What is assumed where no model is released, and what each treatment adds: parts per million of what may be asked, within 30 days, by bucket.

    recovery_ppm: left alone. effect_ppm: of what would not come by itself, what the treatment brings in. complaints_per_million: of people treated so.
    """

    recovery_ppm: dict[str, int] = field(default_factory=dict)
    effect_ppm: dict[str, dict[str, int]] = field(default_factory=dict)
    complaints_per_million: dict[str, int] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Giving:
    """How cases are given: when an idle one comes back, how long it then does not return to the same person, what continuity is worth, how even loads must be."""

    idle_days: int = 14
    not_back_days: int = 30
    continuity_minor: int = 2_000
    uneven_minor: int = 500


@dataclass(frozen=True)
class Strategy:
    """A strategy: `rows` in order, the last being `otherwise`; `treatments` most pressing first."""

    id: str
    version: str
    segments: tuple[Segment, ...]
    treatments: tuple[Treatment, ...]
    ladders: tuple[Ladder, ...]
    rows: tuple[Row, ...]
    offers: tuple[Offer, ...]
    experiments: tuple[Experiment, ...]
    limits: tuple[Limit, ...]
    expected: Expected
    giving: Giving
    text: str

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The treatments' names, most pressing first."""
        return tuple(treatment.name for treatment in self.treatments)

    @property
    def wording(self) -> dict[str, dict[str, str]]:
        """Each treatment's name in words."""
        return {treatment.name: {"zh": treatment.zh, "en": treatment.en} for treatment in self.treatments}

    @property
    def contacts(self) -> dict[str, tuple[str, str | None]]:
        """Of each treatment that is a contact its channel and its text."""
        return {treatment.name: (treatment.channel, treatment.text) for treatment in self.treatments if treatment.channel is not None}
