"""Tiles and entries that were lost or changed are written anew, from commitments kept elsewhere, and only if they lead to the root that the log has signed.

Nothing else can be mended so: what was signed is in `checkpoint` and `checkpoints` alone. Of those, one can stand in for the end of the other; everything else has to come back from a copy.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arrears.record import proofs
from arrears.record.append import Log, locked
from arrears.record.durable import put, put_and_settle, settle
from arrears.record.hashing import leaf_hashes, nodes_above
from arrears.record.history import (
    CHECKPOINT,
    CHECKPOINTS,
    Keys,
    line,
    read_current,
    read_file,
    read_keys,
    read_latest,
    read_line,
)
from arrears.record.notes import Checkpoint, read_checkpoint
from arrears.record.signing_key import SigningKey
from arrears.record.tiles import ENTRIES, WIDTH, DamagedFile, Tiles, edge, tile_content, tile_path
from arrears.refusal import Refused

Source = Callable[[int, int], bytes]
"""The commitments [start, stop), concatenated."""
_AT_ONCE = 256 * WIDTH


@dataclass(frozen=True)
class Mended:
    """checkpoint: the one that everything leads to again; files: what was written anew, by path in the log's folder."""

    checkpoint: Checkpoint
    files: tuple[str, ...]


def mend(folder: Path, key: SigningKey, source: Source) -> Mended:
    """Every tile of the newest checkpoint is there and as it must be; those that were not are written anew, each whole.

    Two passes over the source and the files; memory: 32 bytes for every 256 entries. Raises Refused where the source does not lead to the signed root (then no tile was touched), where another
    process goes on with the log, and DamagedFile where keys or history are damaged beyond what the other files say.
    """
    lock = locked(folder)
    try:
        keys = read_keys(folder)
        if key.public != keys.newest:
            raise Refused(f"the key {key.vkey} is not the one that signs in {folder}; give the right key file", f"密钥 {key.vkey} 不是 {folder} 当前的签名密钥；请指定正确的密钥文件")
        files = _mended_history(folder, keys)
        checkpoint = read_latest(folder, keys).checkpoint
        wanted = _wanted(folder, checkpoint.size)
        rebuilt = _Rebuilt(folder, checkpoint.size, wanted)
        rebuilt.read(source)
        if rebuilt.root() != checkpoint.root:
            raise Refused(f"the commitments given do not lead to the root of the checkpoint of size {checkpoint.size}: they are not those that were signed, so no tile was touched. Bring the files back from a mirror of the log",
                          f"所给承诺值推不出大小为 {checkpoint.size} 的检查点的根：与已签署的内容不符，未改动任何文件。请从日志副本恢复文件")
        files += rebuilt.write(source)
    finally:
        os.close(lock)
    Log.open(folder, key).close()
    return Mended(checkpoint, tuple(files))


def _wanted(folder: Path, size: int) -> dict[tuple[int, int], list[int]]:
    """The widths of the partial tiles that checkpoints of the history need beside the newest's, by level and number, where no whole tile has taken their place."""
    newest = {(level, number): width for level, number, width in edge(size)}
    found: dict[tuple[int, int], set[int]] = {place: {width} for place, width in newest.items()}
    for piece in read_file(folder, CHECKPOINTS).split(b"\n")[:-1]:
        for level, number, width in edge(min(size, read_checkpoint(read_line(piece)).size)):
            if (level, number) in newest:
                found[level, number].add(width)
    return {place: sorted(widths) for place, widths in found.items()}


