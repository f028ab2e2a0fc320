"""What one partition leaves behind in a night, by name."""

from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class LeftBy:
    """positions and scores stay in the night; the rest is read when all partitions are done and goes with the folder work. done is written last."""

    positions: Path
    scores: Path
    decisions: Path
    proposals: Path
    entries: Path
    options: Path
    gate: Path
    placements: Path
    borrowers: Path
    done: Path

    @property
    def is_whole(self) -> bool:
        """The partition is done: every file of it is there (decisions come when all partitions are)."""
        return all(getattr(self, one.name).is_file() for one in fields(self) if one.name != "decisions")


def left_by(folder: Path, name: str) -> LeftBy:
    """Where the partition's files are in the night of this folder."""
    work = folder / "work"
    return LeftBy(*(folder / kind / f"{name}.parquet" for kind in ("positions", "scores", "decisions")),
                  *(work / f"{name}.{kind}.parquet" for kind in ("proposals", "entries", "options", "gate", "placements", "borrowers")), work / f"{name}.json")
