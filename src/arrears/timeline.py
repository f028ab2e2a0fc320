"""A value that changes on dates, and the day from which nobody knows it any more."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Timeline:
    """Steps (first day, value) in order; a value of None says that the value is not known from that day on.

    Before the first step the value is None too.
    """

    steps: tuple[tuple[date, int | None], ...]

    def __post_init__(self) -> None:
        days = [day for day, _ in self.steps]
        if any(later <= earlier for earlier, later in zip(days, days[1:], strict=False)):
            raise ValueError(f"steps must be in order of date, each day once: {[str(day) for day in days]}")

    def at(self, day: date) -> int | None:
        """The value in force on the day, or None where it is not known.

        >>> lpr = Timeline(((date(2024, 10, 21), 31_000), (date(2025, 5, 20), 30_000), (date(2026, 12, 20), None)))
        >>> lpr.at(date(2025, 5, 19)), lpr.at(date(2025, 5, 20)), lpr.at(date(2026, 12, 20)), lpr.at(date(2020, 1, 1))
        (31000, 30000, None, None)
        """
        place = bisect_right([first for first, _ in self.steps], day)
        return self.steps[place - 1][1] if place else None

    def until(self, day: date, then: "Timeline") -> "Timeline":
        """This timeline before the day, the other from it on."""
        before = tuple(step for step in self.steps if step[0] < day)
        after = tuple(step for step in then.steps if step[0] > day)
        return Timeline((*before, (day, then.at(day)), *after))


def constant(first: date, value: int | None) -> Timeline:
    return Timeline(((first, value),))
