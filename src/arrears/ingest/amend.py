"""Records that waited in quarantine come back corrected: a load of their own, each under the mapping it was first read by."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from time import monotonic

import polars as pl

from arrears import store
from arrears.ingest.came_back import CameBack, Origins, origins_of
from arrears.ingest.expressions import kept
from arrears.ingest.loads import Loaded, Part, Terms, load_parts
from arrears.ingest.mapped import SourceMap
from arrears.ingest.mapping import Mapping, read_mapping
from arrears.ingest.own_cells import as_json
from arrears.ingest.pseudonyms import opened, passing
from arrears.ingest.quarantine import Loads, all_records, came_back
from arrears.ingest.set_rules import SNAPSHOT_PART
from arrears.ingest.stage import Staged
from arrears.ingest.take_back import Corrected, corrected
from arrears.locks import locked
from arrears.refusal import Refused
from arrears.store import Book, Ledger

_Record = tuple[int, int]
_SAID_MAX = 20


@dataclass(frozen=True)
class Amended:
    """What became of a file of corrected records: the load they are, if any waited, and what is to be said of the others."""

    loaded: Loaded | None
    said: list[tuple[str, str]]


@dataclass
class _Waiting:
    """The records that come back, by the load and source under which they wait, and what is said of those that do not."""

    parts: list[tuple[int, str, Corrected]] = field(default_factory=list)
    again: int = 0
    known: int = 0
    changed: list[tuple[str, str]] = field(default_factory=list)


def quarantined_loads(book: Book) -> Loads:
    """The loads in force with the folders that hold their quarantine, oldest first. Raises Refused where it was damaged."""
    ledger = store.read_ledger(book)
    store.verify_kept_files(book, ledger)
    return [(load["id"], book.load_folder(load["id"])) for load in ledger.in_force()]


def corrections_of(book: Book, number: int) -> list[int]:
    """The loads in force that hold corrected records of that load, or corrected ones of those."""
    ledger, found = store.read_ledger(book), {number}
    for load in ledger.loads:
        if not found.isdisjoint(load["corrects"] or []):
            found.add(load["id"])
    return [load["id"] for load in ledger.in_force() if load["id"] in found - {number}]


def take_corrections(book: Book, path: Path, key: Path | None, now: int, report=lambda text, done, of: None, *, vault_key: Path | None = None) -> Amended:
    """The corrected records become one load; what is still wrong waits again.

    All of them are judged together, whichever loads and mappings they waited under, since they may need each other. Raises
    Refused where the file is none that quarantine wrote; nothing is changed then. `vault_key` names the vault's public key where it
    does not lie in the book.
    """
    begun = monotonic()
    if not store.read_ledger(book).loads:
        corrected(path, [])  # no record waits, so it is refused in words, before a lock makes a folder
    with locked(book, "loads", alone=True):
        ledger = store.read_ledger(book)
        store.verify_kept_files(book, ledger)
        readers = _Readers(book, ledger, key)
        waiting = _sorted_out(path, readers)
        loaded = None
        if waiting.parts:
            parts = _parts(waiting, readers)
            loaded = load_parts(book, ledger, parts, Terms(threshold=Decimal(1), key=key, vault_key=vault_key), now, report, begun,
                                resolved=lambda staged: _resolved(staged, parts), corrects=sorted({load for load, _, _ in waiting.parts}))
    return Amended(loaded, _said(waiting))


class _Readers:
    """How the records of each load were read: its mapping and mode. Read once each."""

    def __init__(self, book: Book, ledger: Ledger, key: Path | None):
        every = [(load["id"], book.load_folder(load["id"])) for load in ledger.loads]
        self.loads: Loads = [(load["id"], book.load_folder(load["id"])) for load in ledger.in_force()]
        self.origins: Origins = origins_of(every, self.loads, ledger.loads)
        self._book, self._entries = book, {load["id"]: load for load in ledger.loads}
        self._mappings: dict[int, Mapping] = {}
        self._hashes = None
        self._key, self._fingerprint = key, ledger.key

    def mapping(self, load: int) -> Mapping:
        if load not in self._mappings:
            self._mappings[load] = _without_controls(read_mapping(self._book.load_folder(load) / "mapping.yaml"))
        return self._mappings[load]

    def mode(self, load: int) -> str:
        mode = self._entries[load]["mode"]
        return SNAPSHOT_PART if mode == "snapshot" else mode

    def told(self, load: int, source: str, part: Corrected) -> list[str]:
        """The cells of each record as they may be kept and shown."""
        found: list[str] = [""] * len(part.records)
        for first, places in _by([self.origins.file_of((load, record))[0] for record in part.records]).items():
            for place, text in zip(places, as_json(part.cells[places], source, self.mapping(first), self._pseudonyms(first)), strict=True):
                found[place] = text
        return found

    def _pseudonyms(self, load: int):
        if not self.mapping(load).hashed or self._fingerprint is None:
            return passing()
        if self._hashes is None:
            self._hashes = opened(self._book.root, self._key, self._fingerprint)[0]
        return self._hashes


def _sorted_out(path: Path, readers: _Readers) -> _Waiting:
    """What of the file waits; a record that came back before does only where it waits again and was corrected anew."""
    came, answers = corrected(path, readers.loads), came_back(readers.loads).sort("by")
    waiting = _Waiting([(load, source, part) for (load, source), part in came.parts.items()])
    after = {(row["load"], row["record"]): row for row in answers.iter_rows(named=True)}
    known = {(row["load"], row["record"]): row for row in all_records(readers.loads).iter_rows(named=True)}
    named = {(load, record) for load, _, part in waiting.parts for record in part.records}
    for (load, source), part in came.before.items():
        anew: dict[int, list[tuple[int, int]]] = {}
        for place, (record, now) in enumerate(zip(part.records, readers.told(load, source, part), strict=True)):
            last = after[load, record]
            while (last["by"], last["became"]) in after:
                last = after[last["by"], last["became"]]
            follower = last["by"], last["became"]
            is_known = last["became"] is None and last["cells"] is None  # the book says it: see standing.py
            if _same(last["cells"] or known[load, record]["cells"], now):
                waiting.known += is_known
                waiting.again += not is_known
            elif is_known:
                anew.setdefault(load, []).append((place, record))
            elif follower in known:
                _refuse_both(path, (load, record), follower, named)
                anew.setdefault(follower[0], []).append((place, follower[1]))
            else:
                waiting.changed.append(_changed(load, record, part.files[place], part.lines[place], last, now))
        for number, pairs in anew.items():
            places = [place for place, _ in pairs]
            waiting.parts.append((number, source, Corrected(part.cells[places], pl.Series([record for _, record in pairs], dtype=pl.Int64),
                                                            part.files[places], part.lines[places])))
    return waiting


def _same(before: str, now: str) -> bool:
    one, other = ({name: cell for name, cell in json.loads(text).items() if cell is not None} for text in (before, now))
    return one == other


def _changed(load: int, record: int, file: str, line: int | None, last: dict, now: str) -> tuple[str, str]:
    before, after = json.loads(last["cells"]), json.loads(now)
    names = [name for name in after if after[name] != before.get(name)]
    listed = "; ".join(f"{name}: {_cell(before.get(name))} → {_cell(after[name])}" for name in names)
    return (
        f"{file}, line {line} (record {record} of load {load}): came back with load {last['by']}, and its cells are others now ({listed}); that "
        "was not taken, since the record is dealt with: to change what the book says, load it by arrears ingest --mode correction",
        f"{file} 第 {line} 行（装载 {load} 的记录 {record}）：已随第 {last['by']} 次装载收回，而现在内容不同（{listed}）；未采用，因为该记录已处理："
        "如需更改账册，请用 arrears ingest --mode correction 装载",
    )


def _cell(text: str | None) -> str:
    return "–" if text is None else f'"{text[:60]}"'


def _refuse_both(path: Path, before: _Record, after: _Record, named: set[_Record]) -> None:
    if after in named:
        raise Refused(
            f"{path}: record {before[1]} of load {before[0]} came back and waits again as record {after[1]} of load {after[0]}; both stand in "
            "the file with other cells, and nobody knows which one is right; keep the later one",
            f"{path}：装载 {before[0]} 的记录 {before[1]} 收回后又作为装载 {after[0]} 的记录 {after[1]} 等待；文件中两者都在且内容不同，无法判断以哪个为准；请保留后者",
        )


def _said(waiting: _Waiting) -> list[tuple[str, str]]:
    said = []
    if waiting.again:
        said.append((f"{waiting.again:,} of its records had come back before.", f"{waiting.again:,} 条记录此前已收回"))
    if waiting.known:
        said.append((f"{waiting.known:,} of its records the book has by now, as they are.", f"{waiting.known:,} 条记录账册中已有相同内容"))
    said += waiting.changed[:_SAID_MAX]
    if (more := len(waiting.changed) - _SAID_MAX) > 0:
        said.append((f"… and {more:,} more that came back before and are others now", f"……另有 {more:,} 条此前已收回而现在内容不同"))
    return said


def _by(keys: list) -> dict:
    """The places at which each key stands."""
    found: dict = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return found


def _parts(waiting: _Waiting, readers: _Readers) -> list[Part]:
    """One part for each mapping and mode; in it one source for each file that the records were first read from."""
    origins = readers.origins
    files: dict[tuple[_Record, str, str], list[tuple[pl.DataFrame, pl.Series, list[_Record]]]] = {}
    for load, source, part in waiting.parts:
        records = [(load, record) for record in part.records]
        for (file, name), places in _by([(origins.file_of(record), name) for record, name in zip(records, part.files, strict=True)]).items():
            files.setdefault((file, source, name), []).append((part.cells[places], part.lines[places], [records[place] for place in places]))
    parts: dict[tuple[str, str], Part] = {}
    for (file, source, name), pieces in sorted(files.items(), key=lambda entry: entry[0]):
        mapping, mode = readers.mapping(file[0]), readers.mode(file[0])
        part = parts.setdefault((mapping.digest, mode), Part(mapping, mode, []))
        cells = pl.concat([cells for cells, _, _ in pieces], how="diagonal")
        lines = pl.concat([lines for _, lines, _ in pieces])
        records = [record for _, _, records in pieces for record in records]
        part.pairs.append((_source_of(part.mapping, source), CameBack(name, cells, lines, records, origins.numbers(file))))
    return list(parts.values())


def _source_of(mapping: Mapping, source: str) -> SourceMap:
    found = next((one for one in mapping.sources if one.name == source), None)
    if found is None:
        raise Refused(f"the mapping of that load has no source {source}", f"该次装载的映射中没有来源 {source}")
    return found


def _resolved(staged: Staged, parts: list[Part]) -> pl.DataFrame:
    """What the new load keeps as resolved.parquet: which records came back, which ones they became, and their cells."""
    sources = [(part.mapping, source_map, source) for part in parts for source_map, source in part.pairs]
    frames = []
    for about, (mapping, source_map, source) in zip(staged.sources, sources, strict=True):
        chosen = kept(source_map, source.cells)
        frames.append(pl.DataFrame({
            "load": [load for load, _ in source.records], "record": [record for _, record in source.records],
            "became": (chosen.cast(pl.Int64).cum_sum() - 1 + about["first"]).set(~chosen, None),
            "cells": as_json(source.cells, source_map.name, mapping, staged.cells.pseudonyms),
        }))
    return pl.concat(frames)


def _without_controls(mapping: Mapping) -> Mapping:
    """The mapping without the lender's figures: they are of the whole file, not of the records that come back."""
    sources = tuple(SourceMap(**{**vars(one), "control_records": None, "control_sums": {}}) for one in mapping.sources)
    return Mapping(**{**vars(mapping), "sources": sources})
