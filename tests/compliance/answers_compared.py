"""How an answer of the product is held against the oracle's."""

import re

from compliance.plain_verdicts import A_LAW, DENIES, OWN, REFUSED, STRICTEST_FIRST, VERDICTS


def disagreements(given: dict, expected: dict) -> list[str]:
    """What the product's answer to a line says otherwise than the oracle's; empty where they agree.

    Rule ids and articles are free, and so are a source and a modality where the specification leaves them open.
    """
    if "error" in expected or "error" in given:
        field = expected.get("error", "").split(":")[0].split(".")[-1].split("[")[0]
        agreed = "error" in expected and "error" in given and set(given) == {"error"}
        agreed = agreed and (field == "line" or names(given["error"], field))
        return [] if agreed else [f"errors: {given.get('error')!r}, expected {expected.get('error')!r}"]
    found = [
        f"{key}: {given.get(key)!r}, expected {expected[key]!r}"
        for key in ("verdict", "retry_at")
        if given.get(key) != expected[key]
    ]
    if given["coverage"].split(": ")[0] != expected["coverage"].split(": ")[0]:
        found.append(f"coverage: {given['coverage']!r}, expected {expected['coverage']!r}")
    rules = [(rule["modality"], rule["source"]) for rule in given["rules"]]
    found += [f"a rule too many: {rule}" for rule in rules if not any(same_rule(rule, each) for each in expected["rules"])]
    found += [f"a rule missing: {each}" for each in expected["rules"] if not any(same_rule(rule, each) for rule in rules)]
    ranks = [STRICTEST_FIRST.index(VERDICTS[modality]) for modality, _ in rules]
    if ranks != sorted(ranks):
        found.append(f"rules not strictest first: {rules}")
    return found


def same_rule(given: tuple[str, str], expected: tuple[str, str | None]) -> bool:
    """Whether a rule's modality and source are those expected, as far as the specification names them."""
    modality, source = expected
    if given[0] != modality and not (modality == REFUSED and given[0] in DENIES):
        return False
    return source is None or given[1] == source or (source == A_LAW and given[1] != OWN)


def names(error: str, field: str) -> bool:
    """Whether the field's name stands in the error as a word of its own: `at` is not named by `status`."""
    return re.search(rf"(?<![A-Za-z_]){re.escape(field)}(?![A-Za-z_])", error) is not None
