"""roster.yaml with what people changed in it: read again as a night reads it, the rest of it as it was."""

from datetime import date

import pytest

from arrears.allocation.roster_reading import roster_from
from arrears.refusal import Refused
from arrears.work.roster_file import Changed, collector_entry, demand_entry, entry_of_agency, entry_of_collector, merged

TEXT = """# Who works here.
teams: [early, field]
collectors:
  - {name: zhang, team: early, owner: collector, works_from: "2024-03-01", away: ["2026-10-01..2026-10-08"], cases_most: "150", minutes: "420", languages: [zh], stages: [M1, M2], products: any, amount_most: "5000000", skills: [senior]}
  - {name: chen, team: field, owner: visitor, works_from: "2024-03-01", cases_most: "40", minutes: "420", languages: any, stages: any, products: any, amount_most: any, regions: ["CN-GD"]}
agencies:
  - {name: river, contract_from: "2026-01-01", contract_until: "2027-01-01", evaluated_on: "2026-03-01", share: "100%", score: "80", cases_most: "2000", languages: [zh], stages: [M4, M5], products: any, amount_most: any, regions: any}
conflicts: [{who: zhang, borrower: B17, why: relative}]
frozen: [{team: field, from: "2026-11-01", until: "2026-11-08", by: li, why: inquiry}]
"""
ZHANG = {"team": "early", "owner": "collector", "works_from": date(2024, 3, 1), "left_on": None, "cases_most": 90, "minutes": 300, "languages": ["zh", "yue"], "stages": ["M1"], "products": None,
         "amount_most_minor": None, "regions": [], "skills": []}


def test_nothing_changed_leaves_every_byte():
    assert merged(TEXT, Changed({}, {})) == TEXT
    read = roster_from(TEXT)
    same = Changed({one.name: entry_of_collector(one) for one in read.collectors}, {one.name: entry_of_agency(one) for one in read.agencies})
    assert merged(TEXT, same) == TEXT


def test_a_changed_collector_is_as_people_said_and_all_others_are_as_before():
    before, after = roster_from(TEXT), roster_from(merged(TEXT, Changed({"zhang": collector_entry(**ZHANG)}, {})))
    zhang = next(one for one in after.collectors if one.name == "zhang")
    assert (zhang.cases_most, zhang.minutes, zhang.languages, zhang.stages, zhang.amount_most_minor, zhang.skills) == (90, 300, ("zh", "yue"), ("M1",), None, ())
    assert zhang.away == before.collectors[0].away
    assert after.collectors[1:] == before.collectors[1:] and after.agencies == before.agencies and after.conflicts == before.conflicts and after.frozen == before.frozen


def test_new_ones_absences_and_an_ended_team_come_in_and_the_first_lines_stay():
    changed = Changed({"li": collector_entry(**{**ZHANG, "team": "late"})}, {}, (), ("field",), {"zhang": ((date(2026, 10, 6), date(2026, 10, 20)), (date(2026, 12, 1), None))})
    text = merged(TEXT, changed)
    after = roster_from(text)
    assert text.startswith("# Who works here.\n") and "late" in after.teams and "field" in after.teams, "somebody works in field still"
    assert after.collectors[0].away == ((date(2026, 10, 1), date(2026, 10, 20)), (date(2026, 12, 1), date(2099, 12, 31)))
    assert {one.name for one in after.collectors} == {"zhang", "chen", "li"}


def test_a_roster_is_begun_where_there_is_none():
    after = roster_from(merged("", Changed({"li": collector_entry(**ZHANG)}, {})))
    assert after.teams == ("early",) and [one.name for one in after.collectors] == ["li"]


@pytest.mark.parametrize("wrong", [{"languages": [" "]}, {"left_on": date(2024, 3, 1)}, {"minutes": 1441}, {"owner": "boss"}, {"stages": ["any", "M1"]}], ids=str)
def test_what_a_night_could_not_read_is_refused_before_it_is_kept(wrong):
    with pytest.raises(Refused, match="nothing was changed"):
        demand_entry("collectors", "li", collector_entry(**{**ZHANG, **wrong}))


def test_a_stage_that_is_no_bucket_is_refused_in_both_languages():
    with pytest.raises(Refused, match="no bucket M9") as caught:
        demand_entry("collectors", "li", collector_entry(**{**ZHANG, "stages": ["M1", "M9"]}))
    assert "没有逾期档 M9" in caught.value.zh and "M6" in caught.value.zh


def test_shares_that_would_no_longer_sum_to_the_whole_are_not_written():
    with pytest.raises(Refused, match="not written"):
        merged(TEXT, Changed({}, {"harbour": {**entry_of_agency(roster_from(TEXT).agencies[0])}}))
