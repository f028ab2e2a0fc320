"""The page on decision tables names every field, and what it rests on, as the program has it."""

import re
from pathlib import Path

from arrears.strategy.conditions import FIELDS
from arrears.strategy.fair_offers import SHIFT_DAYS_MOST
from arrears.strategy.table_analysis import FAULTS, GAPS_MOST, STEPS_MOST

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "algorithms" / "decision_tables.md").read_text(encoding="utf-8")


def test_the_table_of_fields_is_complete_and_says_what_each_rests_on():
    told = {}
    for line in PAGE.split("## Conditions")[1].split("## The first row")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            told |= {name: (cells[2], cells[3]) for name in re.findall(r"`(\w+)`", cells[0])}
    assert {name: rests_on for name, (rests_on, _) in told.items()} == {name: field.rests_on for name, field in FIELDS.items()}
    for name, field in FIELDS.items():
        assert field.values is None or ", ".join(field.values) == told[name][1]


def test_the_kinds_of_findings_and_the_bounds_are_those_of_the_program():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (fault|remark) \|$", PAGE, re.MULTILINE)
    assert {kind for kind, degree in rows if degree == "fault"} == set(FAULTS)
    source = (Path(__file__).resolve().parents[2] / "src" / "arrears" / "strategy" / "table_analysis.py").read_text(encoding="utf-8")
    assert {kind for kind, _ in rows} == set(re.findall(r'_finding\("(\w+)"', source))
    assert f"{STEPS_MOST:,} comparisons" in PAGE and {5: "at most five"}[GAPS_MOST] in PAGE and f"beyond {SHIFT_DAYS_MOST} days" in PAGE
