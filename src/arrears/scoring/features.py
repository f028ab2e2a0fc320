"""The features that models may read, as data (features.yaml), and which of them each model is offered."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from arrears import strict_yaml
from arrears.refusal import Refused
from arrears.scoring.model import CATEGORY, NUMBER, Feature
from arrears.strict_yaml import BadYaml
from arrears.tables import FACTS

FAMILIES = ("application", "behaviour", "collection", "contact", "loss")
MODELS = {
    "application": ("application", True), "behaviour_miss": ("behaviour", True), "behaviour_late30": ("behaviour", True),
    "collection_cure": ("collection", False), "collection_self_cure": ("collection", False), "collection_roll": ("collection", True),
    "collection_recovery_30": ("collection", False), "collection_recovery_90": ("collection", False),
    "collection_recovery_360": ("collection", False), "collection_promise": ("collection", False), "contact": ("contact", False),
    "loss": ("loss", True),
}
"""Each model with its family, and whether its event is bad for the lender."""

PROTECTED = frozenset({
    "sex", "gender", "age", "age_band", "birthday", "region", "province", "town", "address", "postcode", "zone", "ethnicity", "religion",
    "marital_status", "nationality", "health",
})
"""What no model may read, nor under another name: it serves reports on fairness alone. Source: 个人信息保护法 arts. 24 and 28."""
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
            ("a protected attribute is no feature; remove it", entry["name"] in PROTECTED),
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

    Raises Refused at a name that is none of MODELS.
    """
    family, event_is_bad = _model(model)
    return tuple(
        Feature(one.name, one.kind, one.zh, one.en, one.unit, one.risk if event_is_bad else -one.risk)
        for one in definitions() if family in one.use
    )


def family_of(model: str) -> str:
    """The family of a model's name; raises Refused at a name that is none of MODELS."""
    return _model(model)[0]


def event_is_bad(model: str) -> bool:
    """A higher estimate of the model is worse for the lender; raises Refused at a name that is none of MODELS."""
    return _model(model)[1]


def _model(name: str) -> tuple[str, bool]:
    if name not in MODELS:
        raise Refused(
            f"there is no model {name!r}; write one of: {', '.join(MODELS)}", f"没有模型 {name!r}；请写其中之一：{'、'.join(MODELS)}")
    return MODELS[name]
