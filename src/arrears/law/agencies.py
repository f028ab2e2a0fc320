"""What the law asks of a lender that lets agencies collect: evaluations, inspections, and what an agency's contract must hold.

Source: regulation fact sheet 1.2 and 1.6: GB/T 45251-2025, the banking association's guide of 2026; the dated numbers are in agencies.yaml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from arrears import strict_yaml
from arrears.law.day_count import months_after
from arrears.law.entries import (
    CITED,
    day_of_text,
    day_or_none,
    days_in_order,
    demand_citation,
    flag,
    held,
    known_words,
    listed,
    mapped,
    parsed,
    source_ids,
    whole_of_text,
    word,
    words,
)
from arrears.law.rules import LICENCES
from arrears.strict_yaml import BadYaml

FILE = "agencies.yaml"
EVALUATION, INSPECTION, DUTY = "evaluation", "inspection", "duty"
_ASKS = (EVALUATION, INSPECTION, DUTY)
_WORDS = {EVALUATION: ("evaluated", "评估"), INSPECTION: ("inspected", "检查")}

Fault = tuple[str, str, str]
"""The id of the rule, and the sentence in English and in Chinese."""


@dataclass(frozen=True)
class AgencyRule:
    """One rule: months between two evaluations or inspections, or one of them before the contract ends, or (None and False) a duty that no date tells.

    licences: of the lender; empty for all. is_law: it rests on a text; otherwise it is the operator's own choice.
    """

    id: str
    asks: str
    months: int | None
    before_end: bool
    licences: tuple[str, ...]
    zh: str
    en: str
    is_law: bool
    first: date | None
    until: date | None


def agencies_from(texts: dict[str, str]) -> tuple[AgencyRule, ...]:
    """The rules of agencies.yaml; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(document, {"rules"}, {"examples"}, FILE)
    return tuple(_rule(entry, sources) for entry in listed(document["rules"], FILE))


def faults_of(
    rules: tuple[AgencyRule, ...], evaluated_on: date | None, inspected_on: date | None, contract_from: date, contract_until: date | None, licence: str, as_of: date,
) -> list[Fault]:
    """What of the rules in force on as_of an agency of this contract [contract_from, contract_until) does not meet, in their order; empty where all is met.

    evaluated_on, inspected_on: the last time; None for never, and so is one after as_of. licence: the lender's. Once every so many months: counted from the
    last time, also where it lay before the contract, or from the contract's first day where there was none, but from no day before the rule's own first. Before the contract ends: from its last day
    on, an evaluation within the contract is asked for.
    """
    made = {EVALUATION: evaluated_on, INSPECTION: inspected_on}
    found = []
    for rule in (rule for rule in rules if rule.asks != DUTY and _applies(rule, licence, as_of)):
        last = made[rule.asks]
        last = last if last is not None and last <= as_of else None
        said = _overdue(rule, last, contract_from, as_of) if rule.months is not None else _missing_at_end(rule, last, contract_from, contract_until, as_of)
        found += [(rule.id, *said)] if said else []
    return found


def duties_of(rules: tuple[AgencyRule, ...], licence: str, as_of: date) -> list[Fault]:
    """What no date tells and the contract and the giving out of cases must hold: id, English, Chinese, of the rules in force on as_of."""
    return [(rule.id, rule.en, rule.zh) for rule in rules if rule.asks == DUTY and _applies(rule, licence, as_of)]


def _applies(rule: AgencyRule, licence: str, as_of: date) -> bool:
    return ((not rule.licences or licence in rule.licences) and (rule.first is None or rule.first <= as_of) and (rule.until is None or as_of < rule.until))


def _overdue(rule: AgencyRule, last: date | None, contract_from: date, as_of: date) -> tuple[str, str] | None:
    begins = last or contract_from
    due = months_after(max(begins, rule.first or begins), rule.months)
    if as_of <= due:
        return None
    en, zh = _WORDS[rule.asks]
    return (f"{rule.en}; it was last {en} on {last}, so the next was due by {due}" if last else f"{rule.en}; it was never {en}, so the first was due by {due}",
            f"{rule.zh}；上次{zh}为 {last}，应不迟于 {due} 再次{zh}" if last else f"{rule.zh}；从未{zh}，应不迟于 {due} 完成首次{zh}")


def _missing_at_end(rule: AgencyRule, last: date | None, contract_from: date, contract_until: date | None, as_of: date) -> tuple[str, str] | None:
    if contract_until is None or as_of < contract_until - timedelta(days=1) or (rule.first is not None and contract_until <= rule.first):
        return None
    if last is not None and contract_from <= last < contract_until:
        return None
    en, zh = _WORDS[rule.asks]
    ends = contract_until - timedelta(days=1)
    return (f"{rule.en}; that of {contract_from} to {ends} has no day on which it was {en}", f"{rule.zh}；{contract_from} 至 {ends} 的合同期内没有{zh}")


def _rule(entry: dict, sources) -> AgencyRule:
    where = f"{FILE}, {entry.get('id')}"
    strict_yaml.expect_keys(entry, {*CITED, "asks", "title", "from", "until"}, {"every", "before_end", "licences", "note"}, where)
    demand_citation(entry, sources, where)
    if entry["asks"] not in _ASKS:
        raise BadYaml(f"{where}{strict_yaml.line_of(entry, 'asks')}: asks {entry['asks']!r}; known are {', '.join(_ASKS)}")
    title = mapped(entry["title"], where)
    strict_yaml.expect_keys(title, {"zh", "en"}, set(), f"{where}, title")
    months, before_end = None, flag(entry, "before_end", where)
    if "every" in entry:
        strict_yaml.expect_keys(mapped(entry["every"], where), {"years"}, set(), f"{where}, every")
        months = 12 * whole_of_text(entry["every"]["years"], where)
    asked = (months is not None) + before_end
    if asked != (entry["asks"] != DUTY) or months == 0:
        raise BadYaml(f"{where}: an evaluation or an inspection has either every: {{years: …}}, at least 1, or before_end: \"true\"; a duty has neither")
    licences = known_words(entry, "licences", LICENCES, where)
    return AgencyRule(entry["id"], entry["asks"], months, before_end, licences, word(title, "zh", where), word(title, "en", where),
                      entry["source"] != "operator_policy", *days_in_order(entry, "from", "until", where))


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of agencies.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        rules = agencies_from(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, {example.get('name')}"
            strict_yaml.expect_keys(example, {"name", "contract_from", "contract_until", "licence", "as_of", "faults"}, {"evaluated_on", "inspected_on"}, where)
            found = faults_of(
                rules, day_or_none(example, "evaluated_on", where), day_or_none(example, "inspected_on", where),
                day_of_text(example["contract_from"], where), day_or_none(example, "contract_until", where), word(example, "licence", where),
                day_of_text(example["as_of"], where))
            if [fault for fault, _, _ in found] != list(words(example, "faults", where)):
                yield f"{where}: found {[fault for fault, _, _ in found]}"

    return held(check)
