"""Every number of the law's dated files is held by an example beside it: moved by one, some example fails."""

import copy
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import yaml

from arrears import strict_yaml
from arrears.law.examples import DATA_EXAMPLES
from arrears.law.packs import shipped_texts

SHIPPED = shipped_texts("cn")
IDS = [{"id": entry["id"]} for entry in strict_yaml.parse(SHIPPED["sources.yaml"], "sources.yaml")]
TEXTS = {**SHIPPED, "sources.yaml": yaml.safe_dump(IDS)}
"""The pack with the names of its sources alone, which the examples read again for every number that is moved."""
NAMES_NOT_NUMBERS = {"id", "title", "article", "doc_no", "evidence", "source", "examples", "meaning", "note", "zh", "en"}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
HOUR = re.compile(r"\d{2}:\d{2}")


def moved(text: str) -> list[str]:
    """The scalar moved by one, up and down; nothing where it is neither number, day nor hour."""
    if DAY.fullmatch(text):
        return [str(date.fromisoformat(text) + timedelta(days=step)) for step in (1, -1)]
    if HOUR.fullmatch(text):
        minutes = int(text[:2]) * 60 + int(text[3:])
        return [f"{(minutes + step) % 1440 // 60:02d}:{(minutes + step) % 60:02d}" for step in (1, -1)]
    if NUMBER.fullmatch(text):
        last = Decimal(1).scaleb(min(0, Decimal(text).as_tuple().exponent))
        by = {Decimal(1), last}
        return [str(Decimal(text) + sign * step) for step in sorted(by) for sign in (1, -1)]
    return []


def mutants(node, path=()):
    """(where, document changed in one scalar) for each number of the document; keys that are numbers or days too."""
    def places(node, path):
        if isinstance(node, dict):
            for key, below in node.items():
                if key in NAMES_NOT_NUMBERS:
                    continue
                if moved(key):
                    yield (*path, key), "key"
                yield from places(below, (*path, key))
        elif isinstance(node, list):
            for number, below in enumerate(node):
                yield from places(below, (*path, number))
        elif moved(node):
            yield path, "value"

    for place, kind in places(node, path):
        for other in moved(str(place[-1])) if kind == "key" else moved(at(node, place)):
            changed = copy.deepcopy(node)
            holder = at(changed, place[:-1])
            if kind == "value":
                holder[place[-1]] = other
            else:
                assert other not in holder, f"{place}: two neighbouring keys"
                items = [(other if key == place[-1] else key, value) for key, value in holder.items()]
                holder.clear()
                holder.update(items)
            yield f"{'.'.join(map(str, place))} -> {other}", changed


def at(node, path):
    for step in path:
        node = node[step]
    return node


class _Written(yaml.SafeDumper):
    """Writes the mappings that remember their lines as the mappings they are."""


_Written.add_representer(strict_yaml.Entry, lambda dumper, entry: dumper.represent_dict(entry.items()))


def written(document) -> str:
    return yaml.dump(document, Dumper=_Written, allow_unicode=True, sort_keys=False)


def test_a_scalar_is_moved_by_one_whatever_it_is():
    assert moved("2026-02-28") == ["2026-03-01", "2026-02-27"]
    assert moved("00:00") == ["00:01", "23:59"]
    assert moved("40") == ["41", "39"]
    assert moved("0.5") == ["0.6", "0.4", "1.5", "-0.5"]
    assert moved("T1") == moved("null") == moved("办案") == []


@pytest.mark.parametrize("name", DATA_EXAMPLES)
def test_the_examples_of_the_file_hold(name):
    assert DATA_EXAMPLES[name](SHIPPED) == []
    assert DATA_EXAMPLES[name]({**TEXTS, name: written(strict_yaml.parse(TEXTS[name], name))}) == []


@pytest.mark.parametrize("name", DATA_EXAMPLES)
def test_every_number_moved_by_one_makes_an_example_fail(name):
    document = strict_yaml.parse(TEXTS[name], name)
    survivors, count = [], 0
    for where, changed in mutants(document):
        count += 1
        if not DATA_EXAMPLES[name]({**TEXTS, name: written(changed)}):
            survivors.append(where)
    assert not survivors
    assert count >= 2, f"{name}: no number in it was moved; is the file read at all?"


def test_an_example_that_says_another_number_is_told_with_file_and_place():
    texts = {**TEXTS, "lpr.yaml": TEXTS["lpr.yaml"].replace('{day: "2025-05-20", ppm: "30000"}', '{day: "2025-05-20", ppm: "30001"}')}
    (said,) = DATA_EXAMPLES["lpr.yaml"](texts)
    assert said.startswith("lpr.yaml") and "2025-05-20" in said and said.endswith("found 30000")


def test_an_example_that_cannot_be_asked_of_the_file_is_told_too():
    texts = {**TEXTS, "complaints.yaml": TEXTS["complaints.yaml"].replace("matter: simple, answer_by", "matter: sad, answer_by", 1)}
    assert texts["complaints.yaml"] != TEXTS["complaints.yaml"]
    (said,) = DATA_EXAMPLES["complaints.yaml"](texts)
    assert "'sad'" in said and "simple" in said
