"""What the operator sets for disputes, complaints and hardship. No text gives these numbers: they are the operator's own policy, and pages say so."""

from dataclasses import asdict, dataclass
from pathlib import Path

from arrears.work.own_choices import whole_numbers

_DAYS_MOST = 999


@dataclass(frozen=True)
class MatterPolicy:
    """Calendar days. decide: to decide about hardship; plan: to agree a plan once one was granted; pause_most: the longest pause; warn: how long before the last day a matter counts as due soon."""

    decide_days: int = 10
    plan_days: int = 14
    pause_most_days: int = 180
    warn_days: int = 3


def read_matter_policy(home: Path) -> MatterPolicy:
    """What home/settings.yaml says under `matters:`; the defaults where it says nothing. Raises Refused or BadYaml."""
    return MatterPolicy(**whole_numbers(home, "matters", asdict(MatterPolicy()), _DAYS_MOST))
