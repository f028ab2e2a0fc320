"""The wording that crosses a red line, as dated, cited data: one file per red line in a pack's folder lexicon/.

A pattern is a regular expression over the text as it is meant (see `disguise`): lower case, simplified characters, no
spaces between Chinese characters, one between Latin words, half-width punctuation. `{name}` stands for a term of the file
or of lexicon/terms.yaml. A context is written `before@after`: where `before` ends at the expression and `after` begins
behind it, the expression is lawful. The page docs/algorithms/wording.md describes every key.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import PurePosixPath

from arrears import strict_yaml
from arrears.compliance.disguise import NAMES, plain_character
from arrears.compliance.first_letters import first_letters
from arrears.law.entries import EVIDENCE, day_of_text
from arrears.strict_yaml import BadYaml

RED_LINES = ("posing_as_authority", "threat", "abuse", "invented_blacklist", "exaggerated_consequence", "disclosure", "extra_fees", "suit")
_SHOWN = frozenset(name for _, name in NAMES)
_BASIS = {"source", "article", "evidence", "from", "until"}
_TERM = re.compile(r"\{([a-z][a-z_0-9]*)\}")
_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True)
class Entry:
    """One group of expressions of a red line, with the text it rests on and the days [from_on, until_on) it holds.

    Where the file says `from: null` it holds as long as the rule that asks for it.
    """

    id: str
    red_line: str
    source: str
    also: tuple[str, ...]
    article: str | None
    evidence: str
    from_on: date
    until_on: date | None
    patterns: tuple[tuple[frozenset[str] | None, re.Pattern], ...]
    lawful: tuple[tuple[re.Pattern, re.Pattern], ...]
    disguises: frozenset[str]
    homophones: tuple[tuple[str, ...], ...]
    initials: re.Pattern | None
    vocabulary: frozenset[str]


@dataclass(frozen=True)
class Example:
    """A text that travels with a red line, and whether it must be found under it, on a day where one is named."""

    red_line: str
    text: str
    refused: bool
    on: date | None = None


@dataclass(frozen=True)
class Lexicon:
    """All entries of a pack; `look_alikes` are (form, character it stands for), `vocabulary` the Latin words of all entries."""

    entries: tuple[Entry, ...]
    look_alikes: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    vocabulary: frozenset[str]


def read_lexicon(texts: dict[str, str], sources: set[str]) -> Lexicon:
    """The lexicon of a pack from its texts by name, of which those under lexicon/ are read.

    `sources` are the ids that may be cited. Raises BadYaml naming file and entry: unknown or missing keys, an unknown source,
    a bad date, an id that stands twice, a pattern that is empty, does not compile or fits everything.
    """
    files = {name: strict_yaml.parse(text, name) for name, text in sorted(texts.items()) if name.startswith("lexicon/")}
    terms, contexts, look_alikes, red_lines = {}, {}, (), {}
    for name, held in files.items():
        stem = PurePosixPath(name).stem
        if stem == "terms":
            strict_yaml.expect_keys(held, {"terms", "contexts"}, set(), name)
            terms, contexts = held["terms"], held["contexts"]
        elif stem == "look_alikes":
            strict_yaml.expect_keys(held, {"look_alikes"}, set(), name)
            look_alikes = _look_alikes(held["look_alikes"], name)
        else:
            red_lines[name] = held
    entries: list[Entry] = []
    examples: list[Example] = []
    for name, held in red_lines.items():
        more, shown = _red_line(held, name, terms, contexts, sources)
        for entry in more:
            if any(entry.id == other.id for other in entries):
                raise BadYaml(f"{name}: {entry.id}: the id stands twice; ids are kept in records, so each names one entry")
            entries.append(entry)
        examples += shown
    return Lexicon(tuple(entries), look_alikes, tuple(examples), frozenset().union(*(entry.vocabulary for entry in entries)))


def _look_alikes(held: dict, name: str) -> tuple[tuple[str, str], ...]:
    found = []
    for character, forms in held.items():
        if len(character) != 1 or not isinstance(forms, list):
            raise BadYaml(f"{name}: {character}: expected one character and the list of forms that look like it")
        found += [(form, character) for form in forms]
    if len({form for form, _ in found}) != len(found) or any(not form or form == character for form, character in found):
        raise BadYaml(f"{name}: a form stands for two characters, for itself, or is empty")
    return tuple(found)


def _red_line(held: dict, name: str, terms: dict, contexts: dict, sources: set[str]) -> tuple[list[Entry], list[Example]]:
    strict_yaml.expect_keys(held, {"red_line", "examples", "entries"}, {"terms", "basis", "description", "disguises"}, name)
    if held["red_line"] not in RED_LINES:
        raise BadYaml(f"{name}: unknown red line {held['red_line']!r}; known are {', '.join(RED_LINES)}")
    strict_yaml.expect_keys(held["examples"], {"refused", "passed"}, {"days"}, f"{name}: examples")
    for key in ("refused", "passed"):
        _texts(held["examples"], key, f"{name}: examples")
    examples = [Example(held["red_line"], text, key == "refused") for key in ("refused", "passed") for text in held["examples"][key]]
    for day, said in held["examples"].get("days", {}).items():
        if said not in ("found", "silent") or day_or_none(day, f"{name}: examples") is None:
            raise BadYaml(f"{name}: examples: days say of a day whether the first refused text is found or silent on it, not {day}: {said}")
        examples.append(Example(held["red_line"], held["examples"]["refused"][0], said == "found", day_or_none(day, name)))
    if not isinstance(held["entries"], list) or not held["entries"]:
        raise BadYaml(f"{name}: entries must be a list of at least one")
    known = {**terms, **held.get("terms", {})}
    given = {key: held[key] for key in ("disguises",) if key in held} | held.get("basis", {})
    return [_entry(one, given, f"{name}: entry {number}", held["red_line"], known, contexts, sources)
            for number, one in enumerate(held["entries"], 1)], examples


def _entry(written: dict, given: dict, where: str, red_line: str, terms: dict, contexts: dict, sources: set[str]) -> Entry:
    if isinstance(written, dict):
        where = f"{where.rpartition(': entry')[0]}: {written['id']}" if written.get("id") else where
        written = {**given, **written}
    strict_yaml.expect_keys(written, {"id", *_BASIS}, {"patterns", "unless", "homophones", "initials", "disguises", "also"}, where)
    also = tuple(_list(written, "also", where))
    known_basis(written, also, sources, where)
    disguises = frozenset(_list(written, "disguises", where)) if "disguises" in written else _SHOWN
    if disguises - _SHOWN:
        raise BadYaml(f"{where}: unknown disguise {', '.join(sorted(disguises - _SHOWN))}; known are {', '.join(sorted(_SHOWN))}")
    patterns = _list(written, "patterns", where)
    homophones, initials = _list(written, "homophones", where), _list(written, "initials", where)
    if not (patterns or homophones or initials):
        raise BadYaml(f"{where}: no patterns, homophones or initials: nothing would be found")
    expanded = [_expanded(pattern, terms, where) for pattern in patterns]
    from_on, until_on = day_or_none(written["from"], where) or date.min, day_or_none(written["until"], where)
    return Entry(written["id"], red_line, written["source"], also, text_or_none(written["article"]),
                 written["evidence"], from_on, until_on, tuple(_compiled(pattern, where) for pattern in expanded), _contexts(written, contexts, terms, where),
                 disguises, tuple(_syllables(word, where) for word in homophones), _initials(initials, where), _words(expanded))


def known_basis(written: dict, also: tuple[str, ...], sources: set[str], where: str) -> None:
    """Raises BadYaml unless sources are known, the evidence is one that may be in force, and the days are in order."""
    for source in (written["source"], *also):
        if source not in sources:
            raise BadYaml(f"{where}: unknown source {source!r}; name one of sources.yaml")
    if written["evidence"] not in EVIDENCE:
        raise BadYaml(f"{where}: evidence {written['evidence']!r} is none of {', '.join(EVIDENCE)}")
    from_on, until_on = day_or_none(written["from"], where), day_or_none(written["until"], where)
    if until_on is not None and from_on is not None and until_on <= from_on:
        raise BadYaml(f"{where}: from must be a day before until; null where it holds as long as the rule that asks for it")


def _list(written: dict, key: str, where: str) -> list[str]:
    return _texts(written, key, where) if key in written else []


def _texts(written: dict, key: str, where: str) -> list[str]:
    found = written[key]
    if not isinstance(found, list) or not found or not all(isinstance(one, str) and one.strip() for one in found):
        raise BadYaml(f"{where}: {key} must be a list of texts, none of them empty")
    return found


def text_or_none(text: str) -> str | None:
    """The text, or None where null is written."""
    return None if text in ("", "null", "~") else text


def day_or_none(text: str, where: str) -> date | None:
    """The day, or None where null is written; raises BadYaml for anything else."""
    return None if isinstance(text, str) and text_or_none(text) is None else day_of_text(text, where)


def _expanded(pattern: str, terms: dict, where: str, depth: int = 0) -> str:
    def replaced(found: re.Match) -> str:
        if found[1] not in terms or depth > 8:
            raise BadYaml(f"{where}: unknown term {{{found[1]}}} in {pattern!r}; terms stand in this file or in terms.yaml")
        value = terms[found[1]]
        return f"(?:{_expanded('|'.join(value) if isinstance(value, list) else value, terms, where, depth + 1)})"

    whole = _TERM.sub(replaced, pattern)
    return whole if depth else "".join(plain_character(one)[0] if "\u3400" <= one <= "\u9fff" else one for one in whole)


def _compiled(pattern: str, where: str) -> tuple[frozenset[str] | None, re.Pattern]:
    """The characters with which a match may begin (None: any), and the pattern."""
    compiled = _regular(pattern, where)
    if compiled.match("") is not None:
        raise BadYaml(f"{where}: the pattern {pattern!r} fits everything; it must name an expression")
    return first_letters(pattern), compiled


@cache
def _regular(pattern: str, where: str) -> re.Pattern:
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as problem:
        raise BadYaml(f"{where}: the pattern {pattern!r} does not compile: {problem}") from None


def _contexts(written: dict, contexts: dict, terms: dict, where: str) -> tuple[tuple[re.Pattern, re.Pattern], ...]:
    found = []
    for one in _list(written, "unless", where):
        if "@" not in one and one not in contexts:
            raise BadYaml(f"{where}: {one!r} is no context of terms.yaml; or write before@after")
        for context in [one] if "@" in one else contexts[one]:
            before, at, after = context.partition("@")
            if not at or "@" in after or not (before or after):
                raise BadYaml(f"{where}: the context {context!r} must read before@after, with one of the two")
            found.append((_regular(f"(?:{_expanded(before, terms, where)})\\Z", where), _regular(_expanded(after, terms, where), where)))
    return tuple(found)


@cache
def sounds(character: str) -> frozenset[str]:
    """The syllables, without tone, that a Chinese character may be read as."""
    from pypinyin import Style, pinyin  # a quarter of a second, for those who screen texts only

    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


def _syllables(word: str, where: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin

    if len(word) < 3 or not all("\u3400" <= one <= "\u9fff" for one in word):
        raise BadYaml(f"{where}: the homophone {word!r} must have at least three Chinese characters; two sound like too much else")
    return tuple(lazy_pinyin(word))


def _initials(words: list[str], where: str) -> re.Pattern | None:
    if any(not re.fullmatch("[a-z]{2,}", word) for word in words):
        raise BadYaml(f"{where}: initials are at least two small Latin letters")
    spelled = "|".join("[ .]?".join(word) for word in words)
    return re.compile(rf"(?<![a-z0-9])(?:{spelled})(?![a-z0-9])") if words else None


def _words(patterns: list[str]) -> frozenset[str]:
    """The Latin words of the patterns, with and without a last letter that is optional."""
    text = re.sub(r"\\[a-zA-Z]", " ", " ".join(patterns))
    return frozenset(_WORD.findall(text)) | {word[:-1] for word in re.findall(r"([a-z']{2,})\?", text)}
