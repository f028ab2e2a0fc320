"""How much all charges together may come to, by regime, contract date, filing date and night: step series that are data.

caps.yaml holds for each regime cases in order, and the first whose conditions hold gives the cap. A value is a yearly
rate, or times the one-year LPR of the contract's day, of the filing's day or of the night.
Source: spec positions, sections 14 to 17; the texts are in cn/sources.yaml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from hashlib import sha256

from arrears import strict_yaml
from arrears.law.entries import (
    CITED,
    day_of_text,
    day_or_none,
    days_in_order,
    demand_citation,
    held,
    listed,
    parsed,
    source_ids,
    whole_of_text,
    word,
)
from arrears.law.packs import shipped_texts
from arrears.law.risk_classes import RiskRules, risk_rules
from arrears.strict_yaml import BadYaml
from arrears.tables.loans import REGIMES
from arrears.timeline import Timeline

_CONDITIONS = {"contract_from", "contract_until", "filed_from", "filed_before"}
_STALENESS = {"last_confirmed", "max_staleness_days"}
_CAPPED = tuple(regime for regime in REGIMES if regime != "none")
_LPR_ON = ("contract", "filing", "night")
_STALE, _NOT_FILED, _BEFORE = "stale", "not_filed", "before_series"


@dataclass(frozen=True)
class CapValue:
    """A rate in parts per million a year, or times the LPR of a day; neither: from then on nobody has confirmed it."""

    ppm: int | None = None
    times_lpr: int | None = None
    lpr_on: str | None = None


@dataclass(frozen=True)
class CapCase:
    """Which contracts of a regime a series holds for, and its values from their first nights on, in order."""

    id: str
    contract_from: date | None
    contract_until: date | None
    filed_from: date | None
    filed_before: date | None
    values: tuple[tuple[date, CapValue], ...]

    def holds(self, disbursed_on: date, filed_on: date | None) -> bool:
        """The contract is one of these; a condition on filing never holds where no suit is filed."""
        return (
            (self.contract_from is None or disbursed_on >= self.contract_from)
            and (self.contract_until is None or disbursed_on < self.contract_until)
            and (self.filed_from is None or (filed_on is not None and filed_on >= self.filed_from))
            and (self.filed_before is None or (filed_on is not None and filed_on < self.filed_before))
        )

    @property
    def reads_contract(self) -> bool:
        return bool(self.contract_from or self.contract_until or any(value.lpr_on == "contract" for _, value in self.values))

    @property
    def reads_filing(self) -> bool:
        return bool(self.filed_from or self.filed_before or any(value.lpr_on == "filing" for _, value in self.values))


@dataclass(frozen=True)
class Law:
    """The dated numbers that positions read, and the digest that names this version of them."""

    lpr: Timeline
    caps: dict[str, tuple[CapCase, ...]]
    risk_classes: RiskRules
    digest: str

    def regimes_by(self, date_name: str) -> list[str]:
        """The regimes whose cap depends on `disbursed_on` or `filed_on`; the others have one cap for all contracts."""
        reads = {"disbursed_on": "reads_contract", "filed_on": "reads_filing"}[date_name]
        return [regime for regime, cases in self.caps.items() if any(getattr(case, reads) for case in cases)]


@cache
def read_law() -> Law:
    """The law that travels with this version; raises BadYaml where a file is not as it should be."""
    return law_from(shipped_texts("cn"))


def law_from(texts: dict[str, str]) -> Law:
    """The law of these files (name to text): the same texts give the same law, wherever they are kept.

    Files that positions do not read are part of the digest alone. Raises BadYaml.
    """
    sources = source_ids(texts)
    return Law(
        lpr=_lpr_from(texts, sources),
        caps=_caps_from(texts, sources),
        risk_classes=risk_rules(texts),
        digest=sha256("\0".join(f"{name}\0{texts[name]}" for name in sorted(texts)).encode()).hexdigest(),
    )


def cap_of(law: Law, regime: str, disbursed_on: date, filed_on: date | None) -> Timeline | None:
    """The cap in parts per million a year, night by night; None for the regime `none`, which has no cap.

    A value of None in the timeline says that the law's rate is not known for those nights: no data, a series past its
    confirmed date, or times the LPR at a filing that has not happened (法释〔2020〕6号, art. 31). Raises ValueError for a
    regime of which this law says nothing.
    """
    if regime == "none":
        return None
    return Timeline(tuple((day, ppm) for day, ppm, _ in _steps(law, regime, disbursed_on, filed_on)))


def why_unknown(regime: str, disbursed_on: date, filed_on: date | None, law: Law) -> str:
    """The kind of reason for which the cap of the first such night is unknown: `before_series`, `not_filed` or `stale`.

    Empty where it is known for every night from disbursed_on on.
    """
    steps = _steps(law, regime, disbursed_on, filed_on)
    if not steps and filed_on is None and regime in law.regimes_by("filed_on"):
        return _NOT_FILED
    if not steps or disbursed_on < steps[0][0]:
        return _BEFORE
    ends = [day for day, *_ in steps[1:]] + [date.max]
    return next((why for (_, ppm, why), end in zip(steps, ends, strict=True) if ppm is None and end > disbursed_on), "")


def _steps(law: Law, regime: str, disbursed_on: date, filed_on: date | None) -> list[tuple[date, int | None, str]]:
    """First night, rate, and why it is not known; no steps at all where no case of the regime holds."""
    if regime not in law.caps:
        known = ", ".join(("none", *law.caps))
        raise ValueError(f"regime {regime!r} has no cap in this law; known are {known}")
    case = next((case for case in law.caps[regime] if case.holds(disbursed_on, filed_on)), None)
    if case is None:
        return []
    steps: list[tuple[date, int | None, str]] = []
    ends = [day for day, _ in case.values[1:]] + [date.max]
    for (first, value), end in zip(case.values, ends, strict=True):
        if value.times_lpr is None:
            steps.append((first, value.ppm, _STALE if value.ppm is None else ""))
        elif value.lpr_on == "night":
            nights = [first, *(day for day, _ in law.lpr.steps if first < day < end)]
            steps += [(night, *_times_lpr(law, value.times_lpr, night)) for night in nights]
        else:
            day = disbursed_on if value.lpr_on == "contract" else filed_on
            steps.append((first, *_times_lpr(law, value.times_lpr, day)))
    return steps


def _times_lpr(law: Law, times: int, day: date | None) -> tuple[int | None, str]:
    if day is None:
        return None, _NOT_FILED
    lpr = law.lpr.at(day)
    if lpr is None:
        return None, _BEFORE if day < law.lpr.steps[0][0] else _STALE
    return lpr * times, ""


def _lpr_from(texts: dict[str, str], sources: frozenset[str]) -> Timeline:
    entry, where = parsed(texts, "lpr.yaml"), "lpr.yaml"
    strict_yaml.expect_keys(entry, {*CITED, "unit", "values", *_STALENESS}, {"examples"}, where)
    demand_citation(entry, sources, where)
    if entry["unit"] != "ppm_per_year":
        raise BadYaml(f"{where}: unit {entry['unit']!r}; the LPR is written in ppm_per_year")
    return Timeline(_in_order([*_values(entry, whole_of_text, where), _last_known(entry, where, None)], f"{where}{strict_yaml.line_of(entry, 'values')}"))


def _caps_from(texts: dict[str, str], sources: frozenset[str]) -> dict[str, tuple[CapCase, ...]]:
    caps: dict[str, tuple[CapCase, ...]] = {}
    for entry in listed(parsed(texts, "caps.yaml"), "caps.yaml"):
        where = f"caps.yaml, {entry['id']}"
        strict_yaml.expect_keys(
            entry, {*CITED, "regime", "meaning", "values"}, {*_CONDITIONS, *_STALENESS, "examples"}, where
        )
        demand_citation(entry, sources, where)
        values = _values(entry, partial(_cap_value, sources=sources), where)
        if _STALENESS & entry.keys():
            values.append(_last_known(entry, where, CapValue()))
        for begin, end in (("contract_from", "contract_until"), ("filed_from", "filed_before")):
            days_in_order(entry, begin, end, where)
        case = CapCase(
            entry["id"], values=_in_order(values, f"{where}{strict_yaml.line_of(entry, 'values')}"), **{name: day_or_none(entry, name, where) for name in _CONDITIONS}
        )
        regime = word(entry, "regime", where)
        if regime not in _CAPPED:
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'regime')}: the regime {regime!r} is not known; known are {', '.join(_CAPPED)}")
        caps[regime] = (*caps.get(regime, ()), case)
    for regime in _CAPPED:
        if regime not in caps:
            raise BadYaml(f"caps.yaml: it has no cap for {regime}, so nobody could say what its loans may be asked; add an entry for it")
    return caps


def _values(entry: dict, read, where: str) -> list:
    if not entry["values"] or not isinstance(entry["values"], dict):
        raise BadYaml(f"{where}: values must name at least one first day and its value")
    return [(day_of_text(day, where), read(value, f"{where}{strict_yaml.line_of(entry['values'], day)}, {day}")) for day, value in entry["values"].items()]


def _cap_value(value: dict, where: str, sources: frozenset[str]) -> CapValue:
    """`{ppm: …}` or `{times_lpr: …, lpr_on: …}`; with source, article and evidence where they are not the entry's."""
    if not isinstance(value, dict):
        raise BadYaml(f"{where}: {value!r}; write a rate as {{ppm: \"{value}\"}}")
    strict_yaml.expect_keys(value, set(), {"ppm", "times_lpr", "lpr_on", "source", "article", "evidence"}, where)
    if "source" in value:
        strict_yaml.expect_keys(value, {"source", "article", "evidence"}, {"ppm", "times_lpr", "lpr_on"}, where)
        demand_citation(value, sources, where)
    kinds = value.keys() - {"source", "article", "evidence"}
    if kinds == {"ppm"}:
        return CapValue(ppm=whole_of_text(value["ppm"], where))
    if kinds != {"times_lpr", "lpr_on"} or value["lpr_on"] not in _LPR_ON:
        raise BadYaml(f"{where}: a value is {{ppm: …}} or {{times_lpr: …, lpr_on: {' | '.join(_LPR_ON)}}}")
    return CapValue(times_lpr=whole_of_text(value["times_lpr"], where), lpr_on=value["lpr_on"])


