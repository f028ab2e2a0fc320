"""The screen: may these contacts be made? The same for a night's millions and for one contact at its moment.

Rules only forbid: the verdict of a row is the strictest of the grounds that speak, so one rule more never permits more.
Source: spec verdicts, Answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from arrears.compliance.amounts import largest_amount_minor
from arrears.compliance.asked import Asked, reach_code, reach_table
from arrears.compliance.kinds import KINDS, Findings, Seen
from arrears.compliance.lexicon import RED_LINES, Lexicon, read_lexicon
from arrears.compliance.wording import findings
from arrears.days import LAST_DAY, number_of
from arrears.law.rules import REACH, STRICTEST_FIRST, VERDICTS, Ground, Pack
from arrears.strict_yaml import BadYaml, line_of
from arrears.zones import DAY, offsets

REVIEW = VERDICTS.index("review")
DENY = VERDICTS.index("deny")
_TEXTS_KEPT = 10_000
_FOREVER = number_of(LAST_DAY) + 1


@dataclass(frozen=True)
class Condition:
    """A rule's conditions, ready: (holds, settings) of each kind."""

    when: tuple[tuple[Callable, object], ...]
    unless: tuple[tuple[Callable, object], ...]
    passes_with_time: bool


@dataclass(frozen=True)
class Prepared:
    """A pack made ready for the screen: grounds strictest first, each with its table of reach and its rule's conditions."""

    pack: Pack
    grounds: tuple[Ground, ...]
    reach: tuple[np.ndarray, ...]
    conditions: tuple[Condition, ...]
    covers: tuple[tuple[str, np.ndarray], ...]
    lexicon: Lexicon
    screened: dict = field(default_factory=dict, repr=False)
    """What was found in a text, kept: the same templates come again and again."""

    @property
    def level(self) -> np.ndarray:
        return np.array([ground.level for ground in self.grounds], np.int8)


@dataclass(frozen=True)
class Verdicts:
    """level: per row a place in VERDICTS. speaks: (grounds, rows), the grounds of Prepared that speak.

    uncovered: per row a bit for what the pack does not cover: the lowest its date, then the fields of Prepared.covers.
    """

    level: np.ndarray
    speaks: np.ndarray
    uncovered: np.ndarray


def prepare(pack: Pack, lexicon: Lexicon | None = None) -> Prepared:
    """The pack made ready, with its own lexicon or one that was read before; raises BadYaml where a rule asks for a kind that
    there is not, or asks wrongly, or the lexicon cannot be read.
    """
    grounds = sorted(pack.grounds, key=lambda ground: STRICTEST_FIRST.index(ground.modality))
    conditions = {rule.id: _condition(rule) for rule in pack.rules}
    covers = tuple((name, np.array([value in pack.covers[name] for value in REACH[name]])) for name in REACH if name in pack.covers)
    return Prepared(
        pack, tuple(grounds), tuple(reach_table(ground.reach) for ground in grounds),
        tuple(conditions[ground.rule.id] for ground in grounds), covers, lexicon or read_lexicon(_lexicon_texts(pack), set(pack.sources)),
    )


def screen(asked: Asked, prepared: Prepared) -> Verdicts:
    """The verdict of each row. A contact is permitted only where it is in every zone the person may be in."""
    found = _findings(asked, prepared)
    speaks = np.zeros((len(prepared.grounds), len(asked)), np.bool_)
    uncovered = np.zeros(len(asked), np.int8)
    for zone, places in _zones_of(asked, prepared.pack):
        here = asked if places is None else asked.take(places)
        seen = _by_the_clock_of(zone, here, found)
        said, missing = _judged(seen, prepared)
        if places is None:
            speaks, uncovered = said, missing
        else:
            speaks[:, places] |= said
            uncovered[places] |= missing
    level = np.where(uncovered != 0, np.int8(REVIEW), np.int8(0))
    for place, ground in enumerate(prepared.grounds):
        np.maximum(level, np.int8(ground.level), out=level, where=speaks[place])
    return Verdicts(level, speaks, uncovered)


