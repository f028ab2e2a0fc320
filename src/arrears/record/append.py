"""The log: entries go on at its end, checkpoints are signed over them, and everything a checkpoint covers stays on the disk and provable.

One writer at a time holds the lock of the folder. What is extended and not published is forgotten by a crash, and may then be extended again, the same or otherwise: only a published
checkpoint promises. A checkpoint is published when the disk has all tiles it covers, when its tree is proven to continue the one before, and in this order: history, then the file `checkpoint`.
A writer killed between the two has signed; the next one puts that checkpoint in place before anything else. Memory does not grow with the log; opening reads its right edge alone.
Source: C2SP tlog-tiles and tlog-checkpoint; RFC 9162 for the tree.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from arrears.record import proofs
from arrears.record.durable import UNFINISHED, append_and_settle, put, put_and_settle, settle
from arrears.record.hashing import EMPTY_ROOT, leaf_hashes, nodes_above
from arrears.record.history import (
    CHECKPOINT,
    CHECKPOINTS,
    KEYS,
    WITNESSES,
    Latest,
    find_last,
    line,
    read_current,
    read_file,
    read_history,
    read_keys,
    read_latest,
    read_newest,
    read_witnesses,
)
from arrears.record.notes import (
    COSIGNATURE,
    COSIGNATURE_MLDSA,
    MOST_SIGNATURES,
    Checkpoint,
    Note,
    checkpoint_text,
    is_true,
    read_note,
    read_signature,
    read_vkey,
    rotation_text,
)
from arrears.record.signing_key import SigningKey
from arrears.record.tiles import ENTRIES, WIDTH, DamagedFile, Tiles, edge, tile_content, tile_path
from arrears.refusal import Refused
from arrears.vault.private_files import cannot_write, sync_folder

LOCK = "lock"
_SETTLED_AT_ONCE = 4096


class Busy(Refused):
    """Another process goes on with the log at this moment; nothing is wrong with it."""


class Log:
    """A log in a folder. size: its entries, those extended and not yet published among them. Only one opened with its key may change it."""

    def __init__(self, folder: Path, key: SigningKey | None, lock: int | None):
        self.folder = folder
        self._key, self._lock = key, lock
        self._keys = read_keys(folder)
        self._broken = False
        self._fresh: list[Path] = []
        self._settled: set[Path] = set()
        self._end = 0

    @classmethod
    def create(cls, folder: Path, key: SigningKey) -> "Log":
        """A new log, empty, its checkpoint of size 0 signed; raises Refused where the folder holds anything but the beginning of this very log."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
        except OSError as problem:
            raise cannot_write(folder, problem) from None
        lock = locked(folder)
        try:
            if (folder / CHECKPOINT).exists() or any(path.name not in (LOCK, KEYS, CHECKPOINTS) and UNFINISHED not in path.name for path in folder.iterdir()):
                raise Refused(f"{folder}: there is something here already; a log begins in an empty folder. Name another one, or open the log that is here", f"{folder}：文件夹不是空的；新日志须从空文件夹开始。请指定其他文件夹，或打开已有日志")
            beginning = line(_signed_note(key, key.name, 0, EMPTY_ROOT))
            for name, content in ((KEYS, line(key.vkey)), (CHECKPOINTS, beginning)):
                if (folder / name).exists() and content != read_file(folder, name):
                    raise Refused(f"{folder / name}: the beginning of another log lies here; name another folder", f"{folder / name}：这里有另一份日志的开头；请指定其他文件夹")
                put_and_settle(folder / name, content)
            put_and_settle(folder / CHECKPOINT, _signed_note(key, key.name, 0, EMPTY_ROOT).encode())
        finally:
            os.close(lock)
        return cls.open(folder, key)

    @classmethod
    def open(cls, folder: Path, key: SigningKey | None = None) -> "Log":
        """The log as its newest checkpoint says it is: with the key to go on with it, without to read it only.

        Raises Busy where another process goes on with it, Refused where there is none or where the key is not its newest; DamagedFile where checkpoint, history, keys or right edge are not whole.
        """
        keys = read_keys(folder)
        lock = locked(folder) if key else None
        try:
            log = cls(folder, key, lock)
            log._begin()
        except BaseException as problem:
            if lock is not None:
                os.close(lock)
            if lock is None and isinstance(problem, DamagedFile) and read_keys(folder) != keys:
                return cls.open(folder)  # the key changed while it was read; the new one has signed what was found
            raise
        return log

    def _begin(self) -> None:
        if self._key is not None and self._key.public != self._keys.newest:
            raise Refused(f"the key {self._key.vkey} is not the one that signs in {self.folder} ({self._keys.newest.vkey}): it was rotated away, or belongs to another log; give the right key file",
                          f"密钥 {self._key.vkey} 不是 {self.folder} 当前的签名密钥（{self._keys.newest.vkey}）：已被轮换，或属于其他日志；请指定正确的密钥文件")
        latest = read_latest(self.folder, self._keys) if self._key else Latest(read_current(self.folder, self._keys), 0, ())
        current = read_current(self.folder, self._keys) if self._key else latest.checkpoint
        self._published, self._end = latest.checkpoint, latest.end
        self._tiles = Tiles(self.folder, self._published.size)
        self._tiles.read_edge()
        self._check_edge()
        self._settled = {place for level, number, width in edge(self.size) for place in (self.folder / tile_path(level, number, width)).parents if self.folder in place.parents}
        if self._key:
            if not self._continues(current.size, current.root):
                raise DamagedFile(CHECKPOINTS, f"the checkpoint of size {self._published.size} at its end does not continue the current one of size {current.size}", f"末尾大小为 {self._published.size} 的检查点与当前大小为 {current.size} 的检查点不连续")
            self._cut(CHECKPOINTS, self._end)
            self._cut(KEYS, len(self._standing_keys()))
            if current.note != self._published.note:
                put_and_settle(self.folder / CHECKPOINT, self._published.note.encode())
            self._clear_beyond()
            for size in latest.earlier:
                self._remove_outgrown(size)
            self._sign_handed_over()

    @property
    def size(self) -> int:
        return self._tiles.size

    @property
    def origin(self) -> str:
        return self._keys.origin

    @property
    def keys(self) -> tuple[str, ...]:
        """The lines of the log's `keys`, decoded: the first key, then the rotations."""
        return self._keys.lines

    def extend(self, commitments: bytes) -> int:
        """The log's new size with the concatenated commitments after its end; nothing is promised before it is published. On a refusal (no room) the log is as before."""
        self._may_write()
        if len(commitments) % 32:
            raise Refused(f"{len(commitments)} bytes of commitments: each has 32; give whole ones", f"承诺值共 {len(commitments)} 字节：每个 32 字节；请提供完整的承诺值")
        tiles = self._tiles
        before = tiles.size, [bytearray(hashes) for hashes in tiles.edges], bytearray(tiles.entries)
        try:
            at = 0
            while at < len(commitments):
                piece = commitments[at:at + 32 * WIDTH - len(tiles.entries)]
                at += len(piece)
                tiles.entries += piece
                if len(tiles.entries) == 32 * WIDTH:
                    self._write(ENTRIES, tiles.size // WIDTH, tiles.entries)
                    tiles.entries = bytearray()
                self._add(0, tiles.size + len(piece) // 32, leaf_hashes(piece))
                tiles.size += len(piece) // 32
            if len(self._fresh) > _SETTLED_AT_ONCE:
                self._settle()
        except BaseException:
            tiles.size, tiles.edges, tiles.entries = before
            raise
        return tiles.size

    def publish(self) -> Checkpoint:
        """The newest checkpoint, of the log's whole size: signed, in the history, and on the disk with all it covers. With nothing new, the one that stands."""
        self._may_write()
        size, before = self.size, self._published
        if size == before.size:
            return before
        root = self.root(size)
        if not self._continues(before.size, before.root):
            self._broken = True
            raise Refused(f"the tree of {size} entries does not continue the checkpoint of {before.size}; nothing was signed. A file under tile/ was changed meanwhile: run arrears record mend", f"{size} 条的树与 {before.size} 条的检查点不连续；未签署任何内容。tile/ 下有文件被改动：请运行 arrears record mend")
        published = set(edge(before.size))
        for level, number, width in edge(size):
            if (level, number, width) not in published:
                self._write(level, number, self._tiles.entries if level == ENTRIES else self._tiles.edges[level], width)
        self._settle()
        note = _signed_note(self._key, self.origin, size, root)
        self._put_in_place(Checkpoint(self.origin, size, root, note))
        self._remove_outgrown(before.size)
        return self._published

    def checkpoint(self) -> Checkpoint:
        """The newest published checkpoint."""
        return self._published

    def checkpoints(self) -> Iterator[str]:
        """Every signed note of the history, in order; the same checkpoint may come again with more signatures. Raises DamagedFile naming a line that is wrong."""
        for note, _ in read_history(self.folder):
            yield note

    def newest_notes(self) -> Iterator[str]:
        """The last notes of the history, newest first: as many as the last megabyte of the file holds."""
        return read_newest(self.folder)

    def commitments(self, start: int, stop: int) -> bytes:
        """The entries [start, stop), concatenated; raises Refused where the log has not so many."""
        return b"".join(self.pieces(start, stop))

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The entries [start, stop), in pieces of at most 256, for a long range."""
        if not 0 <= start <= stop <= self.size:
            raise Refused(f"entries {start} to {stop} of a log of {self.size}: it has not so many; ask for what is there", f"日志共 {self.size} 条，无法读取第 {start} 至 {stop} 条；请指定已有的范围")
        return self._tiles.commitments(start, stop)

    def root(self, size: int) -> bytes:
        """The root of the tree of the first size entries, 32 bytes."""
        self._has(size)
        return self._published.root if size == self._published.size else proofs.root(size, self._tiles.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The path of the entry in the tree of the first size entries, checked against its root; raises DamagedFile where the tiles do not lead there."""
        self._has(size)
        path = proofs.inclusion(index, size, self._tiles.node)
        if not proofs.is_included(self._tiles.node(0, index), index, size, path, self.root(size)):
            raise self._damage([index])
        return path

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of new entries continues that of old ones, checked; raises DamagedFile where the tiles do not show it."""
        self._has(new)
        proof = proofs.consistency(old, new, self._tiles.node)
        if not proofs.is_consistent(old, new, proof, self.root(old), self.root(new)):
            raise self._damage([max(0, old - 1), old, new - 1])
        return proof

    def add_signatures(self, size: int, lines: Iterable[str]) -> Checkpoint:
        """The checkpoint of that size with the lines after those it has; a key that has signed it already is passed over. In the history, and in place if it is the newest.

        Raises Refused where a line is none, its key neither the log's nor of a witness it names (add_witness), or its signature is not over exactly this checkpoint.
        """
        self._may_write()
        standing, follows = self._standing(size)
        note = read_note(standing.note)
        signatures = list(note.signatures)
        known = [*self._keys.of_size(size), *read_witnesses(self.folder)]
        for text in lines:
            added = read_signature(text.removesuffix("\n"))
            if not any(is_true(note.text, added, key) for key in known):
                raise Refused(f"the line of {added.name} is no signature over the checkpoint of size {size} by the log or a witness it names; ask the witness to cosign this checkpoint, or name it first with its verifier key",
                              f"{added.name} 的签名行不是日志或其所列见证方对大小为 {size} 的检查点的签名；请让见证方联署该检查点，或先登记其验证公钥")
            if all((added.name, added.key_id) != (one.name, one.key_id) for one in signatures):
                signatures.append(added)
        if len(signatures) == len(note.signatures):
            return standing
        if len(signatures) > MOST_SIGNATURES:
            raise Refused(f"the checkpoint of size {size} would have {len(signatures)} signatures; readers take {MOST_SIGNATURES}. Use fewer witnesses", f"大小为 {size} 的检查点将有 {len(signatures)} 个签名，读取方最多接受 {MOST_SIGNATURES} 个；请减少见证方")
        signed = Checkpoint(standing.origin, size, standing.root, Note(note.text, tuple(signatures)).whole())
        if size == self._published.size:
            self._put_in_place(signed)
        else:
            self._insert(follows, signed)
        return signed

    def add_witness(self, vkey: str) -> None:
        """The log names the witness, so that everybody can check its signature lines; named twice it stands once. That is not trust: who checks chooses the witnesses they believe."""
        self._may_write()
        key = read_vkey(vkey)
        if key.type not in (COSIGNATURE, COSIGNATURE_MLDSA):
            raise Refused(f"{key.name}: this is no key of a witness (cosignature 0x04 or 0x06) but one that signs a log; ask the witness for its own", f"{key.name}：这不是见证方的联署公钥（0x04 或 0x06），而是日志签名公钥；请向见证方索取其公钥")
        named = read_witnesses(self.folder)
        if key not in named:
            put_and_settle(self.folder / WITNESSES, b"".join(line(one.vkey) for one in [*named, key]))

    def rotate(self, new: SigningKey) -> None:
        """From the published size on the new key signs; the old one and the new one have both signed that, and the standing checkpoint: who is given the new key alone need not wait for the next.

        Raises Refused for a key of another name, or with entries not yet published.
        """
        self._may_write()
        if self.size != self._published.size:
            raise Refused("there are entries without a checkpoint; publish before the key changes", "有条目尚未发布检查点；请先发布，再轮换密钥")
        if new.name != self.origin or any(new.public == key for _, key in self._keys.keys):
            raise Refused(f"{new.vkey}: a log goes on under its own name ({self.origin}), with a key it never had; make one for it", f"{new.vkey}：新密钥须使用日志原名（{self.origin}），且从未用过；请重新生成")
        text = rotation_text(self.origin, self.size, new.vkey)
        note = text + "\n" + self._key.sign(text) + "\n" + new.sign(text) + "\n"
        self._broken = True
        append_and_settle(self.folder / KEYS, len(self._standing_keys()), line(note))
        self._keys, self._key, self._broken = read_keys(self.folder), new, False
        self._sign_handed_over()

    def close(self) -> None:
        """Others may go on with the log; what was not published is forgotten."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = self._key = None

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sign_handed_over(self) -> None:
        """The newest key has signed the checkpoint at which it took over, beside the old one, where it has room for one more line."""
        if self.size == self._keys.keys[-1][0] and len(read_note(self._published.note).signatures) < MOST_SIGNATURES:
            self.add_signatures(self.size, [self._key.sign(self._published.body)])

    def _may_write(self) -> None:
        if self._key is None:
            raise Refused(f"{self.folder}: the log was opened to be read only, or was closed; open it with its signing key to change it", f"{self.folder}：日志以只读方式打开或已关闭；要写入请用签名私钥打开")
        if self._broken:
            raise Refused(f"{self.folder}: an earlier step failed half-way; close the log and open it again, it then finds where it stands", f"{self.folder}：此前的操作中断；请关闭并重新打开日志，它会恢复到确定的状态")

    def _has(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise Refused(f"a tree of {size} entries: the log has {self.size}; name a size it has", f"日志共 {self.size} 条，没有大小为 {size} 的树；请指定已有的大小")

    def _add(self, level: int, size: int, hashes: bytes) -> None:
        """The edge of the level has the hashes after it; size is what the tree has with them. A tile that is whole is written, and its root goes a level up."""
        edges = self._tiles.edges
        if level == len(edges):
            edges.append(bytearray())
        edges[level] += hashes
        if len(edges[level]) == 32 * WIDTH:
            whole = bytes(edges[level])
            self._write(level, (size >> (8 * level)) // WIDTH - 1, whole)
            edges[level] = bytearray()
            for _ in range(8):
                whole = nodes_above(whole)
            self._add(level + 1, size, whole)

    def _write(self, level: int, number: int, content: bytes, width: int = WIDTH) -> None:
        path = self.folder / tile_path(level, number, width)
        put(path, tile_content(level, content))
        self._fresh.append(path)

    def _settle(self) -> None:
        """The disk has all that was written; where it says it has not, asking again proves nothing, so the log has to be opened anew and extended again."""
        self._broken = True
        settle(self.folder, self._fresh, self._settled)
        self._fresh, self._broken = [], False
        if len(self._settled) > _SETTLED_AT_ONCE:
            self._settled.clear()

    def _standing_keys(self) -> bytes:
        return b"".join(line(one) for one in self._keys.lines)

    def _cut(self, name: str, end: int) -> None:
        """What an interrupted writing left after the file's last line is gone."""
        if (self.folder / name).stat().st_size > end:
            append_and_settle(self.folder / name, end, b"")

    def _put_in_place(self, signed: Checkpoint) -> None:
        """The checkpoint is in the history and then the current one; a failure in between leaves the log to be opened again."""
        self._broken = True
        self._end = append_and_settle(self.folder / CHECKPOINTS, self._end, line(signed.note))
        put_and_settle(self.folder / CHECKPOINT, signed.note.encode())
        self._published, self._broken = signed, False

    def _insert(self, at: int, signed: Checkpoint) -> None:
        """The older checkpoint comes once more in the history, with its new signatures, after where it stood last: sizes never fall."""
        self._broken = True
        history = read_file(self.folder, CHECKPOINTS)[:self._end]
        put_and_settle(self.folder / CHECKPOINTS, history[:at] + line(signed.note) + history[at:])
        self._end, self._broken = self._end + len(line(signed.note)), False

    def _standing(self, size: int) -> tuple[Checkpoint, int]:
        """The last note of the history with that size, and the byte after its line."""
        if size == self._published.size:
            return self._published, self._end
        found = find_last(self.folder, self.origin, size)
        if found is None:
            raise Refused(f"no checkpoint of size {size} was ever signed; name one of the history", f"从未签署过大小为 {size} 的检查点；请指定历史中已有的检查点")
        return found

    def _continues(self, old: int, old_root: bytes) -> bool:
        new = self.size
        return proofs.is_consistent(old, new, proofs.consistency(old, new, self._tiles.node), old_root, self.root(new)) if old <= new else False

    def _check_edge(self) -> None:
        """The right edge leads to the signed root, and the entries on it are those of its leaves; raises DamagedFile."""
        tiles, size = self._tiles, self.size
        files = [tile_path(level, number, width) for level, number, width in edge(size)]
        if tiles.entries and leaf_hashes(tiles.entries) != bytes(tiles.edges[0]):
            raise DamagedFile(files[0], f"its entries are not those of {files[1]}, so one of the two was changed", f"其中的条目与 {files[1]} 不一致，两个文件之一被改动")
        if proofs.root(size, tiles.node) != self._published.root:
            raise DamagedFile(", ".join(files[1:] if tiles.entries else files), "their hashes do not lead to the root that the checkpoint signs, so one of them was changed", "其哈希推不出检查点所签的根，其中有文件被改动")

    def _damage(self, indexes: list[int]) -> DamagedFile:
        """The file that is wrong on the way from the edge, which was checked, down to one of the leaves."""
        for index in indexes:
            for level in range(len(self._tiles.edges) - 2, -1, -1):
                number = index >> (8 * (level + 1))
                if self._tiles.is_whole(level, number) and self._tiles.tile_root(level, number) != self._tiles.node(8 * (level + 1), number):
                    return DamagedFile(tile_path(level, number), "its hashes do not lead to the tile above it, so it was changed", "其哈希推不出上一层的值，文件被改动")
        return DamagedFile("tile", "a tile under it does not lead to the signed root", "其下有文件推不出所签的根")

    def _clear_beyond(self) -> None:
        """No tile lies beyond what is published: those that a killed writer left are gone."""
        for level in range(ENTRIES, len(self._tiles.edges) + 1):
            number = (self.size >> (8 * max(level, 0))) // WIDTH
            _remove_partial(self.folder, level, number, (self.size >> (8 * max(level, 0))) % WIDTH)
            while _remove(self.folder / tile_path(level, number)):
                number += 1
                _remove_partial(self.folder, level, number, 0)
        for name in (CHECKPOINT, CHECKPOINTS, KEYS, WITNESSES):
            _remove(Path(f"{self.folder / name}{UNFINISHED}"))

    def _remove_outgrown(self, size: int) -> None:
        """The partial tiles that the checkpoint of that size needed are gone where the whole tile has taken their place."""
        for level, number, _ in edge(size):
            if self._tiles.is_whole(max(level, 0), number):
                _remove_partial(self.folder, level, number, 0)


def _signed_note(key: SigningKey, origin: str, size: int, root: bytes) -> str:
    """The signed note of a checkpoint, as it lies in the file."""
    text = checkpoint_text(origin, size, root)
    return f"{text}\n{key.sign(text)}\n"


def locked(folder: Path) -> int:
    """The handle that holds the folder's lock; the system lets go of it however the process ends. Raises Busy where another holds it, Refused where the folder cannot be written."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise cannot_write(folder / LOCK, problem) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise Busy(f"{folder}: another process is going on with this log; two would sign two histories. Wait until it has ended, or end it", f"{folder}：另一个进程正在写入该日志；两个同时写会签出两份历史。请等待其结束，或先结束它") from None
    return handle


def _remove(path: Path) -> bool:
    """Whether there was such a file; it is gone, with an unfinished one beside it."""
    Path(f"{path}{UNFINISHED}").unlink(missing_ok=True)
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _remove_partial(folder: Path, level: int, number: int, width: int) -> None:
    """No partial tile wider than that is left of the tile; with 0, none at all, nor their folder."""
    place = folder / (tile_path(level, number) + ".p")
    if not place.is_dir():
        return
    for path in list(place.iterdir()):
        name = path.name.removesuffix(UNFINISHED)
        if name != path.name or (name.isdecimal() and int(name) > width):
            path.unlink(missing_ok=True)
    if width == 0:
        place.rmdir()
