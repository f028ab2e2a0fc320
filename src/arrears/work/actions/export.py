"""Outcomes exported for the next night, by the program itself; and what people changed of the roster, written beside the book."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path

from arrears import store
from arrears.allocation.roster import ROSTER_FILE
from arrears.days import moment_of
from arrears.store import Book
from arrears.work.actions.action import ZONE, Doing, action, perform
from arrears.work.actions.roster import changed_since_written
from arrears.work.actor import system
from arrears.work.export import alone_in, give_names, write_beside
from arrears.work.models import Lender
from arrears.work.outcomes import outcomes
from arrears.work.roster_file import merged
from arrears.work.tenancy import seen_by

VERB = "outcome.export"


@action(VERB, on="lender", personal=("out",))
def export_outcomes(doing: Doing, lender: Lender, *, out: Path, since: datetime | None = None) -> dict:
    """What people did lies whole in the folder, not yet under its names; the answer says of each file how many rows and which bytes. The folder's path is in no Entry. Raises DiskFull."""
    found = outcomes(lender.code, since)
    digests = write_beside(out, found)
    return {"rows": {name: len(rows) for name, rows in found.items()}, "files": digests}


def export(code: str, out: Path, since: int | None, now: int) -> dict:
    """The lender's outcomes are in the folder: rows by table, and the digests of the files. since, now: microseconds. Killed before the names were given, nothing shows; run it again.

    Raises Refused where another export writes there, DiskFull; Forbidden.
    """
    with alone_in(out):
        told = perform(system(code), VERB, {"out": out, "since": None if since is None else moment_of(since)}, now)
        give_names(out)
    return told


def write_roster_into(code: str, book: Book, now: int) -> int:
    """roster.yaml beside the book says what people changed of it on the pages; how many changes of collectors, agencies and teams that were, absences aside. Killed in between, the next call ends it.

    Raises Refused where a night could not read what came of it: then nothing was written.
    """
    with seen_by(system(code)):
        changed = changed_since_written(code, moment_of(now).astimezone(ZONE).date())
    if changed.is_nothing:
        return 0
    before = store.roster_text(book)
    text = merged(before, changed)
    if text != before:
        store.write_bytes(book.root / ROSTER_FILE, text.encode())
    counted = len(changed.collectors) + len(changed.agencies) + len(changed.ended)
    if counted or text != before:
        perform(system(code), "roster.write", {"digest": sha256(text.encode()).hexdigest()}, now)
    return counted
