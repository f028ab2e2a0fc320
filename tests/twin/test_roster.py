"""The made-up roster: sized to the book, readable, the same for the same arguments, and met by the law on agencies."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrears import strict_yaml
from arrears.law.agencies import agencies_from, faults_of
from arrears.law.packs import shipped_texts
from arrears.twin.roster import CASES_MOST, TEAMS, members_of, roster_text

AS_OF = date(2026, 6, 30)


def read(*arguments) -> dict:
    return strict_yaml.parse(roster_text(*arguments), "roster.yaml")


@settings(max_examples=25, deadline=None)
@given(loans=st.integers(1, 2_000_000), seed=st.integers(0, 2**64 - 1), as_of=st.dates(date(1994, 1, 1), date(2100, 12, 31)), late=st.lists(st.just("B1"), max_size=2))
def test_any_roster_is_whole_and_the_same_for_the_same_arguments(loans, seed, as_of, late):
    said = read(loans, seed, as_of, tuple(late))
    assert roster_text(loans, seed, as_of, tuple(late)) == roster_text(loans, seed, as_of, tuple(late))
    assert {one["team"] for one in said["collectors"]} == set(said["teams"]) == set(TEAMS)
    names = [one["name"] for one in [*said["collectors"], *said["agencies"]]]
    assert len(names) == len(set(names)) and sum(int(one["share"].removesuffix("%")) for one in said["agencies"]) == 100
    for one in said["collectors"]:
        assert date.fromisoformat(one["works_from"]) < date.fromisoformat(one.get("left_on", str(as_of)))
    assert sum("left_on" in one for one in said["collectors"]) == 1 and len(said["conflicts"]) == (len(late) > 0) and len(said["frozen"]) == 1 + (len(late) > 1)
    assert {entry.get("who") or entry.get("collector") for entry in [*said["conflicts"], *said["frozen"]]} - {None} <= set(names)


@pytest.mark.parametrize("loans", [100_000, 1_000_000])
def test_there_is_about_one_collector_for_two_hundred_late_cases_and_room_for_all(loans):
    said = read(loans, 7, AS_OF)
    own = [one for one in said["collectors"] if one["owner"] == "collector"]
    late, with_agencies = loans * 96_000 // 10**6, loans * 56_000 // 10**6 * 6 // 10
    assert (late - with_agencies) / len(own) == pytest.approx(200, rel=0.1)
    assert with_agencies <= sum(int(one["cases_most"]) for one in said["agencies"]) and late - with_agencies < len(own) * CASES_MOST


@pytest.mark.parametrize("days_ago", [0, 30, 60, 120, 184])
def test_its_agencies_meet_the_law_on_every_night_of_a_demo(days_ago):
    rules, day = agencies_from(shipped_texts("cn")), AS_OF - timedelta(days=days_ago)
    for one in read(20_000, 1, AS_OF)["agencies"]:
        dates = [date.fromisoformat(one[key]) for key in ("evaluated_on", "inspected_on", "contract_from", "contract_until")]
        assert dates[2] <= day < dates[3] and faults_of(rules, *dates, "bank", day) == []


def test_every_team_can_speak_every_language_and_has_somebody_for_any_amount():
    for team in TEAMS[:3]:
        able = [one for one in members_of(2_000, 3, AS_OF) if one.team == team and one.left_on is None and one.products is None]
        assert {language for one in able for language in one.languages} == {"zh", "yue", "en"} and any(one.amount_most_minor is None for one in able)


def test_giving_out_cases_reads_it_without_a_word():
    reading = pytest.importorskip("arrears.allocation.roster_reading")
    found = reading.roster_from(roster_text(20_000, 1, AS_OF, ("B1", "B2")))
    assert {one.name for one in found.collectors} == {one.name for one in members_of(20_000, 1, AS_OF)}
    assert len(found.agencies) == 3 and len(found.conflicts) == 1 and len(found.frozen) == 2
