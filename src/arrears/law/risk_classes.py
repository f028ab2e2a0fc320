"""At least which risk class a loan is in, by days past due and restructuring, dated.

Source: 商业银行金融资产风险分类办法 (in force 2023-07-01); spec positions, Output; the numbers are in risk_classes.yaml.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from arrears import strict_yaml
from arrears.law.entries import (
    CITED,
    day_of_text,
    day_or_none,
    demand_citation,
    held,
    in_force,
    parsed,
    source_ids,
    spans,
    whole_of_text,
    word,
)
from arrears.strict_yaml import BadYaml
from arrears.tables.positions import ASSET_CLASSES

FILE = "risk_classes.yaml"


@dataclass(frozen=True)
class RiskClasses:
    """What holds on a day. classes: (name, days past due above which it is at least that), from mild to grave.

    A loan restructured at most `restructured_days` days ago is at least `restructured_class`; all others are `otherwise`.
    """

    id: str
    otherwise: str
    classes: tuple[tuple[str, int], ...]
    restructured_class: str
    restructured_days: int

    def of(self, days_past_due: int, restructured_on: date | None, as_of: date) -> str:
        """The class of one loan at the end of as_of; a restructuring after as_of counts literally."""
        found = next((name for name, above in reversed(self.classes) if days_past_due > above), self.otherwise)
        watched = restructured_on is not None and (as_of - restructured_on).days <= self.restructured_days
        return max(found, self.restructured_class, key=ASSET_CLASSES.index) if watched else found


RiskRules = tuple[tuple[date | None, date | None, RiskClasses], ...]


def risk_rules(texts: dict[str, str]) -> RiskRules:
    """The classes of risk_classes.yaml by date, for every date without a gap; raises BadYaml."""
    document, sources = parsed(texts, FILE), source_ids(texts)
    strict_yaml.expect_keys(document, {"spans"}, {"examples"}, FILE)
    found = spans(document["spans"], lambda entry, where: _classes(entry, sources, where), FILE)
    ends = [None, *(until for _, until, _ in found)]
    if not found or ends[-1] is not None or any(first != end for (first, _, _), end in zip(found, ends, strict=False)):
        raise BadYaml(f"{FILE}: every night needs classes; let the first span begin and the last end with null, the others touch")
    return found


def risk_classes_on(rules: RiskRules, as_of: date) -> RiskClasses:
    return in_force(rules, as_of)


def _classes(entry: dict, sources, where: str) -> RiskClasses:
    strict_yaml.expect_keys(entry, {*CITED, "from", "until", "otherwise", "classes", "restructured"}, {"note"}, where)
    demand_citation(entry, sources, where)
    strict_yaml.expect_keys(entry["restructured"], {"class", "days"}, set(), f"{where}, restructured")
    classes = []
    if not isinstance(entry["classes"], list):
        raise BadYaml(f"{where}: classes must be a list, from mild to grave")
    for one in entry["classes"]:
        strict_yaml.expect_keys(one, {"class", "above_days"}, {"source", "article", "evidence"}, where)
        if "source" in one:
            demand_citation({"evidence": "", **one}, sources, where)
        classes.append((word(one, "class", where), whole_of_text(one["above_days"], where)))
    names = [word(entry, "otherwise", where), *(name for name, _ in classes)]
    above = [days for _, days in classes]
    if names != sorted(set(names) & set(ASSET_CLASSES), key=ASSET_CLASSES.index) or above != sorted(set(above)):
        raise BadYaml(f"{where}: the classes must be of {', '.join(ASSET_CLASSES)}, in that order, each above more days")
    if entry["restructured"]["class"] not in names:
        raise BadYaml(f"{where}: a restructured loan is at least {entry['restructured']['class']!r}, which is none of the classes")
    return RiskClasses(
        entry["id"], entry["otherwise"], tuple(classes), entry["restructured"]["class"],
        whole_of_text(entry["restructured"]["days"], where),
    )


def failures(texts: dict[str, str]) -> list[str]:
    """The examples of risk_classes.yaml that do not hold, in words; empty where all hold."""
    def check() -> Iterator[str]:
        rules = risk_rules(texts)
        for example in parsed(texts, FILE).get("examples", ()):
            where = f"{FILE}, {example}"
            strict_yaml.expect_keys(example, {"as_of", "days_past_due", "class", "rule"}, {"restructured_on"}, where)
            as_of = day_of_text(example["as_of"], where)
            classes = risk_classes_on(rules, as_of)
            found = classes.of(
                whole_of_text(example["days_past_due"], where), day_or_none(example, "restructured_on", where), as_of
            )
            if (found, classes.id) != (example["class"], example["rule"]):
                yield f"{where}: found {found} by {classes.id}"

    return held(check)
