"""Which expressions of a text cross a red line, where they stand, and through what disguise they were seen.

Source: spec verdicts, rule 10 of cn and rule 7 of us. The lexicon is data; nothing here knows a word.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from arrears.compliance.disguise import NAMES, View, read_through, with_words_joined, without_enclosing_marks
from arrears.compliance.lexicon import Entry, Lexicon, sounds

_CONTEXT_LETTERS = 60
_SYLLABLE = re.compile(r"[a-z]+|[\u3400-\u9fff]")
_RUN = re.compile(r"[a-z]+(?:[ .][a-z]+)*|[\u3400-\u9fff]")
_LATIN_GAP = re.compile(r"[a-z0-9'$@!][ .][a-z0-9'$@!]|[a-z][0-9$@!]|[$@][a-z]")


@dataclass(frozen=True)
class Finding:
    """One expression that crosses a red line; it stands at [start, end) of the text as it was written."""

    red_line: str
    entry: str
    source: str
    article: str | None
    evidence: str
    from_on: date
    until_on: date | None
    start: int
    end: int
    found: str
    disguise: str | None


def findings(text: str, lexicon: Lexicon) -> tuple[Finding, ...]:
    """Every expression of the lexicon in the text, by place; empty where there is none.

    Each entry is judged alone, so an entry more never frees a text. Dates are for the caller to judge. Depends on nothing else.
    """
    kept = read_through(text, lexicon.look_alikes)
    views = [view for view in (kept, without_enclosing_marks(kept)) if view is not None]
    split = _LATIN_GAP.search(kept.text) is not None and with_words_joined(kept, lexicon.vocabulary) is not None
    found: list[Finding] = []
    for entry in lexicon.entries:
        begins: list[int] = []  # of what was found of this entry: apart from each other and in order, so that few need be looked at
        ends: list[int] = []
        for view, start, end, disguise in _places(entry, views, kept, split):
            place = view.starts[start], view.starts[end - 1] + 1
            after = bisect_left(begins, place[1])
            if after and place[0] < ends[after - 1]:
                continue
            if not _is_lawful(entry, kept, *place):
                begins.insert(after, place[0])
                ends.insert(after, place[1])
                found.append(Finding(entry.red_line, entry.id, entry.source, entry.article, entry.evidence, entry.from_on,
                                     entry.until_on, *place, text[slice(*place)], disguise))
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.entry)))


def _places(entry: Entry, views: list[View], kept: View, split: bool) -> Iterator[tuple[View, int, int, str | None]]:
    """Where an entry's expressions stand in one of the views, whether lawful there or not."""
    joined = with_words_joined(kept, entry.vocabulary) if split else None
    for view in [*views, joined] if joined else views:
        for start, end in _matches(entry.patterns, view):
            bits = view.disguise(start, end)
            named = [name for bit, name in NAMES if bits & bit]
            if entry.disguises.issuperset(named):
                yield view, start, end, named[0] if named else None
    for start, end in (found.span() for found in entry.initials.finditer(kept.text)) if entry.initials else ():
        yield kept, start, end, "pinyin_initials"
    if entry.homophones:
        for start, end in _homophones(entry.homophones, kept.text):
            yield kept, start, end, "homophone"


def _matches(patterns: tuple, view: View) -> Iterator[tuple[int, int]]:
    """Every match from every place on: one that is lawful must not hide another that begins within it."""
    for firsts, pattern in patterns:
        places = range(len(view.text)) if firsts is None else [place for one in firsts & view.letters for place in view.places[one]]
        for place in places:
            found = pattern.match(view.text, place)
            if found and found.end() > place:
                yield found.span()


def _is_lawful(entry: Entry, kept: View, start: int, end: int) -> bool:
    """Whether a context of the entry surrounds the expression, read with all clause marks in place."""
    first, last = bisect_left(kept.starts, start), bisect_left(kept.starts, end)
    before = kept.text[max(0, first - _CONTEXT_LETTERS):first]
    return any(lead.search(before) and tail.match(kept.text, last) for lead, tail in entry.lawful)


@lru_cache(maxsize=64)
def _spoken(text: str, whole_runs: bool) -> tuple[list[tuple[frozenset[str], int, int]], dict[str, list[int]]]:
    """Each Chinese character and Latin word of a text: how it may sound and where it stands; and which of them sound like a syllable.

    With whole_runs, Latin words that follow each other are one (he im ing dan).
    """
    spoken = [(frozenset((re.sub("[ .]", "", found[0]),)) if found[0][0].isascii() else sounds(found[0]), *found.span())
              for found in (_RUN if whole_runs else _SYLLABLE).finditer(text)]
    sounding: dict[str, list[int]] = {}
    for number, (heard, _, _) in enumerate(spoken):
        for syllable in heard:
            sounding.setdefault(syllable, []).append(number)
    return spoken, sounding


def _homophones(words: tuple[tuple[str, ...], ...], text: str) -> Iterator[tuple[int, int]]:
    """Where a word is written with characters that sound like it, in pinyin, or in both."""
    for whole_runs in (False, True) if _LATIN_GAP.search(text) else (False,):
        spoken, sounding = _spoken(text, whole_runs)
        for word in words:
            for number in sounding.get("".join(word), ()):
                yield spoken[number][1:]
            for first in sounding.get(word[0], ()):
                run = spoken[first:first + len(word)]
                if len(run) < len(word) or word[1] not in run[1][0]:  # most end here
                    continue
                if all(syllable in heard for syllable, (heard, _, _) in zip(word, run, strict=True)) \
                        and all(text[one[2]:other[1]] in ("", " ") for one, other in zip(run, run[1:], strict=False)):
                    yield run[0][1], run[-1][2]
