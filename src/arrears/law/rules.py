"""Rules as data: when one speaks, for whom, from when on, by which text; and the pack that holds them.

A rule's file says once when it speaks (`when`, all of which must hold) and lists its grounds: the texts that say so, each with its
own dates, strength and reach. A ground is what an answer names. Source: spec verdicts, Answer.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from arrears import strict_yaml
from arrears.days import number_of
from arrears.law.entries import EVIDENCE, day_of_text
from arrears.strict_yaml import BadYaml
from arrears.tables.contacts import CHANNELS, RELATIONS

LICENCES = ("bank", "consumer_finance", "microloan", "agency", "other")
PRODUCTS = ("consumer_loan", "credit_card", "business_loan")
ACTORS = ("own", "agency")
PURPOSES = ("collect", "locate", "notify", "reply")
REACH = {"licence": LICENCES, "product": PRODUCTS, "actor": ACTORS, "channel": CHANNELS, "purpose": PURPOSES, "relation": RELATIONS}
"""What a rule's reach (`applies_to`) may name, and the values each may have."""

VERDICTS = ("allow", "warn", "review", "deny")
"""From the mildest to the strictest."""
LEVEL = {"info": 0, "discouraged": 1, "needs_judgement": 2, "should_not": 3, "required": 3, "prohibited": 3}
"""How strict each modality is, as a place in VERDICTS. Source: spec verdicts, Answer."""
STRICTEST_FIRST = ("prohibited", "required", "should_not", "needs_judgement", "discouraged", "info")
OPERATOR_POLICY = "operator_policy"
"""The source of what is the lender's own rule, not the law's."""
OWN = "own"
"""The evidence of the lender's own rules: they are known, since the lender made them."""
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_RULE_KEYS = {"id", "title", "when", "grounds", "message"}
_FOREVER = number_of(date.max)


@dataclass(frozen=True)
class Ground:
    """One text for a rule: whose it is, from when to when, how strict, and for whom.

    from_on and until_on are day numbers, until_on the first day on which it no longer holds. reach names, of each of REACH, the
    values for which it holds; what is not named holds for all.
    """

    id: str
    source: str
    article: str | None
    evidence: str
    modality: str
    from_on: int
    until_on: int
    reach: dict[str, frozenset[str]]
    rule: "Rule" = field(repr=False, compare=False)

    @property
    def level(self) -> int:
        return LEVEL[self.modality]

    @property
    def is_policy(self) -> bool:
        return self.source == OPERATOR_POLICY


@dataclass(frozen=True)
class Rule:
    """When something is forbidden: conditions (kind to its settings) that must all hold, and those that free it again."""

    id: str
    title: dict[str, str]
    message: dict[str, str]
    when: dict[str, object]
    unless: dict[str, object]
    examples: tuple[dict, ...]
    file: str
    grounds: list[Ground] = field(default_factory=list, repr=False)

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True)
class Pack:
    """The rules of one jurisdiction with what they stand on.

    zone: by whose clock contacts are judged; None: by the clocks of wherever the person may be. covers: what it speaks of, as
    reach, from covers_from (a day number) on. texts: its files by name; the digest names this version.
    """

    id: str
    version: str
    title: dict[str, str]
    zone: str | None
    currency: str
    covers: dict[str, frozenset[str]]
    covers_from: int
    rules: tuple[Rule, ...]
    sources: dict[str, dict]
    texts: dict[str, str] = field(repr=False)

    @property
    def grounds(self) -> list[Ground]:
        return [ground for rule in self.rules for ground in rule.grounds]

    @property
    def digest(self) -> str:
        """SHA-256 over the names and texts of its files."""
        return sha256("\0".join(f"{name}\0{self.texts[name]}" for name in sorted(self.texts)).encode()).hexdigest()


