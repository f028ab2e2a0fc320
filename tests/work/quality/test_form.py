"""The scoring form: what is wrong in a lender's own is said, and a filled sheet comes to what a person with pencil and paper finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrears import strict_yaml
from arrears.law.packs import shipped_pack
from arrears.refusal import Refused
from arrears.strict_yaml import BadYaml
from arrears.work.quality.form import form_from, read_form, result_of

SMALL = """id: small
version: "1"
title: {zh: 小, en: small}
pass_at_percent: "60"
items:
  - {id: a, title: {zh: 甲, en: a}, kind: yes_no, weight: "30", red_line: "false", source: operator_policy, article: "null", evidence: own}
  - {id: b, title: {zh: 乙, en: b}, kind: scale, weight: "10", red_line: "false", source: operator_policy, article: "null", evidence: own}
  - {id: c, title: {zh: 丙, en: c}, kind: yes_no, weight: "0", red_line: "true", source: operator_policy, article: "null", evidence: own}
"""


@pytest.fixture
def shipped(tmp_path):
    return read_form(tmp_path)


def test_the_shipped_form_cites_what_the_pack_cites_and_is_never_surer_than_it(shipped):
    sources = shipped_pack("cn").sources
    order = ("T1", "T2", "K")
    for item in shipped.items:
        if item.evidence == "own":
            assert item.source == "operator_policy"
        else:
            assert order.index(item.evidence) >= order.index(sources[item.source]["evidence"]), item.id


def test_the_shipped_form_has_every_red_line_of_the_fact_sheet_and_says_all_in_both_languages(shipped):
    assert sum(item.is_red_line for item in shipped.items) == 9
    assert sum(item.weight for item in shipped.items) == 100
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in item.title["zh"]) and item.title["en"].isascii() for item in shipped.items)


@pytest.mark.parametrize("answers, score, red_lines, is_passed", [
    ({"a": "yes", "b": "5", "c": "yes"}, 1_000_000, (), True), ({"a": "no", "b": "5", "c": "yes"}, 250_000, (), False), ({"a": "yes", "b": "0", "c": "yes"}, 750_000, (), True),
    ({"a": "yes", "b": "5", "c": "no"}, 1_000_000, ("c",), False), ({"a": "na", "b": "3", "c": "na"}, 600_000, (), True), ({"a": "na", "b": "2", "c": "yes"}, 400_000, (), False),
    ({"a": "na", "b": "na", "c": "yes"}, None, (), True), ({"a": "na", "b": "na", "c": "no"}, None, ("c",), False),
])
def test_a_sheet_comes_to_what_the_weights_say_and_a_red_line_fails_all(answers, score, red_lines, is_passed):
    found = result_of(form_from(SMALL), answers)
    assert (found.score_ppm, found.red_lines, found.is_passed) == (score, red_lines, is_passed)


@pytest.mark.parametrize("answers", [{}, {"a": "yes", "b": "5"}, {"a": "yes", "b": "6", "c": "yes"}, {"a": "1", "b": "1", "c": "1"}, {"a": "yes", "b": "5", "c": "yes", "d": "yes"}, {"a": "na", "b": "na", "c": "na"}])
def test_a_sheet_that_is_not_whole_or_says_nothing_is_refused(answers):
    with pytest.raises(Refused):
        result_of(form_from(SMALL), answers)


@given(st.fixed_dictionaries({"a": st.sampled_from(["yes", "no", "na"]), "b": st.sampled_from("012345"), "c": st.sampled_from(["yes", "na"])}))
def test_a_better_answer_never_lowers_the_score(answers):
    form = form_from(SMALL)
    if answers["a"] == "no":
        assert result_of(form, {**answers, "a": "yes"}).score_ppm > result_of(form, answers).score_ppm
    if answers["b"] != "5":
        assert result_of(form, {**answers, "b": str(int(answers["b"]) + 1)}).score_ppm > result_of(form, answers).score_ppm


def test_a_lenders_own_form_takes_the_place_of_the_shipped_one_and_its_digest_tells_it_apart(tmp_path, shipped):
    (tmp_path / "quality_form.yaml").write_text(SMALL, encoding="utf-8")
    own = read_form(tmp_path)
    assert (own.id, own.version, len(own.items)) == ("small", "1", 3)
    assert own.digest != shipped.digest


@pytest.mark.parametrize("was, becomes, said", [
    ("kind: scale", "kind: stars", "kind"), ('weight: "30"', 'weight: "-3"', "weight"), ('weight: "30"', 'weight: "99999"', "weight"), ('red_line: "true"', 'red_line: "maybe"', "red_line"),
    ("evidence: own", "evidence: T9", "evidence"), ("title: {zh: 甲, en: a}", "title: {zh: 甲}", "title"), ("id: b,", "id: a,", "twice"), ('pass_at_percent: "60"', 'pass_at_percent: "160"', "pass_at_percent"),
    ('version: "1"\n', "", "version"), ("id: small", "id: small\nextra: x", "extra"),
])
def test_what_is_wrong_in_a_form_is_said_by_place(was, becomes, said, tmp_path):
    assert was in SMALL
    with pytest.raises(BadYaml, match=said):
        form_from(SMALL.replace(was, becomes))
    (tmp_path / "quality_form.yaml").write_text(SMALL.replace(was, becomes), encoding="utf-8")
    with pytest.raises(Refused, match="quality_form"):
        read_form(tmp_path)


@pytest.mark.parametrize("text", ["", "- a\n", "id: x\n", "items: []\n", "\x00"])
def test_a_file_that_is_no_form_is_refused(text):
    with pytest.raises(BadYaml):
        form_from(text)


def test_a_form_without_weights_and_red_lines_could_say_nothing():
    with pytest.raises(BadYaml, match="red line"):
        form_from(SMALL.replace('weight: "30"', 'weight: "0"').replace('weight: "10"', 'weight: "0"').replace('red_line: "true"', 'red_line: "false"'))


def test_the_shipped_file_is_strict_yaml(shipped):
    assert strict_yaml.parse(shipped.text, "form")["id"] == "quality"


def test_a_sheet_of_which_more_is_left_than_is_named_says_so(shipped):
    with pytest.raises(Refused, match=", …;|, …\\)") as caught:
        result_of(shipped, {})
    assert f"尚缺 {len(shipped.items)} 项" in caught.value.zh and "等）" in caught.value.zh
