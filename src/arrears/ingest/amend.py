"""Records that waited in quarantine come back corrected: a load of their own, under the mapping they were first read by."""

from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import polars as pl

from arrears import store
from arrears.ingest.batch import Batch
from arrears.ingest.loads import Loaded, Terms, ingest
from arrears.ingest.mapped import SourceMap
from arrears.ingest.mapping import Mapping, read_mapping
from arrears.ingest.quarantine import Loads
from arrears.ingest.set_rules import SNAPSHOT_PART
from arrears.ingest.take_back import Corrected, corrected
from arrears.refusal import Refused
from arrears.store import Book


class CameBack:
    """The corrected records of one file, as a source."""

    is_read_once = False

    def __init__(self, name: str, cells: pl.DataFrame, lines: pl.Series):
        self.name, self.columns, self.notes = name, cells.columns, []
        self._cells, self._lines = cells, lines
        self.digest = sha256(cells.write_csv().encode()).hexdigest()

    def batches(self, columns: list[str] | None = None) -> Iterator[Batch]:
        """All of them in one batch: they come from a workbook that a person edited."""
        yield Batch(self._cells.select(columns or self.columns), self._lines, [])


def quarantined_loads(book: Book) -> Loads:
    """The loads in force with the folders that hold their quarantine, oldest first."""
    return [(load["id"], book.load_folder(load["id"])) for load in store.read_ledger(book).in_force()]


def take_corrections(book: Book, path: Path, key: Path | None, now: int, report=lambda text, done, of: None) -> tuple[list[Loaded], int]:
    """The corrected records become a load; what is still wrong waits again. Also: how many had come back before.

    Records that were read by the same mapping in the same mode come back together, whichever loads they waited in, since
    they may need each other. Raises Refused where the file is none that quarantine wrote.
    """
    came = corrected(path, quarantined_loads(book))
    entries = {load["id"]: load for load in store.read_ledger(book).loads}
    together: dict[tuple[str, str], list[int]] = {}
    for number in sorted({load for load, _ in came.parts}):
        together.setdefault((entries[number]["mapping_digest"], entries[number]["mode"]), []).append(number)
    made = []
    for (_, mode), numbers in together.items():
        mapping = _without_controls(read_mapping(book.load_folder(numbers[0]) / "mapping.yaml"))
        parts = [(load, source, part) for (load, source), part in came.parts.items() if load in numbers]
        mine = pl.concat([pl.DataFrame({"load": pl.repeat(load, len(part.records), dtype=pl.Int64, eager=True), "record": part.records})
                          for load, _, part in parts])
        terms = Terms(SNAPSHOT_PART if mode == "snapshot" else mode, Decimal(1), key=key)
        made.append(ingest(book, _pairs(mapping, parts), mapping, terms, now, report, resolved=mine, corrects=numbers))
    return made, came.again


def _pairs(mapping: Mapping, parts: list[tuple[int, str, Corrected]]) -> list[tuple[SourceMap, CameBack]]:
    """One source for each mapping source and file name, the records of several loads after each other."""
    found: dict[tuple[str, str], list[tuple[pl.DataFrame, pl.Series]]] = {}
    for _, source, part in parts:
        for name in part.files.unique(maintain_order=True):
            mine = part.files == name
            found.setdefault((source, name), []).append((part.cells.filter(mine), part.lines.filter(mine)))
    pairs = []
    for (source, name), pieces in found.items():
        source_map = next((one for one in mapping.sources if one.name == source), None)
        if source_map is None:
            raise Refused(f"the mapping of that load has no source {source}", f"该次装载的映射中没有来源 {source}")
        cells = pl.concat([cells for cells, _ in pieces], how="diagonal")
        pairs.append((source_map, CameBack(name, cells, pl.concat([lines for _, lines in pieces]))))
    return pairs


def _without_controls(mapping: Mapping) -> Mapping:
    """The mapping without the lender's figures: they are of the whole file, not of the records that come back."""
    sources = tuple(SourceMap(**{**vars(one), "control_records": None, "control_sums": {}}) for one in mapping.sources)
    return Mapping(**{**vars(mapping), "sources": sources})
