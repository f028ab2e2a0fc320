"""The tree and the entries of a log as files of 256, read where they are needed and nowhere else.

    tile/<L>/<N>[.p/<W>]        256 (or W) hashes of 32 bytes: those over 256^L leaves each, from N * 256 on
    tile/entries/<N>[.p/<W>]    256 (or W) commitments, each after its length, 0x0020
    N in groups of three digits, all but the last with an x before: 1234067 is x001/x234/067

Source: C2SP tlog-tiles.
"""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from arrears.record.hashing import nodes_above
from arrears.refusal import Refused

WIDTH = 256
ENTRIES = -1
"""The level under which the tiles of entries go here."""
_LENGTH = b"\x00\x20"
_ENTRY_BYTES = 34
_KEPT = 512


class DamagedFile(Refused):
    """A file of the log is missing, cut or changed within what a checkpoint covers; file: its path in the log's folder."""

    def __init__(self, file: str, en: str, zh: str):
        if file == "keys":
            super().__init__(f"{file}: {en}. Nothing was changed. The file cannot be made anew: put it back from a copy of the log's folder, as backups, auditors and witnesses have one",
                             f"{file}：{zh}。未作任何更改。该文件无法重新生成：请用日志文件夹的副本恢复（备份、审计方与见证方持有副本）")
            self.file = file
            return
        super().__init__(f"{file}: {en}. Nothing was changed. Keep a copy of the folder as evidence, then run: arrears record mend, or bring the file back from a mirror",
                         f"{file}：{zh}。未作任何更改。请先保留整个文件夹作为证据，然后运行 arrears record mend，或从副本恢复该文件")
        self.file = file


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """The path of a tile in the log's folder; width below 256 is a partial one."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at:at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{'entries' if level == ENTRIES else level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def edge(size: int) -> Iterator[tuple[int, int, int]]:
    """The partial tiles of a tree of that size, as (level, number, width), those of entries first."""
    if size % WIDTH:
        yield ENTRIES, size // WIDTH, size % WIDTH
    level = 0
    while size:
        if size % WIDTH:
            yield level, size // WIDTH, size % WIDTH
        size //= WIDTH
        level += 1


def tile_content(level: int, content: bytes) -> bytes:
    """The bytes of a tile's file, for concatenated hashes or commitments."""
    if level != ENTRIES:
        return bytes(content)
    return _LENGTH + _LENGTH.join([content[at:at + 32] for at in range(0, len(content), 32)]) if content else b""


class Tiles:
    """The nodes and commitments of a tree of `size` leaves, from its files; `edges` and `entries` hold the hashes and commitments of what is not a whole tile yet, by level.

    At most 512 tiles are kept in memory (8 MB), and no file is read before it is asked for. Raises DamagedFile where a file is missing or has not the bytes it must have.
    """

    def __init__(self, folder: Path, size: int):
        self.folder, self.size = folder, size
        self._levels: OrderedDict[tuple[int, int, int], list[bytes]] = OrderedDict()
        self.edges: list[bytearray] = []
        self.entries = bytearray()

    def read_edge(self) -> None:
        """Edges and entries are what the partial tiles of the size hold."""
        found = {level: self.read(level, number, width) for level, number, width in edge(self.size)}
        self.edges = [bytearray(found.get(level, b"")) for level in range(max([-1, *found]) + 1)]
        self.entries = bytearray(found.get(ENTRIES, b""))

    def node(self, level: int, index: int) -> bytes:
        """The hash over the 2^level leaves from index * 2^level on; the tree must have them all."""
        tile_level, within = divmod(level, 8)
        number, at = divmod(index << within, WIDTH)
        hashes = self._tile(tile_level, number)[within]
        at >>= within
        return hashes[32 * at:32 * at + 32]

    def commitments(self, start: int, stop: int) -> Iterator[bytes]:
        """The commitments [start, stop), concatenated, in pieces of at most 256."""
        for number in range(start // WIDTH, -(-stop // WIDTH)):
            first = number * WIDTH
            held = bytes(self.entries) if first + WIDTH > self.size else self.read(ENTRIES, number, WIDTH)
            yield held[32 * max(0, start - first):32 * (min(stop, first + WIDTH) - first)]

    def read(self, level: int, number: int, width: int) -> bytes:
        """The first width hashes or commitments of a tile, concatenated: from the partial tile, or from the whole one that has taken its place."""
        each = _ENTRY_BYTES if level == ENTRIES else 32
        name = tile_path(level, number, width)
        content = _content(self.folder, name, width * each)
        if content is None and width < WIDTH:
            name = tile_path(level, number)
            content = _content(self.folder, name, WIDTH * each)
        if content is None:
            raise DamagedFile(tile_path(level, number, width), "the file is missing, though a checkpoint covers it", "文件缺失，而检查点已涵盖它")
        if level != ENTRIES:
            return content[:32 * width]
        if content[::34].strip(b"\x00") or content[1::34].strip(b" "):
            raise DamagedFile(name, "an entry has not the length of a commitment", "其中有条目的长度不是承诺值的长度")
        return b"".join([content[at:at + 32] for at in range(2, width * _ENTRY_BYTES, _ENTRY_BYTES)])

    def is_whole(self, level: int, number: int) -> bool:
        """Whether the tree fills that tile."""
        return self.size >> (8 * level) >= (number + 1) * WIDTH

    def tile_root(self, level: int, number: int) -> bytes:
        """The hash over a whole tile."""
        return self._tile(level, number)[8]

    def _tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile and all levels above them in it, each concatenated."""
        width = min(WIDTH, (self.size >> (8 * level)) - number * WIDTH)
        key = (level, number, width)
        found = self._levels.get(key)
        if found is None:
            found = [bytes(self.edges[level]) if width < WIDTH else self.read(level, number, width)]
            for _ in range(8):
                found.append(nodes_above(found[-1]))
            self._levels[key] = found
            if len(self._levels) > _KEPT:
                self._levels.popitem(last=False)
        else:
            self._levels.move_to_end(key)
        return found


def _content(folder: Path, name: str, expected: int) -> bytes | None:
    """The file's bytes, exactly as many as expected, or None where there is no file."""
    try:
        with open(f"{folder}/{name}", "rb", buffering=0) as file:
            content = file.read(expected + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise DamagedFile(name, f"the file cannot be read ({problem.strerror})", f"无法读取文件（{problem.strerror}）") from None
    if len(content) != expected:
        raise DamagedFile(name, f"the file has {'more' if len(content) > expected else 'fewer'} bytes than the {expected} it must have", f"文件字节数{'多' if len(content) > expected else '少'}于应有的 {expected} 字节")
    return content
