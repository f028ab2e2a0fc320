"""A damaged log written anew from the commitments that the database holds: only where they lead to the very roots that were signed, and what was damaged is kept as evidence.

Nothing is signed here. Where no checkpoint that the log's key signed is left, or the commitments do not lead to it, nothing is changed.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from arrears.record.append import LOCK
from arrears.record.durable import put, put_and_settle, settle
from arrears.record.hashing import leaf_hashes, nodes_above
from arrears.record.history import CHECKPOINT, CHECKPOINTS, KEYS, Keys, line, read_keys, read_line
from arrears.record.notes import Checkpoint, read_checkpoint
from arrears.record.proofs import root as root_of
from arrears.record.signing_key import SigningKey
from arrears.record.tiles import ENTRIES, WIDTH, edge, tile_content, tile_path
from arrears.refusal import Refused

_PIECE = WIDTH * 64
Commitments = Callable[[int, int], bytes]
"""The commitments from start to stop, half-open, concatenated."""


@dataclass(frozen=True)
class Mended:
    """size: entries of the log; files: those that were written anew, within its folder; dropped: lines of the history that were no checkpoints of this log; kept: where the damaged files lie now."""

    size: int
    files: tuple[str, ...]
    dropped: int
    kept: Path | None


@dataclass
class _Folder:
    """The folder being mended; kept: where what was damaged is put first."""

    log: Path
    kept: Path
    files: list[str] = field(default_factory=list)
    fresh: list[Path] = field(default_factory=list)

    def write(self, name: str, content: bytes) -> None:
        """The file holds the content; another one that was there is kept aside."""
        path = self.log / name
        try:
            if path.read_bytes() == content:
                return
            aside = self.kept / name
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, aside)
        except FileNotFoundError:
            pass
        except IsADirectoryError:
            raise Refused(f"{path}: is a folder where a file of the log should be; move it away, then run again", f"{path}：应为日志文件，却是文件夹；请移走后重试") from None
        put(path, content)
        self.files.append(name)
        self.fresh.append(path)


def mend(log: Path, kept: Path, key: SigningKey, commitments: Commitments) -> Mended:
    """The log's folder is whole again up to its newest signed checkpoint. kept: a new folder for what was damaged; commitments: as the database placed them.

    Raises Refused, with nothing changed, where another process goes on with the log, where no signed checkpoint is left, or where the commitments do not lead to its root.
    """
    with _alone(log):
        keys, is_lost = _keys(log, key)
        notes, dropped = _signed_notes(log, keys)
        newest = _newest(log, keys, notes)
        sizes = sorted({one.size for one in notes} | {newest.size})
        roots = _roots(sizes, commitments)
        if roots[newest.size] != newest.root:
            raise Refused(f"{log}: the database's {newest.size} commitments do not lead to the root that was signed; nothing was changed. Either the database is not the one of this log, or it was altered: ask the witnesses which root they saw, and look for the right backup",
                          f"{log}：数据库中的 {newest.size} 个承诺值推不出所签的根；未作任何更改。数据库与该日志不相配，或已被改动：请向见证方查询其所见的根，并找出正确的备份")
        sound = [one for one in notes if roots[one.size] == one.root]
        if newest.note not in {one.note for one in sound}:
            sound.append(newest)
        folder = _Folder(log, kept)
        _write_tiles(folder, newest.size, sizes, commitments)
        settle(log, folder.fresh)
        if is_lost:
            put_and_settle(log / KEYS, line(key.vkey))
            folder.files.append(KEYS)
        _put_aside(folder, CHECKPOINTS, b"".join(line(one.note) for one in sound))
        _put_aside(folder, CHECKPOINT, newest.note.encode())
    return Mended(newest.size, tuple(folder.files), dropped + len(notes) - sum(one in notes for one in sound), kept if kept.exists() else None)


def _put_aside(folder: _Folder, name: str, content: bytes) -> None:
    before = len(folder.files)
    folder.write(name, content)
    if len(folder.files) > before:
        settle(folder.log, [folder.log / name])


@contextmanager
def _alone(log: Path) -> Iterator[None]:
    """Nobody else goes on with the log meanwhile. Raises Refused."""
    if not log.is_dir():
        raise Refused(f"{log}: there is no record here; run arrears record init", f"{log}：这里没有记录；请运行 arrears record init")
    handle = os.open(log / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused(f"{log}: another process is going on with this log; wait until it has ended, then run again", f"{log}：另一个进程正在写入该日志；请待其结束后重试") from None
    finally:
        os.close(handle)


def _keys(log: Path, key: SigningKey) -> tuple[Keys, bool]:
    """The log's keys; where their file is damaged, the one key at hand, which then must have signed every checkpoint. Second: whether the file is to be written anew."""
    try:
        keys = read_keys(log)
    except Refused:
        return Keys(((0, key.public),), (key.vkey,)), True
    if keys.newest != key.public:
        raise Refused(f"the key {key.vkey} is not the one that signs in {log} ({keys.newest.vkey}): another key, or the keys file was exchanged; nothing was changed: bring the file `keys` back from a copy",
                      f"密钥 {key.vkey} 不是 {log} 当前的签名密钥（{keys.newest.vkey}）：密钥不符，或 keys 文件被替换；未作任何更改：请用副本恢复 keys 文件")
    return keys, False


