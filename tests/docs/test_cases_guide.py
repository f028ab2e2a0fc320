"""The guide to the cases is true of the code: its roster is one, its options are those of the commands, and what it quotes is what they say."""

import re
from pathlib import Path

import typer

from arrears.allocation.roster_reading import roster_from
from arrears.cli import app

TOP = Path(__file__).parents[2]
GUIDE = (TOP / "docs/guides/cases.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands["cases"].commands
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_roster_of_the_guide_is_one():
    (text,) = [body for kind, body in _FENCE.findall(GUIDE) if kind == "yaml"]
    roster = roster_from(text)
    assert [one.name for one in roster.people] == ["chen", "river", "zhang"] and len(roster.conflicts) == len(roster.frozen) == 1


def test_every_command_of_the_cases_is_told_with_options_it_has():
    lines = [line.split() for kind, body in _FENCE.findall(GUIDE) if kind == "sh" for line in body.splitlines() if line.startswith("arrears cases")]
    assert {words[2] for words in lines} == set(COMMANDS), "each command has its example"
    for words in lines:
        options = {option for parameter in COMMANDS[words[2]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words