def rule_from(text: str, name: str, sources: set[str]) -> Rule:
    """The rule of one file; raises BadYaml naming the file and what is wrong with it."""
    content = strict_yaml.parse(text, name)
    strict_yaml.expect_keys(content, _RULE_KEYS, {"applies_to", "unless", "examples", "note"}, name)
    where = f"{name}, {content['id']}"
    if not isinstance(content["id"], str) or not _ID.match(content["id"]):
        raise BadYaml(f"{name}: the id {content['id']!r} is no name; write small letters, digits and _, parts joined by dots")
    for words in ("title", "message"):
        strict_yaml.expect_keys(content[words], {"zh", "en"}, set(), f"{where}, {words}")
        if not all(isinstance(said, str) and said.strip() for said in content[words].values()):
            raise BadYaml(f"{where}, {words}{strict_yaml.line_of(content[words])}: must be a text in zh and one in en")
    for key in ("when", "unless"):
        if not isinstance(content.get(key, {}), dict):
            raise BadYaml(f"{where}, {key}: must be a mapping of kinds to what they ask for; write {{}} where only the reach decides")
    examples = content.get("examples", [])
    if not isinstance(examples, list) or not isinstance(content["grounds"], list) or not content["grounds"]:
        raise BadYaml(f"{where}: grounds and examples are lists, and a rule has at least one ground: the text that says so")
    rule = Rule(content["id"], content["title"], content["message"], content["when"], content.get("unless", {}), tuple(examples), name)
    shared = reach_from(content.get("applies_to", {}), f"{where}, applies_to")
    for place, entry in enumerate(content["grounds"], start=1):
        rule.grounds.append(_ground(entry, rule, shared, sources, f"{where}, ground {place}{strict_yaml.line_of(entry)}"))
    if not (rule.when or any(ground.reach for ground in rule.grounds)):
        raise BadYaml(f"{where}: it has neither conditions nor a reach, so it would forbid every contact; say in applies_to or when what it is about")
    return rule


def reach_from(entry: dict, where: str) -> dict[str, frozenset[str]]:
    """What applies_to names; raises BadYaml where a field or a value is not known."""
    if not isinstance(entry, dict):
        raise BadYaml(f"{where}: must be a mapping; known are {', '.join(REACH)}")
    reach = {}
    for name, values in entry.items():
        if name not in REACH:
            raise BadYaml(f"{where}{strict_yaml.line_of(entry, name)}: unknown {name!r}; known are {', '.join(REACH)}")
        if not isinstance(values, list) or not values:
            raise BadYaml(f"{where}, {name}{strict_yaml.line_of(entry, name)}: must be a list of at least one of {', '.join(REACH[name])}")
        for value in values:
            if value not in REACH[name]:
                raise BadYaml(f"{where}, {name}{strict_yaml.line_of(entry, name)}: {value!r} is not known; known are {', '.join(REACH[name])}")
        reach[name] = frozenset(values)
    return reach


def day_from(text: object, where: str) -> int:
    """The number of the day written YYYY-MM-DD; raises BadYaml."""
    return number_of(day_of_text(text, where))


def _ground(entry: dict, rule: Rule, shared: dict, sources: set[str], where: str) -> Ground:
    strict_yaml.expect_keys(entry, {"id", "source", "article", "evidence", "modality", "from"}, {"until", "applies_to", "note"}, where)
    if not isinstance(entry["id"], str) or not _ID.match(entry["id"]):
        raise BadYaml(f"{where}: the id {entry['id']!r} is no name; write small letters, digits and _, parts joined by dots")
    for key in ("source", "evidence", "modality", "article"):
        if not isinstance(entry[key], str):
            raise BadYaml(f"{where}, {key}: must be a word, not a list or a mapping; where the text has no article, write null")
    source, evidence, modality = entry["source"], entry["evidence"], entry["modality"]
    if source not in sources and source != OPERATOR_POLICY:
        raise BadYaml(f"{where}: the source {source!r} is not in sources.yaml; in a pack cite the text there first, in a lender's folder write {OPERATOR_POLICY}")
    if modality not in LEVEL:
        raise BadYaml(f"{where}: the modality {modality!r} is not known; known are {', '.join(LEVEL)}")
    if source == OPERATOR_POLICY and evidence != OWN:
        raise BadYaml(f"{where}: evidence {evidence!r}; the lender's own policy has the evidence {OWN!r}")
    if source != OPERATOR_POLICY and evidence not in EVIDENCE:
        raise BadYaml(f"{where}: evidence {evidence!r}; law in force rests on {', '.join(EVIDENCE)}. What is uncertain (U) is never in "
                      f"force: put it into open.yaml, and where a default is needed, make it the lender's own ({OPERATOR_POLICY})")
    first = day_from(entry["from"], f"{where}, from")
    until = _FOREVER if entry.get("until") in (None, "null", "") else day_from(entry["until"], f"{where}, until")
    if until <= first:
        raise BadYaml(f"{where}: until {entry['until']} is not after from {entry['from']}; until is the first day on which it no longer holds")
    own = reach_from(entry.get("applies_to", {}), f"{where}, applies_to")
    for name in own.keys() & shared.keys():
        if not own[name] <= shared[name]:
            raise BadYaml(f"{where}, applies_to, {name}: reaches further than the rule; a ground may only narrow it")
    article = None if entry["article"] in (None, "null", "") else entry["article"]
    return Ground(entry["id"], source, article, evidence, modality, first, until, {**shared, **own}, rule)
