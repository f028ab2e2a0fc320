"""roster.yaml: what is written is read, what is not is not permitted, and what cannot be meant is refused by file, entry and line."""

import re
from datetime import date

import pytest

from arrears.allocation import roster_reading
from arrears.allocation.roster import frozen_borrowers, frozen_people, minutes_on
from arrears.allocation.roster_reading import demand_stages, roster_from
from arrears.strict_yaml import BadYaml

ROSTER = """\
teams: [early, field]
collectors:
  - name: zhang
    team: early
    owner: collector
    works_from: "2024-03-01"
    left_on: "2027-01-01"
    away: ["2026-12-30..2027-01-01", "2026-10-01..2026-10-08"]
    cases_most: "150"
    minutes: "420"
    languages: [zh, yue]
    stages: [M1, M2]
    products: any
    amount_most: "5000000"
    skills: [senior]
  - name: li
    team: field
    owner: visitor
    works_from: "2024-03-01"
    cases_most: "30"
    minutes: "300"
    languages: any
    stages: any
    products: [card]
    amount_most: any
    regions: ["5101"]
agencies:
  - {name: east, contract_from: "2026-01-01", contract_until: "2027-01-01", evaluated_on: "2026-03-01", share: "62.5%", score: "80", cases_most: "2000",
     languages: [zh], stages: [M4], products: any, amount_most: any, regions: any}
  - {name: west, contract_from: "2026-01-01", contract_until: "2026-12-01", evaluated_on: "2026-03-01", inspected_on: "2026-09-01", share: "37.5%", cases_most: "9",
     languages: [zh], stages: any, products: any, amount_most: any, regions: ["5101"]}
conflicts:
  - {who: zhang, borrower: B17, why: relative}
frozen:
  - {team: field, from: "2026-11-01", until: "2026-11-08", by: wang, why: inquiry}
  - {borrower: B3, from: "2026-11-01", by: wang, why: complaint}
"""


def test_everything_written_is_read():
    roster = roster_from(ROSTER)
    zhang, li = roster.collectors
    assert (zhang.stages, zhang.products, zhang.amount_most_minor, zhang.skills, zhang.regions) == (("M1", "M2"), None, 5_000_000, ("senior",), ())
    assert zhang.away == ((date(2026, 10, 1), date(2026, 10, 8)), (date(2026, 12, 30), date(2027, 1, 1))) and zhang.left_on == date(2027, 1, 1)
    assert (li.left_on, li.skills, li.amount_most_minor, li.languages, li.regions) == (None, (), None, None, ("5101",))
    east, west = roster.agencies
    assert (east.share_ppm, east.score, east.inspected_on, east.regions, east.skills) == (625_000, 80, None, None, ())
    assert (west.share_ppm, west.score, west.inspected_on, west.contract_until) == (375_000, None, date(2026, 9, 1), date(2026, 12, 1))
    assert [one.name for one in roster.people] == ["east", "li", "west", "zhang"]
    assert roster.text == ROSTER and len(roster.digest) == 64


def test_an_empty_text_is_a_roster_of_nobody():
    assert roster_from("").people == ()


def test_the_example_of_the_module_is_a_roster():
    example = re.search(r"```yaml\n(.*?)```", roster_reading.__doc__, re.DOTALL)[1]
    assert len(roster_from(example).people) == 2


def test_freezes_hold_from_their_first_day_until_the_day_before_the_last():
    roster = roster_from(ROSTER)
    assert [sorted(frozen_people(roster, date(2026, *day))) for day in ((10, 31), (11, 1), (11, 7), (11, 8))] == [[], ["li"], ["li"], []]
    assert [sorted(frozen_borrowers(roster, date(2026, *day))) for day in ((10, 31), (11, 1))] == [[], ["B3"]]


def test_minutes_are_of_those_who_are_there_and_can():
    roster = roster_from(ROSTER)
    assert [minutes_on(roster, date(*day)) for day in ((2024, 2, 29), (2026, 9, 30), (2026, 10, 1), (2026, 10, 8), (2027, 1, 1))] == [0, 720, 300, 720, 300]
    assert minutes_on(roster, date(2026, 9, 30), owners=("collector",)) == 420
    assert minutes_on(roster, date(2026, 9, 30), skills=("senior",)) == 420
    assert minutes_on(roster, date(2026, 9, 30), owners=("visitor",), skills=("senior",)) == 0


