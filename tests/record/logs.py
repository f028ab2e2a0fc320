"""Logs for tests: deterministic commitments, and every file of a log reckoned anew by the definitions."""

import base64
import json
from functools import cache
from hashlib import sha256
from pathlib import Path

from arrears.record.append import Log
from arrears.record.signing_key import SigningKey, make_key
from record import plain_tree

ORIGIN = "bank.example/record"
NOW = 1_793_325_600_000_000


def entry(number: int, order: str = "") -> bytes:
    """The commitment of that number in an order of things."""
    return sha256(f"{order}{number}".encode()).digest()


def entries(start: int, stop: int, order: str = "") -> bytes:
    return b"".join(entry(number, order) for number in range(start, stop))


def new_log(folder: Path) -> tuple[Log, SigningKey]:
    key = make_key(folder / "key", ORIGIN, NOW)
    return Log.create(folder / "log", key), key


def grown(folder: Path, *sizes: int) -> tuple[Log, SigningKey]:
    """A log with a checkpoint of each size."""
    log, key = new_log(folder)
    for size in sizes:
        log.extend(entries(log.size, size))
        log.publish()
    return log, key


@cache
def leaf(number: int) -> bytes:
    return sha256(b"\x00" + entry(number)).digest()


def hashes_of(size: int) -> list[list[bytes]]:
    """All hashes of a level over 256^L leaves each, by the level, for the tree of the first size entries."""
    levels = [[leaf(number) for number in range(size)]]
    while len(levels[-1]) >= 256:
        levels.append([plain_tree.root(levels[-1][at:at + 256]) for at in range(0, len(levels[-1]) - 255, 256)])
    return levels


def root_of(size: int) -> bytes:
    peaks = plain_tree.Peaks()
    for number in range(size):
        peaks.add(leaf(number))
    return peaks.root()


def name_of(number: int) -> str:
    """The digits of a tile's number as a path, below a million."""
    return f"{number:03d}" if number < 1000 else f"x{number // 1000:03d}/{number % 1000:03d}"


def files_of(size: int) -> dict[str, bytes]:
    """Every tile that a log of that size needs, by its path, with its bytes; those of whole tiles and of the right edge."""
    found = {}
    for level, hashes in enumerate(hashes_of(size)):
        for at in range(0, len(hashes), 256):
            tile = hashes[at:at + 256]
            tail = "" if len(tile) == 256 else f".p/{len(tile)}"
            found[f"tile/{level}/{name_of(at // 256)}{tail}"] = b"".join(tile)
            if level == 0:
                found[f"tile/entries/{name_of(at // 256)}{tail}"] = b"".join(b"\x00\x20" + entry(number) for number in range(at, at + len(tile)))
    return found


def tiles_in(folder: Path) -> dict[str, bytes]:
    """Every file under tile/, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in (folder / "tile").rglob("*") if path.is_file()}


def notes_in(folder: Path) -> list[tuple[str, int, bytes]]:
    """Origin, size and root of every line of the history, read without the code under test."""
    found = []
    for line in (folder / "checkpoints").read_text(encoding="utf-8").split("\n")[:-1]:
        origin, size, root = json.loads(line).split("\n")[:3]
        found.append((origin, int(size), base64.b64decode(root)))
    return found
