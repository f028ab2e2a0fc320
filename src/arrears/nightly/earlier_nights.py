"""The finished nights that tonight looks back to: their positions, partition by partition, and what each was done on."""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl

from arrears import store
from arrears.delinquency.tallies import THEN_COLUMNS
from arrears.refusal import Refused
from arrears.store import Book, Manifest

ASSIGNED = "assigned"
"""The file in which a night says who has which case."""


def run_digest(night: Path) -> str:
    """The digest of what a finished night was done on; raises Refused where the night is not there as it should be."""
    try:
        return sha256((night / "run.json").read_bytes()).hexdigest()
    except OSError:
        raise _gone(night) from None


def superseded_nights(book: Book) -> list[Path]:
    """The folders of nights that were done anew since, by date and number."""
    folder, found = book.nights / "superseded", []
    for path in folder.iterdir() if folder.is_dir() else []:
        day, _, number = path.name.partition(".")
        if number.isdecimal():
            found.append((date.fromisoformat(day), int(number), path))
    return [path for *_, path in sorted(found)]


def _gone(night: Path) -> Refused:
    return Refused(
        f"{night}: this earlier night is compared with, but it is gone or damaged; bring it back, or do it again with "
        f"arrears night --as-of {night.name} --again",
        f"{night}：须与该较早夜批比较，但它已不在或已损坏；请恢复它，或用 arrears night --as-of {night.name} --again 重做",
    )


def positions_then(night: Path, name: str, count: int, moved: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The earlier positions that may speak of this partition's loans, also where the book had fewer or more partitions."""
    places = _counterparts(int(name[1:]), count, _partitions_of(night))
    return pl.concat([*(_positions_of(night, place) for place in places), *([moved[name]] if name in moved else [])])


def moved_since(book: Book, manifest: Manifest, night: Path) -> dict[str, pl.DataFrame]:
    """By partition the earlier positions of loans that lay elsewhere then: a loan moves where its borrower is corrected, or comes
    to share a loan with another.
    """
    then, names = _partitions_of(night), list(manifest.partitions)

    def loans_of(name: str) -> pl.DataFrame:
        return store.read_columns(store.partition_path(book, manifest, "loans", name), ["loan_id"])

    left = []
    for place in range(then):
        here = pl.concat([loans_of(names[now]) for now in _counterparts(place, then, len(names))])
        left.append(_positions_of(night, place).join(here, on="loan_id", how="anti"))
    away = pl.concat(left)
    found = {name: away.join(loans_of(name), on="loan_id", how="semi") for name in names} if len(away) else {}
    return {name: rows for name, rows in found.items() if len(rows)}


def _partitions_of(night: Path) -> int:
    """How many partitions the night's positions lie in; raises Refused where some are not there: their number is a power of two."""
    names = sorted(path.stem for path in (night / "positions").glob("p*.parquet"))
    if not names or len(names) & (len(names) - 1) or names != store.partition_names(len(names)):
        raise _gone(night)
    return len(names)


def _positions_of(night: Path, place: int) -> pl.DataFrame:
    return store.read_columns(night / "positions" / f"{store.partition_names(place + 1)[-1]}.parquet", THEN_COLUMNS)


def _counterparts(number: int, count: int, among: int) -> list[int]:
    """Where the loans of partition `number` of `count` lie among so many partitions.

    A partition is a hash modulo a power of two, so partition p of n lies in p modulo m of fewer m, and is spread over
    p, p + n, p + 2n … of more.
    """
    return [number % among] if among <= count else list(range(number, among, count))


def held_by(book: Book, earlier: list[date]) -> dict[str, str]:
    """Of the latest earlier night that shared cases out: its date, which sharing out of it holds (0 is the night's own), and the digest of that file.

    A sharing out that followed another run of that night, before it was done again, does not count.
    """
    for night in reversed(earlier):
        path, sharings = book.night(night) / f"{ASSIGNED}.parquet", store.sharings(book, night)
        rests_on = run_digest(book.night(night)) if sharings else None
        number = max((place for place, one in enumerate(sharings, start=1) if _rests_on(one) == rests_on), default=0)
        path = sharings[number - 1] if number else path
        if path.is_file():
            return {"night": night.isoformat(), "sharing": str(number), "digest": sha256(path.read_bytes()).hexdigest()}
    return {}


def _rests_on(sharing: Path) -> str | None:
    """The run of the night that a sharing out followed; None where nobody can say."""
    try:
        return json.loads(sharing.with_suffix(".json").read_text(encoding="utf-8"))["rests_on"]["night_run"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def held_file(book: Book, held: dict[str, str]) -> Path:
    """The file that `held_by` named. Raises Refused where it is gone or is not the one of then."""
    night, number = date.fromisoformat(held["night"]), int(held["sharing"])
    path = book.allocation / held["night"] / f"{number:04d}.parquet" if number else book.night(night) / f"{ASSIGNED}.parquet"
    if not path.is_file() or sha256(path.read_bytes()).hexdigest() != held["digest"]:
        raise Refused(f"{path}: who had which case before this night stood here; it is gone or was changed since: restore it from a backup of the book, or do the nights from {night} on again",
                      f"{path}：该夜批之前的持有情况记于此文件，现已缺失或被更改；请从账册备份恢复，或自 {night} 起重做夜批")
    return path
