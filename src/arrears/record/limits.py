"""What home/settings.yaml says under `record_watch:`: when the monitor is alarmed, and how much it reads again at a time."""

from dataclasses import dataclass, fields
from pathlib import Path

from arrears.record.settings import section_of
from arrears.refusal import Refused

_MOST = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The numbers are our own choice. backlog_minutes: how old what waits for the log may grow; witness_hours: how long a witness may be silent; tiles_a_round: how many tiles a round reads again;

    stamp_hours: how far apart the stamps are that are taken by themselves, where the settings name an authority.
    """

    backlog_minutes: int = 10
    witness_hours: int = 24
    tiles_a_round: int = 64
    stamp_hours: int = 24


def read_limits(home: Path) -> Limits:
    """The limits of the home, the defaults where nothing is said. Raises Refused or BadYaml naming file and field."""
    path = home / "settings.yaml"
    said = section_of(path, "record_watch", {one.name for one in fields(Limits)})
    for name, text in said.items():
        if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or not 1 <= int(text[:12]) <= _MOST:
            raise Refused(f"{path}: record_watch.{name} is {text!r}, not a whole number from 1 to {_MOST:,}", f"{path}：record_watch.{name} 为 {text!r}，不是 1 至 {_MOST:,} 的整数")
    return Limits(**{name: int(text) for name, text in said.items()})
