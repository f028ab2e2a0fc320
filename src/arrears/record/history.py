"""What a log has signed, in its files: the newest checkpoint, the history of all of them, the keys that signed them, and the witnesses it names.

Every file but `checkpoint` is lines of canonical JSON text. A line that a killed writer left unfinished is no line; a whole line that is wrong is damage, which is refused and named.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from arrears.record.notes import (
    COSIGNATURE,
    COSIGNATURE_MLDSA,
    LOG_KEY,
    Checkpoint,
    VerifierKey,
    is_of,
    is_signed_by,
    is_true,
    read_checkpoint,
    read_note,
    read_vkey,
    rotation_text,
)
from arrears.record.tiles import DamagedFile
from arrears.refusal import Refused

CHECKPOINT, CHECKPOINTS, KEYS, WITNESSES = "checkpoint", "checkpoints", "keys", "witnesses"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Keys:
    """The keys of a log, oldest first, each with the size from which on it signs (the size itself may be signed by either). lines: the file's, decoded."""

    keys: tuple[tuple[int, VerifierKey], ...]
    lines: tuple[str, ...]

    @property
    def origin(self) -> str:
        return self.keys[0][1].name

    @property
    def newest(self) -> VerifierKey:
        return self.keys[-1][1]

    def of_size(self, size: int) -> list[VerifierKey]:
        """The keys that may sign a checkpoint of that size."""
        ends = [start for start, _ in self.keys[1:]]
        return [key for (start, key), end in zip(self.keys, [*ends, None], strict=True) if start <= size and (end is None or size <= end)]

    def have_signed(self, checkpoint: Checkpoint) -> bool:
        """Whether a key that may sign that size did, under the log's name, and no signature in any of the log's keys is false."""
        note = read_note(checkpoint.note)
        allowed = self.of_size(checkpoint.size)
        own = [(signature, key) for signature in note.signatures for _, key in self.keys if is_of(signature, key)]
        return checkpoint.origin == self.origin and any(is_signed_by(note, key) for key in allowed) and all(key in allowed and is_true(note.text, signature, key) for signature, key in own)


@dataclass(frozen=True)
class Latest:
    """The newest checkpoint ever signed, where its line ends in the history (bytes), and the sizes signed before it (what the end of the file shows)."""

    checkpoint: Checkpoint
    end: int
    earlier: tuple[int, ...]


def line(text: str) -> bytes:
    """A text as a line of one of the files."""
    return json.dumps(text, ensure_ascii=False).encode("utf-8") + b"\n"


def read_line(content: bytes) -> str:
    """The text of a line, given without its newline; raises ValueError where it is not exactly as `line` writes it."""
    text = json.loads(content.decode("utf-8"))
    if not isinstance(text, str) or line(text) != content + b"\n":
        raise ValueError("not as it is written")
    return text


def read_keys(folder: Path) -> Keys:
    """The log's keys; raises Refused where there is no log, DamagedFile where a line is wrong or a rotation is not signed by both keys."""
    lines = _lines(folder, KEYS)
    if not lines:
        raise Refused(f"{folder}: there is no record here; run arrears record init, or name the folder of the log", f"{folder}：这里没有存证日志；请运行 arrears record init，或指明日志文件夹")
    keys: list[tuple[int, VerifierKey]] = []
    try:
        for text in lines:
            keys.append(_rotation(text, *keys[-1]) if keys else (0, read_vkey(text)))
    except ValueError:
        raise DamagedFile(KEYS, f"line {len(keys) + 1} is no key, or not signed by the key before it and by itself", f"第 {len(keys) + 1} 行不是密钥，或未由前后两个密钥共同签署") from None
    if any(key.type != LOG_KEY for _, key in keys):
        raise DamagedFile(KEYS, "a key in it is not one that a log signs with (Ed25519, 0x01)", "其中有密钥不是日志签名密钥（Ed25519，0x01）")
    return Keys(tuple(keys), tuple(lines))