def _signed_notes(log: Path, keys: Keys) -> tuple[list[Checkpoint], int]:
    """The checkpoints of the history that the log's keys signed, in the order of their sizes; and how many lines were none."""
    found: list[Checkpoint] = []
    dropped = 0
    try:
        content = (log / CHECKPOINTS).read_bytes()
    except OSError:
        return [], 0
    for piece in content.split(b"\n"):
        if not piece:
            continue
        try:
            one = read_checkpoint(read_line(piece))
        except ValueError:
            dropped += 1
            continue
        if keys.have_signed(one):
            found.append(one)
        else:
            dropped += 1
    return sorted(found, key=lambda one: one.size), dropped


def _newest(log: Path, keys: Keys, notes: list[Checkpoint]) -> Checkpoint:
    """The newest checkpoint that is signed, of the file or of the history. Raises Refused where none is left."""
    try:
        current = read_checkpoint((log / CHECKPOINT).read_bytes().decode("utf-8"))
    except (OSError, ValueError):
        current = None
    if current is not None and keys.have_signed(current) and (not notes or current.size >= notes[-1].size):
        return current
    if notes:
        return notes[-1]
    raise Refused(f"{log}: no checkpoint that the log's key signed is left, neither in `checkpoint` nor in `checkpoints`; nothing was changed. Bring one back from a copy or a witness; or move the folder away as evidence, and run arrears record init and integrate: "
                  "the database gives the same tree again",
                  f"{log}：checkpoint 与 checkpoints 中均已没有日志密钥签署的检查点；未作任何更改。请从副本或见证方取回；或将该文件夹移走作为证据，再运行 arrears record init 与 integrate：数据库会得出同样的树")


def _roots(sizes: list[int], commitments: Commitments) -> dict[int, bytes]:
    """The root of the tree of each of the sizes."""
    roots: dict[int, bytes] = {}
    tree = _Growing()
    for size in sizes:
        while tree.size < size:
            tree.add(commitments(tree.size, min(size, tree.size + _PIECE)))
        roots[size] = tree.root()
    return roots


def _write_tiles(folder: _Folder, size: int, sizes: list[int], commitments: Commitments) -> None:
    """All whole tiles of the size, and the partial ones of every signed size whose whole tile is not there yet."""
    tree = _Growing(folder.write)
    while tree.size < size:
        tree.add(commitments(tree.size, min(size, tree.size + _PIECE)))
    edges = {(level, number) for level, number, _ in edge(size)}
    for each in sizes:
        for level, number, width in edge(each):
            if (level, number) in edges:
                content = tree.rest if level == ENTRIES else tree.edges[level]
                folder.write(tile_path(level, number, width), tile_content(level, bytes(content[:32 * width])))


class _Growing:
    """A tree that grows by pieces. write: told every whole tile, its path and bytes; edges and rest: the hashes of each level and the commitments that no whole tile holds yet."""

    def __init__(self, write: Callable[[str, bytes], None] | None = None) -> None:
        self.size, self.edges, self._write, self.rest = 0, [], write, bytearray()

    def add(self, piece: bytes) -> None:
        """The commitments stand at the end."""
        self.rest += piece
        whole = len(self.rest) // (32 * WIDTH)
        for at in range(whole) if self._write else ():
            start = self.size // WIDTH + at
            self._write(tile_path(ENTRIES, start), tile_content(ENTRIES, bytes(self.rest[at * 32 * WIDTH:(at + 1) * 32 * WIDTH])))
        del self.rest[:whole * 32 * WIDTH]
        self._grow(0, leaf_hashes(piece))
        self.size += len(piece) // 32

    def _grow(self, level: int, hashes: bytes) -> None:
        if level == len(self.edges):
            self.edges.append(bytearray())
        edge_of, count = self.edges[level], (self.size >> (8 * level)) // WIDTH
        edge_of += hashes
        above = bytearray()
        while len(edge_of) >= 32 * WIDTH:
            tile = bytes(edge_of[:32 * WIDTH])
            if self._write:
                self._write(tile_path(level, count), tile)
            count += 1
            del edge_of[:32 * WIDTH]
            for _ in range(8):
                tile = nodes_above(tile)
            above += tile
        if above:
            self._grow(level + 1, bytes(above))

    def root(self) -> bytes:
        """The root of what stands now."""
        return root_of(self.size, self._node)

    def _node(self, level: int, index: int) -> bytes:
        """The hash over 2^level leaves at the right edge."""
        hashes = bytes(self.edges[level // 8])
        for _ in range(level % 8):
            hashes = nodes_above(hashes[:len(hashes) // 64 * 64])
        first = ((self.size >> (8 * (level // 8))) // WIDTH * WIDTH) >> (level % 8)
        return hashes[32 * (index - first):32 * (index - first) + 32]
