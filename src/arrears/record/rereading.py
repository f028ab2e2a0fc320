"""The record's tiles read again and compared with each other and with the checkpoint: which file is damaged, where in it, and which entries it stands for.

Every byte that a checkpoint covers is held by two others: an entry by its leaf hash, a whole tile by one hash of the tile above it, the last tiles of all levels by the checkpoint's root.
Where two disagree, a third says which of them is wrong. Source: RFC 6962 section 2.1, RFC 9162 section 2.1; C2SP tlog-tiles.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from arrears.record.tiles import WIDTH, tile_path

_HASH = 32
_ENTRY = 34
_LENGTH = b"\x00\x20"
_FOLDERS = re.compile(r"tile|stamps|anchors|tile/(entries|[0-7])(/x[0-9]{3})*(/[0-9]{3}\.p)?")
_FILES = re.compile(r"checkpoint|checkpoints|keys|witnesses|lock|stamps/[0-9]+-[0-9a-f]{16}\.tsr|anchors/[0-9]+-[0-9a-f]{16}\.json|tile/(entries|[0-7])(/x[0-9]{3})*/[0-9]{3}(\.p/([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?")


@dataclass(frozen=True)
class Damage:
    """One file that is not what it should be. file: its path within the log folder; what: missing, short (of another length than it should be), changed, unreadable.

    level: of the tree, -1 for the entries themselves; number: the tile's; first and stop: the entries it stands for, half-open; at: which entries or hashes differ, at most five.
    """

    file: str
    what: str
    level: int
    number: int
    first: int
    stop: int
    at: tuple[int, ...] = ()


def width_of(level: int, number: int, size: int) -> int:
    """How many hashes (or entries) the tile holds in a tree of that size; 0 where there is none."""
    return max(0, min(WIDTH, (size >> (8 * max(level, 0))) - number * WIDTH))


def top_level(size: int) -> int:
    """The highest level that has a tile; -1 of an empty tree."""
    level = -1
    while size >> (8 * (level + 1)):
        level += 1
    return level


def tiles_of(size: int) -> int:
    """How many tiles of hashes a tree of that size has; each of level 0 stands beside one of entries."""
    return sum(((size >> (8 * level)) + WIDTH - 1) // WIDTH for level in range(top_level(size) + 1))


def strays(folder: Path, tiles: Iterable[tuple[int, int]] | None) -> list[str]:
    """Paths in the log's folder that are no part of any log: at its top, among stamps and anchors, and beside the tiles (level, number) that are named; None: everywhere. What a killed writer left (*.tmp-*) is none."""
    here = {"", "stamps", "anchors", "tile"}
    for level, number in tiles or ():
        for each in (-1, 0) if level == 0 else (level,):
            path = tile_path(each, number)
            here |= {path.rpartition("/")[0], f"{path}.p"}
    found, left = [], sorted(here) if tiles is not None else [""]
    while left:
        place = left.pop()
        try:
            items = sorted(os.scandir(folder / place), key=lambda item: item.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for item in items:
            path = f"{place}/{item.name}" if place else item.name
            is_folder, is_file = item.is_dir(follow_symlinks=False), item.is_file(follow_symlinks=False)
            if is_folder and _FOLDERS.fullmatch(path):
                left += [path] if tiles is None else []
            elif not is_file or not (".tmp-" in item.name or _FILES.fullmatch(path)):
                found.append(path)
    return found


def tile_after(level: int, number: int, size: int) -> tuple[int, int]:
    """The next tile of the round: along a level, then the next level, then from the beginning."""
    if width_of(level, number + 1, size):
        return level, number + 1
    return (level + 1, 0) if level < top_level(size) else (0, 0)


@dataclass
class Reading:
    """One look at the folder under one checkpoint; what was read is kept for the look. damages: what was found, each file once."""

    folder: Path
    size: int
    root: bytes
    damages: dict[str, Damage] = field(default_factory=dict)
    _kept: dict[tuple[int, int], bytes | None] = field(default_factory=dict)

    def look(self, level: int, number: int) -> None:
        """The tile, and at level 0 the entries under it, are what the checkpoint covers, or damages says which file is not; the partial tiles of earlier checkpoints begin as the newest does."""
        self._judge(level, number)
        for each in (-1, 0) if level == 0 else (level,):
            if width_of(each, number, self.size) < WIDTH and f"tile:{each}:{number}" not in self.damages:
                self._look_at_older(each, number)

    def _judge(self, level: int, number: int) -> None:
        hashes = self._tile(level, number)
        below = self._rebuilt(level, number)
        if hashes is None or below is None:
            return
        if hashes == below:
            if self._fits(level, number, hashes) is False:
                self._blame_above(level, number, hashes)
        elif self._fits(level, number, hashes):
            if level == 0:
                self._changed(-1, number, hashes, below)
            else:
                for place in _differing(hashes, below):
                    self._look_once(level - 1, number * WIDTH + place)
        else:
            self._changed(level, number, hashes, below)
            if level == 0 and self._fits(level, number, below) is False:
                self._changed(-1, number, hashes, below)

    def root_at(self, size: int) -> bytes | None:
        """The root of the first size entries, by the tiles as they are; None where one that is needed cannot be read."""
        if not size:
            return hashlib.sha256().digest()
        edges = {}
        for level in range(top_level(size) + 1):
            width = width_of(level, (size >> (8 * level)) // WIDTH, size)
            if width:
                hashes = self._tile(level, (size >> (8 * level)) // WIDTH)
                if hashes is None:
                    return None
                edges[level] = hashes[:width * _HASH]
        return _folded(edges)

    def is_another(self, size: int, root: bytes) -> bool:
        """Whether the first size entries have another root than this; False where the tiles that would say so are damaged themselves, which damages then tells."""
        if self.root_at(size) in (None, root):
            return False
        for each in (size, self.size):
            for level in range(top_level(each) + 1):
                number = (each >> (8 * level)) // WIDTH
                if width_of(level, number, self.size):
                    self.look(level, number)
        return not self.damages

    def look_at_partials(self, size: int) -> None:
        """The partial tiles of a checkpoint of that size are there, as long as their full tile is not, or damages says which is missing."""
        for level in range(-1, top_level(size) + 1):
            number = (size >> (8 * max(level, 0))) // WIDTH
            self.look_at_partial(level, number, width_of(level, number, size))

    def look_at_partial(self, level: int, number: int, width: int) -> None:
        """The partial tile of that width, older than the newest, is there as long as the full one is not."""
        if 0 < width < width_of(level, number, self.size) < WIDTH and not (self.folder / tile_path(level, number, width)).is_file():
            self.damages[f"tile:{level}:{number}:{width}"] = self._damage(tile_path(level, number, width), "missing", level, number)

    def _look_once(self, level: int, number: int) -> None:
        """A tile below that its parent disagrees with."""
        if f"tile:{level}:{number}" not in self.damages:
            self.look(level, number)

    def _tile(self, level: int, number: int) -> bytes | None:
        """The tile's hashes, at the width of this size; None where they cannot be read, which is then a damage."""
        return self._read(level, number, _HASH)

    def _leaves(self, number: int) -> bytes | None:
        """The leaf hashes of the entries of the tile, from the entries themselves."""
        entries = self._read(-1, number, _ENTRY)
        if entries is None:
            return None
        wrong = tuple(number * WIDTH + place for place in range(len(entries) // _ENTRY) if entries[place * _ENTRY:place * _ENTRY + 2] != _LENGTH)
        if wrong:
            name = tile_path(-1, number, width_of(-1, number, self.size))
            self.damages.setdefault(f"tile:-1:{number}", self._damage(name, "changed", -1, number, wrong[:5]))
        return b"".join(hashlib.sha256(b"\x00" + entries[place + 2:place + _ENTRY]).digest() for place in range(0, len(entries), _ENTRY))

    def _rebuilt(self, level: int, number: int) -> bytes | None:
        """The tile as it follows from what is below it; None where something of that cannot be read."""
        if level == 0:
            return self._leaves(number)
        roots = []
        for below in range(number * WIDTH, number * WIDTH + width_of(level, number, self.size)):
            hashes = self._tile(level - 1, below)
            if hashes is None:
                return None
            roots.append(_folded({0: hashes}))
        return b"".join(roots)

    def _fits(self, level: int, number: int, hashes: bytes) -> bool | None:
        """Whether the tile with these hashes is the one that the tile above it, or the checkpoint, holds; None where that cannot be told."""
        if width_of(level, number, self.size) == WIDTH:
            above = self._tile(level + 1, number // WIDTH)
            place = number % WIDTH * _HASH
            return None if above is None else above[place:place + _HASH] == _folded({0: hashes})
        edges = {}
        for other in range(top_level(self.size) + 1):
            last = (self.size >> (8 * other)) // WIDTH
            if width_of(other, last, self.size):
                edges[other] = hashes if other == level else self._tile(other, last)
        return None if None in edges.values() else _folded(edges) == self.root

    def _blame_above(self, level: int, number: int, hashes: bytes) -> None:
        """The tile agrees with what is below it and not with the one above: that one is wrong, or, where it agrees with what is above it in turn, both below were changed together."""
        if width_of(level, number, self.size) < WIDTH:
            return
        above, place = number // WIDTH, number % WIDTH
        held = self._tile(level + 1, above)
        if held is not None and self._fits(level + 1, above, held):
            for each in (level, -1) if level == 0 else (level,):
                self.damages.setdefault(f"tile:{each}:{number}", self._damage(tile_path(each, number, WIDTH), "changed", each, number))
            return
        self.damages.setdefault(f"tile:{level + 1}:{above}", self._damage(tile_path(level + 1, above, width_of(level + 1, above, self.size)), "changed", level + 1, above, (place,)))

    def _changed(self, level: int, number: int, hashes: bytes, below: bytes) -> None:
        name = tile_path(level, number, width_of(level, number, self.size))
        first = number * WIDTH if level <= 0 else 0
        self.damages.setdefault(f"tile:{level}:{number}", self._damage(name, "changed", level, number, tuple(first + place for place in _differing(hashes, below)[:5])))

    def _look_at_older(self, level: int, number: int) -> None:
        """The partial tiles of earlier checkpoints begin as the newest does."""
        width, unit = width_of(level, number, self.size), _ENTRY if level < 0 else _HASH
        newest = self._read(level, number, unit)
        folder = (self.folder / tile_path(level, number, 1)).parent
        if newest is None or not folder.is_dir():
            return
        for name in sorted(os.listdir(folder)):
            if name.isascii() and name.isdecimal() and 0 < int(name) < width:
                path = f"{folder.relative_to(self.folder).as_posix()}/{name}"
                content = self._content(path)
                if content is None or content != newest[:int(name) * unit]:
                    what = "unreadable" if content is None else "changed" if len(content) == int(name) * unit else "short"
                    self.damages[f"tile:{level}:{number}:{name}"] = self._damage(path, what, level, number)

    def _read(self, level: int, number: int, unit: int) -> bytes | None:
        """The file's bytes where it has the length that this size asks for."""
        if (level, number) not in self._kept:
            width = width_of(level, number, self.size)
            name = tile_path(level, number, width)
            content = self._content(name)
            if content is None or len(content) != width * unit:
                there = (self.folder / name).exists()
                what = "short" if content is not None else "unreadable" if there else "missing"
                self.damages.setdefault(f"tile:{level}:{number}", self._damage(name, what, level, number))
                content = None
            self._kept[level, number] = content
        return self._kept[level, number]

    def _content(self, name: str) -> bytes | None:
        try:
            with (self.folder / name).open("rb") as file:
                return file.read(WIDTH * _ENTRY + 1)
        except OSError:
            return None

    def _damage(self, name: str, what: str, level: int, number: int, at: tuple[int, ...] = ()) -> Damage:
        span = WIDTH ** (max(level, 0) + 1)
        return Damage(name, what, level, number, number * span, min(self.size, (number + 1) * span), at)


def _differing(one: bytes, other: bytes) -> list[int]:
    """The places at which two rows of hashes differ."""
    return [place // _HASH for place in range(0, max(len(one), len(other)), _HASH) if one[place:place + _HASH] != other[place:place + _HASH]]


def _folded(edges: dict[int, bytes]) -> bytes:
    """The root over the hashes of the last tile of each level, the highest level being the leftmost."""
    perfect: list[bytes] = []
    for level in sorted(edges, reverse=True):
        hashes = [edges[level][place:place + _HASH] for place in range(0, len(edges[level]), _HASH)]
        while hashes:
            take = 1 << (len(hashes).bit_length() - 1)
            perfect.append(_perfect(hashes[:take]))
            hashes = hashes[take:]
    root = perfect.pop()
    while perfect:
        root = _node(perfect.pop(), root)
    return root


def _perfect(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [_node(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
