"""The words of the pages: a key has one wording, in both languages, with the same facts."""

import re
from string import Formatter

import pytest

from arrears.pages.wording import WORDS, named, speak, words


def test_a_key_is_worded_once():
    speak({"total": WORDS["total"]})
    with pytest.raises(ValueError, match="the words of 'total' are"):
        speak({"total": ("总计", "Grand total")})
    assert words("total") == ("合计", "Total")


def test_a_fact_that_is_a_pair_speaks_the_language_of_the_sentence():
    speak({"test.of_a_fact": ("甲 {what}", "A {what}")})
    assert words("test.of_a_fact", what=("乙", "B")) == ("甲 乙", "A B")


def test_what_has_no_label_is_called_by_its_own_name():
    assert named("currency", "XAU") == ("XAU", "XAU")


def test_the_words_of_every_page_speak_both_languages_with_the_same_facts():
    for key in ("page.sections", "how", "total", "col.value", "col.share"):
        chinese, english = WORDS[key]
        assert re.search(r"[\u4e00-\u9fff]", chinese) and not re.search(r"[\u4e00-\u9fff]", english), key
        facts = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (chinese, english)]
        assert facts[0] == facts[1], key