def read_witnesses(folder: Path) -> list[VerifierKey]:
    """The witnesses that the log itself names; that is no reason to trust them."""
    lines = _lines(folder, WITNESSES)
    try:
        found = [read_vkey(text) for text in lines]
    except ValueError:
        raise DamagedFile(WITNESSES, "a line in it is no verifier key", "其中有一行不是验证公钥") from None
    if any(key.type not in (COSIGNATURE, COSIGNATURE_MLDSA) for key in found):
        raise DamagedFile(WITNESSES, "a key in it is not one that a witness cosigns with", "其中有密钥不是见证方的联署密钥")
    return found


def read_current(folder: Path, keys: Keys) -> Checkpoint:
    """The checkpoint in the file `checkpoint`, signed by the log; raises DamagedFile."""
    content = read_file(folder, CHECKPOINT)
    try:
        found = read_checkpoint(content.decode("utf-8"))
    except ValueError as problem:
        raise DamagedFile(CHECKPOINT, f"the newest checkpoint is cut or changed ({problem})", "最新检查点残缺或被改动") from None
    if not keys.have_signed(found):
        raise DamagedFile(CHECKPOINT, "the newest checkpoint is not signed by the log's key", "最新检查点不是由日志密钥签署的")
    return found


def read_latest(folder: Path, keys: Keys) -> Latest:
    """The newest checkpoint that is signed and in the history: that of the file `checkpoint`, or one that a killed writer signed after it and did not get to put there.

    Raises DamagedFile where the current one is not in the history, or what follows it is signed falsely or goes back; what no signed line follows, and is none itself, is the rest of an interrupted writing.
    """
    current = read_current(folder, keys)
    block, start = _tail(folder, line(current.note))
    at = _last_line(block, line(current.note), start == 0)
    if at is None:
        raise DamagedFile(CHECKPOINTS, f"the current checkpoint (size {current.size}) is not in the history: its end was cut or changed, or the file is of an older time", f"历史中没有当前检查点（大小 {current.size}）：文件末尾残缺、被改动，或是旧副本")
    latest, end = current, start + at + len(line(current.note))
    while (stop := block.find(b"\n", end - start)) >= 0:
        try:
            found = read_checkpoint(read_line(block[end - start:stop]))
        except ValueError:
            if any(_is_signed(piece, keys) for piece in block[stop + 1:].split(b"\n")[:-1]):
                raise DamagedFile(CHECKPOINTS, f"a line after the checkpoint of size {latest.size} is damaged, and signed ones follow it", f"大小为 {latest.size} 的检查点之后有一行已损坏，其后还有已签署的检查点") from None
            break
        if not keys.have_signed(found) or found.size < latest.size or (found.size == latest.size and found.root != latest.root):
            raise DamagedFile(CHECKPOINTS, f"after the checkpoint of size {latest.size} follows one that the log's key did not sign, or that does not continue it", f"大小为 {latest.size} 的检查点之后，有一条不是由日志密钥签署，或与前文不连续")
        latest, end = found, start + stop + 1
    return Latest(latest, end, _sizes(block[:at]))


def _is_signed(piece: bytes, keys: Keys) -> bool:
    """Whether the line is a checkpoint that the log has signed."""
    try:
        return keys.have_signed(read_checkpoint(read_line(piece)))
    except ValueError:
        return False


def read_history(folder: Path) -> Iterator[tuple[str, int]]:
    """Every note ever signed, in order, each with the byte at which its line begins; an unfinished last line is left out. Raises DamagedFile naming the line that is wrong."""
    start = 0
    with _opened(folder, CHECKPOINTS) as file:
        for number, content in enumerate(file, 1):
            if not content.endswith(b"\n"):
                return
            try:
                yield read_line(content[:-1]), start
            except ValueError:
                raise DamagedFile(CHECKPOINTS, f"line {number} is damaged", f"第 {number} 行已损坏") from None
            start += len(content)


