"""Changes every number of a pack by one and demands that an example notices: the proof that the examples hold the numbers.

A number is a whole or decimal number, a date or a time of day that stands alone as a value. Not changed are the examples themselves,
and what says where a number comes from (sources.yaml, open.yaml, articles, titles, versions).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import yaml

from arrears.compliance.examples import failed_examples
from arrears.compliance.screen import Prepared, prepare
from arrears.compliance.wording_examples import PARTS_FILE, failures
from arrears.law.packs import pack_from
from arrears.law.rules import Pack, rule_from
from arrears.strict_yaml import BadYaml

NOT_IN_FORCE = ("sources.yaml", "open.yaml", "policy/policy.yaml")
_CITED = {"examples", "example", "version", "article", "title", "doc_no", "id", "name", "source", "note", "meaning", "message", "disclaimer",
          "evidence", "verified_on", "published"}
_DATE, _TIME, _NUMBER = (re.compile(pattern) for pattern in (r"\d{4}-\d\d-\d\d\Z", r"\d\d:\d\d\Z", r"-?\d+(\.\d+)?\Z"))


@dataclass(frozen=True)
class Mutation:
    """One number of a file, put one up or down; caught where an example then fails or the file is refused."""

    file: str
    line: int
    was: str
    is_now: str
    caught: bool = False


def mutations(texts: dict[str, str]) -> Iterator[tuple[Mutation, dict[str, str]]]:
    """Every number of the pack one up and one down, with the texts as they then are."""
    for file, text in sorted(texts.items()):
        if file in NOT_IN_FORCE:
            continue
        for node in _numbers(yaml.compose(text, Loader=yaml.BaseLoader)):
            begin, end = node.start_mark.index, node.end_mark.index
            for other in _beside(node.value):
                changed = text[:begin] + text[begin:end].replace(node.value, other) + text[end:]
                yield Mutation(file, node.start_mark.line + 1, node.value, other), {**texts, file: changed}


def mutate(pack: Pack, data_examples: dict[str, Callable[[dict[str, str]], list[str]]],
           report: Callable[[int], None] = lambda _: None) -> list[Mutation]:
    """Each mutation of the pack's numbers, and whether it was caught. data_examples: the checks of files that are no rules.

    To be asked of a pack whose examples hold: elsewhere every change would seem to be noticed.
    """
    base, tried = prepare(pack), []
    for mutation, changed in mutations(pack.texts):
        tried.append(replace(mutation, caught=_is_caught(mutation.file, changed, base, data_examples)))
        report(len(tried))
    return tried


def _is_caught(file: str, changed: dict[str, str], base: Prepared, data_examples: dict) -> bool:
    """An example of the changed file fails, or the file is refused. A rule is judged among all others, as it is in force."""
    try:
        if file in data_examples:
            return bool(data_examples[file](changed))
        if file == PARTS_FILE or file.startswith("lexicon/"):
            return bool(failures(changed, set(base.pack.sources), file))
        if file == "pack.yaml":
            return bool(failed_examples(prepare(pack_from({one: changed[one] for one in ("pack.yaml", "sources.yaml")}, base.pack.id), base.lexicon)))
        is_own = file.startswith("policy/")
        rule = rule_from(changed[file], file if is_own else f"{base.pack.id}/{file}", set() if is_own else set(base.pack.sources))
        rules = tuple(rule if one.file == rule.file else one for one in base.pack.rules)
        return bool(failed_examples(prepare(replace(base.pack, rules=rules), base.lexicon), rule))
    except (BadYaml, ValueError):
        return True


def _numbers(node) -> Iterator[yaml.ScalarNode]:
    """The scalars of a document that are numbers in force."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in _CITED:
                continue
            yield from _numbers(key)
            yield from _numbers(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _numbers(value)
    elif isinstance(node, yaml.ScalarNode) and any(kind.match(node.value) for kind in (_DATE, _TIME, _NUMBER)):
        yield node


def _beside(value: str) -> tuple[str, ...]:
    if _DATE.match(value):
        day = date.fromisoformat(value)
        return tuple((day + timedelta(days=step)).isoformat() for step in (-1, 1))
    if _TIME.match(value):
        minute = int(value[:2]) * 60 + int(value[3:])
        return tuple(f"{(minute + step) % 1440 // 60:02}:{(minute + step) % 60:02}" for step in (-1, 1))
    number = Decimal(value)
    last = Decimal(1).scaleb(number.as_tuple().exponent)
    return tuple(str(number + step) for step in (-last, last))
