"""By when a complaint must be answered.

Source: 银行业保险业消费投诉处理管理办法 (银保监会令2020年第3号); the numbers are in complaints.yaml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from arrears import strict_yaml
from arrears.law.entries import (
    CITED,
    day_of_text,
    demand_citation,
    held,
    in_force,
    mapped,
    parsed,
    source_ids,
    spans,
    whole_of_text,
    word,
)
from arrears.strict_yaml import BadYaml

FILE = "complaints.yaml"


@dataclass(frozen=True)
class Limits:
    """Days to answer by kind of matter; further days for one kind, where somebody approved them."""

    id: str
    days: dict[str, int]
    extended: str
    extension_days: int


ComplaintRules = tuple[tuple[date | None, date | None, Limits], ...]


def complaint_rules(texts: dict[str, str]) -> ComplaintRules:
    """The limits of complaints.yaml by date of receipt; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(document, {"limits"}, {"examples"}, FILE)
    return spans(document["limits"], lambda entry, where: _limits(entry, sources, where), FILE)


def answer_by(rules: ComplaintRules, received_on: date, matter: str, approved: bool = False) -> date | None:
    """The last day to answer a complaint received on that day; None where no limit is known for it.

    matter: `simple` (clear and simple) or `complex`; approved: the further days of an especially complex matter were
    approved. Calendar days; no holiday moves the last one. Raises ValueError for another matter, or an approval of
    further days that the matter cannot have.
    """
    limits = in_force(rules, received_on)
    if limits is None:
        return None
    if matter not in limits.days:
        raise ValueError(f"complaint: matter {matter!r}; known are {', '.join(limits.days)}")
    if approved and matter != limits.extended:
        raise ValueError(f"complaint: a {matter} matter has no further days; only a {limits.extended} one has")
    return received_on + timedelta(days=limits.days[matter] + (limits.extension_days if approved else 0))


def _limits(entry: dict, sources, where: str) -> Limits:
    strict_yaml.expect_keys(entry, {*CITED, "from", "until", "days", "extension"}, {"note"}, where)
    demand_citation(entry, sources, where)
    strict_yaml.expect_keys(entry["extension"], {"of", "days", "needs"}, set(), f"{where}, extension")
    days = {matter: whole_of_text(text, where) for matter, text in mapped(entry["days"], where).items()}
    if word(entry["extension"], "of", where) not in days:
        raise BadYaml(f"{where}: extends {entry['extension']['of']!r}, which has no days of its own")
    return Limits(entry["id"], days, entry["extension"]["of"], whole_of_text(entry["extension"]["days"], where))


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of complaints.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        rules = complaint_rules(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, {example}"
            strict_yaml.expect_keys(example, {"received_on", "matter", "answer_by"}, {"approved"}, where)
            found = answer_by(
                rules, day_of_text(example["received_on"], where), example["matter"], example.get("approved") == "true"
            )
            if example["answer_by"] != ("unknown" if found is None else str(found)):
                yield f"{where}: found {found}"

    return held(check)
