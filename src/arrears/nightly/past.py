"""The book as it stood on days of the past, and what became of it: for fitting models, and for measuring those in use."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import polars as pl

from arrears.days import microseconds_of
from arrears.delinquency.assess import Assessed, CannotBePositioned, assess
from arrears.delinquency.buckets import Buckets
from arrears.ingest.judge import facts_of, fault_of_walk
from arrears.law.caps import Law
from arrears.scoring.outcomes import SIGHTS_EVERY_DAYS, Seen
from arrears.store import Book, Manifest
from arrears.tables.facts import Facts


@dataclass
class Past:
    """One partition of a book, seen from a moment: what is known now, and what was known at the end of a day of the past.

    Walks are kept, since the snapshots of many models share them.
    """

    book: Book
    manifest: Manifest
    partition: str
    known_at: int
    law: Law
    buckets: Buckets
    now: Facts
    standings: dict[date, pl.DataFrame] = field(default_factory=dict)
    """By day how late guarantors were who are borrowers themselves."""
    walked: dict[date, Assessed] = field(default_factory=dict)

    @staticmethod
    def of(book: Book, manifest: Manifest, partition: str, known_at: int, law: Law, buckets: Buckets, standings: dict[date, pl.DataFrame] | None = None) -> "Past":
        """The partition as it is known at known_at (microseconds)."""
        return Past(book, manifest, partition, known_at, law, buckets, facts_of(book, manifest, partition, known_at, decided=False), standings or {})

    def then(self, day: date, known_at: int | None = None) -> tuple[Facts, Assessed]:
        """What was known at the end of the day (UTC), or at the moment given, and the positions of the day that gives. Raises Refused where a loan cannot
        be positioned.
        """
        facts = self.known(day, known_at)
        return facts, self._assessed(facts, day)

    def known(self, day: date, known_at: int | None = None) -> Facts:
        """What was known at the end of the day (UTC), or at the moment given (microseconds)."""
        facts = facts_of(self.book, self.manifest, self.partition, min(self.known_at, end_of(day)) if known_at is None else known_at, decided=False)
        return replace(facts, standings=self.standings.get(day))

    def sight(self, day: date) -> Assessed:
        """The positions at the end of the day, by what is known now."""
        if day not in self.walked:
            self.walked[day] = self._assessed(self.now, day)
        return self.walked[day]

    def seen(self, facts: Facts, assessed: Assessed, day: date, last_day: date, horizon_days: int) -> Seen:
        """A snapshot of the day with the sights that follow it, every SIGHTS_EVERY_DAYS days up to the horizon or the last day."""
        until = min(last_day, day + timedelta(days=horizon_days))
        days = [day + timedelta(days=ahead) for ahead in range(SIGHTS_EVERY_DAYS, (until - day).days + 1, SIGHTS_EVERY_DAYS)]
        later = tuple((sight, self.sight(sight).positions) for sight in days)
        return Seen(day, assessed.positions, assessed.loans, facts, later, self.now, last_day, self.buckets.names)

    def forget(self, days: Iterable[date]) -> None:
        """The walks of these days are no longer kept."""
        for day in days:
            self.walked.pop(day, None)

    def _assessed(self, facts: Facts, day: date) -> Assessed:
        try:
            return assess(facts, self.law, self.buckets, day)
        except CannotBePositioned as problem:
            raise fault_of_walk(self.book, facts, problem.loan_id, problem.fault) from None


def end_of(day: date) -> int:
    """The last microsecond at which something recorded counts as known on the day (UTC)."""
    return microseconds_of(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)) - 1
