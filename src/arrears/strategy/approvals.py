"""Which version of a strategy holds on which night, by the approvals and rollbacks in the order in which they were entered."""

from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

APPROVE, ROLLBACK = "approve", "rollback"


@dataclass(frozen=True)
class Entry:
    """One entry of the list: which version holds on every night from from_on until another entry begins; version None: the shipped default.

    action: approve, or rollback, by which the version that held before holds again. at: when it was entered (UTC instant as text).
    """

    action: str
    version: int | None
    digest: str | None
    from_on: date
    at: str
    by: str
    why: str


@dataclass(frozen=True)
class Period:
    """The nights from from_on until the day before until_on (None: no end is known), and the entry that holds on them."""

    from_on: date
    until_on: date | None
    entry: Entry


def periods_of(entries: list[Entry]) -> list[Period]:
    """What holds when, earliest first: of entries that begin on the same night the later one holds; before the first period the shipped default."""
    holds = {entry.from_on: entry for entry in entries}
    starts = sorted(holds)
    return [Period(start, until, holds[start]) for start, until in zip_longest(starts, starts[1:])]


def standing_on(entries: list[Entry], day: date) -> Entry | None:
    """The entry that holds on the night of the day: the one with the latest night not after it."""
    return next((period.entry for period in reversed(periods_of(entries)) if period.from_on <= day), None)


def before(entries: list[Entry], from_on: date, standing: Entry) -> Entry | None:
    """The approval that held before the entry that stands on from_on; None where that was the shipped default.

    A rollback undoes approvals down to the version that it brought back, so that two in a row lead two versions back.
    """
    stack: list[Entry] = []
    for period in periods_of(entries):
        if period.from_on > from_on:
            break
        if period.entry.action == APPROVE:
            stack.append(period.entry)
        while stack and stack[-1].version != period.entry.version:
            stack.pop()
    while stack and stack[-1].version == standing.version:
        stack.pop()
    return stack[-1] if stack else None
