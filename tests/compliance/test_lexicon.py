"""A lexicon is read strictly: whatever is not as it should be names file and entry."""

import re

import pytest

from arrears.compliance.first_letters import first_letters
from arrears.compliance.lexicon import RED_LINES, read_lexicon
from arrears.compliance.wording import findings
from arrears.strict_yaml import BadYaml
from compliance.packs import SOURCES, lexicon, lexicon_texts

GOOD = """
red_line: threat
terms: {who: [你, 您]}
entries:
  - id: xx.one
    source: statute
    article: "3"
    evidence: T1
    from: "2024-01-02"
    until: "2025-01-02"
    patterns: ['弄死{who}']
    unless: ['不会@']
examples: {refused: [弄死你], passed: [不会弄死你]}
"""


def read(text: str = GOOD, **more: str):
    return read_lexicon({"pack.yaml": "not read", "lexicon/threat.yaml": text, **more}, {"statute"})


def test_an_entry_keeps_its_source_and_its_days():
    (one,) = read().entries
    assert (one.id, one.red_line, one.source, one.article, one.evidence, str(one.from_on), str(one.until_on)) == (
        "xx.one", "threat", "statute", "3", "T1", "2024-01-02", "2025-01-02")
    (found,) = findings("我弄死您", read())
    assert (found.entry, found.source, found.article, found.evidence, found.from_on, found.until_on, found.start, found.end) == (
        "xx.one", "statute", "3", "T1", one.from_on, one.until_on, 1, 4)
    assert findings("我不会弄死您", read()) == ()


@pytest.mark.parametrize("old,new,says", [
    ("source: statute", "source: hearsay", "xx.one: unknown source 'hearsay'"),
    ("    source: statute\n", "", "xx.one: missing source"),
    ("evidence: T1", "evidence: U", "xx.one: evidence 'U'"),
    ('from: "2024-01-02"', 'from: "2024-02-30"', "xx.one: '2024-02-30' is not a date"),
    ('from: "2024-01-02"', 'from: "20240102"', "xx.one: '20240102' is not a date"),
    ('from: "2024-01-02"', 'from: "2024-1-2"', "xx.one"),
    ('until: "2025-01-02"', 'until: "2024-01-02"', "xx.one: from must be a day before until"),
    ("弄死{who}", "弄死{whom}", "xx.one: unknown term {whom}"),
    ("弄死{who}", "弄死(", "xx.one: the pattern '弄死(' does not compile"),
    ("弄死{who}", "(?:弄死)?", "fits everything"),
    ("patterns: ['弄死{who}']", "patterns: ['']", "xx.one: patterns must be a list of texts"),
    ("patterns: ['弄死{who}']", "patterns: []", "xx.one: patterns must be a list of texts"),
    ("    patterns: ['弄死{who}']\n", "", "xx.one: no patterns"),
    ("unless: ['不会@']", "unless: [nowhere]", "xx.one: 'nowhere' is no context"),
    ("unless: ['不会@']", "unless: ['@']", "must read before@after"),
    ("unless: ['不会@']", "unless: ['(@']", "does not compile"),
    ("unless: ['不会@']", "homophones: [弄死]", "at least three Chinese characters"),
    ("unless: ['不会@']", "initials: [N1]", "small Latin letters"),
    ("unless: ['不会@']", "disguises: [invisible_ink]", "xx.one: unknown disguise invisible_ink"),
    ("unless: ['不会@']", "also: [hearsay]", "unknown source 'hearsay'"),
    ("unless: ['不会@']", "colour: red", "xx.one: unknown key colour"),
    ("red_line: threat", "red_line: rudeness", "unknown red line 'rudeness'"),
    ("red_line: threat", "red_line: threat\nweight: 3", "unknown key weight"),
    ("passed: [不会弄死你]", "passed: []", "examples: passed must be a list"),
    ("examples: {refused: [弄死你], passed: [不会弄死你]}", "", "missing examples"),
])
def test_a_fault_is_named_with_file_and_entry(old, new, says):
    assert old in GOOD
    with pytest.raises(BadYaml, match=re.escape(says)) as refused:
        read(GOOD.replace(old, new))
    assert "lexicon/threat.yaml" in str(refused.value)


def test_an_id_stands_once_in_all_files():
    with pytest.raises(BadYaml, match="xx.one: the id stands twice"):
        read(**{"lexicon/abuse.yaml": GOOD.replace("red_line: threat", "red_line: abuse")})


def test_a_form_stands_for_one_character():
    with pytest.raises(BadYaml, match="look_alikes.yaml"):
        read(**{"lexicon/look_alikes.yaml": "look_alikes: {黑: [嫼], 名: [嫼]}"})


@pytest.mark.parametrize("where", ["cn", "us"])
def test_every_red_line_has_a_file_of_its_own_name_and_every_entry_an_id_of_its_place(where):
    assert {f"lexicon/{line}.yaml" for line in RED_LINES} <= lexicon_texts(where).keys()
    assert {entry.red_line for entry in lexicon(where).entries} == set(RED_LINES)
    for entry in lexicon(where).entries:
        assert re.fullmatch(rf"{where}\.[a-z_]+\.[a-z_]+", entry.id)
        assert str(entry.from_on) <= ("2024-05-15" if where == "cn" else "2021-11-30"), f"{entry.id}: the pack begins before its entry"


@pytest.mark.parametrize("where", ["cn", "us"])
def test_nothing_is_read_but_the_lexicon_of_the_pack(where):
    assert read_lexicon(lexicon_texts(where) | {"rules/night.yaml": "[", "pack.yaml": "["}, SOURCES[where]) == lexicon(where)


@pytest.mark.parametrize("pattern,letters", [
    ("abc", "a"), ("(?:a|b)c", "ab"), ("a?b", "ab"), ("(?<!x)a", "a"), ("[abc]d", "abc"), ("(?:a|b)?c", "abc"), ("a{2}", "a"), (r"\bab", "a"),
    ("[^a]b", None), ("a?", None), (".a", None), (r"\da", None), ("(?:a|[^b])c", None)])
def test_a_match_begins_with_what_the_pattern_allows(pattern, letters):
    assert first_letters(pattern) == (None if letters is None else frozenset(letters))
