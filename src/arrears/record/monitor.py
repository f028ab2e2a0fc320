"""The record watched: its tiles read again a piece a round, its history followed, its backlog, clock and witnesses looked at; what is wrong is told once, and what can still be proven.

Nothing here mends: a monitor that mended would hide what it found. `arrears record mend` does.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from arrears import store
from arrears.days import moment_of
from arrears.record.history import Keys, read_keys, read_line
from arrears.record.limits import Limits
from arrears.record.monitor_words import (
    backlog_words,
    checkpoint_words,
    clock_words,
    damage_words,
    history_words,
    keys_words,
    silent_words,
    stray_words,
)
from arrears.record.notes import Checkpoint, read_checkpoint, read_note
from arrears.record.places import Places
from arrears.record.rereading import Reading, strays, tile_after, tiles_of, width_of
from arrears.record.settings import Witness
from arrears.refusal import Refused

_SECOND, _MINUTE, _HOUR = 1_000_000, 60_000_000, 3_600_000_000
_HISTORY_A_ROUND = 256
_CLOCK_MICROSECONDS = 5 * _SECOND
"""So far back may a clock be set that is kept right by small steps."""
_AHEAD_MICROSECONDS = 10 * _MINUTE
"""So far may a witness's clock be ahead of ours."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. key: which, the same as long as it stands; kind: tile, checkpoint, history, stray, backlog, clock, witness, fork; the sentences in both languages, and what can still be proven."""

    key: str
    kind: str
    en: str
    zh: str
    provable_en: str
    provable_zh: str


@dataclass(frozen=True)
class Waiting:
    """What the database holds that is not yet in the log. since: the moment of the oldest, microseconds UTC; None where nothing waits."""

    count: int = 0
    since: int | None = None


@dataclass(frozen=True)
class Place:
    """How far the monitor is: the next tile to read; where the last line it read of the history begins, its digest, and the size before it; seen_at: the latest moment at which it looked; size and root (hex): of the newest checkpoint it saw; vkey: of the log's first key.

    rounds: how often it has been through all tiles; swept_at: when last. asked: since when each witness has been asked without an answer ever."""

    level: int = 0
    number: int = 0
    history: int = 0
    history_size: int = 0
    history_line: str = ""
    seen_at: int = 0
    size: int = 0
    root: str = ""
    vkey: str = ""
    rounds: int = 0
    swept_at: int | None = None
    asked: dict[str, int] | None = None


@dataclass(frozen=True)
class Looked:
    """A round that ended. raised and cleared: what is new and what is mended since the round before; standing: all that is wrong now; tiles: how many were read."""

    raised: tuple[Finding, ...]
    cleared: tuple[Finding, ...]
    standing: tuple[Finding, ...]
    place: Place
    tiles: int


def look(places: Places, now: int, limits: Limits, waiting: Waiting, *, witnesses: Iterable[Witness] = (), reported: Iterable[Finding] = (), settled: Iterable[str] = (), whole: bool = False) -> Looked:
    """One round: the next tiles_a_round tiles and every one known as damaged, the next piece of the history, checkpoint, backlog, clock and witnesses; alerts are written, the place is kept.

    witnesses: who should cosign. reported: findings of others, such as a witness's refusal; settled: keys of such that are over. whole: all tiles and the whole history. now: microseconds UTC. Raises Refused or OSError where nothing can be kept.
    """
    was, place = standing(places), read_place(places)
    found: dict[str, Finding] = {one.key: one for one in reported}
    looked: set[str] = set(settled) | set(found)
    _look_at_clock(places, place, now, found, looked)
    _look_at_backlog(limits, waiting, now, found, looked)
    keys, place = _keys(places, place, found, looked)
    seen, count = _checkpoint(places, place, keys, found, looked), 0
    before = place
    if seen is not None and seen.size:
        place, count = _look_at_tiles(places, keys, seen, replace(place, history=0, history_size=0, history_line="") if whole else place, now, limits, was, found, looked, whole)
        place = _look_at_witnesses(places, place, seen, now, limits, tuple(witnesses), found, looked)
        place = replace(place, size=seen.size, root=seen.root.hex()) if "checkpoint" not in found else place
    _look_at_strays(places, before, seen.size if seen is not None else 0, count, was, found, looked, whole)
    place = replace(place, seen_at=max(place.seen_at, now))
    raised = tuple(one for key, one in found.items() if key not in was or (one.kind == "tile" and one.provable_en != was[key].provable_en))
    cleared = tuple(one for key, one in was.items() if key in looked and key not in found)
    _write_alerts(places, raised, cleared, now)
    store.write_record(_place_file(places), asdict(place))
    gone = {one.key for one in cleared}
    return Looked(raised, cleared, tuple(one for key, one in {**was, **found}.items() if key not in gone), place, count)


