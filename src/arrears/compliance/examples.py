"""The examples that travel with the rules: each changes a field or two of the pack's example and says which grounds then speak.

They are the pack's own tests: `arrears law test` runs them, and `arrears law mutate` shows that they would notice a changed number.
"""

import copy
import json
from dataclasses import dataclass

from arrears import strict_yaml
from arrears.compliance.may import judge
from arrears.compliance.read_facts import BadFacts, facts_from
from arrears.compliance.screen import Prepared
from arrears.law.rules import Rule
from arrears.strict_yaml import BadYaml

_KEYS = {"with", "history", "consents", "debts", "speaks", "verdict", "retry_at", "coverage"}
_WHOLE = ("action.staff",)
_FLAGS = ("action.recorded",)
_DEBT_WHOLE = ("days_past_due", "claimable_minor")


@dataclass(frozen=True)
class Failed:
    """An example that did not come out as it says."""

    file: str
    name: str
    en: str
    zh: str


def failed_examples(prepared: Prepared, only: Rule | None = None) -> list[Failed]:
    """The examples of the pack (or of one rule) that fail; empty where all hold. Raises BadYaml where one cannot be read."""
    pack = prepared.pack
    start = json.loads(strict_yaml.parse(pack.texts["pack.yaml"], "pack.yaml")["example"])
    asked = []
    for rule in pack.rules if only is None else [only]:
        asked += [(rule.file, example, {ground.id for ground in rule.grounds}) for example in rule.examples]
    if only is None:
        about = strict_yaml.parse(pack.texts["pack.yaml"], "pack.yaml")
        asked += [(f"{pack.id}/pack.yaml", example, None) for example in about.get("examples", [])]
    facts = [_facts(start, example, file) for file, example, _ in asked]
    given = judge(facts, prepared) if facts else []
    return [failed for (file, example, own), answer in zip(asked, given, strict=True)
            if (failed := _compared(file, example, own, answer)) is not None]


def without_example(pack) -> list[Rule]:
    """The rules that no example travels with: nobody would notice a mistake in them."""
    return [rule for rule in pack.rules if not rule.examples]


def _compared(file: str, example: dict, own: set[str] | None, answer: dict) -> Failed | None:
    found = {"verdict": answer["verdict"], "retry_at": answer["retry_at"], "coverage": answer["coverage"].split(":")[0]}
    if own is not None:
        speaking = {rule["id"] for rule in answer["rules"]} & own
        if speaking != set(example["speaks"]):
            said, wanted = ", ".join(sorted(speaking)) or "-", ", ".join(example["speaks"]) or "-"
            return Failed(file, example["name"], f"{said} speaks, expected {wanted}", f"适用 {said}，应为 {wanted}")
    for key, value in found.items():
        if key in example and example[key] != value:
            return Failed(file, example["name"], f"{key} is {value}, expected {example[key]}", f"{key} 为 {value}，应为 {example[key]}")
    return None


def _facts(start: dict, example: dict, file: str):
    strict_yaml.expect_keys(example, {"name"}, _KEYS, f"{file}, examples")
    where = f"{file}{strict_yaml.line_of(example)}, example {example['name']!r}"
    if not {"speaks", "coverage"} & example.keys():
        raise BadYaml(f"{where}: it says neither which grounds speak (speaks: [] where none does) nor the coverage")
    content = copy.deepcopy(start)
    for path, value in example.get("with", {}).items():
        _set(content, path, _typed(path, value, where), where)
    if "consents" in example:
        content["consents"] = [_nulls(consent) for consent in example["consents"]]
    if "debts" in example:
        content["debts"] = [{**content["debts"][0], **{k: _number(v) if k in _DEBT_WHOLE else _null(v) for k, v in debt.items()}}
                            for debt in example["debts"]]
    usual = start["history"][0]
    content["history"] = [
        {**usual, **{k: v for k, v in contact.items() if k != "times"}}
        for contact in example.get("history", []) for _ in range(_number(contact.get("times", "1")))
    ]
    try:
        return facts_from(json.dumps(content))
    except BadFacts as problem:
        raise BadYaml(f"{where}: {problem}") from None


def _set(content: dict, path: str, value, where: str) -> None:
    *within, last = path.split(".")
    for name in within:
        content = content[name] if isinstance(content.get(name), dict) else {}
    if last not in content:
        raise BadYaml(f"{where}: there is no field {path} in the pack's example")
    content[last] = value


def _typed(path: str, value, where: str):
    if path in _WHOLE:
        return _number(value)
    if path in _FLAGS:
        if value not in ("true", "false"):
            raise BadYaml(f"{where}, {path}: {value!r} is neither true nor false")
        return value == "true"
    return _null(value)


def _number(value: str):
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _null(value):
    return None if value == "null" else value


def _nulls(entry: dict) -> dict:
    return {key: _null(value) for key, value in entry.items()}