def _last_known(entry: dict, where: str, unknown) -> tuple:
    strict_yaml.expect_keys(entry, _STALENESS, entry.keys(), where)
    confirmed = day_of_text(entry["last_confirmed"], where)
    return confirmed + timedelta(days=whole_of_text(entry["max_staleness_days"], where) + 1), unknown


def _in_order(values: list, where: str) -> tuple:
    days = [day for day, _ in values]
    if days != sorted(set(days)):
        raise BadYaml(f"{where}: values must be in order of date, each day once, and end before they are stale")
    return tuple(values)


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of lpr.yaml and caps.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        law = law_from(texts)
        for example in parsed(texts, "lpr.yaml").get("examples", ()):
            where = f"lpr.yaml, {example}"
            found = law.lpr.at(day_of_text(example["day"], where))
            if example["ppm"] != ("unknown" if found is None else str(found)):
                yield f"{where}: found {found}"
        for entry in parsed(texts, "caps.yaml"):
            for example in entry.get("examples", ()):
                yield from _cap_failures(law, entry["regime"], example, f"caps.yaml, {entry['id']}, {example}")

    return held(check)


def _cap_failures(law: Law, regime: str, example: dict, where: str) -> Iterator[str]:
    """An example has disbursed_on, night, cap (ppm or `unknown`), and may have filed_on and why (of an unknown one)."""
    strict_yaml.expect_keys(example, {"disbursed_on", "night", "cap"}, {"filed_on", "why"}, where)
    disbursed_on, filed_on = day_of_text(example["disbursed_on"], where), day_or_none(example, "filed_on", where)
    cap = cap_of(law, regime, disbursed_on, filed_on)
    found = None if cap is None else cap.at(day_of_text(example["night"], where))
    if example["cap"] != ("unknown" if found is None else str(found)):
        yield f"{where}: found {found}"
    if "why" in example and example["why"] != why_unknown(regime, disbursed_on, filed_on, law):
        yield f"{where}: found {why_unknown(regime, disbursed_on, filed_on, law)!r}"
