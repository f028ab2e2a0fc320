"""Journeys as tables of text: what a person of the trade writes and reads, one step a line; and the lines as steps.

    # Lines that begin with # are for the reader.
    date       | time  | who       | does                   | sees (zh) | sees (en)
    2026-11-02 | 09:30 | collector | logs in                | 下一个案件  | Next account
               | 09:31 | collector | presses "Next account" | 王        | 王

An empty date, time or who is that of the line above; an empty `does` only looks. Words in double quotes stand on the page, and are written in English: in Chinese they are
what the catalogue says. What is seen is written out in both languages, so that the catalogue is held by it. Several things that are seen are parted by ` ; `, `not` before one says that it is not there.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "journeys"
COLUMNS = ("date", "time", "who", "does", "sees (zh)", "sees (en)")
ZONE = ZoneInfo("Asia/Shanghai")


class NotUnderstood(Exception):
    """A line that is no step; the message begins with file and line."""


@dataclass(frozen=True)
class Step:
    """One line. where: file and line, for messages. sees: by language, what is on the page after it; unseen: what is not."""

    where: str
    at: datetime
    who: str
    does: str
    sees: dict[str, tuple[str, ...]]
    unseen: dict[str, tuple[str, ...]]


def journey(path: Path) -> list[Step]:
    """The steps of a file in their order. Raises NotUnderstood."""
    steps, before, heading = [], None, False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.name}:{number}"
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = tuple(cell.strip() for cell in line.split("|"))
        if not heading:
            if cells != COLUMNS:
                raise NotUnderstood(f"{where}: the table begins with its columns: {' | '.join(COLUMNS)}")
            heading = True
            continue
        if len(cells) != len(COLUMNS):
            raise NotUnderstood(f"{where}: {len(cells)} columns instead of {len(COLUMNS)}")
        before = _step(where, cells, before)
        steps.append(before)
    if not steps:
        raise NotUnderstood(f"{path.name}: there is no step in it")
    return steps


def _step(where: str, cells: tuple[str, ...], before: Step | None) -> Step:
    day, time, who, does, *seen = cells
    if before is None and not (day and time and who):
        raise NotUnderstood(f"{where}: the first step says date, time and who")
    try:
        at = datetime.fromisoformat(f"{day or before.at.date()} {time or before.at.strftime('%H:%M')}").replace(tzinfo=ZONE)
    except ValueError:
        raise NotUnderstood(f"{where}: {day} {time} is no date and time like 2026-11-02 09:30") from None
    if before is not None and at < before.at:
        raise NotUnderstood(f"{where}: {at:%Y-%m-%d %H:%M} is before the line above")
    parts = {lang: [one.strip() for one in cell.split(" ; ") if one.strip()] for lang, cell in zip(("zh", "en"), seen, strict=True)}
    if len(parts["zh"]) != len(parts["en"]):
        raise NotUnderstood(f"{where}: {len(parts['zh'])} things are seen in Chinese, {len(parts['en'])} in English")
    return Step(where, at, who or before.who, does, {lang: tuple(one for one in told if not one.startswith("not ")) for lang, told in parts.items()},
                {lang: tuple(one[4:] for one in told if one.startswith("not ")) for lang, told in parts.items()})
