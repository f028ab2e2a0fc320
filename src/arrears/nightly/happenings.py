"""What the decision plane did, for the record: nights, loads, releases of models and strategies, law first used, cases shared out.

Read from the book alone, the same sources whenever it is read. Nobody is named: who released or approved something stands in the file of which the digest is
told. Times of the book become microseconds UTC.
"""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785

from arrears import registry, store, strategy_register
from arrears.days import microseconds_of, moment_of
from arrears.nightly.earlier_nights import superseded_nights
from arrears.nightly.inputs import kept_inputs
from arrears.nightly.night_record import NightRecord, digests_of, night_told, read_night_record
from arrears.record.happening import Happening
from arrears.refusal import Refused
from arrears.store import Book

_COUNTS = ("read", "rows", "changed", "new", "unchanged", "twice", "vanished", "quarantined")


def happenings(book: Book, known: Collection[str] = ()) -> list[Happening]:
    """Everything that happened in the book, by moment and then by source; without the sources that are known already, whose files are then not read anew.

    Raises Refused where a file that says what happened is damaged: what cannot be read is not passed over.
    """
    found = [*_nights(book, known), *_loads(book), *_model_releases(book), *_strategy_releases(book), *_sharings(book)]
    once = {one.source: one for one in found if one.source not in known}  # a night done anew on the same inputs is the same night
    return sorted(once.values(), key=lambda one: (one.at, one.source))


def _digest(content: Any) -> str:
    """SHA-256 of the content as canonical JSON."""
    return sha256(rfc8785.dumps(content)).hexdigest()


def _moment(text: str) -> int:
    """Microseconds of a moment as the book's files have it; one without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return microseconds_of(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _told(microseconds: int) -> str:
    return moment_of(microseconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _nights(book: Book, known: Collection[str]) -> list[Happening]:
    """Each finished night, those that were done anew since among them; and each pack of law, policy or lender.yaml at the night that first used it."""
    found, laws = [], {}
    for folder in (*superseded_nights(book), *map(book.night, book.night_dates())):
        record = read_night_record(folder)
        told = _night_told(folder) if record is None else record.night
        at = _moment(told["known_at"])
        found += [_night(record, at)] if record is not None else _night_without_record(folder, told, at, known)
        for name, files in _packs(told).items():
            digest = _digest(files)
            if at < laws.get((name, digest), (at + 1,))[0]:
                laws[name, digest] = at, files
    return [*found, *(Happening(f"law_pack/{name}/{digest}", "law_pack", at, {"pack": name, "digest": digest, "files": files})
                      for (name, digest), (at, files) in laws.items())]


def _night(record: NightRecord, at: int) -> Happening:
    return Happening(f"night/{record.night['as_of']}/{record.digest}", "night", at, {
        **_inputs(record.night), "record_digest": record.digest, "files": len(record.files), "rows": {"root": record.root, "size": record.size}})


def _night_without_record(folder: Path, told: dict, at: int, known: Collection[str]) -> list[Happening]:
    """A night done by a version that kept no record: the digests of its files, and that no row of it can be proven."""
    source = f"night/{told['as_of']}/run-{store.digest_of_file(folder / 'run.json')}"
    if source in known:
        return []
    return [Happening(source, "night", at, {**_inputs(told), "record_digest": None, "files": digests_of(folder), "rows": None})]


def _inputs(told: dict) -> dict:
    """What the night was done on, without the law's files one by one: a happening of their own tells them."""
    return {**{name: value for name, value in told.items() if name != "law"}, "known_at": _told(_moment(told["known_at"])), "loads": list(told["loads"])}


def _night_told(folder: Path) -> dict:
    """What a night without a record was done on. Raises Refused where nobody can say."""
    inputs = kept_inputs(folder)
    if inputs is None:
        raise Refused(f"{folder / 'run.json'}: missing or not readable, so nobody can say what this night was done on, and it cannot be recorded; restore it from a backup of the book",
                      f"{folder / 'run.json'}：缺失或无法读取，无从得知该夜批的输入，无法记录；请从账册备份恢复")
    return night_told(inputs)