def standing(places: Places) -> dict[str, Finding]:
    """What was raised and not cleared, by key, as the alerts say; a line that a killed process left half is none."""
    found: dict[str, Finding] = {}
    if not places.alerts.exists():
        return found
    for line in places.alerts.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            said = json.loads(line)
            finding = Finding(*(said[name] for name in Finding.__dataclass_fields__))
        except (ValueError, KeyError, TypeError):
            continue
        if said.get("state") == "raised":
            found[finding.key] = finding
        else:
            found.pop(finding.key, None)
    return found


def read_place(places: Places) -> Place:
    """How far the monitor is; the beginning where it never looked or its file is damaged."""
    try:
        return Place(**json.loads(_place_file(places).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Place()


def tell(places: Places, raised: Iterable[Finding], now: int) -> tuple[Finding, ...]:
    """The findings stand in the alerts, each once; those that are new."""
    was = standing(places)
    new = tuple(one for one in raised if one.key not in was)
    _write_alerts(places, new, (), now)
    return new


def last_cosignatures(places: Places, witnesses: Iterable[Witness]) -> dict[str, tuple[int, int]]:
    """Of each witness its newest cosignature in the history: size and moment (microseconds UTC), as it says; its bytes are checked by `arrears record verify`, not here."""
    ids = {(key.name, key.key_id): one.name for one in witnesses for key in one.keys}
    found: dict[str, tuple[int, int]] = {}
    if not ids:
        return found
    for text in _notes(places.log / "checkpoints", tail=1 << 20):
        seen = _parsed(text)
        for one in read_note(text).signatures if seen else ():
            name = ids.get((one.name, one.key_id))
            if name and len(one.signature) >= 72 and seen.size >= found.get(name, (0, 0))[0]:
                found[name] = (seen.size, int.from_bytes(one.signature[:8], "big") * _SECOND)
    return found


def _look_at_clock(places: Places, place: Place, now: int, found: dict, looked: set) -> None:
    looked.add("clock")
    if now < place.seen_at - _CLOCK_MICROSECONDS:
        found["clock"] = Finding("clock", "clock", *clock_words(now, place.seen_at))


def _look_at_backlog(limits: Limits, waiting: Waiting, now: int, found: dict, looked: set) -> None:
    looked.add("backlog")
    if waiting.count and waiting.since is not None and now - waiting.since > limits.backlog_minutes * _MINUTE:
        found["backlog"] = Finding("backlog", "backlog", *backlog_words(waiting.count, waiting.since, limits.backlog_minutes))


def _checkpoint(places: Places, place: Place, keys: Keys | None, found: dict, looked: set) -> Checkpoint | None:
    """The newest checkpoint, signed by the log's key and following the one seen before; else None or a finding."""
    looked.add("checkpoint")
    try:
        text = (places.log / "checkpoint").read_text(encoding="utf-8")
    except FileNotFoundError:
        if place.size or (places.log / "checkpoints").exists():
            found["checkpoint"] = Finding("checkpoint", "checkpoint", *checkpoint_words("missing", place.size, 0))
        return None
    except (OSError, UnicodeDecodeError):
        found["checkpoint"] = Finding("checkpoint", "checkpoint", *checkpoint_words("unreadable", place.size, 0))
        return None
    seen = _parsed(text)
    if seen is None or (keys is not None and not keys.have_signed(seen)):
        found["checkpoint"] = Finding("checkpoint", "checkpoint", *checkpoint_words("unsigned", place.size, 0))
        return None
    if seen.size < place.size or (seen.size == place.size and place.root and seen.root.hex() != place.root):
        found["checkpoint"] = Finding("checkpoint", "checkpoint", *checkpoint_words("older" if seen.size < place.size else "other", place.size, seen.size))
    elif place.size and (reading := Reading(places.log, seen.size, seen.root)).is_another(place.size, bytes.fromhex(place.root)):
        found["checkpoint"] = Finding("checkpoint", "checkpoint", *checkpoint_words("rewritten", place.size, seen.size))
    elif place.size:
        found |= _damaged(reading)
    return seen


def _look_at_tiles(places: Places, keys: Keys | None, seen: Checkpoint, place: Place, now: int, limits: Limits, was: dict, found: dict, looked: set, whole: bool) -> tuple[Place, int]:
    """The next tiles and the next piece of history; a folder that grew meanwhile is looked at once more where something seemed wrong."""
    for _ in range(3):
        reading = Reading(places.log, seen.size, seen.root)
        later, again, count = _reread(reading, place, now, limits, was, whole)
        later, history = _follow(places, keys, reading, later, whole)
        problems = _damaged(reading)
        if reading.root_at(seen.size) not in (None, seen.root) and not problems:
            problems["root"] = Finding("root", "checkpoint", *checkpoint_words("root", place.size, seen.size))
        newest = _parsed((places.log / "checkpoint").read_text(encoding="utf-8")) if problems or history else seen
        if newest is None or newest.size == seen.size:
            break
        seen = newest
    found |= problems
    looked |= again | {"root", "history"}
    if history is not None:
        found["history"] = history  # the place stays before it, so the next round looks at it again
    return later, count


def _damaged(reading: Reading) -> dict[str, Finding]:
    """A finding for each damaged file; whether the other one, of the same entries, is damaged too makes what can be proven another."""
    return {key: Finding(key, "tile", *damage_words(damage, damage.level <= 0 and f"tile:{-1 - damage.level}:{damage.number}" in reading.damages)) for key, damage in reading.damages.items()}


def _look_at_strays(places: Places, before: Place, size: int, count: int, was: dict, found: dict, looked: set, whole: bool) -> None:
    """What lies in the log's folder and is no part of it: at its top, and beside the tiles of this round; what was found stands until it is gone."""
    known = [key.removeprefix("stray:") for key in was if key.startswith("stray:")]
    looked |= {f"stray:{path}" for path in known}
    tiles, at = [], (before.level, before.number) if width_of(before.level, before.number, size) else (0, 0)
    for _ in range(0 if whole else count):
        tiles.append(at)
        at = tile_after(*at, size)
    there = strays(places.log, None if whole else tiles) + [path for path in known if os.path.lexists(places.log / path)]
    found |= {f"stray:{path}": Finding(f"stray:{path}", "stray", *stray_words(path)) for path in there}


def _reread(reading: Reading, place: Place, now: int, limits: Limits, was: dict, whole: bool) -> tuple[Place, set[str], int]:
    """The tiles of this round: what is known as damaged, the last of each level, the next in order. The place after, the keys of what was looked at, how many."""
    looked: set[str] = {key for key in was if key.startswith("tile:")}
    again = {tuple(map(int, key.split(":")[1:3])) for key in looked}
    for key in looked:
        if key.count(":") == 3:
            reading.look_at_partial(*map(int, key.split(":")[1:]))
    for level, number in sorted((max(level, 0), number) for level, number in again):
        if width_of(level, number, reading.size):
            reading.look(level, number)
            for under in (level - 1,) if level > 0 else ():
                for child in range(number * 256, number * 256 + width_of(level, number, reading.size)):
                    reading.look(under, child)
    if reading.root_at(reading.size) != reading.root:
        for level in range(8):
            last = (reading.size >> (8 * level)) // 256
            if width_of(level, last, reading.size):
                reading.look(level, last)
    level, number, rounds, swept_at = place.level, place.number, place.rounds, place.swept_at
    if whole or not width_of(level, number, reading.size):
        level, number = 0, 0
    every = tiles_of(reading.size)
    count = every if whole else min(limits.tiles_a_round, every)
    for _ in range(count):
        reading.look(level, number)
        looked |= {f"tile:{level}:{number}"} | ({f"tile:-1:{number}"} if level == 0 else set())
        level, number = tile_after(level, number, reading.size)
        if (level, number) == (0, 0):
            rounds, swept_at = rounds + 1, now
    return replace(place, level=level, number=number, rounds=rounds, swept_at=swept_at), looked, count


def _follow(places: Places, keys: Keys | None, reading: Reading, place: Place, whole: bool) -> tuple[Place, Finding | None]:
    """The next piece of the history: every checkpoint is signed, none smaller than the one before, each root is that of the tiles; the place after, and the first that is not so."""
    path, count = places.log / "checkpoints", 0
    try:
        with path.open("rb") as file:
            start, last = _from_where(file, place)
            for line in file:
                seen = _parsed(_decoded(line))
                if not line.endswith(b"\n") and last >= reading.size:
                    break  # the rest of an interrupted writing, behind the newest checkpoint
                if (fault := _fault_of(seen if line.endswith(b"\n") else None, last, keys, reading)) is not None:
                    return place, fault
                if count == _HISTORY_A_ROUND and not whole:
                    return replace(place, history=start, history_size=last, history_line=sha256(line).hexdigest()), None
                start, last, count = start + len(line), seen.size, count + 1
    except FileNotFoundError:
        return place, _history_finding("missing", 0, 0)
    if last < reading.size:
        return place, _history_finding("short", reading.size, last)
    return replace(place, history=0, history_size=0, history_line=""), None


def _from_where(file, place: Place) -> tuple[int, int]:
    """The byte to go on from and the size before it: where the place is, if the very line still begins there, since cosignatures that came late are put in between; else the beginning."""
    if place.history:
        file.seek(place.history)
        if sha256(file.readline()).hexdigest() == place.history_line:
            file.seek(place.history)
            return place.history, place.history_size
    file.seek(0)
    return 0, 0


def _fault_of(seen: Checkpoint | None, last: int, keys: Keys | None, reading: Reading) -> Finding | None:
    """What is wrong with one checkpoint of the history, which follows one of size last."""
    if seen is None:
        return _history_finding("line", last, last)
    if keys is not None and not keys.have_signed(seen):
        return _history_finding("unsigned", seen.size, last)
    if seen.size < last:
        return _history_finding("falls", seen.size, last)
    if seen.size <= reading.size and reading.is_another(seen.size, seen.root):
        return _history_finding("root", seen.size, last)
    if seen.size <= reading.size:
        reading.look_at_partials(seen.size)
    return None


def _history_finding(*words) -> Finding:
    return Finding("history", "history", *history_words(*words))


def _look_at_witnesses(places: Places, place: Place, seen: Checkpoint, now: int, limits: Limits, witnesses: tuple[Witness, ...], found: dict, looked: set) -> Place:
    """Every witness of the settings has cosigned lately, or has nothing new to cosign; none says a moment that has not come."""
    last, asked = last_cosignatures(places, witnesses), dict(place.asked or {})
    for one in witnesses:
        looked |= {f"witness:{one.name}", f"ahead:{one.name}"}
        size, at = last.get(one.name, (0, None))
        since = asked.setdefault(one.name, now) if at is None else at
        if size < seen.size and now - since > limits.witness_hours * _HOUR:
            found[f"witness:{one.name}"] = Finding(f"witness:{one.name}", "witness", *silent_words(one.name, size, seen.size, at))
        if at is not None and at > now + _AHEAD_MICROSECONDS:
            found[f"ahead:{one.name}"] = Finding(f"ahead:{one.name}", "clock", *clock_words(now, at, one.name))
    known = {one.name for one in witnesses}
    return replace(place, asked={name: at for name, at in asked.items() if name in known})


def _keys(places: Places, place: Place, found: dict, looked: set) -> tuple[Keys | None, Place]:
    """The keys that the log's folder names, each signed in by the one before it; a finding where one is not, or where the first is another than it was."""
    looked.add("keys")
    try:
        keys = read_keys(places.log)
    except (OSError, Refused):
        keys = None
    if keys is not None and place.vkey in ("", keys.keys[0][1].vkey):
        return keys, replace(place, vkey=keys.keys[0][1].vkey)
    if keys is not None or place.size or (places.log / "checkpoint").exists():
        found["keys"] = Finding("keys", "checkpoint", *keys_words(place.vkey))
    return keys, place


def _parsed(text: str | None) -> Checkpoint | None:
    """The checkpoint of a note's text; None where it is none."""
    try:
        return None if text is None else read_checkpoint(text)
    except Refused:
        return None


def _decoded(line: bytes) -> str | None:
    try:
        return read_line(line.removesuffix(b"\n"))
    except ValueError:
        return None


def _notes(path: Path, tail: int) -> list[str]:
    """The notes of the last so many bytes of the history, whole lines only."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        start = max(0, os.fstat(file.fileno()).st_size - tail)
        file.seek(start)
        lines = file.read().splitlines(keepends=True)
    return [text for line in (lines[1:] if start else lines) if (text := _decoded(line)) is not None]


def _place_file(places: Places) -> Path:
    return places.alerts.with_name("monitor.json")


def _write_alerts(places: Places, raised: Iterable[Finding], cleared: Iterable[Finding], now: int) -> None:
    """A line for each, on the disk before anything else is done."""
    at = f"{moment_of(now):%Y-%m-%dT%H:%M:%S.%fZ}"
    lines = [json.dumps({"at": at, "state": state, **asdict(one)}, ensure_ascii=False) for state, several in (("raised", raised), ("cleared", cleared)) for one in several]
    if not lines:
        return
    places.alerts.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(places.alerts, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = os.fstat(handle).st_size
        torn = end and os.pread(handle, 1, end - 1) != b"\n"
        os.write(handle, (("\n" if torn else "") + "\n".join(lines) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
