"""Outcomes exported for the next night, by the program itself; and the one call for it."""

from datetime import datetime
from pathlib import Path

from arrears.days import moment_of
from arrears.work.actions.action import Doing, action, perform
from arrears.work.actor import system
from arrears.work.export import alone_in, give_names, write_beside
from arrears.work.models import Lender
from arrears.work.outcomes import outcomes

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
