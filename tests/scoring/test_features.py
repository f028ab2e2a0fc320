"""The list of features: what may stand in it and what may not."""

import re

import pytest

from arrears.refusal import Refused
from arrears.scoring.families import TARGETS
from arrears.scoring.features import definitions, features_for, read_definitions
from arrears.scoring.protected import protected_as
from arrears.strict_yaml import BadYaml
from arrears.tables import FACTS

SOUND = """
- name: days_past_due
  kind: number
  zh: 当前逾期天数
  en: days past due
  formula: as the position says
  unit: days
  source: [positions]
  use: [behaviour]
  risk: 1
"""


def test_no_protected_attribute_and_nothing_that_is_computed_from_one_is_a_feature():
    words = re.compile(r"\b(sex|gender|age|birth\w*|region|province|address|ethnic\w*|religio\w*|married|marital|health|disab\w*)\b|性别|年龄|地区|民族|宗教|婚姻|健康")
    for one in definitions():
        assert protected_as(one.name) is None
        assert words.search(f"{one.name.replace('_', ' ')} {one.zh} {one.en} {one.formula}") is None, one.name
        assert not set(one.name.split("_")) & {"sex", "gender", "age", "region", "birthday"}, one.name


def test_every_column_of_a_book_that_says_who_somebody_is_stays_out():
    personal = {column.name for column in FACTS["borrowers"].columns} - {"borrower_id", "kind", "industry", "recorded_at"}
    assert {name: protected_as(name) for name in personal} == {"region": "region", "sex": "sex", "age_band": "age_band", "language": "other"}
    assert not personal & {one.name for one in definitions()}


@pytest.mark.parametrize("name", ["sex", "age_band", "age", "region", "province", "birthday", "ethnicity", "marital_status", "worst_age_days", "language"])
def test_a_protected_attribute_is_refused_where_somebody_writes_it_into_the_list(name):
    with pytest.raises(BadYaml, match=f"{name}: a protected attribute"):
        read_definitions(SOUND.replace("days_past_due", name), "mine.yaml")


@pytest.mark.parametrize("old, new, words", [
    ("kind: number", "kind: text", "kind must be"), ("risk: 1", "risk: 2", "risk must be"), ("[positions]", "[moons]", "source must list"),
    ("[behaviour]", "[night]", "use must list"), ("  unit: days\n", "", "missing unit"), ("kind: number", "kind: category", "has no direction"),
])
def test_a_definition_at_fault_is_refused_with_a_sentence(old, new, words):
    with pytest.raises(BadYaml, match=words):
        read_definitions(SOUND.replace(old, new), "mine.yaml")


def test_a_feature_that_stands_twice_is_refused():
    with pytest.raises(BadYaml, match="stands twice"):
        read_definitions(SOUND + SOUND, "mine.yaml")


def test_words_are_there_in_both_languages_and_short_enough_to_be_read():
    for one in definitions():
        assert re.search(r"[\u4e00-\u9fff]", one.zh) and len(one.zh) <= 20, one.name
        assert one.en == one.en.strip() and len(one.en) <= 60 and one.formula and one.unit, one.name


def test_the_direction_of_risk_turns_with_the_event():
    miss, cure = ({one.name: one for one in features_for(model)} for model in ("behaviour_miss", "collection_cure"))
    assert TARGETS["behaviour_miss"].event_is_bad and not TARGETS["collection_cure"].event_is_bad
    assert (miss["days_past_due"].monotone, cure["days_past_due"].monotone) == (1, -1)
    assert (miss["on_time_streak"].monotone, cure["on_time_streak"].monotone) == (-1, 1)
    assert all(one.monotone == 0 for model in TARGETS for one in features_for(model) if one.kind == "category")


def test_every_model_is_offered_features_and_an_unknown_one_is_refused():
    assert all(len(features_for(model)) >= 10 for model in TARGETS)
    with pytest.raises(Refused, match="there is no model"):
        features_for("behavior")