class _Rebuilt:
    """The tree reckoned anew from a source: roots of whole tiles in memory, by level, and the places of files that are not as they must be."""

    def __init__(self, folder: Path, size: int, partial: dict[tuple[int, int], list[int]]):
        self.folder, self.size, self._partial = folder, size, partial
        self._roots: dict[int, bytearray] = {}
        self._edges: dict[int, bytes] = {}
        self._wrong: list[tuple[int, int, int]] = []

    def read(self, source: Source) -> None:
        for number, piece in _pieces(source, self.size):
            self._compare(ENTRIES, number, piece)
            self._take(0, number, leaf_hashes(piece))
        level = 1
        while level in self._roots:
            hashes = bytes(self._roots[level])
            for number in range(-(-len(hashes) // (32 * WIDTH))):
                self._take(level, number, hashes[32 * WIDTH * number:32 * WIDTH * (number + 1)])
            level += 1

    def root(self) -> bytes:
        tiles = Tiles(self.folder, self.size)
        tiles.edges = [bytearray(self._edges.get(level, b"")) for level in range(max([0, *self._edges]) + 1)]
        return proofs.root(self.size, tiles.node)

    def write(self, source: Source) -> list[str]:
        paths = []
        for level, number, width in self._wrong:
            if level in (ENTRIES, 0):
                content = source(number * WIDTH, number * WIDTH + width)
                hashes = leaf_hashes(content)
                if not self._is_as_before(number, width, hashes):
                    raise Refused(f"the commitments from {number * WIDTH} on were given otherwise the second time; run again when nothing changes them", f"从第 {number * WIDTH} 条起，两次提供的承诺值不同；请在其不再变动时重试")
                content = content if level == ENTRIES else hashes
            else:
                content = bytes(self._roots[level][32 * WIDTH * number:32 * (WIDTH * number + width)])
            paths.append(tile_path(level, number, width))
            put(self.folder / paths[-1], tile_content(level, content))
        settle(self.folder, [self.folder / path for path in paths], set())
        return paths

    def _take(self, level: int, number: int, hashes: bytes) -> None:
        self._compare(level, number, hashes)
        if len(hashes) < 32 * WIDTH:
            self._edges[level] = hashes
            return
        for _ in range(8):
            hashes = nodes_above(hashes)
        self._roots.setdefault(level + 1, bytearray()).extend(hashes)

    def _compare(self, level: int, number: int, content: bytes) -> None:
        for width in [WIDTH] if len(content) == 32 * WIDTH else self._partial[level, number]:
            try:
                found = (self.folder / tile_path(level, number, width)).read_bytes()
            except OSError:
                found = None
            if found != tile_content(level, content[:32 * width]):
                self._wrong.append((level, number, width))

    def _is_as_before(self, number: int, width: int, hashes: bytes) -> bool:
        if (number + 1) * WIDTH > self.size:
            return hashes == self._edges[0][:32 * width]
        for _ in range(8):
            hashes = nodes_above(hashes)
        return hashes == bytes(self._roots[1][32 * number:32 * number + 32])


def _pieces(source: Source, size: int) -> Iterator[tuple[int, bytes]]:
    """The commitments tile by tile, with the tile's number; asked for in longer pieces. Raises Refused where the source gives another number of them."""
    for start in range(0, size, _AT_ONCE):
        stop = min(size, start + _AT_ONCE)
        content = source(start, stop)
        if len(content) != 32 * (stop - start):
            raise Refused(f"the commitments {start} to {stop} are not all there ({len(content)} bytes instead of {32 * (stop - start)}); no tile was touched. Bring the files back from a mirror of the log",
                          f"第 {start} 至 {stop} 条承诺值不全（{len(content)} 字节，应为 {32 * (stop - start)}），未改动任何文件。请从日志副本恢复文件")
        for at in range(0, stop - start, WIDTH):
            yield (start + at) // WIDTH, content[32 * at:32 * (at + WIDTH)]


def _mended_history(folder: Path, keys: Keys) -> list[str]:
    """What was written so that the newest checkpoint is in both files: a lost current one comes from the end of a history that is whole; one damaged or missing last line of the history from the current one."""
    *pieces, unfinished = read_file(folder, CHECKPOINTS).split(b"\n")
    signed = _signed(pieces, keys)
    try:
        current = read_current(folder, keys)
    except DamagedFile:
        if unfinished or not signed or len(signed) != len(pieces):
            raise
        put_and_settle(folder / CHECKPOINT, signed[-1].note.encode())
        return [CHECKPOINT]
    try:
        read_latest(folder, keys)
    except DamagedFile:
        if len(pieces) - len(signed) + bool(unfinished) > 1 or not signed or signed[-1].size > current.size:
            raise
        put_and_settle(folder / CHECKPOINTS, b"".join(line(one.note) for one in [*signed, current]))
        return [CHECKPOINTS]
    return []


def _signed(pieces: list[bytes], keys: Keys) -> list[Checkpoint]:
    """The checkpoints in the lines, up to the first that is not whole, not signed by the log, or smaller than the one before."""
    found = []
    for piece in pieces:
        try:
            one = read_checkpoint(read_line(piece))
        except ValueError:
            break
        if not keys.have_signed(one) or (found and one.size < found[-1].size):
            break
        found.append(one)
    return found
