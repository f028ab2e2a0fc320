"""What a court asks for a claim: exact fees by the dated scale, rounded only by a name that the caller gives.

Source: 诉讼费用交纳办法 (国务院令第481号) arts. 8 and 13 to 16; the numbers are in court_fees.yaml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from arrears import strict_yaml
from arrears.law.entries import (
    CITED,
    day_of_text,
    demand_citation,
    fraction_of_text,
    held,
    in_force,
    mapped,
    parsed,
    source_ids,
    spans,
    whole_of_text,
    word,
)
from arrears.money import half_up
from arrears.strict_yaml import BadYaml

FILE = "court_fees.yaml"
FEN_A_YUAN = 100
ROUNDINGS = {
    "half_up": lambda fen: half_up(fen.numerator, fen.denominator),
    "down": floor,
    "up": ceil,
}
"""How courts round to the fen is practice, not text (evidence U): none of these is the law's, so none is a default."""


@dataclass(frozen=True)
class Bracket:
    """A slice of the claim: up to so many yuan (None: all above) a flat sum of yuan, or a rate on the slice."""

    up_to: int | None
    flat: int | None
    rate: Fraction | None


@dataclass(frozen=True)
class Scale:
    """Brackets in order, cumulative, and the most that they may come to in yuan (None: no such bound)."""

    brackets: tuple[Bracket, ...]
    most: int | None


@dataclass(frozen=True)
class Schedule:
    """One dated schedule: per fee its scale (None: free of charge) and by what it is divided."""

    id: str
    fees: dict[str, tuple[Scale | None, int]]


FeeRules = tuple[tuple[date | None, date | None, Schedule], ...]


def fee_rules(texts: dict[str, str]) -> FeeRules:
    """The schedules of court_fees.yaml by date; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(document, {"schedules"}, {"examples"}, FILE)
    return spans(document["schedules"], lambda entry, where: _schedule(entry, sources, where), FILE)


def court_fee(rules: FeeRules, fee: str, claim_minor: int, filed_on: date) -> Fraction | None:
    """The fee in fen, exact and not rounded; None where no schedule is known for the day.

    Raises ValueError for a negative claim or a fee of another name.
    """
    if claim_minor < 0:
        raise ValueError(f"court fee: a claim of {claim_minor} fen; it cannot be negative")
    schedule = in_force(rules, filed_on)
    if schedule is None:
        return None
    if fee not in schedule.fees:
        raise ValueError(f"court fee: {fee!r} is none of {FILE}; known are {', '.join(schedule.fees)}")
    scale, divided_by = schedule.fees[fee]
    return Fraction(0) if scale is None else _by_scale(scale, Fraction(claim_minor, FEN_A_YUAN)) * FEN_A_YUAN / divided_by


def rounded(fee: Fraction, rounding: str) -> int:
    """The fee in whole fen by a rounding of ROUNDINGS, which the caller must name: the law names none (U)."""
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding {rounding!r}: known are {', '.join(ROUNDINGS)}; none is in the text, choose the court's")
    return ROUNDINGS[rounding](fee)


def _by_scale(scale: Scale, claim: Fraction) -> Fraction:
    """Sum over the brackets reached: flat sums whole, rates on the slice, all in yuan."""
    total, below = Fraction(0), Fraction(0)
    for bracket in scale.brackets:
        top = claim if bracket.up_to is None else min(claim, Fraction(bracket.up_to))
        total += bracket.flat if bracket.rate is None else bracket.rate * (top - below)
        if bracket.up_to is None or claim <= bracket.up_to:
            break
        below = Fraction(bracket.up_to)
    return total if scale.most is None else min(total, Fraction(scale.most))


def _schedule(entry: dict, sources, where: str) -> Schedule:
    strict_yaml.expect_keys(entry, {*CITED, "from", "until", "scales", "fees"}, {"note"}, where)
    demand_citation(entry, sources, where)
    scales = {name: _scale(scale, f"{where}, {name}") for name, scale in mapped(entry["scales"], where).items()}
    fees: dict[str, tuple[Scale | None, int]] = {}
    for name, fee in mapped(entry["fees"], where).items():
        strict_yaml.expect_keys(fee, {"article"}, {"scale", "divided_by", "free"}, f"{where}, {name}")
        if fee.get("free") == "true":
            fees[name] = (None, 1)
            continue
        divided_by = whole_of_text(fee.get("divided_by", "1"), f"{where}, {name}")
        if word(fee, "scale", f"{where}, {name}") not in scales or divided_by == 0:
            raise BadYaml(f"{where}, {name}: needs one of the scales {', '.join(scales)}, and a divisor above nothing")
        fees[name] = (scales[fee["scale"]], divided_by)
    return Schedule(entry["id"], fees)


def _scale(entry: dict, where: str) -> Scale:
    strict_yaml.expect_keys(entry, {"article", "brackets"}, {"most", "note"}, where)
    if not isinstance(entry["brackets"], list):
        raise BadYaml(f"{where}: brackets must be a list, from the lowest to the highest")
    brackets = tuple(_bracket(bracket, where) for bracket in entry["brackets"])
    tops = [bracket.up_to for bracket in brackets]
    if tops[-1:] != [None] or None in tops[:-1] or tops[:-1] != sorted(set(tops[:-1])):
        raise BadYaml(f"{where}: each bracket must end above the one before, the last never")
    return Scale(brackets, whole_of_text(entry["most"], where) if "most" in entry else None)


def _bracket(entry: dict, where: str) -> Bracket:
    strict_yaml.expect_keys(entry, set(), {"up_to", "flat", "rate"}, where)
    if ("flat" in entry) == ("rate" in entry):
        raise BadYaml(f"{where}: a bracket has either a flat sum or a rate")
    return Bracket(
        whole_of_text(entry["up_to"], where) if "up_to" in entry else None,
        whole_of_text(entry["flat"], where) if "flat" in entry else None,
        fraction_of_text(entry["rate"], where) if "rate" in entry else None,
    )


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of court_fees.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        rules = fee_rules(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, claim {example.get('claim')} on {example.get('at')}"
            strict_yaml.expect_keys(example, {"claim", "at", "yuan"}, set(), where)
            claim, filed_on = whole_of_text(example["claim"], where) * FEN_A_YUAN, day_of_text(example["at"], where)
            for fee, expected in example["yuan"].items():
                found = court_fee(rules, fee, claim, filed_on)
                said = "unknown" if found is None else str(found / FEN_A_YUAN)
                if said != expected:
                    yield f"{where}: {fee} is {said}, expected {expected}"

    return held(check)
