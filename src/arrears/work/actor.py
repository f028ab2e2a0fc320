"""Who acts: an account of the lender's staff, or the system itself; with everything that access is decided by."""

from dataclasses import dataclass
from uuid import UUID

ROLES = ("collector", "team_lead", "compliance_officer", "strategist", "data_officer", "auditor", "administrator", "agency_worker", "system")
ALL_TEAMS = ("*",)


@dataclass(frozen=True)
class Actor:
    """One who acts for one lender. teams: codes of the teams whose cases may be seen at most, ALL_TEAMS for every one; collector: as whom they hold cases.

    via: web, cli or system. second_factor: proven in this session. broken_glass: an emergency access runs.
    """

    account: UUID | None
    name: str
    lender: str
    roles: frozenset[str]
    teams: tuple[str, ...]
    collector: UUID | None = None
    via: str = "web"
    second_factor: bool = False
    broken_glass: bool = False


def system(lender: str) -> Actor:
    """The program itself, as it takes in a night, settles payments or applies retention for a lender."""
    return Actor(None, "system", lender, frozenset({"system"}), ALL_TEAMS, via="system", second_factor=True)