def find_last(folder: Path, origin: str, size: int) -> tuple[Checkpoint, int] | None:
    """The last note of the history for that size, and the byte after its line; None where none was signed. Lines of other sizes are not taken apart, so a long history is gone through quickly."""
    wanted, found, end = line(f"{origin}\n{size}\n")[:-2], None, 0
    with _opened(folder, CHECKPOINTS) as file:
        for number, content in enumerate(file, 1):
            end += len(content)
            if not content.startswith(wanted):
                if found is not None:
                    break
                continue
            try:
                found = read_checkpoint(read_line(content.removesuffix(b"\n"))), end
            except ValueError:
                raise DamagedFile(CHECKPOINTS, f"line {number} is damaged", f"第 {number} 行已损坏") from None
    return found


def read_newest(folder: Path) -> Iterator[str]:
    """The last notes of the history, newest first, from the last megabyte of the file. Raises DamagedFile where a line in it is wrong."""
    with _opened(folder, CHECKPOINTS) as file:
        length = file.seek(0, 2)
        file.seek(max(0, length - _BLOCK))
        pieces = file.read(_BLOCK).split(b"\n")
    for piece in reversed(pieces[:-1] if length <= _BLOCK else pieces[1:-1]):
        try:
            yield read_line(piece)
        except ValueError:
            raise DamagedFile(CHECKPOINTS, "a line near its end is damaged", "末尾附近有一行已损坏") from None


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of one of the log's files; raises DamagedFile where it is missing or cannot be read."""
    with _opened(folder, name) as file:
        return file.read()


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    try:
        with open(folder / name, "rb") as file:
            yield file
    except FileNotFoundError:
        raise DamagedFile(name, "the file is missing", "文件缺失") from None
    except OSError as problem:
        raise DamagedFile(name, f"the file cannot be read ({problem.strerror})", f"无法读取文件（{problem.strerror}）") from None


def _rotation(text: str, since: int, old: VerifierKey) -> tuple[int, VerifierKey]:
    """The key that a rotation note names, and from which size on; raises ValueError where the note is not true."""
    note = read_note(text)
    lines = note.text.split("\n")
    if len(lines) != 5 or not lines[2].isdecimal():
        raise ValueError("no rotation note")
    size, new = int(lines[2]), read_vkey(lines[3])
    if note.text != rotation_text(old.name, size, new.vkey) or new.name != old.name or size < since or new == old or not (is_signed_by(note, old) and is_signed_by(note, new)):
        raise ValueError("a rotation that is not true")
    return size, new


def _lines(folder: Path, name: str) -> list[str]:
    """The texts of a file of lines; none where the file is missing. An unfinished last line is left out."""
    if not (folder / name).exists():
        return []
    content = read_file(folder, name)
    try:
        return [read_line(piece) for piece in content.split(b"\n")[:-1]]
    except ValueError:
        raise DamagedFile(name, "a line in it is damaged", "其中有一行已损坏") from None


def _tail(folder: Path, wanted: bytes) -> tuple[bytes, int]:
    """The end of the history from some byte on: as much as is needed to hold the wanted line and something before it, all of it at most."""
    with _opened(folder, CHECKPOINTS) as file:
        length = file.seek(0, 2)
        size = _BLOCK
        while True:
            start = max(0, length - size)
            file.seek(start)
            block = file.read(length - start)
            if start == 0 or _last_line(block, wanted, False) is not None:
                return block, start
            size *= 8


def _last_line(block: bytes, wanted: bytes, is_beginning: bool) -> int | None:
    """Where the line begins for the last time; None where it does not."""
    at = block.rfind(b"\n" + wanted)
    if at >= 0:
        return at + 1
    return 0 if is_beginning and block.startswith(wanted) else None


def _sizes(block: bytes) -> tuple[int, ...]:
    """The sizes of the checkpoints whose lines are whole in the block."""
    found = []
    for piece in block.split(b"\n")[-64:]:
        try:
            found.append(read_checkpoint(read_line(piece)).size)
        except ValueError:
            continue
    return tuple(found)
