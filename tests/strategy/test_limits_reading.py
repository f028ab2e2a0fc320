"""Limits as they are written: what each cell means, and what could not be meant is refused naming the limit."""

import json

import pytest

from arrears.strategy.limits_reading import LIMITS_MOST, read_limits
from arrears.strategy.reading import default_strategy_text, strategy_from
from arrears.strategy.strategy import COUNTED
from arrears.strict_yaml import BadYaml, parse

TREATMENTS = ("visit", "call", "leave_alone")


def read(*entries: dict) -> tuple:
    return read_limits(parse(json.dumps(entries, indent=1), "x"), TREATMENTS, "mine.yaml, limits")


def limit(**changed) -> dict:
    return {name: value for name, value in ({"name": "one", "zh": "一", "en": "one", "counts": "people", "most": "5"} | changed).items() if value is not None}


@pytest.mark.parametrize("cells,kept", [
    ({"most": "5"}, {"most": 5}), ({"most": "0"}, {"most": 0}), ({"most": "60%"}, {"most_ppm": 600_000}), ({"most": "0.0001%"}, {"most_ppm": 1}), ({"most": None, "least": "20%"}, {"least_ppm": 200_000}),
    ({"most": "7", "least": "7"}, {"most": 7, "least": 7}), ({"most": "roster", "counts": "minutes"}, {"most_from": "roster"}), ({"most": "capacity", "counts": "contacts"}, {"most_from": "capacity"}),
    ({"most": "1000000000000", "counts": "cost"}, {"most": 10**12}), ({"most": "roster"}, {"most_from": "roster"}), ({"most": "5", "least": "60%"}, {"most": 5, "least_ppm": 600_000}),
])
def test_a_bound_is_a_number_a_share_or_where_the_number_comes_from(cells, kept):
    (found,) = read(limit(**cells))
    bounds = {name: getattr(found, name) for name in ("most", "least", "most_ppm", "least_ppm", "most_from")}
    assert {name: value for name, value in bounds.items() if value is not None} == kept


@pytest.mark.parametrize("counts", COUNTED)
def test_everything_that_can_be_counted_is_read(counts):
    assert read(limit(counts=counts))[0].counts == counts


def test_conditions_on_treatments_and_people_are_read_as_they_are_written():
    (found,) = read(limit(of={"owner": ["collector", "visitor"], "channel": "call", "skill": "senior", "treatment": "visit"}, when={"bucket": ["M1"], "claimable": "<5"}, by="kind"))
    assert found.of == (("owner", ("collector", "visitor")), ("channel", ("call",)), ("skill", ("senior",)), ("treatment", ("visit",)))
    assert (found.when, found.by) == ((("bucket", ("M1",)), ("claimable", (None, 5))), "kind")


@pytest.mark.parametrize("cells,said", [
    ({"counts": "luck"}, "'luck' cannot be counted; known are people, contacts, minutes, cost, complaints"), ({"counts": ["people"]}, "cannot be counted"), ({"most": None}, "give most or least"),
    ({"by": "region"}, "'region' is no field a limit can be split by"), ({"by": ["kind"]}, "no field a limit can be split by"), ({"most": "-1"}, "most, line 7: '-1' is no bound"), ({"most": "5.5"}, "is no bound"),
    ({"most": ["5"]}, "is no bound"), ({"most": {"a": "b"}}, "is no bound"), ({"most": "101%"}, "is no share"), ({"most": "half%"}, "is no share"), ({"most": "1000000000001"}, "no whole number from 0"), ({"most": "9" * 40}, "no whole number from 0"),
    ({"least": "roster", "counts": "minutes"}, "roster says what can be done at most"), ({"least": "capacity"}, "capacity says what can be done at most"), ({"most": "roster", "counts": "contacts"}, "roster bounds minutes or people, not contacts"), ({"most": "roster", "by": "kind"}, "roster bounds minutes or people, not people by kind"),
    ({"most": "capacity", "counts": "minutes"}, "capacity bounds contacts, not minutes"), ({"most": "roster", "counts": "minutes", "by": "kind"}, "roster bounds minutes or people, not minutes by kind"),
    ({"most": "60%", "counts": "minutes"}, "a share is one of the people"), ({"most": "60%", "counts": "cost"}, "a share is one of the people"), ({"least": "6"}, "at least 6 and at most 5 cannot both be, by 1"),
    ({"most": "10%", "least": "10.0001%"}, "cannot both be"), ({"of": {"colour": "red"}}, "unknown key colour"), ({"of": {"owner": "robot"}}, "of, owner, line 9: 'robot' is not known"), ({"of": {"owner": []}}, "the list is empty"),
    ({"of": {"treatment": "fly"}}, "'fly' is not known; known are visit, call, leave_alone"), ({"of": {"channel": [["call"]]}}, "is not known"), ({"of": {"skill": ""}}, "'' is not known"), ({"of": "call"}, "expected a mapping"),
    ({"when": {"luck": "5"}}, "unknown field 'luck'"), ({"when": {"bucket": []}}, "empty"), ({"when": "M1"}, "when must be a mapping"),
])
def test_a_limit_that_could_not_be_meant_is_refused_by_name_with_its_line(cells, said):
    with pytest.raises(BadYaml) as refusal:
        read(limit(**cells))
    assert str(refusal.value).startswith("mine.yaml, limits, one") and said in str(refusal.value) and "line " in str(refusal.value), refusal.value


@pytest.mark.parametrize("cells,said", [({"zh": ["x"]}, "zh must be"), ({"name": ""}, "name must be"), ({"en": None}, "missing en"), ({"hope": "5"}, "unknown key hope")])
def test_a_limit_of_another_shape_is_refused_with_its_line(cells, said):
    with pytest.raises(BadYaml, match=f"^mine.yaml, limits, line [0-9]+: {said}"):
        read(limit(**cells))


def test_names_are_given_once_and_there_are_no_more_limits_than_bits():
    with pytest.raises(BadYaml, match="one stands twice"):
        read(limit(), limit())
    assert len(read(*(limit(name=f"l{place}") for place in range(LIMITS_MOST)))) == LIMITS_MOST
    with pytest.raises(BadYaml, match="there may be 60 at most"):
        read(*(limit(name=f"l{place}") for place in range(LIMITS_MOST + 1)))


def test_no_limits_are_none_and_those_shipped_rest_on_the_roster_on_complaints_and_on_service():
    assert read() == ()
    found = {one.name: one for one in strategy_from(default_strategy_text()).limits}
    assert {name for name, one in found.items() if one.most_from == "roster"} == {"collector_minutes", "senior_minutes", "visitor_minutes", "legal_minutes", "agency_cases"}
    assert (found["agency_cases"].counts, found["agency_cases"].of) == ("people", (("owner", ("agency",)),))
    assert (found["complaints"].most_ppm, found["service_late"].least_ppm) == (200, 200_000)
