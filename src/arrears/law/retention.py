"""How long a record must be kept at least: the longest of the rules that apply on a day, and a litigation hold beside them.

Source: regulation fact sheet 5.1; 个人信息保护法 19 and 47 demand deletion after that; the numbers are in retention.yaml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from arrears import strict_yaml
from arrears.law.day_count import months_after
from arrears.law.entries import (
    CITED,
    day_of_text,
    day_or_none,
    days_in_order,
    demand_citation,
    held,
    known_words,
    listed,
    mapped,
    parsed,
    source_ids,
    whole_of_text,
    words,
)
from arrears.law.rules import LICENCES, PRODUCTS
from arrears.strict_yaml import BadYaml

FILE = "retention.yaml"
KEEP, UNTIL_SETTLED, LITIGATION_HOLD, NO_RULE = "keep", "until_settled", "litigation_hold", "no_rule"
_COUNTED_FROM = ("made_on", "last_event_on", "last_interrupting_on")
_MONTHS = {"years": 12, "enforcement_years": 12, "months": 1}


@dataclass(frozen=True)
class RetentionRule:
    """Which records, and how many months from which day (None: until the debt is settled).

    is_law: it rests on a text; otherwise it is the operator's own choice. records, products, licences: empty for all.
    """

    id: str
    records: tuple[str, ...]
    products: tuple[str, ...]
    licences: tuple[str, ...]
    months: int | None
    counted_from: str
    is_law: bool
    first: date | None
    until: date | None


@dataclass(frozen=True)
class Record:
    """A record and the days of its case that keeping may be counted from; kinds: all that it is at once."""

    kinds: tuple[str, ...]
    product: str
    licence: str
    made_on: date
    last_event_on: date | None = None
    last_interrupting_on: date | None = None
    settled_on: date | None = None
    litigation_hold: bool = False


@dataclass(frozen=True)
class Retention:
    """What holds of a record on a day.

    status: keep (through keep_until), until_settled or litigation_hold (no last day while that lasts), or no_rule (nothing
    here demands it; 个人信息保护法 19 then allows no longer than the purpose needs). rules: those that set the end, by id.
    is_law: one of them rests on a text.
    """

    status: str
    keep_until: date | None
    rules: tuple[str, ...]
    is_law: bool


def retention_rules(texts: dict[str, str]) -> tuple[RetentionRule, ...]:
    """The rules of retention.yaml; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(document, {"rules"}, {"examples"}, FILE)
    return tuple(_rule(entry, sources) for entry in listed(document["rules"], FILE))


def retention_of(rules: tuple[RetentionRule, ...], record: Record, as_of: date) -> Retention:
    """How long the record must be kept at least, by the rules in force on as_of."""
    apply = [rule for rule in rules if _applies(rule, record, as_of)]
    is_open = [rule for rule in apply if rule.months is None and (record.settled_on is None or record.settled_on > as_of)]
    ends = [(_end(rule, record), rule) for rule in apply if rule not in is_open]
    last = max((end for end, _ in ends), default=None)
    setting = is_open or [rule for end, rule in ends if end == last]
    status = UNTIL_SETTLED if is_open else KEEP if setting else NO_RULE
    if record.litigation_hold:
        status = LITIGATION_HOLD
    return Retention(
        status, last if status == KEEP else None, tuple(rule.id for rule in setting), any(rule.is_law for rule in setting)
    )


def _applies(rule: RetentionRule, record: Record, as_of: date) -> bool:
    return (
        bool(set(rule.records) & set(record.kinds))
        and (not rule.products or record.product in rule.products)
        and (not rule.licences or record.licence in rule.licences)
        and (rule.first is None or rule.first <= as_of)
        and (rule.until is None or as_of < rule.until)
    )


def _end(rule: RetentionRule, record: Record) -> date:
    """The last day to keep it; counted from the record's own day where the case knows no such event."""
    if rule.months is None:
        return record.settled_on
    return months_after(max(record.made_on, getattr(record, rule.counted_from) or record.made_on), rule.months)


def _rule(entry: dict, sources) -> RetentionRule:
    where = f"{FILE}, {entry.get('id')}"
    strict_yaml.expect_keys(
        entry, {*CITED, "records", "keep", "counted_from", "from", "until"}, {"products", "licences", "note"}, where
    )
    demand_citation(entry, sources, where)
    keep = mapped(entry["keep"], where)
    if entry["counted_from"] not in _COUNTED_FROM or not keep or not (keep.keys() <= _MONTHS.keys() or keep == {"until_settled": "true"}):
        raise BadYaml(f"{where}: keep is {{{' | '.join(_MONTHS)}: …}} or {{until_settled: true}}, counted_from one of "
                      f"{', '.join(_COUNTED_FROM)}")
    months = None if "until_settled" in keep else sum(whole_of_text(text, where) * _MONTHS[unit] for unit, text in keep.items())
    if not words(entry, "records", where):
        raise BadYaml(f"{where}: records names none, so nothing would be kept by it")
    return RetentionRule(
        entry["id"], words(entry, "records", where), known_words(entry, "products", PRODUCTS, where),
        known_words(entry, "licences", LICENCES, where), months, entry["counted_from"], entry["source"] != "operator_policy",
        *days_in_order(entry, "from", "until", where),
    )


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of retention.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        rules = retention_rules(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, {example.get('name')}"
            strict_yaml.expect_keys(example, {"name", "record", "as_of", "expect"}, set(), where)
            found = retention_of(rules, _record(example["record"], where), day_of_text(example["as_of"], where))
            said = {"status": found.status, "keep_until": str(found.keep_until or "null"), "rules": list(found.rules)}
            for key, expected in example["expect"].items():
                if said[key] != expected:
                    yield f"{where}: {key} is {said[key]}, expected {expected}"

    return held(check)


def _record(entry: dict, where: str) -> Record:
    days = {name: day_or_none(entry, name, where) for name in ("last_event_on", "last_interrupting_on", "settled_on")}
    return Record(
        tuple(entry["kinds"]), entry["product"], entry["licence"], day_of_text(entry["made_on"], where), **days,
        litigation_hold=entry.get("litigation_hold") == "true",
    )
