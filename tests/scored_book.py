"""A made-up book with released models and two nights, made once for all tests of a process."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from plain_books import arrears

FITTED_AS_OF, NIGHT = date(2026, 9, 30), date(2026, 10, 31)
LOANS = 12_000
RELEASED = ("behaviour_miss", "collection_cure", "collection_recovery_30")


@dataclass(frozen=True)
class Scored:
    """A book whose models were fitted and released as of FITTED_AS_OF, with the nights of that day and of NIGHT."""

    root: Path

    def night(self, day: date = NIGHT) -> Path:
        return self.root / "nights" / day.isoformat()


@cache
def scored_book() -> Scored:
    """The book; every step by the command line, as a user takes it."""
    root = Path(mkdtemp(prefix="scored-")) / "book"
    assert arrears("generate", "--loans", LOANS, "--as-of", NIGHT, "--out", root).status == 0
    for name in RELEASED:
        ran = arrears("score", "fit", name, "--book", root, "--as-of", FITTED_AS_OF, "--snapshots", 4, "--lang", "en")
        assert ran.status == 0, ran.error
        ran = release(root, name)
        assert ran.status == 0, ran.error
    for day in (FITTED_AS_OF, NIGHT):
        ran = arrears("night", "--book", root, "--as-of", day)
        assert ran.status == 0, ran.error
    return Scored(root)


def release(root: Path, name: str, *more: object):
    """The release of the latest version of a model."""
    return arrears("score", "release", name, "--book", root, "--by", "Li Wei", "--assessment", "PIA-2026-11", "--why", "first", "--lang", "en", *more)
