"""The features that models may read, as data (features.yaml), and which of them each model is offered."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from arrears import strict_yaml
from arrears.refusal import Refused
from arrears.scoring.families import FAMILIES, TARGETS
from arrears.scoring.model import CATEGORY, NUMBER, Feature
from arrears.scoring.protected import protected_as
from arrears.scoring.target import Target
from arrears.strict_yaml import BadYaml
from arrears.tables import FACTS

_KEYS = {"name", "kind", "zh", "en", "formula", "unit", "source", "use", "risk"}


@dataclass(frozen=True)
class Definition:
    """One feature: its words, how it is computed, in what unit, from which tables, for which families.

    risk: +1 where a higher value is expected to be worse for the lender, -1 better, 0 where nothing is expected.
    """

    name: str
    kind: str
    zh: str
    en: str
    formula: str
    unit: str
    source: tuple[str, ...]
    use: tuple[str, ...]
    risk: int


@cache
def definitions() -> tuple[Definition, ...]:
    """Every feature that travels with this version, in the order of the file; raises BadYaml where the file is at fault."""
    return read_definitions(files("arrears.scoring").joinpath("features.yaml").read_text(encoding="utf-8"), "features.yaml")


def read_definitions(text: str, name: str) -> tuple[Definition, ...]:
    """The features of one text. Raises BadYaml at a missing or unknown key, a protected attribute, a name that stands twice, an
    unknown kind, table, family or direction.
    """
    found: dict[str, Definition] = {}
    for entry in strict_yaml.parse(text, name):
        strict_yaml.expect_keys(entry, _KEYS, set(), name)
        where = f"{name}{strict_yaml.line_of(entry)}: {entry['name']}"
        for fault, is_at_fault in (
            ("a protected attribute is no feature; remove it", protected_as(entry["name"]) is not None),
            ("stands twice; remove one", entry["name"] in found),
            (f"kind must be {NUMBER} or {CATEGORY}", entry["kind"] not in (NUMBER, CATEGORY)),
            ("risk must be 1, 0 or -1", entry["risk"] not in ("1", "0", "-1")),
            ("a category has no direction; write risk: 0", entry["kind"] == CATEGORY and entry["risk"] != "0"),
            ("source must list tables of a book, or positions", not entry["source"] or not set(entry["source"]) <= {*FACTS, "positions"}),
            (f"use must list some of {', '.join(FAMILIES)}", not entry["use"] or not set(entry["use"]) <= set(FAMILIES)),
        ):
            if is_at_fault:
                raise BadYaml(f"{where}: {fault}")
        lists = {"source": tuple(entry["source"]), "use": tuple(entry["use"]), "risk": int(entry["risk"])}
        found[entry["name"]] = Definition(**{**entry, **lists})
    return tuple(found.values())


def features_for(model: str) -> tuple[Feature, ...]:
    """What a model of a book is offered, in the order of the file; `monotone` is turned to the model's own event.

    Raises Refused at a name that is none of TARGETS.
    """
    target = _target(model)
    return tuple(
        Feature(one.name, one.kind, one.zh, one.en, one.unit, one.risk if target.event_is_bad else -one.risk)
        for one in definitions() if target.family in one.use
    )


def _target(name: str) -> Target:
    if name not in TARGETS:
        raise Refused(
            f"there is no model {name!r}; write one of: {', '.join(TARGETS)}", f"没有模型 {name!r}；请写其中之一：{'、'.join(TARGETS)}")
    return TARGETS[name]
