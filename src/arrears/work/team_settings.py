"""What home/settings.yaml says under `team:`; the operator's own choices, none of them asked by a text.

idle_days: so long untouched, a held case counts as idle (防养案), as giving.idle_days of a strategy does at night. clock_days: so many days before its last day a dispute or complaint is
shown as near. broken_days: so far back broken promises are looked for. kept_days: over so many days is told which promises were kept and which cases were paid off.
minutes_a_case: so long a case of today's list is taken to last. move_most: so many cases go in one move.
"""

from dataclasses import dataclass
from pathlib import Path

from arrears.refusal import Refused
from arrears.work.own_choices import whole_numbers

MOVE_MOST = 500
_DEFAULTS = {"idle_days": 14, "clock_days": 3, "broken_days": 14, "kept_days": 30, "minutes_a_case": 6, "move_most": 200}


@dataclass(frozen=True)
class TeamSettings:
    """The numbers of the section, each at least 1."""

    idle_days: int
    clock_days: int
    broken_days: int
    kept_days: int
    minutes_a_case: int
    move_most: int


def team_settings(home: Path) -> TeamSettings:
    """The numbers as the operator set them. Raises Refused or BadYaml."""
    found = whole_numbers(home, "team", _DEFAULTS, MOVE_MOST)
    if low := next((name for name, value in found.items() if value < 1), None):
        raise Refused(f"{home / 'settings.yaml'}: team.{low} is {found[low]}, not 1 to {MOVE_MOST}", f"{home / 'settings.yaml'}：team.{low} 为 {found[low]}，应为 1 至 {MOVE_MOST}")
    return TeamSettings(**found)