def _packs(told: dict) -> dict[str, dict[str, str]]:
    """The files of each pack with their digests, by the pack's name: cn, policy, …; and lender.yaml, where there was one."""
    packs: dict[str, dict[str, str]] = {}
    for name, digest in told["law"].items():
        packs.setdefault(name.split("/")[0], {})[name] = digest
    if told["lender_digest"] != sha256(b"").hexdigest():
        packs["lender"] = {"lender.yaml": told["lender_digest"]}
    return packs


def _loads(book: Book) -> list[Happening]:
    """Each load of the ledger, and each that was taken back, with the counts of its rows and the digests of what it read and kept."""
    found = []
    for load in store.read_ledger(book).loads:
        source = f"load/{load['id']}/{load['moment']}"
        tables = {name: {**{key: about[key] for key in _COUNTS if key in about}, "files": dict(sorted(about.get("files", {}).items()))}
                  for name, about in sorted(load["tables"].items())}
        found.append(Happening(source, "load", load["moment"], {
            "load": load["id"], "action": "load", "mode": load["mode"], "mapping_digest": load["mapping_digest"],
            "sources": [{"source": one["source"], "digest": one["digest"], "records": one.get("records")} for one in load["sources"]],
            "tables": tables, "records": load["records"], "quarantined": load["quarantined"], "kept": dict(sorted(load.get("kept", {}).items())),
        }))
        if load["taken_back_at"] is not None:
            found.append(Happening(f"{source}/taken_back", "load", _moment(load["taken_back_at"]), {"load": load["id"], "action": "taken_back"}))
    return found


def _model_releases(book: Book) -> list[Happening]:
    """Each release of a model and each return to an earlier one."""
    return [Happening(f"release_model/{number}/{digest}", "release_model", _moment(one.at), {
        "number": number, "action": one.action, "model": one.name, "version": one.version, "digest": one.digest, "entry_digest": digest})
        for number, one in enumerate(registry.releases(book), start=1) for digest in [_digest(one.__dict__)]]


def _strategy_releases(book: Book) -> list[Happening]:
    """Each approval of a version of the strategy and each return to an earlier one, with the first night from which it holds."""
    found = []
    for number, one in enumerate(strategy_register.entries_of(book), start=1):
        entry = {**one.__dict__, "from_on": one.from_on.isoformat()}
        digest = _digest(entry)
        found.append(Happening(f"release_strategy/{number}/{digest}", "release_strategy", _moment(one.at), {
            "number": number, "action": one.action, "version": one.version, "digest": one.digest, "from_on": entry["from_on"], "entry_digest": digest}))
    return found


def _sharings(book: Book) -> list[Happening]:
    """Each sharing out of cases after a night's own: its file's digest, what it rests on, and how many moved."""
    found = []
    for folder in sorted(path for path in book.allocation.iterdir() if path.is_dir()) if book.allocation.is_dir() else []:
        for path in sorted(folder.glob("[0-9]*.json")):
            content = path.read_bytes()
            try:
                told = json.loads(content)
                digest, at = sha256(content).hexdigest(), _moment(told["at"])
                found.append(Happening(f"sharing/{told['night']}/{told['number']}/{digest}", "night", at, {
                    "as_of": told["night"], "sharing": told["number"], "moved": told["moved"], "by_minutes": told["by_minutes"], "digest": told["digest"],
                    "roster_digest": told["roster_digest"], "rests_on": told["rests_on"], "record_digest": digest}))
            except (ValueError, KeyError, TypeError):
                raise Refused(f"{path}: not readable, so nobody can say how cases were shared out, and it cannot be recorded; restore it from a backup of the book",
                              f"{path}：无法读取，无从得知如何分案，无法记录；请从账册备份恢复") from None
    return found
