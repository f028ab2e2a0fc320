"""A freeze in roster.yaml: the text changes in one place, comments stay, and what is read back is the old roster with just this."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears.allocation.roster import Freeze
from arrears.allocation.roster_reading import roster_from
from arrears.nightly.freezing import freeze, unfreeze, with_end, with_freeze
from arrears.refusal import Refused
from arrears.store import Book
from cases_book import ROSTER

FIRST = Freeze("team", "field", date(2026, 11, 1), None, "li", "inquiry")
SECOND = Freeze("borrower", "B17", date(2026, 11, 1), date(2026, 12, 1), "li", "心梗: \"ill\" # really")
_ONE = '{team: field, from: "2026-11-01", by: li, why: inquiry}'
_BLOCK = "team: field\n    from: \"2026-11-01\"   # a Sunday\n    by: li\n    why: inquiry"
LAYOUTS = {
    "no list": ROSTER, "no newline at the end": ROSTER.rstrip("\n"), "an empty list": ROSTER + "frozen: []   # none\n# the end\n", "an empty list first": "frozen: []\n" + ROSTER,
    "a list on one line": ROSTER + f"frozen: [{_ONE}]  # one\n# the end\n", "a list with a comma at its end": ROSTER + f"frozen: [{_ONE}, ]\n", "a list over lines": ROSTER + f"frozen: [\n  {_ONE},   # one\n]\n",
    "one entry a line": ROSTER + f"frozen:\n  - {_ONE}   # one\n# the end\n", "one entry a line, first": f"frozen:\n- {_ONE}\n\n# then the rest\n" + ROSTER,
    "one entry over lines": ROSTER + f"frozen:\n  - {_BLOCK}\n\n# the end", "with ends of lines of another system": ROSTER.replace("\n", "\r\n") + f"frozen:\r\n  - {_ONE}\r\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("entry", [FIRST, SECOND], ids=["no end", "with an end"])
def test_whatever_way_the_file_is_written_one_entry_more_is_all_that_changes(layout, entry):
    text = LAYOUTS[layout]
    before, after = roster_from(text), with_freeze(text, entry)
    assert replace(roster_from(after), text="") == replace(before, text="", frozen=(*before.frozen, entry))
    assert _is_within(text, after), "every sign of the old text is there, in its order"
    assert all(comment in after for comment in re.findall("#[^\r\n]*", text))


def _is_within(short: str, long: str) -> bool:
    signs = iter(long)
    return all(sign in signs for sign in short)


@pytest.mark.parametrize("layout", [name for name, text in LAYOUTS.items() if "inquiry" in text])
def test_an_end_that_is_set_and_set_anew_is_all_that_changes(layout):
    text = with_freeze(LAYOUTS[layout], SECOND)
    ended = with_end(text, 0, date(2026, 11, 9))
    assert roster_from(ended).frozen == (replace(FIRST, until_on=date(2026, 11, 9)), SECOND) and _is_within(text, ended)
    again = with_end(ended, 0, date(2026, 11, 20))
    assert roster_from(again).frozen == (replace(FIRST, until_on=date(2026, 11, 20)), SECOND) and len(again) == len(ended) and again.count("#") == text.count("#")


@settings(max_examples=40)
@given(st.sampled_from(sorted(LAYOUTS)), st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_any_words_are_read_back_as_they_were_meant_or_refused_with_the_file_as_it_was(tmp_path_factory, layout, by, why):
    root = tmp_path_factory.mktemp("roster")
    path = root / "roster.yaml"
    path.write_bytes(LAYOUTS[layout].encode())
    book, before = Book(root, root / "store"), roster_from(path.read_bytes().decode())
    entry = Freeze("borrower", "B17", date(2026, 11, 1), None, by, why)
    try:
        freeze(book, entry)
    except Refused:
        assert path.read_bytes() == LAYOUTS[layout].encode()
    else:
        assert roster_from(path.read_bytes().decode()).frozen == (*before.frozen, entry)


@pytest.mark.parametrize("text", ["{teams: [early], collectors: []}\n", ROSTER + "frozen: [ # none\n]\n...\n", ROSTER + "...\n"], ids=["all on one line", "an end of the document", "an end without a list"])
def test_a_file_that_cannot_take_the_entry_is_refused_or_takes_it_and_is_never_half_changed(tmp_path, text):
    path = tmp_path / "roster.yaml"
    path.write_text(text, encoding="utf-8")
    book, before = Book(tmp_path, tmp_path / "store"), roster_from(text)
    entry = Freeze("borrower", "B17", date(2026, 11, 1), None, "li", "ill")
    try:
        freeze(book, entry)
        assert roster_from(path.read_text("utf-8")).frozen == (*before.frozen, entry)
    except Refused as problem:
        assert "cannot be put into this file" in problem.en and path.read_text("utf-8") == text


def test_ends_of_lines_stay_as_they_were(tmp_path):
    path = tmp_path / "roster.yaml"
    path.write_bytes(LAYOUTS["with ends of lines of another system"].encode())
    freeze(Book(tmp_path, tmp_path / "store"), SECOND)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") == LAYOUTS["with ends of lines of another system"].count("\n") + 1


def test_a_freeze_that_only_begins_on_the_day_is_not_ended_on_it(tmp_path):
    path = tmp_path / "roster.yaml"
    path.write_text(LAYOUTS["one entry a line"], encoding="utf-8")
    book = Book(tmp_path, tmp_path / "store")
    with pytest.raises(Refused, match="begins only on 2026-11-01"):
        unfreeze(book, "team", "field", date(2026, 11, 1))
    with pytest.raises(Refused, match="not frozen on 2026-10-31"):
        unfreeze(book, "team", "field", date(2026, 10, 31))
    assert path.read_text("utf-8") == LAYOUTS["one entry a line"]
    assert unfreeze(book, "team", "field", date(2026, 11, 2)) == FIRST