def test_stages_are_buckets_that_there_are():
    demand_stages(roster_from(ROSTER), ("M1", "M2", "M4"))
    with pytest.raises(BadYaml, match="east: no bucket 'M4'; there are M1, M2"):
        demand_stages(roster_from(ROSTER), ("M1", "M2"))


def line_of(text: str, part: str) -> int:
    """The last line with the part."""
    return max(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(("old", "new", "at", "words"), [
    ("    minutes: \"420\"", "    minutes: \"420\"\n    minute: \"1\"", "minute: \"1\"", "unknown key minute; known are"),
    ("    stages: [M1, M2]\n", "", "- name: zhang", "missing stages"), ("    languages: any\n", "", "- name: li", "missing languages"),
    ("    products: [card]\n", "", "- name: li", "missing products"), ("    amount_most: any\n    regions", "    regions", "- name: li", "missing amount_most"),
    ("    team: field", "    team: fields", "team: fields", "no team 'fields'; known are early, field: mend the name"),
    ("teams: [early, field]", "teams: [early, field, early]", "teams", "a team stands twice"),
    ("name: li", "name: zhang", "- name: zhang", "the name 'zhang' stands twice"), ("{name: west", "{name: zhang", "{name: zhang", "the name 'zhang' stands twice"),
    ("owner: visitor", "owner: agency", "owner: agency", "owner 'agency' is not known; known are collector, visitor, legal"),
    ('"37.5%"', '"37%"', "agencies:", "the shares sum to 99.5%, not 100%; change one by 0.5%"),
    (' share: "37.5%",', "", "agencies:", "west has no share where others have"),
    ('"37.5%"', '"137.5%"', "137.5%", "is not a percentage from 0% to 100%"), ('"37.5%"', '"0.37500001%"', "0.37500001%", "at most four decimals"),
    ('works_from: "2024-03-01"\n    left_on', 'works_from: "2024-02-30"\n    left_on', "2024-02-30", "works_from '2024-02-30' is not a date"),
    ('left_on: "2027-01-01"', 'left_on: "2024-03-01"', "left_on", "left_on 2024-03-01 is not after works_from 2024-03-01"),
    ('contract_until: "2026-12-01"', 'contract_until: "2025-12-01"', "{name: west", "is not after contract_from"),
    ("2026-10-01..2026-10-08", "2026-10-08..2026-10-01", "away", "ends before it begins"), ("2026-10-01..2026-10-08", "2026-10-01", "away", "is no span of days"),
    ("2026-10-01..2026-10-08", "2026-10-01..2026-12-31", "away", "begins before the one before it ends"),
    ('cases_most: "30"', 'cases_most: "-1"', 'cases_most: "-1"', "is not a whole number from 0"), ('minutes: "300"', 'minutes: "1441"', "1441", "from 0 to 1440"),
    ('score: "80"', 'score: "101"', "{name: east", "is not a whole number from 0 to 100"), ("amount_most: \"5000000\"", "amount_most: 5,000", "5,000", "not a whole number"),
    ("stages: [M1, M2]", "stages: M1", "stages: M1", "must be a list of words, or any"), ("stages: [M1, M2]", "stages: [M1, any]", "[M1, any]", "lists any beside others"),
    ("who: zhang", "who: zhao", "who: zhao", "'zhao' is no collector and no agency"), ("{team: field, from", "{team: fields, from", "{team: fields", "no team 'fields' in this file"),
    ("{borrower: B3,", "{borrower: B3, collector: li,", "B3, collector", "names collector and borrower; write exactly one"),
    ("{borrower: B3, ", "{", "{from", "names nobody; write exactly one"), ('until: "2026-11-08"', 'until: "2026-11-01"', "until: \"2026-11-01\"", "is not after from"),
    ("- name: li", "- name: [li]", "- name: [li]", "name must be a text"),
])
def test_what_cannot_be_meant_is_refused_by_line(old, new, at, words):
    text = ROSTER.replace(old, new, 1)
    assert text != ROSTER
    with pytest.raises(BadYaml) as problem:
        roster_from(text, "roster.yaml")
    assert str(problem.value).startswith("roster.yaml") and words in str(problem.value)
    stated = re.search(r", line (\d+)", str(problem.value))
    assert stated and int(stated[1]) == line_of(text, at), str(problem.value)
