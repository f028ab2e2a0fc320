"""Where the record of one installation lies, and which of it may be given away."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """log: the folder that is given to auditors as it is, nothing secret in it; key: the signing key, which never leaves the home; alerts: what the monitor found, a JSON line each."""

    log: Path
    key: Path
    alerts: Path


def places_of(home: Path) -> Places:
    """The record's places in the home; they need not exist yet."""
    return Places(home / "record" / "log", home / "keys" / "record.key", home / "record" / "alerts.jsonl")