def _judged(seen: Seen, prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    """Which grounds speak of which row by one zone's clock, and what the pack does not cover of it."""
    rows, pack = seen.asked.rows, prepared.pack
    count = len(seen.asked)
    speaks = np.zeros((len(prepared.grounds), count), np.bool_)
    uncovered = (seen.day < pack.covers_from).astype(np.int8)
    for place, (name, covered) in enumerate(prepared.covers, start=1):
        uncovered |= np.where(covered[getattr(rows, name)], np.int8(0), np.int8(1 << place))
    if count == 0:
        return speaks, uncovered
    reach, held = reach_code(rows), {}
    first, last = int(seen.day.min()), int(seen.day.max())
    for place, ground in enumerate(prepared.grounds):
        if last < ground.from_on or first >= ground.until_on:
            continue
        within = prepared.reach[place][reach]
        if first < ground.from_on or last >= ground.until_on:
            within &= (seen.day >= ground.from_on) & (seen.day < ground.until_on)
        if not within.any():
            continue
        if ground.rule.id not in held:
            held[ground.rule.id] = _holds(seen, prepared.conditions[place])
        speaks[place] = within & held[ground.rule.id]
    return speaks, uncovered


def _holds(seen: Seen, condition: Condition) -> np.ndarray:
    found = np.ones(len(seen.asked), np.bool_)
    for holds, settings in condition.when:
        found &= holds(seen, settings)
    for holds, settings in condition.unless:
        found &= ~holds(seen, settings)
    return found


def _zones_of(asked: Asked, pack: Pack):
    """Each zone by whose clock some rows are judged, with their places; None where it is all of them."""
    if pack.zone is not None:
        yield pack.zone, None
        return
    for zone in sorted({zone for zones in asked.zone_sets for zone in zones}):
        has = np.array([zone in zones for zones in asked.zone_sets])
        yield zone, np.flatnonzero(has[asked.rows.zones])


def _by_the_clock_of(zone: str, asked: Asked, found: Findings) -> Seen:
    local = asked.rows.at + offsets(zone, asked.rows.at)
    past_day, past_by_debt_day = (_days(zone, past.at) for past in (asked.past, asked.past_by_debt))
    return Seen(asked, (local // DAY).astype(np.int32), local % DAY, past_day, past_by_debt_day, found)


def _days(zone: str, instants: np.ndarray) -> np.ndarray:
    return ((instants + offsets(zone, instants)) // DAY).astype(np.int32)


def _findings(asked: Asked, prepared: Prepared) -> Findings:
    """What the lexicon finds in each text, looked up once per text."""
    lines, counts, amounts = [], [], []
    for text in asked.texts:
        if text not in prepared.screened:
            if len(prepared.screened) >= _TEXTS_KEPT:
                prepared.screened.clear()
            prepared.screened[text] = _found_in(text, prepared)
        found, amount = prepared.screened[text]
        lines += found
        counts.append(len(found))
        amounts.append(amount)
    last = np.cumsum(np.array(counts, np.int64))
    columns = np.array(lines, np.int64).reshape(-1, 3)
    return Findings(last - np.array(counts, np.int64), last, *np.ascontiguousarray(columns.T), np.array(amounts, np.int64))


def _found_in(text: str, prepared: Prepared) -> tuple[list[tuple[int, int, int]], int]:
    found = [(1 << RED_LINES.index(one.red_line), number_of(one.from_on), _FOREVER if one.until_on is None else number_of(one.until_on))
             for one in findings(text, prepared.lexicon)]
    amount = largest_amount_minor(text, prepared.pack.currency)
    return found, -1 if amount is None else min(amount, 2**62 + 1)


def _condition(rule) -> Condition:
    kinds = {name: [] for name in ("when", "unless")}
    for part, entry in (("when", rule.when), ("unless", rule.unless)):
        for name, value in entry.items():
            where = f"{rule.file}, {rule.id}, {part}, {name}{line_of(entry, name)}"
            if name not in KINDS:
                raise BadYaml(f"{where}: unknown kind of condition; known are {', '.join(KINDS)}")
            kinds[part].append((KINDS[name].holds, KINDS[name].read(value, where)))
    return Condition(tuple(kinds["when"]), tuple(kinds["unless"]), any(KINDS[name].passes_with_time for name in [*rule.when, *rule.unless]))


def _lexicon_texts(pack: Pack) -> dict[str, str]:
    """The lexicon's files, and those of a lender's own folder."""
    return {name.removeprefix("policy/"): text for name, text in pack.texts.items() if name.startswith("lexicon/")} | {
        name.replace("policy/lexicon/", "lexicon/policy_", 1): text for name, text in pack.texts.items() if name.startswith("policy/lexicon/")}
