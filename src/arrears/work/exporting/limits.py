"""How much may be exported: the operator's own choices, with defaults that are ours. home/settings.yaml, section exports."""

from pathlib import Path

from arrears.refusal import Refused
from arrears.work.own_choices import whole_numbers

OWN = {"rows_team_lead": 20_000, "rows_compliance_officer": 200_000, "rows_without_approval": 1_000, "size_most_bytes": 64 << 20, "keep_hours": 24}
HOURS_MOST = 168
"""A week; a file that lies longer is forgotten, not kept."""


def own_choices(home: Path) -> dict[str, int]:
    """OWN as the operator has it. Raises Refused or BadYaml."""
    found = whole_numbers(home, "exports", OWN, 1 << 30)
    if not 1 <= found["keep_hours"] <= HOURS_MOST:
        raise Refused(f"{home / 'settings.yaml'}: exports.keep_hours is {found['keep_hours']}, not 1 to {HOURS_MOST}", f"{home / 'settings.yaml'}：exports.keep_hours 为 {found['keep_hours']}，应为 1 至 {HOURS_MOST}")
    return found


def rows_most(home: Path, roles: frozenset[str]) -> int:
    """How many rows one export of these roles may hold at most; 0 for roles that export nothing."""
    own = own_choices(home)
    return max((own[f"rows_{role}"] for role in roles if f"rows_{role}" in own), default=0)
